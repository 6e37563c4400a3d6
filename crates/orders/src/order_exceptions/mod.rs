//! Order exceptions: problems with orders, their owners, deadlines and results. An open exception that
//! blocks stops the order's shipping.
//!
//! | endpoint | who |
//! |---|---|
//! | read | `exceptions:read`: exceptions of the orders that one sees, and one's own |
//! | report, and take steps with exceptions that one reported or owns | `exceptions:write` |
//! | every step with every exception, unblock | `exceptions:manage` |

mod check;
mod columns;
mod http;
pub mod model;
pub mod report;
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
use crate::schema::order_exceptions;
use model::OrderException;
use salesdesk_parties::movable;

pub use model::OrderExceptionId;

pub const AREA: Area = Area { name: "order_exceptions", routes, problems: PROBLEMS, phrases: PHRASES };

const READ: &[Scope] = &[Scope::ExceptionsRead];
const WRITE: &[Scope] = &[Scope::ExceptionsWrite, Scope::ExceptionsManage];

fn routes(r: &mut Routes) {
    r.declare(Life::of(
        "Order exceptions",
        OrderExceptionId::KIND,
        rules::ExceptionStatus::ALL,
        rules::ExceptionAction::ALL,
        rules::ExceptionStatus::after,
    ));
    r.declare(held!(
        order_exceptions::owner_id,
        OrderExceptionId,
        ["Owner of order exceptions", "订单异常负责人"],
        |person| Predicate::eq(col!(order_exceptions::owner_id), person).and(model::open()),
        work::pass,
        customer: customer_id
    ));
    r.declare(columns::ORDER_EXCEPTIONS);
    r.declare(movable!(OrderException, order_exceptions, OrderExceptionId));
    r.declare(worklist::SOURCE);
    r.tells(TOLD);
    r.declare(Replayed::of::<model::OrderException>(col!(order_exceptions::id)));
    r.tag(
        "order-exceptions",
        "Problems with orders: who resolves them, by when, and which of them stop the order's shipping.",
    );
    r.within_restrictions();
    r.declare(check::CHECK);
    records(r);
    life(r);
    blocking(r);
    report::routes(r);
    r.deadlines(OrderExceptionId::KIND, work::on_deadline);
    // Urgent: an exception may stop an order's shipping, and only a few working hours are left.
    let urgent = [
        "order_exception_reported",
        "order_exception_assigned",
        "order_exception_reopened",
        "order_exception_due",
        "order_exception_overdue",
        "order_exception_escalated",
    ];
    r.notices(OrderExceptionId::KIND, &urgent, &[]);
    r.expands("exc", work::expand);
}

fn records(r: &mut Routes) {
    r.list("/order-exceptions", "listOrderExceptions", &model::ORDER_EXCEPTIONS, http::list)
        .scope(READ)
        .summary("List order exceptions")
        .description("Exceptions of the orders that you may see, and those that you own. Use `open=true` and `overdue=true` for what is still to be done.");
    r.create("/order-exceptions", "reportOrderException", http::report)
        .scope(WRITE)
        .summary("Report an order exception")
        .description("Records a problem with an order and tells the owner. The order counts it in `open_exceptions`; one that blocks stops the order's shipping (`blocked`). A minor exception must be resolved within 40 working hours, a major one within 16, a critical one within 4 (`GET /deadlines/{record_id}`). In the same order, the owner is reminded 8, 4 and 1 working hours before the deadline and told at the deadline; the manager is told 8, 4 and 1 working hours after it, the executives 40, 16 and 4. A draft or cancelled order is refused with `invalid_transition`.")
        .example(json!({"order_id": "ord_019a7c5e8f3a7d10b6c2a94e516f7264", "kind": "shortage", "severity": "major", "description": "Only forty of sixty boxes are in stock"}))
        .fails_with(&["invalid_transition", "read_only_share"]);
    r.read("/order-exceptions/{exception_id}", "getOrderException", http::get)
        .scope(READ)
        .expands(model::ORDER_EXCEPTIONS.expand)
        .summary("Read an order exception")
        .description("The exception with the steps that you can take now.");
    r.change("/order-exceptions/{exception_id}", "updateOrderException", http::update)
        .scope(WRITE)
        .summary("Change an order exception")
        .description("Corrects what was reported while the exception is open or in progress. Allowed for its owner, for its reporter and with `exceptions:manage`. A changed severity changes the deadline; `blocking` stays as it is.")
        .example(json!({"severity": "critical"}))
        .fails_with(&["invalid_transition", "read_only_share"]);
    r.history("/order-exceptions/{exception_id}/history", "listOrderExceptionHistory", http::get)
        .scope(READ)
        .summary("Read history of an exception")
        .description("Every change in order: who made it, when and why, with the fields before and after.");
}

