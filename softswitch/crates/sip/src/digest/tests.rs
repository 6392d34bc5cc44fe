use ringdown_types::SeededRandom;

use super::*;
use crate::message::Method;

const REALM: &str = "ringdown.example";

fn request() -> Request {
    let uri = Uri::parse("sip:ringdown.example").expect("valid");
    Request::new(Method::Register, uri).with(HeaderName::Via, "SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKa")
}

struct Bench {
    now: Instant,
    random: SeededRandom,
    authenticator: Authenticator,
}

impl Bench {
    fn new() -> Self {
        let (now, mut random) = (crate::test_start(), SeededRandom::new(7));
        let authenticator = Authenticator::new(now, REALM, &mut random);
        Self { now, random, authenticator }
    }

    fn nonce(&mut self) -> String {
        let how = (Role::UserAgent, &[Algorithm::Sha256, Algorithm::Md5][..], false);
        let response = self.authenticator.challenge(self.now, &request(), how, &mut self.random);
        assert_eq!(response.status, 401);
        let offered: Vec<_> = response.headers.all(&HeaderName::WwwAuthenticate).collect();
        assert_eq!(offered.len(), 2, "one header per algorithm");
        let challenge = Challenge::parse(offered[0].text().expect("text")).expect("ours");
        assert_eq!(challenge.algorithm, Algorithm::Sha256, "strongest first");
        challenge.nonce
    }

    fn check(&mut self, request: &Request) -> Verdict {
        let known = Ha1::of_password("alice", REALM, "secret");
        self.authenticator.check(self.now, request, |user| (user == "alice").then_some(known))
    }
}

/// Credentials as a client computes them.
fn signed(nonce: &str, (user, password): (&str, &str), algorithm: Algorithm, count: u32) -> Request {
    let ha1 = Ha1::of_password(user, REALM, password);
    let protection = Protection { qop: "auth".into(), cnonce: "0a4f".into(), nc: format!("{count:08x}") };
    let mut credentials = Credentials {
        username: user.into(),
        realm: REALM.into(),
        nonce: nonce.into(),
        uri: "sip:ringdown.example".into(),
        response: String::new(),
        algorithm: Some(algorithm),
        protection: Some(protection),
    };
    credentials.response = expected_response(&request(), &credentials, algorithm, &ha1);
    request().with(HeaderName::Authorization, credentials.to_string())
}

const ALICE: (&str, &str) = ("alice", "secret");

#[test]
fn both_algorithms_are_accepted() {
    let mut bench = Bench::new();
    for algorithm in [Algorithm::Sha256, Algorithm::Md5] {
        let nonce = bench.nonce();
        let verdict = bench.check(&signed(&nonce, ALICE, algorithm, 1));
        assert_eq!(verdict, Verdict::Accepted { username: "alice".into() });
    }
}

#[test]
fn a_replayed_request_is_stale_and_the_next_count_is_good() {
    let mut bench = Bench::new();
    let nonce = bench.nonce();
    let first = signed(&nonce, ALICE, Algorithm::Sha256, 1);
    assert!(matches!(bench.check(&first), Verdict::Accepted { .. }));
    assert_eq!(bench.check(&first), Verdict::Stale);
    assert!(matches!(bench.check(&signed(&nonce, ALICE, Algorithm::Sha256, 2)), Verdict::Accepted { .. }));
}

#[test]
fn an_old_or_foreign_nonce_is_stale_only_with_the_right_password() {
    let mut bench = Bench::new();
    let nonce = bench.nonce();
    bench.now += Authenticator::NONCE_LIFETIME + Duration::from_secs(1);
    assert_eq!(bench.check(&signed(&nonce, ALICE, Algorithm::Md5, 1)), Verdict::Stale);
    assert_eq!(bench.check(&signed(&nonce, ("alice", "guess"), Algorithm::Md5, 1)), Verdict::Refused);
    assert_eq!(bench.check(&signed("00ff", ALICE, Algorithm::Md5, 1)), Verdict::Stale);
    let mut forged = bench.nonce();
    forged.replace_range(..1, "f");
    assert_eq!(bench.check(&signed(&forged, ALICE, Algorithm::Md5, 1)), Verdict::Stale);
}

#[test]
fn an_unknown_user_looks_like_a_wrong_password() {
    let mut bench = Bench::new();
    let nonce = bench.nonce();
    for who in [("mallory", "secret"), ("alice", "wrong"), ("", "")] {
        assert_eq!(bench.check(&signed(&nonce, who, Algorithm::Sha256, 1)), Verdict::Refused);
    }
    assert_eq!(bench.check(&request()), Verdict::Missing);
}

#[test]
fn credentials_for_another_request_are_refused() {
    let mut bench = Bench::new();
    let nonce = bench.nonce();
    let mut moved = signed(&nonce, ALICE, Algorithm::Sha256, 1);
    moved.uri = Uri::parse("sip:999@ringdown.example").expect("valid");
    assert_eq!(bench.check(&moved), Verdict::Refused);
    let mut other_method = signed(&nonce, ALICE, Algorithm::Sha256, 1);
    other_method.method = Method::Invite;
    assert_eq!(bench.check(&other_method), Verdict::Refused);
}

#[test]
fn rsip_computes_the_same_digest() {
    use rsip::headers::auth;

    let qop = auth::AuthQop::Auth { cnonce: "0a4f".into(), nc: 1 };
    let uri: rsip::Uri = "sip:ringdown.example".try_into().expect("valid");
    let theirs = rsip::services::DigestGenerator {
        username: "alice",
        password: "secret",
        nonce: "dcd98b",
        uri: &uri,
        realm: REALM,
        method: &rsip::Method::Register,
        qop: Some(&qop),
        algorithm: auth::Algorithm::Md5,
    }
    .compute();
    let ours = signed("dcd98b", ALICE, Algorithm::Md5, 1);
    let header = ours.headers.text(&HeaderName::Authorization).expect("text").expect("there");
    assert_eq!(Credentials::parse(header).expect("ours").response, theirs);
}
