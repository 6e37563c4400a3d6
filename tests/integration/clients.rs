//! Machine clients: how they get in, what they may do, what they see, and how they are kept out.

use std::process::Output;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use salesdesk::base::auth::{self, Role, Scope};
use salesdesk::base::db::engine::Ending;
use salesdesk::base::http::params::Takes;
use salesdesk::base::http::{Access, Endpoint, Method, OperationKind};
use serde_json::{Value, json};

use testkit::fixtures::{body_for, make, path_of, path_to_nothing};
use testkit::machines::{Machine, form, machine, register};
use testkit::shop::Shop;
use testkit::support::{Client, Reply, TestApp, next_chunk, number, words};
use testkit::wire::program;

both_engines!(
    a_client_gets_a_token_with_its_secret_and_uses_it,
    a_token_says_whose_it_is_and_for_what,
    a_secret_is_told_once_and_kept_as_a_digest,
    a_wrong_secret_and_an_unknown_client_are_refused_alike,
    a_client_that_is_declared_has_no_secret_until_it_is_given_one,
    an_oauth_library_reads_what_went_wrong,
    what_oauth_does_not_know_is_ignored,
    guessing_a_secret_is_slowed_down_and_keeps_no_person_out,
    a_narrowed_token_does_less,
    a_scope_that_is_taken_away_is_gone_at_once,
    a_revoked_client_is_out_for_good,
    a_client_that_is_revoked_elsewhere_is_out_within_two_seconds,
    a_suspended_client_comes_back_without_its_old_tokens,
    a_new_secret_takes_over_without_a_gap,
    a_leaked_secret_ends_with_all_its_tokens,
    a_token_lives_as_long_as_the_client_was_given,
    a_client_ends_its_own_tokens_only,
    a_client_that_ends_very_many_tokens_ends_all_of_them,
    a_token_can_be_looked_at,
    a_client_asks_from_its_networks_only,
    a_client_is_no_person,
    a_use_is_noted_without_a_write_for_each_token,
    what_a_client_does_is_told_under_its_name,
    the_same_key_of_two_clients_is_not_the_same,
    an_erp_takes_an_order_through_its_whole_life,
    four_eyes_are_not_two_machines,
    a_machine_gives_no_more_discount_than_a_clerk,
    a_restricted_client_sees_its_customers_records_in_every_list,
    a_restricted_client_does_not_find_anothers_record,
    a_restricted_client_writes_for_its_customers_only,
    a_restricted_client_reports_on_its_customers_only,
    a_restricted_client_hears_of_its_customers_only,
    a_stream_ends_with_the_rights_of_its_client,
    restricted_to_no_customer_sees_none,
    a_teams_client_sees_what_the_teams_manager_sees,
    what_a_teams_client_enters_stays_in_its_sight,
    both_restrictions_hold_together,
    no_client_hands_on_a_right_that_it_does_not_have,
    no_client_makes_a_stronger_one_or_lifts_its_own_bounds,
    a_restricted_client_may_call_only_what_says_so,
    a_client_names_records_that_are_there,
    an_oauth_library_finds_the_way_by_itself,
    clients_are_managed_from_the_command_line,
);

// ---- helpers ---------------------------------------------------------------------------------------------------

/// Every scope but those that this test is not about.
fn every_scope() -> Vec<String> {
    Scope::ALL.iter().map(ToString::to_string).collect()
}

#[track_caller]
fn text(reply: &Reply, field: &str) -> String {
    reply.body[field].as_str().unwrap_or_else(|| panic!("no {field}: {reply}")).to_owned()
}

fn basic(id: &str, secret: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{id}:{secret}")))
}

const CREDENTIALS: (&str, &str) = ("grant_type", "client_credentials");

// ---- getting in --------------------------------------------------------------------------------------------------

fn a_client_gets_a_token_with_its_secret_and_uses_it(app: &TestApp) {
    let machine = register(app, json!({}));
    let posted = machine.asks(app, "").expect(200);
    let header = basic(&machine.id, &machine.secret);
    let basic = app.anyone().with("authorization", &header).form("/oauth/token", &[CREDENTIALS]).expect(200);
    for reply in [&posted, &basic] {
        assert_eq!((&reply.body["token_type"], &reply.body["expires_in"]), (&json!("Bearer"), &json!(3600)));
        assert_eq!(reply.body["scope"], "orders:read orders:write");
        assert_eq!(reply.header("cache-control"), Some("no-store"));
        app.bearer(&text(reply, "access_token")).get("/orders").expect(200);
        app.bearer(&text(reply, "access_token")).get("/customers").refused(403, "forbidden");
    }
    // Its secret is for getting tokens, and for nothing else.
    app.anyone().with("authorization", &header).get("/orders").refused(401, "unauthorized");
    app.bearer(&machine.secret).get("/orders").refused(401, "unauthorized");
}

fn a_token_says_whose_it_is_and_for_what(app: &TestApp) {
    let machine = register(app, json!({}));
    let token = text(&machine.asks(app, "orders:read").expect(200), "access_token");
    let parts: Vec<Value> = token
        .split('.')
        .take(2)
        .map(|part| serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).expect("base64")).expect("JSON"))
        .collect();
    assert_eq!((&parts[0]["typ"], &parts[0]["alg"]), (&json!("at+jwt"), &json!("EdDSA")));
    let claims = &parts[1];
    assert_eq!((&claims["sub"], &claims["client_id"]), (&json!(machine.id), &json!(machine.id)));
    assert_eq!((&claims["scope"], &claims["aud"]), (&json!("orders:read"), &json!("salesdesk-api")));
    assert_eq!(claims["exp"].as_i64(), claims["iat"].as_i64().map(|at| at + 3600));
    assert_eq!(claims.get("sid"), None);
}

fn a_secret_is_told_once_and_kept_as_a_digest(app: &TestApp) {
    let machine = register(app, json!({}));
    assert!(machine.secret.starts_with("csk_") && machine.secret.len() == 47, "{}", machine.secret);
    let admin = app.as_role(Role::Admin);
    for path in [machine.path(""), machine.path("/history"), "/clients".into()] {
        let told = String::from_utf8(admin.get(&path).expect(200).bytes).expect("a text");
        assert!(!told.contains("csk_") && !told.contains("digest") && !told.contains("epoch"), "{told}");
    }
    let rotated = admin.post(&machine.path("/rotate-secret"), json!({})).expect(200);
    assert_eq!(rotated.header("cache-control"), Some("no-store"));
    // Nor to whoever repeats the request.
    let keyed = admin.clone().with("idempotency-key", "a client");
    let first = keyed.post("/clients", form(json!({}))).expect(201);
    let again = keyed.post("/clients", form(json!({}))).expect(201);
    assert_eq!(again.header("idempotent-replayed"), Some("true"));
    assert_eq!((again.id(), &again.body["client_secret"]), (first.id(), &Value::Null));
    let secrets = [machine.secret.clone(), text(&rotated, "client_secret"), text(&first, "client_secret")];
    let kept = app.read(|conn| {
        let kept = "SELECT secret_digest || ' ' || COALESCE(previous_digest, '') AS word FROM clients";
        let told = "SELECT CAST(changes AS TEXT) AS word FROM journal WHERE record_kind = 'client'";
        let answered = "SELECT body AS word FROM idempotency_keys";
        [words(conn, kept), words(conn, told), words(conn, answered)].concat()
    });
    assert_eq!(kept.len(), 2 + 3 + 1);
    assert!(secrets.iter().all(|secret| !kept.iter().any(|row| row.contains(secret.as_str()))), "{kept:?}");
}

fn a_wrong_secret_and_an_unknown_client_are_refused_alike(app: &TestApp) {
    let machine = register(app, json!({}));
    let nobody = "cli_019a7c5e8f3a7d10b6c2a94e51d0f37b";
    let told: Vec<Reply> = [(&*machine.id, "csk_wrong"), (nobody, &*machine.secret), ("SAP", "x")]
        .into_iter()
        .map(|(id, secret)| {
            let header = basic(id, secret);
            app.anyone().with("authorization", &header).form("/oauth/token", &[CREDENTIALS])
        })
        .collect();
    for reply in told {
        let reply = reply.refused(401, "invalid_client");
        assert_eq!(reply.body["error"], "invalid_client");
        assert_eq!(reply.header("www-authenticate"), Some("Basic realm=\"salesdesk\""));
    }
    // Without any credentials, and with those of people.
    app.anyone().form("/oauth/token", &[CREDENTIALS]).refused(401, "invalid_client");
    app.as_role(Role::Admin).form("/oauth/token", &[CREDENTIALS]).refused(401, "invalid_client");
}

