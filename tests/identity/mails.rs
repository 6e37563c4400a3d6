//! E-mail: that people hear of what they want to hear of, when they want to, once; whatever the mail server, the network
//! and the program do.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use salesdesk::base::auth::{Caller, Role};
use salesdesk::base::db::Tx;
use salesdesk::base::mail_server::{MailServer, Protection};
use salesdesk::base::schedules::runner;
use salesdesk::base::types::{At, Kind};
use salesdesk::mail::delivery;
use salesdesk::mail::rules::LADDER;
use salesdesk::notifications::{Notice, notify};
use serde_json::{Value, json};

use testkit::shop::Shop;
use testkit::support::{TestApp, mail_server};

both_engines!(
    an_escalation_is_mailed_at_once_in_the_persons_language,
    who_wants_no_mail_gets_none,
    what_a_person_wants_goes_before_what_is_usual,
    the_digest_comes_in_the_morning_of_the_next_working_day_once,
    a_digest_shows_some_and_says_how_many_more,
    two_programs_make_one_digest,
    the_digest_comes_when_the_person_wants_it,
    in_quiet_hours_mail_waits_for_their_end,
    what_is_put_off_is_tried_again_as_the_same_mail,
    what_is_refused_has_failed_and_is_tried_again_by_hand,
    a_server_that_hangs_up_gets_the_same_mail_again,
    a_mail_that_was_lost_with_its_program_comes_again,
    a_server_that_is_not_there_is_asked_for_days_and_then_no_more,
    who_is_blocked_gets_no_mail,
    without_a_mail_server_nothing_piles_up,
    the_settings_can_be_tried,
    mail_goes_by_tls_from_the_beginning_or_when_it_is_asked_for,
    a_mail_server_that_is_not_trusted_gets_no_mail,
    preferences_are_ones_own,
    preferences_that_make_no_sense_are_refused,
    old_mails_are_cleared_away,
);

// ---- a mail server -----------------------------------------------------------------------------------------------

/// What a mail server does with a mail.
#[derive(Clone, Copy)]
enum Does {
    Take,
    /// Answers so when it hears whom it is for.
    Refuses(u16),
    /// Answers so when it has the mail.
    Answers(u16),
    /// Has the mail, and says no word more.
    HangsUp,
}

/// A mail that came to the server, taken or not.
#[derive(Clone)]
struct Heard {
    to: String,
    headers: HashMap<String, String>,
    text: String,
    taken: bool,
}

impl Heard {
    fn header(&self, name: &str) -> &str {
        self.headers.get(name).unwrap_or_else(|| panic!("no header {name}: {:?}", self.headers))
    }
    fn subject(&self) -> String {
        words(self.header("subject"))
    }

    fn read(to: &str, raw: &str, taken: bool) -> Heard {
        let (head, body) = raw.split_once("\r\n\r\n").expect("a head and a body");
        let head = head.replace("\r\n ", " ");
        let pair = |line: &str| {
            let (name, value) = line.split_once(": ")?;
            Some((name.to_ascii_lowercase(), value.trim().to_owned()))
        };
        let headers: HashMap<String, String> = head.split("\r\n").filter_map(pair).collect();
        let bytes = match headers.get("content-transfer-encoding").map(String::as_str) {
            Some("base64") => plain(&body.replace("\r\n", "")),
            Some("quoted-printable") => unquoted(&body.replace("=\r\n", "")),
            _ => body.as_bytes().to_vec(),
        };
        let text = String::from_utf8(bytes).expect("UTF-8").replace("\r\n", "\n");
        Heard { to: to.into(), headers, text, taken }
    }
}

fn plain(base64: &str) -> Vec<u8> {
    base64::engine::general_purpose::STANDARD.decode(base64).expect("base64")
}

/// Bytes out of `=E5` and the like.
fn unquoted(text: &str) -> Vec<u8> {
    let mut parts = text.split('=');
    let mut bytes = parts.next().unwrap_or_default().as_bytes().to_vec();
    for part in parts {
        bytes.push(u8::from_str_radix(&part[..2], 16).expect("two digits"));
        bytes.extend(&part.as_bytes()[2..]);
    }
    bytes
}

/// The words of a header, in which what is not ASCII stands as `=?utf-8?b?…?=`.
fn words(header: &str) -> String {
    let mut bytes = Vec::new();
    let mut was_encoded = false;
    for word in header.split(' ') {
        let encoded = word.strip_prefix("=?utf-8?b?").and_then(|w| w.strip_suffix("?="));
        // The space between two such words is none.
        let joins = was_encoded && encoded.is_some();
        if !joins && !bytes.is_empty() {
            bytes.push(b' ');
        }
        match encoded {
            Some(base64) => bytes.extend(plain(base64)),
            None => bytes.extend(word.as_bytes()),
        }
        was_encoded = encoded.is_some();
    }
    String::from_utf8(bytes).expect("UTF-8")
}

