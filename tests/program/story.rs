//! One story from beginning to end, over several parts of the product, with programs that come and go.

use salesdesk::base::auth::Role;
use salesdesk::base::background;
use salesdesk::base::types::At;
use serde_json::{Value, json};

use testkit::shop::Shop;
use testkit::support::{Client, Reply, TestApp};

both_engines!(a_customer_calls_and_nobody_acts_until_it_has_escalated_twice);

fn at(text: &str) -> At {
    At::parse(&format!("{text}:00+08:00")).expect("an instant")
}

/// The programs that serve one database: another takes over, or two serve it together.
struct Programs<'a>(Vec<&'a TestApp>);

impl Programs<'_> {
    /// Time goes on to a moment in Shanghai, and every program does what it finds to do, all of them at once.
    fn go_on_to(&self, time: &str) {
        let working = self.0.iter().map(|program| {
            program.core.clock.set(at(time));
            let program = program.shared();
            std::thread::spawn(move || background::run_until_idle(&program).expect("it works"))
        });
        let working: Vec<_> = working.collect();
        working.into_iter().for_each(|program| program.join().expect("it ends well"));
    }

    /// Whichever serves now.
    fn any(&self) -> &TestApp {
        self.0.last().expect("a program")
    }
}

fn inbox(app: &TestApp, username: &str) -> Vec<String> {
    let inbox = app.as_user(username).get("/me/notifications?sort=created_at&limit=200").expect(200);
    inbox.rows().iter().map(|n| n["code"].as_str().expect("a code").to_owned()).collect()
}

fn step(client: &Client, complaint: &str, step: &str, body: Value) -> Reply {
    client.post(&format!("/complaints/{complaint}/{step}"), body).expect(200)
}

/// The reasons on somebody's worklist, the first first.
fn to_do(app: &TestApp, username: &str) -> Vec<(String, Value)> {
    let list = app.as_user(username).get("/worklist").expect(200).body;
    let item = |item: &Value| (item["reason"].as_str().expect("a reason").to_owned(), item["amount"].clone());
    list["data"].as_array().expect("a list").iter().map(item).collect()
}

/// The values of a field in the rows, in their order.
fn field(reply: &Reply, name: &str) -> Vec<String> {
    reply.rows().iter().map(|row| row[name].as_str().unwrap_or_default().to_owned()).collect()
}

fn a_customer_calls_and_nobody_acts_until_it_has_escalated_twice(app: &TestApp) {
    // Wednesday before the National Day holidays of 2026, which end on Wednesday the 7th; Saturday the 10th is worked.
    app.core.clock.set(at("2026-09-30T15:00"));
    let shop = Shop::open(app);
    let order = shop.confirmed("10", "0");
    let admin = app.as_role(Role::Admin);
    let policies = admin.get("/sla-policies?severity=high").expect(200);
    let policy = format!("/sla-policies/{}", policies.rows()[0]["id"].as_str().expect("an id"));
    admin.patch(&policy, "*", json!({"response_minutes": 240, "escalate_minutes": [0, 960]})).expect(200);
    let visits = json!({"cause": "complaint_resolved", "days": 14, "subject": "Is everything well now?"});
    admin.post("/visit-policies", visits).expect(201);
    app.core.clock.set(at("2026-09-30T15:50"));
    app.run_background();

    let (complaint, number) = the_call(app, &shop, &order.id);
    its_time_is_explained(app, &complaint);

    let one = Programs(vec![app]);
    one.go_on_to("2026-10-08T10:00");
    assert_eq!(inbox(app, "rep"), ["feedback_relayed", "complaint_received", "complaint_response_due"]);
    assert_eq!(inbox(app, "manager"), Vec::<String>::new());

    // The program is started anew. On PostgreSQL another one serves beside it from now on.
    let (second, third) = (app.with_settings(|_| {}), app.with_settings(|_| {}));
    let programs = Programs(if app.is_sqlite() { vec![&second] } else { vec![&second, &third] });
    it_escalates_twice(&programs, &complaint);

    let app = programs.any();
    it_is_made_good(app, &shop, &complaint);
    programs.go_on_to("2026-10-10T15:00");
    everything_tells_it(app, &shop, &complaint, &number);
    a_visit_is_to_be_paid(&programs);
    assert_eq!(app.check(), Vec::<String>::new());
}

