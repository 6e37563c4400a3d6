//! The tests of the whole product, in-process, each on both engines.

#[macro_use]
mod support;
mod tasks;

mod audit;
mod bad_input;
mod batch;
mod clients;
mod company;
mod complaints;
mod contract;
mod crowd;
mod customer_life;
mod customer_merges;
mod customers;
mod deadlines;
mod demo;
mod docs;
mod document;
mod doors;
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
mod judge;
mod mails;
mod northwind;
mod notifications;
mod on_time;
mod order_exceptions;
mod orders;
mod orders_properties;
mod people;
mod platform;
mod postgres;
mod requests;
mod returns;
mod schedules;
mod schema;
mod shop;
#[cfg(target_os = "linux")]
mod sockets;
mod start_and_stop;
mod story;
mod suppliers;
mod upgrades;
mod visits;
mod webhooks;
mod wire;
mod worklist;
