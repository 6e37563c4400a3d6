//! The command line.

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use salesdesk::commands;
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
    Openapi {
        /// Print the Postman collection that is made from it
        #[arg(long)]
        postman: bool,
    },
    /// Load records of other systems
    #[command(subcommand)]
    Import(Import),
    /// Manage users
    #[command(subcommand)]
    User(User),
    /// Manage machine clients: programs that call the API
    #[command(subcommand)]
    Client(Client),
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

#[derive(Subcommand)]
enum Client {
    /// Register a client; prints its id and its secret, which is told this once
    Add {
        /// What people know it by, such as SAP
        name: String,
        /// What it may do, such as orders:read; several with commas or as several options
        #[arg(long = "scope", required = true, value_delimiter = ',')]
        scopes: Vec<String>,
        /// What it is for, and whom to ask about it
        #[arg(long)]
        description: Option<String>,
        /// Restrict it to these customers (cus_…); several with commas or as several options
        #[arg(long = "customer", value_delimiter = ',')]
        customers: Vec<String>,
        /// Restrict it to this team (tem_…) and those below it
        #[arg(long)]
        team: Option<String>,
        /// Let it ask from these networks only, such as 10.1.0.0/16
        #[arg(long = "network", value_delimiter = ',')]
        networks: Vec<String>,
        /// Seconds that an access token lives, 60 to 3600 [default: 3600]
        #[arg(long)]
        token_lifetime: Option<i32>,
    },
    /// List the clients
    List,
    /// Give a client a new secret, and print it
    Rotate {
        /// Its id (cli_…)
        id: String,
        /// Hours that the present secret works beside the new one, 0 to 168; 0 also ends its tokens [default: 24]
        #[arg(long)]
        overlap_hours: Option<i64>,
    },
    /// Revoke a client for good
    Revoke {
        /// Its id (cli_…)
        id: String,
        /// Why
        #[arg(long)]
        reason: Option<String>,
    },
}

impl Client {
    /// The same in the words of the API.
    fn command(self) -> commands::clients::Command {
        use commands::clients::Command;
        match self {
            Client::Add { name, scopes, description, customers, team, networks, token_lifetime } => {
                let customers = (!customers.is_empty()).then_some(customers);
                let lifetime = token_lifetime.unwrap_or(3600);
                Command::Add(serde_json::json!({
                    "name": name, "scopes": scopes, "description": description, "customer_ids": customers,
                    "team_id": team, "allowed_networks": networks, "token_lifetime": lifetime,
                }))
            }
            Client::List => Command::List,
            Client::Rotate { id, overlap_hours } => Command::Rotate(id, overlap_hours),
            Client::Revoke { id, reason } => Command::Revoke(id, reason),
        }
    }
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
            commands::serve(&config, demo, admin_user.zip(admin_password))
        }
        Command::Migrate => commands::migrate(&config),
        Command::Openapi { postman } => commands::openapi(postman),
        Command::Import(Import::Northwind { dir }) => commands::import_northwind(&config, &dir),
        Command::User(User::Add { username, role, name, .. }) => {
            commands::add_user(&config, &username, &role, name)
        }
        Command::Client(client) => commands::clients::run(&config, client.command()),
        Command::Check => commands::check(&config),
    }
}
