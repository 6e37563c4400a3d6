//! What every test stands on: the product in-process on a database of its own, and clients of every role.
//!
//! Whatever a test asks, each answer is held against the conventions that all answers share and against the
//! document's own schema of it (`TestApp::examine`), so a test need only say what is special about it.

use std::cell::RefCell;
use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use actix_web::dev::{Service, ServiceResponse};
use actix_web::http::header::HeaderMap;
use actix_web::test::{TestRequest, init_service};
use actix_web::web;
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use futures_util::future::{LocalBoxFuture, join_all};
use salesdesk::base::auth::sessions::{self, SessionId};
use salesdesk::base::auth::tokens::{AUDIENCE, Claims, ISSUER, LIFETIME};
use salesdesk::base::auth::{Caller, Role, Scope, Scopes, Sight, passwords};
use salesdesk::base::core::Core;
use salesdesk::base::db::engine::Size;
use salesdesk::base::db::{Conn, EngineConn, JsonColumn, Target};
use salesdesk::base::http::dispatch::{API, App};
use salesdesk::base::http::web::{Sending, Web};
use salesdesk::base::http::{Endpoint, Method, Routes, document};
use salesdesk::base::mail_server::{MailServer, Protection};
use salesdesk::base::messages;
use salesdesk::base::record;
use salesdesk::base::schedules::{self, Schedule};
use salesdesk::base::types::time::{At, Clock};
use salesdesk::config::Config;
use salesdesk::people::model::UserInput;
use salesdesk::people::teams::{Team, TeamForm};
use salesdesk::people::{TeamId, UserId, work};
use salesdesk::start;
use serde_json::{Map, Value, json};

use crate::company::{self, Company};
use crate::judge::Judges;
use crate::postgres;

/// Everybody's password.
pub const PASSWORD: &str = "salesdesk-test";
/// When every test begins: ten in the morning, where the company is.
pub const NOW: At = At::from_millis(1_795_140_000_000);
pub const MASTER_KEY: [u8; 32] = [7; 32];

/// Makes two tests of each function, one for each engine: `both_engines!(a_promise, another);`. A function
/// that is left out of the list is dead code, which the lints refuse.
#[macro_export]
macro_rules! both_engines {
    ($($name:ident),+ $(,)?) => {$(
        mod $name {
            #[test]
            fn sqlite() {
                $crate::support::on_sqlite(stringify!($name), super::$name);
            }
            #[test]
            fn postgres() {
                $crate::support::on_postgres(stringify!($name), super::$name);
            }
        }
    )+};
}

/// The same, each test in a company that has records of every kind ([`crate::company`]).
#[macro_export]
macro_rules! both_engines_of_the_company {
    ($($name:ident),+ $(,)?) => {$(
        mod $name {
            #[test]
            fn sqlite() {
                $crate::support::in_company_on_sqlite(stringify!($name), super::$name);
            }
            #[test]
            fn postgres() {
                $crate::support::in_company_on_postgres(stringify!($name), super::$name);
            }
        }
    )+};
}

pub fn on_sqlite(promise: &'static str, test: fn(&TestApp)) {
    test(&TestApp::new(Database::sqlite(), promise));
}

/// Without PostgreSQL on the machine there is nothing to run on: [`postgres::cluster`] says so once, and
/// panics where it is required.
pub fn on_postgres(promise: &'static str, test: fn(&TestApp)) {
    if let Some(cluster) = postgres::cluster() {
        test(&TestApp::new(Database::postgres(cluster), promise));
    }
}

pub fn in_company_on_sqlite(promise: &'static str, test: fn(&TestApp)) {
    test(&TestApp::new(Database::sqlite_company(), promise));
}

pub fn in_company_on_postgres(promise: &'static str, test: fn(&TestApp)) {
    if let Some(cluster) = postgres::cluster() {
        test(&TestApp::new(Database::postgres_company(cluster), promise));
    }
}

// ---- databases -----------------------------------------------------------------------------------------------

/// A person of the test company.
#[derive(Debug, Clone)]
pub struct Person {
    pub username: String,
    pub user: UserId,
    pub session: SessionId,
}

/// What every test's database has from the start.
#[derive(Debug, Clone)]
pub struct Seed {
    /// `north` has everybody but `rep2`, who is in `south`.
    pub north: TeamId,
    pub south: TeamId,
    pub people: Vec<Person>,
}

/// A database that was filled elsewhere has none of the test company.
static NOBODY: Seed =
    Seed { north: TeamId(uuid::Uuid::nil()), south: TeamId(uuid::Uuid::nil()), people: Vec::new() };

/// A database of one test; gone when dropped.
pub struct Database {
    target: Target,
    seed: &'static Seed,
    company: Option<&'static Company>,
    folder: Option<Folder>,
    dropped_from: Option<String>,
}

