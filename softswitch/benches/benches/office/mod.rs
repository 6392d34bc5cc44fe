//! A switch and telephones around it, joined without a network.

use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

use bytes::Bytes;
use ringdown_benches::{
    digest::Algorithm,
    phones::{self, Dialog, Envelope, Phone},
    wire::{Wire, response},
};
use ringdown_control::DirectorySnapshot;
use ringdown_media::api::{LegStats, MediaCommand, MediaEvent};
use ringdown_sip::invite::SessionTimers;
use ringdown_sip::{
    endpoint::{ConnectionId, Flow, Ports, Transport},
    message::Algorithm as Offered,
};
use ringdown_switch::{Output, QualifyConfig, Switch, SwitchConfig, SwitchLimits, WorkerInfo};
use ringdown_types::{Random, SeededRandom, SrtpPolicy};

const REALM: &str = "ringdown.local";

pub(crate) struct Office {
    switch: Switch,
    now: Instant,
    phones: Vec<Phone>,
    next: u32,
    numbers: u32,
}

impl Office {
    /// A switch with `count` registered telephones.
    pub(crate) fn new(count: u32) -> Self {
        let now = Instant::now();
        let mut seed = 0;
        let mut random = || -> Box<dyn Random> {
            seed += 1;
            Box::new(SeededRandom::new(seed))
        };
        let mut switch = Switch::new(now, 1_790_000_000_000, config(), &mut random);
        let directory: DirectorySnapshot =
            serde_json::from_str(&phones::directory(count, REALM)).expect("a directory");
        switch.apply_directory(now, directory).expect("a sound directory");
        let phones = (0..count).map(|index| Phone::new(index, REALM)).collect();
        let mut office = Self { switch, now, phones, next: 0, numbers: 0 };
        for _ in 0..count {
            office.register(false);
        }
        office
    }

    /// The next telephone registers, with its last nonce if `reuse`.
    pub(crate) fn register(&mut self, reuse: bool) {
        let index = self.turn();
        if !reuse {
            self.phones[index as usize].forget();
        }
        let status = self.try_register(index);
        if status == Some(401) {
            assert_eq!(self.try_register(index), Some(200), "it registers");
        }
    }

    fn try_register(&mut self, index: u32) -> Option<u16> {
        let call_id = format!("r{index}@bench");
        let branch = self.branch();
        let phone = &mut self.phones[index as usize];
        phone.cseq += 1;
        let authorization = phone.authorization(REALM, "REGISTER", "sip:ringdown.local");
        let envelope = Envelope {
            realm: REALM,
            local: address(index),
            call_id: &call_id,
            branch: &branch,
            cseq: phone.cseq,
            from: &phone.number,
            tag: "r",
        };
        let bytes = phones::register(envelope, &authorization);
        let answers = self.send(index, bytes);
        let (_, answer) = answers.first()?;
        let wire = Wire::of(answer)?;
        if wire.status() == Some(401) {
            self.phones[index as usize].challenged(wire.all("WWW-Authenticate"), Algorithm::Md5);
        }
        wire.status()
    }

    /// A stranger asks what the switch can do.
    pub(crate) fn options(&mut self) {
        let branch = self.branch();
        let text = format!(
            "OPTIONS sip:{REALM} SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.99:5060;branch={branch}\r\nMax-Forwards: 70\r\n\
             From: <sip:x@y>;tag=1\r\nTo: <sip:{REALM}>\r\nCall-ID: o\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n"
        );
        assert_eq!(self.send(99, text.into_bytes()).len(), 1, "it is answered");
    }

    /// The next telephone calls another: INVITE, 180, 200, ACK, BYE, each through the switch.
    pub(crate) fn call(&mut self) {
        let caller = self.turn();
        let callee = (caller + self.phones.len() as u32 / 2) % self.phones.len() as u32;
        let names = (self.branch(), format!("c{}@bench", self.numbers), format!("t{}", self.numbers));
        let mut answers = self.invite(caller, callee, &names, 1);
        if status(&answers) == Some(401) {
            let (_, answer) = &answers[0];
            let wire = Wire::of(answer).expect("a response");
            let challenges: Vec<_> = wire.all("WWW-Authenticate").map(str::to_owned).collect();
            self.phones[caller as usize].challenged(challenges.iter().map(String::as_str), Algorithm::Md5);
            answers = self.invite(caller, callee, &names, 2);
        }
        let invite = received(&answers, callee).expect("the callee is called");
        let invite = Wire::of(&invite).expect("an INVITE");
        let contact = format!("Contact: <sip:{}>\r\n", address(callee));
        self.send(callee, response(invite, "180 Ringing", ";tag=u", &contact, ""));
        let with_sdp = format!("{contact}Content-Type: application/sdp\r\n");
        let ok = response(invite, "200 OK", ";tag=u", &with_sdp, &phones::description(address(callee)));
        let answers = self.send(callee, ok);
        let ok = received(&answers, caller).expect("the caller hears of it");
        let ok = Wire::of(&ok).expect("a 200");
        let dialog = Dialog {
            target: ok.contact().unwrap_or_default().to_owned(),
            to: ok.first("To").unwrap_or_default().to_owned(),
            routes: String::new(),
        };
        self.in_dialog(caller, "ACK", &names, 2, &dialog);
        let answers = self.in_dialog(caller, "BYE", &names, 3, &dialog);
        let bye = received(&answers, callee).expect("the callee is hung up on");
        self.send(callee, response(Wire::of(&bye).expect("a BYE"), "200 OK", "", "", ""));
        assert_eq!(self.switch.call_count(), 0);
    }

