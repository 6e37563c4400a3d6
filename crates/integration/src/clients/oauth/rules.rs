//! What holds between an OAuth client and us, without database or HTTP.

use base64::Engine as _;

use crate::base::auth::Scopes;
use crate::base::error::{Problem, Result};
use crate::base::http::params::form_decode;

/// The id and secret that a form has for the client that asks, if it has any.
pub struct FormCredentials<'a> {
    pub client_id: Option<&'a str>,
    pub client_secret: Option<&'a str>,
}

/// An id and a secret, as they were sent.
#[derive(Debug, Clone, PartialEq)]
pub struct Presented {
    pub client_id: String,
    pub secret: String,
}

/// Who the client says it is: by `Authorization: Basic`, or by fields of the form, not by both.
pub fn presented(authorization: Option<&str>, form: &FormCredentials) -> Result<Presented> {
    let refused = || Problem::new("invalid_client");
    let basic = authorization.map(|header| basic(header).ok_or_else(refused)).transpose()?;
    match (basic, form.client_id, form.client_secret) {
        (Some(basic), None, None) => Ok(basic),
        // The id in both places is a habit of some libraries and harms nobody.
        (Some(basic), Some(id), None) if id == basic.client_id => Ok(basic),
        (Some(_), _, _) => Err(Problem::new("bad_request")
            .param("reason", "the client names itself in two ways, which are not to be mixed")
            .into()),
        (None, Some(id), Some(secret)) => {
            Ok(Presented { client_id: id.to_owned(), secret: secret.to_owned() })
        }
        _ => Err(refused().into()),
    }
}

/// Id and secret from `Basic …`: each is written as in a form, and both together in base64 (RFC 6749, section 2.3.1).
fn basic(header: &str) -> Option<Presented> {
    let (scheme, credentials) = header.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") || credentials.len() > 1000 {
        return None;
    }
    let engine = base64::engine::general_purpose::STANDARD;
    let pair = String::from_utf8(engine.decode(credentials.trim()).ok()?).ok()?;
    let (client_id, secret) = pair.split_once(':')?;
    Some(Presented { client_id: form_decode(client_id)?, secret: form_decode(secret)? })
}

/// The scopes of a token: those asked for, all of which the client must have; all that it has when it asks for none.
pub fn granted(has: Scopes, asked: Option<&str>) -> Result<Scopes> {
    let Some(asked) = asked else { return Ok(has) };
    let refused = |names: &str| Problem::new("invalid_scope").param("scope", names);
    let asked = Scopes::parse(asked).map_err(refused)?;
    let beyond = asked.without(has);
    match (beyond.is_empty(), asked.is_empty()) {
        (false, _) => Err(refused(&beyond.to_string()).into()),
        (true, true) => Ok(has),
        (true, false) => Ok(asked),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::auth::Scope;

    fn form<'a>(client_id: Option<&'a str>, client_secret: Option<&'a str>) -> FormCredentials<'a> {
        FormCredentials { client_id, client_secret }
    }

    fn told(
        authorization: Option<&str>,
        form: FormCredentials,
    ) -> std::result::Result<(String, String), &'static str> {
        presented(authorization, &form).map(|p| (p.client_id, p.secret)).map_err(|e| e.code())
    }

    #[test]
    fn a_client_names_itself_in_one_of_two_ways() {
        let basic = |pair: &str| format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(pair));
        let ok = |id: &str, secret: &str| Ok((id.to_owned(), secret.to_owned()));
        assert_eq!(told(Some(&basic("cli_1:s:x")), form(None, None)), ok("cli_1", "s:x"));
        assert_eq!(told(Some(&basic("a%3Ab:s+%25")), form(None, None)), ok("a:b", "s %"));
        assert_eq!(told(Some(&basic("cli_1:s")), form(Some("cli_1"), None)), ok("cli_1", "s"));
        assert_eq!(told(None, form(Some("cli_1"), Some("s"))), ok("cli_1", "s"));
        assert_eq!(told(Some(&basic("cli_1:s")), form(Some("cli_2"), None)), Err("bad_request"));
        assert_eq!(told(Some(&basic("cli_1:s")), form(Some("cli_1"), Some("s"))), Err("bad_request"));
        for header in [None, Some("Basic"), Some("Basic !"), Some("Bearer x"), Some("Basic Y2xp")] {
            assert_eq!(told(header, form(None, None)), Err("invalid_client"), "{header:?}");
        }
        assert_eq!(told(None, form(Some("cli_1"), None)), Err("invalid_client"));
    }

    #[test]
    fn a_token_is_good_for_what_was_asked_for_and_the_client_has() {
        let has = Scopes::of(&[Scope::OrdersRead, Scope::OrdersWrite]);
        let read = Scopes::of(&[Scope::OrdersRead]);
        assert_eq!(granted(has, None).unwrap(), has);
        assert_eq!(granted(has, Some(" ")).unwrap(), has);
        assert_eq!(granted(has, Some("orders:read  orders:read")).unwrap(), read);
        for beyond in ["orders:read users:write", "nonsense", "orders:read,orders:write"] {
            assert_eq!(granted(has, Some(beyond)).unwrap_err().code(), "invalid_scope", "{beyond}");
        }
    }
}
