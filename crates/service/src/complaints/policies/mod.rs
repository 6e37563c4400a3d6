//! Service level policies: how long a complaint may take, by severity and the customer's tier.

pub mod model;
pub mod work;

use serde_json::json;

use crate::base::auth::Scope;
use crate::base::http::Routes;
use model::SlaPolicy;

const READ: &[Scope] = &[Scope::ComplaintsRead];
const WRITE: &[Scope] = &[Scope::SettingsWrite];

pub fn routes(r: &mut Routes) {
    r.tag("sla-policies", "Service level policies: how much working time complaints may take, by severity and tier of the customer.");
    r.begins_with(work::ensure);
    let mut policy = r.record::<SlaPolicy>(READ, WRITE);
    policy.examples(
        json!({"severity": "critical", "customer_tier": "a", "response_minutes": 60, "resolution_minutes": 960, "remind_minutes": 30, "escalate_minutes": [0, 240]}),
        json!({"response_minutes": 120}),
    );
    policy.list().description(
        "All policies. A new installation has one for each severity, for all tiers of customers.",
    );
    policy.create().description("Sets the deadlines for complaints of a severity, for one tier of customers or for all. The policy of a tier goes before the one for all. It is used for deadlines that begin from now on. A second policy for the same severity and tier is refused with `duplicate`.");
    policy.change().description("Changes the policy for deadlines that begin from now on; running deadlines keep their time. A severity and tier that another policy has are refused with `duplicate`.");
    policy.delete().description("Deletes the policy. Running deadlines keep their time. Complaints of a severity without a policy get no deadlines.");
}
