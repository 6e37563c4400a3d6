//! Checks a JSON value against an operation's own OpenAPI 3.1 schema and lists all faults at once.
//!
//! A schema is compiled once, at start, into a flat list of nodes that refer to one another by index, so
//! recursive schemas cost nothing special. A check walks the value once; it allocates only to report a fault.

use regex_lite::Regex;
use serde_json::{Map, Number, Value};
use std::cmp::Ordering;
use std::collections::HashMap;

/// Values nested deeper than this many steps below the root are refused, so no body can exhaust the stack.
const MAX_DEPTH: usize = 32;
/// Work allowed inside unions of unions, where each level multiplies the number of walks over a value.
const UNION_BUDGET: usize = 200_000;
/// A key longer than this is cut in pointers: a fault must not echo a huge hostile key a hundred times.
const MAX_KEY_IN_POINTER: usize = 256;
/// How deep schemas may be written inside one another, or refer to one another through `allOf`.
const MAX_SCHEMA_DEPTH: usize = 64;

/// One fault in a request body (or parameter).
#[derive(Debug, Clone, PartialEq)]
pub struct Fault {
    /// RFC 6901 pointer to the faulty (or missing) value; empty for the whole value.
    pub pointer: String,
    /// What is wrong, as a stable word such as `required` or `out_of_range`.
    pub code: &'static str,
    /// What a message about the fault needs to know, by name.
    pub params: Vec<(&'static str, String)>,
}

/// A compiled schema. Cheap to share between threads in an `Arc`.
#[derive(Debug)]
pub struct Shape {
    nodes: Vec<Node>,
    root: usize,
}

impl Shape {
    /// The most faults one check reports.
    pub const MAX_FAULTS: usize = 100;

    /// Compiles `schema` (a schema object, or a `$ref` to one of `components`, the document's
    /// `components.schemas`). The error names the place of an unsupported or dangling construct.
    pub fn compile(schema: &Value, components: &Map<String, Value>) -> Result<Shape, String> {
        let mut compiler = Compiler::new(components);
        let root = compiler.node(schema)?;
        compiler.finish()?;
        Ok(Shape { nodes: compiler.nodes, root })
    }

    /// All faults of a whole value, such as the body of a create; at most [`Shape::MAX_FAULTS`].
    pub fn check(&self, value: &Value) -> Vec<Fault> {
        let mut run = Run::new(&self.nodes);
        run.visit(self.root, value, &Path::root(), Mode::Whole);
        run.faults
    }

    /// All faults of an RFC 7396 merge patch for an object of this shape; at most [`Shape::MAX_FAULTS`].
    ///
    /// Nothing is required, nor within objects, which are merged. `null` clears a property that is nullable or
    /// not required, and removes a key of a free map. Any other value present is checked as in [`Shape::check`].
    pub fn check_patch(&self, value: &Value) -> Vec<Fault> {
        let mut run = Run::new(&self.nodes);
        if value.is_object() {
            run.visit(self.root, value, &Path::root(), Mode::Patch);
        } else {
            run.wrong_type("object", value, &Path::root());
        }
        run.faults
    }
}

// ---------------------------------------------------------------------------------------------------------
// What a schema compiles to
// ---------------------------------------------------------------------------------------------------------

#[derive(Debug)]
enum Node {
    /// Anything at all (but still storable text).
    Any,
    /// The same as another node: a component that is only a `$ref`.
    Same(usize),
    /// `null` or the other node.
    Nullable(usize),
    /// Any one of the nodes.
    AnyOf(Vec<usize>),
    Typed(Typed),
}

/// The JSON types a value may have, as a set of bits.
type Kinds = u8;
const NULL: Kinds = 1;
const BOOLEAN: Kinds = 2;
const INTEGER: Kinds = 4;
const NUMBER: Kinds = 8;
const STRING: Kinds = 16;
const ARRAY: Kinds = 32;
const OBJECT: Kinds = 64;
const KINDS: [(Kinds, &str); 7] = [
    (NULL, "null"),
    (BOOLEAN, "boolean"),
    (INTEGER, "integer"),
    (NUMBER, "number"),
    (STRING, "string"),
    (ARRAY, "array"),
    (OBJECT, "object"),
];

#[derive(Debug)]
struct Typed {
    kinds: Kinds,
    /// The types other than null, for the message of `wrong_type`.
    expected: String,
    allowed: Option<Allowed>,
    text: Option<Box<TextRules>>,
    number: Limits<Num>,
    list: Option<Box<ListRules>>,
    object: Option<Box<ObjectRules>>,
}

/// The values of an `enum` or `const`.
#[derive(Debug)]
struct Allowed {
    /// Sorted, for lists as long as the world's currencies.
    texts: Vec<String>,
    others: Vec<Value>,
    /// In the order of the document, for the message.
    listed: String,
}

#[derive(Debug, Default)]
struct TextRules {
    min: usize,
    max: Option<usize>,
    pattern: Option<Regex>,
    format: Option<Format>,
    decimal: Option<DecimalRules>,
}

#[derive(Debug, Clone, Copy)]
enum Format {
    Date,
    DateTime,
    Uuid,
    Email,
    Uri,
}

#[derive(Debug)]
struct DecimalRules {
    places: Option<usize>,
    limits: Limits<String>,
}

#[derive(Debug)]
struct ListRules {
    min: usize,
    max: Option<usize>,
    items: Option<usize>,
}

#[derive(Debug)]
struct ObjectRules {
    /// Sorted by name.
    fields: Vec<Field>,
    required: usize,
    /// The names of the fields, for the message of `unknown_field`.
    names: String,
    extra: Extra,
    /// The keys a free map may have, if it does not take any.
    keys: Option<Allowed>,
}

#[derive(Debug)]
struct Field {
    name: String,
    node: usize,
    required: bool,
}

/// What becomes of properties that the schema does not name.
#[derive(Debug)]
enum Extra {
    Refused,
    Any,
    Checked(usize),
}

impl ObjectRules {
    fn find(&self, name: &str) -> Option<&Field> {
        let index = self.fields.binary_search_by(|field| field.name.as_str().cmp(name)).ok()?;
        self.fields.get(index)
    }
}

impl Allowed {
    fn new(values: &[Value]) -> Allowed {
        let mut allowed = Allowed { texts: Vec::new(), others: Vec::new(), listed: String::new() };
        let mut listed = Vec::new();
        for value in values {
            match value {
                Value::Null => continue,
                Value::String(text) => {
                    allowed.texts.push(text.clone());
                    listed.push(text.clone());
                }
                other => {
                    allowed.others.push(other.clone());
                    listed.push(other.to_string());
                }
            }
        }
        allowed.texts.sort_unstable();
        allowed.listed = listed.join(", ");
        allowed
    }

    /// `null` is a matter of the type: `["string", "null"]` says it may be there, listed or not.
    fn holds(&self, value: &Value) -> bool {
        match value {
            Value::Null => true,
            Value::String(text) => self.holds_text(text),
            other => self.others.contains(other),
        }
    }

    fn holds_text(&self, text: &str) -> bool {
        self.texts.binary_search_by(|known| known.as_str().cmp(text)).is_ok()
    }
}

/// The limits of a number or decimal, with their text as the document gives it.
#[derive(Debug)]
struct Limits<T>(Vec<(Side, T, String)>);

#[derive(Debug, Clone, Copy)]
enum Side {
    Min,
    ExclusiveMin,
    Max,
    ExclusiveMax,
}

impl Side {
    fn allows(self, value_to_limit: Ordering) -> bool {
        match self {
            Side::Min => value_to_limit.is_ge(),
            Side::ExclusiveMin => value_to_limit.is_gt(),
            Side::Max => value_to_limit.is_le(),
            Side::ExclusiveMax => value_to_limit.is_lt(),
        }
    }

    fn param(self) -> &'static str {
        match self {
            Side::Min => "min",
            Side::ExclusiveMin => "exclusive_min",
            Side::Max => "max",
            Side::ExclusiveMax => "exclusive_max",
        }
    }
}

impl<T> Limits<T> {
    /// `compare` orders the value to a limit; values that cannot be compared are let through.
    fn allow(&self, compare: impl Fn(&T) -> Option<Ordering>) -> bool {
        self.0.iter().all(|(side, limit, _)| compare(limit).is_none_or(|order| side.allows(order)))
    }

    fn params(&self) -> Params {
        self.0.iter().map(|(side, _, text)| (side.param(), text.clone())).collect()
    }
}

/// A number that compares exactly among integers of 64 bits.
#[derive(Debug, Clone, Copy)]
enum Num {
    Int(i128),
    Float(f64),
}

impl Num {
    fn of(number: &Number) -> Num {
        let integer = number.as_i64().map(i128::from).or_else(|| number.as_u64().map(i128::from));
        match integer {
            Some(integer) => Num::Int(integer),
            None => Num::Float(number.as_f64().unwrap_or(f64::NAN)),
        }
    }

