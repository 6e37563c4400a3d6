//! Exports: what is in the files.

use std::io::Cursor;

use calamine::{Data, Reader, Xlsx};
use salesdesk::base::auth::{Role, Scope};
use serde_json::{Value, json};

use crate::jobs::products;
use testkit::shop::Shop;
use testkit::support::{Client, TestApp};

both_engines!(
    a_file_of_lines_holds_the_objects_of_the_list,
    every_resource_is_exported_in_every_format,
    exceptions_and_returns_are_exported_with_what_they_are_about,
    what_customers_say_and_what_is_done_about_it_is_exported,
    columns_have_the_names_that_are_asked_for,
    a_file_for_people_speaks_their_language,
    a_cell_is_no_formula,
    a_workbook_has_numbers_and_days,
    filters_and_sorts_are_those_of_the_list,
    what_the_list_would_refuse_is_refused_at_once,
    one_exports_what_one_sees,
    a_line_has_the_head_of_its_order,
    the_lists_of_all_contacts_prices_and_lines_show_what_one_sees,
    the_command_line_writes_the_same_file,
    a_download_that_cannot_be_finished_is_cut,
);

/// The file that an export gives this client.
fn exported(app: &TestApp, client: &Client, body: Value) -> Vec<u8> {
    let begun = client.post("/exports", body).expect(202);
    app.run_background();
    let job = client.get(&begun.location()).expect(200).body;
    assert_eq!(job["status"], "succeeded", "{job}");
    let file = client.get(&format!("{}/result", begun.location())).expect(200);
    assert_eq!(file.header("content-type"), job["result"]["media_type"].as_str());
    assert_eq!(file.bytes.len() as u64, job["result"]["size"].as_u64().expect("a size"));
    file.bytes
}

fn csv_of(bytes: &[u8]) -> Vec<Vec<String>> {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(bytes);
    reader.records().map(|r| r.expect("a row").iter().map(str::to_owned).collect()).collect()
}

/// The rows of a workbook's one sheet.
pub fn rows_of(bytes: Vec<u8>) -> Vec<Vec<Data>> {
    let mut book: Xlsx<_> = Xlsx::new(Cursor::new(bytes)).expect("a workbook");
    let sheet = book.worksheet_range_at(0).expect("a sheet").expect("rows");
    sheet.rows().map(<[Data]>::to_vec).collect()
}

fn a_file_of_lines_holds_the_objects_of_the_list(app: &TestApp) {
    products(app, 700);
    let clerk = app.as_role(Role::Clerk);
    let file = exported(app, &clerk, json!({"resource": "products", "format": "ndjson", "sort": "-sku"}));
    let (mut listed, mut path) = (String::new(), "/products?sort=-sku&limit=200".to_owned());
    loop {
        let page = clerk.get(&path).expect(200);
        page.rows().iter().for_each(|row| listed += &format!("{row}\n"));
        let Some(cursor) = page.body["next_cursor"].as_str() else { break };
        path = format!("/products?sort=-sku&limit=200&cursor={cursor}");
    }
    assert!(String::from_utf8(file).expect("text") == listed, "byte for byte");
    let few = json!({"resource": "products", "format": "ndjson", "fields": ["sku", "unit"], "filters": {"sku": "P00007"}});
    assert_eq!(exported(app, &clerk, few), b"{\"sku\":\"P00007\",\"unit\":\"pcs\"}\n");
}

/// Some record of every kind that is exported.
fn some_records(app: &TestApp) -> Shop<'_> {
    let shop = Shop::open(app);
    let contact =
        json!({"name": "王芳", "mobile": "+86 138 0013 8000", "is_primary": true, "birthday": "1985-06-01"});
    app.all_powerful().post(&format!("/customers/{}/contacts", shop.customer), contact).expect(201);
    shop.draft("5", "1");
    shop
}

