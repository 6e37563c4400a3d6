//! The request body of an export.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::Schema;
use utoipa::{PartialSchema, ToSchema};

use crate::base::messages::Lang;
use crate::base::types::text_enum::enum_schema;
use crate::text_enum;

/// What is exported: one of the lists that areas declare ([`crate::base::columns::Exported`]).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ExportResource(pub String);

impl PartialSchema for ExportResource {
    fn schema() -> RefOr<Schema> {
        // The words are known when all areas have declared.
        enum_schema(&[], &[])
    }
}
impl ToSchema for ExportResource {
    fn name() -> Cow<'static, str> {
        Cow::Borrowed("ExportResource")
    }
}

text_enum! {
    /// Format of the file.
    /// - `csv`: UTF-8, comma, CRLF.
    /// - `xlsx`: a workbook for spreadsheet programs, with real dates and numbers.
    /// - `ndjson`: one JSON object per line.
    pub enum ExportFormat {
        Csv = "csv",
        Xlsx = "xlsx",
        Ndjson = "ndjson",
    }
}
text_enum! {
    /// Who reads the file: programs (`fields`: the names of the fields, the words of the API, instants in UTC), or people
    /// in English (`en`) or Chinese (`zh-CN`): titles, words and yes or no in their language, times of the company's zone.
    pub enum Headings {
        Fields = "fields",
        En = "en",
        Zh = "zh-CN",
    }
}

impl Headings {
    /// The language of the people who read the file; None where programs do.
    pub fn lang(self) -> Option<Lang> {
        match self {
            Headings::Fields => None,
            Headings::En => Some(Lang::En),
            Headings::Zh => Some(Lang::Zh),
        }
    }
}

fn field_names() -> Headings {
    Headings::Fields
}

/// What to export, and in which form.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ExportInput {
    /// Which records to export. You need the right to read them.
    pub resource: ExportResource,
    /// Format of the file.
    pub format: ExportFormat,
    /// Titles of the columns. Defaults to `fields`. NDJSON always uses the names of the fields.
    #[serde(default = "field_names")]
    pub headings: Headings,
    /// Filters of the list of this resource, by name; each is written as in a query. Defaults to none.
    /// Refused when the list has no such filter.
    #[serde(default)]
    pub filters: Filters,
    /// Sort keys of the list, as in a query. Defaults to the usual order of the list.
    #[schema(min_length = 1, max_length = 200, example = "order_date,number")]
    pub sort: Option<String>,
    /// Columns to export, in this order. Defaults to all. `customer.code` is the code of the customer that
    /// `customer_id` names; NDJSON takes only fields of the record itself. Refused when there is no such
    /// column.
    #[schema(min_items = 1, max_items = 100, example = json!(["number", "order_date", "customer.code", "gross"]))]
    pub fields: Option<Vec<String>>,
    /// Whether a CSV file begins with a byte order mark, by which Excel recognises UTF-8. Defaults to false.
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
                .description(Some("Filters of the list by name, each written as in a query."))
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
