//! The OpenAPI document, made from the declarations.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::dispatch::LONGEST_HEADER;
use super::finish::Declarations;
use super::shape::Shape;
use super::{Access, Components, Endpoint, Media, Nature, params};
use crate::auth::Scope;
use crate::events::feed::{WebhookEvent, WebhookTest};
use crate::events::{Told, Verb};
use crate::messages;
use crate::types::TextEnum;

const ABOUT: &str = "\
The system of record of a sales department: customers, products and prices, orders and shipments.

**Log in** with `POST /auth/login`, send the access token as `Authorization: Bearer …`, renew it with
`POST /auth/refresh`. **Programs** are machine clients: an administrator registers one with `POST /clients`, and it gets
its tokens by OAuth 2.0 client credentials at `POST /oauth/token`. **Money** is a decimal string in major units beside one `currency`; quantities and unit prices
are decimal strings with up to six places; a JSON number in their place is refused. **Changes** are merge patches with
`If-Match`; a step in a life is a `POST` such as `/orders/{order_id}/submit`. **Retries** are safe with an
`Idempotency-Key`. **Many calls** go into one request with `POST /batch`. **Trying out** is free with `dry_run=true`. **Problems** are `application/problem+json`; `code` is
stable, the words follow `Accept-Language` (`en`, `zh-CN`), and `GET /problems/{code}` explains each.

## An order with curl

With `salesdesk serve --demo`, whose log-ins all have the password `salesdesk-demo`:

```bash
API=http://127.0.0.1:8080/api/v1
log_in() { curl -s $API/auth/login -H 'Content-Type: application/json' \\
  -d \"{\\\"username\\\":\\\"$1\\\",\\\"password\\\":\\\"salesdesk-demo\\\"}\" | sed 's/.*\"access_token\":\"\\([^\"]*\\)\".*/\\1/'; }
first_id() { sed 's/[^\"]*\"data\":\\[{\"id\":\"\\([^\"]*\\)\".*/\\1/; s/^{\"id\":\"\\([^\"]*\\)\".*/\\1/'; }
CLERK=$(log_in clerk); EXECUTIVE=$(log_in executive); WAREHOUSE=$(log_in warehouse)
as() { curl -s -H \"Authorization: Bearer $1\" -H 'Content-Type: application/json' \"${@:2}\"; }

CUSTOMER=$(as $CLERK \"$API/customers?q=thmy\" | first_id)               # 广州天河贸易, by its initials
PRODUCT=$(as $CLERK \"$API/products?q=longjing\" | first_id)
ORDER=$(as $CLERK $API/orders -H 'Idempotency-Key: my-first-order' \\
  -d \"{\\\"customer_id\\\":\\\"$CUSTOMER\\\",\\\"lines\\\":[{\\\"product_id\\\":\\\"$PRODUCT\\\",\\\"quantity\\\":\\\"5\\\"}]}\" | first_id)
as $CLERK     -X POST $API/orders/$ORDER/submit
as $EXECUTIVE $API/orders/$ORDER/approve -d '{\"override_reason\": \"Agreed with finance\"}'
as $CLERK     -X POST $API/orders/$ORDER/confirm
SHIPMENT=$(as $WAREHOUSE $API/orders/$ORDER/shipments -d '{\"carrier\": \"SF Express\"}' | first_id)
as $WAREHOUSE $API/shipments/$SHIPMENT/deliver -d '{\"received_by\": \"Front desk\"}'
as $CLERK     -X POST $API/orders/$ORDER/complete
as $CLERK     \"$API/orders/$ORDER/history?fields=event,at,by_name\"
```
";

