//! The sales summary: its parameters and rows.

use serde::Serialize;
use utoipa::ToSchema;

use crate::base::http::params::{Param, Takes};
use crate::base::types::{Amount, Quantity};
use crate::text_enum;

text_enum! {
    /// What booked sales are grouped by:
    ///
    /// - `year`, `quarter`, `month`, `day`: by order date
    /// - `customer`, `rep`, `team`, `region`, `channel`, `status`: of the order
    /// - `product`, `category`: of the line
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
        "One or two dimensions to group by, separated by commas. Without it there is one row per currency.",
    ),
    Param::new("order_date_from", Takes::Date, "Orders whose order date is this day or later."),
    Param::new("order_date_to", Takes::Date, "Orders whose order date is this day or earlier."),
    Param::new("customer_id", Takes::Ids("cus"), "Orders of these customers."),
    Param::new("rep_id", Takes::Ids("usr"), "Orders of these reps."),
    Param::new("team_id", Takes::Ids("tem"), "Orders of these teams."),
    Param::new(
        "region_id",
        Takes::Ids("reg"),
        "Orders in these regions. Regions below them are not included.",
    ),
    Param::new("product_id", Takes::Ids("prd"), "Lines for these products; only these lines are added up."),
    Param::new(
        "category_id",
        Takes::Ids("cat"),
        "Lines for products directly in these categories; only these lines are added up. Categories below \
            them are not included.",
    ),
    Param::new("channel", Takes::Text(40), "Orders through exactly this channel."),
    Param::new("currency", Takes::Currency, "Orders in this currency."),
];

/// Figures of one group in one currency.
#[derive(Debug, Clone, Default, PartialEq, Serialize, ToSchema)]
pub struct Measures {
    /// Currency of the amounts, ISO 4217.
    #[schema(example = "CNY", min_length = 3, max_length = 3)]
    pub currency: String,
    /// Number of orders with at least one line in the group.
    #[schema(example = 408)]
    pub orders: i64,
    /// Sum of the ordered quantities, each in the unit of its line. Quantities in different units are added
    /// as they are.
    pub quantity: Quantity,
    /// Quantity times price before discount and tax, in `currency`.
    pub list: Amount,
    /// Discounts, in `currency`.
    pub discount: Amount,
    /// After discount and before tax, in `currency`.
    pub net: Amount,
    /// Tax, in `currency`.
    pub tax: Amount,
    /// `net` plus `tax`, in `currency`.
    pub gross: Amount,
}

/// One group in one currency. Only the fields of the dimensions in `group_by` are there. A group of orders
/// without such an entry, for example without a region, has null.
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
    /// Year of the order date. Only with `group_by=year`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "1997")]
    pub year: Option<Option<String>>,
    /// Quarter of the order date. Only with `group_by=quarter`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "1997-Q3")]
    pub quarter: Option<Option<String>>,
    /// Month of the order date. Only with `group_by=month`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "1997-08")]
    pub month: Option<Option<String>>,
    /// Order date. Only with `group_by=day`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "1997-08-25")]
    pub day: Option<Option<String>>,
    /// Id of the customer. Only with `group_by=customer`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "cus_019a7c5e8f3a7d10b6c2a94e51637573")]
    pub customer_id: Option<Option<String>>,
    /// Name of the customer. Only with `group_by=customer`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "广州天河贸易有限公司")]
    pub customer: Option<Option<String>>,
    /// Id of the rep. Null for orders without a rep. Only with `group_by=rep`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "usr_019a7c5e8f3a7d10b6c2a94e51757372")]
    pub rep_id: Option<Option<String>>,
    /// Name of the rep. Null for orders without a rep. Only with `group_by=rep`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "李娜")]
    pub rep: Option<Option<String>>,
    /// Id of the team. Null for orders without a team. Only with `group_by=team`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "tem_019a7c5e8f3a7d10b6c2a94e5174656d")]
    pub team_id: Option<Option<String>>,
    /// Name of the team. Null for orders without a team. Only with `group_by=team`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "华南一队")]
    pub team: Option<Option<String>>,
    /// Id of the region. Null for orders without a region. Only with `group_by=region`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "reg_019a7c5e8f3a7d10b6c2a94e51726567")]
    pub region_id: Option<Option<String>>,
    /// Name of the region. Null for orders without a region. Only with `group_by=region`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "华南")]
    pub region: Option<Option<String>>,
    /// Sales channel. Null for orders without a channel. Only with `group_by=channel`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "web")]
    pub channel: Option<Option<String>>,
    /// Status of the orders. Only with `group_by=status`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "confirmed")]
    pub status: Option<Option<String>>,
    /// Id of the product. Only with `group_by=product`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "prd_019a7c5e8f3a7d10b6c2a94e51707264")]
    pub product_id: Option<Option<String>>,
    /// Name of the product. Only with `group_by=product`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "西湖龙井 250g")]
    pub product: Option<Option<String>>,
    /// Id of the product category. Null for products without a category. Only with `group_by=category`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "cat_019a7c5e8f3a7d10b6c2a94e51636174")]
    pub category_id: Option<Option<String>>,
    /// Name of the product category. Null for products without a category. Only with `group_by=category`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "饮料")]
    pub category: Option<Option<String>>,
}

/// Booked sales: orders that are approved or later and not cancelled.
#[derive(Debug, Serialize, ToSchema)]
pub struct SalesSummary {
    /// What the report counts; always `booked_sales`.
    #[schema(example = "booked_sales")]
    pub measure: String,
    /// One row per group and currency.
    #[schema(max_items = 5000)]
    pub rows: Vec<SalesRow>,
    /// Total of all rows; an order in several groups counts once. Null when there are several currencies or
    /// no orders.
    pub total: Option<Measures>,
    /// Totals, one entry per currency; an order in several groups counts once.
    pub totals: Vec<Measures>,
}
