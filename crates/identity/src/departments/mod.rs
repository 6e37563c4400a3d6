//! Departments: the other parts of the company that the sales department works with, who leads them, and how soon each has to
//! answer a request.
//!
//! | endpoint | who |
//! |---|---|
//! | read | `departments:read` |
//! | create, change, delete | `departments:write` |

use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::base::Area;
use crate::base::auth::Scope;
use crate::base::db::filter::{Predicate, Value, col};
use crate::base::db::list::{Does, ListSpec, Row, Sort, filter};
use crate::base::db::{Act, ExternalId, JsonColumn, Tx};
use crate::base::error::{Fault, Faults, Result};
use crate::base::held;
use crate::base::holdings::Successor;
use crate::base::http::Routes;
use crate::base::http::params::{Param, Takes};
use crate::base::record::{Names, Record};
use crate::base::text;
use crate::base::types::{At, TextEnum};
use crate::people::model::UserStatus;
use crate::people::teams::Team;
use crate::people::work as people;
use crate::people::{TeamId, UserId};
use crate::schema::departments;
use crate::{id_type, record, record_names, text_enum};

pub const AREA: Area = Area { name: "departments", routes, problems: &[], phrases: &[] };

const READ: &[Scope] = &[Scope::DepartmentsRead];
const WRITE: &[Scope] = &[Scope::DepartmentsWrite];

fn routes(r: &mut Routes) {
    r.tag(
        "departments",
        "Other departments of the company: who leads them, and how fast they must answer requests.",
    );
    r.reads_within_restrictions();
    r.declare(held!(
        departments::lead_id,
        DepartmentId,
        ["Lead of departments", "部门负责人"],
        |person| Predicate::eq(col!(departments::lead_id), person),
        pass
    ));
    let mut department = r.record::<Department>(READ, WRITE);
    department.examples(
        json!({"code": "BUY", "name": "采购部", "name_en": "Purchasing", "kind": "purchasing", "response_hours": 8}),
        json!({"response_hours": 4}),
    );
    department.change().description(
        "Changes the data of a department. With `active: false` it gets no new requests; requests that it already has go \
         on.",
    );
    department.delete().description(
        "Deletes a department that never received a request. Refused with 409 `still_referenced` otherwise: set `active` \
         to false instead.",
    );
}

id_type!(DepartmentId, "dep", "department");

text_enum! {
    /// Work of a department. It is for grouping and filtering; no rule depends on it.
    pub enum DepartmentKind {
        Warehouse = "warehouse",
        Production = "production",
        Finance = "finance",
        Logistics = "logistics",
        Purchasing = "purchasing",
        Design = "design",
        Other = "other",
    }
}

/// Another department of the company that the sales department sends requests to.
#[derive(Debug, Clone, Serialize, ToSchema, Insertable, Queryable, Selectable, AsChangeset)]
#[diesel(table_name = departments)]
#[diesel(treat_none_as_null = true)]
pub struct Department {
    pub id: DepartmentId,
    pub version: i32,
    #[diesel(embed)]
    #[serde(flatten)]
    pub form: DepartmentForm,
    #[serde(skip)]
    pub name_sort: String,
    pub created_at: At,
    pub created_by: Option<UserId>,
    pub updated_at: At,
    pub updated_by: Option<UserId>,
}

/// Data of a department, for creating and changing.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema, Insertable, Queryable, Selectable, AsChangeset)]
#[diesel(table_name = departments)]
#[diesel(treat_none_as_null = true)]
#[schema(as = DepartmentInput)]
pub struct DepartmentForm {
    /// Short code of the department, without spaces. Refused with 409 `duplicate` when another department has
    /// it.
    #[schema(min_length = 1, max_length = 40, pattern = r"^\S+$", format = "key", example = "WH")]
    pub code: String,
    /// Name of the department.
    #[schema(min_length = 1, max_length = 100, pattern = r"\S", example = "仓储部")]
    pub name: String,
    /// English name of the department.
    #[schema(min_length = 1, max_length = 100, pattern = r"\S", example = "Warehouse")]
    pub name_en: Option<String>,
    /// Work of the department.
    pub kind: DepartmentKind,
    /// Person who leads the department. A request without an assignee goes to them. A new lead must be an
    /// active user.
    pub lead_id: Option<UserId>,
    /// Team whose members answer requests together with the lead.
    pub team_id: Option<TeamId>,
    /// Working hours in which the department must accept or decline a request. Defaults to 8.
    #[serde(default = "a_day")]
    #[schema(minimum = 1, maximum = 2000, example = 8)]
    pub response_hours: i32,
    /// Whether the department can be sent new requests. Defaults to true.
    #[serde(default = "yes")]
    pub active: bool,
    #[serde(default)]
    #[schema(max_items = 20, value_type = Vec<ExternalId>)]
    pub external_ids: JsonColumn<Vec<ExternalId>>,
}

