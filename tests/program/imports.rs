//! Imports: what becomes of the rows of files.

use rust_xlsxwriter::{Format, Workbook};
use salesdesk::base::auth::{Role, Scope};
use salesdesk::base::jobs;
use serde_json::{Value, json};

use testkit::shop::{Shop, nothing_is_off};
use testkit::support::{Client, MASTER_KEY, Reply, TestApp};

both_engines!(
    a_table_becomes_customers_contacts_products_prices_and_orders,
    a_workbook_is_read_as_people_fill_it,
    objects_say_what_the_api_says,
    chinese_spreadsheets_are_read,
    a_mapping_names_columns_and_leaves_others_alone,
    a_file_that_is_wrong_as_a_whole_is_refused_at_once,
    one_bad_row_fails_alone_and_is_told_by_line_field_and_reason,
    a_mended_error_file_is_sent_again_and_nothing_is_doubled,
    an_order_is_brought_in_as_a_whole_or_not_at_all,
    rows_of_one_order_are_one_order_wherever_they_stand,
    merged_cells_of_a_workbook_are_their_first_value,
    a_mended_error_file_adds_what_failed_and_touches_nothing_else,
    an_order_that_is_too_long_fails_alone,
    a_quotation_mark_that_is_not_closed_is_told_at_its_row,
    numbers_that_a_workbook_cannot_hold_are_refused_by_name,
    an_encoding_is_found_from_the_whole_file_or_asked_for,
    dates_and_numbers_are_read_as_the_file_writes_them_or_refused,
    a_column_that_is_not_taken_must_be_agreed_to,
    an_unknown_heading_names_the_nearest,
    a_workbook_hides_nothing_and_computes_everything,
    a_dry_run_shows_the_first_rows_as_they_would_be_stored,
    a_template_is_filled_in_and_sent,
    a_form_with_a_file_is_the_file,
    an_order_that_is_sent_again_follows_its_file,
    two_rows_about_one_record_do_not_overwrite_each_other,
    a_dry_run_tells_the_same_and_keeps_nothing,
    an_import_goes_on_after_a_restart,
    an_import_is_cancelled_between_its_chunks,
    a_row_needs_the_rights_of_its_call,
    what_was_exported_is_imported_again,
    two_thousand_orders_come_in_one_file,
    the_same_upload_under_its_key_is_one_job,
    the_command_does_the_same_job,
    a_small_file_takes_little_memory_whatever_it_holds,
);

const CSV: &str = "text/csv";
const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
const NDJSON: &str = "application/x-ndjson";

/// Percent-encodes everything, for values in a query.
fn encoded(text: &str) -> String {
    text.bytes().map(|b| format!("%{b:02X}")).collect()
}

fn begin(client: &Client, query: &str, media: &str, file: impl Into<Vec<u8>>) -> Reply {
    client.raw("POST", &format!("/imports?{query}"), media, file)
}

/// The job of an import, when it has ended.
#[track_caller]
fn ended(app: &TestApp, client: &Client, query: &str, media: &str, file: impl Into<Vec<u8>>) -> Value {
    let begun = begin(client, query, media, file).expect(202);
    app.run_background();
    let mut job = client.get(&begun.location()).expect(200).body;
    assert!(job["finished_at"].is_string(), "{job:#}");
    job["location"] = json!(begun.location());
    job
}

/// What the file of failed rows says.
#[track_caller]
fn errors(client: &Client, job: &Value) -> String {
    let path = format!("{}/errors", job["location"].as_str().expect("a job"));
    let file = client.get(&path).expect(200);
    String::from_utf8(file.bytes).expect("text")
}

/// The rows of an error file that is a table, by heading.
fn failed_rows(text: &str) -> Vec<Value> {
    failed_between(text, b',')
}

fn failed_between(text: &str, delimiter: u8) -> Vec<Value> {
    let text = text.trim_start_matches('\u{feff}').as_bytes();
    let mut reader = csv::ReaderBuilder::new().delimiter(delimiter).from_reader(text);
    let headings = reader.headers().expect("headings").clone();
    let row = |cells: csv::StringRecord| {
        headings.iter().zip(&cells).map(|(h, c)| (h.to_owned(), json!(c))).collect::<Value>()
    };
    reader.records().map(|cells| row(cells.expect("a row"))).collect()
}

/// An import of which every row succeeds.
#[track_caller]
fn all_succeed(app: &TestApp, client: &Client, query: &str, media: &str, file: impl Into<Vec<u8>>) -> Value {
    let job = ended(app, client, query, media, file);
    if job["status"] != "succeeded" {
        let told = if job["errors"].is_null() { String::new() } else { errors(client, &job) };
        panic!("{job:#}\n{told}");
    }
    assert_eq!(job["processed"], job["total"], "{job:#}");
    job
}

fn counts(job: &Value) -> [i64; 3] {
    ["total", "succeeded", "failed"].map(|name| job[name].as_i64().unwrap_or(-1))
}

fn only(client: &Client, path: &str) -> Value {
    let found = client.get(path).expect(200);
    let [row] = found.rows() else { panic!("one record is there: {found}") };
    row.clone()
}

fn how_many(client: &Client, path: &str) -> usize {
    let joint = if path.contains('?') { '&' } else { '?' };
    let page = client.get(&format!("{path}{joint}include=total_count")).expect(200);
    page.body["total_count"].as_u64().expect("a count") as usize
}

// ---- what comes in -------------------------------------------------------------------------------------------

