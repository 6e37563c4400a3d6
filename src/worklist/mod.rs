//! The worklist: what a person should do next, in order, each with why, what is at stake and the call that does it.
//!
//! It reads what other areas keep, in a fixed number of statements, and keeps nothing itself.

mod http;
pub mod model;
pub mod work;

use crate::base::Area;
use crate::base::http::Routes;
use crate::base::messages::Phrase;

pub const AREA: Area = Area { name: "worklist", routes, problems: &[], phrases: PHRASES };

fn routes(r: &mut Routes) {
    r.tag("worklist", "Your worklist: what you should do next.");
    r.read("/worklist", "getWorklist", http::get)
        .person()
        .unversioned()
        .says(
            "Read my worklist",
            "Returns what you should do now, the most urgent first: tasks that are due, complaints and \
             order exceptions that you handle, orders and returns that wait for your approval, returned \
             goods to take in or to settle, requests to answer or to finish, dates that were proposed to \
             you, feedback to acknowledge, and draft orders without a change for `relations.draft_days` of \
             the settings. `text` is in the language that the request asks for; `call` is the operation for \
             the next step. Refused with 403 `not_a_person` for a machine client.",
        )
        .fails_with(&["not_a_person"]);
}

static PHRASES: &[Phrase] = &[
    (
        "worklist_complaint_overdue",
        ["Complaint {number} is overdue since {due}: {subject}", "投诉 {number} 已于 {due} 逾期：{subject}"],
    ),
    (
        "worklist_exception_blocking",
        [
            "Exception {number} ({kind}) blocks order {order}: {description}",
            "异常 {number}（{kind}）阻断订单 {order} 发货：{description}",
        ],
    ),
    (
        "worklist_exception_open",
        [
            "Exception {number} ({kind}) of order {order} is yours: {description}",
            "订单 {order} 的异常 {number}（{kind}）由您处理：{description}",
        ],
    ),
    (
        "worklist_return_to_approve",
        ["Return {number} waits for your approval since {since}", "退货 {number} 自 {since} 起等待您审批"],
    ),
    (
        "worklist_return_to_receive",
        [
            "The goods of return {number} are on their way since {since}",
            "退货 {number} 自 {since} 起等待收货",
        ],
    ),
    (
        "worklist_return_to_settle",
        [
            "The goods of return {number} are here since {since}: credit or replace them",
            "退货 {number} 的货物自 {since} 起已到：请贷记或补发",
        ],
    ),
    ("worklist_task_overdue", ["Overdue since {due}: {subject}", "已于 {due} 逾期：{subject}"]),
    (
        "worklist_order_to_approve",
        ["Order {number} waits for your approval since {since}", "订单 {number} 自 {since} 起等待您审批"],
    ),
    ("worklist_task_due", ["Due at {due}: {subject}", "将于 {due} 到期：{subject}"]),
    (
        "worklist_complaint_open",
        ["Complaint {number} is yours: {subject}", "投诉 {number} 由您处理：{subject}"],
    ),
    (
        "worklist_request_overdue",
        ["Request {number} is late, due on {due}: {subject}", "请求 {number} 已逾期（{due}）：{subject}"],
    ),
    (
        "worklist_request_to_answer",
        ["Request {number} waits for your answer: {subject}", "请求 {number} 等待您答复：{subject}"],
    ),
    (
        "worklist_request_date_to_agree",
        [
            "{date} is offered for request {number}, wanted by {wanted}: {subject}",
            "请求 {number}（需求日期 {wanted}）拟定 {date}，等待您确认：{subject}",
        ],
    ),
    (
        "worklist_request_due",
        ["Request {number} is to be done by {due}: {subject}", "请求 {number} 须在 {due} 前完成：{subject}"],
    ),
    ("worklist_feedback_to_acknowledge", ["A customer said ({kind}): {text}", "客户反馈（{kind}）：{text}"]),
    (
        "worklist_order_draft",
        ["Order {number} is a draft since {since}", "订单 {number} 自 {since} 起一直是草稿"],
    ),
];
