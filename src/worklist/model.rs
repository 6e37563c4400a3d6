//! The worklist as it is answered.

use serde::Serialize;
use utoipa::ToSchema;

use crate::base::types::{Amount, At};
use crate::customers::model::CustomerId;
use crate::text_enum;

text_enum! {
    /// Why something is on the worklist, the most pressing first.
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

/// A call of this API.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct WorklistCall {
    #[schema(max_length = 10, example = "POST")]
    pub method: &'static str,
    #[schema(max_length = 200, example = "/api/v1/tasks/tsk_019a7c5e8f3a7d10b6c2a94e51d0f37b/complete")]
    pub path: String,
}

/// One thing to do.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct WorklistItem {
    /// From 1, which is to be done first.
    #[schema(minimum = 1, maximum = 100, example = 1)]
    pub rank: i32,
    pub reason: WorklistReason,
    /// For people, in their language.
    #[schema(max_length = 2000)]
    pub text: String,
    #[schema(max_length = 40, example = "task")]
    pub record_kind: &'static str,
    #[schema(max_length = 40, example = "tsk_019a7c5e8f3a7d10b6c2a94e51d0f37b")]
    pub record_id: String,
    pub customer_id: Option<CustomerId>,
    pub due_at: Option<At>,
    /// What is at stake: the gross of the order that it is about; for an exception, of the order's lines that are not
    /// wholly shipped, if there are any; for a return, what it is worth. Null when it is about none that you see.
    pub amount: Option<Amount>,
    #[schema(max_length = 3, example = "CNY")]
    pub currency: Option<String>,
    /// What does it.
    pub call: WorklistCall,
    /// Priority or severity, for ranking.
    #[serde(skip)]
    pub weight: i32,
}

/// What to do, in order.
#[derive(Debug, Serialize, ToSchema)]
pub struct Worklist {
    #[schema(max_items = 100)]
    pub data: Vec<WorklistItem>,
    /// There is more to do than is listed.
    pub has_more: bool,
}
