//! Orders: entry, review, approval, confirmation, and what follows from shipments.
//!
//! `draft → submitted → approved → confirmed → (partially_shipped) → shipped → delivered → completed`, and
//! `cancelled`; the whole life is [`rules::OrderStatus::after`].

mod http;
mod lines;
pub mod model;
mod purchases;
pub mod rules;
pub mod work;

use serde_json::json;

use crate::base::Area;
use crate::base::auth::Scope;
use crate::base::events::{self, Told};
use crate::base::http::Routes;
use crate::base::messages::{Phrase, ProblemText, problem_text};
use crate::orders::rules::OrderAction;
use crate::schema::orders;
use model::{OrderId, OrderRow};
use salesdesk_parties::movable;

pub const AREA: Area = Area { name: "orders", routes, problems: PROBLEMS, phrases: PHRASES };

const READ: &[Scope] = &[Scope::OrdersRead];

/// The ids in an order that `expand` adds the object of.
const EXPAND: &[&str] = &["customer", "contact", "rep", "team", "region", "lines.product"];

/// Problems that any step can meet.
const STEP: &[&str] = &["invalid_transition", "read_only_share"];

fn routes(r: &mut Routes) {
    r.declare(movable!(OrderRow, orders, OrderId));
    r.tells(TOLD);
    r.tag("orders", "Orders from entry to completion.");
    entry(r);
    by_external_id(r);
    reading(r);
    life(r);
    r.expanders.insert("ord", work::expand_orders);
    purchases::routes(r);
}

fn entry(r: &mut Routes) {
    r.create("/orders", "createOrder", http::create)
        .scope(OrderAction::Edit.scopes())
        .says("Enter an order", "As a draft, with its lines in the same request. What is left out comes from the customer, the price lists and the products. Every sum is computed here; sums that you send are checked (`totals_mismatch`).")
        .example(json!({
            "customer_id": "cus_019a7c5e8f3a7d10b6c2a94e51d0f37b", "order_date": "2026-11-20", "channel": "web",
            "currency": "CNY", "customer_po": "PO-77",
            "lines": [{"product_id": "prd_019a7c5e8f3a7d10b6c2a94e51d0f37b", "quantity": "5", "unit_price": "12.50", "discount_rate": "0.05"}],
        }))
        .fails_with(&["totals_mismatch", "customer_merged"]);
    r.change("/orders/{order_id}", "updateOrder", http::update)
        .scope(OrderAction::Edit.scopes())
        .says(
            "Change a draft's head",
            "Lines have their own endpoints. After confirmation an order changes by a revision; `external_ids` alone can be changed at any time.",
        )
        .example(json!({"customer_po": "PO-78", "notes": "Ring before delivery"}))
        .fails_with(STEP);
    r.remove("/orders/{order_id}", "deleteOrder", http::delete)
        .scope(OrderAction::Delete.scopes())
        .says("Delete a draft", "Only one that was never submitted; any other is cancelled.")
        .fails_with(STEP);
    r.read("/orders/{order_id}/lines", "listOrderLines", http::list_lines)
        .scope(READ)
        .says("An order's lines", "All of them.");
    r.create("/orders/{order_id}/lines", "addOrderLine", http::add_line)
        .scope(OrderAction::Edit.scopes())
        .says("Add a line", "To a draft. Answers the whole order; `Location` names the line.")
        .example(json!({"product_id": "prd_019a7c5e8f3a7d10b6c2a94e51d0f37b", "quantity": "2", "unit_price": "12.50"}))
        .fails_with(STEP);
    r.read("/orders/{order_id}/lines/{line_id}", "getOrderLine", http::get_line)
        .scope(READ)
        .says("Read a line", "Its ETag is the order's.");
    r.change("/orders/{order_id}/lines/{line_id}", "updateOrderLine", http::update_line)
        .scope(OrderAction::Edit.scopes())
        .says("Change a line", "Of a draft. A price that came from a list follows the quantity; one that was typed stays. `If-Match` is the order's ETag.")
        .example(json!({"quantity": "6"}))
        .fails_with(STEP);
    r.remove_part("/orders/{order_id}/lines/{line_id}", "removeOrderLine", http::remove_line)
        .scope(OrderAction::Edit.scopes())
        .says("Remove a line", "From a draft. Answers the order. `If-Match` is the order's ETag.")
        .fails_with(STEP);
}

