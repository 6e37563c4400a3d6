//! What `salesdesk check` recounts: each area declares what it stores and could compute anew. A check reads only, and is
//! safe beside a running server.

use std::sync::Arc;

use crate::core::Core;
use crate::error::Result;

/// Something that an area recounts: `r.declare(Check { … })`.
#[derive(Clone, Copy)]
pub struct Check {
    /// What is recounted: `orders`.
    pub name: &'static str,
    /// What is off, in words. `progress` hears how many records were looked at.
    pub run: fn(&Arc<Core>, progress: &mut dyn FnMut(u64)) -> Result<Vec<String>>,
}
