//! A company with records of every kind, in every state and each a little different: for tests that read.
//!
//! It is made once for each engine, by the product's own requests, and copied for each test. It begins as the demo;
//! then every operation that creates something is asked three times, and every step in a life is taken once, where the
//! fixtures know how. So a new area has rows in its lists without a word here. `chain` adds what no example shows:
//! records that name all the others that they may name.

use std::collections::BTreeMap;

use salesdesk::backups::model::BackupOrigin;
use salesdesk::base::auth::Role;
use salesdesk::base::http::params::percent_encode;
use salesdesk::base::http::{Endpoint, OperationKind};
use salesdesk::demo;
use serde_json::{Value, json};

use crate::fixtures::{
    body_for, body_of, declared, make, noted_backup, path_of, request_of, take_step, told,
};
use crate::machines::machine;
use crate::support::{NOW, Reply, TestApp, make_room, operation, resolve};

/// What a test must know of the company beside its database.
#[derive(Debug)]
pub struct Company {
    /// Where there is enough to see, by operation: the path of a list of parts with a record that has enough of them,
    /// and that of a read with what must be said.
    pub paths: BTreeMap<&'static str, String>,
    /// How many names were given; a copy gives others.
    pub named: u64,
}

/// Fills a fresh database of the tests.
pub fn found(app: &TestApp) -> Company {
    make_room(app);
    demo::seed(&app.core).expect("the demo");
    // Since the night; each record a little after the one before, so that times differ.
    app.core.clock.set(NOW.plus_seconds(-9 * 3600));
    let mut company = Company { paths: BTreeMap::new(), named: 0 };
    for create in
        app.endpoints().iter().filter(|e| e.nature == OperationKind::Create && e.path_prefixes.is_empty())
    {
        three(app, create, create.path);
    }
    for start in app.endpoints().iter().filter(|e| e.nature == OperationKind::Start && e.path == "/exports") {
        (0..3).for_each(|_| drop(later(app).all_powerful().post(start.path, body_of(app, start))));
    }
    for step in app.endpoints().iter().filter(|e| e.nature == OperationKind::Action) {
        let (path, body) = request_of(later(app), step);
        app.all_powerful().post(&path, body);
    }
    for put in app.endpoints().iter().filter(|e| e.nature == OperationKind::Upsert) {
        app.all_powerful().put(&path_of(later(app), put), body_of(app, put)).expect(201);
    }
    chain(app);
    doubles(app);
    pooled(app);
    machines(app);
    company.paths.extend(traded(app));
    company.paths.extend([("resolvePrice", priced(app)), ("listFeedbackHistory", acknowledged(app))]);
    company.paths.insert("listOrderRevisionProposalHistory", rejected(app));
    (0..3).for_each(|_| told(later(app), "admin"));
    for list in app.endpoints().iter().filter(|e| e.nature == OperationKind::List) {
        if company.paths.contains_key(list.operation_id) {
            continue;
        }
        if let Some(path) = with_parts(app, list) {
            more_parts(app, list.operation_id, &path);
            company.paths.insert(list.operation_id, path);
        }
    }
    app.run_background();
    let first = app.all_powerful().get("/events?limit=1").expect(200);
    let cursor = percent_encode(first.body["next_cursor"].as_str().expect("a cursor"));
    company.paths.insert("getSupplierDuplicates", format!("/suppliers/{}/duplicates", alike_supplier(app)));
    company.paths.insert("streamEvents", format!("/events/stream?after={cursor}"));
    app.core.clock.set(NOW);
    company.named = app.counter.get();
    company
}

/// The product, a little later.
fn later(app: &TestApp) -> &TestApp {
    app.core.clock.advance_seconds(20);
    app
}

