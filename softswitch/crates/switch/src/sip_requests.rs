//! SIP requests and who may send them: admission, REGISTER, and the way of everything else to its leg.

use std::{collections::HashMap, time::Instant};

use ringdown_sip::{
    endpoint::{ClientId, Destination, EndpointConfig, Flow},
    invite::{UsageEvent, UsageId},
    message::{HeaderName, Host, Method, Request, Response, Uri},
    registrar::{BindingId, Registrar, RegistrarConfig},
    subscription::SubscriptionId,
    user_agent::{Event, Output as AgentOutput, Received, UserAgent, UserAgentConfig},
};
use ringdown_types::{LegId, MessageId, Random};
use tracing::debug;

use crate::{Output, Switch, SwitchConfig, auth::Doorkeeper, habit::Habit, limits::Limits, messages::Parts};

/// The SIP side: the user agent, the registrar, the doorkeeper, and which leg a call usage belongs to.
#[derive(Debug)]
pub(crate) struct SipSide {
    pub(crate) agent: UserAgent,
    pub(crate) registrar: Registrar,
    pub(crate) doorkeeper: Doorkeeper,
    pub(crate) limits: Limits,
    pub(crate) legs: HashMap<UsageId, LegId>,
    /// The calls of each device, so that they follow it to another flow.
    usages: HashMap<String, Vec<UsageId>>,
    /// Digest user names of callers whose INVITE was admitted and whose `Invited` has not come yet.
    pub(crate) callers: HashMap<UsageId, String>,
    /// What devices offered as callers, by binding, where their transport suggests something else.
    pub(crate) offered: HashMap<BindingId, Habit>,
    /// What our requests outside of calls are for.
    pub(crate) errands: HashMap<ClientId, Errand>,
}

/// What a request of ours outside of calls is for.
#[derive(Debug)]
pub(crate) enum Errand {
    /// A NOTIFY of this subscription.
    Notify(SubscriptionId),
    /// An OPTIONS to this telephone.
    Qualify(BindingId),
    /// A MESSAGE to a telephone, with what follows it.
    Message(MessageId, Box<Parts>),
}

impl SipSide {
    pub(crate) fn new(
        now: Instant,
        config: &SwitchConfig,
        random: &mut dyn FnMut() -> Box<dyn Random>,
    ) -> Self {
        let mut endpoint = EndpointConfig::new(Host::from(config.advertised_address), config.sip_ports.udp);
        endpoint.other_host = config.other_address.map(Host::from);
        endpoint.ports = config.sip_ports;
        endpoint.instance.clone_from(&config.instance);
        endpoint.max_transactions = config.limits.transactions;
        endpoint.retry_after_seconds = RETRY_AFTER_SECONDS;
        // Two legs of each call, and as many again that are ending.
        let max_usages = config.limits.calls.saturating_mul(4);
        let registrar =
            RegistrarConfig { max_bindings: config.limits.bindings_per_device, ..RegistrarConfig::default() };
        Self {
            agent: UserAgent::new(
                UserAgentConfig { endpoint, max_usages, session_timers: config.session_timers },
                random(),
            ),
            registrar: Registrar::new(registrar).with_gruus(&mut *random()),
            doorkeeper: Doorkeeper::new(now, &config.realm, config.digest_algorithms.clone(), &mut *random()),
            limits: Limits::new(config.limits.requests_per_address, config.limits.requests_per_user),
            legs: HashMap::new(),
            usages: HashMap::new(),
            callers: HashMap::new(),
            offered: HashMap::new(),
            errands: HashMap::new(),
        }
    }

    /// A call usage of a device became a leg.
    pub(crate) fn insert_leg(&mut self, usage: UsageId, username: &str, leg: LegId) {
        self.legs.insert(usage, leg);
        self.usages.entry(username.to_owned()).or_default().push(usage);
    }

