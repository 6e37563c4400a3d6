//! Long work: its life, whose turn it is, and what becomes of it when something happens in between.

use salesdesk::base::auth::Role;
use salesdesk::base::jobs;
use serde_json::{Value, json};

use testkit::support::{Reply, TestApp, number};

both_engines!(
    a_job_tells_how_it_goes_and_what_it_made,
    one_sees_ones_own_jobs_and_an_administrator_sees_all,
    a_job_is_cancelled_before_and_while_it_runs,
    a_job_whose_program_died_is_taken_over_and_goes_on,
    two_programs_do_not_do_the_same_chunk,
    a_job_that_cannot_get_on_ends_as_failed,
    a_job_has_the_rights_that_its_creator_has_now,
    a_machine_clients_job_has_no_more_rights_than_its_token,
    files_are_kept_for_seven_days,
    nobody_queues_jobs_without_end,
    a_jobs_life_is_told,
);

/// So many products, whose SKUs rise.
pub fn products(app: &TestApp, count: usize) {
    let operation = |n: &usize| {
        let body = json!({"sku": format!("P{n:05}"), "name": format!("产品 {n:05}"), "unit": "pcs",
            "tax_rate": "0.13"});
        json!({"method": "POST", "path": "/products", "body": body})
    };
    for some in (0..count).collect::<Vec<_>>().chunks(200) {
        let operations: Vec<Value> = some.iter().map(operation).collect();
        app.all_powerful().post("/batch", json!({"mode": "atomic", "operations": operations})).expect(200);
    }
}

/// Begins an export in the name of a test person.
pub fn begin(app: &TestApp, username: &str, body: Value) -> Reply {
    app.as_user(username).post("/exports", body).expect(202)
}

pub fn product_export() -> Value {
    json!({"resource": "products", "format": "csv", "fields": ["sku"], "sort": "sku"})
}

fn turn(app: &TestApp) -> bool {
    jobs::turn(&app.shared()).expect("a turn")
}

fn a_job_tells_how_it_goes_and_what_it_made(app: &TestApp) {
    products(app, 600);
    let begun = begin(app, "clerk", product_export());
    assert_eq!(begun.location(), format!("/api/v1/jobs/{}", begun.id()));
    let clerk = app.as_role(Role::Clerk);
    let told = |field: &str| clerk.get(&begun.location()).expect(200).body[field].clone();
    assert_eq!(
        ["status", "kind", "resource", "processed", "total", "started_at", "allowed_actions"].map(told),
        [
            json!("queued"),
            json!("export"),
            json!("products"),
            json!(0),
            json!(null),
            json!(null),
            json!(["cancel"])
        ]
    );
    let early = clerk.get(&format!("{}/result", begun.location())).refused(409, "job_not_ended");
    assert_eq!(early.body["current_status"], "queued");
    turn(app);
    assert_eq!(
        ["status", "processed", "total", "succeeded"].map(told),
        [json!("running"), json!(500), json!(600), json!(500)]
    );
    app.run_background();
    assert_eq!(
        ["status", "processed", "failed", "allowed_actions"].map(told),
        [json!("succeeded"), json!(600), json!(0), json!([])]
    );
    let file = clerk.get(&format!("{}/result", begun.location())).expect(200);
    assert_eq!(
        told("result"),
        json!({"name": "products-2026-11-20.csv", "media_type": "text/csv", "size": file.bytes.len()})
    );
    assert_eq!(file.header("content-disposition"), Some("attachment; filename=\"products-2026-11-20.csv\""));
    let expected: String = (0..600).map(|n| format!("P{n:05}\r\n")).collect();
    assert_eq!(String::from_utf8_lossy(&file.bytes), format!("sku\r\n{expected}"));
    clerk.get(&format!("{}/errors", begun.location())).refused(404, "no_such_file");
}

