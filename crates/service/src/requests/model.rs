//! Requests: rows, inputs, view, list, visibility.

use chrono::NaiveDate;
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::rules::{RequestAction, RequestStatus};
use crate::base::auth::{Caller, Role, Sight};
use crate::base::db::JsonColumn;
use crate::base::db::filter::{Predicate, Sql, Value, col, one_of, sql};
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
    ///
    /// * `expedite`: to hurry with an order.
    /// * `information`: an answer to a question.
    /// * `production`: to make something.
    /// * `delivery`: to deliver or transport something.
    /// * `quality`: to check or improve the quality.
    /// * `design`: to design or draw something.
    /// * `other`: anything else.
    pub enum RequestKind {
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
    /// State of an offered date.
    ///
    /// * `proposed`: later than the wanted or agreed date; waits for the requester.
    /// * `agreed`: valid; it is the date in `due_on`, unless a later change replaced it.
    /// * `refused`: the requester did not agree; the date before stays valid.
    /// * `replaced`: another date was offered before the requester decided.
    pub enum DatePromise {
        Proposed = "proposed",
        Agreed = "agreed",
        Refused = "refused",
        Replaced = "replaced",
    }
}

/// A date that was offered for a request.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct DateProposal {
    /// Offered day, in the company's time zone.
    #[schema(example = "2026-12-08")]
    pub promised_on: NaiveDate,
    /// Why this day was offered. Null when no reason was given.
    #[schema(max_length = 1000)]
    pub reason: Option<String>,
    /// When it was offered.
    pub proposed_at: At,
    /// Person who offered it. Null for a machine client.
    pub proposed_by: Option<UserId>,
    /// State of the offered date.
    pub promise: DatePromise,
    /// When the requester agreed or refused. Null until then, and for a date that was valid at once.
    pub decided_at: Option<At>,
    /// Person who agreed or refused. Null until then.
    pub decided_by: Option<UserId>,
    /// Why it was refused. Null otherwise.
    #[schema(max_length = 1000)]
    pub decided_reason: Option<String>,
}

/// Number of offered dates that a request keeps; its history has all of them.
pub const MOST_PROPOSALS: usize = 20;

