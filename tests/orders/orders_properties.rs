//! What holds for every order: its sums, whatever the numbers, and its life, whatever is tried.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use salesdesk::base::types::{Amount, Price, Quantity, Rate};
use salesdesk::orders::rules::{Sums, line_sums, total};
use serde_json::{Value, json};

use testkit::shop::{Shop, Told, nothing_is_off};
use testkit::support::{Reply, TestApp};

both_engines!(whatever_is_tried_an_order_stays_possible);

// ---- sums ------------------------------------------------------------------------------------------------------

const CURRENCIES: [(&str, u32); 3] = [("CNY", 2), ("JPY", 0), ("KWD", 3)];

/// Half away from zero, the plain way: for what is not negative.
fn rounded(exact: i128, scale: u32, places: u32) -> i128 {
    let drop = 10i128.pow(scale - places);
    (exact + drop / 2) / drop * 10i128.pow(4 - places)
}

/// Small and huge numbers alike.
fn any_units() -> impl Strategy<Value = i64> {
    prop_oneof![0..10_000_000_000i64, 0..=i64::MAX]
}

fn line() -> impl Strategy<Value = (i64, i64, i64, i64)> {
    (any_units(), any_units(), 0..=1_000_000i64, 0..=1_000_000i64)
}

fn sums_of((quantity, price, discount, tax): (i64, i64, i64, i64), currency: &str) -> Option<Sums> {
    let quantity = Quantity::from_units(quantity);
    line_sums(quantity, Price::from_units(price), Rate::from_units(discount), Rate::from_units(tax), currency)
        .ok()
}

proptest! {
    #![proptest_config(Config { cases: 2_000, failure_persistence: None, ..Config::default() })]

    #[test]
    fn a_lines_sums_are_each_rounded_once_and_add_up(line in line(), currency in 0..3usize) {
        let (code, places) = CURRENCIES[currency];
        let (quantity, price, discount, tax) = line;
        let product = i128::from(quantity) * i128::from(price);
        let list = rounded(product, 12, places);
        match sums_of(line, code) {
            Some(sums) => {
                let net = i128::from(sums.net.units());
                prop_assert_eq!(i128::from(sums.list.units()), list);
                prop_assert_eq!(net, rounded(product * i128::from(1_000_000 - discount), 18, places));
                prop_assert_eq!(i128::from(sums.tax.units()), rounded(net * i128::from(tax), 10, places));
                prop_assert_eq!(sums.discount.units(), sums.list.units() - sums.net.units());
                prop_assert_eq!(sums.gross.units(), sums.net.units() + sums.tax.units());
                prop_assert!(sums.net <= sums.list && sums.net >= Amount::ZERO && sums.tax <= sums.net);
            }
            // Only what really does not fit is refused: the gross is at most twice the list value.
            None => prop_assert!(2 * list > i128::from(i64::MAX) || product > i128::MAX / 1_000_000),
        }
    }

    #[test]
    fn a_documents_sums_are_its_lines_or_an_error(lines in vec(line(), 0..20), currency in 0..3usize) {
        let sums: Vec<Sums> = lines.iter().filter_map(|l| sums_of(*l, CURRENCIES[currency].0)).collect();
        let whole = |part: fn(&Sums) -> Amount| sums.iter().map(|s| i128::from(part(s).units())).sum::<i128>();
        match total(sums.iter().copied()) {
            Ok(total) => {
                prop_assert_eq!(i128::from(total.list.units()), whole(|s| s.list));
                prop_assert_eq!(i128::from(total.net.units()), whole(|s| s.net));
                prop_assert_eq!(i128::from(total.tax.units()), whole(|s| s.tax));
                prop_assert_eq!(i128::from(total.gross.units()), whole(|s| s.gross));
                prop_assert_eq!(total.list.units(), total.net.units() + total.discount.units());
                prop_assert_eq!(total.gross.units(), total.net.units() + total.tax.units());
            }
            Err(_) => prop_assert!(whole(|s| s.gross).max(whole(|s| s.list)) > i128::from(i64::MAX)),
        }
    }
}

// ---- the life --------------------------------------------------------------------------------------------------

/// One thing that somebody tries, with a number that says how much or which.
type Try = (usize, u8);

const STEPS: [&str; 20] = [
    "submit",
    "approve",
    "confirm",
    "ship",
    "ship some",
    "deliver",
    "void",
    "revise",
    "hold",
    "release",
    "close-short",
    "complete",
    "cancel",
    "withdraw",
    "reject",
    "override",
    "add",
    "change",
    "remove",
    "delete",
];

/// The steps that lead on come more often, so that the end is reached now and then.
fn step() -> impl Strategy<Value = Try> {
    (prop_oneof![3 => 0..7usize, 2 => 0..12usize, 1 => 0..STEPS.len()], any::<u8>())
}

