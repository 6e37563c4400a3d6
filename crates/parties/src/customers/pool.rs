//! The pool: customers without an owner, which everybody who sells may claim.
//!
//! A customer comes into the pool when its owner gives it back, or by the rule of the settings
//! (`relations.pool_…`) when nobody has attended to it for a number of days. The owner is warned in advance.

use chrono::NaiveDate;
use diesel::prelude::*;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::model::{Customer, CustomerKind, CustomerStatus, CustomerTier, CustomerView};
use super::{CustomerId, READ, WRITE, rules, work};
use crate::base::auth::Caller;
use crate::base::core::Core;
use crate::base::db::filter::{Column, Op, Predicate, Value, col};
use crate::base::db::list::{Does, ListSpec, Page, Row, Sort, filter};
use crate::base::db::{Act, AnyId, Conn, Guard, ReadTx, Tx};
use crate::base::error::{Error, Problem, Result, found};
use crate::base::http::params::{Param, Takes};
use crate::base::http::{Answer, Json, Req, Routes};
use crate::base::schedules::{Minute, Progress, Rhythm, Schedule, ScheduleRun};
use crate::base::types::{At, RecordId, TextEnum};
use crate::load_from;
use crate::notifications::{Notice, notify};
use crate::people::model::Reason;
use crate::people::{self, UserId, demand_person};
use crate::regions::RegionId;
use crate::schema::{customer_pool_moves, customer_pool_warnings, customers};
use crate::settings::model::RelationSettings;
use crate::{settings, text_enum};

text_enum! {
    /// Move between an owner and the pool:
    ///
    /// - `lost`: the owner lost the customer to the pool
    /// - `claimed`: the person took it from the pool
    pub enum PoolMove { Lost = "lost", Claimed = "claimed" }
}

/// Customers looked at in one chunk of the schedule.
const CHUNK: i64 = 200;
/// Claims are counted over so many days.
const CLAIM_DAYS: i64 = 30;
const DAY: i64 = 24 * 3600;

/// A customer in the pool: the facts that help to decide whether to claim it.
#[derive(Debug, Serialize, ToSchema, Queryable, Selectable)]
#[diesel(table_name = customers)]
pub struct PooledCustomer {
    pub id: CustomerId,
    /// Unique customer code.
    #[schema(max_length = 40, example = "CU-2026-000123")]
    pub code: String,
    /// Full name.
    #[schema(max_length = 200, example = "广州天河贸易有限公司")]
    pub name: String,
    /// Company or private person.
    pub kind: CustomerKind,
    /// Stage of the customer's life.
    pub status: CustomerStatus,
    /// How important the customer is.
    pub tier: CustomerTier,
    /// Line of business. Null when unknown.
    #[schema(max_length = 100, example = "wholesale")]
    pub industry: Option<String>,
    /// Sales region. Null when none is assigned.
    pub region_id: Option<RegionId>,
    /// When the customer came into the pool.
    pub pooled_at: Option<At>,
}

/// Customers in the pool. Merged customers cannot be claimed.
fn pooled() -> Predicate {
    Predicate::NotNull(col!(customers::pooled_at)).and(Predicate::IsNull(col!(customers::merged_into_id)))
}

pub static POOL: ListSpec = ListSpec {
    id: col!(customers::id),
    filters: &[
        filter(
            Param::new(
                "q",
                Takes::Text(100),
                "Customers that match this: part of a name, of pinyin initials, of a code or tax number.",
            ),
            Does::Search(col!(customers::id)),
        ),
        filter(
            Param::new("tier", Takes::Words(CustomerTier::WORDS), "Customers of these tiers."),
            Does::Is(col!(customers::tier)),
        ),
        filter(
            Param::new(
                "region_id",
                Takes::Ids("reg"),
                "Customers in these regions. Regions below them are not included.",
            ),
            Does::Is(col!(customers::region_id)),
        ),
        filter(
            Param::new("industry", Takes::Text(100), "Customers with exactly this industry."),
            Does::Is(col!(customers::industry)),
        ),
    ],
    sorts: &[Sort { name: "pooled_at", column: col!(customers::pooled_at) }],
    default_sort: "-pooled_at",
    expand: &[],
};

impl Row for PooledCustomer {
    fn id(&self) -> Uuid {
        self.id.0
    }
    fn sort_value(&self, _: &str) -> Value {
        self.pooled_at.unwrap_or(At::from_millis(0)).into()
    }
}

