//! Order exceptions: row, inputs, view, list, who sees which.

use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::rules::{ExceptionAction, ExceptionKind, ExceptionOutcome, ExceptionSeverity, ExceptionStatus};
use crate::base::auth::Caller;
use crate::base::db::Guard;
use crate::base::db::filter::{Predicate, Value, col};
use crate::base::db::list::{Does, ListSpec, Row, Sort, filter};
use crate::base::http::params::{Given, Param, Takes};
use crate::base::types::{At, Quantity, TextEnum};
use crate::customers::model::CustomerId;
use crate::orders::model::{OrderId, OrderLineId};
use crate::people::{TeamId, UserId};
use crate::products::model::ProductId;
use crate::schema::order_exceptions;
use crate::shipments::model::ShipmentId;
use crate::{entity, id_type};

id_type!(OrderExceptionId, "exc", "order_exception");

/// A problem with an order that somebody has to resolve in time.
#[derive(Debug, Clone, Serialize, ToSchema, Insertable, Queryable, Selectable, AsChangeset)]
#[diesel(table_name = order_exceptions)]
#[diesel(treat_none_as_null = true)]
pub struct OrderException {
    pub id: OrderExceptionId,
    pub version: i32,
    /// Number of the exception, assigned when it is reported: `EX`, the year and a running number.
    #[schema(max_length = 20, example = "EX-2026-000001")]
    pub number: String,
    /// Order that has the problem.
    pub order_id: OrderId,
    /// Line of the order that is affected. Null when the whole order is.
    pub order_line_id: Option<OrderLineId>,
    /// Shipment that is affected. Null when none was named.
    pub shipment_id: Option<ShipmentId>,
    /// Customer of the order.
    pub customer_id: CustomerId,
    /// Product of the order line. Null without `order_line_id`.
    pub product_id: Option<ProductId>,
    /// Kind of problem.
    pub kind: ExceptionKind,
    /// How serious it is. Sets the time in which it must be resolved.
    pub severity: ExceptionSeverity,
    /// Status of the exception.
    pub status: ExceptionStatus,
    /// True when the order cannot ship while this exception is open or in progress.
    pub blocking: bool,
    /// What is wrong, as the reporter described it.
    #[schema(max_length = 4000)]
    pub description: String,
    /// Affected quantity of the line, in the unit of the order line. Null when none was given.
    pub quantity: Option<Quantity>,
    /// Person who has to resolve it. Null when a machine client reported it for an order without a sales rep.
    pub owner_id: Option<UserId>,
    /// Team of the order when the exception was reported. Its manager is told when the exception is overdue.
    pub team_id: Option<TeamId>,
    /// When it was reported.
    pub reported_at: At,
    /// When somebody began to work on it. Null until then, and after it was opened again.
    pub started_at: Option<At>,
    /// When it was resolved. Null until then, and after it was opened again.
    pub resolved_at: Option<At>,
    /// When it was closed. Null until then, and after it was opened again.
    pub closed_at: Option<At>,
    /// How it was resolved. Null until it is, and after it was opened again.
    pub outcome: Option<ExceptionOutcome>,
    /// What was done to resolve it. Null until it is resolved, and after it was opened again.
    #[schema(max_length = 4000)]
    pub resolution: Option<String>,
    /// Reason why it was cancelled. Null unless it was.
    #[schema(max_length = 1000)]
    pub cancel_reason: Option<String>,
    /// Who was told that it is overdue. 0: nobody above the owner. 1: the manager of the team. 2: the
    /// executives. Set back to 0 when it is opened again.
    #[schema(minimum = 0, maximum = 2)]
    pub escalation_level: i32,
    /// How many times it was opened again.
    #[schema(minimum = 0)]
    pub reopened: i32,
    /// Working time from the report until it was resolved, in seconds. Counted from the last reopening when
    /// it was opened again. Null until it is resolved.
    #[schema(value_type = Option<i64>, minimum = 0, maximum = 9007199254740991i64)]
    pub resolution_seconds: Option<i64>,
    /// True when it was not resolved within the time of its severity. Computed anew when the severity changes
    /// or it is opened again.
    pub resolution_missed: bool,
    pub created_at: At,
    pub created_by: Option<UserId>,
    pub updated_at: At,
    pub updated_by: Option<UserId>,
}
entity!(OrderException, order_exceptions, OrderExceptionId, {
    fn owner(&self) -> (Option<Uuid>, Option<Uuid>) {
        (self.owner_id.map(|u| u.0), self.team_id.map(|t| t.0))
    }
    fn guards(before: Option<&Self>, after: Option<&Self>) -> Vec<Guard> {
        before.or(after).map(|exception| Guard::row("exceptions", exception.order_id)).into_iter().collect()
    }
});

