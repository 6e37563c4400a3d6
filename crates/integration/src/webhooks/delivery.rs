//! Sends deliveries that are due. A turn takes deliveries under a lease and gives each to a thread of its
//! own, which sends it and records the result. If a program is killed, the lease ends and the delivery is due
//! again under the same id. If two programs want the same delivery, one gets it.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};

use diesel::prelude::*;

use super::model::{
    Attempt, AttemptId, DeliveryId, DeliveryRow, DeliveryStatus, DisabledReason, Webhook, WebhookId,
    WebhookStatus,
};
use super::send::{Message, Outcome, send};
use super::{TEST_EVENT, rules, work};
use crate::base::auth::Caller;
use crate::base::core::Core;
use crate::base::db::engine::Ending;
use crate::base::db::{Conn, Guard, ReadTx, Tx};
use crate::base::error::{Error, Result};
use crate::base::events::feed::{self, EventData, WebhookEvent, WebhookTest};
use crate::base::http::dispatch::App;
use crate::base::secret;
use crate::base::types::At;
use crate::schema::{webhook_attempts, webhook_deliveries, webhooks};

/// The task that sends.
pub const TASK: &str = "webhook-deliveries";
/// Attempts at a time: of all webhooks, and of one whose receiver answers. One whose receiver fails is asked one at a
/// time, so that slow receivers do not hold up the others.
const MOST: usize = 64;
const MOST_OF_ONE: usize = 8;
const MOST_OF_FAILING: usize = 1;
/// How long a lease lasts beyond the longest attempt, in seconds.
const GRACE: i64 = 15;
/// Webhooks with something due that a turn looks at.
const WEBHOOKS: i64 = 500;
/// How long deliveries are kept after their end, in seconds: what succeeded, and the rest.
const KEPT_SUCCEEDED: i64 = 30 * 24 * 3600;
const KEPT: i64 = feed::KEPT_DAYS * 24 * 3600;
/// `last_success_at` is written at most so often, in seconds, so that attempts do not wait for each other's row.
const SUCCESS_EVERY: i64 = 60;

// ---- what is under way in this process -----------------------------------------------------------------------

/// The attempts that are under way, and how far journals were looked through.
#[derive(Default)]
pub struct WebhookSender {
    state: Mutex<State>,
    succeeded: AtomicU64,
    failed: AtomicU64,
}

#[derive(Default)]
struct State {
    under_way: HashMap<WebhookId, usize>,
    /// A webhook's place in the database, and how far behind it there was nothing to tell.
    looked: HashMap<WebhookId, (i64, i64)>,
}

impl WebhookSender {
    /// How far nothing more is to be looked for, for a webhook whose place this is.
    pub fn looked_until(&self, webhook: WebhookId, place: i64) -> i64 {
        match self.lock().looked.get(&webhook) {
            Some((from, until)) if *from == place => *until,
            _ => place,
        }
    }
    pub fn looked(&self, webhook: WebhookId, place: i64, until: i64) {
        let mut state = self.lock();
        if state.looked.len() > 10_000 {
            state.looked.clear();
        }
        state.looked.insert(webhook, (place, until));
    }
    /// How many more attempts each of these webhooks may have now, those with the fewest under way first.
    fn shares(&self, due: Vec<(WebhookId, bool)>) -> Vec<(WebhookId, usize)> {
        let state = self.lock();
        let mut free = MOST.saturating_sub(state.under_way.values().sum());
        let of = |webhook: &WebhookId| state.under_way.get(webhook).copied().unwrap_or(0);
        let mut due: Vec<(WebhookId, bool, usize)> =
            due.into_iter().map(|(webhook, failing)| (webhook, failing, of(&webhook))).collect();
        due.sort_by_key(|(_, failing, under_way)| (*under_way, *failing));
        let mut shares = Vec::new();
        for (webhook, failing, under_way) in due {
            let most = if failing { MOST_OF_FAILING } else { MOST_OF_ONE };
            let share = most.saturating_sub(under_way).min(free);
            free -= share;
            if share > 0 {
                shares.push((webhook, share));
            }
        }
        shares
    }
    fn begin(core: &Arc<Core>, webhook: WebhookId) -> UnderWay {
        *core.part::<WebhookSender>().lock().under_way.entry(webhook).or_insert(0) += 1;
        UnderWay(core.clone(), webhook)
    }
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(|p| p.into_inner())
    }
}

