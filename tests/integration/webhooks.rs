//! Webhooks: who subscribes is told of every event at least once, under one id, signed, and of nothing that is not theirs;
//! whatever the receiver, the network and the program do.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Barrier, Condvar, Mutex};
use std::time::Duration;

use salesdesk::base::auth::Role;
use salesdesk::base::background;
use salesdesk::base::events::sequencer;
use salesdesk::webhooks::rules::LADDER;
use salesdesk::webhooks::{delivery, fan_out};
use serde_json::{Value, json};
use standardwebhooks::Webhook;

use testkit::judge::Judges;
use testkit::shop::Shop;
use testkit::support::{Client, NOW, Reply, TestApp, declared, located};

both_engines!(
    who_subscribes_is_told_what_happens_from_then_on,
    a_delivery_is_signed_as_the_standard_says_and_shaped_as_the_document_says,
    what_fails_is_tried_again_up_the_ladder_under_the_same_id,
    a_receiver_that_comes_back_gets_what_it_missed,
    why_an_attempt_failed_is_told,
    a_receiver_that_does_not_answer_has_failed,
    a_slow_receiver_does_not_hold_up_the_others,
    while_a_secret_is_rotated_both_sign,
    a_secret_is_told_once,
    a_receiver_that_is_gone_is_asked_no_more,
    five_days_without_success_disable_a_webhook_and_say_so,
    a_delivery_that_was_lost_with_its_program_comes_again_under_its_id,
    two_programs_send_each_delivery_once,
    what_another_program_has_by_now_is_not_withheld,
    a_webhook_tells_what_its_owner_may_see_at_that_moment,
    a_webhook_whose_owner_is_out_tells_nothing,
    a_machine_client_sees_its_own_webhooks_only,
    a_disabled_webhook_is_told_nothing_and_goes_on_when_enabled,
    events_are_told_once_more_from_a_time_or_a_cursor,
    a_failed_delivery_is_tried_again_by_hand,
    a_test_is_sent_at_once,
    deliveries_are_found_by_what_became_of_them,
    a_private_address_is_neither_taken_nor_asked,
    a_webhook_that_makes_no_sense_is_refused,
    nobody_has_too_many_webhooks,
    a_far_behind_webhook_is_told_of_everything,
    old_deliveries_and_those_of_a_deleted_webhook_are_cleared_away,
    the_queue_shows_in_the_figures,
);

// ---- a receiver --------------------------------------------------------------------------------------------------

/// What a receiver does with a request.
#[derive(Clone)]
enum Does {
    Take,
    Answers(u16, &'static str),
    /// Sends it to another receiver.
    Redirects(SocketAddr),
    /// Never answers.
    Hangs,
    HangsUp,
    /// Takes it when another receiver has heard so many.
    TakesAfter(Arc<State>, usize),
}

/// A request that came.
#[derive(Clone)]
struct Heard {
    headers: HashMap<String, String>,
    bytes: Vec<u8>,
    body: Value,
}

impl Heard {
    fn header(&self, name: &str) -> &str {
        self.headers.get(name).unwrap_or_else(|| panic!("no header {name}"))
    }
    fn id(&self) -> &str {
        self.header("webhook-id")
    }
    /// Whether it is signed with this secret, at this second.
    fn is_signed_with(&self, secret: &str, second: i64) -> bool {
        assert_eq!(self.header("webhook-timestamp"), second.to_string());
        let genuine = Webhook::new(secret).expect("a secret").sign(self.id(), second, &self.bytes);
        let genuine = genuine.expect("a signature");
        self.header("webhook-signature").split(' ').any(|signature| signature == genuine)
    }
}

#[derive(Default)]
struct State {
    heard: Mutex<Vec<Heard>>,
    more: Condvar,
    /// What it does with the next requests, and with all after these.
    next: Mutex<VecDeque<Does>>,
    usually: Mutex<Option<Does>>,
}

/// A web server that takes what is sent to it.
struct Receiver {
    address: SocketAddr,
    state: Arc<State>,
}

impl Receiver {
    fn start() -> Receiver {
        Receiver::on(TcpListener::bind("127.0.0.1:0").expect("a port"))
    }
    fn on(listener: TcpListener) -> Receiver {
        let address = listener.local_addr().expect("its address");
        let state = Arc::new(State::default());
        let shared = state.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let state = shared.clone();
                std::thread::spawn(move || state.serve(stream));
            }
        });
        Receiver { address, state }
    }
    fn url(&self) -> String {
        format!("http://{}/hook", self.address)
    }
    fn next(&self, does: &[Does]) {
        self.state.next.lock().expect("a script").extend(does.iter().cloned());
    }
    fn usually(&self, does: Does) {
        *self.state.usually.lock().expect("a habit") = Some(does);
    }
    fn heard(&self) -> Vec<Heard> {
        self.state.heard.lock().expect("what came").clone()
    }
    /// The ids of what came, without repeats.
    fn ids(&self) -> BTreeSet<String> {
        self.heard().iter().map(|heard| heard.id().to_owned()).collect()
    }
    /// The records that it was told of.
    fn records(&self) -> Vec<String> {
        self.heard().iter().map(|h| h.body["data"]["id"].as_str().expect("an id").to_owned()).collect()
    }
}

