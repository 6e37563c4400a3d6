//! What the benches of a server stand on: the product on a fresh database, a clerk, products, customers and orders; and
//! connections that ask it for a while.
#![allow(dead_code)] // each bench uses a part

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

use salesdesk::base::auth::{Caller, Role, sessions, tokens};
use salesdesk::base::core::Core;
use salesdesk::base::db::Target;
use salesdesk::base::db::engine::Size;
use salesdesk::base::http::Method;
use salesdesk::base::http::dispatch::App;
use salesdesk::base::http::web::Web;
use salesdesk::base::types::time::Clock;
use salesdesk::config::Config;
use salesdesk::people::model::UserInput;
use serde_json::{Value, json};

pub const PRODUCTS: usize = 200;
pub const CUSTOMERS: usize = 500;

pub struct World {
    pub core: Arc<Core>,
    pub app: Arc<App>,
    pub caller: Arc<Caller>,
    pub token: String,
    pub products: Vec<String>,
    pub customers: Vec<String>,
    pub orders: Vec<String>,
}

pub fn env(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|v| v.parse().ok()).unwrap_or(default)
}

// ---- the world -------------------------------------------------------------------------------------------------

pub fn prepare(dir: &std::path::Path) -> World {
    let postgres = std::env::var("DATABASE_URL").ok().filter(|u| !u.is_empty());
    let target = match postgres {
        Some(url) => Target::Postgres(url),
        None => Target::Sqlite(dir.join("bench.db")),
    };
    let size = match &target {
        Target::Sqlite(_) => Size { readers: 4, writers: 1 },
        Target::Postgres(_) => Size { readers: 8, writers: 12 },
    };
    let config = Config {
        listen: "127.0.0.1:0".into(),
        data_dir: dir.to_owned(),
        target,
        zone: chrono_tz::Asia::Shanghai,
        currency: "CNY".into(),
        master_key: Some([7; 32]),
        // Counted as in earnest, and never turned away.
        web: Web { rate_limit: 6_000_000, ..Web::default() },
        public_url: None,
        pg_bin: None,
        backup_passphrase: None,
    };
    let core = salesdesk::start::core(&config, Clock::System, size).expect("the database starts");
    let app = Arc::new(App::new(core.clone()).expect("the routes are sound"));
    let (caller, token) = clerk(&core);
    let mut world = World { core, app, caller, token, products: vec![], customers: vec![], orders: vec![] };
    world.products = make(
        &world,
        "/products",
        PRODUCTS,
        |n| json!({"sku": format!("B-{n:04}"), "name": format!("商品 {n}"), "unit": "pcs", "tax_rate": "0.13"}),
    );
    world.customers = make(
        &world,
        "/customers",
        CUSTOMERS,
        |n| json!({"name": format!("客户公司 {n}"), "kind": "company"}),
    );
    let list = make(
        &world,
        "/price-lists",
        1,
        |_| json!({"code": "BENCH", "name": "Bench", "currency": "CNY", "valid_from": "2020-01-01"}),
    );
    let products = world.products.clone();
    make(
        &world,
        &format!("/price-lists/{}/prices", list[0]),
        PRODUCTS,
        move |n| json!({"product_id": products[n], "unit_price": format!("{}.50", 10 + n), "valid_from": "2020-01-01"}),
    );
    apply(&world, vec![(format!("/price-lists/{}/activate", list[0]), json!({}))]);
    world
}

/// A clerk with a session.
pub fn clerk(core: &Arc<Core>) -> (Arc<Caller>, String) {
    let input: UserInput =
        serde_json::from_value(json!({"username": "bench", "name": "Bench", "role": "clerk"}))
            .expect("a user");
    let (user, session) = core
        .write_as(Arc::new(Caller::system("bench")), move |tx| {
            let user = salesdesk::people::work::create_user(tx, input.clone(), None, false)?;
            let (session, _) = sessions::begin(tx, user.id, "bench")?;
            Ok((user, session))
        })
        .expect("a clerk");
    let claims =
        tokens::Claims { sid: Some(session.to_string()), ..tokens::Claims::new(core, user.id, 3600) };
    let token = core.keys.sign(&claims).expect("a token");
    (Arc::new(Caller::person(user.id.0, "Bench", Role::Clerk, None, vec![])), token)
}

/// Applies writes in one unit of work, as the system.
pub fn apply(world: &World, calls: Vec<(String, Value)>) -> Vec<String> {
    let app = world.app.clone();
    world
        .core
        .write_as(Arc::new(Caller::system("bench")), move |tx| {
            calls
                .iter()
                .map(|(path, body)| {
                    let made = app.apply(tx, Method::Post, path, body.clone())?;
                    Ok(made["id"].as_str().unwrap_or_default().to_owned())
                })
                .collect()
        })
        .expect("the records are made")
}

pub fn make(world: &World, path: &str, count: usize, body: impl Fn(usize) -> Value) -> Vec<String> {
    apply(world, (0..count).map(|n| (path.to_owned(), body(n))).collect())
}

