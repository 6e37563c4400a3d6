//! The columns of files: which field each is, how its cells are read, and what people call it in English and Chinese. An area
//! declares those of its lists once, for exports and imports alike, and by which code files name its records.

use uuid::Uuid;

use crate::auth::Scope;
use crate::db::Tx;
use crate::error::Result;
use crate::messages::Lang;
use crate::types::Kind;

/// A list that can be exported: `r.declare(Exported { … })`.
#[derive(Debug, Clone, Copy)]
pub struct Exported {
    /// What `POST /exports` calls it: `order_lines`.
    pub resource: &'static str,
    /// What people call the records: the name of a workbook's sheet, in English and Chinese.
    pub titles: [&'static str; 2],
    /// What a row is, for the document; empty where it is simply a record of that name.
    pub about: &'static str,
    /// The list that the rows come from: `/order-lines`.
    pub path: &'static str,
    /// The columns that its files can have, in their usual order.
    pub columns: &'static [Heading],
}

/// Records that files can bring: `r.declare(&SUPPLIERS_IMPORTED)`. A row whose record is not named otherwise (`id`,
/// `external_id`) is about the record that has its code.
#[derive(Debug)]
pub struct Imported {
    pub kind: Kind,
    /// The same records in files of exports. What their lists tell beside `fields` is known, and left alone.
    pub exported: Exported,
    pub fields: &'static [Field],
    /// Whoever has one of these scopes may bring them.
    pub scopes: &'static [Scope],
    /// The field that people name such a record by: `code`. None where a row without id is always a new record.
    pub code: Option<&'static str>,
    /// Rows that follow each other can be lines of one record.
    pub lines: Option<LinesOf>,
}

/// Files that have a row for each line of a record.
#[derive(Debug)]
pub struct LinesOf {
    /// The same lines in files of exports.
    pub exported: Exported,
    /// Fields that only such a file has, and that tell it by.
    pub telling: &'static [&'static str],
    /// Its fields, and what they are to the record; what is not here is left alone.
    pub fields: &'static [(&'static str, &'static str)],
}

/// How files name a kind of record: `r.declare(coded!(regions, RegionId, col!(regions::code), seen_by_all))`.
#[derive(Clone, Copy)]
pub struct Coded {
    pub kind: Kind,
    /// The record with this code, if the caller sees it.
    pub find: fn(&mut Tx, &str) -> Result<Option<Uuid>>,
}

/// The [`Coded`] of a kind: its table, its id, the column with the code, and who sees which of its records.
#[macro_export]
macro_rules! coded {
    ($table:ident, $id:ty, $column:expr, $visible:expr) => {
        $crate::columns::Coded {
            kind: <$id as $crate::types::RecordId>::KIND,
            find: |tx, code| {
                use diesel::prelude::*;
                let visible: fn(&$crate::auth::Caller) -> $crate::db::filter::Predicate = $visible;
                // Of several whose codes look alike, from before codes had a normal form, the one that is typed so.
                let typed = $crate::db::filter::Predicate::eq($column, code);
                let visible = visible(tx.caller);
                let found: Option<$id> =
                    tx.hint("the call that follows refuses what has changed since", |conn| {
                        for meant in [typed, $crate::db::keys::is($column, code)] {
                            let rows = $crate::schema::$table::table.filter(meant.and(visible.clone()));
                            let found = rows.select($crate::schema::$table::id).first(conn).optional()?;
                            if found.is_some() {
                                return Ok(found);
                            }
                        }
                        Ok(None)
                    })?;
                Ok(found.map($crate::types::RecordId::uuid))
            },
        }
    };
}

/// What is in a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cell {
    Text,
    /// A decimal: a number in a spreadsheet, as far as that holds it exactly.
    Number,
    /// A day.
    Date,
    /// An instant, RFC 3339.
    Instant,
    Flag,
    /// One of the words of the API, each with what it is called in Chinese.
    Word(&'static [(&'static str, &'static str)]),
}

/// A column.
#[derive(Debug, Clone, Copy)]
pub struct Heading {
    /// The field in the list's object, with dots: `customer.code` is the code of what `customer_id` names.
    pub field: &'static str,
    pub names: [&'static str; 2],
    pub cell: Cell,
}

impl Heading {
    pub fn name(&self, lang: Lang) -> &'static str {
        lang.pick(self.names)
    }
}

pub const fn text(field: &'static str, en: &'static str, zh: &'static str) -> Heading {
    Heading { field, names: [en, zh], cell: Cell::Text }
}
pub const fn word(
    field: &'static str,
    en: &'static str,
    zh: &'static str,
    words: &'static [(&'static str, &'static str)],
) -> Heading {
    Heading { field, names: [en, zh], cell: Cell::Word(words) }
}
pub const fn number(field: &'static str, en: &'static str, zh: &'static str) -> Heading {
    Heading { field, names: [en, zh], cell: Cell::Number }
}
pub const fn date(field: &'static str, en: &'static str, zh: &'static str) -> Heading {
    Heading { field, names: [en, zh], cell: Cell::Date }
}
pub const fn instant(field: &'static str, en: &'static str, zh: &'static str) -> Heading {
    Heading { field, names: [en, zh], cell: Cell::Instant }
}
pub const fn flag(field: &'static str, en: &'static str, zh: &'static str) -> Heading {
    Heading { field, names: [en, zh], cell: Cell::Flag }
}

/// A record that a cell names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Named {
    /// By the API's own id.
    Id,
    /// By what people call records of the kind: a code, a SKU, a user name.
    Code(Kind),
    /// By its id in the other system.
    ExternalId(Kind),
}

/// The words of the API, each with what it is called in Chinese.
pub type WordsOf = &'static [(&'static str, &'static [&'static str])];

/// How a cell is read.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Reading {
    Text,
    Decimal,
    Rate,
    Whole,
    Date,
    YesNo,
    Words(WordsOf),
    /// Entries between commas.
    List,
    /// `box=24; case=48`
    Units,
    /// `sap:4711; web:C-12`
    ExternalIds,
    /// JSON.
    Any,
    /// Another record.
    Reference(Named),
    /// Says which record the row is about.
    Key,
    /// What the product says of a record and takes from nobody: known from exported files, and left alone.
    Info,
}

/// A column that can be imported.
#[derive(Debug, Clone, Copy)]
pub struct Field {
    /// Its name in a mapping.
    pub path: &'static str,
    /// The field of the request body that it becomes; `lines.` begins that of a line.
    pub into: &'static str,
    pub kind: Reading,
    /// Its headings beside those of the exported column of the same field, English and Chinese; the path is one too.
    pub headings: &'static [&'static str],
}

pub const fn field(path: &'static str, kind: Reading, headings: &'static [&'static str]) -> Field {
    Field { path, into: path, kind, headings }
}

/// One that becomes another field than its path says.
pub const fn into(into: &'static str, field: Field) -> Field {
    Field { into, ..field }
}

pub const ID: Field = field("id", Reading::Key, &["Id", "系统编号"]);
pub const EXTERNAL_ID: Field = field("external_id", Reading::Key, &["External id", "外部系统编号", "外部ID"]);
pub const EXTERNAL_IDS: Field =
    field("external_ids", Reading::ExternalIds, &["External ids", "外部编号列表"]);
pub const CUSTOM_FIELDS: Field = field("custom_fields", Reading::Any, &["Custom fields", "自定义字段"]);
pub const NOTES: Field = field("notes", Reading::Text, &["Notes", "备注"]);
