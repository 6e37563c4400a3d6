//! Complaints: from the call to the customer's last word, and what happens when nobody acts.

use salesdesk::base::auth::Role;
use salesdesk::base::types::At;
use serde_json::{Value, json};

use testkit::shop::Shop;
use testkit::support::{Client, Reply, TestApp};

both_engines!(
    a_complaint_over_the_national_day_escalates_is_mediated_and_made_good,
    whoever_looks_after_it_is_told_at_once,
    what_is_done_in_time_is_not_escalated,
    each_deadline_climbs_the_ladder_from_its_first_rung,
    waiting_for_the_customer_stops_the_clock,
    a_step_is_taken_once_whoever_turns_the_wheel,
    a_changed_calendar_moves_what_is_due,
    a_remedy_above_the_limit_needs_another_pair_of_eyes,
    nothing_is_granted_when_the_complaint_cannot_be_resolved,
    a_closed_complaint_can_be_opened_again_for_thirty_days,
    a_line_of_an_order_says_which_product_it_is_about,
    a_rep_sees_the_complaints_of_their_customers_only,
    complaints_are_counted_by_cause_and_add_up,
    another_severity_gives_it_another_time,
    another_severity_tells_nobody_twice,
    another_severity_lets_the_clock_stand_still,
    another_severity_keeps_the_clock_of_a_complaint_that_was_opened_again,
    a_severity_without_a_policy_gives_no_time_and_one_with_a_policy_does,
);

/// A local time in Shanghai.
fn at(text: &str) -> At {
    At::parse(&format!("{text}:00+08:00")).expect("an instant")
}

fn complain(client: &Client, customer: &str, over: Value) -> Reply {
    let mut body = json!({"customer_id": customer, "category": "quality", "severity": "high", "channel": "phone",
        "subject": "Three boxes of tea are damp"});
    let over = over.as_object().expect("fields").clone();
    body.as_object_mut().expect("fields").extend(over);
    client.post("/complaints", body).expect(201)
}

fn step(client: &Client, complaint: &str, step: &str, body: Value) -> Reply {
    client.post(&format!("/complaints/{complaint}/{step}"), body).expect(200)
}

/// The codes of what somebody was told, the oldest first.
fn inbox(app: &TestApp, username: &str) -> Vec<String> {
    let inbox = app.as_user(username).get("/me/notifications?sort=created_at").expect(200);
    inbox.rows().iter().map(|n| n["code"].as_str().expect("a code").to_owned()).collect()
}

fn due(client: &Client, complaint: &str, name: &str) -> Value {
    let all = client.get(&format!("/deadlines/{complaint}")).expect(200);
    let found = all.body["data"].as_array().expect("deadlines").iter().find(|d| d["name"] == name);
    found.unwrap_or_else(|| panic!("no {name}: {all}")).clone()
}

