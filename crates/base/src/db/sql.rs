//! Columns and SQL of the code, looked up when it is compiled: a column that was renamed or dropped in `crates/schema`
//! breaks the build where it is named.

use std::borrow::Cow;
use std::fmt;

use diesel::expression::{SqlLiteral, TypedExpressionType};
pub use salesdesk_sql::checked;

use crate::types::TextEnum;
pub use crate::{col, sql};

/// A column of a table, as `col!` makes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Column {
    table: &'static str,
    /// With its table: `orders.status`.
    name: &'static str,
}

/// A column: `col!(orders::status)`.
#[macro_export]
macro_rules! col {
    ($table:ident::$column:ident) => {
        const {
            $crate::db::sql::Column::of(
                &$crate::schema::$table::$column,
                stringify!($table),
                concat!(stringify!($table), ".", stringify!($column)),
            )
        }
    };
}

/// SQL: `sql!("SUM(orders.net)")`. Columns are written with their table, and tables have no other name. `{…}` puts SQL,
/// columns or numbers in.
#[macro_export]
macro_rules! sql {
    ($text:tt) => {
        $crate::db::sql::checked!($crate $text)
    };
}

/// Compiles for columns only.
pub const fn is_column<C: diesel::Column>(_: &C) {}

impl Column {
    /// For `col!`.
    #[doc(hidden)]
    pub const fn of<C: diesel::Column>(_: &C, table: &'static str, name: &'static str) -> Column {
        Column { table, name }
    }
    pub fn table(self) -> &'static str {
        self.table
    }
    /// With its table.
    pub fn name(self) -> &'static str {
        self.name
    }
}

impl fmt::Display for Column {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

/// SQL that the code has written, without anything from outside in it; made by `sql!` and from columns and words of
/// closed lists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sql(Cow<'static, str>);

impl Sql {
    /// For `sql!`.
    #[doc(hidden)]
    pub const fn fixed(text: &'static str) -> Sql {
        Sql(Cow::Borrowed(text))
    }
    /// For `sql!`.
    #[doc(hidden)]
    pub const fn made(text: String) -> Sql {
        Sql(Cow::Owned(text))
    }
    /// With commas between them.
    pub fn list(parts: &[Sql]) -> Sql {
        let texts: Vec<&str> = parts.iter().map(Sql::as_str).collect();
        Sql(Cow::Owned(texts.join(", ")))
    }
    pub fn as_str(&self) -> &str {
        &self.0
    }
    /// As an expression of this type, for Diesel.
    #[allow(clippy::disallowed_methods)] // the one place that turns text into an expression
    pub fn typed<T: TypedExpressionType>(&self) -> SqlLiteral<T> {
        diesel::dsl::sql(&self.0)
    }
}

impl From<Column> for Sql {
    fn from(column: Column) -> Sql {
        Sql::fixed(column.name)
    }
}

impl fmt::Display for Sql {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// It is one of these words. They are written out, not bound: only so do the engines see that a partial index over
/// the same words, in the same order, serves.
pub fn one_of<E: TextEnum>(it: impl fmt::Display, words: &[E]) -> Sql {
    among(it, words, ["1=0", " = ", " IN "])
}

/// It is none of these words; written out as well.
pub fn none_of<E: TextEnum>(it: impl fmt::Display, words: &[E]) -> Sql {
    among(it, words, ["1=1", " <> ", " NOT IN "])
}

fn among<E: TextEnum>(it: impl fmt::Display, words: &[E], [none, one, some]: [&str; 3]) -> Sql {
    let quoted: Vec<String> = words.iter().map(|word| format!("'{}'", word.as_str())).collect();
    Sql::made(match quoted.as_slice() {
        [] => none.to_owned(),
        [word] => format!("{it}{one}{word}"),
        words => format!("{it}{some}({})", words.join(", ")),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::jobs::model::JobStatus;

    #[test]
    fn sql_is_as_written() {
        let gross = col!(orders::gross);
        const FIXED: Sql = sql!("SUM(orders.net)");
        assert_eq!(FIXED.as_str(), "SUM(orders.net)");
        assert_eq!(sql!("{FIXED}, SUM({gross})").as_str(), "SUM(orders.net), SUM(orders.gross)");
        assert_eq!((gross.table(), gross.name()), ("orders", "orders.gross"));
    }

    #[test]
    fn words_are_written_out() {
        let two = [JobStatus::Queued, JobStatus::Running];
        let status = col!(jobs::status);
        assert_eq!(one_of(status, &two).as_str(), "jobs.status IN ('queued', 'running')");
        assert_eq!(none_of(status, &two).as_str(), "jobs.status NOT IN ('queued', 'running')");
        assert_eq!(one_of("status", &two[..1]).as_str(), "status = 'queued'");
        assert_eq!(none_of("status", &two[..1]).as_str(), "status <> 'queued'");
        assert_eq!(one_of::<JobStatus>("status", &[]).as_str(), "1=0");
    }
}
