//! Endpoints of feedback: extract, call, answer.

use super::model::{FEEDBACK, Feedback, FeedbackId, FeedbackInput, FeedbackView, visible_to};
use super::work;
use crate::base::auth::Caller;
use crate::base::db::list::Page;
use crate::base::db::{ReadTx, Tx};
use crate::base::error::Result;
use crate::base::http::dispatch::path_to;
use crate::base::http::{Answer, Json, Req};
use crate::interactions::InteractionId;
use crate::load_from;

type Answered = Result<Answer<FeedbackView>>;

fn answer(feedback: Feedback, caller: &Caller) -> Answer<FeedbackView> {
    Answer::at(feedback.version, feedback.view(caller))
}

pub fn list(rx: &mut ReadTx, req: &Req) -> Result<Page<FeedbackView>> {
    let mut page =
        FEEDBACK.page(&req.query, visible_to(rx.caller), load_from!(rx.conn, feedback, Feedback))?;
    let views = page.data.drain(..).map(|feedback| feedback.view(rx.caller)).collect();
    Ok(page.with(views))
}

pub fn get(rx: &mut ReadTx, req: &Req<FeedbackId>) -> Answered {
    work::find(rx.conn, rx.caller, req.path).map(|feedback| answer(feedback, rx.caller))
}

pub fn create(tx: &mut Tx, req: &Req<InteractionId, Json<FeedbackInput>>) -> Answered {
    let feedback = work::add(tx, req.path, req.body.0.clone())?;
    let path = path_to("feedback", feedback.id);
    Ok(answer(feedback, tx.caller).located(path))
}

pub fn acknowledge(tx: &mut Tx, req: &Req<FeedbackId>) -> Answered {
    work::acknowledge(tx, req.path).map(|feedback| answer(feedback, tx.caller))
}
