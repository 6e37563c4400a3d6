//! Endpoints of duplicates: extract, call, answer.

use super::model::{Candidate, DUPLICATES, DuplicatePair, Pair};
use super::work;
use crate::base::db::ReadTx;
use crate::base::db::filter::{Predicate, col};
use crate::base::db::list::Page;
use crate::base::error::Result;
use crate::base::http::Req;
use crate::customers::{self, CustomerId};
use crate::load_from;

pub fn list(rx: &mut ReadTx, req: &Req) -> Result<Page<DuplicatePair>> {
    let visible = work::visible_pairs(rx.caller);
    let page = DUPLICATES.page(&req.query, visible, load_from!(rx.conn, customer_duplicates, Pair))?;
    let views = work::pairs(rx.conn, rx.caller, &page.data)?;
    Ok(page.with(views))
}

pub fn list_of(rx: &mut ReadTx, req: &Req<CustomerId>) -> Result<Page<Candidate>> {
    let customer = customers::work::find(rx.conn, rx.caller, req.path)?;
    let of_it = Predicate::eq(col!(customer_duplicates::customer_id), customer.id.0)
        .or(Predicate::eq(col!(customer_duplicates::other_id), customer.id.0));
    let visible = of_it.and(work::visible_pairs(rx.caller));
    let page = DUPLICATES.page(&req.query, visible, load_from!(rx.conn, customer_duplicates, Pair))?;
    let views = work::others(rx.conn, rx.caller, customer.id, &page.data)?;
    Ok(page.with(views))
}
