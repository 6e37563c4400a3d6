//! Orders: entry, review, approval, confirmation, shipping, change, and who sees them.

use salesdesk::base::auth::Role;
use serde_json::{Value, json};

use testkit::shop::{Shop, Told, nothing_is_off};
use testkit::support::{Client, Reply, TestApp};

both_engines!(
    an_order_is_priced_and_summed_to_the_cent,
    totals_that_a_client_sends_are_checked,
    an_order_goes_from_draft_to_completed,
    a_rep_takes_an_order_back_and_a_manager_sends_one_back,
    above_a_limit_another_pair_of_eyes_approves,
    above_a_managers_limit_the_executive_approves,
    a_discount_beyond_the_limit_depends_on_who_looks,
    a_customer_over_the_credit_limit_gets_nothing_without_an_override,
    a_blocked_customer_gets_nothing,
    a_possible_duplicate_is_pointed_out,
    what_is_not_on_sale_or_below_cost_is_stopped,
    nothing_is_shipped_that_is_not_open,
    a_hold_stops_shipping_and_finance_releases_for_credit_only,
    a_hold_can_be_released_after_the_rest_was_closed,
    a_voided_shipment_opens_its_quantities_again,
    what_will_not_be_delivered_is_closed_short,
    an_order_is_cancelled_before_its_first_shipment_only,
    a_revision_keeps_what_was_before,
    a_revision_cannot_go_below_what_was_shipped,
    a_line_that_was_on_a_voided_shipment_can_be_revised_away,
    a_revision_that_raises_the_order_needs_an_approver,
    what_is_worse_than_what_was_approved_is_not_one_persons_to_enter,
    a_change_that_is_proposed_waits_for_another_pair_of_eyes,
    who_lets_a_finding_pass_lets_nothing_worse_pass,
    a_revision_is_not_stopped_by_what_was_approved_before,
    only_a_draft_that_was_never_submitted_is_deleted,
    lines_share_the_version_of_their_order,
    an_orders_history_tells_who_did_what_and_why,
    allowed_actions_say_what_really_happens,
    a_rep_sees_their_own_orders_only,
    a_manager_sees_the_teams_orders,
    the_warehouse_sees_what_is_approved,
    a_rep_enters_orders_for_themselves_only,
);

fn sums(body: &Value) -> [&str; 5] {
    ["list", "discount", "net", "tax", "gross"].map(|name| body[name].as_str().unwrap_or("?"))
}

fn codes(findings: &Value) -> Vec<&str> {
    findings.as_array().into_iter().flatten().filter_map(|f| f["code"].as_str()).collect()
}

fn review(order: &Told, role: Role) -> Reply {
    order.app.as_role(role).get(&format!("{}/review", order.path())).expect(200)
}

// ---- entry -----------------------------------------------------------------------------------------------------

fn an_order_is_priced_and_summed_to_the_cent(app: &TestApp) {
    let shop = Shop::open(app);
    let lines = json!([{"product_id": shop.tea, "quantity": "5", "discount_rate": "0.05"}]);
    let body = json!({"customer_id": shop.customer, "order_date": "2026-11-20", "channel": "web", "currency": "CNY",
        "customer_po": "PO-77", "lines": lines});
    let order = app.as_role(Role::Rep).post("/orders", body).expect(201);
    assert_eq!(sums(&order.body), ["62.50", "3.12", "59.38", "7.72", "67.10"]);
    let line = &order.body["lines"][0];
    assert_eq!(sums(line), ["62.50", "3.12", "59.38", "7.72", "67.10"]);
    assert_eq!((&line["unit_price"], &line["price_source"]), (&json!("12.50"), &json!("list")));
    assert_eq!((&order.body["status"], &order.body["fulfilment"]), (&json!("draft"), &json!("none")));
    assert!(order.body["number"].as_str().is_some_and(|n| n.starts_with("SO-2026-")), "{order}");
    assert_eq!(order.body["rep_id"], app.person("rep").user.to_string());
    assert_eq!(order.body["allowed_actions"], json!(["edit", "delete", "submit"]));
    // A price that is typed stays beside what the list said.
    let lines = json!([{"product_id": shop.tea, "quantity": "5", "unit_price": "12.80", "tax_rate": "0"}]);
    let typed = shop.enter(json!({"customer_id": shop.customer, "lines": lines})).now();
    assert_eq!(sums(&typed), ["64.00", "0.00", "64.00", "0.00", "64.00"]);
    assert_eq!(typed["lines"][0]["list_price"], "12.50");
    nothing_is_off(app);
}

fn totals_that_a_client_sends_are_checked(app: &TestApp) {
    let shop = Shop::open(app);
    let rep = app.as_role(Role::Rep);
    let mut body = shop.body("5", "0");
    (body["net"], body["tax"], body["gross"]) = (json!("62.50"), json!("8.13"), json!("70.63"));
    rep.post("/orders", body.clone()).expect(201);
    (body["tax"], body["gross"]) = (json!("8.12"), json!("70.62"));
    let wrong = rep.post("/orders", body).refused(422, "totals_mismatch");
    assert_eq!(wrong.places(), ["/tax", "/gross"]);
    assert_eq!(wrong.body["errors"][0]["params"]["computed"], "8.13");
    let lines = json!([{"product_id": shop.tea, "quantity": "5", "net": "62.49"}]);
    let wrong = rep.post("/orders", json!({"customer_id": shop.customer, "lines": lines}));
    assert_eq!(wrong.refused(422, "totals_mismatch").places(), ["/lines/0/net"]);
}

// ---- review and approval -----------------------------------------------------------------------------------------

