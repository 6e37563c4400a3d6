//! Use cases on revision proposals.

use diesel::prelude::*;

use super::model::{
    ProposalAction, ProposalStatus, ProposedFigures, ProposedLine, RevisionProposal, RevisionProposalId,
};
use crate::base::db::filter::{Predicate, col};
use crate::base::db::{Act, Conn, Guard, JsonColumn, Tx};
use crate::base::error::{Error, Problem, Result};
use crate::base::http::actions;
use crate::notifications::{Notice, notify};
use crate::orders::model::{Order, OrderId, OrderLine, RevisionInput};
use crate::orders::rules::OrderAction;
use crate::orders::work::revise::{self, Revised};
use crate::orders::work::{self, life};
use crate::people::{UserId, ladder};
use crate::schema::order_revision_proposals;

pub fn find(conn: &mut Conn, order: OrderId, id: RevisionProposalId) -> Result<RevisionProposal> {
    let found = order_revision_proposals::table
        .filter(order_revision_proposals::id.eq(id))
        .filter(order_revision_proposals::order_id.eq(order))
        .select(RevisionProposal::as_select())
        .first(conn)
        .optional()?;
    found.ok_or_else(Error::not_found)
}

/// Puts a change up for approval; the order stays as it is.
pub fn propose(tx: &mut Tx, order: OrderId, input: &RevisionInput) -> Result<RevisionProposal> {
    let before = work::find_for(tx, order, OrderAction::Revise)?;
    refuse_too_many(tx, order)?;
    let revised = revise::revised(tx, &before, input)?;
    let worse = revise::worse(&before, &revised.order);
    if worse.is_empty() {
        return Err(Problem::new("nothing_to_approve").into());
    }
    let mut proposal = RevisionProposal {
        id: tx.new_id(),
        version: 0,
        order_id: order,
        status: ProposalStatus::Proposed,
        reason: input.reason.clone(),
        // Whoever approves lets findings pass, and nobody beforehand.
        input: JsonColumn(RevisionInput { override_reason: None, ..input.clone() }),
        figures: JsonColumn(figures(&before, &revised.order)),
        worse: JsonColumn(worse),
        revision: None,
        decided_at: None,
        decided_by: None,
        decided_reason: None,
        created_at: tx.now,
        created_by: None,
        updated_at: tx.now,
        updated_by: None,
    };
    tx.create_as(&mut proposal, Act::because("proposed", Some(&input.reason)))?;
    let approvers = tx.hint("whoever manages the team in this moment is told", |conn| {
        ladder::superiors_of(conn, before.row.rep_id, before.row.team_id)
    })?;
    tell(tx, &before, approvers, "revision_to_approve", &input.reason)?;
    Ok(proposal)
}

/// So many proposals for one order wait at the same time. Of two that are decided apart, the second gives other figures
/// than were seen, and is proposed again.
const MOST_WAITING: i64 = 10;

/// 409 when too many proposals for the order wait.
fn refuse_too_many(tx: &mut Tx, order: OrderId) -> Result<()> {
    let waiting = Predicate::eq(col!(order_revision_proposals::order_id), order.0)
        .and(Predicate::one_of(col!(order_revision_proposals::status), &[ProposalStatus::Proposed]));
    let waiting = order_revision_proposals::table.filter(waiting).count();
    let waiting: i64 =
        tx.under(Guard::row("revision_proposals", order), |conn| Ok(waiting.get_result(conn)?))?;
    match waiting < MOST_WAITING {
        true => Ok(()),
        false => Err(Problem::new("too_many_proposals").param("most", MOST_WAITING).into()),
    }
}

