//! Reports: booked sales by period, people, customers, regions and products; delivery on time in full.

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
    r.tag("reports", "Reports: figures over the orders that you see.");
    r.within_restrictions();
    r.answers_what_is_asked::<model::SalesRow>();
    r.read("/reports/sales-summary", "getSalesSummary", http::sales_summary)
        .scope(&[Scope::ReportsRead])
        .unversioned()
        .takes(model::PARAMS)
        .summary("Report booked sales")
        .description(
            "Adds up orders that are approved or later and not cancelled, by order date. You get one row \
                per group and currency; amounts of different currencies are never added. `total` is null \
                with more than one currency, and `totals` has one entry for each. The amounts of the rows \
                add up exactly to the totals. Above 5,000 rows the request is refused with \
                `too_many_groups`.",
        )
        .fails_with(&["too_many_groups"])
        .common
        .fields = false;
    on_time::routes(r);
}

static PHRASES: &[Phrase] =
    &[("range_too_long", ["makes the range longer than {max} days", "时间范围超过 {max} 天"])];

static PROBLEMS: &[ProblemText] = &[problem_text(
    "too_many_groups",
    422,
    ["Too many rows", "结果行数过多"],
    ["The report would have more than {max} rows.", "报表将超过 {max} 行。"],
    [
        "Use a shorter date range, a filter or a coarser grouping.",
        "请缩短日期范围、增加筛选或采用更粗的分组。",
    ],
)];
