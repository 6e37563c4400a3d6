//! Endpoints of merging: extract, call, answer.

use super::model::{CustomerMerge, MergeInput};
use super::work;
use crate::base::db::Tx;
use crate::base::error::Result;
use crate::base::http::{Answer, Json, Req};
use crate::customers::CustomerId;
use crate::people::model::Reason;

pub fn merge(tx: &mut Tx, req: &Req<CustomerId, Json<MergeInput>>) -> Result<Answer<CustomerMerge>> {
    work::merge(tx, req.path, &req.body).map(Answer::of)
}

pub fn unmerge(tx: &mut Tx, req: &Req<CustomerId, Json<Reason>>) -> Result<Answer<CustomerMerge>> {
    work::unmerge(tx, req.path, &req.body.reason).map(Answer::of)
}
