//! Whose order it is. Two questions, with two answers:
//!
//! * Whose it is **today**, for sight and for who works on it: the owner of its customer, and beside them whoever
//!   `responsible_id` names.
//! * Whom it **counts for**, in figures: its rep. Each fact counts for the rep of its own day; where the rep has changed,
//!   `reps` says from when to when. The table `order_reps` repeats that for sums ([`REP`], [`counts_for`]).

use chrono::NaiveDate;
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::model::{Order, OrderId, OrderRow};
use super::rules::{OrderAction, OrderStatus};
use super::work::entry::{is_in_sight, responsible};
use super::work::find_for;
use crate::base::auth::Sight;
use crate::base::db::filter::{Predicate, Sql, col, sql};
use crate::base::db::{Act, Conn, Guard, Tx};
use crate::base::error::{Error, Fault, Faults, Problem, Result};
use crate::base::holdings::Successor;
use crate::base::http::params::Given;
use crate::customers::model::Customer;
use crate::customers::rules::not_blank;
use crate::customers::work as customers;
use crate::people::model::UserStatus;
use crate::people::work as people;
use crate::people::{TeamId, UserId};
use crate::schema::{fills, order_reps, orders};

/// Whom an order counts for, from one day to another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct OrderRep {
    /// First day. Null: from the beginning of the order.
    pub valid_from: Option<NaiveDate>,
    /// First day that does not count any more. Null: until further notice.
    pub valid_to: Option<NaiveDate>,
    /// Sales rep whom the order counts for. Null when there was none.
    pub rep_id: Option<UserId>,
    /// Team that the order counts for: the rep's, when they became the rep.
    pub team_id: Option<TeamId>,
}

/// Another rep for an order, and why.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct OrderReassignment {
    /// New sales rep: an active person. A manager may name people of their teams only.
    pub rep_id: UserId,
    /// First day that counts for the new rep: what happens from then on is the new rep's, what was before stays with
    /// the former one. Defaults to today, and cannot be later. An earlier day corrects figures that were told already.
    #[schema(example = "2026-11-20")]
    pub valid_from: Option<NaiveDate>,
    /// Why the rep changes; shown in the history.
    #[schema(min_length = 1, max_length = 1000, example = "王芳 has left the company")]
    pub reason: String,
}

// ---- figures ---------------------------------------------------------------------------------------------------

/// The rep whom an order line of a report counts for, where `order_reps` is joined for the day of the fact.
pub const REP: Sql =
    sql!("CASE WHEN order_reps.order_id IS NULL THEN orders.rep_id ELSE order_reps.rep_id END");
/// The team, likewise.
pub const TEAM: Sql =
    sql!("CASE WHEN order_reps.order_id IS NULL THEN orders.team_id ELSE order_reps.team_id END");

/// Facts that count for one of these reps.
pub fn counts_for(reps: &[Uuid]) -> Predicate {
    let ids = || reps.iter().copied();
    let unchanged = Predicate::IsNull(col!(order_reps::order_id));
    unchanged
        .and(Predicate::ids(col!(orders::rep_id), ids()))
        .or(Predicate::ids(col!(order_reps::rep_id), ids()))
}

/// Facts that count for one of these teams.
pub fn counts_for_teams(teams: &[Uuid]) -> Predicate {
    let ids = || teams.iter().copied();
    let unchanged = Predicate::IsNull(col!(order_reps::order_id));
    unchanged
        .and(Predicate::ids(col!(orders::team_id), ids()))
        .or(Predicate::ids(col!(order_reps::team_id), ids()))
}

/// The row of the table that says "from the beginning".
const BEGINNING: NaiveDate = NaiveDate::from_ymd_opt(1, 1, 1).expect("a day");

#[derive(Insertable)]
#[diesel(table_name = order_reps)]
struct Repeated {
    order_id: OrderId,
    valid_from: NaiveDate,
    valid_to: Option<NaiveDate>,
    rep_id: Option<UserId>,
    team_id: Option<TeamId>,
}

/// Makes the table say what the order says.
#[allow(clippy::disallowed_methods)] // rows that repeat the record's own field
pub fn keep_in_step(order: &OrderRow, before: Option<&OrderRow>, conn: &mut Conn) -> Result<()> {
    if before.map_or(order.reps.0.is_empty(), |before| before.reps == order.reps) {
        return Ok(());
    }
    diesel::delete(order_reps::table.filter(order_reps::order_id.eq(order.id))).execute(conn)?;
    for rep in &order.reps.0 {
        let row = Repeated {
            order_id: order.id,
            valid_from: rep.valid_from.unwrap_or(BEGINNING),
            valid_to: rep.valid_to,
            rep_id: rep.rep_id,
            team_id: rep.team_id,
        };
        diesel::insert_into(order_reps::table).values(row).execute(conn)?;
    }
    Ok(())
}

