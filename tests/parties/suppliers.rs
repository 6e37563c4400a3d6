//! Departments and suppliers: the registers of those who can be asked.

use salesdesk::base::auth::Role;
use serde_json::{Value, json};

use testkit::support::{Reply, TestApp};

both_engines!(
    a_supplier_is_found_by_what_people_remember,
    the_same_supplier_is_not_entered_twice_unless_somebody_says_why,
    a_supplier_is_entered_with_its_contacts_and_a_right_tax_id,
    a_blocked_supplier_says_why_until_it_is_unblocked,
    what_was_asked_something_is_not_deleted,
    a_department_is_led_by_somebody_who_works_here,
    suppliers_come_and_go_in_files,
    requests_go_to_a_file,
);

fn supplier(app: &TestApp) -> Reply {
    let body = json!({"code": "QINGHUA", "name": "景德镇青华瓷业有限公司", "short_name": "青华瓷业", "kind": "supplier",
        "tax_id": "9144 0300 7152 6726 xg", "phone": "0798-8221001",
        "contacts": [{"name": "程师傅", "role": "生产调度", "phone": "+86 139 0013 9001", "email": "cheng@qinghua.example"}]});
    app.as_role(Role::Clerk).post("/suppliers", body).expect(201)
}

fn a_supplier_is_found_by_what_people_remember(app: &TestApp) {
    let id = supplier(app).id();
    let other = json!({"name": "广州速达物流有限公司", "kind": "carrier"});
    app.as_role(Role::Manager).post("/suppliers", other).expect(201);
    let rep = app.as_role(Role::Rep);
    let found = |query: &str| {
        let list = rep.get(&format!("/suppliers?{query}")).expect(200);
        list.rows().iter().map(|s| s["id"].as_str().expect("an id").to_owned()).collect::<Vec<_>>()
    };
    for query in [
        "q=青华",
        "q=qhcy",
        "q=8221001",
        "q=13900139001",
        "q=程师傅",
        "q=QINGHUA",
        "q=cheng@qinghua",
        "code=QINGHUA",
        "tax_id=9144030071526726XG",
        "kind=supplier",
        "q=9144030071526726XG",
    ] {
        let encoded: String = query
            .chars()
            .map(|c| match c.is_ascii() {
                true => c.to_string(),
                false => c.to_string().bytes().map(|b| format!("%{b:02X}")).collect(),
            })
            .collect();
        assert_eq!(found(&encoded), [id.as_str()], "{query}");
    }
    assert_eq!(found("code=QING"), [] as [&str; 0]);
    assert_eq!(found("sort=-name").len(), 2);
}

fn the_same_supplier_is_not_entered_twice_unless_somebody_says_why(app: &TestApp) {
    let first = supplier(app).id();
    let clerk = app.as_role(Role::Clerk);
    for body in [
        json!({"name": "景德镇市青华瓷业"}),
        json!({"name": "景德鎮青華瓷業有限責任公司"}),
        json!({"name": "青华瓷业"}),
        json!({"name": "Another name", "tax_id": "9144030071526726XG"}),
        json!({"name": "Another name", "phone": "+86 798 822 1001"}),
    ] {
        let refused = clerk.post("/suppliers", body.clone()).refused(409, "possible_duplicate");
        let candidates = refused.body["candidates"].as_array().expect("candidates");
        assert_eq!((candidates.len(), &candidates[0]["id"]), (1, &json!(first)), "{body}");
    }
    let path = "/suppliers?allow_duplicate=true";
    let again = json!({"name": "景德镇青华瓷业"});
    clerk.post(path, again.clone()).refused(400, "invalid_parameter");
    let second = clerk.post(&format!("{path}&duplicate_reason=A%20branch"), again).expect(201);
    let history = clerk.get(&format!("/suppliers/{}/history", second.id())).expect(200);
    assert_eq!(history.rows()[0]["reason"], "A branch");
    let alike = clerk.get(&format!("/suppliers/{}/duplicates", second.id())).expect(200);
    assert_eq!((&alike.rows()[0]["id"], &alike.rows()[0]["score"]), (&json!(first), &json!(70)));

    let other = clerk.post("/suppliers", json!({"name": "速达物流"})).expect(201);
    let change = json!({"short_name": "青华瓷业"});
    clerk.patch(&other.location(), &other.etag(), change.clone()).refused(409, "possible_duplicate");
    let etag = clerk.get(&other.location()).expect(200).etag();
    let forced = format!("{}?allow_duplicate=true&duplicate_reason=Ours", other.location());
    let changed = clerk.patch(&forced, &etag, change).expect(200);
    clerk.patch(&other.location(), &changed.etag(), json!({"short_name": "青華瓷業"})).expect(200);
    // Other systems are not asked.
    clerk.put("/suppliers/by-external-id/sap/1", json!({"name": "速达物流"})).expect(201);
}