fn exceptions_and_returns_are_exported_with_what_they_are_about(app: &TestApp) {
    let shop = Shop::open(app);
    let order = shop.confirmed("5", "1");
    order.by(Role::Warehouse, "shipments", json!({})).expect(201);
    let clerk = app.as_role(Role::Clerk);
    let exception = json!({"order_id": order.id, "kind": "damage", "severity": "minor", "description": "Damp",
        "order_line_id": order.line(0)});
    let exception = clerk.post("/order-exceptions", exception).expect(201);
    let lines = json!([{"order_line_id": order.line(0), "quantity": "2", "reason": "damaged"}]);
    let back =
        order.step(&clerk, "returns", json!({"lines": lines, "exception_id": exception.id()})).expect(201);
    let rows = |resource: &str, fields: Value| {
        let body = json!({"resource": resource, "format": "csv", "headings": "en", "fields": fields});
        csv_of(&exported(app, &clerk, body))
    };
    let number = order.now()["number"].as_str().expect("a number").to_owned();
    assert_eq!(
        rows("order_exceptions", json!(["number", "order.number", "product.sku", "kind", "blocking"])),
        [
            vec!["Exception number", "Order number", "SKU", "Kind", "Blocking"],
            vec!["EX-2026-000001", &number, "TEA", "damage", "false"]
        ]
    );
    assert_eq!(
        rows("returns", json!(["number", "order.number", "exception.number", "gross"])),
        [
            vec!["Return number", "Order number", "Exception number", "Gross"],
            vec![
                "RT-2026-000001",
                &number,
                "EX-2026-000001",
                back.body["gross"].as_str().expect("an amount")
            ]
        ]
    );
    assert_eq!(rows("returns", json!(["id"])).len(), 2);
    for resource in ["order_exceptions", "returns"] {
        exported(app, &clerk, json!({"resource": resource, "format": "xlsx"}));
    }
}

fn what_customers_say_and_what_is_done_about_it_is_exported(app: &TestApp) {
    let shop = Shop::open(app);
    let order = shop.confirmed("5", "1");
    let clerk = app.as_role(Role::Clerk);
    let complaint = json!({"customer_id": shop.customer, "category": "quality", "severity": "high",
        "channel": "phone", "subject": "Damp", "order_id": order.id});
    let complaint = clerk.post("/complaints", complaint).expect(201).id();
    let task = json!({"kind": "follow_up", "subject": "Send new boxes", "due_date": "2026-12-04",
        "complaint_id": complaint});
    clerk.post("/tasks", task).expect(201);
    let talk = json!({"customer_id": shop.customer, "kind": "call", "direction": "inbound", "summary": "They rang",
        "complaint_id": complaint, "feedback": [{"kind": "quality", "text": "The lids do not close", "product_id": shop.tea}]});
    clerk.post("/interactions", talk).expect(201);
    let number = order.now()["number"].as_str().expect("a number").to_owned();
    for (resource, fields, headings, row) in [
        (
            "complaints",
            json!(["number", "order.number", "subject", "status"]),
            ["投诉编号", "订单编号", "主题", "状态"],
            ["CP-2026-000001", &number, "Damp", "已收到"],
        ),
        (
            "tasks",
            json!(["subject", "complaint.number", "due_date", "status"]),
            ["主题", "投诉编号", "到期日", "状态"],
            ["Send new boxes", "CP-2026-000001", "2026-12-04", "待办"],
        ),
        (
            "interactions",
            json!(["kind", "summary", "complaint.number", "direction"]),
            ["联系方式", "内容摘要", "投诉编号", "联系方向"],
            ["电话", "They rang", "CP-2026-000001", "客户来联"],
        ),
        (
            "feedback",
            json!(["kind", "text", "product.sku", "status"]),
            ["反馈类型", "反馈内容", "货号", "状态"],
            ["质量", "The lids do not close", "TEA", "已转达"],
        ),
    ] {
        let of = |format: &str, fields: Value| json!({"resource": resource, "format": format, "headings": "zh-CN", "fields": fields});
        let rows = csv_of(&exported(app, &clerk, of("csv", fields)));
        assert_eq!(
            (&rows[0][..], &rows[1][..]),
            (&headings.map(str::to_owned)[..], &row.map(str::to_owned)[..])
        );
        let whole = rows_of(exported(app, &clerk, of("xlsx", Value::Null)));
        assert_eq!(whole.len(), 2, "{resource}");
        let lines = exported(app, &clerk, of("ndjson", Value::Null));
        assert_eq!(String::from_utf8(lines).expect("text").lines().count(), 1, "{resource}");
    }
    // Whoever does not read complaints does not export them.
    let body = json!({"resource": "complaints", "format": "csv"});
    app.as_role(Role::Warehouse).post("/exports", body).expect(403);
}

