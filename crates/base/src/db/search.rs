//! Finding records by a part of a name, pinyin initials, digits of a phone number or a code, on both engines by
//! one mechanism: texts are cut into overlapping pairs of characters here ([`text::grams`]), and a word that is
//! searched for is a phrase of such pairs. SQLite keeps them in an FTS5 table, PostgreSQL in a `tsvector` that
//! is written out token by token, so neither's own idea of words or locale plays a part.
//!
//! A record keeps an entry of its own, which names the record that is found through it: usually itself, but a
//! contact's leads to the customer. So a part's change touches its own small entry only. The words of a query
//! may be found in different entries of the same record.

use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::AstPass;
use diesel::sql_types::Text;
use diesel::sqlite::Sqlite;
use uuid::Uuid;

use super::sql_types::Key;
use super::{AnyId, Conn, EngineConn};
use crate::error::Result;
use crate::text::{self, Term};

/// PostgreSQL keeps at most this many positions.
const MOST_TOKENS: usize = 4_000;
/// Positions between two texts, so that no phrase crosses from one to the next.
const GAP: usize = 10;

/// Replaces a record's entry, which leads to `found`. `fresh` says that nothing is stored for it yet.
#[allow(clippy::disallowed_methods)] // the index is kept here only
pub fn store(conn: &mut Conn, record: Uuid, found: Uuid, texts: &[String], fresh: bool) -> Result<()> {
    let refs: Vec<&str> = texts.iter().map(String::as_str).collect();
    let mut runs = text::grams(&refs);
    runs.extend(refs.iter().map(|text| text::spoken(text)).filter(|syllables| !syllables.is_empty()));
    match &mut conn.engine {
        EngineConn::Sqlite(c) => {
            // The record's row in the FTS table is found through a plain table: FTS5 has no index on ids.
            if !fresh {
                diesel::sql_query("DELETE FROM search_index WHERE rowid IN (SELECT row FROM search_rows WHERE record_id = ?)")
                    .bind::<Key, _>(AnyId(record))
                    .execute(c)?;
                diesel::sql_query("DELETE FROM search_rows WHERE record_id = ?")
                    .bind::<Key, _>(AnyId(record))
                    .execute(c)?;
            }
            if !runs.is_empty() {
                use crate::schema::{search_index, search_rows};
                let row: i64 = diesel::insert_into(search_rows::table)
                    .values((
                        search_rows::record_id.eq(AnyId(record)),
                        search_rows::found_id.eq(AnyId(found)),
                    ))
                    .returning(search_rows::row)
                    .get_result(c)?;
                diesel::insert_into(search_index::table)
                    .values((search_index::rowid.eq(row), search_index::grams.eq(fts5_body(&runs))))
                    .execute(c)?;
            }
        }
        EngineConn::Pg(c) => {
            if !fresh {
                diesel::sql_query("DELETE FROM search_index WHERE record_id = $1")
                    .bind::<Key, _>(AnyId(record))
                    .execute(c)?;
            }
            if !runs.is_empty() {
                let insert =
                    "INSERT INTO search_index (record_id, found_id, grams) VALUES ($1, $2, $3::tsvector)";
                diesel::sql_query(insert)
                    .bind::<Key, _>(AnyId(record))
                    .bind::<Key, _>(AnyId(found))
                    .bind::<Text, _>(tsvector_body(&runs))
                    .execute(c)?;
            }
        }
    }
    Ok(())
}

/// Makes a record's entry lead to another one than before; its texts stay.
#[allow(clippy::disallowed_methods)] // as above
pub fn lead(conn: &mut Conn, record: Uuid, found: Uuid) -> Result<()> {
    match &mut conn.engine {
        EngineConn::Sqlite(c) => diesel::sql_query("UPDATE search_rows SET found_id = ? WHERE record_id = ?")
            .bind::<Key, _>(AnyId(found))
            .bind::<Key, _>(AnyId(record))
            .execute(c)?,
        EngineConn::Pg(c) => diesel::sql_query("UPDATE search_index SET found_id = $1 WHERE record_id = $2")
            .bind::<Key, _>(AnyId(found))
            .bind::<Key, _>(AnyId(record))
            .execute(c)?,
    };
    Ok(())
}