/// What the sales department asks a department or a supplier for, and by when.
#[derive(Debug, Clone, Serialize, ToSchema, Insertable, Queryable, Selectable, AsChangeset)]
#[diesel(table_name = requests)]
#[diesel(treat_none_as_null = true)]
pub struct Request {
    pub id: RequestId,
    pub version: i32,
    /// Number of the request, assigned when it is asked: `RQ`, the year and a running number.
    #[schema(max_length = 20, example = "RQ-2026-000001")]
    pub number: String,
    /// Status of the request.
    pub status: RequestStatus,
    /// What is asked for.
    pub kind: RequestKind,
    /// Department that is asked. Null when a supplier is asked.
    pub department_id: Option<DepartmentId>,
    /// Supplier that is asked. Null when a department is asked.
    pub supplier_id: Option<SupplierId>,
    /// What is asked for, in one line.
    #[schema(max_length = 200)]
    pub subject: String,
    /// What is asked for, in full. Null when nothing was added.
    #[schema(max_length = 4000)]
    pub body: Option<String>,
    /// Id of the record that the request is about, such as an order. Null when it is about none.
    #[schema(max_length = 40, example = "ord_019a7c5e8f3a7d10b6c2a94e516f7264")]
    pub about: Option<String>,
    /// Kind of the record in `about`. Null without one.
    #[schema(max_length = 40, example = "order")]
    pub about_kind: Option<String>,
    /// Customer of the record in `about`. Null when there is none.
    pub customer_id: Option<CustomerId>,
    /// Lines of the order that are meant by an expedite request. Empty: the whole order.
    #[schema(value_type = Vec<OrderLineId>, max_items = 200)]
    pub order_line_ids: JsonColumn<Vec<OrderLineId>>,
    /// Person who asked. Null for a machine client.
    pub requester_id: Option<UserId>,
    /// Team of the requester when the request was asked. Null when the requester had none.
    pub team_id: Option<TeamId>,
    /// Person who has to answer. Null when nobody was named and the department or supplier has no active lead
    /// or owner.
    pub assignee_id: Option<UserId>,
    /// Day by which the requester wants it done.
    #[schema(example = "2026-12-04")]
    pub wanted_by: NaiveDate,
    /// Day by which it has to be done: the wanted day, or an offered day that was agreed on.
    #[schema(example = "2026-12-04")]
    pub due_on: NaiveDate,
    /// Day that was last offered. Null when none was.
    pub promised_on: Option<NaiveDate>,
    /// State of the day that was last offered. Null when none was.
    pub promise: Option<DatePromise>,
    /// Days that were offered, the latest last. The last 20 are kept here; the history has all.
    #[schema(value_type = Vec<DateProposal>, max_items = 20)]
    pub proposals: JsonColumn<Vec<DateProposal>>,
    /// Result of the request, or why it was declined or withdrawn. Null until it ends, and when no result was
    /// given.
    #[schema(max_length = 4000)]
    pub outcome: Option<String>,
    /// When it was accepted or declined. Null until then.
    pub answered_at: Option<At>,
    /// When somebody began to work on it. Null until then.
    pub started_at: Option<At>,
    /// When it was done, declined or withdrawn. Null until then.
    pub ended_at: Option<At>,
    /// Working time until it was accepted or declined, in seconds. Null until then.
    #[schema(value_type = Option<i64>, minimum = 0, maximum = 9007199254740991i64)]
    pub response_seconds: Option<i64>,
    /// True when it was answered after the response deadline, or when the missed response deadline escalated
    /// it.
    pub response_missed: bool,
    /// True when it was not done by the end of the day in `due_on`. Set back to false when `due_on` is moved
    /// to today or later.
    pub delivery_missed: bool,
    /// Who was told that it is late. 0: nobody. 1: the assignee. 2: the lead of the department or owner of
    /// the supplier. 3: the managers. 4: the executives. Set back to 0 when `due_on` changes.
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

/// The departments and suppliers for which a caller answers.
#[derive(Debug, Clone, Default)]
pub struct AnswersFor {
    pub departments: Vec<DepartmentId>,
    pub suppliers: Vec<SupplierId>,
}

/// A request with the steps that you can take now.
#[derive(Debug, Serialize, ToSchema)]
pub struct RequestView {
    #[serde(flatten)]
    pub request: Request,
    pub allowed_actions: Vec<RequestAction>,
}

/// What is asked for, and by when.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct RequestInput {
    /// What is asked for.
    pub kind: RequestKind,
    /// What is asked for, in one line.
    #[schema(min_length = 1, max_length = 200, pattern = r"\S", example = "Are 200 tea sets in stock?")]
    pub subject: String,
    /// What is asked for, in full.
    #[schema(max_length = 4000, example = "The customer would take the blue ones, too")]
    pub body: Option<String>,
    /// Day by which it has to be done, until the end of the day. A changed day becomes `due_on` and starts
    /// the delivery deadline anew.
    #[schema(example = "2026-12-04")]
    pub wanted_by: NaiveDate,
}

/// A new request, with the department or supplier that is asked. Exactly one of `department_id` and
/// `supplier_id` is set.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct NewRequest {
    /// Department that is asked. An inactive department is refused.
    pub department_id: Option<DepartmentId>,
    /// Supplier that is asked. A blocked supplier is refused.
    pub supplier_id: Option<SupplierId>,
    #[serde(flatten)]
    pub request: RequestInput,
    /// Id of the record that the request is about: an order, a customer, a complaint, a shipment or any other
    /// record that you may see. Required when you are restricted to certain customers.
    #[schema(
        pattern = "^[a-z]{3}_[0-9a-f]{32}$",
        min_length = 36,
        max_length = 36,
        example = "ord_019a7c5e8f3a7d10b6c2a94e516f7264"
    )]
    pub about: Option<String>,
    /// Person who has to answer; an active user. Defaults to the lead of the department or the owner of the
    /// supplier.
    pub assignee_id: Option<UserId>,
}

/// A request to hurry with an order. Exactly one of `department_id` and `supplier_id` is set.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ExpediteInput {
    /// Department that is asked. An inactive department is refused.
    pub department_id: Option<DepartmentId>,
    /// Supplier that is asked. A blocked supplier is refused.
    pub supplier_id: Option<SupplierId>,
    /// Day by which it has to be done, until the end of the day.
    #[schema(example = "2026-12-04")]
    pub wanted_by: NaiveDate,
    /// What is asked for, in one line. Defaults to the order's number and the reason, cut to 200 characters.
    #[schema(min_length = 1, max_length = 200, pattern = r"\S", example = "Please ship on Thursday")]
    pub subject: Option<String>,
    /// Why it is urgent. Becomes the `body` of the request and stands in the order's history.
    #[schema(
        min_length = 1,
        max_length = 1000,
        pattern = r"\S",
        example = "Their exhibition opens on Saturday"
    )]
    pub reason: String,
    /// Lines of the order that are meant. Defaults to the whole order.
    #[serde(default)]
    #[schema(max_items = 200)]
    pub line_ids: Vec<OrderLineId>,
    /// Person who has to answer; an active user. Defaults to the lead of the department or the owner of the
    /// supplier.
    pub assignee_id: Option<UserId>,
}

