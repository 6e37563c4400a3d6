//! Stored types that differ between the engines: id (`uuid` / 16-byte blob), instant (`timestamptz` / integer
//! microseconds) and JSON (`jsonb` / text). PostgreSQL's are named by OID, so no look-up is sent.

use diesel::deserialize::{self, FromSql};
use diesel::pg::{Pg, PgValue};
use diesel::serialize::{self, IsNull, Output, ToSql};
use diesel::sql_types::{Binary, HasSqlType};
use diesel::sqlite::{Sqlite, SqliteValue};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::io::Write;

use super::{MultiBackend, MultiRawValue};
use crate::types::At;

pub use salesdesk_schema::sql_types::{Document, Instant, Key};

/// What the enum over the engines needs to know of a type of our own.
#[macro_export]
macro_rules! multi_sql {
    ($st:ty, $t:ty) => {
        impl diesel::serialize::ToSql<$st, $crate::db::MultiBackend> for $t {
            fn to_sql<'b>(
                &'b self,
                out: &mut diesel::serialize::Output<'b, '_, $crate::db::MultiBackend>,
            ) -> diesel::serialize::Result {
                out.set_value(($crate::db::sql_types::instance::<$st>(), self));
                Ok(diesel::serialize::IsNull::No)
            }
        }
        impl diesel::deserialize::FromSql<$st, $crate::db::MultiBackend> for $t {
            fn from_sql(raw: $crate::db::MultiRawValue<'_>) -> diesel::deserialize::Result<Self> {
                raw.from_sql::<$t, $st>()
            }
        }
    };
}

/// The SQL types here are unit structs; this gives the value that a bind is tagged with.
pub fn instance<T: Default>() -> T {
    T::default()
}

macro_rules! multi_type {
    ($($st:ident),*) => {$(
        impl HasSqlType<$st> for MultiBackend {
            fn metadata(lookup: &mut Self::MetadataLookup) -> Self::TypeMetadata {
                MultiBackend::lookup_sql_type::<$st>(lookup)
            }
        }
    )*};
}
multi_type!(Key, Instant, Document);

/// A typed id in the database.
#[macro_export]
macro_rules! key_sql {
    ($name:ident) => {
        impl diesel::serialize::ToSql<$crate::db::sql_types::Key, diesel::pg::Pg> for $name {
            fn to_sql<'b>(
                &'b self,
                out: &mut diesel::serialize::Output<'b, '_, diesel::pg::Pg>,
            ) -> diesel::serialize::Result {
                $crate::db::sql_types::key_to_pg(&self.0, out)
            }
        }
        impl diesel::deserialize::FromSql<$crate::db::sql_types::Key, diesel::pg::Pg> for $name {
            fn from_sql(bytes: diesel::pg::PgValue<'_>) -> diesel::deserialize::Result<Self> {
                Ok($name(uuid::Uuid::from_slice(bytes.as_bytes())?))
            }
        }
        impl diesel::serialize::ToSql<$crate::db::sql_types::Key, diesel::sqlite::Sqlite> for $name {
            fn to_sql<'b>(
                &'b self,
                out: &mut diesel::serialize::Output<'b, '_, diesel::sqlite::Sqlite>,
            ) -> diesel::serialize::Result {
                $crate::db::sql_types::key_to_sqlite(&self.0, out)
            }
        }
        impl diesel::deserialize::FromSql<$crate::db::sql_types::Key, diesel::sqlite::Sqlite> for $name {
            fn from_sql(value: diesel::sqlite::SqliteValue<'_, '_, '_>) -> diesel::deserialize::Result<Self> {
                $crate::db::sql_types::key_from_sqlite(value).map($name)
            }
        }
        $crate::multi_sql!($crate::db::sql_types::Key, $name);
    };
}

pub fn key_to_pg<'b>(key: &'b uuid::Uuid, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
    out.write_all(key.as_bytes())?;
    Ok(IsNull::No)
}
pub fn key_to_sqlite<'b>(key: &'b uuid::Uuid, out: &mut Output<'b, '_, Sqlite>) -> serialize::Result {
    out.set_value(key.as_bytes().as_slice());
    Ok(IsNull::No)
}
pub fn key_from_sqlite(value: SqliteValue<'_, '_, '_>) -> deserialize::Result<uuid::Uuid> {
    let bytes = <Vec<u8> as FromSql<Binary, Sqlite>>::from_sql(value)?;
    Ok(uuid::Uuid::from_slice(&bytes)?)
}

/// Any id, whatever its kind: for tables that point at records of several kinds.
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
#[diesel(sql_type = Key)]
pub struct AnyId(pub uuid::Uuid);
key_sql!(AnyId);

