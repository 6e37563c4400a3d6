//! Interactions: what was talked about with customers, and how what they said reaches those whom it concerns.

use salesdesk::base::auth::Role;
use serde_json::{Value, json};

use testkit::shop::Shop;
use testkit::support::{Client, Reply, TestApp};

both_engines!(
    feedback_goes_at_once_to_the_owner_and_to_those_whom_its_kind_concerns,
    each_of_them_acknowledges_it_once,
    the_settings_say_whom_it_concerns,
    what_is_sent_again_by_external_id_is_not_relayed_again,
    an_interaction_is_about_its_customer_and_has_happened,
    whoever_reads_no_interactions_sees_what_they_were_sent,
    feedback_appears_in_the_event_feed_of_those_it_went_to,
);

fn visit(client: &Client, customer: &str, feedback: Value) -> Reply {
    let body = json!({"customer_id": customer, "kind": "visit", "direction": "outbound",
        "summary": "They sell twenty boxes a week", "next_step": "Send samples", "feedback": feedback});
    client.post("/interactions", body).expect(201)
}

fn feedback_of(client: &Client, interaction: &str) -> Vec<Value> {
    client.get(&format!("/feedback?interaction_id={interaction}&sort=created_at")).expect(200).rows().to_vec()
}

fn inbox(app: &TestApp, username: &str) -> Vec<String> {
    let inbox = app.as_user(username).get("/me/notifications?sort=created_at").expect(200);
    inbox.rows().iter().map(|n| n["text"].as_str().expect("a text").to_owned()).collect()
}

fn feedback_goes_at_once_to_the_owner_and_to_those_whom_its_kind_concerns(app: &TestApp) {
    let shop = Shop::open(app);
    let said =
        json!([{"kind": "praise", "text": "Very good tea"}, {"kind": "delivery", "text": "Late again"}]);
    let visit = visit(&app.as_role(Role::Clerk), &shop.customer, said);
    assert_eq!(visit.body["user_id"], app.person("clerk").user.to_string());
    let told = inbox(app, "rep");
    assert_eq!(told.len(), 2, "the owner hears of all: {told:?}");
    assert_eq!(told[1], "Guangzhou Tianhe Trading said (delivery): Late again");
    assert_eq!(inbox(app, "warehouse"), [told[1].as_str()], "logistics of what was delivered");
    // The owner need not tell themselves.
    let own =
        self::visit(&app.as_role(Role::Rep), &shop.customer, json!([{"kind": "praise", "text": "Good"}]));
    let kept = &feedback_of(&app.as_role(Role::Rep), &own.id())[0];
    assert_eq!((&kept["status"], &kept["recipients"]), (&json!("kept"), &json!([])));
}

fn each_of_them_acknowledges_it_once(app: &TestApp) {
    let shop = Shop::open(app);
    let visit =
        visit(&app.as_role(Role::Clerk), &shop.customer, json!([{"kind": "delivery", "text": "Late"}]));
    let id = feedback_of(&app.as_role(Role::Clerk), &visit.id())[0]["id"].as_str().expect("an id").to_owned();
    let path = format!("/feedback/{id}/acknowledge");
    let rep = app.person("rep").user;
    let waits = || {
        let waits = app.as_role(Role::Rep).get(&format!("/feedback?waits_for={rep}")).expect(200);
        waits.rows().len()
    };
    assert_eq!(waits(), 1);
    let half = app.as_role(Role::Rep).post(&path, json!(null)).expect(200);
    assert_eq!((&half.body["status"], waits()), (&json!("relayed"), 0), "the warehouse does not know yet");
    app.as_role(Role::Rep).post(&path, json!(null)).refused(409, "invalid_transition");
    app.as_role(Role::Clerk).post(&path, json!(null)).refused(409, "invalid_transition");
    let done = app.as_role(Role::Warehouse).post(&path, json!(null)).expect(200);
    assert_eq!(
        (&done.body["status"], done.body["acknowledged_at"].is_null()),
        (&json!("acknowledged"), false)
    );
}

fn the_settings_say_whom_it_concerns(app: &TestApp) {
    let shop = Shop::open(app);
    let admin = app.as_role(Role::Admin);
    let etag = admin.get("/settings").expect(200).etag();
    let bad = json!({"relations": {"feedback": {"gossip": {"roles": ["clerk"]}}}});
    admin.patch("/settings", &etag, bad).refused(422, "validation_failed");
    let manager = app.person("manager").user.to_string();
    let routes = json!({"relations": {"feedback": {"price": {"user_ids": [manager]}}}});
    admin.patch("/settings", &etag, routes).expect(200);
    visit(&app.as_role(Role::Rep), &shop.customer, json!([{"kind": "price", "text": "Too dear"}]));
    assert_eq!(inbox(app, "manager").len(), 1);
}

fn what_is_sent_again_by_external_id_is_not_relayed_again(app: &TestApp) {
    let shop = Shop::open(app);
    let clerk = app.as_role(Role::Clerk);
    let body = json!({"customer_id": shop.customer, "kind": "call", "direction": "inbound",
        "summary": "They called", "feedback": [{"kind": "praise", "text": "Very good tea"}]});
    let path = "/interactions/by-external-id/crm/77";
    let first = clerk.put(path, body.clone()).expect(201);
    let again = clerk.put(path, body.clone()).expect(200);
    assert_eq!(again.body["version"], first.body["version"]);
    let mut more = body;
    more["feedback"] =
        json!([{"kind": "praise", "text": "Very good tea"}, {"kind": "need", "text": "A larger box"}]);
    clerk.put(path, more).expect(200);
    assert_eq!(feedback_of(&clerk, &first.id()).len(), 2);
    assert_eq!(inbox(app, "rep").len(), 2);
}

fn an_interaction_is_about_its_customer_and_has_happened(app: &TestApp) {
    let shop = Shop::open(app);
    let other = shop.customer_of("rep", "Another");
    let order = shop.draft("1", "0");
    let body = json!({"customer_id": other, "kind": "call", "direction": "inbound", "summary": "They called",
        "order_id": order.id, "happened_at": "2999-01-01T00:00:00Z"});
    let refused = app.as_role(Role::Rep).post("/interactions", body).refused(422, "validation_failed");
    assert_eq!(refused.places(), ["/happened_at", "/order_id"]);
}

fn whoever_reads_no_interactions_sees_what_they_were_sent(app: &TestApp) {
    let shop = Shop::open(app);
    let said =
        json!([{"kind": "praise", "text": "Very good tea"}, {"kind": "delivery", "text": "Late again"}]);
    visit(&app.as_role(Role::Clerk), &shop.customer, said);
    let warehouse = app.as_role(Role::Warehouse);
    let seen = warehouse.get("/feedback").expect(200);
    assert_eq!(seen.rows().len(), 1, "{seen}");
    warehouse.get("/interactions").expect(403);
    assert_eq!(app.as_role(Role::Rep).get("/feedback").expect(200).rows().len(), 2);
}

fn feedback_appears_in_the_event_feed_of_those_it_went_to(app: &TestApp) {
    let shop = Shop::open(app);
    let visit =
        visit(&app.as_role(Role::Clerk), &shop.customer, json!([{"kind": "delivery", "text": "Late"}]));
    app.run_background();
    let heard = app.as_role(Role::Warehouse).get("/events?types=feedback.*").expect(200);
    assert_eq!(heard.rows().len(), 1, "{heard}");
    assert_eq!(heard.rows()[0]["type"], "feedback.relayed");
    assert_eq!(feedback_of(&app.as_role(Role::Clerk), &visit.id()).len(), 1);
}