/// The promise to do what was asked for.
#[derive(Debug, Clone, Deserialize, ToSchema)]
pub struct Acceptance {
    /// Day by which it will be done. Defaults to `due_on`. A later day than the wanted one is a proposal: the
    /// requester has to agree to it.
    #[schema(example = "2026-12-04")]
    pub promised_on: Option<NaiveDate>,
    /// Why this day; kept in the history.
    #[schema(max_length = 1000)]
    pub reason: Option<String>,
}

/// Another day that is offered for a request.
#[derive(Debug, Clone, Deserialize, ToSchema)]
pub struct OfferedDate {
    /// Day by which it can be done. A day that is later than `wanted_by` and `due_on` waits for the
    /// requester's agreement.
    #[schema(example = "2026-12-08")]
    pub promised_on: NaiveDate,
    /// Why this day; shown to the requester in `proposals`.
    #[schema(min_length = 1, max_length = 1000, example = "The kiln is full until Monday")]
    pub reason: String,
}

/// The result of a request.
#[derive(Debug, Clone, Deserialize, ToSchema)]
pub struct RequestOutcome {
    /// Answer or result for the requester. Becomes the `outcome` of the request.
    #[schema(max_length = 4000, example = "180 are in stock, 20 more come on Tuesday")]
    pub reply: Option<String>,
}

