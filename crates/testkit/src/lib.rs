//! What the tests stand on: the product in-process on a database of its own, clients of every role and machine, records
//! of every kind, and the program on the wire. It knows the whole product; nothing but tests knows it.

#[macro_use]
pub mod support;
pub mod company;
pub mod fixtures;
pub mod judge;
pub mod machines;
pub mod postgres;
pub mod shop;
pub mod wire;
