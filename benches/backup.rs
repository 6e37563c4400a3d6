//! Backups under load: what they take, and what the writers beside them notice.
//!
//! `cargo bench --bench backup` starts the product on a fresh SQLite database in a temporary folder, loads orders, and lets
//! 8 connections create orders with five lines: alone, then while backups are made one after the other. `DATABASE_URL`
//! takes PostgreSQL instead (an empty database). `SALESDESK_BENCH_ORDERS` (default 100000) says how many orders are loaded
//! first, `SALESDESK_BENCH_SECONDS` (default 20) how long each load runs. `SALESDESK_BENCH_DIR` names the folder, which
//! should be on the disk that counts.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use salesdesk::backups::make::Making;
use salesdesk::backups::restore::Opened;
use salesdesk::backups::store::Store;
use salesdesk::backups::tools::Tools;
use serde_json::Value;

mod world;
use world::*;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const CONNECTIONS: usize = 8;

fn main() {
    if !std::env::args().any(|a| a == "--bench") {
        return;
    }
    let place = std::env::var_os("SALESDESK_BENCH_DIR").map_or_else(std::env::temp_dir, Into::into);
    let dir = place.join(format!("salesdesk-bench-{}", std::process::id()));
    let mut world = prepare(&dir);
    load_orders(&mut world, env("SALESDESK_BENCH_ORDERS", 100_000) as usize);
    let world = Arc::new(world);
    let address = start_server(world.core.clone());
    let time = Duration::from_secs(env("SALESDESK_BENCH_SECONDS", 20));
    backed_up(&world, &dir, "alone");
    println!("{:<34} {:>10} {:>9} {:>9} {:>9}", "8 connections", "per second", "p50 ms", "p99 ms", "failed");
    let load = || over_http(&world, address, CONNECTIONS, time, create_order, "");
    load().print("create an order, alone");
    let over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !over.load(Ordering::Relaxed) {
                backed_up(&world, &dir, "under load");
            }
        });
        let figures = load();
        over.store(true, Ordering::Relaxed);
        figures.print("create an order, beside backups");
    });
    let _ = std::fs::remove_dir_all(&dir);
    std::process::exit(0);
}

/// Makes a backup, reads all of it again, and says how long each took.
fn backed_up(world: &World, dir: &std::path::Path, when: &str) {
    let (core, store) = (&world.core, Store::Folder(dir.join("backups")));
    let name = Store::new_name(core.clock.now());
    let making = Making {
        target: &core.engine.target,
        vault: &core.vault,
        store: &store,
        tools: &Tools::default(),
        name: &name,
        now: core.clock.now(),
        passphrase: None,
    };
    let began = Instant::now();
    let made = making.run(&mut |_| {}).expect("a backup");
    let took = began.elapsed();
    let began = Instant::now();
    Opened::read(&dir.join("backups").join(&name), &core.vault, &mut |_| {}).expect("a whole backup");
    println!(
        "backup {when}: {:.1} s, {} MiB, audit trail to {}; verified in {:.1} s",
        took.as_secs_f64(),
        made.bytes() >> 20,
        made.audit.sequence,
        began.elapsed().as_secs_f64()
    );
    store.remove(&name).expect("removed");
}

fn create_order(world: &World, n: u64) -> (String, Option<Value>) {
    ("POST /api/v1/orders".into(), Some(order(world, n as usize)))
}
