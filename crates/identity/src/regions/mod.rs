//! Regions: the sales territories, as a tree.
//!
//! | endpoint | who |
//! |---|---|
//! | read | `regions:read` |
//! | create, change, delete | `regions:write` |

use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::base::Area;
use crate::base::auth::Scope;
use crate::base::db::filter::{Value, col};
use crate::base::db::list::{Does, ListSpec, Row, Sort, filter};
use crate::base::db::{ExternalId, JsonColumn, Tx};
use crate::base::error::Result;
use crate::base::events::seen_by_all;
use crate::base::http::Routes;
use crate::base::http::params::{Param, Takes};
use crate::base::record::tree::{self, Tree};
use crate::base::record::{Names, Record};
use crate::base::types::At;
use crate::base::{coded, id_type, record, record_names};
use crate::people::UserId;
use crate::schema::regions;

pub const AREA: Area = Area { name: "regions", routes, problems: &[], phrases: &[] };

const READ: &[Scope] = &[Scope::RegionsRead];
const WRITE: &[Scope] = &[Scope::RegionsWrite];

fn routes(r: &mut Routes) {
    r.tag("regions", "Sales regions, as a tree.");
    r.reads_within_restrictions();
    r.declare(coded!(regions, RegionId, col!(regions::code), seen_by_all));
    let example = json!({"code": "SZ", "name": "深圳"});
    r.record::<Region>(READ, WRITE).examples(example, json!({"name": "广东省"}));
}

id_type!(RegionId, "reg", "region");

/// A sales region. Regions form a tree.
#[derive(Debug, Clone, Serialize, ToSchema, Insertable, Queryable, Selectable, AsChangeset)]
#[diesel(table_name = regions)]
#[diesel(treat_none_as_null = true)]
pub struct Region {
    pub id: RegionId,
    pub version: i32,
    #[diesel(embed)]
    #[serde(flatten)]
    pub form: RegionForm,
    pub created_at: At,
    pub created_by: Option<UserId>,
    pub updated_at: At,
    pub updated_by: Option<UserId>,
}

/// Data of a region, for creating and changing.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema, Insertable, Queryable, Selectable, AsChangeset)]
#[diesel(table_name = regions)]
#[diesel(treat_none_as_null = true)]
#[schema(as = RegionInput)]
pub struct RegionForm {
    /// Short code of the region. Refused with 409 `duplicate` when another region has it.
    #[schema(min_length = 1, max_length = 40, format = "key", example = "GD")]
    pub code: String,
    /// Name of the region.
    #[schema(min_length = 1, max_length = 100, example = "广东")]
    pub name: String,
    /// Region above this one. Defaults to null: a region at the top. Refused with 409 `circular_parent` when it is the
    /// region itself or a region below it.
    pub parent_id: Option<RegionId>,
    #[serde(default)]
    #[schema(max_items = 20, value_type = Vec<ExternalId>)]
    pub external_ids: JsonColumn<Vec<ExternalId>>,
}
record!(Region, RegionForm, regions, RegionId, {
    fn external_ids(&self) -> &[ExternalId] {
        &self.external_ids
    }
});

impl Record for Region {
    const NAMES: Names = record_names!(
        regions,
        "regions",
        "region",
        "Region",
        "Regions",
        "a region",
        "regions",
        ["Region", "区域"]
    );
    const PROBLEMS: &'static [&'static str] = &["duplicate", "circular_parent"];
    fn list() -> &'static ListSpec {
        &REGIONS
    }
    fn check(&self, tx: &mut Tx, before: Option<&Region>) -> Result<()> {
        tree::check_parent::<Region>(tx, self.parent_id, before.map(|b| b.id))
    }
}

impl Tree for Region {
    fn parent(&self) -> Option<RegionId> {
        self.parent_id
    }
}

static REGIONS: ListSpec = ListSpec {
    id: col!(regions::id),
    filters: &[
        filter(
            Param::new("parent_id", Takes::Ids("reg"), "Regions directly below one of these regions."),
            Does::Is(col!(regions::parent_id)),
        ),
        filter(
            Param::new("code", Takes::Text(40), "The region with this code, in upper or lower case."),
            Does::Is(col!(regions::code)),
        ),
    ],
    sorts: &[Sort { name: "code", column: col!(regions::code) }],
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
