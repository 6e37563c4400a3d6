//! Tests of the program as a whole: its commands, its document, its pages, and the promises of all operations. In-process, each on both engines.

#[macro_use]
extern crate testkit;

mod backups;
mod bad_input;
mod contract;
mod demo;
mod docs;
mod document;
mod doors;
mod erp;
mod imports;
mod interleaving;
mod northwind;
mod schema;
mod start_and_stop;
mod story;
mod succession;
mod upgrades;
