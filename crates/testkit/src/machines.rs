//! Machine clients for tests: registered, and with a token.

use salesdesk::base::auth::Role;
use salesdesk::clients::ClientId;
use serde_json::{Value, json};

use crate::support::{Client, Reply, TestApp};

/// A registered client.
pub struct Machine {
    pub id: String,
    pub secret: String,
}

/// What a client is registered with, with this over it.
pub fn form(over: Value) -> Value {
    let mut form = json!({"name": "Test ERP", "scopes": ["orders:read", "orders:write"]});
    let over = over.as_object().expect("fields").clone();
    form.as_object_mut().expect("fields").extend(over);
    form
}

pub fn register(app: &TestApp, over: Value) -> Machine {
    let made = app.as_role(Role::Admin).post("/clients", form(over)).expect(201);
    let text =
        |name: &str| made.body[name].as_str().unwrap_or_else(|| panic!("no {name}: {made}")).to_owned();
    assert_eq!(text("client_id"), made.id());
    Machine { id: text("client_id"), secret: text("client_secret") }
}

impl Machine {
    pub fn path(&self, step: &str) -> String {
        format!("/clients/{}{step}", self.id)
    }
    pub fn key(&self) -> ClientId {
        self.id.parse().expect("a client's id")
    }
    /// Asks for a token, its secret in the form.
    pub fn asks(&self, app: &TestApp, scope: &str) -> Reply {
        let fields = [
            ("grant_type", "client_credentials"),
            ("client_id", &self.id),
            ("client_secret", &self.secret),
            ("scope", scope),
        ];
        app.anyone().form("/oauth/token", &fields)
    }
    pub fn token(&self, app: &TestApp) -> String {
        let made = self.asks(app, "").expect(200);
        made.body["access_token"].as_str().unwrap_or_else(|| panic!("no token: {made}")).to_owned()
    }
    /// Itself, with a token.
    pub fn lets<'a>(&self, app: &'a TestApp) -> Client<'a> {
        app.bearer(&self.token(app))
    }
    /// Asks about a token, or ends it.
    pub fn about(&self, app: &TestApp, path: &str, token: &str) -> Reply {
        let fields = [("token", token), ("client_id", &self.id), ("client_secret", &self.secret)];
        app.anyone().form(path, &fields)
    }
}

/// A client with these fields, with a token.
pub fn machine<'a>(app: &'a TestApp, over: Value) -> Client<'a> {
    register(app, over).lets(app)
}
