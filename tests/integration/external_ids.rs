//! An ERP pushes its records by its own numbers, as often as it likes.

use salesdesk::base::auth::{Role, Scope};
use serde_json::{Value, json};

use testkit::shop::{Shop, nothing_is_off};
use testkit::support::{Client, Reply, TestApp, number};

both_engines!(
    an_erp_pushes_its_records_by_its_own_numbers,
    of_many_who_put_a_new_record_at_once_one_makes_it,
    an_order_sent_again_changes_nothing_wherever_it_is,
    a_shipment_sent_again_changes_nothing_wherever_it_is,
    a_record_sent_again_changes_nothing_wherever_it_is,
    lines_that_are_sent_again_keep_their_ids,
    a_line_keeps_what_is_not_said_of_it,
    a_price_that_a_list_gave_stays_when_the_order_is_sent_again,
    an_order_that_is_no_draft_any_more_is_not_changed,
    customer_and_currency_stay_as_they_were_entered,
    sums_that_are_sent_again_are_checked,
    what_was_shipped_does_not_change,
    other_systems_may_name_a_document_at_any_time,
    a_contact_needs_its_customer_and_stays_with_it,
    an_external_id_of_a_record_that_is_not_seen_is_taken_and_no_more,
    the_external_id_of_the_path_is_among_those_of_the_body,
    a_name_is_found_whatever_kind_of_record_it_leads_to,
    a_user_whom_another_system_names_has_no_password,
);

fn put(client: &Client, path: &str, body: Value) -> Reply {
    client.put(path, body)
}

/// The same body again is answered 200 with the same version.
#[track_caller]
fn changes_nothing(client: &Client, path: &str, body: &Value) -> Reply {
    let before = client.get(path).expect(200);
    let again = client.put(path, body.clone()).expect(200);
    assert_eq!((again.etag(), &again.body), (before.etag(), &before.body));
    again
}

fn rows(app: &TestApp, table: &str) -> i64 {
    let sql = format!("SELECT count(*) AS number FROM {table}");
    app.read(move |conn| number(conn, &sql))
}

fn an_erp_pushes_its_records_by_its_own_numbers(app: &TestApp) {
    let erp = app.all_powerful();
    let push = |path: &str, body: Value| {
        let made = put(&erp, path, body.clone()).expect(201);
        assert_eq!(erp.get(&made.location()).expect(200).body, erp.get(path).expect(200).body);
        changes_nothing(&erp, path, &body);
        made.id()
    };
    push("/regions/by-external-id/sap/R1", json!({"code": "GD", "name": "Guangdong"}));
    push("/customers/by-external-id/sap/C1", json!({"name": "Guangzhou Tianhe Trading"}));
    let contact = json!({"customer_external_id": {"system": "sap", "id": "C1"}, "name": "Wang Fang"});
    push("/contacts/by-external-id/sap/P1", contact);
    let tea = json!({"sku": "TEA", "name": "Tea", "unit": "pcs", "tax_rate": "0.13"});
    let tea = push("/products/by-external-id/sap/M1", tea);
    erp.post(&format!("/products/{tea}/activate"), json!({})).expect(200);
    let customer = erp.get("/customers/by-external-id/sap/C1?fields=id").expect(200).id();
    let order = json!({"customer_id": customer, "customer_po": "PO-1",
        "lines": [{"product_id": tea, "quantity": "5", "unit_price": "12.50"}]});
    // An external id is any text.
    let order = push("/orders/by-external-id/sap/O%2F1%20%E5%8D%95", order);
    for step in ["submit", "approve", "confirm"] {
        erp.post(&format!("/orders/{order}/{step}"), json!({})).expect(200);
    }
    let of_order = json!({"system": "sap", "id": "O/1 单"});
    let shipment = json!({"order_external_id": of_order, "carrier": "SF Express"});
    push("/shipments/by-external-id/sap/S1", shipment);
    assert_eq!(erp.get(&format!("/orders/{order}")).expect(200).body["status"], "shipped");
    nothing_is_off(app);
}

