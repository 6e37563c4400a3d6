//! The worklist: what a person should do next, in order, and the call that does it.

use salesdesk::base::auth::Role;
use salesdesk::base::types::At;
use serde_json::{Value, json};

use testkit::shop::Shop;
use testkit::support::{Client, TestApp};

both_engines!(
    the_most_pressing_comes_first_with_why_and_what_is_at_stake,
    the_call_of_each_thing_does_it,
    orders_wait_only_for_those_who_may_approve_them,
    everybody_has_a_worklist_and_nobody_sees_another,
);

fn at(text: &str) -> At {
    At::parse(&format!("{text}:00+08:00")).expect("an instant")
}

fn worklist(client: &Client) -> Vec<Value> {
    let list = client.get("/worklist").expect(200);
    list.body["data"].as_array().expect("a list").clone()
}

fn reasons(client: &Client) -> Vec<String> {
    worklist(client).iter().map(|i| i["reason"].as_str().expect("a reason").to_owned()).collect()
}

fn task(client: &Client, over: Value) -> String {
    let mut body = json!({"kind": "follow_up", "subject": "Ask how the tea sells"});
    body.as_object_mut().expect("fields").extend(over.as_object().expect("fields").clone());
    client.post("/tasks", body).expect(201).id()
}

/// A busy rep: two tasks that are overdue, one due today, one tomorrow; a complaint; feedback; an old draft.
fn busy(app: &TestApp) -> Shop<'_> {
    app.core.clock.set(at("2026-11-16T10:00"));
    let shop = Shop::open(app);
    let draft = shop.draft("2", "1");
    app.core.clock.set(at("2026-11-24T10:00"));
    let rep = app.as_role(Role::Rep);
    let about = json!({"due_at": at("2026-11-24T11:00").to_string(), "order_id": draft.id});
    task(&rep, about);
    let pressing =
        json!({"due_at": at("2026-11-25T09:00").to_string(), "priority": "urgent", "subject": "Call"});
    task(&rep, pressing);
    task(&rep, json!({"due_date": "2026-11-25", "subject": "Today"}));
    task(&rep, json!({"due_date": "2026-11-26", "subject": "Tomorrow"}));
    let clerk = app.as_role(Role::Clerk);
    let body = json!({"customer_id": shop.customer, "category": "quality", "severity": "high", "channel": "phone",
        "subject": "Three boxes are damp", "order_id": draft.id});
    clerk.post("/complaints", body).expect(201);
    let said = json!({"customer_id": shop.customer, "kind": "call", "direction": "inbound",
        "summary": "They called", "feedback": [{"kind": "price", "text": "Too dear"}]});
    clerk.post("/interactions", said).expect(201);
    app.core.clock.set(at("2026-11-25T10:00"));
    shop
}

fn the_most_pressing_comes_first_with_why_and_what_is_at_stake(app: &TestApp) {
    busy(app);
    let rep = app.as_role(Role::Rep);
    let list = worklist(&rep);
    assert_eq!(
        reasons(&rep),
        [
            "complaint_overdue",
            "task_overdue",
            "task_overdue",
            "task_due",
            "feedback_to_acknowledge",
            "order_draft"
        ]
    );
    assert_eq!(
        list.iter().map(|i| i["rank"].clone()).collect::<Vec<_>>(),
        [1, 2, 3, 4, 5, 6].map(|n| json!(n))
    );
    assert!(list[1]["text"].as_str().expect("a text").ends_with(": Call"), "the urgent one goes first");
    // Two of the tea and a pot, with tax.
    assert_eq!((&list[2]["amount"], &list[2]["currency"]), (&json!("1158.25"), &json!("CNY")));
    assert_eq!((&list[0]["amount"], &list[5]["amount"]), (&json!("1158.25"), &json!("1158.25")));
    assert_eq!((&list[1]["amount"], &list[1]["currency"]), (&json!(null), &json!(null)));
    let zh = app.as_role(Role::Rep).with("accept-language", "zh-CN");
    assert_eq!(worklist(&zh)[4]["text"], "客户反馈（price）：Too dear");
}

fn the_call_of_each_thing_does_it(app: &TestApp) {
    busy(app);
    let rep = app.as_role(Role::Rep);
    for left in (1..=6).rev() {
        let list = worklist(&rep);
        assert_eq!(list.len(), left, "{list:?}");
        let call = &list[left - 1]["call"];
        assert_eq!(call["method"], "POST");
        let path = call["path"].as_str().and_then(|p| p.strip_prefix("/api/v1")).expect("a path").to_owned();
        rep.send("POST", &path, None).expect(200);
        if left == 1 {
            // It was late for an answer, and is only open now.
            assert_eq!(reasons(&rep), ["complaint_open"]);
        }
    }
}

fn orders_wait_only_for_those_who_may_approve_them(app: &TestApp) {
    app.core.clock.set(at("2026-11-25T10:00"));
    let shop = Shop::open(app);
    let small = shop.draft("1", "0");
    small.by(Role::Rep, "submit", json!({})).expect(200);
    let large = shop.draft("0", "900");
    large.by(Role::Rep, "submit", json!({})).expect(200);
    let waiting = |role| {
        let list = worklist(&app.as_role(role)).into_iter().filter(|i| i["reason"] == "order_to_approve");
        list.map(|i| i["record_id"].as_str().expect("an id").to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(waiting(Role::Manager), [small.id.as_str()], "the other is above the manager's limit");
    assert_eq!(waiting(Role::Executive), [large.id.as_str(), small.id.as_str()], "more is at stake");
    assert!(waiting(Role::Rep).is_empty());
}

fn everybody_has_a_worklist_and_nobody_sees_another(app: &TestApp) {
    app.core.clock.set(at("2026-11-25T10:00"));
    task(&app.as_role(Role::Rep), json!({"due_date": "2026-11-25"}));
    for role in [Role::Clerk, Role::Manager, Role::Finance, Role::Warehouse, Role::Executive, Role::Admin] {
        assert!(reasons(&app.as_role(role)).is_empty());
    }
    assert_eq!(reasons(&app.as_role(Role::Rep)), ["task_due"]);
    app.anyone().get("/worklist").expect(401);
}
