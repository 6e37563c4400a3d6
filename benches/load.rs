//! Load on a real server over loopback, against the same work in process.
//!
//! `cargo bench --bench load` starts the product on a fresh SQLite database in a temporary folder, loads orders,
//! and lets 32 connections create orders with five lines, read one, and list fifty of a filter, each with plain and
//! with compressed answers; token, `Idempotency-Key`, audit and search index all on. In the same run it does the
//! same work in process, without HTTP, which is the limit that the server is held against. Figures vary from machine to machine; the ratios
//! are what counts. `SALESDESK_BENCH_ORDERS` (default 50000) says how many orders are loaded first,
//! `SALESDESK_BENCH_SECONDS` (default 8) how long each load runs, `DATABASE_URL` takes PostgreSQL instead (an
//! empty database).

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

use salesdesk::base::auth::{Caller, Role, sessions, tokens};
use salesdesk::base::core::Core;
use salesdesk::base::db::Target;
use salesdesk::base::db::engine::{Ending, Size};
use salesdesk::base::http::Method;
use salesdesk::base::http::dispatch::App;
use salesdesk::base::http::web::Web;
use salesdesk::base::messages::Lang;
use salesdesk::base::types::time::Clock;
use salesdesk::config::Config;
use salesdesk::people::model::UserInput;
use serde_json::{Value, json};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const CONNECTIONS: usize = 32;
const PRODUCTS: usize = 200;
const CUSTOMERS: usize = 500;

struct World {
    core: Arc<Core>,
    app: Arc<App>,
    caller: Arc<Caller>,
    token: String,
    products: Vec<String>,
    customers: Vec<String>,
    orders: Vec<String>,
}

fn env(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|v| v.parse().ok()).unwrap_or(default)
}

fn main() {
    // cargo passes --bench; a plain `cargo test --benches` does not and runs nothing.
    if !std::env::args().any(|a| a == "--bench") {
        return;
    }
    let dir = std::env::temp_dir().join(format!("salesdesk-bench-{}", std::process::id()));
    let mut world = prepare(&dir);
    load_orders(&mut world, env("SALESDESK_BENCH_ORDERS", 50_000) as usize);
    let world = Arc::new(world);
    let address = start_server(world.core.clone());
    let time = Duration::from_secs(env("SALESDESK_BENCH_SECONDS", 8));
    println!("{:<34} {:>10} {:>9} {:>9} {:>9}", "32 connections", "per second", "p50 ms", "p99 ms", "failed");
    let pairs: [(&str, Job, InProcess); 3] = [
        ("create an order with 5 lines", create_request, create_in_process),
        ("read an order", get_request, get_in_process),
        ("list 50 of a filter", list_request, list_in_process),
    ];
    for (name, request, in_process) in pairs {
        let http = over_http(&world, address, time, request, "");
        let limit = in_process_load(&world, time, in_process);
        http.print(&format!("{name}, HTTP"));
        limit.print(&format!("{name}, in process"));
        println!("{:<34} {:>10.2}", "  HTTP / in process", http.rate / limit.rate);
        // Browsers and most libraries ask for it.
        let packed = over_http(&world, address, time, request, "Accept-Encoding: gzip\r\n");
        packed.print(&format!("{name}, gzip"));
        println!("{:<34} {:>10.2}", "  gzip / HTTP", packed.rate / http.rate);
    }
    let _ = std::fs::remove_dir_all(&dir);
    std::process::exit(0);
}

// ---- the world -------------------------------------------------------------------------------------------------

