//! A part of a unit of work that is committed or rolled back by itself.

use diesel::connection::SimpleConnection;

use super::Tx;
use super::engine::Ending;
use super::guards;
use crate::error::Result;

/// Runs `work` within the unit of work; when it fails, or says so, nothing of it stays, and the unit goes on.
pub fn part<T>(tx: &mut Tx, work: impl FnOnce(&mut Tx) -> Result<(T, Ending)>) -> Result<T> {
    tx.conn.batch_execute("SAVEPOINT part")?;
    let outcome = work(tx);
    let end = match outcome {
        Ok((_, Ending::Commit)) => "RELEASE SAVEPOINT part",
        _ => {
            guards::let_go(tx.conn);
            "ROLLBACK TO SAVEPOINT part; RELEASE SAVEPOINT part"
        }
    };
    match (outcome, tx.conn.batch_execute(end)) {
        // The unit as a whole is over: what is left of it is for the engine to say.
        (Err(error), _) if error.concerns_the_unit() => Err(error),
        (_, Err(error)) => Err(error.into()),
        (outcome, Ok(())) => outcome.map(|(value, _)| value),
    }
}
