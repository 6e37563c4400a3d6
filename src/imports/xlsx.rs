//! A sheet of a workbook as CSV, so that whatever follows has one kind of table. The file has to be in memory for it;
//! what comes out of it is measured before and while it is read, because a small file can hold a very large sheet.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::io::{Cursor, Read};

use calamine::{DataRef, Reader, SheetVisible, Style, Xlsx};

use super::intake::{MAX_COLUMNS, MAX_FILE, MAX_ROW, MAX_ROWS};
use super::rows::{NUMBER, too_long};
use crate::base::error::{Error, Problem, Result};

/// Bytes of a workbook when it is unpacked.
const MAX_UNPACKED: u64 = 256 << 20;
/// Bytes of what the reader keeps in memory: all but the sheets.
const MAX_HELD: u64 = 96 << 20;
/// Parts of a workbook: sheets, strings, styles, pictures.
const MAX_PARTS: usize = 2_000;
/// Texts that cells share. Each takes more memory than it has bytes.
const MAX_STRINGS: usize = 1_000_000;
/// Characters of a cell: what spreadsheets allow.
const MAX_CELL: usize = 32_767;
/// Cells that are remembered while a sheet is read: blocks that are merged, formulas without a value.
const MAX_NOTED: usize = 200_000;
/// Digits that a number of a spreadsheet has at most; what comes behind them is lost.
const MAX_DIGITS: usize = 15;
/// Bytes of a tag or of a text between tags: a full cell, each character written as a number.
const MAX_RUN: usize = 1 << 20;

/// The sheet of this name, or the first one that is shown, as CSV, and its name. Each row of the sheet is a record, empty
/// ones too, so that records are counted as the sheet counts its rows.
pub fn to_csv(bytes: &[u8], sheet: Option<&str>) -> Result<(Vec<u8>, String)> {
    measure(bytes)?;
    let mut book: Xlsx<_> = Xlsx::new(Cursor::new(bytes)).map_err(unreadable)?;
    let name = sheet_of(&book, sheet)?;
    let merged = book.merge_cells_by_sheet_name(&name).map_err(unreadable)?;
    // What is merged over columns only, such as a title, is one cell already.
    let merged = merged.into_iter().filter(|block| block.end.0 > block.start.0);
    let merged = merged.map(|block| (block.start, block.end.0)).collect();
    let mut table = Table { merged, ..Table::default() };
    let uncomputed = uncomputed(&mut book, &name)?;
    let mut cells = book.worksheet_cells_reader(&name).map_err(unreadable)?;
    let digits: Vec<usize> = cells.styles().iter().map(shown_digits).collect();
    while let Some((cell, style)) = cells.next_cell_with_style_id().map_err(unreadable)? {
        let (row, column) = cell.get_position();
        let text = match uncomputed.contains(&(row, column)) {
            true => UNCOMPUTED.to_owned(),
            false => text_of(cell.get_value(), digits.get(style).copied().unwrap_or(0))?,
        };
        table.put(row, column, text)?;
    }
    Ok((table.end()?, name))
}

/// The sheet that was asked for; else the first one that people see.
fn sheet_of(book: &Xlsx<Cursor<&[u8]>>, wanted: Option<&str>) -> Result<String> {
    let mut sheets = book.sheets_metadata().iter();
    let found = match wanted {
        None => sheets.find(|sheet| sheet.visible == SheetVisible::Visible),
        Some(wanted) => sheets.find(|sheet| sheet.name == wanted),
    };
    Ok(found.ok_or_else(|| no_sheet(&book.sheet_names()))?.name.clone())
}

/// What stands in a cell whose formula nobody has computed; no program that makes files has to.
pub const UNCOMPUTED: &str = "#UNCOMPUTED!";

/// The cells with a formula and without a value.
fn uncomputed(book: &mut Xlsx<Cursor<&[u8]>>, name: &str) -> Result<HashSet<(u32, u32)>> {
    let mut cells = book.worksheet_cells_reader(name).map_err(unreadable)?;
    let mut found = HashSet::new();
    while let Some(cell) = cells.next_cell_with_formula_metadata().map_err(unreadable)? {
        if cell.formula.is_some() && cell.value == DataRef::Empty {
            found.insert(cell.pos);
        }
        if found.len() > MAX_NOTED {
            return Err(too_large("formulas without a value", MAX_NOTED as u64));
        }
    }
    Ok(found)
}

/// The digits that a style shows of a whole number, zeros before it included: 5 for `00000`. 0 for any other style.
fn shown_digits(style: &Style) -> usize {
    let code = style.number_format.as_ref().map(|format| format.format_code.as_str()).unwrap_or_default();
    match (2..=MAX_DIGITS).contains(&code.len()) && code.bytes().all(|b| b == b'0') {
        true => code.len(),
        false => 0,
    }
}

