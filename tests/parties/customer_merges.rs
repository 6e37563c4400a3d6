//! Merging customers and undoing it.

use std::collections::BTreeMap;
use std::sync::Arc;

use salesdesk::base::auth::{Caller, Role};
use salesdesk::base::db::Tx;
use salesdesk::customers::CustomerId;
use salesdesk::customers::merge::{moves, work};
use serde_json::{Value, json};

use testkit::fixtures;
use testkit::support::{Client, TestApp, words};

both_engines!(
    merge_and_undo_keep_every_document_and_external_id,
    every_kind_that_names_a_customer_goes_with_it,
    a_merged_customer_is_read_and_not_changed,
    what_was_changed_after_the_merge_survives_its_undoing,
    a_merge_is_final_after_thirty_days,
    whoever_saw_the_merged_customer_sees_the_other,
    a_merge_lifts_neither_a_block_nor_a_limit,
);

fn merge(client: &Client, from: &str, into: &str) -> Value {
    let body = json!({"into_id": into, "reason": "Entered twice"});
    client.post(&format!("/customers/{from}/merge"), body).expect(200).body
}

fn unmerge(client: &Client, id: &str) -> Value {
    let reason = json!({"reason": "Two after all"});
    client.post(&format!("/customers/{id}/unmerge"), reason).expect(200).body
}

fn named(app: &TestApp, name: &str) -> String {
    app.as_role(Role::Clerk).post("/customers", json!({"name": name})).expect(201).id()
}

/// A small random number generator: the same numbers on every run.
struct Dice(u64);
impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }
}

/// A customer with a random number of everything that can belong to it.
fn random_customer(app: &TestApp, dice: &mut Dice, product: &str) -> String {
    let all = app.all_powerful();
    let n = app.unique();
    let maybe = |dice: &mut Dice, value: Value| if dice.roll(2) == 0 { value } else { Value::Null };
    let externals: Vec<Value> =
        (0..dice.roll(4)).map(|i| json!({"system": "sap", "id": format!("{n}-{i}")})).collect();
    let contacts: Vec<Value> = (0..dice.roll(4))
        .map(|i| {
            json!({"name": format!("C{i}"), "is_primary": i == 0, "mobile": format!("139{n:04}{i:04}"),
                "external_ids": [{"system": "crm", "id": format!("{n}-{i}")}]})
        })
        .collect();
    let addresses: Vec<Value> = (0..dice.roll(4))
        .map(|i| {
            let kind = ["billing", "shipping", "both"][dice.roll(3) as usize];
            json!({"kind": kind, "line1": format!("Road {i}"), "city": "广州", "is_default": i == 0})
        })
        .collect();
    let body = json!({"name": format!("Customer {n}"), "industry": maybe(dice, json!("tea")),
        "source": maybe(dice, json!("fair")), "notes": maybe(dice, json!(format!("Note {n}"))),
        "tags": if dice.roll(2) == 0 { json!(["VIP"]) } else { json!([format!("t{n}")]) },
        "custom_fields": if dice.roll(2) == 0 { json!({"a": n}) } else { json!({}) },
        "external_ids": externals, "contacts": contacts, "addresses": addresses});
    let id = all.post("/customers", body).expect(201).id();
    for i in 0..dice.roll(3) {
        let order = json!({"customer_id": id, "currency": "CNY", "external_ids": [{"system": "erp", "id": format!("{n}-{i}")}],
            "lines": [{"product_id": product, "quantity": "1", "unit_price": "10.00"}]});
        let order = all.post("/orders", order).expect(201).id();
        if dice.roll(2) == 0 {
            goes_through(&all, &order, &format!("{n}-{i}"));
        }
    }
    for _ in 0..dice.roll(2) {
        let request = json!({"department_id": fixtures::make(app, "dep").id(), "kind": "information", "subject": "When?",
            "about": id, "wanted_by": "2026-12-01"});
        all.post("/requests", request).expect(201);
    }
    for _ in 0..dice.roll(2) {
        let complaint = json!({"customer_id": id, "category": "quality", "severity": "high", "channel": "phone", "subject": "Wet"});
        all.post("/complaints", complaint).expect(201);
    }
    for _ in 0..dice.roll(3) {
        let task =
            json!({"customer_id": id, "kind": "follow_up", "subject": "Call", "due_date": "2026-12-01"});
        all.post("/tasks", task).expect(201);
    }
    for _ in 0..dice.roll(3) {
        let call = json!({"customer_id": id, "kind": "call", "direction": "inbound", "summary": "Asked",
            "feedback": [{"kind": "need", "text": "More tea"}]});
        all.post("/interactions", call).expect(201);
    }
    for i in 0..dice.roll(2) {
        let list = json!({"code": format!("L{n}-{i}"), "name": "List", "currency": "CNY", "valid_from": "2026-01-01",
            "customer_id": id});
        all.post("/price-lists", list).expect(201);
    }
    id
}

