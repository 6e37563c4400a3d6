//! Feedback: what a customer said, sent at once to those whom it concerns and acknowledged by them.

mod http;
pub mod model;
pub mod work;

use serde_json::json;

use crate::base::auth::Scope;
use crate::base::events::{self, Told};
use crate::base::http::Routes;
use crate::schema::feedback;
use model::Feedback;
use salesdesk_parties::movable;

pub use model::FeedbackId;

const READ: &[Scope] = &[Scope::FeedbackRead];

pub fn routes(r: &mut Routes) {
    r.declare(movable!(Feedback, feedback, FeedbackId));
    r.tells(TOLD);
    r.notices(FeedbackId::KIND, &[], &["feedback_relayed"]);
    r.tag("feedback", "What customers said, and who knows.");
    r.list("/feedback", "listFeedback", &model::FEEDBACK, http::list)
        .scope(READ)
        .says("List feedback", "What you were sent, and that of the interactions that you see.");
    r.create("/interactions/{interaction_id}/feedback", "addFeedback", http::create)
        .scope(&[Scope::InteractionsWrite])
        .says(
            "Add feedback to an interaction",
            "It is sent at once to the customer's owner and to the people whom the settings name for its kind, without the one who enters it.",
        )
        .example(json!({"kind": "quality", "text": "The lids do not close well"}));
    r.read("/feedback/{feedback_id}", "getFeedback", http::get)
        .scope(READ)
        .expands(model::FEEDBACK.expand)
        .says("Read feedback", "");
    r.action("/feedback/{feedback_id}/acknowledge", "acknowledgeFeedback", http::acknowledge)
        .scope(&[Scope::FeedbackWrite])
        .says(
            "Acknowledge feedback",
            "By one of those whom it was sent to. It is acknowledged when all of them have done so.",
        )
        .fails_with(&["invalid_transition"]);
    r.history("/feedback/{feedback_id}/history", "listFeedbackHistory", http::get)
        .scope(READ)
        .says("History of feedback", "Every change: who, when, why, before and after.");
    r.expanders.insert("fbk", work::expand);
}

const TOLD: Told = Told {
    kind: FeedbackId::KIND,
    scopes: READ,
    select: "SELECT feedback.id FROM feedback WHERE ",
    visible: model::visible_to,
    verbs: &[
        events::CREATED,
        events::UPDATED,
        ("relayed", "It was entered, and sent to those whom it concerns."),
        ("acknowledged", "One of those whom it was sent to knows."),
    ],
};
