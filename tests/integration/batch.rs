//! Batches: many calls in one request, all or none, or each for itself.

use std::collections::BTreeMap;
use std::time::Duration;

use salesdesk::base::auth::{Role, Scope};
use serde_json::{Value, json};

use testkit::shop::{Shop, nothing_is_off};
use testkit::support::{Client, Reply, TestApp};

both_engines!(
    an_atomic_batch_uses_the_answers_of_its_earlier_operations,
    the_example_of_the_document_works_for_a_clerk,
    a_batch_equals_the_same_calls_in_sequence,
    whatever_fails_in_an_atomic_batch_is_its_answer_and_undoes_all,
    what_the_database_refuses_undoes_all_as_well,
    an_independent_batch_goes_on_after_a_failure,
    what_refers_to_a_failed_operation_is_not_begun,
    a_reference_that_cannot_lead_anywhere_is_told_before_anything_is_done,
    a_reference_to_what_an_answer_lacks_is_pointed_at,
    a_reference_stands_in_path_query_version_and_body,
    a_reference_is_never_read_as_a_path,
    a_record_is_pushed_by_its_external_id,
    what_takes_more_than_one_step_cannot_be_in_a_batch,
    each_operation_needs_its_own_scope,
    a_dry_run_says_what_would_be_and_keeps_nothing,
    one_operation_can_run_dry,
    a_read_in_a_batch_answers_304_to_who_has_it,
    every_operation_is_in_the_journal_under_the_request_of_the_batch,
    an_atomic_batch_is_done_once_under_its_key,
    an_independent_batch_sent_again_does_what_is_missing,
    an_independent_batch_that_was_cut_off_is_completed_by_sending_it_again,
    a_key_that_was_used_for_another_batch_is_refused,
    an_operation_counts_as_a_request,
    what_was_not_begun_in_time_is_not_begun,
    a_batch_has_two_hundred_operations_at_most_and_limited_answers,
    orders_entered_in_a_batch_add_up,
);

fn operation(method: &str, path: &str, body: Value) -> Value {
    json!({"method": method, "path": path, "body": body})
}

fn region(code: &str) -> Value {
    operation("POST", "/regions", json!({"code": code, "name": code}))
}

/// The operation under a name.
fn named(name: &str, mut operation: Value) -> Value {
    operation["ref"] = json!(name);
    operation
}

fn read(path: &str) -> Value {
    json!({"method": "GET", "path": path})
}

fn batch(mode: &str, operations: &[Value]) -> Value {
    json!({"mode": mode, "operations": operations})
}

fn atomic(client: &Client, operations: &[Value]) -> Reply {
    client.post("/batch", batch("atomic", operations))
}

fn independent(client: &Client, operations: &[Value]) -> Reply {
    client.post("/batch", batch("independent", operations))
}

/// The results' statuses.
#[track_caller]
fn statuses(reply: &Reply) -> Vec<i64> {
    let results = reply.body["results"].as_array().unwrap_or_else(|| panic!("no results: {reply}"));
    let statuses: Vec<i64> = results.iter().filter_map(|r| r["status"].as_i64()).collect();
    let failed = statuses.iter().filter(|s| **s >= 400).count();
    assert_eq!(
        (&reply.body["succeeded"], &reply.body["failed"]),
        (&json!(statuses.len() - failed), &json!(failed)),
        "{reply}"
    );
    for result in results {
        assert_eq!(result["problem"].is_null(), result["status"].as_i64() < Some(400), "{result}");
    }
    statuses
}

fn regions(app: &TestApp) -> Vec<String> {
    let list = app.all_powerful().get("/regions?limit=200&fields=code").expect(200);
    list.rows().iter().filter_map(|r| r["code"].as_str()).map(str::to_owned).collect()
}

// ---- doing ---------------------------------------------------------------------------------------------------

fn an_atomic_batch_uses_the_answers_of_its_earlier_operations(app: &TestApp) {
    let done = atomic(
        &app.all_powerful(),
        &[
            named("south", region("SOUTH")),
            operation("POST", "/regions", json!({"code": "GD", "name": "GD", "parent_id": "{south.id}"})),
            json!({"method": "PATCH", "path": "/regions/{south.id}", "if_match": "{south.version}", "body": {"name": "华南"}}),
            read("/regions/{south.id}"),
            read("/regions?parent_id={south.id}"),
        ],
    )
    .expect(200);
    assert_eq!(statuses(&done), [201, 201, 200, 200, 200]);
    let results = &done.body["results"];
    let south = results[0]["body"]["id"].as_str().expect("an id");
    assert_eq!(results[0]["location"], format!("/api/v1/regions/{south}"));
    assert_eq!((&results[0]["ref"], &results[1]["ref"]), (&json!("south"), &Value::Null));
    assert_eq!((&results[0]["etag"], &results[2]["etag"]), (&json!("\"1\""), &json!("\"2\"")));
    assert_eq!(results[1]["body"]["parent_id"], south);
    assert_eq!(results[3]["body"], results[2]["body"], "a batch sees what it wrote");
    assert_eq!(results[4]["body"]["data"], json!([results[1]["body"]]));
    let found = app.all_powerful().get(&format!("/regions/{south}")).expect(200);
    assert_eq!(found.body, results[3]["body"]);
}

