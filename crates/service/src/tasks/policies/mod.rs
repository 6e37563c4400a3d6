//! Visit policies: how long after a delivery or complaint a customer is visited again, by the customer's tier. A
//! background task follows the events and enters the visits ([`follow`]).

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
    r.tag(
        "visit-policies",
        "Visit policies: how long after a delivery or complaint a customer is visited again.",
    );
    r.list("/visit-policies", "listVisitPolicies", &model::POLICIES, http::list)
        .scope(READ)
        .says("List visit policies", "All policies. A new installation has none.");
    r.create("/visit-policies", "createVisitPolicy", http::create)
        .scope(WRITE)
        .says("Add a visit policy", "From now on each event of this cause enters one `return_visit` task for the customer's owner, or for the manager of the customer's team when there is no active owner. The policy of a tier goes before the one for all. A second policy for the same cause and tier is refused with `duplicate`.")
        .example(json!({"cause": "order_delivered", "customer_tier": "a", "days": 14, "subject": "How is the tea?"}))
        .fails_with(&["duplicate"]);
    r.read("/visit-policies/{visit_policy_id}", "getVisitPolicy", http::get)
        .scope(READ)
        .says("Read a visit policy", "The policy with its cause and days.");
    r.change("/visit-policies/{visit_policy_id}", "updateVisitPolicy", http::update)
        .scope(WRITE)
        .says("Change a visit policy", "Changes the policy for events from now on. Tasks that were entered already stay as they are. A cause and tier that another policy has are refused with `duplicate`.")
        .example(json!({"days": 21}))
        .fails_with(&["duplicate"]);
    r.remove("/visit-policies/{visit_policy_id}", "deleteVisitPolicy", http::delete)
        .scope(WRITE)
        .says("Delete a visit policy", "Deletes the policy. Tasks that it entered stay.");
    r.history("/visit-policies/{visit_policy_id}/history", "listVisitPolicyHistory", http::get)
        .scope(READ)
        .says(
            "Read history of a visit policy",
            "Every change in order: who made it, when and why, with the fields before and after.",
        );
}

const TOLD: Told = Told {
    kind: model::VisitPolicyId::KIND,
    name: ["Visit policy", "拜访规则"],
    scopes: READ,
    select: "SELECT visit_policies.id FROM visit_policies WHERE ",
    visible: events::seen_by_all,
    verbs: &[events::CREATED, events::UPDATED, events::DELETED],
};