fn of_many_who_put_a_new_record_at_once_one_makes_it(app: &TestApp) {
    let shop = Shop::open(app);
    let all = app.all_powerful();
    let order = shop.confirmed("3", "1");
    let line = json!({"order_line_id": order.line(0), "quantity": "1"});
    let bodies = [
        ("regions", "regions", json!({"code": "GD", "name": "Guangdong"})),
        ("customers", "customers", json!({"name": "Guangzhou Tianhe Trading"})),
        (
            "contacts",
            "contacts",
            json!({"customer_id": shop.customer, "name": "Wang Fang", "is_primary": true}),
        ),
        ("products", "products", json!({"sku": "CUP", "name": "Cup", "unit": "pcs", "tax_rate": "0.13"})),
        ("users", "users", json!({"username": "wang.fang", "name": "Wang Fang", "role": "rep"})),
        ("orders", "orders", shop.body("3", "1")),
        ("shipments", "shipments", json!({"order_id": order.id, "lines": [line]})),
    ];
    for (resource, table, body) in bodies {
        let before = rows(app, table);
        let path = format!("/{resource}/by-external-id/sap/4711");
        let asks = (0..8).map(|_| all.asks("PUT", &path, Some(body.clone()))).collect();
        let replies = app.together(asks);
        let count = |status: u16| replies.iter().filter(|r| r.status == status).count();
        assert_eq!((count(201), count(200)), (1, 7), "{resource}: {:?}", statuses(&replies));
        assert!(replies.iter().all(|r| r.id() == replies[0].id() && r.etag() == "\"1\""));
        assert_eq!(rows(app, table), before + 1);
        // Of those who would create only, one does.
        let only = all.clone().with("if-none-match", "*");
        let path = format!("/{resource}/by-external-id/sap/4712");
        let mut other = body.clone();
        ["code", "sku", "username"].iter().filter(|name| body.get(**name).is_some()).for_each(|name| {
            other[*name] = json!("another");
        });
        let asks = (0..8).map(|_| only.asks("PUT", &path, Some(other.clone()))).collect();
        let replies = app.together(asks);
        let count = |status: u16| replies.iter().filter(|r| r.status == status).count();
        assert_eq!((count(201), count(412)), (1, 7), "{resource}: {:?}", statuses(&replies));
        assert_eq!(rows(app, table), before + 2);
    }
    // One names it in the path, others in the body.
    let path = "/regions/by-external-id/sap/R9";
    let body = |n: u32| json!({"code": format!("R{n}"), "name": "R", "external_ids": [{"system": "sap", "id": "R9"}]});
    let asks = (0..8).map(|n| match n % 2 {
        0 => all.asks("PUT", path, Some(json!({"code": "R", "name": "R"}))),
        _ => all.asks("POST", "/regions", Some(body(n))),
    });
    let replies = app.together(asks.collect());
    assert_eq!(replies.iter().filter(|r| r.status == 201).count(), 1, "{:?}", statuses(&replies));
    for reply in replies.iter().filter(|r| !matches!(r.status, 200 | 201)) {
        assert_eq!((reply.status, &reply.body["code"]), (409, &json!("external_id_taken")), "{reply}");
    }
    nothing_is_off(app);
}

fn statuses(replies: &[Reply]) -> Vec<u16> {
    replies.iter().map(|r| r.status).collect()
}

// ---- sent again, wherever it is ------------------------------------------------------------------------------

const ORDER: &str = "/orders/by-external-id/sap/4711";

fn an_order_sent_again_changes_nothing_wherever_it_is(app: &TestApp) {
    let shop = Shop::open(app);
    let all = app.all_powerful();
    let mut body = shop.body("3", "1");
    body["order_date"] = json!("2026-11-20");
    body["customer_po"] = json!("PO-77");
    body["lines"][0]["discount_rate"] = json!("0.05");
    body["lines"][1]["unit_price"] = json!("990.00");
    let order = put(&all, ORDER, body.clone()).expect(201).id();
    let take = |step: &str, body: Value| all.post(&format!("/orders/{order}/{step}"), body).expect(200);
    let same = || changes_nothing(&all, ORDER, &body).body["status"].as_str().expect("a status").to_owned();
    assert_eq!(same(), "draft");
    let agreed = json!({"override_reason": "Agreed with finance"});
    for (step, body, status) in [
        ("submit", json!({}), "submitted"),
        ("approve", agreed, "approved"),
        ("confirm", json!({}), "confirmed"),
    ] {
        take(step, body);
        assert_eq!(same(), status);
    }
    take("hold", json!({"reason": "Waiting for the deposit"}));
    same();
    take("release", json!({}));
    let line = all.get(ORDER).expect(200).body["lines"][0]["id"].clone();
    let ship = |lines: Value| all.post(&format!("/orders/{order}/shipments"), lines).expect(201).id();
    let first = ship(json!({"lines": [{"order_line_id": line, "quantity": "1"}]}));
    assert_eq!(same(), "partially_shipped");
    let second = ship(json!({}));
    assert_eq!(same(), "shipped");
    for shipment in [first, second] {
        all.post(&format!("/shipments/{shipment}/deliver"), json!({})).expect(200);
    }
    assert_eq!(same(), "delivered");
    take("complete", json!({}));
    assert_eq!(same(), "completed");
    let other = "/orders/by-external-id/sap/4712";
    let cancelled = put(&all, other, body.clone()).expect(201).id();
    all.post(&format!("/orders/{cancelled}/cancel"), json!({"reason": "Not wanted any more"})).expect(200);
    changes_nothing(&all, other, &body);
    nothing_is_off(app);
}

