//! The user agent: every call leg over one endpoint, and the requests around them.
//!
//! **Nothing a stranger sends takes effect by itself.** Each request, in a dialog or not, first comes out as
//! [`Event::Received`]; its user authenticates it and then lets it in with [`UserAgent::admit`], or answers it
//! with [`UserAgent::respond`] or [`UserAgent::challenge`]. ACK and CANCEL cannot be challenged (RFC 3261 §22.1)
//! and are tied to what was admitted before.

mod commands;

use std::{
    collections::{HashMap, VecDeque},
    fmt,
    sync::Arc,
    time::Instant,
};

use bytes::Bytes;
use ringdown_types::{Panicked, Random, contain};
use tracing::{debug, error};

use crate::{
    dialog::DialogId,
    endpoint::{
        self, ClientId, Destination, Endpoint, EndpointConfig, EndpointCounters, Flow, Full, ServerId,
        TimerQueue, Transmit,
    },
    invite::{
        Context, EndCause, InviteUsage, SessionTimers, UsageError, UsageEvent, UsageId, options_response,
        replaced_by, target_dialog,
    },
    message::{HeaderName, Message, Method, ParseError, Request, Response, Uri},
};

/// What a user agent wants done.
#[derive(Debug)]
pub enum Output {
    /// Send these bytes.
    Transmit(Transmit),
    /// This happened.
    Event(Event),
}

/// What happened at a user agent.
#[derive(Debug)]
pub enum Event {
    /// A request came and waits to be admitted or answered.
    Received(Received),
    /// Something happened to a call leg.
    Usage {
        /// Which.
        usage: UsageId,
        /// What.
        event: UsageEvent,
    },
    /// A response to a request of [`UserAgent::send_request`]. Provisional ones may come before the final one.
    Response {
        /// The request.
        id: ClientId,
        /// The response.
        response: Box<Response>,
    },
    /// A request of [`UserAgent::send_request`] got no response: 408, or could not be delivered: 503.
    RequestFailed {
        /// The request.
        id: ClientId,
        /// As which status this counts (RFC 3261 §8.1.3.1).
        status: u16,
    },
}

/// A request that waits to be admitted or answered.
#[derive(Debug, Clone)]
pub struct Received {
    /// Its transaction.
    pub id: ServerId,
    /// The request, private headers stripped.
    pub request: Arc<Request>,
    /// The flow it came over.
    pub flow: Flow,
    /// The call leg it belongs to, if it is in a dialog.
    pub usage: Option<UsageId>,
    /// Whether it came over the very flow its call leg uses: the same connection, or the same address and port.
    pub is_from_peer: bool,
}

/// How a user agent is set up.
#[derive(Debug, Clone)]
pub struct UserAgentConfig {
    /// The endpoint.
    pub endpoint: EndpointConfig,
    /// The most call legs at a time; further INVITEs are answered 503. Those that have ended do not count.
    pub max_usages: usize,
    /// How long calls live without a sign of life.
    pub session_timers: SessionTimers,
}

/// Every call leg over one endpoint.
pub struct UserAgent {
    endpoint: Endpoint,
    max_usages: usize,
    session_timers: SessionTimers,
    last_id: u64,
    usages: HashMap<UsageId, InviteUsage>,
    /// How many of them have ended and only absorb what comes late.
    closing: usize,
    pending: HashMap<ServerId, Received>,
    clients: HashMap<ClientId, UsageId>,
    servers: HashMap<ServerId, UsageId>,
    dialogs: HashMap<DialogId, UsageId>,
    timers: TimerQueue<UsageId>,
    outputs: VecDeque<Output>,
    failures: u64,
}

impl UserAgent {
    /// A user agent without calls.
    pub fn new(config: UserAgentConfig, random: Box<dyn Random>) -> Self {
        Self {
            endpoint: Endpoint::new(config.endpoint, random),
            max_usages: config.max_usages,
            session_timers: config.session_timers,
            last_id: 0,
            usages: HashMap::new(),
            closing: 0,
            pending: HashMap::new(),
            clients: HashMap::new(),
            servers: HashMap::new(),
            dialogs: HashMap::new(),
            timers: TimerQueue::new(),
            outputs: VecDeque::new(),
            failures: 0,
        }
    }

    /// Takes a datagram.
    pub fn handle_datagram(&mut self, now: Instant, flow: Flow, datagram: &Bytes) {
        self.endpoint.handle_datagram(now, flow, datagram);
        self.settle(now);
    }