impl State {
    fn serve(&self, stream: TcpStream) {
        let Ok(mut writer) = stream.try_clone() else { return };
        let mut reader = BufReader::new(stream);
        let Some(heard) = read_request(&mut reader) else { return };
        self.heard.lock().expect("what came").push(heard);
        self.more.notify_all();
        let next = self.next.lock().expect("a script").pop_front();
        let does = next.or_else(|| self.usually.lock().expect("a habit").clone()).unwrap_or(Does::Take);
        let (status, header, body) = match does {
            Does::Take => (204, String::new(), ""),
            Does::Answers(status, body) => (status, String::new(), body),
            Does::Redirects(to) => (307, format!("location: http://{to}/hook\r\n"), ""),
            // Until the other side has had enough.
            Does::Hangs => return drop(reader.read(&mut [0])),
            Does::HangsUp => return,
            Does::TakesAfter(other, count) => {
                let heard = other.heard.lock().expect("what came");
                let enough = |heard: &mut Vec<Heard>| heard.len() < count;
                drop(other.more.wait_timeout_while(heard, Duration::from_secs(110), enough));
                (204, String::new(), "")
            }
        };
        let answer = format!("HTTP/1.1 {status} X\r\n{header}content-length: {}\r\n\r\n{body}", body.len());
        let _ = writer.write_all(answer.as_bytes());
    }
}

fn read_request(reader: &mut impl BufRead) -> Option<Heard> {
    let mut headers = HashMap::new();
    let mut line = String::new();
    reader.read_line(&mut line).ok().filter(|n| *n > 0)?;
    assert_eq!(line, "POST /hook HTTP/1.1\r\n");
    loop {
        line.clear();
        reader.read_line(&mut line).ok().filter(|n| *n > 0)?;
        match line.trim_end().split_once(": ") {
            Some((name, value)) => headers.insert(name.to_lowercase(), value.to_owned()),
            None => break,
        };
    }
    let mut bytes = vec![0; headers.get("content-length")?.parse().ok()?];
    reader.read_exact(&mut bytes).ok()?;
    Some(Heard { headers, body: serde_json::from_slice(&bytes).expect("JSON"), bytes })
}

// ---- helpers -----------------------------------------------------------------------------------------------------

/// The product as it sends to this machine, too.
fn sending(app: &TestApp) -> TestApp {
    app.with_settings(|web| web.webhooks.allow_private = true)
}

/// The same, with little patience for a receiver.
fn impatient(app: &TestApp) -> TestApp {
    app.with_settings(|web| {
        web.webhooks.allow_private = true;
        web.webhooks.timeout = Duration::from_millis(400);
    })
}

/// A webhook for new customers, with its secret.
fn subscribe(client: &Client, receiver: &Receiver) -> (String, String) {
    subscribe_to(client, receiver, &["customer.created"])
}

fn subscribe_to(client: &Client, receiver: &Receiver, types: &[&str]) -> (String, String) {
    let made = client.post("/webhooks", json!({"url": receiver.url(), "event_types": types})).expect(201);
    (made.id(), text(&made, "secret"))
}

fn text(reply: &Reply, field: &str) -> String {
    reply.body[field].as_str().unwrap_or_else(|| panic!("no {field}: {reply}")).to_owned()
}

fn customer(app: &TestApp, name: &str) -> String {
    app.all_powerful()
        .post("/customers?allow_duplicate=true&duplicate_reason=test", json!({"name": name}))
        .expect(201)
        .id()
}

/// The webhook's deliveries, the newest first.
fn deliveries(app: &TestApp, webhook: &str) -> Vec<Value> {
    let path = format!("/webhooks/{webhook}/deliveries?limit=200");
    app.all_powerful().get(&path).expect(200).rows().to_vec()
}

/// What became of the only delivery.
fn only_delivery(app: &TestApp, webhook: &str) -> Reply {
    let [delivery] = &deliveries(app, webhook)[..] else { panic!("one delivery") };
    let id = delivery["id"].as_str().expect("an id");
    app.all_powerful().get(&format!("/webhook-deliveries/{id}")).expect(200)
}

fn webhook(app: &TestApp, id: &str) -> Reply {
    app.all_powerful().get(&format!("/webhooks/{id}")).expect(200)
}

/// Past the next retry at this step of the ladder.
fn climb(app: &TestApp, step: usize) {
    app.core.clock.advance_seconds(LADDER[step] + LADDER[step] / 10 + 1);
    app.run_background();
}

/// A machine client's id, and itself.
fn machine<'a>(app: &'a TestApp, over: Value) -> (String, Client<'a>) {
    let mut form = json!({"name": "ERP", "scopes": ["customers:read", "orders:read", "webhooks:read", "webhooks:write"]});
    form.as_object_mut().expect("fields").extend(over.as_object().expect("fields").clone());
    let made = app.as_role(Role::Admin).post("/clients", form).expect(201);
    let (id, secret) = (made.id(), text(&made, "client_secret"));
    let fields = [("grant_type", "client_credentials"), ("client_id", &id), ("client_secret", &secret)];
    let token = app.anyone().form("/oauth/token", &fields).expect(200);
    (id, app.bearer(&text(&token, "access_token")))
}

// ---- telling -----------------------------------------------------------------------------------------------------

fn who_subscribes_is_told_what_happens_from_then_on(app: &TestApp) {
    let app = sending(app);
    let receiver = Receiver::start();
    customer(&app, "Before");
    app.run_background();
    let (id, _) = subscribe(&app.as_role(Role::Admin), &receiver);
    let told = [customer(&app, "First"), customer(&app, "Second")];
    app.all_powerful().post("/regions", json!({"code": "N", "name": "North"})).expect(201);
    app.run_background();
    app.run_background();
    assert_eq!(BTreeSet::from(told), receiver.records().into_iter().collect());
    assert_eq!((receiver.heard().len(), receiver.ids().len()), (2, 2));
    let listed = deliveries(&app, &id);
    assert!(listed.iter().all(|d| d["status"] == "succeeded" && d["attempts"] == 1), "{listed:?}");
    let ids: BTreeSet<String> = listed.iter().map(|d| d["id"].as_str().expect("an id").to_owned()).collect();
    assert_eq!(ids, receiver.ids());
    assert_eq!(webhook(&app, &id).body["last_success_at"], json!(NOW));
}

