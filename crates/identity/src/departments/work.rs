//! Use cases on departments.

use diesel::prelude::*;
use serde_json::Value;
use uuid::Uuid;

use super::model::{Department, DepartmentId, DepartmentInput};
use crate::base::db::{Act, Conn, Json, Rx, Tx};
use crate::base::error::{Error, Fault, Faults, Result};
use crate::base::http::{Patch, expand};
use crate::base::text;
use crate::people::model::UserStatus;
use crate::people::work as people;
use crate::schema::departments;

pub fn find(conn: &mut Conn, id: DepartmentId) -> Result<Department> {
    let found = departments::table.find(id).select(Department::as_select()).first(conn).optional()?;
    found.ok_or_else(Error::not_found)
}

pub fn create(tx: &mut Tx, input: DepartmentInput) -> Result<Department> {
    check(tx.conn, &input, None)?;
    let mut department = Department {
        id: tx.new_id(),
        version: 0,
        name_sort: text::sort_key(&input.name),
        code: input.code,
        name: input.name,
        name_en: input.name_en,
        kind: input.kind,
        lead_id: input.lead_id,
        team_id: input.team_id,
        response_hours: input.response_hours,
        active: input.active,
        external_ids: Json(input.external_ids),
        created_at: tx.now,
        created_by: None,
        updated_at: tx.now,
        updated_by: None,
    };
    tx.create(&mut department)?;
    Ok(department)
}

pub fn update(tx: &mut Tx, id: DepartmentId, patch: &Patch<DepartmentInput>) -> Result<Department> {
    let before = find(tx.conn, id)?;
    tx.check_expected(&before)?;
    let input = patch.onto(&form_of(&before))?;
    check(tx.conn, &input, Some(&before))?;
    let mut department = Department {
        name_sort: text::sort_key(&input.name),
        code: input.code,
        name: input.name,
        name_en: input.name_en,
        kind: input.kind,
        lead_id: input.lead_id,
        team_id: input.team_id,
        response_hours: input.response_hours,
        active: input.active,
        external_ids: Json(input.external_ids),
        ..before.clone()
    };
    tx.save(&before, &mut department, Act::UPDATED)?;
    Ok(department)
}

/// The form that would give this department.
fn form_of(before: &Department) -> DepartmentInput {
    DepartmentInput {
        code: before.code.clone(),
        name: before.name.clone(),
        name_en: before.name_en.clone(),
        kind: before.kind,
        lead_id: before.lead_id,
        team_id: before.team_id,
        response_hours: before.response_hours,
        active: before.active,
        external_ids: before.external_ids.0.clone(),
    }
}

/// What the schema cannot say: that a new lead works here, and that the team is there.
fn check(conn: &mut Conn, input: &DepartmentInput, before: Option<&Department>) -> Result<()> {
    let mut faults = Faults::default();
    if let Some(lead) = input.lead_id.filter(|lead| before.is_none_or(|b| b.lead_id != Some(*lead))) {
        let user = faults.known(people::find_user(conn, lead), "/lead_id", "user")?;
        if user.is_some_and(|user| user.status != UserStatus::Active) {
            faults.push(Fault::at("/lead_id", "unknown_reference").with("kind", "user"));
        }
    }
    if let Some(team) = input.team_id {
        faults.known(people::find_team(conn, team), "/team_id", "team")?;
    }
    faults.done()
}

pub fn delete(tx: &mut Tx, id: DepartmentId) -> Result<()> {
    let department = find(tx.conn, id)?;
    tx.check_expected(&department)?;
    tx.remove(&department)
}

/// For `expand=department`.
pub fn expand(rx: &mut Rx, ids: &[Uuid]) -> Result<Vec<(Uuid, Value)>> {
    let ids: Vec<DepartmentId> = ids.iter().copied().map(DepartmentId).collect();
    let some = departments::table.filter(departments::id.eq_any(ids));
    let rows = some.select(Department::as_select()).load(rx.conn)?;
    expand::views(rows, |row: &Department| row.id.0)
}
