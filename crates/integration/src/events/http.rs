//! Endpoints of the event feed: extract, call, answer.

use serde::Serialize;
use utoipa::ToSchema;

use crate::base::core::Core;
use crate::base::db::{Conn, ReadTx};
use crate::base::declared::Declared;
use crate::base::error::{Fault, Problem, Result};
use crate::base::events::feed::{self, Cursor, Event};
use crate::base::http::params::{Query, bad};
use crate::base::http::{Answer, Req};

/// A part of the event feed.
#[derive(Debug, Serialize, ToSchema)]
pub struct EventPage {
    pub data: Vec<Event>,
    /// True when more events can be read now.
    pub has_more: bool,
    /// Position to continue from, for `after`. Always present, also on an empty page.
    #[schema(max_length = 200, example = "ZTEuODEy")]
    pub next_cursor: String,
}

pub fn list(rx: &mut ReadTx, req: &Req) -> Result<Answer<EventPage>> {
    let types = types_of(&rx.core.declared, &req.query)?;
    let from = match place(rx.core, rx.conn, req.query.text("after"))? {
        Place::Start => Cursor { epoch: rx.core.epoch.clone(), sequence: feed::oldest(rx.conn, rx.now)? },
        Place::End(cursor) => cursor,
        Place::At(cursor) => {
            feed::check_place(rx.conn, rx.core, rx.now, &cursor)?;
            cursor
        }
    };
    let limit = req.query.int("limit").unwrap_or(100);
    let part = feed::read(rx.conn, &rx.core.declared, rx.caller, &types, from.sequence, limit)?;
    let next_cursor = Cursor { sequence: part.next, ..from }.write();
    Ok(Answer::of(EventPage { data: part.events, has_more: part.more, next_cursor }))
}

/// Where a reader wants to begin.
pub enum Place {
    Start,
    End(Cursor),
    At(Cursor),
}

/// The place that `after` or `Last-Event-ID` names; 400 when it cannot be one.
pub fn place(core: &Core, conn: &mut Conn, after: Option<&str>) -> Result<Place> {
    match after {
        None => Ok(Place::Start),
        Some("latest") => Ok(Place::End(Cursor { epoch: core.epoch.clone(), sequence: feed::newest(conn)? })),
        Some(text) => {
            let cursor = Cursor::read(text).ok_or_else(|| Problem::new("invalid_cursor"))?;
            Ok(Place::At(cursor))
        }
    }
}

/// The types asked for; 400 naming those that do not exist.
pub fn types_of(declared: &Declared, query: &Query) -> Result<Vec<String>> {
    let Some(text) = query.text("types") else { return Ok(Vec::new()) };
    let types: Vec<String> = text.split(',').map(|t| t.trim().to_owned()).filter(|t| !t.is_empty()).collect();
    if types.len() > 100 {
        return Err(bad(vec![Fault::parameter("types", "too_many_items").with("max", 100)]));
    }
    let unknown = |t: &&String| !declared.is_event_pattern(t);
    let faults: Vec<Fault> = types
        .iter()
        .filter(unknown)
        .map(|t| Fault::parameter("types", "unknown_event_type").with("type", t))
        .collect();
    if faults.is_empty() { Ok(types) } else { Err(bad(faults)) }
}