fn a_delivery_is_signed_as_the_standard_says_and_shaped_as_the_document_says(app: &TestApp) {
    let app = sending(app);
    let receiver = Receiver::start();
    let (_, secret) = subscribe_to(&app.as_role(Role::Admin), &receiver, &[]);
    let id = customer(&app, "广州天河贸易");
    app.run_background();
    let heard = receiver.heard();
    let heard = heard.iter().find(|h| h.body["type"] == "customer.created").expect("told");
    assert!(heard.is_signed_with(&secret, NOW.seconds()));
    assert!(!heard.is_signed_with("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", NOW.seconds()));
    assert_eq!(heard.header("content-type"), "application/json");
    assert!(heard.header("user-agent").starts_with("Salesdesk/"));
    assert!(
        heard.id().starts_with("msg_") && heard.body["id"].as_str().is_some_and(|id| id.starts_with("evt_"))
    );
    let event = app.all_powerful().get("/events?types=customer.created").expect(200).rows()[0].clone();
    assert_eq!(heard.body["data"]["id"], json!(id));
    for (here, there) in [("type", "type"), ("timestamp", "occurred_at"), ("id", "id"), ("data", "data")] {
        assert_eq!(heard.body[here], event[there], "{here}");
    }
    assert_eq!((&heard.body["sequence"], &heard.body["actor"]), (&event["sequence"], &event["actor"]));
    // Every type that there is, and this one is what the document says. All kinds of records share one body.
    let document = &declared().0["webhooks"];
    let faults = |content: &Value, body: &Value| Judges::of(&content["schema"]).faults(body);
    let item = |name: &str| &located(&document[name])["post"];
    let content = |name: &str| &located(&item(name)["requestBody"])["content"]["application/json"];
    assert_eq!(faults(content("customer.created"), &heard.body), [""; 0]);
    let types: Vec<String> = app.core.declared.event_types().chain(["webhook.test".to_owned()]).collect();
    for name in &types {
        assert_eq!(faults(content(name), &content(name)["example"]), [""; 0], "{name}");
        let shown = content(name)["example"]["type"].as_str().expect("a type");
        assert!(types.iter().any(|known| known == shown), "{shown} is no type");
        let about = item(name)["description"].as_str().expect("a description");
        assert!(about.contains(&format!("`{name}`")) || shown == name, "{name} is not described");
    }
}

// ---- what goes wrong ---------------------------------------------------------------------------------------------

fn what_fails_is_tried_again_up_the_ladder_under_the_same_id(app: &TestApp) {
    let app = sending(app);
    let receiver = Receiver::start();
    receiver.usually(Does::Answers(503, "later"));
    let (id, secret) = subscribe(&app.as_role(Role::Admin), &receiver);
    customer(&app, "First");
    app.run_background();
    for (step, seconds) in LADDER.iter().enumerate() {
        assert_eq!(receiver.heard().len(), step + 1);
        app.core.clock.advance_seconds(seconds - 1);
        app.run_background();
        assert_eq!(receiver.heard().len(), step + 1, "not before its time");
        app.core.clock.advance_seconds(seconds / 10 + 2);
        app.run_background();
        let now = app.core.clock.now().seconds();
        assert!(receiver.heard().last().is_some_and(|heard| heard.is_signed_with(&secret, now)));
    }
    assert_eq!((receiver.heard().len(), receiver.ids().len()), (10, 1));
    app.core.clock.advance_seconds(10 * 24 * 3600);
    app.run_background();
    assert_eq!(receiver.heard().len(), 10);
    let ended = only_delivery(&app, &id);
    assert_eq!((&ended.body["status"], &ended.body["attempts"]), (&json!("failed"), &json!(10)));
    assert_eq!(ended.body["next_attempt_at"], Value::Null);
    let log = ended.body["log"].as_array().expect("attempts");
    assert_eq!(
        log.iter().map(|a| a["number"].as_i64()).collect::<Vec<_>>(),
        (1..=10).rev().map(Some).collect::<Vec<_>>()
    );
    assert!(log.iter().all(|a| a["status_code"] == 503 && a["error"] == "status" && a["answer"] == "later"));
}

fn a_receiver_that_comes_back_gets_what_it_missed(app: &TestApp) {
    let app = sending(app);
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("its address");
    drop(listener);
    let url = format!("http://{address}/hook");
    let admin = app.as_role(Role::Admin);
    let id =
        admin.post("/webhooks", json!({"url": url, "event_types": ["customer.created"]})).expect(201).id();
    let told = customer(&app, "First");
    app.run_background();
    let missed = only_delivery(&app, &id);
    assert_eq!(
        (&missed.body["status"], &missed.body["last_error"]),
        (&json!("pending"), &json!("not_connected"))
    );
    assert_eq!(webhook(&app, &id).body["failing_since"], json!(NOW));
    let receiver = Receiver::on(TcpListener::bind(address).expect("the same port"));
    climb(&app, 0);
    assert_eq!(receiver.records(), [told]);
    let done = only_delivery(&app, &id);
    assert_eq!((&done.body["status"], &done.body["last_error"]), (&json!("succeeded"), &Value::Null));
    assert_eq!(webhook(&app, &id).body["failing_since"], Value::Null);
}

