//! Order exceptions: what is wrong with an order, who looks after it, by when, and how it came out. An open one that
//! blocks stops the order's shipping.
//!
//! | endpoint | who |
//! |---|---|
//! | read | `exceptions:read`: those of the orders that one sees, and what one looks after |
//! | report, and take steps with what one reported or looks after | `exceptions:write` |
//! | every step with any, unblock | `exceptions:manage` |

mod http;
pub mod model;
pub mod report;
pub mod rules;
pub mod work;

use serde_json::json;

use crate::base::Area;
use crate::base::auth::Scope;
use crate::base::events::{self, Told};
use crate::base::http::Routes;
use crate::base::messages::{Phrase, ProblemText, problem_text};
use crate::schema::order_exceptions;
use model::OrderException;
use salesdesk_parties::movable;

pub use model::OrderExceptionId;

pub const AREA: Area = Area { name: "order_exceptions", routes, problems: PROBLEMS, phrases: PHRASES };

const READ: &[Scope] = &[Scope::ExceptionsRead];
const WRITE: &[Scope] = &[Scope::ExceptionsWrite, Scope::ExceptionsManage];

fn routes(r: &mut Routes) {
    r.declare(movable!(OrderException, order_exceptions, OrderExceptionId));
    r.tells(TOLD);
    r.tag("order-exceptions", "What is wrong with orders, and what blocks their shipping.");
    records(r);
    life(r);
    blocking(r);
    report::routes(r);
    r.deadlines(OrderExceptionId::KIND, work::on_deadline);
    // It may stop an order's shipping, and has a few working hours.
    let urgent = [
        "order_exception_reported",
        "order_exception_assigned",
        "order_exception_reopened",
        "order_exception_due",
        "order_exception_overdue",
        "order_exception_escalated",
    ];
    r.notices(OrderExceptionId::KIND, &urgent, &[]);
    r.expanders.insert("exc", work::expand);
}

fn records(r: &mut Routes) {
    r.list("/order-exceptions", "listOrderExceptions", &model::ORDER_EXCEPTIONS, http::list)
        .scope(READ)
        .says("List order exceptions", "Those of the orders that you see, and what you look after.");
    r.create("/order-exceptions", "reportOrderException", http::report)
        .scope(WRITE)
        .says("Report an order exception", "Of an order that was submitted and not cancelled. Unless you say otherwise it blocks the order's shipping when it is critical, or of kind `price_dispute`, `address` or `payment`: goods that have left cannot be called back. It is to be resolved within 40 working hours when it is minor, 16 when it is major, 4 when it is critical (`GET /deadlines/{record_id}`): the owner is reminded before (8, 4 and 1 hours) and told when that time is over, then the manager (8, 4 and 1 hours later) and the executives (40, 16 and 4 hours later).")
        .example(json!({"order_id": "ord_019a7c5e8f3a7d10b6c2a94e51d0f37b", "kind": "shortage", "severity": "major", "description": "Only forty of sixty boxes are in stock"}))
        .fails_with(&["invalid_transition"]);
    r.read("/order-exceptions/{exception_id}", "getOrderException", http::get)
        .scope(READ)
        .expands(model::ORDER_EXCEPTIONS.expand)
        .says("Read an order exception", "");
    r.change("/order-exceptions/{exception_id}", "updateOrderException", http::update)
        .scope(WRITE)
        .says("Change an order exception", "While it is open, by its owner, by who reported it, or with `exceptions:manage`. Whether it blocks stays as it is.")
        .example(json!({"severity": "critical"}))
        .fails_with(&["invalid_transition"]);
    r.history("/order-exceptions/{exception_id}/history", "listOrderExceptionHistory", http::get)
        .scope(READ)
        .says("History of an order exception", "Every change: who, when, why, before and after.");
}

