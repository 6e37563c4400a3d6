//! Orders: rows, inputs, views, lists.

use chrono::NaiveDate;
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use serde_json::{Value as JsonValue, json};
use utoipa::ToSchema;
use uuid::Uuid;

use super::reps::{OrderRep, keep_in_step, responsible_is};
use super::rules::{Finding, Fulfilment, OrderAction, OrderStatus};
use crate::base::auth::{Caller, Role, Sight};
use crate::base::db::filter::{Op, Predicate, Value, col, sql};
use crate::base::db::list::{Does, ListSpec, Row, Sort, filter};
use crate::base::db::{Conn, ExternalId, Guard, JsonColumn, search, shares};
use crate::base::error::Result;
use crate::base::http::params::{Given, Param, Takes};
use crate::base::types::{Amount, At, CustomFields, Price, Quantity, Rate, TextEnum};
use crate::customers::Attention;
use crate::customers::model::part_of_looked_after;
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
    /// Kind of hold:
    ///
    /// - `credit`: because of the customer's credit; finance holds and releases
    /// - `other`: for any other reason
    pub enum HoldKind {
        /// For the customer's credit; finance holds and releases.
        Credit = "credit",
        /// For any other reason.
        Other = "other",
    }
}
text_enum! {
    /// Where the unit price of a line comes from:
    ///
    /// - `list`: from a price list
    /// - `manual`: entered by the caller
    pub enum PriceSource {
        List = "list",
        Manual = "manual",
    }
}

/// A hard finding of the review that somebody let pass.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = ApprovalOverride)]
pub struct Override {
    /// Code of the finding.
    #[schema(example = "over_credit_limit")]
    pub code: String,
    /// Line that the finding is about. Null when it is about the whole order.
    pub line_id: Option<OrderLineId>,
    /// Figure that was let pass: the sum of open orders, the price that is left after discount, the discount, the reason of
    /// the block. A worse one is a new finding. Null where there is none.
    #[serde(default)]
    #[schema(max_length = 1000, example = "120000.00")]
    pub value: Option<String>,
    /// Quantity of the line, in its unit, for which it was let pass. More is a new finding. Null when the finding is about
    /// the whole order.
    #[serde(default)]
    pub quantity: Option<Quantity>,
    /// Why it was let pass.
    #[schema(max_length = 1000, example = "Payment arrived this morning")]
    pub reason: String,
    /// Person who let it pass. Null when it was a machine client.
    pub by: Option<UserId>,
    /// Name of the person or machine client that let it pass.
    #[schema(example = "王强")]
    pub by_name: String,
    /// When it was let pass.
    pub at: At,
}