fn why_an_attempt_failed_is_told(app: &TestApp) {
    let app = sending(app);
    let (receiver, elsewhere) = (Receiver::start(), Receiver::start());
    receiver.next(&[
        Does::Redirects(elsewhere.address),
        Does::HangsUp,
        Does::Answers(400, "<b>\u{1b}[31mno</b>"),
        Does::Answers(200, ""),
    ]);
    let (id, _) = subscribe(&app.as_role(Role::Admin), &receiver);
    customer(&app, "First");
    app.run_background();
    (0..3).for_each(|step| climb(&app, step));
    let delivery = only_delivery(&app, &id);
    let log = delivery.body["log"].as_array().expect("attempts");
    let told: Vec<_> = log.iter().rev().map(|a| json!([a["status_code"], a["error"], a["answer"]])).collect();
    let expected = json!([
        [307, "redirect", null],
        [null, "connection_broken", null],
        [400, "status", "<b>[31mno</b>"],
        [200, null, null],
    ]);
    assert_eq!(json!(told), expected);
    assert!(elsewhere.heard().is_empty(), "a redirect is not followed");
    assert_eq!(delivery.body["status"], "succeeded");
}

fn a_receiver_that_does_not_answer_has_failed(app: &TestApp) {
    let app = impatient(app);
    let receiver = Receiver::start();
    receiver.next(&[Does::Hangs]);
    let (id, _) = subscribe(&app.as_role(Role::Admin), &receiver);
    customer(&app, "First");
    app.run_background();
    assert_eq!(only_delivery(&app, &id).body["last_error"], "timeout");
    climb(&app, 0);
    assert_eq!(only_delivery(&app, &id).body["status"], "succeeded");
    assert_eq!((receiver.heard().len(), receiver.ids().len()), (2, 1));
}

fn a_slow_receiver_does_not_hold_up_the_others(app: &TestApp) {
    let app = app.with_settings(|web| {
        web.webhooks.allow_private = true;
        web.webhooks.timeout = Duration::from_secs(120);
    });
    let (slow, quick) = (Receiver::start(), Receiver::start());
    let (first, _) = subscribe(&app.as_role(Role::Admin), &slow);
    subscribe(&app.as_role(Role::Admin), &quick);
    // It answers only when the other one has heard everything; were the other one held up, it would never.
    slow.usually(Does::TakesAfter(quick.state.clone(), 20));
    (0..20).for_each(|n| drop(customer(&app, &format!("Customer {n}"))));
    app.run_background();
    assert_eq!((slow.ids().len(), quick.ids().len()), (20, 20));
    assert!(deliveries(&app, &first).iter().all(|d| d["status"] == "succeeded" && d["attempts"] == 1));
}

// ---- secrets -----------------------------------------------------------------------------------------------------

fn while_a_secret_is_rotated_both_sign(app: &TestApp) {
    let app = sending(app);
    let receiver = Receiver::start();
    let admin = app.as_role(Role::Admin);
    let (id, old) = subscribe(&admin, &receiver);
    let rotated = admin.post(&format!("/webhooks/{id}/rotate-secret"), json!({})).expect(200);
    let new = text(&rotated, "secret");
    assert_eq!(rotated.body["previous_secret_until"], json!(NOW.plus_seconds(24 * 3600)));
    let signs = |secret: &str| {
        customer(&app, "Another");
        app.run_background();
        receiver.heard().last().expect("told").is_signed_with(secret, app.core.clock.now().seconds())
    };
    assert!(signs(&new) && signs(&old));
    assert_eq!(receiver.heard()[0].header("webhook-signature").split(' ').count(), 2);
    app.core.clock.advance_seconds(24 * 3600);
    assert!(signs(&new) && !signs(&old), "the overlap is over");
    // One that others may have ends at once.
    let rotated =
        app.as_role(Role::Admin).post(&format!("/webhooks/{id}/rotate-secret"), json!({"overlap_hours": 0}));
    let newest = text(&rotated.expect(200), "secret");
    assert!(signs(&newest) && !signs(&new));
}

fn a_secret_is_told_once(app: &TestApp) {
    let app = sending(app);
    let receiver = Receiver::start();
    let keyed = app.as_role(Role::Admin).with("idempotency-key", "a webhook");
    let body = json!({"url": receiver.url()});
    let made = keyed.post("/webhooks", body.clone()).expect(201);
    let secret = text(&made, "secret");
    assert_eq!(made.header("cache-control"), Some("no-store"));
    assert!(secret.starts_with("whsec_") && secret.len() == 50, "{secret}");
    let again = keyed.post("/webhooks", body).expect(201);
    assert_eq!((again.header("idempotent-replayed"), &again.body["secret"]), (Some("true"), &Value::Null));
    let admin = app.as_role(Role::Admin);
    admin.post(&format!("/webhooks/{}/rotate-secret", made.id()), json!({})).expect(200);
    for path in [
        format!("/webhooks/{}", made.id()),
        format!("/webhooks/{}/history", made.id()),
        "/webhooks".into(),
        "/events".into(),
    ] {
        let told = String::from_utf8(admin.get(&path).expect(200).bytes).expect("a text");
        assert!(
            !told.contains("whsec_") && !told.contains(&secret[6..]) && !told.contains("sealed"),
            "{told}"
        );
    }
    // A webhook that is declared by external id has one that nobody knows.
    let declared =
        admin.put("/webhooks/by-external-id/sap/hook-1", json!({"url": receiver.url()})).expect(201);
    assert_eq!(declared.body.get("secret"), None);
}