fn a_client_that_is_declared_has_no_secret_until_it_is_given_one(app: &TestApp) {
    let admin = app.as_role(Role::Admin);
    let put = || admin.put("/clients/by-external-id/terraform/erp", form(json!({})));
    let made = put().expect(201);
    assert_eq!((&made.body["secret_set_at"], made.body.get("client_secret")), (&Value::Null, None));
    for secret in ["", "csk_", "null"] {
        let fields = [CREDENTIALS, ("client_id", &made.id()), ("client_secret", secret)];
        app.anyone().form("/oauth/token", &fields).refused(401, "invalid_client");
    }
    let rotated = admin.post(&format!("{}/rotate-secret", made.location()), json!({})).expect(200);
    assert_eq!(rotated.body["previous_secret_until"], Value::Null);
    let machine = Machine { id: made.id(), secret: text(&rotated, "client_secret") };
    machine.lets(app).get("/orders").expect(200);
    // Declared again, it is what it was.
    assert_eq!(put().expect(200).etag(), rotated.etag());
    machine.lets(app).get("/orders").expect(200);
}

fn an_oauth_library_reads_what_went_wrong(app: &TestApp) {
    let machine = register(app, json!({}));
    let header = basic(&machine.id, &machine.secret);
    let asked = |fields: &[(&str, &str)]| {
        let client = app.anyone().with("authorization", &header).with("accept-language", "zh-CN");
        client.form("/oauth/token", fields)
    };
    let secret = ("client_secret", &*machine.secret);
    for (fields, status, error) in [
        (&[("grant_type", "password")][..], 400, "unsupported_grant_type"),
        (&[CREDENTIALS, ("scope", "users:write")], 400, "invalid_scope"),
        (&[CREDENTIALS, ("scope", "orders:read nonsense")], 400, "invalid_scope"),
        (&[CREDENTIALS, secret], 400, "invalid_request"),
        (&[CREDENTIALS, CREDENTIALS], 400, "invalid_request"),
        (&[("scope", "orders:read")], 422, "invalid_request"),
    ] {
        let reply = asked(fields).expect(status);
        assert_eq!(reply.body["error"], error, "{reply}");
        // For programs, and so in ASCII whatever language people are told in.
        let described = text(&reply, "error_description");
        assert!(!described.is_empty() && described.is_ascii() && !described.contains('"'), "{described}");
        assert_eq!(reply.header("content-language"), Some("zh-CN"));
    }
    // Nowhere else is anybody told like this.
    assert_eq!(app.anyone().get("/orders").refused(401, "unauthorized").body.get("error"), None);
}

fn what_oauth_does_not_know_is_ignored(app: &TestApp) {
    let machine = register(app, json!({}));
    let fields = [CREDENTIALS, ("audience", "https://erp.example.com"), ("resource", ""), ("scope", "")];
    let header = basic(&machine.id, &machine.secret);
    let token = app.anyone().with("authorization", &header).form("/oauth/token", &fields).expect(200);
    assert_eq!(token.body["scope"], "orders:read orders:write");
}

fn guessing_a_secret_is_slowed_down_and_keeps_no_person_out(app: &TestApp) {
    let machine = register(app, json!({}));
    let guess = Machine { id: machine.id.clone(), secret: "csk_a_guess".into() };
    // Also when they come at once.
    let fields =
        [("grant_type", "client_credentials"), ("client_id", &*guess.id), ("client_secret", &*guess.secret)];
    let body = fields.map(|(name, value)| format!("{name}={value}")).join("&");
    let ask = || {
        let form = app.anyone().with("content-type", "application/x-www-form-urlencoded");
        let mut ask = form.asks("POST", "/oauth/token", None);
        ask.body = Some(body.clone().into_bytes());
        ask
    };
    let replies = app.together((0..100).map(|_| ask()).collect());
    let looked_at = replies.iter().filter(|reply| reply.status == 401).count();
    assert_eq!(looked_at, 20);
    let slowed = machine.asks(app, "").refused(429, "too_many_requests");
    assert_eq!(slowed.body["error"], "temporarily_unavailable");
    // A person at the same address is not the one who guesses.
    let log_in = testkit::support::credentials("clerk", testkit::support::PASSWORD);
    app.anyone().post("/auth/login", log_in).expect(200);
    let seconds: i64 = slowed.header("retry-after").expect("how long").parse().expect("seconds");
    app.core.clock.advance_seconds(seconds);
    machine.asks(app, "").expect(200);
}

// ---- what a token is good for --------------------------------------------------------------------------------------

fn a_narrowed_token_does_less(app: &TestApp) {
    let machine = register(app, json!({"scopes": ["orders:read", "orders:write", "customers:read"]}));
    let reply = machine.asks(app, "orders:read").expect(200);
    assert_eq!(reply.body["scope"], "orders:read");
    let narrow = app.bearer(&text(&reply, "access_token"));
    narrow.get("/orders").expect(200);
    narrow.get("/customers").refused(403, "forbidden");
    narrow.post("/orders", json!({})).refused(403, "forbidden");
    machine.lets(app).get("/customers").expect(200);
}

fn a_scope_that_is_taken_away_is_gone_at_once(app: &TestApp) {
    let machine = register(app, json!({"scopes": ["orders:read", "customers:read"]}));
    let client = machine.lets(app);
    client.get("/customers").expect(200);
    let admin = app.as_role(Role::Admin);
    let etag = admin.get(&machine.path("")).expect(200).etag();
    admin.patch(&machine.path(""), &etag, json!({"scopes": ["orders:read", "products:read"]})).expect(200);
    client.get("/customers").refused(403, "forbidden");
    client.get("/orders").expect(200);
    // A scope that comes later is no token's that was asked for before.
    client.get("/products").refused(403, "forbidden");
    machine.lets(app).get("/products").expect(200);
}

fn a_revoked_client_is_out_for_good(app: &TestApp) {
    let machine = register(app, json!({}));
    let client = machine.lets(app);
    client.get("/orders").expect(200);
    let admin = app.as_role(Role::Admin);
    let revoked = admin.post(&machine.path("/revoke"), json!({"reason": "Replaced"})).expect(200);
    assert_eq!((&revoked.body["status"], &revoked.body["allowed_actions"]), (&json!("revoked"), &json!([])));
    client.get("/orders").refused(401, "unauthorized");
    machine.asks(app, "").refused(401, "invalid_client");
    for step in ["/resume", "/rotate-secret"] {
        let refused = admin.send("POST", &machine.path(step), None).refused(409, "invalid_transition");
        assert_eq!(
            (&refused.body["current_status"], &refused.body["allowed_actions"]),
            (&json!("revoked"), &json!([]))
        );
    }
    let actions = admin.get(&machine.path("/actions")).expect(200);
    assert!(actions.rows().iter().all(|a| a["allowed"] == false), "{actions}");
    let history = admin.get(&machine.path("/history")).expect(200);
    assert_eq!(
        (&history.rows()[1]["event"], &history.rows()[1]["reason"]),
        (&json!("client.revoked"), &json!("Replaced"))
    );
}

fn a_client_that_is_revoked_elsewhere_is_out_within_two_seconds(app: &TestApp) {
    let client = machine(app, json!({}));
    client.get("/orders").expect(200);
    // Another instance of the program, or a command: this one's memory knows nothing of it.
    app.core
        .engine
        .write_now(|conn| {
            use diesel::connection::SimpleConnection;
            conn.batch_execute("UPDATE clients SET status = 'revoked'")?;
            Ok(((), Ending::Commit))
        })
        .expect("the step");
    app.core.clock.advance_seconds(2);
    client.get("/orders").refused(401, "unauthorized");
}

