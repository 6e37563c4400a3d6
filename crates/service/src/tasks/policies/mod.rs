//! Visit policies: how long after what a customer is visited again, by the customer's tier. A task follows the events
//! and enters the visits ([`follow`]).

pub mod follow;
mod http;
pub mod model;
pub mod work;

use serde_json::json;

use crate::base::auth::Scope;
use crate::base::events::{self, Told};
use crate::base::http::Routes;

const READ: &[Scope] = &[Scope::TasksRead];
const WRITE: &[Scope] = &[Scope::SettingsWrite];

pub fn routes(r: &mut Routes) {
    r.tells(TOLD);
    r.task(follow::TASK, 10, follow::turn);
    r.tag("visit-policies", "When customers are visited again.");
    r.list("/visit-policies", "listVisitPolicies", &model::POLICIES, http::list)
        .scope(READ)
        .says("List visit policies", "A new installation has none.");
    r.create("/visit-policies", "createVisitPolicy", http::create)
        .scope(WRITE)
        .says("Add a visit policy", "For a cause and a tier; the policy of a tier goes before the one for all. From now on each such event makes one task for the customer's owner, or for their team's manager when there is none.")
        .example(json!({"cause": "order_delivered", "customer_tier": "a", "days": 14, "subject": "How is the tea?"}))
        .fails_with(&["duplicate"]);
    r.read("/visit-policies/{visit_policy_id}", "getVisitPolicy", http::get)
        .scope(READ)
        .says("Read a visit policy", "");
    r.change("/visit-policies/{visit_policy_id}", "updateVisitPolicy", http::update)
        .scope(WRITE)
        .says("Change a visit policy", "Visits that were entered stay as they are.")
        .example(json!({"days": 21}))
        .fails_with(&["duplicate"]);
    r.remove("/visit-policies/{visit_policy_id}", "deleteVisitPolicy", http::delete)
        .scope(WRITE)
        .says("Delete a visit policy", "Visits that were entered stay.");
    r.history("/visit-policies/{visit_policy_id}/history", "listVisitPolicyHistory", http::get)
        .scope(READ)
        .says("History of a visit policy", "Every change: who, when, why, before and after.");
}

const TOLD: Told = Told {
    kind: model::VisitPolicyId::KIND,
    scopes: READ,
    select: "SELECT visit_policies.id FROM visit_policies WHERE ",
    visible: events::seen_by_all,
    verbs: &[events::CREATED, events::UPDATED, events::DELETED],
};
