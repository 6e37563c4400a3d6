//! Returns: goods that come back, never more than went out, credited to the cent.

use proptest::collection::vec;
use proptest::prelude::*;
use salesdesk::base::auth::Role;
use salesdesk::base::types::{Amount, Price, Quantity, Rate};
use salesdesk::orders::model::{OrderId, OrderLine, OrderLineId, PriceSource};
use salesdesk::orders::rules::line_sums;
use salesdesk::products::model::ProductId;
use salesdesk::returns::rules::{Credited, credit};
use serde_json::{Value, json};

use testkit::shop::{Shop, Told, nothing_is_off};
use testkit::support::{Client, Reply, TestApp};

both_engines!(
    goods_come_back_are_taken_in_and_credited,
    what_comes_back_never_exceeds_what_was_shipped,
    of_two_who_return_the_same_goods_at_once_one_is_refused,
    a_line_that_comes_back_part_by_part_is_credited_to_the_cent,
    less_may_come_than_was_requested_and_never_more,
    what_is_rejected_or_cancelled_may_be_returned_again,
    a_shipment_whose_goods_were_returned_is_not_voided,
    above_the_limit_a_manager_approves_and_not_their_own,
    an_erp_sends_returns_by_its_own_numbers,
    a_return_belongs_to_a_complaint_and_an_exception_of_the_same_customer,
    whoever_sees_an_order_sees_its_returns,
    returns_wait_for_those_who_may_do_something,
    other_goods_are_sent_instead_of_a_credit,
    an_order_that_is_there_already_brings_the_other_goods,
);

fn returns_of(order: &Told, who: &Client, n: usize, quantity: &str) -> Reply {
    let lines = json!([{"order_line_id": order.line(n), "quantity": quantity, "reason": "damaged"}]);
    order.step(who, "returns", json!({"lines": lines}))
}

fn step(client: &Client, id: &str, step: &str, body: Value) -> Reply {
    client.post(&format!("/returns/{id}/{step}"), body)
}

/// Approves, takes in and credits.
fn through(app: &TestApp, id: &str) -> Reply {
    let lines = app.all_powerful().get(&format!("/returns/{id}")).expect(200).body["lines"].clone();
    let came: Vec<Value> = lines
        .as_array()
        .expect("lines")
        .iter()
        .map(|l| json!({"order_line_id": l["order_line_id"], "quantity": l["quantity"], "disposition": "restock"}))
        .collect();
    step(&app.as_role(Role::Manager), id, "approve", json!({})).expect(200);
    step(&app.as_role(Role::Warehouse), id, "receive", json!({"lines": came})).expect(200);
    step(&app.as_role(Role::Finance), id, "credit", json!(null)).expect(200)
}

fn quantities(order: &Told, n: usize) -> (String, String, String) {
    let line = order.now()["lines"][n].clone();
    let text = |name: &str| line[name].as_str().expect("a quantity").to_owned();
    (text("shipped"), text("in_return"), text("returned"))
}

fn is(told: (&str, &str, &str)) -> (String, String, String) {
    (told.0.into(), told.1.into(), told.2.into())
}

