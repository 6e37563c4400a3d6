//! Use cases on a person's preferences.

use std::collections::HashMap;

use diesel::prelude::*;

use super::model::{NotificationPreferencesId, NotificationPreferencesInput, PreferencesRow, QuietHours};
use crate::base::db::{Act, Conn, JsonColumn, Tx};
use crate::base::deadlines::calendar::Minute;
use crate::base::declared::Declared;
use crate::base::error::{Fault, Faults, Result};
use crate::base::http::Patch;
use crate::people::UserId;
use crate::schema::notification_preferences;

/// The person's, or what is usual.
pub fn of(conn: &mut Conn, user: UserId) -> Result<PreferencesRow> {
    let found = notification_preferences::table.find(NotificationPreferencesId(user.0));
    let found = found.select(PreferencesRow::as_select()).first(conn).optional()?;
    Ok(found.unwrap_or_else(|| PreferencesRow::usual(user)))
}

/// Those of several people, with one statement; whoever has said nothing is not among them.
pub fn of_all(conn: &mut Conn, users: &[UserId]) -> Result<HashMap<UserId, PreferencesRow>> {
    let ids: Vec<_> = users.iter().map(|user| NotificationPreferencesId(user.0)).collect();
    let found = notification_preferences::table.filter(notification_preferences::id.eq_any(ids));
    let rows: Vec<PreferencesRow> = found.select(PreferencesRow::as_select()).load(conn)?;
    Ok(rows.into_iter().map(|row| (UserId(row.id.0), row)).collect())
}

pub fn update(
    tx: &mut Tx,
    user: UserId,
    patch: &Patch<NotificationPreferencesInput>,
) -> Result<PreferencesRow> {
    let before = tx.load(of, user)?;
    tx.check_expected(&before)?;
    let form = before.form();
    let input = patch.onto(&form)?;
    check(&tx.core.declared, &input).done()?;
    if input == form {
        return Ok(before);
    }
    let mut after = PreferencesRow {
        mail: input.mail,
        by_notice: JsonColumn(input.by_notice),
        quiet_hours: input.quiet_hours.map(JsonColumn),
        digest_at: i32::from(input.digest_at.0),
        lang: input.lang,
        ..before.clone()
    };
    match before.version {
        0 => tx.create(&mut after)?,
        _ => tx.save(&before, &mut after, Act::new("changed"))?,
    }
    Ok(after)
}

fn check(declared: &Declared, input: &NotificationPreferencesInput) -> Faults {
    let mut faults = Faults::default();
    let is_known = |name: &str| declared.notices.iter().any(|n| n.code == name || n.kind.name == name);
    for name in input.by_notice.keys().filter(|name| !is_known(name)) {
        let at = format!("/by_notice/{}", name.replace('~', "~0").replace('/', "~1"));
        faults.push(Fault::at(at, "unknown_notice"));
    }
    if let Some(QuietHours { from, to }) = input.quiet_hours
        && from == to
    {
        faults.push(Fault::at("/quiet_hours", "no_quiet_hours"));
    }
    if input.digest_at >= Minute::at(24, 0) {
        faults.push(Fault::at("/digest_at", "out_of_range").with("max", "23:59"));
    }
    faults
}
