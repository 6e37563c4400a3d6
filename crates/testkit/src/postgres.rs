//! A throw-away PostgreSQL cluster for the tests of this binary.
//!
//! The first call of [`cluster`] makes one in a fresh folder (in memory where the machine has room for it);
//! all tests share it and reach it through a Unix socket in that folder, so nothing listens on the network
//! and two test runs cannot meet.
//!
//! The test process does not start the server itself, it starts a guardian: a small shell script that makes
//! the folder, runs the server, and holds the reading end of a pipe as its stdin (the lifeline). The writing
//! end lives in this process and is never written to. The kernel closes it when the process ends, whether by
//! `exit`, a panic, Ctrl-C or `kill -9`; the guardian sees the end of file, stops the server and removes the
//! folder. Neither a destructor nor an exit handler could promise that.

use std::env;
use std::ffi::OsStr;
use std::fmt::Write as _;
use std::fs;
use std::io::{self, Read, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::{self, Path, PathBuf};
use std::process::{self, Child, Command, Stdio};
use std::sync::OnceLock;
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_encode};

/// The environment variable that says whether these tests run: `auto` (also when unset), `off`, `required`.
const SWITCH: &str = "SALESDESK_TEST_POSTGRES";
/// The cluster's superuser, who needs no password: the folder is closed to other users of the machine.
const USER: &str = "salesdesk";
/// The system user that runs the server when the tests run as root, which PostgreSQL refuses to do.
const SYSTEM_USER: &str = "postgres";
/// Only a part of the socket's name, as nothing listens on TCP: every cluster can have the same.
const PORT: u16 = 5432;
/// The longest path of a Unix socket that Linux and libpq accept, in bytes.
const MAX_SOCKET_PATH: usize = 107;
/// Memory that must be free in `/dev/shm` before a cluster is put there.
const MIN_MEMORY_KIB: u64 = 2 * 1024 * 1024;
/// How long one start may take, and the pause between two looks at it.
const START_LIMIT: Duration = Duration::from_secs(30);
const START_STEP: Duration = Duration::from_millis(5);

/// The server's settings: speed over safety, as the data need not survive anything.
const SETTINGS: &[&str] = &[
    "listen_addresses=",
    "unix_socket_permissions=0700",
    "max_connections=300",
    "shared_buffers=128MB",
    // Files in the data folder, not POSIX segments in /dev/shm: what goes with the folder cannot be left over.
    "dynamic_shared_memory_type=mmap",
    "fsync=off",
    "synchronous_commit=off",
    "full_page_writes=off",
    "wal_level=minimal",
    "max_wal_senders=0",
    "max_wal_size=4GB",
    "checkpoint_timeout=1h",
    // It would walk through hundreds of short-lived databases, and make plans depend on the moment.
    "autovacuum=off",
    // Without statistics the planner overrates small queries; compiling them costs more than running them.
    "jit=off",
    "timezone=UTC",
    "log_timezone=UTC",
    "log_line_prefix=%m [%p] %d ",
];

/// The guardian's script: `sh -c GUARDIAN sh FOLDER BIN PORT USER [option of postgres]...`.
///
/// It ends when the server has ended, with its exit status, and leaves the tail of its log on stderr.
const GUARDIAN: &str = r#"
folder=$1 bin=$2 port=$3 user=$4
shift 4
# Only the lifeline ends the guardian. The children inherit this; postgres sets its own handlers.
trap '' HUP INT QUIT TERM
umask 077
# Also the proof that the folder is ours: mkdir fails when anything of that name exists.
mkdir "$folder" || exit 1
log=$folder/server.log
# The shell gives background jobs /dev/null as stdin, so the lifeline needs a number of its own.
exec 3<&0

{
    "$bin/initdb" -D "$folder/data" --username="$user" --auth=trust --encoding=UTF8 --locale=C --no-sync \
        >/dev/null && exec "$bin/postgres" -D "$folder/data" -k "$folder" -p "$port" "$@"
} </dev/null 3<&- >>"$log" 2>&1 &
server=$!

