//! The rows of an export as a workbook. Rows are written to a temporary file and packed from there into the job's
//! pieces, so that memory stays the same however many there are.

use std::io::Write;

use rust_xlsxwriter::{ExcelDateTime, Format, Workbook, Worksheet, XlsxError};

use super::model::ExportFormat;
use super::step::result_file;
use crate::base::columns::{Cell, Heading};
use crate::base::db::JsonColumn;
use crate::base::error::{Error, Result};
use crate::base::jobs::{FileRole, JobId, JobRun, Progress, files};
use crate::base::text::tempts;

/// Characters that a cell holds.
const LONGEST: usize = 32_767;
/// Digits that a spreadsheet's number holds.
const DIGITS: usize = 15;

/// Makes the workbook of all rows and ends the job. Begins anew after an interruption.
pub fn render(
    run: &JobRun,
    columns: &[&'static Heading],
    titles: &[&'static str],
    name: &str,
) -> Result<Progress> {
    run.commit(|tx, job| {
        tx.own(job, |conn| files::remove(conn, job.id, FileRole::Result))?;
        Ok(Progress::More)
    })?;
    let run = run.again()?;
    let mut book = Workbook::new();
    let sheet = book.add_worksheet_with_constant_memory().map_err(failed)?;
    sheet.set_name(name).map_err(failed)?;
    begin(sheet, columns, titles).map_err(failed)?;
    let formats = Formats::new();
    each_row(&run, |row, cells| {
        let mut columns = columns.iter().zip(cells).enumerate();
        columns.try_for_each(|(n, (heading, cell))| match cell {
            Some(text) => put(sheet, (row, n as u16), heading.cell, &text, &formats).map_err(failed),
            None => Ok(()),
        })
    })?;
    let mut pieces = Pieces { run: &run, buffer: Vec::with_capacity(files::PIECE) };
    let saved = book.save_to_writer(&mut pieces);
    // Where the job was taken away, that is why.
    saved.map_err(|error| run.keep().err().unwrap_or_else(|| failed(error)))?;
    pieces.store().map_err(|e| Error::internal(e.to_string()))?;
    run.commit(|_, job| {
        job.result = Some(JsonColumn(result_file(&job.state.0, ExportFormat::Xlsx)));
        Ok(Progress::Done)
    })
}

fn failed(error: XlsxError) -> Error {
    Error::internal(format!("a workbook cannot be written: {error}"))
}

fn begin(sheet: &mut Worksheet, columns: &[&Heading], titles: &[&str]) -> std::result::Result<(), XlsxError> {
    let bold = Format::new().set_bold();
    sheet.set_freeze_panes(1, 0)?;
    for (n, heading) in columns.iter().enumerate() {
        let width = if heading.cell == Cell::Text { 18.0 } else { 12.0 };
        sheet.set_column_width(n as u16, width)?;
    }
    for (n, title) in titles.iter().enumerate() {
        sheet.write_string_with_format(0, n as u16, *title, &bold)?;
    }
    Ok(())
}

/// Calls `take` with every row that was kept, by its number in the sheet.
fn each_row(run: &JobRun, mut take: impl FnMut(u32, Vec<Option<String>>) -> Result<()>) -> Result<()> {
    let (id, mut row, mut rest): (JobId, u32, Vec<u8>) = (run.job.id, 1, Vec::new());
    for n in 0.. {
        let Some(piece) = run.read(move |rx| files::piece(rx.conn, id, FileRole::Work, n))? else { break };
        run.keep()?;
        rest.extend_from_slice(&piece);
        let Some(end) = rest.iter().rposition(|byte| *byte == b'\n') else { continue };
        let after = rest.split_off(end + 1);
        for line in rest.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
            let cells = serde_json::from_slice(line).map_err(|e| Error::internal(e.to_string()))?;
            take(row, cells)?;
            row += 1;
        }
        rest = after;
    }
    Ok(())
}

/// How cells are shown.
struct Formats {
    day: Format,
    minute: Format,
    /// Stays a text when somebody edits it.
    text: Format,
}

impl Formats {
    fn new() -> Formats {
        Formats {
            day: Format::new().set_num_format("yyyy-mm-dd"),
            minute: Format::new().set_num_format("yyyy-mm-dd hh:mm"),
            text: Format::new().set_quote_prefix().set_num_format("@"),
        }
    }
}

/// A cell of its kind; what does not fit that is a text.
fn put(
    sheet: &mut Worksheet,
    (row, column): (u32, u16),
    kind: Cell,
    text: &str,
    formats: &Formats,
) -> std::result::Result<(), XlsxError> {
    let exact = text.bytes().filter(u8::is_ascii_digit).count() <= DIGITS;
    let number = text.parse::<f64>().ok().filter(|_| kind == Cell::Number && exact);
    let format = match kind {
        Cell::Date => Some(&formats.day),
        // One that ends with Z is for programs, which read a text.
        Cell::Instant if !text.contains('T') => Some(&formats.minute),
        _ => None,
    };
    let said = if kind == Cell::Instant { text.replace(' ', "T") + ":00" } else { text.to_owned() };
    let date = format.and_then(|format| Some((ExcelDateTime::parse_from_str(&said).ok()?, format)));
    if let Some(number) = number {
        sheet.write_number(row, column, number)?;
    } else if let Some((date, format)) = date {
        sheet.write_datetime_with_format(row, column, date, format)?;
    } else if kind == Cell::Flag && matches!(text, "true" | "false") {
        sheet.write_boolean(row, column, text == "true")?;
    } else {
        // The cell is a text by itself and needs no apostrophe that people see; one that it has gets another, so that an
        // import gives it back as it was.
        let own = if tempts(text) && text.starts_with('\'') { "'" } else { "" };
        let shown: String = own.chars().chain(text.chars()).take(LONGEST).collect();
        match tempts(text) {
            true => sheet.write_string_with_format(row, column, shown, &formats.text)?,
            false => sheet.write_string(row, column, shown)?,
        };
    }
    Ok(())
}

/// Writes to the job's result, a piece at a time.
struct Pieces<'a> {
    run: &'a JobRun,
    buffer: Vec<u8>,
}

impl Pieces<'_> {
    fn store(&mut self) -> std::io::Result<()> {
        let bytes = std::mem::replace(&mut self.buffer, Vec::with_capacity(files::PIECE));
        self.run.append(FileRole::Result, bytes).map_err(std::io::Error::other)
    }
}

impl Write for Pieces<'_> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let room = files::PIECE - self.buffer.len();
        let taken = bytes.len().min(room);
        self.buffer.extend_from_slice(&bytes[..taken]);
        if self.buffer.len() == files::PIECE {
            self.store()?;
        }
        Ok(taken)
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
