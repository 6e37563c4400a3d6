//! Product categories: the tree that products are sorted into.

use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;
use uuid::Uuid;

use super::work::refuse_taken;
use super::{READ, WRITE};
use crate::base::db::filter::{Value, col};
use crate::base::db::list::{Does, ListSpec, Row, Sort, filter};
use crate::base::db::{ExternalId, JsonColumn, Tx};
use crate::base::error::Result;
use crate::base::events::seen_by_all;
use crate::base::http::Routes;
use crate::base::http::params::{Param, Takes};
use crate::base::record::tree::{self, Tree};
use crate::base::record::{Names, Record};
use crate::base::text;
use crate::base::types::At;
use crate::people::UserId;
use crate::schema::product_categories;
use crate::{coded, id_type, record, record_names};

pub fn routes(r: &mut Routes) {
    r.tag("product-categories", "Product categories: the tree that products are sorted into.");
    r.reads_within_restrictions();
    r.declare(coded!(product_categories, CategoryId, col!(product_categories::code), seen_by_all));
    let mut category = r.record::<Category>(READ, WRITE);
    category.examples(
        json!({"code": "BEV", "name": "饮料", "name_en": "Beverages"}),
        json!({"name": "酒水饮料"}),
    );
    category
        .list()
        .description("Lists the categories, sorted by code. `parent_id` gives one level of the tree.");
    category.change().description(
        "Changes the fields that you send. A category cannot be moved below itself (`circular_parent`).",
    );
    category.delete().description(
        "Deletes the category. Refused with `still_referenced` if it has products or categories below it.",
    );
}

id_type!(CategoryId, "cat", "product_category");

/// A product category.
#[derive(Debug, Clone, Serialize, ToSchema, Insertable, Queryable, Selectable, AsChangeset)]
#[diesel(table_name = product_categories)]
#[diesel(treat_none_as_null = true)]
#[schema(as = ProductCategory)]
pub struct Category {
    pub id: CategoryId,
    pub version: i32,
    #[diesel(embed)]
    #[serde(flatten)]
    pub form: CategoryForm,
    pub created_at: At,
    pub created_by: Option<UserId>,
    pub updated_at: At,
    pub updated_by: Option<UserId>,
}
record!(Category, CategoryForm, product_categories, CategoryId, {
    fn external_ids(&self) -> &[ExternalId] {
        &self.external_ids
    }
    fn search_texts(&self) -> Vec<String> {
        let mut texts = vec![self.name.clone(), text::initials(&self.name), self.code.clone()];
        texts.extend(self.name_en.clone());
        texts
    }
});

/// A product category as entered and changed.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema, Insertable, Queryable, Selectable, AsChangeset)]
#[diesel(table_name = product_categories)]
#[diesel(treat_none_as_null = true)]
#[schema(as = ProductCategoryInput)]
pub struct CategoryForm {
    /// Unique code. Refused with `duplicate` when another category has it.
    #[schema(min_length = 1, max_length = 40, pattern = r"^\S+$", format = "key", example = "BEV")]
    pub code: String,
    /// Name of the category.
    #[schema(min_length = 1, max_length = 100, pattern = r"\S", example = "饮料")]
    pub name: String,
    /// English name.
    #[schema(min_length = 1, max_length = 100, pattern = r"\S", example = "Beverages")]
    pub name_en: Option<String>,
    /// Category above this one; none for the top of the tree. Refused with `circular_parent` when it is the
    /// category itself or one below it.
    pub parent_id: Option<CategoryId>,
    #[serde(default)]
    #[schema(max_items = 20, value_type = Vec<ExternalId>)]
    pub external_ids: JsonColumn<Vec<ExternalId>>,
}

impl Record for Category {
    const NAMES: Names = record_names!(
        product_categories,
        "product-categories",
        "category",
        "ProductCategory",
        "ProductCategories",
        "a product category",
        "product categories",
        ["Product category", "产品品类"]
    );
    const PROBLEMS: &'static [&'static str] = &["duplicate", "circular_parent"];
    fn list() -> &'static ListSpec {
        &CATEGORIES
    }
    fn check(&self, tx: &mut Tx, before: Option<&Category>) -> Result<()> {
        let own = before.map(|b| b.id);
        let column = col!(product_categories::code);
        refuse_taken(tx, column, &self.code, own, before.map(|before| before.code.as_str()))?;
        tree::check_parent::<Category>(tx, self.parent_id, own)
    }
}

impl Tree for Category {
    fn parent(&self) -> Option<CategoryId> {
        self.parent_id
    }
}

static CATEGORIES: ListSpec = ListSpec {
    id: col!(product_categories::id),
    filters: &[
        filter(
            Param::new(
                "q",
                Takes::Text(100),
                "Categories that match this: part of a name, of pinyin initials or of a code.",
            ),
            Does::Search(col!(product_categories::id)),
        ),
        filter(
            Param::new("parent_id", Takes::Ids("cat"), "Categories directly below these."),
            Does::Is(col!(product_categories::parent_id)),
        ),
        filter(
            Param::new("code", Takes::Text(40), "The category with this code, in upper or lower case."),
            Does::Is(col!(product_categories::code)),
        ),
    ],
    sorts: &[Sort { name: "code", column: col!(product_categories::code) }],
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
