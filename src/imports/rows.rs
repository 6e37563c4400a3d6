//! The rows of a file that was taken in, a window of bytes at a time: the file is never in memory as a whole.

use std::io::{self, Read};

use serde_json::{Map, Value};

use super::intake::{Form, MAX_COLUMNS, MAX_ROW, Plan, known_name};
use crate::base::error::{Error, Fault, Problem, Result};
use crate::base::text::unharmed_cell as unharmed;

/// What an error file adds to each row, at its end, in English and in Chinese; objects have the English names.
pub const ERROR_COLUMNS: [&str; 3] = ["line", "field", "reason"];
pub const ERROR_COLUMNS_ZH: [&str; 3] = ["所在行", "字段", "原因"];

/// Where a row begins: its byte, and its line.
pub type At = (u64, u64);

/// A row of a file.
#[derive(Debug, Clone)]
pub struct Row {
    /// Its line in the file, or its row in the sheet; from 1, with the headings.
    pub line: u64,
    /// The byte where it begins, and where the next one does.
    pub begin: u64,
    pub next: At,
    pub content: Content,
    /// Which of its cells are numbers in a workbook, and not texts that look like one.
    pub numbers: Vec<u16>,
    /// The order that it is of has more lines than any may have, and begins at this line.
    pub too_long: Option<u64>,
}

/// What a row says in one place.
#[derive(Debug, Clone, PartialEq)]
pub struct Said {
    pub path: String,
    pub cell: Value,
    /// It is a number in the file itself, so that nobody has to guess what its separators mean.
    pub is_number: bool,
}

/// Begins a cell that is a number in a workbook. No text of a workbook can have it.
pub const NUMBER: char = '\u{1}';

#[derive(Debug, Clone)]
pub enum Content {
    /// The cells of a table, as they stand.
    Cells(Vec<String>),
    Object(Map<String, Value>),
    /// A line that is no JSON object, and what is wrong with it.
    Broken(String, Fault),
}

impl Row {
    pub fn texts(&self) -> &[String] {
        match &self.content {
            Content::Cells(cells) => cells,
            _ => &[],
        }
    }
    pub fn object(&self) -> Option<&Map<String, Value>> {
        match &self.content {
            Content::Object(object) => Some(object),
            _ => None,
        }
    }

    /// What the row says, by path; what is left alone is left out. An empty cell says nothing.
    pub fn said(&self, plan: &Plan) -> Vec<Said> {
        match &self.content {
            Content::Cells(cells) => {
                let paths = plan.columns.iter().zip(cells).enumerate();
                let said = paths.filter(|(_, (_, cell))| !cell.trim().is_empty());
                said.filter_map(|(index, (path, cell))| {
                    let is_number = self.numbers.contains(&(index as u16));
                    Some(Said { path: path.clone()?, cell: Value::from(cell.as_str()), is_number })
                })
                .collect()
            }
            Content::Object(object) => {
                let said = object.iter().filter_map(|(name, cell)| Some((known_name(plan, name)?, cell)));
                said.filter(|(path, _)| !path.is_empty())
                    .map(|(path, cell)| Said { path, cell: cell.clone(), is_number: cell.is_number() })
                    .collect()
            }
            Content::Broken(..) => vec![],
        }
    }

    /// What is wrong with the row before anybody looks at its cells.
    pub fn fault(&self, plan: &Plan) -> Option<Fault> {
        match &self.content {
            Content::Broken(_, fault) => Some(fault.clone()),
            Content::Cells(cells) => {
                let beyond = cells.iter().skip(plan.headings.len()).any(|cell| !cell.trim().is_empty());
                beyond.then(|| Fault::at("", "too_many_cells").with("max", plan.headings.len()))
            }
            Content::Object(_) => None,
        }
    }
}

/// The rows of a window.
#[derive(Debug)]
pub struct Rows {
    pub rows: Vec<Row>,
    /// Where the row after them begins.
    pub next: At,
    /// Whether the file ends with them.
    pub ended: bool,
}

/// The headings of a table.
pub struct Headings {
    pub cells: Vec<String>,
    pub end: u64,
    pub next_line: u64,
}

/// At most so many rows of a window that begins at a row; a row that the window cuts short is left for the next one.
/// `whole` says that the file ends where the window does.
pub fn in_window(window: &[u8], at: At, whole: bool, most: usize, plan: &Plan) -> Result<Rows> {
    match plan.form {
        Form::Csv => records(window, at, whole, most, plan),
        Form::Ndjson => lines(window, at, whole, most, plan),
    }
}

/// The first record that is not empty.
pub fn headings(text: &[u8], plan: &Plan) -> Result<Option<Headings>> {
    let found = records(text, (0, 1), true, 1, plan)?;
    Ok(found.rows.into_iter().next().map(|row| Headings {
        end: row.next.0,
        next_line: row.next.1,
        cells: row.texts().iter().map(|cell| unharmed(cell.trim()).into_owned()).collect(),
    }))
}

