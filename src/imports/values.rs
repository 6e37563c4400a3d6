//! What people write into cells, as the API writes it: dates, numbers, shares, yes and no, words. What could mean
//! two things is refused, with how to write it instead.

use chrono::{Datelike, NaiveDate};
use serde_json::Value;

use super::fields::Kind;
use super::xlsx::UNCOMPUTED;
use crate::base::error::Fault;
use crate::base::text::{fold, unharmed_cell as unharmed};
use crate::text_enum;

/// What is wrong with a cell; where it is, the caller knows.
type Read<T> = Result<T, Fault>;

fn wrong(code: &'static str) -> Fault {
    Fault::at("", code)
}

text_enum! {
    /// What comes first in a date.
    pub enum DateOrder {
        YearFirst = "ymd",
        DayFirst = "dmy",
        MonthFirst = "mdy",
    }
}
text_enum! {
    /// What stands before the fraction of a number.
    pub enum DecimalSign {
        Point = "point",
        Comma = "comma",
    }
}

/// How the cells of a file are read.
#[derive(Debug, Clone, Copy)]
pub struct How {
    /// None where nobody says it and the file leaves doubt.
    pub date_order: Option<DateOrder>,
    pub decimal_sign: Option<DecimalSign>,
    /// The zone whose day an instant is on.
    pub zone: chrono_tz::Tz,
    /// Its cells may have an apostrophe that keeps a spreadsheet from taking them for formulas.
    pub is_table: bool,
}

/// What the cells of a column say about how they are written.
#[derive(Debug, Clone, Copy, Default)]
pub struct Evidence {
    day_first: bool,
    month_first: bool,
    point: bool,
    comma: bool,
}

impl Evidence {
    pub fn see(&mut self, cell: &str) {
        if cell.len() > 40 || !cell.bytes().any(|b| b.is_ascii_digit()) && cell.is_ascii() {
            return;
        }
        let text = fold(&unharmed(cell.trim()));
        match date_order_of(&text) {
            Some(DateOrder::DayFirst) => self.day_first = true,
            Some(DateOrder::MonthFirst) => self.month_first = true,
            _ => {}
        }
        match sign_of(text.trim_end_matches('%').trim_end().trim_start_matches(['-', '−'])) {
            Some(DecimalSign::Point) => self.point = true,
            Some(DecimalSign::Comma) => self.comma = true,
            None => {}
        }
    }

    pub fn add(&mut self, other: &Evidence) {
        self.day_first |= other.day_first;
        self.month_first |= other.month_first;
        self.point |= other.point;
        self.comma |= other.comma;
    }

    pub fn date_order(&self) -> Option<DateOrder> {
        match (self.day_first, self.month_first) {
            (true, false) => Some(DateOrder::DayFirst),
            (false, true) => Some(DateOrder::MonthFirst),
            _ => None,
        }
    }

    pub fn decimal_sign(&self) -> Option<DecimalSign> {
        match (self.point, self.comma) {
            (true, false) => Some(DecimalSign::Point),
            (false, true) => Some(DecimalSign::Comma),
            _ => None,
        }
    }
}

/// A cell as the API's own field takes it. None for an empty one, which says nothing; null clears. A number of the file
/// itself (`is_number`) has a point before its fraction.
pub fn read(kind: &Kind, cell: &Value, is_number: bool, how: &How) -> Read<Option<Value>> {
    let text = match (kind, cell) {
        (_, Value::Null) => return Ok(Some(Value::Null)),
        (
            Kind::Decimal
            | Kind::Rate
            | Kind::Whole
            | Kind::Date
            | Kind::Text
            | Kind::YesNo
            | Kind::Key
            | Kind::Reference(_),
            Value::Number(n),
        ) => n.to_string(),
        (_, Value::String(text)) => text.clone(),
        // NDJSON says it as the API does, and the schema looks at it.
        (_, other) => return Ok(Some(other.clone())),
    };
    let text = plain(&text)?;
    let text = if how.is_table { unharmed(text) } else { text.into() };
    let text = text.as_ref();
    if text.is_empty() {
        return Ok(None);
    }
    let sign = if is_number { Some(DecimalSign::Point) } else { how.decimal_sign };
    let value = match kind {
        Kind::Text | Kind::Reference(_) | Kind::Key | Kind::Info => Value::String(literal(text)?),
        Kind::Decimal => Value::String(decimal(text, sign)?),
        Kind::Rate => Value::String(rate(text, sign)?),
        Kind::Whole => Value::from(whole(text, sign)?),
        Kind::Date => Value::String(date(text, how)?.to_string()),
        Kind::YesNo => Value::Bool(yes_no(text)?),
        Kind::Words(words) => Value::String(word(words, text)?.to_owned()),
        Kind::List => list(text).into(),
        Kind::Units => units(text, sign)?,
        Kind::ExternalIds => external_ids(text)?,
        Kind::Any => serde_json::from_str(text).map_err(|e| wrong("malformed").with("reason", e))?,
    };
    Ok(Some(value))
}