fn every_resource_is_exported_in_every_format(app: &TestApp) {
    some_records(app);
    let all = app.all_powerful();
    for (resource, rows, list) in [
        ("customers", 1, "/customers"),
        ("contacts", 1, "/contacts"),
        ("products", 2, "/products"),
        ("prices", 2, "/prices"),
        ("orders", 1, "/orders"),
        ("order_lines", 2, "/order-lines"),
    ] {
        assert_eq!(all.get(list).expect(200).rows().len(), rows, "{list}");
        let file = |format: &str| {
            exported(app, &all, json!({"resource": resource, "format": format, "headings": "zh-CN"}))
        };
        let lines = String::from_utf8(file("ndjson")).expect("text");
        assert_eq!(lines.lines().count(), rows, "{resource}");
        let (text, book) = (csv_of(&file("csv")), rows_of(file("xlsx")));
        assert_eq!((text.len(), book.len()), (rows + 1, rows + 1), "{resource}");
        // The two say the same, each in its way.
        for (text, book) in text.iter().zip(&book) {
            for (n, cell) in text.iter().enumerate() {
                let same = match book.get(n).unwrap_or(&Data::Empty) {
                    Data::Empty => cell.is_empty(),
                    Data::Float(number) => cell.parse::<f64>() == Ok(*number),
                    Data::DateTime(day) => {
                        let format = if cell.contains(' ') { "%Y-%m-%d %H:%M" } else { "%Y-%m-%d" };
                        day.as_datetime().is_some_and(|day| day.format(format).to_string() == *cell)
                    }
                    Data::Bool(flag) => flag.to_string() == *cell,
                    other => other.to_string() == *cell,
                };
                assert!(same, "{resource}: {cell:?} is {:?}", book.get(n));
            }
        }
        let columns = text[0].len();
        let filled = (0..columns).filter(|n| text[1..].iter().any(|row| !row[*n].is_empty())).count();
        assert!(filled * 3 > columns, "{resource}: hardly a column has anything in it: {text:?}");
    }
}

fn columns_have_the_names_that_are_asked_for(app: &TestApp) {
    let clerk = app.as_role(Role::Clerk);
    let fields = ["number", "order_date", "customer.code", "gross"];
    for (headings, expected) in [
        (json!("fields"), "number,order_date,customer.code,gross\r\n"),
        (json!("en"), "Order number,Order date,Customer code,Gross\r\n"),
        (json!("zh-CN"), "订单编号,订单日期,客户编码,含税金额\r\n"),
    ] {
        let body = json!({"resource": "orders", "format": "csv", "headings": headings, "fields": fields});
        assert_eq!(exported(app, &clerk, body), expected.as_bytes());
    }
    let body = json!({"resource": "orders", "format": "csv", "headings": "zh-CN", "fields": ["number"], "bom": true});
    assert_eq!(exported(app, &clerk, body), "\u{feff}订单编号\r\n".as_bytes());
    let body =
        json!({"resource": "products", "format": "xlsx", "headings": "zh-CN", "fields": ["sku", "name"]});
    assert_eq!(rows_of(exported(app, &clerk, body)), [["货号", "产品名称"].map(|t| Data::String(t.into()))]);
}

