//! Query parameters: declared once per endpoint, checked and documented from that declaration.

use std::borrow::Cow;

use chrono::NaiveDate;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use serde_json::{Map, Value as Json, json};
use uuid::Uuid;

use crate::db::list::Sort;
use crate::error::{Error, Fault, Problem, Result};
use crate::types::At;
use crate::types::id::{example_id, parse_id};
use crate::types::number::parse_decimal;

/// What a parameter takes.
#[derive(Debug, Clone, Copy)]
pub enum Takes {
    /// Text of at most so many characters.
    Text(usize),
    /// ISO 4217.
    Currency,
    /// What another system calls itself in external ids.
    System,
    Int(i64, i64),
    Bool,
    /// `YYYY-MM-DD`
    Date,
    /// RFC 3339
    Instant,
    /// A decimal with at most so many places.
    Decimal(u32),
    /// The same, above zero.
    Positive(u32),
    /// One or more of these words, separated by commas.
    Words(&'static [&'static str]),
    /// At most so many different ones of these words, separated by commas.
    Choice(usize, &'static [&'static str]),
    /// Exactly one of these words.
    Word(&'static [&'static str]),
    /// One or more ids with this prefix, separated by commas.
    Ids(&'static str),
    /// Exactly one id with this prefix.
    Id(&'static str),
}

/// A query parameter.
#[derive(Debug, Clone, Copy)]
pub struct Param {
    pub name: &'static str,
    pub takes: Takes,
    pub about: &'static str,
    pub required: bool,
}

impl Param {
    pub const fn new(name: &'static str, takes: Takes, about: &'static str) -> Param {
        Param { name, takes, about, required: false }
    }
    pub const fn required(mut self) -> Param {
        self.required = true;
        self
    }
}

/// A parameter's value.
#[derive(Debug, Clone, PartialEq)]
pub enum Given {
    Text(String),
    Int(i64),
    Bool(bool),
    Date(NaiveDate),
    Instant(At),
    /// Units of `10^-places`.
    Decimal(i64),
    Words(Vec<&'static str>),
    Ids(Vec<Uuid>),
}

/// The query of one request, checked.
#[derive(Debug, Clone, Default)]
pub struct Query {
    values: Vec<(&'static str, Given)>,
    /// `fields`, split.
    pub fields: Option<Vec<String>>,
    /// `expand`, split.
    pub expand: Vec<String>,
    pub dry_run: bool,
    pub total_count: bool,
    pub limit: i64,
    pub cursor: Option<String>,
    /// Column names with direction, as given in `sort`.
    pub sort: Vec<(&'static str, bool)>,
}

/// The most ids or words in one parameter.
const MOST_ENTRIES: usize = 100;
/// The most keys in `sort`.
const MOST_KEYS: usize = 3;
/// The longest decimal, in characters.
const LONGEST_DECIMAL: usize = 40;
/// So much of what a parameter is called is said again.
const LONGEST_NAME: usize = 100;

impl Query {
    pub fn get(&self, name: &str) -> Option<&Given> {
        self.values.iter().find(|(n, _)| *n == name).map(|(_, v)| v)
    }
    pub fn text(&self, name: &str) -> Option<&str> {
        match self.get(name) {
            Some(Given::Text(t)) => Some(t),
            _ => None,
        }
    }
    pub fn date(&self, name: &str) -> Option<NaiveDate> {
        match self.get(name) {
            Some(Given::Date(d)) => Some(*d),
            _ => None,
        }
    }
    pub fn instant(&self, name: &str) -> Option<At> {
        match self.get(name) {
            Some(Given::Instant(at)) => Some(*at),
            _ => None,
        }
    }
    pub fn int(&self, name: &str) -> Option<i64> {
        match self.get(name) {
            Some(Given::Int(n)) => Some(*n),
            _ => None,
        }
    }
    pub fn bool(&self, name: &str) -> Option<bool> {
        match self.get(name) {
            Some(Given::Bool(b)) => Some(*b),
            _ => None,
        }
    }
    pub fn decimal(&self, name: &str) -> Option<i64> {
        match self.get(name) {
            Some(Given::Decimal(n)) => Some(*n),
            _ => None,
        }
    }
    pub fn words(&self, name: &str) -> &[&'static str] {
        match self.get(name) {
            Some(Given::Words(words)) => words,
            _ => &[],
        }
    }
    pub fn word(&self, name: &str) -> Option<&'static str> {
        self.words(name).first().copied()
    }
    pub fn id(&self, name: &str) -> Option<Uuid> {
        self.ids(name).first().copied()
    }
    pub fn ids(&self, name: &str) -> &[Uuid] {
        match self.get(name) {
            Some(Given::Ids(ids)) => ids,
            _ => &[],
        }
    }
    pub fn values(&self) -> &[(&'static str, Given)] {
        &self.values
    }
    pub fn set(&mut self, name: &'static str, value: Given) {
        self.values.push((name, value));
    }
}

/// Splits a raw query string into decoded pairs.
pub fn pairs(raw: &str) -> Result<Vec<(String, String)>> {
    if raw.len() > 8192 {
        return Err(bad(vec![Fault::parameter("", "too_long").with("max", 8192)]));
    }
    raw.split('&')
        .filter(|p| !p.is_empty())
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let decode = |text: &str| {
                form_decode(text).filter(|t| !t.contains('\0')).ok_or_else(|| {
                    bad(vec![Fault::parameter(short(name), "invalid_format").with("format", "UTF-8 text")])
                })
            };
            Ok((decode(name)?, decode(value)?))
        })
        .collect()
}

/// Percent-decodes; None when an escape is broken or the result is not UTF-8.
pub fn percent_decode(text: &str) -> Option<String> {
    // The library lets broken escapes stand as they are.
    let is_escape = |rest: &str| rest.bytes().take(2).filter(u8::is_ascii_hexdigit).count() == 2;
    let whole = text.split('%').skip(1).all(is_escape);
    whole.then(|| percent_decode_str(text).decode_utf8().ok().map(Cow::into_owned)).flatten()
}

/// Decodes a name or value of a form or query, where a space is written as `+`.
pub fn form_decode(text: &str) -> Option<String> {
    percent_decode(&text.replace('+', " "))
}

/// Everything but letters, digits and the marks that mean nothing in an address (RFC 3986, section 2.3).
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Percent-encodes a text as one part of a path.
pub fn percent_encode(text: &str) -> String {
    utf8_percent_encode(text, RESERVED).to_string()
}

/// 400 with these faults.
pub fn bad(faults: Vec<Fault>) -> Error {
    Problem { faults, ..Problem::new("invalid_parameter") }.into()
}

/// What an endpoint takes beyond its own parameters.
#[derive(Debug, Clone, Copy, Default)]
pub struct Common {
    /// `limit`, `cursor`, `include`, and `sort` over these keys.
    pub sorts: Option<&'static [Sort]>,
    /// `sort` over these keys, for what answers a whole list without pages.
    pub only_sorts: Option<&'static [Sort]>,
    pub default_sort: &'static str,
    /// `fields`
    pub fields: bool,
    /// `expand` over these paths.
    pub expand: &'static [&'static str],
    pub dry_run: bool,
}

impl Common {
    fn sort_keys(&self) -> Option<&'static [Sort]> {
        self.sorts.or(self.only_sorts)
    }
}