/// The text of a cell without space around it.
fn plain(text: &str) -> Read<&str> {
    let text = text.trim_matches(|c: char| c.is_whitespace() || c == '\u{feff}');
    const ERRORS: [&str; 8] =
        ["#N/A", "#REF!", "#VALUE!", "#DIV/0!", "#NAME?", "#NULL!", "#NUM!", "#GETTING_DATA"];
    match text {
        UNCOMPUTED => Err(wrong("formula_without_value")),
        _ if ERRORS.contains(&text) => Err(wrong("spreadsheet_error")),
        _ => Ok(text),
    }
}

/// A text as it stands. A long number that a spreadsheet has cut short (`1.38E+10`, `1,38e+10`) is no text any more.
fn literal(text: &str) -> Read<String> {
    let cut_short = text.split_once("E+").or_else(|| text.split_once("e+"));
    let cut_short = cut_short.is_some_and(|(mantissa, exponent)| {
        let digits = |t: &str| !t.is_empty() && t.bytes().all(|b| b.is_ascii_digit());
        let mantissa = mantissa.strip_prefix('-').unwrap_or(mantissa);
        digits(exponent) && mantissa.split(['.', ',']).all(digits) && mantissa.split(['.', ',']).count() <= 2
    });
    match cut_short {
        true => Err(wrong("spreadsheet_number")),
        false => Ok(text.to_owned()),
    }
}

/// The sign before the fraction of a number, as far as the number itself leaves no doubt: `1,5`, `1.234,50`, `1,234,567`.
/// What has one separator before three digits (`1,250`) leaves it, unless nothing or a zero stands before that.
fn sign_of(digits: &str) -> Option<DecimalSign> {
    if !digits.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b',' | b' ')) {
        return None;
    }
    let count = |separator: char| digits.matches(separator).count();
    match (count('.'), count(',')) {
        (0, 0) => None,
        (1, commas) if commas > 0 && digits.rfind('.') > digits.rfind(',') => Some(DecimalSign::Point),
        (points, 1) if points > 0 && digits.rfind(',') > digits.rfind('.') => Some(DecimalSign::Comma),
        (0, commas) if commas > 1 => Some(DecimalSign::Point),
        (points, 0) if points > 1 => Some(DecimalSign::Comma),
        (1, 0) | (0, 1) => {
            let (whole, fraction) = digits.split_once(['.', ','])?;
            let is_group = fraction.len() == 3 && (1..=3).contains(&whole.len()) && !whole.starts_with('0');
            let is_sound = !fraction.is_empty() && !whole.is_empty();
            let sign = if count('.') == 1 { DecimalSign::Point } else { DecimalSign::Comma };
            (is_sound && !is_group).then_some(sign)
        }
        _ => None,
    }
}

