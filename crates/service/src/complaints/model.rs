//! Complaints: rows, inputs, views, list, who sees which.

use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::rules::{ComplaintAction, ComplaintStatus};
use crate::base::auth::Caller;
use crate::base::db::filter::{Cond, Value};
use crate::base::db::list::{Does, ListSpec, Row, Sort, filter};
use crate::base::db::{Conn, ExternalId, Json};
use crate::base::error::Result;
use crate::base::http::params::{Given, Param, Takes};
use crate::base::types::{At, TextEnum};
use crate::customers::model::{ContactId, CustomerId, part_of_visible};
use crate::orders::model::{OrderId, OrderLineId};
use crate::people::{TeamId, UserId};
use crate::products::model::ProductId;
use crate::schema::{complaint_notes, complaints};
use crate::{entity, id_type, text_enum};

id_type!(ComplaintId, "cmp", "complaint");
id_type!(ComplaintNoteId, "cpn", "complaint_note");

text_enum! {
    /// What a complaint is about.
    pub enum ComplaintCategory {
        Quality = "quality",
        Delivery = "delivery",
        WrongGoods = "wrong_goods",
        Service = "service",
        Price = "price",
        Documents = "documents",
        Other = "other",
    }
}
text_enum! {
    /// How bad it is for the customer; it says how long an answer may take.
    pub enum ComplaintSeverity { Low = "low", Normal = "normal", High = "high", Critical = "critical" }
}
text_enum! {
    /// How it came in.
    pub enum ComplaintChannel {
        Phone = "phone",
        Email = "email",
        Wechat = "wechat",
        Letter = "letter",
        Visit = "visit",
        Web = "web",
        Other = "other",
    }
}
text_enum! {
    /// Why it happened.
    pub enum RootCause {
        Material = "material",
        Production = "production",
        Packaging = "packaging",
        Picking = "picking",
        Transport = "transport",
        Planning = "planning",
        Communication = "communication",
        Documentation = "documentation",
        Supplier = "supplier",
        CustomerUse = "customer_use",
        /// Nothing was wrong.
        Unfounded = "unfounded",
        Other = "other",
    }
}
text_enum! {
    /// What a note is.
    pub enum ComplaintNoteKind {
        /// Among colleagues.
        Internal = "internal",
        /// What the customer said.
        Customer = "customer",
        /// What was agreed between both sides.
        Mediation = "mediation",
    }
}

/// A complaint of a customer.
#[derive(Debug, Clone, Serialize, ToSchema, Insertable, Queryable, Selectable, AsChangeset)]
#[diesel(table_name = complaints)]
#[diesel(treat_none_as_null = true)]
pub struct Complaint {
    pub id: ComplaintId,
    pub version: i32,
    #[schema(max_length = 20, example = "CP-2026-000007")]
    pub number: String,
    pub customer_id: CustomerId,
    pub contact_id: Option<ContactId>,
    pub order_id: Option<OrderId>,
    pub order_line_id: Option<OrderLineId>,
    pub product_id: Option<ProductId>,
    pub category: ComplaintCategory,
    pub severity: ComplaintSeverity,
    pub status: ComplaintStatus,
    pub channel: ComplaintChannel,
    #[schema(max_length = 200)]
    pub subject: String,
    #[schema(max_length = 4000)]
    pub description: Option<String>,
    /// Who looks after it.
    pub assignee_id: Option<UserId>,
    /// The customer's team when it came in.
    pub team_id: Option<TeamId>,
    pub received_at: At,
    pub acknowledged_at: Option<At>,
    pub resolved_at: Option<At>,
    pub closed_at: Option<At>,
    /// What it waits for from the customer; meanwhile the time to resolve it stands still.
    #[schema(max_length = 1000)]
    pub waiting_reason: Option<String>,
    /// What was last proposed to the customer.
    #[schema(max_length = 4000)]
    pub proposal: Option<String>,
    pub root_cause: Option<RootCause>,
    #[schema(max_length = 4000)]
    pub root_cause_note: Option<String>,
    #[schema(max_length = 4000)]
    pub resolution: Option<String>,
    /// 0: with the assignee; 1: with the manager; 2: with the executives.
    #[schema(minimum = 0, maximum = 2)]
    pub escalation_level: i32,
    /// How often it was opened again.
    #[schema(minimum = 0)]
    pub reopened: i32,
    /// Working seconds until it was acknowledged.
    #[schema(value_type = Option<i64>, minimum = 0, maximum = 9007199254740991i64)]
    pub response_seconds: Option<i64>,
    /// Working seconds until it was resolved, without those that it waited for the customer.
    #[schema(value_type = Option<i64>, minimum = 0, maximum = 9007199254740991i64)]
    pub resolution_seconds: Option<i64>,
    /// It was acknowledged too late, or escalated before it was.
    pub response_missed: bool,
    pub resolution_missed: bool,
    /// What the customer said at the end, from 1 (bad) to 5.
    #[schema(minimum = 1, maximum = 5)]
    pub satisfaction: Option<i32>,
    #[schema(max_length = 1000)]
    pub satisfaction_note: Option<String>,
    #[schema(value_type = Vec<ExternalId>)]
    pub external_ids: Json<Vec<ExternalId>>,
    pub created_at: At,
    pub created_by: Option<UserId>,
    pub updated_at: At,
    pub updated_by: Option<UserId>,
}
entity!(Complaint, complaints, ComplaintId, {
    fn owner(&self) -> (Option<Uuid>, Option<Uuid>) {
        (self.assignee_id.map(|u| u.0), self.team_id.map(|t| t.0))
    }
    fn external_ids(&self) -> &[ExternalId] {
        &self.external_ids.0
    }
});

