//! Tests of reports and the worklist. In-process, each on both engines.

#[macro_use]
extern crate testkit;

mod on_time;
mod worklist;
