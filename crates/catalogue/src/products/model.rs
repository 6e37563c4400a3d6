//! Products and categories: rows, inputs, views, lists.

use chrono::NaiveDate;
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::base::db::filter::{Cond, Value};
use crate::base::db::list::{Does, ListSpec, Row, Sort, filter};
use crate::base::db::{ExternalId, Json};
use crate::base::http::params::{Given, Param, Takes};
use crate::base::text;
use crate::base::types::number::{PositiveQuantity, PriceFromZero, RateToOne};
use crate::base::types::{At, CustomFields, Price, Quantity, Rate, TextEnum};
use crate::people::UserId;
use crate::schema::{product_categories, products};
use crate::{entity, id_type, text_enum};

id_type!(CategoryId, "cat", "product_category");
id_type!(ProductId, "prd", "product");

// ---- categories ----------------------------------------------------------------------------------------------

/// A product category.
#[derive(Debug, Clone, Serialize, ToSchema, Insertable, Queryable, Selectable, AsChangeset)]
#[diesel(table_name = product_categories)]
#[diesel(treat_none_as_null = true)]
#[schema(as = ProductCategory)]
pub struct Category {
    pub id: CategoryId,
    pub version: i32,
    pub code: String,
    pub name: String,
    pub name_en: Option<String>,
    /// The category that it is part of.
    pub parent_id: Option<CategoryId>,
    #[schema(value_type = Vec<ExternalId>)]
    pub external_ids: Json<Vec<ExternalId>>,
    pub created_at: At,
    pub created_by: Option<UserId>,
    pub updated_at: At,
    pub updated_by: Option<UserId>,
}
entity!(Category, product_categories, CategoryId, {
    fn external_ids(&self) -> &[ExternalId] {
        &self.external_ids.0
    }
    fn search_texts(&self) -> Vec<String> {
        let mut texts = vec![self.name.clone(), text::initials(&self.name), self.code.clone()];
        texts.extend(self.name_en.clone());
        texts
    }
});

/// A product category as entered and changed.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[schema(as = ProductCategoryInput)]
pub struct CategoryInput {
    #[schema(min_length = 1, max_length = 40, pattern = r"^\S+$", example = "BEV")]
    pub code: String,
    #[schema(min_length = 1, max_length = 100, pattern = r"\S", example = "饮料")]
    pub name: String,
    #[schema(min_length = 1, max_length = 100, pattern = r"\S", example = "Beverages")]
    pub name_en: Option<String>,
    pub parent_id: Option<CategoryId>,
    /// How other systems call this record; unique per system.
    #[serde(default)]
    #[schema(max_items = 20)]
    pub external_ids: Vec<ExternalId>,
}

pub static CATEGORIES: ListSpec = ListSpec {
    id: "product_categories.id",
    filters: &[
        filter(
            Param::new("q", Takes::Text(100), "Part of a name, pinyin initials or code."),
            Does::Search("product_categories.id"),
        ),
        filter(
            Param::new("parent_id", Takes::Ids("cat"), "Only categories directly below these."),
            Does::Is("product_categories.parent_id"),
        ),
        filter(
            Param::new("code", Takes::Text(40), "The category with this code."),
            Does::Is("product_categories.code"),
        ),
    ],
    sorts: &[Sort { name: "code", column: "product_categories.code" }],
    sort_names: &["code"],
    default_sort: "code",
    expand: &["parent"],
};

impl Row for Category {
    fn id(&self) -> Uuid {
        self.id.0
    }
    fn sort_value(&self, _: &str) -> Value {
        self.code.clone().into()
    }
}

// ---- products ------------------------------------------------------------------------------------------------

text_enum! {
    /// Where a product is in its life.
    pub enum ProductStatus {
        Draft = "draft",
        Active = "active",
        Discontinued = "discontinued",
    }
}
text_enum! {
    /// A step in a product's life.
    pub enum ProductAction {
        Activate = "activate",
        Discontinue = "discontinue",
        Reactivate = "reactivate",
    }
}

/// A further unit that a product is sold in.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct UnitConversion {
    #[schema(min_length = 1, max_length = 20, pattern = r"^\S(.*\S)?$", example = "box")]
    pub unit: String,
    /// How many base units it holds.
    #[schema(value_type = PositiveQuantity)]
    pub factor: Quantity,
}

