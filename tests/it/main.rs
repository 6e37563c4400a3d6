//! The tests of the whole product, in-process, each on both engines.

#[macro_use]
mod support;
mod tasks;

mod audit;
mod bad_input;
mod batch;
mod clients;
mod complaints;
mod contract;
mod crowd;
mod deadlines;
mod demo;
mod document;
mod engine;
mod erp;
mod events;
mod exports;
mod external_ids;
mod fixtures;
mod idempotency;
mod imports;
mod interactions;
mod jobs;
mod northwind;
mod notifications;
mod on_time;
mod order_exceptions;
mod orders;
mod orders_properties;
mod people;
mod platform;
mod postgres;
mod returns;
mod schema;
mod shop;
mod visits;
mod webhooks;
mod wire;
mod worklist;