fn an_order_goes_from_draft_to_completed(app: &TestApp) {
    let shop = Shop::open(app);
    let mut body = shop.body("10", "2");
    body["promised_date"] = json!("2026-11-30");
    let order = shop.enter(body);
    order.by(Role::Rep, "submit", json!({})).expect(200);
    order.is("submitted", "none");
    order.by(Role::Manager, "approve", json!({})).expect(200);
    let confirmed = order.by(Role::Clerk, "confirm", json!({})).expect(200);
    assert_eq!(confirmed.body["first_promised_date"], "2026-11-30");
    let first = order.ship(0, "4").expect(201);
    assert_eq!(first.body["status"], "posted");
    order.is("partially_shipped", "partial");
    assert_eq!(order.now()["lines"][0]["shipped"], "4");
    // Without lines: everything that is open.
    let rest = order.by(Role::Warehouse, "shipments", json!({"carrier": "SF Express"})).expect(201);
    let quantities: Vec<&Value> =
        rest.body["lines"].as_array().expect("lines").iter().map(|l| &l["quantity"]).collect();
    assert_eq!(quantities, ["6", "2"]);
    order.is("shipped", "full");
    for shipment in [&first, &rest] {
        let deliver = format!("/shipments/{}/deliver", shipment.id());
        app.as_role(Role::Warehouse).post(&deliver, json!({"received_by": "Chen"})).expect(200);
    }
    order.is("delivered", "full");
    let done = order.by(Role::Clerk, "complete", json!({})).expect(200);
    assert_eq!((&done.body["status"], &done.body["allowed_actions"]), (&json!("completed"), &json!([])));
    nothing_is_off(app);
}

fn a_rep_takes_an_order_back_and_a_manager_sends_one_back(app: &TestApp) {
    let shop = Shop::open(app);
    let order = shop.submitted("5", "0");
    order.by(Role::Rep, "withdraw", json!({"reason": "Wrong quantity"})).expect(200);
    order.is("draft", "none");
    order.by(Role::Rep, "submit", json!({})).expect(200);
    order.by(Role::Rep, "reject", json!({"reason": "Not mine to do"})).refused(403, "forbidden");
    order.by(Role::Manager, "reject", json!({})).refused(422, "validation_failed");
    let back = order.by(Role::Manager, "reject", json!({"reason": "Check the date"})).expect(200);
    assert_eq!(back.body["status"], "draft");
    order.by(Role::Rep, "submit", json!({})).expect(200);
    order.by(Role::Manager, "approve", json!({})).expect(200);
    // Also once approved, which is then forgotten.
    let back = order.by(Role::Manager, "reject", json!({"reason": "Too early"})).expect(200);
    assert_eq!((&back.body["approved_by"], &back.body["approved_gross"]), (&Value::Null, &Value::Null));
    let again = order.by(Role::Manager, "approve", json!({})).refused(409, "invalid_transition");
    assert_eq!(again.body["current_status"], "draft");
}

fn above_a_limit_another_pair_of_eyes_approves(app: &TestApp) {
    let shop = Shop::open(app);
    let admin = app.all_powerful();
    // 50 × 1000 at 13 % is 56,500: above 50,000.
    let entered = |pots: &str| {
        let id = admin.post("/orders", shop.body("0", pots)).expect(201).id();
        let order = Told { app, id };
        order.step(&admin, "submit", json!({})).expect(200);
        order
    };
    let large = entered("50");
    assert_eq!(review(&large, Role::Manager).body["four_eyes"], true);
    large.step(&admin, "approve", json!({})).refused(409, "four_eyes");
    large.step(&admin, "approve", json!({"override_reason": "I know"})).refused(409, "four_eyes");
    large.by(Role::Manager, "approve", json!({})).expect(200);
    // Up to the limit one's own will do.
    entered("40").step(&admin, "approve", json!({})).expect(200);
}

fn above_a_managers_limit_the_executive_approves(app: &TestApp) {
    let shop = Shop::open(app);
    let order = shop.submitted("0", "500"); // 565,000
    assert_eq!(order.obstacles(Role::Manager, "approve"), ["above_manager_limit"]);
    order.by(Role::Manager, "approve", json!({})).refused(403, "forbidden");
    order.is("submitted", "none");
    assert_eq!(order.obstacles(Role::Executive, "approve"), [""; 0]);
    order.by(Role::Executive, "approve", json!({})).expect(200);
}

fn a_discount_beyond_the_limit_depends_on_who_looks(app: &TestApp) {
    let shop = Shop::open(app);
    let discounted = |quantity: &str, rate: &str| {
        let lines = json!([{"product_id": shop.pot, "quantity": quantity, "discount_rate": rate}]);
        let order = shop.enter(json!({"customer_id": shop.customer, "lines": lines}));
        order.by(Role::Rep, "submit", json!({})).expect(200);
        order
    };
    assert_eq!(codes(&review(&discounted("1", "0.05"), Role::Manager).body["findings"]), [""; 0]);
    let some = discounted("2", "0.15");
    let seen = review(&some, Role::Manager);
    assert_eq!(codes(&seen.body["findings"]), ["discount_beyond_limit"]);
    assert_eq!(
        (&seen.body["findings"][0]["severity"], &seen.body["blocked"]),
        (&json!("soft"), &json!(false))
    );
    some.by(Role::Manager, "approve", json!({})).expect(200);
    let much = discounted("3", "0.30");
    let stopped = much.by(Role::Manager, "approve", json!({})).refused(409, "review_blocked");
    assert_eq!(codes(&stopped.body["findings"]), ["discount_beyond_limit"]);
    much.by(Role::Executive, "approve", json!({})).expect(200);
}

