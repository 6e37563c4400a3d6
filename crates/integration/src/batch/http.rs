//! The endpoint of batches: check, count, choose how to run.

use std::sync::Arc;

use super::model::{BatchInput, BatchMode};
use super::rules;
use super::work::{self, Batch};
use crate::base::error::{Error, Result};
use crate::base::http::limits::Counted;
use crate::base::http::{Ctx, Json, Reply, Req};

pub async fn run(ctx: Ctx, req: Req<Vec<String>, Json<BatchInput>>) -> Result<Reply> {
    let input = req.body.0;
    let faults = rules::faults(&input.operations);
    if !faults.is_empty() {
        return Err(Error::invalid(faults));
    }
    // The request itself was counted as one.
    let more = input.operations.len().saturating_sub(1) as u32;
    let counted = Counted::Caller(ctx.caller.idempotency_owner());
    ctx.core.limits.take(&counted, more, ctx.core.clock.now())?;
    let batch = Arc::new(Batch::of(input, &ctx));
    match (batch.mode, ctx.dry_run) {
        (BatchMode::Atomic, _) => ctx.answer(move |tx| work::atomic(tx, &batch)).await,
        (BatchMode::Independent, true) => {
            // Nothing of it is kept, the answer neither.
            let ctx = Ctx { key: None, ..ctx };
            ctx.answer(move |tx| work::rehearse(tx, &batch)).await
        }
        (BatchMode::Independent, false) => work::independent(&ctx, &batch).await,
    }
}
