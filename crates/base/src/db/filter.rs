//! Conditions and orders that are made at run time: one tree of values that writes itself as SQL on both
//! engines. Columns come only from the code, where the compiler looks them up; values only as binds.

use chrono::NaiveDate;
use diesel::backend::Backend;
use diesel::expression::{AppearsOnTable, Expression, SelectableExpression, ValidGrouping, is_aggregate};
use diesel::pg::Pg;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::sql_types::{BigInt, Bool, Date, Text};
use diesel::sqlite::Sqlite;
use diesel::{QueryResult, sql_types};
use uuid::Uuid;

pub use super::sql::{Column, Sql, col, none_of, one_of, sql};
use super::sql_types::{AnyId, Instant, Key};
use super::{MultiBackend, search};
use crate::types::{At, TextEnum};

/// A value to bind.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    Text(String),
    Int(i64),
    Bool(bool),
    Date(NaiveDate),
    At(At),
    Id(AnyId),
}

impl From<Uuid> for Value {
    fn from(id: Uuid) -> Self {
        Value::Id(AnyId(id))
    }
}
impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Value::Text(text.to_owned())
    }
}
impl From<String> for Value {
    fn from(text: String) -> Self {
        Value::Text(text)
    }
}
impl From<i64> for Value {
    fn from(n: i64) -> Self {
        Value::Int(n)
    }
}
impl From<NaiveDate> for Value {
    fn from(date: NaiveDate) -> Self {
        Value::Date(date)
    }
}
impl From<At> for Value {
    fn from(at: At) -> Self {
        Value::At(at)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Op {
    Eq,
    Lt,
    Le,
    Gt,
    Ge,
}

impl Op {
    fn sql(self) -> &'static str {
        match self {
            Op::Eq => " = ",
            Op::Lt => " < ",
            Op::Le => " <= ",
            Op::Gt => " > ",
            Op::Ge => " >= ",
        }
    }
}

/// A condition.
#[derive(Debug, Clone, PartialEq)]
pub enum Predicate {
    /// Always true.
    All,
    /// Never true.
    Nothing,
    And(Vec<Predicate>),
    Or(Vec<Predicate>),
    Not(Box<Predicate>),
    Compare(Column, Op, Value),
    In(Column, Vec<Value>),
    /// Both columns have the same value.
    Same(Column, Column),
    IsNull(Column),
    NotNull(Column),
    /// A column that is true or false is true; written so that a partial index over it serves.
    IsTrue(Column),
    /// SQL written in the code, each `?` a bind.
    Sql(Sql, Vec<Value>),
    /// The first column's value is that of the second column in some row of its table that meets the condition.
    InSelect(Column, Column, Box<Predicate>),
    /// Some row of the column's table meets the condition.
    Exists(Column, Box<Predicate>),
    /// The column's record is found by these words ([`search`]).
    Found(Column, search::Found),
}

impl Predicate {
    pub fn eq(column: Column, value: impl Into<Value>) -> Predicate {
        Predicate::Compare(column, Op::Eq, value.into())
    }
    pub fn negate(cond: Predicate) -> Predicate {
        Predicate::Not(Box::new(cond))
    }
    /// The column is one of these words: [`one_of`].
    pub fn one_of<E: TextEnum>(column: Column, words: &[E]) -> Predicate {
        Predicate::Sql(one_of(column, words), Vec::new())
    }
    /// The column is none of these words: [`none_of`].
    pub fn none_of<E: TextEnum>(column: Column, words: &[E]) -> Predicate {
        Predicate::Sql(none_of(column, words), Vec::new())
    }
    /// The column's value is that of another column, in some row of its table that meets the condition.
    pub fn in_select(column: Column, selected: Column, cond: Predicate) -> Predicate {
        Predicate::InSelect(column, selected, Box::new(cond))
    }
    pub fn exists(of: Column, cond: Predicate) -> Predicate {
        Predicate::Exists(of, Box::new(cond))
    }
    pub fn ids(column: Column, ids: impl IntoIterator<Item = Uuid>) -> Predicate {
        Predicate::In(column, ids.into_iter().map(Value::from).collect())
    }
    pub fn and(self, other: Predicate) -> Predicate {
        match (self, other) {
            (Predicate::All, c) | (c, Predicate::All) => c,
            (Predicate::And(mut all), c) => {
                all.push(c);
                Predicate::And(all)
            }
            (a, b) => Predicate::And(vec![a, b]),
        }
    }
    pub fn or(self, other: Predicate) -> Predicate {
        match (self, other) {
            (Predicate::Nothing, c) | (c, Predicate::Nothing) => c,
            (Predicate::Or(mut any), c) => {
                any.push(c);
                Predicate::Or(any)
            }
            (a, b) => Predicate::Or(vec![a, b]),
        }
    }
}

/// An order by columns, each ascending or descending.
#[derive(Debug, Clone, PartialEq)]
pub struct SortOrder(pub Vec<(Column, bool)>);

/// An engine, as far as conditions are written for it.
pub trait Writes: Backend + Sized {
    /// A bound value.
    fn push_value<'b>(out: &mut AstPass<'_, 'b, Self>, value: &'b Value) -> QueryResult<()>;
    /// SQL between parentheses that gives the ids of the records found by a word.
    fn push_search<'b>(out: AstPass<'_, 'b, Self>, word: &'b search::Word) -> QueryResult<()>;
}

