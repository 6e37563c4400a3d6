//! What is on a person's worklist: each area declares what of its own a person is to do ([`Source`]); the worklist merges
//! and ranks it.

use std::fmt::Display;

use crate::db::ReadTx;
use crate::error::Result;
use crate::types::principals::{CustomerId, UserId};
use crate::types::{Amount, At, RecordId};

/// The most things of one kind that are looked at.
pub const EACH: i64 = 101;

/// Why something is on a worklist.
#[derive(Debug)]
pub struct Reason {
    /// `task_overdue`.
    pub name: &'static str,
    /// The lower, the more urgent. No two reasons have the same.
    pub rank: u16,
    /// What it means, for the document: "your task is overdue".
    pub about: &'static str,
    /// What it says to the person, in English and Chinese, with `{placeholders}`.
    pub text: [&'static str; 2],
}

/// What an area puts on worklists: `r.declare(Source { … })`.
#[derive(Clone, Copy)]
pub struct Source {
    pub reasons: &'static [&'static Reason],
    /// What this person is to do, found with one bounded statement for each kind of thing ([`EACH`]).
    pub items: fn(&mut ReadTx, UserId) -> Result<Vec<Item>>,
}

/// Something to do.
#[derive(Debug, Clone)]
pub struct Item {
    pub reason: &'static Reason,
    /// What fills the reason's text.
    pub params: Vec<(&'static str, String)>,
    pub record_kind: &'static str,
    pub record_id: String,
    /// The list that the record is in: `tasks`.
    pub collection: &'static str,
    /// The step that does it, as the end of its path; None when this person cannot take it.
    pub step: Option<String>,
    pub customer_id: Option<CustomerId>,
    pub due_at: Option<At>,
    /// What is at stake.
    pub amount: Option<Amount>,
    pub currency: Option<String>,
    /// Priority or severity, for ranking.
    pub weight: i32,
}

impl Item {
    /// One without what is told of some kinds only.
    pub fn new<I: RecordId + Display>(
        reason: &'static Reason,
        (collection, id): (&'static str, I),
        step: Option<&str>,
        params: &[(&'static str, String)],
    ) -> Item {
        Item {
            reason,
            params: params.to_vec(),
            record_kind: I::KIND.name,
            record_id: id.to_string(),
            collection,
            step: step.map(str::to_owned),
            customer_id: None,
            due_at: None,
            amount: None,
            currency: None,
            weight: 0,
        }
    }
}
