//! The endpoint: transport and transaction layer for its user (RFC 3261 §17, §18).
//!
//! Bytes come in with [`Endpoint::handle_datagram`] or, cut out of a stream, with [`Endpoint::handle_message`];
//! what to send and what happened comes out of [`Endpoint::poll_output`]. **Drain it after every call.**
//!
//! The endpoint answers by itself what needs no user: malformed messages, unsupported methods, schemes,
//! versions and extensions, merged requests, CANCELs, retransmissions, and overload. None of that costs memory.

mod by_connection;
mod check;
mod client;
mod flow;
mod server;
mod timer_queue;
mod ways;

use std::{
    collections::{HashMap, HashSet, VecDeque},
    fmt,
    sync::Arc,
    time::Instant,
};

use bytes::Bytes;
use ringdown_types::Random;
use rustc_hash::FxHashMap;
use thiserror::Error;

use client::ClientEntry;
use server::ServerEntry;
use ways::Ways;

use crate::message::{
    Datagram, Host, Message, Method, ParseError, Reason, Request, Response, SipUri, Uri, parse_datagram,
};

pub(crate) use by_connection::ByConnection;
pub use flow::{ConnectionId, Destination, Flow, Transmit, Transport};
pub(crate) use timer_queue::TimerQueue;

/// Names a client transaction of one endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ClientId(u64);

/// Names a server transaction of one endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ServerId(u64);

/// The endpoint holds as many transactions or usages as it may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("as many transactions or calls as configured")]
pub struct Full;

/// Our port of each transport.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ports {
    /// UDP.
    pub udp: u16,
    /// TCP.
    pub tcp: u16,
    /// TLS.
    pub tls: u16,
    /// WebSocket.
    pub ws: u16,
    /// WebSocket over TLS.
    pub wss: u16,
}

impl Ports {
    /// `port` for UDP and TCP, the default ports for the rest.
    pub const fn new(port: u16) -> Self {
        let (tls, ws, wss) = (Transport::Tls, Transport::Ws, Transport::Wss);
        Self { udp: port, tcp: port, tls: tls.default_port(), ws: ws.default_port(), wss: wss.default_port() }
    }

    /// The port of a transport.
    pub const fn of(&self, transport: Transport) -> u16 {
        match transport {
            Transport::Udp => self.udp,
            Transport::Tcp => self.tcp,
            Transport::Tls => self.tls,
            Transport::Ws => self.ws,
            Transport::Wss => self.wss,
        }
    }
}

/// How an endpoint presents itself and what it accepts.
#[derive(Debug, Clone)]
pub struct EndpointConfig {
    /// The host others reach us at: in Via and Contact.
    pub host: Host,
    /// Our address of the other IP version, for peers of that version. Without it they are told `host` too.
    pub other_host: Option<Host>,
    /// The ports in Via and Contact.
    pub ports: Ports,
    /// The user part of our Contact: names this instance, so that a later one can tell whose dialogs are whose.
    pub instance: String,
    /// The value of Server and User-Agent.
    pub product: String,
    /// The methods served; others are 405 or 501.
    pub methods: Vec<Method>,
    /// The option tags understood in Require; others are 420.
    pub extensions: Vec<String>,
    /// The most transactions at a time, of both sides. Further requests are answered 503. One eighth is kept
    /// for requests in dialogs and for our own, so that calls can end under overload. As many again that are
    /// answered wait for retransmissions; beyond that the oldest of those are forgotten.
    pub max_transactions: usize,
    /// The value of Retry-After in that 503, in seconds.
    pub retry_after_seconds: u32,
    /// Whether headers only trusted elements may set are removed from what comes in.
    pub strip_private_headers: bool,
}

/// What may be required of us: calls (RFC 3262, 4028, 3891, 4488, 4538) and registrations (RFC 3327, 5626, 5627).
const EXTENSIONS: [&str; 8] =
    ["100rel", "timer", "replaces", "norefersub", "tdialog", "path", "outbound", "gruu"];

impl EndpointConfig {
    /// The defaults for an endpoint reached at `host` on `port`, UDP and TCP.
    pub fn new(host: Host, port: u16) -> Self {
        let methods = [
            Method::Invite,
            Method::Ack,
            Method::Cancel,
            Method::Bye,
            Method::Options,
            Method::Register,
            Method::Info,
            Method::Update,
            Method::Prack,
            Method::Refer,
            Method::Subscribe,
            Method::Publish,
            Method::Message,
        ];
        Self {
            host,
            other_host: None,
            ports: Ports::new(port),
            instance: "ringdown".into(),
            product: concat!("Ringdown/", env!("CARGO_PKG_VERSION")).into(),
            methods: methods.to_vec(),
            extensions: EXTENSIONS.map(str::to_owned).to_vec(),
            max_transactions: 65_536,
            retry_after_seconds: 5,
            strip_private_headers: true,
        }
    }

