//! Access tokens, and one-time tickets for `/ws`.
//!
//! A token is `v1.<claims>.<tag>`: base64url of a JSON object and of its HMAC-SHA-256. There is one algorithm and no
//! header to choose another by, which is why it is not a JWT. It is short-lived, and the account and the sign-in are
//! looked up each time it is shown, so a sign-out takes effect at once.

use std::{
    collections::HashMap,
    path::Path,
    sync::Mutex,
    time::{Duration, Instant},
};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD as BASE64};
use hmac::{Hmac, KeyInit as _, Mac as _};
use ringdown_types::{Random as _, RecordingId, UserId};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::random::{OsRandom, secret};

/// How long an access token is valid.
pub const ACCESS_TOKEN_LIFETIME: Duration = Duration::from_secs(10 * 60);
/// How long a ticket is valid.
pub const TICKET_LIFETIME: Duration = Duration::from_secs(60);
/// How long a link to a voicemail message is good: somebody listens, pauses and listens again.
pub const LINK_LIFETIME: Duration = Duration::from_secs(30 * 60);
/// Tickets kept at once; beyond it the oldest give way.
const MAX_TICKETS: usize = 10_000;

/// What a token says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    /// The account.
    #[serde(rename = "u")]
    pub user: UserId,
    /// The account's epoch when it signed in.
    #[serde(rename = "e")]
    pub epoch: u64,
    /// The sign-in.
    #[serde(rename = "f")]
    pub family: String,
    /// When the token ends, Unix milliseconds.
    #[serde(rename = "x")]
    pub expires_at: u64,
}

/// What a link to the sound of a voicemail message says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VoicemailLink {
    /// Whose mailbox.
    pub user: UserId,
    /// Which message.
    pub message: RecordingId,
    /// When the link ends, Unix milliseconds.
    pub expires_at: u64,
}

/// Makes and reads access tokens and links.
#[derive(Clone)]
pub struct TokenKey([u8; 32]);

impl TokenKey {
    /// The key kept in the state folder; made on the first start.
    ///
    /// # Errors
    /// When the file cannot be read or written.
    pub fn load(state: &Path) -> std::io::Result<Self> {
        let kept = crate::state_file::load_or_create(&state.join("token-key"), || {
            let mut key = [0; 32];
            OsRandom.fill(&mut key);
            crate::hex::encode(&key)
        })?;
        crate::hex::decode(kept.trim()).map(Self).ok_or_else(|| {
            std::io::Error::other("token-key is not 64 hexadecimal digits; remove it to make a new one")
        })
    }

    /// Signs.
    pub fn sign(&self, claims: &Claims) -> String {
        let claims = serde_json::to_vec(claims).expect("claims have string keys and finite numbers");
        let signed = format!("v1.{}", BASE64.encode(claims));
        let tag = self.mac(&signed).finalize().into_bytes();
        format!("{signed}.{}", BASE64.encode(tag))
    }

    /// Reads a token; `None` if it was not signed here or is over at `now`, Unix milliseconds.
    pub fn read(&self, token: &str, now: u64) -> Option<Claims> {
        let (signed, tag) = token.rsplit_once('.')?;
        let claims = signed.strip_prefix("v1.")?;
        // `verify_slice` compares in constant time.
        self.mac(signed).verify_slice(&BASE64.decode(tag).ok()?).ok()?;
        let claims: Claims = serde_json::from_slice(&BASE64.decode(claims).ok()?).ok()?;
        (claims.expires_at > now).then_some(claims)
    }

    /// Signs a link that whoever has it may use until it ends.
    pub fn sign_link(&self, link: &VoicemailLink) -> String {
        let VoicemailLink { user, message, expires_at } = link;
        let signed = format!("{user}.{message}.{expires_at}");
        let tag = self.mac(&format!("voicemail.{signed}")).finalize().into_bytes();
        format!("{signed}.{}", BASE64.encode(tag))
    }

    /// Reads a link; `None` if it was not signed here or is over at `now`, Unix milliseconds.
    pub fn read_link(&self, text: &str, now: u64) -> Option<VoicemailLink> {
        let (signed, tag) = text.rsplit_once('.')?;
        self.mac(&format!("voicemail.{signed}")).verify_slice(&BASE64.decode(tag).ok()?).ok()?;
        let mut parts = signed.split('.');
        let link = VoicemailLink {
            user: parts.next()?.parse().ok()?,
            message: parts.next()?.parse().ok()?,
            expires_at: parts.next()?.parse().ok()?,
        };
        (link.expires_at > now).then_some(link)
    }

    /// A value that only who has the key can make, of these parts. None of them holds a line feed.
    pub fn derive(&self, parts: &[&str]) -> [u8; 32] {
        self.mac(&parts.join("\n")).finalize().into_bytes().into()
    }

    /// Signs an address that opens `what` until a time, Unix milliseconds.
    pub fn sign_address(&self, what: &str, expires_at: u64) -> String {
        let tag = self.mac(&format!("link.{what}.{expires_at}")).finalize().into_bytes();
        format!("{expires_at}.{}", BASE64.encode(tag))
    }

