//! Merging and undoing it.

use diesel::prelude::*;
use serde_json::Value;
use uuid::Uuid;

use super::model::{CustomerMerge, Merge, MergeInput, Moved, MovedCount, Terms, TermsChange};
use super::moves::{self, Way};
use super::rules;
use crate::base::auth::Scope;
use crate::base::db::{Act, AnyId, Guard, JsonColumn, Tx, journal, shares};
use crate::base::error::{Error, Fault, Faults, Problem, Result, found};
use crate::base::http::history::FieldChange;
use crate::base::types::At;
use crate::customers::model::{Customer, CustomerId};
use crate::customers::rules as customer_rules;
use crate::customers::work::{filled_in, find_theirs, find_to_change, form_of, not_merged};
use crate::schema::customer_merges;

pub fn merge(tx: &mut Tx, id: CustomerId, input: &MergeInput) -> Result<CustomerMerge> {
    let loser = tx.find(find_to_change, id)?;
    tx.check_expected(&loser)?;
    let mut faults = Faults::default();
    let reason = customer_rules::not_blank(&input.reason, "/reason", &mut faults);
    if input.into_id == id {
        faults.push(Fault::at("/into_id", "merge_into_itself"));
    }
    let into = faults.known(tx.find(find_to_change, input.into_id), "/into_id", "customer")?;
    faults.done()?;
    let into = into.ok_or_else(|| Error::internal("a customer that is known is there"))?;
    let too_large = || Error::from(Problem::new("merge_too_large").param("most", rules::MOST));
    let moved = moves::all(tx, id)?;
    if moved.len() > rules::MOST {
        return Err(too_large());
    }
    let before = form_of(&into);
    let after = rules::take_over(&before, &form_of(&loser)).ok_or_else(too_large)?;

    // The external ids have to be free before the other can have them.
    let mut gone =
        Customer { merged_into_id: Some(into.id), external_ids: JsonColumn(vec![]), ..loser.clone() };
    tx.save(&loser, &mut gone, Act::because("merged", Some(&reason)))?;
    let mut survivor = filled_in(into.clone(), after.clone());
    let terms = stricter_terms(tx, &into, &loser)?;
    survivor = terms.after.clone().set(survivor);
    tx.save(&into, &mut survivor, Act::because("absorbed", Some(&reason)))?;
    let shared = show(tx, &loser, &into)?;
    moves::shift(tx, &moved, Way { from: id, to: into.id, reason: &reason })?;
    let merge = Merge {
        id: AnyId(tx.core.ids.next(tx.now)),
        customer_id: id,
        into_id: into.id,
        before: JsonColumn(before.clone()),
        after: JsonColumn(after.clone()),
        moved: JsonColumn(moved),
        shared: JsonColumn(shared),
        merged_at: tx.now,
        undone_at: None,
        terms: Some(JsonColumn(terms)),
    };
    note(tx, &merge)?;
    view(&merge, &into, &survivor)
}

/// The terms of the customer that stays, where those of the other are stricter: a merge lifts neither a block nor a
/// limit. Limits in two currencies are for who gives credit to put together.
fn stricter_terms(tx: &Tx, into: &Customer, loser: &Customer) -> Result<TermsChange> {
    let before = Terms::of(into);
    match rules::stricter(into, loser) {
        Some(after) => Ok(TermsChange { before, after }),
        None if tx.caller.may(Scope::CustomersCredit) => Ok(TermsChange { after: before.clone(), before }),
        None => Err(Problem::new("merge_terms").into()),
    }
}

/// Shares the survivor with the owner of the merged customer and with those it was shared with.
fn show(tx: &mut Tx, loser: &Customer, into: &Customer) -> Result<Vec<Uuid>> {
    let alone = || Guard::Alone("merge");
    let there = tx.under(alone(), |conn| shares::of(conn, into.id.0))?;
    let there: Vec<Uuid> = there.into_iter().map(|s| s.grantee_id.0).collect();
    let owner = loser.owner_id.filter(|owner| Some(*owner) != into.owner_id).map(|owner| owner.0);
    let theirs = tx.under(alone(), |conn| shares::of(conn, loser.id.0))?;
    let theirs = theirs.into_iter().map(|s| s.grantee_id.0);
    let mut come: Vec<Uuid> = owner.into_iter().chain(theirs).filter(|id| !there.contains(id)).collect();
    come.sort_unstable();
    come.dedup();
    for grantee in &come {
        shares::grant(tx, into.id.0, *grantee)?;
    }
    Ok(come)
}

#[allow(clippy::disallowed_methods)] // how to undo a merge is no record; the merge is in both customers' journals
fn note(tx: &mut Tx, merge: &Merge) -> Result<()> {
    tx.execute(diesel::insert_into(customer_merges::table).values(merge))?;
    Ok(())
}