    /// The value of Allow.
    pub fn allow(&self) -> String {
        self.methods.iter().map(Method::as_str).collect::<Vec<_>>().join(", ")
    }

    /// Our Contact URI towards `peer`; `sips` where the dialog is one of `sips` URIs.
    pub fn contact(&self, peer: Destination, is_sips: bool) -> Uri {
        let (host, port) = self.sent_by(peer);
        let mut uri = SipUri::new(Some(&self.instance), host.clone(), Some(port));
        uri.secure = is_sips;
        match peer.transport() {
            // "The use of transport=tls is deprecated" where the scheme says it. RFC 3261 §26.2.2
            Transport::Tls if is_sips => {}
            transport => {
                if let Some(value) = transport.uri_parameter() {
                    uri.params.set("transport", Some(value));
                }
            }
        }
        uri.into()
    }

    /// Our Contact URI in the response to a request from `flow`: `sips` where the Request-URI or the Contact is
    /// (RFC 3261 §12.1.1).
    pub fn contact_for(&self, request: &Request, flow: Flow) -> Uri {
        let contact = request.headers.contact().ok().flatten();
        let is_sips = request.uri.is_sips() || contact.is_some_and(|contact| contact.uri.is_sips());
        self.contact(Destination::Flow(flow), is_sips && flow.transport.is_secure())
    }

    /// Our host and port as `peer` is to see them.
    fn sent_by(&self, peer: Destination) -> (&Host, u16) {
        let is_v6 = peer.remote().ip().to_canonical().is_ipv6();
        let is_for_peer = |host: &&Host| host.address().is_some_and(|address| address.is_ipv6() == is_v6);
        let host = self.other_host.as_ref().filter(is_for_peer).unwrap_or(&self.host);
        (host, self.ports.of(peer.transport()))
    }
}

/// What an endpoint wants done.
#[derive(Debug)]
pub enum Output {
    /// Send these bytes.
    Transmit(Transmit),
    /// This happened.
    Event(Event),
}

/// What happened at an endpoint.
#[derive(Debug)]
pub enum Event {
    /// A new request, neither ACK nor CANCEL. It waits for [`Endpoint::send_response`] or
    /// [`Endpoint::send_stateless`].
    Request {
        /// Its transaction.
        id: ServerId,
        /// The request; its topmost Via shows where it came from.
        request: Box<Request>,
        /// The flow it came over.
        flow: Flow,
    },
    /// An ACK for a 2xx.
    Ack {
        /// The ACK.
        request: Box<Request>,
        /// The flow it came over.
        flow: Flow,
    },
    /// The sender of an INVITE gave it up. The CANCEL is answered; the INVITE waits for its 487.
    Cancelled {
        /// The INVITE's transaction.
        id: ServerId,
        /// Why (RFC 3326).
        reasons: Vec<Reason>,
    },
    /// A response.
    Response {
        /// The request's transaction.
        id: ClientId,
        /// The response.
        response: Box<Response>,
        /// The flow it came over.
        flow: Option<Flow>,
    },
    /// No response came in time: as a 408.
    TimedOut(ClientId),
    /// The request could not be delivered: as a 503.
    TransportFailed(ClientId),
    /// A client transaction is over and its id means nothing any more.
    ClientEnded(ClientId),
    /// A final response could not be delivered, or its ACK never came.
    ServerFailed(ServerId),
}

/// What an endpoint has refused or dropped, since its start.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct EndpointCounters {
    /// Messages that could not be parsed or lacked an essential header.
    pub malformed: u64,
    /// Responses that matched no transaction.
    pub strays: u64,
    /// Requests answered 503 because the endpoint was full or overloaded.
    pub shed: u64,
}

/// The transport and transaction layer of one SIP element.
pub struct Endpoint {
    config: EndpointConfig,
    random: Box<dyn Random>,
    last_id: u64,
    clients: FxHashMap<u64, Box<ClientEntry>>,
    servers: FxHashMap<u64, Box<ServerEntry>>,
    server_keys: HashMap<Arc<str>, u64>,
    merge_keys: HashSet<Arc<str>>,
    timers: TimerQueue<Machine>,
    /// Transactions that only wait for retransmissions, in the order they began to, and how many of them are left.
    lingering: VecDeque<Machine>,
    lingers: usize,
    outputs: VecDeque<Output>,
    counters: EndpointCounters,
    ways: Ways,
    /// New work is refused.
    overloaded: bool,
    /// The flow of the response, or of the request, being handled.
    response_flow: Option<Flow>,
    request_flow: Option<Flow>,
}

/// Names a machine with a timer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Machine {
    Client(u64),
    Server(u64),
}