fn the_example_of_the_document_works_for_a_clerk(app: &TestApp) {
    let endpoint = app.endpoints().iter().find(|e| e.operation_id == "runBatch").expect("the batch");
    let example = testkit::fixtures::example_of(endpoint).expect("an example").clone();
    let done = app.as_role(Role::Clerk).post("/batch", example).expect(200);
    assert!(statuses(&done).iter().all(|s| *s < 300), "{done}");
    let last = done.body["results"].as_array().and_then(|r| r.last()).expect("a result");
    assert_eq!(last["body"]["gross"], "553.70", "{done}");
    nothing_is_off(app);
}

fn orders_entered_in_a_batch_add_up(app: &TestApp) {
    let shop = Shop::open(app);
    let mut operations = Vec::new();
    for n in 1..=5 {
        let name = format!("o{n}");
        operations.push(named(&name, operation("POST", "/orders", shop.body(&n.to_string(), "1"))));
        operations.push(json!({"method": "POST", "path": format!("/orders/{{{name}.id}}/submit")}));
    }
    let done = atomic(&app.as_role(Role::Rep), &operations).expect(200);
    assert_eq!(statuses(&done), [201, 200].repeat(5));
    let numbers: std::collections::BTreeSet<_> =
        (0..5).map(|n| done.body["results"][2 * n]["body"]["number"].as_str().expect("a number")).collect();
    assert_eq!(numbers.len(), 5);
    nothing_is_off(app);
}

// ---- a batch is its calls ------------------------------------------------------------------------------------

/// What is done to regions, by number; some of it fails.
fn plan(seed: u64) -> Vec<(u64, usize, usize)> {
    let mut dice = seed;
    let mut roll = |below: u64| {
        dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (dice >> 33) % below
    };
    (0..14).map(|_| (roll(9), roll(4) as usize, roll(4) as usize)).collect()
}

/// One step on the regions that there are, as a call: codes and ids are those of this run.
fn step(run: &str, (kind, one, other): (u64, usize, usize), known: &BTreeMap<usize, String>) -> Value {
    let id = known.get(&one).cloned().unwrap_or_else(|| format!("reg_{:032x}", 1));
    let parent = known.get(&other).cloned();
    let path = format!("/regions/{id}");
    let code = |n: usize| format!("{run}-{n}");
    match kind {
        0..=2 => {
            let body = json!({"code": code(one), "name": format!("region {one}"), "parent_id": parent});
            operation("POST", "/regions", body)
        }
        3 => json!({"method": "PATCH", "path": path, "if_match": "*", "body": {"parent_id": parent}}),
        4 => {
            json!({"method": "PATCH", "path": path, "if_match": "\"1\"", "body": {"name": format!("name {other}")}})
        }
        5 => json!({"method": "PATCH", "path": path, "body": {"name": "no version"}}),
        6 => {
            json!({"method": "PATCH", "path": path, "if_match": "\"2\"", "body": {"code": code(other), "nme": 1}})
        }
        7 => read(&format!("{path}?fields=id,version,code,name,parent_id")),
        _ => json!({"method": "DELETE", "path": path, "if_match": "\"1\""}),
    }
}

/// The outcome of a step without what must differ between two runs.
fn outcome(status: i64, body: &Value, run: &str, ids: &mut Vec<String>) -> Value {
    if let Some(id) = body["id"].as_str().filter(|id| !ids.iter().any(|i| i == id)) {
        ids.push(id.to_owned());
    }
    let mut text = body.to_string();
    for (n, id) in ids.iter().enumerate() {
        text = text.replace(id, &format!("region-{n}"));
    }
    text = text.replace(&format!("{run}-"), "code-");
    let mut body: Value = serde_json::from_str(&text).expect("JSON");
    if let Some(fields) = body.as_object_mut() {
        ["request_id", "instance", "failed_operation"].iter().for_each(|name| drop(fields.remove(*name)));
        for fault in fields.get_mut("errors").and_then(Value::as_array_mut).into_iter().flatten() {
            // A batch points into itself.
            let pointer = fault["pointer"].as_str().map(|p| p.split_once("/body").map_or(p, |(_, own)| own));
            if let Some(pointer) = pointer.map(str::to_owned) {
                fault["pointer"] = json!(pointer);
            }
        }
    }
    json!({"status": status, "body": body})
}

