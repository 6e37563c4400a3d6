//! The worklist as it is answered.

use serde::Serialize;
use utoipa::ToSchema;

use crate::base::types::{Amount, At};
use crate::customers::model::CustomerId;
use crate::text_enum;

text_enum! {
    /// Why an item is on the worklist, the most urgent first.
    /// - `complaint_overdue`: your complaint is past its deadline.
    /// - `exception_blocking`: your order exception blocks an order.
    /// - `task_overdue`: your task is overdue.
    /// - `request_overdue`: a request to you was not answered in time, or is past its date.
    /// - `order_to_approve`: an order waits for your approval.
    /// - `request_to_answer`: a request waits for your answer.
    /// - `request_date_to_agree`: a new date was proposed for your request.
    /// - `return_to_approve`: a return waits for your approval.
    /// - `return_to_receive`: the goods of an approved return are expected.
    /// - `return_to_settle`: returned goods arrived; credit or replace them.
    /// - `task_due`: your task is due today.
    /// - `request_due`: a request that you accepted is due today or earlier.
    /// - `exception_open`: your order exception is open.
    /// - `complaint_open`: your complaint is open.
    /// - `feedback_to_acknowledge`: feedback was sent to you.
    /// - `order_draft`: your draft order was not changed for days.
    pub enum WorklistReason {
        ComplaintOverdue = "complaint_overdue",
        ExceptionBlocking = "exception_blocking",
        TaskOverdue = "task_overdue",
        /// Nobody has answered it in time, or it is not done at the date that holds.
        RequestOverdue = "request_overdue",
        OrderToApprove = "order_to_approve",
        RequestToAnswer = "request_to_answer",
        /// A date was offered that waits for them.
        RequestDateToAgree = "request_date_to_agree",
        ReturnToApprove = "return_to_approve",
        ReturnToReceive = "return_to_receive",
        /// The goods are here; the customer waits for a credit or for others.
        ReturnToSettle = "return_to_settle",
        TaskDue = "task_due",
        RequestDue = "request_due",
        ExceptionOpen = "exception_open",
        ComplaintOpen = "complaint_open",
        FeedbackToAcknowledge = "feedback_to_acknowledge",
        OrderDraft = "order_draft",
    }
}

/// An operation of this API.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct WorklistCall {
    /// HTTP method.
    #[schema(max_length = 10, example = "POST")]
    pub method: &'static str,
    /// Path of the operation.
    #[schema(max_length = 200, example = "/api/v1/tasks/tsk_019a7c5e8f3a7d10b6c2a94e51d0f37b/complete")]
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
    #[schema(max_length = 40, example = "tsk_019a7c5e8f3a7d10b6c2a94e51d0f37b")]
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
    /// Priority or severity, for ranking.
    #[serde(skip)]
    pub weight: i32,
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
