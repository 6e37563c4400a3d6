//! The audit trail tells who did what, keeps no secret, and shows when somebody altered it.

use diesel::connection::SimpleConnection;
use salesdesk::base::auth::Role;
use salesdesk::base::db::engine::Ending;
use salesdesk::base::events::sequencer::Head;
use serde_json::{Value, json};

use testkit::shop::Shop;
use testkit::support::{Reply, TestApp};

both_engines!(
    the_trail_tells_who_did_what_through_which_request,
    the_trail_is_searched_by_record_person_kind_and_time,
    no_secret_is_in_the_trail,
    an_untouched_trail_is_intact,
    a_changed_entry_is_found,
    a_removed_entry_is_found,
    an_inserted_entry_is_found,
    a_trail_that_was_cut_off_is_found,
    a_trail_that_was_cut_off_with_its_head_is_found_by_who_noted_a_link,
    a_long_trail_is_verified_part_by_part,
    nothing_is_numbered_behind_an_end_that_somebody_else_wrote,
    a_trail_that_was_renumbered_from_its_beginning_is_found,
    an_entry_that_somebody_else_wrote_gets_no_number,
    an_end_from_before_entries_were_signed_is_not_put_back,
    a_record_that_was_changed_past_the_program_is_found,
    a_record_that_was_made_or_removed_past_the_program_is_found,
    all_that_an_entry_says_is_signed,
    the_trail_is_exported_as_harmless_csv,
);

fn some_changes(app: &TestApp) -> Reply {
    let clerk = app.as_role(Role::Clerk);
    let made = clerk.post("/customers", json!({"name": format!("天河{}", app.unique())})).expect(201);
    let changed =
        clerk.patch(&made.location(), &made.etag(), json!({"tier": "a", "notes": "=1+1"})).expect(200);
    app.as_role(Role::Finance)
        .post(&format!("{}/block", made.location()), json!({"reason": "Unpaid"}))
        .expect(200);
    app.run_background();
    changed
}

fn verify(app: &TestApp, query: &str) -> Reply {
    app.run_background();
    app.as_role(Role::Executive).get(&format!("/audit-log/verify?{query}")).expect(200)
}

fn codes(reply: &Reply) -> Vec<&str> {
    reply.body["faults"].as_array().expect("faults").iter().filter_map(|f| f["code"].as_str()).collect()
}

/// What somebody with the database in their hands could do.
fn tamper(app: &TestApp, sql: &str) {
    let sql = sql.to_owned();
    app.core
        .engine
        .write_now(move |conn| {
            conn.batch_execute(&sql)?;
            Ok(((), Ending::Commit))
        })
        .expect("tampered with");
}

fn the_trail_tells_who_did_what_through_which_request(app: &TestApp) {
    let changed = some_changes(app);
    let admin = app.as_role(Role::Admin);
    let trail = admin.get(&format!("/audit-log?request_id={}", changed.request_id())).expect(200);
    let entry = &trail.rows()[0];
    assert_eq!(entry["event"], "customer.updated");
    assert_eq!((&entry["actor_name"], &entry["record_id"]), (&json!("Test clerk"), &changed.body["id"]));
    let fields = entry["changes"].as_array().expect("changes");
    let tier = fields.iter().find(|c| c["field"] == "tier").expect("the tier");
    assert!(tier["after"] == "a" && tier["before"].is_string(), "{entry}");
    let one = admin.get(&format!("/audit-log/{}", entry["id"].as_str().expect("an id"))).expect(200);
    assert_eq!(&one.body, entry);
    for role in [Role::Clerk, Role::Rep, Role::Manager, Role::Finance, Role::Warehouse] {
        app.as_role(role).get("/audit-log").refused(403, "forbidden");
    }
}