pub fn routes(r: &mut Routes) {
    r.list("/customers/pool", "listPooledCustomers", &POOL, list)
        .scope(READ)
        .summary("List customers in the pool")
        .description(
            "Lists customers without an owner that everybody who sells may claim, the newest in the pool \
            first. It shows only the main facts; contacts and other details become visible after the claim.",
        );
    r.action("/customers/{customer_id}/claim", "claimCustomer", claim)
        .scope(WRITE)
        .summary("Claim a customer from the pool")
        .description(
            "Makes the caller the owner; the customer moves to the caller's team. Refused with \
                `not_in_pool` when the customer is not in the pool, with `claimed_too_soon` when the caller \
                lost it within `relations.pool_reclaim_days` of the settings, and with `too_many_claims` \
                when they have claimed `relations.pool_claims` customers within 30 days. Machine clients \
                cannot claim (`not_a_person`).",
        )
        .fails_with(&["not_in_pool", "claimed_too_soon", "too_many_claims", "not_a_person"]);
    r.action("/customers/{customer_id}/release", "releaseCustomer", release)
        .scope(WRITE)
        .summary("Give a customer back to the pool")
        .description(
            "Removes the owner and puts the customer into the pool, where everybody who sells may claim \
                it. Its team stays the same. The former owner cannot claim it for the days in the setting \
                `relations.pool_reclaim_days`. Refused with `in_pool` when it is already there.",
        )
        .example(serde_json::json!({"reason": "Too far away to be visited"}))
        .fails_with(&["read_only_share", "customer_merged", "in_pool"]);
    r.notices(CustomerId::KIND, &["customer_falls_to_pool"], &["customer_fell_to_pool"]);
    r.schedule(Schedule {
        name: "customer-pool",
        about: [
            "Moves customers that nobody attends to into the pool, and warns their owners in advance.",
            "将长期无人跟进的客户收回公海，并提前提醒其负责人。",
        ],
        rhythm: Rhythm::Daily(Minute::at(1, 30)),
        run: by_rule,
    });
}

fn list(rx: &mut ReadTx, req: &Req) -> Result<Page<PooledCustomer>> {
    let visible = pooled().and(rx.caller.within(col!(customers::id)));
    POOL.page(&req.query, visible, load_from!(rx.conn, customers, PooledCustomer))
}

// ---- taking and giving back ----------------------------------------------------------------------------------

fn claim(tx: &mut Tx, req: &Req<CustomerId>) -> Result<Answer<CustomerView>> {
    let before = find_pooled(tx, req.path)?;
    tx.check_expected(&before)?;
    let me = demand_person(tx.caller)?;
    let relations = tx.load_only(settings::work::load)?.relations.0;
    demand_free(tx, before.id, me, &relations)?;
    let owner = tx.load(people::work::find_user, me)?;
    let mut customer = Customer {
        owner_id: Some(me),
        team_id: owner.team_id,
        owned_since: Some(tx.now),
        pooled_at: None,
        ..before.clone()
    };
    tx.save(&before, &mut customer, Act::new("claimed"))?;
    note(tx, customer.id, me, PoolMove::Claimed)?;
    Ok(Answer::at(customer.version, rules::view(tx.caller, customer)))
}

fn in_pool(conn: &mut Conn, caller: &Caller, id: CustomerId) -> Result<Customer> {
    let id = Predicate::eq(col!(customers::id), id.0);
    let this = pooled().and(id).and(caller.within(col!(customers::id)));
    let found = customers::table.filter(this).select(Customer::as_select()).first(conn).optional()?;
    found.ok_or_else(Error::not_found)
}

/// The customer to claim: 409 when the caller sees it but it is not in the pool, otherwise 404.
fn find_pooled(tx: &mut Tx, id: CustomerId) -> Result<Customer> {
    match found(tx.find(in_pool, id))? {
        Some(customer) => Ok(customer),
        None => tx.find(work::find, id).and_then(|_| Err(Problem::new("not_in_pool").into())),
    }
}

