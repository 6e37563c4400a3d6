//! A statement that is written out, with conditions in it: for figures that group what was grouped. Its SQL comes only
//! from the code, its values only as binds, as everywhere.

use std::marker::PhantomData;

use diesel::backend::Backend;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::{QueryResult, RunQueryDsl};

use super::Conn;
use super::filter::Predicate;
use super::sql::{Sql, sql};

enum Part {
    Sql(Sql),
    Predicate(Predicate),
}

/// A `SELECT` whose rows have these SQL types.
pub struct Statement<Row> {
    parts: Vec<Part>,
    row: PhantomData<Row>,
}

impl<Row> Statement<Row> {
    pub fn new(sql: Sql) -> Self {
        Statement { parts: vec![Part::Sql(sql)], row: PhantomData }
    }
    pub fn sql(mut self, sql: Sql) -> Self {
        self.parts.push(Part::Sql(sql));
        self
    }
    /// A condition, between parentheses.
    pub fn cond(mut self, cond: Predicate) -> Self {
        self.parts.extend([Part::Sql(sql!("(")), Part::Predicate(cond), Part::Sql(sql!(")"))]);
        self
    }
}

impl<Row> QueryId for Statement<Row> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}
impl<Row> Query for Statement<Row> {
    type SqlType = Row;
}
impl<Row> RunQueryDsl<Conn> for Statement<Row> {}

impl<Row, DB: Backend> QueryFragment<DB> for Statement<Row>
where
    Predicate: QueryFragment<DB>,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        out.unsafe_to_cache_prepared();
        self.parts.iter().try_for_each(|part| match part {
            Part::Sql(sql) => {
                out.push_sql(sql.as_str());
                Ok(())
            }
            Part::Predicate(cond) => cond.walk_ast(out.reborrow()),
        })
    }
}
