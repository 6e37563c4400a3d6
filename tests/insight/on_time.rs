//! On time in full: a few orders, computed by hand.

use salesdesk::base::auth::Role;
use salesdesk::base::types::At;
use serde_json::{Value, json};

use testkit::shop::{Shop, Told};
use testkit::support::TestApp;

both_engines!(
    what_was_promised_is_measured_by_the_first_promise,
    a_line_has_a_promise_of_its_own,
    promises_are_told_of_a_bounded_time_and_to_who_sees_the_orders,
);

fn at(text: &str) -> At {
    At::parse(&format!("{text}:00+08:00")).expect("an instant")
}

/// A confirmed order, promised for a day.
fn promised<'a>(shop: &Shop<'a>, tea: &str, pot: &str, day: &str) -> Told<'a> {
    let mut body = shop.body(tea, pot);
    body["promised_date"] = json!(day);
    confirm(shop.enter(body))
}

fn confirm(order: Told) -> Told {
    order.by(Role::Rep, "submit", json!({})).expect(200);
    order.by(Role::Executive, "approve", json!({})).expect(200);
    order.by(Role::Clerk, "confirm", json!({})).expect(200);
    order
}

/// So much of a line goes out and arrives on a day.
fn brought(order: &Told, n: usize, quantity: &str, day: &str) {
    let lines = json!([{"order_line_id": order.line(n), "quantity": quantity}]);
    let body = json!({"lines": lines, "shipped_date": "2026-11-21"});
    let shipment = order.by(Role::Warehouse, "shipments", body).expect(201).id();
    let path = format!("/shipments/{shipment}/deliver");
    order.app.as_role(Role::Warehouse).post(&path, json!({"delivered_date": day})).expect(200);
}

fn report(app: &TestApp, role: Role, query: &str) -> Value {
    app.as_role(role).get(&format!("/reports/on-time-in-full?{query}")).expect(200).body
}

const RANGE: &str = "promised_from=2026-11-01&promised_to=2026-12-31";

fn what_was_promised_is_measured_by_the_first_promise(app: &TestApp) {
    app.core.clock.set(at("2026-11-20T10:00"));
    let shop = Shop::open(app);
    let whole = promised(&shop, "10", "1", "2026-11-22");
    let late = promised(&shop, "10", "0", "2026-11-22");
    let short = promised(&shop, "10", "0", "2026-11-23");
    promised(&shop, "4", "0", "2026-11-24"); // nothing of it has gone out
    promised(&shop, "4", "0", "2026-12-05"); // its day is still to come
    let half = promised(&shop, "5", "1", "2026-11-24");
    let gone = promised(&shop, "1", "0", "2026-11-24");
    gone.by(Role::Clerk, "cancel", json!({"reason": "Asked for by the customer"})).expect(200);
    confirm(shop.draft("1", "0")); // nothing was promised

    app.core.clock.set(at("2026-11-30T10:00"));
    brought(&whole, 0, "4", "2026-11-21");
    brought(&whole, 0, "6", "2026-11-22");
    brought(&whole, 1, "1", "2026-11-22");
    brought(&late, 0, "10", "2026-11-25");
    brought(&short, 0, "6", "2026-11-23");
    short.by(Role::Clerk, "close-short", json!({"reason": "Sold out"})).expect(200);
    brought(&half, 0, "5", "2026-11-24");
    brought(&half, 1, "1", "2026-11-26");

    let total = report(app, Role::Manager, RANGE)["total"].clone();
    assert_eq!(
        total["lines"],
        json!({"promised": 8, "pending": 1, "on_time": 4, "in_full": 5, "on_time_in_full": 3, "late": 2,
            "open_late": 1, "days_late": 5, "mean_days_late": "2.5", "on_time_rate": "0.571429",
            "in_full_rate": "0.714286", "on_time_in_full_rate": "0.428571"})
    );
    assert_eq!(
        total["orders"],
        json!({"promised": 6, "pending": 1, "on_time": 2, "in_full": 3, "on_time_in_full": 1, "open_late": 1,
            "on_time_rate": "0.4", "in_full_rate": "0.6", "on_time_in_full_rate": "0.2"})
    );

    let months = report(app, Role::Manager, &format!("{RANGE}&period=month"));
    let told: Vec<(&str, i64, i64)> = months["rows"]
        .as_array()
        .expect("rows")
        .iter()
        .map(|r| {
            let count = |what: &str| r[what]["promised"].as_i64().expect("a count");
            (r["period"].as_str().expect("a period"), count("lines"), count("orders"))
        })
        .collect();
    assert_eq!(told, [("2026-11", 7, 5), ("2026-12", 1, 1)]);
    assert_eq!(
        report(app, Role::Manager, &format!("{RANGE}&period=quarter"))["rows"][0]["period"],
        "2026-Q4"
    );
    // An order of two products counts for each, and once in the whole.
    let products = report(app, Role::Manager, &format!("{RANGE}&group_by=product&period=year"));
    let of = |n: usize, what: &str| products["rows"][n][what]["promised"].clone();
    assert_eq!(
        (&products["rows"][0]["label"], of(0, "lines"), of(0, "orders")),
        (&json!("POT"), json!(2), json!(2))
    );
    assert_eq!((&products["rows"][1]["key"], of(1, "lines")), (&json!(shop.tea), json!(6)));
    assert_eq!(products["total"]["orders"]["promised"], 6);
    let reps = report(app, Role::Manager, &format!("{RANGE}&group_by=rep"));
    assert_eq!(reps["rows"][0]["key"], app.person("rep").user.to_string());
    let customers =
        report(app, Role::Manager, &format!("{RANGE}&group_by=customer&customer_id={}", shop.customer));
    assert_eq!(
        (&customers["rows"][0]["key"], &customers["rows"][0]["lines"]),
        (&json!(shop.customer), &total["lines"])
    );
}

