//! Ed25519 for the tokens of `jsonwebtoken`. The cryptography that this library brings has RSA and the NIST curves
//! with it; a program that cannot verify them cannot be talked into it either.

use ed25519_dalek::pkcs8::DecodePrivateKey;
use ed25519_dalek::{Signature, SignatureError, Signer, SigningKey, Verifier, VerifyingKey};
use jsonwebtoken::crypto::{CryptoProvider, JwtSigner, JwtVerifier, KeyUtils};
use jsonwebtoken::errors::{Error, ErrorKind, Result};
use jsonwebtoken::{Algorithm, AlgorithmFamily, DecodingKey, EncodingKey};

static PROVIDER: CryptoProvider = CryptoProvider {
    signer_factory: signer,
    verifier_factory: verifier,
    // They make key sets out of keys, which we write ourselves.
    key_utils: KeyUtils::new_unimplemented(),
};

/// Makes it the process's own; once is enough.
pub fn install() {
    let _ = PROVIDER.install_default();
}

fn refused() -> Error {
    ErrorKind::InvalidAlgorithm.into()
}

fn signer(algorithm: &Algorithm, key: &EncodingKey) -> Result<Box<dyn JwtSigner>> {
    if (*algorithm, key.family()) != (Algorithm::EdDSA, AlgorithmFamily::Ed) {
        return Err(refused());
    }
    let key = SigningKey::from_pkcs8_der(key.as_bytes()).map_err(|_| ErrorKind::InvalidEddsaKey)?;
    Ok(Box::new(Signing(key)))
}

fn verifier(algorithm: &Algorithm, key: &DecodingKey) -> Result<Box<dyn JwtVerifier>> {
    if (*algorithm, key.family()) != (Algorithm::EdDSA, AlgorithmFamily::Ed) {
        return Err(refused());
    }
    let key = VerifyingKey::try_from(key.try_get_as_bytes()?).map_err(|_| ErrorKind::InvalidEddsaKey)?;
    Ok(Box::new(Verifying(key)))
}

struct Signing(SigningKey);

impl Signer<Vec<u8>> for Signing {
    fn try_sign(&self, message: &[u8]) -> std::result::Result<Vec<u8>, SignatureError> {
        Ok(self.0.try_sign(message)?.to_vec())
    }
}

impl JwtSigner for Signing {
    fn algorithm(&self) -> Algorithm {
        Algorithm::EdDSA
    }
}

struct Verifying(VerifyingKey);

impl Verifier<Vec<u8>> for Verifying {
    fn verify(&self, message: &[u8], signature: &Vec<u8>) -> std::result::Result<(), SignatureError> {
        // Strictly: a signature has one form, and weak keys sign nothing.
        self.0.verify_strict(message, &Signature::from_slice(signature)?)
    }
}

impl JwtVerifier for Verifying {
    fn algorithm(&self) -> Algorithm {
        Algorithm::EdDSA
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use ed25519_dalek::pkcs8::EncodePrivateKey;
    use jsonwebtoken::crypto::{sign, verify};

    use super::*;

    /// The example of RFC 8037, appendix A.4.
    const SEED: &str = "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A";
    const MESSAGE: &[u8] = b"eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc";
    const SIGNATURE: &str =
        "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg";

    fn keys() -> (EncodingKey, DecodingKey) {
        install();
        let seed = URL_SAFE_NO_PAD.decode(SEED).unwrap().try_into().unwrap();
        let key = SigningKey::from_bytes(&seed);
        let private = EncodingKey::from_ed_der(key.to_pkcs8_der().unwrap().as_bytes());
        (private, DecodingKey::from_ed_der(key.verifying_key().as_bytes()))
    }

    #[test]
    fn signatures_are_those_of_the_standard() {
        let (private, public) = keys();
        assert_eq!(sign(MESSAGE, &private, Algorithm::EdDSA).unwrap(), SIGNATURE);
        assert!(verify(SIGNATURE, MESSAGE, &public, Algorithm::EdDSA).unwrap());
        assert!(!verify(SIGNATURE, b"another message", &public, Algorithm::EdDSA).unwrap());
        assert!(!verify(&SIGNATURE.replace('h', "i"), MESSAGE, &public, Algorithm::EdDSA).unwrap());
        assert!(!verify(&SIGNATURE[4..], MESSAGE, &public, Algorithm::EdDSA).unwrap());
        assert!(!verify("", MESSAGE, &public, Algorithm::EdDSA).unwrap());
    }

    #[test]
    fn no_other_algorithm_is_taken() {
        let (private, public) = keys();
        let secret = SEED.as_bytes();
        for algorithm in [Algorithm::HS256, Algorithm::RS256, Algorithm::PS512, Algorithm::ES256] {
            assert!(sign(MESSAGE, &private, algorithm).is_err(), "{algorithm:?}");
            assert!(verify(SIGNATURE, MESSAGE, &public, algorithm).is_err(), "{algorithm:?}");
        }
        // A key of another family with our algorithm, as when a public key is taken for a secret.
        assert!(sign(MESSAGE, &EncodingKey::from_secret(secret), Algorithm::EdDSA).is_err());
        assert!(verify(SIGNATURE, MESSAGE, &DecodingKey::from_secret(secret), Algorithm::EdDSA).is_err());
    }
}
