//! The job of an import. It begins with the file as it was received and imports one chunk at a time. What a
//! chunk has written, its number of rows and where the next chunk begins are committed together.

use std::collections::HashMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::errors;
use super::fields::Resource;
use super::gather::MOST_LINES;
use super::intake::{self, Intake, Plan};
use super::records::{Importer, Refused, Unit, continues, is_whole, key_of};
use super::rows::{At, Row, in_window};
use crate::base::auth::{Caller, forbidden};
use crate::base::db::{Conn, JsonColumn, Tx};
use crate::base::error::{Error, Fault, Problem, Result};
use crate::base::jobs::{self, FileRole, Job, JobFile, JobId, JobRun, NewJob, Progress, files, keys};

/// Rows in a chunk, or of all its orders together; small, so that other writers get their turn.
const CHUNK: usize = 100;
/// Rows of a dry run that are told as they would be stored.
const SHOWN: i64 = 20;
/// Bytes that are read for a chunk; more where a row or an order is longer.
const WINDOW: u64 = 64 << 10;
const LARGEST_WINDOW: u64 = 16 << 20;

/// Where an import is.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct State {
    plan: Plan,
    /// Bytes of the file.
    size: u64,
    at: At,
}

/// Refuses at once what would be refused row by row.
pub fn demand(caller: &Caller, resource: &Resource) -> Result<()> {
    let scopes = resource.scopes();
    match scopes.iter().any(|scope| caller.may(*scope)) {
        true => Ok(()),
        false => Err(forbidden(scopes)),
    }
}

/// Begins the job. Ring [`jobs::TASK`]'s bell when the transaction is through.
pub fn begin(tx: &mut Tx, intake: &Intake) -> Result<Job> {
    let plan = &intake.plan;
    demand(tx.caller, &plan.resource)?;
    let state = State { plan: plan.clone(), size: intake.text.len() as u64, at: (plan.begin, plan.line) };
    let job = jobs::create(
        tx,
        NewJob {
            kind: super::JOB,
            resource: plan.resource.to_string(),
            params: intake::params(intake),
            state: as_json(&state)?,
            total: Some(plan.total as i64),
        },
    )?;
    tx.own(&job, |conn| files::append(conn, job.id, FileRole::Input, &intake.text))?;
    Ok(job)
}

fn as_json(state: &State) -> Result<Value> {
    serde_json::to_value(state).map_err(|e| Error::internal(e.to_string()))
}

/// Does one chunk.
pub fn step(run: &JobRun) -> Result<Progress> {
    let lost = |what: String| Error::internal(format!("the state of {} cannot be read: {what}", run.job.id));
    let mut state: State =
        serde_json::from_value(run.job.state.0.clone()).map_err(|e| lost(e.to_string()))?;
    let resource = &run.job.resource;
    state.plan.resource =
        Resource::named(&run.app, resource).ok_or_else(|| lost(format!("nothing brings {resource}")))?;
    let (units, next, ended) = next_units(run, &state)?;
    let (state, units, app) = (Arc::new(state), Arc::new(units), run.app.clone());
    run.commit(move |tx, job| {
        chunk(&app, tx, job, &state, &units)?;
        job.state = JsonColumn(as_json(&State { at: next, ..State::clone(&state) })?);
        Ok(if ended { Progress::Done } else { Progress::More })
    })
}

// ---- reading -------------------------------------------------------------------------------------------------

/// The units that come next, where the one after them begins, and whether the file ends with them.
fn next_units(run: &JobRun, state: &State) -> Result<(Vec<Unit>, At, bool)> {
    let (mut bytes, mut most) = (WINDOW, CHUNK);
    loop {
        let (id, at, end) = (run.job.id, state.at.0, (state.at.0 + bytes).min(state.size));
        let window = run.read(move |rx| window(rx.conn, id, at, end))?;
        let whole = end == state.size;
        let found = in_window(&window, state.at, whole, most, &state.plan)?;
        let ended = found.ended || (whole && found.next.0 >= state.size);
        let units = in_units(&state.plan, found.rows, ended);
        if ended || !units.is_empty() {
            let next = match units.last().and_then(|unit| unit.last()) {
                Some(row) if !ended => row.next,
                _ => found.next,
            };
            return Ok((units, next, ended));
        }
        // A row, or the rows of an order, are longer than that; when it was taken in, it was not too long.
        if whole && most > MOST_LINES || bytes >= LARGEST_WINDOW {
            return Err(order_too_long(state.at.1));
        }
        (bytes, most) = (bytes * 4, most * 8);
    }
}

fn order_too_long(line: u64) -> Error {
    Problem::new("order_too_long").param("line", line).param("max", MOST_LINES).into()
}

