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
    r.tag("regions", "Sales regions, as a tree.");
    r.list("/regions", "listRegions", &model::REGIONS, http::list)
        .scope(READ)
        .says("List regions", "Returns all sales regions, sorted by code.");
    r.create("/regions", "createRegion", http::create)
        .scope(WRITE)
        .says(
            "Create a region",
            "Creates a region, at the top or below another region. Refused with 409 `duplicate` when the \
             code is taken.",
        )
        .example(json!({"code": "GD", "name": "广东"}))
        .fails_with(&["duplicate"]);
    r.read("/regions/{region_id}", "getRegion", http::get)
        .scope(READ)
        .says("Read a region", "Returns one region.");
    r.change("/regions/{region_id}", "updateRegion", http::update)
        .scope(WRITE)
        .says(
            "Change a region",
            "Changes the data of a region. Refused with 409 `duplicate` when the code is taken, and with \
             409 `circular_parent` when the region would be below itself.",
        )
        .example(json!({"name": "广东省"}))
        .fails_with(&["duplicate", "circular_parent"]);
    r.remove("/regions/{region_id}", "deleteRegion", http::delete)
        .scope(WRITE)
        .says(
            "Delete a region",
            "Deletes a region that no other record refers to. Refused with 409 `still_referenced` when \
             other records refer to it.",
        )
        .fails_with(&["still_referenced"]);
    r.read_by_external_id("/regions/by-external-id/{system}/{id}", "getRegionByExternalId", http::get)
        .scope(READ)
        .says("Read a region by external id", "Returns the region that has this id in another system.");
    r.put_by_external_id(
        "/regions/by-external-id/{system}/{id}",
        "upsertRegionByExternalId",
        http::create,
        http::update,
    )
    .scope(WRITE)
    .says("Put a region by external id", "A new region needs `code` and `name`.")
    .example(json!({"code": "GD", "name": "广东"}))
    .fails_with(&["duplicate", "external_id_taken", "circular_parent"]);
    r.history("/regions/{region_id}/history", "listRegionHistory", http::get).scope(READ).says(
        "Read a region's history",
        "Returns every change of the region with the old and the new content, who made it, when and why.",
    );
    r.expands("reg", work::expand);
}

const TOLD: Told = Told {
    kind: model::RegionId::KIND,
    name: ["Region", "区域"],
    scopes: READ,
    select: "SELECT regions.id FROM regions WHERE ",
    visible: events::seen_by_all,
    verbs: &[events::CREATED, events::UPDATED, events::DELETED],
};
