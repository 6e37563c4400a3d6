//! The document says everything about every operation, and is the one that is committed.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;
use std::path::PathBuf;
use std::sync::Arc;

use salesdesk::base::auth::{Role, Scope};
use salesdesk::base::declared::Declared;
use salesdesk::base::http::document::{Documents, failures, problem_example, problem_response, says_itself};
use salesdesk::base::http::{Access, Endpoint, Routes};
use salesdesk::base::lives::Life;
use salesdesk::base::messages;
use salesdesk::base::types::id::example_id;
use salesdesk::postman;
use serde_json::{Value, json};

use testkit::judge::Judges;
use testkit::support::{TestApp, components, declared, located, operation};

#[test]
fn an_id_that_stands_in_an_example_is_the_example_of_its_kind() {
    let text = declared().0.to_string();
    let hex = |c: char| c.is_ascii_hexdigit();
    let mut found = 0;
    for (at, _) in text.match_indices('_') {
        let (before, after) = (&text[..at], &text[at + 1..]);
        let digits = after.find(|c| !hex(c)).map_or(after, |end| &after[..end]);
        let prefix = before.rsplit(|c: char| !c.is_ascii_lowercase()).next().unwrap_or_default();
        // That of an order that is not there, in the answer that says so.
        let nobodys = digits.starts_with("0000");
        if digits.len() == 32 && prefix.len() == 3 && !nobodys {
            assert_eq!(format!("{prefix}_{digits}"), example_id(prefix));
            found += 1;
        }
    }
    assert!(found > 300, "only {found} ids stand in examples");
}

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
         When that is meant: SALESDESK_BLESS=1 cargo test --test program, and look at the difference.",
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

/// The requests of the collection, by the names that the document gives them.
fn postman_items(collection: &Value) -> BTreeMap<String, &Value> {
    let folders = collection["item"].as_array().into_iter().flatten().skip(1);
    let items = folders.flat_map(|folder| folder["item"].as_array().into_iter().flatten());
    items.map(|item| (item["name"].as_str().expect("a name").to_owned(), item)).collect()
}

fn postman_item<'c>(collection: &'c Value, operation_id: &str) -> &'c Value {
    let endpoint = declared().1.iter().find(|e| e.operation_id == operation_id).expect("an operation");
    postman_items(collection)[endpoint.summary]
}

#[test]
fn a_postman_request_takes_its_ids_from_variables_that_there_are() {
    let collection = postman::collection(&declared().0).expect("a collection");
    let known: BTreeSet<&str> =
        collection["variable"].as_array().into_iter().flatten().filter_map(|v| v["key"].as_str()).collect();
    let kinds: BTreeSet<&str> =
        declared().1.iter().flat_map(|e| e.path_prefixes.iter().copied().flatten()).collect();
    let (mut used, mut failed) = (BTreeSet::new(), Vec::new());
    for (name, item) in postman_items(&collection) {
        let request = &item["request"];
        for part in [&request["url"], &request["body"], &request["auth"]] {
            let text = part.to_string();
            let names = text.split("{{").skip(1).filter_map(|rest| rest.split("}}").next());
            used.extend(names.filter(|name| !name.starts_with('$')).map(str::to_owned));
            // Ids of kinds that stand in no path are in no variable.
            let fixed = kinds.iter().find(|kind| text.contains(&example_id(kind)));
            failed.extend(fixed.map(|_| format!("{name}: {text}")));
        }
    }
    assert!(failed.is_empty(), "{}", failed.join("\n"));
    let unknown: Vec<&String> = used.iter().filter(|name| !known.contains(name.as_str())).collect();
    assert!(unknown.is_empty(), "{unknown:?}");
    for name in ["customer_id", "order_id", "supplier_contact_id", "session_to_end", "password"] {
        assert!(used.contains(name), "{name} is used nowhere");
    }
}

