//! Report on complaints: counts by cause, category, product, customer, month and more.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable, Text};
use serde::Serialize;
use utoipa::ToSchema;

use super::model::visible_to;
use super::rules::ComplaintStatus;
use crate::base::db::ReadTx;
use crate::base::db::filter::{Column, Op, Predicate, Sql, col, none_of, sql};
use crate::base::error::{Problem, Result};
use crate::base::http::params::{Param, Query, Takes};
use crate::base::http::{Answer, Req, Routes};
use crate::base::types::{At, TextEnum};
use crate::schema::{complaints, customers, products};
use crate::text_enum;

text_enum! {
    /// What complaints are grouped by.
    ///
    /// * `root_cause`: why it happened; null for those that are not resolved.
    /// * `category`: what they are about.
    /// * `severity`: severity.
    /// * `status`: status.
    /// * `product`: product; null without one.
    /// * `customer`: customer.
    /// * `month`: month of `received_at` in the company's time zone.
    pub enum ComplaintDimension {
        RootCause = "root_cause",
        Category = "category",
        Severity = "severity",
        Status = "status",
        Product = "product",
        Customer = "customer",
        Month = "month",
    }
}

const MOST_ROWS: i64 = 1_000;

const PARAMS: &[Param] = &[
    Param::new("group_by", Takes::Word(ComplaintDimension::WORDS), "What the complaints are grouped by.")
        .required(),
    Param::new(
        "received_from",
        Takes::Instant,
        "Complaints received at this instant or later. Defaults to all.",
    ),
    Param::new(
        "received_to",
        Takes::Instant,
        "Complaints received at this instant or earlier. Defaults to all.",
    ),
];

/// Figures of the complaints that share one cause, category, severity, status, product, customer or month.
#[derive(Debug, Serialize, ToSchema)]
pub struct ComplaintGroup {
    /// What the group has in common: the word, the SKU of the product, the code of the customer or the month
    /// (`2026-11`). Null for complaints without one.
    #[schema(max_length = 60, example = "transport")]
    pub key: Option<String>,
    /// Name of the product or customer. Null for the other groupings.
    #[schema(max_length = 400)]
    pub label: Option<String>,
    /// Number of complaints in the group.
    #[schema(value_type = i64, minimum = 0, maximum = 9007199254740991i64, example = 12)]
    pub complaints: i64,
    /// How many of them are neither resolved nor closed.
    #[schema(value_type = i64, minimum = 0, maximum = 9007199254740991i64)]
    pub open: i64,
    /// How many of them were opened again at least once.
    #[schema(value_type = i64, minimum = 0, maximum = 9007199254740991i64)]
    pub reopened: i64,
    /// How many of them missed the response deadline.
    #[schema(value_type = i64, minimum = 0, maximum = 9007199254740991i64)]
    pub response_missed: i64,
    /// How many of them missed the resolution deadline.
    #[schema(value_type = i64, minimum = 0, maximum = 9007199254740991i64)]
    pub resolution_missed: i64,
    /// Mean working time until they were acknowledged, in seconds. Null when none was.
    #[schema(value_type = Option<i64>, minimum = 0, maximum = 9007199254740991i64)]
    pub mean_response_seconds: Option<i64>,
    /// Mean working time until they were resolved, in seconds, without the time spent waiting for the
    /// customer. Null when none was.
    #[schema(value_type = Option<i64>, minimum = 0, maximum = 9007199254740991i64)]
    pub mean_resolution_seconds: Option<i64>,
    /// Mean rating of the customers in hundredths: 425 is 4.25 of 5. Null when no customer gave one.
    #[schema(value_type = Option<i64>, minimum = 100, maximum = 500)]
    pub mean_satisfaction: Option<i64>,
}

/// Complaints in groups.
#[derive(Debug, Serialize, ToSchema)]
pub struct ComplaintReport {
    /// The groups, the one with the most complaints first.
    #[schema(max_items = 1000)]
    pub rows: Vec<ComplaintGroup>,
    /// Number of complaints in all groups.
    #[schema(value_type = i64, minimum = 0, maximum = 9007199254740991i64, example = 40)]
    pub complaints: i64,
}

pub fn routes(r: &mut Routes) {
    r.tag("reports", "Figures over what you may see.");
    r.within_restrictions();
    r.read("/reports/complaints", "getComplaintReport", report)
        .scope(super::READ)
        .unversioned()
        .takes(PARAMS)
        .summary("Report on complaints")
        .description("Counts the complaints that you may see in groups: all, open, reopened and late ones, with the mean working time until they were acknowledged and resolved, and the mean satisfaction of the customers. The rows add up to the total. Refused with `too_many_groups` above 1,000 groups.")
        .fails_with(&["too_many_groups"])
        .common
        .fields = false;
}

