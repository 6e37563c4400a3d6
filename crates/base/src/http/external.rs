//! `GET` and `PUT /{resource}/by-external-id/{system}/{id}`: reads a record by its id in another system, and
//! creates or changes it. An area declares both from the handlers that it has for its own ids.

use serde::Serialize;
use serde::de::DeserializeOwned;
use utoipa::ToSchema;

use super::{Answer, Endpoint, Handler, Json, OperationKind, Patch, PathArgs, Req, Routes, typed};
use crate::db::{ExternalId, Presence, ReadTx, Tx, external};
use crate::error::{Error, Problem, Result};
use crate::http::params::Query;
use crate::types::{Kind, RecordId};

/// A kind of record that other systems name: what `/external-ids` finds.
#[derive(Clone, Copy)]
pub struct NamedKind {
    pub kind: Kind,
    /// The path of the operation that reads it by external id.
    pub path: &'static str,
}

impl NamedKind {
    /// The collection that the kind is in: `/customers`.
    pub fn collection(&self) -> &'static str {
        self.path.split("/by-external-id/").next().unwrap_or(self.path)
    }
}

/// What every `PUT` by external id says beside its own words.
pub const ABOUT: &str = "\
`PUT` creates the record (201) when no record has this external id. Otherwise changes that record with the body as a merge \
patch (200): fields that are absent stay, null clears. The same request sent again changes nothing and answers 200 \
with the same version, whatever the record's status, so you can repeat a push. You need not repeat the external id of \
the path in `external_ids`. If you send that list, it replaces all external ids of the record. `If-None-Match: *` \
allows creation only, `If-Match` allows a change only; both are optional. Refused with 409 `external_id_taken` when \
the external id belongs to a record that you may not see.";

type Get<I, T> = fn(&mut ReadTx, &Req<I>) -> Result<Answer<T>>;
type Create<C, T> = fn(&mut Tx, &Req<(), Json<C>>) -> Result<Answer<T>>;
type Update<I, F, T> = fn(&mut Tx, &Req<I, Patch<F>>) -> Result<Answer<T>>;

impl Routes {
    /// Reads a record by external id, with the handler that reads it by its own.
    pub fn read_by_external_id<I: RecordId, T: Serialize + ToSchema + 'static>(
        &mut self,
        path: &'static str,
        operation_id: &'static str,
        get: Get<I, T>,
    ) -> &mut Endpoint {
        self.kinds.push(NamedKind { kind: I::KIND, path });
        let answer = Some(self.components.reference::<T>());
        let run = Handler::Read(Box::new(move |raw| {
            let req = typed::<(String, String), ()>(raw, None)?;
            Ok(Box::new(move |rx| {
                // What cannot be an external id names no record.
                let named = external::from_path(&req.path).map_err(|_| Error::not_found())?;
                let id = external::find(rx.conn, I::KIND, &named.system, &named.id)?;
                let path = I::from_uuid(id.ok_or_else(Error::not_found)?);
                let req = Req { path, query: req.query, body: () };
                get(rx, &req)?.finish(rx, &req.query, 200)
            }))
        }));
        let endpoint = self.add::<(String, String), ()>(OperationKind::Read, path, operation_id, answer, run);
        endpoint.common.fields = true;
        endpoint
    }

    /// Makes a record be what another system says, with the handlers that create it and change it. The body is that
    /// of the change; where there is no record yet, it has to make a whole form.
    pub fn put_by_external_id<I, C, F, T>(
        &mut self,
        path: &'static str,
        operation_id: &'static str,
        create: Create<C, T>,
        update: Update<I, F, T>,
    ) -> &mut Endpoint
    where
        I: RecordId,
        C: DeserializeOwned + 'static,
        F: ToSchema + Clone + Send + 'static,
        T: Serialize + ToSchema + 'static,
    {
        let answer = Some(self.components.reference::<T>());
        let run = Handler::Write(Box::new(move |raw, validator| {
            let path = PathArgs::parse(&raw.path).ok_or_else(Error::not_found)?;
            let named = external::from_path(&path)?;
            let req = typed::<(String, String), Patch<F>>(raw, validator)?;
            Ok(Box::new(move |tx| {
                let answer = put(tx, &named, &req.query, &req.body, create, update)?;
                answer.finish(&mut tx.rx(), &req.query, 200)
            }))
        }));
        self.add::<(String, String), Patch<F>>(OperationKind::Upsert, path, operation_id, answer, run)
    }
}

fn put<I: RecordId, C: DeserializeOwned, F: Clone, T>(
    tx: &mut Tx,
    named: &ExternalId,
    query: &Query,
    patch: &Patch<F>,
    create: Create<C, T>,
    update: Update<I, F, T>,
) -> Result<Answer<T>> {
    external::claim(tx.conn, I::KIND, named)?;
    let Some(uuid) = external::find(tx.conn, I::KIND, &named.system, &named.id)? else {
        if tx.presence == Presence::There {
            return Err(Problem::new("record_absent").with("current_version", 0).into());
        }
        let body = Json(patch.naming(named, true)?.whole()?);
        return create(tx, &Req { path: (), query: query.clone(), body }).map(|made| made.status(201));
    };
    // That the external id is taken has to be told, since nothing can be made under it. 404 would tell as much, and
    // would say the opposite of what it means: that there is nothing, where a PUT could make something.
    if !external::sees(tx.conn, &tx.core.declared, tx.caller, I::KIND, uuid)? {
        return Err(external::taken(named, I::KIND, None));
    }
    let path = I::from_uuid(uuid);
    if tx.presence == Presence::Absent {
        // A change of nothing finds out whether the caller may, and tells the version.
        let there = update(tx, &Req { path, query: query.clone(), body: Patch::of_nothing() })?;
        let version = there.version.unwrap_or_default();
        return Err(Problem::new("record_exists")
            .param("current_version", version)
            .with("current_version", version)
            .into());
    }
    update(tx, &Req { path, query: query.clone(), body: patch.naming(named, false)? })
}