/// Asks an operation that creates something three times, each time a little differently where it takes that.
fn three(app: &TestApp, create: &Endpoint, path: &str) -> Vec<Reply> {
    let mut made: Vec<Reply> = Vec::new();
    for n in 0..3 {
        let body = body_for(later(app), create, path);
        let parent = made.last().and_then(|reply| reply.body["id"].as_str());
        let bodies =
            [related(app, create, &varied(create, &body, n), parent, n), varied(create, &body, n), body];
        let mut replies = bodies.into_iter().map(|body| app.all_powerful().post(path, body));
        let reply = replies.find(|reply| reply.status < 300);
        made.push(reply.unwrap_or_else(|| panic!("{} takes not even its example", create.operation_id)));
    }
    made
}

fn body_schema(endpoint: &Endpoint) -> Option<&'static Value> {
    let content = operation(endpoint)["requestBody"]["content"].as_object()?;
    content.values().next().map(|media| resolve(&media["schema"]))
}

/// A body like this one with other words, names and days.
fn varied(endpoint: &Endpoint, body: &Value, n: usize) -> Value {
    let mut body = body.clone();
    let Some(schema) = body_schema(endpoint) else { return body };
    for (name, value) in body.as_object_mut().into_iter().flatten() {
        let field = resolve(&schema["properties"][name]);
        if let Some(words) = field["enum"].as_array().filter(|_| n > 0) {
            let at = words.iter().position(|word| word == value).unwrap_or_default();
            *value = words[(at + n) % words.len()].clone();
        } else if field["format"] == "date" {
            let day = value.as_str().and_then(|day| day.parse::<chrono::NaiveDate>().ok());
            *value = day.map_or(value.clone(), |day| json!(day + chrono::Duration::days(n as i64)));
        } else if let (true, Some(flag)) = (n == 1, value.as_bool()) {
            *value = json!(!flag);
        } else if ["name", "carrier", "tracking_number", "industry", "channel"].contains(&name.as_str()) {
            *value = json!(format!("{} {}", ["B", "安", "a"][n], value.as_str().unwrap_or_default()));
        }
    }
    body
}

/// A body like this one that also says what the example leaves out: other records, what another system calls the new
/// one, and some texts.
fn related(app: &TestApp, endpoint: &Endpoint, body: &Value, parent: Option<&str>, n: usize) -> Value {
    let mut body = body.clone();
    let Some(fields) = body_schema(endpoint).and_then(|s| s["properties"].as_object()) else { return body };
    for (name, field) in fields.iter().filter(|_| n > 0) {
        let pattern = resolve(field)["pattern"].as_str().unwrap_or_default();
        let value = match pattern.strip_prefix('^').and_then(|p| p.split('_').next()) {
            _ if name == "external_ids" => {
                body[name] =
                    json!([{"system": "sap", "id": format!("{}-{}", endpoint.operation_id, app.unique())}]);
                continue;
            }
            _ if name == "barcode" => Some(format!("BC-{}", app.unique())),
            _ if ["industry", "channel"].contains(&name.as_str()) => Some(["Tea", "Food"][n - 1].into()),
            _ if name == "parent_id" => parent.map(str::to_owned),
            Some("usr") => Some(app.person(["admin", "clerk", "rep"][n]).user.to_string()),
            Some("tem") => Some([app.seed.north, app.seed.south][n - 1].to_string()),
            Some(prefix @ ("cat" | "prd" | "reg" | "cus")) if n == 2 => Some(make(app, prefix).id()),
            _ => None,
        };
        if let (Some(value), true) = (value, body[name].is_null()) {
            body[name] = json!(value);
        }
    }
    body
}

