//! PostgreSQL's own programs, `pg_dump` and `pg_restore`: found, asked for their version, and run. The password of the
//! database goes to them in their environment, where other users of the machine do not see it.

use std::io::Read;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use diesel::prelude::*;
use url::Url;

use super::Told;
use crate::base::db::{Conn, EngineConn};

/// Where the programs are.
#[derive(Debug, Clone, Default)]
pub struct Tools {
    /// The folder that they are in; None means: on the PATH.
    pub folder: Option<PathBuf>,
}

impl Tools {
    fn program(&self, name: &str) -> PathBuf {
        self.folder.as_ref().map_or_else(|| name.into(), |folder| folder.join(name))
    }

    /// The program, for this database; refused when it is not there, or older than the server.
    pub fn command(&self, name: &str, url: &str, conn: &mut Conn) -> Told<Command> {
        let program = self.program(name);
        let missing = |e: std::io::Error| {
            format!(
                "{name} is needed to back up and restore a PostgreSQL database, and {} cannot be run: {e}; install \
                 PostgreSQL's client programs, or name their folder with pg_bin",
                program.display()
            )
        };
        let said = Command::new(&program).arg("--version").stdin(Stdio::null()).output().map_err(missing)?;
        let said = String::from_utf8_lossy(&said.stdout).trim().to_owned();
        let (major, server) = (major_of(&said), server_major(conn)?);
        match major {
            Some(major) if major >= server => {}
            Some(major) => {
                return Err(format!(
                    "{name} is of PostgreSQL {major}, older than the server, which is {server}; install that of the \
                     server, or name its folder with pg_bin"
                ));
            }
            None => return Err(format!("{} does not say its version: {said:?}", program.display())),
        }
        let (url, password) = without_password(url)?;
        let mut command = Command::new(&program);
        command.arg(format!("--dbname={url}")).stdin(Stdio::null()).stderr(Stdio::piped());
        if let Some(password) = password {
            command.env("PGPASSWORD", password);
        }
        Ok(command)
    }
}

/// The first number in `pg_dump (PostgreSQL) 15.18 (Debian …)` behind the brackets.
fn major_of(said: &str) -> Option<i32> {
    let version = said.split(") ").nth(1)?;
    version.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}

fn server_major(conn: &mut Conn) -> Told<i32> {
    let number = text_of(conn, "SELECT current_setting('server_version_num') AS text")?;
    number.parse::<i32>().map(|n| n / 10_000).map_err(|_| format!("the server's version is {number:?}"))
}

/// The one text that a statement answers; only on PostgreSQL.
pub fn text_of(conn: &mut Conn, sql: &str) -> Told<String> {
    #[derive(QueryableByName)]
    struct Answer {
        #[diesel(sql_type = diesel::sql_types::Text)]
        text: String,
    }
    match &mut conn.engine {
        EngineConn::Pg(conn) => {
            let answer: Answer = diesel::sql_query(sql).get_result(conn).map_err(|e| e.to_string())?;
            Ok(answer.text)
        }
        EngineConn::Sqlite(_) => Err("this is no PostgreSQL database".into()),
    }
}

/// The URL without the password, and the password.
fn without_password(text: &str) -> Told<(String, Option<String>)> {
    // A folder as the host is no URL to everybody; without a password nothing has to be taken out.
    let Ok(mut url) = Url::parse(text) else {
        return match text.contains("password") || text.contains('@') && text.matches(':').count() > 2 {
            true => {
                Err("database_url: the password cannot be taken out of it; set PGPASSWORD instead".into())
            }
            false => Ok((text.into(), None)),
        };
    };
    let in_query =
        url.query_pairs().find(|(name, _)| name == "password").map(|(_, value)| value.into_owned());
    let in_front = url.password().map(decoded);
    if in_front.is_none() && in_query.is_none() {
        return Ok((text.into(), None));
    }
    // An address without a host has none in front, and cannot be asked for one.
    if in_front.is_some() {
        url.set_password(None).map_err(|()| "database_url: its password cannot be taken out".to_owned())?;
    }
    if in_query.is_some() {
        let rest: Vec<(String, String)> = url
            .query_pairs()
            .filter(|(name, _)| name != "password")
            .map(|(name, value)| (name.into_owned(), value.into_owned()))
            .collect();
        url.set_query(None);
        if !rest.is_empty() {
            url.query_pairs_mut().extend_pairs(rest);
        }
    }
    Ok((url.into(), in_front.or(in_query)))
}

fn decoded(text: &str) -> String {
    // The same rules as in a query, but for the plus sign.
    let encoded = format!("v={}", text.replace('+', "%2B"));
    url::form_urlencoded::parse(encoded.as_bytes()).next().map(|(_, v)| v.into_owned()).unwrap_or_default()
}

/// A program that runs; stopped when it is dropped before its end.
pub struct Running {
    name: &'static str,
    pub child: Child,
    said: std::thread::JoinHandle<String>,
}

impl Running {
    pub fn start(name: &'static str, command: &mut Command) -> Told<Running> {
        let mut child = command.spawn().map_err(|e| format!("{name} cannot be run: {e}"))?;
        let errors = child.stderr.take();
        let said = std::thread::spawn(move || {
            let mut text = String::new();
            if let Some(errors) = errors {
                // More is of no use to anybody; the rest is read, so that the program does not wait.
                let mut errors = errors;
                let _ = (&mut errors).take(16 << 10).read_to_string(&mut text);
                let _ = std::io::copy(&mut errors, &mut std::io::sink());
            }
            text
        });
        Ok(Running { name, child, said })
    }

    /// Waits for its end; an error says what it said.
    pub fn finish(mut self) -> Told<()> {
        let status = self.child.wait().map_err(|e| format!("{}: {e}", self.name))?;
        let said = self.said.join().unwrap_or_default();
        match status.success() {
            true => Ok(()),
            false => Err(format!("{} failed: {}", self.name, said.trim())),
        }
    }

    /// It is not needed any more.
    pub fn stop(mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_is_found_in_what_the_program_says() {
        assert_eq!(major_of("pg_dump (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)"), Some(15));
        assert_eq!(major_of("pg_restore (PostgreSQL) 18beta1"), Some(18));
        assert_eq!(major_of("nothing"), None);
    }

    #[test]
    fn a_password_is_not_on_the_command_line() {
        for (url, bare, password) in [
            ("postgres://sales:s%2Fecret@db/desk", "postgres://sales@db/desk", Some("s/ecret")),
            ("postgres:///desk?host=/run&password=x", "postgres:///desk?host=%2Frun", Some("x")),
            ("postgres://u@%2Frun%2Fpg:5432/desk", "postgres://u@%2Frun%2Fpg:5432/desk", None),
        ] {
            let (told, found) = without_password(url).unwrap();
            assert_eq!((told.as_str(), found.as_deref()), (bare, password));
        }
    }
}