    /// Takes a datagram that waited too long: what would begin something is answered 503 with Retry-After, without
    /// state (RFC 3261 §21.5.4).
    pub fn handle_late_datagram(&mut self, now: Instant, flow: Flow, datagram: &Bytes) {
        self.endpoint.set_overloaded(true);
        self.endpoint.handle_datagram(now, flow, datagram);
        self.endpoint.set_overloaded(false);
        self.settle(now);
    }

    /// Takes a message cut out of a stream.
    pub fn handle_message(&mut self, now: Instant, flow: Flow, message: Message) {
        self.endpoint.handle_message(now, flow, message);
        self.settle(now);
    }

    /// Takes what could not be parsed out of a stream: tells the sender, where it can be told.
    pub fn handle_malformed(&mut self, now: Instant, flow: Flow, error: &ParseError) {
        self.endpoint.handle_malformed(flow, error);
        self.settle(now);
    }

    /// Takes note that nothing can be sent to this peer: a closed connection, a refused connection attempt, an
    /// ICMP error.
    pub fn handle_transport_error(&mut self, now: Instant, failed: Destination) {
        self.endpoint.handle_transport_error(now, failed);
        self.settle(now);
    }

    /// Lets expire what is due.
    pub fn handle_timeout(&mut self, now: Instant) {
        self.endpoint.handle_timeout(now);
        self.settle(now);
        while let Some(usage) = self.timers.take_expired(now) {
            // A usage with a timer exists; if it does not, nothing is due.
            let _ = self.with_usage(now, usage, |usage, ctx| {
                usage.handle_timeout(ctx);
                Ok(())
            });
        }
        self.settle(now);
    }

    /// The earliest deadline.
    pub fn next_timeout(&self) -> Option<Instant> {
        [self.endpoint.next_timeout(), self.timers.next_timeout()].into_iter().flatten().min()
    }

    /// The next thing to do. **Drain it after every call.**
    pub fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// The configuration of the endpoint.
    pub const fn config(&self) -> &EndpointConfig {
        self.endpoint.config()
    }

    /// What the endpoint refused or dropped.
    pub const fn counters(&self) -> EndpointCounters {
        self.endpoint.counters()
    }

    /// The number of transactions.
    pub fn transactions(&self) -> usize {
        self.endpoint.transactions()
    }

    /// How many call legs were ended because of a bug in them.
    pub const fn failures(&self) -> u64 {
        self.failures
    }

    /// The number of call legs, those that are ending included.
    pub fn usages(&self) -> usize {
        self.usages.len()
    }

    /// The random source.
    pub fn random(&mut self) -> &mut dyn Random {
        self.endpoint.random()
    }

    /// Lets a request in. An INVITE becomes a call leg, whose id is returned and whose `Invited` follows;
    /// requests in dialogs reach their leg; OPTIONS is answered 200. Anything else is the user's to answer with
    /// [`Self::respond`] and is refused 405 here.
    pub fn admit(&mut self, now: Instant, id: ServerId) -> Option<UsageId> {
        let received = self.pending.remove(&id)?;
        if let Some(response) = self.endpoint.refusal(received.flow, &received.request) {
            let tag = self.endpoint.random().token(12);
            self.endpoint.send_response(now, id, response.with_to_tag(&tag));
            self.settle(now);
            return None;
        }
        let usage = match received.usage {
            Some(usage) => {
                let admitted = self.with_usage(now, usage, |usage, ctx| {
                    usage.handle_request(ctx, id, &received.request, received.flow);
                    Ok(())
                });
                if admitted.is_err() {
                    self.endpoint.send_response(now, id, Response::to_request(&received.request, 481));
                }
                Some(usage)
            }
            None => self.admit_new(now, received),
        };
        self.settle(now);
        usage
    }

