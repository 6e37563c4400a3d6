//! What surrounds every request: limits, browsers, compression, health, figures.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, mpsc};
use std::task::Poll;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use diesel::connection::SimpleConnection;
use futures_util::future::join_all;
use salesdesk::base::auth::Role;
use salesdesk::base::auth::network;
use salesdesk::base::db::engine::Ending;
use serde_json::{Value, json};

use testkit::support::{Client, Reply, TestApp, number};

both_engines!(
    a_caller_who_asks_too_often_has_to_wait,
    what_is_refused_counts,
    who_knocks_at_every_door_has_to_wait,
    a_document_is_never_compressed_for_one_caller,
    a_proxy_that_compresses_does_not_keep_changes_out,
    a_cursor_is_ours_or_it_is_refused,
    two_names_that_look_alike_are_alike,
    an_address_that_logs_in_too_often_has_to_wait,
    without_a_limit_nobody_is_told_of_one,
    a_trusted_proxy_says_who_is_calling,
    a_page_of_an_allowed_origin_may_call,
    a_page_of_another_origin_may_not,
    a_demo_lets_in_pages_of_this_machine,
    every_answer_is_hardened_against_browsers,
    only_tls_is_asked_for_where_there_is_tls,
    large_answers_are_compressed_and_small_ones_are_not,
    a_request_that_takes_too_long_is_answered,
    a_server_that_is_well_says_so_check_by_check,
    a_server_whose_disk_is_full_is_not_ready,
    a_server_whose_database_is_behind_is_not_ready,
    a_server_that_cannot_take_another_write_is_not_ready,
    a_page_beside_the_api_is_asked_about_with_head,
    figures_are_for_this_machine_or_for_who_has_the_token,
    figures_tell_of_every_operation,
    every_part_can_add_figures,
);

// ---- limits --------------------------------------------------------------------------------------------------

fn a_caller_who_asks_too_often_has_to_wait(app: &TestApp) {
    let app = app.with_settings(|web| web.rate_limit = 5);
    let clerk = || app.as_role(Role::Clerk);
    for left in (0..5).rev() {
        let reply = clerk().get("/me").expect(200);
        let told = format!("\"default\";r={left};t={}", (5 - left) * 12);
        assert_eq!(reply.header("ratelimit"), Some(told.as_str()));
        assert_eq!(reply.header("ratelimit-policy"), Some("\"default\";q=5;w=60"));
    }
    let refused = clerk().with("accept-language", "zh").get("/me").refused(429, "too_many_requests");
    assert_eq!(refused.header("retry-after"), Some("12"));
    assert_eq!(refused.header("ratelimit"), Some("\"default\";r=0;t=60"));
    assert_eq!(refused.body["detail"], "请求过多，请等待 12 秒。");
    app.as_role(Role::Rep).get("/me").expect(200);
    app.core.clock.advance_seconds(11);
    clerk().get("/me").refused(429, "too_many_requests");
    app.core.clock.advance_seconds(1);
    clerk().get("/me").expect(200);
    clerk().get("/me").refused(429, "too_many_requests");
    app.core.clock.advance_seconds(60);
    (0..5).for_each(|_| drop(clerk().get("/me").expect(200)));
}

fn what_is_refused_counts(app: &TestApp) {
    let app = app.with_settings(|web| web.rate_limit = 3);
    let warehouse = || app.as_role(Role::Warehouse);
    // Whoever is nobody yet is counted by address, and pays nothing of what a caller has.
    for _ in 0..5 {
        let of_address =
            |reply: Reply| reply.header("ratelimit-policy").is_some_and(|p| p.contains("public"));
        assert!(of_address(warehouse().get("/no-such-thing").refused(404, "unknown_path")));
        assert!(of_address(app.anyone().get("/me").refused(401, "unauthorized")));
    }
    for left in ["r=2", "r=1", "r=0"] {
        let refused = warehouse().post("/customers", json!({})).refused(403, "forbidden");
        assert!(refused.header("ratelimit").is_some_and(|l| l.contains(left)), "{refused}");
    }
    // What is checked first is answered first: the limit comes before the scope.
    warehouse().post("/customers", json!({})).refused(429, "too_many_requests");
}

