//! The command line.

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use salesdesk::config::{Config, Options, WebOptions};
use salesdesk::start::StartError;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// The system of record of a sales department, as an HTTP API.
#[derive(Parser)]
#[command(name = "salesdesk", version)]
struct Cli {
    #[command(flatten)]
    options: Options,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Serve the API
    Serve {
        /// Address and port [default: 127.0.0.1:8080]
        #[arg(long, env = "SALESDESK_LISTEN")]
        listen: Option<String>,
        #[command(flatten)]
        web: Box<WebOptions>,
        /// Seed and serve a demo on loopback; its log-ins all have the password `salesdesk-demo`
        #[arg(long)]
        demo: bool,
        /// User name of the first administrator, when there is none yet
        #[arg(long, env = "SALESDESK_ADMIN_USER", requires = "admin_password")]
        admin_user: Option<String>,
        /// Password of the first administrator
        #[arg(long, env = "SALESDESK_ADMIN_PASSWORD", hide_env_values = true)]
        admin_password: Option<String>,
    },
    /// Bring the database up to this version
    Migrate,
    /// Print the OpenAPI document
    Openapi,
    /// Load records of other systems
    #[command(subcommand)]
    Import(Import),
    /// Manage users
    #[command(subcommand)]
    User(User),
    /// Recompute every stored sum and status; exit code 1 and a list when something is off
    Check,
}

#[derive(Subcommand)]
enum Import {
    /// The Northwind Traders records, from a folder of CSV files; safe to run again
    Northwind { dir: std::path::PathBuf },
}

#[derive(Subcommand)]
enum User {
    /// Add a user; the password is read from standard input
    Add {
        /// Lower-case letters, digits, `.`, `_`, `-`
        username: String,
        /// clerk, rep, manager, finance, warehouse, executive or admin
        #[arg(long)]
        role: String,
        /// The person's name [default: the user name]
        #[arg(long)]
        name: Option<String>,
        /// Read the password from the first line of standard input
        #[arg(long, required = true)]
        password_stdin: bool,
    },
}

fn main() -> ExitCode {
    // What strangers send that is no HTTP is their fault, and must not fill the log.
    let usual = "info,actix_server=warn,actix_http::h1::dispatcher=off";
    env_logger::Builder::from_env(env_logger::Env::default().default_filter_or(usual)).init();
    let cli = Cli::parse();
    match run(cli) {
        Ok(code) => code,
        Err(StartError::Setting(what)) => {
            eprintln!("salesdesk: {what}");
            ExitCode::from(2)
        }
        Err(error) => {
            eprintln!("salesdesk: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(cli: Cli) -> Result<ExitCode, StartError> {
    let (listen, web) = match &cli.command {
        Command::Serve { listen, web, .. } => (listen.clone(), web.as_ref().clone()),
        _ => Default::default(),
    };
    let config = Config::load(&cli.options, listen, &web).map_err(StartError::Setting)?;
    match cli.command {
        Command::Serve { demo, admin_user, admin_password, .. } => {
            salesdesk::commands::serve(&config, demo, admin_user.zip(admin_password))
        }
        Command::Migrate => salesdesk::commands::migrate(&config),
        Command::Openapi => salesdesk::commands::openapi(),
        Command::Import(Import::Northwind { dir }) => salesdesk::commands::import_northwind(&config, &dir),
        Command::User(User::Add { username, role, name, .. }) => {
            salesdesk::commands::add_user(&config, &username, &role, name)
        }
        Command::Check => salesdesk::commands::check(&config),
    }
}
