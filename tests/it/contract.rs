//! The conventions, on every operation that is declared: nothing here names one, so a new endpoint is held to
//! them from its first day. What holds for every single answer is in [`TestApp::examine`](crate::support).

use std::collections::BTreeSet;

use salesdesk::base::auth::Role;
use salesdesk::base::http::dispatch::API;
use salesdesk::base::http::params::Takes;
use salesdesk::base::http::{Access, Endpoint, Media, Method, Nature};
use salesdesk::base::messages;
use serde_json::{Value, json};

use crate::document::lets_in;
use crate::fixtures::{
    body_for, body_of, created_by, example_of, make, path_of, path_to_nothing, request_of,
};
use crate::support::{Client, FORM, Reply, TestApp, form_of, methods_by_path, operation, resolve};

both_engines!(
    without_a_token_nothing_answers_but_what_is_public,
    whoever_lacks_the_scope_is_refused,
    every_role_may_do_what_the_table_says_and_nothing_else,
    an_unknown_parameter_is_named,
    a_parameter_of_the_wrong_kind_is_named,
    a_parameter_of_the_right_kind_is_taken,
    a_body_of_another_media_type_is_refused,
    a_body_that_is_no_json_is_refused,
    a_form_that_cannot_be_read_is_refused,
    a_body_that_is_too_large_is_refused,
    every_fault_of_a_body_is_pointed_at,
    a_text_that_cannot_be_stored_is_refused,
    a_change_needs_the_version_that_it_was_made_from,
    a_method_that_a_path_does_not_take_is_told_which_it_takes,
    a_record_that_is_not_there_is_not_found,
    every_problem_is_explained_in_both_languages,
    a_sane_request_id_is_kept_and_another_is_not,
    pages_beside_the_api_keep_the_conventions_too,
    a_created_record_is_where_its_location_says,
    every_write_is_in_the_journal_with_who_and_through_which_request,
    a_repeated_request_with_its_key_is_done_once,
    a_dry_run_changes_nothing,
    what_takes_long_is_begun_once_and_told_by_a_job,
    a_change_of_a_stale_version_is_refused,
    a_deleted_record_is_gone,
    every_record_with_external_ids_is_read_and_put_by_them,
    what_is_put_by_external_id_is_made_once_then_changed,
    what_is_put_to_create_only_is_refused_the_second_time,
    what_is_put_by_external_id_is_found_by_it,
    every_versioned_record_has_a_history,
    a_history_tells_of_every_version,
    a_repeated_step_with_its_key_is_taken_once,
    a_list_is_walked_page_by_page_without_gap_or_repeat,
    a_cursor_belongs_to_its_list_and_sort,
    a_list_is_sorted_by_each_of_its_keys_in_both_directions,
    a_key_that_sorts_already_sorts_nothing_more,
    a_header_that_is_longer_than_the_document_says_is_refused,
    a_version_that_no_record_can_have_is_another_version,
    what_is_said_again_of_a_parameter_is_short,
    an_answer_is_cut_to_the_fields_asked_for,
    an_answer_is_widened_by_what_is_asked_for,
    a_head_request_answers_as_get_without_a_body,
);

// ---- walking -------------------------------------------------------------------------------------------------

/// Runs a check on each endpoint and tells of all that fail it at once.
fn each(app: &TestApp, of: impl Fn(&Endpoint) -> bool, check: impl Fn(&Endpoint)) {
    let mut failed = Vec::new();
    let mut checked = 0;
    for endpoint in app.endpoints().iter().filter(|e| of(e)) {
        checked += 1;
        let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| check(endpoint)));
        if outcome.is_err() {
            failed.push(endpoint.operation_id);
        }
    }
    assert!(checked > 0, "no operation was checked");
    assert!(failed.is_empty(), "these operations break it (see above): {failed:?}");
}

fn all(_: &Endpoint) -> bool {
    true
}
/// What asks for a token. Where a machine client proves itself by its secret, the handler looks, after the body.
fn protected(endpoint: &Endpoint) -> bool {
    !matches!(endpoint.access, Access::Public | Access::Client(_))
}
fn with_json(endpoint: &Endpoint) -> bool {
    endpoint.body.as_ref().is_some_and(|b| b.media == Media::Json)
}
fn with_form(endpoint: &Endpoint) -> bool {
    endpoint.body.as_ref().is_some_and(|b| b.media == Media::Form)
}
fn with_file(endpoint: &Endpoint) -> bool {
    endpoint.body.as_ref().is_some_and(|b| matches!(b.media, Media::File(_)))
}
/// What has a body that a schema describes.
fn with_body(endpoint: &Endpoint) -> bool {
    with_json(endpoint) || with_form(endpoint)
}

fn media_type(endpoint: &Endpoint) -> &'static str {
    salesdesk::base::http::dispatch::media_types(endpoint)[0]
}

/// The client with all that the operation needs beside path and body.
fn ready<'a>(client: Client<'a>, endpoint: &Endpoint) -> Client<'a> {
    if endpoint.nature.needs_version() { client.with("if-match", "\"1\"") } else { client }
}

/// Sends the operation's own example, about a record that is not there.
fn send_about_nothing(client: &Client, endpoint: &Endpoint) -> Reply {
    send(client, endpoint, &path_to_nothing(endpoint), example_of(endpoint).cloned())
}

fn send(client: &Client, endpoint: &Endpoint, path: &str, body: Option<Value>) -> Reply {
    let client = ready(client.clone(), endpoint);
    match body {
        Some(body) if with_form(endpoint) => {
            client.raw(endpoint.method.as_str(), path, FORM, written(endpoint, &body))
        }
        Some(body) if with_file(endpoint) => {
            let file = body.as_str().expect("a text that stands for a file");
            client.raw(endpoint.method.as_str(), path, media_type(endpoint), file)
        }
        body => client.send(endpoint.method.as_str(), path, body),
    }
}

