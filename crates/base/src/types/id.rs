//! Ids: opaque, prefixed, sortable by age: `ord_` + 32 hex digits of a UUIDv7.

use std::fmt;
use std::str::FromStr;
use std::sync::atomic::{AtomicU64, Ordering};

use uuid::Uuid;

use super::At;

/// What every typed id has in common.
pub trait RecordId:
    Copy + Eq + std::hash::Hash + fmt::Display + FromStr<Err = NotAnId> + Send + Sync + 'static
{
    const PREFIX: &'static str;
    /// The kind of record that it names.
    const KIND: Kind;
    fn from_uuid(uuid: Uuid) -> Self;
    fn uuid(self) -> Uuid;
}

/// The text is not an id of the expected kind.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct NotAnId;

/// A kind of record: the word used in events, the audit trail and external ids, and its id's prefix.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Kind {
    pub name: &'static str,
    pub prefix: &'static str,
}

/// `ord_0192…`: prefix, underscore, 32 lower-case hex digits.
pub fn write_id(f: &mut fmt::Formatter<'_>, prefix: &str, uuid: Uuid) -> fmt::Result {
    write!(f, "{prefix}_{}", uuid.simple())
}

/// The UUID of `text` when it is an id with this prefix.
pub fn parse_id(text: &str, prefix: &str) -> Result<Uuid, NotAnId> {
    let hex = text.strip_prefix(prefix).and_then(|t| t.strip_prefix('_')).ok_or(NotAnId)?;
    if hex.len() != 32 || !hex.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b)) {
        return Err(NotAnId);
    }
    Uuid::try_parse(hex).map_err(|_| NotAnId)
}

/// What the examples of all kinds have in common: a UUIDv7 without its last three bytes.
const EXAMPLE: [u8; 13] = [0x01, 0x9a, 0x7c, 0x5e, 0x8f, 0x3a, 0x7d, 0x10, 0xb6, 0xc2, 0xa9, 0x4e, 0x51];

/// The UUID of the id that stands in examples of a kind. It ends with the prefix, so that it is another one for each
/// kind: some tables name records by their bare UUID.
pub fn example_uuid(prefix: &str) -> Uuid {
    let mut bytes = [0u8; 16];
    bytes.iter_mut().zip(EXAMPLE.into_iter().chain(prefix.bytes())).for_each(|(byte, given)| *byte = given);
    Uuid::from_bytes(bytes)
}

/// The id that stands in examples of a kind. The demo has a record with it.
pub fn example_id(prefix: &str) -> String {
    format!("{prefix}_{}", example_uuid(prefix).simple())
}

/// Declares a typed id: `id_type!(CustomerId, "cus", "customer")`.
#[macro_export]
macro_rules! id_type {
    ($name:ident, $prefix:literal, $kind:literal) => {
        #[doc = concat!("Id of a ", $kind, ": `", $prefix, "_` and 32 hex digits.")]
        #[derive(
            Debug,
            Clone,
            Copy,
            PartialEq,
            Eq,
            Hash,
            PartialOrd,
            Ord,
            diesel::expression::AsExpression,
            diesel::deserialize::FromSqlRow,
        )]
        #[diesel(sql_type = $crate::db::sql_types::Key)]
        pub struct $name(pub uuid::Uuid);

        impl $crate::types::RecordId for $name {
            const PREFIX: &'static str = $prefix;
            const KIND: $crate::types::Kind = <$name>::KIND;
            fn from_uuid(uuid: uuid::Uuid) -> Self {
                Self(uuid)
            }
            fn uuid(self) -> uuid::Uuid {
                self.0
            }
        }
        impl $name {
            pub const KIND: $crate::types::Kind = $crate::types::Kind { name: $kind, prefix: $prefix };
        }
        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                $crate::types::id::write_id(f, $prefix, self.0)
            }
        }
        impl std::str::FromStr for $name {
            type Err = $crate::types::id::NotAnId;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                $crate::types::id::parse_id(text, $prefix).map(Self)
            }
        }
        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
                s.collect_str(self)
            }
        }
        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
                let text = <std::borrow::Cow<'de, str>>::deserialize(d)?;
                text.parse().map_err(|_| {
                    serde::de::Error::custom(concat!("expected an id beginning with ", $prefix, "_"))
                })
            }
        }
        impl utoipa::PartialSchema for $name {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
                $crate::types::id::id_schema($prefix, $kind)
            }
        }
        impl utoipa::ToSchema for $name {
            fn name() -> std::borrow::Cow<'static, str> {
                std::borrow::Cow::Borrowed(stringify!($name))
            }
        }
        $crate::key_sql!($name);
    };
}

