//! Instants and the one clock.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use chrono::{DateTime, NaiveDate, TimeZone, Utc};

/// An instant in UTC with microseconds; on the wire RFC 3339 with milliseconds and `Z`.
#[derive(
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    diesel::expression::AsExpression,
    diesel::deserialize::FromSqlRow,
)]
#[diesel(sql_type = crate::db::sql_types::Instant)]
pub struct At(i64);

impl At {
    pub const fn from_micros(micros: i64) -> At {
        At(micros)
    }
    pub const fn from_millis(millis: i64) -> At {
        At(millis * 1000)
    }
    pub const fn micros(self) -> i64 {
        self.0
    }
    pub const fn millis(self) -> i64 {
        self.0.div_euclid(1000)
    }
    pub const fn seconds(self) -> i64 {
        self.0.div_euclid(1_000_000)
    }
    pub fn plus_seconds(self, seconds: i64) -> At {
        At(self.0.saturating_add(seconds.saturating_mul(1_000_000)))
    }
    pub fn utc(self) -> DateTime<Utc> {
        DateTime::from_timestamp_micros(self.0).unwrap_or_default()
    }
    /// The calendar date that this instant falls on in the company's time zone.
    pub fn date_in(self, zone: chrono_tz::Tz) -> NaiveDate {
        self.utc().with_timezone(&zone).date_naive()
    }
    /// As people in a time zone read it: `2026-11-20 10:15`.
    pub fn local(self, zone: chrono_tz::Tz) -> String {
        self.utc().with_timezone(&zone).format("%Y-%m-%d %H:%M").to_string()
    }
    /// Noon of a date in a time zone: a neutral instant for records that history dates but does not time.
    pub fn noon_of(date: NaiveDate, zone: chrono_tz::Tz) -> At {
        let noon = date.and_hms_opt(12, 0, 0).unwrap_or_default();
        match zone.from_local_datetime(&noon).earliest() {
            Some(instant) => At(instant.timestamp_micros()),
            None => At(noon.and_utc().timestamp_micros()),
        }
    }
    /// A local time, in minutes of the day (1440 is its end), as an instant. A time that a change of the clocks skips
    /// is the first one after it.
    pub fn of_local(date: NaiveDate, minutes: u16, zone: chrono_tz::Tz) -> At {
        let midnight = date.and_hms_opt(0, 0, 0).unwrap_or_default();
        let local = midnight + chrono::TimeDelta::minutes(minutes.into());
        // Clocks never skip more than a few hours; a whole day was skipped once or twice in history.
        let tries = (0..=24 * 4).map(|quarter| local + chrono::TimeDelta::minutes(15 * quarter));
        let found = tries.filter_map(|local| zone.from_local_datetime(&local).earliest()).next();
        At(found.map_or_else(|| local.and_utc().timestamp_micros(), |t| t.timestamp_micros()))
    }
    pub fn parse(text: &str) -> Option<At> {
        DateTime::parse_from_rfc3339(text).ok().map(|t| At(t.timestamp_micros()))
    }
}

impl fmt::Display for At {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.utc().format("%Y-%m-%dT%H:%M:%S%.3fZ"))
    }
}
impl fmt::Debug for At {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
impl serde::Serialize for At {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}
impl<'de> serde::Deserialize<'de> for At {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(d)?;
        At::parse(&text).ok_or_else(|| serde::de::Error::custom("expected an RFC 3339 instant"))
    }
}
impl utoipa::PartialSchema for At {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        use utoipa::openapi::schema::{KnownFormat, ObjectBuilder, Schema, SchemaFormat, Type};
        utoipa::openapi::RefOr::T(Schema::Object(
            ObjectBuilder::new()
                .schema_type(Type::String)
                .format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime)))
                .max_length(Some(35))
                .description(Some("Point in time in UTC, RFC 3339 with milliseconds."))
                .examples([serde_json::json!("2026-11-20T02:15:30.000Z")])
                .build(),
        ))
    }
}
impl utoipa::ToSchema for At {
    fn name() -> std::borrow::Cow<'static, str> {
        "Instant".into()
    }
}

/// The one clock. Rules never read the machine's: they get `now` from their unit of work.
#[derive(Clone)]
pub enum Clock {
    System,
    /// Stands still until it is moved: tests, and loading history.
    Fixed(Arc<AtomicI64>),
}

impl Clock {
    pub fn fixed(at: At) -> Clock {
        Clock::Fixed(Arc::new(AtomicI64::new(at.micros())))
    }
    #[allow(clippy::disallowed_methods)] // the one place that reads the machine's clock
    pub fn now(&self) -> At {
        match self {
            Clock::System => At(Utc::now().timestamp_micros()),
            Clock::Fixed(micros) => At(micros.load(Ordering::SeqCst)),
        }
    }
    /// Moves a fixed clock; the system's cannot be moved.
    pub fn set(&self, at: At) {
        if let Clock::Fixed(micros) = self {
            micros.store(at.micros(), Ordering::SeqCst);
        }
    }
    pub fn advance_seconds(&self, seconds: i64) {
        self.set(self.now().plus_seconds(seconds));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_is_shown_with_milliseconds_and_z() {
        let at = At::parse("2026-11-20T10:15:30.1239+08:00").unwrap();
        assert_eq!(at.to_string(), "2026-11-20T02:15:30.123Z");
    }

    #[test]
    fn the_company_day_follows_its_time_zone() {
        let at = At::parse("2026-12-31T16:00:00Z").unwrap();
        assert_eq!(at.date_in(chrono_tz::Asia::Shanghai).to_string(), "2027-01-01");
        assert_eq!(at.date_in(chrono_tz::UTC).to_string(), "2026-12-31");
    }
}
