//! One form for keys: two that look alike are the same, for whoever enters a record and for whoever looks for one.

use diesel::connection::SimpleConnection as _;
use salesdesk::base::auth::Role;
use salesdesk::base::db::engine::Ending;
use salesdesk::base::db::forms;
use salesdesk::base::http::params::percent_encode;
use serde_json::{Value, json};

use testkit::support::{TestApp, words};

both_engines!(
    keys_that_look_alike_are_refused_everywhere,
    a_key_is_kept_without_what_nobody_sees_and_found_in_upper_and_lower_case,
    an_external_id_is_the_same_with_space_around_it_and_another_in_other_case,
    units_of_a_product_are_told_apart_by_more_than_case,
    a_key_is_free_again_when_its_record_has_another_or_is_gone,
    keys_that_collided_before_stay_are_named_and_no_more_are_let_in,
);

/// Where records with keys are entered: the path, the field, and a form without it.
fn kinds() -> Vec<(&'static str, &'static str, Value)> {
    vec![
        ("/products", "sku", json!({"name": "Tea", "unit": "pcs", "tax_rate": "0.13"})),
        ("/product-categories", "code", json!({"name": "Tea"})),
        ("/price-lists", "code", json!({"name": "Retail", "currency": "CNY"})),
        ("/regions", "code", json!({"name": "South"})),
        ("/teams", "code", json!({"name": "South"})),
        ("/departments", "code", json!({"name": "Warehouse", "kind": "warehouse"})),
        ("/customers", "code", json!({"name": "Alpha"})),
        ("/suppliers", "code", json!({"name": "Omega"})),
    ]
}

fn with(form: &Value, field: &str, value: &str) -> Value {
    let mut form = form.clone();
    form[field] = json!(value);
    form
}

fn keys_that_look_alike_are_refused_everywhere(app: &TestApp) {
    let admin = app.all_powerful();
    for (path, field, form) in kinds() {
        let path = match path {
            "/customers" | "/suppliers" => format!("{path}?allow_duplicate=true&duplicate_reason=x"),
            path => path.to_owned(),
        };
        admin.post(&path, with(&form, field, "QC1")).expect(201);
        for typed in ["QC1", "qc1", "Qc1", " QC1 ", "\u{A0}QC1", "QC1\u{3000}", "ＱＣ１"] {
            let refused = admin.post(&path, with(&form, field, typed)).refused(409, "duplicate");
            assert_eq!(refused.places(), [format!("/{field}")], "{path} {typed:?}");
        }
        for hidden in ["Q\u{200B}C1", "QC1\u{FEFF}", "\u{202E}QC1"] {
            let refused = admin.post(&path, with(&form, field, hidden)).refused(422, "validation_failed");
            assert_eq!(refused.body["errors"][0]["code"], "hidden_character", "{path} {hidden:?}");
        }
        for blank in ["", " ", "\u{A0}"] {
            admin.post(&path, with(&form, field, blank)).refused(422, "validation_failed");
        }
    }
    let tea = json!({"name": "Tea", "unit": "pcs", "tax_rate": "0", "sku": "T1", "barcode": "AB-1"});
    admin.post("/products", tea.clone()).expect(201);
    let other = with(&with(&tea, "sku", "T2"), "barcode", "ab-1");
    assert_eq!(admin.post("/products", other).refused(409, "duplicate").places(), ["/barcode"]);
}