/// Refuses a person who lost this customer recently or has claimed too many.
fn demand_free(tx: &mut Tx, customer: CustomerId, me: UserId, relations: &RelationSettings) -> Result<()> {
    let since = tx.now.plus_seconds(-i64::from(relations.pool_reclaim_days) * DAY);
    let mine = |kind: PoolMove, since: At| {
        customer_pool_moves::table
            .filter(customer_pool_moves::user_id.eq(me))
            .filter(customer_pool_moves::kind.eq(kind))
            .filter(customer_pool_moves::moved_at.gt(since))
    };
    let lost = mine(PoolMove::Lost, since).filter(customer_pool_moves::customer_id.eq(customer)).count();
    let lost: i64 = tx.under(Guard::row("pool_moves", me), |conn| Ok(lost.get_result(conn)?))?;
    if lost > 0 {
        return Err(Problem::new("claimed_too_soon").param("days", relations.pool_reclaim_days).into());
    }
    let month = tx.now.plus_seconds(-CLAIM_DAYS * DAY);
    let claimed = mine(PoolMove::Claimed, month).count();
    let claimed: i64 = tx.under(Guard::row("pool_moves", me), |conn| Ok(claimed.get_result(conn)?))?;
    if claimed >= i64::from(relations.pool_claims) {
        return Err(Problem::new("too_many_claims").param("most", relations.pool_claims).into());
    }
    Ok(())
}

fn release(tx: &mut Tx, req: &Req<CustomerId, Json<Reason>>) -> Result<Answer<CustomerView>> {
    let before = work::begin(tx, req.path)?;
    if before.pooled_at.is_some() {
        return Err(Problem::new("in_pool").into());
    }
    let customer = let_go(tx, &before, Some(&req.body.reason))?;
    Ok(Answer::at(customer.version, rules::view(tx.caller, customer)))
}

/// Its team keeps it in sight.
fn let_go(tx: &mut Tx, before: &Customer, reason: Option<&str>) -> Result<Customer> {
    let mut customer =
        Customer { owner_id: None, owned_since: None, pooled_at: Some(tx.now), ..before.clone() };
    tx.save(before, &mut customer, Act::because("pooled", reason))?;
    if let Some(owner) = before.owner_id {
        note(tx, customer.id, owner, PoolMove::Lost)?;
    }
    Ok(customer)
}

#[allow(clippy::disallowed_methods)] // the customer's journal tells of it; this counts
fn note(tx: &mut Tx, customer: CustomerId, user: UserId, kind: PoolMove) -> Result<()> {
    tx.guard(Guard::row("pool_moves", user))?;
    let row = (
        customer_pool_moves::id.eq(AnyId(tx.core.ids.next(tx.now))),
        customer_pool_moves::customer_id.eq(customer),
        customer_pool_moves::user_id.eq(user),
        customer_pool_moves::kind.eq(kind),
        customer_pool_moves::moved_at.eq(tx.now),
    );
    tx.execute(diesel::insert_into(customer_pool_moves::table).values(row))?;
    Ok(())
}

// ---- the rule ------------------------------------------------------------------------------------------------

/// One chunk: the next neglected customers, in the order of their ids.
fn by_rule(run: &ScheduleRun) -> Result<Progress> {
    run.commit(|tx, place| {
        let relations = tx.load_only(settings::work::load)?.relations.0;
        let Some(days) = relations.pool_after_days else {
            *place = None;
            return Ok(Progress::Done);
        };
        let rule = Rule::of(&relations, days, tx.now, tx.core.zone);
        let after = place.as_deref().and_then(|id| id.parse().ok());
        let core = tx.core;
        let neglected = tx.hint("each is looked at again before it falls to the pool", |conn| {
            neglected(conn, core, &rule, after)
        })?;
        for customer in &neglected {
            tend(tx, customer, &rule)?;
        }
        let more = neglected.len() as i64 == CHUNK;
        *place = neglected.last().filter(|_| more).map(|customer| customer.id.to_string());
        Ok(if more { Progress::More } else { Progress::Done })
    })
}

/// The rule, at an instant.
struct Rule {
    days: i32,
    warn_days: i32,
    /// Owners are warned about customers that had no attention since.
    warn: At,
    warn_on: NaiveDate,
    /// Customers without attention since this instant fall to the pool.
    fall: At,
    /// An owner who loses a customer was warned at this instant or earlier.
    warned: At,
}

impl Rule {
    fn of(relations: &RelationSettings, days: i32, now: At, zone: chrono_tz::Tz) -> Rule {
        let before = |days: i32| now.plus_seconds(-i64::from(days) * DAY);
        let warn = before((days - relations.pool_warn_days).max(0));
        Rule {
            days,
            warn_days: relations.pool_warn_days,
            warn,
            warn_on: warn.date_in(zone),
            fall: before(days),
            warned: before(relations.pool_warn_days),
        }
    }
}

