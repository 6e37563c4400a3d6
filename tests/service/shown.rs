//! Who is only shown a customer reads what hangs on it, and changes nothing that is not in their own hands.

use salesdesk::base::auth::Role;
use serde_json::{Value, json};

use testkit::shop::Shop;
use testkit::support::{Client, TestApp};

both_engines!(
    who_is_shown_a_customer_changes_nothing_that_hangs_on_it,
    what_somebody_noted_only_they_correct,
    nobody_speaks_in_anothers_name,
    new_work_goes_to_nobody_who_has_left,
    a_request_to_a_department_without_a_lead_reaches_somebody,
);

fn complaint(app: &TestApp, customer: &str) -> String {
    let body = json!({"customer_id": customer, "category": "quality", "severity": "high", "channel": "phone",
        "subject": "Damp"});
    app.as_role(Role::Clerk).post("/complaints", body).expect(201).id()
}

fn change(client: &Client, path: &str, body: Value) -> testkit::support::Reply {
    let etag = client.get(path).expect(200).etag();
    client.patch(path, &etag, body)
}

fn who_is_shown_a_customer_changes_nothing_that_hangs_on_it(app: &TestApp) {
    let shop = Shop::open(app);
    let (owner, helper) = (app.as_role(Role::Rep), app.as_user("rep2"));
    let order = shop.confirmed("3", "0");
    let complaint = complaint(app, &shop.customer);
    let task = json!({"kind": "follow_up", "subject": "Ring", "customer_id": shop.customer, "due_date": "2026-12-01"});
    let task = owner.post("/tasks", task).expect(201).id();
    let said = json!({"customer_id": shop.customer, "kind": "call", "direction": "inbound", "summary": "They called"});
    let said = owner.post("/interactions", said).expect(201).id();
    let share = json!({"user_id": app.person("rep2").user.to_string()});
    owner.post(&format!("/customers/{}/shares", shop.customer), share).expect(201);

    let of_complaint = |step: &str| format!("/complaints/{complaint}/{step}");
    let me = json!({"assignee_id": app.person("rep2").user.to_string()});
    let remedy = json!({"kind": "credit", "amount": "100", "description": "For the damage"});
    for (path, body) in [
        (of_complaint("assign"), me.clone()),
        (of_complaint("acknowledge"), json!({})),
        (of_complaint("remedies"), remedy),
        (format!("/tasks/{task}/assign"), me),
        (format!("/tasks/{task}/cancel"), json!({"reason": "Not mine"})),
        (format!("/tasks/{task}/complete"), json!({})),
    ] {
        helper.post(&path, body).refused(403, "read_only_share");
    }
    change(&helper, &format!("/complaints/{complaint}"), json!({"subject": "Nothing"}))
        .refused(403, "read_only_share");
    change(&helper, &format!("/tasks/{task}"), json!({"subject": "Nothing"})).refused(403, "read_only_share");
    change(&helper, &format!("/interactions/{said}"), json!({"summary": "Nothing"}))
        .refused(403, "not_the_author");
    helper.get(&format!("/orders/{}", order.id)).expect(404);
    // An addition in one's own name is welcome, and what comes into their hands they work on.
    helper.post(&of_complaint("notes"), json!({"kind": "internal", "text": "I can help"})).expect(200);
    let to = json!({"assignee_id": app.person("rep2").user.to_string()});
    owner.post(&format!("/tasks/{task}/assign"), to).expect(200);
    helper.post(&format!("/tasks/{task}/complete"), json!({})).expect(200);
}

fn what_somebody_noted_only_they_correct(app: &TestApp) {
    let shop = Shop::open(app);
    let rep = app.as_role(Role::Rep);
    let said = json!({"customer_id": shop.customer, "kind": "call", "direction": "inbound", "summary": "They called"});
    let said = format!("/interactions/{}", rep.post("/interactions", said).expect(201).id());
    for role in [Role::Manager, Role::Clerk, Role::Executive, Role::Finance, Role::Admin] {
        let client = app.as_role(role);
        let read = client.get(&said);
        if read.status == 200 {
            let refused = client.patch(&said, &read.etag(), json!({"summary": "They did not"}));
            assert_eq!(refused.status, 403, "{role}: {refused}");
        }
    }
    change(&rep, &said, json!({"summary": "They called twice"})).expect(200);
}

fn nobody_speaks_in_anothers_name(app: &TestApp) {
    let shop = Shop::open(app);
    let manager = app.person("manager").user.to_string();
    let said = json!({"customer_id": shop.customer, "kind": "call", "direction": "inbound", "summary": "He agreed",
        "user_id": manager});
    let refused =
        app.as_role(Role::Rep).post("/interactions", said.clone()).refused(422, "validation_failed");
    assert_eq!(refused.places(), ["/user_id"]);
    // The office enters what others tell it.
    app.as_role(Role::Clerk).post("/interactions", said).expect(201);
}

fn new_work_goes_to_nobody_who_has_left(app: &TestApp) {
    let shop = Shop::open(app);
    let order = shop.confirmed("3", "0");
    let weekly = json!({"kind": "follow_up", "subject": "Ring", "customer_id": shop.customer, "due_date": "2026-11-30",
        "recurrence": {"unit": "week", "every": 1}});
    let weekly = app.as_role(Role::Rep).post("/tasks", weekly).expect(201);
    let path = format!("/users/{}/block", app.person("rep").user);
    app.as_role(Role::Admin).post(&path, json!({"reason": "Left"})).expect(200);
    let manager = json!(app.person("manager").user.to_string());
    let complaint = complaint(app, &shop.customer);
    let clerk = app.as_role(Role::Clerk);
    assert_eq!(clerk.get(&format!("/complaints/{complaint}")).expect(200).body["assignee_id"], manager);
    let late = json!({"order_id": order.id, "kind": "delay", "severity": "major", "description": "The truck broke down"});
    let late = clerk.post("/order-exceptions", late).expect(201);
    assert_eq!(late.body["owner_id"], manager);
    let done = clerk.post(&format!("/tasks/{}/complete", weekly.id()), json!({})).expect(200);
    let next = done.body["next_id"].as_str().expect("the next one").to_owned();
    assert_eq!(clerk.get(&format!("/tasks/{next}")).expect(200).body["assignee_id"], manager);
}

fn a_request_to_a_department_without_a_lead_reaches_somebody(app: &TestApp) {
    let team = app.all_powerful().get("/teams?sort=name&limit=1").expect(200).rows()[0]["id"].clone();
    let department = json!({"code": "WH", "name": "Warehouse", "kind": "warehouse", "team_id": team});
    let department = app.all_powerful().post("/departments", department).expect(201).id();
    let request =
        json!({"department_id": department, "kind": "other", "subject": "Boxes", "wanted_by": "2026-12-04"});
    app.as_role(Role::Rep).post("/requests", request).expect(201);
    let told = app.as_role(Role::Manager).get("/me/notifications").expect(200);
    assert_eq!(told.rows()[0]["code"], "request_received", "{told}");
}