/// Refuses what is no workbook, and what would unpack to more than is bearable; unpacks all of it, because what a file
/// says of its size need not be so.
fn measure(bytes: &[u8]) -> Result<()> {
    let mut parts = zip::ZipArchive::new(Cursor::new(bytes)).map_err(unreadable)?;
    if parts.len() > MAX_PARTS {
        return Err(too_large("parts", MAX_PARTS as u64));
    }
    let (mut left, mut held, mut strings, mut merged) = (MAX_UNPACKED, MAX_HELD, 0, 0);
    for index in 0..parts.len() {
        let part = parts.by_index(index).map_err(unreadable)?;
        let is_sheet = part.name().map_err(unreadable)?.to_ascii_lowercase().starts_with("xl/worksheets/");
        let mut scan = Scan::default();
        let size = std::io::copy(&mut part.take(left + 1), &mut scan).map_err(unreadable)?;
        left = left.checked_sub(size).ok_or_else(|| too_large("bytes, unpacked", MAX_UNPACKED))?;
        if !is_sheet {
            held = held.checked_sub(size).ok_or_else(|| too_large("bytes beside its sheets", MAX_HELD))?;
        }
        strings += scan.strings;
        if strings > MAX_STRINGS {
            return Err(too_large("different texts", MAX_STRINGS as u64));
        }
        merged += scan.merged;
        if merged > MAX_NOTED {
            return Err(too_large("merged blocks", MAX_NOTED as u64));
        }
        if scan.longest > MAX_RUN && scan.is_text {
            return Err(too_large("characters in a cell", MAX_CELL as u64));
        }
    }
    Ok(())
}

fn too_large(what: &'static str, max: u64) -> Error {
    Problem::new("file_too_large").param("what", what).param("max", max).into()
}

/// Looks at a part as it is unpacked: what a reader of it would have to keep in memory at once.
#[derive(Default)]
struct Scan {
    /// A picture may have any bytes; XML begins with a tag.
    is_text: bool,
    begun: bool,
    /// Elements `si`, which are texts that cells share, whatever prefix they have.
    strings: usize,
    /// Elements `mergeCell`.
    merged: usize,
    /// The most bytes from one tag's beginning to the next.
    longest: usize,
    run: usize,
    /// The last sixteen bytes.
    last: u128,
}

impl std::io::Write for Scan {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        if !self.begun {
            let start = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes).trim_ascii_start();
            (self.begun, self.is_text) = (true, start.first() == Some(&b'<'));
        }
        for &byte in bytes {
            self.run = if byte == b'<' { 0 } else { self.run + 1 };
            self.longest = self.longest.max(self.run);
            if matches!(byte, b'>' | b'/' | b' ') {
                let last = self.last.to_be_bytes();
                self.strings += usize::from(matches!(last[13..], [b'<' | b':', b's', b'i']));
                let is_block = last.ends_with(b"mergeCell") && matches!(last[6], b'<' | b':');
                self.merged += usize::from(is_block);
            }
            self.last = (self.last << 8) | u128::from(byte);
        }
        Ok(bytes.len())
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

fn unreadable(error: impl std::fmt::Display) -> Error {
    let told: String = error.to_string().chars().take(200).collect();
    Problem::new("unreadable_file").param("reason", told).into()
}

fn no_sheet(names: &[String]) -> Error {
    let fault =
        crate::base::error::Fault::parameter("sheet", "not_allowed").with("allowed", names.join(", "));
    crate::base::http::params::bad(vec![fault])
}

/// Gathers cells, which come row by row, into CSV.
#[derive(Default)]
struct Table {
    written: Vec<u8>,
    row: Vec<String>,
    /// Bytes of the row.
    bytes: usize,
    /// The rows before this one are written.
    next: u32,
    /// Blocks of cells that are shown as one: where each begins, and its last row.
    merged: HashMap<(u32, u32), u32>,
    /// Those that are not at their end, by column: the last row, and what stands in the first one.
    open: BTreeMap<u32, (u32, String)>,
    has_headings: bool,
}

impl Table {
    fn put(&mut self, row: u32, column: u32, text: String) -> Result<()> {
        // A space that somebody has left far below or beside is nothing.
        if text.trim().is_empty() {
            return Ok(());
        }
        if column as usize >= MAX_COLUMNS {
            return Err(too_large("columns", MAX_COLUMNS as u64));
        }
        if row as usize > MAX_ROWS {
            return Err(too_large("rows", MAX_ROWS as u64));
        }
        if row < self.next {
            return Err(unreadable("its rows are not in their order"));
        }
        while self.next < row {
            self.write_row()?;
        }
        self.bytes += text.len();
        if self.bytes > MAX_ROW {
            return Err(too_long(u64::from(row) + 1));
        }
        if let Some(last) = self.merged.get(&(row, column)).filter(|_| self.has_headings) {
            self.open.insert(column, (*last, text.clone()));
        }
        self.set(column as usize, text);
        Ok(())
    }

