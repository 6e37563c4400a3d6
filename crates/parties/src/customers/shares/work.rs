//! Use cases on shares. Each is told in the customer's journal, at the version that the customer has.

use std::fmt;

use diesel::prelude::*;
use serde_json::json;
use uuid::Uuid;

use super::model::{ShareInput, ShareView};
use crate::base::db::shares::{self, Share};
use crate::base::db::{Act, AnyId, Conn, Guard, Tx};
use crate::base::error::{Error, Fault, Faults, Result};
use crate::customers::model::Customer;
use crate::customers::{self, CustomerId};
use crate::people::{self, TeamId, UserId};
use crate::schema::{shares as table, teams};

/// Whom a record is shared with.
#[derive(Debug, Clone, Copy)]
pub enum Grantee {
    User(UserId),
    Team(TeamId),
}

impl Grantee {
    fn uuid(self) -> Uuid {
        match self {
            Grantee::User(id) => id.0,
            Grantee::Team(id) => id.0,
        }
    }
}

impl fmt::Display for Grantee {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Grantee::User(id) => id.fmt(f),
            Grantee::Team(id) => id.fmt(f),
        }
    }
}

/// The person or team that an id in a path names; what is neither names no share.
pub fn grantee(id: &str) -> Result<Grantee> {
    let user = id.parse().ok().map(Grantee::User);
    user.or_else(|| id.parse().ok().map(Grantee::Team)).ok_or_else(Error::not_found)
}

/// Shows a customer to somebody; who may change it may show it.
pub fn share(tx: &mut Tx, id: CustomerId, input: &ShareInput) -> Result<(Customer, Grantee)> {
    let customer = tx.find(customers::work::find_to_change, id)?;
    tx.check_expected(&customer)?;
    let mut faults = Faults::default();
    let grantee = match (input.user_id, input.team_id) {
        (Some(user), None) => {
            faults.known(tx.load(people::work::find_user, user), "/user_id", "user")?;
            Grantee::User(user)
        }
        (None, Some(team)) => {
            faults.known(tx.load(people::teams::Team::find, team), "/team_id", "team")?;
            Grantee::Team(team)
        }
        _ => {
            let fault = Fault::at("", "exactly_one").with("fields", "user_id, team_id");
            return Err(Error::invalid(vec![fault]));
        }
    };
    faults.done()?;
    if tx.under(Guard::Index("shares_pkey"), |conn| stored(conn, id, grantee))?.is_none() {
        shares::grant(tx, id.0, grantee.uuid())?;
        let after = json!({"shared_with": grantee.to_string()});
        tx.note_on(&customer, Act::new("shared"), None, Some(&after))?;
    }
    Ok((customer, grantee))
}

/// Takes a share back.
pub fn unshare(tx: &mut Tx, id: CustomerId, grantee: Grantee) -> Result<()> {
    let customer = tx.find(customers::work::find_to_change, id)?;
    if tx.under(Guard::Index("shares_pkey"), |conn| stored(conn, id, grantee))?.is_none() {
        return Err(Error::not_found());
    }
    tx.check_expected(&customer)?;
    shares::revoke(tx, id.0, grantee.uuid())?;
    let before = json!({"shared_with": grantee.to_string()});
    tx.note_on(&customer, Act::new("unshared"), Some(&before), None)
}

fn stored(conn: &mut Conn, customer: CustomerId, grantee: Grantee) -> Result<Option<Share>> {
    Ok(table::table
        .find((AnyId(customer.0), AnyId(grantee.uuid())))
        .select(Share::as_select())
        .first(conn)
        .optional()?)
}

pub fn find(conn: &mut Conn, customer: CustomerId, grantee: Grantee) -> Result<ShareView> {
    let share = stored(conn, customer, grantee)?.ok_or_else(Error::not_found)?;
    Ok(view(&share, matches!(grantee, Grantee::Team(_))))
}

/// Shares as they are answered. What is stored does not say whether a person or a team is meant, the teams do.
pub fn views(conn: &mut Conn, shares: &[Share]) -> Result<Vec<ShareView>> {
    let ids: Vec<AnyId> = shares.iter().map(|s| s.grantee_id).collect();
    let groups: Vec<AnyId> = teams::table.filter(teams::id.eq_any(ids)).select(teams::id).load(conn)?;
    Ok(shares.iter().map(|share| view(share, groups.contains(&share.grantee_id))).collect())
}

fn view(share: &Share, is_team: bool) -> ShareView {
    let id = share.grantee_id.0;
    ShareView {
        user_id: Some(UserId(id)).filter(|_| !is_team),
        team_id: Some(TeamId(id)).filter(|_| is_team),
        granted_at: share.granted_at,
        granted_by: share.granted_by.map(|AnyId(id)| UserId(id)),
    }
}
