//! OAuth 2.0 for machine clients: tokens for their credentials (RFC 6749, section 4.4), looking at tokens (RFC 7662)
//! and ending them (RFC 7009). What a token lets its holder do is read from the client's row at each use; the token
//! only narrows it.

mod http;
pub mod model;
mod rules;
mod work;

use serde_json::json;

use crate::base::auth::Scope;
use crate::base::http::{OperationKind, Routes};

/// Declares the endpoints.
pub fn routes(r: &mut Routes) {
    r.tag("oauth", "Access tokens for machine clients: OAuth 2.0 client credentials.");
    r.flow::<_, model::AccessToken, _>(OperationKind::Talk, "/oauth/token", "issueToken", http::token)
        .client(&[])
        .summary("Get an access token")
        .description(
            "Returns an access token to a machine client that sends its id and secret, either as \
             `Authorization: Basic` (`client_secret_basic`) or in the form (`client_secret_post`). The \
             token lives for an hour at most; there is no refresh token, so ask again. Problems of \
             `/oauth/…` also have the members `error` and `error_description` that OAuth libraries read. \
             After five failures from an address each further attempt must wait: 429 `too_many_requests` \
             with `Retry-After`.",
        )
        .example(json!({"grant_type": "client_credentials", "scope": "orders:read orders:write",
            "client_id": "cli_019a7c5e8f3a7d10b6c2a94e51636c69",
            "client_secret": "csk_1b0Jx2mE5mXGZkNOe3r8yQ4UIbHcD9VtKfWsPpLqRzA"}))
        .fails_with(&["invalid_client", "invalid_scope", "unsupported_grant_type", "network_not_allowed"]);
    r.flow::<_, model::TokenState, _>(
        OperationKind::Talk,
        "/oauth/introspect",
        "introspectToken",
        http::introspect,
    )
    .client(&[Scope::ClientsRead])
    .summary("Check a token")
    .description(
        "Returns whether an access token of a machine client or a person works now, and its rights (RFC \
             7662). The caller is a machine client that sends its id and secret as at `/oauth/token`, or \
             has an access token with the scope `clients:read`.",
    )
    .fails_with(&["invalid_client", "network_not_allowed", "forbidden"]);
    r.flow::<_, crate::people::model::Done, _>(
        OperationKind::Talk,
        "/oauth/revoke",
        "revokeToken",
        http::revoke,
    )
    .client(&[])
    .summary("Revoke a token")
    .description(
        "Ends an access token of the calling machine client before its time (RFC 7009). A token that is \
             unknown or has ended gets the same answer. To end all tokens of a client, suspend or revoke \
             the client. Refused with 400 `invalid_grant` when the token belongs to another client.",
    )
    .fails_with(&["invalid_client", "invalid_grant", "network_not_allowed"]);
}
