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
mod customer_life;
mod customer_merges;
mod customers;
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
mod mails;
mod northwind;
mod notifications;
mod orders;
mod orders_properties;
mod people;
mod platform;
mod postgres;
mod requests;
mod schedules;
mod schema;
mod shop;
mod suppliers;
mod visits;
mod webhooks;
mod wire;
mod worklist;
