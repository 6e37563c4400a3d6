//! Endpoint of exports: extract, call, answer.

use super::model::ExportInput;
use super::work::{self, Plan};
use crate::base::error::Result;
use crate::base::http::dispatch::path_to;
use crate::base::http::{Answer, Ctx, Json, Reply, Req};
use crate::base::jobs;
use crate::jobs::model::JobView;

pub async fn create(ctx: Ctx, req: Req<Vec<String>, Json<ExportInput>>) -> Result<Reply> {
    let (input, query) = (req.body.0, req.query);
    Plan::of(&ctx.app, &ctx.caller, &input)?;
    let wakers = ctx.core.wakers.clone();
    let reply = ctx.answer(move |tx| {
        let job = work::create(tx, &input)?;
        let path = path_to("jobs", job.id);
        Answer::of(JobView::from(job)).located(path).finish_write(tx, &query, 202)
    });
    let reply = reply.await?;
    wakers.wake(jobs::TASK);
    Ok(reply)
}
