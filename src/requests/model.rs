//! Requests: rows, inputs, view, list, who sees which.

use chrono::NaiveDate;
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::rules::{RequestAction, RequestStatus};
use crate::base::auth::{Caller, Role, Sight};
use crate::base::db::Json;
use crate::base::db::filter::{Cond, Value};
use crate::base::db::list::{Does, ListSpec, Row, Sort, filter};
use crate::base::http::params::{Given, Param, Takes};
use crate::base::types::{At, TextEnum};
use crate::customers::model::{CustomerId, part_of_visible};
use crate::departments::DepartmentId;
use crate::orders::model::OrderLineId;
use crate::people::{TeamId, UserId};
use crate::schema::{request_replies, requests};
use crate::suppliers::SupplierId;
use crate::{entity, id_type, text_enum};

// Not `req_…`, which is how HTTP requests are called.
id_type!(RequestId, "rqs", "request");
id_type!(RequestReplyId, "rqr", "request_reply");

text_enum! {
    /// What is asked for.
    pub enum RequestKind {
        /// To hurry with an order.
        Expedite = "expedite",
        Information = "information",
        Production = "production",
        Delivery = "delivery",
        Quality = "quality",
        Design = "design",
        Other = "other",
    }
}
text_enum! {
    /// What has become of the date that was offered.
    pub enum DatePromise {
        /// It is later than what is wanted, and waits for the requester.
        Proposed = "proposed",
        /// It holds.
        Agreed = "agreed",
        /// The requester insists on the date before.
        Refused = "refused",
        /// Another date was offered before it was decided on.
        Replaced = "replaced",
    }
}

/// A date that was offered instead of the one before.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct DateProposal {
    #[schema(example = "2026-12-08")]
    pub promised_on: NaiveDate,
    #[schema(max_length = 1000)]
    pub reason: Option<String>,
    pub proposed_at: At,
    pub proposed_by: Option<UserId>,
    pub promise: DatePromise,
    /// When it was agreed to or refused.
    pub decided_at: Option<At>,
    pub decided_by: Option<UserId>,
    #[schema(max_length = 1000)]
    pub decided_reason: Option<String>,
}

/// Dates that a request keeps; its history has all.
pub const MOST_PROPOSALS: usize = 20;

/// What a department or a supplier is asked for.
#[derive(Debug, Clone, Serialize, ToSchema, Insertable, Queryable, Selectable, AsChangeset)]
#[diesel(table_name = requests)]
#[diesel(treat_none_as_null = true)]
pub struct Request {
    pub id: RequestId,
    pub version: i32,
    #[schema(max_length = 20, example = "RQ-2026-000001")]
    pub number: String,
    pub status: RequestStatus,
    pub kind: RequestKind,
    /// Who is asked: this department, or a supplier.
    pub department_id: Option<DepartmentId>,
    pub supplier_id: Option<SupplierId>,
    #[schema(max_length = 200)]
    pub subject: String,
    #[schema(max_length = 4000)]
    pub body: Option<String>,
    /// The record that it is about, whatever its kind.
    #[schema(max_length = 40, example = "ord_019a7c5e8f3a7d10b6c2a94e51d0f37b")]
    pub about: Option<String>,
    #[schema(max_length = 40, example = "order")]
    pub about_kind: Option<String>,
    /// Whose the record is that it is about.
    pub customer_id: Option<CustomerId>,
    /// The lines of the order that are meant; all of them when there is none.
    #[schema(value_type = Vec<OrderLineId>, max_items = 200)]
    pub order_line_ids: Json<Vec<OrderLineId>>,
    /// Who asks; null for a machine client.
    pub requester_id: Option<UserId>,
    /// The requester's team.
    pub team_id: Option<TeamId>,
    /// Who is to answer.
    pub assignee_id: Option<UserId>,
    #[schema(example = "2026-12-04")]
    pub wanted_by: NaiveDate,
    /// The date that holds: the wanted one, or another that was offered and agreed on.
    #[schema(example = "2026-12-04")]
    pub due_on: NaiveDate,
    /// The date that was last offered.
    pub promised_on: Option<NaiveDate>,
    /// What has become of it; null when none was offered.
    pub promise: Option<DatePromise>,
    /// The dates that were offered, the latest last; at most 20.
    #[schema(value_type = Vec<DateProposal>, max_items = 20)]
    pub proposals: Json<Vec<DateProposal>>,
    /// What came of it, or why it was declined or withdrawn.
    #[schema(max_length = 4000)]
    pub outcome: Option<String>,
    /// When it was accepted or declined.
    pub answered_at: Option<At>,
    pub started_at: Option<At>,
    /// When it was done, declined or withdrawn.
    pub ended_at: Option<At>,
    /// Working seconds until it was accepted or declined.
    #[schema(value_type = Option<i64>, minimum = 0, maximum = 9007199254740991i64)]
    pub response_seconds: Option<i64>,
    /// It was answered too late, or escalated before it was.
    pub response_missed: bool,
    /// The date that holds was missed.
    pub delivery_missed: bool,
    /// How far up it was told that it is late: 0 nobody, 1 the assignee, 2 the department's lead, 3 the manager, 4
    /// the executives.
    #[schema(minimum = 0, maximum = 4)]
    pub escalation_level: i32,
    pub created_at: At,
    pub created_by: Option<UserId>,
    pub updated_at: At,
    pub updated_by: Option<UserId>,
}
entity!(Request, requests, RequestId, {
    fn owner(&self) -> (Option<Uuid>, Option<Uuid>) {
        (self.requester_id.map(|u| u.0), self.team_id.map(|t| t.0))
    }
});