/// Checks a raw query string against the declaration; all faults at once.
pub fn parse(raw: &str, params: &[Param], common: &Common) -> Result<Query> {
    let mut query = Query { limit: 50, ..Query::default() };
    let mut faults = Vec::new();
    let mut seen: Vec<String> = Vec::new();
    for (name, value) in pairs(raw)? {
        if seen.contains(&name) {
            faults.push(Fault::parameter(short(&name), "repeated_parameter"));
            continue;
        }
        let outcome = match params.iter().find(|p| p.name == name) {
            Some(param) => take(param, &value).map(|given| query.values.push((param.name, given))),
            None => take_common(&mut query, common, &name, &value)
                .unwrap_or_else(|| Err(unknown(&name, params, common))),
        };
        if let Err(fault) = outcome {
            faults.push(fault);
        }
        seen.push(name);
    }
    for param in params.iter().filter(|p| p.required && !seen.iter().any(|s| s == p.name)) {
        faults.push(Fault::parameter(param.name, "required"));
    }
    if let (Some(sorts), true) = (common.sort_keys(), query.sort.is_empty()) {
        query.sort = split_sort(common.default_sort, sorts).unwrap_or_default();
    }
    if faults.is_empty() { Ok(query) } else { Err(bad(faults)) }
}

/// Each of `fields` is a field of the answer, or one that `expand` adds to it.
pub fn check_fields(query: &Query, known: &[String]) -> Result<()> {
    let is_known = |field: &String| known.contains(field) || query.expand.contains(field);
    if query.fields.iter().flatten().all(is_known) {
        return Ok(());
    }
    Err(bad(vec![Fault::parameter("fields", "not_allowed").with("allowed", known.join(", "))]))
}

