//! Price lists and the prices on them: rows, inputs, views, lists; and what a price is asked for with.

use chrono::NaiveDate;
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::base::auth::Caller;
use crate::base::db::filter::{Cond, Op, Value};
use crate::base::db::list::{Does, ListSpec, Row, Sort, filter};
use crate::base::db::{ExternalId, Json};
use crate::base::http::params::{Given, Param, Takes};
use crate::base::text;
use crate::base::types::number::{PositiveQuantity, PriceFromZero};
use crate::base::types::{At, Price, Quantity, TextEnum};
use crate::customers::model::{CustomerId, CustomerTier};
use crate::people::UserId;
use crate::products::ProductId;
use crate::schema::{price_lists, prices};
use crate::{entity, id_type, text_enum};

id_type!(PriceListId, "pls", "price_list");
id_type!(PriceId, "pri", "price");

// ---- price lists ---------------------------------------------------------------------------------------------

text_enum! {
    /// Where a price list is in its life.
    pub enum PriceListStatus {
        Draft = "draft",
        Active = "active",
        Retired = "retired",
    }
}
text_enum! {
    /// A step in a price list's life.
    pub enum PriceListAction {
        Activate = "activate",
        Retire = "retire",
    }
}

/// A price list.
#[derive(Debug, Clone, Serialize, ToSchema, Insertable, Queryable, Selectable, AsChangeset)]
#[diesel(table_name = price_lists)]
#[diesel(treat_none_as_null = true)]
pub struct PriceList {
    pub id: PriceListId,
    pub version: i32,
    pub code: String,
    pub name: String,
    pub currency: String,
    pub status: PriceListStatus,
    #[schema(value_type = String, format = Date)]
    pub valid_from: NaiveDate,
    /// The last day; null without end.
    #[schema(value_type = Option<String>, format = Date)]
    pub valid_to: Option<NaiveDate>,
    /// Only for this customer.
    pub customer_id: Option<CustomerId>,
    /// Only for customers of this tier.
    pub tier: Option<String>,
    /// Only for sales through this channel.
    pub channel: Option<String>,
    /// Among lists that are equally specific the higher one wins.
    #[schema(minimum = 0, maximum = 1000)]
    pub priority: i32,
    pub approved_at: Option<At>,
    pub approved_by: Option<UserId>,
    /// From this day on the list holds no more; days before it still answer with it.
    #[schema(value_type = Option<String>, format = Date)]
    pub retired_on: Option<NaiveDate>,
    #[schema(max_length = 2000)]
    pub notes: Option<String>,
    #[schema(value_type = Vec<ExternalId>)]
    pub external_ids: Json<Vec<ExternalId>>,
    pub created_at: At,
    pub created_by: Option<UserId>,
    pub updated_at: At,
    pub updated_by: Option<UserId>,
}
entity!(PriceList, price_lists, PriceListId, {
    fn external_ids(&self) -> &[ExternalId] {
        &self.external_ids.0
    }
    fn search_texts(&self) -> Vec<String> {
        vec![self.name.clone(), text::initials(&self.name), self.code.clone()]
    }
});

/// A price list as a caller sees it.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = PriceList)]
pub struct PriceListView {
    #[serde(flatten)]
    #[schema(inline)]
    pub list: PriceList,
    /// The steps that its life and your rights allow now.
    pub allowed_actions: Vec<PriceListAction>,
}

/// A price list as entered and changed.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct PriceListInput {
    #[schema(min_length = 1, max_length = 40, pattern = r"^\S+$", example = "RETAIL-2026")]
    pub code: String,
    #[schema(min_length = 1, max_length = 100, pattern = r"\S", example = "2026 零售价")]
    pub name: String,
    /// ISO 4217.
    #[schema(min_length = 3, max_length = 3, pattern = "^[A-Z]{3}$", example = "CNY")]
    pub currency: String,
    /// Today when it is left out.
    #[schema(value_type = Option<String>, format = Date, example = "2026-01-01")]
    pub valid_from: Option<NaiveDate>,
    /// The last day; without end when it is left out.
    #[schema(value_type = Option<String>, format = Date, example = "2026-12-31")]
    pub valid_to: Option<NaiveDate>,
    /// Only for this customer; not together with `tier`.
    pub customer_id: Option<CustomerId>,
    /// Only for customers of this tier: a, b, c or d.
    #[schema(min_length = 1, max_length = 20, example = "a")]
    pub tier: Option<String>,
    /// Only for sales through this channel.
    #[schema(min_length = 1, max_length = 40, pattern = r"^\S(.*\S)?$", example = "web")]
    pub channel: Option<String>,
    /// Among lists that are equally specific the higher one wins.
    #[serde(default)]
    #[schema(minimum = 0, maximum = 1000, example = 100)]
    pub priority: i32,
    #[schema(max_length = 2000)]
    pub notes: Option<String>,
    /// How other systems call this record; unique per system.
    #[serde(default)]
    #[schema(max_items = 20)]
    pub external_ids: Vec<ExternalId>,
}

