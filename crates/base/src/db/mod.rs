//! The database: one set of queries over SQLite and PostgreSQL.
//!
//! `Conn` is a connection to either; what must differ is said with [`both!`](crate::both) or in a query node of our own
//! ([`filter`]), here and nowhere else.

pub mod connection;
pub mod dialect;
pub mod doors;
pub mod engine;
pub mod external;
pub mod filter;
pub mod forms;
pub mod guards;
pub mod journal;
pub mod keys;
pub mod list;
pub mod lock;
pub mod migrations;
mod number_range;
pub mod replay;
pub mod savepoint;
pub mod search;
pub mod shares;
pub mod sql;
pub mod sql_types;
pub mod statement;
pub mod tx;

use diesel::connection::SimpleConnection;
use diesel::prelude::*;

pub use connection::{Conn, EngineConn, MultiBackend, MultiRawValue};
pub use engine::Engine;
pub use external::ExternalId;
pub use guards::Guard;
pub use replay::Replayed;
pub use sql_types::{AnyId, JsonColumn};
pub use tx::{Act, Entity, Presence, ReadTx, Tx};

/// Runs the same expression on the concrete connection, where the enum cannot carry it.
#[macro_export]
macro_rules! both {
    ($conn:expr, |$c:ident| $body:expr) => {
        match &mut $conn.engine {
            $crate::db::EngineConn::Pg($c) => $body,
            $crate::db::EngineConn::Sqlite($c) => $body,
        }
    };
}

/// Where the records are kept.
#[derive(Debug, Clone, PartialEq)]
pub enum Target {
    /// A file; its folder exists.
    Sqlite(std::path::PathBuf),
    /// A libpq connection URL.
    Postgres(String),
}

impl Target {
    /// Opens a connection and sets it up for this product.
    pub fn connect(&self) -> Result<Conn, diesel::ConnectionError> {
        match self {
            Target::Sqlite(path) => connect_sqlite(path),
            Target::Postgres(url) => connect_postgres(url),
        }
    }
}

fn connect_sqlite(path: &std::path::Path) -> Result<Conn, diesel::ConnectionError> {
    let mut conn = diesel::SqliteConnection::establish(&path.to_string_lossy())?;
    // busy_timeout first: switching to WAL takes a lock that a command beside the server may hold.
    conn.batch_execute(
        "PRAGMA busy_timeout = 10000; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
         PRAGMA foreign_keys = ON; PRAGMA cache_size = -65536; PRAGMA mmap_size = 268435456;
         PRAGMA temp_store = MEMORY; PRAGMA trusted_schema = OFF;",
    )
    .map_err(|e| diesel::ConnectionError::BadConnection(e.to_string()))?;
    Ok(Conn::new(EngineConn::Sqlite(conn)))
}

fn connect_postgres(url: &str) -> Result<Conn, diesel::ConnectionError> {
    let mut conn = diesel::PgConnection::establish(url)?;
    conn.batch_execute(
        "SET TIME ZONE 'UTC'; SET statement_timeout = '60s'; SET lock_timeout = '10s';
         SET idle_in_transaction_session_timeout = '60s'; SET standard_conforming_strings = on;",
    )
    .map_err(|e| diesel::ConnectionError::BadConnection(e.to_string()))?;
    Ok(Conn::new(EngineConn::Pg(conn)))
}
