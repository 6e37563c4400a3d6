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
use crate::base::db::Rx;
use crate::base::db::filter::{Cond, Value};
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

/// A line, and what the head of its order says.
#[derive(Debug, Serialize, ToSchema)]
pub struct LineOfOrder {
    pub order_id: OrderId,
    #[schema(example = "SO-2026-000123")]
    pub order_number: String,
    pub order_status: OrderStatus,
    #[schema(value_type = String, format = Date, example = "2026-11-20")]
    pub order_date: NaiveDate,
    pub order_external_ids: Vec<ExternalId>,
    pub customer_id: CustomerId,
    pub rep_id: Option<UserId>,
    pub team_id: Option<TeamId>,
    pub region_id: Option<RegionId>,
    #[schema(max_length = 40, example = "web")]
    pub channel: Option<String>,
    #[schema(example = "CNY", min_length = 3, max_length = 3)]
    pub currency: String,
    /// The customer's own order number.
    #[schema(max_length = 60, example = "PO-77")]
    pub customer_po: Option<String>,
    /// When the customer wants the order.
    #[schema(value_type = Option<String>, format = Date)]
    pub requested_date: Option<NaiveDate>,
    #[serde(flatten)]
    pub line: OrderLine,
}

/// Lines of the orders that are meant.
fn of_orders(orders: Cond) -> Cond {
    match orders {
        Cond::All => Cond::All,
        orders => {
            Cond::InSelect("order_lines.order_id", "SELECT orders.id FROM orders WHERE ", Box::new(orders))
        }
    }
}

fn of(does: Does, given: &Given) -> Cond {
    of_orders(made(does, given))
}

pub static ORDER_LINES: ListSpec = ListSpec {
    id: "order_lines.id",
    filters: &[
        filter(
            Param::new("order_id", Takes::Ids("ord"), "Only lines of these orders."),
            Does::Is("order_lines.order_id"),
        ),
        filter(
            Param::new("product_id", Takes::Ids("prd"), "Only lines with these products."),
            Does::Is("order_lines.product_id"),
        ),
        filter(
            Param::new("status", Takes::Words(OrderStatus::WORDS), "Only of orders with these statuses."),
            Does::Makes(|given| of(Does::Is("orders.status"), given)),
        ),
        filter(
            Param::new("customer_id", Takes::Ids("cus"), "Only of orders of these customers."),
            Does::Makes(|given| of(Does::Is("orders.customer_id"), given)),
        ),
        filter(
            Param::new("rep_id", Takes::Ids("usr"), "Only of orders of these reps."),
            Does::Makes(|given| of(Does::Is("orders.rep_id"), given)),
        ),
        filter(
            Param::new("currency", Takes::Text(3), "Only of orders in this currency."),
            Does::Makes(|given| of(Does::Is("orders.currency"), given)),
        ),
        filter(
            Param::new("order_date_from", Takes::Date, "Only of orders from this day on."),
            Does::Makes(|given| of(Does::AtLeast("orders.order_date"), given)),
        ),
        filter(
            Param::new("order_date_to", Takes::Date, "Only of orders up to and with this day."),
            Does::Makes(|given| of(Does::AtMost("orders.order_date"), given)),
        ),
        filter(
            Param::new("updated_since", Takes::Instant, "Only of orders changed at or after this instant."),
            Does::Makes(|given| of(Does::AtLeast("orders.updated_at"), given)),
        ),
    ],
    sorts: &[
        Sort { name: "order_id", column: "order_lines.order_id" },
        Sort { name: "position", column: "order_lines.position" },
    ],
    sort_names: &["order_id", "position"],
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

pub fn list(rx: &mut Rx, req: &Req) -> Result<Page<LineOfOrder>> {
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
fn heads(rx: &mut Rx, lines: &[OrderLine]) -> Result<HashMap<OrderId, OrderRow>> {
    let mut ids: Vec<Uuid> = lines.iter().map(|line| line.order_id.0).collect();
    ids.dedup();
    let rows: Vec<OrderRow> =
        orders::table.filter(Cond::ids("orders.id", ids)).select(OrderRow::as_select()).load(rx.conn)?;
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
