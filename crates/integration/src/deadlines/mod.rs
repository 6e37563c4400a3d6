//! When the company works, and what is due when. The engine is [`crate::base::deadlines`]; what has deadlines starts
//! them itself.
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

use std::sync::OnceLock;

use serde_json::json;

use crate::base::Area;
use crate::base::auth::Scope;
use crate::base::deadlines::model::WorkingCalendarId;
use crate::base::deadlines::task;
use crate::base::events::{self, Told};
use crate::base::http::Routes;
use crate::base::http::history::HISTORY;
use crate::base::http::params::{Param, Takes};
use crate::base::messages::{Phrase, ProblemText, problem_text};

pub const AREA: Area = Area { name: "deadlines", routes, problems: PROBLEMS, phrases: PHRASES };

const READ: &[Scope] = &[Scope::CalendarRead];

/// Working minutes of a year are about 125,000; nothing waits longer.
const MOST_MINUTES: i64 = 130_000;

const TIME: &[Param] = &[
    Param::new("from", Takes::Instant, "When the time begins; now without it."),
    Param::new("minutes", Takes::Int(1, MOST_MINUTES), "Working minutes.").required(),
];

/// Who may read some record that has deadlines.
static SCOPES: OnceLock<Vec<Scope>> = OnceLock::new();

fn scopes(r: &Routes) -> Vec<Scope> {
    let has_deadlines = |told: &&Told| r.consequences.iter().any(|c| c.kind == told.kind);
    let mut scopes: Vec<Scope> =
        r.told.iter().filter(has_deadlines).flat_map(|t| t.scopes).copied().collect();
    scopes.sort_unstable();
    scopes.dedup();
    scopes
}

fn routes(r: &mut Routes) {
    r.tells(TOLD);
    r.tag("deadlines", "When the company works, and what is due when.");
    r.read("/working-calendar", "getWorkingCalendar", http::get)
        .scope(READ)
        .says("Read the working calendar", "Working hours by weekday, in the company's time zone, and the days on which it is otherwise: holidays, which have no hours, and days on which work is made up. A new installation has the Chinese public calendar of 2026, and of 2027 what the law itself says.");
    r.change("/working-calendar", "updateWorkingCalendar", http::update)
        .scope(&[Scope::SettingsWrite])
        .says("Change the working calendar", "Objects are merged: send only what changes; a day that is `null` follows its weekday again. Deadlines that run are computed anew within moments; steps that were taken stay taken.")
        .example(json!({"days": {"2026-12-31": {"name": "盘点日", "hours": [{"from": "09:00", "to": "12:00"}]}}}));
    r.list("/working-calendar/history", "listWorkingCalendarHistory", &HISTORY, http::history)
        .scope(READ)
        .says("History of the working calendar", "Every change: who, when, why, before and after.");
    r.read("/working-calendar/time", "getWorkingTime", http::time)
        .scope(READ)
        .unversioned()
        .takes(TIME)
        .says("Ask when working time has passed", "When so many working minutes from an instant are over, with the stretches in between that count and those that do not.")
        .fails_with(&["no_working_time"]);
    let readers = SCOPES.get_or_init(|| scopes(r));
    r.read("/deadlines/{record_id}", "getDeadlines", http::explain)
        .scope(readers)
        .unversioned()
        .says("Explain a record's deadlines", "Whatever kind of record it is: when each deadline is, why, and what happens before and after it. `segments` shows the time that counts, the pauses, and the time in which nobody works.");
    r.task(task::TASK, 20, task::turn);
}

static PROBLEMS: &[ProblemText] = &[problem_text(
    "no_working_time",
    422,
    ["No working time", "没有工作时间"],
    ["There is not so much working time in the next three years.", "未来三年内没有这么多工作时间。"],
    ["Enter working hours in the working calendar.", "请在工作日历中设置工作时间。"],
)];

static PHRASES: &[Phrase] = &[
    ("hours_out_of_order", ["must be in order and apart from each other", "必须按先后顺序且互不重叠"]),
    ("hours_backwards", ["must end after they begin", "结束时间必须晚于开始时间"]),
    ("too_many_days", ["more than {max} days are otherwise", "特殊日期不能超过 {max} 天"]),
];

const TOLD: Told = Told {
    kind: WorkingCalendarId::KIND,
    scopes: READ,
    select: "SELECT working_calendar.id FROM working_calendar WHERE ",
    visible: events::seen_by_all,
    verbs: &[events::CREATED, events::UPDATED],
};
