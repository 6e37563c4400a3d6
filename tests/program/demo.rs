//! The demo: there as a whole, in every state, and right.

use salesdesk::base::types::TextEnum;
use salesdesk::demo;
use salesdesk::orders::rules::OrderStatus;
use salesdesk::start;

use testkit::shop::nothing_is_off;
use testkit::support::{TestApp, credentials, make_room, number, words};

both_engines!(the_demo_shows_every_state_and_is_right, the_demo_has_something_for_everybody_to_do);

fn the_demo_shows_every_state_and_is_right(app: &TestApp) {
    make_room(app);
    assert_eq!(app.read(|conn| start::fact(conn, "demo").expect("a fact")), None);
    demo::seed(&app.core).expect("the demo");
    assert_eq!(app.read(|conn| start::fact(conn, "demo").expect("a fact")).as_deref(), Some("true"));
    let statuses = app.read(|conn| words(conn, "SELECT DISTINCT status AS word FROM orders"));
    for status in OrderStatus::WORDS {
        assert!(statuses.iter().any(|s| s == status), "no order is {status}: {statuses:?}");
    }
    for also in ["on_hold", "fulfilment = 'partial'", "revision = 0", "rep_id IS NOT NULL"] {
        let sql = format!("SELECT count(*) AS number FROM orders WHERE {also}");
        assert!(app.read(move |conn| number(conn, &sql)) > 0, "{also}");
    }
    nothing_is_off(app);
    // All have the same password, so one that verifies says it for all that are there.
    for login in demo::LOGINS {
        let sql = format!(
            "SELECT count(*) AS number FROM users WHERE username = '{login}' AND status = 'active' AND password_hash IS NOT NULL"
        );
        assert_eq!(app.read(move |conn| number(conn, &sql)), 1, "{login}");
    }
    let tokens = app.anyone().post("/auth/login", credentials("rep", demo::PASSWORD)).expect(200);
    let rep = app.bearer(tokens.body["access_token"].as_str().expect("a token"));
    assert!(!rep.get("/orders").expect(200).rows().is_empty());
    assert!(!rep.get("/customers").expect(200).rows().is_empty());
}

fn the_demo_has_something_for_everybody_to_do(app: &TestApp) {
    make_room(app);
    demo::seed(&app.core).expect("the demo");
    app.run_background();
    let log_in = |name: &str| {
        let tokens = app.anyone().post("/auth/login", credentials(name, demo::PASSWORD)).expect(200);
        app.bearer(tokens.body["access_token"].as_str().expect("a token"))
    };
    for name in ["rep", "clerk", "manager"] {
        let person = log_in(name);
        let listed = person.get("/worklist").expect(200);
        assert!(!listed.body["data"].as_array().expect("items").is_empty(), "{name} has nothing to do");
        assert!(!person.get("/me/notifications").expect(200).rows().is_empty(), "{name} was told nothing");
    }
    let rep = log_in("rep");
    for list in ["/customers/duplicates", "/customers/pool", "/feedback", "/visit-policies"] {
        assert!(!rep.get(list).expect(200).rows().is_empty(), "{list}");
    }
    for (list, count) in [
        ("/complaints?open=true", 1),
        ("/complaints?status=closed", 1),
        ("/tasks?status=done", 1),
        ("/tasks?kind=return_visit&open=true", 1),
    ] {
        assert_eq!(rep.get(list).expect(200).rows().len(), count, "{list}");
    }
    let complaint = rep.get("/complaints?open=true").expect(200).rows()[0].clone();
    assert!(complaint["escalation_level"].as_i64().is_some_and(|level| level > 0), "{complaint}");
    let customer = complaint["customer_id"].as_str().expect("an id");
    let timeline = rep.get(&format!("/customers/{customer}/timeline?limit=100")).expect(200);
    for kind in ["complaint", "interaction", "task", "order"] {
        assert!(
            timeline.body.to_string().contains(&format!("\"{kind}.")),
            "nothing of a {kind}: {}",
            timeline.body
        );
    }
}