fn goods_come_back_are_taken_in_and_credited(app: &TestApp) {
    let shop = Shop::open(app);
    let order = shop.confirmed("10", "1");
    order.ship(0, "10").expect(201);
    let rep = app.as_role(Role::Rep);
    let asked = returns_of(&order, &rep, 0, "4").expect(201);
    // Four at 12.50, and 13 % of tax.
    assert_eq!(
        (&asked.body["number"], &asked.body["net"], &asked.body["tax"], &asked.body["gross"]),
        (&json!("RT-2026-000001"), &json!("50.00"), &json!("6.50"), &json!("56.50"))
    );
    assert_eq!(asked.body["allowed_actions"], json!(["edit", "cancel"]));
    assert_eq!(quantities(&order, 0), is(("10", "4", "0")));
    let id = asked.id();
    step(&rep, &id, "approve", json!({})).refused(403, "forbidden");
    step(&app.as_role(Role::Clerk), &id, "approve", json!({"reason": "The photographs show it"})).expect(200);

    // Nobody said what becomes of it.
    let warehouse = app.as_role(Role::Warehouse);
    let refused = step(&warehouse, &id, "receive", json!({})).refused(422, "validation_failed");
    assert_eq!(refused.places(), ["/lines/0/disposition"]);
    step(&rep, &id, "receive", json!({})).refused(403, "forbidden");
    let came = json!({"lines": [{"order_line_id": order.line(0), "quantity": "4", "disposition": "scrap"}]});
    let here = step(&warehouse, &id, "receive", came).expect(200);
    assert_eq!(
        (&here.body["lines"][0]["received"], &here.body["lines"][0]["disposition"]),
        (&json!("4"), &json!("scrap"))
    );
    assert_eq!(quantities(&order, 0), is(("10", "0", "4")));
    assert_eq!(order.now()["credited_gross"], "0.00");
    step(&app.as_role(Role::Clerk), &id, "close", json!(null)).refused(409, "invalid_transition");
    let credited = step(&app.as_role(Role::Finance), &id, "credit", json!(null)).expect(200);
    assert_eq!((&credited.body["status"], &credited.body["gross"]), (&json!("credited"), &json!("56.50")));
    let now = order.now();
    assert_eq!(
        (&now["credited_net"], &now["credited_tax"], &now["credited_gross"]),
        (&json!("50.00"), &json!("6.50"), &json!("56.50"))
    );
    // The goods were shipped all the same, and the order's own sums are what was sold.
    order.is("partially_shipped", "partial");
    assert_eq!(now["gross"], "1271.25");
    step(&app.as_role(Role::Clerk), &id, "close", json!(null)).expect(200);

    app.run_background();
    let told = rep.get("/events?types=return.*").expect(200);
    let types: Vec<&str> = told.rows().iter().filter_map(|e| e["type"].as_str()).collect();
    assert_eq!(
        types,
        ["return.requested", "return.approved", "return.received", "return.credited", "return.closed"]
    );
    let list = rep.get(&format!("{}/returns?reason=damaged&disposition=scrap", order.path())).expect(200);
    assert_eq!(list.rows().len(), 1);
    nothing_is_off(app);
}