/// What the caller called a parameter, as far as it is said again.
fn short(name: &str) -> String {
    name.chars().take(LONGEST_NAME).collect()
}

fn unknown(name: &str, params: &[Param], common: &Common) -> Fault {
    let mut known: Vec<&str> = params.iter().map(|p| p.name).collect();
    known.extend(common_names(common));
    known.sort_unstable();
    Fault::parameter(short(name), "unknown_parameter").with("allowed", known.join(", "))
}

fn common_names(common: &Common) -> Vec<&'static str> {
    let mut names = Vec::new();
    if common.sorts.is_some() {
        names.extend(["limit", "cursor", "include", "sort"]);
    }
    if common.only_sorts.is_some() {
        names.push("sort");
    }
    if common.fields {
        names.push("fields");
    }
    if !common.expand.is_empty() {
        names.push("expand");
    }
    if common.dry_run {
        names.push("dry_run");
    }
    names
}

fn take(param: &Param, value: &str) -> std::result::Result<Given, Fault> {
    let fault = |code| Fault::parameter(param.name, code);
    let format = |name: &str| fault("invalid_format").with("format", name);
    match param.takes {
        Takes::Text(max) if value.chars().count() > max => Err(fault("too_long").with("max", max)),
        Takes::Text(_) => Ok(Given::Text(value.to_owned())),
        Takes::Currency => match value.len() == 3 && value.bytes().all(|b| b.is_ascii_uppercase()) {
            true => Ok(Given::Text(value.to_owned())),
            false => Err(format("currency code (ISO 4217)")),
        },
        Takes::System => match is_system(value) {
            true => Ok(Given::Text(value.to_owned())),
            false => Err(fault("pattern_mismatch").with("pattern", SYSTEM)),
        },
        Takes::Int(min, max) => match value.parse::<i64>() {
            Ok(n) if (min..=max).contains(&n) => Ok(Given::Int(n)),
            Ok(_) => Err(fault("out_of_range").with("min", min).with("max", max)),
            Err(_) => Err(format("whole number")),
        },
        Takes::Bool => parse_bool(value).map(Given::Bool).ok_or_else(|| format("true or false")),
        Takes::Date => parse_date(value).map(Given::Date).ok_or_else(|| format("date (YYYY-MM-DD)")),
        Takes::Instant => At::parse(value).map(Given::Instant).ok_or_else(|| format("RFC 3339 instant")),
        Takes::Decimal(places) => {
            let whole = value.trim_start_matches('-').split('.').next().unwrap_or_default();
            match parse_decimal(value, places) {
                Ok(n) if value.len() <= LONGEST_DECIMAL && whole.len() <= whole_digits(places) => {
                    Ok(Given::Decimal(n))
                }
                _ => Err(fault("invalid_decimal")),
            }
        }
        Takes::Positive(places) => match take(&Param { takes: Takes::Decimal(places), ..*param }, value)? {
            Given::Decimal(n) if n <= 0 => Err(fault("out_of_range").with("exclusive_min", 0)),
            given => Ok(given),
        },
        Takes::Words(allowed) => take_words(param.name, allowed, value).map(Given::Words),
        Takes::Choice(most, allowed) => {
            let words = take_words(param.name, allowed, value)?;
            match words.iter().enumerate().any(|(at, word)| words[..at].contains(word)) {
                true => Err(fault("duplicate_entry")),
                false if words.len() > most => Err(fault("too_many_items").with("max", most)),
                false => Ok(Given::Words(words)),
            }
        }
        Takes::Word(allowed) => match allowed.iter().find(|w| **w == value) {
            Some(word) => Ok(Given::Words(vec![word])),
            None => Err(fault("not_allowed").with("allowed", allowed.join(", "))),
        },
        Takes::Ids(prefix) => split(param.name, value)?
            .map(|id| parse_id(id, prefix).map_err(|_| format(&format!("id beginning with {prefix}_"))))
            .collect::<std::result::Result<_, _>>()
            .map(Given::Ids),
        Takes::Id(prefix) => match parse_id(value, prefix) {
            Ok(id) => Ok(Given::Ids(vec![id])),
            Err(_) => Err(format(&format!("id beginning with {prefix}_"))),
        },
    }
}

