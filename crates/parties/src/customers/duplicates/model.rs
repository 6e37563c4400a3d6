//! Duplicates: keys, pairs, views, list.

use diesel::prelude::*;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::base::db::filter::{Value, col};
use crate::base::db::list::{Does, ListSpec, Row, Sort, filter};
use crate::base::db::{AnyId, JsonColumn};
use crate::base::http::params::{Param, Takes};
use crate::customers::CustomerId;
use crate::customers::contacts::model::ContactId;
use crate::schema::{customer_duplicates, customer_keys};
use crate::text_enum;

text_enum! {
    /// What two customers have in common, with its weight in the score:
    ///
    /// - `tax_id` (100): the tax number
    /// - `name` (70): the company's name, without its legal form
    /// - `phone` (50): a phone number of a contact
    /// - `person_name` (40): the name of a private person
    /// - `email_domain` (30): the domain of a contact's e-mail address; public mail providers do not count
    pub enum MatchedKey {
        TaxId = "tax_id",
        Name = "name",
        Phone = "phone",
        PersonName = "person_name",
        EmailDomain = "email_domain",
    }
}

/// A key of a customer, as stored.
#[derive(Debug, Clone, Insertable, Queryable, Selectable)]
#[diesel(table_name = customer_keys)]
pub struct StoredKey {
    pub source_id: AnyId,
    pub kind: MatchedKey,
    pub value: String,
    pub customer_id: CustomerId,
    pub contact_id: Option<ContactId>,
}

/// Two customers that may be the same, as stored.
#[derive(Debug, Clone, Insertable, Queryable, Selectable)]
#[diesel(table_name = customer_duplicates)]
pub struct Pair {
    pub id: AnyId,
    pub customer_id: CustomerId,
    pub other_id: CustomerId,
    pub score: i32,
    pub matched_keys: JsonColumn<Vec<MatchedKey>>,
}

/// A customer that may be the same as another.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Candidate {
    pub id: CustomerId,
    /// Unique customer code.
    #[schema(max_length = 40, example = "CU-2026-000123")]
    pub code: String,
    /// Full name.
    #[schema(example = "广州天河贸易有限公司")]
    pub name: String,
    /// How likely the two are the same: the sum of the weights of `matched_keys`, at most 100.
    #[schema(minimum = 0, maximum = 100, example = 70)]
    pub score: i32,
    /// What the two customers have in common.
    #[schema(max_items = 5)]
    pub matched_keys: Vec<MatchedKey>,
}

/// Two customers that may be the same.
#[derive(Debug, Serialize, ToSchema)]
pub struct DuplicatePair {
    /// How likely the two are the same: the sum of the weights of `matched_keys`, at most 100.
    #[schema(minimum = 0, maximum = 100, example = 70)]
    pub score: i32,
    /// What the two customers have in common.
    #[schema(max_items = 5)]
    pub matched_keys: Vec<MatchedKey>,
    /// The two customers.
    #[schema(max_items = 2)]
    pub customers: Vec<Candidate>,
}

pub static DUPLICATES: ListSpec = ListSpec {
    id: col!(customer_duplicates::id),
    filters: &[filter(
        Param::new("score_min", Takes::Int(0, 100), "Pairs with this score or a higher one."),
        Does::AtLeast(col!(customer_duplicates::score)),
    )],
    sorts: &[Sort { name: "score", column: col!(customer_duplicates::score) }],
    default_sort: "-score",
    expand: &[],
};

impl Row for Pair {
    fn id(&self) -> Uuid {
        self.id.0
    }
    fn sort_value(&self, _: &str) -> Value {
        i64::from(self.score).into()
    }
}