fn what_comes_back_never_exceeds_what_was_shipped(app: &TestApp) {
    let shop = Shop::open(app);
    let order = shop.confirmed("10", "1");
    let rep = app.as_role(Role::Rep);
    let places = |body: Value| {
        let refused = order.step(&rep, "returns", body).refused(422, "validation_failed");
        refused.places().into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    let line = |n: usize, quantity: &str| json!({"order_line_id": order.line(n), "quantity": quantity, "reason": "late"});
    assert_eq!(places(json!({"lines": [line(0, "1")]})), ["/lines/0/quantity"], "nothing was shipped");
    order.ship(0, "6").expect(201);
    assert_eq!(places(json!({"lines": [line(0, "6.000001")]})), ["/lines/0/quantity"]);
    assert_eq!(
        places(json!({"lines": [line(0, "2"), line(0, "2"), line(0, "0")]})),
        ["/lines/1/order_line_id", "/lines/2/order_line_id", "/lines/2/quantity"]
    );
    assert_eq!(places(json!({"lines": []})), ["/lines"]);
    returns_of(&order, &rep, 0, "4").expect(201);
    assert_eq!(places(json!({"lines": [line(0, "3")]})), ["/lines/0/quantity"], "two are left");
    let id = returns_of(&order, &rep, 0, "2").expect(201).id();
    through(app, &id);
    assert_eq!(places(json!({"lines": [line(0, "1")]})), ["/lines/0/quantity"]);
    // More is shipped, more may come back; a completed order, too.
    order.ship(0, "4").expect(201);
    order.ship(1, "1").expect(201);
    for shipment in app.all_powerful().get(&format!("{}/shipments", order.path())).expect(200).rows() {
        let path = format!("/shipments/{}/deliver", shipment["id"].as_str().expect("an id"));
        app.as_role(Role::Warehouse).post(&path, json!({})).expect(200);
    }
    order.by(Role::Clerk, "complete", json!({})).expect(200);
    returns_of(&order, &rep, 0, "4").expect(201);
    order.is("completed", "full");
    nothing_is_off(app);
}

fn of_two_who_return_the_same_goods_at_once_one_is_refused(app: &TestApp) {
    let shop = Shop::open(app);
    for _ in 0..4 {
        let order = shop.confirmed("10", "0");
        order.ship(0, "10").expect(201);
        let lines = json!([{"order_line_id": order.line(0), "quantity": "6", "reason": "quality"}]);
        let ask = |role| {
            let body = Some(json!({"lines": lines}));
            app.as_role(role).asks("POST", &format!("{}/returns", order.path()), body)
        };
        let replies = app.together(vec![ask(Role::Rep), ask(Role::Clerk)]);
        let mut statuses: Vec<u16> = replies.iter().map(|r| r.status).collect();
        statuses.sort_unstable();
        assert_eq!(statuses, [201, 422]);
        assert_eq!(quantities(&order, 0), is(("10", "6", "0")));
    }
    nothing_is_off(app);
}

fn a_line_that_comes_back_part_by_part_is_credited_to_the_cent(app: &TestApp) {
    let shop = Shop::open(app);
    let line = json!({"product_id": shop.tea, "quantity": "3", "discount_rate": "0.07"});
    let order = shop.enter(json!({"customer_id": shop.customer, "lines": [line]}));
    order.by(Role::Rep, "submit", json!({})).expect(200);
    order.by(Role::Executive, "approve", json!({})).expect(200);
    order.by(Role::Clerk, "confirm", json!({})).expect(200);
    order.ship(0, "3").expect(201);
    let whole = order.now()["lines"][0].clone();
    assert_eq!(
        (&whole["net"], &whole["tax"], &whole["gross"]),
        (&json!("34.88"), &json!("4.53"), &json!("39.41"))
    );
    let mut credits = Vec::new();
    for _ in 0..3 {
        let id = returns_of(&order, &app.as_role(Role::Rep), 0, "1").expect(201).id();
        let credited = through(app, &id);
        credits.push((credited.body["net"].clone(), credited.body["tax"].clone()));
    }
    // 11.625 each: the halves are not rounded up three times.
    let expected = [("11.63", "1.51"), ("11.62", "1.51"), ("11.63", "1.51")];
    assert_eq!(credits, expected.map(|(net, tax)| (json!(net), json!(tax))));
    let now = order.now();
    assert_eq!(
        (&now["credited_net"], &now["credited_tax"], &now["credited_gross"]),
        (&whole["net"], &whole["tax"], &whole["gross"])
    );
    nothing_is_off(app);
}

/// A line of these numbers.
fn line(quantity: i64, price: i64, discount: i64, tax: i64) -> OrderLine {
    let id = uuid::Uuid::from_u128;
    OrderLine {
        id: OrderLineId(id(1)),
        order_id: OrderId(id(1)),
        position: 1,
        product_id: ProductId(id(1)),
        sku: String::new(),
        description: String::new(),
        quantity: Quantity::from_units(quantity),
        unit: "pcs".into(),
        unit_price: Price::from_units(price),
        list_price: None,
        price_source: PriceSource::List,
        price_id: None,
        discount_rate: Rate::from_units(discount),
        tax_rate: Rate::from_units(tax),
        unit_cost: None,
        promised_date: None,
        list: Amount::ZERO,
        discount: Amount::ZERO,
        net: Amount::ZERO,
        tax: Amount::ZERO,
        gross: Amount::ZERO,
        shipped: Quantity::ZERO,
        delivered: Quantity::ZERO,
        closed: Quantity::ZERO,
        first_promised_date: None,
        in_return: Quantity::ZERO,
        returned: Quantity::ZERO,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_comes_back_the_credits_of_a_line_add_up_to_it(
        parts in vec(1..5_000_000_000i64, 1..12),
        price in 0..10_000_000_000i64,
        discount in 0..=1_000_000i64,
        tax in 0..=300_000i64,
        currency in prop_oneof![Just("CNY"), Just("JPY"), Just("KWD")],
    ) {
        let line = line(parts.iter().sum(), price, discount, tax);
        let sums = |quantity: i64| {
            line_sums(Quantity::from_units(quantity), line.unit_price, line.discount_rate, line.tax_rate, currency)
        };
        let whole = sums(line.quantity.units()).expect("it fits");
        let places = match currency { "CNY" => 100, "JPY" => 10_000, _ => 10 };
        let mut before = Credited::default();
        let mut gross = 0;
        for part in &parts {
            let given = credit(&line, currency, before, Quantity::from_units(*part)).expect("it fits");
            prop_assert!(!given.net.is_negative() && !given.tax.is_negative());
            prop_assert_eq!(given.gross.units(), given.net.units() + given.tax.units());
            // Never more than one smallest coin away from what a line of this part would come to.
            let alone = sums(*part).expect("it fits");
            prop_assert!((given.net.units() - alone.net.units()).abs() <= places);
            before = Credited {
                quantity: Quantity::from_units(before.quantity.units() + part),
                net: Amount::from_units(before.net.units() + given.net.units()),
                tax: Amount::from_units(before.tax.units() + given.tax.units()),
            };
            gross += given.gross.units();
        }
        prop_assert_eq!((before.net, before.tax, gross), (whole.net, whole.tax, whole.gross.units()));
    }
}

fn less_may_come_than_was_requested_and_never_more(app: &TestApp) {
    let shop = Shop::open(app);
    let order = shop.confirmed("10", "2");
    order.by(Role::Warehouse, "shipments", json!({})).expect(201);
    let line = |n: usize, quantity: &str| json!({"order_line_id": order.line(n), "quantity": quantity, "reason": "quality", "disposition": "restock"});
    let lines = json!({"lines": [line(0, "5"), line(1, "1")]});
    let id = order.step(&app.as_role(Role::Clerk), "returns", lines).expect(201).id();
    step(&app.as_role(Role::Clerk), &id, "approve", json!({})).expect(200);
    let warehouse = app.as_role(Role::Warehouse);
    let came = |quantity: &str| json!({"lines": [{"order_line_id": order.line(0), "quantity": quantity}]});
    let refused = step(&warehouse, &id, "receive", came("5.5")).refused(422, "validation_failed");
    assert_eq!(refused.places(), ["/lines/0/quantity"]);
    let nothing = step(&warehouse, &id, "receive", came("0")).refused(422, "validation_failed");
    assert_eq!(nothing.places(), ["/lines"]);
    let here = step(&warehouse, &id, "receive", came("3")).expect(200);
    assert_eq!((&here.body["lines"][1]["received"], &here.body["net"]), (&json!("0"), &json!("37.50")));
    assert_eq!((quantities(&order, 0), quantities(&order, 1)), (is(("10", "0", "3")), is(("2", "0", "0"))));
    // What did not come may be returned again.
    returns_of(&order, &app.as_role(Role::Rep), 0, "7").expect(201);
    nothing_is_off(app);
}

fn what_is_rejected_or_cancelled_may_be_returned_again(app: &TestApp) {
    let shop = Shop::open(app);
    let order = shop.confirmed("10", "0");
    order.ship(0, "10").expect(201);
    let rep = app.as_role(Role::Rep);
    let clerk = app.as_role(Role::Clerk);
    let one = returns_of(&order, &rep, 0, "10").expect(201).id();
    let gone = step(&clerk, &one, "reject", json!({"reason": "The guarantee is over"})).expect(200);
    assert_eq!(
        (&gone.body["status"], &gone.body["decided_reason"]),
        (&json!("rejected"), &json!("The guarantee is over"))
    );
    let two = returns_of(&order, &rep, 0, "10").expect(201).id();
    step(&clerk, &two, "approve", json!({})).expect(200);
    step(&rep, &two, "cancel", json!({"reason": "They keep it"})).expect(200);
    assert_eq!(quantities(&order, 0), is(("10", "0", "0")));
    returns_of(&order, &rep, 0, "10").expect(201);
    step(&clerk, &two, "receive", json!({})).refused(403, "forbidden");
    step(&app.as_role(Role::Warehouse), &two, "receive", json!({})).refused(409, "invalid_transition");
    nothing_is_off(app);
}

fn a_shipment_whose_goods_were_returned_is_not_voided(app: &TestApp) {
    let shop = Shop::open(app);
    let order = shop.confirmed("10", "0");
    let (first, second) = (order.ship(0, "6").expect(201).id(), order.ship(0, "4").expect(201).id());
    let back = returns_of(&order, &app.as_role(Role::Rep), 0, "5").expect(201).id();
    let warehouse = app.as_role(Role::Warehouse);
    let void = |shipment: &str| {
        warehouse.post(&format!("/shipments/{shipment}/void"), json!({"reason": "Picked the wrong pallet"}))
    };
    // Without the first, four would be shipped, and five come back; without the second, six.
    void(&first).refused(409, "shipment_returned");
    void(&second).expect(200);
    void(&first).refused(409, "shipment_returned");
    // What was voided cannot come back.
    returns_of(&order, &app.as_role(Role::Rep), 0, "2").refused(422, "validation_failed");
    step(&app.as_role(Role::Rep), &back, "cancel", json!({"reason": "They keep it"})).expect(200);
    void(&first).expect(200);
    order.is("confirmed", "none");
    nothing_is_off(app);
}

fn above_the_limit_a_manager_approves_and_not_their_own(app: &TestApp) {
    let shop = Shop::open(app);
    let order = shop.confirmed("0", "20");
    order.ship(0, "20").expect(201);
    let (clerk, manager) = (app.as_role(Role::Clerk), app.as_role(Role::Manager));
    // Five pots are worth 5650.00, more than 5000.
    let high = returns_of(&order, &app.as_role(Role::Rep), 0, "5").expect(201).id();
    let told = manager.get("/me/notifications").expect(200);
    assert_eq!(told.rows()[0]["code"], "return_to_approve");
    let refused = step(&clerk, &high, "approve", json!({})).refused(403, "forbidden");
    assert_eq!(refused.body["required_scopes"], json!(["returns:approve_high"]));
    step(&manager, &high, "approve", json!({})).expect(200);
    let own = returns_of(&order, &manager, 0, "5").expect(201).id();
    step(&manager, &own, "approve", json!({})).refused(409, "own_return");
    step(&app.as_role(Role::Executive), &own, "approve", json!({})).expect(200);
    let low = returns_of(&order, &clerk, 0, "4").expect(201).id();
    step(&clerk, &low, "approve", json!({})).expect(200);
    let settings = app.as_role(Role::Admin).get("/settings").expect(200);
    assert_eq!(settings.body["orders"]["return_limit"]["CNY"], "5000.00");
}

fn an_erp_sends_returns_by_its_own_numbers(app: &TestApp) {
    let shop = Shop::open(app);
    let order = shop.confirmed("10", "0");
    order.ship(0, "10").expect(201);
    let erp = app.all_powerful();
    let named = json!({"external_ids": [{"system": "sap", "id": "4711"}]});
    erp.patch(&order.path(), &order.etag(), named).expect(200);
    let path = "/returns/by-external-id/sap/R-1";
    let lines = json!([{"order_line_id": order.line(0), "quantity": "4", "reason": "not_ordered"}]);
    let body = json!({"order_external_id": {"system": "sap", "id": "4711"}, "lines": lines});
    let made = erp.put(path, body.clone()).expect(201);
    let again = erp.put(path, body.clone()).expect(200);
    assert_eq!(again.body["version"], made.body["version"], "sent again, it changes nothing");
    through(app, &made.id());
    assert_eq!(erp.put(path, body.clone()).expect(200).body["status"], "credited");
    let mut other = body.clone();
    other["lines"][0]["quantity"] = json!("5");
    let refused = erp.put(path, other).refused(409, "return_requested");
    assert_eq!(refused.places(), ["/lines/0"]);
    let late = json!({"notes": "Pallet 7"});
    erp.put(path, late).refused(409, "invalid_transition");
    assert_eq!(erp.get(path).expect(200).id(), made.id());
    let nobody = json!({"order_id": "ord_00000000000000000000000000000000", "lines": lines});
    erp.post("/returns", nobody).refused(422, "validation_failed");
    let two =
        json!({"order_id": order.id, "order_external_id": {"system": "sap", "id": "4711"}, "lines": lines});
    erp.post("/returns", two).refused(422, "validation_failed");
    nothing_is_off(app);
}

fn a_return_belongs_to_a_complaint_and_an_exception_of_the_same_customer(app: &TestApp) {
    let shop = Shop::open(app);
    let clerk = app.as_role(Role::Clerk);
    let other = shop.customer_of("rep", "Another");
    let complain = |customer: &str| {
        let body = json!({"customer_id": customer, "category": "quality", "severity": "high", "channel": "phone",
            "subject": "Three boxes of tea are damp"});
        clerk.post("/complaints", body).expect(201).id()
    };
    let except = |order: &Told| {
        let body =
            json!({"order_id": order.id, "kind": "damage", "severity": "minor", "description": "Damp"});
        clerk.post("/order-exceptions", body).expect(201).id()
    };
    let (order, another) = (shop.confirmed("10", "0"), shop.confirmed("1", "0"));
    order.ship(0, "10").expect(201);
    let back = |complaint: String, exception: String| {
        let lines = json!([{"order_line_id": order.line(0), "quantity": "1", "reason": "damaged"}]);
        let body = json!({"lines": lines, "complaint_id": complaint, "exception_id": exception});
        order.step(&clerk, "returns", body)
    };
    let refused = back(complain(&other), except(&another)).refused(422, "validation_failed");
    assert_eq!(refused.places(), ["/complaint_id", "/exception_id"]);
    let (complaint, exception) = (complain(&shop.customer), except(&order));
    let made = back(complaint.clone(), exception.clone()).expect(201);
    for query in [format!("complaint_id={complaint}"), format!("exception_id={exception}")] {
        assert_eq!(clerk.get(&format!("/returns?{query}")).expect(200).rows()[0]["id"], made.body["id"]);
    }
    let wide = clerk.get(&format!("/returns/{}?expand=complaint,exception,order", made.id())).expect(200);
    assert_eq!(wide.body["exception"]["kind"], "damage");
    let changed = clerk.patch(&made.location(), &made.etag(), json!({"complaint_id": null})).expect(200);
    assert_eq!(changed.body["complaint_id"], Value::Null);
}

fn whoever_sees_an_order_sees_its_returns(app: &TestApp) {
    let shop = Shop::open(app);
    let order = shop.confirmed("10", "0");
    order.ship(0, "10").expect(201);
    let made = returns_of(&order, &app.as_role(Role::Warehouse), 0, "1").expect(201);
    app.as_role(Role::Rep).get(&made.location()).expect(200);
    let other = app.as_user("rep2");
    other.get(&made.location()).refused(404, "not_found");
    assert!(other.get("/returns").expect(200).rows().is_empty());
    returns_of(&order, &other, 0, "1").refused(404, "not_found");
}

fn returns_wait_for_those_who_may_do_something(app: &TestApp) {
    let shop = Shop::open(app);
    let order = shop.confirmed("10", "20");
    order.by(Role::Warehouse, "shipments", json!({})).expect(201);
    let low = returns_of(&order, &app.as_role(Role::Rep), 0, "1").expect(201).id();
    let high = returns_of(&order, &app.as_role(Role::Rep), 1, "6").expect(201).id();
    let waiting = |role| {
        let list = app.as_role(role).get("/worklist").expect(200);
        let of_returns = list.rows().iter().filter(|i| i["record_kind"] == "return");
        of_returns
            .map(|i| {
                format!(
                    "{} {}",
                    i["reason"].as_str().expect("a reason"),
                    i["record_id"].as_str().expect("an id")
                )
            })
            .collect::<Vec<_>>()
    };
    assert_eq!(waiting(Role::Clerk), [format!("return_to_approve {low}")]);
    assert_eq!(
        waiting(Role::Manager),
        [format!("return_to_approve {high}"), format!("return_to_approve {low}")]
    );
    assert!(waiting(Role::Rep).is_empty() && waiting(Role::Warehouse).is_empty());
    step(&app.as_role(Role::Clerk), &low, "approve", json!({})).expect(200);
    assert_eq!(waiting(Role::Warehouse), [format!("return_to_receive {low}")]);
    assert_eq!(waiting(Role::Manager), [format!("return_to_approve {high}")]);
    step(
        &app.as_role(Role::Warehouse),
        &low,
        "receive",
        json!({"lines": [{"order_line_id": order.line(0), "quantity": "1", "disposition": "scrap"}]}),
    )
    .expect(200);
    assert!(waiting(Role::Warehouse).is_empty());
    assert_eq!(waiting(Role::Finance), [format!("return_to_settle {low}")]);
    step(&app.as_role(Role::Finance), &low, "credit", json!(null)).expect(200);
    assert!(waiting(Role::Finance).is_empty());
}

/// A return of so much of an order's first line, whose goods are here.
fn here(app: &TestApp, order: &Told, quantity: &str) -> String {
    let id = returns_of(order, &app.as_role(Role::Rep), 0, quantity).expect(201).id();
    step(&app.as_role(Role::Manager), &id, "approve", json!({})).expect(200);
    let came =
        json!({"lines": [{"order_line_id": order.line(0), "quantity": quantity, "disposition": "scrap"}]});
    step(&app.as_role(Role::Warehouse), &id, "receive", came).expect(200);
    id
}

fn other_goods_are_sent_instead_of_a_credit(app: &TestApp) {
    let shop = Shop::open(app);
    let order = shop.confirmed("10", "1");
    order.ship(0, "10").expect(201);
    let id = here(app, &order, "4");
    let clerk = app.as_role(Role::Clerk);
    // Who may not enter orders cannot send goods.
    for role in [Role::Rep, Role::Warehouse, Role::Finance, Role::Manager] {
        step(&app.as_role(role), &id, "replace", json!({})).refused(403, "forbidden");
    }
    let before = clerk.get(&format!("/returns/{id}")).expect(200);
    assert_eq!(before.body["replacement_order_id"], Value::Null);
    let stale = clerk.clone().with("if-match", "\"1\"");
    step(&stale, &id, "replace", json!({})).refused(412, "version_mismatch");
    let dry = clerk.post(&format!("/returns/{id}/replace?dry_run=true"), json!({})).expect(200);
    assert_eq!(dry.body["status"], "replaced");
    assert_eq!(clerk.get("/orders").expect(200).rows().len(), 1, "nothing is kept of a dry run");

    let replaced = step(&clerk, &id, "replace", json!({"reason": "They need the tea"})).expect(200);
    assert_eq!(
        (&replaced.body["status"], &replaced.body["allowed_actions"]),
        (&json!("replaced"), &json!(["close"]))
    );
    let other = replaced.body["replacement_order_id"].as_str().expect("an order").to_owned();
    let other = clerk.get(&format!("/orders/{other}")).expect(200).body;
    let line = &other["lines"][0];
    assert_eq!(
        [&other["status"], &other["customer_id"], &other["customer_po"], &other["gross"]],
        [&json!("draft"), &json!(shop.customer), &before.body["number"], &json!("0.00")]
    );
    assert_eq!(
        [&line["product_id"], &line["quantity"], &line["unit"], &other["lines"][1]],
        [&json!(shop.tea), &json!("4"), &order.now()["lines"][0]["unit"], &Value::Null]
    );
    let number = before.body["number"].as_str().expect("a number");
    assert_eq!(other["notes"], format!("{number}: They need the tea"));
    // The draft is not deleted while the return says that it brings the goods.
    let draft = format!("/orders/{}", other["id"].as_str().expect("an id"));
    clerk.delete(&draft, "*").refused(409, "still_referenced");
    // Nothing is credited, then or when the rest of the line comes back.
    assert_eq!(order.now()["credited_gross"], "0.00");
    step(&app.as_role(Role::Finance), &id, "credit", json!(null)).refused(409, "invalid_transition");
    step(&clerk, &id, "replace", json!({})).refused(409, "invalid_transition");
    step(&clerk, &id, "close", json!(null)).expect(200);
    let rest = here(app, &order, "6");
    let credited = step(&app.as_role(Role::Finance), &rest, "credit", json!(null)).expect(200);
    // Six at 12.50, and 13 % of tax.
    assert_eq!(credited.body["gross"], "84.75");
    assert_eq!(order.now()["credited_gross"], "84.75");
    app.run_background();
    let told = clerk.get("/events?types=return.replaced").expect(200);
    assert_eq!(told.rows().len(), 1);
    nothing_is_off(app);
}

fn an_order_that_is_there_already_brings_the_other_goods(app: &TestApp) {
    let shop = Shop::open(app);
    let order = shop.confirmed("10", "1");
    order.ship(0, "10").expect(201);
    let id = here(app, &order, "4");
    let clerk = app.as_role(Role::Clerk);
    let enter = |customer: &str| {
        let body = json!({"customer_id": customer, "lines": [{"product_id": shop.tea, "quantity": "4", "unit_price": "0"}]});
        clerk.post("/orders", body).expect(201).id()
    };
    let card =
        json!({"name": "Far Away Foods", "kind": "company", "tier": "b", "currency": "CNY", "country": "CN"});
    let stranger = clerk.post("/customers", card).expect(201).id();
    let (theirs, gone) = (enter(&stranger), enter(&shop.customer));
    clerk.post(&format!("/orders/{gone}/cancel"), json!({"reason": "Entered twice"})).expect(200);
    for wrong in [theirs, gone, order.id.clone(), "ord_019a7c5e8f3a7d10b6c2a94e51d0f37b".into()] {
        let refused = step(&clerk, &id, "replace", json!({"order_id": wrong}));
        assert_eq!(refused.refused(422, "validation_failed").places(), ["/order_id"]);
    }
    let brings = enter(&shop.customer);
    let orders = clerk.get("/orders?include=total_count").expect(200).body["total_count"].clone();
    // A manager enters no orders, and needs not to.
    let replaced = step(&app.as_role(Role::Manager), &id, "replace", json!({"order_id": brings})).expect(200);
    assert_eq!(replaced.body["replacement_order_id"], brings);
    assert_eq!(clerk.get("/orders?include=total_count").expect(200).body["total_count"], orders);
    let found =
        clerk.get(&format!("/returns?replacement_order_id={brings}&expand=replacement_order")).expect(200);
    assert_eq!(found.rows().len(), 1);
    assert_eq!(found.rows()[0]["replacement_order"]["id"], brings);
    nothing_is_off(app);
}
