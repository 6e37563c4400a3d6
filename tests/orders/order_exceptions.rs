//! Order exceptions: what is wrong with an order, what it stops, and what happens when nobody acts.

use salesdesk::base::auth::Role;
use salesdesk::base::types::At;
use serde_json::{Value, json};

use testkit::shop::{Shop, Told, nothing_is_off};
use testkit::support::{Client, Reply, TestApp};

both_engines!(
    an_order_with_an_open_exception_that_blocks_does_not_ship,
    some_exceptions_block_unless_somebody_says_otherwise,
    of_shipping_and_blocking_at_the_same_time_neither_misses_the_other,
    an_exception_climbs_from_its_owner_to_the_manager_to_the_executives,
    what_is_opened_again_begins_anew_and_blocks_again,
    another_severity_gives_an_exception_another_time,
    another_severity_of_an_exception_tells_nobody_twice,
    steps_are_for_the_owner_and_for_who_manages_exceptions,
    what_was_entered_in_error_is_taken_back,
    whoever_sees_an_order_sees_its_exceptions,
    an_exception_is_about_something_of_its_order,
    orders_are_found_by_their_exceptions,
    exceptions_are_counted_with_mean_and_median_and_add_up,
    the_worklist_has_what_blocks_first_with_what_is_at_stake,
    who_may_not_unblock_does_not_resolve_what_blocks,
);

fn at(text: &str) -> At {
    At::parse(&format!("{text}:00+08:00")).expect("an instant")
}

fn body(order: &Told, over: Value) -> Value {
    let mut body = json!({"order_id": order.id, "kind": "shortage", "severity": "major",
        "description": "Only forty of sixty boxes are in stock"});
    let over = over.as_object().expect("fields").clone();
    body.as_object_mut().expect("fields").extend(over);
    body
}

fn report(client: &Client, order: &Told, over: Value) -> Reply {
    client.post("/order-exceptions", body(order, over)).expect(201)
}

fn step(client: &Client, exception: &str, step: &str, body: Value) -> Reply {
    client.post(&format!("/order-exceptions/{exception}/{step}"), body)
}

fn resolution() -> Value {
    json!({"outcome": "fulfilled_later", "resolution": "The rest goes with the next truck"})
}

fn why() -> Value {
    json!({"reason": "The customer takes what there is"})
}

/// The codes of what somebody was told, the oldest first.
fn inbox(app: &TestApp, username: &str) -> Vec<String> {
    let inbox = app.as_user(username).get("/me/notifications?sort=created_at").expect(200);
    inbox.rows().iter().map(|n| n["code"].as_str().expect("a code").to_owned()).collect()
}

fn an_order_with_an_open_exception_that_blocks_does_not_ship(app: &TestApp) {
    let shop = Shop::open(app);
    let order = shop.confirmed("60", "0");
    let made = report(&app.as_role(Role::Warehouse), &order, json!({"blocking": true}));
    assert_eq!(made.body["number"], "EX-2026-000001");
    assert_eq!(made.body["owner_id"], app.person("rep").user.to_string(), "the order's rep looks after it");
    assert_eq!(inbox(app, "rep").last().map(String::as_str), Some("order_exception_reported"));
    let now = order.now();
    assert_eq!((&now["open_exceptions"], &now["blocked"]), (&json!(1), &json!(true)));

    let refused = order.ship(0, "10").refused(409, "blocked_by_exception");
    assert_eq!(refused.body["exceptions"][0]["number"], "EX-2026-000001");
    assert_eq!(refused.body["exceptions"][0]["id"], made.body["id"]);
    assert_eq!(order.obstacles(Role::Warehouse, "ship"), ["blocked_by_exceptions"]);
    let named = json!({"order_id": order.id});
    app.as_role(Role::Warehouse)
        .put("/shipments/by-external-id/wms/1", named)
        .refused(409, "blocked_by_exception");
    assert_eq!(order.now()["version"], now["version"], "nothing was changed");

    // The warehouse cannot unblock it, the clerk can; the exception stays open.
    step(&app.as_role(Role::Warehouse), &made.id(), "unblock", why()).refused(403, "forbidden");
    let free = step(&app.as_role(Role::Clerk), &made.id(), "unblock", why()).expect(200);
    assert_eq!((&free.body["blocking"], &free.body["status"]), (&json!(false), &json!("open")));
    order.ship(0, "10").expect(201);
    // Blocked again, and resolved by somebody who may unblock.
    step(&app.as_role(Role::Warehouse), &made.id(), "block", why()).expect(200);
    order.ship(0, "10").refused(409, "blocked_by_exception");
    let done = step(&app.as_role(Role::Manager), &made.id(), "resolve", resolution()).expect(200);
    assert_eq!(done.body["allowed_actions"], json!(["close", "reopen"]));
    let now = order.now();
    assert_eq!((&now["open_exceptions"], &now["blocked"]), (&json!(0), &json!(false)));
    order.ship(0, "50").expect(201);
    step(&app.as_role(Role::Rep), &made.id(), "close", json!(null)).expect(200);

    app.run_background();
    let told =
        app.as_role(Role::Rep).get("/events?types=order_exception.*,order.exceptions_changed").expect(200);
    let types: Vec<&str> = told.rows().iter().filter_map(|e| e["type"].as_str()).collect();
    assert_eq!(
        types,
        [
            "order_exception.reported",
            "order.exceptions_changed",
            "order_exception.unblocked",
            "order.exceptions_changed",
            "order_exception.blocked",
            "order.exceptions_changed",
            "order_exception.resolved",
            "order.exceptions_changed",
            "order_exception.closed"
        ]
    );
    nothing_is_off(app);
}

