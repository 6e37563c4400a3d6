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
pub enum Cond {
    /// Always true.
    All,
    /// Never true.
    Nothing,
    And(Vec<Cond>),
    Or(Vec<Cond>),
    Not(Box<Cond>),
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
    InSelect(Column, Column, Box<Cond>),
    /// Some row of the column's table meets the condition.
    Exists(Column, Box<Cond>),
    /// The column's record is found by these words ([`search`]).
    Found(Column, search::Found),
}

impl Cond {
    pub fn eq(column: Column, value: impl Into<Value>) -> Cond {
        Cond::Compare(column, Op::Eq, value.into())
    }
    pub fn negate(cond: Cond) -> Cond {
        Cond::Not(Box::new(cond))
    }
    /// The column is one of these words: [`one_of`].
    pub fn one_of<E: TextEnum>(column: Column, words: &[E]) -> Cond {
        Cond::Sql(one_of(column, words), Vec::new())
    }
    /// The column is none of these words: [`none_of`].
    pub fn none_of<E: TextEnum>(column: Column, words: &[E]) -> Cond {
        Cond::Sql(none_of(column, words), Vec::new())
    }
    /// The column's value is that of another column, in some row of its table that meets the condition.
    pub fn in_select(column: Column, selected: Column, cond: Cond) -> Cond {
        Cond::InSelect(column, selected, Box::new(cond))
    }
    pub fn exists(of: Column, cond: Cond) -> Cond {
        Cond::Exists(of, Box::new(cond))
    }
    pub fn ids(column: Column, ids: impl IntoIterator<Item = Uuid>) -> Cond {
        Cond::In(column, ids.into_iter().map(Value::from).collect())
    }
    pub fn and(self, other: Cond) -> Cond {
        match (self, other) {
            (Cond::All, c) | (c, Cond::All) => c,
            (Cond::And(mut all), c) => {
                all.push(c);
                Cond::And(all)
            }
            (a, b) => Cond::And(vec![a, b]),
        }
    }
    pub fn or(self, other: Cond) -> Cond {
        match (self, other) {
            (Cond::Nothing, c) | (c, Cond::Nothing) => c,
            (Cond::Or(mut any), c) => {
                any.push(c);
                Cond::Or(any)
            }
            (a, b) => Cond::Or(vec![a, b]),
        }
    }
}

/// An order by columns, each ascending or descending.
#[derive(Debug, Clone, PartialEq)]
pub struct Order(pub Vec<(Column, bool)>);

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

fn push_cond<'b, DB: Writes>(mut out: AstPass<'_, 'b, DB>, cond: &'b Cond) -> QueryResult<()> {
    match cond {
        Cond::All => out.push_sql("1=1"),
        Cond::Nothing => out.push_sql("1=0"),
        Cond::And(all) => return push_joined(out, all, " AND ", "1=1"),
        Cond::Or(any) => return push_joined(out, any, " OR ", "1=0"),
        Cond::Not(inner) => {
            out.push_sql("NOT (");
            push_cond(out.reborrow(), inner)?;
            out.push_sql(")");
        }
        Cond::Compare(column, op, value) => {
            out.push_sql(column.name());
            out.push_sql(op.sql());
            DB::push_value(&mut out, value)?;
        }
        Cond::In(_, values) if values.is_empty() => out.push_sql("1=0"),
        Cond::In(column, values) => {
            out.push_sql(column.name());
            out.push_sql(" IN (");
            push_values(&mut out, values)?;
            out.push_sql(")");
        }
        Cond::Same(one, other) => {
            out.push_sql(one.name());
            out.push_sql(" = ");
            out.push_sql(other.name());
        }
        Cond::IsNull(column) => {
            out.push_sql(column.name());
            out.push_sql(" IS NULL");
        }
        Cond::NotNull(column) => {
            out.push_sql(column.name());
            out.push_sql(" IS NOT NULL");
        }
        Cond::IsTrue(column) => out.push_sql(column.name()),
        Cond::Sql(sql, values) => {
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
        Cond::InSelect(column, selected, inner) => {
            out.push_sql(column.name());
            out.push_sql(" IN (");
            push_select(out.reborrow(), *selected, inner)?;
            out.push_sql(")");
        }
        Cond::Exists(selected, inner) => {
            out.push_sql("EXISTS (");
            push_select(out.reborrow(), *selected, inner)?;
            out.push_sql(")");
        }
        Cond::Found(column, found) => {
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
    cond: &'b Cond,
) -> QueryResult<()> {
    for part in ["SELECT ", selected.name(), " FROM ", selected.table(), " WHERE "] {
        out.push_sql(part);
    }
    push_cond(out, cond)
}

fn push_joined<'b, DB: Writes>(
    mut out: AstPass<'_, 'b, DB>,
    parts: &'b [Cond],
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

impl QueryId for Cond {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}
impl QueryId for Order {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}
impl Expression for Cond {
    type SqlType = Bool;
}
impl Expression for Order {
    type SqlType = sql_types::Untyped;
}
impl<GB> ValidGrouping<GB> for Cond {
    type IsAggregate = is_aggregate::Never;
}
impl<GB> ValidGrouping<GB> for Order {
    type IsAggregate = is_aggregate::Never;
}
impl<QS: ?Sized> AppearsOnTable<QS> for Cond {}
impl<QS: ?Sized> SelectableExpression<QS> for Cond {}
impl<QS: ?Sized> AppearsOnTable<QS> for Order {}
impl<QS: ?Sized> SelectableExpression<QS> for Order {}

impl QueryFragment<Pg> for Cond {
    fn walk_ast<'b>(&'b self, out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        push_cond(out, self)
    }
}
impl QueryFragment<Sqlite> for Cond {
    fn walk_ast<'b>(&'b self, out: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
        push_cond(out, self)
    }
}
impl QueryFragment<MultiBackend> for Cond {
    fn walk_ast<'b>(&'b self, out: AstPass<'_, 'b, MultiBackend>) -> QueryResult<()> {
        MultiBackend::walk_variant_ast(self, out)
    }
}

impl<DB: Backend> QueryFragment<DB> for Order {
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
