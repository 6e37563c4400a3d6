//! Records that form a tree by a `parent_id`.

use super::Stored;
use crate::db::filter::Predicate;
use crate::db::{Conn, Guard, Tx};
use crate::error::{Error, Fault, Problem, Result};

/// So many levels are looked through; a deeper tree is taken for a circle.
const DEPTH: usize = 50;

/// A record with a record of its own kind above it.
pub trait Tree: Stored {
    fn parent(&self) -> Option<Self::Id>;
}

/// The parent is there, and going up from it never leads back. `own` is None for a new record.
pub fn check_parent<R: Tree>(tx: &mut Tx, parent: Option<R::Id>, own: Option<R::Id>) -> Result<()> {
    let path = |conn: &mut Conn| check_path::<R>(conn, parent, own);
    match (parent, own) {
        (None, _) => Ok(()),
        (Some(_), None) => tx.hint("nothing is below a new record", path),
        (Some(_), Some(_)) => tx.under(Guard::Alone("no record is above itself"), path),
    }
}

fn check_path<R: Tree>(conn: &mut Conn, parent: Option<R::Id>, own: Option<R::Id>) -> Result<()> {
    let mut next = parent;
    for depth in 0..DEPTH {
        let Some(id) = next else { return Ok(()) };
        if Some(id) == own {
            return Err(Problem::new("circular_parent").into());
        }
        match R::load(conn, id, Predicate::All)? {
            Some(record) => next = record.parent(),
            None if depth == 0 => {
                let fault =
                    Fault::at("/parent_id", "unknown_reference").with("kind", R::KIND.name.replace('_', " "));
                return Err(Error::invalid(vec![fault]));
            }
            None => return Ok(()),
        }
    }
    Err(Problem::new("circular_parent").into())
}