/// The story that this part of the product is for.
fn a_complaint_over_the_national_day_escalates_is_mediated_and_made_good(app: &TestApp) {
    // The shop is open; it is Wednesday afternoon before the National Day holidays of 2026.
    app.core.clock.set(at("2026-09-30T15:00"));
    let shop = Shop::open(app);
    let order = shop.confirmed("10", "0");
    app.core.clock.set(at("2026-09-30T16:00"));
    let clerk = app.as_role(Role::Clerk);
    let complaint = complain(&clerk, &shop.customer, json!({"order_id": order.id}));
    let id = complaint.id();
    assert_eq!(complaint.body["assignee_id"], app.person("rep").user.to_string(), "the owner looks after it");
    assert_eq!(inbox(app, "rep"), ["complaint_received"]);

    // Four hours: two of that Wednesday, two of Thursday the 8th.
    let response = due(&clerk, &id, "response");
    assert_eq!(response["due_at"], at("2026-10-08T11:00").to_string());
    app.run_background();
    assert_eq!(inbox(app, "rep").len(), 1, "nothing happens before its time");

    // Nobody acts. An hour of work before the deadline the rep is reminded, at the deadline the manager is told.
    app.core.clock.set(at("2026-10-08T10:00"));
    app.run_background();
    assert_eq!(inbox(app, "rep"), ["complaint_received", "complaint_response_due"]);
    app.core.clock.set(at("2026-10-08T11:00"));
    app.run_background();
    assert_eq!(inbox(app, "manager"), ["complaint_escalated"]);
    assert!(inbox(app, "executive").is_empty());
    // A working day later the executives are. The 10th is a Saturday that is worked, the 9th a Friday.
    let restarted = app.with_settings(|_| {});
    restarted.core.clock.set(at("2026-10-09T11:00"));
    restarted.run_background();
    app.core.clock.set(at("2026-10-09T11:00"));
    app.run_background();
    assert_eq!(inbox(app, "executive"), ["complaint_escalated"]);
    assert_eq!(inbox(app, "manager").len(), 1, "each rung is climbed once");
    let late = clerk.get(&format!("/complaints/{id}")).expect(200);
    assert_eq!((&late.body["escalation_level"], &late.body["response_missed"]), (&json!(2), &json!(true)));

    // The manager takes it in hand.
    let manager = app.as_role(Role::Manager);
    step(&manager, &id, "acknowledge", json!(null));
    step(&manager, &id, "investigate", json!(null));
    let note = json!({"kind": "mediation", "text": "They would take new boxes and a discount"});
    step(&manager, &id, "notes", note);
    step(&manager, &id, "propose", json!({"proposal": "Three new boxes, and 5 % off"}));
    let credit = json!({"kind": "credit", "amount": "120.00", "description": "5 % off"});
    clerk.post(&format!("/complaints/{id}/remedies"), credit).expect(201);
    let goods = json!({"kind": "replacement", "amount": "24.00", "description": "Three boxes",
        "lines": [{"product_id": shop.tea, "quantity": "3"}]});
    clerk.post(&format!("/complaints/{id}/remedies"), goods).expect(201);

    app.core.clock.set(at("2026-10-10T10:00"));
    let resolution = json!({"root_cause": "transport", "resolution": "Replaced and credited"});
    let resolved = step(&clerk, &id, "resolve", resolution);
    assert_eq!(resolved.body["status"], "resolved");
    let remedies = clerk.get(&format!("/complaints/{id}/remedies")).expect(200);
    assert!(remedies.rows().iter().all(|r| r["status"] == "granted"), "{remedies}");
    let replacement = remedies.rows()[1]["order_id"].as_str().expect("an order").to_owned();
    let replacement = clerk.get(&format!("/orders/{replacement}")).expect(200);
    assert_eq!(
        (&replacement.body["gross"], &replacement.body["customer_po"]),
        (&json!("0.00"), &complaint.body["number"])
    );
    let closed = step(&clerk, &id, "close", json!({"satisfaction": 4, "satisfaction_note": "In the end"}));
    assert_eq!(
        (&closed.body["satisfaction"], &closed.body["allowed_actions"]),
        (&json!(4), &json!(["reopen", "add_note"]))
    );

    // The history and the events tell it all.
    let history = clerk.get(&format!("/complaints/{id}/history?limit=50")).expect(200);
    let told: Vec<&str> = history.rows().iter().map(|e| e["event"].as_str().expect("an event")).collect();
    for event in ["received", "escalated", "acknowledged", "investigated", "proposed", "resolved", "closed"] {
        assert!(told.contains(&format!("complaint.{event}").as_str()), "{event}: {told:?}");
    }
    assert_eq!(told.iter().filter(|e| **e == "complaint.escalated").count(), 2);
    app.run_background();
    let heard =
        app.as_role(Role::Rep).get("/events?types=complaint.*,complaint_remedy.*&limit=100").expect(200);
    assert!(heard.rows().iter().any(|e| e["type"] == "complaint_remedy.granted"), "{heard}");
    assert_eq!(app.check(), Vec::<String>::new());
}

