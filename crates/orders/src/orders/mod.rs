//! Orders: entry, review, approval, confirmation, and the status that follows from shipments.
//!
//! `draft → submitted → approved → confirmed → (partially_shipped) → shipped → delivered → completed`, and
//! `cancelled`; the whole life is [`rules::OrderStatus::after`].

pub mod check;
pub mod columns;
mod http;
mod lines;
pub mod model;
pub mod proposals;
mod purchases;
pub mod reps;
pub mod rules;
pub mod stakes;
pub mod work;
mod worklist;

use serde_json::json;

use crate::base::Area;
use crate::base::auth::Scope;
use crate::base::db::Replayed;
use crate::base::db::filter::col;
use crate::base::events::{self, EventSource, Verb};
use crate::base::held;
use crate::base::holdings::Holding;
use crate::base::http::Routes;
use crate::base::lives::Life;
use crate::base::messages::{Phrase, ProblemText, problem_text};
use crate::orders::rules::OrderAction;
use crate::schema::orders;
use model::{OrderId, OrderRow};
use salesdesk_parties::movable;

pub const AREA: Area = Area { name: "orders", routes, problems: PROBLEMS, phrases: PHRASES };

const READ: &[Scope] = &[Scope::OrdersRead];

/// The ids in an order that `expand` adds the object of.
const EXPAND: &[&str] = &["customer", "contact", "rep", "responsible", "team", "region", "lines.product"];

/// Problems that any step can meet.
const STEP: &[&str] = &["invalid_transition", "read_only_share"];

fn routes(r: &mut Routes) {
    r.declare(
        Life::of(
            "Orders",
            OrderId::KIND,
            rules::OrderStatus::ALL,
            rules::OrderAction::ALL,
            rules::OrderStatus::after,
        )
        .calls(&[("ship", "createShipment"), ("revise", "reviseOrder")])
        .follows(&[
            ("confirmed", "ship all", "shipped"),
            ("partially_shipped", "ship the rest", "shipped"),
            ("shipped", "the last shipment is delivered", "delivered"),
            ("shipped", "a shipment is voided", "partially_shipped"),
            ("partially_shipped", "the only shipment is voided", "confirmed"),
        ]),
    );
    r.declare(columns::ORDERS);
    r.declare(columns::ORDER_LINES);
    r.declare(&columns::ORDERS_IMPORTED);
    r.declare(movable!(OrderRow, orders, OrderId));
    r.declare(worklist::SOURCE);
    r.declare(check::CHECK);
    r.declare(model::RECENT);
    r.declare(model::UNDER_WAY);
    r.declare(held!(
        orders::rep_id,
        OrderId,
        ["Rep of orders", "订单销售代表"],
        reps::held_by,
        reps::pass,
        customer: customer_id
    ));
    r.declare(Holding::with(
        col!(orders::responsible_id),
        col!(orders::rep_id),
        ["Works on orders", "订单跟进人"],
    ));
    r.declare(Holding::past(col!(order_reps::rep_id), ["Whom orders counted for", "订单业绩归属"]));
    r.begins_with(reps::fill);
    r.tells(TOLD);
    r.declare(Replayed::of::<model::Order>(col!(orders::id)));
    r.tag("orders", "Orders, from entry over review and confirmation to completion.");
    r.within_restrictions();
    entry(r);
    by_external_id(r);
    reading(r);
    life(r);
    r.expands("ord", work::expand_orders);
    purchases::routes(r);
    proposals::routes(r);
}

