//! Products and categories: rows, inputs, views, lists.

use chrono::NaiveDate;
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::base::db::filter::{Predicate, Sql, Value, col, sql};
use crate::base::db::list::{Does, ListSpec, Row, Sort, filter};
use crate::base::db::{ExternalId, JsonColumn};
use crate::base::http::params::{Given, Param, Takes};
use crate::base::text;
use crate::base::types::number::{PositiveQuantity, PriceFromZero, RateToOne};
use crate::base::types::{At, CustomFields, Price, Quantity, Rate, TextEnum};
use crate::people::UserId;
use crate::schema::products;
use crate::{entity, id_type, text_enum};

pub use super::categories::CategoryId;
id_type!(ProductId, "prd", "product");

// ---- products ------------------------------------------------------------------------------------------------

text_enum! {
    /// Stage of the product's life:
    ///
    /// - `draft`: not on sale yet
    /// - `active`: on sale
    /// - `discontinued`: not on sale any more
    ///
    /// The review of an order raises the hard finding `product_not_on_sale` for every line whose product is
    /// not `active`.
    pub enum ProductStatus {
        Draft = "draft",
        Active = "active",
        Discontinued = "discontinued",
    }
}
text_enum! {
    /// Step in the product's life:
    ///
    /// - `activate`: from `draft` to `active`
    /// - `discontinue`: from `active` to `discontinued`
    /// - `reactivate`: from `discontinued` to `active`
    pub enum ProductAction {
        Activate = "activate",
        Discontinue = "discontinue",
        Reactivate = "reactivate",
    }
}

/// A further unit that the product is sold in.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct UnitConversion {
    /// Name of the unit.
    #[schema(min_length = 1, max_length = 20, pattern = r"^\S(.*\S)?$", format = "key", example = "box")]
    pub unit: String,
    /// How many base units one of this unit holds. It must be greater than 0.
    #[schema(value_type = PositiveQuantity)]
    pub factor: Quantity,
}

/// A product that the company sells.
#[derive(Debug, Clone, Serialize, ToSchema, Insertable, Queryable, Selectable, AsChangeset)]
#[diesel(table_name = products)]
#[diesel(treat_none_as_null = true)]
pub struct Product {
    pub id: ProductId,
    pub version: i32,
    /// Unique article number.
    #[schema(example = "TEA-001")]
    pub sku: String,
    /// Name of the product.
    #[schema(example = "龙井茶")]
    pub name: String,
    #[serde(skip)]
    pub name_sort: String,
    /// English name. Null when none was given.
    #[schema(example = "Longjing tea")]
    pub name_en: Option<String>,
    /// Description. Null when none was given.
    #[schema(max_length = 4000, example = "Spring harvest, 250 g")]
    pub description: Option<String>,
    /// Product category. Null when none is assigned.
    pub category_id: Option<CategoryId>,
    /// Base unit. The factors in `units` and the cost refer to it.
    #[schema(example = "pcs")]
    pub unit: String,
    /// Further units that the product is sold in.
    #[schema(value_type = Vec<UnitConversion>)]
    pub units: JsonColumn<Vec<UnitConversion>>,
    /// Tax rate that new order lines copy, as a share from 0 to 1: `0.13` is 13 %.
    pub tax_rate: Rate,
    /// What one base unit costs the company, in `cost_currency`, before tax. Null when unknown, and for
    /// callers without `products:cost`.
    pub cost: Option<Price>,
    /// Currency of `cost`, ISO 4217. Null when there is no cost, and for callers without `products:cost`.
    #[schema(example = "CNY")]
    pub cost_currency: Option<String>,
    /// Stage of the product's life. Only its steps change it.
    pub status: ProductStatus,
    /// First day of sale. Null when open. Orders are not checked against it.
    #[schema(value_type = Option<String>, format = Date)]
    pub sold_from: Option<NaiveDate>,
    /// Last day of sale. Null when open. Orders are not checked against it.
    #[schema(value_type = Option<String>, format = Date)]
    pub sold_to: Option<NaiveDate>,
    /// Unique barcode. Null when there is none.
    #[schema(example = "6901234567892")]
    pub barcode: Option<String>,
    #[schema(value_type = CustomFields)]
    pub custom_fields: JsonColumn<CustomFields>,
    #[schema(value_type = Vec<ExternalId>)]
    pub external_ids: JsonColumn<Vec<ExternalId>>,
    pub created_at: At,
    pub created_by: Option<UserId>,
    pub updated_at: At,
    pub updated_by: Option<UserId>,
}
entity!(Product, products, ProductId, {
    fn external_ids(&self) -> &[ExternalId] {
        &self.external_ids.0
    }
    fn search_texts(&self) -> Vec<String> {
        let mut texts = vec![self.name.clone(), text::initials(&self.name), self.sku.clone()];
        texts.extend(self.name_en.clone());
        texts.extend(self.barcode.clone());
        texts
    }
});

/// A product, with the steps that the caller may take.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Product)]
pub struct ProductView {
    #[serde(flatten)]
    #[schema(inline)]
    pub product: Product,
    pub allowed_actions: Vec<ProductAction>,
}