/// An order without its lines.
#[derive(Debug, Clone, Serialize, ToSchema, Insertable, Queryable, Selectable, AsChangeset)]
#[diesel(table_name = orders)]
#[diesel(treat_none_as_null = true)]
pub struct OrderRow {
    pub id: OrderId,
    pub version: i32,
    /// Order number.
    #[schema(example = "SO-2026-000123")]
    pub number: String,
    /// Stage of the order's life. Only its steps and its shipments change it.
    pub status: OrderStatus,
    /// True while the order is on hold. It does not ship then.
    pub on_hold: bool,
    /// Kind of hold. Null while the order is not on hold.
    pub hold_kind: Option<HoldKind>,
    /// Why the order is on hold. Null while it is not on hold.
    #[schema(max_length = 1000, example = "Waiting for the deposit")]
    pub hold_reason: Option<String>,
    /// How much of the order has been shipped.
    pub fulfilment: Fulfilment,
    /// Customer that the order is for.
    pub customer_id: CustomerId,
    /// Contact at the customer. Null when none was given.
    pub contact_id: Option<ContactId>,
    /// Sales rep whom the order counts for now. Null when there is none.
    pub rep_id: Option<UserId>,
    /// Team that the order counts for: the team of the rep at the time when the rep was set. Null when there
    /// is none.
    pub team_id: Option<TeamId>,
    /// Sales region. Null when there is none.
    pub region_id: Option<RegionId>,
    /// Sales channel. Null when there is none.
    #[schema(example = "web")]
    pub channel: Option<String>,
    /// Currency of all amounts and prices of the order, ISO 4217.
    #[schema(example = "CNY", min_length = 3, max_length = 3)]
    pub currency: String,
    /// Day of the order. Price lists are looked up for this day.
    #[schema(example = "2026-11-20")]
    pub order_date: NaiveDate,
    /// Day on which the customer wants the goods. Null when unknown.
    pub requested_date: Option<NaiveDate>,
    /// Day that is promised to the customer. Null without a promise.
    pub promised_date: Option<NaiveDate>,
    /// First promised day: set at confirmation, or later with the first promise, and never changed after
    /// that. Null until then.
    pub first_promised_date: Option<NaiveDate>,
    /// Order number of the customer. Null when unknown.
    #[schema(example = "PO-77")]
    pub customer_po: Option<String>,
    /// Days from invoice to payment.
    #[schema(example = 30)]
    pub payment_days: i32,
    /// Payment terms in words. Null when there are none.
    #[schema(example = "30 days net")]
    pub payment_terms: Option<String>,
    /// Delivery terms in words. Null when there are none.
    #[schema(example = "DAP Guangzhou")]
    pub delivery_terms: Option<String>,
    /// Address for the invoice. Null when there is none.
    #[schema(value_type = Option<PostalAddress>)]
    pub billing_address: Option<JsonColumn<PostalAddress>>,
    /// Address for the goods. Null when there is none; the review has a finding then.
    #[schema(value_type = Option<PostalAddress>)]
    pub shipping_address: Option<JsonColumn<PostalAddress>>,
    /// Internal notes. Null when there are none.
    #[schema(max_length = 4000, example = "Ring before delivery")]
    pub notes: Option<String>,
    #[schema(value_type = CustomFields)]
    pub custom_fields: JsonColumn<CustomFields>,
    /// Sum of the lines' `list`: quantity times price before discount and tax, in `currency`.
    pub list: Amount,
    /// Sum of the lines' discounts, in `currency`.
    pub discount: Amount,
    /// Sum of the lines' `net`: after discount and before tax, in `currency`.
    pub net: Amount,
    /// Sum of the lines' tax, in `currency`.
    pub tax: Amount,
    /// Total to pay: `net` plus `tax`, in `currency`.
    pub gross: Amount,
    /// Number of revisions after confirmation.
    #[schema(example = 0)]
    pub revision: i32,
    /// Number of order exceptions that are not resolved.
    #[schema(minimum = 0, example = 0)]
    pub open_exceptions: i32,
    /// True while an open exception blocks shipping. It ends when the exception is resolved or unblocked.
    pub blocked: bool,
    /// Credited for returned goods so far, before tax, in `currency`.
    pub credited_net: Amount,
    /// Tax on `credited_net`, in `currency`.
    pub credited_tax: Amount,
    /// Credited for returned goods so far, with tax, in `currency`.
    pub credited_gross: Amount,
    #[serde(skip)]
    pub line_digest: String,
    /// Hard findings that were let pass since the order was last submitted.
    #[schema(value_type = Vec<Override>)]
    pub overrides: JsonColumn<Vec<Override>>,
    /// When the order was last submitted for review. Null when it never was.
    pub submitted_at: Option<At>,
    /// Person who last submitted it. Null when it never was, and when it was a machine client.
    pub submitted_by: Option<UserId>,
    /// When the order was approved. Null when it is not approved.
    pub approved_at: Option<At>,
    /// Person who approved it. Null when it is not approved, and when it was a machine client.
    pub approved_by: Option<UserId>,
    /// `gross` at approval, or at the last revision that raised it, in `currency`. Null when it is not
    /// approved.
    pub approved_gross: Option<Amount>,
    /// When the order was confirmed to the customer. Null until then.
    pub confirmed_at: Option<At>,
    /// When the order was completed. Null until then.
    pub completed_at: Option<At>,
    /// When the order was cancelled. Null when it is not cancelled.
    pub cancelled_at: Option<At>,
    /// Why the order was cancelled. Null when it is not cancelled.
    #[schema(max_length = 1000, example = "Asked for by the customer")]
    pub cancel_reason: Option<String>,
    #[schema(value_type = Vec<ExternalId>)]
    pub external_ids: JsonColumn<Vec<ExternalId>>,
    pub created_at: At,
    pub created_by: Option<UserId>,
    pub updated_at: At,
    pub updated_by: Option<UserId>,
    /// Person who works on the order beside the owner of its customer, who sees all orders of the customer. Null
    /// when it is the owner alone.
    pub responsible_id: Option<UserId>,
    /// Whom the order counts for from when to when, oldest first. Empty as long as the rep has not changed.
    #[schema(value_type = Vec<OrderRep>)]
    pub reps: JsonColumn<Vec<OrderRep>>,
}