macro_rules! writes {
    ($engine:ident, $search:path) => {
        impl Writes for $engine {
            fn push_value<'b>(out: &mut AstPass<'_, 'b, Self>, value: &'b Value) -> QueryResult<()> {
                match value {
                    Value::Text(v) => out.push_bind_param::<Text, _>(v),
                    Value::Int(v) => out.push_bind_param::<BigInt, _>(v),
                    Value::Bool(v) => out.push_bind_param::<Bool, _>(v),
                    Value::Date(v) => out.push_bind_param::<Date, _>(v),
                    Value::At(v) => out.push_bind_param::<Instant, _>(v),
                    Value::Id(v) => out.push_bind_param::<Key, _>(v),
                }
            }
            fn push_search<'b>(out: AstPass<'_, 'b, Self>, word: &'b search::Word) -> QueryResult<()> {
                $search(out, word)
            }
        }
    };
}
writes!(Pg, search::push_pg);
writes!(Sqlite, search::push_sqlite);

/// Pushes values separated by commas.
fn push_values<'b, DB: Writes>(out: &mut AstPass<'_, 'b, DB>, values: &'b [Value]) -> QueryResult<()> {
    for (i, value) in values.iter().enumerate() {
        if i > 0 {
            out.push_sql(",");
        }
        DB::push_value(out, value)?;
    }
    Ok(())
}

