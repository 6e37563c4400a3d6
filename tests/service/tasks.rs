//! Tasks: what is to be done until when, and what happens when nobody does it.

use salesdesk::base::auth::Role;
use salesdesk::base::types::At;
use serde_json::{Value, json};

use testkit::shop::Shop;
use testkit::support::{Client, Reply, TestApp};

both_engines!(
    a_task_is_reminded_of_before_and_escalates_after_it_is_due_each_once,
    what_is_done_in_time_is_neither_reminded_of_nor_escalated,
    whoever_is_to_do_it_is_told_at_once,
    what_is_due_on_a_holiday_is_due_on_the_next_working_day,
    a_recurring_task_comes_again_when_it_is_done,
    a_task_that_ended_is_not_done_twice,
    a_task_is_due_once_and_about_one_customer,
    a_rep_sees_their_own_tasks_and_those_of_their_customers,
);

/// A local time in Shanghai.
fn at(text: &str) -> At {
    At::parse(&format!("{text}:00+08:00")).expect("an instant")
}

fn enter(client: &Client, over: Value) -> Reply {
    let mut body = json!({"kind": "follow_up", "subject": "Ask how the tea sells"});
    let over = over.as_object().expect("fields").clone();
    body.as_object_mut().expect("fields").extend(over);
    client.post("/tasks", body).expect(201)
}

/// The codes of what somebody was told, the oldest first.
fn inbox(app: &TestApp, username: &str) -> Vec<String> {
    let inbox = app.as_user(username).get("/me/notifications?sort=created_at").expect(200);
    inbox.rows().iter().map(|n| n["code"].as_str().expect("a code").to_owned()).collect()
}

fn at_time(app: &TestApp, text: &str) {
    app.core.clock.set(at(text));
    app.run_background();
}

fn a_task_is_reminded_of_before_and_escalates_after_it_is_due_each_once(app: &TestApp) {
    app.core.clock.set(at("2026-11-23T09:30"));
    let rep = app.as_role(Role::Rep);
    let task = enter(&rep, json!({"due_date": "2026-11-25"}));
    assert_eq!(task.body["assignee_id"], app.person("rep").user.to_string(), "it is the one's who enters it");
    assert_eq!(task.body["due_at"], at("2026-11-25T18:00").to_string());
    // Four working hours ahead of the end of Wednesday's work.
    at_time(app, "2026-11-25T13:59");
    assert!(inbox(app, "rep").is_empty());
    at_time(app, "2026-11-25T14:00");
    at_time(app, "2026-11-25T17:00");
    assert_eq!(inbox(app, "rep"), ["task_due"]);
    // A working day after it was due the manager hears of it, once, whoever turns the wheel.
    at_time(app, "2026-11-26T17:59");
    assert!(inbox(app, "manager").is_empty());
    app.core.clock.set(at("2026-11-26T18:00"));
    let other = app.with_settings(|_| {});
    other.core.clock.set(at("2026-11-26T18:00"));
    app.run_background();
    other.run_background();
    at_time(app, "2026-11-30T18:00");
    assert_eq!(inbox(app, "manager"), ["task_overdue"]);
    assert_eq!(inbox(app, "rep"), ["task_due", "task_overdue"]);
    let late = app.as_role(Role::Rep).get(&format!("/tasks/{}", task.id())).expect(200);
    assert_eq!((&late.body["status"], late.body["escalated_at"].is_null()), (&json!("open"), false));
}

fn what_is_done_in_time_is_neither_reminded_of_nor_escalated(app: &TestApp) {
    app.core.clock.set(at("2026-11-23T09:30"));
    let rep = app.as_role(Role::Rep);
    let id = enter(&rep, json!({"due_at": at("2026-11-25T11:00").to_string()})).id();
    rep.post(&format!("/tasks/{id}/start"), json!(null)).expect(200);
    let done = rep.post(&format!("/tasks/{id}/complete"), json!({"outcome": "Very well"})).expect(200);
    assert_eq!((&done.body["status"], &done.body["outcome"]), (&json!("done"), &json!("Very well")));
    at_time(app, "2026-11-30T18:00");
    assert!(inbox(app, "rep").is_empty() && inbox(app, "manager").is_empty());
}

fn whoever_is_to_do_it_is_told_at_once(app: &TestApp) {
    let manager = app.as_role(Role::Manager);
    let rep = app.person("rep").user.to_string();
    let id = enter(&manager, json!({"due_date": "2026-12-04", "assignee_id": rep})).id();
    assert_eq!(inbox(app, "rep"), ["task_assigned"]);
    let zh = app.as_user("rep").with("accept-language", "zh-CN").get("/me/notifications").expect(200);
    assert!(zh.rows()[0]["text"].as_str().expect("a text").starts_with("请在"), "{zh}");
    app.as_role(Role::Rep).post(&format!("/tasks/{id}/complete"), json!({})).expect(200);
    assert_eq!(inbox(app, "manager"), ["task_done"], "whoever wanted it hears that it is done");
    app.run_background();
    let heard = app.as_role(Role::Rep).get("/events?types=task.*").expect(200);
    let told: Vec<&Value> = heard.rows().iter().map(|e| &e["type"]).collect();
    assert_eq!(told, ["task.created", "task.done"]);
}

fn what_is_due_on_a_holiday_is_due_on_the_next_working_day(app: &TestApp) {
    app.core.clock.set(at("2026-09-29T09:30"));
    let task = enter(&app.as_role(Role::Rep), json!({"due_date": "2026-10-01"}));
    assert_eq!(task.body["due_at"], at("2026-10-08T18:00").to_string());
    assert_eq!(task.body["due_date"], "2026-10-01");
}

