//! Remedies: what a customer is given to make a complaint good. Above a limit somebody else has to approve it; it is
//! granted in the unit of work that resolves the complaint, so neither happens without the other.

mod http;
pub mod model;
pub mod work;

use serde_json::json;

use super::{READ, WRITE};
use crate::base::auth::Scope;
use crate::base::db::Replayed;
use crate::base::db::filter::col;
use crate::base::events::{EventSource, Verb};
use crate::base::http::Routes;
use crate::base::lives::{BY_ITSELF, Life};

const APPROVE: &[Scope] = &[Scope::ComplaintsApprove];

pub fn routes(r: &mut Routes) {
    r.declare(
        Life::of(
            "Remedies of complaints",
            model::RemedyId::KIND,
            model::RemedyStatus::ALL,
            model::RemedyAction::ALL,
            model::RemedyStatus::after,
        )
        .calls(&[("grant", BY_ITSELF)]),
    );
    r.tells(TOLD);
    r.declare(Replayed::of::<model::Remedy>(col!(complaint_remedies::id)));
    r.list("/complaints/{complaint_id}/remedies", "listComplaintRemedies", &model::REMEDIES, http::list)
        .scope(READ)
        .summary("List remedies of a complaint")
        .description("The remedies of one complaint, the oldest first.");
    r.create("/complaints/{complaint_id}/remedies", "addComplaintRemedy", http::create)
        .scope(WRITE)
        .summary("Propose a remedy")
        .description("Proposes a credit or replacement goods for a complaint. An amount up to the limit of the settings (`complaints.remedy_limit`, 0 for a currency that is not listed) is approved at once. Above it the manager of the complaint's team is told that it waits for approval. It is granted when the complaint is resolved. Refused with `invalid_transition` before the complaint was acknowledged and after it was resolved.")
        .example(json!({"kind": "credit", "amount": "120.00", "description": "5 % off the order"}))
        .fails_with(&["invalid_transition", "read_only_share"]);
    r.read("/complaints/{complaint_id}/remedies/{remedy_id}", "getComplaintRemedy", http::get)
        .scope(READ)
        .summary("Read a remedy")
        .description("The remedy with the steps that you can take now.");
    r.action(
        "/complaints/{complaint_id}/remedies/{remedy_id}/approve",
        "approveComplaintRemedy",
        http::approve,
    )
    .scope(APPROVE)
    .optional_body()
    .summary("Approve a remedy")
    .description("Approves a remedy that waits for approval. A remedy that you proposed yourself is refused with `own_remedy`.")
    .example(json!({"reason": "A good customer"}))
    .fails_with(&["invalid_transition", "read_only_share", "own_remedy"]);
    r.action("/complaints/{complaint_id}/remedies/{remedy_id}/reject", "rejectComplaintRemedy", http::reject)
        .scope(APPROVE)
        .optional_body()
        .summary("Reject a remedy")
        .description("Refuses a remedy that waits for approval, or takes back an approval while the remedy is not granted yet.")
        .example(json!({"reason": "The carrier pays"}))
        .fails_with(&["invalid_transition", "read_only_share"]);
    r.history(
        "/complaints/{complaint_id}/remedies/{remedy_id}/history",
        "listComplaintRemedyHistory",
        http::get,
    )
    .scope(READ)
    .summary("Read the history of a remedy")
    .description("Every change in order: who made it, when and why, with the fields before and after.");
}

const TOLD: EventSource = EventSource {
    kind: model::RemedyId::KIND,
    name: ["Remedy", "补偿"],
    scopes: READ,
    id: col!(complaint_remedies::id),
    visible: model::visible_to,
    verbs: &[
        Verb::new("proposed", "The remedy was proposed.").reads("proposed", "已提出方案"),
        Verb::new("approved", "The remedy was approved. It is granted when the complaint is resolved."),
        Verb::new("rejected", "The remedy was rejected."),
        Verb::new("granted", "The remedy was granted, because its complaint was resolved.")
            .reads("granted", "已兑现"),
    ],
};