/// A folder that is removed with all that is in it.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Folder {
        let memory = Path::new("/dev/shm");
        let place = if memory.is_dir() { memory.to_owned() } else { std::env::temp_dir() };
        let folder = place.join(fresh_name());
        std::fs::create_dir(&folder).expect("a folder for the test's database");
        Folder(folder)
    }
    fn database(&self) -> PathBuf {
        self.0.join("salesdesk.db")
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn fresh_name() -> String {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    format!("salesdesk_it_{}_{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed))
}

impl Database {
    /// Where it is, for a server process of its own.
    pub fn target(&self) -> &Target {
        &self.target
    }
    /// A copy of a migrated and seeded file, which is kept in memory, so that nothing of it is left over.
    pub fn sqlite() -> Database {
        static TEMPLATE: OnceLock<(Vec<u8>, Seed)> = OnceLock::new();
        let (file, seed) = TEMPLATE.get_or_init(|| {
            let folder = Folder::new();
            let target = Target::Sqlite(folder.database());
            let seed = seed(&target);
            (contents(&folder), seed)
        });
        Database::sqlite_of(file, seed, None)
    }

    /// A copy of the file of the company, which is made when the first test asks for it.
    pub fn sqlite_company() -> Database {
        static TEMPLATE: OnceLock<(Vec<u8>, &'static Seed, Company)> = OnceLock::new();
        let (file, seed, company) = TEMPLATE.get_or_init(|| {
            let app = TestApp::new(Database::sqlite(), "the company");
            let company = company::found(&app);
            let folder = app._database.folder.as_ref().expect("a file");
            (contents(folder), app.seed, company)
        });
        Database::sqlite_of(file, seed, Some(company))
    }

    fn sqlite_of(file: &[u8], seed: &'static Seed, company: Option<&'static Company>) -> Database {
        let folder = Folder::new();
        std::fs::write(folder.database(), file).expect("the test's database");
        let target = Target::Sqlite(folder.database());
        Database { target, seed, company, folder: Some(folder), dropped_from: None }
    }

    /// A copy of a migrated and seeded database of the cluster.
    pub fn postgres(cluster: &postgres::Cluster) -> Database {
        static TEMPLATE: OnceLock<(String, Seed)> = OnceLock::new();
        let (template, seed) = TEMPLATE.get_or_init(|| {
            let name = fresh_name();
            on_postgres_server(&cluster.admin_url(), &format!("CREATE DATABASE {name}"));
            let seed = seed(&Target::Postgres(cluster.url(&name)));
            (name, seed)
        });
        Database::postgres_of(cluster, template, seed, None)
    }

    /// A copy of the database of the company, which is made when the first test asks for it.
    pub fn postgres_company(cluster: &postgres::Cluster) -> Database {
        static TEMPLATE: OnceLock<(String, &'static Seed, Company)> = OnceLock::new();
        let (template, seed, company) = TEMPLATE.get_or_init(|| {
            // Kept until the cluster goes.
            let mut database = Database::postgres(cluster);
            database.dropped_from = None;
            let Target::Postgres(url) = database.target.clone() else { panic!("no database of the cluster") };
            let app = TestApp::new(database, "the company");
            let company = company::found(&app);
            (url.rsplit('/').next().unwrap_or_default().to_owned(), app.seed, company)
        });
        Database::postgres_of(cluster, template, seed, Some(company))
    }

    fn postgres_of(
        cluster: &postgres::Cluster,
        template: &str,
        seed: &'static Seed,
        company: Option<&'static Company>,
    ) -> Database {
        let name = fresh_name();
        // PostgreSQL waits for the template's last connection to end.
        on_postgres_server(&cluster.admin_url(), &format!("CREATE DATABASE {name} TEMPLATE {template}"));
        Database {
            target: Target::Postgres(cluster.url(&name)),
            seed,
            company,
            folder: None,
            dropped_from: Some(cluster.admin_url()),
        }
    }

    /// SQLite's file as it was kept, with nobody of the test company in it.
    pub fn of_file(file: &[u8]) -> Database {
        let folder = Folder::new();
        std::fs::write(folder.database(), file).expect("the kept database");
        Database {
            target: Target::Sqlite(folder.database()),
            seed: &NOBODY,
            company: None,
            folder: Some(folder),
            dropped_from: None,
        }
    }

    /// The same for PostgreSQL, as the statements that make it.
    pub fn of_statements(cluster: &postgres::Cluster, sql: &str) -> Database {
        let name = fresh_name();
        on_postgres_server(&cluster.admin_url(), &format!("CREATE DATABASE {name}"));
        let mut conn = diesel::PgConnection::establish(&cluster.url(&name)).expect("the new database");
        conn.batch_execute(sql).expect("the kept statements");
        Database {
            target: Target::Postgres(cluster.url(&name)),
            seed: &NOBODY,
            company: None,
            folder: None,
            dropped_from: Some(cluster.admin_url()),
        }
    }
}

/// All that a file of SQLite holds, as one file.
fn contents(folder: &Folder) -> Vec<u8> {
    let copy = folder.0.join("template.db");
    let mut conn = Target::Sqlite(folder.database()).connect().expect("the template");
    conn.batch_execute(&format!("VACUUM INTO '{}'", copy.display())).expect("a copy");
    std::fs::read(copy).expect("the template's bytes")
}

impl Drop for Database {
    fn drop(&mut self) {
        if let (Target::Postgres(url), Some(admin)) = (&self.target, &self.dropped_from) {
            let name = url.rsplit('/').next().unwrap_or_default();
            on_postgres_server(admin, &format!("DROP DATABASE {name} WITH (FORCE)"));
        }
        drop(self.folder.take());
    }
}

fn on_postgres_server(admin_url: &str, sql: &str) {
    let mut conn = diesel::PgConnection::establish(admin_url).expect("the cluster answers");
    conn.batch_execute(sql).unwrap_or_else(|e| panic!("{sql}: {e}"));
}

/// Limits that no test meets by accident, and whose headers every answer shows.
fn web() -> Web {
    let webhooks = Sending { resolve: resolved, ..Sending::default() };
    // Nobody listens there; a test that wants its mails has a receiver of its own.
    let mail = Some(mail_server(1));
    Web { rate_limit: 1_000_000, public_rate_limit: 1_000_000, webhooks, mail, ..Web::default() }
}

/// A mail server at a port of this machine.
pub fn mail_server(port: u16) -> MailServer {
    let from = "Salesdesk <desk@example.com>";
    let links = Some("https://sales.example.com".into());
    MailServer { links, ..MailServer::of("127.0.0.1", port, Protection::None, from) }
}

/// No test asks the world for an address: only this machine and what the name says are known.
fn resolved(name: &str, port: u16) -> std::io::Result<Vec<SocketAddr>> {
    match name {
        "this-machine.test" => Ok(vec![(Ipv4Addr::LOCALHOST, port).into()]),
        _ => Err(std::io::Error::other("there is no such name")),
    }
}

fn open_with(target: &Target, web: Web, now: At, routes: Routes) -> Arc<Core> {
    let config = Config {
        listen: "127.0.0.1:0".into(),
        data_dir: match target {
            Target::Sqlite(file) => file.parent().expect("a folder").to_owned(),
            Target::Postgres(_) => PathBuf::new(),
        },
        target: target.clone(),
        zone: chrono_tz::Asia::Shanghai,
        currency: "CNY".into(),
        master_key: Some(MASTER_KEY),
        web,
        public_url: None,
        pg_bin: None,
        backup_passphrase: None,
    };
    let declarations = routes.finish().expect("sound declarations");
    start::core_with(&config, Clock::fixed(now), Size { readers: 2, writers: 2 }, declarations)
        .expect("the product starts")
}

/// Migrates, and adds two teams and a person of every role, each with a session.
fn seed(target: &Target) -> Seed {
    static HASH: OnceLock<String> = OnceLock::new();
    let hash = HASH.get_or_init(|| passwords::hash(PASSWORD).expect("a hash")).clone();
    let core = open_with(target, web(), NOW, start::routes());
    schedules::ensure(&core, &core.building.schedules).expect("the schedules");
    core.write_as(Arc::new(Caller::system("test")), move |tx| {
        let team = |code: &str| TeamForm {
            code: code.into(),
            name: code.into(),
            parent_id: None,
            external_ids: JsonColumn(vec![]),
        };
        let north = record::work::create::<Team>(tx, team("test-north"))?.id;
        let south = record::work::create::<Team>(tx, team("test-south"))?.id;
        let mut names: Vec<(String, Role, TeamId)> =
            Role::ALL.iter().map(|role| (role.to_string(), *role, north)).collect();
        names.push(("rep2".into(), Role::Rep, south));
        let mut people = Vec::new();
        for (username, role, team) in names {
            let input = UserInput {
                username: username.clone(),
                name: format!("Test {username}"),
                email: None,
                phone: None,
                title: None,
                role,
                team_id: Some(team),
                region_ids: vec![],
                lang: None,
                external_ids: vec![],
            };
            let user = work::create_user(tx, input, Some(hash.clone()), false)?.id;
            let (session, _) = sessions::begin(tx, user, "192.0.2.1")?;
            people.push(Person { username, user, session });
        }
        Ok(Seed { north, south, people })
    })
    .expect("the seed")
}

/// Gives the people of the test company other names, which are the demo's as well.
pub fn make_room(app: &TestApp) {
    for person in &app.seed.people {
        let path = format!("/users/{}", person.user);
        let before = app.all_powerful().get(&path).expect(200);
        let name = format!("{}-of-the-test", person.username);
        app.all_powerful().patch(&path, &before.etag(), json!({"username": name})).expect(200);
    }
}

// ---- the product ---------------------------------------------------------------------------------------------

type Serve = Box<dyn Fn(TestRequest) -> LocalBoxFuture<'static, ServiceResponse>>;

/// The product on a database of its own, with a clock that stands still.
pub struct TestApp {
    serve: Option<Serve>,
    app: Option<web::Data<App>>,
    runner: Rc<actix_web::rt::SystemRunner>,
    pub core: Arc<Core>,
    pub seed: &'static Seed,
    /// What there is beside the seed, for tests in a company.
    pub company: Option<&'static Company>,
    /// What the test holds to be true, by its name.
    pub promise: &'static str,
    /// Tokens by user name and second.
    tokens: RefCell<HashMap<(String, i64), String>>,
    judges: RefCell<HashMap<&'static str, Arc<Judges>>>,
    pub counter: std::cell::Cell<u64>,
    /// Last, so that nobody uses it any more when it goes.
    _database: Rc<Database>,
}

/// The document and the endpoints, for walks over all of them; made once.
pub fn declared() -> &'static (Value, Vec<Arc<Endpoint>>) {
    static DECLARED: OnceLock<(Value, Vec<Arc<Endpoint>>)> = OnceLock::new();
    DECLARED.get_or_init(|| {
        document::build(start::declarations().expect("sound declarations"))
            .expect("the document can be built")
    })
}

/// The document's schemas.
pub fn components() -> &'static Map<String, Value> {
    declared().0["components"]["schemas"].as_object().expect("schemas")
}

/// An endpoint's operation in the document.
pub fn operation(endpoint: &Endpoint) -> &'static Value {
    &declared().0["paths"][endpoint.path][endpoint.method.as_str().to_ascii_lowercase()]
}

/// A part of the document, where a reference to it stands among the components.
pub fn located(part: &Value) -> &Value {
    match part["$ref"].as_str().and_then(|reference| declared().0.pointer(reference.strip_prefix('#')?)) {
        Some(component) => component,
        None => part,
    }
}

/// What the product logs of a failed test stands beside it: an error 503 says nothing about why.
fn say_what_went_wrong() {
    let usual = env_logger::Env::default().default_filter_or("info");
    let _already = env_logger::Builder::from_env(usual).is_test(true).try_init();
}

impl TestApp {
    fn new(database: Database, promise: &'static str) -> TestApp {
        let runner = Rc::new(actix_web::rt::System::new());
        let mut app = TestApp::on(Rc::new(database), runner, web(), NOW, &[]);
        app.promise = promise;
        app
    }

    /// The product on a database that an earlier one made, at this time of the clock.
    pub fn upgraded(database: Database, now: At) -> TestApp {
        TestApp::on(Rc::new(database), Rc::new(actix_web::rt::System::new()), web(), now, &[])
    }

    /// The product on a copy of this database that was made elsewhere: the same people, at the same time of its clock.
    pub fn moved_to(&self, database: Database) -> TestApp {
        let mut database = database;
        database.seed = self.seed;
        let now = self.core.clock.now();
        let moved = TestApp::on(Rc::new(database), self.runner.clone(), web(), now, &[]);
        moved.counter.set(self.counter.get());
        moved
    }

    /// A database with nothing in it, of the same engine.
    pub fn empty_database(&self) -> Database {
        match self.is_sqlite() {
            true => Database::of_file(&[]),
            false => Database::of_statements(postgres::cluster().expect("a cluster"), "SELECT 1"),
        }
    }

    /// The product once more on the same database, at the same time of its clock, with other settings: its memory is its
    /// own, its records are not.
    pub fn with_settings(&self, change: impl FnOnce(&mut Web)) -> TestApp {
        let mut web = web();
        change(&mut web);
        TestApp::on(self._database.clone(), self.runner.clone(), web, self.core.clock.now(), &[])
    }

    /// The product once more on the same database, at the same time of its clock, with more recurring work.
    pub fn with_schedules(&self, schedules: &[Schedule]) -> TestApp {
        TestApp::on(self._database.clone(), self.runner.clone(), web(), self.core.clock.now(), schedules)
    }

    fn on(
        database: Rc<Database>,
        runner: Rc<actix_web::rt::SystemRunner>,
        web: Web,
        now: At,
        schedules: &[Schedule],
    ) -> TestApp {
        say_what_went_wrong();
        let mut routes = start::routes();
        schedules.iter().for_each(|schedule| routes.schedule(*schedule));
        let core = open_with(&database.target, web, now, routes);
        let app = web::Data::new(App::new(core.clone()).expect("the app"));
        let service = Rc::new(runner.block_on(init_service(salesdesk::server::application(app.clone()))));
        let serve: Serve = Box::new(move |request| {
            let service = service.clone();
            Box::pin(async move {
                let answer = service.call(request.to_request()).await.expect("an answer");
                answer.map_into_boxed_body()
            })
        });
        TestApp {
            serve: Some(serve),
            app: Some(app),
            runner,
            core,
            seed: database.seed,
            company: database.company,
            promise: "",
            tokens: RefCell::default(),
            judges: RefCell::default(),
            counter: std::cell::Cell::new(database.company.map_or(0, |company| company.named)),
            _database: database,
        }
    }

    pub fn app(&self) -> &App {
        self.app.as_ref().expect("until dropped")
    }

    /// Runs the work that goes on beside requests until there is nothing to do at this moment of the clock.
    pub fn run_background(&self) {
        salesdesk::base::background::run_until_idle(&self.shared()).expect("the tasks run");
    }

    /// The product, for threads that work beside requests.
    pub fn shared(&self) -> Arc<App> {
        self.app.as_ref().expect("until dropped").clone().into_inner()
    }

    /// SQLite's file as it is now, once.
    pub fn file(&self) -> Vec<u8> {
        contents(self._database.folder.as_ref().expect("a file"))
    }

    /// What `salesdesk check --records` finds.
    pub fn check(&self) -> Vec<String> {
        let mut faults = salesdesk::check::check(&self.core, |_| {}).expect("checked");
        faults.extend(salesdesk::check::records(&self.core, |_| {}).expect("checked"));
        faults
    }

    pub fn endpoints(&self) -> &[Arc<Endpoint>] {
        &self.app().endpoints
    }

    pub fn is_sqlite(&self) -> bool {
        matches!(self.core.engine.target, Target::Sqlite(_))
    }

    /// Something that no other call of this test gave.
    pub fn unique(&self) -> u64 {
        self.counter.set(self.counter.get() + 1);
        self.counter.get()
    }

    pub fn person(&self, username: &str) -> &'static Person {
        let found = self.seed.people.iter().find(|p| p.username == username);
        found.unwrap_or_else(|| panic!("there is no test person {username}"))
    }

    // ---- clients

    fn client(&self, who: Who) -> Client<'_> {
        Client { app: self, who, headers: vec![], peer: PEER }
    }
    /// The test person of this role.
    pub fn as_role(&self, role: Role) -> Client<'_> {
        self.client(Who::Person(role.to_string()))
    }
    /// A test person by user name.
    pub fn as_user(&self, username: &str) -> Client<'_> {
        self.client(Who::Person(username.into()))
    }
    /// Without a token.
    pub fn anyone(&self) -> Client<'_> {
        self.client(Who::Nobody)
    }
    /// With this token.
    pub fn bearer(&self, token: &str) -> Client<'_> {
        self.anyone().with("authorization", &format!("Bearer {token}"))
    }
    /// Somebody who is logged in, sees everything, and has exactly these scopes.
    pub fn with_scopes(&self, scopes: &[Scope]) -> Client<'_> {
        self.client(Who::Scopes(Scopes::of(scopes)))
    }
    /// Somebody with every scope there is, for what is not about rights.
    pub fn all_powerful(&self) -> Client<'_> {
        self.with_scopes(Scope::ALL)
    }

    /// An access token of this test person at this moment.
    pub fn token(&self, username: &str) -> String {
        let now = self.core.clock.now();
        let person = self.person(username);
        let mut tokens = self.tokens.borrow_mut();
        let token = tokens
            .entry((username.to_owned(), now.seconds()))
            .or_insert_with(|| self.core.keys.sign(&claims(person, now)).expect("a token"));
        token.clone()
    }

    /// A token whose caller the product believes to have these scopes, while the clock stands.
    fn token_with(&self, scopes: Scopes) -> String {
        let now = self.core.clock.now();
        let person = self.person("admin");
        let claims = Claims { jti: format!("{scopes:?}"), ..claims(person, now) };
        let key = (claims.jti.clone(), now.seconds());
        let mut tokens = self.tokens.borrow_mut();
        let token = tokens.entry(key).or_insert_with(|| self.core.keys.sign(&claims).expect("a token"));
        let caller = Caller {
            user: Some(person.user.0),
            name: "Test admin".into(),
            role: Some(Role::Admin),
            scopes,
            sight: Sight::All,
            session: Some(person.session.0),
            ..Caller::anonymous()
        };
        let since = self.core.callers.since();
        self.core.callers.remember(token, claims, Arc::new(caller), now, since);
        token.clone()
    }

    // ---- asking

    /// Asks everything at the same time.
    pub fn together(&self, asks: Vec<Ask>) -> Vec<Reply> {
        let calls = asks.iter().map(|ask| self.perform(ask));
        let replies = self.runner.block_on(join_all(calls));
        asks.iter().zip(&replies).for_each(|(ask, reply)| self.examine(ask, reply));
        replies
    }

    /// The body of a stream, which goes on.
    pub fn opened(&self, ask: &Ask) -> actix_web::body::BoxBody {
        let response = self.run(self.respond(ask));
        assert_eq!(response.status(), 200);
        response.into_body()
    }

    /// The first chunks of a stream.
    pub fn streamed(&self, ask: &Ask, chunks: usize) -> Vec<String> {
        let mut body = self.opened(ask);
        let texts = (0..chunks).map(|_| self.run(next_chunk(&mut body)));
        texts.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).collect()
    }

    pub fn ask(&self, ask: &Ask) -> Reply {
        let reply = self.runner.block_on(self.perform(ask));
        self.examine(ask, &reply);
        reply
    }

    /// Asks while others do: for clients that each go their own way, under [`TestApp::run`].
    pub async fn asked(&self, ask: &Ask) -> Reply {
        let reply = self.perform(ask).await;
        self.examine(ask, &reply);
        reply
    }

    pub fn run<T>(&self, work: impl Future<Output = T>) -> T {
        self.runner.block_on(work)
    }

    async fn respond(&self, ask: &Ask) -> ServiceResponse {
        let mut request = TestRequest::default()
            .method(ask.method.parse().expect("a method"))
            .uri(&ask.path)
            .peer_addr((ask.peer, 40_000).into());
        for (name, value) in &ask.headers {
            request = request.insert_header((name.as_str(), value.as_slice()));
        }
        if let Some(body) = &ask.body {
            if !ask.headers.iter().any(|(n, _)| n == "content-length" || n == "transfer-encoding") {
                request = request.insert_header(("content-length", body.len()));
            }
            request = request.set_payload(body.clone());
        }
        (self.serve.as_ref().expect("until dropped"))(request).await
    }

    async fn perform(&self, ask: &Ask) -> Reply {
        let response = self.respond(ask).await;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let media_type = headers.get("content-type").and_then(|v| v.to_str().ok()).unwrap_or_default();
        let bytes = match media_type {
            // A stream of events goes on; here its beginning is enough.
            "text/event-stream" => next_chunk(&mut response.into_body()).await,
            _ => actix_web::body::to_bytes(response.into_body()).await.unwrap_or_default(),
        };
        let body = serde_json::from_slice(&bytes).unwrap_or_default();
        let asked = format!("{} {}", ask.method, ask.path);
        Reply { asked, status, headers, body, bytes: bytes.to_vec() }
    }

    // ---- what holds for every answer

    /// Every answer, whatever was asked, keeps the conventions and is what the document says.
    fn examine(&self, ask: &Ask, reply: &Reply) {
        let mut wrong = Vec::new();
        examine_headers(ask, reply, &mut wrong);
        if reply.status >= 400 {
            examine_problem(ask, reply, &mut wrong);
        }
        let path = ask.path.split('?').next().unwrap_or_default();
        if let Ok((endpoint, _)) = self.app().find(&ask.method, path) {
            self.examine_documented(&endpoint, ask, reply, &mut wrong);
        }
        assert!(wrong.is_empty(), "{reply}\nbreaks the conventions:\n- {}", wrong.join("\n- "));
    }

    fn examine_documented(&self, endpoint: &Endpoint, ask: &Ask, reply: &Reply, wrong: &mut Vec<String>) {
        let responses = &operation(endpoint)["responses"];
        let declared = located(&responses[reply.status.to_string()]);
        // Some statuses share one response of the document, but not every operation can answer each of them.
        if declared.is_null() && !document::failures(endpoint).contains(&reply.status) {
            wrong.push(format!("{} does not declare the status {}", endpoint.operation_id, reply.status));
        }
        let narrowed = ask.path.contains("fields=");
        let Some(schema) = &endpoint.answer else { return };
        if !(200..300).contains(&reply.status) || narrowed || ask.method == "HEAD" {
            return;
        }
        let mut known = self.judges.borrow_mut();
        let judges = known.entry(endpoint.operation_id).or_insert_with(|| Judges::of(schema));
        let faults = judges.faults(&reply.body);
        wrong.extend(faults.iter().map(|f| format!("the answer is not as declared: {f}")));
        missing(schema, &reply.body, "", wrong);
        for (name, _) in declared["headers"].as_object().into_iter().flatten() {
            let sometimes = ["Link", "Idempotent-Replayed", "Access-Control-Allow-Origin"];
            let elsewhere = name == "Location" && !matches!(reply.status, 201 | 202);
            let always = !sometimes.contains(&name.as_str()) && !elsewhere;
            let widened = name == "ETag" && ask.path.contains("expand=");
            if always && !widened && reply.header(name).is_none() {
                wrong.push(format!("the declared header {name} is missing"));
            }
        }
    }

    // ---- looking into the database

    /// Every table with its number of rows.
    pub fn row_counts(&self) -> Vec<(String, i64)> {
        self.read(|conn| {
            let names = match conn.engine {
                EngineConn::Sqlite(_) => {
                    "SELECT name AS word FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'
                     AND name NOT LIKE 'search_index%' ORDER BY name"
                }
                EngineConn::Pg(_) => {
                    "SELECT table_name::text AS word FROM information_schema.tables
                     WHERE table_schema = 'public' ORDER BY table_name"
                }
            };
            // All in one statement: after every row of a table of bad input this is asked again.
            let counts: Vec<String> = words(conn, names)
                .iter()
                .map(|table| format!("SELECT '{table} ' || CAST(count(*) AS TEXT) AS word FROM {table}"))
                .collect();
            let counts = words(conn, &counts.join(" UNION ALL "));
            let pair = |line: &String| {
                let (table, count) = line.split_once(' ').expect("a table and its count");
                (table.to_owned(), count.parse().expect("a count"))
            };
            let mut counts: Vec<(String, i64)> = counts.iter().map(pair).collect();
            counts.sort();
            counts
        })
    }

    /// How many journal entries this request left, of this actor.
    pub fn journal_of(&self, request_id: &str, actor: UserId) -> Vec<(String, i32)> {
        use salesdesk::base::db::AnyId;
        use salesdesk::schema::journal::dsl;
        let request_id = request_id.to_owned();
        self.read(move |conn| {
            dsl::journal
                .filter(dsl::request_id.eq(request_id))
                .filter(dsl::actor_id.eq(AnyId(actor.0)))
                .filter(dsl::occurred_at.eq(NOW))
                .order(dsl::id)
                .select((dsl::event_type, dsl::version))
                .load(conn)
                .expect("the journal")
        })
    }

    pub fn read<T: Send + 'static>(&self, work: impl FnOnce(&mut Conn) -> T + Send + 'static) -> T {
        self.core.engine.read_now(move |conn| Ok(work(conn))).expect("a read")
    }
}

