//! Returns: rows, inputs, views, list, who sees which.

use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::rules::{ReturnAction, ReturnDisposition, ReturnReason, ReturnStatus};
use crate::base::auth::Caller;
use crate::base::db::filter::{Cond, Value};
use crate::base::db::list::{Does, ListSpec, Row, Sort, filter, made};
use crate::base::db::{ExternalId, Json};
use crate::base::http::params::{Given, Param, Takes};
use crate::base::types::{Amount, At, Quantity, TextEnum};
use crate::complaints::ComplaintId;
use crate::customers::model::CustomerId;
use crate::order_exceptions::OrderExceptionId;
use crate::orders::model::{OrderId, OrderLineId};
use crate::people::UserId;
use crate::products::model::ProductId;
use crate::schema::{return_lines, returns};
use crate::{entity_with_lines, id_type};

id_type!(ReturnId, "ret", "return");
id_type!(ReturnLineId, "rtl", "return_line");

/// A return's own row.
#[derive(Debug, Clone, Serialize, ToSchema, Insertable, Queryable, Selectable, AsChangeset)]
#[diesel(table_name = returns)]
#[diesel(treat_none_as_null = true)]
pub struct ReturnRow {
    pub id: ReturnId,
    pub version: i32,
    #[schema(max_length = 20, example = "RT-2026-000001")]
    pub number: String,
    pub order_id: OrderId,
    /// The order's customer.
    pub customer_id: CustomerId,
    /// The complaint that it belongs to.
    pub complaint_id: Option<ComplaintId>,
    /// The order's exception that it belongs to.
    pub exception_id: Option<OrderExceptionId>,
    pub status: ReturnStatus,
    /// The order's.
    #[schema(example = "CNY", min_length = 3, max_length = 3)]
    pub currency: String,
    /// What it is worth before tax: of what is to come back, then of what came; from `credited` on what is credited.
    pub net: Amount,
    pub tax: Amount,
    pub gross: Amount,
    #[schema(max_length = 4000)]
    pub notes: Option<String>,
    pub requested_at: At,
    /// When it was approved or rejected.
    pub decided_at: Option<At>,
    pub decided_by: Option<UserId>,
    #[schema(max_length = 1000)]
    pub decided_reason: Option<String>,
    pub received_at: Option<At>,
    pub received_by: Option<UserId>,
    pub credited_at: Option<At>,
    pub credited_by: Option<UserId>,
    pub replaced_at: Option<At>,
    pub replaced_by: Option<UserId>,
    /// The order that brings other goods instead of a credit.
    pub replacement_order_id: Option<OrderId>,
    pub closed_at: Option<At>,
    #[schema(max_length = 1000)]
    pub cancel_reason: Option<String>,
    #[schema(value_type = Vec<ExternalId>)]
    pub external_ids: Json<Vec<ExternalId>>,
    pub created_at: At,
    pub created_by: Option<UserId>,
    pub updated_at: At,
    pub updated_by: Option<UserId>,
}

/// How much of an order line comes back.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema, Insertable, Queryable, Selectable, AsChangeset)]
#[diesel(table_name = return_lines)]
#[diesel(treat_none_as_null = true)]
pub struct ReturnLine {
    pub id: ReturnLineId,
    #[serde(skip)]
    pub return_id: ReturnId,
    pub order_line_id: OrderLineId,
    pub product_id: ProductId,
    #[schema(example = 1)]
    pub position: i32,
    /// What is to come back, in the order line's unit.
    pub quantity: Quantity,
    /// What came; null until then.
    pub received: Option<Quantity>,
    pub reason: ReturnReason,
    /// What becomes of it; null until that is decided, at the latest when it comes.
    pub disposition: Option<ReturnDisposition>,
    pub net: Amount,
    pub tax: Amount,
    pub gross: Amount,
}

/// A return with its lines.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Return {
    #[serde(flatten)]
    pub row: ReturnRow,
    #[schema(max_items = 500)]
    pub lines: Vec<ReturnLine>,
}

entity_with_lines!(Return, ReturnRow, returns, ReturnId, ReturnLine, return_lines, return_id, {
    fn external_ids(&self) -> &[ExternalId] {
        &self.row.external_ids.0
    }
});

/// A return as it is answered.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReturnView {
    #[serde(flatten)]
    pub returned: Return,
    /// The steps that its life and your rights allow now.
    pub allowed_actions: Vec<ReturnAction>,
}

/// A return in a list: without its lines.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReturnSummary {
    #[serde(flatten)]
    pub row: ReturnRow,
    pub allowed_actions: Vec<ReturnAction>,
}

/// What a return belongs to and is called, as entered and changed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ReturnHead {
    /// A complaint of the order's customer.
    pub complaint_id: Option<ComplaintId>,
    /// An exception of the order.
    pub exception_id: Option<OrderExceptionId>,
    #[schema(max_length = 4000, example = "They send it with our own carrier")]
    pub notes: Option<String>,
    /// How other systems call this record; unique per system.
    #[serde(default)]
    #[schema(max_items = 20)]
    pub external_ids: Vec<ExternalId>,
}

/// How much of an order line is to come back, and why.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ReturnLineInput {
    pub order_line_id: OrderLineId,
    /// Never more than was shipped and neither came back nor is to come back.
    pub quantity: Quantity,
    pub reason: ReturnReason,
    /// Left out: decided when the goods come.
    pub disposition: Option<ReturnDisposition>,
}

/// A new return.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ReturnInput {
    #[schema(min_items = 1, max_items = 500)]
    pub lines: Vec<ReturnLineInput>,
    #[serde(flatten)]
    pub head: ReturnHead,
}