fn a_suspended_client_comes_back_without_its_old_tokens(app: &TestApp) {
    let machine = register(app, json!({}));
    let (client, admin) = (machine.lets(app), app.as_role(Role::Admin));
    let suspended = admin.post(&machine.path("/suspend"), json!({"reason": "Sends twice"})).expect(200);
    assert_eq!(suspended.body["allowed_actions"], json!(["resume", "revoke", "rotate_secret"]));
    client.get("/orders").refused(401, "unauthorized");
    machine.asks(app, "").refused(401, "invalid_client");
    admin.send("POST", &machine.path("/resume"), None).expect(200);
    client.get("/orders").refused(401, "unauthorized");
    machine.lets(app).get("/orders").expect(200);
}

fn a_new_secret_takes_over_without_a_gap(app: &TestApp) {
    let first = register(app, json!({}));
    let (admin, client) = (app.as_role(Role::Admin), first.lets(app));
    let rotate = |body: Value| {
        let rotated = admin.post(&first.path("/rotate-secret"), body).expect(200);
        Machine { id: first.id.clone(), secret: text(&rotated, "client_secret") }
    };
    let second = rotate(json!({}));
    assert_ne!(second.secret, first.secret);
    let shown = admin.get(&first.path("")).expect(200);
    assert_eq!(shown.body["previous_secret_until"], "2026-11-21T02:00:00.000Z");
    for works in [&first, &second] {
        works.asks(app, "").expect(200);
    }
    client.get("/orders").expect(200);
    app.core.clock.advance_seconds(24 * 3600 - 1);
    first.asks(app, "").expect(200);
    app.core.clock.advance_seconds(1);
    first.asks(app, "").refused(401, "invalid_client");
    second.asks(app, "").expect(200);
    // Two live at most: the one before the one before is gone at once.
    let third = rotate(json!({"overlap_hours": 168}));
    let fourth = rotate(json!({"overlap_hours": 1}));
    second.asks(app, "").refused(401, "invalid_client");
    for works in [&third, &fourth] {
        works.asks(app, "").expect(200);
    }
    for hours in [-1, 169] {
        let refused = admin.post(&first.path("/rotate-secret"), json!({"overlap_hours": hours}));
        assert_eq!(refused.refused(422, "validation_failed").places(), ["/overlap_hours"]);
    }
}

fn a_leaked_secret_ends_with_all_its_tokens(app: &TestApp) {
    let leaked = register(app, json!({}));
    let thief = leaked.lets(app);
    thief.get("/orders").expect(200);
    let body = json!({"overlap_hours": 0});
    let rotated = app.as_role(Role::Admin).post(&leaked.path("/rotate-secret"), body).expect(200);
    assert_eq!(rotated.body["previous_secret_until"], Value::Null);
    thief.get("/orders").refused(401, "unauthorized");
    leaked.asks(app, "").refused(401, "invalid_client");
    let safe = Machine { id: leaked.id.clone(), secret: text(&rotated, "client_secret") };
    safe.lets(app).get("/orders").expect(200);
}

fn a_token_lives_as_long_as_the_client_was_given(app: &TestApp) {
    let short = register(app, json!({"token_lifetime": 60}));
    let reply = short.asks(app, "").expect(200);
    assert_eq!(reply.body["expires_in"], 60);
    let client = app.bearer(&text(&reply, "access_token"));
    app.core.clock.advance_seconds(59);
    client.get("/orders").expect(200);
    app.core.clock.advance_seconds(1);
    client.get("/orders").refused(401, "token_expired");
    for lifetime in [59, 3601] {
        let refused = app.as_role(Role::Admin).post("/clients", form(json!({"token_lifetime": lifetime})));
        assert_eq!(refused.refused(422, "validation_failed").places(), ["/token_lifetime"]);
    }
}

fn a_client_ends_its_own_tokens_only(app: &TestApp) {
    let (mine, other) = (register(app, json!({})), register(app, json!({})));
    let (one, another) = (mine.token(app), mine.token(app));
    app.bearer(&one).get("/orders").expect(200);
    let refused = other.about(app, "/oauth/revoke", &one).refused(400, "invalid_grant");
    assert_eq!(refused.body["error"], "invalid_grant");
    app.bearer(&one).get("/orders").expect(200);
    // Twice is once, and what is no token needs no ending.
    for token in [&one, &one, "nonsense"] {
        mine.about(app, "/oauth/revoke", token).expect(200);
    }
    app.bearer(&one).get("/orders").refused(401, "unauthorized");
    app.bearer(&another).get("/orders").expect(200);
    mine.about(app, "/oauth/revoke", &app.token("clerk")).refused(400, "invalid_grant");
    app.anyone().form("/oauth/revoke", &[("token", &*another)]).refused(401, "invalid_client");
    // Forgotten when it would have ended anyway.
    app.core.clock.advance_seconds(3600);
    mine.about(app, "/oauth/revoke", &mine.token(app)).expect(200);
    assert_eq!(app.read(|conn| number(conn, "SELECT count(*) AS number FROM revoked_tokens")), 1);
}

fn a_client_that_ends_very_many_tokens_ends_all_of_them(app: &TestApp) {
    let (mine, other) = (register(app, json!({})), register(app, json!({})));
    let (client, apart) = (mine.lets(app), other.lets(app));
    let (key, now) = (mine.key(), app.core.clock.now());
    app.core
        .engine
        .write_now(move |conn| {
            for n in 0..1_000 {
                auth::clients::revoke(conn, key, &format!("token {n}"), now.plus_seconds(3600), now)?;
            }
            Ok(((), Ending::Commit))
        })
        .expect("ended tokens");
    client.get("/orders").expect(200);
    mine.about(app, "/oauth/revoke", &mine.token(app)).expect(200);
    client.get("/orders").refused(401, "unauthorized");
    mine.lets(app).get("/orders").expect(200);
    apart.get("/orders").expect(200);
    assert_eq!(app.read(|conn| number(conn, "SELECT count(*) AS number FROM revoked_tokens")), 0);
}

fn a_token_can_be_looked_at(app: &TestApp) {
    let machine = register(app, json!({"name": "SAP"}));
    let token = text(&machine.asks(app, "orders:read").expect(200), "access_token");
    let seen = machine.about(app, "/oauth/introspect", &token).expect(200);
    assert_eq!((&seen.body["active"], &seen.body["scope"]), (&json!(true), &json!("orders:read")));
    assert_eq!((&seen.body["client_id"], &seen.body["username"]), (&json!(machine.id), &json!("SAP")));
    assert_eq!(seen.body["exp"].as_i64(), seen.body["iat"].as_i64().map(|at| at + 3600));
    // By a person who may read clients, also about a person's token.
    let ask = |client: &Client, token: &str| client.form("/oauth/introspect", &[("token", token)]);
    let admin = app.as_role(Role::Admin);
    assert_eq!(ask(&admin, &token).expect(200).body, seen.body);
    let person = ask(&admin, &app.token("clerk")).expect(200);
    assert_eq!((&person.body["active"], &person.body["client_id"]), (&json!(true), &Value::Null));
    assert_eq!(person.body["sub"], app.person("clerk").user.to_string());
    let refused = ask(&app.as_role(Role::Clerk), &token).refused(403, "forbidden");
    assert_eq!(refused.body["error"], "insufficient_scope");
    assert_eq!(
        ask(&app.bearer("nonsense"), &token).refused(401, "unauthorized").body["error"],
        "invalid_token"
    );
    ask(&app.anyone(), &token).refused(401, "invalid_client");
    // What does not work is told nothing else of.
    let inactive = |token: &str| {
        let reply = ask(&admin, token).expect(200);
        let told = reply.body.as_object().expect("an object").values().filter(|v| !v.is_null()).count();
        assert_eq!((&reply.body["active"], told), (&json!(false), 1), "{reply}");
    };
    inactive("nonsense");
    inactive(&machine.secret);
    machine.about(app, "/oauth/revoke", &token).expect(200);
    inactive(&token);
    let other = machine.token(app);
    admin.post(&machine.path("/suspend"), json!({"reason": "A test"})).expect(200);
    inactive(&other);
}