impl Drop for TestApp {
    /// The service holds the app, which holds the core: all go before the database does.
    fn drop(&mut self) {
        self.serve.take();
        self.app.take();
    }
}

/// What comes next of a body; nothing at its end.
pub async fn next_chunk(body: &mut actix_web::body::BoxBody) -> web::Bytes {
    use actix_web::body::MessageBody;
    let chunk = std::future::poll_fn(|cx| std::pin::Pin::new(&mut *body).poll_next(cx)).await;
    chunk.and_then(|chunk| chunk.ok()).unwrap_or_default()
}

fn claims(person: &Person, now: At) -> Claims {
    Claims {
        iss: ISSUER.into(),
        aud: AUDIENCE.into(),
        sub: person.user.to_string(),
        sid: Some(person.session.to_string()),
        iat: now.seconds(),
        exp: now.seconds() + LIFETIME,
        nbf: None,
        jti: format!("{} at {now}", person.username),
        client_id: None,
        scope: None,
        epoch: None,
    }
}

fn examine_headers(ask: &Ask, reply: &Reply, wrong: &mut Vec<String>) {
    let mut must = |name: &str, holds: bool| {
        if !holds {
            wrong.push(format!("{name} is {:?}", reply.header(name)));
        }
    };
    let given = ask.header("x-request-id");
    let sane = given.filter(|id| {
        (1..=100).contains(&id.len()) && id.chars().all(|c| c.is_ascii_alphanumeric() || "-_.:".contains(c))
    });
    match sane {
        Some(id) => must("x-request-id", reply.header("x-request-id") == Some(id)),
        None => must("x-request-id", reply.header("x-request-id").is_some_and(|id| id.starts_with("req_"))),
    }
    must("x-content-type-options", reply.header("x-content-type-options") == Some("nosniff"));
    must("content-security-policy", reply.header("content-security-policy").is_some());
    must("content-encoding", reply.header("content-encoding") != Some("identity"));
    if ask.method == "OPTIONS" && reply.status == 204 {
        return; // a browser's question, which has no answer in words
    }
    let page = ask.path.split('?').next().unwrap_or_default();
    if page.starts_with(API) && !page.ends_with("/openapi.json") {
        let vary = reply.header("vary").unwrap_or_default().to_ascii_lowercase();
        must("vary", ["authorization", "accept-language"].iter().all(|h| vary.contains(h)));
        let language = reply.header("content-language");
        must("content-language", matches!(language, Some("en" | "zh-CN")));
        let cache = reply.header("cache-control");
        must("cache-control", matches!(cache, Some("no-store" | "private, no-cache")));
    }
}