/// Bytes of the file from here to there.
fn window(conn: &mut Conn, job: JobId, begin: u64, end: u64) -> Result<Vec<u8>> {
    let piece = files::PIECE as u64;
    let mut bytes = Vec::with_capacity((end - begin) as usize);
    let mut n = begin / piece;
    while n * piece < end {
        let found = files::piece(conn, job, FileRole::Input, n as i32)?;
        let found =
            found.ok_or_else(|| Error::internal(format!("a piece of the file of {job} is missing")))?;
        let from = begin.saturating_sub(n * piece).min(found.len() as u64) as usize;
        let to = (end - n * piece).min(found.len() as u64) as usize;
        bytes.extend_from_slice(&found[from..to]);
        n += 1;
    }
    Ok(bytes)
}

/// Rows that follow each other and say that they are of the same order are one unit; any other row is one by itself, and
/// so is each of an order that is too long. An order that may go on is left for the next chunk.
fn in_units(plan: &Plan, rows: Vec<Row>, ended: bool) -> Vec<Unit> {
    if !plan.resource.has_lines() {
        return rows.into_iter().map(|row| vec![row]).collect();
    }
    let mut units: Vec<(Option<String>, Unit)> = Vec::new();
    for row in rows {
        let key = key_of(plan, &row).filter(|_| !is_whole(&row) && row.too_long.is_none());
        match units.last_mut() {
            Some((last, unit))
                if last.is_some() && (*last == key || key.is_none() && goes_on(plan, &row)) =>
            {
                unit.push(row);
            }
            _ => units.push((key, vec![row])),
        }
    }
    if !ended {
        units.pop();
    }
    units.into_iter().map(|(_, unit)| unit).collect()
}

fn goes_on(plan: &Plan, row: &Row) -> bool {
    row.too_long.is_none() && continues(plan, row)
}

// ---- a chunk -------------------------------------------------------------------------------------------------

fn chunk(
    app: &crate::base::http::dispatch::App,
    tx: &mut Tx,
    job: &mut Job,
    state: &State,
    units: &[Unit],
) -> Result<()> {
    let plan = &state.plan;
    let keys: Vec<Option<String>> = units
        .iter()
        .map(|unit| unit.first().and_then(|row| key_of(plan, row)).map(|k| keys::digest(&k)))
        .collect();
    let digests: Vec<String> = keys.iter().flatten().cloned().collect();
    let met = tx.own(job, |conn| keys::met(conn, job.id, &digests))?;
    let mut new: HashMap<String, i32> = HashMap::new();
    let mut importer = Importer::new(app, plan, tx.core.zone);
    let (mut failed, mut shown) = (Vec::new(), Vec::new());
    for (unit, key) in units.iter().zip(&keys) {
        let line = unit.first().map_or(0, |row| row.line);
        let earlier = key.as_ref().and_then(|key| met.get(key).or(new.get(key)).copied());
        let too_long = unit.first().and_then(|row| row.too_long);
        let outcome = match (key, earlier) {
            _ if too_long.is_some() => {
                Err(Refused::Call(order_too_long(too_long.unwrap_or(line)).into_problem()))
            }
            (None, _) => Err(Refused::Call(about_keys(Fault::at("/customer_po", "order_without_key")))),
            (_, Some(earlier)) => {
                Err(Refused::Call(about_keys(Fault::at("", "named_before").with("line", earlier))))
            }
            _ => importer.attempt(tx, unit)?,
        };
        if let (Some(key), None, None) = (key, earlier, too_long) {
            new.insert(key.clone(), line as i32);
        }
        let rows = unit.len() as i64;
        job.processed += rows;
        match outcome {
            Ok(record) => {
                job.succeeded += rows;
                if plan.dry_run && job.processed - rows < SHOWN {
                    let lines: Vec<u64> = unit.iter().map(|row| row.line).collect();
                    shown.extend(format!("{}\n", json!({"lines": lines, "record": record})).into_bytes());
                }
            }
            Err(refused) => {
                job.failed += rows;
                let begins = job.errors.is_none() && failed.is_empty();
                failed.extend(errors::written(plan, unit, &refused, tx.lang, begins)?);
            }
        }
    }
    tx.own(job, |conn| keys::keep(conn, job.id, &new))?;
    if !shown.is_empty() {
        tx.own(job, |conn| files::append(conn, job.id, FileRole::Result, &shown))?;
        let name = format!("{}-preview.ndjson", plan.resource);
        job.result = Some(JsonColumn(JobFile { name, media_type: intake::NDJSON.into(), size: 0 }));
    }
    if !failed.is_empty() {
        tx.own(job, |conn| files::append(conn, job.id, FileRole::Errors, &failed))?;
        let (media_type, ending) = errors::media_type(plan);
        let name = format!("{}-errors.{ending}", plan.resource);
        job.errors = Some(JsonColumn(JobFile { name, media_type: media_type.into(), size: 0 }));
    }
    Ok(())
}

fn about_keys(fault: Fault) -> Problem {
    Problem { faults: vec![fault], ..Problem::new("validation_failed") }
}
