//! Request bodies: media types, sizes, and every fault of their content.

use std::collections::BTreeSet;

use salesdesk::base::http::{Endpoint, Method};
use serde_json::{Value, json};

use super::{each, media_type, raw, ready, send, with_body, with_form, with_json, written};
use testkit::fixtures::{example_of, path_to_nothing};
use testkit::support::{FORM, TestApp, operation, resolve};

both_engines!(
    an_operation_without_a_body_takes_none,
    a_body_of_another_media_type_is_refused,
    a_body_that_is_no_json_is_refused,
    a_form_that_cannot_be_read_is_refused,
    a_body_that_is_too_large_is_refused,
    every_fault_of_a_body_is_pointed_at,
    a_text_that_cannot_be_stored_is_refused,
);

fn a_body_of_another_media_type_is_refused(app: &TestApp) {
    each(app, with_body, |endpoint| {
        let example = written(endpoint, example_of(endpoint).expect("an example"));
        let others = ["application/json", "application/merge-patch+json", "text/plain", FORM, ""];
        for wrong in others.into_iter().filter(|other| *other != media_type(endpoint)) {
            raw(app, endpoint, wrong, example.as_bytes()).refused(415, "unsupported_media_type");
        }
        let with_charset = format!("{}; charset=utf-8", media_type(endpoint));
        assert_ne!(raw(app, endpoint, &with_charset, example.as_bytes()).status, 415);
    });
}

fn a_body_that_is_no_json_is_refused(app: &TestApp) {
    each(app, with_json, |endpoint| {
        let bodies: [&[u8]; 6] = [
            b"{",
            b"{\"a\": }",
            b"nonsense",
            b"{} {}",
            b"{\"name\": \"\xff\xfe\"}",
            b"{\"name\": \"\xed\xa0\x80\"}",
        ];
        for body in bodies {
            raw(app, endpoint, media_type(endpoint), body).refused(400, "bad_request");
        }
        if !endpoint.body_optional {
            raw(app, endpoint, media_type(endpoint), b"").refused(400, "bad_request");
        }
        let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
        raw(app, endpoint, media_type(endpoint), deep.as_bytes()).refused(400, "bad_request");
        for body in ["[]", "\"text\"", "1", "null", "true"] {
            raw(app, endpoint, media_type(endpoint), body.as_bytes()).refused(422, "validation_failed");
        }
    });
}

fn a_form_that_cannot_be_read_is_refused(app: &TestApp) {
    each(app, with_form, |endpoint| {
        let bodies: [&[u8]; 6] =
            [b"a=%", b"a=%F", b"a=%FF", b"a=\xff\xfe", b"a=%00", b"same=1&other=2&same=1"];
        for body in bodies {
            raw(app, endpoint, media_type(endpoint), body).refused(400, "bad_request");
        }
        raw(app, endpoint, media_type(endpoint), b"").refused(422, "validation_failed");
    });
}

fn a_body_that_is_too_large_is_refused(app: &TestApp) {
    each(app, with_body, |endpoint| {
        let body = vec![b' '; endpoint.max_body + 1];
        raw(app, endpoint, media_type(endpoint), &body).refused(413, "payload_too_large");
        // Also when its size was not announced.
        let client = ready(app.all_powerful(), endpoint).with("transfer-encoding", "chunked");
        let reply =
            client.raw(endpoint.method.as_str(), &path_to_nothing(endpoint), media_type(endpoint), body);
        reply.refused(413, "payload_too_large");
    });
}

/// A value that a schema does not take; None when it takes any. A form says nothing but texts, so there it is one
/// that is too long.
fn unfit_value(endpoint: &Endpoint, schema: &Value) -> Option<Value> {
    let schema = resolve(schema);
    if with_form(endpoint) {
        return Some(json!("x".repeat(schema["maxLength"].as_u64()? as usize + 1)));
    }
    let kinds: Vec<&str> = match &schema["type"] {
        Value::String(kind) => vec![kind],
        Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).collect(),
        _ if schema["enum"].is_array() => vec!["string"],
        _ => return None,
    };
    [("boolean", json!(true)), ("object", json!({})), ("array", json!([])), ("string", json!("text"))]
        .into_iter()
        .find(|(kind, _)| !kinds.contains(kind))
        .map(|(_, value)| value)
}

