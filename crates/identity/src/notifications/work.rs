//! Use cases on notifications.

use diesel::prelude::*;
use uuid::Uuid;

use super::mailing;
use super::model::{Marked, Notification, NotificationId, visible_to};
use crate::base::auth::Caller;
use crate::base::db::filter::{Predicate, col};
use crate::base::db::{Act, AnyId, Conn, JsonColumn, Tx};
use crate::base::error::{Error, Result};
use crate::base::types::Kind;
use crate::people::UserId;
use crate::schema::notifications;

/// Marked at once.
const MOST: i64 = 1_000;

/// Something worth telling: a phrase, what fills its places, and the record that it is about.
#[derive(Debug, Clone)]
pub struct Notice<'a> {
    pub code: &'static str,
    pub kind: Kind,
    pub record: Uuid,
    pub params: &'a [(&'static str, String)],
}

/// Tells people, each once, in their inbox and by e-mail as they want. Whoever does it themselves knows already, and is not told.
pub fn notify(tx: &mut Tx, people: impl IntoIterator<Item = UserId>, notice: &Notice) -> Result<()> {
    debug_assert!(
        tx.core.declared.is_notice(notice.kind, notice.code),
        "say how urgent {} is where the area declares what people are told (`r.notices`)",
        notice.code
    );
    let mut told: Vec<Notification> = Vec::new();
    for user in people {
        if tx.caller.user == Some(user.0) || told.iter().any(|known| known.user_id == user) {
            continue;
        }
        let mut notification = Notification {
            id: tx.new_id(),
            version: 0,
            user_id: user,
            code: notice.code.into(),
            record_kind: notice.kind.name.into(),
            record_id: AnyId(notice.record),
            params: JsonColumn(
                notice.params.iter().map(|(name, value)| ((*name).into(), value.clone())).collect(),
            ),
            read_at: None,
            created_at: tx.now,
            created_by: None,
            updated_at: tx.now,
            updated_by: None,
        };
        tx.create(&mut notification)?;
        told.push(notification);
    }
    mailing::at_once(tx, &told)
}

pub fn find(conn: &mut Conn, caller: &Caller, id: NotificationId) -> Result<Notification> {
    let own = notifications::table.filter(notifications::id.eq(id)).filter(visible_to(caller));
    let found = own.select(Notification::as_select()).first(conn).optional()?;
    found.ok_or_else(Error::not_found)
}

/// Marks one as read, or as unread; nothing when it is already.
pub fn mark(tx: &mut Tx, id: NotificationId, read: bool) -> Result<Notification> {
    let before = tx.find(find, id)?;
    tx.check_expected(&before)?;
    if before.read_at.is_some() == read {
        return Ok(before);
    }
    let mut after = Notification { read_at: read.then_some(tx.now), ..before.clone() };
    tx.save(&before, &mut after, Act::new(if read { "read" } else { "unread" }))?;
    Ok(after)
}

pub fn mark_all(tx: &mut Tx) -> Result<Marked> {
    let unread = visible_to(tx.caller).and(Predicate::IsNull(col!(notifications::read_at)));
    let oldest = notifications::table
        .filter(unread.clone())
        .order(notifications::created_at)
        .limit(MOST)
        .select(Notification::as_select());
    let some: Vec<Notification> =
        tx.hint("what comes meanwhile stays unread", |conn| Ok(oldest.load(conn)?))?;
    for before in &some {
        let mut after = Notification { read_at: Some(tx.now), ..before.clone() };
        tx.save(before, &mut after, Act::new("read"))?;
    }
    let left: i64 = tx.hint("the number is only shown", |conn| {
        Ok(notifications::table.filter(unread).count().get_result(conn)?)
    })?;
    Ok(Marked { marked: some.len() as i32, left })
}
