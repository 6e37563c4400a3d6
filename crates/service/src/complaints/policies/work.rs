//! Use cases on service level policies.

use diesel::prelude::*;

use super::model::{SlaPolicy, SlaPolicyForm};
use crate::base::db::{Conn, Guard, JsonColumn, Tx};
use crate::base::error::Result;
use crate::base::record;
use crate::complaints::model::ComplaintSeverity;
use crate::customers::model::CustomerTier;
use crate::schema::sla_policies;

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
    let there: Option<i32> = tx.under(Guard::Alone("the first policies"), |conn| {
        Ok(sla_policies::table.select(sla_policies::version).first(conn).optional()?)
    })?;
    if there.is_some() {
        return Ok(());
    }
    let day = 480;
    for (severity, response, resolution, remind) in [
        (ComplaintSeverity::Critical, 120, 2 * day, 30),
        (ComplaintSeverity::High, 240, 5 * day, 60),
        (ComplaintSeverity::Normal, day, 10 * day, 120),
        (ComplaintSeverity::Low, 2 * day, 20 * day, 240),
    ] {
        let form = SlaPolicyForm {
            severity,
            customer_tier: None,
            response_minutes: response,
            resolution_minutes: resolution,
            remind_minutes: remind,
            escalate_minutes: JsonColumn(vec![0, day]),
        };
        record::work::create::<SlaPolicy>(tx, form)?;
    }
    Ok(())
}
