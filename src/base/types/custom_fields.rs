//! Fields that a company adds to a record for itself: a JSON object that the product keeps and shows, and makes
//! nothing of.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::base::error::{Fault, Faults};

/// The most fields.
pub const MAX_KEYS: usize = 50;
/// The most characters of a field's name.
pub const MAX_NAME: usize = 100;

/// A company's own fields.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct CustomFields(pub Map<String, Value>);

impl CustomFields {
    /// What the schema cannot say: how many fields there may be, and how their names may be.
    pub fn check(&self, pointer: &str, faults: &mut Faults) {
        if self.0.len() > MAX_KEYS {
            faults.push(Fault::at(pointer, "too_many_items").with("max", MAX_KEYS));
        }
        if self.0.keys().any(|name| name.trim().is_empty() || name.chars().count() > MAX_NAME) {
            faults.push(Fault::at(pointer, "bad_field_name").with("max", MAX_NAME));
        }
    }
}

impl utoipa::PartialSchema for CustomFields {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        use utoipa::openapi::RefOr;
        use utoipa::openapi::schema::{AdditionalProperties, ObjectBuilder, Ref, Schema, Type};
        RefOr::T(Schema::Object(
            ObjectBuilder::new()
                .schema_type(Type::Object)
                .description(Some(format!(
                    "The company's own fields: at most {MAX_KEYS}, their names at most {MAX_NAME} characters long."
                )))
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
        use crate::base::http::history::AnyJson;
        schemas.push(("AnyJson".into(), <AnyJson as utoipa::PartialSchema>::schema()));
    }
}