fn entry(r: &mut Routes) {
    r.create("/orders", "createOrder", http::create)
        .scope(OrderAction::Edit.scopes())
        .summary("Enter an order")
        .description(
            "Enters an order as a draft, with its lines in the same request. Fields that you leave out \
                are taken from the customer, the price lists and the products. All totals are computed here; \
                if you send totals, they are compared (`totals_mismatch`). Nothing is reviewed or booked \
                yet: `POST /orders/{order_id}/submit` comes next.",
        )
        .example(json!({
            "customer_id": "cus_019a7c5e8f3a7d10b6c2a94e51637573", "order_date": "2026-11-20", "channel": "web",
            "currency": "CNY", "customer_po": "PO-77",
            "lines": [{"product_id": "prd_019a7c5e8f3a7d10b6c2a94e51707264", "quantity": "5", "unit_price": "12.50", "discount_rate": "0.05"}],
        }))
        .fails_with(&["totals_mismatch", "customer_merged"]);
    r.change("/orders/{order_id}", "updateOrder", http::update)
        .scope(OrderAction::Edit.scopes())
        .summary("Change a draft's head")
        .description(
            "Changes the head fields that you send. Lines keep their prices and have operations of their \
                own. Only a draft can be changed, except `external_ids`, which can be changed in every \
                status when sent alone. After confirmation use `POST /orders/{order_id}/revisions`.",
        )
        .example(json!({"customer_po": "PO-78", "notes": "Ring before delivery"}))
        .fails_with(STEP);
    r.remove("/orders/{order_id}", "deleteOrder", http::delete)
        .scope(OrderAction::Delete.scopes())
        .summary("Delete a draft")
        .description(
            "Deletes an order that was never submitted. Refused with `invalid_transition` for any other; \
                cancel it instead.",
        )
        .fails_with(STEP);
    r.read("/orders/{order_id}/lines", "listOrderLines", http::list_lines)
        .scope(READ)
        .summary("List an order's lines")
        .description("Lists all lines of one order, by position, on one page. The ETag is the order's.");
    r.create("/orders/{order_id}/lines", "addOrderLine", http::add_line)
        .scope(OrderAction::Edit.scopes())
        .summary("Add a line")
        .description(
            "Adds a line to a draft and returns the whole order; `Location` names the line. Without \
                `unit_price` the price lists give the price. An order has at most 500 lines.",
        )
        .example(json!({"product_id": "prd_019a7c5e8f3a7d10b6c2a94e51707264", "quantity": "2", "unit_price": "12.50"}))
        .fails_with(STEP);
    r.read("/orders/{order_id}/lines/{line_id}", "getOrderLine", http::get_line)
        .scope(READ)
        .summary("Read a line")
        .description("Returns one line. Lines have no version of their own: the ETag is the order's.");
    r.change("/orders/{order_id}/lines/{line_id}", "updateOrderLine", http::update_line)
        .scope(OrderAction::Edit.scopes())
        .summary("Change a line")
        .description(
            "Changes a line of a draft and returns the whole order. A price from a price list is looked \
                up again for the new quantity and unit; a manual price stays. `If-Match` takes the order's \
                ETag.",
        )
        .example(json!({"quantity": "6"}))
        .fails_with(STEP);
    r.remove_part("/orders/{order_id}/lines/{line_id}", "removeOrderLine", http::remove_line)
        .scope(OrderAction::Edit.scopes())
        .summary("Remove a line")
        .description("Removes a line from a draft and returns the order. `If-Match` takes the order's ETag.")
        .fails_with(STEP);
}

