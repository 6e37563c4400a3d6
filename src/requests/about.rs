//! What a request is about: one record by its id, whatever its kind. Whether the caller sees it is asked of the area
//! that tells of such records, so a new kind needs nothing here but, if it is a customer's, its customer.

use diesel::prelude::*;
use uuid::Uuid;

use crate::base::db::{AnyId, Conn, Tx};
use crate::base::error::{Fault, Faults, Result};
use crate::base::events::told;
use crate::base::types::id::parse_id;
use crate::customers::CustomerId;
use crate::schema::{complaints, feedback, interactions, orders, requests, shipments, tasks};

/// A record that somebody may name.
pub struct About {
    pub id: String,
    pub kind: &'static str,
    pub customer_id: Option<CustomerId>,
}

/// The record that a request names; a fault when it is none that the caller sees.
pub fn find(tx: &mut Tx, id: Option<&str>, faults: &mut Faults) -> Result<Option<About>> {
    let about = match id {
        Some(id) => {
            let about = load(tx, id)?;
            if about.is_none() {
                faults.push(Fault::at("/about", "unknown_reference").with("kind", "record"));
            }
            about
        }
        None => None,
    };
    // Nobody who is restricted to certain customers would see it again.
    let is_anybodys = about.as_ref().is_none_or(|about| about.customer_id.is_none());
    if tx.caller.customers.is_some() && is_anybodys {
        faults.push(Fault::at("/about", "required"));
    }
    Ok(about)
}

fn load(tx: &mut Tx, id: &str) -> Result<Option<About>> {
    let prefix = id.split('_').next().unwrap_or_default();
    let kind = told().iter().find(|told| told.kind.prefix == prefix);
    let (Some(told), Ok(record)) = (kind, parse_id(id, prefix)) else { return Ok(None) };
    if !told.shows(tx.conn, tx.caller, record)? {
        return Ok(None);
    }
    let customer_id = customer_of(tx.conn, told.kind.name, record)?;
    Ok(Some(About { id: id.to_owned(), kind: told.kind.name, customer_id }))
}

/// Whose record it is.
fn customer_of(conn: &mut Conn, kind: &str, record: Uuid) -> Result<Option<CustomerId>> {
    let id = AnyId(record);
    macro_rules! of {
        ($table:ident) => {
            $table::table.filter($table::id.eq(id)).select($table::customer_id).first::<CustomerId>(conn)
        };
        ($table:ident, or none) => {
            $table::table
                .filter($table::id.eq(id))
                .select($table::customer_id)
                .first::<Option<CustomerId>>(conn)
        };
    }
    Ok(match kind {
        "customer" => Some(CustomerId(record)),
        "order" => of!(orders).optional()?,
        "shipment" => of!(shipments).optional()?,
        "complaint" => of!(complaints).optional()?,
        "interaction" => of!(interactions).optional()?,
        "feedback" => of!(feedback).optional()?,
        "task" => of!(tasks, or none).optional()?.flatten(),
        "request" => of!(requests, or none).optional()?.flatten(),
        _ => None,
    })
}
