//! The pages: what the program writes in them is what it does, links lead somewhere, and the README stays short.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::document::golden;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A folder that is removed with all that is in it.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Folder {
        let folder = std::env::temp_dir().join(format!("salesdesk_{name}_{}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("a folder");
        Folder(folder)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Every page of the repository, below its root.
fn pages() -> Vec<PathBuf> {
    fn gather(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in std::fs::read_dir(folder).expect("a folder").flatten() {
            let (path, name) = (entry.path(), entry.file_name().to_string_lossy().into_owned());
            // What was installed or built there is not ours.
            if name.starts_with('.') || ["target", "node_modules"].contains(&name.as_str()) {
                continue;
            }
            if path.is_dir() {
                gather(&path, found);
            } else if name.ends_with(".md") {
                found.push(path.strip_prefix(root()).expect("below the root").to_owned());
            }
        }
    }
    let mut found = Vec::new();
    gather(root(), &mut found);
    found.sort();
    found
}

fn read(page: &Path) -> String {
    std::fs::read_to_string(root().join(page)).unwrap_or_else(|e| panic!("{}: {e}", page.display()))
}

#[test]
fn what_the_program_writes_in_the_pages_is_what_it_does() {
    let folder = Folder::new("docs");
    let of_docs = || pages().into_iter().filter(|page| page.starts_with("docs"));
    let name = |page: &Path| page.file_name().expect("a name").to_string_lossy().into_owned();
    for page in of_docs() {
        std::fs::write(folder.0.join(name(&page)), read(&page)).expect("a copy");
    }
    let out = Command::new(env!("CARGO_BIN_EXE_salesdesk"))
        .arg("docs")
        .arg(&folder.0)
        .output()
        .expect("the program");
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    let written = |name: &str| std::fs::read_to_string(folder.0.join(name)).expect("a page");
    for page in of_docs() {
        golden(&format!("docs/{}", name(&page)), &written(&name(&page)));
    }
    golden("docs/order-life.svg", &written("order-life.svg"));
}

// ---- links ---------------------------------------------------------------------------------------------------

/// What a page's links and pictures lead to, outside of its code.
fn links(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for line in prose(text) {
        let mut rest = line.as_str();
        while let Some((_, after)) = rest.split_once("](") {
            let Some((link, after)) = after.split_once(')') else { break };
            found.push(link.to_owned());
            rest = after;
        }
    }
    found
}

/// The lines of a page that are not code.
fn prose(text: &str) -> Vec<String> {
    let mut in_code = false;
    let mut lines = Vec::new();
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            in_code = !in_code;
        } else if !in_code {
            // Code within a line stands between backticks.
            lines.push(line.split('`').step_by(2).collect::<Vec<_>>().join("`"));
        }
    }
    lines
}

/// The anchors of a page's headings, as GitHub makes them.
fn anchors(text: &str) -> BTreeSet<String> {
    let mut in_code = false;
    let mut found = BTreeSet::new();
    for line in text.lines() {
        in_code ^= line.trim_start().starts_with("```");
        let title = line.trim_start_matches('#');
        if in_code || title.len() == line.len() || !title.starts_with(' ') {
            continue;
        }
        let kept = title.trim().chars().filter(|c| c.is_alphanumeric() || " -_".contains(*c));
        found.insert(kept.collect::<String>().to_lowercase().replace(' ', "-"));
    }
    found
}

#[test]
fn every_link_within_the_repository_leads_somewhere() {
    let mut lost = Vec::new();
    let mut seen = 0;
    for page in pages() {
        for link in links(&read(&page)) {
            if link.contains("://") || link.starts_with("mailto:") {
                continue;
            }
            seen += 1;
            let (file, anchor) = link.split_once('#').unwrap_or((link.as_str(), ""));
            let folder = root().join(&page).parent().expect("a folder").to_owned();
            let target = if file.is_empty() { root().join(&page) } else { folder.join(file) };
            let there = target.exists()
                && (anchor.is_empty()
                    || anchors(&std::fs::read_to_string(&target).unwrap_or_default()).contains(anchor));
            if !there {
                lost.push(format!("{}: {link}", page.display()));
            }
        }
    }
    assert!(lost.is_empty(), "{}", lost.join("\n"));
    assert!(seen > 100, "only {seen} links were looked at");
}

#[test]
fn every_page_is_in_the_index() {
    let index = links(&read(Path::new("docs/README.md")));
    for page in pages().iter().filter(|page| page.starts_with("docs")) {
        let name = page.file_name().expect("a name").to_string_lossy();
        assert!(
            name == "README.md" || index.iter().any(|link| *link == name),
            "{name} is not in docs/README.md"
        );
    }
}

// ---- the README and the walk ---------------------------------------------------------------------------------

#[test]
fn the_readme_is_short() {
    let lines = read(Path::new("README.md")).lines().count();
    assert!(lines <= 150, "README.md has {lines} lines");
}

/// The lines that a page shows as bash.
fn commands(text: &str) -> Vec<&str> {
    let mut in_bash = false;
    let mut found = Vec::new();
    for line in text.lines() {
        match line {
            "```bash" => in_bash = true,
            "```" => in_bash = false,
            line if in_bash => found.push(line),
            _ => {}
        }
    }
    found.retain(|line| !line.is_empty());
    found
}

#[test]
fn the_first_ten_minutes_are_the_script_that_checks_itself() {
    let page = read(Path::new("docs/first-ten-minutes.md"));
    let script = read(Path::new("docs/first-ten-minutes.sh"));
    let (_, script) = script.split_once("# ---- helpers\n").expect("where it begins");
    let (script, _) = script.split_once("# ---- done").expect("where it ends");
    let script: Vec<&str> = script.lines().filter(|l| !l.is_empty() && !l.starts_with("# ---- ")).collect();
    let page = commands(&page);
    // The page finds the server by itself, the script is told where it is.
    assert_eq!(page[0], "BASE=${BASE:-http://127.0.0.1:8080}");
    for (shown, run) in page[1..].iter().zip(&script) {
        assert_eq!(shown, run);
    }
    assert_eq!(page.len() - 1, script.len());
}
