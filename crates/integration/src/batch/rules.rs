//! References from one operation to the answer of another: pure.

use std::collections::HashMap;

use serde_json::{Map, Value};

use super::model::BatchOperation;
use crate::base::error::Fault;

/// The most references in one operation.
pub const MAX_REFERENCES: usize = 1000;

/// `{order.lines.0.id}`: the name of an operation, and the way to a value in its answer.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Reference<'t> {
    pub name: &'t str,
    /// Joined by points.
    pub field: &'t str,
}

impl<'t> Reference<'t> {
    /// The reference that a text is, if it looks like one: nothing but braces around words joined by points.
    pub fn in_text(text: &'t str) -> Option<Reference<'t>> {
        let (name, field) = text.strip_prefix('{')?.strip_suffix('}')?.split_once('.')?;
        let word =
            |w: &str| !w.is_empty() && w.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-".contains(&b));
        let is_one =
            name.starts_with(|c: char| c.is_ascii_alphabetic()) && word(name) && field.split('.').all(word);
        is_one.then_some(Reference { name, field })
    }

    /// What it stands for in the answer.
    pub fn within<'a>(&self, answer: &'a Value) -> Option<&'a Value> {
        self.field.split('.').try_fold(answer, |value, step| match value {
            Value::Object(fields) => fields.get(step),
            Value::Array(items) => items.get(step.parse::<usize>().ok()?),
            _ => None,
        })
    }
}

/// Everything that is wrong with the names and references of a batch, before anything is done.
pub fn faults(operations: &[BatchOperation]) -> Vec<Fault> {
    let mut faults = Vec::new();
    let mut names: HashMap<&str, usize> = HashMap::new();
    for (index, operation) in operations.iter().enumerate() {
        let Some(name) = operation.name.as_deref() else { continue };
        if names.contains_key(name) {
            faults.push(Fault::at(format!("/operations/{index}/ref"), "duplicate_entry"));
        } else {
            names.insert(name, index);
        }
    }
    for (index, operation) in operations.iter().enumerate() {
        let mut count = 0;
        each_reference(index, operation, &mut |pointer, reference| {
            count += 1;
            let Some(reference) = reference else {
                return faults.push(Fault::at(pointer, "invalid_reference"));
            };
            match names.get(reference.name) {
                Some(at) if *at < index => {}
                Some(_) => faults.push(Fault::at(pointer, "later_ref").with("ref", reference.name)),
                None => faults.push(Fault::at(pointer, "unknown_ref").with("ref", reference.name)),
            }
        });
        if count > MAX_REFERENCES {
            let fault = Fault::at(format!("/operations/{index}"), "too_many_references");
            faults.push(fault.with("max", MAX_REFERENCES));
        }
    }
    // As many as a schema check tells at most.
    faults.truncate(100);
    faults
}

type See<'s, 'o> = dyn FnMut(String, Option<Reference<'o>>) + 's;

/// Shows every reference of an operation with its place. In a path, whatever begins with a brace is meant as one.
fn each_reference<'o>(index: usize, operation: &'o BatchOperation, see: &mut See<'_, 'o>) {
    let (path, query) = operation.target();
    for segment in path.split('/').filter(|s| s.starts_with('{')) {
        see(format!("/operations/{index}/path"), Reference::in_text(segment));
    }
    let values = query.split('&').filter_map(|pair| pair.split_once('=')).map(|(_, value)| value);
    for reference in values.filter_map(Reference::in_text) {
        see(format!("/operations/{index}/path"), Some(reference));
    }
    if let Some(text) = operation.if_match.as_deref().filter(|t| t.starts_with('{')) {
        see(format!("/operations/{index}/if_match"), Reference::in_text(text));
    }
    if let Some(body) = &operation.body {
        in_fields(&format!("/operations/{index}/body"), body, see);
    }
}

fn in_fields<'o>(at: &str, fields: &'o Map<String, Value>, see: &mut See<'_, 'o>) {
    for (name, value) in fields {
        in_value(&format!("{at}/{}", name.replace('~', "~0").replace('/', "~1")), value, see);
    }
}

fn in_value<'o>(at: &str, value: &'o Value, see: &mut See<'_, 'o>) {
    match value {
        Value::String(text) => {
            if let Some(reference) = Reference::in_text(text) {
                see(at.to_owned(), Some(reference));
            }
        }
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(n, item)| in_value(&format!("{at}/{n}"), item, see));
        }
        Value::Object(fields) => in_fields(at, fields, see),
        _ => {}
    }
}

