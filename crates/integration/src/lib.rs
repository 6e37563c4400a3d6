//! How other systems and long work meet the product: jobs, the event feed, webhooks, machine clients, batches, exports, external
//! ids, deadlines, health.
//!
//! Invariants: it serves every area and names none. What it lists, sends, exports or explains comes from what areas declare
//! ([`base::http::Routes`]); a new area needs no change here.

pub mod backups;
pub mod batch;
pub mod clients;
pub mod deadlines;
pub mod events;
pub mod exports;
pub mod external_ids;
pub mod jobs;
pub mod system;
pub mod webhooks;

use salesdesk_base::{self as base, entity, id_type, load_from, schema, text_enum};
use salesdesk_identity::{people, settings};