impl Endpoint {
    /// An endpoint without transactions.
    pub fn new(config: EndpointConfig, random: Box<dyn Random>) -> Self {
        Self {
            config,
            random,
            last_id: 0,
            clients: FxHashMap::default(),
            servers: FxHashMap::default(),
            server_keys: HashMap::new(),
            merge_keys: HashSet::new(),
            timers: TimerQueue::new(),
            lingering: VecDeque::new(),
            lingers: 0,
            outputs: VecDeque::new(),
            counters: EndpointCounters::default(),
            ways: Ways::default(),
            overloaded: false,
            response_flow: None,
            request_flow: None,
        }
    }

    /// The configuration.
    pub const fn config(&self) -> &EndpointConfig {
        &self.config
    }

    /// What was refused or dropped.
    pub const fn counters(&self) -> EndpointCounters {
        self.counters
    }

    /// While set, requests that begin something are answered 503 with Retry-After, without a transaction; what is under
    /// way is served.
    pub const fn set_overloaded(&mut self, overloaded: bool) {
        self.overloaded = overloaded;
    }

    /// The number of transactions.
    pub fn transactions(&self) -> usize {
        self.clients.len() + self.servers.len()
    }

    /// The random source.
    pub fn random(&mut self) -> &mut dyn Random {
        &mut *self.random
    }

    /// Takes a datagram.
    pub fn handle_datagram(&mut self, now: Instant, flow: Flow, datagram: &Bytes) {
        match parse_datagram(datagram) {
            Ok(Datagram::Message(message)) => self.handle_message(now, flow, message),
            Ok(Datagram::KeepAlive) => {}
            Err(error) => self.handle_malformed(flow, &error),
        }
    }

    /// Takes a message cut out of a stream.
    pub fn handle_message(&mut self, now: Instant, flow: Flow, message: Message) {
        match message {
            Message::Request(request) => {
                self.request_flow = Some(flow);
                self.handle_request(now, flow, request);
                self.request_flow = None;
            }
            Message::Response(response) => self.handle_response(now, flow, response),
        }
    }

    /// Takes what could not be parsed: tells the sender, if the message was a request that can be answered.
    pub fn handle_malformed(&mut self, flow: Flow, error: &ParseError) {
        self.counters.malformed += 1;
        if let Some(response) = error.response() {
            // Without a transaction the response still goes where §18.2.2 and RFC 3581 say.
            let tag = self.random.token(8);
            self.answer_stateless(flow, response.with_to_tag(&tag));
        }
    }

    /// Takes note that nothing can be sent to this peer: a closed connection, a refused connection attempt, an
    /// ICMP error.
    pub fn handle_transport_error(&mut self, now: Instant, failed: Destination) {
        self.client_transport_error(now, failed);
        self.server_transport_error(now, failed);
    }

    /// Lets expire what is due.
    pub fn handle_timeout(&mut self, now: Instant) {
        while let Some(machine) = self.timers.take_expired(now) {
            match machine {
                Machine::Client(id) => self.client_timeout(now, id),
                Machine::Server(id) => self.server_timeout(now, id),
            }
        }
    }

    /// The earliest deadline.
    pub fn next_timeout(&self) -> Option<Instant> {
        self.timers.next_timeout()
    }

    /// The next thing to do.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    fn next_id(&mut self) -> u64 {
        self.last_id += 1;
        self.last_id
    }

    /// Whether no further transaction may begin; `privileged` ones may use the reserve.
    fn is_full(&self, privileged: bool) -> bool {
        let reserve = if privileged { 0 } else { self.config.max_transactions / 8 };
        self.transactions() - self.lingers + reserve >= self.config.max_transactions
    }

    /// A transaction begins to only wait for retransmissions. When more do than there may be, the one that waited
    /// longest ends before its time, so that those that wait keep nobody out: what it would have absorbed is then a
    /// request of its own, or a response nobody asked for.
    fn linger(&mut self, machine: Machine) {
        self.lingers += 1;
        self.lingering.push_back(machine);
        if self.lingering.len() > self.config.max_transactions {
            match self.lingering.pop_front() {
                Some(Machine::Server(id)) => self.forget_server(id),
                Some(Machine::Client(id)) => self.end_client(id),
                None => {}
            }
        }
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (clients, servers) = (self.clients.len(), self.servers.len());
        f.debug_struct("Endpoint")
            .field("clients", &clients)
            .field("servers", &servers)
            .finish_non_exhaustive()
    }
}

/// Whether a failure to reach `failed` is one to reach `destination`.
fn same_peer(destination: Destination, failed: Destination) -> bool {
    if destination.transport() != failed.transport() || destination.remote() != failed.remote() {
        return false;
    }
    match (destination, failed) {
        (Destination::Flow(one), Destination::Flow(two)) => one.connection == two.connection,
        _ => true,
    }
}
