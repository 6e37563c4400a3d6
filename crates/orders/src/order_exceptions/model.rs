//! Order exceptions: row, inputs, view, list, who sees which.

use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::rules::{ExceptionAction, ExceptionKind, ExceptionOutcome, ExceptionSeverity, ExceptionStatus};
use crate::base::auth::Caller;
use crate::base::db::filter::{Cond, Value};
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

/// Something that is wrong with an order.
#[derive(Debug, Clone, Serialize, ToSchema, Insertable, Queryable, Selectable, AsChangeset)]
#[diesel(table_name = order_exceptions)]
#[diesel(treat_none_as_null = true)]
pub struct OrderException {
    pub id: OrderExceptionId,
    pub version: i32,
    #[schema(max_length = 20, example = "EX-2026-000001")]
    pub number: String,
    pub order_id: OrderId,
    pub order_line_id: Option<OrderLineId>,
    pub shipment_id: Option<ShipmentId>,
    /// The order's customer.
    pub customer_id: CustomerId,
    /// The line's product.
    pub product_id: Option<ProductId>,
    pub kind: ExceptionKind,
    pub severity: ExceptionSeverity,
    pub status: ExceptionStatus,
    /// While it is not resolved, the order does not ship.
    pub blocking: bool,
    #[schema(max_length = 4000)]
    pub description: String,
    /// How much of the line is affected, in the line's unit.
    pub quantity: Option<Quantity>,
    /// Who looks after it.
    pub owner_id: Option<UserId>,
    /// The order's team when it was reported.
    pub team_id: Option<TeamId>,
    pub reported_at: At,
    pub started_at: Option<At>,
    pub resolved_at: Option<At>,
    pub closed_at: Option<At>,
    pub outcome: Option<ExceptionOutcome>,
    #[schema(max_length = 4000)]
    pub resolution: Option<String>,
    #[schema(max_length = 1000)]
    pub cancel_reason: Option<String>,
    /// 0: with the owner; 1: with the manager; 2: with the executives.
    #[schema(minimum = 0, maximum = 2)]
    pub escalation_level: i32,
    /// How often it was opened again.
    #[schema(minimum = 0)]
    pub reopened: i32,
    /// Working seconds until it was resolved, counted from when it was reported or last opened again.
    #[schema(value_type = Option<i64>, minimum = 0, maximum = 9007199254740991i64)]
    pub resolution_seconds: Option<i64>,
    /// It was not resolved in time, since it was reported or last opened again.
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
});

/// An exception as it is answered.
#[derive(Debug, Serialize, ToSchema)]
pub struct OrderExceptionView {
    #[serde(flatten)]
    pub exception: OrderException,
    /// The steps that its life allows now and the caller may take.
    pub allowed_actions: Vec<ExceptionAction>,
}

/// An exception as changed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct OrderExceptionInput {
    /// A line of the order.
    pub order_line_id: Option<OrderLineId>,
    /// A shipment of the order.
    pub shipment_id: Option<ShipmentId>,
    pub kind: ExceptionKind,
    /// Another one gives it the time that this severity has, counted from when it was reported.
    pub severity: ExceptionSeverity,
    #[schema(min_length = 1, max_length = 4000, example = "Two cartons are crushed")]
    pub description: String,
    /// How much of the line is affected; needs `order_line_id`, and is at most what was ordered.
    pub quantity: Option<Quantity>,
}

/// A new exception: as [`OrderExceptionInput`], with the order that it is about.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct NewOrderException {
    /// An order that was submitted and not cancelled.
    pub order_id: OrderId,
    #[serde(flatten)]
    pub exception: OrderExceptionInput,
    /// Whether the order does not ship until it is resolved. Left out: yes for a critical one, and for one of kind
    /// `price_dispute`, `address` or `payment`; no for the others.
    pub blocking: Option<bool>,
    /// Who is to look after it. Left out: the order's rep, else who reports it.
    pub owner_id: Option<UserId>,
}

/// Who is to look after it, and why.
#[derive(Debug, Clone, Deserialize, ToSchema)]
pub struct ExceptionAssignment {
    pub owner_id: UserId,
    #[schema(max_length = 1000)]
    pub reason: Option<String>,
}

/// How it was resolved.
#[derive(Debug, Clone, Deserialize, ToSchema)]
pub struct ExceptionResolution {
    pub outcome: ExceptionOutcome,
    #[schema(min_length = 1, max_length = 4000, example = "Two cartons go with the next truck")]
    pub resolution: String,
}

