//! The Postman collection (format 2.1), made from the OpenAPI document: a folder for each tag with all its operations,
//! and before them a folder that walks through the main job.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::base::http::document::example_of;
use crate::base::types::id::example_id;

/// The walk runs with this where a demo is served as it is by default.
const BASE_URL: &str = "http://127.0.0.1:8080";

const ABOUT: &str = "\
Generated from the OpenAPI document by `salesdesk openapi --postman`. Start a demo (`salesdesk serve --demo`), set \
`base_url` and run the folder \"Walk through the main job\". It logs in and stores the access token in `access_token` \
and the ids of its records in variables. The operations in the other folders use them, and store the ids of what they \
create. Until then the variables hold the ids of records of the demo; empty them on another server, and lists fill them. \
Each has an example of its answer. The stream of events has no end, so it is skipped until you give the variable \
`stream` a value.";

const WALK_ABOUT: &str = "\
An order from the new customer to completion, done by the users of the demo. Every step checks its answer and stores \
what the next steps need. You can run it again and again: codes and names contain the variable `run`.";

/// Begins a run: what has to be unique has this in it.
const BEGIN: &str = "pm.collectionVariables.set(\"run\", Date.now().toString(36).toUpperCase());";

/// Ends a session that was begun for it, not the one that the other requests use.
const SESSION_TO_END: &str = "\
pm.sendRequest({
    url: pm.variables.get(\"base_url\") + \"/api/v1/auth/login\",
    method: \"POST\",
    header: {\"Content-Type\": \"application/json\"},
    body: {mode: \"raw\", raw: JSON.stringify({username: \"clerk\", password: pm.variables.get(\"password\")})},
}, (error, answer) => pm.collectionVariables.set(\"session_to_end\", error ? \"\" : answer.json().access_token));";

/// A run of the whole collection would never come to its end.
const SKIP_STREAM: &str = "if (!pm.variables.get(\"stream\")) { pm.execution.skipRequest(); }";

/// One step of the walk. `{{…}}` in bodies and queries are the collection's variables, and a place in the path is
/// filled by the variable of its name.
struct Step {
    name: &'static str,
    operation: &'static str,
    body: Option<&'static str>,
    query: &'static [(&'static str, &'static str)],
    /// Variables, and where in the answer they are.
    keeps: &'static [(&'static str, &'static str)],
    /// Where in the answer, and what has to be there.
    shows: &'static [(&'static str, &'static str)],
}

const fn step(name: &'static str, operation: &'static str) -> Step {
    Step { name, operation, body: None, query: &[], keeps: &[], shows: &[] }
}

const fn log_in(name: &'static str, body: &'static str) -> Step {
    step(name, "login").sends(body).keeps(&[("access_token", "access_token")])
}

impl Step {
    const fn sends(mut self, body: &'static str) -> Step {
        self.body = Some(body);
        self
    }
    const fn asks(mut self, query: &'static [(&'static str, &'static str)]) -> Step {
        self.query = query;
        self
    }
    const fn keeps(mut self, keeps: &'static [(&'static str, &'static str)]) -> Step {
        self.keeps = keeps;
        self
    }
    const fn shows(mut self, shows: &'static [(&'static str, &'static str)]) -> Step {
        self.shows = shows;
        self
    }
}

const AS_CLERK: &str = r#"{"username": "clerk", "password": "{{password}}"}"#;
const AS_MANAGER: &str = r#"{"username": "manager", "password": "{{password}}"}"#;
const AS_EXECUTIVE: &str = r#"{"username": "executive", "password": "{{password}}"}"#;
const AS_WAREHOUSE: &str = r#"{"username": "warehouse", "password": "{{password}}"}"#;

/// The main job.
const WALK: &[Step] = &[
    log_in("Log in as the clerk", AS_CLERK),
    step("Add a customer", "createCustomer")
        .sends(
            r#"{"name": "Walk {{run}} Trading", "country": "CN", "currency": "CNY", "addresses": [{"kind": "both",
                "is_default": true, "line1": "Tianhe Road 385", "city": "Guangzhou", "country": "CN"}]}"#,
        )
        .keeps(&[("customer_id", "id")]),
    step("Activate the customer", "activateCustomer").shows(&[("status", "active")]),
    step("Add a product", "createProduct")
        .sends(r#"{"sku": "WALK-{{run}}", "name": "Walk {{run}} tea", "unit": "pcs", "tax_rate": "0.13"}"#)
        .keeps(&[("product_id", "id")]),
    step("Activate the product", "activateProduct").shows(&[("status", "active")]),
    step("Add a price list for a channel of our own", "createPriceList")
        .sends(
            r#"{"code": "WALK-{{run}}", "name": "Walk {{run}}", "currency": "CNY", "channel": "walk-{{run}}"}"#,
        )
        .keeps(&[("price_list_id", "id")]),
    step("Add the product's price", "addPrice")
        .sends(r#"{"product_id": "{{product_id}}", "unit_price": "12.50"}"#)
        .keeps(&[("price_id", "id")]),
    log_in("Log in as the manager", AS_MANAGER),
    step("Activate the price list", "activatePriceList").shows(&[("status", "active")]),
    log_in("Log in as the clerk again", AS_CLERK),
    step("Ask for the price", "resolvePrice")
        .asks(&[
            ("product_id", "{{product_id}}"),
            ("customer_id", "{{customer_id}}"),
            ("quantity", "5"),
            ("channel", "walk-{{run}}"),
        ])
        .shows(&[("price", "12.50")]),
    step("Enter an order", "createOrder")
        .sends(
            r#"{"customer_id": "{{customer_id}}", "channel": "walk-{{run}}", "customer_po": "PO-{{run}}",
                "lines": [{"product_id": "{{product_id}}", "quantity": "5"}]}"#,
        )
        .keeps(&[("order_id", "id"), ("line_id", "lines[0].id")])
        .shows(&[("status", "draft"), ("net", "62.50"), ("gross", "70.63")]),
    step("Submit the order", "submitOrder").shows(&[("status", "submitted")]),
    log_in("Log in as the executive", AS_EXECUTIVE),
    step("Approve the order", "approveOrder").shows(&[("status", "approved")]),
    log_in("Log in as the clerk once more", AS_CLERK),
    step("Confirm the order", "confirmOrder").shows(&[("status", "confirmed")]),
    log_in("Log in as the warehouse", AS_WAREHOUSE),
    step("Ship all of it", "createShipment")
        .sends(r#"{"carrier": "SF Express", "tracking_number": "SF{{run}}"}"#)
        .keeps(&[("shipment_id", "id")]),
    step("Deliver the shipment", "deliverShipment")
        .sends(r#"{"received_by": "Front desk"}"#)
        .shows(&[("status", "delivered")]),
    log_in("Log in as the clerk for the rest", AS_CLERK),
    step("Complete the order", "completeOrder").shows(&[("status", "completed")]),
    step("See how sales stand", "getSalesSummary")
        .asks(&[("group_by", "month"), ("customer_id", "{{customer_id}}")])
        .shows(&[("rows[0].net", "62.50")]),
];

/// An operation of the document, with where it is.
#[derive(Clone, Copy)]
struct Operation<'d> {
    method: &'d str,
    path: &'d str,
    item: &'d Value,
    says: &'d Value,
}

/// The document, and what is looked up in it again and again.
struct Source<'d> {
    document: &'d Value,
    schemas: &'d Map<String, Value>,
    operations: Vec<Operation<'d>>,
    /// The variable of each kind of id, by the prefix of the kind: `cus` is in `customer_id`.
    ids: BTreeMap<String, String>,
}

/// The collection; Err names what the walk needs and the document does not have.
pub fn collection(document: &Value) -> Result<Value, String> {
    let source = Source::of(document)?;
    let mut folders = vec![source.walk()?];
    // What is sent to webhooks has a tag, but nobody calls it.
    let tags = document["tags"].as_array().into_iter().flatten().map(|tag| source.folder(tag));
    folders.extend(tags.filter(|folder| folder["item"].as_array().is_some_and(|items| !items.is_empty())));
    Ok(json!({
        "info": {
            "name": document["info"]["title"],
            "description": ABOUT,
            "version": document["info"]["version"],
            "schema": "https://schema.getpostman.com/json/collection/v2.1.0/collection.json",
        },
        "auth": {"type": "bearer", "bearer": [{"key": "token", "value": "{{access_token}}", "type": "string"}]},
        "variable": source.variables(),
        "item": folders,
    }))
}

fn kept() -> impl Iterator<Item = &'static str> {
    WALK.iter().flat_map(|step| step.keeps).map(|(variable, _)| *variable)
}

