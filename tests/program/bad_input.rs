//! The table of bad input: whatever is sent, it is refused in words that name it, and nothing has changed.

use salesdesk::base::auth::Role;
use serde_json::json;

use testkit::shop::{Shop, Told};
use testkit::support::{Ask, TestApp};

both_engines!(bad_input_is_refused_by_name_and_changes_nothing);

enum Body {
    None,
    Text(&'static str),
    Bytes(&'static [u8]),
    Made(fn() -> String),
}
use Body::{Bytes, Made, None as Empty, Text};

/// `$draft`, `$line`, `$order` (confirmed), `$item` (its line), `$shipment`, `$other` (another list's cursor),
/// `$cursor` (the orders'), `$customer`, `$product` and `$version` stand for what the shop has.
struct Row {
    name: &'static str,
    ask: &'static str,
    headers: &'static [(&'static str, &'static str)],
    body: Body,
    status: u16,
    code: &'static str,
    places: &'static [&'static str],
}

const JSON: &[(&str, &str)] = &[("content-type", "application/json")];
const NEW: &str = "POST /orders";
const HEAD: &str = "PATCH /orders/$draft";
const MERGE: &[(&str, &str)] =
    &[("content-type", "application/merge-patch+json"), ("if-match", "\"$version\"")];
const SHIP: &str = "POST /orders/$order/shipments";

const fn row(
    name: &'static str,
    ask: &'static str,
    headers: &'static [(&'static str, &'static str)],
    body: Body,
    (status, code): (u16, &'static str),
    places: &'static [&'static str],
) -> Row {
    Row { name, ask, headers, body, status, code, places }
}

const INVALID: (u16, &str) = (422, "validation_failed");
const PARAMETER: (u16, &str) = (400, "invalid_parameter");

#[rustfmt::skip]
const TABLE: &[Row] = &[
    // ---- values
    row("wrong type", NEW, JSON, Text(r#"{"customer_id":"$customer","lines":"tea"}"#), INVALID, &["/lines"]),
    row("number for a quantity", NEW, JSON, Text(r#"{"customer_id":"$customer","lines":[{"product_id":"$product","quantity":5}]}"#), INVALID, &["/lines/0/quantity"]),
    row("number for money", NEW, JSON, Text(r#"{"customer_id":"$customer","net":59.38}"#), INVALID, &["/net"]),
    row("unknown field", NEW, JSON, Text(r#"{"customer_id":"$customer","custmer_po":"PO-1"}"#), INVALID, &["/custmer_po"]),
    row("unknown field of a line", NEW, JSON, Text(r#"{"customer_id":"$customer","lines":[{"product_id":"$product","quantity":"5","colour":"red"}]}"#), INVALID, &["/lines/0/colour"]),
    row("negative quantity", NEW, JSON, Text(r#"{"customer_id":"$customer","lines":[{"product_id":"$product","quantity":"-5"}]}"#), INVALID, &["/lines/0/quantity"]),
    row("zero quantity", NEW, JSON, Text(r#"{"customer_id":"$customer","lines":[{"product_id":"$product","quantity":"0"}]}"#), INVALID, &["/lines/0/quantity"]),
    row("negative price", NEW, JSON, Text(r#"{"customer_id":"$customer","lines":[{"product_id":"$product","quantity":"1","unit_price":"-1"}]}"#), INVALID, &["/lines/0/unit_price"]),
    row("discount above 1", NEW, JSON, Text(r#"{"customer_id":"$customer","lines":[{"product_id":"$product","quantity":"1","discount_rate":"1.01"}]}"#), INVALID, &["/lines/0/discount_rate"]),
    row("more than fits", NEW, JSON, Text(r#"{"customer_id":"$customer","lines":[{"product_id":"$product","quantity":"9000000000000","unit_price":"9000000000000"}]}"#), INVALID, &["/lines/0/quantity"]),
    row("a number that fits nowhere", NEW, JSON, Text(r#"{"customer_id":"$customer","lines":[{"product_id":"$product","quantity":"99999999999999999999999999"}]}"#), INVALID, &["/lines/0/quantity"]),
    row("too many places", NEW, JSON, Text(r#"{"customer_id":"$customer","lines":[{"product_id":"$product","quantity":"1.0000001"}]}"#), INVALID, &["/lines/0/quantity"]),
    row("no number", NEW, JSON, Text(r#"{"customer_id":"$customer","lines":[{"product_id":"$product","quantity":"1e3"}]}"#), INVALID, &["/lines/0/quantity"]),
    row("two faults at once", NEW, JSON, Text(r#"{"customer_id":"$customer","lines":[{"product_id":"$product","quantity":"-1","tax_rate":"2"}]}"#), INVALID, &["/lines/0/quantity", "/lines/0/tax_rate"]),
    row("30 February", NEW, JSON, Text(r#"{"customer_id":"$customer","order_date":"2026-02-30"}"#), INVALID, &["/order_date"]),
    row("the year 0", NEW, JSON, Text(r#"{"customer_id":"$customer","order_date":"0000-01-01"}"#), INVALID, &["/order_date"]),
    row("month 99", NEW, JSON, Text(r#"{"customer_id":"$customer","order_date":"9999-99-99"}"#), INVALID, &["/order_date"]),
    row("an instant for a day", NEW, JSON, Text(r#"{"customer_id":"$customer","order_date":"2026-11-20T00:00:00Z"}"#), INVALID, &["/order_date"]),
    row("promised before ordered", NEW, JSON, Text(r#"{"customer_id":"$customer","order_date":"2026-11-20","promised_date":"2026-11-19"}"#), INVALID, &["/promised_date"]),
    row("null for what is needed", NEW, JSON, Text(r#"{"customer_id":null}"#), INVALID, &["/customer_id"]),
    row("without what is needed", NEW, JSON, Text(r#"{"lines":[]}"#), INVALID, &["/customer_id"]),
    row("an id of another kind", NEW, JSON, Text(r#"{"customer_id":"$product"}"#), INVALID, &["/customer_id"]),
    row("nobody of this id", NEW, JSON, Text(r#"{"customer_id":"cus_00000000000070008000000000000001"}"#), INVALID, &["/customer_id"]),
    row("a currency that is none", NEW, JSON, Text(r#"{"customer_id":"$customer","currency":"yuan"}"#), INVALID, &["/currency"]),
    row("a unit that it is not sold in", NEW, JSON, Text(r#"{"customer_id":"$customer","lines":[{"product_id":"$product","quantity":"1","unit":"barrel"}]}"#), INVALID, &["/lines/0/unit"]),
    row("wrong totals", NEW, JSON, Text(r#"{"customer_id":"$customer","net":"1.00"}"#), (422, "totals_mismatch"), &["/net"]),
    row("501 lines", NEW, JSON, Made(too_many_lines), INVALID, &["/lines"]),
    row("NUL in a text", NEW, JSON, Text(r#"{"customer_id":"$customer","notes":"a\u0000b"}"#), INVALID, &["/notes"]),
    row("half a surrogate pair", NEW, JSON, Text(r#"{"customer_id":"$customer","notes":"\ud83d"}"#), (400, "bad_request"), &[]),
    row("an unknown word", "POST /orders/$order/hold", JSON, Text(r#"{"kind":"weather","reason":"Rain"}"#), INVALID, &["/kind"]),
    row("no reason", "POST /orders/$order/cancel", JSON, Text(r#"{"reason":""}"#), INVALID, &["/reason"]),
    // ---- bodies
    row("10 MB", NEW, JSON, Made(ten_megabytes), (413, "payload_too_large"), &[]),
    row("invalid UTF-8", NEW, JSON, Bytes(b"{\"customer_id\":\"\xff\xfe\"}"), (400, "bad_request"), &[]),
    row("malformed JSON", NEW, JSON, Text(r#"{"customer_id":"#), (400, "bad_request"), &[]),
    row("two documents", NEW, JSON, Text("{} {}"), (400, "bad_request"), &[]),
    row("empty body", NEW, JSON, Text(""), (400, "bad_request"), &[]),
    row("array body", NEW, JSON, Text("[]"), INVALID, &[""]),
    row("a text for a body", NEW, JSON, Text("\"order\""), INVALID, &[""]),
    row("deep nesting", NEW, JSON, Made(deep), (400, "bad_request"), &[]),
    row("wrong media type", NEW, &[("content-type", "text/plain")], Text("{}"), (415, "unsupported_media_type"), &[]),
    row("no media type", NEW, &[], Text("{}"), (415, "unsupported_media_type"), &[]),
    row("plain JSON for a merge patch", HEAD, &[("content-type", "application/json"), ("if-match", "\"1\"")], Text("{}"), (415, "unsupported_media_type"), &[]),
    // ---- queries
    row("unknown parameter", "GET /orders?stauts=draft", &[], Empty, PARAMETER, &["stauts"]),
    row("unknown status", "GET /orders?status=lost", &[], Empty, PARAMETER, &["status"]),
    row("a parameter twice", "GET /orders?limit=1&limit=2", &[], Empty, PARAMETER, &["limit"]),
    row("limit 0", "GET /orders?limit=0", &[], Empty, PARAMETER, &["limit"]),
    row("limit 201", "GET /orders?limit=201", &[], Empty, PARAMETER, &["limit"]),
    row("30 February asked for", "GET /orders?order_date_from=2026-02-30", &[], Empty, PARAMETER, &["order_date_from"]),
    row("invalid percent-encoding", "GET /orders?q=%ff%fe", &[], Empty, PARAMETER, &["q"]),
    row("unknown sort", "GET /orders?sort=colour", &[], Empty, PARAMETER, &["sort"]),
    row("bad cursor", "GET /orders?cursor=nonsense", &[], Empty, (400, "invalid_cursor"), &[]),
    row("cursor of another list", "GET /orders?cursor=$other", &[], Empty, (400, "invalid_cursor"), &[]),
    row("cursor of another filter", "GET /orders?status=draft&cursor=$cursor", &[], Empty, (400, "invalid_cursor"), &[]),
    row("three dimensions", "GET /reports/sales-summary?group_by=year,rep,team", &[], Empty, PARAMETER, &["group_by"]),
    row("a dimension twice", "GET /reports/sales-summary?group_by=year,year", &[], Empty, PARAMETER, &["group_by"]),
    // ---- versions
    row("missing If-Match", HEAD, &[("content-type", "application/merge-patch+json")], Text("{}"), (428, "precondition_required"), &[]),
    row("stale If-Match", HEAD, &[("content-type", "application/merge-patch+json"), ("if-match", "\"99\"")], Text(r#"{"notes":"x"}"#), (412, "version_mismatch"), &[]),
    row("malformed If-Match", HEAD, &[("content-type", "application/merge-patch+json"), ("if-match", "seven")], Text("{}"), PARAMETER, &["If-Match"]),
    row("stale If-Match of a line", "PATCH /orders/$draft/lines/$line", &[("content-type", "application/merge-patch+json"), ("if-match", "\"99\"")], Text(r#"{"quantity":"6"}"#), (412, "version_mismatch"), &[]),
    row("stale If-Match of a step", "POST /orders/$draft/submit", &[("if-match", "\"99\"")], Empty, (412, "version_mismatch"), &[]),
    row("missing If-Match of a deletion", "DELETE /orders/$draft", &[], Empty, (428, "precondition_required"), &[]),
    row("a number in a patch", "PATCH /orders/$draft/lines/$line", MERGE, Text(r#"{"quantity":6}"#), INVALID, &["/quantity"]),
    row("null for what a line needs", "PATCH /orders/$draft/lines/$line", MERGE, Text(r#"{"quantity":null}"#), INVALID, &["/quantity"]),
    row("the status typed", HEAD, MERGE, Text(r#"{"status":"completed"}"#), INVALID, &["/status"]),
    // ---- who and where
    row("somebody else's order", "rep2 GET /orders/$draft", &[], Empty, (404, "not_found"), &[]),
    row("somebody else's order changed", "rep2 PATCH /orders/$draft", MERGE, Text(r#"{"notes":"mine"}"#), (404, "not_found"), &[]),
    row("somebody else's order submitted", "rep2 POST /orders/$draft/submit", &[], Empty, (404, "not_found"), &[]),
    row("not one's right", "rep POST /orders/$order/approve", JSON, Text("{}"), (403, "forbidden"), &[]),
    row("wrong method", "PUT /orders/$draft", JSON, Text("{}"), (405, "method_not_allowed"), &[]),
    row("unknown path", "GET /oders", &[], Empty, (404, "unknown_path"), &[]),
    row("trailing slash", "GET /orders/", &[], Empty, (404, "unknown_path"), &[]),
    row("an id that is none", "GET /orders/1", &[], Empty, (404, "not_found"), &[]),
    row("no token", "nobody POST /orders", JSON, Text("{}"), (401, "unauthorized"), &[]),
    row("another scheme", "nobody GET /orders", &[("authorization", "Basic Y2xlcms6cGFzcw==")], Empty, (401, "unauthorized"), &[]),
    row("nonsense for a token", "nobody GET /orders", &[("authorization", "Bearer a.b.c")], Empty, (401, "unauthorized"), &[]),
    // ---- states and rules
    row("a step that is not possible", "POST /orders/$draft/confirm", &[], Empty, (409, "invalid_transition"), &[]),
    row("a confirmed order edited", "POST /orders/$order/lines", JSON, Text(r#"{"product_id":"$product","quantity":"1"}"#), (409, "invalid_transition"), &[]),
    row("over-shipping", SHIP, JSON, Text(r#"{"lines":[{"order_line_id":"$item","quantity":"8"}]}"#), INVALID, &["/lines/0/quantity"]),
    row("shipping less than nothing", SHIP, JSON, Text(r#"{"lines":[{"order_line_id":"$item","quantity":"-1"}]}"#), INVALID, &["/lines/0/quantity"]),
    row("shipping nothing", SHIP, JSON, Text(r#"{"lines":[{"order_line_id":"$item","quantity":"0"}]}"#), INVALID, &["/lines/0/quantity"]),
    row("shipping a line twice", SHIP, JSON, Text(r#"{"lines":[{"order_line_id":"$item","quantity":"1"},{"order_line_id":"$item","quantity":"1"}]}"#), INVALID, &["/lines/1/order_line_id"]),
    row("shipping tomorrow", SHIP, JSON, Text(r#"{"shipped_date":"2026-11-21"}"#), INVALID, &["/shipped_date"]),
    row("freight below nothing", SHIP, JSON, Text(r#"{"freight_cost":"-1"}"#), INVALID, &["/freight_cost"]),
    row("delivered before shipped", "POST /shipments/$shipment/deliver", JSON, Text(r#"{"delivered_date":"2026-11-19"}"#), INVALID, &["/delivered_date"]),
    row("revised below shipped", "POST /orders/$order/revisions", JSON, Text(r#"{"reason":"Less","change_lines":[{"line_id":"$item","quantity":"2"}]}"#), INVALID, &["/change_lines/0/quantity"]),
    row("a key used for another body", "POST /orders", &[("content-type", "application/json"), ("idempotency-key", "used")], Text(r#"{"customer_id":"$customer"}"#), (422, "idempotency_key_reused"), &[]),
    row("a key too long", "POST /orders", &[("content-type", "application/json"), ("idempotency-key", LONG)], Text(r#"{"customer_id":"$customer"}"#), PARAMETER, &["Idempotency-Key"]),
];

const LONG: &str = "kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk";

fn too_many_lines() -> String {
    let line = r#"{"product_id":"$product","quantity":"1"}"#;
    format!(r#"{{"customer_id":"$customer","lines":[{}]}}"#, vec![line; 501].join(","))
}

fn ten_megabytes() -> String {
    format!(r#"{{"customer_id":"$customer","notes":"{}"}}"#, "x".repeat(10 << 20))
}

fn deep() -> String {
    format!(r#"{{"custom_fields":{}{}}}"#, "[".repeat(5000), "]".repeat(5000))
}

/// What the shop has, by the name that stands for it in the table.
struct Names(Vec<(&'static str, String)>);

impl Names {
    fn fill(&self, text: &str) -> String {
        self.0.iter().fold(text.to_owned(), |text, (name, value)| text.replace(name, value))
    }
}

fn ask_of(app: &TestApp, row: &Row, names: &Names, lang: &str) -> Ask {
    let words: Vec<&str> = row.ask.split(' ').collect();
    let (who, method, path) = match words.as_slice() {
        [who, method, path] => (Some(*who), *method, *path),
        [method, path] => (None, *method, *path),
        _ => panic!("{}", row.ask),
    };
    let client = match who {
        None => app.all_powerful(),
        Some("nobody") => app.anyone(),
        Some(name) => app.as_user(name),
    };
    let mut client = client.with("accept-language", lang);
    for (name, value) in row.headers {
        client = client.with(name, &names.fill(value));
    }
    let mut ask = client.asks(method, &names.fill(path), None);
    ask.body = match &row.body {
        Empty => None,
        Text(text) => Some(names.fill(text).into_bytes()),
        Bytes(bytes) => Some(bytes.to_vec()),
        Made(make) => Some(names.fill(&make()).into_bytes()),
    };
    ask
}

fn bad_input_is_refused_by_name_and_changes_nothing(app: &TestApp) {
    let shop = Shop::open(app);
    let draft = shop.draft("5", "0");
    let order = shop.confirmed("10", "0");
    let shipment = order.ship(0, "3").expect(201).id();
    let key = app.all_powerful().with("idempotency-key", "used");
    key.post("/orders", json!({"customer_id": shop.customer, "notes": "first"})).expect(201);
    let cursor = |path: &str| {
        let page = app.all_powerful().get(path).expect(200);
        page.body["next_cursor"].as_str().unwrap_or_else(|| panic!("{page}")).to_owned()
    };
    let names = Names(vec![
        ("$draft", draft.id.clone()),
        ("$line", draft.line(0)),
        ("$order", order.id.clone()),
        ("$item", order.line(0)),
        ("$shipment", shipment),
        ("$other", cursor("/users?limit=1")),
        ("$cursor", cursor("/orders?limit=1")),
        ("$customer", shop.customer.clone()),
        ("$product", shop.tea.clone()),
        ("$version", draft.now()["version"].to_string()),
    ]);
    let state = |told: &Told| told.now();
    let (rows, kept) = (app.row_counts(), (state(&draft), state(&order)));
    let mut wrong = Vec::new();
    for row in TABLE {
        for lang in ["en", "zh-CN"] {
            let reply = app.ask(&ask_of(app, row, &names, lang));
            // A text may be too long and no number at the same place.
            let mut places = reply.places();
            places.dedup();
            let got = (reply.status, reply.body["code"].as_str().unwrap_or(""), places);
            if got != (row.status, row.code, row.places.to_vec()) {
                wrong.push(format!(
                    "{}: {got:?}, not {:?}: {reply}",
                    row.name,
                    (row.status, row.code, row.places)
                ));
            }
            let detail = reply.body["detail"].as_str().unwrap_or("");
            let chinese = detail.chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c));
            if reply.header("content-language") != Some(lang) || chinese != (lang == "zh-CN") {
                wrong.push(format!("{}: not in {lang}: {reply}", row.name));
            }
        }
        if app.row_counts() != rows || (state(&draft), state(&order)) != kept {
            wrong.push(format!("{}: something changed", row.name));
        }
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), TABLE.len(), wrong.join("\n"));
    particulars(app, &draft, &order);
    // Last, since time does not go back: a token of a quarter of an hour ago.
    let token = app.token("clerk");
    app.core.clock.advance_seconds(900);
    app.bearer(&token).get("/orders").refused(401, "token_expired");
    assert_eq!(app.row_counts(), rows);
}

/// What some refusals tell beyond code and place.
fn particulars(app: &TestApp, draft: &Told, order: &Told) {
    let all = app.all_powerful();
    let number = all.post("/orders", json!({"customer_id": "x", "net": 59.38}));
    let errors = number.body["errors"].as_array().expect("errors").clone();
    let net = errors.iter().find(|e| e["pointer"] == "/net").expect("about /net");
    assert_eq!((&net["code"], &net["params"]["hint"]), (&json!("decimal_as_number"), &json!("59.38")));
    let method = all.send("PUT", &draft.path(), Some(json!({})));
    assert_eq!(method.header("allow"), Some("DELETE, GET, HEAD, PATCH"));
    let step = all.post(&format!("{}/confirm", draft.path()), json!({})).refused(409, "invalid_transition");
    assert_eq!(step.body["current_status"], "draft");
    assert_eq!(step.body["allowed_actions"], draft.now()["allowed_actions"]);
    let stale = all.patch(&draft.path(), "\"99\"", json!({"notes": "x"}));
    assert_eq!(stale.body["current_version"], draft.now()["version"]);
    let over = order.by(
        Role::Warehouse,
        "shipments",
        json!({"lines": [{"order_line_id": order.line(0), "quantity": "8"}]}),
    );
    let error = &over.body["errors"][0];
    assert_eq!((&error["code"], &error["params"]["open"]), (&json!("exceeds_open"), &json!("7")));
}