fn a_line_has_a_promise_of_its_own(app: &TestApp) {
    app.core.clock.set(at("2026-11-20T10:00"));
    let shop = Shop::open(app);
    let mut body = shop.body("10", "1");
    body["promised_date"] = json!("2026-11-22");
    body["lines"][1]["promised_date"] = json!("2026-11-26");
    let order = confirm(shop.enter(body));
    let firsts = |order: &Told| {
        let lines = order.now()["lines"].as_array().expect("lines").clone();
        lines.iter().map(|l| l["first_promised_date"].as_str().unwrap_or("").to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(firsts(&order), ["2026-11-22", "2026-11-26"]);
    app.core.clock.set(at("2026-11-25T10:00"));
    let before = report(app, Role::Clerk, RANGE)["total"].clone();
    assert_eq!((&before["lines"]["open_late"], &before["lines"]["pending"]), (&json!(1), &json!(1)));
    // A later promise is a later promise: it does not make the order less late.
    let later = json!({"reason": "The supplier is late", "promised_date": "2026-12-20",
        "change_lines": [{"line_id": order.line(0), "promised_date": "2026-12-20"}],
        "add_lines": [{"product_id": shop.tea, "quantity": "1"}]});
    let revised = order.by(Role::Manager, "revisions", later).expect(200);
    assert_eq!(
        (&revised.body["promised_date"], &revised.body["first_promised_date"]),
        (&json!("2026-12-20"), &json!("2026-11-22"))
    );
    assert_eq!(firsts(&order), ["2026-11-22", "2026-11-26", "2026-12-20"], "the new line was promised now");
    let old_lines = "promised_from=2026-11-01&promised_to=2026-11-30";
    assert_eq!(report(app, Role::Clerk, old_lines)["total"], before);
}

fn promises_are_told_of_a_bounded_time_and_to_who_sees_the_orders(app: &TestApp) {
    app.core.clock.set(at("2026-11-20T10:00"));
    let shop = Shop::open(app);
    promised(&shop, "1", "0", "2026-11-20");
    let usual = report(app, Role::Clerk, "");
    assert_eq!(
        (&usual["promised_from"], &usual["promised_to"]),
        (&json!("2025-11-20"), &json!("2026-11-20"))
    );
    assert_eq!(
        (&usual["total"]["lines"]["promised"], &usual["rows"][0]["period"]),
        (&json!(1), &Value::Null)
    );
    let nothing = app.as_user("rep2").get("/reports/on-time-in-full").expect(200);
    assert_eq!(
        (&nothing.body["rows"], &nothing.body["total"]["orders"]["promised"]),
        (&json!([]), &json!(0))
    );
    assert_eq!(nothing.body["total"]["lines"]["on_time_rate"], Value::Null);
    let long = app.as_role(Role::Clerk).get("/reports/on-time-in-full?promised_from=2020-01-01");
    assert_eq!(long.refused(400, "invalid_parameter").places(), ["promised_from"]);
}