/// The path of a list with a record in it that has at least three of its parts, or versions.
fn with_parts(app: &TestApp, list: &Endpoint) -> Option<String> {
    let record = list.path.strip_suffix("/history");
    if list.path_prefixes.is_empty() && record.is_none() {
        return None;
    }
    let path = path_of(app, list);
    let create = app.endpoints().iter().find(|e| e.nature == OperationKind::Create && e.path == list.path);
    if let Some(record) = record {
        three_versions(app, record, path.strip_suffix("/history").expect("a history"));
    } else if let Some(create) = create {
        three(app, create, &path);
    } else if let Some(step) =
        app.endpoints().iter().find(|e| e.nature == OperationKind::Action && e.path == list.path)
    {
        for n in 0..3 {
            let body = varied(step, &body_for(later(app), step, &path), n);
            app.all_powerful().post(&path, body).expect(200);
        }
    } else if let Some(webhook) = path.strip_suffix("/deliveries") {
        let test = format!("{webhook}/test");
        (0..3).for_each(|_| drop(later(app).all_powerful().post(&test, Value::Null)));
    } else if let Some(customer) = path.strip_suffix("/timeline") {
        three_versions(app, "/customers/{customer_id}", customer);
    } else if path.ends_with("/duplicates") {
        let first = doubles(app).into_iter().next()?;
        return Some(format!("/customers/{first}/duplicates"));
    }
    Some(path)
}

/// Changes a record there and back, or where nothing changes it, takes what steps it takes.
fn three_versions(app: &TestApp, pattern: &str, path: &str) {
    let client = app.all_powerful();
    let change = app.endpoints().iter().find(|e| e.nature == OperationKind::Change && e.path == pattern);
    if let Some(change) = change {
        let before = later(app).all_powerful().get(path).expect(200);
        let there = body_for(app, change, path);
        let back = undone(&there, &before.body);
        let changed = client.patch(path, &before.etag(), there).expect(200);
        later(app).all_powerful().patch(path, &changed.etag(), back);
    }
    for step in app.endpoints().iter().filter(|e| e.nature == OperationKind::Action) {
        let is_step = step.path.strip_prefix(pattern).and_then(|rest| rest.strip_prefix('/'));
        if let Some(name) = is_step.filter(|name| !name.contains('/') && !name.contains('{')) {
            if later(app).all_powerful().get(path).body["version"].as_i64() >= Some(4) {
                return;
            }
            client.post(&format!("{path}/{name}"), body_for(app, step, path));
        }
    }
}

/// The merge patch that takes another one back.
fn undone(patch: &Value, before: &Value) -> Value {
    match patch.as_object().filter(|_| before.is_object()) {
        Some(fields) => {
            fields.iter().map(|(name, value)| (name.clone(), undone(value, &before[name]))).collect()
        }
        None => before.clone(),
    }
}

/// Parts that differ from the others in what no example says.
fn more_parts(app: &TestApp, list: &str, path: &str) {
    let add = |body: Value| later(app).all_powerful().post(path, body).expect(201);
    match list {
        "listCustomerShares" => drop(add(json!({"team_id": app.seed.north}))),
        "listPrices" => {
            let product = make(app, "prd").id();
            add(json!({"product_id": product, "unit": "box", "min_quantity": "10", "unit_price": "240.00",
                       "valid_from": "2026-12-01"}));
        }
        // What is granted when the complaint is resolved; then it is opened again, so that more can follow.
        "listComplaintRemedies" => {
            let goods = json!([{"product_id": make(app, "prd").id(), "quantity": "1"}]);
            add(json!({"kind": "replacement", "amount": "1.00", "description": "A new box", "lines": goods}));
            let complaint = path.split('/').nth(2).expect("a complaint");
            ["resolve", "reopen"].iter().for_each(|step| take_step(app, "complaints", complaint, step));
        }
        _ => {}
    }
}

/// Customers that are all alike; their ids.
fn doubles(app: &TestApp) -> Vec<String> {
    let mut ids = Vec::new();
    let mut body = body_of(app, declared(app, "POST", "/customers"));
    for name in ["有限公司", "", "公司", "有限责任公司"] {
        body["name"] = json!(format!("重庆同名{name}"));
        let path = "/customers?allow_duplicate=true&duplicate_reason=Trade%20fair";
        ids.push(later(app).all_powerful().post(path, body.clone()).expect(201).id());
    }
    ids
}