fn a_shipment_sent_again_changes_nothing_wherever_it_is(app: &TestApp) {
    let shop = Shop::open(app);
    let order = shop.confirmed("3", "1");
    let warehouse = app.as_role(Role::Warehouse);
    let path = |n: u32| format!("/shipments/by-external-id/wms/{n}");
    let line = json!({"order_line_id": order.line(0), "quantity": "2"});
    let body = json!({"order_id": order.id, "lines": [line], "shipped_date": "2026-11-20", "carrier": "SF Express",
        "freight_cost": "18.00"});
    let made = put(&warehouse, &path(1), body.clone()).expect(201);
    changes_nothing(&warehouse, &path(1), &body);
    let moved = json!({"order_id": order.id, "tracking_number": "SF1"});
    let changed = put(&warehouse, &path(1), moved.clone()).expect(200);
    assert_eq!((&changed.body["carrier"], changed.etag().as_str()), (&json!("SF Express"), "\"2\""));
    warehouse.post(&format!("{}/deliver", made.location()), json!({})).expect(200);
    changes_nothing(&warehouse, &path(1), &body);
    put(&warehouse, &path(1), json!({"carrier": "Other"})).refused(409, "invalid_transition");
    // Without lines everything that was open was shipped; it is not shipped again.
    let rest = json!({"order_id": order.id});
    let made = put(&warehouse, &path(2), rest.clone()).expect(201);
    changes_nothing(&warehouse, &path(2), &rest);
    warehouse.post(&format!("{}/void", made.location()), json!({"reason": "Wrong pallet"})).expect(200);
    changes_nothing(&warehouse, &path(2), &rest);
    nothing_is_off(app);
}

fn a_record_sent_again_changes_nothing_wherever_it_is(app: &TestApp) {
    let all = app.all_powerful();
    let lives: [(&str, Value, &[(&str, Value)]); 4] = [
        (
            "customers",
            json!({"name": " Guangzhou  Tianhe Trading ", "tags": ["VIP"], "country": "CN"}),
            &[("activate", json!({})), ("mark-dormant", json!({})), ("block", json!({"reason": "Unpaid"}))],
        ),
        (
            "products",
            json!({"sku": "TEA", "name": "Tea", "unit": "pcs", "tax_rate": "0.13", "cost": "8"}),
            &[("activate", json!({})), ("discontinue", json!({}))],
        ),
        (
            "price-lists",
            json!({"code": "RETAIL", "name": "Retail", "currency": "CNY"}),
            &[("activate", json!({})), ("retire", json!({}))],
        ),
        (
            "users",
            json!({"username": "wang.fang", "name": "Wang Fang", "role": "rep"}),
            &[("block", json!({"reason": "Left"}))],
        ),
    ];
    for (resource, body, steps) in lives {
        let path = format!("/{resource}/by-external-id/sap/1");
        let made = put(&all, &path, body.clone()).expect(201);
        changes_nothing(&all, &path, &body);
        for (step, why) in steps {
            all.post(&format!("{}/{step}", made.location()), why.clone()).expect(200);
            changes_nothing(&all, &path, &body);
        }
        // Nor does a day that has passed.
        app.core.clock.advance_seconds(24 * 3600);
        changes_nothing(&all, &path, &body);
        app.core.clock.set(testkit::support::NOW);
    }
}

// ---- orders --------------------------------------------------------------------------------------------------

/// Product, quantity and id of each line.
fn lines(order: &Value) -> Vec<(String, String, String)> {
    let text = |line: &Value, name: &str| line[name].as_str().expect("a text").to_owned();
    let all = order["lines"].as_array().expect("lines").iter();
    all.map(|line| (text(line, "sku"), text(line, "quantity"), text(line, "id"))).collect()
}