    /// A leg of a device is over.
    pub(crate) fn remove_leg(&mut self, usage: UsageId, username: &str) {
        self.legs.remove(&usage);
        if let Some(usages) = self.usages.get_mut(username) {
            usages.retain(|known| *known != usage);
            if usages.is_empty() {
                self.usages.remove(username);
            }
        }
    }
}

impl Switch {
    /// Takes what the user agent has to send and to say. Whether anything was said that others may react to.
    pub(crate) fn settle_sip(&mut self, now: Instant) -> bool {
        let mut said = false;
        while let Some(output) = self.sip.agent.poll_output() {
            match output {
                AgentOutput::Transmit(transmit) => self.out.push_back(Output::Sip(transmit)),
                AgentOutput::Event(event) => {
                    said = true;
                    self.contained_event(now, event);
                }
            }
        }
        said
    }

    pub(crate) fn handle_sip_event(&mut self, now: Instant, event: Event) {
        match event {
            Event::Received(received) => self.receive(now, &received),
            Event::Usage { usage, event: UsageEvent::Invited(invitation) } => {
                if let Some(username) = self.sip.callers.remove(&usage) {
                    self.invited(now, usage, &username, &invitation);
                }
            }
            Event::Usage { usage, event } => {
                if let Some(leg) = self.sip.legs.get(&usage).copied() {
                    self.handle_usage_event(now, leg, event);
                }
            }
            Event::Response { response, .. } if response.is_provisional() => {}
            Event::Response { id, response } => self.errand_done(now, id, Some(&response)),
            Event::RequestFailed { id, .. } => self.errand_done(now, id, None),
        }
    }

    /// A request of ours outside of calls got its final response, or none.
    fn errand_done(&mut self, now: Instant, id: ClientId, outcome: Option<&Response>) {
        match self.sip.errands.remove(&id) {
            Some(Errand::Notify(subscription)) => self.notified(now, subscription, outcome),
            Some(Errand::Qualify(binding)) => self.qualified(now, binding, outcome),
            Some(Errand::Message(message, parts)) => self.part_answered(now, message, *parts, outcome),
            None => {}
        }
    }

    /// Every request is proved by its sender but one in a call over the very flow the call uses: whoever can forge
    /// that sees the call's packets anyway.
    fn receive(&mut self, now: Instant, received: &Received) {
        if received.is_from_peer && received.usage.is_some() {
            self.sip.limits.is_in_call(received.flow);
            self.sip.agent.admit(now, received.id);
            return;
        }
        let admitted = self.sip.doorkeeper.admit(
            now,
            (received.flow, &received.request),
            (&self.directory, &mut self.sip.limits),
            &mut *self.random,
        );
        let username = match admitted {
            Ok(username) => username,
            Err(challenge) => return self.sip.agent.challenge(now, received.id, *challenge),
        };
        match received.usage {
            Some(usage) => self.receive_in_call(now, received, usage, &username),
            None => self.receive_new(now, received, username),
        }
    }

    /// A call belongs to the device that is in it, wherever its packets come from.
    fn receive_in_call(&mut self, now: Instant, received: &Received, usage: UsageId, username: &str) {
        let leg = self.sip.legs.get(&usage).copied();
        match leg.and_then(|leg| self.legs.sip(leg)) {
            Some(sip) if sip.username != username => return self.refuse(now, received, 403),
            // A telephone that moved sends its media from there too.
            Some(sip) => sip.source = received.flow.remote.ip(),
            None => {}
        }
        self.sip.agent.admit(now, received.id);
    }

