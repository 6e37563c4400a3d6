//! Report on order exceptions: counts by group, and how long it takes to resolve them.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable, Text};
use serde::Serialize;
use utoipa::ToSchema;

use super::model::visible_to;
use super::rules::ExceptionStatus;
use crate::base::auth::Scope;
use crate::base::db::ReadTx;
use crate::base::db::filter::{Column, Op, Predicate, Sql, col, one_of, sql};
use crate::base::db::statement::Statement;
use crate::base::error::{Problem, Result};
use crate::base::http::params::{Param, Query, Takes};
use crate::base::http::{Answer, Req, Routes};
use crate::base::types::TextEnum;
use crate::text_enum;

text_enum! {
    /// What exceptions are grouped by.
    ///
    /// * `kind`: kind of problem.
    /// * `severity`: severity.
    /// * `outcome`: how they were resolved; null for those that are not.
    /// * `customer`: customer of the order.
    /// * `product`: product of the order line; null without a line.
    pub enum ExceptionDimension {
        Kind = "kind",
        Severity = "severity",
        Outcome = "outcome",
        Customer = "customer",
        Product = "product",
    }
}

const MOST_ROWS: i64 = 1_000;

const PARAMS: &[Param] = &[
    Param::new("group_by", Takes::Word(ExceptionDimension::WORDS), "What the exceptions are grouped by.")
        .required(),
    Param::new(
        "reported_from",
        Takes::Instant,
        "Exceptions reported at this instant or later. Defaults to all.",
    ),
    Param::new(
        "reported_to",
        Takes::Instant,
        "Exceptions reported at this instant or earlier. Defaults to all.",
    ),
];

/// Figures of the exceptions that share one kind, severity, outcome, customer or product.
#[derive(Debug, Serialize, ToSchema)]
pub struct ExceptionGroup {
    /// What the group has in common: the word, the code of the customer or the SKU of the product. Null for
    /// exceptions without one.
    #[schema(max_length = 60, example = "shortage")]
    pub key: Option<String>,
    /// Name of the customer or product. Null for the other groupings.
    #[schema(max_length = 400)]
    pub label: Option<String>,
    /// Number of exceptions in the group, without cancelled ones.
    #[schema(value_type = i64, minimum = 0, maximum = 9007199254740991i64, example = 12)]
    pub exceptions: i64,
    /// How many of them are open or in progress.
    #[schema(value_type = i64, minimum = 0, maximum = 9007199254740991i64)]
    pub open: i64,
    /// How many of them are open or in progress and past their time.
    #[schema(value_type = i64, minimum = 0, maximum = 9007199254740991i64)]
    pub overdue: i64,
    /// How many of them are resolved or closed.
    #[schema(value_type = i64, minimum = 0, maximum = 9007199254740991i64)]
    pub resolved: i64,
    /// How many of them are resolved or closed and met their deadline.
    #[schema(value_type = i64, minimum = 0, maximum = 9007199254740991i64)]
    pub resolved_in_time: i64,
    /// Mean working time until they were resolved, in whole seconds. Null when none is resolved.
    #[schema(value_type = Option<i64>, minimum = 0, maximum = 9007199254740991i64)]
    pub mean_resolution_seconds: Option<i64>,
    /// Median working time until they were resolved, in whole seconds: half of them took no longer. Null when
    /// none is resolved.
    #[schema(value_type = Option<i64>, minimum = 0, maximum = 9007199254740991i64)]
    pub median_resolution_seconds: Option<i64>,
}

/// Order exceptions in groups.
#[derive(Debug, Serialize, ToSchema)]
pub struct ExceptionReport {
    /// The groups, the one with the most exceptions first.
    #[schema(max_items = 1000)]
    pub rows: Vec<ExceptionGroup>,
    /// Number of exceptions in all groups.
    #[schema(value_type = i64, minimum = 0, maximum = 9007199254740991i64, example = 40)]
    pub exceptions: i64,
}

pub fn routes(r: &mut Routes) {
    r.tag("reports", "Figures over what you may see.");
    r.within_restrictions();
    r.read("/reports/order-exceptions", "getOrderExceptionReport", report)
        .scope(&[Scope::ReportsRead])
        .unversioned()
        .takes(PARAMS)
        .summary("Report on order exceptions")
        .description("Counts the exceptions that you may see in groups: all, open, overdue, resolved and resolved in time, with the mean and median working time until they were resolved. Cancelled exceptions are left out. The rows add up to the total. Refused with `too_many_groups` above 1,000 groups.")
        .fails_with(&["too_many_groups"])
        .common
        .fields = false;
}

