//! Returns: shipped goods that come back, what becomes of them, and what is credited for them.
//!
//! A return does not change the order's fulfilment: the goods were shipped. Its credit is computed and kept here; the
//! documents that post credits belong to receivables, and take it from the return.

mod http;
pub mod model;
pub mod rules;
pub mod work;

use serde_json::{Value, json};

use crate::base::Area;
use crate::base::auth::Scope;
use crate::base::events::{self, Told};
use crate::base::http::Routes;
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
    r.declare(movable!(ReturnRow, returns, ReturnId));
    r.tells(TOLD);
    r.tag("returns", "Shipped goods that come back, and what is credited for them.");
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
    let mut body = json!({"lines": [{"order_line_id": "oln_019a7c5e8f3a7d10b6c2a94e51d0f37b", "quantity": "1", "reason": "damaged", "disposition": "scrap"}], "notes": "They send it with our own carrier"});
    if with_order {
        body["order_id"] = json!("ord_019a7c5e8f3a7d10b6c2a94e51d0f37b");
    }
    body
}

fn records(r: &mut Routes) {
    r.list("/returns", "listReturns", &model::RETURNS, http::list)
        .scope(READ)
        .says("List returns", "Those of the orders that you see, without their lines.");
    r.list("/orders/{order_id}/returns", "listOrderReturns", &model::RETURNS, http::list_of_order)
        .scope(READ)
        .says("List an order's returns", "");
    r.create("/returns", "createReturn", http::request_named)
        .scope(WRITE)
        .says("Request a return", "As `POST /orders/{order_id}/returns`, with the order in the body: by `order_id`, or by `order_external_id`, which is how another system calls it.")
        .example(example(true))
        .fails_with(&["read_only_share"]);
    r.create("/orders/{order_id}/returns", "requestOrderReturn", http::request)
        .scope(WRITE)
        .says("Request a return of an order", "Of quantities that were shipped, by shipments that are not voided, and neither came back nor are to come back. The order's `fulfilment` stays: the goods were shipped. `net`, `tax` and `gross` are what it is worth at the order's prices.")
        .example(example(false))
        .fails_with(&["read_only_share"]);
    r.read("/returns/{return_id}", "getReturn", http::get)
        .scope(READ)
        .expands(model::RETURNS.expand)
        .says("Read a return", "With its lines.");
    r.change("/returns/{return_id}", "updateReturn", http::update)
        .scope(WRITE)
        .says("Change what a return belongs to", "Complaint, exception and notes, until the goods come; `external_ids` alone at any time. What comes back does not change: cancel the return and request another one.")
        .example(json!({"notes": "Pallet 7"}))
        .fails_with(&["invalid_transition", "external_id_taken"]);
    r.history("/returns/{return_id}/history", "listReturnHistory", http::get)
        .scope(READ)
        .says("History of a return", "Every change: who, when, why, before and after.");
}

fn by_external_id(r: &mut Routes) {
    let path = "/returns/by-external-id/{system}/{id}";
    r.read_by_external_id(path, "getReturnByExternalId", http::get)
        .scope(READ)
        .expands(model::RETURNS.expand)
        .says("Read a return by external id", "With its lines.");
    r.put_by_external_id(path, "upsertReturnByExternalId", http::request_named, http::update_named)
        .scope(WRITE)
        .says("Create or change a return by external id", "A new one is requested like `POST /returns`. What comes back does not change: other lines are answered 409 `return_requested`, and a return stays with its order.")
        .example(example(true))
        .fails_with(&["invalid_transition", "read_only_share", "external_id_taken", "return_requested"]);
}

