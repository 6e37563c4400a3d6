//! Shipments: partial and full shipments of orders, from the warehouse to their delivery.

mod check;
mod http;
pub mod model;
pub mod work;

use serde_json::json;

use crate::base::Area;
use crate::base::auth::Scope;
use crate::base::db::Replayed;
use crate::base::db::filter::col;
use crate::base::events::{self, EventSource, Verb};
use crate::base::http::Routes;
use crate::base::lives::Life;
use crate::base::messages::{Phrase, ProblemText, problem_text};
use crate::schema::shipments;
use model::{ShipmentId, ShipmentRow};
use salesdesk_parties::movable;

pub const AREA: Area = Area { name: "shipments", routes, problems: PROBLEMS, phrases: PHRASES };

const READ: &[Scope] = &[Scope::ShipmentsRead];
const WRITE: &[Scope] = &[Scope::ShipmentsWrite];

fn routes(r: &mut Routes) {
    r.declare(Life::of(
        "Shipments",
        ShipmentId::KIND,
        model::ShipmentStatus::ALL,
        model::ShipmentAction::ALL,
        model::ShipmentStatus::after,
    ));
    r.declare(movable!(ShipmentRow, shipments, ShipmentId));
    r.declare(check::CHECK);
    r.tells(TOLD);
    r.declare(Replayed::of::<model::Shipment>(col!(shipments::id)));
    r.tag(
        "shipments",
        "Partial and full shipments of orders: what left the warehouse, how it travels, and its delivery.",
    );
    r.within_restrictions();
    r.list("/shipments", "listShipments", &model::SHIPMENTS, http::list)
        .scope(READ)
        .summary("List shipments")
        .description("Shipments of the orders that you may see, the latest `shipped_date` first unless you sort otherwise. Lines are left out: read one shipment to get them.");
    r.list("/orders/{order_id}/shipments", "listOrderShipments", &model::SHIPMENTS, http::list_of_order)
        .scope(READ)
        .summary("List shipments of an order")
        .description("All shipments of one order, voided ones included, without their lines. Answers 404 when you may not see the order.");
    r.create("/orders/{order_id}/shipments", "createShipment", http::create)
        .scope(WRITE)
        .summary("Post a shipment")
        .description("Records that goods of a confirmed order left the warehouse. Give `lines` for a partial shipment; without `lines` the whole open quantity is shipped. The shipped quantities and the status of the order are updated in the same transaction, and the order's event is `order.shipped` or `order.partially_shipped`. The credit of the customer is checked again: a hard finding is refused with `review_blocked`. An order on hold is refused with `order_on_hold`. An order with an open exception that blocks is refused with `blocked_by_exception`.")
        .example(json!({"carrier": "SF Express", "tracking_number": "SF1234567890"}))
        .fails_with(&["invalid_transition", "order_on_hold", "blocked_by_exception", "review_blocked"]);
    r.read("/shipments/{shipment_id}", "getShipment", http::get)
        .scope(READ)
        .summary("Read a shipment")
        .description("The shipment with its lines.");
    r.change("/shipments/{shipment_id}", "updateShipment", http::update)
        .scope(WRITE)
        .summary("Change carriage of a shipment")
        .description("Changes carrier, tracking number, freight and notes of a shipment that is on its way. A delivered or voided shipment is refused with `invalid_transition`, except that `external_ids` alone can be changed at any time. Lines and `shipped_date` cannot be changed: void the shipment and post another one.")
        .example(json!({"tracking_number": "SF1234567891"}))
        .fails_with(&["invalid_transition"]);
    r.action("/shipments/{shipment_id}/deliver", "deliverShipment", http::deliver)
        .scope(WRITE)
        .optional_body()
        .summary("Confirm delivery of a shipment")
        .description("Marks the shipment as delivered and adds its quantities to the delivered quantities of the order. The order becomes `delivered` when all its shipments are delivered and nothing is open. Only a posted shipment can be delivered.")
        .example(json!({"received_by": "陈师傅"}))
        .fails_with(&["invalid_transition"]);
    r.action("/shipments/{shipment_id}/void", "voidShipment", http::void)
        .scope(WRITE)
        .summary("Void a mistaken shipment")
        .description("Takes back a shipment that was posted by mistake: its quantities are open on the order again. A delivered shipment is refused with `invalid_transition`. Refused with `shipment_returned` when goods of it were returned, or are in a return that is requested or approved.")
        .example(json!({"reason": "Picked the wrong pallet"}))
        .fails_with(&["invalid_transition", "shipment_returned"]);
    by_external_id(r);
    r.history("/shipments/{shipment_id}/history", "getShipmentHistory", http::get)
        .scope(READ)
        .summary("Read the history of a shipment")
        .description("Every change in order: who made it, when and why, with the fields before and after.");
}

fn by_external_id(r: &mut Routes) {
    r.read_by_external_id("/shipments/by-external-id/{system}/{id}", "getShipmentByExternalId", http::get)
        .scope(READ)
        .summary("Read a shipment by external id")
        .description("The shipment that another system calls by this id, with its lines.");
    r.put_by_external_id(
        "/shipments/by-external-id/{system}/{id}",
        "upsertShipmentByExternalId",
        http::create_named,
        http::update_named,
    )
    .scope(WRITE)
    .summary("Upsert a shipment by external id")
    .description("For a warehouse system that sends its shipments. A new shipment is posted as by `POST /orders/{order_id}/shipments` and needs its order: `order_id` or `order_external_id`. An existing one stays with its order and keeps its lines and `shipped_date`: other ones are refused with `shipment_posted`. Carrier, tracking number, freight and notes can change while the shipment is on its way; `external_ids` can change at any time.")
    .example(json!({"order_id": "ord_019a7c5e8f3a7d10b6c2a94e516f7264", "carrier": "SF Express", "tracking_number": "SF1234567890"}))
    .fails_with(&["invalid_transition", "order_on_hold", "blocked_by_exception", "review_blocked", "external_id_taken", "shipment_posted"]);
}

static PROBLEMS: &[ProblemText] = &[problem_text(
    "shipment_posted",
    409,
    ["Posted already", "已过账发货"],
    [
        "Lines and date of a posted shipment cannot be changed; {count} {count:field differs|fields differ}.",
        "已发货的内容和日期不能更改；有 {count} 项与之不同。",
    ],
    [
        "`errors` names the fields that differ. If the shipment is wrong, void it and post another one.",
        "errors 指出不同之处。如有误，请作废该发货单并重新发货。",
    ],
)];
const TOLD: EventSource = EventSource {
    kind: model::ShipmentId::KIND,
    name: ["Shipment", "发货单"],
    scopes: READ,
    id: col!(shipments::id),
    visible: model::visible_to,
    verbs: &[
        Verb::new("posted", "The shipment was posted: its goods left the warehouse.")
            .reads("posted", "已过账"),
        events::UPDATED,
        Verb::new("delivered", "The delivery of the shipment was confirmed."),
        Verb::new(
            "voided",
            "The shipment was voided as a mistake. Its quantities are open on the order again.",
        )
        .reads("voided", "已作废"),
    ],
};

static PHRASES: &[Phrase] = &[("in_the_future", ["must not be in the future", "不能是将来的日期"])];
