//! Orders: rows, inputs, views, lists.

use chrono::NaiveDate;
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use serde_json::Value as JsonValue;
use utoipa::ToSchema;
use uuid::Uuid;

use super::rules::{Finding, Fulfilment, OrderAction, OrderStatus};
use crate::base::auth::{Caller, Role, Sight};
use crate::base::db::filter::{Cond, Value};
use crate::base::db::list::{Does, ListSpec, Row, Sort, filter};
use crate::base::db::{ExternalId, Json, search, shares};
use crate::base::http::params::{Given, Param, Takes};
use crate::base::types::{Amount, At, CustomFields, Price, Quantity, Rate, TextEnum};
use crate::customers::model::{ContactId, CustomerId, PostalAddress};
use crate::people::{TeamId, UserId};
use crate::prices::model::PriceId;
use crate::products::model::ProductId;
use crate::regions::RegionId;
use crate::schema::{order_lines, order_revisions, orders};
use crate::{entity_with_lines, id_type, text_enum};

id_type!(OrderId, "ord", "order");
id_type!(OrderLineId, "oln", "order_line");
id_type!(RevisionId, "orv", "order_revision");

text_enum! {
    /// Why an order is held.
    pub enum HoldKind {
        /// For the customer's credit; finance holds and releases.
        Credit = "credit",
        /// For any other reason.
        Other = "other",
    }
}
text_enum! {
    /// Where a line's price comes from.
    pub enum PriceSource {
        List = "list",
        Manual = "manual",
    }
}

/// A hard finding that was let pass.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = ApprovalOverride)]
pub struct Override {
    #[schema(example = "over_credit_limit")]
    pub code: String,
    pub line_id: Option<OrderLineId>,
    #[schema(max_length = 1000)]
    pub reason: String,
    pub by: Option<UserId>,
    #[schema(example = "王强")]
    pub by_name: String,
    pub at: At,
}

/// An order's own row.
#[derive(Debug, Clone, Serialize, ToSchema, Insertable, Queryable, Selectable, AsChangeset)]
#[diesel(table_name = orders)]
#[diesel(treat_none_as_null = true)]
pub struct OrderRow {
    pub id: OrderId,
    pub version: i32,
    #[schema(example = "SO-2026-000123")]
    pub number: String,
    pub status: OrderStatus,
    /// Stops shipping, beside the status.
    pub on_hold: bool,
    pub hold_kind: Option<HoldKind>,
    #[schema(max_length = 1000)]
    pub hold_reason: Option<String>,
    pub fulfilment: Fulfilment,
    pub customer_id: CustomerId,
    pub contact_id: Option<ContactId>,
    pub rep_id: Option<UserId>,
    /// The rep's team.
    pub team_id: Option<TeamId>,
    pub region_id: Option<RegionId>,
    #[schema(example = "web")]
    pub channel: Option<String>,
    #[schema(example = "CNY", min_length = 3, max_length = 3)]
    pub currency: String,
    #[schema(example = "2026-11-20")]
    pub order_date: NaiveDate,
    /// When the customer wants it.
    pub requested_date: Option<NaiveDate>,
    /// When it is promised.
    pub promised_date: Option<NaiveDate>,
    /// The first promise after confirmation: on-time delivery is measured against it.
    pub first_promised_date: Option<NaiveDate>,
    /// The customer's own order number.
    #[schema(example = "PO-77")]
    pub customer_po: Option<String>,
    /// Days after invoice that payment is due.
    #[schema(example = 30)]
    pub payment_days: i32,
    pub payment_terms: Option<String>,
    pub delivery_terms: Option<String>,
    #[schema(value_type = Option<PostalAddress>)]
    pub billing_address: Option<Json<PostalAddress>>,
    #[schema(value_type = Option<PostalAddress>)]
    pub shipping_address: Option<Json<PostalAddress>>,
    #[schema(max_length = 4000)]
    pub notes: Option<String>,
    #[schema(value_type = CustomFields)]
    pub custom_fields: Json<CustomFields>,
    /// Sum of the lines' list values.
    pub list: Amount,
    pub discount: Amount,
    /// After discount, before tax.
    pub net: Amount,
    pub tax: Amount,
    pub gross: Amount,
    /// How often it was changed after confirmation.
    #[schema(example = 0)]
    pub revision: i32,
    /// How many of its exceptions are not resolved.
    #[schema(minimum = 0, example = 0)]
    pub open_exceptions: i32,
    /// One of them blocks: the order does not ship until it is resolved or unblocked.
    pub blocked: bool,
    /// What was credited for returned goods so far, before tax.
    pub credited_net: Amount,
    pub credited_tax: Amount,
    pub credited_gross: Amount,
    #[serde(skip)]
    pub line_digest: String,
    /// Hard findings that were let pass since it was submitted.
    #[schema(value_type = Vec<Override>)]
    pub overrides: Json<Vec<Override>>,
    pub submitted_at: Option<At>,
    pub submitted_by: Option<UserId>,
    pub approved_at: Option<At>,
    pub approved_by: Option<UserId>,
    /// The gross that was approved.
    pub approved_gross: Option<Amount>,
    pub confirmed_at: Option<At>,
    pub completed_at: Option<At>,
    pub cancelled_at: Option<At>,
    #[schema(max_length = 1000)]
    pub cancel_reason: Option<String>,
    #[schema(value_type = Vec<ExternalId>)]
    pub external_ids: Json<Vec<ExternalId>>,
    pub created_at: At,
    pub created_by: Option<UserId>,
    pub updated_at: At,
    pub updated_by: Option<UserId>,
}

