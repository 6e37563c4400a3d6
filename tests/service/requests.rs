//! Requests to departments and suppliers: who answers until when, which date holds, and who hears when nobody acts.

use salesdesk::base::auth::Role;
use salesdesk::base::types::At;
use serde_json::{Value, json};

use testkit::shop::Shop;
use testkit::support::{Client, Reply, TestApp};

both_engines!(
    a_request_that_nobody_answers_climbs_the_ladder_once_per_rung_over_a_holiday,
    a_later_date_needs_the_requesters_agreement_and_the_deadline_moves_with_it,
    what_is_not_done_on_the_date_that_holds_is_late,
    a_mistyped_year_does_not_reach_the_executives_at_once,
    a_declined_request_tells_the_requester_and_is_let_rest,
    both_sides_hear_of_replies_and_of_a_withdrawal,
    nobody_answers_their_own_request_while_a_colleague_is_to,
    what_a_supplier_says_is_entered_by_the_buyer_or_the_requester,
    a_request_goes_to_one_side_that_can_be_asked,
    an_expedited_order_tells_of_it_and_its_rep_hears_of_a_later_date,
    an_order_that_is_over_is_not_expedited,
    requests_are_seen_by_those_whom_they_concern,
    a_request_names_only_what_the_caller_sees,
    what_is_asked_changes_until_it_is_answered,
    the_worklist_says_what_to_answer_to_agree_to_and_to_finish,
    the_report_adds_up,
);

/// A local time in Shanghai.
fn at(text: &str) -> At {
    At::parse(&format!("{text}:00+08:00")).expect("an instant")
}

fn id_of(app: &TestApp, username: &str) -> String {
    app.person(username).user.to_string()
}

/// A department that `lead` leads.
fn department(app: &TestApp, code: &str, lead: &str) -> String {
    let body = json!({"code": code, "name": "仓储部", "kind": "warehouse", "lead_id": id_of(app, lead),
        "response_hours": 4});
    app.as_role(Role::Clerk).post("/departments", body).expect(201).id()
}

fn ask(client: &Client, department: &str, over: Value) -> Reply {
    let mut body = json!({"department_id": department, "kind": "delivery", "subject": "Two hundred tea sets",
        "wanted_by": "2026-11-27"});
    body.as_object_mut().expect("fields").extend(over.as_object().expect("fields").clone());
    client.post("/requests", body).expect(201)
}

fn step(client: &Client, request: &str, step: &str, body: Value) -> Reply {
    client.post(&format!("/requests/{request}/{step}"), body).expect(200)
}

fn read(client: &Client, request: &str) -> Value {
    client.get(&format!("/requests/{request}")).expect(200).body
}

/// How often somebody was told this.
fn told(app: &TestApp, username: &str, code: &str) -> i64 {
    let path = format!("/me/notifications?code={code}&include=total_count&limit=1");
    app.as_user(username).get(&path).expect(200).body["total_count"].as_i64().expect("a count")
}

fn due(client: &Client, request: &str, name: &str) -> Value {
    let all = client.get(&format!("/deadlines/{request}")).expect(200);
    let found = all.body["data"].as_array().expect("deadlines").iter().find(|d| d["name"] == name);
    found.unwrap_or_else(|| panic!("no {name}: {all}")).clone()
}

fn a_request_that_nobody_answers_climbs_the_ladder_once_per_rung_over_a_holiday(app: &TestApp) {
    // Wednesday afternoon before the National Day holidays of 2026.
    app.core.clock.set(at("2026-09-30T16:00"));
    let store = department(app, "WH", "finance");
    let rep = app.as_role(Role::Rep);
    let over = json!({"assignee_id": id_of(app, "warehouse"), "wanted_by": "2026-10-20"});
    let id = ask(&rep, &store, over).id();
    assert_eq!(told(app, "warehouse", "request_received"), 1);
    // Four hours: two of that Wednesday, two of Thursday the 8th.
    assert_eq!(due(&rep, &id, "response")["due_at"], at("2026-10-08T11:00").to_string());
    let late = || {
        ["warehouse", "finance", "manager", "executive"].map(|name| told(app, name, "request_response_late"))
    };
    for (time, expected) in [
        ("2026-10-08T10:00", [0, 0, 0, 0]),
        ("2026-10-08T11:00", [1, 0, 0, 0]), // the assignee
        ("2026-10-08T15:00", [1, 0, 0, 0]),
        ("2026-10-08T16:00", [1, 1, 0, 0]), // the department's lead, after half a day
        ("2026-10-09T11:00", [1, 1, 1, 0]), // the manager, after a day
        ("2026-10-10T11:00", [1, 1, 1, 1]), // the executives; the 10th is a Saturday that is worked
        ("2026-10-15T11:00", [1, 1, 1, 1]),
    ] {
        app.core.clock.set(at(time));
        app.run_background();
        app.run_background();
        assert_eq!(late(), expected, "{time}");
        assert_eq!(told(app, "warehouse", "request_response_due"), 1);
    }
    let request = read(&rep, &id);
    assert_eq!((&request["escalation_level"], &request["response_missed"]), (&json!(4), &json!(true)));
    let overdue = |answer: &str| rep.get(&format!("/requests?overdue={answer}")).expect(200).rows().len();
    assert_eq!((overdue("true"), overdue("false")), (1, 0));
    // An answer at last: it was late, and is not overdue any more.
    let accepted = step(&app.as_role(Role::Warehouse), &id, "accept", json!({}));
    assert_eq!(
        (&accepted.body["status"], &accepted.body["response_missed"]),
        (&json!("accepted"), &json!(true))
    );
    assert_eq!((overdue("true"), overdue("false")), (0, 1));
    assert_eq!(due(&rep, &id, "response")["status"], "met");
    assert_eq!(app.check(), Vec::<String>::new());
}

