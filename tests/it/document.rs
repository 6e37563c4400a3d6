//! The document says everything about every operation, and is the one that is committed.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use salesdesk::base::auth::{Role, Scope};
use salesdesk::base::http::document::failures;
use salesdesk::base::http::{Access, Endpoint};
use salesdesk::base::messages;
use salesdesk::postman;
use serde_json::{Value, json};

use crate::judge::Judges;
use crate::support::{components, declared, operation};

// ---- golden files --------------------------------------------------------------------------------------------

/// Holds a committed file equal to what the product gives; `SALESDESK_BLESS=1` writes the file instead.
pub fn golden(file: &str, text: &str) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(file);
    if std::env::var_os("SALESDESK_BLESS").is_some_and(|v| v == "1") {
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("the folder");
        std::fs::write(&path, text).expect("the golden file");
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    if committed == text {
        return;
    }
    let differing = committed.lines().zip(text.lines()).enumerate().find(|(_, (a, b))| a != b);
    let (line, (old, new)) =
        differing.unwrap_or((committed.lines().count().min(text.lines().count()), ("", "")));
    panic!(
        "{file} is not what the product gives now, from line {} on:\n- {old}\n+ {new}\n\
         When that is meant: SALESDESK_BLESS=1 cargo test --test it, and look at the difference.",
        line + 1
    );
}

#[test]
fn the_committed_document_is_the_one_that_is_served() {
    let text = serde_json::to_string_pretty(&declared().0).expect("JSON");
    golden("openapi/openapi.json", &format!("{text}\n"));
}

#[test]
fn the_openapi_command_prints_the_committed_document_and_collection() {
    golden("openapi/openapi.json", &openapi_command(&[]));
    golden("openapi/salesdesk.postman_collection.json", &openapi_command(&["--postman"]));
}

/// What `salesdesk openapi` prints with these options.
fn openapi_command(more: &[&str]) -> String {
    let out = std::process::Command::new(env!("CARGO_BIN_EXE_salesdesk"))
        .args(["openapi"].iter().chain(more))
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("the program runs");
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    String::from_utf8_lossy(&out.stdout).into_owned()
}

#[test]
fn the_committed_postman_collection_is_the_one_that_is_made_from_the_document() {
    let collection = postman::collection(&declared().0).expect("a collection");
    let text = serde_json::to_string_pretty(&collection).expect("JSON");
    golden("openapi/salesdesk.postman_collection.json", &format!("{text}\n"));
}

#[test]
fn the_postman_collection_has_every_operation_in_the_folder_of_its_tag() {
    let collection = postman::collection(&declared().0).expect("a collection");
    let folders = collection["item"].as_array().expect("folders");
    let operations: BTreeSet<(String, String)> = folders[1..]
        .iter()
        .flat_map(|folder| folder["item"].as_array().expect("items"))
        .map(|item| {
            let parts = item["request"]["url"]["path"].as_array().expect("a path");
            let path: Vec<&str> = parts.iter().filter_map(Value::as_str).collect();
            (item["request"]["method"].as_str().unwrap_or_default().to_owned(), path.join("/"))
        })
        .collect();
    for endpoint in &declared().1 {
        let path = format!("api/v1{}", endpoint.path.replace("/{", "/:").replace('}', ""));
        let there = operations.contains(&(endpoint.method.as_str().to_owned(), path));
        assert!(there, "{} is missing", endpoint.operation_id);
    }
    assert_eq!(operations.len(), declared().1.len());
    let walk = folders[0]["item"].as_array().expect("steps");
    assert!(walk.len() > 10 && walk.iter().all(|step| step["event"].is_array()), "a walk that checks itself");
}

