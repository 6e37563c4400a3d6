//! A job: its row, its life, who sees it.

use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use serde_json::Value as JsonValue;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::auth::{Caller, Scope};
use crate::db::JsonColumn;
use crate::db::filter::{Predicate, Value, col};
use crate::db::list::Row;
use crate::schema::jobs;
use crate::types::At;
use crate::types::principals::ClientId;
use crate::types::principals::UserId;
use crate::{entity, id_type, text_enum, word_sets};

id_type!(JobId, "job", "job");

/// A kind of long work: `r.job(IMPORT, step)`.
#[derive(Debug, Clone, Copy)]
pub struct JobKind {
    /// What the table and the API call it: `import`.
    pub name: &'static str,
    /// What such a job does, for the document: "reads records from a file".
    pub about: &'static str,
}

/// The name of a kind that an area declares, in the document.
pub struct JobKindName;

impl utoipa::PartialSchema for JobKindName {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        // The words are known when all areas have declared.
        crate::types::text_enum::enum_schema(&[], &[])
    }
}
impl ToSchema for JobKindName {
    fn name() -> std::borrow::Cow<'static, str> {
        std::borrow::Cow::Borrowed("JobKind")
    }
}

text_enum! {
    /// State of a job.
    /// - `queued`: the job has not begun.
    /// - `running`: the job is at work.
    /// - `succeeded`: the job has ended and every row succeeded.
    /// - `completed_with_errors`: the job has ended and some rows failed; `errors` holds them.
    /// - `failed`: the job was given up; `error` says why.
    /// - `cancelled`: somebody cancelled the job.
    /// - `expired`: the job ended more than seven days ago and its files are deleted.
    pub enum JobStatus {
        Queued = "queued",
        Running = "running",
        Succeeded = "succeeded",
        CompletedWithErrors = "completed_with_errors",
        Failed = "failed",
        Cancelled = "cancelled",
        Expired = "expired",
    }
}
text_enum! {
    /// A step in a job's life. People can take `cancel` only; the system takes the others.
    pub enum JobAction {
        Start = "start",
        Succeed = "succeed",
        CompleteWithErrors = "complete_with_errors",
        Fail = "fail",
        Cancel = "cancel",
        Expire = "expire",
    }
}

impl JobStatus {
    /// The whole life. What is not here cannot happen.
    pub fn after(self, action: JobAction) -> Option<JobStatus> {
        use JobAction as A;
        use JobStatus::*;
        match (self, action) {
            (Queued, A::Start) => Some(Running),
            (Running, A::Succeed) => Some(Succeeded),
            (Running, A::CompleteWithErrors) => Some(CompletedWithErrors),
            (Queued | Running, A::Fail) => Some(Failed),
            (Queued | Running, A::Cancel) => Some(Cancelled),
            (Succeeded | CompletedWithErrors, A::Expire) => Some(Expired),
            _ => None,
        }
    }
}

word_sets! { JobStatus {
    /// Not at its end; as in the partial indexes.
    ACTIVE, is_active = { Queued | Running }
        not { Succeeded | CompletedWithErrors | Failed | Cancelled | Expired }
} }

impl JobAction {
    /// The verb of its event.
    pub fn verb(self) -> &'static str {
        match self {
            JobAction::Start => "started",
            JobAction::Succeed => "succeeded",
            JobAction::CompleteWithErrors => "completed_with_errors",
            JobAction::Fail => "failed",
            JobAction::Cancel => "cancelled",
            JobAction::Expire => "expired",
        }
    }
}

/// A file that belongs to a job.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct JobFile {
    /// File name for saving.
    #[schema(max_length = 200, example = "orders-2026-11-20.xlsx")]
    pub name: String,
    /// Media type of the file.
    #[schema(max_length = 100, example = "text/csv")]
    pub media_type: String,
    /// Size in bytes.
    #[schema(minimum = 0, example = 48213)]
    pub size: i64,
}

/// Why a job failed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct JobError {
    /// Code of the problem; `GET /problems/{code}` explains it.
    #[schema(max_length = 60, example = "job_rights_ended")]
    pub code: String,
    /// The problem in words, in the language of the request that began the job.
    #[schema(max_length = 4000, example = "Whoever asked for the job may not do this any more.")]
    pub detail: String,
}

