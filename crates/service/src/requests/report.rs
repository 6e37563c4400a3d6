//! Report on how departments and suppliers answer requests: how many, how fast, in time or late.

use std::collections::HashMap;

use chrono::{Days, NaiveDate};

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable};
use serde::Serialize;
use utoipa::ToSchema;

use super::model::{late, still_open, visible_to};
use super::rules::{RequestStatus, hours, percentile};
use crate::base::db::filter::{Op, Predicate, Sql, col, one_of, sql};
use crate::base::db::sql_types::Key;
use crate::base::db::{AnyId, ReadTx};
use crate::base::deadlines::calendar;
use crate::base::error::{Fault, Problem, Result};
use crate::base::http::params::{Param, Query, Takes, bad};
use crate::base::http::{Answer, Req, Routes};
use crate::base::types::Quantity;
use crate::departments::DepartmentId;
use crate::schema::{departments, requests, suppliers};
use crate::suppliers::SupplierId;

/// The longest range, in days, and the usual one.
const MOST_DAYS: i64 = 366;
const USUAL_DAYS: u64 = 89;
/// Departments and suppliers in one report.
const MOST_ROWS: i64 = 1_000;
/// Different times until an answer, over all of them.
const MOST_TIMES: i64 = 100_000;

const PARAMS: &[Param] = &[
    Param::new(
        "created_from",
        Takes::Date,
        "Requests asked on this day or later. Defaults to 89 days before `created_to`.",
    ),
    Param::new(
        "created_to",
        Takes::Date,
        "Requests asked on this day or earlier. Defaults to today. A range of more than 366 days is refused.",
    ),
    Param::new("department_id", Takes::Ids("dep"), "Requests to these departments."),
    Param::new("supplier_id", Takes::Ids("sup"), "Requests to these suppliers."),
];

/// Numbers of requests, and how fast they were answered.
#[derive(Debug, Clone, Default, Serialize, ToSchema)]
pub struct RequestFigures {
    /// Number of requests: `done`, `declined`, `withdrawn` and `open` together.
    #[schema(value_type = i64, minimum = 0, maximum = 9007199254740991i64, example = 40)]
    pub requests: i64,
    /// How many of them were accepted or declined, whatever happened later.
    #[schema(value_type = i64, minimum = 0, maximum = 9007199254740991i64, example = 36)]
    pub answered: i64,
    /// How many of them were answered before the response deadline.
    #[schema(value_type = i64, minimum = 0, maximum = 9007199254740991i64, example = 30)]
    pub answered_in_time: i64,
    /// Median working time until the answer, in hours: half of the answered requests took no longer. Null
    /// when none was answered.
    #[schema(example = "3.25")]
    pub median_response_hours: Option<Quantity>,
    /// Working hours within which 90 % of the answered requests were answered. Null when none was.
    #[schema(example = "9.5")]
    pub p90_response_hours: Option<Quantity>,
    /// How many of them are done.
    #[schema(value_type = i64, minimum = 0, maximum = 9007199254740991i64, example = 25)]
    pub done: i64,
    /// How many of them were done by their date (`due_on`).
    #[schema(value_type = i64, minimum = 0, maximum = 9007199254740991i64, example = 22)]
    pub done_in_time: i64,
    /// How many of them were declined.
    #[schema(value_type = i64, minimum = 0, maximum = 9007199254740991i64, example = 3)]
    pub declined: i64,
    /// How many of them were withdrawn.
    #[schema(value_type = i64, minimum = 0, maximum = 9007199254740991i64, example = 2)]
    pub withdrawn: i64,
    /// How many of them are open, accepted or in progress.
    #[schema(value_type = i64, minimum = 0, maximum = 9007199254740991i64, example = 10)]
    pub open: i64,
    /// How many of the open ones were not answered in time and still are not, or are not done by their date.
    #[schema(value_type = i64, minimum = 0, maximum = 9007199254740991i64, example = 1)]
    pub open_overdue: i64,
}

/// Figures of one department or supplier.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct RequestResponseRow {
    /// The department. Null for a supplier.
    pub department_id: Option<DepartmentId>,
    /// The supplier. Null for a department.
    pub supplier_id: Option<SupplierId>,
    /// Code of the department or supplier.
    #[schema(max_length = 40, example = "WH")]
    pub code: String,
    /// Name of the department or supplier.
    #[schema(max_length = 200, example = "仓储部")]
    pub name: String,
    #[serde(flatten)]
    pub figures: RequestFigures,
}

