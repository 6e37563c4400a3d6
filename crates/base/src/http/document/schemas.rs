//! The schemas as they are served: flattened structs merged, inputs closed, texts and integers bounded, patches derived
//! from the forms they patch, and every field of an answer required, since an answer carries all of them.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use serde_json::{Map, Value, json};

use super::{name_of, standard};
use crate::http::{Components, Endpoint, params};
use crate::messages;

type Schemas = Map<String, Value>;

/// On a schema: its fields are there only when they were asked for, or when there is something to say.
const SPARSE: &str = "x-sparse";

/// The schemas, and in the endpoints the names of the bodies that have become forms of their own.
pub fn schemas(
    components: &Components,
    endpoints: &mut [Endpoint],
    told: &[&Value],
) -> Result<Schemas, String> {
    let mut all = Map::new();
    for (name, schema) in &components.schemas {
        let merged = merge_all_of(schema, &components.schemas)?;
        all.insert(name.clone(), merged);
    }
    for name in &components.sparse {
        all.get_mut(name).ok_or_else(|| format!("no schema {name}"))?[SPARSE] = json!(true);
    }
    all.extend(own_schemas());
    for schema in all.values_mut() {
        bound(schema);
        drop_object_defaults(schema);
        lift_descriptions(schema);
    }
    part_forms_from_answers(&mut all, endpoints, told)?;
    let mut patches = Map::new();
    for endpoint in endpoints.iter() {
        let Some(body) = endpoint.body.as_ref().filter(|b| b.patch) else { continue };
        let name = name_of(&body.reference).ok_or("a patch of something without a name")?;
        add_patch(name, &all, &mut patches)?;
    }
    patches.values_mut().for_each(lift_descriptions);
    let sent = endpoints.iter().filter_map(|e| e.body.as_ref()).filter(|body| !body.patch);
    let sent = reached(sent.map(|body| &body.reference), &all);
    sent.iter().for_each(|form| point_to_form(form, &mut patches));
    all.extend(patches);
    require_all(&mut all, endpoints, told);
    standard::describe(&mut all);
    Ok(all)
}

// ---- answers and forms -----------------------------------------------------------------------------------------

/// The names of all schemas that these lead to.
fn reached<'v>(from: impl Iterator<Item = &'v Value>, all: &Schemas) -> HashSet<String> {
    let mut found = HashSet::new();
    from.for_each(|part| names_in(part, &mut found));
    let mut new: Vec<String> = found.iter().cloned().collect();
    while let Some(name) = new.pop() {
        let mut inner = HashSet::new();
        all.get(&name).inspect(|schema| names_in(schema, &mut inner));
        new.extend(inner.into_iter().filter(|name| found.insert(name.clone())));
    }
    found
}

/// The names of the schemas that a part of the document refers to itself.
fn names_in(part: &Value, found: &mut HashSet<String>) {
    match part {
        Value::Object(fields) => {
            found.extend(name_of(part).map(str::to_owned));
            fields.values().for_each(|v| names_in(v, found));
        }
        Value::Array(items) => items.iter().for_each(|v| names_in(v, found)),
        _ => {}
    }
}

fn in_answers(all: &Schemas, endpoints: &[Endpoint], told: &[&Value]) -> HashSet<String> {
    reached(endpoints.iter().filter_map(|e| e.answer.as_ref()).chain(told.iter().copied()), all)
}

fn in_bodies(all: &Schemas, endpoints: &[Endpoint]) -> HashSet<String> {
    reached(endpoints.iter().filter_map(|e| e.body.as_ref()).map(|body| &body.reference), all)
}

