//! What OAuth's endpoints take and answer. The names are the standards'.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;

use crate::base::auth::Scope;
use crate::base::error::Result;
use crate::base::http::dispatch::API;
use crate::base::http::validator::SchemaValidator;
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
    fn read(body: Incoming, validator: Option<&Arc<SchemaValidator>>) -> Result<Self> {
        let mut fields = body.value();
        if let Some(fields) = fields.as_object_mut() {
            fields.retain(|_, value| value != "");
        }
        <Form<T> as Body>::read(Incoming::Value(fields), validator).map(|form| OAuthForm(form.0))
    }
}

/// Request of a machine client for an access token.
#[derive(Clone, Deserialize, ToSchema)]
pub struct TokenRequest {
    /// Must be `client_credentials`.
    #[schema(max_length = 100, example = "client_credentials")]
    pub grant_type: String,
    /// Scopes that the token gets, separated by spaces. Defaults to all scopes of the client. Refused with
    /// 400 `invalid_scope` when the client lacks one.
    #[schema(max_length = 2000, example = "orders:read orders:write")]
    pub scope: Option<String>,
    /// Id of the client. Leave it out when you send `Authorization: Basic`.
    #[schema(max_length = 200, example = "cli_019a7c5e8f3a7d10b6c2a94e51636c69")]
    pub client_id: Option<String>,
    /// Secret of the client. Leave it out when you send `Authorization: Basic`.
    #[schema(max_length = 200, example = "csk_1b0Jx2mE5mXGZkNOe3r8yQ4UIbHcD9VtKfWsPpLqRzA")]
    pub client_secret: Option<String>,
}

/// An access token for a machine client.
#[derive(Serialize, ToSchema)]
pub struct AccessToken {
    /// Access token. Send it as `Authorization: Bearer …`.
    #[schema(max_length = 8000)]
    pub access_token: String,
    /// Always `Bearer`.
    #[schema(example = "Bearer")]
    pub token_type: String,
    /// Seconds until the token expires.
    #[schema(example = 3600)]
    pub expires_in: i64,
    /// Scopes of the token, separated by spaces.
    #[schema(max_length = 2000, example = "orders:read orders:write")]
    pub scope: String,
}

/// A token to check or to revoke.
#[derive(Clone, Deserialize, ToSchema)]
pub struct TokenForm {
    /// The access token.
    #[schema(min_length = 1, max_length = 8000)]
    pub token: String,
    /// Ignored: there is only one type of token.
    #[schema(max_length = 100, example = "access_token")]
    pub token_type_hint: Option<String>,
    /// Id of the calling client. Leave it out when you send an `Authorization` header.
    #[schema(max_length = 200, example = "cli_019a7c5e8f3a7d10b6c2a94e51636c69")]
    pub client_id: Option<String>,
    /// Secret of the calling client. Leave it out when you send an `Authorization` header.
    #[schema(max_length = 200, example = "csk_1b0Jx2mE5mXGZkNOe3r8yQ4UIbHcD9VtKfWsPpLqRzA")]
    pub client_secret: Option<String>,
}

/// State of a token. When it is not active, every other field is null.
#[derive(Default, Serialize, ToSchema)]
pub struct TokenState {
    /// True when the token works now.
    #[schema(example = true)]
    pub active: bool,
    /// Scopes of the token, separated by spaces.
    #[schema(max_length = 2000, example = "orders:read orders:write")]
    pub scope: Option<String>,
    /// Machine client that the token belongs to. Null for a person's token.
    #[schema(example = "cli_019a7c5e8f3a7d10b6c2a94e51636c69")]
    pub client_id: Option<String>,
    /// Name of the machine client or person.
    #[schema(example = "SAP")]
    pub username: Option<String>,
    /// Always `Bearer`.
    #[schema(example = "Bearer")]
    pub token_type: Option<String>,
    /// When the token expires, in seconds since 1970-01-01 UTC.
    #[schema(maximum = 9_007_199_254_740_991i64, example = 1_795_143_600)]
    pub exp: Option<i64>,
    /// When the token was issued, in seconds since 1970-01-01 UTC.
    #[schema(maximum = 9_007_199_254_740_991i64, example = 1_795_140_000)]
    pub iat: Option<i64>,
    /// Id of the machine client or person.
    #[schema(example = "cli_019a7c5e8f3a7d10b6c2a94e51636c69")]
    pub sub: Option<String>,
    /// Audience that the token is made for: this API.
    #[schema(example = "salesdesk-api")]
    pub aud: Option<String>,
    /// Issuer of the token: this installation.
    #[schema(example = "salesdesk")]
    pub iss: Option<String>,
    /// Id of the token.
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
