//! What is known of a customer over the years: what happened, what it bought, what is missing, and who looks after it.

use salesdesk::base::auth::Role;
use salesdesk::base::types::At;
use serde_json::{Value, json};

use testkit::shop::Shop;
use testkit::support::{Client, TestApp, number};

both_engines!(
    a_timeline_tells_everything_in_the_order_in_which_it_happened,
    a_timeline_shows_what_its_reader_may_see,
    a_timeline_goes_on_with_what_was_merged_into_it,
    what_happens_with_customers_has_words,
    a_purchase_history_adds_up,
    a_rhythm_says_when_the_next_order_is_to_be_expected,
    a_credit_standing_says_what_is_left_of_the_limit,
    what_is_missing_is_named_until_it_is_there,
    data_that_nobody_confirms_become_stale,
    a_neglected_customer_falls_to_the_pool_after_a_warning,
    whoever_sells_takes_a_customer_from_the_pool,
    what_was_merged_into_another_is_not_in_the_pool,
    without_a_rule_nobody_loses_a_customer,
);

/// A local time in Shanghai.
fn at(text: &str) -> At {
    At::parse(&format!("{text}:00+08:00")).expect("an instant")
}

fn texts(client: &Client, customer: &str, query: &str) -> Vec<String> {
    let page = client.get(&format!("/customers/{customer}/timeline?{query}")).expect(200);
    page.rows().iter().map(|row| row["text"].as_str().expect("a text").to_owned()).collect()
}

fn events(client: &Client, customer: &str, query: &str) -> Vec<Value> {
    let page = client.get(&format!("/customers/{customer}/timeline?{query}")).expect(200);
    page.rows().iter().map(|row| row["event"].clone()).collect()
}

// ---- the timeline --------------------------------------------------------------------------------------------

fn a_timeline_tells_everything_in_the_order_in_which_it_happened(app: &TestApp) {
    let shop = Shop::open(app);
    let clerk = app.as_role(Role::Clerk);
    app.core.clock.advance_seconds(3600);
    let order = shop.confirmed("2", "0");
    app.core.clock.advance_seconds(3600);
    let complaint = json!({"customer_id": shop.customer, "order_id": order.id, "category": "quality",
        "severity": "high", "channel": "phone", "subject": "Damp tea"});
    clerk.post("/complaints", complaint).expect(201);
    app.core.clock.advance_seconds(3600);
    // Entered in the evening, made before the order.
    let made = app.core.clock.now().plus_seconds(-3 * 3600 + 60);
    let call = json!({"customer_id": shop.customer, "kind": "call", "direction": "outbound", "summary": "They want tea",
        "happened_at": made.to_string()});
    clerk.post("/interactions", call).expect(201);

    let told = texts(&clerk, &shop.customer, "sort=at&limit=200");
    let place =
        |text: &str| told.iter().position(|t| t.contains(text)).unwrap_or_else(|| panic!("{text}: {told:?}"));
    let number = clerk.get(&order.path()).expect(200).body["number"].as_str().expect("a number").to_owned();
    let order_of = [
        "Customer Guangzhou Tianhe Trading: entered".to_owned(),
        "Customer Guangzhou Tianhe Trading: activated".to_owned(),
        "Conversation They want tea: entered".to_owned(),
        format!("Order {number}: entered"),
        format!("Order {number}: confirmed"),
        "Damp tea: received".to_owned(),
    ];
    let places: Vec<usize> = order_of.iter().map(|text| place(text)).collect();
    assert!(places.is_sorted(), "{told:?}");
    let newest = texts(&clerk, &shop.customer, "limit=1");
    assert!(newest[0].ends_with("Damp tea: received"), "{newest:?}");
    let chinese = app.as_role(Role::Clerk).with("accept-language", "zh-CN");
    assert!(texts(&chinese, &shop.customer, "limit=1")[0].ends_with("Damp tea：已收到"));
    assert_eq!(
        events(&clerk, &shop.customer, "event=order.confirmed,interaction.*"),
        [json!("order.confirmed"), json!("interaction.created")]
    );

    let mut paged = Vec::new();
    let mut path = format!("/customers/{}/timeline?sort=at&limit=2", shop.customer);
    loop {
        let page = clerk.get(&path).expect(200);
        paged.extend(page.rows().iter().map(|row| row["text"].as_str().expect("a text").to_owned()));
        let Some(cursor) = page.body["next_cursor"].as_str() else { break };
        path = format!("/customers/{}/timeline?sort=at&limit=2&cursor={cursor}", shop.customer);
    }
    assert_eq!(paged, told);
}