fn send_singly(client: &Client, call: &Value) -> Reply {
    let mut client = client.clone();
    if let Some(etag) = call["if_match"].as_str() {
        client = client.with("if-match", etag);
    }
    let body = call.get("body").cloned();
    client.send(call["method"].as_str().expect("a method"), call["path"].as_str().expect("a path"), body)
}

/// The steps of a plan, each sent as a request of its own.
#[derive(Default)]
struct Singly {
    calls: Vec<Value>,
    outcomes: Vec<Value>,
    /// The ids of the regions that were made, in their order.
    made: Vec<String>,
}

fn singly(app: &TestApp, run: &str, plan: &[(u64, usize, usize)]) -> Singly {
    let (mut known, mut ids) = (BTreeMap::new(), Vec::new());
    let mut told = Singly::default();
    for at in plan {
        let call = step(run, *at, &known);
        let reply = send_singly(&app.all_powerful(), &call);
        if let (201, Some(id)) = (reply.status, reply.body["id"].as_str()) {
            known.insert(at.1, id.to_owned());
            told.made.push(id.to_owned());
        }
        told.outcomes.push(outcome(i64::from(reply.status), &reply.body, run, &mut ids));
        told.calls.push(call);
    }
    told
}

/// The calls as operations of one batch under another run's codes: ids of regions become references.
fn as_operations(singly: &Singly, from: &str, run: &str) -> Vec<Value> {
    let mut names: Vec<(&String, String)> = Vec::new();
    let mut operations = Vec::new();
    for (n, (call, outcome)) in singly.calls.iter().zip(&singly.outcomes).enumerate() {
        let mut text = call.to_string().replace(&format!("{from}-"), &format!("{run}-"));
        for (id, name) in &names {
            text = text.replace(*id, &format!("{{{name}.id}}"));
        }
        let mut operation: Value = serde_json::from_str(&text).expect("JSON");
        if outcome["status"] == 201 {
            let name = format!("r{n}");
            operation["ref"] = json!(name);
            names.push((&singly.made[names.len()], name));
        }
        operations.push(operation);
    }
    operations
}

fn a_batch_equals_the_same_calls_in_sequence(app: &TestApp) {
    let mut failures = 0;
    for seed in 0..12 {
        let (one, other, third) = (format!("S{seed}"), format!("B{seed}"), format!("A{seed}"));
        let singly = singly(app, &one, &plan(seed));
        let expected = &singly.outcomes;
        let done = independent(&app.all_powerful(), &as_operations(&singly, &one, &other)).expect(200);
        let mut ids = Vec::new();
        let results = done.body["results"].as_array().expect("results");
        let told = results.iter().map(|r| {
            let body = if r["problem"].is_null() { &r["body"] } else { &r["problem"] };
            outcome(r["status"].as_i64().expect("a status"), body, &other, &mut ids)
        });
        assert_eq!(&told.collect::<Vec<_>>(), expected, "{done}");
        // All or none: the same up to the first failure, which is the answer.
        let counts = app.row_counts();
        let whole = atomic(&app.all_powerful(), &as_operations(&singly, &one, &third));
        let Some(first) = expected.iter().position(|o| o["status"].as_i64() >= Some(400)) else {
            whole.expect(200);
            continue;
        };
        failures += 1;
        assert_eq!(whole.body["failed_operation"], first, "{whole}");
        assert_eq!(json!(whole.status), expected[first]["status"], "{whole}");
        assert_eq!(whole.body["code"], expected[first]["body"]["code"], "{whole}");
        assert_eq!(app.row_counts(), counts, "something stayed of {whole}");
    }
    assert!(failures > 3, "the plans never fail");
}

// ---- failing -------------------------------------------------------------------------------------------------

