//! Use cases on plain records, for endpoints and for whoever enters records from within.

use serde_json::Value;
use uuid::Uuid;

use super::Record;
use crate::db::{Act, ReadTx, Tx};
use crate::error::{Error, Result};
use crate::http::{Patch, expand};

/// The record, as far as the caller may see it.
pub fn read<R: Record>(rx: &mut ReadTx, id: R::Id) -> Result<R> {
    R::load(rx.conn, id, R::visible(rx.caller))?.ok_or_else(Error::not_found)
}

pub fn create<R: Record>(tx: &mut Tx, form: R::Form) -> Result<R> {
    R::admit(tx)?;
    let mut record = R::new(tx.new_id(), form, tx.now);
    record.derive();
    record.check(tx, None)?;
    tx.create(&mut record)?;
    Ok(record)
}

pub fn update<R: Record>(tx: &mut Tx, id: R::Id, patch: &Patch<R::Form>) -> Result<R> {
    let before = seen::<R>(tx, id)?;
    let mut after = before.with(patch.onto(before.form())?);
    after.derive();
    after.check(tx, Some(&before))?;
    tx.save(&before, &mut after, Act::UPDATED)?;
    R::changed(tx);
    Ok(after)
}

pub fn delete<R: Record>(tx: &mut Tx, id: R::Id) -> Result<()> {
    let record = seen::<R>(tx, id)?;
    tx.remove(&record)
}

/// For `expand`: the records among these that the caller may see.
pub fn expand<R: Record>(rx: &mut ReadTx, ids: &[Uuid]) -> Result<Vec<(Uuid, Value)>> {
    let rows = R::load_all(rx.conn, ids, R::visible(rx.caller))?;
    expand::views(rows, |row: &R| row.key())
}

/// The record at the version that the caller saw.
fn seen<R: Record>(tx: &mut Tx, id: R::Id) -> Result<R> {
    R::admit(tx)?;
    let visible = R::visible(tx.caller);
    let record = R::load(tx.conn, id, visible)?.ok_or_else(Error::not_found)?;
    tx.check_expected(&record)?;
    Ok(record)
}