/// The departments and suppliers that a caller answers for.
#[derive(Debug, Clone, Default)]
pub struct AnswersFor {
    pub departments: Vec<DepartmentId>,
    pub suppliers: Vec<SupplierId>,
}

/// A request as it is answered.
#[derive(Debug, Serialize, ToSchema)]
pub struct RequestView {
    #[serde(flatten)]
    pub request: Request,
    /// The steps that its life allows now and the caller may take.
    pub allowed_actions: Vec<RequestAction>,
}

/// What is asked for, as changed while nobody has answered.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct RequestInput {
    pub kind: RequestKind,
    #[schema(min_length = 1, max_length = 200, pattern = r"\S", example = "Are 200 tea sets in stock?")]
    pub subject: String,
    #[schema(max_length = 4000, example = "The customer would take the blue ones, too")]
    pub body: Option<String>,
    #[schema(example = "2026-12-04")]
    pub wanted_by: NaiveDate,
}

/// A new request: as [`RequestInput`], with who is asked, and about what.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct NewRequest {
    /// Who is asked: a department, or `supplier_id`.
    pub department_id: Option<DepartmentId>,
    pub supplier_id: Option<SupplierId>,
    #[serde(flatten)]
    pub request: RequestInput,
    /// A record that you see, whatever its kind: an order, a customer, a complaint, a shipment.
    #[schema(
        pattern = "^[a-z]{3}_[0-9a-f]{32}$",
        min_length = 36,
        max_length = 36,
        example = "ord_019a7c5e8f3a7d10b6c2a94e51d0f37b"
    )]
    pub about: Option<String>,
    /// Who is to answer; the department's lead or the supplier's owner when left out.
    pub assignee_id: Option<UserId>,
}

/// A request to hurry with an order.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ExpediteInput {
    /// Who is asked: a department, or `supplier_id`.
    pub department_id: Option<DepartmentId>,
    pub supplier_id: Option<SupplierId>,
    #[schema(example = "2026-12-04")]
    pub wanted_by: NaiveDate,
    /// The order's number with the reason, when left out.
    #[schema(min_length = 1, max_length = 200, pattern = r"\S", example = "Please ship on Thursday")]
    pub subject: Option<String>,
    #[schema(
        min_length = 1,
        max_length = 1000,
        pattern = r"\S",
        example = "Their exhibition opens on Saturday"
    )]
    pub reason: String,
    /// Lines of the order; all of it when left out.
    #[serde(default)]
    #[schema(max_items = 200)]
    pub line_ids: Vec<OrderLineId>,
    /// Who is to answer; the department's lead or the supplier's owner when left out.
    pub assignee_id: Option<UserId>,
}

/// It is taken on.
#[derive(Debug, Clone, Deserialize, ToSchema)]
pub struct Acceptance {
    /// Until when; the wanted date when left out. A later one is a proposal that the requester has to agree to.
    #[schema(example = "2026-12-04")]
    pub promised_on: Option<NaiveDate>,
    #[schema(max_length = 1000)]
    pub reason: Option<String>,
}