/// An order as another system has it: the whole of it, each time.
fn by_external_id(r: &mut Routes) {
    r.read_by_external_id("/orders/by-external-id/{system}/{id}", "getOrderByExternalId", http::get)
        .scope(READ)
        .expands(EXPAND)
        .says("Read an order by external id", "With its lines.");
    r.put_by_external_id("/orders/by-external-id/{system}/{id}", "upsertOrderByExternalId", http::create, http::push)
        .scope(OrderAction::Edit.scopes())
        .says("Create or change an order by external id", "A new one needs `customer_id` and is entered as a draft, with its lines. On a draft the head is merged, and `lines`, when given, are all the lines that the order is to have, in their order: a line of the same product (and unit, if it says one) as a line that was there, in its place if that fits, goes on from that line, keeps its id, and keeps what the body does not say; any other line is new, and lines that none goes on from are removed. Customer and currency stay as they were entered. When the order is no draft any more, a body that would change anything but `external_ids` is answered 409 `order_not_draft`, whose errors point at what differs: before confirmation take it back to draft (`withdraw`), after that send a revision (`POST /orders/{order_id}/revisions`).")
        .example(json!({
            "customer_id": "cus_019a7c5e8f3a7d10b6c2a94e51d0f37b", "order_date": "2026-11-20", "customer_po": "PO-77",
            "lines": [{"product_id": "prd_019a7c5e8f3a7d10b6c2a94e51d0f37b", "quantity": "5", "unit_price": "12.50"}],
        }))
        .fails_with(&["totals_mismatch", "customer_merged", "order_not_draft", "external_id_taken", "read_only_share"]);
}

fn reading(r: &mut Routes) {
    r.list("/orders", "listOrders", &model::ORDERS, http::list)
        .scope(READ)
        .says("List orders", "Without their lines. A rep sees their own and what is shared with them, a manager the team's, the warehouse what is approved.");
    r.list("/order-lines", "listAllOrderLines", &lines::ORDER_LINES, lines::list).scope(READ).says(
        "List the lines of all orders",
        "Of the orders that you see, each with its order's head fields: for programs that work line by line.",
    );
    r.read("/orders/{order_id}", "getOrder", http::get)
        .scope(READ)
        .expands(EXPAND)
        .says("Read an order", "With its lines.");
    r.read("/orders/{order_id}/review", "getOrderReview", http::read_review)
        .scope(READ)
        .unversioned()
        .says("Review an order", "What a reviewer must look at, computed now: credit, prices, discounts, dates, duplicates. Hard findings stop approval until somebody with `orders:override` lets them pass with a reason.");
    r.read("/orders/{order_id}/actions", "explainOrderActions", http::actions)
        .scope(READ)
        .unversioned()
        .says(
            "What can be done with an order",
            "Every step, and for those that are refused what stands in the way and who can clear it.",
        );
    r.history("/orders/{order_id}/history", "getOrderHistory", http::get)
        .scope(READ)
        .says("An order's history", "Every change: who, when, why, before and after.");
    r.list("/orders/{order_id}/revisions", "listOrderRevisions", &model::REVISIONS, http::revisions)
        .scope(READ)
        .says(
            "An order's revisions",
            "The changes after confirmation, each with the whole order before and after.",
        );
}

