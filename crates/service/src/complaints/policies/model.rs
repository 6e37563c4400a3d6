//! Service level policies: rows, inputs, list.

use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::base::db::Json;
use crate::base::db::filter::Value;
use crate::base::db::list::{Does, ListSpec, Row, Sort, filter};
use crate::base::deadlines::model::Step;
use crate::base::http::params::{Param, Takes};
use crate::base::types::{At, TextEnum};
use crate::complaints::model::ComplaintSeverity;
use crate::customers::model::CustomerTier;
use crate::people::UserId;
use crate::schema::sla_policies;
use crate::{entity, id_type};

id_type!(SlaPolicyId, "sla", "sla_policy");

/// How long a complaint of a severity may take, in working time; for a tier of customers, or for all.
#[derive(Debug, Clone, Serialize, ToSchema, Insertable, Queryable, Selectable, AsChangeset)]
#[diesel(table_name = sla_policies)]
#[diesel(treat_none_as_null = true)]
pub struct SlaPolicy {
    pub id: SlaPolicyId,
    pub version: i32,
    pub severity: ComplaintSeverity,
    /// null: for every tier that has no policy of its own.
    pub customer_tier: Option<CustomerTier>,
    /// Working minutes until it is to be acknowledged.
    #[schema(example = 240)]
    pub response_minutes: i32,
    /// Working minutes until it is to be resolved.
    #[schema(example = 2400)]
    pub resolution_minutes: i32,
    /// Working minutes before each deadline at which the assignee is reminded; 0: not at all.
    #[schema(example = 60)]
    pub remind_minutes: i32,
    /// Working minutes after a missed deadline at which the manager, then the executives are told.
    #[schema(value_type = Vec<i32>, max_items = 2, example = json!([0, 480]))]
    pub escalate_minutes: Json<Vec<i32>>,
    pub created_at: At,
    pub created_by: Option<UserId>,
    pub updated_at: At,
    pub updated_by: Option<UserId>,
}
entity!(SlaPolicy, sla_policies, SlaPolicyId);

/// A policy as entered and changed.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct SlaPolicyInput {
    pub severity: ComplaintSeverity,
    /// Left out: for every tier that has no policy of its own.
    pub customer_tier: Option<CustomerTier>,
    #[schema(minimum = 1, maximum = 120000, example = 240)]
    pub response_minutes: i32,
    #[schema(minimum = 1, maximum = 120000, example = 2400)]
    pub resolution_minutes: i32,
    #[serde(default)]
    #[schema(minimum = 0, maximum = 120000, example = 60)]
    pub remind_minutes: i32,
    /// Manager, then executives; in working minutes after the deadline. Empty: nobody is told.
    #[schema(max_items = 2, value_type = Vec<EscalationMinutes>)]
    pub escalate_minutes: Vec<i32>,
}

/// Working minutes after a deadline.
#[derive(Serialize, ToSchema)]
#[schema(minimum = 0, maximum = 120000, example = 480)]
pub struct EscalationMinutes(pub i32);

impl SlaPolicy {
    /// What happens before and after a deadline.
    pub fn steps(&self) -> Vec<Step> {
        let reminder = (self.remind_minutes > 0).then(|| Step {
            name: "reminder".into(),
            level: 0,
            offset_seconds: -60 * i64::from(self.remind_minutes),
        });
        let rungs = self.escalate_minutes.iter().zip(1..).map(|(minutes, level)| Step {
            name: "escalation".into(),
            level,
            offset_seconds: 60 * i64::from(*minutes),
        });
        reminder.into_iter().chain(rungs).collect()
    }
}

pub static POLICIES: ListSpec = ListSpec {
    id: "sla_policies.id",
    filters: &[filter(
        Param::new("severity", Takes::Words(ComplaintSeverity::WORDS), "Only these."),
        Does::Is("sla_policies.severity"),
    )],
    sorts: &[Sort { name: "created_at", column: "sla_policies.created_at" }],
    sort_names: &["created_at"],
    default_sort: "created_at",
    expand: &[],
};

impl Row for SlaPolicy {
    fn id(&self) -> Uuid {
        self.id.0
    }
    fn sort_value(&self, _: &str) -> Value {
        self.created_at.into()
    }
}
