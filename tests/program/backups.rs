//! Backup, verification and restore, as an administrator does them.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use salesdesk::backups::model::BackupOrigin;
use salesdesk::backups::store::Store;
use salesdesk::backups::tools::Tools;
use salesdesk::backups::work::{self, Order};
use salesdesk::base::auth::Role;
use salesdesk::base::backup_plan::BackupPlan;
use salesdesk::base::db::engine::Ending;
use salesdesk::base::db::{Conn, Target};
use salesdesk::base::installation::{self, Restored};
use serde_json::{Value, json};

use testkit::fixtures::make;
use testkit::support::{MASTER_KEY, NOW, TestApp};
use testkit::wire::{program, program_on};

both_engines!(
    a_restored_company_has_every_record_and_the_trail_is_intact,
    a_backup_with_one_flipped_byte_is_refused,
    a_backup_without_one_of_its_parts_is_refused,
    a_backup_that_somebody_else_wrote_is_refused,
    nothing_is_restored_over_data_without_a_word,
    the_master_key_is_in_no_file_of_a_backup,
    a_backup_with_the_key_opens_on_another_machine_with_its_passphrase,
    a_restored_installation_takes_no_cursor_from_before,
    a_restored_installation_sends_nothing_until_told,
    the_command_lets_a_restored_installation_go_on_beside_the_server,
    a_server_makes_its_backups_and_keeps_the_newest,
    an_administrator_is_told_when_no_backup_has_succeeded_for_a_day,
    a_backup_whose_program_died_is_told_as_failed,
    without_pg_dump_a_backup_of_postgresql_is_refused_in_words,
    no_new_master_key_is_made_for_a_database_that_has_one,
);

/// A folder of a test, gone when dropped.
struct Folder(PathBuf);

