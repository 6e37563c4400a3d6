//! The rules of an order, without database or HTTP: its life, its sums, its progress, its review.

use chrono::NaiveDate;
use serde::Serialize;
use utoipa::ToSchema;

use super::model::{LineInput, OrderLine, OrderLineId, OrderRow, Override};
use crate::base::auth::Scope;
use crate::base::error::{Fault, Result};
use crate::base::types::number::{NotANumber, currency_places};
use crate::base::types::{Amount, Price, Quantity, Rate};
use crate::base::word_sets;
use crate::text_enum;

text_enum! {
    /// Stage of the order's life:
    ///
    /// - `draft`: being entered
    /// - `submitted`: waits for review and approval
    /// - `approved`: approved; counts as booked sales and against the credit limit
    /// - `confirmed`: confirmed to the customer; can be shipped
    /// - `partially_shipped`: a part has been shipped
    /// - `shipped`: everything open has been shipped
    /// - `delivered`: everything shipped has arrived
    /// - `completed`: finished
    /// - `cancelled`: will not be delivered
    pub enum OrderStatus {
        Draft = "draft",
        Submitted = "submitted",
        Approved = "approved",
        Confirmed = "confirmed",
        PartiallyShipped = "partially_shipped",
        Shipped = "shipped",
        Delivered = "delivered",
        Completed = "completed",
        Cancelled = "cancelled",
    }
}

text_enum! {
    /// Step in the order's life:
    ///
    /// - `edit`: change a draft
    /// - `delete`: delete a draft that was never submitted
    /// - `submit`: hand a draft in for review
    /// - `withdraw`: take a submitted or approved order back to draft
    /// - `approve`: approve a submitted order
    /// - `reject`: send a submitted or approved order back to draft as a reviewer
    /// - `override`: let hard findings of the review pass
    /// - `confirm`: confirm an approved order to the customer
    /// - `revise`: change a confirmed or partially shipped order
    /// - `ship`: create a shipment
    /// - `close_short`: give up what is still open of a partially shipped order
    /// - `complete`: finish a delivered order
    /// - `cancel`: cancel an order before anything is shipped
    /// - `hold`: stop shipping
    /// - `release`: end a hold
    /// - `reassign`: give the order to another rep
    pub enum OrderAction {
        Edit = "edit",
        Delete = "delete",
        Submit = "submit",
        Withdraw = "withdraw",
        Approve = "approve",
        Reject = "reject",
        Override = "override",
        Confirm = "confirm",
        Revise = "revise",
        Ship = "ship",
        CloseShort = "close_short",
        Complete = "complete",
        Cancel = "cancel",
        Hold = "hold",
        Release = "release",
        Reassign = "reassign",
    }
}

text_enum! {
    /// How much of the order has been shipped, computed from its shipments:
    ///
    /// - `none`: nothing
    /// - `partial`: a part
    /// - `full`: everything that is not closed
    pub enum Fulfilment { None = "none", Partial = "partial", Full = "full" }
}

impl OrderStatus {
    /// The whole life. A step that is not listed is not possible. After `ship` the exact status follows from
    /// the quantities ([`progress`]); delivery is a step of the shipment.
    pub fn after(self, action: OrderAction) -> Option<OrderStatus> {
        use OrderAction as A;
        use OrderStatus::*;
        match (self, action) {
            (Draft, A::Edit | A::Delete) => Some(Draft),
            (Draft, A::Submit) => Some(Submitted),
            (Submitted | Approved, A::Withdraw | A::Reject) => Some(Draft),
            (Submitted, A::Approve) => Some(Approved),
            (Approved, A::Confirm) => Some(Confirmed),
            (Confirmed | PartiallyShipped, A::Ship) => Some(PartiallyShipped),
            (PartiallyShipped, A::CloseShort) => Some(Shipped),
            (Delivered, A::Complete) => Some(Completed),
            (Draft | Submitted | Approved | Confirmed, A::Cancel) => Some(Cancelled),
            (Submitted | Approved | Confirmed | PartiallyShipped, A::Hold | A::Release | A::Override) => {
                Some(self)
            }
            // The rest may have been closed or shipped away while it was held.
            (Shipped | Delivered, A::Release) => Some(self),
            (Confirmed | PartiallyShipped, A::Revise) => Some(self),
            // Also of what has ended: whom it counts for may have been wrong.
            (status, A::Reassign) if status != Cancelled => Some(self),
            _ => None,
        }
    }
}

