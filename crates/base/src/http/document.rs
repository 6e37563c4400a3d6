//! The OpenAPI document, made from the declarations.

mod examples;
mod schemas;
mod served;
mod share;
mod standard;
mod webhooks;

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::dispatch::LONGEST_HEADER;
use super::finish::Declarations;
use super::params::{Param, Takes};
use super::validator::SchemaValidator;
use super::{Access, Endpoint, Media, OperationKind, params};
use crate::auth::Scope;
use crate::events::feed::{WebhookEvent, WebhookTest};
use crate::messages;
use crate::types::TextEnum;
use crate::types::id::example_id;

pub use examples::of_request as example_of;
pub use served::{Documents, Served};
pub use standard::says_itself;

const ABOUT: &str = "\
The system of record of a sales department: customers, products and prices, orders and shipments.

**Log in** with `POST /auth/login`, send the access token as `Authorization: Bearer …`, renew it with
`POST /auth/refresh`. **Programs** are machine clients: an administrator registers one with `POST /clients`, and it gets
its tokens by OAuth 2.0 client credentials at `POST /oauth/token`. **Money** is a decimal string in major units beside one `currency`; quantities and unit prices
are decimal strings with up to six places; a JSON number in their place is refused. **Changes** are merge patches with
`If-Match`; a step in a life is a `POST` such as `/orders/{order_id}/submit`. **Retries** are safe with an
`Idempotency-Key`. **Many calls** go into one request with `POST /batch`. **Trying out** is free with `dry_run=true`. **Problems** are `application/problem+json`; `code` is
stable, the words follow `Accept-Language` (`en`, `zh-CN`), and `GET /problems/{code}` explains each.

**Generating a client** is quicker from a part of this document: `GET /api/v1/openapi.json?tags=orders,customers` answers a
complete document of the operations with these tags. An unknown tag is answered 400 with the known ones.

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

/// What each operation says that creates or changes by external id.
const BY_EXTERNAL_ID: &str =
    "Creates the record (201) or changes it (200), see \"By external id\" at the top.";

/// What `GET /api/v1/openapi.json` takes.
pub const TAGS: Param = Param::new(
    "tags",
    Takes::Text(1000),
    "Only the operations with these tags, separated by commas, and what they need.",
);

/// The document and the endpoints, with the shapes of their bodies compiled.
pub fn build(mut routes: Declarations) -> Result<(Value, Vec<Arc<Endpoint>>), String> {
    let event = routes.components.reference::<WebhookEvent>();
    let test = routes.components.reference::<WebhookTest>();
    let (components, endpoints) = (&routes.components, &mut routes.endpoints);
    let told: Vec<&Value> = [&event, &test].into_iter().chain(routes.cards.values()).collect();
    let mut schemas = schemas::schemas(components, endpoints, &told)?;
    for endpoint in endpoints.iter_mut() {
        if let Some(body) = endpoint.body.as_ref().filter(|b| !b.reference.is_null()) {
            let validator = SchemaValidator::compile(&body.reference, &schemas);
            endpoint.validator =
                Some(Arc::new(validator.map_err(|e| format!("{}: {e}", endpoint.operation_id))?));
        }
        endpoint.fields = schemas::fields_of(endpoint, &schemas);
    }
    let answers = Answers::of(&routes.endpoints);
    let mut paths = paths(&routes.endpoints, &answers, &schemas)?;
    let webhooks = webhooks::section(&routes.declared.told, (&event, &test), &schemas);
    let mut responses = problem_responses();
    responses.extend(answers.responses(&schemas));
    responses.extend(webhooks.responses.map(|(name, response)| (name.to_owned(), response)));
    super::widened::describe(&routes, &mut schemas)?;
    let mut parameters = parameters();
    share::name_enumerations(&mut paths, &mut schemas)?;
    share::share_parameters(&mut paths, &mut parameters);
    schemas.values_mut().for_each(without_examples);
    let schemas: BTreeMap<String, Value> = schemas.into_iter().collect();
    let parameters: BTreeMap<String, Value> = parameters.into_iter().collect();
    let mut tags = tags(&routes.tags);
    tags.push(json!({"name": webhooks::TAG.0, "description": webhooks::TAG.1}));
    let mut document = json!({
        "openapi": "3.1.0",
        "info": info(),
        "servers": [{
            "url": super::dispatch::API,
            "description": "This server, be it for production, for staging or a local demo",
            "x-internal": false,
        }],
        "security": [],
        "tags": tags,
        "paths": paths,
        "webhooks": webhooks.webhooks,
        "components": {
            "securitySchemes": security_schemes(),
            "schemas": schemas,
            "parameters": parameters,
            "headers": headers(),
            "responses": responses,
            "requestBodies": {webhooks::BODY: webhooks.body},
            "pathItems": webhooks.path_items,
        },
    });
    share::keep_used(&mut document, &ALWAYS);
    Ok((document, routes.endpoints.into_iter().map(Arc::new).collect()))
}

