//! The parts of the pages under `docs/` that say what the program is: settings, commands, roles, lives, problems, and the
//! picture of an order's life. They are made from the declarations, so that a page cannot say anything else than the
//! program does. `salesdesk docs` writes them; `tests/program/docs.rs` holds the committed pages equal.

mod lives;
mod picture;
mod problems;
mod roles;
mod settings;

use std::collections::BTreeSet;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use serde_json::Value;

use crate::base;
use crate::base::auth::{Role, Scope};
use crate::base::http::{Access, Endpoint, document};
use crate::base::lives::Life;
use crate::commands::Outcome;
use crate::start::{self, StartError};

/// A generated part of a page: what stands between its markers.
struct Part {
    name: &'static str,
    text: String,
}

/// The picture's file.
const PICTURE: &str = "order-life.svg";

/// What the parts are made from.
struct Declared {
    document: Value,
    endpoints: Vec<Arc<Endpoint>>,
    all: Arc<base::declared::Declared>,
}

impl Declared {
    fn endpoint(&self, operation_id: &str) -> Result<&Endpoint, String> {
        let found = self.endpoints.iter().find(|e| e.operation_id == operation_id);
        found.map(Arc::as_ref).ok_or_else(|| format!("there is no operation {operation_id}"))
    }

    fn endpoints(&self) -> Vec<&Endpoint> {
        self.endpoints.iter().map(Arc::as_ref).collect()
    }

    /// Every life, sorted by its name.
    fn lives(&self) -> Vec<&Life> {
        let mut lives: Vec<&Life> = self.all.all::<Life>().iter().collect();
        lives.sort_by_key(|life| life.name);
        lives
    }
}

/// `salesdesk docs`: writes the generated parts of the pages in a folder, and the picture beside them.
pub fn write(folder: &Path, command: &clap::Command) -> Outcome {
    let failed = |what: String| StartError::Setting(format!("docs: {what}"));
    let declarations = start::declarations()?;
    let all = declarations.declared.clone();
    let (document, endpoints) = document::build(declarations).map_err(failed)?;
    let declared = Declared { document, endpoints, all };
    let parts = parts(&declared, command).map_err(failed)?;
    let mut used = BTreeSet::new();
    for path in pages(folder).map_err(|e| failed(format!("{}: {e}", folder.display())))? {
        let wrong = |what: String| failed(format!("{}: {what}", path.display()));
        let page = std::fs::read_to_string(&path).map_err(|e| wrong(e.to_string()))?;
        let filled = fill(&page, &parts, &mut used).map_err(wrong)?;
        if filled != page {
            std::fs::write(&path, filled).map_err(|e| wrong(e.to_string()))?;
        }
    }
    if let Some(lost) = parts.iter().find(|part| !used.contains(part.name)) {
        return Err(failed(format!("no page in {} has the part {}", folder.display(), lost.name)));
    }
    let picture = picture::order_life(&declared).map_err(failed)?;
    std::fs::write(folder.join(PICTURE), picture).map_err(|e| failed(e.to_string()))?;
    Ok(ExitCode::SUCCESS)
}

fn pages(folder: &Path) -> std::io::Result<Vec<std::path::PathBuf>> {
    let entries = std::fs::read_dir(folder)?.collect::<Result<Vec<_>, _>>()?;
    let mut pages: Vec<_> =
        entries.iter().map(|e| e.path()).filter(|p| p.extension().is_some_and(|e| e == "md")).collect();
    pages.sort();
    Ok(pages)
}

fn parts(declared: &Declared, command: &clap::Command) -> Result<Vec<Part>, String> {
    Ok(vec![
        Part { name: "options", text: settings::options(command) },
        Part { name: "commands", text: settings::commands(command) },
        Part { name: "company", text: settings::company(declared)? },
        Part { name: "roles", text: roles::roles() },
        Part { name: "scopes", text: roles::scopes() },
        Part { name: "operations", text: roles::operations(declared) },
        Part { name: "lives", text: lives::pages(declared)? },
        Part { name: "calls", text: lives::odd_calls(declared)? },
        Part { name: "problems", text: problems::list() },
    ])
}

/// The page with what stands between its markers made anew.
fn fill(page: &str, parts: &[Part], used: &mut BTreeSet<&'static str>) -> Result<String, String> {
    const BEGIN: &str = "<!-- generated: ";
    let (mut filled, mut rest) = (String::new(), page);
    while let Some((before, after)) = rest.split_once(BEGIN) {
        let (name, after) = after.split_once(" -->").ok_or("a marker without its end")?;
        let part =
            parts.iter().find(|part| part.name == name).ok_or_else(|| format!("there is no part {name}"))?;
        let end = format!("<!-- end: {name} -->");
        let (_, after) = after.split_once(&end).ok_or_else(|| format!("the part {name} has no end"))?;
        filled += &format!("{before}{BEGIN}{name} -->\n\n{}\n\n{end}", part.text.trim());
        used.insert(part.name);
        rest = after;
    }
    Ok(filled + rest)
}

// ---- for the parts -------------------------------------------------------------------------------------------

/// A row of a Markdown table.
fn row<T: AsRef<str>>(cells: &[T]) -> String {
    let cells: Vec<String> = cells.iter().map(|c| cell(c.as_ref())).collect();
    format!("| {} |\n", cells.join(" | "))
}

/// The text of a cell: in one line, with bars that are no borders.
fn cell(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").replace('|', "\\|")
}

/// The first two rows of a Markdown table: what the columns are called; those behind the first `left` are centred.
fn head<T: AsRef<str>>(names: &[T], left: usize) -> String {
    let line: String = (0..names.len()).map(|i| if i < left { "---|" } else { ":-:|" }).collect();
    format!("{}|{line}\n", row(names))
}

/// Who may call an endpoint, in words.
fn access(endpoint: &Endpoint) -> String {
    let named = |scopes: &[Scope]| scopes.iter().map(|s| format!("`{s}`")).collect::<Vec<_>>().join(" or ");
    match &endpoint.access {
        Access::Public => "anybody".into(),
        Access::Person => "whoever is logged in".into(),
        Access::Client([]) => "a client with its secret".into(),
        Access::Client(scopes) => format!("a client with its secret, or {}", named(scopes)),
        Access::Scope(scopes) => named(scopes),
    }
}

/// The roles that an endpoint lets in; whether a record is theirs to see is asked beside it.
fn let_in(endpoint: &Endpoint) -> Vec<Role> {
    let lets_in = |role: &Role| match &endpoint.access {
        Access::Public | Access::Person => true,
        Access::Scope(scopes) | Access::Client(scopes) => scopes.iter().any(|s| role.scopes().has(*s)),
    };
    Role::ALL.iter().copied().filter(lets_in).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_between_markers_is_made_anew_and_the_rest_stays() {
        let parts = [Part { name: "a", text: "new".into() }];
        let mut used = BTreeSet::new();
        let page = "one\n\n<!-- generated: a -->\nold\n<!-- end: a -->\n\ntwo\n";
        let filled = fill(page, &parts, &mut used).expect("filled");
        assert_eq!(filled, "one\n\n<!-- generated: a -->\n\nnew\n\n<!-- end: a -->\n\ntwo\n");
        assert_eq!(fill(&filled, &parts, &mut used).as_deref(), Ok(filled.as_str()));
        assert!(used.contains("a"));
        assert!(fill("<!-- generated: b -->\n<!-- end: b -->", &parts, &mut used).is_err());
        assert!(fill("<!-- generated: a -->\n", &parts, &mut used).is_err());
    }
}
