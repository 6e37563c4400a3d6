//! The demo: a small Chinese trading company with people in every role, customers, products, prices and orders
//! in every state. Everything is entered through the API's own rules, by the people who would do it, in one
//! unit of work: it is there as a whole or not at all.

use std::collections::HashMap;
use std::sync::Arc;

use chrono::{Duration, NaiveDate};
use serde_json::{Value, json};

use crate::base::auth::{Caller, passwords, sessions};
use crate::base::core::Core;
use crate::base::db::engine::Ending;
use crate::base::db::{Conn, Tx};
use crate::base::error::{Error, Result};
use crate::base::http::Method;
use crate::base::http::dispatch::App;
use crate::base::messages::Lang;
use crate::base::types::At;
use crate::clients::model::ClientInput;
use crate::clients::work as clients;
use crate::customers::tax_id::complete_uscc;
use crate::mail::model::MailKind;
use crate::mail::work::{self as mails, Letter};
use crate::people::model::UserInput;
use crate::people::{TeamId, work as people};

pub const PASSWORD: &str = "salesdesk-demo";
/// The secret of the one machine client, as the document's examples have it.
const CLIENT_SECRET: &str = "csk_1b0Jx2mE5mXGZkNOe3r8yQ4UIbHcD9VtKfWsPpLqRzA";
/// The log-ins that are told; there are more people.
pub const LOGINS: [&str; 7] = ["admin", "clerk", "rep", "manager", "finance", "warehouse", "executive"];

/// user name, name, role, team, title
const PEOPLE: &[(&str, &str, &str, Option<&str>, &str)] = &[
    ("admin", "系统管理员", "admin", None, "Administrator"),
    ("executive", "周敏", "executive", Some("HQ"), "总经理 General manager"),
    ("manager", "张强", "manager", Some("SOUTH"), "华南区销售经理 Sales manager"),
    ("manager.east", "林志远", "manager", Some("EAST"), "华东区销售经理 Sales manager"),
    ("clerk", "李娜", "clerk", Some("HQ"), "销售内勤 Sales clerk"),
    ("rep", "王芳", "rep", Some("SOUTH"), "客户经理 Account manager"),
    ("rep.chen", "陈伟", "rep", Some("SOUTH"), "客户经理 Account manager"),
    ("rep.sun", "孙丽", "rep", Some("EAST"), "客户经理 Account manager"),
    ("rep.miller", "Anna Miller", "rep", Some("EXPORT"), "Export account manager"),
    ("finance", "刘洋", "finance", Some("HQ"), "财务主管 Finance"),
    ("warehouse", "赵磊", "warehouse", Some("HQ"), "仓储主管 Warehouse"),
];

/// A confirmed order that will be late, and a delivered one of which something comes back.
const LATE: &str = "order 53";
const COMES_BACK: &str = "order 1";

const TEAMS: &[(&str, &str, Option<&str>)] = &[
    ("HQ", "总部 Headquarters", None),
    ("SOUTH", "华南区 South", Some("HQ")),
    ("EAST", "华东区 East", Some("HQ")),
    ("EXPORT", "外贸部 Export", Some("HQ")),
];

const REGIONS: &[(&str, &str, Option<&str>)] = &[
    ("CN-S", "华南", None),
    ("CN-E", "华东", None),
    ("CN-N", "华北", None),
    ("INTL", "International", None),
    ("GD", "广东", Some("CN-S")),
    ("ZJ", "浙江", Some("CN-E")),
    ("SH", "上海", Some("CN-E")),
    ("BJ", "北京", Some("CN-N")),
];

const CATEGORIES: &[(&str, &str, &str)] = &[
    ("TEA", "茶叶", "Tea"),
    ("PORC", "瓷器", "Porcelain"),
    ("SILK", "丝绸", "Silk"),
    ("FOOD", "食品", "Food"),
];

/// SKU, category, name, English name, cost, price
const PRODUCTS: &[(&str, &str, &str, &str, &str, &str)] = &[
    ("TEA-001", "TEA", "西湖龙井 250g", "West Lake Longjing 250 g", "86", "168"),
    ("TEA-002", "TEA", "安溪铁观音 250g", "Anxi Tieguanyin 250 g", "62", "128"),
    ("TEA-003", "TEA", "云南普洱茶饼 357g", "Yunnan Pu'er cake 357 g", "95", "198"),
    ("TEA-004", "TEA", "正山小种 200g", "Lapsang Souchong 200 g", "58", "118"),
    ("TEA-005", "TEA", "茉莉花茶 500g", "Jasmine tea 500 g", "39.5", "79.9"),
    ("TEA-006", "TEA", "白毫银针 100g", "Silver Needle 100 g", "120", "268"),
    ("POR-001", "PORC", "青花瓷茶具套装", "Blue-and-white tea set", "145", "299"),
    ("POR-002", "PORC", "白瓷盖碗", "White gaiwan", "22.5", "49"),
    ("POR-003", "PORC", "龙泉青瓷花瓶", "Longquan celadon vase", "210", "459"),
    ("POR-004", "PORC", "紫砂壶 200ml", "Zisha teapot 200 ml", "168", "388"),
    ("POR-005", "PORC", "骨瓷餐盘 6 件", "Bone china plates, set of 6", "99", "219"),
    ("SIL-001", "SILK", "桑蚕丝围巾", "Mulberry silk scarf", "76", "189"),
    ("SIL-002", "SILK", "真丝枕套", "Silk pillowcase", "68", "159"),
    ("SIL-003", "SILK", "蚕丝被 1.5kg", "Silk quilt 1.5 kg", "420", "899"),
    ("SIL-004", "SILK", "丝绸领带", "Silk tie", "45", "128"),
    ("FOO-001", "FOOD", "新疆和田大枣 1kg", "Hetian dates 1 kg", "31", "65"),
    ("FOO-002", "FOOD", "黑木耳 500g", "Black fungus 500 g", "28.8", "58"),
    ("FOO-003", "FOOD", "桂花蜂蜜 500g", "Osmanthus honey 500 g", "36", "78"),
    ("FOO-004", "FOOD", "五常大米 10kg", "Wuchang rice 10 kg", "72", "119"),
    ("FOO-005", "FOOD", "杏仁饼礼盒", "Almond biscuit gift box", "33", "72"),
];

