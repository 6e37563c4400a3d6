//! Who may do what: roles, scopes and operations.

use super::{Declared, access, head, let_in, row};
use crate::base::auth::{Role, Scope, Sight};
use crate::base::types::TextEnum;

const YES: &str = "✓";

/// What each role sees, and its scopes.
pub fn roles() -> String {
    let mut text = head(&["role", "sees", "scopes"], 3);
    for role in Role::ALL {
        let sees = match role.sight() {
            Sight::Own => "their own records, and those that are shared with them",
            Sight::Team => "the records of their team and of the teams below it, their own, and shared ones",
            Sight::All => "all records",
        };
        let scopes = role.scopes().list().into_iter().map(|s| format!("`{s}`"));
        text += &row(&[format!("`{role}`"), sees.into(), scopes.collect::<Vec<_>>().join(" ")]);
    }
    text
}

/// Each scope with what it lets its holder do, and the roles that have it.
pub fn scopes() -> String {
    let mut text = matrix(&["scope", "lets you"]);
    for scope in Scope::ALL {
        let mut cells = vec![format!("`{scope}`"), scope.about().to_owned()];
        cells.extend(Role::ALL.iter().map(|role| mark(role.scopes().has(*scope))));
        text += &row(&cells);
    }
    text
}

/// Each operation under its tag, with its scope and the roles that it lets in.
pub fn operations(declared: &Declared) -> String {
    let mut text = String::new();
    for tag in declared.document["tags"].as_array().into_iter().flatten() {
        let (name, about) = (tag["name"].as_str().unwrap_or(""), tag["description"].as_str().unwrap_or(""));
        // What is sent to webhooks has a tag, but nobody calls it.
        if !declared.endpoints.iter().any(|e| e.tag == name) {
            continue;
        }
        text += &format!("\n### {name}\n\n{about}\n\n{}", matrix(&["operation", "what it does", "needs"]));
        for endpoint in declared.endpoints.iter().filter(|e| e.tag == name) {
            let call = format!("`{} {}`", endpoint.method.as_str(), endpoint.path);
            let mut cells = vec![call, endpoint.summary.to_owned(), access(endpoint)];
            let roles = let_in(endpoint);
            cells.extend(Role::ALL.iter().map(|role| mark(roles.contains(role))));
            text += &row(&cells);
        }
    }
    text
}

fn matrix(first: &[&str]) -> String {
    let names: Vec<&str> = first.iter().copied().chain(Role::ALL.iter().map(|r| r.as_str())).collect();
    head(&names, first.len())
}

fn mark(yes: bool) -> String {
    if yes { YES.to_owned() } else { String::new() }
}
