//! The webrtc project's full PeerConnection as the browser: its own ICE agent, session descriptions, DTLS and
//! SRTP. As offerer and answerer, in both DTLS roles, with both SRTP profiles; simulated time.

use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

use bytes::BytesMut;
use ringdown_rtc::{
    DtlsIdentity, DtlsRole, Event, IceCredentials, Output, Received, SRTP_OVERHEAD, WebRtcRemoteParams,
    WebRtcTransport,
};
use ringdown_types::SeededRandom;
use rtc::{
    media_stream::MediaStreamTrack,
    peer_connection::{
        RTCPeerConnection, RTCPeerConnectionBuilder,
        configuration::{
            media_engine::{MIME_TYPE_PCMU, MediaEngine},
            setting_engine::SettingEngineBuilder,
        },
        message::{RTCMessage, TaggedRTCMessage},
        sdp::RTCSessionDescription,
        transport::{CandidateConfig, CandidateHostConfig, RTCDtlsRole, RTCIceCandidate},
    },
    rtp,
    rtp_transceiver::{
        RTCRtpSenderId,
        rtp_sender::{
            RTCRtpCodec, RTCRtpCodecParameters, RTCRtpCodingParameters, RTCRtpEncodingParameters,
            RtpCodecKind,
        },
    },
    sansio::Protocol,
    shared::{TaggedBytesMut, TransportContext, TransportProtocol},
};
use rtc_dtls::extension::extension_use_srtp::SrtpProtectionProfile;

const BROWSER: &str = "198.51.100.7:50000";
const SERVER: &str = "192.0.2.1:40000";
const BROWSER_SSRC: u32 = 0xb0b;
const OUR_SSRC: u32 = 0xa11ce;

struct Session {
    now: Instant,
    browser: RTCPeerConnection,
    sender: RTCRtpSenderId,
    transport: WebRtcTransport,
    identity: DtlsIdentity,
    connected: bool,
    /// The payloads that arrived, by what they are filled with.
    at_browser: Vec<u8>,
    at_transport: Vec<u8>,
}

impl Session {
    fn new(profile: SrtpProtectionProfile, answering: RTCDtlsRole) -> Self {
        let now = epoch();
        let codec = RTCRtpCodec {
            mime_type: MIME_TYPE_PCMU.to_owned(),
            clock_rate: 8000,
            channels: 1,
            ..RTCRtpCodec::default()
        };
        let mut media = MediaEngine::default();
        let parameters = RTCRtpCodecParameters { rtp_codec: codec.clone(), payload_type: 0 };
        media.register_codec(parameters, RtpCodecKind::Audio).unwrap();
        let settings = SettingEngineBuilder::new()
            .with_srtp_protection_profiles(vec![profile])
            .with_answering_dtls_role(answering)
            .build();
        let mut browser = RTCPeerConnectionBuilder::new()
            .with_setting_engine(settings)
            .with_media_engine(media)
            .build(now)
            .unwrap();
        let coding = RTCRtpEncodingParameters {
            rtp_coding_parameters: RTCRtpCodingParameters {
                ssrc: Some(BROWSER_SSRC),
                ..RTCRtpCodingParameters::default()
            },
            codec,
            ..RTCRtpEncodingParameters::default()
        };
        let track = MediaStreamTrack::new(
            "stream".to_owned(),
            "audio".to_owned(),
            "audio".to_owned(),
            RtpCodecKind::Audio,
            vec![coding],
        );
        let sender = browser.add_track(track).unwrap();
        let own = address(BROWSER);
        let candidate = CandidateHostConfig {
            base_config: CandidateConfig {
                network: "udp".to_owned(),
                address: own.ip().to_string(),
                port: own.port(),
                component: 1,
                ..CandidateConfig::default()
            },
            ..CandidateHostConfig::default()
        };
        let candidate = RTCIceCandidate::from(&candidate.new_candidate_host().unwrap()).to_json().unwrap();
        browser.add_local_candidate(candidate).unwrap();
        let identity = DtlsIdentity::generate().unwrap();
        let local = IceCredentials::generate(&mut SeededRandom::new(1));
        Self {
            now,
            browser,
            sender,
            transport: WebRtcTransport::new(local, identity.clone()),
            identity,
            connected: false,
            at_browser: Vec::new(),
            at_transport: Vec::new(),
        }
    }

