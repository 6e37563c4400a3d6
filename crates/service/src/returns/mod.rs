//! Returns: shipped goods that come back, what happens to them, and what is credited for them.
//!
//! A return does not change the order's fulfilment: the goods were shipped. Its credit is computed and kept here.
//! Documents that post credits belong to receivables and read the credit from the return.

mod check;
mod columns;
mod http;
pub mod model;
pub mod rules;
pub mod work;
mod worklist;

use serde_json::{Value, json};

use crate::base::Area;
use crate::base::auth::Scope;
use crate::base::db::Replayed;
use crate::base::db::filter::col;
use crate::base::events::{self, EventSource, Verb};
use crate::base::http::Routes;
use crate::base::lives::Life;
use crate::base::messages::{Phrase, ProblemText, problem_text};
use crate::schema::returns;
use model::ReturnRow;
use rules::ReturnAction;
use salesdesk_parties::movable;

pub use model::ReturnId;

pub const AREA: Area = Area { name: "returns", routes, problems: PROBLEMS, phrases: PHRASES };

const READ: &[Scope] = &[Scope::ReturnsRead];
const WRITE: &[Scope] = &[Scope::ReturnsWrite];

fn routes(r: &mut Routes) {
    r.declare(Life::of(
        "Returns",
        ReturnId::KIND,
        rules::ReturnStatus::ALL,
        rules::ReturnAction::ALL,
        rules::ReturnStatus::after,
    ));
    r.declare(columns::RETURNS);
    r.declare(movable!(ReturnRow, returns, ReturnId));
    r.declare(worklist::SOURCE);
    r.declare(check::CHECK);
    r.tells(TOLD);
    r.declare(Replayed::of::<model::Return>(col!(returns::id)));
    r.tag("returns", "Shipped goods that customers send back: approval, receipt, and credit or replacement.");
    r.within_restrictions();
    records(r);
    by_external_id(r);
    life(r);
    r.notices(
        ReturnId::KIND,
        &["return_to_approve"],
        &["return_approved", "return_rejected", "return_received"],
    );
}

/// A return, as the example of each operation that enters one; with the order where that is not in the path.
fn example(with_order: bool) -> Value {
    let mut body = json!({"lines": [{"order_line_id": "oln_019a7c5e8f3a7d10b6c2a94e516f6c6e", "quantity": "1", "reason": "damaged", "disposition": "scrap"}], "notes": "They send it with our own carrier"});
    if with_order {
        body["order_id"] = json!("ord_019a7c5e8f3a7d10b6c2a94e516f7264");
    }
    body
}

fn records(r: &mut Routes) {
    r.list("/returns", "listReturns", &model::RETURNS, http::list)
        .scope(READ)
        .summary("List returns")
        .description(
            "Returns of the orders that you may see, without their lines. Read one return to get them.",
        );
    r.list("/orders/{order_id}/returns", "listOrderReturns", &model::RETURNS, http::list_of_order)
        .scope(READ)
        .summary("List returns of an order")
        .description("All returns of one order, rejected and cancelled ones included, without their lines. Answers 404 when you may not see the order.");
    r.create("/returns", "createReturn", http::request_named)
        .scope(WRITE)
        .summary("Request a return")
        .description("As `POST /orders/{order_id}/returns`, with the order in the body: `order_id`, or `order_external_id` with its id in another system.")
        .example(example(true))
        .fails_with(&["read_only_share"]);
    r.create("/orders/{order_id}/returns", "requestOrderReturn", http::request)
        .scope(WRITE)
        .summary("Request return of an order")
        .description("Requests that shipped goods of the order come back, at most what was shipped and has not come back. The quantities are reserved on the order lines (`in_return`); the order's `fulfilment` stays, because the goods were shipped. `net`, `tax` and `gross` are computed at the order's prices. When `gross` is above the limit of the settings (`orders.return_limit`), the managers of the order's team are told that it waits for approval. Refused with `read_only_share` when the order is only shared with you.")
        .example(example(false))
        .fails_with(&["read_only_share"]);
    r.read("/returns/{return_id}", "getReturn", http::get)
        .scope(READ)
        .expands(model::RETURNS.expand)
        .summary("Read a return")
        .description("The return with its lines.");
    r.change("/returns/{return_id}", "updateReturn", http::update)
        .scope(WRITE)
        .summary("Change details of a return")
        .description("Changes complaint, exception and notes while the return is requested or approved; later it is refused with `invalid_transition`. `external_ids` alone can be changed at any time. Lines cannot be changed: cancel the return and request another one.")
        .example(json!({"notes": "Pallet 7"}))
        .fails_with(&["invalid_transition", "external_id_taken"]);
    r.history("/returns/{return_id}/history", "listReturnHistory", http::get)
        .scope(READ)
        .summary("Read the history of a return")
        .description("Every change in order: who made it, when and why, with the fields before and after.");
}

