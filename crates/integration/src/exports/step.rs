//! A chunk of an export: a page of the list, written to the job's file.
//!
//! CSV and NDJSON are written as they come, and go on after a crash where they were. A workbook cannot be gone on with
//! in its middle; so its rows are kept as lines of JSON first, which can, and made into the workbook at the end. When
//! that is interrupted only that is done again.

use serde_json::{Value, json};

use super::model::{ExportFormat, ExportInput};
use super::sheet;
use super::work::{Plan, check_size, value_of};
use crate::base::columns::{Cell, Heading};
use crate::base::core::Core;
use crate::base::db::JsonColumn;
use crate::base::error::{Error, Result};
use crate::base::http::from_value;
use crate::base::jobs::{FileRole, JobFile, JobRun, Progress, files};
use crate::base::messages::Lang;
use crate::base::text::csv_row;
use crate::base::types::At;
use crate::jobs::work::XLSX;

/// Rows of one chunk.
const PAGE: i64 = 500;

/// A page of the list, and how many rows there are in all when it is the first.
struct Rows {
    data: Vec<Value>,
    cursor: Option<String>,
    total: Option<i64>,
}

pub fn step(run: &JobRun) -> Result<Progress> {
    let input: ExportInput = from_value(run.job.params.0.clone())?;
    let plan = Plan::of(&run.app, &run.caller, &input)?;
    if run.job.state["phase"] == "render" {
        let title = plan.title(input.headings.lang().unwrap_or(Lang::En));
        return sheet::render(run, &plan.columns, &titles(&input, &plan.columns), title);
    }
    let rows = read(run, &plan)?;
    let so_far = run.job.processed + rows.data.len() as i64;
    check_size(input.format, rows.total.unwrap_or(0).max(so_far))?;
    let first = run.job.chunk == 0;
    let people = People { lang: input.headings.lang(), core: &run.app.core };
    let bytes = written(&input, &plan.columns, &rows.data, first, people);
    let (count, cursor, total) = (rows.data.len() as i64, rows.cursor, rows.total);
    run.commit(move |tx, job| {
        let role = if input.format == ExportFormat::Xlsx { FileRole::Work } else { FileRole::Result };
        tx.own(job, |conn| files::append(conn, job.id, role, &bytes))?;
        job.total = total.or(job.total);
        job.processed += count;
        job.succeeded += count;
        job.state.0["cursor"] = json!(cursor);
        if cursor.is_some() {
            return Ok(Progress::More);
        }
        // Others have written meanwhile: the rows that there were are those that are in the file.
        job.total = Some(job.processed);
        if input.format == ExportFormat::Xlsx {
            job.state.0["phase"] = json!("render");
            return Ok(Progress::More);
        }
        job.result = Some(JsonColumn(result_file(&job.state.0, input.format)));
        Ok(Progress::Done)
    })
}

/// The job's result, whose size is known when it has ended.
pub fn result_file(state: &Value, format: ExportFormat) -> JobFile {
    let media_type = match format {
        ExportFormat::Csv => "text/csv",
        ExportFormat::Xlsx => XLSX,
        ExportFormat::Ndjson => "application/x-ndjson",
    };
    let name = state["file"].as_str().unwrap_or("export").to_owned();
    JobFile { name, media_type: media_type.to_owned(), size: 0 }
}

/// The next page, through the list's own endpoint.
fn read(run: &JobRun, plan: &Plan) -> Result<Rows> {
    let mut call = plan.call()?;
    call.query.limit = PAGE;
    call.query.cursor = run.job.state["cursor"].as_str().map(str::to_owned);
    call.query.total_count = run.job.total.is_none();
    let body = run.read(move |rx| call.read(rx))?.body.unwrap_or_default();
    let mut page: Value = serde_json::from_slice(&body).map_err(|e| Error::internal(e.to_string()))?;
    let data = match page["data"].take() {
        Value::Array(rows) => rows,
        _ => vec![],
    };
    let cursor = page["next_cursor"].as_str().map(str::to_owned);
    Ok(Rows { data, cursor, total: page["total_count"].as_i64() })
}

