//! Jobs as they are listed and answered.

use serde::Serialize;
use utoipa::ToSchema;

use crate::base::db::filter::col;
use crate::base::db::list::{Does, ListSpec, Sort, filter};
use crate::base::http::params::{Param, Takes};
use crate::base::jobs::{Job, JobAction, JobStatus};
use crate::base::types::TextEnum;

/// Long work that goes on after its request was answered, and its progress.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Job)]
pub struct JobView {
    #[serde(flatten)]
    #[schema(inline)]
    pub job: Job,
    pub allowed_actions: Vec<JobAction>,
}

impl From<Job> for JobView {
    fn from(job: Job) -> JobView {
        JobView { allowed_actions: job.allowed_actions(), job }
    }
}

pub static JOBS: ListSpec = ListSpec {
    id: col!(jobs::id),
    filters: &[
        filter(
            // The kinds are known when all areas have declared.
            Param::new("kind", Takes::Words(&[]), "Jobs of one of these kinds."),
            Does::Is(col!(jobs::kind)),
        ),
        filter(
            Param::new("resource", Takes::Text(40), "Jobs about this kind of rows, such as `orders`."),
            Does::Is(col!(jobs::resource)),
        ),
        filter(
            Param::new("status", Takes::Words(JobStatus::WORDS), "Jobs with one of these statuses."),
            Does::Is(col!(jobs::status)),
        ),
        filter(
            Param::new("created_since", Takes::Instant, "Jobs that were begun at this instant or later."),
            Does::AtLeast(col!(jobs::created_at)),
        ),
        filter(
            Param::new("created_until", Takes::Instant, "Jobs that were begun at this instant or earlier."),
            Does::AtMost(col!(jobs::created_at)),
        ),
    ],
    sorts: &[Sort { name: "created_at", column: col!(jobs::created_at) }],
    default_sort: "-created_at",
    expand: &[],
};
