//! Exports: records of one kind to a file, as a job. The file holds what the list of that kind returns to the
//! caller, with the same filters, sorts and rights. So there is no second way to see a record.

mod http;
pub mod model;
mod sheet;
mod step;
pub mod work;

use serde_json::json;

use crate::base::Area;
use crate::base::auth::Scope;
use crate::base::columns::Exported;
use crate::base::http::{OperationKind, Routes};
use crate::base::jobs::JobKind;
use crate::base::messages::{ProblemText, problem_text};
use crate::jobs::model::JobView;

pub const AREA: Area = Area { name: "exports", routes, problems: PROBLEMS, phrases: &[] };

/// What exports are as jobs.
pub const JOB: JobKind = JobKind { name: "export", about: "writes records to a file" };

fn routes(r: &mut Routes) {
    r.job(JOB, step::step);
    r.finally(resources);
    r.tag("exports", "Exporting records to files: CSV, XLSX and NDJSON.");
    r.within_restrictions();
    r.flow::<_, JobView, _>(OperationKind::Start, "/exports", "createExport", http::create)
        .scope(&[Scope::ExportsWrite])
        .summary("Export records to a file")
        .description(
            "Begins a job that writes a file; when the job has ended, `GET /jobs/{job_id}/result` returns \
             it. The file holds what the list of the resource returns to you, with its filters and sort; \
             you need the right to read that list. CSV is UTF-8 with CRLF. In CSV and XLSX, cells that a \
             spreadsheet would read as a formula begin with an apostrophe. Rows are read page by page: a \
             record that changes meanwhile is in the file as it was before or after the change. Refused \
             with 429 `too_many_jobs` when you have 20 jobs queued or running.",
        )
        .example(json!({"resource": "orders", "format": "xlsx", "headings": "en",
            "filters": {"status": "approved,confirmed", "order_date_from": "2026-01-01"}, "sort": "order_date,number"}))
        .fails_with(&["too_many_jobs"]);
}

/// The document lists what all areas let be exported.
fn resources(r: &mut Routes) -> Result<(), String> {
    let all = r.declared.all::<Exported>();
    for (i, exported) in all.iter().enumerate() {
        let Exported { resource, path, .. } = exported;
        if all[..i].iter().any(|other| other.resource == *resource) {
            return Err(format!("{resource} can be exported twice"));
        }
        if !r
            .endpoints
            .iter()
            .any(|endpoint| endpoint.nature == OperationKind::List && endpoint.path == *path)
        {
            return Err(format!("{resource} is exported from the list {path}, which is not declared"));
        }
    }
    let words: Vec<&str> = all.iter().map(|exported| exported.resource).collect();
    let special = all.iter().filter(|exported| !exported.about.is_empty());
    let mut about = vec!["Records that a file holds.".to_owned()];
    about.extend(special.map(|exported| format!("- `{}`: {}.", exported.resource, exported.about)));
    about.push("- The others: one row per record of that name.".into());
    let about: Vec<&str> = about.iter().map(String::as_str).collect();
    r.components.words("ExportResource", &words, &about);
    Ok(())
}

static PROBLEMS: &[ProblemText] = &[problem_text(
    "export_too_large",
    422,
    ["Export too large", "导出过大"],
    [
        "There are {rows} rows, and a file of this format holds {max}.",
        "共有 {rows} 行，而此格式的文件最多容纳 {max} 行。",
    ],
    ["Narrow the filters, or choose CSV or NDJSON.", "请收窄筛选条件，或改用 CSV 或 NDJSON。"],
)];
