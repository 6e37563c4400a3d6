//! Feedback: row, input, view, list, who sees which.

use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::base::auth::{Caller, Scope};
use crate::base::db::filter::{Predicate, Value, col};
use crate::base::db::list::{Does, ListSpec, Row, Sort, filter};
use crate::base::db::{Conn, JsonColumn};
use crate::base::error::Result;
use crate::base::http::params::{Given, Param, Takes};
use crate::base::types::{At, TextEnum};
use crate::customers::model::{CustomerId, part_of_visible};
use crate::interactions::InteractionId;
use crate::people::UserId;
use crate::products::model::ProductId;
use crate::schema::{feedback, feedback_recipients};
use crate::{entity, id_type, text_enum};

pub use crate::settings::model::FeedbackKind;

id_type!(FeedbackId, "fbk", "feedback");

text_enum! {
    /// Status of feedback.
    ///
    /// * `kept`: it has no recipients.
    /// * `relayed`: it was sent, and not all recipients acknowledged it yet.
    /// * `acknowledged`: all recipients acknowledged it.
    pub enum FeedbackStatus {
        Kept = "kept",
        Relayed = "relayed",
        Acknowledged = "acknowledged",
    }
}
text_enum! {
    /// A step in the life of feedback: `acknowledge`, by which a recipient confirms that they know it.
    pub enum FeedbackAction { Acknowledge = "acknowledge" }
}

/// A person to whom feedback was sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FeedbackRecipient {
    /// The recipient.
    pub user_id: UserId,
    /// When the recipient acknowledged it. Null until then.
    pub acknowledged_at: Option<At>,
}

/// One item that a customer said, and the people who have to know it.
#[derive(Debug, Clone, Serialize, ToSchema, Insertable, Queryable, Selectable, AsChangeset)]
#[diesel(table_name = feedback)]
#[diesel(treat_none_as_null = true)]
pub struct Feedback {
    pub id: FeedbackId,
    pub version: i32,
    /// Interaction in which the customer said it.
    pub interaction_id: InteractionId,
    /// Customer who said it.
    pub customer_id: CustomerId,
    /// Product that it is about. Null when none was given.
    pub product_id: Option<ProductId>,
    /// What it is about.
    pub kind: FeedbackKind,
    /// Status of the feedback.
    pub status: FeedbackStatus,
    /// What the customer said.
    #[schema(max_length = 2000)]
    pub text: String,
    /// People to whom it was sent: the customer's owner and the people whom the settings name for the kind,
    /// without the person who entered it.
    #[schema(value_type = Vec<FeedbackRecipient>, max_items = 100)]
    pub recipients: JsonColumn<Vec<FeedbackRecipient>>,
    /// When the last recipient acknowledged it. Null until then.
    pub acknowledged_at: Option<At>,
    pub created_at: At,
    pub created_by: Option<UserId>,
    pub updated_at: At,
    pub updated_by: Option<UserId>,
}
entity!(Feedback, feedback, FeedbackId, {
    fn owner(&self) -> (Option<Uuid>, Option<Uuid>) {
        (self.recipients.0.first().map(|r| r.user_id.0), None)
    }
    fn keep_indexes(&self, before: Option<&Self>, conn: &mut Conn) -> Result<()> {
        store_recipients(conn, self.id, before.map_or(&[], |b| &b.recipients.0), &self.recipients.0)
    }
});

/// Makes the index of recipients follow the list. Nobody is ever taken off it.
#[allow(clippy::disallowed_methods)] // an index is no record
fn store_recipients(
    conn: &mut Conn,
    id: FeedbackId,
    old: &[FeedbackRecipient],
    new: &[FeedbackRecipient],
) -> Result<()> {
    use feedback_recipients::dsl;
    for recipient in new.iter().filter(|r| !old.contains(r)) {
        let acknowledged = dsl::acknowledged.eq(recipient.acknowledged_at.is_some());
        if old.iter().any(|o| o.user_id == recipient.user_id) {
            let row = dsl::feedback_recipients.find((id, recipient.user_id));
            diesel::update(row).set(acknowledged).execute(conn)?;
        } else {
            let row = (dsl::feedback_id.eq(id), dsl::user_id.eq(recipient.user_id), acknowledged);
            diesel::insert_into(dsl::feedback_recipients).values(row).execute(conn)?;
        }
    }
    Ok(())
}