    /// Our description: an offer with `actpass`, or an answer with the role given.
    fn describe(&self, setup: &str, mid: &str) -> String {
        let (local, fingerprint) = (self.transport.local(), self.identity.fingerprint());
        let (ufrag, password) = (local.ufrag(), local.password());
        [
            "v=0",
            "o=- 1 1 IN IP4 0.0.0.0",
            "s=-",
            "t=0 0",
            "a=ice-lite",
            &format!("a=group:BUNDLE {mid}"),
            "m=audio 9 UDP/TLS/RTP/SAVPF 0",
            "c=IN IP4 0.0.0.0",
            &format!("a=mid:{mid}"),
            &format!("a=ice-ufrag:{ufrag}"),
            &format!("a=ice-pwd:{password}"),
            &format!("a=fingerprint:sha-256 {fingerprint}"),
            &format!("a=setup:{setup}"),
            "a=rtcp-mux",
            "a=sendrecv",
            "a=rtpmap:0 PCMU/8000",
            "a=msid:ringdown audio",
            &format!("a=ssrc:{OUR_SSRC} cname:ringdown"),
            "a=candidate:1 1 udp 2130706431 192.0.2.1 40000 typ host",
            "a=end-of-candidates",
            "",
        ]
        .join("\r\n")
    }

    fn browser_offers(&mut self, our_role: DtlsRole) {
        let offer = self.browser.create_offer(None).unwrap();
        self.browser.set_local_description(self.now, offer.clone()).unwrap();
        self.tell_transport(&offer.sdp, our_role);
        let setup = if our_role == DtlsRole::Client { "active" } else { "passive" };
        let answer =
            RTCSessionDescription::answer(self.describe(setup, attribute(&offer.sdp, "mid:"))).unwrap();
        self.browser.set_remote_description(self.now, answer).unwrap();
    }

    fn transport_offers(&mut self, early: Duration) {
        let offer = RTCSessionDescription::offer(self.describe("actpass", "0")).unwrap();
        self.browser.set_remote_description(self.now, offer).unwrap();
        let answer = self.browser.create_answer(None).unwrap();
        self.browser.set_local_description(self.now, answer.clone()).unwrap();
        // The answer takes its time through signalling; checks and DTLS do not wait for it.
        self.run(early);
        let our_role = match attribute(&answer.sdp, "setup:") {
            "active" => DtlsRole::Server,
            "passive" => DtlsRole::Client,
            other => panic!("an answer does not say {other}"),
        };
        self.tell_transport(&answer.sdp, our_role);
    }

    fn tell_transport(&mut self, sdp: &str, role: DtlsRole) {
        let remote = WebRtcRemoteParams {
            ice: IceCredentials::new(attribute(sdp, "ice-ufrag:"), attribute(sdp, "ice-pwd:")).unwrap(),
            fingerprint: attribute(sdp, "fingerprint:").parse().unwrap(),
            role,
        };
        self.transport.set_remote(self.now, remote).unwrap();
    }

    /// Lets `time` pass in steps of 5 ms, in which all that is under way arrives.
    fn run(&mut self, time: Duration) {
        let end = self.now + time;
        while self.now < end {
            self.now += Duration::from_millis(5);
            self.browser.handle_timeout(self.now).unwrap();
            if self.transport.next_timeout().is_some_and(|at| at <= self.now) {
                self.transport.handle_timeout(self.now);
            }
            while self.exchange() {}
        }
    }

