//! Endpoints of a person's preferences: extract, call, answer.

use super::model::{NotificationPreferences, NotificationPreferencesInput, PreferencesRow};
use super::work;
use crate::base::db::{ReadTx, Tx};
use crate::base::declared::Declared;
use crate::base::error::Result;
use crate::base::http::{Answer, Patch, Req};
use crate::people::demand_person;

fn answer(declared: &Declared, row: &PreferencesRow) -> Answer<NotificationPreferences> {
    Answer::at(row.version, row.view(declared))
}

pub fn get(rx: &mut ReadTx, _: &Req) -> Result<Answer<NotificationPreferences>> {
    let user = demand_person(rx.caller)?;
    work::of(rx.conn, user).map(|row| answer(&rx.core.declared, &row))
}

pub fn update(
    tx: &mut Tx,
    req: &Req<(), Patch<NotificationPreferencesInput>>,
) -> Result<Answer<NotificationPreferences>> {
    let user = demand_person(tx.caller)?;
    work::update(tx, user, &req.body).map(|row| answer(&tx.core.declared, &row))
}
