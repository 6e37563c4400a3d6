//! `salesdesk client`: machine clients from the command line, through the API's own checks.

use std::process::ExitCode;
use std::sync::Arc;

use serde_json::{Value, json};

use super::{Outcome, open};
use crate::base::auth::{Caller, Scopes};
use crate::base::core::Core;
use crate::base::http::Method;
use crate::base::http::dispatch::App;
use crate::clients::work;
use crate::config::Config;
use crate::start::StartError;

/// What to do.
pub enum Command {
    /// Register a client, entered as at `POST /clients`.
    Add(Value),
    List,
    /// Give the client of this id a new secret; the present one works for so many hours more.
    Rotate(String, Option<i64>),
    /// Revoke the client of this id, for this reason.
    Revoke(String, Option<String>),
}

/// Does it. A running server knows within two seconds.
pub fn run(config: &Config, command: Command) -> Outcome {
    let core = open(config)?;
    match command {
        Command::Add(client) => print_secret(&apply(&core, "/clients".into(), client)?),
        Command::List => list(&core)?,
        Command::Rotate(id, overlap) => {
            let body = overlap.map_or(json!({}), |hours| json!({"overlap_hours": hours}));
            print_secret(&apply(&core, format!("/clients/{id}/rotate-secret"), body)?);
        }
        Command::Revoke(id, reason) => {
            let reason = reason.unwrap_or_else(|| "Revoked from the command line".into());
            apply(&core, format!("/clients/{id}/revoke"), json!({"reason": reason}))?;
            println!("{id} is revoked");
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn apply(core: &Arc<Core>, path: String, body: Value) -> Result<Value, StartError> {
    let app = App::new(core.clone()).map_err(StartError::Setting)?;
    let caller = Arc::new(Caller::system("cli"));
    Ok(core.write_as(caller, move |tx| app.apply(tx, Method::Post, &path, body.clone()))?)
}

fn print_secret(client: &Value) {
    let text = |name: &str| client[name].as_str().unwrap_or_default().to_owned();
    println!("client_id:     {}\nclient_secret: {}", text("client_id"), text("client_secret"));
    if let Some(until) = client["previous_secret_until"].as_str() {
        println!("The secret before works until {until}.");
    }
    eprintln!("The secret is told this once; keep it where the program finds it and nobody else does.");
}

fn list(core: &Arc<Core>) -> Result<(), StartError> {
    let clients = core.read_as(Arc::new(Caller::system("cli")), |rx| work::all(rx.conn))?;
    for client in clients {
        let used = client.last_used_at.map_or("never".into(), |at| at.to_string());
        let scopes = Scopes::of(&client.scopes);
        println!(
            "{}  {:<9}  last used {used:<24}  {}: {scopes}",
            client.id,
            client.status.to_string(),
            client.name
        );
    }
    Ok(())
}
