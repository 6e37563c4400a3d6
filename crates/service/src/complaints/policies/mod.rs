//! Service level policies: how long a complaint may take, by severity and the customer's tier.

mod http;
pub mod model;
pub mod work;

use serde_json::json;

use crate::base::auth::Scope;
use crate::base::events::{self, Told};
use crate::base::http::Routes;

const READ: &[Scope] = &[Scope::ComplaintsRead];
const WRITE: &[Scope] = &[Scope::SettingsWrite];

pub fn routes(r: &mut Routes) {
    r.tells(TOLD);
    r.tag("sla-policies", "Service level policies: how much working time complaints may take, by severity and tier of the customer.");
    r.list("/sla-policies", "listSlaPolicies", &model::POLICIES, http::list).scope(READ).says(
        "List service level policies",
        "All policies. A new installation has one for each severity, for all tiers of customers.",
    );
    r.create("/sla-policies", "createSlaPolicy", http::create)
        .scope(WRITE)
        .says("Add a service level policy", "Sets the deadlines for complaints of a severity, for one tier of customers or for all. The policy of a tier goes before the one for all. It is used for deadlines that begin from now on. A second policy for the same severity and tier is refused with `duplicate`.")
        .example(json!({"severity": "critical", "customer_tier": "a", "response_minutes": 60, "resolution_minutes": 960, "remind_minutes": 30, "escalate_minutes": [0, 240]}))
        .fails_with(&["duplicate"]);
    r.read("/sla-policies/{sla_policy_id}", "getSlaPolicy", http::get)
        .scope(READ)
        .says("Read a service level policy", "The policy with its working times.");
    r.change("/sla-policies/{sla_policy_id}", "updateSlaPolicy", http::update)
        .scope(WRITE)
        .says("Change a service level policy", "Changes the policy for deadlines that begin from now on; running deadlines keep their time. A severity and tier that another policy has are refused with `duplicate`.")
        .example(json!({"response_minutes": 120}))
        .fails_with(&["duplicate"]);
    r.remove("/sla-policies/{sla_policy_id}", "deleteSlaPolicy", http::delete).scope(WRITE).says("Delete a service level policy", "Deletes the policy. Running deadlines keep their time. Complaints of a severity without a policy get no deadlines.");
    r.history("/sla-policies/{sla_policy_id}/history", "listSlaPolicyHistory", http::get).scope(READ).says(
        "Read the history of a policy",
        "Every change in order: who made it, when and why, with the fields before and after.",
    );
}

const TOLD: Told = Told {
    kind: model::SlaPolicyId::KIND,
    name: ["Service level", "服务时限"],
    scopes: READ,
    select: "SELECT sla_policies.id FROM sla_policies WHERE ",
    visible: events::seen_by_all,
    verbs: &[events::CREATED, events::UPDATED, events::DELETED],
};
