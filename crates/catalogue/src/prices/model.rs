//! Price lists and the prices on them: rows, inputs, views, lists; and what a price is asked for with.

use chrono::NaiveDate;
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::base::auth::Caller;
use crate::base::db::filter::{Column, Op, Predicate, Value, col};
use crate::base::db::list::{Does, ListSpec, Row, Sort, filter};
use crate::base::db::{ExternalId, Guard, JsonColumn};
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
    /// Stage of the price list's life:
    ///
    /// - `draft`: without effect
    /// - `active`: its prices are in use
    /// - `retired`: not in use from `retired_on` on; questions about earlier days still use it
    pub enum PriceListStatus {
        Draft = "draft",
        Active = "active",
        Retired = "retired",
    }
}
text_enum! {
    /// Step in the price list's life:
    ///
    /// - `activate`: from `draft` to `active`
    /// - `retire`: from `active` to `retired`
    pub enum PriceListAction {
        Activate = "activate",
        Retire = "retire",
    }
}

/// A price list: for all customers, or for one customer, tier or channel.
#[derive(Debug, Clone, Serialize, ToSchema, Insertable, Queryable, Selectable, AsChangeset)]
#[diesel(table_name = price_lists)]
#[diesel(treat_none_as_null = true)]
pub struct PriceList {
    pub id: PriceListId,
    pub version: i32,
    /// Unique code.
    #[schema(example = "RETAIL-2026")]
    pub code: String,
    /// Name of the list.
    #[schema(example = "2026 零售价")]
    pub name: String,
    /// Currency of all prices on the list, ISO 4217.
    #[schema(example = "CNY")]
    pub currency: String,
    /// Stage of the price list's life. Only its steps change it.
    pub status: PriceListStatus,
    /// First day on which the list applies.
    #[schema(value_type = String, format = Date)]
    pub valid_from: NaiveDate,
    /// Last day on which the list applies. Null when it has no end.
    #[schema(value_type = Option<String>, format = Date)]
    pub valid_to: Option<NaiveDate>,
    /// Customer that the list is for. Null when it is not for one customer.
    pub customer_id: Option<CustomerId>,
    /// Tier of customers that the list is for. Null when it is for all tiers.
    #[schema(example = "a")]
    pub tier: Option<String>,
    /// Sales channel that the list is for. Null when it is for all channels.
    #[schema(example = "web")]
    pub channel: Option<String>,
    /// Among equally specific lists the one with the higher number is used.
    #[schema(minimum = 0, maximum = 1000)]
    pub priority: i32,
    /// When the list was activated. Null while it is a draft.
    pub approved_at: Option<At>,
    /// Person who activated the list. Null while it is a draft, and when it was a machine client.
    pub approved_by: Option<UserId>,
    /// First day on which the list is not used any more. Null while it is not retired.
    #[schema(value_type = Option<String>, format = Date)]
    pub retired_on: Option<NaiveDate>,
    /// Internal notes. Null when there are none.
    #[schema(max_length = 2000, example = "Checked with finance")]
    pub notes: Option<String>,
    #[schema(value_type = Vec<ExternalId>)]
    pub external_ids: JsonColumn<Vec<ExternalId>>,
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

/// A price list, with the steps that the caller may take.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = PriceList)]
pub struct PriceListView {
    #[serde(flatten)]
    #[schema(inline)]
    pub list: PriceList,
    pub allowed_actions: Vec<PriceListAction>,
}

/// A price list as entered and changed.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct PriceListInput {
    /// Unique code. Refused with `duplicate` when another price list has it. Fixed once the list is active.
    #[schema(min_length = 1, max_length = 40, pattern = r"^\S+$", format = "key", example = "RETAIL-2026")]
    pub code: String,
    /// Name of the list.
    #[schema(min_length = 1, max_length = 100, pattern = r"\S", example = "2026 零售价")]
    pub name: String,
    /// Currency of all prices on the list, ISO 4217. Fixed once the list is active.
    #[schema(min_length = 3, max_length = 3, pattern = "^[A-Z]{3}$", example = "CNY")]
    pub currency: String,
    /// First day on which the list applies. Defaults to today. Fixed once the list is active.
    #[schema(value_type = Option<String>, format = Date, example = "2026-01-01")]
    pub valid_from: Option<NaiveDate>,
    /// Last day on which the list applies, not before `valid_from`. Defaults to no end. Once the list is
    /// active, it can be moved to yesterday at the earliest.
    #[schema(value_type = Option<String>, format = Date, example = "2026-12-31")]
    pub valid_to: Option<NaiveDate>,
    /// Customer that the list is for. Not together with `tier`. Fixed once the list is active.
    pub customer_id: Option<CustomerId>,
    /// Tier of customers that the list is for: `a`, `b`, `c` or `d`. Not together with `customer_id`. Fixed
    /// once the list is active.
    #[schema(min_length = 1, max_length = 20, example = "a")]
    pub tier: Option<String>,
    /// Sales channel that the list is for. Fixed once the list is active.
    #[schema(min_length = 1, max_length = 40, pattern = r"^\S(.*\S)?$", example = "web")]
    pub channel: Option<String>,
    /// Among equally specific lists the one with the higher number is used. Defaults to 0. Fixed once the
    /// list is active.
    #[serde(default)]
    #[schema(minimum = 0, maximum = 1000, example = 100)]
    pub priority: i32,
    /// Internal notes.
    #[schema(max_length = 2000, example = "Checked with finance")]
    pub notes: Option<String>,
    #[serde(default)]
    #[schema(max_items = 20)]
    pub external_ids: Vec<ExternalId>,
}

