//! Teams of the department, as a tree: whose records a manager sees.

use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::base::auth::{Scope, sessions};
use crate::base::db::filter::{Value, col};
use crate::base::db::list::{Does, ListSpec, Row, Sort, filter};
use crate::base::db::{ExternalId, Guard, JsonColumn, Tx};
use crate::base::error::{Error, Fault, Problem, Result, found};
use crate::base::http::Routes;
use crate::base::http::params::{Param, Takes};
use crate::base::record::{Names, Record};
use crate::base::text;
use crate::base::types::At;
use crate::base::types::principals::{TeamId, UserId};
use crate::schema::teams;
use crate::{record, record_names};

const READ: &[Scope] = &[Scope::TeamsRead];
const WRITE: &[Scope] = &[Scope::TeamsWrite];

pub fn routes(r: &mut Routes) {
    r.tag(
        "teams",
        "Teams of the department. A manager sees the records of their team and of the teams below it.",
    );
    r.reads_within_restrictions();
    r.begins_with(fill);
    let mut team = r.record::<Team>(READ, WRITE);
    team.examples(json!({"code": "NORTH", "name": "华北区"}), json!({"name": "华南大区"}));
    team.change().description(
        "Changes the data of a team. A new `parent_id` changes whose records managers see, within seconds. Refused with \
         409 `circular_parent` when the team would be above itself.",
    );
}

/// A team of the department. Teams form a tree.
#[derive(Debug, Clone, Serialize, ToSchema, Insertable, Queryable, Selectable, AsChangeset)]
#[diesel(table_name = teams)]
#[diesel(treat_none_as_null = true)]
pub struct Team {
    pub id: TeamId,
    pub version: i32,
    #[diesel(embed)]
    #[serde(flatten)]
    pub form: TeamForm,
    #[serde(skip)]
    pub name_sort: String,
    pub created_at: At,
    pub created_by: Option<UserId>,
    pub updated_at: At,
    pub updated_by: Option<UserId>,
}

/// Data of a team, for creating and changing.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema, Insertable, Queryable, Selectable, AsChangeset)]
#[diesel(table_name = teams)]
#[diesel(treat_none_as_null = true)]
#[schema(as = TeamInput)]
pub struct TeamForm {
    /// Short code of the team. Refused with 409 `duplicate` when another team has it.
    #[schema(min_length = 1, max_length = 40, format = "key", example = "SOUTH")]
    pub code: String,
    /// Name of the team.
    #[schema(min_length = 1, max_length = 100, example = "华南区")]
    pub name: String,
    /// Team above this one; its manager sees the records of this team too. Defaults to null: a team at the top. Refused with
    /// 409 `circular_parent` when it is the team itself or a team below it.
    pub parent_id: Option<TeamId>,
    #[serde(default)]
    #[schema(max_items = 20, value_type = Vec<ExternalId>)]
    pub external_ids: JsonColumn<Vec<ExternalId>>,
}
record!(Team, TeamForm, teams, TeamId, [name_sort], {
    fn external_ids(&self) -> &[ExternalId] {
        &self.external_ids
    }
});

impl Record for Team {
    const NAMES: Names =
        record_names!(teams, "teams", "team", "Team", "Teams", "a team", "teams", ["Team", "团队"]);
    const PROBLEMS: &'static [&'static str] = &["duplicate", "circular_parent"];
    fn list() -> &'static ListSpec {
        &TEAMS
    }
    /// What a client is restricted to goes by teams.
    fn admit(tx: &mut Tx) -> Result<()> {
        tx.caller.demand_to_see_all()
    }
    /// Whose records people see goes by teams.
    fn changed(tx: &mut Tx) {
        tx.core.callers.forget();
    }
    fn derive(&mut self) {
        self.name_sort = text::sort_key(&self.name);
    }
    fn check(&self, tx: &mut Tx, before: Option<&Team>) -> Result<()> {
        let Some(parent) = self.parent_id else { return Ok(()) };
        if found(tx.load(Team::find, parent))?.is_none() {
            let fault = Fault::at("/parent_id", "unknown_reference").with("kind", "team");
            return Err(Error::invalid(vec![fault]));
        }
        let Some(own) = before else { return Ok(()) };
        let below = tx.under(Guard::Alone("no record is above itself"), |conn| {
            sessions::teams_under(conn, Some(own.id))
        })?;
        if below.contains(&parent.0) {
            return Err(Problem::new("circular_parent").into());
        }
        Ok(())
    }
}

/// Teams from before their names had a key get it. It follows from the name: no new version, no event.
#[allow(clippy::disallowed_methods)] // a key for sorting is no change of the record
fn fill(tx: &mut Tx) -> Result<()> {
    let keyless = teams::name_sort.eq("").and(teams::name.ne(""));
    let names: Vec<(TeamId, String)> = tx
        .hint("whoever names a team meanwhile gives it its key", |conn| {
            Ok(teams::table.filter(keyless).select((teams::id, teams::name)).load(conn)?)
        })?;
    for (id, name) in names {
        let still = teams::table.filter(teams::id.eq(id)).filter(teams::name_sort.eq(""));
        tx.execute(diesel::update(still).set(teams::name_sort.eq(text::sort_key(&name))))?;
    }
    Ok(())
}

static TEAMS: ListSpec = ListSpec {
    id: col!(teams::id),
    filters: &[filter(
        Param::new("parent_id", Takes::Ids("tem"), "Teams directly below one of these teams."),
        Does::Is(col!(teams::parent_id)),
    )],
    sorts: &[
        Sort { name: "code", column: col!(teams::code) },
        Sort { name: "name", column: col!(teams::name_sort) },
    ],
    default_sort: "code",
    expand: &["parent"],
};

impl Row for Team {
    fn id(&self) -> Uuid {
        self.id.0
    }
    fn sort_value(&self, name: &str) -> Value {
        match name {
            "name" => self.name_sort.clone().into(),
            _ => self.code.clone().into(),
        }
    }
}
