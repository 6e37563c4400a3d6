//! A request under a key is done once, for one caller, and what is shown once is not kept.

use std::sync::{Arc, mpsc};

use salesdesk::base::auth::{Caller, Role};
use salesdesk::base::db::Tx;
use salesdesk::base::http::idempotency::{Key, with_idempotency};
use salesdesk::base::http::{Answer, Reply as Told};
use serde_json::json;

use testkit::support::{TestApp, number, words};

both_engines!(
    a_key_is_its_callers_own,
    a_request_that_is_under_way_is_not_waited_for,
    a_request_that_is_under_way_elsewhere_is_not_waited_for,
    a_secret_is_shown_once,
    kept_answers_are_cleared_away_when_they_have_expired,
    the_same_request_is_the_same_byte_for_byte,
    a_kept_answer_is_for_whoever_may_still_see_it,
    a_kept_answer_is_for_whoever_still_has_the_right,
    what_was_sent_is_not_found_out_by_trying,
);

fn keys(app: &TestApp) -> i64 {
    app.read(|conn| number(conn, "SELECT count(*) AS number FROM idempotency_keys"))
}

fn a_key_is_its_callers_own(app: &TestApp) {
    let body = json!({"name": "Guangzhou Tianhe Trading"});
    let ask = |username: &str| {
        let path = "/customers?allow_duplicate=true&duplicate_reason=test";
        app.as_user(username).with("idempotency-key", "1").post(path, body.clone())
    };
    let (one, other) = (ask("rep").expect(201), ask("clerk").expect(201));
    assert_ne!(one.id(), other.id());
    assert_eq!(other.header("idempotent-replayed"), None);
    assert_eq!((ask("rep").id(), ask("clerk").id()), (one.id(), other.id()));
    // Nor does another caller learn that the key is used for something else.
    let another = json!({"name": "Another"});
    app.as_user("rep2").with("idempotency-key", "1").post("/customers", another).expect(201);
}

fn a_request_that_is_under_way_is_not_waited_for(app: &TestApp) {
    let clerk = app.as_role(Role::Clerk).with("idempotency-key", "under way");
    let caller = Caller { user: Some(app.person("clerk").user.0), ..Caller::anonymous() };
    let key = Key::new(&app.core.vault, &caller, "under way", "POST", "/api/v1/customers", b"");
    let held = app.core.in_flight.hold(&key).expect("nobody else has it");
    let waiting = clerk.post("/customers", json!({"name": "A"})).refused(409, "idempotency_in_progress");
    assert!(waiting.header("retry-after").is_some());
    drop(held);
    clerk.post("/customers", json!({"name": "A"})).expect(201);
}

/// On PostgreSQL the first request may run in another process. On SQLite there is one writer: the second request is
/// done after the first, and gets its answer.
fn a_request_that_is_under_way_elsewhere_is_not_waited_for(app: &TestApp) {
    let caller = Caller::system("test");
    let key = Key::new(&app.core.vault, &caller, "elsewhere", "POST", "/api/v1/things", b"{}");
    let answer = |_: &mut Tx| Told::json(201, &json!({"n": 1}));
    let (begun, wait_until_begun) = mpsc::channel();
    let (release, held) = mpsc::channel::<()>();
    let held = std::sync::Mutex::new(held);
    let (core, first_key, who) = (app.core.clone(), key.clone(), Arc::new(caller));
    let first_who = who.clone();
    let first = std::thread::spawn(move || {
        core.write_as(first_who, move |tx| {
            with_idempotency(tx, Some(&first_key), |tx| {
                let _ = begun.send(());
                let _ = held.lock().expect("the channel").recv();
                answer(tx)
            })
        })
    });
    wait_until_begun.recv().expect("the first has begun");
    if !app.is_sqlite() {
        let second = key.clone();
        let refused = app.core.write_as(who.clone(), move |tx| with_idempotency(tx, Some(&second), answer));
        assert_eq!(refused.map(|_| ()).expect_err("still running").code(), "idempotency_in_progress");
    }
    drop(release);
    assert!(!first.join().expect("the first").expect("done").replayed);
    let again = app.core.write_as(who, move |tx| with_idempotency(tx, Some(&key), answer)).expect("kept");
    assert!(again.replayed);
}

fn a_secret_is_shown_once(app: &TestApp) {
    let caller = Arc::new(Caller::system("test"));
    let key = Key::new(&app.core.vault, &caller, "a secret", "POST", "/api/v1/clients", b"{}");
    let ask = || {
        let key = key.clone();
        let told = app.core.write_as(caller.clone(), move |tx| {
            with_idempotency(tx, Some(&key), |tx| {
                let made = json!({"id": "cli_1", "name": "ERP", "client_secret": "s3cret"});
                let answer = Answer::of(made).secret_fields(&["client_secret"]);
                answer.finish_write(tx, &Default::default(), 201)
            })
        });
        told.expect("an answer")
    };
    let (first, again) = (ask(), ask());
    assert!(first.no_store, "a secret is not to be stored on the way");
    let body =
        |told: &Told| serde_json::from_slice::<serde_json::Value>(told.body.as_deref().unwrap()).unwrap();
    assert_eq!(body(&first)["client_secret"], "s3cret");
    assert_eq!(body(&again), json!({"id": "cli_1", "name": "ERP", "client_secret": null}));
    assert!(again.replayed);
    let leaked = "SELECT count(*) AS number FROM idempotency_keys WHERE body LIKE '%s3cret%'";
    assert_eq!(app.read(|conn| number(conn, leaked)), 0);
}

