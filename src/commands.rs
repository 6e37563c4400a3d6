//! What the command line does.

use std::process::ExitCode;
use std::sync::Arc;

use crate::base::auth::{Caller, Role, passwords};
use crate::base::core::Core;
use crate::base::db::engine::Size;
use crate::base::db::{Target, migrations};
use crate::base::secret;
use crate::base::types::time::Clock;
use crate::config::Config;
use crate::people::model::UserInput;
use crate::people::work as people;
use crate::start::{self, StartError};

type Outcome = Result<ExitCode, StartError>;

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
    let mut core = start::core(config, Clock::System, server_size(&config.target))?;
    if let Some((username, password)) = admin {
        first_admin(&core, &username, &password)?;
    }
    let empty = !core.engine.read_now(people::any_user)?;
    if empty && let Some(core) = Arc::get_mut(&mut core) {
        let token = secret::token(18);
        println!(
            "There is no user yet. Make the first administrator with this set-up token:\n\n    {token}\n"
        );
        core.set_up_token = Some(token);
    }
    crate::server::serve(core, &config.listen, |address| {
        println!("Salesdesk is at http://{address}/api/v1, its documentation at http://{address}/docs/");
    })
    .map_err(StartError::Setting)?;
    Ok(ExitCode::SUCCESS)
}

/// Makes the first administrator; nothing when there are users.
fn first_admin(core: &Arc<Core>, username: &str, password: &str) -> Result<(), StartError> {
    if core.engine.read_now(people::any_user)? {
        return Ok(());
    }
    people::check_password(password, username)?;
    let hash = passwords::hash(password)?;
    let input = UserInput {
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
    };
    core.write_as(Arc::new(Caller::system("cli")), move |tx| {
        people::create_user(tx, input.clone(), Some(hash.clone()), false)
    })?;
    Ok(())
}

/// `salesdesk migrate`
pub fn migrate(config: &Config) -> Outcome {
    if let Target::Sqlite(_) = config.target {
        start::make_private_dir(&config.data_dir)?;
    }
    match migrations::run(&config.target)?.as_slice() {
        [] => println!("The database is up to date."),
        done => println!("Migrated: {}", done.join(", ")),
    }
    Ok(ExitCode::SUCCESS)
}

/// `salesdesk openapi`
pub fn openapi() -> Outcome {
    let (document, _) = crate::base::http::document::build(start::routes()).map_err(StartError::Setting)?;
    let text = serde_json::to_string_pretty(&document).map_err(|e| StartError::Setting(e.to_string()))?;
    println!("{text}");
    Ok(ExitCode::SUCCESS)
}
