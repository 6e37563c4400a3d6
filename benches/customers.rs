//! What it costs to find a customer, and to enter one, as the number of customers grows.
//!
//! `cargo bench --bench customers` enters 1,000, then 10,000, then 100,000 customers with Chinese names and contacts
//! into a fresh SQLite database in a temporary folder, all rules, indexes and the journal on, and after each measures in
//! process: search by pinyin initials, by a part of a name, by digits of a phone number; entering one that is there
//! already (409 with candidates), and one that is not. The column `× 1,000` holds each median against the one at the
//! smallest size: that is what counts, figures vary from machine to machine. At the end it shows the plans of the
//! statements that were sent; PostgreSQL's are those for any values, which it takes only when they cost no more than
//! one made for the values at hand. `SALESDESK_BENCH_CUSTOMERS` (default 100000) is the largest size,
//! `DATABASE_URL` takes PostgreSQL instead (an empty database).

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use diesel::connection::{Connection, InstrumentationEvent, SimpleConnection};
use diesel::deserialize::QueryableByName;
use diesel::prelude::*;
use salesdesk::base::auth::{Caller, Role};
use salesdesk::base::core::Core;
use salesdesk::base::db::engine::{Ending, Size};
use salesdesk::base::db::{Conn, EngineConn, Target};
use salesdesk::base::http::Method;
use salesdesk::base::http::dispatch::App;
use salesdesk::base::http::web::Web;
use salesdesk::base::messages::Lang;
use salesdesk::base::text;
use salesdesk::base::types::time::Clock;
use salesdesk::config::Config;
use serde_json::{Value, json};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const SIZES: [usize; 3] = [1_000, 10_000, 100_000];
/// Entered in one unit of work.
const CHUNK: usize = 250;
/// Measured for each figure.
const TIMES: usize = 200;

const PLACES: &[&str] = &[
    "广州", "深圳", "上海", "北京", "杭州", "苏州", "南京", "成都", "武汉", "西安", "厦门", "青岛", "宁波",
    "佛山", "东莞", "长沙", "郑州", "天津", "重庆", "合肥",
];
const SIGNS: &[char] = &[
    '天', '河', '茗', '香', '瑞', '丰', '鸿', '达', '恒', '信', '华', '盛', '金', '泰', '新', '联', '宏',
    '远', '嘉', '禾', '德', '润', '康', '宁', '云', '帆', '海', '岳', '松', '柏', '玉', '峰', '源', '通',
    '顺', '和', '正', '东', '西', '南', '北', '春', '秋', '明', '光', '星', '辰', '龙', '凤', '麒', '麟',
    '福', '禄', '寿', '喜', '兴', '旺', '昌', '隆', '吉',
];
const TRADES: &[&str] = &[
    "贸易", "食品", "茶业", "商贸", "物流", "科技", "电子", "纺织", "服饰", "建材", "机械", "化工", "医药",
    "餐饮", "酒店",
];

struct World {
    core: Arc<Core>,
    app: Arc<App>,
    target: Target,
    caller: Arc<Caller>,
}

