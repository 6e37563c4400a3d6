//! The one error type. Whatever goes wrong, in any layer, becomes a problem document (RFC 9457) here.

use diesel::result::{DatabaseErrorKind, Error as Db};
use serde_json::{Map, Value, json};

use super::auth::oauth;
use super::http::validator;
use super::messages::{self, Lang};

pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Where a fault lies.
#[derive(Debug, Clone, PartialEq)]
pub enum Place {
    /// A JSON pointer into the body.
    Pointer(String),
    /// A query parameter or header.
    Parameter(String),
}

/// One thing that is wrong with the input.
#[derive(Debug, Clone, PartialEq)]
pub struct Fault {
    pub place: Place,
    pub code: &'static str,
    pub params: Vec<(&'static str, String)>,
}

impl Fault {
    pub fn at(pointer: impl Into<String>, code: &'static str) -> Fault {
        Fault { place: Place::Pointer(pointer.into()), code, params: vec![] }
    }
    pub fn parameter(name: impl Into<String>, code: &'static str) -> Fault {
        Fault { place: Place::Parameter(name.into()), code, params: vec![] }
    }
    pub fn with(mut self, name: &'static str, value: impl ToString) -> Fault {
        self.params.push((name, value.to_string()));
        self
    }
    /// What people are told.
    pub fn text(&self, lang: Lang) -> String {
        messages::fill(lang.pick(messages::phrase(self.phrase())), &messages::in_words(lang, &self.params))
    }
    /// The phrase for its code; where the ends of a range are known, one that says them.
    fn phrase(&self) -> &'static str {
        let has = |name: &str| self.params.iter().any(|(n, value)| *n == name && !value.is_empty());
        match (self.code, has("min"), has("max")) {
            ("out_of_range", false, false) if has("exclusive_min") => "out_of_range_over",
            ("out_of_range", true, true) => "out_of_range_between",
            ("out_of_range", true, false) => "out_of_range_above",
            ("out_of_range", false, true) => "out_of_range_below",
            (code, ..) => code,
        }
    }
}

impl From<validator::Fault> for Fault {
    fn from(fault: validator::Fault) -> Fault {
        Fault { place: Place::Pointer(fault.pointer), code: fault.code, params: fault.params }
    }
}

/// Faults of an input, gathered so that all of them are told at once.
#[derive(Debug, Default)]
pub struct Faults(Vec<Fault>);