impl Folder {
    fn new(app: &TestApp) -> Folder {
        let name = format!("salesdesk_backups_{}_{}_{}", std::process::id(), app.promise, app.is_sqlite());
        let folder = std::env::temp_dir().join(name);
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir(&folder).expect("a folder");
        Folder(folder)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// What a command came to.
fn run(command: &mut Command) -> (Option<i32>, String) {
    let Output { status, stdout, stderr } = command.stdin(Stdio::null()).output().expect("the program runs");
    let said = [stdout, stderr].concat();
    (status.code(), String::from_utf8_lossy(&said).into_owned())
}

/// Makes a backup; its folder.
fn back_up(app: &TestApp, to: &Path, more: &[&str]) -> PathBuf {
    let (code, said) =
        run(program(app).args(["backup", "--to"]).arg(to).args(more).env(PASS, "correct horse battery"));
    assert_eq!(code, Some(0), "{said}");
    let folder = PathBuf::from(said.lines().next().expect("where it is"));
    assert!(folder.join("manifest.json").is_file(), "{said}");
    folder
}

const PASS: &str = "SALESDESK_BACKUP_PASSPHRASE";

fn restore(target: &Target, backup: &Path) -> (Option<i32>, String) {
    run(program_on(target).arg("restore").arg(backup))
}

fn verify(app: &TestApp, backup: &Path) -> (Option<i32>, String) {
    run(program(app).args(["backup", "verify"]).arg(backup))
}

/// A company with some records; a customer of it.
fn company(app: &TestApp) -> String {
    ["ord", "cmp", "tsk", "int"].iter().for_each(|kind| drop(make(app, kind)));
    app.run_background();
    make(app, "cus").id()
}

fn a_restored_company_has_every_record_and_the_trail_is_intact(app: &TestApp) {
    let (customer, folder) = (company(app), Folder::new(app));
    let backup = back_up(app, &folder.0, &[]);
    let later = make(app, "cus").id();
    let (code, said) = verify(app, &backup);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("The backup is whole; 0 faults"), "{said}");
    let elsewhere = app.empty_database();
    let (code, said) = restore(elsewhere.target(), &backup);
    assert_eq!(code, Some(0), "{said}");
    let restored = app.moved_to(elsewhere);
    assert_eq!(restored.check(), Vec::<String>::new());
    let (before, after) = (app.all_powerful(), restored.all_powerful());
    let path = format!("/customers/{customer}");
    assert_eq!(before.get(&path).expect(200).body, after.get(&path).expect(200).body);
    after.get(&format!("/customers/{later}")).refused(404, "not_found");
    for list in ["/orders", "/complaints", "/tasks", "/interactions", "/users", "/products"] {
        assert_eq!(
            before.get(list).expect(200).body["data"],
            after.get(list).expect(200).body["data"],
            "{list}"
        );
    }
    // It goes on as a database that was never away.
    make(&restored, "ord");
    assert_eq!(restored.check(), Vec::<String>::new());
}

fn a_backup_with_one_flipped_byte_is_refused(app: &TestApp) {
    let folder = Folder::new(app);
    let backup = back_up(app, &folder.0, &["--with-key"]);
    let files: Vec<PathBuf> =
        std::fs::read_dir(&backup).expect("files").map(|file| file.expect("a file").path()).collect();
    assert_eq!(files.len(), 3, "{files:?}");
    let elsewhere = app.empty_database();
    for file in &files {
        let whole = std::fs::read(file).expect("bytes");
        for at in [whole.len() / 3, whole.len() / 2, whole.len() - 1] {
            let mut bytes = whole.clone();
            bytes[at] ^= 1;
            std::fs::write(file, bytes).expect("written");
            let (code, said) = verify(app, &backup);
            assert_eq!(code, Some(1), "{}, byte {at}: {said}", file.display());
            assert!(said.contains("damaged") || said.contains("master key"), "{said}");
            let (code, said) = restore(elsewhere.target(), &backup);
            assert_eq!(code, Some(1), "{}, byte {at}: {said}", file.display());
        }
        std::fs::write(file, whole).expect("written");
    }
    assert_eq!(restore(elsewhere.target(), &backup).0, Some(0));
}

fn a_backup_without_one_of_its_parts_is_refused(app: &TestApp) {
    let folder = Folder::new(app);
    let backup = back_up(app, &folder.0, &["--with-key"]);
    for (part, told) in [("master.key.sealed", "is missing"), ("manifest.json", "is no whole backup")] {
        let (file, away) = (backup.join(part), folder.0.join("away"));
        std::fs::rename(&file, &away).expect("moved");
        let (code, said) = verify(app, &backup);
        assert_eq!(code, Some(1), "{said}");
        assert!(said.contains(told), "{said}");
        std::fs::rename(away, file).expect("moved back");
    }
}

/// The manifest as this makes of it.
fn with_manifest(backup: &Path, change: impl FnOnce(&mut Value)) {
    let file = backup.join("manifest.json");
    let mut manifest: Value =
        serde_json::from_slice(&std::fs::read(&file).expect("a manifest")).expect("JSON");
    change(&mut manifest);
    std::fs::write(file, serde_json::to_string_pretty(&manifest).expect("JSON")).expect("written");
}

fn a_backup_that_somebody_else_wrote_is_refused(app: &TestApp) {
    let folder = Folder::new(app);
    let changes: [(fn(&mut Value), &str); 4] = [
        (|m| m["audit"]["sequence"] = json!(1_000_000), "damaged or forged"),
        (|m| m["master_key"] = json!("00000000000000000000000000000000"), "another master key"),
        (|m| m["format"] = json!(99), "made by a newer salesdesk"),
        (|m| m["parts"][0]["name"] = json!("../../etc/passwd"), "damaged"),
    ];
    for (change, told) in changes {
        let backup = back_up(app, &folder.0, &[]);
        with_manifest(&backup, change);
        let (code, said) = verify(app, &backup);
        assert_eq!(code, Some(1), "{said}");
        assert!(said.contains(told), "{told}: {said}");
    }
}

fn nothing_is_restored_over_data_without_a_word(app: &TestApp) {
    let (customer, folder) = (company(app), Folder::new(app));
    let backup = back_up(app, &folder.0, &[]);
    let elsewhere = app.empty_database();
    assert_eq!(restore(elsewhere.target(), &backup).0, Some(0));
    let (code, said) = restore(elsewhere.target(), &backup);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("has data") && said.contains("--overwrite"), "{said}");
    let (code, said) = run(program_on(elsewhere.target()).args(["restore", "--overwrite"]).arg(&backup));
    assert_eq!(code, Some(0), "{said}");
    let restored = app.moved_to(elsewhere);
    restored.all_powerful().get(&format!("/customers/{customer}")).expect(200);
    assert_eq!(restored.check(), Vec::<String>::new());
}

