//! A simulated network between user agents: alice, bob, and whoever a story needs. Time is simulated, messages
//! take 10 ms, and a rule may drop any of them.
#![allow(dead_code, unreachable_pub, reason = "each story uses what it needs")]

pub mod raw;

use std::{
    collections::VecDeque,
    net::SocketAddr,
    time::{Duration, Instant},
};

use bytes::Bytes;
use ringdown_sip::{
    endpoint::{ConnectionId, Destination, EndpointConfig, Flow, Transport},
    invite::{InviteParams, SessionTimers, UsageEvent, UsageId},
    message::{Datagram, Host, Message, Method, NameAddr, Request, StreamFramer, Uri, parse_datagram},
    user_agent::{Event, Output, Received, UserAgent, UserAgentConfig},
};
use ringdown_types::SeededRandom;

/// How long a message is under way.
pub const LATENCY: Duration = Duration::from_millis(10);

pub const fn ms(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

pub const fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// One user agent with what it experienced.
pub struct Party {
    pub name: &'static str,
    pub address: SocketAddr,
    pub agent: UserAgent,
    /// What happened to its call legs.
    pub events: Vec<(UsageId, UsageEvent)>,
    /// Requests that wait, when `admits` is off.
    pub received: Vec<Received>,
    /// Everything else.
    pub others: Vec<Event>,
    /// Whether requests are admitted as they come.
    pub admits: bool,
}

impl Party {
    /// The latest leg.
    pub fn leg(&self) -> UsageId {
        self.events.last().expect("something happened").0
    }

    /// The kinds of events so far, as words.
    pub fn story(&self) -> Vec<&'static str> {
        self.events.iter().map(|(_, event)| word(event)).collect()
    }

    pub fn has(&self, wanted: &str) -> bool {
        self.story().contains(&wanted)
    }

    pub fn count(&self, wanted: &str) -> usize {
        self.story().iter().filter(|word| **word == wanted).count()
    }
}

pub fn word(event: &UsageEvent) -> &'static str {
    match event {
        UsageEvent::Invited(_) => "invited",
        UsageEvent::Ringing => "ringing",
        UsageEvent::Progress { .. } => "progress",
        UsageEvent::EarlyOffered { .. } => "early offered",
        UsageEvent::EarlyAnswered { .. } => "early answered",
        UsageEvent::Refreshed { .. } => "refreshed",
        UsageEvent::Answered { .. } => "answered",
        UsageEvent::Failed { .. } => "failed",
        UsageEvent::Cancelled { .. } => "cancelled",
        UsageEvent::Confirmed { .. } => "confirmed",
        UsageEvent::Reinvited { .. } => "reinvited",
        UsageEvent::ReinviteAnswered { .. } => "reinvite answered",
        UsageEvent::ReinviteRefused { .. } => "reinvite refused",
        UsageEvent::Info { .. } => "info",
        UsageEvent::PictureWanted => "picture wanted",
        UsageEvent::Referred(_) => "referred",
        UsageEvent::Ended { .. } => "ended",
    }
}

/// A message under way, or one that was.
#[derive(Debug, Clone)]
pub struct Sent {
    pub at: Duration,
    pub from: SocketAddr,
    pub to: SocketAddr,
    pub bytes: Bytes,
}

impl Sent {
    pub fn message(&self) -> Option<Message> {
        match parse_datagram(&self.bytes) {
            Ok(Datagram::Message(message)) => Some(message),
            _ => None,
        }
    }

    /// `INVITE`, or `200 INVITE` for the response.
    pub fn label(&self) -> String {
        match self.message() {
            Some(Message::Request(request)) => request.method.to_string(),
            Some(Message::Response(response)) => {
                let method = response.headers.cseq().map(|cseq| cseq.method.to_string());
                format!("{} {}", response.status, method.unwrap_or_default())
            }
            None => "?".into(),
        }
    }
}

type Rule = Box<dyn FnMut(&Sent) -> bool>;

/// The network.
pub struct Net {
    pub start: Instant,
    pub now: Instant,
    pub transport: Transport,
    pub parties: Vec<Party>,
    under_way: VecDeque<(Instant, Sent)>,
    /// All that was sent, lost or not.
    pub log: Vec<Sent>,
    /// Says which messages are lost.
    pub loses: Rule,
    /// How long a message is under way: one that takes longer is overtaken.
    pub delay: Box<dyn FnMut() -> Duration>,
    /// Packets to addresses where nobody is.
    pub outside: Vec<Sent>,
}