/// An optional reason for a step.
#[derive(Debug, Clone, Deserialize, ToSchema)]
pub struct PriceListNote {
    /// Why the step is taken; shown in the history.
    #[schema(min_length = 1, max_length = 1000, example = "Approved in the pricing round")]
    pub reason: Option<String>,
}

pub static PRICE_LISTS: ListSpec = ListSpec {
    id: col!(price_lists::id),
    filters: &[
        filter(
            Param::new(
                "q",
                Takes::Text(100),
                "Price lists that match this: part of a name, of pinyin initials or of a code.",
            ),
            Does::Search(col!(price_lists::id)),
        ),
        filter(
            Param::new(
                "status",
                Takes::Words(PriceListStatus::WORDS),
                "Price lists with one of these statuses.",
            ),
            Does::Is(col!(price_lists::status)),
        ),
        filter(
            Param::new("currency", Takes::Currency, "Price lists in this currency."),
            Does::Is(col!(price_lists::currency)),
        ),
        filter(
            Param::new(
                "customer_id",
                Takes::Ids("cus"),
                "Price lists that are for one of these customers. Lists for all customers are left out.",
            ),
            Does::Is(col!(price_lists::customer_id)),
        ),
        filter(
            Param::new(
                "tier",
                Takes::Words(CustomerTier::WORDS),
                "Price lists that are for one of these tiers.",
            ),
            Does::Is(col!(price_lists::tier)),
        ),
        filter(
            Param::new("channel", Takes::Text(40), "Price lists that are for exactly this channel."),
            Does::Is(col!(price_lists::channel)),
        ),
        filter(
            Param::new(
                "valid_on",
                Takes::Date,
                "Price lists whose days include this day and that are not retired on it. Drafts are \
                    included; use `status` to leave them out.",
            ),
            Does::Makes(list_valid_on),
        ),
        filter(
            Param::new("updated_since", Takes::Instant, "Price lists changed at this instant or later."),
            Does::AtLeast(col!(price_lists::updated_at)),
        ),
    ],
    sorts: &[
        Sort { name: "code", column: col!(price_lists::code) },
        Sort { name: "updated_at", column: col!(price_lists::updated_at) },
    ],
    default_sort: "code",
    expand: &["customer"],
};

