//! A statement that is written out, with conditions in it: for figures that group what was grouped. Its SQL comes only
//! from the code, its values only as binds, as everywhere.

use std::marker::PhantomData;

use diesel::backend::Backend;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::{QueryResult, RunQueryDsl};

use super::Conn;
use super::filter::Cond;

enum Part {
    Sql(String),
    Cond(Cond),
}

/// A `SELECT` whose rows have these SQL types.
pub struct Statement<Row> {
    parts: Vec<Part>,
    row: PhantomData<Row>,
}

impl<Row> Statement<Row> {
    pub fn new(sql: impl Into<String>) -> Self {
        Statement { parts: vec![Part::Sql(sql.into())], row: PhantomData }
    }
    pub fn sql(mut self, sql: impl Into<String>) -> Self {
        self.parts.push(Part::Sql(sql.into()));
        self
    }
    /// A condition, between parentheses.
    pub fn cond(mut self, cond: Cond) -> Self {
        self.parts.extend([Part::Sql("(".into()), Part::Cond(cond), Part::Sql(")".into())]);
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
    Cond: QueryFragment<DB>,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        out.unsafe_to_cache_prepared();
        self.parts.iter().try_for_each(|part| match part {
            Part::Sql(sql) => {
                out.push_sql(sql);
                Ok(())
            }
            Part::Cond(cond) => cond.walk_ast(out.reborrow()),
        })
    }
}
