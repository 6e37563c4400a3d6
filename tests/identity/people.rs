//! People: logging in and out, tokens, passwords, roles.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ed25519_dalek::{Signature, Verifier, VerifyingKey};
use salesdesk::base::auth::{Role, Scope};
use salesdesk::base::http::Access;
use serde_json::{Value, json};

use testkit::support::{PASSWORD, Reply, TestApp, credentials};

both_engines!(
    the_right_password_gives_tokens_that_work,
    a_wrong_password_and_an_unknown_user_are_refused_alike,
    a_user_name_is_found_however_it_is_typed,
    guessing_passwords_is_slowed_down_and_waiting_helps,
    guesses_that_are_sent_at_once_are_held_off_like_others,
    a_stranger_does_not_lock_the_administrator_out,
    guesses_from_many_places_are_slowed_down_but_not_where_somebody_is_at_home,
    a_good_log_in_of_ones_own_does_not_forgive_guesses_at_others,
    so_many_log_ins_at_once_as_the_machine_can_work_on,
    guessing_the_set_up_token_keeps_nobody_else_out,
    guessing_at_refresh_tokens_is_slowed_down,
    a_wrong_present_password_is_a_fault_of_the_form_and_counts_as_a_guess,
    a_new_password_is_another_one,
    a_blocked_user_is_out_within_seconds,
    a_block_from_elsewhere_is_known_within_two_seconds,
    a_blocked_user_can_come_back,
    refreshing_goes_on_and_on,
    a_refresh_repeated_after_a_lost_answer_is_no_theft,
    a_refresh_token_used_again_later_ends_the_session,
    a_refresh_token_of_long_ago_ends_the_session_too,
    a_session_ends_thirty_days_after_its_last_use,
    an_access_token_lives_fifteen_minutes,
    a_token_that_was_tampered_with_is_refused,
    logging_out_ends_the_session,
    a_new_password_ends_the_other_sessions_only,
    a_weak_password_is_refused,
    a_password_that_an_administrator_sets_ends_the_old_tokens_at_once,
    whoever_must_change_the_password_reads_nothing_before,
    the_last_administrator_stays,
    a_role_decides_what_one_may_do_at_once,
    a_user_is_never_shown_with_a_password,
    the_first_administrator_is_made_once,
    anybody_can_check_our_tokens_with_the_public_keys,
    a_user_name_belongs_to_one_user,
    a_team_is_never_below_itself,
    a_team_that_is_in_use_cannot_be_deleted,
    people_are_found_by_pinyin_and_part_of_a_name,
);

fn log_in(app: &TestApp, username: &str, password: &str) -> Reply {
    app.anyone().post("/auth/login", credentials(username, password))
}

fn refresh(app: &TestApp, token: &str) -> Reply {
    app.anyone().post("/auth/refresh", json!({"refresh_token": token}))
}

#[track_caller]
fn text(reply: &Reply, field: &str) -> String {
    reply.body[field].as_str().unwrap_or_else(|| panic!("no {field}: {reply}")).to_owned()
}

fn the_right_password_gives_tokens_that_work(app: &TestApp) {
    let card = format!("/users/{}", app.person("clerk").user);
    let before = app.as_role(Role::Admin).get(&card).expect(200);
    assert_eq!(before.body["last_login_at"], Value::Null);
    let tokens = log_in(app, "clerk", PASSWORD).expect(200);
    let after = app.as_role(Role::Admin).get(&card).expect(200);
    assert_eq!((after.etag(), after.body["last_login_at"].is_string()), (before.etag(), true));
    assert_eq!(tokens.body["token_type"], "Bearer");
    assert_eq!(tokens.body["expires_in"], 900);
    assert_eq!(tokens.header("cache-control"), Some("no-store"));
    let me = app.bearer(&text(&tokens, "access_token")).get("/me").expect(200);
    assert_eq!(me.body["username"], "clerk");
    let scopes: Vec<Scope> = Role::Clerk.scopes().list();
    assert_eq!(me.body["scopes"], json!(scopes));
}