/// Puts what `find` gives for a place and its reference there.
pub fn fill(at: &str, value: &mut Value, find: &mut impl FnMut(&str, Reference) -> Value) {
    match value {
        Value::String(text) => {
            if let Some(found) = Reference::in_text(text).map(|reference| find(at, reference)) {
                *value = found;
            }
        }
        Value::Array(items) => {
            items.iter_mut().enumerate().for_each(|(n, item)| fill(&format!("{at}/{n}"), item, find));
        }
        Value::Object(fields) => fields.iter_mut().for_each(|(name, value)| {
            fill(&format!("{at}/{}", name.replace('~', "~0").replace('/', "~1")), value, find);
        }),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn operations(list: Value) -> Vec<BatchOperation> {
        serde_json::from_value(list).unwrap()
    }

    fn told(list: Value) -> Vec<(String, &'static str)> {
        let place = |fault: Fault| match fault.place {
            crate::base::error::Place::Pointer(pointer) => (pointer, fault.code),
            other => panic!("{other:?}"),
        };
        faults(&operations(list)).into_iter().map(place).collect()
    }

    #[test]
    fn a_reference_is_a_whole_text_of_words_and_points_in_braces() {
        let found = |text| Reference::in_text(text).map(|r| (r.name, r.field));
        assert_eq!(found("{order.id}"), Some(("order", "id")));
        assert_eq!(found("{order.lines.0.id}"), Some(("order", "lines.0.id")));
        for text in [
            "{order}",
            "{}",
            "{.id}",
            "{order.}",
            "{order..id}",
            "a {order.id}",
            "{order.id} b",
            "{{order.id}}",
            "{1.id}",
            "{or der.id}",
            "order.id",
            "",
            "{\"a.b\":1}",
        ] {
            assert_eq!(found(text), None, "{text}");
        }
    }

    #[test]
    fn a_reference_leads_through_objects_and_lists() {
        let answer = json!({"id": "ord_1", "lines": [{"id": "oln_1"}], "data": {"0": "zero"}});
        let value = |text| Reference::in_text(text).unwrap().within(&answer).cloned();
        assert_eq!(value("{o.id}"), Some(json!("ord_1")));
        assert_eq!(value("{o.lines.0.id}"), Some(json!("oln_1")));
        assert_eq!(value("{o.data.0}"), Some(json!("zero")));
        for nothing in ["{o.lines.1.id}", "{o.lines.x}", "{o.id.x}", "{o.none}", "{o.lines.-1}"] {
            assert_eq!(value(nothing), None, "{nothing}");
        }
    }

    #[test]
    fn all_that_is_wrong_with_references_is_told_at_once() {
        let list = json!([
            {"ref": "a", "method": "GET", "path": "/orders/{b.id}?customer_id={none.id}&q={text}"},
            {"ref": "b", "method": "POST", "path": "/orders/{b.id}/{broken", "if_match": "{a.version}",
             "body": {"x": {"y/z": ["{a.id}", "{c.id}"]}}},
            {"ref": "b", "method": "DELETE", "path": "/orders/{a.id}", "if_match": "{a}"},
        ]);
        let place = |text: &str, code| (format!("/operations/{text}"), code);
        assert_eq!(
            told(list),
            [
                place("2/ref", "duplicate_entry"),
                place("0/path", "later_ref"),
                place("0/path", "unknown_ref"),
                place("1/path", "later_ref"),
                place("1/path", "invalid_reference"),
                place("1/body/x/y~1z/1", "unknown_ref"),
                place("2/if_match", "invalid_reference"),
            ]
        );
    }

    #[test]
    fn an_operation_has_a_limited_number_of_references() {
        let many: Vec<&str> = std::iter::repeat_n("{a.id}", MAX_REFERENCES + 1).collect();
        let list = json!([{"ref": "a", "method": "GET", "path": "/me"}, {"method": "POST", "path": "/x", "body": {"l": many}}]);
        assert_eq!(told(list), [("/operations/1".to_owned(), "too_many_references")]);
    }

    #[test]
    fn filling_keeps_everything_else() {
        let mut body = json!({"a": "{o.id}", "b": ["{o.n}", 5, null], "c": {"d": "{o}"}});
        let mut places = Vec::new();
        fill("/body", &mut body, &mut |at, reference| {
            places.push(at.to_owned());
            if reference.field == "n" { json!(7) } else { json!("x") }
        });
        assert_eq!(body, json!({"a": "x", "b": [7, 5, null], "c": {"d": "{o}"}}));
        assert_eq!(places, ["/body/a", "/body/b/0"]);
    }
}
