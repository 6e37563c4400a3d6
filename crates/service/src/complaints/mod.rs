//! Complaints: what customers complain about, who handles it, by when, and how it is resolved.
//!
//! | endpoint | who |
//! |---|---|
//! | read | `complaints:read`: complaints of the customers that one sees, and those that one handles |
//! | enter, change, every step of the life, propose remedies | `complaints:write` |
//! | approve and reject remedies | `complaints:approve` |
//! | service level policies | read: `complaints:read`; change: `settings:write` |

mod columns;
mod http;
pub mod model;
pub mod policies;
pub mod remedies;
pub mod report;
pub mod rules;
pub mod work;
mod worklist;

use serde_json::json;

use crate::base::Area;
use crate::base::auth::{Caller, Scope};
use crate::base::db::Replayed;
use crate::base::db::filter::{Column, Op, Predicate, col};
use crate::base::events::{self, EventSource, Verb};
use crate::base::held;
use crate::base::http::Routes;
use crate::base::lives::Life;
use crate::base::messages::{Phrase, ProblemText, problem_text};
use crate::customers::Attention;
use crate::schema::complaints;
use model::Complaint;
use salesdesk_parties::movable;

pub use model::ComplaintId;

pub const AREA: Area = Area { name: "complaints", routes, problems: PROBLEMS, phrases: PHRASES };

const READ: &[Scope] = &[Scope::ComplaintsRead];
const WRITE: &[Scope] = &[Scope::ComplaintsWrite];

/// Parts of the complaints that a caller sees; the column names the part's complaint.
pub fn part_of_visible(caller: &Caller, column: Column) -> Predicate {
    match model::visible_to(caller) {
        Predicate::All => Predicate::All,
        complaints => Predicate::in_select(column, col!(complaints::id), complaints),
    }
}

fn routes(r: &mut Routes) {
    r.declare(
        Life::of(
            "Complaints",
            ComplaintId::KIND,
            rules::ComplaintStatus::ALL,
            rules::ComplaintAction::ALL,
            rules::ComplaintStatus::after,
        )
        .calls(&[("add_note", "addComplaintNote"), ("add_remedy", "addComplaintRemedy")]),
    );
    r.declare(held!(
        complaints::assignee_id,
        ComplaintId,
        ["Assignee of complaints", "投诉处理人"],
        |person| Predicate::eq(col!(complaints::assignee_id), person).and(model::open()),
        work::pass,
        customer: customer_id
    ));
    r.declare(columns::COMPLAINTS);
    r.declare(movable!(Complaint, complaints, ComplaintId));
    r.declare(worklist::SOURCE);
    r.declare(Attention {
        customer: col!(complaints::customer_id),
        since: |at, _| Predicate::Compare(col!(complaints::received_at), Op::Gt, at.into()),
    });
    TOLD.iter().for_each(|told| r.tells(*told));
    r.declare(Replayed::of::<model::Complaint>(col!(complaints::id)));
    r.declare(Replayed::of::<model::ComplaintNote>(col!(complaint_notes::id)));
    r.tag("complaints", "Complaints of customers: who handles them, by when, and how they are resolved.");
    r.within_restrictions();
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
    r.expands("cmp", work::expand);
}

fn records(r: &mut Routes) {
    r.list("/complaints", "listComplaints", &model::COMPLAINTS, http::list)
        .scope(READ)
        .summary("List complaints")
        .description("Complaints of the customers that you may see, and those that you handle. Use `open=true` for what is still to be done.");
    r.create("/complaints", "createComplaint", http::create)
        .scope(WRITE)
        .summary("Enter a complaint")
        .description("Records a complaint and tells the assignee at once. The assignee defaults to the customer's owner. The service level policy for the severity and the customer's tier sets a response and a resolution deadline in working time (`GET /deadlines/{record_id}`); without a policy there are none. A customer that was merged into another one is refused with `customer_merged`.")
        .example(json!({"customer_id": "cus_019a7c5e8f3a7d10b6c2a94e51637573", "category": "quality", "severity": "high", "channel": "phone", "subject": "Three boxes of tea are damp"}))
        .fails_with(&["external_id_taken", "customer_merged"]);
    r.read("/complaints/{complaint_id}", "getComplaint", http::get)
        .scope(READ)
        .expands(model::COMPLAINTS.expand)
        .summary("Read a complaint")
        .description(
            "The complaint with the steps that you can take now. Notes and remedies have their own lists.",
        );
    r.change("/complaints/{complaint_id}", "updateComplaint", http::update)
        .scope(WRITE)
        .summary("Change a complaint")
        .description("Corrects what was entered, until the complaint is resolved; then it is refused with `invalid_transition`. A changed severity changes the deadlines, counted from when they began.")
        .example(json!({"severity": "critical"}))
        .fails_with(&["invalid_transition", "read_only_share", "external_id_taken", "customer_merged"]);
    r.history("/complaints/{complaint_id}/history", "listComplaintHistory", http::get)
        .scope(READ)
        .summary("Read the history of a complaint")
        .description("Every change in order: who made it, when and why, with the fields before and after.");
    r.read_by_external_id("/complaints/by-external-id/{system}/{id}", "getComplaintByExternalId", http::get)
        .scope(READ)
        .expands(model::COMPLAINTS.expand)
        .summary("Read a complaint by external id")
        .description("The complaint that another system calls by this id.");
    r.put_by_external_id(
        "/complaints/by-external-id/{system}/{id}",
        "upsertComplaintByExternalId",
        http::create,
        http::update_named,
    )
    .scope(WRITE)
    .summary("Upsert a complaint by external id")
    .description("For another system that sends its complaints. A new complaint is entered as by `POST /complaints`. An existing one keeps its customer and `received_at`. Another `assignee_id` assigns it, and the new assignee is told.")
    .example(json!({"customer_id": "cus_019a7c5e8f3a7d10b6c2a94e51637573", "category": "quality", "severity": "high", "channel": "phone", "subject": "Three boxes of tea are damp"}))
    .fails_with(&["invalid_transition", "read_only_share", "external_id_taken", "customer_merged"]);
}

