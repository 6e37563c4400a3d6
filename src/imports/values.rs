//! What people write into cells, as the API writes it: dates, numbers, shares, yes and no, words. What could mean
//! two things is refused, with how to write it instead.

use std::borrow::Cow;

use chrono::{Datelike, NaiveDate};
use serde_json::Value;

use super::fields::Kind;
use crate::base::error::Fault;
use crate::base::text::{fold, unharmed_cell};

/// What is wrong with a cell; where it is, the caller knows.
type Read<T> = Result<T, Fault>;

fn wrong(code: &'static str) -> Fault {
    Fault::at("", code)
}

/// A cell as the API's own field takes it. None for an empty one, which says nothing; null clears.
pub fn read(kind: &Kind, cell: &Value) -> Read<Option<Value>> {
    let text = match (kind, cell) {
        (_, Value::Null) => return Ok(Some(Value::Null)),
        (Kind::Decimal | Kind::Rate | Kind::Whole | Kind::Date | Kind::Text, Value::Number(n)) => {
            n.to_string()
        }
        (Kind::YesNo, Value::Number(n)) => n.to_string(),
        (_, Value::String(text)) => text.clone(),
        // NDJSON says it as the API does, and the schema looks at it.
        (_, other) => return Ok(Some(other.clone())),
    };
    let text = plain(&text)?;
    let text = text.as_ref();
    if text.is_empty() {
        return Ok(None);
    }
    let value = match kind {
        Kind::Text | Kind::Reference(_) | Kind::Key | Kind::Info => Value::String(literal(text)?),
        Kind::Decimal => Value::String(decimal(text)?),
        Kind::Rate => Value::String(rate(text)?),
        Kind::Whole => Value::from(whole(text)?),
        Kind::Date => Value::String(date(text)?.to_string()),
        Kind::YesNo => Value::Bool(yes_no(text)?),
        Kind::Words(words) => Value::String(word(words, text)?.to_owned()),
        Kind::List => list(text).into(),
        Kind::Units => units(text)?,
        Kind::ExternalIds => external_ids(text)?,
        Kind::Any => serde_json::from_str(text).map_err(|e| wrong("malformed").with("reason", e))?,
    };
    Ok(Some(value))
}

/// The text of a cell without space around it and without the apostrophe that keeps a spreadsheet from taking it for
/// a formula.
fn plain(text: &str) -> Read<Cow<'_, str>> {
    let text = text.trim_matches(|c: char| c.is_whitespace() || c == '\u{feff}');
    const ERRORS: [&str; 8] =
        ["#N/A", "#REF!", "#VALUE!", "#DIV/0!", "#NAME?", "#NULL!", "#NUM!", "#GETTING_DATA"];
    match ERRORS.contains(&text) {
        true => Err(wrong("spreadsheet_error")),
        false => Ok(unharmed_cell(text)),
    }
}

/// A text as it stands. A long number that a spreadsheet has cut short (`1.38E+10`) is no text any more.
fn literal(text: &str) -> Read<String> {
    let cut_short = text.split_once("E+").is_some_and(|(mantissa, exponent)| {
        let digits = |t: &str| !t.is_empty() && t.bytes().all(|b| b.is_ascii_digit());
        digits(exponent) && mantissa.split('.').all(digits) && mantissa.split('.').count() <= 2
    });
    match cut_short {
        true => Err(wrong("spreadsheet_number")),
        false => Ok(text.to_owned()),
    }
}

/// `1,234.50`, `１２３４．５`, `1 234.5`: a plain decimal. A comma stands between groups of three digits only.
fn decimal(text: &str) -> Read<String> {
    let folded = fold(text);
    let (sign, digits) = match folded.strip_prefix(['-', '−']) {
        Some(rest) => ("-", rest),
        None => ("", folded.as_str()),
    };
    let (whole, fraction) = match digits.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (digits, None),
    };
    let all_digits = |t: &str| !t.is_empty() && t.bytes().all(|b| b.is_ascii_digit());
    let separated = whole.contains([',', ' ']);
    let whole = match separated {
        false => whole.to_owned(),
        true => ungrouped(whole).ok_or_else(|| wrong("ambiguous_number"))?,
    };
    match (all_digits(&whole), fraction) {
        (true, None) => Ok(format!("{sign}{whole}")),
        (true, Some(fraction)) if all_digits(fraction) => Ok(format!("{sign}{whole}.{fraction}")),
        (_, Some(fraction)) if fraction.contains([',', '.']) => Err(wrong("ambiguous_number")),
        _ => Err(wrong("no_number")),
    }
}