fn a_wrong_password_and_an_unknown_user_are_refused_alike(app: &TestApp) {
    let wrong = log_in(app, "clerk", "not the password").refused(401, "invalid_credentials");
    let unknown = log_in(app, "nobody", "not the password").refused(401, "invalid_credentials");
    assert_eq!(wrong.body["detail"], unknown.body["detail"]);
    assert_eq!(wrong.header("www-authenticate"), unknown.header("www-authenticate"));
}

fn a_user_name_is_found_however_it_is_typed(app: &TestApp) {
    log_in(app, " Clerk ", PASSWORD).expect(200);
}

fn guessing_passwords_is_slowed_down_and_waiting_helps(app: &TestApp) {
    for _ in 0..5 {
        log_in(app, "clerk", "a guess").refused(401, "invalid_credentials");
    }
    // Also with the right password: the one who guesses must not learn that it was right.
    let slowed = log_in(app, "clerk", PASSWORD).refused(429, "too_many_requests");
    let seconds: i64 = slowed.header("retry-after").expect("how long").parse().expect("seconds");
    app.core.clock.advance_seconds(seconds);
    log_in(app, "clerk", PASSWORD).expect(200);
    // That log-in forgives the failures before it.
    log_in(app, "clerk", "a slip").refused(401, "invalid_credentials");
    log_in(app, "clerk", PASSWORD).expect(200);
}

fn from(number: usize) -> String {
    format!("203.0.{}.{}", number / 250, number % 250 + 1)
}

fn answers(replies: &[Reply], status: u16) -> usize {
    replies.iter().filter(|reply| reply.status == status).count()
}

fn guesses_that_are_sent_at_once_are_held_off_like_others(app: &TestApp) {
    let guess = |n: usize| credentials("clerk", if n == 399 { PASSWORD } else { "a guess" });
    let asks = (0..400).map(|n| app.anyone().asks("POST", "/auth/login", Some(guess(n)))).collect();
    let replies = app.together(asks);
    let looked_at = answers(&replies, 401) + answers(&replies, 200);
    assert!((1..=5).contains(&looked_at), "{looked_at} were looked at");
    assert_eq!(answers(&replies, 429), 400 - looked_at);
}

fn a_stranger_does_not_lock_the_administrator_out(app: &TestApp) {
    let stranger = app.anyone().from("203.0.113.9");
    for _ in 0..16 {
        stranger.post("/auth/login", credentials("admin", "a guess"));
    }
    stranger.post("/auth/login", credentials("admin", PASSWORD)).refused(429, "too_many_requests");
    app.anyone().from("198.51.100.7").post("/auth/login", credentials("admin", PASSWORD)).expect(200);
}

fn guesses_from_many_places_are_slowed_down_but_not_where_somebody_is_at_home(app: &TestApp) {
    let at = |address: &str, password: &str| {
        app.anyone().from(address).post("/auth/login", credentials("clerk", password))
    };
    at("198.51.100.7", PASSWORD).expect(200);
    for n in 0..100 {
        at(&from(n), "a guess").refused(401, "invalid_credentials");
    }
    at(&from(100), "a guess").refused(429, "too_many_requests");
    at(&from(101), PASSWORD).refused(429, "too_many_requests");
    // From there this person has come before.
    at("198.51.100.7", PASSWORD).expect(200);
    app.core.clock.advance_seconds(60);
    at(&from(101), PASSWORD).expect(200);
}

fn a_good_log_in_of_ones_own_does_not_forgive_guesses_at_others(app: &TestApp) {
    let mut slowed = 0;
    for n in 0..60 {
        slowed += usize::from(log_in(app, &format!("somebody{n}"), "a guess").status == 429);
        log_in(app, "rep", PASSWORD);
    }
    assert!(slowed >= 20, "only {slowed} of 60 guesses were held off");
    // An hour without guesses, and all is well.
    app.core.clock.advance_seconds(3600);
    log_in(app, "rep", PASSWORD).expect(200);
}

