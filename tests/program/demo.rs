//! The demo: there as a whole, in every state, and right.

use salesdesk::base::http::{Access, Endpoint, Method};
use salesdesk::base::installation::fact;
use salesdesk::base::types::TextEnum;
use salesdesk::demo;
use salesdesk::orders::rules::OrderStatus;
use serde_json::Value;

use testkit::shop::nothing_is_off;
use testkit::support::{
    Client, Database, FORM, Reply, TestApp, credentials, declared, form_of, located, make_room, number,
    on_sqlite, operation, words,
};

both_engines!(
    the_demo_shows_every_state_and_is_right,
    the_demo_has_something_for_everybody_to_do,
    every_example_that_reads_finds_something_in_the_demo
);

fn the_demo_shows_every_state_and_is_right(app: &TestApp) {
    make_room(app);
    assert_eq!(app.read(|conn| fact(conn, "demo").expect("a fact")), None);
    demo::seed(&app.core).expect("the demo");
    assert_eq!(app.read(|conn| fact(conn, "demo").expect("a fact")).as_deref(), Some("true"));
    let statuses = app.read(|conn| words(conn, "SELECT DISTINCT status AS word FROM orders"));
    for status in OrderStatus::WORDS {
        assert!(statuses.iter().any(|s| s == status), "no order is {status}: {statuses:?}");
    }
    for also in ["on_hold", "fulfilment = 'partial'", "revision = 0", "rep_id IS NOT NULL"] {
        let sql = format!("SELECT count(*) AS number FROM orders WHERE {also}");
        assert!(app.read(move |conn| number(conn, &sql)) > 0, "{also}");
    }
    nothing_is_off(app);
    // All have the same password, so one that verifies says it for all that are there.
    for login in demo::LOGINS {
        let sql = format!(
            "SELECT count(*) AS number FROM users WHERE username = '{login}' AND status = 'active' AND password_hash IS NOT NULL"
        );
        assert_eq!(app.read(move |conn| number(conn, &sql)), 1, "{login}");
    }
    let tokens = app.anyone().post("/auth/login", credentials("rep", demo::PASSWORD)).expect(200);
    let rep = app.bearer(tokens.body["access_token"].as_str().expect("a token"));
    assert!(!rep.get("/orders").expect(200).rows().is_empty());
    assert!(!rep.get("/customers").expect(200).rows().is_empty());
}

fn the_demo_has_something_for_everybody_to_do(app: &TestApp) {
    make_room(app);
    demo::seed(&app.core).expect("the demo");
    app.run_background();
    let log_in = |name: &str| {
        let tokens = app.anyone().post("/auth/login", credentials(name, demo::PASSWORD)).expect(200);
        app.bearer(tokens.body["access_token"].as_str().expect("a token"))
    };
    for name in ["rep", "clerk", "manager"] {
        let person = log_in(name);
        let listed = person.get("/worklist").expect(200);
        assert!(!listed.body["data"].as_array().expect("items").is_empty(), "{name} has nothing to do");
        assert!(!person.get("/me/notifications").expect(200).rows().is_empty(), "{name} was told nothing");
    }
    let rep = log_in("rep");
    for list in ["/customers/duplicates", "/customers/pool", "/feedback", "/visit-policies"] {
        assert!(!rep.get(list).expect(200).rows().is_empty(), "{list}");
    }
    for (list, count) in [
        ("/complaints?open=true", 1),
        ("/complaints?status=closed", 1),
        ("/tasks?status=done", 1),
        ("/tasks?kind=return_visit&open=true", 1),
    ] {
        assert_eq!(rep.get(list).expect(200).rows().len(), count, "{list}");
    }
    let complaint = rep.get("/complaints?open=true").expect(200).rows()[0].clone();
    assert!(complaint["escalation_level"].as_i64().is_some_and(|level| level > 0), "{complaint}");
    let customer = complaint["customer_id"].as_str().expect("an id");
    let timeline = rep.get(&format!("/customers/{customer}/timeline?limit=100")).expect(200);
    for kind in ["complaint", "interaction", "task", "order"] {
        assert!(
            timeline.body.to_string().contains(&format!("\"{kind}.")),
            "nothing of a {kind}: {}",
            timeline.body
        );
    }
}

// ---- examples ------------------------------------------------------------------------------------------------

