//! Answers: a value with its status and headers, and the bytes that it becomes.

use actix_web::web::Bytes;
use serde::Serialize;
use serde_json::Value;

use super::params::Query;
use crate::db::list::Page;
use crate::db::{ReadTx, Tx};
use crate::error::{Error, Result};

/// What a handler answers.
pub struct Answer<T> {
    pub value: T,
    /// The record's version, for the ETag.
    pub version: Option<i32>,
    /// Path of a created record, relative to `/api/v1`.
    pub location: Option<String>,
    /// Where it differs from the endpoint's usual one.
    pub status: Option<u16>,
    next: Option<String>,
    secrets: &'static [&'static str],
}

impl<T> Answer<T> {
    /// A value that is no versioned record.
    pub fn of(value: T) -> Answer<T> {
        Answer { value, version: None, location: None, status: None, next: None, secrets: &[] }
    }
    /// A record at this version.
    pub fn at(version: i32, value: T) -> Answer<T> {
        Answer { version: Some(version), ..Answer::of(value) }
    }
    /// The path of the record that was created.
    pub fn located(mut self, path: String) -> Answer<T> {
        self.location = Some(path);
        self
    }
    pub fn status(mut self, status: u16) -> Answer<T> {
        self.status = Some(status);
        self
    }
    /// The fields that are shown this once: the answer is kept nowhere with them, and a repetition of the request
    /// under its `Idempotency-Key` is answered with `null` in their place, which their schema has to allow.
    pub fn secret_fields(mut self, names: &'static [&'static str]) -> Answer<T> {
        self.secrets = names;
        self
    }
}

impl<T> Answer<Page<T>> {
    pub fn page(page: Page<T>) -> Answer<Page<T>> {
        let next = page.next_cursor.clone();
        Answer { next, ..Answer::of(page) }
    }
}

impl<T: Serialize> Answer<T> {
    /// Widens by `expand`, cuts by `fields`, writes.
    pub fn finish(self, rx: &mut ReadTx, query: &Query, usual: u16) -> Result<Reply> {
        let plain = query.fields.is_none() && query.expand.is_empty();
        let body = if plain {
            serde_json::to_vec(&self.value)
        } else {
            let mut value = serde_json::to_value(&self.value).map_err(|e| Error::internal(e.to_string()))?;
            super::expand::widen(rx, &mut value, &query.expand)?;
            if let Some(fields) = &query.fields {
                cut(&mut value, fields);
            }
            serde_json::to_vec(&value)
        };
        Ok(Reply {
            status: self.status.unwrap_or(usual),
            body: Some(body.map_err(|e| Error::internal(format!("an answer cannot be written: {e}")))?),
            version: if plain { self.version } else { None },
            location: self.location,
            next_cursor: self.next,
            replayed: false,
            no_store: !self.secrets.is_empty(),
            secrets: self.secrets.to_vec(),
            ..Reply::default()
        })
    }

    /// The same at the end of a unit of work. What it widens by is for the answer only.
    pub fn finish_write(self, tx: &mut Tx, query: &Query, usual: u16) -> Result<Reply> {
        self.finish(&mut tx.rx(), query, usual)
    }
}

/// Bytes as they are made, for answers that are too long to hold or that go on.
pub type ByteStream =
    std::pin::Pin<Box<dyn futures_util::Stream<Item = std::result::Result<Bytes, actix_web::Error>> + Send>>;

/// An answer, written.
#[derive(Default)]
pub struct Reply {
    pub status: u16,
    pub body: Option<Vec<u8>>,
    pub version: Option<i32>,
    pub location: Option<String>,
    pub next_cursor: Option<String>,
    /// From an earlier request with the same Idempotency-Key.
    pub replayed: bool,
    /// Holds a secret.
    pub no_store: bool,
    /// The fields that are shown this once.
    pub secrets: Vec<&'static str>,
    /// What the body is when it is not JSON.
    pub media_type: Option<&'static str>,
    /// The body, when it is made while it is sent.
    pub stream: Option<ByteStream>,
    /// Headers beyond those of every answer.
    pub headers: Vec<(&'static str, String)>,
}

impl Reply {
    pub fn empty(status: u16) -> Reply {
        Reply { status, ..Reply::default() }
    }
    /// A value that neither `fields` nor `expand` applies to.
    pub fn json(status: u16, value: &impl Serialize) -> Result<Reply> {
        let body = serde_json::to_vec(value).map_err(|e| Error::internal(e.to_string()))?;
        Ok(Reply { status, body: Some(body), ..Reply::default() })
    }
    /// Bytes of this media type, made while they are sent.
    pub fn streamed(media_type: &'static str, stream: ByteStream) -> Reply {
        Reply { status: 200, media_type: Some(media_type), stream: Some(stream), ..Reply::default() }
    }
}

/// Keeps only these fields, of the record or of each record of a page.
fn cut(value: &mut Value, fields: &[String]) {
    match value.get_mut("data").and_then(Value::as_array_mut) {
        Some(rows) => rows.iter_mut().for_each(|row| cut_record(row, fields)),
        None => cut_record(value, fields),
    }
}

fn cut_record(record: &mut Value, fields: &[String]) {
    if let Some(object) = record.as_object_mut() {
        let kept = |field: &String| Some((field.clone(), object.get(field)?.clone()));
        *object = fields.iter().filter_map(kept).collect();
    }
}
