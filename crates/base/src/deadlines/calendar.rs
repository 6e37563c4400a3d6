//! The working calendar and its arithmetic. It is pure: no database, no clock.
//!
//! Local hours become instants in the company's time zone. So a day on which the clocks change has its real
//! length.

use std::collections::BTreeMap;

use chrono::{Datelike, NaiveDate};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::types::At;

/// Days that are looked at for working time before a search is given up: whoever works less than that has no
/// deadline that means anything.
const HORIZON: usize = 3 * 366;
/// Minutes of a day.
const DAY: u16 = 24 * 60;

/// A stretch of working time within one day, in the company's time zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Hours {
    /// Start of the stretch.
    #[schema(example = "09:00")]
    pub from: Minute,
    /// End of the stretch, after `from`. `24:00` is the end of the day.
    #[schema(example = "12:00")]
    pub to: Minute,
}

/// A minute of the day, 0 to 1440; written `HH:MM`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Minute(pub u16);

impl std::fmt::Display for Minute {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:02}:{:02}", self.0 / 60, self.0 % 60)
    }
}

impl Minute {
    /// So many hours and minutes after midnight.
    pub const fn at(hours: u16, minutes: u16) -> Minute {
        Minute(hours * 60 + minutes)
    }
    pub fn parse(text: &str) -> Option<Minute> {
        let (hours, minutes) = text.split_once(':')?;
        if hours.len() != 2 || minutes.len() != 2 || !text.bytes().all(|b| b.is_ascii_digit() || b == b':') {
            return None;
        }
        let (hours, minutes): (u16, u16) = (hours.parse().ok()?, minutes.parse().ok()?);
        let minute = hours * 60 + minutes;
        (minutes < 60 && minute <= DAY).then_some(Minute(minute))
    }
}

impl Serialize for Minute {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}
impl<'de> Deserialize<'de> for Minute {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(d)?;
        Minute::parse(&text)
            .ok_or_else(|| serde::de::Error::custom("expected a time of the day such as 09:00"))
    }
}
impl utoipa::PartialSchema for Minute {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};
        utoipa::openapi::RefOr::T(Schema::Object(
            ObjectBuilder::new()
                .schema_type(Type::String)
                .pattern(Some("^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$"))
                .min_length(Some(5))
                .max_length(Some(5))
                .description(Some(
                    "Time of day as `HH:MM` in the company's time zone. `24:00` is the end of the day.",
                ))
                .examples([serde_json::json!("09:00")])
                .build(),
        ))
    }
}
impl ToSchema for Minute {
    fn name() -> std::borrow::Cow<'static, str> {
        "TimeOfDay".into()
    }
}

/// When the company works: hours by weekday, and the days on which it is otherwise.
#[derive(Debug, Clone)]
pub struct Calendar {
    pub zone: chrono_tz::Tz,
    /// From Monday to Sunday; each day's hours in order and apart.
    pub week: [Vec<Hours>; 7],
    /// Holidays (no hours) and make-up working days.
    pub days: BTreeMap<NaiveDate, Vec<Hours>>,
}

/// A stretch of time in which a deadline does not run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Pause {
    /// When the pause began.
    pub from: At,
    /// When the pause ended. Null while it lasts.
    pub to: Option<At>,
}

/// Whether a stretch of time counts towards a deadline.
/// - `counted`: working time in which the deadline runs.
/// - `paused`: working time in which the deadline is paused.
/// - `not_working`: nights, weekends and holidays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Counts {
    /// Working time that runs.
    Counted,
    /// Working time while the deadline was paused.
    Paused,
    /// Nights, weekends, holidays.
    NotWorking,
}

/// A stretch of time, and whether it counts towards a deadline.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub struct Segment {
    /// Start of the stretch.
    pub from: At,
    /// End of the stretch.
    pub to: At,
    /// Whether the stretch counts.
    pub counts: Counts,
    /// Seconds of the stretch that count. 0 unless `counts` is `counted`.
    pub seconds: i64,
}

impl Calendar {
    /// The hours of a date.
    pub fn hours(&self, date: NaiveDate) -> &[Hours] {
        match self.days.get(&date) {
            Some(hours) => hours,
            None => &self.week[date.weekday().num_days_from_monday() as usize],
        }
    }

