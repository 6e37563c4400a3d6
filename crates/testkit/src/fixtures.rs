//! Records for tests that need some record of a kind and do not care which.
//!
//! A kind is named by its id prefix. Its record is made as the document shows it: by the create operation of
//! the collection that the kind is read from, with that operation's own example. Ids in the example are
//! replaced by ids of records made the same way, and what must be unique is made so. A kind that cannot be made
//! like this gets a function of its own in `special`; a step that is not possible at the beginning of a record's
//! life gets the way to it in `in_time`.

use std::sync::Arc;

use salesdesk::backups::manifest::{Engine, Manifest};
use salesdesk::backups::model::{BackupId, BackupOrigin};
use salesdesk::backups::store::Store;
use salesdesk::backups::tools::Tools;
use salesdesk::backups::work::{self, Order};
use salesdesk::base::auth::{Caller, Role};
use salesdesk::base::db::Tx;
use salesdesk::base::http::{Endpoint, Method, OperationKind};
use salesdesk::notifications::{Notice, notify};
use salesdesk::tasks::TaskId;
use serde_json::{Value, json};

use crate::support::{Reply, TestApp, operation};

/// How to make a kind that its create operation's example cannot make; the function gives the created record.
fn special(prefix: &str) -> Option<fn(&TestApp) -> Reply> {
    match prefix {
        "usr" => Some(user),
        "ord" => Some(order),
        "shp" => Some(shipment),
        "ntf" => Some(notification),
        "cmp" => Some(complaint),
        "fbk" => Some(feedback),
        "msg" => Some(delivery),
        "mal" => Some(mail),
        "bak" => Some(backup),
        _ => None,
    }
}

/// A user without a password: hashing one takes its time.
fn user(app: &TestApp) -> Reply {
    let name = format!("user{}", app.unique());
    app.all_powerful().post("/users", json!({"username": name, "name": name, "role": "clerk"})).expect(201)
}

/// An order of one line, which is large enough to be shipped in many parts.
fn order(app: &TestApp) -> Reply {
    let mut body = body_of(app, declared(app, "POST", "/orders"));
    body["lines"][0]["quantity"] = json!("1000");
    app.all_powerful().post("/orders", body).expect(201)
}

/// A shipment of a part of an order.
fn shipment(app: &TestApp) -> Reply {
    created_by(app, declared(app, "POST", "/orders/{order_id}/shipments")).expect(201)
}

/// A complaint that somebody looks after.
fn complaint(app: &TestApp) -> Reply {
    let received = created_by(app, declared(app, "POST", "/complaints")).expect(201);
    app.all_powerful().post(&format!("/complaints/{}/acknowledge", received.id()), json!(null)).expect(200)
}

/// Feedback that the one with all scopes is to acknowledge, because the settings send it to them.
fn feedback(app: &TestApp) -> Reply {
    let me = app.all_powerful();
    let settings = me.get("/settings").expect(200);
    let admin = json!([app.person("admin").user.to_string()]);
    if settings.body["relations"]["feedback"]["quality"]["user_ids"] != admin {
        let to = json!({"relations": {"feedback": {"quality": {"user_ids": admin}}}});
        me.patch("/settings", &settings.etag(), to).expect(200);
    }
    let body = json!({"kind": "quality", "text": "The lids do not close well"});
    let path = format!("/interactions/{}/feedback", make(app, "int").id());
    app.as_role(Role::Clerk).post(&path, body).expect(201)
}

/// A remedy that waits for approval, and was not proposed by the one with all scopes.
fn remedy(app: &TestApp) -> Vec<String> {
    let complaint = make(app, "cmp").id();
    let body = json!({"kind": "credit", "amount": "99999.00", "description": "Everything"});
    let remedy =
        app.as_role(Role::Clerk).post(&format!("/complaints/{complaint}/remedies"), body).expect(201);
    vec![complaint, remedy.id()]
}

/// A change of a confirmed order that waits for approval, and was not proposed by the one with all scopes.
fn proposal(app: &TestApp) -> Vec<String> {
    let order = make(app, "ord").id();
    ["submit", "approve", "confirm"].iter().for_each(|step| take_step(app, "orders", &order, step));
    let body = json!({"reason": "They want it delivered to the door", "delivery_terms": "DAP Lhasa"});
    let proposals = format!("/orders/{order}/revision-proposals");
    let proposal = app.as_role(Role::Clerk).post(&proposals, body).expect(201);
    vec![order, proposal.id()]
}

