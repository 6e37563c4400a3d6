//! Shares: input, view, list.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::base::db::list::{ListSpec, Sort};
use crate::base::types::At;
use crate::people::{TeamId, UserId};

/// Whom to share with: a person or a team.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ShareInput {
    pub user_id: Option<UserId>,
    pub team_id: Option<TeamId>,
}

/// Whom a customer is shared with: a person or a team.
#[derive(Debug, Serialize, ToSchema)]
pub struct ShareView {
    pub user_id: Option<UserId>,
    pub team_id: Option<TeamId>,
    pub granted_at: At,
    pub granted_by: Option<UserId>,
}

pub static SHARES: ListSpec = ListSpec {
    id: "shares.grantee_id",
    filters: &[],
    sorts: &[Sort { name: "granted_at", column: "shares.granted_at" }],
    sort_names: &["granted_at"],
    default_sort: "granted_at",
    expand: &["user", "team"],
};