fn life(r: &mut Routes) {
    let by = &["invalid_transition", "read_only_share"][..];
    r.action("/complaints/{complaint_id}/assign", "assignComplaint", http::assign)
        .scope(WRITE)
        .summary("Assign a complaint")
        .description(
            "Makes another person the assignee and tells them at once, until the complaint is resolved.",
        )
        .example(json!({"assignee_id": "usr_019a7c5e8f3a7d10b6c2a94e51757372"}))
        .fails_with(by);
    r.action("/complaints/{complaint_id}/acknowledge", "acknowledgeComplaint", http::acknowledge)
        .scope(WRITE)
        .summary("Acknowledge a complaint")
        .description("Records that the customer was told that the complaint is being handled. This ends the response deadline. Only a received complaint can be acknowledged.")
        .fails_with(by);
    r.action("/complaints/{complaint_id}/investigate", "investigateComplaint", http::investigate)
        .scope(WRITE)
        .summary("Investigate a complaint")
        .description("Records that the cause is being looked for. Use it after the complaint was acknowledged, or when the customer refused the proposal.")
        .fails_with(by);
    r.action("/complaints/{complaint_id}/propose", "proposeComplaintSolution", http::propose)
        .scope(WRITE)
        .summary("Propose a solution")
        .description("Records what was proposed to the customer; it replaces an earlier proposal. Allowed while the complaint is investigated, or after another proposal.")
        .example(json!({"proposal": "New boxes by Thursday, and 5 % off the order"}))
        .fails_with(by);
    r.action("/complaints/{complaint_id}/resolve", "resolveComplaint", http::resolve)
        .scope(WRITE)
        .summary("Resolve a complaint")
        .description("Records the cause and what was done, and ends the resolution deadline. Approved remedies are granted in the same transaction; a replacement becomes a draft order at price 0, which needs the scope `orders:write`, too. Refused with `remedy_undecided` while a remedy waits for approval, and with `invalid_transition` before the complaint was acknowledged.")
        .example(json!({"root_cause": "transport", "root_cause_note": "The pallet stood in the rain at the depot", "resolution": "Replaced and credited; the carrier was told"}))
        .fails_with(&["invalid_transition", "read_only_share", "remedy_undecided"]);
    r.action("/complaints/{complaint_id}/close", "closeComplaint", http::close)
        .scope(WRITE)
        .optional_body()
        .summary("Close a complaint")
        .description("Ends a resolved complaint, with what the customer says about the handling.")
        .example(json!({"satisfaction": 4, "satisfaction_note": "Quick, thank you"}))
        .fails_with(by);
    r.action("/complaints/{complaint_id}/reopen", "reopenComplaint", http::reopen)
        .scope(WRITE)
        .summary("Reopen a complaint")
        .description("Opens a resolved or closed complaint again, because it is not solved. It is `investigating` again, a new resolution deadline begins now, and the assignee is told. Refused with `too_late_to_reopen` more than 30 days after it was resolved.")
        .example(json!({"reason": "The new boxes are damp, too"}))
        .fails_with(&["invalid_transition", "read_only_share", "too_late_to_reopen"]);
    r.action("/complaints/{complaint_id}/wait", "waitForComplainant", http::wait)
        .scope(WRITE)
        .summary("Wait for the customer")
        .description("Records what the customer has to do or send first. The resolution deadline stands still until the complaint is resumed or resolved. Refused with `invalid_transition` when it waits already, before it was acknowledged and after it was resolved.")
        .example(json!({"reason": "They are to send photographs"}))
        .fails_with(by);
    r.action("/complaints/{complaint_id}/resume", "resumeComplaint", http::resume)
        .scope(WRITE)
        .summary("Resume a complaint")
        .description("Ends the waiting for the customer: the resolution deadline runs again.")
        .fails_with(by);
    r.action("/complaints/{complaint_id}/escalate", "escalateComplaint", http::escalate)
        .scope(WRITE)
        .summary("Escalate a complaint")
        .description("Raises the escalation level by one and tells the manager (level 1) or the executives (level 2), and the assignee. A missed deadline does this by itself. Refused with `invalid_transition` at level 2, and once the complaint is resolved.")
        .example(json!({"reason": "The customer threatens to leave"}))
        .fails_with(by);
}

