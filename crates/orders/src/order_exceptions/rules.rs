//! The rules of order exceptions, without database or HTTP: their life, who may take which step, which of them block,
//! and how long each may take.

use super::model::OrderException;
use crate::base::auth::{Caller, Scope};
use crate::base::deadlines::model::DeadlineAction;
use crate::base::word_sets;
use crate::text_enum;

text_enum! {
    /// What is wrong with an order.
    ///
    /// * `shortage`: fewer goods are available than were ordered.
    /// * `delay`: the goods are late, or will be.
    /// * `damage`: goods are damaged.
    /// * `price_dispute`: the customer does not agree with the price.
    /// * `wrong_goods`: other goods were sent than were ordered.
    /// * `address`: the goods cannot be delivered to the given address.
    /// * `payment`: a payment is missing or in question.
    /// * `other`: anything else; say what in `description`.
    pub enum ExceptionKind {
        Shortage = "shortage",
        Delay = "delay",
        Damage = "damage",
        PriceDispute = "price_dispute",
        WrongGoods = "wrong_goods",
        Address = "address",
        Payment = "payment",
        Other = "other",
    }
}
text_enum! {
    /// How serious an exception is. It sets the time in which the exception must be resolved, in working
    /// hours.
    ///
    /// * `minor`: 40 working hours.
    /// * `major`: 16 working hours.
    /// * `critical`: 4 working hours. Blocks shipping unless `blocking` says otherwise.
    pub enum ExceptionSeverity { Minor = "minor", Major = "major", Critical = "critical" }
}
text_enum! {
    /// Status of an order exception.
    ///
    /// * `open`: reported, nobody works on it yet.
    /// * `in_progress`: somebody works on it.
    /// * `resolved`: the problem is solved. It can be opened again.
    /// * `closed`: nothing more is to be done. It can be opened again.
    /// * `cancelled`: it was entered by mistake. It is not counted in reports.
    pub enum ExceptionStatus {
        Open = "open",
        InProgress = "in_progress",
        Resolved = "resolved",
        Closed = "closed",
        Cancelled = "cancelled",
    }
}
text_enum! {
    /// A step in the life of an order exception.
    ///
    /// * `edit`: change what was reported.
    /// * `assign`: give it to another owner.
    /// * `start`: begin to work on it.
    /// * `resolve`: record how it was resolved.
    /// * `close`: end it after it was resolved.
    /// * `reopen`: open it again because it is not resolved after all.
    /// * `cancel`: take back one that was entered by mistake.
    /// * `block`: stop the order from shipping while the exception is open.
    /// * `unblock`: let the order ship although the exception is open.
    pub enum ExceptionAction {
        Edit = "edit",
        Assign = "assign",
        Start = "start",
        Resolve = "resolve",
        Close = "close",
        Reopen = "reopen",
        Cancel = "cancel",
        Block = "block",
        Unblock = "unblock",
    }
}
text_enum! {
    /// How an exception was resolved.
    ///
    /// * `fulfilled_later`: the goods are delivered later.
    /// * `replaced`: other goods are sent.
    /// * `credited`: the customer gets a credit.
    /// * `price_corrected`: the price was corrected.
    /// * `address_corrected`: the address was corrected.
    /// * `paid`: the payment arrived.
    /// * `cancelled_rest`: the open rest of the order is not delivered.
    /// * `no_fault`: nothing was wrong.
    /// * `other`: anything else; say what in `resolution`.
    pub enum ExceptionOutcome {
        FulfilledLater = "fulfilled_later",
        Replaced = "replaced",
        Credited = "credited",
        PriceCorrected = "price_corrected",
        AddressCorrected = "address_corrected",
        Paid = "paid",
        CancelledRest = "cancelled_rest",
        NoFault = "no_fault",
        Other = "other",
    }
}

impl ExceptionStatus {
    /// The whole life.
    pub fn after(self, action: ExceptionAction) -> Option<ExceptionStatus> {
        use ExceptionAction as A;
        use ExceptionStatus as S;
        match (self, action) {
            (S::Open | S::InProgress, A::Edit | A::Assign | A::Block | A::Unblock) => Some(self),
            (S::Open, A::Start) => Some(S::InProgress),
            (S::Open | S::InProgress, A::Resolve) => Some(S::Resolved),
            (S::Open | S::InProgress, A::Cancel) => Some(S::Cancelled),
            (S::Resolved, A::Close) => Some(S::Closed),
            (S::Resolved | S::Closed, A::Reopen) => Some(S::Open),
            _ => None,
        }
    }
}

