//! Settings of a running program: flags over environment over `salesdesk.toml` over defaults.

use std::path::{Path, PathBuf};

use clap::Args;
use serde::Deserialize;

use crate::base::db::Target;

/// What every command takes.
#[derive(Debug, Clone, Default, Args)]
pub struct Options {
    /// Folder of the SQLite file and the master key [default: ./data]
    #[arg(long, global = true, env = "SALESDESK_DATA_DIR")]
    pub data_dir: Option<PathBuf>,
    /// PostgreSQL instead of SQLite: postgres://user@host/database
    #[arg(long, global = true, env = "DATABASE_URL", hide_env_values = true)]
    pub database_url: Option<String>,
    /// The company's IANA time zone [default: Asia/Shanghai]
    #[arg(long, global = true, env = "SALESDESK_TIME_ZONE")]
    pub time_zone: Option<String>,
    /// The company's currency, ISO 4217 [default: CNY]
    #[arg(long, global = true, env = "SALESDESK_CURRENCY")]
    pub currency: Option<String>,
    /// The key that protects secrets in the database, 32 bytes in base64 [default: made in the data folder]
    #[arg(long, global = true, env = "SALESDESK_MASTER_KEY", hide_env_values = true)]
    pub master_key: Option<String>,
    /// Where callers find this installation, such as https://sales.example.com [default: as each request says]
    #[arg(long, global = true, env = "SALESDESK_PUBLIC_URL")]
    pub public_url: Option<String>,
    /// Settings file [default: ./salesdesk.toml, if it is there]
    #[arg(long, global = true, env = "SALESDESK_CONFIG")]
    pub config: Option<PathBuf>,
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
    public_url: Option<String>,
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
    /// Scheme and host, without a slash at the end.
    pub public_url: Option<String>,
}

impl Config {
    /// Checks everything; the error is one line that says which setting is wrong and what it takes.
    pub fn load(options: &Options, listen: Option<String>) -> Result<Config, String> {
        let file = read_file(options.config.as_deref())?;
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
        Ok(Config { listen, data_dir, target, zone, currency, master_key, public_url })
    }
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
