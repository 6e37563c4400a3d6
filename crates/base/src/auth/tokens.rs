//! Access tokens: JWT of type `at+jwt`, signed with EdDSA (RFC 8725, RFC 9068). Issuer, audience, type, times
//! and algorithm are all checked. Times are compared with our own clock, because the library would read the
//! machine's clock.

use base64::Engine as _;
use ed25519_dalek::SigningKey;
use ed25519_dalek::pkcs8::EncodePrivateKey;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::eddsa;
use crate::core::Core;
use crate::error::{Error, Problem, Result};
use crate::types::At;

/// The issuer, as long as the installation has no public URL.
pub const ISSUER: &str = "salesdesk";
pub const AUDIENCE: &str = "salesdesk-api";
/// How long a person's access token lives, in seconds.
pub const LIFETIME: i64 = 900;

/// How far another machine's clock may be ahead, in seconds.
const SKEW: i64 = 60;

/// What an access token says.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Claims {
    pub iss: String,
    pub aud: String,
    /// The user's id, or the machine client's.
    pub sub: String,
    pub iat: i64,
    pub exp: i64,
    /// Before this moment the token is none. Ours do not say it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nbf: Option<i64>,
    pub jti: String,
    /// The session's id; a machine client has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sid: Option<String>,
    /// The machine client's id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
    /// What the machine client asked for, names with spaces between them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
    /// Which of the machine client's token epochs this belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub epoch: Option<i32>,
}

impl Claims {
    /// Of a token that lives so many seconds from now; whose it is, is added.
    pub fn new(core: &Core, subject: impl ToString, lifetime: i64) -> Claims {
        let now = core.clock.now();
        Claims {
            iss: core.keys.issuer.clone(),
            aud: AUDIENCE.into(),
            sub: subject.to_string(),
            iat: now.seconds(),
            exp: now.seconds() + lifetime,
            nbf: None,
            jti: core.ids.next(now).simple().to_string(),
            sid: None,
            client_id: None,
            scope: None,
            epoch: None,
        }
    }
}

struct Key {
    id: String,
    decoding: DecodingKey,
    public: [u8; 32],
}

/// The signing key in use, and every key whose tokens may still be about.
pub struct Keys {
    /// Who says that tokens are ours: the installation's public URL, or [`ISSUER`].
    pub issuer: String,
    signing_id: String,
    signing: EncodingKey,
    keys: Vec<Key>,
}

impl Keys {
    /// From the secret seeds, newest first: the first signs, all verify.
    pub fn from_seeds(seeds: &[(String, [u8; 32])]) -> Result<Keys> {
        eddsa::install();
        let (signing_id, seed) = seeds.first().ok_or_else(|| Error::internal("no signing key"))?;
        let pkcs8 = SigningKey::from_bytes(seed)
            .to_pkcs8_der()
            .map_err(|e| Error::internal(format!("signing key: {e}")))?;
        let keys = seeds
            .iter()
            .map(|(id, seed)| {
                let public = SigningKey::from_bytes(seed).verifying_key().to_bytes();
                Key { id: id.clone(), decoding: DecodingKey::from_ed_der(&public), public }
            })
            .collect();
        let signing = EncodingKey::from_ed_der(pkcs8.as_bytes());
        Ok(Keys { issuer: ISSUER.into(), signing_id: signing_id.clone(), signing, keys })
    }

    /// The same keys, under the installation's public URL if it has one.
    pub fn issued_by(self, public_url: Option<&str>) -> Keys {
        Keys { issuer: public_url.unwrap_or(ISSUER).to_owned(), ..self }
    }

    pub fn sign(&self, claims: &Claims) -> Result<String> {
        let mut header = Header::new(Algorithm::EdDSA);
        header.typ = Some("at+jwt".into());
        header.kid = Some(self.signing_id.clone());
        jsonwebtoken::encode(&header, claims, &self.signing)
            .map_err(|e| Error::internal(format!("signing a token: {e}")))
    }