    /// Whether such an address opens `what` at `now`, Unix milliseconds.
    pub fn opens(&self, what: &str, link: &str, now: u64) -> bool {
        let read = || {
            let (expires_at, tag) = link.split_once('.')?;
            let expires_at: u64 = expires_at.parse().ok().filter(|at| *at > now)?;
            let tag = BASE64.decode(tag).ok()?;
            self.mac(&format!("link.{what}.{expires_at}")).verify_slice(&tag).ok()
        };
        read().is_some()
    }

    fn mac(&self, text: &str) -> Hmac<Sha256> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0).expect("a key of any length fits");
        mac.update(text.as_bytes());
        mac
    }
}

impl std::fmt::Debug for TokenKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("TokenKey")
    }
}

/// The hash a random secret is kept as.
pub fn hash_secret(secret: &str) -> String {
    crate::hex::encode(&Sha256::digest(secret.as_bytes()))
}

/// Tickets not used yet.
#[derive(Debug, Default)]
pub struct Tickets(Mutex<HashMap<String, (Instant, Claims)>>);

impl Tickets {
    /// Makes a ticket that stands for `claims` once.
    pub fn issue(&self, now: Instant, claims: Claims) -> String {
        let ticket = secret();
        let mut tickets = self.0.lock().expect("no holder of the lock panics");
        if tickets.len() >= MAX_TICKETS {
            tickets.retain(|_, (ends, _)| *ends > now);
        }
        if tickets.len() >= MAX_TICKETS
            && let Some(oldest) =
                tickets.iter().min_by_key(|(_, (ends, _))| *ends).map(|(hash, _)| hash.clone())
        {
            tickets.remove(&oldest);
        }
        tickets.insert(hash_secret(&ticket), (now + TICKET_LIFETIME, claims));
        ticket
    }

    /// Uses a ticket up.
    pub fn redeem(&self, now: Instant, ticket: &str) -> Option<Claims> {
        let mut tickets = self.0.lock().expect("no holder of the lock panics");
        let (ends, claims) = tickets.remove(&hash_secret(ticket))?;
        (ends > now).then_some(claims)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claims() -> Claims {
        Claims { user: UserId::from_u128(7), epoch: 3, family: "f".into(), expires_at: 1_000 }
    }

    #[test]
    fn a_changed_token_or_another_key_is_refused() {
        let key = TokenKey([1; 32]);
        let token = key.sign(&claims());
        assert_eq!(key.read(&token, 999), Some(claims()));
        assert_eq!(key.read(&token, 1_000), None, "it is over");
        assert_eq!(TokenKey([2; 32]).read(&token, 0), None);
        for place in 0..token.len() {
            let mut changed = token.clone().into_bytes();
            changed[place] ^= 1;
            if let Ok(changed) = String::from_utf8(changed) {
                assert_eq!(key.read(&changed, 0), None, "place {place}");
            }
        }
        for odd in ["", ".", "..", "v1..", "v1.e30.", "v2.e30.AAAA"] {
            assert_eq!(key.read(odd, 0), None, "{odd}");
        }
    }

    #[test]
    fn a_link_is_good_for_its_message_and_its_time_alone() {
        let key = TokenKey([1; 32]);
        let (user, message) = (UserId::from_u128(7), RecordingId::from_u128(8));
        let link = VoicemailLink { user, message, expires_at: 1_000 };
        let text = key.sign_link(&link);
        assert_eq!(key.read_link(&text, 999), Some(link.clone()));
        assert_eq!(key.read_link(&text, 1_000), None, "it is over");
        assert_eq!(TokenKey([2; 32]).read_link(&text, 0), None);
        let other = VoicemailLink { message: RecordingId::from_u128(9), ..link };
        let (_, tag) = text.rsplit_once('.').expect("a tag");
        let (signed, _) =
            key.sign_link(&other).rsplit_once('.').map(|(a, b)| (a.to_owned(), b.to_owned())).expect("a tag");
        assert_eq!(key.read_link(&format!("{signed}.{tag}"), 0), None, "another message");
        assert_eq!(key.read(&text, 0), None, "it is no access token");
        assert_eq!(key.read_link(&key.sign(&claims()), 0), None, "nor is one a link");
    }

    #[test]
    fn a_link_opens_one_thing_for_a_while() {
        let key = TokenKey([1; 32]);
        let link = key.sign_address("file.1", 1_000);
        assert!(key.opens("file.1", &link, 999));
        assert!(!key.opens("file.1", &link, 1_000), "it is over");
        assert!(!key.opens("file.2", &link, 0));
        assert!(!key.opens("file.1", &link.replace("1000", "9000"), 0));
        assert!(!TokenKey([2; 32]).opens("file.1", &link, 0));
        assert!(["", ".", "1000", "1000."].iter().all(|odd| !key.opens("file.1", odd, 0)));
    }

    #[test]
    fn a_ticket_is_good_once_and_not_for_long() {
        let (tickets, now) = (Tickets::default(), Instant::now());
        let ticket = tickets.issue(now, claims());
        assert_eq!(tickets.redeem(now, &ticket), Some(claims()));
        assert_eq!(tickets.redeem(now, &ticket), None);
        let ticket = tickets.issue(now, claims());
        assert_eq!(tickets.redeem(now + TICKET_LIFETIME, &ticket), None);
    }
}
