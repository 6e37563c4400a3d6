//! `expand=customer,lines.product`: adds the object beside its id. An id tells its kind by its prefix, so each
//! area registers one loader for the kinds it owns, and a path needs nothing but the field's name. All ids of a
//! page are loaded with one statement per path.

use std::collections::HashMap;

use serde_json::Value;
use uuid::Uuid;

use crate::db::ReadTx;
use crate::error::Result;
use crate::types::id::parse_id;

/// Loads the records with these ids that the caller may see, as the views that their own endpoint answers.
pub type Loader = fn(&mut ReadTx, &[Uuid]) -> Result<Vec<(Uuid, Value)>>;

/// Loaders by id prefix.
pub type Expanders = HashMap<&'static str, Loader>;

/// Adds what the paths name to a record, or to each record of a page.
pub fn widen(rx: &mut ReadTx, value: &mut Value, paths: &[String]) -> Result<()> {
    for path in paths {
        let mut targets = Vec::new();
        if value["data"].is_array() {
            let rows = value["data"].as_array_mut().into_iter().flatten();
            rows.for_each(|row| collect(row, path, &mut targets));
        } else {
            collect(value, path, &mut targets);
        }
        fill(rx, path, targets)?;
    }
    Ok(())
}

/// The objects that hold the last name of the path: for `lines.product` each line.
fn collect<'v>(value: &'v mut Value, path: &str, targets: &mut Vec<&'v mut Value>) {
    match path.split_once('.') {
        None => targets.push(value),
        Some((first, rest)) => match value.get_mut(first) {
            Some(Value::Array(items)) => items.iter_mut().for_each(|item| collect(item, rest, targets)),
            Some(inner) => collect(inner, rest, targets),
            None => {}
        },
    }
}

fn fill(rx: &mut ReadTx, path: &str, targets: Vec<&mut Value>) -> Result<()> {
    let name = path.rsplit('.').next().unwrap_or(path);
    let id_field = format!("{name}_id");
    let mut by_prefix: HashMap<&'static str, Vec<Uuid>> = HashMap::new();
    let core = rx.core;
    let expanders = &core.declared.expanders;
    for target in &targets {
        if let Some((prefix, uuid)) = target[&id_field].as_str().and_then(|id| split(expanders, id)) {
            let ids = by_prefix.entry(prefix).or_default();
            if !ids.contains(&uuid) {
                ids.push(uuid);
            }
        }
    }
    let mut loaded: HashMap<Uuid, Value> = HashMap::new();
    for (prefix, ids) in by_prefix {
        loaded.extend(expanders[prefix](rx, &ids)?);
    }
    for target in targets {
        let id = target[&id_field].as_str().and_then(|id| split(expanders, id));
        let found = id.and_then(|(_, uuid)| loaded.get(&uuid)).cloned().unwrap_or(Value::Null);
        if let Some(object) = target.as_object_mut() {
            object.insert(name.to_owned(), found);
        }
    }
    Ok(())
}

fn split(expanders: &Expanders, id: &str) -> Option<(&'static str, Uuid)> {
    let prefix = id.split('_').next()?;
    let (known, _) = expanders.get_key_value(prefix)?;
    parse_id(id, known).ok().map(|uuid| (*known, uuid))
}

/// Rows as what a [`Loader`] gives.
pub fn views<T: serde::Serialize>(rows: Vec<T>, id: impl Fn(&T) -> Uuid) -> Result<Vec<(Uuid, Value)>> {
    rows.iter()
        .map(|row| {
            let value = serde_json::to_value(row);
            Ok((id(row), value.map_err(|e| crate::error::Error::internal(e.to_string()))?))
        })
        .collect()
}
