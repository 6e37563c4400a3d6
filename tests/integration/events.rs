//! The event feed: whoever follows it misses nothing, hears nothing twice, and hears nothing that is not theirs.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Barrier};

use salesdesk::base::auth::{Caller, Role};
use salesdesk::base::background;
use salesdesk::base::db::engine::Ending;
use salesdesk::base::events::feed;
use salesdesk::base::record;
use salesdesk::regions::{Region, RegionForm};
use serde_json::{Value, json};

use testkit::fixtures::make;
use testkit::support::{Client, NOW, Reply, TestApp, next_chunk};

both_engines!(
    the_feed_tells_each_change_in_its_order,
    a_reader_who_comes_again_hears_only_what_is_new,
    a_reader_misses_nothing_while_many_write,
    one_records_events_come_in_the_order_of_its_versions,
    a_rep_hears_of_their_own_records_only,
    the_end_of_a_record_is_told_to_whose_it_was,
    a_log_in_is_no_event,
    a_type_that_does_not_exist_is_named,
    a_cursor_from_before_a_restore_says_where_to_begin_again,
    what_was_said_to_be_restored_takes_no_cursor_from_before,
    a_cursor_past_the_keeping_says_where_to_begin_again,
    who_is_up_to_date_is_never_past_the_keeping,
    a_stream_tells_what_happens_and_goes_on_after_the_last_id,
    a_stream_ends_with_the_rights_of_who_reads_it,
    one_caller_cannot_hold_all_streams,
    a_stream_wakes_by_what_concerns_it,
);

const KEPT: i64 = feed::KEPT_DAYS * 24 * 3600;

fn customer(client: &Client, name: &str) -> Reply {
    client.post("/customers", json!({"name": name})).expect(201)
}

/// Everything behind a cursor, page by page.
fn follow(app: &TestApp, client: &Client, query: &str, after: Option<String>) -> (Vec<Value>, String) {
    app.run_background();
    let mut cursor = after;
    let mut events = Vec::new();
    loop {
        let after = cursor.map(|c| format!("&after={c}")).unwrap_or_default();
        let page = client.get(&format!("/events?{query}{after}")).expect(200);
        events.extend(page.rows().to_vec());
        let next = page.body["next_cursor"].as_str().expect("always a cursor").to_owned();
        if page.body["has_more"] == false {
            return (events, next);
        }
        cursor = Some(next);
    }
}

fn end_of(app: &TestApp, client: &Client) -> String {
    app.run_background();
    let page = client.get("/events?after=latest").expect(200);
    assert_eq!(page.body["data"], json!([]));
    page.body["next_cursor"].as_str().expect("a cursor").to_owned()
}

fn types(events: &[Value]) -> Vec<&str> {
    events.iter().map(|e| e["type"].as_str().expect("a type")).collect()
}

fn the_feed_tells_each_change_in_its_order(app: &TestApp) {
    let clerk = app.as_role(Role::Clerk);
    let begin = end_of(app, &clerk);
    let made = customer(&clerk, "天河");
    let changed = clerk.patch(&made.location(), &made.etag(), json!({"tier": "a"})).expect(200);
    clerk.post(&format!("{}/activate", made.location()), Value::Null).expect(200);
    let (events, _) = follow(app, &clerk, "limit=2", Some(begin.clone()));
    assert_eq!(types(&events), ["customer.created", "customer.updated", "customer.activated"]);
    let second = &events[1];
    assert_eq!(
        second["data"],
        json!({"id": made.id(), "kind": "customer", "version": 2, "changed": ["tier"]})
    );
    assert_eq!(second["actor"]["name"], "Test clerk");
    assert_eq!(second["actor"]["request_id"], changed.request_id());
    let sequences: Vec<i64> = events.iter().map(|e| e["sequence"].as_i64().expect("a number")).collect();
    assert!(sequences.is_sorted_by(|a, b| a < b), "{sequences:?}");
    let (some, _) = follow(app, &clerk, "types=customer.updated,order.*", Some(begin));
    assert_eq!(types(&some), ["customer.updated"]);
}