impl Net {
    /// A network with these parties, at 192.0.2.1, .2, ….
    pub fn new(transport: Transport, names: &[&'static str]) -> Self {
        #[expect(
            clippy::disallowed_methods,
            reason = "simulated time needs an origin; nothing depends on its value"
        )]
        let start = Instant::now();
        let parties = names.iter().enumerate().map(|(index, &name)| {
            let address = address(index);
            let endpoint = EndpointConfig::new(Host::from(address.ip()), 5060);
            let config =
                UserAgentConfig { endpoint, max_usages: 100, session_timers: SessionTimers::default() };
            let agent = UserAgent::new(config, Box::new(SeededRandom::new(7 + index as u64)));
            let (events, received, others) = (Vec::new(), Vec::new(), Vec::new());
            Party { name, address, agent, events, received, others, admits: true }
        });
        let parties = parties.collect();
        let (under_way, log, outside) = (VecDeque::new(), Vec::new(), Vec::new());
        let (loses, delay): (Rule, Box<dyn FnMut() -> Duration>) =
            (Box::new(|_| false), Box::new(|| LATENCY));
        Self { start, now: start, transport, parties, under_way, log, loses, delay, outside }
    }

    pub fn udp() -> Self {
        Self::new(Transport::Udp, &["alice", "bob"])
    }

    pub fn party(&mut self, name: &str) -> &mut Party {
        self.parties.iter_mut().find(|party| party.name == name).expect("a party of that name")
    }

    pub fn alice(&mut self) -> &mut Party {
        self.party("alice")
    }

    pub fn bob(&mut self) -> &mut Party {
        self.party("bob")
    }

    /// How often a message of that label was sent.
    pub fn sent(&self, label: &str) -> usize {
        self.log.iter().filter(|sent| sent.label() == label).count()
    }

    /// When messages of that label were sent.
    pub fn times(&self, label: &str) -> Vec<u64> {
        let of_label = self.log.iter().filter(|sent| sent.label() == label);
        of_label.map(|sent| sent.at.as_millis() as u64).collect()
    }

    pub fn labels(&self) -> Vec<String> {
        self.log.iter().map(Sent::label).collect()
    }

    /// What one party wants to say to another.
    pub fn flow(&self, from: SocketAddr, to: SocketAddr) -> Flow {
        Flow { transport: self.transport, local: to, remote: from, connection: ConnectionId(1) }
    }

    pub fn params(&mut self, from: &str, to: &str, offer: Option<&'static str>) -> InviteParams {
        let remote = self.party(to).address;
        let uri = |user: &str, address: SocketAddr| {
            Uri::parse(&format!("sip:{user}@{}:{}", address.ip(), address.port())).expect("well-formed")
        };
        let own = self.party(from).address;
        InviteParams {
            target: uri(to, remote),
            destination: Destination::Address { transport: self.transport, remote },
            from: NameAddr::new(uri(from, own)),
            to: NameAddr::new(uri(to, remote)),
            offer: offer.map(|offer| Bytes::from_static(offer.as_bytes())),
            max_forwards: 70,
            headers: Vec::new(),
        }
    }

    /// `from` calls `to` with an offer.
    pub fn call(&mut self, from: &str, to: &str) -> UsageId {
        let params = self.params(from, to, Some("offer"));
        let now = self.now;
        let leg = self.party(from).agent.invite(now, params).expect("room for a call");
        self.collect();
        leg
    }

    /// Lets `act` use a party's user agent, then sends what came of it.
    pub fn with<T>(&mut self, name: &str, act: impl FnOnce(&mut UserAgent, Instant) -> T) -> T {
        let now = self.now;
        let result = act(&mut self.party(name).agent, now);
        self.collect();
        result
    }

    /// Sends raw bytes from an address to a party.
    pub fn inject(&mut self, from: SocketAddr, to: &str, bytes: impl Into<Bytes>) {
        let to = self.party(to).address;
        let at = self.now - self.start;
        let arrives = self.now + LATENCY;
        let place = self.under_way.partition_point(|(other, _)| *other <= arrives);
        self.under_way.insert(place, (arrives, Sent { at, from, to, bytes: bytes.into() }));
    }

    /// Lets time pass.
    pub fn run(&mut self, duration: Duration) {
        let end = self.now + duration;
        loop {
            self.collect();
            let message = self.under_way.front().map(|(at, _)| *at);
            let timer = self.parties.iter().filter_map(|party| party.agent.next_timeout()).min();
            let Some(next) = [message, timer].into_iter().flatten().min().filter(|next| *next <= end) else {
                break;
            };
            self.now = self.now.max(next);
            while self.under_way.front().is_some_and(|(at, _)| *at <= self.now) {
                let (_, sent) = self.under_way.pop_front().expect("looked at");
                self.deliver(&sent);
                self.collect();
            }
            let now = self.now;
            for party in &mut self.parties {
                if party.agent.next_timeout().is_some_and(|at| at <= now) {
                    party.agent.handle_timeout(now);
                }
            }
        }
        self.now = end;
    }

    fn deliver(&mut self, sent: &Sent) {
        let flow = self.flow(sent.from, sent.to);
        let now = self.now;
        let Some(party) = self.parties.iter_mut().find(|party| party.address == sent.to) else {
            return self.outside.push(sent.clone());
        };
        match self.transport {
            Transport::Udp | Transport::Ws | Transport::Wss => {
                party.agent.handle_datagram(now, flow, &sent.bytes)
            }
            Transport::Tcp | Transport::Tls => {
                let mut framer = StreamFramer::new();
                framer.handle_data(now, &sent.bytes);
                while let Some(frame) = framer.poll_frame() {
                    if let Ok(ringdown_sip::message::Frame::Message(message)) = frame {
                        party.agent.handle_message(now, flow, message);
                    }
                }
            }
        }
    }

    /// Takes what the parties want sent and what happened to them.
    pub fn collect(&mut self) {
        let (now, at) = (self.now, self.now - self.start);
        for party in &mut self.parties {
            while let Some(output) = party.agent.poll_output() {
                match output {
                    Output::Transmit(transmit) => {
                        let to = transmit.destination.remote();
                        let sent = Sent { at, from: party.address, to, bytes: transmit.bytes };
                        self.log.push(sent.clone());
                        if !(self.loses)(&sent) {
                            let at = now + (self.delay)();
                            let place = self.under_way.partition_point(|(other, _)| *other <= at);
                            self.under_way.insert(place, (at, sent));
                        }
                    }
                    Output::Event(Event::Usage { usage, event }) => party.events.push((usage, event)),
                    Output::Event(Event::Received(received)) if party.admits => {
                        party.agent.admit(now, received.id);
                    }
                    Output::Event(Event::Received(received)) => party.received.push(received),
                    Output::Event(other) => party.others.push(other),
                }
            }
        }
    }

    /// Alice calls bob, bob rings and answers, the ACK arrives. Returns both legs.
    pub fn established(&mut self) -> (UsageId, UsageId) {
        let alice = self.call("alice", "bob");
        self.run(ms(100));
        let bob = self.bob().leg();
        self.with("bob", |agent, now| agent.ring(now, bob, None)).expect("bob may ring");
        self.run(ms(500));
        self.with("bob", |agent, now| agent.accept(now, bob, "answer".into())).expect("bob may answer");
        self.run(ms(500));
        assert!(self.alice().has("answered") && self.bob().has("confirmed"), "{:?}", self.labels());
        (alice, bob)
    }

    /// After all timers, nobody holds anything.
    pub fn assert_clean(&mut self) {
        self.run(secs(200));
        for party in &self.parties {
            let left = (party.agent.usages(), party.agent.transactions(), party.agent.next_timeout());
            assert_eq!(left, (0, 0, None), "{} holds usages, transactions or timers", party.name);
        }
    }
}

