//! The tests of the whole product, in-process, each on both engines.

#[macro_use]
mod support;

mod contract;
mod document;
mod engine;
mod fixtures;
mod orders;
mod people;
mod postgres;
mod schema;
mod shop;