/// An order exception with the steps that you can take now.
#[derive(Debug, Serialize, ToSchema)]
pub struct OrderExceptionView {
    #[serde(flatten)]
    pub exception: OrderException,
    pub allowed_actions: Vec<ExceptionAction>,
}

/// What is wrong with an order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct OrderExceptionInput {
    /// Affected line of the order. Refused when it is a line of another order.
    pub order_line_id: Option<OrderLineId>,
    /// Affected shipment of the order. Refused when it belongs to another order.
    pub shipment_id: Option<ShipmentId>,
    /// Kind of problem.
    pub kind: ExceptionKind,
    /// How serious it is. A changed severity gives the exception the time of the new severity, counted from
    /// the report or the last reopening.
    pub severity: ExceptionSeverity,
    /// What is wrong, for the person who has to resolve it.
    #[schema(min_length = 1, max_length = 4000, example = "Two cartons are crushed")]
    pub description: String,
    /// Affected quantity, in the unit of the order line. Needs `order_line_id`. Greater than 0 and at most
    /// the ordered quantity.
    pub quantity: Option<Quantity>,
}

/// A new exception, with the order that it is about.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct NewOrderException {
    /// Order that has the problem. A draft or cancelled order is refused with `invalid_transition`.
    pub order_id: OrderId,
    #[serde(flatten)]
    pub exception: OrderExceptionInput,
    /// Whether the order cannot ship until the exception is resolved. Defaults to true for severity
    /// `critical` and for the kinds `price_dispute`, `address` and `payment`, otherwise to false.
    pub blocking: Option<bool>,
    /// Person who has to resolve it; an active user. Defaults to the sales rep of the order, or to the
    /// reporter when the order has no sales rep.
    pub owner_id: Option<UserId>,
}

/// The new owner of an exception.
#[derive(Debug, Clone, Deserialize, ToSchema)]
pub struct ExceptionAssignment {
    /// Person who has to resolve it from now on; an active user.
    pub owner_id: UserId,
    /// Why it changes hands; kept in the history.
    #[schema(max_length = 1000)]
    pub reason: Option<String>,
}

/// How an exception was resolved.
#[derive(Debug, Clone, Deserialize, ToSchema)]
pub struct ExceptionResolution {
    /// Result in one word, for the reports.
    pub outcome: ExceptionOutcome,
    /// What was done, for people.
    #[schema(min_length = 1, max_length = 4000, example = "Two cartons go with the next truck")]
    pub resolution: String,
}

/// The exceptions that a caller sees: those of the orders that they see, and those that they own.
pub fn visible_to(caller: &Caller) -> Predicate {
    let mine = match caller.user {
        Some(user) => Predicate::eq(col!(order_exceptions::owner_id), user),
        None => Predicate::Nothing,
    };
    match crate::orders::model::visible_to(caller) {
        Predicate::All => Predicate::All,
        orders => Predicate::in_select(col!(order_exceptions::order_id), col!(orders::id), orders).or(mine),
    }
}

/// Exceptions about which somebody still has to do something.
pub fn open() -> Predicate {
    Predicate::one_of(col!(order_exceptions::status), ExceptionStatus::OPEN)
}