fn a_customer_over_the_credit_limit_gets_nothing_without_an_override(app: &TestApp) {
    let shop = Shop::open(app);
    let confirmed = shop.confirmed("0", "1");
    let approved = shop.approved("1", "1");
    let submitted = shop.submitted("2", "1");
    shop.credit_limit("2000");
    for (order, role, step) in [
        (&submitted, Role::Manager, "approve"),
        (&approved, Role::Clerk, "confirm"),
        (&confirmed, Role::Warehouse, "shipments"),
    ] {
        let stopped = order.by(role, step, json!({})).refused(409, "review_blocked");
        assert_eq!(codes(&stopped.body["findings"]), ["over_credit_limit"], "{stopped}");
    }
    assert_eq!(confirmed.obstacles(Role::Warehouse, "ship"), ["over_credit_limit"]);
    // Not the clerk's to let pass, but the manager's, with a reason.
    confirmed.by(Role::Clerk, "override", json!({"reason": "Paid"})).refused(403, "forbidden");
    confirmed.by(Role::Manager, "override", json!({})).refused(422, "validation_failed");
    let other = json!({"codes": ["customer_blocked"], "reason": "Paid"});
    confirmed.by(Role::Manager, "override", other).refused(409, "nothing_to_override");
    let passed = confirmed.by(Role::Manager, "override", json!({"reason": "Paid this morning"})).expect(200);
    let kept = &passed.body["overrides"][0];
    assert_eq!((&kept["code"], &kept["reason"]), (&json!("over_credit_limit"), &json!("Paid this morning")));
    assert_eq!(kept["by"], app.person("manager").user.to_string());
    confirmed.by(Role::Warehouse, "shipments", json!({})).expect(201);
    approved.by(Role::Manager, "override", json!({"reason": "Paid"})).expect(200);
    approved.by(Role::Clerk, "confirm", json!({})).expect(200);
    submitted.by(Role::Manager, "approve", json!({"override_reason": "Paid"})).expect(200);
    submitted.by(Role::Clerk, "confirm", json!({})).expect(200);
}

fn a_blocked_customer_gets_nothing(app: &TestApp) {
    let shop = Shop::open(app);
    let (submitted, confirmed) = (shop.submitted("1", "0"), shop.confirmed("2", "0"));
    let block = format!("/customers/{}/block", shop.customer);
    app.all_powerful().post(&block, json!({"reason": "Does not pay"})).expect(200);
    for (order, role, step) in
        [(&submitted, Role::Manager, "approve"), (&confirmed, Role::Warehouse, "shipments")]
    {
        let stopped = order.by(role, step, json!({})).refused(409, "review_blocked");
        assert_eq!(codes(&stopped.body["findings"]), ["customer_blocked"]);
        assert!(stopped.body["findings"][0]["message"].as_str().is_some_and(|m| m.contains("Does not pay")));
    }
}

fn a_possible_duplicate_is_pointed_out(app: &TestApp) {
    let shop = Shop::open(app);
    let first = shop.draft("5", "1");
    let mut same = shop.body("5", "1");
    same["lines"].as_array_mut().expect("lines").reverse();
    let second = shop.enter(same);
    let seen = review(&second, Role::Rep);
    assert_eq!(codes(&seen.body["findings"]), ["possible_duplicate"]);
    assert_eq!(seen.body["findings"][0]["params"]["number"], first.now()["number"]);
    assert_eq!(seen.body["blocked"], false);
    // Another order number of the customer's makes it another order.
    let rep = app.as_role(Role::Rep);
    rep.patch(&second.path(), &second.etag(), json!({"customer_po": "PO-2"})).expect(200);
    assert_eq!(codes(&review(&second, Role::Rep).body["findings"]), [""; 0]);
}

fn what_is_not_on_sale_or_below_cost_is_stopped(app: &TestApp) {
    let shop = Shop::open(app);
    let lines = json!([{"product_id": shop.pot, "quantity": "1", "unit_price": "599.99"}]);
    let cheap = shop.enter(json!({"customer_id": shop.customer, "lines": lines}));
    cheap.by(Role::Rep, "submit", json!({})).expect(200);
    let stopped = cheap.by(Role::Manager, "approve", json!({})).refused(409, "review_blocked");
    assert_eq!(codes(&stopped.body["findings"]), ["price_below_list", "price_below_cost"]);
    // Nobody learns the cost from it.
    assert!(!stopped.to_string().contains("600"), "{stopped}");
    cheap.by(Role::Manager, "approve", json!({"override_reason": "Opening offer"})).expect(200);
    let gone = shop.submitted("3", "0");
    let end = format!("/products/{}/discontinue", shop.tea);
    app.all_powerful().post(&end, json!({"reason": "Replaced"})).expect(200);
    let stopped = gone.by(Role::Manager, "approve", json!({})).refused(409, "review_blocked");
    assert_eq!(codes(&stopped.body["findings"]), ["product_not_on_sale"]);
}

// ---- shipping --------------------------------------------------------------------------------------------------

fn nothing_is_shipped_that_is_not_open(app: &TestApp) {
    let shop = Shop::open(app);
    let order = shop.confirmed("10", "2");
    order.ship(0, "4").expect(201);
    let before = order.now();
    let over = order.ship(0, "6.000001").refused(422, "validation_failed");
    let error = &over.body["errors"][0];
    assert_eq!((&error["code"], &error["pointer"]), (&json!("exceeds_open"), &json!("/lines/0/quantity")));
    assert_eq!(error["params"]["open"], "6");
    for wrong in ["0", "-1"] {
        let refused = order.ship(0, wrong).refused(422, "validation_failed");
        assert_eq!(refused.body["errors"][0]["code"], "must_be_positive");
    }
    let line = json!({"order_line_id": order.line(0), "quantity": "1"});
    let twice = order.by(Role::Warehouse, "shipments", json!({"lines": [line, line]}));
    assert_eq!(twice.refused(422, "validation_failed").places(), ["/lines/1/order_line_id"]);
    let strange = json!({"order_line_id": shop.confirmed("1", "0").line(0), "quantity": "1"});
    let unknown = order.by(Role::Warehouse, "shipments", json!({"lines": [strange]}));
    assert_eq!(unknown.refused(422, "validation_failed").places(), ["/lines/0/order_line_id"]);
    for day in ["2026-11-21", "2026-11-19"] {
        let refused = order.by(Role::Warehouse, "shipments", json!({"shipped_date": day}));
        assert_eq!(refused.refused(422, "validation_failed").places(), ["/shipped_date"]);
    }
    assert_eq!(order.now(), before);
    order.by(Role::Rep, "shipments", json!({})).refused(403, "forbidden");
    shop.approved("1", "0").by(Role::Warehouse, "shipments", json!({})).refused(409, "invalid_transition");
    nothing_is_off(app);
}

