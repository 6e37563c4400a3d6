//! Who is notified when something is late: the managers of a team, or of the teams above it.

use diesel::prelude::*;

use super::model::{TeamId, UserId, UserStatus};
use super::teams::Team;
use super::work::find_user;
use crate::base::auth::Role;
use crate::base::db::Conn;
use crate::base::error::{Result, found};
use crate::schema::users;

/// Teams are not nested deeper.
const MOST_LEVELS: usize = 50;
/// People who are told at once.
const MOST_PEOPLE: i64 = 50;

/// The managers of a team, or of the nearest team above it that has one; without any, the executives.
pub fn superiors(conn: &mut Conn, team: Option<TeamId>) -> Result<Vec<UserId>> {
    let mut next = team;
    for _ in 0..MOST_LEVELS {
        let Some(id) = next else { break };
        let managers = users::table
            .filter(users::team_id.eq(id))
            .filter(users::role.eq(Role::Manager))
            .filter(users::status.eq(UserStatus::Active))
            .order(users::id)
            .limit(MOST_PEOPLE)
            .select(users::id)
            .load(conn)?;
        if !managers.is_empty() {
            return Ok(managers);
        }
        next = found(Team::find(conn, id))?.and_then(|team| team.parent_id);
    }
    executives(conn)
}

/// The superiors of a person, in the team where they are today; of this team, when there is no person or the person
/// is in none.
pub fn superiors_of(conn: &mut Conn, person: Option<UserId>, team: Option<TeamId>) -> Result<Vec<UserId>> {
    let today = match person {
        Some(person) => found(find_user(conn, person))?.and_then(|user| user.team_id),
        None => None,
    };
    superiors(conn, today.or(team))
}

pub fn executives(conn: &mut Conn) -> Result<Vec<UserId>> {
    let executives = users::table
        .filter(users::role.eq(Role::Executive))
        .filter(users::status.eq(UserStatus::Active))
        .order(users::id)
        .limit(MOST_PEOPLE);
    Ok(executives.select(users::id).load(conn)?)
}