/// A body as the operation takes it: JSON, or the same fields as a form.
fn written(endpoint: &Endpoint, body: &Value) -> String {
    if !with_form(endpoint) {
        return body.to_string();
    }
    let fields = body.as_object().expect("the fields of a form");
    let fields: Vec<(&str, &str)> =
        fields.iter().map(|(n, v)| (n.as_str(), v.as_str().expect("a text"))).collect();
    form_of(&fields)
}

fn raw(app: &TestApp, endpoint: &Endpoint, media_type: &str, body: &[u8]) -> Reply {
    let client = ready(app.all_powerful(), endpoint);
    client.raw(endpoint.method.as_str(), &path_to_nothing(endpoint), media_type, body)
}

/// The path with one more query parameter.
fn with_query(path: &str, query: &str) -> String {
    format!("{path}{}{query}", if path.contains('?') { '&' } else { '?' })
}

// ---- who may -------------------------------------------------------------------------------------------------

fn without_a_token_nothing_answers_but_what_is_public(app: &TestApp) {
    each(app, protected, |endpoint| {
        send_about_nothing(&app.anyone(), endpoint).refused(401, "unauthorized");
        let basic = app.anyone().with("authorization", "Basic Y2xlcms6cGFzc3dvcmQ=");
        send_about_nothing(&basic, endpoint).refused(401, "unauthorized");
        // Whoever is not let in is told nothing else: not even that the body is wrong.
        app.anyone()
            .raw(endpoint.method.as_str(), &path_to_nothing(endpoint), "text/plain", "{")
            .refused(401, "unauthorized");
    });
}

fn whoever_lacks_the_scope_is_refused(app: &TestApp) {
    each(app, protected, |endpoint| {
        let reply = send_about_nothing(&app.with_scopes(&[]), endpoint);
        let Access::Scope(scopes) = &endpoint.access else {
            // A batch is for whoever is logged in; what it asks for may not be.
            assert!(reply.status != 403 || reply.body["failed_operation"].is_number(), "{reply}");
            return;
        };
        let reply = reply.refused(403, "forbidden");
        assert_eq!(reply.body["required_scopes"], json!(scopes));
        for scope in *scopes {
            let reply = send_about_nothing(&app.with_scopes(&[*scope]), endpoint);
            // A scope lets in; what the input asks for beyond that may need another one.
            let named = reply.body["required_scopes"] == json!(scopes);
            assert!(reply.status != 401 && !(reply.status == 403 && named), "{reply}");
        }
    });
}

fn every_role_may_do_what_the_table_says_and_nothing_else(app: &TestApp) {
    each(
        app,
        |e| matches!(e.access, Access::Scope(_)),
        |endpoint| {
            for role in Role::ALL {
                let reply = send_about_nothing(&app.as_role(*role), endpoint);
                assert_eq!(reply.body["code"] != "forbidden", lets_in(endpoint, *role), "{role}: {reply}");
            }
        },
    );
}

// ---- parameters ----------------------------------------------------------------------------------------------

fn an_unknown_parameter_is_named(app: &TestApp) {
    each(app, all, |endpoint| {
        let path = with_query(&path_to_nothing(endpoint), "no_such_parameter=1");
        let reply = send(&app.all_powerful(), endpoint, &path, example_of(endpoint).cloned());
        let reply = reply.refused(400, "invalid_parameter");
        assert!(reply.places().contains(&"no_such_parameter"), "{reply}");
    });
}

/// Values that a parameter does not take.
fn unfit(takes: Takes) -> Vec<String> {
    let texts: &[&str] = match takes {
        Takes::Text(max) => return vec!["x".repeat(max + 1), "%00".into(), "%FF".into()],
        Takes::Int(_, _) => &["x", "1.5", "", "99999999999999999999"],
        Takes::Bool => &["yes", "1", ""],
        Takes::Date => &["2026-13-01", "2026-02-30", "20261120", "2026-11-20T00:00:00Z", ""],
        Takes::Instant => &["2026-11-20", "yesterday", ""],
        Takes::Decimal(_) => &["x", "1e5", "--1", "0x10", "99999999999999999999999"],
        Takes::Currency => &["cny", "CNYX", ""],
        Takes::System => &["SAP", "s/a", ""],
        Takes::Positive(_) => &["x", "0", "0.000", "-1", "1e5"],
        Takes::Words(_) | Takes::Choice(..) | Takes::Word(_) => &["no_such_word", "", "no,such"],
        Takes::Ids(_) | Takes::Id(_) => &["x", "", "ord_1", "zzz_019a7c5e8f3a7d10b6c2a94e51d0f37b"],
    };
    texts.iter().map(|t| t.to_string()).collect()
}

/// Values that a parameter takes, the odd ones among them.
fn fit(takes: Takes) -> Vec<String> {
    let texts: &[&str] = match takes {
        Takes::Text(max) => {
            let mut texts = vec!["x".repeat(max), String::new()];
            texts.extend(
                ["%22", "%27%20OR%201=1%20--", "%25_*", "%E4%B8%AD", "%F0%9F%98%80", "a%20OR%20b", "(NEAR"]
                    .map(str::to_owned),
            );
            texts.retain(|t| t.len() <= max.max(20) || !t.contains('%'));
            return texts;
        }
        Takes::Int(min, max) => return vec![min.to_string(), max.to_string()],
        Takes::Bool => &["true", "false"],
        Takes::Date => &["1900-01-01", "2026-11-20", "2999-12-31"],
        Takes::Instant => &["2026-11-20T02:00:00Z", "2026-11-20T10:00:00.123%2B08:00"],
        Takes::Decimal(_) => &["0", "12.5", "-1"],
        Takes::Currency => &["CNY"],
        Takes::System => &["sap", "web-shop.2"],
        Takes::Positive(_) => &["0.000001", "12.5", "007", "1.000"],
        Takes::Words(words) => {
            return words.iter().map(|w| w.to_string()).chain([words.join(",")]).collect();
        }
        Takes::Choice(most, words) => {
            return words.iter().map(|w| w.to_string()).chain([words[..most].join(",")]).collect();
        }
        Takes::Word(words) => words,
        Takes::Ids(prefix) => {
            let id = |n: u32| format!("{prefix}_{n:032x}");
            return vec![id(1), format!("{},{}", id(1), id(2))];
        }
        Takes::Id(prefix) => return vec![format!("{prefix}_{:032x}", 1)],
    };
    texts.iter().map(|t| t.to_string()).collect()
}

