//! The lines of all orders, each with what its order's head says.

use std::collections::HashMap;

use chrono::NaiveDate;
use diesel::prelude::*;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::model::{OrderId, OrderLine, OrderRow, visible_to};
use super::rules::OrderStatus;
use crate::base::db::ExternalId;
use crate::base::db::ReadTx;
use crate::base::db::filter::{Predicate, Value, col};
use crate::base::db::list::{Does, ListSpec, Page, Row, Sort, filter, made};
use crate::base::error::{Error, Result};
use crate::base::http::Req;
use crate::base::http::params::{Given, Param, Takes};
use crate::base::types::TextEnum;
use crate::customers::CustomerId;
use crate::load_from;
use crate::people::{TeamId, UserId};
use crate::regions::RegionId;
use crate::schema::orders;

/// A line of an order, with fields from the head of its order.
#[derive(Debug, Serialize, ToSchema)]
pub struct LineOfOrder {
    /// Order that the line belongs to.
    pub order_id: OrderId,
    /// Number of the order.
    #[schema(example = "SO-2026-000123")]
    pub order_number: String,
    /// Stage of the order's life.
    pub order_status: OrderStatus,
    /// Day of the order.
    #[schema(value_type = String, format = Date, example = "2026-11-20")]
    pub order_date: NaiveDate,
    /// External ids of the order.
    pub order_external_ids: Vec<ExternalId>,
    /// Customer that the order is for.
    pub customer_id: CustomerId,
    /// Sales rep of the order. Null when there is none.
    pub rep_id: Option<UserId>,
    /// Team of the rep. Null when there is none.
    pub team_id: Option<TeamId>,
    /// Sales region of the order. Null when there is none.
    pub region_id: Option<RegionId>,
    /// Sales channel of the order. Null when there is none.
    #[schema(max_length = 40, example = "web")]
    pub channel: Option<String>,
    /// Currency of the amounts and prices, ISO 4217.
    #[schema(example = "CNY", min_length = 3, max_length = 3)]
    pub currency: String,
    /// Order number of the customer. Null when unknown.
    #[schema(max_length = 60, example = "PO-77")]
    pub customer_po: Option<String>,
    /// Day on which the customer wants the goods. Null when unknown.
    #[schema(value_type = Option<String>, format = Date)]
    pub requested_date: Option<NaiveDate>,
    #[serde(flatten)]
    pub line: OrderLine,
}

/// Lines of the orders that are meant.
fn of_orders(orders: Predicate) -> Predicate {
    match orders {
        Predicate::All => Predicate::All,
        orders => Predicate::in_select(col!(order_lines::order_id), col!(orders::id), orders),
    }
}

fn of(does: Does, given: &Given) -> Predicate {
    of_orders(made(does, given))
}

pub static ORDER_LINES: ListSpec = ListSpec {
    id: col!(order_lines::id),
    filters: &[
        filter(
            Param::new("order_id", Takes::Ids("ord"), "Lines of these orders."),
            Does::Is(col!(order_lines::order_id)),
        ),
        filter(
            Param::new("product_id", Takes::Ids("prd"), "Lines for these products."),
            Does::Is(col!(order_lines::product_id)),
        ),
        filter(
            Param::new(
                "status",
                Takes::Words(OrderStatus::WORDS),
                "Lines of orders with one of these statuses.",
            ),
            Does::Makes(|given| of(Does::Is(col!(orders::status)), given)),
        ),
        filter(
            Param::new("customer_id", Takes::Ids("cus"), "Lines of orders of these customers."),
            Does::Makes(|given| of(Does::Is(col!(orders::customer_id)), given)),
        ),
        filter(
            Param::new("rep_id", Takes::Ids("usr"), "Lines of orders of these reps."),
            Does::Makes(|given| of(Does::Is(col!(orders::rep_id)), given)),
        ),
        filter(
            Param::new("currency", Takes::Currency, "Lines of orders in this currency."),
            Does::Makes(|given| of(Does::Is(col!(orders::currency)), given)),
        ),
        filter(
            Param::new(
                "order_date_from",
                Takes::Date,
                "Lines of orders whose order date is this day or later.",
            ),
            Does::Makes(|given| of(Does::AtLeast(col!(orders::order_date)), given)),
        ),
        filter(
            Param::new(
                "order_date_to",
                Takes::Date,
                "Lines of orders whose order date is this day or earlier.",
            ),
            Does::Makes(|given| of(Does::AtMost(col!(orders::order_date)), given)),
        ),
        filter(
            Param::new("updated_since", Takes::Instant, "Lines of orders changed at this instant or later."),
            Does::Makes(|given| of(Does::AtLeast(col!(orders::updated_at)), given)),
        ),
    ],
    sorts: &[
        Sort { name: "order_id", column: col!(order_lines::order_id) },
        Sort { name: "position", column: col!(order_lines::position) },
    ],
    default_sort: "order_id,position",
    expand: &["customer", "rep", "team", "region", "product"],
};

impl Row for OrderLine {
    fn id(&self) -> Uuid {
        self.id.0
    }
    fn sort_value(&self, name: &str) -> Value {
        match name {
            "position" => i64::from(self.position).into(),
            _ => self.order_id.0.into(),
        }
    }
}

pub fn list(rx: &mut ReadTx, req: &Req) -> Result<Page<LineOfOrder>> {
    let seen = of_orders(visible_to(rx.caller));
    let mut page = ORDER_LINES.page(&req.query, seen, load_from!(rx.conn, order_lines, OrderLine))?;
    let lines = std::mem::take(&mut page.data);
    let heads = heads(rx, &lines)?;
    let whole = |line: OrderLine| {
        let head = heads.get(&line.order_id).ok_or_else(|| Error::internal("a line without its order"))?;
        Ok(with_head(line, head))
    };
    Ok(page.with(lines.into_iter().map(whole).collect::<Result<_>>()?))
}

/// The orders of these lines, which have been shown to be visible.
fn heads(rx: &mut ReadTx, lines: &[OrderLine]) -> Result<HashMap<OrderId, OrderRow>> {
    let mut ids: Vec<Uuid> = lines.iter().map(|line| line.order_id.0).collect();
    ids.dedup();
    let rows: Vec<OrderRow> = orders::table
        .filter(Predicate::ids(col!(orders::id), ids))
        .select(OrderRow::as_select())
        .load(rx.conn)?;
    Ok(rows.into_iter().map(|row| (row.id, row)).collect())
}

fn with_head(line: OrderLine, head: &OrderRow) -> LineOfOrder {
    LineOfOrder {
        order_id: head.id,
        order_number: head.number.clone(),
        order_status: head.status,
        order_date: head.order_date,
        order_external_ids: head.external_ids.0.clone(),
        customer_id: head.customer_id,
        rep_id: head.rep_id,
        team_id: head.team_id,
        region_id: head.region_id,
        channel: head.channel.clone(),
        currency: head.currency.clone(),
        customer_po: head.customer_po.clone(),
        requested_date: head.requested_date,
        line,
    }
}
