//! On time in full: how much of what was promised was delivered completely by the first promised date.
//!
//! An order line is on time when its last delivery was confirmed for its first promised date or an earlier
//! day, and in full when the whole ordered quantity was delivered. A line that was closed short is not in
//! full; goods on their way do not count as delivered. Later promises change nothing.

use chrono::{Duration, Months, NaiveDate};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable, Text};
use serde::Serialize;
use utoipa::ToSchema;

use crate::base::auth::Scope;
use crate::base::db::ReadTx;
use crate::base::db::dialect::{Dialect, Span};
use crate::base::db::filter::{Op, Predicate, Sql, col, one_of, sql};
use crate::base::db::statement::Statement;
use crate::base::error::{Fault, Problem, Result};
use crate::base::http::params::{Param, Query, Takes, bad};
use crate::base::http::{Answer, Req, Routes};
use crate::base::types::number::round_half_away;
use crate::base::types::{Quantity, Rate, TextEnum};
use crate::orders::model::visible_to;
use crate::orders::reps;
use crate::orders::rules::OrderStatus;
use crate::shipments::model::ShipmentStatus;
use crate::text_enum;

text_enum! {
    /// Length of the periods that first promised dates are grouped into.
    pub enum PromisePeriod { Month = "month", Quarter = "quarter", Year = "year" }
}
text_enum! {
    /// What order lines are grouped by.
    pub enum PromiseDimension { Customer = "customer", Rep = "rep", Product = "product" }
}

const MOST_ROWS: usize = 5_000;
/// Five years, with their leap days.
const MOST_DAYS: i64 = 1_827;

const PARAMS: &[Param] = &[
    Param::new(
        "period",
        Takes::Word(PromisePeriod::WORDS),
        "One row per period of the first promised date. Without it there is one row for the whole time.",
    ),
    Param::new(
        "group_by",
        Takes::Word(PromiseDimension::WORDS),
        "One row per customer, rep or product. Without it all are together.",
    ),
    Param::new(
        "promised_from",
        Takes::Date,
        "Lines whose first promised date is this day or later. Defaults to one year before `promised_to`. \
            The range may be five years at most.",
    ),
    Param::new(
        "promised_to",
        Takes::Date,
        "Lines whose first promised date is this day or earlier. Defaults to today.",
    ),
    Param::new("customer_id", Takes::Ids("cus"), "Lines of orders of these customers."),
    Param::new("rep_id", Takes::Ids("usr"), "Lines of orders of these reps."),
    Param::new("team_id", Takes::Ids("tem"), "Lines of orders of these teams."),
    Param::new("product_id", Takes::Ids("prd"), "Lines for these products."),
];

/// Figures of order lines. A line has ended when it is delivered or closed completely.
#[derive(Debug, Clone, Default, Serialize, ToSchema)]
pub struct PromisedLines {
    /// Lines whose first promised date is in this period.
    #[schema(value_type = i64, minimum = 0, maximum = 9007199254740991i64, example = 40)]
    pub promised: i64,
    /// Lines that have not ended and whose first promised date has not passed. They do not count in the
    /// rates.
    #[schema(value_type = i64, minimum = 0, maximum = 9007199254740991i64)]
    pub pending: i64,
    /// Lines that have ended and whose last delivery came on the first promised date or earlier.
    #[schema(value_type = i64, minimum = 0, maximum = 9007199254740991i64)]
    pub on_time: i64,
    /// Lines of which the whole ordered quantity was delivered, on time or late.
    #[schema(value_type = i64, minimum = 0, maximum = 9007199254740991i64)]
    pub in_full: i64,
    /// Lines of which the whole ordered quantity was delivered on the first promised date or earlier.
    #[schema(value_type = i64, minimum = 0, maximum = 9007199254740991i64)]
    pub on_time_in_full: i64,
    /// Lines that have ended and whose last delivery came after the first promised date.
    #[schema(value_type = i64, minimum = 0, maximum = 9007199254740991i64)]
    pub late: i64,
    /// Lines that have not ended although the first promised date has passed.
    #[schema(value_type = i64, minimum = 0, maximum = 9007199254740991i64)]
    pub open_late: i64,
    /// Sum of the days by which the lines in `late` were late.
    #[schema(value_type = i64, minimum = 0, maximum = 9007199254740991i64)]
    pub days_late: i64,
    /// Average days by which the lines in `late` were late. Null when there are none.
    #[schema(example = "2.5")]
    pub mean_days_late: Option<Quantity>,
    /// `on_time` divided by the lines that are not pending, from 0 to 1, rounded to six places. Null when
    /// there are none.
    pub on_time_rate: Option<Rate>,
    /// `in_full` divided by the lines that are not pending, from 0 to 1, rounded to six places. Null when
    /// there are none.
    pub in_full_rate: Option<Rate>,
    /// `on_time_in_full` divided by the lines that are not pending, from 0 to 1, rounded to six places. Null
    /// when there are none.
    pub on_time_in_full_rate: Option<Rate>,
}