/// Why a step is taken; kept in the history.
#[derive(Debug, Clone, Deserialize, ToSchema)]
pub struct PriceListNote {
    #[schema(min_length = 1, max_length = 1000, example = "Approved in the pricing round")]
    pub reason: Option<String>,
}

pub static PRICE_LISTS: ListSpec = ListSpec {
    id: "price_lists.id",
    filters: &[
        filter(
            Param::new("q", Takes::Text(100), "Part of a name, pinyin initials or code."),
            Does::Search("price_lists.id"),
        ),
        filter(
            Param::new("status", Takes::Words(PriceListStatus::WORDS), "Only these."),
            Does::Is("price_lists.status"),
        ),
        filter(
            Param::new("currency", Takes::Currency, "Only lists in this currency."),
            Does::Is("price_lists.currency"),
        ),
        filter(
            Param::new("customer_id", Takes::Ids("cus"), "Only these customers' own lists."),
            Does::Is("price_lists.customer_id"),
        ),
        filter(
            Param::new("tier", Takes::Words(CustomerTier::WORDS), "Only lists for these tiers."),
            Does::Is("price_lists.tier"),
        ),
        filter(
            Param::new("channel", Takes::Text(40), "Only lists for this channel."),
            Does::Is("price_lists.channel"),
        ),
        filter(
            Param::new("valid_on", Takes::Date, "Only lists whose dates hold this day; see `status` too."),
            Does::Makes(list_valid_on),
        ),
        filter(
            Param::new("updated_since", Takes::Instant, "Only lists changed at or after this instant."),
            Does::AtLeast("price_lists.updated_at"),
        ),
    ],
    sorts: &[
        Sort { name: "code", column: "price_lists.code" },
        Sort { name: "updated_at", column: "price_lists.updated_at" },
    ],
    sort_names: &["code", "updated_at"],
    default_sort: "code",
    expand: &["customer"],
};

fn list_valid_on(given: &Given) -> Cond {
    let Given::Date(day) = given else { return Cond::Nothing };
    let kept = Cond::IsNull("price_lists.retired_on").or(Cond::Compare(
        "price_lists.retired_on",
        Op::Gt,
        Value::Date(*day),
    ));
    holds("price_lists.valid_from", "price_lists.valid_to", *day).and(kept)
}

/// The day is between the two, both included; the end may be open.
pub fn holds(from: &'static str, to: &'static str, day: NaiveDate) -> Cond {
    let not_over = Cond::IsNull(to).or(Cond::Compare(to, Op::Ge, Value::Date(day)));
    Cond::Compare(from, Op::Le, Value::Date(day)).and(not_over)
}

impl Row for PriceList {
    fn id(&self) -> Uuid {
        self.id.0
    }
    fn sort_value(&self, name: &str) -> Value {
        match name {
            "updated_at" => self.updated_at.into(),
            _ => self.code.clone().into(),
        }
    }
}

// ---- prices on a list ----------------------------------------------------------------------------------------

/// What a product costs on a list, from a quantity on, during some days.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema, Insertable, Queryable, Selectable, AsChangeset)]
#[diesel(table_name = prices)]
#[diesel(treat_none_as_null = true)]
pub struct PriceEntry {
    pub id: PriceId,
    pub version: i32,
    pub price_list_id: PriceListId,
    pub product_id: ProductId,
    pub unit: String,
    /// From how many of the unit on.
    pub min_quantity: Quantity,
    /// Per unit, in the list's currency, before tax.
    pub unit_price: Price,
    #[schema(value_type = String, format = Date)]
    pub valid_from: NaiveDate,
    /// The last day; null without end.
    #[schema(value_type = Option<String>, format = Date)]
    pub valid_to: Option<NaiveDate>,
    pub created_at: At,
    pub created_by: Option<UserId>,
    pub updated_at: At,
    pub updated_by: Option<UserId>,
}
entity!(PriceEntry, prices, PriceId);