fn one_sees_ones_own_jobs_and_an_administrator_sees_all(app: &TestApp) {
    let mine = begin(app, "clerk", product_export());
    let others = begin(app, "finance", product_export());
    app.run_background();
    let ids = |username: &str, query: &str| {
        let page = app.as_user(username).get(&format!("/jobs?sort=created_at{query}")).expect(200);
        page.rows().iter().map(|job| job["id"].as_str().expect("an id").to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(ids("clerk", ""), [mine.id()]);
    assert_eq!(ids("admin", ""), [mine.id(), others.id()]);
    assert_eq!(ids("admin", "&kind=import"), [] as [String; 0]);
    assert_eq!(ids("admin", "&kind=export&resource=products&status=succeeded").len(), 2);
    assert_eq!(ids("admin", "&created_since=2026-11-21T00:00:00Z"), [] as [String; 0]);
    assert_eq!(ids("admin", "&created_until=2026-11-21T00:00:00Z").len(), 2);
    let clerk = app.as_role(Role::Clerk);
    clerk.get(&others.location()).refused(404, "not_found");
    clerk.post(&format!("{}/cancel", others.location()), json!({})).refused(404, "not_found");
    // What a job made was made with the rights of whoever asked for it.
    let admin = app.as_role(Role::Admin);
    admin.get(&others.location()).expect(200);
    admin.get(&format!("{}/result", others.location())).refused(403, "not_your_job");
    app.as_role(Role::Warehouse).get("/jobs").refused(403, "forbidden");
}

fn a_job_is_cancelled_before_and_while_it_runs(app: &TestApp) {
    products(app, 600);
    let clerk = app.as_role(Role::Clerk);
    let cancel = |job: &Reply| clerk.post(&format!("{}/cancel", job.location()), json!({}));
    let queued = begin(app, "clerk", product_export());
    assert_eq!(cancel(&queued).expect(200).body["status"], "cancelled");
    app.run_background();
    let running = begin(app, "clerk", product_export());
    turn(app);
    assert_eq!(cancel(&running).expect(200).body["status"], "cancelled");
    app.run_background();
    for (job, processed) in [(&queued, 0), (&running, 500)] {
        let told = clerk.get(&job.location()).expect(200).body;
        assert_eq!((&told["status"], &told["processed"]), (&json!("cancelled"), &json!(processed)));
        let again = cancel(job).refused(409, "invalid_transition");
        assert_eq!(
            (&again.body["current_status"], &again.body["allowed_actions"]),
            (&json!("cancelled"), &json!([]))
        );
        clerk.get(&format!("{}/result", job.location())).refused(404, "no_such_file");
    }
    assert_eq!(app.read(|conn| number(conn, "SELECT count(*) AS number FROM job_files")), 0);
}

fn a_job_whose_program_died_is_taken_over_and_goes_on(app: &TestApp) {
    products(app, 1200);
    for format in ["csv", "ndjson", "xlsx"] {
        let body = json!({"resource": "products", "format": format, "sort": "sku"});
        let begun = begin(app, "clerk", body.clone());
        turn(app);
        // This program does nothing more. Another one waits for the end of its lease, and no longer.
        let other = app.with_settings(|_| {});
        other.run_background();
        let job = other.as_role(Role::Clerk).get(&begun.location()).expect(200).body;
        assert_eq!((&job["status"], &job["processed"]), (&json!("running"), &json!(500)));
        other.core.clock.advance_seconds(31);
        other.run_background();
        let job = other.as_role(Role::Clerk).get(&begun.location()).expect(200).body;
        assert_eq!(
            (&job["status"], &job["processed"], &job["total"]),
            (&json!("succeeded"), &json!(1200), &json!(1200))
        );
        // The same as from a program that was never disturbed; a workbook is compared by its rows.
        let undisturbed = begin(app, "clerk", body);
        app.run_background();
        let file = |job: &Reply| {
            app.as_role(Role::Clerk).get(&format!("{}/result", job.location())).expect(200).bytes
        };
        match format {
            "xlsx" => {
                let rows = crate::exports::rows_of(file(&begun));
                assert_eq!(rows.len(), 1201);
                assert!(rows == crate::exports::rows_of(file(&undisturbed)));
            }
            _ => assert!(file(&begun) == file(&undisturbed)),
        }
        // Whoever comes back finds nothing to do.
        assert!(!turn(app));
    }
}

fn two_programs_do_not_do_the_same_chunk(app: &TestApp) {
    products(app, 600);
    let begun = begin(app, "clerk", product_export());
    let job = begun.id().parse::<jobs::JobId>().expect("an id");
    turn(app);
    // It is as slow as to lose its lease, and commits what it has after another program has gone on.
    let (shared, held) = (app.shared(), app.read(move |conn| jobs::find(conn, job).expect("the job")));
    let caller = held.clone();
    let caller = app.read(move |conn| jobs::caller_of(conn, &caller).expect("read").expect("the clerk"));
    let slow = jobs::JobRun { app: shared, job: held, caller: caller.into() };
    let other = app.with_settings(|_| {});
    other.core.clock.advance_seconds(31);
    other.run_background();
    let late = slow.commit(|_, job| {
        job.processed += 100;
        Ok(jobs::Progress::More)
    });
    assert_eq!(late.expect_err("it has lost the job").code(), "job_lost");
    assert_eq!(app.as_role(Role::Clerk).get(&begun.location()).expect(200).body["processed"], 600);
}

fn a_job_that_cannot_get_on_ends_as_failed(app: &TestApp) {
    let begun = begin(app, "clerk", product_export());
    // A program that ends whenever it begins this job.
    for _ in 0..6 {
        let other = app.with_settings(|_| {});
        let id = begun.id().parse::<jobs::JobId>().expect("an id");
        let runner = other.shared().runner.clone();
        let taken = jobs::runner::take(&other.shared(), None).expect("a look");
        assert!(taken.is_some_and(|job| job.id == id && job.lease_owner == Some(runner)));
        app.core.clock.advance_seconds(31);
    }
    app.run_background();
    let job = app.as_role(Role::Clerk).get(&begun.location()).expect(200).body;
    assert_eq!((&job["status"], &job["error"]["code"]), (&json!("failed"), &json!("job_failed_repeatedly")));
}

fn a_job_has_the_rights_that_its_creator_has_now(app: &TestApp) {
    let customers = || json!({"resource": "customers", "format": "csv"});
    app.as_user("rep").post("/customers", json!({"name": "Rep's"})).expect(201);
    app.as_user("rep2").post("/customers", json!({"name": "Another's"})).expect(201);
    let (blocked, moved, kept) =
        (begin(app, "rep", customers()), begin(app, "finance", customers()), begin(app, "rep2", customers()));
    let admin = app.as_role(Role::Admin);
    let rep = format!("/users/{}", app.person("rep").user);
    admin.post(&format!("{rep}/block"), json!({"reason": "Left"})).expect(200);
    let finance = format!("/users/{}", app.person("finance").user);
    let etag = admin.get(&finance).expect(200).etag();
    admin.patch(&finance, &etag, json!({"role": "warehouse"})).expect(200);
    app.run_background();
    let told = |job: &Reply| admin.get(&job.location()).expect(200).body;
    for (job, code) in [(&blocked, "job_rights_ended"), (&moved, "forbidden")] {
        let job = told(job);
        assert_eq!((&job["status"], &job["error"]["code"]), (&json!("failed"), &json!(code)), "{job}");
        assert!(job["error"]["detail"].as_str().is_some_and(|d| d.len() > 10));
    }
    assert_eq!((&told(&kept)["status"], &told(&kept)["total"]), (&json!("succeeded"), &json!(1)));
}

fn a_machine_clients_job_has_no_more_rights_than_its_token(app: &TestApp) {
    let scopes = json!(["exports:write", "products:read", "products:cost"]);
    let all = app.all_powerful();
    let product = json!({"sku": "TEA", "name": "Tea", "unit": "pcs", "tax_rate": "0.13", "cost": "8"});
    all.post("/products", product).expect(201);
    let made = all.post("/clients", json!({"name": "BI", "scopes": scopes})).expect(201);
    let body = json!({"resource": "products", "format": "csv", "fields": ["sku", "cost"]});
    let cost_with = |scope: &str| {
        let fields = [
            ("grant_type", "client_credentials"),
            ("client_id", made.body["client_id"].as_str().expect("an id")),
            ("client_secret", made.body["client_secret"].as_str().expect("a secret")),
            ("scope", scope),
        ];
        let token = app.anyone().form("/oauth/token", &fields).expect(200).body["access_token"].clone();
        let client = app.bearer(token.as_str().expect("a token"));
        let begun = client.post("/exports", body.clone()).expect(202);
        assert_eq!(begun.body["client_id"], made.body["client_id"]);
        app.run_background();
        let file = client.get(&format!("{}/result", begun.location())).expect(200);
        String::from_utf8(file.bytes).expect("text")
    };
    assert_eq!(cost_with("exports:write products:read products:cost"), "sku,cost\r\nTEA,8.00\r\n");
    assert_eq!(cost_with("exports:write products:read"), "sku,cost\r\nTEA,\r\n");
}

fn files_are_kept_for_seven_days(app: &TestApp) {
    let begun = begin(app, "clerk", product_export());
    app.run_background();
    let result = format!("{}/result", begun.location());
    let job = app.as_role(Role::Clerk).get(&begun.location()).expect(200).body;
    assert_eq!(job["expires_at"], json!(app.core.clock.now().plus_seconds(7 * 24 * 3600).to_string()));
    app.core.clock.advance_seconds(7 * 24 * 3600 - 1);
    app.run_background();
    app.as_role(Role::Clerk).get(&result).expect(200);
    app.core.clock.advance_seconds(1);
    app.as_role(Role::Clerk).get(&result).refused(410, "job_expired");
    app.run_background();
    app.as_role(Role::Clerk).get(&result).refused(410, "job_expired");
    let job = app.as_role(Role::Clerk).get(&begun.location()).expect(200).body;
    assert_eq!((&job["status"], &job["result"]), (&json!("expired"), &json!(null)));
    assert_eq!(app.read(|conn| number(conn, "SELECT count(*) AS number FROM job_files")), 0);
}

fn nobody_queues_jobs_without_end(app: &TestApp) {
    let begun: Vec<Reply> = (0..20).map(|_| begin(app, "clerk", product_export())).collect();
    let clerk = app.as_role(Role::Clerk);
    clerk.post("/exports", product_export()).refused(429, "too_many_jobs");
    begin(app, "finance", product_export());
    clerk.post(&format!("{}/cancel", begun[0].location()), json!({})).expect(200);
    begin(app, "clerk", product_export());
}

fn a_jobs_life_is_told(app: &TestApp) {
    let begin_at =
        app.as_role(Role::Clerk).get("/events?after=latest").expect(200).body["next_cursor"].clone();
    let begun = begin(app, "clerk", product_export());
    let cancelled = begin(app, "clerk", product_export());
    app.as_role(Role::Clerk).post(&format!("{}/cancel", cancelled.location()), json!({})).expect(200);
    app.run_background();
    let path = format!("/events?types=job.*&after={}", begin_at.as_str().expect("a cursor"));
    let of = |username: &str| {
        let page = app.as_user(username).get(&path).expect(200);
        let told = page.rows().iter().map(|e| (e["type"].to_string(), e["data"]["id"].to_string()));
        told.collect::<Vec<_>>()
    };
    let event = |verb: &str, job: &Reply| (format!("\"job.{verb}\""), format!("\"{}\"", job.id()));
    let all = [
        event("created", &begun),
        event("created", &cancelled),
        event("cancelled", &cancelled),
        event("succeeded", &begun),
    ];
    assert_eq!(of("clerk"), all);
    assert_eq!(of("admin"), all);
    assert_eq!(of("finance"), []);
}