{
    while read -r _; do :; done
    # Again and again, as the first ones come to nothing while initdb is at work. SIGQUIT is the immediate
    # shutdown; the server needs 5 s for it at most, so after 10 s something is wrong with it.
    tries=0
    while [ "$tries" -lt 200 ] && kill -QUIT "$server"; do
        tries=$((tries + 1))
        sleep 0.05
    done
    kill -KILL "$server"
} <&3 >/dev/null 2>&1 &
watcher=$!

# The server has been stopped, could not start, or has crashed.
wait "$server" 2>/dev/null
status=$?
tail -n 40 "$log" >&2
rm -rf "$folder"
kill -KILL "$watcher" 2>/dev/null
exit "$status"
"#;

/// A running PostgreSQL server with one superuser and no password.
pub struct Cluster {
    /// Holds the server's data and its socket.
    folder: PathBuf,
    /// Never used again, only kept: its stdin is the lifeline.
    _guardian: Child,
}

/// The cluster of this test run, started on first use and shared by all tests; `None` when PostgreSQL's
/// server programs are not on this machine, or with `SALESDESK_TEST_POSTGRES=off`.
///
/// # Panics
///
/// When the programs are there but the server does not start, and with `SALESDESK_TEST_POSTGRES=required`
/// also when they are not there. Later callers get the same panic at once, without another try.
pub fn cluster() -> Option<&'static Cluster> {
    static CLUSTER: OnceLock<Result<Option<Cluster>, String>> = OnceLock::new();
    match CLUSTER.get_or_init(obtain) {
        Ok(cluster) => cluster.as_ref(),
        Err(reason) => panic!("{reason}"),
    }
}

impl Cluster {
    /// URL of the maintenance database, from which others are created and dropped.
    pub fn admin_url(&self) -> String {
        self.url("postgres")
    }

    /// URL of the database of this name on the cluster, whether it exists or not.
    pub fn url(&self, database: &str) -> String {
        let folder = percent_encoded(self.folder.as_os_str());
        let database = percent_encoded(OsStr::new(database));
        // The port is named although it is the usual one: libpq would take another from PGPORT.
        format!("postgres://{USER}@{folder}:{PORT}/{database}")
    }
}

/// Does what the switch asks for.
fn obtain() -> Result<Option<Cluster>, String> {
    let switch = env::var_os(SWITCH).unwrap_or_default();
    let required = match switch.to_str() {
        Some("off") => return Ok(None),
        Some("" | "auto") => false,
        Some("required") => true,
        _ => {
            return Err(format!("{SWITCH} must be `auto`, `off` or `required`, not {switch:?}"));
        }
    };
    match Installation::find() {
        Ok(installation) => installation.start().map(Some),
        Err(reason) if required => Err(format!("{SWITCH}=required, but there is no PostgreSQL: {reason}")),
        Err(reason) => {
            // Not eprintln!, which the test harness would capture: skipped tests must not go unnoticed.
            let _ = writeln!(io::stderr(), "note: no tests on PostgreSQL: {reason}");
            Ok(None)
        }
    }
}

/// PostgreSQL's server programs on this machine.
struct Installation {
    /// The folder with `initdb` and `postgres`.
    bin: PathBuf,
    /// Whether they must run as [`SYSTEM_USER`].
    change_user: bool,
}

impl Installation {
    /// Looks for the programs and for a user who may run them.
    fn find() -> Result<Self, String> {
        let bin = program_folders()
            .into_iter()
            .find(|folder| folder.join("initdb").is_file() && folder.join("postgres").is_file())
            .and_then(|folder| fs::canonicalize(folder).ok())
            .ok_or("no `initdb` and `postgres` in `pg_config --bindir`, PATH or /usr/lib/postgresql/*/bin")?;
        let change_user = output_of("id", &["-u"]).as_deref() == Some("0");
        if change_user && output_of("id", &["-u", SYSTEM_USER]).is_none() {
            return Err(format!("it refuses to run as root, and there is no user `{SYSTEM_USER}`"));
        }
        Ok(Self { bin, change_user })
    }

