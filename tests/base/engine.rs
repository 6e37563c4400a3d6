//! The engine keeps what it answered, whoever else is at work, and one unit's failure is only its own.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Barrier, mpsc};

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use salesdesk::base::auth::Role;
use salesdesk::base::db::Conn;
use salesdesk::base::db::engine::{Ending, Engine};
use salesdesk::base::error::{Error, Problem, Result};
use serde_json::json;

use testkit::support::{TestApp, number};

both_engines!(
    many_writers_at_once_lose_nothing,
    a_unit_that_panics_fails_alone,
    a_failed_unit_leaves_no_trace_and_its_neighbours_stay,
    a_discarded_unit_answers_and_leaves_no_trace,
    a_reader_sees_one_moment,
    a_write_can_be_read_as_soon_as_it_is_answered,
    a_unit_that_is_run_again_counts_once,
    of_two_who_change_the_same_record_one_wins,
    of_two_requests_with_one_key_one_is_done,
    units_of_one_caller_are_done_in_their_order,
);

fn keep(engine: &Engine, name: String) -> Result<()> {
    engine.write_now(move |conn| put(conn, &name).map(|()| ((), Ending::Commit)))
}

fn put(conn: &mut Conn, name: &str) -> Result<()> {
    conn.batch_execute(&format!("INSERT INTO installation (name, value) VALUES ('{name}', '0')"))?;
    Ok(())
}

/// How many facts there are whose name begins like this.
fn kept(app: &TestApp, prefix: &str) -> i64 {
    let sql = format!("SELECT count(*) AS number FROM installation WHERE name LIKE '{prefix}%'");
    app.read(move |conn| number(conn, &sql))
}

fn many_writers_at_once_lose_nothing(app: &TestApp) {
    let (threads, each) = (32, 50);
    let start = Arc::new(Barrier::new(threads));
    let workers: Vec<_> = (0..threads)
        .map(|thread| {
            let (engine, start) = (app.core.engine.clone(), start.clone());
            std::thread::spawn(move || {
                start.wait();
                (0..each).for_each(|n| keep(&engine, format!("many-{thread}-{n}")).expect("kept"));
            })
        })
        .collect();
    workers.into_iter().for_each(|w| w.join().expect("a writer"));
    let all = (threads * each) as i64;
    assert_eq!(kept(app, "many-"), all);
    let counters = &app.core.engine.counters;
    let (commits, units) = (counters.commits.load(Ordering::Relaxed), counters.units.load(Ordering::Relaxed));
    assert!(units >= all as u64);
    if app.is_sqlite() {
        assert!(commits < units, "{commits} commits for {units} units: nothing was committed together");
    }
}

fn a_unit_that_panics_fails_alone(app: &TestApp) {
    let engine = &app.core.engine;
    for n in 0..3 {
        let refused = engine.write_now::<()>(move |conn| {
            put(conn, &format!("panic-{n}"))?;
            panic!("on purpose")
        });
        assert_eq!(refused.expect_err("a panic").code(), "internal");
        keep(engine, format!("calm-{n}")).expect("the writer goes on");
    }
    assert_eq!((kept(app, "panic-"), kept(app, "calm-")), (0, 3));
    assert!(engine.read_now::<()>(|_| panic!("on purpose")).is_err());
    assert_eq!(kept(app, "calm-"), 3, "the reader goes on");
}

fn a_failed_unit_leaves_no_trace_and_its_neighbours_stay(app: &TestApp) {
    // The first unit holds the writer until the others are queued behind it, so that they share a commit.
    let (release, held) = mpsc::channel::<()>();
    let held = std::sync::Mutex::new(held);
    let engine = app.core.engine.clone();
    let first = std::thread::spawn(move || {
        engine.write_now(move |conn| {
            put(conn, "good-first")?;
            let _ = held.lock().expect("the channel").recv();
            Ok(((), Ending::Commit))
        })
    });
    let workers: Vec<_> = (0..20)
        .map(|n| {
            let engine = app.core.engine.clone();
            std::thread::spawn(move || {
                engine.write_now(move |conn| {
                    put(conn, &format!("{}-{n}", if n % 2 == 0 { "good" } else { "bad" }))?;
                    match n % 4 {
                        1 => Err(Problem::new("duplicate").into()),
                        // The database's own refusal, of the same key twice.
                        3 => put(conn, &format!("bad-{n}")).map(|()| ((), Ending::Commit)),
                        _ => Ok(((), Ending::Commit)),
                    }
                })
            })
        })
        .collect();
    drop(release);
    first.join().expect("the first").expect("kept");
    for (n, worker) in workers.into_iter().enumerate() {
        let result: Result<()> = worker.join().expect("a writer");
        match n % 4 {
            1 => assert_eq!(result.expect_err("refused").code(), "duplicate"),
            3 => assert_eq!(result.expect_err("refused").into_problem().code, "duplicate"),
            _ => result.expect("kept"),
        }
    }
    assert_eq!((kept(app, "good-"), kept(app, "bad-")), (11, 0));
}

fn a_discarded_unit_answers_and_leaves_no_trace(app: &TestApp) {
    let answer = app.core.engine.write_now(|conn| {
        put(conn, "dry")?;
        Ok((number(conn, "SELECT count(*) AS number FROM installation WHERE name = 'dry'"), Ending::Rollback))
    });
    assert_eq!(answer.expect("an answer"), 1);
    assert_eq!(kept(app, "dry"), 0);
}

