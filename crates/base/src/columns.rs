//! The columns of files: which field each is, and what people call it in English and Chinese. An area declares those of its
//! lists once, for exports and imports alike.

use crate::messages::Lang;

/// A list that can be exported: `r.declare(Exported { … })`.
#[derive(Clone, Copy)]
pub struct Exported {
    /// What `POST /exports` calls it: `order_lines`.
    pub resource: &'static str,
    /// What a row is, for the document; empty where it is simply a record of that name.
    pub about: &'static str,
    /// The list that the rows come from: `/order-lines`.
    pub path: &'static str,
    /// The columns that its files can have, in their usual order.
    pub columns: &'static [Heading],
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
