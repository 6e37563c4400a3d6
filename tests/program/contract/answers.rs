//! Methods, headers, problems and pages: what an answer says whatever was asked.

use salesdesk::base::auth::Role;
use salesdesk::base::http::dispatch::API;
use salesdesk::base::http::{Endpoint, OperationKind};
use salesdesk::base::messages;
use serde_json::json;

use super::{each, send, send_about_nothing};
use testkit::fixtures::{example_of, make, path_to_nothing};
use testkit::support::{TestApp, methods_by_path};

both_engines!(
    a_change_needs_the_version_that_it_was_made_from,
    a_method_that_a_path_does_not_take_is_told_which_it_takes,
    a_record_that_is_not_there_is_not_found,
    every_problem_is_explained_in_both_languages,
    a_sane_request_id_is_kept_and_another_is_not,
    pages_beside_the_api_keep_the_conventions_too,
    a_header_that_is_longer_than_the_document_says_is_refused,
    a_version_that_no_record_can_have_is_another_version,
    what_is_said_again_of_a_parameter_is_short,
);

fn a_change_needs_the_version_that_it_was_made_from(app: &TestApp) {
    each(
        app,
        |e| e.nature.needs_version(),
        |endpoint| {
            let (method, path) = (endpoint.method.as_str(), path_to_nothing(endpoint));
            let body = || example_of(endpoint).cloned();
            app.all_powerful().send(method, &path, body()).refused(428, "precondition_required");
            for wrong in ["1", "\"x\"", "\"\"", "\"1 x\"", "\"1\", 2", "\"99999999999\"", ""] {
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
    let names_one = |e: &Endpoint| !e.path_prefixes.is_empty() && e.nature != OperationKind::Upsert;
    each(app, names_one, |endpoint| {
        send_about_nothing(&app.all_powerful(), endpoint).refused(404, "not_found");
        let first = path_to_nothing(endpoint);
        // No id at all, an id of another kind, an id in capitals: all of them name nothing.
        for odd in ["x", "zzz_019a7c5e8f3a7d10b6c2a94e51d0f37b", "%E4%B8%AD", "%00", "%FF"] {
            let arguments = vec![odd.to_owned(); endpoint.path_prefixes.len()];
            let path = testkit::fixtures::filled(endpoint.path, &arguments);
            let reply = send(&app.all_powerful(), endpoint, &path, example_of(endpoint).cloned());
            assert_eq!(reply.status, 404, "{first}: {reply}");
        }
    });
    for path in ["/no-such-thing", "/", "", "/users/", "//users", "/teams/x/y/z"] {
        app.anyone().get(path).refused(404, "unknown_path");
    }
    app.anyone().page("GET", "/nothing/here").refused(404, "unknown_path");
}

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
    assert_eq!(document.body, testkit::support::declared().0);
    let known = app.anyone().with("if-none-match", &document.etag()).page("GET", "/api/v1/openapi.json");
    assert!(known.expect(304).bytes.is_empty());
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