fn who_knocks_at_every_door_has_to_wait(app: &TestApp) {
    let app = app.with_settings(|web| web.public_rate_limit = 60);
    let statuses = |asks: &dyn Fn(usize) -> Reply| -> BTreeMap<u16, usize> {
        app.core.clock.advance_seconds(60);
        (0..70).fold(BTreeMap::new(), |mut found, n| {
            *found.entry(asks(n).status).or_default() += 1;
            found
        })
    };
    let stranger = app.anyone();
    let expected = |status| BTreeMap::from([(status, 60), (429, 10)]);
    assert_eq!(statuses(&|_| stranger.get("/me")), expected(401));
    assert_eq!(statuses(&|n| app.bearer(&format!("a.guess.{n}")).get("/me")), expected(401));
    assert_eq!(statuses(&|n| stranger.get(&format!("/no-such-thing/{n}"))), expected(404));
    assert_eq!(statuses(&|n| stranger.page("GET", &format!("/no-such-page/{n}"))), expected(404));
    assert_eq!(statuses(&|n| stranger.page("GET", &format!("/docs/none-{n}.html"))), expected(404));
    // Who has a token at that address is not held up by it.
    app.as_role(Role::Clerk).get("/me").expect(200);
    stranger.from("198.51.100.7").get("/me").refused(401, "unauthorized");
}

fn a_document_is_never_compressed_for_one_caller(app: &TestApp) {
    let plain = app.anyone().page("GET", "/api/v1/openapi.json").expect(200);
    let deflated = app.anyone().with("accept-encoding", "deflate").page("GET", "/api/v1/openapi.json");
    assert_eq!((deflated.header("content-encoding"), deflated.bytes == plain.bytes), (None, true));
    // Parts are more than are kept, so asking for them is counted.
    let app = app.with_settings(|web| web.public_rate_limit = 3);
    let part = || app.anyone().page("GET", "/api/v1/openapi.json?tags=orders");
    (0..3).for_each(|_| drop(part().expect(200)));
    part().refused(429, "too_many_requests");
    app.anyone().page("GET", "/api/v1/openapi.json").expect(200);
}

fn a_proxy_that_compresses_does_not_keep_changes_out(app: &TestApp) {
    let clerk = app.as_role(Role::Clerk);
    let made = clerk.post("/customers", json!({"name": "Tianhe"})).expect(201);
    let mut version = 1;
    let wrap = |version: i32| {
        let other = version + 7;
        [
            format!("W/\"{version}\""),
            format!("\"{version}-gzip\""),
            format!("W/\"{version}-br\""),
            format!("\"{version}\", \"{version}-gzip\""),
            format!("\"{other}\", W/\"{version}\", \"{}\"", other + 1),
        ]
    };
    for n in 0..5 {
        let tag = &wrap(version)[n];
        let known = clerk.clone().with("if-none-match", tag).get(&made.location());
        assert_eq!(known.status, 304, "{tag}");
        let changed = clerk.patch(&made.location(), tag, json!({"short_name": format!("T{n}")})).expect(200);
        version += 1;
        assert_eq!(changed.etag(), format!("\"{version}\""), "{tag}");
    }
    let stale = format!("\"{}\", W/\"{}\"", version - 1, version + 1);
    clerk.patch(&made.location(), &stale, json!({"short_name": "X"})).refused(412, "version_mismatch");
    let many = (1..=6).map(|n| format!("\"{n}\"")).collect::<Vec<_>>().join(",");
    for wrong in [many.as_str(), "\"1\", nonsense", "", "\"-gzip\""] {
        clerk.patch(&made.location(), wrong, json!({"short_name": "X"})).refused(400, "invalid_parameter");
    }
}