fn examine_problem(ask: &Ask, reply: &Reply, wrong: &mut Vec<String>) {
    let body = &reply.body;
    let mut must = |what: &str, holds: bool| {
        if !holds {
            wrong.push(what.to_owned());
        }
    };
    must("no answer of ours is a 500", reply.status != 500);
    must("the media type of a problem", reply.header("content-type") == Some("application/problem+json"));
    must("problems are not stored", reply.header("cache-control") == Some("no-store"));
    must("a problem is in a language", reply.header("content-language").is_some());
    if ask.method == "HEAD" {
        return;
    }
    static JUDGES: OnceLock<Arc<Judges>> = OnceLock::new();
    let judges = JUDGES.get_or_init(|| Judges::of(&json!({"$ref": "#/components/schemas/Problem"})));
    let faults = judges.faults(body);
    must(&format!("a problem is as declared: {faults:?}"), faults.is_empty());
    let code = body["code"].as_str().unwrap_or_default();
    let text = messages::find_problem(code);
    must("the code is known", text.is_some_and(|t| t.status == reply.status));
    must("type", body["type"] == format!("/problems/{code}"));
    must("status", body["status"] == reply.status);
    must("title and detail", body["title"].is_string() && body["detail"].is_string());
    must("instance", body["instance"] == ask.path.split('?').next().unwrap_or_default());
    must("request_id", body["request_id"].as_str() == reply.header("x-request-id"));
    must("WWW-Authenticate", (reply.status == 401) == reply.header("www-authenticate").is_some());
    must("Allow", (reply.status == 405) == reply.header("allow").is_some());
    let waits = matches!(reply.status, 429 | 503);
    must("Retry-After", !waits || reply.header("retry-after").is_some_and(|s| s.parse::<u32>().is_ok()));
    must("current_version", (reply.status == 412) == body["current_version"].is_i64());
    must("every word is filled in", !has_placeholder(body["detail"].as_str().unwrap_or_default()));
    must(
        "400 and 422 about the input name it",
        !["validation_failed", "invalid_parameter"].contains(&code) || body["errors"].is_array(),
    );
    for error in body["errors"].as_array().into_iter().flatten() {
        must("an error has a code", error["code"].is_string() && error["params"].is_object());
        must("an error is in words", !has_placeholder(error["detail"].as_str().unwrap_or("{none}")));
        must("an error has one place", error["pointer"].is_string() != error["parameter"].is_string());
    }
}