fn the_trail_is_searched_by_record_person_kind_and_time(app: &TestApp) {
    let changed = some_changes(app);
    let count =
        |query: &str| app.as_role(Role::Admin).get(&format!("/audit-log?{query}")).expect(200).rows().len();
    let (customer, clerk) = (changed.id(), app.person("clerk").user);
    assert_eq!(count(&format!("record_id={customer}")), 3);
    assert_eq!(count(&format!("record_id={customer}&actor_id={clerk}")), 2);
    assert_eq!(count("event=customer.blocked"), 1);
    assert_eq!(count("record_kind=customer&event=customer.*"), 3);
    assert_eq!(count("occurred_from=2999-01-01T00:00:00Z"), 0);
    assert_eq!(count("record_id=nonsense"), 0);
}

fn no_secret_is_in_the_trail(app: &TestApp) {
    let user = app.person("clerk").user;
    let reset = app
        .as_role(Role::Admin)
        .post(&format!("/users/{user}/reset-password"), json!({"password": "correct-horse-battery"}));
    assert!(reset.status < 300, "{reset}");
    app.run_background();
    let trail = app.as_role(Role::Admin).get("/audit-log?limit=200").expect(200);
    let text = trail.body.to_string();
    assert!(!text.contains("argon2") && !text.contains("correct-horse"), "{trail}");
}

fn an_untouched_trail_is_intact(app: &TestApp) {
    some_changes(app);
    let found = verify(app, "");
    assert_eq!((found.body["intact"].as_bool(), codes(&found).len()), (Some(true), 0), "{found}");
    assert_eq!(found.body["verified"], found.body["head_sequence"]);
    assert_eq!(found.body["next_sequence"], Value::Null);
    let known = format!(
        "known_sequence={}&known_link={}",
        found.body["head_sequence"],
        found.body["head_link"].as_str().expect("a link")
    );
    some_changes(app);
    assert_eq!(verify(app, &known).body["intact"], true);
}

fn a_changed_entry_is_found(app: &TestApp) {
    some_changes(app);
    tamper(app, "UPDATE journal SET actor_name = 'Somebody else' WHERE event_type = 'customer.blocked'");
    let found = verify(app, "");
    assert_eq!(codes(&found), ["entry_altered"], "{found}");
    let faults = app.check();
    assert!(faults.iter().any(|f| f.contains("audit trail")), "{faults:?}");
}

fn a_removed_entry_is_found(app: &TestApp) {
    some_changes(app);
    tamper(app, "DELETE FROM journal WHERE event_type = 'customer.updated'");
    assert_eq!(codes(&verify(app, "")), ["entry_missing", "entry_unlinked"]);
}

fn an_inserted_entry_is_found(app: &TestApp) {
    some_changes(app);
    // In the place of another, with all that can be computed without the key.
    tamper(
        app,
        "UPDATE journal SET sequence = sequence + 1000 WHERE event_type = 'customer.blocked';
         UPDATE journal_head SET sequence = sequence + 1000;",
    );
    let found = verify(app, "");
    assert!(codes(&found).contains(&"head_forged") && codes(&found).contains(&"entry_unlinked"), "{found}");
}

fn a_trail_that_was_cut_off_is_found(app: &TestApp) {
    some_changes(app);
    tamper(app, "DELETE FROM journal WHERE sequence = (SELECT sequence FROM journal_head)");
    let found = verify(app, "");
    assert!(codes(&found).contains(&"head_differs"), "{found}");
}

fn a_trail_that_was_cut_off_with_its_head_is_found_by_who_noted_a_link(app: &TestApp) {
    some_changes(app);
    tamper(app, "CREATE TABLE old_head AS SELECT * FROM journal_head");
    some_changes(app);
    let noted = verify(app, "");
    let known = format!(
        "known_sequence={}&known_link={}",
        noted.body["head_sequence"],
        noted.body["head_link"].as_str().expect("a link")
    );
    // An older head that once was genuine, and nothing behind it.
    tamper(
        app,
        "DELETE FROM journal WHERE sequence > (SELECT sequence FROM old_head);
         DELETE FROM journal_head; INSERT INTO journal_head SELECT * FROM old_head; DROP TABLE old_head;",
    );
    assert_eq!(verify(app, "").body["intact"], true);
    assert_eq!(codes(&verify(app, &known)), ["known_differs"]);
}