fn push_cond<'b, DB: Writes>(mut out: AstPass<'_, 'b, DB>, cond: &'b Predicate) -> QueryResult<()> {
    match cond {
        Predicate::All => out.push_sql("1=1"),
        Predicate::Nothing => out.push_sql("1=0"),
        Predicate::And(all) => return push_joined(out, all, " AND ", "1=1"),
        Predicate::Or(any) => return push_joined(out, any, " OR ", "1=0"),
        Predicate::Not(inner) => {
            out.push_sql("NOT (");
            push_cond(out.reborrow(), inner)?;
            out.push_sql(")");
        }
        Predicate::Compare(column, op, value) => {
            out.push_sql(column.name());
            out.push_sql(op.sql());
            DB::push_value(&mut out, value)?;
        }
        Predicate::In(_, values) if values.is_empty() => out.push_sql("1=0"),
        Predicate::In(column, values) => {
            out.push_sql(column.name());
            out.push_sql(" IN (");
            push_values(&mut out, values)?;
            out.push_sql(")");
        }
        Predicate::Same(one, other) => {
            out.push_sql(one.name());
            out.push_sql(" = ");
            out.push_sql(other.name());
        }
        Predicate::IsNull(column) => {
            out.push_sql(column.name());
            out.push_sql(" IS NULL");
        }
        Predicate::NotNull(column) => {
            out.push_sql(column.name());
            out.push_sql(" IS NOT NULL");
        }
        Predicate::IsTrue(column) => out.push_sql(column.name()),
        Predicate::Sql(sql, values) => {
            let mut values = values.iter();
            for (i, piece) in sql.as_str().split('?').enumerate() {
                if i > 0 {
                    let value = values.next().ok_or_else(|| {
                        diesel::result::Error::QueryBuilderError("a `?` without its value".into())
                    })?;
                    DB::push_value(&mut out, value)?;
                }
                out.push_sql(piece);
            }
        }
        Predicate::InSelect(column, selected, inner) => {
            out.push_sql(column.name());
            out.push_sql(" IN (");
            push_select(out.reborrow(), *selected, inner)?;
            out.push_sql(")");
        }
        Predicate::Exists(selected, inner) => {
            out.push_sql("EXISTS (");
            push_select(out.reborrow(), *selected, inner)?;
            out.push_sql(")");
        }
        Predicate::Found(column, found) => {
            for (i, word) in found.words.iter().enumerate() {
                out.push_sql(if i > 0 { " AND " } else { "" });
                out.push_sql(column.name());
                out.push_sql(" IN (");
                DB::push_search(out.reborrow(), word)?;
                out.push_sql(")");
            }
        }
    }
    Ok(())
}

fn push_select<'b, DB: Writes>(
    mut out: AstPass<'_, 'b, DB>,
    selected: Column,
    cond: &'b Predicate,
) -> QueryResult<()> {
    for part in ["SELECT ", selected.name(), " FROM ", selected.table(), " WHERE "] {
        out.push_sql(part);
    }
    push_cond(out, cond)
}

fn push_joined<'b, DB: Writes>(
    mut out: AstPass<'_, 'b, DB>,
    parts: &'b [Predicate],
    joint: &'static str,
    empty: &'static str,
) -> QueryResult<()> {
    if parts.is_empty() {
        out.push_sql(empty);
        return Ok(());
    }
    out.push_sql("(");
    for (i, part) in parts.iter().enumerate() {
        if i > 0 {
            out.push_sql(joint);
        }
        push_cond(out.reborrow(), part)?;
    }
    out.push_sql(")");
    Ok(())
}

impl QueryId for Predicate {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}
impl QueryId for SortOrder {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}
impl Expression for Predicate {
    type SqlType = Bool;
}
impl Expression for SortOrder {
    type SqlType = sql_types::Untyped;
}
impl<GB> ValidGrouping<GB> for Predicate {
    type IsAggregate = is_aggregate::Never;
}
impl<GB> ValidGrouping<GB> for SortOrder {
    type IsAggregate = is_aggregate::Never;
}
impl<QS: ?Sized> AppearsOnTable<QS> for Predicate {}
impl<QS: ?Sized> SelectableExpression<QS> for Predicate {}
impl<QS: ?Sized> AppearsOnTable<QS> for SortOrder {}
impl<QS: ?Sized> SelectableExpression<QS> for SortOrder {}

impl QueryFragment<Pg> for Predicate {
    fn walk_ast<'b>(&'b self, out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        push_cond(out, self)
    }
}
impl QueryFragment<Sqlite> for Predicate {
    fn walk_ast<'b>(&'b self, out: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
        push_cond(out, self)
    }
}
impl QueryFragment<MultiBackend> for Predicate {
    fn walk_ast<'b>(&'b self, out: AstPass<'_, 'b, MultiBackend>) -> QueryResult<()> {
        MultiBackend::walk_variant_ast(self, out)
    }
}

impl<DB: Backend> QueryFragment<DB> for SortOrder {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        for (i, (column, descending)) in self.0.iter().enumerate() {
            if i > 0 {
                out.push_sql(", ");
            }
            out.push_sql(column.name());
            if *descending {
                out.push_sql(" DESC");
            }
        }
        Ok(())
    }
}
