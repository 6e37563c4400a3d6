//! Visit policies: rows, inputs, list.

use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::base::db::filter::{Value, col};
use crate::base::db::list::{Does, ListSpec, Row, Sort, filter};
use crate::base::http::params::{Param, Takes};
use crate::base::record::{Names, Record};
use crate::base::types::{At, TextEnum};
use crate::customers::model::CustomerTier;
use crate::people::UserId;
use crate::schema::visit_policies;
use crate::{id_type, record, record_names, text_enum};

id_type!(VisitPolicyId, "vip", "visit_policy");

text_enum! {
    /// After what a customer is visited again.
    ///
    /// * `order_delivered`: an order was delivered.
    /// * `order_completed`: an order was completed.
    /// * `complaint_resolved`: a complaint was resolved.
    pub enum VisitCause {
        OrderDelivered = "order_delivered",
        OrderCompleted = "order_completed",
        ComplaintResolved = "complaint_resolved",
    }
}

impl VisitCause {
    /// The type of the event that it follows.
    pub fn event(self) -> &'static str {
        match self {
            VisitCause::OrderDelivered => "order.delivered",
            VisitCause::OrderCompleted => "order.completed",
            VisitCause::ComplaintResolved => "complaint.resolved",
        }
    }
}

/// After what, and how many days later, customers are visited again.
#[derive(Debug, Clone, Serialize, ToSchema, Insertable, Queryable, Selectable, AsChangeset)]
#[diesel(table_name = visit_policies)]
#[diesel(treat_none_as_null = true)]
pub struct VisitPolicy {
    pub id: VisitPolicyId,
    pub version: i32,
    #[diesel(embed)]
    #[serde(flatten)]
    pub form: VisitPolicyForm,
    pub created_at: At,
    pub created_by: Option<UserId>,
    pub updated_at: At,
    pub updated_by: Option<UserId>,
}
record!(VisitPolicy, VisitPolicyForm, visit_policies, VisitPolicyId);

/// After what, and how many days later, customers are visited again.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema, Insertable, Queryable, Selectable, AsChangeset)]
#[diesel(table_name = visit_policies)]
#[diesel(treat_none_as_null = true)]
#[schema(as = VisitPolicyInput)]
pub struct VisitPolicyForm {
    /// What the visit follows.
    pub cause: VisitCause,
    /// Tier of customers that the policy is for. Defaults to null: every tier without a policy of its own.
    pub customer_tier: Option<CustomerTier>,
    /// Calendar days after the cause on which the visit is due.
    #[schema(minimum = 0, maximum = 730, example = 14)]
    pub days: i32,
    /// Subject of the tasks that the policy enters.
    #[schema(min_length = 1, max_length = 200, example = "How is the tea?")]
    pub subject: String,
}

impl Record for VisitPolicy {
    const NAMES: Names = record_names!(
        visit_policies,
        "visit-policies",
        "visit_policy",
        "VisitPolicy",
        "VisitPolicies",
        "a visit policy",
        "visit policies",
        ["Visit policy", "拜访规则"]
    );
    const EXTERNAL_IDS: bool = false;
    fn list() -> &'static ListSpec {
        &POLICIES
    }
}

static POLICIES: ListSpec = ListSpec {
    id: col!(visit_policies::id),
    filters: &[filter(
        Param::new("cause", Takes::Words(VisitCause::WORDS), "Policies for these causes."),
        Does::Is(col!(visit_policies::cause)),
    )],
    sorts: &[Sort { name: "created_at", column: col!(visit_policies::created_at) }],
    default_sort: "created_at",
    expand: &[],
};

impl Row for VisitPolicy {
    fn id(&self) -> Uuid {
        self.id.0
    }
    fn sort_value(&self, _: &str) -> Value {
        self.created_at.into()
    }
}
