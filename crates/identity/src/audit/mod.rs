//! The audit trail: who changed what, when, through what, before and after; and the proof that it is whole.

pub mod export;
mod http;
pub mod model;
pub mod work;

use crate::base::Area;
use crate::base::auth::Scope;
use crate::base::http::params::{Param, Takes};
use crate::base::http::{Nature, Routes};
use crate::base::messages::Phrase;

pub const AREA: Area = Area { name: "audit", routes, problems: &[], phrases: PHRASES };

const READ: &[Scope] = &[Scope::AuditRead];

/// The most entries that one request verifies.
const MOST_VERIFIED: i64 = 100_000;

fn routes(r: &mut Routes) {
    r.tag("audit-log", "Who changed what, and the proof that nothing was altered.");
    r.list("/audit-log", "listAuditLog", &model::AUDIT_LOG, http::list).scope(READ).says(
        "List the audit trail",
        "Every change of every record and every log-in, newest first. Secrets are never in it.",
    );
    r.flow::<(), String, _>(Nature::Read, "/audit-log/export", "exportAuditLog", export::csv)
        .scope(READ)
        .takes_filters_of(&model::AUDIT_LOG)
        .answers_media(&["text/csv"])
        .says("Export the audit trail as CSV", "The same filters as the list, newest first, streamed. A row per changed field; cells that a spreadsheet would take for a formula begin with an apostrophe.");
    r.read("/audit-log/verify", "verifyAuditLog", http::verify)
        .scope(READ)
        .unversioned()
        .takes(&[
            Param::new("from_sequence", Takes::Int(1, i64::MAX), "Where to begin; 1 by default."),
            Param::new("limit", Takes::Int(1, MOST_VERIFIED), "How many entries to verify; 10,000 by default."),
            Param::new("known_sequence", Takes::Int(1, i64::MAX), "With `known_link`: an end of the trail that you noted earlier, for instance from the log."),
            Param::new("known_link", Takes::Text(64), "The link that you noted."),
        ])
        .says("Verify the audit trail", "Computes every entry's digest and link anew: an entry that was changed, inserted or removed shows, and with a link that you noted earlier so does a trail that was cut off and written again. Go on with `next_sequence` until it is null.");
    r.read("/audit-log/{entry_id}", "getAuditEntry", http::get)
        .scope(READ)
        .unversioned()
        .says("Read an entry of the audit trail", "");
}

static PHRASES: &[Phrase] = &[
    ("entry_altered", ["the entry is not what it was when it was written", "该条目已被改动"]),
    ("entry_unlinked", ["the entry does not follow from the one before it", "该条目与前一条不连续"]),
    ("entry_missing", ["the entry is missing", "缺少该条目"]),
    ("head_forged", ["the end of the trail was not written by this program", "链尾不是由本程序写入的"]),
    ("head_differs", ["the trail does not end where it should: entries are missing", "链尾不符：有条目缺失"]),
    (
        "known_differs",
        ["the trail has another link here than the one that you noted", "此处的链值与您记录的不同"],
    ),
];
