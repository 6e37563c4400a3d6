//! Interactions: row, inputs, list, who sees which.

use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::feedback::model::FeedbackInput;
use crate::base::auth::Caller;
use crate::base::db::filter::{Predicate, Value, col};
use crate::base::db::list::{Does, ListSpec, Row, Sort, filter};
use crate::base::db::{ExternalId, JsonColumn};
use crate::base::http::params::{Param, Takes};
use crate::base::types::{At, TextEnum};
use crate::complaints::ComplaintId;
use crate::customers::model::{ContactId, CustomerId, part_of_visible};
use crate::orders::model::OrderId;
use crate::people::{TeamId, UserId};
use crate::schema::interactions;
use crate::tasks::TaskId;
use crate::{entity, id_type, text_enum};

id_type!(InteractionId, "int", "interaction");

text_enum! {
    /// How people were in touch.
    ///
    /// * `call`: a telephone or video call.
    /// * `visit`: somebody visited the other.
    /// * `email`: an e-mail.
    /// * `letter`: a letter on paper.
    /// * `message`: a short message, such as WeChat or SMS.
    /// * `meeting`: a meeting of several people.
    pub enum InteractionKind {
        Call = "call",
        Visit = "visit",
        Email = "email",
        Letter = "letter",
        Message = "message",
        Meeting = "meeting",
    }
}
text_enum! {
    /// Who got in touch: `inbound` is the customer, `outbound` is the company.
    pub enum Direction { Inbound = "inbound", Outbound = "outbound" }
}

/// One contact with a customer: a call, a visit, a message.
#[derive(Debug, Clone, Serialize, ToSchema, Insertable, Queryable, Selectable, AsChangeset)]
#[diesel(table_name = interactions)]
#[diesel(treat_none_as_null = true)]
pub struct Interaction {
    pub id: InteractionId,
    pub version: i32,
    /// How people were in touch.
    pub kind: InteractionKind,
    /// Who got in touch with whom.
    pub direction: Direction,
    /// When it happened.
    pub happened_at: At,
    /// Customer that the contact was with.
    pub customer_id: CustomerId,
    /// Contact person of the customer. Null when none was given.
    pub contact_id: Option<ContactId>,
    /// Order that it was about. Null when none was given.
    pub order_id: Option<OrderId>,
    /// Complaint that it was about. Null when none was given.
    pub complaint_id: Option<ComplaintId>,
    /// Task that it was part of, such as a return visit. Null when none was given.
    pub task_id: Option<TaskId>,
    /// Person of the company who took part. Null when a machine client entered it without one.
    pub user_id: Option<UserId>,
    /// Team of the customer when the interaction was entered. Null when the customer had none.
    pub team_id: Option<TeamId>,
    /// What was said.
    #[schema(max_length = 4000)]
    pub summary: String,
    /// What was agreed to do next. Null when nothing was. It enters no task.
    #[schema(max_length = 1000)]
    pub next_step: Option<String>,
    #[schema(value_type = Vec<ExternalId>)]
    pub external_ids: JsonColumn<Vec<ExternalId>>,
    pub created_at: At,
    pub created_by: Option<UserId>,
    pub updated_at: At,
    pub updated_by: Option<UserId>,
}
entity!(Interaction, interactions, InteractionId, {
    fn owner(&self) -> (Option<Uuid>, Option<Uuid>) {
        (self.user_id.map(|u| u.0), self.team_id.map(|t| t.0))
    }
    fn external_ids(&self) -> &[ExternalId] {
        &self.external_ids.0
    }
});

/// What was talked about with a customer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct InteractionInput {
    /// How people were in touch.
    pub kind: InteractionKind,
    /// Who got in touch with whom.
    pub direction: Direction,
    /// When it happened. Defaults to now for a new interaction. Refused when it is in the future.
    pub happened_at: Option<At>,
    /// Contact person of the customer. Refused when it is not a contact of this customer.
    pub contact_id: Option<ContactId>,
    /// Order that it was about. Refused when it is of another customer.
    pub order_id: Option<OrderId>,
    /// Complaint that it was about. Refused when it is of another customer.
    pub complaint_id: Option<ComplaintId>,
    /// Task that it was part of, such as a return visit. Refused when it is about another customer. The task
    /// is not completed by this.
    pub task_id: Option<TaskId>,
    /// What was said.
    #[schema(min_length = 1, max_length = 4000, example = "They sell twenty boxes a week")]
    pub summary: String,
    /// What was agreed to do next. It enters no task.
    #[schema(max_length = 1000, example = "Send samples of the larger box")]
    pub next_step: Option<String>,
    #[serde(default)]
    #[schema(max_items = 20)]
    pub external_ids: Vec<ExternalId>,
}

