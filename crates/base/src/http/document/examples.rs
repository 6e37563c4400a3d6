//! Examples of bodies, put together from the examples of their parts.
//!
//! What an answer shows has to agree with itself: its amounts add up, a record that was just made has been through no
//! step of its life, and a page without a next page has no cursor. Rules by the names of fields see to it, since the
//! same names mean the same everywhere.

use serde_json::{Map, Value, json};

use super::name_of;

/// Deeper than any answer nests; only a schema that contains itself gets here.
const DEEPEST: usize = 16;

/// What texts without an example of their own say: by schema and field, or by field.
const TEXTS: &[(&str, &str)] = &[
    ("access_token", "eyJhbGciOiJFZERTQSIsInR5cCI6ImF0K2p3dCJ9.eyJzdWIiOiJ1c3JfIn0.c2lnbmF0dXJl"),
    ("address", "Tianhe Road 385, Guangzhou"),
    ("bank_account", "4402 2098 0900 1234 567"),
    ("bank_name", "Bank of China, Tianhe branch"),
    ("barcode", "6901234567892"),
    ("body", "Please tell us when the rest of order SO-2026-000123 can be shipped."),
    ("channel", "web"),
    ("PriceList.code", "RETAIL-2026"),
    ("ProductCategory.code", "GREEN-TEA"),
    ("Region.code", "SOUTH"),
    ("Team.code", "SOUTH-1"),
    ("code", "required"),
    ("cost_currency", "CNY"),
    ("currency", "CNY"),
    ("current_password", "salesdesk-demo"),
    ("customer", "广州天河贸易有限公司"),
    ("customer_po", "PO-77"),
    ("delivery_terms", "Free to the warehouse"),
    ("LineInput.description", "西湖龙井 250g"),
    ("LinePatch.description", "西湖龙井 250g"),
    ("Product.description", "Green tea from Hangzhou, 250 g in a tin."),
    ("ProductInput.description", "Green tea from Hangzhou, 250 g in a tin."),
    ("description", "Two of the cartons were wet when they arrived."),
    ("detail", "is required"),
    ("email", "li.na@example.com"),
    ("head_link", "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"),
    ("help", "Check the fields that errors names, and send the request again."),
    ("instance", "/api/v1/orders"),
    ("invoice_title", "广州天河贸易有限公司"),
    ("label", "Carrier"),
    ("line2", "Building 3"),
    ("PriceList.name", "Retail 2026"),
    ("Product.name", "西湖龙井 250g"),
    ("ProductCategory.name", "Green tea"),
    ("Region.name", "South China"),
    ("Team.name", "South China"),
    ("name", "李娜"),
    ("Product.name_en", "Longjing tea 250 g"),
    ("name_en", "Green tea"),
    ("new_password", "a-longer-password-2026"),
    ("next_step", "Send the offer for the spring tea."),
    ("notes", "Ring before delivery."),
    ("password", "a-longer-password-2026"),
    ("payment_terms", "30 days net"),
    ("phone", "+86 20 8888 1234"),
    ("pointer", "/lines/0/quantity"),
    ("price_list_code", "RETAIL-2026"),
    ("price_list_name", "Retail 2026"),
    ("price_unit", "pcs"),
    ("product", "西湖龙井 250g"),
    ("proposal", "A credit for the two cartons."),
    ("reason", "Agreed with the customer by phone."),
    ("reason_text", "Its quantity begins at 10."),
    ("received_by", "Front desk"),
    ("refresh_token", "b3BhcXVlLXJlZnJlc2gtdG9rZW4tb2Ytb25lLXNlc3Npb24"),
    ("region", "South China"),
    ("rep", "李娜"),
    ("request_id", "req_019a7c5e8f3a7d10b6c2a94e51726571"),
    ("resolution", "The carrier paid for the two cartons."),
    ("rule_text", "The price list of the sales channel."),
    ("setup_token", "c2V0LXVwLW9uY2U"),
    ("signature_ref", "POD-2026-000123"),
    ("sku", "TEA-001"),
    ("subject", "Two wet cartons"),
    ("summary", "Met the buyer; the spring tea is of interest."),
    ("team", "South China"),
    ("text", "The order SO-2026-000123 waits for your approval."),
    ("tax_id", "9144030071526726XG"),
    ("tier", "a"),
    ("title", "Sales manager"),
    ("token", "eyJhbGciOiJFZERTQSIsInR5cCI6ImF0K2p3dCJ9.eyJzdWIiOiJ1c3JfIn0.c2lnbmF0dXJl"),
    ("type", "/problems/validation_failed"),
    ("unit", "pcs"),
    ("username", "clerk"),
    ("wechat", "wangfang_tea"),
];