// ---- the end of a webhook ----------------------------------------------------------------------------------------

fn a_receiver_that_is_gone_is_asked_no_more(app: &TestApp) {
    let app = sending(app);
    let receiver = Receiver::start();
    receiver.next(&[Does::Answers(410, "gone")]);
    let (id, _) = subscribe(&app.as_role(Role::Admin), &receiver);
    customer(&app, "First");
    app.run_background();
    let gone = webhook(&app, &id);
    assert_eq!((&gone.body["status"], &gone.body["disabled_reason"]), (&json!("disabled"), &json!("gone")));
    assert_eq!(only_delivery(&app, &id).body["status"], "failed");
    customer(&app, "Second");
    climb(&app, 8);
    assert_eq!(receiver.heard().len(), 1);
}

fn five_days_without_success_disable_a_webhook_and_say_so(app: &TestApp) {
    let app = sending(app);
    let (receiver, listener) = (Receiver::start(), Receiver::start());
    receiver.usually(Does::Answers(500, ""));
    subscribe_to(&app.as_role(Role::Admin), &listener, &["webhook.disabled"]);
    let (id, _) = subscribe(&app.as_role(Role::Admin), &receiver);
    customer(&app, "First");
    app.run_background();
    app.core.clock.advance_seconds(5 * 24 * 3600 - 1);
    customer(&app, "Second");
    app.run_background();
    assert_eq!(webhook(&app, &id).body["status"], "active");
    app.core.clock.advance_seconds(1);
    customer(&app, "Third");
    app.run_background();
    let ended = webhook(&app, &id);
    assert_eq!(
        (&ended.body["status"], &ended.body["disabled_reason"]),
        (&json!("disabled"), &json!("failing"))
    );
    let history = app.all_powerful().get(&format!("/webhooks/{id}/history")).expect(200);
    assert!(history.rows().last().is_some_and(|e| e["reason"] == "nothing could be delivered for five days"));
    // It is an event as any other.
    assert_eq!(listener.records(), [id]);
}

fn a_webhook_whose_owner_is_out_tells_nothing(app: &TestApp) {
    let app = sending(app);
    let receiver = Receiver::start();
    let (client, erp) = machine(&app, json!({}));
    let (id, _) = subscribe(&erp, &receiver);
    receiver.next(&[Does::Answers(500, "")]);
    customer(&app, "First");
    app.run_background();
    let suspend = format!("/clients/{client}/suspend");
    app.as_role(Role::Admin).post(&suspend, json!({"reason": "Stolen"})).expect(200);
    // Neither what waits nor what is new.
    climb(&app, 0);
    customer(&app, "Second");
    app.run_background();
    assert_eq!(receiver.heard().len(), 1);
    let out = webhook(&app, &id);
    assert_eq!(
        (&out.body["status"], &out.body["disabled_reason"]),
        (&json!("disabled"), &json!("owner_gone"))
    );
}

// ---- crashes and several programs --------------------------------------------------------------------------------

fn a_delivery_that_was_lost_with_its_program_comes_again_under_its_id(app: &TestApp) {
    let app = sending(app);
    let receiver = Receiver::start();
    let (id, _) = subscribe(&app.as_role(Role::Admin), &receiver);
    customer(&app, "First");
    // A program that was killed after it took the delivery and before it wrote down what came of it.
    let killed = app.shared();
    sequencer::turn(&killed).expect("numbered");
    while fan_out::turn(&killed).expect("written") {}
    let taken = delivery::lease(&app.core, vec![(id.parse().expect("an id"), 8)]).expect("leased");
    assert_eq!(taken.len(), 1);
    app.core.clock.advance_seconds(29);
    app.run_background();
    assert_eq!(receiver.heard().len(), 0, "it may still be sent");
    app.core.clock.advance_seconds(1);
    app.run_background();
    assert_eq!(receiver.ids(), BTreeSet::from([taken[0].id.to_string()]));
    assert_eq!(only_delivery(&app, &id).body["status"], "succeeded");
}

fn two_programs_send_each_delivery_once(app: &TestApp) {
    let (one, other) = (sending(app), sending(app));
    let receiver = Receiver::start();
    let (id, _) = subscribe(&one.as_role(Role::Admin), &receiver);
    let told: BTreeSet<String> = (0..60).map(|n| customer(&one, &format!("Customer {n}"))).collect();
    let begin = Barrier::new(2);
    std::thread::scope(|scope| {
        for program in [one.shared(), other.shared()] {
            let begin = &begin;
            scope.spawn(move || {
                begin.wait();
                background::run_until_idle(&program).expect("the tasks run");
            });
        }
    });
    one.run_background();
    assert_eq!(receiver.records().into_iter().collect::<BTreeSet<_>>(), told);
    assert_eq!((receiver.heard().len(), receiver.ids().len()), (60, 60), "each once, under an id of its own");
    assert!(deliveries(&one, &id).iter().all(|d| d["status"] == "succeeded" && d["attempts"] == 1));
}

