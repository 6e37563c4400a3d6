//! Sessions: a log-in and its refresh token. The token changes at every use. If an old token is used again,
//! two parties hold it, so the session ends. Only a repeat within 30 seconds counts as a lost answer.

use diesel::prelude::*;
use uuid::Uuid;

use super::{Caller, Role, Sight};
use crate::db::filter::{Predicate, col};
use crate::db::{AnyId, Conn, Tx};
use crate::error::{Problem, Result};
use crate::id_type;
use crate::schema::{sessions, teams, users};
use crate::secret;
use crate::types::At;
use crate::types::principals::{TeamId, UserId};

id_type!(SessionId, "ses", "session");

/// How long a session lives after its last refresh, in seconds: 30 days.
const LIFETIME: i64 = 30 * 24 * 3600;
/// How long a repeated refresh is taken for a lost answer, in seconds.
const FORGIVEN: i64 = 30;

#[derive(Insertable, Queryable, Selectable)]
#[diesel(table_name = sessions)]
struct Session {
    id: SessionId,
    user_id: UserId,
    refresh_digest: String,
    previous_digest: Option<String>,
    rotated_at: At,
    created_at: At,
    expires_at: At,
    ended_at: Option<At>,
    peer: String,
    user_agent: String,
}

/// Begins a session; gives its id and refresh token.
#[allow(clippy::disallowed_methods)] // sessions are no business records
pub fn begin(tx: &mut Tx, user: UserId, peer: &str) -> Result<(SessionId, String)> {
    let id: SessionId = tx.new_id();
    let token = fresh_token(id);
    let session = Session {
        id,
        user_id: user,
        refresh_digest: digest(&token),
        previous_digest: None,
        rotated_at: tx.now,
        created_at: tx.now,
        expires_at: tx.now.plus_seconds(LIFETIME),
        ended_at: None,
        peer: peer.to_owned(),
        user_agent: String::new(),
    };
    diesel::insert_into(sessions::table).values(&session).execute(tx.conn)?;
    Ok((id, token))
}

/// Whether this person logged in from this address before, as far back as sessions are kept.
pub fn began_at(conn: &mut Conn, user: UserId, peer: &str) -> Result<bool> {
    let session = sessions::table.filter(sessions::user_id.eq(user)).filter(sessions::peer.eq(peer));
    Ok(session.select(sessions::id).first::<SessionId>(conn).optional()?.is_some())
}

/// What a refresh came to.
pub enum Refreshed {
    /// The session goes on under this new token.
    Going(SessionId, UserId, String),
    /// The token was used before: the session has been ended.
    Reused,
    Unknown,
}

/// Changes the refresh token.
#[allow(clippy::disallowed_methods)] // sessions are no business records
pub fn refresh(tx: &mut Tx, token: &str) -> Result<Refreshed> {
    use sessions::dsl;
    let Some(id) = session_of(token) else { return Ok(Refreshed::Unknown) };
    let session =
        dsl::sessions.filter(dsl::id.eq(id)).select(Session::as_select()).first(tx.conn).optional()?;
    let Some(session) = session.filter(|s| s.ended_at.is_none() && s.expires_at > tx.now) else {
        return Ok(Refreshed::Unknown);
    };
    let presented = digest(token);
    let is = |digest: &str| secret::same(digest.as_bytes(), presented.as_bytes());
    let current = is(&session.refresh_digest);
    // Whatever else names this session is one of its earlier tokens, however old.
    if !current && tx.now > session.rotated_at.plus_seconds(FORGIVEN) {
        end(tx, session.id)?;
        return Ok(Refreshed::Reused);
    }
    if !current && !session.previous_digest.as_deref().is_some_and(is) {
        return Ok(Refreshed::Unknown);
    }
    let fresh = fresh_token(id);
    diesel::update(dsl::sessions.filter(dsl::id.eq(session.id)))
        .set((
            dsl::refresh_digest.eq(digest(&fresh)),
            dsl::previous_digest.eq(Some(presented)),
            dsl::rotated_at.eq(if current { tx.now } else { session.rotated_at }),
            dsl::expires_at.eq(tx.now.plus_seconds(LIFETIME)),
        ))
        .execute(tx.conn)?;
    Ok(Refreshed::Going(session.id, session.user_id, fresh))
}

/// Ends a session.
#[allow(clippy::disallowed_methods)] // sessions are no business records
pub fn end(tx: &mut Tx, id: SessionId) -> Result<()> {
    use sessions::dsl;
    diesel::update(dsl::sessions.filter(dsl::id.eq(id)).filter(dsl::ended_at.is_null()))
        .set(dsl::ended_at.eq(Some(tx.now)))
        .execute(tx.conn)?;
    Ok(())
}