fn a_later_date_needs_the_requesters_agreement_and_the_deadline_moves_with_it(app: &TestApp) {
    app.core.clock.set(at("2026-11-23T09:00"));
    let store = department(app, "WH", "warehouse");
    let (rep, warehouse) = (app.as_role(Role::Rep), app.as_role(Role::Warehouse));
    let id = ask(&rep, &store, json!({})).id();
    let until = |time: &str| assert_eq!(due(&rep, &id, "delivery")["due_at"], at(time).to_string());
    until("2026-11-28T00:00");

    app.core.clock.set(at("2026-11-23T10:30"));
    let offered =
        step(&warehouse, &id, "accept", json!({"promised_on": "2026-12-01", "reason": "The kiln is full"}));
    let held = |body: &Value, promise: &str, date: &str| {
        assert_eq!((&body["promise"], &body["due_on"]), (&json!(promise), &json!(date)), "{body}");
    };
    held(&offered.body, "proposed", "2026-11-27");
    assert_eq!(
        (&offered.body["response_seconds"], &offered.body["response_missed"]),
        (&json!(5400), &json!(false))
    );
    assert_eq!(told(app, "rep", "request_date_proposed"), 1);
    until("2026-11-28T00:00");
    // Whoever offers a date does not agree to it.
    warehouse.post(&format!("/requests/{id}/agree-date"), Value::Null).refused(403, "not_your_turn");

    held(&step(&rep, &id, "insist", json!({"reason": "The exhibition"})).body, "refused", "2026-11-27");
    assert_eq!(told(app, "warehouse", "request_date_refused"), 1);
    let sooner = json!({"promised_on": "2026-11-30", "reason": "With a night shift"});
    held(&step(&warehouse, &id, "propose-date", sooner).body, "proposed", "2026-11-27");
    held(&step(&rep, &id, "agree-date", Value::Null).body, "agreed", "2026-11-30");
    until("2026-12-01T00:00");
    assert_eq!(told(app, "warehouse", "request_date_agreed"), 1);
    rep.post(&format!("/requests/{id}/agree-date"), Value::Null).refused(409, "invalid_transition");
    // What is not later than agreed on needs nobody's consent.
    let earlier = json!({"promised_on": "2026-11-28", "reason": "It went well"});
    held(&step(&warehouse, &id, "propose-date", earlier).body, "agreed", "2026-11-28");
    until("2026-11-29T00:00");

    step(&warehouse, &id, "start", Value::Null);
    app.core.clock.set(at("2026-11-28T23:59"));
    app.run_background();
    let done = step(&warehouse, &id, "finish", json!({"reply": "All in the yard"}));
    assert_eq!(
        (&done.body["delivery_missed"], &done.body["outcome"]),
        (&json!(false), &json!("All in the yard"))
    );
    assert_eq!((told(app, "rep", "request_started"), told(app, "rep", "request_done")), (1, 1));
    let kept: Vec<&Value> =
        done.body["proposals"].as_array().expect("dates").iter().map(|p| &p["promise"]).collect();
    assert_eq!(kept, ["refused", "agreed", "agreed"]);
    assert_eq!(done.body["allowed_actions"], json!(["reply"]));
    let history = rep.get(&format!("/requests/{id}/history?limit=50")).expect(200);
    let events: Vec<&str> = history.rows().iter().map(|e| e["event"].as_str().expect("an event")).collect();
    for event in ["created", "accepted", "date_refused", "date_proposed", "date_agreed", "started", "done"] {
        assert!(events.contains(&format!("request.{event}").as_str()), "{event}: {events:?}");
    }
}