/// One attempt that is under way; when it ends the task has room for another.
struct UnderWay(Arc<Core>, WebhookId);

impl Drop for UnderWay {
    fn drop(&mut self) {
        let sender = self.0.part::<WebhookSender>();
        let mut state = sender.lock();
        if let Some(count) = state.under_way.get_mut(&self.1) {
            *count -= 1;
            if *count == 0 {
                state.under_way.remove(&self.1);
            }
        }
        drop(state);
        self.0.wakers.wake(TASK);
    }
}

// ---- the task ------------------------------------------------------------------------------------------------

/// One turn: takes what is due and there is room for, and begins to send it.
pub fn turn(app: &Arc<App>) -> Result<bool> {
    let core = &app.core;
    if *core.stopping.borrow() {
        return Ok(false);
    }
    let now = core.clock.now();
    let due = core.engine.read_now(move |conn| due_webhooks(conn, now))?;
    let leased = lease(core, core.part::<WebhookSender>().shares(due))?;
    if leased.is_empty() {
        return Ok(false);
    }
    let unit = core.clone();
    let ready = core.engine.read_now(move |conn| prepare(&unit, conn, leased))?;
    for webhook in ready.orphans {
        disable(core, webhook, DisabledReason::OwnerGone)?;
    }
    withhold(core, ready.withheld)?;
    for job in ready.jobs {
        begin(core, job)?;
    }
    Ok(true)
}

/// The active webhooks to which something is due, and whether their receivers fail.
fn due_webhooks(conn: &mut Conn, now: At) -> Result<Vec<(WebhookId, bool)>> {
    let something = webhook_deliveries::table
        .filter(webhook_deliveries::webhook_id.eq(webhooks::id))
        .filter(webhook_deliveries::status.eq(DeliveryStatus::Pending))
        .filter(webhook_deliveries::due_at.le(now));
    let found: Vec<(WebhookId, Option<At>)> = webhooks::table
        .filter(webhooks::status.eq(WebhookStatus::Active))
        .filter(diesel::dsl::exists(something))
        .limit(WEBHOOKS)
        .select((webhooks::id, webhooks::failing_since))
        .load(conn)?;
    Ok(found.into_iter().map(|(id, failing)| (id, failing.is_some())).collect())
}

/// Takes at most so many due deliveries of each webhook.
pub fn lease(core: &Arc<Core>, shares: Vec<(WebhookId, usize)>) -> Result<Vec<DeliveryRow>> {
    if shares.is_empty() {
        return Ok(Vec::new());
    }
    let unit = core.clone();
    core.engine.write_now(move |conn| {
        let mut leased = Vec::new();
        for (webhook, share) in &shares {
            leased.extend(lease_of(&unit, conn, *webhook, *share)?);
        }
        Ok((leased, Ending::Commit))
    })
}

#[allow(clippy::disallowed_methods)] // a lease is no record
fn lease_of(core: &Core, conn: &mut Conn, webhook: WebhookId, share: usize) -> Result<Vec<DeliveryRow>> {
    use webhook_deliveries::dsl;
    let now = core.clock.now();
    let mut rows: Vec<DeliveryRow> = dsl::webhook_deliveries
        .filter(dsl::webhook_id.eq(webhook))
        .filter(dsl::status.eq(DeliveryStatus::Pending))
        .filter(dsl::due_at.le(now))
        .order(dsl::due_at)
        .limit(share as i64)
        .select(DeliveryRow::as_select())
        .load(conn)?;
    let longest = core.web.webhooks.timeout.as_secs() as i64 + GRACE;
    let (token, until) = (secret::token(9), now.plus_seconds(longest));
    let ids: Vec<DeliveryId> = rows.iter().map(|row| row.id).collect();
    diesel::update(dsl::webhook_deliveries.filter(dsl::id.eq_any(ids)))
        .set((dsl::lease.eq(Some(&token)), dsl::due_at.eq(until)))
        .execute(conn)?;
    rows.iter_mut().for_each(|row| row.lease = Some(token.clone()));
    Ok(rows)
}

/// An attempt that can begin.
struct Job {
    delivery: DeliveryRow,
    message: Message,
}