/// A line of an order.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema, Insertable, Queryable, Selectable, AsChangeset)]
#[diesel(table_name = order_lines)]
#[diesel(treat_none_as_null = true)]
pub struct OrderLine {
    pub id: OrderLineId,
    #[serde(skip)]
    pub order_id: OrderId,
    /// Its place in the order, from 1.
    #[schema(example = 1)]
    pub position: i32,
    pub product_id: ProductId,
    #[schema(example = "TEA-001")]
    pub sku: String,
    #[schema(max_length = 400, example = "西湖龙井 250g")]
    pub description: String,
    pub quantity: Quantity,
    #[schema(example = "pcs")]
    pub unit: String,
    pub unit_price: Price,
    /// What the price lists said when it was entered; null when they said nothing.
    pub list_price: Option<Price>,
    pub price_source: PriceSource,
    /// The price list entry that the list price came from.
    pub price_id: Option<PriceId>,
    pub discount_rate: Rate,
    pub tax_rate: Rate,
    #[serde(skip)]
    pub unit_cost: Option<Price>,
    pub promised_date: Option<NaiveDate>,
    pub list: Amount,
    pub discount: Amount,
    pub net: Amount,
    pub tax: Amount,
    pub gross: Amount,
    /// Shipped so far, without voided shipments.
    pub shipped: Quantity,
    pub delivered: Quantity,
    /// Will not be delivered any more.
    pub closed: Quantity,
    /// The line's first promise after confirmation: its own, else the order's. On-time delivery is measured against it.
    pub first_promised_date: Option<NaiveDate>,
    /// In returns that were requested or approved, and have not come in.
    pub in_return: Quantity,
    /// Came back. It was shipped all the same: a return does not change the order's fulfilment.
    pub returned: Quantity,
}

/// An order with its lines.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Order {
    #[serde(flatten)]
    pub row: OrderRow,
    #[schema(max_items = 500)]
    pub lines: Vec<OrderLine>,
}

entity_with_lines!(Order, OrderRow, orders, OrderId, OrderLine, order_lines, order_id, {
    fn owner(&self) -> (Option<Uuid>, Option<Uuid>) {
        (self.row.rep_id.map(|u| u.0), self.row.team_id.map(|t| t.0))
    }
    fn external_ids(&self) -> &[ExternalId] {
        &self.row.external_ids.0
    }
    fn search_texts(&self) -> Vec<String> {
        let mut texts = vec![self.row.number.clone()];
        texts.extend(self.row.customer_po.clone());
        texts
    }
});

