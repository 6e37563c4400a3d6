//! Shares: showing a record to somebody, or to a team, who would not see it otherwise.

use diesel::prelude::*;
use uuid::Uuid;

use super::filter::{Column, Predicate, Value, col};
use super::list::Row;
use super::{AnyId, Conn, Tx};
use crate::auth::Caller;
use crate::error::Result;
use crate::schema::shares;
use crate::types::At;

/// The record in this column is shared with the caller or their team.
pub fn shared_with(column: Column, caller: &Caller) -> Predicate {
    let them = [caller.user, caller.team].map(|id| Value::from(id.unwrap_or_default()));
    Predicate::in_select(
        column,
        col!(shares::record_id),
        Predicate::In(col!(shares::grantee_id), them.into()),
    )
}

/// A share, as stored.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = shares)]
pub struct Share {
    pub record_id: AnyId,
    pub grantee_id: AnyId,
    pub granted_at: At,
    pub granted_by: Option<AnyId>,
}

impl Row for Share {
    fn id(&self) -> Uuid {
        self.grantee_id.0
    }
    fn sort_value(&self, _: &str) -> Value {
        self.granted_at.into()
    }
}

pub fn of(conn: &mut Conn, record: Uuid) -> Result<Vec<Share>> {
    Ok(shares::table
        .filter(shares::record_id.eq(AnyId(record)))
        .order(shares::granted_at)
        .limit(500)
        .select(Share::as_select())
        .load(conn)?)
}

/// Takes every share of a record back, before it is deleted.
#[allow(clippy::disallowed_methods)] // as below
pub fn revoke_all(tx: &mut Tx, record: Uuid) -> Result<()> {
    diesel::delete(shares::table.filter(shares::record_id.eq(AnyId(record)))).execute(tx.conn)?;
    Ok(())
}

/// Shares a record; twice is once.
#[allow(clippy::disallowed_methods)] // a share is no record; who shared is noted by the caller
pub fn grant(tx: &mut Tx, record: Uuid, grantee: Uuid) -> Result<()> {
    revoke(tx, record, grantee)?;
    let share = Share {
        record_id: AnyId(record),
        grantee_id: AnyId(grantee),
        granted_at: tx.now,
        granted_by: tx.caller.user.map(AnyId),
    };
    diesel::insert_into(shares::table).values(&share).execute(tx.conn)?;
    Ok(())
}

/// Takes a share back; whether there was one.
#[allow(clippy::disallowed_methods)] // as above
pub fn revoke(tx: &mut Tx, record: Uuid, grantee: Uuid) -> Result<bool> {
    let row = shares::table
        .filter(shares::record_id.eq(AnyId(record)))
        .filter(shares::grantee_id.eq(AnyId(grantee)));
    Ok(diesel::delete(row).execute(tx.conn)? > 0)
}