fn what_is_not_done_on_the_date_that_holds_is_late(app: &TestApp) {
    app.core.clock.set(at("2026-11-23T09:00"));
    let store = department(app, "WH", "warehouse");
    let (rep, warehouse) = (app.as_role(Role::Rep), app.as_role(Role::Warehouse));
    let id = ask(&rep, &store, json!({})).id();
    step(&warehouse, &id, "accept", json!({}));
    assert_eq!(told(app, "rep", "request_accepted"), 1);
    app.core.clock.set(at("2026-11-28T00:00"));
    app.run_background();
    assert_eq!(told(app, "warehouse", "request_delivery_due"), 1);
    // Lead and assignee are the same person, who hears of it once; then the manager does.
    app.core.clock.set(at("2026-11-30T18:00"));
    app.run_background();
    let late = |name| told(app, name, "request_delivery_late");
    assert_eq!((late("warehouse"), late("manager"), late("executive")), (1, 1, 0));
    let overdue = || rep.get("/requests?overdue=true").expect(200).rows().len();
    assert_eq!(overdue(), 1);
    // Another date that both agree on: it is not late any more, and there is a ladder again.
    let offer = json!({"promised_on": "2026-12-02", "reason": "The truck broke down"});
    step(&warehouse, &id, "propose-date", offer);
    let agreed = step(&rep, &id, "agree-date", Value::Null);
    assert_eq!(
        (&agreed.body["delivery_missed"], &agreed.body["escalation_level"]),
        (&json!(false), &json!(0))
    );
    assert_eq!(overdue(), 0);
    app.core.clock.set(at("2026-12-03T09:30"));
    let done = step(&warehouse, &id, "finish", json!({}));
    assert_eq!(done.body["delivery_missed"], true, "also when nobody had told of it yet");
    app.run_background();
    assert_eq!(late("warehouse"), 1, "what is done is not told of");
}

fn a_mistyped_year_does_not_reach_the_executives_at_once(app: &TestApp) {
    app.core.clock.set(at("2026-11-23T09:00"));
    let store = department(app, "WH", "warehouse");
    let rep = app.as_role(Role::Rep);
    let asked = ask(&rep, &store, json!({"wanted_by": "2025-11-27"}));
    app.run_background();
    let late = |name| told(app, name, "request_delivery_late");
    assert_eq!((late("warehouse"), late("manager"), late("executive")), (1, 0, 0));
    let path = format!("/requests/{}", asked.id());
    let mended = rep.patch(&path, "*", json!({"wanted_by": "2026-11-27"})).expect(200);
    assert_eq!(
        (&mended.body["delivery_missed"], &mended.body["escalation_level"]),
        (&json!(false), &json!(0))
    );
    assert_eq!(due(&rep, &asked.id(), "delivery")["due_at"], at("2026-11-28T00:00").to_string());
}

fn a_declined_request_tells_the_requester_and_is_let_rest(app: &TestApp) {
    app.core.clock.set(at("2026-11-23T09:00"));
    let store = department(app, "WH", "warehouse");
    let (rep, warehouse) = (app.as_role(Role::Rep), app.as_role(Role::Warehouse));
    let id = ask(&rep, &store, json!({})).id();
    let declined = step(&warehouse, &id, "decline", json!({"reason": "There are none left"}));
    assert_eq!(
        (&declined.body["status"], &declined.body["outcome"]),
        (&json!("declined"), &json!("There are none left"))
    );
    let inbox = rep.get("/me/notifications?code=request_declined").expect(200);
    let text = inbox.rows()[0]["text"].as_str().expect("a text");
    assert!(text.ends_with("There are none left"), "{text}");
    let zh = rep.clone().with("accept-language", "zh-CN").get("/me/notifications").expect(200);
    assert!(zh.rows()[0]["text"].as_str().expect("a text").starts_with("请求 RQ-2026-"), "{zh}");
    app.core.clock.set(at("2026-12-11T18:00"));
    app.run_background();
    let late =
        |code| told(app, "warehouse", code) + told(app, "manager", code) + told(app, "executive", code);
    assert_eq!((late("request_response_late"), late("request_delivery_late")), (0, 0));
    warehouse.post(&format!("/requests/{id}/accept"), json!({})).refused(409, "invalid_transition");
}

