//! Numbers for people: `SO-2026-000123`. Each range counts by year. These ranges may have gaps (a unit of work
//! that fails gives its number up), so on PostgreSQL they are sequences, on which writers never wait.

use chrono::{Datelike, NaiveDate};
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::{Nullable, Text};

use super::{EngineConn, Tx};
use crate::error::{Error, Result};
use crate::schema::number_ranges::dsl;

impl Tx<'_> {
    /// The next number of the range `prefix` in the year of `date`.
    pub fn next_number(&mut self, prefix: &'static str, date: NaiveDate) -> Result<String> {
        let year = date.year();
        let value = match &mut self.conn.engine {
            EngineConn::Sqlite(c) => next_sqlite(c, prefix, year)?,
            EngineConn::Pg(c) => next_pg(c, prefix, year)?,
        };
        Ok(format!("{prefix}-{year}-{value:06}"))
    }
}

#[allow(clippy::disallowed_methods)] // a counter is no record
fn next_sqlite(conn: &mut diesel::SqliteConnection, prefix: &str, year: i32) -> Result<i64> {
    Ok(diesel::insert_into(dsl::number_ranges)
        .values((dsl::prefix.eq(prefix), dsl::year.eq(year), dsl::last.eq(1i64)))
        .on_conflict((dsl::prefix, dsl::year))
        .do_update()
        .set(dsl::last.eq(dsl::last + 1))
        .returning(dsl::last)
        .get_result(conn)?)
}

diesel::define_sql_function! {
    /// NULL while the sequence does not exist.
    fn nextval(name: Nullable<diesel::sql_types::Oid>) -> Nullable<diesel::sql_types::BigInt>;
}
diesel::define_sql_function! {
    fn to_regclass(name: Text) -> Nullable<diesel::sql_types::Oid>;
}

fn next_pg(conn: &mut diesel::PgConnection, prefix: &str, year: i32) -> Result<i64> {
    let name = format!("number_{}_{year}", prefix.to_ascii_lowercase());
    let next = |conn: &mut diesel::PgConnection| {
        diesel::select(nextval(to_regclass(&name))).get_result::<Option<i64>>(conn)
    };
    if let Some(value) = next(conn)? {
        return Ok(value);
    }
    // Once a year. The lock keeps two transactions from making it at the same time; PostgreSQL looks at the
    // catalogue afresh, so the second one finds it.
    conn.batch_execute(&format!(
        "SELECT pg_advisory_xact_lock(7281, {year}); CREATE SEQUENCE IF NOT EXISTS {name}"
    ))?;
    next(conn)?.ok_or_else(|| Error::internal(format!("no sequence {name}")))
}