/// An order as it is answered.
#[derive(Debug, Serialize, ToSchema)]
pub struct OrderView {
    #[serde(flatten)]
    pub order: Order,
    /// The steps that its life and your rights allow now; a rule may still stand in the way, which
    /// `GET /orders/{order_id}/actions` tells.
    pub allowed_actions: Vec<OrderAction>,
}

/// An order in a list: without its lines.
#[derive(Debug, Serialize, ToSchema)]
pub struct OrderSummary {
    #[serde(flatten)]
    pub row: OrderRow,
    pub allowed_actions: Vec<OrderAction>,
}

/// The head of an order, as entered and changed.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct OrderHead {
    pub contact_id: Option<ContactId>,
    /// Without it: the rep who enters it, else the customer's owner.
    pub rep_id: Option<UserId>,
    /// Without it: the customer's.
    pub region_id: Option<RegionId>,
    #[schema(max_length = 40, example = "web")]
    pub channel: Option<String>,
    /// Without it: today.
    #[schema(example = "2026-11-20")]
    pub order_date: Option<NaiveDate>,
    pub requested_date: Option<NaiveDate>,
    pub promised_date: Option<NaiveDate>,
    /// The customer's own order number.
    #[schema(max_length = 60, example = "PO-77")]
    pub customer_po: Option<String>,
    /// Without it: the customer's.
    #[schema(minimum = 0, maximum = 365, example = 30)]
    pub payment_days: Option<i32>,
    #[schema(max_length = 200)]
    pub payment_terms: Option<String>,
    #[schema(max_length = 200, example = "DAP Guangzhou")]
    pub delivery_terms: Option<String>,
    /// Without it: the customer's default billing address.
    pub billing_address: Option<PostalAddress>,
    /// Without it: the customer's default shipping address.
    pub shipping_address: Option<PostalAddress>,
    #[schema(max_length = 4000)]
    pub notes: Option<String>,
    #[serde(default)]
    pub custom_fields: CustomFields,
    #[serde(default)]
    #[schema(max_items = 20)]
    pub external_ids: Vec<ExternalId>,
}

/// A new order.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct OrderInput {
    pub customer_id: CustomerId,
    /// ISO 4217. Without it: the customer's.
    #[schema(min_length = 3, max_length = 3, pattern = "^[A-Z]{3}$", example = "CNY")]
    pub currency: Option<String>,
    #[serde(flatten)]
    pub head: OrderHead,
    #[serde(default)]
    #[schema(max_items = 500)]
    pub lines: Vec<LineInput>,
    /// Checked when given: what you expect the net total to be.
    pub net: Option<Amount>,
    /// Checked when given.
    pub tax: Option<Amount>,
    /// Checked when given.
    pub gross: Option<Amount>,
}

/// A line as entered and changed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct LineInput {
    pub product_id: ProductId,
    /// Without it: the product's name.
    #[schema(max_length = 400)]
    pub description: Option<String>,
    pub quantity: Quantity,
    /// Without it: the product's base unit.
    #[schema(max_length = 20, example = "pcs")]
    pub unit: Option<String>,
    /// Without it: what the price lists say.
    pub unit_price: Option<Price>,
    /// From 0 to 1.
    pub discount_rate: Option<Rate>,
    /// From 0 to 1. Without it: the product's.
    pub tax_rate: Option<Rate>,
    pub promised_date: Option<NaiveDate>,
    /// Checked when given: what you expect the line's net to be.
    pub net: Option<Amount>,
    /// Checked when given.
    pub tax: Option<Amount>,
    /// Checked when given.
    pub gross: Option<Amount>,
}

