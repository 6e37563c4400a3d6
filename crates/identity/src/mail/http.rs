//! Endpoints of mails: extract, call, answer.

use super::model::{MAILS, Mail, MailId, MailTest, MailView, visible_to};
use super::work;
use crate::base::db::list::Page;
use crate::base::db::{ReadTx, Tx};
use crate::base::error::Result;
use crate::base::http::{Answer, Json, Req};
use crate::load_from;

pub fn list(rx: &mut ReadTx, req: &Req) -> Result<Page<MailView>> {
    rx.caller.demand_to_see_all()?;
    let mut page = MAILS.page(&req.query, visible_to(rx.caller), load_from!(rx.conn, mails, Mail))?;
    let mails = std::mem::take(&mut page.data);
    Ok(page.with(mails.into_iter().map(MailView::from).collect()))
}

pub fn get(rx: &mut ReadTx, req: &Req<MailId>) -> Result<Answer<MailView>> {
    work::find(rx.conn, rx.caller, req.path).map(|mail| Answer::of(mail.into()))
}

pub fn retry(tx: &mut Tx, req: &Req<MailId>) -> Result<Answer<MailView>> {
    work::retry(tx, req.path).map(|mail| Answer::of(mail.into()))
}

pub fn test(tx: &mut Tx, req: &Req<(), Json<MailTest>>) -> Result<Answer<MailView>> {
    work::test(tx, &req.body.to).map(|mail| Answer::of(mail.into()))
}
