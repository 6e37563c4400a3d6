//! The product as others meet it: a process of its own that is talked to over a socket, killed, and started again.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::time::Duration;

use base64::Engine as _;
use salesdesk::base::db::Target;
use serde_json::Value;

use crate::support::{Database, MASTER_KEY, TestApp};

/// A server process on a test's database.
pub struct Server {
    target: Target,
    /// Chosen at the first start and kept, as a client knows its server by one address.
    address: SocketAddr,
    process: Mutex<Option<Child>>,
}

impl Server {
    pub fn start(database: &Database) -> Server {
        let target = database.target().clone();
        let (process, address) = spawn(&target, "127.0.0.1:0").expect("the server starts");
        Server { target, address, process: Mutex::new(Some(process)) }
    }

    /// `kill -9`, and a new start at the same address.
    pub fn crash_and_restart(&self) {
        let mut process = self.process.lock().expect("the server");
        if let Some(mut running) = process.take() {
            running.kill().expect("killed");
            running.wait().expect("gone");
        }
        let (started, _) = spawn(&self.target, &self.address.to_string()).expect("the server starts again");
        *process = Some(started);
    }

    /// What `salesdesk check` says beside the running server.
    pub fn check(&self) -> (bool, String) {
        let output = command(&self.target).arg("check").output().expect("checked");
        (output.status.success(), String::from_utf8_lossy(&output.stdout).into_owned())
    }

    /// Asks on a connection of its own; an error when the server went away.
    pub fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> io::Result<Heard> {
        let mut stream = self.send(method, path, headers, body)?;
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes)?;
        Heard::parse(&bytes).ok_or_else(|| io::Error::other("the answer is cut off"))
    }

    /// Asks and hangs up without listening: whether it was done nobody knows.
    pub fn ask_and_hang_up(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) {
        drop(self.send(method, path, headers, body));
    }

    fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> io::Result<TcpStream> {
        let mut stream = TcpStream::connect_timeout(&self.address, Duration::from_secs(5))?;
        stream.set_read_timeout(Some(Duration::from_secs(60)))?;
        stream.set_write_timeout(Some(Duration::from_secs(60)))?;
        let mut request = format!("{method} {path} HTTP/1.1\r\nhost: salesdesk\r\nconnection: close\r\n");
        headers.iter().for_each(|(name, value)| request.push_str(&format!("{name}: {value}\r\n")));
        request.push_str(&format!("content-length: {}\r\n\r\n{body}", body.len()));
        stream.write_all(request.as_bytes())?;
        Ok(stream)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(mut running) = self.process.get_mut().ok().and_then(Option::take) {
            let _ = running.kill();
            let _ = running.wait();
        }
    }
}

/// The program that was built together with the running test.
pub fn executable() -> PathBuf {
    let test = std::env::current_exe().expect("a test is a program");
    let built = test.ancestors().nth(2).expect("Cargo puts tests into a folder beside the program");
    built.join("salesdesk").with_extension(std::env::consts::EXE_EXTENSION)
}

/// The program, on the test's database.
pub fn program(app: &TestApp) -> Command {
    program_on(&app.core.engine.target)
}

/// The program, on this database.
pub fn program_on(target: &Target) -> Command {
    let mut command = Command::new(executable());
    command
        .env("SALESDESK_MASTER_KEY", base64::engine::general_purpose::STANDARD.encode(MASTER_KEY))
        .env("RUST_LOG", "warn");
    match target {
        Target::Sqlite(file) => {
            command.env_remove("DATABASE_URL").env("SALESDESK_DATA_DIR", file.parent().expect("a folder"))
        }
        Target::Postgres(url) => command.env("DATABASE_URL", url),
    };
    command
}

fn command(target: &Target) -> Command {
    let mut command = Command::new(executable());
    command.env("SALESDESK_MASTER_KEY", base64::engine::general_purpose::STANDARD.encode(MASTER_KEY));
    command.env("RUST_LOG", "warn").stdin(Stdio::null()).stderr(Stdio::inherit());
    match target {
        Target::Sqlite(file) => command.env("SALESDESK_DATA_DIR", file.parent().expect("a folder")),
        Target::Postgres(url) => command.env("DATABASE_URL", url),
    };
    command
}

/// Starts a server and waits until it says where it listens.
fn spawn(target: &Target, listen: &str) -> io::Result<(Child, SocketAddr)> {
    let mut command = command(target);
    command.args(["serve", "--listen", listen, "--rate-limit", "0", "--webhook-allow-private", "true"]);
    let mut process = command.stdout(Stdio::piped()).spawn()?;
    let mut said = BufReader::new(process.stdout.take().expect("its output"));
    let mut line = String::new();
    while said.read_line(&mut line)? > 0 {
        if let Some(address) = line.split("http://").nth(1).and_then(|rest| rest.split('/').next()) {
            let address = address.parse().map_err(io::Error::other)?;
            std::thread::spawn(move || io::copy(&mut said, &mut io::sink()));
            return Ok((process, address));
        }
        line.clear();
    }
    Err(io::Error::other("the server ended before it listened"))
}

/// An answer from the wire.
#[derive(Debug)]
pub struct Heard {
    pub status: u16,
    /// Null when it is no JSON.
    pub body: Value,
    pub headers: String,
}

impl Heard {
    fn parse(bytes: &[u8]) -> Option<Heard> {
        let end = bytes.windows(4).position(|w| w == b"\r\n\r\n")?;
        let headers = String::from_utf8_lossy(&bytes[..end]).to_lowercase();
        let status = headers.get(9..12)?.parse().ok()?;
        let rest = &bytes[end + 4..];
        let body = match headers.contains("transfer-encoding: chunked") {
            true => unchunked(rest)?,
            false => {
                let length = headers.lines().find_map(|l| l.strip_prefix("content-length: "));
                let length: usize = length.map_or(Some(rest.len()), |l| l.parse().ok())?;
                rest.get(..length)?.to_vec()
            }
        };
        Some(Heard { status, body: serde_json::from_slice(&body).unwrap_or_default(), headers })
    }
}

fn unchunked(mut rest: &[u8]) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let end = rest.windows(2).position(|w| w == b"\r\n")?;
        let size = usize::from_str_radix(std::str::from_utf8(&rest[..end]).ok()?.trim(), 16).ok()?;
        if size == 0 {
            return Some(body);
        }
        body.extend_from_slice(rest.get(end + 2..end + 2 + size)?);
        rest = rest.get(end + 4 + size..)?;
    }
}