fn life(r: &mut Routes) {
    let by = &["invalid_transition"][..];
    r.action("/returns/{return_id}/approve", "approveReturn", http::approve)
        .scope(ReturnAction::Approve.scopes())
        .optional_body()
        .says("Approve a return", "The goods may come back. Above the limit of the settings (`orders.return_limit`) it needs `returns:approve_high`, and not the one who requested it.")
        .example(json!({"reason": "The photographs show it"}))
        .fails_with(&["invalid_transition", "own_return"]);
    r.action("/returns/{return_id}/reject", "rejectReturn", http::reject)
        .scope(ReturnAction::Reject.scopes())
        .says("Reject a return", "The goods stay where they are, and may be returned otherwise.")
        .example(json!({"reason": "The guarantee is over"}))
        .fails_with(by);
    r.action("/returns/{return_id}/receive", "receiveReturn", http::receive)
        .scope(ReturnAction::Receive.scopes())
        .optional_body()
        .says("Take returned goods in", "By the warehouse: what came of each line, which may be less than was requested and never more, and what becomes of it, unless that was said before. Of a line that is left out nothing came, and it may be returned again; without lines all came.")
        .example(json!({}))
        .fails_with(by);
    r.action("/returns/{return_id}/credit", "creditReturn", http::credit)
        .scope(ReturnAction::Credit.scopes())
        .says("Credit a return", "Fixes the credit of what came, at the order's prices: what came back of a line so far would come to so much as a line of its own, less what was credited of it before. So the credits of a line that comes back part by part add up to the whole line, to the cent. The credit is kept on the return and summed on the order; it posts nothing.")
        .fails_with(by);
    r.action("/returns/{return_id}/replace", "replaceReturn", http::replace)
        .scope(ReturnAction::Replace.scopes())
        .optional_body()
        .says("Replace returned goods", "Other goods instead of a credit: by an order of the customer that is named, such as the one that a complaint's remedy brought; or by one that is entered now, a draft without a price over what came, which is reviewed like any other and for which `orders:write` is needed, too. Nothing of the return is credited then.")
        .example(json!({"reason": "They need the goods, not the money"}))
        .fails_with(by);
    r.action("/returns/{return_id}/close", "closeReturn", http::close)
        .scope(ReturnAction::Close.scopes())
        .says("Close a return", "Nothing more is to be done.")
        .fails_with(by);
    r.action("/returns/{return_id}/cancel", "cancelReturn", http::cancel)
        .scope(ReturnAction::Cancel.scopes())
        .says("Cancel a return", "Before the goods come: they do not come back after all.")
        .example(json!({"reason": "They keep it"}))
        .fails_with(by);
}

static PROBLEMS: &[ProblemText] = &[
    problem_text(
        "own_return",
        409,
        ["Own request", "不能审批自己的退货"],
        [
            "Above the limit, whoever requested a return does not approve it.",
            "超过限额的退货，申请人不能自行批准。",
        ],
        ["Ask somebody else who may approve.", "请由其他有审批权限的人批准。"],
    ),
    problem_text(
        "return_requested",
        409,
        ["Requested already", "退货已申请"],
        [
            "What comes back does not change; {count} {count:line differs|lines differ} from it.",
            "已申请的退货明细不能更改；有 {count} 项与之不同。",
        ],
        [
            "The errors point at what differs. Cancel the return and request another one.",
            "errors 指出不同之处。请取消该退货并重新申请。",
        ],
    ),
    problem_text(
        "shipment_returned",
        409,
        ["Goods of it were returned", "货物已退回"],
        ["Goods that came by this shipment were returned, or are to be.", "该发货单的货物已退回或正在退回。"],
        ["Cancel the returns that have not come in, then void it.", "请先取消尚未收到的退货，再作废发货单。"],
    ),
];

static PHRASES: &[Phrase] = &[
    (
        "exceeds_returnable",
        ["is more than the {returnable} that can be returned", "超过可退数量 {returnable}"],
    ),
    ("exceeds_requested", ["is more than the {requested} that was to come", "超过申请退货数量 {requested}"]),
    ("disposition_needed", ["say what becomes of it", "请说明处理方式"]),
    ("nothing_came", ["nothing came: cancel the return instead", "没有收到任何货物：请改为取消退货"]),
    (
        "return_to_approve",
        ["Return {number} over {amount} waits for approval", "退货 {number}（{amount}）等待审批"],
    ),
    ("return_approved", ["Return {number} was approved", "退货 {number} 已批准"]),
    ("return_rejected", ["Return {number} was rejected", "退货 {number} 已驳回"]),
    (
        "return_received",
        ["The goods of return {number} are here: {amount}", "退货 {number} 的货物已收到：{amount}"],
    ),
];

const TOLD: Told = Told {
    kind: ReturnId::KIND,
    scopes: READ,
    select: "SELECT returns.id FROM returns WHERE ",
    visible: model::visible_to,
    verbs: &[
        ("requested", "Goods are to come back."),
        events::UPDATED,
        ("approved", "The goods may come back."),
        ("rejected", "The goods do not come back."),
        ("received", "The goods, or a part of them, came."),
        ("credited", "Its credit stands."),
        ("replaced", "Other goods are sent instead of a credit."),
        ("closed", "Nothing more is to be done."),
        ("cancelled", "The goods do not come back after all."),
    ],
};
