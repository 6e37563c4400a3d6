//! Reading the feed: pages behind a cursor, in the order of commits.

use base64::Engine as _;
use diesel::prelude::*;
use serde::Serialize;
use utoipa::ToSchema;

use super::{of_types, visible};
use crate::auth::Caller;
use crate::core::Core;
use crate::db::filter::{Op, Predicate, col};
use crate::db::journal::Entry;
use crate::db::{AnyId, Conn};
use crate::declared::Declared;
use crate::error::{Problem, Result};
use crate::id_type;
use crate::schema::{journal, journal_head};
use crate::types::At;
use crate::types::principals::UserId;

id_type!(EventId, "evt", "event");

/// How long an event can be read again at least, in days.
pub const KEPT_DAYS: i64 = 90;
/// How many entries one page looks through for those that the caller sees.
const WINDOW: i64 = 5_000;

/// One change of a record.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Event {
    pub id: EventId,
    /// Event type: kind of record and verb. Every type is listed under `webhooks` in this document.
    #[serde(rename = "type")]
    #[schema(example = "order.created", max_length = 80)]
    pub event_type: String,
    /// Position in the feed. It grows with every event, with gaps for events that you may not see.
    #[schema(value_type = i64, minimum = 1, maximum = 9007199254740991i64, example = 812)]
    pub sequence: i64,
    /// When the change was made.
    pub occurred_at: At,
    /// Who made the change.
    pub actor: EventActor,
    /// Which record changed.
    pub data: EventData,
}

/// Who made a change. A program recognises its own changes by `client`.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct EventActor {
    /// Person who made the change. Null for a machine client and for the system itself.
    pub user_id: Option<UserId>,
    /// Name of the person or machine client; `system` for the system itself.
    #[schema(example = "李娜")]
    pub name: String,
    /// Way in: `api` for people, `cli` for the command line, the id of the machine client, or the name of the
    /// system's own work.
    #[schema(example = "api")]
    pub client: String,
    /// Id of the request that made the change; the same as in the response header `X-Request-Id`.
    #[schema(max_length = 100)]
    pub request_id: String,
}

/// Which record changed. The event does not hold the record: read it by its id.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct EventData {
    /// Id of the record.
    #[schema(example = "ord_019a7c5e8f3a7d10b6c2a94e516f7264", max_length = 60)]
    pub id: String,
    /// Kind of record, such as `order`.
    #[schema(example = "order", max_length = 40)]
    pub kind: String,
    /// Version of the record after the change.
    #[schema(example = 1)]
    pub version: i32,
    /// Names of the fields that changed, without their content. Empty for a new record.
    #[schema(max_items = 500, example = json!(["status"]))]
    pub changed: Vec<String>,
}

/// An event as it is sent to a webhook, in the envelope of Standard Webhooks.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct WebhookEvent {
    /// Event type: kind of record and verb.
    #[serde(rename = "type")]
    #[schema(example = "order.created", max_length = 80)]
    pub event_type: String,
    /// When the change was made. The header `webhook-timestamp` says when this attempt was sent.
    pub timestamp: At,
    /// Id of the event, the same as in the feed. The header `webhook-id` holds the id of the delivery.
    pub id: EventId,
    /// Position in the feed. Deliveries can arrive in another order; compare `sequence` to find the newer
    /// one.
    #[schema(value_type = i64, minimum = 1, maximum = 9007199254740991i64, example = 812)]
    pub sequence: i64,
    /// Who made the change.
    pub actor: EventActor,
    /// Which record changed.
    pub data: EventData,
}

impl From<Event> for WebhookEvent {
    fn from(event: Event) -> WebhookEvent {
        WebhookEvent {
            event_type: event.event_type,
            timestamp: event.occurred_at,
            id: event.id,
            sequence: event.sequence,
            actor: event.actor,
            data: event.data,
        }
    }
}

/// The body that a test of a webhook sends.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct WebhookTest {
    /// Always `webhook.test`.
    #[serde(rename = "type")]
    #[schema(example = "webhook.test", max_length = 80)]
    pub event_type: String,
    /// When the test was requested.
    pub timestamp: At,
    /// The webhook itself. `changed` is empty.
    pub data: EventData,
}