fn both_sides_hear_of_replies_and_of_a_withdrawal(app: &TestApp) {
    let store = department(app, "WH", "warehouse");
    let (rep, warehouse) = (app.as_role(Role::Rep), app.as_role(Role::Warehouse));
    let id = ask(&rep, &store, json!({})).id();
    step(&warehouse, &id, "replies", json!({"text": "Do the boxes have to be sealed?"}));
    step(&rep, &id, "replies", json!({"text": "Yes"}));
    assert_eq!((told(app, "rep", "request_replied"), told(app, "warehouse", "request_replied")), (1, 1));
    let replies = rep.get(&format!("/requests/{id}/replies")).expect(200);
    let said: Vec<(&Value, &Value)> = replies.rows().iter().map(|r| (&r["created_by"], &r["text"])).collect();
    assert_eq!(said[0], (&json!(id_of(app, "warehouse")), &json!("Do the boxes have to be sealed?")));
    assert_eq!(said[1].1, "Yes");
    warehouse
        .post(&format!("/requests/{id}/withdraw"), json!({"reason": "No"}))
        .refused(403, "not_your_turn");
    let withdrawn = step(&rep, &id, "withdraw", json!({"reason": "They have cancelled"}));
    assert_eq!(withdrawn.body["status"], "withdrawn");
    assert_eq!(told(app, "warehouse", "request_withdrawn"), 1);
    assert_eq!(due(&rep, &id, "response")["status"], "cancelled");
}

fn nobody_answers_their_own_request_while_a_colleague_is_to(app: &TestApp) {
    let store = department(app, "WH", "warehouse");
    let rep = app.as_role(Role::Rep);
    let asked = ask(&rep, &store, json!({}));
    let id = asked.id();
    assert_eq!(asked.body["allowed_actions"], json!(["edit", "assign", "withdraw", "reply"]));
    rep.post(&format!("/requests/{id}/accept"), json!({})).refused(403, "not_your_turn");
    let explained = rep.get(&format!("/requests/{id}/actions")).expect(200);
    let accept = explained.rows().iter().find(|a| a["action"] == "accept").expect("a step");
    assert_eq!(
        (&accept["allowed"], &accept["obstacles"][0]["code"]),
        (&json!(false), &json!("turn_of_asked"))
    );
    // The clerk works on everybody's requests, but on their own only one side of it.
    let own = ask(&app.as_role(Role::Clerk), &store, json!({})).id();
    let accept = format!("/requests/{own}/accept");
    app.as_role(Role::Clerk).post(&accept, json!({})).refused(403, "not_your_turn");
    step(&app.as_role(Role::Clerk), &id, "accept", json!({}));
    // Somebody else takes it over.
    let to = json!({"assignee_id": id_of(app, "finance"), "reason": "On leave"});
    step(&app.as_role(Role::Warehouse), &own, "assign", to);
    assert_eq!(told(app, "finance", "request_received"), 1);
    app.as_role(Role::Finance).post(&accept, json!({})).expect(200);
    app.as_role(Role::Executive).post(&accept, json!({})).refused(403, "forbidden");
}

fn what_a_supplier_says_is_entered_by_the_buyer_or_the_requester(app: &TestApp) {
    let body =
        json!({"name": "景德镇青华瓷业有限公司", "owner_id": id_of(app, "clerk"), "response_hours": 16});
    let supplier = app.as_role(Role::Clerk).post("/suppliers", body).expect(201).id();
    let rep = app.as_role(Role::Rep);
    let body = json!({"supplier_id": supplier, "kind": "information", "subject": "When?", "wanted_by": "2026-11-27"});
    let asked = rep.post("/requests", body.clone()).expect(201);
    assert_eq!(asked.body["assignee_id"], id_of(app, "clerk"));
    step(&rep, &asked.id(), "accept", json!({}));
    step(&app.as_role(Role::Clerk), &asked.id(), "finish", json!({"reply": "On Tuesday"}));
    let wide = rep.get(&format!("/requests/{}?expand=supplier,assignee", asked.id())).expect(200);
    assert_eq!(wide.body["supplier"]["name"], "景德镇青华瓷业有限公司");
}