/// A line of an order.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema, Insertable, Queryable, Selectable, AsChangeset)]
#[diesel(table_name = order_lines)]
#[diesel(treat_none_as_null = true)]
pub struct OrderLine {
    pub id: OrderLineId,
    #[serde(skip)]
    pub order_id: OrderId,
    /// Place of the line in the order, from 1.
    #[schema(example = 1)]
    pub position: i32,
    /// Product that is ordered.
    pub product_id: ProductId,
    /// Article number of the product, copied when the line was entered.
    #[schema(example = "TEA-001")]
    pub sku: String,
    /// Description for documents.
    #[schema(max_length = 400, example = "西湖龙井 250g")]
    pub description: String,
    /// Ordered quantity, in `unit`.
    pub quantity: Quantity,
    /// Unit of the quantities and of the price.
    #[schema(example = "pcs")]
    pub unit: String,
    /// Price of one `unit`, before discount and tax, in the order's currency.
    pub unit_price: Price,
    /// Price of one `unit` from the price lists when the line was priced, in the order's currency. Null when
    /// no list had a price.
    pub list_price: Option<Price>,
    /// Where `unit_price` comes from.
    pub price_source: PriceSource,
    /// Price on a price list that `list_price` comes from. Null when no list had a price.
    pub price_id: Option<PriceId>,
    /// Discount as a share from 0 to 1: `0.05` is 5 %.
    pub discount_rate: Rate,
    /// Tax rate as a share from 0 to 1: `0.13` is 13 %.
    pub tax_rate: Rate,
    #[serde(skip)]
    pub unit_cost: Option<Price>,
    /// Day that is promised for this line. Null when the order's promised date applies.
    pub promised_date: Option<NaiveDate>,
    /// Quantity times `unit_price`, rounded, in the order's currency.
    pub list: Amount,
    /// `list` minus `net`, in the order's currency.
    pub discount: Amount,
    /// After discount and before tax, rounded, in the order's currency.
    pub net: Amount,
    /// Tax on `net`, rounded, in the order's currency.
    pub tax: Amount,
    /// `net` plus `tax`, in the order's currency.
    pub gross: Amount,
    /// Quantity shipped so far, in `unit`. Voided shipments do not count.
    pub shipped: Quantity,
    /// Quantity delivered so far, in `unit`.
    pub delivered: Quantity,
    /// Quantity that will not be delivered any more, in `unit`.
    pub closed: Quantity,
    /// First promised day of the line: its own or else the order's. Set at confirmation, or later with the
    /// first promise, and never changed after that. On-time delivery is measured against it. Null until then.
    pub first_promised_date: Option<NaiveDate>,
    /// Quantity in returns that are requested or approved and have not arrived yet, in `unit`.
    pub in_return: Quantity,
    /// Quantity that came back, in `unit`. It still counts as shipped: a return does not change the order's
    /// fulfilment.
    pub returned: Quantity,
}