/// What may be left out in a body is always there in an answer. A schema that is used in both and has such fields, or
/// leads to one that has, is written twice: `PostalAddress` is answered, `PostalAddressInput` is sent.
fn part_forms_from_answers(
    all: &mut Schemas,
    endpoints: &mut [Endpoint],
    told: &[&Value],
) -> Result<(), String> {
    let (answers, bodies) = (in_answers(all, endpoints, told), in_bodies(all, endpoints));
    let lax = |schema: &Value| {
        let required = schema["required"].as_array();
        let fields = schema["properties"].as_object().into_iter().flatten();
        let mut names = fields.map(|(name, _)| name);
        names.any(|name| required.is_none_or(|all| !all.iter().any(|r| r == name)))
    };
    let both = |name: &&String| answers.contains(*name);
    let mut parted: HashSet<String> = bodies.iter().filter(both).filter(|n| lax(&all[*n])).cloned().collect();
    let leads = |name: &String, parted: &HashSet<String>| {
        let mut inner = HashSet::new();
        names_in(&all[name], &mut inner);
        inner.iter().any(|n| parted.contains(n))
    };
    while let Some(more) = bodies.iter().filter(both).find(|n| !parted.contains(*n) && leads(n, &parted)) {
        parted.insert(more.clone());
    }
    let sorted: BTreeSet<&String> = bodies.iter().collect();
    for name in sorted {
        let mut form = all[name].clone();
        rename(&mut form, &parted);
        let parts = parted.contains(name);
        let name = if parts { form_name(name) } else { name.clone() };
        if parts && all.contains_key(&name) {
            return Err(format!("{name} is the name of two schemas"));
        }
        all.insert(name, form);
    }
    endpoints
        .iter_mut()
        .filter_map(|e| e.body.as_mut())
        .for_each(|body| rename(&mut body.reference, &parted));
    Ok(())
}

fn form_name(name: &str) -> String {
    format!("{name}Input")
}

/// Lets what leads to one of these schemas lead to its form.
fn rename(part: &mut Value, parted: &HashSet<String>) {
    if let Some(name) = name_of(part).filter(|name| parted.contains(*name)).map(form_name) {
        part["$ref"] = json!(format!("#/components/schemas/{name}"));
    }
    match part {
        Value::Object(fields) => fields.values_mut().for_each(|v| rename(v, parted)),
        Value::Array(items) => items.iter_mut().for_each(|v| rename(v, parted)),
        _ => {}
    }
}

/// An answer carries every field of its schema, null where it is empty.
fn require_all(all: &mut Schemas, endpoints: &[Endpoint], told: &[&Value]) {
    let answers = in_answers(all, endpoints, told);
    for (_, schema) in all.iter_mut().filter(|(name, _)| answers.contains(*name)) {
        let sparse = schema.as_object_mut().and_then(|fields| fields.shift_remove(SPARSE)).is_some();
        let Some(properties) = schema["properties"].as_object().filter(|_| !sparse) else { continue };
        // A count is made only for who asks for it.
        let names = properties.keys().filter(|name| *name != "total_count");
        schema["required"] = names.map(|name| json!(name)).collect();
    }
    for schema in all.values_mut() {
        schema.as_object_mut().map(|fields| fields.shift_remove(SPARSE));
    }
}

/// The names that `fields` can name: those of the answer, or of each record of a page.
pub fn fields_of(endpoint: &Endpoint, schemas: &Schemas) -> Vec<String> {
    let named = |reference: &Value| name_of(reference).and_then(|name| schemas.get(name));
    let Some(answer) = endpoint.answer.as_ref().and_then(named) else { return vec![] };
    let record = named(&answer["properties"]["data"]["items"]).unwrap_or(answer);
    record["properties"].as_object().into_iter().flatten().map(|(name, _)| name.clone()).collect()
}

// ---- what Rust's types say and what the document says -----------------------------------------------------------

/// Generators of clients do not understand defaults that are objects; what is left out is said in words.
fn drop_object_defaults(schema: &mut Value) {
    let properties = schema.get_mut("properties").and_then(Value::as_object_mut);
    for property in properties.into_iter().flat_map(|all| all.values_mut()) {
        if property.get("default").is_some_and(Value::is_object) {
            property.as_object_mut().map(|fields| fields.remove("default"));
        }
    }
}

/// The description of a field that may be null stands on the field, not inside one of its alternatives.
fn lift_descriptions(schema: &mut Value) {
    let properties = schema.get_mut("properties").and_then(Value::as_object_mut);
    for property in properties.into_iter().flat_map(|all| all.values_mut()) {
        let variants = property.get_mut("oneOf").and_then(Value::as_array_mut);
        let inner = variants.into_iter().flatten().find_map(|variant| {
            let fields = variant.as_object_mut().filter(|fields| fields.contains_key("$ref"))?;
            fields.shift_remove("description")
        });
        if let (Some(about), Some(fields)) = (inner, property.as_object_mut()) {
            fields.entry("description").or_insert(about);
        }
    }
}

/// `CustomerInput` is patched by `CustomerPatch`.
pub fn patch_name(form: &str) -> String {
    format!("{}Patch", form.trim_end_matches("Input"))
}

