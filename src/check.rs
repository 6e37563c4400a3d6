//! `salesdesk check`: recomputes every stored sum, quantity and status and compares. Reads only; safe beside a
//! running server. What there is to recount, each area declares.

use std::sync::Arc;

use crate::base::checks::Check;
use crate::base::db::{Replayed, keys};
use uuid::Uuid;

use crate::base::core::Core;
use crate::base::error::Result;

/// What is off, in words; `progress` hears how many records have been looked at.
pub fn check(core: &Arc<Core>, mut progress: impl FnMut(u64)) -> Result<Vec<String>> {
    let mut faults = Vec::new();
    for check in core.declared.all::<Check>() {
        faults.extend((check.run)(core, &mut progress)?);
    }
    let reader = core.clone();
    faults
        .extend(core.engine.read_now(move |conn| keys::collisions(conn, reader.declared.all::<Replayed>()))?);
    Ok(faults)
}

/// Where a record differs from what the journal says of it, in words.
pub fn records(core: &Arc<Core>, mut progress: impl FnMut(u64)) -> Result<Vec<String>> {
    let mut faults = Vec::new();
    for kind in core.declared.all::<Replayed>() {
        let kind = *kind;
        let mut after = Some(Uuid::nil());
        while let Some(from) = after {
            let reader = core.clone();
            let (off, last, looked_at) =
                core.engine.read_now(move |conn| kind.check(conn, &reader.sequencer.seals, from))?;
            faults.extend(off);
            progress(looked_at as u64);
            after = last;
        }
        faults.extend(core.engine.read_now(move |conn| kind.missing(conn))?);
    }
    Ok(faults)
}