/// What counts as attention to a customer, declared by the area that records it: the rule takes no customer from its
/// owner with whom this happens.
pub struct Attention {
    /// Which customer such a record is about.
    pub customer: Column,
    /// The records that count, of those after an instant and its day. Each is looked for in an index.
    pub since: fn(At, NaiveDate) -> Predicate,
}

/// Nothing happened with the customer since then.
fn unattended(core: &Core, since: At, on: NaiveDate) -> Predicate {
    core.declared.all::<Attention>().iter().fold(Predicate::All, |cond, attention| {
        let of_customer = Predicate::Same(attention.customer, col!(customers::id));
        let happened = Predicate::exists(attention.customer, of_customer.and((attention.since)(since, on)));
        cond.and(Predicate::negate(happened))
    })
}

fn neglected(conn: &mut Conn, core: &Core, rule: &Rule, after: Option<CustomerId>) -> Result<Vec<Customer>> {
    let owned = Predicate::Compare(col!(customers::owned_since), Op::Le, rule.warn.into())
        .and(Predicate::NotNull(col!(customers::owner_id)))
        .and(Predicate::IsNull(col!(customers::merged_into_id)))
        .and(Predicate::none_of(col!(customers::status), &[CustomerStatus::Blocked]))
        .and(unattended(core, rule.warn, rule.warn_on));
    let behind = match after {
        Some(id) => Predicate::Compare(col!(customers::id), Op::Gt, id.0.into()),
        None => Predicate::All,
    };
    let some = customers::table.filter(owned.and(behind)).order(customers::id).limit(CHUNK);
    Ok(some.select(Customer::as_select()).load(conn)?)
}

/// Warns the owner, or lets the customer fall back when they were warned in time. A warning from before the
/// last attention is older than the rule's days, and counts no more.
fn tend(tx: &mut Tx, customer: &Customer, rule: &Rule) -> Result<()> {
    let Some(owner) = customer.owner_id else { return Ok(()) };
    let warned = customer_pool_warnings::table.find(customer.id).select(customer_pool_warnings::warned_at);
    let warned: Option<At> =
        tx.under(Guard::Claim("the schedule's lease"), |conn| Ok(warned.first(conn).optional()?))?;
    let is_known = warned.is_some_and(|at| at > rule.fall);
    if rule.warn_days > 0 && !is_known {
        warn(tx, customer.id, warned.is_some())?;
        return tell(tx, "customer_falls_to_pool", owner, customer, rule.warn_days);
    }
    let in_time = rule.warn_days == 0 || warned.is_some_and(|at| at <= rule.warned);
    if !in_time || !is_unattended_since_fall(tx, customer, rule)? {
        return Ok(());
    }
    let days = rule.days.to_string();
    let reason = tx.lang.pick(crate::base::messages::phrase("pool_rule")).replace("{days}", &days);
    let_go(tx, customer, Some(&reason))?;
    tell(tx, "customer_fell_to_pool", owner, customer, rule.days)
}

fn is_unattended_since_fall(tx: &mut Tx, customer: &Customer, rule: &Rule) -> Result<bool> {
    let since = rule.fall;
    let owned_long = customer.owned_since.is_some_and(|at| at <= since);
    let still = unattended(tx.core, since, since.date_in(tx.core.zone));
    let still = customers::table.filter(Predicate::eq(col!(customers::id), customer.id.0).and(still)).count();
    let found: i64 = tx.under(Guard::Alone("attention to a customer"), |conn| Ok(still.get_result(conn)?))?;
    Ok(owned_long && found > 0)
}

#[allow(clippy::disallowed_methods)] // that somebody was told is in their inbox
fn warn(tx: &mut Tx, id: CustomerId, again: bool) -> Result<()> {
    let at = customer_pool_warnings::warned_at.eq(tx.now);
    match again {
        true => tx.execute(diesel::update(customer_pool_warnings::table.find(id)).set(at))?,
        false => {
            let row = (customer_pool_warnings::customer_id.eq(id), at);
            tx.execute(diesel::insert_into(customer_pool_warnings::table).values(row))?
        }
    };
    Ok(())
}

fn tell(tx: &mut Tx, code: &'static str, owner: UserId, customer: &Customer, days: i32) -> Result<()> {
    let params = [("customer", customer.name.clone()), ("days", days.to_string())];
    notify(tx, [owner], &Notice { code, kind: CustomerId::KIND, record: customer.id.uuid(), params: &params })
}