/// utoipa writes a flattened struct as `allOf`; one object is easier on readers and generators.
fn merge_all_of(schema: &Value, all: &BTreeMap<String, Value>) -> Result<Value, String> {
    let Some(parts) = schema.get("allOf").and_then(Value::as_array) else { return Ok(schema.clone()) };
    let mut merged = Map::new();
    let (mut properties, mut required) = (Map::new(), Vec::new());
    for part in parts {
        let part = match name_of(part) {
            Some(name) => all.get(name).ok_or_else(|| format!("no schema {name}"))?,
            None => part,
        };
        let part = merge_all_of(part, all)?;
        if let Some(object) = part["properties"].as_object() {
            properties.extend(object.clone());
        }
        required.extend(part["required"].as_array().cloned().unwrap_or_default());
    }
    merged.insert("type".into(), json!("object"));
    if let Some(about) = schema.get("description") {
        merged.insert("description".into(), about.clone());
    }
    merged.insert("properties".into(), Value::Object(properties));
    merged.insert("required".into(), Value::Array(required));
    Ok(Value::Object(merged))
}

/// Every text, list and integer has a bound, said where the field says none.
fn bound(schema: &mut Value) {
    let Some(object) = schema.as_object_mut() else { return };
    // Extensions come out of a hash map, in another order each time; the document is the same every time.
    let mut extensions: Vec<String> = object.keys().filter(|k| k.starts_with("x-")).cloned().collect();
    extensions.sort_unstable();
    for key in extensions {
        if let Some(value) = object.shift_remove(&key) {
            object.insert(key, value);
        }
    }
    let is = |object: &Map<String, Value>, name: &str| match object.get("type") {
        Some(Value::String(t)) => t == name,
        Some(Value::Array(types)) => types.iter().any(|t| t == name),
        _ => false,
    };
    if is(object, "string") && !object.contains_key("maxLength") && !object.contains_key("enum") {
        let max = match object.get("format").and_then(Value::as_str) {
            Some("date") => 10,
            Some("date-time") => 35,
            _ => 200,
        };
        object.insert("maxLength".into(), json!(max));
    }
    if is(object, "array") && !object.contains_key("maxItems") {
        object.insert("maxItems".into(), json!(1000));
    }
    if is(object, "integer") {
        object.entry("minimum").or_insert(json!(0));
        object.entry("maximum").or_insert(json!(i32::MAX));
        object.insert("format".into(), json!(params::integer_format(&object["minimum"], &object["maximum"])));
    }
    if is(object, "object") && object.contains_key("properties") {
        object.entry("additionalProperties").or_insert(json!(false));
    }
    for key in ["items", "additionalProperties", "propertyNames"] {
        if let Some(inner) = object.get_mut(key) {
            bound(inner);
        }
    }
    if let Some(properties) = object.get_mut("properties").and_then(Value::as_object_mut) {
        properties.values_mut().for_each(bound);
    }
    for key in ["oneOf", "anyOf"] {
        if let Some(variants) = object.get_mut(key).and_then(Value::as_array_mut) {
            variants.iter_mut().for_each(bound);
        }
    }
}

// ---- merge patches ---------------------------------------------------------------------------------------------

