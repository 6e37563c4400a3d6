//! What OAuth's endpoints take and answer. The names are the standards'.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;

use crate::base::auth::Scope;
use crate::base::error::Result;
use crate::base::http::dispatch::API;
use crate::base::http::shape::Shape;
use crate::base::http::{Body, BodySchema, Components, Form, Incoming};
use crate::base::types::TextEnum;

/// A form as OAuth reads it: a field that it does not know is ignored, and one without a value is not there
/// (RFC 6749, section 3.2).
#[derive(Debug, Clone)]
pub struct OAuthForm<T>(pub T);

impl<T: ToSchema + serde::de::DeserializeOwned + Clone + Send + 'static> Body for OAuthForm<T> {
    fn schema(components: &mut Components) -> Option<BodySchema> {
        let schema = <Form<T> as Body>::schema(components);
        if let Some(form) = components.schemas.get_mut(T::name().as_ref()) {
            form["additionalProperties"] = json!({"type": "string", "maxLength": 4000});
        }
        schema
    }
    fn read(body: Incoming, shape: Option<&Arc<Shape>>) -> Result<Self> {
        let mut fields = body.value();
        if let Some(fields) = fields.as_object_mut() {
            fields.retain(|_, value| value != "");
        }
        <Form<T> as Body>::read(Incoming::Value(fields), shape).map(|form| OAuthForm(form.0))
    }
}

/// A machine client asks for an access token.
#[derive(Clone, Deserialize, ToSchema)]
pub struct TokenRequest {
    #[schema(max_length = 100, example = "client_credentials")]
    pub grant_type: String,
    /// What the token is to be good for, names with spaces between them; all that the client may do when left out.
    #[schema(max_length = 2000, example = "orders:read orders:write")]
    pub scope: Option<String>,
    /// When it does not come as `Authorization: Basic`, and so for the secret.
    #[schema(max_length = 200, example = "cli_019a7c5e8f3a7d10b6c2a94e51d0f37b")]
    pub client_id: Option<String>,
    #[schema(max_length = 200, example = "csk_1b0Jx2mE5mXGZkNOe3r8yQ4UIbHcD9VtKfWsPpLqRzA")]
    pub client_secret: Option<String>,
}

/// An access token.
#[derive(Serialize, ToSchema)]
pub struct AccessToken {
    /// Send as `Authorization: Bearer …`.
    #[schema(max_length = 8000)]
    pub access_token: String,
    #[schema(example = "Bearer")]
    pub token_type: String,
    /// Seconds.
    #[schema(example = 3600)]
    pub expires_in: i64,
    /// What the token is good for, names with spaces between them.
    #[schema(max_length = 2000, example = "orders:read orders:write")]
    pub scope: String,
}

/// A token to be looked at or ended.
#[derive(Clone, Deserialize, ToSchema)]
pub struct TokenForm {
    #[schema(min_length = 1, max_length = 8000)]
    pub token: String,
    /// Needs not be given: there is one type.
    #[schema(max_length = 100, example = "access_token")]
    pub token_type_hint: Option<String>,
    /// When it does not come as `Authorization: Basic`, and so for the secret.
    #[schema(max_length = 200, example = "cli_019a7c5e8f3a7d10b6c2a94e51d0f37b")]
    pub client_id: Option<String>,
    #[schema(max_length = 200, example = "csk_1b0Jx2mE5mXGZkNOe3r8yQ4UIbHcD9VtKfWsPpLqRzA")]
    pub client_secret: Option<String>,
}

/// What a token is good for now. When it is not `active`, nothing else is told.
#[derive(Default, Serialize, ToSchema)]
pub struct TokenState {
    #[schema(example = true)]
    pub active: bool,
    /// Names with spaces between them.
    #[schema(max_length = 2000, example = "orders:read orders:write")]
    pub scope: Option<String>,
    /// The machine client; null for a person's token.
    #[schema(example = "cli_019a7c5e8f3a7d10b6c2a94e51d0f37b")]
    pub client_id: Option<String>,
    /// The name of the client or person.
    #[schema(example = "SAP")]
    pub username: Option<String>,
    #[schema(example = "Bearer")]
    pub token_type: Option<String>,
    /// When it ends, in seconds since 1970.
    #[schema(maximum = 9_007_199_254_740_991i64, example = 1_795_143_600)]
    pub exp: Option<i64>,
    /// When it was made, in seconds since 1970.
    #[schema(maximum = 9_007_199_254_740_991i64, example = 1_795_140_000)]
    pub iat: Option<i64>,
    /// The id of the client or person.
    #[schema(example = "cli_019a7c5e8f3a7d10b6c2a94e51d0f37b")]
    pub sub: Option<String>,
    #[schema(example = "salesdesk-api")]
    pub aud: Option<String>,
    #[schema(example = "salesdesk")]
    pub iss: Option<String>,
    #[schema(example = "019a7c5e8f3a7d10b6c2a94e51d0f37b")]
    pub jti: Option<String>,
}

/// What OAuth libraries ask an authorization server about itself (RFC 8414).
pub fn server_metadata(base: &str) -> Value {
    let api = |path: &str| format!("{base}{API}{path}");
    let methods = json!(["client_secret_basic", "client_secret_post"]);
    json!({
        "issuer": base,
        "token_endpoint": api("/oauth/token"),
        "token_endpoint_auth_methods_supported": methods,
        "grant_types_supported": ["client_credentials"],
        "response_types_supported": [],
        "scopes_supported": Scope::WORDS,
        "jwks_uri": format!("{base}/.well-known/jwks.json"),
        "revocation_endpoint": api("/oauth/revoke"),
        "revocation_endpoint_auth_methods_supported": methods,
        "introspection_endpoint": api("/oauth/introspect"),
        "introspection_endpoint_auth_methods_supported": methods,
        "service_documentation": format!("{base}/docs/"),
        "ui_locales_supported": ["en", "zh-CN"],
    })
}

/// What OAuth libraries ask an API about how to get in (RFC 9728).
pub fn resource_metadata(base: &str) -> Value {
    json!({
        "resource": base,
        "authorization_servers": [base],
        "jwks_uri": format!("{base}/.well-known/jwks.json"),
        "scopes_supported": Scope::WORDS,
        "bearer_methods_supported": ["header"],
        "resource_name": "Salesdesk",
        "resource_documentation": format!("{base}/docs/"),
    })
}