fn a_client_asks_from_its_networks_only(app: &TestApp) {
    // Every request of these tests comes from 192.0.2.1.
    let machine =
        register(app, json!({"allowed_networks": ["10.0.0.0/8", " 192.0.2.0/24 ", "2001:db8::/32"]}));
    let (client, admin) = (machine.lets(app), app.as_role(Role::Admin));
    client.get("/orders").expect(200);
    let shown = admin.get(&machine.path("")).expect(200);
    assert_eq!(shown.body["allowed_networks"], json!(["10.0.0.0/8", "192.0.2.0/24", "2001:db8::/32"]));
    admin.patch(&machine.path(""), &shown.etag(), json!({"allowed_networks": ["10.0.0.0/8"]})).expect(200);
    client.get("/orders").refused(403, "network_not_allowed");
    assert_eq!(machine.asks(app, "").refused(403, "network_not_allowed").body["error"], "access_denied");
    let wrong = form(json!({"allowed_networks": ["10.0.0.0/8", "10.1.2.3/8", "everywhere"]}));
    let refused = admin.post("/clients", wrong).refused(422, "validation_failed");
    assert_eq!(refused.places(), ["/allowed_networks/1", "/allowed_networks/2"]);
}

// ---- what a client is --------------------------------------------------------------------------------------------

fn a_client_is_no_person(app: &TestApp) {
    let client = machine(app, json!({"scopes": every_scope()}));
    client.get("/me").refused(403, "not_a_person");
    let password = json!({"current_password": "x", "new_password": "correct horse battery"});
    client.post("/me/password", password).refused(403, "not_a_person");
    client.send("POST", "/auth/logout", None).refused(403, "not_a_person");
    client.get("/orders").expect(200);
}

fn a_use_is_noted_without_a_write_for_each_token(app: &TestApp) {
    let machine = register(app, json!({}));
    let used = || app.as_role(Role::Admin).get(&machine.path("")).expect(200).body["last_used_at"].clone();
    assert_eq!(used(), Value::Null);
    for (after, noted) in
        [(0, "2026-11-20T02:00:00.000Z"), (599, "2026-11-20T02:00:00.000Z"), (1, "2026-11-20T02:10:00.000Z")]
    {
        app.core.clock.advance_seconds(after);
        machine.asks(app, "").expect(200);
        assert_eq!(used(), noted);
    }
}

fn what_a_client_does_is_told_under_its_name(app: &TestApp) {
    let shop = Shop::open(app);
    let machine =
        register(app, json!({"name": "SAP", "scopes": ["customers:read", "orders:read", "orders:write"]}));
    let order = machine.lets(app).post("/orders", shop.body("1", "0")).expect(201);
    assert_eq!((&order.body["created_by"], &order.body["updated_by"]), (&Value::Null, &Value::Null));
    let history = app.as_role(Role::Clerk).get(&format!("/orders/{}/history", order.id())).expect(200);
    let entry = &history.rows()[0];
    assert_eq!((&entry["by"], &entry["by_name"]), (&Value::Null, &json!("SAP")));
    assert_eq!(entry["client"], machine.id);
}

fn the_same_key_of_two_clients_is_not_the_same(app: &TestApp) {
    let shop = Shop::open(app);
    let scopes = json!({"scopes": ["customers:read", "orders:read", "orders:write"]});
    let machine = register(app, scopes.clone());
    let enter = |client: Client| {
        client.with("idempotency-key", "the same").post("/orders", shop.body("1", "0")).expect(201)
    };
    let first = enter(machine.lets(app));
    // Also with another token: a token is not who asks.
    app.core.clock.advance_seconds(60);
    let again = enter(machine.lets(app));
    assert_eq!((again.id(), again.header("idempotent-replayed")), (first.id(), Some("true")));
    let other = enter(register(app, scopes).lets(app));
    assert_eq!(other.header("idempotent-replayed"), None);
    assert_ne!(other.id(), first.id());
}

fn an_erp_takes_an_order_through_its_whole_life(app: &TestApp) {
    let shop = Shop::open(app);
    let scopes: Vec<String> = every_scope()
        .into_iter()
        .filter(|s| s.starts_with("orders:") || s.starts_with("shipments:"))
        .collect();
    let erp = machine(app, json!({"scopes": scopes}));
    let mut body = shop.body("10", "2");
    body["external_ids"] = json!([{"system": "sap", "id": "4711"}]);
    let order = erp.post("/orders", body).expect(201);
    // The customer's owner is the rep, as when a clerk enters it.
    assert_eq!(order.body["rep_id"], app.person("rep").user.to_string());
    let path = format!("/orders/{}", order.id());
    let step = |step: &str, body: Value| erp.post(&format!("{path}/{step}"), body);
    let changed = erp.patch(&path, &order.etag(), json!({"notes": "Ring first"})).expect(200);
    assert_eq!(changed.body["notes"], "Ring first");
    step("submit", json!({})).expect(200);
    step("hold", json!({"reason": "A question"})).expect(200);
    step("release", json!({})).expect(200);
    assert!(erp.get(&format!("{path}/actions")).expect(200).rows().len() > 5);
    step("approve", json!({})).expect(200);
    step("confirm", json!({})).expect(200);
    let line = erp.get(&path).expect(200).body["lines"][0]["id"].clone();
    step("revisions", json!({"reason": "One less", "change_lines": [{"line_id": line, "quantity": "9"}]}))
        .expect(200);
    let shipment = step("shipments", json!({"carrier": "SF Express"})).expect(201);
    erp.post(&format!("/shipments/{}/deliver", shipment.id()), json!({})).expect(200);
    let done = step("complete", json!({})).expect(200);
    assert_eq!(done.body["status"], "completed");
    testkit::shop::nothing_is_off(app);
}

fn four_eyes_are_not_two_machines(app: &TestApp) {
    let shop = Shop::open(app);
    let scopes = json!({"scopes": every_scope()});
    let (enters, approves) = (machine(app, scopes.clone()), machine(app, scopes));
    let entered = |client: &Client| {
        let id = client.post("/orders", shop.body("0", "50")).expect(201).id();
        client.post(&format!("/orders/{id}/submit"), json!({})).expect(200);
        format!("/orders/{id}")
    };
    let by_machine = entered(&enters);
    for machine in [&enters, &approves] {
        machine.post(&format!("{by_machine}/approve"), json!({})).refused(409, "four_eyes");
        let actions = machine.get(&format!("{by_machine}/actions")).expect(200);
        let approve = actions.rows().iter().find(|a| a["action"] == "approve").expect("the step");
        assert_eq!(approve["obstacles"][0]["code"], "four_eyes_needed", "{actions}");
    }
    app.as_role(Role::Manager).post(&format!("{by_machine}/approve"), json!({})).expect(200);
    // A machine may be the other pair of eyes for a person, whom a limit was given for.
    let by_person = entered(&app.as_role(Role::Clerk));
    approves.post(&format!("{by_person}/approve"), json!({})).expect(200);
}

fn a_machine_gives_no_more_discount_than_a_clerk(app: &TestApp) {
    let shop = Shop::open(app);
    let client = machine(app, json!({"scopes": every_scope()}));
    let lines = json!([{"product_id": shop.tea, "quantity": "5", "discount_rate": "0.10"}]);
    let id = client.post("/orders", json!({"customer_id": shop.customer, "lines": lines})).expect(201).id();
    client.post(&format!("/orders/{id}/submit"), json!({})).expect(200);
    // Severity by who looks: the machine has a clerk's limit, and the manager, who may give more, is told of it.
    for (who, severity) in [(client.clone(), "hard"), (app.as_role(Role::Manager), "soft")] {
        let review = who.get(&format!("/orders/{id}/review")).expect(200);
        let finding = review.body["findings"]
            .as_array()
            .expect("findings")
            .iter()
            .find(|f| f["code"] == "discount_beyond_limit");
        assert_eq!(finding.expect("the discount")["severity"], severity, "{review}");
    }
    client.post(&format!("/orders/{id}/approve"), json!({})).refused(409, "review_blocked");
    app.as_role(Role::Manager).post(&format!("/orders/{id}/approve"), json!({})).expect(200);
}

// ---- what a client sees --------------------------------------------------------------------------------------------

