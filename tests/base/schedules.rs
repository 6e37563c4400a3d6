//! Recurring work: that it happens when it is due, once, and goes on after what may come in between.

use salesdesk::base::auth::Role;
use salesdesk::base::db::Guard;
use salesdesk::base::error::{Error, Problem, Result};
use salesdesk::base::installation::{fact, set_fact};
use salesdesk::base::schedules::model::find;
use salesdesk::base::schedules::{Minute, Progress, Rhythm, Schedule, ScheduleRun, runner};
use salesdesk::base::types::At;
use serde_json::{Value, json};

use testkit::support::TestApp;

both_engines!(
    a_daily_schedule_runs_once_a_day_at_its_hour,
    what_was_missed_during_a_standstill_happens_once,
    two_programs_run_it_once,
    a_run_that_fails_shows_why_and_is_tried_again_at_its_next_time,
    a_run_whose_program_died_goes_on_when_its_lease_ends,
    a_run_that_ends_programs_is_given_up,
    a_long_run_keeps_no_other_waiting,
    it_runs_when_somebody_wants_it_to,
    a_disabled_schedule_does_not_run,
    a_rhythm_that_has_changed_is_followed,
    a_schedule_that_no_program_knows_any_more_goes_after_a_week,
    schedules_show_in_the_figures,
    old_sessions_are_cleared_away,
);

/// Counts its runs in the database, in the run's own transaction.
fn counted(run: &ScheduleRun) -> Result<Progress> {
    run.commit(|tx, _| {
        let count = tx.under(Guard::Claim("the schedule's lease"), |conn| fact(conn, "runs"))?;
        let count: i64 = count.map_or(0, |text| text.parse().expect("a number"));
        tx.under(Guard::Claim("the schedule's lease"), |conn| {
            set_fact(conn, "runs", &(count + 1).to_string())
        })?;
        Ok(Progress::Done)
    })
}

fn daily(run: fn(&ScheduleRun) -> Result<Progress>) -> Schedule {
    let about = ["For the tests.", "用于测试。"];
    Schedule { name: "testing", about, rhythm: Rhythm::Daily(Minute::at(8, 0)), run }
}

fn runs(app: &TestApp) -> i64 {
    app.read(|conn| fact(conn, "runs").expect("read")).map_or(0, |text| text.parse().expect("a number"))
}

fn told(app: &TestApp) -> Value {
    app.all_powerful().get("/system/schedules/testing").expect(200).body
}

/// The clock of this program is moved to a local time in Shanghai, and what is due is done.
fn at(app: &TestApp, time: &str) {
    app.core.clock.set(At::parse(&format!("{time}:00+08:00")).expect("an instant"));
    app.run_background();
}

fn a_daily_schedule_runs_once_a_day_at_its_hour(app: &TestApp) {
    let app = app.with_schedules(&[daily(counted)]);
    // It is ten in the morning: today's time is over.
    app.run_background();
    assert_eq!(runs(&app), 0);
    let schedule = told(&app);
    assert_eq!(schedule["rhythm"], "daily at 08:00");
    assert_eq!(schedule["about"], "For the tests.");
    assert_eq!((&schedule["last_result"], &schedule["last_duration_ms"]), (&Value::Null, &Value::Null));
    for (time, expected) in [
        ("2026-11-21T07:59", 0),
        ("2026-11-21T08:00", 1),
        ("2026-11-21T08:00", 1),
        ("2026-11-21T23:59", 1),
        ("2026-11-22T07:59", 1),
        ("2026-11-22T08:03", 2),
        ("2026-11-23T07:59", 2),
        ("2026-11-23T08:00", 3),
    ] {
        at(&app, time);
        assert_eq!(runs(&app), expected, "{time}");
    }
    let schedule = told(&app);
    assert_eq!((&schedule["runs"], &schedule["last_result"]), (&json!(3), &json!("succeeded")));
    assert_eq!(schedule["next_run_at"], "2026-11-24T00:00:00.000Z");
    assert_eq!(schedule["last_success_at"], "2026-11-23T00:00:00.000Z");
    let chinese = app.all_powerful().with("accept-language", "zh-CN").get("/system/schedules/testing");
    assert_eq!(chinese.expect(200).body["rhythm"], "每天 08:00");
}

