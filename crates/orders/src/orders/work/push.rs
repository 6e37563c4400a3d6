//! An order that another system sends again as a whole: finds the differences and applies them to a draft.
//! Systems push without knowing whether the order exists here and which status it has. So the same body
//! changes nothing, in every status.

use serde_json::{Value, json};

use super::super::model::{LineInput, Order, OrderHead, OrderId, OrderInput, OrderLine, OrderRow};
use super::super::rules::{OrderAction, OrderStatus, continued};
use super::entry::{
    Entry, check_expected_totals, check_head, head_of, input_of, price_lines, recompute, set_head, team_of,
    total_faults,
};
use super::find_theirs;
use crate::base::auth::Caller;
use crate::base::db::{Act, JsonColumn, Tx};
use crate::base::error::{Error, Fault, Faults, Problem, Result};
use crate::base::http::from_value;
use crate::base::http::patch::{Patch, merge};
use crate::customers::work as customers;

/// Makes the order be as it is sent.
pub fn update(tx: &mut Tx, id: OrderId, patch: &Patch<OrderInput>) -> Result<Order> {
    let before = find_theirs(tx, id, OrderAction::Edit)?;
    let input = patch.onto(&form_of(&before.row))?;
    refuse_another(&before.row, &input)?;
    let lines = match patch.get("lines") {
        None => None,
        Some(sent) => Some(lay_over(&before.lines, sent)?),
    };
    let head_differs = head_differences(&before.row, &input.head)?;
    let lines_differ = lines.as_ref().map_or(vec![], |lines| line_differences(&before.lines, lines));
    let named_only = lines_differ.is_empty() && head_differs.iter().all(|field| field == "/external_ids");
    let mut order = before.clone();
    if named_only {
        order.row.external_ids = JsonColumn(input.head.external_ids);
    } else if before.row.status != OrderStatus::Draft {
        return Err(not_draft(&before.row, [head_differs, lines_differ].concat(), tx.caller));
    } else {
        change_head(tx, &mut order.row, input.head)?;
    }
    match lines {
        Some(lines) if lines_differ.is_empty() => check_line_totals(&order, &lines)?,
        Some(lines) => change_lines(tx, &mut order, lines)?,
        None => {}
    }
    recompute(&mut order)?;
    check_expected_totals(&order, input.net, input.tax, input.gross)?;
    tx.save(&before, &mut order, Act::UPDATED)?;
    Ok(order)
}

/// The form that would give this order, without its lines, which are looked at one by one.
fn form_of(row: &OrderRow) -> OrderInput {
    OrderInput {
        customer_id: row.customer_id,
        currency: Some(row.currency.clone()),
        head: head_of(row),
        lines: vec![],
        net: None,
        tax: None,
        gross: None,
    }
}

/// 422 when the body is about another customer or currency than the order was entered for.
fn refuse_another(row: &OrderRow, input: &OrderInput) -> Result<()> {
    let mut faults = Faults::default();
    if input.customer_id != row.customer_id {
        faults.push(Fault::at("/customer_id", "cannot_change"));
    }
    if input.currency.as_ref().is_some_and(|currency| *currency != row.currency) {
        faults.push(Fault::at("/currency", "cannot_change"));
    }
    faults.done()
}

/// 409 that points at what differs and says what to do instead.
fn not_draft(row: &OrderRow, differing: Vec<String>, caller: &Caller) -> Error {
    let problem = Problem::new("order_not_draft")
        .param("current_status", row.status)
        .with("current_status", row.status.to_string())
        .with("allowed_actions", json!(row.allowed_actions(caller)));
    let faults = differing.into_iter().map(|pointer| Fault::at(pointer, "differs")).collect();
    Problem { faults, ..problem }.into()
}

// ---- the head ------------------------------------------------------------------------------------------------

/// Pointers to the fields of the head that are not what the order has.
fn head_differences(row: &OrderRow, head: &OrderHead) -> Result<Vec<String>> {
    // What an order always has is not cleared.
    let wanted = OrderHead {
        order_date: head.order_date.or(Some(row.order_date)),
        payment_days: head.payment_days.or(Some(row.payment_days)),
        ..head.clone()
    };
    Ok(differences(&as_json(&head_of(row))?, &as_json(&wanted)?, ""))
}

fn as_json(form: &impl serde::Serialize) -> Result<Value> {
    serde_json::to_value(form).map_err(|e| Error::internal(e.to_string()))
}

