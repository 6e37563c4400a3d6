//! What a request is about: one record by its id, whatever its kind. The area that publishes events of the kind says
//! whether the caller sees it, and the journal says which customer it belongs to. So a new kind needs nothing here.

use uuid::Uuid;

use crate::base::db::{Conn, Tx, journal};
use crate::base::error::{Fault, Faults, Result};
use crate::base::types::Kind;
use crate::base::types::id::parse_id;
use crate::customers::{CustomerId, work as customers};

/// A record that somebody may name.
pub struct About {
    pub id: String,
    pub kind: &'static str,
    pub customer_id: Option<CustomerId>,
}

/// The record that a request names; a fault when the caller does not see it.
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
    // A caller who is restricted to certain customers would not see it again.
    let is_anybodys = about.as_ref().is_none_or(|about| about.customer_id.is_none());
    if tx.caller.customers.is_some() && is_anybodys {
        faults.push(Fault::at("/about", "required"));
    }
    Ok(about)
}

fn load(tx: &mut Tx, id: &str) -> Result<Option<About>> {
    let prefix = id.split('_').next().unwrap_or_default();
    let core = tx.core;
    let kind = core.declared.told_by_prefix(prefix);
    let (Some(told), Ok(record)) = (kind, parse_id(id, prefix)) else { return Ok(None) };
    let caller = tx.caller;
    let shown =
        tx.hint("what it is about may be deleted afterwards, too", |conn| told.shows(conn, caller, record))?;
    if !shown {
        return Ok(None);
    }
    let customer_id = tx.hint("only a merge changes it, and moves the request, too", |conn| {
        customer_of(conn, told.kind, record)
    })?;
    Ok(Some(About { id: id.to_owned(), kind: told.kind.name, customer_id }))
}

/// The customer of a record: the one in its last journal entry, or the one into which that customer was merged since.
/// Parts of moved records keep the old customer in the journal.
fn customer_of(conn: &mut Conn, kind: Kind, record: Uuid) -> Result<Option<CustomerId>> {
    let mut customer = journal::customer_of(conn, kind, record)?.map(CustomerId);
    while let Some(into) =
        customer.map(|id| customers::load(conn, id)).transpose()?.and_then(|c| c.merged_into_id)
    {
        customer = Some(into);
    }
    Ok(customer)
}
