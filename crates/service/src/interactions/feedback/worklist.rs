//! What of feedback is on worklists: what a person is to acknowledge.

use diesel::prelude::*;

use super::model::Feedback;
use crate::base::auth::Scope;
use crate::base::db::ReadTx;
use crate::base::db::filter::{Predicate, col};
use crate::base::error::Result;
use crate::base::worklist::{EACH, Item, Reason, Source};
use crate::people::UserId;
use crate::schema::feedback;

static FEEDBACK_TO_ACKNOWLEDGE: Reason = Reason {
    name: "feedback_to_acknowledge",
    rank: 150,
    about: "feedback was sent to you",
    text: ["A customer said ({kind}): {text}", "客户反馈（{kind}）：{text}"],
};

pub const SOURCE: Source = Source { reasons: &[&FEEDBACK_TO_ACKNOWLEDGE], items };

fn items(rx: &mut ReadTx, me: UserId) -> Result<Vec<Item>> {
    Ok(feedback_of(rx, me)?.iter().map(feedback_item).collect())
}

/// The feedback that they are to acknowledge.
fn feedback_of(rx: &mut ReadTx, me: UserId) -> Result<Vec<Feedback>> {
    if !rx.caller.may(Scope::FeedbackWrite) {
        return Ok(vec![]);
    }
    let mine = Predicate::eq(col!(feedback_recipients::user_id), me.0)
        .and(Predicate::negate(Predicate::IsTrue(col!(feedback_recipients::acknowledged))));
    let recipients = col!(feedback_recipients::feedback_id);
    let waiting = feedback::table.filter(Predicate::in_select(col!(feedback::id), recipients, mine));
    let first = waiting.order((feedback::created_at, feedback::id)).limit(EACH);
    Ok(first.select(Feedback::as_select()).load(rx.conn)?)
}

fn feedback_item(feedback: &Feedback) -> Item {
    let text = feedback.text.chars().take(200).collect();
    let params = [("kind", feedback.kind.to_string()), ("text", text)];
    let reason: &'static Reason = &FEEDBACK_TO_ACKNOWLEDGE;
    let item = Item::new(reason, ("feedback", feedback.id), Some("acknowledge"), &params);
    Item { customer_id: Some(feedback.customer_id), ..item }
}
