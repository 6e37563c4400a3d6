//! Complaints: what a customer is not content with, who looks after it, by when, and how it was made good.
//!
//! | endpoint | who |
//! |---|---|
//! | read | `complaints:read`: those of the customers that one sees, and what one looks after |
//! | enter, change, every step of the life, propose remedies | `complaints:write` |
//! | approve and reject remedies | `complaints:approve` |
//! | service level policies | read: `complaints:read`; change: `settings:write` |

mod http;
pub mod model;
pub mod policies;
pub mod remedies;
pub mod report;
pub mod rules;
pub mod work;

use serde_json::json;

use crate::base::Area;
use crate::base::auth::{Caller, Scope};
use crate::base::db::filter::{Column, Cond};
use crate::base::events::{self, Told};
use crate::base::http::Routes;
use crate::base::messages::{Phrase, ProblemText, problem_text};
use crate::schema::complaints;
use model::Complaint;
use salesdesk_parties::movable;

pub use model::ComplaintId;

pub const AREA: Area = Area { name: "complaints", routes, problems: PROBLEMS, phrases: PHRASES };

const READ: &[Scope] = &[Scope::ComplaintsRead];
const WRITE: &[Scope] = &[Scope::ComplaintsWrite];

/// Parts of the complaints that a caller sees; the column names the part's complaint.
pub fn part_of_visible(caller: &Caller, column: Column) -> Cond {
    match model::visible_to(caller) {
        Cond::All => Cond::All,
        complaints => {
            Cond::InSelect(column, "SELECT complaints.id FROM complaints WHERE ", Box::new(complaints))
        }
    }
}

fn routes(r: &mut Routes) {
    r.declare(movable!(Complaint, complaints, ComplaintId));
    TOLD.iter().for_each(|told| r.tells(*told));
    r.tag("complaints", "What customers are not content with, and how it is made good.");
    records(r);
    life(r);
    notes(r);
    remedies::routes(r);
    policies::routes(r);
    report::routes(r);
    r.deadlines(ComplaintId::KIND, work::on_deadline);
    let urgent =
        ["complaint_escalated", "complaint_response_due", "complaint_resolution_due", "remedy_to_approve"];
    let usual = ["complaint_received", "complaint_assigned", "complaint_reopened", "complaint_noted"];
    r.notices(ComplaintId::KIND, &urgent, &usual);
    r.expanders.insert("cmp", work::expand);
}

fn records(r: &mut Routes) {
    r.list("/complaints", "listComplaints", &model::COMPLAINTS, http::list)
        .scope(READ)
        .says("List complaints", "Those of the customers that you see, and what you look after.");
    r.create("/complaints", "createComplaint", http::create)
        .scope(WRITE)
        .says("Enter a complaint", "The customer's owner looks after it unless somebody else is named, and is told at once. Its severity and the customer's tier say how long an answer and a resolution may take, in working time (`GET /deadlines/{record_id}`).")
        .example(json!({"customer_id": "cus_019a7c5e8f3a7d10b6c2a94e51d0f37b", "category": "quality", "severity": "high", "channel": "phone", "subject": "Three boxes of tea are damp"}))
        .fails_with(&["external_id_taken", "customer_merged"]);
    r.read("/complaints/{complaint_id}", "getComplaint", http::get)
        .scope(READ)
        .expands(model::COMPLAINTS.expand)
        .says("Read a complaint", "");
    r.change("/complaints/{complaint_id}", "updateComplaint", http::update)
        .scope(WRITE)
        .says(
            "Change a complaint",
            "While it is not resolved. Another severity gives it another time, counted from when it came in.",
        )
        .example(json!({"severity": "critical"}))
        .fails_with(&["invalid_transition", "external_id_taken", "customer_merged"]);
    r.history("/complaints/{complaint_id}/history", "listComplaintHistory", http::get)
        .scope(READ)
        .says("History of a complaint", "Every change: who, when, why, before and after.");
    r.read_by_external_id("/complaints/by-external-id/{system}/{id}", "getComplaintByExternalId", http::get)
        .scope(READ)
        .expands(model::COMPLAINTS.expand)
        .says("Read a complaint by external id", "");
    r.put_by_external_id(
        "/complaints/by-external-id/{system}/{id}",
        "upsertComplaintByExternalId",
        http::create,
        http::update_named,
    )
    .scope(WRITE)
    .says("Create or change a complaint by external id", "A complaint stays with its customer and with the moment that it came in.")
    .example(json!({"customer_id": "cus_019a7c5e8f3a7d10b6c2a94e51d0f37b", "category": "quality", "severity": "high", "channel": "phone", "subject": "Three boxes of tea are damp"}))
    .fails_with(&["invalid_transition", "external_id_taken", "customer_merged"]);
}