/// Figures of orders that have a line in this group and period. Each order is judged by these lines only.
#[derive(Debug, Clone, Default, Serialize, ToSchema)]
pub struct PromisedOrders {
    /// Orders with a line whose first promised date is in this period.
    #[schema(value_type = i64, minimum = 0, maximum = 9007199254740991i64, example = 12)]
    pub promised: i64,
    /// Orders with a pending line, and whose other lines are all on time in full. They do not count in the
    /// rates.
    #[schema(value_type = i64, minimum = 0, maximum = 9007199254740991i64)]
    pub pending: i64,
    /// Orders of which all lines are on time.
    #[schema(value_type = i64, minimum = 0, maximum = 9007199254740991i64)]
    pub on_time: i64,
    /// Orders of which all lines are in full.
    #[schema(value_type = i64, minimum = 0, maximum = 9007199254740991i64)]
    pub in_full: i64,
    /// Orders of which all lines are on time in full.
    #[schema(value_type = i64, minimum = 0, maximum = 9007199254740991i64)]
    pub on_time_in_full: i64,
    /// Orders with at least one line that is open and late.
    #[schema(value_type = i64, minimum = 0, maximum = 9007199254740991i64)]
    pub open_late: i64,
    /// `on_time` divided by the orders that are not pending, from 0 to 1, rounded to six places. Null when
    /// there are none.
    pub on_time_rate: Option<Rate>,
    /// `in_full` divided by the orders that are not pending, from 0 to 1, rounded to six places. Null when
    /// there are none.
    pub in_full_rate: Option<Rate>,
    /// `on_time_in_full` divided by the orders that are not pending, from 0 to 1, rounded to six places. Null
    /// when there are none.
    pub on_time_in_full_rate: Option<Rate>,
}

/// Figures of one group in one period.
#[derive(Debug, Clone, Default, Serialize, ToSchema)]
pub struct PromiseRow {
    /// The period, for example `2026-11`, `2026-Q4` or `2026`. Null without `period`.
    #[schema(max_length = 10, example = "2026-11")]
    pub period: Option<String>,
    /// Id of the customer, rep or product. Null without `group_by`, and for orders without a rep.
    #[schema(max_length = 40, example = "cus_019a7c5e8f3a7d10b6c2a94e51637573")]
    pub key: Option<String>,
    /// Name of the customer, rep or product. Null without `group_by`, and for orders without a rep.
    #[schema(max_length = 400, example = "广州天河贸易有限公司")]
    pub label: Option<String>,
    /// Figures of the order lines.
    pub lines: PromisedLines,
    /// Figures of the orders that these lines belong to.
    pub orders: PromisedOrders,
}

/// How much of what was promised was delivered on time and in full.
#[derive(Debug, Serialize, ToSchema)]
pub struct OnTimeInFull {
    /// First day of the range of first promised dates.
    #[schema(value_type = String, format = Date, example = "2025-11-20")]
    pub promised_from: NaiveDate,
    /// Last day of the range of first promised dates.
    #[schema(value_type = String, format = Date, example = "2026-11-20")]
    pub promised_to: NaiveDate,
    /// One row per group and period.
    #[schema(max_items = 5000)]
    pub rows: Vec<PromiseRow>,
    /// Figures of the whole range. An order in several groups or periods counts once.
    pub total: PromiseRow,
}

pub fn routes(r: &mut Routes) {
    r.read("/reports/on-time-in-full", "getOnTimeInFull", report)
        .scope(&[Scope::ReportsRead])
        .unversioned()
        .takes(PARAMS)
        .summary("Report on-time delivery in full")
        .description(
            "Measures delivery against the first promised date of each order line; later promises do not \
                change that date. A delivery counts on the day for which it was confirmed. It covers orders \
                that are confirmed or later and not cancelled, over at most five years. A line that was \
                closed short is not in full, and without any delivery it is neither on time nor late. Rates \
                leave out lines and orders that are still pending. Above 5,000 rows the request is refused \
                with `too_many_groups`.",
        )
        .fails_with(&["too_many_groups"])
        .common
        .fields = false;
}

fn report(rx: &mut ReadTx, req: &Req) -> Result<Answer<OnTimeInFull>> {
    let (from, to) = range(rx, &req.query)?;
    let cond = condition(rx, &req.query, from, to);
    let mut rows = load(rx, &req.query, cond.clone())?;
    if rows.len() > MOST_ROWS {
        return Err(Problem::new("too_many_groups").param("max", MOST_ROWS).into());
    }
    rows.sort_by(|a, b| (&a.period, &a.label, &a.key).cmp(&(&b.period, &b.label, &b.key)));
    let total = load(rx, &Query::default(), cond)?.pop().unwrap_or_default();
    Ok(Answer::of(OnTimeInFull { promised_from: from, promised_to: to, rows, total }))
}