/// The figures that are decided on.
fn figures(before: &Order, after: &Order) -> ProposedFigures {
    let line = |line: &OrderLine| ProposedLine {
        line_id: before.lines.iter().find(|l| l.id == line.id).map(|l| l.id),
        product_id: line.product_id,
        quantity: line.quantity,
        unit: line.unit.clone(),
        unit_price: line.unit_price,
        discount_rate: line.discount_rate,
        tax_rate: line.tax_rate,
    };
    ProposedFigures {
        currency: after.row.currency.clone(),
        net: after.row.net,
        gross: after.row.gross,
        delivery_terms: after.row.delivery_terms.clone(),
        promised_date: after.row.promised_date,
        lines: after.lines.iter().map(line).collect(),
    }
}

/// The proposal and its order, for a step that the proposal's life allows.
fn begin(
    tx: &mut Tx,
    order: OrderId,
    id: RevisionProposalId,
    action: ProposalAction,
) -> Result<(Order, RevisionProposal)> {
    let order = tx.find(work::find, order)?;
    work::refuse_shared(tx, &order.row)?;
    let proposal = tx.load_part(find, order.row.id, id)?;
    tx.check_expected(&proposal)?;
    if proposal.status.after(action).is_none() {
        let allowed = proposal.clone().view(tx.caller).allowed_actions;
        return Err(actions::refused(proposal.status, action, &allowed));
    }
    Ok((order, proposal))
}

/// Applies the change as it was proposed.
pub fn approve(
    tx: &mut Tx,
    order: OrderId,
    id: RevisionProposalId,
    override_reason: Option<&str>,
) -> Result<RevisionProposal> {
    let (before, proposal) = begin(tx, order, id, ProposalAction::Approve)?;
    if proposal.is_own(tx.caller) {
        return Err(Problem::new("own_proposal").into());
    }
    work::allow(&before.row, OrderAction::Revise, tx.caller)?;
    let Revised { mut order, around } = revise::revised(tx, &before, &proposal.input)?;
    if figures(&before, &order) != proposal.figures.0 {
        return Err(Problem::new("changed_since_proposed").into());
    }
    life::check_approver(tx, &order, &around)?;
    revise::mark_approved(tx, &mut order);
    let input =
        RevisionInput { override_reason: override_reason.map(str::to_owned), ..proposal.input.0.clone() };
    let (_, revision) = revise::apply(tx, &before, Revised { order, around }, &input)?;
    let mut decided = decided(tx, &proposal, ProposalStatus::Approved, override_reason);
    decided.revision = Some(revision.revision);
    tx.save(&proposal, &mut decided, Act::because("approved", override_reason))?;
    tell(tx, &before, decided.created_by, "revision_approved", "")?;
    Ok(decided)
}

/// Rejects, or takes back.
pub fn end(
    tx: &mut Tx,
    order: OrderId,
    id: RevisionProposalId,
    action: ProposalAction,
    reason: &str,
) -> Result<RevisionProposal> {
    let (order, proposal) = begin(tx, order, id, action)?;
    let (status, verb) = match action {
        ProposalAction::Withdraw => (ProposalStatus::Withdrawn, "withdrawn"),
        ProposalAction::Reject | ProposalAction::Approve => (ProposalStatus::Rejected, "rejected"),
    };
    let mut ended = decided(tx, &proposal, status, Some(reason));
    tx.save(&proposal, &mut ended, Act::because(verb, Some(reason)))?;
    tell(tx, &order, ended.created_by, "revision_rejected", reason)?;
    Ok(ended)
}

fn decided(
    tx: &Tx,
    proposal: &RevisionProposal,
    status: ProposalStatus,
    reason: Option<&str>,
) -> RevisionProposal {
    RevisionProposal {
        status,
        decided_at: Some(tx.now),
        decided_by: tx.caller.user.map(UserId),
        decided_reason: reason.map(str::to_owned),
        ..proposal.clone()
    }
}

fn tell(
    tx: &mut Tx,
    order: &Order,
    people: impl IntoIterator<Item = UserId>,
    code: &'static str,
    reason: &str,
) -> Result<()> {
    let params = [("number", order.row.number.clone()), ("reason", reason.to_owned())];
    let notice = Notice { code, kind: OrderId::KIND, record: order.row.id.0, params: &params };
    notify(tx, people, &notice)
}
