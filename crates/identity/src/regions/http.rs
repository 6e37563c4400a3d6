//! Endpoints of regions: extract, call, answer.

use super::model::{REGIONS, Region, RegionId, RegionInput};
use super::work;
use crate::base::db::filter::Cond;
use crate::base::db::list::Page;
use crate::base::db::{Rx, Tx};
use crate::base::error::Result;
use crate::base::http::dispatch::path_to;
use crate::base::http::{Answer, Json, Patch, Req};
use crate::load_from;

pub fn list(rx: &mut Rx, req: &Req) -> Result<Page<Region>> {
    REGIONS.page(&req.query, Cond::All, load_from!(rx.conn, regions, Region))
}

pub fn get(rx: &mut Rx, req: &Req<RegionId>) -> Result<Answer<Region>> {
    work::find(rx.conn, req.path).map(answer)
}

fn answer(region: Region) -> Answer<Region> {
    Answer::at(region.version, region)
}

pub fn create(tx: &mut Tx, req: &Req<(), Json<RegionInput>>) -> Result<Answer<Region>> {
    let region = work::create(tx, req.body.0.clone())?;
    let path = path_to("regions", region.id);
    Ok(answer(region).located(path))
}

pub fn update(tx: &mut Tx, req: &Req<RegionId, Patch<RegionInput>>) -> Result<Answer<Region>> {
    work::update(tx, req.path, &req.body).map(answer)
}

pub fn delete(tx: &mut Tx, req: &Req<RegionId>) -> Result<()> {
    work::delete(tx, req.path)
}