/// Why, and what to let pass.
#[derive(Debug, Clone, Deserialize, ToSchema)]
pub struct Approval {
    /// Lets every hard finding pass; needs `orders:override`.
    #[schema(min_length = 1, max_length = 1000, example = "Payment arrived this morning")]
    pub override_reason: Option<String>,
}

/// Which findings to let pass, and why.
#[derive(Debug, Clone, Deserialize, ToSchema)]
pub struct OverrideInput {
    /// Codes of hard findings; without it all that stand in the way now.
    #[serde(default)]
    #[schema(max_items = 50)]
    pub codes: Vec<String>,
    #[schema(min_length = 1, max_length = 1000, example = "Payment arrived this morning")]
    pub reason: String,
}

/// Why an order is held.
#[derive(Debug, Clone, Deserialize, ToSchema)]
pub struct HoldInput {
    /// Without it: `credit` for finance, `other` for the rest.
    pub kind: Option<HoldKind>,
    #[schema(min_length = 1, max_length = 1000, example = "Waiting for the deposit")]
    pub reason: String,
}

/// A change after confirmation.
#[derive(Debug, Clone, Deserialize, ToSchema)]
pub struct RevisionInput {
    #[schema(min_length = 1, max_length = 1000, example = "Customer asked for two more boxes")]
    pub reason: String,
    /// Lets hard findings pass; needs `orders:override`.
    #[schema(min_length = 1, max_length = 1000)]
    pub override_reason: Option<String>,
    pub requested_date: Option<NaiveDate>,
    pub promised_date: Option<NaiveDate>,
    #[schema(max_length = 60)]
    pub customer_po: Option<String>,
    #[schema(max_length = 200)]
    pub delivery_terms: Option<String>,
    pub shipping_address: Option<PostalAddress>,
    /// Lines to change or to remove.
    #[serde(default)]
    #[schema(max_items = 500)]
    pub change_lines: Vec<LineChange>,
    /// Lines to add.
    #[serde(default)]
    #[schema(max_items = 500)]
    pub add_lines: Vec<LineInput>,
}

/// A change of one line: what is absent stays.
#[derive(Debug, Clone, Deserialize, ToSchema)]
pub struct LineChange {
    pub line_id: OrderLineId,
    /// Not below what has been shipped or closed; 0 removes a line of which nothing was shipped.
    pub quantity: Option<Quantity>,
    pub unit_price: Option<Price>,
    pub discount_rate: Option<Rate>,
    pub promised_date: Option<NaiveDate>,
}

/// A change after confirmation, as kept.
#[derive(Debug, Clone, Serialize, ToSchema, Insertable, Queryable, Selectable)]
#[diesel(table_name = order_revisions)]
pub struct Revision {
    pub id: RevisionId,
    pub order_id: OrderId,
    #[schema(example = 1)]
    pub revision: i32,
    #[schema(max_length = 1000)]
    pub reason: String,
    /// The order before.
    #[schema(value_type = BTreeMap<String, crate::base::http::history::AnyJson>)]
    pub before: Json<JsonValue>,
    /// The order after.
    #[schema(value_type = BTreeMap<String, crate::base::http::history::AnyJson>)]
    pub after: Json<JsonValue>,
    /// What differs: field → [before, after].
    #[schema(value_type = BTreeMap<String, Vec<crate::base::http::history::AnyJson>>)]
    pub changes: Json<JsonValue>,
    pub created_at: At,
    pub created_by: Option<UserId>,
}

/// A review: what a reviewer must look at, computed now.
#[derive(Debug, Serialize, ToSchema)]
pub struct Review {
    pub findings: Vec<Finding>,
    /// Whether a hard finding stands in the way of approval.
    pub blocked: bool,
    /// Whether somebody else than the one who entered it must approve.
    pub four_eyes: bool,
    /// Whether it is above the limit of a manager.
    pub above_manager_limit: bool,
}

