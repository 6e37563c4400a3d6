//! Customers: duplicates.

use salesdesk::base::auth::Role;
use serde_json::{Value, json};

use testkit::support::TestApp;

both_engines!(
    whoever_enters_a_customer_that_may_be_there_is_asked_first,
    a_duplicate_that_the_caller_does_not_see_is_told_without_details,
    likely_duplicates_are_listed_and_follow_every_change,
    what_other_systems_push_is_let_in_and_listed,
);

fn entered(app: &TestApp, body: Value) -> String {
    app.as_role(Role::Clerk).post("/customers", body).expect(201).id()
}

fn whoever_enters_a_customer_that_may_be_there_is_asked_first(app: &TestApp) {
    let clerk = app.as_role(Role::Clerk);
    let first = entered(
        app,
        json!({"name": "广州天河贸易有限公司", "tax_id": "9144030071526726XG",
            "contacts": [{"name": "王芳", "mobile": "+86 138 0013 8000", "email": "w@tianhe.example"}]}),
    );
    let again =
        json!({"name": "广州天河贸易（集团）公司", "contacts": [{"name": "王", "phone": "13800138000"}]});
    let refused = clerk.post("/customers", again.clone()).refused(409, "possible_duplicate");
    let candidate = &refused.body["candidates"][0];
    assert_eq!((&candidate["id"], &candidate["score"]), (&json!(first), &json!(100)));
    assert_eq!(candidate["matched_keys"], json!(["name", "phone"]));
    assert_eq!(refused.body["others_not_visible"], false);
    assert_eq!(clerk.get("/customers").expect(200).rows().len(), 1, "nothing was entered");
    // Another company at the same e-mail domain, and one without anything in common, are let in.
    entered(app, json!({"name": "海珠", "contacts": [{"name": "李", "email": "li@tianhe.example"}]}));
    entered(app, json!({"name": "番禺"}));

    let path = "/customers?allow_duplicate=true";
    clerk.post(path, again.clone()).refused(400, "invalid_parameter");
    let made = clerk.post(&format!("{path}&duplicate_reason=Another%20branch"), again).expect(201);
    let history = clerk.get(&format!("/customers/{}/history", made.id())).expect(200);
    assert_eq!(history.rows()[0]["reason"], "Another branch");
}

fn a_duplicate_that_the_caller_does_not_see_is_told_without_details(app: &TestApp) {
    entered(app, json!({"name": "天河贸易"}));
    let rep = app.as_user("rep");
    let refused =
        rep.post("/customers", json!({"name": "天河贸易有限公司"})).refused(409, "possible_duplicate");
    assert_eq!(refused.body["candidates"], json!([]));
    assert_eq!(refused.body["others_not_visible"], true);
    let path = "/customers?allow_duplicate=true&duplicate_reason=mine";
    let own = rep.post(path, json!({"name": "天河贸易"})).expect(201).id();
    assert!(rep.get("/customers/duplicates").expect(200).rows().is_empty());
    assert!(rep.get(&format!("/customers/{own}/duplicates")).expect(200).rows().is_empty());
    assert_eq!(app.as_role(Role::Clerk).get("/customers/duplicates").expect(200).rows().len(), 1);
}

fn likely_duplicates_are_listed_and_follow_every_change(app: &TestApp) {
    let clerk = app.as_role(Role::Clerk);
    let pairs = || clerk.get("/customers/duplicates").expect(200).rows().to_vec();
    let first = entered(app, json!({"name": "Alpha", "contacts": [{"name": "A", "phone": "020-88881234"}]}));
    let second = entered(app, json!({"name": "Beta"}));
    assert!(pairs().is_empty());
    let contact = clerk
        .post(&format!("/customers/{second}/contacts"), json!({"name": "B", "phone": "+86 20 8888 1234"}))
        .expect(201);
    assert_eq!((&pairs()[0]["score"], &pairs()[0]["matched_keys"]), (&json!(50), &json!(["phone"])));
    let beta = clerk.get(&format!("/customers/{second}")).expect(200);
    let path = format!("/customers/{second}?allow_duplicate=true&duplicate_reason=Twins");
    clerk.patch(&path, &beta.etag(), json!({"name": "ALPHA Ltd."})).expect(200);
    let of_first = clerk.get(&format!("/customers/{first}/duplicates?score_min=60")).expect(200);
    assert_eq!(of_first.rows()[0]["id"], json!(second));
    assert_eq!((of_first.rows().len(), &of_first.rows()[0]["score"]), (1, &json!(100)));
    clerk.delete(&contact.location(), &contact.etag()).expect(204);
    assert_eq!(pairs()[0]["score"], 70);
    let renamed = clerk.get(&format!("/customers/{second}")).expect(200);
    clerk.patch(&format!("/customers/{second}"), &renamed.etag(), json!({"name": "Beta"})).expect(200);
    assert_eq!(pairs()[0]["score"], 70, "it was known by that name");
    let first = clerk.get(&format!("/customers/{first}")).expect(200);
    clerk.delete(&format!("/customers/{}", first.id()), &first.etag()).expect(204);
    assert!(pairs().is_empty());
}

fn what_other_systems_push_is_let_in_and_listed(app: &TestApp) {
    let clerk = app.as_role(Role::Clerk);
    entered(app, json!({"name": "天河贸易"}));
    clerk.put("/customers/by-external-id/sap/1", json!({"name": "天河贸易有限公司"})).expect(201);
    assert_eq!(clerk.get("/customers/duplicates").expect(200).rows().len(), 1);
}