fn life(r: &mut Routes) {
    let by = &["invalid_transition", "read_only_share"][..];
    r.action("/order-exceptions/{exception_id}/assign", "assignOrderException", http::assign)
        .scope(WRITE)
        .summary("Assign an order exception")
        .description("Makes another person the owner and tells them at once. Allowed for the present owner and with `exceptions:manage`, while the exception is open or in progress.")
        .example(json!({"owner_id": "usr_019a7c5e8f3a7d10b6c2a94e51757372"}))
        .fails_with(by);
    r.action("/order-exceptions/{exception_id}/start", "startOrderException", http::start)
        .scope(WRITE)
        .summary("Start an order exception")
        .description("Marks the exception as being worked on: `open` becomes `in_progress`. Allowed for its owner and with `exceptions:manage`.")
        .fails_with(by);
    r.action("/order-exceptions/{exception_id}/resolve", "resolveOrderException", http::resolve)
        .scope(WRITE)
        .summary("Resolve an order exception")
        .description("Records how the exception was resolved. Its deadline ends, and it does not block the order any more. Allowed for its owner, while the exception does not block or the owner has reported it, and with `exceptions:manage`; while the exception is open or in progress.")
        .example(
            json!({"outcome": "fulfilled_later", "resolution": "The other twenty go with the next truck"}),
        )
        .fails_with(by);
    r.action("/order-exceptions/{exception_id}/close", "closeOrderException", http::close)
        .scope(WRITE)
        .summary("Close an order exception")
        .description("Ends a resolved exception: nothing more is to be done. Allowed for its owner and with `exceptions:manage`.")
        .fails_with(by);
    r.action("/order-exceptions/{exception_id}/reopen", "reopenOrderException", http::reopen)
        .scope(WRITE)
        .summary("Reopen an order exception")
        .description("Opens a resolved or closed exception again, because the problem is not solved. A new deadline begins now, the recorded resolution is cleared, and a blocking exception blocks the order again. The owner is told. Allowed for its owner and with `exceptions:manage`.")
        .example(json!({"reason": "The truck came without them"}))
        .fails_with(by);
    r.action("/order-exceptions/{exception_id}/cancel", "cancelOrderException", http::cancel)
        .scope(WRITE)
        .summary("Cancel an order exception")
        .description("Takes back an exception that was entered by mistake. It does not block the order any more and is not counted in reports. Allowed for its reporter, for its owner while it does not block, and with `exceptions:manage`, while the exception is open or in progress.")
        .example(json!({"reason": "It was another order"}))
        .fails_with(by);
}

fn blocking(r: &mut Routes) {
    r.action("/order-exceptions/{exception_id}/block", "blockByOrderException", http::block)
        .scope(WRITE)
        .summary("Block shipping by an exception")
        .description("From now on the order cannot ship while this exception is open or in progress. Everybody who may report exceptions may do this. Refused with `invalid_transition` when it blocks already.")
        .example(json!({"reason": "The customer has not said yes yet"}))
        .fails_with(&["invalid_transition", "read_only_share"]);
    r.action("/order-exceptions/{exception_id}/unblock", "unblockOrderException", http::unblock)
        .scope(&[Scope::ExceptionsManage])
        .summary("Unblock shipping of an order")
        .description("Lets the order ship although the exception stays open. Refused with `invalid_transition` when the exception does not block.")
        .example(json!({"reason": "They take what there is"}))
        .fails_with(&["invalid_transition", "read_only_share"]);
}

static PROBLEMS: &[ProblemText] = &[problem_text(
    "blocked_by_exception",
    409,
    ["Blocked by an exception", "订单因异常被阻断"],
    [
        "The order cannot ship because of open exceptions: {exceptions}.",
        "未解决的异常阻止该订单发货：{exceptions}。",
    ],
    [
        "`exceptions` lists them. Resolve each one, or ask somebody with exceptions:manage to unblock it.",
        "exceptions 列出各项异常：请逐项解决，或由拥有 exceptions:manage 权限的人解除阻断。",
    ],
)];

static PHRASES: &[Phrase] = &[
    ("needs_order_line", ["needs order_line_id", "需要同时填写 order_line_id"]),
    ("exceeds_ordered", ["is more than the ordered quantity {ordered}", "超过订购数量 {ordered}"]),
    (
        "order_exception_reported",
        ["Exception {number} ({kind}): {description}", "订单异常 {number}（{kind}）：{description}"],
    ),
    (
        "order_exception_assigned",
        [
            "Exception {number} ({kind}) was assigned to you: {description}",
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
            "Exception {number} must be resolved by {due}: {description}",
            "订单异常 {number} 须在 {due} 前解决：{description}",
        ],
    ),
    (
        "order_exception_overdue",
        [
            "Exception {number} is overdue since {due}: {description}",
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

const TOLD: EventSource = EventSource {
    kind: OrderExceptionId::KIND,
    name: ["Order exception", "订单异常"],
    scopes: READ,
    id: col!(order_exceptions::id),
    visible: model::visible_to,
    verbs: &[
        Verb::new("reported", "The exception was reported: somebody found a problem with an order.")
            .reads("reported", "已上报"),
        events::UPDATED,
        Verb::new("assigned", "The exception was given to another owner."),
        Verb::new("started", "The owner began to work on the exception."),
        Verb::new("resolved", "The exception was resolved. It does not block the order any more."),
        Verb::new("closed", "The exception was closed: nothing more is to be done."),
        Verb::new("reopened", "The exception was opened again because it was not resolved."),
        Verb::new("cancelled", "The exception was cancelled because it was entered by mistake."),
        Verb::new("blocked", "The exception blocks: the order cannot ship while it is open."),
        Verb::new("unblocked", "The exception does not block any more: the order may ship."),
        Verb::new("overdue", "The exception passed its deadline and is not resolved.")
            .reads("overdue", "已逾期"),
        Verb::new("escalated", "The exception is overdue, and the manager or the executives were told."),
    ],
};
