//! The fields that mean the same in every record, described once.

use serde_json::{Map, Value, json};

use super::name_of;

/// A field that looks alike wherever it has no description of its own: its schema has a name, to which it refers.
struct Named {
    field: &'static str,
    schema: &'static str,
    about: &'static str,
}

static NAMED: [Named; 11] = [
    Named {
        field: "version",
        schema: "Version",
        about: "Version of the record. It rises by one with every change. Send it as `If-Match`.",
    },
    Named { field: "created_at", schema: "CreatedAt", about: "When the record was created." },
    Named {
        field: "created_by",
        schema: "CreatedBy",
        about: "Id of the person who created the record. Null when a program or the system did it.",
    },
    Named { field: "updated_at", schema: "UpdatedAt", about: "When the record was last changed." },
    Named {
        field: "updated_by",
        schema: "UpdatedBy",
        about: "Id of the person who last changed the record. Null when a program or the system did it.",
    },
    Named {
        field: "external_ids",
        schema: "ExternalIds",
        about: "What other systems call the record, one id for each system.",
    },
    Named {
        field: "external_ids",
        schema: "ExternalIdsInput",
        about: "What other systems call the record, one id for each system. When given, it is all the external ids that \
                the record is to have.",
    },
    Named { field: "has_more", schema: "HasMore", about: "True when more records follow this page." },
    Named {
        field: "next_cursor",
        schema: "NextCursor",
        about: "Send this as `cursor` to get the next page. Null on the last page.",
    },
    Named {
        field: "total_count",
        schema: "TotalCount",
        about: "Number of records in the whole list, with the filters. Present only with `include=total_count`.",
    },
    Named { field: "custom_fields", schema: "CustomFields", about: "" },
];

/// Descriptions of fields whose schemas differ from record to record.
static DESCRIBED: [(&str, &str); 4] = [
    ("allowed_actions", "The steps that are possible now and that you may take."),
    ("data", "The records of this page."),
    (
        "external_ids",
        "What other systems call the record, one id for each system. When given, it is all the external ids that the record \
         is to have.",
    ),
    ("custom_fields", "Your company's own fields, at most 50: names with any JSON values."),
];

/// Whether the description of a field's schema is enough: the field is a standard one, or the id of the record itself.
pub fn says_itself(field: &str, schema: &Value) -> bool {
    let Some(name) = name_of(schema) else { return false };
    field == "id" || NAMED.iter().any(|known| known.field == field && known.schema == name)
}

/// Gives the standard fields of all schemas their description.
pub fn describe(schemas: &mut Map<String, Value>) {
    let plain = plain(schemas);
    for schema in schemas.values_mut() {
        let Some(properties) = schema.get_mut("properties").and_then(Value::as_object_mut) else { continue };
        let is_page = properties.contains_key("has_more") && properties.contains_key("data");
        for (field, property) in properties.iter_mut() {
            let of_page = is_page && ["has_more", "next_cursor", "total_count"].contains(&field.as_str());
            if property.get("description").is_some() && !of_page {
                continue;
            }
            let named = plain.iter().find(|(known, like, _)| known.field == field && is_like(property, like));
            if let Some((known, ..)) = named {
                *property = json!({"$ref": format!("#/components/schemas/{}", known.schema)});
            } else if let Some((_, about)) = DESCRIBED.iter().find(|(known, _)| known == field) {
                property["description"] = json!(about);
            } else if field == "id" && name_of(property).is_none() {
                property["description"] = json!("Id of the record. It never changes.");
            }
        }
    }
    for (known, _, schema) in plain {
        schemas.entry(known.schema).or_insert(schema);
    }
}

/// The standard fields, what they look like where a type declares them, and their named schemas.
fn plain(schemas: &Map<String, Value>) -> Vec<(&'static Named, Value, Value)> {
    let of = |name: &str| schemas.get(name).cloned().unwrap_or_default();
    let nothing = || json!({"type": "null"});
    let reference = |name: &str| json!({"$ref": format!("#/components/schemas/{name}")});
    let list = json!({"type": "array", "items": reference("ExternalId"), "maxItems": 1000});
    let given = json!({"type": "array", "items": reference("ExternalId"), "maxItems": 20});
    let count =
        json!({"type": "integer", "format": "int64", "minimum": 0, "maximum": 9_007_199_254_740_991_i64});
    let version = json!({"type": "integer", "format": "int32", "minimum": 0, "maximum": i32::MAX});
    let mut person = of("UserId");
    person["type"] = json!(["string", "null"]);
    let all = NAMED.iter().map(|known| {
        let (like, mut schema) = match known.field {
            _ if known.schema == "ExternalIdsInput" => (given.clone(), given.clone()),
            "version" => (version.clone(), version.clone()),
            "created_at" | "updated_at" => (reference("Instant"), of("Instant")),
            "created_by" | "updated_by" => {
                (json!({"oneOf": [nothing(), reference("UserId")]}), person.clone())
            }
            "external_ids" => (list.clone(), list.clone()),
            "has_more" => (json!({"type": "boolean"}), json!({"type": "boolean"})),
            "next_cursor" => {
                let cursor = json!({"type": ["string", "null"], "maxLength": 2000});
                (cursor.clone(), cursor)
            }
            "total_count" => (count.clone(), count.clone()),
            _ => (reference(known.schema), of(known.schema)),
        };
        if known.field == "version" {
            schema["minimum"] = json!(1);
        }
        if !known.about.is_empty() {
            schema["description"] = json!(known.about);
        }
        (known, like, schema)
    });
    all.collect()
}

/// Whether a field is declared like this, whatever is said or shown of it.
fn is_like(property: &Value, like: &Value) -> bool {
    let (Some(own), Some(like)) = (property.as_object(), like.as_object()) else { return false };
    let told = |key: &str| ["description", "example", "examples"].contains(&key);
    let same = |key: &str, value: &Value| match (key, own.get(key)) {
        // In whichever order the alternatives stand.
        ("oneOf", Some(Value::Array(own))) => {
            value.as_array().is_some_and(|all| all.len() == own.len() && all.iter().all(|v| own.contains(v)))
        }
        (_, own) => own == Some(value),
    };
    own.keys().filter(|key| !told(key)).count() == like.len() && like.iter().all(|(key, v)| same(key, v))
}
