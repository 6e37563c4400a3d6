//! The rules of the working calendar, without database or HTTP.

use chrono::NaiveDate;

use super::model::WorkingCalendarInput;
use crate::base::deadlines::calendar::Hours;
use crate::base::error::{Fault, Faults};

/// Most exceptions in the calendar: ten years of holidays and more.
const MOST_DAYS: usize = 1_000;

/// What the schema cannot say.
pub fn check(input: &WorkingCalendarInput) -> Faults {
    let mut faults = Faults::default();
    for (day, hours) in input.week.days() {
        check_hours(&mut faults, &format!("/week/{day}"), hours);
    }
    if input.days.len() > MOST_DAYS {
        faults.push(Fault::at("/days", "too_many_days").with("max", MOST_DAYS as i64));
    }
    for (date, day) in &input.days {
        let at = format!("/days/{}", date.replace('~', "~0").replace('/', "~1"));
        // What is read back must be what was written, so `2026-1-5` is none.
        if date.parse::<NaiveDate>().ok().is_none_or(|parsed| parsed.to_string() != *date) {
            faults.push(Fault::at(&at, "invalid_format").with("format", "date"));
        }
        check_hours(&mut faults, &format!("{at}/hours"), &day.hours);
    }
    faults
}

fn check_hours(faults: &mut Faults, at: &str, hours: &[Hours]) {
    for (i, hour) in hours.iter().enumerate() {
        if hour.from >= hour.to {
            faults.push(Fault::at(format!("{at}/{i}"), "hours_backwards"));
        }
    }
    if hours.windows(2).any(|pair| pair[0].to > pair[1].from) {
        faults.push(Fault::at(at, "hours_out_of_order"));
    }
}
