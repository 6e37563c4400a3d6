//! Lists: filters, sorts and keyset cursors from one declaration per resource.
//!
//! A cursor holds the sort key of the last row of a page and a digest of filter and sort, so a page goes on
//! exactly behind it, whatever others insert or delete meanwhile, at the same cost for the last page as for
//! the first.

use base64::Engine as _;
use serde::Serialize;
use uuid::Uuid;

use super::filter::{Column, Op, Predicate, SortOrder, Value};
use super::keys;
use super::search::Found;
use super::sql_types::AnyId;
use crate::error::{Problem, Result};
use crate::http::params::{Given, Param, Query};
use crate::secret::sha256_hex;
use crate::types::At;

/// What a filter parameter does.
#[derive(Clone, Copy)]
pub enum Does {
    /// The column is one of the values given. A key ([`super::keys`]) is compared in its normal form.
    Is(Column),
    /// The column is true, or false; said so that a partial index over it serves.
    Flag(Column),
    AtLeast(Column),
    AtMost(Column),
    /// The record is found by the words ([`super::search`]); the column is its id.
    Search(Column),
    /// Anything else.
    Makes(fn(&Given) -> Predicate),
}

/// A filter: a query parameter and what it does.
#[derive(Clone, Copy)]
pub struct Filter {
    pub param: Param,
    pub does: Does,
}

/// A sort key; the column is never NULL.
#[derive(Debug, Clone, Copy)]
pub struct Sort {
    pub name: &'static str,
    pub column: Column,
}

/// A list, declared: its filters and sorts all have an index.
pub struct ListSpec {
    pub id: Column,
    pub filters: &'static [Filter],
    pub sorts: &'static [Sort],
    pub default_sort: &'static str,
    /// Paths that `expand` takes.
    pub expand: &'static [&'static str],
}

/// Shorthand for a filter in a declaration.
pub const fn filter(param: Param, does: Does) -> Filter {
    Filter { param, does }
}

/// One page.
#[derive(Debug, Serialize)]
pub struct Page<T> {
    pub data: Vec<T>,
    pub has_more: bool,
    pub next_cursor: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub total_count: Option<i64>,
}

impl<T> Page<T> {
    /// The same page with other rows, e.g. rows dressed as views.
    pub fn with<U>(self, data: Vec<U>) -> Page<U> {
        Page { data, has_more: self.has_more, next_cursor: self.next_cursor, total_count: self.total_count }
    }
    /// A list that is complete in one page.
    pub fn whole(data: Vec<T>) -> Page<T> {
        Page { data, has_more: false, next_cursor: None, total_count: None }
    }
}

/// What a list needs to know of its rows.
pub trait Row {
    fn id(&self) -> Uuid;
    /// The row's value of a sort key.
    fn sort_value(&self, name: &str) -> Value;
}

impl ListSpec {
    /// The condition that the query's filters make.
    pub fn condition(&self, query: &Query) -> Predicate {
        query.values().iter().fold(Predicate::All, |cond, (name, given)| {
            match self.filters.iter().find(|f| f.param.name == *name) {
                Some(filter) => cond.and(made(filter.does, given)),
                None => cond,
            }
        })
    }

    /// Loads one page: `load` gets the whole condition, the order and how many rows to fetch; `count` the
    /// condition without the cursor.
    pub fn page<R: Row>(
        &self,
        query: &Query,
        visible: Predicate,
        mut load: impl FnMut(Load) -> Result<Loaded<R>>,
    ) -> Result<Page<R>> {
        let condition = self.condition(query).and(visible);
        let total_count = match query.total_count {
            true => match load(Load::Count(condition.clone()))? {
                Loaded::Count(n) => Some(n),
                Loaded::Rows(_) => None,
            },
            false => None,
        };
        let digest = self.digest(query);
        let cond = match &query.cursor {
            Some(cursor) => condition.and(self.behind(query, cursor, &digest)?),
            None => condition,
        };
        let mut rows = match load(Load::Rows(cond, self.order(query), query.limit + 1))? {
            Loaded::Rows(rows) => rows,
            Loaded::Count(_) => Vec::new(),
        };
        let has_more = rows.len() as i64 > query.limit;
        rows.truncate(query.limit as usize);
        let next_cursor = match rows.last() {
            Some(last) if has_more => Some(cursor_of(query, last, &digest)),
            _ => None,
        };
        Ok(Page { data: rows, has_more, next_cursor, total_count })
    }

    fn column(&self, name: &str) -> Column {
        self.sorts.iter().find(|s| s.name == name).map_or(self.id, |s| s.column)
    }

    /// The id breaks ties, in the direction of the last key, so that one index serves both.
    fn order(&self, query: &Query) -> SortOrder {
        let mut columns: Vec<(Column, bool)> =
            query.sort.iter().map(|(name, desc)| (self.column(name), *desc)).collect();
        columns.push((self.id, columns.last().is_some_and(|(_, desc)| *desc)));
        SortOrder(columns)
    }

    /// Binds a cursor to this list, its filters and its sort.
    fn digest(&self, query: &Query) -> String {
        let bound = format!("{}|{:?}|{:?}", self.id, query.values(), query.sort);
        sha256_hex(bound.as_bytes())[..16].to_owned()
    }

