//! What people are told: declared by the areas, written to inboxes and mails by those above.

use crate::types::Kind;

/// Something that people are told, as the area that tells it declares it.
#[derive(Debug, Clone, Copy)]
pub struct NoticeKind {
    /// The phrase that says it.
    pub code: &'static str,
    /// The kind of record that it is about.
    pub kind: Kind,
    /// Whether whoever is told should hear of it at once.
    pub urgent: bool,
}