fn list_valid_on(given: &Given) -> Predicate {
    let Given::Date(day) = given else { return Predicate::Nothing };
    let kept = Predicate::IsNull(col!(price_lists::retired_on)).or(Predicate::Compare(
        col!(price_lists::retired_on),
        Op::Gt,
        Value::Date(*day),
    ));
    holds(col!(price_lists::valid_from), col!(price_lists::valid_to), *day).and(kept)
}

/// The day is between the two, both included; the end may be open.
pub fn holds(from: Column, to: Column, day: NaiveDate) -> Predicate {
    let not_over = Predicate::IsNull(to).or(Predicate::Compare(to, Op::Ge, Value::Date(day)));
    Predicate::Compare(from, Op::Le, Value::Date(day)).and(not_over)
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

/// What a product costs on a price list, from a quantity on and for a period.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema, Insertable, Queryable, Selectable, AsChangeset)]
#[diesel(table_name = prices)]
#[diesel(treat_none_as_null = true)]
pub struct PriceEntry {
    pub id: PriceId,
    pub version: i32,
    /// Price list that the price is on.
    pub price_list_id: PriceListId,
    /// Product that the price is for.
    pub product_id: ProductId,
    /// Unit of the product that the price is for.
    #[schema(example = "box")]
    pub unit: String,
    /// Lowest ordered quantity for this price, in `unit`.
    pub min_quantity: Quantity,
    /// Price of one `unit`, in the currency of the list, before tax.
    pub unit_price: Price,
    /// First day on which the price applies.
    #[schema(value_type = String, format = Date)]
    pub valid_from: NaiveDate,
    /// Last day on which the price applies. Null when it has no end.
    #[schema(value_type = Option<String>, format = Date)]
    pub valid_to: Option<NaiveDate>,
    pub created_at: At,
    pub created_by: Option<UserId>,
    pub updated_at: At,
    pub updated_by: Option<UserId>,
}
entity!(PriceEntry, prices, PriceId, {
    fn guards(before: Option<&Self>, after: Option<&Self>) -> Vec<Guard> {
        let products = [before, after].into_iter().flatten().map(|price| price.product_id);
        products.map(|product| Guard::row("units", product)).collect()
    }
});

/// A price as entered and changed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct PriceEntryInput {
    /// Product that the price is for.
    pub product_id: ProductId,
    /// Unit of the product that the price is for. Defaults to the base unit.
    #[schema(min_length = 1, max_length = 20, format = "key", example = "box")]
    pub unit: Option<String>,
    /// Lowest ordered quantity for this price, in `unit`. Defaults to 1.
    #[schema(value_type = Option<PositiveQuantity>)]
    pub min_quantity: Option<Quantity>,
    /// Price of one `unit`, in the currency of the list, before tax.
    #[schema(value_type = PriceFromZero)]
    pub unit_price: Price,
    /// First day on which the price applies. Defaults to the first day of the list; on an active list to
    /// today if that is later. On an active list it cannot be before today.
    #[schema(value_type = Option<String>, format = Date, example = "2026-01-01")]
    pub valid_from: Option<NaiveDate>,
    /// Last day on which the price applies, not before `valid_from`. Defaults to no end.
    #[schema(value_type = Option<String>, format = Date, example = "2026-12-31")]
    pub valid_to: Option<NaiveDate>,
}

pub static PRICES: ListSpec = ListSpec {
    id: col!(prices::id),
    filters: &[
        filter(
            Param::new("product_id", Takes::Ids("prd"), "Prices of these products."),
            Does::Is(col!(prices::product_id)),
        ),
        filter(
            Param::new("valid_on", Takes::Date, "Prices that apply on this day."),
            Does::Makes(price_valid_on),
        ),
    ],
    sorts: &[
        Sort { name: "product_id", column: col!(prices::product_id) },
        Sort { name: "unit", column: col!(prices::unit) },
        Sort { name: "min_quantity", column: col!(prices::min_quantity) },
        Sort { name: "valid_from", column: col!(prices::valid_from) },
    ],
    default_sort: "product_id,unit,min_quantity",
    expand: &["product"],
};

