//! What stands in the way of each step, and who can clear it: the same rules that the steps themselves go by.

use super::super::model::{HoldKind, Order};
use super::super::rules::{self, OrderAction};
use super::review::{self, Surroundings};
use crate::base::auth::Scope;
use crate::base::db::ReadTx;
use crate::base::error::Result;
use crate::base::http::actions::{ActionState, ActionStates, Obstacle, holders};
use crate::order_exceptions::work as exceptions;

/// Every step of the order's life.
pub fn explain(rx: &mut ReadTx, order: &Order) -> Result<ActionStates> {
    let around = review::surroundings(rx.conn, order, rx.caller)?;
    let blocking = exceptions::blocking(rx.conn, order.row.id)?;
    let states = OrderAction::ALL.iter().map(|action| {
        let mut obstacles = general(rx, order, *action);
        // A step that its life does not have now has no rules to be looked at.
        if order.row.status.after(*action).is_some() {
            obstacles.extend(particular(rx, order, &around, *action)?);
            if *action == OrderAction::Ship && !blocking.is_empty() {
                let numbers = [("exceptions", exceptions::numbers(&blocking))];
                let clears = holders(Scope::ExceptionsManage);
                obstacles.push(Obstacle::new(rx.lang, "blocked_by_exceptions", &numbers, clears));
            }
        }
        Ok(ActionState::of(action, obstacles))
    });
    Ok(ActionStates { data: states.collect::<Result<_>>()? })
}

/// Life and rights.
fn general(rx: &ReadTx, order: &Order, action: OrderAction) -> Vec<Obstacle> {
    let mut obstacles = Vec::new();
    if order.row.status.after(action).is_none() {
        obstacles.push(Obstacle::status(rx.lang, order.row.status));
    }
    let scopes = action.scopes();
    if let (false, Some(first)) = (scopes.iter().any(|s| rx.caller.may(*s)), scopes.first()) {
        obstacles.push(Obstacle::scope(rx.lang, *first));
    }
    obstacles
}

/// The rules of this step.
fn particular(
    rx: &ReadTx,
    order: &Order,
    around: &Surroundings,
    action: OrderAction,
) -> Result<Vec<Obstacle>> {
    let row = &order.row;
    let simple = |code: &'static str| vec![Obstacle::new(rx.lang, code, &[], vec![])];
    Ok(match action {
        OrderAction::Submit if order.lines.is_empty() => simple("no_lines"),
        OrderAction::Delete if row.submitted_at.is_some() => simple("was_submitted"),
        OrderAction::Hold if row.on_hold => simple("already_on_hold"),
        OrderAction::Release if !row.on_hold => simple("not_on_hold"),
        // Both kinds of hold share the step; each kind is released by who holds for it.
        OrderAction::Release => {
            let scope = super::life::hold_scope(row.hold_kind.unwrap_or(HoldKind::Other));
            let may = rx.caller.may(scope) || !action.scopes().iter().any(|s| rx.caller.may(*s));
            if may { vec![] } else { vec![Obstacle::scope(rx.lang, scope)] }
        }
        OrderAction::Approve => approval(rx, order, around)?,
        OrderAction::Override => {
            let raised = around.review(order, rx.caller, rx.today())?;
            match rules::blocking(&raised, &row.overrides).is_empty() {
                true => simple("nothing_to_override"),
                false => vec![],
            }
        }
        OrderAction::Confirm => findings(rx, order, &around.credit_review(order, rx.caller, rx.today())?),
        OrderAction::Ship => {
            let mut obstacles = findings(rx, order, &around.credit_review(order, rx.caller, rx.today())?);
            if row.on_hold {
                let reason = row.hold_reason.clone().unwrap_or_default();
                let releases = super::life::hold_scope(row.hold_kind.unwrap_or(HoldKind::Other));
                obstacles.push(Obstacle::new(rx.lang, "on_hold", &[("reason", reason)], holders(releases)));
            }
            obstacles
        }
        _ => vec![],
    })
}

fn approval(rx: &ReadTx, order: &Order, around: &Surroundings) -> Result<Vec<Obstacle>> {
    let mut obstacles = findings(rx, order, &around.review(order, rx.caller, rx.today())?);
    if around.needs_four_eyes(&order.row) && super::life::is_own(&order.row, rx.caller) {
        obstacles.push(Obstacle::new(rx.lang, "four_eyes_needed", &[], holders(Scope::OrdersApprove)));
    }
    if around.above_manager_limit(&order.row) && !rx.caller.may(Scope::OrdersApproveHigh) {
        let params = [("limit", around.settings.manager_limit(&order.row.currency).to_string())];
        obstacles.push(Obstacle::new(
            rx.lang,
            "above_manager_limit",
            &params,
            holders(Scope::OrdersApproveHigh),
        ));
    }
    Ok(obstacles)
}

/// Hard findings that nobody has overridden.
fn findings(rx: &ReadTx, order: &Order, raised: &[rules::Raised]) -> Vec<Obstacle> {
    rules::blocking(raised, &order.row.overrides)
        .into_iter()
        .map(|r| Obstacle::new(rx.lang, r.code, &r.params, holders(Scope::OrdersOverride)))
        .collect()
}