/// An order with its lines.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Order {
    #[serde(flatten)]
    pub row: OrderRow,
    /// Lines of the order, by position.
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
    fn keep_indexes(&self, before: Option<&Self>, conn: &mut Conn) -> Result<()> {
        keep_in_step(&self.row, before.map(|order| &order.row), conn)
    }
    fn hidden(&self) -> Vec<(&'static str, serde_json::Value)> {
        let cost = |line: &OrderLine| (line.id.to_string(), json!(line.unit_cost));
        vec![("line_costs", self.lines.iter().map(cost).collect::<serde_json::Map<_, _>>().into())]
    }
    fn guards(before: Option<&Self>, after: Option<&Self>) -> Vec<Guard> {
        let (before, after) = (before.map(|order| &order.row), after.map(|order| &order.row));
        let mut guards = Vec::new();
        if before.and_then(OrderRow::exposure) != after.and_then(OrderRow::exposure) {
            let customers = [before, after].into_iter().flatten().map(|row| row.customer_id);
            guards.extend(customers.map(|customer| Guard::row("credit", customer)));
        }
        if before.and_then(OrderRow::live_po) != after.and_then(OrderRow::live_po) {
            let numbers = [before, after].into_iter().flatten().filter_map(OrderRow::live_po);
            guards.extend(
                numbers.map(|(customer, po)| Guard::row("customer_po", format_args!("{customer} {po}"))),
            );
        }
        guards
    }
});

impl OrderRow {
    /// What it takes of its customer's credit: nothing unless it is open.
    fn exposure(&self) -> Option<(CustomerId, &str, Amount)> {
        let is_open = OrderStatus::OPEN.contains(&self.status);
        is_open.then_some((self.customer_id, self.currency.as_str(), self.gross))
    }
    /// The number under which its customer has sent it; another may take that of a cancelled one.
    fn live_po(&self) -> Option<(CustomerId, &str)> {
        let po = self.customer_po.as_deref().filter(|_| self.status != OrderStatus::Cancelled);
        po.map(|po| (self.customer_id, po))
    }
}

/// An order with its lines and the steps that the caller may take.
#[derive(Debug, Serialize, ToSchema)]
pub struct OrderView {
    #[serde(flatten)]
    pub order: Order,
    /// Steps that the order's life and the caller's scopes allow now. A rule can still stand in the way;
    /// `GET /orders/{order_id}/actions` explains it.
    pub allowed_actions: Vec<OrderAction>,
}

/// An order as it appears in lists: without its lines.
#[derive(Debug, Serialize, ToSchema)]
pub struct OrderSummary {
    #[serde(flatten)]
    pub row: OrderRow,
    /// Steps that the order's life and the caller's scopes allow now. A rule can still stand in the way;
    /// `GET /orders/{order_id}/actions` explains it.
    pub allowed_actions: Vec<OrderAction>,
}

/// The head of an order as entered and changed: everything but customer, currency and lines.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct OrderHead {
    /// Contact of the customer. Refused when the contact belongs to another customer.
    pub contact_id: Option<ContactId>,
    /// Sales rep. On entry it defaults to the caller for a rep, otherwise to the customer's owner (for a
    /// manager only if the owner is in their teams). A rep may name only themselves, a manager only people of
    /// their teams.
    pub rep_id: Option<UserId>,
    /// Sales region. On entry it defaults to the customer's region.
    pub region_id: Option<RegionId>,
    /// Sales channel. On entry it defaults to the customer's channel. It selects price lists.
    #[schema(max_length = 40, example = "web")]
    pub channel: Option<String>,
    /// Day of the order. Defaults to today. Prices of lines are looked up for this day.
    #[schema(example = "2026-11-20")]
    pub order_date: Option<NaiveDate>,
    /// Day on which the customer wants the goods; not before `order_date`.
    pub requested_date: Option<NaiveDate>,
    /// Day that is promised to the customer; not before `order_date`.
    pub promised_date: Option<NaiveDate>,
    /// Order number of the customer. The review compares it to find duplicates.
    #[schema(max_length = 60, example = "PO-77")]
    pub customer_po: Option<String>,
    /// Days from invoice to payment. Defaults to the customer's.
    #[schema(minimum = 0, maximum = 365, example = 30)]
    pub payment_days: Option<i32>,
    /// Payment terms in words. On entry they default to the customer's.
    #[schema(max_length = 200, example = "30 days net")]
    pub payment_terms: Option<String>,
    /// Delivery terms in words.
    #[schema(max_length = 200, example = "DAP Guangzhou")]
    pub delivery_terms: Option<String>,
    /// Address for the invoice. On entry it defaults to a copy of the customer's default billing address.
    pub billing_address: Option<PostalAddress>,
    /// Address for the goods. On entry it defaults to a copy of the customer's default shipping address.
    pub shipping_address: Option<PostalAddress>,
    /// Internal notes.
    #[schema(max_length = 4000, example = "Ring before delivery")]
    pub notes: Option<String>,
    #[serde(default)]
    pub custom_fields: CustomFields,
    #[serde(default)]
    #[schema(max_items = 20)]
    pub external_ids: Vec<ExternalId>,
}

