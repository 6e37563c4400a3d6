//! Endpoints of notifications: extract, call, answer.

use super::model::{Marked, NOTIFICATIONS, Notification, NotificationId, NotificationView, visible_to};
use super::work;
use crate::base::auth::Caller;
use crate::base::db::list::Page;
use crate::base::db::{ReadTx, Tx};
use crate::base::declared::Declared;
use crate::base::error::Result;
use crate::base::http::{Answer, Req};
use crate::base::messages::Lang;
use crate::load_from;
use crate::people::demand_person;

fn answer(declared: &Declared, notification: &Notification, lang: Lang) -> Answer<NotificationView> {
    Answer::of(notification.view(declared, lang))
}

/// A person's own; a machine client has no inbox.
fn person(caller: &Caller) -> Result<()> {
    demand_person(caller).map(drop)
}

pub fn list(rx: &mut ReadTx, req: &Req) -> Result<Page<NotificationView>> {
    person(rx.caller)?;
    let visible = visible_to(rx.caller);
    let mut page =
        NOTIFICATIONS.page(&req.query, visible, load_from!(rx.conn, notifications, Notification))?;
    let views = std::mem::take(&mut page.data).iter().map(|n| n.view(&rx.core.declared, rx.lang)).collect();
    Ok(page.with(views))
}

pub fn get(rx: &mut ReadTx, req: &Req<NotificationId>) -> Result<Answer<NotificationView>> {
    person(rx.caller)?;
    work::find(rx.conn, rx.caller, req.path).map(|n| answer(&rx.core.declared, &n, rx.lang))
}

pub fn read(tx: &mut Tx, req: &Req<NotificationId>) -> Result<Answer<NotificationView>> {
    person(tx.caller)?;
    work::mark(tx, req.path, true).map(|n| answer(&tx.core.declared, &n, tx.lang))
}

pub fn unread(tx: &mut Tx, req: &Req<NotificationId>) -> Result<Answer<NotificationView>> {
    person(tx.caller)?;
    work::mark(tx, req.path, false).map(|n| answer(&tx.core.declared, &n, tx.lang))
}

pub fn read_all(tx: &mut Tx, _: &Req) -> Result<Answer<Marked>> {
    person(tx.caller)?;
    work::mark_all(tx).map(Answer::of)
}