#[test]
fn the_committed_table_of_permissions_is_the_one_that_is_enforced() {
    let mut text = String::from(
        "# Who may call what\n\nMade from the endpoints' own declarations and the roles' scopes; \
         `tests/it/document.rs` holds it equal.\n\n| endpoint | scope |",
    );
    Role::ALL.iter().for_each(|role| text.push_str(&format!(" {role} |")));
    text.push_str("\n|---|---|");
    Role::ALL.iter().for_each(|_| text.push_str(":-:|"));
    text.push('\n');
    for endpoint in &declared().1 {
        let scope = match &endpoint.access {
            Access::Public => "public".to_owned(),
            Access::Person => "logged in".to_owned(),
            Access::Client([]) => "a client's secret".to_owned(),
            Access::Client(scopes) => {
                let scopes = scopes.iter().map(|s| format!("`{s}`")).collect::<Vec<_>>();
                format!("a client's secret or {}", scopes.join(" or "))
            }
            Access::Scope(scopes) => scopes.iter().map(|s| format!("`{s}`")).collect::<Vec<_>>().join(" or "),
        };
        text.push_str(&format!("| {} {} | {scope} |", endpoint.method.as_str(), endpoint.path));
        Role::ALL
            .iter()
            .for_each(|role| text.push_str(if lets_in(endpoint, *role) { " ✓ |" } else { "  |" }));
        text.push('\n');
    }
    golden("tests/golden/permissions.md", &text);
}

pub fn lets_in(endpoint: &Endpoint, role: Role) -> bool {
    match &endpoint.access {
        Access::Public | Access::Person => true,
        Access::Scope(scopes) | Access::Client(scopes) => scopes.iter().any(|s| role.scopes().has(*s)),
    }
}

// ---- what every operation has --------------------------------------------------------------------------------