fn a_hold_stops_shipping_and_finance_releases_for_credit_only(app: &TestApp) {
    let shop = Shop::open(app);
    let order = shop.confirmed("10", "0");
    let held = order.by(Role::Manager, "hold", json!({"reason": "Address in doubt"})).expect(200);
    assert_eq!((&held.body["on_hold"], &held.body["hold_kind"]), (&json!(true), &json!("other")));
    let stopped = order.by(Role::Warehouse, "shipments", json!({})).refused(409, "order_on_hold");
    assert!(stopped.body["detail"].as_str().is_some_and(|d| d.contains("Address in doubt")));
    assert_eq!(order.obstacles(Role::Warehouse, "ship"), ["on_hold"]);
    order.by(Role::Manager, "hold", json!({"reason": "Again"})).refused(409, "invalid_transition");
    order.by(Role::Finance, "release", json!({})).refused(403, "forbidden");
    order.by(Role::Manager, "release", json!({})).expect(200);
    order.by(Role::Finance, "hold", json!({"kind": "other", "reason": "?"})).refused(403, "forbidden");
    let held = order.by(Role::Finance, "hold", json!({"reason": "Deposit"})).expect(200);
    assert_eq!(held.body["hold_kind"], "credit");
    order.by(Role::Manager, "release", json!({})).refused(403, "forbidden");
    let free = order.by(Role::Finance, "release", json!({})).expect(200);
    assert_eq!((&free.body["on_hold"], &free.body["hold_reason"]), (&json!(false), &Value::Null));
    order.by(Role::Warehouse, "shipments", json!({})).expect(201);
}

fn a_hold_can_be_released_after_the_rest_was_closed(app: &TestApp) {
    let order = Shop::open(app).confirmed("10", "0");
    let shipment = order.ship(0, "4").expect(201).id();
    order.by(Role::Manager, "hold", json!({"reason": "Wait"})).expect(200);
    order.by(Role::Clerk, "close-short", json!({"reason": "Wants no more"})).expect(200);
    let free = order.by(Role::Manager, "release", json!({})).expect(200);
    assert_eq!((&free.body["status"], &free.body["on_hold"]), (&json!("shipped"), &json!(false)));
    app.as_role(Role::Warehouse).post(&format!("/shipments/{shipment}/deliver"), json!({})).expect(200);
    order.by(Role::Clerk, "complete", json!({})).expect(200);
}

fn a_voided_shipment_opens_its_quantities_again(app: &TestApp) {
    let shop = Shop::open(app);
    let order = shop.confirmed("10", "0");
    order.ship(0, "4").expect(201);
    let second = order.ship(0, "6").expect(201);
    order.is("shipped", "full");
    let void = format!("/shipments/{}/void", second.id());
    app.as_role(Role::Warehouse).post(&void, json!({})).refused(422, "validation_failed");
    let why = json!({"reason": "Wrong pallet"});
    app.as_role(Role::Clerk).post(&void, why.clone()).refused(403, "forbidden");
    app.as_role(Role::Warehouse).post(&void, why.clone()).expect(200);
    order.is("partially_shipped", "partial");
    assert_eq!(order.now()["lines"][0]["shipped"], "4");
    let again = app.as_role(Role::Warehouse).post(&void, why.clone()).refused(409, "invalid_transition");
    assert_eq!(again.body["current_status"], "voided");
    let third = order.ship(0, "6").expect(201);
    let deliver = format!("/shipments/{}/deliver", third.id());
    app.as_role(Role::Warehouse).post(&deliver, json!({"delivered_date": "2026-11-20"})).expect(200);
    let void = format!("/shipments/{}/void", third.id());
    app.as_role(Role::Warehouse).post(&void, why).refused(409, "invalid_transition");
    order.is("shipped", "full");
    nothing_is_off(app);
}

fn what_will_not_be_delivered_is_closed_short(app: &TestApp) {
    let shop = Shop::open(app);
    let order = shop.confirmed("10", "2");
    let why = json!({"reason": "Customer wants no more"});
    order.by(Role::Clerk, "close-short", why.clone()).refused(409, "invalid_transition");
    let shipment = order.ship(0, "4").expect(201).id();
    let closed = order.by(Role::Clerk, "close-short", why).expect(200);
    assert_eq!((&closed.body["status"], &closed.body["fulfilment"]), (&json!("shipped"), &json!("full")));
    assert_eq!(
        (&closed.body["lines"][0]["closed"], &closed.body["lines"][1]["closed"]),
        (&json!("6"), &json!("2"))
    );
    order.by(Role::Warehouse, "shipments", json!({})).refused(409, "invalid_transition");
    order.by(Role::Clerk, "complete", json!({})).refused(409, "invalid_transition");
    app.as_role(Role::Warehouse).post(&format!("/shipments/{shipment}/deliver"), json!({})).expect(200);
    order.is("delivered", "full");
    order.by(Role::Clerk, "complete", json!({})).expect(200);
    nothing_is_off(app);
}

fn an_order_is_cancelled_before_its_first_shipment_only(app: &TestApp) {
    let shop = Shop::open(app);
    let why = json!({"reason": "Project stopped"});
    for order in
        [shop.draft("1", "0"), shop.submitted("2", "0"), shop.approved("3", "0"), shop.confirmed("4", "0")]
    {
        order.by(Role::Rep, "cancel", why.clone()).refused(403, "forbidden");
        let cancelled = order.by(Role::Clerk, "cancel", why.clone()).expect(200);
        assert_eq!(
            (&cancelled.body["status"], &cancelled.body["cancel_reason"]),
            (&json!("cancelled"), &why["reason"])
        );
    }
    let order = shop.confirmed("5", "0");
    order.ship(0, "1").expect(201);
    let refused = order.by(Role::Clerk, "cancel", why).refused(409, "invalid_transition");
    assert_eq!(refused.body["current_status"], "partially_shipped");
    assert_eq!(refused.body["allowed_actions"], json!(["revise", "close_short"]));
}

