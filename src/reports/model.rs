//! The sales summary: its parameters and rows.

use serde::Serialize;
use utoipa::ToSchema;

use crate::base::http::params::{Param, Takes};
use crate::base::types::{Amount, Quantity};
use crate::text_enum;

text_enum! {
    /// What booked sales are grouped by.
    pub enum Dimension {
        Year = "year",
        Quarter = "quarter",
        Month = "month",
        Day = "day",
        Customer = "customer",
        Rep = "rep",
        Team = "team",
        Region = "region",
        Channel = "channel",
        Status = "status",
        Product = "product",
        Category = "category",
    }
}

pub static PARAMS: &[Param] = &[
    Param::new(
        "group_by",
        Takes::Choice(2, <Dimension as crate::base::types::TextEnum>::WORDS),
        "One or two of these.",
    ),
    Param::new("order_date_from", Takes::Date, "From this day on."),
    Param::new("order_date_to", Takes::Date, "Up to and with this day."),
    Param::new("customer_id", Takes::Ids("cus"), "Only of these customers."),
    Param::new("rep_id", Takes::Ids("usr"), "Only of these reps."),
    Param::new("team_id", Takes::Ids("tem"), "Only of these teams."),
    Param::new("region_id", Takes::Ids("reg"), "Only of these regions."),
    Param::new("product_id", Takes::Ids("prd"), "Only of these products."),
    Param::new("category_id", Takes::Ids("cat"), "Only of these product categories."),
    Param::new("channel", Takes::Text(40), "Only of this channel."),
    Param::new("currency", Takes::Currency, "Only in this currency."),
];

/// What is measured.
#[derive(Debug, Clone, Default, PartialEq, Serialize, ToSchema)]
pub struct Measures {
    #[schema(example = "CNY", min_length = 3, max_length = 3)]
    pub currency: String,
    /// How many orders.
    #[schema(example = 408)]
    pub orders: i64,
    /// Units as they were ordered.
    pub quantity: Quantity,
    pub list: Amount,
    pub discount: Amount,
    pub net: Amount,
    pub tax: Amount,
    pub gross: Amount,
}

/// One group. Only the fields that it is grouped by are there; a group without a value (no region, say) has
/// null.
#[derive(Debug, Clone, Default, Serialize, ToSchema)]
pub struct SalesRow {
    #[serde(flatten)]
    pub keys: Keys,
    #[serde(flatten)]
    pub measures: Measures,
}

/// What a group is told apart by.
#[derive(Debug, Clone, Default, Serialize, ToSchema)]
pub struct Keys {
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "1997")]
    pub year: Option<Option<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "1997-Q3")]
    pub quarter: Option<Option<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "1997-08")]
    pub month: Option<Option<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "1997-08-25")]
    pub day: Option<Option<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub customer_id: Option<Option<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub customer: Option<Option<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rep_id: Option<Option<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rep: Option<Option<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub team_id: Option<Option<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub team: Option<Option<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub region_id: Option<Option<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub region: Option<Option<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub channel: Option<Option<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<Option<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub product_id: Option<Option<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub product: Option<Option<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub category_id: Option<Option<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub category: Option<Option<String>>,
}

/// Booked sales.
#[derive(Debug, Serialize, ToSchema)]
pub struct SalesSummary {
    /// What is shown.
    #[schema(example = "booked_sales")]
    pub measure: String,
    #[schema(max_items = 5000)]
    pub rows: Vec<SalesRow>,
    /// The whole; null when there is more than one currency, or nothing.
    pub total: Option<Measures>,
    /// The whole, per currency.
    pub totals: Vec<Measures>,
}