/// Long work that goes on after its request was answered, and its progress.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema, Insertable, Queryable, Selectable, AsChangeset)]
#[diesel(table_name = jobs)]
#[diesel(treat_none_as_null = true)]
pub struct Job {
    pub id: JobId,
    /// Grows with each step of the job's life, not with its progress.
    pub version: i32,
    /// What the job does.
    #[schema(value_type = JobKindName)]
    pub kind: String,
    /// What the rows are, such as `orders`.
    #[schema(max_length = 40, example = "orders")]
    pub resource: String,
    /// State of the job.
    pub status: JobStatus,
    /// What the request asked for: resource, format, filters and other parameters.
    #[schema(value_type = BTreeMap<String, crate::http::history::AnyJson>)]
    pub params: JsonColumn<JsonValue>,
    #[serde(skip)]
    pub state: JsonColumn<JsonValue>,
    /// Number of rows to process. Null while it is not known.
    #[schema(minimum = 0, example = 830)]
    pub total: Option<i64>,
    /// Rows processed so far: `succeeded` and `failed` together.
    #[schema(minimum = 0, example = 830)]
    pub processed: i64,
    /// Rows that succeeded so far.
    #[schema(minimum = 0, example = 828)]
    pub succeeded: i64,
    /// Rows that failed so far.
    #[schema(minimum = 0, example = 2)]
    pub failed: i64,
    /// File that the job made; fetch it with `GET /jobs/{job_id}/result`. Null until the job has ended, when
    /// it made none, and after the job expired.
    #[schema(value_type = Option<JobFile>)]
    pub result: Option<JsonColumn<JobFile>>,
    /// File with the rows that failed; fetch it with `GET /jobs/{job_id}/errors`. Null while no row has
    /// failed, and after the job expired.
    #[schema(value_type = Option<JobFile>)]
    pub errors: Option<JsonColumn<JobFile>>,
    /// Why the job failed. Null unless `status` is `failed`.
    #[schema(value_type = Option<JobError>)]
    pub error: Option<JsonColumn<JobError>>,
    #[serde(skip)]
    pub asked_by: String,
    /// Machine client that began the job. Null when a person did; see `created_by`.
    pub client_id: Option<ClientId>,
    #[serde(skip)]
    pub scopes: JsonColumn<Vec<Scope>>,
    #[serde(skip)]
    pub lang: String,
    #[serde(skip)]
    pub request_id: String,
    /// Chunks committed so far: no chunk is committed twice.
    #[serde(skip)]
    pub chunk: i64,
    /// Failures since the last chunk.
    #[serde(skip)]
    pub failures: i32,
    /// The next chunk is done at this instant or later; those that waited longest come first.
    #[serde(skip)]
    pub due_at: At,
    #[serde(skip)]
    pub lease_owner: Option<String>,
    #[serde(skip)]
    pub leased_until: Option<At>,
    #[serde(skip)]
    pub sweep_at: Option<At>,
    /// When the job began to work. Null until then.
    pub started_at: Option<At>,
    /// When the job ended, in whatever way. Null until then.
    pub finished_at: Option<At>,
    /// When the job's files are deleted: seven days after its end. Null until the job has ended.
    pub expires_at: Option<At>,
    pub created_at: At,
    pub created_by: Option<UserId>,
    /// When the job or its progress last changed.
    pub updated_at: At,
    pub updated_by: Option<UserId>,
}

entity!(Job, jobs, JobId, {
    fn owner(&self) -> (Option<Uuid>, Option<Uuid>) {
        (self.created_by.map(|u| u.0), None)
    }
});

impl Job {
    /// The steps that a person may take now.
    pub fn allowed_actions(&self) -> Vec<JobAction> {
        let cancel = self.status.after(JobAction::Cancel);
        cancel.map(|_| JobAction::Cancel).into_iter().collect()
    }
    /// Whether this caller asked for it.
    pub fn is_of(&self, caller: &Caller) -> bool {
        self.asked_by == caller.key()
    }
}

impl Row for Job {
    fn id(&self) -> Uuid {
        self.id.0
    }
    fn sort_value(&self, _: &str) -> Value {
        self.created_at.into()
    }
}

/// The jobs that a caller sees: their own; all of them with `jobs:read`, unless they do not see everybody's records.
pub fn visible_to(caller: &Caller) -> Predicate {
    match caller.may(Scope::JobsRead) && caller.demand_to_see_all().is_ok() {
        true => Predicate::All,
        false => Predicate::eq(col!(jobs::asked_by), caller.key()),
    }
}

/// Writes what is no step of the job's life: progress, lease, where it is. No version and no event.
#[allow(clippy::disallowed_methods)] // progress is machinery, not a change of the record
pub(super) fn store(job: &Job, conn: &mut crate::db::Conn) -> crate::error::Result<()> {
    diesel::update(jobs::table.filter(jobs::id.eq(job.id))).set(job).execute(conn)?;
    Ok(())
}
