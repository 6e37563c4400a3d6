//! The file of rows that failed: each as it came, with its line, field and reason. It can be mended and sent again.

use serde_json::{Value, json};

use super::intake::{Form, Plan};
use super::records::{Refused, Unit};
use super::rows::{Content, ERROR_COLUMNS, added_columns};
use crate::base::error::{Error, Fault, Place, Problem, Result};
use crate::base::messages::Lang;
use crate::base::text::{harmless_csv_cell, unharmed_cell};

/// What is wrong in a row: the column, as the file calls it, and why.
struct Told {
    field: String,
    reason: String,
}

/// The rows of a unit that failed, as the error file has them; with its headings when it begins.
pub fn written(plan: &Plan, unit: &Unit, refused: &Refused, lang: Lang, begins: bool) -> Result<Vec<u8>> {
    let told = told(plan, unit, refused, lang);
    match plan.form {
        Form::Csv => table(plan, unit, &told, begins),
        Form::Ndjson => objects(unit, &told),
    }
}

pub fn media_type(plan: &Plan) -> (&'static str, &'static str) {
    match plan.form {
        Form::Csv => ("text/csv", "csv"),
        Form::Ndjson => ("application/x-ndjson", "ndjson"),
    }
}

// ---- who is told what ----------------------------------------------------------------------------------------

/// What is wrong, row by row. A row with nothing wrong in itself, whose order was refused, is told that.
fn told(plan: &Plan, unit: &Unit, refused: &Refused, lang: Lang) -> Vec<Vec<Told>> {
    let mut rows: Vec<Vec<Told>> = unit.iter().map(|_| Vec::new()).collect();
    let last = rows.len().saturating_sub(1);
    match refused {
        Refused::Cells(wrong) => {
            for wrong in wrong {
                let field = heading_of(plan, &wrong.path);
                rows[wrong.row.min(last)].push(Told { field, reason: wrong.fault.text(lang) });
            }
        }
        Refused::Call(problem) => {
            let detail = detail_of(problem, lang);
            for fault in &problem.faults {
                let (row, field) = place_of(plan, unit, fault);
                let reason = match problem.code {
                    "validation_failed" => fault.text(lang),
                    _ => format!("{detail} {}", fault.text(lang)),
                };
                rows[row.min(last)].push(Told { field, reason });
            }
            if let (true, Some(first)) = (problem.faults.is_empty(), rows.first_mut()) {
                first.push(Told { field: String::new(), reason: detail });
            }
        }
    }
    let other = Fault::at("", "other_row_failed").text(lang);
    for row in rows.iter_mut().filter(|row| row.is_empty()) {
        row.push(Told { field: String::new(), reason: other.clone() });
    }
    rows
}

fn detail_of(problem: &Problem, lang: Lang) -> String {
    problem.document(lang, "", "")["detail"].as_str().unwrap_or(problem.code).to_owned()
}

/// The heading of a column, as the file has it.
fn heading_of(plan: &Plan, path: &str) -> String {
    let index = plan.columns.iter().position(|column| column.as_deref() == Some(path));
    match index.and_then(|index| plan.headings.get(index)) {
        Some(heading) if !heading.is_empty() => heading.clone(),
        _ => path.to_owned(),
    }
}

/// The row and the column that a fault of the call is about.
fn place_of(plan: &Plan, unit: &Unit, fault: &Fault) -> (usize, String) {
    let Place::Pointer(pointer) = &fault.place else { return (0, String::new()) };
    let parts: Vec<&str> = pointer.split('/').skip(1).collect();
    let (row, place) = match parts[..] {
        ["lines", line, ref rest @ ..] if plan.form == Form::Csv || unit.len() > 1 => {
            (line.parse().unwrap_or(0), [&["lines"], rest].concat().join("."))
        }
        _ => (0, parts.join(".")),
    };
    let becomes = |path: &str| {
        let into = plan.resource.field(path).map_or(path, |field| field.into);
        place == into || place.strip_prefix(into).is_some_and(|rest| rest.starts_with('.'))
    };
    let column = plan.columns.iter().flatten().find(|path| becomes(path));
    (row, column.map_or(place.clone(), |path| heading_of(plan, path)))
}

// ---- as it came ----------------------------------------------------------------------------------------------

fn table(plan: &Plan, unit: &Unit, told: &[Vec<Told>], begins: bool) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    // So that spreadsheets take it for UTF-8.
    if begins {
        bytes.extend_from_slice(b"\xef\xbb\xbf");
    }
    let mut writer = csv::WriterBuilder::new().delimiter(plan.delimiter).flexible(true).from_writer(bytes);
    // What an earlier error file has added is not added once more.
    let own = added_columns(&plan.headings);
    let columns = if own.is_empty() { plan.headings.len() } else { own.start };
    let failed = |e: csv::Error| Error::internal(format!("an error file cannot be written: {e}"));
    if begins {
        let own = plan.headings[..columns].iter().map(|heading| harmless(heading));
        let headings = own.chain(ERROR_COLUMNS.map(str::to_owned));
        writer.write_record(headings).map_err(failed)?;
    }
    for (row, told) in unit.iter().zip(told) {
        let cells = row.texts();
        let own = (0..columns).map(|index| harmless(cells.get(index).map_or("", String::as_str)));
        let added = [row.line.to_string(), harmless(&joined(told, |t| t.field.clone())), reasons(told)];
        writer.write_record(own.chain(added)).map_err(failed)?;
    }
    writer.into_inner().map_err(|e| Error::internal(e.to_string()))
}

/// A cell that was made harmless stays as it is.
fn harmless(cell: &str) -> String {
    harmless_csv_cell(&unharmed_cell(cell)).into_owned()
}

fn joined(told: &[Told], part: impl Fn(&Told) -> String) -> String {
    let mut parts: Vec<String> = told.iter().map(part).filter(|part| !part.is_empty()).collect();
    parts.dedup();
    parts.join("; ")
}

/// Several reasons are each told with their field.
fn reasons(told: &[Told]) -> String {
    joined(told, |t| match (told.len(), t.field.is_empty()) {
        (1, _) | (_, true) => t.reason.clone(),
        _ => format!("{}: {}", t.field, t.reason),
    })
}

fn objects(unit: &Unit, told: &[Vec<Told>]) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    for (row, told) in unit.iter().zip(told) {
        let mut object = match &row.content {
            Content::Object(object) => object.clone(),
            Content::Broken(text, _) => serde_json::Map::from_iter([("_text".to_owned(), json!(text))]),
            Content::Cells(cells) => serde_json::Map::from_iter([("_text".to_owned(), json!(cells))]),
        };
        let errors = told.iter().map(|t| json!({"field": t.field, "reason": t.reason}));
        object.insert("_line".into(), json!(row.line));
        object.insert("_errors".into(), errors.collect());
        bytes.extend_from_slice(Value::Object(object).to_string().as_bytes());
        bytes.push(b'\n');
    }
    Ok(bytes)
}