/// A place in the feed: the epoch of this database, and the sequence of the last event that was read.
#[derive(Debug, Clone, PartialEq)]
pub struct Cursor {
    pub epoch: String,
    pub sequence: i64,
}

impl Cursor {
    pub fn write(&self) -> String {
        base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(format!("{}.{}", self.epoch, self.sequence))
    }
    pub fn read(text: &str) -> Option<Cursor> {
        let bytes = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(text).ok()?;
        let text = String::from_utf8(bytes).ok()?;
        let (epoch, sequence) = text.rsplit_once('.')?;
        let sequence = sequence.parse().ok().filter(|n: &i64| *n >= 0)?;
        Some(Cursor { epoch: epoch.to_owned(), sequence })
    }
}

/// Events, and where the feed goes on behind them.
pub struct Part {
    pub events: Vec<Event>,
    pub next: i64,
    /// Whether there may be more now.
    pub more: bool,
}

/// The event that a journal entry is.
pub fn event_of(declared: &Declared, entry: &Entry) -> Event {
    Event {
        id: EventId(entry.id.0),
        event_type: entry.event_type.clone(),
        sequence: entry.sequence.unwrap_or_default(),
        occurred_at: entry.occurred_at,
        actor: EventActor {
            user_id: entry.actor_id.map(|AnyId(id)| UserId(id)),
            name: entry.actor_name.clone(),
            client: entry.client.clone(),
            request_id: entry.request_id.clone(),
        },
        data: EventData {
            id: declared.id_of(&entry.record_kind, entry.record_id.0),
            kind: entry.record_kind.clone(),
            version: entry.version,
            changed: changed_fields(entry),
        },
    }
}

/// `lines.oln_….quantity` is a change of `lines`.
fn changed_fields(entry: &Entry) -> Vec<String> {
    let mut fields: Vec<String> = Vec::new();
    for path in entry.changes.0.keys() {
        let field = path.split('.').next().unwrap_or(path);
        if !fields.iter().any(|f| f == field) {
            fields.push(field.to_owned());
        }
    }
    // A new record's fields are all of them, which says nothing.
    if entry.version == 1 { Vec::new() } else { fields }
}

/// The sequence of the newest entry; 0 before the first.
pub fn newest(conn: &mut Conn) -> Result<i64> {
    use journal_head::dsl;
    Ok(dsl::journal_head.select(dsl::sequence).first(conn).optional()?.unwrap_or(0))
}

/// Where somebody without a cursor begins: before the oldest entry that is still told.
pub fn oldest(conn: &mut Conn, now: At) -> Result<i64> {
    use journal::dsl;
    let first: Option<Option<i64>> = dsl::journal
        .filter(dsl::occurred_at.ge(horizon(now)))
        .order((dsl::occurred_at, dsl::id))
        .select(dsl::sequence)
        .first(conn)
        .optional()?;
    match first.flatten() {
        // Those written about the same time may have got their numbers the other way round.
        Some(sequence) => Ok((sequence - 1000).max(0)),
        None => newest(conn),
    }
}

/// The place behind which all is that happened from this instant on; a few events from before it may be, too, when
/// they became final after later ones. 410 for what is not kept any more.
pub fn since(conn: &mut Conn, core: &Core, now: At, since: At) -> Result<i64> {
    use journal::dsl;
    let newest = newest(conn)?;
    if since < horizon(now) {
        let here = Cursor { epoch: core.epoch.clone(), sequence: newest };
        return Err(Problem::new("cursor_expired").with("latest_cursor", here.write()).into());
    }
    let first: Vec<Option<i64>> = dsl::journal
        .filter(dsl::occurred_at.ge(since))
        .filter(dsl::sequence.is_not_null())
        .order((dsl::occurred_at, dsl::id))
        .limit(1000)
        .select(dsl::sequence)
        .load(conn)?;
    Ok(first.into_iter().flatten().min().map_or(newest, |sequence| sequence - 1))
}

