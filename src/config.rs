//! Settings of a running program: flags over environment over `salesdesk.toml` over defaults.

// The comments of options are what `--help` shows, where brackets around an address would only be in the way.
#![allow(rustdoc::bare_urls)]

use std::path::{Path, PathBuf};

use std::time::Duration;

use clap::Args;
use lettre::message::Mailbox;
use lettre::transport::smtp::client::Certificate;
use serde::Deserialize;

use crate::backups::store::Store;
use crate::base::auth::network;
use crate::base::backup_plan::BackupPlan;
use crate::base::db::Target;
use crate::base::http::web::{Sending, Web};
use crate::base::mail_server::{MailServer, Protection, is_this_machine};

/// What every command takes.
#[derive(Debug, Clone, Default, Args)]
pub struct Options {
    /// Folder of the SQLite file `salesdesk.db` and of `master.key`; made with rights for its owner alone [default: data]
    #[arg(long, global = true, env = "SALESDESK_DATA_DIR")]
    pub data_dir: Option<PathBuf>,
    /// PostgreSQL instead of SQLite: postgres://user@host/database [default: none, so SQLite]
    #[arg(long, global = true, env = "DATABASE_URL", hide_env_values = true)]
    pub database_url: Option<String>,
    /// The company's IANA time zone: it says which day it is, and when working hours are [default: Asia/Shanghai]
    #[arg(long, global = true, env = "SALESDESK_TIME_ZONE")]
    pub time_zone: Option<String>,
    /// The company's own currency, an ISO 4217 code [default: CNY]
    #[arg(long, global = true, env = "SALESDESK_CURRENCY")]
    pub currency: Option<String>,
    /// The key that protects the secrets in the database: 32 bytes in base64 [default: the file master.key, made at the first start]
    #[arg(long, global = true, env = "SALESDESK_MASTER_KEY", hide_env_values = true)]
    pub master_key: Option<String>,
    /// Where callers find this installation, such as https://sales.example.com: the issuer of tokens, and where links in
    /// e-mails lead [default: as each request says]
    #[arg(long, global = true, env = "SALESDESK_PUBLIC_URL")]
    pub public_url: Option<String>,
    /// The settings file [default: salesdesk.toml in the working folder, if it is there]
    #[arg(long, global = true, env = "SALESDESK_CONFIG")]
    pub config: Option<PathBuf>,
    /// The folder of PostgreSQL's pg_dump and pg_restore, for backups of a PostgreSQL database [default: where the PATH says]
    #[arg(long, global = true, env = "SALESDESK_PG_BIN")]
    pub pg_bin: Option<PathBuf>,
    /// The passphrase under which backups hold the master key: those that the server makes by itself, and `backup
    /// --with-key`. At least 12 characters, better in the environment than as a flag [default: none, so they do not hold it]
    #[arg(long, global = true, env = "SALESDESK_BACKUP_PASSPHRASE", hide_env_values = true)]
    pub backup_passphrase: Option<String>,
    #[command(flatten)]
    pub mail: MailOptions,
}

/// What every command takes about e-mail, because what a command does may tell people.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "E-mail")]
pub struct MailOptions {
    /// The mail server's name or address [default: none, so nothing is mailed]
    #[arg(long, global = true, env = "SALESDESK_SMTP_HOST")]
    pub smtp_host: Option<String>,
    /// The mail server's port [default: 587 with starttls, 465 with tls, 25 with none]
    #[arg(long, global = true, env = "SALESDESK_SMTP_PORT")]
    pub smtp_port: Option<u16>,
    /// How the connection to the mail server is protected: starttls, tls from the beginning, or none; with none no
    /// password is sent to another machine [default: starttls]
    #[arg(long, global = true, env = "SALESDESK_SMTP_TLS")]
    pub smtp_tls: Option<String>,
    /// A file in PEM with the certificate of an authority that is trusted for the mail server, such as your own
    /// [default: the public authorities alone]
    #[arg(long, global = true, env = "SALESDESK_SMTP_CA_FILE")]
    pub smtp_ca_file: Option<PathBuf>,
    /// The user name at the mail server [default: none, so no log-in]
    #[arg(long, global = true, env = "SALESDESK_SMTP_USER")]
    pub smtp_user: Option<String>,
    /// The password at the mail server; better in the environment or the file than as a flag
    #[arg(long, global = true, env = "SALESDESK_SMTP_PASSWORD", hide_env_values = true)]
    pub smtp_password: Option<String>,
    /// The sender of e-mails: desk@example.com, or with a name: Salesdesk <desk@example.com>; needed with smtp_host
    #[arg(long, global = true, env = "SALESDESK_MAIL_FROM")]
    pub mail_from: Option<String>,
}

