//! Requests: what the sales department asks of other departments and of suppliers, by when, what they promise, and
//! who is told when nobody answers or delivers. Expediting an order is one kind of request.
//!
//! | endpoint | who |
//! |---|---|
//! | read | `requests:read`: requests that one asked or may answer, and those about customers that one sees |
//! | ask, expedite | `requests:write` |
//! | the steps of the life | `requests:write`, each by its side: the requester, or the side that is asked |

mod about;
mod columns;
mod expedite;
mod http;
mod late;
pub mod model;
mod report;
pub mod rules;
pub mod work;
mod worklist;

use serde_json::json;

use crate::base::Area;
use crate::base::auth::Scope;
use crate::base::db::Replayed;
use crate::base::db::filter::{Predicate, col};
use crate::base::events::{self, EventSource, Verb};
use crate::base::held;
use crate::base::http::Routes;
use crate::base::lives::Life;
use crate::base::messages::{Phrase, ProblemText, problem_text};
use crate::orders::model::OrderId;
use crate::schema::requests;
use model::Request;
use salesdesk_parties::movable;

pub use model::RequestId;

pub const AREA: Area = Area { name: "requests", routes, problems: PROBLEMS, phrases: PHRASES };

const READ: &[Scope] = &[Scope::RequestsRead];
const WRITE: &[Scope] = &[Scope::RequestsWrite];
/// Problems that any step can meet.
const STEP: &[&str] = &["invalid_transition", "not_your_turn"];

fn routes(r: &mut Routes) {
    r.declare(
        Life::of(
            "Requests",
            RequestId::KIND,
            rules::RequestStatus::ALL,
            rules::RequestAction::ALL,
            rules::RequestStatus::after,
        )
        .calls(&[("reply", "addRequestReply")]),
    );
    r.declare(held!(
        requests::requester_id,
        RequestId,
        ["Requester of requests", "请求发起人"],
        |person| Predicate::eq(col!(requests::requester_id), person).and(Predicate::Sql(model::still_open(), vec![])),
        work::pass_question,
        customer: customer_id
    ));
    r.declare(held!(
        requests::assignee_id,
        RequestId,
        ["Assignee of requests", "请求处理人"],
        |person| Predicate::eq(col!(requests::assignee_id), person)
            .and(Predicate::Sql(model::still_open(), vec![])),
        work::pass_answer
    ));
    r.declare(columns::REQUESTS);
    r.declare(movable!(Request, requests, RequestId, Some));
    r.declare(worklist::SOURCE);
    TOLD.iter().for_each(|told| r.tells(*told));
    r.declare(Replayed::of::<model::Request>(col!(requests::id)));
    r.declare(Replayed::of::<model::RequestReply>(col!(request_replies::id)));
    r.tag(
        "requests",
        "Requests to departments and suppliers: what is asked for, by when, and what they promise.",
    );
    r.within_restrictions();
    records(r);
    answers(r);
    decisions(r);
    replies(r);
    report::routes(r);
    r.deadlines(RequestId::KIND, late::on_deadline);
    notices(r);
    r.expands("rqs", work::expand);
}

/// Urgent: what waits for an answer, what is or will be late, and what was declined.
fn notices(r: &mut Routes) {
    let urgent = [
        "request_received",
        "request_date_proposed",
        "request_declined",
        "request_response_due",
        "request_delivery_due",
        "request_response_late",
        "request_delivery_late",
    ];
    let usual = [
        "request_accepted",
        "request_date_changed",
        "request_date_agreed",
        "request_date_refused",
        "request_started",
        "request_done",
        "request_withdrawn",
        "request_replied",
    ];
    r.notices(RequestId::KIND, &urgent, &usual);
    r.notices(OrderId::KIND, &["order_delay_expected"], &[]);
}

