//! `salesdesk import`: the job that an upload would be, run here, with a bar.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use indicatif::{ProgressBar, ProgressStyle};

use super::export::{copy, wait_for};
use super::{Outcome, open};
use crate::base::auth::{Caller, sessions};
use crate::base::core::Core;
use crate::base::http::dispatch::App;
use crate::base::jobs::{FileRole, Job};
use crate::base::messages::Lang;
use crate::config::Config;
use crate::imports::fields::Resource;
use crate::imports::intake::{self, Asked};
use crate::imports::work;
use crate::people::work as people;
use crate::start::StartError;

/// What is to be brought in, and how.
pub struct Request {
    /// As in `POST /imports`.
    pub resource: &'static str,
    pub file: PathBuf,
    pub asked: Asked,
    /// In whose name; the system's when nobody is named.
    pub username: Option<String>,
    /// Where the rows that failed go.
    pub errors: Option<PathBuf>,
}

pub fn run(config: &Config, request: &Request) -> Outcome {
    let bytes = read(&request.file)?;
    let core = open(config)?;
    let caller = Arc::new(caller(&core, request.username.as_deref())?);
    let unknown = || setting(format!("{} cannot be imported", request.resource));
    let resource = Resource::named(&core.building, request.resource).ok_or_else(unknown)?;
    work::demand(&caller, &resource)?;
    let intake = intake::take_in(media_type(&request.file)?, &bytes, resource, &request.asked)?;
    drop(bytes);
    let app = Arc::new(App::new(core.clone()).map_err(StartError::Setting)?);
    let (lang, rows) = (lang(), intake.plan.total);
    let job = core.write_as(caller, move |tx| {
        tx.lang = lang;
        work::begin(tx, &intake)
    })?;
    let job = wait_for(&app, job, bar(rows))?;
    tell(&core, &job, request)
}

fn setting(what: impl Into<String>) -> StartError {
    StartError::Setting(what.into())
}

fn read(file: &Path) -> std::result::Result<Vec<u8>, StartError> {
    let failed = |e: std::io::Error| setting(format!("{}: {e}", file.display()));
    let size = std::fs::metadata(file).map_err(failed)?.len();
    if size > intake::MAX_FILE as u64 {
        return Err(setting(format!("{}: is larger than {} bytes", file.display(), intake::MAX_FILE)));
    }
    std::fs::read(file).map_err(failed)
}

fn media_type(file: &Path) -> std::result::Result<&'static str, StartError> {
    let ending = file.extension().and_then(|e| e.to_str()).unwrap_or_default().to_ascii_lowercase();
    match ending.as_str() {
        "csv" | "tsv" | "txt" => Ok(intake::CSV),
        "xlsx" => Ok(intake::XLSX),
        "ndjson" | "jsonl" => Ok(intake::NDJSON),
        _ => Err(setting(format!("{}: is none of .csv, .xlsx, .ndjson", file.display()))),
    }
}

/// The person, with the rights that they have over the API.
fn caller(core: &Arc<Core>, username: Option<&str>) -> std::result::Result<Caller, StartError> {
    let Some(username) = username.map(str::to_owned) else { return Ok(Caller::system("cli")) };
    let named = username.clone();
    let found = core.engine.read_now(move |conn| match people::find_by_username(conn, &named)? {
        Some(user) => sessions::standing(conn, user.id),
        None => Ok(None),
    })?;
    found.ok_or_else(|| setting(format!("as: there is no active user {username}")))
}

/// As the terminal is set.
fn lang() -> Lang {
    let set = ["LC_ALL", "LC_MESSAGES", "LANG"].iter().find_map(|name| std::env::var(name).ok());
    if set.is_some_and(|lang| lang.starts_with("zh")) { Lang::Zh } else { Lang::En }
}

fn bar(rows: u64) -> ProgressBar {
    let bar = ProgressBar::new(rows);
    let style = ProgressStyle::with_template("[{bar:40}] {pos}/{len} rows  {per_sec}  {eta}");
    style.map_or(bar.clone(), |style| bar.with_style(style))
}

fn tell(core: &Arc<Core>, job: &Job, request: &Request) -> Outcome {
    let kept = if request.asked.dry_run { " (a dry run: nothing is kept)" } else { "" };
    println!("{} rows: {} succeeded, {} failed{kept}", job.processed, job.succeeded, job.failed);
    if job.errors.is_some() {
        let path = request.errors.clone().unwrap_or_else(|| beside(&request.file));
        let failed = |e: std::io::Error| setting(format!("{}: {e}", path.display()));
        let mut file = std::fs::File::create(&path).map_err(failed)?;
        copy(core, job, FileRole::Errors, &mut file)?;
        println!("The rows that failed are in {}; mend them there and import that file.", path.display());
    }
    if let Some(error) = &job.error {
        eprintln!("salesdesk: {}", error.0.detail);
    }
    let well = job.failed == 0 && job.error.is_none();
    Ok(if well { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// `orders.xlsx` → `orders.errors.csv`
fn beside(file: &Path) -> PathBuf {
    let ndjson = media_type(file).is_ok_and(|media_type| media_type == intake::NDJSON);
    file.with_extension(if ndjson { "errors.ndjson" } else { "errors.csv" })
}
