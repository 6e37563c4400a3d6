//! The rules of returns, without database or HTTP: their life, which quantities may come back, and their credit.

use super::model::{ReturnLine, ReturnRow};
use crate::base::auth::{Caller, Scope};
use crate::base::error::{Fault, Faults, Result};
use crate::base::types::{Amount, Quantity};
use crate::base::word_sets;
use crate::orders::model::{OrderLine, OrderLineId};
use crate::orders::rules::{line_sums, returnable_quantity};
use crate::text_enum;

text_enum! {
    /// Status of a return.
    ///
    /// * `requested`: waits for approval.
    /// * `approved`: the goods may come back.
    /// * `received`: goods came back.
    /// * `credited`: the credit for the received goods is fixed.
    /// * `replaced`: other goods are sent instead of a credit.
    /// * `closed`: nothing more is to be done.
    /// * `rejected`: the request was refused.
    /// * `cancelled`: the request was taken back before goods came.
    pub enum ReturnStatus {
        Requested = "requested",
        Approved = "approved",
        Received = "received",
        Credited = "credited",
        Replaced = "replaced",
        Closed = "closed",
        Rejected = "rejected",
        Cancelled = "cancelled",
    }
}
text_enum! {
    /// A step in the life of a return.
    ///
    /// * `edit`: change complaint, exception or notes.
    /// * `approve`: allow the goods to come back.
    /// * `reject`: refuse the request.
    /// * `receive`: record which goods came back.
    /// * `credit`: fix the credit for the received goods.
    /// * `replace`: send other goods instead of a credit.
    /// * `close`: end a credited or replaced return.
    /// * `cancel`: take the request back before goods come.
    pub enum ReturnAction {
        Edit = "edit",
        Approve = "approve",
        Reject = "reject",
        Receive = "receive",
        Credit = "credit",
        Replace = "replace",
        Close = "close",
        Cancel = "cancel",
    }
}
text_enum! {
    /// Why goods come back.
    ///
    /// * `damaged`: the goods are damaged.
    /// * `wrong_goods`: other goods came than were ordered.
    /// * `not_ordered`: the customer did not order them.
    /// * `quality`: the quality is not good enough.
    /// * `late`: the goods came too late.
    /// * `customer_changed_mind`: the customer does not want them any more.
    /// * `other`: another reason; say which in `notes`.
    pub enum ReturnReason {
        Damaged = "damaged",
        WrongGoods = "wrong_goods",
        NotOrdered = "not_ordered",
        Quality = "quality",
        Late = "late",
        CustomerChangedMind = "customer_changed_mind",
        Other = "other",
    }
}
text_enum! {
    /// What happens to returned goods.
    ///
    /// * `restock`: they go back into stock.
    /// * `scrap`: they are thrown away.
    pub enum ReturnDisposition { Restock = "restock", Scrap = "scrap" }
}

impl ReturnStatus {
    /// The whole life.
    pub fn after(self, action: ReturnAction) -> Option<ReturnStatus> {
        use ReturnAction as A;
        use ReturnStatus as S;
        match (self, action) {
            (S::Requested | S::Approved, A::Edit) => Some(self),
            (S::Requested, A::Approve) => Some(S::Approved),
            (S::Requested, A::Reject) => Some(S::Rejected),
            (S::Requested | S::Approved, A::Cancel) => Some(S::Cancelled),
            (S::Approved, A::Receive) => Some(S::Received),
            (S::Received, A::Credit) => Some(S::Credited),
            (S::Received, A::Replace) => Some(S::Replaced),
            (S::Credited | S::Replaced, A::Close) => Some(S::Closed),
            _ => None,
        }
    }
}

word_sets! { ReturnStatus {
    /// Its goods are to come back, and have not come.
    ON_ITS_WAY, is_on_its_way = { Requested | Approved }
        not { Received | Credited | Replaced | Closed | Rejected | Cancelled }
    /// Its goods came back.
    COME, has_come = { Received | Credited | Replaced | Closed }
        not { Requested | Approved | Rejected | Cancelled }
    /// Somebody of the company has to do the next step; as in the partial index `returns_waiting`.
    WAITING, is_waiting = { Requested | Approved | Received }
        not { Credited | Replaced | Closed | Rejected | Cancelled }
} }

impl ReturnAction {
    /// Who may take the step: whoever has one of these.
    pub const fn scopes(self) -> &'static [Scope] {
        use ReturnAction::*;
        match self {
            Edit | Cancel => &[Scope::ReturnsWrite],
            Approve | Reject | Replace => &[Scope::ReturnsApprove],
            // Whoever ships goods takes them back.
            Receive => &[Scope::ShipmentsWrite],
            Credit | Close => &[Scope::ReturnsCredit],
        }
    }
}

