//! Writes: created, changed, deleted and stepped on, once, with a trace of each.

use std::collections::BTreeSet;

use salesdesk::base::http::OperationKind;
use serde_json::{Value, json};

use super::ledger::Exception;
use super::lists::required_path;
use super::{creates, each, each_where, on_one_record, send, send_about_nothing, with_query};
use testkit::fixtures::{body_for, body_of, created_by, example_of, path_of, request_of};
use testkit::support::{Client, Reply, TestApp};

both_engines!(
    a_created_record_is_where_its_location_says,
    every_write_is_in_the_journal_with_who_and_through_which_request,
    a_repeated_request_with_its_key_is_done_once,
    a_dry_run_changes_nothing,
    what_takes_long_is_begun_once_and_told_by_a_job,
    a_change_of_a_stale_version_is_refused,
    a_deleted_record_is_gone,
    a_repeated_step_with_its_key_is_taken_once,
);

/// Parts that are not read by themselves.
const PARTS: &[Exception] = &[];

/// Whether an answer tells this record: it is the record, perhaps with what is told once, or it is the one that the
/// record is a part of.
fn tells(answer: &Value, record: &Value) -> bool {
    if answer["id"] == record["id"] {
        return record.as_object().is_some_and(|fields| fields.iter().all(|(n, v)| answer.get(n) == Some(v)));
    }
    let lists = answer.as_object().into_iter().flatten().filter_map(|(_, v)| v.as_array());
    lists.flatten().any(|part| part == record)
}

/// The fields that were sent, which the record has, too, and which it has otherwise.
fn lost_of<'s>(sent: &'s Value, found: &Value) -> Vec<&'s String> {
    let fields = sent.as_object().into_iter().flatten();
    // Lists and objects are completed: a line gets an id and its sums.
    let simple = fields.filter(|(_, value)| !value.is_array() && !value.is_object() && !value.is_null());
    simple
        .filter(|(name, value)| found.get(*name).is_some_and(|v| v != *value))
        .map(|(name, _)| name)
        .collect()
}

fn a_created_record_is_where_its_location_says(app: &TestApp) {
    each_where(app, creates, PARTS, |endpoint, looks| {
        looks.applies(endpoint.operation_id);
        let (path, sent) = request_of(app, endpoint);
        let made = app.all_powerful().post(&path, sent.clone()).expect(201);
        let reader = app.all_powerful();
        let found = reader.get(&made.location());
        if found.status == 405 {
            return;
        }
        looks.looked(endpoint.operation_id);
        let found = found.expect(200);
        assert!(tells(&made.body, &found.body), "{found} is not what was answered: {made}");
        assert_eq!(found.etag(), made.etag());
        let lost = lost_of(&sent, &found.body);
        assert!(lost.is_empty(), "{lost:?} of {sent} did not come back: {found}");
        if let Some(version) = made.body.get("version") {
            assert_eq!(made.etag(), format!("\"{version}\""));
        }
        for same in [made.etag(), format!("\"0\", {}", made.etag()), format!("W/{}", made.etag()), "*".into()]
        {
            let unchanged = reader.clone().with("if-none-match", &same).get(&made.location()).expect(304);
            assert!(unchanged.bytes.is_empty());
            assert_eq!(unchanged.etag(), made.etag());
        }
        reader.with("if-none-match", "\"0\"").get(&made.location()).expect(200);
    });
}

fn every_write_is_in_the_journal_with_who_and_through_which_request(app: &TestApp) {
    let admin = app.person("admin").user;
    app.run_background();
    let begin = app.all_powerful().get("/events?after=latest").expect(200);
    let written = std::cell::RefCell::new(Vec::new());
    let wrote = |reply: &Reply| {
        let what = (reply.request_id().to_owned(), reply.asked.clone());
        written.borrow_mut().push(what);
    };
    each(app, creates, |endpoint| {
        let made = created_by(app, endpoint).expect(201);
        assert!(!app.journal_of(made.request_id(), admin).is_empty(), "no entry: {made}");
        wrote(&made);
    });
    each(
        app,
        |e| e.nature == OperationKind::Change && on_one_record(app, e),
        |endpoint| {
            let (path, body) = request_of(app, endpoint);
            let before = app.all_powerful().get(&path).expect(200);
            let changed = app.all_powerful().patch(&path, &before.etag(), body).expect(200);
            let entries = app.journal_of(changed.request_id(), admin);
            assert_eq!(entries.is_empty(), changed.etag() == before.etag(), "{entries:?}: {changed}");
            if !entries.is_empty() {
                wrote(&changed);
            }
        },
    );
    each(
        app,
        |e| e.nature == OperationKind::Remove && on_one_record(app, e),
        |endpoint| {
            let path = path_of(app, endpoint);
            let etag = app.all_powerful().get(&path).expect(200).etag();
            let removed = app.all_powerful().delete(&path, &etag);
            assert!(removed.status < 300, "{removed}");
            assert!(!app.journal_of(removed.request_id(), admin).is_empty(), "no entry: {removed}");
            wrote(&removed);
        },
    );
    // Steps in a life, each where it is possible.
    each(
        app,
        |e| e.nature == OperationKind::Action,
        |endpoint| {
            let (path, body) = request_of(app, endpoint);
            let step = app.all_powerful().post(&path, body);
            assert!(step.status < 300, "{step}");
            assert!(!app.journal_of(step.request_id(), admin).is_empty(), "no entry: {step}");
            wrote(&step);
        },
    );
    // Each of them was told, too.
    let told = requests_told(app, begin.body["next_cursor"].as_str().expect("a cursor"));
    let untold = written.borrow().iter().filter(|(id, _)| !told.contains(id)).cloned().collect::<Vec<_>>();
    assert!(untold.is_empty(), "no event of {untold:?}");
}