fn report(rx: &mut ReadTx, req: &Req) -> Result<Answer<ComplaintReport>> {
    let rows = load(rx, &req.query)?;
    if rows.len() as i64 > MOST_ROWS {
        return Err(Problem::new("too_many_groups").param("max", MOST_ROWS).into());
    }
    let complaints = rows.iter().map(|row| row.complaints).sum();
    Ok(Answer::of(ComplaintReport { rows, complaints }))
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
    Nullable<BigInt>,
);
type Loaded =
    (Option<String>, Option<String>, i64, i64, i64, i64, i64, Option<i64>, Option<i64>, Option<i64>);

/// The key and the label of a dimension, as SQL.
fn key(dimension: ComplaintDimension, sqlite: bool, zone: chrono_tz::Tz, now: At) -> (Sql, Sql) {
    let nothing = sql!("CAST(NULL AS TEXT)");
    let plain = |column: Column| (column.into(), nothing.clone());
    match dimension {
        ComplaintDimension::RootCause => plain(col!(complaints::root_cause)),
        ComplaintDimension::Category => plain(col!(complaints::category)),
        ComplaintDimension::Severity => plain(col!(complaints::severity)),
        ComplaintDimension::Status => plain(col!(complaints::status)),
        ComplaintDimension::Product => (col!(products::sku).into(), sql!("MAX(products.name)")),
        ComplaintDimension::Customer => (col!(customers::code).into(), sql!("MAX(customers.name)")),
        ComplaintDimension::Month => {
            // SQLite knows no time zones: the company's offset of today serves there, which is the same all year in
            // China.
            use chrono::Offset;
            let offset = now.utc().with_timezone(&zone).offset().fix().local_minus_utc();
            let month = match sqlite {
                true => {
                    sql!("strftime('%Y-%m', complaints.received_at / 1000000 + {offset}, 'unixepoch')")
                }
                false => sql!("to_char(complaints.received_at AT TIME ZONE '{zone}', 'YYYY-MM')"),
            };
            (month, nothing)
        }
    }
}

fn load(rx: &mut ReadTx, query: &Query) -> Result<Vec<ComplaintGroup>> {
    let word = query.word("group_by").unwrap_or_default();
    let dimension = ComplaintDimension::parse(word).unwrap_or(ComplaintDimension::RootCause);
    let (key, label) = key(dimension, rx.conn.is_sqlite(), rx.core.zone, rx.now);
    let count = |what: Sql| sql!("COUNT(CASE WHEN {what} THEN 1 END)");
    let mean = |what: Sql| sql!("CAST(AVG({what}) AS BIGINT)");
    let select = Sql::list(&[
        key.clone(),
        label,
        sql!("COUNT(*)"),
        count(none_of(col!(complaints::status), ComplaintStatus::RESOLVED)),
        count(sql!("complaints.reopened > 0")),
        count(sql!("complaints.response_missed")),
        count(sql!("complaints.resolution_missed")),
        mean(sql!("complaints.response_seconds")),
        mean(sql!("complaints.resolution_seconds")),
        mean(sql!("complaints.satisfaction * 100")),
    ]);
    let mut cond = visible_to(rx.caller);
    if let Some(from) = query.instant("received_from") {
        cond = cond.and(Predicate::Compare(col!(complaints::received_at), Op::Ge, from.into()));
    }
    if let Some(to) = query.instant("received_to") {
        cond = cond.and(Predicate::Compare(col!(complaints::received_at), Op::Le, to.into()));
    }
    let rows: Vec<Loaded> = complaints::table
        .inner_join(customers::table.on(customers::id.eq(complaints::customer_id)))
        .left_join(products::table.on(products::id.nullable().eq(complaints::product_id)))
        .filter(cond)
        .group_by(key.typed::<Text>())
        .select(select.typed::<SchemaValidator>())
        .order(sql!("3 DESC, 1").typed::<BigInt>())
        .limit(MOST_ROWS + 1)
        .load(rx.conn)?;
    Ok(rows.into_iter().map(group).collect())
}

fn group(row: Loaded) -> ComplaintGroup {
    ComplaintGroup {
        key: row.0,
        label: row.1,
        complaints: row.2,
        open: row.3,
        reopened: row.4,
        response_missed: row.5,
        resolution_missed: row.6,
        mean_response_seconds: row.7,
        mean_resolution_seconds: row.8,
        mean_satisfaction: row.9,
    }
}
