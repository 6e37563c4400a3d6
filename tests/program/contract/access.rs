//! Who may call what.

use salesdesk::base::auth::Role;
use salesdesk::base::http::Access;
use serde_json::json;

use super::{each, protected, send_about_nothing};
use crate::document::lets_in;
use testkit::fixtures::path_to_nothing;
use testkit::support::TestApp;

both_engines!(
    without_a_token_nothing_answers_but_what_is_public,
    whoever_lacks_the_scope_is_refused,
    every_role_may_do_what_the_table_says_and_nothing_else,
);

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