#[test]
fn the_postman_collection_can_be_run_as_a_whole() {
    let collection = postman::collection(&declared().0).expect("a collection");
    let script = |item: &Value| item["event"][0]["script"]["exec"].to_string();
    let login = postman_item(&collection, "login");
    assert!(script(login).contains("pm.collectionVariables.set(\\\"access_token\\\""), "{login:#}");
    // Logging out ends a session of its own, and what has no end is not begun.
    let logout = postman_item(&collection, "logout");
    assert_eq!(logout["request"]["auth"]["bearer"][0]["value"], "{{session_to_end}}");
    assert!(logout["event"][0]["listen"] == "prerequest" && script(logout).contains("session_to_end"));
    let stream = postman_item(&collection, "streamEvents");
    assert!(stream["event"][0]["listen"] == "prerequest" && script(stream).contains("skipRequest"));
    let created = script(postman_item(&collection, "createSupplier"));
    assert!(created.contains("supplier_id") && created.contains("pm.response.json().id"), "{created}");
    // A file is sent as it is, not as a text of JSON.
    let import = &postman_item(&collection, "startImport")["request"];
    assert_eq!(import["header"][0], json!({"key": "Content-Type", "value": "text/csv"}));
    assert!(import["body"]["raw"].as_str().is_some_and(|file| file.starts_with("code,")), "{import:#}");
}

#[test]
fn a_postman_request_has_an_example_of_its_answer() {
    let collection = postman::collection(&declared().0).expect("a collection");
    let mut bodies = 0;
    for endpoint in &declared().1 {
        let saved = postman_item(&collection, endpoint.operation_id)["response"].as_array().expect("answers");
        assert!(!saved.is_empty(), "{}", endpoint.operation_id);
        for answer in saved {
            let told = located(&operation(endpoint)["responses"][answer["code"].to_string()]);
            let example = &told["content"]["application/json"]["example"];
            let body: Option<Value> =
                answer["body"].as_str().map(|body| serde_json::from_str(body).expect("JSON"));
            let body = body.unwrap_or_default();
            // A page holds a record that another answer shows.
            let same = body == *example || (example.is_null() && body["data"][0].is_object());
            assert!(same, "{}: {body}", endpoint.operation_id);
            bodies += usize::from(!body.is_null());
        }
    }
    assert!(bodies > 300, "{bodies}");
}

/// Whether a machine client may call it that is restricted to customers or a team, with the scope for it.
fn lets_restricted_in(endpoint: &Endpoint) -> bool {
    match endpoint.access {
        Access::Scope(_) => endpoint.within_restrictions,
        Access::Person => false,
        Access::Public | Access::Client(_) => true,
    }
}

#[test]
fn the_committed_table_of_permissions_is_the_one_that_is_enforced() {
    let mut text = String::from(
        "# Who may call what\n\nMade from the endpoints' own declarations and the roles' scopes; \
         `tests/program/document.rs` holds it equal.\n\n| endpoint | scope |",
    );
    Role::ALL.iter().for_each(|role| text.push_str(&format!(" {role} |")));
    text.push_str(" restricted client |\n|---|---|:-:|");
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
        text.push_str(if lets_restricted_in(endpoint) { " ✓ |\n" } else { "  |\n" });
    }
    golden("tests/golden/permissions.md", &text);
}

fn lives() -> Arc<Declared> {
    salesdesk::start::declarations().expect("sound declarations").declared
}

/// What depends on all areas is computed when all have declared, wherever an area stands in the list.
#[test]
fn areas_declare_in_any_order() {
    let mut routes = Routes::default();
    salesdesk::AREAS.iter().rev().for_each(|area| routes.area(area));
    let backwards = routes.finish().expect("sound declarations");
    let access = |endpoints: Vec<&Endpoint>| -> BTreeMap<&'static str, String> {
        endpoints.iter().map(|e| (e.operation_id, format!("{:?}", e.access))).collect()
    };
    let forwards = access(declared().1.iter().map(Arc::as_ref).collect());
    assert_eq!(access(backwards.endpoints.iter().collect()), forwards);
    assert!(forwards["getDeadlines"].contains("ComplaintsRead"), "{}", forwards["getDeadlines"]);
}

/// Every status enum with a function `after` is a life, and its area declares it.
#[test]
fn every_life_is_declared() {
    let declared = lives();
    let known: Vec<&str> =
        declared.all::<Life>().iter().filter_map(|life| life.type_name.rsplit("::").next()).collect();
    let mut found = 0;
    for source in sources() {
        // `pub fn after(self, action: OrderAction) -> Option<OrderStatus> {`
        let lives = source.lines().filter_map(|line| line.split_once("fn after(self, action: "));
        for status in lives.filter_map(|(_, rest)| rest.split_once("-> Option<")?.1.split_once('>')) {
            let status = status.0;
            found += 1;
            assert!(known.contains(&status), "say `r.declare(Life::of(…, {status}::after))` in its area");
        }
    }
    assert_eq!(found, known.len(), "{known:?}");
}