fn lines_that_are_sent_again_keep_their_ids(app: &TestApp) {
    let shop = Shop::open(app);
    let rep = app.as_role(Role::Rep);
    let line = |product: &str, quantity: &str| json!({"product_id": product, "quantity": quantity});
    let send = |sent: Vec<Value>| {
        let sent = put(&rep, ORDER, json!({"customer_id": shop.customer, "lines": sent}));
        assert!(sent.status < 300, "{sent}");
        let positions: Vec<u64> = sent.body["lines"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|l| l["position"].as_u64())
            .collect();
        assert_eq!(positions, (1..=positions.len() as u64).collect::<Vec<_>>());
        lines(&sent.body)
    };
    let first = send(vec![line(&shop.tea, "3"), line(&shop.pot, "1")]);
    let (tea, pot) = (first[0].2.clone(), first[1].2.clone());
    let told = |lines: &[(String, String, String)]| {
        let known = |id: &str| match id {
            id if id == tea => "tea",
            id if id == pot => "pot",
            _ => "new",
        };
        lines.iter().map(|(sku, quantity, id)| format!("{sku} {quantity} {}", known(id))).collect::<Vec<_>>()
    };
    let more = send(vec![line(&shop.tea, "4"), line(&shop.pot, "1")]);
    assert_eq!(told(&more), ["TEA 4 tea", "POT 1 pot"]);
    let turned = send(vec![line(&shop.pot, "1"), line(&shop.tea, "4")]);
    assert_eq!(told(&turned), ["POT 1 pot", "TEA 4 tea"]);
    let between = send(vec![line(&shop.pot, "1"), line(&shop.tea, "9"), line(&shop.tea, "4")]);
    assert_eq!(told(&between), ["POT 1 pot", "TEA 9 tea", "TEA 4 new"], "the one in its place goes on");
    let one = send(vec![line(&shop.tea, "9")]);
    assert_eq!(told(&one), ["TEA 9 tea"]);
    assert_eq!(told(&send(vec![])), Vec::<String>::new());
    // Without `lines` they stay.
    send(vec![line(&shop.pot, "2")]);
    let head = put(&rep, ORDER, json!({"customer_po": "PO-2"})).expect(200);
    assert_eq!((told(&lines(&head.body)).len(), &head.body["customer_po"]), (1, &json!("PO-2")));
    nothing_is_off(app);
}

fn a_line_keeps_what_is_not_said_of_it(app: &TestApp) {
    let shop = Shop::open(app);
    let (rep, body) = (app.as_role(Role::Rep), shop.body("3", "0"));
    let order = put(&rep, ORDER, body.clone()).expect(201);
    let line =
        format!("{}/lines/{}", order.location(), order.body["lines"][0]["id"].as_str().expect("an id"));
    let by_hand = json!({"description": "Loose tea", "discount_rate": "0.05", "promised_date": "2026-12-01"});
    rep.patch(&line, &order.etag(), by_hand).expect(200);
    let again = changes_nothing(&rep, ORDER, &body);
    assert_eq!(again.body["lines"][0]["description"], "Loose tea");
    // What is said changes, null goes back to what is usual.
    let said = json!({"lines": [{"product_id": shop.tea, "quantity": "4", "discount_rate": null, "unit_price": "11"}]});
    let line = put(&rep, ORDER, said).expect(200).body["lines"][0].clone();
    assert_eq!((&line["quantity"], &line["promised_date"]), (&json!("4"), &json!("2026-12-01")));
    assert_eq!(
        (&line["unit_price"], &line["discount_rate"], &line["price_source"]),
        (&json!("11.00"), &json!("0"), &json!("manual"))
    );
    let listed = json!({"lines": [{"product_id": shop.tea, "quantity": "4", "unit_price": null}]});
    assert_eq!(put(&rep, ORDER, listed).expect(200).body["lines"][0]["unit_price"], "12.50");
    nothing_is_off(app);
}

fn a_price_that_a_list_gave_stays_when_the_order_is_sent_again(app: &TestApp) {
    let shop = Shop::open(app);
    let (rep, all) = (app.as_role(Role::Rep), app.all_powerful());
    let body = shop.body("3", "1");
    put(&rep, ORDER, body.clone()).expect(201);
    let dearer = json!({"product_id": shop.tea, "unit_price": "15"});
    all.post(&format!("/price-lists/{}/prices", shop.list), dearer).expect(201);
    changes_nothing(&rep, ORDER, &body);
    // Also when it is said, and when another line changes.
    let mut said = body.clone();
    said["lines"][0]["unit_price"] = json!("12.5");
    changes_nothing(&rep, ORDER, &said);
    said["lines"][1]["quantity"] = json!("2");
    let changed = put(&rep, ORDER, said).expect(200);
    assert_eq!(changed.body["lines"][0]["unit_price"], "12.50");
    assert_eq!(changed.body["lines"][0]["price_source"], "list");
    // A line that changes asks the lists again.
    let more = put(&rep, ORDER, shop.body("4", "2")).expect(200);
    assert_eq!(more.body["lines"][0]["unit_price"], "15.00");
    nothing_is_off(app);
}

