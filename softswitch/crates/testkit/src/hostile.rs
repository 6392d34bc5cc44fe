//! Malformed SIP, thousands of cases of it, the same for every run of a seed.
//!
//! [`cases`] takes messages that are right and spoils each in one way: values too long, format strings, encodings,
//! headers missing, repeated, folded and smuggled, lengths that lie, quotes and brackets in each other, numbers too
//! large, compact names, line ends, credentials, session descriptions; and some at random. A case knows who sends it: a
//! stranger, or somebody whose password is known, in which case [`Case::with_credentials`] puts the proof in.

mod message;
mod sdp;
mod spoil;

use ringdown_types::SeededRandom;

/// Where credentials belong.
const MARK: &str = "{credentials}";

/// What stands for the number of a case.
const OWN: &str = "hostile";

/// One spoiled message.
#[derive(Debug, Clone)]
pub struct Case {
    /// How it was spoiled, for people.
    pub what: String,
    /// The method of the message it was made of.
    pub method: &'static str,
    /// The Request-URI it had before it was spoiled: what credentials are for.
    pub uri: String,
    bytes: Vec<u8>,
}

impl Case {
    /// The bytes a stranger sends: without credentials.
    pub fn of_stranger(&self) -> Vec<u8> {
        let line = format!("Authorization: {MARK}\r\n");
        let bytes = replace(&self.bytes, line.as_bytes(), b"");
        replace(&bytes, MARK.as_bytes(), b"Digest username=\"101\"")
    }

    /// The bytes somebody sends who answered a challenge with this value of Authorization.
    pub fn with_credentials(&self, credentials: &str) -> Vec<u8> {
        replace(&self.bytes, MARK.as_bytes(), credentials.as_bytes())
    }
}

/// Every case, for calls to and registrations of `user` at `domain`.
pub fn cases(seed: u64, user: &str, domain: &str) -> Vec<Case> {
    let mut random = SeededRandom::new(seed);
    let mut cases = Vec::new();
    for base in message::bases(user, domain) {
        let mut add = |what: String, bytes: Vec<u8>| {
            // Transactions and dialogs of their own: else they would be taken for each other again.
            let own = format!("h{}", cases.len());
            let bytes = replace(&bytes, OWN.as_bytes(), own.as_bytes());
            cases.push(Case { what, method: base.method, uri: base.uri.clone(), bytes });
        };
        spoil::start_lines(&base, &mut add);
        spoil::values(&base, &mut add);
        spoil::headers(&base, &mut add);
        spoil::lengths(&base, &mut add);
        spoil::line_ends(&base, &mut add);
        spoil::credentials(&base, &mut add);
        sdp::descriptions(&base, &mut add);
        spoil::at_random(&base, &mut random, &mut add);
    }
    cases
}

fn replace(bytes: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(rest) = bytes.get(at..).filter(|rest| !rest.is_empty()) {
        if rest.starts_with(from) {
            out.extend_from_slice(to);
            at += from.len();
        } else {
            out.push(rest[0]);
            at += 1;
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn there_are_thousands_and_they_are_the_same_every_time() {
        let all = cases(1, "102", "example.test");
        let different: HashSet<_> = all.iter().map(|case| &case.bytes).collect();
        assert!(different.len() >= 5_000, "{} different cases of {}", different.len(), all.len());
        let again = cases(1, "102", "example.test");
        assert!(all.iter().zip(&again).all(|(one, two)| one.bytes == two.bytes));
        assert!(all.iter().all(|case| case.bytes.len() < 200_000));
    }

    #[test]
    fn credentials_are_there_or_not() {
        let all = cases(1, "102", "example.test");
        let proved = all.iter().filter(|case| {
            let bytes = case.with_credentials("Digest PROOF");
            bytes.windows(5).any(|window| window == b"PROOF")
        });
        assert!(proved.count() > 3_000);
        assert!(all.iter().all(|case| !case.of_stranger().windows(MARK.len()).any(|w| w == MARK.as_bytes())));
    }
}
