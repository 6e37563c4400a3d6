//! Exports: records of one kind to a file, as a job. What is exported is what the kind's own list answers to whoever
//! asks, with the same filters, sorts and rights, so that there is no second way to see a record.

pub mod headings;
mod http;
pub mod model;
mod sheet;
mod step;
pub mod work;

use serde_json::json;

use crate::base::Area;
use crate::base::auth::Scope;
use crate::base::http::{Nature, Routes};
use crate::base::jobs::JobKind;
use crate::base::messages::{ProblemText, problem_text};
use crate::jobs::model::JobView;

pub const AREA: Area = Area { name: "exports", routes, problems: PROBLEMS, phrases: &[] };

fn routes(r: &mut Routes) {
    r.job(JobKind::Export, step::step);
    r.tag("exports", "Records to files: CSV, XLSX and NDJSON.");
    r.flow::<_, JobView, _>(Nature::Start, "/exports", "createExport", http::create)
        .scope(&[Scope::ExportsWrite])
        .says("Export records to a file", "Begins a job; when it has ended, `GET /jobs/{job_id}/result` gives the file. It holds what the list of the resource answers you, with the list's own filters (named and written as in its query) and sort: `/customers`, `/contacts`, `/products`, `/prices`, `/orders`, `/order-lines`, `/order-exceptions`, `/returns`, `/suppliers`, `/requests`, each of which you must be allowed to read. CSV is UTF-8 with CRLF; NDJSON holds the list's objects, one on each line; in XLSX days and numbers are such. Cells that a spreadsheet would take for a formula begin with an apostrophe. Rows are read page by page: a record that changes meanwhile is in the file as it was before or after.")
        .example(json!({"resource": "orders", "format": "xlsx", "headings": "en",
            "filters": {"status": "approved,confirmed", "order_date_from": "2026-01-01"}, "sort": "order_date,number"}))
        .fails_with(&["too_many_jobs"]);
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