/// The prices of all lists.
pub static ALL_PRICES: ListSpec = ListSpec {
    id: col!(prices::id),
    filters: &[
        filter(
            Param::new("price_list_id", Takes::Ids("pls"), "Prices on these price lists."),
            Does::Is(col!(prices::price_list_id)),
        ),
        filter(
            Param::new("product_id", Takes::Ids("prd"), "Prices of these products."),
            Does::Is(col!(prices::product_id)),
        ),
        filter(
            Param::new("valid_on", Takes::Date, "Prices that apply on this day."),
            Does::Makes(price_valid_on),
        ),
        filter(
            Param::new("updated_since", Takes::Instant, "Prices changed at this instant or later."),
            Does::AtLeast(col!(prices::updated_at)),
        ),
    ],
    sorts: &[
        Sort { name: "product_id", column: col!(prices::product_id) },
        Sort { name: "updated_at", column: col!(prices::updated_at) },
    ],
    default_sort: "product_id",
    expand: &["product", "price_list"],
};

fn price_valid_on(given: &Given) -> Predicate {
    match given {
        Given::Date(day) => holds(col!(prices::valid_from), col!(prices::valid_to), *day),
        _ => Predicate::Nothing,
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
    /// Kind of price list that a price comes from, the most specific first:
    ///
    /// - `customer_list`: for this customer
    /// - `tier_list`: for the customer's tier
    /// - `channel_list`: for the sales channel
    /// - `general_list`: for everybody
    pub enum Rule {
        CustomerList = "customer_list",
        TierList = "tier_list",
        ChannelList = "channel_list",
        GeneralList = "general_list",
    }
}
text_enum! {
    /// Why a price or a price list was not used:
    ///
    /// - `break_not_reached`: the quantity is too small
    /// - `less_specific`: a more specific list has a price
    /// - `lower_priority`: an equally specific list has a higher priority
    /// - `older_list`: a list with a later first day has a price
    /// - `later_code`: a list whose code comes first has a price
    /// - `other_unit`: there is a price in a better fitting unit
    /// - `smaller_break`: a price for a larger quantity applies
    /// - `list_retired`, `list_not_valid`: the list is not in use on that day
    /// - `other_currency`, `other_tier`, `other_channel`: the list is for another currency, tier or channel
    /// - `no_price_on_date`: the list has prices for the product, but not on that day
    /// - `no_price_for_product`: the list has no price for the product
    /// - `not_convertible`: the price cannot be converted to the unit asked for
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
    /// Product that was asked for.
    pub product_id: ProductId,
    /// Customer that was asked for. Null when none was given.
    pub customer_id: Option<CustomerId>,
    /// Tier of the customer. Null without a customer.
    #[schema(example = "a")]
    pub tier: Option<String>,
    /// Sales channel that was used. Null without one.
    #[schema(example = "web")]
    pub channel: Option<String>,
    /// Quantity that was asked for, in `unit`.
    pub quantity: Quantity,
    /// Unit that was asked for, or the base unit.
    #[schema(example = "pcs")]
    pub unit: String,
    /// Day that was asked for.
    #[schema(value_type = String, format = Date)]
    pub date: NaiveDate,
    /// Currency of `price`, ISO 4217.
    #[schema(example = "CNY")]
    pub currency: String,
    /// Price of one `unit`, in `currency`, before tax. Null when no list has a price.
    pub price: Option<Price>,
    /// Price list that the price comes from. Null without a price.
    pub price_list_id: Option<PriceListId>,
    /// Code of this list. Null without a price.
    #[schema(example = "RETAIL-2026")]
    pub price_list_code: Option<String>,
    /// Name of this list. Null without a price.
    #[schema(example = "2026 零售价")]
    pub price_list_name: Option<String>,
    /// The price on this list. Null without a price.
    pub price_id: Option<PriceId>,
    /// Kind of list that the price comes from. Null without a price.
    pub rule: Option<Rule>,
    /// `rule` in words, in the language of the request. Null without a price.
    #[schema(max_length = 1000, example = "from the general price list RETAIL-2026")]
    pub rule_text: Option<String>,
    /// Lowest quantity for this price, in `price_unit`. Null without a price.
    pub min_quantity: Option<Quantity>,
    /// Unit of the price on the list. Null without a price.
    #[schema(example = "pcs")]
    pub price_unit: Option<String>,
    /// True when the price was converted from `price_unit` to `unit`.
    pub converted: bool,
    /// Other prices for the product that apply or would apply from a larger quantity, the best first. Empty
    /// without a price.
    pub beaten: Vec<PriceCandidate>,
    /// Lists that offer no price for this question, with the reasons; up to 50 such lists. Without a price
    /// also the prices whose quantity was not reached.
    pub considered: Vec<PriceCandidate>,
}

/// A price or a price list that was looked at and not used, with the reason.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct PriceCandidate {
    /// The price list.
    pub price_list_id: PriceListId,
    /// Code of the list.
    #[schema(example = "RETAIL-2025")]
    pub price_list_code: String,
    /// Name of the list.
    #[schema(example = "2025 零售价")]
    pub price_list_name: String,
    /// Kind of the list.
    pub rule: Rule,
    /// The price on the list. Null when the list has none for this question.
    pub price_id: Option<PriceId>,
    /// Price of one of the unit asked for, in the currency asked for, before tax. Null when the list has none
    /// for this question.
    pub price: Option<Price>,
    /// Lowest quantity for this price, in `price_unit`. Null when the list has none for this question.
    pub min_quantity: Option<Quantity>,
    /// Unit of the price on the list. Null when the list has none for this question.
    #[schema(example = "pcs")]
    pub price_unit: Option<String>,
    /// Why it was not used.
    pub reason: Lost,
    /// `reason` in words, in the language of the request.
    #[schema(max_length = 1000, example = "is on a list that began earlier, on 2025-01-01")]
    pub reason_text: String,
}

