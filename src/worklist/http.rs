//! The endpoint of the worklist.

use super::model::Worklist;
use super::work;
use crate::base::db::ReadTx;
use crate::base::error::Result;
use crate::base::http::{Answer, Req};
use crate::people::demand_person;

/// A person's own; a machine client is to do nothing.
pub fn get(rx: &mut ReadTx, _: &Req) -> Result<Answer<Worklist>> {
    let me = demand_person(rx.caller)?;
    work::worklist(rx, me).map(Answer::of)
}