/// The document and the endpoints, with the shapes of their bodies compiled.
pub fn build(mut routes: Declarations) -> Result<(Value, Vec<Arc<Endpoint>>), String> {
    let payloads =
        (routes.components.reference::<WebhookEvent>(), routes.components.reference::<WebhookTest>());
    let mut schemas = schemas(&mut routes.components, &routes.endpoints)?;
    for endpoint in &mut routes.endpoints {
        if let Some(body) = endpoint.body.as_ref().filter(|b| !b.reference.is_null()) {
            let shape = Shape::compile(&body.reference, &schemas);
            endpoint.shape = Some(Arc::new(shape.map_err(|e| format!("{}: {e}", endpoint.operation_id))?));
        }
        endpoint.fields = fields_of(endpoint, &schemas);
    }
    let mut paths: BTreeMap<&str, Map<String, Value>> = BTreeMap::new();
    for endpoint in &routes.endpoints {
        let item = paths.entry(endpoint.path).or_default();
        if !item.contains_key("parameters") && !endpoint.path_prefixes.is_empty() {
            item.insert("parameters".into(), path_parameters(endpoint, &schemas).into());
        }
        item.insert(endpoint.method.as_str().to_ascii_lowercase(), operation(endpoint, &schemas)?);
    }
    let webhooks = webhooks(&routes.declared.told, &payloads, &schemas);
    super::widened::describe(&routes, &mut schemas)?;
    keep_used(&mut schemas, &json!([paths, webhooks]));
    let document = json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Salesdesk",
            "version": "1.0.0",
            "summary": "System of record of a sales department",
            "description": ABOUT,
            "license": {"name": "MIT", "identifier": "MIT"},
            "contact": {"name": "The administrator of this Salesdesk"},
        },
        "servers": [{
            "url": super::dispatch::API,
            "description": "This server, be it for production, for staging or a local demo",
            "x-internal": false,
        }],
        "security": [],
        "tags": tags(&routes.tags),
        "paths": paths,
        "webhooks": webhooks,
        "components": {
            "securitySchemes": security_schemes(),
            "schemas": schemas,
            "parameters": parameters(),
            "headers": headers(),
            "responses": problem_responses(),
        },
    });
    Ok((document, routes.endpoints.into_iter().map(Arc::new).collect()))
}

/// In the order of the areas.
fn tags(tags: &[(&str, &str)]) -> Vec<Value> {
    tags.iter().map(|(name, about)| json!({"name": name, "description": about})).collect()
}

// ---- webhooks ------------------------------------------------------------------------------------------------

/// What is sent to webhooks: one for each event type, and the test.
fn webhooks(told: &[Told], payloads: &(Value, Value), schemas: &Map<String, Value>) -> Map<String, Value> {
    let mut all = Map::new();
    for kind in told {
        for Verb { name: verb, about, .. } in kind.verbs {
            let name = format!("{}.{verb}", kind.kind.name);
            let mut example = example_of(&payloads.0, schemas, 0);
            example["type"] = json!(name);
            example["data"]["id"] = json!(format!("{}_019a7c5e8f3a7d10b6c2a94e51d0f37b", kind.kind.prefix));
            example["data"]["kind"] = json!(kind.kind.name);
            let about = format!("Something happened to a {}. {about}", kind.kind.name.replace('_', " "));
            all.insert(name.clone(), json!({"post": webhook(&name, &about, &payloads.0, example)}));
        }
    }
    let test = crate::events::TEST_EVENT;
    let mut example = example_of(&payloads.1, schemas, 0);
    example["data"] =
        json!({"id": "whk_019a7c5e8f3a7d10b6c2a94e51d0f37b", "kind": "webhook", "version": 1, "changed": []});
    let about = "Sent by `POST /webhooks/{webhook_id}/test`; nothing happened.";
    all.insert(test.into(), json!({"post": webhook(test, about, &payloads.1, example)}));
    all
}

