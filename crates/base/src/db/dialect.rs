//! Expressions that the two engines write differently, for reports that group: as SQL, of columns that are constants
//! in the code.

use super::Conn;
use super::sql::{Column, Sql, sql};

/// A span of time that days are grouped by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Span {
    Year,
    Quarter,
    Month,
    Day,
}

/// How the engine behind a connection writes.
#[derive(Debug, Clone, Copy)]
pub struct Dialect {
    pub sqlite: bool,
}

impl Dialect {
    pub fn of(conn: &Conn) -> Dialect {
        Dialect { sqlite: conn.is_sqlite() }
    }

    /// The span that a date falls into: `2026`, `2026-Q4`, `2026-11` or `2026-11-20`.
    pub fn span(self, column: Column, span: Span) -> Sql {
        match (span, self.sqlite) {
            (Span::Quarter, true) => sql!(
                "strftime('%Y', {column}) || '-Q' || ((CAST(strftime('%m', {column}) AS INTEGER) + 2) / 3)"
            ),
            (Span::Quarter, false) => sql!("to_char({column}, 'YYYY-\"Q\"Q')"),
            (Span::Year, true) => sql!("strftime('%Y', {column})"),
            (Span::Year, false) => sql!("to_char({column}, 'YYYY')"),
            (Span::Month, true) => sql!("strftime('%Y-%m', {column})"),
            (Span::Month, false) => sql!("to_char({column}, 'YYYY-MM')"),
            (Span::Day, true) => sql!("strftime('%Y-%m-%d', {column})"),
            (Span::Day, false) => sql!("to_char({column}, 'YYYY-MM-DD')"),
        }
    }

    /// An id as 32 hex digits. SQLite writes none as an empty text.
    pub fn id(self, id: impl Into<Sql>) -> Sql {
        let id = id.into();
        match self.sqlite {
            true => sql!("lower(hex({id}))"),
            false => sql!("replace(({id})::text, '-', '')"),
        }
    }
}