fn notes(r: &mut Routes) {
    r.list("/complaints/{complaint_id}/notes", "listComplaintNotes", &model::NOTES, http::list_notes)
        .scope(READ)
        .summary("List notes of a complaint")
        .description("The notes of one complaint, the oldest first.");
    r.action("/complaints/{complaint_id}/notes", "addComplaintNote", http::add_note)
        .scope(WRITE)
        .unversioned()
        .summary("Add a note to a complaint")
        .description("Adds a remark among colleagues, what the customer said, or what both sides agreed on. The assignee is told. Notes can be added in every status and are never changed.")
        .example(json!({"kind": "mediation", "text": "They would take new boxes and a discount"}));
}

static PROBLEMS: &[ProblemText] = &[
    problem_text(
        "remedy_undecided",
        409,
        ["Remedy waits for approval", "补偿方案待审批"],
        ["{count} {count:remedy waits|remedies wait} for approval.", "有 {count} 项补偿方案等待审批。"],
        [
            "Approve or reject each remedy first, then resolve the complaint.",
            "请先批准或驳回各项补偿方案，再解决投诉。",
        ],
    ),
    problem_text(
        "own_remedy",
        409,
        ["Own proposal", "不能审批自己的方案"],
        ["The person who proposed a remedy cannot approve it.", "提出补偿方案的人不能自行批准。"],
        ["Ask another person who may approve remedies.", "请由其他有审批权限的人批准。"],
    ),
    problem_text(
        "too_late_to_reopen",
        409,
        ["Too late to reopen", "已超过重新打开期限"],
        [
            "A complaint can be opened again within {days} days after it was resolved.",
            "投诉仅可在解决后 {days} 天内重新打开。",
        ],
        ["Enter a new complaint and mention this one in it.", "请登记新的投诉，并注明本投诉。"],
    ),
];

static PHRASES: &[Phrase] = &[
    ("not_ascending", ["each number must be greater than the one before", "必须递增"]),
    ("complaint_received", ["New complaint {number}: {subject}", "新投诉 {number}：{subject}"]),
    (
        "complaint_assigned",
        ["Complaint {number} was assigned to you: {subject}", "投诉 {number} 已分配给您：{subject}"],
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
            "Complaint {number} must be acknowledged by {due}: {subject}",
            "投诉 {number} 须在 {due} 前确认受理：{subject}",
        ],
    ),
    (
        "complaint_resolution_due",
        [
            "Complaint {number} must be resolved by {due}: {subject}",
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

const TOLD: &[EventSource] = &[
    EventSource {
        kind: ComplaintId::KIND,
        name: ["Complaint", "投诉"],
        scopes: READ,
        id: col!(complaints::id),
        visible: model::visible_to,
        verbs: &[
            Verb::new("received", "The complaint was entered."),
            events::UPDATED,
            Verb::new("assigned", "The complaint was given to another person."),
            Verb::new("acknowledged", "The customer was told that the complaint is being handled."),
            Verb::new("investigated", "The cause of the complaint is being looked for.")
                .reads("under investigation", "调查中"),
            Verb::new("proposed", "A solution of the complaint was proposed to the customer.")
                .reads("proposed", "已提出方案"),
            Verb::new("resolved", "The complaint was resolved."),
            Verb::new("closed", "The complaint was closed: nothing more is to be done."),
            Verb::new("reopened", "The complaint was opened again because it was not resolved."),
            Verb::new(
                "waiting",
                "The complaint waits for the customer; its resolution deadline stands still.",
            )
            .reads("waiting for the customer", "等待客户"),
            Verb::new("resumed", "The waiting for the customer ended; the resolution deadline runs again."),
            Verb::new("escalated", "The complaint was escalated to the manager or the executives."),
        ],
    },
    EventSource {
        kind: model::ComplaintNoteId::KIND,
        name: ["Note on a complaint", "投诉记录"],
        scopes: READ,
        id: col!(complaint_notes::id),
        visible: model::notes_visible_to,
        verbs: &[events::CREATED],
    },
];