/// A product.
#[derive(Debug, Clone, Serialize, ToSchema, Insertable, Queryable, Selectable, AsChangeset)]
#[diesel(table_name = products)]
#[diesel(treat_none_as_null = true)]
pub struct Product {
    pub id: ProductId,
    pub version: i32,
    pub sku: String,
    pub name: String,
    #[serde(skip)]
    pub name_sort: String,
    pub name_en: Option<String>,
    #[schema(max_length = 4000)]
    pub description: Option<String>,
    pub category_id: Option<CategoryId>,
    /// The base unit, which stock and conversions count in.
    pub unit: String,
    /// Further units, each with how many base units it holds.
    #[schema(value_type = Vec<UnitConversion>)]
    pub units: Json<Vec<UnitConversion>>,
    pub tax_rate: Rate,
    /// What a base unit costs us; null without `products:cost`.
    pub cost: Option<Price>,
    pub cost_currency: Option<String>,
    pub status: ProductStatus,
    /// First day of sale.
    #[schema(value_type = Option<String>, format = Date)]
    pub sold_from: Option<NaiveDate>,
    /// Last day of sale.
    #[schema(value_type = Option<String>, format = Date)]
    pub sold_to: Option<NaiveDate>,
    pub barcode: Option<String>,
    #[schema(value_type = CustomFields)]
    pub custom_fields: Json<CustomFields>,
    #[schema(value_type = Vec<ExternalId>)]
    pub external_ids: Json<Vec<ExternalId>>,
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

/// A product as a caller sees it.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Product)]
pub struct ProductView {
    #[serde(flatten)]
    #[schema(inline)]
    pub product: Product,
    /// The steps that its life and your rights allow now.
    pub allowed_actions: Vec<ProductAction>,
}

/// A product as entered and changed.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ProductInput {
    /// The article number; unique.
    #[schema(min_length = 1, max_length = 60, pattern = r"^\S+$", example = "TEA-001")]
    pub sku: String,
    #[schema(min_length = 1, max_length = 200, pattern = r"\S", example = "龙井茶")]
    pub name: String,
    #[schema(min_length = 1, max_length = 200, pattern = r"\S", example = "Longjing tea")]
    pub name_en: Option<String>,
    #[schema(max_length = 4000, example = "Spring harvest, 250 g")]
    pub description: Option<String>,
    pub category_id: Option<CategoryId>,
    /// The base unit.
    #[schema(min_length = 1, max_length = 20, pattern = r"^\S(.*\S)?$", example = "pcs")]
    pub unit: String,
    /// Further units; not the base unit, none twice.
    #[serde(default)]
    #[schema(max_items = 20)]
    pub units: Vec<UnitConversion>,
    #[schema(value_type = RateToOne)]
    pub tax_rate: Rate,
    /// What a base unit costs us. Needs `products:cost`.
    #[schema(value_type = Option<PriceFromZero>)]
    pub cost: Option<Price>,
    /// ISO 4217; the company's currency when only `cost` is given. Needs `products:cost`.
    #[schema(min_length = 3, max_length = 3, pattern = "^[A-Z]{3}$", example = "CNY")]
    pub cost_currency: Option<String>,
    #[schema(value_type = Option<String>, format = Date, example = "2026-03-01")]
    pub sold_from: Option<NaiveDate>,
    #[schema(value_type = Option<String>, format = Date, example = "2027-02-28")]
    pub sold_to: Option<NaiveDate>,
    /// Unique. The check digit of EAN-13, EAN-8 and UPC-A is checked.
    #[schema(min_length = 1, max_length = 40, pattern = "^[0-9A-Za-z-]+$", example = "6901234567892")]
    pub barcode: Option<String>,
    #[serde(default)]
    pub custom_fields: CustomFields,
    /// How other systems call this record; unique per system.
    #[serde(default)]
    #[schema(max_items = 20)]
    pub external_ids: Vec<ExternalId>,
}

/// Why a step is taken; kept in the history.
#[derive(Debug, Clone, Deserialize, ToSchema)]
pub struct StepNote {
    #[schema(min_length = 1, max_length = 1000, example = "Spring catalogue")]
    pub reason: Option<String>,
}

pub static PRODUCTS: ListSpec = ListSpec {
    id: "products.id",
    filters: &[
        filter(
            Param::new("q", Takes::Text(100), "Part of a name, pinyin initials, SKU or barcode."),
            Does::Search("products.id"),
        ),
        filter(
            Param::new("status", Takes::Words(ProductStatus::WORDS), "Only these."),
            Does::Is("products.status"),
        ),
        filter(
            Param::new("category_id", Takes::Ids("cat"), "Only these categories and the ones below them."),
            Does::Makes(in_categories),
        ),
        filter(Param::new("sku", Takes::Text(60), "The product with this SKU."), Does::Is("products.sku")),
        filter(
            Param::new("barcode", Takes::Text(40), "The product with this barcode."),
            Does::Is("products.barcode"),
        ),
        filter(
            Param::new("updated_since", Takes::Instant, "Only products changed at or after this instant."),
            Does::AtLeast("products.updated_at"),
        ),
    ],
    sorts: &[
        Sort { name: "name", column: "products.name_sort" },
        Sort { name: "sku", column: "products.sku" },
        Sort { name: "updated_at", column: "products.updated_at" },
    ],
    sort_names: &["name", "sku", "updated_at"],
    default_sort: "name",
    expand: &["category"],
};

/// UNION, not UNION ALL, so that even a circle in the data would come to an end.
const BELOW_CATEGORY: &str = "products.category_id IN (WITH RECURSIVE below (id) AS (\
    SELECT id FROM product_categories WHERE id = ? \
    UNION SELECT c.id FROM product_categories c JOIN below b ON c.parent_id = b.id) SELECT id FROM below)";

fn in_categories(given: &Given) -> Cond {
    let Given::Ids(ids) = given else { return Cond::Nothing };
    ids.iter().fold(Cond::Nothing, |any, id| any.or(Cond::Sql(BELOW_CATEGORY, vec![Value::from(*id)])))
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
