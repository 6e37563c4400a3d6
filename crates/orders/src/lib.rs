//! Orders from entry to completion, their shipments, and what goes wrong with them.
//!
//! Invariants: sums are computed here and never taken from a client; statuses follow the lives in `rules`; nothing is shipped
//! beyond what is open. It knows no complaint, return, invoice or report.

pub mod order_exceptions;
pub mod orders;
pub mod shipments;

use salesdesk_base::{self as base, entity, entity_with_lines, id_type, load_from, schema, text_enum};
use salesdesk_catalogue::{prices, products};
use salesdesk_identity::{notifications, people, regions, settings};
use salesdesk_parties::customers;