fn what_another_program_has_by_now_is_not_withheld(app: &TestApp) {
    let app = sending(app);
    let receiver = Receiver::start();
    let (id, _) = subscribe(&app.as_role(Role::Admin), &receiver);
    customer(&app, "First");
    let program = app.shared();
    sequencer::turn(&program).expect("numbered");
    while fan_out::turn(&program).expect("written") {}
    let take = || delivery::lease(&app.core, vec![(id.parse().expect("an id"), 8)]).expect("leased");
    let slow = take();
    app.core.clock.advance_seconds(30);
    let other = take();
    assert_eq!((slow.len(), other.len()), (1, 1));
    delivery::withhold(&app.core, slow).expect("written");
    assert_eq!(only_delivery(&app, &id).body["status"], "pending");
    delivery::withhold(&app.core, other).expect("written");
    assert_eq!(only_delivery(&app, &id).body["status"], "withheld");
}

// ---- who is told what --------------------------------------------------------------------------------------------

fn a_webhook_tells_what_its_owner_may_see_at_that_moment(app: &TestApp) {
    let app = sending(app);
    let shop = Shop::open(&app);
    let others = shop.customer_of("rep2", "Shenzhen Nanshan Trading");
    let receiver = Receiver::start();
    let (client, erp) = machine(&app, json!({"customer_ids": [shop.customer]}));
    let (id, _) = subscribe_to(&erp, &receiver, &["order.created"]);
    let order = |customer: &str| {
        let lines = json!([{"product_id": shop.tea, "quantity": "1"}]);
        app.all_powerful().post("/orders", json!({"customer_id": customer, "lines": lines})).expect(201).id()
    };
    let (seen, _) = (order(&shop.customer), order(&others));
    app.run_background();
    assert_eq!(receiver.records(), [seen.as_str()]);
    // What was to be told is not, when it is not theirs to see any more.
    receiver.next(&[Does::Answers(500, "")]);
    order(&shop.customer);
    app.run_background();
    assert_eq!(receiver.heard().len(), 2);
    let admin = app.as_role(Role::Admin);
    let path = format!("/clients/{client}");
    admin.patch(&path, &admin.get(&path).expect(200).etag(), json!({"customer_ids": [others]})).expect(200);
    climb(&app, 0);
    assert_eq!(receiver.heard().len(), 2);
    assert_eq!(deliveries(&app, &id)[0]["status"], "withheld");
    let theirs = order(&others);
    app.run_background();
    assert_eq!(receiver.records().last(), Some(&theirs));
}

fn a_machine_client_sees_its_own_webhooks_only(app: &TestApp) {
    let app = sending(app);
    let receiver = Receiver::start();
    let (one, other) = (machine(&app, json!({})).1, machine(&app, json!({})).1);
    let (id, _) = subscribe(&one, &receiver);
    let (admins, _) = subscribe(&app.as_role(Role::Admin), &receiver);
    for hidden in [&id, &admins] {
        other.get(&format!("/webhooks/{hidden}")).refused(404, "not_found");
        other.get(&format!("/webhooks/{hidden}/deliveries")).refused(404, "not_found");
        other.post(&format!("/webhooks/{hidden}/rotate-secret"), json!({})).refused(404, "not_found");
        other
            .patch(&format!("/webhooks/{hidden}"), "\"1\"", json!({"url": receiver.url()}))
            .refused(404, "not_found");
    }
    customer(&app, "First");
    app.run_background();
    let delivery = only_delivery(&app, &id).id();
    one.get(&format!("/webhook-deliveries/{delivery}")).expect(200);
    other.get(&format!("/webhook-deliveries/{delivery}")).refused(404, "not_found");
    other.post(&format!("/webhook-deliveries/{delivery}/retry"), json!({})).refused(404, "not_found");
    assert_eq!((one.get("/webhooks").rows().len(), other.get("/webhooks").rows().len()), (1, 0));
    assert_eq!(app.as_role(Role::Admin).get("/webhooks").rows().len(), 2);
    app.as_role(Role::Rep).get("/webhooks").refused(403, "forbidden");
}

// ---- by hand -----------------------------------------------------------------------------------------------------

fn a_disabled_webhook_is_told_nothing_and_goes_on_when_enabled(app: &TestApp) {
    let app = sending(app);
    let receiver = Receiver::start();
    let admin = app.as_role(Role::Admin);
    let (id, _) = subscribe(&admin, &receiver);
    let step = |name: &str| admin.post(&format!("/webhooks/{id}/{name}"), json!({}));
    step("enable").refused(409, "invalid_transition");
    let off = step("disable").expect(200);
    assert_eq!(
        (&off.body["disabled_reason"], &off.body["allowed_actions"]),
        (&json!("requested"), &json!(["enable", "rotate_secret"]))
    );
    step("test").refused(409, "invalid_transition");
    customer(&app, "Meanwhile");
    app.run_background();
    step("enable").expect(200);
    let told = customer(&app, "Afterwards");
    app.run_background();
    assert_eq!(receiver.records(), [told]);
}

fn events_are_told_once_more_from_a_time_or_a_cursor(app: &TestApp) {
    let app = sending(app);
    let receiver = Receiver::start();
    let (id, _) = subscribe(&app.as_role(Role::Admin), &receiver);
    customer(&app, "First");
    app.run_background();
    let cursor = text(&app.all_powerful().get("/events?after=latest").expect(200), "next_cursor");
    app.core.clock.advance_seconds(3600);
    let second = customer(&app, "Second");
    app.run_background();
    let replay = |body: Value| app.as_role(Role::Admin).post(&format!("/webhooks/{id}/replay"), body);
    replay(json!({"since": NOW.plus_seconds(60)})).expect(200);
    app.run_background();
    replay(json!({"after": cursor})).expect(200);
    app.run_background();
    assert_eq!(receiver.records()[1..], [second.clone(), second.clone(), second]);
    assert_eq!(receiver.ids().len(), 4, "each time under a new id");
    replay(json!({"since": NOW})).expect(200);
    app.run_background();
    assert_eq!(receiver.heard().len(), 6);
    // Nothing happened since.
    replay(json!({"since": app.core.clock.now().plus_seconds(60)})).expect(200);
    app.run_background();
    assert_eq!(receiver.heard().len(), 6);
    for neither in [json!({}), json!({"since": NOW, "after": cursor})] {
        replay(neither).refused(422, "validation_failed");
    }
    assert_eq!(replay(json!({"after": "x"})).refused(422, "validation_failed").places(), ["/after"]);
    replay(json!({"since": NOW.plus_seconds(-91 * 24 * 3600)})).refused(410, "cursor_expired");
}

