//! The inbox: what each person is told.

use salesdesk::base::auth::Role;
use serde_json::json;

use testkit::fixtures::told;
use testkit::support::TestApp;

both_engines!(
    everybody_sees_their_own_inbox_and_no_other,
    a_notification_is_read_once_and_can_be_unread,
    all_are_read_at_once,
    a_notification_speaks_the_language_of_who_asks,
    a_machine_has_no_inbox,
);

fn everybody_sees_their_own_inbox_and_no_other(app: &TestApp) {
    told(app, "rep");
    let rep = app.as_role(Role::Rep);
    let inbox = rep.get("/me/notifications").expect(200);
    assert_eq!(inbox.rows().len(), 1);
    let id = inbox.rows()[0]["id"].as_str().expect("an id").to_owned();
    assert_eq!(app.as_user("rep2").get("/me/notifications").expect(200).rows().len(), 0);
    app.as_user("rep2").get(&format!("/me/notifications/{id}")).refused(404, "not_found");
    app.as_role(Role::Admin)
        .post(&format!("/me/notifications/{id}/read"), json!(null))
        .refused(404, "not_found");
    app.run_background();
    let heard = |client: testkit::support::Client| {
        client.get("/events?types=notification.*").expect(200).rows().len()
    };
    assert_eq!((heard(rep), heard(app.as_user("rep2")), heard(app.as_role(Role::Admin))), (1, 0, 0));
}

fn a_notification_is_read_once_and_can_be_unread(app: &TestApp) {
    told(app, "rep");
    let rep = app.as_role(Role::Rep);
    let id = rep.get("/me/notifications?unread=true").expect(200).rows()[0]["id"].clone();
    let path = format!("/me/notifications/{}", id.as_str().expect("an id"));
    let read = rep.post(&format!("{path}/read"), json!(null)).expect(200);
    assert!(read.body["read_at"].is_string());
    let again = rep.post(&format!("{path}/read"), json!(null)).expect(200);
    assert_eq!(again.body["version"], read.body["version"], "once more changes nothing");
    assert_eq!(rep.get("/me/notifications?unread=true").expect(200).rows().len(), 0);
    assert_eq!(rep.get("/me/notifications?unread=false").expect(200).rows().len(), 1);
    rep.post(&format!("{path}/unread"), json!(null)).expect(200);
    assert_eq!(rep.get("/me/notifications?unread=true").expect(200).rows().len(), 1);
}

fn all_are_read_at_once(app: &TestApp) {
    (0..3).for_each(|_| told(app, "rep"));
    told(app, "clerk");
    let marked = app.as_role(Role::Rep).post("/me/notifications/read-all", json!(null)).expect(200);
    assert_eq!(marked.body, json!({"marked": 3, "left": 0}));
    assert_eq!(app.as_role(Role::Clerk).get("/me/notifications?unread=true").expect(200).rows().len(), 1);
}

fn a_notification_speaks_the_language_of_who_asks(app: &TestApp) {
    told(app, "rep");
    let text = |lang: &str| {
        let inbox = app.as_role(Role::Rep).with("accept-language", lang).get("/me/notifications").expect(200);
        inbox.rows()[0]["text"].as_str().expect("a text").to_owned()
    };
    assert!(text("en").is_ascii());
    assert!(!text("zh-CN").is_ascii());
}

fn a_machine_has_no_inbox(app: &TestApp) {
    testkit::machines::machine(app, json!({})).get("/me/notifications").refused(403, "not_a_person");
}
