//! Bringing keys into the form in which they are kept: one walk, which changes nothing else.

use std::borrow::Cow;

use serde_json::Value;

use super::check::MAX_DEPTH;
use super::nodes::{Extra, Node, Typed};
use crate::text::key_as_stored;

/// A text longer than this is no key; its length is refused later.
const LONGEST: usize = 4_000;

pub(super) fn is_key(node: &Node) -> bool {
    matches!(node, Node::Typed(rules) if rules.text.as_ref().is_some_and(|text| text.key))
}

pub(super) fn visit(nodes: &[Node], node: usize, value: &mut Value, depth: usize) {
    // What is nested deeper is refused as a whole.
    if depth > MAX_DEPTH {
        return;
    }
    match nodes.get(node) {
        Some(Node::Same(other) | Node::Nullable(other)) => visit(nodes, *other, value, depth + 1),
        Some(Node::AnyOf(variants)) => {
            variants.iter().for_each(|variant| visit(nodes, *variant, value, depth + 1));
        }
        Some(Node::Typed(rules)) => typed(nodes, rules, value, depth),
        Some(Node::Any) | None => {}
    }
}

fn typed(nodes: &[Node], rules: &Typed, value: &mut Value, depth: usize) {
    match value {
        Value::String(text) if rules.text.as_ref().is_some_and(|rules| rules.key) => {
            if text.len() <= LONGEST
                && let Cow::Owned(form) = key_as_stored(text)
            {
                *text = form;
            }
        }
        Value::Array(items) => {
            let Some(node) = rules.list.as_ref().and_then(|list| list.items) else { return };
            items.iter_mut().for_each(|item| visit(nodes, node, item, depth + 1));
        }
        Value::Object(fields) => {
            let Some(object) = &rules.object else { return };
            for (name, value) in fields {
                match (object.find(name), &object.extra) {
                    (Some(field), _) => visit(nodes, field.node, value, depth + 1),
                    (None, Extra::Checked(node)) => visit(nodes, *node, value, depth + 1),
                    (None, _) => {}
                }
            }
        }
        _ => {}
    }
}
