//! Jobs as they are listed and answered.

use serde::Serialize;
use utoipa::ToSchema;

use crate::base::db::list::{Does, ListSpec, Sort, filter};
use crate::base::http::params::{Param, Takes};
use crate::base::jobs::{Job, JobAction, JobKind, JobStatus};
use crate::base::types::TextEnum;

/// A job as a caller sees it.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Job)]
pub struct JobView {
    #[serde(flatten)]
    #[schema(inline)]
    pub job: Job,
    /// The steps that its life allows now.
    pub allowed_actions: Vec<JobAction>,
}

impl From<Job> for JobView {
    fn from(job: Job) -> JobView {
        JobView { allowed_actions: job.allowed_actions(), job }
    }
}

pub static JOBS: ListSpec = ListSpec {
    id: "jobs.id",
    filters: &[
        filter(Param::new("kind", Takes::Words(JobKind::WORDS), "Only these."), Does::Is("jobs.kind")),
        filter(
            Param::new("resource", Takes::Text(40), "Only jobs about this, such as `orders`."),
            Does::Is("jobs.resource"),
        ),
        filter(Param::new("status", Takes::Words(JobStatus::WORDS), "Only these."), Does::Is("jobs.status")),
        filter(
            Param::new("created_since", Takes::Instant, "Asked for at this instant or later."),
            Does::AtLeast("jobs.created_at"),
        ),
        filter(
            Param::new("created_until", Takes::Instant, "Asked for at this instant or earlier."),
            Does::AtMost("jobs.created_at"),
        ),
    ],
    sorts: &[Sort { name: "created_at", column: "jobs.created_at" }],
    sort_names: &["created_at"],
    default_sort: "-created_at",
    expand: &[],
};
