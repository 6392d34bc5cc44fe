//! Simulated time and a network with latency and loss between one transport and one browser.

use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

use ringdown_rtc::{
    DtlsIdentity, DtlsRole, Event, IceCredentials, Output, Received, Rejected, SRTP_OVERHEAD,
    WebRtcRemoteParams, WebRtcTransport,
};
use ringdown_types::{Random, SeededRandom};
use rtc_dtls::extension::extension_use_srtp::SrtpProtectionProfile;

use crate::browser::{Browser, rtp_packet};

pub(crate) const GCM: SrtpProtectionProfile = SrtpProtectionProfile::Srtp_Aead_Aes_128_Gcm;
pub(crate) const CM80: SrtpProtectionProfile = SrtpProtectionProfile::Srtp_Aes128_Cm_Hmac_Sha1_80;
pub(crate) const BROWSER: &str = "198.51.100.7:50000";

pub(crate) struct World {
    pub(crate) now: Instant,
    pub(crate) transport: WebRtcTransport,
    pub(crate) identity: DtlsIdentity,
    pub(crate) browser: Browser,
    pub(crate) events: Vec<Event>,
    /// Plain packets the transport delivered.
    pub(crate) received: Vec<Vec<u8>>,
    /// Lost datagrams, per thousand.
    pub(crate) loss: u32,
    pub(crate) random: SeededRandom,
    wire: Vec<Flying>,
    sent: u64,
    sequence: u16,
}

struct Flying {
    arrives: Instant,
    number: u64,
    /// The sender's address towards the transport, `None` towards the browser.
    source: Option<SocketAddr>,
    bytes: Vec<u8>,
}

#[expect(clippy::disallowed_methods, reason = "an arbitrary origin; time only moves by simulation from here")]
pub(crate) fn epoch() -> Instant {
    Instant::now()
}

impl World {
    /// Nobody knows the other's description yet. `browser_role` is the browser's DTLS role.
    pub(crate) fn new(browser_role: DtlsRole, profiles: &[SrtpProtectionProfile], seed: u64) -> Self {
        let mut random = SeededRandom::new(seed);
        let identity = DtlsIdentity::generate().unwrap();
        let local = IceCredentials::generate(&mut random);
        Self {
            now: epoch(),
            transport: WebRtcTransport::new(local, identity.clone()),
            identity,
            browser: Browser::new(BROWSER, browser_role, profiles, seed + 1),
            events: Vec::new(),
            received: Vec::new(),
            loss: 0,
            random,
            wire: Vec::new(),
            sent: 0,
            sequence: 0,
        }
    }

    /// Connected, with the transport as answerer and DTLS server.
    pub(crate) fn connected(seed: u64) -> Self {
        let mut world = Self::new(DtlsRole::Client, &[CM80, GCM], seed);
        world.introduce();
        world.run(Duration::from_secs(1));
        assert!(world.transport.is_connected());
        world.events.clear();
        world
    }

    pub(crate) fn remote_params(&self) -> WebRtcRemoteParams {
        WebRtcRemoteParams {
            ice: self.browser.ice.clone(),
            fingerprint: self.browser.fingerprint(),
            role: match self.browser.role {
                DtlsRole::Client => DtlsRole::Server,
                DtlsRole::Server => DtlsRole::Client,
            },
        }
    }

    /// The transport's description reaches the browser.
    pub(crate) fn tell_browser(&mut self) {
        let local = self.transport.local().clone();
        self.browser.set_remote(self.now, local, self.identity.fingerprint());
    }

    /// The browser's description reaches the transport.
    pub(crate) fn tell_transport(&mut self) {
        self.transport.set_remote(self.now, self.remote_params()).unwrap();
        self.drain();
    }

    pub(crate) fn introduce(&mut self) {
        self.tell_transport();
        self.tell_browser();
    }

    /// Lets `time` pass.
    pub(crate) fn run(&mut self, time: Duration) {
        let end = self.now + time;
        for _ in 0..1_000_000 {
            let due = [
                self.wire.iter().map(|flying| flying.arrives).min(),
                self.transport.next_timeout(),
                self.browser.next_timeout(),
            ];
            let Some(next) = due.into_iter().flatten().min().filter(|next| *next <= end) else {
                self.now = end;
                return;
            };
            self.now = self.now.max(next);
            self.step();
        }
        panic!("time stands still");
    }