fn a_request_goes_to_one_side_that_can_be_asked(app: &TestApp) {
    let clerk = app.as_role(Role::Clerk);
    let store = department(app, "WH", "warehouse");
    let supplier = clerk.post("/suppliers", json!({"name": "Qinghua"})).expect(201).id();
    let ask = |to: Value| {
        let mut body = json!({"kind": "other", "subject": "Please", "wanted_by": "2026-11-27"});
        body.as_object_mut().expect("fields").extend(to.as_object().expect("fields").clone());
        clerk.post("/requests", body)
    };
    for both in [json!({}), json!({"department_id": store, "supplier_id": supplier})] {
        let refused = ask(both).refused(422, "validation_failed");
        assert_eq!(refused.body["errors"][0]["code"], "exactly_one");
    }
    clerk.post(&format!("/suppliers/{supplier}/block"), json!({"reason": "Late"})).expect(200);
    let refused = ask(json!({"supplier_id": supplier})).refused(422, "validation_failed");
    assert_eq!(refused.places(), ["/supplier_id"]);
    clerk.patch(&format!("/departments/{store}"), "*", json!({"active": false})).expect(200);
    let refused = ask(json!({"department_id": store})).refused(422, "validation_failed");
    assert_eq!(refused.places(), ["/department_id"]);
    let nobody = "dep_00000000000000000000000000000000";
    assert_eq!(
        ask(json!({"department_id": nobody})).refused(422, "validation_failed").places(),
        ["/department_id"]
    );
}

fn an_expedited_order_tells_of_it_and_its_rep_hears_of_a_later_date(app: &TestApp) {
    let shop = Shop::open(app);
    let mut body = shop.body("10", "1");
    body["promised_date"] = json!("2026-11-30");
    body["lines"][1]["promised_date"] = json!("2026-11-27");
    let order = shop.enter(body);
    order.by(Role::Rep, "submit", json!({})).expect(200);
    order.by(Role::Executive, "approve", json!({})).expect(200);
    order.by(Role::Clerk, "confirm", json!({})).expect(200);
    let store = department(app, "WH", "warehouse");
    let (clerk, warehouse) = (app.as_role(Role::Clerk), app.as_role(Role::Warehouse));
    let expedite = |line: usize| {
        let body = json!({"department_id": store, "wanted_by": "2026-11-26", "reason": "Their exhibition opens",
            "line_ids": [order.line(line)]});
        order.step(&clerk, "expedite", body).expect(201)
    };
    let request = expedite(0);
    assert_eq!(request.location(), format!("/api/v1/requests/{}", request.id()));
    assert_eq!(
        (
            &request.body["kind"],
            &request.body["about"],
            &request.body["about_kind"],
            &request.body["customer_id"]
        ),
        (&json!("expedite"), &json!(order.id), &json!("order"), &json!(shop.customer))
    );
    // The order's history and its events tell of it, and its rep finds it.
    let history = clerk.get(&format!("{}/history?limit=50", order.path())).expect(200);
    let entry = history.rows().iter().find(|e| e["event"] == "order.expedited").expect("an entry");
    assert_eq!(
        (&entry["reason"], &entry["version"]),
        (&json!("Their exhibition opens"), &order.now()["version"])
    );
    app.run_background();
    let rep = app.as_role(Role::Rep);
    assert_eq!(rep.get("/events?types=order.expedited").expect(200).rows().len(), 1);
    let about = rep.get(&format!("/requests?about={}", order.id)).expect(200);
    assert_eq!(about.rows()[0]["id"], request.id());

    // The tea was promised for the 30th: a date until then is no news for the rep, a later one is.
    step(&warehouse, &request.id(), "accept", json!({"promised_on": "2026-11-30"}));
    assert_eq!(told(app, "rep", "order_delay_expected"), 0);
    let later = json!({"promised_on": "2026-12-02", "reason": "Two boxes are missing"});
    step(&warehouse, &request.id(), "propose-date", later);
    assert_eq!(told(app, "rep", "order_delay_expected"), 1);
    assert_eq!(told(app, "clerk", "request_date_proposed"), 2);
    // The pot was promised for the 27th.
    let pot = expedite(1);
    step(&warehouse, &pot.id(), "accept", json!({"promised_on": "2026-11-28"}));
    assert_eq!(told(app, "rep", "order_delay_expected"), 2);
    let inbox = rep.get("/me/notifications?code=order_delay_expected&limit=1").expect(200);
    assert_eq!(inbox.rows()[0]["record_id"], order.id);
    let body = json!({"department_id": store, "wanted_by": "2026-11-26", "reason": "Please",
        "line_ids": ["oln_00000000000000000000000000000000"]});
    assert_eq!(
        order.step(&clerk, "expedite", body).refused(422, "validation_failed").places(),
        ["/line_ids/0"]
    );
}