word_sets! { OrderStatus {
    /// Counts as a booked sale: approved or later, and not cancelled.
    BOOKED, is_booked = { Approved | Confirmed | PartiallyShipped | Shipped | Delivered | Completed }
        not { Draft | Submitted | Cancelled }
    /// Counts against the customer's credit; as in the partial index `orders_exposure`.
    OPEN, is_open = { Approved | Confirmed | PartiallyShipped | Shipped | Delivered }
        not { Draft | Submitted | Completed | Cancelled }
    /// Was promised to the customer, and not cancelled.
    PROMISED, is_promised = { Confirmed | PartiallyShipped | Shipped | Delivered | Completed }
        not { Draft | Submitted | Approved | Cancelled }
    /// Somebody has to work on it.
    UNDER_WAY, is_under_way = { Draft | Submitted | Approved | Confirmed | PartiallyShipped | Shipped | Delivered }
        not { Completed | Cancelled }
    /// Nothing of it is to be delivered any more.
    ENDED, has_ended = { Delivered | Completed | Cancelled }
        not { Draft | Submitted | Approved | Confirmed | PartiallyShipped | Shipped }
} }

impl OrderAction {
    /// Who may take the step: whoever has one of these.
    pub const fn scopes(self) -> &'static [Scope] {
        use OrderAction::*;
        match self {
            Edit | Delete => &[Scope::OrdersWrite],
            Submit | Withdraw => &[Scope::OrdersSubmit],
            Approve | Reject => &[Scope::OrdersApprove],
            Override => &[Scope::OrdersOverride],
            Confirm | Complete => &[Scope::OrdersConfirm],
            Revise => &[Scope::OrdersConfirm, Scope::OrdersApprove],
            Ship => &[Scope::ShipmentsWrite],
            CloseShort | Cancel => &[Scope::OrdersCancel],
            Hold | Release => &[Scope::OrdersHold, Scope::OrdersHoldCredit],
            Reassign => &[Scope::CustomersReassign],
        }
    }
}

// ---- sums ----------------------------------------------------------------------------------------------------

/// A line's or a document's sums.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Sums {
    /// Quantity × price, rounded.
    pub list: Amount,
    /// `list` − `net`.
    pub discount: Amount,
    /// After discount, before tax, rounded.
    pub net: Amount,
    pub tax: Amount,
    /// `net` + `tax`.
    pub gross: Amount,
}

/// A line's sums, each rounded half away from zero to the currency's places.
pub fn line_sums(
    quantity: Quantity,
    price: Price,
    discount: Rate,
    tax: Rate,
    currency: &str,
) -> Result<Sums, NotANumber> {
    let places = currency_places(currency);
    let product = i128::from(quantity.units()).checked_mul(i128::from(price.units())).ok_or(NotANumber)?;
    let list = Amount::rounded(product, places)?;
    // Kept at full width until the one rounding: quantity × price × (1 − discount), in units of 10^-18.
    let share = i128::from(Rate::ONE.units() - discount.units());
    let exact = product.checked_mul(share).ok_or(NotANumber)?;
    let net = Amount::rounded_from(exact, 18, places)?;
    let tax_exact = i128::from(net.units()).checked_mul(i128::from(tax.units())).ok_or(NotANumber)?;
    let tax = Amount::rounded_from(tax_exact, 10, places)?;
    Ok(Sums { list, discount: list.checked_sub(net)?, net, tax, gross: net.checked_add(tax)? })
}

/// A document's sums are the sums of its lines'.
pub fn total(lines: impl IntoIterator<Item = Sums>) -> Result<Sums, NotANumber> {
    lines.into_iter().try_fold(Sums::default(), |sum, line| {
        Ok(Sums {
            list: sum.list.checked_add(line.list)?,
            discount: sum.discount.checked_add(line.discount)?,
            net: sum.net.checked_add(line.net)?,
            tax: sum.tax.checked_add(line.tax)?,
            gross: sum.gross.checked_add(line.gross)?,
        })
    })
}

// ---- lines that are sent again ---------------------------------------------------------------------------------

/// The place of the line that each line of a new list goes on from: one of the same product, and of the same
/// unit where the new one says its unit; the one in its own place if that will do, else the first that is
/// left.
pub fn continued(lines: &[OrderLine], wanted: &[LineInput]) -> Vec<Option<usize>> {
    let fits = |line: &OrderLine, want: &LineInput| {
        line.product_id == want.product_id && want.unit.as_ref().is_none_or(|unit| *unit == line.unit)
    };
    let mut left = vec![true; lines.len()];
    let mut from: Vec<Option<usize>> = Vec::with_capacity(wanted.len());
    for (i, want) in wanted.iter().enumerate() {
        from.push(lines.get(i).filter(|line| fits(line, want)).map(|_| i));
        from[i].inspect(|place| left[*place] = false);
    }
    for (want, place) in wanted.iter().zip(&mut from).filter(|(_, place)| place.is_none()) {
        *place = (0..lines.len()).find(|p| left[*p] && fits(&lines[*p], want));
        place.inspect(|place| left[*place] = false);
    }
    from
}