const GREETING: &[u8] = b"220 mail.test\r\n";

/// When a mail server protects what is said.
#[derive(Clone)]
enum Secures {
    Never,
    AtOnce(Identity),
    WhenAsked(Identity),
}

/// A mail server's key and the certificate that it made itself.
#[derive(Clone)]
struct Identity {
    config: Arc<ServerConfig>,
    /// In PEM.
    certificate: Vec<u8>,
}

impl Identity {
    fn new() -> Identity {
        let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).expect("a certificate");
        let key = PrivatePkcs8KeyDer::from(made.signing_key.serialize_der());
        let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("versions of TLS")
            .with_no_client_auth()
            .with_single_cert(vec![made.cert.der().clone()], key.into())
            .expect("key and certificate");
        let encoded = base64::engine::general_purpose::STANDARD.encode(made.cert.der());
        let pem = format!("-----BEGIN CERTIFICATE-----\n{encoded}\n-----END CERTIFICATE-----\n");
        let certificate = pem.into_bytes();
        Identity { config: Arc::new(config), certificate }
    }
    fn over(&self, stream: TcpStream) -> StreamOwned<ServerConnection, TcpStream> {
        StreamOwned::new(ServerConnection::new(self.config.clone()).expect("TLS"), stream)
    }
}

#[derive(Default)]
struct State {
    heard: Mutex<Vec<Heard>>,
    /// What it does with the next mails; it takes all after these.
    next: Mutex<VecDeque<Does>>,
}

impl State {
    fn serve(&self, mut stream: TcpStream, secures: &Secures) -> std::io::Result<()> {
        match secures {
            Secures::Never => {
                stream.write_all(GREETING)?;
                self.talk(stream)
            }
            Secures::AtOnce(identity) => {
                let mut stream = identity.over(stream);
                stream.write_all(GREETING)?;
                self.talk(stream)
            }
            Secures::WhenAsked(identity) => {
                stream.write_all(GREETING)?;
                if asks_for_tls(&stream)? { self.talk(identity.over(stream)) } else { Ok(()) }
            }
        }
    }

    fn talk(&self, stream: impl Read + Write) -> std::io::Result<()> {
        let mut lines = BufReader::new(stream);
        let (mut to, mut does, mut line) = (String::new(), Does::Take, String::new());
        loop {
            line.clear();
            if lines.read_line(&mut line)? == 0 {
                return Ok(());
            }
            let answer = match line.trim_end().split([' ', ':']).next().unwrap_or_default() {
                "EHLO" => "250-mail.test\r\n250 8BITMIME\r\n".to_owned(),
                "RCPT" => {
                    to = line.trim_end().trim_start_matches("RCPT TO:<").trim_end_matches('>').to_owned();
                    does = self.next.lock().expect("a script").pop_front().unwrap_or(Does::Take);
                    match does {
                        Does::Refuses(code) => format!("{code} not for {to}\r\n"),
                        _ => "250 ok\r\n".into(),
                    }
                }
                "DATA" => {
                    say(&mut lines, "354 go on\r\n")?;
                    let raw = data(&mut lines)?;
                    let heard = Heard::read(&to, &raw, matches!(does, Does::Take | Does::HangsUp));
                    self.heard.lock().expect("what came").push(heard);
                    match does {
                        Does::HangsUp => return Ok(()),
                        Does::Answers(code) => format!("{code} not now\r\n"),
                        _ => "250 taken\r\n".into(),
                    }
                }
                "QUIT" => return say(&mut lines, "221 bye\r\n"),
                _ => "250 ok\r\n".into(),
            };
            say(&mut lines, &answer)?;
        }
    }
}

fn say(to: &mut BufReader<impl Read + Write>, text: &str) -> std::io::Result<()> {
    to.get_mut().write_all(text.as_bytes())?;
    to.get_mut().flush()
}

/// Talks until TLS is asked for, or until nothing more comes; a mail that comes without it is a fault of the test.
fn asks_for_tls(mut stream: &TcpStream) -> std::io::Result<bool> {
    let mut lines = BufReader::new(stream.try_clone()?).lines();
    while let Some(line) = lines.next().transpose()? {
        match line.split(' ').next().unwrap_or_default() {
            "EHLO" => stream.write_all(b"250-mail.test\r\n250 STARTTLS\r\n")?,
            "STARTTLS" => return stream.write_all(b"220 go on\r\n").map(|()| true),
            "QUIT" => return stream.write_all(b"221 bye\r\n").map(|()| false),
            other => panic!("{other} without TLS"),
        }
    }
    Ok(false)
}

