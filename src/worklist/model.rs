//! The worklist as it is answered.

use std::borrow::Cow;

use serde::Serialize;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::Schema;
use utoipa::{PartialSchema, ToSchema};

use crate::base::types::text_enum::enum_schema;
use crate::base::types::{Amount, At};
use crate::customers::model::CustomerId;

/// Why an item is on the worklist: one of the reasons that areas declare.
#[derive(Debug, Clone, Serialize)]
pub struct WorklistReason(pub &'static str);

impl PartialSchema for WorklistReason {
    fn schema() -> RefOr<Schema> {
        // The words are known when all areas have declared.
        enum_schema(&[], &[])
    }
}
impl ToSchema for WorklistReason {
    fn name() -> Cow<'static, str> {
        Cow::Borrowed("WorklistReason")
    }
}

/// An operation of this API.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct WorklistCall {
    /// HTTP method.
    #[schema(max_length = 10, example = "POST")]
    pub method: &'static str,
    /// Path of the operation.
    #[schema(max_length = 200, example = "/api/v1/tasks/tsk_019a7c5e8f3a7d10b6c2a94e5174736b/complete")]
    pub path: String,
}

/// One item of a person's worklist.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct WorklistItem {
    /// Position in the list; 1 comes first.
    #[schema(minimum = 1, maximum = 100, example = 1)]
    pub rank: i32,
    /// Why the item is on the list.
    pub reason: WorklistReason,
    /// What to do, in the language that the request asks for.
    #[schema(max_length = 2000)]
    pub text: String,
    /// Kind of record that the item is about.
    #[schema(max_length = 40, example = "task")]
    pub record_kind: &'static str,
    /// Id of the record that the item is about.
    #[schema(max_length = 40, example = "tsk_019a7c5e8f3a7d10b6c2a94e5174736b")]
    pub record_id: String,
    /// Customer that the record belongs to. Null for none.
    pub customer_id: Option<CustomerId>,
    /// When the task, or the next deadline of the record, is due. Null when there is none.
    pub due_at: Option<At>,
    /// Amount at stake, in `currency`, with tax: the total of the order or the return; for an order exception
    /// the total of the order lines that are not fully shipped. Null when the item is about no order or
    /// return that you may see.
    pub amount: Option<Amount>,
    /// Currency of `amount`. Null when `amount` is null.
    #[schema(max_length = 3, example = "CNY")]
    pub currency: Option<String>,
    /// Operation for the next step. It is a `GET` of the record when you may not take the step yourself.
    pub call: WorklistCall,
}

/// A person's worklist, the most urgent item first.
#[derive(Debug, Serialize, ToSchema)]
pub struct Worklist {
    /// Items in the order in which they should be done, at most 100.
    #[schema(max_items = 100)]
    pub data: Vec<WorklistItem>,
    /// True when there is more to do than is listed.
    pub has_more: bool,
}