fn a_timeline_shows_what_its_reader_may_see(app: &TestApp) {
    let shop = Shop::open(app);
    shop.draft("1", "0");
    let all = app.all_powerful();
    // Another rep's order for the same customer.
    let mut other = shop.body("1", "0");
    let helper = app.person("rep2").user.to_string();
    other["rep_id"] = json!(helper);
    all.post("/orders", other).expect(201);
    all.post(&format!("/customers/{}/shares", shop.customer), json!({"user_id": helper})).expect(201);
    // The owner sees all of it; who only helps sees their own.
    let orders = |client: &Client| events(client, &shop.customer, "event=order.*").len();
    assert_eq!((orders(&app.as_role(Role::Rep)), orders(&app.as_user("rep2"))), (2, 1));
    let others = shop.customer_of("clerk", "Others");
    app.as_role(Role::Rep).get(&format!("/customers/{others}/timeline")).refused(404, "not_found");
    app.as_role(Role::Warehouse)
        .get(&format!("/customers/{}/timeline", shop.customer))
        .refused(403, "forbidden");
}

fn a_timeline_goes_on_with_what_was_merged_into_it(app: &TestApp) {
    let shop = Shop::open(app);
    let clerk = app.as_role(Role::Clerk);
    shop.draft("1", "0");
    let into = shop.customer_of("rep", "Tianhe");
    let merge = json!({"into_id": into, "reason": "Entered twice"});
    clerk.post(&format!("/customers/{}/merge", shop.customer), merge).expect(200);
    let told = events(&clerk, &into, "limit=200");
    for event in ["order.created", "customer.merged", "customer.absorbed"] {
        assert!(told.contains(&json!(event)), "{event}: {told:?}");
    }
}

/// That every event has words is an error at start; that the words are those of its area is seen here.
fn what_happens_with_customers_has_words(app: &TestApp) {
    let shop = Shop::open(app);
    shop.confirmed("10", "1");
    let path = format!("/customers/{}/timeline?limit=200", shop.customer);
    let texts = |lang: &str| -> Vec<String> {
        let told = app.as_role(Role::Clerk).with("accept-language", lang).get(&path).expect(200);
        told.rows().iter().filter_map(|row| Some(row["text"].as_str()?.to_owned())).collect()
    };
    let says = |lang: &str, start: &str, end: &str| {
        let texts = texts(lang);
        assert!(texts.iter().any(|t| t.starts_with(start) && t.ends_with(end)), "{start}…{end}: {texts:?}");
    };
    says("en", "Order ", ": submitted");
    says("zh-CN", "订单 ", "：已提交");
    says("en", "Customer ", ": entered");
    says("zh-CN", "客户 ", "：已录入");
}

// ---- what it bought ------------------------------------------------------------------------------------------

fn a_purchase_history_adds_up(app: &TestApp) {
    let shop = Shop::open(app);
    shop.confirmed("10", "1");
    shop.approved("4", "0");
    shop.draft("7", "0");
    let history = app.as_role(Role::Rep).get(&format!("/customers/{}/purchase-history", shop.customer));
    let history = history.expect(200).body;
    // 10 × 12.50 + 1,000, and 4 × 12.50; a draft is no purchase.
    assert_eq!(
        history["totals"],
        json!([{"currency": "CNY", "orders": 2, "net": "1175.00", "gross": "1327.75"}])
    );
    assert_eq!(history["years"][0]["year"], json!("2026"));
    assert_eq!(history["open_orders"], history["totals"]);
    assert_eq!(history["open_balance"], Value::Null);
    let products: Vec<(&Value, &Value)> =
        history["products"].as_array().expect("a list").iter().map(|p| (&p["sku"], &p["net"])).collect();
    assert_eq!(products, [(&json!("POT"), &json!("1000.00")), (&json!("TEA"), &json!("175.00"))]);
    assert_eq!(history["rhythm"], Value::Null);
    let empty = shop.customer_of("rep", "Nothing yet");
    let history =
        app.as_role(Role::Rep).get(&format!("/customers/{empty}/purchase-history")).expect(200).body;
    assert_eq!((&history["totals"], &history["last_order_date"]), (&json!([]), &Value::Null));
    app.with_scopes(&[salesdesk::base::auth::Scope::CustomersRead])
        .get(&format!("/customers/{}/purchase-history", shop.customer))
        .refused(403, "forbidden");
}