fn a_file_for_people_speaks_their_language(app: &TestApp) {
    some_records(app);
    let all = app.all_powerful();
    let of = |headings: &str, format: &str| {
        let fields = ["status", "on_hold", "fulfilment", "created_at"];
        exported(
            app,
            &all,
            json!({"resource": "orders", "format": format, "headings": headings, "fields": fields}),
        )
    };
    let instant = only_text(&all, "/orders", "created_at");
    let local = chrono::DateTime::parse_from_rfc3339(&instant).expect("an instant");
    let local = local.with_timezone(&app.core.zone).format("%Y-%m-%d %H:%M").to_string();
    let rows = |headings: &str| csv_of(&of(headings, "csv"));
    assert_eq!(rows("zh-CN")[1], ["草稿", "否", "未发货", &local]);
    assert_eq!(rows("en")[1], ["draft", "false", "none", &local]);
    assert_eq!(rows("fields")[1], ["draft", "false", "none", &instant]);
    for (headings, name) in [("zh-CN", "订单"), ("en", "Orders"), ("fields", "Orders")] {
        let book: Xlsx<_> = Xlsx::new(Cursor::new(of(headings, "xlsx"))).expect("a workbook");
        assert_eq!(book.sheet_names(), [name]);
    }
}

fn only_text(client: &Client, path: &str, field: &str) -> String {
    client.get(path).expect(200).rows()[0][field].as_str().expect("a text").to_owned()
}

fn a_cell_is_no_formula(app: &TestApp) {
    let clerk = app.as_role(Role::Clerk);
    let names = ["=1+1", "+86 138 0013 8000", "+86-1", "-x", "@SUM(A1)", "plain", "-12.5", "'=2+2", "x;=1+1"];
    for (n, name) in names.iter().enumerate() {
        let body = json!({"sku": format!("S{n}"), "name": name, "unit": "pcs", "tax_rate": "0.13"});
        clerk.post("/products", body).expect(201);
    }
    let body =
        |format: &str| json!({"resource": "products", "format": format, "fields": ["name"], "sort": "sku"});
    let harmless =
        ["'=1+1", "+86 138 0013 8000", "'+86-1", "'-x", "'@SUM(A1)", "plain", "-12.5", "''=2+2", "x;'=1+1"];
    let file = exported(app, &clerk, body("csv"));
    let text = csv_of(&file);
    assert_eq!(text[1..], harmless.map(|t| vec![t.to_owned()]));
    // A spreadsheet that separates at semicolons, and knows no quotation marks within a line, sees none.
    assert!(String::from_utf8(file).expect("text").contains("\r\n\"x;'=1+1\"\r\n"));
    // In a workbook a text is one by itself, and nobody sees an apostrophe but those that are in it.
    let shown = names.map(|name| if name == "'=2+2" { "''=2+2" } else { name });
    let book = rows_of(exported(app, &clerk, body("xlsx")));
    assert_eq!(book[1..], shown.map(|t| vec![Data::String(t.into())]));
}

fn a_workbook_has_numbers_and_days(app: &TestApp) {
    some_records(app);
    let fields = json!(["order_date", "quantity", "unit_price", "net", "sku"]);
    let body = json!({"resource": "order_lines", "format": "xlsx", "fields": fields});
    let rows = rows_of(exported(app, &app.all_powerful(), body));
    let (day, numbers) = (&rows[1][0], &rows[1][1..]);
    assert_eq!(numbers, [Data::Float(5.0), Data::Float(12.5), Data::Float(62.5), Data::String("TEA".into())]);
    let Data::DateTime(day) = day else { panic!("{day:?} is no day") };
    assert_eq!(day.as_datetime().expect("a day").date().to_string(), "2026-11-20");
}