/// Digits before the point that fit whatever comes after it.
fn whole_digits(places: u32) -> usize {
    18 - places as usize
}

fn split<'v>(
    name: &'static str,
    value: &'v str,
) -> std::result::Result<impl Iterator<Item = &'v str>, Fault> {
    match value.split(',').count() {
        n if n > MOST_ENTRIES => Err(Fault::parameter(name, "too_many_items").with("max", MOST_ENTRIES)),
        _ => Ok(value.split(',').map(str::trim)),
    }
}

fn take_words(
    name: &'static str,
    allowed: &'static [&'static str],
    value: &str,
) -> std::result::Result<Vec<&'static str>, Fault> {
    split(name, value)?
        .map(|word| {
            let known = allowed.iter().find(|w| **w == word).copied();
            known.ok_or_else(|| Fault::parameter(name, "not_allowed").with("allowed", allowed.join(", ")))
        })
        .collect()
}

/// A date of the proleptic calendar between the years 1900 and 2999, so that no arithmetic on it can fail.
pub fn parse_date(text: &str) -> Option<NaiveDate> {
    if text.len() != 10 {
        return None;
    }
    let date = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()?;
    (1900..=2999).contains(&chrono::Datelike::year(&date)).then_some(date)
}

fn parse_bool(text: &str) -> Option<bool> {
    match text {
        "true" => Some(true),
        "false" => Some(false),
        _ => None,
    }
}

/// One of the shared parameters; None when this endpoint has none of that name.
fn take_common(
    query: &mut Query,
    common: &Common,
    name: &str,
    value: &str,
) -> Option<std::result::Result<(), Fault>> {
    let name = common_names(common).into_iter().find(|n| *n == name)?;
    Some(match name {
        "limit" => match value.parse::<i64>() {
            Ok(n) if (1..=200).contains(&n) => {
                query.limit = n;
                Ok(())
            }
            _ => Err(Fault::parameter(name, "out_of_range").with("min", 1).with("max", 200)),
        },
        "cursor" if value.is_empty() => Err(Fault::parameter(name, "too_short").with("min", 1)),
        "cursor" if value.len() > 2000 => Err(Fault::parameter(name, "too_long").with("max", 2000)),
        "cursor" => {
            query.cursor = Some(value.to_owned());
            Ok(())
        }
        "include" => take_words(name, &["total_count"], value).map(|w| query.total_count = !w.is_empty()),
        "sort" => split_sort(value, common.sort_keys().unwrap_or(&[])).map(|sort| query.sort = sort),
        "fields" => split(name, value).map(|fields| query.fields = Some(fields.map(str::to_owned).collect())),
        "expand" => take_words(name, common.expand, value)
            .map(|words| query.expand = words.into_iter().map(str::to_owned).collect()),
        _ => match parse_bool(value) {
            Some(dry) => {
                query.dry_run = dry;
                Ok(())
            }
            None => Err(Fault::parameter(name, "invalid_format").with("format", "true or false")),
        },
    })
}

