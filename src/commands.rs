//! What the command line does.

pub mod backup;
pub mod clients;
pub mod export;
pub mod import;

use std::io::Write;
use std::process::ExitCode;
use std::sync::Arc;

use crate::backups;
use crate::base::auth::{Caller, Role, passwords};
use crate::base::core::Core;
use crate::base::db::engine::{Ending, Size};
use crate::base::db::{Act, Target};
use crate::base::http::document;
use crate::base::installation::{self, Restored};
use crate::base::secret;
use crate::base::types::time::Clock;
use crate::config::Config;
use crate::demo;
use crate::people::model::UserInput;
use crate::people::work as people;
use crate::postman;
use crate::settings::{RESTORED, work as settings};
use crate::start::{self, StartError};

/// What a command comes to.
pub type Outcome = Result<ExitCode, StartError>;

/// How many threads hold connections in a server.
fn server_size(target: &Target) -> Size {
    match target {
        Target::Sqlite(_) => Size { readers: 4, writers: 1 },
        Target::Postgres(_) => Size { readers: 8, writers: 12 },
    }
}

/// `salesdesk serve`
pub fn serve(config: &Config, demo: bool, admin: Option<(String, String)>) -> Outcome {
    if demo && !config.listen.parse::<std::net::SocketAddr>().is_ok_and(|a| a.ip().is_loopback()) {
        return Err(StartError::Setting(
            "listen: a demo listens on loopback only; its passwords are known".into(),
        ));
    }
    let began = std::time::Instant::now();
    let _lock = lock_data_dir(config)?;
    tell_of_start(config, demo)?;
    let core = start::core(config, Clock::System, server_size(&config.target))?;
    if core.is_held() {
        log::warn!("this installation was restored. {HELD}");
    }
    if demo {
        prepare_demo(&core)?;
    } else if core.engine.read_now(|conn| installation::fact(conn, "demo"))?.is_some() {
        return Err(StartError::Setting(format!(
            "{} holds a demo, whose passwords are known; serve it with --demo, or choose another database",
            place(config)
        )));
    }
    if let Some((username, password)) = admin {
        first_admin(&core, &username, &password)?;
    }
    let empty = !core.engine.read_now(people::any_user)?;
    if empty {
        let token = secret::token(18);
        println!(
            "There is no user yet. Make the first administrator with this set-up token:\n\n    {token}\n"
        );
        let _ = core.set_up_token.set(token);
    }
    crate::server::serve(core, &config.listen, |address| {
        log::info!("ready after {}; listening on http://{address}", span(began.elapsed()));
        println!("Salesdesk is at http://{address}/api/v1, its documentation at http://{address}/docs/");
        if demo {
            println!("Log in as {} with the password {}", demo::LOGINS.join(", "), demo::PASSWORD);
        }
    })
    .map_err(StartError::Setting)?;
    log::info!("stopped after {}", span(began.elapsed()));
    Ok(ExitCode::SUCCESS)
}

/// What a server is, in the first lines of its log. It migrates the database, to say whether that was needed.
fn tell_of_start(config: &Config, demo: bool) -> Result<(), StartError> {
    let mode = if demo { "a demo" } else { "a server" };
    log::info!("salesdesk {} starts as {mode}", env!("CARGO_PKG_VERSION"));
    let schema = match start::migrate(config)?.as_slice() {
        [] => "its schema is this version's",
        _ => "it was brought to this version's schema",
    };
    log::info!("the records are in {}; {schema}", place(config));
    let folder = std::path::absolute(&config.data_dir).unwrap_or_else(|_| config.data_dir.clone());
    let mail = match &config.web.mail {
        Some(mail) => format!("e-mail goes through {}", mail.host),
        None => "no e-mail is sent".into(),
    };
    let backups = match &config.web.backups {
        Some(plan) => {
            format!("backups go to {} every {} h, {} are kept", plan.to, plan.every_hours, plan.keep)
        }
        None => "it makes no backups by itself".into(),
    };
    log::info!(
        "data folder {}, time zone {}, currency {}; {mail}; {backups}",
        folder.display(),
        config.zone,
        config.currency
    );
    Ok(())
}

/// A span of time in two units, as people say it.
fn span(time: std::time::Duration) -> String {
    let seconds = time.as_secs();
    match (seconds / 86_400, seconds / 3_600 % 24, seconds / 60 % 60) {
        (0, 0, 0) => format!("{:.1} s", time.as_secs_f64()),
        (0, 0, minutes) => format!("{minutes} min {} s", seconds % 60),
        (0, hours, minutes) => format!("{hours} h {minutes} min"),
        (days, hours, _) => format!("{days} d {hours} h"),
    }
}