fn a_failed_delivery_is_tried_again_by_hand(app: &TestApp) {
    let app = sending(app);
    let receiver = Receiver::start();
    receiver.next(&[Does::Answers(500, ""), Does::Answers(500, "")]);
    let admin = app.as_role(Role::Admin);
    let (id, _) = subscribe(&admin, &receiver);
    customer(&app, "First");
    app.run_background();
    let delivery = only_delivery(&app, &id).id();
    let retry = || admin.post(&format!("/webhook-deliveries/{delivery}/retry"), json!({}));
    let again = retry().expect(200);
    assert_eq!((&again.body["status"], &again.body["next_attempt_at"]), (&json!("pending"), &json!(NOW)));
    app.run_background();
    admin.post(&format!("/webhooks/{id}/disable"), json!({})).expect(200);
    retry().refused(409, "webhook_disabled");
    admin.post(&format!("/webhooks/{id}/enable"), json!({})).expect(200);
    retry().expect(200);
    app.run_background();
    assert_eq!((receiver.heard().len(), receiver.ids().len()), (3, 1));
    retry().refused(409, "invalid_transition");
}

fn a_test_is_sent_at_once(app: &TestApp) {
    let app = sending(app);
    let receiver = Receiver::start();
    let admin = app.as_role(Role::Admin);
    let (id, secret) = subscribe(&admin, &receiver);
    let sent = admin.post(&format!("/webhooks/{id}/test"), json!({})).expect(200);
    app.run_background();
    let heard = receiver.heard();
    assert_eq!((heard.len(), heard[0].id()), (1, sent.id().as_str()));
    assert!(heard[0].is_signed_with(&secret, NOW.seconds()));
    assert_eq!((&heard[0].body["type"], &heard[0].body["data"]["id"]), (&json!("webhook.test"), &json!(id)));
    let done = admin.get(&format!("/webhook-deliveries/{}", sent.id())).expect(200);
    assert_eq!((&done.body["status"], &done.body["event_id"]), (&json!("succeeded"), &Value::Null));
}