/// Runs a check on every endpoint and tells of all that fail it.
fn of_every_operation(check: impl Fn(&Endpoint, &Value) -> Result<(), String>) {
    let failed: Vec<String> = declared()
        .1
        .iter()
        .filter_map(|e| Some(format!("{}: {}", e.operation_id, check(e, operation(e)).err()?)))
        .collect();
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

fn demand(holds: bool, what: &str) -> Result<(), String> {
    if holds { Ok(()) } else { Err(what.to_owned()) }
}

#[test]
fn every_operation_says_what_it_is() {
    of_every_operation(|_, operation| {
        let summary = operation["summary"].as_str().unwrap_or_default();
        demand(!summary.is_empty() && summary.len() <= 60 && !summary.ends_with('.'), "no short summary")?;
        demand(operation["description"].is_string(), "no description")?;
        let tag = operation["tags"][0].as_str().unwrap_or_default();
        let tags = declared().0["tags"].as_array().expect("tags");
        demand(tags.iter().any(|t| t["name"] == tag && t["description"].is_string()), "an unknown tag")
    });
}

#[test]
fn every_operation_has_an_id_of_its_own_in_camel_case() {
    let mut seen = BTreeSet::new();
    for endpoint in &declared().1 {
        let id = endpoint.operation_id;
        assert!(seen.insert(id), "{id} is there twice");
        assert!(
            id.starts_with(|c: char| c.is_ascii_lowercase()) && id.chars().all(|c| c.is_ascii_alphanumeric()),
            "{id}"
        );
    }
}

#[test]
fn every_path_is_plural_kebab_case_and_at_most_two_levels_deep() {
    of_every_operation(|endpoint, _| {
        let parts: Vec<&str> = endpoint.path.split('/').skip(1).collect();
        let (places, words): (Vec<&str>, Vec<&str>) = parts.iter().partition(|p| p.starts_with('{'));
        demand(places.len() <= 2 && !endpoint.path.ends_with('/'), "too deep")?;
        demand(
            words.iter().all(|w| w.chars().all(|c| c.is_ascii_lowercase() || c == '-' || c.is_ascii_digit())),
            "not kebab-case",
        )?;
        demand(places.len() == endpoint.path_prefixes.len(), "a place in the path without its kind of id")
    });
}

#[test]
fn every_operation_says_who_may_call_it() {
    of_every_operation(|endpoint, operation| {
        let security = operation["security"].as_array().ok_or("no security")?;
        let named =
            |scheme: &str| -> Vec<&str> { security.iter().filter_map(|s| s[scheme][0].as_str()).collect() };
        let words = |scopes: &[Scope]| scopes.iter().map(|s| s.to_string()).collect::<Vec<_>>();
        match &endpoint.access {
            Access::Public => demand(security.is_empty(), "public, yet it asks for a token"),
            Access::Person => demand(
                security[..] == [json!({"bearer": []}), json!({"oauth2": []})],
                "not a token of a person or a client",
            ),
            Access::Client(scopes) => {
                demand(named("oauth2") == named("bearer"), "not the same for people and clients")?;
                demand(named("bearer") == words(scopes), "other scopes")?;
                demand(scopes.is_empty() || security[0] == json!({}), "a secret is not enough")
            }
            Access::Scope(scopes) => {
                demand(!scopes.is_empty(), "nobody was said to be let in")?;
                demand(named("oauth2") == named("bearer"), "not the same for people and clients")?;
                let named = named("bearer");
                demand(named == words(scopes), "other scopes")?;
                let about = operation["description"].as_str().unwrap_or_default();
                demand(named.iter().all(|s| about.contains(s)), "the description does not name the scope")
            }
        }
    });
}

#[test]
fn every_scope_is_described_and_no_other_is_asked_for() {
    let flow = &declared().0["components"]["securitySchemes"]["oauth2"]["flows"]["clientCredentials"];
    let described = flow["scopes"].as_object().expect("scopes");
    let all: Vec<String> = Scope::ALL.iter().map(|s| s.to_string()).collect();
    assert_eq!(described.keys().collect::<Vec<_>>(), all.iter().collect::<Vec<_>>());
    assert!(described.values().all(|about| about.as_str().is_some_and(|t| t.ends_with('.'))));
    let token =
        flow["tokenUrl"].as_str().and_then(|url| url.strip_prefix("/api/v1")).expect("a path of ours");
    assert!(declared().0["paths"][token]["post"].is_object());
}

#[test]
fn every_operation_names_every_status_it_can_answer() {
    of_every_operation(|endpoint, operation| {
        let responses = operation["responses"].as_object().ok_or("no responses")?;
        demand(responses.keys().any(|s| s.starts_with('2')), "no success")?;
        let missing = failures(endpoint).into_iter().find(|s| !responses.contains_key(&s.to_string()));
        demand(missing.is_none(), &format!("{missing:?} is missing"))?;
        let unknown = endpoint.problems.iter().find(|code| messages::find_problem(code).is_none());
        demand(unknown.is_none(), &format!("{unknown:?} is no problem that we know"))
    });
}

#[test]
fn every_reference_leads_somewhere() {
    let document = &declared().0;
    let mut references = Vec::new();
    walk(document, &mut |_, value| references.extend(value["$ref"].as_str().map(str::to_owned)));
    assert!(references.len() > 100);
    for reference in references {
        let pointer = reference.strip_prefix('#').expect("a reference within the document");
        assert!(document.pointer(pointer).is_some(), "{reference} leads nowhere");
    }
}

#[test]
fn every_shared_part_is_used() {
    let text = declared().0.to_string();
    for kind in ["schemas", "parameters", "headers", "responses"] {
        for name in declared().0["components"][kind].as_object().expect("components").keys() {
            let used = text.contains(&format!("\"#/components/{kind}/{name}\""));
            // A 405 is no operation's: the path has no such operation. A 424 is one operation's of a batch.
            let nobodys = ["problem_405", "allow", "problem_424"].contains(&name.as_str());
            assert!(used || nobodys, "{kind}/{name} is used nowhere");
        }
    }
}

// ---- examples ------------------------------------------------------------------------------------------------

fn faults(schema: &Value, example: &Value) -> Result<(), String> {
    match Judges::of(schema).faults(example).as_slice() {
        [] => Ok(()),
        faults => Err(format!("the example {example} has {faults:?}")),
    }
}

#[test]
fn every_example_of_a_request_is_valid() {
    of_every_operation(|endpoint, operation| {
        if endpoint.body.is_none() {
            return demand(operation.get("requestBody").is_none(), "a body from nowhere");
        }
        let content = operation["requestBody"]["content"].as_object().ok_or("no content")?;
        // Of a file that is no text there is nothing to show.
        let shown = |media: &&Value| media["schema"]["format"] != "binary" || !media["example"].is_null();
        demand(content.values().any(|media| shown(&media)), "no example")?;
        content.values().filter(shown).try_for_each(|media| faults(&media["schema"], &media["example"]))
    });
}

#[test]
fn every_example_of_an_answer_is_valid() {
    of_every_operation(|_, operation| {
        for (status, response) in operation["responses"].as_object().ok_or("no responses")? {
            if let Some(media) = response["content"].get("application/json") {
                faults(&media["schema"], &media["example"]).map_err(|e| format!("{status}: {e}"))?;
            }
        }
        Ok(())
    });
}

#[test]
fn every_problem_is_shown_by_a_valid_example() {
    let responses = declared().0["components"]["responses"].as_object().expect("responses");
    let mut shown = BTreeSet::new();
    for response in responses.values() {
        let media = &response["content"]["application/problem+json"];
        for (code, example) in media["examples"].as_object().expect("examples") {
            faults(&media["schema"], &example["value"]).unwrap_or_else(|e| panic!("{code}: {e}"));
            shown.insert(code.as_str());
        }
    }
    let all: BTreeSet<&str> = messages::all_problems().iter().map(|p| p.code).collect();
    assert_eq!(shown, all);
}

// ---- schemas -------------------------------------------------------------------------------------------------

fn is(schema: &Value, kind: &str) -> bool {
    schema["type"] == kind || schema["type"].as_array().is_some_and(|types| types.iter().any(|t| t == kind))
}

/// Visits every schema of the document: those of components, parameters, headers and bodies.
fn of_every_schema(check: impl Fn(&Value) -> Option<&'static str>) {
    let mut failed = Vec::new();
    let mut see = |path: &str, value: &Value| {
        let in_example = path.contains("/example") || path.ends_with("/default");
        if let Some(what) = check(value).filter(|_| !in_example) {
            failed.push(format!("{path}: {what}"));
        }
    };
    walk(&declared().0, &mut see);
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

fn walk(value: &Value, see: &mut impl FnMut(&str, &Value)) {
    fn at(path: &str, value: &Value, see: &mut impl FnMut(&str, &Value)) {
        see(path, value);
        match value {
            Value::Object(fields) => fields.iter().for_each(|(k, v)| at(&format!("{path}/{k}"), v, see)),
            Value::Array(items) => {
                items.iter().enumerate().for_each(|(i, v)| at(&format!("{path}/{i}"), v, see))
            }
            _ => {}
        }
    }
    at("", value, see);
}

#[test]
fn every_text_list_and_number_has_a_limit() {
    of_every_schema(|schema| {
        let has = |name: &str| schema.get(name).is_some();
        if is(schema, "string") && !(has("maxLength") || has("enum") || has("const") || has("scheme")) {
            return Some("a text without maxLength or enum");
        }
        if is(schema, "array") && !(has("maxItems") && has("items")) {
            return Some("a list without maxItems and items");
        }
        if is(schema, "integer") && !(has("minimum") && has("maximum")) {
            return Some("an integer without bounds");
        }
        if is(schema, "number") {
            return Some("a number that is no integer: exact numbers are decimal strings");
        }
        (is(schema, "object") && !has("additionalProperties"))
            .then_some("an object that is neither open nor closed")
    });
}

#[test]
fn every_field_has_a_snake_case_name() {
    for (name, schema) in components() {
        for field in schema["properties"].as_object().into_iter().flatten().map(|(n, _)| n) {
            let snake = field.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
            assert!(snake, "{name}.{field}");
        }
    }
}

#[test]
fn no_object_is_written_out_where_it_is_used() {
    let inline: Vec<String> = declared()
        .1
        .iter()
        .filter(|endpoint| {
            let mut found = false;
            walk(operation(endpoint), &mut |path, value| {
                found |= !path.contains("/example") && value["properties"].is_object();
            });
            found
        })
        .map(|e| e.operation_id.to_owned())
        .collect();
    assert!(inline.is_empty(), "an object belongs to the components: {inline:?}");
}

#[test]
fn no_schema_is_there_twice_under_two_names() {
    let mut by_text: BTreeMap<String, &str> = BTreeMap::new();
    for (name, schema) in components() {
        let text = serde_json::json!([
            schema["type"],
            schema["properties"],
            schema["required"],
            schema["enum"],
            schema["pattern"],
            schema["oneOf"]
        ]);
        if schema["properties"].as_object().is_some_and(|p| p.len() > 1) {
            let twin = by_text.insert(text.to_string(), name);
            assert_eq!(twin, None, "{name} is the same as another");
        }
    }
}
