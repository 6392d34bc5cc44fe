//! OPTIONS to registered telephones: whether they are there, how far away, and a reason for their NAT to keep its
//! binding. Connections need none of it: TCP, and the keep-alives of RFC 5626, do the same.

use std::{
    collections::{BTreeSet, HashMap},
    time::{Duration, Instant},
};

use ringdown_sip::{
    endpoint::Transport,
    message::{CSeq, HeaderName, Method, NameAddr, Request, Response},
    registrar::{BindingChange, BindingId},
};
use ringdown_types::Random;
use tracing::{debug, info};

use crate::{QualifyConfig, Switch, sip_requests::Errand};

/// Every telephone that is asked.
#[derive(Debug)]
pub(crate) struct Qualify {
    config: QualifyConfig,
    probes: HashMap<BindingId, Probe>,
    order: BTreeSet<(Instant, BindingId)>,
    /// How many questions wait for their answers.
    waiting: usize,
}

/// What is known of one telephone.
#[derive(Debug, Clone, Copy)]
struct Probe {
    /// When it is asked next; while it is being asked, when it was.
    at: Instant,
    is_asked: bool,
    misses: u8,
    round_trip: Option<Duration>,
}

impl Qualify {
    pub(crate) fn new(config: QualifyConfig) -> Self {
        Self { config, probes: HashMap::new(), order: BTreeSet::new(), waiting: 0 }
    }

    /// A telephone registered, or registered again, over a way that needs asking: it is there. The first question is
    /// spread over the interval, so that a thousand telephones that came at once are not asked at once.
    fn present(&mut self, now: Instant, random: &mut dyn Random, id: BindingId) -> bool {
        if self.config.interval.is_zero() {
            return false;
        }
        if let Some(probe) = self.probes.get_mut(&id) {
            return std::mem::take(&mut probe.misses) >= self.config.misses;
        }
        let at = now + self.config.interval.mul_f64(f64::from(random.u32()) / f64::from(u32::MAX));
        self.probes.insert(id, Probe { at, is_asked: false, misses: 0, round_trip: None });
        self.order.insert((at, id));
        false
    }

    fn forget(&mut self, id: BindingId) {
        if let Some(probe) = self.probes.remove(&id) {
            self.order.remove(&(probe.at, id));
        }
    }

    /// Whether a telephone is worth ringing: it answers, or is not asked.
    pub(crate) fn is_reachable(&self, id: BindingId) -> bool {
        self.probes.get(&id).is_none_or(|probe| probe.misses < self.config.misses)
    }

    /// How long its last answer took.
    pub(crate) fn round_trip(&self, id: BindingId) -> Option<Duration> {
        self.probes.get(&id).and_then(|probe| probe.round_trip)
    }

    pub(crate) fn next_timeout(&self) -> Option<Instant> {
        self.order.first().map(|(at, _)| *at)
    }

    /// A telephone that is to be asked.
    fn take_due(&mut self, now: Instant) -> Option<BindingId> {
        let &(at, id) = self.order.first().filter(|(at, _)| *at <= now)?;
        self.order.remove(&(at, id));
        if let Some(probe) = self.probes.get_mut(&id) {
            probe.is_asked = true;
            probe.at = now;
        }
        Some(id)
    }

    /// It answered, or not; whether it is reachable now and was not before, or the other way round.
    fn settle(&mut self, now: Instant, id: BindingId, answered: bool) -> bool {
        let was_reachable = self.is_reachable(id);
        let Some(probe) = self.probes.get_mut(&id).filter(|probe| probe.is_asked) else { return false };
        if answered {
            probe.round_trip = Some(now.saturating_duration_since(probe.at));
            probe.misses = 0;
        } else {
            probe.misses = probe.misses.saturating_add(1);
        }
        // One that just missed is asked again soon: a single lost answer must not make it unreachable for long.
        let pause = if answered || probe.misses >= self.config.misses {
            self.config.interval
        } else {
            SOON.min(self.config.interval)
        };
        probe.is_asked = false;
        probe.at = now + pause;
        self.order.insert((probe.at, id));
        was_reachable != self.is_reachable(id)
    }