// ---- change after confirmation -------------------------------------------------------------------------------------

fn a_revision_keeps_what_was_before(app: &TestApp) {
    let shop = Shop::open(app);
    let mut body = shop.body("10", "2");
    body["promised_date"] = json!("2026-11-30");
    let order = shop.enter(body);
    order.by(Role::Rep, "submit", json!({})).expect(200);
    order.by(Role::Manager, "approve", json!({})).expect(200);
    let clerk = app.as_role(Role::Clerk);
    clerk.patch(&order.path(), &order.etag(), json!({"notes": "late"})).refused(409, "invalid_transition");
    order.by(Role::Clerk, "confirm", json!({})).expect(200);
    let change = json!({"reason": "Fewer, later", "promised_date": "2026-12-10",
        "change_lines": [{"line_id": order.line(0), "quantity": "8"}, {"line_id": order.line(1), "quantity": "0"}],
        "add_lines": [{"product_id": shop.tea, "quantity": "1"}]});
    let revised = order.by(Role::Manager, "revisions", change).expect(200);
    assert_eq!(sums(&revised.body), ["112.50", "0.00", "112.50", "14.63", "127.13"]);
    assert_eq!(
        (&revised.body["revision"], &revised.body["promised_date"]),
        (&json!(1), &json!("2026-12-10"))
    );
    // On time is still what was promised first.
    assert_eq!(revised.body["first_promised_date"], "2026-11-30");
    let kept = clerk.get(&format!("{}/revisions", order.path())).expect(200);
    let kept = &kept.rows()[0];
    assert_eq!((&kept["reason"], &kept["revision"]), (&json!("Fewer, later"), &json!(1)));
    assert_eq!(kept["created_by"], app.person("manager").user.to_string());
    assert_eq!(kept["before"]["lines"][0]["quantity"], "10");
    assert_eq!(kept["after"]["lines"][0]["quantity"], "8");
    assert_eq!(kept["changes"]["promised_date"], json!(["2026-11-30", "2026-12-10"]));
    nothing_is_off(app);
}

fn a_revision_cannot_go_below_what_was_shipped(app: &TestApp) {
    let order = Shop::open(app).confirmed("10", "0");
    order.ship(0, "4").expect(201);
    let to = |quantity: &str| {
        let changes = json!([{"line_id": order.line(0), "quantity": quantity}]);
        order.by(Role::Clerk, "revisions", json!({"reason": "Less", "change_lines": changes}))
    };
    for less in ["3", "0", "-1"] {
        let refused = to(less).refused(422, "validation_failed");
        assert_eq!(refused.places(), ["/change_lines/0/quantity"]);
    }
    let twice =
        json!([{"line_id": order.line(0), "quantity": "9"}, {"line_id": order.line(0), "quantity": "8"}]);
    let twice = order.by(Role::Clerk, "revisions", json!({"reason": "Both", "change_lines": twice}));
    assert_eq!(twice.refused(422, "validation_failed").places(), ["/change_lines/1/line_id"]);
    to("4").expect(200);
    order.is("shipped", "full");
    nothing_is_off(app);
}

fn a_line_that_was_on_a_voided_shipment_can_be_revised_away(app: &TestApp) {
    let order = Shop::open(app).confirmed("10", "2");
    let shipment = order.ship(1, "2").expect(201).id();
    let void = format!("/shipments/{shipment}/void");
    app.as_role(Role::Warehouse).post(&void, json!({"reason": "Wrong pot"})).expect(200);
    let changes = json!([{"line_id": order.line(1), "quantity": "0"}]);
    let away = order.by(Role::Clerk, "revisions", json!({"reason": "No pots", "change_lines": changes}));
    // The shipment still tells of the line, so it cannot go: a sentence about it, not an accident.
    let away = away.refused(422, "validation_failed");
    assert_eq!(away.places(), ["/change_lines/0/quantity"]);
    assert_eq!(away.body["errors"][0]["code"], "was_shipped");
    nothing_is_off(app);
}

fn a_revision_that_raises_the_order_needs_an_approver(app: &TestApp) {
    let shop = Shop::open(app);
    let order = shop.confirmed("0", "40"); // 45,200
    let raise = |role: Role, quantity: &str| {
        let changes = json!([{"line_id": order.line(0), "quantity": quantity}]);
        order.by(role, "revisions", json!({"reason": "More", "change_lines": changes}))
    };
    raise(Role::Clerk, "41").refused(409, "revision_needs_approval");
    raise(Role::Manager, "44").expect(200); // 49,720: below the limit of the four eyes
    // Above it nobody enters and approves alone, whatever they may approve.
    raise(Role::Manager, "50").refused(409, "revision_needs_approval");
    raise(Role::Executive, "450").refused(409, "revision_needs_approval");
    assert_eq!(order.now()["approved_gross"], "49720.00");
    raise(Role::Rep, "451").refused(403, "forbidden");
    // Less is nobody's to approve, and what was approved does not move along.
    raise(Role::Clerk, "30").expect(200);
    assert_eq!(order.now()["approved_gross"], "49720.00");
    nothing_is_off(app);
}