impl<'d> Source<'d> {
    fn of(document: &'d Value) -> Result<Source<'d>, String> {
        let schemas = document["components"]["schemas"].as_object().ok_or("a document without schemas")?;
        let mut operations = Vec::new();
        for (path, item) in document["paths"].as_object().into_iter().flatten() {
            for (method, says) in item.as_object().into_iter().flatten() {
                if says["operationId"].is_string() {
                    operations.push(Operation { method, path, item, says });
                }
            }
        }
        let mut source = Source { document, schemas, operations, ids: BTreeMap::new() };
        source.ids = source.id_variables();
        Ok(source)
    }

    /// Each kind of id that stands in a path has the variable of that place. A name that another kind has already is told
    /// apart by what is before it in the path: `contact_id`, and `supplier_contact_id`.
    fn id_variables(&self) -> BTreeMap<String, String> {
        let mut ids: BTreeMap<String, String> = BTreeMap::new();
        for operation in &self.operations {
            let mut before = String::new();
            for parameter in self.parameters(*operation, "path") {
                let name = text(&parameter["name"]);
                if let Some(prefix) = prefix_of(self.located(&parameter["schema"])) {
                    let taken = ids.iter().any(|(known, variable)| known != prefix && variable == name);
                    let free = if taken { format!("{before}{name}") } else { name.to_owned() };
                    ids.entry(prefix.to_owned()).or_insert(free);
                }
                before = format!("{}_", name.trim_end_matches("_id"));
            }
        }
        ids
    }

    /// The collection's variables: where the server is, what the walk keeps, and ids.
    fn variables(&self) -> Vec<Value> {
        let mut all: BTreeMap<&str, String> = kept().map(|name| (name, String::new())).collect();
        all.extend(self.ids.iter().map(|(prefix, name)| (name.as_str(), example_id(prefix))));
        let empty = ["refresh_token", "session_to_end", "run", "stream"];
        all.extend(empty.map(|name| (name, String::new())));
        all.extend([("base_url", BASE_URL.to_owned()), ("password", crate::demo::PASSWORD.to_owned())]);
        all.into_iter().map(|(key, value)| json!({"key": key, "value": value, "type": "string"})).collect()
    }

    /// A part of the document, where a reference to it stands among the components.
    fn located(&self, part: &'d Value) -> &'d Value {
        let pointer = part["$ref"].as_str().and_then(|r| r.strip_prefix('#'));
        pointer.and_then(|pointer| self.document.pointer(pointer)).unwrap_or(part)
    }

    // ---- the walk

    fn walk(&self) -> Result<Value, String> {
        let steps = WALK.iter().enumerate().map(|(at, step)| self.step(at, step));
        let steps = steps.collect::<Result<Vec<Value>, String>>()?;
        Ok(json!({"name": "Walk through the main job", "description": WALK_ABOUT, "item": steps}))
    }

    fn step(&self, at: usize, step: &Step) -> Result<Value, String> {
        let operation = self.operations.iter().find(|o| o.says["operationId"] == step.operation);
        let operation = *operation.ok_or_else(|| format!("there is no operation {}", step.operation))?;
        let mut request = json!({
            "method": operation.method.to_uppercase(),
            "description": operation.says["summary"],
            "header": content_type(operation),
            "url": self.url(operation, |name| format!("{{{{{name}}}}}"), given_query(step)),
        });
        if let Some(body) = step.body {
            let body: Value = serde_json::from_str(body).map_err(|e| format!("{}: {e}", step.operation))?;
            request["body"] = raw(&body);
        }
        if is_public(operation) {
            request["auth"] = json!({"type": "noauth"});
        }
        let mut events = vec![script("test", tests(step, operation)?)];
        if at == 0 {
            events.insert(0, script("prerequest", vec![BEGIN.into()]));
        }
        Ok(json!({"name": format!("{}. {}", at + 1, step.name), "event": events, "request": request}))
    }

    // ---- every operation

    fn folder(&self, tag: &Value) -> Value {
        let of_tag = self.operations.iter().filter(|o| o.says["tags"][0] == tag["name"]);
        let items: Vec<Value> = of_tag.map(|operation| self.item(*operation)).collect();
        json!({"name": tag["name"], "description": tag["description"], "item": items})
    }

    fn item(&self, operation: Operation) -> Value {
        let mut headers = content_type(operation);
        headers.extend(self.parameters(operation, "header").map(|p| self.pair(p)));
        let query: Vec<Value> = self.parameters(operation, "query").map(|p| self.pair(p)).collect();
        let mut request = json!({
            "method": operation.method.to_uppercase(),
            "description": operation.says["description"],
            "header": headers,
            "url": self.url(operation, |name| format!(":{name}"), query),
        });
        let places: Vec<Value> = self.parameters(operation, "path").map(|p| self.pair(p)).collect();
        if !places.is_empty() {
            request["url"]["variable"] = places.into();
        }
        if let Some(body) = self.body(operation) {
            request["body"] = body;
        }
        let session = json!([{"key": "token", "value": "{{session_to_end}}", "type": "string"}]);
        match text(&operation.says["operationId"]) {
            "logout" => request["auth"] = json!({"type": "bearer", "bearer": session}),
            _ if is_public(operation) => request["auth"] = json!({"type": "noauth"}),
            _ => {}
        }
        let responses = self.responses(operation, &request);
        let mut item = json!({"name": operation.says["summary"], "request": request, "response": responses});
        let events = self.events(operation);
        if !events.is_empty() {
            item["event"] = events.into();
        }
        item
    }

    /// The example of a body, with variables in the place of its ids.
    fn body(&self, operation: Operation) -> Option<Value> {
        let (name, media) = media(operation)?;
        let example = match text(&operation.says["operationId"]) {
            "login" => json!({"username": "clerk", "password": "{{password}}"}),
            "refreshTokens" => json!({"refresh_token": "{{refresh_token}}"}),
            _ => self.with_variables(&media["example"]),
        };
        Some(match (name.as_str(), &example) {
            (_, Value::Null) => json!({"mode": "file", "file": {}}),
            ("application/x-www-form-urlencoded", Value::Object(fields)) => {
                let fields = fields.iter().map(|(key, value)| json!({"key": key, "value": value}));
                json!({"mode": "urlencoded", "urlencoded": fields.collect::<Vec<_>>()})
            }
            // A file is sent as it is.
            (_, Value::String(file)) => {
                json!({"mode": "raw", "raw": file, "options": {"raw": {"language": "text"}}})
            }
            _ => raw(&example),
        })
    }

    fn with_variables(&self, example: &Value) -> Value {
        match example {
            Value::String(id) => match self.ids.get(id.split('_').next().unwrap_or_default()) {
                Some(variable) if is_id(id) => json!(format!("{{{{{variable}}}}}")),
                _ => example.clone(),
            },
            Value::Array(items) => items.iter().map(|item| self.with_variables(item)).collect(),
            Value::Object(fields) => {
                fields.iter().map(|(name, value)| (name.clone(), self.with_variables(value))).collect()
            }
            _ => example.clone(),
        }
    }

    /// What an operation succeeds with: statuses and answers.
    fn successes(&self, operation: Operation<'d>) -> impl Iterator<Item = (&'d String, &'d Value)> {
        let responses = operation.says["responses"].as_object().into_iter().flatten();
        let successes = responses.filter(|(status, _)| status.starts_with('2'));
        successes.map(|(status, answer)| (status, self.located(answer)))
    }

    /// The examples of an operation's answers, as Postman saves them.
    fn responses(&self, operation: Operation<'d>, request: &Value) -> Vec<Value> {
        let mut asked = request.clone();
        asked.as_object_mut().map(|fields| fields.shift_remove("description"));
        let all = self.successes(operation).filter_map(|(status, answer)| {
            let code: u16 = status.parse().ok()?;
            let mut saved = json!({"name": answer["description"], "originalRequest": asked, "code": code});
            if let Some(example) = self.example_of(answer) {
                saved["_postman_previewlanguage"] = json!("json");
                saved["header"] = json!([{"key": "Content-Type", "value": "application/json"}]);
                saved["body"] = json!(format!("{example:#}"));
            }
            Some(saved)
        });
        all.collect()
    }

    /// The example of an answer. A page without one holds a record that another answer shows.
    fn example_of(&self, answer: &'d Value) -> Option<Value> {
        let media = &answer["content"]["application/json"];
        if let Some(example) = media.get("example") {
            return Some(example.clone());
        }
        let row = self.located(&media["schema"])["properties"]["data"].get("items")?;
        let others = self.document["components"]["responses"].as_object()?.values();
        let mut shown = others.map(|other| &other["content"]["application/json"]);
        let shown = shown.find(|other| other["schema"] == *row && other.get("example").is_some())?;
        Some(json!({"data": [shown["example"]], "has_more": false, "next_cursor": null}))
    }

    /// The variable of the ids that a schema admits.
    fn id_of(&self, schema: &'d Value) -> Option<&String> {
        self.ids.get(prefix_of(self.located(schema))?)
    }

    /// What an operation keeps of its answer, and what has to be done before it is sent.
    fn events(&self, operation: Operation<'d>) -> Vec<Value> {
        match text(&operation.says["operationId"]) {
            "logout" => return vec![script("prerequest", lines(SESSION_TO_END))],
            "streamEvents" => return vec![script("prerequest", lines(SKIP_STREAM))],
            "login" | "refreshTokens" => {
                let keep =
                    |name| format!("pm.collectionVariables.set(\"{name}\", pm.response.json().{name});");
                let kept = ["access_token", "refresh_token"].map(keep);
                return vec![script("test", when_it_succeeds(kept.to_vec()))];
            }
            _ => {}
        }
        let schemas =
            self.successes(operation).map(|(_, answer)| &answer["content"]["application/json"]["schema"]);
        let Some(answer) = schemas.map(|schema| self.located(schema)).next() else { return vec![] };
        let row = self.located(&answer["properties"]["data"]["items"]);
        let created = operation.says["responses"].get("201").is_some();
        let line = match (self.id_of(&answer["properties"]["id"]), self.id_of(&row["properties"]["id"])) {
            (Some(variable), _) if created => {
                format!("pm.collectionVariables.set(\"{variable}\", pm.response.json().id);")
            }
            // Some record of the kind, where there is none yet.
            (None, Some(variable)) => format!(
                "const [first] = pm.response.json().data;\n\
                 if (first && !pm.collectionVariables.get(\"{variable}\")) {{ \
                 pm.collectionVariables.set(\"{variable}\", first.id); }}"
            ),
            _ => return vec![],
        };
        vec![script("test", when_it_succeeds(vec![line]))]
    }

    /// The operation's parameters in the path, the query or the headers, its path's own first.
    fn parameters(&self, operation: Operation<'d>, place: &'static str) -> impl Iterator<Item = &'d Value> {
        let lists = [&operation.item["parameters"], &operation.says["parameters"]];
        let all: Vec<&Value> = lists.into_iter().filter_map(Value::as_array).flatten().collect();
        let resolved = all.into_iter().map(|parameter| self.located(parameter));
        resolved.filter(move |p| p["in"] == place)
    }

    /// A parameter with a value to begin with. What is not needed is switched off.
    fn pair(&self, parameter: &'d Value) -> Value {
        let name = text(&parameter["name"]);
        let schema = self.located(&parameter["schema"]);
        let id = self.id_of(schema).or_else(|| self.id_of(&schema["items"]));
        let value = match (name, id) {
            (_, Some(variable)) => json!(format!("{{{{{variable}}}}}")),
            ("If-Match" | "If-None-Match", _) => json!("*"),
            ("Idempotency-Key", _) => json!("{{$guid}}"),
            ("Accept-Language", _) => json!("zh-CN"),
            _ => self.with_variables(&json!(self.value(parameter))),
        };
        let mut pair = json!({"key": name, "value": value, "description": parameter["description"]});
        if parameter["in"] != "path" && parameter["required"] != true {
            pair["disabled"] = json!(true);
        }
        pair
    }

    /// An example of a parameter as it is written in a URL.
    fn value(&self, parameter: &Value) -> String {
        let example = parameter.get("example").cloned();
        match example.unwrap_or_else(|| example_of(&parameter["schema"], self.schemas)) {
            Value::String(text) => text,
            Value::Array(items) => items.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(","),
            other => other.to_string(),
        }
    }

    fn url(&self, operation: Operation, place: impl Fn(&str) -> String, query: Vec<Value>) -> Value {
        let prefix = self.document["servers"][0]["url"].as_str().unwrap_or_default();
        let path = format!("{prefix}{}", operation.path);
        let parts = path.split('/').skip(1).map(|part| {
            let name = part.strip_prefix('{').and_then(|p| p.strip_suffix('}'));
            name.map_or_else(|| part.to_owned(), &place)
        });
        let parts: Vec<String> = parts.collect();
        let sent = query.iter().filter(|q| q["disabled"] != true);
        let sent: Vec<String> = sent.map(|q| format!("{}={}", text(&q["key"]), text(&q["value"]))).collect();
        let mark = if sent.is_empty() { "" } else { "?" };
        let mut url = json!({
            "raw": format!("{{{{base_url}}}}/{}{mark}{}", parts.join("/"), sent.join("&")),
            "host": ["{{base_url}}"],
            "path": parts,
        });
        if !query.is_empty() {
            url["query"] = query.into();
        }
        url
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn is_public(operation: Operation) -> bool {
    operation.says["security"].as_array().is_some_and(Vec::is_empty)
}

/// The first media type that the operation's body may have, with what the document says of it.
fn media(operation: Operation<'_>) -> Option<(&String, &Value)> {
    operation.says["requestBody"]["content"].as_object()?.iter().next()
}

fn content_type(operation: Operation) -> Vec<Value> {
    media(operation).map(|(name, _)| json!({"key": "Content-Type", "value": name})).into_iter().collect()
}

/// The prefix of the ids that a schema admits.
fn prefix_of(schema: &Value) -> Option<&str> {
    let (prefix, rest) = schema["pattern"].as_str()?.strip_prefix('^')?.split_once('_')?;
    (rest == "[0-9a-f]{32}$").then_some(prefix)
}

fn is_id(text: &str) -> bool {
    let digits = text.split_once('_').map(|(_, digits)| digits);
    digits.is_some_and(|digits| digits.len() == 32 && digits.bytes().all(|b| b.is_ascii_hexdigit()))
}

fn raw(body: &Value) -> Value {
    json!({"mode": "raw", "raw": format!("{body:#}"), "options": {"raw": {"language": "json"}}})
}

// ---- what the walk checks and keeps --------------------------------------------------------------------------

fn given_query(step: &Step) -> Vec<Value> {
    step.query.iter().map(|(key, value)| json!({"key": key, "value": value})).collect()
}

fn lines(script: &str) -> Vec<String> {
    script.lines().map(str::to_owned).collect()
}

/// The lines of a script that reads an answer, which a refusal does not have.
fn when_it_succeeds(kept: Vec<String>) -> Vec<String> {
    let inner = kept.iter().flat_map(|line| line.lines()).map(|line| format!("    {line}"));
    let begin = "if (pm.response.code < 300) {".to_owned();
    [begin].into_iter().chain(inner).chain(["}".to_owned()]).collect()
}

fn script(listen: &str, lines: Vec<String>) -> Value {
    json!({"listen": listen, "script": {"type": "text/javascript", "exec": lines}})
}

/// The answer is the success that the document says, shows what it should, and gives what is kept.
fn tests(step: &Step, operation: Operation) -> Result<Vec<String>, String> {
    let responses = operation.says["responses"].as_object();
    let success = responses.into_iter().flatten().map(|(status, _)| status).find(|s| s.starts_with('2'));
    let success = success.ok_or_else(|| format!("{} never succeeds", step.operation))?;
    let mut lines = vec![
        format!("pm.test(\"answers {success}\", () => pm.response.to.have.status({success}));"),
        "const answer = pm.response.json();".into(),
    ];
    for (at, expected) in step.shows {
        lines.push(format!(
            "pm.test(\"{at} is {expected}\", () => pm.expect(answer.{at}).to.eql(\"{expected}\"));"
        ));
    }
    for (variable, at) in step.keeps {
        lines.push(format!("pm.collectionVariables.set(\"{variable}\", answer.{at});"));
    }
    Ok(lines)
}