/// An order is confirmed and shipped, something is wrong with it, and a part of it is to come back.
fn goes_through(all: &Client, order: &str, external: &str) {
    for (step, body) in [
        ("submit", json!({})),
        ("approve", json!({"override_reason": "For the test"})),
        ("confirm", json!({})),
    ] {
        all.post(&format!("/orders/{order}/{step}"), body).expect(200);
    }
    let shipment = json!({"external_ids": [{"system": "wms", "id": external}]});
    all.post(&format!("/orders/{order}/shipments"), shipment).expect(201);
    let exception = json!({"order_id": order, "kind": "delay", "severity": "minor", "description": "Late"});
    all.post("/order-exceptions", exception).expect(201);
    let line = all.get(&format!("/orders/{order}")).expect(200).body["lines"][0]["id"].clone();
    let back = json!({"lines": [{"order_line_id": line, "quantity": "1", "reason": "damaged"}],
        "external_ids": [{"system": "wms", "id": external}]});
    all.post(&format!("/orders/{order}/returns"), back).expect(201);
}

/// What a customer has: each record by its path, without what every write changes.
fn belongings(app: &TestApp, id: &str) -> BTreeMap<String, Value> {
    let all = app.all_powerful();
    let plain = |mut record: Value| {
        for field in ["version", "updated_at", "updated_by"] {
            record.as_object_mut().expect("an object").remove(field);
        }
        record
    };
    let mut found = BTreeMap::new();
    found.insert("itself".into(), plain(all.get(&format!("/customers/{id}")).expect(200).body));
    for list in [
        "orders",
        "shipments",
        "complaints",
        "price-lists",
        "contacts",
        "tasks",
        "interactions",
        "feedback",
        "requests",
        "order-exceptions",
        "returns",
    ] {
        for row in all.get(&format!("/{list}?customer_id={id}&limit=200")).expect(200).rows() {
            found.insert(format!("{list} {}", row["id"]), plain(row.clone()));
        }
    }
    for row in all.get(&format!("/customers/{id}/addresses")).expect(200).rows() {
        found.insert(format!("addresses {}", row["id"]), plain(row.clone()));
    }
    found
}

fn merge_and_undo_keep_every_document_and_external_id(app: &TestApp) {
    let all = app.all_powerful();
    let product = fixtures::make(app, "prd").id();
    let mut dice = Dice(7);
    for _ in 0..8 {
        let (first, second) =
            (random_customer(app, &mut dice, &product), random_customer(app, &mut dice, &product));
        let before = (belongings(app, &first), belongings(app, &second));
        let preview = all
            .post(
                &format!("/customers/{first}/merge?dry_run=true"),
                json!({"into_id": second, "reason": "?"}),
            )
            .expect(200);
        assert_eq!((belongings(app, &first), belongings(app, &second)), before, "a preview changes nothing");

        let merged = merge(&all, &first, &second);
        assert_eq!(preview.body["moved"], merged["moved"]);
        let (old, new) = (belongings(app, &first), belongings(app, &second));
        assert_eq!(old.keys().collect::<Vec<_>>(), ["itself"]);
        let keys = before.0.keys().chain(before.1.keys());
        assert!(keys.clone().all(|key| new.contains_key(key)), "every record is at the survivor");
        let external = |customer: &Value| customer["external_ids"].as_array().expect("a list").clone();
        let mut expected = external(&before.1["itself"]);
        expected.extend(external(&before.0["itself"]));
        assert_eq!(external(&new["itself"]), expected);
        for named in &expected {
            let path = format!("/customers/by-external-id/sap/{}", named["id"].as_str().expect("an id"));
            assert_eq!(all.get(&path).expect(200).id(), second);
        }

        unmerge(&all, &first);
        assert_eq!((belongings(app, &first), belongings(app, &second)), before, "everything is back");
        for named in external(&before.0["itself"]) {
            let path = format!("/customers/by-external-id/sap/{}", named["id"].as_str().expect("an id"));
            assert_eq!(all.get(&path).expect(200).id(), first);
        }
    }
}

