//! Endpoints of revision proposals: extract, call, answer.

use super::model::{PROPOSALS, ProposalAction, RevisionProposal, RevisionProposalId, RevisionProposalView};
use super::work;
use crate::base::auth::Caller;
use crate::base::db::filter::{Predicate, col};
use crate::base::db::list::Page;
use crate::base::db::{ReadTx, Tx};
use crate::base::error::Result;
use crate::base::http::{Answer, Json, Req};
use crate::load_from;
use crate::orders::model::{Approval, OrderId, RevisionInput};
use crate::orders::work as orders;
use crate::people::model::Reason;

type Path = (OrderId, RevisionProposalId);

fn answer(proposal: RevisionProposal, caller: &Caller) -> Answer<RevisionProposalView> {
    Answer::at(proposal.version, proposal.view(caller))
}

pub fn list(rx: &mut ReadTx, req: &Req<OrderId>) -> Result<Page<RevisionProposalView>> {
    orders::find(rx.conn, rx.caller, req.path)?;
    let of_order = Predicate::eq(col!(order_revision_proposals::order_id), req.path.0);
    let load = load_from!(rx.conn, order_revision_proposals, RevisionProposal);
    let mut page = PROPOSALS.page(&req.query, of_order, load)?;
    let views = page.data.drain(..).map(|proposal| proposal.view(rx.caller)).collect();
    Ok(page.with(views))
}

pub fn get(rx: &mut ReadTx, req: &Req<Path>) -> Result<Answer<RevisionProposalView>> {
    orders::find(rx.conn, rx.caller, req.path.0)?;
    work::find(rx.conn, req.path.0, req.path.1).map(|proposal| answer(proposal, rx.caller))
}

pub fn propose(tx: &mut Tx, req: &Req<OrderId, Json<RevisionInput>>) -> Result<Answer<RevisionProposalView>> {
    let proposal = work::propose(tx, req.path, &req.body)?;
    let path = format!("/orders/{}/revision-proposals/{}", proposal.order_id, proposal.id);
    Ok(answer(proposal, tx.caller).located(path))
}

pub fn approve(tx: &mut Tx, req: &Req<Path, Json<Approval>>) -> Result<Answer<RevisionProposalView>> {
    let proposal = work::approve(tx, req.path.0, req.path.1, req.body.override_reason.as_deref())?;
    Ok(answer(proposal, tx.caller))
}

pub fn reject(tx: &mut Tx, req: &Req<Path, Json<Reason>>) -> Result<Answer<RevisionProposalView>> {
    end(tx, req, ProposalAction::Reject)
}

pub fn withdraw(tx: &mut Tx, req: &Req<Path, Json<Reason>>) -> Result<Answer<RevisionProposalView>> {
    end(tx, req, ProposalAction::Withdraw)
}

fn end(
    tx: &mut Tx,
    req: &Req<Path, Json<Reason>>,
    action: ProposalAction,
) -> Result<Answer<RevisionProposalView>> {
    let proposal = work::end(tx, req.path.0, req.path.1, action, &req.body.reason)?;
    Ok(answer(proposal, tx.caller))
}