fn some_exceptions_block_unless_somebody_says_otherwise(app: &TestApp) {
    let shop = Shop::open(app);
    let clerk = app.as_role(Role::Clerk);
    let blocks = |kind: &str, severity: &str| {
        let order = shop.confirmed("1", "0");
        let made = report(&clerk, &order, json!({"kind": kind, "severity": severity}));
        made.body["blocking"].as_bool().expect("a flag")
    };
    assert!(!blocks("shortage", "major") && !blocks("delay", "minor") && !blocks("damage", "major"));
    assert!(blocks("shortage", "critical") && blocks("other", "critical"));
    assert!(blocks("address", "minor") && blocks("payment", "minor") && blocks("price_dispute", "minor"));
    let order = shop.confirmed("1", "0");
    let made = report(&clerk, &order, json!({"kind": "address", "blocking": false}));
    assert_eq!(made.body["blocking"], false);
    order.ship(0, "1").expect(201);
}

/// The versions of an order at which something happened.
fn versions(order: &Told, event: &str) -> Vec<i64> {
    let history = order.app.all_powerful().get(&format!("{}/history?limit=100", order.path())).expect(200);
    let with = history.rows().iter().filter(|e| e["event"] == event);
    with.map(|e| e["version"].as_i64().expect("a version")).collect()
}

fn of_shipping_and_blocking_at_the_same_time_neither_misses_the_other(app: &TestApp) {
    let shop = Shop::open(app);
    let (warehouse, clerk) = (app.as_role(Role::Warehouse), app.as_role(Role::Clerk));
    for round in 0..6 {
        let order = shop.confirmed("5", "0");
        let ship = warehouse.asks("POST", &format!("{}/shipments", order.path()), Some(json!({})));
        let block = clerk.asks("POST", "/order-exceptions", Some(body(&order, json!({"blocking": true}))));
        let asks = if round % 2 == 0 { vec![ship, block] } else { vec![block, ship] };
        let mut replies = app.together(asks);
        if round % 2 == 1 {
            replies.reverse();
        }
        assert_eq!(replies[1].status, 201, "{}", replies[1]);
        let blocked = versions(&order, "order.exceptions_changed");
        match replies[0].status {
            // Whoever shipped did so before it was blocked.
            201 => assert!(versions(&order, "order.shipped")[0] < blocked[0]),
            _ => assert_eq!(replies[0].body["code"], "blocked_by_exception", "{}", replies[0]),
        }
        assert_eq!(order.now()["blocked"], true);
    }
    nothing_is_off(app);
}