/// A customer's id, and an order of theirs that was shipped in part.
struct Trade {
    customer: String,
    order: String,
    shipment: String,
}

impl Trade {
    fn is_told_in(&self, reply: &Reply) -> bool {
        let text = String::from_utf8_lossy(&reply.bytes);
        [&self.customer, &self.order, &self.shipment].iter().any(|id| text.contains(id.as_str()))
    }
}

fn trade(shop: &Shop, rep: &str, name: &str) -> Trade {
    let all = shop.app.all_powerful();
    let customer = shop.customer_of(rep, name);
    let contact = json!({"name": format!("{name} Buyer")});
    all.post(&format!("/customers/{customer}/contacts"), contact).expect(201);
    let named = json!([{"system": "sap", "id": name}]);
    all.patch(&format!("/customers/{customer}"), "*", json!({"external_ids": named})).expect(200);
    let lines = json!([{"product_id": shop.tea, "quantity": "7"}]);
    let rep = shop.app.person(rep).user.to_string();
    let order = json!({"customer_id": customer, "rep_id": rep, "external_ids": named, "lines": lines});
    let order = all.post("/orders", order).expect(201).id();
    for step in ["submit", "approve", "confirm"] {
        all.post(&format!("/orders/{order}/{step}"), json!({})).expect(200);
    }
    let line = all.get(&format!("/orders/{order}")).expect(200).body["lines"][0]["id"].clone();
    let part = json!({"lines": [{"order_line_id": line, "quantity": "3"}]});
    let shipment = all.post(&format!("/orders/{order}/shipments"), part).expect(201).id();
    let list =
        json!({"code": format!("ONLY-{name}"), "name": name, "currency": "CNY", "customer_id": customer});
    all.post("/price-lists", list).expect(201);
    Trade { customer, order, shipment }
}

/// The customer that a record is about; None for what is no customer's.
fn customer_of(record: &Value) -> Option<&str> {
    let id = record["id"].as_str().filter(|id| id.starts_with("cus_"));
    id.or_else(|| record["customer_id"].as_str())
}

fn a_restricted_client_sees_its_customers_records_in_every_list(app: &TestApp) {
    let shop = Shop::open(app);
    let (one, two) = (trade(&shop, "rep", "One"), trade(&shop, "rep2", "Two"));
    let others: Vec<Trade> = (0..3).map(|n| trade(&shop, "rep", &format!("Other{n}"))).collect();
    app.run_background();
    let mine = [&*one.customer, &two.customer];
    let client = machine(app, json!({"scopes": every_scope(), "customer_ids": mine}));
    let (mut told_of, mut refused) = (Vec::new(), Vec::new());
    // Whatever is read without naming a record; a stream would go on for ever, and is read from what the feed is.
    let is_whole = |e: &&Arc<Endpoint>| {
        let needs = |e: &Endpoint| {
            e.params.iter().any(|p| p.required && !matches!(p.takes, Takes::Text(_) | Takes::System))
        };
        e.method == Method::Get
            && e.path_prefixes.is_empty()
            && !e.answer_media.contains(&"text/event-stream")
            && !needs(e)
    };
    for list in app.endpoints().iter().filter(is_whole) {
        let limited = list.common.sorts.is_some() || list.params.iter().any(|p| p.name == "limit");
        let required = list.params.iter().filter(|p| p.required).map(|p| format!("{}=sap", p.name));
        let query: Vec<String> =
            limited.then(|| "limit=200".to_owned()).into_iter().chain(required).collect();
        let path = format!("{}?{}", list.path, query.join("&"));
        let page = client.get(&path);
        if page.status == 403 {
            refused.push(list.operation_id);
            continue;
        }
        let page = page.expect(200);
        let rows = page.body["data"].as_array().into_iter().flatten();
        let seen: Vec<&str> = rows.filter_map(customer_of).collect();
        assert!(seen.iter().all(|customer| mine.contains(customer)), "{}: {seen:?}", list.path);
        // Nothing of others is told in any other place of the answer either.
        assert!(!others.iter().any(|other| other.is_told_in(&page)), "{page}");
        let all = app.all_powerful().get(&path).expect(200);
        if others.iter().any(|other| other.is_told_in(&all)) {
            assert!(one.is_told_in(&page) && two.is_told_in(&page), "{page}");
            told_of.push(list.operation_id);
        }
    }
    for known in
        ["listCustomers", "listOrders", "listShipments", "listPriceLists", "listEvents", "listExternalIds"]
    {
        assert!(told_of.contains(&known), "{known}: {told_of:?}");
    }
    // What is not told record by record is not told at all.
    let of_people = ["getMe", "listMyNotifications", "getMyNotificationPreferences", "getWorklist"];
    let of_the_house = [
        "listUsers",
        "listClients",
        "getSettings",
        "listSettingsHistory",
        "listAuditLog",
        "exportAuditLog",
        "verifyAuditLog",
        "listSchedules",
        "listMails",
        "listBackups",
        "getSystemStatus",
        "listSlaPolicies",
        "listVisitPolicies",
    ];
    let sorted = |mut names: Vec<&'static str>| {
        names.sort_unstable();
        names
    };
    assert_eq!(sorted(refused), sorted([&of_people[..], &of_the_house[..]].concat()));
    assert_eq!(client.get("/orders?include=total_count").expect(200).body["total_count"], 2);
    // Nor by looking for others' names, nor beside its own records.
    assert_eq!(client.get("/customers?q=Other0").expect(200).rows(), [] as [Value; 0]);
    assert_eq!(client.get("/orders?q=Other0").expect(200).rows(), [] as [Value; 0]);
    assert_eq!(client.get("/customers?q=One").expect(200).rows().len(), 1);
    for (path, trade) in [("/orders", &one), ("/shipments", &two)] {
        let page = client.get(&format!("{path}?expand=customer&customer_id={}", trade.customer)).expect(200);
        assert_eq!(page.rows()[0]["customer"]["id"], trade.customer);
    }
    client.get(&format!("/orders/{}", one.order)).expect(200);
    client.get(&format!("/shipments/{}", two.shipment)).expect(200);
}

/// Whether what the operation's path names belongs to a customer.
fn is_a_customers(app: &TestApp, path: &str) -> bool {
    let by_external_id = path.contains("/by-external-id/");
    let parts: Vec<&str> = path.split('/').take(if by_external_id { 5 } else { 3 }).collect();
    let record = app.all_powerful().get(&parts.join("/"));
    record.status == 200 && customer_of(&record.body).is_some()
}

fn a_restricted_client_does_not_find_anothers_record(app: &TestApp) {
    let mine = make(app, "cus").id();
    let client = machine(app, json!({"scopes": every_scope(), "customer_ids": [mine]}));
    let mut tried = Vec::new();
    // A PUT by external id makes what is not there; what becomes of it is said below.
    let named = |e: &&Arc<Endpoint>| !e.path_prefixes.is_empty() && e.nature != OperationKind::Upsert;
    for endpoint in app.endpoints().iter().filter(named) {
        let path = path_of(app, endpoint);
        if !is_a_customers(app, &path) {
            continue;
        }
        let body = endpoint.body.as_ref().map(|_| body_for(app, endpoint, &path));
        let versioned = if endpoint.nature.needs_version() {
            client.clone().with("if-match", "*")
        } else {
            client.clone()
        };
        versioned.send(endpoint.method.as_str(), &path, body.clone()).refused(404, "not_found");
        // The path is right: who sees everything gets there.
        let all = app.all_powerful().with("if-match", "*");
        let reply = all.send(endpoint.method.as_str(), &path, body);
        assert!(reply.status < 300, "{reply}");
        tried.push(endpoint.operation_id);
    }
    for known in [
        "getCustomer",
        "addContact",
        "updateAddress",
        "getOrder",
        "confirmOrder",
        "createShipment",
        "voidShipment",
    ] {
        let is_declared = app.endpoints().iter().any(|e| e.operation_id == known);
        assert!(!is_declared || tried.contains(&known), "{known} was not tried: {tried:?}");
    }
    assert!(tried.len() > 40, "{tried:?}");
}