/// Decimals of answers that belong together: five at 12.50, less five per cent, with 13 per cent of tax; nothing of it is
/// shipped or credited yet.
const DECIMALS: &[(&str, &str)] = &[
    ("quantity", "5"),
    ("unit_price", "12.50"),
    ("list_price", "12.50"),
    ("discount_rate", "0.05"),
    ("tax_rate", "0.13"),
    ("list", "62.50"),
    ("discount", "3.12"),
    ("net", "59.38"),
    ("tax", "7.72"),
    ("gross", "67.10"),
    ("credited_net", "0.00"),
    ("credited_tax", "0.00"),
    ("credited_gross", "0.00"),
    ("shipped", "0"),
    ("delivered", "0"),
    ("closed", "0"),
    ("in_return", "0"),
    ("returned", "0"),
    ("received", "0"),
];

/// What a record that was just made does not have yet, if it may be null. So are all times, people and reasons of steps.
const NOT_YET: &[&str] = &[
    "approved_gross",
    "delivered_date",
    "error",
    "errors",
    "failing_since",
    "hold_kind",
    "last_code",
    "last_error",
    "last_reply",
    "merged_into_id",
    "next_id",
    "outcome",
    "owner_client_id",
    "previous_secret_until",
    "proposal",
    "replacement_order_id",
    "resolution",
    "resolution_seconds",
    "response_seconds",
    "result",
    "retired_on",
    "root_cause",
    "root_cause_note",
    "satisfaction",
    "satisfaction_note",
    "signature_ref",
    "working_seconds",
];

/// Times and people that a record has from the beginning.
const FROM_THE_BEGINNING: &[&str] =
    &["created_at", "created_by", "due_at", "next_attempt_at", "secret_set_at", "updated_at", "updated_by"];

/// An example of a body that is sent.
pub fn of_request(schema: &Value, schemas: &Map<String, Value>) -> Value {
    Maker { schemas, answers: false }.make("", "", schema, 0)
}

/// An example of an answer.
pub fn of_answer(schema: &Value, schemas: &Map<String, Value>) -> Value {
    Maker { schemas, answers: true }.make("", "", schema, 0)
}

struct Maker<'s> {
    schemas: &'s Map<String, Value>,
    answers: bool,
}

