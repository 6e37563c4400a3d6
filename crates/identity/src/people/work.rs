//! Use cases on users and teams.

use diesel::prelude::*;
use serde_json::Value;
use uuid::Uuid;

use super::model::{Language, TeamId, User, UserCard, UserId, UserInput, UserStatus};
use super::rules;
use super::teams::Team;
use crate::base::auth::{Role, sessions};
use crate::base::db::{Act, Conn, Guard, JsonColumn, ReadTx, Tx};
use crate::base::error::{Error, Fault, Problem, Result, found};
use crate::base::http::{Patch, actions, expand};
use crate::base::text;
use crate::regions::Region;
use crate::schema::users;

pub fn find_user(conn: &mut Conn, id: UserId) -> Result<User> {
    let found = users::table.find(id).select(User::as_select()).first(conn).optional()?;
    found.ok_or_else(Error::not_found)
}

/// Whom an `assignee_id` names: somebody who works here.
pub fn find_assignee(conn: &mut Conn, id: UserId) -> Result<User> {
    let user = found(find_user(conn, id))?.filter(|user| user.status == UserStatus::Active);
    user.ok_or_else(|| {
        Error::invalid(vec![Fault::at("/assignee_id", "unknown_reference").with("kind", "user")])
    })
}

/// This person, if they work here; else the first who manages their team, so that nothing new lies with who has left.
pub fn at_work(tx: &mut Tx, person: Option<UserId>) -> Result<Option<UserId>> {
    let Some(id) = person else { return Ok(None) };
    let user = tx.load(find_user, id)?;
    if user.status == UserStatus::Active {
        return Ok(Some(id));
    }
    let above = tx.hint("what one manager gets can be given to another", |conn| {
        super::ladder::superiors(conn, user.team_id)
    })?;
    Ok(above.first().copied())
}

/// Notes when a person logged in.
#[allow(clippy::disallowed_methods)] // no change of the record: neither a version nor an event
pub fn note_log_in(tx: &mut Tx, user: UserId) -> Result<()> {
    let now = users::last_login_at.eq(Some(tx.now));
    tx.execute(diesel::update(users::table.filter(users::id.eq(user))).set(now))?;
    Ok(())
}

pub fn find_by_username(conn: &mut Conn, username: &str) -> Result<Option<User>> {
    Ok(users::table.filter(users::username.eq(username)).select(User::as_select()).first(conn).optional()?)
}

pub fn any_user(conn: &mut Conn) -> Result<bool> {
    Ok(users::table.select(users::id).first::<UserId>(conn).optional()?.is_some())
}

/// Adds a user; the hash is made beforehand, because that takes its time.
pub fn create_user(
    tx: &mut Tx,
    input: UserInput,
    password_hash: Option<String>,
    must_change: bool,
) -> Result<User> {
    tx.caller.demand_from_anywhere()?;
    tx.caller.demand_to_hand_on(input.role.scopes())?;
    check_user(tx, &input, None)?;
    let mut user = User {
        id: tx.new_id(),
        version: 0,
        name_sort: text::sort_key(&input.name),
        username: input.username,
        name: input.name,
        email: input.email,
        phone: input.phone,
        title: input.title,
        role: input.role,
        team_id: input.team_id,
        region_ids: JsonColumn(input.region_ids),
        status: UserStatus::Active,
        lang: input.lang.unwrap_or(Language::En),
        password_hash,
        must_change_password: must_change,
        last_login_at: None,
        external_ids: JsonColumn(input.external_ids),
        created_at: tx.now,
        created_by: None,
        updated_at: tx.now,
        updated_by: None,
    };
    tx.create(&mut user)?;
    Ok(user)
}

pub fn update_user(tx: &mut Tx, id: UserId, patch: &Patch<UserInput>) -> Result<User> {
    let before = tx.load(find_user, id)?;
    tx.check_expected(&before)?;
    let input = patch.onto(&form_of(&before))?;
    tx.caller.demand_from_anywhere()?;
    tx.caller.demand_to_hand_on(before.role.scopes().and(input.role.scopes()))?;
    check_user(tx, &input, Some(id))?;
    if before.role == Role::Admin && input.role != Role::Admin {
        refuse_last_admin(tx, id)?;
    }
    let mut user = User {
        name_sort: text::sort_key(&input.name),
        username: input.username,
        name: input.name,
        email: input.email,
        phone: input.phone,
        title: input.title,
        role: input.role,
        team_id: input.team_id,
        region_ids: JsonColumn(input.region_ids),
        lang: input.lang.unwrap_or(Language::En),
        external_ids: JsonColumn(input.external_ids),
        ..before.clone()
    };
    tx.save(&before, &mut user, Act::UPDATED)?;
    if user.team_id != before.team_id {
        let core = tx.core;
        for TeamFollowers(follow) in core.declared.all::<TeamFollowers>() {
            follow(tx, id, user.team_id)?;
        }
    }
    tx.core.callers.forget();
    Ok(user)
}