/// A product as entered and changed.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ProductInput {
    /// Unique article number. Refused with `duplicate` when another product has it, also in upper or lower case.
    #[schema(min_length = 1, max_length = 60, pattern = r"^\S+$", format = "key", example = "TEA-001")]
    pub sku: String,
    /// Name of the product.
    #[schema(min_length = 1, max_length = 200, pattern = r"\S", example = "龙井茶")]
    pub name: String,
    /// English name.
    #[schema(min_length = 1, max_length = 200, pattern = r"\S", example = "Longjing tea")]
    pub name_en: Option<String>,
    /// Description of the product.
    #[schema(max_length = 4000, example = "Spring harvest, 250 g")]
    pub description: Option<String>,
    /// Product category.
    pub category_id: Option<CategoryId>,
    /// Base unit. The factors in `units` and the cost refer to it. It cannot be changed once the product has
    /// left the draft or has prices (`unit_in_use`).
    #[schema(min_length = 1, max_length = 20, pattern = r"^\S(.*\S)?$", format = "key", example = "pcs")]
    pub unit: String,
    /// Further units that the product is sold in: not the base unit, and none twice; `box` and `Box` are the same. Defaults
    /// to none. A unit
    /// with prices cannot be removed (`unit_in_use`).
    #[serde(default)]
    #[schema(max_items = 20)]
    pub units: Vec<UnitConversion>,
    /// Tax rate that new order lines copy, as a share from 0 to 1: `0.13` is 13 %.
    #[schema(value_type = RateToOne)]
    pub tax_rate: Rate,
    /// What one base unit costs the company, before tax. Sending it needs `products:cost`. An order line
    /// below cost raises a hard finding in the review.
    #[schema(value_type = Option<PriceFromZero>)]
    pub cost: Option<Price>,
    /// Currency of `cost`, ISO 4217. Defaults to the company's currency. Refused without a cost. Sending it
    /// needs `products:cost`.
    #[schema(min_length = 3, max_length = 3, pattern = "^[A-Z]{3}$", example = "CNY")]
    pub cost_currency: Option<String>,
    /// First day of sale. For information: orders are not checked against it.
    #[schema(value_type = Option<String>, format = Date, example = "2026-03-01")]
    pub sold_from: Option<NaiveDate>,
    /// Last day of sale, not before `sold_from`. For information: orders are not checked against it.
    #[schema(value_type = Option<String>, format = Date, example = "2027-02-28")]
    pub sold_to: Option<NaiveDate>,
    /// Unique barcode. The check digit of EAN-13, EAN-8 and UPC-A codes must be right. Refused with
    /// `duplicate` when another product has it.
    #[schema(
        min_length = 1,
        max_length = 40,
        pattern = "^[0-9A-Za-z-]+$",
        format = "key",
        example = "6901234567892"
    )]
    pub barcode: Option<String>,
    #[serde(default)]
    pub custom_fields: CustomFields,
    #[serde(default)]
    #[schema(max_items = 20)]
    pub external_ids: Vec<ExternalId>,
}

/// An optional reason for a step.
#[derive(Debug, Clone, Deserialize, ToSchema)]
pub struct StepNote {
    /// Why the step is taken; shown in the history.
    #[schema(min_length = 1, max_length = 1000, example = "Spring catalogue")]
    pub reason: Option<String>,
}

pub static PRODUCTS: ListSpec = ListSpec {
    id: col!(products::id),
    filters: &[
        filter(
            Param::new(
                "q",
                Takes::Text(100),
                "Products that match this: part of a name, of pinyin initials, of an article number or \
                    barcode.",
            ),
            Does::Search(col!(products::id)),
        ),
        filter(
            Param::new("status", Takes::Words(ProductStatus::WORDS), "Products with one of these statuses."),
            Does::Is(col!(products::status)),
        ),
        filter(
            Param::new(
                "category_id",
                Takes::Ids("cat"),
                "Products in these categories and in all categories below them.",
            ),
            Does::Makes(in_categories),
        ),
        filter(
            Param::new(
                "sku",
                Takes::Text(60),
                "The product with this article number, in upper or lower case.",
            ),
            Does::Is(col!(products::sku)),
        ),
        filter(
            Param::new("barcode", Takes::Text(40), "The product with this barcode."),
            Does::Is(col!(products::barcode)),
        ),
        filter(
            Param::new("updated_since", Takes::Instant, "Products changed at this instant or later."),
            Does::AtLeast(col!(products::updated_at)),
        ),
    ],
    sorts: &[
        Sort { name: "name", column: col!(products::name_sort) },
        Sort { name: "sku", column: col!(products::sku) },
        Sort { name: "updated_at", column: col!(products::updated_at) },
    ],
    default_sort: "name",
    expand: &["category"],
};

/// UNION and not UNION ALL, so that the query ends even if the data had a circle.
const BELOW_CATEGORY: Sql = sql!(
    "products.category_id IN (WITH RECURSIVE below (category) AS (\
        SELECT product_categories.id FROM product_categories WHERE product_categories.id = ? \
        UNION SELECT product_categories.id FROM product_categories \
        JOIN below ON product_categories.parent_id = category) SELECT category FROM below)"
);

fn in_categories(given: &Given) -> Predicate {
    let Given::Ids(ids) = given else { return Predicate::Nothing };
    ids.iter()
        .fold(Predicate::Nothing, |any, id| any.or(Predicate::Sql(BELOW_CATEGORY, vec![Value::from(*id)])))
}

impl Row for Product {
    fn id(&self) -> Uuid {
        self.id.0
    }
    fn sort_value(&self, name: &str) -> Value {
        match name {
            "sku" => self.sku.clone().into(),
            "updated_at" => self.updated_at.into(),
            _ => self.name_sort.clone().into(),
        }
    }
}