fn a_reader_sees_one_moment(app: &TestApp) {
    let engine = app.core.engine.clone();
    let (before, after) = app.read(move |conn| {
        let count = |conn: &mut Conn| number(conn, "SELECT count(*) AS number FROM installation");
        let before = count(conn);
        keep(&engine, "meanwhile".into()).expect("kept");
        (before, count(conn))
    });
    assert_eq!(before, after);
    assert_eq!(kept(app, "meanwhile"), 1);
}

fn a_write_can_be_read_as_soon_as_it_is_answered(app: &TestApp) {
    for n in 0..100 {
        keep(&app.core.engine, format!("own-{n}")).expect("kept");
        assert_eq!(kept(app, "own-"), n + 1);
    }
}

/// Each thread reads a counter and writes it plus one, in one unit of work; on PostgreSQL most of them are told
/// to run again. Whatever happens on the way, each counts exactly once.
fn a_unit_that_is_run_again_counts_once(app: &TestApp) {
    keep(&app.core.engine, "counter".into()).expect("kept");
    let (threads, each) = (4, 10);
    let runs = Arc::new(AtomicU32::new(0));
    let workers: Vec<_> = (0..threads)
        .map(|_| {
            let (engine, runs) = (app.core.engine.clone(), runs.clone());
            std::thread::spawn(move || {
                for _ in 0..each {
                    let runs = runs.clone();
                    let count = engine.write_now(move |conn| {
                        runs.fetch_add(1, Ordering::Relaxed);
                        increment(conn).map(|()| ((), Ending::Commit))
                    });
                    count.expect("counted");
                }
            })
        })
        .collect();
    workers.into_iter().for_each(|w| w.join().expect("a writer"));
    let sql = "SELECT CAST(value AS BIGINT) AS number FROM installation WHERE name = 'counter'";
    let counted = app.read(move |conn| number(conn, sql));
    assert_eq!(counted, threads * each);
    let retries = app.core.engine.counters.retries.load(Ordering::Relaxed);
    assert_eq!(u64::from(runs.load(Ordering::Relaxed)), counted as u64 + retries);
}

fn increment(conn: &mut Conn) -> Result<()> {
    use salesdesk::schema::installation::dsl;
    let value: String = dsl::installation.filter(dsl::name.eq("counter")).select(dsl::value).first(conn)?;
    let next = value.parse::<u32>().map_err(|e| Error::internal(e.to_string()))? + 1;
    conn.batch_execute(&format!("UPDATE installation SET value = '{next}' WHERE name = 'counter'"))?;
    Ok(())
}

fn of_two_who_change_the_same_record_one_wins(app: &TestApp) {
    let admin = app.as_role(Role::Admin);
    let team = admin.post("/teams", json!({"code": "RACE", "name": "0"})).expect(201);
    for round in 1..=10 {
        let etag = format!("\"{round}\"");
        let asks = (0..6)
            .map(|n| {
                let name = format!("{round}.{n}");
                admin.clone().with("if-match", &etag).asks(
                    "PATCH",
                    &team.location(),
                    Some(json!({"name": name})),
                )
            })
            .collect();
        let replies = app.together(asks);
        let won: Vec<_> = replies.iter().filter(|r| r.status == 200).collect();
        assert_eq!(won.len(), 1, "{:?}", replies.iter().map(|r| r.status).collect::<Vec<_>>());
        for lost in replies.iter().filter(|r| r.status != 200) {
            assert_eq!((lost.status, &lost.body["current_version"]), (412, &json!(round + 1)), "{lost}");
        }
        let now = admin.get(&team.location()).expect(200);
        assert_eq!(now.body["name"], won[0].body["name"]);
        assert_eq!(now.body["version"], round + 1);
    }
}

fn of_two_requests_with_one_key_one_is_done(app: &TestApp) {
    let admin = app.as_role(Role::Admin).with("idempotency-key", "the same");
    let ask = admin.asks("POST", "/teams", Some(json!({"code": "ONCE", "name": "Once"})));
    let replies = app.together(vec![ask; 6]);
    let made: Vec<_> = replies.iter().filter(|r| r.status == 201).collect();
    assert!(!made.is_empty());
    for reply in &replies {
        match reply.status {
            201 => assert_eq!(reply.body, made[0].body),
            _ => assert_eq!(reply.body["code"], "idempotency_in_progress", "{reply}"),
        }
    }
    let teams = admin.get("/teams?limit=200").expect(200);
    assert_eq!(teams.rows().iter().filter(|t| t["code"] == "ONCE").count(), 1);
}

fn units_of_one_caller_are_done_in_their_order(app: &TestApp) {
    let admin = app.as_role(Role::Admin);
    let team = admin.post("/teams", json!({"code": "ORDER", "name": "0"})).expect(201);
    for n in 1..=20 {
        let changed = admin.patch(&team.location(), "*", json!({"name": n.to_string()})).expect(200);
        assert_eq!((&changed.body["version"], changed.etag()), (&json!(n + 1), format!("\"{}\"", n + 1)));
    }
}