/// Another system sends the whole order each time.
fn by_external_id(r: &mut Routes) {
    r.read_by_external_id("/orders/by-external-id/{system}/{id}", "getOrderByExternalId", http::get)
        .scope(READ)
        .expands(EXPAND)
        .summary("Read an order by external id")
        .description("Returns the order that has this external id, with its lines, if you see it.");
    r.put_by_external_id("/orders/by-external-id/{system}/{id}", "upsertOrderByExternalId", http::create, http::push)
        .scope(OrderAction::Edit.scopes())
        .summary("Create or change an order by external id")
        .description(
            "For systems that push whole orders here. A new order needs `customer_id` and is entered as a \
                draft.\n\
                \n\
                On a draft, `lines` replaces all lines, in the order in which you send them. A sent line for \
                the same product (and unit, if it names one) continues an existing line: it keeps the id and \
                everything that you do not send. Other sent lines are new, and existing lines that are not \
                continued are removed. Customer and currency cannot change.\n\
                \n\
                When the order is no longer a draft, a body that would change anything except `external_ids` \
                is refused with `order_not_draft`; the errors point at the differences. Before confirmation \
                take the order back to draft with `withdraw`; after it send a revision \
                (`POST /orders/{order_id}/revisions`).",
        )
        .example(json!({
            "customer_id": "cus_019a7c5e8f3a7d10b6c2a94e51637573", "order_date": "2026-11-20", "customer_po": "PO-77",
            "lines": [{"product_id": "prd_019a7c5e8f3a7d10b6c2a94e51707264", "quantity": "5", "unit_price": "12.50"}],
        }))
        .fails_with(&["totals_mismatch", "customer_merged", "order_not_draft", "external_id_taken", "read_only_share"]);
}

fn reading(r: &mut Routes) {
    r.list("/orders", "listOrders", &model::ORDERS, http::list)
        .scope(READ)
        .summary("List orders")
        .description(
            "Lists the orders that you see, without their lines. A rep sees their own orders and those \
            shared with them, a manager also those of their teams, the warehouse those that are approved \
            or later and not cancelled. A machine client can be restricted to certain customers or to a \
            team.",
        );
    r.list("/order-lines", "listAllOrderLines", &lines::ORDER_LINES, lines::list)
        .scope(READ)
        .summary("List the lines of all orders")
        .description(
            "Lists the lines of all orders that you see, each with fields from the head of its order. For \
            programs that work line by line.",
        );
    r.read("/orders/{order_id}", "getOrder", http::get)
        .scope(READ)
        .expands(EXPAND)
        .summary("Read an order")
        .description("Returns one order with its lines.");
    r.read("/orders/{order_id}/review", "getOrderReview", http::read_review)
        .scope(READ)
        .unversioned()
        .summary("Read an order's review")
        .description(
            "Shows what a reviewer has to look at, computed now: credit, prices, discounts, dates and \
            duplicates. Hard findings stop the approval until somebody with `orders:override` lets them \
            pass with a reason. Reading the review changes nothing.",
        );
    r.read("/orders/{order_id}/actions", "explainOrderActions", http::actions)
        .scope(READ)
        .unversioned()
        .summary("Explain an order's steps")
        .description(
            "Lists every step in the order's life. For each step that the caller cannot take now it says \
                what stands in the way and who can clear it.",
        );
    r.history("/orders/{order_id}/history", "getOrderHistory", http::get)
        .scope(READ)
        .summary("Read an order's history")
        .description(
            "Every change of the order, oldest first: who made it, when, why, and the fields before and \
            after.",
        );
    r.list("/orders/{order_id}/revisions", "listOrderRevisions", &model::REVISIONS, http::revisions)
        .scope(READ)
        .summary("List an order's revisions")
        .description(
            "Lists the changes after confirmation, oldest first, each with the whole order before and after.",
        );
}

