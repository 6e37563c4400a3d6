//! Complaints: rows, inputs, views, list, who sees which.

use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::rules::{ComplaintAction, ComplaintStatus};
use crate::base::auth::Caller;
use crate::base::db::filter::{Predicate, Value, col};
use crate::base::db::list::{Does, ListSpec, Row, Sort, filter};
use crate::base::db::{Conn, ExternalId, JsonColumn};
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
    ///
    /// * `quality`: the goods are not good enough.
    /// * `delivery`: the delivery, such as late or incomplete goods.
    /// * `wrong_goods`: other goods came than were ordered.
    /// * `service`: how people of the company behaved or answered.
    /// * `price`: a price, discount or invoice amount.
    /// * `documents`: invoices, certificates or other papers.
    /// * `other`: anything else; say what in `description`.
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
    /// How serious a complaint is for the customer. It sets the deadlines, by the service level policies.
    /// From mild to serious: `low`, `normal`, `high`, `critical`.
    pub enum ComplaintSeverity { Low = "low", Normal = "normal", High = "high", Critical = "critical" }
}
text_enum! {
    /// How a complaint reached the company: by `phone`, `email`, `wechat`, `letter`, during a `visit`,
    /// through the `web` or in some `other` way.
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
    /// Cause of a complaint.
    ///
    /// * `material`: faulty material.
    /// * `production`: a mistake in production.
    /// * `packaging`: wrong or weak packaging.
    /// * `picking`: wrong goods or quantities were picked in the warehouse.
    /// * `transport`: damage or delay on the way.
    /// * `planning`: wrong dates or quantities were planned.
    /// * `communication`: a misunderstanding, or information that was not passed on.
    /// * `documentation`: wrong or missing papers.
    /// * `supplier`: a mistake of a supplier.
    /// * `customer_use`: the customer used or stored the goods in a wrong way.
    /// * `unfounded`: nothing was wrong.
    /// * `other`: another cause; say which in `root_cause_note`.
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
        Unfounded = "unfounded",
        Other = "other",
    }
}
text_enum! {
    /// What a note on a complaint records.
    ///
    /// * `internal`: a remark among colleagues.
    /// * `customer`: what the customer said.
    /// * `mediation`: what both sides agreed on.
    pub enum ComplaintNoteKind {
        Internal = "internal",
        Customer = "customer",
        Mediation = "mediation",
    }
}