fn an_exception_climbs_from_its_owner_to_the_manager_to_the_executives(app: &TestApp) {
    app.core.clock.set(at("2026-11-23T09:00"));
    let shop = Shop::open(app);
    let order = shop.confirmed("5", "0");
    let clerk = app.as_role(Role::Clerk);
    // Sixteen working hours: two days. The owner is reminded four hours before.
    let id = report(&clerk, &order, json!({})).id();
    let due = clerk.get(&format!("/deadlines/{id}")).expect(200);
    assert_eq!(due.body["data"][0]["due_at"], at("2026-11-24T18:00").to_string());
    let told = |user: &str| {
        let of_exceptions = inbox(app, user).into_iter().filter(|c| c.starts_with("order_exception"));
        of_exceptions.map(|c| c.replace("order_exception_", "")).collect::<Vec<_>>()
    };
    for (time, owner, manager, executive) in [
        ("2026-11-24T13:00", 1, 0, 0),
        ("2026-11-24T14:00", 2, 0, 0),
        ("2026-11-24T18:00", 3, 0, 0),
        ("2026-11-25T14:00", 3, 1, 0),
        ("2026-11-26T18:00", 3, 1, 1),
        ("2026-11-30T18:00", 3, 1, 1),
    ] {
        app.core.clock.set(at(time));
        app.run_background();
        app.run_background();
        let counts = (told("rep").len(), told("manager").len(), told("executive").len());
        assert_eq!(counts, (owner, manager, executive), "{time}");
    }
    assert_eq!(told("rep"), ["reported", "due", "overdue"]);
    assert_eq!(
        (told("manager"), told("executive")),
        (vec!["escalated".into()], vec!["escalated".to_owned()])
    );
    let zh = app.as_user("rep").with("accept-language", "zh-CN").get("/me/notifications").expect(200);
    assert!(zh.rows()[0]["text"].as_str().expect("a text").starts_with("订单异常 EX-"), "{zh}");
    let late = clerk.get("/order-exceptions?overdue=true").expect(200);
    assert_eq!((late.rows()[0]["id"].as_str(), &late.rows()[0]["escalation_level"]), (Some(&*id), &json!(2)));
    let done = step(&clerk, &id, "resolve", resolution()).expect(200);
    assert_eq!(
        (&done.body["resolution_missed"], &done.body["resolution_seconds"]),
        (&json!(true), &json!(6 * 8 * 3600))
    );
    assert!(clerk.get("/order-exceptions?overdue=true").expect(200).rows().is_empty());
}

fn what_is_opened_again_begins_anew_and_blocks_again(app: &TestApp) {
    app.core.clock.set(at("2026-11-23T09:00"));
    let shop = Shop::open(app);
    let order = shop.confirmed("5", "0");
    let clerk = app.as_role(Role::Clerk);
    let id = report(&clerk, &order, json!({"severity": "critical"})).id();
    app.core.clock.set(at("2026-11-23T11:30"));
    step(&clerk, &id, "start", json!(null)).expect(200);
    let done = step(&clerk, &id, "resolve", resolution()).expect(200);
    assert_eq!(
        (&done.body["resolution_seconds"], &done.body["resolution_missed"]),
        (&json!(9000), &json!(false))
    );
    app.core.clock.set(at("2026-11-24T09:00"));
    app.run_background();
    assert!(!inbox(app, "manager").contains(&"order_exception_escalated".to_owned()));
    let again = step(&clerk, &id, "reopen", json!({"reason": "The truck came without them"})).expect(200);
    assert_eq!(
        (&again.body["status"], &again.body["reopened"], &again.body["outcome"]),
        (&json!("open"), &json!(1), &Value::Null)
    );
    let due = clerk.get(&format!("/deadlines/{id}")).expect(200);
    assert_eq!(due.body["data"][0]["due_at"], at("2026-11-24T14:00").to_string());
    order.ship(0, "5").refused(409, "blocked_by_exception");
    assert_eq!(inbox(app, "rep").last().map(String::as_str), Some("order_exception_reopened"));
    step(&clerk, &id, "start", json!(null)).expect(200);
    step(&clerk, &id, "start", json!(null)).refused(409, "invalid_transition");
    nothing_is_off(app);
}

fn another_severity_gives_an_exception_another_time(app: &TestApp) {
    app.core.clock.set(at("2026-11-23T09:00"));
    let shop = Shop::open(app);
    let order = shop.confirmed("5", "0");
    let clerk = app.as_role(Role::Clerk);
    let id = report(&clerk, &order, json!({"severity": "minor"})).id();
    app.core.clock.set(at("2026-11-23T15:00"));
    let changed =
        clerk.patch(&format!("/order-exceptions/{id}"), "*", json!({"severity": "critical"})).expect(200);
    // Four hours from when it was reported are over.
    let due = clerk.get(&format!("/deadlines/{id}")).expect(200);
    assert_eq!(due.body["data"][0]["due_at"], at("2026-11-23T14:00").to_string());
    assert_eq!(
        (&changed.body["resolution_missed"], &changed.body["blocking"]),
        (&json!(true), &json!(false))
    );
}