/// The mail up to the line that is a dot.
fn data(lines: &mut impl BufRead) -> std::io::Result<String> {
    let (mut raw, mut line) = (String::new(), String::new());
    loop {
        line.clear();
        lines.read_line(&mut line)?;
        if line == ".\r\n" || line.is_empty() {
            return Ok(raw);
        }
        raw.push_str(line.strip_prefix('.').unwrap_or(&line));
    }
}

/// A mail server that takes what is sent to it.
struct Receiver {
    port: u16,
    state: Arc<State>,
}

impl Receiver {
    fn start() -> Receiver {
        Receiver::that(Secures::Never)
    }
    fn that(secures: Secures) -> Receiver {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("its address").port();
        let state = Arc::new(State::default());
        let shared = state.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (state, secures) = (shared.clone(), secures.clone());
                std::thread::spawn(move || drop(state.serve(stream, &secures)));
            }
        });
        Receiver { port, state }
    }
    fn next(&self, does: &[Does]) {
        self.state.next.lock().expect("a script").extend(does);
    }
    fn heard(&self) -> Vec<Heard> {
        self.state.heard.lock().expect("what came").clone()
    }
    /// The one mail that came.
    fn only(&self) -> Heard {
        let heard = self.heard();
        assert_eq!(heard.len(), 1, "{:?}", heard.iter().map(Heard::subject).collect::<Vec<_>>());
        heard[0].clone()
    }
}

// ---- the company -------------------------------------------------------------------------------------------------

/// The product on the same database, at the same time of its clock, with this mail server; some people have an address.
fn mailing(app: &TestApp, receiver: &Receiver) -> TestApp {
    app.with_settings(|web| web.mail = Some(mail_server(receiver.port)))
}

/// Gives a test person an address and a language.
fn reachable(app: &TestApp, username: &str, lang: &str) {
    let admin = app.all_powerful();
    let path = format!("/users/{}", app.person(username).user);
    let etag = admin.get(&path).expect(200).etag();
    let card = json!({"email": format!("{username}@example.com"), "lang": lang});
    admin.patch(&path, &etag, card).expect(200);
}

fn prefer(app: &TestApp, username: &str, preferences: Value) {
    let person = app.as_user(username);
    let etag = person.get("/me/notification-preferences").expect(200).etag();
    person.patch("/me/notification-preferences", &etag, preferences).expect(200);
}

const COMPLAINT: Kind = Kind { name: "complaint", prefix: "cmp" };
const TASK: Kind = Kind { name: "task", prefix: "tsk" };

/// Tells a test person something about a record.
fn tell(app: &TestApp, username: &str, code: &'static str, kind: Kind, subject: &str) {
    let (person, subject) = (app.person(username).user, subject.to_owned());
    let tell = move |tx: &mut Tx| {
        let said = |text: &str| text.to_owned();
        let params = [
            ("number", said("CMP-2026-000001")),
            ("subject", subject.clone()),
            ("level", said("1")),
            ("due", said("2026-11-24 18:00")),
        ];
        notify(tx, [person], &Notice { code, kind, record: person.0, params: &params })
    };
    app.core.write_as(Arc::new(Caller::system("test")), tell).expect("told");
}

fn escalate(app: &TestApp, username: &str) {
    tell(app, username, "complaint_escalated", COMPLAINT, "The lids do not close");
}

fn assign(app: &TestApp, username: &str, subject: &str) {
    tell(app, username, "task_assigned", TASK, subject);
}

fn local(time: &str) -> At {
    At::parse(&format!("{time}:00+08:00")).expect("an instant")
}

/// The clock of this program is moved to a local time, and what is due is done.
fn at(app: &TestApp, time: &str) {
    app.core.clock.set(local(time));
    app.run_background();
}

fn mails(app: &TestApp, query: &str) -> Vec<Value> {
    app.all_powerful().get(&format!("/system/mails{query}")).expect(200).rows().to_vec()
}

fn only_mail(app: &TestApp) -> Value {
    let mails = mails(app, "");
    assert_eq!(mails.len(), 1, "{mails:?}");
    mails[0].clone()
}

// ---- at once -----------------------------------------------------------------------------------------------------

