//! What `salesdesk check` recounts of the audit trail.

use std::sync::Arc;

use super::work;
use crate::base::checks::Check;
use crate::base::core::Core;
use crate::base::error::Result;
use crate::base::messages::Lang;

/// Entries verified in one snapshot.
const CHUNK: i64 = 10_000;

pub const CHECK: Check = Check { name: "audit trail", run };

/// Verifies the audit trail, part by part.
fn run(core: &Arc<Core>, _: &mut dyn FnMut(u64)) -> Result<Vec<String>> {
    let mut faults = Vec::new();
    let mut from = Some(1);
    while let Some(next) = from {
        let reader = core.clone();
        let part = core
            .engine
            .read_now(move |conn| work::verify(conn, &reader.sequencer, Lang::En, next, CHUNK, None))?;
        faults
            .extend(part.faults.iter().map(|f| format!("audit trail, entry {}: {}", f.sequence, f.message)));
        from = part.next_sequence;
    }
    Ok(faults)
}
