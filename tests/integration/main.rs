//! Tests of machines: events, webhooks, jobs, batches, exports, external ids. In-process, each on both engines.

#[macro_use]
extern crate testkit;

mod batch;
mod clients;
mod deadlines;
mod events;
mod exports;
mod external_ids;
mod jobs;
mod webhooks;