fn an_escalation_is_mailed_at_once_in_the_persons_language(app: &TestApp) {
    let receiver = Receiver::start();
    app.core.clock.set(local("2026-11-23T09:00"));
    let app = mailing(app, &receiver);
    ["manager", "rep"]
        .iter()
        .for_each(|name| reachable(&app, name, if *name == "rep" { "en" } else { "zh-CN" }));
    let shop = Shop::open(&app);
    let body = json!({"customer_id": shop.customer, "severity": "high", "category": "quality", "channel": "phone", "subject": "盖子关不严", "description": "十个里有三个"});
    let complaint = app.as_role(Role::Clerk).post("/complaints", body).expect(201);
    at(&app, "2026-11-23T14:00");
    let heard = receiver.heard();
    let to_manager: Vec<&Heard> = heard.iter().filter(|heard| heard.to == "manager@example.com").collect();
    assert_eq!(to_manager.len(), 1);
    let mail = to_manager[0];
    let number = complaint.body["number"].as_str().expect("a number");
    assert!(mail.subject().contains(number) && mail.subject().contains("盖子关不严"), "{}", mail.subject());
    assert!(mail.header("subject").is_ascii());
    assert_eq!(mail.header("from"), "Salesdesk <desk@example.com>");
    let link = format!("https://sales.example.com/api/v1/complaints/{}\n", complaint.id());
    assert!(mail.text.contains(&link), "{}", mail.text);
    assert!(mail.text.contains("通知偏好"), "{}", mail.text);
    // The rep hears of it in their language, and of what is not urgent not at once.
    let to_rep: BTreeSet<String> =
        heard.iter().filter(|h| h.to == "rep@example.com").map(Heard::subject).collect();
    assert!(!to_rep.is_empty() && to_rep.iter().all(|subject| subject.starts_with(|c: char| c.is_ascii())));
    assert!(to_rep.iter().all(|subject| !subject.starts_with("New complaint")), "{to_rep:?}");
    // Whoever comes later finds nothing to do.
    mailing(&app, &receiver).run_background();
    assert_eq!(receiver.heard().len(), heard.len());
    let sent = mails(&app, &format!("?status=sent&user_id={}", app.person("manager").user));
    assert_eq!((sent.len(), &sent[0]["code"]), (1, &json!("complaint_escalated")));
    assert_eq!((&sent[0]["attempts"], &sent[0]["next_attempt_at"]), (&json!(1), &Value::Null));
    assert!(!sent[0].to_string().contains("盖子"), "what it says is not told");
}

fn who_wants_no_mail_gets_none(app: &TestApp) {
    let receiver = Receiver::start();
    let app = mailing(app, &receiver);
    ["rep", "clerk"].iter().for_each(|name| reachable(&app, name, "en"));
    prefer(&app, "rep", json!({"mail": "off", "by_notice": {"complaint_escalated": "at_once"}}));
    escalate(&app, "rep");
    assign(&app, "rep", "Ask them");
    at(&app, "2026-11-23T09:00");
    assert!(receiver.heard().is_empty() && mails(&app, "").is_empty());
    assert_eq!(
        app.as_role(Role::Rep).get("/me/notifications").expect(200).rows().len(),
        2,
        "the inbox has it"
    );
}

fn what_a_person_wants_goes_before_what_is_usual(app: &TestApp) {
    let receiver = Receiver::start();
    let app = mailing(app, &receiver);
    reachable(&app, "rep", "zh-CN");
    prefer(&app, "rep", json!({"by_notice": {"complaint": "off", "task_assigned": "at_once"}, "lang": "en"}));
    escalate(&app, "rep");
    assign(&app, "rep", "Ask them");
    tell(&app, "rep", "task_overdue", TASK, "Ask others");
    app.run_background();
    let subjects: BTreeSet<String> = receiver.heard().iter().map(Heard::subject).collect();
    let expected =
        ["Overdue since 2026-11-24 18:00: Ask others", "Yours to do by 2026-11-24 18:00: Ask them"];
    assert_eq!(subjects.iter().map(String::as_str).collect::<Vec<_>>(), expected);
    prefer(&app, "rep", json!({"by_notice": {"complaint": null}}));
    escalate(&app, "rep");
    app.run_background();
    assert_eq!(receiver.heard().len(), 3);
}

// ---- the digest --------------------------------------------------------------------------------------------------

