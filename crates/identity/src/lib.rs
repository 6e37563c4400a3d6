//! Who works here: people and teams, regions, departments, the company's settings, what people are told, and the audit trail.
//!
//! Invariants: it stands on the base alone and knows no customer, product or order. Whoever is named in a record of an area
//! above is a [`people`] record here. Nobody is told anything but through [`notifications`].

pub mod audit;
pub mod departments;
pub mod mail;
pub mod notifications;
pub mod people;
pub mod regions;
pub mod settings;

use salesdesk_base::{
    self as base, coded, entity, id_type, load_from, record, record_names, schema, text_enum,
};
