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
    r.tag("sla-policies", "How long complaints may take.");
    r.list("/sla-policies", "listSlaPolicies", &model::POLICIES, http::list)
        .scope(READ)
        .says("List service level policies", "A new installation has one for each severity.");
    r.create("/sla-policies", "createSlaPolicy", http::create)
        .scope(WRITE)
        .says("Add a service level policy", "For a severity and a tier; the policy of a tier goes before the one for all. It holds for complaints that come in from now on.")
        .example(json!({"severity": "critical", "customer_tier": "a", "response_minutes": 60, "resolution_minutes": 960, "remind_minutes": 30, "escalate_minutes": [0, 240]}))
        .fails_with(&["duplicate"]);
    r.read("/sla-policies/{sla_policy_id}", "getSlaPolicy", http::get)
        .scope(READ)
        .says("Read a service level policy", "");
    r.change("/sla-policies/{sla_policy_id}", "updateSlaPolicy", http::update)
        .scope(WRITE)
        .says("Change a service level policy", "Deadlines that run keep the time that they were given.")
        .example(json!({"response_minutes": 120}))
        .fails_with(&["duplicate"]);
    r.remove("/sla-policies/{sla_policy_id}", "deleteSlaPolicy", http::delete).scope(WRITE).says(
        "Delete a service level policy",
        "Complaints of a severity without a policy have no deadlines.",
    );
    r.history("/sla-policies/{sla_policy_id}/history", "listSlaPolicyHistory", http::get)
        .scope(READ)
        .says("History of a service level policy", "Every change: who, when, why, before and after.");
}

const TOLD: Told = Told {
    kind: model::SlaPolicyId::KIND,
    scopes: READ,
    select: "SELECT sla_policies.id FROM sla_policies WHERE ",
    visible: events::seen_by_all,
    verbs: &[events::CREATED, events::UPDATED, events::DELETED],
};
