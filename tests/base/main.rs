//! Tests of what every area stands on: the engines, units of work, sockets, limits, schedules. In-process, each on both engines.

#[macro_use]
extern crate testkit;

mod engine;
mod idempotency;
mod keys;
mod platform;
mod schedules;
#[cfg(target_os = "linux")]
mod sockets;