record!(Department, DepartmentForm, departments, DepartmentId, [name_sort], {
    fn external_ids(&self) -> &[ExternalId] {
        &self.external_ids
    }
    fn search_texts(&self) -> Vec<String> {
        let mut texts = vec![self.name.clone(), text::initials(&self.name), self.code.clone()];
        texts.extend(self.name_en.clone());
        texts
    }
});

/// A working day, in hours.
pub fn a_day() -> i32 {
    8
}
fn yes() -> bool {
    true
}

impl Record for Department {
    const NAMES: Names = record_names!(
        departments,
        "departments",
        "department",
        "Department",
        "Departments",
        "a department",
        "departments",
        ["Department", "部门"]
    );
    fn list() -> &'static ListSpec {
        &DEPARTMENTS
    }
    fn derive(&mut self) {
        self.name_sort = text::sort_key(&self.name);
    }
    /// A new lead works here, and the team is there.
    fn check(&self, tx: &mut Tx, before: Option<&Department>) -> Result<()> {
        let mut faults = Faults::default();
        if let Some(lead) = self.lead_id.filter(|lead| before.is_none_or(|b| b.lead_id != Some(*lead))) {
            let user = faults.known(tx.load(people::find_user, lead), "/lead_id", "user")?;
            if user.is_some_and(|user| user.status != UserStatus::Active) {
                faults.push(Fault::at("/lead_id", "unknown_reference").with("kind", "user"));
            }
        }
        if let Some(team) = self.team_id {
            faults.known(tx.load(Team::find, team), "/team_id", "team")?;
        }
        faults.done()
    }
}

/// Hands the lead of a department over; see [`crate::base::holdings`].
fn pass(tx: &mut Tx, id: Uuid, to: &Successor) -> Result<()> {
    let before = tx.load(Department::find, DepartmentId(id))?;
    let mut department = before.clone();
    department.form.lead_id = Some(to.to);
    tx.save(&before, &mut department, Act::because("updated", Some(to.reason)))
}

static DEPARTMENTS: ListSpec = ListSpec {
    id: col!(departments::id),
    filters: &[
        filter(
            Param::new(
                "q",
                Takes::Text(100),
                "Departments whose name, pinyin initials or code contains these words.",
            ),
            Does::Search(col!(departments::id)),
        ),
        filter(
            Param::new("kind", Takes::Words(DepartmentKind::WORDS), "Departments of one of these kinds."),
            Does::Is(col!(departments::kind)),
        ),
        filter(
            Param::new(
                "active",
                Takes::Bool,
                "`true`: departments that can be sent new requests. `false`: the others. By default all.",
            ),
            Does::Is(col!(departments::active)),
        ),
        filter(
            Param::new("lead_id", Takes::Ids("usr"), "Departments led by one of these users."),
            Does::Is(col!(departments::lead_id)),
        ),
        filter(
            Param::new("team_id", Takes::Ids("tem"), "Departments whose team is one of these."),
            Does::Is(col!(departments::team_id)),
        ),
        filter(
            Param::new("code", Takes::Text(40), "The department with this code, in upper or lower case."),
            Does::Is(col!(departments::code)),
        ),
        filter(
            Param::new("updated_since", Takes::Instant, "Departments changed at this instant or later."),
            Does::AtLeast(col!(departments::updated_at)),
        ),
    ],
    sorts: &[
        Sort { name: "code", column: col!(departments::code) },
        Sort { name: "name", column: col!(departments::name_sort) },
        Sort { name: "updated_at", column: col!(departments::updated_at) },
    ],
    default_sort: "code",
    expand: &["lead", "team"],
};

impl Row for Department {
    fn id(&self) -> Uuid {
        self.id.0
    }
    fn sort_value(&self, name: &str) -> Value {
        match name {
            "name" => self.name_sort.clone().into(),
            "updated_at" => self.updated_at.into(),
            _ => self.code.clone().into(),
        }
    }
}