fn a_cursor_is_ours_or_it_is_refused(app: &TestApp) {
    let admin = app.as_role(Role::Admin);
    let user = |n: usize| json!({"username": format!("user{n}"), "name": format!("User {n}"), "role": "rep"});
    (0..4).for_each(|n| drop(admin.post("/users", user(n)).expect(201)));
    let first = admin.get("/users?limit=2&sort=-username").expect(200);
    let cursor = first.body["next_cursor"].as_str().expect("a cursor").to_owned();
    let go = |path: &str, cursor: &str| admin.get(&format!("{path}?limit=2&sort=-username&cursor={cursor}"));
    assert_ne!(go("/users", &cursor).expect(200).rows(), first.rows());
    // Changed, made up with another value, cut, of another list: all the same.
    let (body, seal) = cursor.rsplit_once('.').expect("a sealed cursor");
    let read: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(body).expect("base64")).expect("JSON");
    for (tag, value) in [
        ("d", "0000-01-01"),
        ("a", "9223372036854775807"),
        ("i", "-1"),
        ("t", "x"),
        ("b", "true"),
        ("k", "x"),
    ] {
        let mut forged = read.clone();
        forged[1][0] = json!([tag, value]);
        let forged = URL_SAFE_NO_PAD.encode(forged.to_string());
        go("/users", &format!("{forged}.{seal}")).refused(400, "invalid_cursor");
        go("/users", &forged).refused(400, "invalid_cursor");
    }
    for wrong in [body, ".", seal, "nonsense", &format!("{body}.{}", &seal[1..])] {
        go("/users", wrong).refused(400, "invalid_cursor");
    }
    for unfit in [String::new(), "x".repeat(2001)] {
        go("/users", &unfit).refused(400, "invalid_parameter");
    }
    let teams = |n: usize| json!({"code": format!("T{n}"), "name": format!("Team {n}")});
    (0..3).for_each(|n| drop(admin.post("/teams", teams(n)).expect(201)));
    admin.get(&format!("/teams?limit=2&cursor={cursor}")).refused(400, "invalid_cursor");
}

fn two_names_that_look_alike_are_alike(app: &TestApp) {
    let clerk = app.as_role(Role::Clerk);
    for hidden in ["\u{202E}", "\u{200B}", "\u{200F}", "\u{FEFF}", "\u{2067}"] {
        let name = format!("ACME{hidden} Ltd");
        let refused = clerk.post("/customers", json!({"name": name})).refused(422, "validation_failed");
        assert_eq!(
            (refused.places(), &refused.body["errors"][0]["code"]),
            (vec!["/name"], &json!("hidden_character"))
        );
        let detail = refused.body["errors"][0]["detail"].as_str().expect("words");
        assert!(
            detail.contains(&format!("U+{:04X}", u32::from(hidden.chars().next().expect("one")))),
            "{detail}"
        );
        let made = clerk.post("/customers", json!({"name": "ACME", "short_name": hidden}));
        assert_eq!(made.refused(422, "validation_failed").places(), ["/short_name"]);
    }
    let notes = json!({"name": "Family shop", "notes": "Thanks 👩\u{200D}🍳 all"});
    clerk.post("/customers", notes).expect(201);
    let path = "/customers/by-external-id/sap/A%E2%80%AEB";
    let refused = clerk.put(path, json!({"name": "Named"})).refused(400, "invalid_parameter");
    assert_eq!(refused.places(), ["id"]);
    let turned = json!({"name": "Turned", "notes": "pay to \u{202E}gro.elpmaxe"});
    assert_eq!(clerk.post("/customers", turned).refused(422, "validation_failed").places(), ["/notes"]);
}

/// A request that needs no token; the answer says whether it was looked at.
fn knock(client: &Client) -> Reply {
    client.post("/auth/refresh", json!({"refresh_token": "no-token-of-ours"}))
}

fn an_address_that_logs_in_too_often_has_to_wait(app: &TestApp) {
    let app = app.with_settings(|web| web.public_rate_limit = 3);
    let from = |address: &str| knock(&app.anyone().from(address));
    for _ in 0..3 {
        from("198.51.100.7").refused(401, "invalid_credentials");
    }
    let refused = from("198.51.100.7").refused(429, "too_many_requests");
    assert_eq!(refused.header("retry-after"), Some("20"));
    assert_eq!(refused.header("ratelimit-policy"), Some("\"public\";q=3;w=60"));
    from("198.51.100.8").refused(401, "invalid_credentials");
    // Who is logged in is counted by who they are.
    app.as_role(Role::Clerk).from("198.51.100.7").get("/me").expect(200);
    for n in 1..=3 {
        from(&format!("2001:db8::{n}")).refused(401, "invalid_credentials");
    }
    from("2001:db8::ffff").refused(429, "too_many_requests");
    app.core.clock.advance_seconds(20);
    from("198.51.100.7").refused(401, "invalid_credentials");
}

