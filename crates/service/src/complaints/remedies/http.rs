//! Endpoints of remedies: extract, call, answer.

use super::model::{Decision, REMEDIES, Remedy, RemedyAction, RemedyId, RemedyInput, RemedyView};
use super::work;
use crate::base::auth::Caller;
use crate::base::db::filter::{Predicate, col};
use crate::base::db::list::Page;
use crate::base::db::{ReadTx, Tx};
use crate::base::error::Result;
use crate::base::http::{Answer, Json, Req};
use crate::complaints::model::ComplaintId;
use crate::complaints::work as complaints;
use crate::load_from;

fn answer(remedy: Remedy, caller: &Caller) -> Answer<RemedyView> {
    Answer::at(remedy.version, remedy.view(caller))
}

pub fn list(rx: &mut ReadTx, req: &Req<ComplaintId>) -> Result<Page<RemedyView>> {
    complaints::find(rx.conn, rx.caller, req.path)?;
    let of_complaint = Predicate::eq(col!(complaint_remedies::complaint_id), req.path.0);
    let mut page =
        REMEDIES.page(&req.query, of_complaint, load_from!(rx.conn, complaint_remedies, Remedy))?;
    let views = page.data.drain(..).map(|remedy| remedy.view(rx.caller)).collect();
    Ok(page.with(views))
}

pub fn get(rx: &mut ReadTx, req: &Req<(ComplaintId, RemedyId)>) -> Result<Answer<RemedyView>> {
    complaints::find(rx.conn, rx.caller, req.path.0)?;
    work::find(rx.conn, req.path.0, req.path.1).map(|remedy| answer(remedy, rx.caller))
}

pub fn create(tx: &mut Tx, req: &Req<ComplaintId, Json<RemedyInput>>) -> Result<Answer<RemedyView>> {
    let remedy = work::propose(tx, req.path, req.body.0.clone())?;
    let path = format!("/complaints/{}/remedies/{}", remedy.complaint_id, remedy.id);
    Ok(answer(remedy, tx.caller).located(path))
}

pub fn approve(
    tx: &mut Tx,
    req: &Req<(ComplaintId, RemedyId), Json<Decision>>,
) -> Result<Answer<RemedyView>> {
    decide(tx, req, RemedyAction::Approve)
}

pub fn reject(tx: &mut Tx, req: &Req<(ComplaintId, RemedyId), Json<Decision>>) -> Result<Answer<RemedyView>> {
    decide(tx, req, RemedyAction::Reject)
}

fn decide(
    tx: &mut Tx,
    req: &Req<(ComplaintId, RemedyId), Json<Decision>>,
    action: RemedyAction,
) -> Result<Answer<RemedyView>> {
    let remedy = work::decide(tx, req.path.0, req.path.1, action, req.body.0.reason.clone())?;
    Ok(answer(remedy, tx.caller))
}