fn what_is_worse_than_what_was_approved_is_not_one_persons_to_enter(app: &TestApp) {
    let shop = Shop::open(app);
    let order = shop.confirmed("600", "2");
    let line = order.line(0);
    let change = |change: Value| {
        let mut lines = json!([change]);
        lines[0]["line_id"] = json!(line);
        json!({"reason": "So they want it", "change_lines": lines})
    };
    let what = |reply: &Reply| -> Vec<String> {
        let worse = reply.body["worse"].as_array().expect("what is worse");
        worse.iter().map(|one| one["what"].as_str().expect("a word").to_owned()).collect()
    };
    for (body, worse) in [
        (change(json!({"unit_price": "9.00"})), vec!["price", "margin"]),
        (change(json!({"unit_price": "0"})), vec!["price", "margin"]),
        (change(json!({"discount_rate": "0.04"})), vec!["price", "margin"]),
        // A smaller price for more is as much money.
        (
            change(json!({"unit_price": "9.00", "quantity": "1100"})),
            vec!["price", "quantity", "total", "margin"],
        ),
        (change(json!({"quantity": "601"})), vec!["quantity", "total", "margin"]),
        (change(json!({"unit_price": "13.00"})), vec!["total"]),
        (
            json!({"reason": "One more", "add_lines": [{"product_id": shop.pot, "quantity": "1"}]}),
            vec!["new_line", "total"],
        ),
        (json!({"reason": "Freight", "delivery_terms": "DAP Lhasa"}), vec!["terms"]),
    ] {
        let refused =
            order.by(Role::Clerk, "revisions", body.clone()).refused(409, "revision_needs_approval");
        assert_eq!(what(&refused), worse, "{body}");
    }
    assert_eq!(order.now()["revision"], 0);
    // What costs the company nothing passes.
    for free in [
        change(json!({"quantity": "600", "promised_date": "2026-12-24"})),
        json!({"reason": "Later", "promised_date": "2026-12-20", "customer_po": "PO-9"}),
    ] {
        order.by(Role::Clerk, "revisions", free).expect(200);
    }
}

fn a_change_that_is_proposed_waits_for_another_pair_of_eyes(app: &TestApp) {
    let shop = Shop::open(app);
    let order = shop.confirmed("0", "40"); // 45,200
    let more = |quantity: &str| json!({"reason": "They want more", "change_lines": [{"line_id": order.line(0), "quantity": quantity}]});
    let clerk = app.as_role(Role::Clerk);
    clerk
        .post(
            &format!("{}/revision-proposals", order.path()),
            json!({"reason": "Later", "promised_date": "2026-12-24"}),
        )
        .refused(409, "nothing_to_approve");
    let proposed = clerk.post(&format!("{}/revision-proposals", order.path()), more("50")).expect(201);
    assert_eq!(
        (&proposed.body["status"], &proposed.body["figures"]["gross"]),
        (&json!("proposed"), &json!("56500.00"))
    );
    assert_eq!(order.now()["gross"], "45200.00");
    // The manager hears of it and finds it among what waits.
    let manager = app.as_role(Role::Manager);
    assert_eq!(manager.get("/me/notifications").expect(200).rows()[0]["code"], "revision_to_approve");
    let waits = manager.get("/worklist").expect(200);
    let item =
        waits.rows().iter().find(|item| item["reason"] == "revision_to_approve").expect("it waits").clone();
    assert_eq!(item["amount"], "56500.00");
    let step = |client: &Client, step: &str, body: Value| {
        client.post(&format!("{}/{step}", proposed.location()), body)
    };
    step(&clerk, "approve", json!({})).refused(403, "forbidden");
    let call = item["call"]["path"].as_str().expect("a path").trim_start_matches("/api/v1").to_owned();
    let done = manager.send("POST", &call, Some(json!({}))).expect(200);
    assert_eq!((&done.body["status"], &done.body["revision"]), (&json!("approved"), &json!(1)));
    assert_eq!(
        (&order.now()["gross"], &order.now()["approved_gross"]),
        (&json!("56500.00"), &json!("56500.00"))
    );
    assert_eq!(
        app.as_role(Role::Clerk).get("/me/notifications").expect(200).rows()[0]["code"],
        "revision_approved"
    );
    step(&manager, "reject", json!({"reason": "No"})).refused(409, "invalid_transition");
    // Who proposes does not approve, and the manager's limit holds.
    let own = manager.post(&format!("{}/revision-proposals", order.path()), more("450")).expect(201);
    manager.post(&format!("{}/approve", own.location()), json!({})).refused(409, "own_proposal");
    let executive = app.as_role(Role::Executive);
    executive.post(&format!("{}/reject", own.location()), json!({"reason": "Too much"})).expect(200);
    let high = clerk.post(&format!("{}/revision-proposals", order.path()), more("450")).expect(201);
    manager.post(&format!("{}/approve", high.location()), json!({})).refused(403, "forbidden");
    // What changed meanwhile was not seen.
    clerk
        .post(
            &format!("{}/revisions", order.path()),
            json!({"reason": "Later", "promised_date": "2026-12-30"}),
        )
        .expect(200);
    executive.post(&format!("{}/approve", high.location()), json!({})).refused(409, "changed_since_proposed");
    clerk.post(&format!("{}/withdraw", high.location()), json!({"reason": "Again"})).expect(200);
    let again = clerk.post(&format!("{}/revision-proposals", order.path()), more("450")).expect(201);
    executive.post(&format!("{}/approve", again.location()), json!({})).expect(200);
    nothing_is_off(app);
}