fn prepare(dir: &std::path::Path) -> World {
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
fn clerk(core: &Arc<Core>) -> (Arc<Caller>, String) {
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
fn apply(world: &World, calls: Vec<(String, Value)>) -> Vec<String> {
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

fn make(world: &World, path: &str, count: usize, body: impl Fn(usize) -> Value) -> Vec<String> {
    apply(world, (0..count).map(|n| (path.to_owned(), body(n))).collect())
}

fn order(world: &World, n: usize) -> Value {
    let lines: Vec<Value> = (0..5)
        .map(|k| json!({"product_id": world.products[(n * 5 + k * 7) % PRODUCTS], "quantity": (1 + (n + k) % 20).to_string()}))
        .collect();
    json!({"customer_id": world.customers[n % CUSTOMERS], "channel": if n.is_multiple_of(3) { "web" } else { "phone" },
           "order_date": format!("2026-{:02}-{:02}", 1 + n % 10, 1 + n % 28), "customer_po": format!("PO-{n}"), "lines": lines})
}

fn load_orders(world: &mut World, count: usize) {
    let started = Instant::now();
    for from in (0..count).step_by(250) {
        let calls =
            (from..(from + 250).min(count)).map(|n| ("/orders".to_owned(), order(world, n))).collect();
        let made = apply(world, calls);
        world.orders.extend(made);
    }
    println!("{count} orders loaded in {:.1} s", started.elapsed().as_secs_f64());
}

fn start_server(core: Arc<Core>) -> SocketAddr {
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || {
        let _ =
            salesdesk::server::serve(core, "127.0.0.1:0", |address| sender.send(address).unwrap_or_default());
    });
    receiver.recv().expect("the server starts")
}

// ---- load ------------------------------------------------------------------------------------------------------

type Job = fn(&World, u64) -> (String, Option<Value>);
type InProcess = fn(&World, u64) -> bool;

struct Figures {
    rate: f64,
    times: Vec<Duration>,
    failed: u64,
}

impl Figures {
    fn print(&self, name: &str) {
        let at = |share: f64| {
            let index = ((self.times.len() as f64 * share) as usize).min(self.times.len().saturating_sub(1));
            self.times.get(index).map_or(0.0, |t| t.as_secs_f64() * 1000.0)
        };
        println!("{name:<34} {:>10.0} {:>9.2} {:>9.2} {:>9}", self.rate, at(0.5), at(0.99), self.failed);
    }
}

/// Runs `work` on every connection until the time is up.
fn run(
    time: Duration,
    work: impl Fn(usize, &AtomicBool, &AtomicU64) -> (Vec<Duration>, u64) + Sync,
) -> Figures {
    let (over, next) = (AtomicBool::new(false), AtomicU64::new(0));
    let started = Instant::now();
    let mut times = Vec::new();
    let mut failed = 0;
    std::thread::scope(|scope| {
        let handles: Vec<_> = (0..CONNECTIONS)
            .map(|n| {
                scope.spawn({
                    let (work, over, next) = (&work, &over, &next);
                    move || work(n, over, next)
                })
            })
            .collect();
        std::thread::sleep(time);
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

fn over_http(world: &World, address: SocketAddr, time: Duration, job: Job, header: &str) -> Figures {
    run(time, |_, over, next| {
        let mut stream = TcpStream::connect(address).expect("a connection");
        stream.set_nodelay(true).expect("no delay");
        let mut reader = BufReader::new(stream.try_clone().expect("a reader"));
        let (mut times, mut failed) = (Vec::new(), 0);
        while !over.load(Ordering::Relaxed) {
            let (line, body) = job(world, next.fetch_add(1, Ordering::Relaxed));
            let began = Instant::now();
            match exchange(&mut stream, &mut reader, world, &line, header, body) {
                Some(status) if status < 300 => times.push(began.elapsed()),
                _ => failed += 1,
            }
        }
        (times, failed)
    })
}

fn exchange(
    stream: &mut TcpStream,
    reader: &mut BufReader<TcpStream>,
    world: &World,
    line: &str,
    header: &str,
    body: Option<Value>,
) -> Option<u16> {
    let body = body.map(|b| b.to_string()).unwrap_or_default();
    let head = format!(
        "{line} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n{header}{}\r\n",
        world.token,
        body.len(),
        if body.is_empty() { String::new() } else { format!("Idempotency-Key: {}\r\n", uuid_like()) },
    );
    stream.write_all(format!("{head}{body}").as_bytes()).ok()?;
    let mut status = 0;
    let mut length = 0;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
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
    reader.read_exact(&mut answer).ok()?;
    Some(status)
}

fn uuid_like() -> String {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    format!("bench-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed))
}

fn in_process_load(world: &World, time: Duration, work: InProcess) -> Figures {
    run(time, |_, over, next| {
        let (mut times, mut failed) = (Vec::new(), 0);
        while !over.load(Ordering::Relaxed) {
            let n = next.fetch_add(1, Ordering::Relaxed);
            let began = Instant::now();
            match work(world, n) {
                true => times.push(began.elapsed()),
                false => failed += 1,
            }
        }
        (times, failed)
    })
}

// ---- the jobs --------------------------------------------------------------------------------------------------

fn create_request(world: &World, n: u64) -> (String, Option<Value>) {
    ("POST /api/v1/orders".into(), Some(order(world, n as usize)))
}

fn create_in_process(world: &World, n: u64) -> bool {
    let (app, core, caller) = (world.app.clone(), world.core.clone(), world.caller.clone());
    let body = order(world, n as usize);
    let made = world.core.engine.write_now(move |conn| {
        let mut tx = core.tx(conn, &caller, Lang::En, "bench");
        Ok((app.apply(&mut tx, Method::Post, "/orders", body.clone())?, Ending::Commit))
    });
    made.is_ok()
}

fn some_order(world: &World, n: u64) -> &str {
    &world.orders[(n as usize).wrapping_mul(7919) % world.orders.len()]
}

fn get_request(world: &World, n: u64) -> (String, Option<Value>) {
    (format!("GET /api/v1/orders/{}", some_order(world, n)), None)
}

fn get_in_process(world: &World, n: u64) -> bool {
    let Ok(id) = some_order(world, n).parse() else { return false };
    let caller = world.caller.clone();
    let found = world.core.engine.read_now(move |conn| {
        let order = salesdesk::orders::work::find(conn, &caller, id)?;
        Ok(serde_json::to_vec(&salesdesk::orders::work::view(order, &caller)).is_ok())
    });
    found.unwrap_or(false)
}

fn list_request(world: &World, n: u64) -> (String, Option<Value>) {
    let customer = &world.customers[n as usize % CUSTOMERS];
    (format!("GET /api/v1/orders?customer_id={customer}&status=draft&limit=50"), None)
}

fn list_in_process(world: &World, n: u64) -> bool {
    use salesdesk::base::http::params;
    let customer = &world.customers[n as usize % CUSTOMERS];
    let raw = format!("customer_id={customer}&status=draft&limit=50");
    let spec = &salesdesk::orders::model::ORDERS;
    let common =
        params::Common { sorts: Some(spec.sorts), default_sort: spec.default_sort, ..Default::default() };
    let declared: Vec<params::Param> = spec.filters.iter().map(|f| f.param).collect();
    let Ok(query) = params::parse(&raw, &declared, &common) else { return false };
    let caller = world.caller.clone();
    let found = world.core.engine.read_now(move |conn| {
        let visible = salesdesk::orders::model::visible_to(&caller);
        let page = spec.page(
            &query,
            visible,
            salesdesk::load_from!(conn, orders, salesdesk::orders::model::OrderRow),
        )?;
        let rows: Vec<_> =
            page.data.into_iter().map(|r| salesdesk::orders::work::summary(r, &caller)).collect();
        Ok(serde_json::to_vec(&rows).is_ok())
    });
    found.unwrap_or(false)
}
