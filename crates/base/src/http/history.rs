//! The history of a record: its journal entries in a form that people can read.

use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::db::filter::{self, Predicate, col};
use crate::db::list::{ListSpec, Page, Row, Sort};
use crate::db::{AnyId, ReadTx, journal};
use crate::error::Result;
use crate::http::params::Query;
use crate::http::{Answer, Endpoint, PathArgs, Req, Routes};
use crate::load_from;
use crate::types::principals::UserId;
use crate::types::{At, Kind, RecordId};

/// One entry in the history of a record.
#[derive(Debug, Serialize, ToSchema)]
pub struct HistoryEntry {
    /// Version of the record after the change. 0 for an event that changed no record, such as a log-in.
    pub version: i32,
    /// What happened, as an event type: kind of record and verb.
    #[schema(example = "order.submitted")]
    pub event: String,
    /// When it happened.
    pub at: At,
    /// Person who did it. Null for a machine client and for the system itself.
    pub by: Option<UserId>,
    /// Name of the person or machine client at that time; `system` for the system itself.
    #[schema(example = "李娜")]
    pub by_name: String,
    /// Person for whom it was done, when somebody acted for them. Otherwise null.
    pub on_behalf_of: Option<UserId>,
    /// Name of that person at that time.
    #[schema(example = "王伟")]
    pub on_behalf_of_name: Option<String>,
    /// Way in: `api` for people, `cli` for the command line, the id of the machine client, or the name of the
    /// system's own work.
    #[schema(example = "api")]
    pub client: String,
    /// Reason that was given for the step. Null when none was given.
    #[schema(max_length = 1000)]
    pub reason: Option<String>,
    /// Id of the request that made the change; the same as in the response header `X-Request-Id`.
    pub request_id: String,
    /// The fields that changed, with their content before and after. Empty when no field changed.
    pub changes: Vec<FieldChange>,
}

/// Change of one field.
#[derive(Debug, Serialize, ToSchema)]
pub struct FieldChange {
    /// Name of the field. Fields of parts are written with dots, such as `lines.oln_….quantity`.
    #[schema(example = "status")]
    pub field: String,
    /// Content before the change. Null when the field was empty or the record was new.
    #[schema(value_type = AnyJson)]
    pub before: Value,
    /// Content after the change. Null when the field is now empty or the record was deleted.
    #[schema(value_type = AnyJson)]
    pub after: Value,
}

/// Any JSON value.
#[derive(Debug, Serialize)]
pub struct AnyJson(pub Value);
impl utoipa::PartialSchema for AnyJson {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        use utoipa::openapi::schema::{ObjectBuilder, Schema, SchemaType};
        utoipa::openapi::RefOr::T(Schema::Object(
            ObjectBuilder::new()
                .schema_type(SchemaType::AnyValue)
                .description(Some("Any JSON: string, number, boolean, array, object or null."))
                .examples([serde_json::json!("submitted")])
                .build(),
        ))
    }
}
impl utoipa::ToSchema for AnyJson {
    fn name() -> std::borrow::Cow<'static, str> {
        "AnyJson".into()
    }
}

/// The list behind every `/{resource}/{id}/history`.
pub static HISTORY: ListSpec = ListSpec {
    id: col!(journal::id),
    filters: &[],
    sorts: &[Sort { name: "version", column: col!(journal::version) }],
    default_sort: "version",
    expand: &[],
};

impl Row for journal::Entry {
    fn id(&self) -> Uuid {
        self.id.0
    }
    fn sort_value(&self, name: &str) -> filter::Value {
        match name {
            "occurred_at" => self.occurred_at.into(),
            "at" => self.happened_at.into(),
            _ => i64::from(self.version).into(),
        }
    }
}

/// A path that names one record, the last of its ids.
pub trait NamesRecord {
    const KIND: Kind;
    fn record(&self) -> Uuid;
}
impl<I: RecordId> NamesRecord for I {
    const KIND: Kind = I::KIND;
    fn record(&self) -> Uuid {
        self.uuid()
    }
}
impl<I: RecordId, J: RecordId> NamesRecord for (I, J) {
    const KIND: Kind = J::KIND;
    fn record(&self) -> Uuid {
        self.1.uuid()
    }
}

impl Routes {
    /// A record's history, for whoever gets the record from this handler.
    pub fn history<P: PathArgs + NamesRecord, T: 'static>(
        &mut self,
        path: &'static str,
        operation_id: &'static str,
        get: fn(&mut ReadTx, &Req<P>) -> Result<Answer<T>>,
    ) -> &mut Endpoint {
        self.pages(path, operation_id, &HISTORY, move |rx: &mut ReadTx, req: &Req<P>| {
            get(rx, req)?;
            page(rx, P::KIND, req.path.record(), &req.query)
        })
    }
}

/// One page of a record's history; the caller must have been shown the record before.
pub fn page(rx: &mut ReadTx, kind: Kind, record: Uuid, query: &Query) -> Result<Page<HistoryEntry>> {
    let of_record = Predicate::eq(col!(journal::record_id), record)
        .and(Predicate::eq(col!(journal::record_kind), kind.name));
    let page = HISTORY.page(query, of_record, load_from!(rx.conn, journal, journal::Entry))?;
    let entries = page.data.iter().map(entry).collect();
    Ok(page.with(entries))
}

/// An entry's changes, field by field.
pub fn changes_of(entry: &journal::Entry) -> Vec<FieldChange> {
    let change = |(field, pair): (&String, &Value)| FieldChange {
        field: field.clone(),
        before: pair[0].clone(),
        after: pair[1].clone(),
    };
    entry.changes.iter().map(change).collect()
}

fn entry(entry: &journal::Entry) -> HistoryEntry {
    HistoryEntry {
        version: entry.version,
        event: entry.event_type.clone(),
        at: entry.occurred_at,
        by: entry.actor_id.map(|AnyId(id)| UserId(id)),
        by_name: entry.actor_name.clone(),
        on_behalf_of: entry.on_behalf_of.map(|AnyId(id)| UserId(id)),
        on_behalf_of_name: entry.on_behalf_of_name.clone(),
        client: entry.client.clone(),
        reason: entry.reason.clone(),
        request_id: entry.request_id.clone(),
        changes: changes_of(entry),
    }
}
