//! Endpoints of jobs: extract, call, answer.

use super::model::{JOBS, JobView};
use super::work::{self, Wanted};
use crate::base::db::list::Page;
use crate::base::db::{ReadTx, Tx};
use crate::base::error::{Error, Result};
use crate::base::http::{Answer, Ctx, Reply, Req};
use crate::base::jobs::model::visible_to;
use crate::base::jobs::{FileRole, Job, JobId, files};
use crate::load_from;

pub fn list(rx: &mut ReadTx, req: &Req) -> Result<Page<JobView>> {
    let mut page = JOBS.page(&req.query, visible_to(rx.caller), load_from!(rx.conn, jobs, Job))?;
    let jobs = std::mem::take(&mut page.data);
    Ok(page.with(jobs.into_iter().map(JobView::from).collect()))
}

pub fn get(rx: &mut ReadTx, req: &Req<JobId>) -> Result<Answer<JobView>> {
    work::find(rx.conn, rx.caller, req.path).map(|job| Answer::of(job.into()))
}

pub fn cancel(tx: &mut Tx, req: &Req<JobId>) -> Result<Answer<JobView>> {
    work::cancel(tx, req.path).map(|job| Answer::of(job.into()))
}

pub async fn result(ctx: Ctx, req: Req<Vec<String>, ()>) -> Result<Reply> {
    file(ctx, &req, FileRole::Result).await
}

pub async fn errors(ctx: Ctx, req: Req<Vec<String>, ()>) -> Result<Reply> {
    file(ctx, &req, FileRole::Errors).await
}

async fn file(ctx: Ctx, req: &Req<Vec<String>, ()>, role: FileRole) -> Result<Reply> {
    let id: JobId = req.path.first().and_then(|id| id.parse().ok()).ok_or_else(Error::not_found)?;
    let Wanted { name, media_type, size } =
        ctx.read(move |rx| work::wanted(rx.conn, rx.caller, rx.now, id, role)).await?;
    let mut reply = Reply::streamed(media_type, files::stream(ctx, id, role, size));
    reply.headers = vec![("content-disposition", format!("attachment; filename=\"{name}\""))];
    Ok(reply)
}