pub static ORDERS: ListSpec = ListSpec {
    id: "orders.id",
    filters: &[
        filter(
            Param::new(
                "q",
                Takes::Text(100),
                "Part of the number, of the customer's order number, or of the customer's name, code or pinyin initials.",
            ),
            Does::Makes(search_orders),
        ),
        filter(
            Param::new("number", Takes::Text(40), "The order with this number."),
            Does::Is("orders.number"),
        ),
        filter(
            Param::new("status", Takes::Words(OrderStatus::WORDS), "Only these."),
            Does::Is("orders.status"),
        ),
        filter(
            Param::new("fulfilment", Takes::Words(Fulfilment::WORDS), "Only these."),
            Does::Is("orders.fulfilment"),
        ),
        filter(
            Param::new("on_hold", Takes::Bool, "Only those on hold, or only those that are not."),
            Does::Makes(on_hold),
        ),
        filter(
            Param::new(
                "has_open_exception",
                Takes::Bool,
                "Only those with an exception that is not resolved, or only the others.",
            ),
            Does::Makes(has_open_exception),
        ),
        filter(
            Param::new("blocked", Takes::Bool, "Only those that an exception blocks, or only the others."),
            Does::Makes(blocked),
        ),
        filter(
            Param::new("customer_id", Takes::Ids("cus"), "Only of these customers."),
            Does::Is("orders.customer_id"),
        ),
        filter(Param::new("rep_id", Takes::Ids("usr"), "Only of these reps."), Does::Is("orders.rep_id")),
        filter(Param::new("team_id", Takes::Ids("tem"), "Only of these teams."), Does::Is("orders.team_id")),
        filter(
            Param::new("region_id", Takes::Ids("reg"), "Only of these regions."),
            Does::Is("orders.region_id"),
        ),
        filter(
            Param::new("product_id", Takes::Ids("prd"), "Only with a line of one of these products."),
            Does::Makes(with_product),
        ),
        filter(Param::new("channel", Takes::Text(40), "Only of this channel."), Does::Is("orders.channel")),
        filter(
            Param::new("currency", Takes::Currency, "Only in this currency."),
            Does::Is("orders.currency"),
        ),
        filter(
            Param::new("customer_po", Takes::Text(60), "Only with this order number of the customer's."),
            Does::Is("orders.customer_po"),
        ),
        filter(
            Param::new("order_date_from", Takes::Date, "From this day on."),
            Does::AtLeast("orders.order_date"),
        ),
        filter(
            Param::new("order_date_to", Takes::Date, "Up to and with this day."),
            Does::AtMost("orders.order_date"),
        ),
        filter(
            Param::new("promised_date_from", Takes::Date, "Promised from this day on."),
            Does::AtLeast("orders.promised_date"),
        ),
        filter(
            Param::new("promised_date_to", Takes::Date, "Promised up to and with this day."),
            Does::AtMost("orders.promised_date"),
        ),
        filter(
            Param::new("gross_min", Takes::Decimal(4), "Gross of at least this."),
            Does::AtLeast("orders.gross"),
        ),
        filter(
            Param::new("gross_max", Takes::Decimal(4), "Gross of at most this."),
            Does::AtMost("orders.gross"),
        ),
        filter(
            Param::new("updated_since", Takes::Instant, "Changed at or after this instant."),
            Does::AtLeast("orders.updated_at"),
        ),
    ],
    sorts: &[
        Sort { name: "order_date", column: "orders.order_date" },
        Sort { name: "number", column: "orders.number" },
        Sort { name: "gross", column: "orders.gross" },
        Sort { name: "updated_at", column: "orders.updated_at" },
        Sort { name: "created_at", column: "orders.created_at" },
    ],
    sort_names: &["order_date", "number", "gross", "updated_at", "created_at"],
    default_sort: "-order_date",
    expand: &["customer", "contact", "rep", "team", "region"],
};

