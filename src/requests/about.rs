//! What a request is about: one record by its id, whatever its kind. Whether the caller sees it is asked of the area
//! that tells of such records, and whose customer's it is of the journal, so a new kind needs nothing here.

use diesel::prelude::*;
use uuid::Uuid;

use crate::base::db::{AnyId, Conn, Tx};
use crate::base::error::{Fault, Faults, Result};
use crate::base::events::told;
use crate::base::types::id::parse_id;
use crate::customers::CustomerId;
use crate::schema::journal;

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
    let customer_id = customer_of(tx.conn, record)?;
    Ok(Some(About { id: id.to_owned(), kind: told.kind.name, customer_id }))
}

/// Whose record it is, as the journal says, which is told of every kind.
fn customer_of(conn: &mut Conn, record: Uuid) -> Result<Option<CustomerId>> {
    use journal::dsl;
    let of_record = dsl::journal.filter(dsl::record_id.eq(AnyId(record)));
    let last = of_record.order((dsl::version.desc(), dsl::id.desc())).select(dsl::customer_id);
    let found: Option<Option<AnyId>> = last.first(conn).optional()?;
    Ok(found.flatten().map(|AnyId(id)| CustomerId(id)))
}