fn the_digest_comes_in_the_morning_of_the_next_working_day_once(app: &TestApp) {
    let receiver = Receiver::start();
    let app = mailing(app, &receiver);
    ["rep", "clerk"].iter().for_each(|name| reachable(&app, name, "en"));
    // It is Friday, ten in the morning.
    ["One", "Two", "Three"].iter().for_each(|subject| assign(&app, "rep", subject));
    let first = app.as_role(Role::Rep).get("/me/notifications?sort=created_at").expect(200);
    let first = first.rows()[0]["id"].as_str().expect("an id").to_owned();
    app.as_role(Role::Rep).post(&format!("/me/notifications/{first}/read"), json!(null)).expect(200);
    for time in ["2026-11-20T18:00", "2026-11-21T09:00", "2026-11-22T09:00", "2026-11-23T07:59"] {
        at(&app, time);
        assert!(receiver.heard().iter().all(|h| !h.text.contains("Two")), "{time}");
    }
    let before = receiver.heard().len();
    at(&app, "2026-11-23T08:00");
    let heard = receiver.heard();
    assert_eq!(heard.len(), before + 1);
    let mail = heard.last().expect("a mail").clone();
    assert_eq!(
        (mail.to.as_str(), mail.subject().as_str()),
        ("rep@example.com", "Salesdesk: 2 unread notifications")
    );
    assert!(
        mail.text.contains("Two") && mail.text.contains("Three") && !mail.text.contains("One"),
        "{}",
        mail.text
    );
    assert!(mail.text.contains("2026-11-20 10:00"), "{}", mail.text);
    // Once: not later that day, not by another program, not after a restart.
    assign(&app, "rep", "Four");
    at(&app, "2026-11-23T08:15");
    let other = mailing(&app, &receiver);
    at(&other, "2026-11-23T12:00");
    at(&other, "2026-11-23T23:45");
    assert_eq!(receiver.heard().len(), before + 1);
    at(&other, "2026-11-24T08:00");
    let heard = receiver.heard();
    assert_eq!(heard.len(), before + 2);
    assert!(heard[before + 1].text.contains("Four") && !heard[before + 1].text.contains("Two"));
    assert_eq!(heard[before + 1].subject(), "Salesdesk: 1 unread notification");
    at(&other, "2026-11-25T08:00");
    assert_eq!(receiver.heard().len(), before + 2, "nothing is no digest");
}

fn a_digest_shows_some_and_says_how_many_more(app: &TestApp) {
    let receiver = Receiver::start();
    let app = mailing(app, &receiver);
    reachable(&app, "rep", "zh-CN");
    (0..27).for_each(|n| assign(&app, "rep", &format!("任务{n:02}。")));
    at(&app, "2026-11-23T08:00");
    let mail = receiver.only();
    assert_eq!(mail.subject(), "Salesdesk：27 条未读通知");
    assert_eq!(mail.text.matches("请在 2026-11-24 18:00 前完成").count(), 20);
    assert!(mail.text.contains("任务19") && !mail.text.contains("任务20"));
    assert!(mail.text.contains("还有 7 条"), "{}", mail.text);
}

fn two_programs_make_one_digest(app: &TestApp) {
    let receiver = Receiver::start();
    let (one, other) = (mailing(app, &receiver), mailing(app, &receiver));
    let names = ["rep", "clerk", "manager", "finance"];
    for name in names {
        reachable(&one, name, "en");
        assign(&one, name, "Something");
    }
    [&one, &other].iter().for_each(|app| app.core.clock.set(local("2026-11-23T08:00")));
    let (first, second) = (one.shared(), other.shared());
    std::thread::scope(|scope| {
        for app in [&first, &second] {
            scope.spawn(|| while runner::turn(app).expect("a turn") {});
        }
    });
    std::thread::scope(|scope| {
        for app in [&first, &second] {
            scope.spawn(|| while delivery::turn(app).expect("a turn") {});
        }
    });
    one.run_background();
    other.run_background();
    let mut to: Vec<String> = receiver.heard().into_iter().map(|heard| heard.to).collect();
    to.sort();
    assert_eq!(to, ["clerk@example.com", "finance@example.com", "manager@example.com", "rep@example.com"]);
}

fn the_digest_comes_when_the_person_wants_it(app: &TestApp) {
    let receiver = Receiver::start();
    let app = mailing(app, &receiver);
    reachable(&app, "rep", "en");
    prefer(&app, "rep", json!({"mail": "digest", "digest_at": "16:30"}));
    escalate(&app, "rep");
    at(&app, "2026-11-20T16:29");
    assert!(receiver.heard().is_empty());
    at(&app, "2026-11-20T16:30");
    assert!(receiver.only().text.contains("The lids do not close"));
}

fn in_quiet_hours_mail_waits_for_their_end(app: &TestApp) {
    let receiver = Receiver::start();
    let app = mailing(app, &receiver);
    reachable(&app, "rep", "en");
    prefer(&app, "rep", json!({"quiet_hours": {"from": "21:00", "to": "07:30"}}));
    app.core.clock.set(local("2026-11-20T23:00"));
    escalate(&app, "rep");
    app.run_background();
    assert!(receiver.heard().is_empty());
    assert_eq!(only_mail(&app)["next_attempt_at"], "2026-11-20T23:30:00.000Z");
    at(&app, "2026-11-21T07:29");
    assert!(receiver.heard().is_empty());
    at(&app, "2026-11-21T07:30");
    receiver.only();
    escalate(&app, "rep");
    app.run_background();
    assert_eq!(receiver.heard().len(), 2);
}

// ---- the mail server and the program ------------------------------------------------------------------------------

