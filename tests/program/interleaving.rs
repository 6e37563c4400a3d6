//! On PostgreSQL units of work run at the same time. Whatever two people do at once to records that belong together, the
//! answers and the records are as if one had come after the other.
//!
//! For each pair of moves in a scene the first runs up to its commit, then the second runs until it has ended or waits for
//! the first. The same pair is done one after the other, in both orders, in scenes of its own. What is compared is
//! every answer, and what the scene's records, their parts and their histories say afterwards.

use std::collections::{BTreeMap, BTreeSet};
use std::pin::pin;
use std::sync::mpsc;

use chrono::NaiveDate;
use diesel::prelude::*;
use diesel::sql_types::BigInt;
use futures_util::future::poll_immediate;
use salesdesk::base::auth::Role;
use salesdesk::base::db::Target;
use salesdesk::base::types::At;
use serde_json::{Value, json};

use testkit::shop::{Shop, Told};
use testkit::support::{Ask, Reply, TestApp, on_postgres};

macro_rules! scenes {
    ($($name:ident: $scene:ident;)+) => {
        $(
            #[test]
            fn $name() {
                on_postgres(stringify!($name), |app| all_pairs(app, $scene));
            }
        )+
    };
}

scenes! {
    two_at_a_draft_order_are_as_one_after_the_other: draft;
    two_at_a_submitted_order_are_as_one_after_the_other: submitted;
    two_at_a_confirmed_order_are_as_one_after_the_other: confirmed;
    two_at_a_shipped_order_are_as_one_after_the_other: shipped;
    two_at_the_orders_of_one_customer_are_as_one_after_the_other: credit;
    two_at_returns_of_one_order_are_as_one_after_the_other: returns;
    two_at_a_customer_are_as_one_after_the_other: customer;
    two_at_a_complaint_are_as_one_after_the_other: complaint;
    two_at_a_price_list_are_as_one_after_the_other: price_list;
    two_at_the_pool_are_as_one_after_the_other: pool;
    two_at_a_tree_are_as_one_after_the_other: tree;
    two_at_the_last_administrators_are_as_one_after_the_other: administrators;
}