fn a_parameter_of_the_wrong_kind_is_named(app: &TestApp) {
    each(app, all, |endpoint| {
        let mut params: Vec<(&str, Vec<String>)> =
            endpoint.params.iter().map(|p| (p.name, unfit(p.takes))).collect();
        let texts = |texts: &[&str]| texts.iter().map(|t| t.to_string()).collect::<Vec<_>>();
        if endpoint.common.sorts.is_some() {
            params.push(("limit", texts(&["0", "201", "-1", "x", ""])));
            params.push(("include", texts(&["everything", ""])));
            params.push(("sort", texts(&["no_such_key", "", "-", "--code"])));
        }
        if endpoint.common.dry_run {
            params.push(("dry_run", texts(&["yes", "1", ""])));
        }
        if !endpoint.common.expand.is_empty() {
            params.push(("expand", texts(&["nothing_of_this_name", "x.y.z"])));
        }
        for (name, values) in params {
            for value in values {
                let path = with_query(&path_to_nothing(endpoint), &format!("{name}={value}"));
                let reply = send(&app.all_powerful(), endpoint, &path, example_of(endpoint).cloned());
                let reply = reply.refused(400, "invalid_parameter");
                assert!(reply.places().contains(&name), "{reply}");
            }
        }
    });
}

fn a_parameter_of_the_right_kind_is_taken(app: &TestApp) {
    each(
        app,
        |e| e.method == Method::Get && !e.params.is_empty(),
        |endpoint| {
            // What must be there is there, and one of the others at a time.
            let base = required_path(app, endpoint);
            app.all_powerful().get(&base).expect(200);
            for param in endpoint.params.iter().filter(|p| !p.required) {
                for value in fit(param.takes) {
                    let reply =
                        app.all_powerful().get(&with_query(&base, &format!("{}={value}", param.name)));
                    // Two parameters may not go together; that is said, and never a fault of ours.
                    let said = ["invalid_parameter", "invalid_cursor"]
                        .contains(&reply.body["code"].as_str().unwrap_or(""));
                    assert!(reply.status == 200 || said, "{reply}");
                }
            }
        },
    );
}

// ---- bodies --------------------------------------------------------------------------------------------------

fn a_body_of_another_media_type_is_refused(app: &TestApp) {
    each(app, with_body, |endpoint| {
        let example = written(endpoint, example_of(endpoint).expect("an example"));
        let others = ["application/json", "application/merge-patch+json", "text/plain", FORM, ""];
        for wrong in others.into_iter().filter(|other| *other != media_type(endpoint)) {
            raw(app, endpoint, wrong, example.as_bytes()).refused(415, "unsupported_media_type");
        }
        let with_charset = format!("{}; charset=utf-8", media_type(endpoint));
        assert_ne!(raw(app, endpoint, &with_charset, example.as_bytes()).status, 415);
    });
}

fn a_body_that_is_no_json_is_refused(app: &TestApp) {
    each(app, with_json, |endpoint| {
        let bodies: [&[u8]; 6] = [
            b"{",
            b"{\"a\": }",
            b"nonsense",
            b"{} {}",
            b"{\"name\": \"\xff\xfe\"}",
            b"{\"name\": \"\xed\xa0\x80\"}",
        ];
        for body in bodies {
            raw(app, endpoint, media_type(endpoint), body).refused(400, "bad_request");
        }
        if !endpoint.body_optional {
            raw(app, endpoint, media_type(endpoint), b"").refused(400, "bad_request");
        }
        let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
        raw(app, endpoint, media_type(endpoint), deep.as_bytes()).refused(400, "bad_request");
        for body in ["[]", "\"text\"", "1", "null", "true"] {
            raw(app, endpoint, media_type(endpoint), body.as_bytes()).refused(422, "validation_failed");
        }
    });
}

fn a_form_that_cannot_be_read_is_refused(app: &TestApp) {
    each(app, with_form, |endpoint| {
        let bodies: [&[u8]; 6] =
            [b"a=%", b"a=%F", b"a=%FF", b"a=\xff\xfe", b"a=%00", b"same=1&other=2&same=1"];
        for body in bodies {
            raw(app, endpoint, media_type(endpoint), body).refused(400, "bad_request");
        }
        raw(app, endpoint, media_type(endpoint), b"").refused(422, "validation_failed");
    });
}

fn a_body_that_is_too_large_is_refused(app: &TestApp) {
    each(app, with_body, |endpoint| {
        let body = vec![b' '; endpoint.max_body + 1];
        raw(app, endpoint, media_type(endpoint), &body).refused(413, "payload_too_large");
        // Also when its size was not announced.
        let client = ready(app.all_powerful(), endpoint).with("transfer-encoding", "chunked");
        let reply =
            client.raw(endpoint.method.as_str(), &path_to_nothing(endpoint), media_type(endpoint), body);
        reply.refused(413, "payload_too_large");
    });
}

/// A value that a schema does not take; None when it takes any. A form says nothing but texts, so there it is one
/// that is too long.
fn unfit_value(endpoint: &Endpoint, schema: &Value) -> Option<Value> {
    let schema = resolve(schema);
    if with_form(endpoint) {
        return Some(json!("x".repeat(schema["maxLength"].as_u64()? as usize + 1)));
    }
    let kinds: Vec<&str> = match &schema["type"] {
        Value::String(kind) => vec![kind],
        Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).collect(),
        _ if schema["enum"].is_array() => vec!["string"],
        _ => return None,
    };
    [("boolean", json!(true)), ("object", json!({})), ("array", json!([])), ("string", json!("text"))]
        .into_iter()
        .find(|(kind, _)| !kinds.contains(kind))
        .map(|(_, value)| value)
}

