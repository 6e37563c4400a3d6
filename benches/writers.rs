//! Many writers on PostgreSQL: how many units of work they do, how many run again, and whether what is large ends beside
//! them.
//!
//! `DATABASE_URL=postgres://… cargo bench --bench writers` (an empty database). 16 connections create orders and customers
//! and lead orders through a part of their lives, each request with an `Idempotency-Key`; then the same while orders of
//! 500 lines are shipped and a file of customers is imported; then 10,000 orders are created. With
//! `SALESDESK_PG_ISOLATION=serializable` it does the same without guards' help, for a comparison.
//! `SALESDESK_BENCH_SECONDS` (default 8) says how long each load runs.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use salesdesk::base::auth::Caller;
use salesdesk::base::http::Method;
use serde_json::{Value, json};

mod world;
use world::*;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const CONNECTIONS: usize = 16;
const CREATES: u64 = 10_000;

fn main() {
    if !std::env::args().any(|a| a == "--bench") {
        return;
    }
    if std::env::var("DATABASE_URL").is_err() {
        println!("It is for PostgreSQL: set DATABASE_URL.");
        return;
    }
    let dir = std::env::temp_dir().join(format!("salesdesk-bench-{}", std::process::id()));
    let mut world = prepare(&dir);
    load_orders(&mut world, 2_000);
    let world = Arc::new(world);
    let address = start_server(world.core.clone());
    let time = Duration::from_secs(env("SALESDESK_BENCH_SECONDS", 8));
    println!("{:<34} {:>10} {:>9} {:>9} {:>9}", "16 connections", "per second", "p50 ms", "p99 ms", "failed");
    let jobs: [(&str, Job); 3] = [
        ("create an order", create_order),
        ("create a customer", create_customer),
        ("lead an order on", live),
    ];
    for (name, job) in jobs {
        measured(&world, name, || over_http(&world, address, CONNECTIONS, time, job, ""));
    }
    let over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let large = scope.spawn(|| ship_large(&world, &over));
        let import = scope.spawn(|| import(&world, address));
        measured(&world, "create an order, beside large ones", || {
            over_http(&world, address, CONNECTIONS, time, create_order, "")
        });
        over.store(true, Ordering::Relaxed);
        println!("  orders of 500 lines shipped meanwhile: {:?}", large.join().expect("shipped"));
        println!("  customers imported meanwhile: {}", import.join().expect("imported"));
    });
    let began = Instant::now();
    let figures = measured(&world, "10,000 orders", || {
        run(CONNECTIONS, Duration::from_secs(600), |_, _, next| creates(&world, address, next))
    });
    println!("  {} answers other than 201, in {:.1} s", figures.failed, began.elapsed().as_secs_f64());
    let _ = std::fs::remove_dir_all(&dir);
    std::process::exit(0);
}

fn measured(world: &World, name: &str, work: impl FnOnce() -> Figures) -> Figures {
    let counts = || {
        let counters = &world.core.engine.counters;
        (counters.units.load(Ordering::Relaxed), counters.retries.load(Ordering::Relaxed))
    };
    let before = counts();
    let figures = work();
    let after = counts();
    figures.print(name);
    let units = (after.0 - before.0).max(1);
    println!("  {:.4} runs again for each unit", (after.1 - before.1) as f64 / units as f64);
    figures
}

fn create_order(world: &World, n: u64) -> (String, Option<Value>) {
    ("POST /api/v1/orders".into(), Some(order(world, n as usize)))
}

fn create_customer(_: &World, n: u64) -> (String, Option<Value>) {
    (
        "POST /api/v1/customers".into(),
        Some(json!({"name": format!("客户公司 {}", 1_000_000 + n), "kind": "company"})),
    )
}

/// Steps on orders that are there: each connection meets others at one order now and then.
fn live(world: &World, n: u64) -> (String, Option<Value>) {
    let order = &world.orders[(n as usize / 2) % world.orders.len()];
    match n % 2 {
        0 => (
            format!("POST /api/v1/orders/{order}/lines"),
            Some(json!({"product_id": world.products[0], "quantity": "1"})),
        ),
        _ => (format!("POST /api/v1/orders/{order}/submit"), Some(json!({}))),
    }
}

/// Creates until all are there; a connection of its own.
fn creates(
    world: &World,
    address: std::net::SocketAddr,
    next: &std::sync::atomic::AtomicU64,
) -> (Vec<Duration>, u64) {
    let mut connection = Connection::open(address);
    let (mut times, mut failed) = (Vec::new(), 0);
    loop {
        let n = next.fetch_add(1, Ordering::Relaxed);
        if n >= CREATES {
            return (times, failed);
        }
        let began = Instant::now();
        let (line, body) = create_order(world, n);
        match connection.ask(world, &line, "", body) {
            Some(201) => times.push(began.elapsed()),
            _ => failed += 1,
        }
    }
}

/// Orders of 500 lines, made and shipped one after the other, as the system: how long each shipment took.
fn ship_large(world: &World, over: &AtomicBool) -> Vec<Duration> {
    let mut times = Vec::new();
    while !over.load(Ordering::Relaxed) {
        let lines: Vec<Value> = (0..500)
            .map(|n| json!({"product_id": world.products[n % PRODUCTS], "quantity": "2", "unit_price": "10"}))
            .collect();
        let order = json!({"customer_id": world.customers[0], "lines": lines});
        let id = apply(world, vec![("/orders".into(), order)]).remove(0);
        for step in ["submit", "approve", "confirm"] {
            let body = if step == "approve" { json!({"override_reason": "Bench"}) } else { json!({}) };
            apply(world, vec![(format!("/orders/{id}/{step}"), body)]);
        }
        let began = Instant::now();
        apply(world, vec![(format!("/orders/{id}/shipments"), json!({}))]);
        times.push(began.elapsed());
    }
    times
}

/// 300 customers from a file, in chunks as an import writes them, as the system.
fn import(world: &World, _: std::net::SocketAddr) -> String {
    let began = Instant::now();
    for chunk in 0..30 {
        let (app, chunk) = (world.app.clone(), chunk * 10);
        let done = world.core.write_as(Arc::new(Caller::system("bench")), move |tx| {
            for n in chunk..chunk + 10 {
                let customer = json!({"name": format!("进口公司 {n}"), "kind": "company"});
                app.apply(tx, Method::Post, "/customers", customer)?;
            }
            Ok(())
        });
        if let Err(error) = done {
            return format!("given up: {error}");
        }
    }
    format!("300 in {:.1} s", began.elapsed().as_secs_f64())
}