fn without_a_limit_nobody_is_told_of_one(app: &TestApp) {
    let app = app.with_settings(|web| (web.rate_limit, web.public_rate_limit) = (0, 0));
    for _ in 0..20 {
        let refused = app.as_role(Role::Warehouse).post("/customers", json!({})).refused(403, "forbidden");
        assert_eq!((refused.header("ratelimit"), refused.header("ratelimit-policy")), (None, None));
        knock(&app.anyone()).refused(401, "invalid_credentials");
    }
}

fn a_trusted_proxy_says_who_is_calling(app: &TestApp) {
    let app = app.with_settings(|web| {
        web.public_rate_limit = 1;
        web.trusted_proxies = vec![network::parse("192.0.2.0/30").expect("a network")];
    });
    let through = |peer: &str, forwarded: &str| {
        knock(&app.anyone().from(peer).with("x-forwarded-for", forwarded)).status
    };
    assert_eq!(through("192.0.2.1", "198.51.100.1"), 401);
    assert_eq!(through("192.0.2.1", "198.51.100.2"), 401, "another caller through the same proxy");
    assert_eq!(through("192.0.2.2", "198.51.100.2, 192.0.2.1"), 429, "the same through two of them");
    assert_eq!(
        through("192.0.2.1", "203.0.113.99, 198.51.100.2"),
        429,
        "what the caller says of itself is not believed"
    );
    assert_eq!(through("198.51.100.3", "203.0.113.5"), 401);
    assert_eq!(through("198.51.100.3", "203.0.113.6"), 429, "nor what a stranger says");
}

// ---- browsers ------------------------------------------------------------------------------------------------

const ORIGIN: &str = "https://erp.example.com";

fn with_origin(app: &TestApp) -> TestApp {
    app.with_settings(|web| web.cors_origins = vec![ORIGIN.into(), "http://localhost:5173".into()])
}

fn preflight(app: &TestApp, origin: &str, path: &str) -> Reply {
    let client = app.anyone().with("origin", origin).with("access-control-request-method", "PATCH");
    client.with("access-control-request-headers", "authorization,if-match").send("OPTIONS", path, None)
}

fn a_page_of_an_allowed_origin_may_call(app: &TestApp) {
    let app = with_origin(app);
    let asked = preflight(&app, ORIGIN, "/orders/ord_1").expect(204);
    assert_eq!(asked.header("access-control-allow-origin"), Some(ORIGIN));
    assert!(asked.header("access-control-allow-methods").is_some_and(|m| m.contains("PATCH")));
    let sent = asked.header("access-control-allow-headers").expect("headers").to_ascii_lowercase();
    for name in ["authorization", "content-type", "if-match", "if-none-match", "idempotency-key"] {
        assert!(sent.contains(name), "{sent}");
    }
    assert_eq!(asked.header("access-control-allow-credentials"), None, "no cookies");
    preflight(&app, "http://localhost:5173", "/nothing/here").expect(204);
    // Every answer can be read by the page, those that refuse as well.
    let answers = [
        app.as_role(Role::Clerk).with("origin", ORIGIN).get("/me").expect(200),
        app.anyone().with("origin", ORIGIN).get("/me").expect(401),
        app.anyone().with("origin", ORIGIN).get("/no-such-thing").expect(404),
        app.anyone().with("origin", ORIGIN).page("GET", "/api/v1/openapi.json").expect(200),
    ];
    for answer in answers {
        assert_eq!(answer.header("access-control-allow-origin"), Some(ORIGIN), "{answer}");
        let shown = answer.header("access-control-expose-headers").expect("headers").to_ascii_lowercase();
        for name in
            ["etag", "location", "link", "x-request-id", "ratelimit", "retry-after", "idempotent-replayed"]
        {
            assert!(shown.split(", ").any(|h| h == name), "{name} is not in {shown}");
        }
        let vary =
            answer.headers.get_all("vary").filter_map(|v| v.to_str().ok()).collect::<Vec<_>>().join(", ");
        assert!(vary.contains("Origin") && vary.contains("Authorization"), "{vary}");
    }
}

