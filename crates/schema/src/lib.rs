//! The tables as Diesel knows them, and the types of what they store.
//!
//! Invariants: this crate knows no other crate of the workspace, no rule and no record type. A table has the columns of its
//! migration, in their order; `tests/program/schema.rs` holds it against both migrated engines. It changes seldom and compiles
//! slowly, which is why it stands alone.

pub mod sql_types;
mod tables;

pub use tables::*;
