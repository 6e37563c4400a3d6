//! Tests of people, their rights, notices and mails, the audit trail. In-process, each on both engines.

#[macro_use]
extern crate testkit;

mod audit;
mod mails;
mod notifications;
mod people;