    fn admit_new(&mut self, now: Instant, received: Received) -> Option<UsageId> {
        let Received { id, flow, .. } = received;
        let request = Arc::clone(&received.request);
        let tag = self.endpoint.random().token(12);
        match request.method {
            Method::Invite if self.has_room() => {
                let usage_id = self.next_id();
                let replaces = match replaced_by(&request, &self.dialogs, &self.usages) {
                    Ok(replaces) => replaces,
                    Err(status) => {
                        let response = Response::to_request(&request, status).with_to_tag(&tag);
                        self.endpoint.send_response(now, id, response);
                        return None;
                    }
                };
                let mut ctx = self.context(now);
                let made = contain(|| InviteUsage::incoming(usage_id, &mut ctx, received, replaces));
                let Ok(usage) = made else {
                    error!(usage = %usage_id, "a call leg panicked before it was one");
                    self.failures += 1;
                    self.forget(usage_id);
                    let response = Response::to_request(&request, 500).with_to_tag(&tag);
                    self.endpoint.send_response(now, id, response);
                    return None;
                };
                self.adopt(usage_id, usage?);
                return Some(usage_id);
            }
            Method::Refer => return self.admit_refer(now, &received, &tag),
            Method::Invite => {
                let seconds = self.endpoint.config().retry_after_seconds.to_string();
                let response = Response::to_request(&request, 503).with(HeaderName::RetryAfter, seconds);
                self.endpoint.send_response(now, id, response.with_to_tag(&tag));
            }
            Method::Options => {
                let response = options_response(&self.context(now), &request, flow);
                self.endpoint.send_response(now, id, response.with_to_tag(&tag));
            }
            _ => {
                let allow = self.endpoint.config().allow();
                let response = Response::to_request(&request, 405).with(HeaderName::Allow, allow);
                self.endpoint.send_response(now, id, response.with_to_tag(&tag));
            }
        }
        None
    }

    /// A REFER outside of any dialog is for the call its Target-Dialog names (RFC 4538). One that names none would
    /// make the switch call on its own account: 403.
    fn admit_refer(&mut self, now: Instant, received: &Received, tag: &str) -> Option<UsageId> {
        let usage = self.target_dialog(&received.request);
        let taken = usage.is_some_and(|usage| {
            self.with_usage(now, usage, |usage, ctx| {
                usage.handle_outside_refer(ctx, received.id, &received.request, received.flow);
                Ok(())
            })
            .is_ok()
        });
        if !taken {
            let response = Response::to_request(&received.request, 403).with_to_tag(tag);
            self.endpoint.send_response(now, received.id, response);
        }
        usage.filter(|_| taken)
    }

    /// The call leg a request's Target-Dialog names (RFC 4538). Knowing a dialog's name shows that the sender sees
    /// its messages, not who the sender is: compare that before admitting.
    pub fn target_dialog(&self, request: &Request) -> Option<UsageId> {
        target_dialog(request, &self.dialogs)
    }

    /// The refusal of a request nobody here serves, which [`Self::admit`] sends by itself. For users that answer a
    /// method of their own with [`Self::respond`].
    pub fn refusal(&self, received: &Received) -> Option<Response> {
        self.endpoint.refusal(received.flow, &received.request)
    }

    /// Answers a request that was not admitted. A To tag is added where it lacks.
    pub fn respond(&mut self, now: Instant, id: ServerId, response: Response) {
        if self.pending.contains_key(&id) {
            let tag = self.endpoint.random().token(12);
            if !response.is_provisional() {
                self.pending.remove(&id);
            }
            self.endpoint.send_response(now, id, response.with_to_tag(&tag));
            self.settle(now);
        }
    }

    /// Answers a request and forgets it at once (RFC 3261 §8.2.7): for 401 and other refusals of strangers,
    /// which must cost no memory.
    pub fn challenge(&mut self, now: Instant, id: ServerId, response: Response) {
        if self.pending.remove(&id).is_some() {
            let tag = self.endpoint.random().token(12);
            self.endpoint.send_stateless(id, response.with_to_tag(&tag));
            self.settle(now);
        }
    }

    /// Sends a request outside of any call, such as OPTIONS. It needs From with a tag, To, Call-ID and CSeq; Via
    /// and Max-Forwards are added. INVITE is [`Self::invite`]'s.
    ///
    /// # Errors
    /// If there are as many transactions as configured.
    pub fn send_request(
        &mut self,
        now: Instant,
        request: Request,
        destination: Destination,
    ) -> Result<ClientId, Full> {
        let id = self.endpoint.send_request(now, request, destination)?;
        self.settle(now);
        Ok(id)
    }

    /// The URI an answered call's peer is addressed by.
    pub fn remote_target(&self, id: UsageId) -> Option<&Uri> {
        self.usages.get(&id)?.remote_target()
    }