/// One server per SQLite file: two would each keep their own rights and log-in counts in memory. Commands beside
/// the server are fine. The lock is gone when the process is, however it ends.
fn lock_data_dir(config: &Config) -> Result<Option<std::fs::File>, StartError> {
    let Target::Sqlite(_) = config.target else { return Ok(None) };
    start::make_private_dir(&config.data_dir)?;
    let path = config.data_dir.join("server.lock");
    let failed = |what: String| StartError::Setting(format!("data_dir: {}: {what}", path.display()));
    let file = std::fs::File::create(&path).map_err(|e| failed(e.to_string()))?;
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(_) => Err(failed("another server is using this folder".into())),
    }
}

/// Where the records are, for people.
fn place(config: &Config) -> String {
    match &config.target {
        Target::Sqlite(path) => path.display().to_string(),
        Target::Postgres(url) => format!("the PostgreSQL database {}", without_password(url)),
    }
}

/// Host, port and name of a database; not who logs in to it.
fn without_password(url: &str) -> String {
    let Ok(url) = url::Url::parse(url) else { return "that was named".into() };
    let socket = url.query_pairs().find(|(name, _)| name == "host").map(|(_, host)| host.into_owned());
    // The folder of a socket may stand in the place of the host, with its slashes encoded.
    let host = url
        .host_str()
        .filter(|h| !h.is_empty())
        .map(|h| h.replace("%2F", "/").replace("%2f", "/"))
        .or(socket);
    let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
    format!("{}{port}{}", host.unwrap_or_else(|| "localhost".into()), url.path())
}

/// Seeds an empty database; takes one that was seeded before; refuses any other.
fn prepare_demo(core: &Arc<Core>) -> Result<(), StartError> {
    let (marked, used) =
        core.engine.read_now(|conn| Ok((installation::fact(conn, "demo")?, people::any_user(conn)?)))?;
    match (marked.is_some(), used) {
        (true, _) => Ok(()),
        (false, true) => Err(StartError::Setting(
            "this database holds records of your own; --demo wants an empty one (see --data-dir)".into(),
        )),
        (false, false) => Ok(demo::seed(core)?),
    }
}

/// Makes the first administrator; nothing when there are users.
fn first_admin(core: &Arc<Core>, username: &str, password: &str) -> Result<(), StartError> {
    if core.engine.read_now(people::any_user)? {
        return Ok(());
    }
    people::check_password(password, username, "/password")?;
    let hash = passwords::hash(password)?;
    let input = admin_input(username);
    core.write_as(Arc::new(Caller::system("cli")), move |tx| {
        people::create_user(tx, input.clone(), Some(hash.clone()), false)
    })?;
    Ok(())
}

/// An administrator with nothing but a name.
fn admin_input(username: &str) -> UserInput {
    UserInput {
        username: username.into(),
        name: username.into(),
        email: None,
        phone: None,
        title: None,
        role: Role::Admin,
        team_id: None,
        region_ids: vec![],
        lang: None,
        external_ids: vec![],
    }
}

/// `salesdesk migrate`
pub fn migrate(config: &Config) -> Outcome {
    match start::migrate(config)?.as_slice() {
        [] => println!("The database is up to date."),
        done => println!("Migrated: {}", done.join(", ")),
    }
    Ok(ExitCode::SUCCESS)
}

/// `salesdesk openapi`
pub fn openapi(postman: bool) -> Outcome {
    let (document, _) = document::build(start::declarations()?).map_err(StartError::Setting)?;
    let document = match postman {
        true => postman::collection(&document).map_err(StartError::Setting)?,
        false => document,
    };
    let text = serde_json::to_string_pretty(&document).map_err(|e| StartError::Setting(e.to_string()))?;
    // Not `println!`, which panics when the reader (`| head`) has seen enough.
    match writeln!(std::io::stdout(), "{text}") {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(StartError::Setting(format!("cannot write the document: {error}")))
        }
        _ => Ok(ExitCode::SUCCESS),
    }
}

/// Opens the database for a command beside a server.
pub(crate) fn open(config: &Config) -> Result<Arc<Core>, StartError> {
    start::core(config, Clock::System, Size { readers: 1, writers: 1 })
}