pub fn unmerge(tx: &mut Tx, id: CustomerId, reason: &str) -> Result<CustomerMerge> {
    let loser = tx.find(find_theirs, id)?;
    tx.check_expected(&loser)?;
    let mut merge = last(tx, &loser)?;
    if tx.now > undo_until(&merge) {
        return Err(Problem::new("merge_is_final").param("days", rules::UNDO_DAYS).into());
    }
    let into = found(tx.find(find_theirs, merge.into_id))?.ok_or_else(|| Problem::new("read_only_share"))?;
    not_merged(&into)?;
    let now = form_of(&into);
    let back = rules::give_back(&now, &merge.before.0, &merge.after.0)?;
    let external_ids =
        now.external_ids.iter().filter(|external| !back.external_ids.contains(external)).cloned().collect();

    let mut survivor = filled_in(into.clone(), back.clone());
    if let Some(JsonColumn(change)) = &merge.terms
        && Terms::of(&into) == change.after
    {
        survivor = change.before.clone().set(survivor);
    }
    tx.save(&into, &mut survivor, Act::because("gave_back", Some(reason)))?;
    let mut returned =
        Customer { merged_into_id: None, external_ids: JsonColumn(external_ids), ..loser.clone() };
    // What finance has decided on since the merge was about both.
    if let Some(JsonColumn(change)) = &merge.terms
        && Terms::of(&into) != change.after
        && let Some(terms) = rules::stricter(&loser, &into)
    {
        returned = terms.set(returned);
    }
    tx.save(&loser, &mut returned, Act::because("unmerged", Some(reason)))?;
    for grantee in &merge.shared.0 {
        shares::revoke(tx, into.id.0, *grantee)?;
    }
    moves::shift(tx, &merge.moved.0, Way { from: into.id, to: id, reason })?;
    merge.undone_at = Some(tx.now);
    close(tx, &merge)?;
    view(&merge, &into, &survivor)
}

/// The merge that this customer is in.
fn last(tx: &mut Tx, loser: &Customer) -> Result<Merge> {
    let merge = customer_merges::table
        .filter(customer_merges::customer_id.eq(loser.id))
        .filter(customer_merges::undone_at.is_null())
        .order(customer_merges::merged_at.desc())
        .select(Merge::as_select());
    let merge: Option<Merge> = tx.under(Guard::Alone("merge"), |conn| Ok(merge.first(conn).optional()?))?;
    merge.filter(|_| loser.merged_into_id.is_some()).ok_or_else(|| Problem::new("not_merged").into())
}

#[allow(clippy::disallowed_methods)] // as above
fn close(tx: &mut Tx, merge: &Merge) -> Result<()> {
    use customer_merges::dsl;
    let row = dsl::customer_merges.filter(dsl::id.eq(merge.id));
    tx.execute(diesel::update(row).set(dsl::undone_at.eq(merge.undone_at)))?;
    Ok(())
}

fn undo_until(merge: &Merge) -> At {
    merge.merged_at.plus_seconds(rules::UNDO_DAYS * 24 * 3600)
}

/// What can be seen of a customer that a merge changes: its form and its terms.
fn told(customer: &Customer) -> Result<Value> {
    let json = |value: serde_json::Result<Value>| value.map_err(|e| Error::internal(e.to_string()));
    let mut form = json(serde_json::to_value(form_of(customer)))?;
    let terms = json(serde_json::to_value(Terms::of(customer)))?;
    if let (Some(form), Value::Object(terms)) = (form.as_object_mut(), terms) {
        form.extend(terms);
    }
    Ok(form)
}

fn view(merge: &Merge, before: &Customer, after: &Customer) -> Result<CustomerMerge> {
    let change = |(field, pair): (String, Value)| FieldChange {
        field,
        before: pair[0].clone(),
        after: pair[1].clone(),
    };
    let changes = journal::changes(Some(&told(before)?), Some(&told(after)?));
    Ok(CustomerMerge {
        customer_id: merge.customer_id,
        into_id: merge.into_id,
        merged_at: merge.merged_at,
        undo_until: undo_until(merge),
        undone_at: merge.undone_at,
        moved: counts(&merge.moved.0),
        changed: changes.into_iter().map(change).collect(),
    })
}

fn counts(moved: &[Moved]) -> Vec<MovedCount> {
    let mut counts: Vec<MovedCount> = Vec::new();
    for record in moved {
        match counts.iter_mut().find(|c| c.kind == record.kind) {
            Some(count) => count.count += 1,
            None => counts.push(MovedCount { kind: record.kind.clone(), count: 1 }),
        }
    }
    counts
}