/// A 405 is no operation's: the path has no such operation. A 424 is one operation's of a batch.
const ALWAYS: [(&str, &str); 2] = [("responses", "405"), ("responses", "424")];

fn info() -> Value {
    json!({
        "title": "Salesdesk",
        "version": env!("CARGO_PKG_VERSION"),
        "summary": "System of record of a sales department",
        "description": format!("{ABOUT}\n## By external id\n\n{}\n", super::external::ABOUT),
        "license": {"name": "MIT", "identifier": "MIT"},
        "contact": {"name": "The administrator of this Salesdesk"},
    })
}

fn paths(endpoints: &[Endpoint], answers: &Answers, schemas: &Map<String, Value>) -> Result<Value, String> {
    let mut paths: BTreeMap<&str, Map<String, Value>> = BTreeMap::new();
    for endpoint in endpoints {
        let item = paths.entry(endpoint.path).or_default();
        if !item.contains_key("parameters") {
            let mut parameters = path_parameters(endpoint, schemas);
            parameters.push(parameter("accept_language"));
            item.insert("parameters".into(), parameters.into());
        }
        let method = endpoint.method.as_str().to_ascii_lowercase();
        item.insert(method, operation(endpoint, answers, schemas)?);
    }
    Ok(json!(paths))
}

/// Fields have examples so that examples of whole bodies can be made of them; there they are seen.
fn without_examples(schema: &mut Value) {
    let properties = schema.get_mut("properties").and_then(Value::as_object_mut);
    for property in properties.into_iter().flat_map(|all| all.values_mut()).filter_map(Value::as_object_mut) {
        property.shift_remove("example");
    }
}

/// The name of the component that a reference leads to.
fn name_of(reference: &Value) -> Option<&str> {
    reference["$ref"].as_str()?.rsplit('/').next()
}

/// In the order of the areas.
fn tags(tags: &[(&str, &str)]) -> Vec<Value> {
    tags.iter().map(|(name, about)| json!({"name": name, "description": about})).collect()
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
        _ => json!({"type": "string", "minLength": 1, "maxLength": 200, "examples": [free_example(name)]}),
    }
}