    fn compare(self, other: Num) -> Option<Ordering> {
        match (self, other) {
            (Num::Int(a), Num::Int(b)) => Some(a.cmp(&b)),
            (a, b) => a.float().partial_cmp(&b.float()),
        }
    }

    fn float(self) -> f64 {
        match self {
            Num::Int(integer) => integer as f64,
            Num::Float(float) => float,
        }
    }
}

// ---------------------------------------------------------------------------------------------------------
// Checking a value
// ---------------------------------------------------------------------------------------------------------

type Params = Vec<(&'static str, String)>;

#[derive(Debug, Clone, Copy, PartialEq)]
enum Mode {
    /// A whole value.
    Whole,
    /// A merge patch, or an object in one: objects are merged, arrays are replaced as a whole.
    Patch,
}

/// The way from the root to a value, kept on the stack and turned into a pointer only for a fault.
struct Path<'a> {
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
    fn root() -> Path<'a> {
        Path { parent: None, step: Step::Root, depth: 0 }
    }

    fn key(&'a self, name: &'a str) -> Path<'a> {
        Path { parent: Some(self), step: Step::Key(name), depth: self.depth + 1 }
    }

    fn index(&'a self, index: usize) -> Path<'a> {
        Path { parent: Some(self), step: Step::Index(index), depth: self.depth + 1 }
    }

    fn pointer(&self) -> String {
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
struct Run<'s> {
    nodes: &'s [Node],
    faults: Vec<Fault>,
    /// Only asking whether a variant fits: the first fault ends the walk and nothing is written down.
    probing: bool,
    failed: bool,
    unions: usize,
    budget: usize,
}

impl<'s> Run<'s> {
    fn new(nodes: &'s [Node]) -> Run<'s> {
        Run { nodes, faults: Vec::new(), probing: false, failed: false, unions: 0, budget: UNION_BUDGET }
    }

    fn done(&self) -> bool {
        if self.probing { self.failed } else { self.faults.len() >= Shape::MAX_FAULTS }
    }

    fn fault(&mut self, at: &Path, code: &'static str, params: impl FnOnce() -> Params) {
        if self.probing {
            self.failed = true;
        } else if !self.done() {
            self.faults.push(Fault { pointer: at.pointer(), code, params: params() });
        }
    }

    fn wrong_type(&mut self, expected: &str, value: &Value, at: &Path) {
        self.fault(at, "wrong_type", || {
            vec![("expected", expected.to_string()), ("got", kind_name(value).to_string())]
        });
    }

    fn visit(&mut self, node: usize, value: &Value, at: &Path, mode: Mode) {
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

    fn typed(&mut self, rules: &'s Typed, value: &Value, at: &Path, mode: Mode) {
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
        if !self.storable(text, at) {
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
    fn extra(&mut self, rules: &'s ObjectRules, name: &str, value: &Value, at: &Path, mode: Mode) {
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
                self.storable(text, at);
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

    fn union(&mut self, variants: &'s [usize], value: &Value, at: &Path, mode: Mode) {
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
        let room = Shape::MAX_FAULTS.saturating_sub(self.faults.len());
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

fn kinds_of(value: &Value) -> Kinds {
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

// ---------------------------------------------------------------------------------------------------------
// Decimals and formats
// ---------------------------------------------------------------------------------------------------------

/// A decimal as text, without the zeros that do not count. Exact, unlike a float.
struct Decimal<'t> {
    negative: bool,
    whole: &'t str,
    fraction: &'t str,
}

impl<'t> Decimal<'t> {
    const MAX_WHOLE_DIGITS: usize = 20;

    fn parse(text: &'t str) -> Option<Decimal<'t>> {
        let (negative, digits) = match text.strip_prefix('-') {
            Some(digits) => (true, digits),
            None => (false, text),
        };
        let (whole, fraction) = match digits.split_once('.') {
            Some((whole, fraction)) if all_digits(fraction) => (whole, fraction),
            Some(_) => return None,
            None => (digits, ""),
        };
        if !all_digits(whole) || whole.len() > Self::MAX_WHOLE_DIGITS {
            return None;
        }
        let (whole, fraction) = (whole.trim_start_matches('0'), fraction.trim_end_matches('0'));
        let zero = whole.is_empty() && fraction.is_empty();
        Some(Decimal { negative: negative && !zero, whole, fraction })
    }

    fn compare(&self, other: &Decimal) -> Ordering {
        match (self.negative, other.negative) {
            (false, true) => Ordering::Greater,
            (true, false) => Ordering::Less,
            (false, false) => self.size(other),
            (true, true) => other.size(self),
        }
    }

    /// Compares without the signs. Without trailing zeros, fractions are in the order of their text.
    fn size(&self, other: &Decimal) -> Ordering {
        let whole = self.whole.len().cmp(&other.whole.len()).then_with(|| self.whole.cmp(other.whole));
        whole.then_with(|| self.fraction.cmp(other.fraction))
    }
}

fn all_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

impl Format {
    fn named(name: &str) -> Option<Format> {
        let all = [Format::Date, Format::DateTime, Format::Uuid, Format::Email, Format::Uri];
        all.into_iter().find(|format| format.name() == name)
    }

    fn name(self) -> &'static str {
        match self {
            Format::Date => "date",
            Format::DateTime => "date-time",
            Format::Uuid => "uuid",
            Format::Email => "email",
            Format::Uri => "uri",
        }
    }

    fn fits(self, text: &str) -> bool {
        match self {
            Format::Date => is_date(text.as_bytes()),
            Format::DateTime => is_date_time(text.as_bytes()),
            Format::Uuid => is_uuid(text.as_bytes()),
            Format::Email => is_email(text),
            Format::Uri => is_uri(text),
        }
    }
}

/// The number that the bytes spell, if they are all digits.
fn digits(bytes: &[u8]) -> Option<u32> {
    bytes.iter().try_fold(0u32, |number, byte| {
        let digit = byte.is_ascii_digit().then(|| u32::from(byte - b'0'))?;
        number.checked_mul(10)?.checked_add(digit)
    })
}

/// `YYYY-MM-DD`, a day that the calendar has. There is no year 0.
fn is_date(text: &[u8]) -> bool {
    let [y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2] = *text else { return false };
    let parts = (digits(&[y1, y2, y3, y4]), digits(&[m1, m2]), digits(&[d1, d2]));
    let (Some(year), Some(month), Some(day)) = parts else { return false };
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if leap => 29,
        2 => 28,
        _ => return false,
    };
    year > 0 && (1..=days).contains(&day)
}

/// `YYYY-MM-DDThh:mm:ss[.fraction](Z|±hh:mm)`, RFC 3339.
fn is_date_time(text: &[u8]) -> bool {
    let Some((date, [b'T' | b't', time @ ..])) = text.split_at_checked(10) else { return false };
    let [h1, h2, b':', m1, m2, b':', s1, s2, rest @ ..] = time else { return false };
    let parts = (digits(&[*h1, *h2]), digits(&[*m1, *m2]), digits(&[*s1, *s2]));
    let (Some(hour), Some(minute), Some(second)) = parts else { return false };
    // 60 is a leap second.
    let time_ok = hour < 24 && minute < 60 && second <= 60;
    is_date(date) && time_ok && after_fraction(rest).is_some_and(is_offset)
}

/// What follows the fraction of a second, if there is one; `None` for a point without digits.
fn after_fraction(text: &[u8]) -> Option<&[u8]> {
    let [b'.', fraction @ ..] = text else { return Some(text) };
    let count = fraction.iter().take_while(|byte| byte.is_ascii_digit()).count();
    if count == 0 { None } else { fraction.get(count..) }
}

fn is_offset(text: &[u8]) -> bool {
    match *text {
        [b'Z' | b'z'] => true,
        [b'+' | b'-', h1, h2, b':', m1, m2] => {
            digits(&[h1, h2]).is_some_and(|hour| hour < 24) && digits(&[m1, m2]).is_some_and(|m| m < 60)
        }
        _ => false,
    }
}

fn is_uuid(text: &[u8]) -> bool {
    let fits = |(index, byte): (usize, &u8)| match index {
        8 | 13 | 18 | 23 => *byte == b'-',
        _ => byte.is_ascii_hexdigit(),
    };
    text.len() == 36 && text.iter().enumerate().all(fits)
}

/// Catches slips of the hand; only a mail sent tells whether an address exists.
fn is_email(text: &str) -> bool {
    let Some((local, domain)) = text.rsplit_once('@') else { return false };
    let odd = |c: char| c.is_whitespace() || c.is_control() || "@<>()[],;:\\\"".contains(c);
    let dots_ok = |part: &str| part.split('.').all(|piece| !piece.is_empty());
    let in_domain = |c: char| c.is_alphanumeric() || c == '-' || c == '.';
    let local_ok = local.len() <= 64 && dots_ok(local) && !local.contains(odd);
    let domain_ok = domain.contains('.') && dots_ok(domain) && domain.chars().all(in_domain);
    text.len() <= 254 && local_ok && domain_ok
}

fn is_uri(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once("://") else { return false };
    let scheme_ok = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c));
    scheme_ok && !rest.is_empty() && !rest.contains(|c: char| c.is_whitespace() || c.is_control())
}

// ---------------------------------------------------------------------------------------------------------
// Compiling a schema
// ---------------------------------------------------------------------------------------------------------

/// Keywords that say something about a value.
const RULES: &[&str] = &[
    "type",
    "properties",
    "required",
    "additionalProperties",
    "propertyNames",
    "items",
    "minItems",
    "maxItems",
    "enum",
    "const",
    "minLength",
    "maxLength",
    "pattern",
    "format",
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "x-decimal-places",
    "x-decimal-min",
    "x-decimal-exclusive-min",
    "x-decimal-max",
    "x-decimal-exclusive-max",
];

const NUMBER_LIMITS: [(&str, Side); 4] = [
    ("minimum", Side::Min),
    ("exclusiveMinimum", Side::ExclusiveMin),
    ("maximum", Side::Max),
    ("exclusiveMaximum", Side::ExclusiveMax),
];

const DECIMAL_LIMITS: [(&str, Side); 4] = [
    ("x-decimal-min", Side::Min),
    ("x-decimal-exclusive-min", Side::ExclusiveMin),
    ("x-decimal-max", Side::Max),
    ("x-decimal-exclusive-max", Side::ExclusiveMax),
];

/// Keywords that only tell people something, and those that the product leaves alone.
fn is_note(key: &str) -> bool {
    let known = matches!(
        key,
        "title"
            | "summary"
            | "description"
            | "example"
            | "examples"
            | "default"
            | "deprecated"
            | "readOnly"
            | "writeOnly"
            | "uniqueItems"
            | "discriminator"
            | "externalDocs"
            | "xml"
            | "contentEncoding"
            | "contentMediaType"
            | "$comment"
    );
    // A slip in a decimal rule must not pass for the note of another vendor.
    known || (key.starts_with("x-") && !key.starts_with("x-decimal-"))
}

type Schema = Map<String, Value>;

struct Compiler<'c> {
    components: &'c Schema,
    nodes: Vec<Node>,
    /// The node of each component referred to so far. A slot is taken before the component is compiled, which
    /// is what lets schemas refer to themselves.
    slots: HashMap<String, usize>,
    queue: Vec<(usize, String)>,
    /// Where the compiler is, for its errors.
    trail: Vec<String>,
}

impl<'c> Compiler<'c> {
    fn new(components: &'c Schema) -> Compiler<'c> {
        let trail = vec!["schema".to_string()];
        Compiler { components, nodes: Vec::new(), slots: HashMap::new(), queue: Vec::new(), trail }
    }

    fn error(&self, what: &str) -> String {
        format!("{}: {what}", self.trail.join("."))
    }

    /// Compiles the components referred to, and those that they refer to, and so on.
    fn finish(&mut self) -> Result<(), String> {
        let components = self.components;
        while let Some((slot, name)) = self.queue.pop() {
            self.trail = vec![format!("components.schemas.{name}")];
            let schema = components.get(&name).ok_or_else(|| self.error("is missing"))?;
            let node = self.build(schema)?;
            if let Some(place) = self.nodes.get_mut(slot) {
                *place = node;
            }
        }
        self.refuse_loops()
    }

    /// A schema such as `A = null or A` would keep a check busy with the same value for ever.
    fn refuse_loops(&self) -> Result<(), String> {
        let mut cleared = vec![false; self.nodes.len()];
        for start in 0..self.nodes.len() {
            clear_of_loops(&self.nodes, start, &mut cleared, &mut Vec::new()).map_err(|node| {
                let name = self.slots.iter().find(|(_, slot)| **slot == node).map(|(name, _)| name.as_str());
                format!("components.schemas.{}: refers to itself without end", name.unwrap_or("?"))
            })?;
        }
        Ok(())
    }

    fn push(&mut self, node: Node) -> usize {
        self.nodes.push(node);
        self.nodes.len() - 1
    }

    /// The node of a schema; that of the component if the schema is but a reference.
    fn node(&mut self, schema: &Value) -> Result<usize, String> {
        if let Some(reference) = only_reference(schema) {
            return self.slot(reference);
        }
        let node = self.build(schema)?;
        Ok(self.push(node))
    }

    fn slot(&mut self, reference: &str) -> Result<usize, String> {
        let (name, _) = self.component(reference)?;
        if let Some(slot) = self.slots.get(&name) {
            return Ok(*slot);
        }
        let slot = self.push(Node::Any);
        self.slots.insert(name.clone(), slot);
        self.queue.push((slot, name));
        Ok(slot)
    }

    fn component(&self, reference: &str) -> Result<(String, &'c Value), String> {
        let name = reference.strip_prefix("#/components/schemas/");
        let name = name.ok_or_else(|| self.error(&format!("unsupported $ref `{reference}`")))?;
        let name = name.replace("~1", "/").replace("~0", "~");
        match self.components.get(&name) {
            Some(schema) => Ok((name, schema)),
            None => Err(self.error(&format!("$ref `{reference}` leads nowhere"))),
        }
    }

    /// The node of a schema that stands inside another one, at `step`.
    fn inner(&mut self, step: &str, schema: &Value) -> Result<usize, String> {
        self.trail.push(step.to_string());
        if self.trail.len() > MAX_SCHEMA_DEPTH {
            return Err(self.error("schemas are nested too deep"));
        }
        let node = self.node(schema)?;
        self.trail.pop();
        Ok(node)
    }

    fn build(&mut self, schema: &Value) -> Result<Node, String> {
        if let Some(reference) = only_reference(schema) {
            return Ok(Node::Same(self.slot(reference)?));
        }
        let mut flat = self.flat(schema, 0)?;
        match flat.remove("oneOf") {
            Some(variants) => self.union(&flat, &variants),
            None if flat.is_empty() => Ok(Node::Any),
            None => Ok(Node::Typed(self.typed(&flat)?)),
        }
    }

    /// The rules of a schema and of all it is made of (`$ref`, `allOf`), without its notes.
    fn flat(&self, schema: &Value, level: usize) -> Result<Schema, String> {
        if level > MAX_SCHEMA_DEPTH {
            return Err(self.error("allOf or $ref refers to itself without end"));
        }
        let map = match schema {
            Value::Bool(true) => return Ok(Schema::new()),
            Value::Object(map) => map,
            other => return Err(self.error(&format!("unsupported schema `{other}`"))),
        };
        let mut flat = Schema::new();
        for (key, value) in map {
            match key.as_str() {
                "$ref" => {
                    let reference = value.as_str().ok_or_else(|| self.error("$ref is no string"))?;
                    let (_, target) = self.component(reference)?;
                    self.merge(&mut flat, self.flat(target, level + 1)?)?;
                }
                "allOf" => {
                    for member in self.array(key, value)? {
                        self.merge(&mut flat, self.flat(member, level + 1)?)?;
                    }
                }
                "oneOf" | "anyOf" => self.merge_rule(&mut flat, "oneOf", value.clone())?,
                rule if RULES.contains(&rule) => self.merge_rule(&mut flat, rule, value.clone())?,
                note if is_note(note) => {}
                other => return Err(self.error(&format!("unsupported keyword `{other}`"))),
            }
        }
        Ok(flat)
    }

    fn array<'v>(&self, key: &str, value: &'v Value) -> Result<&'v Vec<Value>, String> {
        match value {
            Value::Array(items) if !items.is_empty() || key == "required" => Ok(items),
            _ => Err(self.error(&format!("`{key}` is no list"))),
        }
    }

    fn merge(&self, into: &mut Schema, from: Schema) -> Result<(), String> {
        from.into_iter().try_for_each(|(key, value)| self.merge_rule(into, &key, value))
    }

    fn merge_rule(&self, into: &mut Schema, key: &str, value: Value) -> Result<(), String> {
        let merged = match into.remove(key) {
            None => value,
            Some(known) if known == value => known,
            Some(known) => match (key, known, value) {
                ("properties", Value::Object(a), Value::Object(b)) => Value::Object(merge_properties(a, b)),
                ("required", Value::Array(a), Value::Array(b)) => Value::Array([a, b].concat()),
                ("oneOf", Value::Array(a), Value::Array(b)) => Value::Array(each_with_each(&a, &b)),
                ("additionalProperties", Value::Bool(false), _) => Value::Bool(false),
                ("additionalProperties", _, Value::Bool(false)) => Value::Bool(false),
                ("additionalProperties", a, b) => both(&a, &b),
                ("type", a, b) => self.common_type(&a, &b)?,
                _ => return Err(self.error(&format!("allOf with different values of `{key}`"))),
            },
        };
        into.insert(key.to_string(), merged);
        Ok(())
    }

    fn common_type(&self, a: &Value, b: &Value) -> Result<Value, String> {
        let (mut a, mut b) = (self.type_kinds(a)?, self.type_kinds(b)?);
        // Each integer is a number as well.
        for kinds in [&mut a, &mut b] {
            *kinds |= if *kinds & NUMBER != 0 { INTEGER } else { 0 };
        }
        let names: Vec<Value> =
            KINDS.iter().filter(|(kind, _)| a & b & kind != 0).map(|(_, name)| Value::from(*name)).collect();
        if names.is_empty() { Err(self.error("allOf of different types")) } else { Ok(Value::Array(names)) }
    }

    fn type_kinds(&self, types: &Value) -> Result<Kinds, String> {
        let names = match types {
            Value::Array(names) if !names.is_empty() => names.as_slice(),
            name => std::slice::from_ref(name),
        };
        names.iter().try_fold(0, |kinds, name| {
            let kind = KINDS.iter().find(|(_, known)| name.as_str() == Some(*known));
            kind.map(|(kind, _)| kinds | kind)
                .ok_or_else(|| self.error(&format!("unsupported type `{name}`")))
        })
    }

    /// `base` holds the rules that stand next to the variants, and so hold for each of them.
    fn union(&mut self, base: &Schema, variants: &Value) -> Result<Node, String> {
        let (variants, nullable) = self.variants(base, variants)?;
        let node = match (self.words(&variants)?, variants.as_slice()) {
            (_, []) => return Ok(Node::Typed(self.typed(&only_null())?)),
            (Some(words), _) => Node::Typed(self.typed(&words)?),
            (None, [single]) => Node::Same(self.inner("oneOf", single)?),
            (None, many) => {
                let nodes = many.iter().enumerate();
                let nodes = nodes.map(|(index, schema)| self.inner(&format!("oneOf[{index}]"), schema));
                Node::AnyOf(nodes.collect::<Result<_, _>>()?)
            }
        };
        match node {
            node if !nullable => Ok(node),
            Node::Same(other) => Ok(Node::Nullable(other)),
            node => Ok(Node::Nullable(self.push(node))),
        }
    }

    /// The variants other than null, each with the rules of `base`; and whether there is one that is null.
    fn variants(&self, base: &Schema, variants: &Value) -> Result<(Vec<Value>, bool), String> {
        let whole_base = Value::Object(base.clone());
        let flattens = self.kinds(base)? & (OBJECT | NULL) == OBJECT;
        let (mut rest, mut nullable) = (Vec::new(), false);
        for variant in self.array("oneOf", variants)? {
            let is_null = is_only_null(&self.flat(variant, 0)?);
            match (is_null, base.is_empty()) {
                // A flattened `Option<Struct>`: none of it means the rest alone.
                (true, _) if flattens => rest.push(whole_base.clone()),
                (true, _) => nullable = true,
                (false, true) => rest.push(variant.clone()),
                (false, false) => rest.push(both(&whole_base, variant)),
            }
        }
        Ok((rest, nullable))
    }

    /// One list of allowed values, if that is all the variants are: an enum with a description for each value.
    fn words(&self, variants: &[Value]) -> Result<Option<Schema>, String> {
        let mut words = Vec::new();
        for variant in variants {
            let flat = self.flat(variant, 0)?;
            match allowed_values(&flat) {
                Some(values) if flat.keys().all(|key| matches!(key.as_str(), "type" | "enum" | "const")) => {
                    words.extend(values.iter().cloned());
                }
                _ => return Ok(None),
            }
        }
        Ok(Some(Schema::from_iter([("enum".to_string(), Value::Array(words))])))
    }

    fn typed(&mut self, flat: &Schema) -> Result<Typed, String> {
        if let Some(values) = flat.get("enum") {
            self.array("enum", values)?;
        }
        let kinds = self.kinds(flat)?;
        let named = KINDS.iter().filter(|(kind, _)| kinds & kind != 0 && *kind != NULL);
        let names: Vec<&str> = named.map(|(_, name)| *name).collect();
        let takes = |kind: Kinds| kinds & kind != 0;
        Ok(Typed {
            kinds,
            expected: names.join(", "),
            allowed: allowed_values(flat).map(Allowed::new),
            text: if takes(STRING) { self.text_rules(flat)? } else { None },
            number: self.number_limits(flat)?,
            list: if takes(ARRAY) { Some(Box::new(self.list_rules(flat)?)) } else { None },
            object: if takes(OBJECT) { Some(Box::new(self.object_rules(flat)?)) } else { None },
        })
    }

    fn kinds(&self, flat: &Schema) -> Result<Kinds, String> {
        flat.get("type").map_or_else(|| Ok(implied_kinds(flat)), |types| self.type_kinds(types))
    }

    fn count(&self, flat: &Schema, key: &str) -> Result<Option<usize>, String> {
        let Some(value) = flat.get(key) else { return Ok(None) };
        let count = value.as_u64().and_then(|count| usize::try_from(count).ok());
        count.map(Some).ok_or_else(|| self.error(&format!("`{key}` is no count: `{value}`")))
    }

    fn text_rules(&self, flat: &Schema) -> Result<Option<Box<TextRules>>, String> {
        let keys = ["minLength", "maxLength", "pattern", "format"];
        if !flat.keys().any(|key| keys.contains(&key.as_str()) || key.starts_with("x-decimal-")) {
            return Ok(None);
        }
        let pattern = match flat.get("pattern") {
            None => None,
            Some(Value::String(pattern)) => Some(
                Regex::new(pattern)
                    .map_err(|e| self.error(&format!("unsupported pattern `{pattern}`: {e}")))?,
            ),
            Some(other) => return Err(self.error(&format!("unsupported pattern `{other}`"))),
        };
        Ok(Some(Box::new(TextRules {
            min: self.count(flat, "minLength")?.unwrap_or(0),
            max: self.count(flat, "maxLength")?,
            pattern,
            format: flat.get("format").and_then(Value::as_str).and_then(Format::named),
            decimal: self.decimal_rules(flat)?,
        })))
    }

    fn decimal_rules(&self, flat: &Schema) -> Result<Option<DecimalRules>, String> {
        let has_rule = flat.keys().any(|key| key.starts_with("x-decimal-"));
        let is_decimal = flat.get("format").and_then(Value::as_str) == Some("decimal");
        if has_rule && !is_decimal {
            return Err(self.error("`x-decimal-…` without `format: decimal`"));
        }
        if !is_decimal {
            return Ok(None);
        }
        let mut limits = Vec::new();
        for (key, side) in DECIMAL_LIMITS {
            match flat.get(key) {
                None => {}
                Some(Value::String(limit)) if Decimal::parse(limit).is_some() => {
                    limits.push((side, limit.clone(), limit.clone()));
                }
                Some(other) => return Err(self.error(&format!("`{key}` is no decimal string: `{other}`"))),
            }
        }
        Ok(Some(DecimalRules { places: self.count(flat, "x-decimal-places")?, limits: Limits(limits) }))
    }

    fn number_limits(&self, flat: &Schema) -> Result<Limits<Num>, String> {
        let mut limits = Vec::new();
        for (key, side) in NUMBER_LIMITS {
            match flat.get(key) {
                None => {}
                Some(Value::Number(limit)) => limits.push((side, Num::of(limit), limit.to_string())),
                Some(other) => return Err(self.error(&format!("`{key}` is no number: `{other}`"))),
            }
        }
        Ok(Limits(limits))
    }

    fn list_rules(&mut self, flat: &Schema) -> Result<ListRules, String> {
        let items = flat.get("items").map(|schema| self.inner("items", schema)).transpose()?;
        let (min, max) = (self.count(flat, "minItems")?, self.count(flat, "maxItems")?);
        Ok(ListRules { min: min.unwrap_or(0), max, items })
    }

    fn object_rules(&mut self, flat: &Schema) -> Result<ObjectRules, String> {
        let extra = self.extra(flat)?;
        let mut fields = self.fields(flat)?;
        for name in self.required(flat)? {
            match (fields.iter_mut().find(|field| field.name == name), &extra) {
                (Some(field), _) => field.required = true,
                (None, Extra::Refused) => {
                    return Err(self.error(&format!("requires `{name}`, which is no property")));
                }
                (None, Extra::Checked(node)) => fields.push(Field { name, node: *node, required: true }),
                (None, Extra::Any) => {
                    let node = self.push(Node::Any);
                    fields.push(Field { name, node, required: true });
                }
            }
        }
        fields.sort_by(|a, b| a.name.cmp(&b.name));
        let names: Vec<&str> = fields.iter().map(|field| field.name.as_str()).collect();
        let (names, keys) = (names.join(", "), self.map_keys(flat)?);
        let required = fields.iter().filter(|field| field.required).count();
        Ok(ObjectRules { fields, required, names, extra, keys })
    }

    /// An object that names its properties takes no others, unless it says so: a typo must not pass in silence.
    fn extra(&mut self, flat: &Schema) -> Result<Extra, String> {
        match flat.get("additionalProperties") {
            None if flat.contains_key("properties") => Ok(Extra::Refused),
            None | Some(Value::Bool(true)) => Ok(Extra::Any),
            Some(Value::Bool(false)) => Ok(Extra::Refused),
            Some(schema) => Ok(Extra::Checked(self.inner("additionalProperties", schema)?)),
        }
    }

    fn fields(&mut self, flat: &Schema) -> Result<Vec<Field>, String> {
        let Some(properties) = flat.get("properties") else { return Ok(Vec::new()) };
        let properties = properties.as_object().ok_or_else(|| self.error("`properties` is no object"))?;
        let mut fields = Vec::with_capacity(properties.len());
        for (name, schema) in properties {
            let node = self.inner(&format!("properties.{name}"), schema)?;
            fields.push(Field { name: name.clone(), node, required: false });
        }
        Ok(fields)
    }

    fn required(&self, flat: &Schema) -> Result<Vec<String>, String> {
        let Some(required) = flat.get("required") else { return Ok(Vec::new()) };
        let names = self.array("required", required)?.iter();
        let names = names.map(|name| name.as_str().map(String::from));
        names.collect::<Option<_>>().ok_or_else(|| self.error("`required` holds what is no name"))
    }

    /// utoipa describes the keys of every map: any string (which is no rule), or the words of an enum.
    fn map_keys(&self, flat: &Schema) -> Result<Option<Allowed>, String> {
        let Some(schema) = flat.get("propertyNames") else { return Ok(None) };
        let keys = self.flat(schema, 0)?;
        // How long a key may be is said in the document and looked at by the rules of what is kept under it.
        let rules = keys.iter().filter(|(name, _)| *name != "maxLength");
        let plain = rules.into_iter().all(|(name, value)| name == "type" && *value == "string");
        match allowed_values(&keys) {
            Some(values) => Ok(Some(Allowed::new(values))),
            None if plain => Ok(None),
            None => Err(self.error(&format!("unsupported propertyNames `{schema}`"))),
        }
    }
}

/// The target of a schema that is nothing but a `$ref` (and notes).
fn only_reference(schema: &Value) -> Option<&str> {
    let map = schema.as_object()?;
    let reference = map.get("$ref")?.as_str()?;
    map.keys().all(|key| key == "$ref" || is_note(key)).then_some(reference)
}

fn both(a: &Value, b: &Value) -> Value {
    Value::Object(Schema::from_iter([("allOf".to_string(), Value::Array(vec![a.clone(), b.clone()]))]))
}

fn merge_properties(mut a: Schema, b: Schema) -> Schema {
    for (name, schema) in b {
        let merged = match a.remove(&name) {
            Some(known) if known != schema => both(&known, &schema),
            _ => schema,
        };
        a.insert(name, merged);
    }
    a
}

fn each_with_each(a: &[Value], b: &[Value]) -> Vec<Value> {
    a.iter().flat_map(|one| b.iter().map(move |other| both(one, other))).collect()
}

fn only_null() -> Schema {
    Schema::from_iter([("type".to_string(), Value::from("null"))])
}

fn is_only_null(flat: &Schema) -> bool {
    let by_type = flat.len() == 1 && flat.get("type").is_some_and(|types| *types == "null");
    by_type
        || allowed_values(flat).is_some_and(|values| !values.is_empty() && values.iter().all(Value::is_null))
}

fn allowed_values(flat: &Schema) -> Option<&[Value]> {
    match (flat.get("const"), flat.get("enum")) {
        (Some(value), _) => Some(std::slice::from_ref(value)),
        (None, Some(Value::Array(values))) => Some(values),
        _ => None,
    }
}

/// The types that a schema without `type` can only mean.
fn implied_kinds(flat: &Schema) -> Kinds {
    if let Some(values) = allowed_values(flat) {
        return values.iter().fold(0, |kinds, value| kinds | kinds_of(value));
    }
    flat.keys().fold(0, |kinds, key| {
        kinds
            | match key.as_str() {
                "properties" | "required" | "additionalProperties" | "propertyNames" => OBJECT,
                "items" | "minItems" | "maxItems" => ARRAY,
                "minimum" | "maximum" | "exclusiveMinimum" | "exclusiveMaximum" => INTEGER | NUMBER,
                _ => STRING,
            }
    })
}

/// Follows the nodes that look at the same value again. The error is a node that leads back to itself.
fn clear_of_loops(
    nodes: &[Node],
    node: usize,
    cleared: &mut [bool],
    trail: &mut Vec<usize>,
) -> Result<(), usize> {
    if trail.contains(&node) {
        return Err(node);
    }
    if cleared.get(node).is_none_or(|done| *done) {
        return Ok(());
    }
    let next = match nodes.get(node) {
        Some(Node::Same(other) | Node::Nullable(other)) => std::slice::from_ref(other),
        Some(Node::AnyOf(variants)) => variants.as_slice(),
        _ => &[],
    };
    trail.push(node);
    for other in next {
        clear_of_loops(nodes, *other, cleared, trail)?;
    }
    trail.pop();
    if let Some(done) = cleared.get_mut(node) {
        *done = true;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn components() -> Map<String, Value> {
        let document = json!({
            "Order": {
                "type": "object",
                "description": "An order of a customer",
                "required": ["customer", "currency", "lines"],
                "properties": {
                    "customer": {"type": "string", "minLength": 1, "maxLength": 40},
                    "currency": {"$ref": "#/components/schemas/Currency", "description": "Of all prices"},
                    "due": {"type": ["string", "null"], "format": "date"},
                    "note": {"type": ["string", "null"], "maxLength": 5},
                    "discount": {"$ref": "#/components/schemas/Percent"},
                    "priority": {"type": "integer", "format": "int32", "minimum": 0, "maximum": 9},
                    "rush": {"type": "boolean"},
                    "tags": {"type": "array", "items": {"type": "string"}, "uniqueItems": true},
                    "ship_to": {"oneOf": [{"type": "null"}, {"$ref": "#/components/schemas/Address"}]},
                    "payment": {"$ref": "#/components/schemas/Payment"},
                    "custom": {
                        "type": "object",
                        "additionalProperties": {"type": "string", "maxLength": 10},
                        "propertyNames": {"type": "string"}
                    },
                    "lines": {
                        "type": "array", "minItems": 1, "maxItems": 5,
                        "items": {"$ref": "#/components/schemas/Line"}
                    }
                }
            },
            "Line": {
                "type": "object",
                "required": ["product", "quantity"],
                "properties": {
                    "product": {"type": "string", "pattern": "^[A-Z]{2}-[0-9]+$"},
                    "quantity": {
                        "type": "string", "format": "decimal", "x-decimal-places": 3,
                        "x-decimal-exclusive-min": "0", "x-decimal-max": "99999.5"
                    },
                    "price": {"type": ["string", "null"], "format": "decimal", "x-decimal-min": "-10"}
                }
            },
            "Percent": {"type": "string", "format": "decimal"},
            "Currency": {"type": "string", "enum": ["EUR", "CHF", "USD"]},
            "Address": {
                "type": "object",
                "required": ["city"],
                "properties": {"city": {"type": "string"}, "street": {"type": ["string", "null"]}}
            },
            "Payment": {
                "oneOf": [
                    {
                        "type": "object", "required": ["kind", "number"],
                        "properties": {
                            "kind": {"type": "string", "enum": ["card"]},
                            "number": {"type": "string", "minLength": 12}
                        }
                    },
                    {
                        "type": "object", "required": ["kind", "days"],
                        "properties": {"kind": {"const": "invoice"}, "days": {"type": "integer"}}
                    }
                ]
            },
            "Tree": {
                "type": "object", "required": ["name"],
                "properties": {
                    "name": {"type": "string"},
                    "parts": {"type": "array", "items": {"$ref": "#/components/schemas/Tree"}}
                }
            },
            "Named": {
                "type": "object", "required": ["name"],
                "properties": {"name": {"type": "string"}}
            },
            "Contact": {
                "allOf": [
                    {"$ref": "#/components/schemas/Named"},
                    {"type": "object", "required": ["mail"],
                     "properties": {"mail": {"type": "string", "format": "email"}}}
                ]
            }
        });
        document.as_object().cloned().unwrap_or_default()
    }

    fn named(name: &str) -> Shape {
        shape(json!({"$ref": format!("#/components/schemas/{name}")}))
    }

    fn shape(schema: Value) -> Shape {
        Shape::compile(&schema, &components()).expect("the schema compiles")
    }

    fn order() -> Value {
        json!({
            "customer": "cus_1", "currency": "EUR",
            "lines": [{"product": "AB-1", "quantity": "2.500"}, {"product": "CD-22", "quantity": "1"}]
        })
    }

    fn order_with(name: &str, value: Value) -> Value {
        let mut order = order();
        order[name] = value;
        order
    }

    /// The faults as short lines: pointer, code, parameters.
    fn lines(faults: Vec<Fault>) -> Vec<String> {
        let line = |fault: Fault| {
            let params: Vec<String> =
                fault.params.iter().map(|(name, value)| format!("{name}={value}")).collect();
            format!("{} {} {}", fault.pointer, fault.code, params.join(";")).trim_end().to_string()
        };
        faults.into_iter().map(line).collect()
    }

    fn check(schema: Value, value: Value) -> Vec<String> {
        lines(shape(schema).check(&value))
    }

    fn fits(schema: &Value, value: Value) -> bool {
        shape(schema.clone()).check(&value).is_empty()
    }

    fn refused(schema: Value) -> String {
        Shape::compile(&schema, &components()).expect_err("the schema is refused")
    }

    #[test]
    fn a_correct_order_passes() {
        assert_eq!(named("Order").check(&order()), []);
    }

    #[test]
    fn all_faults_of_an_order_come_at_once() {
        let body = json!({
            "customer": "", "currency": "EURO", "due": "2026-02-30", "rush": "yes", "colour": "red",
            "lines": [
                {"product": "AB-1", "quantity": 12.5},
                {"product": "ab", "quantity": "1.2345", "price": "-10.01"},
                {"quantity": "0"}
            ]
        });
        let allowed =
            "currency, custom, customer, discount, due, lines, note, payment, priority, rush, ship_to, tags";
        assert_eq!(
            lines(named("Order").check(&body)),
            [
                "/customer too_short min=1".into(),
                "/currency not_allowed allowed=EUR, CHF, USD".into(),
                "/due invalid_format format=date".into(),
                "/rush wrong_type expected=boolean;got=string".into(),
                format!("/colour unknown_field allowed={allowed}"),
                "/lines/0/quantity decimal_as_number hint=12.5".into(),
                "/lines/1/product pattern_mismatch pattern=^[A-Z]{2}-[0-9]+$".into(),
                "/lines/1/quantity too_precise max=3".into(),
                "/lines/1/price out_of_range min=-10".into(),
                "/lines/2/quantity out_of_range exclusive_min=0;max=99999.5".into(),
                "/lines/2/product required".into(),
            ]
        );
    }

    #[test]
    fn missing_fields_are_named_where_they_belong() {
        assert_eq!(
            lines(named("Order").check(&json!({"lines": [{}]}))),
            [
                "/lines/0/product required",
                "/lines/0/quantity required",
                "/currency required",
                "/customer required"
            ]
        );
    }

    #[test]
    fn a_body_that_is_no_object_is_one_fault_at_the_root() {
        let order = named("Order");
        assert_eq!(lines(order.check(&json!([]))), [" wrong_type expected=object;got=array"]);
        assert_eq!(lines(order.check(&json!(null))), [" not_null"]);
        assert_eq!(lines(order.check_patch(&json!("x"))), [" wrong_type expected=object;got=string"]);
        assert_eq!(lines(order.check_patch(&json!(null))), [" wrong_type expected=object;got=null"]);
    }

    #[test]
    fn null_is_fine_only_where_the_document_says_so() {
        let order = named("Order");
        assert_eq!(order.check(&order_with("due", json!(null))), []);
        assert_eq!(order.check(&order_with("ship_to", json!(null))), []);
        assert_eq!(lines(order.check(&order_with("customer", json!(null)))), ["/customer not_null"]);
        assert_eq!(lines(order.check(&order_with("rush", json!(null)))), ["/rush not_null"]);
        assert_eq!(lines(order.check(&order_with("custom", json!({"a": null})))), ["/custom/a not_null"]);
    }

    #[test]
    fn lists_are_neither_too_short_nor_too_long() {
        let order = named("Order");
        let line = json!({"product": "AB-1", "quantity": "1"});
        assert_eq!(lines(order.check(&order_with("lines", json!([])))), ["/lines too_few_items min=1"]);
        let six = Value::Array(vec![line; 6]);
        assert_eq!(lines(order.check(&order_with("lines", six))), ["/lines too_many_items max=5"]);
        assert_eq!(order.check(&order_with("tags", json!(["a", "a"]))), []);
        let tags = order.check(&order_with("tags", json!(["a", 1])));
        assert_eq!(lines(tags), ["/tags/1 wrong_type expected=string;got=number"]);
    }

    #[test]
    fn lengths_count_characters_and_not_bytes() {
        let order = named("Order");
        assert_eq!(order.check(&order_with("note", json!("渠道经理人"))), []);
        assert_eq!(lines(order.check(&order_with("note", json!("渠道经理人!")))), ["/note too_long max=5"]);
        let two = json!({"type": "string", "minLength": 2});
        assert!(fits(&two, json!("éé")));
        assert_eq!(check(two, json!("🙂")), [" too_short min=2"]);
    }

    #[test]
    fn a_pattern_is_not_tried_on_a_text_that_is_too_long() {
        let schema = json!({"type": "string", "maxLength": 3, "pattern": "^a+$"});
        assert_eq!(check(schema, json!("bbbb")), [" too_long max=3"]);
    }

    #[test]
    fn decimals_are_plain_strings() {
        let decimal = json!({"type": "string", "format": "decimal"});
        let twenty = "12345678901234567890";
        for good in ["0", "-0", "12.50", "-12.50", "007", twenty, "0.00000000000000000000000000001"] {
            assert!(fits(&decimal, json!(good)), "{good}");
        }
        let long = format!("1{twenty}");
        for bad in ["", "-", "+1", "1.", ".5", "1e3", "1,5", " 1", "1 ", "--1", "1.2.3", "٣", "NaN", &long] {
            assert_eq!(check(decimal.clone(), json!(bad)), [" invalid_decimal"], "{bad}");
        }
        assert_eq!(check(decimal.clone(), json!(12.5)), [" decimal_as_number hint=12.5"]);
        assert_eq!(check(decimal.clone(), json!(7)), [" decimal_as_number hint=7"]);
        assert_eq!(check(decimal, json!(true)), [" wrong_type expected=string;got=boolean"]);
    }

    #[test]
    fn trailing_zeros_are_not_precision() {
        let money = json!({"type": "string", "format": "decimal", "x-decimal-places": 2});
        assert!(fits(&money, json!("1.230000")));
        assert_eq!(check(money, json!("1.2301")), [" too_precise max=2"]);
    }

    #[test]
    fn decimals_compare_exactly() {
        let schema = |key: &str, limit: &str| json!({"type": "string", "format": "decimal", key: limit});
        let cases = [
            ("x-decimal-min", "-10.5", "-10.5", true),
            ("x-decimal-min", "-10.5", "-10.50000000000000000001", false),
            ("x-decimal-min", "-10.5", "-9", true),
            ("x-decimal-min", "0", "-0.0", true),
            ("x-decimal-min", "9", "10", true),
            ("x-decimal-exclusive-min", "0", "0.00", false),
            ("x-decimal-exclusive-min", "0", "0.01", true),
            ("x-decimal-exclusive-min", "0", "-1", false),
            ("x-decimal-max", "0.1", "0.1000", true),
            ("x-decimal-max", "0.1", "0.10000000000000000000000001", false),
            ("x-decimal-max", "99999999999999999999", "99999999999999999999.1", false),
            ("x-decimal-max", "100", "0099", true),
            ("x-decimal-max", "-1", "-2", true),
        ];
        for (key, limit, value, good) in cases {
            assert_eq!(fits(&schema(key, limit), json!(value)), good, "{value} for {key} {limit}");
        }
    }

    #[test]
    fn numbers_keep_to_their_limits() {
        let order = named("Order");
        let faults = lines(order.check(&order_with("priority", json!(10))));
        assert_eq!(faults, ["/priority out_of_range min=0;max=9"]);
        let faults = lines(order.check(&order_with("priority", json!(1.5))));
        assert_eq!(faults, ["/priority wrong_type expected=integer;got=number"]);
        let rate = json!({"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1.5});
        assert!(fits(&rate, json!(1)) && fits(&rate, json!(1.25)));
        assert_eq!(check(rate.clone(), json!(0)), [" out_of_range exclusive_min=0;exclusive_max=1.5"]);
        assert!(!fits(&rate, json!(1.5)));
        let big = json!({"type": "integer", "maximum": 9007199254740992_u64});
        assert!(!fits(&big, json!(9007199254740993_u64)));
    }

    #[test]
    fn formats_tell_real_from_wrong() {
        let cases: [(&str, &[&str], &[&str]); 5] = [
            (
                "date",
                &["2026-01-31", "2024-02-29", "2000-02-29"],
                &[
                    "2023-02-29",
                    "1900-02-29",
                    "2026-04-31",
                    "2026-13-01",
                    "2026-00-01",
                    "0000-01-01",
                    "2026-1-1",
                    "01.02.2026",
                    "２０２６",
                ],
            ),
            (
                "date-time",
                &["2026-01-31T23:59:59Z", "2026-01-31t00:00:00.123456789+05:30", "2016-12-31T23:59:60Z"],
                &[
                    "2026-01-31",
                    "2026-01-31T10:00:00",
                    "2026-01-31 10:00:00Z",
                    "2026-01-31T24:00:00Z",
                    "2026-01-31T10:00Z",
                    "2026-01-31T10:00:00.Z",
                    "2026-01-31T10:00:00+0530",
                    "2026-02-30T10:00:00Z",
                    "2026-01-3é10:00:00Z",
                ],
            ),
            (
                "uuid",
                &["01890a5d-ac96-774b-bcce-b302099a8057", "01890A5D-AC96-774B-BCCE-B302099A8057"],
                &["01890a5dac96774bbcceb302099a8057", "01890a5d-ac96-774b-bcce-b302099a805g", ""],
            ),
            (
                "email",
                &["ann@example.com", "a.b+c@sub.example.co", "li@例子.中国"],
                &[
                    "ann",
                    "ann@",
                    "@example.com",
                    "ann@example",
                    "a b@example.com",
                    "a@b@example.com",
                    "ann@.com",
                    "ann.@example.com",
                ],
            ),
            (
                "uri",
                &["https://example.com/hook?x=1", "ftp://h"],
                &["example.com", "https://", "://x", "1http://x", "https://a b"],
            ),
        ];
        for (format, good, bad) in cases {
            let schema = json!({"type": "string", "format": format});
            for text in good {
                assert!(fits(&schema, json!(text)), "{format} {text}");
            }
            for text in bad {
                let fault = format!(" invalid_format format={format}");
                assert_eq!(check(schema.clone(), json!(text)), [fault], "{format} {text}");
            }
        }
        assert!(fits(&json!({"type": "string", "format": "password"}), json!("x")));
    }

    #[test]
    fn a_nul_character_is_refused_wherever_text_is_stored() {
        let order = named("Order");
        let bad = json!("a\u{0}b");
        let fault = |pointer: &str| [format!("{pointer} invalid_format format=text")];
        assert_eq!(lines(order.check(&order_with("customer", bad.clone()))), fault("/customer"));
        assert_eq!(lines(order.check_patch(&json!({"customer": bad}))), fault("/customer"));
        assert_eq!(lines(order.check_patch(&json!({"tags": [bad]}))), fault("/tags/0"));
        assert_eq!(check(json!({}), json!({"a": [{"b": bad}]})), fault("/a/0/b"));
        assert_eq!(check(json!({"type": "object"}), json!({"k\u{0}": 1})), fault("/k\u{0}"));
        let custom = order.check(&order_with("custom", json!({"k\u{0}": "v"})));
        assert_eq!(lines(custom), fault("/custom/k\u{0}"));
    }

    #[test]
    fn pointers_escape_what_json_pointers_escape() {
        let map = json!({"type": "object", "additionalProperties": {"type": "integer"}});
        let faults = check(map.clone(), json!({"a/b~c": "x"}));
        assert_eq!(faults, ["/a~1b~0c wrong_type expected=integer;got=string"]);
        let huge = check(map, json!({"k".repeat(100_000): "x"}));
        assert!(huge[0].len() < 400, "a huge key is not echoed");
    }

    #[test]
    fn an_optional_struct_is_checked_when_it_is_there() {
        let order = named("Order");
        let faults = order.check(&order_with("ship_to", json!({"city": 1, "zip": "8000"})));
        assert_eq!(
            lines(faults),
            [
                "/ship_to/city wrong_type expected=string;got=number",
                "/ship_to/zip unknown_field allowed=city, street"
            ]
        );
    }

    #[test]
    fn of_several_variants_the_faults_of_the_best_one_are_told() {
        let payment = named("Payment");
        assert_eq!(payment.check(&json!({"kind": "invoice", "days": 30})), []);
        let invoice = lines(payment.check(&json!({"kind": "invoice", "number": "1", "days": "x"})));
        assert_eq!(
            invoice,
            ["/number unknown_field allowed=days, kind", "/days wrong_type expected=integer;got=string"]
        );
        assert_eq!(lines(payment.check(&json!({"kind": "card"}))), ["/number required"]);
        let unknown = lines(payment.check(&json!({"kind": "cash", "number": "1"})));
        assert_eq!(unknown, ["/kind not_allowed allowed=card, invoice"]);
        assert_eq!(lines(payment.check(&json!(5))), [" wrong_type expected=object;got=number"]);
        assert_eq!(lines(payment.check(&json!(null))), [" not_null"]);
    }

    #[test]
    fn a_variant_named_by_its_only_key_is_recognised() {
        let variant = |name: &str, fields: Value| {
            let properties = json!({name: fields});
            json!({"type": "object", "required": [name], "properties": properties})
        };
        let by_mail = json!({
            "type": "object", "required": ["to", "cc", "subject"],
            "properties": {"to": {"type": "string"}, "cc": {"type": "string"}, "subject": {"type": "string"}}
        });
        let send = json!({"oneOf": [variant("sms", json!({"type": "string"})), variant("mail", by_mail)]});
        assert_eq!(
            check(send, json!({"mail": {"to": 1}})),
            ["/mail/to wrong_type expected=string;got=number", "/mail/cc required", "/mail/subject required"]
        );
    }

    #[test]
    fn a_value_of_one_of_several_types() {
        let id =
            json!({"anyOf": [{"type": "string", "minLength": 3}, {"type": "integer"}, {"type": "null"}]});
        assert!(fits(&id, json!("abc")) && fits(&id, json!(1)) && fits(&id, json!(null)));
        assert_eq!(check(id.clone(), json!("a")), [" too_short min=3"]);
        assert_eq!(check(id, json!(true)), [" wrong_type expected=string, integer;got=boolean"]);
    }

    #[test]
    fn described_enum_values_are_one_list() {
        let state = json!({"type": "string", "oneOf": [
            {"const": "open", "description": "Not yet sent"}, {"type": "string", "enum": ["sent", "paid"]}
        ]});
        assert!(fits(&state, json!("paid")));
        assert_eq!(check(state.clone(), json!("lost")), [" not_allowed allowed=open, sent, paid"]);
        assert_eq!(check(state, json!(1)), [" wrong_type expected=string;got=number"]);
        let optional = json!({"oneOf": [{"type": "null"}, {"$ref": "#/components/schemas/Currency"}]});
        assert!(fits(&optional, json!(null)));
        assert_eq!(check(optional, json!("XXX")), [" not_allowed allowed=EUR, CHF, USD"]);
    }

    #[test]
    fn a_const_is_the_only_value() {
        assert!(fits(&json!({"const": 3}), json!(3)));
        assert_eq!(check(json!({"const": 3}), json!(4)), [" not_allowed allowed=3"]);
        let maybe = json!({"type": ["string", "null"], "enum": ["a"]});
        assert!(fits(&maybe, json!(null)));
    }

    #[test]
    fn flattened_structs_are_one_object() {
        let contact = named("Contact");
        assert_eq!(contact.check(&json!({"name": "Ann", "mail": "ann@example.com"})), []);
        let faults = lines(contact.check(&json!({"mail": "ann", "nmae": "Ann"})));
        assert_eq!(
            faults,
            ["/mail invalid_format format=email", "/nmae unknown_field allowed=mail, name", "/name required"]
        );
    }

    #[test]
    fn a_flattened_enum_adds_the_fields_of_its_variants() {
        let paid = json!({"allOf": [
            {"$ref": "#/components/schemas/Payment"}, {"$ref": "#/components/schemas/Named"}
        ]});
        assert!(fits(&paid, json!({"name": "a", "kind": "invoice", "days": 3})));
        assert_eq!(check(paid.clone(), json!({"kind": "invoice", "days": 3})), ["/name required"]);
        let maybe = json!({"allOf": [
            {"oneOf": [{"type": "null"}, {"$ref": "#/components/schemas/Address"}]},
            {"$ref": "#/components/schemas/Named"}
        ]});
        assert!(fits(&maybe, json!({"name": "a"})) && fits(&maybe, json!({"name": "a", "city": "Bern"})));
        assert!(!fits(&maybe, json!({"city": "Bern"})) && !fits(&maybe, json!(null)));
    }

    #[test]
    fn rules_next_to_a_reference_hold_as_well() {
        let percent = "#/components/schemas/Percent";
        let rate = json!({"$ref": percent, "x-decimal-places": 1, "default": "0"});
        assert_eq!(check(rate, json!("1.25")), [" too_precise max=1"]);
        let maybe = json!({"oneOf": [{"type": "null"}, {"$ref": percent}], "x-decimal-max": "100"});
        assert!(fits(&maybe, json!(null)) && fits(&maybe, json!("100")));
        assert_eq!(check(maybe, json!("100.01")), [" out_of_range max=100"]);
    }

    #[test]
    fn free_maps_and_free_values_take_what_comes() {
        let anything = json!({"a": [1, null, {"b": "c"}]});
        for schema in [json!({}), json!(true), json!({"description": "any"}), json!({"type": "object"})] {
            assert!(fits(&schema, anything.clone()), "{schema}");
        }
        let open = json!({
            "type": "object", "properties": {"a": {}}, "additionalProperties": true, "required": ["z"]
        });
        assert!(fits(&open, json!({"a": 1, "b": 2, "z": 3})));
        assert_eq!(check(open, json!({"b": 2})), ["/z required"]);
        let none = json!({"type": "object", "additionalProperties": false});
        assert_eq!(check(none, json!({"a": 1})), ["/a unknown_field allowed="]);
        let by_currency = json!({
            "type": "object", "propertyNames": {"$ref": "#/components/schemas/Currency"},
            "additionalProperties": {"type": "integer"}
        });
        assert!(fits(&by_currency, json!({"EUR": 1})));
        assert_eq!(check(by_currency, json!({"eur": 1})), ["/eur unknown_field allowed=EUR, CHF, USD"]);
    }

    #[test]
    fn a_patch_needs_nothing() {
        let order = named("Order");
        assert_eq!(order.check_patch(&json!({})), []);
        assert_eq!(order.check_patch(&json!({"customer": "cus_2"})), []);
    }

    #[test]
    fn a_patch_clears_what_may_be_absent_and_nothing_else() {
        let order = named("Order");
        let patch = json!({
            "note": null, "rush": null, "custom": null, "ship_to": null, "payment": null,
            "customer": null, "currency": null, "lines": null, "colour": null
        });
        let faults = lines(order.check_patch(&patch));
        assert_eq!(faults[..3], ["/customer not_null", "/currency not_null", "/lines not_null"]);
        assert!(faults[3].starts_with("/colour unknown_field"));
        let required_but_nullable =
            json!({"type": "object", "required": ["a"], "properties": {"a": {"type": ["string", "null"]}}});
        assert_eq!(shape(required_but_nullable).check_patch(&json!({"a": null})), []);
    }

    #[test]
    fn a_patch_checks_the_values_that_are_there() {
        let order = named("Order");
        let patch = json!({"customer": "", "lines": [{"quantity": "1"}], "ship_to": {"city": 1}});
        assert_eq!(
            lines(order.check_patch(&patch)),
            [
                "/customer too_short min=1",
                "/lines/0/product required",
                "/ship_to/city wrong_type expected=string;got=number"
            ]
        );
        // Objects are merged, so a part of one is enough; lists are replaced, so their entries are whole.
        assert_eq!(order.check_patch(&json!({"ship_to": {"street": "X"}})), []);
    }

    #[test]
    fn a_patch_removes_keys_of_a_free_map() {
        let order = named("Order");
        assert_eq!(order.check_patch(&json!({"custom": {"old": null, "new": "x"}})), []);
        let faults = lines(order.check_patch(&json!({"custom": {"old": null, "new": 1}})));
        assert_eq!(faults, ["/custom/new wrong_type expected=string;got=number"]);
        let maps = json!({"type": "object", "additionalProperties": {"type": "string"}});
        let nested = shape(json!({
            "type": "object",
            "properties": {
                "map": {"type": "object", "additionalProperties": maps},
                "list": {"type": "array", "items": maps}
            }
        }));
        assert_eq!(nested.check_patch(&json!({"map": {"a": {"b": null}}})), []);
        // A list is replaced as a whole, so there is nothing to remove from.
        assert_eq!(lines(nested.check_patch(&json!({"list": [{"b": null}]}))), ["/list/0/b not_null"]);
    }

    #[test]
    fn a_patch_of_a_variant_needs_no_tag() {
        let payment = named("Payment");
        assert_eq!(payment.check_patch(&json!({"days": 60})), []);
        let faults = lines(payment.check_patch(&json!({"days": "60"})));
        assert_eq!(faults, ["/days wrong_type expected=integer;got=string"]);
    }

    fn nested(levels: usize, name: &str) -> Value {
        (0..levels).fold(json!({"name": "leaf"}), |inner, _| json!({"name": "n", name: [inner]}))
    }

    #[test]
    fn a_tree_may_be_deep_but_not_endless() {
        let tree = named("Tree");
        assert_eq!(tree.check(&nested(15, "parts")), []);
        let faults = tree.check(&nested(40, "parts"));
        assert_eq!(faults.len(), 2);
        assert!(faults.iter().all(|fault| fault.code == "too_deep"));
        assert_eq!(faults[1].pointer.matches('/').count(), MAX_DEPTH + 1);
    }

    #[test]
    fn a_value_without_a_schema_is_not_endless_either() {
        let mut value = json!(1);
        for _ in 0..500 {
            value = Value::Array(vec![value]);
        }
        let faults = shape(json!({})).check(&value);
        assert_eq!(faults.iter().map(|fault| fault.code).collect::<Vec<_>>(), ["too_deep"]);
    }

    #[test]
    fn unions_of_unions_cannot_be_made_to_run_for_ever() {
        let branch = |tag: &str| {
            json!({"type": "object", "required": ["end"], "properties": {
                "x": {"$ref": "#/components/schemas/U"}, "end": {"const": tag}
            }})
        };
        let components = Schema::from_iter([("U".to_string(), json!({"anyOf": [branch("a"), branch("b")]}))]);
        let shape =
            Shape::compile(&json!({"$ref": "#/components/schemas/U"}), &components).expect("compiles");
        let value = (0..31).fold(json!({}), |inner, _| json!({"x": inner, "end": "a"}));
        let start = std::time::Instant::now();
        assert!(!shape.check(&value).is_empty());
        assert!(start.elapsed().as_secs() < 5);
    }

    #[test]
    fn a_flood_of_faults_ends_at_a_hundred() {
        let fields: Map<String, Value> = (0..5_000).map(|n| (format!("f{n}"), json!(1))).collect();
        assert_eq!(named("Order").check(&Value::Object(fields)).len(), Shape::MAX_FAULTS);
        let list = json!({"type": "array", "items": {"type": "string"}});
        assert_eq!(shape(list).check(&json!(vec![1; 5_000])).len(), Shape::MAX_FAULTS);
        let union = json!({"type": "array", "items": {"$ref": "#/components/schemas/Payment"}});
        let bad = Value::Array(vec![json!({"kind": "card", "x": 1, "y": 2}); 99]);
        assert_eq!(shape(union).check(&bad).len(), Shape::MAX_FAULTS);
    }

    #[test]
    fn a_document_that_cannot_be_checked_fails_at_start() {
        let within = |schema: Value| json!({"type": "object", "properties": {"a": schema}});
        let cases = [
            (json!({"$ref": "#/components/schemas/Nothing"}), "Nothing"),
            (json!({"$ref": "other.json"}), "other.json"),
            (within(json!({"not": {}})), "properties.a: unsupported keyword `not`"),
            (within(json!({"type": "text"})), "unsupported type"),
            (within(json!({"type": "string", "pattern": "("})), "unsupported pattern"),
            (within(json!({"type": "string", "minLength": -1})), "minLength"),
            (within(json!({"type": "string", "format": "decimal", "x-decimal-max": 5})), "x-decimal-max"),
            (within(json!({"type": "string", "format": "decimal", "x-decimal-plaices": 5})), "plaices"),
            (within(json!({"type": "string", "x-decimal-places": 5})), "format: decimal"),
            (within(json!({"type": "string", "enum": []})), "enum"),
            (within(json!({"oneOf": []})), "oneOf"),
            (within(json!(false)), "unsupported schema `false`"),
            (within(json!({"allOf": [{"type": "string"}, {"type": "integer"}]})), "different types"),
            (json!({"type": "object", "properties": {}, "required": ["b"]}), "requires `b`"),
            (json!({"type": "array", "prefixItems": []}), "prefixItems"),
        ];
        for (schema, part) in cases {
            let error = refused(schema);
            assert!(error.contains(part), "{error}");
        }
    }

    #[test]
    fn a_schema_that_goes_in_circles_fails_at_start() {
        let itself = json!({"$ref": "#/components/schemas/A"});
        let circles = [
            itself.clone(),
            json!({"oneOf": [{"type": "null"}, itself]}),
            json!({"oneOf": [{"type": "integer"}, {"type": "string"}, itself]}),
            json!({"allOf": [itself, {"type": "object"}]}),
            json!({"type": "object", "oneOf": [itself, itself]}),
        ];
        for circle in circles {
            let components = Schema::from_iter([("A".to_string(), circle.clone())]);
            let error = Shape::compile(&itself, &components).expect_err("a circle");
            assert!(error.contains("components.schemas.A"), "{error}");
        }
    }

    #[test]
    fn a_shape_is_shared_between_threads() {
        fn shared<T: Send + Sync>(_: &T) {}
        shared(&named("Order"));
    }
}