/// The schema of a typed id.
pub fn id_schema(prefix: &str, kind: &str) -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
    use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};
    let length = prefix.len() + 33;
    // "An order", but "a user": no kind begins with a `u` that is spoken as in "up".
    let article = if kind.starts_with(['a', 'e', 'i', 'o']) { "an" } else { "a" };
    utoipa::openapi::RefOr::T(Schema::Object(
        ObjectBuilder::new()
            .schema_type(Type::String)
            .description(Some(format!("Id of {article} {}.", kind.replace('_', " "))))
            .pattern(Some(format!("^{prefix}_[0-9a-f]{{32}}$")))
            .min_length(Some(length))
            .max_length(Some(length))
            .examples([serde_json::json!(example_id(prefix))])
            .build(),
    ))
}

/// The one source of ids. Ids of one process grow strictly, also within a millisecond, so a page sorted by id
/// never meets an older id later.
pub struct Ids {
    last: AtomicU64,
}

impl Default for Ids {
    fn default() -> Self {
        Ids { last: AtomicU64::new(0) }
    }
}

impl Ids {
    /// A new UUIDv7 for this instant: 48 bits of milliseconds, 12 bits of counter, 62 random bits.
    pub fn next(&self, now: At) -> Uuid {
        let floor = (now.millis().max(0) as u64) << 12;
        let mut previous = self.last.load(Ordering::Relaxed);
        let tick = loop {
            let tick = floor.max(previous + 1);
            match self.last.compare_exchange_weak(previous, tick, Ordering::Relaxed, Ordering::Relaxed) {
                Ok(_) => break tick,
                Err(seen) => previous = seen,
            }
        };
        let mut bytes = [0u8; 16];
        super::super::secret::fill(&mut bytes[8..]);
        bytes[..6].copy_from_slice(&(tick >> 12).to_be_bytes()[2..]);
        let counter = (tick & 0xfff) as u16;
        bytes[6] = 0x70 | (counter >> 8) as u8;
        bytes[7] = counter as u8;
        bytes[8] = (bytes[8] & 0x3f) | 0x80;
        Uuid::from_bytes(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    id_type!(PenId, "pen", "pen");

    #[test]
    fn an_id_reads_back_and_refuses_anything_else() {
        let id = PenId(Ids::default().next(At::from_millis(1_700_000_000_123)));
        assert_eq!(id.to_string().parse(), Ok(id));
        for bad in
            ["", "pen_", "pin_019a7c5e8f3a7d10b6c2a94e51d0f37b", "pen_019A7C5E8F3A7D10B6C2A94E51D0F37B"]
        {
            assert_eq!(bad.parse::<PenId>(), Err(NotAnId), "{bad}");
        }
    }

    #[test]
    fn the_example_of_a_kind_is_an_id_and_no_other_kinds() {
        let id: PenId = example_id("pen").parse().expect("an id");
        assert_eq!(id.to_string(), "pen_019a7c5e8f3a7d10b6c2a94e5170656e");
        assert_eq!((id.0.get_version_num(), id.0.get_variant()), (7, uuid::Variant::RFC4122));
        assert_ne!(id.0, example_uuid("pin"));
    }

    #[test]
    fn ids_grow_even_within_one_millisecond_and_when_the_clock_steps_back() {
        let ids = Ids::default();
        let mut last = ids.next(At::from_millis(5_000));
        for step in 0..10_000 {
            let next = ids.next(At::from_millis(5_000 - (step % 3)));
            assert!(next > last);
            last = next;
        }
        assert_eq!(last.get_version_num(), 7);
    }
}
