//! Loading other systems' records through the same rules as the API.

pub mod northwind;

use std::collections::HashMap;
use std::path::Path;

use crate::base::error::{Error, Result};

/// A row of a CSV file; `NULL` and blank cells are not there.
pub type Record = HashMap<String, String>;

/// Reads a CSV file with a heading line.
pub fn read_csv(dir: &Path, name: &str) -> Result<Vec<Record>> {
    let path = dir.join(name);
    let failed = |e: csv::Error| Error::internal(format!("{}: {e}", path.display()));
    let mut reader = csv::Reader::from_path(&path).map_err(failed)?;
    let headings = reader.headers().map_err(failed)?.clone();
    let mut records = Vec::new();
    for row in reader.records() {
        let row = row.map_err(failed)?;
        let cells = headings.iter().zip(row.iter()).filter(|(_, v)| !v.is_empty() && *v != "NULL");
        records.push(cells.map(|(k, v)| (k.to_owned(), v.trim().to_owned())).collect());
    }
    Ok(records)
}