fn another_severity_of_an_exception_tells_nobody_twice(app: &TestApp) {
    app.core.clock.set(at("2026-11-23T09:00"));
    let shop = Shop::open(app);
    let order = shop.confirmed("5", "0");
    let clerk = app.as_role(Role::Clerk);
    let id = report(&clerk, &order, json!({"severity": "major"})).id();
    // Sixteen hours are over on the second evening, and four more at two o'clock of the third day.
    app.core.clock.set(at("2026-11-25T14:00"));
    app.run_background();
    let told = |who: &str| {
        inbox(app, who).iter().filter(|code| code.as_str() == "order_exception_escalated").count()
    };
    assert_eq!((told("manager"), told("executive")), (1, 0));
    let owner = inbox(app, "rep");
    clerk.patch(&format!("/order-exceptions/{id}"), "*", json!({"severity": "critical"})).expect(200);
    app.run_background();
    assert_eq!((told("manager"), told("executive")), (1, 1), "the executives hear of it, the manager knows");
    assert_eq!(inbox(app, "rep"), owner);
}

fn steps_are_for_the_owner_and_for_who_manages_exceptions(app: &TestApp) {
    let shop = Shop::open(app);
    let order = shop.confirmed("5", "0");
    let (clerk, rep) = (app.as_role(Role::Clerk), app.as_role(Role::Rep));
    let warehouse = app.as_role(Role::Warehouse);
    let id = report(&warehouse, &order, json!({})).id();
    let path = format!("/order-exceptions/{id}");
    // Who reported it may correct it; resolving it is the owner's.
    warehouse.patch(&path, "*", json!({"description": "Only thirty"})).expect(200);
    step(&warehouse, &id, "resolve", resolution()).refused(403, "forbidden");
    let seen = warehouse.get(&path).expect(200);
    assert_eq!(seen.body["allowed_actions"], json!(["edit", "cancel", "block"]));
    assert_eq!(
        rep.get(&path).expect(200).body["allowed_actions"],
        json!(["edit", "assign", "start", "resolve", "cancel", "block"])
    );
    app.as_role(Role::Finance).get(&path).expect(200);
    step(&app.as_role(Role::Finance), &id, "start", json!(null)).refused(403, "forbidden");
    let to =
        json!({"owner_id": app.person("finance").user.to_string(), "reason": "They wait for the deposit"});
    step(&clerk, &id, "assign", to).expect(200);
    assert_eq!(inbox(app, "finance"), ["order_exception_assigned"]);
    step(&app.as_role(Role::Finance), &id, "start", json!(null)).expect(200);
    step(&rep, &id, "resolve", resolution()).refused(403, "forbidden");
    step(&app.as_role(Role::Manager), &id, "resolve", resolution()).expect(200);
    let nobody = json!({"owner_id": "usr_00000000000000000000000000000000"});
    let other = report(&clerk, &order, json!({})).id();
    let refused = step(&clerk, &other, "assign", nobody).refused(422, "validation_failed");
    assert_eq!(refused.places(), ["/owner_id"]);
}

fn what_was_entered_in_error_is_taken_back(app: &TestApp) {
    let shop = Shop::open(app);
    let order = shop.confirmed("5", "0");
    let warehouse = app.as_role(Role::Warehouse);
    let id = report(&warehouse, &order, json!({"kind": "address"})).id();
    let gone = step(&warehouse, &id, "cancel", json!({"reason": "It was another order"})).expect(200);
    assert_eq!((&gone.body["status"], &gone.body["allowed_actions"]), (&json!("cancelled"), &json!([])));
    order.ship(0, "5").expect(201);
    let clerk = app.as_role(Role::Clerk);
    step(&clerk, &id, "reopen", why()).refused(409, "invalid_transition");
    assert_eq!(clerk.get("/reports/order-exceptions?group_by=kind").expect(200).body["exceptions"], 0);
    nothing_is_off(app);
}

