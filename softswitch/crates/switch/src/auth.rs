//! Who may send us SIP requests: devices that prove their password, request by request.

use std::{
    collections::{HashMap, VecDeque},
    net::IpAddr,
    time::{Duration, Instant},
};

use ringdown_sip::{
    digest::{Authenticator, Ha1, Role, Verdict},
    endpoint::Flow,
    message::{Algorithm, Credentials, HeaderName, Request, Response},
};
use ringdown_types::Random;

use crate::{directory::Directory, limits::Limits};

/// The doorkeeper.
#[derive(Debug)]
pub(crate) struct Doorkeeper {
    authenticator: Authenticator,
    algorithms: Vec<Algorithm>,
    challenged: Challenged,
}

impl Doorkeeper {
    pub(crate) fn new(
        now: Instant,
        realm: &str,
        algorithms: Vec<Algorithm>,
        random: &mut dyn Random,
    ) -> Self {
        Self {
            authenticator: Authenticator::new(now, realm, random),
            algorithms,
            challenged: Challenged::default(),
        }
    }

    pub(crate) fn set_realm(&mut self, realm: &str) {
        if self.authenticator.realm() != realm {
            self.authenticator.set_realm(realm);
        }
    }

    /// The digest user name a request proves, or the 401 that asks for proof. A wrong password, an unknown user and a
    /// guess too many get the same 401 for the same work.
    pub(crate) fn admit(
        &mut self,
        now: Instant,
        (flow, request): (Flow, &Request),
        (directory, limits): (&Directory, &mut Limits),
        random: &mut dyn Random,
    ) -> Result<String, Box<Response>> {
        let source = flow.remote.ip();
        let mut guess = None;
        let hashes = |username: &str| {
            let user = limits.user(username);
            let device = directory.device(username);
            let counts = limits.may_guess(now, flow, user);
            guess = Some((user, counts));
            let device = device.filter(|_| counts)?;
            Some(Ha1 { sha256: device.ha1_sha256.clone(), md5: device.ha1_md5.clone() })
        };
        let stale = match (self.authenticator.check(now, request, hashes), guess) {
            (Verdict::Accepted { username }, Some((user, _))) => {
                limits.proved(now, flow, user);
                self.challenged.answered(source, request);
                return Ok(username);
            }
            (Verdict::Refused, Some((user, true))) => {
                limits.guessed_wrong(now, flow, user);
                false
            }
            (Verdict::Stale, _) => true,
            _ => false,
        };
        let algorithms: &[Algorithm] = if self.challenged.stumbles(now, source, request) {
            &[Algorithm::Md5]
        } else {
            // RFC 8760 §2.4: the one we prefer first.
            &self.algorithms
        };
        let asked = (Role::UserAgent, algorithms, stale);
        Err(Box::new(self.authenticator.challenge(now, request, asked, random)))
    }
}

/// Telephones that were challenged lately. One that was offered two algorithms and comes back without credentials
/// probably knows only MD5 and stumbles over the first challenge, so it is asked for MD5 alone; if it stumbles over that
/// too, for both again, and so on until it answers (RFC 8760 §2.5 leaves no better way to such telephones). One that
/// answered MD5 is asked for it from then on.
#[derive(Debug, Default)]
struct Challenged {
    telephones: HashMap<Telephone, Asked>,
    order: VecDeque<Telephone>,
}

/// Where a request came from, and whom it says it is from.
type Telephone = (IpAddr, String);

/// What a telephone was asked for last.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Asked {
    at: Instant,
    /// The request that was challenged.
    call_id: String,
    cseq: u32,
    only_md5: bool,
    /// It was asked for MD5 alone and could answer.
    is_proved: bool,
}

impl Challenged {
    /// Bounded: a flood only makes telephones stumble that would have been helped.
    const CAPACITY: usize = 4_096;
    /// Telephones try again within a minute.
    const MEMORY: Duration = Duration::from_secs(180);

    /// A telephone that answers does not stumble.
    fn answered(&mut self, source: IpAddr, request: &Request) {
        let telephone = (source, from_user(request));
        match self.telephones.get_mut(&telephone) {
            Some(asked) if asked.only_md5 && !answers_sha256(request) => asked.is_proved = true,
            Some(_) => {
                self.telephones.remove(&telephone);
            }
            None => {}
        }
    }

    /// Notes a challenge, and says whether the telephone is to be asked for MD5 alone.
    fn stumbles(&mut self, now: Instant, source: IpAddr, request: &Request) -> bool {
        let (Ok(call_id), Ok(cseq)) = (request.headers.call_id(), request.headers.cseq()) else {
            return false;
        };
        let telephone = (source, from_user(request));
        let known = self.telephones.get(&telephone);
        let only_md5 = match known {
            Some(asked) if asked.is_proved => return true,
            // The same request again is a retransmission, and proves nothing.
            Some(asked) if (asked.call_id.as_str(), asked.cseq) == (call_id, cseq.number) => {
                return asked.only_md5;
            }
            Some(asked) if has_credentials(request) => asked.only_md5,
            Some(asked) if now.saturating_duration_since(asked.at) < Self::MEMORY => !asked.only_md5,
            Some(_) | None => false,
        };
        if known.is_none() {
            self.order.push_back(telephone.clone());
        }
        let call_id = call_id.to_owned();
        let asked = Asked { at: now, call_id, cseq: cseq.number, only_md5, is_proved: false };
        self.telephones.insert(telephone, asked);
        if self.order.len() > Self::CAPACITY
            && let Some(oldest) = self.order.pop_front()
        {
            self.telephones.remove(&oldest);
        }
        only_md5
    }
}

fn from_user(request: &Request) -> String {
    let from = request.headers.from().ok();
    from.and_then(|from| from.uri.called_number()).unwrap_or_default()
}

fn has_credentials(request: &Request) -> bool {
    request.headers.contains(&HeaderName::Authorization)
        || request.headers.contains(&HeaderName::ProxyAuthorization)
}

fn answers_sha256(request: &Request) -> bool {
    let credentials = request.headers.all(&HeaderName::Authorization).filter_map(|header| header.text());
    credentials
        .filter_map(Credentials::parse)
        .any(|credentials| credentials.algorithm == Some(Algorithm::Sha256))
}
