//! The working calendar, and the deadlines of records. The engine is [`crate::base::deadlines`]; areas start
//! the deadlines of their own records.
//!
//! | endpoint | who |
//! |---|---|
//! | read the calendar, ask it for a deadline, read a record's deadlines | `calendar:read` |
//! | change the calendar | `settings:write` |

mod http;
mod model;
pub mod rules;
pub mod seed;
pub mod work;

use serde_json::json;

use crate::base::Area;
use crate::base::auth::Scope;
use crate::base::db::Replayed;
use crate::base::db::filter::col;
use crate::base::deadlines::model::WorkingCalendarId;
use crate::base::deadlines::task;
use crate::base::events::{self, EventSource};
use crate::base::http::Routes;
use crate::base::http::history::HISTORY;
use crate::base::http::params::{Param, Takes};
use crate::base::messages::{Phrase, ProblemText, problem_text};

pub const AREA: Area = Area { name: "deadlines", routes, problems: PROBLEMS, phrases: PHRASES };

const READ: &[Scope] = &[Scope::CalendarRead];

/// Working minutes of a year are about 125,000; nothing waits longer.
const MOST_MINUTES: i64 = 130_000;

const TIME: &[Param] = &[
    Param::new("from", Takes::Instant, "Start of the working time. Defaults to now."),
    Param::new("minutes", Takes::Int(1, MOST_MINUTES), "Number of working minutes.").required(),
];

fn routes(r: &mut Routes) {
    r.tells(TOLD);
    r.declare(Replayed::of::<crate::base::deadlines::model::WorkingCalendar>(col!(working_calendar::id)));
    r.begins_with(work::ensure);
    r.tag("deadlines", "Working hours of the company, and the deadlines of records.");
    r.reads_within_restrictions();
    r.read("/working-calendar", "getWorkingCalendar", http::get)
        .scope(READ)
        .summary("Read the working calendar")
        .description(
            "Returns the working hours by weekday and the exceptions: holidays, and weekend days on which \
             people work. A new installation has the Chinese public calendar of 2026, and for 2027 the \
             holidays that the law fixes.",
        );
    r.change("/working-calendar", "updateWorkingCalendar", http::update)
        .scope(&[Scope::SettingsWrite])
        .summary("Change the working calendar")
        .description(
            "Changes the working hours. Objects are merged: send only what changes; a day that is null \
             follows its weekday again. Deadlines that run are computed again within moments; reminders and \
             escalations that were sent stay sent. Hours must be in order and must not overlap; otherwise \
             refused with 422 `validation_failed`.",
        )
        .example(
            json!({"days": {"2026-12-31": {"name": "盘点日", "hours": [{"from": "09:00", "to": "12:00"}]}}}),
        );
    r.list("/working-calendar/history", "listWorkingCalendarHistory", &HISTORY, http::history)
        .scope(READ)
        .summary("Read the working calendar's history")
        .description(
            "Returns every change of the working calendar with the old and the new content, who made it, \
             when and why.",
        );
    r.read("/working-calendar/time", "getWorkingTime", http::time)
        .scope(READ)
        .unversioned()
        .takes(TIME)
        .summary("Compute the end of working time")
        .description(
            "Computes when a number of working minutes has passed, counted from an instant. The answer \
             lists the stretches that count and those that do not. Refused with 422 `no_working_time` when \
             the next three years have less working time.",
        )
        .fails_with(&["no_working_time"]);
    r.finally(explain);
    r.task_unless_held(task::TASK, 20, task::turn);
}

/// Who may read some record that has deadlines may ask for them: known when all areas have declared.
fn explain(r: &mut Routes) -> Result<(), String> {
    let has_deadlines = |told: &&EventSource| r.declared.consequences.iter().any(|c| c.kind == told.kind);
    let mut readers: Vec<Scope> =
        r.declared.told.iter().filter(has_deadlines).flat_map(|t| t.scopes).copied().collect();
    readers.sort_unstable();
    readers.dedup();
    let readers = r.keep(readers);
    r.read("/deadlines/{record_id}", "getDeadlines", http::explain)
        .scope(readers)
        .unversioned()
        .summary("Explain a record's deadlines")
        .description(
            "Returns the deadlines of a record of any kind: when each is due, how the time was counted, and \
             its reminders and escalations. Refused with 404 `not_found` when the record has no deadline or \
             you may not see it.",
        );
    Ok(())
}

static PROBLEMS: &[ProblemText] = &[problem_text(
    "no_working_time",
    422,
    ["No working time", "没有工作时间"],
    ["The next three years have less working time than that.", "未来三年内没有这么多工作时间。"],
    ["Enter working hours in the working calendar.", "请在工作日历中设置工作时间。"],
)];

static PHRASES: &[Phrase] = &[
    ("hours_out_of_order", ["must be in order and must not overlap", "必须按先后顺序且互不重叠"]),
    ("hours_backwards", ["must end after they begin", "结束时间必须晚于开始时间"]),
    ("too_many_days", ["must not list more than {max} days", "特殊日期不能超过 {max} 天"]),
];

const TOLD: EventSource = EventSource {
    kind: WorkingCalendarId::KIND,
    name: ["Working calendar", "工作日历"],
    scopes: READ,
    id: col!(working_calendar::id),
    visible: events::seen_by_all,
    verbs: &[events::CREATED, events::UPDATED],
};
