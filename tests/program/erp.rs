//! An ERP that pushes its orders and keeps in step by feed and webhooks, while connections drop and the server is
//! killed in the middle: in the end both sides have the same orders, none twice, none missing, and the same total.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use standardwebhooks::Webhook;

use testkit::postgres;
use testkit::support::{Database, PASSWORD};
use testkit::wire::{Heard, Server};

/// Orders that the ERP pushes.
const ORDERS: usize = 5_000;
/// How often the server is killed meanwhile.
const CRASHES: usize = 4;
/// Threads that push.
const PUSHERS: usize = 6;
/// Orders in one batch.
const BATCH: usize = 20;
/// Nothing here may take longer.
const PATIENCE: Duration = Duration::from_secs(600);
/// What the ERP calls itself in external ids.
const SYSTEM: &str = "erp";

mod an_erp_and_salesdesk_end_with_the_same_orders {
    #[test]
    fn sqlite() {
        super::both_sides_end_with_the_same(&super::Database::sqlite());
    }
    #[test]
    fn postgres() {
        if let Some(cluster) = super::postgres::cluster() {
            super::both_sides_end_with_the_same(&super::Database::postgres(cluster));
        }
    }
}

mod an_answer_that_was_lost_with_the_server_is_given_again {
    #[test]
    fn sqlite() {
        super::a_lost_answer_is_given_again(&super::Database::sqlite());
    }
    #[test]
    fn postgres() {
        if let Some(cluster) = super::postgres::cluster() {
            super::a_lost_answer_is_given_again(&super::Database::postgres(cluster));
        }
    }
}

/// The server is killed after the commit, and the client never heard of it.
fn a_lost_answer_is_given_again(database: &Database) {
    let erp = Erp::connected(Server::start(database));
    let body = erp.order(1).to_string();
    let push = || erp.server.ask("POST", "/api/v1/orders", &erp.headers("the only key"), &body);
    let lost = expect(201, push());
    erp.server.crash_and_restart();
    let again = push().expect("an answer");
    assert!(again.headers.contains("idempotent-replayed: true"), "{again:?}");
    assert_eq!(again.body, lost);
    assert_eq!(erp.orders_here().len(), 1);
}

fn both_sides_end_with_the_same(database: &Database) {
    let erp = Arc::new(Erp::connected(Server::start(database)));
    let receiver = Receiver::start();
    erp.subscribe(&receiver);
    let begin = erp.get("/events?after=latest")["next_cursor"].as_str().expect("a cursor").to_owned();
    let puller = {
        let erp = erp.clone();
        std::thread::spawn(move || erp.pull(begin))
    };
    let crasher = {
        let erp = erp.clone();
        std::thread::spawn(move || erp.crash_now_and_then())
    };
    let next = Arc::new(AtomicUsize::new(0));
    let pushers: Vec<_> = (0..PUSHERS)
        .map(|_| {
            let (erp, next) = (erp.clone(), next.clone());
            std::thread::spawn(move || erp.push_all(&next))
        })
        .collect();
    pushers.into_iter().for_each(|p| p.join().expect("a pusher"));
    crasher.join().expect("the crashes");
    let pulled = puller.join().expect("the puller");

    let here = erp.orders_here();
    let expected: BTreeMap<String, String> =
        (0..ORDERS).map(|n| (format!("o-{n}"), format!("{}.00", net_of(n)))).collect();
    let listed: BTreeMap<String, String> = here.values().cloned().collect();
    assert_eq!(here.len(), ORDERS, "as many orders as were pushed, none twice");
    assert!(listed == expected, "each with the id and the amount that the ERP has");
    let known: Vec<&String> = here.keys().collect();
    assert_eq!(pulled.keys().collect::<Vec<_>>(), known, "the feed told of each");
    assert!(pulled.values().all(|times| *times == 1), "and of each once");
    receiver.wait_for(here.len());
    let delivered = receiver.orders();
    assert_eq!(delivered.keys().collect::<Vec<_>>(), known, "a webhook told of each");
    assert!(delivered.values().all(|ids| ids.len() == 1), "each under one webhook-id, however often it came");
    let (intact, said) = erp.server.check();
    assert!(intact, "{said}");
}

/// The ERP's own amount of an order, a whole number.
fn net_of(n: usize) -> usize {
    (n % 7 + 1) * 100
}

struct Erp {
    server: Server,
    token: String,
    customers: Vec<String>,
    product: String,
    pushed: AtomicUsize,
    all_pushed: AtomicBool,
    began: Instant,
}