    /// It could not be asked, which says nothing of it.
    fn postpone(&mut self, now: Instant, id: BindingId) {
        if let Some(probe) = self.probes.get_mut(&id) {
            probe.is_asked = false;
            probe.at = now + SOON.min(self.config.interval);
            self.order.insert((probe.at, id));
        }
    }
}

impl Switch {
    /// Follows the registrar.
    pub(crate) fn qualify_binding(&mut self, now: Instant, id: BindingId, change: BindingChange) {
        let needs_asking = self
            .sip
            .registrar
            .binding(id)
            .is_some_and(|binding| binding.destination().transport() == Transport::Udp);
        match change {
            BindingChange::Registered | BindingChange::Refreshed if needs_asking => {
                if self.qualify.present(now, &mut *self.random, id) {
                    self.reachability_changed(id);
                }
            }
            _ => self.qualify.forget(id),
        }
    }

    /// Asks who is to be asked.
    pub(crate) fn qualify_timeout(&mut self, now: Instant) {
        while let Some(id) = self.qualify.take_due(now) {
            if self.qualify.waiting >= MAX_WAITING {
                self.qualify.postpone(now, id);
                continue;
            }
            let Some((request, destination)) = self.options(id) else {
                self.qualify.forget(id);
                continue;
            };
            match self.sip.agent.send_request(now, request, destination) {
                Ok(client) => {
                    self.sip.errands.insert(client, Errand::Qualify(id));
                    self.qualify.waiting += 1;
                }
                Err(_) => self.qualify.postpone(now, id),
            }
        }
    }

    fn options(&mut self, id: BindingId) -> Option<(Request, ringdown_sip::endpoint::Destination)> {
        let binding = self.sip.registrar.binding(id)?;
        let (target, destination) = (binding.contact().clone(), binding.destination());
        let contact = self.sip.agent.config().contact(destination, target.is_sips());
        let path = binding.path().to_vec();
        let mut request = Request::new(Method::Options, target.clone())
            .with(HeaderName::From, format!("<{}>;tag={}", self.sip_uri(""), self.random.token(8)))
            .with(HeaderName::To, NameAddr::new(target).to_string())
            .with(HeaderName::CallId, self.random.token(20))
            .with(HeaderName::CSeq, CSeq { number: 1, method: Method::Options }.to_string())
            .with(HeaderName::Contact, format!("<{contact}>"))
            .with(HeaderName::Accept, "application/sdp");
        path.into_iter().for_each(|hop| request.headers.push(HeaderName::Route, hop));
        Some((request, destination))
    }

    /// Any final answer means that it is there, even a refusal.
    pub(crate) fn qualified(&mut self, now: Instant, id: BindingId, outcome: Option<&Response>) {
        self.qualify.waiting = self.qualify.waiting.saturating_sub(1);
        if self.qualify.settle(now, id, outcome.is_some()) {
            info!(reachable = outcome.is_some(), "telephone");
            self.reachability_changed(id);
        }
        debug!(round_trip = ?self.qualify.round_trip(id), "telephone asked");
    }

    fn reachability_changed(&mut self, id: BindingId) {
        let user = self.sip.registrar.aor_of(id).and_then(|aor| self.directory.device(aor));
        if let Some(user) = user.map(|device| device.user) {
            self.tell_registration(user);
        }
    }
}

/// Questions that wait for their answers at once. A network that broke leaves each waiting for 32 s: a larger number
/// would let them crowd calls out of the transaction table, a smaller one would make the round longer then.
const MAX_WAITING: usize = 2_048;
/// How soon a telephone that did not answer is asked again.
const SOON: Duration = Duration::from_secs(5);
