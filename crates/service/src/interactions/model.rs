//! Interactions: row, inputs, list, who sees which.

use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::feedback::model::FeedbackInput;
use crate::base::auth::Caller;
use crate::base::db::filter::{Cond, Value};
use crate::base::db::list::{Does, ListSpec, Row, Sort, filter};
use crate::base::db::{ExternalId, Json};
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
    /// Who sought the other: the customer us, or we them.
    pub enum Direction { Inbound = "inbound", Outbound = "outbound" }
}

/// Something that was talked about with a customer.
#[derive(Debug, Clone, Serialize, ToSchema, Insertable, Queryable, Selectable, AsChangeset)]
#[diesel(table_name = interactions)]
#[diesel(treat_none_as_null = true)]
pub struct Interaction {
    pub id: InteractionId,
    pub version: i32,
    pub kind: InteractionKind,
    pub direction: Direction,
    pub happened_at: At,
    pub customer_id: CustomerId,
    pub contact_id: Option<ContactId>,
    pub order_id: Option<OrderId>,
    pub complaint_id: Option<ComplaintId>,
    /// The task that it was part of, such as a return visit.
    pub task_id: Option<TaskId>,
    /// Who of us it was.
    pub user_id: Option<UserId>,
    /// The customer's team when it happened.
    pub team_id: Option<TeamId>,
    #[schema(max_length = 4000)]
    pub summary: String,
    #[schema(max_length = 1000)]
    pub next_step: Option<String>,
    #[schema(value_type = Vec<ExternalId>)]
    pub external_ids: Json<Vec<ExternalId>>,
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

/// An interaction as changed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct InteractionInput {
    pub kind: InteractionKind,
    pub direction: Direction,
    /// When it happened; now when left out.
    pub happened_at: Option<At>,
    /// A contact of the customer.
    pub contact_id: Option<ContactId>,
    /// An order of the customer.
    pub order_id: Option<OrderId>,
    /// A complaint of the customer.
    pub complaint_id: Option<ComplaintId>,
    /// The task that it was part of.
    pub task_id: Option<TaskId>,
    #[schema(min_length = 1, max_length = 4000, example = "They sell twenty boxes a week")]
    pub summary: String,
    #[schema(max_length = 1000, example = "Send samples of the larger box")]
    pub next_step: Option<String>,
    /// How other systems call this record; unique per system.
    #[serde(default)]
    #[schema(max_items = 20)]
    pub external_ids: Vec<ExternalId>,
}

/// A new interaction: as [`InteractionInput`], with whose it is and what the customer said.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct NewInteraction {
    pub customer_id: CustomerId,
    #[serde(flatten)]
    pub interaction: InteractionInput,
    /// Who of us it was; whoever enters it when left out.
    pub user_id: Option<UserId>,
    /// What the customer said, each item by itself. Sent again by external id, an item of the same kind and words
    /// is the same one.
    #[serde(default)]
    #[schema(max_items = 20)]
    pub feedback: Vec<FeedbackInput>,
}

/// The interactions that a caller sees: those with the customers that they see, and their own.
pub fn visible_to(caller: &Caller) -> Cond {
    let mine = match caller.user {
        Some(user) => Cond::eq("interactions.user_id", user).or(Cond::eq("interactions.created_by", user)),
        None => Cond::Nothing,
    };
    match part_of_visible(caller, "interactions.customer_id") {
        Cond::All => Cond::All,
        customers => customers.or(mine),
    }
}

pub static INTERACTIONS: ListSpec = ListSpec {
    id: "interactions.id",
    filters: &[
        filter(
            Param::new("kind", Takes::Words(InteractionKind::WORDS), "Only these."),
            Does::Is("interactions.kind"),
        ),
        filter(
            Param::new("customer_id", Takes::Ids("cus"), "Only with these customers."),
            Does::Is("interactions.customer_id"),
        ),
        filter(
            Param::new("contact_id", Takes::Ids("con"), "Only with these people."),
            Does::Is("interactions.contact_id"),
        ),
        filter(
            Param::new("order_id", Takes::Ids("ord"), "Only about these orders."),
            Does::Is("interactions.order_id"),
        ),
        filter(
            Param::new("complaint_id", Takes::Ids("cmp"), "Only about these complaints."),
            Does::Is("interactions.complaint_id"),
        ),
        filter(
            Param::new("task_id", Takes::Ids("tsk"), "Only those that were part of these tasks."),
            Does::Is("interactions.task_id"),
        ),
        filter(
            Param::new("user_id", Takes::Ids("usr"), "Only these people's."),
            Does::Is("interactions.user_id"),
        ),
        filter(
            Param::new("team_id", Takes::Ids("tem"), "Only of these teams."),
            Does::Is("interactions.team_id"),
        ),
        filter(
            Param::new("happened_since", Takes::Instant, "Happened at this instant or later."),
            Does::AtLeast("interactions.happened_at"),
        ),
        filter(
            Param::new("happened_until", Takes::Instant, "Happened at this instant or earlier."),
            Does::AtMost("interactions.happened_at"),
        ),
        filter(
            Param::new("updated_since", Takes::Instant, "Changed at this instant or later."),
            Does::AtLeast("interactions.updated_at"),
        ),
    ],
    sorts: &[
        Sort { name: "happened_at", column: "interactions.happened_at" },
        Sort { name: "updated_at", column: "interactions.updated_at" },
    ],
    sort_names: &["happened_at", "updated_at"],
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