fn by_external_id(r: &mut Routes) {
    let path = "/returns/by-external-id/{system}/{id}";
    r.read_by_external_id(path, "getReturnByExternalId", http::get)
        .scope(READ)
        .expands(model::RETURNS.expand)
        .summary("Read a return by external id")
        .description("The return that another system calls by this id, with its lines.");
    r.put_by_external_id(path, "upsertReturnByExternalId", http::request_named, http::update_named)
        .scope(WRITE)
        .summary("Upsert a return by external id")
        .description("For another system that sends its returns. A new return is requested as by `POST /returns`. An existing one stays with its order and keeps its lines: other lines are refused with `return_requested`. Complaint, exception and notes can change while the return is requested or approved.")
        .example(example(true))
        .fails_with(&["invalid_transition", "read_only_share", "external_id_taken", "return_requested"]);
}

fn life(r: &mut Routes) {
    let by = &["invalid_transition"][..];
    r.action("/returns/{return_id}/approve", "approveReturn", http::approve)
        .scope(ReturnAction::Approve.scopes())
        .optional_body()
        .summary("Approve a return")
        .description("Allows the goods to come back; the person who requested it is told. When `gross` is above the limit of the settings (`orders.return_limit`, 0 for a currency that is not listed), the scope `returns:approve_high` is needed, too, and a return that you requested yourself is refused with `own_return`. Only a requested return can be approved.")
        .example(json!({"reason": "The photographs show it"}))
        .fails_with(&["invalid_transition", "own_return"]);
    r.action("/returns/{return_id}/reject", "rejectReturn", http::reject)
        .scope(ReturnAction::Reject.scopes())
        .summary("Reject a return")
        .description("Refuses a requested return. Its quantities can be returned by another return. The person who requested it is told.")
        .example(json!({"reason": "The guarantee is over"}))
        .fails_with(by);
    r.action("/returns/{return_id}/receive", "receiveReturn", http::receive)
        .scope(ReturnAction::Receive.scopes())
        .optional_body()
        .summary("Receive returned goods")
        .description("For the warehouse: records the quantity of each line that came, which is at most the requested one, and what happens to the goods. A line not listed counts as 0 and can be returned again; without `lines` everything came. The amounts are computed anew from the received quantities, the order lines are updated, and the sales rep of the order is told. Refused when nothing came (cancel the return instead) and when received goods have no `disposition`.")
        .example(json!({}))
        .fails_with(by);
    r.action("/returns/{return_id}/credit", "creditReturn", http::credit)
        .scope(ReturnAction::Credit.scopes())
        .summary("Credit a return")
        .description("Fixes the credit for the received goods at the order's prices and adds it to `credited_net`, `credited_tax` and `credited_gross` of the order. The credit of a line is computed over everything that came back of it so far, less earlier credits; so partial returns of a line add up to the whole line to the cent. No accounting document is posted. Only a received return can be credited.")
        .fails_with(by);
    r.action("/returns/{return_id}/replace", "replaceReturn", http::replace)
        .scope(ReturnAction::Replace.scopes())
        .optional_body()
        .summary("Replace returned goods")
        .description("Records that other goods are sent instead of a credit. Name an existing order of the customer in `order_id`, or leave it out: then a draft order over the received quantities at price 0 is entered, which is reviewed like any order and needs the scope `orders:write`, too. Nothing of the return is credited. Only a received return can be replaced.")
        .example(json!({"reason": "They need the goods, not the money"}))
        .fails_with(by);
    r.action("/returns/{return_id}/close", "closeReturn", http::close)
        .scope(ReturnAction::Close.scopes())
        .summary("Close a return")
        .description("Ends a credited or replaced return: nothing more is to be done.")
        .fails_with(by);
    r.action("/returns/{return_id}/cancel", "cancelReturn", http::cancel)
        .scope(ReturnAction::Cancel.scopes())
        .summary("Cancel a return")
        .description("Takes back a return that is requested or approved, because the goods do not come. Its quantities can be returned by another return.")
        .example(json!({"reason": "They keep it"}))
        .fails_with(by);
}

