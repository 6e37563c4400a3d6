//! Interactions: what was talked about with customers, and what they said, which is relayed to those whom it concerns.
//!
//! | endpoint | who |
//! |---|---|
//! | read interactions | `interactions:read`: those with the customers that one sees, and one's own |
//! | enter and change interactions, add feedback | `interactions:write` |
//! | read feedback | `feedback:read`: what one was sent, and that of the interactions that one sees |
//! | acknowledge feedback | `feedback:write`: the people it was sent to |

pub mod feedback;
mod http;
pub mod model;
pub mod work;

use serde_json::json;

use crate::base::Area;
use crate::base::auth::Scope;
use crate::base::events::{self, Told};
use crate::base::http::Routes;
use crate::base::messages::Phrase;
use crate::schema::interactions;
use model::Interaction;
use salesdesk_parties::movable;

pub use model::InteractionId;

pub const AREA: Area = Area { name: "interactions", routes, problems: &[], phrases: PHRASES };

const READ: &[Scope] = &[Scope::InteractionsRead];
const WRITE: &[Scope] = &[Scope::InteractionsWrite];

fn routes(r: &mut Routes) {
    r.declare(movable!(Interaction, interactions, InteractionId));
    r.tells(TOLD);
    r.tag("interactions", "What was talked about with customers.");
    r.list("/interactions", "listInteractions", &model::INTERACTIONS, http::list)
        .scope(READ)
        .says("List interactions", "Those with the customers that you see, and your own.");
    r.create("/interactions", "createInteraction", http::create)
        .scope(WRITE)
        .says("Enter an interaction", "With what the customer said, each item by itself; each is sent at once to the customer's owner and to the people whom the settings name for its kind (`GET /feedback?interaction_id=`).")
        .example(json!({"customer_id": "cus_019a7c5e8f3a7d10b6c2a94e51d0f37b", "kind": "visit", "direction": "outbound", "summary": "They sell twenty boxes a week", "next_step": "Send samples of the larger box", "feedback": [{"kind": "quality", "text": "The lids do not close well"}]}))
        .fails_with(&["external_id_taken"]);
    r.read("/interactions/{interaction_id}", "getInteraction", http::get)
        .scope(READ)
        .expands(model::INTERACTIONS.expand)
        .says("Read an interaction", "");
    r.change("/interactions/{interaction_id}", "updateInteraction", http::update)
        .scope(WRITE)
        .says("Change an interaction", "It stays with its customer.")
        .example(json!({"next_step": "Call on Monday"}))
        .fails_with(&["external_id_taken"]);
    r.history("/interactions/{interaction_id}/history", "listInteractionHistory", http::get)
        .scope(READ)
        .says("History of an interaction", "Every change: who, when, why, before and after.");
    r.read_by_external_id(
        "/interactions/by-external-id/{system}/{id}",
        "getInteractionByExternalId",
        http::get,
    )
    .scope(READ)
    .expands(model::INTERACTIONS.expand)
    .says("Read an interaction by external id", "");
    r.put_by_external_id(
        "/interactions/by-external-id/{system}/{id}",
        "upsertInteractionByExternalId",
        http::create,
        http::update_named,
    )
    .scope(WRITE)
    .says("Create or change an interaction by external id", "An interaction stays with its customer and with who it was. Feedback that is not there yet is added.")
    .example(json!({"customer_id": "cus_019a7c5e8f3a7d10b6c2a94e51d0f37b", "kind": "call", "direction": "inbound", "summary": "They sell twenty boxes a week"}))
    .fails_with(&["external_id_taken"]);
    feedback::routes(r);
    r.expanders.insert("int", work::expand);
}

static PHRASES: &[Phrase] =
    &[("feedback_relayed", ["{customer} said ({kind}): {text}", "{customer} 反馈（{kind}）：{text}"])];

const TOLD: Told = Told {
    kind: InteractionId::KIND,
    scopes: READ,
    select: "SELECT interactions.id FROM interactions WHERE ",
    visible: model::visible_to,
    verbs: &[events::CREATED, events::UPDATED],
};