fn whoever_looks_after_it_is_told_at_once(app: &TestApp) {
    let shop = Shop::open(app);
    let clerk = app.as_role(Role::Clerk);
    let id = complain(&clerk, &shop.customer, json!({})).id();
    assert_eq!(inbox(app, "rep"), ["complaint_received"]);
    let to =
        json!({"assignee_id": app.person("manager").user.to_string(), "reason": "They know the carrier"});
    step(&clerk, &id, "assign", to);
    assert_eq!(inbox(app, "manager"), ["complaint_assigned"]);
    let zh = app.as_user("manager").with("accept-language", "zh-CN").get("/me/notifications").expect(200);
    assert!(zh.rows()[0]["text"].as_str().expect("a text").starts_with("投诉 CP-"), "{zh}");
    // Whoever does something themselves knows already.
    let own = complain(&app.as_role(Role::Rep), &shop.customer, json!({}));
    assert_eq!(own.body["assignee_id"], app.person("rep").user.to_string());
    assert_eq!(inbox(app, "rep").len(), 1);
    let nobody = json!({"assignee_id": "usr_00000000000000000000000000000000"});
    let refused = clerk.post(&format!("/complaints/{id}/assign"), nobody).refused(422, "validation_failed");
    assert_eq!(refused.places(), ["/assignee_id"]);
}

fn what_is_done_in_time_is_not_escalated(app: &TestApp) {
    app.core.clock.set(at("2026-11-23T09:00"));
    let shop = Shop::open(app);
    let clerk = app.as_role(Role::Clerk);
    let id = complain(&clerk, &shop.customer, json!({})).id();
    app.core.clock.set(at("2026-11-23T10:30"));
    let acknowledged = step(&clerk, &id, "acknowledge", json!(null));
    assert_eq!(
        (&acknowledged.body["response_seconds"], &acknowledged.body["response_missed"]),
        (&json!(5400), &json!(false))
    );
    app.core.clock.set(at("2026-11-24T18:00"));
    app.run_background();
    assert_eq!(inbox(app, "manager"), Vec::<String>::new());
    let response = due(&clerk, &id, "response");
    assert_eq!(
        (&response["status"], &response["elapsed_seconds"], &response["missed"]),
        (&json!("met"), &json!(5400), &json!(false))
    );
}

fn each_deadline_climbs_the_ladder_from_its_first_rung(app: &TestApp) {
    app.core.clock.set(at("2026-11-23T09:00"));
    let shop = Shop::open(app);
    let clerk = app.as_role(Role::Clerk);
    let id = complain(&clerk, &shop.customer, json!({})).id();
    let told = || (inbox_count(app, "manager"), inbox_count(app, "executive"));
    for (time, expected) in [
        ("2026-11-23T14:00", (1, 0)), // to be answered
        ("2026-11-24T14:00", (1, 1)),
        ("2026-11-27T18:00", (2, 1)), // to be resolved: the manager again, though it is with the executives
        ("2026-11-30T18:00", (2, 2)),
    ] {
        app.core.clock.set(at(time));
        app.run_background();
        assert_eq!(told(), expected, "{time}");
    }
    assert_eq!(clerk.get(&format!("/complaints/{id}")).expect(200).body["escalation_level"], 2);
}

