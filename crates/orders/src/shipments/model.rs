//! Shipments: rows, inputs, list.

use chrono::NaiveDate;
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::base::auth::Caller;
use crate::base::db::filter::{Predicate, Value, col};
use crate::base::db::list::{Does, ListSpec, Row, Sort, filter};
use crate::base::db::{ExternalId, JsonColumn};
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
    /// Status of a shipment.
    ///
    /// * `posted`: the goods left the warehouse and are on their way.
    /// * `delivered`: the goods arrived. The shipment cannot be voided any more.
    /// * `voided`: the shipment was a mistake. Its quantities are open on the order again.
    pub enum ShipmentStatus {
        Posted = "posted",
        Delivered = "delivered",
        Voided = "voided",
    }
}
text_enum! {
    /// A step in the life of a shipment.
    ///
    /// * `edit`: change carrier, tracking number, freight or notes.
    /// * `deliver`: confirm that the goods arrived.
    /// * `void`: take back a mistaken shipment.
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

/// A shipment without its lines.
#[derive(Debug, Clone, Serialize, ToSchema, Insertable, Queryable, Selectable, AsChangeset)]
#[diesel(table_name = shipments)]
#[diesel(treat_none_as_null = true)]
pub struct ShipmentRow {
    pub id: ShipmentId,
    pub version: i32,
    /// Number of the shipment, assigned when it is posted: `SH`, the year of `shipped_date` and a running
    /// number.
    #[schema(example = "SH-2026-000042")]
    pub number: String,
    /// Order that the goods belong to.
    pub order_id: OrderId,
    /// Customer of the order.
    pub customer_id: CustomerId,
    /// Status of the shipment: posted, delivered or voided.
    pub status: ShipmentStatus,
    /// Company that carries the goods. Null when none was given.
    #[schema(example = "SF Express")]
    pub carrier: Option<String>,
    /// Number under which the carrier tracks the goods. Null when none was given.
    #[schema(example = "SF1234567890")]
    pub tracking_number: Option<String>,
    /// Day on which the goods left the warehouse.
    #[schema(example = "2026-11-21")]
    pub shipped_date: NaiveDate,
    /// Day on which the goods arrived. Null until delivery is confirmed.
    pub delivered_date: Option<NaiveDate>,
    /// Name of the person who took the goods in and signed for them. Null until delivery is confirmed, or
    /// when no name was given.
    pub received_by: Option<String>,
    /// Where the signed delivery note is kept, such as a file name or a link. Null when none was given.
    #[schema(max_length = 400)]
    pub signature_ref: Option<String>,
    /// Freight that the company paid, in `freight_currency`. It is not part of the order's totals. Null when
    /// none was given.
    pub freight_cost: Option<Amount>,
    /// ISO 4217 code of the currency of `freight_cost`. Null without `freight_cost`.
    #[schema(example = "CNY", max_length = 3)]
    pub freight_currency: Option<String>,
    /// Address that the goods go to: the order's shipping address when the shipment was posted. Null when the
    /// order had none.
    #[schema(value_type = Option<PostalAddress>)]
    pub shipping_address: Option<JsonColumn<PostalAddress>>,
    /// Internal notes about the shipment.
    #[schema(max_length = 4000)]
    pub notes: Option<String>,
    /// Reason why the shipment was voided. Null unless it was.
    #[schema(max_length = 1000)]
    pub void_reason: Option<String>,
    #[schema(value_type = Vec<ExternalId>)]
    pub external_ids: JsonColumn<Vec<ExternalId>>,
    pub created_at: At,
    pub created_by: Option<UserId>,
    pub updated_at: At,
    pub updated_by: Option<UserId>,
}

/// One line of a shipment: how much of an order line was shipped.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema, Insertable, Queryable, Selectable, AsChangeset)]
#[diesel(table_name = shipment_lines)]
pub struct ShipmentLine {
    pub id: ShipmentLineId,
    #[serde(skip)]
    pub shipment_id: ShipmentId,
    /// Order line that the goods belong to.
    pub order_line_id: OrderLineId,
    /// Place of the line in the shipment, counted from 1.
    #[schema(example = 1)]
    pub position: i32,
    /// Shipped quantity, in the unit of the order line.
    pub quantity: Quantity,
}

/// A shipment with its lines.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Shipment {
    #[serde(flatten)]
    pub row: ShipmentRow,
    /// Shipped quantities, one line per order line.
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

/// A shipment with its lines and the steps that you can take now.
#[derive(Debug, Serialize, ToSchema)]
pub struct ShipmentView {
    #[serde(flatten)]
    pub shipment: Shipment,
    pub allowed_actions: Vec<ShipmentAction>,
}

/// A shipment in a list, without its lines.
#[derive(Debug, Serialize, ToSchema)]
pub struct ShipmentSummary {
    #[serde(flatten)]
    pub row: ShipmentRow,
    pub allowed_actions: Vec<ShipmentAction>,
}

/// A new shipment of an order.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ShipmentInput {
    /// Order lines and quantities to ship. Defaults to the whole open quantity of every order line. Refused
    /// when the order has nothing open.
    #[serde(default)]
    #[schema(max_items = 500)]
    pub lines: Vec<ShipmentLineInput>,
    /// Day on which the goods left the warehouse. Defaults to today. Refused when it is before the order date
    /// or in the future.
    pub shipped_date: Option<NaiveDate>,
    #[serde(flatten)]
    pub carriage: Carriage,
}