fn whatever_fails_in_an_atomic_batch_is_its_answer_and_undoes_all(app: &TestApp) {
    let known = app.all_powerful().post("/regions", json!({"code": "KNOWN", "name": "Known"})).expect(201);
    let path = format!("/regions/{}", known.id());
    let nothing = format!("/regions/reg_{:032x}", 1);
    let change = |more: Value| {
        let mut call = operation("PATCH", &path, json!({"name": "New"}));
        call.as_object_mut().expect("a call").extend(more.as_object().expect("fields").clone());
        call
    };
    let invalid = "validation_failed";
    let table = [
        (
            operation("POST", "/regions", json!({"code": "", "nme": 1})),
            422,
            invalid,
            vec!["/operations/1/body/code", "/operations/1/body/nme", "/operations/1/body/name"],
        ),
        (json!({"method": "POST", "path": "/regions"}), 422, invalid, vec!["/operations/1/body"]),
        (
            operation(
                "POST",
                "/regions",
                json!({"code": "X", "name": "x", "parent_id": format!("reg_{:032x}", 1)}),
            ),
            422,
            invalid,
            vec!["/operations/1/body/parent_id"],
        ),
        (change(json!({})), 428, "precondition_required", vec![]),
        (change(json!({"if_match": "\"9\""})), 412, "version_mismatch", vec![]),
        (change(json!({"if_match": "seven"})), 400, "invalid_parameter", vec!["/operations/1/if_match"]),
        (read(&nothing), 404, "not_found", vec![]),
        (read("/nothing/of/this/name"), 404, "unknown_path", vec![]),
        (read("/regions?colour=red&limit=0"), 400, "invalid_parameter", vec!["colour", "limit"]),
        (json!({"method": "PUT", "path": path}), 422, invalid, vec!["/operations/1/method"]),
        (region("KNOWN"), 409, "duplicate", vec!["/operations/1/body/code"]),
        (region("FIRST"), 409, "duplicate", vec!["/operations/1/body/code"]),
    ];
    let counts = app.row_counts();
    for (bad, status, code, places) in table {
        let refused =
            atomic(&app.all_powerful(), &[region("FIRST"), bad, region("LAST")]).refused(status, code);
        assert_eq!(refused.body["failed_operation"], 1, "{refused}");
        let mut told = refused.places();
        told.sort_unstable();
        let mut expected = places;
        expected.sort_unstable();
        assert_eq!(told, expected, "{refused}");
        if status == 412 {
            assert_eq!(refused.body["current_version"], 1);
        }
        assert_eq!(app.row_counts(), counts, "something stayed of {refused}");
    }
}

fn what_the_database_refuses_undoes_all_as_well(app: &TestApp) {
    let counts = app.row_counts();
    let referenced = [
        named("parent", region("PARENT")),
        operation("POST", "/regions", json!({"code": "CHILD", "name": "Child", "parent_id": "{parent.id}"})),
        json!({"method": "DELETE", "path": "/regions/{parent.id}", "if_match": "{parent.version}"}),
    ];
    let refused = atomic(&app.all_powerful(), &referenced).refused(409, "still_referenced");
    assert_eq!(refused.body["failed_operation"], 2);
    assert_eq!(app.row_counts(), counts);
    // Each for itself, two of them stay.
    let done = independent(&app.all_powerful(), &referenced).expect(200);
    assert_eq!(statuses(&done), [201, 201, 409]);
    assert_eq!(regions(app), ["CHILD", "PARENT"]);
}

fn an_independent_batch_goes_on_after_a_failure(app: &TestApp) {
    let done = independent(
        &app.all_powerful().with("accept-language", "zh-CN"),
        &[region("A"), region("A"), operation("POST", "/regions", json!({"code": "B"})), region("C")],
    )
    .expect(200);
    assert_eq!(statuses(&done), [201, 409, 422, 201]);
    assert_eq!(regions(app), ["A", "C"]);
    let (taken, invalid) = (&done.body["results"][1]["problem"], &done.body["results"][2]["problem"]);
    assert_eq!((&taken["code"], &taken["title"]), (&json!("duplicate"), &json!("已存在")));
    assert_eq!(taken["instance"], "/api/v1/regions");
    assert_eq!(taken["request_id"].as_str(), done.header("x-request-id"));
    assert_eq!(invalid["errors"][0]["pointer"], "/operations/2/body/name");
}

fn what_refers_to_a_failed_operation_is_not_begun(app: &TestApp) {
    let done = independent(
        &app.all_powerful(),
        &[
            named("bad", operation("POST", "/regions", json!({"code": "BAD"}))),
            named("good", region("GOOD")),
            named(
                "child",
                operation("POST", "/regions", json!({"code": "CHILD", "name": "x", "parent_id": "{bad.id}"})),
            ),
            read("/regions/{child.id}"),
            read("/regions/{good.id}"),
        ],
    )
    .expect(200);
    assert_eq!(statuses(&done), [422, 201, 424, 424, 200]);
    assert_eq!(regions(app), ["GOOD"]);
    for (n, name, pointer) in [(2, "bad", "/operations/2/body/parent_id"), (3, "child", "/operations/3/path")]
    {
        let problem = &done.body["results"][n]["problem"];
        assert_eq!(problem["code"], "failed_dependency");
        assert!(problem["detail"].as_str().is_some_and(|d| d.contains(name)), "{problem}");
        assert_eq!(
            (&problem["errors"][0]["pointer"], &problem["errors"][0]["code"]),
            (&json!(pointer), &json!("failed_ref"))
        );
    }
}

