//! Use cases on webhooks and their deliveries.

use diesel::prelude::*;

use super::model::{
    Attempt, DELIVERIES, DeliveryId, DeliveryRow, DeliveryStatus, DisabledReason, Replay, Webhook,
    WebhookAction, WebhookDelivery, WebhookDeliveryDetail, WebhookId, WebhookInput, WebhookStatus,
    WebhookView,
};
use super::rules;
use crate::base::auth::{self, Caller};
use crate::base::db::filter::{Predicate, col};
use crate::base::db::list::Page;
use crate::base::db::{Act, Conn, Guard, JsonColumn, ReadTx, Tx};
use crate::base::error::{Error, Faults, Problem, Result};
use crate::base::events::feed::{self, Cursor, EventId};
use crate::base::http::Patch;
use crate::base::http::actions::{self, ActionStates};
use crate::base::http::params::Query;
use crate::base::types::At;
use crate::clients::ClientId;
use crate::load_from;
use crate::people::UserId;
use crate::schema::{webhook_attempts, webhook_deliveries, webhook_remains, webhooks};

/// Webhooks of one owner.
const MOST_OF_ONE: i64 = 100;
/// How long the present secret signs beside a new one, unless it is said.
pub const OVERLAP_HOURS: i64 = 24;
/// Attempts that a delivery's answer tells.
const LOG: i64 = 50;

/// Which webhooks a caller sees: a machine client its own, so that none gets at what another may see by changing
/// where that is sent; a person with the right to them, all.
pub fn visible_to(caller: &Caller) -> Predicate {
    match caller.client_id {
        Some(client) => Predicate::eq(col!(webhooks::owner_client_id), client),
        None => Predicate::All,
    }
}

pub fn find(conn: &mut Conn, caller: &Caller, id: WebhookId) -> Result<Webhook> {
    let found = webhooks::table
        .filter(webhooks::id.eq(id))
        .filter(visible_to(caller))
        .select(Webhook::as_select())
        .first(conn)
        .optional()?;
    found.ok_or_else(Error::not_found)
}

/// Whoever made the webhook, with the rights that they have now; None when these have ended.
pub fn owner(conn: &mut Conn, webhook: &Webhook) -> Result<Option<Caller>> {
    match (webhook.owner_user_id, webhook.owner_client_id) {
        (Some(user), _) => auth::sessions::standing(conn, user),
        (None, Some(client)) => auth::clients::standing(conn, client),
        (None, None) => Ok(None),
    }
}

pub fn view(caller: &Caller, webhook: Webhook) -> WebhookView {
    WebhookView { allowed_actions: rules::allowed_actions(caller, &webhook), webhook }
}

pub fn action_states(rx: &mut ReadTx, id: WebhookId) -> Result<ActionStates> {
    let webhook = find(rx.conn, rx.caller, id)?;
    Ok(ActionStates { data: rules::action_states(rx.caller, &webhook, rx.lang) })
}

// ---- webhooks ------------------------------------------------------------------------------------------------

/// Makes a webhook that is told of what happens from now on.
pub fn create(tx: &mut Tx, input: WebhookInput, secret: &[u8]) -> Result<Webhook> {
    let input = checked(tx, input)?;
    let (user, client) = (tx.caller.user.map(UserId), tx.caller.client_id.map(ClientId));
    if user.is_none() && client.is_none() {
        return Err(Error::internal("a webhook belongs to somebody"));
    }
    let owner = user.map(|id| id.to_string()).or(client.map(|id| id.to_string())).unwrap_or_default();
    let count = tx.under(Guard::row("webhooks", owner), |conn| count_of(conn, user, client))?;
    if count >= MOST_OF_ONE {
        return Err(Problem::new("too_many_webhooks").param("max", MOST_OF_ONE).into());
    }
    let mut webhook = Webhook {
        id: tx.new_id(),
        version: 0,
        url: input.url,
        description: input.description,
        event_types: JsonColumn(input.event_types),
        status: WebhookStatus::Active,
        disabled_reason: None,
        disabled_at: None,
        owner_user_id: user,
        owner_client_id: client,
        sealed_secret: tx.core.vault.seal(secret)?,
        secret_set_at: tx.now,
        sealed_previous_secret: None,
        previous_secret_until: None,
        sequence: newest(tx)?,
        failing_since: None,
        last_success_at: None,
        external_ids: JsonColumn(input.external_ids),
        created_at: tx.now,
        created_by: None,
        updated_at: tx.now,
        updated_by: None,
    };
    tx.create(&mut webhook)?;
    Ok(webhook)
}

