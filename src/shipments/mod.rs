//! Shipments: what leaves the warehouse for an order, partial or full, and how it arrived.

mod http;
pub mod model;
pub mod work;

use serde_json::json;

use crate::base::Area;
use crate::base::auth::Scope;
use crate::base::events::{self, Told};
use crate::base::http::Routes;
use crate::base::http::history::HISTORY;
use crate::base::messages::Phrase;

pub const AREA: Area = Area { name: "shipments", routes, problems: &[], phrases: PHRASES };

const READ: &[Scope] = &[Scope::ShipmentsRead];
const WRITE: &[Scope] = &[Scope::ShipmentsWrite];

fn routes(r: &mut Routes) {
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
        .says("Ship", "Posts a shipment of a confirmed order: with lines, these quantities, never more than is open; without lines, everything that is open. An order on hold does not ship, and the customer's credit is looked at again.")
        .example(json!({"carrier": "SF Express", "tracking_number": "SF1234567890"}))
        .fails_with(&["invalid_transition", "order_on_hold", "review_blocked"]);
    r.read("/shipments/{shipment_id}", "getShipment", http::get)
        .scope(READ)
        .says("Read a shipment", "With its lines.");
    r.change("/shipments/{shipment_id}", "updateShipment", http::update)
        .scope(WRITE)
        .says(
            "Change how a shipment travels",
            "Carrier, tracking number, freight and notes, while it is on its way.",
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
            "Its quantities are open again. A delivered shipment cannot be voided.",
        )
        .example(json!({"reason": "Picked the wrong pallet"}))
        .fails_with(&["invalid_transition"]);
    r.list("/shipments/{shipment_id}/history", "getShipmentHistory", &HISTORY, http::history)
        .scope(READ)
        .says("A shipment's history", "Every change: who, when, why, before and after.");
}

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