fn a_reader_who_comes_again_hears_only_what_is_new(app: &TestApp) {
    let clerk = app.as_role(Role::Clerk);
    customer(&clerk, "A");
    let (first, cursor) = follow(app, &clerk, "", None);
    assert!(types(&first).contains(&"customer.created"));
    assert_eq!(follow(app, &clerk, "", Some(cursor.clone())).0, Vec::<Value>::new());
    let new = customer(&clerk, "B");
    let (second, _) = follow(app, &clerk, "", Some(cursor));
    assert_eq!(types(&second), ["customer.created"]);
    assert_eq!(second[0]["data"]["id"], new.id());
}

/// Writers that take different times to commit, a sequencer beside them, and a reader who keeps its cursor: the
/// trap is a change that commits late and would appear behind a cursor already handed out.
fn a_reader_misses_nothing_while_many_write(app: &TestApp) {
    let (writers, each) = (6, 40);
    let start = Arc::new(Barrier::new(writers + 2));
    let done = Arc::new(AtomicBool::new(false));
    let shared = app.shared();
    let threads: Vec<_> = (0..writers)
        .map(|writer| {
            let (core, start) = (app.core.clone(), start.clone());
            std::thread::spawn(move || {
                start.wait();
                for n in 0..each {
                    let input = region(&format!("r{writer}-{n}"));
                    let system = Arc::new(Caller::system("test"));
                    core.write_as(system, move |tx| {
                        record::work::create::<Region>(tx, input.clone())?;
                        // Some units are long: others that began later end before them.
                        if (writer + n) % 3 == 0 {
                            tx.hint("it only takes time", |conn| {
                                slow_down(conn);
                                Ok(())
                            })?;
                        }
                        Ok(())
                    })
                    .expect("written");
                }
            })
        })
        .collect();
    let sequencer = {
        let (done, start, app) = (done.clone(), start.clone(), shared.clone());
        std::thread::spawn(move || {
            start.wait();
            while !done.load(Ordering::SeqCst) {
                background::run_until_idle(&app).expect("the sequencer runs");
            }
        })
    };
    let reader = {
        let (done, core) = (done.clone(), app.core.clone());
        std::thread::spawn(move || {
            start.wait();
            let mut seen = Vec::new();
            let mut after = 0;
            loop {
                let last = done.load(Ordering::SeqCst);
                let declared = core.declared.clone();
                let part = core
                    .engine
                    .read_now(move |conn| {
                        let types = ["region.created".into()];
                        feed::read(conn, &declared, &Caller::system("test"), &types, after, 7)
                    })
                    .expect("read");
                after = part.next;
                seen.extend(part.events);
                if last && !part.more {
                    return seen;
                }
            }
        })
    };
    threads.into_iter().for_each(|t| t.join().expect("a writer"));
    background::run_until_idle(&shared).expect("the rest");
    done.store(true, Ordering::SeqCst);
    sequencer.join().expect("the sequencer");
    let seen = reader.join().expect("the reader");
    assert_eq!(seen.len(), writers * each, "each change once, whatever the order of commits");
    assert!(seen.is_sorted_by(|a, b| a.sequence < b.sequence));
}

fn region(code: &str) -> RegionForm {
    serde_json::from_value(json!({"code": code, "name": code})).expect("a region")
}

/// Some work inside the unit, without sleeping.
fn slow_down(conn: &mut salesdesk::base::db::Conn) {
    testkit::support::number(
        conn,
        "WITH RECURSIVE up(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM up WHERE n < 20000)
         SELECT count(*) AS number FROM up",
    );
}

fn one_records_events_come_in_the_order_of_its_versions(app: &TestApp) {
    let clerk = app.as_role(Role::Clerk);
    let begin = end_of(app, &clerk);
    let made = customer(&clerk, "A");
    let mut etag = made.etag();
    for n in 0..20 {
        // The clock of another program may be behind.
        app.core.clock.set(NOW.plus_seconds(if n % 2 == 0 { -1 } else { 1 }));
        etag = clerk.patch(&made.location(), &etag, json!({"notes": format!("{n}")})).expect(200).etag();
    }
    let (events, _) = follow(app, &clerk, "", Some(begin));
    let versions: Vec<i64> =
        events.iter().map(|e| e["data"]["version"].as_i64().expect("a version")).collect();
    assert_eq!(versions, (1..=21).collect::<Vec<i64>>());
}

