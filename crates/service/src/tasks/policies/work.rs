//! Use cases on visit policies.

use diesel::prelude::*;

use super::model::{VisitCause, VisitPolicy, VisitPolicyId, VisitPolicyInput};
use crate::base::db::{Act, Conn, Tx};
use crate::base::error::{Error, Result};
use crate::base::http::Patch;
use crate::customers::model::CustomerTier;
use crate::schema::visit_policies;

pub fn find(conn: &mut Conn, id: VisitPolicyId) -> Result<VisitPolicy> {
    let found = visit_policies::table.find(id).select(VisitPolicy::as_select()).first(conn).optional()?;
    found.ok_or_else(Error::not_found)
}

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

pub fn create(tx: &mut Tx, input: VisitPolicyInput) -> Result<VisitPolicy> {
    let mut policy = VisitPolicy {
        id: tx.new_id(),
        version: 0,
        cause: input.cause,
        customer_tier: input.customer_tier,
        days: input.days,
        subject: input.subject,
        created_at: tx.now,
        created_by: None,
        updated_at: tx.now,
        updated_by: None,
    };
    tx.create(&mut policy)?;
    Ok(policy)
}

pub fn update(tx: &mut Tx, id: VisitPolicyId, patch: &Patch<VisitPolicyInput>) -> Result<VisitPolicy> {
    let before = find(tx.conn, id)?;
    tx.check_expected(&before)?;
    let form = VisitPolicyInput {
        cause: before.cause,
        customer_tier: before.customer_tier,
        days: before.days,
        subject: before.subject.clone(),
    };
    let input = patch.onto(&form)?;
    let mut policy = VisitPolicy {
        cause: input.cause,
        customer_tier: input.customer_tier,
        days: input.days,
        subject: input.subject,
        ..before.clone()
    };
    tx.save(&before, &mut policy, Act::UPDATED)?;
    Ok(policy)
}

pub fn delete(tx: &mut Tx, id: VisitPolicyId) -> Result<()> {
    let policy = find(tx.conn, id)?;
    tx.check_expected(&policy)?;
    tx.remove(&policy)
}
