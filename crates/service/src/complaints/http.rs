//! Endpoints of complaints: extract, call, answer.

use super::model::{
    Assignment, COMPLAINTS, Closing, Complaint, ComplaintId, ComplaintInput, ComplaintNote,
    ComplaintNoteInput, ComplaintView, NOTES, NewComplaint, Proposal, Resolution, visible_to,
};
use super::work;
use crate::base::auth::Caller;
use crate::base::db::filter::{Predicate, col};
use crate::base::db::list::Page;
use crate::base::db::{ReadTx, Tx};
use crate::base::error::Result;
use crate::base::http::dispatch::path_to;
use crate::base::http::{Answer, Json, Patch, Req};
use crate::load_from;
use crate::people::model::Reason;

type Answered = Result<Answer<ComplaintView>>;

fn answer(complaint: Complaint, caller: &Caller) -> Answer<ComplaintView> {
    Answer::at(complaint.version, work::view(complaint, caller))
}

pub fn list(rx: &mut ReadTx, req: &Req) -> Result<Page<ComplaintView>> {
    let visible = visible_to(rx.caller);
    let mut page = COMPLAINTS.page(&req.query, visible, load_from!(rx.conn, complaints, Complaint))?;
    let views = page.data.drain(..).map(|c| work::view(c, rx.caller)).collect();
    Ok(page.with(views))
}

pub fn get(rx: &mut ReadTx, req: &Req<ComplaintId>) -> Answered {
    work::find(rx.conn, rx.caller, req.path).map(|c| answer(c, rx.caller))
}

pub fn create(tx: &mut Tx, req: &Req<(), Json<NewComplaint>>) -> Answered {
    let complaint = work::create(tx, req.body.0.clone())?;
    let path = path_to("complaints", complaint.id);
    Ok(answer(complaint, tx.caller).located(path))
}

pub fn update(tx: &mut Tx, req: &Req<ComplaintId, Patch<ComplaintInput>>) -> Answered {
    work::update(tx, req.path, &req.body).map(|c| answer(c, tx.caller))
}

pub fn update_named(tx: &mut Tx, req: &Req<ComplaintId, Patch<NewComplaint>>) -> Answered {
    work::update_named(tx, req.path, &req.body).map(|c| answer(c, tx.caller))
}

pub fn assign(tx: &mut Tx, req: &Req<ComplaintId, Json<Assignment>>) -> Answered {
    work::assign(tx, req.path, &req.body).map(|c| answer(c, tx.caller))
}

pub fn acknowledge(tx: &mut Tx, req: &Req<ComplaintId>) -> Answered {
    work::acknowledge(tx, req.path).map(|c| answer(c, tx.caller))
}

pub fn investigate(tx: &mut Tx, req: &Req<ComplaintId>) -> Answered {
    work::investigate(tx, req.path).map(|c| answer(c, tx.caller))
}

pub fn propose(tx: &mut Tx, req: &Req<ComplaintId, Json<Proposal>>) -> Answered {
    work::propose(tx, req.path, &req.body.proposal).map(|c| answer(c, tx.caller))
}

pub fn resolve(tx: &mut Tx, req: &Req<ComplaintId, Json<Resolution>>) -> Answered {
    work::resolve(tx, req.path, &req.body).map(|c| answer(c, tx.caller))
}

pub fn close(tx: &mut Tx, req: &Req<ComplaintId, Json<Closing>>) -> Answered {
    work::close(tx, req.path, &req.body).map(|c| answer(c, tx.caller))
}

pub fn reopen(tx: &mut Tx, req: &Req<ComplaintId, Json<Reason>>) -> Answered {
    work::reopen(tx, req.path, &req.body.reason).map(|c| answer(c, tx.caller))
}

pub fn wait(tx: &mut Tx, req: &Req<ComplaintId, Json<Reason>>) -> Answered {
    work::wait(tx, req.path, &req.body.reason).map(|c| answer(c, tx.caller))
}

pub fn resume(tx: &mut Tx, req: &Req<ComplaintId>) -> Answered {
    work::resume(tx, req.path).map(|c| answer(c, tx.caller))
}

pub fn escalate(tx: &mut Tx, req: &Req<ComplaintId, Json<Reason>>) -> Answered {
    work::escalate(tx, req.path, &req.body.reason).map(|c| answer(c, tx.caller))
}

pub fn list_notes(rx: &mut ReadTx, req: &Req<ComplaintId>) -> Result<Page<ComplaintNote>> {
    work::find(rx.conn, rx.caller, req.path)?;
    let of_complaint = Predicate::eq(col!(complaint_notes::complaint_id), req.path.0);
    NOTES.page(&req.query, of_complaint, load_from!(rx.conn, complaint_notes, ComplaintNote))
}

pub fn add_note(
    tx: &mut Tx,
    req: &Req<ComplaintId, Json<ComplaintNoteInput>>,
) -> Result<Answer<ComplaintNote>> {
    work::add_note(tx, req.path, &req.body).map(Answer::of)
}