fn life(r: &mut Routes) {
    let by = &["invalid_transition"][..];
    r.action("/order-exceptions/{exception_id}/assign", "assignOrderException", http::assign)
        .scope(WRITE)
        .says(
            "Give an order exception to somebody",
            "They are told at once. By its owner, or with `exceptions:manage`, as all that follows.",
        )
        .example(json!({"owner_id": "usr_019a7c5e8f3a7d10b6c2a94e51d0f37b"}))
        .fails_with(by);
    r.action("/order-exceptions/{exception_id}/start", "startOrderException", http::start)
        .scope(WRITE)
        .says("Begin to work on an order exception", "")
        .fails_with(by);
    r.action("/order-exceptions/{exception_id}/resolve", "resolveOrderException", http::resolve)
        .scope(WRITE)
        .says("Resolve an order exception", "Says how it came out. It does not block the order any more.")
        .example(
            json!({"outcome": "fulfilled_later", "resolution": "The other twenty go with the next truck"}),
        )
        .fails_with(by);
    r.action("/order-exceptions/{exception_id}/close", "closeOrderException", http::close)
        .scope(WRITE)
        .says("Close an order exception", "Nothing more is to be done.")
        .fails_with(by);
    r.action("/order-exceptions/{exception_id}/reopen", "reopenOrderException", http::reopen)
        .scope(WRITE)
        .says("Open an order exception again", "Its time begins anew. One that blocked blocks again.")
        .example(json!({"reason": "The truck came without them"}))
        .fails_with(by);
    r.action("/order-exceptions/{exception_id}/cancel", "cancelOrderException", http::cancel)
        .scope(WRITE)
        .says(
            "Take back an order exception",
            "It was entered in error. Also by who reported it. It counts in no report.",
        )
        .example(json!({"reason": "It was another order"}))
        .fails_with(by);
}

fn blocking(r: &mut Routes) {
    r.action("/order-exceptions/{exception_id}/block", "blockByOrderException", http::block)
        .scope(WRITE)
        .says("Let an order exception block", "The order does not ship while it is open.")
        .example(json!({"reason": "The customer has not said yes yet"}))
        .fails_with(&["invalid_transition"]);
    r.action("/order-exceptions/{exception_id}/unblock", "unblockOrderException", http::unblock)
        .scope(&[Scope::ExceptionsManage])
        .says("Let the order ship all the same", "The exception stays open.")
        .example(json!({"reason": "They take what there is"}))
        .fails_with(&["invalid_transition"]);
}

static PROBLEMS: &[ProblemText] = &[problem_text(
    "blocked_by_exception",
    409,
    ["Blocked by an exception", "订单因异常被阻断"],
    [
        "Open exceptions stop the order's shipping: {exceptions}.",
        "未解决的异常阻止该订单发货：{exceptions}。",
    ],
    [
        "`exceptions` names them: resolve each, or have it unblocked by somebody with exceptions:manage.",
        "exceptions 列出各项异常：请逐项解决，或由拥有 exceptions:manage 权限的人解除阻断。",
    ],
)];

static PHRASES: &[Phrase] = &[
    ("needs_order_line", ["needs order_line_id", "需要同时填写 order_line_id"]),
    ("exceeds_ordered", ["is more than the {ordered} that was ordered", "超过订购数量 {ordered}"]),
    (
        "order_exception_reported",
        ["Exception {number} ({kind}): {description}", "订单异常 {number}（{kind}）：{description}"],
    ),
    (
        "order_exception_assigned",
        [
            "Exception {number} ({kind}) is yours now: {description}",
            "订单异常 {number}（{kind}）已分配给您：{description}",
        ],
    ),
    (
        "order_exception_reopened",
        ["Exception {number} was opened again: {reason}", "订单异常 {number} 已重新打开：{reason}"],
    ),
    (
        "order_exception_due",
        [
            "Exception {number} is to be resolved by {due}: {description}",
            "订单异常 {number} 须在 {due} 前解决：{description}",
        ],
    ),
    (
        "order_exception_overdue",
        [
            "Exception {number} was to be resolved by {due}: {description}",
            "订单异常 {number} 应在 {due} 前解决，现已逾期：{description}",
        ],
    ),
    (
        "order_exception_escalated",
        [
            "Exception {number} ({kind}) is overdue and was escalated to level {level}: {description}",
            "订单异常 {number}（{kind}）已逾期，升级至第 {level} 级：{description}",
        ],
    ),
];

const TOLD: Told = Told {
    kind: OrderExceptionId::KIND,
    scopes: READ,
    select: "SELECT order_exceptions.id FROM order_exceptions WHERE ",
    visible: model::visible_to,
    verbs: &[
        ("reported", "Somebody said that something is wrong with an order."),
        events::UPDATED,
        ("assigned", "Somebody else looks after it."),
        ("started", "It is being worked on."),
        ("resolved", "It is not wrong any more."),
        ("closed", "Nothing more is to be done."),
        ("reopened", "It was not resolved after all."),
        ("cancelled", "It was entered in error."),
        ("blocked", "While it is open, the order does not ship."),
        ("unblocked", "The order may ship in spite of it."),
        ("overdue", "It was not resolved in time."),
        ("escalated", "It is looked at higher up."),
    ],
};