fn an_order_that_is_no_draft_any_more_is_not_changed(app: &TestApp) {
    let shop = Shop::open(app);
    let (all, body) = (app.all_powerful(), shop.body("3", "1"));
    let order = put(&all, ORDER, body.clone()).expect(201).id();
    for step in ["submit", "approve", "confirm"] {
        all.post(&format!("/orders/{order}/{step}"), json!({})).expect(200);
    }
    let before = all.get(ORDER).expect(200);
    let refused = |change: Value| {
        let mut body = body.clone();
        change.as_object().into_iter().flatten().for_each(|(name, value)| body[name] = value.clone());
        let reply = put(&all, ORDER, body).refused(409, "order_not_draft");
        assert_eq!(reply.body["current_status"], "confirmed");
        assert!(reply.body["allowed_actions"].as_array().expect("steps").contains(&json!("revise")));
        reply.places().join(" ")
    };
    assert_eq!(refused(json!({"customer_po": "PO-1"})), "/customer_po");
    assert_eq!(refused(json!({"lines": []})), "/lines");
    let line = |product: &str, quantity: &str| json!({"product_id": product, "quantity": quantity});
    let (tea, pot) = (line(&shop.tea, "3"), line(&shop.pot, "1"));
    assert_eq!(refused(json!({"lines": [line(&shop.tea, "4"), pot]})), "/lines/0/quantity");
    assert_eq!(refused(json!({"lines": [pot, tea]})), "/lines/0 /lines/1");
    assert_eq!(refused(json!({"lines": [tea, pot, tea]})), "/lines/2");
    assert_eq!(refused(json!({"notes": "Ring", "lines": [tea]})), "/notes /lines");
    assert_eq!(all.get(ORDER).expect(200).body, before.body);
    let chinese = all.clone().with("accept-language", "zh").put(ORDER, json!({"notes": "x"}));
    assert!(chinese.body["detail"].as_str().expect("a detail").contains("confirmed"), "{chinese}");
    // After a revision the body that was sent before is not what the order has.
    let later = json!({"reason": "Asked for", "change_lines": [{"line_id": before.body["lines"][0]["id"], "quantity": "2"}]});
    all.post(&format!("/orders/{order}/revisions"), later).expect(200);
    assert_eq!(refused(json!({})), "/lines/0/quantity");
    let mut revised = body.clone();
    revised["lines"][0]["quantity"] = json!("2");
    changes_nothing(&all, ORDER, &revised);
}

fn customer_and_currency_stay_as_they_were_entered(app: &TestApp) {
    let shop = Shop::open(app);
    let all = app.all_powerful();
    put(&all, ORDER, shop.body("3", "1")).expect(201);
    let other = json!({"customer_id": shop.customer_of("rep", "Another"), "currency": "USD"});
    let refused = put(&all, ORDER, other).refused(422, "validation_failed");
    assert_eq!(refused.places(), ["/customer_id", "/currency"]);
    put(&all, ORDER, json!({"customer_id": null})).refused(422, "validation_failed");
    put(&all, "/orders/by-external-id/sap/1", json!({"lines": []})).refused(422, "validation_failed");
}

fn sums_that_are_sent_again_are_checked(app: &TestApp) {
    let shop = Shop::open(app);
    let all = app.all_powerful();
    let mut body = shop.body("3", "1");
    let made = put(&all, ORDER, body.clone()).expect(201);
    body["gross"] = made.body["gross"].clone();
    body["lines"][0]["net"] = made.body["lines"][0]["net"].clone();
    changes_nothing(&all, ORDER, &body);
    body["lines"][0]["net"] = json!("1.00");
    assert_eq!(put(&all, ORDER, body.clone()).refused(422, "totals_mismatch").places(), ["/lines/0/net"]);
    body["lines"][0]["net"] = Value::Null;
    body["gross"] = json!("1.00");
    assert_eq!(put(&all, ORDER, body).refused(422, "totals_mismatch").places(), ["/gross"]);
}

// ---- shipments -----------------------------------------------------------------------------------------------

