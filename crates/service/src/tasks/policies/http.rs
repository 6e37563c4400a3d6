//! Endpoints of visit policies: extract, call, answer.

use super::model::{POLICIES, VisitPolicy, VisitPolicyId, VisitPolicyInput};
use super::work;
use crate::base::db::filter::Cond;
use crate::base::db::list::Page;
use crate::base::db::{Rx, Tx};
use crate::base::error::Result;
use crate::base::http::dispatch::path_to;
use crate::base::http::{Answer, Json, Patch, Req};
use crate::load_from;

fn answer(policy: VisitPolicy) -> Answer<VisitPolicy> {
    Answer::at(policy.version, policy)
}

pub fn list(rx: &mut Rx, req: &Req) -> Result<Page<VisitPolicy>> {
    POLICIES.page(&req.query, Cond::All, load_from!(rx.conn, visit_policies, VisitPolicy))
}

pub fn get(rx: &mut Rx, req: &Req<VisitPolicyId>) -> Result<Answer<VisitPolicy>> {
    work::find(rx.conn, req.path).map(answer)
}

pub fn create(tx: &mut Tx, req: &Req<(), Json<VisitPolicyInput>>) -> Result<Answer<VisitPolicy>> {
    let policy = work::create(tx, req.body.0.clone())?;
    let path = path_to("visit-policies", policy.id);
    Ok(answer(policy).located(path))
}

pub fn update(tx: &mut Tx, req: &Req<VisitPolicyId, Patch<VisitPolicyInput>>) -> Result<Answer<VisitPolicy>> {
    work::update(tx, req.path, &req.body).map(answer)
}

pub fn delete(tx: &mut Tx, req: &Req<VisitPolicyId>) -> Result<()> {
    work::delete(tx, req.path)
}