/// Examples that cannot work on the demo as it begins: why, what they answer, and which.
const NOT_NOW: &[(&str, &str, &[&str])] = &[
    ("a token of one session or of the first start", "invalid_credentials", &["refreshTokens", "setUp"]),
    (
        "the people and companies of the examples are at work",
        "invalid_transition",
        &[
            "activateCustomer",
            "deleteCustomer",
            "resumeClient",
            "unblockCustomer",
            "unblockSupplier",
            "unblockUser",
        ],
    ),
    (
        "others refer to them",
        "still_referenced",
        &[
            "deleteDepartment",
            "deleteProduct",
            "deleteProductCategory",
            "deleteRegion",
            "deleteSupplier",
            "deleteTeam",
        ],
    ),
    ("there is one example of a customer", "validation_failed", &["mergeCustomer"]),
    ("the customer is not merged", "not_merged", &["unmergeCustomer"]),
    ("the customer has an owner", "not_in_pool", &["claimCustomer"]),
    (
        "the product is active, and the price list is not yet",
        "invalid_transition",
        &["activateProduct", "reactivateProduct", "retirePriceList"],
    ),
    (
        "the order is a draft, which can be submitted",
        "invalid_transition",
        &[
            "approveOrder",
            "closeOrderShort",
            "completeOrder",
            "confirmOrder",
            "holdOrder",
            "overrideOrderFindings",
            "proposeOrderRevision",
            "rejectOrder",
            "releaseOrder",
            "reportOrderException",
            "reviseOrder",
            "withdrawOrder",
        ],
    ),
    (
        "the order is a draft, whose changes nobody approves",
        "not_found",
        &[
            "approveOrderRevisionProposal",
            "getOrderRevisionProposal",
            "listOrderRevisionProposalHistory",
            "rejectOrderRevisionProposal",
            "withdrawOrderRevisionProposal",
        ],
    ),
    ("the warehouse does not see drafts", "not_found", &["createShipment"]),
    ("nothing of a draft was shipped", "validation_failed", &["createReturn", "requestOrderReturn"]),
    (
        "they are of an order that was shipped, and stay there",
        "validation_failed",
        &["upsertReturnByExternalId", "upsertShipmentByExternalId"],
    ),
    (
        "the exception is open",
        "invalid_transition",
        &["closeOrderException", "reopenOrderException", "unblockOrderException"],
    ),
    (
        "the return is approved, and can be received",
        "invalid_transition",
        &["approveReturn", "closeReturn", "creditReturn", "rejectReturn", "replaceReturn"],
    ),
    ("the job has ended", "invalid_transition", &["cancelJob"]),
    ("the demo makes no backups", "not_found", &["getBackup"]),
    ("an export has no rows that are wrong", "not_found", &["getJobErrors"]),
    (
        "the webhook is disabled, so that the demo sends nothing",
        "invalid_transition",
        &["disableWebhook", "replayWebhook", "testWebhook"],
    ),
    (
        "the webhook is disabled, so that the demo sends nothing",
        "webhook_disabled",
        &["retryWebhookDelivery"],
    ),
    (
        "the complaint is acknowledged",
        "invalid_transition",
        &[
            "acknowledgeComplaint",
            "closeComplaint",
            "proposeComplaintSolution",
            "reopenComplaint",
            "resumeComplaint",
        ],
    ),
    ("its remedy can be approved or rejected first", "remedy_undecided", &["resolveComplaint"]),
    (
        "the request is open, and can be accepted",
        "invalid_transition",
        &["agreeRequestDate", "finishRequest", "insistOnRequestDate", "proposeRequestDate", "startRequest"],
    ),
];

/// The log-ins that requests are sent with, until one of them is let do it.
const WHO: [&str; 8] = ["rep", "clerk", "manager", "finance", "warehouse", "executive", "admin", "rep.chen"];

/// An operation's request as the document shows it: path, required query, headers, body.
struct Shown {
    method: &'static str,
    path: String,
    body: Option<(&'static str, Vec<u8>)>,
    needs_version: bool,
    is_public: bool,
}

impl Shown {
    /// None where the document shows no whole request: the body is a file of its sender's.
    fn of(endpoint: &Endpoint) -> Option<Shown> {
        let says = operation(endpoint);
        let of_path = &declared().0["paths"][endpoint.path]["parameters"];
        let parameters =
            || [of_path, &says["parameters"]].into_iter().filter_map(Value::as_array).flatten().map(located);
        let in_place = |place: &'static str| parameters().filter(move |p| p["in"] == place);
        let path = in_place("path").fold(endpoint.path.to_owned(), |path, parameter| {
            let name = parameter["name"].as_str().expect("a name");
            path.replace(&format!("{{{name}}}"), &shown(parameter))
        });
        let mut query: Vec<String> = in_place("query")
            .filter(|parameter| parameter["required"] == true)
            .map(|parameter| format!("{}={}", parameter["name"].as_str().expect("a name"), shown(parameter)))
            .collect();
        if endpoint.common.dry_run {
            query.push("dry_run=true".into());
        }
        let content = says["requestBody"]["content"].as_object();
        let body = match content.and_then(|content| content.iter().next()) {
            Some((media, body)) => Some((media.as_str(), written(media, &body["example"])?)),
            None => None,
        };
        let needs_version = endpoint.nature.needs_version();
        let path = format!("{path}?{}", query.join("&"));
        let is_public = matches!(endpoint.access, Access::Public);
        Some(Shown { method: endpoint.method.as_str(), path, body, needs_version, is_public })
    }

