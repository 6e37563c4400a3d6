//! Shipments: rows, inputs, list.

use chrono::NaiveDate;
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::base::auth::Caller;
use crate::base::db::filter::{Cond, Value};
use crate::base::db::list::{Does, ListSpec, Row, Sort, filter};
use crate::base::db::{ExternalId, Json};
use crate::base::http::params::{Param, Takes};
use crate::base::types::{Amount, At, Quantity, TextEnum};
use crate::customers::model::{CustomerId, PostalAddress};
use crate::orders::model::{OrderId, OrderLineId};
use crate::people::UserId;
use crate::schema::{shipment_lines, shipments};
use crate::{entity_with_lines, id_type, text_enum};

id_type!(ShipmentId, "shp", "shipment");
id_type!(ShipmentLineId, "shl", "shipment_line");

text_enum! {
    /// Where a shipment is in its life.
    pub enum ShipmentStatus {
        /// On its way.
        Posted = "posted",
        Delivered = "delivered",
        /// A mistake: its quantities are open again.
        Voided = "voided",
    }
}
text_enum! {
    /// A step in a shipment's life.
    pub enum ShipmentAction { Edit = "edit", Deliver = "deliver", Void = "void" }
}

impl ShipmentStatus {
    /// The whole life.
    pub fn after(self, action: ShipmentAction) -> Option<ShipmentStatus> {
        match (self, action) {
            (ShipmentStatus::Posted, ShipmentAction::Edit) => Some(ShipmentStatus::Posted),
            (ShipmentStatus::Posted, ShipmentAction::Deliver) => Some(ShipmentStatus::Delivered),
            (ShipmentStatus::Posted, ShipmentAction::Void) => Some(ShipmentStatus::Voided),
            _ => None,
        }
    }
}

/// A shipment's own row.
#[derive(Debug, Clone, Serialize, ToSchema, Insertable, Queryable, Selectable, AsChangeset)]
#[diesel(table_name = shipments)]
#[diesel(treat_none_as_null = true)]
pub struct ShipmentRow {
    pub id: ShipmentId,
    pub version: i32,
    #[schema(example = "SH-2026-000042")]
    pub number: String,
    pub order_id: OrderId,
    pub customer_id: CustomerId,
    pub status: ShipmentStatus,
    #[schema(example = "SF Express")]
    pub carrier: Option<String>,
    #[schema(example = "SF1234567890")]
    pub tracking_number: Option<String>,
    #[schema(example = "2026-11-21")]
    pub shipped_date: NaiveDate,
    pub delivered_date: Option<NaiveDate>,
    /// Who signed for it.
    pub received_by: Option<String>,
    /// Where the signed delivery note is kept.
    #[schema(max_length = 400)]
    pub signature_ref: Option<String>,
    /// What carriage cost the company; no part of the order's totals.
    pub freight_cost: Option<Amount>,
    #[schema(example = "CNY", max_length = 3)]
    pub freight_currency: Option<String>,
    #[schema(value_type = Option<PostalAddress>)]
    pub shipping_address: Option<Json<PostalAddress>>,
    #[schema(max_length = 4000)]
    pub notes: Option<String>,
    #[schema(max_length = 1000)]
    pub void_reason: Option<String>,
    #[schema(value_type = Vec<ExternalId>)]
    pub external_ids: Json<Vec<ExternalId>>,
    pub created_at: At,
    pub created_by: Option<UserId>,
    pub updated_at: At,
    pub updated_by: Option<UserId>,
}

/// How much of an order line is in a shipment.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema, Insertable, Queryable, Selectable, AsChangeset)]
#[diesel(table_name = shipment_lines)]
pub struct ShipmentLine {
    pub id: ShipmentLineId,
    #[serde(skip)]
    pub shipment_id: ShipmentId,
    pub order_line_id: OrderLineId,
    #[schema(example = 1)]
    pub position: i32,
    pub quantity: Quantity,
}

/// A shipment with its lines.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Shipment {
    #[serde(flatten)]
    pub row: ShipmentRow,
    #[schema(max_items = 500)]
    pub lines: Vec<ShipmentLine>,
}

entity_with_lines!(
    Shipment,
    ShipmentRow,
    shipments,
    ShipmentId,
    ShipmentLine,
    shipment_lines,
    shipment_id,
    {
        fn external_ids(&self) -> &[ExternalId] {
            &self.row.external_ids.0
        }
    }
);

/// A shipment as it is answered.
#[derive(Debug, Serialize, ToSchema)]
pub struct ShipmentView {
    #[serde(flatten)]
    pub shipment: Shipment,
    pub allowed_actions: Vec<ShipmentAction>,
}

/// A shipment in a list: without its lines.
#[derive(Debug, Serialize, ToSchema)]
pub struct ShipmentSummary {
    #[serde(flatten)]
    pub row: ShipmentRow,
    pub allowed_actions: Vec<ShipmentAction>,
}