word_sets! { ExceptionStatus {
    /// Somebody still has to do something about it; as in the partial indexes.
    OPEN, is_open = { Open | InProgress } not { Resolved | Closed | Cancelled }
} }

/// Whether an exception blocks its order unless somebody says otherwise: a critical one does, and one about the price,
/// the address or the payment, because goods that have left cannot be called back.
pub fn blocks_by_default(kind: ExceptionKind, severity: ExceptionSeverity) -> bool {
    let before_goods_leave =
        matches!(kind, ExceptionKind::PriceDispute | ExceptionKind::Address | ExceptionKind::Payment);
    severity == ExceptionSeverity::Critical || before_goods_leave
}

/// Working hours: to resolve it, before that at which the owner is reminded, and after that at which the manager and
/// the executives are told. At the deadline itself the owner is.
struct Allowance {
    resolve: i64,
    remind: i64,
    manager: i64,
    executives: i64,
}

fn allowance(severity: ExceptionSeverity) -> Allowance {
    match severity {
        ExceptionSeverity::Critical => Allowance { resolve: 4, remind: 1, manager: 1, executives: 4 },
        ExceptionSeverity::Major => Allowance { resolve: 16, remind: 4, manager: 4, executives: 16 },
        ExceptionSeverity::Minor => Allowance { resolve: 40, remind: 8, manager: 8, executives: 40 },
    }
}

/// Working seconds within which an exception is to be resolved.
pub fn resolution_seconds(severity: ExceptionSeverity) -> i64 {
    3600 * allowance(severity).resolve
}

/// The step at which an exception is overdue.
pub const OVERDUE: &str = "overdue";

/// What happens before and after the deadline.
pub fn steps(severity: ExceptionSeverity) -> Vec<DeadlineAction> {
    let hours = allowance(severity);
    let step = |name: &str, level, hours: i64| DeadlineAction {
        name: name.into(),
        level,
        offset_seconds: 3600 * hours,
    };
    vec![
        step("reminder", 0, -hours.remind),
        step(OVERDUE, 0, 0),
        step("escalation", 1, hours.manager),
        step("escalation", 2, hours.executives),
    ]
}

impl OrderException {
    /// Whether its life, with what it blocks, has this step now.
    pub fn life_allows(&self, action: ExceptionAction) -> bool {
        self.status.after(action).is_some()
            && match action {
                ExceptionAction::Block => !self.blocking,
                ExceptionAction::Unblock => self.blocking,
                _ => true,
            }
    }

    /// Whether the caller's rights allow the step: who manages exceptions may take every one; who looks after it all
    /// but unblocking, and ending what another has blocked; who reported it may correct it and take it back; everybody
    /// who reports may block.
    pub fn rights_allow(&self, action: ExceptionAction, caller: &Caller) -> bool {
        let is =
            |user: Option<crate::people::UserId>| caller.user.is_some() && user.map(|u| u.0) == caller.user;
        let (owner, reporter) = (is(self.owner_id), is(self.created_by));
        let by_role = match action {
            ExceptionAction::Block => true,
            ExceptionAction::Unblock => false,
            ExceptionAction::Edit => owner || reporter,
            // To end what blocks lets the goods leave, as unblocking does. Who blocked it may take that back.
            ExceptionAction::Cancel => reporter || (owner && !self.blocking),
            ExceptionAction::Resolve => owner && (reporter || !self.blocking),
            ExceptionAction::Assign
            | ExceptionAction::Start
            | ExceptionAction::Close
            | ExceptionAction::Reopen => owner,
        };
        caller.may(Scope::ExceptionsManage) || caller.may(Scope::ExceptionsWrite) && by_role
    }

    /// The steps that the life and the caller's rights allow now.
    pub fn allowed_actions(&self, caller: &Caller) -> Vec<ExceptionAction> {
        let allowed =
            |action: &ExceptionAction| self.life_allows(*action) && self.rights_allow(*action, caller);
        ExceptionAction::ALL.iter().copied().filter(allowed).collect()
    }

    pub fn is_overdue(&self) -> bool {
        self.resolution_missed && self.status.is_open()
    }
}
