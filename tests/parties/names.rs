//! One form for names: who is the same, however it is written, and who is found by what.

use diesel::connection::SimpleConnection as _;
use salesdesk::base::auth::Role;
use salesdesk::base::db::engine::Ending;
use salesdesk::base::db::forms;
use serde_json::{Value, json};

use salesdesk::base::http::params::percent_encode;
use testkit::support::{Client, TestApp};

both_engines!(
    a_company_is_there_already_in_whatever_way_it_is_written,
    a_customer_is_there_already_under_its_own_short_name_and_its_invoice_title,
    a_change_of_a_name_is_looked_at_as_well,
    a_name_that_many_share_leaves_nobody_without_a_pair,
    a_former_name_finds_the_customer,
    a_merged_name_finds_the_surviving_customer_and_goes_back_with_it,
    a_search_finds_both_scripts_full_pinyin_and_letters_without_accents,
);

fn entered(clerk: &Client, body: Value) -> String {
    clerk.post("/customers", body).expect(201).id()
}

fn anyhow(clerk: &Client, name: &str) -> String {
    let path = "/customers?allow_duplicate=true&duplicate_reason=Another";
    clerk.post(path, json!({"name": name})).expect(201).id()
}

fn found(clerk: &Client, q: &str) -> Vec<String> {
    let page = clerk.get(&format!("/customers?q={}", percent_encode(q))).expect(200);
    page.rows().iter().map(|row| row["id"].as_str().expect("an id").to_owned()).collect()
}

fn candidates(clerk: &Client, name: &str) -> Vec<Value> {
    let refused = clerk.post("/customers", json!({"name": name})).refused(409, "possible_duplicate");
    refused.body["candidates"].as_array().expect("candidates").iter().map(|c| c["id"].clone()).collect()
}

fn a_company_is_there_already_in_whatever_way_it_is_written(app: &TestApp) {
    let clerk = app.as_role(Role::Clerk);
    let there = entered(&clerk, json!({"name": "广州天河贸易有限公司"}));
    for name in [
        "广州市天河贸易",
        "广东省广州市天河贸易有限责任公司",
        "广州天河商贸",
        "广州天河经贸有限公司",
        "廣州天河貿易有限公司",
        "廣州市天河商貿",
    ] {
        assert_eq!(candidates(&clerk, name), [json!(there)], "{name}");
    }
    let greek = entered(&clerk, json!({"name": "Ελληνικά Τρόφιμα Α.Ε."}));
    assert_eq!(candidates(&clerk, "ΕΛΛΗΝΙΚΑ ΤΡΟΦΙΜΑ"), [json!(greek)]);
    let russian = entered(&clerk, json!({"name": "Зелёный Мир"}));
    assert_eq!(candidates(&clerk, "Зеленый мир"), [json!(russian)]);
    entered(&clerk, json!({"name": "深圳天河贸易有限公司"}));
}

fn a_customer_is_there_already_under_its_own_short_name_and_its_invoice_title(app: &TestApp) {
    let clerk = app.as_role(Role::Clerk);
    let there = entered(
        &clerk,
        json!({"name": "广州天河贸易有限公司", "short_name": "天河贸易", "invoice_title": "广州珠江集团"}),
    );
    assert_eq!(candidates(&clerk, "天河商贸"), [json!(there)]);
    assert_eq!(candidates(&clerk, "广州市珠江有限公司"), [json!(there)]);
}

fn a_change_of_a_name_is_looked_at_as_well(app: &TestApp) {
    let clerk = app.as_role(Role::Clerk);
    let there = entered(&clerk, json!({"name": "广州天河贸易有限公司"}));
    let other = clerk.post("/customers", json!({"name": "海珠"})).expect(201);
    let path = other.location();
    let change = json!({"name": "广州市天河商贸"});
    let refused = clerk.patch(&path, &other.etag(), change.clone()).refused(409, "possible_duplicate");
    assert_eq!(refused.body["candidates"][0]["id"], json!(there));
    assert_eq!(clerk.get(&path).expect(200).body["name"], "海珠", "nothing was changed");
    clerk
        .patch(&path, &other.etag(), json!({"short_name": "廣州天河貿易"}))
        .refused(409, "possible_duplicate");
    clerk.patch(&path, &other.etag(), json!({"notes": "x"})).expect(200);

    let etag = clerk.get(&path).expect(200).etag();
    let all_the_same = format!("{path}?allow_duplicate=true&duplicate_reason=A%20branch");
    clerk.patch(&all_the_same, &etag, change).expect(200);
    let history = clerk.get(&format!("{path}/history")).expect(200);
    assert_eq!(history.rows().last().expect("a change")["reason"], "A branch");
    // What it was taken for before is not asked about again.
    let etag = clerk.get(&path).expect(200).etag();
    clerk.patch(&path, &etag, json!({"name": "广州天河经贸"})).expect(200);
}