fn life(r: &mut Routes) {
    let why = || json!({"reason": "Asked for by the customer"});
    r.action("/orders/{order_id}/submit", "submitOrder", http::submit)
        .scope(OrderAction::Submit.scopes())
        .summary("Submit an order for review")
        .description(
            "Moves the order from `draft` to `submitted`. It needs at least one line. Findings of the \
                review do not stop this step. Earlier overrides are cleared.",
        )
        .fails_with(STEP);
    r.action("/orders/{order_id}/withdraw", "withdrawOrder", http::withdraw)
        .scope(OrderAction::Withdraw.scopes())
        .summary("Take an order back to draft")
        .description(
            "Moves the order from `submitted` or `approved` to `draft`, for those who enter orders. \
                Approval, hold and overrides are cleared. Not possible after confirmation.",
        )
        .example(why())
        .fails_with(STEP);
    r.action("/orders/{order_id}/approve", "approveOrder", http::approve)
        .scope(OrderAction::Approve.scopes())
        .optional_body()
        .summary("Approve an order")
        .description(
            "Moves the order from `submitted` to `approved`: it counts as booked sales and against the \
                credit limit. The review is computed again; hard findings refuse the approval with \
                `review_blocked` unless they were let pass. Above the limit in `orders.four_eyes_above` of \
                the settings the person who entered or submitted the order cannot approve it (`four_eyes`). \
                Above `orders.manager_limit` it needs `orders:approve_high`.",
        )
        .example(json!({"override_reason": "Payment arrived this morning"}))
        .fails_with(STEP)
        .fails_with(&["review_blocked", "four_eyes"]);
    r.action("/orders/{order_id}/reject", "rejectOrder", http::reject)
        .scope(OrderAction::Reject.scopes())
        .summary("Send an order back to draft")
        .description(
            "Moves the order from `submitted` or `approved` to `draft`, as a reviewer, with a reason. \
                Approval, hold and overrides are cleared.",
        )
        .example(why())
        .fails_with(STEP);
    r.action("/orders/{order_id}/override", "overrideOrderFindings", http::override_findings)
        .scope(OrderAction::Override.scopes())
        .summary("Let hard findings pass")
        .description(
            "Lets all hard findings that stand in the way now pass, or those that `codes` names, and \
                keeps the reason on the order. Possible from `submitted` to `partially_shipped`. Refused \
                with `nothing_to_override` when no such finding stands in the way.",
        )
        .example(json!({"codes": ["over_credit_limit"], "reason": "Payment arrived this morning"}))
        .fails_with(STEP)
        .fails_with(&["nothing_to_override"]);
    r.action("/orders/{order_id}/confirm", "confirmOrder", http::confirm)
        .scope(OrderAction::Confirm.scopes())
        .summary("Confirm an order to the customer")
        .description(
            "Moves the order from `approved` to `confirmed`; it can be shipped then. Credit is checked \
                again: a blocked customer or an exceeded credit limit is refused with `review_blocked` \
                unless it was let pass. The promised dates are kept as first promised dates. Later changes \
                are revisions.",
        )
        .fails_with(STEP)
        .fails_with(&["review_blocked"]);
    r.action("/orders/{order_id}/revisions", "reviseOrder", http::revise)
        .scope(OrderAction::Revise.scopes())
        .summary("Revise a confirmed order")
        .description(
            "Changes an order that is `confirmed` or `partially_shipped` and keeps a revision with the \
                order before and after. Quantities cannot go below what is shipped or closed.\n\
                \n\
                A change that is worse for the company than what was approved needs an approval, as the order did: a \
                lower price or larger discount, more quantity, a new line, a higher total, a smaller margin, \
                other terms. It is refused with `revision_needs_approval`, which says in `worse` what it is, unless you \
                may approve it yourself: with `orders:approve`, up to the limits in \
                `orders.four_eyes_above` and `orders.manager_limit` of the settings. Put it up for approval with \
                `POST /orders/{order_id}/revision-proposals`. All other changes pass at once.\n\
                \n\
                New hard findings are refused with `review_blocked`; findings that \
                stood before do not stop the revision. Returns the order; `Location` names the revision.",
        )
        .example(json!({"reason": "Customer asked for a later date", "promised_date": "2026-12-10"}))
        .fails_with(STEP)
        .fails_with(&["review_blocked", "revision_needs_approval", "four_eyes"]);
    r.action("/orders/{order_id}/close-short", "closeOrderShort", http::close_short)
        .scope(OrderAction::CloseShort.scopes())
        .summary("Close an order's open quantities")
        .description(
            "Gives up all quantities of a partially shipped order that are not shipped yet: they are \
                added to `closed` of the lines. The order becomes `shipped`, or `delivered` if everything \
                shipped has arrived. It cannot be undone.",
        )
        .example(why())
        .fails_with(STEP);
    r.action("/orders/{order_id}/complete", "completeOrder", http::complete)
        .scope(OrderAction::Complete.scopes())
        .summary("Complete an order")
        .description(
            "Moves the order from `delivered` to `completed`. A hold ends. The order no longer counts \
                against the credit limit.",
        )
        .fails_with(STEP);
    r.action("/orders/{order_id}/cancel", "cancelOrder", http::cancel)
        .scope(OrderAction::Cancel.scopes())
        .summary("Cancel an order")
        .description(
            "Moves the order to `cancelled`, with a reason. Possible from `draft`, `submitted`, \
                `approved` or `confirmed`, and not once goods are shipped. A hold ends.",
        )
        .example(why())
        .fails_with(STEP);
    r.action("/orders/{order_id}/reassign", "reassignOrder", http::reassign)
        .scope(OrderAction::Reassign.scopes())
        .summary("Give an order to another rep")
        .description(
            "Changes the rep, in every status but `cancelled`. What happens from `valid_from` on counts for the \
                new rep and their team; what was before stays with the former ones, and `reps` of the order says \
                from when to when. `valid_from` defaults to today. An earlier day corrects figures; \
                whoever sends it cannot name themselves (`own_figures`). On a draft the whole order is the \
                new rep's. The new rep works on the order; the former one sees it no more, unless it is an \
                order of their own customer. To give away all of a customer's orders, give away the customer: \
                `POST /customers/{customer_id}/reassign`.",
        )
        .example(json!({"rep_id": "usr_019a7c5e8f3a7d10b6c2a94e51757372", "reason": "王芳 has left the company"}))
        .fails_with(STEP)
        .fails_with(&["own_figures"]);
    r.action("/orders/{order_id}/hold", "holdOrder", http::hold)
        .scope(OrderAction::Hold.scopes())
        .summary("Put an order on hold")
        .description(
            "Stops shipping; the status stays. Possible from `submitted` to `partially_shipped`. A \
                `credit` hold needs `orders:hold_credit`, any other hold `orders:hold`.",
        )
        .example(json!({"reason": "Waiting for the deposit"}))
        .fails_with(STEP);
    r.action("/orders/{order_id}/release", "releaseOrder", http::release)
        .scope(OrderAction::Release.scopes())
        .summary("Release an order from hold")
        .description(
            "Ends the hold, so that the order can ship again. A `credit` hold needs `orders:hold_credit`, \
                any other hold `orders:hold`.",
        )
        .fails_with(STEP);
}

