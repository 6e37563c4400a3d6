//! Departments: row, input, list.

use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::base::db::filter::Value;
use crate::base::db::list::{Does, ListSpec, Row, Sort, filter};
use crate::base::db::{ExternalId, Json};
use crate::base::http::params::{Param, Takes};
use crate::base::text;
use crate::base::types::{At, TextEnum};
use crate::people::{TeamId, UserId};
use crate::schema::departments;
use crate::{entity, id_type, text_enum};

id_type!(DepartmentId, "dep", "department");

text_enum! {
    /// What a department does.
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

/// Another department of the company.
#[derive(Debug, Clone, Serialize, ToSchema, Insertable, Queryable, Selectable, AsChangeset)]
#[diesel(table_name = departments)]
#[diesel(treat_none_as_null = true)]
pub struct Department {
    pub id: DepartmentId,
    pub version: i32,
    #[schema(max_length = 40, example = "WH")]
    pub code: String,
    #[schema(example = "仓储部")]
    pub name: String,
    #[serde(skip)]
    pub name_sort: String,
    #[schema(example = "Warehouse")]
    pub name_en: Option<String>,
    pub kind: DepartmentKind,
    /// Whom a request goes to when it names nobody, and who hears of it when it is late.
    pub lead_id: Option<UserId>,
    /// The team whose people answer for it beside the lead.
    pub team_id: Option<TeamId>,
    /// Working hours within which a request is to be accepted or declined.
    #[schema(minimum = 1, maximum = 2000, example = 8)]
    pub response_hours: i32,
    /// Whether it can be asked.
    pub active: bool,
    #[schema(value_type = Vec<ExternalId>)]
    pub external_ids: Json<Vec<ExternalId>>,
    pub created_at: At,
    pub created_by: Option<UserId>,
    pub updated_at: At,
    pub updated_by: Option<UserId>,
}
entity!(Department, departments, DepartmentId, {
    fn external_ids(&self) -> &[ExternalId] {
        &self.external_ids.0
    }
    fn search_texts(&self) -> Vec<String> {
        let mut texts = vec![self.name.clone(), text::initials(&self.name), self.code.clone()];
        texts.extend(self.name_en.clone());
        texts
    }
});

/// A working day.
pub fn a_day() -> i32 {
    8
}
fn yes() -> bool {
    true
}

/// A department as entered and changed.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct DepartmentInput {
    #[schema(min_length = 1, max_length = 40, pattern = r"^\S+$", example = "WH")]
    pub code: String,
    #[schema(min_length = 1, max_length = 100, pattern = r"\S", example = "仓储部")]
    pub name: String,
    #[schema(min_length = 1, max_length = 100, pattern = r"\S", example = "Warehouse")]
    pub name_en: Option<String>,
    pub kind: DepartmentKind,
    pub lead_id: Option<UserId>,
    pub team_id: Option<TeamId>,
    /// Working hours within which a request is to be accepted or declined; 8 when left out.
    #[serde(default = "a_day")]
    #[schema(minimum = 1, maximum = 2000, example = 8)]
    pub response_hours: i32,
    #[serde(default = "yes")]
    pub active: bool,
    /// How other systems call this record; unique per system.
    #[serde(default)]
    #[schema(max_items = 20)]
    pub external_ids: Vec<ExternalId>,
}

pub static DEPARTMENTS: ListSpec = ListSpec {
    id: "departments.id",
    filters: &[
        filter(
            Param::new("q", Takes::Text(100), "Part of a name, pinyin initials or code."),
            Does::Search("departments.id"),
        ),
        filter(
            Param::new("kind", Takes::Words(DepartmentKind::WORDS), "Only these kinds."),
            Does::Is("departments.kind"),
        ),
        filter(
            Param::new("active", Takes::Bool, "Only those that can be asked, or only the others."),
            Does::Is("departments.active"),
        ),
        filter(
            Param::new("lead_id", Takes::Ids("usr"), "Only those that these people lead."),
            Does::Is("departments.lead_id"),
        ),
        filter(
            Param::new("team_id", Takes::Ids("tem"), "Only those of these teams."),
            Does::Is("departments.team_id"),
        ),
        filter(
            Param::new("code", Takes::Text(40), "The department with this code."),
            Does::Is("departments.code"),
        ),
        filter(
            Param::new("updated_since", Takes::Instant, "Only those changed at this instant or later."),
            Does::AtLeast("departments.updated_at"),
        ),
    ],
    sorts: &[
        Sort { name: "code", column: "departments.code" },
        Sort { name: "name", column: "departments.name_sort" },
        Sort { name: "updated_at", column: "departments.updated_at" },
    ],
    sort_names: &["code", "name", "updated_at"],
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