fn the_master_key_is_in_no_file_of_a_backup(app: &TestApp) {
    use base64::Engine as _;
    let folder = Folder::new(app);
    let backup = back_up(app, &folder.0, &["--with-key"]);
    let text = base64::engine::general_purpose::STANDARD.encode(MASTER_KEY);
    for file in std::fs::read_dir(&backup).expect("files") {
        let path = file.expect("a file").path();
        let bytes = std::fs::read(&path).expect("bytes");
        for secret in [MASTER_KEY.as_slice(), text.as_bytes()] {
            let found = bytes.windows(secret.len()).any(|window| window == secret);
            assert!(!found, "{} has the master key", path.display());
        }
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = std::fs::metadata(&path).expect("its rights").permissions().mode();
            assert_eq!(mode & 0o777, 0o600, "{}", path.display());
        }
    }
}

fn a_backup_with_the_key_opens_on_another_machine_with_its_passphrase(app: &TestApp) {
    let folder = Folder::new(app);
    let (with, without) = (back_up(app, &folder.0, &["--with-key"]), back_up(app, &folder.0, &[]));
    let elsewhere = app.empty_database();
    let machine = folder.0.join("machine");
    let on_machine = |backup: &Path, passphrase: Option<&str>| {
        let mut command = program_on(elsewhere.target());
        command.env_remove("SALESDESK_MASTER_KEY").env_remove(PASS).env("SALESDESK_DATA_DIR", &machine);
        if let Some(passphrase) = passphrase {
            command.env(PASS, passphrase);
        }
        run(command.arg("restore").arg(backup))
    };
    let (code, said) = on_machine(&with, None);
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("master_key: there is none here"), "{said}");
    let (code, said) = on_machine(&with, Some("wrong horse battery"));
    assert_eq!(code, Some(1), "{said}");
    let (code, said) = on_machine(&without, Some("correct horse battery"));
    assert!(code == Some(1) && said.contains("made without --with-key"), "{said}");
    let (code, said) = on_machine(&with, Some("correct horse battery"));
    assert_eq!(code, Some(0), "{said}");
    let key = std::fs::read_to_string(machine.join("master.key")).expect("the key");
    use base64::Engine as _;
    assert_eq!(key.trim(), base64::engine::general_purpose::STANDARD.encode(MASTER_KEY));
}

fn a_restored_installation_takes_no_cursor_from_before(app: &TestApp) {
    let folder = Folder::new(app);
    company(app);
    let page = app.all_powerful().get("/events?limit=1").expect(200);
    let cursor = page.body["next_cursor"].as_str().expect("a cursor").to_owned();
    let path = format!("/events?after={cursor}");
    app.all_powerful().get(&path).expect(200);
    let backup = back_up(app, &folder.0, &[]);
    let elsewhere = app.empty_database();
    assert_eq!(restore(elsewhere.target(), &backup).0, Some(0));
    let restored = app.moved_to(elsewhere);
    restored.all_powerful().get(&path).refused(410, "cursor_expired");
}

fn a_restored_installation_sends_nothing_until_told(app: &TestApp) {
    let folder = Folder::new(app);
    let mail = make(app, "mal").id();
    let delivery = make(app, "msg").id();
    let backup = back_up(app, &folder.0, &[]);
    let elsewhere = app.empty_database();
    assert_eq!(restore(elsewhere.target(), &backup).0, Some(0));
    let restored = app.moved_to(elsewhere);
    let me = restored.all_powerful();
    let attempts = |path: String| me.get(&path).expect(200).body["attempts"].as_i64().expect("a number");
    let (mail, delivery) = (format!("/system/mails/{mail}"), format!("/webhook-deliveries/{delivery}"));
    let schedule = "/system/schedules/session-clearing";
    me.post(&format!("{schedule}/run"), Value::Null).expect(200);
    restored.run_background();
    let status = me.get("/system/status").expect(200);
    assert_eq!(status.body["held"], true, "{}", status.body);
    assert_eq!(status.body["restored_from"], backup.file_name().unwrap().to_str().unwrap());
    assert_eq!((attempts(mail.clone()), attempts(delivery.clone())), (0, 0));
    assert_eq!(me.get(schedule).expect(200).body["runs"], 0);
    restored.as_role(Role::Manager).post("/system/resume", Value::Null).refused(403, "forbidden");
    let status = restored.as_role(Role::Admin).post("/system/resume", Value::Null).expect(200);
    assert_eq!((&status.body["held"], status.body["restored_at"].is_string()), (&json!(false), true));
    let trail = restored.as_role(Role::Admin).get("/audit-log?event=settings.system_restored").expect(200);
    assert_eq!(trail.rows()[0]["reason"], status.body["restored_from"]);
    let trail = restored.as_role(Role::Admin).get("/audit-log?event=settings.system_resumed").expect(200);
    assert_eq!(trail.rows().len(), 1);
    restored.run_background();
    assert_eq!((attempts(mail), attempts(delivery)), (1, 1));
    assert_eq!(me.get(schedule).expect(200).body["runs"], 1);
}