fn attempt(order: &Told, shop: &Shop, (step, n): Try) -> Reply {
    let all = order.app.all_powerful();
    let now = order.now();
    let lines: Vec<&str> =
        now["lines"].as_array().into_iter().flatten().filter_map(|l| l["id"].as_str()).collect();
    let line = lines
        .get(usize::from(n) % lines.len().max(1))
        .copied()
        .unwrap_or("oln_00000000000070008000000000000001");
    let one_line = format!("{}/lines/{line}", order.path());
    let etag = format!("\"{}\"", now["version"]);
    let why = json!({"reason": "Tried"});
    let quantity = format!("{}.{}", n % 8, n % 3);
    match STEPS[step] {
        "ship" => order.step(&all, "shipments", json!({})),
        "ship some" => {
            let some = json!([{"order_line_id": line, "quantity": quantity}]);
            order.step(&all, "shipments", json!({"lines": some}))
        }
        step @ ("deliver" | "void") => {
            let listed = all.get(&format!("{}/shipments", order.path())).expect(200);
            let which = listed.rows().get(usize::from(n) % listed.rows().len().max(1));
            let id = which.and_then(|s| s["id"].as_str()).unwrap_or("shp_00000000000070008000000000000001");
            let body = if step == "void" { why } else { json!({}) };
            all.post(&format!("/shipments/{id}/{step}"), body)
        }
        "revise" => {
            let changes = json!([{"line_id": line, "quantity": quantity, "unit_price": "12.34"}]);
            let body = json!({"reason": "Tried", "change_lines": changes,
                "add_lines": if n % 5 == 0 { json!([{"product_id": shop.tea, "quantity": "1"}]) } else { json!([]) }});
            order.step(&all, "revisions", body)
        }
        "add" => all
            .post(&format!("{}/lines", order.path()), json!({"product_id": shop.tea, "quantity": quantity})),
        "change" => all.patch(&one_line, &etag, json!({"quantity": quantity, "discount_rate": "0.03"})),
        "remove" => all.delete(&one_line, &etag),
        "delete" => all.delete(&order.path(), &etag),
        step @ ("submit" | "approve" | "confirm" | "release" | "complete") => {
            order.step(&all, step, json!({}))
        }
        step => order.step(&all, step, why),
    }
}

/// The steps whose name is that of an allowed action and that need no number.
fn plain(step: usize) -> Option<&'static str> {
    match STEPS[step] {
        "close-short" => Some("close_short"),
        name @ ("submit" | "confirm" | "complete" | "cancel" | "withdraw" | "reject" | "hold" | "release"
        | "ship") => Some(name),
        _ => None,
    }
}

fn units(value: &Value) -> i64 {
    value.as_str().expect("a quantity").parse::<Quantity>().expect("a quantity").units()
}

fn is_possible(order: &Value) -> Result<(), TestCaseError> {
    for line in order["lines"].as_array().into_iter().flatten() {
        let [quantity, shipped, delivered, closed] =
            ["quantity", "shipped", "delivered", "closed"].map(|name| units(&line[name]));
        prop_assert!(0 <= delivered && delivered <= shipped && shipped + closed <= quantity, "{}", line);
    }
    let status = order["status"].as_str().unwrap_or("");
    let unshipped = ["draft", "submitted", "approved", "confirmed", "cancelled"].contains(&status);
    prop_assert_eq!(order["fulfilment"] == "none", unshipped);
    prop_assert!(
        !(order["on_hold"] == true && ["draft", "completed", "cancelled"].contains(&status)),
        "{}",
        order
    );
    prop_assert_eq!(order["completed_at"].is_null(), status != "completed");
    prop_assert_eq!(order["cancelled_at"].is_null(), status != "cancelled");
    Ok(())
}

fn live(app: &TestApp, shop: &Shop, tries: &[Try]) -> Result<(), TestCaseError> {
    let order = shop.draft("3.5", "1");
    for (i, tried) in tries.iter().enumerate() {
        let before = order.now();
        let reply = attempt(&order, shop, *tried);
        let trail =
            || tries[..=i].iter().map(|(s, n)| format!("{} {n}", STEPS[*s])).collect::<Vec<_>>().join(", ");
        prop_assert!(reply.status < 500, "{}: {}", trail(), reply);
        if reply.status == 204 {
            return Ok(());
        }
        let after = order.now();
        let done = (200..300).contains(&reply.status);
        if let Some(action) = plain(tried.0) {
            let allowed = before["allowed_actions"].as_array().expect("actions").contains(&json!(action));
            let refused = reply.body["code"] == "invalid_transition" || reply.body["code"] == "order_on_hold";
            prop_assert_eq!(allowed, !refused, "{}: {}", trail(), reply);
        }
        match done {
            true => prop_assert!(after["version"].as_i64() > before["version"].as_i64(), "{}", trail()),
            false => prop_assert_eq!(&after, &before, "{}: {}", trail(), reply),
        }
        is_possible(&after).map_err(|e| TestCaseError::fail(format!("{}: {e}", trail())))?;
        let faults = salesdesk::check::check(&app.core, |_| {}).expect("a check");
        prop_assert!(faults.is_empty(), "{}: {:?}", trail(), faults);
    }
    Ok(())
}

fn whatever_is_tried_an_order_stays_possible(app: &TestApp) {
    let shop = Shop::open(app);
    let config = Config { cases: 6, failure_persistence: None, max_shrink_iters: 60, ..Config::default() };
    // The same lives each time: what fails once fails again.
    let mut runner = TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha));
    let outcome = runner.run(&vec(step(), 6..20), |tries| live(app, &shop, &tries));
    outcome.unwrap_or_else(|e| panic!("{e}"));
    nothing_is_off(app);
}