/// A supplier that another one is like.
fn alike_supplier(app: &TestApp) -> String {
    let mut body = body_of(app, declared(app, "POST", "/suppliers"));
    let path = "/suppliers?allow_duplicate=true&duplicate_reason=Two%20branches";
    let mut enter = |name: &str| {
        body["name"] = json!(name);
        later(app).all_powerful().post(path, body.clone()).expect(201).id()
    };
    enter("宁波同名有限公司");
    enter("宁波同名公司")
}

/// What a create operation makes of its example with these fields changed.
fn add(app: &TestApp, path: &str, more: Value) -> Reply {
    let mut body = body_of(later(app), declared(app, "POST", path));
    more.as_object().into_iter().flatten().for_each(|(name, value)| body[name] = value.clone());
    app.all_powerful().post(path, body).expect(201)
}

/// Customers that somebody gave back.
fn pooled(app: &TestApp) {
    for customer in three(app, declared(app, "POST", "/customers"), "/customers") {
        take_step(later(app), "customers", &customer.id(), "release");
    }
}

/// A webhook of a machine client, a schedule that has run, and backups.
fn machines(app: &TestApp) {
    for (origin, failed) in [
        (BackupOrigin::Scheduled, Some("no room")),
        (BackupOrigin::Command, Some("no such folder")),
        (BackupOrigin::Scheduled, None),
    ] {
        noted_backup(later(app), origin, failed);
    }
    let machine = machine(later(app), json!({"scopes": ["webhooks:read", "webhooks:write"]}));
    machine.post("/webhooks", body_of(app, declared(app, "POST", "/webhooks"))).expect(201);
    for step in ["enable", "run"] {
        app.all_powerful()
            .post(&format!("/system/schedules/session-clearing/{step}"), Value::Null)
            .expect(200);
    }
}

/// The question for a price that there is.
fn priced(app: &TestApp) -> String {
    let (list, product) = (add(app, "/price-lists", json!({})).id(), make(app, "prd").id());
    let price = json!({"product_id": product, "unit_price": "12.50"});
    app.all_powerful().post(&format!("/price-lists/{list}/prices"), price).expect(201);
    take_step(app, "price-lists", &list, "activate");
    format!("/prices/resolve?product_id={product}&customer_id={}", make(app, "cus").id())
}

/// The history of feedback that two people acknowledged, one after the other.
fn acknowledged(app: &TestApp) -> String {
    let me = later(app).all_powerful();
    let people = ["admin", "manager"].map(|name| app.person(name).user.to_string());
    let to = json!({"relations": {"feedback": {"quality": {"user_ids": people}}}});
    me.patch("/settings", &me.get("/settings").expect(200).etag(), to).expect(200);
    let path = format!("/interactions/{}/feedback", make(app, "int").id());
    let feedback = app.as_role(Role::Clerk).post(&path, json!({"kind": "quality", "text": "The lids"}));
    let path = format!("/feedback/{}", feedback.expect(201).id());
    let acknowledge = format!("{path}/acknowledge");
    later(app).all_powerful().post(&acknowledge, Value::Null).expect(200);
    later(app).as_role(Role::Manager).post(&acknowledge, Value::Null).expect(200);
    format!("{path}/history")
}

/// The history of a change of an order that was proposed and rejected.
fn rejected(app: &TestApp) -> String {
    let order = make(app, "ord").id();
    ["submit", "approve", "confirm"].iter().for_each(|step| take_step(app, "orders", &order, step));
    let body = json!({"reason": "To the door", "delivery_terms": "DAP Lhasa"});
    let proposed =
        app.as_role(Role::Clerk).post(&format!("/orders/{order}/revision-proposals"), body).expect(201);
    let why = json!({"reason": "Too dear"});
    later(app).all_powerful().post(&format!("{}/reject", proposed.location()), why).expect(200);
    format!("{}/history", proposed.location())
}