impl Faults {
    pub fn push(&mut self, fault: Fault) {
        self.0.push(fault);
    }
    /// What an id in the input refers to; a fault there when it is no record that the caller may use.
    pub fn known<T>(&mut self, found: Result<T>, pointer: &str, kind: &'static str) -> Result<Option<T>> {
        match found {
            Ok(record) => Ok(Some(record)),
            Err(error) if error.code() == "not_found" => {
                self.push(Fault::at(pointer, "unknown_reference").with("kind", kind));
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }
    /// The faults so far.
    pub fn list(&self) -> &[Fault] {
        &self.0
    }
    /// 422 when there are any.
    pub fn done(self) -> Result<()> {
        if self.0.is_empty() { Ok(()) } else { Err(Error::invalid(self.0)) }
    }
}

/// A problem, before it is put into words.
#[derive(Debug, Clone, PartialEq)]
pub struct Problem {
    pub code: &'static str,
    pub params: Vec<(&'static str, String)>,
    pub faults: Vec<Fault>,
    /// Members beside the standard ones, e.g. `current_status`.
    pub extra: Map<String, Value>,
    /// Seconds, for `Retry-After`.
    pub retry_after: Option<u32>,
    /// Methods, for `Allow`.
    pub allow: Option<String>,
}

impl Problem {
    pub fn new(code: &'static str) -> Problem {
        Problem { code, params: vec![], faults: vec![], extra: Map::new(), retry_after: None, allow: None }
    }
    /// A value for the message's placeholder of this name.
    pub fn param(mut self, name: &'static str, value: impl ToString) -> Problem {
        self.params.push((name, value.to_string()));
        self
    }
    /// A member of the problem document.
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Problem {
        self.extra.insert(name.to_owned(), value.into());
        self
    }
    pub fn fault(mut self, fault: Fault) -> Problem {
        self.faults.push(fault);
        self
    }

    pub fn status(&self) -> u16 {
        messages::problem(self.code).status
    }

    /// The document in a language.
    pub fn document(&self, lang: Lang, instance: &str, request_id: &str) -> Value {
        let text = messages::problem(self.code);
        let mut params = self.params.clone();
        params.push(("count", self.faults.len().to_string()));
        let mut document = Map::new();
        document.insert("type".into(), json!(format!("/problems/{}", self.code)));
        document.insert("title".into(), json!(lang.pick(text.title)));
        document.insert("status".into(), json!(text.status));
        document.insert("code".into(), json!(self.code));
        document.insert(
            "detail".into(),
            json!(messages::fill(lang.pick(text.detail), &messages::in_words(lang, &params))),
        );
        document.insert("instance".into(), json!(instance));
        document.insert("request_id".into(), json!(request_id));
        if !self.faults.is_empty() {
            document.insert("errors".into(), self.faults.iter().map(|f| fault_document(f, lang)).collect());
        }
        if let Some(error) = oauth::error(instance, self.code, text.status) {
            let detail = messages::fill(Lang::En.pick(text.detail), &params);
            document.insert("error".into(), json!(error));
            document.insert("error_description".into(), json!(oauth::description(&detail)));
        }
        document.extend(self.extra.clone());
        Value::Object(document)
    }
}

fn fault_document(fault: &Fault, lang: Lang) -> Value {
    let detail = fault.text(lang);
    let params: Map<String, Value> = fault.params.iter().map(|(k, v)| (k.to_string(), json!(v))).collect();
    let (key, place) = match &fault.place {
        Place::Pointer(pointer) => ("pointer", pointer),
        Place::Parameter(name) => ("parameter", name),
    };
    json!({ key: place, "code": fault.code, "detail": detail, "params": params })
}

/// Why an operation did not happen.
#[derive(Debug)]
pub enum Error {
    /// EventSource to the caller.
    Problem(Box<Problem>),
    /// From the database; the caller learns only that it did not work.
    Database(Db),
    /// A fault of ours; logged, never told.
    Internal(String),
    /// The connection does not work any more.
    LostConnection(String),
    /// The unit of work has to run while nothing else does, for this rule: the engine begins it anew so.
    RunAlone(&'static str),
}

impl From<Problem> for Error {
    fn from(problem: Problem) -> Error {
        Error::Problem(Box::new(problem))
    }
}
impl From<Db> for Error {
    fn from(error: Db) -> Error {
        Error::Database(error)
    }
}
impl From<super::types::number::NotANumber> for Error {
    /// Arithmetic that does not fit; fields are checked before, so only sums get here.
    fn from(_: super::types::number::NotANumber) -> Error {
        Problem::new("amount_overflow").into()
    }
}

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Error::Problem(problem) => {
                let document = problem.document(Lang::En, "", "");
                f.write_str(document["detail"].as_str().unwrap_or(problem.code))?;
                for error in document["errors"].as_array().into_iter().flatten() {
                    let place = error["pointer"].as_str().or(error["parameter"].as_str()).unwrap_or("");
                    write!(f, " [{place}: {}]", error["detail"].as_str().unwrap_or(""))?;
                }
                Ok(())
            }
            Error::Database(error) => write!(f, "database: {error}"),
            Error::Internal(what) => f.write_str(what),
            Error::LostConnection(what) => write!(f, "the database does not answer: {what}"),
            Error::RunAlone(rule) => write!(f, "it runs alone: {rule}"),
        }
    }
}
impl std::error::Error for Error {}

impl Error {
    pub fn internal(what: impl Into<String>) -> Error {
        Error::Internal(what.into())
    }
    pub fn lost_connection(what: impl Into<String>) -> Error {
        Error::LostConnection(what.into())
    }
    pub fn unavailable() -> Error {
        Problem { retry_after: Some(1), ..Problem::new("unavailable") }.into()
    }
    /// The unit of work met another one that is under way: it is run again, which sees what that one has done.
    pub fn run_again(why: &str) -> Error {
        Error::Database(Db::DatabaseError(DatabaseErrorKind::SerializationFailure, Box::new(why.to_owned())))
    }
    /// The record is not there, or not for this caller to see; the two are not told apart.
    pub fn not_found() -> Error {
        Problem::new("not_found").into()
    }
    /// One or more fields of the input are not acceptable.
    pub fn invalid(faults: Vec<Fault>) -> Error {
        Problem { faults, ..Problem::new("validation_failed") }.into()
    }
    pub fn field(pointer: impl Into<String>, code: &'static str) -> Error {
        Error::invalid(vec![Fault::at(pointer, code)])
    }
    pub fn problem(&self) -> Option<&Problem> {
        match self {
            Error::Problem(problem) => Some(problem),
            _ => None,
        }
    }
    pub fn code(&self) -> &'static str {
        self.problem().map_or("internal", |p| p.code)
    }