fn so_many_log_ins_at_once_as_the_machine_can_work_on(app: &TestApp) {
    let ask = |n: usize| {
        let body = credentials(&format!("somebody{n}"), "a guess");
        app.anyone().from(&from(n)).asks("POST", "/auth/login", Some(body))
    };
    let replies = app.together((0..300).map(ask).collect());
    let (refused, busy) = (answers(&replies, 401), answers(&replies, 503));
    assert_eq!(refused + busy, 300);
    assert!(refused >= 20 && busy >= 20, "{refused} were looked at, {busy} turned away");
    let turned_away = replies.iter().find(|reply| reply.status == 503).expect("one");
    assert!(turned_away.header("retry-after").is_some(), "{turned_away}");
    // Nobody is held for what was not looked at.
    log_in(app, "clerk", PASSWORD).expect(200);
}

fn guessing_the_set_up_token_keeps_nobody_else_out(app: &TestApp) {
    let body = json!({"setup_token": "a guess", "username": "first", "name": "First", "password": PASSWORD});
    let guess = || app.anyone().asks("POST", "/auth/setup", Some(body.clone()));
    let replies = app.together((0..50).map(|_| guess()).collect());
    assert_eq!((answers(&replies, 401), answers(&replies, 429)), (5, 45));
    app.anyone().from("198.51.100.7").post("/auth/setup", body.clone()).refused(401, "invalid_credentials");
}

fn guessing_at_refresh_tokens_is_slowed_down(app: &TestApp) {
    let mine = text(&log_in(app, "rep", PASSWORD).expect(200), "refresh_token");
    let guess = |n: usize| json!({"refresh_token": format!("{n:032x}.guess")});
    let asks = (0..400).map(|n| app.anyone().asks("POST", "/auth/refresh", Some(guess(n)))).collect();
    let replies = app.together(asks);
    assert_eq!((answers(&replies, 401), answers(&replies, 429)), (300, 100));
    app.anyone().from("198.51.100.7").post("/auth/refresh", json!({"refresh_token": mine})).expect(200);
}

fn a_wrong_present_password_is_a_fault_of_the_form_and_counts_as_a_guess(app: &TestApp) {
    let rep = app.as_user("rep");
    let change = |old: &str| json!({"current_password": old, "new_password": "a wholly new passphrase"});
    for _ in 0..5 {
        let wrong = rep.post("/me/password", change("a guess")).refused(422, "validation_failed");
        assert_eq!(wrong.places(), ["/current_password"]);
    }
    rep.post("/me/password", change(PASSWORD)).refused(429, "too_many_requests");
    log_in(app, "rep", PASSWORD).refused(429, "too_many_requests");
    rep.get("/me").expect(200);
    app.core.clock.advance_seconds(10);
    rep.post("/me/password", change(PASSWORD)).expect(200);
}

fn a_new_password_is_another_one(app: &TestApp) {
    let rep = app.as_user("rep");
    let same = json!({"current_password": PASSWORD, "new_password": PASSWORD});
    let refused = rep.post("/me/password", same).refused(422, "validation_failed");
    assert_eq!(refused.places(), ["/new_password"]);
    log_in(app, "rep", PASSWORD).expect(200);
}

fn user_path(app: &TestApp, username: &str) -> String {
    format!("/users/{}", app.person(username).user)
}

fn a_blocked_user_is_out_within_seconds(app: &TestApp) {
    let rep = app.as_user("rep");
    rep.get("/me").expect(200);
    let block = format!("{}/block", user_path(app, "rep"));
    let blocked = app.as_role(Role::Admin).post(&block, json!({"reason": "Left"})).expect(200);
    assert_eq!(blocked.body["status"], "blocked");
    rep.get("/me").refused(401, "unauthorized");
    log_in(app, "rep", PASSWORD).refused(401, "invalid_credentials");
    let again = app.as_role(Role::Admin).post(&block, json!({"reason": "Left"}));
    assert_eq!(again.refused(409, "invalid_transition").body["current_status"], "blocked");
}