impl ReturnRow {
    /// The steps that the life and the caller's rights allow now.
    pub fn allowed_actions(&self, caller: &Caller) -> Vec<ReturnAction> {
        let allowed = |action: &ReturnAction| {
            self.status.after(*action).is_some() && action.scopes().iter().any(|s| caller.may(*s))
        };
        ReturnAction::ALL.iter().copied().filter(allowed).collect()
    }

    /// Whether the caller is the person who requested it.
    pub fn is_own(&self, caller: &Caller) -> bool {
        caller.user.is_some() && self.created_by.map(|by| by.0) == caller.user
    }
}

/// What is wrong with a request: more than can be returned, a quantity that is not positive, unknown or repeated
/// lines.
pub fn request_faults(lines: &[OrderLine], wanted: &[(OrderLineId, Quantity)]) -> Faults {
    let mut faults = Faults::default();
    for (i, (id, quantity)) in wanted.iter().enumerate() {
        let (line_at, at) = (format!("/lines/{i}/order_line_id"), format!("/lines/{i}/quantity"));
        let Some(line) = lines.iter().find(|l| l.id == *id) else {
            faults.push(Fault::at(line_at, "unknown_reference").with("kind", "order line"));
            continue;
        };
        if wanted[..i].iter().any(|(earlier, _)| earlier == id) {
            faults.push(Fault::at(line_at, "duplicate_entry"));
        }
        let returnable = returnable_quantity(line);
        if *quantity <= Quantity::ZERO {
            faults.push(Fault::at(at, "must_be_positive"));
        } else if *quantity > returnable {
            faults.push(Fault::at(at, "exceeds_returnable").with("returnable", returnable));
        }
    }
    faults
}

/// What came of a line, at this place of the request.
#[derive(Debug, Clone)]
pub struct Came {
    pub pointer: String,
    pub line: OrderLineId,
    pub quantity: Quantity,
    pub disposition: Option<ReturnDisposition>,
}

/// What is wrong with a receipt: more than was requested, unknown or repeated lines, nothing at all, goods without a
/// disposition.
pub fn receipt_faults(lines: &[ReturnLine], came: &[Came]) -> Faults {
    let mut faults = Faults::default();
    for (i, come) in came.iter().enumerate() {
        let at = |field: &str| format!("{}/{field}", come.pointer);
        let Some(line) = lines.iter().find(|l| l.order_line_id == come.line) else {
            faults.push(Fault::at(at("order_line_id"), "unknown_reference").with("kind", "return line"));
            continue;
        };
        if came[..i].iter().any(|c| c.line == come.line) {
            faults.push(Fault::at(at("order_line_id"), "duplicate_entry"));
        }
        if come.quantity.is_negative() {
            faults.push(Fault::at(at("quantity"), "must_not_be_negative"));
        } else if come.quantity > line.quantity {
            faults.push(Fault::at(at("quantity"), "exceeds_requested").with("requested", line.quantity));
        }
        if !come.quantity.is_zero() && come.disposition.or(line.disposition).is_none() {
            faults.push(Fault::at(at("disposition"), "disposition_needed"));
        }
    }
    if came.iter().all(|c| c.quantity.is_zero()) {
        faults.push(Fault::at("/lines", "nothing_came"));
    }
    faults
}

/// What was credited of a line so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Credited {
    pub quantity: Quantity,
    pub net: Amount,
    pub tax: Amount,
}

/// A credit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Credit {
    pub net: Amount,
    pub tax: Amount,
    /// `net` + `tax`.
    pub gross: Amount,
}

/// The credit for a quantity of a line, after earlier credits of the same line. It is the net and tax of a line over
/// everything that came back so far, rounded as every line is, less what was credited before. So the credits of a line
/// that comes back in parts add up to the whole line to the cent, and each differs from its share by rounding only.
pub fn credit(line: &OrderLine, currency: &str, before: Credited, quantity: Quantity) -> Result<Credit> {
    if quantity.is_zero() {
        return Ok(Credit::default());
    }
    let all = before.quantity.checked_add(quantity)?;
    let sums = line_sums(all, line.unit_price, line.discount_rate, line.tax_rate, currency)?;
    // A line whose price was lowered after a part of it was credited is not charged again.
    let net = sums.net.checked_sub(before.net)?.max(Amount::ZERO);
    let tax = sums.tax.checked_sub(before.tax)?.max(Amount::ZERO);
    Ok(Credit { net, tax, gross: net.checked_add(tax)? })
}