fn waiting_for_the_customer_stops_the_clock(app: &TestApp) {
    app.core.clock.set(at("2026-11-23T09:00"));
    let shop = Shop::open(app);
    let clerk = app.as_role(Role::Clerk);
    let id = complain(&clerk, &shop.customer, json!({})).id();
    step(&clerk, &id, "acknowledge", json!(null));
    // Five days of eight hours.
    assert_eq!(due(&clerk, &id, "resolution")["due_at"], at("2026-11-27T18:00").to_string());
    app.core.clock.set(at("2026-11-23T17:00"));
    step(&clerk, &id, "wait", json!({"reason": "They are to send photographs"}));
    let paused = due(&clerk, &id, "resolution");
    assert_eq!((&paused["status"], &paused["due_at"]), (&json!("paused"), &Value::Null));
    app.core.clock.set(at("2026-12-07T10:00"));
    app.run_background();
    assert_eq!(inbox(app, "manager"), Vec::<String>::new(), "nothing escalates while it waits");
    let going_on = step(&clerk, &id, "resume", json!(null));
    assert_eq!(going_on.body["waiting_reason"], Value::Null);
    // Ten working days of eight hours, and nothing of the nights and weekends.
    let resumed = due(&clerk, &id, "resolution");
    assert_eq!(resumed["due_at"], at("2026-12-11T11:00").to_string());
    let kinds = |kind: &str| {
        resumed["segments"].as_array().expect("segments").iter().filter(|s| s["counts"] == kind).count()
    };
    assert!(kinds("paused") > 1 && kinds("counted") > 1 && kinds("not_working") > 1, "{resumed}");
}

fn a_step_is_taken_once_whoever_turns_the_wheel(app: &TestApp) {
    app.core.clock.set(at("2026-11-23T09:00"));
    let shop = Shop::open(app);
    for _ in 0..20 {
        complain(&app.as_role(Role::Clerk), &shop.customer, json!({}));
    }
    // Two programs on one database, after a long standstill: every rung is due.
    let other = app.with_settings(|_| {});
    for program in [app, &other] {
        program.core.clock.set(at("2026-12-18T09:00"));
    }
    let programs = [app.shared(), other.shared()];
    let threads = programs.map(|program| {
        std::thread::spawn(move || while salesdesk::base::deadlines::task::turn(&program).expect("a turn") {})
    });
    threads.into_iter().for_each(|t| t.join().expect("done"));
    app.run_background();
    let told = |name: &str| inbox_count(app, name);
    // Both deadlines of each complaint climb both rungs.
    assert_eq!(told("manager"), 40);
    assert_eq!(told("executive"), 40);
}

fn inbox_count(app: &TestApp, username: &str) -> i64 {
    let path = "/me/notifications?code=complaint_escalated&include=total_count&limit=1";
    app.as_user(username).get(path).expect(200).body["total_count"].as_i64().expect("a count")
}

fn a_changed_calendar_moves_what_is_due(app: &TestApp) {
    app.core.clock.set(at("2026-11-23T16:00"));
    let shop = Shop::open(app);
    let clerk = app.as_role(Role::Clerk);
    let id = complain(&clerk, &shop.customer, json!({})).id();
    assert_eq!(due(&clerk, &id, "response")["due_at"], at("2026-11-24T11:00").to_string());
    let closed = json!({"days": {"2026-11-24": {"name": "停电", "hours": []}}});
    app.as_role(Role::Admin).patch("/working-calendar", "*", closed).expect(200);
    app.run_background();
    assert_eq!(due(&clerk, &id, "response")["due_at"], at("2026-11-25T11:00").to_string());
    app.core.clock.set(at("2026-11-24T12:00"));
    app.run_background();
    assert_eq!(inbox(app, "manager"), Vec::<String>::new());
}