fn what_is_put_off_is_tried_again_as_the_same_mail(app: &TestApp) {
    let receiver = Receiver::start();
    let app = mailing(app, &receiver);
    reachable(&app, "rep", "en");
    receiver.next(&[Does::Answers(451), Does::Refuses(450)]);
    escalate(&app, "rep");
    app.run_background();
    let mail = only_mail(&app);
    let told =
        ["status", "attempts", "last_error", "last_code", "last_reply"].map(|field| mail[field].clone());
    assert_eq!(told, [json!("waiting"), json!(1), json!("deferred"), json!(451), json!("not now")]);
    app.core.clock.advance_seconds(59);
    app.run_background();
    assert_eq!(receiver.heard().len(), 1, "it is not tried before its time");
    app.core.clock.advance_seconds(10);
    app.run_background();
    app.core.clock.advance_seconds(331);
    app.run_background();
    let heard = receiver.heard();
    assert_eq!(heard.iter().map(|heard| heard.taken).collect::<Vec<_>>(), [false, true]);
    assert_eq!(heard[0].header("message-id"), heard[1].header("message-id"));
    assert_eq!(heard[0].header("date"), heard[1].header("date"));
    let mail = only_mail(&app);
    assert_eq!(
        heard[1].header("message-id"),
        format!("<{}@example.com>", mail["id"].as_str().expect("an id"))
    );
    let told = ["status", "attempts", "last_error", "last_code"].map(|field| mail[field].clone());
    assert_eq!(told, [json!("sent"), json!(3), Value::Null, Value::Null]);
    app.core.clock.advance_seconds(24 * 3600);
    app.run_background();
    assert_eq!(receiver.heard().len(), 2, "and then no more");
}

fn what_is_refused_has_failed_and_is_tried_again_by_hand(app: &TestApp) {
    let receiver = Receiver::start();
    let app = mailing(app, &receiver);
    reachable(&app, "rep", "en");
    receiver.next(&[Does::Answers(550)]);
    escalate(&app, "rep");
    app.run_background();
    let failed = mails(&app, "?status=failed");
    assert_eq!(failed.len(), 1);
    let told =
        ["attempts", "last_error", "last_code", "next_attempt_at"].map(|field| failed[0][field].clone());
    assert_eq!(told, [json!(1), json!("refused"), json!(550), Value::Null]);
    app.core.clock.advance_seconds(7 * 24 * 3600);
    app.run_background();
    assert_eq!(receiver.heard().len(), 1);
    let path = format!("/system/mails/{}", failed[0]["id"].as_str().expect("an id"));
    app.as_role(Role::Executive).post(&format!("{path}/retry"), json!(null)).refused(403, "forbidden");
    app.as_role(Role::Admin).post(&format!("{path}/retry"), json!(null)).expect(200);
    app.run_background();
    let heard = receiver.heard();
    assert_eq!(heard.len(), 2);
    assert_eq!(heard[0].header("message-id"), heard[1].header("message-id"));
    let refused = app.as_role(Role::Admin).post(&format!("{path}/retry"), json!(null));
    assert_eq!(refused.refused(409, "invalid_transition").body["current_status"], "sent");
}

fn a_server_that_hangs_up_gets_the_same_mail_again(app: &TestApp) {
    let receiver = Receiver::start();
    let app = mailing(app, &receiver);
    reachable(&app, "rep", "en");
    receiver.next(&[Does::HangsUp]);
    escalate(&app, "rep");
    app.run_background();
    let mail = only_mail(&app);
    assert_eq!((&mail["status"], &mail["last_error"]), (&json!("waiting"), &json!("interrupted")));
    app.core.clock.advance_seconds(70);
    app.run_background();
    let heard = receiver.heard();
    assert_eq!(heard.len(), 2);
    assert_eq!(heard[0].header("message-id"), heard[1].header("message-id"));
    assert_eq!((heard[0].subject(), &heard[0].text), (heard[1].subject(), &heard[1].text));
    assert_eq!(only_mail(&app)["status"], "sent");
}

fn a_mail_that_was_lost_with_its_program_comes_again(app: &TestApp) {
    let receiver = Receiver::start();
    let app = mailing(app, &receiver);
    reachable(&app, "rep", "en");
    escalate(&app, "rep");
    // This program takes it and is heard of no more.
    assert_eq!(delivery::lease(&app.core, 4).expect("a lease").len(), 1);
    let other = mailing(&app, &receiver);
    other.core.clock.advance_seconds(599);
    other.run_background();
    assert!(receiver.heard().is_empty());
    other.core.clock.advance_seconds(1);
    other.run_background();
    receiver.only();
    app.core.clock.advance_seconds(3600);
    app.run_background();
    receiver.only();
}