/// A new order, with its lines.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct OrderInput {
    /// Customer that the order is for. It cannot be changed later. Refused with `customer_merged` when the
    /// customer was merged into another.
    pub customer_id: CustomerId,
    /// Currency of all amounts and prices, ISO 4217. Defaults to the customer's currency. It cannot be
    /// changed later.
    #[schema(min_length = 3, max_length = 3, pattern = "^[A-Z]{3}$", example = "CNY")]
    pub currency: Option<String>,
    #[serde(flatten)]
    pub head: OrderHead,
    /// Lines of the order. They may be added later; an order without lines cannot be submitted.
    #[serde(default)]
    #[schema(max_items = 500)]
    pub lines: Vec<LineInput>,
    /// Your expected total after discount and before tax. When it differs from the computed total, the
    /// request is refused with `totals_mismatch`.
    pub net: Option<Amount>,
    /// Your expected total tax. When it differs from the computed tax, the request is refused with
    /// `totals_mismatch`.
    pub tax: Option<Amount>,
    /// Your expected total with tax. When it differs from the computed total, the request is refused with
    /// `totals_mismatch`.
    pub gross: Option<Amount>,
}

/// A line of an order as entered and changed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct LineInput {
    /// Product that is ordered.
    pub product_id: ProductId,
    /// Description for documents. Defaults to the product's name.
    #[schema(max_length = 400, example = "西湖龙井 250g")]
    pub description: Option<String>,
    /// Ordered quantity, in `unit`. It must be greater than 0.
    pub quantity: Quantity,
    /// Unit of the product. Defaults to its base unit. Refused when the product is not sold in it.
    #[schema(max_length = 20, format = "key", example = "pcs")]
    pub unit: Option<String>,
    /// Price of one `unit`, before discount and tax, in the order's currency. Defaults to the price from the
    /// price lists; refused with `no_price` when no list has one. A price that you send is kept as a manual
    /// price.
    pub unit_price: Option<Price>,
    /// Discount as a share from 0 to 1: `0.05` is 5 %. Defaults to 0.
    pub discount_rate: Option<Rate>,
    /// Tax rate as a share from 0 to 1: `0.13` is 13 %. Defaults to the product's tax rate.
    pub tax_rate: Option<Rate>,
    /// Day that is promised for this line. Without it the order's promised date applies.
    pub promised_date: Option<NaiveDate>,
    /// Your expected amount of the line after discount and before tax. When it differs from the computed
    /// amount, the request is refused with `totals_mismatch`.
    pub net: Option<Amount>,
    /// Your expected tax of the line. When it differs from the computed tax, the request is refused with
    /// `totals_mismatch`.
    pub tax: Option<Amount>,
    /// Your expected amount of the line with tax. When it differs from the computed amount, the request is
    /// refused with `totals_mismatch`.
    pub gross: Option<Amount>,
}

/// What to let pass with the approval.
#[derive(Debug, Clone, Deserialize, ToSchema)]
pub struct Approval {
    /// Lets all hard findings pass and says why. Sending it needs `orders:override`. Without it the approval
    /// is refused with `review_blocked` while hard findings stand in the way.
    #[schema(min_length = 1, max_length = 1000, example = "Payment arrived this morning")]
    pub override_reason: Option<String>,
}