fn a_remedy_above_the_limit_needs_another_pair_of_eyes(app: &TestApp) {
    let shop = Shop::open(app);
    let clerk = app.as_role(Role::Clerk);
    let manager = app.as_role(Role::Manager);
    let id = complain(&clerk, &shop.customer, json!({})).id();
    step(&clerk, &id, "acknowledge", json!(null));
    let remedies = format!("/complaints/{id}/remedies");
    let credit = |amount: &str| json!({"kind": "credit", "amount": amount, "description": "Off the order"});
    assert_eq!(clerk.post(&remedies, credit("500.00")).expect(201).body["status"], "approved");
    let above = clerk.post(&remedies, credit("500.01")).expect(201);
    assert_eq!(above.body["status"], "proposed");
    assert_eq!(inbox(app, "manager"), ["remedy_to_approve"]);
    let resolution = json!({"root_cause": "packaging", "resolution": "Credited"});
    clerk.post(&format!("/complaints/{id}/resolve"), resolution.clone()).refused(409, "remedy_undecided");
    let approve = format!("{remedies}/{}/approve", above.id());
    clerk.post(&approve, json!({})).refused(403, "forbidden");
    let own = manager.post(&remedies, credit("900.00")).expect(201);
    manager.post(&format!("{remedies}/{}/approve", own.id()), json!({})).refused(409, "own_remedy");
    manager.post(&approve, json!({"reason": "A good customer"})).expect(200);
    manager.post(&approve, json!({})).refused(409, "invalid_transition");
    app.as_role(Role::Executive).post(&format!("{remedies}/{}/reject", own.id()), json!({})).expect(200);
    step(&clerk, &id, "resolve", resolution);
    let granted = clerk.get(&format!("{remedies}?status=granted")).expect(200);
    assert_eq!(granted.rows().len(), 2);
}

fn nothing_is_granted_when_the_complaint_cannot_be_resolved(app: &TestApp) {
    let shop = Shop::open(app);
    let clerk = app.as_role(Role::Clerk);
    let id = complain(&clerk, &shop.customer, json!({})).id();
    step(&clerk, &id, "acknowledge", json!(null));
    let remedies = format!("/complaints/{id}/remedies");
    let goods = json!({"kind": "replacement", "amount": "24.00", "description": "New ones",
        "lines": [{"product_id": shop.tea, "quantity": "3"}]});
    clerk.post(&remedies, goods).expect(201);
    // Whoever may not enter orders cannot grant goods.
    let resolution = json!({"root_cause": "packaging", "resolution": "Replaced"});
    app.as_role(Role::Manager)
        .post(&format!("/complaints/{id}/resolve"), resolution.clone())
        .refused(403, "forbidden");
    assert_eq!(clerk.get(&remedies).expect(200).rows()[0]["status"], "approved");
    assert_eq!(clerk.get("/orders").expect(200).rows().len(), 0);
    let none = json!({"kind": "replacement", "amount": "24.00", "description": "None"});
    assert_eq!(clerk.post(&remedies, none).refused(422, "validation_failed").places(), ["/lines"]);
    let stale = clerk.clone().with("if-match", "\"1\"");
    stale.post(&format!("/complaints/{id}/resolve"), resolution.clone()).refused(412, "version_mismatch");
    step(&clerk, &id, "resolve", resolution);
    assert_eq!(clerk.get("/orders").expect(200).rows().len(), 1);
}

fn a_closed_complaint_can_be_opened_again_for_thirty_days(app: &TestApp) {
    let shop = Shop::open(app);
    let clerk = app.as_role(Role::Clerk);
    let id = complain(&clerk, &shop.customer, json!({})).id();
    let reopen = || clerk.post(&format!("/complaints/{id}/reopen"), json!({"reason": "Damp again"}));
    let resolution = json!({"root_cause": "packaging", "resolution": "Dried"});
    reopen().refused(409, "invalid_transition");
    step(&clerk, &id, "acknowledge", json!(null));
    step(&clerk, &id, "resolve", resolution.clone());
    step(&clerk, &id, "close", json!({}));
    let open = reopen().expect(200);
    assert_eq!((&open.body["status"], &open.body["reopened"]), (&json!("investigating"), &json!(1)));
    assert_eq!(due(&clerk, &id, "resolution")["status"], "running");
    step(&clerk, &id, "resolve", resolution);
    app.core.clock.advance_seconds(30 * 24 * 3600 + 1);
    // Sessions have ended by then, too: somebody new asks.
    let late = app.all_powerful().post(&format!("/complaints/{id}/reopen"), json!({"reason": "Damp again"}));
    late.refused(409, "too_late_to_reopen");
}

