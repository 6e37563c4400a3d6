//! Endpoints of the working calendar: extract, call, answer.

use super::model::{Deadlines, WorkingCalendarInput, WorkingTime};
use super::work;
use crate::base::db::list::Page;
use crate::base::db::{ReadTx, Tx};
use crate::base::deadlines::model::{WorkingCalendar, WorkingCalendarId};
use crate::base::deadlines::working_calendar_row;
use crate::base::error::Result;
use crate::base::http::history::{self, HistoryEntry};
use crate::base::http::{Answer, Patch, Req};

pub fn get(rx: &mut ReadTx, _: &Req) -> Result<Answer<WorkingCalendar>> {
    working_calendar_row(rx.conn).map(answer)
}

pub fn update(tx: &mut Tx, req: &Req<(), Patch<WorkingCalendarInput>>) -> Result<Answer<WorkingCalendar>> {
    work::update(tx, &req.body).map(answer)
}

fn answer(calendar: WorkingCalendar) -> Answer<WorkingCalendar> {
    Answer::at(calendar.version, calendar)
}

pub fn history(rx: &mut ReadTx, req: &Req) -> Result<Page<HistoryEntry>> {
    let calendar = working_calendar_row(rx.conn)?;
    history::page(rx, WorkingCalendarId::KIND, calendar.id.0, &req.query)
}

pub fn time(rx: &mut ReadTx, req: &Req) -> Result<Answer<WorkingTime>> {
    let from = req.query.instant("from").unwrap_or(rx.now);
    let minutes = req.query.int("minutes").unwrap_or_default();
    work::time(rx, from, minutes).map(Answer::of)
}

pub fn explain(rx: &mut ReadTx, req: &Req<String>) -> Result<Answer<Deadlines>> {
    work::explain(rx, &req.path).map(Answer::of)
}
