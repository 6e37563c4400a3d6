//! Salesdesk: the system of record of a sales department.
//!
//! The areas are crates of their own, in layers (`crates/`). This one is the program: the command line, start and server, and
//! what looks over all areas: imports, the worklist, the check, the demo.

pub mod check;
pub mod commands;
pub mod config;
pub mod demo;
pub mod docs;
pub mod imports;
pub mod postman;
pub mod server;
pub mod start;
pub mod worklist;

pub use salesdesk_base::{
    self as base, both, entity, entity_with_lines, id_type, load_from, schema, text_enum,
};
pub use salesdesk_catalogue::*;
pub use salesdesk_identity::*;
pub use salesdesk_insight::*;
pub use salesdesk_integration::*;
pub use salesdesk_orders::*;
pub use salesdesk_parties::*;
pub use salesdesk_service::*;

use base::Area;

/// Every area, in the order in which the document lists their tags. They may stand in any order: what depends on all of
/// them is computed when all have declared.
pub const AREAS: &[Area] = &[
    people::AREA,
    clients::AREA,
    regions::AREA,
    settings::AREA,
    customers::AREA,
    products::AREA,
    prices::AREA,
    orders::AREA,
    shipments::AREA,
    order_exceptions::AREA,
    returns::AREA,
    reports::AREA,
    batch::AREA,
    jobs::AREA,
    imports::AREA,
    exports::AREA,
    events::AREA,
    webhooks::AREA,
    audit::AREA,
    system::AREA,
    backups::AREA,
    notifications::AREA,
    mail::AREA,
    complaints::AREA,
    tasks::AREA,
    interactions::AREA,
    departments::AREA,
    suppliers::AREA,
    requests::AREA,
    worklist::AREA,
    deadlines::AREA,
    external_ids::AREA,
];