fn a_line_of_an_order_says_which_product_it_is_about(app: &TestApp) {
    let shop = Shop::open(app);
    let clerk = app.as_role(Role::Clerk);
    let order = shop.draft("1", "1");
    let order = clerk.get(&format!("/orders/{}", order.id)).expect(200);
    let pot = &order.body["lines"][1];
    let about = complain(&clerk, &shop.customer, json!({"order_id": order.id(), "order_line_id": pot["id"]}));
    assert_eq!(about.body["product_id"], pot["product_id"]);
    let other = shop.customer_of("rep2", "Another");
    let body = json!({"customer_id": other, "category": "quality", "severity": "low", "channel": "email",
        "subject": "Not theirs", "order_id": order.id(), "order_line_id": pot["id"]});
    let refused = clerk.post("/complaints", body).refused(422, "validation_failed");
    assert_eq!(refused.places(), ["/order_id", "/order_line_id"]);
}

fn a_rep_sees_the_complaints_of_their_customers_only(app: &TestApp) {
    let shop = Shop::open(app);
    let clerk = app.as_role(Role::Clerk);
    let other = shop.customer_of("rep2", "Another");
    complain(&clerk, &shop.customer, json!({}));
    let theirs = complain(&clerk, &other, json!({})).id();
    let rep = app.as_role(Role::Rep);
    assert_eq!(rep.get("/complaints").expect(200).rows().len(), 1);
    rep.get(&format!("/complaints/{theirs}")).refused(404, "not_found");
    rep.get(&format!("/complaints/{theirs}/notes")).refused(404, "not_found");
    rep.get(&format!("/deadlines/{theirs}")).refused(404, "not_found");
    // What is given to them they see, whosever the customer is.
    step(&clerk, &theirs, "assign", json!({"assignee_id": app.person("rep").user.to_string()}));
    rep.get(&format!("/complaints/{theirs}")).expect(200);
    rep.get(&format!("/deadlines/{theirs}")).expect(200);
    app.as_role(Role::Warehouse).get("/complaints").refused(403, "forbidden");
}

fn complaints_are_counted_by_cause_and_add_up(app: &TestApp) {
    app.core.clock.set(at("2026-11-23T09:00"));
    let shop = Shop::open(app);
    let clerk = app.as_role(Role::Clerk);
    for (cause, satisfaction) in [("transport", 2), ("transport", 5), ("packaging", 4)] {
        let id = complain(&clerk, &shop.customer, json!({"product_id": shop.tea})).id();
        step(&clerk, &id, "acknowledge", json!(null));
        step(&clerk, &id, "resolve", json!({"root_cause": cause, "resolution": "Done"}));
        step(&clerk, &id, "close", json!({"satisfaction": satisfaction}));
    }
    complain(&clerk, &shop.customer, json!({}));
    let by =
        |dimension: &str| clerk.get(&format!("/reports/complaints?group_by={dimension}")).expect(200).body;
    let causes = by("root_cause");
    let first = &causes["rows"][0];
    assert_eq!(
        (&first["key"], &first["complaints"], &first["mean_satisfaction"]),
        (&json!("transport"), &json!(2), &json!(350))
    );
    for dimension in ["root_cause", "category", "severity", "status", "product", "customer", "month"] {
        let report = by(dimension);
        let parts: i64 =
            report["rows"].as_array().expect("rows").iter().filter_map(|r| r["complaints"].as_i64()).sum();
        assert_eq!((parts, &report["complaints"]), (4, &json!(4)), "{dimension}");
    }
    assert_eq!(by("month")["rows"][0]["key"], "2026-11");
    let between = |from: &str, to: &str| {
        let range = format!("received_from={}&received_to={}", at(from), at(to));
        let path = format!("/reports/complaints?group_by=month&{range}");
        clerk.get(&path).expect(200).body["complaints"].clone()
    };
    assert_eq!(between("2026-11-23T09:00", "2026-11-23T09:00"), 4, "both ends belong to it");
    assert_eq!(between("2026-11-23T08:00", "2026-11-23T08:59"), 0);
    assert_eq!(by("product")["rows"][0]["key"], "TEA");
}