/// `1,234.50`, `１２３４．５`, `1 234,5`: a plain decimal. What stands between thousands stands between groups of three
/// digits only.
fn decimal(text: &str, sign: Option<DecimalSign>) -> Read<String> {
    let folded = fold(text);
    let (minus, digits) = match folded.strip_prefix(['-', '−']) {
        Some(rest) => ("-", rest),
        None => ("", folded.as_str()),
    };
    let sign = match (sign, digits.contains(['.', ','])) {
        (Some(sign), _) => sign,
        (None, false) => DecimalSign::Point,
        // Nobody says how the file is written; only what cannot be anything else is taken.
        (None, true) if sign_of(digits) == Some(DecimalSign::Point) => DecimalSign::Point,
        (None, true) => return Err(wrong(if is_numeric(digits) { "ambiguous_number" } else { "no_number" })),
    };
    let (mark, between) = match sign {
        DecimalSign::Point => ('.', ','),
        DecimalSign::Comma => (',', '.'),
    };
    let (whole, fraction) = match digits.split_once(mark) {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (digits, None),
    };
    let all_digits = |t: &str| !t.is_empty() && t.bytes().all(|b| b.is_ascii_digit());
    let whole = match whole.contains([between, ' ']) {
        false => whole.to_owned(),
        true => ungrouped(whole, between)
            .ok_or_else(|| wrong(if is_numeric(digits) { "ambiguous_number" } else { "no_number" }))?,
    };
    match (all_digits(&whole), fraction) {
        (true, None) => Ok(format!("{minus}{whole}")),
        (true, Some(fraction)) if all_digits(fraction) => Ok(format!("{minus}{whole}.{fraction}")),
        (_, Some(fraction)) if fraction.contains([',', '.']) => Err(wrong("ambiguous_number")),
        _ => Err(wrong("no_number")),
    }
}

fn is_numeric(digits: &str) -> bool {
    digits.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b',' | b' '))
}

/// `1,234,567` without its separators, if they stand where they do between thousands, and are all alike.
fn ungrouped(whole: &str, between: char) -> Option<String> {
    let separator = if whole.contains(between) { between } else { ' ' };
    let mut groups = whole.split(separator);
    let first = groups.next()?;
    let digits = |t: &str| t.bytes().all(|b| b.is_ascii_digit());
    let fits = (1..=3).contains(&first.len()) && digits(first);
    let rest: Vec<&str> = groups.collect();
    let fits = fits && rest.iter().all(|group| group.len() == 3 && digits(group));
    fits.then(|| format!("{first}{}", rest.concat()))
}

/// `13%` or `0.13`; a number above 1 could be meant either way.
fn rate(text: &str, sign: Option<DecimalSign>) -> Read<String> {
    let folded = fold(text);
    if let Some(percent) = folded.strip_suffix('%') {
        return shifted(&decimal(percent.trim_end(), sign)?).ok_or_else(|| wrong("no_number"));
    }
    let share = decimal(text, sign)?;
    let (whole, fraction) = share.split_once('.').unwrap_or((&share, ""));
    let whole = whole.trim_start_matches('0');
    let above_one = !(whole.is_empty() || whole == "1" && fraction.bytes().all(|b| b == b'0'));
    match above_one && !share.starts_with('-') {
        true => Err(wrong("ambiguous_rate").with("number", &share)),
        false => Ok(share),
    }
}

