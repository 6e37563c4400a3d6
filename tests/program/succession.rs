//! People come and go; the business stays in somebody's hands, and figures stay with who earned them.

use diesel::prelude::*;
use diesel::sql_types::Text;
use salesdesk::base::auth::Role;
use salesdesk::base::db::EngineConn;
use salesdesk::base::holdings::Holding;
use serde_json::{Value, json};

use testkit::shop::{Shop, Told, nothing_is_off};
use testkit::support::{Client, TestApp};

both_engines!(
    a_customer_that_is_handed_over_brings_its_business,
    figures_stay_with_who_was_the_rep_that_day,
    a_correction_moves_figures_and_never_to_whoever_makes_it,
    what_is_a_persons_goes_with_them_to_another_team,
    what_is_nobodys_every_manager_looks_after,
    no_new_order_is_for_somebody_who_has_left,
    an_order_of_anothers_customer_stays_its_reps,
    blocking_says_what_is_left_and_tells_the_manager,
    every_column_that_names_a_person_is_declared,
);

fn user(app: &TestApp, name: &str) -> String {
    app.person(name).user.to_string()
}

fn ids(client: &Client, path: &str) -> Vec<String> {
    let list = client.get(path).expect(200);
    list.rows().iter().map(|row| row["id"].as_str().expect("an id").to_owned()).collect()
}

fn give(app: &TestApp, customer: &str, to: &str) {
    let body = json!({"owner_id": user(app, to), "reason": "He left"});
    app.as_role(Role::Manager).post(&format!("/customers/{customer}/reassign"), body).expect(200);
}

fn next_day(app: &TestApp) {
    app.core.clock.set(app.core.clock.now().plus_seconds(24 * 3600));
}

/// Booked before tax, by rep; and by team.
fn booked(app: &TestApp, by: &str) -> Vec<(String, String)> {
    let report =
        app.as_role(Role::Executive).get(&format!("/reports/sales-summary?group_by={by}")).expect(200);
    let of = |row: &Value| {
        (row[by].as_str().unwrap_or("nobody").to_owned(), row["net"].as_str().unwrap_or("").to_owned())
    };
    let mut rows: Vec<(String, String)> =
        report.body["rows"].as_array().expect("rows").iter().map(of).collect();
    rows.sort();
    rows
}

fn completed<'a>(shop: &Shop<'a>) -> Told<'a> {
    let order = shop.confirmed("4", "0");
    let shipment = order.ship(0, "4").expect(201).id();
    let delivered = json!({"delivered_date": "2026-11-20"});
    let warehouse = shop.app.as_role(Role::Warehouse);
    warehouse.post(&format!("/shipments/{shipment}/deliver"), delivered).expect(200);
    order.by(Role::Clerk, "complete", json!({})).expect(200);
    order
}

fn a_customer_that_is_handed_over_brings_its_business(app: &TestApp) {
    let shop = Shop::open(app);
    let (done, under_way, draft) = (completed(&shop), shop.confirmed("2", "1"), shop.draft("1", "0"));
    let rep = app.as_role(Role::Rep);
    let task = json!({"kind": "follow_up", "subject": "Ring", "customer_id": shop.customer, "due_date": "2026-12-01"});
    let task = rep.post("/tasks", task).expect(201).id();
    let complaint = json!({"customer_id": shop.customer, "category": "quality", "severity": "high",
        "channel": "phone", "subject": "Damp", "order_id": done.id});
    let complaint = app.as_role(Role::Clerk).post("/complaints", complaint).expect(201).id();

    next_day(app);
    give(app, &shop.customer, "rep2");
    let heir = app.as_user("rep2");
    let mut all = vec![done.id.clone(), under_way.id.clone(), draft.id.clone()];
    all.sort();
    let mut seen = ids(&heir, "/orders");
    seen.sort();
    assert_eq!(seen, all);
    assert_eq!(ids(&heir, "/shipments").len(), 1);
    assert_eq!(heir.get(&format!("/tasks/{task}")).expect(200).body["assignee_id"], user(app, "rep2"));
    assert_eq!(
        heir.get(&format!("/complaints/{complaint}")).expect(200).body["assignee_id"],
        user(app, "rep2")
    );
    // The new owner works on all of it, and is the rep of what is under way.
    let of_heir = ids(&heir, &format!("/orders?rep_id={}", user(app, "rep2")));
    assert_eq!(of_heir.len(), 2, "{of_heir:?}");
    assert_eq!(ids(&heir, &format!("/orders?responsible_id={}", user(app, "rep2"))).len(), 3);
    heir.post(&format!("/orders/{}/submit", draft.id), json!({})).expect(200);
    let told = heir.get(&format!("/orders/{}/history", under_way.id)).expect(200);
    assert!(told.rows().iter().any(|entry| entry["event"] == "order.rep_changed"), "{told}");
    // The former owner is out.
    assert_eq!(ids(&rep, "/orders"), Vec::<String>::new());
    assert_eq!(ids(&rep, "/customers"), Vec::<String>::new());
    rep.get(&format!("/orders/{}", done.id)).expect(404);
    nothing_is_off(app);
}

