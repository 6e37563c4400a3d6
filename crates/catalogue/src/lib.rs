//! What we sell, and for how much: products, categories, units, price lists.
//!
//! Invariants: it knows no order. What was valid on a day can always be asked; a price that was used is never changed.

pub mod prices;
pub mod products;

use salesdesk_base::{
    self as base, coded, entity, id_type, load_from, record, record_names, schema, text_enum,
};
use salesdesk_identity::people;
use salesdesk_parties::customers;
