//! Compiling a schema.

use std::collections::HashMap;

use regex_lite::Regex;
use serde_json::{Map, Value};

use super::check::kinds_of;
use super::formats::Decimal;
use super::nodes::{
    ARRAY, Allowed, DecimalRules, Extra, Field, Format, INTEGER, KINDS, Kinds, Limits, ListRules, NULL,
    NUMBER, Node, Num, OBJECT, ObjectRules, STRING, Side, TextRules, Typed,
};

/// How deep schemas may be written inside one another, or refer to one another through `allOf`.
const MAX_SCHEMA_DEPTH: usize = 64;

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

/// The format of texts that are unique or found by: `text::key_as_stored`.
const KEY: &str = "key";

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

pub(super) type Schema = Map<String, Value>;

pub(super) struct Compiler<'c> {
    pub(super) components: &'c Schema,
    pub(super) nodes: Vec<Node>,
    /// The node of each component referred to so far. A slot is taken before the component is compiled, which
    /// is what lets schemas refer to themselves.
    slots: HashMap<String, usize>,
    queue: Vec<(usize, String)>,
    /// Where the compiler is, for its errors.
    trail: Vec<String>,
}

impl<'c> Compiler<'c> {
    pub(super) fn new(components: &'c Schema) -> Compiler<'c> {
        let trail = vec!["schema".to_string()];
        Compiler { components, nodes: Vec::new(), slots: HashMap::new(), queue: Vec::new(), trail }
    }

    fn error(&self, what: &str) -> String {
        format!("{}: {what}", self.trail.join("."))
    }

    /// Compiles the components referred to, and those that they refer to, and so on.
    pub(super) fn finish(&mut self) -> Result<(), String> {
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

    pub(super) fn push(&mut self, node: Node) -> usize {
        self.nodes.push(node);
        self.nodes.len() - 1
    }

    /// The node of a schema; that of the component if the schema is but a reference.
    pub(super) fn node(&mut self, schema: &Value) -> Result<usize, String> {
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
    pub(super) fn union(&mut self, base: &Schema, variants: &Value) -> Result<Node, String> {
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

    pub(super) fn typed(&mut self, flat: &Schema) -> Result<Typed, String> {
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

    pub(super) fn kinds(&self, flat: &Schema) -> Result<Kinds, String> {
        flat.get("type").map_or_else(|| Ok(implied_kinds(flat)), |types| self.type_kinds(types))
    }

    pub(super) fn count(&self, flat: &Schema, key: &str) -> Result<Option<usize>, String> {
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
            key: flat.get("format").and_then(Value::as_str) == Some(KEY),
        })))
    }

    fn decimal_rules(&self, flat: &Schema) -> Result<Option<DecimalRules>, String> {
        // The document has rules only: generators of clients make numbers of what has the format `decimal`.
        let has_rule = flat.keys().any(|key| key.starts_with("x-decimal-"));
        if !has_rule && flat.get("format").and_then(Value::as_str) != Some("decimal") {
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
    pub(super) fn extra(&mut self, flat: &Schema) -> Result<Extra, String> {
        match flat.get("additionalProperties") {
            None if flat.contains_key("properties") => Ok(Extra::Refused),
            None | Some(Value::Bool(true)) => Ok(Extra::Any),
            Some(Value::Bool(false)) => Ok(Extra::Refused),
            Some(schema) => Ok(Extra::Checked(self.inner("additionalProperties", schema)?)),
        }
    }

    pub(super) fn fields(&mut self, flat: &Schema) -> Result<Vec<Field>, String> {
        let Some(properties) = flat.get("properties") else { return Ok(Vec::new()) };
        let properties = properties.as_object().ok_or_else(|| self.error("`properties` is no object"))?;
        let mut fields = Vec::with_capacity(properties.len());
        for (name, schema) in properties {
            let node = self.inner(&format!("properties.{name}"), schema)?;
            fields.push(Field { name: name.clone(), node, required: false });
        }
        Ok(fields)
    }

    pub(super) fn required(&self, flat: &Schema) -> Result<Vec<String>, String> {
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