/// A hundredth of a plain decimal.
fn shifted(decimal: &str) -> Option<String> {
    let (sign, digits) = match decimal.strip_prefix('-') {
        Some(rest) => ("-", rest),
        None => ("", decimal),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let padded = format!("{whole:0>3}");
    let (whole, moved) = padded.split_at_checked(padded.len() - 2)?;
    let all = format!("{moved}{fraction}");
    let fraction = all.trim_end_matches('0');
    Some(match fraction.is_empty() {
        true => format!("{sign}{whole}"),
        false => format!("{sign}{whole}.{fraction}"),
    })
}

fn whole(text: &str, sign: Option<DecimalSign>) -> Read<i64> {
    let number = decimal(text, sign)?;
    let (whole, fraction) = number.split_once('.').unwrap_or((&number, ""));
    match fraction.bytes().all(|b| b == b'0') {
        true => whole.parse().map_err(|_| wrong("out_of_range")),
        false => Err(wrong("no_whole_number")),
    }
}

/// `2026-01-05`, `2026/1/5`, `2026.1.5`, `2026年1月5日`, `20260105`, a spreadsheet's serial number of a day; with a time
/// or without, which is left out. One that ends with its year is read in the order of the file. An instant with its
/// offset is on the day that the company has then.
fn date(text: &str, how: &How) -> Read<NaiveDate> {
    let folded = fold(text);
    if has_offset(&folded) {
        return instant(&folded, how.zone).ok_or_else(|| wrong("no_date"));
    }
    let spelled = spelled(&folded);
    let parts: Vec<&str> = spelled.split('-').collect();
    let day = |year: &str, month: &str, day: &str| {
        NaiveDate::from_ymd_opt(number(year)? as i32, number(month)?, number(day)?)
    };
    let found = match (&parts[..], how.date_order) {
        ([y, m, d], _) if y.len() == 4 => day(y, m, d),
        ([d, m, y], Some(DateOrder::DayFirst)) if y.len() == 4 => day(y, m, d),
        ([m, d, y], Some(DateOrder::MonthFirst)) if y.len() == 4 => day(y, m, d),
        ([_, _, _], _) => return Err(wrong("ambiguous_date")),
        ([digits], _) if digits.len() == 8 => {
            number(digits).and_then(|n| NaiveDate::from_ymd_opt((n / 10_000) as i32, n / 100 % 100, n % 100))
        }
        ([digits], _) => digits.split('.').next().and_then(number).and_then(day_of_serial),
        _ => None,
    };
    found.filter(|day| (1900..=2999).contains(&day.year())).ok_or_else(|| wrong("no_date"))
}

fn number(text: &str) -> Option<u32> {
    text.parse().ok().filter(|_| text.bytes().all(|b| b.is_ascii_digit()))
}

/// The day of a text, with hyphens between its parts.
fn spelled(folded: &str) -> String {
    let day = folded.split(['t', ' ']).next().unwrap_or_default();
    day.replace(['年', '月', '/', '.'], "-").replace('日', "")
}

/// The order that a date cannot but have: 25/12/2026 begins with its day.
fn date_order_of(folded: &str) -> Option<DateOrder> {
    let spelled = spelled(folded);
    let parts: Vec<Option<u32>> = spelled.split('-').map(number).collect();
    let [Some(first), Some(second), Some(year)] = parts[..] else { return None };
    match (first, second) {
        _ if !(1900..=2999).contains(&year) => None,
        (13..=31, 1..=12) => Some(DateOrder::DayFirst),
        (1..=12, 13..=31) => Some(DateOrder::MonthFirst),
        _ => None,
    }
}

/// Whether the time of a text says of which offset from UTC it is.
fn has_offset(folded: &str) -> bool {
    let time = folded.split_once(['t', ' ']).map(|(_, time)| time).unwrap_or_default();
    folded.ends_with('z') || folded.contains('+') || time.contains(['-', '−'])
}

fn instant(folded: &str, zone: chrono_tz::Tz) -> Option<NaiveDate> {
    let text = folded.to_uppercase().replacen(' ', "T", 1).replace(' ', "");
    let text = text.strip_suffix('Z').map(|text| format!("{text}+00:00")).unwrap_or(text);
    let forms =
        ["%Y-%m-%dT%H:%M:%S%.f%:z", "%Y-%m-%dT%H:%M:%S%.f%z", "%Y-%m-%dT%H:%M%:z", "%Y-%m-%dT%H:%M%z"];
    let found = forms.iter().find_map(|form| chrono::DateTime::parse_from_str(&text, form).ok())?;
    let day = found.with_timezone(&zone).date_naive();
    (1900..=2999).contains(&day.year()).then_some(day)
}

/// The day that spreadsheets count as this number, in their usual system that begins with 1900; five digits, which
/// no year has.
fn day_of_serial(serial: u32) -> Option<NaiveDate> {
    let eve = NaiveDate::from_ymd_opt(1899, 12, 30)?;
    (10_000..=99_999).contains(&serial).then(|| eve + chrono::Duration::days(i64::from(serial)))
}

fn yes_no(text: &str) -> Read<bool> {
    match fold(text).as_str() {
        "yes" | "y" | "true" | "1" | "是" | "对" | "√" | "✓" => Ok(true),
        "no" | "n" | "false" | "0" | "否" | "不" | "×" => Ok(false),
        _ => Err(wrong("not_allowed").with("allowed", "yes, no, 是, 否")),
    }
}

/// A word of the API for one of the words that people use for it.
fn word(words: &'static [(&'static str, &'static [&'static str])], text: &str) -> Read<&'static str> {
    let said = fold(text).replace([' ', '-'], "_");
    let found = words.iter().find(|(word, others)| *word == said || others.contains(&said.as_str()));
    found.map(|(word, _)| *word).ok_or_else(|| {
        let allowed: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
        wrong("not_allowed").with("allowed", allowed.join(", "))
    })
}

