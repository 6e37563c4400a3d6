//! What a customer has bought, how often, and how much of the credit limit is left.
//!
//! Totals include all orders of the customer, also those of other reps: the owner of a customer has to know
//! what it is worth. Single orders stay subject to the visibility of orders.

use chrono::{Duration, NaiveDate};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Date, Nullable, Text};
use serde::Serialize;
use utoipa::ToSchema;

use crate::base::auth::{Scope, forbidden};
use crate::base::db::dialect::{Dialect, Span};
use crate::base::db::filter::{Predicate, Sql, col, sql};
use crate::base::db::sql_types::Key;
use crate::base::db::{Conn, ReadTx};
use crate::base::error::Result;
use crate::base::http::{Answer, Req, Routes};
use crate::base::types::{Amount, Quantity};
use crate::customers::model::{Customer, CustomerId, CustomerStatus};
use crate::customers::work;
use crate::orders::model::{OrderId, booked, open};
use crate::products::model::ProductId;
use crate::schema::{order_lines, orders, products};

/// Days with orders that the rhythm is read from.
const DAYS_OF_RHYTHM: i64 = 61;
/// Fewer days with orders have no rhythm.
const FEWEST_DAYS: usize = 3;
const MOST_PRODUCTS: i64 = 20;
/// A hundred years in a few currencies.
const MOST_YEARS: i64 = 400;

/// Totals of orders in one currency.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct PurchaseTotal {
    /// Currency of the amounts, ISO 4217.
    #[schema(max_length = 3, example = "CNY")]
    pub currency: String,
    /// Number of orders.
    #[schema(value_type = i64, minimum = 0, maximum = 9007199254740991i64, example = 12)]
    pub orders: i64,
    /// Total after discount and before tax, in `currency`.
    #[schema(example = "12500.00")]
    pub net: Amount,
    /// Total with tax, in `currency`.
    #[schema(example = "14125.00")]
    pub gross: Amount,
}

/// Totals of one year's orders in one currency.
#[derive(Debug, Serialize, ToSchema)]
pub struct PurchaseYear {
    /// Calendar year of the order date.
    #[schema(max_length = 4, example = "2026")]
    pub year: String,
    #[serde(flatten)]
    pub total: PurchaseTotal,
}

/// A product that the customer has bought, in one currency.
#[derive(Debug, Serialize, ToSchema)]
pub struct PurchasedProduct {
    /// The product.
    pub product_id: ProductId,
    /// Article number of the product.
    #[schema(max_length = 60, example = "TEA-001")]
    pub sku: String,
    /// Name of the product.
    #[schema(max_length = 400, example = "西湖龙井 250g")]
    pub name: String,
    /// Currency of `net`, ISO 4217.
    #[schema(max_length = 3, example = "CNY")]
    pub currency: String,
    /// Number of orders with this product.
    #[schema(value_type = i64, minimum = 1, maximum = 9007199254740991i64, example = 3)]
    pub orders: i64,
    /// Sum of the ordered quantities. Quantities in different units are added as they are.
    pub quantity: Quantity,
    /// Total of the lines after discount and before tax, in `currency`.
    pub net: Amount,
    /// Date of the last order with this product.
    pub last_order_date: Option<NaiveDate>,
}

/// How often the customer orders, computed from the last days with orders.
#[derive(Debug, PartialEq, Serialize, ToSchema)]
pub struct PurchaseRhythm {
    /// Number of days with orders that the rhythm is computed from, at most the last 61.
    #[schema(minimum = 3, maximum = 61, example = 12)]
    pub order_days: i32,
    /// Median of the days between two days with orders.
    #[schema(minimum = 1, example = 14)]
    pub median_days: i32,
    /// Shortest time between two days with orders, in days.
    #[schema(minimum = 1, example = 7)]
    pub shortest_days: i32,
    /// Longest time between two days with orders, in days.
    #[schema(minimum = 1, example = 45)]
    pub longest_days: i32,
    /// Day when the next order is expected: the last order date plus `median_days`.
    pub next_expected_on: NaiveDate,
    /// Days since `next_expected_on`. 0 when that day has not passed.
    #[schema(minimum = 0, example = 0)]
    pub overdue_days: i32,
}