/// A word between runs that no phrase can hold, since tokens have one or two characters.
const SEPARATOR: &str = " xxxx ";

fn fts5_body(runs: &[Vec<String>]) -> String {
    let mut left = MOST_TOKENS;
    let mut body = String::new();
    for run in runs {
        let part = &run[..run.len().min(left)];
        left -= part.len();
        if !body.is_empty() {
            body.push_str(SEPARATOR);
        }
        body.push_str(&part.join(" "));
    }
    body
}

fn tsvector_body(runs: &[Vec<String>]) -> String {
    let mut position = 1;
    let mut body = String::new();
    for run in runs {
        for token in run.iter().take(MOST_TOKENS.saturating_sub(position)) {
            body.push_str(&format!("'{token}':{position} "));
            position += 1;
        }
        position += GAP;
    }
    body
}

/// The words searched for; a record is found when each of them is in one of its entries.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    pub words: Vec<Word>,
}

/// One word, written for both engines; it is bound, not pasted.
#[derive(Debug, Clone, PartialEq)]
pub struct Word {
    fts5: String,
    tsquery: String,
}

impl Found {
    /// None when the query holds no letter and no digit: then nothing can be found.
    pub fn new(query: &str) -> Option<Found> {
        let terms = text::query(query);
        if terms.is_empty() {
            return None;
        }
        let word = |term: &Term| Word { fts5: fts5_term(term), tsquery: tsquery_term(term) };
        Some(Found { words: terms.iter().map(word).collect() })
    }
}

fn fts5_term(term: &Term) -> String {
    match term {
        Term::Phrase(tokens) => format!("\"{}\"", clean(&tokens.join(" "))),
        Term::Prefix(c) => format!("\"{}\"*", clean(&c.to_string())),
        Term::Spoken(pairs, readings) => {
            let readings =
                readings.iter().map(|syllables| format!(" OR \"{}\" *", clean(&syllables.join(" "))));
            format!("\"{}\"{}", clean(&pairs.join(" ")), readings.collect::<String>())
        }
    }
}

fn tsquery_term(term: &Term) -> String {
    match term {
        Term::Phrase(tokens) => tsquery_phrase(tokens, ""),
        Term::Prefix(c) => format!("'{}':*", clean(&c.to_string())),
        Term::Spoken(pairs, readings) => {
            let readings = readings.iter().map(|syllables| tsquery_phrase(syllables, ":*"));
            [tsquery_phrase(pairs, "")].into_iter().chain(readings).collect::<Vec<_>>().join(" | ")
        }
    }
}

fn tsquery_phrase(tokens: &[String], end: &str) -> String {
    let quoted: Vec<String> = tokens.iter().map(|t| format!("'{}'", clean(t))).collect();
    format!("({}{end})", quoted.join(" <-> "))
}

/// Nothing but letters, digits and spaces gets into a term, whatever it holds.
fn clean(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric() || *c == ' ').collect()
}

/// The ids found, as a subquery for SQLite.
pub fn push_sqlite<'b>(mut out: AstPass<'_, 'b, Sqlite>, word: &'b Word) -> QueryResult<()> {
    out.push_sql("SELECT found_id FROM search_rows WHERE row IN (SELECT rowid FROM search_index WHERE search_index MATCH ");
    out.push_bind_param::<Text, _>(&word.fts5)?;
    out.push_sql(")");
    Ok(())
}

/// The ids found, as a subquery for PostgreSQL.
pub fn push_pg<'b>(mut out: AstPass<'_, 'b, Pg>, word: &'b Word) -> QueryResult<()> {
    out.push_sql("SELECT found_id FROM search_index WHERE grams @@ ");
    out.push_bind_param::<Text, _>(&word.tsquery)?;
    out.push_sql("::tsquery");
    Ok(())
}
