//! Which notifications the areas declare, and where the records are read that they are about.

use std::collections::HashMap;
use std::sync::OnceLock;

use crate::base::http::{Nature, Routes};
use crate::base::notices::NoticeKind;
use crate::base::types::Kind;

#[derive(Default)]
struct Declared {
    notices: Vec<NoticeKind>,
    /// Where a record is read, by the prefix of its id: `/complaints/{complaint_id}`.
    paths: HashMap<&'static str, &'static str>,
}

static DECLARED: OnceLock<Declared> = OnceLock::new();

/// Called once, when the routes have been declared.
pub fn install(routes: &Routes) {
    let mut declared = Declared { notices: routes.notices.clone(), ..Declared::default() };
    for endpoint in routes.endpoints.iter().filter(|e| e.nature == Nature::Read && e.path.ends_with('}')) {
        if let [Some(prefix)] = endpoint.path_prefixes {
            declared.paths.entry(prefix).or_insert(endpoint.path);
        }
    }
    let _ = DECLARED.set(declared);
}

/// Every notification that areas declare.
pub fn notices() -> &'static [NoticeKind] {
    DECLARED.get().map_or(&[], |declared| &declared.notices)
}

/// Whether whoever is told this should hear of it at once.
pub fn is_urgent(code: &str) -> bool {
    notices().iter().any(|notice| notice.code == code && notice.urgent)
}

/// Whether an area says that people are told this of such records; true before the areas were asked.
pub fn is_declared(kind: Kind, code: &str) -> bool {
    notices().is_empty() || notices().iter().any(|notice| notice.kind == kind && notice.code == code)
}

/// Where a record is read, relative to the API; None for one that is not read by its id.
pub fn path_to(prefix: &str, id: &str) -> Option<String> {
    let path = DECLARED.get()?.paths.get(prefix)?;
    let (collection, _) = path.rsplit_once('/')?;
    Some(format!("{collection}/{id}"))
}