pub fn address(index: usize) -> SocketAddr {
    SocketAddr::from(([192, 0, 2, u8::try_from(index + 1).expect("few parties")], 5060))
}

/// A rule that loses the `n`th message of that label, counted from 1.
pub fn nth(label: &'static str, n: usize) -> Rule {
    let mut seen = 0;
    Box::new(move |sent| {
        seen += usize::from(sent.label() == label);
        sent.label() == label && seen == n
    })
}

/// A rule that loses every message of these labels.
pub fn all(labels: &'static [&'static str]) -> Rule {
    Box::new(move |sent| labels.contains(&sent.label().as_str()))
}

/// The request in `text`, whose lines end with LF for legibility.
pub fn request(text: &str) -> Request {
    match parse_datagram(&wire(text)) {
        Ok(Datagram::Message(Message::Request(request))) => request,
        other => panic!("no request: {other:?}"),
    }
}

/// `text` with CRLF line ends.
pub fn wire(text: &str) -> Bytes {
    Bytes::from(text.replace('\n', "\r\n"))
}

/// A request from a stranger at 203.0.113.9.
pub fn stranger(method: &Method, extra: &str) -> Bytes {
    wire(&format!(
        "{method} sip:bob@192.0.2.2 SIP/2.0\nVia: SIP/2.0/UDP 203.0.113.9:5060;branch=z9hG4bKstranger{method}\n\
         From: <sip:mallory@203.0.113.9>;tag=m\nTo: <sip:bob@192.0.2.2>\nCall-ID: stranger@203.0.113.9\n\
         CSeq: 1 {method}\nContact: <sip:mallory@203.0.113.9>\nMax-Forwards: 70\n{extra}\n"
    ))
}

/// The stranger's address.
pub fn stranger_address() -> SocketAddr {
    SocketAddr::from(([203, 0, 113, 9], 5060))
}