/// A complaint as it is answered.
#[derive(Debug, Serialize, ToSchema)]
pub struct ComplaintView {
    #[serde(flatten)]
    pub complaint: Complaint,
    /// The steps that its life allows now and the caller may take.
    pub allowed_actions: Vec<ComplaintAction>,
}

/// A complaint as changed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ComplaintInput {
    /// A contact of the customer.
    pub contact_id: Option<ContactId>,
    /// An order of the customer.
    pub order_id: Option<OrderId>,
    /// A line of the order; its product is the complaint's.
    pub order_line_id: Option<OrderLineId>,
    pub product_id: Option<ProductId>,
    pub category: ComplaintCategory,
    /// Another one gives it the time that this severity has, counted from when it came in.
    pub severity: ComplaintSeverity,
    pub channel: ComplaintChannel,
    #[schema(min_length = 1, max_length = 200, example = "Three boxes of tea are damp")]
    pub subject: String,
    #[schema(max_length = 4000)]
    pub description: Option<String>,
    /// How other systems call this record; unique per system.
    #[serde(default)]
    #[schema(max_items = 20)]
    pub external_ids: Vec<ExternalId>,
}

/// A new complaint: as [`ComplaintInput`], with whose it is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct NewComplaint {
    pub customer_id: CustomerId,
    #[serde(flatten)]
    pub complaint: ComplaintInput,
    /// Who is to look after it; the customer's owner when left out.
    pub assignee_id: Option<UserId>,
    /// When it came in; now when left out. Its time runs from then on.
    pub received_at: Option<At>,
}

/// Who is to look after it, and why.
#[derive(Debug, Clone, Deserialize, ToSchema)]
pub struct Assignment {
    pub assignee_id: UserId,
    #[schema(max_length = 1000)]
    pub reason: Option<String>,
}

/// What is proposed to the customer.
#[derive(Debug, Clone, Deserialize, ToSchema)]
pub struct Proposal {
    #[schema(min_length = 1, max_length = 4000, example = "New boxes by Thursday, and 5 % off the order")]
    pub proposal: String,
}

/// How it was resolved.
#[derive(Debug, Clone, Deserialize, ToSchema)]
pub struct Resolution {
    pub root_cause: RootCause,
    #[schema(max_length = 4000, example = "The pallet stood in the rain at the depot")]
    pub root_cause_note: Option<String>,
    #[schema(min_length = 1, max_length = 4000, example = "Replaced and credited; the carrier was told")]
    pub resolution: String,
}

/// What the customer says at the end.
#[derive(Debug, Clone, Deserialize, ToSchema)]
pub struct Closing {
    /// From 1 (bad) to 5; left out when they would not say.
    #[schema(minimum = 1, maximum = 5, example = 4)]
    pub satisfaction: Option<i32>,
    #[schema(max_length = 1000, example = "Quick, thank you")]
    pub satisfaction_note: Option<String>,
}

/// A note on a complaint; notes are added and never changed.
#[derive(Debug, Clone, Serialize, ToSchema, Insertable, Queryable, Selectable, AsChangeset)]
#[diesel(table_name = complaint_notes)]
#[diesel(treat_none_as_null = true)]
pub struct ComplaintNote {
    pub id: ComplaintNoteId,
    #[serde(skip)]
    pub version: i32,
    pub complaint_id: ComplaintId,
    pub kind: ComplaintNoteKind,
    #[schema(max_length = 4000)]
    pub text: String,
    pub created_at: At,
    pub created_by: Option<UserId>,
    #[serde(skip)]
    pub updated_at: At,
    #[serde(skip)]
    pub updated_by: Option<UserId>,
}
entity!(ComplaintNote, complaint_notes, ComplaintNoteId, {
    fn customer(&self, conn: &mut Conn) -> Result<Option<Uuid>> {
        customer_of(conn, self.complaint_id)
    }
});

/// Whose complaint it is, for what belongs to it.
pub fn customer_of(conn: &mut Conn, id: ComplaintId) -> Result<Option<Uuid>> {
    let customer: Option<CustomerId> =
        complaints::table.find(id).select(complaints::customer_id).first(conn).optional()?;
    Ok(customer.map(|customer| customer.0))
}