fn life(r: &mut Routes) {
    let why = || json!({"reason": "Asked for by the customer"});
    r.action("/orders/{order_id}/submit", "submitOrder", http::submit)
        .scope(OrderAction::Submit.scopes())
        .says("Submit for review", "")
        .fails_with(STEP);
    r.action("/orders/{order_id}/withdraw", "withdrawOrder", http::withdraw)
        .scope(OrderAction::Withdraw.scopes())
        .says("Take back to draft", "By those who enter orders, before confirmation.")
        .example(why())
        .fails_with(STEP);
    r.action("/orders/{order_id}/approve", "approveOrder", http::approve)
        .scope(OrderAction::Approve.scopes())
        .optional_body()
        .says("Approve", "The review is computed afresh. Above the limit in the settings the one who entered it cannot approve it; above a manager's limit it needs `orders:approve_high`.")
        .example(json!({"override_reason": "Payment arrived this morning"}))
        .fails_with(STEP)
        .fails_with(&["review_blocked", "four_eyes"]);
    r.action("/orders/{order_id}/reject", "rejectOrder", http::reject)
        .scope(OrderAction::Reject.scopes())
        .says("Send back to draft", "By a reviewer, with a reason.")
        .example(why())
        .fails_with(STEP);
    r.action("/orders/{order_id}/override", "overrideOrderFindings", http::override_findings)
        .scope(OrderAction::Override.scopes())
        .says(
            "Let hard findings pass",
            "All that stand in the way now, or those named, with a reason that is kept.",
        )
        .example(json!({"codes": ["over_credit_limit"], "reason": "Payment arrived this morning"}))
        .fails_with(STEP)
        .fails_with(&["nothing_to_override"]);
    r.action("/orders/{order_id}/confirm", "confirmOrder", http::confirm)
        .scope(OrderAction::Confirm.scopes())
        .says("Confirm to the customer", "Credit is looked at again. From now on the first promised date is kept, and changes are revisions.")
        .fails_with(STEP)
        .fails_with(&["review_blocked"]);
    r.action("/orders/{order_id}/revisions", "reviseOrder", http::revise)
        .scope(OrderAction::Revise.scopes())
        .says("Change after confirmation", "Keeps who, why, before and after. Never below what has been shipped. More than was approved, above the limit, needs an approver.")
        .example(json!({"reason": "Customer asked for a later date", "promised_date": "2026-12-10"}))
        .fails_with(STEP)
        .fails_with(&["review_blocked"]);
    r.action("/orders/{order_id}/close-short", "closeOrderShort", http::close_short)
        .scope(OrderAction::CloseShort.scopes())
        .says("End what will not be delivered any more", "So that the rest completes.")
        .example(why())
        .fails_with(STEP);
    r.action("/orders/{order_id}/complete", "completeOrder", http::complete)
        .scope(OrderAction::Complete.scopes())
        .says("Complete", "A delivered order.")
        .fails_with(STEP);
    r.action("/orders/{order_id}/cancel", "cancelOrder", http::cancel)
        .scope(OrderAction::Cancel.scopes())
        .says("Cancel", "With a reason; not after the first shipment.")
        .example(why())
        .fails_with(STEP);
    r.action("/orders/{order_id}/hold", "holdOrder", http::hold)
        .scope(OrderAction::Hold.scopes())
        .says("Hold", "Stops shipping. Finance holds for credit, managers for any other reason.")
        .example(json!({"reason": "Waiting for the deposit"}))
        .fails_with(STEP);
    r.action("/orders/{order_id}/release", "releaseOrder", http::release)
        .scope(OrderAction::Release.scopes())
        .says("Release", "A credit hold is finance's to release.")
        .fails_with(STEP);
}