    fn step(&mut self) {
        let now = self.now;
        self.wire.sort_by_key(|flying| (flying.arrives, flying.number));
        while self.wire.first().is_some_and(|flying| flying.arrives <= now) {
            let flying = self.wire.remove(0);
            match flying.source {
                Some(source) => {
                    let _ = self.deliver(source, flying.bytes);
                }
                None => {
                    let replies = self.browser.handle_datagram(now, &flying.bytes);
                    self.send_from_browser(replies);
                }
            }
        }
        if self.transport.next_timeout().is_some_and(|at| at <= now) {
            self.transport.handle_timeout(now);
            self.drain();
            let left = self.transport.next_timeout();
            assert!(left.is_none_or(|at| at > now), "a timeout that does nothing");
        }
        if self.browser.next_timeout().is_some_and(|at| at <= now) {
            let out = self.browser.handle_timeout(now);
            self.send_from_browser(out);
        }
    }

    /// Hands a datagram to the transport at once.
    pub(crate) fn deliver(&mut self, source: SocketAddr, mut bytes: Vec<u8>) -> Result<Received, Rejected> {
        let result = self.transport.handle_datagram(self.now, source, &mut bytes);
        if let Ok(Received::Rtp { length } | Received::Rtcp { length }) = result {
            self.received.push(bytes[..length].to_vec());
        }
        self.drain();
        result
    }

    /// Hands a datagram to the transport at once and returns what it sends in answer, past the network.
    pub(crate) fn probe(
        &mut self,
        source: SocketAddr,
        mut bytes: Vec<u8>,
    ) -> (Result<Received, Rejected>, Vec<Vec<u8>>) {
        let result = self.transport.handle_datagram(self.now, source, &mut bytes);
        let mut answers = Vec::new();
        while let Some(output) = self.transport.poll_output() {
            match output {
                Output::Event(event) => self.events.push(event),
                Output::Transmit(transmit) => {
                    assert_eq!(transmit.destination, source);
                    answers.push(transmit.bytes.to_vec());
                }
            }
        }
        (result, answers)
    }

    pub(crate) fn drain(&mut self) {
        while let Some(output) = self.transport.poll_output() {
            match output {
                Output::Event(event) => self.events.push(event),
                Output::Transmit(transmit) if transmit.destination == self.browser.address => {
                    self.send(None, transmit.bytes.to_vec());
                }
                // To an address the browser has left, or to nobody.
                Output::Transmit(_) => {}
            }
        }
    }

    pub(crate) fn send_from_browser(&mut self, datagrams: Vec<Vec<u8>>) {
        for bytes in datagrams {
            self.send(Some(self.browser.address), bytes);
        }
    }

    fn send(&mut self, source: Option<SocketAddr>, bytes: Vec<u8>) {
        if self.random.u32() % 1000 < self.loss {
            return;
        }
        self.sent += 1;
        let arrives = self.now + Duration::from_millis(10 + u64::from(self.random.u32() % 10));
        self.wire.push(Flying { arrives, number: self.sent, source, bytes });
    }

    /// Copies of what is on its way to the transport.
    pub(crate) fn flying_to_transport(&self) -> Vec<Vec<u8>> {
        self.wire.iter().filter(|flying| flying.source.is_some()).map(|flying| flying.bytes.clone()).collect()
    }

    /// One RTP and one RTCP packet each way; `true` if all four arrive.
    pub(crate) fn media_flows(&mut self) -> bool {
        let ((rtp, plain_rtp), (rtcp, plain_rtcp)) = (self.browser.rtp(), self.browser.rtcp());
        self.send_from_browser(vec![rtp, rtcp]);
        let Some(sent) = self.send_media() else { return false };
        self.run(Duration::from_millis(50));
        let to_transport = [plain_rtp, plain_rtcp].iter().all(|plain| self.received.contains(plain));
        let to_browser = sent.iter().all(|plain| self.browser.received.contains(plain));
        to_transport && to_browser
    }

    /// Sends one RTP and one RTCP packet to the selected address and returns their plain text; `None` if the
    /// transport refuses.
    pub(crate) fn send_media(&mut self) -> Option<[Vec<u8>; 2]> {
        self.sequence += 1;
        let rtp = rtp_packet(0xa11ce, self.sequence);
        let mut rtcp = vec![0x81, 201, 0, 7, 0, 0xa, 0x11, 0xce];
        rtcp.extend_from_slice(&[self.sequence as u8; 24]);
        let mut buffer = rtp.clone();
        buffer.resize(rtp.len() + SRTP_OVERHEAD, 0);
        let length = self.transport.protect_rtp(&mut buffer, rtp.len()).ok()?;
        let mut rtcp_buffer = rtcp.clone();
        rtcp_buffer.resize(rtcp.len() + SRTP_OVERHEAD, 0);
        let rtcp_length = self.transport.protect_rtcp(&mut rtcp_buffer, rtcp.len()).ok()?;
        if self.transport.selected() == Some(self.browser.address) {
            self.send(None, buffer[..length].to_vec());
            self.send(None, rtcp_buffer[..rtcp_length].to_vec());
        }
        Some([rtp, rtcp])
    }

    pub(crate) fn has(&self, event: &Event) -> bool {
        self.events.contains(event)
    }
}
