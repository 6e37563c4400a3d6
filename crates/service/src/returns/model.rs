//! Returns: rows, inputs, views, list, who sees which.

use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::rules::{ReturnAction, ReturnDisposition, ReturnReason, ReturnStatus};
use crate::base::auth::Caller;
use crate::base::db::filter::{Predicate, Value, col};
use crate::base::db::list::{Does, ListSpec, Row, Sort, filter, made};
use crate::base::db::{ExternalId, Guard, JsonColumn};
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

/// A return without its lines.
#[derive(Debug, Clone, Serialize, ToSchema, Insertable, Queryable, Selectable, AsChangeset)]
#[diesel(table_name = returns)]
#[diesel(treat_none_as_null = true)]
pub struct ReturnRow {
    pub id: ReturnId,
    pub version: i32,
    /// Number of the return, assigned when it is requested: `RT`, the year and a running number.
    #[schema(max_length = 20, example = "RT-2026-000001")]
    pub number: String,
    /// Order that the goods were shipped for.
    pub order_id: OrderId,
    /// Customer of the order.
    pub customer_id: CustomerId,
    /// Complaint that led to the return. Null when there is none.
    pub complaint_id: Option<ComplaintId>,
    /// Order exception that led to the return. Null when there is none.
    pub exception_id: Option<OrderExceptionId>,
    /// Status of the return.
    pub status: ReturnStatus,
    /// ISO 4217 code of the order's currency; all amounts of the return are in it.
    #[schema(example = "CNY", min_length = 3, max_length = 3)]
    pub currency: String,
    /// Worth of the goods before tax, at the order's prices, in `currency`: of the requested quantities, from
    /// `received` on of the received ones, from `credited` on the fixed credit.
    pub net: Amount,
    /// Tax on `net`, in `currency`.
    pub tax: Amount,
    /// `net` plus `tax`, in `currency`.
    pub gross: Amount,
    /// Internal notes about the return.
    #[schema(max_length = 4000)]
    pub notes: Option<String>,
    /// When the return was requested.
    pub requested_at: At,
    /// When the return was approved or rejected. Null until then.
    pub decided_at: Option<At>,
    /// Person who approved or rejected it. Null until then, and for a machine client.
    pub decided_by: Option<UserId>,
    /// Reason of the approval or rejection. Null when none was given.
    #[schema(max_length = 1000)]
    pub decided_reason: Option<String>,
    /// When the goods were recorded as received. Null until then.
    pub received_at: Option<At>,
    /// Person who recorded the receipt. Null until then, and for a machine client.
    pub received_by: Option<UserId>,
    /// When the credit was fixed. Null unless the return was credited.
    pub credited_at: Option<At>,
    /// Person who fixed the credit. Null unless the return was credited, and for a machine client.
    pub credited_by: Option<UserId>,
    /// When the replacement was recorded. Null unless the return was replaced.
    pub replaced_at: Option<At>,
    /// Person who recorded the replacement. Null unless the return was replaced, and for a machine client.
    pub replaced_by: Option<UserId>,
    /// Order that brings other goods instead of a credit. Null unless the return was replaced.
    pub replacement_order_id: Option<OrderId>,
    /// When the return was closed. Null until then.
    pub closed_at: Option<At>,
    /// Reason why the return was cancelled. Null unless it was.
    #[schema(max_length = 1000)]
    pub cancel_reason: Option<String>,
    #[schema(value_type = Vec<ExternalId>)]
    pub external_ids: JsonColumn<Vec<ExternalId>>,
    pub created_at: At,
    pub created_by: Option<UserId>,
    pub updated_at: At,
    pub updated_by: Option<UserId>,
}

/// One line of a return: how much of an order line comes back.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema, Insertable, Queryable, Selectable, AsChangeset)]
#[diesel(table_name = return_lines)]
#[diesel(treat_none_as_null = true)]
pub struct ReturnLine {
    pub id: ReturnLineId,
    #[serde(skip)]
    pub return_id: ReturnId,
    /// Order line that the goods were shipped for.
    pub order_line_id: OrderLineId,
    /// Product of the order line.
    pub product_id: ProductId,
    /// Place of the line in the return, counted from 1.
    #[schema(example = 1)]
    pub position: i32,
    /// Requested quantity, in the unit of the order line.
    pub quantity: Quantity,
    /// Received quantity, in the unit of the order line. Null until the goods are received; 0 when nothing of
    /// the line came.
    pub received: Option<Quantity>,
    /// Why the goods of this line come back.
    pub reason: ReturnReason,
    /// What happens to the goods. Null until it is decided, at the latest when they are received.
    pub disposition: Option<ReturnDisposition>,
    /// Worth of the line before tax, in the return's `currency`; of the received quantity once it is known.
    pub net: Amount,
    /// Tax on `net`, in the return's `currency`.
    pub tax: Amount,
    /// `net` plus `tax`, in the return's `currency`.
    pub gross: Amount,
}

