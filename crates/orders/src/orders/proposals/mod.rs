//! Revision proposals: changes of a confirmed order that are worse for the company than what was approved, until somebody
//! else has approved them. The order stands as it was approved until then.
//!
//! | endpoint | who |
//! |---|---|
//! | read | `orders:read` |
//! | propose, withdraw one's own | whoever may revise the order |
//! | approve, reject | `orders:approve`, and not who proposed it |

mod http;
pub mod model;
pub mod work;

use serde_json::json;

use crate::base::auth::Scope;
use crate::base::db::Replayed;
use crate::base::db::filter::col;
use crate::base::events::{EventSource, Verb};
use crate::base::http::Routes;
use crate::base::lives::Life;
use crate::orders::model::OrderId;
use crate::orders::rules::OrderAction;
use model::{ProposalAction, ProposalStatus, RevisionProposal, RevisionProposalId};

const READ: &[Scope] = &[Scope::OrdersRead];

pub fn routes(r: &mut Routes) {
    r.declare(Life::of(
        "Revision proposals",
        RevisionProposalId::KIND,
        ProposalStatus::ALL,
        ProposalAction::ALL,
        ProposalStatus::after,
    ));
    r.tells(TOLD);
    r.declare(Replayed::of::<RevisionProposal>(col!(order_revision_proposals::id)));
    r.notices(OrderId::KIND, &[], &["revision_to_approve", "revision_approved", "revision_rejected"]);
    let all = "/orders/{order_id}/revision-proposals";
    r.list(all, "listOrderRevisionProposals", &model::PROPOSALS, http::list)
        .scope(READ)
        .summary("List an order's revision proposals")
        .description("Lists the changes of a confirmed order that were put up for approval, oldest first.");
    r.create(all, "proposeOrderRevision", http::propose)
        .scope(OrderAction::Revise.scopes())
        .summary("Propose a revision of a confirmed order")
        .description(
            "Puts a change up for approval that `POST /orders/{order_id}/revisions` refuses with \
                `revision_needs_approval`; the body is the same, without `override_reason`. The figures that result are \
                kept with it (`figures`), and what is worse than what the order has now (`worse`). The order \
                does not change until somebody with `orders:approve` other than you approves it; the managers \
                of the rep are told. Refused with `too_many_proposals` while ten for the order wait, and with \
                `nothing_to_approve` when the change needs no approval.",
        )
        .example(json!({"reason": "They want it delivered to the door", "delivery_terms": "DAP Lhasa"}))
        .fails_with(&["invalid_transition", "read_only_share", "too_many_proposals", "nothing_to_approve"]);
    let one = "/orders/{order_id}/revision-proposals/{proposal_id}";
    r.read(one, "getOrderRevisionProposal", http::get)
        .scope(READ)
        .summary("Read a revision proposal")
        .description("Returns one proposal, with the steps that you can take now.");
    r.action(
        "/orders/{order_id}/revision-proposals/{proposal_id}/approve",
        "approveOrderRevisionProposal",
        http::approve,
    )
    .scope(OrderAction::Approve.scopes())
    .optional_body()
    .summary("Approve a revision proposal")
    .description(
        "Applies the change as it was proposed: it becomes a revision of the order. The limits and the four eyes of an \
            order's approval hold (`orders.manager_limit`, `orders.four_eyes_above` of the settings), and whoever \
            proposed it cannot approve it (`own_proposal`), nor can a machine client approve what one \
            proposed. Refused with `changed_since_proposed` when the change would give other figures by now, \
            and with `review_blocked` when hard findings stand in the way that are not let pass.",
    )
    .example(json!({"override_reason": "Payment arrived this morning"}))
    .fails_with(&[
        "invalid_transition",
        "read_only_share",
        "own_proposal",
        "four_eyes",
        "changed_since_proposed",
        "review_blocked",
    ]);
    r.action(
        "/orders/{order_id}/revision-proposals/{proposal_id}/reject",
        "rejectOrderRevisionProposal",
        http::reject,
    )
    .scope(OrderAction::Approve.scopes())
    .summary("Reject a revision proposal")
    .description("Leaves the order as it is, and tells whoever proposed the change.")
    .example(json!({"reason": "Not at this price"}))
    .fails_with(&["invalid_transition", "read_only_share"]);
    r.action(
        "/orders/{order_id}/revision-proposals/{proposal_id}/withdraw",
        "withdrawOrderRevisionProposal",
        http::withdraw,
    )
    .scope(OrderAction::Revise.scopes())
    .summary("Withdraw a revision proposal")
    .description("Takes a proposal back that waits for approval.")
    .example(json!({"reason": "The customer changed their mind"}))
    .fails_with(&["invalid_transition", "read_only_share"]);
    r.history(
        "/orders/{order_id}/revision-proposals/{proposal_id}/history",
        "listOrderRevisionProposalHistory",
        http::get,
    )
    .scope(READ)
    .summary("Read the history of a revision proposal")
    .description("Every change in order: who made it, when and why, with the fields before and after.");
}

const TOLD: EventSource = EventSource {
    kind: RevisionProposalId::KIND,
    name: ["Revision proposal", "修订申请"],
    scopes: READ,
    id: col!(order_revision_proposals::id),
    visible: model::visible_to,
    verbs: &[
        Verb::new("proposed", "A change of a confirmed order was put up for approval.")
            .reads("proposed", "已提交申请"),
        Verb::new("approved", "The change was approved and applied to the order."),
        Verb::new("rejected", "The change was rejected; the order stays as it is."),
        Verb::new("withdrawn", "The proposal was taken back."),
    ],
};