fn a_rhythm_says_when_the_next_order_is_to_be_expected(app: &TestApp) {
    let shop = Shop::open(app);
    let all = app.all_powerful();
    for date in ["2026-09-01", "2026-09-11", "2026-09-21", "2026-10-21"] {
        let mut body = shop.body("1", "0");
        body["order_date"] = json!(date);
        let order = all.post("/orders", body).expect(201).id();
        app.as_role(Role::Rep).post(&format!("/orders/{order}/submit"), json!({})).expect(200);
        let approve = format!("/orders/{order}/approve");
        app.as_role(Role::Executive).post(&approve, json!({"override_reason": "Late entry"})).expect(200);
    }
    let history = all.get(&format!("/customers/{}/purchase-history", shop.customer)).expect(200).body;
    let rhythm = &history["rhythm"];
    assert_eq!((&rhythm["median_days"], &rhythm["longest_days"]), (&json!(10), &json!(30)));
    assert_eq!(rhythm["next_expected_on"], json!("2026-10-31"));
    assert_eq!(
        (&history["first_order_date"], &history["last_order_date"]),
        (&json!("2026-09-01"), &json!("2026-10-21"))
    );
}

fn a_credit_standing_says_what_is_left_of_the_limit(app: &TestApp) {
    let shop = Shop::open(app);
    let standing = |client: &Client| {
        client.get(&format!("/customers/{}/credit-standing", shop.customer)).expect(200).body
    };
    let rep = app.as_role(Role::Rep);
    assert_eq!(standing(&rep)["available"], Value::Null);
    shop.credit_limit("1000.00");
    shop.confirmed("8", "0");
    let told = standing(&rep);
    assert_eq!((&told["open_orders"], &told["available"]), (&json!("113.00"), &json!("887.00")));
    assert_eq!(told["over_limit"], json!(false));
    shop.credit_limit("100.00");
    let told = standing(&app.as_role(Role::Finance));
    assert_eq!((&told["available"], &told["over_limit"]), (&json!("-13.00"), &json!(true)));
}

// ---- what is missing -----------------------------------------------------------------------------------------

fn lacks(client: &Client, customer: &str) -> (Value, Vec<String>) {
    let told = client.get(&format!("/customers/{customer}/completeness")).expect(200).body;
    let defects = told["defects"].as_array().expect("a list");
    (
        told["score"].clone(),
        defects.iter().map(|d| d["defect"].as_str().expect("a word").to_owned()).collect(),
    )
}

fn what_is_missing_is_named_until_it_is_there(app: &TestApp) {
    let clerk = app.as_role(Role::Clerk);
    let made = clerk.post("/customers", json!({"name": "天河贸易", "source": "fair"})).expect(201);
    let customer = made.id();
    let found = |query: &str| {
        let ids = clerk.get(&format!("/customers?{query}")).expect(200);
        ids.rows().iter().any(|row| row["id"] == json!(customer))
    };
    assert_eq!(lacks(&clerk, &customer).0, json!(5));
    assert!(
        found("defect=no_reachable_contact") && found("completeness_max=5") && !found("completeness_max=4")
    );
    assert!(!found("defect=no_source"));

    let contacts = format!("/customers/{customer}/contacts");
    let silent = json!({"name": "王芳", "is_primary": true, "mobile": "13800138000", "do_not_contact": true});
    let silent = clerk.post(&contacts, silent).expect(201);
    assert!(found("defect=no_reachable_contact") && !found("defect=no_primary_contact"));
    let contact =
        clerk.patch(&format!("{contacts}/{}", silent.id()), &silent.etag(), json!({"do_not_contact": false}));
    assert!(!found("defect=no_reachable_contact"));
    let address = json!({"kind": "both", "line1": "天河路 385 号", "city": "广州"});
    let address = clerk.post(&format!("/customers/{customer}/addresses"), address).expect(201);
    let more = json!({"tax_id": "9144030071526726XG", "industry": "tea", "bank_account": "3602"});
    clerk.patch(&format!("/customers/{customer}"), &made.etag(), more).expect(200);
    assert_eq!(lacks(&clerk, &customer), (json!(85), vec!["no_owner".to_owned(), "no_region".to_owned()]));

    clerk.delete(&format!("{contacts}/{}", silent.id()), &contact.expect(200).etag()).expect(204);
    clerk.delete(&format!("/customers/{customer}/addresses/{}", address.id()), &address.etag()).expect(204);
    assert_eq!(lacks(&clerk, &customer).0, json!(30));
    assert!(found("defect=no_reachable_contact") && found("defect=no_billing_address"));
    let chinese = app
        .as_role(Role::Clerk)
        .with("accept-language", "zh-CN")
        .get(&format!("/customers/{customer}/completeness"));
    assert_eq!(chinese.expect(200).body["defects"][0]["text"], json!("没有可联系到的联系人"));
}

