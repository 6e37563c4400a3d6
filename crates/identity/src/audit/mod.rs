//! The audit trail: who changed what, when and how, before and after; and the proof that it is complete.

mod check;
pub mod export;
mod http;
pub mod model;
pub mod work;

use crate::base::Area;
use crate::base::auth::Scope;
use crate::base::http::params::{Param, Takes};
use crate::base::http::{OperationKind, Routes};
use crate::base::messages::Phrase;

pub const AREA: Area = Area { name: "audit", routes, problems: &[], phrases: PHRASES };

const READ: &[Scope] = &[Scope::AuditRead];

/// The most entries that one request verifies.
const MOST_VERIFIED: i64 = 100_000;

fn routes(r: &mut Routes) {
    r.declare(check::CHECK);
    r.tag("audit-log", "Who changed what and when, and the proof that the trail was not altered.");
    r.list("/audit-log", "listAuditLog", &model::AUDIT_LOG, http::list).scope(READ)
        .summary("List the audit trail")
        .description(
            "Returns every change of every record and every log-in, newest first. Passwords, tokens and other \
         secrets are never in it. Refused with 403 `client_restricted` for a machine client that is \
         restricted to customers or a team.",
        );
    r.flow::<(), String, _>(OperationKind::Read, "/audit-log/export", "exportAuditLog", export::csv)
        .scope(READ)
        .takes_filters_of(&model::AUDIT_LOG)
        .answers_media(&["text/csv"])
        .summary("Export the audit trail as CSV")
        .description(
            "Returns the entries that the list would return, with the same filters, as one CSV file. There \
             is one row per changed field. Cells that a spreadsheet would read as a formula begin with an \
             apostrophe.",
        );
    r.read("/audit-log/verify", "verifyAuditLog", http::verify)
        .scope(READ)
        .unversioned()
        .takes(&[
            Param::new(
                "from_sequence",
                Takes::Int(1, i64::MAX),
                "Position of the first entry to verify. Defaults to 1.",
            ),
            Param::new(
                "limit",
                Takes::Int(1, MOST_VERIFIED),
                "Number of entries to verify. Defaults to 10,000.",
            ),
            Param::new(
                "known_sequence",
                Takes::Int(1, i64::MAX),
                "Position of a link that you kept earlier, for example from `head_sequence` or the \
                     server's log. Needs `known_link`.",
            ),
            Param::new("known_link", Takes::Text(64), "The link that you kept for `known_sequence`."),
        ])
        .summary("Verify the audit trail")
        .description(
            "Computes the hash and the link of each entry again. An entry that was changed, inserted or \
             removed is reported. With a link that you kept earlier, a trail that was cut off and rewritten \
             is reported too. Repeat with `next_sequence` until it is null.",
        );
    r.read("/audit-log/{entry_id}", "getAuditEntry", http::get)
        .scope(READ)
        .unversioned()
        .summary("Read an audit entry")
        .description(
            "Returns one entry of the audit trail by its id. Refused with 403 `client_restricted` for a \
             machine client that is restricted to customers or a team.",
        );
}

static PHRASES: &[Phrase] = &[
    ("entry_altered", ["the entry was changed after it was written", "该条目已被改动"]),
    ("entry_unlinked", ["the entry does not belong behind the one before it", "该条目与前一条不连续"]),
    ("entry_unsigned", ["an entry was not written by this installation", "有条目不是由本程序写入的"]),
    ("head_missing", ["the end of the trail was taken away", "链尾记录已被删除"]),
    ("entry_missing", ["the entry is missing", "缺少该条目"]),
    ("head_forged", ["the end of the trail was not written by this installation", "链尾不是由本程序写入的"]),
    ("head_differs", ["the trail does not end where it should: entries are missing", "链尾不符：有条目缺失"]),
    (
        "known_differs",
        ["the trail has another link here than the one that you noted", "此处的链值与您记录的不同"],
    ),
];