fn filters_and_sorts_are_those_of_the_list(app: &TestApp) {
    let shop = Shop::open(app);
    for n in 1..=4 {
        shop.draft(&n.to_string(), "0");
    }
    let all = app.all_powerful();
    for (filters, sort) in [
        (json!({}), "-gross,number"),
        (json!({"gross_min": "20", "gross_max": "50"}), "number"),
        (json!({"status": "draft,approved", "order_date_from": "2026-11-01", "q": "Tianhe"}), "-number"),
        (json!({"customer_id": shop.customer, "on_hold": "true"}), "number"),
    ] {
        let query: Vec<String> = filters
            .as_object()
            .into_iter()
            .flatten()
            .map(|(name, value)| format!("{name}={}", value.as_str().expect("a text")))
            .chain([format!("sort={sort}")])
            .collect();
        let page = all.get(&format!("/orders?{}", query.join("&"))).expect(200);
        let listed: Vec<&str> = page.rows().iter().map(|o| o["number"].as_str().expect("a number")).collect();
        let body = json!({"resource": "orders", "format": "csv", "fields": ["number"], "filters": filters, "sort": sort});
        let rows = csv_of(&exported(app, &all, body));
        assert_eq!(rows[1..].concat(), listed, "{query:?}");
    }
}

fn what_the_list_would_refuse_is_refused_at_once(app: &TestApp) {
    let clerk = app.as_role(Role::Clerk);
    for (more, places) in [
        (json!({"filters": {"stauts": "draft"}}), vec!["/filters/stauts"]),
        (json!({"filters": {"limit": "3"}}), vec!["/filters/limit"]),
        (
            json!({"filters": {"status": "drafft", "gross_min": "x"}}),
            vec!["/filters/gross_min", "/filters/status"],
        ),
        (json!({"sort": "colour"}), vec!["/sort"]),
        (json!({"fields": ["number", "colour"]}), vec!["/fields/1"]),
        (json!({"fields": ["colour"], "format": "ndjson"}), vec!["/fields"]),
        (json!({"format": "pdf", "resource": "shoes"}), vec!["/format", "/resource"]),
    ] {
        let mut body = json!({"resource": "orders", "format": "csv"});
        body.as_object_mut().expect("a body").extend(more.as_object().cloned().unwrap_or_default());
        let refused = clerk.post("/exports", body).refused(422, "validation_failed");
        let mut found = refused.places();
        found.sort_unstable();
        assert_eq!(found, places, "{refused}");
    }
    let products = json!({"resource": "products", "format": "csv"});
    app.with_scopes(&[Scope::ExportsWrite]).post("/exports", products).refused(403, "forbidden");
}

fn one_exports_what_one_sees(app: &TestApp) {
    let shop = Shop::open(app);
    shop.customer_of("rep2", "Another's");
    let names = |username: &str| {
        let body = json!({"resource": "customers", "format": "csv", "fields": ["name"], "sort": "code"});
        csv_of(&exported(app, &app.as_user(username), body))[1..].concat()
    };
    assert_eq!(names("rep2"), ["Another's"]);
    assert_eq!(names("rep"), ["Guangzhou Tianhe Trading"]);
    assert_eq!(names("clerk"), ["Guangzhou Tianhe Trading", "Another's"]);
    // What a product costs is not for everybody.
    let cost = |username: &str| {
        let body =
            json!({"resource": "products", "format": "csv", "fields": ["cost"], "filters": {"sku": "TEA"}});
        csv_of(&exported(app, &app.as_user(username), body))[1..].concat()
    };
    assert_eq!((cost("finance"), cost("clerk")), (vec!["8.00".to_owned()], vec![String::new()]));
}

fn a_line_has_the_head_of_its_order(app: &TestApp) {
    let shop = some_records(app);
    let lines = app.all_powerful().get("/order-lines?expand=customer,product").expect(200);
    let line = &lines.rows()[0];
    let order =
        app.all_powerful().get(&format!("/orders/{}", line["order_id"].as_str().expect("an id"))).expect(200);
    assert_eq!(line["order_number"], order.body["number"]);
    assert_eq!(line["customer"]["id"], json!(shop.customer));
    assert_eq!(line["product"]["sku"], line["sku"]);
    for field in ["id", "quantity", "net", "gross", "shipped"] {
        assert_eq!(line[field], order.body["lines"][0][field], "{field}");
    }
    for (query, count) in [
        ("status=draft", 2),
        ("status=approved", 0),
        ("order_date_from=2026-11-20&order_date_to=2026-11-20&currency=CNY", 2),
        ("order_date_from=2026-11-21", 0),
        ("updated_since=2027-01-01T00:00:00Z", 0),
    ] {
        assert_eq!(
            app.all_powerful().get(&format!("/order-lines?{query}")).expect(200).rows().len(),
            count,
            "{query}"
        );
    }
    let of_tea = format!("/order-lines?product_id={}&customer_id={}", shop.tea, shop.customer);
    assert_eq!(app.all_powerful().get(&of_tea).expect(200).rows().len(), 1);
}