fn data_that_nobody_confirms_become_stale(app: &TestApp) {
    let all = app.all_powerful();
    let customer = all.post("/customers", json!({"name": "天河贸易"})).expect(201).id();
    let told = |client: &Client| client.get(&format!("/customers/{customer}/completeness")).expect(200).body;
    assert_eq!(told(&all)["stale"], json!(false));
    app.core.clock.advance_seconds(366 * 24 * 3600);
    let all = app.all_powerful();
    assert_eq!(told(&all)["stale"], json!(true));
    let now = app.core.clock.now();
    let listed = |client: &Client| {
        let path = format!("/customers?confirmed_before={now}&sort=confirmed_at");
        client.get(&path).expect(200).rows().len()
    };
    assert_eq!(listed(&all), 1);
    app.core.clock.advance_seconds(60);
    all.post(&format!("/customers/{customer}/confirm"), json!(null)).expect(200);
    assert_eq!((&told(&all)["stale"], listed(&all)), (&json!(false), 0));
}

// ---- the pool ------------------------------------------------------------------------------------------------

fn rule(app: &TestApp, relations: Value) {
    let admin = app.all_powerful();
    let settings = admin.get("/settings").expect(200);
    admin.patch("/settings", &settings.etag(), json!({"relations": relations})).expect(200);
}

/// The clock is moved to a local time in Shanghai, and what is due is done.
fn until(app: &TestApp, time: &str) {
    app.core.clock.set(at(time));
    app.run_background();
}

fn owner_of(app: &TestApp, customer: &str) -> Value {
    app.all_powerful().get(&format!("/customers/{customer}")).expect(200).body["owner_id"].clone()
}

/// How often they were told of the pool.
fn told_of_pool(app: &TestApp, user: &str) -> i64 {
    let me = app.person(user).user;
    let sql = format!(
        "SELECT COUNT(*) AS number FROM notifications WHERE code LIKE 'customer_f%' AND user_id = {}",
        if app.is_sqlite() { format!("X'{}'", me.0.simple()) } else { format!("'{}'", me.0) }
    );
    app.read(move |conn| number(conn, &sql))
}

fn a_neglected_customer_falls_to_the_pool_after_a_warning(app: &TestApp) {
    let shop = Shop::open(app);
    let (tended, blocked, busy) = (
        shop.customer_of("rep", "Tended"),
        shop.customer_of("rep", "Blocked"),
        shop.customer_of("rep", "Busy"),
    );
    let all = app.all_powerful();
    all.post(&format!("/customers/{blocked}/block"), json!({"reason": "They do not pay"})).expect(200);
    let mut order = shop.body("1", "0");
    order["customer_id"] = json!(busy);
    let order = all.post("/orders", order).expect(201).id();
    for (role, step) in [(Role::Rep, "submit"), (Role::Executive, "approve")] {
        app.as_role(role).post(&format!("/orders/{order}/{step}"), json!({})).expect(200);
    }
    rule(app, json!({"pool_after_days": 60, "pool_warn_days": 7}));

    // Fifty-three days after 2026-11-20 is 2027-01-12.
    until(app, "2027-01-12T08:00");
    assert_eq!(told_of_pool(app, "rep"), 0);
    until(app, "2027-01-13T08:00");
    assert_eq!(told_of_pool(app, "rep"), 2, "warned about the two that nobody looks after");
    let call =
        json!({"customer_id": tended, "kind": "call", "direction": "outbound", "summary": "How are things?"});
    app.all_powerful().post("/interactions", call).expect(201);
    until(app, "2027-01-19T08:00");
    let rep = json!(app.person("rep").user.to_string());
    assert_eq!(owner_of(app, &shop.customer), rep, "seven days have not gone by since the warning");
    until(app, "2027-01-20T09:00");
    assert_eq!(owner_of(app, &shop.customer), Value::Null);
    for (kept, name) in [(&tended, "tended"), (&blocked, "blocked"), (&busy, "busy")] {
        assert_eq!(owner_of(app, kept), rep, "{name}");
    }
    assert_eq!(told_of_pool(app, "rep"), 3);
    let history = app.all_powerful().get(&format!("/customers/{}/history", shop.customer)).expect(200);
    let last = history.rows().last().expect("an entry").clone();
    assert_eq!(
        (&last["event"], &last["reason"]),
        (&json!("customer.pooled"), &json!("Nobody has looked after it for 60 days"))
    );
    until(app, "2027-01-21T09:00");
    assert_eq!(told_of_pool(app, "rep"), 3, "once");
}

