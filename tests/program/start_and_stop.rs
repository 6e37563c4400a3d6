//! What a server's log says when it starts and when it stops.

use std::io::{BufRead, BufReader, Read};
use std::process::{Command, Stdio};

use salesdesk::base::db::Target;

use testkit::support::TestApp;
use testkit::wire::program;

both_engines!(the_log_says_what_starts_and_that_it_stopped);

fn the_log_says_what_starts_and_that_it_stopped(app: &TestApp) {
    let mut command = program(app);
    command.env_remove("RUST_LOG").args(["serve", "--listen", "127.0.0.1:0"]);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut server = command.spawn().expect("a server");
    let mut said = BufReader::new(server.stdout.take().expect("its output")).lines();
    let line =
        said.by_ref().map(|l| l.expect("a line")).find(|l| l.contains("http://")).expect("its address");
    let address = line.split("http://").nth(1).and_then(|rest| rest.split('/').next()).expect("an address");
    let ended = Command::new("sh").args(["-c", &format!("kill -TERM {}", server.id())]).status();
    assert!(ended.expect("a shell").success());
    let mut log = String::new();
    server.stderr.take().expect("its log").read_to_string(&mut log).expect("a text");
    assert!(server.wait().expect("its end").success(), "{log}");
    let place = match &app.core.engine.target {
        Target::Sqlite(file) => file.display().to_string(),
        Target::Postgres(_) => "the PostgreSQL database ".into(),
    };
    for told in [
        format!("salesdesk {} starts as a server", env!("CARGO_PKG_VERSION")),
        format!("the records are in {place}"),
        "its schema is this version's".into(),
        "data folder /".into(),
        format!("listening on http://{address}"),
        "stopping after SIGTERM".into(),
        "stopped after ".into(),
    ] {
        assert_eq!(log.matches(told.as_str()).count(), 1, "{told}:\n{log}");
    }
}