pub fn order(world: &World, n: usize) -> Value {
    let lines: Vec<Value> = (0..5)
        .map(|k| json!({"product_id": world.products[(n * 5 + k * 7) % PRODUCTS], "quantity": (1 + (n + k) % 20).to_string()}))
        .collect();
    json!({"customer_id": world.customers[n % CUSTOMERS], "channel": if n.is_multiple_of(3) { "web" } else { "phone" },
           "order_date": format!("2026-{:02}-{:02}", 1 + n % 10, 1 + n % 28), "customer_po": format!("PO-{n}"), "lines": lines})
}

pub fn load_orders(world: &mut World, count: usize) {
    let started = Instant::now();
    for from in (0..count).step_by(250) {
        let calls =
            (from..(from + 250).min(count)).map(|n| ("/orders".to_owned(), order(world, n))).collect();
        let made = apply(world, calls);
        world.orders.extend(made);
    }
    println!("{count} orders loaded in {:.1} s", started.elapsed().as_secs_f64());
}

pub fn start_server(core: Arc<Core>) -> SocketAddr {
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || {
        let _ =
            salesdesk::server::serve(core, "127.0.0.1:0", |address| sender.send(address).unwrap_or_default());
    });
    receiver.recv().expect("the server starts")
}

// ---- load ------------------------------------------------------------------------------------------------------

pub type Job = fn(&World, u64) -> (String, Option<Value>);
pub type InProcess = fn(&World, u64) -> bool;

pub struct Figures {
    pub rate: f64,
    pub times: Vec<Duration>,
    pub failed: u64,
}

impl Figures {
    pub fn print(&self, name: &str) {
        let at = |share: f64| {
            let index = ((self.times.len() as f64 * share) as usize).min(self.times.len().saturating_sub(1));
            self.times.get(index).map_or(0.0, |t| t.as_secs_f64() * 1000.0)
        };
        println!("{name:<34} {:>10.0} {:>9.2} {:>9.2} {:>9}", self.rate, at(0.5), at(0.99), self.failed);
    }
}

/// Runs `work` on every connection until the time is up.
pub fn run(
    connections: usize,
    time: Duration,
    work: impl Fn(usize, &AtomicBool, &AtomicU64) -> (Vec<Duration>, u64) + Sync,
) -> Figures {
    let (over, next) = (AtomicBool::new(false), AtomicU64::new(0));
    let started = Instant::now();
    let mut times = Vec::new();
    let mut failed = 0;
    std::thread::scope(|scope| {
        let handles: Vec<_> = (0..connections)
            .map(|n| {
                scope.spawn({
                    let (work, over, next) = (&work, &over, &next);
                    move || work(n, over, next)
                })
            })
            .collect();
        while started.elapsed() < time && !handles.iter().all(|handle| handle.is_finished()) {
            std::thread::sleep(Duration::from_millis(20));
        }
        over.store(true, Ordering::Relaxed);
        for handle in handles {
            let (own, bad) = handle.join().expect("a connection ends well");
            times.extend(own);
            failed += bad;
        }
    });
    let rate = times.len() as f64 / started.elapsed().as_secs_f64();
    times.sort_unstable();
    Figures { rate, times, failed }
}

pub fn over_http(
    world: &World,
    address: SocketAddr,
    connections: usize,
    time: Duration,
    job: Job,
    header: &str,
) -> Figures {
    run(connections, time, |_, over, next| {
        let mut connection = Connection::open(address);
        let (mut times, mut failed) = (Vec::new(), 0);
        while !over.load(Ordering::Relaxed) {
            let (line, body) = job(world, next.fetch_add(1, Ordering::Relaxed));
            let began = Instant::now();
            match connection.ask(world, &line, header, body) {
                Some(status) if status < 300 => times.push(began.elapsed()),
                _ => failed += 1,
            }
        }
        (times, failed)
    })
}

/// A connection to the server.
pub struct Connection {
    stream: TcpStream,
    reader: BufReader<TcpStream>,
}

impl Connection {
    pub fn open(address: SocketAddr) -> Connection {
        let stream = TcpStream::connect(address).expect("a connection");
        stream.set_nodelay(true).expect("no delay");
        let reader = BufReader::new(stream.try_clone().expect("a reader"));
        Connection { stream, reader }
    }

    /// The status of the answer; None when the connection ends.
    pub fn ask(&mut self, world: &World, line: &str, header: &str, body: Option<Value>) -> Option<u16> {
        let body = body.map(|b| b.to_string()).unwrap_or_default();
        let head = format!(
            "{line} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n{header}{}\r\n",
            world.token,
            body.len(),
            if body.is_empty() { String::new() } else { format!("Idempotency-Key: {}\r\n", uuid_like()) },
        );
        self.stream.write_all(format!("{head}{body}").as_bytes()).ok()?;
        let (mut status, mut length) = (0, 0);
        loop {
            let mut line = String::new();
            self.reader.read_line(&mut line).ok()?;
            if line == "\r\n" {
                break;
            }
            if let Some(rest) = line.strip_prefix("HTTP/1.1 ") {
                status = rest.get(..3)?.parse().ok()?;
            } else if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                length = value.trim().parse().ok()?;
            }
        }
        let mut answer = vec![0; length];
        self.reader.read_exact(&mut answer).ok()?;
        Some(status)
    }
}

pub fn uuid_like() -> String {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    format!("bench-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed))
}