fn an_order_that_is_over_is_not_expedited(app: &TestApp) {
    let shop = Shop::open(app);
    let store = department(app, "WH", "warehouse");
    let clerk = app.as_role(Role::Clerk);
    let body = json!({"department_id": store, "wanted_by": "2026-11-26", "reason": "Please"});
    let cancelled = shop.draft("1", "0");
    cancelled.by(Role::Clerk, "cancel", json!({"reason": "Not wanted"})).expect(200);
    let refused = cancelled.step(&clerk, "expedite", body.clone()).refused(409, "invalid_transition");
    assert_eq!(refused.body["current_status"], "cancelled");
    let delivered = shop.confirmed("1", "0");
    let shipment = delivered.ship(0, "1").expect(201).id();
    delivered.step(&clerk, "expedite", body.clone()).expect(201);
    app.as_role(Role::Warehouse).post(&format!("/shipments/{shipment}/deliver"), json!({})).expect(200);
    delivered.step(&clerk, "expedite", body.clone()).refused(409, "invalid_transition");
    // Nothing of what was refused is left.
    assert_eq!(clerk.get("/requests?include=total_count").expect(200).body["total_count"], 1);
    // Whoever does not see an order does not hurry with it.
    delivered.step(&app.as_user("rep2"), "expedite", body).refused(404, "not_found");
}

fn requests_are_seen_by_those_whom_they_concern(app: &TestApp) {
    let shop = Shop::open(app);
    let store = department(app, "WH", "warehouse");
    let money = department(app, "FIN", "finance");
    let rep = app.as_role(Role::Rep);
    let to_store = ask(&rep, &store, json!({})).id();
    let to_money = ask(&rep, &money, json!({})).id();
    let about = json!({"about": shop.customer});
    let of_customer = ask(&app.as_role(Role::Clerk), &money, about).id();
    for (who, seen) in [
        ("rep", vec![&to_store, &to_money, &of_customer]),
        ("rep2", vec![]),
        ("manager", vec![&to_store, &to_money, &of_customer]),
        ("clerk", vec![&to_store, &to_money, &of_customer]),
        ("executive", vec![&to_store, &to_money, &of_customer]),
        ("finance", vec![&to_store, &to_money, &of_customer]),
        ("warehouse", vec![&to_store]),
    ] {
        let client = app.as_user(who);
        let list = client.get("/requests?sort=number").expect(200);
        let listed: Vec<&str> = list.rows().iter().map(|r| r["id"].as_str().expect("an id")).collect();
        assert_eq!(listed, seen, "{who}");
        for request in [&to_store, &to_money, &of_customer] {
            let paths = ["", "/actions", "/history", "/replies"];
            for path in paths.map(|path| format!("/requests/{request}{path}")) {
                let status = if seen.contains(&request) { 200 } else { 404 };
                assert_eq!(client.get(&path).status, status, "{who}: {path}");
            }
        }
    }
    let accept = format!("/requests/{to_money}/accept");
    app.as_role(Role::Warehouse).post(&accept, json!({})).refused(404, "not_found");
    app.as_user("rep2").get(&format!("/deadlines/{to_money}")).refused(404, "not_found");
    // What somebody is given they see.
    step(&app.as_role(Role::Clerk), &to_money, "assign", json!({"assignee_id": id_of(app, "warehouse")}));
    app.as_role(Role::Warehouse).post(&accept, json!({})).expect(200);
}

