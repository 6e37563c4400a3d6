//! What every area stands on: values, the database and its one way to write, errors, HTTP, callers.
//!
//! Invariants: it knows no area. What it serves areas with, they declare ([`http::Routes`]). Nothing else writes records
//! ([`db::Tx`]), reads the clock or makes ids.

pub mod auth;
pub mod background;
pub mod backup_plan;
pub mod checks;
pub mod columns;
pub mod core;
pub mod db;
pub mod deadlines;
pub mod declared;
pub mod error;
pub mod events;
pub mod holdings;
pub mod http;
pub mod installation;
pub mod jobs;
pub mod lives;
pub mod mail_server;
pub mod messages;
pub mod metrics;
pub mod notices;
pub mod record;
pub mod schedules;
pub mod secret;
pub mod text;
pub mod types;
pub mod vault;
pub mod worklist;

pub use salesdesk_schema as schema;

use messages::{Phrase, ProblemText};

/// An area of the product: its endpoints and its words. The list of areas is the program's.
pub struct Area {
    pub name: &'static str,
    /// Declares the endpoints.
    pub routes: fn(&mut http::Routes),
    pub problems: &'static [ProblemText],
    pub phrases: &'static [Phrase],
}
