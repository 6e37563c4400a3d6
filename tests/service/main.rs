//! Tests of complaints, requests, returns, tasks, visits. In-process, each on both engines.

#[macro_use]
extern crate testkit;

mod complaints;
mod interactions;
mod requests;
mod returns;
mod shown;
mod tasks;
mod visits;