    /// The end of a date's work; of the next working day's when nobody works on that date. Without working time
    /// ahead, the end of the date itself.
    pub fn end_of(&self, date: NaiveDate) -> At {
        let mut days = date.iter_days().take(HORIZON);
        let last = days.find_map(|date| self.hours(date).last().map(|hours| self.instant(date, hours.to)));
        last.unwrap_or_else(|| self.instant(date, Minute(DAY)))
    }

    /// The end of a date itself, whether anybody works then or not.
    pub fn midnight_after(&self, date: NaiveDate) -> At {
        self.instant(date, Minute(DAY))
    }

    /// The working stretches from an instant on, in order; they end at the horizon.
    fn stretches(&self, from: At) -> impl Iterator<Item = (At, At)> + '_ {
        let days = from.date_in(self.zone).iter_days().take(HORIZON);
        days.flat_map(move |date| self.hours(date).iter().map(move |h| self.stretch(date, *h)))
            .map(move |(begin, end)| (begin.max(from), end))
            .filter(|(begin, end)| begin < end)
    }

    fn stretch(&self, date: NaiveDate, hours: Hours) -> (At, At) {
        (self.instant(date, hours.from), self.instant(date, hours.to))
    }

    fn instant(&self, date: NaiveDate, minute: Minute) -> At {
        At::of_local(date, minute.0, self.zone)
    }

    /// Microseconds of working time between two instants, without those of the pauses.
    pub fn between(&self, from: At, to: At, pauses: &[Pause]) -> i64 {
        let stretches = self.stretches(from).take_while(|(begin, _)| *begin < to);
        stretches
            .map(|(begin, end)| running((begin, end.min(to)), pauses).map(|(b, e)| length(b, e)).sum::<i64>())
            .sum()
    }

    /// The instant at which so many microseconds of working time have passed since `from`, without those of the
    /// pauses; None when a pause lasts before that, or there is no working time ahead.
    pub fn after(&self, from: At, micros: i64, pauses: &[Pause]) -> Option<At> {
        let mut left = micros;
        if left <= 0 {
            return Some(from);
        }
        for stretch in self.stretches(from) {
            for (begin, end) in running(stretch, pauses) {
                let there = length(begin, end);
                if there >= left {
                    return Some(At::from_micros(begin.micros() + left));
                }
                left -= there;
            }
            if pauses.iter().any(|p| p.to.is_none() && p.from <= stretch.1) {
                return None;
            }
        }
        None
    }

    /// The instant from which there are so many microseconds of working time up to `to`: the other way round, for
    /// what happens ahead of a deadline. `from` is the earliest answer.
    pub fn before(&self, from: At, to: At, micros: i64, pauses: &[Pause]) -> Option<At> {
        let all = self.between(from, to, pauses);
        self.after(from, (all - micros).max(0), pauses)
    }

    /// The time between two instants, cut where it begins or ends to count.
    pub fn segments(&self, from: At, to: At, pauses: &[Pause]) -> Vec<Segment> {
        let mut segments = Segments { found: Vec::new(), at: from };
        for (begin, end) in self.stretches(from).take_while(|(begin, _)| *begin < to) {
            let end = end.min(to);
            segments.up_to(begin, Counts::NotWorking);
            for (runs, stops) in running((begin, end), pauses) {
                segments.up_to(runs, Counts::Paused);
                segments.up_to(stops, Counts::Counted);
            }
            segments.up_to(end, Counts::Paused);
        }
        segments.up_to(to, Counts::NotWorking);
        segments.found
    }
}

struct Segments {
    found: Vec<Segment>,
    at: At,
}

impl Segments {
    /// From where it is up to an instant: joined to what is before it when that is of the same kind.
    fn up_to(&mut self, to: At, counts: Counts) {
        if to <= self.at {
            return;
        }
        let seconds = if counts == Counts::Counted { length(self.at, to) / 1_000_000 } else { 0 };
        match self.found.last_mut().filter(|last| last.counts == counts) {
            Some(last) => (last.to, last.seconds) = (to, last.seconds + seconds),
            None => self.found.push(Segment { from: self.at, to, counts, seconds }),
        }
        self.at = to;
    }
}

fn length(from: At, to: At) -> i64 {
    to.micros() - from.micros()
}