/// A complaint of a customer, with its handling and deadlines.
#[derive(Debug, Clone, Serialize, ToSchema, Insertable, Queryable, Selectable, AsChangeset)]
#[diesel(table_name = complaints)]
#[diesel(treat_none_as_null = true)]
pub struct Complaint {
    pub id: ComplaintId,
    pub version: i32,
    /// Number of the complaint, assigned when it is entered: `CP`, the year and a running number.
    #[schema(max_length = 20, example = "CP-2026-000007")]
    pub number: String,
    /// Customer who complains.
    pub customer_id: CustomerId,
    /// Contact person of the customer who complained. Null when none was given.
    pub contact_id: Option<ContactId>,
    /// Order that the complaint is about. Null when none was given.
    pub order_id: Option<OrderId>,
    /// Order line that the complaint is about. Null when none was given.
    pub order_line_id: Option<OrderLineId>,
    /// Product that the complaint is about: the product of the order line, or the one that was given. Null
    /// when neither was.
    pub product_id: Option<ProductId>,
    /// What the complaint is about.
    pub category: ComplaintCategory,
    /// How serious it is for the customer. Sets the deadlines.
    pub severity: ComplaintSeverity,
    /// Status of the complaint.
    pub status: ComplaintStatus,
    /// How the complaint reached the company.
    pub channel: ComplaintChannel,
    /// The complaint in one line.
    #[schema(max_length = 200)]
    pub subject: String,
    /// The complaint in full. Null when none was given.
    #[schema(max_length = 4000)]
    pub description: Option<String>,
    /// Person who handles the complaint. Null when the customer has no owner and nobody was named.
    pub assignee_id: Option<UserId>,
    /// Team of the customer when the complaint came in. Its manager is told when a deadline is missed.
    pub team_id: Option<TeamId>,
    /// When the complaint reached the company. The deadlines count from here.
    pub received_at: At,
    /// When the company confirmed to the customer that it received the complaint. Null until then.
    pub acknowledged_at: Option<At>,
    /// When the complaint was resolved. Null until then, and after it was opened again.
    pub resolved_at: Option<At>,
    /// When the complaint was closed. Null until then, and after it was opened again.
    pub closed_at: Option<At>,
    /// What the customer has to do or send first. The resolution deadline stands still meanwhile. Null when
    /// nothing is awaited from the customer.
    #[schema(max_length = 1000)]
    pub waiting_reason: Option<String>,
    /// The solution that was last proposed to the customer. Null when none was.
    #[schema(max_length = 4000)]
    pub proposal: Option<String>,
    /// Why it happened. Null until the complaint is resolved for the first time.
    pub root_cause: Option<RootCause>,
    /// More about the cause. Null when none was given.
    #[schema(max_length = 4000)]
    pub root_cause_note: Option<String>,
    /// What was done to resolve it. Null until the complaint is resolved for the first time.
    #[schema(max_length = 4000)]
    pub resolution: Option<String>,
    /// How far the complaint was escalated. 0: it is with the assignee. 1: the manager was told. 2: the
    /// executives were told. Set back to 0 when it is opened again.
    #[schema(minimum = 0, maximum = 2)]
    pub escalation_level: i32,
    /// How many times it was opened again.
    #[schema(minimum = 0)]
    pub reopened: i32,
    /// Working time from `received_at` until it was acknowledged, in seconds. Null until then, and when no
    /// policy sets a deadline.
    #[schema(value_type = Option<i64>, minimum = 0, maximum = 9007199254740991i64)]
    pub response_seconds: Option<i64>,
    /// Working time until it was resolved, in seconds, without the time spent waiting for the customer.
    /// Counted from `received_at`, or from the last reopening. Null until it is resolved, and when no policy
    /// sets a deadline.
    #[schema(value_type = Option<i64>, minimum = 0, maximum = 9007199254740991i64)]
    pub resolution_seconds: Option<i64>,
    /// True when it was acknowledged after the response deadline, or when the missed response deadline
    /// escalated it.
    pub response_missed: bool,
    /// True when it was resolved after the resolution deadline, or when the missed resolution deadline
    /// escalated it. Stays true when it is opened again.
    pub resolution_missed: bool,
    /// Rating that the customer gave at the end, from 1 (bad) to 5 (good). Null when none was given, and
    /// after it was opened again.
    #[schema(minimum = 1, maximum = 5)]
    pub satisfaction: Option<i32>,
    /// What the customer said at the end. Null when nothing was noted, and after it was opened again.
    #[schema(max_length = 1000)]
    pub satisfaction_note: Option<String>,
    #[schema(value_type = Vec<ExternalId>)]
    pub external_ids: JsonColumn<Vec<ExternalId>>,
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

/// A complaint with the steps that you can take now.
#[derive(Debug, Serialize, ToSchema)]
pub struct ComplaintView {
    #[serde(flatten)]
    pub complaint: Complaint,
    pub allowed_actions: Vec<ComplaintAction>,
}

/// What a customer complains about.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ComplaintInput {
    /// Contact person who complained. Refused when it is not a contact of the customer.
    pub contact_id: Option<ContactId>,
    /// Order that the complaint is about. Refused when it is an order of another customer, or one that you
    /// may not see.
    pub order_id: Option<OrderId>,
    /// Order line that the complaint is about. Needs `order_id`. Its product replaces `product_id`.
    pub order_line_id: Option<OrderLineId>,
    /// Product that the complaint is about. Ignored with `order_line_id`.
    pub product_id: Option<ProductId>,
    /// What the complaint is about.
    pub category: ComplaintCategory,
    /// How serious it is for the customer. A changed severity gives the complaint the deadlines of the new
    /// severity, counted from when they began.
    pub severity: ComplaintSeverity,
    /// How the complaint reached the company.
    pub channel: ComplaintChannel,
    /// The complaint in one line.
    #[schema(min_length = 1, max_length = 200, example = "Three boxes of tea are damp")]
    pub subject: String,
    /// The complaint in full.
    #[schema(max_length = 4000)]
    pub description: Option<String>,
    #[serde(default)]
    #[schema(max_items = 20)]
    pub external_ids: Vec<ExternalId>,
}