/// `salesdesk import northwind`
pub fn import_northwind(config: &Config, dir: &std::path::Path) -> Outcome {
    let core = open(config)?;
    let summary = crate::imports::northwind::import(&core, dir, false)?;
    println!("{:<12} {:>8} {:>14}", "", "new", "there already");
    for (kind, (new, known)) in &summary.counts {
        println!("{kind:<12} {new:>8} {known:>14}");
    }
    println!("\n{:<12} {:>8} {:>14} {:>16}", "year", "orders", "lines", "net USD");
    let mut total = (0, 0, crate::base::types::Amount::ZERO);
    for (year, (orders, lines, net)) in &summary.years {
        println!("{year:<12} {orders:>8} {lines:>14} {:>16}", net.to_string());
        total = (
            total.0 + orders,
            total.1 + lines,
            total.2.checked_add(*net).map_err(crate::base::error::Error::from)?,
        );
    }
    println!("{:<12} {:>8} {:>14} {:>16}", "all", total.0, total.1, total.2.to_string());
    Ok(ExitCode::SUCCESS)
}

/// `salesdesk user add`
pub fn add_user(config: &Config, username: &str, role: &str, name: Option<String>) -> Outcome {
    let role = <Role as crate::base::types::TextEnum>::parse(role)
        .ok_or_else(|| StartError::Setting(format!("role: {role:?} is none of the roles")))?;
    let mut password = String::new();
    std::io::stdin()
        .read_line(&mut password)
        .map_err(|e| StartError::Setting(format!("password: cannot read standard input: {e}")))?;
    let password = password.trim_end_matches(['\r', '\n']);
    people::check_password(password, username, "/password")?;
    let hash = passwords::hash(password)?;
    let mut input = admin_input(username);
    (input.role, input.name) = (role, name.unwrap_or_else(|| username.to_owned()));
    let core = open(config)?;
    let user = core.write_as(Arc::new(Caller::system("cli")), move |tx| {
        people::create_user(tx, input.clone(), Some(hash.clone()), false)
    })?;
    println!("{} {} ({})", user.id, user.username, user.role);
    Ok(ExitCode::SUCCESS)
}

/// `salesdesk restored`
pub fn restored(config: &Config) -> Outcome {
    // A running server would go on with the life that it knows.
    let _lock = lock_data_dir(config)?;
    let core = open(config)?;
    let note = Restored { at: core.clock.now(), backup: None, made_at: None };
    let epoch =
        core.engine.write_now(move |conn| Ok((installation::note_restored(conn, &note)?, Ending::Commit)))?;
    note_restored(&core, None)?;
    println!("The database begins a new life, {epoch}: cursors of the event feed from before are refused.");
    println!("{HELD}");
    Ok(ExitCode::SUCCESS)
}

/// What is told of a database that was restored.
const HELD: &str = "Mail, webhooks and all that happens by the clock are held until `salesdesk resume`, or an \
    administrator's `POST /api/v1/system/resume`, says that this installation goes on.";

/// Notes in the audit trail that the database was restored, and from which backup.
fn note_restored(core: &Arc<Core>, backup: Option<String>) -> Result<(), StartError> {
    core.write_as(Arc::new(Caller::system("cli")), move |tx| {
        settings::note(tx, Act::because(RESTORED, backup.as_deref()))
    })?;
    Ok(())
}

/// `salesdesk resume`
pub fn resume(config: &Config) -> Outcome {
    let core = open(config)?;
    let was_held = core.write_as(Arc::new(Caller::system("cli")), backups::work::resume)?;
    match was_held {
        true => println!("Mail, webhooks and all that happens by the clock go on."),
        false => println!("Nothing was held."),
    }
    Ok(ExitCode::SUCCESS)
}

/// `salesdesk check`
pub fn check(config: &Config, records: bool) -> Outcome {
    let core = start::core_to_read(config)?;
    let bar = indicatif::ProgressBar::new_spinner();
    let mut faults = crate::check::check(&core, |n| bar.inc(n))?;
    if records {
        faults.extend(crate::check::records(&core, |n| bar.inc(n))?);
    }
    bar.finish_and_clear();
    println!("{} records looked at, {} faults", bar.position(), faults.len());
    faults.iter().for_each(|fault| println!("{fault}"));
    Ok(if faults.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_log_says_where_a_database_is_and_not_how_to_get_in() {
        for (url, told) in [
            ("postgres://sales:secret@db.example.com:5433/desk", "db.example.com:5433/desk"),
            ("postgres:///desk?host=/run/postgresql&password=secret", "/run/postgresql/desk"),
            ("postgres://postgres@%2Frun%2Fpostgresql:5432/desk", "/run/postgresql:5432/desk"),
            ("postgres://db/desk?sslmode=disable", "db/desk"),
        ] {
            assert_eq!(without_password(url), told);
        }
    }

    #[test]
    fn a_span_is_told_in_two_units() {
        for (seconds, told) in [(2, "2.0 s"), (61, "1 min 1 s"), (3_720, "1 h 2 min"), (180_000, "2 d 2 h")] {
            assert_eq!(span(Duration::from_secs(seconds)), told);
        }
    }
}