/// What `serve` takes about HTTP.
#[derive(Debug, Clone, Default, Args)]
pub struct WebOptions {
    /// Requests a minute that each caller may send; 0 is no limit [default: 6000]
    #[arg(long, env = "SALESDESK_RATE_LIMIT")]
    pub rate_limit: Option<u32>,
    /// Requests a minute that each network address may send without a token, such as to log in; 0 is no limit [default: 600]
    #[arg(long, env = "SALESDESK_PUBLIC_RATE_LIMIT")]
    pub public_rate_limit: Option<u32>,
    /// An origin whose pages may call from a browser, such as https://erp.example.com; repeat it, or use commas [default:
    /// none; a demo lets in all pages of this machine]
    #[arg(long = "cors-origin", env = "SALESDESK_CORS_ORIGIN", value_delimiter = ',')]
    pub cors_origins: Option<Vec<String>>,
    /// The address or network of a proxy whose X-Forwarded-For and X-Forwarded-Proto are believed; repeat it, or
    /// use commas
    #[arg(long = "trusted-proxy", env = "SALESDESK_TRUSTED_PROXY", value_delimiter = ',')]
    pub trusted_proxies: Option<Vec<String>>,
    /// Tell browsers to use TLS only (Strict-Transport-Security) [default: off; on behind a trusted proxy that says https]
    #[arg(long, env = "SALESDESK_HSTS", num_args = 0..=1, default_missing_value = "true")]
    pub hsts: Option<bool>,
    /// Whoever sends it as a bearer token may read /metrics; at least 16 characters [default: none, so this machine only]
    #[arg(long, env = "SALESDESK_METRICS_TOKEN", hide_env_values = true)]
    pub metrics_token: Option<String>,
    /// Seconds after which a request is answered 503, 1 to 3600; a batch begins nothing more after half of it [default: 60]
    #[arg(long, env = "SALESDESK_REQUEST_TIMEOUT")]
    pub request_timeout: Option<u32>,
    /// The most connections at a time [default: 10000]
    #[arg(long, env = "SALESDESK_MAX_CONNECTIONS")]
    pub max_connections: Option<u32>,
    /// MiB that must be free on the data folder's disk; with less the server says that it is not ready [default: 200]
    #[arg(long, env = "SALESDESK_MIN_FREE_DISK")]
    pub min_free_disk: Option<u32>,
    /// Let webhooks go to this machine and to private networks, and without TLS [default: off; on in a demo]
    #[arg(long, env = "SALESDESK_WEBHOOK_ALLOW_PRIVATE", num_args = 0..=1, default_missing_value = "true")]
    pub webhook_allow_private: Option<bool>,
    /// The folder into which the server makes backups by itself [default: none, so it makes none]
    #[arg(long, env = "SALESDESK_BACKUP_TO")]
    pub backup_to: Option<String>,
    /// Hours between two of these backups, 1 to 168 [default: 24]
    #[arg(long, env = "SALESDESK_BACKUP_EVERY")]
    pub backup_every: Option<u32>,
    /// How many of these backups are kept, 1 to 1000; older ones are removed [default: 14]
    #[arg(long, env = "SALESDESK_BACKUP_KEEP")]
    pub backup_keep: Option<u32>,
}