fn what_was_missed_during_a_standstill_happens_once(app: &TestApp) {
    app.with_schedules(&[daily(counted)]).run_background();
    let later = app.with_schedules(&[daily(counted)]);
    at(&later, "2026-11-23T15:00");
    assert_eq!(runs(&later), 1);
    assert_eq!(told(&later)["next_run_at"], "2026-11-24T00:00:00.000Z");
    at(&later, "2026-11-24T08:00");
    assert_eq!(runs(&later), 2);
}

fn two_programs_run_it_once(app: &TestApp) {
    let (one, other) = (app.with_schedules(&[daily(counted)]), app.with_schedules(&[daily(counted)]));
    for app in [&one, &other] {
        app.core.clock.set(At::parse("2026-11-21T08:00:00+08:00").expect("an instant"));
    }
    let (first, second) = (one.shared(), other.shared());
    std::thread::scope(|scope| {
        for app in [&first, &second] {
            scope.spawn(|| while runner::turn(app).expect("a turn") {});
        }
    });
    assert_eq!((runs(&one), &told(&one)["runs"]), (1, &json!(1)));
    // One that holds the schedule keeps the other off, and is the only one that can commit.
    at(&one, "2026-11-21T09:00");
    one.core.clock.set(At::parse("2026-11-22T08:00:00+08:00").expect("an instant"));
    let row = one.read(|conn| find(conn, "testing").expect("a schedule"));
    assert!(runner::take(&one.shared(), row.clone()).expect("a look").is_some());
    assert!(runner::take(&one.shared(), row.clone()).expect("a look").is_some(), "it is ours still");
    other.core.clock.set(At::parse("2026-11-22T08:00:30+08:00").expect("an instant"));
    assert!(runner::take(&other.shared(), row).expect("a look").is_none());
}

fn a_run_that_fails_shows_why_and_is_tried_again_at_its_next_time(app: &TestApp) {
    fn fails(run: &ScheduleRun) -> Result<Progress> {
        match run.read(|rx| fact(rx.conn, "mended"))? {
            Some(_) => counted(run),
            None => Err(Error::internal("password=hunter2 at 10.0.0.7")),
        }
    }
    fn panics(_: &ScheduleRun) -> Result<Progress> {
        panic!("of no use")
    }
    fn refuses(run: &ScheduleRun) -> Result<Progress> {
        run.commit(|tx, _| {
            tx.under(Guard::Claim("the schedule's lease"), |conn| set_fact(conn, "half", "done"))?;
            Err(Problem::new("no_working_time").into())
        })
    }
    let more = |name, run| Schedule { name, ..daily(run) };
    let app =
        app.with_schedules(&[daily(fails), more("testing-panics", panics), more("testing-refuses", refuses)]);
    at(&app, "2026-11-21T08:00");
    let schedule = told(&app);
    assert_eq!((&schedule["last_result"], &schedule["failures"]), (&json!("failed"), &json!(1)));
    assert_eq!(schedule["last_error"]["code"], "internal");
    assert!(!schedule.to_string().contains("hunter2"), "{schedule}");
    assert_eq!(schedule["next_run_at"], "2026-11-22T00:00:00.000Z");
    let failed = app.as_role(Role::Executive).get("/system/schedules?last_result=failed").expect(200);
    let told_of: Vec<_> = failed.rows().iter().map(|row| &row["last_error"]["code"]).collect();
    assert_eq!(told_of, ["internal", "internal", "no_working_time"]);
    assert_eq!(app.read(|conn| fact(conn, "half").expect("read")), None, "what failed left nothing");
    app.core
        .write_as(salesdesk::base::auth::Caller::system("test").into(), |tx| {
            tx.under(Guard::Claim("the schedule's lease"), |conn| set_fact(conn, "mended", "yes"))
        })
        .expect("mended");
    at(&app, "2026-11-21T23:00");
    assert_eq!(runs(&app), 0);
    at(&app, "2026-11-22T08:00");
    let schedule = told(&app);
    assert_eq!((runs(&app), &schedule["last_error"], &schedule["failures"]), (1, &Value::Null, &json!(1)));
}