/// Which hard findings to let pass, and why.
#[derive(Debug, Clone, Deserialize, ToSchema)]
pub struct OverrideInput {
    /// Codes of the hard findings to let pass. Defaults to all that stand in the way now.
    #[serde(default)]
    #[schema(max_items = 50)]
    pub codes: Vec<String>,
    /// Why they are let pass; kept on the order and shown in the history.
    #[schema(min_length = 1, max_length = 1000, example = "Payment arrived this morning")]
    pub reason: String,
}

/// Kind of and reason for a hold.
#[derive(Debug, Clone, Deserialize, ToSchema)]
pub struct HoldInput {
    /// Kind of hold. Defaults to `other` for callers with `orders:hold`, otherwise to `credit`. `other` needs
    /// `orders:hold`, `credit` needs `orders:hold_credit`.
    pub kind: Option<HoldKind>,
    /// Why the order is held; shown on the order and in the history.
    #[schema(min_length = 1, max_length = 1000, example = "Waiting for the deposit")]
    pub reason: String,
}

/// A change of an order after confirmation. Fields that are left out or null stay as they are.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct RevisionInput {
    /// Why the order changes; kept with the revision.
    #[schema(min_length = 1, max_length = 1000, example = "Customer asked for two more boxes")]
    pub reason: String,
    /// Lets hard findings pass and says why. Sending it needs `orders:override`.
    #[schema(min_length = 1, max_length = 1000, example = "Payment arrived this morning")]
    pub override_reason: Option<String>,
    /// New day on which the customer wants the goods.
    pub requested_date: Option<NaiveDate>,
    /// New promised day. The first promised date does not change once it is set.
    pub promised_date: Option<NaiveDate>,
    /// New order number of the customer.
    #[schema(max_length = 60, example = "PO-78")]
    pub customer_po: Option<String>,
    /// New delivery terms.
    #[schema(max_length = 200, example = "DAP Guangzhou")]
    pub delivery_terms: Option<String>,
    /// New address for the goods. Shipments that exist keep theirs.
    pub shipping_address: Option<PostalAddress>,
    /// Lines to change or to remove; each line at most once.
    #[serde(default)]
    #[schema(max_items = 500)]
    pub change_lines: Vec<LineChange>,
    /// Lines to add. They are priced like new lines of a draft.
    #[serde(default)]
    #[schema(max_items = 500)]
    pub add_lines: Vec<LineInput>,
}

/// A change of one line. Fields that are left out or null stay as they are.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct LineChange {
    /// Line to change.
    pub line_id: OrderLineId,
    /// New quantity, in the unit of the line; not below the quantity that is shipped or closed. 0 removes the
    /// line, unless it is in a shipment, even a voided one.
    pub quantity: Option<Quantity>,
    /// New price of one unit, before discount and tax, in the order's currency. It becomes a manual price.
    pub unit_price: Option<Price>,
    /// New discount as a share from 0 to 1: `0.05` is 5 %.
    pub discount_rate: Option<Rate>,
    /// New promised day of the line.
    pub promised_date: Option<NaiveDate>,
}

/// A change of an order after confirmation, as it was recorded.
#[derive(Debug, Clone, Serialize, ToSchema, Insertable, Queryable, Selectable)]
#[diesel(table_name = order_revisions)]
pub struct Revision {
    pub id: RevisionId,
    /// Order that was changed.
    pub order_id: OrderId,
    /// Number of the revision within the order, from 1.
    #[schema(example = 1)]
    pub revision: i32,
    /// Why the order was changed.
    #[schema(max_length = 1000, example = "Customer asked for two more boxes")]
    pub reason: String,
    /// The whole order with its lines before the change.
    #[schema(value_type = BTreeMap<String, crate::base::http::history::AnyJson>)]
    pub before: JsonColumn<JsonValue>,
    /// The whole order with its lines after the change.
    #[schema(value_type = BTreeMap<String, crate::base::http::history::AnyJson>)]
    pub after: JsonColumn<JsonValue>,
    /// Changed fields, each with the old and the new content in this order.
    #[schema(value_type = BTreeMap<String, Vec<crate::base::http::history::AnyJson>>)]
    pub changes: JsonColumn<JsonValue>,
    pub created_at: At,
    pub created_by: Option<UserId>,
}