fn report(rx: &mut ReadTx, req: &Req) -> Result<Answer<ExceptionReport>> {
    let rows = load(rx, &req.query)?;
    if rows.len() as i64 > MOST_ROWS {
        return Err(Problem::new("too_many_groups").param("max", MOST_ROWS).into());
    }
    let exceptions = rows.iter().map(|row| row.exceptions).sum();
    Ok(Answer::of(ExceptionReport { rows, exceptions }))
}

type SchemaValidator = (
    Nullable<Text>,
    Nullable<Text>,
    BigInt,
    BigInt,
    BigInt,
    BigInt,
    BigInt,
    Nullable<BigInt>,
    Nullable<BigInt>,
);
type Loaded = (Option<String>, Option<String>, i64, i64, i64, i64, i64, Option<i64>, Option<i64>);

/// The key and the label of a dimension, as SQL.
fn key(dimension: ExceptionDimension) -> (Column, Option<Column>) {
    match dimension {
        ExceptionDimension::Kind => (col!(order_exceptions::kind), None),
        ExceptionDimension::Severity => (col!(order_exceptions::severity), None),
        ExceptionDimension::Outcome => (col!(order_exceptions::outcome), None),
        ExceptionDimension::Customer => (col!(customers::code), Some(col!(customers::name))),
        ExceptionDimension::Product => (col!(products::sku), Some(col!(products::name))),
    }
}

fn condition(rx: &ReadTx, query: &Query) -> Predicate {
    let counted = Predicate::none_of(col!(order_exceptions::status), &[ExceptionStatus::Cancelled]);
    let mut cond = visible_to(rx.caller).and(counted);
    for (name, op) in [("reported_from", Op::Ge), ("reported_to", Op::Le)] {
        if let Some(at) = query.instant(name) {
            cond = cond.and(Predicate::Compare(col!(order_exceptions::reported_at), op, at.into()));
        }
    }
    cond
}

/// In one statement. The median is the mean of the one or two in the middle of those that were resolved, which the
/// inner statement puts in their places.
fn load(rx: &mut ReadTx, query: &Query) -> Result<Vec<ExceptionGroup>> {
    let word = query.word("group_by").unwrap_or_default();
    let (key, label) = key(ExceptionDimension::parse(word).unwrap_or(ExceptionDimension::Kind));
    let label = label.map_or_else(|| sql!("CAST(NULL AS TEXT)"), Sql::from);
    let count = |what: Sql| sql!("COUNT(CASE WHEN {what} THEN 1 END)");
    let mean = |of: &str| sql!("CAST(SUM({of}) AS BIGINT) / NULLIF(COUNT({of}), 0)");
    let open = one_of("status", ExceptionStatus::OPEN);
    let select = Sql::list(&[
        sql!("grp, MAX(label), COUNT(*)"),
        count(open.clone()),
        count(sql!("resolution_missed AND {open}")),
        count(sql!("NOT ({open})")),
        count(sql!("NOT resolution_missed AND NOT ({open})")),
        mean("seconds"),
        mean("CASE WHEN place IN ((resolved + 1) / 2, (resolved + 2) / 2) THEN seconds END"),
    ]);
    let statement = Statement::<SchemaValidator>::new(sql!(
        "SELECT {select} FROM (SELECT {key} AS grp, {label} AS label, order_exceptions.status AS status,
            order_exceptions.resolution_missed AS resolution_missed, order_exceptions.resolution_seconds AS seconds,
            ROW_NUMBER() OVER (PARTITION BY {key} ORDER BY
                CASE WHEN order_exceptions.resolution_seconds IS NULL THEN 1 ELSE 0 END,
                order_exceptions.resolution_seconds) AS place,
            COUNT(order_exceptions.resolution_seconds) OVER (PARTITION BY {key}) AS resolved
        FROM order_exceptions INNER JOIN customers ON customers.id = order_exceptions.customer_id
        LEFT JOIN products ON products.id = order_exceptions.product_id WHERE "
    ));
    let most = MOST_ROWS + 1;
    let statement = statement
        .cond(condition(rx, query))
        .sql(sql!(") AS placed GROUP BY grp ORDER BY 3 DESC, 1 LIMIT {most}"));
    let rows: Vec<Loaded> = statement.load(rx.conn)?;
    Ok(rows.into_iter().map(group).collect())
}

fn group(row: Loaded) -> ExceptionGroup {
    ExceptionGroup {
        key: row.0,
        label: row.1,
        exceptions: row.2,
        open: row.3,
        overdue: row.4,
        resolved: row.5,
        resolved_in_time: row.6,
        mean_resolution_seconds: row.7,
        median_resolution_seconds: row.8,
    }
}
