//! The system itself: explanations of problems, schedules, health, public keys, the document.

mod health;
mod http;
mod schedules;

use serde::Serialize;
use utoipa::ToSchema;

use crate::base::Area;
use crate::base::http::Routes;
use crate::base::schedules as base_schedules;

pub use http::configure;

pub const AREA: Area = Area { name: "system", routes, problems: schedules::PROBLEMS, phrases: &[] };

/// What a problem code means.
#[derive(Serialize, ToSchema)]
pub struct ProblemExplanation {
    #[schema(example = "version_mismatch")]
    pub code: String,
    #[schema(example = 412)]
    pub status: i32,
    pub title: String,
    #[schema(max_length = 1000)]
    pub detail: String,
    /// What to do about it.
    #[schema(max_length = 1000)]
    pub help: String,
}

fn routes(r: &mut Routes) {
    r.tag("system", "The API about itself.");
    r.read("/problems/{code}", "getProblem", http::problem).public().unversioned().says(
        "Explain a problem",
        "What a problem's `code` means and what to do about it, in the language asked for.",
    );
    schedules::routes(r);
    r.task(base_schedules::TASK, 5, base_schedules::turn);
}
