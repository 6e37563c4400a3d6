//! Taking a file in: what it is, what its columns say, how many rows it has. Everything that is wrong with the file as
//! a whole is found here, before there is a job; what is kept for the job is UTF-8 text, whatever came.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::encoding;
pub use super::encoding::ENCODINGS;
use super::fields::{Kind, LEFT_ALONE, Resource, same};
use super::gather::Orders;
use super::multipart;
use super::quotes;
use super::rows::{self, ERROR_COLUMNS, Rows};
use super::values::Evidence;
pub use super::values::{DateOrder, DecimalSign};
use super::xlsx;
use crate::base::error::{Error, Fault, Problem, Result};
use crate::base::http::params::bad;
use crate::base::types::TextEnum;
use crate::text_enum;

/// Bytes of a file.
pub const MAX_FILE: usize = 50 << 20;
pub const MAX_ROWS: usize = 200_000;
pub const MAX_COLUMNS: usize = 200;
/// Bytes of one row.
pub const MAX_ROW: usize = 1 << 20;
/// Bytes that are taken apart at a time when a file is looked through: rows in memory are many times their text.
const STRETCH: usize = 4 * MAX_ROW;

pub const CSV: &str = "text/csv";
pub const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
pub const NDJSON: &str = "application/x-ndjson";
/// A form with the file in it.
pub const MULTIPART: &str = "multipart/form-data";
pub const TYPES: [&str; 4] = [CSV, XLSX, NDJSON, MULTIPART];

pub const DATE_ORDERS: [&str; 3] = ["ymd", "dmy", "mdy"];
pub const DECIMAL_SIGNS: [&str; 2] = ["point", "comma"];
/// What stands between the cells of a CSV file.
pub const DELIMITERS: [&str; 3] = ["comma", "semicolon", "tab"];

text_enum! {
    /// How rows are written in the file that is kept.
    pub enum Form {
        Csv = "csv",
        Ndjson = "ndjson",
    }
}

/// What whoever sends a file says of it.
#[derive(Debug, Clone, Default)]
pub struct Asked {
    pub dry_run: bool,
    pub mapping: Option<String>,
    pub system: Option<String>,
    pub delimiter: Option<&'static str>,
    pub sheet: Option<String>,
    pub encoding: Option<&'static str>,
    pub date_order: Option<&'static str>,
    pub decimal_sign: Option<&'static str>,
    /// Columns that are left out knowingly, by their headings or fields.
    pub leave_out: Option<String>,
}

/// A file that can be gone through, row by row.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Plan {
    /// Where a job keeps it, it is the job's own.
    #[serde(skip_deserializing)]
    pub resource: Resource,
    pub form: Form,
    pub dry_run: bool,
    pub system: Option<String>,
    /// A byte; a comma where there is no CSV.
    pub delimiter: u8,
    /// It is a file of order lines, as exported.
    pub of_lines: bool,
    /// Rows are counted as records, as a sheet counts them, not as lines of text.
    pub counts_records: bool,
    /// CSV: the headings as they stand.
    pub headings: Vec<String>,
    /// CSV: the path of each column; None for one that is left alone. NDJSON: of names that are not paths themselves.
    pub columns: Vec<Option<String>>,
    /// NDJSON: the paths of names that are no paths themselves; empty for those that are left alone.
    pub names: HashMap<String, String>,
    /// NDJSON: the path of every name that is in the file; empty for what is left alone.
    pub paths: HashMap<String, String>,
    /// Where the first row begins, and its line.
    pub begin: u64,
    pub line: u64,
    pub total: u64,
    /// Each row begins with its line, because they are not in the file's order.
    #[serde(default)]
    pub numbered: bool,
    /// It is a file of rows that failed, sent again: it adds to orders what they do not have.
    #[serde(default)]
    pub mends: bool,
    /// What the text was in, and the sheet of a workbook.
    #[serde(default)]
    pub encoding: Option<String>,
    #[serde(default)]
    pub sheet: Option<String>,
    /// How dates and numbers are written; None where the file leaves doubt.
    #[serde(default)]
    pub date_order: Option<DateOrder>,
    #[serde(default)]
    pub decimal_sign: Option<DecimalSign>,
}

