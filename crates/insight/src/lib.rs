//! Reports: figures over the records of the areas below.
//!
//! Invariants: it writes nothing. A total over the parts equals the whole, to the cent.

// Handlers answer problems, which are large and rare; boxing every one of them would only blur the signatures.
#![allow(clippy::result_large_err)]

pub mod reports;

use salesdesk_base::{self as base, schema, text_enum};
use salesdesk_orders::orders;