    /// Moves one round of datagrams both ways. `false` once nothing moves.
    fn exchange(&mut self) -> bool {
        let mut moved = false;
        while let Some(output) = self.transport.poll_output() {
            match output {
                Output::Event(event) => self.connected |= event == Event::Connected,
                Output::Transmit(transmit) => {
                    moved = true;
                    assert_eq!(transmit.destination, address(BROWSER));
                    self.deliver_to_browser(&transmit.bytes);
                }
            }
        }
        while let Some(sent) = self.browser.poll_write() {
            moved = true;
            if sent.transport.peer_addr == address(SERVER) {
                let mut bytes = sent.message.to_vec();
                let received = self.transport.handle_datagram(self.now, address(BROWSER), &mut bytes);
                if let Ok(Received::Rtp { length }) = received {
                    assert_eq!(bytes[12..length].len(), 160);
                    self.at_transport.push(bytes[100]);
                }
            }
        }
        // The engine moves on only as its events are taken.
        while self.browser.poll_event().is_some() {}
        while let Some(TaggedRTCMessage { message, .. }) = self.browser.poll_read() {
            if let RTCMessage::RtpPacket(_, packet) = message {
                assert_eq!(packet.payload.len(), 160);
                self.at_browser.push(packet.payload[100]);
            }
        }
        moved
    }

    fn deliver_to_browser(&mut self, bytes: &[u8]) {
        let transport = TransportContext {
            local_addr: address(BROWSER),
            peer_addr: address(SERVER),
            ecn: None,
            transport_protocol: TransportProtocol::UDP,
        };
        let message = BytesMut::from(bytes);
        self.browser.handle_read(TaggedBytesMut { now: self.now, transport, message }).unwrap();
    }

    /// Fifty packets each way, every one of which must arrive.
    fn talk(&mut self) {
        for number in 0..50_u8 {
            let header = rtp::Header {
                version: 2,
                payload_type: 0,
                sequence_number: 100 + u16::from(number),
                timestamp: u32::from(number) * 160,
                ssrc: BROWSER_SSRC,
                ..rtp::Header::default()
            };
            let packet = rtp::Packet { header, payload: vec![number; 160].into() };
            self.browser.rtp_sender(self.sender).unwrap().write_rtp(self.now, packet).unwrap();
            let mut buffer = vec![0x80, 0, 0, number, 0, 0, 0, number];
            buffer.extend_from_slice(&OUR_SSRC.to_be_bytes());
            buffer.extend_from_slice(&[number; 160]);
            buffer.resize(172 + SRTP_OVERHEAD, 0);
            let length = self.transport.protect_rtp(&mut buffer, 172).unwrap();
            self.deliver_to_browser(&buffer[..length]);
            self.run(Duration::from_millis(20));
        }
        let expected: Vec<u8> = (0..50).collect();
        assert_eq!(self.at_transport, expected, "from the browser");
        assert_eq!(self.at_browser, expected, "to the browser");
    }
}

fn attribute<'a>(sdp: &'a str, name: &str) -> &'a str {
    sdp.lines()
        .find_map(|line| line.strip_prefix("a=")?.strip_prefix(name))
        .unwrap_or_else(|| panic!("no {name} in the description"))
}

fn address(text: &str) -> SocketAddr {
    text.parse().unwrap()
}

#[expect(clippy::disallowed_methods, reason = "an arbitrary origin; time only moves by simulation from here")]
fn epoch() -> Instant {
    Instant::now()
}

const PROFILES: [SrtpProtectionProfile; 2] =
    [SrtpProtectionProfile::Srtp_Aes128_Cm_Hmac_Sha1_80, SrtpProtectionProfile::Srtp_Aead_Aes_128_Gcm];

#[test]
fn the_browser_offers() {
    for profile in PROFILES {
        for our_role in [DtlsRole::Client, DtlsRole::Server] {
            let mut session = Session::new(profile, RTCDtlsRole::Client);
            session.browser_offers(our_role);
            session.run(Duration::from_secs(2));
            assert!(session.connected, "{profile:?} {our_role:?}: {:?}", session.transport.rejected());
            session.talk();
        }
    }
}

#[test]
fn the_transport_offers() {
    for profile in PROFILES {
        for browser_role in [RTCDtlsRole::Client, RTCDtlsRole::Server] {
            for early in [Duration::ZERO, Duration::from_secs(2)] {
                let mut session = Session::new(profile, browser_role);
                session.transport_offers(early);
                session.run(Duration::from_secs(3));
                assert!(
                    session.connected,
                    "{profile:?} {browser_role:?}: {:?}",
                    session.transport.rejected()
                );
                session.talk();
            }
        }
    }
}