fn webhook(name: &str, about: &str, payload: &Value, example: Value) -> Value {
    let words = name.split(['.', '_']).map(|word| word[..1].to_uppercase() + &word[1..]);
    let parameter = |name: &str| json!({"$ref": format!("#/components/parameters/{name}")});
    json!({
        "operationId": format!("on{}", words.collect::<String>()),
        "tags": ["webhooks"],
        "summary": name,
        "description": format!("{about} Delivered at least once and in no promised order; read the record by its id for all that it says now."),
        "security": [],
        "parameters": [parameter("webhook_id"), parameter("webhook_timestamp"), parameter("webhook_signature")],
        "requestBody": {"required": true, "content": {"application/json": {"schema": payload, "example": example}}},
        "responses": {
            "2XX": {"description": "Taken; it is not sent again. Answer within 15 seconds, and do the work afterwards."},
            "410": {"description": "Gone: the webhook is disabled."},
            "default": {"description": "Not taken, redirects included: it is sent again under the same `webhook-id` after 5 s, 5 min, 30 min, 2 h, 5 h, 10 h, 14 h, 20 h and 24 h, each up to a tenth later."},
        },
    })
}

// ---- schemas -------------------------------------------------------------------------------------------------

/// The schemas as they are served: flattened structs merged, inputs closed, texts and integers bounded, patches
/// derived from the forms they patch.
fn schemas(components: &mut Components, endpoints: &[Endpoint]) -> Result<Map<String, Value>, String> {
    let mut all = Map::new();
    for (name, schema) in &components.schemas {
        let merged = merge_all_of(schema, &components.schemas)?;
        all.insert(name.clone(), merged);
    }
    all.insert("Problem".into(), problem_schema());
    all.insert("ProblemError".into(), problem_error_schema());
    for schema in all.values_mut() {
        bound(schema);
        drop_object_defaults(schema);
    }
    let mut patches = Map::new();
    for endpoint in endpoints {
        let Some(body) = endpoint.body.as_ref().filter(|b| b.patch) else { continue };
        let name = name_of(&body.reference).ok_or("a patch of something without a name")?;
        add_patch(name, &all, &mut patches)?;
    }
    all.extend(patches);
    Ok(all)
}

/// Generators of clients do not understand defaults that are objects; what is left out is said in words.
fn drop_object_defaults(schema: &mut Value) {
    let properties = schema.get_mut("properties").and_then(Value::as_object_mut);
    for property in properties.into_iter().flat_map(|all| all.values_mut()) {
        if property.get("default").is_some_and(Value::is_object) {
            property.as_object_mut().map(|fields| fields.remove("default"));
        }
    }
}

/// The names that `fields` can name: those of the answer, or of each record of a page.
fn fields_of(endpoint: &Endpoint, schemas: &Map<String, Value>) -> Vec<String> {
    let named = |reference: &Value| name_of(reference).and_then(|name| schemas.get(name));
    let Some(answer) = endpoint.answer.as_ref().and_then(named) else { return vec![] };
    let record = named(&answer["properties"]["data"]["items"]).unwrap_or(answer);
    record["properties"].as_object().into_iter().flatten().map(|(name, _)| name.clone()).collect()
}

/// Drops the schemas that nothing leads to, such as a form that is only ever patched.
fn keep_used(schemas: &mut Map<String, Value>, paths: &Value) {
    let mut used = HashSet::from(["Problem".to_owned()]);
    references(paths, &mut used);
    let mut reached = 0;
    while reached < used.len() {
        reached = used.len();
        for name in used.clone() {
            schemas.get(&name).inspect(|schema| references(schema, &mut used));
        }
    }
    schemas.retain(|name, _| used.contains(name));
}

/// The names of the schemas that a part of the document refers to.
fn references(part: &Value, found: &mut HashSet<String>) {
    match part {
        Value::Object(fields) => {
            found.extend(name_of(part).map(str::to_owned));
            fields.values().for_each(|v| references(v, found));
        }
        Value::Array(items) => items.iter().for_each(|v| references(v, found)),
        _ => {}
    }
}

fn name_of(reference: &Value) -> Option<&str> {
    reference["$ref"].as_str()?.rsplit('/').next()
}