/// A price as entered and changed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct PriceEntryInput {
    pub product_id: ProductId,
    /// One of the product's units; its base unit when left out.
    #[schema(min_length = 1, max_length = 20, example = "box")]
    pub unit: Option<String>,
    /// From how many of the unit on; 1 when left out.
    #[schema(value_type = Option<PositiveQuantity>)]
    pub min_quantity: Option<Quantity>,
    /// Per unit, in the list's currency, before tax.
    #[schema(value_type = PriceFromZero)]
    pub unit_price: Price,
    /// When left out: the list's first day, on an active list not before today.
    #[schema(value_type = Option<String>, format = Date, example = "2026-01-01")]
    pub valid_from: Option<NaiveDate>,
    /// The last day; without end when left out.
    #[schema(value_type = Option<String>, format = Date, example = "2026-12-31")]
    pub valid_to: Option<NaiveDate>,
}

pub static PRICES: ListSpec = ListSpec {
    id: "prices.id",
    filters: &[
        filter(
            Param::new("product_id", Takes::Ids("prd"), "Only prices of these products."),
            Does::Is("prices.product_id"),
        ),
        filter(
            Param::new("valid_on", Takes::Date, "Only prices that hold on this day."),
            Does::Makes(price_valid_on),
        ),
    ],
    sorts: &[
        Sort { name: "product_id", column: "prices.product_id" },
        Sort { name: "unit", column: "prices.unit" },
        Sort { name: "min_quantity", column: "prices.min_quantity" },
        Sort { name: "valid_from", column: "prices.valid_from" },
    ],
    sort_names: &["product_id", "unit", "min_quantity", "valid_from"],
    default_sort: "product_id,unit,min_quantity",
    expand: &["product"],
};

/// The prices of all lists.
pub static ALL_PRICES: ListSpec = ListSpec {
    id: "prices.id",
    filters: &[
        filter(
            Param::new("price_list_id", Takes::Ids("pls"), "Only prices on these lists."),
            Does::Is("prices.price_list_id"),
        ),
        filter(
            Param::new("product_id", Takes::Ids("prd"), "Only prices of these products."),
            Does::Is("prices.product_id"),
        ),
        filter(
            Param::new("valid_on", Takes::Date, "Only prices that hold on this day."),
            Does::Makes(price_valid_on),
        ),
        filter(
            Param::new("updated_since", Takes::Instant, "Only prices changed at or after this instant."),
            Does::AtLeast("prices.updated_at"),
        ),
    ],
    sorts: &[
        Sort { name: "product_id", column: "prices.product_id" },
        Sort { name: "updated_at", column: "prices.updated_at" },
    ],
    sort_names: &["product_id", "updated_at"],
    default_sort: "product_id",
    expand: &["product", "price_list"],
};

fn price_valid_on(given: &Given) -> Cond {
    match given {
        Given::Date(day) => holds("prices.valid_from", "prices.valid_to", *day),
        _ => Cond::Nothing,
    }
}

impl Row for PriceEntry {
    fn id(&self) -> Uuid {
        self.id.0
    }
    fn sort_value(&self, name: &str) -> Value {
        match name {
            "unit" => self.unit.clone().into(),
            "min_quantity" => self.min_quantity.units().into(),
            "valid_from" => self.valid_from.into(),
            "updated_at" => self.updated_at.into(),
            _ => self.product_id.0.into(),
        }
    }
}

// ---- asking for a price --------------------------------------------------------------------------------------

text_enum! {
    /// Which kind of list a price comes from, the most specific first.
    pub enum Rule {
        CustomerList = "customer_list",
        TierList = "tier_list",
        ChannelList = "channel_list",
        GeneralList = "general_list",
    }
}
text_enum! {
    /// Why a price or a list is not the one.
    pub enum Lost {
        BreakNotReached = "break_not_reached",
        LessSpecific = "less_specific",
        LowerPriority = "lower_priority",
        OlderList = "older_list",
        LaterCode = "later_code",
        OtherUnit = "other_unit",
        SmallerBreak = "smaller_break",
        ListRetired = "list_retired",
        ListNotValid = "list_not_valid",
        OtherCurrency = "other_currency",
        OtherTier = "other_tier",
        OtherChannel = "other_channel",
        NoPriceOnDate = "no_price_on_date",
        NoPriceForProduct = "no_price_for_product",
        NotConvertible = "not_convertible",
    }
}

