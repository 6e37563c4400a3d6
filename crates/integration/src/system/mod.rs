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

/// Explanation of a problem code.
#[derive(Serialize, ToSchema)]
pub struct ProblemExplanation {
    /// The problem code.
    #[schema(example = "version_mismatch")]
    pub code: String,
    /// HTTP status of answers with this code.
    #[schema(example = 412)]
    pub status: i32,
    /// Title of the problem, in the language that the request asks for.
    pub title: String,
    /// What the problem means. Names in angle brackets stand for details of the case.
    #[schema(max_length = 1000)]
    pub detail: String,
    /// What to do about the problem.
    #[schema(max_length = 1000)]
    pub help: String,
}

fn routes(r: &mut Routes) {
    r.tag("system", "Operation of the installation: problem codes, scheduled work, e-mails, backups.");
    r.read("/problems/{code}", "getProblem", http::problem).public().unversioned()
        .summary("Explain a problem")
        .description(
            "Returns what a problem code means and what to do about it, in the language that the request asks \
         for.",
        );
    schedules::routes(r);
    r.task_unless_held(base_schedules::TASK, 5, base_schedules::turn);
}