fn split_sort(value: &str, sorts: &'static [Sort]) -> std::result::Result<Vec<(&'static str, bool)>, Fault> {
    let mut chosen: Vec<(&'static str, bool)> = Vec::new();
    for (at, part) in value.split(',').map(str::trim).enumerate() {
        let (name, descending) = match part.strip_prefix('-') {
            Some(rest) => (rest, true),
            None => (part, false),
        };
        match sorts.iter().find(|s| s.name == name) {
            // A key that is there already sorts nothing more.
            Some(known) if at < MOST_KEYS => {
                if !chosen.iter().any(|(c, _)| *c == known.name) {
                    chosen.push((known.name, descending));
                }
            }
            _ => {
                let names: Vec<&str> = sorts.iter().map(|s| s.name).collect();
                return Err(Fault::parameter("sort", "not_allowed").with("allowed", names.join(", ")));
            }
        }
    }
    Ok(chosen)
}

/// The smallest of the two formats that holds all from least to most.
pub fn integer_format(least: &Json, most: &Json) -> &'static str {
    let small = |bound: &Json| bound.as_i64().is_some_and(|n| i32::try_from(n).is_ok());
    if small(least) && small(most) { "int32" } else { "int64" }
}

/// The schema of a parameter, for the document.
pub fn schema(takes: Takes) -> Json {
    let list =
        |items: Json| json!({"type": "array", "items": items, "minItems": 1, "maxItems": MOST_ENTRIES});
    match takes {
        Takes::Text(max) => json!({"type": "string", "maxLength": max}),
        Takes::Currency => {
            json!({"type": "string", "pattern": "^[A-Z]{3}$", "maxLength": 3, "examples": ["CNY"]})
        }
        Takes::System => json!({"type": "string", "pattern": SYSTEM, "maxLength": 40, "examples": ["sap"]}),
        Takes::Int(min, max) => {
            let format = integer_format(&json!(min), &json!(max));
            json!({"type": "integer", "format": format, "minimum": min, "maximum": max})
        }
        Takes::Bool => json!({"type": "boolean"}),
        Takes::Date => json!({"type": "string", "format": "date", "maxLength": 10,
                              "pattern": "^(19|2[0-9])[0-9]{2}-[0-9]{2}-[0-9]{2}$"}),
        Takes::Instant => json!({"type": "string", "format": "date-time", "maxLength": 35}),
        Takes::Decimal(places) => {
            let whole = whole_digits(places);
            json!({"type": "string", "maxLength": LONGEST_DECIMAL,
                   "pattern": format!(r"^-?[0-9]{{1,{whole}}}(\.[0-9]{{1,{places}}}0*)?$")})
        }
        Takes::Positive(places) => {
            json!({"type": "string", "maxLength": LONGEST_DECIMAL,
                                          "pattern": positive(whole_digits(places), places as usize)})
        }
        Takes::Words(words) => list(json!({"type": "string", "enum": words})),
        Takes::Choice(most, words) => json!({"type": "array", "items": {"type": "string", "enum": words},
                                             "minItems": 1, "maxItems": most, "uniqueItems": true}),
        Takes::Word(words) => json!({"type": "string", "enum": words}),
        Takes::Ids(prefix) => list(schema(Takes::Id(prefix))),
        Takes::Id(prefix) => json!({
            "type": "string",
            "pattern": format!("^{prefix}_[0-9a-f]{{32}}$"),
            "maxLength": prefix.len() + 33,
            "examples": [example_id(prefix)],
        }),
    }
}

/// The names that systems have in external ids.
pub const SYSTEM: &str = "^[a-z0-9][a-z0-9._-]{0,39}$";

/// Whether it fits [`SYSTEM`].
pub fn is_system(name: &str) -> bool {
    let plain = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit();
    let begins = name.bytes().next().is_some_and(plain);
    begins && name.len() <= 40 && name.bytes().all(|c| plain(c) || b"._-".contains(&c))
}

/// A pattern of decimals above zero, without looking ahead, which not every reader of patterns can: there is a digit
/// above zero somewhere before the point, or somewhere after it.
fn positive(whole: usize, places: usize) -> String {
    let somewhere = |digits: usize| {
        let alternatives: Vec<String> =
            (0..digits).map(|k| format!("0{{{k}}}[1-9][0-9]{{0,{}}}", digits - 1 - k)).collect();
        alternatives.join("|")
    };
    let (before, after) = (somewhere(whole), somewhere(places));
    format!(r"^(({before})(\.[0-9]{{1,{places}}}0*)?|0{{1,{whole}}}\.({after})0*)$")
}

