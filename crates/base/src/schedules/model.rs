//! The row of a schedule: when it runs next, whose turn it is, and how its last run went.

use diesel::prelude::*;
use serde::{Deserialize, Serialize};

use uuid::Uuid;

use super::Rhythm;
use crate::db::filter::Value;
use crate::db::list::Row;
use crate::db::{Conn, JsonColumn};
use crate::error::{Error, Result};
use crate::messages::Lang;
use crate::schema::schedules;
use crate::types::At;
use crate::types::principals::UserId;
use crate::{entity, id_type, text_enum};

id_type!(ScheduleId, "sch", "schedule");

text_enum! {
    /// How a run ended: `succeeded` or `failed`.
    pub enum RunResult { Succeeded = "succeeded", Failed = "failed" }
}

/// Why a run failed, in words for people: never what is inside.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunError {
    /// A problem's code.
    pub code: String,
    /// In English and in Chinese.
    pub detail: [String; 2],
}

impl RunError {
    pub fn of(error: Error) -> RunError {
        let problem = error.into_problem();
        let detail = |lang| problem.document(lang, "", "")["detail"].as_str().unwrap_or_default().to_owned();
        RunError { code: problem.code.into(), detail: [detail(Lang::En), detail(Lang::Zh)] }
    }
}

/// A schedule as it is kept.
#[derive(Debug, Clone, Serialize, Insertable, Queryable, Selectable, AsChangeset)]
#[diesel(table_name = schedules)]
#[diesel(treat_none_as_null = true)]
pub struct ScheduleRow {
    pub id: ScheduleId,
    /// Moves with what people do to it, not with its runs.
    pub version: i32,
    pub name: String,
    /// What it does, in English and in Chinese.
    #[serde(skip)]
    pub about: JsonColumn<[String; 2]>,
    #[serde(skip)]
    pub rhythm: JsonColumn<Rhythm>,
    pub enabled: bool,
    /// When a run begins, or has begun while one is under way.
    pub next_run_at: At,
    /// Where the work is, in its own words.
    #[serde(skip)]
    pub place: Option<String>,
    /// Chunks committed so far: no chunk is committed twice.
    #[serde(skip)]
    pub chunk: i64,
    /// How often the run under way was left lying by a program that died.
    #[serde(skip)]
    pub interruptions: i32,
    #[serde(skip)]
    pub lease_owner: Option<String>,
    #[serde(skip)]
    pub leased_until: Option<At>,
    /// Runs that have ended, however they did.
    #[serde(skip)]
    pub runs: i64,
    #[serde(skip)]
    pub failures: i64,
    #[serde(skip)]
    pub last_started_at: Option<At>,
    #[serde(skip)]
    pub last_finished_at: Option<At>,
    #[serde(skip)]
    pub last_success_at: Option<At>,
    #[serde(skip)]
    pub last_result: Option<RunResult>,
    #[serde(skip)]
    pub last_error: Option<JsonColumn<RunError>>,
    pub created_at: At,
    pub created_by: Option<UserId>,
    pub updated_at: At,
    pub updated_by: Option<UserId>,
}
impl Row for ScheduleRow {
    fn id(&self) -> Uuid {
        self.id.0
    }
    fn sort_value(&self, _: &str) -> Value {
        self.name.clone().into()
    }
}
entity!(ScheduleRow, schedules, ScheduleId);

impl ScheduleRow {
    /// Whether somebody's lease on it lasts.
    pub fn is_leased(&self, now: At) -> bool {
        self.leased_until.is_some_and(|until| until > now)
    }
    pub fn is_of(&self, runner: &str) -> bool {
        self.lease_owner.as_deref() == Some(runner)
    }
    /// Whether a program may do a chunk of it now.
    pub fn is_due(&self, now: At, runner: &str) -> bool {
        self.enabled && self.next_run_at <= now && (!self.is_leased(now) || self.is_of(runner))
    }
    /// Gives it back, until its next time.
    pub fn rest(&mut self, next_run_at: At) {
        self.next_run_at = next_run_at;
        self.interruptions = 0;
        (self.lease_owner, self.leased_until) = (None, None);
    }
}

/// The schedule of this name.
pub fn find(conn: &mut Conn, name: &str) -> Result<ScheduleRow> {
    let found = schedules::table.filter(schedules::name.eq(name)).select(ScheduleRow::as_select());
    found.first(conn).optional()?.ok_or_else(Error::not_found)
}

/// All schedules. There are as many as areas declare.
pub fn all(conn: &mut Conn) -> Result<Vec<ScheduleRow>> {
    Ok(schedules::table.order(schedules::next_run_at).select(ScheduleRow::as_select()).load(conn)?)
}

/// Writes what nobody did to it: its runs, its lease. No version and no event.
#[allow(clippy::disallowed_methods)] // how it runs is machinery, not a change of the record
pub(super) fn store(row: &ScheduleRow, conn: &mut Conn) -> Result<()> {
    diesel::update(schedules::table.find(row.id)).set(row).execute(conn)?;
    Ok(())
}