fn titles(input: &ExportInput, columns: &[&'static Heading]) -> Vec<&'static str> {
    let title = |heading: &&'static Heading| match input.headings.lang() {
        None => heading.field,
        Some(lang) => heading.name(lang),
    };
    columns.iter().map(title).collect()
}

/// The rows as the file has them, with the headings before the first.
fn written(
    input: &ExportInput,
    columns: &[&'static Heading],
    rows: &[Value],
    first: bool,
    people: People,
) -> Vec<u8> {
    match input.format {
        ExportFormat::Csv => csv(input, columns, rows, first, people),
        ExportFormat::Ndjson => lines(rows.iter().map(Value::to_string)),
        ExportFormat::Xlsx => lines(rows.iter().map(|row| cells(row, columns, people).to_string())),
    }
}

fn lines(lines: impl Iterator<Item = String>) -> Vec<u8> {
    lines.fold(Vec::new(), |mut bytes, line| {
        bytes.extend_from_slice(line.as_bytes());
        bytes.push(b'\n');
        bytes
    })
}

/// A row's values in the order of the columns.
fn cells(row: &Value, columns: &[&'static Heading], people: People) -> Value {
    columns.iter().map(|heading| json!(people.read(heading, value_of(row, heading)))).collect()
}

/// Who reads a file: people, in their language and at their clock, or programs.
#[derive(Clone, Copy)]
struct People<'a> {
    lang: Option<Lang>,
    core: &'a Core,
}

impl People<'_> {
    /// A value as they read it; None for null.
    fn read(self, heading: &Heading, value: &Value) -> Option<String> {
        let text = text_of(value)?;
        Some(match (heading.cell, self.lang) {
            (Cell::Instant, Some(_)) => {
                At::parse(&text).map_or(text, |instant| instant.local(self.core.zone))
            }
            (Cell::Flag, Some(Lang::Zh)) if text == "true" => "是".into(),
            (Cell::Flag, Some(Lang::Zh)) if text == "false" => "否".into(),
            (Cell::Word(words), Some(Lang::Zh)) => {
                words.iter().find(|(word, _)| *word == text).map_or(text, |(_, zh)| (*zh).to_owned())
            }
            _ => text,
        })
    }
}

fn csv(
    input: &ExportInput,
    columns: &[&'static Heading],
    rows: &[Value],
    first: bool,
    people: People,
) -> Vec<u8> {
    let mut text = String::new();
    if first {
        text.push_str(if input.bom { "\u{feff}" } else { "" });
        text += &csv_row(titles(input, columns).into_iter(), ',');
        text.push_str("\r\n");
    }
    for row in rows {
        let cells = columns.iter().map(|heading| people.read(heading, value_of(row, heading)));
        let cells: Vec<String> = cells.map(Option::unwrap_or_default).collect();
        text += &csv_row(cells.iter().map(String::as_str), ',');
        text.push_str("\r\n");
    }
    text.into_bytes()
}

/// A value as the text of a cell; None for null. Lists become `VIP; 2026`, external ids `sap:4711`, further units
/// `box=24`.
fn text_of(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        Value::Array(items) => Some(items.iter().map(item).collect::<Vec<_>>().join("; ")),
        other => Some(other.to_string()),
    }
}

fn item(value: &Value) -> String {
    let pair =
        |a: &str, joint: &str, b: &str| Some(format!("{}{joint}{}", value[a].as_str()?, value[b].as_str()?));
    let plain = || value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    pair("system", ":", "id").or_else(|| pair("unit", "=", "factor")).unwrap_or_else(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_says_what_the_value_does() {
        for (value, text) in [
            (json!(null), None),
            (json!("12.50"), Some("12.50")),
            (json!(true), Some("true")),
            (json!(["VIP", "2026"]), Some("VIP; 2026")),
            (json!([]), Some("")),
            (json!([{"system": "sap", "id": "4711"}]), Some("sap:4711")),
            (json!([{"unit": "box", "factor": "24"}]), Some("box=24")),
        ] {
            assert_eq!(text_of(&value).as_deref(), text, "{value}");
        }
    }
}
