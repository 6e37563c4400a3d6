//! Tests of customers and suppliers. In-process, each on both engines.

#[macro_use]
extern crate testkit;

mod customer_life;
mod customer_merges;
mod customers;
mod names;
mod suppliers;
