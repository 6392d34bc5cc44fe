//! Who may send us SIP requests: devices that prove their password, request by request.

use std::{
    collections::{HashMap, VecDeque},
    time::{Duration, Instant},
};

use ringdown_sip::{
    digest::{Authenticator, Ha1, Role, Verdict},
    message::{Algorithm, Request, Response},
};
use ringdown_types::Random;

use crate::directory::Directory;

/// The doorkeeper.
#[derive(Debug)]
pub(crate) struct Doorkeeper {
    authenticator: Authenticator,
    challenged: ChallengedCalls,
}

impl Doorkeeper {
    pub(crate) fn new(now: Instant, realm: &str, random: &mut dyn Random) -> Self {
        Self { authenticator: Authenticator::new(now, realm, random), challenged: ChallengedCalls::default() }
    }

    pub(crate) fn set_realm(&mut self, realm: &str) {
        if self.authenticator.realm() != realm {
            self.authenticator.set_realm(realm);
        }
    }

    /// The digest user name a request proves, or the 401 that asks for proof. A wrong password gets the same 401 as
    /// an unknown user.
    pub(crate) fn admit(
        &mut self,
        now: Instant,
        request: &Request,
        directory: &Directory,
        random: &mut dyn Random,
    ) -> Result<String, Box<Response>> {
        let hashes = |username: &str| {
            let device = directory.device(username)?;
            Some(Ha1 { sha256: device.ha1_sha256.clone(), md5: device.ha1_md5.clone() })
        };
        let stale = match self.authenticator.check(now, request, hashes) {
            Verdict::Accepted { username } => {
                self.challenged.answered(request);
                return Ok(username);
            }
            Verdict::Stale => true,
            Verdict::Missing | Verdict::Refused => false,
        };
        let algorithms: &[Algorithm] = if self.challenged.stumbles(now, request) {
            &[Algorithm::Md5]
        } else {
            // RFC 8760 §2.4: the one we prefer first.
            &[Algorithm::Sha256, Algorithm::Md5]
        };
        let asked = (Role::UserAgent, algorithms, stale);
        Err(Box::new(self.authenticator.challenge(now, request, asked, random)))
    }
}

/// Calls that were challenged lately. A telephone that answers two challenges with none knows only MD5 and stumbles
/// over the first; it is then asked for MD5 alone (RFC 8760 §2.5 leaves no better way to such telephones).
#[derive(Debug, Default)]
struct ChallengedCalls {
    /// By Call-ID: when, and the CSeq of the request.
    calls: HashMap<String, (Instant, u32)>,
    order: VecDeque<String>,
}

impl ChallengedCalls {
    /// Bounded: a flood only makes telephones stumble that would have been helped.
    const CAPACITY: usize = 1_024;
    const MEMORY: Duration = Duration::from_secs(60);

    /// A telephone that answered a challenge does not stumble.
    fn answered(&mut self, request: &Request) {
        if let Ok(call_id) = request.headers.call_id() {
            self.calls.remove(call_id);
        }
    }

    /// Notes a challenge, and says whether the same call was challenged before and came back without credentials.
    fn stumbles(&mut self, now: Instant, request: &Request) -> bool {
        let (Ok(call_id), Ok(cseq)) = (request.headers.call_id(), request.headers.cseq()) else {
            return false;
        };
        if has_credentials(request) {
            return false;
        }
        if let Some((at, number)) = self.calls.get(call_id)
            && now.saturating_duration_since(*at) < Self::MEMORY
        {
            // The same number is a retransmission, and proves nothing.
            return cseq.number > *number;
        }
        if self.calls.insert(call_id.to_owned(), (now, cseq.number)).is_none() {
            self.order.push_back(call_id.to_owned());
        }
        if self.order.len() > Self::CAPACITY
            && let Some(oldest) = self.order.pop_front()
        {
            self.calls.remove(&oldest);
        }
        false
    }
}

fn has_credentials(request: &Request) -> bool {
    use ringdown_sip::message::HeaderName;
    request.headers.contains(&HeaderName::Authorization)
        || request.headers.contains(&HeaderName::ProxyAuthorization)
}