/// What a reviewer has to look at, computed at the time of the request.
#[derive(Debug, Serialize, ToSchema)]
pub struct Review {
    /// Findings of the review, for the whole order and for its lines. Empty when there are none.
    pub findings: Vec<Finding>,
    /// True when a hard finding that nobody has let pass stands in the way of approval.
    pub blocked: bool,
    /// True when `gross` is above the limit in the setting `orders.four_eyes_above`: the person who entered
    /// or submitted the order cannot approve it.
    pub four_eyes: bool,
    /// True when `gross` is above the limit in the setting `orders.manager_limit`: the approval needs
    /// `orders:approve_high`.
    pub above_manager_limit: bool,
}

pub static ORDERS: ListSpec = ListSpec {
    id: col!(orders::id),
    filters: &[
        filter(
            Param::new(
                "q",
                Takes::Text(100),
                "Orders that match this: part of the order number, of the customer's order number, or of \
                    the customer's name, code or pinyin initials.",
            ),
            Does::Makes(search_orders),
        ),
        filter(
            Param::new("number", Takes::Text(40), "The order with exactly this number."),
            Does::Is(col!(orders::number)),
        ),
        filter(
            Param::new("status", Takes::Words(OrderStatus::WORDS), "Orders with one of these statuses."),
            Does::Is(col!(orders::status)),
        ),
        filter(
            Param::new(
                "fulfilment",
                Takes::Words(Fulfilment::WORDS),
                "Orders that are shipped to one of these degrees.",
            ),
            Does::Is(col!(orders::fulfilment)),
        ),
        filter(
            Param::new(
                "on_hold",
                Takes::Bool,
                "`true`: orders on hold. `false`: orders that are not on hold.",
            ),
            Does::Flag(col!(orders::on_hold)),
        ),
        filter(
            Param::new(
                "has_open_exception",
                Takes::Bool,
                "`true`: orders with an exception that is not resolved. `false`: orders without one.",
            ),
            Does::Makes(has_open_exception),
        ),
        filter(
            Param::new(
                "blocked",
                Takes::Bool,
                "`true`: orders that an exception blocks from shipping. `false`: the others.",
            ),
            Does::Flag(col!(orders::blocked)),
        ),
        filter(
            Param::new("customer_id", Takes::Ids("cus"), "Orders of these customers."),
            Does::Is(col!(orders::customer_id)),
        ),
        filter(
            Param::new("rep_id", Takes::Ids("usr"), "Orders of these reps."),
            Does::Is(col!(orders::rep_id)),
        ),
        filter(
            Param::new(
                "responsible_id",
                Takes::Ids("usr"),
                "Orders that these people work on: those where `responsible_id` names them, and those of their \
                    customers where it names nobody.",
            ),
            Does::Makes(responsible_is),
        ),
        filter(
            Param::new("team_id", Takes::Ids("tem"), "Orders of these teams."),
            Does::Is(col!(orders::team_id)),
        ),
        filter(
            Param::new(
                "region_id",
                Takes::Ids("reg"),
                "Orders in these regions. Regions below them are not included.",
            ),
            Does::Is(col!(orders::region_id)),
        ),
        filter(
            Param::new("product_id", Takes::Ids("prd"), "Orders with a line for one of these products."),
            Does::Makes(with_product),
        ),
        filter(
            Param::new("channel", Takes::Text(40), "Orders through exactly this channel."),
            Does::Is(col!(orders::channel)),
        ),
        filter(
            Param::new("currency", Takes::Currency, "Orders in this currency."),
            Does::Is(col!(orders::currency)),
        ),
        filter(
            Param::new(
                "customer_po",
                Takes::Text(60),
                "Orders with exactly this order number of the customer.",
            ),
            Does::Is(col!(orders::customer_po)),
        ),
        filter(
            Param::new("order_date_from", Takes::Date, "Orders whose order date is this day or later."),
            Does::AtLeast(col!(orders::order_date)),
        ),
        filter(
            Param::new("order_date_to", Takes::Date, "Orders whose order date is this day or earlier."),
            Does::AtMost(col!(orders::order_date)),
        ),
        filter(
            Param::new("promised_date_from", Takes::Date, "Orders whose promised date is this day or later."),
            Does::AtLeast(col!(orders::promised_date)),
        ),
        filter(
            Param::new("promised_date_to", Takes::Date, "Orders whose promised date is this day or earlier."),
            Does::AtMost(col!(orders::promised_date)),
        ),
        filter(
            Param::new(
                "gross_min",
                Takes::Decimal(4),
                "Orders whose gross total is this or more, in any currency. Combine it with `currency`.",
            ),
            Does::AtLeast(col!(orders::gross)),
        ),
        filter(
            Param::new(
                "gross_max",
                Takes::Decimal(4),
                "Orders whose gross total is this or less, in any currency. Combine it with `currency`.",
            ),
            Does::AtMost(col!(orders::gross)),
        ),
        filter(
            Param::new("updated_since", Takes::Instant, "Orders changed at this instant or later."),
            Does::AtLeast(col!(orders::updated_at)),
        ),
    ],
    sorts: &[
        Sort { name: "order_date", column: col!(orders::order_date) },
        Sort { name: "number", column: col!(orders::number) },
        Sort { name: "gross", column: col!(orders::gross) },
        Sort { name: "updated_at", column: col!(orders::updated_at) },
        Sort { name: "created_at", column: col!(orders::created_at) },
    ],
    default_sort: "-order_date",
    expand: &["customer", "contact", "rep", "team", "region"],
};