/// Another date, and why.
#[derive(Debug, Clone, Deserialize, ToSchema)]
pub struct OfferedDate {
    #[schema(example = "2026-12-08")]
    pub promised_on: NaiveDate,
    #[schema(min_length = 1, max_length = 1000, example = "The kiln is full until Monday")]
    pub reason: String,
}

/// What came of it.
#[derive(Debug, Clone, Deserialize, ToSchema)]
pub struct RequestOutcome {
    #[schema(max_length = 4000, example = "180 are in stock, 20 more come on Tuesday")]
    pub reply: Option<String>,
}

/// What was said about a request; replies are added and never changed.
#[derive(Debug, Clone, Serialize, ToSchema, Insertable, Queryable, Selectable, AsChangeset)]
#[diesel(table_name = request_replies)]
#[diesel(treat_none_as_null = true)]
pub struct RequestReply {
    pub id: RequestReplyId,
    #[serde(skip)]
    pub version: i32,
    pub request_id: RequestId,
    #[schema(max_length = 4000)]
    pub text: String,
    pub created_at: At,
    pub created_by: Option<UserId>,
    #[serde(skip)]
    pub updated_at: At,
    #[serde(skip)]
    pub updated_by: Option<UserId>,
}
entity!(RequestReply, request_replies, RequestReplyId);

/// A reply as entered.
#[derive(Debug, Clone, Deserialize, ToSchema)]
pub struct RequestReplyInput {
    #[schema(min_length = 1, max_length = 4000, example = "Do the boxes have to be sealed?")]
    pub text: String,
}

/// The requests that a caller sees: what they ask or are to answer, their teams' for a manager, what the
/// departments and suppliers are asked that they answer for, and those about the customers that they see. The
/// warehouse sees what concerns it, and not what customers and others are asked about.
pub fn visible_to(caller: &Caller) -> Cond {
    let mine = caller.user.map_or(Cond::Nothing, |user| concerns(caller, user));
    if caller.role == Some(Role::Warehouse) {
        return mine;
    }
    let teams = match caller.sight {
        Sight::Team => Cond::ids("requests.team_id", caller.teams.iter().copied()),
        _ => Cond::Nothing,
    };
    match part_of_visible(caller, "requests.customer_id") {
        Cond::All => Cond::All,
        customers if teams == Cond::Nothing => customers.or(mine),
        customers => customers.or(teams.and(caller.within("requests.customer_id"))).or(mine),
    }
}

/// What a person asks, or has to do with answering.
fn concerns(caller: &Caller, user: Uuid) -> Cond {
    let asked = Cond::eq("requests.requester_id", user).or(Cond::eq("requests.assignee_id", user));
    let departments = Cond::InSelect(
        "requests.department_id",
        "SELECT departments.id FROM departments WHERE ",
        Box::new(answered_by(caller, user)),
    );
    let suppliers = Cond::InSelect(
        "requests.supplier_id",
        "SELECT suppliers.id FROM suppliers WHERE ",
        Box::new(Cond::eq("suppliers.owner_id", user)),
    );
    asked.or(departments).or(suppliers)
}

/// The departments that a person leads, or is in the team of.
pub fn answered_by(caller: &Caller, user: Uuid) -> Cond {
    let led = Cond::eq("departments.lead_id", user);
    match caller.team {
        Some(team) => led.or(Cond::eq("departments.team_id", team)),
        None => led,
    }
}

/// The replies to the requests that a caller sees.
pub fn replies_visible_to(caller: &Caller) -> Cond {
    let select = "SELECT requests.id FROM requests WHERE ";
    match visible_to(caller) {
        Cond::All => Cond::All,
        seen => Cond::InSelect("request_replies.request_id", select, Box::new(seen)),
    }
}

/// What is not done, declined or withdrawn; written out as in the partial indexes.
pub const STILL_OPEN: &str = "requests.status IN ('open', 'accepted', 'in_progress')";
/// What nobody has answered in time, or is not done at the date that holds.
pub const LATE: &str = "requests.status IN ('open', 'accepted', 'in_progress') AND \
    (requests.delivery_missed OR (requests.status = 'open' AND requests.response_missed))";

