//! When recurring work happens: pure, without a database or a clock.

use chrono::{Datelike, NaiveDate, Weekday};
use serde::{Deserialize, Serialize};

use crate::deadlines::calendar::Minute;
use crate::messages::Lang;
use crate::types::At;

/// When recurring work happens, by the company's local clock.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rhythm {
    /// At each full so many minutes: 15 is at :00, :15, :30 and :45.
    EveryMinutes(u32),
    Daily(Minute),
    Weekly(Weekday, Minute),
    /// On a day of the month, 1 to 31; on its last day when it has not so many.
    Monthly(u32, Minute),
}

/// Every rhythm comes round within so many days.
const LONGEST: usize = 63;

impl Rhythm {
    /// The first time after an instant.
    pub fn next_after(self, now: At, zone: chrono_tz::Tz) -> At {
        let minute = match self {
            Rhythm::EveryMinutes(minutes) => {
                let step = i64::from(minutes.max(1)) * 60_000_000;
                return At::from_micros((now.micros().div_euclid(step) + 1) * step);
            }
            Rhythm::Daily(minute) | Rhythm::Weekly(_, minute) | Rhythm::Monthly(_, minute) => minute,
        };
        let days = now.date_in(zone).iter_days().take(LONGEST).filter(|day| self.falls_on(*day));
        let mut times = days.map(|day| At::of_local(day, minute.0, zone));
        times.find(|at| *at > now).unwrap_or_else(|| now.plus_seconds(24 * 3600))
    }

    fn falls_on(self, day: NaiveDate) -> bool {
        match self {
            Rhythm::EveryMinutes(_) | Rhythm::Daily(_) => true,
            Rhythm::Weekly(weekday, _) => day.weekday() == weekday,
            Rhythm::Monthly(wanted, _) => {
                let is_last = day.succ_opt().is_none_or(|next| next.month() != day.month());
                day.day() == wanted || (is_last && day.day() < wanted)
            }
        }
    }

    /// As people read it.
    pub fn words(self, lang: Lang) -> String {
        match (self, lang) {
            (Rhythm::EveryMinutes(1), Lang::En) => "every minute".into(),
            (Rhythm::EveryMinutes(1), Lang::Zh) => "每分钟".into(),
            (Rhythm::EveryMinutes(n), Lang::En) => format!("every {n} minutes"),
            (Rhythm::EveryMinutes(n), Lang::Zh) => format!("每 {n} 分钟"),
            (Rhythm::Daily(at), Lang::En) => format!("daily at {at}"),
            (Rhythm::Daily(at), Lang::Zh) => format!("每天 {at}"),
            (Rhythm::Weekly(day, at), lang) => {
                let name = lang.pick(WEEKDAYS[day.num_days_from_monday() as usize]);
                match lang {
                    Lang::En => format!("every {name} at {at}"),
                    Lang::Zh => format!("每{name} {at}"),
                }
            }
            (Rhythm::Monthly(day, at), Lang::En) => format!("monthly on day {day} at {at}"),
            (Rhythm::Monthly(day, at), Lang::Zh) => format!("每月 {day} 日 {at}"),
        }
    }
}

const WEEKDAYS: [[&str; 2]; 7] = [
    ["Monday", "周一"],
    ["Tuesday", "周二"],
    ["Wednesday", "周三"],
    ["Thursday", "周四"],
    ["Friday", "周五"],
    ["Saturday", "周六"],
    ["Sunday", "周日"],
];

#[cfg(test)]
mod tests {
    use super::*;

    fn next(rhythm: Rhythm, now: &str, zone: chrono_tz::Tz) -> String {
        rhythm.next_after(At::parse(now).unwrap(), zone).local(zone)
    }

    #[test]
    fn a_rhythm_keeps_the_companys_clock() {
        let zone = chrono_tz::Asia::Shanghai;
        let eight = Minute::at(8, 0);
        for (rhythm, now, expected) in [
            (Rhythm::EveryMinutes(15), "2026-11-20T10:00:00+08:00", "2026-11-20 10:15"),
            (Rhythm::EveryMinutes(15), "2026-11-20T10:59:59+08:00", "2026-11-20 11:00"),
            (Rhythm::Daily(eight), "2026-11-20T07:59:59+08:00", "2026-11-20 08:00"),
            (Rhythm::Daily(eight), "2026-11-20T08:00:00+08:00", "2026-11-21 08:00"),
            // A Friday.
            (Rhythm::Weekly(Weekday::Fri, eight), "2026-11-20T08:00:00+08:00", "2026-11-27 08:00"),
            (Rhythm::Weekly(Weekday::Mon, eight), "2026-11-20T08:00:00+08:00", "2026-11-23 08:00"),
            (Rhythm::Monthly(1, eight), "2026-11-20T08:00:00+08:00", "2026-12-01 08:00"),
            (Rhythm::Monthly(31, eight), "2026-11-20T08:00:00+08:00", "2026-11-30 08:00"),
            (Rhythm::Monthly(31, eight), "2026-11-30T08:00:00+08:00", "2026-12-31 08:00"),
            (Rhythm::Monthly(31, eight), "2027-01-31T08:00:00+08:00", "2027-02-28 08:00"),
        ] {
            assert_eq!(next(rhythm, now, zone), expected, "{rhythm:?} after {now}");
        }
    }

    #[test]
    fn a_time_that_the_clocks_skip_is_the_next_one_and_one_that_comes_twice_is_taken_once() {
        let zone = chrono_tz::Europe::Berlin;
        let rhythm = Rhythm::Daily(Minute::at(2, 30));
        assert_eq!(next(rhythm, "2026-03-28T12:00:00+01:00", zone), "2026-03-29 03:00");
        assert_eq!(next(rhythm, "2026-03-29T12:00:00+02:00", zone), "2026-03-30 02:30");
        let first = rhythm.next_after(At::parse("2026-10-24T12:00:00+02:00").unwrap(), zone);
        assert_eq!(first, At::parse("2026-10-25T02:30:00+02:00").unwrap());
        assert_eq!(rhythm.next_after(first, zone), At::parse("2026-10-26T02:30:00+01:00").unwrap());
    }

    #[test]
    fn a_rhythm_is_told_in_words() {
        let weekly = Rhythm::Weekly(Weekday::Mon, Minute::at(8, 0));
        assert_eq!(weekly.words(Lang::En), "every Monday at 08:00");
        assert_eq!(weekly.words(Lang::Zh), "每周一 08:00");
        assert_eq!(Rhythm::EveryMinutes(15).words(Lang::Zh), "每 15 分钟");
    }
}