fn a_block_from_elsewhere_is_known_within_two_seconds(app: &TestApp) {
    let token = app.token("rep");
    app.bearer(&token).get("/me").expect(200);
    // Another instance of the program: this one's memory knows nothing of it.
    app.core
        .engine
        .write_now(|conn| {
            use diesel::connection::SimpleConnection;
            conn.batch_execute("UPDATE users SET status = 'blocked' WHERE username = 'rep'")?;
            Ok(((), salesdesk::base::db::engine::Ending::Commit))
        })
        .expect("the block");
    app.core.clock.advance_seconds(2);
    app.bearer(&token).get("/me").refused(401, "unauthorized");
}

fn a_blocked_user_can_come_back(app: &TestApp) {
    let admin = app.as_role(Role::Admin);
    admin.post(&format!("{}/block", user_path(app, "rep")), json!({"reason": "Long leave"})).expect(200);
    let back = admin.send("POST", &format!("{}/unblock", user_path(app, "rep")), None).expect(200);
    assert_eq!(back.body["status"], "active");
    log_in(app, "rep", PASSWORD).expect(200);
    // Those sessions are over for good.
    app.as_user("rep").get("/me").refused(401, "unauthorized");
}

fn refreshing_goes_on_and_on(app: &TestApp) {
    let mut token = text(&log_in(app, "rep", PASSWORD).expect(200), "refresh_token");
    for _ in 0..4 {
        app.core.clock.advance_seconds(20 * 24 * 3600);
        let tokens = refresh(app, &token).expect(200);
        app.bearer(&text(&tokens, "access_token")).get("/me").expect(200);
        assert_ne!(text(&tokens, "refresh_token"), token);
        token = text(&tokens, "refresh_token");
    }
    refresh(app, "no such token").refused(401, "invalid_credentials");
}

fn a_refresh_repeated_after_a_lost_answer_is_no_theft(app: &TestApp) {
    let first = text(&log_in(app, "rep", PASSWORD).expect(200), "refresh_token");
    refresh(app, &first).expect(200); // its answer gets lost
    app.core.clock.advance_seconds(29);
    let repeated = refresh(app, &first).expect(200);
    app.bearer(&text(&repeated, "access_token")).get("/me").expect(200);
    refresh(app, &text(&repeated, "refresh_token")).expect(200);
}

fn a_refresh_token_used_again_later_ends_the_session(app: &TestApp) {
    let first = text(&log_in(app, "rep", PASSWORD).expect(200), "refresh_token");
    let second = refresh(app, &first).expect(200);
    app.bearer(&text(&second, "access_token")).get("/me").expect(200);
    app.core.clock.advance_seconds(31);
    refresh(app, &first).refused(401, "invalid_credentials");
    app.bearer(&text(&second, "access_token")).get("/me").refused(401, "unauthorized");
    refresh(app, &text(&second, "refresh_token")).refused(401, "invalid_credentials");
}

fn a_refresh_token_of_long_ago_ends_the_session_too(app: &TestApp) {
    let first = text(&log_in(app, "rep", PASSWORD).expect(200), "refresh_token");
    let mut last = refresh(app, &first).expect(200);
    for _ in 0..3 {
        app.core.clock.advance_seconds(60);
        last = refresh(app, &text(&last, "refresh_token")).expect(200);
    }
    app.core.clock.advance_seconds(31);
    refresh(app, &first).refused(401, "invalid_credentials");
    app.bearer(&text(&last, "access_token")).get("/me").refused(401, "unauthorized");
    refresh(app, &text(&last, "refresh_token")).refused(401, "invalid_credentials");
}

fn a_session_ends_thirty_days_after_its_last_use(app: &TestApp) {
    let token = text(&log_in(app, "rep", PASSWORD).expect(200), "refresh_token");
    app.core.clock.advance_seconds(30 * 24 * 3600);
    refresh(app, &token).refused(401, "invalid_credentials");
}

fn an_access_token_lives_fifteen_minutes(app: &TestApp) {
    let token = app.token("rep");
    app.core.clock.advance_seconds(899);
    app.bearer(&token).get("/me").expect(200);
    app.core.clock.advance_seconds(1);
    app.bearer(&token).get("/me").refused(401, "token_expired");
}