impl Plan {
    fn new(resource: Resource, form: Form, asked: &Asked) -> Plan {
        Plan {
            resource,
            form,
            dry_run: asked.dry_run,
            system: asked.system.clone(),
            delimiter: b',',
            of_lines: false,
            counts_records: false,
            headings: vec![],
            columns: vec![],
            names: HashMap::new(),
            paths: HashMap::new(),
            begin: 0,
            line: 1,
            total: 0,
            numbered: false,
            mends: false,
            encoding: None,
            sheet: None,
            date_order: asked.date_order.and_then(DateOrder::parse),
            decimal_sign: asked.decimal_sign.and_then(DecimalSign::parse),
        }
    }
}

/// A file that was taken in.
#[derive(Debug)]
pub struct Intake {
    pub plan: Plan,
    pub text: Vec<u8>,
    /// Headings that are known and left alone, because nobody enters what they say.
    pub left_alone: Vec<String>,
    /// Columns that say something, and that were left out knowingly.
    pub left_out: Vec<String>,
}

/// Looks at the whole file once.
pub fn take_in(media_type: &'static str, bytes: &[u8], resource: Resource, asked: &Asked) -> Result<Intake> {
    let mapping = mapping(&resource, asked.mapping.as_deref())?;
    if let Some(system) = &asked.system {
        let named = crate::base::db::external::from_path(&(system.clone(), "x".into()));
        named.map(drop)?;
    }
    let (media_type, bytes) = match media_type {
        MULTIPART => multipart::file_in(bytes)?,
        other => (other, bytes),
    };
    // What a file is, its first bytes say, whatever it is called.
    if media_type == XLSX || bytes.starts_with(b"PK\x03\x04") {
        let (table, sheet) = xlsx::to_csv(bytes, asked.sheet.as_deref())?;
        let plan = Plan { counts_records: true, sheet: Some(sheet), ..Plan::new(resource, Form::Csv, asked) };
        return table_of(table, plan, asked, &mapping);
    }
    if bytes.starts_with(b"\xd0\xcf\x11\xe0") {
        return Err(unreadable("it is an old workbook (.xls), or has a password; save it as .xlsx"));
    }
    if media_type == NDJSON {
        let (text, _) = encoding::decoded(bytes, Some("utf-8"))?;
        let plan = Plan { names: mapping, ..Plan::new(resource, Form::Ndjson, asked) };
        return objects_of(text, plan, &Agreed::of(asked));
    }
    let (text, encoding) = encoding::decoded(bytes, asked.encoding)?;
    let delimiter = match asked.delimiter {
        Some("semicolon") => b';',
        Some("tab") => b'\t',
        Some(_) => b',',
        None => likely_delimiter(&text),
    };
    let encoding = Some(encoding.to_owned());
    let plan = Plan { delimiter, encoding, ..Plan::new(resource, Form::Csv, asked) };
    quotes::check(&text, delimiter)?;
    table_of(text, plan, asked, &mapping)
}

fn unreadable(reason: impl ToString) -> Error {
    Problem::new("unreadable_file").param("reason", reason.to_string()).into()
}

/// A mapping as it was sent: headings in the form in which they are compared, and paths.
fn mapping(resource: &Resource, text: Option<&str>) -> Result<HashMap<String, String>> {
    let Some(text) = text else { return Ok(HashMap::new()) };
    let wrong = |code| bad(vec![Fault::parameter("mapping", code)]);
    let pairs: HashMap<String, String> = serde_json::from_str(text).map_err(|_| {
        bad(vec![Fault::parameter("mapping", "invalid_format").with("format", "JSON object of texts")])
    })?;
    if pairs.len() > MAX_COLUMNS {
        return Err(wrong("too_many_items"));
    }
    let unknown =
        |path: &&String| !path.is_empty() && resource.field(path).is_none() && !resource.takes_custom(path);
    let faults: Vec<Fault> = pairs
        .values()
        .filter(unknown)
        .map(|path| {
            let known: Vec<&str> = resource.paths().collect();
            let fault = Fault::parameter("mapping", "unknown_column").with("path", path);
            fault.with("allowed", known.join(", "))
        })
        .collect();
    match faults.is_empty() {
        true => Ok(pairs.into_iter().map(|(heading, path)| (same(&heading), path)).collect()),
        false => Err(bad(faults)),
    }
}

// ---- tables --------------------------------------------------------------------------------------------------