#[derive(Default)]
struct Ready {
    jobs: Vec<Job>,
    /// What the webhook's owner may not see any more.
    withheld: Vec<DeliveryRow>,
    orphans: Vec<WebhookId>,
}

/// What is to be sent, as its webhook's owner may see it now.
fn prepare(core: &Core, conn: &mut Conn, leased: Vec<DeliveryRow>) -> Result<Ready> {
    let mut by_webhook: HashMap<WebhookId, Vec<DeliveryRow>> = HashMap::new();
    leased.into_iter().for_each(|row| by_webhook.entry(row.webhook_id).or_default().push(row));
    let mut ready = Ready::default();
    for (id, rows) in by_webhook {
        let webhook = webhooks::table.find(id).select(Webhook::as_select()).first(conn).optional()?;
        let Some(webhook) = webhook else { continue };
        match work::owner(conn, &webhook)? {
            Some(owner) => prepare_for(core, conn, &webhook, &owner, rows, &mut ready)?,
            None => ready.orphans.push(id),
        }
    }
    Ok(ready)
}

fn prepare_for(
    core: &Core,
    conn: &mut Conn,
    webhook: &Webhook,
    owner: &Caller,
    rows: Vec<DeliveryRow>,
    ready: &mut Ready,
) -> Result<()> {
    let now = core.clock.now();
    let secrets = secrets(core, webhook, now)?;
    let events =
        feed::those(conn, &core.declared, owner, rows.iter().filter_map(|row| row.event_id).collect())?;
    let mut bodies: HashMap<_, _> = HashMap::new();
    for event in events {
        bodies.insert(event.id, written(&WebhookEvent::from(event))?);
    }
    for delivery in rows {
        let body = match delivery.event_id {
            Some(event) => bodies.remove(&event),
            None => Some(test_body(webhook, &delivery)?),
        };
        let Some(body) = body else {
            ready.withheld.push(delivery);
            continue;
        };
        let timestamp = now.seconds();
        let headers = [
            ("webhook-id", delivery.id.to_string()),
            ("webhook-timestamp", timestamp.to_string()),
            ("webhook-signature", rules::signature(&secrets, delivery.id, timestamp, &body)),
        ];
        let message = Message { url: webhook.url.clone(), body, headers };
        ready.jobs.push(Job { delivery, message });
    }
    Ok(())
}

fn written(value: &impl serde::Serialize) -> Result<Vec<u8>> {
    serde_json::to_vec(value).map_err(|e| Error::internal(format!("a webhook cannot be written: {e}")))
}

fn test_body(webhook: &Webhook, delivery: &DeliveryRow) -> Result<Vec<u8>> {
    written(&WebhookTest {
        event_type: TEST_EVENT.into(),
        timestamp: delivery.created_at,
        data: EventData {
            id: webhook.id.to_string(),
            kind: WebhookId::KIND.name.into(),
            version: webhook.version,
            changed: vec![],
        },
    })
}

/// The secrets that sign now, the present one first.
fn secrets(core: &Core, webhook: &Webhook, now: At) -> Result<Vec<Vec<u8>>> {
    let previous = webhook
        .sealed_previous_secret
        .as_ref()
        .filter(|_| webhook.previous_secret_until.is_some_and(|until| now < until));
    [Some(&webhook.sealed_secret), previous].into_iter().flatten().map(|s| core.vault.unseal(s)).collect()
}

/// Sends on a thread of its own. What cannot begin comes again when its lease ends.
fn begin(core: &Arc<Core>, job: Job) -> Result<()> {
    let under_way = WebhookSender::begin(core, job.delivery.webhook_id);
    let core = core.clone();
    let started = core.clone().workers.spawn("webhook", move || {
        let at = core.clock.now();
        let outcome = send(&job.message, &core.web.webhooks);
        if let Err(error) = record(&core, &job.delivery, at, &outcome) {
            log::error!("what came of {} could not be written down: {error}", job.delivery.id);
        }
        drop(under_way);
    });
    started.map_err(|e| Error::internal(format!("cannot start a thread for a webhook: {e}")))
}

// ---- what came of it -----------------------------------------------------------------------------------------