fn every_kind_that_names_a_customer_goes_with_it(app: &TestApp) {
    let tables = app.read(|conn| {
        words(
            conn,
            match conn.is_sqlite() {
                true => {
                    "SELECT m.name AS word FROM sqlite_master m JOIN pragma_table_info(m.name) c \
                    WHERE m.type = 'table' AND c.name = 'customer_id'"
                }
                false => {
                    "SELECT table_name::text AS word FROM information_schema.columns \
                    WHERE table_schema = 'public' AND column_name = 'customer_id'"
                }
            },
        )
    });
    // Indexes of the customer itself, and what only tells what happened.
    let kept = |table: &str| table.starts_with("customer_") || table == "journal";
    let moved: Vec<&str> = moves::kinds(&app.core)
        .filter_map(|kind| app.core.declared.told_of(kind))
        .map(|told| told.id.table())
        .collect();
    for table in tables.iter().filter(|table| !kept(table)) {
        assert!(moved.contains(&table.as_str()), "{table} would stay behind");
    }
}

fn a_merged_customer_is_read_and_not_changed(app: &TestApp) {
    let clerk = app.as_role(Role::Clerk);
    let (old, new) = (named(app, "Old"), named(app, "New"));
    let itself = json!({"into_id": old, "reason": "x"});
    assert_eq!(
        clerk.post(&format!("/customers/{old}/merge"), itself).refused(422, "validation_failed").places(),
        ["/into_id"]
    );
    clerk.post(&format!("/customers/{old}/unmerge"), json!({"reason": "x"})).refused(409, "not_merged");
    merge(&clerk, &old, &new);
    let read = clerk.get(&format!("/customers/{old}")).expect(200);
    assert_eq!(read.body["merged_into_id"], json!(new));
    assert_eq!(read.body["allowed_actions"], json!([]));
    let told = clerk
        .patch(&format!("/customers/{old}"), &read.etag(), json!({"tier": "a"}))
        .refused(409, "customer_merged");
    assert_eq!(told.body["merged_into_id"], json!(new));
    clerk.post(&format!("/customers/{old}/contacts"), json!({"name": "X"})).refused(409, "customer_merged");
    clerk.post("/orders", json!({"customer_id": old, "lines": []})).refused(409, "customer_merged");
    clerk
        .post(&format!("/customers/{new}/merge"), json!({"into_id": old, "reason": "x"}))
        .refused(409, "customer_merged");
    let ids = |path: &str| -> Vec<Value> {
        clerk.get(path).expect(200).rows().iter().map(|row| row["id"].clone()).collect()
    };
    assert_eq!(ids("/customers"), [json!(new)]);
    assert_eq!(ids("/customers?include_merged=true").len(), 2);
    let events: Vec<Value> = clerk
        .get(&format!("/customers/{old}/history"))
        .expect(200)
        .rows()
        .iter()
        .map(|row| row["event"].clone())
        .collect();
    assert_eq!(events, [json!("customer.created"), json!("customer.merged")]);
}

fn what_was_changed_after_the_merge_survives_its_undoing(app: &TestApp) {
    let clerk = app.as_role(Role::Clerk);
    let body = json!({"name": "Old", "source": "fair", "industry": "tea", "external_ids": [{"system": "sap", "id": "1"}],
        "contacts": [{"name": "王芳", "is_primary": true}]});
    let old = clerk.post("/customers", body).expect(201).id();
    let new = named(app, "New");
    merge(&clerk, &old, &new);
    let survivor = clerk.get(&format!("/customers/{new}")).expect(200);
    assert_eq!((&survivor.body["source"], &survivor.body["industry"]), (&json!("fair"), &json!("tea")));
    clerk.patch(&format!("/customers/{new}"), &survivor.etag(), json!({"source": "shop"})).expect(200);
    let come = clerk.post(&format!("/customers/{new}/contacts"), json!({"name": "李", "is_primary": true}));
    let undone = unmerge(&clerk, &old);
    let changed = undone["changed"].as_array().expect("a list").iter().map(|c| c["field"].clone());
    assert_eq!(changed.collect::<Vec<_>>(), [json!("industry"), json!("external_ids")]);
    let survivor = clerk.get(&format!("/customers/{new}")).expect(200);
    assert_eq!((&survivor.body["source"], &survivor.body["industry"]), (&json!("shop"), &Value::Null));
    assert_eq!(
        clerk.get(&format!("/customers/{new}/contacts")).expect(200).rows()[0]["id"],
        json!(come.id())
    );
    let back = clerk.get(&format!("/customers/{old}/contacts")).expect(200);
    assert_eq!((back.rows().len(), &back.rows()[0]["is_primary"]), (1, &json!(true)));
    assert_eq!(clerk.get("/customers/by-external-id/sap/1").expect(200).id(), old);
}

