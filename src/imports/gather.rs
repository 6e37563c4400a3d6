//! Rows of one order are one order, wherever they stand in the file: where they stand apart, the text that is kept for the
//! job has them behind each other, each with its line. So a chunk reads an order in one piece.

use std::collections::HashMap;

use super::intake::{Form, MAX_FILE, Plan};
use super::records::{continues, is_whole, key_of};
use super::rows::Row;
use crate::base::error::{Problem, Result};
use crate::base::jobs::keys;

/// The most lines of an order.
pub const MOST_LINES: usize = 500;
/// The most bytes that the rows of an order have together: a chunk has them in memory at once.
const MOST_BYTES: u64 = 8 << 20;

/// The orders that a file has rows of.
#[derive(Default)]
pub struct Orders {
    by_key: HashMap<String, u32>,
    orders: Vec<Order>,
    rows: Vec<Place>,
    stand_apart: bool,
}

struct Order {
    line: u64,
    rows: usize,
    bytes: u64,
}

impl Order {
    fn is_too_long(&self) -> bool {
        self.rows > MOST_LINES || self.rows > 1 && self.bytes > MOST_BYTES
    }
}

/// Where a row is in the text, and of which order it is.
struct Place {
    order: u32,
    begin: u64,
    end: u64,
    line: u64,
}

impl Orders {
    /// Takes down the next row of the file.
    pub fn meet(&mut self, plan: &Plan, row: &Row) {
        let last = self.rows.last().map(|place| place.order);
        let key = key_of(plan, row).filter(|_| !is_whole(row)).map(|key| keys::digest(&key));
        let known = match &key {
            Some(key) => self.by_key.get(key).copied(),
            None => last.filter(|_| continues(plan, row)),
        };
        let order = known.unwrap_or(self.orders.len() as u32);
        if known.is_none() {
            self.orders.push(Order { line: row.line, rows: 0, bytes: 0 });
            key.map(|key| self.by_key.insert(key, order));
        }
        self.stand_apart |= known.is_some() && known != last;
        let (begin, end) = (row.begin, row.next.0);
        if let Some(order) = self.orders.get_mut(order as usize) {
            order.rows += 1;
            order.bytes += end - begin;
        }
        self.rows.push(Place { order, begin, end, line: row.line });
    }

    /// The text with the rows of each order behind each other, if it was not so, and with a sign at those of orders that
    /// are too long.
    pub fn gather(mut self, plan: &mut Plan, text: Vec<u8>) -> Result<Vec<u8>> {
        if !self.stand_apart && !self.orders.iter().any(Order::is_too_long) {
            return Ok(text);
        }
        let separator = if plan.form == Form::Csv { plan.delimiter } else { b'\t' };
        self.rows.sort_by_key(|place| place.order); // as they came within an order
        let mut gathered = Vec::with_capacity(text.len() + 8 * self.rows.len());
        for place in &self.rows {
            gathered.extend_from_slice(place.line.to_string().as_bytes());
            if let Some(order) = self.orders.get(place.order as usize).filter(|order| order.is_too_long()) {
                gathered.extend_from_slice(format!(" {}", order.line).as_bytes());
            }
            gathered.push(separator);
            let row = text.get(place.begin as usize..place.end as usize).unwrap_or_default();
            gathered.extend_from_slice(row.trim_ascii_end());
            gathered.push(b'\n');
        }
        if gathered.len() > 3 * MAX_FILE {
            return Err(Problem::new("file_too_large").param("what", "bytes").param("max", MAX_FILE).into());
        }
        (plan.numbered, plan.begin, plan.line) = (true, 0, 1);
        Ok(gathered)
    }
}
