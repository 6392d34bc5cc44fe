//! An element that takes torture messages as they are on the wire, and what it answers: a user agent that admits
//! everything, with a registrar that asks for credentials where it is given unknown ones.
#![allow(dead_code, unreachable_pub, reason = "each suite uses what it needs")]

use std::time::{Duration, Instant};

use bytes::Bytes;
use ringdown_sip::{
    digest::{Authenticator, Role, Verdict},
    endpoint::{ConnectionId, EndpointConfig, Flow, Transport},
    invite::{SessionTimers, UsageEvent},
    message::{
        Algorithm, Datagram, Frame, HeaderName, Host, Message, Method, Response, StreamFramer, parse_datagram,
    },
    registrar::{Registrar, RegistrarConfig},
    user_agent::{Event, Output, Received, UserAgent, UserAgentConfig},
};
use ringdown_types::SeededRandom;

/// What one message leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// This final response.
    Final(u16),
    /// An INVITE that is served: 100 or 180 go out, and the user is told of a call.
    Call,
    /// Nothing goes out and nobody is told.
    Dropped,
}

/// One message of a torture RFC.
pub struct Case {
    /// The RFC's section and its name for the message.
    pub name: &'static str,
    pub bytes: &'static [u8],
    /// In a datagram.
    pub udp: Outcome,
    /// On a stream.
    pub tcp: Outcome,
}

pub struct Element {
    agent: UserAgent,
    pub registrar: Registrar,
    authenticator: Authenticator,
    random: SeededRandom,
    pub now: Instant,
    pub responses: Vec<Response>,
    calls: usize,
}

impl Element {
    pub fn new() -> Self {
        #[expect(clippy::disallowed_methods, reason = "simulated time needs an origin")]
        let now = Instant::now();
        let endpoint = EndpointConfig::new(Host::parse("192.0.2.2").expect("an address"), 5060);
        let mut random = SeededRandom::new(7);
        let config = UserAgentConfig { endpoint, max_usages: 10, session_timers: SessionTimers::default() };
        Self {
            agent: UserAgent::new(config, Box::new(SeededRandom::new(8))),
            registrar: Registrar::new(RegistrarConfig::default()),
            authenticator: Authenticator::new(now, "example.com", &mut random),
            random,
            now,
            responses: Vec::new(),
            calls: 0,
        }
    }

    pub fn datagram(&mut self, bytes: &[u8]) -> Outcome {
        self.agent.handle_datagram(self.now, flow(Transport::Udp), &Bytes::copy_from_slice(bytes));
        self.drain()
    }

    /// The bytes arrive, and then nothing for a minute.
    pub fn stream(&mut self, bytes: &[u8]) -> Outcome {
        let (mut framer, flow) = (StreamFramer::new(), flow(Transport::Tcp));
        framer.handle_data(self.now, bytes);
        // What follows the first message is another one, or noise.
        match framer.poll_frame() {
            Some(Ok(Frame::Message(message))) => self.agent.handle_message(self.now, flow, message),
            Some(Ok(Frame::Malformed(error)) | Err(error)) => {
                self.agent.handle_malformed(self.now, flow, &error);
            }
            Some(Ok(Frame::Ping)) => panic!("not a keep-alive"),
            None => assert!(framer.next_timeout().is_some(), "it would wait for ever"),
        }
        self.drain()
    }

    fn drain(&mut self) -> Outcome {
        self.responses.clear();
        let calls = self.calls;
        // Long enough for the 100 of an INVITE nobody answers.
        for _ in 0..2 {
            while let Some(output) = self.agent.poll_output() {
                match output {
                    Output::Transmit(transmit) => self.note(&transmit.bytes),
                    Output::Event(Event::Received(received)) => self.receive(&received),
                    Output::Event(Event::Usage { usage, event: UsageEvent::Invited(_) }) => {
                        self.calls += 1;
                        self.agent.ring(self.now, usage, None).expect("it may ring");
                    }
                    Output::Event(other) => panic!("nobody asked for {other:?}"),
                }
            }
            self.now += Duration::from_millis(300);
            self.agent.handle_timeout(self.now);
        }
        let finals: Vec<u16> =
            self.responses.iter().map(|response| response.status).filter(|status| *status >= 200).collect();
        match (finals.as_slice(), self.calls - calls) {
            ([status], 0) => Outcome::Final(*status),
            ([], 1) => {
                assert_eq!(self.responses.last().map(|response| response.status), Some(180));
                Outcome::Call
            }
            ([], 0) if self.responses.is_empty() => Outcome::Dropped,
            other => panic!("{other:?}, {:?}", self.responses),
        }
    }

    fn note(&mut self, bytes: &Bytes) {
        match parse_datagram(bytes) {
            Ok(Datagram::Message(Message::Response(response))) => self.responses.push(response),
            other => panic!("only responses go out: {other:?}"),
        }
    }

    fn receive(&mut self, received: &Received) {
        if received.request.method != Method::Register {
            self.agent.admit(self.now, received.id);
            return;
        }
        let knows_nobody = |_: &str| None;
        let response = if received.request.headers.contains(&HeaderName::Authorization) {
            assert_eq!(
                self.authenticator.check(self.now, &received.request, knows_nobody),
                Verdict::Missing,
                "credentials of an unknown scheme are none"
            );
            let asked = (Role::UserAgent, &[Algorithm::Sha256][..], false);
            self.authenticator.challenge(self.now, &received.request, asked, &mut self.random)
        } else {
            self.registrar.handle_register(self.now, "user", received.flow, &received.request)
        };
        self.agent.respond(self.now, received.id, response);
    }
}

/// Checks every case on both kinds of transport, and that what was understood prints as it was read.
pub fn check(cases: &[Case]) {
    let mut wrong = Vec::new();
    for case in cases {
        let (udp, tcp) = (Element::new().datagram(case.bytes), Element::new().stream(case.bytes));
        if (udp, tcp) != (case.udp, case.tcp) {
            wrong.push(format!("{}: {udp:?} and {tcp:?}, not {:?} and {:?}", case.name, case.udp, case.tcp));
        }
        if let Ok(Datagram::Message(message)) = parse_datagram(&Bytes::from_static(case.bytes)) {
            let Ok(Datagram::Message(again)) = parse_datagram(&message.encode()) else {
                panic!("{} cannot be read again", case.name)
            };
            assert_eq!(again, message, "{}", case.name);
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn flow(transport: Transport) -> Flow {
    Flow {
        transport,
        local: ([192, 0, 2, 2], 5060).into(),
        remote: ([203, 0, 113, 9], 40_000).into(),
        connection: ConnectionId(1),
    }
}