impl Erp {
    /// Registered as a machine client with what it needs and no more; its customers and its product are put in.
    fn connected(server: Server) -> Erp {
        let admin = log_in(&server, "admin");
        let client = expect(201, server.ask("POST", "/api/v1/clients", &json_with(&admin), &json!({
            "name": "ERP",
            "scopes": ["customers:read", "customers:write", "products:read", "products:write", "prices:read",
                       "orders:read", "orders:write", "events:read", "webhooks:read", "webhooks:write"],
        }).to_string()));
        let form = format!(
            "grant_type=client_credentials&client_id={}&client_secret={}",
            client["id"].as_str().expect("an id"),
            client["client_secret"].as_str().expect("a secret")
        );
        let headers = [("content-type", "application/x-www-form-urlencoded")];
        let token = expect(200, server.ask("POST", "/api/v1/oauth/token", &headers, &form));
        let token = format!("Bearer {}", token["access_token"].as_str().expect("a token"));
        let mut erp = Erp {
            server,
            token,
            customers: Vec::new(),
            product: String::new(),
            pushed: AtomicUsize::new(0),
            all_pushed: AtomicBool::new(false),
            began: Instant::now(),
        };
        erp.customers = (0..5)
            .map(|n| erp.put("customers", &format!("c-{n}"), json!({"name": format!("Customer {n}")})))
            .collect();
        erp.product = erp.put(
            "products",
            "p-1",
            json!({"sku": "ERP-1", "name": "货", "unit": "pcs", "tax_rate": "0.13"}),
        );
        let path = format!("/api/v1/products/{}/activate", erp.product);
        expect(200, erp.server.ask("POST", &path, &erp.headers(""), ""));
        erp
    }

