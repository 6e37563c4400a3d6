//! A company with records of every kind, in every state and each a little different: for tests that read.
//!
//! It is made once for each engine, by the product's own requests, and copied for each test. It begins as the demo;
//! then every operation that creates something is asked three times, and every step in a life is taken once, where the
//! fixtures know how. So a new area has rows in its lists without a word here. [`chain`] adds what no example shows:
//! records that name all the others that they may name.

use std::collections::BTreeMap;

use salesdesk::base::http::{Endpoint, Nature};
use salesdesk::demo;
use serde_json::{Value, json};

use crate::fixtures::{body_for, body_of, declared, make, path_of, request_of, take_step, told};
use crate::support::{NOW, Reply, TestApp, make_room, operation, resolve};

/// What a test must know of the company beside its database.
#[derive(Debug)]
pub struct Company {
    /// For each list whose path names a record: the path of one that has parts enough.
    pub lists: BTreeMap<&'static str, String>,
    /// How many names were given; a copy gives others.
    pub named: u64,
}

/// Fills a fresh database of the tests.
pub fn found(app: &TestApp) -> Company {
    make_room(app);
    demo::seed(&app.core).expect("the demo");
    // Since the night; each record a little after the one before, so that times differ.
    app.core.clock.set(NOW.plus_seconds(-9 * 3600));
    let mut company = Company { lists: BTreeMap::new(), named: 0 };
    for create in app.endpoints().iter().filter(|e| e.nature == Nature::Create && e.path_prefixes.is_empty())
    {
        three(app, create, create.path);
    }
    for start in app.endpoints().iter().filter(|e| e.nature == Nature::Start && e.path == "/exports") {
        (0..3).for_each(|_| drop(later(app).all_powerful().post(start.path, body_of(app, start))));
    }
    for step in app.endpoints().iter().filter(|e| e.nature == Nature::Action) {
        let (path, body) = request_of(later(app), step);
        app.all_powerful().post(&path, body);
    }
    for put in app.endpoints().iter().filter(|e| e.nature == Nature::Upsert) {
        app.all_powerful().put(&path_of(later(app), put), body_of(app, put)).expect(201);
    }
    chain(app);
    doubles(app);
    (0..3).for_each(|_| told(later(app), "admin"));
    for list in app.endpoints().iter().filter(|e| e.nature == Nature::List) {
        if let Some(path) = with_parts(app, list) {
            company.lists.insert(list.operation_id, path);
        }
    }
    app.run_background();
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

/// A body like this one that also names other records, and what another system calls the new one.
fn related(app: &TestApp, endpoint: &Endpoint, body: &Value, parent: Option<&str>, n: usize) -> Value {
    let mut body = body.clone();
    let Some(fields) = body_schema(endpoint).and_then(|s| s["properties"].as_object()) else { return body };
    for (name, field) in fields.iter().filter(|_| n > 0) {
        let pattern = resolve(field)["pattern"].as_str().unwrap_or_default();
        let id = match pattern.strip_prefix('^').and_then(|p| p.split('_').next()) {
            _ if name == "external_ids" => {
                body[name] = json!([{"system": "sap", "id": format!("{}-{n}", endpoint.operation_id)}]);
                continue;
            }
            _ if name == "parent_id" => parent.map(str::to_owned),
            Some("usr") => Some(app.person(["admin", "clerk", "rep"][n]).user.to_string()),
            Some("tem") => Some([app.seed.north, app.seed.south][n - 1].to_string()),
            Some(prefix @ ("cat" | "prd" | "reg" | "cus")) if n == 2 => Some(make(app, prefix).id()),
            _ => None,
        };
        if let (Some(id), true) = (id, body[name].is_null()) {
            body[name] = json!(id);
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
    let create = app.endpoints().iter().find(|e| e.nature == Nature::Create && e.path == list.path);
    if let Some(record) = record {
        three_versions(app, record, path.strip_suffix("/history").expect("a history"));
    } else if let Some(create) = create {
        three(app, create, &path);
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
    let change = app.endpoints().iter().find(|e| e.nature == Nature::Change && e.path == pattern);
    if let Some(change) = change {
        let before = later(app).all_powerful().get(path).expect(200);
        let there = body_for(app, change, path);
        let names = there.as_object().into_iter().flatten().map(|(name, _)| name.clone());
        let back: Value = names.map(|name| (name.clone(), before.body[&name].clone())).collect();
        let changed = client.patch(path, &before.etag(), there).expect(200);
        later(app).all_powerful().patch(path, &changed.etag(), back);
    }
    for step in app.endpoints().iter().filter(|e| e.nature == Nature::Action) {
        let is_step = step.path.strip_prefix(pattern).and_then(|rest| rest.strip_prefix('/'));
        if let Some(name) = is_step.filter(|name| !name.contains('/') && !name.contains('{')) {
            if later(app).all_powerful().get(path).body["version"].as_i64() >= Some(4) {
                return;
            }
            client.post(&format!("{path}/{name}"), body_for(app, step, path));
        }
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

/// One record of each kind that names another, with all that it can name.
fn chain(app: &TestApp) {
    let (me, admin) = (later(app).all_powerful(), app.person("admin").user.to_string());
    let outside = |name: &str| json!([{"system": "sap", "id": format!("chain-{name}")}]);
    let add = |path: &str, more: Value| {
        let mut body = body_of(app, declared(app, "POST", path));
        for (name, value) in more.as_object().expect("fields") {
            body[name] = value.clone();
        }
        later(app).all_powerful().post(path, body).expect(201)
    };
    let customer = make(app, "cus").id();
    let contacts = me.get(&format!("/customers/{customer}/contacts")).expect(200);
    let contact = contacts.rows()[0]["id"].clone();
    let order = add(
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
        "/complaints",
        with(json!({"contact_id": contact, "product_id": product, "assignee_id": admin,
                    "external_ids": outside("complaint")})),
    );
    let task = add(
        "/tasks",
        with(json!({"complaint_id": complaint.id(), "assignee_id": admin, "external_ids": outside("task")})),
    );
    take_step(app, "tasks", &task.id(), "complete");
    let feedback = json!([{"kind": "price", "text": "Too dear", "product_id": product}]);
    add(
        "/interactions",
        with(json!({"contact_id": contact, "complaint_id": complaint.id(), "task_id": task.id(),
                    "feedback": feedback, "external_ids": outside("interaction")})),
    );
    add("/requests", json!({"department_id": null, "supplier_id": make(app, "sup").id(), "about": null}));
    replaced(app);
}

/// A return that came of a complaint and an exception, and was replaced.
fn replaced(app: &TestApp) {
    let back = declared(app, "POST", "/orders/{order_id}/returns");
    let path = path_of(app, back);
    let order = app.all_powerful().get(path.trim_end_matches("/returns")).expect(200);
    let of = |path: &str, more: Value| {
        let mut body = body_of(app, declared(app, "POST", path));
        more.as_object().into_iter().flatten().for_each(|(name, value)| body[name] = value.clone());
        later(app).all_powerful().post(path, body).expect(201).id()
    };
    let exception = of("/order-exceptions", json!({"order_id": order.id()}));
    let complaint =
        of("/complaints", json!({"customer_id": order.body["customer_id"], "order_id": order.id()}));
    let mut body = body_for(app, back, &path);
    body["complaint_id"] = json!(complaint);
    body["exception_id"] = json!(exception);
    body["external_ids"] = json!([{"system": "sap", "id": "chain-return"}]);
    let made = app.all_powerful().post(&path, body).expect(201).id();
    ["approve", "receive", "replace"].iter().for_each(|step| take_step(app, "returns", &made, step));
}