fn whoever_sells_takes_a_customer_from_the_pool(app: &TestApp) {
    let shop = Shop::open(app);
    let (rep, other) = (app.as_role(Role::Rep), app.as_user("rep2"));
    let claim = format!("/customers/{}/claim", shop.customer);
    other.post(&claim, json!(null)).refused(404, "not_found");
    rep.post(&claim, json!(null)).refused(409, "not_in_pool");
    let release = format!("/customers/{}/release", shop.customer);
    rep.post(&release, json!({"reason": "Too far away"})).expect(200);
    rep.get(&format!("/customers/{}", shop.customer)).refused(404, "not_found");

    let pool = other.get("/customers/pool").expect(200);
    assert_eq!((pool.rows().len(), &pool.rows()[0]["id"]), (1, &json!(shop.customer)));
    assert_eq!(other.get("/customers/pool?q=tianhe").expect(200).rows().len(), 1);
    rep.post(&claim, json!(null)).refused(409, "claimed_too_soon");
    let mine = other.post(&claim, json!(null)).expect(200).body;
    assert_eq!(mine["owner_id"], json!(app.person("rep2").user.to_string()));
    assert_eq!(other.get("/customers/pool").expect(200).rows().len(), 0);
    other.get(&format!("/customers/{}", shop.customer)).expect(200);

    rule(app, json!({"pool_claims": 1}));
    let second = shop.customer_of("rep", "Second");
    rep.post(&format!("/customers/{second}/release"), json!({"reason": "Too far away"})).expect(200);
    other.post(&format!("/customers/{second}/claim"), json!(null)).refused(409, "too_many_claims");
    app.as_role(Role::Finance)
        .post(&format!("/customers/{second}/claim"), json!(null))
        .refused(403, "forbidden");
}

fn what_was_merged_into_another_is_not_in_the_pool(app: &TestApp) {
    let shop = Shop::open(app);
    let (all, other) = (app.all_powerful(), app.as_user("rep2"));
    let twice = shop.customer_of("rep", "Tianhe Trading of Guangzhou");
    all.post(&format!("/customers/{twice}/release"), json!({"reason": "Entered twice"})).expect(200);
    assert_eq!(other.get("/customers/pool").expect(200).rows().len(), 1);
    let into = json!({"into_id": shop.customer, "reason": "Entered twice"});
    all.post(&format!("/customers/{twice}/merge"), into).expect(200);
    assert_eq!(other.get("/customers/pool").expect(200).rows().len(), 0);
    other.post(&format!("/customers/{twice}/claim"), json!(null)).refused(404, "not_found");
}

fn without_a_rule_nobody_loses_a_customer(app: &TestApp) {
    let shop = Shop::open(app);
    until(app, "2027-11-02T09:00");
    assert_ne!(owner_of(app, &shop.customer), Value::Null);
    let admin = app.all_powerful();
    let settings = admin.get("/settings").expect(200);
    let late = json!({"relations": {"pool_after_days": 7, "pool_warn_days": 7}});
    let refused = admin.patch("/settings", &settings.etag(), late).refused(422, "validation_failed");
    assert_eq!(refused.places(), ["/relations/pool_warn_days"]);
}
