//! Claims a name for the rest of a unit of work, without waiting: whoever comes second is told at once. Where the second
//! has to wait for the first and look again, a [guard](super::guards) is right: PostgreSQL lets go of an advisory lock
//! last, when the next unit has long begun.

use super::{Conn, EngineConn};
use crate::error::Result;
use crate::secret::sha256_hex;

/// Claims the name until the transaction ends, without waiting; false when another transaction has it. On SQLite
/// nobody else can: there is one writer.
pub fn claim(conn: &mut Conn, name: &str) -> Result<bool> {
    use diesel::prelude::*;
    diesel::define_sql_function! {
        fn pg_try_advisory_xact_lock(key: diesel::sql_types::BigInt) -> diesel::sql_types::Bool;
    }
    let EngineConn::Pg(conn) = &mut conn.engine else { return Ok(true) };
    // Sixty bits of it: that two names ever share them costs the second one a retry, no more.
    let number = i64::from_str_radix(&sha256_hex(name.as_bytes())[..15], 16).unwrap_or(0);
    Ok(diesel::select(pg_try_advisory_xact_lock(number)).get_result(conn)?)
}
