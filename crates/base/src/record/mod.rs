//! Plain records: what is entered, read, changed and deleted, and has no life. A record has one list of fields, its form, which is
//! embedded in the row; the eight operations on it are written once, here.
//!
//! An area writes the form, the row around it, the list, and what is special: `impl Record`, and [`record!`](crate::record!) for
//! what is the same for all. `r.record::<Region>(READ, WRITE)` declares the operations; each stays open to other words.

mod routes;
pub mod tree;
pub mod work;

use serde::Serialize;
use serde::de::DeserializeOwned;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::auth::Caller;
use crate::db::filter::{Column, Predicate};
use crate::db::list::{ListSpec, Page, Row};
use crate::db::{Conn, Entity, Tx};
use crate::error::Result;
use crate::http::params::Query;
use crate::types::{At, RecordId};

pub use routes::RecordEndpoints;

/// How a kind of record is called, where it is found, and what its operations are called; made by
/// [`record_names!`](crate::record_names!).
pub struct Names {
    /// What people call one, in English and Chinese, on a timeline: "Region".
    pub title: [&'static str; 2],
    /// `regions`: the collection's place under the API.
    pub collection: &'static str,
    pub paths: Paths,
    pub operations: Operations,
    pub summaries: Operations,
    /// The column with their ids.
    pub id: Column,
}

pub struct Paths {
    pub all: &'static str,
    pub one: &'static str,
    pub history: &'static str,
    pub by_external_id: &'static str,
}

/// A text for each of the operations on a record.
pub struct Operations {
    pub list: &'static str,
    pub create: &'static str,
    pub read: &'static str,
    pub change: &'static str,
    pub delete: &'static str,
    pub history: &'static str,
    pub read_by_external_id: &'static str,
    pub put_by_external_id: &'static str,
}

/// The names of a kind of record: `record_names!(regions, "regions", "region", "Region", "Regions", "a region", "regions",
/// ["Region", "区域"])`: table, path, name in parameters, type in operation ids (one and many), the words for one and for
/// many, and what a timeline calls one in English and Chinese.
#[macro_export]
macro_rules! record_names {
    ($table:ident, $path:literal, $parameter:literal, $one:literal, $many:literal, $a:literal, $all:literal, $title:expr) => {
        $crate::record::Names {
            title: $title,
            collection: $path,
            paths: $crate::record::Paths {
                all: concat!("/", $path),
                one: concat!("/", $path, "/{", $parameter, "_id}"),
                history: concat!("/", $path, "/{", $parameter, "_id}/history"),
                by_external_id: concat!("/", $path, "/by-external-id/{system}/{id}"),
            },
            operations: $crate::record::Operations {
                list: concat!("list", $many),
                create: concat!("create", $one),
                read: concat!("get", $one),
                change: concat!("update", $one),
                delete: concat!("delete", $one),
                history: concat!("list", $one, "History"),
                read_by_external_id: concat!("get", $one, "ByExternalId"),
                put_by_external_id: concat!("upsert", $one, "ByExternalId"),
            },
            summaries: $crate::record::Operations {
                list: concat!("List ", $all),
                create: concat!("Create ", $a),
                read: concat!("Read ", $a),
                change: concat!("Change ", $a),
                delete: concat!("Delete ", $a),
                history: concat!("Read the history of ", $a),
                read_by_external_id: concat!("Read ", $a, " by external id"),
                put_by_external_id: concat!("Upsert ", $a, " by external id"),
            },
            id: $crate::col!($table::id),
        }
    };
}

/// What [`record!`](crate::record!) makes of a row with an embedded form.
pub trait Stored: Entity + Row + Clone + ToSchema + Send + Sync + 'static {
    type Id: RecordId;
    type Form: ToSchema + Serialize + DeserializeOwned + Clone + Send + 'static;
    fn new(id: Self::Id, form: Self::Form, now: At) -> Self;
    /// The same record with another form.
    fn with(&self, form: Self::Form) -> Self;
    fn form(&self) -> &Self::Form;
    fn load(conn: &mut Conn, id: Self::Id, visible: Predicate) -> Result<Option<Self>>;
    fn load_all(conn: &mut Conn, ids: &[Uuid], visible: Predicate) -> Result<Vec<Self>>;
    fn page(conn: &mut Conn, list: &ListSpec, query: &Query, visible: Predicate) -> Result<Page<Self>>;
}