/// Where a webhook begins that is told of what happens from now on.
fn newest(tx: &mut Tx) -> Result<i64> {
    tx.hint("what happens in this moment is before or after the webhook", feed::newest)
}

fn count_of(conn: &mut Conn, user: Option<UserId>, client: Option<ClientId>) -> Result<i64> {
    let query = webhooks::table.count().into_boxed();
    let query = match (user, client) {
        (Some(user), _) => query.filter(webhooks::owner_user_id.eq(user)),
        (None, client) => query.filter(webhooks::owner_client_id.eq(client)),
    };
    Ok(query.get_result(conn)?)
}

fn checked(tx: &Tx, input: WebhookInput) -> Result<WebhookInput> {
    let mut faults = Faults::default();
    let input = rules::clean(&tx.core.declared, input, tx.core.web.webhooks.allow_private, &mut faults);
    faults.done()?;
    Ok(input)
}

pub fn update(tx: &mut Tx, id: WebhookId, patch: &Patch<WebhookInput>) -> Result<Webhook> {
    let before = begin(tx, id)?;
    let form = WebhookInput {
        url: before.url.clone(),
        description: before.description.clone(),
        event_types: before.event_types.0.clone(),
        external_ids: before.external_ids.0.clone(),
    };
    let input = checked(tx, patch.onto(&form)?)?;
    let mut webhook = Webhook {
        url: input.url,
        description: input.description,
        event_types: JsonColumn(input.event_types),
        external_ids: JsonColumn(input.external_ids),
        ..before.clone()
    };
    tx.save(&before, &mut webhook, Act::UPDATED)?;
    Ok(webhook)
}

/// Deletes a webhook. Its deliveries are cleared away afterwards, in small steps, since they may be many.
#[allow(clippy::disallowed_methods)] // a note for the task that clears away is no record
pub fn delete(tx: &mut Tx, id: WebhookId) -> Result<()> {
    let webhook = begin(tx, id)?;
    tx.execute(diesel::insert_into(webhook_remains::table).values(webhook_remains::webhook_id.eq(id)))?;
    tx.remove(&webhook)
}

/// Goes on with what happens from now on; what happened meanwhile is told by a replay.
pub fn enable(tx: &mut Tx, id: WebhookId) -> Result<Webhook> {
    let before = begin(tx, id)?;
    let mut webhook = Webhook {
        status: after(tx.caller, &before, WebhookAction::Enable)?,
        disabled_reason: None,
        disabled_at: None,
        failing_since: None,
        sequence: newest(tx)?,
        ..before.clone()
    };
    tx.save(&before, &mut webhook, Act::new(WebhookAction::Enable.verb()))?;
    Ok(webhook)
}

pub fn disable(tx: &mut Tx, id: WebhookId) -> Result<Webhook> {
    let before = begin(tx, id)?;
    after(tx.caller, &before, WebhookAction::Disable)?;
    disabled(tx, before, DisabledReason::Requested, None)
}

fn there(conn: &mut Conn, id: WebhookId) -> Result<Option<Webhook>> {
    Ok(webhooks::table.find(id).select(Webhook::as_select()).first(conn).optional()?)
}

/// Disables a webhook that is active, by the product itself; nothing when it is not, or not there any more.
pub fn disable_because(tx: &mut Tx, id: WebhookId, why: DisabledReason) -> Result<()> {
    let found = tx.load_if_there(there, id)?;
    let reason = match why {
        DisabledReason::Requested => None,
        DisabledReason::Gone => Some("the receiver answered 410 Gone"),
        DisabledReason::Failing => Some("nothing could be delivered for five days"),
        DisabledReason::OwnerGone => Some("whoever made it was blocked or revoked"),
    };
    match found {
        Some(webhook) if webhook.status == WebhookStatus::Active => {
            disabled(tx, webhook, why, reason).map(drop)
        }
        _ => Ok(()),
    }
}

fn disabled(tx: &mut Tx, before: Webhook, why: DisabledReason, reason: Option<&str>) -> Result<Webhook> {
    let mut webhook = Webhook {
        status: WebhookStatus::Disabled,
        disabled_reason: Some(why),
        disabled_at: Some(tx.now),
        ..before.clone()
    };
    tx.save(&before, &mut webhook, Act::because(WebhookAction::Disable.verb(), reason))?;
    Ok(webhook)
}

