//! Published vectors for the signatures, keys made here for everything around them.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD as BASE64};
use ring::{
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _},
};
use serde_json::{Value, json};

use super::*;

const NOW: u64 = 1_900_000_000;

fn expected() -> Expected<'static> {
    Expected {
        issuer: "https://crm.example",
        audience: "ringdown",
        max_lifetime: 300,
        has_id: true,
        nonce: None,
    }
}

fn good() -> Value {
    json!({"iss": "https://crm.example", "aud": "ringdown", "sub": "alice", "exp": NOW + 60, "jti": "1"})
}

fn with(name: &str, value: Value) -> Value {
    let mut claims = good();
    claims[name] = value;
    claims
}

fn without(name: &str) -> Value {
    let mut claims = good();
    claims.as_object_mut().expect("an object").remove(name);
    claims
}

fn part(value: &Value) -> String {
    BASE64.encode(value.to_string())
}

const SECRET: &[u8] = b"a secret of at least 32 bytes, as it must be";

fn hs256(header: &Value, claims: &Value, secret: &[u8]) -> String {
    let signed = format!("{}.{}", part(header), part(claims));
    let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, secret);
    format!("{signed}.{}", BASE64.encode(ring::hmac::sign(&key, signed.as_bytes())))
}

fn shared() -> Keys {
    Keys::one(Algorithm::Hs256, Key::secret(SECRET).expect("long enough"))
}

fn judge(claims: &Value) -> Result<String, TokenError> {
    let token = hs256(&json!({"alg": "HS256", "typ": "JWT"}), claims, SECRET);
    verify(&token, &shared(), &expected(), NOW).map(|claims| claims.sub)
}

/// RFC 7515 A.2, A.3 and RFC 8037 A.4; A.1 with its key of 64 bytes.
#[test]
fn published_signatures_fit() {
    let vectors: Value = serde_json::from_str(include_str!("vectors.json")).expect("JSON");
    for vector in vectors.as_array().expect("a list") {
        let name = vector["name"].as_str().expect("a name");
        let token = vector["token"].as_str().expect("a token");
        let algorithm: Algorithm = serde_json::from_value(vector["alg"].clone()).expect("known");
        let keys = match algorithm {
            Algorithm::Hs256 => {
                let secret = BASE64.decode(vector["jwk"]["k"].as_str().expect("a secret")).expect("base64");
                Keys::one(algorithm, Key::secret(&secret).expect("long enough"))
            }
            _ => {
                Keys::set(algorithm, json!({"keys": [vector["jwk"]]}).to_string().as_bytes()).expect("a set")
            }
        };
        let (signed, signature) = token.rsplit_once('.').expect("three parts");
        let mut signature = BASE64.decode(signature).expect("base64");
        assert_eq!(keys.verify(None, signed.as_bytes(), &signature), Ok(()), "{name}");
        signature[3] ^= 1;
        assert_eq!(keys.verify(None, signed.as_bytes(), &signature), Err(TokenError::Signature), "{name}");
    }
}

#[test]
fn a_token_in_order_is_taken() {
    assert_eq!(judge(&good()), Ok("alice".to_owned()));
    assert_eq!(judge(&with("aud", json!(["other", "ringdown"]))), Ok("alice".to_owned()));
    assert_eq!(judge(&with("nbf", json!(NOW + 29))), Ok("alice".to_owned()), "clocks differ");
    assert_eq!(judge(&with("exp", json!(NOW - 29))), Ok("alice".to_owned()), "clocks differ");
}

#[test]
fn claims_out_of_order_are_refused() {
    let cases = [
        (with("iss", json!("https://crm.example/")), TokenError::Issuer),
        (with("aud", json!("else")), TokenError::Audience),
        (with("aud", json!([])), TokenError::Audience),
        (with("azp", json!("else")), TokenError::Audience),
        (with("exp", json!(NOW - 30)), TokenError::Expired),
        (with("exp", json!(-1)), TokenError::Expired),
        (with("exp", json!(1e300)), TokenError::Expired),
        (with("exp", json!(NOW + 331)), TokenError::TooLong),
        (with("nbf", json!(NOW + 31)), TokenError::Early),
        (with("iat", json!(NOW + 31)), TokenError::Early),
        (with("sub", json!("")), TokenError::Claim("sub")),
        (with("sub", json!("a".repeat(256))), TokenError::Claim("sub")),
        (with("jti", json!("")), TokenError::Claim("jti")),
        (without("jti"), TokenError::Claim("jti")),
        (without("exp"), TokenError::Malformed),
        (without("aud"), TokenError::Malformed),
        (with("exp", json!("tomorrow")), TokenError::Malformed),
    ];
    for (claims, error) in cases {
        assert_eq!(judge(&claims), Err(error), "{claims}");
    }
}