fn every_fault_of_a_body_is_pointed_at(app: &TestApp) {
    each(app, with_body, |endpoint| {
        let content = &operation(endpoint)["requestBody"]["content"][media_type(endpoint)];
        let schema = resolve(&content["schema"]);
        let mut body = json!({});
        let mut expected = BTreeSet::new();
        // OAuth's forms are open: what they do not know is ignored, as the standard wants it.
        if schema["additionalProperties"] == false {
            body["no_such_field"] = if with_form(endpoint) { json!("1") } else { json!(1) };
            expected.insert("/no_such_field".to_owned());
        }
        for (name, field) in schema["properties"].as_object().expect("an object") {
            if let Some(value) = unfit_value(endpoint, field) {
                body[name] = value;
                expected.insert(format!("/{name}"));
            }
        }
        let reply = send(&app.all_powerful(), endpoint, &path_to_nothing(endpoint), Some(body));
        let reply = reply.refused(422, "validation_failed");
        let places: BTreeSet<String> = reply.places().into_iter().map(str::to_owned).collect();
        assert_eq!(places, expected, "{reply}");
        // What is needed and not there is pointed at as well, and so is null in its place.
        let required: BTreeSet<String> = schema["required"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .map(|n| format!("/{n}"))
            .collect();
        if required.is_empty() {
            return;
        }
        let nulls: Value = required.iter().map(|p| (p[1..].to_owned(), Value::Null)).collect();
        // A field may have to be said although null is an answer: no limit, for one.
        let not_null = |p: &&String| !takes_null(&schema["properties"][&p[1..]]);
        let refused_nulls: BTreeSet<String> = required.iter().filter(not_null).cloned().collect();
        let nulls = (nulls, refused_nulls);
        for (body, expected) in
            std::iter::once((json!({}), required)).chain((!with_form(endpoint)).then_some(nulls))
        {
            let reply = send(&app.all_powerful(), endpoint, &path_to_nothing(endpoint), Some(body));
            let reply = reply.refused(422, "validation_failed");
            let places: BTreeSet<String> = reply.places().into_iter().map(str::to_owned).collect();
            assert_eq!(places, expected, "{reply}");
        }
    });
}

fn takes_null(schema: &Value) -> bool {
    let is_null = |s: &Value| s["type"] == "null";
    let variants = ["oneOf", "anyOf"].iter().filter_map(|key| schema[key].as_array()).flatten();
    let types = schema["type"].as_array().into_iter().flatten();
    types.into_iter().any(|t| t == "null") || variants.into_iter().any(is_null)
}

fn a_text_that_cannot_be_stored_is_refused(app: &TestApp) {
    each(app, with_json, |endpoint| {
        let example = example_of(endpoint).expect("an example");
        for (name, value) in example.as_object().expect("an object") {
            if value.is_string() {
                let mut body = example.clone();
                body[name] = json!("a\u{0}b");
                let reply = send(&app.all_powerful(), endpoint, &path_to_nothing(endpoint), Some(body));
                let reply = reply.refused(422, "validation_failed");
                assert!(reply.places().contains(&format!("/{name}").as_str()), "{reply}");
            }
        }
    });
}

fn an_operation_without_a_body_takes_none(app: &TestApp) {
    each(
        app,
        |e| e.body.is_none() && e.method != Method::Get,
        |endpoint| {
            let field = raw(app, endpoint, "application/json", br#"{"no_such_field": 1}"#);
            assert_eq!(field.refused(400, "bad_request").places(), ["/no_such_field"]);
            raw(app, endpoint, "application/json", b"no JSON").refused(400, "bad_request");
        },
    );
}
