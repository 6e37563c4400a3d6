//! The working calendar of a new installation.
//!
//! The days of 2026 are those that the General Office of the State Council announced on 2025-11-04. For 2027
//! the list holds only the holidays that the Regulation on Public Holidays fixes. The bridging days off, and
//! the weekend days on which people work instead, are announced every year; enter them then.

use std::collections::BTreeMap;

use chrono::NaiveDate;

use crate::base::deadlines::calendar::{Hours, Minute};
use crate::base::deadlines::model::{SpecialDay, Week};

/// A holiday: its name, the first and the last day.
type Holiday = (&'static str, (i32, u32, u32), (i32, u32, u32));

const HOLIDAYS: &[Holiday] = &[
    ("元旦", (2026, 1, 1), (2026, 1, 3)),
    ("春节", (2026, 2, 15), (2026, 2, 23)),
    ("清明节", (2026, 4, 4), (2026, 4, 6)),
    ("劳动节", (2026, 5, 1), (2026, 5, 5)),
    ("端午节", (2026, 6, 19), (2026, 6, 21)),
    ("中秋节", (2026, 9, 25), (2026, 9, 27)),
    ("国庆节", (2026, 10, 1), (2026, 10, 7)),
    ("元旦", (2027, 1, 1), (2027, 1, 1)),
    ("春节", (2027, 2, 5), (2027, 2, 8)),
    ("清明节", (2027, 4, 5), (2027, 4, 5)),
    ("劳动节", (2027, 5, 1), (2027, 5, 2)),
    ("端午节", (2027, 6, 9), (2027, 6, 9)),
    ("中秋节", (2027, 9, 15), (2027, 9, 15)),
    ("国庆节", (2027, 10, 1), (2027, 10, 3)),
];

/// Saturdays and Sundays that are worked.
const MADE_UP: &[(&str, (i32, u32, u32))] = &[
    ("元旦调休上班", (2026, 1, 4)),
    ("春节调休上班", (2026, 2, 14)),
    ("春节调休上班", (2026, 2, 28)),
    ("劳动节调休上班", (2026, 5, 9)),
    ("国庆节调休上班", (2026, 9, 20)),
    ("国庆节调休上班", (2026, 10, 10)),
];

/// Nine to twelve and one to six.
fn working_day() -> Vec<Hours> {
    let hours = |from: u16, to: u16| Hours { from: Minute(from * 60), to: Minute(to * 60) };
    vec![hours(9, 12), hours(13, 18)]
}

pub fn week() -> Week {
    let day = working_day();
    Week {
        monday: day.clone(),
        tuesday: day.clone(),
        wednesday: day.clone(),
        thursday: day.clone(),
        friday: day,
        saturday: vec![],
        sunday: vec![],
    }
}

pub fn days() -> BTreeMap<String, SpecialDay> {
    let date = |(year, month, day)| NaiveDate::from_ymd_opt(year, month, day).unwrap_or_default();
    let holidays = HOLIDAYS.iter().flat_map(|(name, first, last)| {
        let days = date(*first).iter_days().take_while(|day| *day <= date(*last));
        days.map(|day| (day, SpecialDay { name: (*name).into(), hours: vec![] }))
    });
    let made_up = MADE_UP.iter().map(|(name, day)| {
        let special = SpecialDay { name: (*name).into(), hours: working_day() };
        (date(*day), special)
    });
    holidays.chain(made_up).map(|(date, day)| (date.to_string(), day)).collect()
}