/// The same settings in the file.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    listen: Option<String>,
    data_dir: Option<PathBuf>,
    database_url: Option<String>,
    time_zone: Option<String>,
    currency: Option<String>,
    master_key: Option<String>,
    rate_limit: Option<u32>,
    public_rate_limit: Option<u32>,
    cors_origins: Option<Vec<String>>,
    trusted_proxies: Option<Vec<String>>,
    hsts: Option<bool>,
    metrics_token: Option<String>,
    request_timeout: Option<u32>,
    max_connections: Option<u32>,
    min_free_disk: Option<u32>,
    webhook_allow_private: Option<bool>,
    backup_to: Option<String>,
    backup_every: Option<u32>,
    backup_keep: Option<u32>,
    public_url: Option<String>,
    pg_bin: Option<PathBuf>,
    backup_passphrase: Option<String>,
    smtp_host: Option<String>,
    smtp_port: Option<u16>,
    smtp_tls: Option<String>,
    smtp_ca_file: Option<PathBuf>,
    smtp_user: Option<String>,
    smtp_password: Option<String>,
    mail_from: Option<String>,
}

/// The keys that the settings file takes.
pub fn file_keys() -> &'static [&'static str] {
    let mut keys = Keys(&[]);
    // It always fails: only the names are wanted.
    let _ = File::deserialize(&mut keys);
    keys.0
}

/// Learns the fields of the struct that is read from it.
struct Keys(&'static [&'static str]);

impl<'de> serde::Deserializer<'de> for &mut Keys {
    type Error = serde::de::value::Error;
    fn deserialize_any<V: serde::de::Visitor<'de>>(self, _: V) -> Result<V::Value, Self::Error> {
        Err(serde::de::Error::custom("there is nothing to read"))
    }
    fn deserialize_struct<V: serde::de::Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Self::Error> {
        self.0 = fields;
        self.deserialize_any(visitor)
    }
    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}

/// Settings, checked.
#[derive(Debug, Clone)]
pub struct Config {
    pub listen: String,
    pub data_dir: PathBuf,
    pub target: Target,
    pub zone: chrono_tz::Tz,
    pub currency: String,
    pub master_key: Option<[u8; 32]>,
    pub web: Web,
    /// Scheme and host, without a slash at the end.
    pub public_url: Option<String>,
    /// Where pg_dump and pg_restore are; None means on the PATH.
    pub pg_bin: Option<PathBuf>,
    /// Under which a backup may hold the master key.
    pub backup_passphrase: Option<String>,
}

impl Config {
    /// Checks everything; the error is one line that says which setting is wrong and what it takes.
    pub fn load(options: &Options, listen: Option<String>, web: &WebOptions) -> Result<Config, String> {
        let file = read_file(options.config.as_deref())?;
        let mut web = Web { mail: mail(&options.mail, &file)?, ..self::web(web, &file)? };
        let listen = listen.or(file.listen).unwrap_or_else(|| "127.0.0.1:8080".into());
        listen
            .parse::<std::net::SocketAddr>()
            .map_err(|_| format!("listen: {listen:?} is not an address and port such as 127.0.0.1:8080"))?;
        let data_dir = options.data_dir.clone().or(file.data_dir).unwrap_or_else(|| "data".into());
        let target = match options.database_url.clone().or(file.database_url).filter(|u| !u.is_empty()) {
            Some(url) => postgres(url)?,
            None => Target::Sqlite(data_dir.join("salesdesk.db")),
        };
        let zone = options.time_zone.clone().or(file.time_zone).unwrap_or_else(|| "Asia/Shanghai".into());
        let zone = zone
            .parse()
            .map_err(|_| format!("time_zone: {zone:?} is not an IANA time zone such as Asia/Shanghai"))?;
        let currency = options.currency.clone().or(file.currency).unwrap_or_else(|| "CNY".into());
        if currency.len() != 3 || !currency.bytes().all(|b| b.is_ascii_uppercase()) {
            return Err(format!("currency: {currency:?} is not an ISO 4217 code such as CNY"));
        }
        let master_key =
            options.master_key.clone().or(file.master_key).map(|k| master_key(&k)).transpose()?;
        let public_url =
            options.public_url.clone().or(file.public_url).map(|url| public_url(&url)).transpose()?;
        if let Some(mail) = &mut web.mail {
            mail.links.clone_from(&public_url);
        }
        let pg_bin = options.pg_bin.clone().or(file.pg_bin).filter(|folder| !folder.as_os_str().is_empty());
        let passphrase =
            options.backup_passphrase.clone().or(file.backup_passphrase).filter(|p| !p.is_empty());
        if passphrase.as_ref().is_some_and(|p| p.chars().count() < 12) {
            return Err("backup_passphrase: must have at least 12 characters".into());
        }
        if let Some(plan) = &mut web.backups {
            (plan.passphrase, plan.pg_bin) = (passphrase.clone(), pg_bin.clone());
        }
        Ok(Config {
            listen,
            data_dir,
            target,
            zone,
            currency,
            master_key,
            web,
            public_url,
            pg_bin,
            backup_passphrase: passphrase,
        })
    }
}