/// How departments and suppliers answered the requests of a range of days.
#[derive(Debug, Serialize, ToSchema)]
pub struct RequestResponseReport {
    /// First day of the range, in the company's time zone.
    pub created_from: NaiveDate,
    /// Last day of the range, in the company's time zone.
    pub created_to: NaiveDate,
    /// Departments and suppliers, the one with the most requests first.
    #[schema(max_items = 1000)]
    pub rows: Vec<RequestResponseRow>,
    /// Figures of all requests in the range. Its numbers are the sums of the rows; its times are computed
    /// over all requests.
    pub total: RequestFigures,
}

pub fn routes(r: &mut Routes) {
    r.tag("reports", "Figures over what you may see.");
    r.within_restrictions();
    r.read("/reports/request-response", "getRequestResponseReport", report)
        .scope(super::READ)
        .unversioned()
        .takes(PARAMS)
        .summary("Report on answers to requests")
        .description("Counts the requests that you may see per department and supplier: how many were answered and done in time, and how many working hours an answer took. The rows add up to the total. Refused with `too_many_groups` above 1,000 departments and suppliers.")
        .fails_with(&["too_many_groups"])
        .common
        .fields = false;
}

fn report(rx: &mut ReadTx, req: &Req) -> Result<Answer<RequestResponseReport>> {
    let (created_from, created_to) = range(rx, &req.query)?;
    let cond = condition(rx, &req.query, created_from, created_to)?;
    let counted = count(rx, cond.clone())?;
    let times = times(rx, cond)?;
    let mut total = RequestFigures::default();
    let mut all: HashMap<i64, i64> = HashMap::new();
    let mut rows: Vec<RequestResponseRow> = Vec::with_capacity(counted.len());
    for mut row in counted {
        let own = times.get(&(row.department_id, row.supplier_id)).map_or(&[][..], Vec::as_slice);
        set_times(&mut row.figures, own);
        own.iter().for_each(|(minutes, n)| *all.entry(*minutes).or_default() += n);
        add(&mut total, &row.figures);
        rows.push(row);
    }
    let mut all: Vec<(i64, i64)> = all.into_iter().collect();
    all.sort_unstable();
    set_times(&mut total, &all);
    rows.sort_by(|a, b| (b.figures.requests, &a.code).cmp(&(a.figures.requests, &b.code)));
    Ok(Answer::of(RequestResponseReport { created_from, created_to, rows, total }))
}

fn range(rx: &ReadTx, query: &Query) -> Result<(NaiveDate, NaiveDate)> {
    let to = query.date("created_to").unwrap_or_else(|| rx.today());
    let usual = to.checked_sub_days(Days::new(USUAL_DAYS)).unwrap_or(to);
    let from = query.date("created_from").unwrap_or(usual);
    match (to - from).num_days() {
        0..MOST_DAYS => Ok((from, to)),
        _ => Err(bad(vec![Fault::parameter("created_from", "range_of_days").with("max", MOST_DAYS)])),
    }
}

fn condition(rx: &mut ReadTx, query: &Query, from: NaiveDate, to: NaiveDate) -> Result<Predicate> {
    let (calendar, _) = calendar(rx.conn, rx.core.zone)?;
    let begin = calendar.midnight_after(from.pred_opt().unwrap_or(from));
    let mut cond = visible_to(rx.caller)
        .and(Predicate::Compare(col!(requests::created_at), Op::Ge, begin.into()))
        .and(Predicate::Compare(col!(requests::created_at), Op::Lt, calendar.midnight_after(to).into()));
    for (name, column) in
        [("department_id", col!(requests::department_id)), ("supplier_id", col!(requests::supplier_id))]
    {
        if query.get(name).is_some() {
            cond = cond.and(Predicate::ids(column, query.ids(name).iter().copied()));
        }
    }
    Ok(cond)
}

type Counted = (
    Option<DepartmentId>,
    Option<SupplierId>,
    (Option<String>, Option<String>, Option<String>, Option<String>),
    (i64, i64, i64, i64, i64, i64, i64, i64, i64),
);
type Names = (
    Nullable<diesel::sql_types::Text>,
    Nullable<diesel::sql_types::Text>,
    Nullable<diesel::sql_types::Text>,
    Nullable<diesel::sql_types::Text>,
);
type Counts = (BigInt, BigInt, BigInt, BigInt, BigInt, BigInt, BigInt, BigInt, BigInt);