/// A shipment as another system sends it, with the order that it belongs to.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct NamedShipment {
    /// Order to ship. A new shipment needs exactly one of `order_id` and `order_external_id`. An existing
    /// shipment stays with its order.
    pub order_id: Option<OrderId>,
    /// The order's id in another system. An alternative to `order_id`.
    pub order_external_id: Option<ExternalId>,
    #[serde(flatten)]
    pub shipment: ShipmentInput,
}

/// How much of an order line to ship.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ShipmentLineInput {
    /// Line of the order. Each line can be given once.
    pub order_line_id: OrderLineId,
    /// Quantity to ship, in the unit of the order line. Greater than 0 and at most the open quantity: ordered
    /// less shipped less closed.
    pub quantity: Quantity,
}

/// Carrier, tracking, freight and notes of a shipment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Carriage {
    /// Company that carries the goods.
    #[schema(max_length = 100, example = "SF Express")]
    pub carrier: Option<String>,
    /// Number under which the carrier tracks the goods.
    #[schema(max_length = 100, example = "SF1234567890")]
    pub tracking_number: Option<String>,
    /// Freight that the company pays, in `freight_currency`. It is not added to the order's totals. Refused
    /// when it is negative.
    pub freight_cost: Option<Amount>,
    /// ISO 4217 code of the currency of `freight_cost`. Defaults to the order's currency. Ignored without
    /// `freight_cost`.
    #[schema(min_length = 3, max_length = 3, pattern = "^[A-Z]{3}$", example = "CNY")]
    pub freight_currency: Option<String>,
    /// Internal notes about the shipment.
    #[schema(max_length = 4000)]
    pub notes: Option<String>,
    #[serde(default)]
    #[schema(max_items = 20)]
    pub external_ids: Vec<ExternalId>,
}

/// When the goods arrived, and who took them in.
#[derive(Debug, Clone, Deserialize, ToSchema)]
pub struct DeliveryInput {
    /// Day on which the goods arrived. Defaults to today. Refused when it is before `shipped_date` or in the
    /// future.
    pub delivered_date: Option<NaiveDate>,
    /// Name of the person who took the goods in and signed for them.
    #[schema(max_length = 100, example = "陈师傅")]
    pub received_by: Option<String>,
    /// Where the signed delivery note is kept, such as a file name or a link.
    #[schema(max_length = 400, example = "scan-2026-000042.pdf")]
    pub signature_ref: Option<String>,
}

pub static SHIPMENTS: ListSpec = ListSpec {
    id: col!(shipments::id),
    filters: &[
        filter(
            Param::new(
                "status",
                Takes::Words(ShipmentStatus::WORDS),
                "Shipments with one of these statuses.",
            ),
            Does::Is(col!(shipments::status)),
        ),
        filter(
            Param::new("order_id", Takes::Ids("ord"), "Shipments of these orders."),
            Does::Is(col!(shipments::order_id)),
        ),
        filter(
            Param::new("customer_id", Takes::Ids("cus"), "Shipments to these customers."),
            Does::Is(col!(shipments::customer_id)),
        ),
        filter(
            Param::new("number", Takes::Text(40), "The shipment with exactly this number."),
            Does::Is(col!(shipments::number)),
        ),
        filter(
            Param::new("carrier", Takes::Text(100), "Shipments with exactly this carrier."),
            Does::Is(col!(shipments::carrier)),
        ),
        filter(
            Param::new("tracking_number", Takes::Text(100), "Shipments with exactly this tracking number."),
            Does::Is(col!(shipments::tracking_number)),
        ),
        filter(
            Param::new(
                "shipped_date_from",
                Takes::Date,
                "Shipments whose shipped date is this day or later.",
            ),
            Does::AtLeast(col!(shipments::shipped_date)),
        ),
        filter(
            Param::new(
                "shipped_date_to",
                Takes::Date,
                "Shipments whose shipped date is this day or earlier.",
            ),
            Does::AtMost(col!(shipments::shipped_date)),
        ),
        filter(
            Param::new("updated_since", Takes::Instant, "Shipments changed at this instant or later."),
            Does::AtLeast(col!(shipments::updated_at)),
        ),
    ],
    sorts: &[
        Sort { name: "shipped_date", column: col!(shipments::shipped_date) },
        Sort { name: "number", column: col!(shipments::number) },
        Sort { name: "updated_at", column: col!(shipments::updated_at) },
    ],
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
pub fn visible_to(caller: &Caller) -> Predicate {
    match crate::orders::model::visible_to(caller) {
        Predicate::All => Predicate::All,
        orders => Predicate::in_select(col!(shipments::order_id), col!(orders::id), orders),
    }
}

impl ShipmentRow {
    /// The steps that the shipment's life and the caller's rights allow now.
    pub fn allowed_actions(&self, caller: &Caller) -> Vec<ShipmentAction> {
        let may = caller.may(crate::base::auth::Scope::ShipmentsWrite);
        ShipmentAction::ALL.iter().copied().filter(|a| may && self.status.after(*a).is_some()).collect()
    }
}