/// What is off about the days of an order's reps.
pub fn faults(order: &OrderRow) -> Option<String> {
    let is_sound = follow_each_other(&order.reps.0, (order.rep_id, order.team_id));
    (!is_sound).then(|| "its reps do not follow each other day by day".to_owned())
}

/// Without a gap, and the last is the order's own.
fn follow_each_other(reps: &[OrderRep], now: (Option<UserId>, Option<TeamId>)) -> bool {
    let (Some(first), Some(last)) = (reps.first(), reps.last()) else { return true };
    let joined = reps.windows(2).all(|pair| match pair {
        [one, next] => one.valid_to.is_some() && one.valid_to == next.valid_from,
        _ => false,
    });
    let open = first.valid_from.is_none() && last.valid_to.is_none();
    reps.len() > 1 && joined && open && (last.rep_id, last.team_id) == now
}

/// The order counts for this rep from that day on.
fn count_for(row: &mut OrderRow, from: NaiveDate, rep: Option<UserId>, team: Option<TeamId>) {
    // Nothing of an order is before its own day, and nothing of a draft counts.
    row.reps.0 = match row.status == OrderStatus::Draft || from <= row.order_date {
        true => Vec::new(),
        false => from_then_on(&row.reps.0, (row.rep_id, row.team_id), from, (rep, team)),
    };
    (row.rep_id, row.team_id) = (rep, team);
}

/// The days with another rep and team from this one on; empty when it is the same for all days.
fn from_then_on(
    reps: &[OrderRep],
    was: (Option<UserId>, Option<TeamId>),
    from: NaiveDate,
    (rep_id, team_id): (Option<UserId>, Option<TeamId>),
) -> Vec<OrderRep> {
    let always = OrderRep { valid_from: None, valid_to: None, rep_id: was.0, team_id: was.1 };
    let all = if reps.is_empty() { std::slice::from_ref(&always) } else { reps };
    let mut kept: Vec<OrderRep> =
        all.iter().filter(|rep| rep.valid_from.is_none_or(|day| day < from)).cloned().collect();
    if let Some(last) = kept.last_mut() {
        last.valid_to = Some(from);
        if (last.rep_id, last.team_id) == (rep_id, team_id) {
            last.valid_to = None;
        } else {
            kept.push(OrderRep { valid_from: Some(from), valid_to: None, rep_id, team_id });
        }
    }
    if kept.len() > 1 { kept } else { Vec::new() }
}

// ---- another rep -----------------------------------------------------------------------------------------------

/// Gives the order to another rep, from a day on.
pub fn reassign(tx: &mut Tx, id: OrderId, to: &OrderReassignment) -> Result<Order> {
    let before = find_for(tx, id, OrderAction::Reassign)?;
    let today = tx.today();
    let mut faults = Faults::default();
    let reason = not_blank(&to.reason, "/reason", &mut faults);
    let rep = faults.known(tx.load(people::find_user, to.rep_id), "/rep_id", "user")?;
    let mut team_id = None;
    if let Some(rep) = rep {
        team_id = rep.team_id;
        if rep.status != UserStatus::Active {
            faults.push(Fault::at("/rep_id", "cannot_own"));
        } else if !is_in_sight(tx, rep.team_id) {
            faults.push(Fault::at("/rep_id", "outside_team"));
        }
    }
    if to.valid_from.is_some_and(|day| day > today) {
        faults.push(Fault::at("/valid_from", "in_the_future"));
    }
    faults.done()?;
    let from = to.valid_from.unwrap_or(today);
    // Whoever decides does not move what was sold before to their own figures.
    if from < today && tx.caller.user == Some(to.rep_id.0) {
        return Err(Problem::new("own_figures").into());
    }
    let customer = tx.load(customers::load, before.row.customer_id)?;
    let mut order = before.clone();
    give(&mut order.row, from, to.rep_id, team_id, &customer);
    tx.save(&before, &mut order, Act::because("rep_changed", Some(&reason)))?;
    Ok(order)
}

fn give(row: &mut OrderRow, from: NaiveDate, rep: UserId, team: Option<TeamId>, customer: &Customer) {
    count_for(row, from, Some(rep), team);
    row.responsible_id = responsible(Some(rep), customer);
}

/// The orders that a person works on: under way for their figures, or in their name beside the customer's owner.
pub fn held_by(person: Uuid) -> Predicate {
    let under_way = Predicate::one_of(col!(orders::status), OrderStatus::UNDER_WAY);
    under_way
        .and(Predicate::eq(col!(orders::rep_id), person))
        .or(Predicate::eq(col!(orders::responsible_id), person))
}

/// Hands an order over. One under way counts for the successor from today on. What has ended is theirs to see, and still
/// counts for whom it did.
pub fn pass(tx: &mut Tx, id: Uuid, to: &Successor) -> Result<()> {
    let before = tx.load(load, OrderId(id))?;
    let customer = tx.load(customers::load, before.row.customer_id)?;
    let team = tx.load(people::find_user, to.to)?.team_id;
    let mut order = before.clone();
    match order.row.status.is_under_way() && order.row.rep_id == Some(to.former) {
        true => give(&mut order.row, tx.today(), to.to, team, &customer),
        false => order.row.responsible_id = responsible(Some(to.to), &customer),
    }
    tx.save(&before, &mut order, Act::because("rep_changed", Some(to.reason)))
}