fn kept_answers_are_cleared_away_when_they_have_expired(app: &TestApp) {
    let enter = |n: usize| {
        let clerk = app.as_role(Role::Clerk).with("idempotency-key", &format!("key {n}"));
        clerk.post("/customers", json!({"name": format!("Customer {n}")})).expect(201)
    };
    (0..30).for_each(|n| drop(enter(n)));
    assert_eq!(keys(app), 30);
    app.core.clock.advance_seconds(24 * 3600);
    // Within twenty more they are gone, whichever request it is that clears them away.
    (30..50).for_each(|n| drop(enter(n)));
    assert_eq!(keys(app), 20);
}

fn the_same_request_is_the_same_byte_for_byte(app: &TestApp) {
    let clerk = app.as_role(Role::Clerk).with("idempotency-key", "bytes");
    let first = clerk.raw("POST", "/customers", "application/json", r#"{"name": "A"}"#).expect(201);
    let spaced = clerk.raw("POST", "/customers", "application/json", r#"{"name":"A"}"#);
    spaced.refused(422, "idempotency_key_reused");
    // Headers do not count: another language, another way to write the media type.
    let other = clerk.with("accept-language", "zh-CN");
    let again =
        other.raw("POST", "/customers", "Application/JSON; charset=utf-8", r#"{"name": "A"}"#).expect(201);
    assert_eq!((again.id(), again.header("idempotent-replayed")), (first.id(), Some("true")));
}

fn a_kept_answer_is_for_whoever_may_still_see_it(app: &TestApp) {
    let rep = app.as_user("rep").with("idempotency-key", "mine");
    let (made, step) = (json!({"name": "Guangzhou Tianhe Trading"}), json!({"name": "Liu Yang"}));
    let customer = rep.post("/customers", made.clone()).expect(201);
    let contacts = format!("{}/contacts", customer.location());
    let adds = app.as_user("rep").with("idempotency-key", "contact");
    adds.post(&contacts, step.clone()).expect(201);
    let batch = json!({"mode": "atomic", "operations": [{"method": "POST", "path": "/customers", "body": {"name": "In a batch"}}]});
    let batched = app.as_user("rep").with("idempotency-key", "batch");
    let second = batched.post("/batch", batch.clone()).expect(200).body["results"][0]["body"]["id"].clone();
    assert_eq!(rep.post("/customers", made.clone()).expect(201).header("idempotent-replayed"), Some("true"));
    let reassign = json!({"owner_id": app.person("rep2").user.to_string(), "reason": "Another region"});
    for id in [customer.id(), second.as_str().expect("an id").to_owned()] {
        app.all_powerful().post(&format!("/customers/{id}/reassign"), reassign.clone()).expect(200);
    }
    rep.post("/customers", made).refused(404, "not_found");
    adds.post(&contacts, step).refused(404, "not_found");
    batched.post("/batch", batch).refused(404, "not_found");
}

fn a_kept_answer_is_for_whoever_still_has_the_right(app: &TestApp) {
    let manager = app.as_role(Role::Manager).with("idempotency-key", "cost");
    let product = json!({"sku": "TEA-9", "name": "Tea", "unit": "pcs", "tax_rate": "0.13", "cost": "3",
        "cost_currency": "CNY"});
    let first = manager.post("/products", product.clone());
    assert_eq!(first.status, 201, "{first}");
    let user = format!("/users/{}", app.person("manager").user);
    let etag = app.as_role(Role::Admin).get(&user).expect(200).etag();
    app.as_role(Role::Admin).patch(&user, &etag, json!({"role": "clerk"})).expect(200);
    let refused = manager.post("/products", product).refused(403, "forbidden");
    assert!(refused.body["required_scopes"].to_string().contains("products:cost"), "{refused}");
}

fn what_was_sent_is_not_found_out_by_trying(app: &TestApp) {
    let body = r#"{"password":"correct horse battery"}"#;
    let path = format!("/users/{}/reset-password", app.person("rep").user);
    let admin = app.as_role(Role::Admin).with("idempotency-key", "reset");
    admin.raw("POST", &path, "application/json", body).expect(200);
    let kept = app.read(|conn| words(conn, "SELECT fingerprint AS word FROM idempotency_keys"));
    let guess = [format!("POST /api/v1{path}\n{body}"), body.to_owned()];
    for digest in guess.map(|text| salesdesk::base::secret::sha256_hex(text.as_bytes())) {
        assert!(!kept.iter().any(|known| known.contains(&digest)), "{kept:?}");
    }
}