/// Its digits only: whoever shows it knows the kind, and so the prefix.
impl Serialize for AnyId {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(&self.0.simple())
    }
}

/// Microseconds between the Unix epoch and PostgreSQL's, 2000-01-01.
const PG_EPOCH: i64 = 946_684_800_000_000;

impl ToSql<Instant, Pg> for At {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
        out.write_all(&(self.micros() - PG_EPOCH).to_be_bytes())?;
        Ok(IsNull::No)
    }
}
impl FromSql<Instant, Pg> for At {
    fn from_sql(bytes: PgValue<'_>) -> deserialize::Result<Self> {
        let micros = i64::from_be_bytes(bytes.as_bytes().try_into()?);
        Ok(At::from_micros(micros + PG_EPOCH))
    }
}
impl ToSql<Instant, Sqlite> for At {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Sqlite>) -> serialize::Result {
        out.set_value(self.micros());
        Ok(IsNull::No)
    }
}
impl FromSql<Instant, Sqlite> for At {
    fn from_sql(value: SqliteValue<'_, '_, '_>) -> deserialize::Result<Self> {
        <i64 as FromSql<diesel::sql_types::BigInt, Sqlite>>::from_sql(value).map(At::from_micros)
    }
}
multi_sql!(Instant, At);

/// A value kept as a JSON document.
#[derive(
    Debug, Clone, Default, PartialEq, diesel::expression::AsExpression, diesel::deserialize::FromSqlRow,
)]
#[diesel(sql_type = Document)]
pub struct JsonColumn<T: std::fmt::Debug>(pub T);

impl<T: Serialize + std::fmt::Debug> Serialize for JsonColumn<T> {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(s)
    }
}
impl<'de, T: serde::Deserialize<'de> + std::fmt::Debug> serde::Deserialize<'de> for JsonColumn<T> {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        T::deserialize(d).map(JsonColumn)
    }
}
impl<T: std::fmt::Debug> std::ops::Deref for JsonColumn<T> {
    type Target = T;
    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T: Serialize + std::fmt::Debug> ToSql<Document, Pg> for JsonColumn<T> {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
        out.write_all(&[1])?; // the version of jsonb's binary form
        serde_json::to_writer(out, &self.0)?;
        Ok(IsNull::No)
    }
}
impl<T: DeserializeOwned + std::fmt::Debug> FromSql<Document, Pg> for JsonColumn<T> {
    fn from_sql(bytes: PgValue<'_>) -> deserialize::Result<Self> {
        let bytes = bytes.as_bytes();
        let text = bytes.get(1..).ok_or("an empty jsonb value")?;
        Ok(JsonColumn(serde_json::from_slice(text)?))
    }
}
impl<T: Serialize + std::fmt::Debug> ToSql<Document, Sqlite> for JsonColumn<T> {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Sqlite>) -> serialize::Result {
        out.set_value(serde_json::to_string(&self.0)?);
        Ok(IsNull::No)
    }
}
impl<T: DeserializeOwned + std::fmt::Debug> FromSql<Document, Sqlite> for JsonColumn<T> {
    fn from_sql(value: SqliteValue<'_, '_, '_>) -> deserialize::Result<Self> {
        let text = <String as FromSql<diesel::sql_types::Text, Sqlite>>::from_sql(value)?;
        Ok(JsonColumn(serde_json::from_str(&text)?))
    }
}
impl<T> ToSql<Document, MultiBackend> for JsonColumn<T>
where
    T: Serialize + DeserializeOwned + std::fmt::Debug + Send + Sync + 'static,
{
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, MultiBackend>) -> serialize::Result {
        out.set_value((Document, self));
        Ok(IsNull::No)
    }
}
impl<T: Serialize + DeserializeOwned + std::fmt::Debug> FromSql<Document, MultiBackend> for JsonColumn<T> {
    fn from_sql(raw: MultiRawValue<'_>) -> deserialize::Result<Self> {
        raw.from_sql::<JsonColumn<T>, Document>()
    }
}
impl<T: utoipa::ToSchema + std::fmt::Debug> utoipa::PartialSchema for JsonColumn<T> {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        T::schema()
    }
}
impl<T: utoipa::ToSchema + std::fmt::Debug> utoipa::ToSchema for JsonColumn<T> {
    fn name() -> std::borrow::Cow<'static, str> {
        T::name()
    }
    fn schemas(schemas: &mut Vec<(String, utoipa::openapi::RefOr<utoipa::openapi::schema::Schema>)>) {
        T::schemas(schemas);
    }
}