fn another_severity_gives_it_another_time(app: &TestApp) {
    app.core.clock.set(at("2026-11-23T09:00"));
    let shop = Shop::open(app);
    let clerk = app.as_role(Role::Clerk);
    let id = complain(&clerk, &shop.customer, json!({})).id();
    app.core.clock.set(at("2026-11-23T10:00"));
    clerk.patch(&format!("/complaints/{id}"), "*", json!({"severity": "critical"})).expect(200);
    // Two hours, counted from when it came in.
    assert_eq!(due(&clerk, &id, "response")["due_at"], at("2026-11-23T11:00").to_string());
    // A tier of its own goes before the policy for all.
    let policy = json!({"severity": "critical", "customer_tier": "c", "response_minutes": 30, "resolution_minutes": 60, "escalate_minutes": [0]});
    app.as_role(Role::Admin).post("/sla-policies", policy.clone()).expect(201);
    app.as_role(Role::Admin).post("/sla-policies", policy).refused(409, "duplicate");
    let id = complain(&clerk, &shop.customer, json!({"severity": "critical"})).id();
    assert_eq!(due(&clerk, &id, "response")["due_at"], at("2026-11-23T10:30").to_string());
}

fn another_severity_tells_nobody_twice(app: &TestApp) {
    app.core.clock.set(at("2026-11-23T09:00"));
    let shop = Shop::open(app);
    let clerk = app.as_role(Role::Clerk);
    let id = complain(&clerk, &shop.customer, json!({})).id();
    let told = || (inbox_count(app, "manager"), inbox_count(app, "executive"));
    let rated = |severity: &str| {
        clerk.patch(&format!("/complaints/{id}"), "*", json!({"severity": severity})).expect(200);
        app.run_background();
    };
    // Four hours to answer, missed at two o'clock.
    app.core.clock.set(at("2026-11-23T14:00"));
    app.run_background();
    assert_eq!(told(), (1, 0));
    // By another measure it should have been answered earlier still: the manager knows, and the next rung follows
    // at its own time.
    rated("critical");
    assert_eq!(due(&clerk, &id, "response")["due_at"], at("2026-11-23T11:00").to_string());
    assert_eq!(told(), (1, 0));
    app.core.clock.set(at("2026-11-24T11:00"));
    app.run_background();
    assert_eq!(told().1, 1, "what was not taken yet is taken");
    // By a milder measure there is time again: when that is missed, too, they hear of it again.
    let (managers, executives) = told();
    rated("low");
    let later = due(&clerk, &id, "response");
    assert!(later["due_at"].as_str() > Some(at("2026-11-24T11:00").to_string().as_str()), "{later}");
    assert_eq!(told(), (managers, executives));
    app.core.clock.set(At::parse(later["due_at"].as_str().expect("an instant")).expect("an instant"));
    app.run_background();
    assert!(told().0 > managers, "{:?}", told());
}

