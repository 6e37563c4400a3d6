//! Visit policies: how long after a delivery or complaint a customer is visited again, by the customer's tier. A
//! background task follows the events and enters the visits ([`follow`]).

pub mod follow;
pub mod model;
pub mod work;

use serde_json::json;

use crate::base::auth::Scope;
use crate::base::http::Routes;
use model::VisitPolicy;

const READ: &[Scope] = &[Scope::TasksRead];
const WRITE: &[Scope] = &[Scope::SettingsWrite];

pub fn routes(r: &mut Routes) {
    r.follows(follow::follower());
    r.task(follow::TASK, 10, follow::turn);
    r.tag(
        "visit-policies",
        "Visit policies: how long after a delivery or complaint a customer is visited again.",
    );
    let mut policy = r.record::<VisitPolicy>(READ, WRITE);
    policy.examples(
        json!({"cause": "order_delivered", "customer_tier": "a", "days": 14, "subject": "How is the tea?"}),
        json!({"days": 21}),
    );
    policy.list().description("All policies. A new installation has none.");
    policy.create().description("From now on each event of this cause enters one `return_visit` task for the customer's owner, or for the manager of the customer's team when there is no active owner. The policy of a tier goes before the one for all. A second policy for the same cause and tier is refused with `duplicate`.");
    policy.change().description("Changes the policy for events from now on. Tasks that were entered already stay as they are. A cause and tier that another policy has are refused with `duplicate`.");
    policy.delete().description("Deletes the policy. Tasks that it entered stay.");
}
