//! External ids: row, view, list.

use diesel::prelude::*;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::Known;
use crate::base::auth::Caller;
use crate::base::db::AnyId;
use crate::base::db::filter::{Predicate, Value, col};
use crate::base::db::list::{Does, ListSpec, Row, Sort, filter};
use crate::base::http::dispatch::API;
use crate::base::http::params::{Param, Takes, percent_encode};
use crate::schema::external_ids;

/// One name of one record.
#[derive(Debug, Queryable, Selectable)]
#[diesel(table_name = external_ids)]
pub struct Name {
    pub record_kind: String,
    pub system: String,
    pub external_id: String,
    pub record_id: AnyId,
}

/// A record, and its id in another system.
#[derive(Debug, Serialize, ToSchema)]
pub struct NamedRecord {
    /// Kind of record.
    #[schema(max_length = 40, example = "customer")]
    pub kind: String,
    /// Id of the record here.
    #[schema(max_length = 40, example = "cus_019a7c5e8f3a7d10b6c2a94e51637573")]
    pub id: String,
    /// Name of the other system.
    #[schema(max_length = 40, example = "sap")]
    pub system: String,
    /// Id of the record in the other system.
    #[schema(max_length = 200, example = "4711")]
    pub external_id: String,
    /// Path of the record.
    #[schema(max_length = 1000, example = "/api/v1/customers/cus_019a7c5e8f3a7d10b6c2a94e51637573")]
    pub href: String,
}

pub static EXTERNAL_IDS: ListSpec = ListSpec {
    // With the system given, a record's external id there is in no other row.
    id: col!(external_ids::record_id),
    filters: &[
        filter(
            Param::new("system", Takes::System, "Name of the other system, as used in `external_ids`.")
                .required(),
            Does::Is(col!(external_ids::system)),
        ),
        filter(
            Param::new(
                "id",
                Takes::Text(200),
                "Id of the record in the other system. Without it, all external ids of the system are \
                     returned.",
            ),
            Does::Is(col!(external_ids::external_id)),
        ),
    ],
    sorts: &[Sort { name: "external_id", column: col!(external_ids::external_id) }],
    default_sort: "external_id",
    expand: &[],
};

impl Row for Name {
    fn id(&self) -> Uuid {
        self.record_id.0
    }
    fn sort_value(&self, _: &str) -> Value {
        self.external_id.clone().into()
    }
}

/// The names of the records of these kinds that the caller may read.
pub fn visible_to<'k>(caller: &Caller, kinds: impl Iterator<Item = &'k Known>) -> Predicate {
    let readable = kinds.filter(|kind| kind.told.scopes.iter().any(|scope| caller.may(*scope)));
    readable.fold(Predicate::Nothing, |any, kind| {
        let of_kind = Predicate::eq(col!(external_ids::record_kind), kind.named.kind.name);
        any.or(of_kind.and(kind.told.seen(col!(external_ids::record_id), caller)))
    })
}

/// The record that a name leads to.
pub fn view(name: Name, kind: &Known) -> NamedRecord {
    let id = format!("{}_{}", kind.named.kind.prefix, name.record_id.0.simple());
    let collection = kind.named.collection();
    let href = match kind.by_id {
        true => format!("{API}{collection}/{id}"),
        false => {
            let external_id = percent_encode(&name.external_id);
            format!("{API}{collection}/by-external-id/{}/{external_id}", name.system)
        }
    };
    NamedRecord { kind: name.record_kind, id, system: name.system, external_id: name.external_id, href }
}
