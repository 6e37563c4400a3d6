//! Use cases on visit policies.

use diesel::prelude::*;

use super::model::{VisitCause, VisitPolicy};
use crate::base::db::Conn;
use crate::base::error::Result;
use crate::customers::model::CustomerTier;
use crate::schema::visit_policies;

/// All of them; there are only as many as causes and tiers.
pub fn all(conn: &mut Conn) -> Result<Vec<VisitPolicy>> {
    Ok(visit_policies::table.order(visit_policies::id).select(VisitPolicy::as_select()).load(conn)?)
}

/// The policy for a cause: the tier's own, else the one for all tiers.
pub fn policy_for(policies: &[VisitPolicy], cause: VisitCause, tier: CustomerTier) -> Option<&VisitPolicy> {
    let of = |tier: Option<CustomerTier>| {
        policies.iter().find(move |p| p.cause == cause && p.customer_tier == tier)
    };
    of(Some(tier)).or_else(|| of(None))
}