fn whoever_sees_an_order_sees_its_exceptions(app: &TestApp) {
    let shop = Shop::open(app);
    let order = shop.submitted("5", "0");
    let id = report(&app.as_role(Role::Rep), &order, json!({})).id();
    let path = format!("/order-exceptions/{id}");
    for role in [Role::Rep, Role::Clerk, Role::Manager, Role::Finance, Role::Executive] {
        app.as_role(role).get(&path).expect(200);
        assert_eq!(app.as_role(role).get("/order-exceptions").expect(200).rows().len(), 1);
    }
    // Another team's rep sees neither, and the warehouse sees what is approved.
    for client in [app.as_user("rep2"), app.as_role(Role::Warehouse)] {
        client.get(&path).refused(404, "not_found");
        assert!(client.get("/order-exceptions").expect(200).rows().is_empty());
        let refused =
            client.post("/order-exceptions", body(&order, json!({}))).refused(422, "validation_failed");
        assert_eq!(refused.places(), ["/order_id"]);
    }
    order.by(Role::Executive, "approve", json!({})).expect(200);
    app.as_role(Role::Warehouse).get(&path).expect(200);
    let report = app.as_user("rep2").get("/reports/order-exceptions?group_by=kind").expect(200);
    assert_eq!(report.body["exceptions"], 0);
}