/// Whether a `{word}` is left in a text.
fn has_placeholder(text: &str) -> bool {
    text.split('{').skip(1).any(|rest| {
        let word = rest.split('}').next().unwrap_or_default();
        rest.len() > word.len()
            && !word.is_empty()
            && word.bytes().all(|b| b.is_ascii_lowercase() || b == b'_')
    })
}

/// The declared fields that an answer lacks: all are there, `null` where empty.
fn missing(schema: &Value, value: &Value, at: &str, wrong: &mut Vec<String>) {
    let schema = resolve(schema);
    if std::ptr::eq(schema, &components()["Problem"]) {
        return; // which says no more than there is to say
    }
    if let Some(items) = value.as_array() {
        items.iter().enumerate().for_each(|(i, v)| missing(&schema["items"], v, &format!("{at}/{i}"), wrong));
    }
    let (Some(fields), Some(object)) = (schema["properties"].as_object(), value.as_object()) else { return };
    for (name, field) in fields {
        match object.get(name) {
            Some(value) => missing(field, value, &format!("{at}/{name}"), wrong),
            None if name == "total_count" || field["x-expanded"] == true => {}
            // A row of a report has only the keys that it is grouped by.
            None if at.starts_with("/rows/") => {}
            None => wrong.push(format!("the answer lacks the field {at}/{name}")),
        }
    }
}