fn search_orders(given: &Given) -> Predicate {
    let Given::Text(words) = given else { return Predicate::Nothing };
    match search::Found::new(words) {
        None => Predicate::Nothing,
        Some(found) => Predicate::Found(col!(orders::id), found.clone())
            .or(Predicate::Found(col!(orders::customer_id), found)),
    }
}

fn has_open_exception(given: &Given) -> Predicate {
    match given {
        Given::Bool(true) => Predicate::Sql(sql!("orders.open_exceptions > 0"), vec![]),
        _ => Predicate::Sql(sql!("orders.open_exceptions = 0"), vec![]),
    }
}

fn with_product(given: &Given) -> Predicate {
    let Given::Ids(ids) = given else { return Predicate::Nothing };
    let product = Predicate::ids(col!(order_lines::product_id), ids.iter().copied());
    Predicate::in_select(col!(orders::id), col!(order_lines::order_id), product)
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

/// The orders that count as sales.
pub fn booked() -> Predicate {
    Predicate::one_of(col!(orders::status), OrderStatus::BOOKED)
}

/// The orders that count against a customer's credit, which the partial index `orders_exposure` has.
pub fn open() -> Predicate {
    Predicate::one_of(col!(orders::status), OrderStatus::OPEN)
}

/// A customer has attention when there is a new order, other than a cancelled one.
pub const RECENT: Attention = Attention {
    customer: col!(orders::customer_id),
    since: |_, on| {
        let later = Predicate::Compare(col!(orders::order_date), Op::Gt, on.into());
        later.and(Predicate::none_of(col!(orders::status), &[OrderStatus::Cancelled]))
    },
};
/// A customer has attention as long as an order is under way.
pub const UNDER_WAY: Attention = Attention { customer: col!(orders::customer_id), since: |_, _| open() };

/// The orders that a caller sees: those that they or their people work on, those of the customers that they or their
/// people look after, and those that are shared with them.
pub fn visible_to(caller: &Caller) -> Predicate {
    let seen = match caller.sight {
        Sight::All if caller.role == Some(Role::Warehouse) => booked(),
        Sight::All => Predicate::All,
        Sight::Team | Sight::Own => caller
            .has(col!(orders::responsible_id))
            .or(part_of_looked_after(caller, col!(orders::customer_id)))
            .or(shares::shared_with(col!(orders::id), caller)),
    };
    seen.and(caller.within(col!(orders::customer_id)))
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
    id: col!(order_revisions::id),
    filters: &[filter(
        Param::new("revision", Takes::Int(1, 1_000_000), "The revision with this number."),
        Does::Is(col!(order_revisions::revision)),
    )],
    sorts: &[Sort { name: "revision", column: col!(order_revisions::revision) }],
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
