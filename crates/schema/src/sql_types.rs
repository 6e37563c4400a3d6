//! The types of stored values that differ between the engines: id (`uuid` / 16-byte blob), instant (`timestamptz` /
//! integer microseconds) and JSON (`jsonb` / text). PostgreSQL's are named by OID, so no look-up is sent.

use diesel::sql_types::SqlType;

/// An id.
#[derive(SqlType, diesel::query_builder::QueryId, Debug, Default, Clone, Copy)]
#[diesel(postgres_type(oid = 2950, array_oid = 2951))]
#[diesel(sqlite_type(name = "Binary"))]
pub struct Key;

/// An instant.
#[derive(SqlType, diesel::query_builder::QueryId, Debug, Default, Clone, Copy)]
#[diesel(postgres_type(oid = 1184, array_oid = 1185))]
#[diesel(sqlite_type(name = "Long"))]
pub struct Instant;

/// A JSON object or array.
#[derive(SqlType, diesel::query_builder::QueryId, Debug, Default, Clone, Copy)]
#[diesel(postgres_type(oid = 3802, array_oid = 3807))]
#[diesel(sqlite_type(name = "Text"))]
pub struct Document;
