//! Imports: records from files, through the same rules as the API. A file is looked at as a whole when it comes
//! ([`intake`]), kept with a job, and brought in a chunk of rows at a time ([`work`]); each row becomes the call that it
//! would be over HTTP (`records`).

mod encoding;
mod errors;
pub mod fields;
mod gather;
mod http;
pub mod intake;
mod lookup;
mod multipart;
pub mod northwind;
mod quotes;
mod records;
mod rows;
mod template;
mod values;
pub mod work;
mod xlsx;

use serde_json::json;

use crate::base::Area;
use crate::base::auth::Scope;
use crate::base::columns::{Coded, Imported, Named, Reading};
use crate::base::http::params::{Param, Takes};
use crate::base::http::{OperationKind, Routes};
use crate::base::jobs::JobKind;
use crate::base::messages::{Phrase, ProblemText, problem_text};
use crate::jobs::model::JobView;

pub const AREA: Area = Area { name: "imports", routes, problems: PROBLEMS, phrases: PHRASES };

/// What imports are as jobs.
pub const JOB: JobKind = JobKind { name: "import", about: "reads records from a file" };

const WRITE: &[Scope] = &[Scope::ImportsWrite];

const ABOUT: &str = "\
Begins a job that imports the rows of a file. The body is the file: CSV, a workbook (XLSX), or NDJSON with one JSON \
object per line, or a form (`multipart/form-data`) with one of them as its only part; up to 50 MB and 200,000 rows. Faults of the whole file, such as an unknown heading, are answered at \
once. Then the job imports the rows; its `errors` file holds each row that failed, with its line, the field and the \
reason. Correct that file and send it again: its added columns are ignored.

**Columns.** The first row holds the headings: in English or Chinese, or the names of fields, as in exported files. \
`mapping` names other headings. An unknown heading is refused unless it is mapped to an empty string. An empty cell \
changes nothing; in NDJSON `null` clears. A column with content that an import does not take, and that another call \
would (a credit limit), is refused unless `leave_out` names it. Dates may be `2026-01-05`, `2026/1/5`, \
`2026年1月5日`, a spreadsheet's serial number, or an instant; rates are `13%` or `0.13`. Fixed words are those of the \
API or their Chinese names. How the file writes other dates and numbers is recognised or said (`date_order`, \
`decimal_sign`), and told in the job's `params` with the encoding. A cell that can be read in two ways is an error of \
its row; so is a number with more digits than a spreadsheet keeps.

**Records.** A row names its record by `id`, else by `external_id` (of `system`), else by code (customers, \
suppliers), SKU (products), number (orders), or price list, product, unit, quantity and first day (prices). The \
record is changed, or created when there is none. A contact that names no record, and a customer or supplier without \
a code, is created; the same row sent again within 24 hours creates no second one. If two rows of a file are about \
the same record, the second fails. The rows of an order have the same `external_id`, or the same `customer_po` and \
customer, wherever they stand; the order is imported as a draft, as a whole or not at all. In NDJSON an order can \
have its `lines` in one object. An error file that is sent again adds to an order the lines that it does not have. Related records are named by code, SKU, user name, external id or id.

Each row needs the rights that its single request would need. With `dry_run=true` each row is checked by itself, \
nothing is saved, and the job's result has the first 20 rows as they would be stored.";

fn routes(r: &mut Routes) {
    r.job(JOB, work::step);
    r.finally(resources);
    r.tag("imports", "Importing records from files: CSV, XLSX and NDJSON.");
    r.within_restrictions();
    r.flow::<_, JobView, _>(OperationKind::Start, "/imports", "startImport", http::start)
        .scope(WRITE)
        .unversioned()
        .without_dry_run()
        .takes(PARAMS)
        .takes_up_to(intake::MAX_FILE)
        .summary("Import a file")
        .description(ABOUT)
        .example(json!("code,name,tier,tax_id\nTIANHE,广州天河贸易有限公司,b,9144030071526726XG\n"))
        .fails_with(&[
            "unreadable_file",
            "file_too_large",
            "row_too_long",
            "unclosed_quote",
            "encoding_in_doubt",
            "too_many_jobs",
            "forbidden",
            "validation_failed",
        ]);
    let read = OperationKind::Read;
    r.flow::<(), String, _>(read, "/imports/template", "getImportTemplate", template::get)
        .scope(WRITE)
        .takes(TEMPLATE_PARAMS)
        .answers_media(&[intake::CSV, intake::XLSX])
        .summary("Download a template")
        .description(
            "Returns an empty file whose headings an import of this kind takes, in the caller's language. In a \
             workbook the columns of codes and accounts are texts.",
        )
        .fails_with(&["forbidden"]);
}