const TOLD: Told = Told {
    kind: model::OrderId::KIND,
    scopes: READ,
    select: "SELECT orders.id FROM orders WHERE ",
    visible: model::visible_to,
    verbs: &[
        events::CREATED,
        events::UPDATED,
        events::DELETED,
        ("submitted", "It waits for approval."),
        ("withdrawn", "Those who entered it took it back to draft."),
        ("rejected", "A reviewer sent it back to draft, with a reason."),
        ("overridden", "Hard findings of its review were let pass, with a reason."),
        ("approved", "It counts as booked."),
        ("confirmed", "It was confirmed to the customer; it can be shipped."),
        ("revised", "It was changed after confirmation."),
        ("held", "It does not ship."),
        ("released", "It may ship again."),
        ("partially_shipped", "A part of it left the warehouse."),
        ("shipped", "All that was open of it left the warehouse."),
        ("shipment_voided", "A shipment was a mistake; its quantities are open again."),
        ("partially_delivered", "A part of it arrived."),
        ("delivered", "All of it arrived."),
        ("closed_short", "What was open will not be delivered any more."),
        ("completed", "It is done."),
        ("expedited", "A department or a supplier was asked to hurry."),
        (
            "exceptions_changed",
            "An exception of it came up or was cleared: see `open_exceptions` and `blocked`.",
        ),
        ("return_changed", "Goods are to come back, came back or were credited, or a return was given up."),
        ("cancelled", "It will not be delivered, with a reason."),
    ],
};

static PROBLEMS: &[ProblemText] = &[
    problem_text(
        "totals_mismatch",
        422,
        ["Totals differ", "金额不一致"],
        [
            "{count} of the totals that you sent are not what the lines give.",
            "您提交的金额中有 {count} 项与明细计算结果不符。",
        ],
        [
            "The errors name each total and what was computed; per line, amounts are rounded half away from zero to the currency's places.",
            "errors 列出每项金额及计算结果；每行按币种小数位四舍五入。",
        ],
    ),
    problem_text(
        "no_price",
        422,
        ["No price", "没有价格"],
        ["No price list has a price for this.", "价目表中没有对应的价格。"],
        [
            "Send unit_price, or add a price to a list that applies.",
            "请填写 unit_price，或在适用的价目表中添加价格。",
        ],
    ),
    problem_text(
        "order_not_draft",
        409,
        ["No draft any more", "已不是草稿"],
        [
            "The order is {current_status}, and {count} {count:field differs|fields differ} from it; a draft alone is changed this way.",
            "订单状态为 {current_status}，有 {count} 项与之不同；只有草稿可以这样更改。",
        ],
        [
            "The errors point at what differs. Before confirmation: POST /orders/{id}/withdraw, then send it again. After it: POST /orders/{id}/revisions.",
            "errors 指出不同之处。确认前：先 POST /orders/{id}/withdraw 再重新发送；确认后：POST /orders/{id}/revisions。",
        ],
    ),
    problem_text(
        "review_blocked",
        409,
        ["Stopped by the review", "审核未通过"],
        ["Findings stand in the way: {codes}.", "存在阻止项：{codes}。"],
        [
            "GET /orders/{id}/review explains the findings; somebody with orders:override can let them pass with a reason.",
            "GET /orders/{id}/review 说明各项；拥有 orders:override 权限的人可注明理由放行。",
        ],
    ),
    problem_text(
        "four_eyes",
        409,
        ["Another pair of eyes", "须由他人审批"],
        [
            "Above {limit} {currency} the one who entered an order cannot approve it.",
            "超过 {limit} {currency} 的订单，录入人不能自行审批。",
        ],
        ["Ask somebody else who may approve.", "请由其他有审批权限的人审批。"],
    ),
    problem_text(
        "nothing_to_override",
        409,
        ["Nothing to override", "没有可放行的事项"],
        ["No hard finding with these codes stands in the way.", "没有符合这些代码的阻止项。"],
        ["GET /orders/{id}/review lists the findings.", "GET /orders/{id}/review 列出审核事项。"],
    ),
    problem_text(
        "order_on_hold",
        409,
        ["On hold", "订单已冻结"],
        ["The order is on hold and does not ship: {reason}", "订单已冻结，不能发货：{reason}"],
        [
            "GET /orders/{id}/actions says who can release it.",
            "GET /orders/{id}/actions 说明谁可以解除冻结。",
        ],
    ),
];