/// What can be done to some records that were just made, and where to look afterwards. Two scenes of one kind differ in
/// their ids and numbers only.
struct Scene {
    moves: Vec<(&'static str, Ask)>,
    looks: Vec<String>,
}

type Make = fn(&TestApp, &Shop) -> Scene;

// ---- the comparison ------------------------------------------------------------------------------------------

fn all_pairs(app: &TestApp, make: Make) {
    let shop = Shop::open(app);
    let Target::Postgres(url) = &app.core.engine.target else { panic!("it is for PostgreSQL") };
    let mut watcher = diesel::PgConnection::establish(url).expect("the server answers");
    let mut one_after_the_other: BTreeMap<(usize, usize), Value> = BTreeMap::new();
    let count = make(app, &shop).moves.len();
    let (mut broken, mut possible) = (Vec::new(), BTreeSet::new());
    let mut refused: BTreeMap<usize, String> = BTreeMap::new();
    for first in 0..count {
        for second in 0..count {
            let mut ordered = |first: usize, second: usize| {
                let outcome = || {
                    let scene = make(app, &shop);
                    let answers = [&scene.moves[first].1, &scene.moves[second].1].map(|ask| app.ask(ask));
                    let done =
                        [first, second].into_iter().zip(&answers).filter(|(_, reply)| reply.status < 300);
                    possible.extend(done.map(|(place, _)| place));
                    outcome(app, &scene, [(first, &answers[0]), (second, &answers[1])])
                };
                one_after_the_other.entry((first, second)).or_insert_with(outcome).clone()
            };
            let right = [ordered(first, second), ordered(second, first)];
            let scene = make(app, &shop);
            let answers = inside(app, &mut watcher, &scene.moves[first].1, &scene.moves[second].1);
            let seen = outcome(app, &scene, [(first, &answers.0), (second, &answers.1)]);
            if !right.contains(&seen) {
                let names = (scene.moves[first].0, scene.moves[second].0);
                let [one, other] = right.map(|right| difference(&right, &seen));
                broken.push(format!(
                    "{names:?}\n  as the first first: {one:?}\n  as the second first: {other:?}"
                ));
            }
        }
    }
    refused.retain(|place, _| !possible.contains(place));
    assert!(refused.is_empty(), "nothing is shown by what is always refused: {refused:#?}");
    assert!(broken.is_empty(), "{} of {} pairs: {}", broken.len(), count * count, broken.join("\n\n"));
}

/// The second inside the first, just before it is committed.
fn inside(app: &TestApp, watcher: &mut PgConnection, first: &Ask, second: &Ask) -> (Reply, Reply) {
    let interlude = app.core.engine.interlude.clone();
    let (arrive, arrived) = mpsc::channel();
    let (let_on, go_on) = mpsc::channel::<()>();
    interlude.set(move || {
        let _ = arrive.send(());
        let _ = go_on.recv();
    });
    app.run(async {
        let mut first = pin!(app.asked(first));
        let refused = loop {
            match poll_immediate(first.as_mut()).await {
                Some(reply) => break Some(reply),
                None if arrived.try_recv().is_ok() => break None,
                None => tokio::task::yield_now().await,
            }
        };
        if let Some(refused) = refused {
            interlude.set(|| {});
            return (refused, app.asked(second).await);
        }
        let mut second = pin!(app.asked(second));
        let done = loop {
            match poll_immediate(second.as_mut()).await {
                Some(reply) => break Some(reply),
                None if somebody_waits(watcher) => break None,
                None => tokio::task::yield_now().await,
            }
        };
        drop(let_on);
        let first = first.await;
        (
            first,
            match done {
                Some(reply) => reply,
                None => second.await,
            },
        )
    })
}

/// Whether a transaction waits for a row or a table that another holds.
fn somebody_waits(watcher: &mut PgConnection) -> bool {
    #[derive(QueryableByName)]
    struct Count {
        #[diesel(sql_type = BigInt)]
        number: i64,
    }
    let sql = "SELECT count(*) AS number FROM pg_stat_activity \
               WHERE datname = current_database() AND wait_event_type = 'Lock'";
    diesel::sql_query(sql).get_result::<Count>(watcher).expect("the server answers").number > 0
}

/// Both answers, by the moves' places, and what is there afterwards.
fn outcome(app: &TestApp, scene: &Scene, mut answers: [(usize, &Reply); 2]) -> Value {
    answers.sort_by_key(|(place, _)| *place);
    if answers[0].0 == answers[1].0 {
        // Who of two that do the same is refused does not matter.
        answers.sort_by_key(|(_, reply)| reply.status);
    }
    let told = answers.map(|(_, reply)| json!([reply.status, plain(&reply.body)]));
    let looks = scene.looks.iter().map(|path| plain(&app.all_powerful().get(path).body));
    json!({"answers": told, "looks": looks.collect::<Vec<_>>()})
}

/// The first places where two outcomes differ, each with what should be there and what is.
fn difference(right: &Value, seen: &Value) -> Vec<String> {
    fn walk(path: &str, right: &Value, seen: &Value, found: &mut Vec<String>) {
        match (right, seen) {
            (Value::Object(a), Value::Object(b)) if a.len() == b.len() => {
                a.iter().for_each(|(name, value)| {
                    walk(&format!("{path}/{name}"), value, b.get(name).unwrap_or(&Value::Null), found)
                });
            }
            (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
                let pairs = a.iter().zip(b).enumerate();
                pairs.for_each(|(n, (a, b))| walk(&format!("{path}/{n}"), a, b, found));
            }
            (a, b) if a != b => {
                let short = |value: &Value| value.to_string().chars().take(120).collect::<String>();
                found.push(format!("{path}: {} is {}", short(a), short(b)));
            }
            _ => {}
        }
    }
    let mut found = Vec::new();
    walk("", right, seen, &mut found);
    found.truncate(4);
    found
}

/// The value without what differs between two scenes: ids, numbers, places in the feed; lists in an order of their own.
fn plain(value: &Value) -> Value {
    match value {
        Value::String(text) => json!(masked(text)),
        Value::Array(items) => {
            let mut items: Vec<Value> = items.iter().map(plain).collect();
            items.sort_by_key(Value::to_string);
            json!(items)
        }
        Value::Object(fields) => fields
            .iter()
            .filter(|(name, _)| {
                !["request_id", "sequence", "next_cursor", "instance"].contains(&name.as_str())
            })
            .map(|(name, value)| (masked(name), plain(value)))
            .collect(),
        other => other.clone(),
    }
}

/// Ids have 32 hexadecimal digits, numbers a year and six digits; a scene may be of another day.
fn masked(text: &str) -> String {
    if At::parse(text).is_some() || text.parse::<NaiveDate>().is_ok() {
        return "#".into();
    }
    text.split_inclusive(['_', '-', ' ', '/', ',', '"', '.'])
        .map(|part| {
            let digits = part.trim_end_matches(['_', '-', ' ', '/', ',', '"', '.']);
            let is_id = digits.len() == 32 && digits.bytes().all(|b| b.is_ascii_hexdigit());
            let is_number = [4, 6].contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
            if is_id || is_number { "#" } else { part }
        })
        .collect()
}

// ---- scenes --------------------------------------------------------------------------------------------------

/// A shop with a customer of this scene's own.
fn apart<'a>(app: &'a TestApp, shop: &Shop<'a>) -> Shop<'a> {
    let customer = shop.customer_of("rep", &format!("Tianhe-{:06}", app.unique()));
    Shop { app, customer, tea: shop.tea.clone(), pot: shop.pot.clone(), list: shop.list.clone() }
}

fn by(app: &TestApp, role: Role, method: &str, path: &str, body: Value) -> Ask {
    app.as_role(role).asks(method, path, Some(body).filter(|body| !body.is_null()))
}

/// Somebody who may do everything.
fn all(app: &TestApp, path: &str, body: Value) -> Ask {
    app.all_powerful().asks("POST", path, Some(body))
}

/// A change or a deletion of what has this version now.
fn at(app: &TestApp, role: Role, method: &str, path: &str, body: Value) -> Ask {
    let etag = app.all_powerful().get(path).expect(200).etag();
    app.as_role(role).with("if-match", &etag).asks(method, path, Some(body).filter(|body| !body.is_null()))
}

fn looks_of(order: &Told) -> Vec<String> {
    let path = order.path();
    let mut looks: Vec<String> =
        ["", "/history", "/shipments", "/returns", "/revisions"].map(|part| format!("{path}{part}")).into();
    looks.push(format!("/order-exceptions?order_id={}", order.id));
    looks
}

fn draft(app: &TestApp, shop: &Shop) -> Scene {
    let order = apart(app, shop).draft("10", "1");
    let (path, first, second) = (order.path(), order.line(0), order.line(1));
    let rep = Role::Rep;
    let moves = vec![
        ("change the head", at(app, rep, "PATCH", &path, json!({"customer_po": "PO 7"}))),
        (
            "add a line",
            by(app, rep, "POST", &format!("{path}/lines"), json!({"product_id": shop.tea, "quantity": "3"})),
        ),
        ("change a line", at(app, rep, "PATCH", &format!("{path}/lines/{first}"), json!({"quantity": "4"}))),
        ("delete a line", at(app, rep, "DELETE", &format!("{path}/lines/{second}"), Value::Null)),
        ("submit", by(app, rep, "POST", &format!("{path}/submit"), json!({}))),
        ("cancel", all(app, &format!("{path}/cancel"), json!({"reason": "No longer wanted"}))),
        ("delete", at(app, rep, "DELETE", &path, Value::Null)),
    ];
    Scene { moves, looks: looks_of(&order) }
}

fn submitted(app: &TestApp, shop: &Shop) -> Scene {
    let shop = apart(app, shop);
    let order = shop.submitted("10", "1");
    let step = |role, name: &str, body| by(app, role, "POST", &format!("{}/{name}", order.path()), body);
    let customer = format!("/customers/{}", shop.customer);
    let moves = vec![
        ("approve", step(Role::Executive, "approve", json!({}))),
        ("reject", step(Role::Manager, "reject", json!({"reason": "Too cheap"}))),
        ("withdraw", step(Role::Rep, "withdraw", json!({"reason": "A mistake"}))),
        ("hold", step(Role::Finance, "hold", json!({"reason": "They owe us"}))),
        ("cancel", all(app, &format!("{}/cancel", order.path()), json!({"reason": "No longer wanted"}))),
        (
            "block the customer",
            by(
                app,
                Role::Finance,
                "POST",
                &format!("{customer}/block"),
                json!({"reason": "They do not pay"}),
            ),
        ),
        (
            "change the terms",
            by(
                app,
                Role::Finance,
                "POST",
                &format!("{customer}/credit-terms"),
                json!({"credit_limit": "1.00", "payment_days": 30, "reason": "They do not pay"}),
            ),
        ),
    ];
    let mut looks = looks_of(&order);
    looks.push(customer);
    Scene { moves, looks }
}

fn confirmed(app: &TestApp, shop: &Shop) -> Scene {
    let order = apart(app, shop).confirmed("10", "1");
    let (path, line) = (order.path(), order.line(0));
    let step = |role, name: &str, body| by(app, role, "POST", &format!("{path}/{name}"), body);
    let part = |quantity: &str| json!({"lines": [{"order_line_id": line, "quantity": quantity}]});
    let fault = json!({"order_id": order.id, "kind": "price_dispute", "severity": "major", "description": "Not as agreed"});
    let known = app.as_role(Role::Clerk).post("/order-exceptions", fault.clone()).expect(201).id();
    let at_fault =
        |name: &str, body| by(app, Role::Manager, "POST", &format!("/order-exceptions/{known}/{name}"), body);
    let moves = vec![
        ("ship a part", step(Role::Warehouse, "shipments", part("6"))),
        ("ship all", step(Role::Warehouse, "shipments", json!({}))),
        (
            "revise",
            step(
                Role::Clerk,
                "revisions",
                json!({"reason": "They want less",
            "change_lines": [{"line_id": line, "quantity": "7"}]}),
            ),
        ),
        ("hold", step(Role::Finance, "hold", json!({"reason": "They owe us"}))),
        ("cancel", all(app, &format!("{}/cancel", order.path()), json!({"reason": "No longer wanted"}))),
        ("close short", step(Role::Clerk, "close-short", json!({"reason": "The rest is not made any more"}))),
        ("report a fault", by(app, Role::Clerk, "POST", "/order-exceptions", fault)),
        ("a fault blocks it", at_fault("block", json!({"reason": "Wait for the new price"}))),
        (
            "a fault is resolved",
            at_fault("resolve", json!({"outcome": "price_corrected", "resolution": "As agreed"})),
        ),
    ];
    let mut looks = looks_of(&order);
    looks.push(format!("/order-exceptions/{known}"));
    Scene { moves, looks }
}

fn shipped(app: &TestApp, shop: &Shop) -> Scene {
    let order = apart(app, shop).confirmed("10", "1");
    let shipment = order.by(Role::Warehouse, "shipments", json!({})).expect(201).id();
    let (path, line) = (order.path(), order.line(0));
    let back = |quantity: &str| json!({"lines": [{"order_line_id": line, "quantity": quantity, "reason": "damaged"}]});
    let step = |role, name: &str, body| by(app, role, "POST", &format!("{path}/{name}"), body);
    let moves = vec![
        ("return most", step(Role::Clerk, "returns", back("8"))),
        ("return some", step(Role::Clerk, "returns", back("3"))),
        ("deliver", by(app, Role::Warehouse, "POST", &format!("/shipments/{shipment}/deliver"), json!({}))),
        (
            "void",
            by(
                app,
                Role::Warehouse,
                "POST",
                &format!("/shipments/{shipment}/void"),
                json!({"reason": "It never left"}),
            ),
        ),
        ("complete", step(Role::Clerk, "complete", json!({}))),
    ];
    let mut looks = looks_of(&order);
    looks.push(format!("/shipments/{shipment}"));
    Scene { moves, looks }
}

/// Each of the orders is within the credit limit, two of them are not.
fn credit(app: &TestApp, shop: &Shop) -> Scene {
    let shop = apart(app, shop);
    shop.credit_limit("3000.00");
    let [one, other] = [("0", "1"), ("70", "1")].map(|(tea, pot)| shop.submitted(tea, pot));
    let third = shop.draft("100", "0");
    let approved = shop.approved("20", "0");
    let step = |order: &Told, role, name: &str, body| {
        by(app, role, "POST", &format!("{}/{name}", order.path()), body)
    };
    let to = app.person("manager").user.to_string();
    let customer = format!("/customers/{}", shop.customer);
    let moves = vec![
        ("approve one", step(&one, Role::Executive, "approve", json!({}))),
        ("approve the other", step(&other, Role::Manager, "approve", json!({}))),
        ("submit the third", step(&third, Role::Rep, "submit", json!({}))),
        (
            "cancel the approved one",
            all(app, &format!("{}/cancel", approved.path()), json!({"reason": "No longer wanted"})),
        ),
        (
            "lower the limit",
            by(
                app,
                Role::Finance,
                "POST",
                &format!("{customer}/credit-terms"),
                json!({"credit_limit": "100.00", "payment_days": 30, "reason": "They do not pay"}),
            ),
        ),
        (
            "hand the customer over",
            by(
                app,
                Role::Executive,
                "POST",
                &format!("{customer}/reassign"),
                json!({"owner_id": to, "reason": "Closer to them"}),
            ),
        ),
        ("enter another", by(app, Role::Rep, "POST", "/orders", shop.body("5", "0"))),
    ];
    let mut looks: Vec<String> = [&one, &other, &third, &approved].iter().map(|order| order.path()).collect();
    looks.extend([
        customer.clone(),
        format!("{customer}/history"),
        format!("/orders?customer_id={}", shop.customer),
    ]);
    Scene { moves, looks }
}

fn returns(app: &TestApp, shop: &Shop) -> Scene {
    let order = apart(app, shop).confirmed("10", "1");
    order.by(Role::Warehouse, "shipments", json!({})).expect(201);
    let line = order.line(0);
    let waiting = |quantity: &str, receive: bool| {
        let lines = json!([{"order_line_id": line, "quantity": quantity, "reason": "damaged"}]);
        let id = order.by(Role::Clerk, "returns", json!({"lines": lines})).expect(201).id();
        let step = |role, name: &str, body| {
            app.as_role(role).post(&format!("/returns/{id}/{name}"), body).expect(200)
        };
        step(Role::Manager, "approve", json!({}));
        if receive {
            let came = json!([{"order_line_id": line, "quantity": quantity, "disposition": "restock"}]);
            step(Role::Warehouse, "receive", json!({"lines": came}));
        }
        id
    };
    let (one, other, third) = (waiting("3", true), waiting("3", true), waiting("1", false));
    let step =
        |id: &str, role, name: &str, body| by(app, role, "POST", &format!("/returns/{id}/{name}"), body);
    let moves = vec![
        ("credit one", step(&one, Role::Finance, "credit", Value::Null)),
        ("credit the other", step(&other, Role::Finance, "credit", Value::Null)),
        (
            "receive the third",
            step(
                &third,
                Role::Warehouse,
                "receive",
                json!({"lines": [{"order_line_id": line, "quantity": "1", "disposition": "scrap"}]}),
            ),
        ),
        ("cancel the third", step(&third, Role::Clerk, "cancel", json!({"reason": "They keep it"}))),
        ("replace one", step(&one, Role::Clerk, "replace", json!({"reason": "They want new ones"}))),
        (
            "return more",
            order_step(app, &order, json!([{"order_line_id": line, "quantity": "3", "reason": "damaged"}])),
        ),
    ];
    let mut looks = looks_of(&order);
    looks.extend([&one, &other, &third].map(|id| format!("/returns/{id}")));
    Scene { moves, looks }
}

fn order_step(app: &TestApp, order: &Told, lines: Value) -> Ask {
    by(app, Role::Clerk, "POST", &format!("{}/returns", order.path()), json!({"lines": lines}))
}

fn customer(app: &TestApp, shop: &Shop) -> Scene {
    let shop = apart(app, shop);
    let other = shop.customer_of("rep", &format!("Zhujiang-{:06}", app.unique()));
    let (path, rep) = (format!("/customers/{}", shop.customer), Role::Rep);
    let all = app.all_powerful();
    let phone = format!("+86 208-{:06}", app.unique());
    let contact =
        all.post(&format!("{path}/contacts"), json!({"name": "Li Na", "phone": phone})).expect(201).id();
    let post = |role, part: &str, body| by(app, role, "POST", &format!("{path}/{part}"), body);
    let name = format!("Haizhu-{:06}", app.unique());
    let moves = vec![
        ("change it", at(app, rep, "PATCH", &path, json!({"name": name}))),
        (
            "give another the same name",
            at(app, rep, "PATCH", &format!("/customers/{other}"), json!({"name": name})),
        ),
        ("add a primary contact", post(rep, "contacts", json!({"name": "Wang Wei", "is_primary": true}))),
        (
            "add a contact of the other's",
            by(
                app,
                rep,
                "POST",
                &format!("/customers/{other}/contacts"),
                json!({"name": "Li Na", "phone": phone}),
            ),
        ),
        ("delete a contact", at(app, rep, "DELETE", &format!("{path}/contacts/{contact}"), Value::Null)),
        (
            "add the default address",
            post(
                rep,
                "addresses",
                json!({"kind": "both", "is_default": true, "line1": "Road 2", "city": "Foshan", "country": "CN"}),
            ),
        ),
        ("block it", post(Role::Finance, "block", json!({"reason": "They do not pay"}))),
        ("merge it", post(Role::Executive, "merge", json!({"into_id": other, "reason": "The same"}))),
        ("let it go", post(rep, "release", json!({"reason": "No time"}))),
        ("share it", post(rep, "shares", json!({"user_id": app.person("rep2").user.to_string()}))),
        ("enter an order", by(app, rep, "POST", "/orders", shop.body("5", "0"))),
        ("delete it", at(app, Role::Manager, "DELETE", &path, Value::Null)),
    ];
    let mut looks = Vec::new();
    for path in [path, format!("/customers/{other}")] {
        let parts = ["", "/history", "/contacts", "/addresses", "/shares", "/duplicates", "/completeness"];
        looks.extend(parts.map(|part| format!("{path}{part}")));
    }
    looks.push(format!("/orders?customer_id={}", shop.customer));
    Scene { moves, looks }
}

fn complaint(app: &TestApp, shop: &Shop) -> Scene {
    let shop = apart(app, shop);
    let body = json!({"customer_id": shop.customer, "category": "quality", "severity": "high", "channel": "phone",
        "subject": "Three boxes of tea are damp"});
    let clerk = app.as_role(Role::Clerk);
    let id = clerk.post("/complaints", body).expect(201).id();
    let path = format!("/complaints/{id}");
    clerk.post(&format!("{path}/acknowledge"), Value::Null).expect(200);
    let credit = |amount: &str| json!({"kind": "credit", "amount": amount, "description": "Off the order"});
    let remedies = format!("{path}/remedies");
    let remedy = clerk.post(&remedies, credit("700.00")).expect(201).id();
    let post = |role, part: &str, body| by(app, role, "POST", &format!("{path}/{part}"), body);
    let moves = vec![
        ("propose a credit", post(Role::Clerk, "remedies", credit("400.00"))),
        ("approve", post(Role::Manager, &format!("remedies/{remedy}/approve"), json!({}))),
        ("reject", post(Role::Executive, &format!("remedies/{remedy}/reject"), json!({}))),
        (
            "resolve",
            post(Role::Clerk, "resolve", json!({"root_cause": "packaging", "resolution": "Credited"})),
        ),
        ("wait", post(Role::Clerk, "wait", json!({"reason": "For their photos"}))),
        ("note", post(Role::Clerk, "notes", json!({"kind": "internal", "text": "They called again"}))),
        ("change it", at(app, Role::Clerk, "PATCH", &path, json!({"severity": "critical"}))),
        ("escalate", post(Role::Clerk, "escalate", json!({"reason": "They are angry"}))),
        ("assign", post(Role::Manager, "assign", json!({"assignee_id": app.person("rep").user.to_string()}))),
    ];
    let looks = ["", "/history", "/notes", "/remedies"].map(|part| format!("{path}{part}"));
    Scene { moves, looks: looks.into() }
}

fn price_list(app: &TestApp, shop: &Shop) -> Scene {
    let all = app.all_powerful();
    let n = app.unique();
    let product = json!({"sku": format!("BOX-{n:06}"), "name": "Boxed", "unit": "pcs", "tax_rate": "0.13",
        "units": [{"unit": "box", "factor": "24"}]});
    let product = all.post("/products", product).expect(201).id();
    let list = json!({"code": format!("LIST-{n:06}"), "name": "Spring", "currency": "CNY", "valid_from": "2026-01-01"});
    let list = all.post("/price-lists", list).expect(201).id();
    let path = format!("/price-lists/{list}");
    let price = |price: &str| json!({"product_id": product, "unit_price": price, "valid_from": "2026-01-01"});
    let boxed =
        json!({"product_id": product, "unit": "box", "unit_price": "200", "valid_from": "2026-01-01"});
    let of_tea = json!({"product_id": shop.tea, "unit_price": "10", "valid_from": "2026-01-01"});
    let entry = all.post(&format!("{path}/prices"), of_tea).expect(201).id();
    let admin = Role::Manager;
    let moves = vec![
        ("add a price", by(app, admin, "POST", &format!("{path}/prices"), price("9"))),
        ("add it by box", by(app, admin, "POST", &format!("{path}/prices"), boxed)),
        (
            "change a price",
            at(app, admin, "PATCH", &format!("{path}/prices/{entry}"), json!({"unit_price": "11"})),
        ),
        ("take a price out", at(app, admin, "DELETE", &format!("{path}/prices/{entry}"), Value::Null)),
        ("change the list", at(app, admin, "PATCH", &path, json!({"name": "Summer"}))),
        ("activate it", by(app, admin, "POST", &format!("{path}/activate"), json!({}))),
        ("delete it", at(app, admin, "DELETE", &path, Value::Null)),
        (
            "sell no more boxes",
            at(app, admin, "PATCH", &format!("/products/{product}"), json!({"units": []})),
        ),
        ("activate the product", by(app, admin, "POST", &format!("/products/{product}/activate"), json!({}))),
    ];
    let looks = vec![
        path.clone(),
        format!("{path}/history"),
        format!("{path}/prices"),
        format!("/products/{product}"),
    ];
    Scene { moves, looks }
}

/// A rep may claim one more customer.
fn pool(app: &TestApp, shop: &Shop) -> Scene {
    let all = app.all_powerful();
    let settings = all.get("/settings").expect(200);
    if settings.body["relations"]["pool_claims"] != 1 {
        all.patch("/settings", &settings.etag(), json!({"relations": {"pool_claims": 1}})).expect(200);
    }
    // What was claimed in the scene before counts no more after a month.
    app.core.clock.advance_seconds(40 * 24 * 3600);
    let pooled = |name: &str| {
        let id = shop.customer_of("rep", &format!("{name}-{:06}", app.unique()));
        all.post(&format!("/customers/{id}/release"), json!({"reason": "No time"})).expect(200);
        format!("/customers/{id}")
    };
    let (one, other) = (pooled("Tianhe"), pooled("Zhujiang"));
    let claim = |role, path: &str| by(app, role, "POST", &format!("{path}/claim"), Value::Null);
    let moves = vec![
        ("claim one", claim(Role::Rep, &one)),
        ("claim the other", claim(Role::Rep, &other)),
        ("a manager claims it", claim(Role::Manager, &other)),
        (
            "enter an order",
            by(
                app,
                Role::Clerk,
                "POST",
                "/orders",
                json!({"customer_id": one[11..],
            "lines": [{"product_id": shop.tea, "quantity": "1"}]}),
            ),
        ),
    ];
    Scene {
        moves,
        looks: vec![one.clone(), format!("{one}/history"), other.clone(), format!("{other}/history")],
    }
}

fn tree(app: &TestApp, _: &Shop) -> Scene {
    let region = |parent: Value| {
        let code = format!("R-{:06}", app.unique());
        let body = json!({"code": code, "name": code, "parent_id": parent});
        app.all_powerful().post("/regions", body).expect(201).id()
    };
    let (one, other) = (region(Value::Null), region(Value::Null));
    let below = region(json!(one));
    let put = |id: &str, parent: &str| {
        at(app, Role::Admin, "PATCH", &format!("/regions/{id}"), json!({"parent_id": parent}))
    };
    let moves = vec![
        ("one below the other", put(&one, &other)),
        ("the other below one", put(&other, &one)),
        ("the other below what is below one", put(&other, &below)),
        ("delete what is below", at(app, Role::Admin, "DELETE", &format!("/regions/{below}"), Value::Null)),
    ];
    Scene { moves, looks: [one, other, below].map(|id| format!("/regions/{id}")).into() }
}

/// There are two of them; whoever does it has all rights and is none.
fn administrators(app: &TestApp, _: &Shop) -> Scene {
    let all = app.all_powerful();
    let before = all.get("/users?role=admin&status=active").expect(200);
    let [one, other] = ["one", "other"].map(|name| {
        let username = format!("{name}-{:06}", app.unique());
        all.post("/users", json!({"username": username, "name": name, "role": "admin"})).expect(201).id()
    });
    let me = app.person("admin").user.to_string();
    for user in before.rows() {
        let path = format!("/users/{}", user["id"].as_str().expect("an id"));
        match user["id"] == json!(me) {
            true => all.patch(&path, &all.get(&path).etag(), json!({"role": "clerk"})).expect(200),
            false => all.post(&format!("{path}/block"), json!({"reason": "Gone"})).expect(200),
        };
    }
    let block = |id: &str| all.asks("POST", &format!("/users/{id}/block"), Some(json!({"reason": "Gone"})));
    let path = format!("/users/{other}");
    let etag = all.get(&path).etag();
    let moves = vec![
        ("block one", block(&one)),
        ("block the other", block(&other)),
        (
            "make the other a clerk",
            app.all_powerful().with("if-match", &etag).asks("PATCH", &path, Some(json!({"role": "clerk"}))),
        ),
    ];
    Scene { moves, looks: vec![format!("/users/{one}"), path] }
}