/// The places of the columns that an error file has added: the last three, if they are called so.
pub fn added_columns(headings: &[String]) -> std::ops::Range<usize> {
    let begin = headings.len().saturating_sub(ERROR_COLUMNS.len());
    let last = || headings[begin..].iter().map(String::as_str);
    match last().eq(ERROR_COLUMNS) || last().eq(ERROR_COLUMNS_ZH) {
        true => begin..headings.len(),
        false => 0..0,
    }
}

/// Bytes of a row, which may have its line before it.
fn most_bytes(plan: &Plan) -> usize {
    if plan.numbered { MAX_ROW + 64 } else { MAX_ROW }
}

/// A row is longer than any may be.
pub fn too_long(line: u64) -> Error {
    Problem::new("row_too_long").param("line", line).param("max", MAX_ROW).into()
}

/// Gives a reader of records no more of a window than a record may have, so that one record never takes more memory.
struct Bounded<'w> {
    rest: &'w [u8],
    left: usize,
}

/// What a reader of CSV reads ahead.
const AHEAD: usize = 8 << 10;

impl<'w> Bounded<'w> {
    fn of(window: &'w [u8]) -> Bounded<'w> {
        Bounded { rest: window, left: MAX_ROW + AHEAD }
    }
}

impl Read for Bounded<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.left == 0 && !self.rest.is_empty() {
            return Err(io::Error::other("a record is longer than any may be"));
        }
        let most = self.left.min(into.len());
        let read = self.rest.read(&mut into[..most])?;
        self.left -= read;
        Ok(read)
    }
}

/// The cells of a record; none when all are empty. One beyond the most columns stands for all such: a row that has it is
/// refused, and what it says need not be kept.
fn cells_of(record: &csv::StringRecord, is_numbered: bool) -> Vec<String> {
    let filled = |cell: &str| !cell.trim().is_empty();
    if !record.iter().any(filled) {
        return Vec::new();
    }
    let most = MAX_COLUMNS + usize::from(is_numbered);
    let mut cells: Vec<String> = record.iter().take(most).map(str::to_owned).collect();
    if let Some(beyond) = record.iter().skip(most).find(|cell| filled(cell)) {
        cells.push(beyond.to_owned());
    }
    cells
}

/// `17`, or `17 3`: the row's line, and where its order begins when that is too long.
fn numbered(text: &str) -> Option<(u64, Option<u64>)> {
    let mut parts = text.split(' ');
    let line = parts.next()?.parse().ok()?;
    Some((line, parts.next().and_then(|line| line.parse().ok())))
}

/// Takes the marks of numbers away, and says where they were.
fn numbers_in(cells: &mut [String]) -> Vec<u16> {
    let mut numbers = Vec::new();
    for (index, cell) in cells.iter_mut().enumerate() {
        if let Some(number) = cell.strip_prefix(NUMBER) {
            *cell = number.to_owned();
            numbers.push(index as u16);
        }
    }
    numbers
}

fn records(window: &[u8], at: At, whole: bool, most: usize, plan: &Plan) -> Result<Rows> {
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(plan.delimiter)
        .buffer_capacity(AHEAD)
        .from_reader(Bounded::of(window));
    let mut found = Rows { rows: Vec::new(), next: at, ended: false };
    let mut record = csv::StringRecord::new();
    while found.rows.len() < most {
        reader.get_mut().left = MAX_ROW + AHEAD;
        let more = reader.read_record(&mut record).map_err(|e| match e.is_io_error() {
            true => too_long(found.next.1),
            false => Problem::new("unreadable_file").param("reason", e).into(),
        })?;
        let end = reader.position().byte();
        if !more || (end as usize >= window.len() && !whole) {
            // What the window cuts short comes again.
            found.ended = whole && !more;
            if found.ended {
                found.next = (at.0 + window.len() as u64, found.next.1);
            }
            break;
        }
        let begin = record.position().map_or(0, csv::Position::byte);
        if (end - begin.min(end)) as usize > most_bytes(plan) {
            return Err(too_long(found.next.1));
        }
        let (line, next_line) = match plan.counts_records {
            true => (found.next.1, found.next.1 + 1),
            // The reader passes over empty lines, and over the second half of a line's end, before a record.
            false => {
                let passed = window[begin as usize..].iter().take_while(|b| matches!(b, b'\n' | b'\r'));
                let passed = passed.filter(|b| **b == b'\n').count() as u64;
                let line = record.position().map_or(1, csv::Position::line) + passed;
                (at.1 + line - 1, at.1 + reader.position().line() - 1)
            }
        };
        found.next = (at.0 + end, next_line);
        let mut cells = cells_of(&record, plan.numbered);
        if cells.is_empty() {
            continue;
        }
        let passed = window[begin as usize..].iter().take_while(|b| matches!(b, b'\n' | b'\r')).count();
        let begin = at.0 + begin + passed as u64;
        let (line, too_long) = match plan.numbered {
            true => numbered(&cells.remove(0)).unwrap_or((line, None)),
            false => (line, None),
        };
        let numbers = if plan.counts_records { numbers_in(&mut cells) } else { vec![] };
        let content = Content::Cells(cells);
        found.rows.push(Row { line, begin, next: found.next, content, numbers, too_long });
    }
    Ok(found)
}

