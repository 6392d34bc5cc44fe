//! Thousands of malformed messages, from strangers and from somebody who knows a password: after each the switch answers
//! a request that is right, a call goes on, nothing panicked, and nothing was sent where no message came from.

mod support;

use std::{collections::BTreeMap, net::SocketAddr, time::Duration};

use bytes::Bytes;
use ringdown_sip::message::{Datagram, Message, Response, parse_datagram};
use ringdown_switch::Output;
use ringdown_testkit::hostile::{self, Case};
use support::{raw, *};

const SEED: u64 = 1;

fn source() -> SocketAddr {
    SocketAddr::from(([203, 0, 113, 9], 5060))
}

/// A switch with a call, and what is asked of it after every case.
struct Target {
    office: Office,
    probes: u64,
    /// A challenge to answer, and how often it was.
    challenge: Option<(Response, u32)>,
    /// How often each method got each status.
    answers: BTreeMap<(&'static str, u16), u32>,
}

impl Target {
    fn new() -> Self {
        let mut office = Office::with(|config| {
            config.limits.requests_per_address = 0;
            config.limits.requests_per_user = 0;
        });
        let (alice, bob) = (office.phone("alice-phone"), office.phone("bob-phone"));
        office.at(alice, |phone| phone.dial("102"));
        office.at(bob, |phone| phone.answer());
        Self { office, probes: 0, challenge: None, answers: BTreeMap::new() }
    }

    /// Takes a case and a probe.
    fn take(&mut self, case: &Case, bytes: Vec<u8>) {
        self.office.switch.handle_datagram(self.office.now, flow(source()), &Bytes::from(bytes));
        while let Some(output) = self.office.switch.poll_output() {
            if let Output::Sip(transmit) = &output {
                let to = transmit.destination.remote().ip();
                let is_known = self.office.phones.iter().any(|phone| phone.address.ip() == to);
                if let Ok(Datagram::Message(Message::Response(response))) = parse_datagram(&transmit.bytes) {
                    *self.answers.entry((case.method, response.status)).or_default() += 1;
                }
                assert!(
                    to == source().ip() || is_known,
                    "{} {}: something went to {to}",
                    case.method,
                    case.what
                );
            }
            self.office.obey(output);
        }
        self.probes += 1;
        let number = 50_000_000 + self.probes;
        let answer = self.office.ask(source(), raw::request("OPTIONS", "102", number, ""));
        assert_eq!(
            answer.first().map(|(response, _)| response.status),
            Some(401),
            "{} {}",
            case.method,
            case.what
        );
        assert_eq!(self.office.switch.failures(), 0, "{} {}", case.method, case.what);
    }

    /// An answer to a challenge for this request, for carol.
    fn credentials(&mut self, case: &Case) -> String {
        if self.challenge.as_ref().is_none_or(|(_, count)| *count == 50) {
            self.probes += 1;
            let probe = raw::request("REGISTER", "carol-phone", 60_000_000 + self.probes, "");
            let asked = self.office.ask(source(), probe).remove(0).0;
            self.challenge = Some((asked, 0));
        }
        let (challenge, count) = self.challenge.as_mut().expect("there is one");
        *count += 1;
        raw::credentials(challenge, (case.method, &case.uri), ("carol-phone", "secret"), *count)
    }

    /// What malformed messages of carol began ends, and the call is as it was.
    fn finish(&mut self) {
        // Nobody acknowledges, and nobody answers for the addresses they registered.
        self.office.advance(Duration::from_secs(70));
        self.challenge = None;
        self.office.assert_talking(self.office.leg_of(ALICE), self.office.leg_of(BOB));
    }
}

#[test]
fn from_strangers() {
    let mut target = Target::new();
    let transactions = target.office.switch.transactions();
    let cases = hostile::cases(SEED, "102", REALM);
    assert!(cases.len() >= 5_000, "{}", cases.len());
    for case in &cases {
        target.take(case, case.of_stranger());
    }
    assert!(target.office.switch.transactions() <= transactions, "strangers cost no memory");
    assert_eq!(target.office.switch.snapshot().calls.len(), 1);
    target.finish();
    target.office.at(0, |phone| phone.hang_up());
    target.office.assert_quiet();
}

#[test]
fn from_somebody_with_a_password() {
    let mut target = Target::new();
    // Carol's own address of record, and an extension that answers whatever it is offered.
    for user in ["carol-phone", "*43"] {
        let cases = hostile::cases(SEED + 1, user, REALM);
        for (number, case) in cases.iter().enumerate() {
            let credentials = target.credentials(case);
            target.take(case, case.with_credentials(&credentials));
            if number % 40 == 0 {
                target.finish();
            }
        }
        target.finish();
    }
    target.office.at(0, |phone| phone.hang_up());
    target.office.advance(Duration::from_secs(3_700));
    target.office.assert_quiet();
    assert_eq!(target.office.switch.transactions(), 0, "nothing is left");
    // The messages got as far as they were meant to.
    let answers = |method, status| target.answers.get(&(method, status)).copied().unwrap_or_default();
    for (method, status) in [
        ("REGISTER", 200),
        ("REGISTER", 400),
        ("INVITE", 200),
        ("INVITE", 400),
        ("INVITE", 488),
        ("OPTIONS", 200),
    ] {
        assert!(answers(method, status) > 20, "{method} {status}: {:?}", target.answers);
    }
}