fn a_long_trail_is_verified_part_by_part(app: &TestApp) {
    some_changes(app);
    let (mut from, mut parts) = (1, 0);
    loop {
        let part = verify(app, &format!("from_sequence={from}&limit=7"));
        assert_eq!(part.body["intact"], true, "{part}");
        parts += 1;
        match part.body["next_sequence"].as_i64() {
            Some(next) => from = next,
            None => break,
        }
    }
    assert!(parts > 1);
}

fn nothing_is_numbered_behind_an_end_that_somebody_else_wrote(app: &TestApp) {
    some_changes(app);
    // The last entries are deleted, and the end is said to be what is left.
    tamper(
        app,
        "DELETE FROM journal WHERE sequence > (SELECT max(sequence) - 3 FROM journal);
         UPDATE journal_head SET sequence = (SELECT max(sequence) FROM journal),
             link = (SELECT link FROM journal ORDER BY sequence DESC LIMIT 1);",
    );
    let end = verify(app, "").body["head_sequence"].clone();
    some_changes(app);
    let found = verify(app, "");
    assert!(codes(&found).contains(&"head_forged"), "{found}");
    assert_eq!(found.body["head_sequence"], end, "the next write does not make a forged end genuine");
}

fn a_trail_that_was_renumbered_from_its_beginning_is_found(app: &TestApp) {
    some_changes(app);
    tamper(
        app,
        "UPDATE journal SET actor_name = 'Somebody else', sequence = NULL, link = NULL, digest = '', salt = '';
         DELETE FROM journal_head;",
    );
    some_changes(app);
    let found = verify(app, "");
    assert_eq!(codes(&found), ["head_missing"], "{found}");
    let faults = app.check();
    assert!(faults.iter().any(|fault| fault.contains("audit trail")), "{faults:?}");
    assert_eq!(codes(&verify(app, "")), ["head_missing"], "looking mends nothing");
}

fn an_entry_that_somebody_else_wrote_gets_no_number(app: &TestApp) {
    let changed = some_changes(app);
    tamper(
        app,
        "CREATE TABLE one AS SELECT * FROM journal WHERE event_type = 'customer.blocked';
         UPDATE one SET id = (SELECT record_id FROM one), sequence = NULL, link = NULL, actor_name = 'Somebody else';
         INSERT INTO journal SELECT * FROM one; DROP TABLE one;",
    );
    some_changes(app);
    let found = verify(app, "");
    assert_eq!(codes(&found), ["entry_unsigned"], "{found}");
    let path = format!("/audit-log?record_id={}&event=customer.blocked", changed.id());
    let told = app.as_role(Role::Executive).get(&path).expect(200);
    let numbers: Vec<bool> = told.rows().iter().map(|entry| entry["sequence"].is_i64()).collect();
    assert_eq!(numbers.iter().filter(|numbered| **numbered).count(), 1, "{told}");
}

fn an_end_from_before_entries_were_signed_is_not_put_back(app: &TestApp) {
    some_changes(app);
    let found = verify(app, "");
    let head = Head {
        sequence: found.body["head_sequence"].as_i64().expect("a position"),
        link: found.body["head_link"].as_str().expect("a link").to_owned(),
        signed_from: 0,
    };
    // As genuine as one that somebody kept from the days of the older program.
    let seal = app.core.sequencer.seals.head(&head);
    tamper(app, &format!("UPDATE journal_head SET signed_from = 0, seal = '{seal}'"));
    some_changes(app);
    let found = verify(app, "");
    assert!(codes(&found).contains(&"head_forged"), "{found}");
    assert_eq!(found.body["head_sequence"], head.sequence, "nothing is numbered behind it");
}

