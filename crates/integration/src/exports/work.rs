//! What an export reads and which columns it makes of that.

use std::sync::Arc;

use serde_json::{Value, json};

use super::model::{ExportFormat, ExportInput, ExportResource};
use crate::base::auth::Caller;
use crate::base::columns::{Exported, Heading};
use crate::base::db::Tx;
use crate::base::declared::Declared;
use crate::base::error::{Error, Fault, Place, Problem, Result};
use crate::base::http::call::{Call, Conditions, admit};
use crate::base::http::dispatch::{API, App};
use crate::base::http::{Endpoint, Incoming};
use crate::base::jobs::{self, Job, NewJob};
use crate::base::messages::Lang;

/// An export that can be read: the list's endpoint, the query to it, the columns of the file.
pub struct Plan {
    endpoint: Arc<Endpoint>,
    query: String,
    pub columns: Vec<&'static Heading>,
    titles: [&'static str; 2],
}

/// What is declared of a resource; the schema of the body has let no other through.
fn exported<'d>(declared: &'d Declared, resource: &ExportResource) -> Result<&'d Exported> {
    let all = declared.all::<Exported>();
    let found = all.iter().find(|exported| exported.resource == resource.0);
    found.ok_or_else(|| {
        Error::invalid(vec![
            Fault::at("/resource", "not_allowed")
                .with("allowed", all.iter().map(|exported| exported.resource).collect::<Vec<_>>().join(", ")),
        ])
    })
}

impl Plan {
    /// Refuses what the list would refuse, and columns that there are not.
    pub fn of(app: &App, caller: &Caller, input: &ExportInput) -> Result<Plan> {
        let exported = exported(&app.core.declared, &input.resource)?;
        let (endpoint, _) = app.find("GET", &format!("{API}{}", exported.path))?;
        admit(&endpoint, caller)?;
        let known: Vec<&str> = endpoint.params.iter().map(|p| p.name).collect();
        let unknown = input.filters.0.keys().filter(|name| !known.contains(&name.as_str()));
        let mut faults: Vec<Fault> = unknown
            .map(|name| {
                Fault::at(format!("/filters/{}", pointer(name)), "unknown_field")
                    .with("allowed", known.join(", "))
            })
            .collect();
        let columns = columns(exported.columns, input, &mut faults);
        if !faults.is_empty() {
            return Err(Error::invalid(faults));
        }
        let plan =
            Plan { query: query_of(input, &endpoint, &columns), endpoint, columns, titles: exported.titles };
        plan.call().map_err(|error| at_their_places(error, input))?;
        Ok(plan)
    }

    /// What people call what the file holds.
    pub fn title(&self, lang: Lang) -> &'static str {
        lang.pick(self.titles)
    }

    /// The list's call, as a request to it would be.
    pub fn call(&self) -> Result<Call> {
        Call::check(self.endpoint.clone(), vec![], Conditions::default(), &self.query, |_| {
            Ok(Incoming::Nothing)
        })
    }
}

fn pointer(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

/// The columns that are asked for.
fn columns(all: &'static [Heading], input: &ExportInput, faults: &mut Vec<Fault>) -> Vec<&'static Heading> {
    let Some(fields) = &input.fields else { return all.iter().collect() };
    if input.format == ExportFormat::Ndjson {
        return vec![]; // the list's own fields, which the list checks
    }
    let allowed = || all.iter().map(|h| h.field).collect::<Vec<_>>().join(", ");
    let mut columns = Vec::new();
    for (i, field) in fields.iter().enumerate() {
        match all.iter().find(|h| h.field == field) {
            Some(heading) => columns.push(heading),
            None => faults.push(Fault::at(format!("/fields/{i}"), "not_allowed").with("allowed", allowed())),
        }
    }
    columns
}

fn query_of(input: &ExportInput, endpoint: &Endpoint, columns: &[&Heading]) -> String {
    let mut pairs: Vec<(&str, String)> =
        input.filters.0.iter().map(|(n, v)| (n.as_str(), v.clone())).collect();
    pairs.extend(input.sort.iter().map(|sort| ("sort", sort.clone())));
    if input.format == ExportFormat::Ndjson {
        pairs.extend(input.fields.iter().map(|fields| ("fields", fields.join(","))));
    } else {
        let is_of =
            |name: &str, h: &&Heading| h.field.split_once('.').is_some_and(|(first, _)| first == name);
        let wide = endpoint.common.expand.iter().filter(|name| columns.iter().any(|h| is_of(name, h)));
        let wide: Vec<&str> = wide.copied().collect();
        if !wide.is_empty() {
            pairs.push(("expand", wide.join(",")));
        }
    }
    url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
}

/// What is wrong with the list's query is wrong with the body here.
fn at_their_places(error: Error, input: &ExportInput) -> Error {
    let Some(problem) = error.problem().filter(|p| !p.faults.is_empty()) else { return error };
    let placed = problem.faults.iter().cloned().map(|fault| {
        let place = match &fault.place {
            Place::Parameter(name) if input.filters.0.contains_key(name) => {
                format!("/filters/{}", pointer(name))
            }
            Place::Parameter(name) if name.is_empty() => "/filters".into(),
            Place::Parameter(name) => format!("/{name}"),
            Place::Pointer(pointer) => pointer.clone(),
        };
        Fault { place: Place::Pointer(place), ..fault }
    });
    Error::invalid(placed.collect())
}

/// Begins an export that has been checked.
pub fn create(tx: &mut Tx, input: &ExportInput) -> Result<Job> {
    let params = serde_json::to_value(input).map_err(|e| Error::internal(e.to_string()))?;
    let name = format!("{}-{}.{}", input.resource.0, tx.today(), input.format);
    let new = NewJob {
        kind: super::JOB,
        resource: input.resource.0.clone(),
        params,
        state: json!({"file": name}),
        total: None,
    };
    jobs::create(tx, new)
}

/// Rows that a file of this format holds at most: of XLSX one sheet's, less the headings.
pub fn most_rows(format: ExportFormat) -> i64 {
    match format {
        ExportFormat::Xlsx => 1_048_575,
        ExportFormat::Csv | ExportFormat::Ndjson => 5_000_000,
    }
}

/// 422 when there are more rows than the file holds.
pub fn check_size(format: ExportFormat, rows: i64) -> Result<()> {
    let max = most_rows(format);
    match rows > max {
        true => Err(Problem::new("export_too_large").param("rows", rows).param("max", max).into()),
        false => Ok(()),
    }
}

/// A row's value of a column; null where there is none.
pub fn value_of<'v>(row: &'v Value, heading: &Heading) -> &'v Value {
    heading.field.split('.').fold(row, |value, name| &value[name])
}