fn a_key_is_kept_without_what_nobody_sees_and_found_in_upper_and_lower_case(app: &TestApp) {
    let admin = app.all_powerful();
    let form = json!({"name": "Tea", "unit": "pcs", "tax_rate": "0"});
    let made = admin.post("/products", with(&form, "sku", "\u{A0}Ｔea-1 ")).expect(201);
    assert_eq!(made.body["sku"], "Tea-1");
    for typed in ["Tea-1", "TEA-1", "tea-1", " ｔｅａ-1"] {
        let page = admin.get(&format!("/products?sku={}", percent_encode(typed))).expect(200);
        assert_eq!(
            page.rows().iter().map(|row| &row["id"]).collect::<Vec<_>>(),
            [&json!(made.id())],
            "{typed}"
        );
    }
    // A change of the case is none of the key.
    admin.patch(&made.location(), &made.etag(), json!({"sku": "TEA-1"})).expect(200);
    let customer = admin.post("/customers", json!({"name": "Alpha", "code": "Alpha-1"})).expect(201);
    assert_eq!(admin.get("/customers?code=ALPHA-1").expect(200).rows()[0]["id"], json!(customer.id()));
    // An accent is one character, in whichever way it is typed.
    admin.post("/regions", json!({"name": "R", "code": "Caf\u{E9}"})).expect(201);
    admin.post("/regions", json!({"name": "R", "code": "CAFE\u{301}"})).refused(409, "duplicate");
    // A number of the range that somebody has typed in small letters is passed over.
    let next = admin.post("/customers", json!({"name": "Beta"})).expect(201).body["code"].clone();
    let next = next.as_str().expect("a code");
    let (head, number) = next.rsplit_once('-').expect("a number");
    let following = format!("{head}-{:06}", number.parse::<u64>().expect("a number") + 1);
    admin.post("/customers", json!({"name": "Gamma", "code": following.to_lowercase()})).expect(201);
    let made = admin.post("/customers", json!({"name": "Delta"})).expect(201);
    assert_ne!(made.body["code"], json!(following));
}

fn an_external_id_is_the_same_with_space_around_it_and_another_in_other_case(app: &TestApp) {
    let clerk = app.as_role(Role::Clerk);
    let named = |id: &str| json!([{"system": "sap", "id": id}]);
    let first =
        clerk.post("/customers", json!({"name": "Alpha", "external_ids": named("4711 ")})).expect(201);
    assert_eq!(first.body["external_ids"], named("4711"));
    for typed in ["4711", " 4711", "４７１１", "4711\u{A0}"] {
        let body = json!({"name": "Beta", "external_ids": named(typed)});
        clerk.post("/customers", body).refused(409, "external_id_taken");
        let path = format!("/customers/by-external-id/sap/{}", percent_encode(typed));
        assert_eq!(clerk.get(&path).expect(200).body["id"], json!(first.id()), "{typed:?}");
        clerk.put(&path, json!({"notes": typed})).expect(200);
    }
    clerk.put("/customers/by-external-id/sap/aB1", json!({"name": "Gamma"})).expect(201);
    clerk.put("/customers/by-external-id/sap/AB1", json!({"name": "Delta"})).expect(201);
    clerk.get("/customers/by-external-id/sap/%C2%A0").refused(404, "not_found");
    let twice = json!({"external_ids": [{"system": "sap", "id": "1"}, {"system": "sap", "id": "1 "}]});
    let etag = clerk.get(&first.location()).expect(200).etag();
    clerk.patch(&first.location(), &etag, twice).refused(422, "validation_failed");
}

fn units_of_a_product_are_told_apart_by_more_than_case(app: &TestApp) {
    let admin = app.all_powerful();
    let form =
        |units: Value| json!({"sku": "T1", "name": "Tea", "unit": "pcs", "tax_rate": "0", "units": units});
    let twice = form(json!([{"unit": "box", "factor": "24"}, {"unit": "Box", "factor": "12"}]));
    assert_eq!(admin.post("/products", twice).refused(422, "validation_failed").places(), ["/units/1/unit"]);
    let base = form(json!([{"unit": "PCS", "factor": "2"}]));
    admin.post("/products", base).refused(422, "validation_failed");
    let tea = admin.post("/products", form(json!([{"unit": "box", "factor": "24"}]))).expect(201);
    admin.post(&format!("{}/activate", tea.location()), json!({})).expect(200);
    // Whoever sells it in a BOX means the box.
    let customer = admin.post("/customers", json!({"name": "Alpha"})).expect(201).id();
    let line = json!({"product_id": tea.id(), "quantity": "1", "unit": "BOX ", "unit_price": "5"});
    let order = admin.post("/orders", json!({"customer_id": customer, "lines": [line]})).expect(201);
    assert_eq!(order.body["lines"][0]["unit"], "box");
}