    fn headers<'a>(&'a self, key: &'a str) -> Vec<(&'a str, &'a str)> {
        let mut headers = json_with(&self.token);
        if !key.is_empty() {
            headers.push(("idempotency-key", key));
        }
        headers
    }

    fn get(&self, path: &str) -> Value {
        expect(200, self.server.ask("GET", &format!("/api/v1{path}"), &self.headers(""), ""))
    }

    fn put(&self, resource: &str, id: &str, body: Value) -> String {
        let path = format!("/api/v1/{resource}/by-external-id/{SYSTEM}/{id}");
        let made = expect(201, self.server.ask("PUT", &path, &self.headers(""), &body.to_string()));
        made["id"].as_str().expect("an id").to_owned()
    }

    fn subscribe(&self, receiver: &Receiver) {
        let body =
            json!({"url": format!("http://{}/hook", receiver.address), "event_types": ["order.created"]});
        let made =
            expect(201, self.server.ask("POST", "/api/v1/webhooks", &self.headers(""), &body.to_string()));
        receiver.trust(made["secret"].as_str().expect("a secret"));
    }

    // ---- pushing

    fn order(&self, n: usize) -> Value {
        json!({
            "customer_id": self.customers[n % self.customers.len()],
            "customer_po": format!("PO-{n}"),
            "external_ids": [{"system": SYSTEM, "id": format!("o-{n}")}],
            "lines": [{"product_id": self.product, "quantity": format!("{}", n % 7 + 1), "unit_price": "100.00"}],
        })
    }

    fn push_all(&self, next: &AtomicUsize) {
        loop {
            let first = next.fetch_add(BATCH, Ordering::SeqCst);
            if first >= ORDERS {
                self.all_pushed.store(self.pushed.load(Ordering::SeqCst) >= ORDERS, Ordering::SeqCst);
                return;
            }
            let these = first..(first + BATCH).min(ORDERS);
            if (first / BATCH).is_multiple_of(3) {
                self.push_batch(these.clone());
            } else {
                these.clone().for_each(|n| self.push_one(n));
            }
            self.pushed.fetch_add(these.len(), Ordering::SeqCst);
        }
    }

    /// Again and again until it is answered, as a careful client does.
    fn push_one(&self, n: usize) {
        let key = format!("push-{n}");
        let body = self.order(n).to_string();
        let upsert = format!("/api/v1/orders/by-external-id/{SYSTEM}/o-{n}");
        let (method, path, key) = match n % 2 {
            0 => ("POST", "/api/v1/orders", key.as_str()),
            _ => ("PUT", upsert.as_str(), ""),
        };
        if n.is_multiple_of(11) {
            self.server.ask_and_hang_up(method, path, &self.headers(key), &body);
        }
        let answer = self.until_answered(|| self.server.ask(method, path, &self.headers(key), &body));
        assert!(answer.status == 201 || (method == "PUT" && answer.status == 200), "{answer:?}");
        if n.is_multiple_of(13) {
            // And once more by mistake.
            let again = self.until_answered(|| self.server.ask(method, path, &self.headers(key), &body));
            assert_eq!(again.body["id"], answer.body["id"], "{again:?}");
        }
    }

    fn push_batch(&self, these: std::ops::Range<usize>) {
        let key = format!("batch-{}", these.start);
        let operations: Vec<Value> =
            these.map(|n| json!({"method": "POST", "path": "/orders", "body": self.order(n)})).collect();
        let body = json!({"mode": "independent", "operations": operations}).to_string();
        loop {
            let answer =
                self.until_answered(|| self.server.ask("POST", "/api/v1/batch", &self.headers(&key), &body));
            assert_eq!(answer.status, 200, "{answer:?}");
            let results = answer.body["results"].as_array().expect("results");
            let statuses: Vec<u64> = results.iter().filter_map(|r| r["status"].as_u64()).collect();
            if statuses.iter().all(|s| *s == 201) {
                return;
            }
            // The server was on its way down: what was not done is done the next time, the rest is not done again.
            assert!(statuses.iter().all(|s| matches!(s, 201 | 409 | 503)), "{answer:?}");
            self.pause();
        }
    }

    fn until_answered(&self, ask: impl Fn() -> std::io::Result<Heard>) -> Heard {
        loop {
            match ask() {
                Ok(answer) if !is_passing(&answer) => return answer,
                _ => self.pause(),
            }
        }
    }

    fn pause(&self) {
        assert!(self.began.elapsed() < PATIENCE, "it takes too long");
        std::thread::sleep(Duration::from_millis(20));
    }

    fn crash_now_and_then(&self) {
        for crash in 1..=CRASHES {
            while self.pushed.load(Ordering::SeqCst) < ORDERS * crash / (CRASHES + 1) {
                self.pause();
            }
            self.server.crash_and_restart();
        }
    }

    // ---- keeping in step

    /// Follows the feed until all is pushed and nothing more comes: how often each order was told to be created.
    fn pull(&self, mut cursor: String) -> BTreeMap<String, usize> {
        let mut told = BTreeMap::new();
        loop {
            let finished = self.pushed.load(Ordering::SeqCst) >= ORDERS;
            let path = format!("/api/v1/events?types=order.created&limit=500&after={cursor}");
            let page = self.until_answered(|| self.server.ask("GET", &path, &self.headers(""), ""));
            assert_eq!(page.status, 200, "{page:?}");
            let events = page.body["data"].as_array().expect("events");
            for event in events {
                *told.entry(event["data"]["id"].as_str().expect("an id").to_owned()).or_insert(0) += 1;
            }
            cursor = page.body["next_cursor"].as_str().expect("a cursor").to_owned();
            let idle = events.is_empty() && page.body["has_more"] == false;
            if finished && idle && told.len() >= ORDERS {
                return told;
            }
            if idle {
                self.pause();
            }
        }
    }

    /// Every order that Salesdesk has: its id, what the ERP calls it, and its net amount.
    fn orders_here(&self) -> BTreeMap<String, (String, String)> {
        let mut found = BTreeMap::new();
        let mut cursor = String::new();
        loop {
            let page = self.get(&format!("/orders?limit=200&fields=id,net,external_ids{cursor}"));
            for order in page["data"].as_array().expect("orders") {
                let text = |value: &Value| value.as_str().expect("a text").to_owned();
                let external = text(&order["external_ids"][0]["id"]);
                let twice = found.insert(text(&order["id"]), (external, text(&order["net"])));
                assert!(twice.is_none(), "an order is listed twice");
            }
            match page["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return found,
            }
        }
    }
}

/// The server is down, busy, or still at it: ask again.
fn is_passing(answer: &Heard) -> bool {
    answer.status == 503
        || answer.status == 429
        || (answer.status == 409 && answer.body["code"] == "idempotency_in_progress")
}

fn log_in(server: &Server, username: &str) -> String {
    let body = json!({"username": username, "password": PASSWORD}).to_string();
    let headers = [("content-type", "application/json")];
    let tokens = expect(200, server.ask("POST", "/api/v1/auth/login", &headers, &body));
    format!("Bearer {}", tokens["access_token"].as_str().expect("a token"))
}