fn a_demo_lets_in_pages_of_this_machine(app: &TestApp) {
    let demo = app.with_settings(|web| web.local_origins = true);
    for origin in ["http://localhost:5173", "http://127.0.0.1:3000", "http://[::1]:8000", "https://localhost"]
    {
        let asked = preflight(&demo, origin, "/orders").expect(204);
        assert_eq!(asked.header("access-control-allow-origin"), Some(origin));
        let answer = demo.as_role(Role::Clerk).with("origin", origin).get("/me").expect(200);
        assert_eq!(answer.header("access-control-allow-origin"), Some(origin));
        preflight(app, origin, "/orders").refused(405, "method_not_allowed");
    }
    for origin in [
        ORIGIN,
        "null",
        "http://localhost.evil.test",
        "http://localhost:5173.evil.test",
        "http://127.0.0.1.evil.test:80",
        "http://localhost:",
        "file://localhost",
    ] {
        preflight(&demo, origin, "/orders").refused(405, "method_not_allowed");
    }
}

fn a_page_of_another_origin_may_not(app: &TestApp) {
    let with = with_origin(app);
    for (app, origin) in [
        (app, ORIGIN),
        (&with, "https://erp.example.com.evil.test"),
        (&with, "null"),
        (&with, "http://erp.example.com"),
    ] {
        preflight(app, origin, "/orders").refused(405, "method_not_allowed");
        let answer = app.as_role(Role::Clerk).with("origin", origin).get("/me").expect(200);
        assert_eq!(answer.header("access-control-allow-origin"), None);
    }
    // Asking with OPTIONS is no preflight by itself.
    with.anyone().with("origin", ORIGIN).send("OPTIONS", "/orders", None).refused(405, "method_not_allowed");
    // Caches must know that the answer could have been another one.
    let vary = with.as_role(Role::Clerk).get("/me").expect(200);
    assert!(vary.headers.get_all("vary").any(|v| v == "Origin"));
}

fn every_answer_is_hardened_against_browsers(app: &TestApp) {
    let none = "default-src 'none'; frame-ancestors 'none'";
    let answers = [
        (app.as_role(Role::Clerk).get("/me").expect(200), none),
        (app.anyone().get("/me").expect(401), none),
        (app.anyone().page("GET", "/health/live").expect(200), none),
        (app.anyone().page("GET", "/nothing").expect(404), none),
        (app.anyone().page("POST", "/health/live").expect(405), none),
        (app.anyone().page("GET", "/docs/").expect(200), "default-src 'self';"),
    ];
    for (answer, policy) in answers {
        let told = answer.header("content-security-policy").unwrap_or_default();
        assert!(told.starts_with(policy) && told.contains("frame-ancestors 'none'"), "{answer}: {told}");
        assert_eq!(answer.header("x-frame-options"), Some("DENY"));
        assert_eq!(answer.header("referrer-policy"), Some("no-referrer"));
        assert_eq!(answer.header("cross-origin-resource-policy"), Some("same-origin"));
        assert_eq!(answer.header("strict-transport-security"), None, "it would lock out who has no TLS");
    }
}

fn only_tls_is_asked_for_where_there_is_tls(app: &TestApp) {
    let told = |client: &Client| client.get("/me").header("strict-transport-security").is_some();
    assert!(told(&app.with_settings(|web| web.hsts = true).anyone()));
    let behind =
        app.with_settings(|web| web.trusted_proxies = vec![network::parse("192.0.2.1").expect("an address")]);
    assert!(told(&behind.anyone().with("x-forwarded-proto", "https")));
    assert!(!told(&behind.anyone().with("x-forwarded-proto", "http")));
    assert!(!told(&behind.anyone().from("192.0.2.9").with("x-forwarded-proto", "https")));
}

fn large_answers_are_compressed_and_small_ones_are_not(app: &TestApp) {
    let plain = app.anyone().page("GET", "/api/v1/openapi.json").expect(200);
    for encoding in ["gzip", "br", "zstd"] {
        let packed =
            app.anyone().with("accept-encoding", encoding).page("GET", "/api/v1/openapi.json").expect(200);
        assert_eq!(packed.header("content-encoding"), Some(encoding));
        assert!(packed.bytes.len() * 4 < plain.bytes.len(), "{encoding}: {}", packed.bytes.len());
    }
    let team = |n: usize| json!({"code": format!("T{n}"), "name": "A team of many words ".repeat(4)});
    (0..20).for_each(|n| drop(app.as_role(Role::Admin).post("/teams", team(n)).expect(201)));
    let asks = |encoding: &str, path: &str| {
        app.as_role(Role::Admin).with("accept-encoding", encoding).send("HEAD", path, None)
    };
    assert_eq!(asks("gzip, br;q=0.5", "/teams").header("content-encoding"), Some("gzip"));
    assert_eq!(
        asks("gzip", "/teams?limit=1").header("content-encoding"),
        None,
        "a small answer is left alone"
    );
    assert_eq!(asks("gzip", "/teams/none").header("content-encoding"), None);
    // Who takes no encoding at all is answered all the same.
    for nothing in ["identity;q=0", "identity;q=0, *;q=0", "*;q=0", "compress, identity;q=0"] {
        let answer = asks(nothing, "/teams").expect(200);
        assert!(answer.header("content-encoding") != Some("identity"), "{answer}");
    }
}

