//! The event feed: every change that the caller may see, for systems that keep in step and screens that stay fresh.

mod http;
pub mod stream;

use std::sync::Arc;

use crate::base::Area;
use crate::base::auth::Scope;
use crate::base::core::Core;
use crate::base::events::sequencer;
use crate::base::http::params::{Param, Takes};
use crate::base::http::{OperationKind, Routes};
use crate::base::messages::{Phrase, ProblemText, problem_text};

pub const AREA: Area = Area { name: "events", routes, problems: PROBLEMS, phrases: PHRASES };

const READ: &[Scope] = &[Scope::EventsRead];

const AFTER: Param = Param::new(
    "after",
    Takes::Text(200),
    "Position to continue from: the `next_cursor` of the previous answer, or `latest` for the end of the feed. By default `/events` begins at the oldest event that is kept, and the stream at the end.",
);
const TYPES: Param = Param::new(
    "types",
    Takes::Text(2000),
    "Only events of these types, separated by commas, at most 100. `order.*` means every type of a kind. By default all types.",
);

fn routes(r: &mut Routes) {
    r.tag("events", "Every change of every record, in order: as a feed to read, or as a stream.");
    r.within_restrictions();
    r.figures(figures);
    r.read("/events", "listEvents", http::list)
        .scope(READ)
        .unversioned()
        .takes(&[
            AFTER,
            TYPES,
            Param::new(
                "limit",
                Takes::Int(1, 1000),
                "Largest number of events in the answer. Defaults to 100.",
            ),
        ])
        .summary("Read the event feed")
        .description(
            "Returns the changes of records that you may read, in the order in which they became final. Use \
             it to keep another system in step: save `next_cursor` together with your own work and continue \
             with it; it is always present. With `has_more` ask again at once, even when the page is empty. \
             No event ever appears before a cursor that was handed out, and the events of one record come \
             in version order. Events are kept for 90 days. An older cursor, or one from before a restore \
             of the database, is refused with 410 `cursor_expired`: save `latest_cursor` of that answer, \
             read the lists once, and continue from it.",
        )
        .fails_with(&["invalid_cursor", "cursor_expired"]);
    r.flow::<(), String, _>(OperationKind::Read, "/events/stream", "streamEvents", stream::open)
        .scope(READ)
        .takes(&[AFTER, TYPES])
        .answers_media(&["text/event-stream"])
        .summary("Stream events")
        .description(
            "Sends the feed as server-sent events: `id` is the cursor, `event` the type, `data` the event. \
             It begins at the end of the feed, unless `after` or the header `Last-Event-ID` says otherwise. \
             A comment is sent every 15 seconds when nothing happens. A stream ends after 15 minutes, or \
             when the caller's rights end: connect again with the last id. Refused with 429 \
             `too_many_streams` when you have 20 open streams.",
        )
        .fails_with(&["invalid_cursor", "cursor_expired", "too_many_streams"]);
    r.task(sequencer::TASK, 1, sequencer::turn);
}

/// Figures of the feed.
fn figures(core: &Arc<Core>) {
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
            "The feed cannot continue from this cursor: the events after it are deleted, or the database was restored.",
            "无法从该游标继续：其后的事件已不再保留，或数据库已恢复。",
        ],
        [
            "Save latest_cursor, read the lists that you follow once, then continue with GET /events from it.",
            "请保存 latest_cursor，完整读取一次所需列表，再从该游标继续调用 GET /events。",
        ],
    ),
    problem_text(
        "too_many_streams",
        429,
        ["Too many streams", "流连接过多"],
        ["There are too many open event streams.", "打开的事件流过多。"],
        [
            "Close streams that are not read, or use GET /events instead.",
            "请关闭无人读取的流，或改用事件列表。",
        ],
    ),
];

static PHRASES: &[Phrase] = &[("unknown_event_type", ["{type} is not an event type", "没有事件类型 {type}"])];