fn a_key_is_free_again_when_its_record_has_another_or_is_gone(app: &TestApp) {
    let admin = app.all_powerful();
    let region = |code: &str| json!({"name": "South", "code": code});
    let first = admin.post("/regions", region("GD")).expect(201);
    admin.patch(&first.location(), &first.etag(), json!({"code": "GX"})).expect(200);
    let second = admin.post("/regions", region("gd")).expect(201);
    admin.delete(&second.location(), &second.etag()).expect(204);
    admin.post("/regions", region("Gd")).expect(201);
}

fn keys_that_collided_before_stay_are_named_and_no_more_are_let_in(app: &TestApp) {
    let admin = app.all_powerful();
    let form = json!({"name": "Tea", "unit": "pcs", "tax_rate": "0"});
    let first = admin.post("/products", with(&form, "sku", "QC1")).expect(201);
    let second = admin.post("/products", with(&form, "sku", "QC2")).expect(201);
    let named = |id: &str| json!({"name": id, "external_ids": [{"system": "sap", "id": id}]});
    let known = admin.post("/customers", named("4711")).expect(201);
    let other = admin.post("/customers", named("4712")).expect(201);
    // As an earlier program has let them in: it knew no other form than the typed one.
    let with_space = json!([{"system": "sap", "id": "4711 "}]);
    let sql = format!(
        "UPDATE products SET sku = 'qc1' WHERE sku = 'QC2';
         UPDATE customers SET external_ids = '{with_space}' WHERE name = '4712';
         UPDATE external_ids SET external_id = '4711 ' WHERE external_id = '4712';
         DELETE FROM record_keys; UPDATE text_forms SET version = 0;"
    );
    app.core
        .engine
        .write_now(move |conn| {
            conn.batch_execute(&sql)?;
            Ok(((), Ending::Commit))
        })
        .expect("an earlier program");

    forms::bring_up_to_date(&app.core).expect("nothing fails");
    let told = salesdesk::check::check(&app.core, |_| {}).expect("checked");
    assert_eq!(
        told,
        [
            format!(
                "external_ids.external_id `customer sap 4711` is the key of {} and {}; give each its own",
                known.id(),
                other.id()
            ),
            format!("products.sku `qc1` is the key of {} and {}; give each its own", first.id(), second.id()),
        ]
    );
    // Both stay, can be changed, and are found; nobody else gets such a key.
    assert_eq!(admin.get("/products?sku=qc1").expect(200).rows().len(), 2);
    let read = admin.get(&second.location()).expect(200);
    assert_eq!(read.body["sku"], "qc1");
    let noted = admin.patch(&second.location(), &read.etag(), json!({"name_en": "Tea"})).expect(200);
    admin.post("/products", with(&form, "sku", "Qc1")).refused(409, "duplicate");
    assert_eq!(admin.get("/customers/by-external-id/sap/4711").expect(200).body["id"], json!(known.id()));
    // Given another, they are off the list.
    admin.patch(&second.location(), &noted.etag(), json!({"sku": "QC2"})).expect(200);
    let read = admin.get(&other.location()).expect(200);
    admin
        .patch(&other.location(), &read.etag(), json!({"external_ids": [{"system": "sap", "id": "4712"}]}))
        .expect(200);
    assert_eq!(salesdesk::check::check(&app.core, |_| {}).expect("checked"), Vec::<String>::new());
    // What a search finds was stored anew as well.
    let rows = app.read(|conn| words(conn, "SELECT CAST(version AS TEXT) AS word FROM text_forms"));
    assert_eq!(rows, [salesdesk::base::text::FORMS.to_string()]);
}
