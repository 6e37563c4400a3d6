//! Loading Northwind-shaped records: a small sample of our own, with the traps that the real ones have.

use std::path::{Path, PathBuf};

use salesdesk::base::auth::Role;
use salesdesk::imports::northwind;
use salesdesk::imports::northwind::Summary;
use serde_json::{Value, json};

use testkit::shop::nothing_is_off;
use testkit::support::{TestApp, words};

both_engines!(the_sample_is_loaded_once_and_to_the_cent);

fn sample() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/northwind-sample")
}

/// Net per year, each line rounded half up to the cent, and orders and lines.
pub const YEARS: [(&str, i64, i64, &str); 3] =
    [("1996", 2, 4, "559.15"), ("1997", 2, 4, "886.83"), ("1998", 2, 4, "222.17")];

fn years(summary: &Summary) -> Vec<(String, i64, i64, String)> {
    let rows = summary.years.iter();
    rows.map(|(year, (orders, lines, net))| (year.clone(), *orders, *lines, net.to_string())).collect()
}

fn versions(app: &TestApp) -> Vec<String> {
    app.read(|conn| {
        let tables = ["orders", "customers", "products", "shipments", "users", "price_lists"];
        let version =
            |t: &&str| format!("SELECT CAST(version AS TEXT) || ' ' || '{t}' AS word FROM {t} ORDER BY id");
        tables.iter().map(version).flat_map(|sql| words(conn, &sql)).collect()
    })
}

fn the_sample_is_loaded_once_and_to_the_cent(app: &TestApp) {
    let first = northwind::import(&app.core, &sample(), true).expect("an import");
    for (kind, count) in
        [("customers", 5), ("products", 6), ("employees", 3), ("orders", 6), ("categories", 2)]
    {
        assert_eq!(first.counts.get(kind), Some(&(count, 0)), "{kind}");
    }
    let expected: Vec<_> = YEARS.map(|(y, o, l, n)| (y.to_owned(), o, l, n.to_owned())).into();
    assert_eq!(years(&first), expected);
    let kept = (app.row_counts(), versions(app));
    let second = northwind::import(&app.core, &sample(), true).expect("again");
    assert_eq!(second.counts.get("orders"), Some(&(0, 6)));
    assert_eq!(years(&second), expected);
    assert_eq!((app.row_counts(), versions(app)), kept, "a second run changes nothing");
    orders_are_as_recorded(app);
    addresses_and_products_are_as_recorded(app);
    the_report_says_the_same(app);
    nothing_is_off(app);
}

fn orders_are_as_recorded(app: &TestApp) {
    let clerk = app.as_role(Role::Clerk);
    let confirmed = clerk.get("/orders?status=confirmed").expect(200);
    let [unshipped] = confirmed.rows() else { panic!("{confirmed}") };
    assert_eq!((&unshipped["order_date"], &unshipped["net"]), (&json!("1998-05-06"), &json!("85.50")));
    assert_eq!(
        (&unshipped["fulfilment"], &unshipped["custom_fields"]["freight"]),
        (&json!("none"), &json!("18.53"))
    );
    assert_eq!(clerk.get("/orders?status=shipped").expect(200).rows().len(), 5);
    let shipments = clerk.get("/shipments?sort=shipped_date").expect(200);
    let freight: Vec<&str> = shipments.rows().iter().filter_map(|s| s["freight_cost"].as_str()).collect();
    assert_eq!(freight, ["32.38", "11.61", "65.83", "4.50", "0.75"]);
    let first = &shipments.rows()[0];
    assert_eq!((&first["carrier"], &first["freight_currency"]), (&json!("Harbour Freight"), &json!("USD")));
    // Freight is what carriage cost; the order's total is its lines'.
    assert_eq!(clerk.get("/orders?order_date_to=1996-07-04").expect(200).rows()[0]["gross"], "375.63");
}

fn addresses_and_products_are_as_recorded(app: &TestApp) {
    let all = app.all_powerful();
    let found = all.get("/customers?q=Betas").expect(200);
    let id = found.rows()[0]["id"].as_str().expect("an id");
    let addresses = all.get(&format!("/customers/{id}/addresses")).expect(200);
    let address = &addresses.rows()[0];
    assert_eq!(
        (&address["line1"], &address["city"]),
        (&json!("Rua das Flores, 67"), &json!("Rio de Janeiro"))
    );
    let orders = all.get(&format!("/orders?customer_id={id}")).expect(200);
    assert_eq!(orders.rows()[0]["shipping_address"]["line1"], "Rua das Flores, 67");
    let gone = all.get("/products?status=discontinued").expect(200);
    let names: Vec<&Value> = gone.rows().iter().map(|p| &p["name"]).collect();
    assert_eq!(names, ["Winter Cordial"]);
    // Who never bought anything is a prospect.
    let prospects = all.get("/customers?status=prospect").expect(200);
    assert_eq!(prospects.rows().len(), 1, "{prospects}");
}

fn the_report_says_the_same(app: &TestApp) {
    let report = app.as_role(Role::Clerk).get("/reports/sales-summary?group_by=year").expect(200);
    let told: Vec<(&str, i64, &str)> = report.body["rows"]
        .as_array()
        .expect("rows")
        .iter()
        .map(|r| {
            (
                r["year"].as_str().unwrap_or(""),
                r["orders"].as_i64().unwrap_or(0),
                r["net"].as_str().unwrap_or(""),
            )
        })
        .collect();
    assert_eq!(told, YEARS.map(|(year, orders, _, net)| (year, orders, net)));
    let total = &report.body["total"];
    assert_eq!(
        (&total["net"], &total["orders"], &total["currency"]),
        (&json!("1668.15"), &json!(6), &json!("USD"))
    );
    assert_eq!(total["tax"], "0.00");
    let late = app
        .as_role(Role::Clerk)
        .get("/reports/sales-summary?group_by=rep,quarter&order_date_from=1997-01-01");
    let parts: i64 = late.expect(200).body["rows"]
        .as_array()
        .expect("rows")
        .iter()
        .map(|r| r["net"].as_str().expect("net").replace('.', "").parse::<i64>().expect("cents"))
        .sum();
    assert_eq!(parts, 110_900);
}