// ---- references ----------------------------------------------------------------------------------------------

fn a_reference_that_cannot_lead_anywhere_is_told_before_anything_is_done(app: &TestApp) {
    let operations = [
        named("a", region("A")),
        named("a", operation("POST", "/regions/{b.id}", json!({"code": "{a}", "name": "{none.name}"}))),
        named("b", read("/regions/{a.id}/{b.id}?q={a.id}&x={c.d}")),
        json!({"method": "DELETE", "path": "/regions/{a}", "if_match": "{c.version}"}),
    ];
    let counts = app.row_counts();
    for mode in ["atomic", "independent"] {
        let refused =
            app.all_powerful().post("/batch", batch(mode, &operations)).refused(422, "validation_failed");
        let errors = refused.body["errors"].as_array().expect("errors");
        let told: Vec<(&str, &str)> = errors
            .iter()
            .map(|e| (e["pointer"].as_str().expect("a place"), e["code"].as_str().expect("a code")))
            .collect();
        assert_eq!(
            told,
            [
                ("/operations/1/ref", "duplicate_entry"),
                ("/operations/1/path", "later_ref"),
                ("/operations/1/body/name", "unknown_ref"),
                ("/operations/2/path", "later_ref"),
                ("/operations/2/path", "unknown_ref"),
                ("/operations/3/path", "invalid_reference"),
                ("/operations/3/if_match", "unknown_ref"),
            ]
        );
        assert_eq!(app.row_counts(), counts);
    }
}

fn a_reference_to_what_an_answer_lacks_is_pointed_at(app: &TestApp) {
    let operations = [
        named("a", region("A")),
        operation("POST", "/regions", json!({"code": "{a.colour}", "name": "{a.external_ids}"})),
        read("/regions/{a.parent_id}?limit={a.external_ids.0.id}"),
    ];
    let refused = atomic(&app.all_powerful(), &operations).refused(422, "validation_failed");
    assert_eq!(refused.places(), ["/operations/1/body/code", "/operations/1/body/name"], "{refused}");
    assert_eq!(refused.body["failed_operation"], 1);
    assert_eq!(regions(app), [""; 0]);
    let done = independent(&app.all_powerful(), &operations).expect(200);
    assert_eq!(statuses(&done), [201, 422, 422]);
    let errors = done.body["results"][2]["problem"]["errors"].as_array().expect("errors");
    assert!(errors.iter().all(|e| e["pointer"] == "/operations/2/path"), "{done}");
}

fn a_reference_stands_in_path_query_version_and_body(app: &TestApp) {
    let done = independent(
        &app.all_powerful(),
        &[
            named("list", read("/regions?include=total_count")),
            named("a", operation("POST", "/regions", json!({"code": "A & B/C?", "name": "n"}))),
            read("/regions?code={a.code}&fields=code"),
            named("b", json!({"method": "PATCH", "path": "/regions/{a.id}", "if_match": "{a.version}", "body": {"name": "{a.code}"}})),
            json!({"method": "DELETE", "path": "/regions/{a.id}", "if_match": "{a.version}"}),
            json!({"method": "DELETE", "path": "/regions/{a.id}", "if_match": "{b.version}"}),
        ],
    )
    .expect(200);
    assert_eq!(statuses(&done), [200, 201, 200, 200, 412, 204]);
    let results = &done.body["results"];
    assert_eq!(results[2]["body"]["data"], json!([{"code": "A & B/C?"}]));
    assert_eq!(results[3]["body"]["name"], "A & B/C?");
    // A number is a number where it stands, and no text.
    let refused = atomic(
        &app.all_powerful(),
        &[
            named("a", region("A")),
            operation("POST", "/regions", json!({"code": "{a.version}", "name": "x"})),
        ],
    );
    assert_eq!(refused.refused(422, "validation_failed").body["errors"][0]["code"], "wrong_type");
}

fn a_reference_is_never_read_as_a_path(app: &TestApp) {
    let operations = [
        named("a", operation("POST", "/regions", json!({"code": "A", "name": "x/../../users?limit=1#"}))),
        read("/regions/{a.name}"),
        // Not a whole segment, so not a reference.
        read("/regions/x{a.name}"),
    ];
    let done = independent(&app.all_powerful(), &operations).expect(200);
    assert_eq!(statuses(&done), [201, 404, 404]);
    for result in &done.body["results"].as_array().expect("results")[1..] {
        assert_eq!(result["problem"]["code"], "not_found", "{result}");
    }
}