fn a_recurring_task_comes_again_when_it_is_done(app: &TestApp) {
    app.core.clock.set(at("2026-01-20T09:30"));
    let rep = app.as_role(Role::Rep);
    let monthly = json!({"every": 1, "unit": "month", "until": "2026-06-30"});
    let first = enter(&rep, json!({"due_date": "2026-01-31", "recurrence": monthly}));
    let complete = |id: &str| rep.post(&format!("/tasks/{id}/complete"), json!({})).expect(200);
    let next_of = |done: &Reply| {
        let id = done.body["next_id"].as_str().expect("a next one").to_owned();
        rep.get(&format!("/tasks/{id}")).expect(200)
    };
    let second = next_of(&complete(&first.id()));
    assert_eq!((&second.body["due_date"], &second.body["occurrence"]), (&json!("2026-02-28"), &json!(2)));
    // What was missed meanwhile does not come any more.
    app.core.clock.set(at("2026-04-02T09:30"));
    let rep = app.as_role(Role::Rep);
    let done = rep.post(&format!("/tasks/{}/complete", second.id()), json!({})).expect(200);
    let fourth = rep.get(&format!("/tasks/{}", done.body["next_id"].as_str().expect("one"))).expect(200);
    assert_eq!((&fourth.body["due_date"], &fourth.body["occurrence"]), (&json!("2026-04-30"), &json!(4)));
    // The series ends with its last date.
    app.core.clock.set(at("2026-06-01T09:30"));
    let rep = app.as_role(Role::Rep);
    let done = rep.post(&format!("/tasks/{}/complete", fourth.id()), json!({})).expect(200);
    let last = done.body["next_id"].as_str().expect("one").to_owned();
    let done = rep.post(&format!("/tasks/{last}/complete"), json!({})).expect(200);
    assert_eq!((&done.body["due_date"], &done.body["next_id"]), (&json!("2026-06-30"), &json!(null)));
}

fn a_task_that_ended_is_not_done_twice(app: &TestApp) {
    let rep = app.as_role(Role::Rep);
    let daily = json!({"every": 1, "unit": "day", "until": null});
    let id = enter(&rep, json!({"due_date": "2026-12-04", "recurrence": daily})).id();
    let cancelled =
        rep.post(&format!("/tasks/{id}/cancel"), json!({"reason": "They have called"})).expect(200);
    assert_eq!((&cancelled.body["next_id"], &cancelled.body["allowed_actions"]), (&json!(null), &json!([])));
    rep.post(&format!("/tasks/{id}/complete"), json!({})).refused(409, "invalid_transition");
    assert_eq!(rep.get("/tasks?open=true").expect(200).rows().len(), 0);
}

fn a_task_is_due_once_and_about_one_customer(app: &TestApp) {
    let shop = Shop::open(app);
    let other = shop.customer_of("rep", "Another");
    let order = shop.draft("1", "0");
    let rep = app.as_role(Role::Rep);
    let body = |over: Value| {
        let mut body = json!({"kind": "follow_up", "subject": "Ask"});
        body.as_object_mut().expect("fields").extend(over.as_object().expect("fields").clone());
        body
    };
    let fault = |over: Value, pointer: &str| {
        let refused = rep.post("/tasks", body(over)).refused(422, "validation_failed");
        assert_eq!(refused.body["errors"][0]["pointer"], pointer, "{refused}");
    };
    fault(json!({}), "/due_date");
    fault(json!({"due_date": "2026-12-04", "due_at": "2026-12-04T08:00:00Z"}), "/due_at");
    let weekly = json!({"every": 1, "unit": "week"});
    fault(json!({"due_at": "2026-12-04T08:00:00Z", "recurrence": weekly}), "/recurrence");
    fault(json!({"due_date": "2026-12-04", "customer_id": other, "order_id": order.id}), "/order_id");
    let task = rep.post("/tasks", body(json!({"due_date": "2026-12-04", "order_id": order.id}))).expect(201);
    assert_eq!(task.body["customer_id"], shop.customer, "an order says whom it is about");
    let path = format!("/tasks/{}", task.id());
    let moved = rep.patch(&path, &task.etag(), json!({"due_date": "2026-12-07"})).expect(200);
    assert_eq!(moved.body["due_at"], at("2026-12-07T18:00").to_string());
    let instant = json!({"due_at": "2026-12-08T02:00:00Z"});
    let moved = rep.patch(&path, &moved.etag(), instant).expect(200);
    assert_eq!(moved.body["due_date"], json!(null), "an instant takes the date's place");
    let line = rep.get(&format!("/deadlines/{}", task.id())).expect(200);
    assert_eq!(line.body["data"][0]["due_at"], moved.body["due_at"]);
}

fn a_rep_sees_their_own_tasks_and_those_of_their_customers(app: &TestApp) {
    let shop = Shop::open(app);
    let clerk = app.as_role(Role::Clerk);
    let of_customer = enter(&clerk, json!({"due_date": "2026-12-04", "customer_id": shop.customer})).id();
    let of_nobody = enter(&clerk, json!({"due_date": "2026-12-04"})).id();
    let rep = app.as_role(Role::Rep);
    let own = enter(&rep, json!({"due_date": "2026-12-05"})).id();
    let seen = rep.get("/tasks").expect(200);
    let seen: Vec<&str> = seen.rows().iter().map(|t| t["id"].as_str().expect("an id")).collect();
    assert_eq!(seen, [of_customer.as_str(), own.as_str()]);
    rep.get(&format!("/tasks/{of_nobody}")).expect(404);
    app.as_role(Role::Manager).get(&format!("/tasks/{own}")).expect(200);
    app.as_role(Role::Warehouse).get("/tasks").expect(403);
}