fn a_server_that_is_not_there_is_asked_for_days_and_then_no_more(app: &TestApp) {
    reachable(app, "rep", "en");
    escalate(app, "rep");
    for attempt in 1..=LADDER.len() as i64 {
        app.run_background();
        let mail = only_mail(app);
        let told = ["status", "attempts", "last_error"].map(|field| mail[field].clone());
        assert_eq!(told, [json!("waiting"), json!(attempt), json!("unreachable")]);
        let next = At::parse(mail["next_attempt_at"].as_str().expect("a time")).expect("an instant");
        app.core.clock.set(next.plus_seconds(1));
    }
    app.run_background();
    assert_eq!(only_mail(app)["status"], "failed");
    let receiver = Receiver::start();
    let mended = mailing(app, &receiver);
    let id = only_mail(app)["id"].as_str().expect("an id").to_owned();
    mended.all_powerful().post(&format!("/system/mails/{id}/retry"), json!(null)).expect(200);
    mended.run_background();
    receiver.only();
}

fn who_is_blocked_gets_no_mail(app: &TestApp) {
    let receiver = Receiver::start();
    let app = mailing(app, &receiver);
    ["rep", "clerk"].iter().for_each(|name| reachable(&app, name, "en"));
    // What is on its way when they are blocked stays here.
    escalate(&app, "rep");
    let block = |name: &str| {
        let path = format!("/users/{}/block", app.person(name).user);
        app.all_powerful().post(&path, json!({"reason": "Left the company"})).expect(200);
    };
    block("rep");
    block("clerk");
    escalate(&app, "clerk");
    assign(&app, "clerk", "Something");
    at(&app, "2026-11-23T09:00");
    assert!(receiver.heard().is_empty());
    assert_eq!(only_mail(&app)["status"], "withheld");
}

fn without_a_mail_server_nothing_piles_up(app: &TestApp) {
    let app = app.with_settings(|web| web.mail = None);
    reachable(&app, "rep", "en");
    escalate(&app, "rep");
    assign(&app, "rep", "Something");
    at(&app, "2026-11-23T09:00");
    assert!(mails(&app, "").is_empty());
    let test = app.as_role(Role::Admin).post("/system/mails/test", json!({"to": "it@example.com"}));
    test.refused(409, "mail_not_set_up");
}

fn the_settings_can_be_tried(app: &TestApp) {
    let receiver = Receiver::start();
    let app = mailing(app, &receiver);
    let admin = app.as_role(Role::Admin).with("accept-language", "zh-CN");
    let asked = admin.post("/system/mails/test", json!({"to": "it@example.com"})).expect(200);
    assert_eq!(asked.body["status"], "waiting");
    app.run_background();
    let mail = receiver.only();
    assert_eq!((mail.to.as_str(), mail.subject().as_str()), ("it@example.com", "Salesdesk：测试邮件"));
    assert_eq!(admin.get(&format!("/system/mails/{}", asked.id())).expect(200).body["status"], "sent");
    for bad in ["a@b\r\nBcc: c@d", "nobody", "a@example.com, b@example.com"] {
        let refused = admin.post("/system/mails/test", json!({"to": bad}));
        assert_eq!(refused.refused(422, "validation_failed").places(), ["/to"]);
    }
    let page = app.anyone().from("127.0.0.1").page("GET", "/metrics").expect(200);
    let page = String::from_utf8(page.bytes).expect("a text");
    for line in ["salesdesk_mails_waiting 0", "salesdesk_mail_attempts_succeeded_total 1"] {
        assert!(page.lines().any(|l| l == line), "no {line}: {page}");
    }
}

/// The product with a mail server that is reached like this.
fn protected(app: &TestApp, receiver: &Receiver, by: Protection, trusts: Option<&Identity>) -> TestApp {
    let authority = trusts.map(|identity| identity.certificate.clone());
    app.with_settings(|web| {
        web.mail = Some(MailServer { protection: by, authority, ..mail_server(receiver.port) });
    })
}

fn mail_goes_by_tls_from_the_beginning_or_when_it_is_asked_for(app: &TestApp) {
    let identity = Identity::new();
    let ways = [
        (Protection::Tls, Secures::AtOnce(identity.clone())),
        (Protection::StartTls, Secures::WhenAsked(identity.clone())),
    ];
    for (protection, secures) in ways {
        let receiver = Receiver::that(secures);
        let app = protected(app, &receiver, protection, Some(&identity));
        app.all_powerful().post("/system/mails/test", json!({"to": "it@example.com"})).expect(200);
        app.run_background();
        assert_eq!(receiver.only().to, "it@example.com", "{protection:?}");
    }
    assert!(mails(app, "").iter().all(|mail| mail["status"] == "sent"));
}

