//! The endpoint of imports: look at the file, begin the job.

use std::sync::Arc;

use tokio::sync::Semaphore;

use super::fields::Resource;
use super::intake::{self, Asked, Intake};
use super::work;
use crate::base::error::{Error, Result};
use crate::base::http::dispatch::path_to;
use crate::base::http::params::Query;
use crate::base::http::{Answer, Ctx, File, FileKind, Reply, Req};
use crate::base::jobs;
use crate::jobs::model::JobView;

/// A file of rows.
#[derive(Clone)]
pub struct Table;
impl FileKind for Table {
    const TYPES: &'static [&'static str] = &intake::TYPES;
}

/// Files that are looked at: so many at a time, and so many that wait for it. Each may take some hundred megabytes.
struct Looking {
    places: Semaphore,
    queue: Semaphore,
}

const AT_A_TIME: usize = 2;
const WAITING: usize = 6;

impl Default for Looking {
    fn default() -> Looking {
        Looking { places: Semaphore::new(AT_A_TIME), queue: Semaphore::new(AT_A_TIME + WAITING) }
    }
}

/// Looks at a file, which takes its time and memory.
async fn look(ctx: &Ctx, body: File<Table>, resource: Resource, asked: Asked) -> Result<Intake> {
    let looking = ctx.core.part::<Looking>();
    let _queued = looking.queue.try_acquire().map_err(|_| Error::unavailable())?;
    let _place = looking.places.acquire().await.map_err(|_| Error::unavailable())?;
    ctx.slowly(move || intake::take_in(body.media_type, &body.bytes, resource, &asked)).await?
}

fn asked(query: &Query) -> Asked {
    let text = |name: &str| query.text(name).filter(|text| !text.is_empty()).map(str::to_owned);
    Asked {
        dry_run: query.bool("dry_run").unwrap_or(false),
        mapping: text("mapping"),
        system: text("system"),
        delimiter: query.word("delimiter"),
        sheet: text("sheet"),
        encoding: query.word("encoding"),
        date_order: query.word("date_order"),
        decimal_sign: query.word("decimal_sign"),
        leave_out: text("leave_out"),
    }
}

pub async fn start(ctx: Ctx, req: Req<Vec<String>, File<Table>>) -> Result<Reply> {
    let Req { query, body, .. } = req;
    let resource = query.word("resource").and_then(|name| Resource::named(&ctx.core.building, name));
    let resource = resource.ok_or_else(Error::not_found)?;
    work::demand(&ctx.caller, &resource)?;
    let asked = asked(&query);
    let intake = look(&ctx, body, resource, asked).await?;
    let (intake, wakers) = (Arc::new(intake), ctx.core.wakers.clone());
    let reply = ctx
        .answer(move |tx| {
            let job = work::begin(tx, &intake)?;
            let path = path_to("jobs", job.id);
            Answer::of(JobView::from(job)).located(path).finish_write(tx, &query, 202)
        })
        .await?;
    wakers.wake(jobs::TASK);
    Ok(reply)
}