/// What goes along when a person comes into another team: `r.declare(TeamFollowers(follow))`.
#[derive(Clone, Copy)]
pub struct TeamFollowers(pub fn(&mut Tx, UserId, Option<TeamId>) -> Result<()>);

fn form_of(user: &User) -> UserInput {
    UserInput {
        username: user.username.clone(),
        name: user.name.clone(),
        email: user.email.clone(),
        phone: user.phone.clone(),
        title: user.title.clone(),
        role: user.role,
        team_id: user.team_id,
        region_ids: user.region_ids.0.clone(),
        lang: Some(user.lang),
        external_ids: user.external_ids.0.clone(),
    }
}

fn check_user(tx: &mut Tx, input: &UserInput, own: Option<UserId>) -> Result<()> {
    let mut faults = Vec::new();
    let same =
        tx.under(Guard::Index("users_username_unique"), |conn| find_by_username(conn, &input.username))?;
    if same.is_some_and(|u| Some(u.id) != own) {
        return Err(Problem::new("duplicate").param("what", format!("username {}", input.username)).into());
    }
    if let Some(team) = input.team_id
        && found(tx.load(Team::find, team))?.is_none()
    {
        faults.push(Fault::at("/team_id", "unknown_reference").with("kind", "team"));
    }
    for (i, region) in input.region_ids.iter().enumerate() {
        if found(tx.load(Region::find, *region))?.is_none() {
            faults.push(Fault::at(format!("/region_ids/{i}"), "unknown_reference").with("kind", "region"));
        }
    }
    if faults.is_empty() { Ok(()) } else { Err(Error::invalid(faults)) }
}

/// Blocks or unblocks.
pub fn set_status(tx: &mut Tx, id: UserId, status: UserStatus, reason: Option<&str>) -> Result<User> {
    let before = tx.load(find_user, id)?;
    tx.caller.demand_from_anywhere()?;
    tx.caller.demand_to_hand_on(before.role.scopes())?;
    tx.check_expected(&before)?;
    let verb = if status == UserStatus::Blocked { "blocked" } else { "unblocked" };
    if before.status == status {
        let (action, other) =
            if status == UserStatus::Blocked { ("block", "unblock") } else { ("unblock", "block") };
        return Err(actions::refused(before.status, action, &[other]));
    }
    if status == UserStatus::Blocked {
        if before.role == Role::Admin {
            refuse_last_admin(tx, id)?;
        }
        sessions::end_all(tx, id, None)?;
    }
    let mut user = User { status, ..before.clone() };
    tx.save(&before, &mut user, Act::because(verb, reason))?;
    tx.core.callers.forget();
    Ok(user)
}

fn refuse_last_admin(tx: &mut Tx, id: UserId) -> Result<()> {
    let others = users::table
        .filter(users::role.eq(Role::Admin))
        .filter(users::status.eq(UserStatus::Active))
        .filter(users::id.ne(id))
        .count();
    let others: i64 =
        tx.under(Guard::Alone("the last administrator"), |conn| Ok(others.get_result(conn)?))?;
    if others > 0 { Ok(()) } else { Err(Problem::new("last_admin").into()) }
}

/// Sets a password and ends the other sessions.
pub fn set_password(tx: &mut Tx, id: UserId, hash: String, must_change: bool) -> Result<User> {
    let before = tx.load(find_user, id)?;
    // Whoever sets a person's password can come as that person.
    tx.caller.demand_from_anywhere()?;
    tx.caller.demand_to_hand_on(before.role.scopes())?;
    let mut user = User { password_hash: Some(hash), must_change_password: must_change, ..before.clone() };
    tx.save(&before, &mut user, Act::new("password_changed"))?;
    let own = tx.caller.session;
    sessions::end_all(tx, id, own)?;
    tx.core.callers.forget();
    Ok(user)
}

/// 422 at this place for a password that is guessed too easily.
pub fn check_password(password: &str, username: &str, at: &str) -> Result<()> {
    let Some(code) = rules::weakness(password, username) else { return Ok(()) };
    let fault = Fault::at(at, code).with("min", rules::SHORTEST_PASSWORD);
    Err(Problem::new("weak_password").fault(fault).into())
}

// ---- expand --------------------------------------------------------------------------------------------------

pub fn expand_users(rx: &mut ReadTx, ids: &[Uuid]) -> Result<Vec<(Uuid, Value)>> {
    let ids: Vec<UserId> = ids.iter().copied().map(UserId).collect();
    let rows = users::table.filter(users::id.eq_any(ids)).select(User::as_select()).load(rx.conn)?;
    let card = |u: User| UserCard { id: u.id, name: u.name, title: u.title, email: u.email, phone: u.phone };
    expand::views(rows.into_iter().map(card).collect(), |c: &UserCard| c.id.0)
}