fn range(rx: &ReadTx, query: &Query) -> Result<(NaiveDate, NaiveDate)> {
    let to = query.date("promised_to").unwrap_or_else(|| rx.today());
    let year_before = to.checked_sub_months(Months::new(12)).unwrap_or(to);
    let from = query.date("promised_from").unwrap_or(year_before);
    match to - from > Duration::days(MOST_DAYS) {
        true => Err(bad(vec![Fault::parameter("promised_from", "range_too_long").with("max", MOST_DAYS)])),
        false => Ok((from, to)),
    }
}

fn condition(rx: &ReadTx, query: &Query, from: NaiveDate, to: NaiveDate) -> Predicate {
    let mut cond = Predicate::Compare(col!(order_lines::first_promised_date), Op::Ge, from.into())
        .and(Predicate::Compare(col!(order_lines::first_promised_date), Op::Le, to.into()))
        .and(Predicate::one_of(col!(orders::status), OrderStatus::PROMISED))
        .and(visible_to(rx.caller));
    for (name, column) in
        [("customer_id", col!(orders::customer_id)), ("product_id", col!(order_lines::product_id))]
    {
        if query.get(name).is_some() {
            cond = cond.and(Predicate::ids(column, query.ids(name).iter().copied()));
        }
    }
    // Each promise counts for the rep of its day.
    if query.get("rep_id").is_some() {
        cond = cond.and(reps::counts_for(query.ids("rep_id")));
    }
    if query.get("team_id").is_some() {
        cond = cond.and(reps::counts_for_teams(query.ids("team_id")));
    }
    cond
}

// ---- the query -------------------------------------------------------------------------------------------------

type SchemaValidator = (
    (Nullable<Text>, Nullable<Text>, Nullable<Text>),
    (BigInt, BigInt, BigInt, BigInt, BigInt, BigInt, BigInt, BigInt),
    (BigInt, BigInt, BigInt, BigInt, BigInt, BigInt),
);
type Loaded = (
    (Option<String>, Option<String>, Option<String>),
    (i64, i64, i64, i64, i64, i64, i64, i64),
    (i64, i64, i64, i64, i64, i64),
);

const NOTHING: Sql = sql!("CAST(NULL AS TEXT)");

fn period(word: Option<&str>, dialect: Dialect) -> Sql {
    let span = match word.and_then(PromisePeriod::parse) {
        None => return NOTHING,
        Some(PromisePeriod::Year) => Span::Year,
        Some(PromisePeriod::Quarter) => Span::Quarter,
        Some(PromisePeriod::Month) => Span::Month,
    };
    dialect.span(col!(order_lines::first_promised_date), span)
}

/// Key and label of a dimension, as SQL.
fn key(dimension: Option<PromiseDimension>, dialect: Dialect) -> (Sql, Sql) {
    let (prefix, column, label): (_, Sql, _) = match dimension {
        None => return (NOTHING, NOTHING),
        Some(PromiseDimension::Customer) => ("cus_", col!(orders::customer_id).into(), col!(customers::name)),
        Some(PromiseDimension::Rep) => ("usr_", reps::REP, col!(users::name)),
        Some(PromiseDimension::Product) => {
            ("prd_", col!(order_lines::product_id).into(), col!(products::name))
        }
    };
    let id = dialect.id(column.clone());
    (sql!("CASE WHEN {column} IS NOT NULL THEN '{prefix}' || {id} END"), label.into())
}

