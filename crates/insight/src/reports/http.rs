//! Endpoints of reports: extract, call, answer.

use super::model::SalesSummary;
use super::work;
use crate::base::db::ReadTx;
use crate::base::error::Result;
use crate::base::http::{Answer, Req};

pub fn sales_summary(rx: &mut ReadTx, req: &Req) -> Result<Answer<SalesSummary>> {
    work::sales_summary(rx, &req.query).map(Answer::of)
}