/// The same numbers on every run.
fn mixed(n: usize, salt: usize) -> usize {
    let mut x =
        (n as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ (salt as u64).wrapping_mul(0xD1B5_4A32_D192_ED03);
    x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    (x ^ (x >> 27)) as usize
}

fn pick<T: Copy>(list: &[T], n: usize, salt: usize) -> T {
    list[mixed(n, salt) % list.len()]
}

fn name(n: usize) -> String {
    let sign = |salt| pick(SIGNS, n, salt);
    format!("{}{}{}{}{}有限公司", pick(PLACES, n, 1), sign(2), sign(3), sign(4), pick(TRADES, n, 5))
}

fn mobile(n: usize) -> String {
    format!("13{:09}", mixed(n, 6) % 1_000_000_000)
}

fn customer(n: usize) -> Value {
    json!({"name": name(n), "tier": (["a", "b", "c", "d"][n % 4]), "source": "fair",
        "contacts": [{"name": format!("王{}", pick(SIGNS, n, 7)), "is_primary": true, "mobile": mobile(n)}],
        "addresses": [{"kind": "both", "is_default": true, "line1": format!("中山路 {n} 号"), "city": pick(PLACES, n, 1)}]})
}

fn main() {
    // cargo passes --bench; a plain `cargo test --benches` does not and runs nothing.
    if !std::env::args().any(|a| a == "--bench") {
        return;
    }
    let dir = std::env::temp_dir().join(format!("salesdesk-bench-customers-{}", std::process::id()));
    let world = prepare(&dir);
    let most =
        std::env::var("SALESDESK_BENCH_CUSTOMERS").ok().and_then(|v| v.parse().ok()).unwrap_or(100_000);
    println!("{:<34} {:>9} {:>9} {:>9} {:>9}", "", "customers", "p50 ms", "p99 ms", "× 1,000");
    let mut first = HashMap::new();
    let mut there = 0;
    for size in SIZES.into_iter().filter(|size| *size <= most) {
        let started = Instant::now();
        fill(&world, there, size);
        println!("{} entered in {:.1} s", size - there, started.elapsed().as_secs_f64());
        there = size;
        for (job, work) in JOBS {
            let times: Vec<Duration> =
                (0..TIMES).map(|k| timed(&world, *work, mixed(k, size) % size)).collect();
            print(job, size, times, &mut first);
        }
    }
    show_plans(&world, there / 2);
    let _ = std::fs::remove_dir_all(&dir);
    std::process::exit(0);
}

fn prepare(dir: &std::path::Path) -> World {
    let postgres = std::env::var("DATABASE_URL").ok().filter(|u| !u.is_empty());
    let target = match postgres {
        Some(url) => Target::Postgres(url),
        None => Target::Sqlite(dir.join("bench.db")),
    };
    let config = Config {
        listen: "127.0.0.1:0".into(),
        data_dir: dir.to_owned(),
        target: target.clone(),
        zone: chrono_tz::Asia::Shanghai,
        currency: "CNY".into(),
        master_key: Some([7; 32]),
        web: Web::default(),
        public_url: None,
        pg_bin: None,
        backup_passphrase: None,
    };
    let core =
        salesdesk::start::core(&config, Clock::System, Size { readers: 2, writers: 1 }).expect("it starts");
    let app = Arc::new(App::new(core.clone()).expect("the routes are sound"));
    let id = core.ids.next(core.clock.now());
    let caller = Arc::new(Caller::person(id, "Bench", Role::Clerk, None, vec![]));
    World { core, app, target, caller }
}

fn fill(world: &World, from: usize, to: usize) {
    for start in (from..to).step_by(CHUNK) {
        let (app, range) = (world.app.clone(), start..(start + CHUNK).min(to));
        let written = world.core.write_as(Arc::new(Caller::system("bench")), move |tx| {
            range.clone().try_for_each(|n| app.apply(tx, Method::Post, ANYWAY, customer(n)).map(drop))
        });
        written.expect("the customers are entered");
    }
    // As a server in its first days would have done by itself.
    world
        .target
        .connect()
        .and_then(|mut conn| {
            let sql = "ANALYZE";
            conn.batch_execute(sql).map_err(|e| diesel::ConnectionError::BadConnection(e.to_string()))
        })
        .expect("the figures of the tables are gathered");
}

const ANYWAY: &str = "/customers?allow_duplicate=true&duplicate_reason=bench";

// ---- the jobs --------------------------------------------------------------------------------------------------

type Work = fn(&World, &mut Conn, usize);

const JOBS: &[(&str, Work)] = &[
    ("search: pinyin initials", by_initials),
    ("search: part of a Chinese name", by_part),
    ("search: digits of a phone", by_digits),
    ("enter one that is there: 409", enter_again),
    ("enter a new one", enter_new),
    ("timeline, first page", timeline),
    ("list those without a tax id", by_defect),
];

/// Reads on a connection of its own; what is written is taken back.
fn timed(world: &World, work: Work, n: usize) -> Duration {
    let (app, core, target, caller) =
        (world.app.clone(), world.core.clone(), world.target.clone(), world.caller.clone());
    let took = world.core.engine.write_now(move |conn| {
        let world =
            World { core: core.clone(), app: app.clone(), target: target.clone(), caller: caller.clone() };
        let began = Instant::now();
        work(&world, conn, n);
        Ok((began.elapsed(), Ending::Rollback))
    });
    took.expect("it is measured")
}

fn ask(
    world: &World,
    conn: &mut Conn,
    method: Method,
    path: &str,
    body: Value,
) -> Result<Value, &'static str> {
    let mut tx = world.core.tx(conn, &world.caller, Lang::En, "bench");
    world.app.apply(&mut tx, method, path, body).map_err(|error| error.code())
}

fn search(world: &World, conn: &mut Conn, words: &str) {
    let words: String = url::form_urlencoded::byte_serialize(words.as_bytes()).collect();
    let found = ask(world, conn, Method::Get, &format!("/customers?q={words}&limit=50"), Value::Null);
    assert!(!found.expect("a page")["data"].as_array().expect("rows").is_empty(), "{words} is found");
}

/// Six initials: 天河茗贸易… is thmmy.
fn by_initials(world: &World, conn: &mut Conn, n: usize) {
    let initials: String = text::initials(&name(n)).chars().skip(2).take(6).collect();
    search(world, conn, &initials);
}

fn by_part(world: &World, conn: &mut Conn, n: usize) {
    let part: String = name(n).chars().skip(2).take(3).collect();
    search(world, conn, &part);
}

fn by_digits(world: &World, conn: &mut Conn, n: usize) {
    search(world, conn, &mobile(n)[3..]);
}

fn enter_again(world: &World, conn: &mut Conn, n: usize) {
    let refused = ask(world, conn, Method::Post, "/customers", customer(n));
    assert_eq!(refused, Err("possible_duplicate"));
}