/// Keeps every writer busy until what is given back is dropped.
fn busy_writers(app: &TestApp) -> mpsc::Sender<()> {
    let (release, held) = mpsc::channel::<()>();
    let held = Arc::new(Mutex::new(held));
    let (begun, begin) = mpsc::channel();
    for _ in 0..app.core.engine.size.writers {
        let (engine, held, begun) = (app.core.engine.clone(), held.clone(), begun.clone());
        std::thread::spawn(move || {
            engine.write_now(move |_| {
                let _ = begun.send(());
                let _ = held.lock().expect("the channel").recv();
                Ok(((), Ending::Commit))
            })
        });
    }
    (0..app.core.engine.size.writers).for_each(|_| begin.recv().expect("a busy writer"));
    release
}

fn a_request_that_takes_too_long_is_answered(app: &TestApp) {
    let hasty = app.with_settings(|web| web.request_time = Duration::from_millis(20));
    let busy = busy_writers(&hasty);
    let late = hasty.all_powerful().post("/regions", json!({"code": "A", "name": "A"}));
    assert_eq!(late.refused(503, "unavailable").header("retry-after"), Some("1"));
    hasty.anyone().page("GET", "/health/live").expect(200);
    drop(busy);
}

// ---- health --------------------------------------------------------------------------------------------------

fn ready(app: &TestApp) -> Reply {
    app.anyone().page("GET", "/health/ready")
}

fn a_server_that_is_well_says_so_check_by_check(app: &TestApp) {
    assert_eq!(app.anyone().page("GET", "/health/live").expect(200).body, json!({"status": "ok"}));
    let ready = ready(app).expect(200);
    assert_eq!((&ready.body["status"], ready.header("cache-control")), (&json!("ok"), Some("no-store")));
    let checks: BTreeMap<&str, &Value> = ready.body["checks"]
        .as_object()
        .expect("checks")
        .iter()
        .map(|(n, c)| (n.as_str(), &c["status"]))
        .collect();
    let ok = json!("ok");
    let all = ["database", "disk", "migrations", "write_queue"].map(|name| (name, &ok));
    assert_eq!(checks, BTreeMap::from(all));
    assert_eq!(ready.body["checks"]["disk"]["free_bytes"].is_u64(), app.is_sqlite());
}

fn a_server_whose_disk_is_full_is_not_ready(app: &TestApp) {
    let full = app.with_settings(|web| web.min_free_disk = u64::MAX);
    if !app.is_sqlite() {
        ready(&full).expect(200); // the records are on another machine's disk
        return;
    }
    let told = ready(&full).refused(503, "unavailable");
    assert_eq!(told.body["checks"]["disk"]["status"], "failed");
    assert_eq!(told.body["checks"]["database"]["status"], "ok");
    full.anyone().page("GET", "/health/live").expect(200);
}

fn a_server_whose_database_is_behind_is_not_ready(app: &TestApp) {
    ready(app).expect(200);
    let forget = |sql: &'static str| {
        let done = app.core.engine.write_now(move |conn| Ok((conn.batch_execute(sql)?, Ending::Commit)));
        done.expect("done");
    };
    forget("DELETE FROM __diesel_schema_migrations WHERE version = '0003'");
    let told = ready(app).refused(503, "unavailable");
    assert_eq!(told.body["checks"]["migrations"], json!({"pending": ["0003_customers"], "status": "failed"}));
    forget("DROP TABLE __diesel_schema_migrations");
    let told = ready(app).refused(503, "unavailable");
    assert_eq!(told.body["checks"]["database"]["status"], "failed");
}