/// A token with another header or other claims, and this signature.
fn forged(header: &Value, claims: &Value, signature: &str) -> String {
    let part = |v: &Value| URL_SAFE_NO_PAD.encode(v.to_string());
    format!("{}.{}.{signature}", part(header), part(claims))
}

fn parts(token: &str) -> (Value, Value, String) {
    let read = |part: &str| {
        let bytes = URL_SAFE_NO_PAD.decode(part).expect("base64");
        serde_json::from_slice(&bytes).expect("JSON")
    };
    let parts: Vec<&str> = token.split('.').collect();
    (read(parts[0]), read(parts[1]), parts[2].to_owned())
}

fn a_token_that_was_tampered_with_is_refused(app: &TestApp) {
    let token = app.token("rep");
    let (header, claims, signature) = parts(&token);
    let with = |mut value: Value, key: &str, new: Value| {
        value[key] = new;
        value
    };
    let admin = json!(app.person("admin").session.to_string());
    let tampered = [
        ("another session", forged(&header, &with(claims.clone(), "sid", admin), &signature)),
        ("a longer life", forged(&header, &with(claims.clone(), "exp", json!(4_000_000_000i64)), &signature)),
        ("alg none", forged(&with(header.clone(), "alg", json!("none")), &claims, "")),
        ("alg HS256", forged(&with(header.clone(), "alg", json!("HS256")), &claims, &signature)),
        ("another typ", forged(&with(header.clone(), "typ", json!("JWT")), &claims, &signature)),
        ("an unknown key", forged(&with(header.clone(), "kid", json!("key_other")), &claims, &signature)),
        ("no signature", forged(&header, &claims, "")),
        ("no token", "not.a.token".into()),
        ("nothing", String::new()),
    ];
    for (what, token) in tampered {
        let answer = app.bearer(&token).get("/me");
        assert_eq!(answer.status, 401, "{what}: {answer}");
    }
    // Signed by us, but for something else.
    use salesdesk::base::auth::tokens::Claims;
    let ours: Claims = serde_json::from_value(claims).expect("claims");
    let now = app.core.clock.now().seconds();
    for (what, claims) in [
        ("another audience", Claims { aud: "another-api".into(), ..ours.clone() }),
        ("another issuer", Claims { iss: "another".into(), ..ours.clone() }),
        ("from the future", Claims { iat: now + 3600, exp: now + 4500, ..ours.clone() }),
        ("another kind of id", Claims { sid: Some(ours.sub.clone()), ..ours.clone() }),
    ] {
        let token = app.core.keys.sign(&claims).expect("a token");
        let answer = app.bearer(&token).get("/me");
        assert_eq!(answer.status, 401, "{what}: {answer}");
    }
    app.bearer(&token).get("/me").expect(200);
}

fn logging_out_ends_the_session(app: &TestApp) {
    let tokens = log_in(app, "rep", PASSWORD).expect(200);
    let rep = app.bearer(&text(&tokens, "access_token"));
    rep.send("POST", "/auth/logout", None).expect(200);
    rep.get("/me").refused(401, "unauthorized");
    refresh(app, &text(&tokens, "refresh_token")).refused(401, "invalid_credentials");
    app.as_user("rep").get("/me").expect(200); // the other session goes on
}

fn a_new_password_ends_the_other_sessions_only(app: &TestApp) {
    let tokens = log_in(app, "rep", PASSWORD).expect(200);
    let here = app.bearer(&text(&tokens, "access_token"));
    let change = |old: &str| json!({"current_password": old, "new_password": "a wholly new passphrase"});
    here.post("/me/password", change("not the password")).refused(422, "validation_failed");
    app.as_user("rep").get("/me").expect(200);
    here.post("/me/password", change(PASSWORD)).expect(200);
    here.get("/me").expect(200);
    app.as_user("rep").get("/me").refused(401, "unauthorized");
    log_in(app, "rep", PASSWORD).refused(401, "invalid_credentials");
    log_in(app, "rep", "a wholly new passphrase").expect(200);
}