/// The schema behind references and `null or …`.
pub fn resolve(schema: &Value) -> &Value {
    if let Some(name) = schema["$ref"].as_str() {
        return resolve(&components()[name.rsplit('/').next().unwrap_or_default()]);
    }
    for key in ["oneOf", "anyOf"] {
        if let Some(variants) = schema[key].as_array() {
            let mut telling = variants.iter().filter(|v| v["type"] != "null");
            if let (Some(only), None) = (telling.next(), telling.next()) {
                return resolve(only);
            }
        }
    }
    schema
}

// ---- plain SQL -----------------------------------------------------------------------------------------------

#[derive(QueryableByName)]
struct Word {
    #[diesel(sql_type = diesel::sql_types::Text)]
    word: String,
}
#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    number: i64,
}

/// The column `word` of a query.
pub fn words(conn: &mut Conn, sql: &str) -> Vec<String> {
    let rows: Vec<Word> = diesel::sql_query(sql).load(conn).unwrap_or_else(|e| panic!("{sql}: {e}"));
    rows.into_iter().map(|r| r.word).collect()
}

/// The column `number` of a query's one row.
pub fn number(conn: &mut Conn, sql: &str) -> i64 {
    let row: Number = diesel::sql_query(sql).get_result(conn).unwrap_or_else(|e| panic!("{sql}: {e}"));
    row.number
}