/// What all areas let files bring.
fn resources(r: &mut Routes) -> Result<(), String> {
    let all = r.declared.all::<&'static Imported>();
    for (i, imported) in all.iter().enumerate() {
        let name = imported.exported.resource;
        if all[..i].iter().any(|other| other.exported.resource == name) {
            return Err(format!("{name} can be imported twice"));
        }
        let codes = imported.fields.iter().filter_map(|field| match field.kind {
            Reading::Reference(Named::Code(kind)) => Some(kind),
            _ => None,
        });
        for kind in codes.chain(imported.code.map(|_| imported.kind)) {
            if !r.declared.all::<Coded>().iter().any(|coded| coded.kind == kind) {
                let kind = kind.name;
                return Err(format!("files of {name} name a {kind} by its code, which no area declares"));
            }
        }
    }
    let names: Vec<&'static str> = all.iter().map(|imported| imported.exported.resource).collect();
    r.takes_words("getImportTemplate", "resource", names.clone())?;
    r.takes_words("startImport", "resource", names)
}

static TEMPLATE_PARAMS: &[Param] = &[
    Param::new("resource", Takes::Word(&[]), "Kind of records that the rows are to hold.").required(),
    Param::new("format", Takes::Word(&template::FORMATS), "Format of the file. Defaults to `csv`."),
];

static PARAMS: &[Param] = &[
    // What areas declare is known when all of them have.
    Param::new("resource", Takes::Word(&[]), "Kind of records that the rows hold.").required(),
    Param::new(
        "dry_run",
        Takes::Bool,
        "With `true` every row is checked by itself and nothing is saved. Defaults to false.",
    ),
    Param::new(
        "mapping",
        Takes::Text(4000),
        "A JSON object that maps headings, or `#3` for the third column, to names of fields. An empty \
         string ignores the column. A field of your own is `custom_fields.name`.",
    ),
    Param::new(
        "system",
        Takes::System,
        "Name of the other system whose ids are in the columns `external_id` and `…_external_id`.",
    ),
    Param::new(
        "delimiter",
        Takes::Word(&intake::DELIMITERS),
        "Delimiter of a CSV file. By default it is recognised.",
    ),
    Param::new(
        "encoding",
        Takes::Word(&intake::ENCODINGS),
        "Encoding of a CSV file. By default it is recognised from the whole file; a file that could be in two is refused.",
    ),
    Param::new(
        "date_order",
        Takes::Word(&intake::DATE_ORDERS),
        "Order of day, month and year in dates that end with the year. By default it is recognised when one date \
         of the file leaves no doubt (`31/12/2026`); else such dates are errors.",
    ),
    Param::new(
        "decimal_sign",
        Takes::Word(&intake::DECIMAL_SIGNS),
        "Sign before the fraction of a number. By default it is recognised when one number of the file leaves no \
         doubt (`12,50`); else a number such as `1,250` is an error. Numbers of a workbook need no sign.",
    ),
    Param::new(
        "leave_out",
        Takes::Text(4000),
        "Columns that are left out knowingly, by their headings or fields, separated by commas. A column that the \
         import does not take, and that another call would, has to be named here.",
    ),
    Param::new("sheet", Takes::Text(100), "Name of the sheet of a workbook. Defaults to the first sheet."),
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
        ["Split it into several files.", "请拆分为多个文件。"],
    ),
    problem_text(
        "row_too_long",
        422,
        ["Row too long", "行过长"],
        ["The row at line {line} has more than {max} bytes.", "第 {line} 行超过 {max} 字节。"],
        [
            "Often a quotation mark is missing there, so that the rest of the file is read as one cell.",
            "通常是该处缺少引号，后续内容被当作同一单元格。",
        ],
    ),
    problem_text(
        "unclosed_quote",
        422,
        ["Quotation mark is not closed", "引号未闭合"],
        [
            "In the row at line {line} a cell begins with a quotation mark that is not closed where the cell ends.",
            "第 {line} 行有单元格以引号开头，但未在单元格末尾闭合。",
        ],
        [
            "Close it, or write a quotation mark within a cell twice: \"19\"\" Zoll\".",
            "请闭合引号；单元格内的引号请写两次：\"19\"\" 英寸\"。",
        ],
    ),
    problem_text(
        "encoding_in_doubt",
        422,
        ["Encoding in doubt", "编码无法确定"],
        [
            "The encoding of the file cannot be recognised beyond doubt; say it: {encodings}.",
            "无法确定文件的编码；请指明：{encodings}。",
        ],
        [
            "Send the file with the parameter encoding, or save it as CSV UTF-8.",
            "请用参数 encoding 指明编码，或另存为 CSV UTF-8。",
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
        ["Split it into several orders.", "请拆分为多个订单。"],
    ),
];