fn lines(window: &[u8], at: At, whole: bool, most: usize, plan: &Plan) -> Result<Rows> {
    let mut found = Rows { rows: Vec::new(), next: at, ended: false };
    let mut rest = window;
    while found.rows.len() < most {
        if rest.is_empty() {
            found.ended = whole;
            break;
        }
        let (line, length) = match rest.iter().position(|b| *b == b'\n') {
            Some(end) => (&rest[..end], end + 1),
            None if whole => (rest, rest.len()),
            None => break,
        };
        if length > most_bytes(plan) {
            return Err(too_long(found.next.1));
        }
        rest = &rest[length..];
        let (begin, number) = found.next;
        found.next = (begin + length as u64, number + 1);
        let text = String::from_utf8_lossy(line).trim().to_owned();
        let (number, too_long, text) = match text.split_once('\t').filter(|_| plan.numbered) {
            Some((first, rest)) => {
                let (line, too_long) = numbered(first).unwrap_or((number, None));
                (line, too_long, rest.to_owned())
            }
            None => (number, None, text),
        };
        if text.is_empty() {
            continue;
        }
        let content = match serde_json::from_str::<Value>(&text) {
            Ok(Value::Object(object)) => Content::Object(object),
            Ok(_) => Content::Broken(text, Fault::at("", "no_object")),
            Err(error) => {
                let fault = Fault::at("", "malformed").with("reason", error);
                Content::Broken(text, fault)
            }
        };
        let row = Row { line: number, begin, next: found.next, content, numbers: vec![], too_long };
        found.rows.push(row);
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::super::fields::declared;
    use super::super::intake::{Asked, CSV, NDJSON, take_in};
    use super::*;

    /// Every row with its line, read through windows of this size.
    fn through(media: &'static str, text: &str, size: usize) -> Vec<(u64, String)> {
        let intake = take_in(media, text.as_bytes(), declared("customers"), &Asked::default()).unwrap();
        let (mut at, mut all) = ((intake.plan.begin, intake.plan.line), Vec::new());
        let mut size = size;
        loop {
            let begin = at.0 as usize;
            let end = (begin + size).min(intake.text.len());
            let found =
                in_window(&intake.text[begin..end], at, end == intake.text.len(), 2, &intake.plan).unwrap();
            for row in &found.rows {
                all.push((row.line, format!("{:?}", row.said(&intake.plan))));
            }
            if found.ended || found.next.0 as usize >= intake.text.len() {
                return all;
            }
            if found.next == at {
                size *= 2; // a row is longer than the window
            }
            at = found.next;
        }
    }

    #[test]
    fn rows_are_the_same_through_whatever_window() {
        let csv = "name,notes\nA,x\n\n\"B, C\",\"two\nlines\"\r\nD,\"q\"\"q\"\nE\n";
        let whole = through(CSV, csv, 10_000);
        let lines: Vec<u64> = whole.iter().map(|(line, _)| *line).collect();
        assert_eq!(lines, [2, 4, 6, 7]);
        let ndjson = "{\"name\":\"A\"}\n\n{\"name\":\"B\",\"tier\":\"a\"}\n";
        let objects = through(NDJSON, ndjson, 10_000);
        assert_eq!(objects.iter().map(|(line, _)| *line).collect::<Vec<_>>(), [1, 3]);
        for size in 1..80 {
            assert_eq!(through(CSV, csv, size), whole, "{size}");
            assert_eq!(through(NDJSON, ndjson, size), objects, "{size}");
        }
    }

    #[test]
    fn a_line_that_is_no_object_is_a_row_that_fails() {
        let text = "{\"name\":\"A\"}\n[1]\nnonsense\n";
        let intake = take_in(NDJSON, text.as_bytes(), declared("customers"), &Asked::default()).unwrap();
        assert_eq!(intake.plan.total, 3);
        let found = in_window(text.as_bytes(), (0, 1), true, 10, &intake.plan).unwrap();
        let codes: Vec<_> = found.rows.iter().map(|row| row.fault(&intake.plan).map(|f| f.code)).collect();
        assert_eq!(codes, [None, Some("no_object"), Some("malformed")]);
    }
}