fn life(r: &mut Routes) {
    let by = &["invalid_transition"][..];
    r.action("/complaints/{complaint_id}/assign", "assignComplaint", http::assign)
        .scope(WRITE)
        .says("Give a complaint to somebody", "They are told at once.")
        .example(json!({"assignee_id": "usr_019a7c5e8f3a7d10b6c2a94e51d0f37b"}))
        .fails_with(by);
    r.action("/complaints/{complaint_id}/acknowledge", "acknowledgeComplaint", http::acknowledge)
        .scope(WRITE)
        .says(
            "Acknowledge a complaint",
            "The customer knows that we know. This is what the response deadline waits for.",
        )
        .fails_with(by);
    r.action("/complaints/{complaint_id}/investigate", "investigateComplaint", http::investigate)
        .scope(WRITE)
        .says("Begin to investigate", "Also when the customer does not take what was proposed.")
        .fails_with(by);
    r.action("/complaints/{complaint_id}/propose", "proposeComplaintSolution", http::propose)
        .scope(WRITE)
        .says("Propose a solution", "What was proposed to the customer; a better offer replaces it.")
        .example(json!({"proposal": "New boxes by Thursday, and 5 % off the order"}))
        .fails_with(by);
    r.action("/complaints/{complaint_id}/resolve", "resolveComplaint", http::resolve)
        .scope(WRITE)
        .says("Resolve a complaint", "Says why it happened and what was done. Approved remedies are granted in the same step; a replacement becomes an order without a price, for which `orders:write` is needed.")
        .example(json!({"root_cause": "transport", "root_cause_note": "The pallet stood in the rain at the depot", "resolution": "Replaced and credited; the carrier was told"}))
        .fails_with(&["invalid_transition", "remedy_undecided"]);
    r.action("/complaints/{complaint_id}/close", "closeComplaint", http::close)
        .scope(WRITE)
        .optional_body()
        .says("Close a complaint", "With what the customer says about it.")
        .example(json!({"satisfaction": 4, "satisfaction_note": "Quick, thank you"}))
        .fails_with(by);
    r.action("/complaints/{complaint_id}/reopen", "reopenComplaint", http::reopen)
        .scope(WRITE)
        .says(
            "Open a complaint again",
            "Within 30 days after it was resolved. The time to resolve it begins anew.",
        )
        .example(json!({"reason": "The new boxes are damp, too"}))
        .fails_with(&["invalid_transition", "too_late_to_reopen"]);
    r.action("/complaints/{complaint_id}/wait", "waitForComplainant", http::wait)
        .scope(WRITE)
        .says("Wait for the customer", "The time to resolve it stands still until it goes on.")
        .example(json!({"reason": "They are to send photographs"}))
        .fails_with(by);
    r.action("/complaints/{complaint_id}/resume", "resumeComplaint", http::resume)
        .scope(WRITE)
        .says("Go on", "The time to resolve it runs again.")
        .fails_with(by);
    r.action("/complaints/{complaint_id}/escalate", "escalateComplaint", http::escalate)
        .scope(WRITE)
        .says(
            "Escalate a complaint",
            "To the manager, then to the executives, before its time; a missed deadline does it by itself.",
        )
        .example(json!({"reason": "The customer threatens to leave"}))
        .fails_with(by);
}