/// name, short name, tier, region, owner, credit limit, province, city, street, contact, mobile, USCC without
/// its check character
#[allow(clippy::type_complexity)] // a table, read by eye
const CUSTOMERS: &[(
    &str,
    &str,
    &str,
    &str,
    &str,
    Option<&str>,
    &str,
    &str,
    &str,
    &str,
    &str,
    Option<&str>,
)] = &[
    (
        "广州天河贸易有限公司",
        "天河贸易",
        "a",
        "GD",
        "rep",
        Some("300000"),
        "广东省",
        "广州市",
        "天河路 385 号",
        "黄志明",
        "13800138001",
        Some("91440101MA59A1B2C"),
    ),
    (
        "深圳市前海云商科技有限公司",
        "前海云商",
        "a",
        "GD",
        "rep",
        Some("500000"),
        "广东省",
        "深圳市",
        "前海大道 88 号",
        "何静",
        "13800138002",
        Some("91440300MA5D3E4F5"),
    ),
    (
        "佛山禅城百货商行",
        "禅城百货",
        "c",
        "GD",
        "rep",
        Some("20000"),
        "广东省",
        "佛山市",
        "祖庙路 12 号",
        "梁伟业",
        "13800138003",
        Some("91440604MA4W5X6Y7"),
    ),
    (
        "东莞南城礼品公司",
        "南城礼品",
        "b",
        "GD",
        "rep.chen",
        Some("80000"),
        "广东省",
        "东莞市",
        "鸿福路 200 号",
        "邓丽君",
        "13800138004",
        Some("91441900MA51G2H3J"),
    ),
    (
        "珠海横琴跨境电商有限公司",
        "横琴跨境",
        "b",
        "GD",
        "rep.chen",
        Some("120000"),
        "广东省",
        "珠海市",
        "港澳大道 868 号",
        "吴海涛",
        "13800138005",
        Some("91440400MA4UQ7R8T"),
    ),
    (
        "中山小榄酒店用品厂",
        "小榄酒店用品",
        "c",
        "GD",
        "rep.chen",
        None,
        "广东省",
        "中山市",
        "民安中路 66 号",
        "谭小红",
        "13800138006",
        None,
    ),
    (
        "杭州西子茶业有限公司",
        "西子茶业",
        "a",
        "ZJ",
        "rep.sun",
        Some("260000"),
        "浙江省",
        "杭州市",
        "龙井路 1 号",
        "沈佳宜",
        "13800138007",
        Some("91330106MA27X8Y9A"),
    ),
    (
        "宁波北仑进出口有限公司",
        "北仑进出口",
        "b",
        "ZJ",
        "rep.sun",
        Some("150000"),
        "浙江省",
        "宁波市",
        "明州路 301 号",
        "徐建国",
        "13800138008",
        Some("91330206MA281B2C3"),
    ),
    (
        "义乌国际商贸城东方商行",
        "东方商行",
        "c",
        "ZJ",
        "rep.sun",
        Some("30000"),
        "浙江省",
        "义乌市",
        "福田路 105 号",
        "虞美玲",
        "13800138009",
        Some("91330782MA28D4E5F"),
    ),
    (
        "上海浦东明珠酒店管理有限公司",
        "明珠酒店",
        "a",
        "SH",
        "rep.sun",
        Some("400000"),
        "上海市",
        "上海市",
        "世纪大道 1 号",
        "顾文博",
        "13800138010",
        Some("91310115MA1H7J8K9"),
    ),
    (
        "上海长宁生活超市连锁",
        "长宁超市",
        "b",
        "SH",
        "rep.sun",
        Some("100000"),
        "上海市",
        "上海市",
        "长宁路 1018 号",
        "陆雨欣",
        "13800138011",
        Some("91310105MA1FW2X3Y"),
    ),
    (
        "北京朝阳文化礼品有限公司",
        "朝阳礼品",
        "b",
        "BJ",
        "rep.sun",
        Some("90000"),
        "北京市",
        "北京市",
        "朝阳北路 101 号",
        "单雪峰",
        "13800138012",
        Some("91110105MA01A2B3C"),
    ),
    (
        "北京海淀学府书店",
        "学府书店",
        "d",
        "BJ",
        "rep.sun",
        None,
        "北京市",
        "北京市",
        "成府路 45 号",
        "曾国强",
        "13800138013",
        None,
    ),
    (
        "厦门鹭岛茶艺馆",
        "鹭岛茶艺",
        "c",
        "CN-S",
        "rep.chen",
        Some("40000"),
        "福建省",
        "厦门市",
        "环岛路 9 号",
        "林巧儿",
        "13800138014",
        None,
    ),
    (
        "重庆渝中火锅食材配送中心",
        "渝中食材",
        "c",
        "CN-S",
        "rep",
        Some("50000"),
        "重庆市",
        "重庆市",
        "解放碑 28 号",
        "秦大勇",
        "13800138015",
        None,
    ),
    (
        "长沙岳麓茶馆",
        "岳麓茶馆",
        "d",
        "CN-S",
        "rep",
        None,
        "湖南省",
        "长沙市",
        "麓山路 3 号",
        "彭丽",
        "13800138016",
        None,
    ),
];