    fn set(&mut self, column: usize, text: String) {
        if self.row.len() <= column {
            self.row.resize(column + 1, String::new());
        }
        self.row[column] = text;
    }

    /// Gives the cells of a block, which are empty but for the first, what is shown in them.
    fn fill(&mut self) {
        let mut open = std::mem::take(&mut self.open);
        open.retain(|_, (last, _)| *last >= self.next);
        for (column, (_, text)) in &open {
            let column = *column as usize;
            if self.row.get(column).is_none_or(String::is_empty) {
                self.set(column, text.clone());
            }
        }
        self.open = open;
    }

    fn write_row(&mut self) -> Result<()> {
        if !self.row.is_empty() {
            self.fill();
            self.has_headings = true;
        }
        let mut writer = csv::Writer::from_writer(&mut self.written);
        let row = std::mem::take(&mut self.row);
        self.bytes = 0;
        let row = if row.is_empty() { vec![String::new()] } else { row };
        writer.write_record(row).map_err(unreadable)?;
        writer.flush().map_err(unreadable)?;
        drop(writer);
        self.next += 1;
        match self.written.len() > 2 * MAX_FILE {
            true => Err(too_large("bytes", 2 * MAX_FILE as u64)),
            false => Ok(()),
        }
    }

    fn end(mut self) -> Result<Vec<u8>> {
        if !self.row.is_empty() {
            self.write_row()?;
        }
        Ok(self.written)
    }
}

/// A cell as a person reads it. A number as a spreadsheet shows it, with fifteen digits at most, and marked as one; a day
/// as a day. A code that is shown with so many digits has them.
fn text_of(cell: &DataRef, digits: usize) -> Result<String> {
    Ok(match cell {
        DataRef::Empty => String::new(),
        DataRef::String(text) => within(text)?.replace(NUMBER, ""),
        DataRef::SharedString(text) => within(text)?.replace(NUMBER, ""),
        DataRef::Int(number) => shown(*number as f64, digits),
        DataRef::Float(number) => shown(*number, digits),
        DataRef::Bool(truth) => truth.to_string(),
        DataRef::DateTime(instant) if instant.is_datetime() => {
            let (year, month, day, hour, minute, second, _) = instant.to_ymd_hms_milli();
            match (hour, minute, second) {
                (0, 0, 0) => format!("{year:04}-{month:02}-{day:02}"),
                _ => format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}"),
            }
        }
        DataRef::DateTime(length) => shown(length.as_f64(), 0),
        DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => within(text)?.to_owned(),
        DataRef::Error(error) => error.to_string(),
    })
}

/// A number. What has more digits than a spreadsheet keeps is written as spreadsheets write it then, so that nobody
/// takes it for the number that was meant.
fn shown(number: f64, digits: usize) -> String {
    if number.abs() >= 1e15 {
        return format!("{number:.14E}").replace('E', "E+");
    }
    let text = decimal_of(number);
    match text.len() <= digits && text.bytes().all(|b| b.is_ascii_digit()) {
        true => format!("{text:0>digits$}"),
        false => format!("{NUMBER}{text}"),
    }
}

/// A text that a cell may have. It is looked at before it is copied: many cells may name one long text.
fn within(text: &str) -> Result<&str> {
    match text.chars().nth(MAX_CELL) {
        Some(_) => Err(too_large("characters in a cell", MAX_CELL as u64)),
        None => Ok(text),
    }
}

/// A number with fifteen significant digits, which is what spreadsheets keep to, without an exponent.
fn decimal_of(number: f64) -> String {
    if number == 0.0 || !number.is_finite() {
        return "0".into();
    }
    let rounded: f64 = format!("{number:.14e}").parse().unwrap_or(number);
    // The shortest decimal that is this number.
    format!("{rounded}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_written_as_a_spreadsheet_shows_it() {
        for (number, text) in [
            (1.1 + 2.2, "3.3"),
            (0.1 + 0.2, "0.3"),
            (1001.0, "1001"),
            (13800138000.0, "13800138000"),
            (-0.05, "-0.05"),
            (0.0, "0"),
            (1e-7, "0.0000001"),
        ] {
            assert_eq!(shown(number, 0), format!("{NUMBER}{text}"));
        }
        assert_eq!(shown(123.0, 5), "00123");
        assert_eq!(shown(6222021234567890123.0, 0), "6.22202123456789E+18");
    }

    #[test]
    fn what_is_no_workbook_is_refused() {
        let refused = to_csv(b"PK no workbook", None).unwrap_err();
        assert_eq!(refused.code(), "unreadable_file");
    }
}