/// What was tried in each row, and the field that must be named.
fn a_record_that_was_changed_past_the_program_is_found(app: &TestApp) {
    let shop = Shop::open(app);
    shop.confirmed("10", "1");
    let clerk = json!({"username": "tampered", "name": "Tampered", "role": "clerk", "password": "Seven-green-cups-9"});
    app.all_powerful().post("/users", clerk).expect(201);
    assert_eq!(app.check(), [] as [&str; 0]);
    for (sql, field) in [
        ("UPDATE customers SET credit_limit = 99000000", "credit_limit"),
        ("UPDATE customers SET bank_account = '6222020000000000'", "bank_account"),
        ("UPDATE users SET role = 'admin' WHERE username = 'tampered'", "role"),
        ("UPDATE users SET password_hash = 'x' WHERE username = 'tampered'", "password_hash"),
        ("UPDATE products SET cost = 1", "cost"),
        ("UPDATE orders SET customer_po = 'PO 1'", "customer_po"),
        ("UPDATE order_lines SET unit_price = unit_price * 2, net = net * 2", "lines"),
        ("UPDATE order_lines SET unit_cost = 1", "line_costs"),
        ("UPDATE orders SET version = version + 1", "version"),
    ] {
        let before: usize = app.check().len();
        tamper(app, sql);
        let faults = app.check();
        let named = format!(": {field} is ");
        assert!(
            faults.len() > before && faults.iter().any(|fault| fault.contains(&named)),
            "{sql}: {faults:?}"
        );
    }
}

fn a_record_that_was_made_or_removed_past_the_program_is_found(app: &TestApp) {
    let shop = Shop::open(app);
    let order = shop.draft("10", "1");
    tamper(
        app,
        "DELETE FROM order_lines;
         DELETE FROM orders;
         CREATE TABLE one AS SELECT * FROM users WHERE username = 'clerk';
         UPDATE one SET id = (SELECT id FROM products LIMIT 1), username = 'smuggled';
         INSERT INTO users SELECT * FROM one; DROP TABLE one;",
    );
    let faults = app.check();
    assert!(faults.contains(&format!("{}: it is gone", order.id)), "{faults:?}");
    assert!(faults.iter().any(|f| f.starts_with("usr_") && f.ends_with("nothing tells of it")), "{faults:?}");
}

fn all_that_an_entry_says_is_signed(app: &TestApp) {
    some_changes(app);
    tamper(app, "CREATE TABLE kept AS SELECT * FROM journal WHERE event_type = 'customer.blocked'");
    for change in [
        "title = 'Another'",
        "happened_at = happened_at - 1000000",
        "owner_id = record_id",
        "customer_id = NULL",
        "on_behalf_of = record_id",
        "on_behalf_of_name = 'Somebody else'",
        "proofs = '{\"x\":\"y\"}'",
        "reason = 'Another'",
    ] {
        let change = match app.is_sqlite() {
            true => change.to_owned(),
            false => change.replace("happened_at - 1000000", "happened_at - interval '1 s'"),
        };
        tamper(app, &format!("UPDATE journal SET {change} WHERE event_type = 'customer.blocked'"));
        assert!(codes(&verify(app, "")).contains(&"entry_altered"), "{change}");
        tamper(
            app,
            "DELETE FROM journal WHERE event_type = 'customer.blocked'; INSERT INTO journal SELECT * FROM kept;",
        );
        assert_eq!(codes(&verify(app, "")), [""; 0], "the entry as it was");
    }
}

fn the_trail_is_exported_as_harmless_csv(app: &TestApp) {
    let changed = some_changes(app);
    let path = format!("/audit-log/export?record_id={}&sort=occurred_at", changed.id());
    let export = app.as_role(Role::Admin).get(&path).expect(200);
    assert_eq!(export.header("content-type"), Some("text/csv"));
    let text = String::from_utf8(export.bytes.clone()).expect("UTF-8");
    let lines: Vec<&str> = text.lines().collect();
    assert!(lines[0].starts_with("sequence,occurred_at,event"));
    let notes = lines.iter().find(|l| l.contains(",notes,")).expect("the notes");
    assert!(notes.ends_with(",'=1+1"), "{notes}");
    app.as_role(Role::Clerk).get(&path).refused(403, "forbidden");
}