fn every_fault_of_a_body_is_pointed_at(app: &TestApp) {
    each(app, with_body, |endpoint| {
        let content = &operation(endpoint)["requestBody"]["content"][media_type(endpoint)];
        let schema = resolve(&content["schema"]);
        let mut body = json!({});
        let mut expected = BTreeSet::new();
        // OAuth's forms are open: what they do not know is ignored, as the standard wants it.
        if schema["additionalProperties"] == false {
            body["no_such_field"] = if with_form(endpoint) { json!("1") } else { json!(1) };
            expected.insert("/no_such_field".to_owned());
        }
        for (name, field) in schema["properties"].as_object().expect("an object") {
            if let Some(value) = unfit_value(endpoint, field) {
                body[name] = value;
                expected.insert(format!("/{name}"));
            }
        }
        let reply = send(&app.all_powerful(), endpoint, &path_to_nothing(endpoint), Some(body));
        let reply = reply.refused(422, "validation_failed");
        let places: BTreeSet<String> = reply.places().into_iter().map(str::to_owned).collect();
        assert_eq!(places, expected, "{reply}");
        // What is needed and not there is pointed at as well, and so is null in its place.
        let required: BTreeSet<String> = schema["required"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .map(|n| format!("/{n}"))
            .collect();
        if required.is_empty() {
            return;
        }
        let nulls: Value = required.iter().map(|p| (p[1..].to_owned(), Value::Null)).collect();
        // A field may have to be said although null is an answer: no limit, for one.
        let not_null = |p: &&String| !takes_null(&schema["properties"][&p[1..]]);
        let refused_nulls: BTreeSet<String> = required.iter().filter(not_null).cloned().collect();
        let nulls = (nulls, refused_nulls);
        for (body, expected) in
            std::iter::once((json!({}), required)).chain((!with_form(endpoint)).then_some(nulls))
        {
            let reply = send(&app.all_powerful(), endpoint, &path_to_nothing(endpoint), Some(body));
            let reply = reply.refused(422, "validation_failed");
            let places: BTreeSet<String> = reply.places().into_iter().map(str::to_owned).collect();
            assert_eq!(places, expected, "{reply}");
        }
    });
}

fn takes_null(schema: &Value) -> bool {
    let is_null = |s: &Value| s["type"] == "null";
    let variants = ["oneOf", "anyOf"].iter().filter_map(|key| schema[key].as_array()).flatten();
    let types = schema["type"].as_array().into_iter().flatten();
    types.into_iter().any(|t| t == "null") || variants.into_iter().any(is_null)
}

fn a_text_that_cannot_be_stored_is_refused(app: &TestApp) {
    each(app, with_json, |endpoint| {
        let example = example_of(endpoint).expect("an example");
        for (name, value) in example.as_object().expect("an object") {
            if value.is_string() {
                let mut body = example.clone();
                body[name] = json!("a\u{0}b");
                let reply = send(&app.all_powerful(), endpoint, &path_to_nothing(endpoint), Some(body));
                let reply = reply.refused(422, "validation_failed");
                assert!(reply.places().contains(&format!("/{name}").as_str()), "{reply}");
            }
        }
    });
}

// ---- versions, methods, records ------------------------------------------------------------------------------

fn a_change_needs_the_version_that_it_was_made_from(app: &TestApp) {
    each(
        app,
        |e| e.nature.needs_version(),
        |endpoint| {
            let (method, path) = (endpoint.method.as_str(), path_to_nothing(endpoint));
            let body = || example_of(endpoint).cloned();
            app.all_powerful().send(method, &path, body()).refused(428, "precondition_required");
            for wrong in ["1", "\"x\"", "\"\"", "W/\"1\"", "\"1\", \"2\"", "\"99999999999\"", ""] {
                let reply = app.all_powerful().with("if-match", wrong).send(method, &path, body());
                let reply = reply.refused(400, "invalid_parameter");
                assert_eq!(reply.places(), ["If-Match"]);
            }
        },
    );
}

fn a_method_that_a_path_does_not_take_is_told_which_it_takes(app: &TestApp) {
    for (path, methods) in methods_by_path(app.endpoints()) {
        let mut allowed: Vec<&str> = methods.iter().map(|m| m.as_str()).collect();
        if allowed.contains(&"GET") {
            allowed.push("HEAD");
        }
        allowed.sort_unstable();
        let endpoint = app.endpoints().iter().find(|e| e.path == path).expect("an endpoint");
        for method in ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PURGE"] {
            if allowed.contains(&method) {
                continue;
            }
            // The method comes before the token.
            let reply = app.anyone().send(method, &path_to_nothing(endpoint), None);
            let reply = reply.refused(405, "method_not_allowed");
            assert_eq!(reply.header("allow"), Some(allowed.join(", ").as_str()), "{reply}");
        }
    }
}

fn a_record_that_is_not_there_is_not_found(app: &TestApp) {
    let names_one = |e: &Endpoint| !e.path_prefixes.is_empty() && e.nature != Nature::Upsert;
    each(app, names_one, |endpoint| {
        send_about_nothing(&app.all_powerful(), endpoint).refused(404, "not_found");
        let first = path_to_nothing(endpoint);
        // No id at all, an id of another kind, an id in capitals: all of them name nothing.
        for odd in ["x", "zzz_019a7c5e8f3a7d10b6c2a94e51d0f37b", "%E4%B8%AD", "%00", "%FF"] {
            let arguments = vec![odd.to_owned(); endpoint.path_prefixes.len()];
            let path = crate::fixtures::filled(endpoint.path, &arguments);
            let reply = send(&app.all_powerful(), endpoint, &path, example_of(endpoint).cloned());
            assert_eq!(reply.status, 404, "{first}: {reply}");
        }
    });
    for path in ["/no-such-thing", "/", "", "/users/", "//users", "/teams/x/y/z"] {
        app.anyone().get(path).refused(404, "unknown_path");
    }
    app.anyone().page("GET", "/nothing/here").refused(404, "unknown_path");
}