fn search_orders(given: &Given) -> Cond {
    let Given::Text(words) = given else { return Cond::Nothing };
    match search::Found::new(words) {
        None => Cond::Nothing,
        Some(found) => Cond::Found("orders.id", found.clone()).or(Cond::Found("orders.customer_id", found)),
    }
}

fn on_hold(given: &Given) -> Cond {
    // Written so that the partial index on held orders serves.
    match given {
        Given::Bool(true) => Cond::Sql("orders.on_hold", vec![]),
        _ => Cond::Sql("NOT orders.on_hold", vec![]),
    }
}

fn has_open_exception(given: &Given) -> Cond {
    match given {
        Given::Bool(true) => Cond::Sql("orders.open_exceptions > 0", vec![]),
        _ => Cond::Sql("orders.open_exceptions = 0", vec![]),
    }
}

fn blocked(given: &Given) -> Cond {
    match given {
        Given::Bool(true) => Cond::Sql("orders.blocked", vec![]),
        _ => Cond::Sql("NOT orders.blocked", vec![]),
    }
}

fn with_product(given: &Given) -> Cond {
    let Given::Ids(ids) = given else { return Cond::Nothing };
    let product = Cond::ids("order_lines.product_id", ids.iter().copied());
    Cond::InSelect("orders.id", "SELECT order_lines.order_id FROM order_lines WHERE ", Box::new(product))
}

impl Row for OrderRow {
    fn id(&self) -> Uuid {
        self.id.0
    }
    fn sort_value(&self, name: &str) -> Value {
        match name {
            "number" => self.number.clone().into(),
            "gross" => self.gross.units().into(),
            "updated_at" => self.updated_at.into(),
            "created_at" => self.created_at.into(),
            _ => self.order_date.into(),
        }
    }
}

/// The orders that a caller sees.
pub fn visible_to(caller: &Caller) -> Cond {
    let mine = || match caller.user {
        Some(user) => Cond::eq("orders.rep_id", user),
        None => Cond::Nothing,
    };
    let shared = || shares::shared_with("orders.id", caller);
    let seen = match caller.sight {
        Sight::All if caller.role == Some(Role::Warehouse) => {
            let booked = OrderStatus::BOOKED.iter().map(|s| Value::from(s.as_str())).collect();
            Cond::In("orders.status", booked)
        }
        Sight::All => Cond::All,
        Sight::Team => Cond::ids("orders.team_id", caller.teams.iter().copied()).or(mine()).or(shared()),
        Sight::Own => mine().or(shared()),
    };
    seen.and(caller.within("orders.customer_id"))
}

impl OrderRow {
    /// The steps that the order's life and the caller's rights allow now.
    pub fn allowed_actions(&self, caller: &Caller) -> Vec<OrderAction> {
        OrderAction::ALL
            .iter()
            .copied()
            .filter(|action| self.life_allows(*action) && action.scopes().iter().any(|s| caller.may(*s)))
            .collect()
    }

    /// Whether the order's life, with its hold and what blocks it, has this step now.
    pub fn life_allows(&self, action: OrderAction) -> bool {
        self.status.after(action).is_some()
            && match action {
                OrderAction::Hold => !self.on_hold,
                OrderAction::Release => self.on_hold,
                OrderAction::Ship => !self.on_hold && !self.blocked,
                OrderAction::Delete => self.submitted_at.is_none(),
                _ => true,
            }
    }
}

/// An order's revisions.
pub static REVISIONS: ListSpec = ListSpec {
    id: "order_revisions.id",
    filters: &[filter(
        Param::new("revision", Takes::Int(1, 1_000_000), "Only this revision."),
        Does::Is("order_revisions.revision"),
    )],
    sorts: &[Sort { name: "revision", column: "order_revisions.revision" }],
    sort_names: &["revision"],
    default_sort: "revision",
    expand: &[],
};

impl Row for Revision {
    fn id(&self) -> Uuid {
        self.id.0
    }
    fn sort_value(&self, _: &str) -> Value {
        Value::Int(i64::from(self.revision))
    }
}