    fn invite(&mut self, caller: u32, callee: u32, names: &(String, String, String), cseq: u32) -> Datagrams {
        let number = phones::number(callee);
        let phone = &mut self.phones[caller as usize];
        let authorization = phone.authorization(REALM, "INVITE", &format!("sip:{number}@{REALM}"));
        let branch = format!("{}.{cseq}", names.0);
        let envelope = Envelope {
            realm: REALM,
            local: address(caller),
            call_id: &names.1,
            branch: &branch,
            cseq,
            from: &phone.number,
            tag: &names.2,
        };
        let bytes = phones::invite(envelope, &number, &authorization);
        self.send(caller, bytes)
    }

    fn in_dialog(
        &mut self,
        caller: u32,
        method: &str,
        names: &(String, String, String),
        cseq: u32,
        dialog: &Dialog,
    ) -> Datagrams {
        let branch = format!("{}.{method}", names.0);
        let number = phones::number(caller);
        let envelope = Envelope {
            realm: REALM,
            local: address(caller),
            call_id: &names.1,
            branch: &branch,
            cseq,
            from: &number,
            tag: &names.2,
        };
        self.send(caller, phones::in_dialog(envelope, method, dialog))
    }

    /// Gives the switch a datagram of a telephone; what it sends, with whom to.
    fn send(&mut self, from: u32, bytes: Vec<u8>) -> Datagrams {
        let local = SocketAddr::from(([198, 51, 100, 1], 5060));
        let flow =
            Flow { transport: Transport::Udp, local, remote: address(from), connection: ConnectionId(0) };
        self.switch.handle_datagram(self.now, flow, &Bytes::from(bytes));
        let mut sent = Vec::new();
        while let Some(output) = self.switch.poll_output() {
            match output {
                Output::Sip(transmit) => sent.push((transmit.destination.remote(), transmit.bytes)),
                Output::Media { command: MediaCommand::RemoveLeg { leg }, .. } => {
                    let stats = LegStats::default();
                    self.switch.handle_media_event(self.now, MediaEvent::LegRemoved { leg, stats });
                }
                _ => {}
            }
        }
        sent
    }

    /// The next telephone; time goes on by what a busy hour leaves between two calls.
    fn turn(&mut self) -> u32 {
        self.now += Duration::from_millis(2);
        self.switch.handle_timeout(self.now);
        while self.switch.poll_output().is_some() {}
        self.next = (self.next + 1) % self.phones.len() as u32;
        self.next
    }

    fn branch(&mut self) -> String {
        self.numbers += 1;
        format!("z9hG4bK{}", self.numbers)
    }
}

type Datagrams = Vec<(SocketAddr, Bytes)>;

fn status(datagrams: &Datagrams) -> Option<u16> {
    Wire::of(&datagrams.first()?.1)?.status()
}

/// The last datagram to a telephone.
fn received(datagrams: &Datagrams, by: u32) -> Option<Bytes> {
    datagrams.iter().rev().find(|(to, _)| *to == address(by)).map(|(_, bytes)| bytes.clone())
}

fn address(index: u32) -> SocketAddr {
    let [_, _, high, low] = index.to_be_bytes();
    ([192, 0, high, low], 5060).into()
}

fn config() -> SwitchConfig {
    SwitchConfig {
        realm: REALM.to_owned(),
        advertised_address: [198, 51, 100, 1].into(),
        other_address: None,
        sip_ports: Ports::new(5060),
        instance: "bench".to_owned(),
        workers: vec![WorkerInfo {
            candidates: vec![([198, 51, 100, 1], 40_000).into()],
            rtp_ports: 20_000..=29_999,
        }],
        digest_algorithms: vec![Offered::Md5],
        dtls_fingerprint: [7; 32],
        srtp: SrtpPolicy::Optional,
        srtp_keys_in_clear: false,
        session_timers: SessionTimers::default(),
        qualify: QualifyConfig { interval: Duration::ZERO, misses: 2 },
        limits: SwitchLimits {
            transactions: 10_000_000,
            requests_per_address: 0,
            requests_per_user: 0,
            ..SwitchLimits::default()
        },
    }
}