// ---- promises ---------------------------------------------------------------------------------------------------

/// Keeps first promises: the order's, and for each line its own or else the order's. One that was given
/// stays, whatever is promised later.
pub fn keep_first_promises(row: &mut OrderRow, lines: &mut [OrderLine]) {
    row.first_promised_date = row.first_promised_date.or(row.promised_date);
    for line in lines {
        line.first_promised_date = line.first_promised_date.or(line.promised_date).or(row.promised_date);
    }
}

// ---- progress ------------------------------------------------------------------------------------------------

/// Quantity of a line that may still be shipped.
pub fn open_quantity(line: &OrderLine) -> Quantity {
    Quantity::from_units(line.quantity.units() - line.shipped.units() - line.closed.units())
}

/// Quantity of a line that was shipped and is in no return yet.
pub fn returnable_quantity(line: &OrderLine) -> Quantity {
    Quantity::from_units(line.shipped.units() - line.in_return.units() - line.returned.units())
}

/// Where a confirmed order stands, from its lines' quantities alone.
pub fn progress(lines: &[OrderLine]) -> (OrderStatus, Fulfilment) {
    let shipped = lines.iter().any(|l| !l.shipped.is_zero());
    let open = lines.iter().any(|l| !open_quantity(l).is_zero());
    let underway = lines.iter().any(|l| l.delivered != l.shipped);
    match (shipped, open, underway) {
        (false, _, _) => (OrderStatus::Confirmed, Fulfilment::None),
        (true, true, _) => (OrderStatus::PartiallyShipped, Fulfilment::Partial),
        (true, false, true) => (OrderStatus::Shipped, Fulfilment::Full),
        (true, false, false) => (OrderStatus::Delivered, Fulfilment::Full),
    }
}

/// A quantity to ship, at this place of the request.
pub struct Wanted {
    pub pointer: String,
    pub line: OrderLineId,
    pub quantity: Quantity,
}

/// What is wrong with a shipment's quantities: more than open, nothing, unknown or repeated lines.
pub fn shipment_faults(lines: &[OrderLine], wanted: &[Wanted]) -> Vec<Fault> {
    let mut faults = Vec::new();
    for (i, want) in wanted.iter().enumerate() {
        let quantity = format!("{}/quantity", want.pointer);
        let Some(line) = lines.iter().find(|l| l.id == want.line) else {
            let at = format!("{}/order_line_id", want.pointer);
            faults.push(Fault::at(at, "unknown_reference").with("kind", "order line"));
            continue;
        };
        if wanted[..i].iter().any(|w| w.line == want.line) {
            faults.push(Fault::at(format!("{}/order_line_id", want.pointer), "duplicate_entry"));
        }
        if want.quantity <= Quantity::ZERO {
            faults.push(Fault::at(quantity, "must_be_positive"));
        } else if want.quantity > open_quantity(line) {
            faults.push(Fault::at(quantity, "exceeds_open").with("open", open_quantity(line)));
        }
    }
    faults
}

// ---- review --------------------------------------------------------------------------------------------------

text_enum! {
    /// Whether a finding stops the order:
    ///
    /// - `soft`: for the reviewer to look at
    /// - `hard`: stops the order until somebody with `orders:override` lets it pass with a reason
    pub enum Severity {
        /// To be looked at.
        Soft = "soft",
        /// Stops the order until someone with the right overrides it with a reason.
        Hard = "hard",
    }
}

/// One finding of an order's review.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Finding {
    /// What was found. Hard: `customer_blocked`, `over_credit_limit`, `product_not_on_sale`,
    /// `price_below_cost`. Soft: `credit_in_other_currency`, `possible_duplicate`, `no_shipping_address`,
    /// `promised_date_past`, `no_list_price`, `price_below_list`. `discount_beyond_limit` is hard when the
    /// discount is also beyond the caller's own limit, otherwise soft.
    #[schema(example = "over_credit_limit")]
    pub code: String,
    /// Whether the finding stops the order.
    pub severity: Severity,
    /// Line that the finding is about. Null when it is about the whole order.
    pub line_id: Option<OrderLineId>,
    /// The finding in words, in the language of the request.
    #[schema(
        max_length = 1000,
        example = "Open orders of 120000.00 CNY exceed the credit limit of 100000.00 CNY."
    )]
    pub message: String,
    /// Figures and names that `message` contains, by name.
    pub params: std::collections::BTreeMap<String, String>,
    /// Who let the finding pass, and why. Null when nobody did.
    pub overridden: Option<Override>,
}

