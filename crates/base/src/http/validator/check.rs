//! Checking a value: one walk, which writes something down only for a fault.

use serde_json::{Map, Number, Value};

use super::formats::Decimal;
use super::nodes::{
    ARRAY, BOOLEAN, DecimalRules, Extra, INTEGER, Kinds, Limits, ListRules, NULL, NUMBER, Node, Num, OBJECT,
    ObjectRules, Params, STRING, TextRules, Typed,
};
use super::{Fault, SchemaValidator};
use crate::text::hidden_character;
use crate::types::number;

/// Values nested deeper than this many steps below the root are refused, so no body can exhaust the stack.
pub(super) const MAX_DEPTH: usize = 32;
/// Work allowed inside unions of unions, where each level multiplies the number of walks over a value.
const UNION_BUDGET: usize = 200_000;
/// A key longer than this is cut in pointers: a fault must not echo a huge hostile key a hundred times.
const MAX_KEY_IN_POINTER: usize = 256;

/// A text that may not be longer is a name or another text of one line.
const LONGEST_LINE: usize = 300;

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Mode {
    /// A whole value.
    Whole,
    /// A merge patch, or an object in one: objects are merged, arrays are replaced as a whole.
    Patch,
}

/// The way from the root to a value, kept on the stack and turned into a pointer only for a fault.
pub(super) struct Path<'a> {
    parent: Option<&'a Path<'a>>,
    step: Step<'a>,
    depth: usize,
}

enum Step<'a> {
    Root,
    Key(&'a str),
    Index(usize),
}

impl<'a> Path<'a> {
    pub(super) fn root() -> Path<'a> {
        Path { parent: None, step: Step::Root, depth: 0 }
    }

    fn key(&'a self, name: &'a str) -> Path<'a> {
        Path { parent: Some(self), step: Step::Key(name), depth: self.depth + 1 }
    }

    fn index(&'a self, index: usize) -> Path<'a> {
        Path { parent: Some(self), step: Step::Index(index), depth: self.depth + 1 }
    }

    pub(super) fn pointer(&self) -> String {
        let mut pointer = String::new();
        self.write(&mut pointer);
        pointer
    }

    fn write(&self, pointer: &mut String) {
        if let Some(parent) = self.parent {
            parent.write(pointer);
        }
        match self.step {
            Step::Root => {}
            Step::Key(name) => {
                pointer.push('/');
                write_key(name, pointer);
            }
            Step::Index(index) => {
                pointer.push('/');
                pointer.push_str(&index.to_string());
            }
        }
    }
}

fn write_key(name: &str, pointer: &mut String) {
    for (count, letter) in name.chars().enumerate() {
        match letter {
            _ if count == MAX_KEY_IN_POINTER => return pointer.push('…'),
            '~' => pointer.push_str("~0"),
            '/' => pointer.push_str("~1"),
            other => pointer.push(other),
        }
    }
}

/// One walk over a value.
pub(super) struct Walk<'s> {
    pub(super) nodes: &'s [Node],
    pub(super) faults: Vec<Fault>,
    /// Only asking whether a variant fits: the first fault ends the walk and nothing is written down.
    probing: bool,
    failed: bool,
    unions: usize,
    budget: usize,
}

