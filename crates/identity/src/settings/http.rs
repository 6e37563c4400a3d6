//! Endpoints of settings: extract, call, answer.

use super::model::{Settings, SettingsId, SettingsInput};
use super::work;
use crate::base::db::list::Page;
use crate::base::db::{ReadTx, Tx};
use crate::base::error::Result;
use crate::base::http::history::{self, HistoryEntry};
use crate::base::http::{Answer, Patch, Req};

pub fn get(rx: &mut ReadTx, _: &Req) -> Result<Answer<Settings>> {
    work::load(rx.conn).map(answer)
}

pub fn update(tx: &mut Tx, req: &Req<(), Patch<SettingsInput>>) -> Result<Answer<Settings>> {
    work::update(tx, &req.body).map(answer)
}

fn answer(settings: Settings) -> Answer<Settings> {
    Answer::at(settings.version, settings)
}

pub fn history(rx: &mut ReadTx, req: &Req) -> Result<Page<HistoryEntry>> {
    let settings = work::load(rx.conn)?;
    history::page(rx, SettingsId::KIND, settings.id.0, &req.query)
}