/// The most requests a minute that a limit can say; beyond that it limits nothing.
const MOST_REQUESTS: u32 = 6_000_000;

fn web(options: &WebOptions, file: &File) -> Result<Web, String> {
    let usual = Web::default();
    let seconds = options.request_timeout.or(file.request_timeout);
    let request_time = seconds.map_or(usual.request_time, |s| Duration::from_secs(s.into()));
    let max_connections = options.max_connections.or(file.max_connections);
    let min_free_disk = options.min_free_disk.or(file.min_free_disk);
    let web = Web {
        rate_limit: options.rate_limit.or(file.rate_limit).unwrap_or(usual.rate_limit),
        public_rate_limit: options
            .public_rate_limit
            .or(file.public_rate_limit)
            .unwrap_or(usual.public_rate_limit),
        cors_origins: entries(&options.cors_origins, &file.cors_origins),
        local_origins: false,
        trusted_proxies: entries(&options.trusted_proxies, &file.trusted_proxies)
            .iter()
            .map(|text| network::parse(text).ok_or_else(|| not_a_network(text)))
            .collect::<Result<_, _>>()?,
        hsts: options.hsts.or(file.hsts).unwrap_or(usual.hsts),
        metrics_token: options
            .metrics_token
            .clone()
            .or(file.metrics_token.clone())
            .filter(|token| !token.is_empty()),
        request_time,
        // So that a batch can still say what it did.
        batch_time: request_time / 2,
        max_connections: max_connections.map_or(usual.max_connections, |n| n as usize),
        min_free_disk: min_free_disk.map_or(usual.min_free_disk, |mib| u64::from(mib) << 20),
        webhooks: Sending {
            allow_private: options.webhook_allow_private.or(file.webhook_allow_private).unwrap_or(false),
            ..usual.webhooks
        },
        mail: None,
        backups: backups(options, file)?,
    };
    for (name, limit) in [("rate_limit", web.rate_limit), ("public_rate_limit", web.public_rate_limit)] {
        if limit > MOST_REQUESTS {
            return Err(format!("{name}: must be at most {MOST_REQUESTS} requests a minute; 0 is no limit"));
        }
    }
    if let Some(origin) = web.cors_origins.iter().find(|o| !is_origin(o)) {
        return Err(format!("cors_origin: {origin:?} is not an origin such as https://erp.example.com"));
    }
    if !(1..=3600).contains(&request_time.as_secs()) {
        return Err("request_timeout: must be from 1 to 3600 seconds".into());
    }
    if web.max_connections == 0 {
        return Err("max_connections: must be at least 1".into());
    }
    if web.metrics_token.as_ref().is_some_and(|t| t.len() < 16 || !t.bytes().all(|b| b.is_ascii_graphic())) {
        return Err("metrics_token: must have at least 16 visible ASCII characters".into());
    }
    Ok(web)
}