    /// The peer of an answered call is reached over another flow now (RFC 5626 §5.3). Make sure that it is the same.
    pub fn move_call(&mut self, id: UsageId, destination: Destination) {
        if let Some(usage) = self.usages.get_mut(&id) {
            usage.move_to(destination);
        }
    }

    fn command(
        &mut self,
        now: Instant,
        id: UsageId,
        command: impl FnOnce(&mut InviteUsage, &mut Context<'_>) -> Result<(), UsageError>,
    ) -> Result<(), UsageError> {
        let result = self.with_usage(now, id, command);
        self.settle(now);
        result
    }

    /// Lets `act` work on a usage, then sets its timer, or forgets it if it is over.
    fn with_usage(
        &mut self,
        now: Instant,
        id: UsageId,
        act: impl FnOnce(&mut InviteUsage, &mut Context<'_>) -> Result<(), UsageError>,
    ) -> Result<(), UsageError> {
        // Out of the table while it works, so that it and the tables can both be changed.
        let mut usage = self.usages.remove(&id).ok_or(UsageError::NoSuchUsage)?;
        self.closing -= usize::from(usage.is_closing());
        let mut ctx = self.context(now);
        match contain(|| act(&mut usage, &mut ctx)) {
            Ok(result) => {
                self.put_back(now, id, usage);
                result
            }
            Err(Panicked) => {
                self.abandon(now, id, usage);
                Err(UsageError::NoSuchUsage)
            }
        }
    }

    /// A usage worked: its timer is set, or it is forgotten if it is over.
    fn put_back(&mut self, now: Instant, id: UsageId, usage: InviteUsage) {
        if usage.is_over() {
            usage.forget(&mut self.context(now));
            self.timers.set(id, None);
        } else {
            self.adopt(id, usage);
        }
    }

    /// Ends a call leg that has a bug; the others are not harmed. Its user is told, and its peer if it can still be.
    fn abandon(&mut self, now: Instant, id: UsageId, mut usage: InviteUsage) {
        error!(usage = %id, "a call leg panicked and ends");
        self.failures += 1;
        let event = UsageEvent::Ended { cause: EndCause::Failed(500), reasons: Vec::new() };
        self.outputs.push_back(Output::Event(Event::Usage { usage: id, event }));
        let mut ctx = self.context(now);
        let ended = contain(|| {
            let rejected = usage.reject(&mut ctx, 500, None);
            let cancelled = rejected.or_else(|_| usage.cancel(&mut ctx, None));
            cancelled.or_else(|_| usage.bye(&mut ctx, None)).is_ok()
        });
        match ended {
            Ok(true) => self.put_back(now, id, usage),
            Ok(false) | Err(Panicked) => self.forget(id),
        }
    }

    /// What the tables know of a usage goes.
    fn forget(&mut self, id: UsageId) {
        self.timers.set(id, None);
        self.clients.retain(|_, usage| *usage != id);
        self.dialogs.retain(|_, usage| *usage != id);
        let waiting: Vec<ServerId> =
            self.servers.iter().filter(|(_, usage)| **usage == id).map(|(server, _)| *server).collect();
        for server in waiting {
            self.servers.remove(&server);
            self.endpoint.give_up(server);
        }
    }

    fn adopt(&mut self, id: UsageId, usage: InviteUsage) {
        self.timers.set(id, usage.next_timeout());
        self.closing += usize::from(usage.is_closing());
        self.usages.insert(id, usage);
    }

    /// Whether a further call leg may begin. Those that have ended keep nobody out: they live as long as the
    /// transactions they wait for, and the endpoint bounds those.
    fn has_room(&self) -> bool {
        self.usages.len() - self.closing < self.max_usages
    }

    fn context(&mut self, now: Instant) -> Context<'_> {
        Context {
            now,
            endpoint: &mut self.endpoint,
            outputs: &mut self.outputs,
            clients: &mut self.clients,
            servers: &mut self.servers,
            dialogs: &mut self.dialogs,
            session_timers: self.session_timers,
        }
    }

    const fn next_id(&mut self) -> UsageId {
        self.last_id += 1;
        UsageId(self.last_id)
    }

    /// Passes on what the endpoint brought.
    fn settle(&mut self, now: Instant) {
        while let Some(output) = self.endpoint.poll_output() {
            match output {
                endpoint::Output::Transmit(transmit) => self.outputs.push_back(Output::Transmit(transmit)),
                endpoint::Output::Event(event) => self.handle_event(now, event),
            }
        }
    }

    fn handle_event(&mut self, now: Instant, event: endpoint::Event) {
        match event {
            endpoint::Event::Request { id, request, flow } => self.receive(id, *request, flow),
            endpoint::Event::Ack { request, .. } => {
                let dialog = DialogId::of_request(&request).ok().flatten();
                if let Some(&usage) = dialog.and_then(|dialog| self.dialogs.get(&dialog)) {
                    self.act(now, usage, |usage, ctx| usage.handle_ack(ctx, &request));
                }
            }
            endpoint::Event::Cancelled { id, reasons } => match self.servers.get(&id).copied() {
                Some(usage) => self.act(now, usage, |usage, ctx| usage.handle_cancel(ctx, reasons)),
                None => {
                    if let Some(received) = self.pending.remove(&id) {
                        let response = Response::to_request(&received.request, 487);
                        let tag = self.endpoint.random().token(12);
                        self.endpoint.send_response(now, id, response.with_to_tag(&tag));
                    }
                }
            },
            endpoint::Event::Response { id, response, flow } => match self.clients.get(&id).copied() {
                Some(usage) => {
                    self.act(now, usage, |usage, ctx| usage.handle_response(ctx, id, &response, flow));
                }
                None => self.outputs.push_back(Output::Event(Event::Response { id, response })),
            },
            endpoint::Event::TimedOut(id) => self.handle_failure(now, id, 408),
            endpoint::Event::TransportFailed(id) => self.handle_failure(now, id, 503),
            endpoint::Event::ClientEnded(id) => {
                if let Some(usage) = self.clients.remove(&id) {
                    self.act(now, usage, |usage, ctx| usage.handle_client_ended(ctx, id));
                }
            }
            endpoint::Event::ServerFailed(id) => {
                debug!(?id, "response not delivered or not acknowledged");
                self.pending.remove(&id);
            }
        }
    }

    fn handle_failure(&mut self, now: Instant, id: ClientId, status: u16) {
        match self.clients.get(&id).copied() {
            Some(usage) => self.act(now, usage, |usage, ctx| usage.handle_failure(ctx, id, status)),
            None => self.outputs.push_back(Output::Event(Event::RequestFailed { id, status })),
        }
    }

    /// Lets a usage handle what came; one that is over handles nothing.
    fn act(&mut self, now: Instant, id: UsageId, act: impl FnOnce(&mut InviteUsage, &mut Context<'_>)) {
        let _ = self.with_usage(now, id, |usage, ctx| {
            act(usage, ctx);
            Ok(())
        });
    }

    fn receive(&mut self, id: ServerId, request: Request, flow: Flow) {
        let dialog = DialogId::of_request(&request).ok().flatten();
        let usage = dialog.as_ref().and_then(|dialog| self.dialogs.get(dialog)).copied();
        let has_tag = request.headers.to().is_ok_and(|to| to.tag().is_some());
        let needs_dialog =
            has_tag || matches!(request.method, Method::Bye | Method::Info | Method::Update | Method::Prack);
        // "If the UAS does not find the dialog, it SHOULD respond with a 481." §12.2.2. An OPTIONS or REGISTER
        // with a tag is not in a dialog of ours, but asks nothing of one either; the dialogs of SUBSCRIBE are the
        // notifier's, which its user asks.
        let is_elsewhere = matches!(request.method, Method::Options | Method::Register | Method::Subscribe);
        if usage.is_none() && needs_dialog && !is_elsewhere {
            let tag = self.endpoint.random().token(12);
            self.endpoint.send_stateless(id, Response::to_request(&request, 481).with_to_tag(&tag));
            return;
        }
        let peer =
            usage.zip(dialog).and_then(|(usage, dialog)| self.usages.get(&usage)?.destination(&dialog));
        let is_from_peer = peer.is_some_and(|peer| match peer {
            Destination::Flow(peer) => {
                (peer.transport, peer.remote, peer.connection)
                    == (flow.transport, flow.remote, flow.connection)
            }
            Destination::Address { transport, remote } => {
                (transport, remote) == (flow.transport, flow.remote)
            }
        });
        let received = Received { id, request: Arc::new(request), flow, usage, is_from_peer };
        self.pending.insert(id, received.clone());
        self.outputs.push_back(Output::Event(Event::Received(received)));
    }
}

impl fmt::Debug for UserAgent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UserAgent").field("usages", &self.usages.len()).finish_non_exhaustive()
    }
}