const FOREIGN: &[(&str, &str, &str, &str, &str, &str, &str)] = &[
    ("Brauer Teehandel GmbH", "b", "DE", "Hamburg", "Speicherstadt 12", "Katrin Brauer", "+49 40 555 0101"),
    ("Maison du Thé SARL", "b", "FR", "Lyon", "14 rue Mercière", "Luc Fontaine", "+33 4 55 50 12 34"),
    (
        "Pacific Gift Imports Inc.",
        "a",
        "US",
        "Seattle",
        "2100 Alaskan Way",
        "Dana Whitfield",
        "+1 206 555 0147",
    ),
    ("Café Orquídea S.A.", "c", "MX", "México", "Av. Reforma 222", "José Hernández", "+52 55 5555 0199"),
];

/// code, name, English name, kind, lead, hours to answer
const DEPARTMENTS: &[(&str, &str, &str, &str, Option<&str>, i64)] = &[
    ("WH", "仓储部", "Warehouse", "warehouse", Some("warehouse"), 4),
    ("FIN", "财务部", "Finance", "finance", Some("finance"), 8),
    ("PROD", "生产部", "Production", "production", None, 8),
    ("LOG", "物流部", "Logistics", "logistics", Some("warehouse"), 8),
    ("DES", "设计部", "Design", "design", None, 16),
];

/// code, name, short name, kind, phone, contact, their role, mobile, USCC without its check character
#[allow(clippy::type_complexity)] // a table, read by eye
const SUPPLIERS: &[(&str, &str, &str, &str, &str, &str, &str, &str, &str)] = &[
    (
        "QINGHUA",
        "景德镇青华瓷业有限公司",
        "青华瓷业",
        "supplier",
        "0798-8221001",
        "程师傅",
        "生产调度",
        "13900139001",
        "91360200MA35Q1H2X",
    ),
    (
        "LONGJING",
        "杭州狮峰茶业合作社",
        "狮峰茶业",
        "supplier",
        "0571-87990012",
        "戚云",
        "销售经理",
        "13900139002",
        "93330106MA2A1F3G4",
    ),
    (
        "RUIXIANG",
        "苏州瑞祥丝绸厂",
        "瑞祥丝绸",
        "supplier",
        "0512-65110088",
        "陆建平",
        "厂长",
        "13900139003",
        "91320508MA1N7R8X9",
    ),
    (
        "SUDA",
        "广州速达物流有限公司",
        "速达物流",
        "carrier",
        "020-38880099",
        "冯凯",
        "调度",
        "13900139004",
        "91440101MA5AKD6E7",
    ),
    (
        "HUAZHAN",
        "上海华展会展服务有限公司",
        "华展会展",
        "partner",
        "021-58880066",
        "汪雪",
        "项目经理",
        "13900139005",
        "91310115MA1K4Y5A6",
    ),
];

/// What a demo order has come to.
#[derive(Clone, Copy, PartialEq, PartialOrd)]
enum Goal {
    Draft,
    Rejected,
    Submitted,
    Approved,
    Held,
    Confirmed,
    Partial,
    Shipped,
    Delivered,
    Completed,
    Cancelled,
}

struct Seed<'a> {
    core: &'a Core,
    app: &'a App,
    conn: &'a mut Conn,
    callers: HashMap<String, Caller>,
    ids: HashMap<String, String>,
    today: NaiveDate,
    dice: u64,
    /// Prefixes of the kinds whose next record is the one that the document's examples name.
    examples: Vec<&'static str>,
}

/// Fills an empty database.
pub fn seed(core: &Arc<Core>) -> Result<()> {
    let app = Arc::new(App::new(core.clone()).map_err(Error::internal)?);
    let hash = passwords::hash(PASSWORD)?;
    let core = core.clone();
    core.engine.clone().write_now(move |conn| {
        crate::base::installation::set_fact(conn, "demo", "true")?;
        let mut seed = Seed {
            today: core.clock.now().date_in(core.zone),
            core: &core,
            app: &app,
            conn,
            callers: HashMap::from([("system".to_owned(), Caller::system("demo"))]),
            ids: HashMap::new(),
            dice: 2026,
            // The first entry of the audit trail.
            examples: vec!["evt"],
        };
        seed.people(&hash)?;
        seed.catalogue()?;
        seed.customers()?;
        seed.orders()?;
        seed.coordination()?;
        seed.troubles()?;
        seed.more_customers()?;
        seed.complaints()?;
        seed.relations()?;
        seed.machines()?;
        seed.policies()?;
        Ok(((), Ending::Commit))
    })
}