/// The backups that the server makes by itself; None when no place is named.
fn backups(options: &WebOptions, file: &File) -> Result<Option<BackupPlan>, String> {
    let every_hours = options.backup_every.or(file.backup_every).unwrap_or(24);
    let keep = options.backup_keep.or(file.backup_keep).unwrap_or(14);
    if !(1..=168).contains(&every_hours) {
        return Err("backup_every: must be from 1 to 168 hours".into());
    }
    if !(1..=1000).contains(&keep) {
        return Err("backup_keep: must be from 1 to 1000".into());
    }
    let to = options.backup_to.clone().or_else(|| file.backup_to.clone()).filter(|to| !to.is_empty());
    let Some(to) = to else { return Ok(None) };
    Store::parse(&to).map_err(|e| format!("backup_to: {e}"))?;
    Ok(Some(BackupPlan { to, every_hours, keep, passphrase: None, pg_bin: None }))
}

/// The mail server; None when none is named.
fn mail(options: &MailOptions, file: &File) -> Result<Option<MailServer>, String> {
    // A variable may be there and empty.
    let text = |flag: &Option<String>, file: &Option<String>| {
        flag.clone().or_else(|| file.clone()).filter(|text| !text.is_empty())
    };
    let from = text(&options.mail_from, &file.mail_from);
    let Some(host) = text(&options.smtp_host, &file.smtp_host) else {
        return match from {
            Some(_) => {
                Err("smtp_host: is needed to send what mail_from says; leave out both to mail nothing".into())
            }
            None => Ok(None),
        };
    };
    if !host.bytes().all(|b| b.is_ascii_alphanumeric() || b".-:".contains(&b)) {
        return Err(format!("smtp_host: {host:?} is not a host such as mail.example.com"));
    }
    let from = from.ok_or("mail_from: is needed with smtp_host, such as desk@example.com")?;
    let _: Mailbox = from.parse().map_err(|_| {
        format!(
            "mail_from: {from:?} is not an address such as desk@example.com or Salesdesk <desk@example.com>"
        )
    })?;
    let word = text(&options.smtp_tls, &file.smtp_tls).unwrap_or_else(|| "starttls".into());
    let protection = Protection::parse(&word)
        .ok_or_else(|| format!("smtp_tls: {word:?} is none of starttls, tls and none"))?;
    let port = options.smtp_port.or(file.smtp_port).unwrap_or(protection.usual_port());
    let user = text(&options.smtp_user, &file.smtp_user);
    let password = text(&options.smtp_password, &file.smtp_password);
    let login = match (user, password) {
        (Some(user), Some(password)) => Some((user, password)),
        (None, None) => None,
        (Some(_), None) => return Err("smtp_password: is needed with smtp_user".into()),
        (None, Some(_)) => return Err("smtp_user: is needed with smtp_password".into()),
    };
    if login.is_some() && protection == Protection::None && !is_this_machine(&host) {
        return Err("smtp_tls: with none the password would go over the network for everybody to read".into());
    }
    let authority = options.smtp_ca_file.as_ref().or(file.smtp_ca_file.as_ref());
    let authority = authority.map(|path| certificate(path)).transpose()?;
    Ok(Some(MailServer { login, authority, ..MailServer::of(&host, port, protection, &from) }))
}

fn certificate(path: &Path) -> Result<Vec<u8>, String> {
    let wrong = |why: &dyn std::fmt::Display| format!("smtp_ca_file: {}: {why}", path.display());
    let pem = std::fs::read(path).map_err(|e| wrong(&e))?;
    Certificate::from_pem(&pem).map_err(|_| wrong(&"is no certificate in PEM"))?;
    Ok(pem)
}

/// A list of the flags, else of the file. An empty entry is none: a variable may be there and empty.
fn entries(flags: &Option<Vec<String>>, file: &Option<Vec<String>>) -> Vec<String> {
    let list = flags.as_ref().or(file.as_ref()).into_iter().flatten();
    list.map(|entry| entry.trim().to_owned()).filter(|entry| !entry.is_empty()).collect()
}

