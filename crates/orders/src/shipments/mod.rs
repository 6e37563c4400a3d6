//! Shipments: what leaves the warehouse for an order, partial or full, and how it arrived.

mod http;
pub mod model;
pub mod work;

use serde_json::json;

use crate::base::Area;
use crate::base::auth::Scope;
use crate::base::events::{self, Told};
use crate::base::http::Routes;
use crate::base::messages::{Phrase, ProblemText, problem_text};
use crate::schema::shipments;
use model::{ShipmentId, ShipmentRow};
use salesdesk_parties::movable;

pub const AREA: Area = Area { name: "shipments", routes, problems: PROBLEMS, phrases: PHRASES };

const READ: &[Scope] = &[Scope::ShipmentsRead];
const WRITE: &[Scope] = &[Scope::ShipmentsWrite];

fn routes(r: &mut Routes) {
    r.declare(movable!(ShipmentRow, shipments, ShipmentId));
    r.tells(TOLD);
    r.tag("shipments", "What leaves the warehouse for an order, and how it arrived.");
    r.list("/shipments", "listShipments", &model::SHIPMENTS, http::list)
        .scope(READ)
        .says("List shipments", "Those of the orders that you see.");
    r.list("/orders/{order_id}/shipments", "listOrderShipments", &model::SHIPMENTS, http::list_of_order)
        .scope(READ)
        .says("List an order's shipments", "");
    r.create("/orders/{order_id}/shipments", "createShipment", http::create)
        .scope(WRITE)
        .says("Ship", "Posts a shipment of a confirmed order: with lines, these quantities, never more than is open; without lines, everything that is open. An order on hold, or one with an open exception that blocks, does not ship, and the customer's credit is looked at again.")
        .example(json!({"carrier": "SF Express", "tracking_number": "SF1234567890"}))
        .fails_with(&["invalid_transition", "order_on_hold", "blocked_by_exception", "review_blocked"]);
    r.read("/shipments/{shipment_id}", "getShipment", http::get)
        .scope(READ)
        .says("Read a shipment", "With its lines.");
    r.change("/shipments/{shipment_id}", "updateShipment", http::update)
        .scope(WRITE)
        .says(
            "Change how a shipment travels",
            "Carrier, tracking number, freight and notes, while it is on its way; `external_ids` alone at any time.",
        )
        .example(json!({"tracking_number": "SF1234567891"}))
        .fails_with(&["invalid_transition"]);
    r.action("/shipments/{shipment_id}/deliver", "deliverShipment", http::deliver)
        .scope(WRITE)
        .optional_body()
        .says("Confirm delivery", "The order is delivered when all its shipments are and nothing is open.")
        .example(json!({"received_by": "陈师傅"}))
        .fails_with(&["invalid_transition"]);
    r.action("/shipments/{shipment_id}/void", "voidShipment", http::void)
        .scope(WRITE)
        .says(
            "Void a mistaken shipment",
            "Its quantities are open again. A delivered shipment cannot be voided, nor one whose goods were returned or are to be.",
        )
        .example(json!({"reason": "Picked the wrong pallet"}))
        .fails_with(&["invalid_transition", "shipment_returned"]);
    by_external_id(r);
    r.history("/shipments/{shipment_id}/history", "getShipmentHistory", http::get)
        .scope(READ)
        .says("A shipment's history", "Every change: who, when, why, before and after.");
}

fn by_external_id(r: &mut Routes) {
    r.read_by_external_id("/shipments/by-external-id/{system}/{id}", "getShipmentByExternalId", http::get)
        .scope(READ)
        .says("Read a shipment by external id", "With its lines.");
    r.put_by_external_id(
        "/shipments/by-external-id/{system}/{id}",
        "upsertShipmentByExternalId",
        http::create_named,
        http::update_named,
    )
    .scope(WRITE)
    .says("Create or change a shipment by external id", "A new one is posted like `POST /orders/{order_id}/shipments`, and needs its order, by `order_id` or by `order_external_id`, which is how the other system calls that order. How it travels changes while it is on its way; `external_ids` at any time. What was shipped and when does not change: other lines or another `shipped_date` are answered 409 `shipment_posted`, and a shipment stays with its order.")
    .example(json!({"order_id": "ord_019a7c5e8f3a7d10b6c2a94e51d0f37b", "carrier": "SF Express", "tracking_number": "SF1234567890"}))
    .fails_with(&["invalid_transition", "order_on_hold", "blocked_by_exception", "review_blocked", "external_id_taken", "shipment_posted"]);
}

static PROBLEMS: &[ProblemText] = &[problem_text(
    "shipment_posted",
    409,
    ["Posted already", "已过账发货"],
    [
        "What was shipped and when does not change; {count} {count:field differs|fields differ} from it.",
        "已发货的内容和日期不能更改；有 {count} 项与之不同。",
    ],
    [
        "The errors point at what differs. Void a mistaken shipment and post another one.",
        "errors 指出不同之处。如有误，请作废该发货单并重新发货。",
    ],
)];
const TOLD: Told = Told {
    kind: model::ShipmentId::KIND,
    scopes: READ,
    select: "SELECT shipments.id FROM shipments WHERE ",
    visible: model::visible_to,
    verbs: &[
        ("posted", "It left the warehouse."),
        events::UPDATED,
        ("delivered", "It arrived."),
        ("voided", "It was a mistake; its quantities are open again."),
    ],
};

static PHRASES: &[Phrase] = &[("in_the_future", ["must not be in the future", "不能是将来的日期"])];