fn load(conn: &mut Conn, id: OrderId) -> Result<Order> {
    Order::load(conn, id)?.ok_or_else(Error::not_found)
}

// ---- sight -----------------------------------------------------------------------------------------------------

/// 403 for an order that is another's and only shown to the caller.
pub fn refuse_shared(tx: &mut Tx, order: &OrderRow) -> Result<()> {
    if tx.caller.sight != Sight::Own {
        return Ok(());
    }
    let responsible = match order.responsible_id {
        Some(person) => Some(person),
        None => tx.load(customers::load, order.customer_id)?.owner_id,
    };
    match responsible.is_some_and(|person| tx.caller.has_of(person.0)) {
        true => Ok(()),
        false => Err(Problem::new("read_only_share").into()),
    }
}

/// For the filter `responsible_id`: orders that these people work on, for themselves or as the customer's owner.
pub fn responsible_is(given: &Given) -> Predicate {
    let Given::Ids(ids) = given else { return Predicate::Nothing };
    let owned = Predicate::ids(col!(customers::owner_id), ids.iter().copied());
    let of_owners = Predicate::in_select(col!(orders::customer_id), col!(customers::id), owned);
    let nobody_else = Predicate::IsNull(col!(orders::responsible_id));
    Predicate::ids(col!(orders::responsible_id), ids.iter().copied()).or(nobody_else.and(of_owners))
}

// ---- orders from before ----------------------------------------------------------------------------------------

/// The mark of the migration that made the column.
const FILL: &str = "orders.responsible_id";

/// Orders from before that a rep entered for another's customer stay the rep's.
#[allow(clippy::disallowed_methods)] // what a migration could not write: no new version, told as such
pub fn fill(tx: &mut Tx) -> Result<()> {
    let marked = fills::table.filter(fills::name.eq(FILL)).count();
    let marked: i64 = tx.hint("the mark is taken off once; before, all of this runs alone", |conn| {
        Ok(marked.get_result(conn)?)
    })?;
    if marked == 0 {
        return Ok(());
    }
    let of_another = Predicate::Sql(
        sql!(
            "orders.rep_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM customers
                WHERE customers.id = orders.customer_id AND customers.owner_id = orders.rep_id)"
        ),
        vec![],
    );
    let ids = orders::table.filter(of_another).order(orders::id).select(orders::id);
    let ids: Vec<OrderId> =
        tx.under(Guard::Alone("orders get whose they are"), |conn| Ok(ids.load(conn)?))?;
    for id in ids {
        let before = tx.load(load, id)?;
        let mut after = before.clone();
        after.row.responsible_id = before.row.rep_id;
        let set = orders::responsible_id.eq(after.row.responsible_id);
        tx.execute(diesel::update(orders::table.filter(orders::id.eq(id))).set(set))?;
        tx.note_filled(&before, &after)?;
    }
    tx.execute(diesel::delete(fills::table.filter(fills::name.eq(FILL))))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// From when, to when, whom.
    type Days = (Option<u32>, Option<u32>, u128);

    fn day(n: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, 11, n).expect("a day")
    }

    fn days_after(changes: &[(u32, u128)]) -> Vec<Days> {
        let person = |n: u128| (Some(UserId(Uuid::from_u128(n))), None);
        let (mut reps, mut now) = (Vec::new(), person(1));
        for (from, rep) in changes {
            reps = from_then_on(&reps, now, day(*from), person(*rep));
            now = person(*rep);
            assert!(follow_each_other(&reps, now), "{reps:?}");
        }
        let of = |day: Option<NaiveDate>| day.map(|day| chrono::Datelike::day(&day));
        let who = |rep: &OrderRep| rep.rep_id.map_or(0, |rep| rep.0.as_u128());
        reps.iter().map(|rep| (of(rep.valid_from), of(rep.valid_to), who(rep))).collect()
    }

    #[test]
    fn an_order_counts_for_each_rep_from_a_day_on() {
        for (changes, days) in [
            (&[(10, 2)][..], vec![(None, Some(10), 1), (Some(10), None, 2)]),
            (&[(10, 2), (20, 3)], vec![(None, Some(10), 1), (Some(10), Some(20), 2), (Some(20), None, 3)]),
            // On the same day once more, and back again.
            (&[(10, 2), (10, 3)], vec![(None, Some(10), 1), (Some(10), None, 3)]),
            (&[(10, 2), (10, 1)], vec![]),
            // What was told of a later day is corrected with it.
            (&[(10, 2), (20, 3), (5, 4)], vec![(None, Some(5), 1), (Some(5), None, 4)]),
        ] {
            assert_eq!(days_after(changes), days, "{changes:?}");
        }
    }
}