fn not_a_network(text: &str) -> String {
    format!(
        "trusted_proxy: {text:?} is neither an address such as 192.0.2.1 nor a network such as 10.0.0.0/8"
    )
}

/// Scheme, host and perhaps a port, as browsers send it: lower case, nothing after it.
fn is_origin(text: &str) -> bool {
    let Some(host) = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://")) else {
        return false;
    };
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || ".-:[]".contains(c);
    !host.is_empty() && host.chars().all(allowed)
}

fn read_file(named: Option<&Path>) -> Result<File, String> {
    let path = named.unwrap_or(Path::new("salesdesk.toml"));
    if named.is_none() && !path.exists() {
        return Ok(File::default());
    }
    let text = std::fs::read_to_string(path).map_err(|e| format!("config: {}: {e}", path.display()))?;
    toml::from_str(&text).map_err(|e| format!("config: {}: {}", path.display(), e.message()))
}

fn postgres(url: String) -> Result<Target, String> {
    if !url.starts_with("postgres://") && !url.starts_with("postgresql://") {
        return Err("database_url: must begin with postgres:// (leave it out for SQLite)".into());
    }
    let asks_for_tls =
        ["sslmode=require", "sslmode=verify-ca", "sslmode=verify-full"].iter().any(|m| url.contains(m));
    if asks_for_tls {
        return Err(
            "database_url: this build has no TLS; use a local socket, a private network or a TLS proxy"
                .into(),
        );
    }
    Ok(Target::Postgres(url))
}

fn public_url(text: &str) -> Result<String, String> {
    let url = text.trim_end_matches('/');
    let host = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://")).unwrap_or_default();
    match !host.is_empty() && host.bytes().all(|b| b.is_ascii_alphanumeric() || b".-:[]".contains(&b)) {
        true => Ok(url.to_owned()),
        false => {
            Err(format!("public_url: {text:?} is not a scheme and host such as https://sales.example.com"))
        }
    }
}