/// Gives the webhook a new secret. The present one signs for a while longer; one that was before it does not.
pub fn rotate(tx: &mut Tx, id: WebhookId, overlap_hours: Option<i64>, secret: &[u8]) -> Result<Webhook> {
    let before = begin(tx, id)?;
    let status = after(tx.caller, &before, WebhookAction::RotateSecret)?;
    let hours = overlap_hours.unwrap_or(OVERLAP_HOURS);
    let mut webhook = Webhook {
        status,
        sealed_secret: tx.core.vault.seal(secret)?,
        secret_set_at: tx.now,
        sealed_previous_secret: (hours > 0).then(|| before.sealed_secret.clone()),
        previous_secret_until: (hours > 0).then(|| tx.now.plus_seconds(hours * 3600)),
        ..before.clone()
    };
    tx.save(&before, &mut webhook, Act::new(WebhookAction::RotateSecret.verb()))?;
    Ok(webhook)
}

/// Goes back in the journal: events from there on are told once more, under new ids.
pub fn replay(tx: &mut Tx, id: WebhookId, replay: &Replay) -> Result<Webhook> {
    let before = begin(tx, id)?;
    let status = after(tx.caller, &before, WebhookAction::Replay)?;
    let (core, now) = (tx.core, tx.now);
    let sequence = match (&replay.since, &replay.after) {
        (Some(since), None) => tx.hint("a place that was good is good a moment later", |conn| {
            feed::since(conn, core, now, *since)
        })?,
        (None, Some(cursor)) => {
            let cursor = Cursor::read(cursor).ok_or_else(|| Error::field("/after", "malformed_cursor"))?;
            tx.hint("a place that was good is good a moment later", |conn| {
                feed::check_place(conn, core, now, &cursor)
            })?;
            cursor.sequence
        }
        _ => return Err(Error::field("", "since_or_after")),
    };
    let mut webhook = Webhook { status, sequence: sequence.min(before.sequence), ..before.clone() };
    tx.save(&before, &mut webhook, Act::new(WebhookAction::Replay.verb()))?;
    Ok(webhook)
}

/// Sends a delivery of no event, now.
#[allow(clippy::disallowed_methods)] // the queue is no record
pub fn test(tx: &mut Tx, id: WebhookId) -> Result<WebhookDelivery> {
    let webhook = begin(tx, id)?;
    after(tx.caller, &webhook, WebhookAction::Test)?;
    let delivery = new_delivery(tx.new_id(), id, None, super::TEST_EVENT, tx.now);
    tx.execute(diesel::insert_into(webhook_deliveries::table).values(&delivery))?;
    tx.note_on(&webhook, Act::new(WebhookAction::Test.verb()), None, None)?;
    Ok(delivery.into())
}

/// The webhook, for this caller to change, at the version that they saw.
fn begin(tx: &mut Tx, id: WebhookId) -> Result<Webhook> {
    let webhook = tx.find(find, id)?;
    tx.check_expected(&webhook)?;
    Ok(webhook)
}

fn after(caller: &Caller, webhook: &Webhook, action: WebhookAction) -> Result<WebhookStatus> {
    let refused = || actions::refused(webhook.status, action, &rules::allowed_actions(caller, webhook));
    webhook.status.after(action).ok_or_else(refused)
}

// ---- deliveries ----------------------------------------------------------------------------------------------

pub fn new_delivery(
    id: DeliveryId,
    webhook_id: WebhookId,
    event_id: Option<EventId>,
    event_type: &str,
    now: At,
) -> DeliveryRow {
    DeliveryRow {
        id,
        webhook_id,
        event_id,
        event_type: event_type.to_owned(),
        status: DeliveryStatus::Pending,
        attempts: 0,
        step: 0,
        due_at: now,
        lease: None,
        last_error: None,
        created_at: now,
        ended_at: None,
        clear_at: None,
    }
}

#[allow(clippy::disallowed_methods)] // the queue is no record
pub fn insert(conn: &mut Conn, deliveries: &[DeliveryRow]) -> Result<()> {
    // Row by row: many at once would be more binds than an engine takes, and a prepared statement is kept.
    for delivery in deliveries {
        diesel::insert_into(webhook_deliveries::table).values(delivery).execute(conn)?;
    }
    Ok(())
}

pub fn deliveries(rx: &mut ReadTx, webhook: WebhookId, query: &Query) -> Result<Page<WebhookDelivery>> {
    find(rx.conn, rx.caller, webhook)?;
    let of_webhook = Predicate::eq(col!(webhook_deliveries::webhook_id), webhook.0);
    let mut page =
        DELIVERIES.page(query, of_webhook, load_from!(rx.conn, webhook_deliveries, DeliveryRow))?;
    let views = page.data.drain(..).map(WebhookDelivery::from).collect();
    Ok(page.with(views))
}

