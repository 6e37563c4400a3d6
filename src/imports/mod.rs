//! Imports: records from files, through the same rules as the API. A file is looked at as a whole when it comes
//! ([`intake`]), kept with a job, and brought in a chunk of rows at a time ([`work`]); each row becomes the call that it
//! would be over HTTP (`records`).

mod errors;
pub mod fields;
mod http;
pub mod intake;
mod lookup;
pub mod northwind;
mod records;
mod rows;
mod values;
pub mod work;
mod xlsx;

use serde_json::json;

use crate::base::Area;
use crate::base::auth::Scope;
use crate::base::http::params::{Param, Takes};
use crate::base::http::{Nature, Routes};
use crate::base::jobs::JobKind;
use crate::base::messages::{Phrase, ProblemText, problem_text};
use crate::base::types::TextEnum;
use crate::jobs::model::JobView;
use fields::Resource;

pub const AREA: Area = Area { name: "imports", routes, problems: PROBLEMS, phrases: PHRASES };

const WRITE: &[Scope] = &[Scope::ImportsWrite];

const ABOUT: &str = "\
The body is the file: CSV, a workbook (XLSX) or one JSON object a line (NDJSON), up to 50 MB and 200,000 rows. What is \
wrong with the file as a whole (unreadable, an unknown heading) is answered at once; then a job brings the rows in, \
and its `errors` file has each row that failed as it came, with its line, field and reason. Mend it and send it again: \
the added columns are left alone.