/// Ends every session of a user, but perhaps the one that asks.
#[allow(clippy::disallowed_methods)] // sessions are no business records
pub fn end_all(tx: &mut Tx, user: UserId, but: Option<Uuid>) -> Result<()> {
    use sessions::dsl;
    let kept = SessionId(but.unwrap_or_default());
    let others =
        dsl::sessions.filter(dsl::user_id.eq(user)).filter(dsl::ended_at.is_null()).filter(dsl::id.ne(kept));
    diesel::update(others).set(dsl::ended_at.eq(Some(tx.now))).execute(tx.conn)?;
    Ok(())
}

/// Sessions are kept so long beyond their end by themselves, in seconds, for whoever looks into what happened.
const KEPT: i64 = 30 * 24 * 3600;
/// Cleared away in one go.
const CLEARED_AT_ONCE: i64 = 500;

/// Clears some sessions away that ended long ago; true when there are more.
#[allow(clippy::disallowed_methods)] // sessions are no business records
pub fn clear(tx: &mut Tx) -> Result<bool> {
    use sessions::dsl;
    let until = tx.now.plus_seconds(-KEPT);
    let old = dsl::sessions.filter(dsl::expires_at.lt(until)).order(dsl::expires_at).limit(CLEARED_AT_ONCE);
    let ids: Vec<SessionId> = old.select(dsl::id).load(tx.conn)?;
    diesel::delete(dsl::sessions.filter(dsl::id.eq_any(&ids))).execute(tx.conn)?;
    Ok(ids.len() as i64 == CLEARED_AT_ONCE)
}

/// A refresh token names its session, so that an old one is known for what it is without keeping them all.
fn fresh_token(session: SessionId) -> String {
    format!("{}.{}", session.0.simple(), secret::token(32))
}

fn session_of(token: &str) -> Option<SessionId> {
    let (session, _) = token.split_once('.')?;
    Uuid::try_parse(session).ok().map(SessionId)
}

fn digest(token: &str) -> String {
    secret::sha256_hex(token.as_bytes())
}

/// Who a session's token stands for now: None when the session has ended or the user is blocked.
pub fn caller(conn: &mut Conn, session: SessionId, now: At) -> Result<Option<Caller>> {
    let user: Option<UserId> = sessions::table
        .filter(sessions::id.eq(session))
        .filter(sessions::ended_at.is_null())
        .filter(sessions::expires_at.gt(now))
        .select(sessions::user_id)
        .first(conn)
        .optional()?;
    let Some(user) = user else { return Ok(None) };
    let found = standing(conn, user)?;
    Ok(found.map(|caller| Caller { session: Some(session.0), ..caller }))
}

/// A person with the rights that they have now, for what is done in their name when they do not ask themselves; None
/// when they are blocked.
pub fn standing(conn: &mut Conn, user: UserId) -> Result<Option<Caller>> {
    let row: Option<(String, Role, Option<TeamId>, bool)> = users::table
        .filter(users::id.eq(user))
        .filter(users::status.eq("active"))
        .select((users::name, users::role, users::team_id, users::must_change_password))
        .first(conn)
        .optional()?;
    let Some((name, role, team, must_change_password)) = row else { return Ok(None) };
    let teams = teams_under(conn, team)?;
    let caller = Caller::person(user.0, &name, role, team.map(|t| t.0), teams);
    let people = match caller.sight {
        Sight::Team => people_of(conn, &caller.teams)?,
        Sight::All | Sight::Own => Vec::new(),
    };
    Ok(Some(Caller { must_change_password, people, ..caller }))
}

/// The people who are in these teams now, also those who have left: their records are still to be looked after.
pub fn people_of(conn: &mut Conn, teams: &[Uuid]) -> Result<Vec<Uuid>> {
    let of_teams = Predicate::ids(col!(users::team_id), teams.iter().copied());
    let people: Vec<UserId> = users::table.filter(of_teams).select(users::id).load(conn)?;
    Ok(people.into_iter().map(|person| person.0).collect())
}

/// A team and all teams below it.
pub fn teams_under(conn: &mut Conn, top: Option<TeamId>) -> Result<Vec<Uuid>> {
    let Some(top) = top else { return Ok(Vec::new()) };
    let all: Vec<(AnyId, Option<AnyId>)> = teams::table.select((teams::id, teams::parent_id)).load(conn)?;
    let mut found = vec![top.0];
    let mut next = 0;
    while let Some(parent) = found.get(next).copied() {
        let below = all.iter().filter(|(_, p)| *p == Some(AnyId(parent))).map(|(id, _)| id.0);
        let fresh: Vec<Uuid> = below.filter(|id| !found.contains(id)).collect();
        found.extend(fresh);
        next += 1;
    }
    Ok(found)
}

/// The refusal of a log-in or refresh, the same whatever was wrong.
pub fn refused() -> crate::error::Error {
    Problem::new("invalid_credentials").into()
}
