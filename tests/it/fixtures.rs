//! Records for tests that need some record of a kind and do not care which.
//!
//! A kind is named by its id prefix. Its record is made as the document shows it: by the create operation of
//! the collection that the kind is read from, with that operation's own example. Ids in the example are
//! replaced by ids of records made the same way, and what must be unique is made so. A kind that cannot be made
//! like this gets a function of its own in [`special`].

use salesdesk::base::http::{Endpoint, Nature};
use serde_json::{Value, json};

use crate::support::{Reply, TestApp, operation};

/// How to make a kind that its create operation's example cannot make; the function gives the created record.
fn special(prefix: &str) -> Option<fn(&TestApp) -> Reply> {
    match prefix {
        "usr" => Some(user),
        _ => None,
    }
}

/// A user without a password: hashing one takes its time.
fn user(app: &TestApp) -> Reply {
    let name = format!("user{}", app.unique());
    app.all_powerful().post("/users", json!({"username": name, "name": name, "role": "clerk"}))
}

/// A new record of the kind that this id prefix names, as its creation was answered.
pub fn make(app: &TestApp, prefix: &str) -> Reply {
    if let Some(make) = special(prefix) {
        return make(app).expect(201);
    }
    let read = app
        .endpoints()
        .iter()
        .find(|e| e.nature == Nature::Read && e.path_prefixes == [Some(prefix)] && e.path.ends_with('}'));
    let collection = read.and_then(|e| e.path.rsplit_once('/')).map(|(collection, _)| collection);
    let create = app.endpoints().iter().find(|e| e.nature == Nature::Create && Some(e.path) == collection);
    let create = create
        .unwrap_or_else(|| panic!("say in tests/it/fixtures.rs how to make a record with an id {prefix}_…"));
    created_by(app, create).expect(201)
}

/// What a create operation answers to its own example.
pub fn created_by(app: &TestApp, create: &Endpoint) -> Reply {
    app.all_powerful().post(&path_of(app, create), body_of(app, create))
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
        [Some(prefix)] => vec![make(app, prefix).id()],
        [Some(parent), Some(part)] => {
            let parent = make(app, parent);
            let part = part_of(app, endpoint, &parent, part);
            vec![parent.id(), part]
        }
        [None] => vec!["validation_failed".into()],
        other => other.iter().map(|_| format!("text{}", app.unique())).collect(),
    }
}

/// The id of a part of a record: one that it has from the start, or else one that is added.
fn part_of(app: &TestApp, endpoint: &Endpoint, parent: &Reply, prefix: &str) -> String {
    if let Some(id) = id_within(&parent.body, prefix) {
        return id;
    }
    let parts = endpoint.path.rsplit_once("/{").map(|(parts, _)| parts);
    let add = app.endpoints().iter().find(|e| e.nature == Nature::Create && Some(e.path) == parts);
    let add = add.unwrap_or_else(|| panic!("nothing adds a {prefix}_… for {}", endpoint.path));
    let added = app.all_powerful().post(&filled(add.path, &[parent.id()]), body_of(app, add)).expect(201);
    id_within(&added.body, prefix).unwrap_or_else(|| panic!("no {prefix}_… in {added}"))
}

fn id_within(value: &Value, prefix: &str) -> Option<String> {
    match value {
        Value::String(text) if prefix_of(text) == Some(prefix) => Some(text.clone()),
        Value::Array(items) => items.iter().find_map(|v| id_within(v, prefix)),
        Value::Object(fields) => fields.values().find_map(|v| id_within(v, prefix)),
        _ => None,
    }
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
    body
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
            if let Some(prefix) = prefix_of(text) {
                *text = make(app, prefix).id();
            } else if ["code", "sku", "username"].contains(&name) {
                *text = format!("{text}{}", app.unique());
            }
        }
        _ => {}
    }
}
