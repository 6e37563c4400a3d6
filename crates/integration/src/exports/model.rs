//! What an export is asked for with.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::headings::ExportResource;
use crate::text_enum;

text_enum! {
    /// What kind of file.
    pub enum ExportFormat {
        Csv = "csv",
        Xlsx = "xlsx",
        Ndjson = "ndjson",
    }
}
text_enum! {
    /// What the columns are called: the names of the fields, or what people call them.
    pub enum Headings {
        Fields = "fields",
        En = "en",
        Zh = "zh-CN",
    }
}

fn field_names() -> Headings {
    Headings::Fields
}

/// What to export, and how.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ExportInput {
    pub resource: ExportResource,
    pub format: ExportFormat,
    /// `fields` when left out. NDJSON always has the names of the fields.
    #[serde(default = "field_names")]
    pub headings: Headings,
    /// The list's filters by name, each written as in a query.
    #[serde(default)]
    pub filters: Filters,
    /// As in a query, such as `-order_date,number`; the list's own order when left out.
    #[schema(min_length = 1, max_length = 200, example = "order_date,number")]
    pub sort: Option<String>,
    /// Only these columns, in this order; all of them when left out. A column is a field of the list's objects, and
    /// `customer.code` a field of what `customer_id` names; NDJSON takes fields of the object itself.
    #[schema(min_items = 1, max_items = 100, example = json!(["number", "order_date", "customer.code", "gross"]))]
    pub fields: Option<Vec<String>>,
    /// Begin a CSV file with a byte order mark, by which Excel knows UTF-8.
    #[serde(default)]
    pub bom: bool,
}

/// Filters of a list, by name.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Filters(pub BTreeMap<String, String>);

impl utoipa::PartialSchema for Filters {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        use utoipa::openapi::RefOr;
        use utoipa::openapi::schema::{AdditionalProperties, ObjectBuilder, Schema, Type};
        let value = ObjectBuilder::new().schema_type(Type::String).max_length(Some(4000)).build();
        RefOr::T(Schema::Object(
            ObjectBuilder::new()
                .schema_type(Type::Object)
                .description(Some("A list's filters by name, each written as in a query."))
                .additional_properties(Some(AdditionalProperties::RefOr(RefOr::T(Schema::Object(value)))))
                .examples([
                    serde_json::json!({"status": "approved,confirmed", "order_date_from": "2026-01-01"}),
                ])
                .build(),
        ))
    }
}

impl utoipa::ToSchema for Filters {
    fn name() -> std::borrow::Cow<'static, str> {
        "ExportFilters".into()
    }
}