fn records(r: &mut Routes) {
    r.list("/requests", "listRequests", &model::REQUESTS, http::list).scope(READ)
        .summary("List requests")
        .description("Sales reps see requests that they asked or may answer, those to departments and suppliers for which they answer, and those about customers that they may see. Managers also see those of their teams. Warehouse users see only those that they asked or may answer. Other roles see all requests.");
    r.create("/requests", "createRequest", http::create)
        .scope(WRITE)
        .summary("Ask a department or supplier")
        .description("Asks a department or a supplier for something and tells the person who has to answer. There are two deadlines (`GET /deadlines/{record_id}`): the answer, within the working hours that the department or supplier sets (`response_hours`), and the delivery, by the end of the day in `due_on`. The assignee is reminded one working hour before the first and four before the second. At a missed deadline the assignee is told, the lead of the department or owner of the supplier 4 working hours later, the managers of both sides after 8, the executives after 16.")
        .example(json!({"department_id": "dep_019a7c5e8f3a7d10b6c2a94e51646570", "kind": "delivery", "subject": "Please ship with the other order",
            "about": "ord_019a7c5e8f3a7d10b6c2a94e516f7264", "wanted_by": "2026-12-04"}));
    r.create("/orders/{order_id}/expedite", "expediteOrder", http::expedite)
        .scope(WRITE)
        .summary("Expedite an order")
        .description("Asks a department or a supplier to hurry with an order, or with some of its lines, and notes it in the order's history. The scope `orders:read` is needed, too. `Location` names the new request; `GET /requests?about={order_id}` lists all requests about the order. When a later date is offered than was promised to the customer, the sales rep of the order and the customer's owner are told. A delivered, completed or cancelled order is refused with `invalid_transition`.")
        .example(json!({"department_id": "dep_019a7c5e8f3a7d10b6c2a94e51646570", "wanted_by": "2026-12-04", "reason": "Their exhibition opens on Saturday"}))
        .fails_with(&["invalid_transition"]);
    r.read("/requests/{request_id}", "getRequest", http::get)
        .scope(READ)
        .expands(model::REQUESTS.expand)
        .summary("Read a request")
        .description("The request with the steps that you can take now. Replies have their own list.");
    r.change("/requests/{request_id}", "updateRequest", http::update)
        .scope(WRITE)
        .summary("Change a request")
        .description("Changes what is asked for. Only for the requester's side, and only while the request is open. Others are refused with `not_your_turn`. A changed `wanted_by` starts the delivery deadline anew.")
        .example(json!({"wanted_by": "2026-12-07"}))
        .fails_with(STEP);
    r.read("/requests/{request_id}/actions", "explainRequestActions", http::actions)
        .scope(READ)
        .unversioned()
        .summary("Explain actions of a request")
        .description("Lists every step. For each step that you cannot take now it says what stands in the way and who can help.");
    r.history("/requests/{request_id}/history", "listRequestHistory", http::get)
        .scope(READ)
        .summary("Read the history of a request")
        .description("Every change in order: who made it, when and why, with the fields before and after.");
}

/// The steps of the side that is asked.
fn answers(r: &mut Routes) {
    r.action("/requests/{request_id}/accept", "acceptRequest", http::accept)
        .scope(WRITE)
        .optional_body()
        .summary("Accept a request")
        .description("For the side that is asked: promises to do it and ends the response deadline. Without `promised_on` the day in `due_on` is accepted. A day later than the wanted one is a proposal: `due_on` stays until the requester agrees. The requester is told. Others are refused with `not_your_turn`.")
        .example(json!({"promised_on": "2026-12-04"}))
        .fails_with(STEP);
    r.action("/requests/{request_id}/decline", "declineRequest", http::decline)
        .scope(WRITE)
        .summary("Decline a request")
        .description("For the side that is asked: refuses to do it, also after it was accepted. The deadlines end and the requester is told. Others are refused with `not_your_turn`.")
        .example(json!({"reason": "The kiln is being rebuilt"}))
        .fails_with(STEP);
    r.action("/requests/{request_id}/propose-date", "proposeRequestDate", http::propose_date)
        .scope(WRITE)
        .summary("Offer another date")
        .description("For the side that is asked, after the request was accepted. A day not later than `wanted_by` or `due_on` is valid at once. A later day waits for the requester to agree or insist. The requester is told; `proposals` keeps the offered days. Others are refused with `not_your_turn`.")
        .example(json!({"promised_on": "2026-12-08", "reason": "The kiln is full until Monday"}))
        .fails_with(STEP);
    r.action("/requests/{request_id}/start", "startRequest", http::start)
        .scope(WRITE)
        .summary("Start a request")
        .description("For the side that is asked: `accepted` becomes `in_progress`, and the requester is told. Others are refused with `not_your_turn`.")
        .fails_with(STEP);
    r.action("/requests/{request_id}/finish", "finishRequest", http::finish)
        .scope(WRITE)
        .optional_body()
        .summary("Finish a request")
        .description("For the side that is asked: records that an accepted request is done, with the result in `reply`, and ends the delivery deadline. The requester is told. Others are refused with `not_your_turn`.")
        .example(json!({"reply": "180 are in stock, 20 more come on Tuesday"}))
        .fails_with(STEP);
}