#[test]
fn the_nonce_is_the_one_asked_for() {
    let token = hs256(&json!({"alg": "HS256"}), &with("nonce", json!("n1")), SECRET);
    let ask = |nonce| verify(&token, &shared(), &Expected { nonce: Some(nonce), ..expected() }, NOW);
    assert!(ask("n1").is_ok());
    assert_eq!(ask("n2").expect_err("another"), TokenError::Claim("nonce"));
    assert_eq!(
        verify(
            &hs256(&json!({"alg": "HS256"}), &good(), SECRET),
            &shared(),
            &Expected { nonce: Some("n1"), ..expected() },
            NOW
        )
        .expect_err("none"),
        TokenError::Claim("nonce")
    );
}

#[test]
fn no_header_chooses_the_algorithm() {
    let keys = shared();
    for alg in ["none", "None", "hs256", "HS384", "RS256", "ES256", ""] {
        let token = hs256(&json!({"alg": alg}), &good(), SECRET);
        assert_eq!(verify(&token, &keys, &expected(), NOW).expect_err(alg), TokenError::Algorithm, "{alg}");
    }
    let unsigned = format!("{}.{}.", part(&json!({"alg": "HS256"})), part(&good()));
    assert_eq!(verify(&unsigned, &keys, &expected(), NOW).expect_err("unsigned"), TokenError::Signature);
    let critical = hs256(&json!({"alg": "HS256", "crit": ["b64"], "b64": false}), &good(), SECRET);
    assert_eq!(verify(&critical, &keys, &expected(), NOW).expect_err("crit"), TokenError::Critical);
}

#[test]
fn a_public_key_is_never_a_secret() {
    let random = SystemRandom::new();
    let pair = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).expect("a key");
    let pair =
        EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pair.as_ref(), &random).expect("it");
    let point = pair.public_key().as_ref();
    let jwk = json!({"kty": "EC", "crv": "P-256", "x": BASE64.encode(&point[1..33]), "y": BASE64.encode(&point[33..])});
    let set = json!({"keys": [jwk]}).to_string();
    let keys = Keys::set(Algorithm::Es256, set.as_bytes()).expect("a set");

    let signed = format!("{}.{}", part(&json!({"alg": "ES256"})), part(&good()));
    let signature = pair.sign(&random, signed.as_bytes()).expect("a signature");
    let token = format!("{signed}.{}", BASE64.encode(signature.as_ref()));
    assert!(verify(&token, &keys, &expected(), NOW).is_ok());

    // What everybody knows of the key, taken as a secret.
    for secret in [point, set.as_bytes()] {
        let forged = hs256(&json!({"alg": "HS256"}), &good(), secret);
        assert_eq!(verify(&forged, &keys, &expected(), NOW).expect_err("forged"), TokenError::Algorithm);
        let forged = hs256(&json!({"alg": "ES256"}), &good(), secret);
        assert_eq!(verify(&forged, &keys, &expected(), NOW).expect_err("forged"), TokenError::Signature);
    }
    // A set never holds secrets, and a secret is no PEM.
    let secret = json!({"keys": [{"kty": "oct", "k": BASE64.encode(SECRET)}]}).to_string();
    assert_eq!(Keys::set(Algorithm::Hs256, secret.as_bytes()).err(), Some(KeyError::Set));
    assert_eq!(Key::pem(Algorithm::Hs256, PEM.as_bytes()).err(), Some(KeyError::Kind));
    assert_eq!(Key::pem(Algorithm::Rs256, PEM.as_bytes()).err(), Some(KeyError::Kind));
    assert!(Key::pem(Algorithm::Es256, PEM.as_bytes()).is_ok());
    assert_eq!(Key::secret(b"short").err(), Some(KeyError::Short));
}

#[test]
fn a_named_key_is_the_only_one_asked() {
    let other = json!({"kty": "EC", "crv": "P-256", "x": BASE64.encode([1; 32]), "y": BASE64.encode([2; 32]), "kid": "a"});
    let keys =
        Keys::set(Algorithm::Es256, json!({"keys": [other, {"kty": "new"}, 7]}).to_string().as_bytes());
    let keys = keys.expect("keys of unknown kinds are passed over");
    assert_eq!(keys.verify(Some("b"), b"", &[0; 64]), Err(TokenError::UnknownKey));
    assert_eq!(keys.verify(Some("a"), b"", &[0; 64]), Err(TokenError::Signature));
}

#[test]
fn garbage_is_no_token() {
    let long = "a".repeat(MAX_TOKEN_BYTES + 1);
    for garbage in ["", ".", "..", "a.b", "a.b.c.d", "e30.e30.e30", "====.e30.", &long] {
        assert_eq!(verify(garbage, &shared(), &expected(), NOW).expect_err("garbage"), TokenError::Malformed);
        assert!(claimed(garbage).is_err());
    }
    let token = hs256(&json!({"alg": "HS256"}), &good(), SECRET);
    for cut in 0..token.len() {
        assert!(verify(&token[..cut], &shared(), &expected(), NOW).is_err(), "{cut}");
    }
}

const PEM: &str = "-----BEGIN PUBLIC KEY-----\n\
    MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEEVs/o5+uQbTjL3chynL4wXgUg2R9\n\
    q9UU8I5mEovUf86QZ7kOBIjJwqnzD1omageEHWwHdBO6B+dFabmdT9POxg==\n\
    -----END PUBLIC KEY-----\n";