fn what_was_shipped_does_not_change(app: &TestApp) {
    let shop = Shop::open(app);
    let (order, other) = (shop.confirmed("3", "1"), shop.confirmed("1", "1"));
    let warehouse = app.as_role(Role::Warehouse);
    let path = "/shipments/by-external-id/wms/1";
    let line = |n: usize, quantity: &str| json!({"order_line_id": order.line(n), "quantity": quantity});
    put(&warehouse, path, json!({"order_id": order.id, "lines": [line(0, "2"), line(1, "1")]})).expect(201);
    let refused =
        |body: Value| put(&warehouse, path, body).refused(409, "shipment_posted").places().join(" ");
    assert_eq!(refused(json!({"lines": [line(0, "1"), line(1, "1")]})), "/lines/0");
    assert_eq!(refused(json!({"lines": [line(1, "1")]})), "/lines");
    assert_eq!(refused(json!({"shipped_date": "2026-11-19"})), "/shipped_date");
    // Their order does not matter.
    let turned = json!({"lines": [line(1, "1"), line(0, "2")]});
    changes_nothing(&warehouse, path, &turned);
    let moved = put(&warehouse, path, json!({"order_id": other.id})).refused(422, "validation_failed");
    assert_eq!(moved.places(), ["/order_id"]);
    let fresh = "/shipments/by-external-id/wms/2";
    for (body, place) in [
        (json!({}), ""),
        (json!({"order_id": other.id, "order_external_id": {"system": "sap", "id": "1"}}), ""),
        (json!({"order_id": "ord_019a7c5e8f3a7d10b6c2a94e51d0f37b"}), "/order_id"),
        (json!({"order_external_id": {"system": "sap", "id": "1"}}), "/order_external_id"),
    ] {
        assert_eq!(put(&warehouse, fresh, body).refused(422, "validation_failed").places(), [place]);
    }
    nothing_is_off(app);
}

fn other_systems_may_name_a_document_at_any_time(app: &TestApp) {
    let shop = Shop::open(app);
    let order = shop.confirmed("3", "1");
    let all = app.all_powerful();
    let named = |id: &str| json!({"external_ids": [{"system": "sap", "id": id}]});
    all.patch(&order.path(), &order.etag(), named("1")).expect(200);
    let both = json!({"external_ids": [{"system": "sap", "id": "1"}], "notes": "x"});
    all.patch(&order.path(), &order.etag(), both).refused(409, "invalid_transition");
    // By one name another one is added.
    let crm = json!({"external_ids": [{"system": "sap", "id": "1"}, {"system": "crm", "id": "A"}]});
    put(&all, "/orders/by-external-id/sap/1", crm).expect(200);
    assert_eq!(all.get("/orders/by-external-id/crm/A").expect(200).id(), order.id);
    let shipment = order.by(Role::Warehouse, "shipments", json!({})).expect(201);
    all.post(&format!("{}/deliver", shipment.location()), json!({})).expect(200);
    let etag = all.get(&shipment.location()).expect(200).etag();
    let changed = all.patch(&shipment.location(), &etag, named("S1")).expect(200);
    let both = json!({"external_ids": [], "carrier": "x"});
    all.patch(&shipment.location(), &changed.etag(), both).refused(409, "invalid_transition");
}

// ---- contacts, users -----------------------------------------------------------------------------------------

fn a_contact_needs_its_customer_and_stays_with_it(app: &TestApp) {
    let shop = Shop::open(app);
    let other = shop.customer_of("rep2", "Another");
    let clerk = app.as_role(Role::Clerk);
    put(&clerk, "/customers/by-external-id/sap/C1", json!({"name": "By SAP"})).expect(201);
    let path = "/contacts/by-external-id/sap/P1";
    let of = |field: &str, value: Value| json!({"name": "Wang Fang", field: value});
    let sap = |id: &str| json!({"system": "sap", "id": id});
    put(&clerk, path, json!({"name": "Wang Fang"})).refused(422, "validation_failed");
    for (body, place) in [
        (of("customer_id", json!("cus_019a7c5e8f3a7d10b6c2a94e51d0f37b")), "/customer_id"),
        (of("customer_external_id", sap("C9")), "/customer_external_id"),
        (json!({"customer_id": shop.customer}), "/name"),
    ] {
        assert_eq!(put(&clerk, path, body).refused(422, "validation_failed").places(), [place]);
    }
    let made = put(&clerk, path, of("customer_external_id", sap("C1"))).expect(201);
    changes_nothing(&clerk, path, &of("customer_external_id", sap("C1")));
    changes_nothing(&clerk, path, &json!({"name": "Wang Fang"}));
    let customer = made.body["customer_id"].clone();
    assert_eq!(clerk.get(path).expect(200).body["customer_id"], customer);
    for (field, value) in [("customer_id", json!(other)), ("customer_external_id", sap("C9"))] {
        let moved = put(&clerk, path, of(field, value)).refused(422, "validation_failed");
        assert_eq!(moved.places(), [format!("/{field}").as_str()]);
    }
    let title = put(&clerk, path, json!({"title": "Buyer"})).expect(200);
    assert_eq!((&title.body["title"], &title.body["name"]), (&json!("Buyer"), &json!("Wang Fang")));
    // A customer that the caller does not see is none to them, by either name.
    put(&clerk, "/customers/by-external-id/sap/C1", json!({"name": "By SAP"})).expect(200);
    for body in [of("customer_id", json!(other)), of("customer_external_id", sap("C1"))] {
        let rep = app.as_role(Role::Rep);
        put(&rep, "/contacts/by-external-id/crm/1", body).refused(422, "validation_failed");
    }
}