/// Writes down an attempt and what follows from it: the end of the delivery, the next attempt, the webhook's end.
fn record(core: &Arc<Core>, delivery: &DeliveryRow, at: At, outcome: &Outcome) -> Result<()> {
    let counter = if outcome.error.is_none() {
        &core.part::<WebhookSender>().succeeded
    } else {
        &core.part::<WebhookSender>().failed
    };
    counter.fetch_add(1, Ordering::Relaxed);
    let attempt = Attempt {
        id: AttemptId(core.ids.next(at)),
        delivery_id: delivery.id,
        number: delivery.attempts + 1,
        at,
        duration_ms: i32::try_from(outcome.took.as_millis()).unwrap_or(i32::MAX),
        status_code: outcome.status_code.map(i32::from),
        error: outcome.error,
        answer: outcome.answer.clone(),
    };
    let (delivery, gone) = (delivery.clone(), outcome.status_code == Some(410));
    core.write_as(Arc::new(Caller::system("webhooks")), move |tx| {
        let now = tx.now;
        let concluded = tx.under(Guard::Claim("the delivery's lease"), |conn| {
            conclude(conn, now, &delivery, &attempt, gone)
        })?;
        if !concluded {
            return Ok(());
        }
        match attempt.error {
            None => mark_success(tx, delivery.webhook_id),
            Some(_) if gone => work::disable_because(tx, delivery.webhook_id, DisabledReason::Gone),
            Some(_) => mark_failure(tx, delivery.webhook_id),
        }
    })
}

/// The delivery after an attempt; false when its lease has gone to somebody else.
#[allow(clippy::disallowed_methods)] // neither the queue nor its log are records
fn conclude(conn: &mut Conn, now: At, delivery: &DeliveryRow, attempt: &Attempt, gone: bool) -> Result<bool> {
    use webhook_deliveries::dsl;
    let next = rules::next_attempt(delivery.id, delivery.step, now).filter(|_| !gone);
    let (status, due_at) = match (attempt.error, next) {
        (None, _) => (DeliveryStatus::Succeeded, now),
        (Some(_), Some(due_at)) => (DeliveryStatus::Pending, due_at),
        (Some(_), None) => (DeliveryStatus::Failed, now),
    };
    let ended = status != DeliveryStatus::Pending;
    let leased =
        dsl::webhook_deliveries.filter(dsl::id.eq(delivery.id)).filter(dsl::lease.eq(&delivery.lease));
    let updated = diesel::update(leased)
        .set((
            dsl::status.eq(status),
            dsl::attempts.eq(attempt.number),
            dsl::step.eq(delivery.step + 1),
            dsl::due_at.eq(due_at),
            dsl::lease.eq(None::<String>),
            dsl::last_error.eq(attempt.error),
            dsl::ended_at.eq(ended.then_some(now)),
            dsl::clear_at.eq(ended.then(|| now.plus_seconds(kept(status)))),
        ))
        .execute(conn)?;
    if updated == 1 {
        diesel::insert_into(webhook_attempts::table).values(attempt).execute(conn)?;
    }
    Ok(updated == 1)
}

fn kept(status: DeliveryStatus) -> i64 {
    if status == DeliveryStatus::Succeeded { KEPT_SUCCEEDED } else { KEPT }
}

/// How the webhook's receiver fares: since when it fails, and when it last took something.
fn fares(tx: &mut Tx, webhook: WebhookId) -> Result<Option<(Option<At>, Option<At>)>> {
    use webhooks::dsl;
    let columns = (dsl::failing_since, dsl::last_success_at);
    let found = dsl::webhooks.find(webhook).select(columns);
    tx.hint("each attempt writes it anew", |conn| Ok(found.first(conn).optional()?))
}

#[allow(clippy::disallowed_methods)] // how a receiver fares is no change of the record
fn mark_success(tx: &mut Tx, webhook: WebhookId) -> Result<()> {
    use webhooks::dsl;
    let Some((failing, last)) = fares(tx, webhook)? else { return Ok(()) };
    let is_recent = last.is_some_and(|at| at.plus_seconds(SUCCESS_EVERY) > tx.now);
    if failing.is_some() || !is_recent {
        let fares = (dsl::failing_since.eq(None::<At>), dsl::last_success_at.eq(Some(tx.now)));
        tx.execute(diesel::update(dsl::webhooks.find(webhook)).set(fares))?;
    }
    Ok(())
}