/// What `GET /prices/resolve` takes.
pub static QUESTION: &[Param] = &[
    Param::new("product_id", Takes::Id("prd"), "The product.").required(),
    Param::new(
        "customer_id",
        Takes::Id("cus"),
        "The customer. Without it, lists for one customer or one tier are not used.",
    ),
    Param::new("quantity", Takes::Positive(Quantity::PLACES), "Quantity, in `unit`. Defaults to 1."),
    Param::new("unit", Takes::Text(20), "One of the product's units. Defaults to its base unit."),
    Param::new("date", Takes::Date, "Day on which the price has to apply. Defaults to today."),
    Param::new(
        "currency",
        Takes::Currency,
        "Currency of the price, ISO 4217. Defaults to the customer's currency, and without a customer to \
            the company's.",
    ),
    Param::new("channel", Takes::Text(40), "Sales channel. Defaults to the customer's channel."),
];

/// The price lists that a caller sees: those for everybody, and those of customers that they see.
pub fn visible_to(caller: &Caller) -> Predicate {
    match crate::customers::model::visible_to(caller) {
        Predicate::All => Predicate::All,
        customers => {
            let theirs = Predicate::in_select(col!(price_lists::customer_id), col!(customers::id), customers);
            Predicate::IsNull(col!(price_lists::customer_id)).or(theirs)
        }
    }
}

/// Prices in the lists that a caller sees.
pub fn prices_visible_to(caller: &Caller) -> Predicate {
    match visible_to(caller) {
        Predicate::All => Predicate::All,
        lists => Predicate::in_select(col!(prices::price_list_id), col!(price_lists::id), lists),
    }
}