/// The steps of the requester, and those of both sides.
fn decisions(r: &mut Routes) {
    r.action("/requests/{request_id}/agree-date", "agreeRequestDate", http::agree_date)
        .scope(WRITE)
        .summary("Agree to an offered date")
        .description("For the requester: the offered day becomes `due_on`, the delivery deadline starts anew, and the person who answers is told. Refused with `invalid_transition` when no offered day waits for agreement, and with `not_your_turn` for others.")
        .fails_with(STEP);
    r.action("/requests/{request_id}/insist", "insistOnRequestDate", http::insist)
        .scope(WRITE)
        .summary("Refuse an offered date")
        .description("For the requester: `due_on` stays as it was, and the person who answers is told. Refused with `invalid_transition` when no offered day waits for agreement, and with `not_your_turn` for others.")
        .example(json!({"reason": "The exhibition opens on Saturday"}))
        .fails_with(STEP);
    r.action("/requests/{request_id}/withdraw", "withdrawRequest", http::withdraw)
        .scope(WRITE)
        .summary("Withdraw a request")
        .description("For the requester: ends a request that is not needed any more, until it is done or declined. The deadlines end and the person who answers is told. Others are refused with `not_your_turn`.")
        .example(json!({"reason": "The customer has cancelled"}))
        .fails_with(STEP);
    r.action("/requests/{request_id}/assign", "assignRequest", http::assign)
        .scope(WRITE)
        .summary("Assign a request")
        .description("Names another person who has to answer and tells them at once. Both sides may do this, until the request has ended.")
        .example(json!({"assignee_id": "usr_019a7c5e8f3a7d10b6c2a94e51757372"}))
        .fails_with(&["invalid_transition"]);
}

fn replies(r: &mut Routes) {
    r.list("/requests/{request_id}/replies", "listRequestReplies", &model::REPLIES, http::list_replies)
        .scope(READ)
        .summary("List replies to a request")
        .description("The messages of both sides, the oldest first.");
    r.action("/requests/{request_id}/replies", "addRequestReply", http::reply)
        .scope(WRITE)
        .unversioned()
        .summary("Reply to a request")
        .description("Adds a question or an answer, in every status of the request. The requester and the person who answers are told. Replies are never changed.")
        .example(json!({"text": "Do the boxes have to be sealed?"}));
}

static PROBLEMS: &[ProblemText] = &[problem_text(
    "not_your_turn",
    403,
    ["Not your step", "非您可执行的步骤"],
    [
        "This step is for the other side. The side that is asked answers; the requester agrees to dates and withdraws.",
        "该步骤应由另一方执行：由被请求方答复，由请求方确认日期或撤回。",
    ],
    [
        "Ask the other side or a clerk to do it; GET /requests/{request_id}/actions says who can.",
        "请联系另一方或销售内勤；GET /requests/{request_id}/actions 会说明应由谁执行。",
    ],
)];