fn either(condition: &'static str, given: &Given) -> Cond {
    match given {
        Given::Bool(false) => Cond::Not(Box::new(Cond::Sql(condition, vec![]))),
        _ => Cond::Sql(condition, vec![]),
    }
}

fn open_is(given: &Given) -> Cond {
    either(STILL_OPEN, given)
}
fn overdue_is(given: &Given) -> Cond {
    either(LATE, given)
}

pub static REQUESTS: ListSpec = ListSpec {
    id: "requests.id",
    filters: &[
        filter(
            Param::new("status", Takes::Words(RequestStatus::WORDS), "Only these."),
            Does::Is("requests.status"),
        ),
        filter(
            Param::new("open", Takes::Bool, "Only those that have not ended, or only the others."),
            Does::Makes(open_is),
        ),
        filter(
            Param::new(
                "overdue",
                Takes::Bool,
                "Only those that nobody has answered in time or that are not done at the date that holds, or only the others.",
            ),
            Does::Makes(overdue_is),
        ),
        filter(
            Param::new("kind", Takes::Words(RequestKind::WORDS), "Only these kinds."),
            Does::Is("requests.kind"),
        ),
        filter(
            Param::new("department_id", Takes::Ids("dep"), "Only what these departments are asked."),
            Does::Is("requests.department_id"),
        ),
        filter(
            Param::new("supplier_id", Takes::Ids("sup"), "Only what these suppliers are asked."),
            Does::Is("requests.supplier_id"),
        ),
        filter(
            Param::new("about", Takes::Text(40), "Only about the record with this id."),
            Does::Is("requests.about"),
        ),
        filter(
            Param::new("customer_id", Takes::Ids("cus"), "Only about records of these customers."),
            Does::Is("requests.customer_id"),
        ),
        filter(
            Param::new("requester_id", Takes::Ids("usr"), "Only what these people ask."),
            Does::Is("requests.requester_id"),
        ),
        filter(
            Param::new("team_id", Takes::Ids("tem"), "Only what people of these teams ask."),
            Does::Is("requests.team_id"),
        ),
        filter(
            Param::new("assignee_id", Takes::Ids("usr"), "Only what these people are to answer."),
            Does::Is("requests.assignee_id"),
        ),
        filter(
            Param::new("wanted_by_from", Takes::Date, "Wanted by this day or later."),
            Does::AtLeast("requests.wanted_by"),
        ),
        filter(
            Param::new("wanted_by_to", Takes::Date, "Wanted by this day or earlier."),
            Does::AtMost("requests.wanted_by"),
        ),
        filter(
            Param::new("number", Takes::Text(40), "The request with this number."),
            Does::Is("requests.number"),
        ),
        filter(
            Param::new("updated_since", Takes::Instant, "Changed at this instant or later."),
            Does::AtLeast("requests.updated_at"),
        ),
    ],
    sorts: &[
        Sort { name: "created_at", column: "requests.created_at" },
        Sort { name: "due_on", column: "requests.due_on" },
        Sort { name: "wanted_by", column: "requests.wanted_by" },
        Sort { name: "number", column: "requests.number" },
        Sort { name: "updated_at", column: "requests.updated_at" },
    ],
    sort_names: &["created_at", "due_on", "wanted_by", "number", "updated_at"],
    default_sort: "-created_at",
    expand: &["department", "supplier", "customer", "requester", "assignee", "team"],
};

impl Row for Request {
    fn id(&self) -> Uuid {
        self.id.0
    }
    fn sort_value(&self, name: &str) -> Value {
        match name {
            "due_on" => self.due_on.into(),
            "wanted_by" => self.wanted_by.into(),
            "number" => self.number.clone().into(),
            "updated_at" => self.updated_at.into(),
            _ => self.created_at.into(),
        }
    }
}

pub static REPLIES: ListSpec = ListSpec {
    id: "request_replies.id",
    filters: &[],
    sorts: &[Sort { name: "created_at", column: "request_replies.created_at" }],
    sort_names: &["created_at"],
    default_sort: "created_at",
    expand: &[],
};

impl Row for RequestReply {
    fn id(&self) -> Uuid {
        self.id.0
    }
    fn sort_value(&self, _: &str) -> Value {
        self.created_at.into()
    }
}
