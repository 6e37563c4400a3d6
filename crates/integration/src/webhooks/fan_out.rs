//! From events to deliveries. Each webhook follows the journal ([`Stretch`]) with a place of its own. A
//! delivery for each event that it receives is written together with its next place.

use std::sync::Arc;

use diesel::prelude::*;

use super::model::{DeliveryStatus, DisabledReason, Webhook, WebhookId, WebhookStatus};
use super::{delivery, work};
use crate::base::auth::Caller;
use crate::base::core::Core;
use crate::base::db::Conn;
use crate::base::db::engine::Ending;
use crate::base::error::Result;
use crate::base::events::feed::{self, Event};
use crate::base::events::follow::Stretch;
use crate::base::http::dispatch::App;
use crate::schema::{webhook_deliveries, webhooks};

/// Webhooks looked at in one turn, and events told to one of them.
const WEBHOOKS: usize = 200;
const EVENTS: i64 = 200;
/// Deliveries that wait for one webhook; its place in the journal waits with them.
const MOST_PENDING: i64 = 10_000;

/// How far one webhook gets in a turn.
struct Step {
    webhook: WebhookId,
    stretch: Stretch,
}

/// What a look at the journal finds.
#[derive(Default)]
struct Found {
    steps: Vec<Step>,
    /// Those whose owner's rights have ended.
    orphans: Vec<WebhookId>,
    more: bool,
}

/// The task: writes deliveries for what is new.
pub fn turn(app: &Arc<App>) -> Result<bool> {
    let core = app.core.clone();
    let found = core.clone().engine.read_now(move |conn| look(&core, conn))?;
    for orphan in &found.orphans {
        delivery::disable(&app.core, *orphan, DisabledReason::OwnerGone)?;
    }
    let (more, orphans) = (found.more, !found.orphans.is_empty());
    let written = keep(&app.core, found.steps)?;
    if written {
        app.core.wakers.wake(delivery::TASK);
    }
    Ok(more || orphans)
}

fn look(core: &Core, conn: &mut Conn) -> Result<Found> {
    use webhooks::dsl;
    let newest = feed::newest(conn)?;
    let mut behind: Vec<(WebhookId, i64)> = dsl::webhooks
        .filter(dsl::status.eq(WebhookStatus::Active))
        .filter(dsl::sequence.lt(newest))
        .select((dsl::id, dsl::sequence))
        .load(conn)?;
    behind.retain(|(id, place)| {
        core.part::<super::delivery::WebhookSender>().looked_until(*id, *place) < newest
    });
    let mut found = Found { more: behind.len() > WEBHOOKS, ..Found::default() };
    for (id, place) in behind.into_iter().take(WEBHOOKS) {
        let looked = core.part::<super::delivery::WebhookSender>().looked_until(id, place);
        let webhook = dsl::webhooks.find(id).select(Webhook::as_select()).first(conn)?;
        match work::owner(conn, &webhook)? {
            None => found.orphans.push(webhook.id),
            Some(owner) => look_for(core, conn, &webhook, &owner, looked, &mut found)?,
        }
    }
    Ok(found)
}

fn look_for(
    core: &Core,
    conn: &mut Conn,
    webhook: &Webhook,
    owner: &Caller,
    looked: i64,
    found: &mut Found,
) -> Result<()> {
    let place = (webhook.sequence, looked);
    let stretch = Stretch::read(conn, &core.declared, owner, &webhook.event_types.0, place, EVENTS)?;
    if !stretch.is_worth_keeping() {
        core.part::<super::delivery::WebhookSender>().looked(webhook.id, stretch.from, stretch.to);
        found.more |= stretch.more;
        return Ok(());
    }
    if !stretch.events.is_empty() && pending(conn, webhook.id)? >= MOST_PENDING {
        return Ok(());
    }
    found.more |= stretch.more;
    found.steps.push(Step { webhook: webhook.id, stretch });
    Ok(())
}

/// How many deliveries wait; no more are counted than there may be.
fn pending(conn: &mut Conn, webhook: WebhookId) -> Result<i64> {
    use webhook_deliveries::dsl;
    let waiting = dsl::webhook_deliveries
        .filter(dsl::webhook_id.eq(webhook))
        .filter(dsl::status.eq(DeliveryStatus::Pending));
    Ok(waiting.count().get_result(conn)?)
}

/// Writes the deliveries and the next places; whether there is something to send.
fn keep(core: &Arc<Core>, steps: Vec<Step>) -> Result<bool> {
    if steps.is_empty() {
        return Ok(false);
    }
    let unit = core.clone();
    core.engine.write_now(move |conn| {
        let mut written = false;
        for step in &steps {
            written |= advance(&unit, conn, step)? && !step.stretch.events.is_empty();
        }
        Ok((written, Ending::Commit))
    })
}

/// One webhook's step; false when its place is another by now: somebody else told of these events, or it goes back.
#[allow(clippy::disallowed_methods)] // the place in the journal is no change of the record
fn advance(core: &Core, conn: &mut Conn, step: &Step) -> Result<bool> {
    use webhooks::dsl;
    let there = dsl::webhooks
        .filter(dsl::id.eq(step.webhook))
        .filter(dsl::status.eq(WebhookStatus::Active))
        .filter(dsl::sequence.eq(step.stretch.from));
    if diesel::update(there).set(dsl::sequence.eq(step.stretch.to)).execute(conn)? == 0 {
        return Ok(false);
    }
    let now = core.clock.now();
    let new = |event: &Event| {
        let id = super::model::DeliveryId(core.ids.next(now));
        work::new_delivery(id, step.webhook, Some(event.id), &event.event_type, now)
    };
    work::insert(conn, &step.stretch.events.iter().map(new).collect::<Vec<_>>())?;
    Ok(true)
}