/// The parameter objects of an endpoint's query, for the document.
pub fn document(params: &[Param], common: &Common) -> Vec<Json> {
    let mut all: Vec<Json> = params
        .iter()
        .map(|p| {
            let mut o =
                json!({"name": p.name, "in": "query", "description": p.about, "schema": schema(p.takes)});
            if p.required {
                o["required"] = json!(true);
            }
            if matches!(p.takes, Takes::Words(_) | Takes::Choice(..) | Takes::Ids(_)) {
                o["explode"] = json!(false);
            }
            o
        })
        .collect();
    for name in common_names(common) {
        all.push(match name {
            "sort" => sort_document(common),
            "expand" => json!({"name": "expand", "in": "query", "explode": false,
                "description": "Adds the related object beside its id, such as `customer` beside `customer_id`. The answer then has no ETag.",
                "schema": {"type": "array", "minItems": 1, "maxItems": MOST_ENTRIES, "items": {"type": "string", "enum": common.expand}}}),
            other => json!({"$ref": format!("#/components/parameters/{other}")}),
        });
    }
    all
}

fn sort_document(common: &Common) -> Json {
    let names: Vec<String> = common
        .sort_keys()
        .unwrap_or(&[])
        .iter()
        .flat_map(|s| [s.name.to_owned(), format!("-{}", s.name)])
        .collect();
    json!({"name": "sort", "in": "query", "explode": false,
        "description": format!("Sort keys, at most three, separated by commas. A `-` before a key sorts in descending order. Default: `{}`.", common.default_sort),
        "schema": {"type": "array", "minItems": 1, "maxItems": MOST_KEYS, "items": {"type": "string", "enum": names}}})
}

/// The shared parameters, for the document's components.
pub fn components() -> Map<String, Json> {
    let mut map = Map::new();
    let mut add = |name: &str, about: &str, schema: Json| {
        map.insert(name.into(), json!({"name": name, "in": "query", "description": about, "schema": schema}));
    };
    add(
        "limit",
        "Largest number of records in the answer.",
        json!({"type": "integer", "format": "int32", "minimum": 1, "maximum": 200, "default": 50}),
    );
    add(
        "cursor",
        "Position to continue from: the `next_cursor` of the previous page. Use it with the same filters and sort; otherwise the answer is 400 `invalid_cursor`.",
        json!({"type": "string", "minLength": 1, "maxLength": 2000}),
    );
    add(
        "include",
        "`total_count` adds the number of all records in the list to the answer. This costs extra time.",
        json!({"$ref": "#/components/schemas/Include"}),
    );
    add(
        "fields",
        "Return only these fields of each record, separated by commas. The answer then has no ETag. By default all fields are returned.",
        json!({"type": "string", "maxLength": 2000}),
    );
    add(
        "dry_run",
        "With `true` the request is checked and computed like any other and the answer shows the result, but nothing is saved.",
        json!({"type": "boolean", "default": false}),
    );
    map
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_escape_is_whole_and_what_comes_out_is_text() {
        for (escaped, plain) in [
            ("", Some("")),
            ("a%20b+c", Some("a b+c")),
            ("%e5%A4%A9天", Some("天天")),
            ("%2500", Some("%00")),
            ("%", None),
            ("%4", None),
            ("%zz", None),
            ("%+f", None),
            ("%%41", None),
            ("%天", None),
            ("%FF", None),
        ] {
            assert_eq!(percent_decode(escaped).as_deref(), plain, "{escaped}");
        }
        assert_eq!(form_decode("a+b%2Bc").as_deref(), Some("a b+c"));
    }

    #[test]
    fn what_means_something_in_an_address_is_escaped() {
        assert_eq!(percent_encode("a b/天+~-_.%"), "a%20b%2F%E5%A4%A9%2B~-_.%25");
    }
}
