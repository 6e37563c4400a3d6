//! The doors through which a unit of work reads and writes. The connection of [`Tx`] is private, so an area goes
//! through one of these, and a reader sees what each read is for:
//!
//! * [`Tx::find`] as the caller sees it, [`Tx::load`] and its like whoever asks: records by their ids. Who writes
//!   one writes it at the version that was loaded.
//! * [`Tx::own`]: rows that are written together with a loaded record only, at its version.
//! * [`Tx::under`]: any other read that decides what is written or refused. It names its [`Guard`]; see [`super::guards`].
//! * [`Tx::hint`]: a read that does no harm when it is out of date, and why. All uses are in
//!   `tests/golden/doors.md`, where a reviewer sees each new one.
//! * [`Tx::execute`]: a statement that writes rows that are no records.
//! * [`Tx::guard`]: for what writes rows that others read under a guard, and reads none of them itself.

use std::collections::HashMap;

use diesel::query_dsl::methods::ExecuteDsl;

use super::guards::{self, Guard};
use super::{Conn, Entity, Tx};
use crate::auth::Caller;
use crate::error::Result;

impl Tx<'_> {
    /// One record by its id, as the caller sees it. The function gets nothing but the id and the caller, so that it
    /// can look for nothing else.
    pub fn find<I, R: Entity>(&mut self, one: fn(&mut Conn, &Caller, I) -> Result<R>, id: I) -> Result<R> {
        one(self.conn, self.caller, id)
    }

    /// One record by its id, whoever asks.
    pub fn load<I, R: Entity>(&mut self, one: fn(&mut Conn, I) -> Result<R>, id: I) -> Result<R> {
        one(self.conn, id)
    }

    /// One record by its id, when it belongs to this other record.
    pub fn load_part<P, I, R: Entity>(
        &mut self,
        one: fn(&mut Conn, P, I) -> Result<R>,
        whole: P,
        id: I,
    ) -> Result<R> {
        one(self.conn, whole, id)
    }

    /// One record by its id, when there is one.
    pub fn load_if_there<I, R: Entity>(
        &mut self,
        one: fn(&mut Conn, I) -> Result<Option<R>>,
        id: I,
    ) -> Result<Option<R>> {
        one(self.conn, id)
    }

    /// Records by their ids, those that there are.
    pub fn load_many<I, R: Entity>(
        &mut self,
        some: fn(&mut Conn, &[I]) -> Result<HashMap<I, R>>,
        ids: &[I],
    ) -> Result<HashMap<I, R>> {
        some(self.conn, ids)
    }

    /// The only record of its kind, such as the settings.
    pub fn load_only<R: Entity>(&mut self, one: fn(&mut Conn) -> Result<R>) -> Result<R> {
        one(self.conn)
    }

    /// Reads rows of a record that are written together with it only. Its version guards them.
    pub fn own<P: Entity, T>(&mut self, _whole: &P, read: impl FnOnce(&mut Conn) -> Result<T>) -> Result<T> {
        read(self.conn)
    }

    /// Reads what decides a write. The guard says what keeps the decision true until the commit.
    pub fn under<T>(&mut self, guard: Guard, read: impl FnOnce(&mut Conn) -> Result<T>) -> Result<T> {
        guards::raise(self.conn, [guard])?;
        read(self.conn)
    }

    /// Holds a guard for what is written next: rows, no records, that others read under it.
    pub fn guard(&mut self, guard: Guard) -> Result<()> {
        guards::raise(self.conn, [guard])
    }

    /// Reads what may be out of date by the commit. `harmless` says in a short sentence why that does no harm.
    pub fn hint<T>(
        &mut self,
        _harmless: &'static str,
        read: impl FnOnce(&mut Conn) -> Result<T>,
    ) -> Result<T> {
        read(self.conn)
    }

    /// From the next entry on, each entry of the journal must have a MAC. Whether there were entries without.
    pub fn begin_signing(&mut self) -> Result<bool> {
        self.core.sequencer.begin_signing(self.conn)
    }

    /// Runs a statement that writes rows that are no records; how many it wrote. The lint that forbids such
    /// statements is allowed where the statement is made, with a reason.
    pub fn execute(&mut self, statement: impl ExecuteDsl<Conn>) -> diesel::QueryResult<usize> {
        ExecuteDsl::execute(statement, self.conn)
    }
}