/// Three chunks, each noting its place; the second program sees where the first one was.
fn in_parts(run: &ScheduleRun) -> Result<Progress> {
    let part: i64 = run.place().map_or(0, |text| text.parse().expect("a number"));
    run.commit(move |tx, place| {
        let count = tx.under(Guard::Claim("the schedule's lease"), |conn| fact(conn, "runs"))?;
        let count: i64 = count.map_or(0, |text| text.parse().expect("a number"));
        tx.under(Guard::Claim("the schedule's lease"), |conn| {
            set_fact(conn, "runs", &(count + 1).to_string())
        })?;
        *place = (part < 2).then(|| (part + 1).to_string());
        Ok(if part < 2 { Progress::More } else { Progress::Done })
    })
}

fn a_run_whose_program_died_goes_on_when_its_lease_ends(app: &TestApp) {
    let dies = app.with_schedules(&[daily(in_parts)]);
    let eight = At::parse("2026-11-21T08:00:00+08:00").expect("an instant");
    dies.core.clock.set(eight);
    assert!(runner::turn(&dies.shared()).expect("a turn"));
    assert_eq!(runs(&dies), 1);
    // It does nothing more. Another one waits for the end of its lease, and no longer.
    let other = app.with_schedules(&[daily(in_parts)]);
    other.core.clock.set(eight.plus_seconds(59));
    other.run_background();
    assert_eq!((runs(&other), &told(&other)["running"]), (1, &json!(true)));
    other.core.clock.set(eight.plus_seconds(61));
    other.run_background();
    let schedule = told(&other);
    assert_eq!((runs(&other), &schedule["runs"], &schedule["running"]), (3, &json!(1), &json!(false)));
    assert_eq!(
        (&schedule["last_result"], &schedule["last_duration_ms"]),
        (&json!("succeeded"), &json!(61_000))
    );
    // Whoever comes back finds nothing to do.
    dies.run_background();
    assert_eq!(runs(&dies), 3);
}

fn a_run_that_ends_programs_is_given_up(app: &TestApp) {
    let mut now = At::parse("2026-11-21T08:00:00+08:00").expect("an instant");
    app.with_schedules(&[daily(counted)]);
    for _ in 0..3 {
        let dies = app.with_schedules(&[daily(counted)]);
        dies.core.clock.set(now);
        let row = dies.read(|conn| find(conn, "testing").expect("a schedule"));
        assert!(runner::take(&dies.shared(), row).expect("a look").is_some());
        now = now.plus_seconds(61);
    }
    let last = app.with_schedules(&[daily(counted)]);
    last.core.clock.set(now);
    last.run_background();
    let schedule = told(&last);
    assert_eq!((runs(&last), &schedule["last_error"]["code"]), (0, &json!("schedule_interrupted")));
    assert_eq!(schedule["next_run_at"], "2026-11-22T00:00:00.000Z");
    at(&last, "2026-11-22T08:00");
    assert_eq!(runs(&last), 1);
}

fn a_long_run_keeps_no_other_waiting(app: &TestApp) {
    let quick = Schedule { name: "testing-quick", ..daily(counted) };
    let app = app.with_schedules(&[daily(in_parts), quick]);
    app.core.clock.set(At::parse("2026-11-21T08:00:00+08:00").expect("an instant"));
    assert!(runner::turn(&app.shared()).expect("a turn"));
    assert_eq!(runs(&app), 2, "a part of the one, and all of the other");
    app.run_background();
    assert_eq!(runs(&app), 4);
}

fn it_runs_when_somebody_wants_it_to(app: &TestApp) {
    let app = app.with_schedules(&[daily(counted)]);
    app.as_role(Role::Executive).post("/system/schedules/testing/run", json!(null)).refused(403, "forbidden");
    app.as_role(Role::Admin).post("/system/schedules/testing/run", json!(null)).expect(200);
    app.run_background();
    assert_eq!((runs(&app), &told(&app)["next_run_at"]), (1, &json!("2026-11-21T00:00:00.000Z")));
    let said = app.as_role(Role::Admin).get("/events?types=schedule.*").expect(200);
    assert_eq!(said.rows()[0]["type"], "schedule.triggered");
    assert_eq!(said.rows().len(), 1, "{said}");
}

