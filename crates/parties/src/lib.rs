//! Who we deal with: customers with their contacts, addresses, duplicates and merges, and suppliers.
//!
//! Invariants: it knows no product, price or order. Records of areas above that belong to a customer are declared there, and move
//! with a merge because of that declaration.

pub mod customers;
pub mod suppliers;

use salesdesk_base::{self as base, coded, entity, id_type, load_from, schema, text_enum};
use salesdesk_identity::{notifications, people, regions, settings};