/// What a customer has bought: orders that are approved or later and not cancelled.
#[derive(Debug, Serialize, ToSchema)]
pub struct PurchaseHistory {
    /// Date of the first order. Null when there is none.
    pub first_order_date: Option<NaiveDate>,
    /// Date of the last order. Null when there is none.
    pub last_order_date: Option<NaiveDate>,
    /// The last order. Null when there is none.
    pub last_order_id: Option<OrderId>,
    /// Totals of all orders, one entry per currency.
    #[schema(max_items = 200)]
    pub totals: Vec<PurchaseTotal>,
    /// Totals per year and currency, the newest year first.
    #[schema(max_items = 400)]
    pub years: Vec<PurchaseYear>,
    /// The products with the highest `net`, at most 20.
    #[schema(max_items = 20)]
    pub products: Vec<PurchasedProduct>,
    /// How often the customer orders. Null with fewer than three days with orders.
    pub rhythm: Option<PurchaseRhythm>,
    /// Totals of the orders that are approved and not completed, one entry per currency.
    #[schema(max_items = 200)]
    pub open_orders: Vec<PurchaseTotal>,
    /// Invoiced and not yet paid. Always null as long as invoices are not kept in this system.
    pub open_balance: Option<Amount>,
}

/// How much of a customer's credit limit is used.
#[derive(Debug, PartialEq, Serialize, ToSchema)]
pub struct CreditStanding {
    /// Currency of all amounts here except in `other_currencies`, ISO 4217.
    #[schema(max_length = 3, example = "CNY")]
    pub currency: String,
    /// Highest total of open orders, in `currency`, with tax. Null means that there is no limit.
    pub credit_limit: Option<Amount>,
    /// Total of the orders that are approved and not completed, in `currency`, with tax. The review of an
    /// order counts it against the limit.
    pub open_orders: Amount,
    /// Invoiced and not yet paid. Always null as long as invoices are not kept in this system.
    pub open_balance: Option<Amount>,
    /// What is left of the limit, in `currency`. Negative when the limit is exceeded; null when there is no
    /// limit.
    pub available: Option<Amount>,
    /// True when the open orders exceed the limit.
    pub over_limit: bool,
    /// True when the customer is blocked.
    pub blocked: bool,
    /// Days from invoice to payment.
    #[schema(minimum = 0, maximum = 365, example = 30)]
    pub payment_days: i32,
    /// Payment terms in words. Null when none were set.
    #[schema(max_length = 500, example = "30 days net")]
    pub payment_terms: Option<String>,
    /// Open orders in other currencies. They do not count against the limit.
    #[schema(max_items = 200)]
    pub other_currencies: Vec<PurchaseTotal>,
}

const READ: &[Scope] = &[Scope::CustomersRead];

pub fn routes(r: &mut Routes) {
    // The area of customers says what this tag is.
    r.tag("customers", "");
    r.within_restrictions();
    r.read("/customers/{customer_id}/purchase-history", "getCustomerPurchaseHistory", history)
        .scope(READ)
        .unversioned()
        .summary("Read a customer's purchase history")
        .description(
            "Shows what the customer has bought: totals per currency and per year, the main products, how \
                often the customer orders and when the next order is expected. It counts orders that are \
                approved or later and not cancelled, by order date. The totals include the orders of all \
                reps. It needs `orders:read` as well.",
        );
    r.read("/customers/{customer_id}/credit-standing", "getCustomerCreditStanding", standing)
        .scope(READ)
        .unversioned()
        .summary("Read a customer's credit standing")
        .description(
            "Shows the credit limit, the open orders that count against it, and what is left. It needs \
                `orders:read` as well. `POST /customers/{customer_id}/credit-terms` sets the limit.",
        );
}

fn find(rx: &mut ReadTx, id: CustomerId) -> Result<Customer> {
    if !rx.caller.may(Scope::OrdersRead) {
        return Err(forbidden(&[Scope::OrdersRead]));
    }
    work::find(rx.conn, rx.caller, id)
}

fn history(rx: &mut ReadTx, req: &Req<CustomerId>) -> Result<Answer<PurchaseHistory>> {
    let customer = find(rx, req.path)?;
    let booked = booked_of(customer.id);
    let days = order_days(rx.conn, booked.clone())?;
    let last = orders::table.filter(booked.clone()).order((orders::order_date.desc(), orders::id.desc()));
    let first = orders::table.filter(booked.clone()).order((orders::order_date, orders::id));
    let years = years(rx.conn, booked.clone())?;
    Ok(Answer::of(PurchaseHistory {
        first_order_date: first.select(orders::order_date).first(rx.conn).optional()?,
        last_order_date: days.first().copied(),
        last_order_id: last.select(orders::id).first(rx.conn).optional()?,
        totals: totals_of(&years)?,
        years,
        products: products_of(rx.conn, booked)?,
        rhythm: rhythm(&days, rx.today()),
        open_orders: open_orders(rx.conn, customer.id)?,
        open_balance: None,
    }))
}