**Columns.** The first row has the headings: English or Chinese ones, or the names of fields, as exported files have \
them. `mapping` names others; a heading that nobody knows is refused unless it is mapped to an empty text. An empty \
cell says nothing; in NDJSON `null` clears. Dates begin with their year (`2026-01-05`, `2026/1/5`, `2026年1月5日`, \
a spreadsheet's serial number); numbers may have commas between thousands; rates are `13%` or `0.13`; words are the \
API's or Chinese ones. What could mean two things is an error of that row.

**Records.** A row is about the record that it names: by `id`, else by `external_id` (of `system`), else by code (customers, suppliers), \
SKU (products), number (orders), or list, product, unit, quantity and first day (prices). That record is changed, or made when \
there is none. A customer or supplier without code, and a contact, that names no record is made, and the same row once more within 24 \
hours makes no second one. Two rows of a file about the same record: the second fails. Rows of an order follow each other and \
agree on it by `external_id`, or by `customer_po` and customer; the order is brought in as a whole or not at all, as a draft; in \
NDJSON an object may have its `lines`. Other records are named by code, SKU, user name, external id or id.

Each row needs the rights that its call would need, now. A dry run checks each row by itself and keeps nothing.";

fn routes(r: &mut Routes) {
    r.job(JobKind::Import, work::step);
    r.tag("imports", "Records from files.");
    r.flow::<_, JobView, _>(Nature::Start, "/imports", "startImport", http::start)
        .scope(WRITE)
        .unversioned()
        .without_dry_run()
        .takes(PARAMS)
        .takes_up_to(intake::MAX_FILE)
        .says("Import a file", ABOUT)
        .example(json!("code,name,tier,tax_id\nTIANHE,广州天河贸易有限公司,b,9144030071526726XG\n"))
        .fails_with(&[
            "unreadable_file",
            "file_too_large",
            "row_too_long",
            "too_many_jobs",
            "forbidden",
            "validation_failed",
        ]);
}

static PARAMS: &[Param] = &[
    Param::new("resource", Takes::Word(Resource::WORDS), "What the rows are.").required(),
    Param::new("dry_run", Takes::Bool, "Check everything and keep nothing."),
    Param::new(
        "mapping",
        Takes::Text(4000),
        "A JSON object: heading, or `#3` for the third column, to the name of a field; an empty text leaves the column alone. A company's own field is `custom_fields.name`.",
    ),
    Param::new(
        "system",
        Takes::System,
        "The other system whose ids the columns `external_id` and `…_external_id` hold.",
    ),
    Param::new("delimiter", Takes::Word(&intake::DELIMITERS), "Of a CSV file; found out when left out."),
    Param::new("encoding", Takes::Word(&intake::ENCODINGS), "Of a CSV file; found out when left out."),
    Param::new("sheet", Takes::Text(100), "Of a workbook; the first one when left out."),
];

static PROBLEMS: &[ProblemText] = &[
    problem_text(
        "unreadable_file",
        422,
        ["Unreadable file", "文件无法读取"],
        ["The file cannot be read: {reason}.", "文件无法读取：{reason}。"],
        [
            "Send CSV in UTF-8 or GB 18030, a workbook (.xlsx), or NDJSON, under its own media type.",
            "请发送 UTF-8 或 GB 18030 编码的 CSV、工作簿（.xlsx）或 NDJSON，并使用相应的媒体类型。",
        ],
    ),
    problem_text(
        "file_too_large",
        422,
        ["File too large", "文件过大"],
        ["The file has more than {max} ({what}).", "文件超过上限 {max}（{what}）。"],
        ["Divide it into several files.", "请拆分为多个文件。"],
    ),
    problem_text(
        "row_too_long",
        422,
        ["Row too long", "行过长"],
        ["The row at line {line} has more than {max} bytes.", "第 {line} 行超过 {max} 字节。"],
        [
            "Often a quotation mark is missing there, so that what follows is taken for one cell.",
            "通常是该处缺少引号，后续内容被当作同一单元格。",
        ],
    ),
    problem_text(
        "order_too_long",
        422,
        ["Order too long", "订单明细过多"],
        [
            "The order at line {line} has more than {max} lines, or is too long.",
            "第 {line} 行的订单超过 {max} 行明细，或内容过长。",
        ],
        ["Divide it into several orders.", "请拆分为多个订单。"],
    ),
];

static PHRASES: &[Phrase] = &[
    (
        "unknown_heading",
        [
            "the column {heading} is not known; map it to a field, or to \"\" to leave it alone",
            "未知的列 {heading}；请映射到字段，或映射为 \"\" 以忽略",
        ],
    ),
    (
        "unknown_column",
        ["{path} is no field; known are: {allowed}", "{path} 不是已知字段；可用字段：{allowed}"],
    ),
    (
        "mapped_twice",
        ["the columns {heading} and {other} are the same field", "列 {heading} 与 {other} 对应同一字段"],
    ),
    (
        "ambiguous_date",
        ["could be read in two ways; write it as 2026-01-05", "日期可能有两种读法；请写成 2026-01-05"],
    ),
    ("no_date", ["is no date; write it as 2026-01-05", "不是日期；请写成 2026-01-05"]),
    (
        "ambiguous_number",
        ["could be read in two ways; write it as 1234.50", "数字可能有两种读法；请写成 1234.50"],
    ),
    ("no_number", ["is no number; write it as 1234.50", "不是数字；请写成 1234.50"]),
    ("no_whole_number", ["is no whole number", "不是整数"]),
    (
        "ambiguous_rate",
        [
            "could be read in two ways; write {number}%, or a part of one such as 0.13",
            "可能有两种读法；请写成 {number}%，或小于 1 的小数，如 0.13",
        ],
    ),
    ("spreadsheet_error", ["is an error of the spreadsheet's formula", "是电子表格公式的错误值"]),
    (
        "spreadsheet_number",
        [
            "was cut short by a spreadsheet; format the column as text and enter it again",
            "已被电子表格截断；请将该列设为文本格式后重新填写",
        ],
    ),
    ("too_many_cells", ["the row has more cells than the {max} headings", "该行单元格多于 {max} 个列标题"]),
    ("no_object", ["the line is no JSON object", "该行不是 JSON 对象"]),
    ("differs_in_order", ["differs from the first row of this order", "与该订单首行不一致"]),
    ("other_row_failed", ["another row of the same order failed", "同一订单的其他行有误"]),
    (
        "order_without_key",
        [
            "an order is told by external_id, or by customer_po and customer, in each of its rows",
            "订单的每一行都须有 external_id，或 customer_po 和客户",
        ],
    ),
    ("named_before", ["line {line} is about the same record", "第 {line} 行已涉及同一记录"]),
    ("names_another", ["names another record than the columns beside it", "与其他列所指的记录不同"]),
    (
        "more_than_one",
        ["several orders have this; name the one that is meant by number", "有多个订单符合；请用订单号指明"],
    ),
];