/// A return with its lines.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Return {
    #[serde(flatten)]
    pub row: ReturnRow,
    /// Quantities that come back, one line per order line.
    #[schema(max_items = 500)]
    pub lines: Vec<ReturnLine>,
}

entity_with_lines!(Return, ReturnRow, returns, ReturnId, ReturnLine, return_lines, return_id, {
    fn external_ids(&self) -> &[ExternalId] {
        &self.row.external_ids.0
    }
    fn guards(before: Option<&Self>, after: Option<&Self>) -> Vec<Guard> {
        before.or(after).map(|returned| Guard::row("credited", returned.row.order_id)).into_iter().collect()
    }
});

/// A return with its lines and the steps that you can take now.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReturnView {
    #[serde(flatten)]
    pub returned: Return,
    pub allowed_actions: Vec<ReturnAction>,
}

/// A return in a list, without its lines.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReturnSummary {
    #[serde(flatten)]
    pub row: ReturnRow,
    pub allowed_actions: Vec<ReturnAction>,
}

/// Complaint, exception, notes and external ids of a return.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ReturnHead {
    /// Complaint that led to the return. Refused when it is of another customer.
    pub complaint_id: Option<ComplaintId>,
    /// Order exception that led to the return. Refused when it is of another order.
    pub exception_id: Option<OrderExceptionId>,
    /// Internal notes about the return.
    #[schema(max_length = 4000, example = "They send it with our own carrier")]
    pub notes: Option<String>,
    #[serde(default)]
    #[schema(max_items = 20)]
    pub external_ids: Vec<ExternalId>,
}

/// How much of an order line is to come back, and why.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ReturnLineInput {
    /// Line of the order. Each line can be given once.
    pub order_line_id: OrderLineId,
    /// Quantity to return, in the unit of the order line. Greater than 0 and at most what was shipped, has
    /// not come back and is in no other return that is requested or approved.
    pub quantity: Quantity,
    /// Why the goods of this line come back.
    pub reason: ReturnReason,
    /// What will happen to the goods. Can be left open until they are received.
    pub disposition: Option<ReturnDisposition>,
}

/// A new return.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ReturnInput {
    /// Order lines and quantities to return.
    #[schema(min_items = 1, max_items = 500)]
    pub lines: Vec<ReturnLineInput>,
    #[serde(flatten)]
    pub head: ReturnHead,
}

/// A return with the order that it belongs to.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct NamedReturn {
    /// Order that the goods were shipped for. A new return needs exactly one of `order_id` and
    /// `order_external_id`. An existing return stays with its order.
    pub order_id: Option<OrderId>,
    /// The order's id in another system. An alternative to `order_id`.
    pub order_external_id: Option<ExternalId>,
    #[serde(flatten)]
    pub request: ReturnInput,
}

/// The approval of a return.
#[derive(Debug, Clone, Deserialize, ToSchema)]
pub struct ReturnApproval {
    /// Why it is approved; kept on the return and in the history.
    #[schema(max_length = 1000, example = "The photographs show it")]
    pub reason: Option<String>,
}

/// Which goods of a return came back.
#[derive(Debug, Clone, Deserialize, ToSchema)]
pub struct Receipt {
    /// Received quantity per line. A line not listed counts as 0. Without lines everything came, in the
    /// requested quantities.
    #[serde(default)]
    #[schema(max_items = 500)]
    pub lines: Vec<ReceiptLine>,
}

/// The order that brings other goods instead of a credit.
#[derive(Debug, Clone, Deserialize, ToSchema)]
pub struct ReturnReplacement {
    /// An existing order of the same customer that brings the goods, such as the one of a complaint's remedy.
    /// Refused when it is cancelled or the returned order itself. Defaults to a new draft order with the
    /// received quantities at price 0.
    pub order_id: Option<OrderId>,
    /// Why goods are sent instead of a credit; kept in the history and in the notes of the new order.
    #[schema(max_length = 1000, example = "They need the goods, not the money")]
    pub reason: Option<String>,
}