fn json_with(token: &str) -> Vec<(&str, &str)> {
    vec![("authorization", token), ("content-type", "application/json")]
}

#[track_caller]
fn expect(status: u16, answer: std::io::Result<Heard>) -> Value {
    let answer = answer.expect("an answer");
    assert_eq!(answer.status, status, "{answer:?}");
    answer.body
}

// ---- receiving webhooks --------------------------------------------------------------------------------------------

/// The ERP's webhook endpoint: it verifies what comes, and now and then fails, hangs up or forgets to answer.
struct Receiver {
    address: std::net::SocketAddr,
    state: Arc<Received>,
}

#[derive(Default)]
struct Received {
    secret: Mutex<String>,
    /// The webhook-ids under which each order was told.
    orders: Mutex<HashMap<String, Vec<String>>>,
    requests: AtomicUsize,
    /// The webhook-ids of what was not taken the first time.
    failed: Mutex<HashSet<String>>,
}

impl Receiver {
    fn start() -> Receiver {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("its address");
        let state = Arc::new(Received::default());
        let shared = state.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let state = shared.clone();
                std::thread::spawn(move || state.serve(stream));
            }
        });
        Receiver { address, state }
    }

    fn trust(&self, secret: &str) {
        *self.state.secret.lock().expect("the secret") = secret.to_owned();
    }

    fn orders(&self) -> BTreeMap<String, Vec<String>> {
        self.state.orders.lock().expect("orders").clone().into_iter().collect()
    }

    /// Until so many orders were told of; deliveries that failed come again after seconds.
    fn wait_for(&self, orders: usize) {
        let began = Instant::now();
        while self.orders().len() < orders {
            assert!(began.elapsed() < PATIENCE, "only {} orders were delivered", self.orders().len());
            std::thread::sleep(Duration::from_millis(100));
        }
    }
}

impl Received {
    /// Serves one connection, which may carry many requests.
    fn serve(&self, stream: TcpStream) {
        let _ = stream.set_read_timeout(Some(Duration::from_secs(30)));
        let Ok(mut writer) = stream.try_clone() else { return };
        let mut reader = BufReader::new(stream);
        while let Some((headers, body)) = read_request(&mut reader) {
            // Only what comes for the first time fails, so that nothing has to wait for the long steps of the ladder.
            let count = self.requests.fetch_add(1, Ordering::SeqCst);
            let id = headers.get("webhook-id").cloned().unwrap_or_default();
            let is_first = || self.failed.lock().expect("what failed").insert(id.clone());
            if count.is_multiple_of(401) && is_first() {
                return;
            }
            let status = if count.is_multiple_of(97) && is_first() {
                "500 Internal Server Error"
            } else {
                self.take(&id, &headers, &body)
            };
            let answer = format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\n\r\n");
            if writer.write_all(answer.as_bytes()).is_err() {
                return;
            }
        }
    }

    fn take(&self, id: &str, headers: &HashMap<String, String>, body: &[u8]) -> &'static str {
        let secret = self.secret.lock().expect("the secret").clone();
        let mut map = http::HeaderMap::new();
        for (name, value) in headers.iter().filter(|(name, _)| name.starts_with("webhook-")) {
            let name: http::HeaderName = name.parse().expect("a header");
            map.insert(name, value.parse().expect("a value"));
        }
        let genuine = Webhook::new(&secret).expect("a secret").verify(body, &map);
        assert!(genuine.is_ok(), "a webhook is not signed as it should be: {genuine:?}");
        let event: Value = serde_json::from_slice(body).expect("JSON");
        let order = event["data"]["id"].as_str().expect("an order").to_owned();
        let mut orders = self.orders.lock().expect("orders");
        let ids = orders.entry(order).or_default();
        if !ids.iter().any(|known| known == id) {
            ids.push(id.to_owned());
        }
        "204 No Content"
    }
}

fn read_request(reader: &mut impl BufRead) -> Option<(HashMap<String, String>, Vec<u8>)> {
    let mut headers = HashMap::new();
    let mut line = String::new();
    reader.read_line(&mut line).ok().filter(|n| *n > 0)?;
    loop {
        line.clear();
        reader.read_line(&mut line).ok().filter(|n| *n > 0)?;
        match line.trim_end().split_once(": ") {
            Some((name, value)) => headers.insert(name.to_lowercase(), value.to_owned()),
            None => break,
        };
    }
    let length = headers.get("content-length").and_then(|l| l.parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some((headers, body))
}