/// The call is logged, with what was said; then the complaint, ten minutes later.
fn the_call(app: &TestApp, shop: &Shop, order: &str) -> (String, String) {
    let clerk = app.as_role(Role::Clerk);
    let contact = json!({"name": "王芳", "is_primary": true, "mobile": "+86 138 0013 8000"});
    let contact = clerk.post(&format!("/customers/{}/contacts", shop.customer), contact).expect(201).id();
    let call = json!({"customer_id": shop.customer, "kind": "call", "direction": "inbound", "contact_id": contact,
        "order_id": order, "summary": "Three boxes came damp", "feedback": [{"kind": "quality", "text": "Tea is damp"}]});
    clerk.post("/interactions", call).expect(201);
    assert_eq!(inbox(app, "rep"), ["feedback_relayed"]);

    app.core.clock.set(at("2026-09-30T16:00"));
    let complaint = json!({"customer_id": shop.customer, "contact_id": contact, "order_id": order, "category": "quality",
        "severity": "high", "channel": "phone", "subject": "Three boxes of tea are damp"});
    let complaint = clerk.post("/complaints", complaint).expect(201);
    assert_eq!(complaint.body["assignee_id"], app.person("rep").user.to_string());
    (complaint.id(), complaint.body["number"].as_str().expect("a number").to_owned())
}

/// Four hours of work: two of that Wednesday, two of the Thursday after the holidays.
fn its_time_is_explained(app: &TestApp, complaint: &str) {
    let told = app.as_role(Role::Clerk).get(&format!("/deadlines/{complaint}")).expect(200).body;
    let deadlines = told["data"].as_array().expect("a list");
    let response = deadlines.iter().find(|d| d["name"] == "response").expect("a response");
    assert_eq!(response["due_at"], at("2026-10-08T11:00").to_string());
    let resolution = deadlines.iter().find(|d| d["name"] == "resolution").expect("a resolution");
    // Forty hours: two, then the 8th, the 9th, Saturday the 10th, the 12th, and six of the 13th.
    assert_eq!(resolution["due_at"], at("2026-10-13T16:00").to_string());
}

fn it_escalates_twice(programs: &Programs, complaint: &str) {
    let app = programs.any();
    programs.go_on_to("2026-10-08T10:59");
    assert_eq!(inbox(app, "manager"), Vec::<String>::new());
    programs.go_on_to("2026-10-08T11:00");
    assert_eq!(inbox(app, "manager"), ["complaint_escalated"]);
    programs.go_on_to("2026-10-08T11:01");
    // The order's gross is at stake: 10 × 12.50 and 13 % tax.
    assert_eq!(to_do(app, "rep")[0], ("complaint_overdue".into(), json!("141.25")));
    // Two working days later: the 9th, and the Saturday.
    programs.go_on_to("2026-10-10T10:59");
    assert_eq!(inbox(app, "executive"), Vec::<String>::new());
    programs.go_on_to("2026-10-10T11:00");
    assert_eq!(inbox(app, "executive"), ["complaint_escalated"]);
    assert_eq!(inbox(app, "manager"), ["complaint_escalated"], "each rung is climbed once");
    let late = app.as_role(Role::Clerk).get(&format!("/complaints/{complaint}")).expect(200).body;
    assert_eq!((&late["escalation_level"], &late["response_missed"]), (&json!(2), &json!(true)));
}

/// The manager mediates; a credit above the limit is approved by an executive, three boxes are sent again.
fn it_is_made_good(app: &TestApp, shop: &Shop, complaint: &str) {
    let (clerk, manager) = (app.as_role(Role::Clerk), app.as_role(Role::Manager));
    step(&manager, complaint, "acknowledge", json!(null));
    step(&manager, complaint, "investigate", json!(null));
    let note = json!({"kind": "mediation", "text": "They would take new boxes and money back"});
    step(&manager, complaint, "notes", note);
    step(&manager, complaint, "propose", json!({"proposal": "Three new boxes, and 600 off"}));
    let remedies = format!("/complaints/{complaint}/remedies");
    let credit = json!({"kind": "credit", "amount": "600.00", "description": "Off the order"});
    let credit = clerk.post(&remedies, credit).expect(201);
    assert_eq!(credit.body["status"], "proposed");
    let goods = json!({"kind": "replacement", "amount": "24.00", "description": "Three boxes",
        "lines": [{"product_id": shop.tea, "quantity": "3"}]});
    clerk.post(&remedies, goods).expect(201);
    let approve = format!("{remedies}/{}/approve", credit.id());
    app.as_role(Role::Executive).post(&approve, json!({"reason": "A good customer"})).expect(200);
    app.core.clock.advance_seconds(3600);
    let resolution = json!({"root_cause": "transport", "resolution": "Replaced and credited"});
    step(&clerk, complaint, "resolve", resolution);
    step(&clerk, complaint, "close", json!({"satisfaction": 4, "satisfaction_note": "In the end"}));
    let granted = clerk.get(&format!("{remedies}?status=granted")).expect(200);
    assert_eq!(granted.rows().len(), 2);
    assert!(granted.rows().iter().any(|remedy| remedy["order_id"].is_string()), "a replacement is ordered");
}