/// Something that the one with all scopes is told: it comes of what happens, and nobody enters it.
fn notification(app: &TestApp) -> Reply {
    told(app, "admin");
    let me = app.all_powerful();
    let newest = me.get("/me/notifications?limit=1&sort=-created_at").expect(200);
    me.get(&format!("/me/notifications/{}", newest.rows()[0]["id"].as_str().expect("an id"))).expect(200)
}

/// Tells a test person something.
pub fn told(app: &TestApp, username: &str) {
    let person = app.person(username).user;
    let tell = move |tx: &mut Tx| {
        let params = [("subject", "Count the boxes".to_owned())];
        let notice = Notice { code: "task_done", kind: TaskId::KIND, record: person.0, params: &params };
        notify(tx, [person], &notice)
    };
    app.core.write_as(Arc::new(Caller::system("test")), tell).expect("told");
}

/// A delivery that waits to be sent.
fn delivery(app: &TestApp) -> Reply {
    app.all_powerful().post(&format!("/webhooks/{}/test", make(app, "whk").id()), Value::Null)
}

/// A backup that failed, as the program notes it.
fn backup(app: &TestApp) -> Reply {
    let id = noted_backup(app, BackupOrigin::Command, Some("no room"));
    app.all_powerful().get(&format!("/system/backups/{id}")).expect(200)
}

/// Notes a backup that succeeded, or failed for this reason.
pub fn noted_backup(app: &TestApp, origin: BackupOrigin, failed: Option<&str>) -> BackupId {
    let now = app.core.clock.now();
    let order = Order {
        store: Store::Folder("/backup".into()),
        place: "/backup".into(),
        name: Store::new_name(now),
        origin,
        passphrase: None,
        tools: Tools::default(),
        now,
    };
    let id = work::begin(&app.core, &order).expect("noted").expect("no other runs");
    let engine = Engine::of(&app.core.engine.target);
    let manifest = Manifest::new(&order.name, engine, now, &app.core.vault);
    work::end(&app.core, id, failed.map_or(Ok(manifest), |why| Err(why.into()))).expect("noted");
    id
}

/// An e-mail that waits to be sent.
fn mail(app: &TestApp) -> Reply {
    app.all_powerful().post("/system/mails/test", json!({"to": "it@example.com"}))
}