// ---- words ---------------------------------------------------------------------------------------------------

fn every_problem_is_explained_in_both_languages(app: &TestApp) {
    for problem in messages::all_problems() {
        let path = format!("/problems/{}", problem.code);
        for (asked, tag, pick) in [("en", "en", 0), ("zh-CN,zh;q=0.9,en;q=0.5", "zh-CN", 1), ("fr", "en", 0)]
        {
            let reply = app.anyone().with("accept-language", asked).get(&path).expect(200);
            assert_eq!(reply.header("content-language"), Some(tag));
            assert_eq!(reply.body["status"], problem.status);
            assert_eq!(reply.body["title"], problem.title[pick]);
            assert_eq!(reply.body["help"], problem.help[pick]);
        }
        // Where a problem's `type` leads.
        let page = app.anyone().page("GET", &path).expect(302);
        assert_eq!(page.location(), format!("{API}{path}"));
    }
    let chinese = app.anyone().with("accept-language", "zh").get("/me").refused(401, "unauthorized");
    assert_eq!(
        (chinese.header("content-language"), &chinese.body["title"]),
        (Some("zh-CN"), &json!("未登录"))
    );
}

fn a_sane_request_id_is_kept_and_another_is_not(app: &TestApp) {
    // Whether it was kept or replaced is looked at in every answer.
    let long = "x".repeat(101);
    for id in ["abc-123_4.5:6", "", "with space", "quote\"", "<script>", &long, &long[1..]] {
        app.anyone().with("x-request-id", id).get("/me").expect(401);
        app.as_role(Role::Clerk).with("x-request-id", id).get("/me").expect(200);
    }
    let (one, other) = (app.as_role(Role::Clerk).get("/me"), app.as_role(Role::Clerk).get("/me"));
    assert_ne!(one.request_id(), other.request_id());
}

fn pages_beside_the_api_keep_the_conventions_too(app: &TestApp) {
    let pages = [
        "/",
        "/.well-known/jwks.json",
        "/.well-known/oauth-authorization-server",
        "/.well-known/oauth-protected-resource",
        "/health/live",
        "/health/ready",
        "/api/v1/openapi.json",
        "/docs",
        "/docs/",
        "/problems/not_found",
    ];
    for path in pages {
        let reply = app.anyone().with("x-request-id", "mine").page("GET", path);
        assert!(matches!(reply.status, 200 | 302), "{reply}");
        let reply = app.anyone().page("POST", path).refused(405, "method_not_allowed");
        assert_eq!(reply.header("allow"), Some("GET, HEAD"));
    }
    app.anyone().page("GET", "/docs/no-such-file").refused(404, "unknown_path");
    let document = app.anyone().page("GET", "/api/v1/openapi.json").expect(200);
    assert_eq!(document.body, crate::support::declared().0);
    let known = app.anyone().with("if-none-match", &document.etag()).page("GET", "/api/v1/openapi.json");
    assert!(known.expect(304).bytes.is_empty());
}

// ---- writes --------------------------------------------------------------------------------------------------

fn creates(endpoint: &Endpoint) -> bool {
    endpoint.nature == Nature::Create
}

/// Whether the operation is on a record that GET on the same path reads.
fn on_one_record(app: &TestApp, endpoint: &Endpoint) -> bool {
    app.endpoints().iter().any(|e| e.nature == Nature::Read && e.path == endpoint.path)
}

/// Whether an answer tells this record: it is the record, perhaps with what is told once, or it is the one that the
/// record is a part of.
fn tells(answer: &Value, record: &Value) -> bool {
    if answer["id"] == record["id"] {
        return record.as_object().is_some_and(|fields| fields.iter().all(|(n, v)| answer.get(n) == Some(v)));
    }
    let lists = answer.as_object().into_iter().flatten().filter_map(|(_, v)| v.as_array());
    lists.flatten().any(|part| part == record)
}

