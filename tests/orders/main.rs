//! Tests of prices, orders, shipments and what goes wrong with them. In-process, each on both engines.

#[macro_use]
extern crate testkit;

mod crowd;
mod order_exceptions;
mod orders;
mod orders_properties;