fn a_rep_hears_of_their_own_records_only(app: &TestApp) {
    let (rep, other) = (app.as_role(Role::Rep), app.as_user("rep2"));
    let begin = end_of(app, &rep);
    let (mine, theirs) = (customer(&rep, "mine"), customer(&other, "theirs"));
    let heard = |client: &Client| {
        let (events, _) = follow(app, client, "types=customer.*", Some(begin.clone()));
        events.iter().map(|e| e["data"]["id"].as_str().expect("an id").to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(heard(&rep), [mine.id()]);
    assert_eq!(heard(&other), [theirs.id()]);
    assert_eq!(heard(&app.as_role(Role::Clerk)), [mine.id(), theirs.id()]);
    assert_eq!(heard(&app.as_role(Role::Manager)), [mine.id()], "the other team is not theirs");
    assert_eq!(heard(&app.as_role(Role::Warehouse)), [""; 0], "without the right to read customers");
}

fn the_end_of_a_record_is_told_to_whose_it_was(app: &TestApp) {
    let rep = app.as_role(Role::Rep);
    let gone = customer(&rep, "soon gone");
    let begin = end_of(app, &rep);
    app.as_role(Role::Clerk).delete(&gone.location(), &gone.etag()).expect(204);
    for (client, expected) in [(rep, 1), (app.as_user("rep2"), 0), (app.as_role(Role::Manager), 1)] {
        let (events, _) = follow(app, &client, "types=customer.deleted", Some(begin.clone()));
        assert_eq!(events.len(), expected);
    }
}

fn a_log_in_is_no_event(app: &TestApp) {
    let admin = app.as_role(Role::Admin);
    let begin = end_of(app, &admin);
    let body = testkit::support::credentials("clerk", testkit::support::PASSWORD);
    app.anyone().post("/auth/login", body).expect(200);
    assert_eq!(follow(app, &admin, "", Some(begin)).0, Vec::<Value>::new());
    let trail = admin.get("/audit-log?event=user.logged_in").expect(200);
    assert_eq!(trail.rows().len(), 1);
}

fn a_type_that_does_not_exist_is_named(app: &TestApp) {
    let reply = app.as_role(Role::Clerk).get("/events?types=order.created,order.exploded,nothing.*");
    let reply = reply.refused(400, "invalid_parameter");
    assert_eq!(reply.body["errors"].as_array().expect("errors").len(), 2, "{reply}");
}

fn a_cursor_from_before_a_restore_says_where_to_begin_again(app: &TestApp) {
    let clerk = app.as_role(Role::Clerk);
    customer(&clerk, "A");
    let (_, cursor) = follow(app, &clerk, "", None);
    let here = feed::Cursor::read(&cursor).expect("a cursor");
    let other_life = feed::Cursor { epoch: "other".into(), ..here.clone() };
    let beyond = feed::Cursor { sequence: here.sequence + 1, ..here };
    for lost in [other_life, beyond] {
        let reply = clerk.get(&format!("/events?after={}", lost.write())).refused(410, "cursor_expired");
        assert_eq!(reply.body["latest_cursor"], cursor);
        clerk.get(&format!("/events/stream?after={}", lost.write())).refused(410, "cursor_expired");
    }
    clerk.get("/events?after=nonsense").refused(400, "invalid_cursor");
}

fn what_was_said_to_be_restored_takes_no_cursor_from_before(app: &TestApp) {
    let (_, cursor) = follow(app, &app.as_role(Role::Clerk), "", None);
    let restored = |conn: &mut _| Ok((salesdesk::base::installation::new_epoch(conn)?, Ending::Commit));
    app.core.engine.write_now(restored).expect("a new life");
    let after = app.with_settings(|_| {});
    let reply = after.as_role(Role::Clerk).get(&format!("/events?after={cursor}"));
    let latest = reply.refused(410, "cursor_expired").body["latest_cursor"].clone();
    let latest = latest.as_str().expect("a cursor");
    after.as_role(Role::Clerk).get(&format!("/events?after={latest}")).expect(200);
}

fn a_cursor_past_the_keeping_says_where_to_begin_again(app: &TestApp) {
    let clerk = app.as_role(Role::Clerk);
    let begin = end_of(app, &clerk);
    customer(&clerk, "A");
    app.run_background();
    app.core.clock.advance_seconds(KEPT - 1);
    app.all_powerful().get(&format!("/events?after={begin}")).expect(200);
    app.core.clock.advance_seconds(2);
    app.all_powerful().get(&format!("/events?after={begin}")).refused(410, "cursor_expired");
}

fn who_is_up_to_date_is_never_past_the_keeping(app: &TestApp) {
    customer(&app.as_role(Role::Clerk), "A");
    let (_, cursor) = follow(app, &app.as_role(Role::Clerk), "", None);
    app.core.clock.advance_seconds(2 * KEPT);
    let (events, _) = follow(app, &app.all_powerful(), "", Some(cursor));
    assert_eq!(events, Vec::<Value>::new());
}

fn a_stream_tells_what_happens_and_goes_on_after_the_last_id(app: &TestApp) {
    let clerk = app.as_role(Role::Clerk);
    app.run_background();
    let first = customer(&clerk, "before the stream");
    let begin = end_of(app, &clerk);
    let second = customer(&clerk, "behind the cursor");
    app.run_background();
    let resumed = clerk.clone().with("last-event-id", &begin);
    let text = app.streamed(&resumed.asks("GET", "/events/stream?types=customer.*", None), 2);
    assert!(text[0].starts_with("retry: ") && text[0].contains(&format!("id: {begin}")), "{text:?}");
    assert!(text[1].contains("event: customer.created\n") && text[1].contains(&second.id()), "{text:?}");
    assert!(!text[1].contains(&first.id()), "{text:?}");
    // The id of the event is a cursor of the feed.
    let id = text[1].lines().find_map(|l| l.strip_prefix("id: ")).expect("an id").to_owned();
    assert_eq!(follow(app, &clerk, "", Some(id)).0, Vec::<Value>::new());
}

fn a_stream_ends_with_the_rights_of_who_reads_it(app: &TestApp) {
    let clerk = app.as_role(Role::Clerk);
    let ask = clerk.asks("GET", "/events/stream", None);
    let mut stream = app.opened(&ask);
    assert!(!app.run(next_chunk(&mut stream)).is_empty());
    let user = app.person("clerk").user;
    app.as_role(Role::Admin).post(&format!("/users/{user}/block"), json!({"reason": "left"})).expect(200);
    assert!(app.run(next_chunk(&mut stream)).is_empty(), "the stream has ended");
}

fn one_caller_cannot_hold_all_streams(app: &TestApp) {
    let clerk = app.as_role(Role::Clerk);
    let ask = clerk.asks("GET", "/events/stream", None);
    let open: Vec<_> = (0..20).map(|_| app.opened(&ask)).collect();
    clerk.get("/events/stream").refused(429, "too_many_streams");
    app.as_role(Role::Manager).get("/events/stream").expect(200);
    drop(open);
    clerk.get("/events/stream").expect(200);
    make(app, "cus");
}

fn a_stream_wakes_by_what_concerns_it(app: &TestApp) {
    let clerk = app.as_role(Role::Clerk);
    app.run_background();
    let ask = |types: &str| clerk.asks("GET", &format!("/events/stream?types={types}"), None);
    let mut streams: Vec<_> = (0..10).map(|_| app.opened(&ask("product.*"))).collect();
    let mut hears = app.opened(&ask("customer.*"));
    // What comes within a moment; a stream that has nothing to tell waits longer.
    let moment = std::time::Duration::from_millis(300);
    let within = |stream: &mut actix_web::body::BoxBody| {
        let next = async { tokio::time::timeout(moment, next_chunk(stream)).await };
        app.run(next).ok().map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
    };
    for stream in streams.iter_mut().chain([&mut hears]) {
        assert!(within(stream).is_some_and(|text| text.starts_with("retry")));
        assert_eq!(within(stream), None);
    }
    let news = app.core.part::<salesdesk::events::stream::News>();
    let before = news.reads();
    for (n, stream) in streams.iter_mut().take(3).enumerate() {
        let made = customer(&clerk, &format!("news {n}"));
        app.run_background();
        assert_eq!(within(stream), None);
        assert!(within(&mut hears).is_some_and(|text| text.contains(&made.id())));
    }
    assert_eq!(news.reads() - before, 3, "only the one that they are for has looked");
    // They have lost nothing by that.
    let product = json!({"sku": "NEWS", "name": "News", "unit": "pcs", "tax_rate": "0.13"});
    let product = clerk.post("/products", product).expect(201);
    app.run_background();
    for stream in &mut streams {
        assert!(within(stream).is_some_and(|text| text.contains(&product.id())));
    }
}