fn the_command_lets_a_restored_installation_go_on_beside_the_server(app: &TestApp) {
    let note = |conn: &mut Conn| {
        let restored = Restored { at: NOW, backup: None, made_at: None };
        Ok((installation::note_restored(conn, &restored)?, Ending::Commit))
    };
    app.core.engine.write_now(note).expect("noted");
    let held = app.with_settings(|_| ());
    let mail = format!("/system/mails/{}", make(&held, "mal").id());
    held.run_background();
    assert_eq!(held.all_powerful().get(&mail).expect(200).body["attempts"], 0);
    let (code, said) = run(program(app).arg("resume"));
    assert_eq!((code, said.contains("go on")), (Some(0), true), "{said}");
    held.run_background();
    assert_eq!(held.all_powerful().get(&mail).expect(200).body["attempts"], 1);
}

/// A server that makes a backup every six hours, and keeps two.
fn with_backups(app: &TestApp, to: &Path) -> TestApp {
    let to = to.to_string_lossy().into_owned();
    app.with_settings(|web| {
        web.mail = None;
        web.backups = Some(BackupPlan { to, every_hours: 6, keep: 2, passphrase: None, pg_bin: None });
    })
}

fn folders(of: &Path) -> Vec<String> {
    let names = std::fs::read_dir(of).expect("a folder").map(|entry| entry.expect("an entry").file_name());
    let mut names: Vec<String> = names.map(|name| name.to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

fn a_server_makes_its_backups_and_keeps_the_newest(app: &TestApp) {
    let folder = Folder::new(app);
    let server = with_backups(app, &folder.0);
    server.run_background();
    let first = folders(&folder.0);
    assert_eq!(first.len(), 1, "{first:?}");
    server.run_background();
    assert_eq!(folders(&folder.0), first, "the next one is not due yet");
    // What somebody else put there stays.
    std::fs::create_dir(folder.0.join("salesdesk-20200101T000000Z-aaaaaa")).expect("a folder");
    for _ in 0..3 {
        server.core.clock.advance_seconds(6 * 3600);
        server.run_background();
    }
    let kept = folders(&folder.0);
    assert_eq!(kept.len(), 3, "{kept:?}");
    assert!(!kept.contains(&first[0]));
    let list = server.as_role(Role::Admin).get("/system/backups").expect(200);
    let rows = list.rows();
    assert_eq!(rows.len(), 4);
    assert!(rows.iter().all(|row| row["status"] == "succeeded" && row["origin"] == "scheduled"));
    assert_eq!(rows.iter().filter(|row| row["removed_at"].is_null()).count(), 2);
    let newest = folder.0.join(rows[0]["name"].as_str().expect("a name"));
    let (code, said) = verify(app, &newest);
    assert_eq!(code, Some(0), "{said}");
    server.as_role(Role::Manager).get("/system/backups").refused(403, "forbidden");
}

fn an_administrator_is_told_when_no_backup_has_succeeded_for_a_day(app: &TestApp) {
    let folder = Folder::new(app);
    let server = with_backups(app, &folder.0.join("here"));
    let overdue = |of: &TestApp, role: Role| {
        let list = of.as_role(role).get("/worklist").expect(200);
        let items = list.body["data"].as_array().expect("items").clone();
        items.into_iter().find(|item| item["reason"] == "backup_overdue")
    };
    server.run_background();
    let status = || server.as_role(Role::Admin).get("/system/status").expect(200).body["backups"].clone();
    assert_eq!((&status()["overdue"], &status()["warning"]), (&json!(false), &Value::Null));
    assert!(overdue(&server, Role::Admin).is_none());
    // The place is gone: a file stands there.
    std::fs::remove_dir_all(folder.0.join("here")).expect("removed");
    std::fs::write(folder.0.join("here"), "in the way").expect("a file");
    server.core.clock.advance_seconds(26 * 3600);
    server.run_background();
    let failed = server.as_role(Role::Admin).get("/system/backups?status=failed").expect(200);
    assert!(failed.rows()[0]["error"].as_str().is_some_and(|error| error.contains("cannot make")));
    assert_eq!(status()["overdue"], true);
    assert!(
        status()["warning"].as_str().is_some_and(|text| text.starts_with("No backup has succeeded since"))
    );
    let item = overdue(&server, Role::Admin).expect("on the worklist");
    let call = item["call"]["path"].as_str().expect("a call").trim_start_matches("/api/v1").to_owned();
    server.as_role(Role::Admin).get(&call).expect(200);
    assert!(overdue(&server, Role::Manager).is_none());
    // It is tried again within the hour, and then all is well.
    std::fs::remove_file(folder.0.join("here")).expect("removed");
    server.core.clock.advance_seconds(3600);
    server.run_background();
    assert!(overdue(&server, Role::Admin).is_none());
    assert_eq!(status()["overdue"], false);
}

fn a_backup_whose_program_died_is_told_as_failed(app: &TestApp) {
    let folder = Folder::new(app);
    let server = with_backups(app, &folder.0);
    let now = server.core.clock.now();
    let order = Order {
        store: Store::Folder(folder.0.clone()),
        place: folder.0.to_string_lossy().into_owned(),
        name: Store::new_name(now),
        origin: BackupOrigin::Scheduled,
        passphrase: None,
        tools: Tools::default(),
        now,
    };
    work::begin(&server.core, &order).expect("noted").expect("the only one");
    let left = order.store.begin(&order.name).expect("a folder");
    assert!(work::begin(&server.core, &order).expect("asked").is_none(), "one at a time");
    server.run_background();
    assert!(left.exists());
    server.core.clock.advance_seconds(3601);
    server.run_background();
    assert!(!left.exists());
    let statuses: Vec<Value> = server
        .as_role(Role::Admin)
        .get("/system/backups")
        .expect(200)
        .rows()
        .iter()
        .map(|row| row["status"].clone())
        .collect();
    assert_eq!(statuses, ["succeeded", "failed"]);
}

fn without_pg_dump_a_backup_of_postgresql_is_refused_in_words(app: &TestApp) {
    let folder = Folder::new(app);
    let mut command = program(app);
    command.args(["backup", "--to"]).arg(&folder.0).args(["--pg-bin", "/there/is/no/such"]);
    let (code, said) = run(&mut command);
    if app.is_sqlite() {
        assert_eq!(code, Some(0), "{said}");
        return;
    }
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("pg_dump is needed") && said.contains("pg_bin"), "{said}");
    assert_eq!(folders(&folder.0), Vec::<String>::new(), "nothing is left of it");
    let old = folder.0.join("pg_dump");
    std::fs::write(&old, "#!/bin/sh\necho 'pg_dump (PostgreSQL) 9.6.1'\n").expect("a program");
    assert!(Command::new("chmod").arg("+x").arg(&old).status().expect("chmod").success());
    let mut command = program(app);
    command.args(["backup", "--to"]).arg(folder.0.join("to")).arg("--pg-bin").arg(&folder.0);
    let (code, said) = run(&mut command);
    assert!(code == Some(1) && said.contains("older than the server"), "{said}");
}

fn no_new_master_key_is_made_for_a_database_that_has_one(app: &TestApp) {
    let folder = Folder::new(app);
    let backup = back_up(app, &folder.0, &[]);
    let elsewhere = app.empty_database();
    assert_eq!(restore(elsewhere.target(), &backup).0, Some(0));
    let data = match elsewhere.target() {
        Target::Sqlite(file) => file.parent().expect("a folder").to_owned(),
        Target::Postgres(_) => folder.0.join("data"),
    };
    let mut command = program_on(elsewhere.target());
    command.env_remove("SALESDESK_MASTER_KEY").env("SALESDESK_DATA_DIR", &data);
    let (code, said) = run(command.arg("resume"));
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("master_key: there is no") && said.contains("put it there"), "{said}");
    assert!(!data.join("master.key").exists());
}