/// One record of each kind that names another, with all that it can name.
fn chain(app: &TestApp) {
    let (me, admin) = (later(app).all_powerful(), app.person("admin").user.to_string());
    let outside = |name: &str| json!([{"system": "sap", "id": format!("chain-{name}")}]);
    // Whose owner has a team, which is that of what the customer asks and says.
    let customer = add(app, "/customers", json!({"owner_id": app.person("rep").user.to_string()})).id();
    let contacts = me.get(&format!("/customers/{customer}/contacts")).expect(200);
    let contact = contacts.rows()[0]["id"].clone();
    let order = add(
        app,
        "/orders",
        json!({"customer_id": customer, "contact_id": contact, "rep_id": admin,
               "region_id": make(app, "reg").id(), "external_ids": outside("order")}),
    );
    let product = order.body["lines"][0]["product_id"].clone();
    let of_order = json!({"customer_id": customer, "order_id": order.id()});
    let with = |more: Value| {
        let mut all = of_order.clone();
        more.as_object().into_iter().flatten().for_each(|(name, value)| all[name] = value.clone());
        all
    };
    let complaint = add(
        app,
        "/complaints",
        with(json!({"contact_id": contact, "product_id": product, "assignee_id": admin,
                    "external_ids": outside("complaint")})),
    );
    let task = add(
        app,
        "/tasks",
        with(json!({"complaint_id": complaint.id(), "assignee_id": admin, "external_ids": outside("task")})),
    );
    take_step(app, "tasks", &task.id(), "complete");
    let feedback = json!([{"kind": "price", "text": "Too dear", "product_id": product}]);
    add(
        app,
        "/interactions",
        with(json!({"contact_id": contact, "complaint_id": complaint.id(), "task_id": task.id(),
                    "feedback": feedback, "external_ids": outside("interaction")})),
    );
    let supplier = make(app, "sup").id();
    add(app, "/requests", json!({"department_id": null, "supplier_id": supplier, "about": null}));
}

/// An order of some weeks ago, shipped in parts on several days. Of what came back, one return has a complaint and an
/// exception behind it, and was replaced. The paths of the order's shipments and returns.
fn traded(app: &TestApp) -> [(&'static str, String); 2] {
    let mut lines = body_of(app, declared(app, "POST", "/orders"))["lines"].clone();
    lines[0]["quantity"] = json!("1000");
    let order = add(app, "/orders", json!({"order_date": "2026-11-02", "lines": lines}));
    ["submit", "approve", "confirm"].iter().for_each(|step| take_step(app, "orders", &order.id(), step));
    let line = order.body["lines"][0]["id"].clone();
    let [shipments, returns] = ["shipments", "returns"].map(|part| format!("/orders/{}/{part}", order.id()));
    for day in ["2026-11-03", "2026-11-05", "2026-11-09"] {
        let goods = json!([{"order_line_id": line, "quantity": "100"}]);
        let body = json!({"carrier": "SF Express", "tracking_number": format!("SF {day}"), "shipped_date": day,
                          "lines": goods});
        later(app).all_powerful().post(&shipments, body).expect(201);
    }
    let exception =
        add(app, "/order-exceptions", json!({"order_id": order.id(), "order_line_id": line})).id();
    let customer = &order.body["customer_id"];
    let complaint = add(app, "/complaints", json!({"customer_id": customer, "order_id": order.id()})).id();
    let back = declared(app, "POST", "/orders/{order_id}/returns");
    let made = ["1", "2", "3"].map(|quantity| {
        let mut body = body_for(later(app), back, &returns);
        body["lines"][0]["quantity"] = json!(quantity);
        if quantity == "1" {
            (body["complaint_id"], body["exception_id"]) = (json!(complaint), json!(exception));
            body["external_ids"] = json!([{"system": "sap", "id": "chain-return"}]);
        }
        app.all_powerful().post(&returns, body).expect(201).id()
    });
    ["approve", "receive", "replace"].iter().for_each(|step| take_step(app, "returns", &made[0], step));
    [("listOrderShipments", shipments), ("listOrderReturns", returns)]
}