static PHRASES: &[Phrase] = &[
    ("department_is_inactive", ["is not active", "已停用"]),
    (
        "range_of_days",
        ["the range must go forward and have at most {max} days", "日期范围须先后有序，且不超过 {max} 天"],
    ),
    ("turn_of_requester", ["only the requester can do this", "应由请求方执行"]),
    ("turn_of_asked", ["only the side that is asked can do this", "应由被请求方执行"]),
    ("no_date_proposed", ["no offered date waits for agreement", "没有待确认的日期"]),
    (
        "request_received",
        [
            "Request {number} for you, wanted by {wanted}: {subject}",
            "请在 {wanted} 前处理请求 {number}：{subject}",
        ],
    ),
    (
        "request_accepted",
        [
            "Request {number} was accepted for {date}: {subject}",
            "请求 {number} 已受理，{date} 前完成：{subject}",
        ],
    ),
    (
        "request_date_proposed",
        [
            "For request {number}, {date} is offered instead of {wanted}. Please agree or refuse: {subject}",
            "请求 {number} 拟由 {wanted} 改为 {date}，等待您确认：{subject}",
        ],
    ),
    (
        "request_date_changed",
        ["Request {number} will be done by {date}: {subject}", "请求 {number} 将于 {date} 前完成：{subject}"],
    ),
    (
        "request_date_agreed",
        [
            "{date} is agreed on for request {number}: {subject}",
            "请求 {number} 的日期 {date} 已确认：{subject}",
        ],
    ),
    (
        "request_date_refused",
        [
            "The requester insists on {date} for request {number}: {subject}",
            "请求方坚持请求 {number} 须在 {date} 前完成：{subject}",
        ],
    ),
    ("request_declined", ["Request {number} was declined: {reason}", "请求 {number} 被拒绝：{reason}"]),
    (
        "request_started",
        ["Work on request {number} has started: {subject}", "请求 {number} 已开始处理：{subject}"],
    ),
    ("request_done", ["Request {number} is done: {subject}", "请求 {number} 已完成：{subject}"]),
    ("request_withdrawn", ["Request {number} was withdrawn: {reason}", "请求 {number} 已撤回：{reason}"]),
    (
        "request_replied",
        ["There is a reply to request {number}: {subject}", "请求 {number} 有新回复：{subject}"],
    ),
    (
        "request_response_due",
        [
            "Request {number} must be answered by {due}: {subject}",
            "请求 {number} 须在 {due} 前答复：{subject}",
        ],
    ),
    (
        "request_delivery_due",
        ["Request {number} must be done by {due}: {subject}", "请求 {number} 须在 {due} 前完成：{subject}"],
    ),
    (
        "request_response_late",
        [
            "Request {number} is not answered; it was due at {due}: {subject}",
            "请求 {number} 应于 {due} 前答复，至今无人答复：{subject}",
        ],
    ),
    (
        "request_delivery_late",
        [
            "Request {number} is not done; it was due at {due}: {subject}",
            "请求 {number} 应于 {due} 前完成，至今未完成：{subject}",
        ],
    ),
    (
        "order_delay_expected",
        [
            "Order {number} was promised for {promised}, but {offered} is offered (request {request})",
            "订单 {number} 承诺 {promised} 交付，但对方仅能 {offered}（请求 {request}）",
        ],
    ),
];

static TOLD: [EventSource; 2] = [
    EventSource {
        kind: RequestId::KIND,
        name: ["Request", "协作请求"],
        scopes: READ,
        id: col!(requests::id),
        visible: model::visible_to,
        verbs: &[
            events::CREATED,
            events::UPDATED,
            Verb::new("assigned", "Another person has to answer the request."),
            Verb::new("accepted", "The request was accepted.").reads("accepted", "已受理"),
            Verb::new("declined", "The request was declined with a reason.").reads("declined", "已拒绝"),
            Verb::new("date_proposed", "Another date was offered for the request.")
                .reads("another date proposed", "已提出新日期"),
            Verb::new("date_agreed", "The requester agreed to the offered date.")
                .reads("date agreed", "日期已确认"),
            Verb::new("date_refused", "The requester refused the offered date; the date before stays valid.")
                .reads("date refused", "未接受新日期"),
            Verb::new("started", "Work on the request began."),
            Verb::new("done", "The request was finished."),
            Verb::new("withdrawn", "The request was withdrawn: it is not needed any more."),
            Verb::new("escalated", "The request is late, and the next level of management was told."),
        ],
    },
    EventSource {
        kind: model::RequestReplyId::KIND,
        name: ["Reply to a request", "请求回复"],
        scopes: READ,
        id: col!(request_replies::id),
        visible: model::replies_visible_to,
        verbs: &[events::CREATED],
    },
];
