//! Salesdesk: the system of record of a sales department.
//!
//! Each area is a folder of the same shape: `mod` (what it is for, its endpoints), `http` (extract, call,
//! answer), `work` (use cases), `rules` (pure), `model` (rows, inputs, lists). `base` is what they stand on.

// Handlers answer problems, which are large and rare; boxing every one of them would only blur the signatures.
#![allow(clippy::result_large_err)]

pub mod audit;
pub mod base;
pub mod batch;
pub mod check;
pub mod clients;
pub mod commands;
pub mod complaints;
pub mod config;
pub mod customers;
pub mod deadlines;
pub mod demo;
pub mod departments;
pub mod docs;
pub mod events;
pub mod exports;
pub mod external_ids;
pub mod imports;
pub mod interactions;
pub mod jobs;
pub mod mail;
pub mod notifications;
pub mod order_exceptions;
pub mod orders;
pub mod people;
pub mod prices;
pub mod products;
pub mod regions;
pub mod reports;
pub mod requests;
pub mod returns;
pub mod schema;
pub mod server;
pub mod settings;
pub mod shipments;
pub mod start;
pub mod suppliers;
pub mod system;
pub mod tasks;
pub mod webhooks;
pub mod worklist;

use base::Area;

/// Every area; a new one is added here and nowhere else.
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
    notifications::AREA,
    mail::AREA,
    complaints::AREA,
    tasks::AREA,
    interactions::AREA,
    departments::AREA,
    suppliers::AREA,
    requests::AREA,
    worklist::AREA,
    // After all areas whose records have deadlines.
    deadlines::AREA,
    // After all areas whose records have external ids.
    external_ids::AREA,
];
