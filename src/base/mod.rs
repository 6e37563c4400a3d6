//! What every area stands on: values, the database and its one way to write, errors, HTTP, callers.

pub mod auth;
pub mod background;
pub mod core;
pub mod db;
pub mod deadlines;
pub mod error;
pub mod events;
pub mod http;
pub mod jobs;
pub mod messages;
pub mod metrics;
pub mod schedules;
pub mod secret;
pub mod text;
pub mod types;
pub mod vault;

use messages::{Phrase, ProblemText};

/// An area of the product: its endpoints and its words. The list of areas is [`crate::AREAS`].
pub struct Area {
    pub name: &'static str,
    /// Declares the endpoints.
    pub routes: fn(&mut http::Routes),
    pub problems: &'static [ProblemText],
    pub phrases: &'static [Phrase],
}