fn differences(old: &Value, new: &Value, at: &str) -> Vec<String> {
    let fields = new.as_object().into_iter().flatten();
    fields.filter(|(name, value)| old[name.as_str()] != **value).map(|(n, _)| format!("{at}/{n}")).collect()
}

fn change_head(tx: &mut Tx, row: &mut OrderRow, head: OrderHead) -> Result<()> {
    let customer = tx.load(customers::load, row.customer_id)?;
    check_head(tx, &head, &customer, row.rep_id)?;
    let team_id = match head.rep_id == row.rep_id {
        true => row.team_id,
        false => team_of(tx, head.rep_id, &customer)?,
    };
    set_head(row, head, team_id, &customer);
    Ok(())
}

// ---- lines ---------------------------------------------------------------------------------------------------

/// A line as it is to be.
struct Laid {
    /// The line that it goes on from, by its place.
    from: Option<usize>,
    input: LineInput,
    /// Pointers, below the line, to what differs from that line.
    differing: Vec<String>,
}

/// Matches the sent lines with the existing ones and merges each pair.
fn lay_over(lines: &[OrderLine], sent: &Value) -> Result<Vec<Laid>> {
    let sent = sent.as_array().map(Vec::as_slice).unwrap_or_default();
    let inputs = sent.iter().map(|line| from_value(line.clone())).collect::<Result<Vec<LineInput>>>()?;
    let from = continued(lines, &inputs);
    let each = sent.iter().zip(inputs).zip(from);
    each.map(|((sent, input), from)| match from {
        None => Ok(Laid { from, input, differing: vec![] }),
        Some(place) => lay(&lines[place], sent, from),
    })
    .collect()
}

fn lay(line: &OrderLine, sent: &Value, from: Option<usize>) -> Result<Laid> {
    let form = as_json(&input_of(line))?;
    let mut laid = form.clone();
    merge(&mut laid, sent.clone());
    let input: LineInput = from_value(laid)?;
    // Sums are expectations; and the price that a list gave may be said, which leaves it the list's.
    let told = LineInput { net: None, tax: None, gross: None, ..input.clone() };
    let told = match told.unit_price == Some(line.unit_price) {
        true => LineInput { unit_price: input_of(line).unit_price, ..told },
        false => told,
    };
    Ok(Laid { from, differing: differences(&form, &as_json(&told)?, ""), input })
}

/// Pointers to the lines that are not what the order has, and to their fields.
fn line_differences(old: &[OrderLine], lines: &[Laid]) -> Vec<String> {
    let mut differing = Vec::new();
    for (i, line) in lines.iter().enumerate() {
        if line.from != Some(i) {
            differing.push(format!("/lines/{i}"));
        }
        differing.extend(line.differing.iter().map(|pointer| format!("/lines/{i}{pointer}")));
    }
    if lines.len() < old.len() {
        differing.push("/lines".to_owned());
    }
    differing
}

/// Prices the lines. Unchanged lines keep their price, even if the price lists have changed.
fn change_lines(tx: &mut Tx, order: &mut Order, lines: Vec<Laid>) -> Result<()> {
    let customer = tx.load(customers::load, order.row.customer_id)?;
    let same = |line: &Laid| line.from.filter(|_| line.differing.is_empty());
    let inputs: Vec<LineInput> = lines
        .iter()
        .map(|line| match same(line) {
            Some(place) => {
                LineInput { unit_price: Some(order.lines[place].unit_price), ..line.input.clone() }
            }
            None => line.input.clone(),
        })
        .collect();
    let priced = price_lines(tx, &Entry::of(&order.row, &customer), &inputs, 0, "/lines")?;
    let placed = priced.into_iter().zip(&lines).map(|(new, line)| match (same(line), line.from) {
        (Some(place), _) => OrderLine { position: new.position, ..order.lines[place].clone() },
        (None, Some(place)) => OrderLine { id: order.lines[place].id, ..new },
        (None, None) => new,
    });
    order.lines = placed.collect();
    Ok(())
}

/// The sums that are expected of lines that stay as they are.
fn check_line_totals(order: &Order, lines: &[Laid]) -> Result<()> {
    let each = order.lines.iter().zip(lines).enumerate();
    let faults: Vec<Fault> =
        each.flat_map(|(i, (line, laid))| total_faults(&laid.input, line, &format!("/lines/{i}"))).collect();
    match faults.is_empty() {
        true => Ok(()),
        false => Err(Problem { faults, ..Problem::new("totals_mismatch") }.into()),
    }
}
