//! Requests: what the sales department asks of other departments and of suppliers, until when, what they promise, and
//! who hears of it when nobody answers or delivers. Expediting an order is a request of its own kind.
//!
//! | endpoint | who |
//! |---|---|
//! | read | `requests:read`: what one asks, is to answer, or what is about the customers that one sees |
//! | ask, expedite | `requests:write` |
//! | the steps of the life | `requests:write`, each by whose turn it is: whoever asks, or whoever is asked |

mod about;
mod expedite;
mod http;
mod late;
pub mod model;
mod report;
pub mod rules;
pub mod work;

use serde_json::json;

use crate::base::Area;
use crate::base::auth::Scope;
use crate::base::events::{self, Told};
use crate::base::http::Routes;
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
    r.declare(movable!(Request, requests, RequestId, Some));
    TOLD.iter().for_each(|told| r.tells(*told));
    r.tag("requests", "What departments and suppliers are asked, and what they promise.");
    records(r);
    answers(r);
    decisions(r);
    replies(r);
    report::routes(r);
    r.deadlines(RequestId::KIND, late::on_deadline);
    notices(r);
    r.expanders.insert("rqs", work::expand);
}

/// What waits for an answer, what is or will be late, and what is not going to happen has no time until tomorrow.
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
    r.list("/requests", "listRequests", &model::REQUESTS, http::list).scope(READ).says(
        "List requests",
        "What you ask or are to answer, what the departments and suppliers are asked that you answer for, your teams' as a manager, and what is about the customers that you see. The office sees all.",
    );
    r.create("/requests", "createRequest", http::create)
        .scope(WRITE)
        .says("Ask a department or a supplier", "The lead of the department or the owner of the supplier is to answer unless somebody else is named, and is told at once. The department or supplier says how many working hours an answer may take; until it is done there is time to the end of the date that holds. A missed deadline is told to the assignee, then to the lead, to their manager and the requester's, and to the executives, each once (`GET /deadlines/{record_id}`).")
        .example(json!({"department_id": "dep_019a7c5e8f3a7d10b6c2a94e51d0f37b", "kind": "delivery", "subject": "Please ship with the other order",
            "about": "ord_019a7c5e8f3a7d10b6c2a94e51d0f37b", "wanted_by": "2026-12-04"}));
    r.create("/orders/{order_id}/expedite", "expediteOrder", http::expedite)
        .scope(WRITE)
        .says("Expedite an order", "A request to hurry with an order that is not delivered yet, or with some of its lines; needs `orders:read`, too. The order's history tells of it, and `GET /requests?about={order_id}` lists all. When a date is offered that is later than what was promised, the order's rep and the customer's owner are told. `Location` names the request.")
        .example(json!({"department_id": "dep_019a7c5e8f3a7d10b6c2a94e51d0f37b", "wanted_by": "2026-12-04", "reason": "Their exhibition opens on Saturday"}))
        .fails_with(&["invalid_transition"]);
    r.read("/requests/{request_id}", "getRequest", http::get)
        .scope(READ)
        .expands(model::REQUESTS.expand)
        .says("Read a request", "");
    r.change("/requests/{request_id}", "updateRequest", http::update)
        .scope(WRITE)
        .says(
            "Change a request",
            "By whoever asks, while nobody has answered. Another wanted date is another deadline.",
        )
        .example(json!({"wanted_by": "2026-12-07"}))
        .fails_with(STEP);
    r.read("/requests/{request_id}/actions", "explainRequestActions", http::actions)
        .scope(READ)
        .unversioned()
        .says(
            "What can be done with a request",
            "Every step, and for those that are refused what stands in the way and who can clear it.",
        );
    r.history("/requests/{request_id}/history", "listRequestHistory", http::get)
        .scope(READ)
        .says("History of a request", "Every change: who, when, why, before and after.");
}

/// The steps of whoever is asked.
fn answers(r: &mut Routes) {
    r.action("/requests/{request_id}/accept", "acceptRequest", http::accept)
        .scope(WRITE)
        .optional_body()
        .says("Accept a request", "By whoever is asked. With a date, or by the wanted one; a later one is a proposal, and the wanted date holds until the requester agrees. The requester is told.")
        .example(json!({"promised_on": "2026-12-04"}))
        .fails_with(STEP);
    r.action("/requests/{request_id}/decline", "declineRequest", http::decline)
        .scope(WRITE)
        .says("Decline a request", "By whoever is asked, also after it was accepted. The requester is told.")
        .example(json!({"reason": "The kiln is being rebuilt"}))
        .fails_with(STEP);
    r.action("/requests/{request_id}/propose-date", "proposeRequestDate", http::propose_date)
        .scope(WRITE)
        .says("Offer another date", "By whoever is asked, once it is accepted. One that is not later than what is wanted or agreed on holds at once; a later one waits for the requester. `proposals` keeps what was offered.")
        .example(json!({"promised_on": "2026-12-08", "reason": "The kiln is full until Monday"}))
        .fails_with(STEP);
    r.action("/requests/{request_id}/start", "startRequest", http::start)
        .scope(WRITE)
        .says("Begin with a request", "By whoever is asked. The requester is told.")
        .fails_with(STEP);
    r.action("/requests/{request_id}/finish", "finishRequest", http::finish)
        .scope(WRITE)
        .optional_body()
        .says(
            "Finish a request",
            "By whoever is asked, with what is to be said about it (`outcome`). The requester is told.",
        )
        .example(json!({"reply": "180 are in stock, 20 more come on Tuesday"}))
        .fails_with(STEP);
}

