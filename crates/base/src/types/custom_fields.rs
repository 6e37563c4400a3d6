//! Custom fields: a JSON object that a company adds to a record. The product stores and returns it and does
//! not interpret it.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::error::Fault;

/// The most keys.
pub const MAX_KEYS: usize = 50;
const LONGEST_NAME: usize = 60;
/// Bytes of one value as JSON.
const LARGEST_VALUE: usize = 4_000;

/// A company's own fields.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct CustomFields(pub Map<String, Value>);

impl CustomFields {
    /// What is wrong with them, at `/custom_fields`.
    pub fn faults(&self) -> Vec<Fault> {
        let mut faults = Vec::new();
        if self.0.len() > MAX_KEYS {
            faults.push(Fault::at("/custom_fields", "too_many_items").with("max", MAX_KEYS));
        }
        for (name, value) in &self.0 {
            let at = name.replace('~', "~0").replace('/', "~1");
            let fault = |code| Fault::at(format!("/custom_fields/{at}"), code);
            if name.is_empty() {
                faults.push(fault("too_short").with("min", 1));
            } else if name.chars().count() > LONGEST_NAME {
                faults.push(fault("too_long").with("max", LONGEST_NAME));
            }
            if value.to_string().len() > LARGEST_VALUE {
                faults.push(fault("custom_field_too_large").with("max", LARGEST_VALUE));
            }
        }
        faults
    }
}

impl utoipa::PartialSchema for CustomFields {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        use utoipa::openapi::RefOr;
        use utoipa::openapi::schema::{AdditionalProperties, ObjectBuilder, Ref, Schema, Type};
        RefOr::T(Schema::Object(
            ObjectBuilder::new()
                .schema_type(Type::Object)
                .description(Some(format!("Fields that your company adds to the record, at most {MAX_KEYS}. Names and content are yours; the system stores and returns them, and no rule reads them.")))
                .additional_properties(Some(AdditionalProperties::RefOr(RefOr::Ref(Ref::from_schema_name(
                    "AnyJson",
                )))))
                .examples([serde_json::json!({"loyalty_number": "L-1001"})])
                .build(),
        ))
    }
}

impl utoipa::ToSchema for CustomFields {
    fn name() -> std::borrow::Cow<'static, str> {
        "CustomFields".into()
    }
    fn schemas(schemas: &mut Vec<(String, utoipa::openapi::RefOr<utoipa::openapi::schema::Schema>)>) {
        use crate::http::history::AnyJson;
        schemas.push(("AnyJson".into(), <AnyJson as utoipa::PartialSchema>::schema()));
    }
}
