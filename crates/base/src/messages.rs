//! Messages for people, in English and Chinese. Codes are stable; the wording may improve.
//!
//! Problem codes (a whole answer) and phrases (one fault, one finding) are tables. The tables of the base are
//! here, those of each area in its own folder; [`Routes::finish`](crate::http::Routes::finish) adds them.
//!
//! These tables are the one thing that is declared and kept for the whole process. An error is put into words wherever it is
//! shown, also by `Display` in a log line, where nothing is at hand that could be asked for words. It does no harm: the words
//! are constants of the program, a code is declared once, and to add them again changes nothing.

use std::collections::HashMap;
use std::sync::{LazyLock, PoisonError, RwLock, RwLockReadGuard};

use actix_web::http::header::{Quality, QualityItem};

use super::Area;

/// The languages that people are answered in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Lang {
    #[default]
    En,
    Zh,
}

impl Lang {
    pub fn pick(self, both: [&'static str; 2]) -> &'static str {
        both[self as usize]
    }
    pub fn tag(self) -> &'static str {
        self.pick(["en", "zh-CN"])
    }
    /// From `Accept-Language`: the one of our languages with the highest weight; English when none is named.
    pub fn from_accept(header: &str) -> Lang {
        let mut best = (Quality::ZERO, Lang::En);
        for range in header.split(',').take(20) {
            // Some write `zh_CN`, which is no tag: the first two letters are enough.
            let Ok(QualityItem { item: tag, quality }) = range.trim().parse::<QualityItem<String>>() else {
                continue;
            };
            let lang = match tag.get(..2).map(str::to_ascii_lowercase).as_deref() {
                Some("zh") => Lang::Zh,
                Some("en") => Lang::En,
                _ => continue,
            };
            if quality > best.0 {
                best = (quality, lang);
            }
        }
        best.1
    }
}

/// A problem: one whole answer that is not a success.
#[derive(Debug)]
pub struct ProblemText {
    pub code: &'static str,
    pub status: u16,
    pub title: [&'static str; 2],
    /// With `{placeholders}`.
    pub detail: [&'static str; 2],
    /// What to do about it, for `GET /problems/{code}`.
    pub help: [&'static str; 2],
}

/// A phrase: the words for a fault's or finding's code, with `{placeholders}`.
pub type Phrase = (&'static str, [&'static str; 2]);

/// Shorthand for the tables.
pub const fn problem_text(
    code: &'static str,
    status: u16,
    title: [&'static str; 2],
    detail: [&'static str; 2],
    help: [&'static str; 2],
) -> ProblemText {
    ProblemText { code, status, title, detail, help }
}

/// The words that are known: the base's own, and those of the areas that were added.
struct Tables {
    problems: HashMap<&'static str, &'static ProblemText>,
    phrases: HashMap<&'static str, [&'static str; 2]>,
    /// Words that stand in a sentence for something, from English to Chinese.
    words: HashMap<String, &'static str>,
}

static TABLES: LazyLock<RwLock<Tables>> = LazyLock::new(|| {
    RwLock::new(Tables {
        problems: PROBLEMS.iter().map(|p| (p.code, p)).collect(),
        phrases: PHRASES.iter().copied().collect(),
        words: WORDS.iter().map(|[english, chinese]| ((*english).to_owned(), *chinese)).collect(),
    })
});

fn tables() -> RwLockReadGuard<'static, Tables> {
    TABLES.read().unwrap_or_else(PoisonError::into_inner)
}

/// Adds the words of areas; each code is declared once.
pub fn add(areas: &[&Area]) -> Result<(), String> {
    let mut homes: HashMap<(&str, &str), &str> = HashMap::new();
    let of_base = PROBLEMS.iter().map(|p| ("problem", p.code, "base"));
    let of_base = of_base.chain(PHRASES.iter().map(|p| ("phrase", p.0, "base")));
    let of_areas = areas.iter().flat_map(|area| {
        let problems = area.problems.iter().map(|p| ("problem", p.code, area.name));
        problems.chain(area.phrases.iter().map(|p| ("phrase", p.0, area.name)))
    });
    for (what, code, home) in of_base.chain(of_areas) {
        if let Some(other) = homes.insert((what, code), home) {
            return Err(format!("the {what} {code} of area {home} is declared by {other}, too"));
        }
    }
    let mut tables = TABLES.write().unwrap_or_else(PoisonError::into_inner);
    tables.problems.extend(areas.iter().flat_map(|a| a.problems).map(|p| (p.code, p)));
    tables.phrases.extend(areas.iter().flat_map(|a| a.phrases).copied());
    Ok(())
}

/// Adds what kinds of records are called: `order exception`, `订单异常`.
pub fn add_words(words: impl Iterator<Item = (String, &'static str)>) {
    TABLES.write().unwrap_or_else(PoisonError::into_inner).words.extend(words);
}

/// Placeholders whose values are words of ours.
const IN_WORDS: [&str; 5] = ["kind", "expected", "got", "format", "reason"];

/// The values for a sentence in this language: words of ours in that language, what a caller sent as it is.
pub fn in_words(lang: Lang, params: &[(&'static str, String)]) -> Vec<(&'static str, String)> {
    let tables = tables();
    let value = |name: &str, value: &String| match lang == Lang::Zh && IN_WORDS.contains(&name) {
        true => tables.words.get(value).map_or_else(|| value.clone(), |word| (*word).to_owned()),
        false => value.clone(),
    };
    params.iter().map(|(name, given)| (*name, value(name, given))).collect()
}

/// The text of a problem code; an unknown code is a fault of ours and reads as `internal`.
pub fn problem(code: &str) -> &'static ProblemText {
    find_problem(code).unwrap_or_else(|| {
        debug_assert!(false, "no text for the problem {code}");
        &INTERNAL
    })
}
pub fn find_problem(code: &str) -> Option<&'static ProblemText> {
    tables().problems.get(code).copied()
}
/// Every problem code, sorted.
pub fn all_problems() -> Vec<&'static ProblemText> {
    let mut all: Vec<_> = tables().problems.values().copied().collect();
    all.sort_by_key(|p| p.code);
    all
}
/// The words for a fault's or finding's code.
pub fn phrase(code: &str) -> [&'static str; 2] {
    let words = tables().phrases.get(code).copied();
    debug_assert!(words.is_some(), "no words for {code}");
    words.unwrap_or(["is not valid", "无效"])
}

/// Whether there are words for this code.
pub fn has_phrase(code: &str) -> bool {
    tables().phrases.contains_key(code)
}

/// [`fill`] with names that are not known to the compiler.
pub fn fill_named(template: &str, params: &std::collections::BTreeMap<String, String>) -> String {
    params.iter().fold(template.to_owned(), |text, (name, value)| {
        choose(text.replace(&format!("{{{name}}}"), value), name, value == "1")
    })
}

/// Fills `{name}` placeholders; `{name:is|are}` gives the first word when the value is 1, else the second.
pub fn fill(template: &str, params: &[(&'static str, String)]) -> String {
    let mut text = template.to_owned();
    for (name, value) in params {
        if text.contains('{') {
            text = text.replace(&format!("{{{name}}}"), value);
            text = choose(text, name, value == "1");
        }
    }
    text
}

/// `{name:one|many}` of this name becomes one of the two.
fn choose(text: String, name: &str, one: bool) -> String {
    let open = format!("{{{name}:");
    let Some((before, rest)) = text.split_once(&open) else { return text };
    let Some((words, after)) = rest.split_once('}') else { return text };
    let (first, second) = words.split_once('|').unwrap_or((words, words));
    choose(format!("{before}{}{after}", if one { first } else { second }), name, one)
}

/// A template as such, for an explanation: `{name}` reads `<name>`.
pub fn unfilled(template: &str) -> String {
    let counted = fill(template, &[("count", "<count>".to_owned())]);
    counted.replace('{', "<").replace('}', ">")
}

static INTERNAL: ProblemText = problem_text(
    "internal",
    500,
    ["Internal error", "内部错误"],
    ["Something went wrong on our side. Nothing was changed.", "服务器内部出错，未做任何更改。"],
    [
        "Send the request again later. If it stays, give the administrator the request_id.",
        "请稍后重试；若仍出现，请将 request_id 提供给管理员。",
    ],
);

const RELOAD: [&str; 2] = [
    "Read the record again, look at what changed, and repeat your change with the new ETag.",
    "重新读取该记录，查看变化，再用新的 ETag 重新提交。",
];

pub static PROBLEMS: &[ProblemText] = &[
    problem_text("internal", 500, INTERNAL.title, INTERNAL.detail, INTERNAL.help),
    problem_text(
        "not_found",
        404,
        ["Not found", "未找到"],
        ["There is no such record, or you may not see it.", "没有该记录，或您无权查看。"],
        [
            "Check the id and the path; a record that is not yours is answered the same.",
            "请检查 id 和路径；不属于您的记录同样如此回答。",
        ],
    ),
    problem_text(
        "unknown_path",
        404,
        ["Not found", "未找到"],
        ["There is nothing at this path.", "此路径不存在。"],
        [
            "The paths are listed in /api/v1/openapi.json and at /docs.",
            "所有路径见 /api/v1/openapi.json 与 /docs。",
        ],
    ),
    problem_text(
        "method_not_allowed",
        405,
        ["Method not allowed", "方法不允许"],
        ["This path does not take this method.", "此路径不支持该方法。"],
        ["The Allow header names the methods that it takes.", "响应头 Allow 列出了可用的方法。"],
    ),
    problem_text(
        "unauthorized",
        401,
        ["Not authenticated", "未登录"],
        ["A valid access token is needed.", "需要有效的访问令牌。"],
        [
            "Log in at POST /api/v1/auth/login (a program: POST /api/v1/oauth/token) and send Authorization: Bearer <access_token>.",
            "请先 POST /api/v1/auth/login 登录（程序请用 POST /api/v1/oauth/token），并发送 Authorization: Bearer <access_token>。",
        ],
    ),
    problem_text(
        "token_expired",
        401,
        ["Token expired", "令牌已过期"],
        ["The access token has expired.", "访问令牌已过期。"],
        [
            "Get a new one with POST /api/v1/auth/refresh, or POST /api/v1/oauth/token for a program.",
            "请用 POST /api/v1/auth/refresh 换取新的令牌；程序请用 POST /api/v1/oauth/token。",
        ],
    ),
    problem_text(
        "forbidden",
        403,
        ["Not allowed", "没有权限"],
        ["This needs the scope {scope}.", "此操作需要权限 {scope}。"],
        [
            "GET /api/v1/me lists your scopes; an administrator assigns roles.",
            "GET /api/v1/me 列出您的权限；角色由管理员分配。",
        ],
    ),
    problem_text(
        "bad_request",
        400,
        ["Bad request", "请求无法识别"],
        ["The request cannot be read: {reason}.", "无法读取请求：{reason}。"],
        ["Send a well-formed JSON document in UTF-8.", "请发送 UTF-8 编码、格式正确的 JSON。"],
    ),
    problem_text(
        "invalid_parameter",
        400,
        ["Bad parameter", "参数错误"],
        ["{count} {count:parameter is|parameters are} not valid.", "{count} 个参数不正确。"],
        ["The errors name each parameter and what it takes.", "errors 逐一说明参数及其要求。"],
    ),
    problem_text(
        "invalid_cursor",
        400,
        ["Bad cursor", "游标无效"],
        ["The cursor does not belong to this list, filter and sort.", "该游标不属于此列表、筛选和排序。"],
        [
            "Begin again without a cursor, or send the same filter and sort that gave it.",
            "请去掉游标重新开始，或使用产生它的相同筛选和排序。",
        ],
    ),
    problem_text(
        "unsupported_media_type",
        415,
        ["Unsupported media type", "不支持的媒体类型"],
        ["The body must be {expected}.", "请求体必须是 {expected}。"],
        ["Set the Content-Type header.", "请设置 Content-Type 请求头。"],
    ),
    problem_text(
        "payload_too_large",
        413,
        ["Body too large", "请求体过大"],
        ["The body is larger than {max_bytes} bytes.", "请求体超过 {max_bytes} 字节。"],
        ["Split the work into several requests.", "请拆分成多个请求。"],
    ),
    problem_text(
        "request_timeout",
        408,
        ["Request too slow", "请求超时"],
        ["The body did not arrive in time.", "请求体未能及时到达。"],
        ["Send it again.", "请重新发送。"],
    ),
    problem_text(
        "precondition_required",
        428,
        ["If-Match needed", "需要 If-Match"],
        [
            "This change needs an If-Match header with the version that you read.",
            "此更改需要 If-Match 请求头，值为您读到的版本。",
        ],
        ["Read the record and send its ETag as If-Match.", "请先读取记录，并将其 ETag 作为 If-Match 发送。"],
    ),
    problem_text(
        "version_mismatch",
        412,
        ["Changed meanwhile", "记录已被更改"],
        [
            "The record has changed since you read it; it is now version {current_version}.",
            "自您读取后该记录已被更改，当前版本为 {current_version}。",
        ],
        RELOAD,
    ),
    problem_text(
        "record_exists",
        412,
        ["Already there", "记录已存在"],
        [
            "There is a record with this external id already; it is at version {current_version}.",
            "该外部编号的记录已存在，当前版本为 {current_version}。",
        ],
        [
            "Leave If-None-Match out to change the record, or read it first.",
            "去掉 If-None-Match 即可修改该记录，或先读取它。",
        ],
    ),
    problem_text(
        "record_absent",
        412,
        ["Not there", "记录不存在"],
        [
            "There is no record with this external id, so no version of it matches.",
            "没有使用该外部编号的记录，因此没有可匹配的版本。",
        ],
        ["Leave If-Match out to create the record.", "去掉 If-Match 即可新建该记录。"],
    ),
    problem_text(
        "validation_failed",
        422,
        ["Validation failed", "校验未通过"],
        ["{count} {count:field is|fields are} not valid.", "{count} 个字段不正确。"],
        [
            "The errors name each field, what is wrong and what is allowed.",
            "errors 逐一说明字段、问题和允许的取值。",
        ],
    ),
    problem_text(
        "amount_overflow",
        422,
        ["Amount too large", "金额过大"],
        [
            "An amount does not fit: it must stay below 922,337,203,685,477.",
            "金额超出范围：须小于 922,337,203,685,477。",
        ],
        ["Check quantities and prices.", "请检查数量和单价。"],
    ),
    problem_text(
        "duplicate",
        409,
        ["Already there", "已存在"],
        ["Another record has this already ({what}).", "已有其他记录使用该值（{what}）。"],
        ["Choose another value, or change the record that has it.", "请换一个值，或修改已有的记录。"],
    ),
    problem_text(
        "still_referenced",
        409,
        ["Still in use", "仍被引用"],
        [
            "Other records refer to this one, or it refers to one that is not there.",
            "有其他记录引用它，或它引用了不存在的记录。",
        ],
        ["Block or retire the record instead of deleting it.", "请停用该记录，而不是删除。"],
    ),
    problem_text(
        "invalid_transition",
        409,
        ["Not possible now", "当前状态不允许"],
        [
            "A record that is {current_status} cannot take the step {action}.",
            "状态为 {current_status} 的记录不能执行 {action}。",
        ],
        ["allowed_actions lists the steps that are possible now.", "allowed_actions 列出当前可执行的操作。"],
    ),
    problem_text(
        "external_id_taken",
        409,
        ["External id taken", "外部编号已占用"],
        [
            "Another record has the external id {id} of {system} already.",
            "系统 {system} 的外部编号 {id} 已属于另一条记录。",
        ],
        [
            "existing_id, if you may see that record, names it: change it instead of making another.",
            "existing_id 指出该记录（如您有权查看）：请修改它，而不是另建。",
        ],
    ),
    problem_text(
        "idempotency_key_reused",
        422,
        ["Key used before", "幂等键已使用"],
        ["This Idempotency-Key was used for another request.", "该 Idempotency-Key 已用于另一个请求。"],
        [
            "Use a new key for a new request; repeat a request with exactly the same body.",
            "新请求请使用新的键；重试时请求体须完全相同。",
        ],
    ),
    problem_text(
        "idempotency_in_progress",
        409,
        ["Still running", "仍在处理"],
        [
            "The first request with this Idempotency-Key is still running.",
            "使用该 Idempotency-Key 的首个请求仍在处理。",
        ],
        ["Wait as Retry-After says and send it again.", "请按 Retry-After 等待后重试。"],
    ),
    problem_text(
        "too_many_requests",
        429,
        ["Too many requests", "请求过多"],
        ["Too many requests; wait {seconds} s.", "请求过多，请等待 {seconds} 秒。"],
        ["Wait as Retry-After says.", "请按 Retry-After 等待。"],
    ),
    problem_text(
        "unavailable",
        503,
        ["Not available", "暂时不可用"],
        ["The service cannot take the request at the moment.", "服务暂时无法处理请求。"],
        [
            "Wait as Retry-After says and send it again; with an Idempotency-Key that is always safe.",
            "请按 Retry-After 等待后重试；带 Idempotency-Key 时总是安全的。",
        ],
    ),
];

pub static PHRASES: &[Phrase] = &[
    ("required", ["is required", "必填"]),
    ("unknown_field", ["is not a known field; known are: {allowed}", "不是已知字段；可用字段：{allowed}"]),
    ("wrong_type", ["must be of type {expected}, not {got}", "类型应为{expected}，而不是{got}"]),
    ("not_null", ["must not be null", "不能为 null"]),
    (
        "decimal_as_number",
        [
            "must be a decimal string, never a JSON number: send \"{hint}\"",
            "必须是十进制字符串而非 JSON 数字：请发送 \"{hint}\"",
        ],
    ),
    (
        "invalid_decimal",
        ["must be a plain decimal number such as \"12.50\"", "必须是普通十进制数，如 \"12.50\""],
    ),
    ("too_precise", ["has more than {max} decimal places", "小数位数不能超过 {max} 位"]),
    ("out_of_range", ["is out of range", "超出范围"]),
    ("out_of_range_above", ["must be at least {min}", "不能小于 {min}"]),
    ("out_of_range_over", ["must be greater than {exclusive_min}", "须大于 {exclusive_min}"]),
    ("out_of_range_below", ["must be at most {max}", "不能大于 {max}"]),
    ("out_of_range_between", ["must be between {min} and {max}", "须在 {min} 与 {max} 之间"]),
    ("too_short", ["must have at least {min} {min:character|characters}", "至少 {min} 个字符"]),
    ("too_long", ["must have at most {max} {max:character|characters}", "最多 {max} 个字符"]),
    ("too_few_items", ["must have at least {min} {min:entry|entries}", "至少 {min} 项"]),
    ("too_many_items", ["must have at most {max} {max:entry|entries}", "最多 {max} 项"]),
    ("invalid_format", ["is not valid as {format}", "不是有效的{format}"]),
    (
        "hidden_character",
        [
            "has the invisible character {character}, which is not taken here; remove it, or type the text instead of copying it",
            "含有不可见字符 {character}，不予接受；请删除该字符，或手动输入而不要复制",
        ],
    ),
    ("pattern_mismatch", ["does not have the expected form ({pattern})", "格式不符（{pattern}）"]),
    ("not_allowed", ["must be one of: {allowed}", "必须是以下之一：{allowed}"]),
    ("too_deep", ["is nested too deeply", "嵌套过深"]),
    (
        "unknown_parameter",
        ["is not a known parameter; known are: {allowed}", "不是已知参数；可用参数：{allowed}"],
    ),
    (
        "repeated_parameter",
        ["is given more than once; separate several values by commas", "重复出现；多个值请用逗号分隔"],
    ),
    ("invalid_header", ["is not valid: {expected}", "无效：{expected}"]),
    ("unknown_reference", ["there is no such {kind}, or you may not see it", "没有该{kind}，或您无权查看"]),
    ("duplicate_entry", ["appears more than once", "重复出现"]),
    ("malformed", ["cannot be read: {reason}", "无法读取：{reason}"]),
    ("before", ["must not be before {other}", "不能早于 {other}"]),
    ("missing_scope", ["needs the scope {scope}", "需要权限 {scope}"]),
    ("wrong_status", ["not possible while the record is {status}", "记录状态为 {status} 时不能执行"]),
    ("exactly_one", ["give exactly one of: {fields}", "以下字段须且只能提供一个：{fields}"]),
    ("unknown_country", ["is not a country code of ISO 3166", "不是 ISO 3166 国家或地区代码"]),
    ("in_future", ["must not be after {today}", "不能晚于 {today}"]),
    ("blank", ["must not be blank", "不能为空白"]),
    ("custom_field_too_large", ["must not be larger than {max} bytes as JSON", "JSON 不能超过 {max} 字节"]),
    ("differs", ["differs from what the record has", "与现有记录不同"]),
    ("cannot_change", ["stays as it was entered", "录入后不能更改"]),
    ("taken", ["is used by another record", "已被其他记录使用"]),
];

/// Words that stand for something in the sentences above, in English and Chinese.
const WORDS: &[[&str; 2]] = &[
    ["object", "对象"],
    ["array", "数组"],
    ["string", "文本"],
    ["integer", "整数"],
    ["number", "数字"],
    ["boolean", "布尔值"],
    ["null", "空值"],
    ["date", "日期（YYYY-MM-DD）"],
    ["date (YYYY-MM-DD)", "日期（YYYY-MM-DD）"],
    ["date-time", "时间（如 2026-11-20T10:00:00Z）"],
    ["email", "电子邮箱地址"],
    ["uri", "网址"],
    ["uuid", "UUID"],
    ["JSON object of texts", "由文本组成的 JSON 对象"],
    ["record", "记录"],
    ["order line", "订单明细"],
    ["return line", "退货明细"],
    ["one ETag as it was sent, such as \"7\"", "应为一个原样发送的 ETag，例如 \"7\""],
    ["*, to create only", "应为 *，表示仅新建"],
    ["not together with If-Match", "不能与 If-Match 同时使用"],
    ["1 to 255 visible ASCII characters", "应为 1 至 255 个可见的 ASCII 字符"],
    ["this operation takes no body", "此操作不接受请求体"],
    ["it has no headings", "缺少标题行"],
    ["it is no text, or UTF-16; save it as CSV UTF-8", "不是文本或为 UTF-16 编码，请另存为 CSV UTF-8"],
    ["it is not UTF-8", "不是 UTF-8 编码"],
    [
        "it is neither UTF-8 nor GB 18030; save it as CSV UTF-8",
        "既非 UTF-8 也非 GB 18030 编码，请另存为 CSV UTF-8",
    ],
    ["its rows are not in their order", "行的顺序不正确"],
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_language_follows_the_header() {
        for (header, lang) in [
            ("", Lang::En),
            ("zh-CN", Lang::Zh),
            ("zh;q=0.5, en;q=0.8", Lang::En),
            ("fr, zh-TW;q=0.3", Lang::Zh),
            ("fr", Lang::En),
            ("*", Lang::En),
            ("zh_CN", Lang::Zh),
            ("ZH-Hans-CN;q=0.001", Lang::Zh),
            ("zh;q=0", Lang::En),
            ("zh ; q=0.9 , en;q=0.9", Lang::Zh),
            ("en, zh", Lang::En),
            ("zh;q=x, fr;, ;, en;q=0.1", Lang::En),
        ] {
            assert_eq!(Lang::from_accept(header), lang, "{header}");
        }
    }

    #[test]
    fn one_fault_is_told_as_one() {
        let told = |count: &str| {
            fill("{count} {count:field is|fields are} not valid.", &[("count", count.to_owned())])
        };
        assert_eq!(
            (told("1"), told("2")),
            ("1 field is not valid.".into(), "2 fields are not valid.".into())
        );
        assert_eq!(unfilled("needs {scope}; {count:is|are}"), "needs <scope>; are");
    }
}