fn master_key(text: &str) -> Result<[u8; 32], String> {
    use base64::Engine as _;
    let bytes = base64::engine::general_purpose::STANDARD.decode(text.trim()).unwrap_or_default();
    bytes.try_into().map_err(|_| "master_key: must be 32 bytes in base64".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn loaded(options: WebOptions, file: &str) -> Result<Web, String> {
        web(&options, &toml::from_str(file).unwrap())
    }

    #[test]
    fn a_flag_goes_before_the_file_and_the_file_before_the_default() {
        let options = WebOptions { rate_limit: Some(10), ..WebOptions::default() };
        let web = loaded(options, "rate_limit = 20\npublic_rate_limit = 30\nhsts = true").unwrap();
        assert_eq!((web.rate_limit, web.public_rate_limit, web.hsts), (10, 30, true));
        assert_eq!(web.max_connections, 10_000);
        assert_eq!(web.batch_time, Duration::from_secs(30));
    }

    #[test]
    fn lists_are_entries_and_an_empty_variable_is_none() {
        let list = |texts: &[&str]| Some(texts.iter().map(|t| t.to_string()).collect());
        let options = WebOptions {
            cors_origins: list(&["https://a.example", " http://localhost:5173"]),
            trusted_proxies: list(&["10.0.0.0/8"]),
            metrics_token: Some(String::new()),
            ..WebOptions::default()
        };
        let web = loaded(options, "").unwrap();
        assert_eq!(web.cors_origins, ["https://a.example", "http://localhost:5173"]);
        assert_eq!((web.trusted_proxies.len(), web.metrics_token), (1, None));
        let web = loaded(WebOptions { cors_origins: list(&[""]), ..WebOptions::default() }, "").unwrap();
        assert!(web.cors_origins.is_empty());
    }

    #[test]
    fn what_cannot_be_meant_is_refused_in_one_line_that_names_the_setting() {
        for (file, name) in [
            ("rate_limit = 6000001", "rate_limit"),
            ("cors_origins = [\"*\"]", "cors_origin"),
            ("cors_origins = [\"https://a.example/\"]", "cors_origin"),
            ("cors_origins = [\"HTTPS://A.example\"]", "cors_origin"),
            ("trusted_proxies = [\"proxy\"]", "trusted_proxy"),
            ("metrics_token = \"short\"", "metrics_token"),
            ("request_timeout = 0", "request_timeout"),
            ("max_connections = 0", "max_connections"),
            ("backup_every = 0", "backup_every"),
            ("backup_keep = 0", "backup_keep"),
            ("backup_to = \"s3://bucket/x\"", "backup_to"),
        ] {
            let refused = loaded(WebOptions::default(), file).unwrap_err();
            assert!(refused.starts_with(&format!("{name}: ")) && !refused.contains('\n'), "{refused}");
        }
    }

    #[test]
    fn a_mail_server_is_set_whole_or_not_at_all() {
        let settings = |text: &str| mail(&MailOptions::default(), &toml::from_str(text).unwrap());
        assert!(settings("").unwrap().is_none());
        assert!(settings("smtp_host = \"\"").unwrap().is_none());
        let usual = "smtp_host = \"mail.example.com\"\nmail_from = \"销售台 <desk@example.com>\"\n";
        let found = settings(usual).unwrap().unwrap();
        assert_eq!((found.port, found.protection, &found.login), (587, Protection::StartTls, &None));
        let found =
            settings(&format!("{usual}smtp_tls = \"tls\"\nsmtp_user = \"u\"\nsmtp_password = \"hunter2\""));
        let found = found.unwrap().unwrap();
        assert_eq!((found.port, found.login.is_some()), (465, true));
        assert!(!format!("{found:?}").contains("hunter2"));
        for (wrong, name) in [
            ("mail_from = \"desk@example.com\"", "smtp_host"),
            ("smtp_host = \"mail.example.com\"", "mail_from"),
            ("smtp_host = \"https://x/\"\nmail_from = \"desk@example.com\"", "smtp_host"),
            ("smtp_host = \"x\"\nmail_from = \"nobody\"", "mail_from"),
            (&format!("{usual}smtp_tls = \"ssl\""), "smtp_tls"),
            (&format!("{usual}smtp_user = \"u\""), "smtp_password"),
            (&format!("{usual}smtp_password = \"p\""), "smtp_user"),
            (&format!("{usual}smtp_tls = \"none\"\nsmtp_user = \"u\"\nsmtp_password = \"p\""), "smtp_tls"),
            (&format!("{usual}smtp_ca_file = \"/there/is/no/such.pem\""), "smtp_ca_file"),
        ] {
            let refused = settings(wrong).unwrap_err();
            assert!(refused.starts_with(&format!("{name}: ")) && !refused.contains('\n'), "{refused}");
        }
    }

    #[test]
    fn every_key_of_the_file_is_known() {
        let keys = file_keys();
        assert!(keys.contains(&"listen") && keys.contains(&"mail_from"));
        for key in keys {
            let refused = toml::from_str::<File>(&format!("{key} = {{}}")).unwrap_err();
            assert!(!refused.message().contains("unknown field"), "{key}");
        }
        assert!(toml::from_str::<File>("colour = {}").unwrap_err().message().contains("unknown field"));
    }

    #[test]
    fn a_public_url_is_a_scheme_and_a_host() {
        for good in ["https://sales.example.com", "http://127.0.0.1:8080/", "https://[::1]:443"] {
            assert_eq!(public_url(good).as_deref(), Ok(good.trim_end_matches('/')));
        }
        for bad in
            ["", "sales.example.com", "https://", "ftp://x", "https://x/api", "https://x?y", "https://a b"]
        {
            assert!(public_url(bad).is_err(), "{bad}");
        }
    }
}