/// A new complaint, with its customer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct NewComplaint {
    /// Customer who complains. A customer that was merged into another one is refused with `customer_merged`.
    /// Cannot be changed later.
    pub customer_id: CustomerId,
    #[serde(flatten)]
    pub complaint: ComplaintInput,
    /// Person who handles the complaint; an active user. Defaults to the customer's owner.
    pub assignee_id: Option<UserId>,
    /// When the complaint reached the company. Defaults to now. Refused when it is in the future. The
    /// deadlines count from here. Cannot be changed later.
    pub received_at: Option<At>,
}

/// The new assignee of a complaint, task or request.
#[derive(Debug, Clone, Deserialize, ToSchema)]
pub struct Assignment {
    /// Person who is responsible from now on; an active user.
    pub assignee_id: UserId,
    /// Why it changes hands; kept in the history.
    #[schema(max_length = 1000)]
    pub reason: Option<String>,
}

/// A solution that is proposed to the customer.
#[derive(Debug, Clone, Deserialize, ToSchema)]
pub struct Proposal {
    /// What the customer is offered. Replaces the previous proposal.
    #[schema(min_length = 1, max_length = 4000, example = "New boxes by Thursday, and 5 % off the order")]
    pub proposal: String,
}

/// How a complaint was resolved.
#[derive(Debug, Clone, Deserialize, ToSchema)]
pub struct Resolution {
    /// Why it happened, for the reports.
    pub root_cause: RootCause,
    /// More about the cause.
    #[schema(max_length = 4000, example = "The pallet stood in the rain at the depot")]
    pub root_cause_note: Option<String>,
    /// What was done, for people.
    #[schema(min_length = 1, max_length = 4000, example = "Replaced and credited; the carrier was told")]
    pub resolution: String,
}

/// What the customer says about the handling at the end.
#[derive(Debug, Clone, Deserialize, ToSchema)]
pub struct Closing {
    /// The customer's rating from 1 (bad) to 5 (good). Leave it out when the customer gave none.
    #[schema(minimum = 1, maximum = 5, example = 4)]
    pub satisfaction: Option<i32>,
    /// What the customer said.
    #[schema(max_length = 1000, example = "Quick, thank you")]
    pub satisfaction_note: Option<String>,
}