fn open_is(given: &Given) -> Predicate {
    match given {
        Given::Bool(false) => Predicate::negate(open()),
        _ => open(),
    }
}

fn overdue_is(given: &Given) -> Predicate {
    let overdue = Predicate::IsTrue(col!(order_exceptions::resolution_missed)).and(open());
    match given {
        Given::Bool(false) => Predicate::negate(overdue),
        _ => overdue,
    }
}

pub static ORDER_EXCEPTIONS: ListSpec = ListSpec {
    id: col!(order_exceptions::id),
    filters: &[
        filter(
            Param::new("order_id", Takes::Ids("ord"), "Exceptions of these orders."),
            Does::Is(col!(order_exceptions::order_id)),
        ),
        filter(
            Param::new("customer_id", Takes::Ids("cus"), "Exceptions of orders of these customers."),
            Does::Is(col!(order_exceptions::customer_id)),
        ),
        filter(
            Param::new("product_id", Takes::Ids("prd"), "Exceptions of order lines with these products."),
            Does::Is(col!(order_exceptions::product_id)),
        ),
        filter(
            Param::new("kind", Takes::Words(ExceptionKind::WORDS), "Exceptions of these kinds."),
            Does::Is(col!(order_exceptions::kind)),
        ),
        filter(
            Param::new("severity", Takes::Words(ExceptionSeverity::WORDS), "Exceptions of these severities."),
            Does::Is(col!(order_exceptions::severity)),
        ),
        filter(
            Param::new(
                "status",
                Takes::Words(ExceptionStatus::WORDS),
                "Exceptions with one of these statuses.",
            ),
            Does::Is(col!(order_exceptions::status)),
        ),
        filter(
            Param::new(
                "open",
                Takes::Bool,
                "`true`: exceptions that are open or in progress. `false`: the others.",
            ),
            Does::Makes(open_is),
        ),
        filter(
            Param::new(
                "blocking",
                Takes::Bool,
                "`true`: exceptions whose `blocking` is true, whatever their status. `false`: the others.",
            ),
            Does::Flag(col!(order_exceptions::blocking)),
        ),
        filter(
            Param::new(
                "overdue",
                Takes::Bool,
                "`true`: exceptions that are open or in progress and past their time. `false`: the others.",
            ),
            Does::Makes(overdue_is),
        ),
        filter(
            Param::new("owner_id", Takes::Ids("usr"), "Exceptions that these people have to resolve."),
            Does::Is(col!(order_exceptions::owner_id)),
        ),
        filter(
            Param::new("team_id", Takes::Ids("tem"), "Exceptions of these teams."),
            Does::Is(col!(order_exceptions::team_id)),
        ),
        filter(
            Param::new("number", Takes::Text(40), "The exception with exactly this number."),
            Does::Is(col!(order_exceptions::number)),
        ),
        filter(
            Param::new("reported_from", Takes::Instant, "Exceptions reported at this instant or later."),
            Does::AtLeast(col!(order_exceptions::reported_at)),
        ),
        filter(
            Param::new("reported_to", Takes::Instant, "Exceptions reported at this instant or earlier."),
            Does::AtMost(col!(order_exceptions::reported_at)),
        ),
        filter(
            Param::new("updated_since", Takes::Instant, "Exceptions changed at this instant or later."),
            Does::AtLeast(col!(order_exceptions::updated_at)),
        ),
    ],
    sorts: &[
        Sort { name: "reported_at", column: col!(order_exceptions::reported_at) },
        Sort { name: "number", column: col!(order_exceptions::number) },
        Sort { name: "updated_at", column: col!(order_exceptions::updated_at) },
    ],
    default_sort: "-reported_at",
    expand: &["order", "customer", "product", "owner", "team"],
};

impl Row for OrderException {
    fn id(&self) -> Uuid {
        self.id.0
    }
    fn sort_value(&self, name: &str) -> Value {
        match name {
            "number" => self.number.clone().into(),
            "updated_at" => self.updated_at.into(),
            _ => self.reported_at.into(),
        }
    }
}