/// Entries between commas, semicolons or line breaks, Chinese ones too.
fn list(text: &str) -> Vec<Value> {
    let entries = text.split([',', ';', '，', '；', '、', '\n']).map(str::trim);
    entries.filter(|entry| !entry.is_empty()).map(Value::from).collect()
}

/// `box=24; case=48`
fn units(text: &str, sign: Option<DecimalSign>) -> Read<Value> {
    if text.starts_with('[') {
        return serde_json::from_str(text).map_err(|e| wrong("malformed").with("reason", e));
    }
    let entries = text.split([';', '；', '、', '\n']).map(str::trim).filter(|entry| !entry.is_empty());
    let entries = entries.map(|entry| {
        let (unit, factor) = entry
            .split_once(['=', '＝'])
            .ok_or_else(|| wrong("invalid_format").with("format", "list of units (box=24; case=48)"))?;
        Ok(serde_json::json!({"unit": unit.trim(), "factor": decimal(factor, sign)?}))
    });
    Ok(Value::Array(entries.collect::<Read<Vec<Value>>>()?))
}

/// `sap:4711; web:C-12`
fn external_ids(text: &str) -> Read<Value> {
    if text.starts_with('[') {
        return serde_json::from_str(text).map_err(|e| wrong("malformed").with("reason", e));
    }
    let entries = text.split([';', '；', '\n']).map(str::trim).filter(|entry| !entry.is_empty());
    let entries = entries.map(|entry| {
        let (system, id) = entry.split_once([':', '=']).ok_or_else(|| {
            wrong("invalid_format").with("format", "list of external ids (sap:4711; web:C-12)")
        })?;
        Ok(serde_json::json!({"system": system.trim(), "id": id.trim()}))
    });
    Ok(Value::Array(entries.collect::<Read<Vec<Value>>>()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    const ZONE: chrono_tz::Tz = chrono_tz::Asia::Shanghai;
    const DOUBT: How = How { date_order: None, decimal_sign: None, zone: ZONE, is_table: true };

    fn in_this(kind: Kind, text: &str, how: How) -> Result<Value, &'static str> {
        read(&kind, &json!(text), false, &how).map(Option::unwrap_or_default).map_err(|fault| fault.code)
    }

    fn of(kind: Kind, text: &str) -> Result<Value, &'static str> {
        in_this(kind, text, DOUBT)
    }

    #[test]
    fn a_date_is_read_as_people_write_it_year_first() {
        for text in [
            "2026-01-05",
            "2026/1/5",
            "2026.1.5",
            "2026年1月5日",
            "20260105",
            "２０２６／１／５",
            "2026-01-05 00:00:00.000",
            "2026/1/5 8:30",
            "2026-01-05T10:00:00",
            " 2026-1-05 ",
            "46027",
        ] {
            assert_eq!(of(Kind::Date, text), Ok(json!("2026-01-05")), "{text}");
        }
        for text in ["1/5/2026", "05.01.2026", "26-1-5", "5-1-26"] {
            assert_eq!(of(Kind::Date, text), Err("ambiguous_date"), "{text}");
        }
        for text in
            ["2026-02-30", "2026-13-01", "tomorrow", "2026-01", "460", "0001-01-01", "2026-01-05T25:00:00Z"]
        {
            assert_eq!(of(Kind::Date, text), Err("no_date"), "{text}");
        }
    }

    #[test]
    fn a_number_is_read_with_its_thousands_and_wide_digits() {
        for (text, number) in [
            ("1234.50", "1234.50"),
            ("1,234.50", "1234.50"),
            ("1 234 567", "1234567"),
            ("１，２３４．５", "1234.5"),
            ("-12", "-12"),
            ("0", "0"),
            ("007", "007"),
        ] {
            assert_eq!(of(Kind::Decimal, text), Ok(json!(number)), "{text}");
        }
        for text in ["1,5", "12,34", "1.234,50", "1,23,456", "1.234.567", ",5", "1,234 567", "1,250", "1.250"]
        {
            assert_eq!(of(Kind::Decimal, text), Err("ambiguous_number"), "{text}");
        }
        for text in ["a", "1e3", "5.", ".5", "--1", "¥5", "1.2.x"] {
            assert!(of(Kind::Decimal, text).is_err(), "{text}");
        }
    }

    #[test]
    fn the_columns_say_how_dates_and_numbers_are_written() {
        let evidence = |cells: &[&str]| {
            let mut seen = Evidence::default();
            cells.iter().for_each(|cell| seen.see(cell));
            (seen.date_order(), seen.decimal_sign())
        };
        use DateOrder::{DayFirst, MonthFirst};
        use DecimalSign::{Comma, Point};
        assert_eq!(evidence(&["1/2/2026", "12/31/2018"]).0, Some(MonthFirst));
        assert_eq!(evidence(&["01.02.2026", "31.12.2018"]).0, Some(DayFirst));
        assert_eq!(evidence(&["1/2/2026", "2/3/2026"]).0, None);
        assert_eq!(evidence(&["31/12/2018", "12/31/2018"]).0, None);
        for (cells, sign) in [
            (&["1,250", "12,50"][..], Some(Comma)),
            (&["1.250", "12.50"], Some(Point)),
            (&["1,250"], None),
            (&["1.250"], None),
            (&["0,125"], Some(Comma)),
            (&["1.234.567"], Some(Comma)),
            (&["1,234,567"], Some(Point)),
            (&["12,5%"], Some(Comma)),
            (&["1,5", "1.5"], None),
            (&["12", "1 000"], None),
        ] {
            assert_eq!(evidence(cells).1, sign, "{cells:?}");
        }
        let comma = How { decimal_sign: Some(Comma), date_order: Some(DayFirst), ..DOUBT };
        for (text, number) in
            [("1,250", "1.250"), ("1.250", "1250"), ("1.234,50", "1234.50"), ("-0,5", "-0.5")]
        {
            assert_eq!(in_this(Kind::Decimal, text, comma), Ok(json!(number)), "{text}");
        }
        assert_eq!(in_this(Kind::Decimal, "12.5", comma), Err("ambiguous_number"));
        assert_eq!(in_this(Kind::Rate, "12,5%", comma), Ok(json!("0.125")));
        assert_eq!(in_this(Kind::Date, "05.01.2026", comma), Ok(json!("2026-01-05")));
        let american = How { date_order: Some(MonthFirst), ..DOUBT };
        assert_eq!(in_this(Kind::Date, "12/31/2018", american), Ok(json!("2018-12-31")));
        assert_eq!(in_this(Kind::Date, "31/12/2018", american), Err("no_date"));
        // A number of the file itself has a point.
        let read = read(&Kind::Decimal, &json!("1.25"), true, &comma).ok().flatten();
        assert_eq!(read, Some(json!("1.25")));
    }

    #[test]
    fn an_instant_is_on_the_day_that_the_company_has_then() {
        for (text, day) in [
            ("2018-11-08T10:00:00-03:00", "2018-11-08"),
            ("2018-11-08T16:30:00Z", "2018-11-09"),
            ("2018-11-08T15:30:00.000Z", "2018-11-08"),
            ("2018-11-08 22:00:00+01:00", "2018-11-09"),
            ("2018-11-08T22:00+0800", "2018-11-08"),
        ] {
            assert_eq!(of(Kind::Date, text), Ok(json!(day)), "{text}");
        }
    }

    #[test]
    fn a_share_is_read_as_per_cent_or_as_part_of_one() {
        for (text, share) in [
            ("13%", "0.13"),
            ("５％", "0.05"),
            ("12.5 %", "0.125"),
            ("0.13", "0.13"),
            ("100%", "1"),
            ("1", "1"),
            ("0", "0"),
            ("0%", "0"),
        ] {
            assert_eq!(of(Kind::Rate, text), Ok(json!(share)), "{text}");
        }
        for text in ["13", "1.5", "2"] {
            assert_eq!(of(Kind::Rate, text), Err("ambiguous_rate"), "{text}");
        }
    }

    #[test]
    fn what_a_spreadsheet_has_spoilt_is_no_text() {
        assert_eq!(of(Kind::Text, "1.38E+10"), Err("spreadsheet_number"));
        assert_eq!(of(Kind::Text, "6.22202e+18"), Err("spreadsheet_number"));
        assert_eq!(of(Kind::Text, "6,22202E+18"), Err("spreadsheet_number"));
        assert_eq!(of(Kind::Key, "6.22202E+18"), Err("spreadsheet_number"));
        assert_eq!(of(Kind::Text, "#N/A"), Err("spreadsheet_error"));
        assert_eq!(of(Kind::Decimal, UNCOMPUTED), Err("formula_without_value"));
        assert_eq!(of(Kind::Text, "E+5"), Ok(json!("E+5")));
        assert_eq!(of(Kind::Text, "'+86 138"), Ok(json!("+86 138")));
        assert_eq!(of(Kind::Text, "'s-Hertogenbosch"), Ok(json!("'s-Hertogenbosch")));
    }

    #[test]
    fn yes_and_no_lists_and_units_are_read_in_both_languages() {
        for (text, value) in [("是", true), ("Yes", true), ("1", true), ("否", false), ("ＮＯ", false)] {
            assert_eq!(of(Kind::YesNo, text), Ok(json!(value)), "{text}");
        }
        assert_eq!(of(Kind::YesNo, "maybe"), Err("not_allowed"));
        assert_eq!(of(Kind::List, "VIP、老客户; 2026 ,"), Ok(json!(["VIP", "老客户", "2026"])));
        assert_eq!(
            of(Kind::Units, "箱=24; case=1,000.0"),
            Ok(json!([{"unit": "箱", "factor": "24"}, {"unit": "case", "factor": "1000.0"}]))
        );
        assert_eq!(of(Kind::Units, "box"), Err("invalid_format"));
        assert_eq!(
            of(Kind::ExternalIds, "sap:4711; web:C-12"),
            Ok(json!([{"system": "sap", "id": "4711"}, {"system": "web", "id": "C-12"}]))
        );
    }

    proptest! {
        #[test]
        fn whatever_stands_in_a_cell_is_read_or_refused(text in ".{0,40}") {
            for kind in [Kind::Text, Kind::Decimal, Kind::Rate, Kind::Whole, Kind::Date, Kind::YesNo, Kind::List, Kind::Units, Kind::ExternalIds, Kind::Any] {
                let _ = of(kind, &text);
                for how in [
                    How { decimal_sign: Some(DecimalSign::Comma), date_order: Some(DateOrder::DayFirst), ..DOUBT },
                    How { decimal_sign: Some(DecimalSign::Point), date_order: Some(DateOrder::MonthFirst), ..DOUBT },
                ] {
                    let _ = in_this(kind, &text, how);
                }
                Evidence::default().see(&text);
            }
        }

        #[test]
        fn a_date_that_is_written_is_the_date_that_is_read(days in 0i64..300_000) {
            let day = NaiveDate::from_ymd_opt(1950, 1, 1).unwrap() + chrono::Duration::days(days);
            for form in ["%Y-%m-%d", "%Y/%-m/%-d", "%Y年%-m月%-d日", "%Y%m%d"] {
                let text = day.format(form).to_string();
                prop_assert_eq!(of(Kind::Date, &text), Ok(json!(day.to_string())));
            }
        }

        #[test]
        fn thousands_between_separators_are_the_number_itself(n in 0u64..1_000_000_000_000, places in 0u32..1000) {
            let digits = n.to_string();
            let grouped = digits.as_bytes().rchunks(3).rev().map(|c| std::str::from_utf8(c).unwrap()).collect::<Vec<_>>().join(",");
            let point = How { decimal_sign: Some(DecimalSign::Point), ..DOUBT };
            let read = in_this(Kind::Decimal, &format!("{grouped}.{places}"), point);
            prop_assert_eq!(read, Ok(json!(format!("{n}.{places}"))));
            let comma = How { decimal_sign: Some(DecimalSign::Comma), ..DOUBT };
            let written = format!("{},{places}", grouped.replace(',', "."));
            prop_assert_eq!(in_this(Kind::Decimal, &written, comma), Ok(json!(format!("{n}.{places}"))));
        }
    }
}
