//! The file of rows that failed: each as it came, with its line, field and reason. It can be mended and sent again.

use serde_json::{Value, json};

use super::intake::{Form, Plan};
use super::records::{Refused, Unit};
use super::rows::{Content, ERROR_COLUMNS, ERROR_COLUMNS_ZH, added_columns};
use crate::base::error::{Fault, Place, Problem, Result};
use crate::base::messages::Lang;
use crate::base::text::{csv_row, unharmed_cell};

/// What is wrong in a row: the column, as the file calls it, and why.
struct Told {
    field: String,
    reason: String,
}

/// The rows of a unit that failed, as the error file has them; with its headings when it begins.
pub fn written(plan: &Plan, unit: &Unit, refused: &Refused, lang: Lang, begins: bool) -> Result<Vec<u8>> {
    let told = told(plan, unit, refused, lang);
    match plan.form {
        Form::Csv => Ok(table(plan, unit, &told, begins, lang)),
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

fn table(plan: &Plan, unit: &Unit, told: &[Vec<Told>], begins: bool, lang: Lang) -> Vec<u8> {
    // So that spreadsheets take it for UTF-8.
    let mut text = String::from(if begins { "\u{feff}" } else { "" });
    let mut write = |cells: &[String]| {
        text += &csv_row(cells.iter().map(String::as_str), char::from(plan.delimiter));
        text.push('\n');
    };
    // What an earlier error file has added is not added once more.
    let own = added_columns(&plan.headings);
    let columns = if own.is_empty() { plan.headings.len() } else { own.start };
    if begins {
        let added = match lang {
            Lang::En => ERROR_COLUMNS,
            Lang::Zh => ERROR_COLUMNS_ZH,
        };
        let mut headings = plan.headings[..columns].to_vec();
        headings.extend(added.map(str::to_owned));
        write(&headings);
    }
    for (row, told) in unit.iter().zip(told) {
        let cells = row.texts();
        let mut cells: Vec<String> = (0..columns)
            .map(|index| cells.get(index).map_or(String::new(), |cell| unharmed_cell(cell).into_owned()))
            .collect();
        cells.extend([row.line.to_string(), joined(told, |t| t.field.clone()), reasons(told)]);
        write(&cells);
    }
    text.into_bytes()
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
