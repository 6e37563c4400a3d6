//! What is at stake with orders, for what else is to be done about them: other areas' entries of the worklist.

use std::collections::HashMap;

use diesel::prelude::*;

use super::model::{OrderId, visible_to};
use crate::base::auth::Scope;
use crate::base::db::ReadTx;
use crate::base::db::filter::{Predicate, col};
use crate::base::error::Result;
use crate::base::types::Amount;
use crate::base::worklist::Item;
use crate::schema::orders;

/// What is told of an order that something is about.
#[derive(Debug, Clone)]
pub struct Stake {
    pub gross: Amount,
    pub currency: String,
    pub number: String,
}

/// Orders, as far as the caller sees them.
#[derive(Debug, Default)]
pub struct Stakes(HashMap<OrderId, Stake>);

impl Stakes {
    /// Of these orders, with one statement.
    pub fn of(rx: &mut ReadTx, ids: impl Iterator<Item = OrderId>) -> Result<Stakes> {
        let ids: Vec<OrderId> = ids.collect();
        if ids.is_empty() || !rx.caller.may(Scope::OrdersRead) {
            return Ok(Stakes::default());
        }
        let seen =
            Predicate::ids(col!(orders::id), ids.into_iter().map(|id| id.0)).and(visible_to(rx.caller));
        let fields = (orders::id, orders::gross, orders::currency, orders::number);
        let rows: Vec<(OrderId, Amount, String, String)> =
            orders::table.filter(seen).select(fields).load(rx.conn)?;
        let stake = |(id, gross, currency, number)| (id, Stake { gross, currency, number });
        Ok(Stakes(rows.into_iter().map(stake).collect()))
    }

    pub fn get(&self, order: OrderId) -> Option<&Stake> {
        self.0.get(&order)
    }

    /// The item with the total of the order that it is about.
    pub fn put(&self, item: Item, order: Option<OrderId>) -> Item {
        let stake = order.and_then(|id| self.get(id)).cloned();
        let (amount, currency) = stake.map(|stake| (stake.gross, stake.currency)).unzip();
        Item { amount, currency, ..item }
    }
}