fn a_mail_server_that_is_not_trusted_gets_no_mail(app: &TestApp) {
    let (theirs, other) = (Identity::new(), Identity::new());
    let ways = [
        // Its certificate is not one that we trust.
        (Protection::Tls, Secures::AtOnce(theirs.clone()), None, "tls"),
        (Protection::Tls, Secures::AtOnce(theirs.clone()), Some(&other), "tls"),
        (Protection::StartTls, Secures::WhenAsked(theirs.clone()), None, "tls"),
        // It does not offer TLS at all, or not as it should.
        (Protection::StartTls, Secures::Never, Some(&theirs), "unsupported"),
        (Protection::Tls, Secures::Never, Some(&theirs), "tls"),
    ];
    for (protection, secures, trusts, why) in ways {
        let receiver = Receiver::that(secures);
        let app = protected(app, &receiver, protection, trusts);
        let asked =
            app.all_powerful().post("/system/mails/test", json!({"to": "it@example.com"})).expect(200);
        app.run_background();
        assert!(receiver.heard().is_empty(), "{protection:?}");
        let mail = app.all_powerful().get(&format!("/system/mails/{}", asked.id())).expect(200).body;
        let told = (&mail["status"], &mail["last_error"]);
        assert_eq!(told, (&json!("waiting"), &json!(why)), "{protection:?}");
    }
}

// ---- preferences -------------------------------------------------------------------------------------------------

fn preferences_are_ones_own(app: &TestApp) {
    let rep = app.as_role(Role::Rep);
    let usual = rep.get("/me/notification-preferences").expect(200);
    let told = ["mail", "digest_at", "quiet_hours", "lang", "version"].map(|field| usual.body[field].clone());
    assert_eq!(told, [json!("usual"), json!("08:00"), Value::Null, Value::Null, json!(0)]);
    let way = |body: &Value, code: &str| {
        let notices = body["notices"].as_array().expect("notices");
        notices.iter().find(|n| n["code"] == code).unwrap_or_else(|| panic!("no {code}"))["mail"].clone()
    };
    for code in [
        "complaint_escalated",
        "request_received",
        "request_delivery_late",
        "order_delay_expected",
        "order_exception_reported",
        "return_to_approve",
    ] {
        assert_eq!(way(&usual.body, code), "at_once", "{code}");
    }
    assert_eq!(way(&usual.body, "request_started"), "digest");
    assert_eq!(way(&usual.body, "feedback_relayed"), "digest");
    let quiet = json!({"quiet_hours": {"from": "21:00", "to": "07:30"}, "by_notice": {"feedback": "off"}});
    let changed = rep.patch("/me/notification-preferences", &usual.etag(), quiet).expect(200);
    assert_eq!(way(&changed.body, "feedback_relayed"), "off");
    rep.patch("/me/notification-preferences", &usual.etag(), json!({})).refused(412, "version_mismatch");
    let other = app.as_user("rep2").get("/me/notification-preferences").expect(200);
    assert_eq!((&other.body["version"], &other.body["quiet_hours"]), (&json!(0), &Value::Null));
    // Whoever reads the audit trail sees that they were changed, not what they say.
    let trail = app.all_powerful().get("/audit-log?limit=200").expect(200);
    assert!(trail.body.to_string().contains("notification_preferences"), "{trail}");
    assert!(!trail.body.to_string().contains("07:30") && !trail.body.to_string().contains("quiet"));
    testkit::machines::machine(app, json!({}))
        .get("/me/notification-preferences")
        .refused(403, "not_a_person");
}

fn preferences_that_make_no_sense_are_refused(app: &TestApp) {
    let body = json!({
        "by_notice": {"no_such_thing": "off", "complaint": "at_once"},
        "quiet_hours": {"from": "21:00", "to": "21:00"},
        "digest_at": "24:00",
    });
    let refused = app.as_role(Role::Rep).patch("/me/notification-preferences", "*", body);
    let places = ["/by_notice/no_such_thing", "/quiet_hours", "/digest_at"];
    assert_eq!(refused.refused(422, "validation_failed").places(), places);
}

fn old_mails_are_cleared_away(app: &TestApp) {
    let receiver = Receiver::start();
    let app = mailing(app, &receiver);
    reachable(&app, "rep", "en");
    receiver.next(&[Does::Take, Does::Answers(550)]);
    escalate(&app, "rep");
    app.run_background();
    escalate(&app, "rep");
    app.run_background();
    assert_eq!(mails(&app, "").len(), 2);
    app.core.clock.advance_seconds(32 * 24 * 3600);
    app.run_background();
    let left: Vec<Value> = mails(&app, "").iter().map(|mail| mail["status"].clone()).collect();
    assert_eq!(left, ["failed"]);
    app.core.clock.advance_seconds(60 * 24 * 3600);
    app.run_background();
    assert!(mails(&app, "").is_empty());
}