fn another_severity_lets_the_clock_stand_still(app: &TestApp) {
    app.core.clock.set(at("2026-11-23T09:00"));
    let shop = Shop::open(app);
    let clerk = app.as_role(Role::Clerk);
    let id = complain(&clerk, &shop.customer, json!({})).id();
    step(&clerk, &id, "acknowledge", json!(null));
    app.core.clock.set(at("2026-11-23T17:00"));
    step(&clerk, &id, "wait", json!({"reason": "They are to send photographs"}));
    app.core.clock.set(at("2026-11-25T17:00"));
    clerk.patch(&format!("/complaints/{id}"), "*", json!({"severity": "critical"})).expect(200);
    assert_eq!(due(&clerk, &id, "resolution")["status"], "paused", "it still waits for the customer");
    app.core.clock.set(at("2026-11-26T17:00"));
    app.run_background();
    assert_eq!(inbox(app, "manager"), Vec::<String>::new());
    step(&clerk, &id, "resume", json!(null));
    let resumed = due(&clerk, &id, "resolution");
    // What it waited is not counted: seven hours are gone, as on the evening when it began to wait.
    assert_eq!((&resumed["status"], &resumed["elapsed_seconds"]), (&json!("running"), &json!(7 * 3600)));
    clerk.patch(&format!("/complaints/{id}"), "*", json!({"severity": "high"})).expect(200);
    assert_eq!(due(&clerk, &id, "resolution")["elapsed_seconds"], 7 * 3600);
}

fn another_severity_keeps_the_clock_of_a_complaint_that_was_opened_again(app: &TestApp) {
    app.core.clock.set(at("2026-11-23T09:00"));
    let shop = Shop::open(app);
    let clerk = app.as_role(Role::Clerk);
    let id = complain(&clerk, &shop.customer, json!({})).id();
    step(&clerk, &id, "acknowledge", json!(null));
    let made_good = json!({"root_cause": "packaging", "resolution": "Three new boxes"});
    step(&clerk, &id, "resolve", made_good);
    app.core.clock.set(at("2026-11-24T09:00"));
    step(&clerk, &id, "reopen", json!({"reason": "They are damp, too"}));
    app.core.clock.set(at("2026-11-24T11:00"));
    clerk.patch(&format!("/complaints/{id}"), "*", json!({"severity": "critical"})).expect(200);
    let resolution = due(&clerk, &id, "resolution");
    assert_eq!(resolution["started_at"], at("2026-11-24T09:00").to_string());
}

fn a_severity_without_a_policy_gives_no_time_and_one_with_a_policy_does(app: &TestApp) {
    app.core.clock.set(at("2026-11-23T09:00"));
    let shop = Shop::open(app);
    let (clerk, admin) = (app.as_role(Role::Clerk), app.as_role(Role::Admin));
    for policy in admin.get("/sla-policies?severity=low").expect(200).rows() {
        let path = format!("/sla-policies/{}", policy["id"].as_str().expect("an id"));
        admin.delete(&path, "*").expect(204);
    }
    let names = |id: &str| {
        let all = clerk.get(&format!("/deadlines/{id}")).expect(200);
        let names = all.body["data"].as_array().expect("deadlines").iter();
        names.map(|d| d["name"].as_str().expect("a name").to_owned()).collect::<Vec<_>>()
    };
    let fresh = complain(&clerk, &shop.customer, json!({"severity": "low"})).id();
    let answered = complain(&clerk, &shop.customer, json!({"severity": "low"})).id();
    let waiting = complain(&clerk, &shop.customer, json!({"severity": "low"})).id();
    clerk.get(&format!("/deadlines/{fresh}")).refused(404, "not_found");
    app.core.clock.set(at("2026-11-23T10:00"));
    step(&clerk, &answered, "acknowledge", json!(null));
    step(&clerk, &waiting, "acknowledge", json!(null));
    step(&clerk, &waiting, "wait", json!({"reason": "They are to send photographs"}));
    for id in [&fresh, &answered, &waiting] {
        clerk.patch(&format!("/complaints/{id}"), "*", json!({"severity": "high"})).expect(200);
    }
    // Four hours, counted from when it came in; what was answered need not be answered again.
    assert_eq!(due(&clerk, &fresh, "response")["due_at"], at("2026-11-23T14:00").to_string());
    assert_eq!(due(&clerk, &fresh, "resolution")["status"], "running");
    assert_eq!(names(&answered), ["resolution"]);
    assert_eq!(due(&clerk, &waiting, "resolution")["status"], "paused", "it still waits for the customer");
}