fn a_supplier_is_entered_with_its_contacts_and_a_right_tax_id(app: &TestApp) {
    let made = supplier(app);
    assert_eq!(
        (&made.body["tax_id"], &made.body["response_hours"]),
        (&json!("9144030071526726XG"), &json!(16))
    );
    let clerk = app.as_role(Role::Clerk);
    let contacts = format!("/suppliers/{}/contacts", made.id());
    let list = clerk.get(&contacts).expect(200);
    assert_eq!((list.rows().len(), &list.rows()[0]["role"]), (1, &json!("生产调度")));
    let more = clerk.post(&contacts, json!({"name": " 王会计 "})).expect(201);
    assert_eq!(more.body["name"], "王会计");
    let path = format!("{contacts}/{}", more.id());
    let changed = clerk.patch(&path, &more.etag(), json!({"wechat": "wang"})).expect(200);
    clerk.delete(&path, &changed.etag()).expect(204);
    let wrong =
        json!({"name": "X", "tax_id": "9144030071526726XA", "country": "XX", "contacts": [{"name": " "}]});
    let refused = clerk.post("/suppliers", wrong).refused(422, "validation_failed");
    assert_eq!(refused.places(), ["/country", "/contacts/0/name"]);
    let wrong = clerk.post("/suppliers", json!({"name": "X", "tax_id": "9144030071526726XA"}));
    assert_eq!(wrong.refused(422, "validation_failed").body["errors"][0]["code"], "tax_id_check_character");
    let numbered =
        clerk.post("/suppliers", json!({"name": "Brauer GmbH", "country": "DE", "tax_id": "DE 123"}));
    assert_eq!(numbered.expect(201).body["code"], "SU-2026-000001");
    clerk.post("/suppliers", json!({"name": "Y", "code": "QINGHUA"})).refused(409, "duplicate");
    app.as_role(Role::Rep).post("/suppliers", json!({"name": "Y"})).refused(403, "forbidden");
}

fn a_blocked_supplier_says_why_until_it_is_unblocked(app: &TestApp) {
    let made = supplier(app);
    let clerk = app.as_role(Role::Clerk);
    let step = |step: &str, reason: &str| {
        clerk.post(&format!("/suppliers/{}/{step}", made.id()), json!({"reason": reason}))
    };
    step("unblock", "Why").refused(409, "invalid_transition");
    let blocked = step("block", "Three late deliveries").expect(200);
    assert_eq!(
        (&blocked.body["status"], &blocked.body["block_reason"], &blocked.body["allowed_actions"]),
        (&json!("blocked"), &json!("Three late deliveries"), &json!(["unblock"]))
    );
    step("block", "Again").refused(409, "invalid_transition");
    let unblocked = step("unblock", "A new line").expect(200);
    assert_eq!(
        (&unblocked.body["status"], &unblocked.body["block_reason"]),
        (&json!("active"), &Value::Null)
    );
    let history = clerk.get(&format!("/suppliers/{}/history", made.id())).expect(200);
    let told: Vec<&Value> = history.rows().iter().map(|e| &e["reason"]).collect();
    assert_eq!(told, [&Value::Null, &json!("Three late deliveries"), &json!("A new line")]);
}

fn what_was_asked_something_is_not_deleted(app: &TestApp) {
    let clerk = app.as_role(Role::Clerk);
    let made = supplier(app);
    let department = json!({"code": "DES", "name": "设计部", "kind": "design"});
    let department = clerk.post("/departments", department).expect(201);
    for (field, id) in [("supplier_id", made.id()), ("department_id", department.id())] {
        let body = json!({field: id, "kind": "other", "subject": "Please", "wanted_by": "2026-11-27"});
        clerk.post("/requests", body).expect(201);
    }
    clerk.delete(&format!("/suppliers/{}", made.id()), &made.etag()).refused(409, "still_referenced");
    clerk
        .delete(&format!("/departments/{}", department.id()), &department.etag())
        .refused(409, "still_referenced");
    assert_eq!(clerk.get(&format!("/suppliers/{}/contacts", made.id())).expect(200).rows().len(), 1);
    let unused = clerk.post("/suppliers", json!({"name": "Z", "contacts": [{"name": "A"}]})).expect(201);
    clerk.delete(&format!("/suppliers/{}", unused.id()), &unused.etag()).expect(204);
}