fn a_request_names_only_what_the_caller_sees(app: &TestApp) {
    let shop = Shop::open(app);
    let store = department(app, "WH", "warehouse");
    let order = shop.confirmed("1", "0");
    let shipment = order.ship(0, "1").expect(201).id();
    let complaint = json!({"customer_id": shop.customer, "category": "quality", "severity": "high",
        "channel": "phone", "subject": "Damp"});
    let complaint = app.as_role(Role::Clerk).post("/complaints", complaint).expect(201).id();
    let clerk = app.as_role(Role::Clerk);
    let exception =
        json!({"order_id": order.id, "kind": "damage", "severity": "minor", "description": "Damp"});
    let exception = clerk.post("/order-exceptions", exception).expect(201).id();
    let lines = json!([{"order_line_id": order.line(0), "quantity": "1", "reason": "damaged"}]);
    let back = order.step(&clerk, "returns", json!({"lines": lines})).expect(201).id();
    let rep2 = app.as_user("rep2");
    for (about, kind) in [
        (&order.id, "order"),
        (&shipment, "shipment"),
        (&complaint, "complaint"),
        (&exception, "order_exception"),
        (&back, "return"),
        (&shop.customer, "customer"),
        (&shop.tea, "product"),
    ] {
        let asked = ask(&app.as_role(Role::Rep), &store, json!({"about": about}));
        assert_eq!((&asked.body["about"], &asked.body["about_kind"]), (&json!(about), &json!(kind)));
        let customer = if kind == "product" { Value::Null } else { json!(shop.customer) };
        assert_eq!(asked.body["customer_id"], customer);
        let body = json!({"department_id": store, "kind": "other", "subject": "Please", "wanted_by": "2026-11-27",
            "about": about});
        if kind != "product" {
            assert_eq!(rep2.post("/requests", body).refused(422, "validation_failed").places(), ["/about"]);
        }
    }
    for nothing in ["ord_00000000000000000000000000000000", "zzz_00000000000000000000000000000000"] {
        let body = json!({"department_id": store, "kind": "other", "subject": "Please", "wanted_by": "2026-11-27",
            "about": nothing});
        let refused = app.as_role(Role::Clerk).post("/requests", body).refused(422, "validation_failed");
        assert_eq!(refused.places(), ["/about"]);
    }
    // A client that is restricted to customers asks about theirs only.
    let scopes = ["requests:read", "requests:write", "orders:read", "customers:read"];
    let client = testkit::machines::machine(app, json!({"scopes": scopes, "customer_ids": [shop.customer]}));
    let own = ask(&client, &store, json!({"about": order.id}));
    assert_eq!(own.body["requester_id"], Value::Null);
    let body =
        json!({"department_id": store, "kind": "other", "subject": "Please", "wanted_by": "2026-11-27"});
    assert_eq!(client.post("/requests", body).refused(422, "validation_failed").places(), ["/about"]);
    assert_eq!(client.get(&format!("/requests?about={}", shop.tea)).expect(200).rows().len(), 0);
    step(&client, &own.id(), "accept", json!({}));
}

fn what_is_asked_changes_until_it_is_answered(app: &TestApp) {
    app.core.clock.set(at("2026-11-23T09:00"));
    let store = department(app, "WH", "warehouse");
    let (rep, warehouse) = (app.as_role(Role::Rep), app.as_role(Role::Warehouse));
    let asked = ask(&rep, &store, json!({}));
    let path = format!("/requests/{}", asked.id());
    let later = json!({"wanted_by": "2026-12-04", "subject": "Three hundred"});
    warehouse.patch(&path, &asked.etag(), later.clone()).refused(403, "not_your_turn");
    let changed = rep.patch(&path, &asked.etag(), later).expect(200);
    assert_eq!(
        (&changed.body["due_on"], &changed.body["subject"]),
        (&json!("2026-12-04"), &json!("Three hundred"))
    );
    assert_eq!(due(&rep, &asked.id(), "delivery")["due_at"], at("2026-12-05T00:00").to_string());
    warehouse.clone().with("if-match", &asked.etag()).post(&format!("{path}/accept"), json!({})).expect(412);
    let accepted = step(&warehouse, &asked.id(), "accept", json!({"promised_on": "2026-12-01"}));
    assert_eq!(
        (&accepted.body["promise"], &accepted.body["due_on"]),
        (&json!("agreed"), &json!("2026-12-01"))
    );
    rep.patch(&path, &accepted.etag(), json!({"subject": "Four"})).refused(409, "invalid_transition");
}

fn the_worklist_says_what_to_answer_to_agree_to_and_to_finish(app: &TestApp) {
    app.core.clock.set(at("2026-11-23T09:00"));
    let store = department(app, "WH", "warehouse");
    let (rep, warehouse) = (app.as_role(Role::Rep), app.as_role(Role::Warehouse));
    let items = |client: &Client| client.get("/worklist").expect(200).rows().to_vec();
    let follow = |client: &Client, item: &Value| {
        let path = item["call"]["path"].as_str().and_then(|p| p.strip_prefix("/api/v1")).expect("a path");
        client.send("POST", path, None).expect(200)
    };
    ask(&rep, &store, json!({}));
    let list = items(&warehouse);
    assert_eq!(list[0]["reason"], "request_to_answer");
    let accepted = follow(&warehouse, &list[0]);
    assert_eq!(items(&warehouse), [] as [Value; 0], "it is not due yet");
    let later = json!({"promised_on": "2026-12-01", "reason": "The kiln is full"});
    step(&warehouse, &accepted.id(), "propose-date", later);
    let list = items(&rep);
    assert_eq!(list[0]["reason"], "request_date_to_agree");
    assert!(list[0]["text"].as_str().expect("a text").starts_with("2026-12-01 is offered"), "{list:?}");
    follow(&rep, &list[0]);
    assert_eq!(items(&rep), [] as [Value; 0]);
    app.core.clock.set(at("2026-12-01T09:00"));
    assert_eq!(items(&warehouse)[0]["reason"], "request_due");
    app.core.clock.set(at("2026-12-02T09:00"));
    app.run_background();
    let list = items(&warehouse);
    assert_eq!(list[0]["reason"], "request_overdue");
    assert_eq!(follow(&warehouse, &list[0]).body["status"], "done");
}

