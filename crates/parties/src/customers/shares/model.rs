//! Shares: input, view, list.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::base::db::filter::col;
use crate::base::db::list::{ListSpec, Sort};
use crate::base::types::At;
use crate::people::{TeamId, UserId};

/// Person or team to share the customer with: exactly one of the two.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ShareInput {
    /// Person to share with. Leave it out when you send `team_id`.
    pub user_id: Option<UserId>,
    /// Team to share with. Leave it out when you send `user_id`.
    pub team_id: Option<TeamId>,
}

/// Person or team that a customer is shared with.
#[derive(Debug, Serialize, ToSchema)]
pub struct ShareView {
    /// Person that it is shared with. Null when it is shared with a team.
    pub user_id: Option<UserId>,
    /// Team that it is shared with. Null when it is shared with a person.
    pub team_id: Option<TeamId>,
    /// When it was shared.
    pub granted_at: At,
    /// Person who shared it. Null when it was a machine client or the system.
    pub granted_by: Option<UserId>,
}

pub static SHARES: ListSpec = ListSpec {
    id: col!(shares::grantee_id),
    filters: &[],
    sorts: &[Sort { name: "granted_at", column: col!(shares::granted_at) }],
    default_sort: "granted_at",
    expand: &["user", "team"],
};