/// The counts of each department and supplier.
fn count(rx: &mut ReadTx, cond: Predicate) -> Result<Vec<RequestResponseRow>> {
    let count = |what: Sql| sql!("COUNT(CASE WHEN {what} THEN 1 END)");
    let is = |status: RequestStatus| one_of(col!(requests::status), &[status]);
    let done = is(RequestStatus::Done);
    let select = Sql::list(&[
        sql!("requests.department_id, requests.supplier_id"),
        sql!("MAX(departments.code), MAX(departments.name), MAX(suppliers.code), MAX(suppliers.name)"),
        sql!("COUNT(*)"),
        count(sql!("requests.answered_at IS NOT NULL")),
        count(sql!("requests.answered_at IS NOT NULL AND NOT requests.response_missed")),
        count(done.clone()),
        count(sql!("{done} AND NOT requests.delivery_missed")),
        count(is(RequestStatus::Declined)),
        count(is(RequestStatus::Withdrawn)),
        count(still_open()),
        count(late()),
    ]);
    let rows: Vec<Counted> = requests::table
        .left_join(departments::table.on(departments::id.nullable().eq(requests::department_id)))
        .left_join(suppliers::table.on(suppliers::id.nullable().eq(requests::supplier_id)))
        .filter(cond)
        .group_by((requests::department_id, requests::supplier_id))
        .select(select.typed::<(Nullable<Key>, Nullable<Key>, Names, Counts)>())
        .order(sql!("7 DESC, 1, 2").typed::<BigInt>())
        .limit(MOST_ROWS + 1)
        .load(rx.conn)?;
    if rows.len() as i64 > MOST_ROWS {
        return Err(Problem::new("too_many_groups").param("max", MOST_ROWS).into());
    }
    Ok(rows.into_iter().map(row_of).collect())
}

fn row_of((department_id, supplier_id, names, counts): Counted) -> RequestResponseRow {
    RequestResponseRow {
        department_id,
        supplier_id,
        code: names.0.or(names.2).unwrap_or_default(),
        name: names.1.or(names.3).unwrap_or_default(),
        figures: RequestFigures {
            requests: counts.0,
            answered: counts.1,
            answered_in_time: counts.2,
            median_response_hours: None,
            p90_response_hours: None,
            done: counts.3,
            done_in_time: counts.4,
            declined: counts.5,
            withdrawn: counts.6,
            open: counts.7,
            open_overdue: counts.8,
        },
    }
}

/// Per department and supplier: pairs of working minutes until the answer, ascending, and the number of requests.
type Times = HashMap<(Option<DepartmentId>, Option<SupplierId>), Vec<(i64, i64)>>;

fn times(rx: &mut ReadTx, cond: Predicate) -> Result<Times> {
    const MINUTES: Sql = sql!("requests.response_seconds / 60");
    let select = sql!("requests.department_id, requests.supplier_id, {MINUTES}, COUNT(*)");
    let rows: Vec<(Option<AnyId>, Option<AnyId>, i64, i64)> = requests::table
        .filter(cond.and(Predicate::NotNull(col!(requests::response_seconds))))
        .group_by((requests::department_id, requests::supplier_id, MINUTES.typed::<BigInt>()))
        .select(select.typed::<(Nullable<Key>, Nullable<Key>, BigInt, BigInt)>())
        .order(sql!("3").typed::<BigInt>())
        .limit(MOST_TIMES + 1)
        .load(rx.conn)?;
    if rows.len() as i64 > MOST_TIMES {
        return Err(Problem::new("too_many_groups").param("max", MOST_TIMES).into());
    }
    let mut times = Times::new();
    for (department, supplier, minutes, n) in rows {
        let asked = (department.map(|id| DepartmentId(id.0)), supplier.map(|id| SupplierId(id.0)));
        times.entry(asked).or_default().push((minutes, n));
    }
    Ok(times)
}

fn set_times(figures: &mut RequestFigures, times: &[(i64, i64)]) {
    figures.median_response_hours = percentile(times, 50).map(hours);
    figures.p90_response_hours = percentile(times, 90).map(hours);
}

fn add(total: &mut RequestFigures, row: &RequestFigures) {
    total.requests += row.requests;
    total.answered += row.answered;
    total.answered_in_time += row.answered_in_time;
    total.done += row.done;
    total.done_in_time += row.done_in_time;
    total.declined += row.declined;
    total.withdrawn += row.withdrawn;
    total.open += row.open;
    total.open_overdue += row.open_overdue;
}