fn a_created_record_is_where_its_location_says(app: &TestApp) {
    each(app, creates, |endpoint| {
        let made = created_by(app, endpoint).expect(201);
        let reader = app.all_powerful();
        let found = reader.get(&made.location());
        if found.status == 405 {
            return; // a part that is read with the record it belongs to
        }
        let found = found.expect(200);
        assert!(tells(&made.body, &found.body), "{found} is not what was answered: {made}");
        assert_eq!(found.etag(), made.etag());
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
        |e| e.nature == Nature::Change && on_one_record(app, e),
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
        |e| e.nature == Nature::Remove && on_one_record(app, e),
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
        |e| e.nature == Nature::Action,
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
        app.core.clock.set(crate::support::NOW);
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
        |e| e.nature == Nature::Start,
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
            if endpoint.nature == Nature::Change {
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
    // On a step in a life the version is optional and honoured.
    each(
        app,
        |e| e.nature == Nature::Action && !e.path_prefixes.is_empty(),
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
        |e| e.nature == Nature::Remove && on_one_record(app, e),
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
        |e| e.nature == Nature::Action,
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

// ---- external ids and histories ------------------------------------------------------------------------------

/// Whether the operation answers one record by its own id, and that has this field.
fn reads_one_with(endpoint: &Endpoint, field: &str) -> bool {
    let by_id = endpoint.path_prefixes.last().is_some_and(|prefix| prefix.is_some());
    let answer = endpoint.answer.as_ref().map(resolve);
    endpoint.nature == Nature::Read
        && by_id
        && endpoint.path.ends_with('}')
        && answer.is_some_and(|schema| !schema["properties"][field].is_null())
}

fn upserts(endpoint: &Endpoint) -> bool {
    endpoint.nature == Nature::Upsert
}

fn every_record_with_external_ids_is_read_and_put_by_them(app: &TestApp) {
    each(
        app,
        |e| reads_one_with(e, "external_ids"),
        |endpoint| {
            let by_external_id = |nature: Nature| {
                let same = app.endpoints().iter().find(|e| {
                    e.nature == nature
                        && e.path.ends_with("/by-external-id/{system}/{id}")
                        && e.answer == endpoint.answer
                });
                same.unwrap_or_else(|| panic!("{} has external ids: {nature:?} by them", endpoint.path))
            };
            let (read, put) = (by_external_id(Nature::Read), by_external_id(Nature::Upsert));
            assert_eq!(read.path, put.path);
            assert_eq!(read.access, endpoint.access, "who reads by one id reads by the other");
        },
    );
}

fn what_is_put_by_external_id_is_made_once_then_changed(app: &TestApp) {
    each(app, upserts, |endpoint| {
        let (path, body) = (path_of(app, endpoint), body_of(app, endpoint));
        let client = app.all_powerful();
        client.get(&path).refused(404, "not_found");
        let nothing = client.clone().with("if-match", "\"1\"").put(&path, body.clone());
        assert_eq!(nothing.refused(412, "record_absent").body["current_version"], 0);
        client.clone().with("if-match", "*").put(&path, body.clone()).refused(412, "record_absent");
        let made = client.put(&path, body.clone()).expect(201);
        let found = client.get(&made.location()).expect(200);
        assert_eq!((&found.body, found.etag()), (&made.body, made.etag()));
        let named = client.get(&path).expect(200);
        assert_eq!((&named.body, named.etag()), (&made.body, made.etag()));
        // The same again changes nothing: no version, no entry, no row.
        let counts = app.row_counts();
        let again = client.put(&path, body.clone()).expect(200);
        assert_eq!((&again.body, again.etag()), (&made.body, made.etag()));
        client.clone().with("if-match", &made.etag()).put(&path, body.clone()).expect(200);
        assert_eq!(app.row_counts(), counts, "the same again left something");
        client.with("if-match", "\"999\"").put(&path, body).refused(412, "version_mismatch");
    });
}

fn what_is_put_to_create_only_is_refused_the_second_time(app: &TestApp) {
    each(app, upserts, |endpoint| {
        let (path, body) = (path_of(app, endpoint), body_of(app, endpoint));
        let client = app.all_powerful().with("if-none-match", "*");
        let made = client.put(&path, body.clone()).expect(201);
        let counts = app.row_counts();
        let again = client.put(&path, body.clone()).refused(412, "record_exists");
        assert_eq!(format!("\"{}\"", again.body["current_version"]), made.etag());
        assert_eq!(app.row_counts(), counts);
        for wrong in ["\"1\"", "", "*, *"] {
            let reply = app.all_powerful().with("if-none-match", wrong).put(&path, body.clone());
            assert_eq!(reply.refused(400, "invalid_parameter").places(), ["If-None-Match"]);
        }
        let both = client.with("if-match", "*").put(&path, body);
        assert_eq!(both.refused(400, "invalid_parameter").places(), ["If-None-Match"]);
    });
}

fn what_is_put_by_external_id_is_found_by_it(app: &TestApp) {
    each(app, upserts, |endpoint| {
        let (path, body) = (path_of(app, endpoint), body_of(app, endpoint));
        let made = app.all_powerful().put(&path, body).expect(201);
        let parts: Vec<&str> = path.rsplitn(3, '/').collect();
        let (id, system) = (parts[0], parts[1]);
        let found = app.all_powerful().get(&format!("/external-ids?system={system}&id={id}")).expect(200);
        let [row] = found.rows() else { panic!("one record has this external id: {found}") };
        assert_eq!((&row["id"], &row["external_id"]), (&json!(made.id()), &json!(id)));
        let href = row["href"].as_str().expect("a path");
        assert_eq!(app.all_powerful().get(href).expect(200).id(), made.id());
        let kind = row["kind"].as_str().expect("a kind");
        let of_kind = format!("/external-ids?system={system}&kind={kind}");
        assert_eq!(app.all_powerful().get(&of_kind).expect(200).rows(), found.rows());
    });
}

fn every_versioned_record_has_a_history(app: &TestApp) {
    each(
        app,
        // An entry of the audit trail tells a record's version and has none of its own.
        |e| reads_one_with(e, "version") && e.answers_version,
        |endpoint| {
            let path = format!("{}/history", endpoint.path);
            let history = app.endpoints().iter().find(|e| e.nature == Nature::List && e.path == path);
            let history = history.unwrap_or_else(|| panic!("{} has no history", endpoint.path));
            assert_eq!(history.access, endpoint.access, "who reads the record reads its history");
        },
    );
}

fn a_history_tells_of_every_version(app: &TestApp) {
    each(
        app,
        |e| lists(e) && e.path.ends_with("/history"),
        |endpoint| {
            let history = path_of(app, endpoint);
            let path = history.strip_suffix("/history").expect("a history");
            let record = endpoint.path.strip_suffix("/history");
            let change =
                app.endpoints().iter().find(|e| e.nature == Nature::Change && Some(e.path) == record);
            let client = app.all_powerful();
            if let Some(change) = change {
                let body = body_for(app, change, path);
                client.patch(path, &client.get(path).expect(200).etag(), body).expect(200);
            }
            let current = client.get(path).expect(200).body["version"].as_u64().expect("a version");
            assert!(change.is_none() || current > 1);
            let told = walk(&client, &with_query(&history, "limit=2"));
            let versions: BTreeSet<u64> = told.iter().filter_map(|entry| entry["version"].as_u64()).collect();
            let missing: Vec<u64> = (1..=current).filter(|version| !versions.contains(version)).collect();
            assert!(missing.is_empty(), "no entry for {missing:?} of {current}: {told:#?}");
            assert_eq!(versions.last(), Some(&current));
            let by = told.last().expect("an entry")["by"].as_str().map(str::to_owned);
            assert!(change.is_none() || by == Some(app.person("admin").user.to_string()));
        },
    );
}

// ---- lists ---------------------------------------------------------------------------------------------------

/// A list with at least three entries, where we know how to add some; its path.
fn filled_list(app: &TestApp, endpoint: &Endpoint) -> String {
    let path = path_of(app, endpoint);
    if let Some(create) = app.endpoints().iter().find(|e| creates(e) && e.path == endpoint.path) {
        let body = || match create.path_prefixes {
            [] => None,
            _ => Some(body_for(app, create, &path)),
        };
        for _ in 0..3 {
            match body() {
                // A part is added to the record whose parts are listed.
                Some(body) => app.all_powerful().post(&path, body).expect(201),
                None => entry(app, endpoint).unwrap_or_else(|| created_by(app, create).expect(201)),
            };
        }
    }
    with_required(app, endpoint, path)
}

/// The operation's path with records in its places and its required parameters.
fn required_path(app: &TestApp, endpoint: &Endpoint) -> String {
    with_required(app, endpoint, path_of(app, endpoint))
}

fn with_required(app: &TestApp, endpoint: &Endpoint, path: String) -> String {
    let required = endpoint.params.iter().filter(|p| p.required);
    required.fold(path, |path, p| {
        let value = match p.takes {
            Takes::Ids(prefix) | Takes::Id(prefix) => make(app, prefix).id(),
            takes => fit(takes).into_iter().next().unwrap_or_default(),
        };
        with_query(&path, &format!("{}={value}", p.name))
    })
}

/// A new record of the kind that a collection lists.
fn entry(app: &TestApp, list: &Endpoint) -> Option<Reply> {
    let read = app.endpoints().iter().find(|e| {
        e.nature == Nature::Read
            && e.path.rsplit_once("/{").is_some_and(|(c, p)| c == list.path && !p.contains('/'))
    })?;
    match read.path_prefixes {
        [Some(prefix)] => Some(make(app, prefix)),
        _ => None,
    }
}

fn lists(endpoint: &Endpoint) -> bool {
    endpoint.nature == Nature::List
}

/// Follows the pages by their `Link`, and gives all entries.
fn walk(client: &Client, first: &str) -> Vec<Value> {
    let (mut rows, mut path) = (Vec::new(), first.to_owned());
    loop {
        let page = client.get(&path).expect(200);
        rows.extend(page.rows().iter().cloned());
        assert!(rows.len() <= 2_000, "the walk does not end");
        let next = page.header("link").map(str::to_owned);
        assert_eq!(next.is_some(), page.body["has_more"] == true, "{page}");
        assert_eq!(next.is_some(), page.body["next_cursor"].is_string(), "{page}");
        let Some(next) = next else { return rows };
        let target = next.strip_prefix('<').and_then(|l| l.strip_suffix(">; rel=\"next\""));
        path = target.unwrap_or_else(|| panic!("not a link: {next}")).to_owned();
        assert!(path.contains(page.body["next_cursor"].as_str().expect("a cursor")));
    }
}

fn a_list_is_walked_page_by_page_without_gap_or_repeat(app: &TestApp) {
    each(app, lists, |endpoint| {
        let (path, client) = (filled_list(app, endpoint), app.all_powerful());
        let whole = client.get(&with_query(&path, "limit=200&include=total_count")).expect(200);
        let rows = walk(&client, &with_query(&path, "limit=200"));
        assert_eq!(whole.body["total_count"], json!(rows.len()), "{whole}");
        assert_eq!(client.get(&path).expect(200).body.get("total_count"), None);
        for limit in if rows.len() > 100 { [31, 50] } else { [1, 2] } {
            assert_eq!(walk(&client, &with_query(&path, &format!("limit={limit}"))), rows);
        }
        // Others write meanwhile: what is already passed is not met again, and nothing is missed.
        let page = client.get(&with_query(&path, "limit=1")).expect(200);
        if let Some(cursor) = page.body["next_cursor"].as_str() {
            filled_list(app, endpoint);
            let rest = walk(&client, &with_query(&path, &format!("limit=2&cursor={cursor}")));
            assert!(rows[1..].iter().all(|row| rest.contains(row)), "a row was missed");
            assert!(!rest.contains(&page.rows()[0]), "a row came twice");
        }
    });
}

fn a_cursor_belongs_to_its_list_and_sort(app: &TestApp) {
    each(app, lists, |endpoint| {
        let (path, client) = (filled_list(app, endpoint), app.all_powerful());
        for bad in ["x", "bm90aGluZw", "W10", "%00", "'"] {
            let reply = client.get(&with_query(&path, &format!("cursor={bad}")));
            assert_eq!(reply.status, 400, "{reply}");
        }
        let page = client.get(&with_query(&path, "limit=1")).expect(200);
        let Some(cursor) = page.body["next_cursor"].as_str() else { return };
        let default = endpoint.common.default_sort.split(',').next().unwrap_or_default();
        let other = default.strip_prefix('-').map_or(format!("-{default}"), str::to_owned);
        let reply = client.get(&with_query(&path, &format!("limit=1&sort={other}&cursor={cursor}")));
        reply.refused(400, "invalid_cursor");
        for param in endpoint.params.iter().filter(|p| !p.required) {
            let value = fit(param.takes).into_iter().next().unwrap_or_default();
            let query = format!("limit=1&{}={value}&cursor={cursor}", param.name);
            client.get(&with_query(&path, &query)).refused(400, "invalid_cursor");
        }
    });
}

/// Two values of a sort key in their order; None when the order is not that of the value shown.
fn in_order(one: &Value, other: &Value) -> Option<bool> {
    match (one, other) {
        (Value::Number(a), Value::Number(b)) => Some(a.as_f64() <= b.as_f64()),
        (Value::String(a), Value::String(b)) => match (a.parse::<f64>(), b.parse::<f64>()) {
            (Ok(a), Ok(b)) => Some(a <= b),
            _ => Some(a <= b),
        },
        _ => None,
    }
}

fn a_list_is_sorted_by_each_of_its_keys_in_both_directions(app: &TestApp) {
    each(app, lists, |endpoint| {
        let (path, client) = (filled_list(app, endpoint), app.all_powerful());
        for key in endpoint.common.sorts.unwrap_or_default().iter().map(|sort| sort.name) {
            let sorted = |sort: &str| walk(&client, &with_query(&path, &format!("limit=2&sort={sort}")));
            let (up, mut down) = (sorted(key), sorted(&format!("-{key}")));
            down.reverse();
            assert_eq!(up, down, "{key} up and down are not each other's reverse");
            // Names are ordered by how they are read, which the answer does not show.
            if !key.contains("name") {
                for pair in up.windows(2) {
                    assert_ne!(in_order(&pair[0][key], &pair[1][key]), Some(false), "{key}: {pair:?}");
                }
            }
        }
    });
}

fn an_answer_is_cut_to_the_fields_asked_for(app: &TestApp) {
    each(
        app,
        |e| e.common.fields,
        |endpoint| {
            let client = app.all_powerful();
            let path =
                if lists(endpoint) { filled_list(app, endpoint) } else { required_path(app, endpoint) };
            // An unknown name is refused whether there is a record to cut or not.
            let reply =
                client.get(&with_query(&path, "fields=no_such_field")).refused(400, "invalid_parameter");
            assert_eq!(reply.places(), ["fields"]);
            let whole = client.get(&path).expect(200);
            // A list, and a part of a record that is one, is cut row by row.
            let rows_of = |reply: &Reply| match reply.body["data"].as_array() {
                Some(rows) => rows.clone(),
                None => vec![reply.body.clone()],
            };
            let records = rows_of(&whole);
            let Some(record) = records.first() else { return };
            let names: Vec<&String> = record.as_object().expect("a record").keys().take(2).collect();
            let query = names.iter().map(|n| n.as_str()).collect::<Vec<_>>().join(",");
            let cut = client.get(&with_query(&path, &format!("fields={query}"))).expect(200);
            assert_eq!(cut.header("etag"), None, "a cut answer is not the record: {cut}");
            let rows = rows_of(&cut);
            for row in &rows {
                assert_eq!(row.as_object().expect("a record").keys().collect::<Vec<_>>(), names, "{cut}");
            }
            assert_eq!(rows[0][names[0]], record[names[0]]);
        },
    );
}

fn an_answer_is_widened_by_what_is_asked_for(app: &TestApp) {
    each(
        app,
        |e| e.method == Method::Get && !e.common.expand.is_empty(),
        |endpoint| {
            let client = app.all_powerful();
            let path =
                if lists(endpoint) { filled_list(app, endpoint) } else { required_path(app, endpoint) };
            for wanted in endpoint.common.expand {
                let wide = client.get(&with_query(&path, &format!("expand={wanted}"))).expect(200);
                assert_eq!(wide.header("etag"), None, "a widened answer is not the record: {wide}");
                let records = if lists(endpoint) { wide.rows().to_vec() } else { vec![wide.body.clone()] };
                for mut holder in records.iter().collect::<Vec<_>>() {
                    let mut parts: Vec<&str> = wanted.split('.').collect();
                    let last = parts.pop().expect("a name");
                    for part in parts {
                        holder = if holder[part].is_array() { &holder[part][0] } else { &holder[part] };
                    }
                    if holder.is_null() {
                        continue; // there is no part to widen
                    }
                    let id = &holder[format!("{last}_id")];
                    let object = holder.get(last).unwrap_or_else(|| panic!("no {last}: {wide}"));
                    assert_eq!(object.is_null(), id.is_null(), "{last} of {wide}");
                    assert!(object.is_null() || &object["id"] == id, "{last} of {wide}");
                }
            }
        },
    );
}

fn a_head_request_answers_as_get_without_a_body(app: &TestApp) {
    each(
        app,
        |e| e.method == Method::Get,
        |endpoint| {
            let path = required_path(app, endpoint);
            let (get, head) = (app.all_powerful().get(&path), app.all_powerful().send("HEAD", &path, None));
            assert_eq!((head.status, head.header("etag")), (get.status, get.header("etag")));
        },
    );
}

fn a_key_that_sorts_already_sorts_nothing_more(app: &TestApp) {
    each(
        app,
        |e| lists(e) && e.common.sorts.is_some_and(|keys| !keys.is_empty()),
        |endpoint| {
            let path = required_path(app, endpoint);
            let key = endpoint.common.sorts.unwrap_or_default()[0].name;
            let client = app.all_powerful();
            let sorted = |sort: &str| client.get(&with_query(&path, &format!("sort={sort}")));
            let once = sorted(key).expect(200);
            assert_eq!(sorted(&format!("{key},-{key},{key}")).expect(200).rows(), once.rows());
            sorted(&format!("{key},{key},{key},{key}")).expect(400);
        },
    );
}

fn a_header_that_is_longer_than_the_document_says_is_refused(app: &TestApp) {
    for name in ["Accept-Language", "If-None-Match"] {
        let ask = |length: usize| {
            let text = "x".repeat(length);
            app.all_powerful().with(name, &text).get("/regions")
        };
        assert_eq!(ask(1000).status, 200);
        let refused = ask(1001).expect(400);
        assert_eq!(refused.places(), [name]);
    }
}

fn a_version_that_no_record_can_have_is_another_version(app: &TestApp) {
    let region = make(app, "reg");
    let rename = |etag: &str| {
        let path = format!("/regions/{}", region.id());
        app.all_powerful().patch(&path, etag, json!({"name": "Another"}))
    };
    rename("\"9999999999\"").expect(412);
    rename("\"-1\"").expect(400);
}

fn what_is_said_again_of_a_parameter_is_short(app: &TestApp) {
    let refused = app.all_powerful().get(&format!("/regions?{}=1", "x".repeat(3000))).expect(400);
    assert_eq!(refused.places()[0].len(), 100);
}