fn deliveries_are_found_by_what_became_of_them(app: &TestApp) {
    let app = sending(app);
    let receiver = Receiver::start();
    receiver.next(&[Does::Answers(500, "")]);
    let admin = app.as_role(Role::Admin);
    let (id, _) = subscribe(&admin, &receiver);
    admin.post(&format!("/webhooks/{id}/test"), json!({})).expect(200);
    app.run_background();
    app.core.clock.advance_seconds(3);
    customer(&app, "First");
    app.run_background();
    let found = |filter: &str| {
        let page = app.as_role(Role::Admin).get(&format!("/webhooks/{id}/deliveries?{filter}")).expect(200);
        page.rows().iter().map(|d| d["event_type"].as_str().expect("a type").to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(found(""), ["customer.created", "webhook.test"]);
    assert_eq!(found("status=pending"), ["webhook.test"]);
    assert_eq!(found("status=succeeded,failed"), ["customer.created"]);
    assert_eq!(found("event_type=webhook.test"), ["webhook.test"]);
    assert_eq!(found(&format!("created_at_to={NOW}")), ["webhook.test"]);
    assert_eq!(found(&format!("created_at_from={}", NOW.plus_seconds(1))), ["customer.created"]);
}

// ---- what is refused ---------------------------------------------------------------------------------------------

fn a_private_address_is_neither_taken_nor_asked(app: &TestApp) {
    let open = sending(app);
    let receiver = Receiver::start();
    let admin = open.as_role(Role::Admin);
    let (literal, _) = subscribe(&admin, &receiver);
    let named = format!("http://this-machine.test:{}/hook", receiver.address.port());
    let named = admin.post("/webhooks", json!({"url": named})).expect(201).id();
    customer(&open, "First");
    open.run_background();
    assert!(receiver.heard().len() >= 2, "both lead here");
    // The same, where it is not allowed: a name is refused when it is looked up.
    let before = receiver.heard().len();
    let secured = format!("https://this-machine.test:{}/hook", receiver.address.port());
    let path = format!("/webhooks/{named}");
    admin.patch(&path, &admin.get(&path).expect(200).etag(), json!({"url": secured})).expect(200);
    customer(app, "Second");
    app.run_background();
    assert_eq!(receiver.heard().len(), before);
    for id in [&literal, &named] {
        assert!(deliveries(app, id).iter().any(|d| d["last_error"] == "address_not_allowed"));
    }
    for (url, code) in [
        ("https://127.0.0.1/hook", "address_not_allowed"),
        ("https://[::1]/hook", "address_not_allowed"),
        ("https://169.254.169.254/latest/meta-data", "address_not_allowed"),
        ("https://[::ffff:10.0.0.1]/hook", "address_not_allowed"),
        ("https://localhost/hook", "address_not_allowed"),
        ("https://100.64.0.1/hook", "address_not_allowed"),
        ("http://erp.example.com/hook", "not_https"),
    ] {
        let refused = app.as_role(Role::Admin).post("/webhooks", json!({"url": url}));
        let refused = refused.refused(422, "validation_failed");
        assert_eq!(
            (&refused.body["errors"][0]["pointer"], &refused.body["errors"][0]["code"]),
            (&json!("/url"), &json!(code))
        );
    }
}

fn a_webhook_that_makes_no_sense_is_refused(app: &TestApp) {
    let admin = app.as_role(Role::Admin);
    let body = json!({"url": "https://me:pw@erp.example.com/", "event_types": ["order.*", "orders.created", "order.*", "*"]});
    let refused = admin.post("/webhooks", body).refused(422, "validation_failed");
    assert_eq!(refused.places(), ["/url", "/event_types/1", "/event_types/2", "/event_types/3"]);
    admin
        .post("/webhooks", json!({"url": format!("https://e.com/{}", "x".repeat(2000))}))
        .refused(422, "validation_failed");
}

fn nobody_has_too_many_webhooks(app: &TestApp) {
    let admin = app.as_role(Role::Admin);
    let body = json!({"url": "https://erp.example.com/hook"});
    (0..100).for_each(|_| drop(admin.post("/webhooks", body.clone()).expect(201)));
    admin.post("/webhooks", body.clone()).refused(409, "too_many_webhooks");
    machine(app, json!({})).1.post("/webhooks", body).expect(201);
}

// ---- quantities --------------------------------------------------------------------------------------------------

fn a_far_behind_webhook_is_told_of_everything(app: &TestApp) {
    let app = sending(app);
    let receiver = Receiver::start();
    let operations: Vec<Value> = (0..200)
        .map(|n| json!({"method": "POST", "path": "/customers?allow_duplicate=true&duplicate_reason=test", "body": {"name": format!("Customer {n}")}}))
        .collect();
    let body = json!({"mode": "atomic", "operations": operations});
    (0..3).for_each(|_| drop(app.all_powerful().post("/batch", body.clone()).expect(200)));
    let (id, _) = subscribe(&app.as_role(Role::Admin), &receiver);
    app.run_background();
    let before = receiver.heard().len();
    let path = format!("/webhooks/{id}/replay");
    app.as_role(Role::Admin).post(&path, json!({"since": NOW})).expect(200);
    app.run_background();
    assert_eq!(receiver.heard().len() - before, 600);
    assert_eq!(receiver.records()[before..].iter().collect::<BTreeSet<_>>().len(), 600);
}

fn old_deliveries_and_those_of_a_deleted_webhook_are_cleared_away(app: &TestApp) {
    let app = sending(app);
    let (receiver, other) = (Receiver::start(), Receiver::start());
    let (id, _) = subscribe(&app.as_role(Role::Admin), &receiver);
    customer(&app, "First");
    app.run_background();
    let count = |app: &TestApp, table: &str| {
        let counts = app.row_counts();
        counts.iter().find(|(name, _)| name == table).map(|(_, count)| *count).expect("a table")
    };
    app.core.clock.advance_seconds(30 * 24 * 3600 - 60);
    app.run_background();
    assert_eq!((count(&app, "webhook_deliveries"), count(&app, "webhook_attempts")), (1, 1));
    app.core.clock.advance_seconds(60);
    app.run_background();
    assert_eq!((count(&app, "webhook_deliveries"), count(&app, "webhook_attempts")), (0, 0));
    // Whatever became of them, those of a webhook that is not there any more go at once.
    app.core.clock.set(NOW);
    other.usually(Does::Answers(500, ""));
    let (gone, _) = subscribe(&app.as_role(Role::Admin), &other);
    customer(&app, "Second");
    app.run_background();
    let admin = app.as_role(Role::Admin);
    let path = format!("/webhooks/{gone}");
    admin.delete(&path, &admin.get(&path).expect(200).etag()).expect(204);
    app.run_background();
    assert_eq!((count(&app, "webhook_deliveries"), count(&app, "webhook_remains")), (1, 0));
    assert_eq!(deliveries(&app, &id).len(), 1);
}

fn the_queue_shows_in_the_figures(app: &TestApp) {
    let app = sending(app);
    let receiver = Receiver::start();
    receiver.usually(Does::Answers(500, ""));
    subscribe(&app.as_role(Role::Admin), &receiver);
    customer(&app, "First");
    app.run_background();
    app.core.clock.advance_seconds(25);
    let page = app.anyone().from("127.0.0.1").page("GET", "/metrics").expect(200);
    let page = String::from_utf8(page.bytes).expect("a text");
    let figure = |name: &str| {
        let line = page.lines().find(|line| line.starts_with(&format!("{name} ")));
        line.and_then(|line| line.rsplit(' ').next()?.parse::<f64>().ok())
            .unwrap_or_else(|| panic!("no {name}: {page}"))
    };
    assert_eq!(figure("salesdesk_webhook_deliveries_pending"), 1.0);
    let late = figure("salesdesk_webhook_oldest_due_seconds");
    assert!((19.0..=20.0).contains(&late), "{late}");
    assert_eq!(
        (
            figure("salesdesk_webhook_attempts_failed_total"),
            figure("salesdesk_webhook_attempts_succeeded_total")
        ),
        (1.0, 0.0)
    );
    assert_eq!((figure("salesdesk_events_waiting"), figure("salesdesk_event_streams")), (0.0, 0.0));
}
