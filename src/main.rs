//! The command line.

use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand};
use salesdesk::commands;
use salesdesk::config::{Config, Options, WebOptions};
use salesdesk::imports::intake::{Asked, DATE_ORDERS, DECIMAL_SIGNS, DELIMITERS, ENCODINGS};
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
        /// The address and port to listen on [default: 127.0.0.1:8080]
        #[arg(long, env = "SALESDESK_LISTEN")]
        listen: Option<String>,
        #[command(flatten)]
        web: Box<WebOptions>,
        /// Seed and serve a demo, on loopback only; its log-ins all have the password `salesdesk-demo` [default: off]
        #[arg(long)]
        demo: bool,
        /// User name of the first administrator; it does nothing once there is a user
        #[arg(long, env = "SALESDESK_ADMIN_USER", requires = "admin_password")]
        admin_user: Option<String>,
        /// Password of the first administrator, at least 10 characters; better in the environment than as a flag
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
    /// Write the generated parts of the pages in a folder, for those who change this program
    #[command(hide = true)]
    Docs {
        /// The folder with the pages
        #[arg(default_value = "docs")]
        folder: std::path::PathBuf,
    },
    /// Load records of other systems
    #[command(subcommand)]
    Import(Import),
    /// Write records to a file, as `POST /exports` does
    Export {
        /// One of the resources of `POST /exports`, such as customers, products, orders or order_lines
        resource: String,
        /// The form of the file: csv, xlsx or ndjson
        #[arg(long)]
        format: String,
        /// The file to write; it must not be there yet
        #[arg(long)]
        to: std::path::PathBuf,
        /// What the columns are called: fields, en or zh-CN
        #[arg(long, default_value = "fields")]
        headings: String,
        /// A filter of the resource's list, such as status=approved,confirmed; several as several options
        #[arg(long = "filter")]
        filters: Vec<String>,
        /// As in the list's query, such as -order_date,number
        #[arg(long, allow_hyphen_values = true)]
        sort: Option<String>,
        /// Only these columns, with commas
        #[arg(long, value_delimiter = ',')]
        fields: Option<Vec<String>>,
        /// Begin a CSV file with a byte order mark, for Excel
        #[arg(long)]
        bom: bool,
    },
    /// Manage users
    #[command(subcommand)]
    User(User),
    /// Manage machine clients: programs that call the API
    #[command(subcommand)]
    Client(Client),
    /// Recompute every stored sum and status, and verify the audit trail; exit code 1 and a list when something is off.
    /// It only reads, and may run beside a server
    Check {
        /// Hold every record against the audit trail, too: a row that was changed, made or removed past the program shows
        #[arg(long)]
        records: bool,
    },
    /// Make a backup of the whole installation, or verify one. It may run beside a server, and under load
    #[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
    Backup {
        #[command(subcommand)]
        command: Option<Backup>,
        /// The folder that the backup is put into, as a folder of its own; made with rights for its owner alone
        #[arg(long, required = true)]
        to: Option<String>,
        /// Put the master key into the backup, too, sealed under the backup passphrase
        #[arg(long)]
        with_key: bool,
    },
    /// Restore a backup that `salesdesk backup` made. All of it is verified before anything is written. Afterwards mail,
    /// webhooks and scheduled work are held until `salesdesk resume`
    Restore {
        /// The folder of the backup, such as /backup/salesdesk-20261120T021500Z-3f9a1c
        backup: std::path::PathBuf,
        /// Restore over a database that has data. SQLite's file is kept beside the new one, under another name
        #[arg(long)]
        overwrite: bool,
    },
    /// Let a restored installation go on: mail, webhooks and scheduled work are held no more. It may run beside a server
    Resume,
    /// Say that the database was restored by other means than `salesdesk restore`, before it is served again: cursors of
    /// the event feed from before are then refused, and mail, webhooks and scheduled work are held until `salesdesk resume`
    Restored,
}

#[derive(Subcommand)]
enum Backup {
    /// Restore a backup into a temporary place and run `check --records` there; exit code 1 when it is damaged
    Verify {
        /// The folder of the backup
        backup: std::path::PathBuf,
    },
}

#[derive(Subcommand)]
enum Import {
    /// The Northwind Traders records, from a folder of CSV files; safe to run again
    Northwind {
        /// The folder
        dir: std::path::PathBuf,
    },
    /// Customers, from a CSV, XLSX or NDJSON file
    Customers(ImportFile),
    /// Contacts of customers
    Contacts(ImportFile),
    /// Products
    Products(ImportFile),
    /// Prices on price lists
    Prices(ImportFile),
    /// Orders with their lines, a row per line
    Orders(ImportFile),
    /// Suppliers, partners and carriers
    Suppliers(ImportFile),
}

