//! Service level policies: rows, inputs, list.

use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::base::db::filter::{Value, col};
use crate::base::db::list::{Does, ListSpec, Row, Sort, filter};
use crate::base::db::{JsonColumn, Tx};
use crate::base::deadlines::model::DeadlineAction;
use crate::base::error::{Error, Fault, Result};
use crate::base::http::params::{Param, Takes};
use crate::base::record::{Names, Record};
use crate::base::types::{At, TextEnum};
use crate::complaints::model::ComplaintSeverity;
use crate::customers::model::CustomerTier;
use crate::people::UserId;
use crate::schema::sla_policies;
use crate::{id_type, record, record_names};

id_type!(SlaPolicyId, "sla", "sla_policy");

/// How much working time a complaint of a severity may take, for one tier of customers or for all.
#[derive(Debug, Clone, Serialize, ToSchema, Insertable, Queryable, Selectable, AsChangeset)]
#[diesel(table_name = sla_policies)]
#[diesel(treat_none_as_null = true)]
pub struct SlaPolicy {
    pub id: SlaPolicyId,
    pub version: i32,
    #[diesel(embed)]
    #[serde(flatten)]
    pub form: SlaPolicyForm,
    pub created_at: At,
    pub created_by: Option<UserId>,
    pub updated_at: At,
    pub updated_by: Option<UserId>,
}
record!(SlaPolicy, SlaPolicyForm, sla_policies, SlaPolicyId);

/// How much working time a complaint may take.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema, Insertable, Queryable, Selectable, AsChangeset)]
#[diesel(table_name = sla_policies)]
#[diesel(treat_none_as_null = true)]
#[schema(as = SlaPolicyInput)]
pub struct SlaPolicyForm {
    /// Severity that the policy is for.
    pub severity: ComplaintSeverity,
    /// Tier of customers that the policy is for. Defaults to null: every tier without a policy of its own.
    pub customer_tier: Option<CustomerTier>,
    /// Working minutes from receipt until the complaint must be acknowledged.
    #[schema(minimum = 1, maximum = 120000, example = 240)]
    pub response_minutes: i32,
    /// Working minutes from receipt until the complaint must be resolved.
    #[schema(minimum = 1, maximum = 120000, example = 2400)]
    pub resolution_minutes: i32,
    /// Working minutes before each deadline at which the assignee is reminded. Defaults to 0: no reminder.
    #[serde(default)]
    #[schema(minimum = 0, maximum = 120000, example = 60)]
    pub remind_minutes: i32,
    /// Working minutes after a missed deadline at which first the manager and then the executives are told;
    /// the second number must be greater than the first. Empty: nobody is told.
    #[schema(max_items = 2, value_type = Vec<EscalationMinutes>)]
    pub escalate_minutes: JsonColumn<Vec<i32>>,
}

/// Working minutes after a missed deadline.
#[derive(Serialize, ToSchema)]
#[schema(minimum = 0, maximum = 120000, example = 480)]
pub struct EscalationMinutes(pub i32);

impl SlaPolicy {
    /// What happens before and after a deadline.
    pub fn steps(&self) -> Vec<DeadlineAction> {
        let reminder = (self.remind_minutes > 0).then(|| DeadlineAction {
            name: "reminder".into(),
            level: 0,
            offset_seconds: -60 * i64::from(self.remind_minutes),
        });
        let rungs = self.escalate_minutes.iter().zip(1..).map(|(minutes, level)| DeadlineAction {
            name: "escalation".into(),
            level,
            offset_seconds: 60 * i64::from(*minutes),
        });
        reminder.into_iter().chain(rungs).collect()
    }
}

impl Record for SlaPolicy {
    const NAMES: Names = record_names!(
        sla_policies,
        "sla-policies",
        "sla_policy",
        "SlaPolicy",
        "SlaPolicies",
        "a service level policy",
        "service level policies",
        ["Service level", "服务时限"]
    );
    const EXTERNAL_IDS: bool = false;
    fn list() -> &'static ListSpec {
        &POLICIES
    }
    /// The ladder goes up.
    fn check(&self, _: &mut Tx, _: Option<&SlaPolicy>) -> Result<()> {
        if self.escalate_minutes.windows(2).all(|pair| pair[0] < pair[1]) {
            return Ok(());
        }
        Err(Error::invalid(vec![Fault::at("/escalate_minutes", "not_ascending")]))
    }
}

static POLICIES: ListSpec = ListSpec {
    id: col!(sla_policies::id),
    filters: &[filter(
        Param::new("severity", Takes::Words(ComplaintSeverity::WORDS), "Policies for these severities."),
        Does::Is(col!(sla_policies::severity)),
    )],
    sorts: &[Sort { name: "created_at", column: col!(sla_policies::created_at) }],
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
