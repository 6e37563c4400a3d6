//! Computes the worklist: what the areas declare, then the ranking.

use std::cmp::Reverse;

use super::model::{Worklist, WorklistCall, WorklistItem, WorklistReason};
use crate::base::db::ReadTx;
use crate::base::error::Result;
use crate::base::http::dispatch::API;
use crate::base::messages::{Lang, fill};
use crate::base::types::{Amount, At};
use crate::base::worklist::{Item, Source};
use crate::people::UserId;

/// Things on the list.
const MOST: usize = 100;

pub fn worklist(rx: &mut ReadTx, me: UserId) -> Result<Worklist> {
    let core = rx.core;
    let mut items: Vec<Item> = Vec::new();
    for source in core.declared.all::<Source>() {
        items.extend((source.items)(rx, me)?);
    }
    Ok(ranked(items, rx.lang))
}

/// The most pressing first: by reason, then by weight, by when it is due, and by what is at stake.
fn ranked(mut items: Vec<Item>, lang: Lang) -> Worklist {
    items.sort_by_cached_key(|item| {
        let due = item.due_at.map_or(i64::MAX, At::micros);
        let stake = item.amount.map_or(0, Amount::units);
        (item.reason.rank, Reverse(item.weight), due, Reverse(stake), item.record_id.clone())
    });
    let has_more = items.len() > MOST;
    let first = items.into_iter().take(MOST);
    Worklist { data: first.zip(1..).map(|(item, rank)| view(item, rank, lang)).collect(), has_more }
}

fn view(item: Item, rank: i32, lang: Lang) -> WorklistItem {
    let record = format!("{API}/{}/{}", item.collection, item.record_id);
    let call = match &item.step {
        Some(step) => WorklistCall { method: "POST", path: format!("{record}/{step}") },
        None => WorklistCall { method: "GET", path: record },
    };
    WorklistItem {
        rank,
        reason: WorklistReason(item.reason.name),
        text: fill(lang.pick(item.reason.text), &item.params),
        record_kind: item.record_kind,
        record_id: item.record_id,
        customer_id: item.customer_id,
        due_at: item.due_at,
        amount: item.amount,
        currency: item.currency,
        call,
    }
}
