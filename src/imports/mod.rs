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
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_path(&path).map_err(failed)?;
    let headings = reader.headers().map_err(failed)?.clone();
    let mut records = Vec::new();
    for row in reader.records() {
        let row = row.map_err(failed)?;
        let row = rejoin(&headings, row.iter().map(str::to_owned).collect()).ok_or_else(|| {
            Error::internal(format!("{}: a row does not fit its headings: {row:?}", path.display()))
        })?;
        let cells = headings.iter().zip(row).filter(|(_, v)| !v.is_empty() && v != "NULL");
        records.push(cells.map(|(k, v)| (k.to_owned(), v.trim().to_owned())).collect());
    }
    Ok(records)
}

/// Puts cells together again that a comma inside an unquoted address took apart (`Rua do Paço, 67`). None when
/// the row does not fit and has no address to blame.
fn rejoin(headings: &csv::StringRecord, mut cells: Vec<String>) -> Option<Vec<String>> {
    let extra = cells.len().checked_sub(headings.len())?;
    if extra > 0 {
        let at = headings.iter().position(|h| h.to_lowercase().ends_with("address"))?;
        let address = cells.drain(at..=at + extra).collect::<Vec<_>>().join(",");
        cells.insert(at, address);
    }
    Some(cells)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_comma_in_an_address_does_not_shift_the_row() {
        let headings = csv::StringRecord::from(vec!["name", "shipAddress", "city"]);
        let cells = |row: &[&str]| row.iter().map(|c| c.to_string()).collect::<Vec<_>>();
        let joined = rejoin(&headings, cells(&["Hanari", "Rua do Paço", " 67", "Rio"]));
        assert_eq!(joined, Some(cells(&["Hanari", "Rua do Paço, 67", "Rio"])));
        assert_eq!(rejoin(&headings, cells(&["Hanari", "Rua"])), None);
    }
}