    fn receive_new(&mut self, now: Instant, received: &Received, username: String) {
        let may =
            self.directory.device(&username).is_some_and(|device| self.directory.is_enabled(device.user));
        if !may {
            return self.refuse(now, received, 403);
        }
        let user = self.sip.limits.user(&username);
        if !self.sip.limits.serves(now, user) {
            return self.sip.agent.challenge(now, received.id, busy(&received.request));
        }
        if let Some(response) = self.sip.agent.refusal(received) {
            return self.sip.agent.respond(now, received.id, response);
        }
        match received.request.method {
            Method::Register => self.register(now, received, &username),
            Method::Subscribe => self.subscribed(now, received, &username),
            Method::Publish => self.publishes(now, received, &username),
            Method::Message => self.message(now, received, &username),
            Method::Invite if self.calls.call_count() >= self.config.limits.calls => {
                self.sip.agent.challenge(now, received.id, busy(&received.request));
            }
            Method::Invite => {
                if let Some(usage) = self.sip.agent.admit(now, received.id) {
                    self.sip.callers.insert(usage, username);
                }
            }
            // Only a call's own device may ask for something to become of it from outside its dialog (RFC 4538).
            Method::Refer => match self.sip.agent.target_dialog(&received.request) {
                Some(usage) => self.receive_in_call(now, received, usage, &username),
                None => self.refuse(now, received, 403),
            },
            _ => {
                self.sip.agent.admit(now, received.id);
            }
        }
    }

    /// A device registers for itself only (RFC 3261 §10.3 step 4).
    fn register(&mut self, now: Instant, received: &Received, username: &str) {
        let Received { id, request, flow, .. } = received;
        if aor_user(request).as_deref() != Some(username) {
            return self.refuse(now, received, 403);
        }
        let response = self.sip.registrar.handle_register(now, username, *flow, request);
        self.calls_follow(username, *flow);
        self.sip.agent.respond(now, *id, response);
    }

    /// A device registered over `flow`: its calls go on there, whatever flow they used. A page whose WebSocket broke
    /// comes back with another one, and nothing can be sent over the old.
    fn calls_follow(&mut self, username: &str, flow: Flow) {
        let Some(usages) = self.sip.usages.get(username) else { return };
        let Some(binding) = self.sip.registrar.bindings(username).find(|binding| binding.flow() == flow)
        else {
            return;
        };
        let names_it = |target: &Uri| {
            let same = match (target.sip(), binding.contact().sip()) {
                // A device adds parameters such as `ob` to its Contact in dialogs. RFC 5626 §4.3
                (Some(own), Some(new)) => {
                    (&own.user, &own.host, own.port) == (&new.user, &new.host, new.port)
                }
                _ => false,
            };
            let gruu = || self.sip.registrar.gruu(target);
            same || gruu().is_some_and(|(aor, reached)| aor == username && reached.contains(&binding.id()))
        };
        for &usage in usages {
            if self.sip.agent.remote_target(usage).is_some_and(names_it) {
                self.sip.agent.move_call(usage, Destination::Flow(flow));
            }
        }
    }

    fn refuse(&mut self, now: Instant, received: &Received, status: u16) {
        debug!(method = %received.request.method, status, "request refused");
        let response = Response::to_request(&received.request, status);
        self.sip.agent.respond(now, received.id, response);
    }

    /// The key of the binding a call comes from, so that the calling telephone is not rung by its own call. 0, which
    /// names none, for a telephone that calls without being registered.
    pub(crate) fn calling_binding(&self, username: &str, flow: Flow) -> u64 {
        let bindings = || self.sip.registrar.bindings(username);
        bindings()
            .find(|binding| binding.flow().remote == flow.remote)
            .or_else(|| bindings().find(|binding| binding.flow().remote.ip() == flow.remote.ip()))
            .map_or(0, |binding| binding.id().0)
    }
}

/// The user part of the address of record a REGISTER is for.
fn aor_user(request: &Request) -> Option<String> {
    request.headers.to().ok()?.uri.sip()?.decoded_user()
}

/// Too much at once: when to try again (RFC 3261 §21.5.4). Sent without keeping state.
fn busy(request: &Request) -> Response {
    Response::to_request(request, 503).with(HeaderName::RetryAfter, RETRY_AFTER_SECONDS.to_string())
}

/// A full switch is usually full for longer than a telephone's impatience, and not much longer.
const RETRY_AFTER_SECONDS: u32 = 5;
