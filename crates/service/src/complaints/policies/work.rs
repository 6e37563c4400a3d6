//! Use cases on service level policies.

use diesel::prelude::*;

use super::model::{SlaPolicy, SlaPolicyId, SlaPolicyInput};
use crate::base::db::{Act, Conn, Json, Tx};
use crate::base::error::{Error, Fault, Result};
use crate::base::http::Patch;
use crate::complaints::model::ComplaintSeverity;
use crate::customers::model::CustomerTier;
use crate::schema::sla_policies;

pub fn find(conn: &mut Conn, id: SlaPolicyId) -> Result<SlaPolicy> {
    let found = sla_policies::table.find(id).select(SlaPolicy::as_select()).first(conn).optional()?;
    found.ok_or_else(Error::not_found)
}

/// The policy for a complaint: the tier's own, else the one for all tiers.
pub fn policy_for(
    conn: &mut Conn,
    severity: ComplaintSeverity,
    tier: CustomerTier,
) -> Result<Option<SlaPolicy>> {
    let of_severity = sla_policies::table.filter(sla_policies::severity.eq(severity));
    let policies: Vec<SlaPolicy> = of_severity.select(SlaPolicy::as_select()).load(conn)?;
    let own = policies.iter().find(|p| p.customer_tier == Some(tier));
    Ok(own.or_else(|| policies.iter().find(|p| p.customer_tier.is_none())).cloned())
}

/// What a new database begins with: hours and days of eight working hours.
pub fn ensure(tx: &mut Tx) -> Result<()> {
    if sla_policies::table.select(sla_policies::version).first::<i32>(tx.conn).optional()?.is_some() {
        return Ok(());
    }
    let day = 480;
    for (severity, response, resolution, remind) in [
        (ComplaintSeverity::Critical, 120, 2 * day, 30),
        (ComplaintSeverity::High, 240, 5 * day, 60),
        (ComplaintSeverity::Normal, day, 10 * day, 120),
        (ComplaintSeverity::Low, 2 * day, 20 * day, 240),
    ] {
        let input = SlaPolicyInput {
            severity,
            customer_tier: None,
            response_minutes: response,
            resolution_minutes: resolution,
            remind_minutes: remind,
            escalate_minutes: vec![0, day],
        };
        create(tx, input)?;
    }
    Ok(())
}

pub fn create(tx: &mut Tx, input: SlaPolicyInput) -> Result<SlaPolicy> {
    check(&input)?;
    let mut policy = SlaPolicy {
        id: tx.new_id(),
        version: 0,
        severity: input.severity,
        customer_tier: input.customer_tier,
        response_minutes: input.response_minutes,
        resolution_minutes: input.resolution_minutes,
        remind_minutes: input.remind_minutes,
        escalate_minutes: Json(input.escalate_minutes),
        created_at: tx.now,
        created_by: None,
        updated_at: tx.now,
        updated_by: None,
    };
    tx.create(&mut policy)?;
    Ok(policy)
}

pub fn update(tx: &mut Tx, id: SlaPolicyId, patch: &Patch<SlaPolicyInput>) -> Result<SlaPolicy> {
    let before = find(tx.conn, id)?;
    tx.check_expected(&before)?;
    let form = SlaPolicyInput {
        severity: before.severity,
        customer_tier: before.customer_tier,
        response_minutes: before.response_minutes,
        resolution_minutes: before.resolution_minutes,
        remind_minutes: before.remind_minutes,
        escalate_minutes: before.escalate_minutes.0.clone(),
    };
    let input = patch.onto(&form)?;
    check(&input)?;
    let mut policy = SlaPolicy {
        severity: input.severity,
        customer_tier: input.customer_tier,
        response_minutes: input.response_minutes,
        resolution_minutes: input.resolution_minutes,
        remind_minutes: input.remind_minutes,
        escalate_minutes: Json(input.escalate_minutes),
        ..before.clone()
    };
    tx.save(&before, &mut policy, Act::UPDATED)?;
    Ok(policy)
}

/// The ladder goes up.
fn check(input: &SlaPolicyInput) -> Result<()> {
    match input.escalate_minutes.windows(2).all(|pair| pair[0] < pair[1]) {
        true => Ok(()),
        false => Err(Error::invalid(vec![Fault::at("/escalate_minutes", "not_ascending")])),
    }
}

pub fn delete(tx: &mut Tx, id: SlaPolicyId) -> Result<()> {
    let policy = find(tx.conn, id)?;
    tx.check_expected(&policy)?;
    tx.remove(&policy)
}
