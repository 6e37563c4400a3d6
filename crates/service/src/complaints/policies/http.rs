//! Endpoints of service level policies: extract, call, answer.

use super::model::{POLICIES, SlaPolicy, SlaPolicyId, SlaPolicyInput};
use super::work;
use crate::base::db::filter::Cond;
use crate::base::db::list::Page;
use crate::base::db::{Rx, Tx};
use crate::base::error::Result;
use crate::base::http::dispatch::path_to;
use crate::base::http::{Answer, Json, Patch, Req};
use crate::load_from;

fn answer(policy: SlaPolicy) -> Answer<SlaPolicy> {
    Answer::at(policy.version, policy)
}

pub fn list(rx: &mut Rx, req: &Req) -> Result<Page<SlaPolicy>> {
    POLICIES.page(&req.query, Cond::All, load_from!(rx.conn, sla_policies, SlaPolicy))
}

pub fn get(rx: &mut Rx, req: &Req<SlaPolicyId>) -> Result<Answer<SlaPolicy>> {
    work::find(rx.conn, req.path).map(answer)
}

pub fn create(tx: &mut Tx, req: &Req<(), Json<SlaPolicyInput>>) -> Result<Answer<SlaPolicy>> {
    let policy = work::create(tx, req.body.0.clone())?;
    let path = path_to("sla-policies", policy.id);
    Ok(answer(policy).located(path))
}

pub fn update(tx: &mut Tx, req: &Req<SlaPolicyId, Patch<SlaPolicyInput>>) -> Result<Answer<SlaPolicy>> {
    work::update(tx, req.path, &req.body).map(answer)
}

pub fn delete(tx: &mut Tx, req: &Req<SlaPolicyId>) -> Result<()> {
    work::delete(tx, req.path)
}