fn who_lets_a_finding_pass_lets_nothing_worse_pass(app: &TestApp) {
    let shop = Shop::open(app);
    shop.credit_limit("1000");
    let first = shop.submitted("0", "1"); // 1,130
    first.by(Role::Manager, "approve", json!({"override_reason": "130 over, once"})).expect(200);
    let over = first.now()["overrides"][0].clone();
    assert_eq!((&over["code"], &over["value"]), (&json!("over_credit_limit"), &json!("1130.00")));
    first.by(Role::Clerk, "confirm", json!({})).expect(200);
    // Much more is another finding, though the first one was let pass.
    let more = json!({"reason": "More", "change_lines": [{"line_id": first.line(0), "quantity": "40"}]});
    first.by(Role::Manager, "revisions", more.clone()).refused(409, "review_blocked");
    let mut knowing = more;
    knowing["override_reason"] = json!("They have paid in advance");
    first.by(Role::Manager, "revisions", knowing).expect(200);
    // The same for a price below cost: 7.50 is not 1.00.
    let cheap = shop.customer_of("rep", "Foshan Ceramics");
    let lines = json!([{"product_id": shop.tea, "quantity": "10", "unit_price": "7.50"}]);
    let cheap = shop.enter(json!({"customer_id": cheap, "lines": lines}));
    cheap.by(Role::Rep, "submit", json!({})).expect(200);
    cheap.by(Role::Manager, "approve", json!({"override_reason": "Opening offer"})).expect(200);
    cheap.by(Role::Clerk, "confirm", json!({})).expect(200);
    let cheaper = |price: &str| json!({"reason": "Less", "change_lines": [{"line_id": cheap.line(0), "unit_price": price}]});
    cheap.by(Role::Manager, "revisions", cheaper("1.00")).refused(409, "review_blocked");
    cheap.by(Role::Manager, "revisions", cheaper("7.60")).expect(200);
    // Ten at that price are not a hundred thousand.
    let more = json!({"reason": "More", "change_lines": [{"line_id": cheap.line(0), "quantity": "11"}]});
    cheap.by(Role::Manager, "revisions", more).refused(409, "review_blocked");
    nothing_is_off(app);
}

fn a_revision_is_not_stopped_by_what_was_approved_before(app: &TestApp) {
    let shop = Shop::open(app);
    let lines = json!([{"product_id": shop.pot, "quantity": "2", "discount_rate": "0.15"}]);
    let order = shop.enter(json!({"customer_id": shop.customer, "lines": lines}));
    order.by(Role::Rep, "submit", json!({})).expect(200);
    order.by(Role::Manager, "approve", json!({})).expect(200);
    order.by(Role::Clerk, "confirm", json!({})).expect(200);
    // The manager gave 15 %, so a later date is the clerk's to enter; a larger discount is not.
    order.by(Role::Clerk, "revisions", json!({"reason": "Later", "promised_date": "2026-12-10"})).expect(200);
    let more = json!([{"line_id": order.line(0), "discount_rate": "0.16"}]);
    let more = json!({"reason": "Cheaper", "change_lines": more});
    order.by(Role::Clerk, "revisions", more.clone()).refused(409, "revision_needs_approval");
    order.by(Role::Manager, "revisions", more).expect(200);
}

fn only_a_draft_that_was_never_submitted_is_deleted(app: &TestApp) {
    let shop = Shop::open(app);
    let rep = app.as_role(Role::Rep);
    let order = shop.draft("1", "0");
    rep.delete(&order.path(), &order.etag()).expect(204);
    rep.get(&order.path()).refused(404, "not_found");
    let order = shop.submitted("1", "0");
    rep.delete(&order.path(), &order.etag()).refused(409, "invalid_transition");
    order.by(Role::Rep, "withdraw", json!({"reason": "Wrong"})).expect(200);
    rep.delete(&order.path(), &order.etag()).refused(409, "invalid_transition");
    assert_eq!(order.obstacles(Role::Rep, "delete"), ["was_submitted"]);
}

// ---- reading ---------------------------------------------------------------------------------------------------

fn lines_share_the_version_of_their_order(app: &TestApp) {
    let shop = Shop::open(app);
    let rep = app.as_role(Role::Rep);
    let order = shop.draft("5", "0");
    let first = order.etag();
    let lines = format!("{}/lines", order.path());
    let added = rep.post(&lines, json!({"product_id": shop.pot, "quantity": "1"})).expect(201);
    assert_eq!(added.body["net"], "1062.50");
    let line = added.location();
    assert_eq!(rep.get(&line).expect(200).etag(), added.etag());
    let stale = rep.patch(&line, &first, json!({"quantity": "2"})).refused(412, "version_mismatch");
    assert_eq!(stale.body["current_version"], added.body["version"]);
    let changed = rep.patch(&line, &added.etag(), json!({"quantity": "2"})).expect(200);
    assert_eq!(changed.body["net"], "2062.50");
    rep.delete(&line, &added.etag()).refused(412, "version_mismatch");
    let removed = rep.delete(&line, &changed.etag()).expect(200);
    assert_eq!(removed.body["net"], "62.50");
    rep.get(&line).refused(404, "not_found");
    // A list price follows the quantity and comes back when the typed one is cleared.
    let line = format!("{lines}/{}", order.line(0));
    let typed = rep.patch(&line, &removed.etag(), json!({"unit_price": "13"})).expect(200);
    assert_eq!(typed.body["lines"][0]["price_source"], "manual");
    let listed = rep.patch(&line, &typed.etag(), json!({"unit_price": null})).expect(200);
    assert_eq!(listed.body["lines"][0]["unit_price"], "12.50");
    nothing_is_off(app);
}

fn an_orders_history_tells_who_did_what_and_why(app: &TestApp) {
    let order = Shop::open(app).submitted("5", "0");
    order.by(Role::Manager, "reject", json!({"reason": "Check the date"})).expect(200);
    let history = app.as_role(Role::Rep).get(&format!("{}/history", order.path())).expect(200);
    let told = history.to_string();
    assert_eq!(history.rows().len(), 3, "{told}");
    for word in ["order.created", "order.submitted", "order.rejected", "Check the date", "Test manager"] {
        assert!(told.contains(word), "no {word} in {told}");
    }
}

/// A step's endpoint and a body that it takes.
fn request_of(order: &Told, action: &str) -> Option<(String, Value)> {
    let why = json!({"reason": "Because"});
    let (step, body) = match action {
        "submit" | "confirm" | "complete" | "approve" | "release" => (action, json!({})),
        "withdraw" | "reject" | "cancel" | "hold" | "override" => (action, why),
        "close_short" => ("close-short", why),
        "ship" => ("shipments", json!({})),
        "revise" => ("revisions", json!({"reason": "Later", "promised_date": "2026-12-24"})),
        _ => return None,
    };
    Some((format!("{}/{step}?dry_run=true", order.path()), body))
}

