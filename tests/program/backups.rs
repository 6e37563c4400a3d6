//! Backup, verification and restore, as an administrator does them.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use salesdesk::base::db::Target;
use serde_json::{Value, json};

use testkit::fixtures::make;
use testkit::support::{MASTER_KEY, TestApp};
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
        passphrase.iter().for_each(|passphrase| drop(command.env(PASS, passphrase)));
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