fn a_server_that_cannot_take_another_write_is_not_ready(app: &TestApp) {
    let busy = busy_writers(app);
    let engine = app.core.engine.clone();
    let refused = app.run(async {
        // More than may wait.
        let waiting = (0..4200).map(|_| engine.write(|_| Ok(((), Ending::Commit))));
        let mut waiting = Box::pin(join_all(waiting));
        let pending = std::future::poll_fn(|cx| Poll::Ready(waiting.as_mut().poll(cx).is_pending())).await;
        assert!(pending);
        let mut ask = app.anyone().asks("GET", "", None);
        ask.path = "/health/ready".into();
        let told = app.asked(&ask).await.refused(503, "unavailable");
        assert_eq!(told.body["checks"]["write_queue"], json!({"depth": 4096, "status": "failed"}));
        drop(busy);
        waiting.await.into_iter().filter(Result::is_err).count()
    });
    assert_eq!(refused, 104);
    ready(app).expect(200);
}

fn a_page_beside_the_api_is_asked_about_with_head(app: &TestApp) {
    for path in [
        "/",
        "/health/live",
        "/health/ready",
        "/.well-known/jwks.json",
        "/api/v1/openapi.json",
        "/docs/",
        "/problems/not_found",
    ] {
        let (get, head) = (app.anyone().page("GET", path), app.anyone().page("HEAD", path));
        assert_eq!((head.status, head.header("etag")), (get.status, get.header("etag")), "{path}");
        let refused = app.anyone().page("DELETE", path).refused(405, "method_not_allowed");
        assert_eq!(refused.header("allow"), Some("GET, HEAD"));
    }
}

// ---- figures -------------------------------------------------------------------------------------------------

fn figures_are_for_this_machine_or_for_who_has_the_token(app: &TestApp) {
    let ask = |client: Client| client.page("GET", "/metrics");
    let page = ask(app.anyone().from("127.0.0.1")).expect(200);
    assert_eq!(page.header("content-type"), Some("text/plain; version=0.0.4; charset=utf-8"));
    ask(app.anyone().from("::1")).expect(200);
    ask(app.anyone()).refused(404, "unknown_path");
    ask(app.as_role(Role::Admin)).refused(404, "unknown_path");
    // Through a proxy on this machine, anybody could be asking.
    ask(app.anyone().from("127.0.0.1").with("x-forwarded-for", "203.0.113.1")).refused(404, "unknown_path");
    let behind =
        app.with_settings(|web| web.trusted_proxies = vec![network::parse("127.0.0.1").expect("an address")]);
    ask(behind.anyone().from("127.0.0.1")).refused(404, "unknown_path");
    let guarded = app.with_settings(|web| web.metrics_token = Some("a-token-for-figures".into()));
    ask(guarded.bearer("a-token-for-figures")).expect(200);
    ask(guarded.bearer("another-token-of-it")).refused(401, "unauthorized");
    ask(guarded.anyone().from("127.0.0.1")).refused(401, "unauthorized");
}

/// The figures by name and labels. What is not in the form that Prometheus reads is told.
fn figures(app: &TestApp) -> BTreeMap<String, f64> {
    let page = app.anyone().from("127.0.0.1").page("GET", "/metrics").expect(200);
    let text = String::from_utf8(page.bytes).expect("UTF-8");
    let mut kinds: BTreeMap<&str, &str> = BTreeMap::new();
    let mut seen = BTreeSet::new();
    let mut figures = BTreeMap::new();
    for line in text.lines() {
        if let Some(rest) = line.strip_prefix("# TYPE ") {
            let (name, kind) = rest.split_once(' ').expect("a kind");
            assert!(["counter", "gauge", "histogram"].contains(&kind), "{line}");
            assert!(kinds.insert(name, kind).is_none(), "{name} is there twice");
            assert_eq!(kind == "counter", name.ends_with("_total"), "{line}");
        } else if !line.starts_with("# HELP ") {
            let (name, value) = line.rsplit_once(' ').unwrap_or_else(|| panic!("not a figure: {line}"));
            let base = name.split('{').next().unwrap_or_default();
            let family = ["_bucket", "_sum", "_count"]
                .iter()
                .find_map(|s| base.strip_suffix(s))
                .filter(|f| kinds.contains_key(f));
            assert!(kinds.contains_key(family.unwrap_or(base)), "{line} belongs to nothing");
            assert!(seen.insert(name), "{name} is there twice");
            figures.insert(name.to_owned(), value.parse().unwrap_or_else(|_| panic!("no number: {line}")));
        }
    }
    figures
}

