//! Feedback: what a customer said, sent at once to the people whom it concerns and acknowledged by them.

mod columns;
mod http;
pub mod model;
pub mod work;
mod worklist;

use serde_json::json;

use crate::base::auth::Scope;
use crate::base::db::Replayed;
use crate::base::db::filter::col;
use crate::base::events::{self, EventSource, Verb};
use crate::base::holdings::Holding;
use crate::base::http::Routes;
use crate::schema::feedback;
use model::Feedback;
use salesdesk_parties::movable;

pub use model::FeedbackId;

const READ: &[Scope] = &[Scope::FeedbackRead];

pub fn routes(r: &mut Routes) {
    r.declare(Holding::past(col!(feedback_recipients::user_id), ["Was sent feedback", "反馈接收人"]));
    r.declare(columns::FEEDBACK);
    r.declare(movable!(Feedback, feedback, FeedbackId));
    r.declare(worklist::SOURCE);
    r.tells(TOLD);
    r.declare(Replayed::of::<model::Feedback>(col!(feedback::id)));
    r.notices(FeedbackId::KIND, &[], &["feedback_relayed"]);
    r.tag("feedback", "Feedback of customers: what they said, to whom it was sent, and who acknowledged it.");
    r.within_restrictions();
    r.list("/feedback", "listFeedback", &model::FEEDBACK, http::list)
        .scope(READ)
        .summary("List feedback")
        .description("Feedback that was sent to you and, when you may read interactions, that of the customers that you may see. Use `waits_for` with your id for what you still have to acknowledge.");
    r.create("/interactions/{interaction_id}/feedback", "addFeedback", http::create)
        .scope(&[Scope::InteractionsWrite])
        .summary("Add feedback to an interaction")
        .description("Records one more item that the customer said. It is sent at once to the customer's owner and to the people whom the settings name for its kind (`relations.feedback`), except the person who enters it. Without recipients its status is `kept`.")
        .example(json!({"kind": "quality", "text": "The lids do not close well"}));
    r.read("/feedback/{feedback_id}", "getFeedback", http::get)
        .scope(READ)
        .expands(model::FEEDBACK.expand)
        .summary("Read feedback")
        .description("One item of feedback with its recipients.");
    r.action("/feedback/{feedback_id}/acknowledge", "acknowledgeFeedback", http::acknowledge)
        .scope(&[Scope::FeedbackWrite])
        .summary("Acknowledge feedback")
        .description("Confirms that you know the feedback. It is `acknowledged` when all recipients did so. Refused with `invalid_transition` when you are no recipient or did so already.")
        .fails_with(&["invalid_transition"]);
    r.history("/feedback/{feedback_id}/history", "listFeedbackHistory", http::get)
        .scope(READ)
        .summary("Read the history of feedback")
        .description("Every change in order: who made it, when and why, with the fields before and after.");
    r.expands("fbk", work::expand);
}

const TOLD: EventSource = EventSource {
    kind: FeedbackId::KIND,
    name: ["Feedback", "客户反馈"],
    scopes: READ,
    id: col!(feedback::id),
    visible: model::visible_to,
    verbs: &[
        events::CREATED,
        events::UPDATED,
        Verb::new("relayed", "The feedback was entered and sent to the people whom it concerns.")
            .reads("forwarded to the people concerned", "已转达相关人员"),
        Verb::new("acknowledged", "One recipient acknowledged the feedback."),
    ],
};
