//! Use cases on settings.

use diesel::prelude::*;

use super::model::{
    Company, ComplaintSettings, FeedbackKind, OrderSettings, RelationSettings, Settings, SettingsInput,
};
use crate::base::auth::Role;
use crate::base::db::{Act, Conn, Guard, JsonColumn, Tx};
use crate::base::error::{Error, Fault, Result};
use crate::base::http::Patch;
use crate::base::types::{Rate, TextEnum};
use crate::people::UserId;
use crate::schema::{settings, users};

pub fn load(conn: &mut Conn) -> Result<Settings> {
    let found = settings::table.select(Settings::as_select()).first(conn).optional()?;
    found.ok_or_else(|| Error::internal("there are no settings"))
}

/// Notes in the audit trail what happened to the installation as a whole.
pub fn note(tx: &mut Tx, act: Act) -> Result<()> {
    let settings = tx.load_only(load)?;
    tx.note_on(&settings, act, None, None)
}

/// The settings that a new database begins with.
pub fn ensure(tx: &mut Tx) -> Result<()> {
    let there: Option<i32> = tx.under(Guard::Alone("one row of settings"), |conn| {
        Ok(settings::table.select(settings::version).first(conn).optional()?)
    })?;
    if there.is_some() {
        return Ok(());
    }
    let company =
        Company { name: "Our company".into(), name_en: None, tax_id: None, address: None, phone: None };
    let mut first = Settings {
        id: tx.new_id(),
        version: 0,
        company: JsonColumn(company),
        orders: JsonColumn(OrderSettings::default()),
        complaints: JsonColumn(ComplaintSettings::default()),
        relations: JsonColumn(RelationSettings::default()),
        created_at: tx.now,
        created_by: None,
        updated_at: tx.now,
        updated_by: None,
    };
    tx.create(&mut first)
}

pub fn update(tx: &mut Tx, patch: &Patch<SettingsInput>) -> Result<Settings> {
    let before = tx.load_only(load)?;
    tx.check_expected(&before)?;
    let form = SettingsInput {
        company: before.company.0.clone(),
        orders: before.orders.0.clone(),
        complaints: before.complaints.0.clone(),
        relations: before.relations.0.clone(),
    };
    let input = patch.onto(&form)?;
    check(&input)?;
    check_routes(tx, &input.relations)?;
    let mut after = Settings {
        company: JsonColumn(input.company),
        orders: JsonColumn(input.orders),
        complaints: JsonColumn(input.complaints),
        relations: JsonColumn(input.relations),
        ..before.clone()
    };
    tx.save(&before, &mut after, Act::UPDATED)?;
    Ok(after)
}

fn check(input: &SettingsInput) -> Result<()> {
    let orders = &input.orders;
    let mut faults = Vec::new();
    for (name, limits) in [
        ("orders/four_eyes_above", &orders.four_eyes_above),
        ("orders/manager_limit", &orders.manager_limit),
        ("orders/return_limit", &orders.return_limit),
        ("complaints/remedy_limit", &input.complaints.remedy_limit),
    ] {
        for (currency, amount) in limits {
            let at = format!("/{name}/{currency}");
            if currency.len() != 3 || !currency.bytes().all(|b| b.is_ascii_uppercase()) {
                faults.push(Fault::at(&at, "invalid_format").with("format", "currency code"));
            }
            if amount.is_negative() {
                faults.push(Fault::at(&at, "out_of_range").with("min", 0));
            }
        }
    }
    for (role, rate) in &orders.discount_limits {
        let at = format!("/orders/discount_limits/{role}");
        if Role::parse(role).is_none() {
            faults.push(Fault::at(&at, "not_allowed").with("allowed", Role::WORDS.join(", ")));
        }
        if rate.is_negative() || *rate > Rate::ONE {
            faults.push(Fault::at(&at, "out_of_range").with("min", 0).with("max", 1));
        }
    }
    if !(0..=365).contains(&orders.duplicate_days) {
        faults.push(Fault::at("/orders/duplicate_days", "out_of_range").with("min", 0).with("max", 365));
    }
    if faults.is_empty() { Ok(()) } else { Err(Error::invalid(faults)) }
}

/// Routes are for kinds that there are, and to people whom there are.
fn check_routes(tx: &mut Tx, relations: &RelationSettings) -> Result<()> {
    let mut faults = Vec::new();
    let named = relations.feedback.values().flat_map(|route| route.user_ids.iter().copied());
    let named = users::table.filter(users::id.eq_any(named.collect::<Vec<_>>()));
    let known: Vec<UserId> =
        tx.hint("people are never deleted", |conn| Ok(named.select(users::id).load(conn)?))?;
    for (kind, route) in &relations.feedback {
        let at = format!("/relations/feedback/{kind}");
        if FeedbackKind::parse(kind).is_none() {
            faults.push(Fault::at(&at, "not_allowed").with("allowed", FeedbackKind::WORDS.join(", ")));
        }
        for (i, _) in route.user_ids.iter().enumerate().filter(|(_, id)| !known.contains(id)) {
            let at = format!("{at}/user_ids/{i}");
            faults.push(Fault::at(at, "unknown_reference").with("kind", "user"));
        }
    }
    let pool_after = relations.pool_after_days.unwrap_or(1);
    for (name, value, min, max) in [
        ("draft_days", relations.draft_days, 0, 365),
        ("confirm_months", relations.confirm_months, 1, 120),
        ("pool_after_days", pool_after, 1, 3650),
        ("pool_warn_days", relations.pool_warn_days, 0, 365),
        ("pool_reclaim_days", relations.pool_reclaim_days, 0, 3650),
        ("pool_claims", relations.pool_claims, 0, 10_000),
    ] {
        if !(min..=max).contains(&value) {
            let at = format!("/relations/{name}");
            faults.push(Fault::at(at, "out_of_range").with("min", min).with("max", max));
        }
    }
    // Nobody could be warned in time.
    if relations.pool_after_days.is_some_and(|after| relations.pool_warn_days >= after) {
        let most = pool_after - 1;
        faults.push(Fault::at("/relations/pool_warn_days", "out_of_range").with("min", 0).with("max", most));
    }
    if faults.is_empty() { Ok(()) } else { Err(Error::invalid(faults)) }
}