/// The product's own code, file by file.
fn sources() -> Vec<String> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let mut folders = vec![root.join("crates"), root.join("src")];
    let mut texts = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            match path.is_dir() {
                true => folders.push(path),
                false if path.extension().is_some_and(|end| end == "rs") => {
                    texts.push(std::fs::read_to_string(path).expect("text"));
                }
                false => {}
            }
        }
    }
    texts
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
        let told = |status: &u16| responses.contains_key(&problem_response(*status));
        let missing = failures(endpoint).into_iter().find(|status| !told(status));
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
    for kind in ["schemas", "parameters", "headers", "responses", "requestBodies", "pathItems"] {
        for name in declared().0["components"][kind].as_object().expect("components").keys() {
            let used = text.contains(&format!("\"#/components/{kind}/{name}\""));
            // A 405 is no operation's: the path has no such operation. A 424 is one operation's of a batch.
            let nobodys = ["405", "allow", "424"].contains(&name.as_str());
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

/// Whether an answer is a page, without an example, of records that another answer shows one of.
fn is_shown_elsewhere(media: &Value) -> bool {
    let page = testkit::support::resolve(&media["schema"]);
    let row = &page["properties"]["data"]["items"];
    let responses = declared().0["components"]["responses"].as_object().into_iter().flatten();
    let mut others = responses.map(|(_, response)| &response["content"]["application/json"]);
    media["example"].is_null()
        && page["properties"]["has_more"].is_object()
        && others.any(|other| other["schema"] == *row && !other["example"].is_null())
}

#[test]
fn every_example_of_an_answer_is_valid() {
    of_every_operation(|_, operation| {
        for (status, response) in operation["responses"].as_object().ok_or("no responses")? {
            let media = located(response)["content"].get("application/json");
            if let Some(media) = media.filter(|media| !is_shown_elsewhere(media)) {
                faults(&media["schema"], &media["example"]).map_err(|e| format!("{status}: {e}"))?;
            }
        }
        Ok(())
    });
}

#[test]
fn every_problem_is_named_by_its_status_and_has_a_valid_example() {
    let responses = declared().0["components"]["responses"].as_object().expect("responses");
    for problem in messages::all_problems() {
        let name = problem_response(problem.status);
        let response = &responses[&name];
        let media = &response["content"]["application/problem+json"];
        let about = response["description"].as_str().expect("a description");
        assert!(about.contains(&format!("`{}`: {}", problem.code, problem.title[0])), "{}", problem.code);
        let named = about.contains(&format!("{} `{}`", problem.status, problem.code));
        assert!(named || name == problem.status.to_string(), "{} stands at no status", problem.code);
        let shown = [problem_example(problem), media["example"].clone()];
        for example in shown {
            faults(&media["schema"], &example).unwrap_or_else(|e| panic!("{}: {e}", problem.code));
        }
    }
}

/// The examples of all answers, and of what is sent to webhooks.
fn answers_shown() -> Vec<(String, &'static Value)> {
    let components = &declared().0["components"];
    let responses = components["responses"].as_object().into_iter().flatten();
    let answers = responses.map(|(name, r)| (name.clone(), &r["content"]["application/json"]["example"]));
    let items = components["pathItems"].as_object().into_iter().flatten();
    let content = |item: &'static Value| {
        &located(&item["post"]["requestBody"])["content"]["application/json"]["example"]
    };
    let told = items.map(|(name, item)| (name.clone(), content(item)));
    answers.chain(told).filter(|(_, example)| !example.is_null()).collect()
}

/// A decimal in millionths.
fn millionths(value: &Value) -> Option<i128> {
    let (whole, places) = value.as_str()?.split_once('.').unwrap_or((value.as_str()?, ""));
    format!("{whole}{places:0<6}").parse().ok()
}

/// What contradicts itself in an object of an example.
fn contradictions(object: &Value) -> Vec<String> {
    let mut found = Vec::new();
    let mut must = |holds: bool, what: &str| {
        if !holds {
            found.push(what.to_owned());
        }
    };
    let of = |name: &str| millionths(&object[name]);
    if let (Some(list), Some(discount), Some(net)) = (of("list"), of("discount"), of("net")) {
        must(list - discount == net, "list - discount is not net");
    }
    if let (Some(net), Some(tax), Some(gross)) = (of("net"), of("tax"), of("gross")) {
        must(net + tax == gross, "net + tax is not gross");
    }
    if let (Some(quantity), Some(price), Some(list)) = (of("quantity"), of("unit_price"), of("list")) {
        let exact = quantity * price / 1_000_000;
        must((exact - list).abs() <= 5_000, "quantity × unit price is not list");
    }
    for name in ["list", "discount", "net", "tax", "gross"] {
        for parts in ["lines", "rows"] {
            let lines = object[parts].as_array().into_iter().flatten();
            let sum: Option<i128> = lines.clone().map(|line| millionths(&line[name])).sum();
            let whole = of(name).or_else(|| millionths(&object["total"][name]));
            if let (Some(whole), Some(sum), true) = (whole, sum, lines.count() > 0) {
                must(whole == sum, &format!("{name} is not the sum of the {parts}"));
            }
        }
    }
    if let Some(open) = object["open_exceptions"].as_i64() {
        must(object["blocked"] != true || open > 0, "blocked without an open exception");
    }
    if let Some(more) = object["has_more"].as_bool().filter(|_| object["data"].is_array()) {
        let rows = object["data"].as_array().map_or(0, Vec::len);
        let cursor = object.get("next_cursor").is_some_and(|c| !c.is_null());
        must(!more || cursor, "more records and no cursor");
        must(object["total_count"].as_u64().is_none_or(|n| n >= rows as u64), "fewer records than rows");
    }
    if let Some(version) = object.get("version").filter(|v| v.is_number()) {
        must(version.as_i64() >= Some(1), "a version below 1");
    }
    must(object["on_hold"] != false || object["hold_kind"].is_null(), "a reason to hold what is not on hold");
    if ["draft", "open", "new", "requested"].iter().any(|first| object["status"] == *first) {
        let steps =
            ["submitted", "approved", "confirmed", "completed", "cancelled", "closed", "resolved", "started"];
        for name in steps.iter().flat_map(|step| [format!("{step}_at"), format!("{step}_by")]) {
            must(object[&name].is_null(), &format!("{name} before that step"));
        }
    }
    found
}

#[test]
fn no_example_of_an_answer_contradicts_itself() {
    let shown = answers_shown();
    assert!(shown.len() > 100, "{}", shown.len());
    let mut failed = Vec::new();
    for (name, example) in shown {
        walk(example, &mut |path, value| {
            if value.is_object() {
                failed.extend(contradictions(value).into_iter().map(|what| format!("{name}{path}: {what}")));
            }
        });
    }
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

#[test]
fn a_contradiction_in_an_example_is_seen() {
    let faulty = [
        json!({"list": "10.00", "discount": "10.00", "net": "10.00"}),
        json!({"net": "10.00", "tax": "1.30", "gross": "11.31"}),
        json!({"net": "10.00", "lines": [{"net": "4.00"}, {"net": "5.00"}]}),
        json!({"quantity": "3", "unit_price": "2.00", "list": "5.00"}),
        json!({"blocked": true, "open_exceptions": 0}),
        json!({"data": [], "has_more": true, "next_cursor": null}),
        json!({"data": [{}], "has_more": false, "next_cursor": null, "total_count": 0}),
        json!({"version": 0}),
        json!({"status": "draft", "confirmed_at": "2026-11-20T02:15:30.000Z"}),
        json!({"on_hold": false, "hold_kind": "credit"}),
    ];
    for example in faulty {
        assert_eq!(contradictions(&example).len(), 1, "{example}");
    }
}

#[test]
fn no_example_says_text() {
    let mut failed = Vec::new();
    walk(&declared().0, &mut |path, value| {
        let idle = value.as_str().is_some_and(|text| text == "text" || text.starts_with("Some "));
        if path.contains("/example") && idle {
            failed.push(format!("{path}: {value}"));
        }
    });
    assert!(failed.is_empty(), "{}", failed.join("\n"));
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

// ---- words -----------------------------------------------------------------------------------------------------

/// What is wrong with a description: it is missing, or says nothing to a reader.
fn idle(about: &Value) -> Option<&'static str> {
    let Some(about) = about.as_str() else { return Some("no description") };
    let words = about.split_whitespace().count();
    if words < 2 || about.eq_ignore_ascii_case("some text") {
        return Some("a description of fewer than two words");
    }
    about.contains("[`").then_some("a link to an item of the source")
}

/// Everything of the document that should be described, with what is said of it.
fn described() -> Vec<(String, Value)> {
    let document = &declared().0;
    let mut all = Vec::new();
    for (name, schema) in components() {
        all.push((format!("schema {name}"), schema["description"].clone()));
        // A patch whose form is published leaves the words to it.
        let elsewhere =
            schema["description"].as_str().and_then(|about| about.strip_suffix("`, which describes them."));
        let form = elsewhere.and_then(|about| components().get(about.rsplit('`').next()?));
        for (field, property) in schema["properties"].as_object().into_iter().flatten() {
            let by_form = form.is_some_and(|form| form["properties"].get(field).is_some());
            if !by_form && !says_itself(field, property) {
                all.push((format!("{name}.{field}"), property["description"].clone()));
            }
        }
    }
    for tag in document["tags"].as_array().into_iter().flatten() {
        all.push((format!("tag {}", tag["name"]), tag["description"].clone()));
    }
    for kind in ["parameters", "headers", "responses"] {
        for (name, part) in document["components"][kind].as_object().into_iter().flatten() {
            all.push((format!("{kind} {name}"), part["description"].clone()));
        }
    }
    for (name, item) in document["components"]["pathItems"].as_object().into_iter().flatten() {
        all.push((format!("webhooks of {name}"), item["post"]["description"].clone()));
    }
    for endpoint in &declared().1 {
        let id = endpoint.operation_id;
        all.push((format!("operation {id}"), operation(endpoint)["description"].clone()));
        for parameter in operation(endpoint)["parameters"].as_array().into_iter().flatten() {
            let parameter = located(parameter);
            all.push((format!("{id}?{}", parameter["name"]), parameter["description"].clone()));
        }
    }
    all
}

#[test]
fn everything_is_described() {
    let failed: Vec<String> = described()
        .into_iter()
        .filter_map(|(name, about)| Some(format!("{name}: {}", idle(&about)?)))
        .collect();
    assert!(failed.is_empty(), "{} have no description:\n{}", failed.len(), failed.join("\n"));
}

#[test]
fn a_description_that_says_nothing_is_seen() {
    for about in [Value::Null, json!(""), json!("Text"), json!("Of a [`Thing`] as such.")] {
        assert!(idle(&about).is_some(), "{about}");
    }
    assert_eq!(idle(&json!("When it began.")), None);
}

// ---- names that clients are made of -----------------------------------------------------------------------------

/// Words of the languages that clients are generated in, and the types that generated code uses without saying whose.
const TAKEN: [(&str, &str); 6] = [
    (
        "Java",
        "abstract assert boolean break byte case catch char class const continue default do double else enum extends \
         final finally float for goto if implements import instanceof int interface long native new package private \
         protected public return short static strictfp super switch synchronized this throw throws transient try void \
         volatile while true false null var record yield sealed permits Override Deprecated SuppressWarnings \
         FunctionalInterface SafeVarargs Object String Integer Long Short Byte Boolean Character Double Float Number \
         Void Math System Runtime Thread Process Class Enum Record Module Package Iterable Comparable Exception Error \
         Throwable List Map Set Arrays Objects Optional HashMap ArrayList StringJoiner LocalDate OffsetDateTime File \
         InputStream Duration Consumer Function Stream ApiClient ApiException ApiResponse Configuration Pair JSON",
    ),
    (
        "C#",
        "abstract as base bool break byte case catch char checked class const continue decimal default delegate do \
         double else enum event explicit extern false finally fixed float for foreach goto if implicit in int interface \
         internal is lock long namespace new null object operator out override params private protected public readonly \
         ref return sbyte sealed short sizeof stackalloc static string struct switch this throw true try typeof uint \
         ulong unchecked unsafe ushort using virtual void volatile while Action Func Task Type Object String Exception \
         Attribute Guid Uri DateTime DateOnly Stream Enum Delegate Lazy Random Buffer Convert Console Environment",
    ),
    (
        "Kotlin",
        "as break class continue do else false for fun if in interface is null object package return super this throw \
         true try typealias typeof val var when while Any Unit Nothing Array List Map Set Pair Triple Result String Int \
         Long Boolean Byte Short Char Double Float Number Enum Throwable Exception Error Comparable Annotation",
    ),
    (
        "Go",
        "break case chan const continue default defer else fallthrough for func go goto if import interface map package \
         range return select struct switch type var any bool byte error string int int32 int64 nil true false iota \
         append cap len make new panic print",
    ),
    (
        "TypeScript",
        "break case catch class const continue debugger default delete do else enum export extends false finally for \
         function if import in instanceof new null return super switch this throw true try typeof var void while with as \
         implements interface let package private protected public static yield any boolean constructor declare get \
         module require number set string symbol type from of async await Array Boolean Date Error Function Map Number \
         Object Promise Proxy RegExp Set String Symbol Record Partial Required Readonly Pick Omit Exclude Extract \
         Request Response Headers Blob File FormData Configuration",
    ),
    (
        "Python",
        "False None True and as assert async await break class continue def del elif else except finally for from \
         global if import in is lambda nonlocal not or pass raise return try while with yield match case type object \
         str int float bool list dict set tuple bytes Exception Warning Any Optional Union Literal TypeVar UUID File \
         Response Unset Client AuthenticatedClient",
    ),
];

#[test]
fn no_schema_has_a_name_that_a_language_has_taken() {
    let mut failed = Vec::new();
    for name in components().keys() {
        let plain = name.starts_with(|c: char| c.is_ascii_uppercase())
            && name.chars().all(|c| c.is_ascii_alphanumeric());
        if !plain {
            failed.push(format!("{name} is no name of a class"));
        }
        for (language, words) in TAKEN {
            if words.split_whitespace().any(|word| word == name) {
                failed.push(format!("{name} is taken in {language}"));
            }
        }
    }
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

#[test]
fn every_enumeration_has_a_name() {
    let mut failed = Vec::new();
    walk(&declared().0, &mut |path, value| {
        let named = path.starts_with("/components/schemas/") && path.matches('/').count() == 3;
        // Within a patch, null beside the words clears.
        if value["enum"].is_array() && !named && !path.contains("/example") {
            failed.push(path.to_owned());
        }
    });
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

#[test]
fn lists_in_a_query_are_one_parameter_with_commas() {
    of_every_operation(|_, operation| {
        for parameter in operation["parameters"].as_array().into_iter().flatten().map(located) {
            if parameter["in"] == "query" && is(&parameter["schema"], "array") {
                // `form` is the style of a query where none is said.
                let plain = parameter["style"].is_null() && parameter["explode"] == false;
                demand(plain, &format!("{} is not said to be separated by commas", parameter["name"]))?;
            }
        }
        Ok(())
    });
}

#[test]
fn decimals_have_a_pattern_and_no_format() {
    let mut decimals = 0;
    of_every_schema(|schema| {
        (schema["format"] == "decimal").then_some("generators make a number of this format")
    });
    for (name, schema) in components().iter().filter(|(_, schema)| schema["x-decimal-places"].is_number()) {
        assert!(schema["type"] == "string" && schema["pattern"].is_string(), "{name}");
        decimals += 1;
    }
    assert!(decimals > 3);
}

#[test]
fn every_field_of_an_answer_is_required() {
    let mut fields = 0;
    for (name, example) in answers_shown() {
        let media = &declared().0["components"]["responses"][&name]["content"]["application/json"];
        if media.is_null() {
            continue;
        }
        let schema = testkit::support::resolve(&media["schema"]);
        let required = schema["required"].as_array().expect("what is required");
        for (field, property) in schema["properties"].as_object().into_iter().flatten() {
            let sometimes = field == "total_count" || property["x-expanded"] == true;
            assert_eq!(required.contains(&json!(field)), !sometimes, "{name}.{field}");
            assert_eq!(example.get(field).is_some(), !sometimes, "{name}.{field}");
            fields += 1;
        }
    }
    assert!(fields > 1000, "{fields}");
}

// ---- as it is served --------------------------------------------------------------------------------------------

/// For each operation, 60 per cent of what the document weighed when this limit was set, and a little for what answers
/// have told since.
const HEAVIEST: usize = 2_950;

#[test]
fn the_document_is_not_too_heavy() {
    let bytes = declared().0.to_string().len();
    let most = HEAVIEST * declared().1.len();
    assert!(bytes <= most, "{bytes} bytes, of {most} at most: is there a schema that is written out twice?");
}

#[test]
fn a_part_of_the_document_is_complete_and_holds_nothing_else() {
    let documents = Documents::new(&declared().0);
    let part = documents.part("orders, customers").expect("a part");
    assert!(std::sync::Arc::ptr_eq(&part, &documents.part("customers,orders").expect("a part")), "kept");
    let part: Value = serde_json::from_slice(part.plain()).expect("JSON");
    let mut ids = BTreeSet::new();
    let mut references = BTreeSet::new();
    walk(&part, &mut |_, value| {
        ids.extend(value["operationId"].as_str().map(str::to_owned));
        references.extend(value["$ref"].as_str().map(str::to_owned));
    });
    let of_them = |e: &&std::sync::Arc<Endpoint>| ["orders", "customers"].contains(&e.tag);
    let expected: BTreeSet<String> =
        declared().1.iter().filter(of_them).map(|e| e.operation_id.to_owned()).collect();
    assert_eq!(ids, expected);
    for reference in &references {
        assert!(part.pointer(&reference[1..]).is_some(), "{reference} leads nowhere");
    }
    for kind in ["schemas", "parameters", "headers", "responses", "requestBodies", "pathItems"] {
        for name in part["components"][kind].as_object().into_iter().flatten().map(|(name, _)| name) {
            assert!(
                references.contains(&format!("#/components/{kind}/{name}")),
                "{kind}/{name} is not needed"
            );
        }
    }
    let names: Vec<&str> =
        part["tags"].as_array().into_iter().flatten().filter_map(|t| t["name"].as_str()).collect();
    assert_eq!(names, ["customers", "orders"]);
    assert_eq!(part["webhooks"], json!({}));
    for key in ["openapi", "info", "servers", "security"] {
        assert_eq!(part[key], declared().0[key], "{key}");
    }
}

#[test]
fn the_webhooks_are_a_part_of_their_own() {
    let documents = Documents::new(&declared().0);
    let part: Value =
        serde_json::from_slice(documents.part("webhook-events").expect("a part").plain()).expect("JSON");
    assert_eq!(part["paths"], json!({}));
    assert_eq!(part["webhooks"], declared().0["webhooks"]);
    assert!(documents.part("orders,nothing").is_err());
}

fn unpacked(encoding: &str, bytes: &[u8]) -> Vec<u8> {
    let mut plain = Vec::new();
    match encoding {
        "gzip" => flate2::read::GzDecoder::new(bytes).read_to_end(&mut plain),
        "br" => brotli::Decompressor::new(bytes, 4096).read_to_end(&mut plain),
        _ => zstd::Decoder::new(bytes).and_then(|mut from| from.read_to_end(&mut plain)),
    }
    .expect("what was packed");
    plain
}

both_engines!(
    the_document_is_served_in_every_encoding,
    a_part_of_the_document_is_served_by_its_tags,
    the_docs_page_is_served_with_all_that_it_loads,
);

const AT: &str = "/api/v1/openapi.json";

fn the_document_is_served_in_every_encoding(app: &TestApp) {
    let plain = app.anyone().page("GET", AT).expect(200);
    assert_eq!(plain.bytes, declared().0.to_string().as_bytes(), "compact");
    assert!(plain.header("vary").is_some_and(|vary| vary.contains("Accept-Encoding")));
    let mut etags = BTreeSet::from([plain.etag()]);
    for encoding in ["gzip", "br", "zstd"] {
        let ask = || app.anyone().with("accept-encoding", encoding);
        let packed = ask().page("GET", AT).expect(200);
        assert_eq!(packed.header("content-encoding"), Some(encoding));
        assert!(unpacked(encoding, &packed.bytes) == plain.bytes, "{encoding} is another document");
        assert_eq!(ask().page("GET", AT).expect(200).bytes, packed.bytes);
        assert!(!packed.etag().starts_with("W/") && etags.insert(packed.etag()), "{}", packed.etag());
        let known = ask().with("if-none-match", &plain.etag()).page("GET", AT).expect(304);
        assert_eq!((known.etag(), known.bytes.len()), (packed.etag(), 0));
    }
    for known in [format!("\"x\", W/{}", plain.etag()), "*".to_owned()] {
        app.anyone().with("if-none-match", &known).page("GET", AT).expect(304);
    }
    app.anyone().with("if-none-match", "\"x\"").page("GET", AT).expect(200);
}

fn a_part_of_the_document_is_served_by_its_tags(app: &TestApp) {
    let whole = app.anyone().page("GET", AT).expect(200);
    let at = format!("{AT}?tags=regions,teams");
    let part = app.anyone().page("GET", &at).expect(200);
    assert_eq!(part.body["tags"].as_array().map(Vec::len), Some(2));
    assert!(part.bytes.len() * 5 < whole.bytes.len() && part.etag() != whole.etag());
    app.anyone().with("if-none-match", &part.etag()).page("GET", &at).expect(304);
    app.anyone().with("if-none-match", &whole.etag()).page("GET", &at).expect(200);
    let refused =
        app.anyone().page("GET", &format!("{AT}?tags=orders,lost")).refused(400, "invalid_parameter");
    let fault = &refused.body["errors"][0];
    assert_eq!((&fault["parameter"], &fault["code"]), (&json!("tags"), &json!("not_allowed")));
    assert!(fault["params"]["allowed"].as_str().is_some_and(|known| known.contains("orders, ")), "{refused}");
    app.anyone().page("GET", &format!("{AT}?tag=orders")).refused(400, "invalid_parameter");
    let about = declared().0["info"]["description"].as_str().expect("a description");
    assert!(about.contains("openapi.json?tags="), "the parameter is not described");
}

fn the_docs_page_is_served_with_all_that_it_loads(app: &TestApp) {
    let page = app.anyone().page("GET", "/docs/").expect(200);
    assert_eq!(app.anyone().page("GET", "/docs/index.html").expect(200).bytes, page.bytes);
    let html = String::from_utf8_lossy(&page.bytes).into_owned();
    let loads = ["href=\"", "src=\""].iter().flat_map(|mark| html.split(mark).skip(1));
    let names: Vec<&str> = loads.filter_map(|rest| rest.split('"').next()).collect();
    for (name, media) in
        [("swagger-ui.css", "text/css"), ("page.css", "text/css"), ("page.js", "text/javascript")]
    {
        assert!(names.contains(&name), "{names:?}");
        let file = app.anyone().page("GET", &format!("/docs/{name}")).expect(200);
        assert!(file.header("content-type").is_some_and(|own| own.starts_with(media)), "{name}");
    }
    for name in names {
        assert!(!name.contains("//"), "{name} is of another server");
        let at = if name.starts_with('/') { name.to_owned() } else { format!("/docs/{name}") };
        app.anyone().page("GET", &at).expect(200);
    }
    // What makes it quick, and what makes it find operations. The example in the document has the address that the page
    // puts its own in the place of.
    let script = app.anyone().page("GET", "/docs/page.js").expect(200);
    let script = String::from_utf8_lossy(&script.bytes).into_owned();
    for part in
        ["docExpansion: \"none\"", "defaultModelsExpandDepth: -1", "opsFilter", "window.location.origin"]
    {
        assert!(script.contains(part), "{part}");
    }
    let default = "http://127.0.0.1:8080";
    assert!(script.contains(&format!("replaceAll(\"{default}\"")));
    let about = declared().0["info"]["description"].as_str().expect("a description");
    assert!(about.contains(default));
    assert_eq!(declared().0["servers"][0]["url"], "/api/v1", "relative to where the document came from");
}

#[test]
fn the_version_is_the_products() {
    assert_eq!(declared().0["info"]["version"], env!("CARGO_PKG_VERSION"));
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
