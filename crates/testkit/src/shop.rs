//! A small shop for stories about orders: two products with prices and costs, and a customer of `rep`'s.

use salesdesk::base::auth::Role;
use serde_json::{Value, json};

use crate::support::{Client, Reply, TestApp};

pub struct Shop<'a> {
    pub app: &'a TestApp,
    /// `rep`'s, in the team `north`.
    pub customer: String,
    /// Listed at 12.50, costs 8, taxed at 13 %.
    pub tea: String,
    /// Listed at 1000, costs 600, taxed at 13 %.
    pub pot: String,
    /// The active list that both are in.
    pub list: String,
}

impl<'a> Shop<'a> {
    pub fn open(app: &'a TestApp) -> Shop<'a> {
        let all = app.all_powerful();
        let list =
            json!({"code": "STANDARD", "name": "Standard", "currency": "CNY", "valid_from": "2026-01-01"});
        let list = all.post("/price-lists", list).expect(201).id();
        let mut shop =
            Shop { app, customer: String::new(), tea: String::new(), pot: String::new(), list: list.clone() };
        shop.tea = shop.product("TEA", "12.50", "8");
        shop.pot = shop.product("POT", "1000", "600");
        all.post(&format!("/price-lists/{list}/activate"), json!({})).expect(200);
        shop.customer = shop.customer_of("rep", "Guangzhou Tianhe Trading");
        shop
    }

    fn product(&self, sku: &str, price: &str, cost: &str) -> String {
        let all = self.app.all_powerful();
        let body = json!({"sku": sku, "name": sku, "unit": "pcs", "tax_rate": "0.13", "cost": cost,
            "cost_currency": "CNY"});
        let id = all.post("/products", body).expect(201).id();
        all.post(&format!("/products/{id}/activate"), json!({})).expect(200);
        let price = json!({"product_id": id, "unit_price": price, "valid_from": "2026-01-01"});
        all.post(&format!("/price-lists/{}/prices", self.list), price).expect(201);
        id
    }

    /// An active customer of this rep's.
    pub fn customer_of(&self, rep: &str, name: &str) -> String {
        let all = self.app.all_powerful();
        let address = json!({"kind": "both", "is_default": true, "line1": format!("{name} road 1"),
            "city": "Guangzhou", "country": "CN"});
        let body = json!({"name": name, "kind": "company", "country": "CN", "currency": "CNY",
            "owner_id": self.app.person(rep).user.to_string(), "addresses": [address]});
        let id = all.post("/customers?allow_duplicate=true&duplicate_reason=test", body).expect(201).id();
        all.post(&format!("/customers/{id}/activate"), json!({})).expect(200);
        id
    }

    pub fn credit_limit(&self, limit: &str) {
        let terms = json!({"credit_limit": limit, "payment_days": 30, "reason": "Yearly review"});
        let path = format!("/customers/{}/credit-terms", self.customer);
        self.app.as_role(Role::Finance).post(&path, terms).expect(200);
    }

    /// So many of the tea and so many of the pot, at list price.
    pub fn body(&self, tea: &str, pot: &str) -> Value {
        let lines = [(&self.tea, tea), (&self.pot, pot)];
        let lines: Vec<Value> = lines
            .into_iter()
            .filter(|(_, quantity)| *quantity != "0")
            .map(|(product, quantity)| json!({"product_id": product, "quantity": quantity}))
            .collect();
        json!({"customer_id": self.customer, "lines": lines})
    }

    /// A draft of `rep`'s.
    pub fn draft(&self, tea: &str, pot: &str) -> Told<'a> {
        self.enter(self.body(tea, pot))
    }

    /// `rep` enters this.
    #[track_caller]
    pub fn enter(&self, body: Value) -> Told<'a> {
        let order = self.app.as_role(Role::Rep).post("/orders", body).expect(201);
        Told { app: self.app, id: order.id() }
    }

    /// An order of `rep`'s, approved by the executive and confirmed by the clerk.
    pub fn confirmed(&self, tea: &str, pot: &str) -> Told<'a> {
        let order = self.approved(tea, pot);
        order.by(Role::Clerk, "confirm", json!({})).expect(200);
        order
    }

    pub fn approved(&self, tea: &str, pot: &str) -> Told<'a> {
        let order = self.submitted(tea, pot);
        order.by(Role::Executive, "approve", json!({})).expect(200);
        order
    }

    pub fn submitted(&self, tea: &str, pot: &str) -> Told<'a> {
        let order = self.draft(tea, pot);
        order.by(Role::Rep, "submit", json!({})).expect(200);
        order
    }
}

/// An order that a story is told about.
pub struct Told<'a> {
    pub app: &'a TestApp,
    pub id: String,
}

impl<'a> Told<'a> {
    pub fn path(&self) -> String {
        format!("/orders/{}", self.id)
    }

    /// A step of its life, by somebody of this role.
    pub fn by(&self, role: Role, step: &str, body: Value) -> Reply {
        self.step(&self.app.as_role(role), step, body)
    }

    pub fn step(&self, who: &Client, step: &str, body: Value) -> Reply {
        who.post(&format!("{}/{step}", self.path()), body)
    }

    #[track_caller]
    pub fn now(&self) -> Value {
        self.app.all_powerful().get(&self.path()).expect(200).body
    }

    #[track_caller]
    pub fn etag(&self) -> String {
        self.app.all_powerful().get(&self.path()).expect(200).etag()
    }

    #[track_caller]
    pub fn is(&self, status: &str, fulfilment: &str) {
        let now = self.now();
        assert_eq!((now["status"].as_str(), now["fulfilment"].as_str()), (Some(status), Some(fulfilment)));
    }

    /// The id of its n-th line, from 0.
    pub fn line(&self, n: usize) -> String {
        self.now()["lines"][n]["id"].as_str().expect("a line").to_owned()
    }

    /// The warehouse ships so much of its n-th line.
    pub fn ship(&self, n: usize, quantity: &str) -> Reply {
        let lines = json!([{"order_line_id": self.line(n), "quantity": quantity}]);
        self.by(Role::Warehouse, "shipments", json!({"lines": lines}))
    }

    /// Whether each step is allowed, as `/actions` tells this role.
    pub fn obstacles(&self, role: Role, action: &str) -> Vec<String> {
        let told = self.app.as_role(role).get(&format!("{}/actions", self.path())).expect(200);
        let state = told.rows().iter().find(|a| a["action"] == action).cloned();
        let state = state.unwrap_or_else(|| panic!("no {action} in {told}"));
        let obstacles = state["obstacles"].as_array().expect("obstacles");
        assert_eq!(state["allowed"], obstacles.is_empty(), "{told}");
        obstacles.iter().filter_map(|o| o["code"].as_str()).map(str::to_owned).collect()
    }
}

/// Every stored sum, quantity and status follows from the rest.
#[track_caller]
pub fn nothing_is_off(app: &TestApp) {
    let faults = app.check();
    assert!(faults.is_empty(), "{faults:#?}");
}