fn a_user_whom_another_system_names_has_no_password(app: &TestApp) {
    let admin = app.as_role(Role::Admin);
    let path = "/users/by-external-id/hr/17";
    let body = json!({"username": "wang.fang", "name": "Wang Fang", "role": "rep"});
    let mut with_password = body.clone();
    with_password["password"] = json!("correct horse battery");
    assert_eq!(put(&admin, path, with_password).refused(422, "validation_failed").places(), ["/password"]);
    let made = put(&admin, path, body.clone()).expect(201);
    assert_eq!(made.body["must_change_password"], true);
    let login = json!({"username": "wang.fang", "password": "correct horse battery"});
    app.anyone().post("/auth/login", login.clone()).refused(401, "invalid_credentials");
    let password = json!({"password": "correct horse battery"});
    admin.post(&format!("{}/reset-password", made.location()), password).expect(200);
    app.anyone().post("/auth/login", login).expect(200);
    changes_nothing(&admin, path, &body);
    let told = admin.get(&format!("{}/history", made.location())).expect(200);
    let events: Vec<&str> = told.rows().iter().filter_map(|entry| entry["event"].as_str()).collect();
    assert_eq!(events, ["user.logged_in", "user.created", "user.password_changed"]);
    assert!(!String::from_utf8_lossy(&told.bytes).contains("argon2"), "{told}");
}

// ---- who sees what -------------------------------------------------------------------------------------------

fn an_external_id_of_a_record_that_is_not_seen_is_taken_and_no_more(app: &TestApp) {
    let (rep, rep2) = (app.as_user("rep"), app.as_user("rep2"));
    let path = "/customers/by-external-id/crm/1";
    let body = json!({"name": "Guangzhou Tianhe Trading"});
    let made = put(&rep, path, body.clone()).expect(201);
    rep2.get(path).refused(404, "not_found");
    let in_body = json!({"name": "Another", "external_ids": [{"system": "crm", "id": "1"}]});
    let only = rep2.clone().with("if-none-match", "*");
    for refused in
        [put(&rep2, path, body.clone()), put(&only, path, body), rep2.post("/customers", in_body.clone())]
    {
        let refused = refused.refused(409, "external_id_taken");
        assert_eq!(refused.body.get("existing_id"), None, "{refused}");
        assert!(!String::from_utf8_lossy(&refused.bytes).contains(&made.id()));
    }
    // Who sees it is told which one it is.
    let told = rep.post("/customers", in_body).refused(409, "external_id_taken");
    assert_eq!(told.body["existing_id"], made.id());
    // What is shared to read is seen, and not theirs to change.
    let share = json!({"user_id": app.person("rep2").user.to_string()});
    rep.post(&format!("{}/shares", made.location()), share).expect(201);
    rep2.get(path).expect(200);
    put(&rep2, path, json!({"name": "Mine now"})).refused(403, "read_only_share");
    put(&only, path, json!({"name": "Mine now"})).refused(403, "read_only_share");
    // So it is with what belongs to a customer, and with orders.
    let shop = Shop::open(app);
    let contact = json!({"customer_id": shop.customer, "name": "Wang Fang"});
    put(&rep, "/contacts/by-external-id/crm/1", contact.clone()).expect(201);
    put(&rep2, "/contacts/by-external-id/crm/1", contact).refused(409, "external_id_taken");
    put(&rep, "/orders/by-external-id/crm/1", shop.body("1", "1")).expect(201);
    let order = put(&rep2, "/orders/by-external-id/crm/1", json!({"notes": "x"}));
    assert_eq!(order.refused(409, "external_id_taken").body.get("existing_id"), None);
}