/// A note on a complaint. Notes are added and never changed.
#[derive(Debug, Clone, Serialize, ToSchema, Insertable, Queryable, Selectable, AsChangeset)]
#[diesel(table_name = complaint_notes)]
#[diesel(treat_none_as_null = true)]
pub struct ComplaintNote {
    pub id: ComplaintNoteId,
    #[serde(skip)]
    pub version: i32,
    /// Complaint that the note belongs to.
    pub complaint_id: ComplaintId,
    /// What the note records.
    pub kind: ComplaintNoteKind,
    /// The note itself.
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

/// The customer of a complaint, for the records that belong to the complaint.
pub fn customer_of(conn: &mut Conn, id: ComplaintId) -> Result<Option<Uuid>> {
    let customer: Option<CustomerId> =
        complaints::table.find(id).select(complaints::customer_id).first(conn).optional()?;
    Ok(customer.map(|customer| customer.0))
}

/// A new note on a complaint.
#[derive(Debug, Clone, Deserialize, ToSchema)]
pub struct ComplaintNoteInput {
    /// What the note records.
    pub kind: ComplaintNoteKind,
    /// The note itself. It cannot be changed later.
    #[schema(min_length = 1, max_length = 4000, example = "They would take new boxes and a discount")]
    pub text: String,
}

/// The complaints that a caller sees: those of the customers that they see, and those that they handle.
pub fn visible_to(caller: &Caller) -> Predicate {
    let mine = match caller.user {
        Some(user) => Predicate::eq(col!(complaints::assignee_id), user),
        None => Predicate::Nothing,
    };
    match part_of_visible(caller, col!(complaints::customer_id)) {
        Predicate::All => Predicate::All,
        customers => customers.or(mine),
    }
}

/// The notes of the complaints that a caller sees.
pub fn notes_visible_to(caller: &Caller) -> Predicate {
    super::part_of_visible(caller, col!(complaint_notes::complaint_id))
}

/// Complaints that are not resolved.
pub fn open() -> Predicate {
    Predicate::none_of(col!(complaints::status), ComplaintStatus::RESOLVED)
}

fn open_is(given: &Given) -> Predicate {
    match given {
        Given::Bool(false) => Predicate::negate(open()),
        _ => open(),
    }
}

pub static COMPLAINTS: ListSpec = ListSpec {
    id: col!(complaints::id),
    filters: &[
        filter(
            Param::new(
                "status",
                Takes::Words(ComplaintStatus::WORDS),
                "Complaints with one of these statuses.",
            ),
            Does::Is(col!(complaints::status)),
        ),
        filter(
            Param::new(
                "open",
                Takes::Bool,
                "`true`: complaints that are neither resolved nor closed. `false`: the others.",
            ),
            Does::Makes(open_is),
        ),
        filter(
            Param::new("severity", Takes::Words(ComplaintSeverity::WORDS), "Complaints of these severities."),
            Does::Is(col!(complaints::severity)),
        ),
        filter(
            Param::new("category", Takes::Words(ComplaintCategory::WORDS), "Complaints of these categories."),
            Does::Is(col!(complaints::category)),
        ),
        filter(
            Param::new(
                "root_cause",
                Takes::Words(RootCause::WORDS),
                "Complaints with one of these root causes.",
            ),
            Does::Is(col!(complaints::root_cause)),
        ),
        filter(
            Param::new("customer_id", Takes::Ids("cus"), "Complaints of these customers."),
            Does::Is(col!(complaints::customer_id)),
        ),
        filter(
            Param::new("order_id", Takes::Ids("ord"), "Complaints about these orders."),
            Does::Is(col!(complaints::order_id)),
        ),
        filter(
            Param::new("product_id", Takes::Ids("prd"), "Complaints about these products."),
            Does::Is(col!(complaints::product_id)),
        ),
        filter(
            Param::new("assignee_id", Takes::Ids("usr"), "Complaints that these people handle."),
            Does::Is(col!(complaints::assignee_id)),
        ),
        filter(
            Param::new("team_id", Takes::Ids("tem"), "Complaints of these teams."),
            Does::Is(col!(complaints::team_id)),
        ),
        filter(
            Param::new(
                "escalation_level_min",
                Takes::Int(0, 2),
                "Complaints escalated to this level or higher: 1 the manager, 2 the executives.",
            ),
            Does::AtLeast(col!(complaints::escalation_level)),
        ),
        filter(
            Param::new("number", Takes::Text(40), "The complaint with exactly this number."),
            Does::Is(col!(complaints::number)),
        ),
        filter(
            Param::new("received_since", Takes::Instant, "Complaints received at this instant or later."),
            Does::AtLeast(col!(complaints::received_at)),
        ),
        filter(
            Param::new("updated_since", Takes::Instant, "Complaints changed at this instant or later."),
            Does::AtLeast(col!(complaints::updated_at)),
        ),
    ],
    sorts: &[
        Sort { name: "received_at", column: col!(complaints::received_at) },
        Sort { name: "number", column: col!(complaints::number) },
        Sort { name: "updated_at", column: col!(complaints::updated_at) },
    ],
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
    id: col!(complaint_notes::id),
    filters: &[filter(
        Param::new("kind", Takes::Words(ComplaintNoteKind::WORDS), "Notes of these kinds."),
        Does::Is(col!(complaint_notes::kind)),
    )],
    sorts: &[Sort { name: "created_at", column: col!(complaint_notes::created_at) }],
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