fn figures_tell_of_every_operation(app: &TestApp) {
    let before = figures(app);
    let admin = app.as_role(Role::Admin);
    (0..3)
        .for_each(|n| drop(admin.post("/teams", json!({"code": format!("T{n}"), "name": "T"})).expect(201)));
    let taken = admin.post("/teams", json!({"code": "T0", "name": "T"})).refused(409, "duplicate");
    assert_eq!(
        (taken.places(), &taken.body["detail"]),
        (vec!["/code"], &json!("Another record has this already (code T0)."))
    );
    admin.get("/teams").expect(200);
    admin.get("/no-such-thing").expect(404);
    let batch = json!({"mode": "independent", "operations": [{"method": "GET", "path": "/me"}, {"method": "GET", "path": "/teams/x"}]});
    admin.post("/batch", batch).expect(200);
    let after = figures(app);
    let grown =
        |name: &str| after.get(name).copied().unwrap_or(0.0) - before.get(name).copied().unwrap_or(0.0);
    let asked = |labels: &str| grown(&format!("salesdesk_http_request_duration_seconds_count{{{labels}}}"));
    assert_eq!(asked("operation=\"createTeam\",status=\"2xx\""), 3.0);
    assert_eq!(asked("operation=\"createTeam\",status=\"4xx\""), 1.0);
    assert_eq!(asked("operation=\"listTeams\",status=\"2xx\""), 1.0);
    assert_eq!(asked("operation=\"runBatch\",status=\"2xx\""), 1.0);
    assert!(asked("operation=\"none\",status=\"4xx\"") >= 1.0);
    assert_eq!(grown("salesdesk_batch_operation_duration_seconds_count{status=\"2xx\"}"), 1.0);
    assert_eq!(grown("salesdesk_batch_operation_duration_seconds_count{status=\"4xx\"}"), 1.0);
    assert_eq!(grown("salesdesk_db_units_total"), 4.0);
    assert!(grown("salesdesk_db_commits_total") >= 3.0);
    assert_eq!(grown("salesdesk_db_group_size_sum"), grown("salesdesk_db_units_total"));
    assert!(grown("salesdesk_db_reads_total") >= 3.0);
    assert_eq!(after["salesdesk_http_requests_in_flight"], 1.0, "this one");
    assert_eq!(after["salesdesk_db_write_queue_depth"], 0.0);
    assert_eq!(after["salesdesk_db_connections{for=\"read\"}"], 2.0);
    let engine = if app.is_sqlite() { "sqlite" } else { "postgres" };
    let build =
        format!("salesdesk_build_info{{version=\"{}\",engine=\"{engine}\"}}", env!("CARGO_PKG_VERSION"));
    assert_eq!(after[&build], 1.0);
    // A caller who is turned away is counted.
    let limited = app.with_settings(|web| web.rate_limit = 1);
    limited.as_role(Role::Clerk).get("/me").expect(200);
    limited.as_role(Role::Clerk).get("/me").expect(429);
    assert_eq!(figures(&limited)["salesdesk_http_rate_limited_total"], 1.0);
}

fn every_part_can_add_figures(app: &TestApp) {
    let metrics = &app.core.metrics;
    metrics.gauge("salesdesk_test_backlog", "What waits.", || 7.5);
    metrics.counter("salesdesk_test_total", "What was done.", || 41.0);
    metrics.stored_gauge("salesdesk_test_teams", "Teams.", |rx| {
        Ok(number(rx.conn, "SELECT count(*) AS number FROM teams") as f64)
    });
    let told = figures(app);
    assert_eq!((told["salesdesk_test_backlog"], told["salesdesk_test_total"]), (7.5, 41.0));
    assert_eq!(told["salesdesk_test_teams"], 2.0);
    app.as_role(Role::Admin).post("/teams", json!({"code": "T", "name": "T"})).expect(201);
    assert_eq!(figures(app)["salesdesk_test_teams"], 3.0);
    // One that cannot be read does not take the others with it.
    metrics.stored_gauge("salesdesk_test_broken", "Nothing.", |_| {
        Err(salesdesk::base::error::Error::internal("on purpose"))
    });
    let told = figures(app);
    assert_eq!((told.get("salesdesk_test_broken"), told["salesdesk_test_teams"]), (None, 3.0));
}
