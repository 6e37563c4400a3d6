//! Verifying the audit trail.

use diesel::prelude::*;

use super::model::{AuditFault, AuditVerification};
use crate::base::db::journal::Entry;
use crate::base::db::{Conn, Tx};
use crate::base::error::{Error, Result};
use crate::base::events::feed::EventId;
use crate::base::events::sequencer::Sequencer;
use crate::base::messages::{self, Lang};
use crate::base::secret;
use crate::schema::journal::dsl;

/// Entries loaded at once.
const CHUNK: i64 = 1000;
const MOST_FAULTS: usize = 100;

pub fn find(conn: &mut Conn, id: EventId) -> Result<Entry> {
    let found = dsl::journal.find(id).select(Entry::as_select()).first(conn).optional()?;
    found.ok_or_else(Error::not_found)
}

/// A link that somebody noted earlier.
#[derive(Debug, Clone)]
pub struct Known {
    pub sequence: i64,
    pub link: String,
}

struct Verifier<'a> {
    sequencer: &'a Sequencer,
    lang: Lang,
    signed_from: i64,
    faults: Vec<AuditFault>,
}

/// Computes the digests and links of at most `limit` entries from `from` on anew.
pub fn verify(
    conn: &mut Conn,
    sequencer: &Sequencer,
    lang: Lang,
    from: i64,
    limit: i64,
    known: Option<&Known>,
) -> Result<AuditVerification> {
    let mut verifier = Verifier { sequencer, lang, signed_from: 0, faults: Vec::new() };
    let (head, forged) = match sequencer.head(conn)? {
        Ok(head) => (head, false),
        Err(head) => (head, true),
    };
    verifier.signed_from = head.signed_from;
    match forged {
        true if head.link.is_empty() => verifier.fault(0, "head_missing"),
        true => verifier.fault(head.sequence, "head_forged"),
        false => {}
    }
    let until = from.saturating_add(limit - 1).min(head.sequence);
    let (mut next, mut link) = (from, link_before(conn, from)?);
    while next <= until {
        let entries = chunk(conn, next, until)?;
        link = verifier.entries(&entries, next, link);
        next = match entries.last().and_then(|e| e.sequence) {
            Some(last) if entries.len() as i64 == CHUNK => last + 1,
            _ => {
                let seen = entries.last().and_then(|e| e.sequence).unwrap_or(next - 1);
                if seen < until {
                    verifier.fault(seen + 1, "entry_missing");
                }
                until + 1
            }
        };
    }
    let all = until >= head.sequence;
    if all {
        verifier.check_end(conn, head.sequence, &head.link)?;
        verifier.check_waiting(conn)?;
    }
    if let Some(known) = known {
        verifier.check_known(conn, known)?;
    }
    Ok(AuditVerification {
        intact: verifier.faults.is_empty(),
        verified: (until - from + 1).max(0),
        faults: verifier.faults,
        head_sequence: head.sequence,
        head_link: head.link,
        signed_from_sequence: head.signed_from,
        next_sequence: (!all).then_some(until + 1),
    })
}

/// At each start, before anything is written: a trail from before entries had MACs is verified once, and from here on each
/// entry has one.
pub fn begin_signing(tx: &mut Tx) -> Result<()> {
    if !tx.begin_signing()? {
        return Ok(());
    }
    let core = tx.core;
    let found = tx.hint("its end was sealed in this unit of work", |conn| {
        verify(conn, &core.sequencer, Lang::En, 1, i64::MAX, None)
    })?;
    match found.faults.first() {
        None => log::info!("audit trail: {} entries are intact; from here on each is signed", found.verified),
        Some(first) => log::error!(
            "audit trail: {} faults up to entry {}, the first at {}: {}; from here on each entry is signed",
            found.faults.len(),
            found.head_sequence,
            first.sequence,
            first.message
        ),
    }
    Ok(())
}

