//! Booked sales, grouped in the database. Every figure is a sum over order lines, and a document's sums are the
//! sums of its lines', so the parts always add up to the whole.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Nullable, Text};
use uuid::Uuid;

use super::model::{Dimension, Keys, Measures, SalesRow, SalesSummary};
use crate::base::db::dialect::{Dialect, Span};
use crate::base::db::filter::{Column, Op, Predicate, Sql, col, sql};
use crate::base::db::{Conn, ReadTx};
use crate::base::error::{Error, Problem, Result};
use crate::base::http::params::Query;
use crate::base::types::{Amount, Quantity, TextEnum};
use crate::orders::model::{booked, visible_to};
use crate::orders::reps;
use crate::schema::{
    customers, order_lines, order_reps, orders, product_categories, products, regions, teams, users,
};

const MOST_ROWS: usize = 5_000;

type SchemaValidator = (
    Nullable<Text>,
    Nullable<Text>,
    Nullable<Text>,
    Nullable<Text>,
    Text,
    BigInt,
    BigInt,
    BigInt,
    BigInt,
    BigInt,
    BigInt,
    BigInt,
);
type Loaded = (
    Option<String>,
    Option<String>,
    Option<String>,
    Option<String>,
    String,
    i64,
    i64,
    i64,
    i64,
    i64,
    i64,
    i64,
);

pub fn sales_summary(rx: &mut ReadTx, query: &Query) -> Result<SalesSummary> {
    let dimensions = dimensions(query)?;
    let cond = condition(query).and(visible_to(rx.caller));
    let rows = load(rx.conn, &dimensions, cond.clone(), MOST_ROWS as i64 + 1)?;
    if rows.len() > MOST_ROWS {
        return Err(Problem::new("too_many_groups").param("max", MOST_ROWS).into());
    }
    // The whole is asked for by itself: an order with lines of two products counts once.
    let totals: Vec<Measures> = load(rx.conn, &[], cond, 200)?.iter().map(measures).collect();
    let rows = rows.into_iter().map(|row| row_of(&dimensions, row)).collect();
    let total = if totals.len() == 1 { totals.first().cloned() } else { None };
    Ok(SalesSummary { measure: "booked_sales".into(), rows, total, totals })
}

fn dimensions(query: &Query) -> Result<Vec<Dimension>> {
    query
        .words("group_by")
        .iter()
        .map(|w| Dimension::parse(w).ok_or_else(|| Error::internal("unknown dimension")))
        .collect()
}

fn condition(query: &Query) -> Predicate {
    let mut cond = booked();
    if let Some(from) = query.date("order_date_from") {
        cond = cond.and(Predicate::Compare(col!(orders::order_date), Op::Ge, from.into()));
    }
    if let Some(to) = query.date("order_date_to") {
        cond = cond.and(Predicate::Compare(col!(orders::order_date), Op::Le, to.into()));
    }
    for (name, column) in [
        ("customer_id", col!(orders::customer_id)),
        ("region_id", col!(orders::region_id)),
        ("product_id", col!(order_lines::product_id)),
        ("category_id", col!(products::category_id)),
    ] {
        if query.get(name).is_some() {
            cond = cond.and(Predicate::ids(column, query.ids(name).iter().copied()));
        }
    }
    // Each sale counts for the rep of its day.
    for (name, counting) in
        [("rep_id", reps::counts_for as fn(&[Uuid]) -> _), ("team_id", reps::counts_for_teams)]
    {
        if query.get(name).is_some() {
            cond = cond.and(counting(query.ids(name)));
        }
    }
    for (name, column) in [("channel", col!(orders::channel)), ("currency", col!(orders::currency))] {
        if let Some(text) = query.text(name) {
            cond = cond.and(Predicate::eq(column, text));
        }
    }
    cond
}

// ---- the query -------------------------------------------------------------------------------------------------

/// Key and label of a dimension, as SQL.
fn key(dialect: Dialect, dimension: Dimension) -> (Sql, Option<Sql>) {
    // A label belongs to its key, so any of the group's serves.
    let named = |id: Sql, label: Column| (dialect.id(id), Some(sql!("MAX({label})")));
    let span = |span| (dialect.span(col!(orders::order_date), span), None);
    match dimension {
        Dimension::Customer => named(col!(orders::customer_id).into(), col!(customers::name)),
        Dimension::Rep => named(reps::REP, col!(users::name)),
        Dimension::Team => named(reps::TEAM, col!(teams::name)),
        Dimension::Region => named(col!(orders::region_id).into(), col!(regions::name)),
        Dimension::Product => named(col!(order_lines::product_id).into(), col!(products::name)),
        Dimension::Category => named(col!(products::category_id).into(), col!(product_categories::name)),
        Dimension::Channel => (col!(orders::channel).into(), None),
        Dimension::Status => (col!(orders::status).into(), None),
        Dimension::Year => span(Span::Year),
        Dimension::Quarter => span(Span::Quarter),
        Dimension::Month => span(Span::Month),
        Dimension::Day => span(Span::Day),
    }
}

