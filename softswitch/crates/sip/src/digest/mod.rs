//! Digest authentication, server side (RFC 7616, RFC 8760, and clients of RFC 2617 and RFC 2069).
//!
//! Nonces are stateless: they carry their time of issue and a keyed hash over it, so a flood of requests without
//! credentials costs no memory. What is remembered, bounded, is which nonce counts were used.

mod nonce;
mod replay;

use std::time::{Duration, Instant};

use md5::Md5;
use ringdown_types::Random;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::message::{Algorithm, Challenge, Credentials, HeaderName, Protection, Request, Response, Uri};
use nonce::{Nonce, NonceKey};
use replay::UsedNonces;

/// A device's stored hashes of `username:realm:password`, in lower-case hexadecimal. Does not print.
#[derive(Clone, PartialEq, Eq)]
pub struct Ha1 {
    /// The SHA-256 hash, 64 digits.
    pub sha256: String,
    /// The MD5 hash, 32 digits.
    pub md5: String,
}

impl Ha1 {
    /// The hashes of a password.
    pub fn of_password(username: &str, realm: &str, password: &str) -> Self {
        let text = format!("{username}:{realm}:{password}");
        Self { sha256: hash(Algorithm::Sha256, &text), md5: hash(Algorithm::Md5, &text) }
    }
}

impl std::fmt::Debug for Ha1 {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Ha1(‹secret›)")
    }
}

/// What a request's credentials are worth.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// The sender knows the password.
    Accepted {
        /// The user name it was proved for.
        username: String,
    },
    /// No credentials for our realm, or of an algorithm we did not offer: challenge.
    Missing,
    /// The password is right, but the nonce is too old, not ours, or this count was used: challenge with `stale`.
    Stale,
    /// The password is wrong or the user unknown; the two cannot be told apart. Challenge again, and count it.
    Refused,
}

/// Which header a challenge and its credentials travel in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// 401, WWW-Authenticate, Authorization: registrars and user agents (RFC 3261 §22.2).
    UserAgent,
    /// 407, Proxy-Authenticate, Proxy-Authorization (RFC 3261 §22.3).
    Proxy,
}

/// Checks credentials and makes challenges for one realm.
#[derive(Debug)]
pub struct Authenticator {
    realm: String,
    key: NonceKey,
    started: Instant,
    used: UsedNonces,
    nobody: Ha1,
}

impl Authenticator {
    /// How long a nonce is good. A longer life lets a stolen one be used longer, a shorter one costs telephones a
    /// round trip more often.
    pub const NONCE_LIFETIME: Duration = Duration::from_secs(300);

    /// An authenticator with a key of its own: nonces of another one are stale here.
    pub fn new(now: Instant, realm: &str, random: &mut dyn Random) -> Self {
        Self {
            realm: realm.to_owned(),
            key: NonceKey::new(random),
            started: now,
            used: UsedNonces::default(),
            // Unknown users are checked against a password nobody has, at the same cost.
            nobody: Ha1::of_password("", realm, &random.token(32)),
        }
    }

    /// The realm.
    pub fn realm(&self) -> &str {
        &self.realm
    }

    /// Changes the realm; stored hashes must be of the new one.
    pub fn set_realm(&mut self, realm: &str) {
        realm.clone_into(&mut self.realm);
    }

    /// The response that asks for credentials: 401 or 407 with one challenge per algorithm, strongest first
    /// (RFC 8760 §2.4). The same for every user, known or not. The To tag is the caller's to add.
    pub fn challenge(
        &self,
        now: Instant,
        request: &Request,
        (role, algorithms, stale): (Role, &[Algorithm], bool),
        random: &mut dyn Random,
    ) -> Response {
        let (status, header) = match role {
            Role::UserAgent => (401, HeaderName::WwwAuthenticate),
            Role::Proxy => (407, HeaderName::ProxyAuthenticate),
        };
        let nonce = self.key.issue(self.elapsed_ms(now), random);
        algorithms.iter().fold(Response::to_request(request, status), |response, &algorithm| {
            let (realm, nonce) = (self.realm.clone(), nonce.clone());
            let challenge = Challenge { realm, nonce, algorithm, stale };
            response.with(header.clone(), challenge.to_string())
        })
    }