fn the_external_id_of_the_path_is_among_those_of_the_body(app: &TestApp) {
    let all = app.all_powerful();
    let path = "/regions/by-external-id/sap/1";
    let named = |ids: &[(&str, &str)]| {
        ids.iter().map(|(system, id)| json!({"system": system, "id": id})).collect::<Vec<Value>>()
    };
    let body = json!({"code": "GD", "name": "Guangdong", "external_ids": named(&[("crm", "7")])});
    let made = put(&all, path, body.clone()).expect(201);
    assert_eq!(made.body["external_ids"], json!(named(&[("crm", "7"), ("sap", "1")])));
    changes_nothing(&all, path, &body);
    // Left out they stay; given they are all there are, beside the path's.
    changes_nothing(&all, path, &json!({"code": "GD", "name": "Guangdong"}));
    let fewer = put(&all, path, json!({"external_ids": null})).expect(200);
    assert_eq!(fewer.body["external_ids"], json!(named(&[("sap", "1")])));
    all.get("/regions/by-external-id/crm/7").refused(404, "not_found");
    let twice = json!({"external_ids": named(&[("sap", "1"), ("sap", "1")])});
    assert_eq!(put(&all, path, twice).refused(422, "validation_failed").places(), ["/external_ids/1"]);
    let many: Vec<Value> = (2..22).map(|n| json!({"system": "sap", "id": n.to_string()})).collect();
    let many = put(&all, path, json!({"external_ids": many})).refused(422, "validation_failed");
    assert_eq!(many.places(), ["/external_ids"]);
    let wrong = put(&all, "/regions/by-external-id/SAP/1", body).refused(400, "invalid_parameter");
    assert_eq!(wrong.places(), ["system"]);
}

fn a_name_is_found_whatever_kind_of_record_it_leads_to(app: &TestApp) {
    let (rep, clerk) = (app.as_user("rep"), app.as_role(Role::Clerk));
    for n in 1..=5 {
        put(&rep, &format!("/customers/by-external-id/sap/{n}"), json!({"name": format!("C{n}")}))
            .expect(201);
    }
    let theirs =
        put(&app.as_user("rep2"), "/customers/by-external-id/sap/9", json!({"name": "C9"})).expect(201);
    let tea = json!({"sku": "TEA", "name": "Tea", "unit": "pcs", "tax_rate": "0.13"});
    put(&clerk, "/products/by-external-id/sap/3", tea).expect(201);
    let contact = json!({"customer_external_id": {"system": "sap", "id": "3"}, "name": "Wang Fang"});
    put(&rep, "/contacts/by-external-id/sap/3", contact).expect(201);
    let kinds = |client: &Client, query: &str| {
        let found = client.get(&format!("/external-ids?{query}")).expect(200);
        let told = |row: &Value| {
            format!("{} {}", row["kind"].as_str().unwrap(), row["external_id"].as_str().unwrap())
        };
        let mut told: Vec<String> = found.rows().iter().map(told).collect();
        told.sort();
        told
    };
    assert_eq!(kinds(&rep, "system=sap&id=3"), ["contact 3", "customer 3", "product 3"]);
    assert_eq!(kinds(&rep, "system=sap&id=3&kind=customer,product"), ["customer 3", "product 3"]);
    assert_eq!(kinds(&rep, "system=crm&id=3"), Vec::<String>::new());
    // Nobody learns of a record that they may not read.
    assert_eq!(kinds(&rep, "system=sap&id=9"), Vec::<String>::new());
    assert_eq!(kinds(&clerk, "system=sap&id=9"), ["customer 9"]);
    assert_eq!(kinds(&app.as_role(Role::Warehouse), "system=sap&id=3"), ["product 3"]);
    assert_eq!(kinds(&app.with_scopes(&[Scope::ProductsRead]), "system=sap"), ["product 3"]);
    // All of a system, page by page.
    let page = clerk.get("/external-ids?system=sap&kind=customer&limit=4&include=total_count").expect(200);
    assert_eq!((page.rows().len(), &page.body["total_count"]), (4, &json!(6)));
    let next = page.body["next_cursor"].as_str().expect("more");
    let rest =
        clerk.get(&format!("/external-ids?system=sap&kind=customer&limit=4&cursor={next}")).expect(200);
    assert_eq!(rest.rows()[1]["id"], theirs.id());
    // The system has to be said, and a kind has to be one.
    let unsaid = clerk.get("/external-ids?id=3&kind=customer_tag").refused(400, "invalid_parameter");
    assert_eq!(unsaid.places(), ["kind", "system"]);
}
