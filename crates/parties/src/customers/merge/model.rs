//! Merges: input, row, answer.

use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::base::db::{AnyId, Json};
use crate::base::http::history::FieldChange;
use crate::base::types::At;
use crate::customers::model::{CustomerId, CustomerInput};
use crate::schema::customer_merges;

/// Into which customer, and why.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct MergeInput {
    /// The customer that stays.
    pub into_id: CustomerId,
    #[schema(min_length = 1, max_length = 1000, example = "Entered twice")]
    pub reason: String,
}

/// A record that was moved.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Moved {
    /// The name of its kind.
    pub kind: String,
    pub id: Uuid,
    /// Whether it was the primary contact, or a default address.
    pub first: bool,
}

/// What a merge did, as stored.
#[derive(Debug, Clone, Insertable, Queryable, Selectable)]
#[diesel(table_name = customer_merges)]
pub struct Merge {
    pub id: AnyId,
    pub customer_id: CustomerId,
    pub into_id: CustomerId,
    /// The survivor's form before.
    pub before: Json<CustomerInput>,
    /// And with what it took over.
    pub after: Json<CustomerInput>,
    pub moved: Json<Vec<Moved>>,
    /// Whom the survivor was shown to.
    pub shared: Json<Vec<Uuid>>,
    pub merged_at: At,
    pub undone_at: Option<At>,
}

/// How many records of a kind.
#[derive(Debug, Serialize, ToSchema)]
pub struct MovedCount {
    #[schema(max_length = 40, example = "order")]
    pub kind: String,
    #[schema(value_type = i64, minimum = 0, maximum = 1000, example = 12)]
    pub count: usize,
}

/// What a merge, or its undoing, does.
#[derive(Debug, Serialize, ToSchema)]
pub struct CustomerMerge {
    /// The customer that was merged.
    pub customer_id: CustomerId,
    /// The one that stays.
    pub into_id: CustomerId,
    pub merged_at: At,
    /// Until when it can be undone.
    pub undo_until: At,
    pub undone_at: Option<At>,
    /// The records that were moved.
    #[schema(max_items = 20)]
    pub moved: Vec<MovedCount>,
    /// The fields of the one that stays which changed.
    #[schema(max_items = 100)]
    pub changed: Vec<FieldChange>,
}