// ---- clients -------------------------------------------------------------------------------------------------

#[derive(Clone)]
enum Who {
    Nobody,
    Person(String),
    Scopes(Scopes),
}

/// Somebody who asks. Paths are relative to `/api/v1`, or begin with it as `Location` does.
#[derive(Clone)]
pub struct Client<'a> {
    app: &'a TestApp,
    who: Who,
    headers: Vec<(String, Vec<u8>)>,
    peer: IpAddr,
}

/// Where requests come from, unless a test says otherwise.
const PEER: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));

impl<'a> Client<'a> {
    /// Calling from this network address.
    pub fn from(mut self, address: &str) -> Client<'a> {
        self.peer = address.parse().expect("an address");
        self
    }

    /// With this header on every request.
    pub fn with(mut self, name: &str, value: &str) -> Client<'a> {
        self.headers.push((name.to_ascii_lowercase(), value.as_bytes().to_vec()));
        self
    }

    pub fn get(&self, path: &str) -> Reply {
        self.app.ask(&self.asks("GET", path, None))
    }
    pub fn post(&self, path: &str, body: Value) -> Reply {
        self.app.ask(&self.asks("POST", path, Some(body)))
    }
    pub fn put(&self, path: &str, body: Value) -> Reply {
        self.app.ask(&self.asks("PUT", path, Some(body)))
    }
    pub fn patch(&self, path: &str, etag: &str, body: Value) -> Reply {
        self.app.ask(&self.clone().with("if-match", etag).asks("PATCH", path, Some(body)))
    }
    pub fn delete(&self, path: &str, etag: &str) -> Reply {
        self.app.ask(&self.clone().with("if-match", etag).asks("DELETE", path, None))
    }
    pub fn send(&self, method: &str, path: &str, body: Option<Value>) -> Reply {
        self.app.ask(&self.asks(method, path, body))
    }
    /// Any bytes, under any media type.
    pub fn raw(&self, method: &str, path: &str, media_type: &str, body: impl Into<Vec<u8>>) -> Reply {
        let mut ask = self.asks(method, path, None);
        if !media_type.is_empty() {
            ask.headers.push(("content-type".into(), media_type.into()));
        }
        ask.body = Some(body.into());
        self.app.ask(&ask)
    }
    /// A form, as OAuth writes its requests.
    pub fn form(&self, path: &str, fields: &[(&str, &str)]) -> Reply {
        self.raw("POST", path, FORM, form_of(fields))
    }
    /// A path outside the API.
    pub fn page(&self, method: &str, path: &str) -> Reply {
        let mut ask = self.asks(method, "", None);
        ask.path = path.to_owned();
        self.app.ask(&ask)
    }

    /// The request, to be asked later.
    pub fn asks(&self, method: &str, path: &str, body: Option<Value>) -> Ask {
        let path = if path.starts_with(API) { path.to_owned() } else { format!("{API}{path}") };
        let mut headers = self.headers.clone();
        let token = match &self.who {
            Who::Nobody => None,
            Who::Person(name) => Some(self.app.token(name)),
            Who::Scopes(scopes) => Some(self.app.token_with(*scopes)),
        };
        headers.extend(token.map(|t| ("authorization".to_owned(), format!("Bearer {t}").into_bytes())));
        if body.is_some() && !headers.iter().any(|(name, _)| name == "content-type") {
            let media_type = match method {
                "PATCH" => "application/merge-patch+json",
                _ => "application/json",
            };
            headers.push(("content-type".into(), media_type.into()));
        }
        let body = body.map(|b| b.to_string().into_bytes());
        Ask { method: method.into(), path, headers, body, peer: self.peer }
    }
}

