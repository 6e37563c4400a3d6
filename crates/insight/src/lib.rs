//! Reports: figures over the records of the areas below.
//!
//! Invariants: it writes nothing. A total over the parts equals the whole, to the cent.

pub mod reports;

use salesdesk_base::{self as base, schema, text_enum};
use salesdesk_orders::{orders, shipments};
