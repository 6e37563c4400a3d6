//! Endpoints of shares: extract, call, answer.

use super::model::{SHARES, ShareInput, ShareView};
use super::work;
use crate::base::db::filter::{Predicate, col};
use crate::base::db::list::Page;
use crate::base::db::shares::Share;
use crate::base::db::{ReadTx, Tx};
use crate::base::error::Result;
use crate::base::http::{Answer, Json, Req};
use crate::customers::{self, CustomerId};
use crate::load_from;

pub fn list(rx: &mut ReadTx, req: &Req<CustomerId>) -> Result<Page<ShareView>> {
    let customer = customers::work::find(rx.conn, rx.caller, req.path)?;
    let of_customer = Predicate::eq(col!(shares::record_id), customer.id.0);
    let page = SHARES.page(&req.query, of_customer, load_from!(rx.conn, shares, Share))?;
    let views = work::views(rx.conn, &page.data)?;
    Ok(page.with(views))
}

pub fn get(rx: &mut ReadTx, req: &Req<(CustomerId, String)>) -> Result<Answer<ShareView>> {
    let customer = customers::work::find(rx.conn, rx.caller, req.path.0)?;
    let view = work::find(rx.conn, customer.id, work::grantee(&req.path.1)?)?;
    Ok(Answer::at(customer.version, view))
}

pub fn create(tx: &mut Tx, req: &Req<CustomerId, Json<ShareInput>>) -> Result<Answer<ShareView>> {
    let (customer, grantee) = work::share(tx, req.path, &req.body)?;
    let view =
        tx.hint("it was written in this unit of work", |conn| work::find(conn, customer.id, grantee))?;
    Ok(Answer::at(customer.version, view).located(format!("/customers/{}/shares/{grantee}", customer.id)))
}

pub fn delete(tx: &mut Tx, req: &Req<(CustomerId, String)>) -> Result<()> {
    work::unshare(tx, req.path.0, work::grantee(&req.path.1)?)
}