fn a_record_is_pushed_by_its_external_id(app: &TestApp) {
    let push = |id: &str, more: Value| {
        let path = format!("/regions/by-external-id/sap/{id}");
        let mut call = operation("PUT", &path, json!({"code": id, "name": id}));
        call.as_object_mut().expect("a call").extend(more.as_object().expect("fields").clone());
        call
    };
    for mode in ["atomic", "independent"] {
        let operations = [
            named("a", push(mode, json!({"if_none_match": "*"}))),
            push(mode, json!({"if_match": "{a.version}"})),
            operation(
                "POST",
                "/regions",
                json!({"code": format!("{mode} child"), "name": "x", "parent_id": "{a.id}"}),
            ),
        ];
        let done = app.all_powerful().post("/batch", batch(mode, &operations)).expect(200);
        assert_eq!(statuses(&done), [201, 200, 201]);
    }
    let again = [
        push("atomic", json!({"if_none_match": "*"})),
        push("new", json!({"if_match": "*"})),
        push("new", json!({"if_none_match": "\"1\""})),
    ];
    let done = independent(&app.all_powerful(), &again).expect(200);
    assert_eq!(statuses(&done), [412, 412, 400]);
    let odd = &done.body["results"][2]["problem"]["errors"][0]["pointer"];
    assert_eq!(odd, "/operations/2/if_none_match");
}

// ---- what may be in it ---------------------------------------------------------------------------------------

fn what_takes_more_than_one_step_cannot_be_in_a_batch(app: &TestApp) {
    let user = app.person("clerk").user;
    let calls = [
        operation("POST", "/auth/login", json!({"username": "clerk", "password": "x"})),
        operation("POST", "/users", json!({"username": "new", "name": "New", "role": "clerk"})),
        operation("POST", &format!("/users/{user}/reset-password"), json!({"password": "a long passphrase"})),
        operation("POST", "/batch", batch("atomic", &[region("X")])),
        read("/events/stream"),
        read("/audit-log/export?format=csv"),
    ];
    let done = independent(&app.all_powerful(), &calls).expect(200);
    assert_eq!(statuses(&done), [422; 6]);
    for (result, call) in done.body["results"].as_array().expect("results").iter().zip(&calls) {
        assert_eq!(result["problem"]["code"], "not_in_batch", "{result}");
        let refused = atomic(&app.all_powerful(), std::slice::from_ref(call));
        assert_eq!(refused.refused(422, "not_in_batch").body["failed_operation"], 0);
    }
}

fn each_operation_needs_its_own_scope(app: &TestApp) {
    app.anyone().post("/batch", batch("independent", &[read("/me")])).refused(401, "unauthorized");
    let client = app.with_scopes(&[Scope::RegionsRead, Scope::RegionsWrite]);
    let operations =
        [region("A"), read("/regions"), read("/customers"), read("/me"), read("/problems/not_found")];
    let done = independent(&client, &operations).expect(200);
    assert_eq!(statuses(&done), [201, 200, 403, 200, 200]);
    assert_eq!(done.body["results"][2]["problem"]["required_scopes"], json!(["customers:read"]));
    let refused = atomic(&client, &[region("B"), read("/customers")]).refused(403, "forbidden");
    assert_eq!(refused.body["failed_operation"], 1);
    assert_eq!(regions(app), ["A"]);
}

// ---- dry, and again ------------------------------------------------------------------------------------------

fn a_dry_run_says_what_would_be_and_keeps_nothing(app: &TestApp) {
    let counts = app.row_counts();
    let good = [named("a", region("A")), read("/regions/{a.id}")];
    let mixed = [named("a", region("A")), region("A"), region("B"), read("/regions?fields=code")];
    let dry = |mode: &str, operations: &[Value]| {
        let client = app.all_powerful().with("idempotency-key", "a dry run keeps none");
        client.post("/batch?dry_run=true", batch(mode, operations))
    };
    for mode in ["atomic", "independent"] {
        assert_eq!(statuses(&dry(mode, &good).expect(200)), [201, 200], "{mode}");
    }
    assert_eq!(dry("atomic", &mixed).refused(409, "duplicate").body["failed_operation"], 1);
    let told = dry("independent", &mixed).expect(200);
    assert_eq!(statuses(&told), [201, 409, 201, 200]);
    assert_eq!(
        told.body["results"][3]["body"]["data"],
        json!([{"code": "A"}, {"code": "B"}]),
        "as it would go"
    );
    assert_eq!(app.row_counts(), counts);
}

