//! A browser: its own transport for DTLS and SRTP, and a full ICE agent's checks written by `rtc-stun`.
//!
//! Our transport answers checks and never sends any, so the checks of both directions are made here.

use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

use ringdown_media::{
    api::{AudioParameters, DtlsRole, MediaCommand, Transport, WebRtcRemote},
    rtp::parse,
};
use ringdown_plane::SocketKey;
use ringdown_rtc::{
    DtlsIdentity, IceCredentials, Output, Received, SRTP_OVERHEAD, WebRtcRemoteParams, WebRtcTransport,
};
use ringdown_types::{LegId, Random, SeededRandom};
use rtc_crypto::providers::RingCrypto;
use rtc_stun::{
    attributes::{ATTR_ICE_CONTROLLING, ATTR_PRIORITY, ATTR_USE_CANDIDATE, ATTR_USERNAME, RawAttribute},
    fingerprint::FINGERPRINT,
    integrity::MessageIntegrity,
    message::{BINDING_REQUEST, Message, Setter, TransactionId},
};

use crate::rig::{Rig, Sent, address};

const SERVER: &str = "192.0.2.1:40000";

pub(crate) struct Browser {
    pub(crate) leg: LegId,
    pub(crate) address: SocketAddr,
    transport: WebRtcTransport,
    identity: DtlsIdentity,
    ice: IceCredentials,
    worker_ice: IceCredentials,
    random: SeededRandom,
    pub(crate) rtcp: usize,
    /// The compounds that came.
    pub(crate) compounds: Vec<Vec<u8>>,
}

impl Browser {
    pub(crate) fn new(leg: LegId, at: &str, seed: u64) -> Self {
        let mut random = SeededRandom::new(seed);
        let (ice, worker_ice) =
            (IceCredentials::generate(&mut random), IceCredentials::generate(&mut random));
        let identity = DtlsIdentity::generate().expect("a certificate");
        let transport = WebRtcTransport::new(ice.clone(), identity.clone());
        Self {
            leg,
            address: address(at),
            transport,
            identity,
            ice,
            worker_ice,
            random,
            rtcp: 0,
            compounds: Vec::new(),
        }
    }

    /// The leg as call control makes it: the browser is the DTLS client.
    pub(crate) fn add(&mut self, rig: &mut Rig, audio: AudioParameters, fingerprint: Option<[u8; 32]>) {
        self.begin(rig);
        let transport = self.described(fingerprint);
        rig.command(MediaCommand::AddLeg { leg: self.leg, transport, audio });
    }

    /// The worker's description arrived.
    pub(crate) fn begin(&mut self, rig: &Rig) {
        let remote = WebRtcRemoteParams {
            ice: self.worker_ice.clone(),
            fingerprint: rig.identity.fingerprint(),
            role: ringdown_rtc::DtlsRole::Client,
        };
        self.transport.set_remote(rig.now(), remote).expect("a new transport");
    }

    pub(crate) fn described(&self, fingerprint: Option<[u8; 32]>) -> Transport {
        Transport::WebRtc {
            local_ufrag: self.worker_ice.ufrag().to_owned(),
            local_pwd: self.worker_ice.password().to_owned(),
            remote: Some(WebRtcRemote {
                ufrag: self.ice.ufrag().to_owned(),
                pwd: self.ice.password().to_owned(),
                fingerprint: fingerprint.unwrap_or(*self.identity.fingerprint().as_bytes()),
                dtls_role: DtlsRole::Server,
            }),
        }
    }

    /// Checks, nominates, shakes hands.
    pub(crate) fn connect(&mut self, rig: &mut Rig) {
        let server = address(SERVER);
        let to_worker = self.check(true);
        rig.deliver(SocketKey::WebRtc, self.address, &to_worker);
        let mut to_us = self.check(false);
        // The worker is lite; the check that makes its address valid here is ours too.
        let _ = self.transport.handle_datagram(rig.now(), server, &mut to_us);
        for _ in 0..20 {
            self.pump(rig);
            rig.advance(Duration::from_millis(10));
        }
    }