/// Records from a file. Exit code 1 when rows failed; they are written to a file that can be mended and imported.
#[derive(clap::Args)]
struct ImportFile {
    /// The file: .csv, .xlsx or .ndjson
    file: std::path::PathBuf,
    /// Check everything and keep nothing
    #[arg(long)]
    dry_run: bool,
    /// JSON: headings to fields, such as {"Kunde": "name", "Farbe": ""}; an empty text leaves a column alone
    #[arg(long)]
    mapping: Option<String>,
    /// The other system whose ids external_id columns hold
    #[arg(long)]
    system: Option<String>,
    /// What stands between the cells of a CSV file: comma, semicolon or tab [default: found out]
    #[arg(long, value_parser = DELIMITERS)]
    delimiter: Option<String>,
    /// The encoding of a CSV file: utf-8, utf-16, gb18030, windows-1252 or big5 [default: found out]
    #[arg(long, value_parser = ENCODINGS)]
    encoding: Option<String>,
    /// The order of dates that end with the year: dmy or mdy [default: found out]
    #[arg(long, value_parser = DATE_ORDERS)]
    date_order: Option<String>,
    /// The sign before the fraction of a number: point or comma [default: found out]
    #[arg(long, value_parser = DECIMAL_SIGNS)]
    decimal_sign: Option<String>,
    /// Columns that are left out knowingly, separated by commas
    #[arg(long, value_name = "COLUMNS")]
    leave_out: Option<String>,
    /// The sheet of a workbook [default: the first that is shown]
    #[arg(long)]
    sheet: Option<String>,
    /// Import in this user's name, with their rights [default: the system's, with all rights]
    #[arg(long = "as", value_name = "USER")]
    username: Option<String>,
    /// Where the rows that failed go [default: FILE.errors.csv]
    #[arg(long, value_name = "FILE")]
    errors: Option<std::path::PathBuf>,
}

impl Import {
    fn run(self, config: &Config) -> commands::Outcome {
        let (resource, file) = match self {
            Import::Northwind { dir } => return commands::import_northwind(config, &dir),
            Import::Customers(file) => ("customers", file),
            Import::Contacts(file) => ("contacts", file),
            Import::Products(file) => ("products", file),
            Import::Prices(file) => ("prices", file),
            Import::Orders(file) => ("orders", file),
            Import::Suppliers(file) => ("suppliers", file),
        };
        commands::import::run(config, &file.request(resource))
    }
}

impl ImportFile {
    /// The same in the words of the API.
    fn request(self, resource: &'static str) -> commands::import::Request {
        let word = |given: Option<String>, words: &[&'static str]| {
            given.and_then(|given| words.iter().copied().find(|word| *word == given))
        };
        let asked = Asked {
            dry_run: self.dry_run,
            mapping: self.mapping,
            system: self.system,
            delimiter: word(self.delimiter, &DELIMITERS),
            sheet: self.sheet,
            encoding: word(self.encoding, &ENCODINGS),
            date_order: word(self.date_order, &DATE_ORDERS),
            decimal_sign: word(self.decimal_sign, &DECIMAL_SIGNS),
            leave_out: self.leave_out,
        };
        commands::import::Request {
            resource,
            file: self.file,
            asked,
            username: self.username,
            errors: self.errors,
        }
    }
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
        /// Why; it stays in the client's history
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
        Command::Serve { listen, web, demo, .. } => {
            let mut web = web.as_ref().clone();
            // A demo listens on loopback only, and what one tries webhooks with is there too.
            web.webhook_allow_private = web.webhook_allow_private.or(demo.then_some(true));
            (listen.clone(), web)
        }
        _ => Default::default(),
    };
    let mut config = Config::load(&cli.options, listen, &web).map_err(StartError::Setting)?;
    if matches!(cli.command, Command::Serve { demo: true, .. }) {
        // Its people are nobody: what is mailed to them goes to this machine or nowhere.
        config.web.mail = config.web.mail.filter(|mail| mail.is_here());
        // A front end that is being written is served from this machine, on a port of its own.
        config.web.local_origins = true;
    }
    match cli.command {
        Command::Serve { demo, admin_user, admin_password, .. } => {
            commands::serve(&config, demo, admin_user.zip(admin_password))
        }
        Command::Migrate => commands::migrate(&config),
        Command::Openapi { postman } => commands::openapi(postman),
        Command::Docs { folder } => salesdesk::docs::write(&folder, &Cli::command()),
        Command::Import(import) => import.run(&config),
        Command::Export { resource, format, to, headings, filters, sort, fields, bom } => {
            let input = serde_json::json!({"resource": resource, "format": format, "headings": headings,
                "sort": sort, "fields": fields, "bom": bom});
            let input = input.as_object().cloned().unwrap_or_default();
            commands::export::export(&config, input, &filters, &to)
        }
        Command::User(User::Add { username, role, name, .. }) => {
            commands::add_user(&config, &username, &role, name)
        }
        Command::Client(client) => commands::clients::run(&config, client.command()),
        Command::Check { records } => commands::check(&config, records),
        Command::Backup { command: Some(Backup::Verify { backup }), .. } => {
            commands::backup::verify(&config, &backup)
        }
        Command::Backup { to, with_key, .. } => {
            commands::backup::make(&config, &to.unwrap_or_default(), with_key)
        }
        Command::Restore { backup, overwrite } => commands::backup::restore(&config, &backup, overwrite),
        Command::Resume => commands::resume(&config),
        Command::Restored => commands::restored(&config),
    }
}