fn a_restricted_client_writes_for_its_customers_only(app: &TestApp) {
    let shop = Shop::open(app);
    let other = shop.customer_of("rep", "Other");
    let client = machine(app, json!({"scopes": every_scope(), "customer_ids": [shop.customer]}));
    client.post("/orders", shop.body("1", "0")).expect(201);
    let mut body = shop.body("1", "0");
    body["customer_id"] = json!(other);
    assert_eq!(client.post("/orders", body).refused(422, "validation_failed").places(), ["/customer_id"]);
    let contact = json!({"name": "New"});
    client.post(&format!("/customers/{}/contacts", shop.customer), contact.clone()).expect(201);
    client.post(&format!("/customers/{other}/contacts"), contact).refused(404, "not_found");
    // Another customer would be beyond what it is restricted to.
    client.post("/customers", json!({"name": "One more"})).refused(403, "client_restricted");
    client
        .put("/customers/by-external-id/sap/1", json!({"name": "One more"}))
        .refused(403, "client_restricted");
    // So are prices for everybody; those of its own customers are not.
    let list = |code: &str, customer: Value| json!({"code": code, "name": code, "currency": "CNY", "customer_id": customer});
    client.post("/price-lists", list("ALL", Value::Null)).refused(403, "client_restricted");
    let refused = client.post("/price-lists", list("OTHER", json!(other))).refused(422, "validation_failed");
    assert_eq!(refused.places(), ["/customer_id"]);
    let own = client.post("/price-lists", list("OWN", json!(shop.customer))).expect(201);
    let wider = client.patch(&own.location(), &own.etag(), json!({"customer_id": null}));
    wider.refused(403, "client_restricted");
    let price = json!({"product_id": shop.tea, "unit_price": "1"});
    client.post(&format!("{}/prices", own.location()), price.clone()).expect(201);
    let standard = format!("/price-lists/{}", shop.list);
    client.get(&standard).expect(200);
    client.post(&format!("{standard}/prices"), price).refused(403, "client_restricted");
    client.post(&format!("{standard}/retire"), json!({})).refused(403, "client_restricted");
    // Its price is its price, and another's is not asked for.
    let ask = |customer: &str| {
        client.get(&format!("/prices/resolve?product_id={}&customer_id={customer}", shop.tea))
    };
    ask(&shop.customer).expect(200);
    ask(&other).refused(400, "invalid_parameter");
}

fn a_restricted_client_reports_on_its_customers_only(app: &TestApp) {
    let shop = Shop::open(app);
    let mine = trade(&shop, "rep", "Mine");
    trade(&shop, "rep", "Other");
    let client = machine(app, json!({"scopes": ["reports:read"], "customer_ids": [mine.customer]}));
    let report = client.get("/reports/sales-summary?group_by=customer").expect(200);
    let rows = report.body["rows"].as_array().expect("rows");
    assert_eq!((rows.len(), &rows[0]["customer_id"]), (1, &json!(mine.customer)));
    assert_eq!(report.body["total"]["orders"], 1);
    let all = app.all_powerful().get("/reports/sales-summary").expect(200);
    assert_eq!(all.body["total"]["orders"], 2);
}

fn a_restricted_client_hears_of_its_customers_only(app: &TestApp) {
    let team = json!(app.seed.north.to_string());
    let made = |name: &str| {
        let owner = app.person("rep").user.to_string();
        app.all_powerful().post("/customers", json!({"name": name, "owner_id": owner})).expect(201)
    };
    let (mine, other) = (made("Mine"), made("Other"));
    let scopes = every_scope();
    let restricted = machine(app, json!({"scopes": scopes, "team_id": team, "customer_ids": [mine.id()]}));
    let teams = machine(app, json!({"scopes": scopes, "team_id": team}));
    for gone in [&mine, &other] {
        app.all_powerful().delete(&gone.location(), &gone.etag()).expect(204);
    }
    app.run_background();
    let heard = |client: &Client| -> Vec<String> {
        let feed = client.get("/events?types=customer.*&limit=1000").expect(200);
        let text = |v: &Value| v.as_str().expect("a text").to_owned();
        feed.rows()
            .iter()
            .filter(|e| e["type"] == "customer.deleted")
            .map(|e| text(&e["data"]["id"]))
            .collect()
    };
    assert_eq!(heard(&restricted), [mine.id()]);
    assert_eq!(heard(&teams), [mine.id(), other.id()]);
}

fn a_stream_ends_with_the_rights_of_its_client(app: &TestApp) {
    let machine = register(app, json!({"scopes": ["events:read", "orders:read"]}));
    let stream = || app.opened(&machine.lets(app).asks("GET", "/events/stream", None));
    let mut open = stream();
    assert!(!app.run(next_chunk(&mut open)).is_empty());
    app.as_role(Role::Admin).post(&machine.path("/suspend"), json!({"reason": "A test"})).expect(200);
    assert!(app.run(next_chunk(&mut open)).is_empty(), "the stream has ended");
    app.as_role(Role::Admin).send("POST", &machine.path("/resume"), None).expect(200);
    let mut open = stream();
    assert!(!app.run(next_chunk(&mut open)).is_empty());
    app.core.clock.advance_seconds(3600);
    assert!(app.run(next_chunk(&mut open)).is_empty(), "its token has ended");
}

fn restricted_to_no_customer_sees_none(app: &TestApp) {
    let shop = Shop::open(app);
    let mine = trade(&shop, "rep", "Mine");
    let machine = register(app, json!({"scopes": every_scope(), "customer_ids": [mine.customer]}));
    let (client, admin) = (machine.lets(app), app.as_role(Role::Admin));
    assert_eq!(client.get("/orders").expect(200).rows().len(), 1);
    // An empty list is no customer; only null takes the restriction away.
    let restrict = |customers: Value| {
        let etag = admin.get(&machine.path("")).expect(200).etag();
        admin.patch(&machine.path(""), &etag, json!({"customer_ids": customers})).expect(200)
    };
    assert_eq!(restrict(json!([])).body["customer_ids"], json!([]));
    for path in ["/customers", "/orders", "/shipments"] {
        assert_eq!(client.get(path).expect(200).rows(), [] as [Value; 0]);
    }
    assert_eq!(restrict(Value::Null).body["customer_ids"], Value::Null);
    assert!(!client.get("/customers").expect(200).rows().is_empty());
}

fn a_teams_client_sees_what_the_teams_manager_sees(app: &TestApp) {
    let shop = Shop::open(app);
    let (north, south) = (trade(&shop, "rep", "North"), trade(&shop, "rep2", "South"));
    let client = |team: &str| machine(app, json!({"scopes": every_scope(), "team_id": team}));
    let team = client(&app.seed.north.to_string());
    for path in ["/customers", "/orders", "/shipments", "/price-lists"] {
        let seen = |reply: Reply| {
            let mut ids: Vec<String> =
                reply.rows().iter().map(|r| r["id"].as_str().expect("an id").into()).collect();
            ids.sort();
            ids
        };
        let (machine, manager) = (team.get(path).expect(200), app.as_role(Role::Manager).get(path));
        assert!(!machine.rows().is_empty(), "{machine}");
        if manager.status == 200 {
            assert_eq!(seen(machine), seen(manager), "{path}");
        }
    }
    team.get(&format!("/orders/{}", north.order)).expect(200);
    team.get(&format!("/orders/{}", south.order)).refused(404, "not_found");
    team.get(&format!("/customers/{}", south.customer)).refused(404, "not_found");
    team.get(&format!("/shipments/{}", south.shipment)).refused(404, "not_found");
    // A team above both: with the teams below it.
    let above = json!({"code": "ABOVE", "name": "Above"});
    let above = app.as_role(Role::Admin).post("/teams", above).expect(201).id();
    for team in [app.seed.north, app.seed.south] {
        let path = format!("/teams/{team}");
        let etag = app.as_role(Role::Admin).get(&path).expect(200).etag();
        app.as_role(Role::Admin).patch(&path, &etag, json!({"parent_id": above})).expect(200);
    }
    let both = client(&above);
    for trade in [&north, &south] {
        both.get(&format!("/orders/{}", trade.order)).expect(200);
    }
}

