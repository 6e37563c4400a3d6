//! Merges: input, row, answer.

use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::base::db::{AnyId, JsonColumn};
use crate::base::http::history::FieldChange;
use crate::base::types::{Amount, At};
use crate::customers::model::{Customer, CustomerId, CustomerInput, CustomerStatus};
use crate::schema::customer_merges;

/// The customer to merge into, and why.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct MergeInput {
    /// Customer that stays and takes over the records. You must be allowed to change it, too.
    pub into_id: CustomerId,
    /// Why the customers are merged; shown in the history of both and of every moved record.
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
    pub before: JsonColumn<CustomerInput>,
    /// And with what it took over.
    pub after: JsonColumn<CustomerInput>,
    pub moved: JsonColumn<Vec<Moved>>,
    /// Whom the survivor was shown to.
    pub shared: JsonColumn<Vec<Uuid>>,
    pub merged_at: At,
    pub undone_at: Option<At>,
    /// Its terms before, and with the stricter ones of both; None where they stayed.
    pub terms: Option<JsonColumn<TermsChange>>,
}

/// What protects the company from a customer: whether it is blocked, and its credit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Terms {
    pub status: CustomerStatus,
    pub block_reason: Option<String>,
    pub credit_limit: Option<Amount>,
    pub payment_days: i32,
}

impl Terms {
    pub fn of(customer: &Customer) -> Terms {
        Terms {
            status: customer.status,
            block_reason: customer.block_reason.clone(),
            credit_limit: customer.credit_limit,
            payment_days: customer.payment_days,
        }
    }
    /// The customer under these terms.
    pub fn set(self, customer: Customer) -> Customer {
        let Terms { status, block_reason, credit_limit, payment_days } = self;
        Customer { status, block_reason, credit_limit, payment_days, ..customer }
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TermsChange {
    pub before: Terms,
    pub after: Terms,
}

/// Number of moved records of one kind.
#[derive(Debug, Serialize, ToSchema)]
pub struct MovedCount {
    /// Kind of record.
    #[schema(max_length = 40, example = "order")]
    pub kind: String,
    /// Number of records.
    #[schema(value_type = i64, minimum = 0, maximum = 1000, example = 12)]
    pub count: usize,
}

/// What a merge, or undoing it, has changed.
#[derive(Debug, Serialize, ToSchema)]
pub struct CustomerMerge {
    /// Customer that was merged.
    pub customer_id: CustomerId,
    /// Customer that stays.
    pub into_id: CustomerId,
    /// When the customers were merged.
    pub merged_at: At,
    /// Until when the merge can be undone: 30 days after it.
    pub undo_until: At,
    /// When the merge was undone. Null when it was not undone.
    pub undone_at: Option<At>,
    /// How many records were moved, per kind.
    #[schema(max_items = 20)]
    pub moved: Vec<MovedCount>,
    /// Changed fields of the customer that stays.
    #[schema(max_items = 100)]
    pub changed: Vec<FieldChange>,
}