/// A request.
#[derive(Clone)]
pub struct Ask {
    pub method: String,
    pub path: String,
    pub headers: Vec<(String, Vec<u8>)>,
    pub body: Option<Vec<u8>>,
    pub peer: IpAddr,
}

impl Ask {
    fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(n, _)| n == name);
        found.and_then(|(_, value)| std::str::from_utf8(value).ok())
    }
}

/// An answer.
pub struct Reply {
    pub asked: String,
    pub status: u16,
    pub headers: HeaderMap,
    /// Null when the answer is no JSON.
    pub body: Value,
    pub bytes: Vec<u8>,
}

impl Reply {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|v| v.to_str().ok())
    }
    #[track_caller]
    pub fn expect(self, status: u16) -> Reply {
        assert_eq!(self.status, status, "{self}");
        self
    }
    /// A problem of this status and code.
    #[track_caller]
    pub fn refused(self, status: u16, code: &str) -> Reply {
        assert_eq!((self.status, self.body["code"].as_str()), (status, Some(code)), "{self}");
        self
    }
    #[track_caller]
    pub fn etag(&self) -> String {
        self.header("etag").unwrap_or_else(|| panic!("no ETag: {self}")).to_owned()
    }
    #[track_caller]
    pub fn location(&self) -> String {
        self.header("location").unwrap_or_else(|| panic!("no Location: {self}")).to_owned()
    }
    #[track_caller]
    pub fn id(&self) -> String {
        self.body["id"].as_str().unwrap_or_else(|| panic!("no id: {self}")).to_owned()
    }
    pub fn request_id(&self) -> &str {
        self.header("x-request-id").unwrap_or_default()
    }
    /// The pointers and parameter names of the errors.
    pub fn places(&self) -> Vec<&str> {
        let errors = self.body["errors"].as_array().into_iter().flatten();
        errors.filter_map(|e| e["pointer"].as_str().or(e["parameter"].as_str())).collect()
    }
    /// The records of a list's page.
    #[track_caller]
    pub fn rows(&self) -> &[Value] {
        self.body["data"].as_array().unwrap_or_else(|| panic!("no list: {self}"))
    }
}

impl std::fmt::Display for Reply {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} answered {}", self.asked, self.status)?;
        for name in ["content-type", "etag", "location", "retry-after", "x-request-id"] {
            if let Some(value) = self.header(name) {
                write!(f, "\n{name}: {value}")?;
            }
        }
        match &self.body {
            Value::Null => write!(f, "\n{}", String::from_utf8_lossy(&self.bytes)),
            body => write!(f, "\n{body:#}"),
        }
    }
}

/// The media type of a form.
pub const FORM: &str = "application/x-www-form-urlencoded";

/// Fields as a form writes them, with everything escaped that can be.
pub fn form_of(fields: &[(&str, &str)]) -> String {
    let escaped = |text: &str| text.bytes().map(|b| format!("%{b:02X}")).collect::<String>();
    let pairs: Vec<String> = fields.iter().map(|(n, v)| format!("{}={}", escaped(n), escaped(v))).collect();
    pairs.join("&")
}

/// A log-in's body.
pub fn credentials(username: &str, password: &str) -> Value {
    json!({"username": username, "password": password})
}

/// The endpoint's methods by path.
pub fn methods_by_path(endpoints: &[Arc<Endpoint>]) -> Vec<(&'static str, Vec<Method>)> {
    let mut paths: Vec<(&'static str, Vec<Method>)> = Vec::new();
    for endpoint in endpoints {
        match paths.iter_mut().find(|(path, _)| *path == endpoint.path) {
            Some((_, methods)) => methods.push(endpoint.method),
            None => paths.push((endpoint.path, vec![endpoint.method])),
        }
    }
    paths
}