/// The requests that the feed tells of behind this cursor.
fn requests_told(app: &TestApp, begin: &str) -> BTreeSet<String> {
    app.run_background();
    let (mut cursor, mut told) = (begin.to_owned(), BTreeSet::new());
    loop {
        let page = app.all_powerful().get(&format!("/events?limit=1000&after={cursor}")).expect(200);
        told.extend(page.rows().iter().filter_map(|e| Some(e["actor"]["request_id"].as_str()?.to_owned())));
        if page.body["has_more"] == false {
            return told;
        }
        cursor = page.body["next_cursor"].as_str().expect("a cursor").to_owned();
    }
}

/// Whether an answer is the first one again, but for what was told once: an answer that nobody may store says null
/// there the second time.
fn repeats(again: &Reply, first: &Reply) -> bool {
    if first.header("cache-control") != Some("no-store") {
        return again.bytes == first.bytes;
    }
    let fields = first.body.as_object().into_iter().flatten();
    let told_once = fields.filter(|(name, value)| again.body[name.as_str()] != **value);
    let names: Vec<&String> = told_once.map(|(name, _)| name).collect();
    !names.is_empty() && names.iter().all(|name| again.body[name.as_str()].is_null())
}

fn a_repeated_request_with_its_key_is_done_once(app: &TestApp) {
    each(app, creates, |endpoint| {
        let key = format!("key {}", app.unique());
        let (path, body) = request_of(app, endpoint);
        let client = app.all_powerful().with("idempotency-key", &key);
        let first = client.post(&path, body.clone()).expect(201);
        assert_eq!(first.header("idempotent-replayed"), None);
        let counts = app.row_counts();
        let again = client.post(&path, body.clone()).expect(201);
        assert_eq!(again.header("idempotent-replayed"), Some("true"));
        assert!(repeats(&again, &first), "{again} is not {first}");
        assert_eq!((again.etag(), again.location()), (first.etag(), first.location()));
        assert_eq!(app.row_counts(), counts, "the repeated request left something");
        // Another request under the same key is a mistake.
        client.post(&with_query(&path, "dry_run=true"), body).refused(422, "idempotency_key_reused");
        app.core.clock.advance_seconds(24 * 3600);
        let later = client.post(&path, body_for(app, endpoint, &path)).expect(201);
        assert_eq!(later.header("idempotent-replayed"), None, "a key is forgotten after a day");
        app.core.clock.set(testkit::support::NOW);
    });
    each(
        app,
        |e| e.nature.takes_key(),
        |endpoint| {
            let long = "x".repeat(256);
            for wrong in ["", &long] {
                let client = app.all_powerful().with("idempotency-key", wrong);
                let reply = send_about_nothing(&client, endpoint).refused(400, "invalid_parameter");
                assert_eq!(reply.places(), ["Idempotency-Key"]);
            }
        },
    );
}

fn a_dry_run_changes_nothing(app: &TestApp) {
    each(
        app,
        |e| e.common.dry_run,
        |endpoint| {
            let (path, body) = request_of(app, endpoint);
            let body = Some(body).filter(|b| !b.is_null());
            let before = app.row_counts();
            let client = app.all_powerful().with("idempotency-key", "a dry run keeps none");
            let tried = client.send("POST", &with_query(&path, "dry_run=true"), body.clone());
            assert_eq!(app.row_counts(), before, "something stayed of {tried}");
            if creates(endpoint) {
                let tried = tried.expect(201);
                client.get(&tried.location()).expect(if tried.location().ends_with(&path) {
                    200
                } else {
                    404
                });
                let real = app.all_powerful().send("POST", &path, body).expect(201);
                let names = |r: &Reply| r.body.as_object().map(|o| o.keys().cloned().collect::<Vec<_>>());
                assert_eq!(names(&tried), names(&real));
            }
        },
    );
}

