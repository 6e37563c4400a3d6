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

/// A sales region. Regions form a tree.
#[derive(Debug, Clone, Serialize, ToSchema, Insertable, Queryable, Selectable, AsChangeset)]
#[diesel(table_name = regions)]
#[diesel(treat_none_as_null = true)]
pub struct Region {
    pub id: RegionId,
    pub version: i32,
    /// Short code of the region. Unique.
    pub code: String,
    /// Name of the region.
    pub name: String,
    /// Region above this one. Null for a region at the top.
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

/// Data of a region, for creating and changing.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct RegionInput {
    /// Short code of the region. Refused with 409 `duplicate` when another region has it.
    #[schema(min_length = 1, max_length = 40, example = "GD")]
    pub code: String,
    /// Name of the region.
    #[schema(min_length = 1, max_length = 100, example = "广东")]
    pub name: String,
    /// Region above this one. Defaults to none. Refused with 409 `circular_parent` when it is the region
    /// itself or a region below it.
    pub parent_id: Option<RegionId>,
    #[serde(default)]
    #[schema(max_items = 20)]
    pub external_ids: Vec<ExternalId>,
}

pub static REGIONS: ListSpec = ListSpec {
    id: "regions.id",
    filters: &[
        filter(
            Param::new("parent_id", Takes::Ids("reg"), "Regions directly below one of these regions."),
            Does::Is("regions.parent_id"),
        ),
        filter(
            Param::new("code", Takes::Text(40), "The region with exactly this code."),
            Does::Is("regions.code"),
        ),
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
