//! Remedies: what a customer is given to make a complaint good. Above a limit somebody else has to approve it; it is
//! granted in the unit of work that resolves the complaint, so neither happens without the other.

mod http;
pub mod model;
pub mod work;

use serde_json::json;

use super::{READ, WRITE};
use crate::base::auth::Scope;
use crate::base::events::Told;
use crate::base::http::Routes;

const APPROVE: &[Scope] = &[Scope::ComplaintsApprove];

pub fn routes(r: &mut Routes) {
    r.tells(TOLD);
    r.list("/complaints/{complaint_id}/remedies", "listComplaintRemedies", &model::REMEDIES, http::list)
        .scope(READ)
        .says("List a complaint's remedies", "");
    r.create("/complaints/{complaint_id}/remedies", "addComplaintRemedy", http::create)
        .scope(WRITE)
        .says("Propose a remedy", "A credit, or goods without a price. Up to the limit of the settings it is approved at once; above it a manager or an executive decides. It is granted when the complaint is resolved.")
        .example(json!({"kind": "credit", "amount": "120.00", "description": "5 % off the order"}))
        .fails_with(&["invalid_transition"]);
    r.read("/complaints/{complaint_id}/remedies/{remedy_id}", "getComplaintRemedy", http::get)
        .scope(READ)
        .says("Read a remedy", "");
    r.action(
        "/complaints/{complaint_id}/remedies/{remedy_id}/approve",
        "approveComplaintRemedy",
        http::approve,
    )
    .scope(APPROVE)
    .optional_body()
    .says("Approve a remedy", "Nobody approves what they proposed themselves.")
    .example(json!({"reason": "A good customer"}))
    .fails_with(&["invalid_transition", "own_remedy"]);
    r.action("/complaints/{complaint_id}/remedies/{remedy_id}/reject", "rejectComplaintRemedy", http::reject)
        .scope(APPROVE)
        .optional_body()
        .says(
            "Reject a remedy",
            "One that waits for approval, or one that was approved and is not granted yet.",
        )
        .example(json!({"reason": "The carrier pays"}))
        .fails_with(&["invalid_transition"]);
    r.history(
        "/complaints/{complaint_id}/remedies/{remedy_id}/history",
        "listComplaintRemedyHistory",
        http::get,
    )
    .scope(READ)
    .says("History of a remedy", "Every change: who, when, why, before and after.");
}

const TOLD: Told = Told {
    kind: model::RemedyId::KIND,
    scopes: READ,
    select: "SELECT complaint_remedies.id FROM complaint_remedies WHERE ",
    visible: model::visible_to,
    verbs: &[
        ("proposed", "It was proposed."),
        ("approved", "It may be granted."),
        ("rejected", "It is not granted."),
        ("granted", "The customer has it."),
    ],
};