fn standing(rx: &mut ReadTx, req: &Req<CustomerId>) -> Result<Answer<CreditStanding>> {
    let customer = find(rx, req.path)?;
    let open = open_orders(rx.conn, customer.id)?;
    Ok(Answer::of(stands(CreditTerms::of(customer), open)?))
}

/// What was agreed with a customer.
struct CreditTerms {
    currency: String,
    credit_limit: Option<Amount>,
    blocked: bool,
    payment_days: i32,
    payment_terms: Option<String>,
}

impl CreditTerms {
    fn of(customer: Customer) -> CreditTerms {
        CreditTerms {
            currency: customer.currency,
            credit_limit: customer.credit_limit,
            blocked: customer.status == CustomerStatus::Blocked,
            payment_days: customer.payment_days,
            payment_terms: customer.payment_terms,
        }
    }
}

fn stands(terms: CreditTerms, open: Vec<PurchaseTotal>) -> Result<CreditStanding> {
    let (own, other_currencies): (Vec<_>, Vec<_>) =
        open.into_iter().partition(|total| total.currency == terms.currency);
    let open_orders = own.first().map(|total| total.gross).unwrap_or_default();
    let available = terms.credit_limit.map(|limit| limit.checked_sub(open_orders)).transpose()?;
    Ok(CreditStanding {
        over_limit: available.is_some_and(|left| left.is_negative()),
        available,
        credit_limit: terms.credit_limit,
        currency: terms.currency,
        open_orders,
        open_balance: None,
        blocked: terms.blocked,
        payment_days: terms.payment_days,
        payment_terms: terms.payment_terms,
        other_currencies,
    })
}

// ---- what there is -------------------------------------------------------------------------------------------

fn booked_of(customer: CustomerId) -> Predicate {
    Predicate::eq(col!(orders::customer_id), customer.0).and(booked())
}

const SUMS: Sql = sql!(
    "orders.currency, COUNT(*), CAST(COALESCE(SUM(orders.net),0) AS BIGINT), \
        CAST(COALESCE(SUM(orders.gross),0) AS BIGINT)"
);

fn total((currency, orders, net, gross): (String, i64, i64, i64)) -> PurchaseTotal {
    PurchaseTotal { currency, orders, net: Amount::from_units(net), gross: Amount::from_units(gross) }
}

fn years(conn: &mut Conn, of: Predicate) -> Result<Vec<PurchaseYear>> {
    let year = Dialect::of(conn).span(col!(orders::order_date), Span::Year);
    let rows: Vec<(String, String, i64, i64, i64)> = orders::table
        .filter(of)
        .group_by(sql!("{year}, orders.currency").typed::<Text>())
        .select(sql!("{year}, {SUMS}").typed::<(Text, Text, BigInt, BigInt, BigInt)>())
        .order(sql!("{year} DESC, orders.currency").typed::<Text>())
        .limit(MOST_YEARS)
        .load(conn)?;
    let view = |(year, currency, orders, net, gross)| PurchaseYear {
        year,
        total: total((currency, orders, net, gross)),
    };
    Ok(rows.into_iter().map(view).collect())
}

/// The whole is the sum of its years.
fn totals_of(years: &[PurchaseYear]) -> Result<Vec<PurchaseTotal>> {
    let mut totals: Vec<PurchaseTotal> = Vec::new();
    for PurchaseYear { total, .. } in years {
        match totals.iter_mut().find(|t| t.currency == total.currency) {
            None => totals.push(total.clone()),
            Some(whole) => {
                whole.orders += total.orders;
                whole.net = whole.net.checked_add(total.net)?;
                whole.gross = whole.gross.checked_add(total.gross)?;
            }
        }
    }
    totals.sort_by(|a, b| a.currency.cmp(&b.currency));
    Ok(totals)
}

/// By the partial index of what counts against a credit limit.
fn open_orders(conn: &mut Conn, customer: CustomerId) -> Result<Vec<PurchaseTotal>> {
    let rows: Vec<(String, i64, i64, i64)> = orders::table
        .filter(Predicate::eq(col!(orders::customer_id), customer.0).and(open()))
        .group_by(orders::currency)
        .select(SUMS.typed::<(Text, BigInt, BigInt, BigInt)>())
        .order(orders::currency)
        .load(conn)?;
    Ok(rows.into_iter().map(total).collect())
}

/// The last days with orders, the newest first.
fn order_days(conn: &mut Conn, of: Predicate) -> Result<Vec<NaiveDate>> {
    let days = orders::table.filter(of).select(orders::order_date).distinct();
    Ok(days.order(orders::order_date.desc()).limit(DAYS_OF_RHYTHM).load(conn)?)
}

