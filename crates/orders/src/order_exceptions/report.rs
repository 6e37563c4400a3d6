//! What exceptions have in common, and how long it takes to resolve them.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable, Text};
use serde::Serialize;
use utoipa::ToSchema;

use super::model::visible_to;
use crate::base::auth::Scope;
use crate::base::db::Rx;
use crate::base::db::filter::{Cond, Op};
use crate::base::db::statement::Statement;
use crate::base::error::{Problem, Result};
use crate::base::http::params::{Param, Query, Takes};
use crate::base::http::{Answer, Req, Routes};
use crate::base::types::TextEnum;
use crate::text_enum;

text_enum! {
    /// What exceptions are counted by.
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
    Param::new("group_by", Takes::Word(ExceptionDimension::WORDS), "What to count by.").required(),
    Param::new("reported_from", Takes::Instant, "Reported at this instant or later."),
    Param::new("reported_to", Takes::Instant, "Reported at this instant or earlier."),
];

/// Exceptions that have something in common.
#[derive(Debug, Serialize, ToSchema)]
pub struct ExceptionGroup {
    /// The word, the product's SKU, or the customer's code; null where nothing is said.
    #[schema(max_length = 60, example = "shortage")]
    pub key: Option<String>,
    /// The name of the product or customer.
    #[schema(max_length = 400)]
    pub label: Option<String>,
    #[schema(value_type = i64, minimum = 0, maximum = 9007199254740991i64, example = 12)]
    pub exceptions: i64,
    /// Not resolved.
    #[schema(value_type = i64, minimum = 0, maximum = 9007199254740991i64)]
    pub open: i64,
    /// Not resolved, and past their time.
    #[schema(value_type = i64, minimum = 0, maximum = 9007199254740991i64)]
    pub overdue: i64,
    #[schema(value_type = i64, minimum = 0, maximum = 9007199254740991i64)]
    pub resolved: i64,
    #[schema(value_type = i64, minimum = 0, maximum = 9007199254740991i64)]
    pub resolved_in_time: i64,
    /// Mean working seconds until they were resolved, whole seconds; null where none was.
    #[schema(value_type = Option<i64>, minimum = 0, maximum = 9007199254740991i64)]
    pub mean_resolution_seconds: Option<i64>,
    /// Median of the same: half took no longer.
    #[schema(value_type = Option<i64>, minimum = 0, maximum = 9007199254740991i64)]
    pub median_resolution_seconds: Option<i64>,
}

/// Exceptions by what they have in common, the most frequent first.
#[derive(Debug, Serialize, ToSchema)]
pub struct ExceptionReport {
    #[schema(max_items = 1000)]
    pub rows: Vec<ExceptionGroup>,
    #[schema(value_type = i64, minimum = 0, maximum = 9007199254740991i64, example = 40)]
    pub exceptions: i64,
}

pub fn routes(r: &mut Routes) {
    r.tag("reports", "Figures over what you may see.");
    r.read("/reports/order-exceptions", "getOrderExceptionReport", report)
        .scope(&[Scope::ReportsRead])
        .unversioned()
        .takes(PARAMS)
        .says("Order exceptions by what they have in common", "How many, how many are open and overdue, were resolved and in time, and the mean and median working time that this took. What was entered in error does not count. The rows add up to the whole.")
        .fails_with(&["too_many_groups"])
        .common
        .fields = false;
}

fn report(rx: &mut Rx, req: &Req) -> Result<Answer<ExceptionReport>> {
    let rows = load(rx, &req.query)?;
    if rows.len() as i64 > MOST_ROWS {
        return Err(Problem::new("too_many_groups").param("max", MOST_ROWS).into());
    }
    let exceptions = rows.iter().map(|row| row.exceptions).sum();
    Ok(Answer::of(ExceptionReport { rows, exceptions }))
}

type Shape = (
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
fn key(dimension: ExceptionDimension) -> (&'static str, &'static str) {
    let nothing = "CAST(NULL AS TEXT)";
    match dimension {
        ExceptionDimension::Kind => ("order_exceptions.kind", nothing),
        ExceptionDimension::Severity => ("order_exceptions.severity", nothing),
        ExceptionDimension::Outcome => ("order_exceptions.outcome", nothing),
        ExceptionDimension::Customer => ("customers.code", "customers.name"),
        ExceptionDimension::Product => ("products.sku", "products.name"),
    }
}

fn condition(rx: &Rx, query: &Query) -> Cond {
    let mut cond = visible_to(rx.caller).and(Cond::Sql("order_exceptions.status <> 'cancelled'", vec![]));
    for (name, op) in [("reported_from", Op::Ge), ("reported_to", Op::Le)] {
        if let Some(at) = query.instant(name) {
            cond = cond.and(Cond::Compare("order_exceptions.reported_at", op, at.into()));
        }
    }
    cond
}

/// In one statement. The median is the mean of the one or two in the middle of those that were resolved, which the
/// inner statement puts in their places.
fn load(rx: &mut Rx, query: &Query) -> Result<Vec<ExceptionGroup>> {
    let word = query.word("group_by").unwrap_or_default();
    let (key, label) = key(ExceptionDimension::parse(word).unwrap_or(ExceptionDimension::Kind));
    let count = |what: &str| format!("COUNT(CASE WHEN {what} THEN 1 END)");
    let mean = |of: &str| format!("CAST(SUM({of}) AS BIGINT) / NULLIF(COUNT({of}), 0)");
    let open = "status IN ('open', 'in_progress')";
    let select = [
        "grp".to_owned(),
        "MAX(label)".to_owned(),
        "COUNT(*)".to_owned(),
        count(open),
        count(&format!("resolution_missed AND {open}")),
        count(&format!("NOT ({open})")),
        count(&format!("NOT resolution_missed AND NOT ({open})")),
        mean("seconds"),
        mean("CASE WHEN place IN ((resolved + 1) / 2, (resolved + 2) / 2) THEN seconds END"),
    ];
    let inner = format!(
        "SELECT {key} AS grp, {label} AS label, order_exceptions.status AS status,
            order_exceptions.resolution_missed AS resolution_missed, order_exceptions.resolution_seconds AS seconds,
            ROW_NUMBER() OVER (PARTITION BY {key} ORDER BY
                CASE WHEN order_exceptions.resolution_seconds IS NULL THEN 1 ELSE 0 END,
                order_exceptions.resolution_seconds) AS place,
            COUNT(order_exceptions.resolution_seconds) OVER (PARTITION BY {key}) AS resolved
        FROM order_exceptions INNER JOIN customers ON customers.id = order_exceptions.customer_id
        LEFT JOIN products ON products.id = order_exceptions.product_id WHERE "
    );
    let most = MOST_ROWS + 1;
    let statement = Statement::<Shape>::new(format!("SELECT {} FROM ({inner}", select.join(", ")))
        .cond(condition(rx, query))
        .sql(format!(") AS placed GROUP BY grp ORDER BY 3 DESC, 1 LIMIT {most}"));
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