    pub(crate) fn asks_to_run_again(&self) -> bool {
        match self {
            Error::Database(error) => {
                super::db::engine::is_serialization_failure(error)
                    || matches!(error, Db::DatabaseError(_, i) if i.message() == "database is locked")
            }
            Error::RunAlone(_) => true,
            _ => false,
        }
    }
    pub(crate) fn is_broken_connection(&self) -> bool {
        match self {
            Error::LostConnection(_) | Error::Database(Db::BrokenTransactionManager) => true,
            Error::Database(Db::DatabaseError(DatabaseErrorKind::ClosedConnection, _)) => true,
            Error::Database(Db::DatabaseError(_, info)) => {
                let m = info.message();
                m.contains("disk is full") || m.contains("disk I/O error") || m.contains("malformed")
            }
            _ => false,
        }
    }

    /// Whether no part of the unit of work can go on: the engine runs it again, or gives it up.
    pub fn concerns_the_unit(&self) -> bool {
        self.asks_to_run_again() || self.is_broken_connection()
    }

    /// What the caller is told.
    pub fn into_problem(self) -> Problem {
        match self {
            Error::Problem(problem) => *problem,
            error if error.is_broken_connection() => {
                log::error!("the database does not answer: {error}");
                Problem { retry_after: Some(1), ..Problem::new("unavailable") }
            }
            Error::Database(Db::DatabaseError(DatabaseErrorKind::UniqueViolation, info)) => {
                Problem::new("duplicate").param("what", unique_name(info.as_ref()))
            }
            Error::Database(Db::DatabaseError(DatabaseErrorKind::ForeignKeyViolation, info)) => {
                log::debug!("foreign key: {}", info.message());
                Problem::new("still_referenced")
            }
            Error::Database(error) => {
                log::error!("database: {error}");
                Problem::new("internal")
            }
            Error::Internal(what) | Error::LostConnection(what) => {
                log::error!("{what}");
                Problem::new("internal")
            }
            error @ Error::RunAlone(_) => {
                log::error!("nothing began it anew: {error}");
                Problem::new("internal")
            }
        }
    }
}

/// What a record may be missing of, and nothing else may go wrong with: `not_found` becomes None, so that a rule
/// can say it in its own words, while a database that fails stays a failure (and is run again where it asks for
/// it).
pub fn found<T>(result: Result<T>) -> Result<Option<T>> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.code() == "not_found" => Ok(None),
        Err(error) => Err(error),
    }
}

/// What a unique violation is about, as `table.column`: PostgreSQL names the constraint, SQLite the columns.
pub fn unique_name(info: &dyn diesel::result::DatabaseErrorInformation) -> String {
    if let Some(name) = info.constraint_name() {
        return name.trim_end_matches("_key").trim_end_matches("_unique").to_owned();
    }
    let message = info.message();
    match message.strip_prefix("UNIQUE constraint failed: ") {
        Some(columns) => {
            columns.split(", ").last().unwrap_or(columns).replace("index '", "").replace(['\'', '.'], "_")
        }
        None => message.to_owned(),
    }
}

/// Whether this is a unique violation, so that a rule can say it in its own words.
pub fn is_unique_violation(error: &Db) -> bool {
    matches!(error, Db::DatabaseError(DatabaseErrorKind::UniqueViolation, _))
}