static PROBLEMS: &[ProblemText] = &[
    problem_text(
        "own_return",
        409,
        ["Own request", "不能审批自己的退货"],
        [
            "The amount is above the limit: the person who requested a return cannot approve it.",
            "超过限额的退货，申请人不能自行批准。",
        ],
        ["Ask another person who may approve returns above the limit.", "请由其他有审批权限的人批准。"],
    ),
    problem_text(
        "return_requested",
        409,
        ["Requested already", "退货已申请"],
        [
            "The lines of a return cannot be changed; {count} {count:line differs|lines differ}.",
            "已申请的退货明细不能更改；有 {count} 项与之不同。",
        ],
        [
            "`errors` names the lines that differ. Cancel the return and request another one.",
            "errors 指出不同之处。请取消该退货并重新申请。",
        ],
    ),
    problem_text(
        "shipment_returned",
        409,
        ["Goods were returned", "货物已退回"],
        ["Goods of this shipment were returned, or are being returned.", "该发货单的货物已退回或正在退回。"],
        [
            "Cancel the returns that are not received yet, then void the shipment.",
            "请先取消尚未收到的退货，再作废发货单。",
        ],
    ),
];

static PHRASES: &[Phrase] = &[
    (
        "exceeds_returnable",
        ["is more than the returnable quantity {returnable}", "超过可退数量 {returnable}"],
    ),
    (
        "exceeds_requested",
        ["is more than the requested quantity {requested}", "超过申请退货数量 {requested}"],
    ),
    ("disposition_needed", ["say what happens to the goods", "请说明处理方式"]),
    ("nothing_came", ["nothing came: cancel the return instead", "没有收到任何货物：请改为取消退货"]),
    (
        "return_to_approve",
        ["Return {number} over {amount} waits for approval", "退货 {number}（{amount}）等待审批"],
    ),
    ("return_approved", ["Return {number} was approved", "退货 {number} 已批准"]),
    ("return_rejected", ["Return {number} was rejected", "退货 {number} 已驳回"]),
    (
        "return_received",
        ["The goods of return {number} were received: {amount}", "退货 {number} 的货物已收到：{amount}"],
    ),
];

const TOLD: EventSource = EventSource {
    kind: ReturnId::KIND,
    name: ["Return", "退货单"],
    scopes: READ,
    id: col!(returns::id),
    visible: model::visible_to,
    verbs: &[
        Verb::new("requested", "The return was requested.").reads("requested", "已申请"),
        events::UPDATED,
        Verb::new("approved", "The return was approved: the goods may come back."),
        Verb::new("rejected", "The return was rejected: the goods do not come back."),
        Verb::new("received", "The goods of the return, or a part of them, were received."),
        Verb::new("credited", "The credit of the return was fixed.").reads("credited", "已贷记"),
        Verb::new("replaced", "Other goods are sent for the return instead of a credit.")
            .reads("goods replaced", "已补发"),
        Verb::new("closed", "The return was closed: nothing more is to be done."),
        Verb::new("cancelled", "The return was cancelled before goods came."),
    ],
};