fn figures_stay_with_who_was_the_rep_that_day(app: &TestApp) {
    let shop = Shop::open(app);
    shop.confirmed("4", "0");
    let before = booked(app, "rep");
    assert_eq!(before, [("Test rep".to_owned(), "50.00".to_owned())]);
    let teams = booked(app, "team");
    next_day(app);
    give(app, &shop.customer, "rep2");
    assert_eq!((booked(app, "rep"), booked(app, "team")), (before, teams));
    // What comes from then on is the new rep's.
    let order = shop.body("2", "0");
    let order = app.as_user("rep2").post("/orders", order).expect(201);
    let order = Told { app, id: order.id() };
    order.step(&app.as_user("rep2"), "submit", json!({})).expect(200);
    order.by(Role::Executive, "approve", json!({})).expect(200);
    let both = [("Test rep".to_owned(), "50.00".to_owned()), ("Test rep2".to_owned(), "25.00".to_owned())];
    assert_eq!(booked(app, "rep"), both);
    let filtered = format!("/reports/sales-summary?group_by=month&rep_id={}", user(app, "rep2"));
    let filtered = app.as_role(Role::Executive).get(&filtered).expect(200);
    assert_eq!(filtered.body["total"]["net"], "25.00");
    nothing_is_off(app);
}

fn a_correction_moves_figures_and_never_to_whoever_makes_it(app: &TestApp) {
    let shop = Shop::open(app);
    let order = shop.confirmed("4", "0");
    next_day(app);
    let reassign = |who: &Client, body: Value| who.post(&format!("/orders/{}/reassign", order.id), body);
    let manager = app.as_role(Role::Manager);
    let to = |name: &str, from: &str| json!({"rep_id": user(app, name), "valid_from": from, "reason": "Entered wrongly"});
    reassign(&app.as_role(Role::Rep), to("rep", "2026-11-20")).refused(403, "forbidden");
    reassign(&manager, to("manager", "2026-11-20")).refused(409, "own_figures");
    reassign(&manager, to("rep2", "2026-11-20")).refused(422, "validation_failed");
    reassign(&manager, to("clerk", "2027-01-01")).refused(422, "validation_failed");
    // From today on it may be the manager's; what was before stays.
    let today = app.core.clock.now().date_in(app.core.zone).to_string();
    let mine = reassign(&manager, to("manager", &today)).expect(200);
    assert_eq!(mine.body["reps"].as_array().expect("reps").len(), 2, "{mine}");
    assert_eq!(booked(app, "rep"), [("Test rep".to_owned(), "50.00".to_owned())]);
    let corrected = reassign(&app.all_powerful(), to("rep2", "2026-01-01")).expect(200);
    assert_eq!(corrected.body["reps"], json!([]));
    assert_eq!(booked(app, "rep"), [("Test rep2".to_owned(), "50.00".to_owned())]);
    assert_eq!(booked(app, "team"), [("test-south".to_owned(), "50.00".to_owned())]);
    // The rep now works on it; the customer's owner sees it and does not.
    let path = format!("/orders/{}", order.id);
    app.as_user("rep2").get(&path).expect(200);
    app.as_role(Role::Rep).get(&path).expect(200);
    nothing_is_off(app);
}