/// A new interaction, with its customer and the customer's feedback.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct NewInteraction {
    /// Customer that the contact was with. A customer that was merged into another one is refused with
    /// `customer_merged`. Cannot be changed later.
    pub customer_id: CustomerId,
    #[serde(flatten)]
    pub interaction: InteractionInput,
    /// Person of the company who took part. Defaults to you. Cannot be changed later.
    pub user_id: Option<UserId>,
    /// What the customer said, one item per subject. Each item is sent to the people whom it concerns. When
    /// the interaction is sent again by external id, an item with the same kind and text is not added again.
    #[serde(default)]
    #[schema(max_items = 20)]
    pub feedback: Vec<FeedbackInput>,
}

/// The interactions that a caller sees: those with the customers that they see, and their own.
pub fn visible_to(caller: &Caller) -> Predicate {
    let mine = match caller.user {
        Some(user) => Predicate::eq(col!(interactions::user_id), user)
            .or(Predicate::eq(col!(interactions::created_by), user)),
        None => Predicate::Nothing,
    };
    match part_of_visible(caller, col!(interactions::customer_id)) {
        Predicate::All => Predicate::All,
        customers => customers.or(mine),
    }
}

pub static INTERACTIONS: ListSpec = ListSpec {
    id: col!(interactions::id),
    filters: &[
        filter(
            Param::new("kind", Takes::Words(InteractionKind::WORDS), "Interactions of these kinds."),
            Does::Is(col!(interactions::kind)),
        ),
        filter(
            Param::new("customer_id", Takes::Ids("cus"), "Interactions with these customers."),
            Does::Is(col!(interactions::customer_id)),
        ),
        filter(
            Param::new("contact_id", Takes::Ids("con"), "Interactions with these contact persons."),
            Does::Is(col!(interactions::contact_id)),
        ),
        filter(
            Param::new("order_id", Takes::Ids("ord"), "Interactions about these orders."),
            Does::Is(col!(interactions::order_id)),
        ),
        filter(
            Param::new("complaint_id", Takes::Ids("cmp"), "Interactions about these complaints."),
            Does::Is(col!(interactions::complaint_id)),
        ),
        filter(
            Param::new("task_id", Takes::Ids("tsk"), "Interactions that were part of these tasks."),
            Does::Is(col!(interactions::task_id)),
        ),
        filter(
            Param::new(
                "user_id",
                Takes::Ids("usr"),
                "Interactions in which these people of the company took part.",
            ),
            Does::Is(col!(interactions::user_id)),
        ),
        filter(
            Param::new(
                "team_id",
                Takes::Ids("tem"),
                "Interactions whose customer belonged to one of these teams when they were entered.",
            ),
            Does::Is(col!(interactions::team_id)),
        ),
        filter(
            Param::new(
                "happened_since",
                Takes::Instant,
                "Interactions that happened at this instant or later.",
            ),
            Does::AtLeast(col!(interactions::happened_at)),
        ),
        filter(
            Param::new(
                "happened_until",
                Takes::Instant,
                "Interactions that happened at this instant or earlier.",
            ),
            Does::AtMost(col!(interactions::happened_at)),
        ),
        filter(
            Param::new("updated_since", Takes::Instant, "Interactions changed at this instant or later."),
            Does::AtLeast(col!(interactions::updated_at)),
        ),
    ],
    sorts: &[
        Sort { name: "happened_at", column: col!(interactions::happened_at) },
        Sort { name: "updated_at", column: col!(interactions::updated_at) },
    ],
    default_sort: "-happened_at",
    expand: &["customer", "contact", "order", "complaint", "task", "user", "team"],
};

impl Row for Interaction {
    fn id(&self) -> Uuid {
        self.id.0
    }
    fn sort_value(&self, name: &str) -> Value {
        match name {
            "updated_at" => self.updated_at.into(),
            _ => self.happened_at.into(),
        }
    }
}