fn a_name_that_many_share_leaves_nobody_without_a_pair(app: &TestApp) {
    let clerk = app.as_role(Role::Clerk);
    let all: Vec<String> = (0..45).map(|_| anyhow(&clerk, "天河贸易")).collect();
    let of = |id: &String| {
        let page = clerk.get(&format!("/customers/{id}/duplicates?limit=200")).expect(200);
        page.rows().iter().map(|row| row["id"].as_str().expect("an id").to_owned()).collect::<Vec<_>>()
    };
    for (place, id) in all.iter().enumerate() {
        let pairs = of(id);
        assert!((10..=30).contains(&pairs.len()), "customer {place} has {} pairs", pairs.len());
    }
    assert_eq!(candidates(&clerk, "天河商贸").len(), 10);
    // A whole row of them gets other names; who stood between them still has somebody beside.
    for (place, id) in all[5..20].iter().enumerate() {
        let read = clerk.get(&format!("/customers/{id}")).expect(200);
        clerk
            .patch(&format!("/customers/{id}"), &read.etag(), json!({"name": format!("番禺{place}号")}))
            .expect(200);
    }
    for id in all[..5].iter().chain(&all[20..]) {
        assert!(!of(id).is_empty());
    }
}

fn a_former_name_finds_the_customer(app: &TestApp) {
    let clerk = app.as_role(Role::Clerk);
    let made = clerk.post("/customers", json!({"name": "珠江电子有限公司"})).expect(201);
    let path = made.location();
    clerk.patch(&path, &made.etag(), json!({"name": "海珠科技有限公司"})).expect(200);
    assert_eq!(found(&clerk, "珠江电子"), [made.id()]);
    assert_eq!(found(&clerk, "zjdz"), [made.id()]);
    assert_eq!(candidates(&clerk, "珠江電子"), [json!(made.id())]);
    // Back to the old name: then the other one is the former.
    let etag = clerk.get(&path).expect(200).etag();
    clerk.patch(&path, &etag, json!({"name": "珠江电子有限公司"})).expect(200);
    assert_eq!(found(&clerk, "海珠科技"), [made.id()]);
    // A database of an earlier program does not know them: they come from the history.
    app.core
        .engine
        .write_now(|conn| {
            conn.batch_execute(
                "UPDATE customers SET former_names = '[]'; UPDATE text_forms SET version = 0;",
            )?;
            Ok(((), Ending::Commit))
        })
        .expect("an earlier program");
    forms::bring_up_to_date(&app.core).expect("stored anew");
    assert_eq!(found(&clerk, "海珠科技"), [made.id()]);
    assert_eq!(candidates(&clerk, "海珠科技有限公司"), [json!(made.id())]);
    assert_eq!(app.check(), Vec::<String>::new());
}

fn a_merged_name_finds_the_surviving_customer_and_goes_back_with_it(app: &TestApp) {
    let clerk = app.as_role(Role::Clerk);
    let [a, b, c] = ["珠江电子", "海珠科技", "番禺实业"].map(|name| entered(&clerk, json!({"name": name})));
    let merge = |from: &str, into: &str| {
        let body = json!({"into_id": into, "reason": "Entered twice"});
        clerk.post(&format!("/customers/{from}/merge"), body).expect(200);
    };
    let unmerge = |id: &str| {
        clerk.post(&format!("/customers/{id}/unmerge"), json!({"reason": "Two after all"})).expect(200);
    };
    merge(&a, &b);
    assert_eq!(found(&clerk, "珠江电子"), [b.as_str()]);
    assert_eq!(candidates(&clerk, "珠江电子有限公司"), [json!(b)]);
    // What was merged twice leads to the last one.
    merge(&b, &c);
    assert_eq!((found(&clerk, "珠江电子"), found(&clerk, "海珠")), (vec![c.clone()], vec![c.clone()]));
    assert_eq!(candidates(&clerk, "珠江电子"), [json!(c)]);
    unmerge(&b);
    assert_eq!((found(&clerk, "珠江电子"), found(&clerk, "海珠")), (vec![b.clone()], vec![b.clone()]));
    unmerge(&a);
    assert_eq!(found(&clerk, "珠江电子"), [a.as_str()]);
    assert_eq!(candidates(&clerk, "珠江电子"), [json!(a)]);
    assert_eq!(app.check(), Vec::<String>::new());
}

fn a_search_finds_both_scripts_full_pinyin_and_letters_without_accents(app: &TestApp) {
    let clerk = app.as_role(Role::Clerk);
    let simple = entered(&clerk, json!({"name": "重庆天河茶业"}));
    let old = entered(&clerk, json!({"name": "重慶巴南酒廠"}));
    let greek = entered(&clerk, json!({"name": "Αθήνα Τρόφιμα"}));
    let russian = entered(&clerk, json!({"name": "Берёзка"}));
    for q in ["重慶", "重庆", "chongqing", "chong qing", "ChongQing"] {
        let mut found = found(&clerk, q);
        found.sort();
        assert_eq!(found, [simple.clone(), old.clone()], "{q}");
    }
    for (q, id) in [
        ("tianhe", &simple),
        ("tianhech", &simple),
        ("thcy", &simple),
        ("banan", &old),
        ("酒厂", &old),
        ("αθηνα", &greek),
        ("ΤΡΟΦΙΜΑ", &greek),
        ("березка", &russian),
        ("БЕРЁЗКА", &russian),
    ] {
        assert_eq!(found(&clerk, q), [id.as_str()], "{q}");
    }
    assert!(found(&clerk, "hongq").is_empty(), "a syllable has a beginning");
    // Other records are found by the same words.
    let tea = json!({"sku": "T1", "name": "龍井茶", "unit": "pcs", "tax_rate": "0"});
    app.all_powerful().post("/products", tea).expect(201);
    assert_eq!(clerk.get("/products?q=longjing").expect(200).rows().len(), 1);
    assert_eq!(clerk.get(&format!("/products?q={}", percent_encode("龙井"))).expect(200).rows().len(), 1);
}