fn an_exception_is_about_something_of_its_order(app: &TestApp) {
    let shop = Shop::open(app);
    let clerk = app.as_role(Role::Clerk);
    let draft = shop.draft("5", "0");
    clerk.post("/order-exceptions", body(&draft, json!({}))).refused(409, "invalid_transition");
    let (order, other) = (shop.confirmed("5", "0"), shop.confirmed("5", "0"));
    let shipment = other.ship(0, "1").expect(201).id();
    let places = |over: Value| {
        let refused = clerk.post("/order-exceptions", body(&order, over)).refused(422, "validation_failed");
        refused.places().into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(
        places(json!({"order_line_id": other.line(0), "shipment_id": shipment, "quantity": "1"})),
        ["/order_line_id", "/shipment_id", "/quantity"]
    );
    assert_eq!(places(json!({"order_line_id": order.line(0), "quantity": "6"})), ["/quantity"]);
    assert_eq!(places(json!({"order_line_id": order.line(0), "quantity": "0"})), ["/quantity"]);
    let made = report(&clerk, &order, json!({"order_line_id": order.line(0), "quantity": "5"}));
    assert_eq!(made.body["product_id"], shop.tea, "the line's product");
}

fn orders_are_found_by_their_exceptions(app: &TestApp) {
    let shop = Shop::open(app);
    let clerk = app.as_role(Role::Clerk);
    let (blocked, open, well) =
        (shop.confirmed("1", "0"), shop.confirmed("2", "0"), shop.confirmed("3", "0"));
    report(&clerk, &blocked, json!({"blocking": true}));
    report(&clerk, &open, json!({}));
    report(&clerk, &open, json!({"kind": "delay"}));
    let ids = |query: &str| {
        let list = clerk.get(&format!("/orders?sort=number&{query}")).expect(200);
        list.rows().iter().map(|o| o["id"].as_str().expect("an id").to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(ids("has_open_exception=true"), [&*blocked.id, &open.id]);
    assert_eq!(ids("has_open_exception=false"), [&*well.id]);
    assert_eq!(ids("blocked=true"), [&*blocked.id]);
    assert_eq!(ids("blocked=false"), [&*open.id, &well.id]);
    assert_eq!(open.now()["open_exceptions"], 2);
    let kinds = |query: &str| clerk.get(&format!("/order-exceptions?{query}")).expect(200).rows().len();
    assert_eq!(
        (kinds("kind=delay"), kinds("blocking=true"), kinds("open=true"), kinds("open=false")),
        (1, 1, 3, 0)
    );
    assert_eq!(kinds(&format!("order_id={}&severity=major,minor", open.id)), 2);
    let wide = clerk.get("/order-exceptions?expand=order,customer,owner&limit=1").expect(200);
    assert!(wide.rows()[0]["order"]["number"].is_string() && wide.rows()[0]["owner"]["name"].is_string());
}

fn exceptions_are_counted_with_mean_and_median_and_add_up(app: &TestApp) {
    app.core.clock.set(at("2026-11-23T09:00"));
    let shop = Shop::open(app);
    let clerk = app.as_role(Role::Clerk);
    let order = shop.confirmed("5", "2");
    let about = |n: usize, kind: &str, severity: &str| {
        let over = json!({"kind": kind, "severity": severity, "order_line_id": order.line(n)});
        report(&clerk, &order, over).id()
    };
    let shortages: Vec<String> = (0..4).map(|_| about(0, "shortage", "critical")).collect();
    let delay = about(1, "delay", "minor");
    about(1, "delay", "minor");
    // One, two, three and five hours; the last too late.
    for (exception, time) in shortages.iter().zip(["10:00", "11:00", "12:00", "15:00"]) {
        app.core.clock.set(at(&format!("2026-11-23T{time}")));
        step(&clerk, exception, "resolve", resolution()).expect(200);
    }
    step(&clerk, &delay, "resolve", json!({"outcome": "no_fault", "resolution": "It came"})).expect(200);
    let by = |dimension: &str| {
        clerk.get(&format!("/reports/order-exceptions?group_by={dimension}")).expect(200).body
    };
    let kinds = by("kind");
    assert_eq!(
        kinds["rows"],
        json!([
            {"key": "shortage", "label": null, "exceptions": 4, "open": 0, "overdue": 0, "resolved": 4,
             "resolved_in_time": 3, "mean_resolution_seconds": 9900, "median_resolution_seconds": 9000},
            {"key": "delay", "label": null, "exceptions": 2, "open": 1, "overdue": 0, "resolved": 1,
             "resolved_in_time": 1, "mean_resolution_seconds": 18000, "median_resolution_seconds": 18000},
        ])
    );
    for dimension in ["kind", "severity", "outcome", "customer", "product"] {
        let report = by(dimension);
        let rows = report["rows"].as_array().expect("rows").iter();
        let parts: i64 = rows.filter_map(|r| r["exceptions"].as_i64()).sum();
        assert_eq!((parts, &report["exceptions"]), (6, &json!(6)), "{dimension}");
    }
    assert_eq!(
        (&by("product")["rows"][0]["key"], &by("product")["rows"][0]["label"]),
        (&json!("TEA"), &json!("TEA"))
    );
    let none = clerk.get("/reports/order-exceptions?group_by=kind&reported_from=2026-11-24T00:00:00Z");
    assert_eq!(none.expect(200).body["rows"], json!([]));
}

fn the_worklist_has_what_blocks_first_with_what_is_at_stake(app: &TestApp) {
    app.core.clock.set(at("2026-11-25T10:00"));
    let shop = Shop::open(app);
    let clerk = app.as_role(Role::Clerk);
    let (one, two) = (shop.confirmed("10", "1"), shop.confirmed("10", "0"));
    // The pot was shipped: what is at stake is the tea, with tax.
    one.ship(1, "1").expect(201);
    report(&clerk, &one, json!({}));
    let rep = app.as_role(Role::Rep);
    let blocking = report(&rep, &two, json!({"blocking": true, "severity": "minor"})).id();
    let list = rep.get("/worklist").expect(200);
    let told: Vec<(&str, &str)> = list
        .rows()
        .iter()
        .map(|i| (i["reason"].as_str().expect("a reason"), i["amount"].as_str().expect("an amount")))
        .collect();
    assert_eq!(told, [("exception_blocking", "141.25"), ("exception_open", "141.25")]);
    assert_eq!(list.rows()[0]["record_id"], blocking);
    for step in ["start", "resolve"] {
        let first = rep.get("/worklist").expect(200).rows()[0].clone();
        let path = first["call"]["path"].as_str().expect("a path").to_owned();
        assert!(path.ends_with(step), "{path}");
        let body = if step == "resolve" { resolution() } else { json!({}) };
        rep.send("POST", path.trim_start_matches("/api/v1"), Some(body)).expect(200);
    }
    assert_eq!(rep.get("/worklist").expect(200).rows().len(), 1);
}

fn who_may_not_unblock_does_not_resolve_what_blocks(app: &TestApp) {
    let shop = Shop::open(app);
    let order = shop.confirmed("60", "0");
    let id = report(&app.as_role(Role::Warehouse), &order, json!({"kind": "payment", "blocking": true})).id();
    let rep = app.as_role(Role::Rep);
    let read = rep.get(&format!("/order-exceptions/{id}")).expect(200);
    assert_eq!(read.body["owner_id"], json!(app.person("rep").user.to_string()));
    assert!(!read.body["allowed_actions"].to_string().contains("resolve"), "{read}");
    let no_fault = json!({"outcome": "no_fault", "resolution": "It is fine"});
    step(&rep, &id, "resolve", no_fault.clone()).refused(403, "forbidden");
    step(&rep, &id, "cancel", json!({"reason": "It is fine"})).refused(403, "forbidden");
    step(&app.as_role(Role::Manager), &id, "resolve", no_fault).expect(200);
}