type Bought = (ProductId, String, String, String, i64, i64, i64, Option<NaiveDate>);

fn products_of(conn: &mut Conn, of: Predicate) -> Result<Vec<PurchasedProduct>> {
    let sums = sql!(
        "orders.currency, COUNT(DISTINCT orders.id), CAST(COALESCE(SUM(order_lines.quantity),0) AS BIGINT), \
            CAST(COALESCE(SUM(order_lines.net),0) AS BIGINT), MAX(orders.order_date)"
    );
    let most_first = sql!("COALESCE(SUM(order_lines.net),0) DESC, order_lines.product_id, orders.currency");
    let rows: Vec<(ProductId, (String, i64, i64, i64, Option<NaiveDate>))> = orders::table
        .inner_join(order_lines::table.on(order_lines::order_id.eq(orders::id)))
        .filter(of)
        .group_by(sql!("order_lines.product_id, orders.currency").typed::<Text>())
        .select((
            sql!("order_lines.product_id").typed::<Key>(),
            sums.typed::<(Text, BigInt, BigInt, BigInt, Nullable<Date>)>(),
        ))
        .order(most_first.typed::<BigInt>())
        .limit(MOST_PRODUCTS)
        .load(conn)?;
    let ids: Vec<ProductId> = rows.iter().map(|row| row.0).collect();
    let named: Vec<(ProductId, String, String)> = products::table
        .filter(Predicate::ids(col!(products::id), ids.iter().map(|id| id.0)))
        .select((products::id, products::sku, products::name))
        .load(conn)?;
    let bought = rows.into_iter().filter_map(|(id, (currency, orders, quantity, net, last))| {
        let (_, sku, name) = named.iter().find(|named| named.0 == id)?.clone();
        Some((id, sku, name, currency, orders, quantity, net, last))
    });
    Ok(bought.map(product).collect())
}

fn product((product_id, sku, name, currency, orders, quantity, net, last): Bought) -> PurchasedProduct {
    let (quantity, net) = (Quantity::from_units(quantity), Amount::from_units(net));
    PurchasedProduct { product_id, sku, name, currency, orders, quantity, net, last_order_date: last }
}

/// The rhythm of these days, the newest first.
fn rhythm(days: &[NaiveDate], today: NaiveDate) -> Option<PurchaseRhythm> {
    if days.len() < FEWEST_DAYS {
        return None;
    }
    let mut between: Vec<i32> = days
        .windows(2)
        .map(|pair| i32::try_from((pair[0] - pair[1]).num_days()).unwrap_or(i32::MAX))
        .collect();
    between.sort_unstable();
    let median_days = between[(between.len() - 1) / 2];
    let next_expected_on = days.first()?.checked_add_signed(Duration::days(i64::from(median_days)))?;
    Some(PurchaseRhythm {
        order_days: days.len() as i32,
        median_days,
        shortest_days: *between.first()?,
        longest_days: *between.last()?,
        next_expected_on,
        overdue_days: i32::try_from((today - next_expected_on).num_days().max(0)).unwrap_or(i32::MAX),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(n: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, 1, 1)
            .and_then(|d| d.checked_add_days(chrono::Days::new(n.into())))
            .unwrap()
    }

    #[test]
    fn a_rhythm_is_the_median_of_the_times_between_orders() {
        let days = [day(60), day(30), day(20), day(10), day(0)];
        let found = rhythm(&days, day(75)).unwrap();
        assert_eq!((found.median_days, found.shortest_days, found.longest_days), (10, 10, 30));
        assert_eq!((found.next_expected_on, found.overdue_days), (day(70), 5));
        assert_eq!(rhythm(&days, day(65)).unwrap().overdue_days, 0);
        assert_eq!(rhythm(&days[..2], day(75)), None);
    }

    #[test]
    fn what_is_left_of_a_limit_is_below_zero_when_it_is_exceeded() {
        let terms = || CreditTerms {
            currency: "CNY".into(),
            credit_limit: Some(Amount::from_units(10_000_000)),
            blocked: false,
            payment_days: 30,
            payment_terms: None,
        };
        let open = |currency: &str, gross: i64| total((currency.to_owned(), 1, gross, gross));
        let found = stands(terms(), vec![open("CNY", 12_000_000), open("USD", 1)]).unwrap();
        assert_eq!(found.available, Some(Amount::from_units(-2_000_000)));
        assert!(found.over_limit);
        assert_eq!(found.other_currencies, [open("USD", 1)]);
        assert!(!stands(terms(), vec![]).unwrap().over_limit);
    }
}