fn a_merge_is_final_after_thirty_days(app: &TestApp) {
    let clerk = app.as_role(Role::Clerk);
    let (old, new) = (named(app, "Old"), named(app, "New"));
    merge(&clerk, &old, &new);
    app.core.clock.advance_seconds(31 * 24 * 3600);
    // Tokens do not last that long.
    let id: CustomerId = old.parse().expect("an id");
    let undone =
        app.core.write_as(Arc::new(Caller::system("test")), move |tx: &mut Tx| work::unmerge(tx, id, "x"));
    assert_eq!(undone.map(drop).expect_err("too late").code(), "merge_is_final");
}

fn whoever_saw_the_merged_customer_sees_the_other(app: &TestApp) {
    let all = app.all_powerful();
    let rep = app.as_user("rep");
    let old = rep.post("/customers", json!({"name": "Old"})).expect(201).id();
    let new = named(app, "New");
    rep.get(&format!("/customers/{new}")).refused(404, "not_found");
    rep.post(&format!("/customers/{old}/merge"), json!({"into_id": new, "reason": "x"}))
        .refused(422, "validation_failed");
    merge(&all, &old, &new);
    rep.get(&format!("/customers/{new}")).expect(200);
    unmerge(&all, &old);
    rep.get(&format!("/customers/{new}")).refused(404, "not_found");
}

fn a_merge_lifts_neither_a_block_nor_a_limit(app: &TestApp) {
    let (rep, finance) = (app.as_role(Role::Rep), app.as_role(Role::Finance));
    let enter = |name: &str| rep.post("/customers", json!({"name": name})).expect(201).id();
    let terms =
        |id: &str, body: Value| finance.post(&format!("/customers/{id}/credit-terms"), body).expect(200);
    let (bad, fresh) = (enter("Old and blocked"), enter("Fresh"));
    terms(&bad, json!({"credit_limit": "1000", "payment_days": 10, "reason": "Pays late"}));
    let manager = app.as_role(Role::Manager);
    manager.post(&format!("/customers/{bad}/block"), json!({"reason": "Unpaid"})).expect(200);
    // The preview says which terms will hold.
    let body = json!({"into_id": fresh, "reason": "Entered twice"});
    let preview = rep.post(&format!("/customers/{bad}/merge?dry_run=true"), body).expect(200);
    let mut changed: Vec<&str> = preview.body["changed"]
        .as_array()
        .expect("changes")
        .iter()
        .map(|change| change["field"].as_str().expect("a field"))
        .collect();
    changed.sort_unstable();
    assert_eq!(changed, ["block_reason", "credit_limit", "payment_days", "status"]);
    merge(&rep, &bad, &fresh);
    let now = rep.get(&format!("/customers/{fresh}")).expect(200).body;
    let held = ["status", "block_reason", "credit_limit", "payment_days"].map(|field| now[field].clone());
    assert_eq!(held, [json!("blocked"), json!("Unpaid"), json!("1000.00"), json!(10)]);
    unmerge(&rep, &bad);
    let back = rep.get(&format!("/customers/{fresh}")).expect(200).body;
    assert_eq!(
        (&back["status"], &back["credit_limit"], &back["payment_days"]),
        (&json!("prospect"), &Value::Null, &json!(30))
    );
    // What is decided on while they are one holds for both afterwards: undoing is no way out of a block.
    merge(&rep, &bad, &fresh);
    manager.post(&format!("/customers/{fresh}/unblock"), Value::Null).expect(200);
    terms(&fresh, json!({"credit_limit": "100", "payment_days": 0, "reason": "Pays late"}));
    unmerge(&rep, &bad);
    let back = rep.get(&format!("/customers/{bad}")).expect(200).body;
    assert_eq!(
        (&back["status"], &back["credit_limit"], &back["payment_days"]),
        (&json!("blocked"), &json!("100.00"), &json!(0))
    );
    // Two limits that cannot be compared are finance's to put together.
    let abroad = enter("Abroad");
    terms(&abroad, json!({"credit_limit": "100", "currency": "USD", "payment_days": 30, "reason": "New"}));
    terms(&fresh, json!({"credit_limit": "9000", "payment_days": 30, "reason": "New"}));
    let body = json!({"into_id": fresh, "reason": "Entered twice"});
    rep.post(&format!("/customers/{abroad}/merge"), body).refused(409, "merge_terms");
}