fn table_of(
    text: Vec<u8>,
    mut plan: Plan,
    asked: &Asked,
    mapping: &HashMap<String, String>,
) -> Result<Intake> {
    let first = rows::headings(&text, &plan)?.ok_or_else(|| unreadable("it has no headings"))?;
    (plan.headings, plan.begin, plan.line) = (first.cells, first.end, first.next_line);
    if plan.headings.len() > MAX_COLUMNS {
        return Err(Problem::new("file_too_large").param("what", "columns").param("max", MAX_COLUMNS).into());
    }
    plan.of_lines = plan.resource.is_of_lines(plan.headings.iter());
    plan.mends = !rows::added_columns(&plan.headings).is_empty();
    let seen = survey(&text, &mut plan)?;
    let Columns { paths, left_alone, left_out } = columns(&plan, mapping, &Agreed::of(asked), &seen)?;
    plan.columns = paths;
    needs_system(&plan, plan.columns.iter().flatten())?;
    recognise(&mut plan, &seen);
    let text = gathered(text, &mut plan)?;
    Ok(Intake { plan, text, left_alone, left_out })
}

/// How the file writes dates and numbers, if nobody says it and the columns leave no doubt.
fn recognise(plan: &mut Plan, seen: &[Seen]) {
    let (mut dates, mut numbers) = (Evidence::default(), Evidence::default());
    for (path, seen) in plan.columns.iter().zip(seen) {
        let kind = path.as_deref().and_then(|path| plan.resource.field(path)).map(|field| field.kind);
        match kind {
            Some(Kind::Date) => dates.add(&seen.evidence),
            Some(Kind::Decimal | Kind::Rate | Kind::Whole) => numbers.add(&seen.evidence),
            _ => {}
        }
    }
    plan.date_order = plan.date_order.or(dates.date_order());
    plan.decimal_sign = plan.decimal_sign.or(numbers.decimal_sign());
}

/// The text that is kept: with the rows of each order behind each other.
fn gathered(text: Vec<u8>, plan: &mut Plan) -> Result<Vec<u8>> {
    if !plan.resource.has_lines() {
        return Ok(text);
    }
    let (mut orders, mut at) = (Orders::default(), (plan.begin, plan.line));
    loop {
        let Rows { rows, next, .. } = next_rows(&text, at, plan)?;
        rows.iter().for_each(|row| orders.meet(plan, row));
        if next.0 == at.0 || next.0 as usize >= text.len() {
            return orders.gather(plan, text);
        }
        at = next;
    }
}

/// The separator that the first line has most of.
fn likely_delimiter(text: &[u8]) -> u8 {
    let line = text.split(|b| *b == b'\n').next().unwrap_or_default();
    let count = |separator: u8| line.iter().filter(|b| **b == separator).count();
    [b',', b';', b'\t'].into_iter().rev().max_by_key(|separator| count(*separator)).unwrap_or(b',')
}

/// The rows that come next, some of them.
fn next_rows(text: &[u8], at: rows::At, plan: &Plan) -> Result<Rows> {
    let begin = at.0 as usize;
    let end = text.len().min(begin + STRETCH);
    let found = rows::in_window(&text[begin..end], at, end == text.len(), 1000, plan)?;
    match found.next == at && end < text.len() {
        true => Err(rows::too_long(at.1)),
        false => Ok(found),
    }
}

/// What a column has in it.
#[derive(Debug, Clone, Default)]
struct Seen {
    filled: bool,
    evidence: Evidence,
}

/// Counts the rows, and looks at what the columns have in them.
fn survey(text: &[u8], plan: &mut Plan) -> Result<Vec<Seen>> {
    let mut seen = vec![Seen::default(); plan.headings.len()];
    let mut at = (plan.begin, plan.line);
    loop {
        let Rows { rows, next, .. } = next_rows(text, at, plan)?;
        for row in &rows {
            let cells = row.texts().iter().zip(&mut seen).enumerate();
            for (index, (cell, seen)) in cells.filter(|(_, (cell, _))| !cell.trim().is_empty()) {
                seen.filled = true;
                if !row.numbers.contains(&(index as u16)) {
                    seen.evidence.see(cell);
                }
            }
        }
        plan.total += rows.len() as u64;
        if plan.total as usize > MAX_ROWS {
            return Err(Problem::new("file_too_large").param("what", "rows").param("max", MAX_ROWS).into());
        }
        if next.0 == at.0 || next.0 as usize >= text.len() {
            return Ok(seen);
        }
        at = next;
    }
}

/// What is left out knowingly.
struct Agreed(Vec<String>);

impl Agreed {
    fn of(asked: &Asked) -> Agreed {
        let names = asked.leave_out.as_deref().unwrap_or_default().split(',').map(same);
        Agreed(names.filter(|name| !name.is_empty()).collect())
    }
    fn has(&self, names: &[&str]) -> bool {
        names.iter().any(|name| self.0.contains(&same(name)))
    }
}

