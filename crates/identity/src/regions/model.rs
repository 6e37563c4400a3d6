//! Regions: rows, input, list.

use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::base::db::filter::Value;
use crate::base::db::list::{Does, ListSpec, Row, Sort, filter};
use crate::base::db::{ExternalId, Json};
use crate::base::http::params::{Param, Takes};
use crate::base::types::At;
use crate::people::UserId;
use crate::schema::regions;
use crate::{entity, id_type};

id_type!(RegionId, "reg", "region");

/// A sales region.
#[derive(Debug, Clone, Serialize, ToSchema, Insertable, Queryable, Selectable, AsChangeset)]
#[diesel(table_name = regions)]
#[diesel(treat_none_as_null = true)]
pub struct Region {
    pub id: RegionId,
    pub version: i32,
    pub code: String,
    pub name: String,
    pub parent_id: Option<RegionId>,
    #[schema(value_type = Vec<ExternalId>)]
    pub external_ids: Json<Vec<ExternalId>>,
    pub created_at: At,
    pub created_by: Option<UserId>,
    pub updated_at: At,
    pub updated_by: Option<UserId>,
}
entity!(Region, regions, RegionId, {
    fn external_ids(&self) -> &[ExternalId] {
        &self.external_ids.0
    }
});

/// A region as entered and changed.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct RegionInput {
    #[schema(min_length = 1, max_length = 40, example = "GD")]
    pub code: String,
    #[schema(min_length = 1, max_length = 100, example = "广东")]
    pub name: String,
    pub parent_id: Option<RegionId>,
    /// How other systems call this record; unique per system.
    #[serde(default)]
    #[schema(max_items = 20)]
    pub external_ids: Vec<ExternalId>,
}

pub static REGIONS: ListSpec = ListSpec {
    id: "regions.id",
    filters: &[
        filter(
            Param::new("parent_id", Takes::Ids("reg"), "Only regions directly below these."),
            Does::Is("regions.parent_id"),
        ),
        filter(Param::new("code", Takes::Text(40), "The region with this code."), Does::Is("regions.code")),
    ],
    sorts: &[Sort { name: "code", column: "regions.code" }],
    sort_names: &["code"],
    default_sort: "code",
    expand: &["parent"],
};

impl Row for Region {
    fn id(&self) -> Uuid {
        self.id.0
    }
    fn sort_value(&self, _: &str) -> Value {
        self.code.clone().into()
    }
}
