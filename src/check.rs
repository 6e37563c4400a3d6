//! `salesdesk check`: recomputes every stored sum, quantity and status and compares. Reads only; safe beside a
//! running server. What there is to recount, each area declares.

use std::sync::Arc;

use crate::base::checks::Check;
use crate::base::core::Core;
use crate::base::error::Result;

/// What is off, in words; `progress` hears how many records have been looked at.
pub fn check(core: &Arc<Core>, mut progress: impl FnMut(u64)) -> Result<Vec<String>> {
    let mut faults = Vec::new();
    for check in core.declared.all::<Check>() {
        faults.extend((check.run)(core, &mut progress)?);
    }
    Ok(faults)
}