/// Groups in one statement: keys and labels of up to two dimensions, currency, measures.
fn load(conn: &mut Conn, dimensions: &[Dimension], cond: Predicate, limit: i64) -> Result<Vec<Loaded>> {
    let dialect = Dialect::of(conn);
    let keys: Vec<(Sql, Option<Sql>)> = dimensions.iter().map(|d| key(dialect, *d)).collect();
    let nothing = || sql!("CAST(NULL AS TEXT)");
    let key = |i: usize| keys.get(i).map_or_else(nothing, |(key, _)| key.clone());
    let label = |i: usize| keys.get(i).and_then(|(_, label)| label.clone()).unwrap_or_else(nothing);
    let sum = |column: Column| sql!("CAST(COALESCE(SUM({column}),0) AS BIGINT)");
    let select = Sql::list(&[
        key(0),
        label(0),
        key(1),
        label(1),
        col!(orders::currency).into(),
        sql!("COUNT(DISTINCT orders.id)"),
        sum(col!(order_lines::quantity)),
        sum(col!(order_lines::list)),
        sum(col!(order_lines::discount)),
        sum(col!(order_lines::net)),
        sum(col!(order_lines::tax)),
        sum(col!(order_lines::gross)),
    ]);
    let mut group: Vec<Sql> = keys.iter().map(|(key, _)| key.clone()).collect();
    group.push(col!(orders::currency).into());
    let group = Sql::list(&group);
    let (rep, team) = (reps::REP, reps::TEAM);
    let query = orders::table
        .inner_join(order_lines::table.on(order_lines::order_id.eq(orders::id)))
        .inner_join(products::table.on(products::id.eq(order_lines::product_id)))
        .inner_join(customers::table.on(customers::id.eq(orders::customer_id)))
        .left_join(product_categories::table.on(product_categories::id.nullable().eq(products::category_id)))
        .left_join(order_reps::table.on(
            order_reps::order_id.eq(orders::id).and(order_reps::valid_from.le(orders::order_date)).and(
                order_reps::valid_to.is_null().or(order_reps::valid_to.gt(orders::order_date.nullable())),
            ),
        ))
        .left_join(users::table.on(sql!("users.id = {rep}").typed::<Bool>()))
        .left_join(teams::table.on(sql!("teams.id = {team}").typed::<Bool>()))
        .left_join(regions::table.on(regions::id.nullable().eq(orders::region_id)))
        .filter(cond)
        .group_by(group.typed::<Text>())
        .select(select.typed::<SchemaValidator>())
        .order(group.typed::<Text>())
        .limit(limit);
    Ok(query.load(conn)?)
}

// ---- rows ------------------------------------------------------------------------------------------------------

fn measures(row: &Loaded) -> Measures {
    Measures {
        currency: row.4.clone(),
        orders: row.5,
        quantity: Quantity::from_units(row.6),
        list: Amount::from_units(row.7),
        discount: Amount::from_units(row.8),
        net: Amount::from_units(row.9),
        tax: Amount::from_units(row.10),
        gross: Amount::from_units(row.11),
    }
}

fn row_of(dimensions: &[Dimension], row: Loaded) -> SalesRow {
    let measures = measures(&row);
    let mut keys = Keys::default();
    let given = [(row.0, row.1), (row.2, row.3)];
    for (dimension, (key, label)) in dimensions.iter().zip(given) {
        set_key(&mut keys, *dimension, key, label);
    }
    SalesRow { keys, measures }
}

fn set_key(keys: &mut Keys, dimension: Dimension, key: Option<String>, label: Option<String>) {
    let id = |prefix: &str, key: Option<String>| {
        Some(key.filter(|k| !k.is_empty()).map(|k| format!("{prefix}_{k}")))
    };
    match dimension {
        Dimension::Year => keys.year = Some(key),
        Dimension::Quarter => keys.quarter = Some(key),
        Dimension::Month => keys.month = Some(key),
        Dimension::Day => keys.day = Some(key),
        Dimension::Channel => keys.channel = Some(key),
        Dimension::Status => keys.status = Some(key),
        Dimension::Customer => (keys.customer_id, keys.customer) = (id("cus", key), Some(label)),
        Dimension::Rep => (keys.rep_id, keys.rep) = (id("usr", key), Some(label)),
        Dimension::Team => (keys.team_id, keys.team) = (id("tem", key), Some(label)),
        Dimension::Region => (keys.region_id, keys.region) = (id("reg", key), Some(label)),
        Dimension::Product => (keys.product_id, keys.product) = (id("prd", key), Some(label)),
        Dimension::Category => (keys.category_id, keys.category) = (id("cat", key), Some(label)),
    }
}
