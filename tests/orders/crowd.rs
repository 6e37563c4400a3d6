//! Thirty-two clients at once: nobody is turned away by the database, and no change is lost.

use std::sync::atomic::{AtomicU64, Ordering};

use futures_util::future::join_all;
use serde_json::{Value, json};

use testkit::shop::{Shop, nothing_is_off};
use testkit::support::{Client, Reply, TestApp};

both_engines!(a_crowd_loses_no_change_and_reads_whole_orders);

const CLIENTS: u64 = 32;
/// Changes of the shared order that each client makes.
const CHANGES: u64 = 2;

async fn asked(app: &TestApp, client: &Client<'_>, method: &str, path: &str, body: Option<Value>) -> Reply {
    let reply = app.asked(&client.asks(method, path, body)).await;
    assert!(reply.status < 500, "{reply}");
    adds_up(&reply.body);
    reply
}

/// An order's totals are the sums of its lines, in every answer that shows both.
fn adds_up(order: &Value) {
    let Some(lines) = order["lines"].as_array() else { return };
    for name in ["list", "discount", "net", "tax", "gross"] {
        let cents =
            |v: &Value| v[name].as_str().expect("an amount").replace('.', "").parse::<i64>().expect("cents");
        assert_eq!(cents(order), lines.iter().map(cents).sum::<i64>(), "{name} of {order:#}");
    }
}

/// Reads the shared order and counts one up in its notes, until that goes through; adds or drops a line with it.
async fn count_up(app: &TestApp, client: &Client<'_>, shared: &str, stale: &AtomicU64) {
    loop {
        let seen = asked(app, client, "GET", shared, None).await.expect(200);
        let count: u64 = seen.body["notes"].as_str().expect("a count").parse().expect("a count");
        let change = json!({"notes": (count + 1).to_string()});
        let reply =
            asked(app, &client.clone().with("if-match", &seen.etag()), "PATCH", shared, Some(change)).await;
        match reply.status {
            200 => return,
            412 => stale.fetch_add(1, Ordering::Relaxed),
            _ => panic!("{reply}"),
        };
    }
}

/// Changes the quantity of the shared order's first line, over whatever was there.
async fn change_line(app: &TestApp, client: &Client<'_>, shared: &str, n: u64) {
    let seen = asked(app, client, "GET", shared, None).await.expect(200);
    let line = seen.body["lines"][0]["id"].as_str().expect("a line");
    let change = json!({"quantity": (n % 7 + 1).to_string()});
    let path = format!("{shared}/lines/{line}");
    asked(app, &client.clone().with("if-match", "*"), "PATCH", &path, Some(change)).await.expect(200);
}

async fn one_of_the_crowd(app: &TestApp, shop: &Shop<'_>, shared: &str, n: u64, stale: &AtomicU64) {
    let client = app.all_powerful();
    let own = asked(app, &client, "POST", "/orders", Some(shop.body("3", "1"))).await.expect(201).location();
    for _ in 0..CHANGES {
        count_up(app, &client, shared, stale).await;
        asked(app, &client, "GET", "/orders?limit=20", None).await.expect(200);
    }
    change_line(app, &client, shared, n).await;
    asked(app, &client, "POST", &format!("{own}/submit"), None).await.expect(200);
    asked(app, &client, "GET", &own, None).await.expect(200);
}

fn a_crowd_loses_no_change_and_reads_whole_orders(app: &TestApp) {
    let shop = Shop::open(app);
    let mut body = shop.body("2", "1");
    body["notes"] = json!("0");
    let shared = shop.enter(body);
    let (path, stale) = (shared.path(), AtomicU64::new(0));
    let version = shared.now()["version"].as_u64().expect("a version");
    app.run(join_all((0..CLIENTS).map(|n| one_of_the_crowd(app, &shop, &path, n, &stale))));
    let now = shared.now();
    assert_eq!(now["notes"], (CLIENTS * CHANGES).to_string());
    // Each change is one version more: of the notes, and of the line.
    let changes = now["version"].as_u64().expect("a version") - version;
    assert!((CLIENTS * CHANGES..=CLIENTS * (CHANGES + 1)).contains(&changes), "{changes}");
    assert!(stale.into_inner() > 0, "nobody met anybody");
    let listed = app.all_powerful().get("/orders?include=total_count&limit=1").expect(200);
    assert_eq!(listed.body["total_count"], CLIENTS + 1);
    // Numbers are given once.
    let numbers = app
        .read(|conn| testkit::support::number(conn, "SELECT count(DISTINCT number) AS number FROM orders"));
    assert_eq!(numbers, CLIENTS as i64 + 1);
    nothing_is_off(app);
}