/// Adds the merge patch of a form: nothing is required, and what was not required may be cleared with null.
fn add_patch(name: &str, all: &Map<String, Value>, patches: &mut Map<String, Value>) -> Result<(), String> {
    let form = all.get(name).ok_or_else(|| format!("no schema {name}"))?;
    // Known from here on, should the form hold itself.
    patches.insert(patch_name(name), Value::Null);
    let required: Vec<&str> =
        form["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let mut properties = Map::new();
    for (name, schema) in form["properties"].as_object().into_iter().flatten() {
        let schema = within_patch(schema, all, patches)?;
        let schema = if required.contains(&name.as_str()) { schema } else { nullable(&schema) };
        properties.insert(name.clone(), schema);
    }
    let about = form["description"].as_str().unwrap_or("");
    let patch = json!({
        "type": "object",
        "description": format!("A merge patch: what is absent stays, null clears. {about}"),
        "properties": properties,
        "additionalProperties": false,
    });
    patches.insert(patch_name(name), patch);
    Ok(())
}

/// The fields of a patch are described where the form is that it patches, if that is published, too.
fn point_to_form(form: &str, patches: &mut Schemas) {
    let Some(patch) = patches.get_mut(&patch_name(form)) else { return };
    for (_, property) in patch["properties"].as_object_mut().into_iter().flatten() {
        property.as_object_mut().and_then(|fields| fields.shift_remove("description"));
    }
    let about = "A merge patch: what is absent stays, null clears. The fields are those of";
    patch["description"] = json!(format!("{about} `{form}`, which describes them."));
}

/// A field of a merge patch: objects in it are merged too, so they are patches themselves.
fn within_patch(
    schema: &Value,
    all: &Map<String, Value>,
    patches: &mut Map<String, Value>,
) -> Result<Value, String> {
    if let Some(name) = name_of(schema) {
        if all.get(name).is_none_or(|form| form["properties"].is_null()) {
            return Ok(schema.clone());
        }
        if !patches.contains_key(&patch_name(name)) {
            add_patch(name, all, patches)?;
        }
        let mut reference = json!({"$ref": format!("#/components/schemas/{}", patch_name(name))});
        if let Some(about) = schema.get("description") {
            reference["description"] = about.clone();
        }
        return Ok(reference);
    }
    let mut schema = schema.clone();
    if let Some(variants) = schema.get_mut("oneOf").and_then(Value::as_array_mut) {
        for variant in variants {
            *variant = within_patch(variant, all, patches)?;
        }
    }
    // In a map, null takes the entry away.
    if schema["additionalProperties"].is_object() {
        schema["additionalProperties"] = nullable(&schema["additionalProperties"]);
    }
    Ok(schema)
}

fn nullable(schema: &Value) -> Value {
    let mut schema = schema.clone();
    match schema.get("type") {
        Some(Value::String(t)) if t != "null" => schema["type"] = json!([t, "null"]),
        Some(_) => {}
        None if schema.get("$ref").is_some() => return json!({"oneOf": [{"type": "null"}, schema]}),
        None => {}
    }
    if let (Some(Value::Array(words)), true) = (schema.get_mut("enum"), true) {
        words.push(Value::Null);
    }
    schema
}

// ---- what no type declares --------------------------------------------------------------------------------------------------

fn own_schemas() -> [(String, Value); 4] {
    let text = |max: u32, about: &str| json!({"type": "string", "maxLength": max, "description": about});
    let codes: Vec<&str> = messages::all_problems().iter().map(|problem| problem.code).collect();
    let code = json!({
        "type": "string",
        "description": "What kind of problem it is. `GET /problems/{code}` explains each. A later version may have more of them: \
                        treat one that you do not know as its status says.",
        "enum": codes,
    });
    let reference = |name: &str| json!({"$ref": format!("#/components/schemas/{name}")});
    let problem = json!({
        "type": "object",
        "description": "A problem document (RFC 9457). Some problems have members of their own, such as `current_version`.",
        "required": ["type", "title", "status", "code", "detail", "instance", "request_id"],
        "properties": {
            "type": text(200, "The path at which the problem is explained."),
            "title": text(200, "The kind of problem in a few words, in the caller's language."),
            "status": {"type": "integer", "format": "int32", "minimum": 400, "maximum": 599,
                       "description": "The HTTP status of the answer."},
            "code": {"$ref": "#/components/schemas/ProblemCode", "description": "The problem's stable code."},
            "detail": text(4000, "What went wrong this time, in the caller's language."),
            "instance": text(4000, "The path that was asked for."),
            "request_id": text(100, "The id of the request, as in `X-Request-Id`. The log names it, too."),
            "errors": {"type": "array", "maxItems": 1000, "items": reference("ProblemError"),
                       "description": "Everything that is wrong with the request, all at once."},
        },
        "additionalProperties": true,
        SPARSE: true,
    });
    let error = json!({
        "type": "object",
        "description": "One thing that is wrong.",
        "required": ["code", "detail", "params"],
        "properties": {
            "pointer": text(1000, "A JSON pointer to the field of the body that is wrong."),
            "parameter": text(200, "The query parameter or header that is wrong."),
            "code": text(100, "What is wrong, as a stable word such as `required`."),
            "detail": text(4000, "What is wrong, in the caller's language."),
            "params": {"type": "object", "additionalProperties": {"type": "string", "maxLength": 4000},
                       "description": "The values that `detail` speaks of, by name, such as `max`."},
        },
        "additionalProperties": false,
        SPARSE: true,
    });
    let include = json!({
        "type": "string",
        "description": "What a list can answer beside its records.",
        "enum": ["total_count"],
    });
    [
        ("ProblemCode".into(), code),
        ("Problem".into(), problem),
        ("ProblemError".into(), error),
        ("Include".into(), include),
    ]
}