/// In one statement, from the inside: the lines as they are; what each of them is; what the lines of each
/// order come to; what the orders of each group come to.
fn load(rx: &mut ReadTx, query: &Query, cond: Predicate) -> Result<Vec<PromiseRow>> {
    let dialect = Dialect::of(rx.conn);
    let span = period(query.word("period"), dialect);
    let (key, label) = key(query.word("group_by").and_then(PromiseDimension::parse), dialect);
    let days = match dialect.sqlite {
        true => sql!("CAST(julianday(arrived) - julianday(promise) AS INTEGER)"),
        false => sql!("arrived - promise"),
    };
    let flag = |when: &str, name: &str| sql!("CASE WHEN {when} THEN 1 ELSE 0 END AS {name}");
    let flags = [
        flag("NOT ended AND NOT past", "pending"),
        flag("NOT ended AND past", "open_late"),
        flag("ended AND arrived <= promise", "on_time"),
        flag("whole", "in_full"),
        flag("whole AND arrived <= promise", "otif"),
        flag("ended AND arrived > promise", "late"),
        sql!("CASE WHEN ended AND arrived > promise THEN {days} ELSE 0 END AS days"),
    ];
    let names = ["pending", "on_time", "in_full", "otif", "late", "days", "open_late"];
    let sums = Sql::list(&names.map(|name| sql!("SUM({name}) AS {name}")));
    let whole = Sql::list(&names.map(|name| sql!("CAST(SUM({name}) AS BIGINT)")));
    let orders = Sql::list(
        &[
            "pending > 0 AND pending + otif = lines",
            "on_time = lines",
            "in_full = lines",
            "otif = lines",
            "open_late > 0",
        ]
        .map(|what| sql!("COUNT(CASE WHEN {what} THEN 1 END)")),
    );
    let flags = Sql::list(&flags);
    let delivered = one_of(col!(shipments::status), &[ShipmentStatus::Delivered]);
    let rep = reps::REP;
    let past = Predicate::Compare(col!(order_lines::first_promised_date), Op::Lt, rx.today().into());
    let most = MOST_ROWS + 1;
    let statement = Statement::<SchemaValidator>::new(sql!(
        "SELECT span, grp, MAX(label), CAST(SUM(lines) AS BIGINT), {whole}, COUNT(*), {orders} FROM (
            SELECT span, grp, order_id, MAX(label) AS label, COUNT(*) AS lines, {sums} FROM (
                SELECT span, grp, label, order_id, {flags} FROM (
                    SELECT {span} AS span, {key} AS grp, {label} AS label, orders.id AS order_id,
                        order_lines.first_promised_date AS promise,
                        order_lines.delivered >= order_lines.quantity AS whole,
                        order_lines.delivered + order_lines.closed >= order_lines.quantity AS ended,
                        (SELECT MAX(shipments.delivered_date) FROM shipment_lines
                            INNER JOIN shipments ON shipments.id = shipment_lines.shipment_id
                            WHERE shipment_lines.order_line_id = order_lines.id
                            AND {delivered}) AS arrived, "
    ))
    .cond(past)
    .sql(sql!(
        " AS past FROM order_lines INNER JOIN orders ON orders.id = order_lines.order_id
            INNER JOIN customers ON customers.id = orders.customer_id
            INNER JOIN products ON products.id = order_lines.product_id
            LEFT JOIN order_reps ON order_reps.order_id = orders.id
                AND order_reps.valid_from <= order_lines.first_promised_date
                AND (order_reps.valid_to IS NULL OR order_reps.valid_to > order_lines.first_promised_date)
            LEFT JOIN users ON users.id = {rep} WHERE "
    ))
    .cond(cond)
    .sql(sql!(
        ") AS promised_lines) AS judged_lines GROUP BY span, grp, order_id) AS judged_orders
        GROUP BY span, grp ORDER BY span, grp LIMIT {most}"
    ));
    let rows: Vec<Loaded> = statement.load(rx.conn)?;
    Ok(rows.into_iter().map(row_of).collect())
}

// ---- rows ------------------------------------------------------------------------------------------------------

fn row_of(((period, key, label), lines, orders): Loaded) -> PromiseRow {
    let (promised, pending, on_time, in_full, on_time_in_full, late, days_late, open_late) = lines;
    let judged = promised - pending;
    let lines = PromisedLines {
        promised,
        pending,
        on_time,
        in_full,
        on_time_in_full,
        late,
        open_late,
        days_late,
        mean_days_late: share(days_late, late).map(Quantity::from_units),
        on_time_rate: share(on_time, judged).map(Rate::from_units),
        in_full_rate: share(in_full, judged).map(Rate::from_units),
        on_time_in_full_rate: share(on_time_in_full, judged).map(Rate::from_units),
    };
    let (promised, pending, on_time, in_full, on_time_in_full, open_late) = orders;
    let judged = promised - pending;
    let orders = PromisedOrders {
        promised,
        pending,
        on_time,
        in_full,
        on_time_in_full,
        open_late,
        on_time_rate: share(on_time, judged).map(Rate::from_units),
        in_full_rate: share(in_full, judged).map(Rate::from_units),
        on_time_in_full_rate: share(on_time_in_full, judged).map(Rate::from_units),
    };
    PromiseRow { period, key, label, lines, orders }
}

/// `part / whole` with six places, rounded half up; None of nothing.
fn share(part: i64, whole: i64) -> Option<i64> {
    let exact = i128::from(part) * 10_000_000;
    (whole > 0).then(|| round_half_away(exact / i128::from(whole), 1) as i64)
}

#[cfg(test)]
mod tests {
    use super::share;

    #[test]
    fn a_rate_is_rounded_to_six_places() {
        assert_eq!(share(2, 3), Some(666_667));
        assert_eq!(share(1, 3), Some(333_333));
        assert_eq!(share(3, 3), Some(1_000_000));
        assert_eq!(share(0, 0), None);
    }
}
