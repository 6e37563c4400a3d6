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
    /// How the operations of a batch belong together.
    /// - `atomic`: all succeed, or nothing is saved.
    /// - `independent`: each operation succeeds or fails by itself.
    pub enum BatchMode {
        Atomic = "atomic",
        Independent = "independent",
    }
}

text_enum! {
    /// HTTP method of an operation.
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

/// Several operations of this API in one request.
#[derive(Debug, Clone, Deserialize, ToSchema)]
pub struct BatchInput {
    /// Whether all operations must succeed together.
    pub mode: BatchMode,
    /// The operations, carried out in this order.
    #[schema(min_items = 1, max_items = 200)]
    pub operations: Vec<BatchOperation>,
}

/// One operation of a batch.
#[derive(Debug, Clone, Deserialize, ToSchema)]
pub struct BatchOperation {
    /// Name of this operation in the batch. Later operations refer to its answer by it. Must be unique in the
    /// batch.
    #[serde(rename = "ref")]
    #[schema(max_length = 40, pattern = "^[A-Za-z][A-Za-z0-9_-]*$", example = "order")]
    pub name: Option<String>,
    /// HTTP method of the operation.
    pub method: BatchMethod,
    /// Path below `/api/v1`, with the query. A whole segment, or the whole content of a query parameter, can
    /// be a reference such as `{order.id}`.
    #[schema(min_length = 1, max_length = 8000, pattern = "^/", example = "/orders/{order.id}")]
    pub path: String,
    /// Body of the operation; for `PATCH` a merge patch. Leave it out for operations without a body.
    #[schema(value_type = Option<JsonObject>)]
    pub body: Option<Map<String, Value>>,
    /// Content of the header `If-Match`: an ETag, `*`, or a reference to a version such as `{order.version}`.
    #[schema(max_length = 200, example = "\"7\"")]
    pub if_match: Option<String>,
    /// Content of the header `If-None-Match`.
    #[schema(max_length = 200, example = "*")]
    pub if_none_match: Option<String>,
}

impl BatchOperation {
    /// Path and query.
    pub fn target(&self) -> (&str, &str) {
        self.path.split_once('?').unwrap_or((&self.path, ""))
    }
}

/// The results of a batch.
#[derive(Debug, Serialize, ToSchema)]
pub struct BatchAnswer {
    /// Mode of the batch.
    pub mode: BatchMode,
    /// Number of operations with a status below 400.
    #[schema(maximum = 200)]
    pub succeeded: i32,
    /// Number of operations that failed or were not begun.
    #[schema(maximum = 200)]
    pub failed: i32,
    /// One result per operation, in the same order.
    #[schema(max_items = 200)]
    pub results: Vec<BatchResult>,
}

/// Result of one operation: what a single request would have answered.
#[derive(Debug, Serialize, ToSchema)]
pub struct BatchResult {
    /// Name that the operation has in the batch. Null when it has none.
    #[serde(rename = "ref")]
    #[schema(max_length = 40, example = "order")]
    pub name: Option<String>,
    /// HTTP status of the operation.
    #[schema(minimum = 200, maximum = 599, example = 201)]
    pub status: i32,
    /// Content of the header `Location`: path of the record that was created. Null when there is none.
    #[schema(max_length = 400, example = "/api/v1/orders/ord_019a7c5e8f3a7d10b6c2a94e516f7264")]
    pub location: Option<String>,
    /// Content of the header `ETag`. Null when there is none.
    #[schema(max_length = 20, example = "\"1\"")]
    pub etag: Option<String>,
    /// True when this is the answer of an earlier request with the same `Idempotency-Key`.
    pub replayed: bool,
    /// Body of the answer, as the operation itself describes it. Null when it has none or the operation
    /// failed.
    #[schema(value_type = AnyJson)]
    pub body: Option<Value>,
    /// Why the operation failed. Null when it succeeded.
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
                .description(Some(
                    "Body of the operation, with the fields that the operation itself describes.",
                ))
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