/// Feedback with the steps that you can take now.
#[derive(Debug, Serialize, ToSchema)]
pub struct FeedbackView {
    #[serde(flatten)]
    pub feedback: Feedback,
    pub allowed_actions: Vec<FeedbackAction>,
}

impl Feedback {
    pub fn view(self, caller: &Caller) -> FeedbackView {
        FeedbackView { allowed_actions: self.allowed_actions(caller), feedback: self }
    }
    /// To acknowledge it is for those whom it was sent to, each once.
    pub fn allowed_actions(&self, caller: &Caller) -> Vec<FeedbackAction> {
        let waits = |r: &FeedbackRecipient| Some(r.user_id.0) == caller.user && r.acknowledged_at.is_none();
        match caller.may(Scope::FeedbackWrite) && self.recipients.0.iter().any(waits) {
            true => vec![FeedbackAction::Acknowledge],
            false => vec![],
        }
    }
}

/// One item that a customer said.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct FeedbackInput {
    /// What it is about. Decides who receives it (setting `relations.feedback`).
    pub kind: FeedbackKind,
    /// What the customer said.
    #[schema(min_length = 1, max_length = 2000, example = "The lids do not close well")]
    pub text: String,
    /// Product that it is about.
    pub product_id: Option<ProductId>,
}

fn sent_to(users: Predicate) -> Predicate {
    Predicate::in_select(col!(feedback::id), col!(feedback_recipients::feedback_id), users)
}

/// The feedback that a caller sees: what they were sent, and that of the customers that they see.
pub fn visible_to(caller: &Caller) -> Predicate {
    let mine = match caller.user {
        Some(user) => sent_to(Predicate::eq(col!(feedback_recipients::user_id), user)),
        None => Predicate::Nothing,
    };
    // Whoever reads no interactions sees only what they were sent.
    let customers = match caller.may(Scope::InteractionsRead) {
        true => part_of_visible(caller, col!(feedback::customer_id)),
        false => Predicate::Nothing,
    };
    match customers {
        Predicate::All => Predicate::All,
        customers => customers.or(mine),
    }
}

fn waits_for(given: &Given) -> Predicate {
    let Given::Ids(users) = given else { return Predicate::Nothing };
    let users = Predicate::ids(col!(feedback_recipients::user_id), users.iter().copied());
    sent_to(users.and(Predicate::negate(Predicate::IsTrue(col!(feedback_recipients::acknowledged)))))
}

pub static FEEDBACK: ListSpec = ListSpec {
    id: col!(feedback::id),
    filters: &[
        filter(
            Param::new("kind", Takes::Words(FeedbackKind::WORDS), "Feedback of these kinds."),
            Does::Is(col!(feedback::kind)),
        ),
        filter(
            Param::new("status", Takes::Words(FeedbackStatus::WORDS), "Feedback with one of these statuses."),
            Does::Is(col!(feedback::status)),
        ),
        filter(
            Param::new(
                "waits_for",
                Takes::Ids("usr"),
                "Feedback that at least one of these people received and has not acknowledged.",
            ),
            Does::Makes(waits_for),
        ),
        filter(
            Param::new("interaction_id", Takes::Ids("int"), "Feedback from these interactions."),
            Does::Is(col!(feedback::interaction_id)),
        ),
        filter(
            Param::new("customer_id", Takes::Ids("cus"), "Feedback from these customers."),
            Does::Is(col!(feedback::customer_id)),
        ),
        filter(
            Param::new("product_id", Takes::Ids("prd"), "Feedback about these products."),
            Does::Is(col!(feedback::product_id)),
        ),
        filter(
            Param::new("created_since", Takes::Instant, "Feedback entered at this instant or later."),
            Does::AtLeast(col!(feedback::created_at)),
        ),
        filter(
            Param::new("updated_since", Takes::Instant, "Feedback changed at this instant or later."),
            Does::AtLeast(col!(feedback::updated_at)),
        ),
    ],
    sorts: &[
        Sort { name: "created_at", column: col!(feedback::created_at) },
        Sort { name: "updated_at", column: col!(feedback::updated_at) },
    ],
    default_sort: "-created_at",
    expand: &["customer", "product", "interaction"],
};

impl Row for Feedback {
    fn id(&self) -> Uuid {
        self.id.0
    }
    fn sort_value(&self, name: &str) -> Value {
        match name {
            "updated_at" => self.updated_at.into(),
            _ => self.created_at.into(),
        }
    }
}