/// How much of an order line came back.
#[derive(Debug, Clone, Deserialize, ToSchema)]
pub struct ReceiptLine {
    /// Order line of the return. Each line can be given once.
    pub order_line_id: OrderLineId,
    /// Received quantity, in the unit of the order line. From 0 up to the requested quantity.
    pub quantity: Quantity,
    /// What happens to the goods. Defaults to the disposition of the request; required when that has none and
    /// goods came.
    pub disposition: Option<ReturnDisposition>,
}

/// The returns that a caller sees: those of the orders that they see.
pub fn visible_to(caller: &Caller) -> Predicate {
    match crate::orders::model::visible_to(caller) {
        Predicate::All => Predicate::All,
        orders => Predicate::in_select(col!(returns::order_id), col!(orders::id), orders),
    }
}

/// Returns with a line that is meant.
fn with_line(does: Does, given: &Given) -> Predicate {
    Predicate::in_select(col!(returns::id), col!(return_lines::return_id), made(does, given))
}

pub static RETURNS: ListSpec = ListSpec {
    id: col!(returns::id),
    filters: &[
        filter(
            Param::new("status", Takes::Words(ReturnStatus::WORDS), "Returns with one of these statuses."),
            Does::Is(col!(returns::status)),
        ),
        filter(
            Param::new("order_id", Takes::Ids("ord"), "Returns of these orders."),
            Does::Is(col!(returns::order_id)),
        ),
        filter(
            Param::new("customer_id", Takes::Ids("cus"), "Returns from these customers."),
            Does::Is(col!(returns::customer_id)),
        ),
        filter(
            Param::new("product_id", Takes::Ids("prd"), "Returns with a line of one of these products."),
            Does::Makes(|given| with_line(Does::Is(col!(return_lines::product_id)), given)),
        ),
        filter(
            Param::new(
                "reason",
                Takes::Words(ReturnReason::WORDS),
                "Returns with a line for one of these reasons.",
            ),
            Does::Makes(|given| with_line(Does::Is(col!(return_lines::reason)), given)),
        ),
        filter(
            Param::new(
                "disposition",
                Takes::Words(ReturnDisposition::WORDS),
                "Returns with a line that has one of these dispositions.",
            ),
            Does::Makes(|given| with_line(Does::Is(col!(return_lines::disposition)), given)),
        ),
        filter(
            Param::new("complaint_id", Takes::Ids("cmp"), "Returns that belong to these complaints."),
            Does::Is(col!(returns::complaint_id)),
        ),
        filter(
            Param::new("exception_id", Takes::Ids("exc"), "Returns that belong to these order exceptions."),
            Does::Is(col!(returns::exception_id)),
        ),
        filter(
            Param::new(
                "replacement_order_id",
                Takes::Ids("ord"),
                "Returns that were replaced by these orders.",
            ),
            Does::Is(col!(returns::replacement_order_id)),
        ),
        filter(
            Param::new("currency", Takes::Currency, "Returns in this currency."),
            Does::Is(col!(returns::currency)),
        ),
        filter(
            Param::new("number", Takes::Text(40), "The return with exactly this number."),
            Does::Is(col!(returns::number)),
        ),
        filter(
            Param::new(
                "gross_min",
                Takes::Decimal(4),
                "Returns worth at least this amount with tax, in each return's own currency. Combine with `currency`.",
            ),
            Does::AtLeast(col!(returns::gross)),
        ),
        filter(
            Param::new(
                "gross_max",
                Takes::Decimal(4),
                "Returns worth at most this amount with tax, in each return's own currency. Combine with `currency`.",
            ),
            Does::AtMost(col!(returns::gross)),
        ),
        filter(
            Param::new("requested_from", Takes::Instant, "Returns requested at this instant or later."),
            Does::AtLeast(col!(returns::requested_at)),
        ),
        filter(
            Param::new("requested_to", Takes::Instant, "Returns requested at this instant or earlier."),
            Does::AtMost(col!(returns::requested_at)),
        ),
        filter(
            Param::new("updated_since", Takes::Instant, "Returns changed at this instant or later."),
            Does::AtLeast(col!(returns::updated_at)),
        ),
    ],
    sorts: &[
        Sort { name: "requested_at", column: col!(returns::requested_at) },
        Sort { name: "number", column: col!(returns::number) },
        Sort { name: "gross", column: col!(returns::gross) },
        Sort { name: "updated_at", column: col!(returns::updated_at) },
    ],
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