const TOLD: EventSource = EventSource {
    kind: model::OrderId::KIND,
    name: ["Order", "订单"],
    scopes: READ,
    id: col!(orders::id),
    visible: model::visible_to,
    verbs: &[
        events::CREATED,
        events::UPDATED,
        events::DELETED,
        Verb::new("submitted", "The order was submitted and waits for approval.")
            .reads("submitted", "已提交"),
        Verb::new("withdrawn", "The order was taken back to draft by those who enter orders."),
        Verb::new("rejected", "A reviewer sent the order back to draft, with a reason."),
        Verb::new("overridden", "Hard findings of the order's review were let pass, with a reason.")
            .reads("findings overridden", "审核问题已放行"),
        Verb::new("approved", "The order was approved and counts as booked."),
        Verb::new("confirmed", "The order was confirmed to the customer and can be shipped."),
        Verb::new("revised", "The order was changed after confirmation.").reads("revised", "已修订"),
        Verb::new("held", "The order was put on hold and does not ship.").reads("put on hold", "已暂停发货"),
        Verb::new("released", "The order was released from hold and can ship again.")
            .reads("released", "已恢复发货"),
        Verb::new("partially_shipped", "A part of the order was shipped.")
            .reads("shipped in part", "部分发货"),
        Verb::new("shipped", "Everything open of the order was shipped.").reads("shipped", "已发货"),
        Verb::new("shipment_voided", "A shipment of the order was voided; its quantities are open again.")
            .reads("shipment voided", "发货已作废"),
        Verb::new("partially_delivered", "A part of the order arrived.")
            .reads("delivered in part", "部分送达"),
        Verb::new("delivered", "Everything of the order that was shipped arrived."),
        Verb::new("closed_short", "The open quantities of the order were closed and will not be delivered.")
            .reads("rest will not be delivered", "余量已关闭"),
        Verb::new("completed", "The order was completed.").reads("completed", "已完成"),
        Verb::new("expedited", "A department or a supplier was asked to speed up the order.")
            .reads("expedited", "已催办"),
        Verb::new(
            "exceptions_changed",
            "An exception of the order was reported or cleared; see `open_exceptions` and `blocked`.",
        )
        .reads("exceptions changed", "异常有变化"),
        Verb::new(
            "return_changed",
            "A return of the order was requested, arrived, was credited or was given up.",
        )
        .reads("returns changed", "退货有变化"),
        Verb::new("cancelled", "The order was cancelled, with a reason."),
        Verb::new(
            "rep_changed",
            "The order was given to another rep; `reps` says from when on it counts for whom.",
        )
        .reads("given to another rep", "已更换销售代表"),
    ],
};