/// What the review looks at beside the order.
pub struct Facts<'a> {
    pub today: NaiveDate,
    pub customer_blocked: Option<&'a str>,
    pub credit_limit: Option<Amount>,
    pub customer_currency: &'a str,
    /// Gross of the customer's other open orders in this currency.
    pub exposure: Amount,
    /// The discount up to which nobody else needs to look, and up to which the one who asks may decide.
    pub entry_discount_limit: Rate,
    pub own_discount_limit: Rate,
    /// The number of another order with the same lines and PO.
    pub duplicate_of: Option<String>,
    /// Lines whose product is not on sale.
    pub not_on_sale: Vec<OrderLineId>,
}

/// A finding's code, before it is put into words.
#[derive(Debug, Clone, PartialEq)]
pub struct Raised {
    pub code: &'static str,
    pub severity: Severity,
    pub line: Option<OrderLineId>,
    pub params: Vec<(&'static str, String)>,
    /// How bad it is; None where it is or is not.
    pub figure: Option<Figure>,
    /// Of how much, for what is found of a line.
    pub quantity: Option<Quantity>,
}

/// How bad a finding is. Who lets it pass lets this figure pass, and nothing worse.
#[derive(Debug, Clone, PartialEq)]
pub struct Figure {
    pub value: String,
    worse: Direction,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Direction {
    Above,
    Below,
    /// Any other value is another finding.
    Other,
}

impl Figure {
    fn is_worse_than(&self, seen: &str) -> bool {
        let of = |decimal: &str| decimal.parse::<Price>().ok();
        match (self.worse, of(&self.value), of(seen)) {
            (Direction::Other, _, _) => self.value != seen,
            (Direction::Above, Some(now), Some(seen)) => now > seen,
            (Direction::Below, Some(now), Some(seen)) => now < seen,
            // What cannot be compared was not seen.
            (Direction::Above | Direction::Below, _, _) => true,
        }
    }
}

fn raise(code: &'static str, severity: Severity, params: Vec<(&'static str, String)>) -> Raised {
    Raised { code, severity, line: None, params, figure: None, quantity: None }
}

fn figure(raised: Raised, worse: Direction, value: impl ToString) -> Raised {
    Raised { figure: Some(Figure { value: value.to_string(), worse }), ..raised }
}

/// Everything that a reviewer must look at.
pub fn review(order: &OrderRow, lines: &[OrderLine], facts: &Facts) -> Result<Vec<Raised>> {
    let mut found = credit_review(order, facts)?;
    if let Some(number) = &facts.duplicate_of {
        found.push(raise("possible_duplicate", Severity::Soft, vec![("number", number.clone())]));
    }
    if order.shipping_address.is_none() {
        found.push(raise("no_shipping_address", Severity::Soft, vec![]));
    }
    if let Some(date) = order.promised_date.filter(|d| *d < facts.today) {
        found.push(raise("promised_date_past", Severity::Soft, vec![("date", date.to_string())]));
    }
    for line in lines {
        let about = |mut raised: Raised| {
            (raised.line, raised.quantity) = (Some(line.id), Some(line.quantity));
            raised.params.push(("position", line.position.to_string()));
            raised
        };
        found.extend(line_review(line, facts).into_iter().map(about));
    }
    Ok(found)
}

/// Checks that are repeated at confirmation and shipment: block and credit limit of the customer.
pub fn credit_review(order: &OrderRow, facts: &Facts) -> Result<Vec<Raised>> {
    let mut found = Vec::new();
    if let Some(reason) = facts.customer_blocked {
        let blocked = raise("customer_blocked", Severity::Hard, vec![("reason", reason.to_owned())]);
        found.push(figure(blocked, Direction::Other, reason));
    }
    let Some(limit) = facts.credit_limit else { return Ok(found) };
    if facts.customer_currency != order.currency {
        let params = vec![
            ("currency", order.currency.clone()),
            ("credit_currency", facts.customer_currency.to_owned()),
        ];
        found.push(raise("credit_in_other_currency", Severity::Soft, params));
        return Ok(found);
    }
    let total = facts.exposure.checked_add(order.gross)?;
    if total > limit {
        let params = vec![
            ("open", total.to_string()),
            ("limit", limit.to_string()),
            ("currency", order.currency.clone()),
        ];
        found.push(figure(raise("over_credit_limit", Severity::Hard, params), Direction::Above, total));
    }
    Ok(found)
}

fn line_review(line: &OrderLine, facts: &Facts) -> Vec<Raised> {
    let mut found = Vec::new();
    if facts.not_on_sale.contains(&line.id) {
        found.push(raise("product_not_on_sale", Severity::Hard, vec![("sku", line.sku.clone())]));
    }
    match line.list_price {
        None => found.push(raise("no_list_price", Severity::Soft, vec![("sku", line.sku.clone())])),
        Some(list) if line.unit_price < list => {
            let params = vec![("price", line.unit_price.to_string()), ("list_price", list.to_string())];
            found.push(raise("price_below_list", Severity::Soft, params));
        }
        Some(_) => {}
    }
    if below_cost(line) {
        // The cost itself is not told: not everybody who sees findings may see costs.
        found.push(figure(
            raise("price_below_cost", Severity::Hard, vec![]),
            Direction::Below,
            left_per_unit(line),
        ));
    }
    if line.discount_rate > facts.entry_discount_limit {
        let beyond_own = line.discount_rate > facts.own_discount_limit;
        let severity = if beyond_own { Severity::Hard } else { Severity::Soft };
        let params = vec![
            ("discount", percent(line.discount_rate)),
            ("limit", percent(facts.own_discount_limit.max(facts.entry_discount_limit))),
        ];
        let beyond = raise("discount_beyond_limit", severity, params);
        found.push(figure(beyond, Direction::Above, line.discount_rate));
    }
    if let Some(date) = line.promised_date.filter(|d| *d < facts.today) {
        found.push(raise("promised_date_past", Severity::Soft, vec![("date", date.to_string())]));
    }
    found
}

/// What remains per unit after discount is less than the unit costs. Compared without rounding.
fn below_cost(line: &OrderLine) -> bool {
    let Some(cost) = line.unit_cost else { return false };
    let kept =
        i128::from(line.unit_price.units()) * i128::from(Rate::ONE.units() - line.discount_rate.units());
    kept < i128::from(cost.units()) * i128::from(Rate::ONE.units())
}

/// What is left of a unit's price after discount, without what is behind its last place.
fn left_per_unit(line: &OrderLine) -> Price {
    let left =
        i128::from(line.unit_price.units()) * i128::from(Rate::ONE.units() - line.discount_rate.units());
    Price::from_units(i64::try_from(left / i128::from(Rate::ONE.units())).unwrap_or_default())
}

/// `0.125` as `12.5%`.
pub fn percent(rate: Rate) -> String {
    format!("{}%", Quantity::from_units(rate.units().saturating_mul(100)))
}

/// The override that covers a finding: of the same, of a figure that is no better than it is now, and of as much or more.
pub fn override_of<'o>(raised: &Raised, overrides: &'o [Override]) -> Option<&'o Override> {
    let covers = |over: &&Override| match &raised.figure {
        None => true,
        Some(figure) => over.value.as_deref().is_some_and(|seen| !figure.is_worse_than(seen)),
    };
    let as_much = |over: &&Override| match raised.quantity {
        None => true,
        Some(quantity) => over.quantity.is_some_and(|seen| quantity <= seen),
    };
    overrides
        .iter()
        .filter(|o| o.code == raised.code && o.line_id == raised.line)
        .find(|over| covers(over) && as_much(over))
}

/// Hard findings that nobody has overridden.
pub fn blocking<'r>(found: &'r [Raised], overrides: &[Override]) -> Vec<&'r Raised> {
    found.iter().filter(|r| r.severity == Severity::Hard && override_of(r, overrides).is_none()).collect()
}

/// The same customer, lines and PO give the same digest, whatever the order of the lines.
pub fn line_digest(customer_po: Option<&str>, lines: &[OrderLine]) -> String {
    let mut parts: Vec<String> =
        lines.iter().map(|l| format!("{}:{}:{}", l.product_id, l.quantity, l.unit)).collect();
    parts.sort_unstable();
    let po = customer_po.map(crate::base::text::fold).unwrap_or_default();
    crate::base::secret::sha256_hex(format!("{po}|{}", parts.join(",")).as_bytes())[..32].to_owned()
}

#[cfg(test)]
#[path = "rules_tests.rs"]
mod tests;