fn what_takes_long_is_begun_once_and_told_by_a_job(app: &TestApp) {
    each(
        app,
        |e| e.nature == OperationKind::Start,
        |endpoint| {
            let (path, body) = (required_path(app, endpoint), body_of(app, endpoint));
            let begin = |client: &Client, path: &str| send(client, endpoint, path, Some(body.clone()));
            // An import's own dry run is a job that keeps nothing.
            if endpoint.common.dry_run {
                let tried = begin(&app.all_powerful(), &with_query(&path, "dry_run=true")).expect(202);
                app.all_powerful().get(&tried.location()).refused(404, "not_found");
            }
            let client = app.all_powerful().with("idempotency-key", &format!("begin {}", app.unique()));
            let begun = begin(&client, &path).expect(202);
            assert_eq!(client.get(&begun.location()).expect(200).body, begun.body);
            assert!(!app.journal_of(begun.request_id(), app.person("admin").user).is_empty());
            let counts = app.row_counts();
            let again = begin(&client, &path).expect(202);
            assert_eq!(again.header("idempotent-replayed"), Some("true"));
            assert_eq!((&again.bytes, again.location()), (&begun.bytes, begun.location()));
            assert_eq!(app.row_counts(), counts, "the repeated request left something");
        },
    );
}

fn a_change_of_a_stale_version_is_refused(app: &TestApp) {
    each(
        app,
        |e| e.nature.needs_version() && on_one_record(app, e),
        |endpoint| {
            let path = path_of(app, endpoint);
            let current = app.all_powerful().get(&path).expect(200).etag();
            let body = example_of(endpoint).map(|_| body_of(app, endpoint));
            let stale = app.all_powerful().with("if-match", "\"999\"");
            let reply =
                stale.send(endpoint.method.as_str(), &path, body.clone()).refused(412, "version_mismatch");
            assert_eq!(format!("\"{}\"", reply.body["current_version"]), current);
            if endpoint.nature == OperationKind::Change {
                let etag = current;
                let changed =
                    app.all_powerful().patch(&path, &etag, body.clone().expect("a body")).expect(200);
                let found = app.all_powerful().get(&path).expect(200);
                assert!(tells(&changed.body, &found.body), "{found} is not what was answered: {changed}");
                assert_eq!(changed.etag(), found.etag());
                assert_ne!(changed.etag(), etag, "the example changes nothing");
                // A patch that changes nothing makes no new version.
                let same = app.all_powerful().patch(&path, &changed.etag(), json!({})).expect(200);
                assert_eq!((same.etag(), &same.body), (changed.etag(), &changed.body));
                app.all_powerful()
                    .patch(&path, &etag, body.expect("a body"))
                    .refused(412, "version_mismatch");
            }
        },
    );
    // On a step in a life, and where something is added to a record, the version is optional and honoured.
    each(
        app,
        |e| matches!(e.nature, OperationKind::Action | OperationKind::Create) && !e.path_prefixes.is_empty(),
        |endpoint| {
            let stale = app.all_powerful().with("if-match", "\"999\"");
            let (path, body) = request_of(app, endpoint);
            stale.post(&path, body).refused(412, "version_mismatch");
        },
    );
}

fn a_deleted_record_is_gone(app: &TestApp) {
    each(
        app,
        |e| e.nature == OperationKind::Remove && on_one_record(app, e),
        |endpoint| {
            let path = path_of(app, endpoint);
            let etag = app.all_powerful().get(&path).expect(200).etag();
            let tables = app.row_counts();
            // Where a part is taken away, what it was part of is answered.
            let status = if endpoint.answer.is_some() { 200 } else { 204 };
            let gone = app.all_powerful().delete(&path, &etag).expect(status);
            app.all_powerful().get(&path).refused(404, "not_found");
            // A part's ETag is its parent's, which is there still, at its next version.
            let etag = if endpoint.answer.is_some() { gone.etag() } else { etag };
            app.all_powerful().delete(&path, &etag).refused(404, "not_found");
            let fewer = app.row_counts().iter().zip(&tables).filter(|(now, then)| now.1 < then.1).count();
            assert!(fewer > 0, "nothing was deleted");
        },
    );
}

fn a_repeated_step_with_its_key_is_taken_once(app: &TestApp) {
    each(
        app,
        |e| e.nature == OperationKind::Action,
        |endpoint| {
            let (path, body) = request_of(app, endpoint);
            let client = app.all_powerful().with("idempotency-key", &format!("step {}", app.unique()));
            let first = client.post(&path, body.clone()).expect(200);
            let counts = app.row_counts();
            let again = client.post(&path, body.clone()).expect(200);
            assert_eq!(again.header("idempotent-replayed"), Some("true"));
            assert!(repeats(&again, &first), "{again} is not {first}");
            assert_eq!(again.header("etag"), first.header("etag"));
            assert_eq!(app.row_counts(), counts, "the repeated request left something");
            if endpoint.common.dry_run {
                let other = client.post(&with_query(&path, "dry_run=true"), body);
                other.refused(422, "idempotency_key_reused");
            }
        },
    );
}