/// The parts of a stretch that no pause takes away. Pauses are in order and do not overlap.
fn running((mut begin, end): (At, At), pauses: &[Pause]) -> impl Iterator<Item = (At, At)> {
    let mut parts = Vec::new();
    for pause in pauses {
        let (from, to) = (pause.from.max(begin), pause.to.unwrap_or(end).min(end));
        if from < to {
            parts.push((begin, from));
            begin = to;
        }
    }
    parts.push((begin, end));
    parts.into_iter().filter(|(begin, end)| begin < end)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn hours(spans: &[(u16, u16)]) -> Vec<Hours> {
        spans.iter().map(|(from, to)| Hours { from: Minute(from * 60), to: Minute(to * 60) }).collect()
    }

    /// Nine to twelve and one to six from Monday to Friday; National Day 2026 with its make-up days.
    fn office(zone: chrono_tz::Tz) -> Calendar {
        let day = hours(&[(9, 12), (13, 18)]);
        let mut week: [Vec<Hours>; 7] = std::array::from_fn(|_| day.clone());
        (week[5], week[6]) = (vec![], vec![]);
        let october = |d| NaiveDate::from_ymd_opt(2026, 10, d).expect("a date");
        let mut days: BTreeMap<_, _> = (1..=7).map(|d| (october(d), vec![])).collect();
        days.insert(october(10), day.clone());
        Calendar { zone, week, days }
    }

    fn shanghai() -> Calendar {
        office(chrono_tz::Asia::Shanghai)
    }

    /// A local time in Shanghai.
    fn at(text: &str) -> At {
        At::parse(&format!("{text}:00+08:00")).expect("an instant")
    }

    const HOUR: i64 = 3_600_000_000;

    #[test]
    fn four_hours_over_national_day_end_when_work_goes_on() {
        // Wednesday 16:00: two hours are left of the day; the holidays end on Wednesday the 7th.
        assert_eq!(shanghai().after(at("2026-09-30T16:00"), 4 * HOUR, &[]), Some(at("2026-10-08T11:00")));
    }

    #[test]
    fn a_make_up_saturday_counts() {
        assert_eq!(shanghai().after(at("2026-10-09T17:00"), 4 * HOUR, &[]), Some(at("2026-10-10T12:00")));
        assert_eq!(shanghai().after(at("2026-10-16T17:00"), 4 * HOUR, &[]), Some(at("2026-10-19T12:00")));
    }

    #[test]
    fn a_deadline_ends_with_the_day_and_not_with_the_next_one() {
        assert_eq!(shanghai().after(at("2026-11-23T17:00"), HOUR, &[]), Some(at("2026-11-23T18:00")));
    }

    #[test]
    fn a_pause_takes_away_only_the_working_time_in_it() {
        let pause = Pause { from: at("2026-11-23T11:00"), to: Some(at("2026-11-23T14:00")) };
        // One hour before lunch and one after it.
        assert_eq!(
            shanghai().after(at("2026-11-23T09:00"), 4 * HOUR, &[pause]),
            Some(at("2026-11-23T16:00"))
        );
        let night = Pause { from: at("2026-11-23T19:00"), to: Some(at("2026-11-24T08:00")) };
        assert_eq!(
            shanghai().after(at("2026-11-23T17:00"), 2 * HOUR, &[night]),
            Some(at("2026-11-24T10:00"))
        );
    }

    #[test]
    fn a_pause_without_an_end_leaves_no_deadline() {
        let pause = Pause { from: at("2026-11-23T11:00"), to: None };
        assert_eq!(shanghai().after(at("2026-11-23T09:00"), 4 * HOUR, &[pause]), None);
        assert_eq!(
            shanghai().after(at("2026-11-23T09:00"), 2 * HOUR, &[pause]),
            Some(at("2026-11-23T11:00"))
        );
    }

    #[test]
    fn who_never_works_has_no_deadline() {
        let idle = Calendar { week: Default::default(), days: BTreeMap::new(), ..shanghai() };
        assert_eq!(idle.after(at("2026-11-23T09:00"), 1, &[]), None);
        assert_eq!(idle.between(at("2026-11-23T09:00"), at("2026-12-23T09:00"), &[]), 0);
    }

    #[test]
    fn what_is_ahead_of_a_deadline_is_counted_back_in_working_time() {
        let (from, to) = (at("2026-11-23T15:00"), at("2026-11-24T11:00"));
        assert_eq!(shanghai().before(from, to, 3 * HOUR, &[]), Some(at("2026-11-23T17:00")));
        assert_eq!(shanghai().before(from, to, 30 * HOUR, &[]), Some(from));
    }

    #[test]
    fn a_day_whose_clock_is_put_forward_is_an_hour_shorter() {
        let mut round = office(chrono_tz::Europe::Berlin);
        round.week = std::array::from_fn(|_| hours(&[(0, 24)]));
        round.days.clear();
        let day = |d| At::parse(&format!("2026-03-{d}T00:00:00+01:00")).expect("an instant");
        assert_eq!(round.between(day(28), day(29), &[]), 24 * HOUR);
        let monday = At::parse("2026-03-30T00:00:00+02:00").expect("an instant");
        assert_eq!(round.between(day(29), monday, &[]), 23 * HOUR);
    }

    #[test]
    fn a_time_of_the_day_is_written_as_people_do() {
        assert_eq!(Minute::parse("09:30"), Some(Minute(570)));
        assert_eq!(Minute::parse("24:00"), Some(Minute(DAY)));
        for wrong in ["9:30", "24:01", "09:60", "0930", "", "ab:cd", "+9:00"] {
            assert_eq!(Minute::parse(wrong), None, "{wrong}");
        }
    }

    /// Instants of a year, in minutes.
    fn instant() -> impl Strategy<Value = At> {
        (0i64..365 * 24 * 60).prop_map(|minute| at("2026-01-01T00:00").plus_seconds(minute * 60))
    }

    fn pauses() -> impl Strategy<Value = Vec<Pause>> {
        prop::collection::vec(instant(), 0..6).prop_map(|mut ends| {
            ends.sort();
            let pairs = ends.chunks_exact(2);
            pairs.map(|p| Pause { from: p[0], to: Some(p[1]) }).collect()
        })
    }

    fn zone() -> impl Strategy<Value = chrono_tz::Tz> {
        prop::sample::select(vec![
            chrono_tz::Asia::Shanghai,
            chrono_tz::Europe::Berlin,
            chrono_tz::America::St_Johns,
        ])
    }

    proptest! {
        #[test]
        fn as_much_time_passes_as_was_asked_for(zone in zone(), from in instant(), hours in 0i64..300, pauses in pauses()) {
            let calendar = office(zone);
            let due = calendar.after(from, hours * HOUR, &pauses).expect("a deadline");
            prop_assert_eq!(calendar.between(from, due, &pauses), hours * HOUR);
        }

        #[test]
        fn two_steps_lead_where_one_does(from in instant(), a in 1i64..100, b in 1i64..100, pauses in pauses()) {
            let calendar = shanghai();
            let step = calendar.after(from, a * HOUR, &pauses).expect("a step");
            prop_assert_eq!(
                calendar.after(step, b * HOUR, &pauses),
                calendar.after(from, (a + b) * HOUR, &pauses)
            );
        }

        #[test]
        fn a_pause_puts_off_by_the_working_time_in_it(from in instant(), hours in 1i64..100, pauses in pauses()) {
            let calendar = shanghai();
            let due = calendar.after(from, hours * HOUR, &pauses).expect("a deadline");
            let paused = calendar.between(from, due, &[]) - calendar.between(from, due, &pauses);
            prop_assert_eq!(calendar.after(from, hours * HOUR + paused, &[]), Some(due));
        }

        #[test]
        fn segments_lie_end_to_end_and_add_up(from in instant(), to in instant(), pauses in pauses()) {
            let (from, to) = (from.min(to), from.max(to));
            let calendar = shanghai();
            let segments = calendar.segments(from, to, &pauses);
            let mut end = from;
            for segment in &segments {
                prop_assert_eq!(segment.from, end);
                prop_assert!(segment.from < segment.to);
                end = segment.to;
            }
            prop_assert_eq!(end, if segments.is_empty() { from } else { to });
            prop_assert!(segments.windows(2).all(|w| w[0].counts != w[1].counts));
            let counted: i64 = segments.iter().map(|s| s.seconds * 1_000_000).sum();
            prop_assert_eq!(counted, calendar.between(from, to, &pauses));
        }

        #[test]
        fn counting_back_undoes_counting_forth(from in instant(), hours in 1i64..100, back in 0i64..100) {
            let calendar = shanghai();
            let due = calendar.after(from, hours * HOUR, &[]).expect("a deadline");
            let reminder = calendar.before(from, due, back * HOUR, &[]).expect("an instant");
            prop_assert!(from <= reminder && reminder <= due);
            prop_assert_eq!(calendar.between(reminder, due, &[]), (back * HOUR).min(hours * HOUR));
        }
    }
}
