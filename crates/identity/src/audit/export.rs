//! The audit trail as CSV, page by page while it is sent.

use actix_web::web::Bytes;
use futures_util::stream;
use serde_json::Value;

use super::http::page;
use super::model::AuditEntry;
use crate::base::error::Result;
use crate::base::http::params::Query;
use crate::base::http::{Ctx, Reply, Req};
use crate::base::text::harmless_csv_cell;

/// Entries read at once.
const PAGE: i64 = 500;

const HEADINGS: [&str; 16] = [
    "sequence",
    "occurred_at",
    "event",
    "record_kind",
    "record_id",
    "version",
    "actor_id",
    "actor_name",
    "on_behalf_of",
    "on_behalf_of_name",
    "client",
    "request_id",
    "reason",
    "field",
    "before",
    "after",
];

pub async fn csv(ctx: Ctx, req: Req<Vec<String>, ()>) -> Result<Reply> {
    let mut query = req.query;
    query.limit = PAGE;
    // The first page is read before the answer begins, so that what is wrong with the request is still a problem.
    let first = read(&ctx, query.clone()).await?;
    let bytes = stream::unfold(Some((ctx, query, Some(first))), |state| async move {
        let (ctx, mut query, ready) = state?;
        let (text, cursor) = match ready {
            Some(first) => (write(&[], true) + &first.0, first.1),
            None => match read(&ctx, query.clone()).await {
                Ok(next) => next,
                // The connection is cut, so that nobody takes the part for the whole.
                Err(error) => {
                    return Some((Err(actix_web::error::ErrorInternalServerError(error.to_string())), None));
                }
            },
        };
        let more = cursor.is_some();
        query.cursor = cursor;
        Some((Ok(Bytes::from(text)), more.then_some((ctx, query, None))))
    });
    let mut reply = Reply::streamed("text/csv", Box::pin(bytes));
    reply.headers = vec![("content-disposition", "attachment; filename=\"audit-log.csv\"".into())];
    Ok(reply)
}

async fn read(ctx: &Ctx, query: Query) -> Result<(String, Option<String>)> {
    let page = ctx.read(move |rx| page(rx, &query)).await?;
    Ok((write(&page.data, false), page.next_cursor))
}

/// Rows of CSV: a row per changed field, so that a spreadsheet can filter by it.
fn write(entries: &[AuditEntry], headings: bool) -> String {
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    if headings {
        let _ = writer.write_record(HEADINGS);
    }
    for entry in entries {
        for row in rows(entry) {
            let _ = writer.write_record(row.iter().map(|cell| harmless_csv_cell(cell).into_owned()));
        }
    }
    String::from_utf8(writer.into_inner().unwrap_or_default()).unwrap_or_default()
}

fn rows(entry: &AuditEntry) -> Vec<Vec<String>> {
    let head = vec![
        entry.sequence.map(|n| n.to_string()).unwrap_or_default(),
        entry.occurred_at.to_string(),
        entry.event.clone(),
        entry.record_kind.clone(),
        entry.record_id.clone(),
        entry.version.to_string(),
        entry.actor_id.map(|id| id.to_string()).unwrap_or_default(),
        entry.actor_name.clone(),
        entry.on_behalf_of.map(|id| id.to_string()).unwrap_or_default(),
        entry.on_behalf_of_name.clone().unwrap_or_default(),
        entry.client.clone(),
        entry.request_id.clone(),
        entry.reason.clone().unwrap_or_default(),
    ];
    let with = |cells: [String; 3]| head.iter().cloned().chain(cells).collect::<Vec<String>>();
    if entry.changes.is_empty() {
        return vec![with(Default::default())];
    }
    entry.changes.iter().map(|c| with([c.field.clone(), cell(&c.before), cell(&c.after)])).collect()
}

fn cell(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