/// A record at the point of its life where the operation is possible; None where that is the beginning.
fn in_time(app: &TestApp, path: &str) -> Option<Reply> {
    let (collection, rest) = path[1..].split_once('/')?;
    let (_, step) = rest.split_once('/')?;
    let after = |prefix: &str, steps: &[&str]| {
        let record = make(app, prefix);
        steps.iter().for_each(|step| take_step(app, collection, &record.id(), step));
        Some(record)
    };
    match (collection, step) {
        ("customers", "unmerge") => after("cus", &["merge"]),
        ("customers", "claim") => after("cus", &["release"]),
        ("customers", "mark-dormant") => after("cus", &["activate"]),
        ("customers", "unblock") => after("cus", &["block"]),
        ("webhooks", "enable") => after("whk", &["disable"]),
        ("clients", "resume") => after("cli", &["suspend"]),
        ("users", "unblock") => after("usr", &["block"]),
        ("products", "discontinue") => after("prd", &["activate"]),
        ("products", "reactivate") => after("prd", &["activate", "discontinue"]),
        ("price-lists", "retire") => after("pls", &["activate"]),
        ("orders", "withdraw" | "reject" | "approve" | "hold") => after("ord", &["submit"]),
        ("orders", "override") => {
            let order = after("ord", &["submit"])?;
            let customer = order.body["customer_id"].as_str().expect("a customer");
            let terms = json!({"credit_limit": "1.00", "payment_days": 30, "reason": "They do not pay"});
            app.all_powerful().post(&format!("/customers/{customer}/credit-terms"), terms).expect(200);
            Some(order)
        }
        ("orders", "release") => after("ord", &["submit", "hold"]),
        ("orders", "confirm") => after("ord", &["submit", "approve"]),
        ("orders", "shipments" | "revisions" | "revision-proposals") => {
            after("ord", &["submit", "approve", "confirm"])
        }
        ("orders", "close-short") => after("ord", &["submit", "approve", "confirm", "shipments"]),
        ("orders", "complete") => {
            let order = after("ord", &["submit", "approve", "confirm"])?;
            let all = app.all_powerful().post(&format!("/orders/{}/shipments", order.id()), json!({}));
            take_step(app, "shipments", &all.expect(201).id(), "deliver");
            Some(order)
        }
        ("orders", "returns") => Some(shipped(app)),
        ("order-exceptions", "close" | "reopen") => after("exc", &["resolve"]),
        ("order-exceptions", "unblock") => after("exc", &["block"]),
        ("returns", "receive") => after("ret", &["approve"]),
        ("returns", "credit" | "replace") => after("ret", &["approve", "receive"]),
        ("returns", "close") => after("ret", &["approve", "receive", "credit"]),
        ("complaints", "acknowledge") => {
            Some(created_by(app, declared(app, "POST", "/complaints")).expect(201))
        }
        ("complaints", "propose") => after("cmp", &["investigate"]),
        ("complaints", "close" | "reopen") => after("cmp", &["resolve"]),
        ("complaints", "resume") => after("cmp", &["wait"]),
        ("suppliers", "unblock") => after("sup", &["block"]),
        ("requests", "start" | "finish" | "propose-date") => after("rqs", &["accept"]),
        ("requests", "agree-date" | "insist") => after("rqs", &["accept", "propose-date"]),
        ("me", "read-all") => {
            told(app, "admin");
            None
        }
        ("me", "{notification_id}/unread") => {
            let told = make(app, "ntf");
            app.all_powerful()
                .post(&format!("/me/notifications/{}/read", told.id()), json!(null))
                .expect(200);
            Some(told)
        }
        _ => None,
    }
}

/// Takes a step with the example of its own operation.
pub fn take_step(app: &TestApp, collection: &str, id: &str, step: &str) {
    let is_it = |e: &Endpoint| {
        let parts: Vec<&str> = e.path.split('/').collect();
        e.method == Method::Post && matches!(parts[..], ["", c, _, s] if c == collection && s == step)
    };
    let endpoint = app.endpoints().iter().find(|e| is_it(e)).expect("a step");
    let path = filled(endpoint.path, &[id.to_owned()]);
    let reply = app.all_powerful().post(&path, body_for(app, endpoint, &path));
    assert!(reply.status < 300, "{reply}");
}

pub fn declared<'a>(app: &'a TestApp, method: &str, path: &str) -> &'a Endpoint {
    let found = app.endpoints().iter().find(|e| e.method.as_str() == method && e.path == path);
    found.unwrap_or_else(|| panic!("there is no {method} {path}"))
}

/// A new record of the kind that this id prefix names, as its creation was answered.
pub fn make(app: &TestApp, prefix: &str) -> Reply {
    if prefix == "job" {
        return created_by(app, declared(app, "POST", "/exports")).expect(202);
    }
    if let Some(make) = special(prefix) {
        let made = make(app);
        assert!([200, 201].contains(&made.status), "{made}");
        return made;
    }
    let read = app.endpoints().iter().find(|e| {
        e.nature == OperationKind::Read && e.path_prefixes == [Some(prefix)] && e.path.ends_with('}')
    });
    let collection = read.and_then(|e| e.path.rsplit_once('/')).map(|(collection, _)| collection);
    let create =
        app.endpoints().iter().find(|e| e.nature == OperationKind::Create && Some(e.path) == collection);
    let create = create.unwrap_or_else(|| {
        panic!("say in crates/testkit/src/fixtures.rs how to make a record with an id {prefix}_…")
    });
    created_by(app, create).expect(201)
}

/// What a create operation answers to its own example.
pub fn created_by(app: &TestApp, create: &Endpoint) -> Reply {
    let (path, body) = request_of(app, create);
    app.all_powerful().post(&path, body)
}

/// The operation's path and body, with records in their places.
pub fn request_of(app: &TestApp, endpoint: &Endpoint) -> (String, Value) {
    let path = path_of(app, endpoint);
    let body = body_for(app, endpoint, &path);
    (path, body)
}