struct Columns {
    paths: Vec<Option<String>>,
    left_alone: Vec<String>,
    left_out: Vec<String>,
}

/// The path of each column. A heading that nobody knows is no reason to guess, nor to leave out what it says.
fn columns(
    plan: &Plan,
    mapping: &HashMap<String, String>,
    agreed: &Agreed,
    seen: &[Seen],
) -> Result<Columns> {
    let mut faults = Vec::new();
    let (mut left_alone, mut left_out) = (Vec::new(), Vec::new());
    let mut taken: HashMap<String, String> = HashMap::new();
    let mut columns = Vec::new();
    let added = rows::added_columns(&plan.headings);
    for (index, heading) in plan.headings.iter().enumerate() {
        let place = format!("#{}", index + 1);
        let mapped = mapping.get(&same(heading)).or_else(|| mapping.get(&place)).map(String::as_str);
        let path = match mapped {
            Some(path) => Some(path).filter(|path| !path.is_empty()),
            None if added.contains(&index) => None,
            None if agreed.has(&[heading, &place]) => {
                left_out.push(if heading.trim().is_empty() { place } else { heading.clone() });
                columns.push(None);
                continue;
            }
            // A column without heading and without anything in it is a leftover.
            None if heading.trim().is_empty() && !seen[index].filled => None,
            None => match plan.resource.path_of(heading, plan.of_lines) {
                Some(path) => Some(path),
                None => {
                    let told = if heading.trim().is_empty() { &place } else { heading };
                    faults.push(unknown_heading(&plan.resource, told));
                    None
                }
            },
        };
        let told = path.and_then(|path| plan.resource.field(path)).is_some_and(|f| f.kind == Kind::Info);
        if let Some(before) = path.filter(|_| !told).and_then(|p| taken.insert(p.to_owned(), heading.clone()))
        {
            let fault = Fault::parameter("mapping", "mapped_twice").with("heading", heading);
            faults.push(fault.with("other", before));
        }
        if let Some(path) = path.filter(|_| told) {
            let field = if path == LEFT_ALONE { heading.as_str() } else { path };
            let says = mapped.is_none() && seen[index].filled && plan.resource.is_entered_elsewhere(field);
            match says && !agreed.has(&[field]) {
                true => faults.push(Fault::parameter("leave_out", "not_taken").with("heading", heading)),
                false if says => left_out.push(heading.clone()),
                false => left_alone.push(heading.clone()),
            }
        }
        columns.push(path.filter(|_| !told).map(str::to_owned));
    }
    // Beside lines a discount may be meant as a rate or as an amount; only whoever sends it knows.
    let has_lines = columns.iter().flatten().any(|path: &String| path.starts_with("lines."));
    if has_lines && !plan.of_lines {
        let discounts =
            left_alone.iter().filter(|heading| plan.resource.path_of(heading, false) == Some("discount"));
        faults.extend(discounts.map(|heading| unknown_heading(&plan.resource, heading)));
    }
    faults.truncate(100);
    match faults.is_empty() {
        true => Ok(Columns { paths: columns, left_alone, left_out }),
        false => Err(Error::invalid(faults)),
    }
}

fn unknown_heading(resource: &Resource, heading: &str) -> Fault {
    let nearest = resource.nearest(heading).join(", ");
    Fault::parameter("mapping", "unknown_heading").with("heading", heading).with("nearest", nearest)
}

/// External ids are those of a system, which has to be said.
fn needs_system<'p>(plan: &Plan, mut paths: impl Iterator<Item = &'p String>) -> Result<()> {
    match plan.system.is_none() && paths.any(|path| path.ends_with("external_id")) {
        true => Err(bad(vec![Fault::parameter("system", "required")])),
        false => Ok(()),
    }
}

// ---- objects -------------------------------------------------------------------------------------------------