fn allowed_actions_say_what_really_happens(app: &TestApp) {
    let shop = Shop::open(app);
    let held = shop.confirmed("7", "0");
    held.by(Role::Manager, "hold", json!({"reason": "Wait"})).expect(200);
    let partial = shop.confirmed("8", "0");
    partial.ship(0, "3").expect(201);
    let shipped = shop.confirmed("9", "0");
    shipped.ship(0, "9").expect(201);
    let large = shop.submitted("0", "500");
    let stages = [
        shop.draft("1", "0"),
        shop.submitted("2", "0"),
        shop.approved("3", "0"),
        shop.confirmed("4", "0"),
        held,
        partial,
        shipped,
        large,
    ];
    for order in &stages {
        for role in [Role::Clerk, Role::Rep, Role::Manager, Role::Finance, Role::Warehouse, Role::Executive] {
            let who = app.as_role(role);
            let seen = who.get(&order.path());
            if seen.status == 404 {
                continue; // the warehouse, before approval
            }
            let told = who.get(&format!("{}/actions", order.path())).expect(200);
            let allowed = seen.body["allowed_actions"].as_array().expect("actions");
            for state in told.rows() {
                let action = state["action"].as_str().expect("an action");
                let Some((path, body)) = request_of(order, action) else { continue };
                let reply = who.post(&path, body);
                assert!(reply.status < 500, "{reply}");
                let happens = (200..300).contains(&reply.status);
                assert_eq!(state["allowed"], happens, "{role}: {told}\n{reply}");
                // A rule may stand in the way of an allowed action, never the other way round.
                assert!(!happens || allowed.contains(&json!(action)), "{role} {action}: {seen}");
                if reply.status == 409 && reply.body["code"] == "invalid_transition" {
                    assert_eq!(reply.body["allowed_actions"], seen.body["allowed_actions"], "{reply}");
                    assert!(!allowed.contains(&json!(action)), "{role} {action}: {seen}");
                }
            }
        }
    }
}

/// What this user finds of an order, everywhere that it could show.
fn sightings(order: &Told, username: &str) -> Vec<bool> {
    let who = order.app.as_user(username);
    let named = |path: &str| {
        let list = who.get(path).expect(200);
        list.rows().iter().any(|o| o["id"] == order.id || o["order_id"] == order.id)
    };
    let counted = who.get("/orders?include=total_count&limit=1").expect(200).body["total_count"] != 0;
    let mut seen = vec![
        who.get(&order.path()).status == 200,
        who.get(&format!("{}/lines", order.path())).status == 200,
        who.get(&format!("{}/history", order.path())).status == 200,
        who.get(&format!("{}/actions", order.path())).status == 200,
        who.get(&format!("{}/shipments", order.path())).status == 200,
        named("/orders"),
        named(&format!("/shipments?order_id={}", order.id)),
        counted,
    ];
    if username != "warehouse" {
        seen.push(who.get("/reports/sales-summary").expect(200).body["totals"] != json!([]));
    }
    seen
}

fn a_rep_sees_their_own_orders_only(app: &TestApp) {
    let order = Shop::open(app).confirmed("5", "0");
    let shipment = order.ship(0, "2").expect(201).id();
    assert_eq!(sightings(&order, "rep"), [true; 9]);
    assert_eq!(sightings(&order, "rep2"), [false; 9]);
    let other = app.as_user("rep2");
    other.get(&format!("/shipments/{shipment}")).refused(404, "not_found");
    // Not there is said before anything else about it.
    order.step(&other, "submit", json!({})).refused(404, "not_found");
    other.patch(&order.path(), "\"99\"", json!({"notes": "x"})).refused(404, "not_found");
}

fn a_manager_sees_the_teams_orders(app: &TestApp) {
    let shop = Shop::open(app);
    let order = shop.confirmed("5", "0");
    order.ship(0, "2").expect(201);
    assert_eq!(sightings(&order, "manager"), [true; 9]);
    let customer = shop.customer_of("rep2", "Shenzhen Qianhai Cloud");
    let lines = json!([{"product_id": shop.tea, "quantity": "1"}]);
    let id = app
        .as_user("rep2")
        .post("/orders", json!({"customer_id": customer, "lines": lines}))
        .expect(201)
        .id();
    let south = Told { app, id };
    south.step(&app.as_user("rep2"), "submit", json!({})).expect(200);
    south.by(Role::Manager, "approve", json!({})).refused(404, "not_found");
    let listed = app.as_role(Role::Manager).get("/orders?include=total_count").expect(200);
    assert_eq!(listed.body["total_count"], 1);
}

fn the_warehouse_sees_what_is_approved(app: &TestApp) {
    let shop = Shop::open(app);
    let submitted = shop.submitted("5", "0");
    assert_eq!(sightings(&submitted, "warehouse"), [false; 8]);
    submitted.by(Role::Manager, "approve", json!({})).expect(200);
    app.as_role(Role::Warehouse).get(&submitted.path()).expect(200);
    let confirmed = shop.confirmed("6", "0");
    confirmed.ship(0, "6").expect(201);
    assert_eq!(sightings(&confirmed, "warehouse"), [true; 8]);
}

fn a_rep_enters_orders_for_themselves_only(app: &TestApp) {
    let shop = Shop::open(app);
    let rep = app.as_role(Role::Rep);
    let mut body = shop.body("5", "0");
    body["rep_id"] = json!(app.person("rep2").user.to_string());
    rep.post("/orders", body).refused(403, "forbidden");
    let mut body = shop.body("5", "0");
    body["customer_id"] = json!(shop.customer_of("rep2", "Shenzhen Qianhai Cloud"));
    let unknown = rep.post("/orders", body).refused(422, "validation_failed");
    assert_eq!(unknown.places(), ["/customer_id"]);
}