/// The operation's body for this path: what it names beside the example belongs to the path's record.
pub fn body_for(app: &TestApp, endpoint: &Endpoint, path: &str) -> Value {
    let mut body = body_of(app, endpoint);
    if endpoint.nature == OperationKind::Create && endpoint.path == "/orders/{order_id}/shipments" {
        // A part only, so that there is something to ship the next time.
        let order = app.all_powerful().get(path.trim_end_matches("/shipments")).expect(200);
        body["lines"] = json!([{"order_line_id": order.body["lines"][0]["id"], "quantity": "1"}]);
    }
    if endpoint.nature == OperationKind::Create && endpoint.path == "/orders/{order_id}/returns" {
        let order = app.all_powerful().get(path.trim_end_matches("/returns")).expect(200);
        body["lines"][0]["order_line_id"] = order.body["lines"][0]["id"].clone();
    }
    body
}

/// The operation's path with records in its places.
pub fn path_of(app: &TestApp, endpoint: &Endpoint) -> String {
    filled(endpoint.path, &arguments(app, endpoint))
}

/// The operation's path with ids in its places that no record has.
pub fn path_to_nothing(endpoint: &Endpoint) -> String {
    let nothing = |prefix: &Option<&str>| match prefix {
        Some(prefix) => format!("{prefix}_{:032x}", 0x0192_0000_7000_8000_0000_0000_0000_0001_u128),
        None => "nothing-of-this-name".into(),
    };
    filled(endpoint.path, &endpoint.path_prefixes.iter().map(nothing).collect::<Vec<_>>())
}

pub fn filled(path: &str, arguments: &[String]) -> String {
    let mut arguments = arguments.iter();
    let parts = path.split('/').map(|part| match part.starts_with('{') {
        true => arguments.next().expect("an argument for each place").clone(),
        false => part.to_owned(),
    });
    parts.collect::<Vec<_>>().join("/")
}

fn arguments(app: &TestApp, endpoint: &Endpoint) -> Vec<String> {
    match endpoint.path_prefixes {
        [] => vec![],
        // Made by every write.
        [Some("evt")] => {
            let trail = app.all_powerful().get("/audit-log?limit=1").expect(200);
            vec![trail.rows()[0]["id"].as_str().expect("an id").to_owned()]
        }
        [Some(prefix)] => vec![in_time(app, endpoint.path).unwrap_or_else(|| make(app, prefix)).id()],
        [Some("cmp"), Some("rmd")] => remedy(app),
        [Some("ord"), Some("orp")] => proposal(app),
        [Some(parent), _] => part_of(app, endpoint, make(app, parent).id()),
        [None] if endpoint.path == "/deadlines/{record_id}" => vec![make(app, "cmp").id()],
        [None] if endpoint.path.starts_with("/system/schedules/") => vec![schedule(app, endpoint.path)],
        [None] => vec!["validation_failed".into()],
        names => {
            let names: Vec<String> = names.iter().map(|_| format!("text{}", app.unique())).collect();
            let puts = |e: &Endpoint| e.nature == OperationKind::Upsert && e.path == endpoint.path;
            let put = app.endpoints().iter().find(|e| puts(e) && endpoint.nature != OperationKind::Upsert);
            if let Some(put) = put {
                app.all_powerful().put(&filled(put.path, &names), body_of(app, put)).expect(201);
            }
            names
        }
    }
}

/// A record and a part that is added to it, as the part's `Location` names them.
fn part_of(app: &TestApp, endpoint: &Endpoint, parent: String) -> Vec<String> {
    let parts = endpoint.path.rsplit_once("/{").map(|(parts, _)| parts);
    let add = app.endpoints().iter().find(|e| e.nature == OperationKind::Create && Some(e.path) == parts);
    let add = add.unwrap_or_else(|| panic!("nothing adds what {} names", endpoint.path));
    let added = app
        .all_powerful()
        .post(&filled(add.path, std::slice::from_ref(&parent)), body_of(app, add))
        .expect(201);
    let part = added.location().rsplit('/').next().expect("a part").to_owned();
    vec![parent, part]
}

