//! Fields that a company adds to a record for itself: a JSON object that the product keeps and shows, and makes
//! nothing of.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// The most keys.
pub const MAX_KEYS: usize = 50;

/// A company's own fields.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct CustomFields(pub Map<String, Value>);

impl utoipa::PartialSchema for CustomFields {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        use utoipa::openapi::RefOr;
        use utoipa::openapi::schema::{AdditionalProperties, ObjectBuilder, Ref, Schema, Type};
        let key = ObjectBuilder::new().schema_type(Type::String).min_length(Some(1)).max_length(Some(100));
        RefOr::T(Schema::Object(
            ObjectBuilder::new()
                .schema_type(Type::Object)
                .description(Some(format!("The company's own fields, at most {MAX_KEYS}.")))
                .property_names(Some(key.build()))
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