fn chunk(conn: &mut Conn, from: i64, until: i64) -> Result<Vec<Entry>> {
    Ok(dsl::journal
        .filter(dsl::sequence.ge(Some(from)))
        .filter(dsl::sequence.le(Some(until)))
        .order(dsl::sequence)
        .limit(CHUNK)
        .select(Entry::as_select())
        .load(conn)?)
}

/// The link that the first entry looked at has to follow; None when the entry before is missing.
fn link_before(conn: &mut Conn, from: i64) -> Result<Option<String>> {
    if from <= 1 {
        return Ok(Some(String::new()));
    }
    link_at(conn, from - 1)
}

fn link_at(conn: &mut Conn, sequence: i64) -> Result<Option<String>> {
    let link: Option<Option<String>> =
        dsl::journal.filter(dsl::sequence.eq(Some(sequence))).select(dsl::link).first(conn).optional()?;
    Ok(link.flatten())
}

impl Verifier<'_> {
    fn fault(&mut self, sequence: i64, code: &'static str) {
        if self.faults.len() < MOST_FAULTS {
            let message = self.lang.pick(messages::phrase(code)).to_owned();
            self.faults.push(AuditFault { sequence, code: code.into(), message });
        }
    }

    /// Each entry says what it said and follows from the one before; gives the last link.
    fn entries(&mut self, entries: &[Entry], from: i64, mut link: Option<String>) -> Option<String> {
        let mut expected = from;
        for entry in entries {
            let sequence = entry.sequence.unwrap_or_default();
            if sequence != expected {
                self.fault(expected, "entry_missing");
                link = None;
            }
            if entry.computed_digest() != entry.digest {
                self.fault(sequence, "entry_altered");
            }
            if self.signed_from > 0 && sequence >= self.signed_from && !self.is_signed(entry) {
                self.fault(sequence, "entry_unsigned");
            }
            let follows = |before: &String| {
                entry.link.as_deref()
                    == Some(self.sequencer.seals.link(before, sequence, &entry.digest).as_str())
            };
            if !link.as_ref().is_some_and(follows) {
                self.fault(sequence, "entry_unlinked");
            }
            link = entry.link.clone();
            expected = sequence + 1;
        }
        link
    }

    fn check_end(&mut self, conn: &mut Conn, sequence: i64, link: &str) -> Result<()> {
        let last: Option<(Option<i64>, Option<String>)> = dsl::journal
            .filter(dsl::sequence.is_not_null())
            .order(dsl::sequence.desc())
            .select((dsl::sequence, dsl::link))
            .first(conn)
            .optional()?;
        let (last, its_link) = last.unwrap_or((Some(0), Some(String::new())));
        if last != Some(sequence) || its_link.as_deref() != Some(link) {
            self.fault(sequence, "head_differs");
        }
        Ok(())
    }

    /// Whether this installation wrote the entry.
    fn is_signed(&self, entry: &Entry) -> bool {
        let mac = self.sequencer.seals.entry(entry.id.0, &entry.digest);
        secret::same(mac.as_bytes(), entry.mac.as_bytes())
    }

    /// What has no number yet was written by this installation, or it never gets one.
    fn check_waiting(&mut self, conn: &mut Conn) -> Result<()> {
        let waiting: Vec<Entry> = dsl::journal
            .filter(dsl::sequence.is_null())
            .order(dsl::id)
            .limit(CHUNK)
            .select(Entry::as_select())
            .load(conn)?;
        if self.signed_from == 0 {
            return Ok(());
        }
        for entry in &waiting {
            if !self.is_signed(entry) {
                self.fault(0, "entry_unsigned");
            } else if entry.computed_digest() != entry.digest {
                self.fault(0, "entry_altered");
            }
        }
        Ok(())
    }

    fn check_known(&mut self, conn: &mut Conn, known: &Known) -> Result<()> {
        if link_at(conn, known.sequence)?.as_deref() != Some(known.link.as_str()) {
            self.fault(known.sequence, "known_differs");
        }
        Ok(())
    }
}