static PHRASES: &[Phrase] = &[
    ("must_be_positive", ["must be greater than 0", "必须大于 0"]),
    ("must_not_be_negative", ["must not be negative", "不能为负数"]),
    ("not_a_share", ["must be between 0 and 1", "必须在 0 到 1 之间"]),
    ("unknown_unit", ["{sku} is not sold in this unit", "商品 {sku} 没有该单位"]),
    ("no_price", ["no price list has a price for this: send one", "价目表中没有价格：请填写单价"]),
    ("amount_overflow", ["makes an amount that does not fit", "金额超出范围"]),
    ("total_is", ["the lines give {computed}", "按明细计算应为 {computed}"]),
    ("exceeds_open", ["is more than the {open} that is open", "超过未发数量 {open}"]),
    (
        "below_shipped",
        ["must be at least {min}, which is shipped or closed already", "不能少于已发货或已结案的 {min}"],
    ),
    ("customer_blocked", ["The customer is blocked: {reason}", "客户已被冻结：{reason}"]),
    (
        "over_credit_limit",
        [
            "Open orders of {open} {currency} exceed the credit limit of {limit} {currency}.",
            "未结订单 {open} {currency} 超过信用额度 {limit} {currency}。",
        ],
    ),
    (
        "credit_in_other_currency",
        [
            "The credit limit is in {credit_currency} and was not compared with {currency}.",
            "信用额度币种为 {credit_currency}，未与 {currency} 比较。",
        ],
    ),
    (
        "possible_duplicate",
        [
            "Order {number} has the same customer, lines and order number of the customer's.",
            "订单 {number} 的客户、明细和客户单号相同。",
        ],
    ),
    ("no_shipping_address", ["There is no shipping address.", "没有收货地址。"]),
    ("promised_date_past", ["The promised date {date} has passed.", "承诺日期 {date} 已过。"]),
    (
        "product_not_on_sale",
        ["Line {position}: {sku} is not on sale.", "第 {position} 行：商品 {sku} 未在售。"],
    ),
    (
        "no_list_price",
        [
            "Line {position}: no price list has a price for {sku}.",
            "第 {position} 行：价目表中没有 {sku} 的价格。",
        ],
    ),
    (
        "price_below_list",
        [
            "Line {position}: the price {price} is below the list price {list_price}.",
            "第 {position} 行：单价 {price} 低于目录价 {list_price}。",
        ],
    ),
    (
        "price_below_cost",
        ["Line {position}: the price after discount is below cost.", "第 {position} 行：折后单价低于成本。"],
    ),
    (
        "discount_beyond_limit",
        [
            "Line {position}: the discount of {discount} is beyond the limit of {limit}.",
            "第 {position} 行：折扣 {discount} 超过限额 {limit}。",
        ],
    ),
    (
        "was_shipped",
        ["is in a shipment, even if that was voided: it stays", "已在发货单中（含已作废的），不能删除"],
    ),
    ("no_lines", ["There are no lines.", "没有明细。"]),
    ("was_submitted", ["It was submitted before: cancel it instead.", "曾经提交过：请改为取消。"]),
    ("already_on_hold", ["It is on hold already.", "已处于冻结状态。"]),
    ("not_on_hold", ["It is not on hold.", "未处于冻结状态。"]),
    (
        "blocked_by_exceptions",
        ["Open exceptions block it: {exceptions}", "存在未解决的阻断性异常：{exceptions}"],
    ),
    ("on_hold", ["It is on hold: {reason}", "订单已冻结：{reason}"]),
    (
        "four_eyes_needed",
        ["Somebody else than the one who entered it must approve.", "须由录入人以外的人审批。"],
    ),
    (
        "above_manager_limit",
        ["It is above the limit of {limit} up to which a manager may approve.", "超过经理审批限额 {limit}。"],
    ),
];