    /// The rows behind the cursor's: `k1 >= v1 AND (k1 > v1 OR (k1 = v1 AND (k2 > v2 OR …)))`. The first part
    /// says nothing new, but lets the engine begin in the index where the page begins.
    fn behind(&self, query: &Query, cursor: &str, digest: &str) -> Result<Predicate> {
        let values = read_cursor(cursor, digest).filter(|v| v.len() == query.sort.len() + 1);
        let values = values.ok_or_else(|| Problem::new("invalid_cursor"))?;
        let order = self.order(query);
        let beyond = |desc: bool| if desc { Op::Lt } else { Op::Gt };
        let mut cond = Predicate::Nothing;
        for ((column, desc), value) in order.0.iter().zip(&values).rev() {
            let further = Predicate::Compare(*column, beyond(*desc), value.clone());
            cond = further.or(Predicate::Compare(*column, Op::Eq, value.clone()).and(cond));
        }
        let (first, desc) = order.0[0];
        let from = Predicate::Compare(first, if desc { Op::Le } else { Op::Ge }, values[0].clone());
        Ok(from.and(cond))
    }
}

/// What [`ListSpec::page`] asks for.
pub enum Load {
    Rows(Predicate, SortOrder, i64),
    Count(Predicate),
}
/// What it gets.
pub enum Loaded<R> {
    Rows(Vec<R>),
    Count(i64),
}

/// Answers a [`Load`] from a table: `load_from!(conn, customers, Customer)`.
#[macro_export]
macro_rules! load_from {
    ($conn:expr, $table:ident, $row:ty) => {
        |load| {
            use diesel::prelude::*;
            use $crate::db::list::{Load, Loaded};
            Ok(match load {
                Load::Rows(cond, order, limit) => Loaded::Rows(
                    $crate::schema::$table::table
                        .filter(cond)
                        .order(order)
                        .limit(limit)
                        .select(<$row>::as_select())
                        .load($conn)?,
                ),
                Load::Count(cond) => {
                    Loaded::Count($crate::schema::$table::table.filter(cond).count().get_result($conn)?)
                }
            })
        }
    };
}

/// The condition that a filter makes of what was given.
pub fn made(does: Does, given: &Given) -> Predicate {
    match does {
        Does::Makes(make) => make(given),
        Does::Search(column) => match given {
            Given::Text(words) => {
                Found::new(words).map_or(Predicate::Nothing, |found| Predicate::Found(column, found))
            }
            _ => Predicate::Nothing,
        },
        Does::Is(column) if keys::of(column).is_some() => match given {
            Given::Text(typed) => keys::is(column, typed),
            _ => Predicate::Nothing,
        },
        Does::Is(column) => {
            let values = values_of(given);
            match values.len() {
                1 => Predicate::And(
                    values.into_iter().map(|v| Predicate::Compare(column, Op::Eq, v)).collect(),
                ),
                _ => Predicate::In(column, values),
            }
        }
        Does::Flag(column) => match given {
            Given::Bool(false) => Predicate::negate(Predicate::IsTrue(column)),
            _ => Predicate::IsTrue(column),
        },
        Does::AtLeast(column) => bound(column, Op::Ge, given),
        Does::AtMost(column) => bound(column, Op::Le, given),
    }
}

fn bound(column: Column, op: Op, given: &Given) -> Predicate {
    match values_of(given).pop() {
        Some(value) => Predicate::Compare(column, op, value),
        None => Predicate::Nothing,
    }
}

fn values_of(given: &Given) -> Vec<Value> {
    match given {
        Given::Text(t) => vec![Value::Text(t.clone())],
        Given::Int(n) | Given::Decimal(n) => vec![Value::Int(*n)],
        Given::Bool(b) => vec![Value::Bool(*b)],
        Given::Date(d) => vec![Value::Date(*d)],
        Given::Instant(at) => vec![Value::At(*at)],
        Given::Words(words) => words.iter().map(|w| Value::from(*w)).collect(),
        Given::Ids(ids) => ids.iter().map(|id| Value::Id(AnyId(*id))).collect(),
    }
}

fn cursor_of<R: Row>(query: &Query, last: &R, digest: &str) -> String {
    let mut values: Vec<Value> = query.sort.iter().map(|(name, _)| last.sort_value(name)).collect();
    values.push(Value::from(last.id()));
    let written: Vec<[String; 2]> = values.iter().map(write_value).collect();
    let text = serde_json::json!([digest, written]).to_string();
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(text)
}

fn read_cursor(cursor: &str, digest: &str) -> Option<Vec<Value>> {
    let bytes = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(cursor).ok()?;
    let (bound, written): (String, Vec<[String; 2]>) = serde_json::from_slice(&bytes).ok()?;
    if bound != digest {
        return None;
    }
    written.iter().map(read_value).collect()
}

fn write_value(value: &Value) -> [String; 2] {
    let (tag, text) = match value {
        Value::Text(t) => ("t", t.clone()),
        Value::Int(n) => ("i", n.to_string()),
        Value::Bool(b) => ("b", b.to_string()),
        Value::Date(d) => ("d", d.to_string()),
        Value::At(at) => ("a", at.micros().to_string()),
        Value::Id(id) => ("k", id.0.simple().to_string()),
    };
    [tag.to_owned(), text]
}

fn read_value([tag, text]: &[String; 2]) -> Option<Value> {
    if text.contains('\0') {
        return None;
    }
    Some(match tag.as_str() {
        "t" => Value::Text(text.clone()),
        "i" => Value::Int(text.parse().ok()?),
        "b" => Value::Bool(text.parse().ok()?),
        "d" => Value::Date(text.parse().ok()?),
        "a" => Value::At(At::from_micros(text.parse().ok()?)),
        "k" => Value::Id(AnyId(Uuid::try_parse(text).ok()?)),
        _ => return None,
    })
}