/// A note as entered.
#[derive(Debug, Clone, Deserialize, ToSchema)]
pub struct ComplaintNoteInput {
    pub kind: ComplaintNoteKind,
    #[schema(min_length = 1, max_length = 4000, example = "They would take new boxes and a discount")]
    pub text: String,
}

/// The complaints that a caller sees: those of the customers that they see, and what they look after.
pub fn visible_to(caller: &Caller) -> Cond {
    let mine = match caller.user {
        Some(user) => Cond::eq("complaints.assignee_id", user),
        None => Cond::Nothing,
    };
    match part_of_visible(caller, "complaints.customer_id") {
        Cond::All => Cond::All,
        customers => customers.or(mine),
    }
}

/// The notes of the complaints that a caller sees.
pub fn notes_visible_to(caller: &Caller) -> Cond {
    super::part_of_visible(caller, "complaint_notes.complaint_id")
}

fn open_is(given: &Given) -> Cond {
    let open = Cond::Sql("complaints.status NOT IN ('resolved', 'closed')", vec![]);
    match given {
        Given::Bool(false) => Cond::Not(Box::new(open)),
        _ => open,
    }
}

pub static COMPLAINTS: ListSpec = ListSpec {
    id: "complaints.id",
    filters: &[
        filter(
            Param::new("status", Takes::Words(ComplaintStatus::WORDS), "Only these."),
            Does::Is("complaints.status"),
        ),
        filter(
            Param::new("open", Takes::Bool, "Only those that are not resolved, or only the others."),
            Does::Makes(open_is),
        ),
        filter(
            Param::new("severity", Takes::Words(ComplaintSeverity::WORDS), "Only these."),
            Does::Is("complaints.severity"),
        ),
        filter(
            Param::new("category", Takes::Words(ComplaintCategory::WORDS), "Only these."),
            Does::Is("complaints.category"),
        ),
        filter(
            Param::new("root_cause", Takes::Words(RootCause::WORDS), "Only these."),
            Does::Is("complaints.root_cause"),
        ),
        filter(
            Param::new("customer_id", Takes::Ids("cus"), "Only of these customers."),
            Does::Is("complaints.customer_id"),
        ),
        filter(
            Param::new("order_id", Takes::Ids("ord"), "Only about these orders."),
            Does::Is("complaints.order_id"),
        ),
        filter(
            Param::new("product_id", Takes::Ids("prd"), "Only about these products."),
            Does::Is("complaints.product_id"),
        ),
        filter(
            Param::new("assignee_id", Takes::Ids("usr"), "Only what these people look after."),
            Does::Is("complaints.assignee_id"),
        ),
        filter(
            Param::new("team_id", Takes::Ids("tem"), "Only of these teams."),
            Does::Is("complaints.team_id"),
        ),
        filter(
            Param::new(
                "escalation_level_min",
                Takes::Int(0, 2),
                "Only those that are up so far, or further.",
            ),
            Does::AtLeast("complaints.escalation_level"),
        ),
        filter(
            Param::new("number", Takes::Text(40), "The complaint with this number."),
            Does::Is("complaints.number"),
        ),
        filter(
            Param::new("received_since", Takes::Instant, "Came in at this instant or later."),
            Does::AtLeast("complaints.received_at"),
        ),
        filter(
            Param::new("updated_since", Takes::Instant, "Changed at this instant or later."),
            Does::AtLeast("complaints.updated_at"),
        ),
    ],
    sorts: &[
        Sort { name: "received_at", column: "complaints.received_at" },
        Sort { name: "number", column: "complaints.number" },
        Sort { name: "updated_at", column: "complaints.updated_at" },
    ],
    sort_names: &["received_at", "number", "updated_at"],
    default_sort: "-received_at",
    expand: &["customer", "order", "product", "assignee", "team", "contact"],
};

impl Row for Complaint {
    fn id(&self) -> Uuid {
        self.id.0
    }
    fn sort_value(&self, name: &str) -> Value {
        match name {
            "number" => self.number.clone().into(),
            "updated_at" => self.updated_at.into(),
            _ => self.received_at.into(),
        }
    }
}

pub static NOTES: ListSpec = ListSpec {
    id: "complaint_notes.id",
    filters: &[filter(
        Param::new("kind", Takes::Words(ComplaintNoteKind::WORDS), "Only these."),
        Does::Is("complaint_notes.kind"),
    )],
    sorts: &[Sort { name: "created_at", column: "complaint_notes.created_at" }],
    sort_names: &["created_at"],
    default_sort: "created_at",
    expand: &[],
};

impl Row for ComplaintNote {
    fn id(&self) -> Uuid {
        self.id.0
    }
    fn sort_value(&self, _: &str) -> Value {
        self.created_at.into()
    }
}