/// What is to be heard of it, in its order.
const TALE: [&str; 12] = [
    "interaction.created",
    "complaint.received",
    "complaint.escalated",
    "complaint.escalated",
    "complaint.acknowledged",
    "complaint.investigated",
    "complaint_note.created",
    "complaint.proposed",
    "complaint_remedy.proposed",
    "complaint_remedy.granted",
    "complaint.resolved",
    "complaint.closed",
];

/// Whether these are told in this order, whatever else is told between them.
fn tells(told: &[String]) -> bool {
    let mut told = told.iter();
    TALE.iter().all(|event| told.any(|heard| heard == event))
}

fn everything_tells_it(app: &TestApp, shop: &Shop, complaint: &str, number: &str) {
    let clerk = app.as_role(Role::Clerk);
    let timeline = clerk.get(&format!("/customers/{}/timeline?sort=at&limit=200", shop.customer)).expect(200);
    assert!(tells(&field(&timeline, "event")), "{timeline}");
    let texts = field(&timeline, "text");
    assert!(
        texts.contains(&format!("Complaint {number} Three boxes of tea are damp: escalated")),
        "{texts:?}"
    );
    assert!(texts.iter().any(|text| text.starts_with("Order SO-2026-000002")), "the replacement: {texts:?}");

    let events = clerk.get("/events?limit=1000").expect(200);
    let heard = field(&events, "type");
    assert!(tells(&heard), "{heard:?}");
    assert_eq!(heard.iter().filter(|event| *event == "complaint.escalated").count(), 2);
    let versions: Vec<i64> = events
        .rows()
        .iter()
        .filter(|event| event["data"]["id"] == json!(complaint))
        .map(|event| event["data"]["version"].as_i64().expect("a version"))
        .collect();
    assert!(versions.is_sorted() && versions.len() >= 8, "{versions:?}");

    let audit = app.as_role(Role::Admin);
    let entries =
        audit.get(&format!("/audit-log?record_id={complaint}&sort=occurred_at&limit=200")).expect(200);
    let told = field(&entries, "event");
    assert_eq!(
        (told[0].as_str(), told.last().map(String::as_str)),
        ("complaint.received", Some("complaint.closed"))
    );
    assert_eq!(audit.get("/audit-log/verify").expect(200).body["intact"], json!(true));

    assert_eq!(inbox(app, "manager"), ["complaint_escalated", "remedy_to_approve"]);
    assert_eq!(inbox(app, "executive"), ["complaint_escalated"]);
    assert!(
        to_do(app, "rep").iter().all(|(reason, _)| !reason.starts_with("complaint")),
        "it is off the list"
    );
    let report = clerk.get("/reports/complaints?group_by=root_cause").expect(200).body;
    assert_eq!((&report["rows"][0]["key"], &report["complaints"]), (&json!("transport"), &json!(1)));
}

/// On the first working day two weeks later the policy wants a visit, and the worklist says so.
fn a_visit_is_to_be_paid(programs: &Programs) {
    programs.go_on_to("2026-10-26T09:00");
    let app = programs.any();
    let visits = app.as_role(Role::Clerk).get("/tasks?kind=return_visit").expect(200);
    assert_eq!(field(&visits, "subject"), ["Is everything well now?"], "one, whoever made it");
    let reasons: Vec<String> = to_do(app, "rep").into_iter().map(|(reason, _)| reason).collect();
    assert!(reasons.iter().any(|reason| reason.starts_with("task_")), "{reasons:?}");
}