fn one_operation_can_run_dry(app: &TestApp) {
    let mut dry = region("A");
    dry["path"] = json!("/regions?dry_run=true");
    for mode in ["atomic", "independent"] {
        let operations = [named("dry", dry.clone()), read("/regions/{dry.id}"), read("/regions?code=A")];
        let done = app.all_powerful().post("/batch", batch(mode, &operations[..1])).expect(200);
        assert_eq!(statuses(&done), [201]);
        let done = app.all_powerful().post("/batch", batch("independent", &operations)).expect(200);
        assert_eq!(statuses(&done), [201, 404, 200]);
    }
    let done = atomic(&app.all_powerful(), &[dry, region("A")]).expect(200);
    assert_eq!(statuses(&done), [201, 201], "the dry one is out of the way");
    assert_eq!(regions(app), ["A"]);
}

fn a_read_in_a_batch_answers_304_to_who_has_it(app: &TestApp) {
    for mode in ["atomic", "independent"] {
        let operations = [
            named("a", region(mode)),
            json!({"method": "GET", "path": "/regions/{a.id}", "if_none_match": "\"1\""}),
            json!({"method": "GET", "path": "/regions/{a.id}", "if_none_match": "\"2\""}),
        ];
        let done = app.all_powerful().post("/batch", batch(mode, &operations)).expect(200);
        assert_eq!(statuses(&done), [201, 304, 200]);
        assert_eq!(done.body["results"][1]["body"], Value::Null);
        assert_eq!(done.body["results"][1]["etag"], "\"1\"");
    }
}

fn every_operation_is_in_the_journal_under_the_request_of_the_batch(app: &TestApp) {
    for mode in ["atomic", "independent"] {
        let operations = [
            named("a", region(mode)),
            json!({"method": "PATCH", "path": "/regions/{a.id}", "if_match": "*", "body": {"name": "New"}}),
            json!({"method": "DELETE", "path": "/regions/{a.id}", "if_match": "*"}),
        ];
        let done = app.all_powerful().post("/batch", batch(mode, &operations)).expect(200);
        let entries = app.journal_of(done.request_id(), app.person("admin").user);
        let entries: Vec<(&str, i32)> =
            entries.iter().map(|(event, version)| (event.as_str(), *version)).collect();
        assert_eq!(entries, [("region.created", 1), ("region.updated", 2), ("region.deleted", 3)]);
    }
}

fn an_atomic_batch_is_done_once_under_its_key(app: &TestApp) {
    let client = app.all_powerful().with("idempotency-key", "atomic");
    let operations = [named("a", region("A")), read("/regions/{a.id}")];
    // What failed kept nothing, not even its key.
    atomic(&client, &[region("A"), region("A")]).refused(409, "duplicate");
    let first = atomic(&client, &operations).expect(200);
    let counts = app.row_counts();
    let again = atomic(&client, &operations).expect(200);
    assert_eq!(again.header("idempotent-replayed"), Some("true"));
    assert_eq!(again.bytes, first.bytes);
    assert_eq!(app.row_counts(), counts);
    atomic(&client, &[region("B")]).refused(422, "idempotency_key_reused");
}

/// The results that are answers of an earlier request.
fn replayed(reply: &Reply) -> Vec<bool> {
    let results = reply.body["results"].as_array().expect("results");
    results.iter().map(|r| r["replayed"] == true).collect()
}

fn an_independent_batch_sent_again_does_what_is_missing(app: &TestApp) {
    let all = app.all_powerful();
    let team = all.post("/teams", json!({"code": "T", "name": "T"})).expect(201);
    let operations = [
        named("a", region("A")),
        json!({"method": "PATCH", "path": "/regions/{a.id}", "if_match": "{a.version}", "body": {"name": "New"}}),
        json!({"method": "PATCH", "path": format!("/teams/{}", team.id()), "if_match": "\"2\"", "body": {"name": "Third"}}),
        operation("POST", "/regions", json!({"code": "B", "name": "B", "parent_id": "{a.id}"})),
        read("/regions?fields=code"),
    ];
    let client = all.clone().with("idempotency-key", "independent");
    let first = independent(&client, &operations).expect(200);
    assert_eq!(statuses(&first), [201, 200, 412, 201, 200]);
    assert_eq!(replayed(&first), [false; 5]);
    // What stood in the way is gone: only that is done now.
    all.patch(&format!("/teams/{}", team.id()), "\"1\"", json!({"name": "Second"})).expect(200);
    let second = independent(&client, &operations).expect(200);
    assert_eq!(statuses(&second), [201, 200, 200, 201, 200]);
    assert_eq!(replayed(&second), [true, true, false, true, false]);
    assert_eq!(second.header("idempotent-replayed"), None);
    for n in [0, 1, 3] {
        assert_eq!(second.body["results"][n]["body"], first.body["results"][n]["body"]);
    }
    let counts = app.row_counts();
    let third = independent(&client, &operations).expect(200);
    assert_eq!(replayed(&third), [true, true, true, true, false]);
    assert_eq!(third.header("idempotent-replayed"), Some("true"));
    assert_eq!((app.row_counts(), regions(app)), (counts, vec!["A".into(), "B".into()]));
}