/// The exceptions that a caller sees: those of the orders that they see, and what they look after.
pub fn visible_to(caller: &Caller) -> Cond {
    let mine = match caller.user {
        Some(user) => Cond::eq("order_exceptions.owner_id", user),
        None => Cond::Nothing,
    };
    match crate::orders::model::visible_to(caller) {
        Cond::All => Cond::All,
        orders => {
            let select = "SELECT orders.id FROM orders WHERE ";
            Cond::InSelect("order_exceptions.order_id", select, Box::new(orders)).or(mine)
        }
    }
}

/// Not resolved, written as in the partial indexes.
pub fn open() -> Cond {
    Cond::Sql("order_exceptions.status IN ('open', 'in_progress')", vec![])
}

fn open_is(given: &Given) -> Cond {
    match given {
        Given::Bool(false) => Cond::Not(Box::new(open())),
        _ => open(),
    }
}

fn blocking_is(given: &Given) -> Cond {
    match given {
        Given::Bool(false) => Cond::Sql("NOT order_exceptions.blocking", vec![]),
        _ => Cond::Sql("order_exceptions.blocking", vec![]),
    }
}

fn overdue_is(given: &Given) -> Cond {
    let overdue = Cond::Sql("order_exceptions.resolution_missed", vec![]).and(open());
    match given {
        Given::Bool(false) => Cond::Not(Box::new(overdue)),
        _ => overdue,
    }
}

pub static ORDER_EXCEPTIONS: ListSpec = ListSpec {
    id: "order_exceptions.id",
    filters: &[
        filter(
            Param::new("order_id", Takes::Ids("ord"), "Only of these orders."),
            Does::Is("order_exceptions.order_id"),
        ),
        filter(
            Param::new("customer_id", Takes::Ids("cus"), "Only of orders of these customers."),
            Does::Is("order_exceptions.customer_id"),
        ),
        filter(
            Param::new("product_id", Takes::Ids("prd"), "Only about lines with these products."),
            Does::Is("order_exceptions.product_id"),
        ),
        filter(
            Param::new("kind", Takes::Words(ExceptionKind::WORDS), "Only these."),
            Does::Is("order_exceptions.kind"),
        ),
        filter(
            Param::new("severity", Takes::Words(ExceptionSeverity::WORDS), "Only these."),
            Does::Is("order_exceptions.severity"),
        ),
        filter(
            Param::new("status", Takes::Words(ExceptionStatus::WORDS), "Only these."),
            Does::Is("order_exceptions.status"),
        ),
        filter(
            Param::new("open", Takes::Bool, "Only those that are open or in progress, or only the others."),
            Does::Makes(open_is),
        ),
        filter(
            Param::new(
                "blocking",
                Takes::Bool,
                "Only those that block, or would if they were open, or only the others.",
            ),
            Does::Makes(blocking_is),
        ),
        filter(
            Param::new(
                "overdue",
                Takes::Bool,
                "Only those that are open past their time, or only the others.",
            ),
            Does::Makes(overdue_is),
        ),
        filter(
            Param::new("owner_id", Takes::Ids("usr"), "Only what these people look after."),
            Does::Is("order_exceptions.owner_id"),
        ),
        filter(
            Param::new("team_id", Takes::Ids("tem"), "Only of these teams."),
            Does::Is("order_exceptions.team_id"),
        ),
        filter(
            Param::new("number", Takes::Text(40), "The exception with this number."),
            Does::Is("order_exceptions.number"),
        ),
        filter(
            Param::new("reported_from", Takes::Instant, "Reported at this instant or later."),
            Does::AtLeast("order_exceptions.reported_at"),
        ),
        filter(
            Param::new("reported_to", Takes::Instant, "Reported at this instant or earlier."),
            Does::AtMost("order_exceptions.reported_at"),
        ),
        filter(
            Param::new("updated_since", Takes::Instant, "Changed at this instant or later."),
            Does::AtLeast("order_exceptions.updated_at"),
        ),
    ],
    sorts: &[
        Sort { name: "reported_at", column: "order_exceptions.reported_at" },
        Sort { name: "number", column: "order_exceptions.number" },
        Sort { name: "updated_at", column: "order_exceptions.updated_at" },
    ],
    sort_names: &["reported_at", "number", "updated_at"],
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