/// The steps of whoever asks, and of both.
fn decisions(r: &mut Routes) {
    r.action("/requests/{request_id}/agree-date", "agreeRequestDate", http::agree_date)
        .scope(WRITE)
        .says("Agree to the date that was offered", "By whoever asks. It holds from now on.")
        .fails_with(STEP);
    r.action("/requests/{request_id}/insist", "insistOnRequestDate", http::insist)
        .scope(WRITE)
        .says("Insist on the date before", "By whoever asks: the date that was offered does not do.")
        .example(json!({"reason": "The exhibition opens on Saturday"}))
        .fails_with(STEP);
    r.action("/requests/{request_id}/withdraw", "withdrawRequest", http::withdraw)
        .scope(WRITE)
        .says("Withdraw a request", "By whoever asks, while it has not ended: it is not wanted any more.")
        .example(json!({"reason": "The customer has cancelled"}))
        .fails_with(STEP);
    r.action("/requests/{request_id}/assign", "assignRequest", http::assign)
        .scope(WRITE)
        .says("Give a request to somebody", "They are told at once.")
        .example(json!({"assignee_id": "usr_019a7c5e8f3a7d10b6c2a94e51d0f37b"}))
        .fails_with(&["invalid_transition"]);
}

fn replies(r: &mut Routes) {
    r.list("/requests/{request_id}/replies", "listRequestReplies", &model::REPLIES, http::list_replies)
        .scope(READ)
        .says("List the replies to a request", "What both sides said, the oldest first.");
    r.action("/requests/{request_id}/replies", "addRequestReply", http::reply)
        .scope(WRITE)
        .unversioned()
        .says(
            "Reply to a request",
            "A question or an answer; both sides hear of it. Replies are never changed.",
        )
        .example(json!({"text": "Do the boxes have to be sealed?"}));
}

static PROBLEMS: &[ProblemText] = &[problem_text(
    "not_your_turn",
    403,
    ["Not your turn", "非您可执行的步骤"],
    [
        "This step is for the other side: whoever is asked answers, and whoever asks decides on dates and withdraws.",
        "该步骤应由另一方执行：由被请求方答复，由请求方确认日期或撤回。",
    ],
    [
        "Ask the other side, or a clerk; GET /requests/{request_id}/actions says whose turn it is.",
        "请联系另一方或销售内勤；GET /requests/{request_id}/actions 会说明应由谁执行。",
    ],
)];

static PHRASES: &[Phrase] = &[
    ("department_is_inactive", ["is not active", "已停用"]),
    (
        "range_of_days",
        ["the range must go forward and have at most {max} days", "日期范围须先后有序，且不超过 {max} 天"],
    ),
    ("turn_of_requester", ["it is the requester's to do", "应由请求方执行"]),
    ("turn_of_asked", ["it is for whoever is asked to do", "应由被请求方执行"]),
    ("no_date_proposed", ["no date waits for agreement", "没有待确认的日期"]),
    (
        "request_received",
        ["You are asked by {wanted} ({number}): {subject}", "请在 {wanted} 前处理请求 {number}：{subject}"],
    ),
    (
        "request_accepted",
        [
            "Request {number} was accepted, by {date}: {subject}",
            "请求 {number} 已受理，{date} 前完成：{subject}",
        ],
    ),
    (
        "request_date_proposed",
        [
            "For request {number}, {date} is offered instead of {wanted}; it waits for you: {subject}",
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
    ("request_started", ["Request {number} was begun: {subject}", "请求 {number} 已开始处理：{subject}"]),
    ("request_done", ["Request {number} is done: {subject}", "请求 {number} 已完成：{subject}"]),
    ("request_withdrawn", ["Request {number} was withdrawn: {reason}", "请求 {number} 已撤回：{reason}"]),
    (
        "request_replied",
        ["There is a reply to request {number}: {subject}", "请求 {number} 有新回复：{subject}"],
    ),
    (
        "request_response_due",
        [
            "Request {number} is to be answered by {due}: {subject}",
            "请求 {number} 须在 {due} 前答复：{subject}",
        ],
    ),
    (
        "request_delivery_due",
        ["Request {number} is to be done by {due}: {subject}", "请求 {number} 须在 {due} 前完成：{subject}"],
    ),
    (
        "request_response_late",
        [
            "Nobody has answered request {number}, due at {due}: {subject}",
            "请求 {number} 应于 {due} 前答复，至今无人答复：{subject}",
        ],
    ),
    (
        "request_delivery_late",
        [
            "Request {number} is not done, due at {due}: {subject}",
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

static TOLD: [Told; 2] = [
    Told {
        kind: RequestId::KIND,
        scopes: READ,
        select: "SELECT requests.id FROM requests WHERE ",
        visible: model::visible_to,
        verbs: &[
            events::CREATED,
            events::UPDATED,
            ("assigned", "Somebody else is to answer."),
            ("accepted", "It was taken on."),
            ("declined", "It was not taken on, with a reason."),
            ("date_proposed", "Another date was offered."),
            ("date_agreed", "The date that was offered holds."),
            ("date_refused", "The requester insists on the date before."),
            ("started", "It was begun."),
            ("done", "It is done."),
            ("withdrawn", "It is not wanted any more."),
            ("escalated", "It is late, and the next one up was told."),
        ],
    },
    Told {
        kind: model::RequestReplyId::KIND,
        scopes: READ,
        select: "SELECT request_replies.id FROM request_replies WHERE ",
        visible: model::replies_visible_to,
        verbs: &[events::CREATED],
    },
];