/// A new shipment.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ShipmentInput {
    /// What is shipped. Without lines: everything that is open.
    #[serde(default)]
    #[schema(max_items = 500)]
    pub lines: Vec<ShipmentLineInput>,
    /// Without it: today. Not in the future.
    pub shipped_date: Option<NaiveDate>,
    #[serde(flatten)]
    pub carriage: Carriage,
}

/// A shipment as another system says it is: as [`ShipmentInput`], with whose it is.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct NamedShipment {
    /// The order, for a new shipment; or `order_external_id`. A shipment stays with its order.
    pub order_id: Option<OrderId>,
    /// The order, as another system calls it.
    pub order_external_id: Option<ExternalId>,
    #[serde(flatten)]
    pub shipment: ShipmentInput,
}

/// How much of an order line to ship.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ShipmentLineInput {
    pub order_line_id: OrderLineId,
    pub quantity: Quantity,
}

/// How a shipment travels, as entered and changed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Carriage {
    #[schema(max_length = 100, example = "SF Express")]
    pub carrier: Option<String>,
    #[schema(max_length = 100, example = "SF1234567890")]
    pub tracking_number: Option<String>,
    /// What carriage cost the company; no part of the order's totals.
    pub freight_cost: Option<Amount>,
    /// Without it: the order's.
    #[schema(min_length = 3, max_length = 3, pattern = "^[A-Z]{3}$", example = "CNY")]
    pub freight_currency: Option<String>,
    #[schema(max_length = 4000)]
    pub notes: Option<String>,
    #[serde(default)]
    #[schema(max_items = 20)]
    pub external_ids: Vec<ExternalId>,
}

/// How a shipment arrived.
#[derive(Debug, Clone, Deserialize, ToSchema)]
pub struct DeliveryInput {
    /// Without it: today. Not before it was shipped, not in the future.
    pub delivered_date: Option<NaiveDate>,
    #[schema(max_length = 100, example = "陈师傅")]
    pub received_by: Option<String>,
    #[schema(max_length = 400, example = "scan-2026-000042.pdf")]
    pub signature_ref: Option<String>,
}

pub static SHIPMENTS: ListSpec = ListSpec {
    id: "shipments.id",
    filters: &[
        filter(
            Param::new("status", Takes::Words(ShipmentStatus::WORDS), "Only these."),
            Does::Is("shipments.status"),
        ),
        filter(
            Param::new("order_id", Takes::Ids("ord"), "Only of these orders."),
            Does::Is("shipments.order_id"),
        ),
        filter(
            Param::new("customer_id", Takes::Ids("cus"), "Only to these customers."),
            Does::Is("shipments.customer_id"),
        ),
        filter(
            Param::new("number", Takes::Text(40), "The shipment with this number."),
            Does::Is("shipments.number"),
        ),
        filter(
            Param::new("carrier", Takes::Text(100), "Only with this carrier."),
            Does::Is("shipments.carrier"),
        ),
        filter(
            Param::new("tracking_number", Takes::Text(100), "Only with this tracking number."),
            Does::Is("shipments.tracking_number"),
        ),
        filter(
            Param::new("shipped_date_from", Takes::Date, "Shipped from this day on."),
            Does::AtLeast("shipments.shipped_date"),
        ),
        filter(
            Param::new("shipped_date_to", Takes::Date, "Shipped up to and with this day."),
            Does::AtMost("shipments.shipped_date"),
        ),
        filter(
            Param::new("updated_since", Takes::Instant, "Changed at or after this instant."),
            Does::AtLeast("shipments.updated_at"),
        ),
    ],
    sorts: &[
        Sort { name: "shipped_date", column: "shipments.shipped_date" },
        Sort { name: "number", column: "shipments.number" },
        Sort { name: "updated_at", column: "shipments.updated_at" },
    ],
    sort_names: &["shipped_date", "number", "updated_at"],
    default_sort: "-shipped_date",
    expand: &["order", "customer"],
};

impl Row for ShipmentRow {
    fn id(&self) -> Uuid {
        self.id.0
    }
    fn sort_value(&self, name: &str) -> Value {
        match name {
            "number" => self.number.clone().into(),
            "updated_at" => self.updated_at.into(),
            _ => self.shipped_date.into(),
        }
    }
}

/// The shipments that a caller sees: those of the orders that they see.
pub fn visible_to(caller: &Caller) -> Cond {
    match crate::orders::model::visible_to(caller) {
        Cond::All => Cond::All,
        orders => {
            Cond::InSelect("shipments.order_id", "SELECT orders.id FROM orders WHERE ", Box::new(orders))
        }
    }
}

impl ShipmentRow {
    /// The steps that the shipment's life and the caller's rights allow now.
    pub fn allowed_actions(&self, caller: &Caller) -> Vec<ShipmentAction> {
        let may = caller.may(crate::base::auth::Scope::ShipmentsWrite);
        ShipmentAction::ALL.iter().copied().filter(|a| may && self.status.after(*a).is_some()).collect()
    }
}
