//! Regions: the sales territories, as a tree.

mod http;
pub mod model;
pub mod work;

use serde_json::json;

use crate::base::Area;
use crate::base::auth::Scope;
use crate::base::events::{self, Told};
use crate::base::http::Routes;

pub use model::RegionId;

pub const AREA: Area = Area { name: "regions", routes, problems: &[], phrases: &[] };

const READ: &[Scope] = &[Scope::RegionsRead];
const WRITE: &[Scope] = &[Scope::RegionsWrite];

fn routes(r: &mut Routes) {
    r.tells(TOLD);
    r.tag("regions", "Sales regions and their territories.");
    r.list("/regions", "listRegions", &model::REGIONS, http::list).scope(READ).says("List regions", "");
    r.create("/regions", "createRegion", http::create)
        .scope(WRITE)
        .says("Add a region", "")
        .example(json!({"code": "GD", "name": "广东"}))
        .fails_with(&["duplicate"]);
    r.read("/regions/{region_id}", "getRegion", http::get).scope(READ).says("Read a region", "");
    r.change("/regions/{region_id}", "updateRegion", http::update)
        .scope(WRITE)
        .says("Change a region", "")
        .example(json!({"name": "广东省"}))
        .fails_with(&["duplicate", "circular_parent"]);
    r.remove("/regions/{region_id}", "deleteRegion", http::delete)
        .scope(WRITE)
        .says("Delete a region", "Only one that nothing refers to.")
        .fails_with(&["still_referenced"]);
    r.read_by_external_id("/regions/by-external-id/{system}/{id}", "getRegionByExternalId", http::get)
        .scope(READ)
        .says("Read a region by external id", "");
    r.put_by_external_id(
        "/regions/by-external-id/{system}/{id}",
        "upsertRegionByExternalId",
        http::create,
        http::update,
    )
    .scope(WRITE)
    .says("Create or change a region by external id", "A new one needs `code` and `name`.")
    .example(json!({"code": "GD", "name": "广东"}))
    .fails_with(&["duplicate", "external_id_taken", "circular_parent"]);
    r.history("/regions/{region_id}/history", "listRegionHistory", http::get)
        .scope(READ)
        .says("History of a region", "Every change: who, when, why, before and after.");
    r.expanders.insert("reg", work::expand);
}

const TOLD: Told = Told {
    kind: model::RegionId::KIND,
    scopes: READ,
    select: "SELECT regions.id FROM regions WHERE ",
    visible: events::seen_by_all,
    verbs: &[events::CREATED, events::UPDATED, events::DELETED],
};