impl Maker<'_> {
    /// An example of what a field of a schema holds.
    fn make(&self, holder: &str, field: &str, schema: &Value, depth: usize) -> Value {
        if depth > DEEPEST {
            return Value::Null;
        }
        if let Some(given) = schema.get("example").or_else(|| schema.get("examples").and_then(|e| e.get(0))) {
            return self.settled(field, given);
        }
        if let Some(name) = name_of(schema) {
            let found = self.schemas.get(name);
            return found.map_or(Value::Null, |schema| match schema["properties"].is_object() {
                true => self.make(name, "", schema, depth + 1),
                false => self.make(holder, field, schema, depth + 1),
            });
        }
        for key in ["oneOf", "anyOf", "allOf"] {
            if let Some(variants) = schema.get(key).and_then(Value::as_array) {
                let telling = variants.iter().find(|v| v["type"] != "null");
                return telling.map_or(Value::Null, |v| self.make(holder, field, v, depth + 1));
            }
        }
        if let Some(first) = schema.get("enum").and_then(|words| words.get(0)) {
            return first.clone();
        }
        match kind_of(schema) {
            Some("object") => self.object(holder, schema, depth),
            Some("array") if self.answers && field == "overrides" => json!([]),
            Some("array") if field == "allowed_actions" && name_of(&schema["items"]).is_none() => json!([]),
            Some("array") => json!([self.make(holder, field, &schema["items"], depth + 1)]),
            Some("integer") if field == "version" => json!(1),
            Some("integer") => schema.get("minimum").cloned().unwrap_or(json!(1)),
            Some("boolean") => json!(false),
            Some("string") if schema["format"] == "date" => json!("2026-11-20"),
            Some("string") => json!(text(holder, field)),
            _ => Value::Null,
        }
    }

    fn object(&self, holder: &str, schema: &Value, depth: usize) -> Value {
        let Some(properties) = schema["properties"].as_object() else { return json!({}) };
        let lives = self.answers && properties.get("status").is_some_and(|status| self.is_a_word(status));
        let page = self.answers && properties.contains_key("has_more") && properties.contains_key("data");
        let required = schema["required"].as_array();
        let is_required = |name: &String| required.is_some_and(|all| all.iter().any(|r| r == name));
        let mut object = Map::new();
        let mut optional = 0;
        for (name, property) in properties {
            if self.answers && !is_required(name) {
                optional += 1;
            }
            let value = match name.as_str() {
                "total_count" if page => continue,
                // What is there only when it was asked for: one of it is enough.
                name if self.answers && optional > 1 && !is_required(&name.to_owned()) => continue,
                name if self.answers && self.is_empty_at_first(name, property, lives) => Value::Null,
                name => self.make(holder, name, property, depth + 1),
            };
            object.insert(name.clone(), value);
        }
        Value::Object(object)
    }

    /// Whether a field of an answer is shown as null: it is told of later, or there is nothing to show.
    fn is_empty_at_first(&self, field: &str, schema: &Value, lives: bool) -> bool {
        let later =
            field == "next_cursor" || field.ends_with("promised_date") || (lives && comes_later(field));
        self.may_be_null(schema) && (later || (field != "total" && self.shows_nothing(schema)))
    }

    /// An example as it is given, or the decimal that fits those beside it.
    fn settled(&self, field: &str, given: &Value) -> Value {
        let fitting = DECIMALS.iter().find(|(name, _)| self.answers && *name == field && given.is_string());
        fitting.map_or_else(|| given.clone(), |(_, decimal)| json!(decimal))
    }
}

impl Maker<'_> {
    /// Whether it is one of some words, as the status of a record that has a life.
    fn is_a_word(&self, schema: &Value) -> bool {
        let schema = name_of(schema).and_then(|name| self.schemas.get(name)).unwrap_or(schema);
        schema["enum"].is_array()
    }
}

impl Maker<'_> {
    fn may_be_null(&self, schema: &Value) -> bool {
        let schema = name_of(schema).and_then(|name| self.schemas.get(name)).unwrap_or(schema);
        let among = |list: &Value| list.as_array().is_some_and(|all| all.iter().any(|t| t == "null"));
        let variants = schema["oneOf"].as_array();
        among(&schema["type"]) || variants.is_some_and(|all| all.iter().any(|v| v["type"] == "null"))
    }

    /// Whether a field that may be null has no example of its own: a free text, or an object.
    fn shows_nothing(&self, schema: &Value) -> bool {
        let variants = schema["oneOf"].as_array().into_iter().flatten();
        let named = variants.filter_map(name_of).filter_map(|name| self.schemas.get(name));
        let mut objects = named.filter(|schema| schema["properties"].is_object());
        let text = kind_of(schema) == Some("string")
            && ["example", "examples", "format", "enum"].iter().all(|key| schema.get(key).is_none());
        text || objects.next().is_some()
    }
}

/// Whether it is told of a record only after a step of its life.
fn comes_later(field: &str) -> bool {
    let of_a_step = ["_at", "_by", "_reason"].iter().any(|end| field.ends_with(end));
    NOT_YET.contains(&field) || (of_a_step && !FROM_THE_BEGINNING.contains(&field))
}

fn kind_of(schema: &Value) -> Option<&str> {
    match schema.get("type") {
        Some(Value::Array(types)) => types.iter().find(|t| *t != "null").and_then(Value::as_str),
        Some(Value::String(kind)) => Some(kind),
        _ => None,
    }
}

/// What a text says that has no example of its own.
fn text(holder: &str, field: &str) -> String {
    let of_schema = format!("{holder}.{field}");
    let known = TEXTS.iter().find(|(name, _)| *name == of_schema);
    match known.or_else(|| TEXTS.iter().find(|(name, _)| *name == field)) {
        Some((_, text)) => (*text).to_owned(),
        None => format!("Some {}", field.replace('_', " ")).trim_end().to_owned(),
    }
}
