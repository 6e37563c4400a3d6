//! What we sell, and for how much: products, categories, units, price lists.
//!
//! Invariants: it knows no order. What was valid on a day can always be asked; a price that was used is never changed.

// Handlers answer problems, which are large and rare; boxing every one of them would only blur the signatures.
#![allow(clippy::result_large_err)]

pub mod prices;
pub mod products;

use salesdesk_base::{self as base, entity, id_type, load_from, schema, text_enum};
use salesdesk_identity::people;
use salesdesk_parties::customers;