#[allow(clippy::disallowed_methods)] // how a receiver fares is no change of the record
fn mark_failure(tx: &mut Tx, webhook: WebhookId) -> Result<()> {
    use webhooks::dsl;
    match fares(tx, webhook)? {
        Some((None, _)) => {
            let since = dsl::failing_since.eq(Some(tx.now));
            tx.execute(diesel::update(dsl::webhooks.find(webhook)).set(since))?;
            Ok(())
        }
        Some((Some(since), _)) if since.plus_seconds(rules::PATIENCE) <= tx.now => {
            work::disable_because(tx, webhook, DisabledReason::Failing)
        }
        _ => Ok(()),
    }
}

/// Ends deliveries that are not to be told any more, unless their leases have gone to somebody else.
#[allow(clippy::disallowed_methods)] // the queue is no record
pub fn withhold(core: &Arc<Core>, deliveries: Vec<DeliveryRow>) -> Result<()> {
    use webhook_deliveries::dsl;
    if deliveries.is_empty() {
        return Ok(());
    }
    let now = core.clock.now();
    core.engine.write_now(move |conn| {
        let ids: Vec<DeliveryId> = deliveries.iter().map(|d| d.id).collect();
        let leases: Vec<&String> = deliveries.iter().filter_map(|d| d.lease.as_ref()).collect();
        let ours = dsl::webhook_deliveries.filter(dsl::id.eq_any(ids)).filter(dsl::lease.eq_any(leases));
        diesel::update(ours)
            .set((
                dsl::status.eq(DeliveryStatus::Withheld),
                dsl::lease.eq(None::<String>),
                dsl::ended_at.eq(Some(now)),
                dsl::clear_at.eq(Some(now.plus_seconds(KEPT))),
            ))
            .execute(conn)?;
        Ok(((), Ending::Commit))
    })
}

/// Disables a webhook by the product itself.
pub fn disable(core: &Arc<Core>, webhook: WebhookId, why: DisabledReason) -> Result<()> {
    core.write_as(Arc::new(Caller::system("webhooks")), move |tx| work::disable_because(tx, webhook, why))
}

// ---- figures -------------------------------------------------------------------------------------------------

/// The figures of the queue.
pub fn figures(core: &Arc<Core>) {
    let metrics = &core.metrics;
    let name = "salesdesk_webhook_deliveries_pending";
    metrics.stored_gauge(name, "Deliveries to active webhooks that wait, or wait to be tried again.", |rx| {
        let pending: i64 = waiting().count().get_result(rx.conn)?;
        Ok(pending as f64)
    });
    let name = "salesdesk_webhook_oldest_due_seconds";
    metrics.stored_gauge(name, "For how long the oldest delivery has been due.", oldest_due);
    let counted = |core: &Arc<Core>, pick: fn(&WebhookSender) -> &AtomicU64| {
        let core = Arc::downgrade(core);
        move || {
            core.upgrade()
                .map_or(0.0, |core| pick(&core.part::<WebhookSender>()).load(Ordering::Relaxed) as f64)
        }
    };
    metrics.counter(
        "salesdesk_webhook_attempts_succeeded_total",
        "Attempts to deliver that were answered 2xx.",
        counted(core, |sender| &sender.succeeded),
    );
    metrics.counter(
        "salesdesk_webhook_attempts_failed_total",
        "Attempts to deliver that failed.",
        counted(core, |sender| &sender.failed),
    );
}

/// What waits for active webhooks.
#[diesel::dsl::auto_type]
fn waiting() -> _ {
    let is_active: WebhookStatus = WebhookStatus::Active;
    let is_pending: DeliveryStatus = DeliveryStatus::Pending;
    let active = webhooks::table.filter(webhooks::status.eq(is_active)).select(webhooks::id);
    webhook_deliveries::table
        .filter(webhook_deliveries::status.eq(is_pending))
        .filter(webhook_deliveries::webhook_id.eq_any(active))
}

fn oldest_due(rx: &mut ReadTx) -> Result<f64> {
    let by_time = waiting().order(webhook_deliveries::due_at).select(webhook_deliveries::due_at);
    let first: Option<At> = by_time.first(rx.conn).optional()?;
    let late = first.map_or(0, |due_at| rx.now.micros() - due_at.micros());
    Ok(late.max(0) as f64 / 1e6)
}