/// The name of a schedule with which the operation is possible.
fn schedule(app: &TestApp, path: &str) -> String {
    let name = "session-clearing";
    let first = if path.ends_with("/enable") { "disable" } else { "enable" };
    app.all_powerful().post(&format!("/system/schedules/{name}/{first}"), Value::Null).expect(200);
    name.to_owned()
}

/// The prefix of a text that is an id.
fn prefix_of(text: &str) -> Option<&str> {
    let (prefix, digits) = text.split_once('_')?;
    let is_id = digits.len() == 32 && digits.bytes().all(|b| b.is_ascii_hexdigit());
    is_id.then_some(prefix)
}

/// The request example of an operation.
pub fn example_of(endpoint: &Endpoint) -> Option<&'static Value> {
    let content = operation(endpoint)["requestBody"]["content"].as_object()?;
    content.values().next().map(|media| &media["example"])
}

/// The request example, with records where it names some, and like no other record.
pub fn body_of(app: &TestApp, endpoint: &Endpoint) -> Value {
    let mut body = example_of(endpoint).cloned().unwrap_or(Value::Null);
    settle(app, "", &mut body);
    if endpoint.path == "/sla-policies" {
        one_of_each(app, endpoint.path, &mut body, "severity", &["low", "normal", "high", "critical"]);
    }
    if endpoint.path == "/visit-policies" {
        let causes = ["order_delivered", "order_completed", "complaint_resolved"];
        one_of_each(app, endpoint.path, &mut body, "cause", &causes);
    }
    if ["/customers", "/suppliers"].contains(&endpoint.path) {
        // Like no other, so that nobody asks whether it is there already.
        let n = app.unique();
        for name in ["name", "short_name"] {
            body[name] = json!(format!("{} {n}", body[name].as_str().unwrap_or_default()));
        }
        let number = json!(format!("+86 139{n:08}"));
        match endpoint.path {
            "/suppliers" => body["phone"] = number,
            _ => body["contacts"][0]["mobile"] = number,
        }
    }
    if body["lines"][0]["order_line_id"].is_string() && body["order_id"].is_string() {
        let order = shipped(app);
        body["order_id"] = json!(order.id());
        body["lines"][0]["order_line_id"] = order.body["lines"][0]["id"].clone();
    } else if body["order_id"].is_string()
        && (endpoint.nature == OperationKind::Upsert || endpoint.path == "/order-exceptions")
    {
        body["order_id"] = json!(confirmed(app).id());
    }
    body
}

/// A policy for words and a tier that have none yet: there is one of each.
fn one_of_each(app: &TestApp, path: &str, body: &mut Value, field: &str, words: &[&str]) {
    let there = app.all_powerful().get(&format!("{path}?limit=200")).expect(200);
    let taken = |word: &str, tier: &str| {
        there.rows().iter().any(|policy| policy[field] == word && policy["customer_tier"] == tier)
    };
    let each = ["a", "b", "c", "d"].iter().flat_map(|tier| words.iter().map(move |word| (*word, *tier)));
    let (word, tier) = each.into_iter().find(|(word, tier)| !taken(word, tier)).expect("one that is free");
    (body[field], body["customer_tier"]) = (json!(word), json!(tier));
}

/// An order that can be shipped.
fn confirmed(app: &TestApp) -> Reply {
    let order = make(app, "ord");
    ["submit", "approve", "confirm"].iter().for_each(|step| take_step(app, "orders", &order.id(), step));
    order
}

/// An order that was shipped as a whole.
fn shipped(app: &TestApp) -> Reply {
    let order = confirmed(app);
    app.all_powerful().post(&format!("/orders/{}/shipments", order.id()), json!({})).expect(201);
    order
}

fn settle(app: &TestApp, name: &str, value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(|v| settle(app, name, v)),
        Value::Object(fields) => {
            // Each names one record only; none of them is needed.
            for name in ["external_ids", "barcode", "tax_id"] {
                fields.remove(name);
            }
            fields.iter_mut().for_each(|(name, v)| settle(app, name, v));
        }
        Value::String(text) => {
            // A line is one of the order that is named beside it.
            if let Some(prefix) = prefix_of(text).filter(|prefix| *prefix != "oln") {
                *text = make(app, prefix).id();
            } else if ["code", "sku", "username"].contains(&name) {
                *text = format!("{text}{}", app.unique());
            }
        }
        _ => {}
    }
}