static PROBLEMS: &[ProblemText] = &[
    problem_text(
        "totals_mismatch",
        422,
        ["Totals differ", "金额不一致"],
        [
            "{count} of the totals that you sent differ from the computed totals.",
            "您提交的金额中有 {count} 项与明细计算结果不符。",
        ],
        [
            "The errors name each total and the computed amount. Amounts of a line are rounded half away \
                from zero to the currency's decimal places.",
            "errors 列出每项金额及计算结果；每行按币种小数位四舍五入。",
        ],
    ),
    problem_text(
        "no_price",
        422,
        ["No price", "没有价格"],
        ["No price list has a price for this.", "价目表中没有对应的价格。"],
        [
            "Send `unit_price`, or add a price to a price list that applies.",
            "请填写 unit_price，或在适用的价目表中添加价格。",
        ],
    ),
    problem_text(
        "order_not_draft",
        409,
        ["Not a draft any more", "已不是草稿"],
        [
            "The order is {current_status}, and {count} {count:field differs|fields differ}. Only a draft can \
                be changed this way.",
            "订单状态为 {current_status}，有 {count} 项与之不同；只有草稿可以这样更改。",
        ],
        [
            "The errors point at the differences. Before confirmation send POST /orders/{id}/withdraw and then \
                the order again; after it send POST /orders/{id}/revisions.",
            "errors 指出不同之处。确认前：先 POST /orders/{id}/withdraw 再重新发送；确认后：POST /orders/{id}/revisions。",
        ],
    ),
    problem_text(
        "review_blocked",
        409,
        ["Stopped by the review", "审核未通过"],
        ["Hard findings stand in the way: {codes}.", "存在阻止项：{codes}。"],
        [
            "GET /orders/{id}/review explains the findings; somebody with orders:override can let them pass with a reason.",
            "GET /orders/{id}/review 说明各项；拥有 orders:override 权限的人可注明理由放行。",
        ],
    ),
    problem_text(
        "four_eyes",
        409,
        ["Somebody else must approve", "须由他人审批"],
        [
            "Above {limit} {currency} the person who entered an order cannot approve it.",
            "超过 {limit} {currency} 的订单，录入人不能自行审批。",
        ],
        ["Ask another person who may approve orders.", "请由其他有审批权限的人审批。"],
    ),
    problem_text(
        "nothing_to_override",
        409,
        ["Nothing to override", "没有可放行的事项"],
        ["No hard finding with these codes stands in the way.", "没有符合这些代码的阻止项。"],
        ["GET /orders/{id}/review lists the findings.", "GET /orders/{id}/review 列出审核事项。"],
    ),
    problem_text(
        "revision_needs_approval",
        409,
        ["Needs an approval", "须经审批"],
        [
            "This change is worse for the company than what was approved, and you cannot approve it alone.",
            "该变更比已批准的内容对公司更不利，您不能单独批准。",
        ],
        [
            "`worse` says what it is. Send the same body to POST /orders/{id}/revision-proposals; somebody else then approves it.",
            "worse 列出具体差异。请将同样的内容提交到 POST /orders/{id}/revision-proposals，由他人审批。",
        ],
    ),
    problem_text(
        "too_many_proposals",
        409,
        ["Too many changes wait", "待审批的变更过多"],
        ["{most} changes of this order wait for approval already.", "该订单已有 {most} 项变更在等待审批。"],
        ["Wait until one is decided, or withdraw one.", "请等待其中一项审批完成，或先撤回一项。"],
    ),
    problem_text(
        "nothing_to_approve",
        409,
        ["Needs no approval", "无须审批"],
        ["This change is not worse than what was approved.", "该变更不比已批准的内容更不利。"],
        ["Send it to POST /orders/{id}/revisions.", "请提交到 POST /orders/{id}/revisions。"],
    ),
    problem_text(
        "own_proposal",
        409,
        ["Your own proposal", "本人提交的申请"],
        ["Nobody approves what they have proposed themselves.", "不能审批本人提交的申请。"],
        ["Ask another person who may approve orders.", "请由其他有审批权限的人审批。"],
    ),
    problem_text(
        "changed_since_proposed",
        409,
        ["Changed since it was proposed", "提交后情况已变"],
        [
            "The change would give other figures now than those that were proposed.",
            "按现在的情况，变更结果与提交时的数据不同。",
        ],
        [
            "Withdraw the proposal and propose the change again, so that the figures are seen.",
            "请撤回申请并重新提交，以便审批人看到最新数据。",
        ],
    ),
    problem_text(
        "own_figures",
        409,
        ["Your own figures", "涉及本人业绩"],
        ["Nobody moves what was sold before to their own figures.", "不能把以前的业绩改到自己名下。"],
        ["Ask another manager, or send a day from today on.", "请由其他经理处理，或将起始日期改为今天。"],
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
    (
        "revision_to_approve",
        [
            "A change of order {number} waits for your approval: {reason}",
            "订单 {number} 的变更等待您审批：{reason}",
        ],
    ),
    (
        "revision_approved",
        ["Your change of order {number} was approved.", "您提交的订单 {number} 变更已批准。"],
    ),
    (
        "revision_rejected",
        [
            "Your change of order {number} was rejected: {reason}",
            "您提交的订单 {number} 变更未获批准：{reason}",
        ],
    ),
    ("must_be_positive", ["must be greater than 0", "必须大于 0"]),
    ("must_not_be_negative", ["must not be negative", "不能为负数"]),
    ("not_a_share", ["must be between 0 and 1", "必须在 0 到 1 之间"]),
    ("unknown_unit", ["{sku} is not sold in this unit", "商品 {sku} 没有该单位"]),
    ("no_price", ["no price list has a price for this: send one", "价目表中没有价格：请填写单价"]),
    ("amount_overflow", ["makes an amount that is too large", "金额超出范围"]),
    ("total_is", ["the lines give {computed}", "按明细计算应为 {computed}"]),
    ("exceeds_open", ["is more than the open quantity {open}", "超过未发数量 {open}"]),
    (
        "below_shipped",
        ["must be at least {min}, which is already shipped or closed", "不能少于已发货或已结案的 {min}"],
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
            "Order {number} has the same customer, lines and customer's order number.",
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
        [
            "is in a shipment, perhaps a voided one, and cannot be removed",
            "已在发货单中（含已作废的），不能删除",
        ],
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
    ("nothing_to_override", ["No finding stands in its way.", "没有需要放行的审核项。"]),
    (
        "four_eyes_needed",
        ["Somebody other than the person who entered it must approve.", "须由录入人以外的人审批。"],
    ),
    (
        "above_manager_limit",
        ["It is above the limit of {limit} for approval by a manager.", "超过经理审批限额 {limit}。"],
    ),
];