impl<'s> Walk<'s> {
    pub(super) fn new(nodes: &'s [Node]) -> Walk<'s> {
        Walk { nodes, faults: Vec::new(), probing: false, failed: false, unions: 0, budget: UNION_BUDGET }
    }

    fn done(&self) -> bool {
        if self.probing { self.failed } else { self.faults.len() >= SchemaValidator::MAX_FAULTS }
    }

    fn fault(&mut self, at: &Path, code: &'static str, params: impl FnOnce() -> Params) {
        if self.probing {
            self.failed = true;
        } else if !self.done() {
            self.faults.push(Fault { pointer: at.pointer(), code, params: params() });
        }
    }

    pub(super) fn wrong_type(&mut self, expected: &str, value: &Value, at: &Path) {
        self.fault(at, "wrong_type", || {
            vec![("expected", expected.to_string()), ("got", kind_name(value).to_string())]
        });
    }

    pub(super) fn visit(&mut self, node: usize, value: &Value, at: &Path, mode: Mode) {
        if !self.may_enter(value, at) {
            return;
        }
        let nodes = self.nodes;
        match nodes.get(node) {
            Some(Node::Typed(rules)) => self.typed(rules, value, at, mode),
            Some(Node::Same(other)) => self.visit(*other, value, at, mode),
            Some(Node::Nullable(_)) if value.is_null() => {}
            Some(Node::Nullable(other)) => self.visit(*other, value, at, mode),
            Some(Node::AnyOf(variants)) => self.union(variants, value, at, mode),
            Some(Node::Any) | None => self.anything(value, at),
        }
    }

    /// Refuses what is nested too deep, and what takes too much work in nested unions.
    fn may_enter(&mut self, value: &Value, at: &Path) -> bool {
        let mut ok = at.depth <= MAX_DEPTH;
        // A single union walks its value a few times; only unions in unions multiply.
        if self.unions > 1 {
            self.budget = self.budget.saturating_sub(work_of(value));
            ok &= self.budget > 0;
        }
        if !ok {
            self.fault(at, "too_deep", Vec::new);
        }
        ok
    }

    pub(super) fn typed(&mut self, rules: &'s Typed, value: &Value, at: &Path, mode: Mode) {
        if rules.kinds & kinds_of(value) == 0 {
            return self.wrong_kind(rules, value, at);
        }
        if let Some(allowed) = &rules.allowed
            && !allowed.holds(value)
        {
            return self.fault(at, "not_allowed", || vec![("allowed", allowed.listed.clone())]);
        }
        match value {
            Value::Null | Value::Bool(_) => {}
            Value::Number(number) => self.number(&rules.number, number, at),
            Value::String(text) => self.text(rules.text.as_deref(), text, at),
            Value::Array(items) => self.list(rules.list.as_deref(), items, at),
            Value::Object(fields) => match &rules.object {
                Some(object) => self.object(object, fields, at, mode),
                None => self.anything(value, at),
            },
        }
    }

    fn wrong_kind(&mut self, rules: &Typed, value: &Value, at: &Path) {
        let wants_decimal = rules.text.as_ref().is_some_and(|text| text.decimal.is_some());
        match value {
            Value::Null => self.fault(at, "not_null", Vec::new),
            Value::Number(number) if wants_decimal => {
                self.fault(at, "decimal_as_number", || vec![("hint", number.to_string())]);
            }
            _ => self.wrong_type(&rules.expected, value, at),
        }
    }

    fn number(&mut self, limits: &Limits<Num>, number: &Number, at: &Path) {
        let value = Num::of(number);
        if !limits.allow(|limit| value.compare(*limit)) {
            self.fault(at, "out_of_range", || limits.params());
        }
    }

    fn text(&mut self, rules: Option<&TextRules>, text: &str, at: &Path) {
        let one_line = rules.and_then(|rules| rules.max).is_some_and(|max| max <= LONGEST_LINE);
        if !self.storable(text, at) || !self.visible(text, one_line, at) {
            return;
        }
        let Some(rules) = rules else { return };
        let length_ok = self.length(rules, text, at);
        // Not on a text that is far too long: it may have been sent to keep the pattern busy.
        if let Some(pattern) = &rules.pattern
            && length_ok
            && !pattern.is_match(text)
        {
            self.fault(at, "pattern_mismatch", || vec![("pattern", pattern.as_str().to_string())]);
        }
        if let Some(format) = rules.format
            && !format.fits(text)
        {
            self.fault(at, "invalid_format", || vec![("format", format.name().to_string())]);
        }
        if let Some(decimal) = &rules.decimal {
            self.decimal(decimal, text, at);
        }
    }

    /// PostgreSQL cannot store a NUL character in a text.
    fn storable(&mut self, text: &str, at: &Path) -> bool {
        let ok = !text.as_bytes().contains(&0);
        if !ok {
            self.fault(at, "invalid_format", || vec![("format", "text".to_string())]);
        }
        ok
    }

    /// See [`hidden_character`].
    fn visible(&mut self, text: &str, one_line: bool, at: &Path) -> bool {
        let hidden = hidden_character(text, one_line);
        if let Some(name) = &hidden {
            self.fault(at, "hidden_character", || vec![("character", name.clone())]);
        }
        hidden.is_none()
    }

    /// False if the text is too long.
    fn length(&mut self, rules: &TextRules, text: &str, at: &Path) -> bool {
        // A character takes one to four bytes, so most texts need no counting.
        if text.len().div_ceil(4) < rules.min && text.chars().count() < rules.min {
            self.fault(at, "too_short", || vec![("min", rules.min.to_string())]);
        }
        match rules.max {
            Some(max) if text.len() > max && text.chars().count() > max => {
                self.fault(at, "too_long", || vec![("max", max.to_string())]);
                false
            }
            _ => true,
        }
    }

    fn decimal(&mut self, rules: &DecimalRules, text: &str, at: &Path) {
        let Some(value) = Decimal::parse(text) else {
            return self.fault(at, "invalid_decimal", Vec::new);
        };
        if let Some(places) = rules.places
            && value.fraction.len() > places
        {
            self.fault(at, "too_precise", || vec![("max", places.to_string())]);
        } else if let Some(places) = rules.places
            && number::parse_decimal(text, places as u32).is_err()
        {
            // A number with more digits than are kept is told here, where its place is known.
            return self.fault(at, "out_of_range", || vec![("max", number::largest(places as u32))]);
        }
        if !rules.limits.allow(|limit| Some(value.compare(&Decimal::parse(limit)?))) {
            self.fault(at, "out_of_range", || rules.limits.params());
        }
    }

    fn list(&mut self, rules: Option<&ListRules>, items: &[Value], at: &Path) {
        if let Some(rules) = rules {
            if items.len() < rules.min {
                self.fault(at, "too_few_items", || vec![("min", rules.min.to_string())]);
            }
            if let Some(max) = rules.max
                && items.len() > max
            {
                self.fault(at, "too_many_items", || vec![("max", max.to_string())]);
            }
        }
        for (index, item) in items.iter().enumerate() {
            if self.done() {
                return;
            }
            match rules.and_then(|rules| rules.items) {
                Some(node) => self.visit(node, item, &at.index(index), Mode::Whole),
                None => self.anything(item, &at.index(index)),
            }
        }
    }

    fn object(&mut self, rules: &'s ObjectRules, fields: &Map<String, Value>, at: &Path, mode: Mode) {
        let mut present = 0;
        for (name, value) in fields {
            if self.done() {
                return;
            }
            match rules.find(name) {
                Some(field) => {
                    present += usize::from(field.required);
                    let clears = mode == Mode::Patch && value.is_null() && !field.required;
                    if !clears {
                        self.visit(field.node, value, &at.key(name), mode);
                    }
                }
                None => self.extra(rules, name, value, at, mode),
            }
        }
        if present < rules.required && mode == Mode::Whole {
            self.missing(rules, fields, at);
        }
    }

    fn missing(&mut self, rules: &ObjectRules, fields: &Map<String, Value>, at: &Path) {
        for field in rules.fields.iter().filter(|field| field.required) {
            if !fields.contains_key(&field.name) {
                self.fault(&at.key(&field.name), "required", Vec::new);
            }
        }
    }

    /// A property that the schema does not name.
    pub(super) fn extra(&mut self, rules: &'s ObjectRules, name: &str, value: &Value, at: &Path, mode: Mode) {
        let at = at.key(name);
        if matches!(rules.extra, Extra::Refused) {
            return self.fault(&at, "unknown_field", || vec![("allowed", rules.names.clone())]);
        }
        if let Some(keys) = &rules.keys
            && !keys.holds_text(name)
        {
            return self.fault(&at, "unknown_field", || vec![("allowed", keys.listed.clone())]);
        }
        let removes = mode == Mode::Patch && value.is_null();
        if !self.storable(name, &at) || removes {
            return;
        }
        match rules.extra {
            Extra::Checked(node) => self.visit(node, value, &at, mode),
            Extra::Any | Extra::Refused => self.anything(value, &at),
        }
    }

    /// A value without a schema: still to be stored, and still not without limit.
    fn anything(&mut self, value: &Value, at: &Path) {
        if self.done() || !self.may_enter(value, at) {
            return;
        }
        match value {
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
            Value::String(text) => {
                let _ = self.storable(text, at) && self.visible(text, false, at);
            }
            Value::Array(items) => {
                for (index, item) in items.iter().enumerate() {
                    self.anything(item, &at.index(index));
                }
            }
            Value::Object(fields) => {
                for (name, value) in fields {
                    let at = at.key(name);
                    if self.storable(name, &at) {
                        self.anything(value, &at);
                    }
                }
            }
        }
    }

    pub(super) fn union(&mut self, variants: &'s [usize], value: &Value, at: &Path, mode: Mode) {
        self.unions += 1;
        let fits = variants.iter().any(|variant| self.probe(*variant, value, at, mode));
        if !fits && self.probing {
            self.failed = true;
        } else if !fits {
            self.report_best(variants, value, at, mode);
        }
        self.unions -= 1;
    }

    /// Whether a variant fits, without writing down any fault.
    fn probe(&mut self, variant: usize, value: &Value, at: &Path, mode: Mode) -> bool {
        let outer = (self.probing, self.failed);
        (self.probing, self.failed) = (true, false);
        self.visit(variant, value, at, mode);
        let fits = !self.failed;
        (self.probing, self.failed) = outer;
        fits
    }

    /// Reports the faults of the variant that the value most likely was meant to be.
    fn report_best(&mut self, variants: &[usize], value: &Value, at: &Path, mode: Mode) {
        let before = std::mem::take(&mut self.faults);
        let mut attempts = Vec::with_capacity(variants.len());
        for variant in variants {
            self.visit(*variant, value, at, mode);
            attempts.push(std::mem::take(&mut self.faults));
        }
        self.faults = before;
        let room = SchemaValidator::MAX_FAULTS.saturating_sub(self.faults.len());
        self.faults.extend(best_attempt(attempts, &at.pointer()).into_iter().take(room));
    }
}

/// The faults of the variant that fits best; or, if the tag fits none of them, one fault with all the tags.
fn best_attempt(attempts: Vec<Vec<Fault>>, base: &str) -> Vec<Fault> {
    if let Some(fault) = unknown_tag(&attempts, base).or_else(|| no_such_type(&attempts, base)) {
        return vec![fault];
    }
    let misfit = |faults: &Vec<Fault>| faults.iter().map(|fault| weight(fault, base)).sum::<u64>();
    attempts.into_iter().min_by_key(misfit).unwrap_or_default()
}

/// How much a fault speaks against a variant. The nearer to the root, the more: a wrong tag or another set of
/// fields means another variant, while a wrong value deep inside is likely just that.
fn weight(fault: &Fault, base: &str) -> u64 {
    match (fault_depth(fault, base), fault.code) {
        (0, "wrong_type" | "not_null" | "decimal_as_number") => 1_000_000,
        (0, _) => 100_000,
        (1, "not_allowed") if tag_of(fault).is_some() => 10_000,
        (1, "unknown_field" | "required") => 10,
        _ => 1,
    }
}

fn fault_depth(fault: &Fault, base: &str) -> usize {
    fault.pointer.get(base.len()..).map_or(0, |rest| rest.matches('/').count())
}

/// The only allowed value of a property, which is what tells the variants of a tagged union apart.
fn tag_of(fault: &Fault) -> Option<&str> {
    let (_, allowed) = fault.params.iter().find(|(name, _)| *name == "allowed")?;
    (fault.code == "not_allowed" && !allowed.contains(", ")).then_some(allowed)
}

fn unknown_tag(attempts: &[Vec<Fault>], base: &str) -> Option<Fault> {
    let is_tag = |fault: &&Fault| fault_depth(fault, base) == 1 && tag_of(fault).is_some();
    let first = attempts.first()?.iter().find(is_tag)?;
    let mut tags = Vec::new();
    for faults in attempts {
        let fault = faults.iter().filter(is_tag).find(|fault| fault.pointer == first.pointer)?;
        let tag = tag_of(fault)?;
        if !tags.contains(&tag) {
            tags.push(tag);
        }
    }
    // The same single value everywhere tells no variants apart.
    let params = (tags.len() > 1).then(|| vec![("allowed", tags.join(", "))])?;
    Some(Fault { pointer: first.pointer.clone(), code: "not_allowed", params })
}

/// One fault with the types of all the variants, if the value has none of them.
fn no_such_type(attempts: &[Vec<Fault>], base: &str) -> Option<Fault> {
    let mut expected: Vec<&str> = Vec::new();
    let mut got = None;
    for faults in attempts {
        let [Fault { pointer, code: "wrong_type", params }] = faults.as_slice() else { return None };
        let [("expected", types), ("got", kind)] = params.as_slice() else { return None };
        if pointer != base {
            return None;
        }
        got = Some(kind.clone());
        if !expected.contains(&types.as_str()) {
            expected.push(types);
        }
    }
    let params = vec![("expected", expected.join(", ")), ("got", got?)];
    Some(Fault { pointer: base.to_string(), code: "wrong_type", params })
}

/// About how much work one look at a value is, not counting what is inside.
fn work_of(value: &Value) -> usize {
    match value {
        Value::String(text) => 1 + text.len() / 64,
        Value::Array(items) => 1 + items.len(),
        Value::Object(fields) => 1 + fields.len(),
        _ => 1,
    }
}

pub(super) fn kinds_of(value: &Value) -> Kinds {
    match value {
        Value::Null => NULL,
        Value::Bool(_) => BOOLEAN,
        Value::Number(number) if number.is_f64() => NUMBER,
        Value::Number(_) => INTEGER | NUMBER,
        Value::String(_) => STRING,
        Value::Array(_) => ARRAY,
        Value::Object(_) => OBJECT,
    }
}

fn kind_name(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}