    fn send(&self, mut client: Client) -> Reply {
        if self.needs_version {
            client = client.with("if-match", "*");
        }
        match &self.body {
            Some((media, body)) => client.raw(self.method, &self.path, media, body.clone()),
            None => client.send(self.method, &self.path, None),
        }
    }
}

/// What a parameter's schema shows, or the first word that it takes.
fn shown(parameter: &Value) -> String {
    let schema = located(&parameter["schema"]);
    let items = located(&schema["items"]);
    let places = [&parameter["example"], &schema["example"], &schema["examples"][0], &schema["enum"][0]];
    let all = places.into_iter().chain([&items["examples"][0], &items["enum"][0]]);
    let found = all.filter_map(Value::as_str).map(str::to_owned).next();
    // Of a number, the least.
    let found = found.or(schema["minimum"].as_i64().map(|least| least.to_string()));
    found.unwrap_or_else(|| panic!("{parameter} shows nothing"))
}

/// An example as it is sent.
fn written(media: &str, example: &Value) -> Option<Vec<u8>> {
    Some(match (media, example) {
        (_, Value::Null) => return None,
        (FORM, Value::Object(fields)) => {
            let fields: Vec<(&str, &str)> =
                fields.iter().map(|(name, v)| (name.as_str(), v.as_str().expect("a text"))).collect();
            form_of(&fields).into_bytes()
        }
        (_, Value::String(file)) => file.clone().into_bytes(),
        (_, example) => example.to_string().into_bytes(),
    })
}

/// The demo with some of its log-ins logged in, and nothing left to do in the background.
fn logged_in(app: &TestApp) -> Vec<String> {
    make_room(app);
    demo::seed(&app.core).expect("the demo");
    app.run_background();
    let log_in = |name: &str| {
        let tokens = app.anyone().post("/auth/login", credentials(name, demo::PASSWORD)).expect(200);
        tokens.body["access_token"].as_str().expect("a token").to_owned()
    };
    WHO.map(log_in).to_vec()
}

/// The answer to the first who is let do it, or else the most telling refusal.
fn best(app: &TestApp, shown: &Shown, tokens: &[String]) -> Reply {
    let mut refused: Option<Reply> = None;
    let known = tokens.iter().filter(|_| !shown.is_public).map(Some);
    for token in std::iter::once(None).chain(known) {
        let client = token.map_or_else(|| app.anyone(), |token| app.bearer(token));
        let reply = shown.send(client);
        if reply.status < 300 {
            return reply;
        }
        // Others may do less, or see less.
        let tells = |reply: &Reply| ![401, 403, 404].contains(&reply.status);
        if refused.as_ref().is_none_or(|known| !tells(known) && ![401, 403].contains(&reply.status)) {
            refused = Some(reply);
        }
    }
    refused.expect("somebody has asked")
}

fn every_example_that_reads_finds_something_in_the_demo(app: &TestApp) {
    let tokens = logged_in(app);
    let mut failed = Vec::new();
    for endpoint in app.endpoints().iter().filter(|e| e.method == Method::Get) {
        // It has no end.
        if endpoint.operation_id == "streamEvents" {
            continue;
        }
        let reply = best(app, &Shown::of(endpoint).expect("no body"), &tokens);
        failed.extend(fault(endpoint, &reply));
    }
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

#[test]
fn every_example_that_writes_works_in_the_demo_on_sqlite() {
    on_sqlite("every_example_that_writes_works_in_the_demo_on_sqlite", |app| {
        let tokens = logged_in(app);
        let (file, now) = (app.file(), app.core.clock.now());
        let copy = || TestApp::upgraded(Database::of_file(&file), now);
        let mut fresh = copy();
        let is_there = |id: &str| app.endpoints().iter().any(|e| e.operation_id == id);
        let unknown = NOT_NOW.iter().flat_map(|(.., ids)| *ids).filter(|id| !is_there(id));
        let mut failed: Vec<String> = unknown.map(|id| format!("there is no operation {id}")).collect();
        for endpoint in app.endpoints().iter().filter(|e| e.method != Method::Get) {
            let Some(shown) = Shown::of(endpoint) else { continue };
            let reply = best(&fresh, &shown, &tokens);
            if reply.status < 300 && !endpoint.common.dry_run {
                fresh = copy();
            }
            failed.extend(fault(endpoint, &reply));
        }
        assert!(failed.is_empty(), "{}", failed.join("\n"));
    });
}

/// Says what is wrong, unless it is known that the example cannot work now.
fn fault(endpoint: &Endpoint, reply: &Reply) -> Option<String> {
    let code = reply.body["code"].as_str().unwrap_or_default();
    let known = NOT_NOW.iter().find(|(.., ids)| ids.contains(&endpoint.operation_id));
    match known {
        Some((_, expected, _)) if *expected == code => None,
        None if reply.status < 300 => None,
        Some((why, expected, _)) => {
            Some(format!("{} is not {expected} ({why}): {reply}", endpoint.operation_id))
        }
        None => Some(format!(
            "{} {code}: {} {}",
            endpoint.operation_id, reply.body["detail"], reply.body["errors"]
        )),
    }
}
