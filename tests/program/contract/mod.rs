//! The conventions, on every operation that is declared: nothing here names one, so a new endpoint is held to
//! them from its first day. What holds for every single answer is in [`TestApp::examine`](testkit::support).
//!
//! A promise that no answer showed is not kept, but only not broken. So each test says where its promise applies and
//! where it was really looked at ([`ledger`]): a place that was not looked at is a failure, unless a list of
//! exceptions says why. Tests that read lists do so in a company that has rows enough ([`testkit::company`]).
//! `tests/faults.sh` puts faults into the product on purpose, each of which turns one of these tests red.

mod access;
mod answers;
mod bodies;
mod external_ids;
mod filters;
mod histories;
mod ledger;
mod lists;
mod meanings;
mod parameters;
mod shown;
mod sorts;
mod writes;

use salesdesk::base::http::{Access, Endpoint, Media, OperationKind};
use serde_json::Value;

use ledger::{Exception, Looks};
use testkit::fixtures::{example_of, path_to_nothing};
use testkit::support::{Client, FORM, Reply, TestApp, form_of};

/// Runs a check on each endpoint and tells of all that fail it at once. The check looks at the promise every time.
fn each(app: &TestApp, of: impl Fn(&Endpoint) -> bool, check: impl Fn(&Endpoint)) {
    each_where(app, of, &[], |endpoint, looks| {
        looks.looked(endpoint.operation_id);
        check(endpoint);
    });
}

/// The same; but the check says itself where the promise applies and where it was looked at.
fn each_where(
    app: &TestApp,
    of: impl Fn(&Endpoint) -> bool,
    exceptions: &[Exception],
    check: impl Fn(&Endpoint, &Looks),
) {
    let looks = Looks::default();
    let mut failed = Vec::new();
    let endpoints: Vec<_> = app.endpoints().iter().filter(|e| of(e)).collect();
    assert!(!endpoints.is_empty(), "no operation was checked");
    for endpoint in endpoints {
        let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| check(endpoint, &looks)));
        if outcome.is_err() {
            failed.push(endpoint.operation_id);
        }
    }
    assert!(failed.is_empty(), "these operations break it (see above): {failed:?}");
    looks.close(app.promise, if app.is_sqlite() { "sqlite" } else { "postgres" }, exceptions);
}

fn all(_: &Endpoint) -> bool {
    true
}

/// What asks for a token. Where a machine client proves itself by its secret, the handler looks, after the body.
fn protected(endpoint: &Endpoint) -> bool {
    !matches!(endpoint.access, Access::Public | Access::Client(_))
}

fn with_json(endpoint: &Endpoint) -> bool {
    endpoint.body.as_ref().is_some_and(|b| b.media == Media::Json)
}

fn with_form(endpoint: &Endpoint) -> bool {
    endpoint.body.as_ref().is_some_and(|b| b.media == Media::Form)
}

fn with_file(endpoint: &Endpoint) -> bool {
    endpoint.body.as_ref().is_some_and(|b| matches!(b.media, Media::File(_)))
}

/// What has a body that a schema describes.
fn with_body(endpoint: &Endpoint) -> bool {
    with_json(endpoint) || with_form(endpoint)
}

fn media_type(endpoint: &Endpoint) -> &'static str {
    salesdesk::base::http::dispatch::media_types(endpoint)[0]
}

/// The client with all that the operation needs beside path and body.
fn ready<'a>(client: Client<'a>, endpoint: &Endpoint) -> Client<'a> {
    if endpoint.nature.needs_version() { client.with("if-match", "\"1\"") } else { client }
}

/// Sends the operation's own example, about a record that is not there.
fn send_about_nothing(client: &Client, endpoint: &Endpoint) -> Reply {
    send(client, endpoint, &path_to_nothing(endpoint), example_of(endpoint).cloned())
}

fn send(client: &Client, endpoint: &Endpoint, path: &str, body: Option<Value>) -> Reply {
    let client = ready(client.clone(), endpoint);
    match body {
        Some(body) if with_form(endpoint) => {
            client.raw(endpoint.method.as_str(), path, FORM, written(endpoint, &body))
        }
        Some(body) if with_file(endpoint) => {
            let file = body.as_str().expect("a text that stands for a file");
            client.raw(endpoint.method.as_str(), path, media_type(endpoint), file)
        }
        body => client.send(endpoint.method.as_str(), path, body),
    }
}

/// A body as the operation takes it: JSON, or the same fields as a form.
fn written(endpoint: &Endpoint, body: &Value) -> String {
    if !with_form(endpoint) {
        return body.to_string();
    }
    let fields = body.as_object().expect("the fields of a form");
    let fields: Vec<(&str, &str)> =
        fields.iter().map(|(n, v)| (n.as_str(), v.as_str().expect("a text"))).collect();
    form_of(&fields)
}

fn raw(app: &TestApp, endpoint: &Endpoint, media_type: &str, body: &[u8]) -> Reply {
    let client = ready(app.all_powerful(), endpoint);
    client.raw(endpoint.method.as_str(), &path_to_nothing(endpoint), media_type, body)
}

/// The path with one more query parameter.
fn with_query(path: &str, query: &str) -> String {
    format!("{path}{}{query}", if path.contains('?') { '&' } else { '?' })
}

/// The path with these query parameters, in place of what it says of the same.
fn with_instead(path: &str, query: &str) -> String {
    let name = |said: &str| said.split('=').next().unwrap_or_default().to_owned();
    let names: Vec<String> = query.split('&').map(name).collect();
    let (path, before) = path.split_once('?').unwrap_or((path, ""));
    let kept = before.split('&').filter(|said| !said.is_empty() && !names.contains(&name(said)));
    format!("{path}?{}", kept.chain([query]).collect::<Vec<_>>().join("&"))
}

fn lists(endpoint: &Endpoint) -> bool {
    endpoint.nature == OperationKind::List
}
fn creates(endpoint: &Endpoint) -> bool {
    endpoint.nature == OperationKind::Create
}

/// Whether the operation is on a record that GET on the same path reads.
fn on_one_record(app: &TestApp, endpoint: &Endpoint) -> bool {
    app.endpoints().iter().any(|e| e.nature == OperationKind::Read && e.path == endpoint.path)
}
