//! What a reviewer must look at: gathers the facts, in a fixed number of statements, and puts the findings
//! into words.

use chrono::Duration;
use diesel::prelude::*;

use super::super::model::{Order, OrderRow, Override, Review, open};
use super::super::rules::{self, Facts, Finding, OrderStatus, Raised};
use crate::base::auth::{Caller, Role};
use crate::base::db::filter::{Op, Predicate, col, sql};
use crate::base::db::{Conn, Guard, Tx};
use crate::base::error::{Error, Problem, Result};
use crate::base::messages::{self, Lang};
use crate::base::types::{Amount, At};
use crate::customers::model::{Customer, CustomerStatus};
use crate::customers::work as customers;
use crate::people::UserId;
use crate::products::model::ProductStatus;
use crate::products::work as products;
use crate::schema::{orders, users};
use crate::settings::model::OrderSettings;
use crate::settings::work as settings;

/// Everything that a review goes by.
pub struct Surroundings {
    pub customer: Customer,
    pub settings: OrderSettings,
    pub exposure: Amount,
    pub duplicate_of: Option<String>,
    pub not_on_sale: Vec<super::super::model::OrderLineId>,
    /// The role of who submitted it, or the one whose limits hold for them.
    pub entered_by: Option<Role>,
}

/// Gathers it.
pub fn surroundings(conn: &mut Conn, order: &Order, caller: &Caller) -> Result<Surroundings> {
    let customer = customers::load(conn, order.row.customer_id)?;
    let settings = settings::load(conn)?.orders.0;
    let days = Duration::days(i64::from(settings.duplicate_days));
    Ok(Surroundings {
        exposure: exposure(conn, &order.row)?,
        duplicate_of: duplicate_of(conn, &order.row, days)?,
        not_on_sale: not_on_sale(conn, order)?,
        entered_by: entered_by(conn, &order.row, caller)?,
        customer,
        settings,
    })
}

/// The same for a step that is decided by it. The guard stands for all open orders of the customer: those that use
/// up credit and those that this one may repeat.
pub fn surroundings_in(tx: &mut Tx, order: &Order) -> Result<Surroundings> {
    let caller = tx.caller;
    tx.under(Guard::row("credit", order.row.customer_id), |conn| surroundings(conn, order, caller))
}

/// The gross of the customer's other open orders in this currency. Completed orders do not count, so the cost
/// of this query does not grow with history.
pub fn exposure(conn: &mut Conn, order: &OrderRow) -> Result<Amount> {
    let others = Predicate::eq(col!(orders::customer_id), order.customer_id.0)
        .and(Predicate::eq(col!(orders::currency), order.currency.as_str()))
        .and(open())
        .and(Predicate::negate(Predicate::eq(col!(orders::id), order.id.0)));
    let sum: i64 = orders::table
        .filter(others)
        .select(sql!("CAST(COALESCE(SUM(orders.gross),0) AS BIGINT)").typed::<diesel::sql_types::BigInt>())
        .get_result(conn)?;
    Ok(Amount::from_units(sum))
}

fn duplicate_of(conn: &mut Conn, order: &OrderRow, days: Duration) -> Result<Option<String>> {
    let (from, to) = (order.order_date - days, order.order_date + days);
    let alike = Predicate::eq(col!(orders::customer_id), order.customer_id.0)
        .and(Predicate::eq(col!(orders::line_digest), order.line_digest.as_str()))
        .and(Predicate::Compare(col!(orders::order_date), Op::Ge, from.into()))
        .and(Predicate::Compare(col!(orders::order_date), Op::Le, to.into()))
        .and(Predicate::negate(Predicate::eq(col!(orders::id), order.id.0)))
        .and(Predicate::none_of(col!(orders::status), &[OrderStatus::Cancelled]));
    let other = orders::table.filter(alike).select(orders::number).first(conn);
    Ok(other.optional()?)
}

fn not_on_sale(conn: &mut Conn, order: &Order) -> Result<Vec<super::super::model::OrderLineId>> {
    let ids: Vec<_> = order.lines.iter().map(|l| l.product_id).collect();
    let catalogue = products::load_many(conn, &ids)?;
    let on_sale = |l: &&super::super::model::OrderLine| {
        catalogue.get(&l.product_id).is_none_or(|p| p.status != ProductStatus::Active)
    };
    Ok(order.lines.iter().filter(on_sale).map(|l| l.id).collect())
}