    /// Checks a request's credentials. `lookup` gives the stored hashes of a user name.
    pub fn check(
        &mut self,
        now: Instant,
        request: &Request,
        lookup: impl FnOnce(&str) -> Option<Ha1>,
    ) -> Verdict {
        let Some((credentials, algorithm)) = self.credentials(request) else {
            return Verdict::Missing;
        };
        let known = lookup(&credentials.username);
        let ha1 = known.as_ref().unwrap_or(&self.nobody);
        let expected = expected_response(request, &credentials, algorithm, ha1);
        let given = credentials.response.to_ascii_lowercase();
        let right = bool::from(expected.as_bytes().ct_eq(given.as_bytes()));
        if !right || known.is_none() || !names_request(&credentials.uri, &request.uri) {
            return Verdict::Refused;
        }
        let age = self.elapsed_ms(now);
        match self.key.open(&credentials.nonce) {
            Some(nonce) if self.is_fresh(nonce, age) && self.count(nonce, age, &credentials) => {
                Verdict::Accepted { username: credentials.username }
            }
            _ => Verdict::Stale,
        }
    }

    /// The first credentials for our realm with an algorithm we know. A telephone that also answers another
    /// server's challenge sends several.
    fn credentials(&self, request: &Request) -> Option<(Credentials, Algorithm)> {
        [HeaderName::Authorization, HeaderName::ProxyAuthorization]
            .iter()
            .flat_map(|name| request.headers.all(name))
            .take(MAX_CREDENTIALS)
            .filter_map(|header| Credentials::parse(header.text()?))
            .filter(|credentials| credentials.realm == self.realm)
            .find_map(|credentials| credentials.algorithm.map(|algorithm| (credentials, algorithm)))
    }

    fn is_fresh(&self, nonce: Nonce, now_ms: u64) -> bool {
        nonce.issued_ms <= now_ms && now_ms - nonce.issued_ms <= Self::NONCE_LIFETIME.as_millis() as u64
    }

    /// Notes the use of a nonce count; `false` if it was used before.
    fn count(&mut self, nonce: Nonce, now_ms: u64, credentials: &Credentials) -> bool {
        let oldest = now_ms.saturating_sub(Self::NONCE_LIFETIME.as_millis() as u64);
        self.used.expire(oldest);
        match &credentials.protection {
            Some(protection) => {
                protection.qop.eq_ignore_ascii_case("auth")
                    && protection.count().is_some_and(|count| self.used.note(nonce, count))
            }
            // Without a count (RFC 2069) a nonce is good for one request.
            None => self.used.note(nonce, u32::MAX),
        }
    }

    fn elapsed_ms(&self, now: Instant) -> u64 {
        now.saturating_duration_since(self.started).as_millis() as u64
    }
}

/// More credentials in one request are not looked at.
const MAX_CREDENTIALS: usize = 4;

/// The digest a client with this HA1 computes (RFC 7616 §3.4.1).
fn expected_response(
    request: &Request,
    credentials: &Credentials,
    algorithm: Algorithm,
    ha1: &Ha1,
) -> String {
    let ha1 = match algorithm {
        Algorithm::Sha256 => &ha1.sha256,
        Algorithm::Md5 => &ha1.md5,
    };
    let ha2 = hash(algorithm, &format!("{}:{}", request.method, credentials.uri));
    let nonce = &credentials.nonce;
    match &credentials.protection {
        Some(Protection { qop, cnonce, nc }) => {
            hash(algorithm, &format!("{ha1}:{nonce}:{nc}:{cnonce}:{qop}:{ha2}"))
        }
        None => hash(algorithm, &format!("{ha1}:{nonce}:{ha2}")),
    }
}

/// Whether the digest URI names what the request asks for (RFC 7616 §3.4.5). Ports and parameters may differ:
/// telephones behind an outbound proxy write them differently in the two places.
fn names_request(digest_uri: &str, request_uri: &Uri) -> bool {
    match (Uri::parse(digest_uri), request_uri) {
        (Some(Uri::Sip(digest)), Uri::Sip(request)) => {
            digest.decoded_user() == request.decoded_user() && digest.host == request.host
        }
        (Some(digest), request) => digest.is_equivalent(request),
        (None, _) => false,
    }
}

fn hash(algorithm: Algorithm, text: &str) -> String {
    match algorithm {
        Algorithm::Sha256 => hexadecimal(&Sha256::digest(text)),
        Algorithm::Md5 => hexadecimal(&Md5::digest(text)),
    }
}

fn hexadecimal(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |nibble: u8| char::from(DIGITS[usize::from(nibble & 15)]);
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(*byte)]).collect()
}

#[cfg(test)]
mod tests;