    /// Starts a cluster in the first place where that succeeds.
    fn start(&self) -> Result<Cluster, String> {
        let mut failures = String::new();
        for place in places() {
            match self.start_in(&place) {
                Ok(cluster) => return Ok(cluster),
                Err(failure) => write!(failures, "\n{failure}").expect("a String takes all text"),
            }
        }
        Err(format!("PostgreSQL is in {} but does not start:{failures}", self.bin.display()))
    }

    /// Starts a cluster in a new folder in `place` and waits until it answers.
    fn start_in(&self, place: &Path) -> Result<Cluster, String> {
        let folder = place.join(fresh_name());
        let mut guardian = self
            .guardian(&folder)
            .spawn()
            .map_err(|error| format!("the guardian of {} cannot be run: {error}", folder.display()))?;
        match wait_until_ready(&mut guardian, &socket_in(&folder)) {
            Ok(()) => Ok(Cluster { folder, _guardian: guardian }),
            Err(reason) => Err(format!("{}: {reason}\n{}", folder.display(), last_words(guardian))),
        }
    }

    /// The command that runs the guardian of a cluster in `folder`.
    fn guardian(&self, folder: &Path) -> Command {
        let mut command;
        if self.change_user {
            command = Command::new("runuser");
            command.args(["-u", SYSTEM_USER, "--", "sh"]);
        } else {
            command = Command::new("sh");
        }
        command.args(["-c", GUARDIAN, "sh"]).arg(folder).arg(&self.bin).arg(PORT.to_string()).arg(USER);
        command.args(SETTINGS.iter().flat_map(|setting| ["-c", setting]));
        // The server takes defaults from PGDATESTYLE and the like, which are meant for the user's own work.
        for (name, _) in env::vars_os().filter(|(name, _)| name.as_bytes().starts_with(b"PG")) {
            command.env_remove(name);
        }
        command.env("LC_ALL", "C");
        // The other user may not be allowed to enter the current folder.
        command.current_dir("/");
        // A group of its own: Ctrl-C and `timeout` signal the whole group of the test process.
        command.process_group(0);
        // Neither output is this process's own: whoever reads `cargo test | ...` would wait for the guardian.
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
        command
    }
}

/// The folders that may hold the server programs, best first.
fn program_folders() -> Vec<PathBuf> {
    let mut folders = Vec::new();
    folders.extend(output_of("pg_config", &["--bindir"]).map(PathBuf::from));
    folders.extend(env::var_os("PATH").iter().flat_map(env::split_paths));
    folders.extend(debian_folders());
    folders
}

/// The folders where Debian keeps each major version's programs (outside PATH), newest first.
fn debian_folders() -> Vec<PathBuf> {
    let entries = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut versions: Vec<(Vec<u32>, PathBuf)> = entries
        .filter_map(|entry| {
            // Numbers, as text would put 9.6 before 15.
            let version: Result<_, _> = entry.file_name().to_str()?.split('.').map(str::parse).collect();
            Some((version.ok()?, entry.path().join("bin")))
        })
        .collect();
    versions.sort_unstable_by(|one, other| other.cmp(one));
    versions.into_iter().map(|(_, folder)| folder).collect()
}

/// The folders in which to try to start a cluster: the best one, and where to try again.
fn places() -> [PathBuf; 2] {
    let memory = PathBuf::from("/dev/shm");
    let mut disk = path::absolute(env::temp_dir()).unwrap_or_else(|_| PathBuf::from("/tmp"));
    if socket_in(&disk.join(fresh_name())).as_os_str().len() > MAX_SOCKET_PATH {
        disk = PathBuf::from("/tmp");
    }
    let roomy = free_kib(&memory).is_some_and(|free| free > MIN_MEMORY_KIB);
    [if roomy { memory } else { disk.clone() }, disk]
}

