//! Use cases on regions.

use diesel::prelude::*;
use serde_json::Value;
use uuid::Uuid;

use super::model::{Region, RegionId, RegionInput};
use crate::base::db::{Act, Conn, Json, Rx, Tx};
use crate::base::error::{Error, Fault, Problem, Result, found};
use crate::base::http::{Patch, expand};
use crate::schema::regions;

pub fn find(conn: &mut Conn, id: RegionId) -> Result<Region> {
    let found = regions::table.find(id).select(Region::as_select()).first(conn).optional()?;
    found.ok_or_else(Error::not_found)
}

pub fn create(tx: &mut Tx, input: RegionInput) -> Result<Region> {
    check_parent(tx.conn, input.parent_id, None)?;
    let mut region = Region {
        id: tx.new_id(),
        version: 0,
        code: input.code,
        name: input.name,
        parent_id: input.parent_id,
        external_ids: Json(input.external_ids),
        created_at: tx.now,
        created_by: None,
        updated_at: tx.now,
        updated_by: None,
    };
    tx.create(&mut region)?;
    Ok(region)
}

pub fn update(tx: &mut Tx, id: RegionId, patch: &Patch<RegionInput>) -> Result<Region> {
    let before = find(tx.conn, id)?;
    tx.check_expected(&before)?;
    let form = RegionInput {
        code: before.code.clone(),
        name: before.name.clone(),
        parent_id: before.parent_id,
        external_ids: before.external_ids.0.clone(),
    };
    let input = patch.onto(&form)?;
    check_parent(tx.conn, input.parent_id, Some(id))?;
    let mut region = Region {
        code: input.code,
        name: input.name,
        parent_id: input.parent_id,
        external_ids: Json(input.external_ids),
        ..before.clone()
    };
    tx.save(&before, &mut region, Act::UPDATED)?;
    Ok(region)
}

pub fn delete(tx: &mut Tx, id: RegionId) -> Result<()> {
    let region = find(tx.conn, id)?;
    tx.check_expected(&region)?;
    tx.remove(&region)
}

/// The parent is there, and going up from it never leads back.
fn check_parent(conn: &mut Conn, parent: Option<RegionId>, own: Option<RegionId>) -> Result<()> {
    let mut next = parent;
    for depth in 0..50 {
        let Some(id) = next else { return Ok(()) };
        if Some(id) == own {
            return Err(Problem::new("circular_parent").into());
        }
        match found(find(conn, id))? {
            Some(region) => next = region.parent_id,
            None if depth == 0 => {
                let fault = Fault::at("/parent_id", "unknown_reference").with("kind", "region");
                return Err(Error::invalid(vec![fault]));
            }
            None => return Ok(()),
        }
    }
    Err(Problem::new("circular_parent").into())
}

pub fn expand(rx: &mut Rx, ids: &[Uuid]) -> Result<Vec<(Uuid, Value)>> {
    let ids: Vec<RegionId> = ids.iter().copied().map(RegionId).collect();
    let rows = regions::table.filter(regions::id.eq_any(ids)).select(Region::as_select()).load(rx.conn)?;
    expand::views(rows, |r: &Region| r.id.0)
}