fn a_department_is_led_by_somebody_who_works_here(app: &TestApp) {
    let clerk = app.as_role(Role::Clerk);
    let lead = app.person("warehouse").user.to_string();
    let body =
        json!({"code": "WH", "name": "仓储部", "name_en": "Warehouse", "kind": "warehouse", "lead_id": lead});
    let made = clerk.post("/departments", body).expect(201);
    assert_eq!((&made.body["response_hours"], &made.body["active"]), (&json!(8), &json!(true)));
    for query in ["q=ccb", "q=warehouse", "kind=warehouse&active=true", "code=WH"] {
        let list = app.as_role(Role::Rep).get(&format!("/departments?{query}&expand=lead")).expect(200);
        assert_eq!(list.rows()[0]["lead"]["name"], "Test warehouse", "{query}");
    }
    app.as_role(Role::Admin)
        .post(&format!("/users/{}/block", app.person("rep2").user), json!({"reason": "Left"}))
        .expect(200);
    for nobody in [app.person("rep2").user.to_string(), "usr_00000000000000000000000000000000".into()] {
        let path = format!("/departments/{}", made.id());
        let refused = clerk.patch(&path, "*", json!({"lead_id": nobody})).refused(422, "validation_failed");
        assert_eq!(refused.places(), ["/lead_id"]);
    }
    let twice = json!({"code": "WH", "name": "另一个", "kind": "other"});
    clerk.post("/departments", twice).refused(409, "duplicate");
}

fn suppliers_come_and_go_in_files(app: &TestApp) {
    let clerk = app.as_role(Role::Clerk);
    let bring = |file: &str| {
        let begun = clerk.raw("POST", "/imports?resource=suppliers", "text/csv", file).expect(202);
        app.run_background();
        clerk.get(&begun.location()).expect(200).body
    };
    let file = "供应商编码,供应商名称,类型,税号,电话,负责人账号,答复时限\n\
        QH,青华瓷业,供应商,9144030071526726XG,0798-8221001,clerk,8\n\
        SD,速达物流,承运商,,020-38880099,,\n\
        XX,坏行,承运商,123,,,\n";
    let job = bring(file);
    assert_eq!((&job["succeeded"], &job["failed"]), (&json!(2), &json!(1)), "{job:#}");
    let job = bring("code,phone\nSD,020-1\n");
    assert_eq!(job["succeeded"], 1, "{job:#}");
    let list = clerk.get("/suppliers?sort=code&expand=owner").expect(200);
    let rows: Vec<(&Value, &Value, &Value)> =
        list.rows().iter().map(|s| (&s["code"], &s["kind"], &s["phone"])).collect();
    assert_eq!(rows[0], (&json!("QH"), &json!("supplier"), &json!("0798-8221001")));
    assert_eq!(rows[1], (&json!("SD"), &json!("carrier"), &json!("020-1")));
    assert_eq!(
        (&list.rows()[0]["owner"]["name"], &list.rows()[0]["response_hours"]),
        (&json!("Test clerk"), &json!(8))
    );
    // What was exported comes in again and changes nothing.
    let exported = file_of(app, json!({"resource": "suppliers", "format": "csv", "headings": "zh-CN"}));
    assert!(exported.contains("青华瓷业") && exported.starts_with("供应商编码,"), "{exported}");
    let job = bring(&exported);
    assert_eq!((&job["succeeded"], &job["failed"]), (&json!(2), &json!(0)), "{job:#}");
    assert_eq!(clerk.get("/suppliers?sort=code&expand=owner").expect(200).rows(), list.rows());
}

/// What an export gives.
fn file_of(app: &TestApp, body: Value) -> String {
    let clerk = app.as_role(Role::Clerk);
    let begun = clerk.post("/exports", body).expect(202);
    app.run_background();
    let file = clerk.get(&format!("{}/result", begun.location())).expect(200);
    String::from_utf8(file.bytes).expect("text")
}

fn requests_go_to_a_file(app: &TestApp) {
    let made = supplier(app);
    let body = json!({"supplier_id": made.id(), "kind": "other", "subject": "Two hundred sets", "wanted_by": "2026-11-27"});
    app.as_role(Role::Rep).post("/requests", body).expect(201);
    let fields = ["number", "supplier.code", "requester.name", "wanted_by", "subject"];
    let file =
        file_of(app, json!({"resource": "requests", "format": "csv", "headings": "en", "fields": fields}));
    let lines: Vec<&str> = file.lines().collect();
    assert_eq!(lines[0], "Request number,Supplier code,Requester,Wanted by,Subject");
    assert_eq!(lines[1], "RQ-2026-000001,QINGHUA,Test rep,2026-11-27,Two hundred sets");
}