fn a_weak_password_is_refused(app: &TestApp) {
    let admin = app.as_role(Role::Admin);
    for weak in [
        "short",
        "long but wang.fang",
        "12345678901",
        "0987654321",
        "abcdefghijkl",
        "aaaaaaaaaaaa",
        "qwertyuiop",
        "abcabcabcabc",
        "1212121212",
        "111222333444",
        "abcd1234efgh",
    ] {
        let user = json!({"username": "wang.fang", "name": "王芳", "role": "rep", "password": weak});
        admin.post("/users", user).refused(422, "weak_password");
        let reset = format!("{}/reset-password", user_path(app, "rep"));
        admin
            .post(&reset, json!({"password": weak.replace("wang.fang", "REP")}))
            .refused(422, "weak_password");
    }
}

fn a_password_that_an_administrator_sets_ends_the_old_tokens_at_once(app: &TestApp) {
    let rep = app.as_user("rep");
    rep.get("/me").expect(200);
    let reset = format!("{}/reset-password", user_path(app, "rep"));
    app.as_role(Role::Admin).post(&reset, json!({"password": "a wholly new passphrase"})).expect(200);
    rep.get("/me").refused(401, "unauthorized");
}

fn whoever_must_change_the_password_reads_nothing_before(app: &TestApp) {
    let reset = format!("{}/reset-password", user_path(app, "rep"));
    app.as_role(Role::Admin).post(&reset, json!({"password": "a wholly new passphrase"})).expect(200);
    let tokens = log_in(app, "rep", "a wholly new passphrase").expect(200);
    let rep = app.bearer(&text(&tokens, "access_token"));
    rep.get("/me").expect(200);
    for endpoint in app.endpoints().iter().filter(|e| e.method.as_str() == "GET") {
        let open = matches!(endpoint.access, Access::Public) || endpoint.path == "/me";
        if !open {
            let path = testkit::fixtures::path_to_nothing(endpoint);
            rep.get(&path).refused(403, "password_change_required");
        }
    }
    rep.post("/batch", json!({"operations": []})).refused(403, "password_change_required");
    let change = json!({"current_password": "a wholly new passphrase", "new_password": "and one of my own"});
    rep.post("/me/password", change).expect(200);
    rep.get("/worklist").expect(200);
}

fn the_last_administrator_stays(app: &TestApp) {
    let admin = app.as_role(Role::Admin);
    let path = user_path(app, "admin");
    let block = format!("{path}/block");
    admin.post(&block, json!({"reason": "Mistake"})).refused(409, "last_admin");
    let etag = admin.get(&path).expect(200).etag();
    admin.patch(&path, &etag, json!({"role": "clerk"})).refused(409, "last_admin");
    let other = json!({"username": "admin2", "name": "Second", "role": "admin"});
    admin.post("/users", other).expect(201);
    admin.patch(&path, &etag, json!({"role": "clerk"})).expect(200);
}

fn a_role_decides_what_one_may_do_at_once(app: &TestApp) {
    let rep = app.as_user("rep");
    let refused = rep.get("/users").refused(403, "forbidden");
    assert_eq!(refused.body["required_scopes"], json!(["users:read"]));
    let admin = app.as_role(Role::Admin);
    let etag = admin.get(&user_path(app, "rep")).expect(200).etag();
    admin.patch(&user_path(app, "rep"), &etag, json!({"role": "clerk"})).expect(200);
    rep.get("/users").expect(200);
}

fn a_user_is_never_shown_with_a_password(app: &TestApp) {
    let admin = app.as_role(Role::Admin);
    let user =
        json!({"username": "wang.fang", "name": "王芳", "role": "rep", "password": "correct horse battery"});
    let made = admin.post("/users", user).expect(201);
    assert_eq!(made.body["must_change_password"], true);
    for answer in [admin.get(&made.location()), admin.get("/users"), admin.get("/me"), made] {
        let text = String::from_utf8_lossy(&answer.bytes).into_owned();
        assert!(!text.contains("argon2") && !text.contains("password_hash"), "{text}");
    }
    let told =
        app.read(|conn| testkit::support::words(conn, "SELECT CAST(changes AS TEXT) AS word FROM journal"));
    assert!(told.iter().all(|changes| !changes.contains("argon2")), "{told:?}");
}