/// A delivery of a webhook that the caller sees.
fn delivery(conn: &mut Conn, caller: &Caller, id: DeliveryId) -> Result<(DeliveryRow, Webhook)> {
    let row = webhook_deliveries::table.find(id).select(DeliveryRow::as_select()).first(conn).optional()?;
    let row = row.ok_or_else(Error::not_found)?;
    let webhook = find(conn, caller, row.webhook_id)?;
    Ok((row, webhook))
}

pub fn delivery_with_log(rx: &mut ReadTx, id: DeliveryId) -> Result<WebhookDeliveryDetail> {
    let (row, _) = delivery(rx.conn, rx.caller, id)?;
    let log = webhook_attempts::table
        .filter(webhook_attempts::delivery_id.eq(id))
        .order(webhook_attempts::number.desc())
        .limit(LOG)
        .select(Attempt::as_select())
        .load(rx.conn)?;
    Ok(WebhookDeliveryDetail { delivery: row.into(), log })
}

/// Tries a delivery again, now and from the beginning of the ladder, under its own id.
#[allow(clippy::disallowed_methods)] // the queue is no record
pub fn retry(tx: &mut Tx, id: DeliveryId) -> Result<WebhookDelivery> {
    use webhook_deliveries::dsl;
    let caller = tx.caller;
    let (row, webhook) = tx.under(Guard::row("delivery", id), |conn| delivery(conn, caller, id))?;
    // A delivery has no version of its own; one that is sent along is the webhook's.
    tx.check_expected(&webhook)?;
    if webhook.status != WebhookStatus::Active {
        return Err(Problem::new("webhook_disabled").into());
    }
    if !row.status.can_be_retried() {
        return Err(actions::refused(row.status, "retry", &[] as &[&str]));
    }
    // One that is under way is as good as tried again.
    let under_way = row.lease.is_some() && row.due_at > tx.now;
    let due_at = if under_way { row.due_at } else { tx.now };
    let row = DeliveryRow {
        status: DeliveryStatus::Pending,
        step: 0,
        due_at,
        lease: row.lease.filter(|_| under_way),
        ended_at: None,
        clear_at: None,
        ..row
    };
    let update = diesel::update(dsl::webhook_deliveries.filter(dsl::id.eq(id))).set((
        dsl::status.eq(row.status),
        dsl::step.eq(row.step),
        dsl::due_at.eq(row.due_at),
        dsl::lease.eq(&row.lease),
        dsl::ended_at.eq(row.ended_at),
        dsl::clear_at.eq(row.clear_at),
    ));
    tx.execute(update)?;
    tx.note_on(&webhook, Act::new("delivery_retried"), None, None)?;
    Ok(row.into())
}

// ---- clearing ------------------------------------------------------------------------------------------------

/// Deliveries that are cleared away in one go.
const CLEARED_AT_ONCE: i64 = 500;

/// Clears away some deliveries whose time is over, or whose webhook is not there any more; whether there may be more.
#[allow(clippy::disallowed_methods)] // neither the queue nor its log are records
pub fn clear(conn: &mut Conn, now: At) -> Result<bool> {
    use webhook_deliveries::dsl;
    let gone: Option<WebhookId> =
        webhook_remains::table.select(webhook_remains::webhook_id).first(conn).optional()?;
    let query = dsl::webhook_deliveries.select(dsl::id).limit(CLEARED_AT_ONCE).into_boxed();
    let query = match gone {
        Some(webhook) => query.filter(dsl::webhook_id.eq(webhook)),
        None => query.filter(dsl::clear_at.le(now)),
    };
    let ids: Vec<DeliveryId> = query.load(conn)?;
    diesel::delete(webhook_attempts::table.filter(webhook_attempts::delivery_id.eq_any(&ids)))
        .execute(conn)?;
    diesel::delete(dsl::webhook_deliveries.filter(dsl::id.eq_any(&ids))).execute(conn)?;
    let full = ids.len() as i64 == CLEARED_AT_ONCE;
    if let Some(webhook) = gone.filter(|_| !full) {
        diesel::delete(webhook_remains::table.find(webhook)).execute(conn)?;
    }
    Ok(full || gone.is_some())
}

/// Whether there is anything to clear away.
pub fn is_to_clear(conn: &mut Conn, now: At) -> Result<bool> {
    use webhook_deliveries::dsl;
    let gone: Option<WebhookId> =
        webhook_remains::table.select(webhook_remains::webhook_id).first(conn).optional()?;
    let over: Option<DeliveryId> =
        dsl::webhook_deliveries.filter(dsl::clear_at.le(now)).select(dsl::id).first(conn).optional()?;
    Ok(gone.is_some() || over.is_some())
}