/// One product that a price is asked for.
#[derive(Debug, Clone)]
pub struct PriceQuestion {
    pub product: ProductId,
    pub unit: String,
    pub quantity: Quantity,
}

/// For whom, and when.
#[derive(Debug, Clone, Copy)]
pub struct PriceContext<'a> {
    /// The nil id when it is nobody in particular.
    pub customer_id: Uuid,
    pub tier: Option<&'a str>,
    pub channel: Option<&'a str>,
    pub currency: &'a str,
    pub date: NaiveDate,
}

/// The price that was found.
#[derive(Debug, Clone, PartialEq)]
pub struct Resolved {
    /// Per unit asked for.
    pub unit_price: Price,
    pub price_id: PriceId,
    pub price_list_id: PriceListId,
    pub rule: Rule,
    /// Computed from the price of another unit.
    pub converted: bool,
}

/// The price of a product for a customer, quantity and day, and how it was found.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct PriceAnswer {
    pub product_id: ProductId,
    pub customer_id: Option<CustomerId>,
    pub tier: Option<String>,
    pub channel: Option<String>,
    pub quantity: Quantity,
    pub unit: String,
    #[schema(value_type = String, format = Date)]
    pub date: NaiveDate,
    pub currency: String,
    /// Per `unit`, before tax; null when no list has one.
    pub price: Option<Price>,
    pub price_list_id: Option<PriceListId>,
    pub price_list_code: Option<String>,
    pub price_list_name: Option<String>,
    pub price_id: Option<PriceId>,
    /// The kind of list that it comes from.
    pub rule: Option<Rule>,
    /// The same in words.
    #[schema(max_length = 1000)]
    pub rule_text: Option<String>,
    /// The quantity break that was reached, in `price_unit`.
    pub min_quantity: Option<Quantity>,
    /// The unit that the list has the price in.
    pub price_unit: Option<String>,
    /// Whether the price was computed from another unit's.
    pub converted: bool,
    /// The other prices that could have been taken, best first.
    pub beaten: Vec<PriceCandidate>,
    /// Lists that have the product or could have had it, but offer no price here.
    pub considered: Vec<PriceCandidate>,
}

/// A price or a list that was looked at, and why it is not the one.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct PriceCandidate {
    pub price_list_id: PriceListId,
    pub price_list_code: String,
    pub price_list_name: String,
    pub rule: Rule,
    pub price_id: Option<PriceId>,
    /// Per unit asked for.
    pub price: Option<Price>,
    pub min_quantity: Option<Quantity>,
    pub price_unit: Option<String>,
    pub reason: Lost,
    /// The reason in words.
    #[schema(max_length = 1000)]
    pub reason_text: String,
}

/// What `GET /prices/resolve` takes.
pub static QUESTION: &[Param] = &[
    Param::new("product_id", Takes::Id("prd"), "The product.").required(),
    Param::new(
        "customer_id",
        Takes::Id("cus"),
        "The customer. Without it, lists for one customer or tier stay out.",
    ),
    Param::new("quantity", Takes::Positive(Quantity::PLACES), "How many; 1 when left out."),
    Param::new("unit", Takes::Text(20), "In which of the product's units; the base unit when left out."),
    Param::new("date", Takes::Date, "On which day; today when left out."),
    Param::new(
        "currency",
        Takes::Currency,
        "ISO 4217; the customer's, or else the company's, when left out.",
    ),
    Param::new("channel", Takes::Text(40), "Through which channel; the customer's own when left out."),
];

/// The price lists that a caller sees: those for everybody, and those of customers that they see.
pub fn visible_to(caller: &Caller) -> Cond {
    match crate::customers::model::visible_to(caller) {
        Cond::All => Cond::All,
        customers => {
            let select = "SELECT customers.id FROM customers WHERE ";
            let theirs = Cond::InSelect("price_lists.customer_id", select, Box::new(customers));
            Cond::IsNull("price_lists.customer_id").or(theirs)
        }
    }
}

/// Prices in the lists that a caller sees.
pub fn prices_visible_to(caller: &Caller) -> Cond {
    match visible_to(caller) {
        Cond::All => Cond::All,
        lists => {
            let select = "SELECT price_lists.id FROM price_lists WHERE ";
            Cond::InSelect("prices.price_list_id", select, Box::new(lists))
        }
    }
}