static PHRASES: &[Phrase] = &[
    (
        "unknown_heading",
        [
            "the column {heading} is not known (nearest: {nearest}); map it to a field, or name it in leave_out",
            "未知的列 {heading}（相近的列：{nearest}）；请映射到字段，或在 leave_out 中列出",
        ],
    ),
    (
        "not_taken",
        [
            "an import does not take the column {heading}; name it in leave_out to leave it out",
            "导入不接受列 {heading}；如同意忽略，请在 leave_out 中列出",
        ],
    ),
    (
        "row_of_no_order",
        [
            "names no order; if it belongs to the order above, repeat what names that order",
            "未指明订单；如属于上一订单，请重复填写该订单的标识",
        ],
    ),
    (
        "formula_without_value",
        [
            "is a formula whose value is not in the file; open and save it in a spreadsheet, or enter the value",
            "公式没有保存计算结果；请用电子表格软件打开并保存，或直接填写数值",
        ],
    ),
    (
        "unknown_column",
        ["{path} is not a field; known are: {allowed}", "{path} 不是已知字段；可用字段：{allowed}"],
    ),
    (
        "mapped_twice",
        ["the columns {heading} and {other} are the same field", "列 {heading} 与 {other} 对应同一字段"],
    ),
    (
        "ambiguous_date",
        [
            "could be read in two ways; say date_order, or write it as 2026-01-05",
            "日期可能有两种读法；请指明 date_order，或写成 2026-01-05",
        ],
    ),
    ("no_date", ["is not a date; write it as 2026-01-05", "不是日期；请写成 2026-01-05"]),
    (
        "ambiguous_number",
        [
            "could be read in two ways; say decimal_sign, or write it as 1234.50",
            "数字可能有两种读法；请指明 decimal_sign，或写成 1234.50",
        ],
    ),
    ("no_number", ["is not a number; write it as 1234.50", "不是数字；请写成 1234.50"]),
    ("no_whole_number", ["is not a whole number", "不是整数"]),
    (
        "ambiguous_rate",
        [
            "could be read in two ways; write {number}%, or a fraction such as 0.13",
            "可能有两种读法；请写成 {number}%，或小于 1 的小数，如 0.13",
        ],
    ),
    ("spreadsheet_error", ["is an error of the spreadsheet's formula", "是电子表格公式的错误值"]),
    (
        "spreadsheet_number",
        [
            "has more digits than a spreadsheet keeps, so the last ones are lost; format the column as text and enter it again",
            "位数超过电子表格的精度，末尾数字已丢失；请将该列设为文本格式后重新填写",
        ],
    ),
    ("too_many_cells", ["the row has more cells than the {max} headings", "该行单元格多于 {max} 个列标题"]),
    ("no_object", ["the line is not a JSON object", "该行不是 JSON 对象"]),
    ("differs_in_order", ["differs from the first row of this order", "与该订单首行不一致"]),
    ("other_row_failed", ["another row of the same order failed", "同一订单的其他行有误"]),
    (
        "order_without_key",
        [
            "each row of an order needs external_id, or customer_po and customer",
            "订单的每一行都须有 external_id，或 customer_po 和客户",
        ],
    ),
    ("named_before", ["line {line} is about the same record", "第 {line} 行已涉及同一记录"]),
    ("names_another", ["names a different record than the other columns", "与其他列所指的记录不同"]),
    (
        "more_than_one",
        ["several orders match; give the number of the order", "有多个订单符合；请用订单号指明"],
    ),
];