fn a_disabled_schedule_does_not_run(app: &TestApp) {
    let app = app.with_schedules(&[daily(counted)]);
    let admin = app.all_powerful();
    let step = |step: &str| admin.post(&format!("/system/schedules/testing/{step}"), json!(null));
    let disabled = step("disable").expect(200);
    assert_eq!((&disabled.body["enabled"], &disabled.body["next_run_at"]), (&json!(false), &Value::Null));
    step("disable").expect(200);
    step("run").refused(409, "schedule_disabled");
    at(&app, "2026-11-23T15:00");
    assert_eq!(runs(&app), 0);
    let app = app.with_schedules(&[daily(counted)]);
    app.all_powerful().post("/system/schedules/testing/enable", json!(null)).expect(200);
    app.run_background();
    assert_eq!(runs(&app), 0, "what was missed while it was disabled is not made up for");
    at(&app, "2026-11-24T08:00");
    assert_eq!(runs(&app), 1);
}

fn a_rhythm_that_has_changed_is_followed(app: &TestApp) {
    app.with_schedules(&[daily(counted)]);
    let other = Schedule { rhythm: Rhythm::EveryMinutes(30), ..daily(counted) };
    let app = app.with_schedules(&[other]);
    let schedule = told(&app);
    assert_eq!(
        (&schedule["rhythm"], &schedule["next_run_at"]),
        (&json!("every 30 minutes"), &json!("2026-11-20T02:30:00.000Z"))
    );
    at(&app, "2026-11-20T10:29");
    assert_eq!(runs(&app), 0);
    at(&app, "2026-11-20T10:30");
    assert_eq!(runs(&app), 1);
}

fn a_schedule_that_no_program_knows_any_more_goes_after_a_week(app: &TestApp) {
    let newer = app.with_schedules(&[daily(counted)]);
    // A program that does not know it, such as an older one on the same database, leaves it alone.
    let older = newer.with_settings(|_| {});
    older.core.clock.set(At::parse("2026-11-25T09:00:00+08:00").expect("an instant"));
    older.run_background();
    assert_eq!(runs(&older), 0);
    at(&newer, "2026-11-25T09:00");
    assert_eq!(runs(&newer), 1);
    // It was due on the 26th and nobody has run it since.
    let later = |time: &str| {
        at(&older, time);
        older.with_settings(|_| {}).all_powerful().get("/system/schedules/testing")
    };
    later("2026-12-03T07:59").expect(200);
    later("2026-12-03T08:00").refused(404, "not_found");
}

fn schedules_show_in_the_figures(app: &TestApp) {
    let app = app.with_schedules(&[daily(counted)]);
    at(&app, "2026-11-21T08:00");
    app.core.clock.advance_seconds(90);
    let page = app.anyone().from("127.0.0.1").page("GET", "/metrics").expect(200);
    let page = String::from_utf8(page.bytes).expect("a text");
    for line in [
        "salesdesk_schedule_last_success_age_seconds{schedule=\"testing\"} 90",
        "salesdesk_schedule_failures{schedule=\"testing\"} 0",
    ] {
        assert!(page.lines().any(|l| l == line), "no {line}: {page}");
    }
}

fn old_sessions_are_cleared_away(app: &TestApp) {
    let sessions = |app: &TestApp| {
        let counts = app.row_counts();
        counts.iter().find(|(name, _)| name == "sessions").map(|(_, count)| *count).expect("a table")
    };
    assert!(sessions(app) > 0);
    app.core.clock.advance_seconds(59 * 24 * 3600);
    app.run_background();
    assert!(sessions(app) > 0);
    app.core.clock.advance_seconds(2 * 24 * 3600);
    app.run_background();
    assert_eq!(sessions(app), 0);
}
