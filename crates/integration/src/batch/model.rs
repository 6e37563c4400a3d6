//! Batches: what is sent and what is answered.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::base::http::Method;
use crate::base::http::history::AnyJson;
use crate::text_enum;

/// The most operations in a batch.
pub const MAX_OPERATIONS: usize = 200;

text_enum! {
    /// All or none, or each for itself.
    pub enum BatchMode {
        Atomic = "atomic",
        Independent = "independent",
    }
}

text_enum! {
    /// HTTP's own words.
    pub enum BatchMethod {
        Get = "GET",
        Post = "POST",
        Put = "PUT",
        Patch = "PATCH",
        Delete = "DELETE",
    }
}

impl BatchMethod {
    pub fn method(self) -> Method {
        match self {
            BatchMethod::Get => Method::Get,
            BatchMethod::Post => Method::Post,
            BatchMethod::Put => Method::Put,
            BatchMethod::Patch => Method::Patch,
            BatchMethod::Delete => Method::Delete,
        }
    }
    pub fn writes(self) -> bool {
        self != BatchMethod::Get
    }
}

/// Many calls in one request.
#[derive(Debug, Clone, Deserialize, ToSchema)]
pub struct BatchInput {
    pub mode: BatchMode,
    /// Done in this order.
    #[schema(min_items = 1, max_items = 200)]
    pub operations: Vec<BatchOperation>,
}

/// One call.
#[derive(Debug, Clone, Deserialize, ToSchema)]
pub struct BatchOperation {
    /// A name by which later operations can use its answer.
    #[serde(rename = "ref")]
    #[schema(max_length = 40, pattern = "^[A-Za-z][A-Za-z0-9_-]*$", example = "order")]
    pub name: Option<String>,
    pub method: BatchMethod,
    /// Relative to `/api/v1`, with its query.
    #[schema(min_length = 1, max_length = 8000, pattern = "^/", example = "/orders/{order.id}")]
    pub path: String,
    /// For `PATCH` a merge patch.
    #[schema(value_type = Option<JsonObject>)]
    pub body: Option<Map<String, Value>>,
    /// As the header `If-Match`: an ETag, `*`, or a reference to a version.
    #[schema(max_length = 200, example = "\"7\"")]
    pub if_match: Option<String>,
    /// As the header `If-None-Match`.
    #[schema(max_length = 200, example = "*")]
    pub if_none_match: Option<String>,
}

impl BatchOperation {
    /// Path and query.
    pub fn target(&self) -> (&str, &str) {
        self.path.split_once('?').unwrap_or((&self.path, ""))
    }
}

/// What came of a batch.
#[derive(Debug, Serialize, ToSchema)]
pub struct BatchAnswer {
    pub mode: BatchMode,
    /// Operations with a status below 400.
    #[schema(maximum = 200)]
    pub succeeded: i32,
    #[schema(maximum = 200)]
    pub failed: i32,
    /// One for each operation, in their order.
    #[schema(max_items = 200)]
    pub results: Vec<BatchResult>,
}

/// What came of one operation: what a single call would have answered.
#[derive(Debug, Serialize, ToSchema)]
pub struct BatchResult {
    #[serde(rename = "ref")]
    #[schema(max_length = 40, example = "order")]
    pub name: Option<String>,
    #[schema(minimum = 200, maximum = 599, example = 201)]
    pub status: i32,
    /// As the header `Location`.
    #[schema(max_length = 400, example = "/api/v1/orders/ord_019a7c5e8f3a7d10b6c2a94e51d0f37b")]
    pub location: Option<String>,
    /// As the header `ETag`.
    #[schema(max_length = 20, example = "\"1\"")]
    pub etag: Option<String>,
    /// Whether this is the answer of an earlier request with the same `Idempotency-Key`.
    pub replayed: bool,
    /// The answer, as the operation itself declares it; null where it has none, or failed.
    #[schema(value_type = AnyJson)]
    pub body: Option<Value>,
    /// Why it failed; null where it did not.
    #[schema(value_type = Option<ProblemDocument>)]
    pub problem: Option<Value>,
}

/// An object with whatever the operation takes.
#[derive(Debug)]
pub struct JsonObject;
impl utoipa::PartialSchema for JsonObject {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        use utoipa::openapi::RefOr;
        use utoipa::openapi::schema::{AdditionalProperties, ObjectBuilder, Ref, Schema, Type};
        let any = AdditionalProperties::RefOr(RefOr::Ref(Ref::from_schema_name("AnyJson")));
        RefOr::T(Schema::Object(
            ObjectBuilder::new()
                .schema_type(Type::Object)
                .description(Some("The body, as the operation itself declares it."))
                .additional_properties(Some(any))
                .examples([serde_json::json!({"notes": "Deliver before noon"})])
                .build(),
        ))
    }
}
impl ToSchema for JsonObject {
    fn name() -> std::borrow::Cow<'static, str> {
        "JsonObject".into()
    }
    fn schemas(schemas: &mut Vec<(String, utoipa::openapi::RefOr<utoipa::openapi::schema::Schema>)>) {
        schemas.push(("AnyJson".into(), <AnyJson as utoipa::PartialSchema>::schema()));
    }
}

/// A problem inside an answer; the document has the schema of all problems under this name.
#[derive(Debug)]
pub struct ProblemDocument;
impl utoipa::PartialSchema for ProblemDocument {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        utoipa::openapi::RefOr::T(utoipa::openapi::schema::Schema::default())
    }
}
impl ToSchema for ProblemDocument {
    fn name() -> std::borrow::Cow<'static, str> {
        "Problem".into()
    }
}