fn what_a_teams_client_enters_stays_in_its_sight(app: &TestApp) {
    let shop = Shop::open(app);
    let (north, south) = (app.seed.north.to_string(), app.seed.south.to_string());
    let client = machine(app, json!({"scopes": every_scope(), "team_id": north}));
    // A customer that is nobody's in particular is the team's.
    let made = client.post("/customers", json!({"name": "From the shop"})).expect(201);
    assert_eq!((&made.body["owner_id"], &made.body["team_id"]), (&Value::Null, &json!(north)));
    client.get(&made.location()).expect(200);
    let outside = json!({"name": "x", "owner_id": app.person("rep2").user.to_string()});
    assert_eq!(client.post("/customers", outside).refused(422, "validation_failed").places(), ["/owner_id"]);
    // So is an order without a rep.
    let mut body = shop.body("1", "0");
    body["customer_id"] = json!(made.id());
    let order = client.post("/orders", body.clone()).expect(201);
    assert_eq!((&order.body["rep_id"], &order.body["team_id"]), (&Value::Null, &json!(north)));
    client.get(&order.location()).expect(200);
    body["rep_id"] = json!(app.person("rep2").user.to_string());
    assert_eq!(client.post("/orders", body).refused(422, "validation_failed").places(), ["/rep_id"]);
    let away = json!({"rep_id": app.person("rep2").user.to_string()});
    let refused = client.patch(&order.location(), &order.etag(), away).refused(422, "validation_failed");
    assert_eq!(refused.places(), ["/rep_id"]);
    // A customer of another team that is shown to this one: its owner is not the rep.
    let shown = shop.customer_of("rep2", "Shown");
    app.all_powerful().post(&format!("/customers/{shown}/shares"), json!({"team_id": north})).expect(201);
    let mut body = shop.body("1", "0");
    body["customer_id"] = json!(shown);
    let order = client.post("/orders", body).expect(201);
    assert_eq!((&order.body["rep_id"], &order.body["team_id"]), (&Value::Null, &json!(north)));
    client.patch(&format!("/customers/{shown}"), "*", json!({"tier": "a"})).refused(403, "read_only_share");
    assert_ne!(order.body["team_id"], json!(south));
}

fn both_restrictions_hold_together(app: &TestApp) {
    let shop = Shop::open(app);
    let (north, other) = (trade(&shop, "rep", "North"), trade(&shop, "rep", "Other"));
    let south = trade(&shop, "rep2", "South");
    let fields = json!({"scopes": every_scope(), "team_id": app.seed.north.to_string(),
        "customer_ids": [north.customer, south.customer]});
    let client = machine(app, fields);
    client.get(&format!("/orders/{}", north.order)).expect(200);
    for hidden in [&other, &south] {
        client.get(&format!("/orders/{}", hidden.order)).refused(404, "not_found");
        client.get(&format!("/customers/{}", hidden.customer)).refused(404, "not_found");
    }
    assert_eq!(client.get("/orders").expect(200).rows().len(), 1);
}

// ---- managing clients ------------------------------------------------------------------------------------------------

fn no_client_hands_on_a_right_that_it_does_not_have(app: &TestApp) {
    let strong = register(app, json!({"scopes": every_scope()}));
    let manages =
        register(app, json!({"scopes": ["clients:read", "clients:write", "orders:read", "users:write"]}));
    let client = manages.lets(app);
    let made = client.post("/clients", form(json!({"scopes": ["orders:read"]}))).expect(201);
    let refused = client.post("/clients", form(json!({"scopes": ["orders:read", "orders:write"]})));
    assert_eq!(refused.refused(403, "forbidden").body["required_scopes"], json!(["orders:write"]));
    let wider = json!({"scopes": ["orders:read", "orders:write"]});
    client.patch(&made.location(), &made.etag(), wider).refused(403, "forbidden");
    // Nor by taking over one that has it.
    client.post(&strong.path("/rotate-secret"), json!({})).refused(403, "forbidden");
    client.post(&strong.path("/revoke"), json!({"reason": "x"})).refused(403, "forbidden");
    // Nor through a person.
    let user = |role: &str| json!({"username": format!("made-{role}"), "name": "Made", "role": role});
    client.post("/users", user("admin")).refused(403, "forbidden");
    let admin = format!("/users/{}", app.person("admin").user);
    let password = json!({"password": "correct horse battery"});
    client.post(&format!("{admin}/reset-password"), password).refused(403, "forbidden");
    client.post(&format!("{admin}/block"), json!({"reason": "x"})).refused(403, "forbidden");
    let clerk = format!("/users/{}", app.person("clerk").user);
    client.patch(&clerk, "*", json!({"role": "admin"})).refused(403, "forbidden");
    strong.lets(app).post("/users", user("clerk")).expect(201);
    // One that is restricted lets nobody else in, and moves no bounds.
    let team = app.seed.north.to_string();
    for bounds in [json!({"customer_ids": []}), json!({"team_id": team})] {
        let mut fields = json!({"scopes": every_scope()});
        fields.as_object_mut().expect("fields").extend(bounds.as_object().expect("fields").clone());
        let restricted = machine(app, fields);
        restricted.post("/clients", form(json!({}))).refused(403, "client_restricted");
        restricted.post(&strong.path("/rotate-secret"), json!({})).refused(403, "client_restricted");
        restricted.post("/users", user("rep")).refused(403, "client_restricted");
        let wider = json!({"parent_id": team});
        let south = format!("/teams/{}", app.seed.south);
        restricted.patch(&south, "*", wider).refused(403, "client_restricted");
    }
    // An administrator gives rights that they do not use themselves.
    assert!(!Role::Admin.scopes().has(Scope::OrdersWrite));
    register(app, json!({"scopes": ["orders:write"]}));
    app.as_role(Role::Manager).post("/clients", form(json!({}))).refused(403, "forbidden");
}

fn no_client_makes_a_stronger_one_or_lifts_its_own_bounds(app: &TestApp) {
    let fields = json!({"scopes": ["clients:read", "clients:write", "users:write", "orders:read"],
        "allowed_networks": ["10.1.0.0/16"], "token_lifetime": 600});
    let manages = register(app, fields);
    let at_home = |path: &str, body: Value| {
        let fields = [
            ("grant_type", "client_credentials"),
            ("client_id", &*manages.id),
            ("client_secret", &*manages.secret),
        ];
        let token = app.anyone().from("10.1.2.3").form("/oauth/token", &fields).expect(200);
        let client = app.bearer(&text(&token, "access_token")).from("10.1.2.3");
        match path.strip_prefix("PATCH ") {
            Some(path) => client.patch(path, "*", body),
            None => client.post(path, body),
        }
    };
    let own = format!("PATCH {}", manages.path(""));
    for wider in [
        json!({"allowed_networks": []}),
        json!({"allowed_networks": ["10.0.0.0/8"]}),
        json!({"allowed_networks": ["10.1.0.0/16", "192.0.2.1"]}),
        json!({"token_lifetime": 3600}),
    ] {
        at_home(&own, wider.clone()).refused(403, "client_restricted");
        let mut other = form(
            json!({"scopes": ["orders:read"], "allowed_networks": ["10.1.2.0/24"], "token_lifetime": 600}),
        );
        other.as_object_mut().expect("fields").extend(wider.as_object().expect("fields").clone());
        at_home("/clients", other).refused(403, "client_restricted");
    }
    // Nor by taking over one that is stronger, nor through a person, who may come from anywhere.
    let strong = register(app, json!({"scopes": ["orders:read"]}));
    at_home(&strong.path("/rotate-secret"), json!({})).refused(403, "client_restricted");
    let user = json!({"username": "made", "name": "Made", "role": "rep"});
    at_home("/users", user).refused(403, "client_restricted");
    // What is no stronger it may make, and bind itself further.
    let weaker =
        json!({"scopes": ["orders:read"], "allowed_networks": ["10.1.2.0/24"], "token_lifetime": 300});
    at_home("/clients", form(weaker)).expect(201);
    at_home(&own, json!({"allowed_networks": ["10.1.2.0/24"], "token_lifetime": 300})).expect(200);
    at_home(&own, json!({"allowed_networks": ["10.1.0.0/16"]})).refused(403, "client_restricted");
    let admin = app.as_role(Role::Admin);
    admin.patch(&manages.path(""), "*", json!({"allowed_networks": [], "token_lifetime": 3600})).expect(200);
}