/// What stands in such a place, for a record of the demo.
fn free_example(name: &str) -> String {
    match name {
        "code" => "validation_failed".into(),
        "grantee_id" => example_id("usr"),
        "record_id" => example_id("cmp"),
        _ => "session-clearing".into(),
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

fn parameter(name: &str) -> Value {
    json!({"$ref": format!("#/components/parameters/{name}")})
}

fn operation(endpoint: &Endpoint, answers: &Answers, schemas: &Map<String, Value>) -> Result<Value, String> {
    let mut parameters = params::document(&endpoint.params, &endpoint.common);
    if endpoint.nature.needs_version() {
        parameters.push(parameter("if_match"));
    } else if endpoint.may_name_version() {
        parameters.push(parameter("if_match_optional"));
    }
    if endpoint.nature == OperationKind::Upsert {
        parameters.push(parameter("create_only"));
    }
    if endpoint.nature.takes_key() {
        parameters.push(parameter("idempotency_key"));
    }
    if endpoint.nature == OperationKind::Read && endpoint.answers_version {
        parameters.push(parameter("if_none_match"));
    }
    let mut about = endpoint.about.to_owned();
    if endpoint.nature == OperationKind::Upsert {
        about = format!("{about}\n\n{BY_EXTERNAL_ID}").trim_start().to_owned();
    }
    if let Access::Scope(scopes) = &endpoint.access {
        let names: Vec<String> = scopes.iter().map(|s| format!("`{s}`")).collect();
        about = format!("{about}\n\nScope: {}.", names.join(" or ")).trim_start().to_owned();
    }
    let mut operation = json!({
        "operationId": endpoint.operation_id,
        "tags": [endpoint.tag],
        "summary": endpoint.summary,
        "description": about,
        "security": security(endpoint),
        "parameters": parameters,
        "responses": responses(endpoint, answers),
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
        // A form around the file is a way for people; programs that are generated send the file itself.
        let types = types.iter().filter(|t| **t != "multipart/form-data");
        let mut content: Map<String, Value> =
            types.map(|t| (t.to_string(), file(endpoint.max_body))).collect();
        // A text that stands for a file of the first type.
        if let (Some(example), Some((_, first))) = (&endpoint.body_example, content.iter_mut().next()) {
            first["example"] = example.clone();
        }
        return Ok(json!({"required": true, "content": content}));
    }
    let form = name_of(&body.reference).ok_or("a body without a name")?;
    let name = if body.patch { schemas::patch_name(form) } else { form.to_owned() };
    let media = types[0];
    let example = match &endpoint.body_example {
        Some(example) => example.clone(),
        None => example_of(&json!({"$ref": format!("#/components/schemas/{name}")}), schemas),
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

fn responses(endpoint: &Endpoint, answers: &Answers) -> Value {
    let reference = |name: &str| json!({"$ref": format!("#/components/responses/{name}")});
    let mut responses = BTreeMap::new();
    for status in successes(endpoint) {
        responses.insert(status.to_string(), reference(&answers.name(endpoint)));
    }
    if endpoint.nature == OperationKind::Read && endpoint.answers_version {
        responses.insert("304".into(), reference("not_modified"));
    }
    for status in failures(endpoint) {
        let name = problem_response(status);
        responses.insert(name.clone(), reference(&name));
    }
    json!(responses)
}

/// Refusals that have more to do with the request as such than with what is asked, and faults of the server: each class
/// shares one response, which names its problems by their status. What depends on the operation stands by itself.
const SHARED: [u16; 12] = [400, 401, 403, 404, 408, 412, 413, 415, 428, 429, 500, 503];

/// The name of the response with the problems of a status, in the components and in each operation.
pub fn problem_response(status: u16) -> String {
    match SHARED.contains(&status) {
        true => format!("{}XX", status / 100),
        false => status.to_string(),
    }
}

fn successes(endpoint: &Endpoint) -> Vec<u16> {
    match endpoint.nature {
        OperationKind::Upsert => vec![200, 201],
        OperationKind::Remove if endpoint.answer.is_some() => vec![200],
        _ if !endpoint.answer_media.is_empty() => vec![200],
        nature => match &endpoint.answer {
            Some(_) => vec![nature.success()],
            None => vec![204],
        },
    }
}

/// The headers that every answer has and that a client acts on. `X-Request-Id` is told with the problems.
fn usual_headers() -> Value {
    json!({"RateLimit": header("rate_limit")})
}

fn header(name: &str) -> Value {
    json!({"$ref": format!("#/components/headers/{name}")})
}

/// The answers of successes: operations that answer the same share one.
struct Answers<'e> {
    by_name: BTreeMap<String, Vec<&'e Endpoint>>,
    /// The schemas that some operation answers with an `ETag`.
    versioned: HashSet<&'e str>,
}

impl<'e> Answers<'e> {
    fn of(endpoints: &'e [Endpoint]) -> Answers<'e> {
        let versioned = endpoints.iter().filter(|e| e.answers_version);
        let versioned = versioned.filter_map(|e| e.answer.as_ref().and_then(name_of)).collect();
        let mut answers = Answers { by_name: BTreeMap::new(), versioned };
        for endpoint in endpoints {
            answers.by_name.entry(answers.name(endpoint)).or_default().push(endpoint);
        }
        answers
    }

    /// The name of the response that an endpoint succeeds with: that of its schema, told apart where some operations
    /// answer it without an `ETag`.
    fn name(&self, endpoint: &Endpoint) -> String {
        let subtype = |media: &&str| media.rsplit(['/', '.']).next().unwrap_or_default().replace('+', "-");
        match endpoint.answer.as_ref().and_then(name_of) {
            _ if !endpoint.answer_media.is_empty() => {
                endpoint.answer_media.iter().map(subtype).collect::<Vec<_>>().join("_or_")
            }
            Some(schema) if !endpoint.answers_version && self.versioned.contains(schema) => {
                format!("{schema}_without_etag")
            }
            Some(schema) => schema.to_owned(),
            None => "no_content".to_owned(),
        }
    }

    /// Whether an answer is a page of records that another response shows one of.
    fn shown_elsewhere(&self, endpoint: &Endpoint, schemas: &Map<String, Value>) -> bool {
        let schema = endpoint.answer.as_ref().and_then(name_of).and_then(|name| schemas.get(name));
        let row = schema.and_then(|page| name_of(&page["properties"]["data"]["items"]));
        endpoint.nature == OperationKind::List && row.is_some_and(|row| self.by_name.contains_key(row))
    }

    fn responses(&self, schemas: &Map<String, Value>) -> Vec<(String, Value)> {
        let mut headers = usual_headers();
        headers["ETag"] = header("etag");
        let about = "Not changed since the version in `If-None-Match`.";
        let not_modified = json!({"description": about, "headers": headers});
        let all = self.by_name.iter().map(|(name, users)| {
            let mut response = success(users, schemas);
            if users.iter().all(|user| self.shown_elsewhere(user, schemas))
                && let Some(media) = response["content"]["application/json"].as_object_mut()
            {
                media.shift_remove("example");
            }
            (name.clone(), response)
        });
        all.chain([("not_modified".to_owned(), not_modified)]).collect()
    }
}

/// The answer of these endpoints, with the headers that it can have.
fn success(users: &[&Endpoint], schemas: &Map<String, Value>) -> Value {
    let first = users[0];
    let any = |has: fn(&Endpoint) -> bool| users.iter().any(|e| has(e));
    let mut headers = usual_headers();
    if first.answers_version && first.answer.is_some() {
        headers["ETag"] = header("etag");
    }
    if any(|e| successes(e).iter().any(|status| matches!(status, 201 | 202))) {
        headers["Location"] = header("location");
    }
    if any(|e| e.nature == OperationKind::List) {
        headers["Link"] = header("link");
    }
    if any(|e| e.nature.takes_key()) {
        headers["Idempotent-Replayed"] = header("idempotent_replayed");
    }
    if !first.answer_media.is_empty() {
        let content: Map<String, Value> =
            first.answer_media.iter().map(|t| (t.to_string(), file(i32::MAX as usize))).collect();
        return json!({"description": "The file.", "headers": headers, "content": content});
    }
    let Some(schema) = &first.answer else {
        return json!({"description": "Done; there is nothing to say.", "headers": headers});
    };
    let given = users.iter().find_map(|e| e.answer_example.clone());
    let example = given.unwrap_or_else(|| examples::of_answer(schema, schemas));
    let about = name_of(schema).and_then(|name| schemas[name]["description"].as_str()).unwrap_or("Done.");
    let about =
        about.split_once(". ").map_or(about, |(first, _)| first).trim_end_matches('.').replace('\n', " ");
    json!({
        "description": format!("{about}."),
        "headers": headers,
        "content": {"application/json": {"schema": schema, "example": example}},
    })
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
    if endpoint.nature.writes() && endpoint.nature != OperationKind::Talk {
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
            "accept_language" => parameter["example"] = json!("en"),
            _ => {}
        }
        map.insert(key.into(), parameter);
    };
    // As it was sent, or as a proxy that compresses has made it.
    let tag = r#"(W/)?"[0-9]{1,10}[-;a-z]{0,9}""#;
    let tags = format!(r"^(\*|{tag}(\s*,\s*{tag}){{0,{}}})$", super::call::MOST_VERSIONS - 1);
    let etag = json!({"type": "string", "maxLength": 200, "pattern": tags});
    add(
        "if_match",
        "If-Match",
        true,
        "The ETag of the version that you read. Several are separated by commas.",
        etag.clone(),
    );
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
        json!({"type": "string", "maxLength": 1, "pattern": r"^\*$"}),
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
        "request_id": header("The request's id, which every answer has; a sane `X-Request-Id` of yours is kept.", 100),
        "etag": header("The record's version, for If-Match and If-None-Match.", 20),
        "location": header("Where the record is that was created, or the job that was begun. Only with 201 and 202.", 400),
        "link": header("`rel=\"next\"` leads to the next page.", 10000),
        "idempotent_replayed": header("`true` when this is the kept answer of an earlier request.", 5),
        "rate_limit": header("What is left of the quota: `r` requests, and `t` seconds until the whole of it is there again. Not there when there is no limit. `RateLimit-Policy` beside it says the quota: `q` requests in `w` seconds.", 100),
        "content_language": header("The language of the messages.", 20),
        "retry_after": json!({"description": "Seconds to wait. With 409 `idempotency_in_progress`, 429 and 503.",
                                "schema": {"type": "integer", "format": "int32", "minimum": 0, "maximum": 86400}}),
        "www_authenticate": header("How to authenticate. Only with 401.", 400),
        "allow": header("The methods that the path takes.", 100),
    })
}

fn problem_responses() -> Map<String, Value> {
    let mut by_name: BTreeMap<String, Vec<&'static messages::ProblemText>> = BTreeMap::new();
    for text in messages::all_problems() {
        by_name.entry(problem_response(text.status)).or_default().push(text);
    }
    by_name
        .into_iter()
        .map(|(name, mut texts)| {
            let code = |t: &&messages::ProblemText| match name.ends_with("XX") {
                true => format!("{} `{}`: {}", t.status, t.code, t.title[0]),
                false => format!("`{}`: {}", t.code, t.title[0]),
            };
            texts.sort_by_key(|t| (t.status, t.code));
            let codes: Vec<String> = texts.iter().map(code).collect();
            let mut headers = usual_headers();
            headers["X-Request-Id"] = header("request_id");
            headers["Content-Language"] = header("content_language");
            if name == "4XX" {
                headers["WWW-Authenticate"] = header("www_authenticate");
            }
            if name == "405" {
                headers["Allow"] = header("allow");
            }
            if ["4XX", "409", "5XX"].contains(&name.as_str()) {
                headers["Retry-After"] = header("retry_after");
            }
            let response = json!({
                "description": codes.join("; "),
                "headers": headers,
                "content": {"application/problem+json": {
                    "schema": {"$ref": "#/components/schemas/Problem"},
                    "example": problem_example(texts[0]),
                }},
            });
            (name, response)
        })
        .collect()
}

/// A problem of this kind as it is answered.
pub fn problem_example(text: &messages::ProblemText) -> Value {
    json!({"type": format!("/problems/{}", text.code), "title": text.title[0], "status": text.status, "code": text.code,
           "detail": messages::unfilled(text.detail[0]), "instance": "/api/v1/orders", "request_id": example_id("req")})
}
