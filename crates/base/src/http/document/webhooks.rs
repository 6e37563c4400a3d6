//! What is sent to webhooks, in the document.
//!
//! All types of a kind of record are told alike, so they share one path item among the components. All kinds share one
//! body, which shows one of them.

use serde_json::{Map, Value, json};

use super::examples;
use crate::events::{EventSource, Verb};
use crate::types::id::example_id;

/// Apart from `webhooks`, whose operations register them: generators make a class of each tag.
pub const TAG: (&str, &str) = (
    "webhook-events",
    "What Salesdesk sends to your webhooks, by type of event. These are requests that you receive, not operations that \
     you call; `POST /webhooks` registers where they go. Each is delivered at least once and in no promised order: tell \
     repeats by `webhook-id`, and read the record by its id for all that it says now.",
);

/// The name of the body that events of all kinds of records have.
pub const BODY: &str = "webhook_event";

/// What the document says of webhooks.
pub struct Section {
    /// By type of event, each a reference to a path item.
    pub webhooks: Map<String, Value>,
    pub path_items: Map<String, Value>,
    /// The body of an event of any kind of record, with one of them as its example.
    pub body: Value,
    pub responses: [(&'static str, Value); 3],
}

/// The types of each kind of record, and the test.
pub fn section(
    told: &[EventSource],
    (event, test): (&Value, &Value),
    schemas: &Map<String, Value>,
) -> Section {
    let (mut webhooks, mut path_items) = (Map::new(), Map::new());
    for kind in told {
        let name = kind.kind.name;
        let mut types = Vec::new();
        for Verb { name: verb, about, .. } in kind.verbs {
            types.push(format!("* `{name}.{verb}`: {about}"));
            let item = format!("#/components/pathItems/{name}");
            webhooks.insert(format!("{name}.{verb}"), json!({ "$ref": item }));
        }
        let words = name.replace('_', " ");
        let about = format!("Something happened to a record of the kind `{name}`:\n\n{}", types.join("\n"));
        let camel: String = name.split('_').map(|word| word[..1].to_uppercase() + &word[1..]).collect();
        let (id, summary) = (format!("on{camel}Event"), format!("Changes: {words}"));
        path_items.insert(
            name.into(),
            item(&id, &summary, &about, json!({ "$ref": format!("#/components/requestBodies/{BODY}") })),
        );
    }
    let mut example = examples::of_answer(test, schemas);
    example["type"] = json!(crate::events::TEST_EVENT);
    example["data"] = json!({"id": example_id("whk"), "kind": "webhook", "version": 1, "changed": []});
    let about = "Sent by `POST /webhooks/{webhook_id}/test` to try whether your endpoint answers. Nothing happened to a record.";
    path_items.insert("test_of_a_webhook".into(), item("onWebhookTest", "Test", about, body(test, &example)));
    webhooks.insert(
        crate::events::TEST_EVENT.into(),
        json!({"$ref": "#/components/pathItems/test_of_a_webhook"}),
    );
    let body = body(event, &event_example(told, event, schemas));
    Section { webhooks, path_items, body, responses: responses() }
}

/// The first type of the kind that is told of most.
fn event_example(told: &[EventSource], event: &Value, schemas: &Map<String, Value>) -> Value {
    let mut example = examples::of_answer(event, schemas);
    if let Some(kind) = told.iter().max_by_key(|kind| kind.verbs.len()) {
        let (name, prefix) = (kind.kind.name, kind.kind.prefix);
        example["type"] = json!(format!("{name}.{}", kind.verbs.first().map_or("updated", |verb| verb.name)));
        example["data"]["id"] = json!(example_id(prefix));
        example["data"]["kind"] = json!(name);
    }
    example
}

fn body(payload: &Value, example: &Value) -> Value {
    json!({"required": true, "content": {"application/json": {"schema": payload, "example": example}}})
}

fn item(id: &str, summary: &str, about: &str, body: Value) -> Value {
    let parameter = |name: &str| json!({"$ref": format!("#/components/parameters/{name}")});
    let response = |name: &str| json!({"$ref": format!("#/components/responses/{name}")});
    json!({"post": {
        "operationId": id,
        "tags": [TAG.0],
        "summary": summary,
        "description": about,
        "security": [],
        "parameters": [parameter("webhook_id"), parameter("webhook_timestamp"), parameter("webhook_signature")],
        "requestBody": body,
        "responses": {
            "2XX": response("webhook_taken"),
            "410": response("webhook_gone"),
            "default": response("webhook_not_taken"),
        },
    }})
}

/// What your endpoint may answer.
fn responses() -> [(&'static str, Value); 3] {
    [
        (
            "webhook_taken",
            json!({"description": "Taken; it is not sent again. Answer within 15 seconds, and do the work afterwards."}),
        ),
        ("webhook_gone", json!({"description": "Gone: the webhook is disabled."})),
        (
            "webhook_not_taken",
            json!({"description": "Not taken, redirects included: it is sent again under the same `webhook-id` after 5 s, \
                5 min, 30 min, 2 h, 5 h, 10 h, 14 h, 20 h and 24 h, each up to a tenth later."}),
        ),
    ]
}
