//! Recurring work as administrators see it: when each schedule runs, how its last run went, and what they may do about it.
//! What runs them is [`crate::base::schedules`].

use serde::Serialize;
use utoipa::ToSchema;

use crate::base::auth::Scope;
use crate::base::db::filter::{Predicate, col};
use crate::base::db::list::{Does, ListSpec, Page, Sort, filter};
use crate::base::db::{Act, ReadTx, Tx};
use crate::base::error::{Problem, Result};
use crate::base::events::{self, EventSource, Verb};
use crate::base::http::params::{Param, Takes};
use crate::base::http::{Answer, Req, Routes};
use crate::base::messages::{Lang, ProblemText, problem_text};
use crate::base::schedules::model::{RunResult, ScheduleId, ScheduleRow, find};
use crate::base::types::{At, TextEnum};
use crate::load_from;

const READ: &[Scope] = &[Scope::SettingsRead];
const WRITE: &[Scope] = &[Scope::SettingsWrite];

pub fn routes(r: &mut Routes) {
    r.tells(TOLD);
    r.list("/system/schedules", "listSchedules", &SCHEDULES, list)
        .scope(READ)
        .summary("List schedules")
        .description(
            "Returns the work that the system does regularly: when each schedule runs next, and how its last \
         run ended.",
        );
    r.read("/system/schedules/{name}", "getSchedule", get)
        .scope(READ)
        .unversioned()
        .summary("Read a schedule")
        .description(
            "Returns one schedule by its name. There is no ETag, because runs change it without a new \
             version.",
        );
    r.action("/system/schedules/{name}/run", "runSchedule", run)
        .scope(WRITE)
        .unversioned()
        .summary("Run a schedule now")
        .description(
            "Begins a run within seconds. Afterwards the schedule continues in its rhythm. If a run is in \
             progress, no second one begins. Refused with 409 `schedule_disabled` when the schedule is \
             disabled.",
        )
        .fails_with(&["schedule_disabled"]);
    r.action("/system/schedules/{name}/enable", "enableSchedule", enable)
        .scope(WRITE)
        .unversioned()
        .summary("Enable a schedule")
        .description(
            "Lets the schedule run again, from its next regular time on. Runs that were missed are not made \
             up for. If it is enabled already, nothing changes.",
        );
    r.action("/system/schedules/{name}/disable", "disableSchedule", disable).scope(WRITE).unversioned()
        .summary("Disable a schedule")
        .description(
            "Stops the schedule until it is enabled again. A run in progress is given up where it is. If it is \
         disabled already, nothing changes.",
        );
}

/// Work that the system does regularly, and its last run.
#[derive(Debug, Serialize, ToSchema)]
pub struct Schedule {
    pub id: ScheduleId,
    /// Grows with what people do to the schedule, not with its runs.
    pub version: i32,
    /// Name of the schedule, in lower case with hyphens. Stable.
    #[schema(max_length = 60, example = "session-clearing")]
    pub name: String,
    /// What the work does, in the language that the request asks for.
    #[schema(max_length = 400, example = "Removes sessions that ended long ago.")]
    pub about: String,
    /// When the work runs, in the company's time zone, in words of the language that the request asks for.
    #[schema(max_length = 100, example = "daily at 03:30")]
    pub rhythm: String,
    /// Whether the schedule runs.
    pub enabled: bool,
    /// True while a run is in progress.
    pub running: bool,
    /// When the next run begins. A time in the past means: as soon as possible. Null while the schedule is
    /// disabled.
    pub next_run_at: Option<At>,
    /// When the last run began. Null when there was none.
    pub last_started_at: Option<At>,
    /// When the last run ended. Null when none has ended.
    pub last_finished_at: Option<At>,
    /// Milliseconds that the last run took. Null when there was none or it is in progress.
    #[schema(minimum = 0, example = 420)]
    pub last_duration_ms: Option<i64>,
    /// How the last run ended. Null when none has ended.
    pub last_result: Option<RunResult>,
    /// Why the last run failed. Null when it did not fail.
    pub last_error: Option<ScheduleError>,
    /// When the last successful run ended. Null when there was none.
    pub last_success_at: Option<At>,
    /// Number of runs that ended, failed ones included.
    #[schema(minimum = 0, example = 31)]
    pub runs: i64,
    /// Number of runs that failed.
    #[schema(minimum = 0, example = 0)]
    pub failures: i64,
}

/// Why a run failed.
#[derive(Debug, Serialize, ToSchema)]
pub struct ScheduleError {
    /// Code of the problem; `GET /problems/{code}` explains it.
    #[schema(max_length = 60, example = "unavailable")]
    pub code: String,
    /// The problem in words, in the language that the request asks for.
    #[schema(max_length = 1000)]
    pub detail: String,
}