/// The space left in the file system of this folder; `None` when it does not exist.
fn free_kib(folder: &Path) -> Option<u64> {
    // -P: one line for each file system, with the free space in the fourth column.
    let table = output_of("df", &["-Pk", folder.to_str()?])?;
    table.lines().nth(1)?.split_whitespace().nth(3)?.parse().ok()
}

/// A name for a cluster's folder that no other process, and no other try of this one, uses.
#[allow(clippy::disallowed_methods)] // no rule depends on it, and a clock that stands still would not do
fn fresh_name() -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    // The time tells apart processes of the same number: later ones, and those in other containers.
    format!("salesdesk-test-{}-{:x}", process::id(), now.as_nanos())
}

/// The socket of a server whose sockets are in this folder.
fn socket_in(folder: &Path) -> PathBuf {
    folder.join(format!(".s.PGSQL.{PORT}"))
}

/// What a program prints; `None` when it does not exist, fails or prints nothing.
fn output_of(program: &str, arguments: &[&str]) -> Option<String> {
    let output = Command::new(program).args(arguments).stdin(Stdio::null()).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?.trim().to_owned();
    (output.status.success() && !text.is_empty()).then_some(text)
}

/// Waits until the server lets clients in, and says why not if it never does.
fn wait_until_ready(guardian: &mut Child, socket: &Path) -> Result<(), String> {
    let deadline = Instant::now() + START_LIMIT;
    loop {
        let Err(refusal) = connect(socket) else {
            return Ok(());
        };
        if let Some(status) = guardian.try_wait().map_err(|error| error.to_string())? {
            return Err(format!("the server ended at once ({status})"));
        }
        if Instant::now() > deadline {
            return Err(format!("the server does not answer after {START_LIMIT:?}: {refusal}"));
        }
        thread::sleep(START_STEP);
    }
}

/// Lets go of the lifeline and returns what the guardian leaves behind: the tail of the server's log.
fn last_words(guardian: Child) -> String {
    match guardian.wait_with_output() {
        Ok(output) => String::from_utf8_lossy(&output.stderr).into_owned(),
        Err(error) => format!("the guardian's last words cannot be read: {error}"),
    }
}

/// Logs in to the maintenance database and out again, in as much of PostgreSQL's protocol as that takes: an
/// open socket is no proof, as the server accepts connections before it can serve them.
fn connect(socket: &Path) -> io::Result<()> {
    let mut stream = UnixStream::connect(socket)?;
    stream.set_read_timeout(Some(START_LIMIT))?;
    stream.write_all(&startup_message())?;
    loop {
        let mut head = [0; 5];
        stream.read_exact(&mut head)?;
        let [kind, length @ ..] = head;
        // The length counts its own four bytes.
        let mut body = vec![0; (u32::from_be_bytes(length) as usize).saturating_sub(4)];
        stream.read_exact(&mut body)?;
        match kind {
            // ErrorResponse: fields of text, each ended by a zero byte.
            b'E' => {
                return Err(io::Error::other(String::from_utf8_lossy(&body).replace('\0', " ")));
            }
            // ReadyForQuery; Terminate is the polite answer.
            b'Z' => return stream.write_all(&[b'X', 0, 0, 0, 4]),
            _ => {}
        }
    }
}

/// The first message of a client: its length, version 3.0 of the protocol, then names and values.
fn startup_message() -> Vec<u8> {
    let parameters = format!("user\0{USER}\0database\0postgres\0\0");
    let length = u32::try_from(8 + parameters.len()).expect("a short message");
    [&length.to_be_bytes(), &[0, 3, 0, 0], parameters.as_bytes()].concat()
}

/// The text as a part of a URL, with every byte escaped that could mean something there.
fn percent_encoded(text: &OsStr) -> String {
    // A name of letters, digits and `_` stays as it is: `DROP DATABASE` takes it from the URL.
    const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
    percent_encode(text.as_bytes(), RESERVED).to_string()
}