/// A message about a request. Replies are added and never changed.
#[derive(Debug, Clone, Serialize, ToSchema, Insertable, Queryable, Selectable, AsChangeset)]
#[diesel(table_name = request_replies)]
#[diesel(treat_none_as_null = true)]
pub struct RequestReply {
    pub id: RequestReplyId,
    #[serde(skip)]
    pub version: i32,
    /// Request that the reply belongs to.
    pub request_id: RequestId,
    /// The message itself.
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

/// A new message about a request.
#[derive(Debug, Clone, Deserialize, ToSchema)]
pub struct RequestReplyInput {
    /// The message itself. It cannot be changed later.
    #[schema(min_length = 1, max_length = 4000, example = "Do the boxes have to be sealed?")]
    pub text: String,
}

/// The requests that a caller sees: those that they asked or may answer, those of their teams for a manager, those to
/// departments and suppliers for which they answer, and those about the customers that they see. The warehouse sees
/// only the requests that it asked or may answer.
pub fn visible_to(caller: &Caller) -> Predicate {
    let mine = caller.user.map_or(Predicate::Nothing, |user| concerns(caller, user));
    if caller.role == Some(Role::Warehouse) {
        return mine;
    }
    let teams = match caller.sight {
        Sight::Team => asked_by_their_people(caller),
        _ => Predicate::Nothing,
    };
    match part_of_visible(caller, col!(requests::customer_id)) {
        Predicate::All => Predicate::All,
        customers if teams == Predicate::Nothing => customers.or(mine),
        customers => customers.or(teams.and(caller.within(col!(requests::customer_id)))).or(mine),
    }
}

/// Requests of the people of the caller's teams; those that a machine asked are the team's.
fn asked_by_their_people(caller: &Caller) -> Predicate {
    let of_teams = Predicate::ids(col!(requests::team_id), caller.teams.iter().copied());
    let by_machines = Predicate::IsNull(col!(requests::requester_id)).and(of_teams);
    Predicate::ids(col!(requests::requester_id), caller.people.iter().copied()).or(by_machines)
}

/// Requests that a person asked or may answer.
fn concerns(caller: &Caller, user: Uuid) -> Predicate {
    let asked = Predicate::eq(col!(requests::requester_id), user)
        .or(Predicate::eq(col!(requests::assignee_id), user));
    let led = answered_by(caller, user);
    let departments = Predicate::in_select(col!(requests::department_id), col!(departments::id), led);
    let owned = Predicate::eq(col!(suppliers::owner_id), user);
    asked.or(departments).or(Predicate::in_select(col!(requests::supplier_id), col!(suppliers::id), owned))
}

/// The departments that a person leads, or is in the team of.
pub fn answered_by(caller: &Caller, user: Uuid) -> Predicate {
    let led = Predicate::eq(col!(departments::lead_id), user);
    match caller.team {
        Some(team) => led.or(Predicate::eq(col!(departments::team_id), team)),
        None => led,
    }
}

/// The replies to the requests that a caller sees.
pub fn replies_visible_to(caller: &Caller) -> Predicate {
    match visible_to(caller) {
        Predicate::All => Predicate::All,
        seen => Predicate::in_select(col!(request_replies::request_id), col!(requests::id), seen),
    }
}

/// Requests that are not done, declined or withdrawn.
pub fn still_open() -> Sql {
    one_of(col!(requests::status), RequestStatus::OPEN)
}

/// Requests that were not answered in time, or are not done by their date; written as in the partial index.
pub fn late() -> Sql {
    let (still_open, open) = (still_open(), one_of(col!(requests::status), &[RequestStatus::Open]));
    sql!("{still_open} AND (requests.delivery_missed OR ({open} AND requests.response_missed))")
}

fn either(condition: Sql, given: &Given) -> Predicate {
    let condition = Predicate::Sql(condition, vec![]);
    match given {
        Given::Bool(false) => Predicate::negate(condition),
        _ => condition,
    }
}

fn open_is(given: &Given) -> Predicate {
    either(still_open(), given)
}
fn overdue_is(given: &Given) -> Predicate {
    either(late(), given)
}

pub static REQUESTS: ListSpec = ListSpec {
    id: col!(requests::id),
    filters: &[
        filter(
            Param::new("status", Takes::Words(RequestStatus::WORDS), "Requests with one of these statuses."),
            Does::Is(col!(requests::status)),
        ),
        filter(
            Param::new(
                "open",
                Takes::Bool,
                "`true`: requests that are open, accepted or in progress. `false`: the others.",
            ),
            Does::Makes(open_is),
        ),
        filter(
            Param::new(
                "overdue",
                Takes::Bool,
                "`true`: requests that were not answered in time and still are not, or that are not done by `due_on`. `false`: the others.",
            ),
            Does::Makes(overdue_is),
        ),
        filter(
            Param::new("kind", Takes::Words(RequestKind::WORDS), "Requests of these kinds."),
            Does::Is(col!(requests::kind)),
        ),
        filter(
            Param::new("department_id", Takes::Ids("dep"), "Requests to these departments."),
            Does::Is(col!(requests::department_id)),
        ),
        filter(
            Param::new("supplier_id", Takes::Ids("sup"), "Requests to these suppliers."),
            Does::Is(col!(requests::supplier_id)),
        ),
        filter(
            Param::new("about", Takes::Text(40), "Requests about the record with this id."),
            Does::Is(col!(requests::about)),
        ),
        filter(
            Param::new("customer_id", Takes::Ids("cus"), "Requests about records of these customers."),
            Does::Is(col!(requests::customer_id)),
        ),
        filter(
            Param::new("requester_id", Takes::Ids("usr"), "Requests that these people asked."),
            Does::Is(col!(requests::requester_id)),
        ),
        filter(
            Param::new(
                "team_id",
                Takes::Ids("tem"),
                "Requests of people who were in one of these teams when they asked.",
            ),
            Does::Is(col!(requests::team_id)),
        ),
        filter(
            Param::new("assignee_id", Takes::Ids("usr"), "Requests that these people have to answer."),
            Does::Is(col!(requests::assignee_id)),
        ),
        filter(
            Param::new("wanted_by_from", Takes::Date, "Requests wanted by this day or a later one."),
            Does::AtLeast(col!(requests::wanted_by)),
        ),
        filter(
            Param::new("wanted_by_to", Takes::Date, "Requests wanted by this day or an earlier one."),
            Does::AtMost(col!(requests::wanted_by)),
        ),
        filter(
            Param::new("number", Takes::Text(40), "The request with exactly this number."),
            Does::Is(col!(requests::number)),
        ),
        filter(
            Param::new("updated_since", Takes::Instant, "Requests changed at this instant or later."),
            Does::AtLeast(col!(requests::updated_at)),
        ),
    ],
    sorts: &[
        Sort { name: "created_at", column: col!(requests::created_at) },
        Sort { name: "due_on", column: col!(requests::due_on) },
        Sort { name: "wanted_by", column: col!(requests::wanted_by) },
        Sort { name: "number", column: col!(requests::number) },
        Sort { name: "updated_at", column: col!(requests::updated_at) },
    ],
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
    id: col!(request_replies::id),
    filters: &[],
    sorts: &[Sort { name: "created_at", column: col!(request_replies::created_at) }],
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