fn the_lists_of_all_contacts_prices_and_lines_show_what_one_sees(app: &TestApp) {
    let shop = some_records(app);
    let own = json!({"code": "OWN", "name": "Own", "currency": "CNY", "customer_id": shop.customer});
    let own = app.all_powerful().post("/price-lists", own).expect(201).id();
    let price = json!({"product_id": shop.tea, "unit_price": "9"});
    app.all_powerful().post(&format!("/price-lists/{own}/prices"), price).expect(201);
    let count = |username: &str, path: &str| app.as_user(username).get(path).expect(200).rows().len();
    for (path, all, others) in [("/contacts", 1, 0), ("/prices", 3, 2), ("/order-lines", 2, 0)] {
        assert_eq!((count("rep", path), count("rep2", path)), (all, others), "{path}");
    }
    assert_eq!(count("clerk", &format!("/prices?price_list_id={own}")), 1);
    assert_eq!(count("clerk", &format!("/prices?product_id={}&valid_on=2026-11-20", shop.pot)), 1);
    assert_eq!(count("clerk", &format!("/contacts?customer_id={}", shop.customer)), 1);
    app.as_role(Role::Warehouse).get("/contacts").refused(403, "forbidden");
}

fn the_command_line_writes_the_same_file(app: &TestApp) {
    products(app, 600);
    let file = std::env::temp_dir().join(format!("salesdesk-{}-{}.csv", std::process::id(), app.is_sqlite()));
    let _ = std::fs::remove_file(&file);
    let run = |args: &[&str]| {
        let out = testkit::wire::program(app).arg("export").args(args).arg("--to").arg(&file).output();
        let out = out.expect("the program runs");
        let said = String::from_utf8_lossy(&[out.stdout, out.stderr].concat()).into_owned();
        (out.status.code(), said)
    };
    let wrong = run(&["products", "--format", "csv", "--filter", "colour=red"]);
    assert!(wrong.0 == Some(1) && wrong.1.contains("/filters/colour") && !file.exists(), "{wrong:?}");
    let args = ["products", "--format", "csv", "--headings", "en", "--sort", "-sku", "--fields", "sku,name"];
    let done = run(&args);
    assert!(done.0 == Some(0) && done.1.contains("600 rows"), "{done:?}");
    let body = json!({"resource": "products", "format": "csv", "headings": "en", "sort": "-sku", "fields": ["sku", "name"]});
    assert!(std::fs::read(&file).expect("a file") == exported(app, &app.as_role(Role::Clerk), body));
    let again = run(&args);
    assert!(again.0 == Some(2) && again.1.contains("cannot write"), "{again:?}");
    std::fs::remove_file(&file).expect("removed");
}

fn a_download_that_cannot_be_finished_is_cut(app: &TestApp) {
    let clerk = app.as_role(Role::Clerk);
    let begun = clerk.post("/exports", json!({"resource": "products", "format": "csv"})).expect(202);
    app.run_background();
    let ask = clerk.asks("GET", &format!("{}/result", begun.location()), None);
    let mut body = app.opened(&ask);
    app.core.clock.advance_seconds(7 * 24 * 3600);
    app.run_background();
    let chunk = app.run(std::future::poll_fn(|cx| {
        actix_web::body::MessageBody::poll_next(std::pin::Pin::new(&mut body), cx)
    }));
    assert!(chunk.is_some_and(|chunk| chunk.is_err()), "the part is not taken for the whole");
}
