//! The eight operations on a plain record, declared at once.

use serde_json::Value;

use super::{Names, Record, work};
use crate::auth::Scope;
use crate::db::list::Page;
use crate::db::{ReadTx, Replayed, Tx};
use crate::error::Result;
use crate::events::{self, EventSource};
use crate::http::dispatch::path_to;
use crate::http::{Answer, Endpoint, Json, Patch, Req, Routes};
use crate::types::RecordId;

/// The operations on one kind of record, to say more about.
pub struct RecordEndpoints<'r>(&'r mut [Endpoint]);

impl RecordEndpoints<'_> {
    pub fn list(&mut self) -> &mut Endpoint {
        &mut self.0[0]
    }
    pub fn create(&mut self) -> &mut Endpoint {
        &mut self.0[1]
    }
    pub fn read(&mut self) -> &mut Endpoint {
        &mut self.0[2]
    }
    pub fn change(&mut self) -> &mut Endpoint {
        &mut self.0[3]
    }
    pub fn delete(&mut self) -> &mut Endpoint {
        &mut self.0[4]
    }
    /// A form that works, for whatever takes a whole one, and a change of it.
    pub fn examples(&mut self, form: Value, change: Value) -> &mut Self {
        self.create().example(form.clone());
        self.change().example(change);
        if let Some(put) = self.0.iter_mut().find(|e| e.nature == crate::http::OperationKind::Upsert) {
            put.example(form);
        }
        self
    }
}

impl Routes {
    /// A plain record: its events, and list, create, read, change, delete, history, and by external id read and put.
    pub fn record<R: Record>(
        &mut self,
        read: &'static [Scope],
        write: &'static [Scope],
    ) -> RecordEndpoints<'_> {
        let names = &R::NAMES;
        self.tells(EventSource {
            kind: R::KIND,
            name: names.title,
            scopes: read,
            id: names.id,
            visible: R::visible,
            verbs: &[events::CREATED, events::UPDATED, events::DELETED],
        });
        self.declare(Replayed::of::<R>(names.id));
        self.expands(R::Id::PREFIX, work::expand::<R>);
        let first = self.endpoints.len();
        self.plain::<R>(names, read, write);
        if R::EXTERNAL_IDS {
            self.named::<R>(names, read, write);
        }
        RecordEndpoints(&mut self.endpoints[first..])
    }

    fn plain<R: Record>(&mut self, names: &Names, read: &'static [Scope], write: &'static [Scope]) {
        let (paths, ids, says) = (&names.paths, &names.operations, &names.summaries);
        let expand = R::list().expand;
        self.list(paths.all, ids.list, R::list(), list::<R>)
            .scope(read)
            .summary(says.list)
            .description("Returns those that match all filters, in pages.");
        self.create(paths.all, ids.create, create::<R>)
            .scope(write)
            .summary(says.create)
            .description("Enters a new record.")
            .fails_with(R::PROBLEMS);
        self.read(paths.one, ids.read, get::<R>)
            .scope(read)
            .expands(expand)
            .summary(says.read)
            .description("Returns one record.");
        self.change(paths.one, ids.change, update::<R>)
            .scope(write)
            .summary(says.change)
            .description("Changes the fields that are sent. A field that is left out stays as it is.")
            .fails_with(R::PROBLEMS);
        self.remove(paths.one, ids.delete, delete::<R>)
            .scope(write)
            .summary(says.delete)
            .description(
                "Deletes a record that no other record refers to. Refused with 409 `still_referenced` when other records \
                 refer to it.",
            )
            .fails_with(&["still_referenced"]);
        self.history(paths.history, ids.history, get::<R>).scope(read)
            .summary(says.history)
            .description("Returns every change, the newest last: who made it, when and why, and the fields before and after.");
    }

    fn named<R: Record>(&mut self, names: &Names, read: &'static [Scope], write: &'static [Scope]) {
        let (ids, says) = (&names.operations, &names.summaries);
        let path = names.paths.by_external_id;
        let first = self.endpoints.len() - 6;
        for at in [first + 1, first + 3] {
            self.endpoints[at].fails_with(&["external_id_taken"]);
        }
        self.read_by_external_id(path, ids.read_by_external_id, get::<R>)
            .scope(read)
            .expands(R::list().expand)
            .summary(says.read_by_external_id)
            .description("Returns the record that has this id in another system.");
        self.put_by_external_id(path, ids.put_by_external_id, create::<R>, update::<R>)
            .scope(write)
            .summary(says.put_by_external_id)
            .description(
                "Changes the record that has this id in another system, or enters a new one under it. A new one needs all \
                 required fields.",
            )
            .fails_with(R::PROBLEMS)
            .fails_with(&["external_id_taken"]);
    }
}

fn list<R: Record>(rx: &mut ReadTx, req: &Req) -> Result<Page<R>> {
    R::page(rx.conn, R::list(), &req.query, R::visible(rx.caller))
}

fn answer<R: Record>(record: R) -> Answer<R> {
    Answer::at(record.version(), record)
}

fn get<R: Record>(rx: &mut ReadTx, req: &Req<R::Id>) -> Result<Answer<R>> {
    work::read(rx, req.path).map(answer)
}

fn create<R: Record>(tx: &mut Tx, req: &Req<(), Json<R::Form>>) -> Result<Answer<R>> {
    let record: R = work::create(tx, req.body.0.clone())?;
    let path = path_to(R::NAMES.collection, R::Id::from_uuid(record.key()));
    Ok(answer(record).located(path))
}

fn update<R: Record>(tx: &mut Tx, req: &Req<R::Id, Patch<R::Form>>) -> Result<Answer<R>> {
    work::update(tx, req.path, &req.body).map(answer)
}

fn delete<R: Record>(tx: &mut Tx, req: &Req<R::Id>) -> Result<()> {
    work::delete::<R>(tx, req.path)
}