fn objects_of(text: Vec<u8>, mut plan: Plan, agreed: &Agreed) -> Result<Intake> {
    // Its texts are those of the API.
    plan.decimal_sign = plan.decimal_sign.or(Some(DecimalSign::Point));
    let (mut at, mut faults) = ((0, 1), Vec::<Fault>::new());
    let (mut left_alone, mut left_out) = (Vec::new(), Vec::<String>::new());
    loop {
        let Rows { rows, next, .. } = next_rows(&text, at, &plan)?;
        if at.0 == 0 {
            let mut objects = rows.iter().filter_map(rows::Row::object);
            plan.of_lines = objects.any(|object| plan.resource.is_of_lines(object.keys()));
        }
        for (name, value) in rows.iter().filter_map(rows::Row::object).flatten() {
            let says =
                !value.is_null() && !left_out.contains(name) && plan.paths.get(name) == Some(&String::new());
            if says && is_told(&plan, name) && plan.resource.is_entered_elsewhere(name) {
                left_out.push(name.clone());
            }
            if plan.paths.contains_key(name) || faults.iter().any(|f| f.params.iter().any(|(_, v)| v == name))
            {
                continue;
            }
            if plan.paths.len() + faults.len() >= MAX_COLUMNS {
                return Err(Problem::new("file_too_large")
                    .param("what", "columns")
                    .param("max", MAX_COLUMNS)
                    .into());
            }
            if agreed.has(&[name]) {
                left_out.push(name.clone());
                plan.paths.insert(name.clone(), String::new());
                continue;
            }
            let Some(path) = known_name(&plan, name) else {
                faults.push(unknown_heading(&plan.resource, name));
                continue;
            };
            plan.mends |= name == "_errors";
            needs_system(&plan, [&path].into_iter())?;
            if path.is_empty() && is_told(&plan, name) {
                match !value.is_null() && plan.resource.is_entered_elsewhere(name) {
                    true => left_out.push(name.clone()),
                    false => left_alone.push(name.clone()),
                }
            }
            plan.paths.insert(name.clone(), path);
        }
        plan.total += rows.len() as u64;
        if plan.total as usize > MAX_ROWS {
            return Err(Problem::new("file_too_large").param("what", "rows").param("max", MAX_ROWS).into());
        }
        if next.0 == at.0 || next.0 as usize >= text.len() {
            break;
        }
        at = next;
    }
    left_alone.retain(|name| !left_out.contains(name));
    let not_agreed = left_out.iter().filter(|name| !agreed.has(&[name]));
    faults.extend(not_agreed.map(|name| Fault::parameter("leave_out", "not_taken").with("heading", name)));
    faults.truncate(100);
    match faults.is_empty() {
        true => {
            let text = gathered(text, &mut plan)?;
            Ok(Intake { plan, text, left_alone, left_out })
        }
        false => Err(Error::invalid(faults)),
    }
}

/// The path that a name in an object stands for; empty where it is left alone.
pub fn known_name(plan: &Plan, name: &str) -> Option<String> {
    if let Some(path) = plan.paths.get(name) {
        return Some(path.clone());
    }
    if let Some(path) = plan.names.get(&same(name)) {
        return Some(path.clone());
    }
    if ERROR_COLUMNS.iter().any(|column| name.strip_prefix('_') == Some(column)) || name == "_errors" {
        return Some(String::new());
    }
    if plan.resource.has_lines() && name == "lines" || plan.resource.takes_custom(name) {
        return Some(name.to_owned());
    }
    let path = plan.resource.path_of(name, plan.of_lines)?;
    Some(if is_told(plan, name) { String::new() } else { path.to_owned() })
}

/// Whether the product says this of a record and takes it from nobody.
fn is_told(plan: &Plan, name: &str) -> bool {
    let path = plan.resource.path_of(name, plan.of_lines).and_then(|path| plan.resource.field(path));
    path.is_some_and(|field| field.kind == Kind::Info) && !plan.names.contains_key(&same(name))
}

/// What is shown of an import.
pub fn params(intake: &Intake) -> Value {
    let Intake { plan, left_alone, left_out, .. } = intake;
    serde_json::json!({
        "dry_run": plan.dry_run, "system": plan.system, "form": plan.form, "rows": plan.total,
        "encoding": plan.encoding, "sheet": plan.sheet, "date_order": plan.date_order,
        "decimal_sign": plan.decimal_sign, "left_alone": left_alone, "left_out": left_out,
    })
}

#[cfg(test)]
mod tests {
    use super::super::fields::declared;
    use super::*;

    fn taken(resource: &str, text: &[u8], asked: Asked) -> Result<Intake> {
        take_in(CSV, text, declared(resource), &asked)
    }

    fn faults(refused: Error) -> Vec<(&'static str, String)> {
        let problem = refused.into_problem();
        let told = |f: &Fault| (f.code, f.params.first().map(|(_, v)| v.clone()).unwrap_or_default());
        problem.faults.iter().map(told).collect()
    }