fn the_first_administrator_is_made_once(app: &TestApp) {
    let body = json!({"setup_token": "a guess", "username": "first", "name": "First", "password": PASSWORD});
    app.anyone().post("/auth/setup", body).refused(401, "invalid_credentials");
}

fn anybody_can_check_our_tokens_with_the_public_keys(app: &TestApp) {
    let jwks = app.anyone().page("GET", "/.well-known/jwks.json").expect(200);
    let token = app.token("rep");
    let (header, _, signature) = parts(&token);
    let keys = jwks.body["keys"].as_array().expect("keys");
    let key = keys.iter().find(|k| k["kid"] == header["kid"]).expect("the key that signed");
    assert_eq!((&key["kty"], &key["crv"], &key["alg"]), (&json!("OKP"), &json!("Ed25519"), &json!("EdDSA")));
    assert!(key.get("d").is_none(), "the secret half is ours");
    let x = URL_SAFE_NO_PAD.decode(key["x"].as_str().expect("x")).expect("base64");
    let public = VerifyingKey::from_bytes(&x.try_into().expect("32 bytes")).expect("a key");
    let signature =
        Signature::from_slice(&URL_SAFE_NO_PAD.decode(signature).expect("base64")).expect("64 bytes");
    let signed = token.rsplit_once('.').expect("three parts").0;
    public.verify(signed.as_bytes(), &signature).expect("a signature of ours");
}

fn a_user_name_belongs_to_one_user(app: &TestApp) {
    let admin = app.as_role(Role::Admin);
    let twin = json!({"username": "rep", "name": "Another", "role": "rep"});
    admin.post("/users", twin).refused(409, "duplicate");
}

fn a_team_is_never_below_itself(app: &TestApp) {
    let admin = app.as_role(Role::Admin);
    let (north, south) = (app.seed.north.to_string(), app.seed.south.to_string());
    let below = format!("/teams/{south}");
    admin.patch(&below, "\"1\"", json!({"parent_id": north})).expect(200);
    let above = format!("/teams/{north}");
    admin.patch(&above, "\"1\"", json!({"parent_id": south})).refused(409, "circular_parent");
    admin.patch(&above, "\"1\"", json!({"parent_id": north})).refused(409, "circular_parent");
    let nowhere = format!("tem_{:032x}", 1);
    let answer =
        admin.patch(&above, "\"1\"", json!({"parent_id": nowhere})).refused(422, "validation_failed");
    assert_eq!(answer.places(), ["/parent_id"]);
}

fn a_team_that_is_in_use_cannot_be_deleted(app: &TestApp) {
    let admin = app.as_role(Role::Admin);
    admin.delete(&format!("/teams/{}", app.seed.north), "\"1\"").refused(409, "still_referenced");
    let free = admin.post("/teams", json!({"code": "FREE", "name": "Free"})).expect(201);
    admin.delete(&free.location(), &free.etag()).expect(204);
    admin.get(&free.location()).refused(404, "not_found");
}

fn people_are_found_by_pinyin_and_part_of_a_name(app: &TestApp) {
    let admin = app.as_role(Role::Admin);
    let user = json!({"username": "wf", "name": "王芳", "role": "rep", "email": "fang@example.com"});
    let id = admin.post("/users", user).expect(201).id();
    for (words, found) in
        [("王芳", true), ("芳", true), ("fang@", true), ("李", false), ("\"' OR 1=1 --*%_", false)]
    {
        let query: String = words.bytes().map(|b| format!("%{b:02X}")).collect();
        let page = admin.get(&format!("/users?q={query}")).expect(200);
        assert_eq!(page.rows().iter().any(|u| u["id"] == id.as_str()), found, "{words}: {page}");
    }
}