/// A return as another system says it is: as [`ReturnInput`], with the order.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct NamedReturn {
    /// The order; or `order_external_id`. A return stays with its order.
    pub order_id: Option<OrderId>,
    /// The order, as another system calls it.
    pub order_external_id: Option<ExternalId>,
    #[serde(flatten)]
    pub request: ReturnInput,
}

/// Why a return is approved.
#[derive(Debug, Clone, Deserialize, ToSchema)]
pub struct ReturnApproval {
    #[schema(max_length = 1000, example = "The photographs show it")]
    pub reason: Option<String>,
}

/// What came back.
#[derive(Debug, Clone, Deserialize, ToSchema)]
pub struct Receipt {
    /// What came of each line; of a line that is left out nothing came. Without lines: all came, as it was to.
    #[serde(default)]
    #[schema(max_items = 500)]
    pub lines: Vec<ReceiptLine>,
}

/// What is sent instead of a credit.
#[derive(Debug, Clone, Deserialize, ToSchema)]
pub struct ReturnReplacement {
    /// An order of the same customer that brings the goods already, such as a complaint's remedy. Without it one is entered:
    /// what came, without a price.
    pub order_id: Option<OrderId>,
    #[schema(max_length = 1000, example = "They need the goods, not the money")]
    pub reason: Option<String>,
}

/// What came back of an order line.
#[derive(Debug, Clone, Deserialize, ToSchema)]
pub struct ReceiptLine {
    pub order_line_id: OrderLineId,
    /// At most what was to come back.
    pub quantity: Quantity,
    /// What becomes of it, unless that was said before.
    pub disposition: Option<ReturnDisposition>,
}

/// The returns that a caller sees: those of the orders that they see.
pub fn visible_to(caller: &Caller) -> Cond {
    match crate::orders::model::visible_to(caller) {
        Cond::All => Cond::All,
        orders => Cond::InSelect("returns.order_id", "SELECT orders.id FROM orders WHERE ", Box::new(orders)),
    }
}

/// Returns with a line that is meant.
fn with_line(does: Does, given: &Given) -> Cond {
    let select = "SELECT return_lines.return_id FROM return_lines WHERE ";
    Cond::InSelect("returns.id", select, Box::new(made(does, given)))
}

pub static RETURNS: ListSpec = ListSpec {
    id: "returns.id",
    filters: &[
        filter(
            Param::new("status", Takes::Words(ReturnStatus::WORDS), "Only these."),
            Does::Is("returns.status"),
        ),
        filter(
            Param::new("order_id", Takes::Ids("ord"), "Only of these orders."),
            Does::Is("returns.order_id"),
        ),
        filter(
            Param::new("customer_id", Takes::Ids("cus"), "Only from these customers."),
            Does::Is("returns.customer_id"),
        ),
        filter(
            Param::new("product_id", Takes::Ids("prd"), "Only with a line of one of these products."),
            Does::Makes(|given| with_line(Does::Is("return_lines.product_id"), given)),
        ),
        filter(
            Param::new(
                "reason",
                Takes::Words(ReturnReason::WORDS),
                "Only with a line for one of these reasons.",
            ),
            Does::Makes(|given| with_line(Does::Is("return_lines.reason"), given)),
        ),
        filter(
            Param::new(
                "disposition",
                Takes::Words(ReturnDisposition::WORDS),
                "Only with a line of which this becomes.",
            ),
            Does::Makes(|given| with_line(Does::Is("return_lines.disposition"), given)),
        ),
        filter(
            Param::new("complaint_id", Takes::Ids("cmp"), "Only those that belong to these complaints."),
            Does::Is("returns.complaint_id"),
        ),
        filter(
            Param::new("exception_id", Takes::Ids("exc"), "Only those that belong to these exceptions."),
            Does::Is("returns.exception_id"),
        ),
        filter(
            Param::new(
                "replacement_order_id",
                Takes::Ids("ord"),
                "Only those for which these orders bring other goods.",
            ),
            Does::Is("returns.replacement_order_id"),
        ),
        filter(
            Param::new("currency", Takes::Currency, "Only in this currency."),
            Does::Is("returns.currency"),
        ),
        filter(
            Param::new("number", Takes::Text(40), "The return with this number."),
            Does::Is("returns.number"),
        ),
        filter(
            Param::new("gross_min", Takes::Decimal(4), "Worth at least this, with tax."),
            Does::AtLeast("returns.gross"),
        ),
        filter(
            Param::new("gross_max", Takes::Decimal(4), "Worth at most this, with tax."),
            Does::AtMost("returns.gross"),
        ),
        filter(
            Param::new("requested_from", Takes::Instant, "Requested at this instant or later."),
            Does::AtLeast("returns.requested_at"),
        ),
        filter(
            Param::new("requested_to", Takes::Instant, "Requested at this instant or earlier."),
            Does::AtMost("returns.requested_at"),
        ),
        filter(
            Param::new("updated_since", Takes::Instant, "Changed at this instant or later."),
            Does::AtLeast("returns.updated_at"),
        ),
    ],
    sorts: &[
        Sort { name: "requested_at", column: "returns.requested_at" },
        Sort { name: "number", column: "returns.number" },
        Sort { name: "gross", column: "returns.gross" },
        Sort { name: "updated_at", column: "returns.updated_at" },
    ],
    sort_names: &["requested_at", "number", "gross", "updated_at"],
    default_sort: "-requested_at",
    expand: &["order", "customer", "complaint", "exception", "replacement_order"],
};

impl Row for ReturnRow {
    fn id(&self) -> Uuid {
        self.id.0
    }
    fn sort_value(&self, name: &str) -> Value {
        match name {
            "number" => self.number.clone().into(),
            "gross" => self.gross.units().into(),
            "updated_at" => self.updated_at.into(),
            _ => self.requested_at.into(),
        }
    }
}