    #[test]
    fn known_headings_are_mapped_by_themselves_and_others_refused() {
        let intake =
            taken("customers", "编号,Name,税号\nC1,天河,\n\nC2,海珠,\n".as_bytes(), Asked::default())
                .unwrap();
        let columns: Vec<_> = intake.plan.columns.iter().flatten().map(String::as_str).collect();
        assert_eq!(columns, ["code", "name", "tax_id"]);
        assert_eq!(intake.plan.total, 2);
        let refused = taken("customers", b"name,colour,,size\nA,red,x,\n", Asked::default()).unwrap_err();
        let unknown = |heading: &str| ("unknown_heading", heading.to_owned());
        assert_eq!(faults(refused), [unknown("colour"), unknown("#3"), unknown("size")]);
    }

    #[test]
    fn a_mapping_names_and_leaves_out_columns() {
        let mapping = |text: &str| Asked { mapping: Some(text.into()), ..Asked::default() };
        let asked = mapping(r##"{"Kunde":"name","colour":"","#3":"custom_fields.size"}"##);
        let intake = taken("customers", b"Kunde,colour,\nA,red,XL\n", asked).unwrap();
        assert_eq!(intake.plan.columns, [Some("name".into()), None, Some("custom_fields.size".into())]);
        let refused = taken("customers", b"a\n1\n", mapping(r#"{"a":"colour"}"#)).unwrap_err();
        assert_eq!(faults(refused), [("unknown_column", "colour".into())]);
        let refused = taken("customers", "名称,name\n1,2\n".as_bytes(), Asked::default()).unwrap_err();
        assert_eq!(faults(refused), [("mapped_twice", "name".into())]);
        for wrong in ["x", "[]", r#"{"a":1}"#] {
            assert_eq!(
                taken("customers", b"a\n1\n", mapping(wrong)).unwrap_err().code(),
                "invalid_parameter"
            );
        }
    }

    #[test]
    fn chinese_spreadsheets_and_byte_order_marks_are_read() {
        let text = "名称;行业\n广州天河贸易;批发\n";
        let (gb, _, _) = encoding_rs::GB18030.encode(text);
        for bytes in [text.as_bytes().to_vec(), [b"\xef\xbb\xbf", text.as_bytes()].concat(), gb.into_owned()]
        {
            let intake = taken("customers", &bytes, Asked::default()).unwrap();
            assert_eq!(intake.text, text.as_bytes());
            assert_eq!(intake.plan.delimiter, b';');
            assert_eq!(intake.plan.total, 1);
        }
        let utf16: Vec<u8> = "name\nA\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
        let intake = taken("customers", &utf16, Asked::default()).unwrap();
        assert_eq!(intake.plan.encoding.as_deref(), Some("utf-16"));
    }

    #[test]
    fn a_discount_beside_lines_is_no_guess() {
        for heading in ["Discount", "折扣"] {
            let file = format!("number,sku,quantity,{heading}\nSO-1,TEA,1,0.9\n");
            let refused = taken("orders", file.as_bytes(), Asked::default()).unwrap_err();
            assert_eq!(faults(refused), [("unknown_heading", heading.to_owned())]);
        }
        assert!(taken("orders", b"number,discount,customer_po\nSO-1,5,PO\n", Asked::default()).is_ok());
    }

    #[test]
    fn external_ids_need_their_system() {
        let refused = taken("customers", b"external_id,name\n1,A\n", Asked::default()).unwrap_err();
        assert_eq!(faults(refused), [("required", String::new())]);
        let asked = Asked { system: Some("sap".into()), ..Asked::default() };
        assert!(taken("customers", b"external_id,name\n1,A\n", asked).is_ok());
    }

    #[test]
    fn what_an_error_file_has_added_is_left_alone() {
        let intake =
            taken("customers", b"name,line,field,reason\nA,3,name,is required\n", Asked::default()).unwrap();
        assert_eq!(intake.plan.columns, [Some("name".into()), None, None, None]);
    }

    #[test]
    fn an_empty_file_is_refused_and_headings_alone_are_no_rows() {
        assert_eq!(taken("customers", b"", Asked::default()).unwrap_err().code(), "unreadable_file");
        assert_eq!(taken("customers", b"name\n", Asked::default()).unwrap().plan.total, 0);
        assert_eq!(taken("customers", b"name", Asked::default()).unwrap().plan.total, 0);
    }
}
