//! Reports: booked sales by period, people, customers, places and products; whether what was promised came.

mod http;
pub mod model;
pub mod on_time;
pub mod work;

use crate::base::Area;
use crate::base::auth::Scope;
use crate::base::http::Routes;
use crate::base::messages::{Phrase, ProblemText, problem_text};

pub const AREA: Area = Area { name: "reports", routes, problems: PROBLEMS, phrases: PHRASES };

fn routes(r: &mut Routes) {
    r.tag("reports", "Figures over what you may see.");
    r.answers_what_is_asked::<model::SalesRow>();
    r.read("/reports/sales-summary", "getSalesSummary", http::sales_summary)
        .scope(&[Scope::ReportsRead])
        .unversioned()
        .takes(model::PARAMS)
        .says(
            "Booked sales",
            "Orders that are approved or later, by order date, net of discount, before tax. One row per group and currency: amounts of different currencies are never added. `total` is null when there is more than one currency; `totals` has one entry for each. The parts add up to the whole, to the cent.",
        )
        .fails_with(&["too_many_groups"])
        .common
        .fields = false;
    on_time::routes(r);
}

static PHRASES: &[Phrase] = &[("range_too_long", ["makes more than {max} days", "时间范围超过 {max} 天"])];

static PROBLEMS: &[ProblemText] = &[problem_text(
    "too_many_groups",
    422,
    ["Too many rows", "结果行数过多"],
    ["The report would have more than {max} rows.", "报表将超过 {max} 行。"],
    [
        "Take a shorter date range, a filter or a coarser grouping.",
        "请缩短日期范围、增加筛选或采用更粗的分组。",
    ],
)];
