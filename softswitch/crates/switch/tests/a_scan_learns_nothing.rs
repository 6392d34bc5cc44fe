//! Who sends requests for every number to find out which exist gets the same for all of them: the same status, the same
//! size, for the same work, with and without an answer to the challenge, before and after being slowed down.

mod support;

use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

use ringdown_sip::message::{HeaderName, Response};
use support::{raw, *};

const METHODS: [&str; 8] =
    ["REGISTER", "INVITE", "OPTIONS", "SUBSCRIBE", "MESSAGE", "PUBLISH", "NOTIFY", "TEACH"];

fn source(number: u64) -> SocketAddr {
    SocketAddr::from(([203, 0, 113, 9], 10_000 + (number % 50_000) as u16))
}

/// What tells one answer from another.
fn shape((response, size): &(Response, usize)) -> (u16, String, Vec<String>, usize) {
    let names = response.headers.iter().map(|header| header.name().as_str().to_owned()).collect();
    (response.status, response.reason.clone(), names, *size)
}

#[test]
fn known_and_unknown_users_get_the_same_answer() {
    let mut number = 0;
    for method in METHODS {
        let mut office = Office::new();
        let _registered = office.phone("alice-phone");
        let mut shapes = Vec::new();
        // As long as each other, and numbers that people have and have not.
        for user in ["alice-phone", "nobody-here", "carol-phone"] {
            let mut of_user = Vec::new();
            for guess in 0..24 {
                number += 1;
                let address = source(number);
                let asked = office.ask(address, raw::request(method, user, number, ""));
                assert_eq!(asked.len(), 1, "{method} {user}");
                of_user.push(shape(&asked[0]));
                number += 1;
                let proof = raw::answer(&asked[0].0, method, user, &format!("wrong{guess}"));
                let refused = office.ask(address, raw::request(method, user, number, &proof));
                assert_eq!(refused.len(), 1, "{method} {user}");
                of_user.push(shape(&refused[0]));
            }
            shapes.push(of_user);
        }
        assert_eq!(shapes[0], shapes[1], "{method}");
        assert_eq!(shapes[0], shapes[2], "{method}");
        assert!(shapes[0].iter().all(|(status, ..)| *status == 401), "{method}: {:?}", shapes[0]);
    }
}

/// The Allow and Accept headers are what a scanner reads versions from.
#[test]
fn a_stranger_is_not_told_what_is_served() {
    let mut office = Office::new();
    for (number, method) in (1..).zip(METHODS) {
        let told = office.ask(source(number), raw::request(method, "102", number, "Require: nothing\r\n"));
        for name in [HeaderName::Allow, HeaderName::Accept, HeaderName::Supported, HeaderName::Unsupported] {
            assert!(!told[0].0.headers.contains(&name), "{method} tells {name}");
        }
    }
    assert_eq!(office.switch.transactions(), 0, "a challenge costs no memory");
}

#[test]
fn a_right_password_after_too_many_guesses_is_not_told_either() {
    let mut office = Office::new();
    let mut number = 0;
    let mut try_password = |office: &mut Office, password: &str| {
        number += 2;
        let asked = office.ask(source(1), raw::request("REGISTER", "alice-phone", number, ""));
        let proof = raw::answer(&asked[0].0, "REGISTER", "alice-phone", password);
        let answered = office.ask(source(1), raw::request("REGISTER", "alice-phone", number + 1, &proof));
        answered[0].0.status
    };
    for _ in 0..21 {
        assert_eq!(try_password(&mut office, "wrong"), 401);
    }
    assert_eq!(try_password(&mut office, "secret"), 401, "nobody looked");
    office.advance(Duration::from_secs(3));
    assert_eq!(try_password(&mut office, "secret"), 200, "and a little later somebody does");
}

/// The work for a known and an unknown user is the same: their medians, measured in turn, are close to each other.
/// Generous, because the machine may be busy: a lookup that skips the digest is several times faster.
#[test]
#[expect(clippy::disallowed_methods, reason = "this measures")]
fn the_answer_takes_as_long_for_everybody() {
    let mut office = Office::with(|config| config.limits.requests_per_address = 0);
    let challenge = office.ask(source(1), raw::request("REGISTER", "alice-phone", 1, "")).remove(0).0;
    let mut times = [Vec::new(), Vec::new()];
    for round in 0..400_u64 {
        for (index, user) in ["alice-phone", "nobody-here"].into_iter().enumerate() {
            let number = 10 + round * 2 + index as u64;
            let proof = raw::answer(&challenge, "REGISTER", user, "wrong");
            let bytes = bytes::Bytes::from(raw::request("REGISTER", user, number, &proof));
            let begin = Instant::now();
            office.switch.handle_datagram(office.now, flow(source(number)), &bytes);
            times[index].push(begin.elapsed());
            while office.switch.poll_output().is_some() {}
        }
    }
    let median = |times: &mut Vec<Duration>| {
        times.sort_unstable();
        times[times.len() / 2].as_secs_f64()
    };
    let [known, unknown] = &mut times;
    let ratio = median(known) / median(unknown);
    assert!((0.7..1.4).contains(&ratio), "known users take {ratio:.2} times as long");
}
