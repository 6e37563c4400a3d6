//! Jobs: long work, such as imports and exports, that goes on when its request has been answered. What runs them is
//! [`crate::base::jobs`]; here is how they are seen, cancelled and fetched.

mod http;
pub mod model;
pub mod work;

use crate::base::Area;
use crate::base::auth::Scope;
use crate::base::db::filter::col;
use crate::base::events::{EventSource, Verb};
use crate::base::http::{OperationKind, Routes};
use crate::base::jobs::{self, JobId, JobKind};
use crate::base::lives::{BY_ITSELF, Life};
use crate::base::messages::{ProblemText, problem_text};

pub const AREA: Area = Area { name: "jobs", routes, problems: PROBLEMS, phrases: &[] };

/// Whoever may begin a job sees their own.
const READ: &[Scope] = &[Scope::JobsRead, Scope::ImportsWrite, Scope::ExportsWrite];

fn routes(r: &mut Routes) {
    r.declare(
        Life::of(
            "Jobs",
            JobId::KIND,
            crate::base::jobs::JobStatus::ALL,
            crate::base::jobs::JobAction::ALL,
            crate::base::jobs::JobStatus::after,
        )
        .calls(&[
            ("start", BY_ITSELF),
            ("succeed", BY_ITSELF),
            ("complete_with_errors", BY_ITSELF),
            ("fail", BY_ITSELF),
            ("expire", BY_ITSELF),
        ]),
    );
    r.finally(kinds);
    r.tells(TOLD);
    r.task(jobs::TASK, 2, jobs::turn);
    r.tag("jobs", "Long work such as imports and exports: progress, results, cancelling.");
    r.within_restrictions();
    r.list("/jobs", "listJobs", &model::JOBS, http::list).scope(READ).summary("List jobs").description(
        "Returns the jobs that you began, newest first. With the scope `jobs:read` it returns \
             everybody's jobs.",
    );
    r.read("/jobs/{job_id}", "getJob", http::get)
        .scope(READ)
        .unversioned()
        .summary("Read a job")
        .description(
            "Returns state and progress of a job. Ask every second or two until `finished_at` is set. There \
             is no ETag, because progress changes the job without a new version.",
        );
    r.action("/jobs/{job_id}/cancel", "cancelJob", http::cancel)
        .scope(&[Scope::ImportsWrite, Scope::ExportsWrite])
        .unversioned()
        .summary("Cancel a job")
        .description(
            "Stops a job that waits or runs. Rows that were processed stay processed; the part in progress \
             is undone. The file of failed rows can still be fetched, a result file cannot. Refused with \
             409 `invalid_transition` when the job has ended.",
        )
        .fails_with(&["invalid_transition"]);
    let fails = &["job_not_ended", "no_such_file", "not_your_job", "job_expired"];
    r.flow::<(), String, _>(OperationKind::Read, "/jobs/{job_id}/result", "getJobResult", http::result)
        .scope(READ)
        .answers_media(work::MEDIA_TYPES)
        .summary("Fetch a job's result")
        .description(
            "Returns the file that the job made, until `expires_at`. Only the caller who began the job gets \
             it; others get 403 `not_your_job`. Refused with 409 `job_not_ended` while the job runs, with \
             404 `no_such_file` when it made no file, and with 410 `job_expired` afterwards.",
        )
        .fails_with(fails)
        .path_prefixes = &[Some("job")];
    r.flow::<(), String, _>(OperationKind::Read, "/jobs/{job_id}/errors", "getJobErrors", http::errors)
        .scope(READ)
        .answers_media(work::MEDIA_TYPES)
        .summary("Fetch a job's failed rows")
        .description(
            "Returns a file with each row that failed, with its line, the field and the reason. Correct the \
             rows and import the file again. Only the caller who began the job gets it. The refusals are \
             those of the result file.",
        )
        .fails_with(fails)
        .path_prefixes = &[Some("job")];
}

/// The document lists the kinds of jobs of all areas.
fn kinds(r: &mut Routes) -> Result<(), String> {
    let kinds: Vec<JobKind> = r.jobs.iter().map(|(kind, _)| *kind).collect();
    let does: Vec<String> = kinds.iter().map(|kind| format!("`{}` {}", kind.name, kind.about)).collect();
    let names: Vec<&str> = kinds.iter().map(|kind| kind.name).collect();
    r.components.words("JobKind", &names, &[&format!("What a job does: {}.", does.join(", "))]);
    r.takes_words("listJobs", "kind", names)
}

const TOLD: EventSource = EventSource {
    kind: JobId::KIND,
    name: ["Job", "作业"],
    scopes: READ,
    id: col!(jobs::id),
    visible: jobs::model::visible_to,
    verbs: &[
        Verb::new("created", "The job was begun by a request."),
        Verb::new("succeeded", "The job ended and every row succeeded.").reads("succeeded", "已成功"),
        Verb::new("completed_with_errors", "The job ended and some rows failed.")
            .reads("completed with errors", "已完成，部分失败"),
        Verb::new("failed", "The job failed and was given up.").reads("failed", "已失败"),
        Verb::new("cancelled", "The job was cancelled."),
        Verb::new("expired", "The job's files were deleted.").reads("files deleted", "文件已删除"),
    ],
};

static PROBLEMS: &[ProblemText] = &[
    problem_text(
        "too_many_jobs",
        429,
        ["Too many jobs", "任务过多"],
        ["You have {max} jobs queued or running already.", "您已有 {max} 个任务在排队或运行。"],
        ["Wait until some have ended, or cancel one.", "请等待部分任务结束，或取消其中之一。"],
    ),
    problem_text(
        "job_not_ended",
        409,
        ["Job not ended", "任务尚未结束"],
        ["The job has not ended, so its file is not complete.", "任务尚未结束，文件还不完整。"],
        ["Read the job until finished_at is set.", "请轮询任务，直到 finished_at 有值。"],
    ),
    problem_text(
        "no_such_file",
        404,
        ["No such file", "没有该文件"],
        ["The job has no such file.", "该任务没有此文件。"],
        [
            "Its fields result and errors tell which files it has.",
            "字段 result 和 errors 说明任务有哪些文件。",
        ],
    ),
    problem_text(
        "not_your_job",
        403,
        ["Another's job", "他人的任务"],
        [
            "Only the caller who began a job gets its files, because they were made with that caller's rights.",
            "只有发起任务者才能取得其文件，因为文件是以其权限生成的。",
        ],
        ["Begin the same job yourself.", "请自行发起同样的任务。"],
    ),
    problem_text(
        "job_expired",
        410,
        ["Job expired", "任务已过期"],
        ["The job's files are not kept any more.", "任务文件已不再保留。"],
        ["Begin the job again.", "请重新发起。"],
    ),
    problem_text(
        "job_rights_ended",
        403,
        ["Rights ended", "权限已终止"],
        [
            "The caller who began the job is blocked, suspended or revoked.",
            "发起任务者已被停用、暂停或吊销。",
        ],
        ["Let somebody with the rights begin the job again.", "请由有权限者重新发起。"],
    ),
    problem_text(
        "job_failed_repeatedly",
        500,
        ["Job failed repeatedly", "任务多次失败"],
        [
            "The job failed several times without progress; the server's log has the reason.",
            "任务多次失败且没有进展；原因见日志。",
        ],
        ["Tell the administrator of the installation.", "请联系系统管理员。"],
    ),
    problem_text(
        "job_lost",
        409,
        ["Job taken away", "任务已被接管"],
        ["The job was cancelled, or another program runs it.", "任务已取消，或由另一程序运行。"],
        ["Nothing needs to be done.", "无需处理。"],
    ),
];