    /// Consent: browsers check every few seconds.
    pub(crate) fn keep_consent(&mut self, rig: &mut Rig) {
        let check = self.check(true);
        rig.deliver(SocketKey::WebRtc, self.address, &check);
    }

    /// A nominating check, for the worker or for our own transport.
    pub(crate) fn check(&mut self, is_for_worker: bool) -> Vec<u8> {
        let (ours, theirs) =
            if is_for_worker { (&self.worker_ice, &self.ice) } else { (&self.ice, &self.worker_ice) };
        let mut transaction = [0; 12];
        self.random.fill(&mut transaction);
        let raw = |typ, value: &[u8]| -> Box<dyn Setter> {
            Box::new(RawAttribute { typ, length: value.len() as u16, value: value.to_vec() })
        };
        let username = format!("{}:{}", ours.ufrag(), theirs.ufrag());
        let password = ours.password().to_owned();
        let setters: Vec<Box<dyn Setter>> = vec![
            Box::new(BINDING_REQUEST),
            Box::new(TransactionId(transaction)),
            raw(ATTR_USERNAME, username.as_bytes()),
            raw(ATTR_PRIORITY, &[0x6e, 0x7f, 0x1e, 0xff]),
            raw(ATTR_ICE_CONTROLLING, &[1, 2, 3, 4, 5, 6, 7, 8]),
            raw(ATTR_USE_CANDIDATE, &[]),
            Box::new(MessageIntegrity::new_short_term_integrity_with_provider(password, &RingCrypto)),
            Box::new(FINGERPRINT),
        ];
        let mut message = Message::new();
        message.build(&setters).expect("a well-formed check");
        message.raw
    }

    fn pump(&mut self, rig: &mut Rig) {
        for sent in std::mem::take(&mut rig.sent) {
            self.receive(rig.now(), &sent);
        }
        self.transport.handle_timeout(rig.now());
        while let Some(output) = self.transport.poll_output() {
            if let Output::Transmit(transmit) = output {
                rig.deliver(SocketKey::WebRtc, self.address, &transmit.bytes);
            }
        }
    }

    /// Takes a datagram; a decrypted RTP packet is returned.
    pub(crate) fn receive(&mut self, now: Instant, sent: &Sent) -> Option<Vec<u8>> {
        if sent.destination != self.address {
            return None;
        }
        let mut bytes = sent.bytes.clone();
        match self.transport.handle_datagram(now, address(SERVER), &mut bytes) {
            Ok(Received::Rtp { length }) => Some(bytes[..length].to_vec()),
            Ok(Received::Rtcp { length }) => {
                self.rtcp += 1;
                self.compounds.push(bytes[..length].to_vec());
                None
            }
            Ok(Received::Nothing) | Err(_) => None,
        }
    }

    pub(crate) fn is_connected(&self) -> bool {
        self.transport.is_connected()
    }

    /// Encrypts and delivers an RTP packet.
    pub(crate) fn say(&mut self, rig: &mut Rig, packet: &[u8]) -> Vec<u8> {
        let protected = self.protect(packet);
        rig.deliver(SocketKey::WebRtc, self.address, &protected);
        protected
    }

    /// Encrypts and delivers a compound RTCP packet.
    pub(crate) fn report(&mut self, rig: &mut Rig, compound: &[u8]) {
        let mut buffer = compound.to_vec();
        buffer.resize(compound.len() + SRTP_OVERHEAD, 0);
        let length = self.transport.protect_rtcp(&mut buffer, compound.len()).expect("connected");
        rig.deliver(SocketKey::WebRtc, self.address, &buffer[..length]);
    }

    pub(crate) fn protect(&mut self, packet: &[u8]) -> Vec<u8> {
        let mut buffer = packet.to_vec();
        buffer.resize(packet.len() + SRTP_OVERHEAD, 0);
        let length = self.transport.protect_rtp(&mut buffer, packet.len()).expect("connected");
        buffer.truncate(length);
        buffer
    }
}

pub(crate) fn payload(packet: &[u8]) -> (u8, Vec<u8>) {
    let parsed = parse(packet).expect("the worker sends well-formed packets");
    (parsed.payload_type, packet[parsed.payload].to_vec())
}
