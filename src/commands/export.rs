//! `salesdesk export`: the same job as over HTTP, run here and waited for.

use std::io::Write;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Map, Value};

use super::{Outcome, open};
use crate::base::auth::Caller;
use crate::base::core::Core;
use crate::base::error::Error;
use crate::base::http::dispatch::{API, App};
use crate::base::http::{Body, Incoming, Json};
use crate::base::jobs::{self, FileRole, Job, JobStatus, files};
use crate::config::Config;
use crate::exports::model::ExportInput;
use crate::exports::work::{self, Plan};
use crate::start::StartError;

/// Runs an export and writes its file.
pub fn export(config: &Config, input: Map<String, Value>, filters: &[String], to: &Path) -> Outcome {
    let core = open(config)?;
    let app = Arc::new(App::new(core.clone()).map_err(StartError::Setting)?);
    let input = checked(&app, input, filters)?;
    // Before anything is done, and never over something that is there.
    let failed = |e: std::io::Error| StartError::Setting(format!("to: cannot write {}: {e}", to.display()));
    let mut file = std::fs::File::create_new(to).map_err(failed)?;
    let written = run(&app, input, &mut file);
    if written.is_err() {
        let _ = std::fs::remove_file(to);
    }
    written
}

/// What was asked for, as `POST /exports` takes it.
fn checked(app: &App, mut input: Map<String, Value>, filters: &[String]) -> Result<ExportInput, StartError> {
    let pair = |text: &String| {
        let (name, value) = text.split_once('=')?;
        Some((name.to_owned(), Value::String(value.to_owned())))
    };
    let wrong = || StartError::Setting("filter: write each as name=value".into());
    let filters: Map<String, Value> = filters.iter().map(pair).collect::<Option<_>>().ok_or_else(wrong)?;
    input.insert("filters".into(), Value::Object(filters));
    let (endpoint, _) = app.find("POST", &format!("{API}/exports"))?;
    let body = Incoming::Value(Value::Object(input));
    let input = Json::<ExportInput>::read(body, endpoint.validator.as_ref())?.0;
    Plan::of(app, &Caller::system("cli"), &input)?;
    Ok(input)
}

fn run(app: &Arc<App>, input: ExportInput, file: &mut std::fs::File) -> Outcome {
    let caller = Arc::new(Caller::system("cli"));
    let job = app.core.write_as(caller, move |tx| work::create(tx, &input))?;
    let job = wait_for(app, job, indicatif::ProgressBar::no_length())?;
    match (&job.status, &job.error) {
        (JobStatus::Succeeded, _) => {
            let bytes = copy(&app.core, &job, FileRole::Result, file)?;
            println!("{} rows, {bytes} bytes", job.processed);
            Ok(ExitCode::SUCCESS)
        }
        (_, Some(error)) => Err(StartError::Setting(format!("the export failed: {}", error.detail))),
        (status, None) => Err(StartError::Setting(format!("the export is {status}"))),
    }
}

/// Runs the job to its end, or waits for the server beside this command that does.
pub(super) fn wait_for(app: &Arc<App>, job: Job, bar: indicatif::ProgressBar) -> Result<Job, Error> {
    let id = job.id;
    loop {
        let ours = jobs::runner::turn_of(app, id)?;
        let job = app.core.engine.read_now(move |conn| jobs::find(conn, id))?;
        if let Some(total) = job.total {
            bar.set_length(total as u64);
        }
        bar.set_position(job.processed as u64);
        if !job.status.is_active() {
            bar.finish_and_clear();
            return Ok(job);
        }
        if !ours {
            std::thread::sleep(Duration::from_millis(200));
        }
    }
}

/// Writes a file of a job.
pub(super) fn copy(
    core: &Arc<Core>,
    job: &Job,
    role: FileRole,
    file: &mut std::fs::File,
) -> Result<usize, StartError> {
    let (id, mut bytes) = (job.id, 0);
    for n in 0.. {
        let piece = core.engine.read_now(move |conn| files::piece(conn, id, role, n))?;
        let Some(piece) = piece else { break };
        bytes += piece.len();
        file.write_all(&piece).map_err(|e| StartError::Setting(format!("cannot write the file: {e}")))?;
    }
    file.sync_all().map_err(|e| StartError::Setting(format!("cannot write the file: {e}")))?;
    Ok(bytes)
}