fn an_independent_batch_that_was_cut_off_is_completed_by_sending_it_again(app: &TestApp) {
    let operations: Vec<Value> = (0..100).map(|n| region(&format!("R{n:02}"))).collect();
    let ask =
        |app: &TestApp| independent(&app.all_powerful().with("idempotency-key", "cut off"), &operations);
    // The server gives up somewhere on the way, as if it had fallen over there.
    let cut = ask(&app.with_settings(|web| web.request_time = Duration::from_millis(10)));
    assert!(matches!(cut.status, 200 | 503), "{cut}");
    // What was on its way at that moment may still be, which is told.
    let done = loop {
        let sent = ask(app);
        if sent.status != 409 && !statuses(&sent).contains(&409) {
            break sent;
        }
    };
    assert_eq!(statuses(&done), [201; 100], "{done}");
    assert_eq!(regions(app).len(), 100);
    assert_eq!(replayed(&ask(app).expect(200)), [true; 100]);
}

fn a_key_that_was_used_for_another_batch_is_refused(app: &TestApp) {
    let client = app.all_powerful().with("idempotency-key", "one key");
    independent(&client, &[operation("POST", "/regions", json!({"code": "BAD"}))]).expect(200);
    let counts = app.row_counts();
    for other in [batch("independent", &[region("A")]), batch("atomic", &[region("A")])] {
        client.post("/batch", other).refused(422, "idempotency_key_reused");
    }
    client.post("/regions", json!({"code": "A", "name": "A"})).refused(422, "idempotency_key_reused");
    assert_eq!(app.row_counts(), counts);
}

// ---- limits --------------------------------------------------------------------------------------------------

fn an_operation_counts_as_a_request(app: &TestApp) {
    let limited = app.with_settings(|web| web.rate_limit = 10);
    let client = limited.all_powerful();
    let reads = |n: usize| vec![read("/me"); n];
    let done = independent(&client, &reads(8)).expect(200);
    assert_eq!(done.header("ratelimit"), Some("\"default\";r=2;t=48"));
    let refused =
        independent(&client, &[reads(3), vec![region("A")]].concat()).refused(429, "too_many_requests");
    assert_eq!(refused.header("retry-after"), Some("12"));
    assert_eq!(regions(app), [""; 0]);
    // One more than the whole quota is the whole quota: it need only wait long enough.
    limited.core.clock.advance_seconds(60);
    assert_eq!(independent(&limited.all_powerful(), &reads(10)).expect(200).body["succeeded"], 10);
}

fn what_was_not_begun_in_time_is_not_begun(app: &TestApp) {
    let hasty = app.with_settings(|web| web.batch_time = Duration::ZERO);
    let counts = app.row_counts();
    let done = independent(&hasty.all_powerful(), &[region("A"), region("B")]).expect(200);
    assert_eq!(statuses(&done), [503, 503]);
    let problem = &done.body["results"][0]["problem"];
    assert_eq!((&problem["code"], &problem["retry_after"]), (&json!("batch_out_of_time"), &json!(1)));
    let refused = atomic(&hasty.all_powerful(), &[region("A")]).refused(503, "batch_out_of_time");
    assert_eq!(refused.body["failed_operation"], 0);
    assert_eq!(app.row_counts(), counts);
}

fn a_batch_has_two_hundred_operations_at_most_and_limited_answers(app: &TestApp) {
    let text = "x".repeat(90);
    let many: Vec<Value> = (0..201)
        .map(|n| operation("POST", "/regions", json!({"code": format!("{n:03}"), "name": text})))
        .collect();
    for operations in [&many[..], &[]] {
        let refused = atomic(&app.all_powerful(), operations).refused(422, "validation_failed");
        assert_eq!(refused.places(), ["/operations"]);
    }
    let done = atomic(&app.all_powerful(), &many[..200]).expect(200);
    assert_eq!(done.body["succeeded"], 200);
    let mut reads = vec![read("/regions?limit=200"); 150];
    reads.push(region("one more"));
    let done = independent(&app.all_powerful(), &reads).expect(200);
    let last = &done.body["results"][150]["problem"];
    assert_eq!(last["code"], "batch_answer_too_large", "{}", done.bytes.len());
    assert!(done.bytes.len() < 10 << 20);
    assert_eq!(regions(app).len(), 200, "what does not fit is not done");
    let refused = atomic(&app.all_powerful(), &reads).refused(422, "batch_answer_too_large");
    assert!(refused.body["failed_operation"].as_u64() > Some(50));
}
