//! The rules of complaints, without database or HTTP: their life, and how far back a closed one can be opened.

use crate::base::auth::{Caller, Scope};
use crate::base::types::At;
use crate::base::word_sets;
use crate::text_enum;

use super::model::Complaint;

text_enum! {
    /// Status of a complaint.
    ///
    /// * `received`: entered, and not confirmed to the customer yet.
    /// * `acknowledged`: the customer was told that the company handles it.
    /// * `investigating`: the cause is being looked for.
    /// * `proposed`: a solution was proposed to the customer.
    /// * `resolved`: it was made good. It can be opened again within 30 days.
    /// * `closed`: the handling ended. It can be opened again within 30 days after it was resolved.
    pub enum ComplaintStatus {
        Received = "received",
        Acknowledged = "acknowledged",
        Investigating = "investigating",
        Proposed = "proposed",
        Resolved = "resolved",
        Closed = "closed",
    }
}
text_enum! {
    /// A step in the life of a complaint.
    ///
    /// * `edit`: change what was entered.
    /// * `assign`: give it to another person.
    /// * `acknowledge`: confirm to the customer that it is being handled.
    /// * `investigate`: look for the cause.
    /// * `propose`: propose a solution to the customer.
    /// * `resolve`: record cause and solution.
    /// * `close`: end it after it was resolved.
    /// * `reopen`: open it again because it is not solved after all.
    /// * `wait`: stop the resolution deadline until the customer answers.
    /// * `resume`: go on after waiting.
    /// * `escalate`: tell the next level of management.
    /// * `add_note`: add a note.
    /// * `add_remedy`: propose a credit or replacement goods.
    pub enum ComplaintAction {
        Edit = "edit",
        Assign = "assign",
        Acknowledge = "acknowledge",
        Investigate = "investigate",
        Propose = "propose",
        Resolve = "resolve",
        Close = "close",
        Reopen = "reopen",
        Wait = "wait",
        Resume = "resume",
        Escalate = "escalate",
        AddNote = "add_note",
        AddRemedy = "add_remedy",
    }
}

/// Days after it was resolved within which a complaint can be opened again.
pub const REOPEN_DAYS: i64 = 30;

impl ComplaintStatus {
    /// The whole life.
    pub fn after(self, action: ComplaintAction) -> Option<ComplaintStatus> {
        use ComplaintAction as A;
        use ComplaintStatus as S;
        match (self, action) {
            (S::Received, A::Acknowledge) => Some(S::Acknowledged),
            (S::Acknowledged | S::Proposed, A::Investigate) => Some(S::Investigating),
            (S::Investigating | S::Proposed, A::Propose) => Some(S::Proposed),
            (S::Acknowledged | S::Investigating | S::Proposed, A::Resolve) => Some(S::Resolved),
            (S::Resolved, A::Close) => Some(S::Closed),
            (S::Resolved | S::Closed, A::Reopen) => Some(S::Investigating),
            (S::Acknowledged | S::Investigating | S::Proposed, A::Wait | A::Resume) => Some(self),
            (_, A::AddNote) => Some(self),
            (_, A::Edit | A::Assign | A::Escalate) if !self.is_resolved() => Some(self),
            (S::Acknowledged | S::Investigating | S::Proposed, A::AddRemedy) => Some(self),
            _ => None,
        }
    }
}

word_sets! { ComplaintStatus {
    /// The customer has an answer. The partial index `complaints_open` has the others.
    RESOLVED, is_resolved = { Resolved | Closed } not { Received | Acknowledged | Investigating | Proposed }
} }

impl Complaint {
    /// Whether its life, with what it waits for, has this step now.
    pub fn life_allows(&self, action: ComplaintAction) -> bool {
        self.status.after(action).is_some()
            && match action {
                ComplaintAction::Wait => self.waiting_reason.is_none(),
                ComplaintAction::Resume => self.waiting_reason.is_some(),
                ComplaintAction::Escalate => self.escalation_level < 2,
                _ => true,
            }
    }

    /// The steps that the life and the caller's rights allow now.
    pub fn allowed_actions(&self, caller: &Caller) -> Vec<ComplaintAction> {
        let may = caller.may(Scope::ComplaintsWrite);
        ComplaintAction::ALL.iter().copied().filter(|a| may && self.life_allows(*a)).collect()
    }

    /// Whether it is too late to open it again.
    pub fn is_past_reopening(&self, now: At) -> bool {
        self.resolved_at.is_some_and(|at| at.plus_seconds(REOPEN_DAYS * 24 * 3600) < now)
    }
}