/// `1,234,567` without its separators, if they stand where they do between thousands, and are all alike.
fn ungrouped(whole: &str) -> Option<String> {
    let separator = if whole.contains(',') { ',' } else { ' ' };
    let mut groups = whole.split(separator);
    let first = groups.next()?;
    let digits = |t: &str| t.bytes().all(|b| b.is_ascii_digit());
    let fits = (1..=3).contains(&first.len()) && digits(first);
    let rest: Vec<&str> = groups.collect();
    let fits = fits && rest.iter().all(|group| group.len() == 3 && digits(group));
    fits.then(|| format!("{first}{}", rest.concat()))
}

/// `13%` or `0.13`; a number above 1 could be meant either way.
fn rate(text: &str) -> Read<String> {
    let folded = fold(text);
    if let Some(percent) = folded.strip_suffix('%') {
        return shifted(&decimal(percent.trim_end())?).ok_or_else(|| wrong("no_number"));
    }
    let share = decimal(text)?;
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

fn whole(text: &str) -> Read<i64> {
    let number = decimal(text)?;
    let (whole, fraction) = number.split_once('.').unwrap_or((&number, ""));
    match fraction.bytes().all(|b| b == b'0') {
        true => whole.parse().map_err(|_| wrong("out_of_range")),
        false => Err(wrong("no_whole_number")),
    }
}

/// `2026-01-05`, `2026/1/5`, `2026.1.5`, `2026年1月5日`, `20260105`, a spreadsheet's serial number of a day; with a time
/// or without, which is left out. A date that does not begin with its year could be read in two ways.
fn date(text: &str) -> Read<NaiveDate> {
    let folded = fold(text);
    if folded.ends_with('z') || folded.contains('+') {
        // An instant of some time zone is on a day that depends on whose day is meant.
        return Err(wrong("no_date"));
    }
    let day = folded.split(['t', ' ']).next().unwrap_or_default();
    let spelled = day.replace(['年', '月', '/', '.'], "-").replace('日', "");
    let parts: Vec<&str> = spelled.split('-').collect();
    let number = |t: &str| t.parse::<u32>().ok().filter(|_| t.bytes().all(|b| b.is_ascii_digit()));
    let found = match parts[..] {
        [year, month, day] if year.len() == 4 => match (number(year), number(month), number(day)) {
            (Some(year), Some(month), Some(day)) => NaiveDate::from_ymd_opt(year as i32, month, day),
            _ => None,
        },
        [_, _, _] => return Err(wrong("ambiguous_date")),
        [digits] if digits.len() == 8 => {
            number(digits).and_then(|n| NaiveDate::from_ymd_opt((n / 10_000) as i32, n / 100 % 100, n % 100))
        }
        [digits] => digits.split('.').next().and_then(number).and_then(day_of_serial),
        _ => None,
    };
    found.filter(|day| (1900..=2999).contains(&day.year())).ok_or_else(|| wrong("no_date"))
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
fn units(text: &str) -> Read<Value> {
    if text.starts_with('[') {
        return serde_json::from_str(text).map_err(|e| wrong("malformed").with("reason", e));
    }
    let entries = text.split([';', '；', '、', '\n']).map(str::trim).filter(|entry| !entry.is_empty());
    let entries = entries.map(|entry| {
        let (unit, factor) = entry
            .split_once(['=', '＝'])
            .ok_or_else(|| wrong("invalid_format").with("format", "list of units (box=24; case=48)"))?;
        Ok(serde_json::json!({"unit": unit.trim(), "factor": decimal(factor)?}))
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

    fn of(kind: Kind, text: &str) -> Result<Value, &'static str> {
        read(&kind, &json!(text)).map(Option::unwrap_or_default).map_err(|fault| fault.code)
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
            ["2026-02-30", "2026-13-01", "tomorrow", "2026-01", "460", "0001-01-01", "2026-01-05T00:00:00Z"]
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
        for text in ["1,5", "12,34", "1.234,50", "1,23,456", "1.234.567", ",5", "1,234 567"] {
            assert_eq!(of(Kind::Decimal, text), Err("ambiguous_number"), "{text}");
        }
        for text in ["a", "1e3", "5.", ".5", "--1", "¥5", "1.2.x"] {
            assert!(of(Kind::Decimal, text).is_err(), "{text}");
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
        assert_eq!(of(Kind::Text, "#N/A"), Err("spreadsheet_error"));
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
            of(Kind::Units, "箱=24; case=1,000"),
            Ok(json!([{"unit": "箱", "factor": "24"}, {"unit": "case", "factor": "1000"}]))
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
                let _ = read(&kind, &json!(text));
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
            prop_assert_eq!(of(Kind::Decimal, &format!("{grouped}.{places}")), Ok(json!(format!("{n}.{places}"))));
        }
    }
}