fn the_report_adds_up(app: &TestApp) {
    app.core.clock.set(at("2026-11-16T09:00"));
    let store = department(app, "WH", "warehouse");
    let money = department(app, "FIN", "finance");
    let clerk = app.as_role(Role::Clerk);
    let supplier = clerk.post("/suppliers", json!({"code": "QH", "name": "Qinghua"})).expect(201).id();
    let rep = app.as_role(Role::Rep);
    // Answered after one, two, three and five hours; the last is late.
    let asked: Vec<String> = (0..4).map(|_| ask(&rep, &store, json!({})).id()).collect();
    let refused = ask(&rep, &money, json!({})).id();
    let given_up = ask(&rep, &money, json!({})).id();
    let waiting =
        json!({"supplier_id": supplier, "kind": "other", "subject": "Please", "wanted_by": "2026-11-18"});
    rep.post("/requests", waiting).expect(201);
    let warehouse = app.as_role(Role::Warehouse);
    for (request, time) in asked.iter().zip(["10:00", "11:00", "12:00", "15:00"]) {
        app.core.clock.set(at(&format!("2026-11-16T{time}")));
        step(&warehouse, request, "accept", json!({}));
    }
    step(&app.as_role(Role::Finance), &refused, "decline", json!({"reason": "No"}));
    step(&rep, &given_up, "withdraw", json!({"reason": "Not needed"}));
    step(&warehouse, &asked[0], "finish", json!({}));
    app.core.clock.set(at("2026-11-30T09:00"));
    app.run_background();
    step(&warehouse, &asked[1], "finish", json!({}));

    let report =
        clerk.get("/reports/request-response?created_from=2026-11-01&created_to=2026-11-30").expect(200);
    let row = |code: &str| {
        let rows = report.body["rows"].as_array().expect("rows");
        rows.iter().find(|r| r["code"] == code).unwrap_or_else(|| panic!("no {code}: {report}")).clone()
    };
    let figures = |row: &Value| {
        [
            "requests",
            "answered",
            "answered_in_time",
            "done",
            "done_in_time",
            "declined",
            "withdrawn",
            "open",
            "open_overdue",
        ]
        .map(|name| row[name].as_i64().expect("a count"))
    };
    assert_eq!(figures(&row("WH")), [4, 4, 3, 2, 1, 0, 0, 2, 2]);
    assert_eq!(figures(&row("FIN")), [2, 1, 0, 0, 0, 1, 1, 0, 0]);
    assert_eq!(figures(&row("QH")), [1, 0, 0, 0, 0, 0, 0, 1, 1]);
    assert_eq!(
        (&row("WH")["median_response_hours"], &row("WH")["p90_response_hours"]),
        (&json!("2"), &json!("5"))
    );
    assert_eq!(row("QH")["median_response_hours"], Value::Null);
    let total = &report.body["total"];
    let sums: Vec<i64> =
        (0..9).map(|i| ["WH", "FIN", "QH"].iter().map(|code| figures(&row(code))[i]).sum()).collect();
    assert_eq!(figures(total).to_vec(), sums);
    assert_eq!((&total["median_response_hours"], &total["p90_response_hours"]), (&json!("3"), &json!("5")));
    for row in ["WH", "FIN", "QH"].map(row) {
        let of = |name: &str| row[name].as_i64().expect("a count");
        assert_eq!(of("requests"), of("done") + of("declined") + of("withdrawn") + of("open"));
    }
    // One day, one department, and a range that is too long or runs backwards.
    let narrow = format!(
        "/reports/request-response?created_from=2026-11-16&created_to=2026-11-16&department_id={store}"
    );
    assert_eq!(clerk.get(&narrow).expect(200).body["total"]["requests"], 4);
    let none = "/reports/request-response?created_from=2026-11-17&created_to=2026-11-30";
    assert_eq!(clerk.get(none).expect(200).body["total"]["requests"], 0);
    for range in
        ["created_from=2025-01-01&created_to=2026-11-30", "created_from=2026-12-01&created_to=2026-11-30"]
    {
        let refused = clerk.get(&format!("/reports/request-response?{range}"));
        assert_eq!(refused.refused(400, "invalid_parameter").places(), ["created_from"]);
    }
    // Everybody gets the figures of what they see.
    assert_eq!(app.as_user("rep2").get("/reports/request-response").expect(200).body["total"]["requests"], 0);
}