fn what_is_a_persons_goes_with_them_to_another_team(app: &TestApp) {
    let shop = Shop::open(app);
    let order = shop.confirmed("2", "0");
    let (admin, manager) = (app.as_role(Role::Admin), app.as_role(Role::Manager));
    let path = format!("/orders/{}", order.id);
    manager.get(&path).expect(200);
    let teams = ids(&admin, "/teams?sort=name");
    let south = teams.last().expect("a team").clone();
    let to_south = |name: &str| {
        let path = format!("/users/{}", user(app, name));
        let etag = admin.get(&path).expect(200).etag();
        admin.patch(&path, &etag, json!({"team_id": south})).expect(200);
    };
    to_south("rep");
    manager.get(&path).expect(404);
    manager.get(&format!("/customers/{}", shop.customer)).expect(404);
    assert_eq!(ids(&manager, "/orders"), Vec::<String>::new());
    let customer = admin.get(&format!("/customers/{}", shop.customer));
    let customer = if customer.status == 200 {
        customer
    } else {
        app.all_powerful().get(&format!("/customers/{}", shop.customer)).expect(200)
    };
    assert_eq!(customer.body["team_id"], json!(south));
    // What was sold in the north stays the north's.
    assert_eq!(booked(app, "team"), [("test-north".to_owned(), "25.00".to_owned())]);
    to_south("manager");
    manager.get(&path).expect(200);
    manager.get(&format!("/customers/{}", shop.customer)).expect(200);
    order.by(Role::Manager, "hold", json!({"reason": "Wait", "kind": "other"})).expect(200);
    nothing_is_off(app);
}

fn what_is_nobodys_every_manager_looks_after(app: &TestApp) {
    let shop = Shop::open(app);
    let clerk = app.as_role(Role::Clerk);
    let address =
        json!({"kind": "both", "is_default": true, "line1": "Road 1", "city": "Guangzhou", "country": "CN"});
    let body = json!({"name": "Foshan Ceramics", "country": "CN", "currency": "CNY", "addresses": [address]});
    let customer = clerk.post("/customers", body).expect(201).id();
    clerk.post(&format!("/customers/{customer}/activate"), json!({})).expect(200);
    let order = json!({"customer_id": customer, "lines": [{"product_id": shop.tea, "quantity": "3"}]});
    let order = Told { app, id: clerk.post("/orders", order).expect(201).id() };
    order.by(Role::Clerk, "submit", json!({})).expect(200);
    let manager = app.as_role(Role::Manager);
    assert!(ids(&manager, "/orders").contains(&order.id));
    order.by(Role::Manager, "approve", json!({})).expect(200);
    app.as_role(Role::Rep).get(&order.path()).expect(404);
}

fn no_new_order_is_for_somebody_who_has_left(app: &TestApp) {
    let shop = Shop::open(app);
    let block = format!("/users/{}/block", user(app, "rep"));
    app.as_role(Role::Admin).post(&block, json!({"reason": "Left"})).expect(200);
    let clerk = app.as_role(Role::Clerk);
    let order = clerk.post("/orders", shop.body("1", "0")).expect(201);
    assert_eq!(order.body["rep_id"], Value::Null);
    // The manager sees it all the same, and gives it away with the customer.
    app.as_role(Role::Manager).get(&order.location()).expect(200);
    let mut named = shop.body("1", "0");
    named["rep_id"] = json!(user(app, "rep"));
    let refused = clerk.post("/orders", named).refused(422, "validation_failed");
    assert_eq!(refused.places(), ["/rep_id"]);
}