    /// The claims of a token that is ours and alive; 401 otherwise.
    pub fn verify(&self, token: &str, now: At) -> Result<Claims> {
        let refused = || Error::from(Problem::new("unauthorized"));
        let header = jsonwebtoken::decode_header(token).map_err(|_| refused())?;
        if needs_more(token) {
            return Err(refused());
        }
        if header.typ.as_deref() != Some("at+jwt") || header.alg != Algorithm::EdDSA {
            return Err(refused());
        }
        let key = self.keys.iter().find(|k| Some(&k.id) == header.kid.as_ref()).ok_or_else(refused)?;
        let mut validation = Validation::new(Algorithm::EdDSA);
        // Tokens from before the public URL was set live on.
        validation.set_issuer(&[ISSUER, &self.issuer]);
        validation.set_audience(&[AUDIENCE]);
        validation.set_required_spec_claims(&["iss", "aud", "exp", "sub"]);
        validation.validate_exp = false;
        validation.validate_nbf = false;
        let claims =
            jsonwebtoken::decode::<Claims>(token, &key.decoding, &validation).map_err(|_| refused())?.claims;
        if claims.exp <= now.seconds() {
            return Err(Problem::new("token_expired").into());
        }
        let soonest = claims.nbf.map_or(claims.iat, |nbf| nbf.max(claims.iat));
        if soonest > now.seconds() + SKEW {
            return Err(refused());
        }
        Ok(claims)
    }

    /// The public keys, as a JSON Web Key Set.
    pub fn jwks(&self) -> Value {
        let keys: Vec<Value> = self
            .keys
            .iter()
            .map(|k| {
                let x = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(k.public);
                json!({"kty": "OKP", "crv": "Ed25519", "use": "sig", "alg": "EdDSA", "kid": k.id, "x": x})
            })
            .collect();
        json!({ "keys": keys })
    }
}

/// Whether a token's head names what has to be understood for it (`crit`, RFC 7515, section 4.1.11): we understand nothing
/// of that kind.
fn needs_more(token: &str) -> bool {
    let head = token.split('.').next().unwrap_or_default();
    let bytes = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(head).unwrap_or_default();
    serde_json::from_slice::<serde_json::Map<String, Value>>(&bytes)
        .is_ok_and(|head| head.contains_key("crit"))
}

#[cfg(test)]
mod tests {
    use ed25519_dalek::Signer;

    use super::*;

    const NOW: At = At::from_millis(1_700_000_000_000);

    fn signed(header: &Value, claims: &Value) -> String {
        let part = |v: &Value| base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(v.to_string());
        let text = format!("{}.{}", part(header), part(claims));
        let signature = SigningKey::from_bytes(&[7; 32]).sign(text.as_bytes()).to_bytes();
        format!("{text}.{}", base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(signature))
    }

    #[test]
    fn a_token_that_is_not_to_be_used_yet_or_needs_what_we_do_not_know_is_refused() {
        let keys = Keys::from_seeds(&[("key_a".into(), [7; 32])]).unwrap();
        let now = NOW.seconds();
        let with = |mut value: Value, key: &str, new: Value| {
            value[key] = new;
            value
        };
        let header = json!({"typ": "at+jwt", "alg": "EdDSA", "kid": "key_a"});
        let claims =
            json!({"iss": ISSUER, "aud": AUDIENCE, "sub": "x", "iat": now, "exp": now + 900, "jti": "1"});
        let verified = |header: Value, claims: Value| keys.verify(&signed(&header, &claims), NOW).is_ok();
        assert!(verified(header.clone(), claims.clone()));
        assert!(verified(header.clone(), with(claims.clone(), "nbf", json!(now))));
        assert!(!verified(with(header.clone(), "crit", json!(["exp"])), claims.clone()));
        assert!(!verified(
            with(with(header.clone(), "crit", json!(["b64"])), "b64", json!(true)),
            claims.clone()
        ));
        assert!(!verified(header.clone(), with(claims.clone(), "nbf", json!(now + 300))));
        assert!(!verified(header, with(claims, "nbf", json!("soon"))));
    }
}