fn enter_new(world: &World, conn: &mut Conn, n: usize) {
    let mut new = customer(n);
    new["name"] = json!(format!("尚无此名{n}"));
    new["contacts"][0]["mobile"] = json!(format!("199{n:08}"));
    ask(world, conn, Method::Post, "/customers", new).expect("it is entered");
}

fn one_of(world: &World, conn: &mut Conn, n: usize) -> String {
    let digits: String = url::form_urlencoded::byte_serialize(&mobile(n).as_bytes()[3..]).collect();
    let found = ask(world, conn, Method::Get, &format!("/customers?q={digits}&limit=1"), Value::Null);
    found.expect("a page")["data"][0]["id"].as_str().expect("an id").to_owned()
}

fn timeline(world: &World, conn: &mut Conn, n: usize) {
    let id = one_of(world, conn, n);
    ask(world, conn, Method::Get, &format!("/customers/{id}/timeline"), Value::Null).expect("a page");
}

fn by_defect(world: &World, conn: &mut Conn, _: usize) {
    ask(world, conn, Method::Get, "/customers?defect=no_tax_id&limit=50", Value::Null).expect("a page");
}

fn print(job: &'static str, size: usize, mut times: Vec<Duration>, first: &mut HashMap<&'static str, f64>) {
    times.sort_unstable();
    let at = |share: f64| {
        times[((times.len() as f64 * share) as usize).min(times.len() - 1)].as_secs_f64() * 1000.0
    };
    let base = *first.entry(job).or_insert(at(0.5));
    println!("{job:<34} {size:>9} {:>9.2} {:>9.2} {:>9.1}", at(0.5), at(0.99), at(0.5) / base);
}

// ---- the plans -------------------------------------------------------------------------------------------------

#[derive(QueryableByName)]
struct Step {
    #[diesel(sql_type = diesel::sql_types::Text)]
    detail: String,
}

fn show_plans(world: &World, n: usize) {
    for (job, work) in JOBS {
        println!("\n{job}");
        for sql in sent(world, *work, n) {
            println!("  {}", sql.chars().take(150).collect::<String>());
            plan(world, &sql).iter().for_each(|step| println!("      {step}"));
        }
    }
}

/// The reads that a job sends, of tables that grow.
fn sent(world: &World, work: Work, n: usize) -> Vec<String> {
    let heard: Arc<Mutex<Vec<String>>> = Arc::default();
    let (app, core, target, caller) =
        (world.app.clone(), world.core.clone(), world.target.clone(), world.caller.clone());
    let ear = heard.clone();
    let done = world.core.engine.write_now(move |conn| {
        let world =
            World { core: core.clone(), app: app.clone(), target: target.clone(), caller: caller.clone() };
        let ear = ear.clone();
        let listen = move |event: InstrumentationEvent<'_>| {
            if let InstrumentationEvent::StartQuery { query, .. } = event {
                let sql = query.to_string();
                ear.lock()
                    .expect("the ear")
                    .push(sql.split(" -- binds").next().unwrap_or_default().to_owned());
            }
        };
        conn.set_instrumentation(listen);
        work(&world, conn, n);
        conn.set_instrumentation(None::<fn(InstrumentationEvent<'_>)>);
        Ok(((), Ending::Rollback))
    });
    done.expect("it is heard");
    let mut statements = heard.lock().expect("the ear").clone();
    let tells = [
        "customer_keys",
        "customer_duplicates",
        "customer_defects",
        "search_",
        "`journal`",
        "merged_into_id IN",
    ];
    statements.retain(|sql| sql.starts_with("SELECT") && tells.iter().any(|table| sql.contains(table)));
    statements.dedup();
    statements
}

fn plan(world: &World, sql: &str) -> Vec<String> {
    let mut conn = world.target.connect().expect("a connection");
    match &mut conn.engine {
        EngineConn::Sqlite(c) => {
            let steps: Vec<Step> =
                diesel::sql_query(format!("EXPLAIN QUERY PLAN {sql}")).load(c).expect("a plan");
            steps.into_iter().map(|step| step.detail).collect()
        }
        EngineConn::Pg(c) => {
            let binds = (1..).take_while(|n| sql.contains(&format!("${n}"))).count();
            let nothing = vec!["NULL"; binds].join(", ");
            c.batch_execute(&format!("SET plan_cache_mode = force_generic_plan; PREPARE asked AS {sql}"))
                .expect("a statement");
            let explain = match binds {
                0 => "EXPLAIN (COSTS OFF) EXECUTE asked".to_owned(),
                _ => format!("EXPLAIN (COSTS OFF) EXECUTE asked({nothing})"),
            };
            let steps: Vec<PgStep> = diesel::sql_query(explain).load(c).expect("a plan");
            steps.into_iter().map(|step| step.plan).collect()
        }
    }
}

#[derive(QueryableByName)]
struct PgStep {
    #[diesel(sql_type = diesel::sql_types::Text, column_name = "QUERY PLAN")]
    plan: String,
}