fn entered_by(conn: &mut Conn, order: &OrderRow, caller: &Caller) -> Result<Option<Role>> {
    match order.submitted_by.filter(|by| Some(by.0) != caller.user) {
        Some(UserId(id)) => {
            let role = users::table.find(UserId(id)).select(users::role).first(conn).optional()?;
            Ok(role)
        }
        // Submitted, but by no person: a machine's limits hold, whoever looks at it now.
        None if order.submitted_at.is_some() && order.submitted_by.is_none() && caller.user.is_some() => {
            Ok(Some(Role::Clerk))
        }
        None => Ok(caller.standing()),
    }
}

impl Surroundings {
    fn facts<'a>(&'a self, caller: &Caller, today: chrono::NaiveDate) -> Facts<'a> {
        let blocked = self.customer.status == CustomerStatus::Blocked;
        let entry = self.settings.discount_limit(self.entered_by);
        Facts {
            today,
            customer_blocked: blocked.then(|| self.customer.block_reason.as_deref().unwrap_or("")),
            credit_limit: self.customer.credit_limit,
            customer_currency: &self.customer.currency,
            exposure: self.exposure,
            entry_discount_limit: entry,
            own_discount_limit: self.settings.discount_limit(caller.standing()).max(entry),
            duplicate_of: self.duplicate_of.clone(),
            not_on_sale: self.not_on_sale.clone(),
        }
    }

    /// All findings.
    pub fn review(&self, order: &Order, caller: &Caller, today: chrono::NaiveDate) -> Result<Vec<Raised>> {
        rules::review(&order.row, &order.lines, &self.facts(caller, today))
    }

    /// The findings that are looked at again at confirmation and shipment.
    pub fn credit_review(
        &self,
        order: &Order,
        caller: &Caller,
        today: chrono::NaiveDate,
    ) -> Result<Vec<Raised>> {
        rules::credit_review(&order.row, &self.facts(caller, today))
    }

    pub fn needs_four_eyes(&self, order: &OrderRow) -> bool {
        order.gross > self.settings.four_eyes_above(&order.currency)
    }

    pub fn above_manager_limit(&self, order: &OrderRow) -> bool {
        order.gross > self.settings.manager_limit(&order.currency)
    }
}

/// The review as it is answered.
pub fn report(
    order: &Order,
    around: &Surroundings,
    caller: &Caller,
    today: chrono::NaiveDate,
    lang: Lang,
) -> Result<Review> {
    let raised = around.review(order, caller, today)?;
    Ok(Review {
        blocked: !rules::blocking(&raised, &order.row.overrides).is_empty(),
        findings: findings(&raised, &order.row.overrides, lang),
        four_eyes: around.needs_four_eyes(&order.row),
        above_manager_limit: around.above_manager_limit(&order.row),
    })
}

/// Findings in words.
pub fn findings(raised: &[Raised], overrides: &[Override], lang: Lang) -> Vec<Finding> {
    raised
        .iter()
        .map(|r| Finding {
            code: r.code.to_owned(),
            severity: r.severity,
            line_id: r.line,
            message: messages::fill(lang.pick(messages::phrase(r.code)), &r.params),
            params: r.params.iter().map(|(k, v)| (k.to_string(), v.clone())).collect(),
            overridden: rules::override_of(r, overrides).cloned(),
        })
        .collect()
}

/// 409 with the findings when hard ones stand in the way.
pub fn refuse_if_blocked(raised: &[Raised], overrides: &[Override], lang: Lang) -> Result<()> {
    let blocking = rules::blocking(raised, overrides);
    if blocking.is_empty() {
        return Ok(());
    }
    let codes: Vec<&str> = blocking.iter().map(|r| r.code).collect();
    let findings = serde_json::to_value(findings(raised, overrides, lang));
    Err(Problem::new("review_blocked")
        .param("codes", codes.join(", "))
        .with("findings", findings.map_err(|e| Error::internal(e.to_string()))?)
        .into())
}

/// Lets hard findings pass: all of them, or those with these codes.
pub fn let_pass(
    row: &mut OrderRow,
    raised: &[Raised],
    codes: &[String],
    reason: &str,
    caller: &Caller,
    now: At,
) {
    for finding in rules::blocking(raised, &row.overrides.clone()) {
        if codes.is_empty() || codes.iter().any(|c| c == finding.code) {
            row.overrides.0.push(Override {
                code: finding.code.to_owned(),
                line_id: finding.line,
                value: finding.figure.as_ref().map(|figure| figure.value.clone()),
                quantity: finding.quantity,
                reason: reason.to_owned(),
                by: caller.user.map(UserId),
                by_name: caller.name.clone(),
                at: now,
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::db::filter::one_of;

    #[test]
    fn what_weighs_on_credit_is_what_the_index_holds() {
        let migration = include_str!("../../../../../migrations/0005_orders/up.sql");
        assert!(migration.contains(one_of("status", OrderStatus::OPEN).as_str()));
    }
}
