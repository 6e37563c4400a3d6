//! Load on a real server over loopback, against the same work in process.
//!
//! `cargo bench --bench load` starts the product on a fresh SQLite database in a temporary folder, loads orders,
//! and lets 32 connections create orders with five lines, read one, and list fifty of a filter, each with plain and
//! with compressed answers; token, `Idempotency-Key`, audit and search index all on. In the same run it does the
//! same work in process, without HTTP, which is the limit that the server is held against. Figures vary from machine to machine; the ratios
//! are what counts. `SALESDESK_BENCH_ORDERS` (default 50000) says how many orders are loaded first,
//! `SALESDESK_BENCH_SECONDS` (default 8) how long each load runs, `DATABASE_URL` takes PostgreSQL instead (an
//! empty database).

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use salesdesk::base::db::engine::Ending;
use salesdesk::base::http::Method;
use salesdesk::base::messages::Lang;
use serde_json::Value;

mod world;
use world::*;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const CONNECTIONS: usize = 32;

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
        let http = over_http(&world, address, CONNECTIONS, time, request, "");
        let limit = in_process_load(&world, time, in_process);
        http.print(&format!("{name}, HTTP"));
        limit.print(&format!("{name}, in process"));
        println!("{:<34} {:>10.2}", "  HTTP / in process", http.rate / limit.rate);
        // Browsers and most libraries ask for it.
        let packed = over_http(&world, address, CONNECTIONS, time, request, "Accept-Encoding: gzip\r\n");
        packed.print(&format!("{name}, gzip"));
        println!("{:<34} {:>10.2}", "  gzip / HTTP", packed.rate / http.rate);
    }
    let _ = std::fs::remove_dir_all(&dir);
    std::process::exit(0);
}

fn in_process_load(world: &World, time: Duration, work: InProcess) -> Figures {
    run(CONNECTIONS, time, |_, over, next| {
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
