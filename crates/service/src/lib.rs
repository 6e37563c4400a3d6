//! What comes after, and beside, an order: complaints, returns, tasks, interactions, requests to other departments.
//!
//! Invariants: it reads orders and changes them only through the orders' own `work`. Nothing is credited beyond what was shipped.

pub mod complaints;
pub mod interactions;
pub mod requests;
pub mod returns;
pub mod tasks;

use salesdesk_base::{
    self as base, entity, entity_with_lines, id_type, load_from, record, record_names, schema, text_enum,
};
use salesdesk_catalogue::products;
use salesdesk_identity::{departments, notifications, people, settings};
use salesdesk_orders::{order_exceptions, orders};
use salesdesk_parties::{customers, suppliers};