fn a_table_becomes_customers_contacts_products_prices_and_orders(app: &TestApp) {
    let all = app.as_role(Role::Clerk);
    all.post("/regions", json!({"code": "SOUTH", "name": "华南"})).expect(201);
    all.post("/product-categories", json!({"code": "BEV", "name": "饮料"})).expect(201);
    let customers = "external_id,Code,Customer name,Tier,Region code,Owner username,Tags,Tax id\n\
        4711,TIANHE,广州天河贸易有限公司,B级,SOUTH,rep,VIP；老客户,9144030071526726XG\n\
        4712,HAIZHU,海珠商行,,,,,\n";
    let job = all_succeed(app, &all, "resource=customers&system=sap", CSV, customers);
    assert_eq!(
        (counts(&job), &job["kind"], &job["resource"]),
        ([2, 2, 0], &json!("import"), &json!("customers"))
    );
    let tianhe = all.get("/customers/by-external-id/sap/4711?expand=region").expect(200).body;
    assert_eq!(tianhe["tags"], json!(["VIP", "老客户"]));
    assert_eq!((&tianhe["tier"], &tianhe["region"]["code"]), (&json!("b"), &json!("SOUTH")));
    assert_eq!(tianhe["owner_id"], json!(app.person("rep").user.to_string()));

    let contacts =
        "客户编号,姓名,手机,决策角色,主要联系人,生日\nTIANHE,王芳,+86 138 0013 8000,决策者,是,1985年6月1日\n";
    all_succeed(app, &all, "resource=contacts", CSV, contacts);
    let contact = only(&all, &format!("/customers/{}/contacts", tianhe["id"].as_str().expect("an id")));
    assert_eq!(
        ["name", "mobile", "decision_role", "is_primary", "birthday"].map(|f| contact[f].clone()),
        [
            json!("王芳"),
            json!("+86 138 0013 8000"),
            json!("decision_maker"),
            json!(true),
            json!("1985-06-01")
        ]
    );

    let products = "sku,name,category code,unit,further units,tax rate,cost\n\
        TEA-001,龙井茶,BEV,pcs,box=24,13%,8.50\nTEA-002,普洱茶,BEV,pcs,,0.13,\"1,008.5\"\n";
    all_succeed(app, &app.as_role(Role::Manager), "resource=products", CSV, products);
    let tea = only(&all, "/products?sku=TEA-001");
    assert_eq!(
        (&tea["tax_rate"], &tea["units"]),
        (&json!("0.13"), &json!([{"unit": "box", "factor": "24"}]))
    );
    assert_eq!(only(&app.as_role(Role::Manager), "/products?sku=TEA-002")["cost"], "1008.50");

    let list = json!({"code": "RETAIL", "name": "零售", "currency": "CNY", "valid_from": "2026-01-01"});
    let list = all.post("/price-lists", list).expect(201).id();
    let prices = "价目表,货号,单价,起订量,生效日期\nRETAIL,TEA-001,12.5,,\nRETAIL,TEA-001,11,100,2026/3/1\nRETAIL,TEA-002,20,,\n";
    all_succeed(app, &all, "resource=prices", CSV, prices);
    assert_eq!(how_many(&all, &format!("/price-lists/{list}/prices")), 3);
    // Once more it changes nothing; another price of the same day takes its place, while the list is a draft.
    all_succeed(app, &all, "resource=prices", CSV, prices);
    assert_eq!(how_many(&all, &format!("/price-lists/{list}/prices")), 3);
    all_succeed(app, &all, "resource=prices", CSV, "价目表,货号,单价\nRETAIL,TEA-002,21\n");
    assert_eq!(how_many(&all, &format!("/price-lists/{list}/prices")), 3);

    let orders = "订单号外部,客户编号,客户单号,订单日期,货号,数量,单价,折扣率\n\
        A-1,TIANHE,PO-77,2026/11/20,TEA-001,5,12.50,5%\nA-1,TIANHE,PO-77,2026/11/20,TEA-002,2,20,\n\
        A-2,HAIZHU,,2026-11-19,TEA-001,1,12.50,\n";
    let mapping = encoded(r#"{"订单号外部": "external_id"}"#);
    let job = all_succeed(app, &all, &format!("resource=orders&system=shop&mapping={mapping}"), CSV, orders);
    assert_eq!(counts(&job), [3, 3, 0]);
    let order = all.get("/orders/by-external-id/shop/A-1").expect(200).body;
    assert_eq!(
        ["status", "customer_po", "order_date", "net"].map(|f| order[f].clone()),
        [json!("draft"), json!("PO-77"), json!("2026-11-20"), json!("99.38")]
    );
    assert_eq!(order["lines"].as_array().map(Vec::len), Some(2));
    assert_eq!(how_many(&all, "/orders"), 2);
    nothing_is_off(app);
}

fn a_workbook_is_read_as_people_fill_it(app: &TestApp) {
    let shop = Shop::open(app);
    let all = app.as_role(Role::Clerk);
    let code = all.get(&format!("/customers/{}", shop.customer)).expect(200).body["code"].clone();
    let mut book = Workbook::new();
    let day = Format::new().set_num_format("yyyy-mm-dd");
    let percent = Format::new().set_num_format("0%");
    let sheet = book.add_worksheet().set_name("说明").expect("a sheet");
    sheet.write_string(0, 0, "nothing here").expect("a cell");
    let sheet = book.add_worksheet().set_name("订单").expect("a sheet");
    for (column, heading) in ["客户编号", "客户单号", "订单日期", "货号", "数量", "折扣率"].iter().enumerate()
    {
        sheet.write_string(0, column as u16, *heading).expect("a cell");
    }
    // The second row is left empty, as people do.
    for (row, sku, quantity) in [(2, "TEA", 1200.0), (3, "POT", 1.1 + 2.2)] {
        sheet.write_string(row, 0, code.as_str().expect("a code")).expect("a cell");
        sheet.write_number(row, 1, 4711).expect("a number");
        let date = rust_xlsxwriter::ExcelDateTime::from_ymd(2026, 11, 5).expect("a day");
        sheet.write_datetime_with_format(row, 2, &date, &day).expect("a day");
        sheet.write_string(row, 3, sku).expect("a cell");
        sheet.write_number(row, 4, quantity).expect("a number");
        sheet.write_number_with_format(row, 5, 0.05, &percent).expect("a number");
    }
    sheet.write_string(4, 0, "NOBODY").expect("a cell");
    sheet.write_string(4, 1, "4712").expect("a cell");
    sheet.write_string(4, 3, "#N/A").expect("a cell");
    let file = book.save_to_buffer().expect("a workbook");

    let refused = begin(&all, &format!("resource=orders&sheet={}", encoded("报价")), XLSX, file.clone());
    assert_eq!(refused.refused(400, "invalid_parameter").places(), ["sheet"]);
    let job = ended(app, &all, &format!("resource=orders&sheet={}", encoded("订单")), XLSX, file);
    assert_eq!(counts(&job), [3, 2, 1], "{}", errors(&all, &job));
    let order = only(&all, "/orders?q=4711");
    let order = all.get(&format!("/orders/{}", order["id"].as_str().expect("an id"))).expect(200).body;
    assert_eq!((&order["order_date"], &order["customer_po"]), (&json!("2026-11-05"), &json!("4711")));
    let line = |n: usize| (order["lines"][n]["quantity"].clone(), order["lines"][n]["discount_rate"].clone());
    assert_eq!(line(0), (json!("1200"), json!("0.05")));
    assert_eq!(line(1), (json!("3.3"), json!("0.05")));
    // The failed row is told by its number in the sheet.
    assert_eq!(job["errors"]["media_type"], "text/csv");
    let rows = failed_rows(&errors(&all, &job));
    assert_eq!((&rows[0]["line"], &rows[0]["field"]), (&json!("5"), &json!("客户编号; 货号")));
}

fn objects_say_what_the_api_says(app: &TestApp) {
    let shop = Shop::open(app);
    let all = app.as_role(Role::Clerk);
    let customer = json!({"external_id": "C1", "name": "天河", "tier": "a", "tags": ["VIP"], "custom_fields": {"size": 12},
        "contacts": [{"name": "王芳"}], "notes": "first"});
    let file = format!("{customer}\n\n{{\"external_id\":\"C2\",\"name\":\"海珠\"}}\n[1]\n");
    let job = ended(app, &all, "resource=customers&system=web", NDJSON, file);
    assert_eq!(counts(&job), [3, 2, 1]);
    let failed: Value = serde_json::from_str(errors(&all, &job).trim()).expect("an object");
    assert_eq!((&failed["_line"], &failed["_text"]), (&json!(4), &json!("[1]")));
    let made = all.get("/customers/by-external-id/web/C1").expect(200).body;
    assert_eq!((&made["custom_fields"], &made["notes"]), (&json!({"size": 12}), &json!("first")));
    let contacts = format!("/customers/{}/contacts", made["id"].as_str().expect("an id"));
    assert_eq!(how_many(&all, &contacts), 1);
    // null clears, what is absent stays; the contacts of a customer that is there are not a new one's.
    let change = json!({"external_id": "C1", "notes": null, "custom_fields.colour": "red", "contacts": [{"name": "X"}]});
    all_succeed(app, &all, "resource=customers&system=web", NDJSON, format!("{change}\n"));
    let changed = all.get("/customers/by-external-id/web/C1").expect(200).body;
    assert_eq!((&changed["notes"], &changed["tier"]), (&Value::Null, &json!("a")));
    assert_eq!(changed["custom_fields"], json!({"size": 12, "colour": "red"}));
    assert_eq!(how_many(&all, &contacts), 1);

    let order = json!({"external_id": "O1", "customer_id": shop.customer, "customer_po": "PO-9",
        "lines": [{"sku": "TEA", "quantity": 5}, {"product_id": shop.pot, "quantity": "1", "unit_price": "990.00"}]});
    let wrong = json!({"external_id": "O2", "customer_id": shop.customer, "lines": [{"sku": "NONE", "quantity": 5, "colour": "red"}]});
    let job = ended(app, &all, "resource=orders&system=web", NDJSON, format!("{order}\n{wrong}\n"));
    assert_eq!(counts(&job), [2, 1, 1]);
    let made = all.get("/orders/by-external-id/web/O1").expect(200).body;
    assert_eq!((&made["lines"][1]["unit_price"], &made["net"]), (&json!("990.00"), &json!("1052.50")));
    let failed: Value = serde_json::from_str(errors(&all, &job).trim()).expect("an object");
    assert_eq!(failed["_errors"].as_array().map(Vec::len), Some(2), "{failed}");
    assert_eq!(failed["lines"], wrong["lines"], "it is as it came");
}

fn chinese_spreadsheets_are_read(app: &TestApp) {
    let all = app.as_role(Role::Clerk);
    let text = "客户编号;客户名称;行业\r\nGB1;广州天河贸易;批发\r\n";
    // GB 18030, as a Chinese Excel writes CSV.
    let (bytes, _, _) = encoding_rs::GB18030.encode(text);
    all_succeed(app, &all, "resource=customers", CSV, bytes.clone().into_owned());
    let made = only(&all, "/customers?code=GB1");
    assert_eq!((&made["name"], &made["industry"]), (&json!("广州天河贸易"), &json!("批发")));
    begin(&all, "resource=customers&encoding=utf-8", CSV, bytes.into_owned()).refused(422, "unreadable_file");
    let with_bom = format!("\u{feff}{}", text.replace("GB1", "U8"));
    all_succeed(app, &all, "resource=customers&delimiter=semicolon", CSV, with_bom);
    assert_eq!(only(&all, "/customers?code=U8")["name"], "广州天河贸易");
}

fn a_mapping_names_columns_and_leaves_others_alone(app: &TestApp) {
    let all = app.as_role(Role::Clerk);
    let mapping =
        encoded(r##"{"Kunde": "name", "KdNr": "code", "Farbe": "", "#4": "custom_fields.colour"}"##);
    let file = "KdNr,Kunde,Farbe,\nK1,Müller GmbH,rot,blau\n";
    all_succeed(app, &all, &format!("resource=customers&mapping={mapping}"), CSV, file);
    let made = only(&all, "/customers?code=K1");
    assert_eq!((&made["name"], &made["custom_fields"]), (&json!("Müller GmbH"), &json!({"colour": "blau"})));
    let job = all_succeed(app, &all, "resource=customers", CSV, "code,name,Status\nK1,Müller AG,blocked\n");
    assert_eq!(job["params"]["left_alone"], json!(["Status"]), "what nobody enters is said to be left alone");
    assert_eq!(only(&all, "/customers?code=K1")["status"], "prospect");
}

fn a_file_that_is_wrong_as_a_whole_is_refused_at_once(app: &TestApp) {
    let all = app.as_role(Role::Clerk);
    let counts = app.row_counts();
    let refused = begin(&all, "resource=customers", CSV, "name,colour,size\nA,red,1\n");
    let refused = refused.refused(422, "validation_failed");
    let headings: Vec<&Value> =
        refused.body["errors"].as_array().expect("errors").iter().map(|e| &e["params"]["heading"]).collect();
    assert_eq!(headings, ["colour", "size"]);
    begin(&all, "resource=customers", CSV, "").refused(422, "unreadable_file");
    begin(&all, "resource=customers", XLSX, "no workbook").refused(422, "unreadable_file");
    begin(&all, "resource=customers", "application/json", "{}").refused(415, "unsupported_media_type");
    let open_quote = format!("name\n\"{}\n", "x".repeat(2 << 20));
    begin(&all, "resource=customers", CSV, open_quote).refused(422, "unclosed_quote");
    let wide = (0..300).map(|n| format!("c{n}")).collect::<Vec<_>>().join(",");
    begin(&all, "resource=customers", CSV, wide).refused(422, "file_too_large");
    let refused = begin(&all, "resource=customers", CSV, "external_id,name\n1,A\n");
    assert_eq!(refused.refused(400, "invalid_parameter").places(), ["system"]);
    for (query, place) in [
        ("resource=shipments", "resource"),
        ("", "resource"),
        ("resource=customers&mapping=x", "mapping"),
        ("resource=customers&mapping=%7B%22name%22:%22colour%22%7D", "mapping"),
        ("resource=customers&system=No%20Such", "system"),
        ("resource=customers&delimiter=pipe", "delimiter"),
    ] {
        let refused = begin(&all, query, CSV, "name\nA\n").refused(400, "invalid_parameter");
        assert_eq!(refused.places(), [place], "{query}");
    }
    let long = vec![b'x'; (50 << 20) + 1];
    begin(&all, "resource=customers", CSV, long).refused(413, "payload_too_large");
    assert_eq!(app.row_counts(), counts, "nothing was begun");
}

// ---- what fails ----------------------------------------------------------------------------------------------

fn one_bad_row_fails_alone_and_is_told_by_line_field_and_reason(app: &TestApp) {
    let clerk = app.as_role(Role::Clerk).with("accept-language", "zh");
    let file =
        "编号,名称,等级,税号,国家\nA1,天河,b,,\nA2,,x,123,XX\nA3,\"=1+1 \n贸易\",,,\nA4,海珠,c,,CN,extra\n";
    let job = ended(app, &clerk, "resource=customers", CSV, file);
    assert_eq!((counts(&job), &job["status"]), ([4, 2, 2], &json!("completed_with_errors")));
    assert_eq!(how_many(&app.all_powerful(), "/customers"), 2);
    let text = errors(&clerk, &job);
    assert!(text.starts_with('\u{feff}'), "spreadsheets know UTF-8 by it");
    let rows = failed_rows(&text);
    assert_eq!(rows.len(), 2);
    assert_eq!(
        ["编号", "名称", "等级", "税号", "国家", "所在行"].map(|h| rows[0][h].clone()),
        ["A2", "", "x", "123", "XX", "3"]
    );
    assert_eq!(rows[0]["字段"], "等级");
    assert_eq!(rows[0]["原因"], "必须是以下之一：a, b, c, d");
    assert_eq!((&rows[1]["所在行"], &rows[1]["字段"]), (&json!("6"), &json!("")));
    // It is known by its columns in this language, too.
    all_succeed(
        app,
        &clerk,
        "resource=customers&dry_run=true",
        CSV,
        "名称,所在行,字段,原因\nA,3,名称,必填\n",
    );
    // When the cells can be read, the API looks at the whole, in the words of whoever sent it.
    let job = ended(app, &clerk, "resource=customers", CSV, "编号,名称,税号\nA2,,123\n");
    let rows = failed_rows(&errors(&clerk, &job));
    assert_eq!((&rows[0]["字段"], &rows[0]["原因"]), (&json!("名称"), &json!("必填")));
    nothing_is_off(app);
}

fn a_mended_error_file_is_sent_again_and_nothing_is_doubled(app: &TestApp) {
    let all = app.as_role(Role::Clerk);
    let file = "name,mobile,customer code\n王芳,1,T1\n李强,2,T2\n";
    all_succeed(app, &all, "resource=customers", CSV, "code,name\nT1,天河\n");
    let job = ended(app, &all, "resource=contacts", CSV, file);
    assert_eq!(counts(&job), [2, 1, 1]);
    // The customer that was missing is made, and the error file sent as it is.
    all_succeed(app, &all, "resource=customers", CSV, "code,name\nT2,海珠\n");
    let mended = errors(&all, &job);
    assert!(mended.contains("line,field,reason"), "{mended}");
    assert_eq!(counts(&all_succeed(app, &all, "resource=contacts", CSV, mended)), [1, 1, 0]);
    assert_eq!(how_many(&all, "/contacts"), 2);
    // By mistake the whole file once more.
    assert_eq!(counts(&all_succeed(app, &all, "resource=contacts", CSV, file)), [2, 2, 0]);
    all_succeed(app, &all, "resource=customers", CSV, "code,name\nT1,天河\nT2,海珠\n");
    assert_eq!((how_many(&all, "/contacts"), how_many(&all, "/customers")), (2, 2));
    // A customer without any name of its own, too.
    let nameless = "name,industry\n白云商行,批发\n";
    all_succeed(app, &all, "resource=customers", CSV, nameless);
    all_succeed(app, &all, "resource=customers", CSV, nameless);
    assert_eq!(how_many(&all, "/customers"), 3);
    // An error file of objects is mended in the same way.
    let job = ended(app, &all, "resource=contacts", NDJSON, "{\"customer.code\":\"T3\",\"name\":\"赵\"}\n");
    let mended = errors(&all, &job).replace("T3", "T1");
    all_succeed(app, &all, "resource=contacts", NDJSON, mended);
    assert_eq!(how_many(&all, "/contacts"), 3);
}

fn an_order_is_brought_in_as_a_whole_or_not_at_all(app: &TestApp) {
    let shop = Shop::open(app);
    let all = app.as_role(Role::Clerk);
    let customer = &shop.customer;
    let file = format!(
        "external_id,customer_id,customer_po,sku,quantity\n\
         O1,{customer},PO-1,TEA,5\nO1,{customer},PO-1,POT,-1\nO1,{customer},PO-2,TEA,1\n\
         O2,{customer},PO-3,TEA,1\nO1,{customer},PO-1,TEA,5\n,{customer},,TEA,5\n"
    );
    let job = ended(app, &all, "resource=orders&system=web", CSV, file);
    assert_eq!(counts(&job), [6, 1, 5]);
    assert_eq!(how_many(&all, "/orders"), 1);
    let rows = failed_rows(&errors(&all, &job));
    let told: Vec<_> =
        rows.iter().map(|r| (r["line"].as_str().unwrap(), r["field"].as_str().unwrap())).collect();
    assert_eq!(told, [("2", ""), ("3", ""), ("4", "customer_po"), ("6", ""), ("7", "customer_po")]);
    assert_eq!(rows[0]["reason"], "another row of the same order failed");
    assert_eq!(rows[3]["reason"], "another row of the same order failed", "wherever it stands");
    // With the head mended it is the line that is pointed at.
    let file = format!("external_id,customer_id,sku,quantity\nO1,{customer},TEA,5\nO1,{customer},POT,-1\n");
    let job = ended(app, &all, "resource=orders&system=web", CSV, file);
    let rows = failed_rows(&errors(&all, &job));
    assert_eq!((&rows[0]["field"], &rows[1]["field"]), (&json!(""), &json!("quantity")), "{rows:?}");
    nothing_is_off(app);
}

/// What the lines of an order are: SKU and quantity.
fn lines_of(client: &Client, path: &str) -> Vec<(String, String)> {
    let order = client.get(path).expect(200).body;
    let lines = order["lines"].as_array().expect("lines").clone();
    let text = |line: &Value, name: &str| line[name].as_str().expect("a text").to_owned();
    lines.iter().map(|line| (text(line, "sku"), text(line, "quantity"))).collect()
}

fn pairs(of: &[(&str, &str)]) -> Vec<(String, String)> {
    of.iter().map(|(sku, quantity)| ((*sku).to_owned(), (*quantity).to_owned())).collect()
}

fn rows_of_one_order_are_one_order_wherever_they_stand(app: &TestApp) {
    let shop = Shop::open(app);
    let all = app.as_role(Role::Clerk);
    let c = &shop.customer;
    let head = "external_id,customer_id,sku,quantity\n";
    let file = format!("{head}A,{c},TEA,2\nB,{c},TEA,1\nA,{c},\"POT\",5\n");
    let job = all_succeed(app, &all, "resource=orders&system=web", CSV, file);
    assert_eq!(counts(&job), [3, 3, 0]);
    assert_eq!(lines_of(&all, "/orders/by-external-id/web/A"), pairs(&[("TEA", "2"), ("POT", "5")]));
    // So are objects, and rows far apart.
    let object = |id: &str, sku: &str| {
        format!("{}\n", json!({"external_id": id, "customer_id": c, "sku": sku, "quantity": "1"}))
    };
    let file = format!("{}{}{}", object("C", "TEA"), object("D", "TEA"), object("C", "POT"));
    all_succeed(app, &all, "resource=orders&system=web", NDJSON, file);
    assert_eq!(lines_of(&all, "/orders/by-external-id/web/C").len(), 2);
    let mut file = String::from(head);
    (0..2).for_each(|_| (0..300).for_each(|n| file += &format!("E{n},{c},TEA,1\n")));
    all_succeed(app, &all, "resource=orders&system=web", CSV, file);
    assert_eq!(lines_of(&all, "/orders/by-external-id/web/E0").len(), 2);
    assert_eq!(how_many(&all, "/orders"), 304);
    // A failed row takes its whole order with it, each with the line that it has in the file.
    let file = format!("{head}F,{c},TEA,2\nG,{c},TEA,1\n\nF,{c},POT,-5\n");
    let job = ended(app, &all, "resource=orders&system=web", CSV, file);
    assert_eq!(counts(&job), [3, 1, 2]);
    let rows = failed_rows(&errors(&all, &job));
    let told: Vec<_> = rows.iter().map(|row| [&row["line"], &row["external_id"]]).collect();
    assert_eq!(told, [[&json!("2"), &json!("F")], [&json!("5"), &json!("F")]]);
    // A row that names no order may belong to the one above: nobody guesses, and nothing comes in by half.
    let file = format!("{head}H,{c},TEA,2\n,,POT,1\n");
    let job = ended(app, &all, "resource=orders&system=web", CSV, file);
    assert_eq!(counts(&job), [2, 0, 2]);
    let told = failed_rows(&errors(&all, &job));
    assert!(told[1]["reason"].as_str().expect("a reason").starts_with("names no order"), "{told:?}");
    nothing_is_off(app);
}

fn merged_cells_of_a_workbook_are_their_first_value(app: &TestApp) {
    let shop = Shop::open(app);
    let all = app.as_role(Role::Clerk);
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    for (column, heading) in ["customer_id", "customer_po", "sku", "quantity"].iter().enumerate() {
        sheet.write_string(0, column as u16, *heading).expect("a cell");
    }
    let plain = Format::new();
    sheet.merge_range(1, 0, 3, 0, &shop.customer, &plain).expect("a block");
    sheet.merge_range(1, 1, 2, 1, "PO-1", &plain).expect("a block");
    sheet.write_string(3, 1, "PO-2").expect("a cell");
    for (row, sku) in [(1, "TEA"), (2, "POT"), (3, "TEA")] {
        sheet.write_string(row, 2, sku).expect("a cell");
        sheet.write_number(row, 3, 2).expect("a number");
    }
    let file = book.save_to_buffer().expect("a workbook");
    let job = all_succeed(app, &all, "resource=orders", XLSX, file);
    assert_eq!(counts(&job), [3, 3, 0]);
    assert_eq!(how_many(&all, "/orders"), 2);
    let order = only(&all, "/orders?q=PO-1");
    let path = format!("/orders/{}", order["id"].as_str().expect("an id"));
    assert_eq!(lines_of(&all, &path), pairs(&[("TEA", "2"), ("POT", "2")]));
}

fn a_mended_error_file_adds_what_failed_and_touches_nothing_else(app: &TestApp) {
    let shop = Shop::open(app);
    let all = app.as_role(Role::Clerk);
    let c = &shop.customer;
    let head = "external_id,customer_id,sku,quantity";
    let file = format!("{head}\nA,{c},TEA,2\nA,{c},NONE,1\nA,{c},NEVER,1\n");
    let job = ended(app, &all, "resource=orders&system=web", CSV, file);
    let failed = errors(&all, &job);
    // One row is mended and sent with the one that had nothing wrong; the third is mended a day later.
    let (first, last) = failed.trim_end().rsplit_once("\n").expect("rows");
    let mended = format!("{first}\n").replace("NONE", "POT");
    all_succeed(app, &all, "resource=orders&system=web", CSV, mended.clone());
    let later = format!("{}\n{}\n", failed.lines().next().expect("headings"), last.replace("NEVER", "TEA"));
    all_succeed(app, &all, "resource=orders&system=web", CSV, later.clone());
    let whole = pairs(&[("TEA", "2"), ("POT", "1"), ("TEA", "1")]);
    assert_eq!(lines_of(&all, "/orders/by-external-id/web/A"), whole);
    // Once more they change nothing.
    let before = all.get("/orders/by-external-id/web/A").expect(200).body;
    all_succeed(app, &all, "resource=orders&system=web", CSV, mended);
    all_succeed(app, &all, "resource=orders&system=web", CSV, later);
    assert_eq!(all.get("/orders/by-external-id/web/A").expect(200).body, before);
    nothing_is_off(app);
}

fn an_order_that_is_too_long_fails_alone(app: &TestApp) {
    let shop = Shop::open(app);
    let all = app.as_role(Role::Clerk);
    let c = &shop.customer;
    let mut file = format!("external_id,customer_id,sku,quantity\nA,{c},TEA,2\n");
    (0..501).for_each(|_| file += &format!("LONG,{c},TEA,1\n"));
    file += &format!("B,{c},TEA,3\n");
    let lines = (0..501).map(|_| json!({"sku": "TEA", "quantity": 1})).collect::<Value>();
    for query in ["resource=orders&system=web&dry_run=true", "resource=orders&system=web"] {
        let job = ended(app, &all, query, CSV, file.clone());
        assert_eq!((counts(&job), &job["status"]), ([503, 2, 501], &json!("completed_with_errors")));
        let rows = failed_rows(&errors(&all, &job));
        assert_eq!((rows.len(), &rows[500]["line"]), (501, &json!("503")));
        let reason = rows[500]["reason"].as_str().expect("a reason");
        assert!(reason.starts_with("The order at line 3 has more than 500 lines"), "{reason}");
    }
    assert_eq!(how_many(&all, "/orders"), 2);
    // In one object, too.
    let object = json!({"external_id": "O", "customer_id": c, "lines": lines});
    let job = ended(app, &all, "resource=orders&system=web", NDJSON, format!("{object}\n"));
    assert_eq!(counts(&job), [1, 0, 1]);
}

fn a_quotation_mark_that_is_not_closed_is_told_at_its_row(app: &TestApp) {
    let all = app.as_role(Role::Clerk);
    for (file, line) in [
        ("code,name,notes\nU1,一,\nU2,二,\"19 Zoll\nU3,三,\nU4,四,\n", "line 3"),
        ("code,name,notes\nU2,二,\"19 Zoll\nU3,三,\nU4,四,\"20 Zoll\n", "line 2"),
        ("code,name,\"notes\nU2,二,x\n", "line 1"),
    ] {
        let refused = begin(&all, "resource=customers", CSV, file).refused(422, "unclosed_quote");
        let detail = refused.body["detail"].as_str().expect("a detail").to_owned();
        assert!(detail.contains(line), "{detail}");
    }
    assert_eq!(how_many(&all, "/customers"), 0);
    let file = "code,name,notes\nU2,二,19\" Zoll\nU3,三,\"19\"\" Zoll\"\n";
    all_succeed(app, &all, "resource=customers", CSV, file);
    assert_eq!(only(&all, "/customers?code=U3")["notes"], "19\" Zoll");
}

fn numbers_that_a_workbook_cannot_hold_are_refused_by_name(app: &TestApp) {
    let all = app.as_role(Role::Clerk);
    let mut book = Workbook::new();
    let code = Format::new().set_num_format("00000");
    let sheet = book.add_worksheet();
    for (column, heading) in ["external_id", "code", "name", "bank_account"].iter().enumerate() {
        sheet.write_string(0, column as u16, *heading).expect("a cell");
    }
    sheet.write_string(1, 0, "1").expect("a cell");
    sheet.write_number_with_format(1, 1, 123, &code).expect("a number");
    sheet.write_string(1, 2, "with zeros").expect("a cell");
    sheet.write_number(1, 3, 622_202_123_456_789_f64).expect("a number");
    sheet.write_string(2, 0, "2").expect("a cell");
    sheet.write_string(2, 2, "long account").expect("a cell");
    sheet.write_number(2, 3, 6222021234567890123i64 as f64).expect("a number");
    sheet.write_number(3, 0, 123456789012345678i64 as f64).expect("a number");
    sheet.write_string(3, 2, "long id").expect("a cell");
    let file = book.save_to_buffer().expect("a workbook");
    let job = ended(app, &all, "resource=customers&system=sap", XLSX, file);
    assert_eq!(counts(&job), [3, 1, 2]);
    let made = only(&all, "/customers");
    assert_eq!((&made["code"], &made["bank_account"]), (&json!("00123"), &json!("622202123456789")));
    let rows = failed_rows(&errors(&all, &job));
    let fields: Vec<_> = rows.iter().map(|row| [&row["line"], &row["field"]]).collect();
    assert_eq!(fields, [[&json!("3"), &json!("bank_account")], [&json!("4"), &json!("external_id")]]);
    let reason = rows[0]["reason"].as_str().expect("a reason");
    assert!(reason.contains("format the column as text"), "{reason}");
    // CSV that a spreadsheet has written, in whatever letters; and an object whose number no program keeps.
    for number in ["6.22202E+18", "6.22202e+18", "\"6,22202E+18\""] {
        let file = format!("code,name,bank_account\nN,x,{number}\n");
        let job = ended(app, &all, "resource=customers", CSV, file);
        assert_eq!(counts(&job), [1, 0, 1], "{number}");
    }
    let file = "{\"external_id\":4711,\"name\":\"by number\"}\n{\"external_id\":123456789012345678901234,\"name\":\"long\"}\n";
    let job = ended(app, &all, "resource=customers&system=sap", NDJSON, file);
    assert_eq!(counts(&job), [2, 1, 1]);
    assert_eq!(all.get("/customers/by-external-id/sap/4711").expect(200).body["name"], "by number");
}

fn an_encoding_is_found_from_the_whole_file_or_asked_for(app: &TestApp) {
    let all = app.as_role(Role::Clerk);
    let text = "code,name\nW1,Müller\nW2,São João\n";
    let (bytes, _, _) = encoding_rs::WINDOWS_1252.encode(text);
    let job = all_succeed(app, &all, "resource=customers", CSV, bytes.clone().into_owned());
    assert_eq!(job["params"]["encoding"], "windows-1252");
    assert_eq!(only(&all, "/customers?code=W1")["name"], "Müller");
    assert_eq!(only(&all, "/customers?code=W2")["name"], "São João");
    let (gb, _, _) = encoding_rs::GB18030.encode("code,name\nG1,广州天河贸易\n");
    let job = all_succeed(app, &all, "resource=customers&dry_run=true", CSV, gb.into_owned());
    assert_eq!(job["params"]["encoding"], "gb18030");
    let utf16: Vec<u8> = "\u{feff}code,name\nV1,天河\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert_eq!(all_succeed(app, &all, "resource=customers", CSV, utf16)["params"]["encoding"], "utf-16");
    assert_eq!(only(&all, "/customers?code=V1")["name"], "天河");
    // What could be anything is asked about.
    let doubtful = b"code,name\nD1,MA\xc7\xc3\n".to_vec();
    let refused = begin(&all, "resource=customers", CSV, doubtful.clone()).refused(422, "encoding_in_doubt");
    assert!(
        refused.body["detail"].as_str().is_some_and(|detail| detail.contains("windows-1252")),
        "{refused}"
    );
    all_succeed(app, &all, "resource=customers&encoding=windows-1252", CSV, doubtful);
    assert_eq!(only(&all, "/customers?code=D1")["name"], "MAÇÃ");
    begin(&all, "resource=customers&encoding=klingon", CSV, "name\nA\n").refused(400, "invalid_parameter");
}

fn dates_and_numbers_are_read_as_the_file_writes_them_or_refused(app: &TestApp) {
    let shop = Shop::open(app);
    let all = app.as_role(Role::Clerk);
    let c = &shop.customer;
    let head = "customer_id;customer_po;order_date;sku;quantity;unit_price\n";
    let order = |po: &str| {
        let row = only(&all, &format!("/orders?q={po}"));
        all.get(&format!("/orders/{}", row["id"].as_str().expect("an id"))).expect(200).body
    };
    // One value leaves no doubt, and the others are read like it.
    let file = format!("{head}{c};DE-1;05.11.2026;TEA;1,250;1.012,50\n{c};DE-2;25.11.2026;TEA;3;12,50\n");
    let job = all_succeed(app, &all, "resource=orders", CSV, file);
    assert_eq!(
        [&job["params"]["date_order"], &job["params"]["decimal_sign"]],
        [&json!("dmy"), &json!("comma")]
    );
    let made = order("DE-1");
    assert_eq!(made["order_date"], "2026-11-05");
    assert_eq!(
        [&made["lines"][0]["quantity"], &made["lines"][0]["unit_price"]],
        [&json!("1.25"), &json!("1012.50")]
    );
    // Where none does, nobody guesses.
    let doubtful = format!("{head}{c};US-1;11/5/2026;TEA;1,250;10\n");
    let job = ended(app, &all, "resource=orders", CSV, doubtful.clone());
    let rows = failed_between(&errors(&all, &job), b';');
    assert_eq!(rows[0]["field"], "order_date; quantity", "all faults of the row are told: {rows:?}");
    assert_eq!([&job["params"]["date_order"], &job["params"]["decimal_sign"]], [&Value::Null, &Value::Null]);
    // It can be said.
    all_succeed(app, &all, "resource=orders&date_order=mdy&decimal_sign=point", CSV, doubtful);
    let made = order("US-1");
    assert_eq!([&made["order_date"], &made["lines"][0]["quantity"]], [&json!("2026-11-05"), &json!("1250")]);
    // An instant is on the day that the company has then.
    let file = format!("{head}{c};Z-1;2026-11-08T16:30:00Z;TEA;1;10\n");
    all_succeed(app, &all, "resource=orders", CSV, file);
    assert_eq!(order("Z-1")["order_date"], "2026-11-09");
    // A number of a workbook is what it is, whatever the texts beside it are.
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    for (column, heading) in ["customer_id", "customer_po", "sku", "quantity"].iter().enumerate() {
        sheet.write_string(0, column as u16, *heading).expect("a cell");
    }
    for (row, po) in [(1, "X-1"), (2, "X-2")] {
        [c.as_str(), po, "TEA"].iter().enumerate().for_each(|(column, text)| {
            sheet.write_string(row, column as u16, *text).expect("a cell");
        });
    }
    sheet.write_number(1, 3, 1.125).expect("a number");
    sheet.write_string(2, 3, "12,5").expect("a cell");
    let file = book.save_to_buffer().expect("a workbook");
    all_succeed(app, &all, "resource=orders", XLSX, file);
    assert_eq!(order("X-1")["lines"][0]["quantity"], "1.125");
    assert_eq!(order("X-2")["lines"][0]["quantity"], "12.5");
}

fn a_column_that_is_not_taken_must_be_agreed_to(app: &TestApp) {
    let all = app.as_role(Role::Clerk);
    let file = "code,name,credit_limit,created_at\nL1,天河,50000,2020-01-01\n";
    let refused = begin(&all, "resource=customers", CSV, file).refused(422, "validation_failed");
    assert_eq!(refused.body["errors"][0]["params"]["heading"], "credit_limit");
    assert_eq!(refused.body["errors"].as_array().map(Vec::len), Some(1), "{refused}");
    assert_eq!((how_many(&all, "/customers"), how_many(&all, "/jobs")), (0, 0), "nothing is begun");
    let job = all_succeed(app, &all, "resource=customers&leave_out=credit_limit", CSV, file);
    assert_eq!(job["params"]["left_out"], json!(["credit_limit"]));
    assert_eq!(job["params"]["left_alone"], json!(["created_at"]));
    let object = "{\"code\":\"L4\",\"name\":\"A\",\"credit_limit\":null}\n{\"code\":\"L5\",\"name\":\"B\",\"credit_limit\":\"5\"}\n";
    begin(&all, "resource=customers", NDJSON, object).refused(422, "validation_failed");
    let job = all_succeed(app, &all, "resource=customers&leave_out=credit_limit", NDJSON, object);
    assert_eq!(job["params"]["left_out"], json!(["credit_limit"]));
    // Without a word in them nothing is lost; and so a column that nobody knows is left out, too.
    all_succeed(app, &all, "resource=customers", CSV, "code,name,credit_limit\nL2,海珠,\n");
    let job =
        all_succeed(app, &all, "resource=customers&leave_out=Farbe", CSV, "code,name,Farbe\nL3,白云,rot\n");
    assert_eq!(job["params"]["left_out"], json!(["Farbe"]));
}

fn an_unknown_heading_names_the_nearest(app: &TestApp) {
    let all = app.as_role(Role::Clerk);
    let refused = begin(&all, "resource=customers", CSV, "code,nmae,industri\nA,B,C\n");
    let refused = refused.refused(422, "validation_failed");
    let nearest =
        |n: usize| refused.body["errors"][n]["params"]["nearest"].as_str().expect("names").to_owned();
    assert!(nearest(0).contains("name") && nearest(1).contains("ndustry"), "{refused}");
    let message = refused.body["errors"][0]["detail"].as_str().expect("a message");
    assert!(message.contains("name"), "{message}");
}

fn a_workbook_hides_nothing_and_computes_everything(app: &TestApp) {
    let all = app.as_role(Role::Clerk);
    let mut book = Workbook::new();
    let hidden = book.add_worksheet().set_name("old").expect("a sheet");
    hidden.write_string(0, 0, "name").expect("a cell");
    hidden.write_string(1, 0, "nobody sees it").expect("a cell");
    hidden.set_hidden(true);
    let sheet = book.add_worksheet().set_name("new").expect("a sheet");
    sheet.set_active(true);
    sheet.write_string(0, 0, "name").expect("a cell");
    sheet.write_string(1, 0, "seen").expect("a cell");
    sheet.write_string(1_048_575, 0, " ").expect("a cell");
    let file = book.save_to_buffer().expect("a workbook");
    // A workbook is one, whatever it is called.
    let job = all_succeed(app, &all, "resource=customers", CSV, file);
    assert_eq!((counts(&job), &job["params"]["sheet"]), ([1, 1, 0], &json!("new")));
    assert_eq!(only(&all, "/customers")["name"], "seen");
    let cells = |row: u32, cells: &str| format!("<row r='{row}'>{cells}</row>");
    let text = |at: &str, text: &str| format!("<c r='{at}' t='inlineStr'><is><t>{text}</t></is></c>");
    let rows = [
        cells(1, &[text("A1", "code"), text("B1", "name")].concat()),
        cells(2, &format!("{}<c r='B2'><f>CONCAT(A2)</f></c>", text("A2", "F1"))),
        cells(3, &format!("{}<c r='B3' t='str'><f>CONCAT(A3)</f><v>F2</v></c>", text("A3", "F2"))),
        cells(4, &format!("{}<c r='B4'><f>A1</f><v></v></c>", text("A4", "F3"))),
    ];
    let job = ended(app, &all, "resource=customers", XLSX, workbook_of("", &rows.concat()));
    assert_eq!(counts(&job), [3, 1, 2]);
    let rows = failed_rows(&errors(&all, &job));
    assert_eq!((&rows[0]["field"], &rows[1]["line"]), (&json!("name"), &json!("4")));
    assert!(rows[0]["reason"].as_str().is_some_and(|reason| reason.starts_with("is a formula")), "{rows:?}");
}

fn a_dry_run_shows_the_first_rows_as_they_would_be_stored(app: &TestApp) {
    let shop = Shop::open(app);
    let all = app.as_role(Role::Clerk);
    let c = &shop.customer;
    let mut file = String::from("external_id,customer_id,sku,quantity,unit_price\n");
    (0..40).for_each(|n| file += &format!("N{n},{c},TEA,\"1,000.5\",12.50\n"));
    let job = ended(app, &all, "resource=orders&system=web&dry_run=true", CSV, file);
    assert_eq!((counts(&job), &job["result"]["media_type"]), ([40, 40, 0], &json!(NDJSON)));
    let shown = all.get(&format!("{}/result", job["location"].as_str().expect("a job"))).expect(200);
    let shown = String::from_utf8(shown.bytes).expect("text");
    let rows: Vec<Value> = shown.lines().map(|line| serde_json::from_str(line).expect("an object")).collect();
    assert_eq!((rows.len(), &rows[0]["lines"]), (20, &json!([2])));
    let line = &rows[0]["record"]["lines"][0];
    assert_eq!([&line["quantity"], &line["unit_price"]], [&json!("1000.5"), &json!("12.50")], "{line}");
    assert_eq!(how_many(&all, "/orders"), 0);
}

fn a_template_is_filled_in_and_sent(app: &TestApp) {
    let all = app.as_role(Role::Clerk);
    let chinese = app.as_role(Role::Clerk).with("accept-language", "zh-CN");
    let template = chinese.get("/imports/template?resource=customers&format=csv").expect(200);
    assert_eq!(template.header("content-type"), Some(CSV));
    let text = String::from_utf8(template.bytes).expect("text");
    assert!(text.starts_with('\u{feff}') && text.contains("客户等级") && text.ends_with("\r\n"), "{text}");
    let headings: Vec<&str> = text.trim().trim_start_matches('\u{feff}').split(',').collect();
    let row = |code: &str| {
        let cells = headings.iter().map(|heading| match *heading {
            "客户编码" | "编号" | "客户编号" => code,
            "客户名称" | "名称" => "天河",
            _ => "",
        });
        cells.collect::<Vec<_>>().join(",")
    };
    all_succeed(app, &all, "resource=customers", CSV, format!("{text}{}\r\n", row("T-1")));
    assert_eq!(only(&all, "/customers?code=T-1")["name"], "天河");
    for resource in ["customers", "contacts", "products", "prices", "orders", "suppliers"] {
        let path = format!("/imports/template?resource={resource}&format=xlsx");
        let book = all.get(&path).expect(200);
        assert_eq!(book.header("content-type"), Some(XLSX));
        let job = ended(app, &app.all_powerful(), &format!("resource={resource}"), XLSX, book.bytes);
        assert_eq!((counts(&job), &job["status"]), ([0, 0, 0], &json!("succeeded")), "{resource}");
    }
    all.get("/imports/template?resource=shipments").refused(400, "invalid_parameter");
    app.as_role(Role::Rep).get("/imports/template?resource=customers").refused(403, "forbidden");
}

fn a_form_with_a_file_is_the_file(app: &TestApp) {
    let all = app.as_role(Role::Clerk);
    let form = |name: &str, content: &str, more: &str| {
        format!(
            "--xyz\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\
             Content-Type: application/octet-stream\r\n\r\n{content}\r\n--xyz{more}"
        )
    };
    let media = "multipart/form-data; boundary=xyz";
    let body = form("c.csv", "code,name\nM-1,天河\n", "--\r\n");
    assert_eq!(counts(&all_succeed(app, &all, "resource=customers", media, body)), [1, 1, 0]);
    let body = form("c.ndjson", "{\"code\":\"M-2\",\"name\":\"海珠\"}\n", "--\r\n");
    all_succeed(app, &all, "resource=customers", media, body);
    assert_eq!(how_many(&all, "/customers"), 2);
    let two =
        form("c.csv", "name\nA\n", "\r\nContent-Disposition: form-data; name=\"x\"\r\n\r\n1\r\n--xyz--");
    begin(&all, "resource=customers", media, two).refused(422, "unreadable_file");
}

fn an_order_that_is_sent_again_follows_its_file(app: &TestApp) {
    let shop = Shop::open(app);
    let all = app.as_role(Role::Clerk);
    let file = |quantity: &str| {
        format!(
            "customer_id,customer_po,sku,quantity\n{0},PO-1,TEA,{quantity}\n{0},PO-1,POT,1\n",
            shop.customer
        )
    };
    all_succeed(app, &all, "resource=orders", CSV, file("5"));
    let first = only(&all, "/orders");
    all_succeed(app, &all, "resource=orders", CSV, file("5"));
    assert_eq!(only(&all, "/orders"), first, "the same once more changes nothing");
    all_succeed(app, &all, "resource=orders", CSV, file("6"));
    let changed = only(&all, "/orders");
    assert_eq!((&changed["id"], &changed["version"]), (&first["id"], &json!(2)));
    let id = first["id"].as_str().expect("an id");
    all.post(&format!("/orders/{id}/submit"), json!({})).expect(200);
    all_succeed(app, &all, "resource=orders", CSV, file("6"));
    let job = ended(app, &all, "resource=orders", CSV, file("7"));
    assert_eq!(counts(&job), [2, 0, 2]);
    let rows = failed_rows(&errors(&all, &job));
    assert_eq!(rows[0]["field"], "quantity");
    assert!(rows[0]["reason"].as_str().expect("a reason").contains("submitted"), "{rows:?}");
}

fn two_rows_about_one_record_do_not_overwrite_each_other(app: &TestApp) {
    let all = app.as_role(Role::Clerk);
    // Also when they are in different chunks.
    let mut file = String::from("code,name\n");
    (0..250).for_each(|n| file += &format!("C{n},customer {n}\n"));
    file += "C3,another\n";
    let job = ended(app, &all, "resource=customers", CSV, file);
    assert_eq!(counts(&job), [251, 250, 1]);
    let rows = failed_rows(&errors(&all, &job));
    assert_eq!(rows[0]["reason"], "line 5 is about the same record");
    assert_eq!(only(&all, "/customers?code=C3")["name"], "customer 3");
}

fn a_dry_run_tells_the_same_and_keeps_nothing(app: &TestApp) {
    let shop = Shop::open(app);
    let all = app.as_role(Role::Clerk);
    let file = format!(
        "customer_id,customer_po,sku,quantity\n{0},PO-1,TEA,5\n{0},PO-2,NONE,1\n{0},PO-3,POT,1\n",
        shop.customer
    );
    let admin = app.as_role(Role::Admin);
    let before = (how_many(&all, "/orders"), how_many(&admin, "/audit-log"));
    let tried = ended(app, &all, "resource=orders&dry_run=true", CSV, file.clone());
    assert_eq!((counts(&tried), &tried["params"]["dry_run"]), ([3, 2, 1], &json!(true)));
    assert_eq!(how_many(&all, "/orders"), before.0);
    assert_eq!(
        how_many(&admin, "/audit-log"),
        before.1 + 2,
        "the job was begun and has ended, and nothing else"
    );
    let told = errors(&all, &tried);
    let real = ended(app, &all, "resource=orders", CSV, file);
    assert_eq!(counts(&real), [3, 2, 1]);
    assert_eq!(errors(&all, &real), told);
    assert_eq!(how_many(&all, "/orders"), before.0 + 2);
}

// ---- in between ----------------------------------------------------------------------------------------------

fn customers_file(count: usize) -> String {
    let rows = (0..count).map(|n| format!("R{n:05},customer {n}\n"));
    rows.fold("code,name\n".to_owned(), |file, row| file + &row)
}

fn turn(app: &TestApp) {
    assert!(jobs::turn(&app.shared()).expect("a turn"));
}

fn an_import_goes_on_after_a_restart(app: &TestApp) {
    let clerk = app.as_role(Role::Clerk);
    let mut file = customers_file(450);
    file += ",nobody has this code or name\nX,\n";
    let begun = begin(&clerk, "resource=customers", CSV, file).expect(202);
    turn(app);
    turn(app);
    let job = clerk.get(&begun.location()).expect(200).body;
    assert_eq!(
        (&job["status"], &job["processed"], &job["total"]),
        (&json!("running"), &json!(200), &json!(452))
    );
    assert_eq!(how_many(&clerk, "/customers"), 200, "what was said to be done is there");
    // The program ends without a word; another one takes over when the lease is over.
    let again = app.with_settings(|_| {});
    again.run_background();
    assert_eq!(again.as_role(Role::Clerk).get(&begun.location()).expect(200).body["processed"], 200);
    again.core.clock.advance_seconds(31);
    again.run_background();
    let clerk = again.as_role(Role::Clerk);
    let job = clerk.get(&begun.location()).expect(200).body;
    assert_eq!((counts(&job), &job["status"]), ([452, 451, 1], &json!("completed_with_errors")));
    assert_eq!(how_many(&clerk, "/customers"), 451, "neither lost nor doubled");
}

fn an_import_is_cancelled_between_its_chunks(app: &TestApp) {
    let clerk = app.as_role(Role::Clerk);
    let begun = begin(&clerk, "resource=customers", CSV, customers_file(300)).expect(202);
    turn(app);
    clerk.post(&format!("{}/cancel", begun.location()), json!({})).expect(200);
    app.run_background();
    let job = clerk.get(&begun.location()).expect(200).body;
    assert_eq!((&job["status"], &job["processed"]), (&json!("cancelled"), &json!(100)));
    assert_eq!(how_many(&clerk, "/customers"), 100);
    let left = app.read(|conn| testkit::support::number(conn, "SELECT count(*) AS number FROM job_keys"));
    assert_eq!(left, 0);
}

fn a_row_needs_the_rights_of_its_call(app: &TestApp) {
    let shop = Shop::open(app);
    begin(&app.as_role(Role::Rep), "resource=customers", CSV, "name\nA\n").refused(403, "forbidden");
    let refused =
        begin(&app.as_role(Role::Manager), "resource=orders", CSV, "sku\nA\n").refused(403, "forbidden");
    assert_eq!(refused.body["required_scopes"], json!(["orders:write"]));
    // A price of an active list is for those who approve prices.
    let file = format!("price_list_id,sku,unit_price,valid_from\n{},TEA,13,2027-01-01\n", shop.list);
    let clerk = app.as_role(Role::Clerk);
    let job = ended(app, &clerk, "resource=prices", CSV, file.clone());
    assert_eq!(counts(&job), [1, 0, 1]);
    let manager = app.as_role(Role::Manager);
    all_succeed(app, &manager, "resource=prices", CSV, file);
    // What costs what is not for everybody to say.
    let file = "sku,cost\nTEA,9\n";
    let job = ended(app, &clerk, "resource=products", CSV, file);
    let told = failed_rows(&errors(&clerk, &job));
    assert!(told[0]["reason"].as_str().expect("a reason").contains("products:cost"), "{told:?}");
    // A manager does not see another team's customers, so there are none to change.
    let other = shop.customer_of("rep2", "South Trading");
    let file = format!("id,name\n{other},Mine\n{},Tianhe Trading\n", shop.customer);
    let job = ended(app, &manager, "resource=customers", CSV, file);
    assert_eq!(counts(&job), [2, 1, 1]);
    // Rights that have ended in between end the job.
    let begun = begin(&clerk, "resource=customers", CSV, "name\nA\n").expect(202);
    let user = app.person("clerk").user;
    app.all_powerful().post(&format!("/users/{user}/block"), json!({"reason": "has left"})).expect(200);
    app.run_background();
    let job = app.as_role(Role::Admin).get(&begun.location()).expect(200).body;
    assert_eq!((&job["status"], &job["error"]["code"]), (&json!("failed"), &json!("job_rights_ended")));
}

// ---- there and back ------------------------------------------------------------------------------------------

fn what_was_exported_is_imported_again(app: &TestApp) {
    let shop = Shop::open(app);
    let all = app.as_role(Role::Clerk);
    let contact =
        json!({"name": "王芳", "mobile": "+86 138 0013 8000", "is_primary": true, "birthday": "1985-06-01"});
    all.post(&format!("/customers/{}/contacts", shop.customer), contact).expect(201);
    let more = json!({"code": "FULL", "name": "'=天河", "tags": ["VIP", "2026"], "tier": "a", "notes": "two\nlines",
        "external_ids": [{"system": "sap", "id": "4711"}], "owner_id": app.person("rep").user.to_string()});
    all.post("/customers", more).expect(201);
    let units = json!([{"unit": "box", "factor": "24"}]);
    all.post(
        "/products",
        json!({"sku": "P9", "name": "P9", "unit": "pcs", "units": units, "tax_rate": "0.13"}),
    )
    .expect(201);
    shop.draft("5", "1");
    shop.confirmed("2", "3").ship(0, "1").expect(201);
    let state = |app: &TestApp| {
        app.read(|conn| {
            ["customers", "contacts", "products", "prices", "orders"].map(|table| {
                let sql = format!("SELECT CAST(version AS TEXT) AS word FROM {table} ORDER BY id");
                testkit::support::words(conn, &sql)
            })
        })
    };
    let before = state(app);
    for (exported, resource) in [
        ("customers", "customers"),
        ("contacts", "contacts"),
        ("products", "products"),
        ("prices", "prices"),
        ("orders", "orders"),
        ("order_lines", "orders"),
    ] {
        for (format, media, headings) in [
            ("csv", CSV, "fields"),
            ("csv", CSV, "en"),
            ("xlsx", XLSX, "zh-CN"),
            ("ndjson", NDJSON, "fields"),
        ] {
            let sort = if exported == "order_lines" {
                json!("order_date,order_number,position")
            } else {
                Value::Null
            };
            let body = json!({"resource": exported, "format": format, "headings": headings});
            let begun = match all.post("/exports", {
                let mut sorted = body.clone();
                if !sort.is_null() {
                    sorted["sort"] = sort.clone();
                }
                sorted
            }) {
                reply if reply.status == 202 => reply,
                _ => all.post("/exports", body).expect(202),
            };
            app.run_background();
            let file = all.get(&format!("{}/result", begun.location())).expect(200).bytes;
            // What other calls take must be agreed to.
            let left_out = if resource == "customers" { "&leave_out=payment_days,team_id" } else { "" };
            let job = ended(app, &all, &format!("resource={resource}{left_out}"), media, file);
            let told = if job["errors"].is_null() { String::new() } else { errors(&all, &job) };
            assert_eq!(job["status"], "succeeded", "{exported} {format} {headings}: {job:#}\n{told}");
            assert_eq!(state(app), before, "{exported} {format} {headings} changes nothing");
        }
    }
    nothing_is_off(app);
}

fn two_thousand_orders_come_in_one_file(app: &TestApp) {
    let shop = Shop::open(app);
    let all = app.as_role(Role::Clerk);
    let mut file = String::from("external_id,customer_id,sku,quantity,unit_price\n");
    for n in 0..2000 {
        file += &format!("N{n},{},TEA,1,12.50\n", shop.customer);
        if n % 10 == 0 {
            file += &format!("N{n},{},POT,1,1000\n", shop.customer);
        }
    }
    let job = all_succeed(app, &all, "resource=orders&system=bulk", CSV, file);
    assert_eq!(counts(&job), [2200, 2200, 0]);
    assert_eq!(how_many(&all, "/orders"), 2000);
    assert_eq!(how_many(&all, "/order-lines"), 2200);
}

fn the_same_upload_under_its_key_is_one_job(app: &TestApp) {
    let client = app.as_role(Role::Clerk).with("idempotency-key", "upload 1");
    let first = begin(&client, "resource=customers", CSV, "name\nA\n").expect(202);
    let again = begin(&client, "resource=customers", CSV, "name\nA\n").expect(202);
    assert_eq!((first.id(), again.header("idempotent-replayed")), (again.id(), Some("true")));
    begin(&client, "resource=customers", CSV, "name\nB\n").refused(422, "idempotency_key_reused");
    let many = app.with_scopes(&[Scope::ImportsWrite, Scope::CustomersWrite]);
    assert_eq!(how_many(&many, "/jobs"), 0, "jobs of others are not seen");
}

fn the_command_does_the_same_job(app: &TestApp) {
    use salesdesk::commands::import::{Request, run};
    use salesdesk::imports::intake::Asked;
    use std::process::ExitCode;
    let folder =
        std::env::temp_dir().join(format!("salesdesk_import_{}_{}", std::process::id(), app.is_sqlite()));
    std::fs::create_dir_all(&folder).expect("a folder");
    let file = folder.join("customers.csv");
    std::fs::write(&file, "code,name\nCLI-1,天河\nCLI-2,\n").expect("a file");
    let config = salesdesk::config::Config {
        listen: "127.0.0.1:0".into(),
        data_dir: folder.clone(),
        target: app.core.engine.target.clone(),
        zone: chrono_tz::Asia::Shanghai,
        currency: "CNY".into(),
        master_key: Some(MASTER_KEY),
        web: Default::default(),
        public_url: None,
        pg_bin: None,
        backup_passphrase: None,
    };
    let request = |dry_run: bool, username: &str| Request {
        resource: "customers",
        file: file.clone(),
        asked: Asked { dry_run, ..Asked::default() },
        username: Some(username.into()),
        errors: None,
    };
    let code = |request: &Request| format!("{:?}", run(&config, request).expect("it runs"));
    assert_eq!(code(&request(true, "clerk")), format!("{:?}", ExitCode::FAILURE));
    let clerk = app.as_role(Role::Clerk);
    assert_eq!(how_many(&clerk, "/customers"), 0);
    assert!(run(&config, &request(false, "warehouse")).is_err(), "a person has their own rights");
    assert_eq!(code(&request(false, "clerk")), format!("{:?}", ExitCode::FAILURE));
    assert_eq!(only(&clerk, "/customers")["code"], "CLI-1");
    // What failed lies beside the file, and is mended there.
    let errors = folder.join("customers.errors.csv");
    let mended =
        std::fs::read_to_string(&errors).expect("the rows that failed").replace("CLI-2,,", "CLI-2,海珠,");
    std::fs::write(&errors, mended).expect("mended");
    let again = Request { file: errors, ..request(false, "clerk") };
    assert_eq!(code(&again), format!("{:?}", ExitCode::SUCCESS));
    assert_eq!(how_many(&clerk, "/customers"), 2);
    assert_eq!(how_many(&clerk, "/jobs?kind=import"), 3);
    std::fs::remove_dir_all(&folder).expect("cleared away");
}

/// A workbook of these parts.
fn workbook_of(shared: &str, rows: &str) -> Vec<u8> {
    use std::io::Write;
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let spreadsheet = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
    let relations = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
    let package = "http://schemas.openxmlformats.org/package/2006/relationships";
    let parts = [
        (
            "_rels/.rels",
            format!(
                "<Relationships xmlns='{package}'><Relationship Id='r1' Type='{relations}/officeDocument' Target='xl/workbook.xml'/></Relationships>"
            ),
        ),
        (
            "xl/workbook.xml",
            format!(
                "<workbook xmlns='{spreadsheet}' xmlns:r='{relations}'><sheets><sheet name='A' sheetId='1' r:id='r1'/></sheets></workbook>"
            ),
        ),
        (
            "xl/_rels/workbook.xml.rels",
            format!(
                "<Relationships xmlns='{package}'><Relationship Id='r1' Type='{relations}/worksheet' Target='worksheets/sheet1.xml'/><Relationship Id='r2' Type='{relations}/sharedStrings' Target='sharedStrings.xml'/></Relationships>"
            ),
        ),
        ("xl/sharedStrings.xml", format!("<sst xmlns='{spreadsheet}'>{shared}</sst>")),
        (
            "xl/worksheets/sheet1.xml",
            format!("<worksheet xmlns='{spreadsheet}'><sheetData>{rows}</sheetData></worksheet>"),
        ),
    ];
    for (name, text) in parts {
        zip.start_file(name, zip::write::SimpleFileOptions::default()).expect("a part");
        zip.write_all(text.as_bytes()).expect("its text");
    }
    zip.finish().expect("a workbook").into_inner()
}

/// What a command prints to its error output, and the most memory that it ever had, in MiB.
fn memory_of(mut command: std::process::Command) -> (String, u64) {
    use std::io::Read;
    let mut child = command
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .expect("it runs");
    let status = format!("/proc/{}/status", child.id());
    let watch = std::thread::spawn(move || {
        let mut most = 0;
        // It only ever rises, and what is refused late has taken seconds.
        while let Ok(text) = std::fs::read_to_string(&status) {
            let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
            let Some(kib) = line.and_then(|line| line.trim().strip_suffix(" kB")) else { break };
            most = most.max(kib.parse::<u64>().unwrap_or(0) / 1024);
            std::thread::yield_now();
        }
        most
    });
    let mut said = String::new();
    child.stderr.take().expect("its output").read_to_string(&mut said).expect("a text");
    child.wait().expect("it ends");
    (said, watch.join().expect("it was watched"))
}

fn a_small_file_takes_little_memory_whatever_it_holds(app: &TestApp) {
    if !cfg!(target_os = "linux") {
        return;
    }
    let folder =
        std::env::temp_dir().join(format!("salesdesk_hostile_{}_{}", std::process::id(), app.is_sqlite()));
    std::fs::create_dir_all(&folder).expect("a folder");
    let text = |n: usize, of: &str| of.repeat(n);
    let cells = |n: usize| format!("<row r='1'>{}</row>", "<c t='s'><v>0</v></c>".repeat(n));
    let files = [
        (
            "text-of-20-mb-in-200-cells.xlsx",
            workbook_of(&format!("<si><t>{}</t></si>", text(20 << 20, "x")), &cells(200)),
            "characters in a cell",
        ),
        (
            "full-cells-in-one-row.xlsx",
            workbook_of(&format!("<si><t>{}</t></si>", text(32_000, "x")), &cells(200)),
            "row at line 1",
        ),
        ("five-million-texts.xlsx", workbook_of(&text(5_000_000, "<si/>"), &cells(1)), "different texts"),
        ("prefixed-texts.xlsx", workbook_of(&text(3_000_000, "<x:si/>"), &cells(1)), "different texts"),
        ("one-row-of-commas.csv", format!("name\n{}", text(50_000_000, ",")).into_bytes(), "row at line 2"),
        (
            "rows-of-commas.csv",
            format!("name\n{}", text(55, &format!("A{}x\n", text(900_000, ",")))).into_bytes(),
            "",
        ),
        (
            "objects-of-many-names.ndjson",
            text(
                48,
                &format!(
                    "{{{}\"name\":\"A\"}}\n",
                    (0..90_000).map(|n| format!("\"a{n}\":0,")).collect::<String>()
                ),
            )
            .into_bytes(),
            "columns",
        ),
    ];
    for (name, bytes, says) in files {
        let file = folder.join(name);
        std::fs::write(&file, &bytes).expect("a file");
        let mut command = testkit::wire::program(app);
        command.arg("import").arg("customers").arg(&file);
        let (said, most) = memory_of(command);
        assert!(said.contains(says), "{name}: {said}");
        assert!(most < 300, "{name} of {} KiB took {most} MiB", bytes.len() >> 10);
    }
    std::fs::remove_dir_all(&folder).expect("cleared away");
}