fn a_restricted_client_may_call_only_what_says_so(app: &TestApp) {
    let team = app.seed.north.to_string();
    let named = json!({"username": "named", "name": "Named", "role": "rep",
        "external_ids": [{"system": "sap", "id": "1"}]});
    app.as_role(Role::Admin).post("/users", named).expect(201);
    app.run_background();
    for bounds in [json!({"customer_ids": []}), json!({"team_id": team})] {
        let mut fields = json!({"scopes": every_scope()});
        fields.as_object_mut().expect("fields").extend(bounds.as_object().expect("fields").clone());
        let client = machine(app, fields).with("if-match", "*");
        let mut refused = Vec::new();
        let guarded = |e: &&Arc<Endpoint>| matches!(e.access, Access::Scope(_) | Access::Person);
        for endpoint in app.endpoints().iter().filter(guarded) {
            let ask = client.asks(endpoint.method.as_str(), &path_to_nothing(endpoint), None);
            let reply = if endpoint.within_restrictions { continue } else { app.ask(&ask) };
            reply.refused(403, "client_restricted");
            refused.push(endpoint.operation_id);
        }
        client.form("/oauth/introspect", &[("token", "of somebody")]).refused(403, "client_restricted");
        // Nor does it hear of the house in what it may call.
        let feed = client.get("/events?limit=1000").expect(200);
        let kinds: Vec<&str> = feed.rows().iter().filter_map(|e| e["data"]["kind"].as_str()).collect();
        assert!(
            !kinds.iter().any(|kind| ["client", "user", "settings", "schedule"].contains(kind)),
            "{kinds:?}"
        );
        let named = client.get("/external-ids?system=sap&limit=200").expect(200);
        assert!(!named.to_string().contains("usr_") && !named.to_string().contains("cli_"), "{named}");
        // What others were restricted out of, one by one, before.
        for known in [
            "listClients",
            "createClient",
            "updateClient",
            "listUsers",
            "createUser",
            "updateSettings",
            "createRegion",
            "createDepartment",
            "listAuditLog",
            "listMails",
            "runSchedule",
            "updateTeam",
            "createProduct",
            "createSupplier",
        ] {
            let is_declared = app.endpoints().iter().any(|e| e.operation_id == known);
            assert!(!is_declared || refused.contains(&known), "{known} is open to {bounds}");
        }
        assert!(refused.len() > 60, "{}", refused.len());
    }
}

fn a_client_names_records_that_are_there(app: &TestApp) {
    let known = make(app, "cus").id();
    let (nobody, nothing) = ("cus_019a7c5e8f3a7d10b6c2a94e51d0f37b", "tem_019a7c5e8f3a7d10b6c2a94e51d0f37b");
    let admin = app.as_role(Role::Admin);
    let fields = json!({"customer_ids": [known, nobody], "team_id": nothing, "scopes": ["orders:read", "orders:read"]});
    let refused = admin.post("/clients", form(fields)).refused(422, "validation_failed");
    assert_eq!(refused.places(), ["/scopes/1", "/team_id", "/customer_ids/1"]);
    let unknown =
        admin.post("/clients", form(json!({"scopes": ["orders:all"]}))).refused(422, "validation_failed");
    assert_eq!(unknown.places(), ["/scopes/0"]);
    admin.post("/clients", form(json!({"scopes": []}))).refused(422, "validation_failed");
    // A customer that is gone since stands in nobody's way.
    let machine = register(app, json!({"customer_ids": [known]}));
    let customer = format!("/customers/{known}");
    let etag = app.all_powerful().get(&customer).expect(200).etag();
    app.all_powerful().delete(&customer, &etag).expect(204);
    let etag = admin.get(&machine.path("")).expect(200).etag();
    admin.patch(&machine.path(""), &etag, json!({"name": "Renamed"})).expect(200);
}

fn an_oauth_library_finds_the_way_by_itself(app: &TestApp) {
    // What a request says of its host is not repeated: anybody may say anything.
    for name in ["host", "x-forwarded-host", "forwarded"] {
        let says = if name == "forwarded" { "host=evil.example.com" } else { "evil.example.com" };
        let foreign = app.anyone().with(name, says);
        for page in ["oauth-authorization-server", "oauth-protected-resource"] {
            let told = foreign.page("GET", &format!("/.well-known/{page}")).expect(200);
            assert!(!told.body.to_string().contains("evil"), "{told}");
        }
    }
    let asked = app.anyone().with("host", "localhost:8080");
    let server = asked.page("GET", "/.well-known/oauth-authorization-server").expect(200).body;
    assert_eq!(server["issuer"], "http://localhost:8080");
    assert_eq!(server["grant_types_supported"], json!(["client_credentials"]));
    for (name, operation) in [
        ("token_endpoint", "issueToken"),
        ("introspection_endpoint", "introspectToken"),
        ("revocation_endpoint", "revokeToken"),
    ] {
        let path = server[name].as_str().and_then(|url| url.strip_prefix("http://localhost:8080"));
        let (endpoint, _) = app.app().find("POST", path.expect("a path of ours")).expect("an endpoint");
        assert_eq!((endpoint.operation_id, endpoint.method), (operation, Method::Post));
    }
    let keys = server["jwks_uri"].as_str().and_then(|url| url.strip_prefix("http://localhost:8080"));
    app.anyone().page("GET", keys.expect("a path of ours")).expect(200);
    let resource = asked.page("GET", "/.well-known/oauth-protected-resource").expect(200).body;
    assert_eq!(resource["authorization_servers"], json!([server["issuer"]]));
    assert_eq!(resource["scopes_supported"], server["scopes_supported"]);
}

// ---- the command line --------------------------------------------------------------------------------------------------

fn command(app: &TestApp, args: &[&str]) -> Output {
    program(app).arg("client").args(args).output().expect("the program runs")
}

fn printed(app: &TestApp, args: &[&str]) -> String {
    let out = command(app, args);
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    String::from_utf8(out.stdout).expect("a text")
}

/// The client that a command printed.
fn told(printed: &str) -> Machine {
    let field = |name: &str| {
        let line = printed
            .lines()
            .find_map(|line| line.strip_prefix(name))
            .unwrap_or_else(|| panic!("no {name} {printed}"));
        line.trim().to_owned()
    };
    Machine { id: field("client_id:"), secret: field("client_secret:") }
}

fn clients_are_managed_from_the_command_line(app: &TestApp) {
    let team = app.seed.north.to_string();
    let added = printed(
        app,
        &["add", "SAP", "--scope", "orders:read,orders:write", "--scope", "reports:read", "--team", &team],
    );
    let machine = told(&added);
    let token = machine.asks(app, "").expect(200);
    assert_eq!(token.body["scope"], "orders:read orders:write reports:read");
    let shown = app.as_role(Role::Admin).get(&machine.path("")).expect(200);
    assert_eq!((&shown.body["name"], &shown.body["team_id"]), (&json!("SAP"), &json!(team)));
    let listed = printed(app, &["list"]);
    assert!(listed.contains(&machine.id) && listed.contains("SAP: orders:read"), "{listed}");
    assert!(!listed.contains("csk_"), "{listed}");
    let rotated = told(&printed(app, &["rotate", &machine.id, "--overlap-hours", "0"]));
    app.core.clock.advance_seconds(2);
    app.bearer(&text(&token, "access_token")).get("/orders").refused(401, "unauthorized");
    machine.asks(app, "").refused(401, "invalid_client");
    let client = rotated.lets(app);
    client.get("/orders").expect(200);
    printed(app, &["revoke", &machine.id, "--reason", "A test"]);
    app.core.clock.advance_seconds(2);
    client.get("/orders").refused(401, "unauthorized");
    let wrong = command(app, &["add", "SAP", "--scope", "orders:everything"]);
    let said = String::from_utf8_lossy(&wrong.stderr).into_owned();
    assert!(wrong.status.code() == Some(1) && said.contains("/scopes/0"), "{said}");
    assert_eq!(command(app, &["revoke", "cli_nothing"]).status.code(), Some(1));
}