fn an_order_of_anothers_customer_stays_its_reps(app: &TestApp) {
    let shop = Shop::open(app);
    let mut body = shop.body("1", "0");
    body["rep_id"] = json!(user(app, "rep2"));
    let order = app.as_role(Role::Clerk).post("/orders", body).expect(201);
    assert_eq!(order.body["responsible_id"], json!(user(app, "rep2")));
    let (helper, owner) = (app.as_user("rep2"), app.as_role(Role::Rep));
    helper.post(&format!("{}/submit", order.location()), json!({})).expect(200);
    // The customer's owner sees it, and leaves it alone.
    owner.get(&order.location()).expect(200);
    owner
        .post(&format!("{}/withdraw", order.location()), json!({"reason": "Mine"}))
        .refused(403, "read_only_share");
    // Another owner of the customer changes nothing of that.
    give(app, &shop.customer, "manager");
    helper.get(&order.location()).expect(200);
    assert_eq!(helper.get(&order.location()).expect(200).body["rep_id"], json!(user(app, "rep2")));
}

fn blocking_says_what_is_left_and_tells_the_manager(app: &TestApp) {
    let shop = Shop::open(app);
    shop.confirmed("2", "0");
    let admin = app.as_role(Role::Admin);
    let path = format!("/users/{}", user(app, "rep"));
    let held = admin.get(&format!("{path}/holdings")).expect(200);
    let count = |answer: &Value, field: &str| {
        let all = answer.as_array().expect("a list");
        all.iter().find(|held| held["field"] == field).map_or(json!(0), |held| held["count"].clone())
    };
    assert_eq!(
        (count(&held.body["holdings"], "owner_id"), count(&held.body["holdings"], "rep_id")),
        (json!(1), json!(1))
    );
    assert_eq!(held.body["total"], 2);
    let blocked = admin.post(&format!("{path}/block"), json!({"reason": "Left"})).expect(200);
    assert_eq!(blocked.body["holdings"], held.body["holdings"]);
    let told = app.as_role(Role::Manager).get("/me/notifications").expect(200);
    assert_eq!(told.rows()[0]["code"], "work_left", "{told}");
    assert!(told.rows()[0]["text"].as_str().expect("a text").contains("2 records"), "{told}");
    give(app, &shop.customer, "rep2");
    assert_eq!(admin.get(&format!("{path}/holdings")).expect(200).body["total"], 0);
}

#[derive(QueryableByName)]
struct Named {
    #[diesel(sql_type = Text)]
    name: String,
}

/// A column that leads to a person must say what becomes of it when the person goes.
fn every_column_that_names_a_person_is_declared(app: &TestApp) {
    let declared: Vec<&'static str> =
        app.core.declared.all::<Holding>().iter().map(|holding| holding.column.name()).collect();
    let sql = match app.is_sqlite() {
        true => {
            "SELECT tables.name || '.' || columns.\"from\" AS name FROM sqlite_master AS tables, \
            pragma_foreign_key_list(tables.name) AS columns \
            WHERE tables.type = 'table' AND columns.\"table\" = 'users' ORDER BY 1"
        }
        false => {
            "SELECT conrelid::regclass::text || '.' || attname AS name FROM pg_constraint \
            JOIN pg_attribute ON attrelid = conrelid AND attnum = ANY (conkey) \
            WHERE contype = 'f' AND confrelid = 'users'::regclass ORDER BY 1"
        }
    };
    let named: Vec<Named> = app.read(move |conn| match &mut conn.engine {
        EngineConn::Sqlite(c) => diesel::sql_query(sql).load(c).expect("the columns"),
        EngineConn::Pg(c) => diesel::sql_query(sql).load(c).expect("the columns"),
    });
    assert!(named.len() > 15, "the catalogue was read");
    let missing: Vec<&str> =
        named.iter().map(|named| named.name.as_str()).filter(|name| !declared.contains(name)).collect();
    assert_eq!(missing, Vec::<&str>::new(), "declare what the person is there (`Holding`, `held!`)");
}
