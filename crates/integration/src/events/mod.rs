//! The event feed: every change that the caller may see, for systems that keep in step and screens that stay fresh.

mod http;
pub mod stream;

use std::sync::Arc;

use crate::base::Area;
use crate::base::auth::Scope;
use crate::base::core::Core;
use crate::base::events::sequencer;
use crate::base::http::params::{Param, Takes};
use crate::base::http::{Nature, Routes};
use crate::base::messages::{Phrase, ProblemText, problem_text};

pub const AREA: Area = Area { name: "events", routes, problems: PROBLEMS, phrases: PHRASES };

const READ: &[Scope] = &[Scope::EventsRead];

const AFTER: Param = Param::new(
    "after",
    Takes::Text(200),
    "Where to go on: the `next_cursor` of the answer before, or `latest` for the end. Without it, the feed begins at the oldest event that is kept.",
);
const TYPES: Param = Param::new(
    "types",
    Takes::Text(2000),
    "Only events of these types, separated by commas; `order.*` is every type of a kind.",
);

fn routes(r: &mut Routes) {
    r.tag("events", "What changed, in order: to pull, or to be told at once.");
    r.read("/events", "listEvents", http::list)
        .scope(READ)
        .unversioned()
        .takes(&[AFTER, TYPES, Param::new("limit", Takes::Int(1, 1000), "How many events to answer; 100 by default.")])
        .says("Read the event feed", "Events in the order in which changes became final; no event ever appears behind a cursor that was handed out, and one record's events come in the order of its versions. Keep `next_cursor` (it is always there) together with what you did about the events, and ask again with it. With `has_more` ask at once, even when a page is empty: you see only what you may read. Events are kept for 90 days; an older cursor, or one from before a restore, answers 410 with `latest_cursor`: keep that, read the lists once, and go on from it.")
        .fails_with(&["invalid_cursor", "cursor_expired"]);
    r.flow::<(), String, _>(Nature::Read, "/events/stream", "streamEvents", stream::open)
        .scope(READ)
        .takes(&[AFTER, TYPES])
        .answers_media(&["text/event-stream"])
        .says("Stream events", "The feed as server-sent events: `id` is the cursor, `event` the type, `data` the event as the feed answers it. Begins at the end unless `after` or the `Last-Event-ID` header says where. A comment comes every 15 seconds when nothing happens; a stream ends after 15 minutes at the latest, and when the caller's rights end: connect again with the last id.")
        .fails_with(&["invalid_cursor", "cursor_expired", "too_many_streams"]);
    r.task(sequencer::TASK, 1, sequencer::turn);
}

/// Figures of the feed.
pub fn figures(core: &Arc<Core>) {
    core.metrics.stored_gauge(
        "salesdesk_events_waiting",
        "Changes that were committed and have no place in the feed yet; no more than 10000 are counted.",
        |rx| Ok(sequencer::lag(rx.conn)? as f64),
    );
    let streams = core.part::<stream::Streams>();
    core.metrics
        .gauge("salesdesk_event_streams", "Streams of events that are open.", move || streams.count() as f64);
}

static PROBLEMS: &[ProblemText] = &[
    problem_text(
        "cursor_expired",
        410,
        ["Cursor expired", "游标已失效"],
        [
            "The feed cannot go on from this cursor: events behind it are not kept any more, or the database was restored.",
            "无法从该游标继续：其后的事件已不再保留，或数据库已恢复。",
        ],
        [
            "Keep latest_cursor, read the lists that you follow once, then go on with GET /events from it.",
            "请保存 latest_cursor，完整读取一次所需列表，再从该游标继续调用 GET /events。",
        ],
    ),
    problem_text(
        "too_many_streams",
        429,
        ["Too many streams", "流连接过多"],
        ["There are too many open event streams.", "打开的事件流过多。"],
        [
            "Close streams that nobody reads, or read the feed instead.",
            "请关闭无人读取的流，或改用事件列表。",
        ],
    ),
];

static PHRASES: &[Phrase] = &[("unknown_event_type", ["{type} is no event type", "没有事件类型 {type}"])];