/// The events with these ids that the caller sees.
pub fn those(conn: &mut Conn, declared: &Declared, caller: &Caller, ids: Vec<EventId>) -> Result<Vec<Event>> {
    use journal::dsl;
    let ids = Predicate::ids(col!(journal::id), ids.into_iter().map(|id| id.0));
    let entries: Vec<Entry> =
        dsl::journal.filter(ids.and(visible(declared, caller))).select(Entry::as_select()).load(conn)?;
    Ok(entries.iter().map(|entry| event_of(declared, entry)).collect())
}

fn horizon(now: At) -> At {
    now.plus_seconds(-KEPT_DAYS * 24 * 3600)
}

/// Refuses a place that the feed cannot go on from: past its keeping, or of another life of this database.
pub fn check_place(conn: &mut Conn, core: &Core, now: At, cursor: &Cursor) -> Result<()> {
    use journal::dsl;
    let newest = newest(conn)?;
    let next: Option<At> = dsl::journal
        .filter(dsl::sequence.eq(Some(cursor.sequence + 1)))
        .select(dsl::occurred_at)
        .first(conn)
        .optional()?;
    let lost = next.is_some_and(|at| at < horizon(now));
    if lost || cursor.epoch != core.epoch || cursor.sequence > newest {
        let here = Cursor { epoch: core.epoch.clone(), sequence: newest };
        return Err(Problem::new("cursor_expired").with("latest_cursor", here.write()).into());
    }
    Ok(())
}

/// What is known of an event without looking whether somebody may see it.
#[derive(Debug, Clone, Queryable)]
pub struct Head {
    pub sequence: i64,
    pub kind: String,
    pub event_type: String,
}

/// The events behind one place and up to another.
pub fn heads(conn: &mut Conn, after: i64, until: i64) -> Result<Vec<Head>> {
    use journal::dsl;
    let rows: Vec<(Option<i64>, String, String)> = dsl::journal
        .filter(dsl::sequence.gt(Some(after)))
        .filter(dsl::sequence.le(Some(until)))
        .filter(dsl::version.gt(0))
        .order(dsl::sequence)
        .select((dsl::sequence, dsl::record_kind, dsl::event_type))
        .load(conn)?;
    let head = |(sequence, kind, event_type): (Option<i64>, String, String)| {
        Some(Head { sequence: sequence?, kind, event_type })
    };
    Ok(rows.into_iter().filter_map(head).collect())
}

impl Head {
    /// Whether it may be for this caller: the record is still to be looked at.
    pub fn may_concern(&self, declared: &Declared, caller: &Caller, types: &[String]) -> bool {
        let is_of = |pattern: &String| match pattern.strip_suffix(".*") {
            Some(kind) => kind == self.kind,
            None => *pattern == self.event_type,
        };
        let told = declared.told.iter().filter(|told| told.kind.name == self.kind);
        (types.is_empty() || types.iter().any(is_of))
            && told.flat_map(|told| told.scopes).any(|scope| caller.may(*scope))
    }
}

/// The events behind a place that the caller sees, at most so many. Looks through a bounded stretch only, so that
/// somebody who sees little does not make the database read everything; then it may come to nothing and still
/// say that there is more.
pub fn read(
    conn: &mut Conn,
    declared: &Declared,
    caller: &Caller,
    types: &[String],
    after: i64,
    limit: i64,
) -> Result<Part> {
    use journal::dsl;
    let newest = newest(conn)?;
    let until = newest.min(after + WINDOW);
    if until <= after {
        return Ok(Part { events: vec![], next: after, more: false });
    }
    let stretch = Predicate::Compare(col!(journal::sequence), Op::Gt, after.into()).and(Predicate::Compare(
        col!(journal::sequence),
        Op::Le,
        until.into(),
    ));
    let entries: Vec<Entry> = dsl::journal
        .filter(stretch.and(visible(declared, caller)).and(of_types(types)))
        .order(dsl::sequence)
        .limit(limit + 1)
        .select(Entry::as_select())
        .load(conn)?;
    let full = entries.len() as i64 > limit;
    let events: Vec<Event> =
        entries.iter().take(limit as usize).map(|entry| event_of(declared, entry)).collect();
    let next = match events.last() {
        Some(last) if full => last.sequence,
        _ => until,
    };
    Ok(Part { events, next, more: full || until < newest })
}
