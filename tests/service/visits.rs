//! Visit policies: customers are visited again after what the department has said.

use salesdesk::base::auth::Role;
use salesdesk::base::types::At;
use serde_json::{Value, json};

use testkit::shop::{Shop, Told};
use testkit::support::{Reply, TestApp};

both_engines!(
    a_delivery_calls_for_one_return_visit_whoever_follows_the_events,
    the_policy_of_a_tier_goes_before_the_one_for_all,
    a_resolved_complaint_calls_for_a_visit_of_the_managers_when_nobody_owns_the_customer,
    programs_that_follow_at_once_make_each_visit_once,
    what_happened_before_there_was_a_policy_calls_for_nothing,
);

fn at(text: &str) -> At {
    At::parse(&format!("{text}:00+08:00")).expect("an instant")
}

fn policy(app: &TestApp, cause: &str, tier: Option<&str>, days: i32, subject: &str) -> Reply {
    let body = json!({"cause": cause, "customer_tier": tier, "days": days, "subject": subject});
    app.as_role(Role::Admin).post("/visit-policies", body).expect(201)
}

fn visits(app: &TestApp) -> Vec<Value> {
    app.as_role(Role::Clerk).get("/tasks?kind=return_visit").expect(200).rows().to_vec()
}

/// All of it is shipped and arrives.
fn deliver(app: &TestApp, order: &Told) {
    let warehouse = app.as_role(Role::Warehouse);
    let shipment = warehouse.post(&format!("/orders/{}/shipments", order.id), json!({})).expect(201).id();
    warehouse.post(&format!("/shipments/{shipment}/deliver"), json!({})).expect(200);
}

fn a_delivery_calls_for_one_return_visit_whoever_follows_the_events(app: &TestApp) {
    app.core.clock.set(at("2026-11-23T10:00"));
    let shop = Shop::open(app);
    policy(app, "order_delivered", None, 14, "How is the tea?");
    let order = shop.confirmed("10", "0");
    deliver(app, &order);
    assert!(visits(app).is_empty());
    app.run_background();
    let made = visits(app);
    assert_eq!(made.len(), 1);
    let visit = &made[0];
    assert_eq!((&visit["subject"], &visit["due_date"]), (&json!("How is the tea?"), &json!("2026-12-07")));
    assert_eq!((&visit["customer_id"], &visit["order_id"]), (&json!(shop.customer), &json!(order.id)));
    assert_eq!(visit["assignee_id"], app.person("rep").user.to_string());
    let inbox = app.as_role(Role::Rep).get("/me/notifications").expect(200);
    assert!(inbox.rows().iter().any(|n| n["record_id"] == visit["id"]), "the owner is told: {inbox}");
    // Nobody who follows the same events makes it again.
    app.with_settings(|_| {}).run_background();
    app.run_background();
    assert_eq!(visits(app).len(), 1);
}

fn programs_that_follow_at_once_make_each_visit_once(app: &TestApp) {
    app.core.clock.set(at("2026-11-23T10:00"));
    let shop = Shop::open(app);
    policy(app, "order_delivered", None, 14, "How is the tea?");
    for n in 1..=6 {
        deliver(app, &shop.confirmed(&n.to_string(), "0"));
    }
    // What was delivered has its place in the order of events only after the sequencer's turn on PostgreSQL.
    let other = app.with_settings(|_| {});
    let programs = [app.shared(), other.shared()];
    let threads = programs.map(|program| {
        std::thread::spawn(move || {
            for _ in 0..3 {
                salesdesk::tasks::policies::follow::turn(&program).expect("a turn");
            }
        })
    });
    threads.into_iter().for_each(|t| t.join().expect("done"));
    app.run_background();
    other.run_background();
    let orders: std::collections::BTreeSet<String> =
        visits(app).iter().map(|v| v["order_id"].to_string()).collect();
    assert_eq!((visits(app).len(), orders.len()), (6, 6));
}

fn the_policy_of_a_tier_goes_before_the_one_for_all(app: &TestApp) {
    app.core.clock.set(at("2026-11-23T10:00"));
    let shop = Shop::open(app);
    policy(app, "order_delivered", None, 14, "For all");
    policy(app, "order_delivered", Some("c"), 3, "For c");
    policy(app, "order_completed", Some("a"), 3, "For a");
    let order = shop.confirmed("1", "0");
    deliver(app, &order);
    app.as_role(Role::Clerk).post(&format!("/orders/{}/complete", order.id), json!({})).expect(200);
    app.run_background();
    let made = visits(app);
    assert_eq!(made.iter().map(|v| v["subject"].clone()).collect::<Vec<_>>(), [json!("For c")]);
    app.as_role(Role::Admin)
        .post("/visit-policies", json!({"cause": "order_delivered", "days": 1, "subject": "Again"}))
        .refused(409, "duplicate");
}

fn a_resolved_complaint_calls_for_a_visit_of_the_managers_when_nobody_owns_the_customer(app: &TestApp) {
    app.core.clock.set(at("2026-11-23T10:00"));
    let shop = Shop::open(app);
    policy(app, "complaint_resolved", None, 7, "Are they content again?");
    let clerk = app.as_role(Role::Clerk);
    let body = json!({"customer_id": shop.customer, "category": "quality", "severity": "low", "channel": "phone",
        "subject": "A box is damp"});
    let id = clerk.post("/complaints", body).expect(201).id();
    clerk.post(&format!("/complaints/{id}/acknowledge"), json!(null)).expect(200);
    let why = json!({"root_cause": "transport", "resolution": "Replaced"});
    clerk.post(&format!("/complaints/{id}/resolve"), why).expect(200);
    let admin = app.as_role(Role::Admin);
    admin.post(&format!("/users/{}/block", app.person("rep").user), json!({"reason": "Left"})).expect(200);
    app.run_background();
    let made = visits(app);
    assert_eq!(made.len(), 1);
    assert_eq!((&made[0]["complaint_id"], &made[0]["due_date"]), (&json!(id), &json!("2026-11-30")));
    assert_eq!(made[0]["assignee_id"], app.person("manager").user.to_string());
}

fn what_happened_before_there_was_a_policy_calls_for_nothing(app: &TestApp) {
    app.core.clock.set(at("2026-11-23T10:00"));
    let shop = Shop::open(app);
    let order = shop.confirmed("1", "0");
    deliver(app, &order);
    app.core.clock.set(at("2026-11-23T10:05"));
    policy(app, "order_delivered", None, 14, "How is the tea?");
    app.run_background();
    assert!(visits(app).is_empty());
}