/// A plain record: what is special about it.
pub trait Record: Stored {
    const NAMES: Names;
    /// Whether other systems may name it: the form has `external_ids`.
    const EXTERNAL_IDS: bool = true;
    /// What entering and changing it can be refused with, beyond what its schema says.
    const PROBLEMS: &'static [&'static str] = &["duplicate"];
    fn list() -> &'static ListSpec;
    /// Which records a caller sees, who may read such records at all.
    fn visible(_: &Caller) -> Predicate {
        Predicate::All
    }
    /// Whether the caller may write such records at all, beyond their scopes; asked before anything is loaded.
    fn admit(_tx: &mut Tx) -> Result<()> {
        Ok(())
    }
    /// What follows from a change, in the same unit of work.
    fn changed(_tx: &mut Tx) {}
    /// Brings columns that follow from the form in step with it.
    fn derive(&mut self) {}
    /// What the schema cannot say; `before` is None for a new record.
    fn check(&self, _tx: &mut Tx, _before: Option<&Self>) -> Result<()> {
        Ok(())
    }
}

/// Makes a row with an embedded form a plain record: `record!(Region, RegionForm, regions, RegionId)`. Columns beside the form are
/// named in brackets; more items of `Entity` can be given in braces.
#[macro_export]
macro_rules! record {
    ($row:ident, $form:ident, $table:ident, $id:ident $(, [$($derived:ident),*])? $(, { $($more:item)* })?) => {
        $crate::entity!($row, $table, $id $(, { $($more)* })?);

        impl $row {
            /// The record, whoever asks.
            pub fn find(conn: &mut $crate::db::Conn, id: $id) -> $crate::error::Result<$row> {
                let all = $crate::db::filter::Predicate::All;
                let found = <$row as $crate::record::Stored>::load(conn, id, all)?;
                found.ok_or_else($crate::error::Error::not_found)
            }
        }

        impl std::ops::Deref for $row {
            type Target = $form;
            fn deref(&self) -> &$form {
                &self.form
            }
        }

        impl $crate::record::Stored for $row {
            type Id = $id;
            type Form = $form;
            fn new(id: $id, form: $form, now: $crate::types::At) -> $row {
                $row {
                    id,
                    version: 0,
                    form,
                    $($($derived: Default::default(),)*)?
                    created_at: now,
                    created_by: None,
                    updated_at: now,
                    updated_by: None,
                }
            }
            fn with(&self, form: $form) -> $row {
                $row { form, ..self.clone() }
            }
            fn form(&self) -> &$form {
                &self.form
            }
            fn load(
                conn: &mut $crate::db::Conn,
                id: $id,
                visible: $crate::db::filter::Predicate,
            ) -> $crate::error::Result<Option<$row>> {
                use diesel::prelude::*;
                use $crate::schema::$table;
                let one = $table::table.find(id).filter(visible);
                Ok(one.select($row::as_select()).first(conn).optional()?)
            }
            fn load_all(
                conn: &mut $crate::db::Conn,
                ids: &[uuid::Uuid],
                visible: $crate::db::filter::Predicate,
            ) -> $crate::error::Result<Vec<$row>> {
                use diesel::prelude::*;
                use $crate::schema::$table;
                let ids: Vec<$id> = ids.iter().copied().map($id).collect();
                let some = $table::table.filter($table::id.eq_any(ids)).filter(visible);
                Ok(some.select($row::as_select()).load(conn)?)
            }
            fn page(
                conn: &mut $crate::db::Conn,
                list: &$crate::db::list::ListSpec,
                query: &$crate::http::params::Query,
                visible: $crate::db::filter::Predicate,
            ) -> $crate::error::Result<$crate::db::list::Page<$row>> {
                list.page(query, visible, $crate::load_from!(conn, $table, $row))
            }
        }
    };
}