fn notes(r: &mut Routes) {
    r.list("/complaints/{complaint_id}/notes", "listComplaintNotes", &model::NOTES, http::list_notes)
        .scope(READ)
        .says("List a complaint's notes", "");
    r.action("/complaints/{complaint_id}/notes", "addComplaintNote", http::add_note)
        .scope(WRITE)
        .unversioned()
        .says("Add a note to a complaint", "Among colleagues, what the customer said, or what both sides agreed on. Notes are never changed.")
        .example(json!({"kind": "mediation", "text": "They would take new boxes and a discount"}));
}

static PROBLEMS: &[ProblemText] = &[
    problem_text(
        "remedy_undecided",
        409,
        ["A remedy is undecided", "补偿方案待审批"],
        ["{count} {count:remedy waits|remedies wait} for a decision.", "有 {count} 项补偿方案等待审批。"],
        [
            "Have each remedy approved or rejected, then resolve the complaint.",
            "请先批准或驳回各项补偿方案，再解决投诉。",
        ],
    ),
    problem_text(
        "own_remedy",
        409,
        ["Own proposal", "不能审批自己的方案"],
        ["Whoever proposed a remedy does not approve it.", "提出补偿方案的人不能自行批准。"],
        ["Ask somebody else who may approve.", "请由其他有审批权限的人批准。"],
    ),
    problem_text(
        "too_late_to_reopen",
        409,
        ["Too late to open it again", "已超过重新打开期限"],
        [
            "A complaint can be opened again within {days} days after it was resolved.",
            "投诉仅可在解决后 {days} 天内重新打开。",
        ],
        ["Enter a new complaint, and name this one in it.", "请登记新的投诉，并注明本投诉。"],
    ),
];

static PHRASES: &[Phrase] = &[
    ("not_ascending", ["must go up", "必须递增"]),
    ("complaint_received", ["New complaint {number}: {subject}", "新投诉 {number}：{subject}"]),
    (
        "complaint_assigned",
        ["Complaint {number} is yours now: {subject}", "投诉 {number} 已分配给您：{subject}"],
    ),
    (
        "complaint_reopened",
        ["Complaint {number} was opened again: {reason}", "投诉 {number} 已重新打开：{reason}"],
    ),
    (
        "complaint_noted",
        ["There is a new note on complaint {number}: {subject}", "投诉 {number} 有新备注：{subject}"],
    ),
    (
        "complaint_response_due",
        [
            "Complaint {number} is to be acknowledged by {due}: {subject}",
            "投诉 {number} 须在 {due} 前确认受理：{subject}",
        ],
    ),
    (
        "complaint_resolution_due",
        [
            "Complaint {number} is to be resolved by {due}: {subject}",
            "投诉 {number} 须在 {due} 前解决：{subject}",
        ],
    ),
    (
        "complaint_escalated",
        [
            "Complaint {number} was escalated to level {level}: {subject}",
            "投诉 {number} 已升级至第 {level} 级：{subject}",
        ],
    ),
    (
        "remedy_to_approve",
        [
            "A remedy of {amount} for complaint {number} waits for approval",
            "投诉 {number} 的补偿 {amount} 等待审批",
        ],
    ),
];

const TOLD: &[Told] = &[
    Told {
        kind: ComplaintId::KIND,
        scopes: READ,
        select: "SELECT complaints.id FROM complaints WHERE ",
        visible: model::visible_to,
        verbs: &[
            ("received", "It came in."),
            events::UPDATED,
            ("assigned", "Somebody else looks after it."),
            ("acknowledged", "The customer knows that it is being looked after."),
            ("investigated", "Its cause is being looked for."),
            ("proposed", "A solution was proposed to the customer."),
            ("resolved", "It was made good."),
            ("closed", "The customer has had the last word."),
            ("reopened", "It was not made good after all."),
            ("waiting", "It waits for the customer; its time stands still."),
            ("resumed", "Its time runs again."),
            ("escalated", "It is looked at higher up."),
        ],
    },
    Told {
        kind: model::ComplaintNoteId::KIND,
        scopes: READ,
        select: "SELECT complaint_notes.id FROM complaint_notes WHERE ",
        visible: model::notes_visible_to,
        verbs: &[events::CREATED],
    },
];