/// `CustomerInput` is patched by `CustomerPatch`.
fn patch_name(form: &str) -> String {
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
        return Ok(json!({"$ref": format!("#/components/schemas/{}", patch_name(name))}));
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

fn problem_schema() -> Value {
    json!({
        "type": "object",
        "description": "A problem document (RFC 9457). Some problems have members of their own, such as `current_version`.",
        "required": ["type", "title", "status", "code", "detail", "instance", "request_id"],
        "properties": {
            "type": {"type": "string", "maxLength": 200, "description": "Where the problem is explained."},
            "title": {"type": "string", "maxLength": 200},
            "status": {"type": "integer", "format": "int32", "minimum": 400, "maximum": 599},
            "code": {"type": "string", "maxLength": 100, "description": "Stable; act on this."},
            "detail": {"type": "string", "maxLength": 4000, "description": "For people, in their language."},
            "instance": {"type": "string", "maxLength": 4000, "description": "The path that was asked for."},
            "request_id": {"type": "string", "maxLength": 100},
            "errors": {"type": "array", "maxItems": 1000, "items": {"$ref": "#/components/schemas/ProblemError"}},
        },
        "additionalProperties": true,
    })
}

fn problem_error_schema() -> Value {
    json!({
        "type": "object",
        "description": "One thing that is wrong.",
        "required": ["code", "detail", "params"],
        "properties": {
            "pointer": {"type": "string", "maxLength": 1000, "description": "JSON pointer into the body."},
            "parameter": {"type": "string", "maxLength": 200, "description": "Query parameter or header."},
            "code": {"type": "string", "maxLength": 100},
            "detail": {"type": "string", "maxLength": 4000},
            "params": {"type": "object", "additionalProperties": {"type": "string", "maxLength": 4000}},
        },
        "additionalProperties": false,
    })
}

// ---- operations ----------------------------------------------------------------------------------------------

fn path_parameters(endpoint: &Endpoint, schemas: &Map<String, Value>) -> Vec<Value> {
    placeholders(endpoint.path)
        .zip(endpoint.path_prefixes)
        .map(|(name, prefix)| {
            let schema = match prefix {
                Some(p) => params::schema(params::Takes::Id(p)),
                None => free_text(name, schemas),
            };
            let about = path_parameter_about(name);
            json!({"name": name, "in": "path", "required": true, "description": about, "schema": schema})
        })
        .collect()
}

/// The schema of a place in a path that is filled by no id of ours.
fn free_text(name: &str, schemas: &Map<String, Value>) -> Value {
    let of_external_id = &schemas.get("ExternalId").map_or(&Value::Null, |s| &s["properties"])[name];
    match of_external_id {
        Value::Object(schema) => {
            let mut schema = schema.clone();
            schema.remove("description");
            Value::Object(schema)
        }
        _ => json!({"type": "string", "minLength": 1, "maxLength": 200}),
    }
}

fn path_parameter_about(name: &str) -> String {
    match name {
        "system" => "The other system, as the record's external ids name it.".into(),
        "id" => "The record's id in the other system.".into(),
        "code" => "The `code` of the problem.".into(),
        _ => format!("The id of the {}.", name.trim_end_matches("_id").replace('_', " ")),
    }
}

fn placeholders(path: &str) -> impl Iterator<Item = &str> {
    path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
}

fn operation(endpoint: &Endpoint, schemas: &Map<String, Value>) -> Result<Value, String> {
    let mut parameters = params::document(&endpoint.params, &endpoint.common);
    let component = |name: &str| json!({"$ref": format!("#/components/parameters/{name}")});
    if endpoint.nature.needs_version() {
        parameters.push(component("if_match"));
    } else if endpoint.nature == Nature::Upsert
        || (endpoint.nature == Nature::Action && !endpoint.path_prefixes.is_empty())
    {
        parameters.push(component("if_match_optional"));
    }
    if endpoint.nature == Nature::Upsert {
        parameters.push(component("create_only"));
    }
    if endpoint.nature.takes_key() {
        parameters.push(component("idempotency_key"));
    }
    if endpoint.nature == Nature::Read && endpoint.answers_version {
        parameters.push(component("if_none_match"));
    }
    parameters.push(component("accept_language"));
    let mut about = endpoint.about.to_owned();
    if endpoint.nature == Nature::Upsert {
        about = format!("{about}\n\n{}", super::external::ABOUT).trim_start().to_owned();
    }
    if let Access::Scope(scopes) = &endpoint.access {
        let names: Vec<String> = scopes.iter().map(|s| format!("`{s}`")).collect();
        about = format!("{about}\n\nNeeds the scope {}.", names.join(" or ")).trim_start().to_owned();
    }
    let mut operation = json!({
        "operationId": endpoint.operation_id,
        "tags": [endpoint.tag],
        "summary": endpoint.summary,
        "description": about,
        "security": security(endpoint),
        "parameters": parameters,
        "responses": responses(endpoint, schemas),
    });
    if let Some(body) = &endpoint.body {
        operation["requestBody"] = request_body(endpoint, body, schemas)?;
    }
    Ok(operation)
}

fn security(endpoint: &Endpoint) -> Value {
    match &endpoint.access {
        Access::Public | Access::Client([]) => json!([]),
        Access::Person => json!([{"bearer": []}, {"oauth2": []}]),
        Access::Client(scopes) => [vec![json!({})], bearing(scopes)].concat().into(),
        Access::Scope(scopes) => bearing(scopes).into(),
    }
}

/// A token of a person or of a machine client, with one of these scopes.
fn bearing(scopes: &[Scope]) -> Vec<Value> {
    let each = |scope: &Scope| [json!({"bearer": [scope.as_str()]}), json!({"oauth2": [scope.as_str()]})];
    scopes.iter().flat_map(each).collect()
}

fn request_body(
    endpoint: &Endpoint,
    body: &super::BodySchema,
    schemas: &Map<String, Value>,
) -> Result<Value, String> {
    let types = super::dispatch::media_types(endpoint);
    if let Media::File(_) = body.media {
        let mut content: Map<String, Value> =
            types.iter().map(|t| (t.to_string(), file(endpoint.max_body))).collect();
        // A text that stands for a file of the first type.
        if let (Some(example), Some((_, first))) = (&endpoint.body_example, content.iter_mut().next()) {
            first["example"] = example.clone();
        }
        return Ok(json!({"required": true, "content": content}));
    }
    let form = name_of(&body.reference).ok_or("a body without a name")?;
    let name = if body.patch { patch_name(form) } else { form.to_owned() };
    let media = types[0];
    let example = match &endpoint.body_example {
        Some(example) => example.clone(),
        None => example_of(&json!({"$ref": format!("#/components/schemas/{name}")}), schemas, 0),
    };
    Ok(json!({
        "required": !endpoint.body_optional,
        "content": {media: {
            "schema": {"$ref": format!("#/components/schemas/{name}")},
            "example": example,
        }},
    }))
}

/// A file, as a body or an answer: OpenAPI 3.1 says no more of it than its media type.
fn file(max_bytes: usize) -> Value {
    json!({"schema": {"type": "string", "format": "binary", "maxLength": max_bytes}})
}

fn responses(endpoint: &Endpoint, schemas: &Map<String, Value>) -> Value {
    let mut responses = BTreeMap::new();
    for status in successes(endpoint) {
        responses.insert(status.to_string(), success(endpoint, status, schemas));
    }
    if endpoint.nature == Nature::Read && endpoint.answers_version {
        let mut headers = usual_headers();
        headers["ETag"] = header("etag");
        responses.insert(
            "304".into(),
            json!({"description": "Not changed since the version in If-None-Match.", "headers": headers}),
        );
    }
    for status in failures(endpoint) {
        responses
            .insert(status.to_string(), json!({"$ref": format!("#/components/responses/problem_{status}")}));
    }
    json!(responses)
}

fn successes(endpoint: &Endpoint) -> Vec<u16> {
    match endpoint.nature {
        Nature::Upsert => vec![200, 201],
        Nature::Remove if endpoint.answer.is_some() => vec![200],
        _ if !endpoint.answer_media.is_empty() => vec![200],
        nature => match &endpoint.answer {
            Some(_) => vec![nature.success()],
            None => vec![204],
        },
    }
}

/// The headers that every answer has.
fn usual_headers() -> Value {
    json!({
        "X-Request-Id": header("request_id"),
        "RateLimit": header("rate_limit"),
        "RateLimit-Policy": header("rate_limit_policy"),
        "Access-Control-Allow-Origin": header("cors_origin"),
    })
}

fn header(name: &str) -> Value {
    json!({"$ref": format!("#/components/headers/{name}")})
}

fn success(endpoint: &Endpoint, status: u16, schemas: &Map<String, Value>) -> Value {
    let mut headers = usual_headers();
    if endpoint.answers_version && endpoint.answer.is_some() {
        headers["ETag"] = header("etag");
    }
    if matches!(status, 201 | 202) {
        headers["Location"] = header("location");
    }
    if endpoint.nature == Nature::List {
        headers["Link"] = header("link");
    }
    if endpoint.nature.takes_key() {
        headers["Idempotent-Replayed"] = header("idempotent_replayed");
    }
    let description = match (endpoint.nature, status) {
        (_, 204) => "Done; there is nothing to say.",
        (Nature::List, _) => "One page.",
        (_, 201) => "Created.",
        (_, 202) => "Begun; the job at `Location` tells how it goes.",
        (Nature::Read, _) => "Found.",
        _ => "Done.",
    };
    let mut response = json!({"description": description, "headers": headers});
    if !endpoint.answer_media.is_empty() {
        let content: Map<String, Value> =
            endpoint.answer_media.iter().map(|t| (t.to_string(), file(i32::MAX as usize))).collect();
        response["content"] = Value::Object(content);
    } else if let Some(schema) = &endpoint.answer {
        let example = endpoint.answer_example.clone().unwrap_or_else(|| example_of(schema, schemas, 0));
        response["content"] = json!({"application/json": {"schema": schema, "example": example}});
    }
    response
}

/// Every status that an endpoint can answer when it does not succeed.
pub fn failures(endpoint: &Endpoint) -> Vec<u16> {
    let mut statuses = vec![400, 429, 500, 503];
    if endpoint.access != Access::Public {
        // A machine client may ask from some networks only, whatever it asks for.
        statuses.extend([401, 403]);
    }
    if !endpoint.path_prefixes.is_empty() || endpoint.nature.writes() {
        statuses.push(404);
    }
    if endpoint.body.is_some() {
        statuses.extend([408, 413, 415, 422]);
    }
    if endpoint.nature.writes() && endpoint.nature != Nature::Talk {
        statuses.extend([409, 422, 412]);
    }
    if endpoint.nature.needs_version() {
        statuses.push(428);
    }
    statuses.extend(endpoint.problems.iter().map(|code| messages::problem(code).status));
    statuses.sort_unstable();
    statuses.dedup();
    statuses
}

// ---- examples ------------------------------------------------------------------------------------------------

/// Deeper than any answer nests; only a schema that contains itself gets here.
const DEEPEST_EXAMPLE: usize = 16;

/// An example of a schema, put together from the examples of its parts.
pub fn example_of(schema: &Value, schemas: &Map<String, Value>, depth: usize) -> Value {
    if depth > DEEPEST_EXAMPLE {
        return Value::Null;
    }
    if let Some(example) = schema.get("example").or_else(|| schema.get("examples").and_then(|e| e.get(0))) {
        return example.clone();
    }
    if let Some(name) = name_of(schema) {
        return schemas.get(name).map_or(Value::Null, |s| example_of(s, schemas, depth + 1));
    }
    for key in ["oneOf", "anyOf", "allOf"] {
        if let Some(variants) = schema.get(key).and_then(Value::as_array) {
            let telling = variants.iter().find(|v| v["type"] != "null");
            return telling.map_or(Value::Null, |v| example_of(v, schemas, depth + 1));
        }
    }
    if let Some(first) = schema.get("enum").and_then(|words| words.get(0)) {
        return first.clone();
    }
    let kind = match schema.get("type") {
        Some(Value::Array(types)) => types.iter().find(|t| *t != "null").and_then(Value::as_str),
        Some(Value::String(t)) => Some(t.as_str()),
        _ => None,
    };
    match kind {
        Some("object") => {
            let properties = schema["properties"].as_object().into_iter().flatten();
            Value::Object(properties.map(|(n, s)| (n.clone(), example_of(s, schemas, depth + 1))).collect())
        }
        Some("array") => json!([example_of(&schema["items"], schemas, depth + 1)]),
        Some("integer") => schema.get("minimum").cloned().unwrap_or(json!(1)),
        Some("boolean") => json!(false),
        Some("string") if schema["format"] == "date" => json!("2026-11-20"),
        Some("string") => json!("text"),
        _ => Value::Null,
    }
}

// ---- shared parts --------------------------------------------------------------------------------------------

fn security_schemes() -> Value {
    let scopes: Vec<String> = Scope::ALL.iter().map(|s| format!("`{s}`")).collect();
    let described: Map<String, Value> =
        Scope::ALL.iter().map(|s| (s.to_string(), json!(s.about()))).collect();
    json!({
        "bearer": {
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "JWT",
            "description": format!("For people: an access token (`at+jwt`, 15 minutes, held to RFC8725) from `POST /auth/login`. Scopes: {}.", scopes.join(", ")),
        },
        "oauth2": {
            "type": "oauth2",
            "description": "For machine clients: an access token (`at+jwt`, an hour at most, held to RFC8725) from `POST /oauth/token`. An administrator registers a client with `POST /clients`.",
            "flows": {"clientCredentials": {
                "tokenUrl": format!("{}/oauth/token", super::dispatch::API),
                "scopes": described,
            }},
        },
    })
}

fn parameters() -> Map<String, Value> {
    let mut map = params::components();
    let mut add = |key: &str, name: &str, required: bool, about: &str, schema: Value| {
        let mut parameter = json!({"name": name, "in": "header", "required": required, "description": about, "schema": schema});
        match key {
            "if_match" | "if_match_optional" => {
                parameter["examples"] = json!({"version": {"value": "\"7\""}, "any": {"value": "*"}});
            }
            "if_none_match" => parameter["example"] = json!("\"7\""),
            "create_only" => parameter["example"] = json!("*"),
            "accept_language" => parameter["example"] = json!("zh-CN"),
            _ => {}
        }
        map.insert(key.into(), parameter);
    };
    let etag = json!({"type": "string", "maxLength": 20, "pattern": "^(\"[0-9]{1,10}\"|\\*)$"});
    add("if_match", "If-Match", true, "The ETag of the version that you read.", etag.clone());
    add(
        "if_match_optional",
        "If-Match",
        false,
        "The ETag of the version that you read; when given, another version is answered 412.",
        etag,
    );
    add(
        "create_only",
        "If-None-Match",
        false,
        "`*`: only if there is no such record yet; answered 412 when there is.",
        json!({"type": "string", "maxLength": 1, "enum": ["*"]}),
    );
    add(
        "if_none_match",
        "If-None-Match",
        false,
        "The ETag that you have; answered 304 when it still holds.",
        json!({"type": "string", "maxLength": LONGEST_HEADER}),
    );
    add(
        "idempotency_key",
        "Idempotency-Key",
        false,
        "Makes a retry safe: the same key and request get the first answer again, for 24 hours, without secrets that \
         are shown once. The same request is the same method, path, query and body, byte for byte; another one is \
         answered 422 `idempotency_key_reused`. While the first one runs: 409 `idempotency_in_progress` with \
         `Retry-After`. Your keys are yours: another caller's never meet them.",
        json!({"type": "string", "minLength": 1, "maxLength": 255}),
    );
    let text = |max: u32| json!({"type": "string", "maxLength": max});
    add(
        "webhook_id",
        "webhook-id",
        true,
        "The delivery's id, the same at every attempt: tell repeats by it.",
        text(60),
    );
    let about = "When this attempt was sent, in seconds since 1970; refuse what is older than five minutes.";
    add("webhook_timestamp", "webhook-timestamp", true, about, text(20));
    let about = "`v1,` and the base64 of an HMAC-SHA256 over `webhook-id.webhook-timestamp.body`, keyed with the base64 part of the secret; several with spaces between them while a secret is rotated, of which one must fit.";
    add("webhook_signature", "webhook-signature", true, about, text(400));
    add(
        "accept_language",
        "Accept-Language",
        false,
        "The language of messages: `en` (default) or `zh-CN`.",
        json!({"type": "string", "maxLength": LONGEST_HEADER}),
    );
    map
}

fn headers() -> Value {
    let header =
        |about: &str, max: u32| json!({"description": about, "schema": {"type": "string", "maxLength": max}});
    json!({
        "request_id": header("The request's id; a sane `X-Request-Id` of yours is kept.", 100),
        "etag": header("The record's version, for If-Match and If-None-Match.", 20),
        "location": header("Where the created record is.", 400),
        "link": header("`rel=\"next\"` leads to the next page.", 10000),
        "idempotent_replayed": header("`true` when this is the kept answer of an earlier request.", 5),
        "rate_limit": header("What is left of the quota: `r` requests, and `t` seconds until the whole of it is there again. Not there when there is no limit.", 100),
        "cors_origin": header("The origin of the page that asked, if it is one of those that may.", 300),
        "rate_limit_policy": header("The quota: `q` requests in `w` seconds.", 100),
        "content_language": header("The language of the messages.", 20),
        "retry_after": json!({"description": "Seconds to wait.", "schema": {"type": "integer", "format": "int32", "minimum": 0, "maximum": 86400}}),
        "www_authenticate": header("How to authenticate.", 400),
        "allow": header("The methods that the path takes.", 100),
    })
}

fn problem_responses() -> Map<String, Value> {
    let mut by_status: BTreeMap<u16, Vec<&'static messages::ProblemText>> = BTreeMap::new();
    for text in messages::all_problems() {
        by_status.entry(text.status).or_default().push(text);
    }
    by_status
        .into_iter()
        .map(|(status, texts)| {
            let codes: Vec<String> = texts.iter().map(|t| format!("`{}`: {}", t.code, t.title[0])).collect();
            let mut headers = usual_headers();
            headers["Content-Language"] = header("content_language");
            match status {
                401 => headers["WWW-Authenticate"] = header("www_authenticate"),
                405 => headers["Allow"] = header("allow"),
                409 | 429 | 503 => headers["Retry-After"] = header("retry_after"),
                _ => {}
            }
            let examples: Map<String, Value> = texts.iter().map(|t| (t.code.to_owned(), json!({"value": problem_example(t)}))).collect();
            let response = json!({
                "description": codes.join("; "),
                "headers": headers,
                "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}, "examples": examples}},
            });
            (format!("problem_{status}"), response)
        })
        .collect()
}

fn problem_example(text: &messages::ProblemText) -> Value {
    json!({"type": format!("/problems/{}", text.code), "title": text.title[0], "status": text.status, "code": text.code,
           "detail": messages::unfilled(text.detail[0]), "instance": "/api/v1/orders", "request_id": "req_019a7c5e8f3a7d10b6c2a94e51d0f37b"})
}