impl Seed<'_> {
    /// Somebody does something at noon of a day.
    fn within<T>(
        &mut self,
        who: &str,
        day: NaiveDate,
        work: impl FnOnce(&App, &mut Tx) -> Result<T>,
    ) -> Result<T> {
        let caller =
            self.callers.get(who).ok_or_else(|| Error::internal(format!("nobody is called {who}")))?;
        let mut tx = self.core.tx(self.conn, caller, Lang::En, "demo");
        // Not later than now: in the morning, today's noon lies ahead.
        tx.now = At::noon_of(day, self.core.zone).min(tx.now);
        tx.expect_examples(&std::mem::take(&mut self.examples));
        let done = work(self.app, &mut tx)?;
        match tx.examples_left()[..] {
            [] => Ok(done),
            ref left => Err(Error::internal(format!("demo: made none of {left:?}"))),
        }
    }

    fn act(&mut self, who: &str, day: NaiveDate, method: Method, path: &str, body: Value) -> Result<Value> {
        let applied = self.within(who, day, |app, tx| app.apply(tx, method, path, body));
        applied.map_err(|e| Error::internal(format!("demo: {who} {path}: {e}")))
    }

    /// What is made next has the ids that the document's examples name, so that one can send them as they are; and the
    /// record has the external id of the examples.
    fn as_example(&mut self, prefixes: &[&'static str], body: &mut Value) {
        body["external_ids"] = json!([{"system": "sap", "id": "4711"}]);
        self.examples.extend(prefixes);
    }

    fn post(&mut self, who: &str, day: NaiveDate, path: &str, body: Value) -> Result<Value> {
        self.act(who, day, Method::Post, path, body)
    }

    /// Creates a record and remembers its id under a name.
    fn make(&mut self, who: &str, day: NaiveDate, path: &str, name: String, body: Value) -> Result<String> {
        let made = self.post(who, day, path, body)?;
        let id = made["id"].as_str().unwrap_or_default().to_owned();
        self.ids.insert(name, id.clone());
        Ok(id)
    }

    fn id(&self, name: &str) -> Option<&String> {
        self.ids.get(name)
    }

    /// The same demo everywhere: a number below `below`.
    fn roll(&mut self, below: u64) -> u64 {
        self.dice = self.dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.dice >> 33) % below
    }

    fn long_ago(&self) -> NaiveDate {
        self.today - Duration::days(200)
    }

    fn people(&mut self, hash: &str) -> Result<()> {
        let day = self.long_ago();
        for (code, name, parent) in TEAMS {
            let parent = parent.and_then(|p| self.id(&format!("team {p}")).cloned());
            let mut body = json!({"code": code, "name": name, "parent_id": parent});
            if *code == "SOUTH" {
                self.as_example(&["tem"], &mut body);
            }
            self.make("system", day, "/teams", format!("team {code}"), body)?;
        }
        for (code, name, parent) in REGIONS {
            let parent = parent.and_then(|p| self.id(&format!("region {p}")).cloned());
            let mut body = json!({"code": code, "name": name, "parent_id": parent});
            if *code == "GD" {
                self.as_example(&["reg"], &mut body);
            }
            self.make("system", day, "/regions", format!("region {code}"), body)?;
        }
        for (username, name, role, team, title) in PEOPLE {
            let team = team.and_then(|t| self.id(&format!("team {t}")).cloned());
            let mut body = json!({"username": username, "name": name, "role": role, "team_id": team, "title": title,
                "email": format!("{username}@yunfan.example"), "lang": if name.is_ascii() { "en" } else { "zh-CN" }});
            // Not the owner of the customer of the examples, to whom it is to be given.
            if *username == "rep.chen" {
                self.as_example(&["usr"], &mut body);
            }
            let input: UserInput = crate::base::http::from_value(body)?;
            self.person(username, input, hash, day)?;
        }
        let company = json!({"company": {"name": "云帆贸易有限公司", "name_en": "Yunfan Trading Co., Ltd.",
            "tax_id": complete_uscc("91440101MA5CK8D6E"), "address": "广东省广州市越秀区东风中路 268 号", "phone": "020-8888 6666"}});
        self.act("system", day, Method::Patch, "/settings", company).map(drop)
    }

    fn person(&mut self, username: &str, input: UserInput, hash: &str, day: NaiveDate) -> Result<()> {
        let hash = Some(hash.to_owned());
        let user = self.within("system", day, |_, tx| people::create_user(tx, input, hash, false))?;
        let teams = sessions::teams_under(self.conn, user.team_id)?;
        let caller = Caller::person(user.id.0, &user.name, user.role, user.team_id.map(|TeamId(t)| t), teams);
        let mut managers = self.callers.values_mut();
        let theirs = |manager: &&mut Caller| user.team_id.is_some_and(|team| manager.teams.contains(&team.0));
        managers.by_ref().filter(theirs).for_each(|manager| manager.people.push(user.id.0));
        let caller = Caller { people: sessions::people_of(self.conn, &caller.teams)?, ..caller };
        self.ids.insert(format!("user {username}"), user.id.to_string());
        self.callers.insert(username.to_owned(), caller);
        Ok(())
    }

    fn catalogue(&mut self) -> Result<()> {
        let day = self.long_ago();
        for (code, name, name_en) in CATEGORIES {
            let mut body = json!({"code": code, "name": name, "name_en": name_en});
            if *code == "TEA" {
                self.as_example(&["cat"], &mut body);
            }
            self.make("clerk", day, "/product-categories", format!("category {code}"), body)?;
        }
        for (sku, category, name, name_en, cost, _) in PRODUCTS {
            let unit = if sku.starts_with("POR") { "set" } else { "pcs" };
            let tax = if *category == "FOOD" { "0.09" } else { "0.13" };
            let mut body = json!({"sku": sku, "name": name, "name_en": name_en, "category_id": self.id(&format!("category {category}")),
                "unit": unit, "units": [{"unit": "box", "factor": "24"}], "tax_rate": tax, "cost": cost, "cost_currency": "CNY"});
            if *sku == "TEA-001" {
                self.as_example(&["prd"], &mut body);
            }
            // Costs are the manager's to enter.
            let id = self.make("manager", day, "/products", format!("product {sku}"), body)?;
            self.post("manager", day, &format!("/products/{id}/activate"), json!({}))?;
        }
        self.price_list("STANDARD", "标准价目表", "CNY", None, 100, day)?;
        self.price_list("TIER-A", "A 级客户价目表", "CNY", Some("a"), 92, day)?;
        self.price_list("EXPORT-USD", "Export price list", "USD", None, 15, day)?;
        self.price_draft()
    }

    /// A list that somebody is working on.
    fn price_draft(&mut self) -> Result<()> {
        let today = self.today;
        let mut body = json!({"code": "SPRING", "name": "春季价目表（拟定）", "currency": "CNY", "valid_from": (today + Duration::days(60)).to_string()});
        self.as_example(&["pls"], &mut body);
        let list = self.make("clerk", today, "/price-lists", "list SPRING".into(), body)?;
        self.examples.push("pri");
        let price =
            json!({"product_id": self.id("product TEA-002"), "min_quantity": "1", "unit_price": "136.00"});
        self.post("clerk", today, &format!("/price-lists/{list}/prices"), price).map(drop)
    }

    /// Every product at so many hundredths of its standard price.
    fn price_list(
        &mut self,
        code: &str,
        name: &str,
        currency: &str,
        tier: Option<&str>,
        share: i64,
        day: NaiveDate,
    ) -> Result<()> {
        let body = json!({"code": code, "name": name, "currency": currency, "tier": tier, "valid_from": day.to_string()});
        let list = self.make("clerk", day, "/price-lists", format!("list {code}"), body)?;
        for (sku, _, _, _, _, price) in PRODUCTS {
            let price: crate::base::types::Price = price.parse()?;
            let cents = (price.units() / 10_000 * share + 50) / 100;
            let price = |cents: i64| format!("{}.{:02}", cents / 100, cents % 100);
            let product = self.id(&format!("product {sku}")).cloned();
            let one = json!({"product_id": product, "min_quantity": "1", "unit_price": price(cents), "valid_from": day.to_string()});
            self.post("clerk", day, &format!("/price-lists/{list}/prices"), one)?;
            let many = json!({"product_id": product, "min_quantity": "100", "unit_price": price(cents * 95 / 100), "valid_from": day.to_string()});
            self.post("clerk", day, &format!("/price-lists/{list}/prices"), many)?;
        }
        self.post("manager", day, &format!("/price-lists/{list}/activate"), json!({})).map(drop)
    }

    fn customers(&mut self) -> Result<()> {
        for (i, c) in CUSTOMERS.iter().enumerate() {
            let day = self.today - Duration::days(190 - i as i64 * 5);
            let (name, short, tier, region, owner, limit, province, city, street, contact, mobile, tax) = *c;
            let address = json!({"kind": "both", "is_default": true, "recipient": contact, "phone": mobile,
                "line1": street, "city": city, "province": province, "country": "CN"});
            let mut body = json!({"name": name, "short_name": short, "kind": "company", "tier": tier, "currency": "CNY",
                "region_id": self.id(&format!("region {region}")), "owner_id": self.id(&format!("user {owner}")),
                "tax_id": tax.and_then(complete_uscc), "country": "CN", "channel": "direct",
                "tags": [if tier == "a" { "重点客户" } else { "常规" }],
                "contacts": [{"name": contact, "mobile": mobile, "is_primary": true, "decision_role": "decision_maker"}],
                "addresses": [address]});
            if i == 1 {
                self.as_example(&["cus", "con", "adr"], &mut body);
                body["contacts"][0]["external_ids"] = body["external_ids"].clone();
            }
            let id = self.make("clerk", day, "/customers", format!("customer {i}"), body)?;
            self.post("clerk", day, &format!("/customers/{id}/activate"), json!({}))?;
            if let Some(limit) = limit {
                let terms = json!({"credit_limit": limit, "payment_days": 30, "reason": "年度信用评估"});
                self.post("finance", day, &format!("/customers/{id}/credit-terms"), terms)?;
            }
        }
        // Two look after this one.
        if let (Some(id), Some(chen)) = (self.id("customer 1"), self.id("user rep.chen")) {
            let (path, with) = (format!("/customers/{id}/shares"), json!({"user_id": chen}));
            self.post("clerk", self.long_ago(), &path, with)?;
        }
        for (i, (name, tier, country, city, street, contact, phone)) in FOREIGN.iter().enumerate() {
            let day = self.today - Duration::days(150 - i as i64 * 10);
            let body = json!({"name": name, "kind": "company", "tier": tier, "currency": "USD", "country": country,
                "region_id": self.id("region INTL"), "owner_id": self.id("user rep.miller"), "channel": "export",
                "contacts": [{"name": contact, "phone": phone, "is_primary": true}],
                "addresses": [{"kind": "both", "is_default": true, "line1": street, "city": city, "country": country}]});
            let id =
                self.make("clerk", day, "/customers", format!("customer {}", CUSTOMERS.len() + i), body)?;
            self.post("clerk", day, &format!("/customers/{id}/activate"), json!({}))?;
        }
        Ok(())
    }

    fn orders(&mut self) -> Result<()> {
        const GOALS: [Goal; 16] = [
            Goal::Completed,
            Goal::Delivered,
            Goal::Completed,
            Goal::Shipped,
            Goal::Partial,
            Goal::Confirmed,
            Goal::Approved,
            Goal::Submitted,
            Goal::Draft,
            Goal::Held,
            Goal::Cancelled,
            Goal::Completed,
            Goal::Rejected,
            Goal::Delivered,
            Goal::Partial,
            Goal::Submitted,
        ];
        let count = 64;
        for n in 0..count {
            let day = self.today - Duration::days(95 - n * 95 / count);
            // What is old has come to its end; what is new is on its way.
            let young = self.today - Duration::days(30);
            let goal = match GOALS[n as usize % GOALS.len()] {
                goal if day < young && goal < Goal::Delivered => Goal::Completed,
                goal => goal,
            };
            self.order(n as usize, day, goal)?;
        }
        self.draft()
    }

    /// An order that can still become anything.
    fn draft(&mut self) -> Result<()> {
        let line = |sku: &str, quantity: &str| json!({"product_id": self.id(&format!("product {sku}")), "quantity": quantity});
        let mut body = json!({"customer_id": self.id("customer 1"), "order_date": self.today.to_string(),
            "requested_date": (self.today + Duration::days(10)).to_string(), "customer_po": "PO-2000",
            "lines": [line("TEA-001", "24"), line("POR-002", "12")]});
        self.as_example(&["ord", "oln"], &mut body);
        self.post("rep", self.today, "/orders", body).map(drop)
    }

    /// Something that is late, and goods that come back.
    fn troubles(&mut self) -> Result<()> {
        self.examples.push("exc");
        let late = json!({"order_id": self.id(LATE), "kind": "delay", "severity": "major",
            "description": "供应商推迟交货，预计晚到三天"});
        self.post("clerk", self.today, "/order-exceptions", late)?;
        let id = self.id(COMES_BACK).and_then(|id| id.parse().ok()).ok_or_else(Error::not_found)?;
        let order = crate::orders::model::Order::load(self.conn, id)?.ok_or_else(Error::not_found)?;
        let line = order.lines.first().map(|l| l.id);
        let mut back = json!({"lines": [{"order_line_id": line, "quantity": "2", "reason": "damaged", "disposition": "scrap"}],
            "notes": "外箱受潮，客户已拍照"});
        self.as_example(&["ret", "rtl"], &mut back);
        let path = format!("/orders/{}/returns", order.row.id);
        let made = self.post("clerk", self.today, &path, back)?;
        let path = format!("/returns/{}/approve", made["id"].as_str().unwrap_or_default());
        self.post("manager", self.today, &path, json!({"reason": "照片属实"})).map(drop)
    }

    fn ago(&self, days: i64) -> NaiveDate {
        self.today - Duration::days(days)
    }

    /// One that is there already under another name, and one that its owner gives back to the pool.
    fn more_customers(&mut self) -> Result<()> {
        let rep = self.id("user rep").cloned();
        let twin = json!({"name": "深圳前海云商科技公司", "kind": "company", "tier": "b", "currency": "CNY", "country": "CN",
            "owner_id": rep, "contacts": [{"name": "何静", "mobile": "138 0013 8002"}]});
        let path = "/customers?allow_duplicate=true&duplicate_reason=Fair";
        self.post("clerk", self.ago(9), path, twin)?;
        let far = json!({"name": "湛江霞山海味行", "short_name": "霞山海味", "kind": "company", "tier": "c", "currency": "CNY",
            "country": "CN", "region_id": self.id("region GD"), "owner_id": rep});
        let far = self.make("clerk", self.ago(80), "/customers", "customer in the pool".into(), far)?;
        let why = json!({"reason": "路途较远，难以定期拜访"});
        self.post("rep", self.ago(6), &format!("/customers/{far}/release"), why).map(drop)
    }

    /// One that was made good, with a visit afterwards, and one that has gone up to the manager.
    fn complaints(&mut self) -> Result<()> {
        let visit =
            json!({"cause": "complaint_resolved", "days": 14, "subject": "回访：投诉处理后是否满意？"});
        self.examples.push("vip");
        self.post("system", self.ago(30), "/visit-policies", visit)?;

        let damp = json!({"customer_id": self.id("customer 0"), "order_id": self.id("order 0"), "category": "quality",
            "severity": "normal", "channel": "wechat", "subject": "三盒茶叶受潮", "description": "外箱完好，内盒有水渍"});
        let damp = self.make("clerk", self.ago(16), "/complaints", "complaint".into(), damp)?;
        let path = format!("/complaints/{damp}");
        self.post("rep", self.ago(16), &format!("{path}/acknowledge"), json!({}))?;
        let credit = json!({"kind": "credit", "amount": "320.00", "description": "按受潮数量退款"});
        self.post("rep", self.ago(15), &format!("{path}/remedies"), credit)?;
        let end = json!({"root_cause": "transport", "root_cause_note": "中转站淋雨", "resolution": "已退款，并通知承运商改进"});
        self.post("rep", self.ago(13), &format!("{path}/resolve"), end)?;
        let last = json!({"satisfaction": 4, "satisfaction_note": "处理及时"});
        self.post("rep", self.ago(12), &format!("{path}/close"), last)?;

        let mut missing = json!({"customer_id": self.id("customer 1"), "order_id": self.id(COMES_BACK), "category": "delivery",
            "severity": "high", "channel": "phone", "subject": "外箱受潮，两套茶具无法销售"});
        self.as_example(&["cmp"], &mut missing);
        let missing = self.make("clerk", self.ago(3), "/complaints", "open complaint".into(), missing)?;
        let path = format!("/complaints/{missing}");
        self.post("rep", self.ago(2), &format!("{path}/acknowledge"), json!({}))?;
        let credit =
            json!({"kind": "credit", "amount": "1200.00", "description": "退还两套茶具货款并补偿运费"});
        self.examples.push("rmd");
        self.post("rep", self.ago(2), &format!("{path}/remedies"), credit)?;
        self.examples.push("cpn");
        let note = json!({"kind": "customer", "text": "客户要求本周内给出方案，否则暂停下单"});
        self.post("clerk", self.ago(1), &format!("{path}/notes"), note)?;
        let why = json!({"reason": "客户威胁暂停合作"});
        self.post("rep", self.ago(1), &format!("{path}/escalate"), why).map(drop)
    }

    /// What was talked about with customers, and what is to be done: something overdue, something done, something that
    /// comes again.
    fn relations(&mut self) -> Result<()> {
        let mut late = json!({"kind": "follow_up", "priority": "high", "subject": "跟进前海云商的大客户报价",
            "customer_id": self.id("customer 1"), "assignee_id": self.id("user rep"), "due_date": self.ago(4).to_string()});
        self.as_example(&["tsk"], &mut late);
        self.post("manager", self.ago(12), "/tasks", late)?;
        let ask = json!({"kind": "return_visit", "subject": "询问新茶销售情况", "customer_id": self.id("customer 0"),
            "assignee_id": self.id("user rep"), "due_date": self.ago(5).to_string()});
        let ask = self.make("clerk", self.ago(10), "/tasks", "task".into(), ask)?;
        let weekly = json!({"kind": "reminder", "subject": "核对未发货订单", "due_date": (self.today + Duration::days(1)).to_string(),
            "recurrence": {"every": 1, "unit": "week"}});
        self.post("clerk", self.ago(6), "/tasks", weekly)?;

        let tea = self.id("product TEA-001").cloned();
        let visit = json!({"customer_id": self.id("customer 0"), "kind": "visit", "direction": "outbound", "task_id": ask,
            "summary": "每周销售约二十盒，春茶卖得最好", "next_step": "寄送大包装样品",
            "feedback": [{"kind": "need", "text": "希望有 500g 装", "product_id": tea},
                {"kind": "price", "text": "竞争对手同类产品低 5%", "product_id": tea}]});
        self.post("rep", self.ago(5), "/interactions", visit)?;
        let came = json!({"outcome": "每周约二十盒，需要 500g 装"});
        self.post("rep", self.ago(5), &format!("/tasks/{ask}/complete"), came)?;
        let mut call = json!({"customer_id": self.id("customer 1"), "kind": "call", "direction": "inbound",
            "complaint_id": self.id("open complaint"), "summary": "来电反映到货外箱受潮",
            "feedback": [{"kind": "delivery", "text": "外箱防潮不足，建议加缠绕膜"}]});
        // The owner of the customer is told of what they said.
        self.as_example(&["int", "fbk", "ntf"], &mut call);
        self.post("clerk", self.ago(3), "/interactions", call)?;
        let praise = json!({"customer_id": self.id("customer 6"), "kind": "message", "direction": "inbound",
            "summary": "对青瓷花瓶的包装很满意", "feedback": [{"kind": "praise", "text": "包装精美，适合送礼"}]});
        self.post("rep.sun", self.ago(2), "/interactions", praise).map(drop)
    }

    fn order(&mut self, n: usize, day: NaiveDate, goal: Goal) -> Result<()> {
        let customer = n % (CUSTOMERS.len() + FOREIGN.len());
        let owner = CUSTOMERS.get(customer).map_or("rep.miller", |c| c.4);
        let lines: Vec<Value> = (0..2 + self.roll(4))
            .map(|k| {
                let sku = PRODUCTS[(n * 7 + k as usize * 3) % PRODUCTS.len()].0;
                let quantity = 5 + self.roll(60);
                json!({"product_id": self.id(&format!("product {sku}")), "quantity": quantity.to_string()})
            })
            .collect();
        let body = json!({"customer_id": self.id(&format!("customer {customer}")), "order_date": day.to_string(),
            "requested_date": (day + Duration::days(10)).to_string(), "promised_date": (day + Duration::days(12)).to_string(),
            "customer_po": format!("PO-{:04}", 1000 + n), "lines": lines});
        let order = self.post(owner, day, "/orders", body)?;
        let id = order["id"].as_str().unwrap_or_default().to_owned();
        if goal == Goal::Confirmed {
            // The latest one is to be hurried with.
            self.ids.insert("order confirmed".into(), id.clone());
        }
        self.ids.insert(format!("order {n}"), id.clone());
        self.walk(&id, owner, day, goal)
    }

    /// Departments, suppliers, and two requests: one that is under way, and one that waits for an answer.
    fn coordination(&mut self) -> Result<()> {
        let day = self.long_ago();
        for (code, name, name_en, kind, lead, hours) in DEPARTMENTS {
            let lead = lead.and_then(|lead| self.id(&format!("user {lead}")).cloned());
            let mut body = json!({"code": code, "name": name, "name_en": name_en, "kind": kind, "lead_id": lead, "response_hours": hours});
            if *code == "WH" {
                self.as_example(&["dep"], &mut body);
            }
            self.make("clerk", day, "/departments", format!("department {code}"), body)?;
        }
        for (code, name, short, kind, phone, contact, role, mobile, tax) in SUPPLIERS {
            let mut body = json!({"code": code, "name": name, "short_name": short, "kind": kind, "phone": phone,
                "tax_id": complete_uscc(tax), "owner_id": self.id("user clerk"),
                "contacts": [{"name": contact, "role": role, "phone": mobile}]});
            if *code == "QINGHUA" {
                self.as_example(&["sup", "spc"], &mut body);
            }
            self.make("clerk", day, "/suppliers", format!("supplier {code}"), body)?;
        }
        let (yesterday, today) = (self.today - Duration::days(1), self.today);
        let wanted = (today + Duration::days(5)).to_string();
        let later = (today + Duration::days(8)).to_string();
        if let Some(order) = self.id("order confirmed").cloned() {
            let hurry = json!({"department_id": self.id("department WH"), "wanted_by": wanted,
                "reason": "客户展会提前，请优先拣货发运"});
            let path = format!("/orders/{order}/expedite");
            let asked = self.make("clerk", yesterday, &path, "request".into(), hurry)?;
            let offer = json!({"promised_on": later, "reason": "缺货两箱，周末到仓"});
            self.post("warehouse", today, &format!("/requests/{asked}/accept"), offer)?;
        }
        let stock = json!({"supplier_id": self.id("supplier QINGHUA"), "kind": "information",
            "subject": "青花瓷茶具套装 200 套最快何时可供？", "wanted_by": wanted});
        self.examples.push("rqs");
        self.post("rep", today, "/requests", stock).map(drop)
    }

    /// The ERP: a machine client with the secret of the examples, a webhook that is switched off after its test, a file
    /// that somebody has asked for; and a mail that waits until a mail server is set up.
    fn machines(&mut self) -> Result<()> {
        let mut client = json!({"name": "金蝶 ERP", "description": "Orders in, shipments out",
            "scopes": ["customers:read", "products:read", "orders:read", "orders:write"]});
        self.as_example(&["cli"], &mut client);
        let client: ClientInput = crate::base::http::from_value(client)?;
        self.within("admin", self.ago(90), |_, tx| clients::create(tx, client, Some(CLIENT_SECRET)))?;
        let mut webhook =
            json!({"url": "https://erp.example.com/hooks", "event_types": ["order.*", "shipment.delivered"]});
        self.as_example(&["whk"], &mut webhook);
        let webhook = self.make("admin", self.ago(90), "/webhooks", "webhook".into(), webhook)?;
        self.examples.push("msg");
        self.post("admin", self.ago(90), &format!("/webhooks/{webhook}/test"), json!({}))?;
        self.post("admin", self.ago(90), &format!("/webhooks/{webhook}/disable"), json!({}))?;
        self.examples.push("job");
        let export = crate::base::http::from_value(json!({"resource": "orders", "format": "xlsx"}))?;
        self.within("clerk", self.today, |_, tx| crate::exports::work::create(tx, &export))?;
        self.examples.push("mal");
        self.within("system", self.today, |_, tx| mails::put(tx, letter(tx.now)))
    }

    /// How soon complaints of those who buy least are to be answered.
    fn policies(&mut self) -> Result<()> {
        self.examples.push("sla");
        let low = json!({"severity": "low", "customer_tier": "d", "response_minutes": 480, "resolution_minutes": 4800,
            "remind_minutes": 60, "escalate_minutes": [0, 480]});
        self.post("system", self.today, "/sla-policies", low).map(drop)
    }

    /// Leads an order from draft to its goal.
    fn walk(&mut self, id: &str, owner: &str, day: NaiveDate, goal: Goal) -> Result<()> {
        let path = format!("/orders/{id}");
        let later = |days: i64, today: NaiveDate| (day + Duration::days(days)).min(today);
        let today = self.today;
        if goal == Goal::Draft {
            return Ok(());
        }
        self.post(owner, day, &format!("{path}/submit"), json!({}))?;
        match goal {
            Goal::Submitted => return Ok(()),
            Goal::Cancelled => {
                let why = json!({"reason": "客户取消采购计划"});
                return self.post("clerk", later(1, today), &format!("{path}/cancel"), why).map(drop);
            }
            Goal::Rejected => {
                let why = json!({"reason": "请核对交货日期"});
                return self.post("executive", later(1, today), &format!("{path}/reject"), why).map(drop);
            }
            _ => {}
        }
        let consent = json!({"override_reason": "客户已口头承诺付款，同意放行"});
        self.post("executive", later(1, today), &format!("{path}/approve"), consent)?;
        if goal == Goal::Approved {
            return Ok(());
        }
        self.post("clerk", later(1, today), &format!("{path}/confirm"), json!({}))?;
        match goal {
            Goal::Confirmed => Ok(()),
            Goal::Held => {
                let why = json!({"kind": "credit", "reason": "等待预付款到账"});
                self.post("finance", later(2, today), &format!("{path}/hold"), why).map(drop)
            }
            _ => self.ship(&path, goal, later(4, today), later(7, today)),
        }
    }

    fn ship(&mut self, path: &str, goal: Goal, shipped: NaiveDate, arrived: NaiveDate) -> Result<()> {
        let mut body = json!({"carrier": "顺丰速运 SF Express", "tracking_number": format!("SF{:010}", self.roll(9_999_999_999)),
            "shipped_date": shipped.to_string(), "freight_cost": format!("{}.00", 20 + self.roll(80))});
        if goal == Goal::Partial {
            body["lines"] = self.half(path)?;
        }
        if goal == Goal::Shipped && !self.ids.contains_key("shipment") {
            self.as_example(&["shp", "shl"], &mut body);
        }
        let shipment = self.post("warehouse", shipped, &format!("{path}/shipments"), body)?;
        if goal == Goal::Shipped {
            self.ids.insert("shipment".into(), shipment["id"].to_string());
        }
        if goal < Goal::Delivered {
            return Ok(());
        }
        let deliver = format!("/shipments/{}/deliver", shipment["id"].as_str().unwrap_or_default());
        self.post(
            "warehouse",
            arrived,
            &deliver,
            json!({"delivered_date": arrived.to_string(), "received_by": "收发室"}),
        )?;
        match goal {
            Goal::Completed => self.post("clerk", arrived, &format!("{path}/complete"), json!({})).map(drop),
            _ => Ok(()),
        }
    }

    /// Two of the first line.
    fn half(&mut self, path: &str) -> Result<Value> {
        let id = path.rsplit('/').next().and_then(|id| id.parse().ok()).ok_or_else(Error::not_found)?;
        let order = crate::orders::model::Order::load(self.conn, id)?.ok_or_else(Error::not_found)?;
        let first = order.lines.first().map(|l| l.id);
        Ok(json!([{"order_line_id": first, "quantity": "2"}]))
    }
}

/// A mail to the people of the demo, whose addresses lead nowhere.
fn letter(due_at: At) -> Letter {
    Letter {
        kind: MailKind::Test,
        code: None,
        user: None,
        recipient: "admin@yunfan.example".into(),
        subject: "Salesdesk: a test".into(),
        body: "This mail waits until a mail server is set up.".into(),
        due_at,
    }
}

/// Whether the words in [`PEOPLE`] are roles.
#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::auth::Role;
    use crate::base::types::TextEnum;

    #[test]
    fn every_told_log_in_is_somebody_with_a_role() {
        for login in LOGINS {
            let person = PEOPLE.iter().find(|p| p.0 == login);
            assert!(person.is_some_and(|p| Role::parse(p.2).is_some()), "{login}");
        }
    }
}