fn view(row: ScheduleRow, now: At, lang: Lang) -> Schedule {
    let ended = row.last_finished_at.zip(row.last_started_at).filter(|(end, begin)| end >= begin);
    Schedule {
        id: row.id,
        version: row.version,
        running: row.is_leased(now),
        about: row.about.0[lang as usize].clone(),
        rhythm: row.rhythm.0.words(lang),
        enabled: row.enabled,
        next_run_at: row.enabled.then_some(row.next_run_at),
        last_started_at: row.last_started_at,
        last_finished_at: row.last_finished_at,
        last_duration_ms: ended.map(|(end, begin)| end.millis() - begin.millis()),
        last_result: row.last_result,
        last_error: row.last_error.map(|error| {
            let [english, chinese] = error.0.detail;
            let detail = if lang == Lang::Zh { chinese } else { english };
            ScheduleError { code: error.0.code, detail }
        }),
        last_success_at: row.last_success_at,
        runs: row.runs,
        failures: row.failures,
        name: row.name,
    }
}

static SCHEDULES: ListSpec = ListSpec {
    id: col!(schedules::id),
    filters: &[filter(
        Param::new(
            "last_result",
            Takes::Words(RunResult::WORDS),
            "Schedules whose last run ended in one of these ways.",
        ),
        Does::Is(col!(schedules::last_result)),
    )],
    sorts: &[Sort { name: "name", column: col!(schedules::name) }],
    default_sort: "name",
    expand: &[],
};

fn list(rx: &mut ReadTx, req: &Req) -> Result<Page<Schedule>> {
    let mut page = SCHEDULES.page(&req.query, Predicate::All, load_from!(rx.conn, schedules, ScheduleRow))?;
    let rows = std::mem::take(&mut page.data);
    Ok(page.with(rows.into_iter().map(|row| view(row, rx.now, rx.lang)).collect()))
}

fn get(rx: &mut ReadTx, req: &Req<String>) -> Result<Answer<Schedule>> {
    find(rx.conn, &req.path).map(|row| Answer::of(view(row, rx.now, rx.lang)))
}

fn run(tx: &mut Tx, req: &Req<String>) -> Result<Answer<Schedule>> {
    let before = tx.load(find, req.path.as_str())?;
    tx.check_expected(&before)?;
    if !before.enabled {
        return Err(Problem::new("schedule_disabled").into());
    }
    let mut after = ScheduleRow { next_run_at: before.next_run_at.min(tx.now), ..before.clone() };
    tx.save(&before, &mut after, Act::new("triggered"))?;
    Ok(Answer::of(view(after, tx.now, tx.lang)))
}

fn enable(tx: &mut Tx, req: &Req<String>) -> Result<Answer<Schedule>> {
    let before = tx.load(find, req.path.as_str())?;
    tx.check_expected(&before)?;
    let mut after = ScheduleRow { enabled: true, ..before.clone() };
    if !before.enabled {
        after.next_run_at = before.rhythm.0.next_after(tx.now, tx.core.zone);
        tx.save(&before, &mut after, Act::new("enabled"))?;
    }
    Ok(Answer::of(view(after, tx.now, tx.lang)))
}

fn disable(tx: &mut Tx, req: &Req<String>) -> Result<Answer<Schedule>> {
    let before = tx.load(find, req.path.as_str())?;
    tx.check_expected(&before)?;
    let mut after = ScheduleRow { enabled: false, ..before.clone() };
    if before.enabled {
        after.rest(before.next_run_at);
        tx.save(&before, &mut after, Act::new("disabled"))?;
    }
    Ok(Answer::of(view(after, tx.now, tx.lang)))
}

const TOLD: EventSource = EventSource {
    kind: ScheduleId::KIND,
    name: ["Schedule", "定时任务"],
    scopes: READ,
    id: col!(schedules::id),
    visible: events::seen_in_the_house,
    verbs: &[
        Verb::new("triggered", "Somebody started a run by hand.").reads("run started by hand", "已手动运行"),
        Verb::new("enabled", "The schedule was enabled."),
        Verb::new("disabled", "The schedule was disabled."),
    ],
};

pub static PROBLEMS: &[ProblemText] = &[
    problem_text(
        "schedule_disabled",
        409,
        ["Schedule disabled", "计划已停用"],
        ["The schedule is disabled, so it does not run.", "该计划已停用，不会运行。"],
        ["Enable it, then try again.", "请先启用，再重试。"],
    ),
    problem_text(
        "schedule_lost",
        409,
        ["Run taken away", "运行已被接管"],
        ["The schedule was disabled, or another program runs it.", "计划已停用，或由另一程序运行。"],
        ["Nothing needs to be done.", "无需处理。"],
    ),
    problem_text(
        "schedule_interrupted",
        500,
        ["Run interrupted", "运行中断"],
        ["The program ended several times during this run.", "运行期间程序多次终止。"],
        ["Look into the program's log.", "请查看程序日志。"],
    ),
];
