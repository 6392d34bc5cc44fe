//! A browser as far as a transport sees it: a controlling ICE agent, DTLS and SRTP of the webrtc project.

use std::{
    net::SocketAddr,
    sync::Arc,
    time::{Duration, Instant},
};

use bytes::BytesMut;
use ringdown_rtc::{DatagramKind, DtlsRole, Fingerprint, IceCredentials, classify, is_rtcp};
use ringdown_types::{Random, SeededRandom};
use rtc_crypto::{
    RTCCryptoProvider,
    providers::{RingCrypto, RingProvider},
};
use rtc_dtls::{
    config::{ClientAuthType, ConfigBuilder, HandshakeConfig},
    crypto::Certificate,
    endpoint::{Endpoint, EndpointEvent},
    extension::extension_use_srtp::SrtpProtectionProfile,
};
use rtc_shared::TransportProtocol;
use rtc_srtp::{context::Context, protection_profile::ProtectionProfile};

use crate::checks::{Answer, Check, read_answer};

pub(crate) const SERVER: &str = "192.0.2.1:40000";

pub(crate) struct Browser {
    pub(crate) address: SocketAddr,
    pub(crate) ice: IceCredentials,
    /// The transport's credentials, once its description arrived.
    pub(crate) remote: Option<IceCredentials>,
    /// The transport's fingerprint as announced.
    pub(crate) remote_fingerprint: Option<Fingerprint>,
    pub(crate) role: DtlsRole,
    pub(crate) silent: bool,
    pub(crate) answered: bool,
    pub(crate) received: Vec<Vec<u8>>,
    pub(crate) closed_by_peer: bool,
    pub(crate) srtp: Option<(Context, Context)>,
    certificate: Fingerprint,
    config: Arc<HandshakeConfig>,
    endpoint: Endpoint,
    next_check: Option<Instant>,
    transactions: Vec<[u8; 12]>,
    random: SeededRandom,
    server: SocketAddr,
    sequence: u16,
    heard_second_hello: bool,
}

impl Browser {
    pub(crate) fn new(address: &str, role: DtlsRole, profiles: &[SrtpProtectionProfile], seed: u64) -> Self {
        let provider: Arc<dyn RTCCryptoProvider> = Arc::new(RingProvider::new());
        let certificate =
            Certificate::generate_self_signed(vec!["browser".to_owned()], provider.crypto()).unwrap();
        let fingerprint = Fingerprint::of_certificate(&certificate.certificate[0]);
        // The engine's own default cipher suites, RSA ones first and foremost, as a browser offers them.
        let config = ConfigBuilder::default()
            .with_crypto_provider(provider)
            .with_certificates(vec![certificate])
            .with_srtp_protection_profiles(profiles.to_vec())
            .with_client_auth(ClientAuthType::RequireAnyClientCert)
            .with_insecure_skip_verify(true)
            .with_flight_interval(Duration::from_millis(400))
            .build(role == DtlsRole::Client, None)
            .unwrap();
        let config = Arc::new(config);
        let address: SocketAddr = address.parse().unwrap();
        let mut random = SeededRandom::new(seed);
        let ice = IceCredentials::generate(&mut random);
        Self {
            address,
            ice,
            remote: None,
            remote_fingerprint: None,
            role,
            silent: false,
            answered: false,
            received: Vec::new(),
            closed_by_peer: false,
            srtp: None,
            certificate: fingerprint,
            endpoint: new_endpoint(address, role, &config),
            config,
            next_check: None,
            transactions: Vec::new(),
            random,
            server: SERVER.parse().unwrap(),
            sequence: 1000,
            heard_second_hello: false,
        }
    }

    pub(crate) fn fingerprint(&self) -> Fingerprint {
        self.certificate
    }

    /// The other side's description arrived: checks begin.
    pub(crate) fn set_remote(&mut self, now: Instant, ice: IceCredentials, fingerprint: Fingerprint) {
        self.remote = Some(ice);
        self.remote_fingerprint = Some(fingerprint);
        self.answered = false;
        self.next_check = Some(now);
    }

    pub(crate) fn next_timeout(&self) -> Option<Instant> {
        let dtls = self.endpoint.poll_timeout(&self.server).filter(|_| self.srtp.is_none());
        [self.next_check.filter(|_| !self.silent), dtls].into_iter().flatten().min()
    }

    pub(crate) fn handle_timeout(&mut self, now: Instant) -> Vec<Vec<u8>> {
        let mut out = Vec::new();
        if !self.silent && self.next_check.is_some_and(|at| now >= at) {
            let interval = if self.answered { 2500 } else { 50 };
            self.next_check = Some(now + Duration::from_millis(interval));
            out.extend(self.check());
        }
        drop(self.endpoint.handle_timeout(self.server, now));
        out.extend(self.dtls_out());
        out
    }

    /// The next check: nominating once one was answered, as regular nomination does.
    pub(crate) fn check(&mut self) -> Option<Vec<u8>> {
        let remote = self.remote.clone()?;
        let mut transaction = [0; 12];
        self.random.fill(&mut transaction);
        self.transactions.push(transaction);
        let check = Check::new(&remote, &self.ice, transaction);
        Some(if self.answered { check.nominating() } else { check }.encode())
    }

    pub(crate) fn handle_datagram(&mut self, now: Instant, datagram: &[u8]) -> Vec<Vec<u8>> {
        match classify(datagram[0]) {
            DatagramKind::Stun => self.handle_answer(now, datagram),
            DatagramKind::Dtls => {
                self.handle_dtls(now, datagram);
                self.dtls_out()
            }
            DatagramKind::Media => {
                self.handle_media(datagram);
                Vec::new()
            }
            DatagramKind::Unknown => panic!("the transport sent noise"),
        }
    }

    fn handle_answer(&mut self, now: Instant, datagram: &[u8]) -> Vec<Vec<u8>> {
        let password = self.remote.as_ref().unwrap().password();
        match read_answer(datagram, password) {
            Answer::Success { transaction, mapped } => {
                assert!(self.transactions.contains(&transaction));
                assert_eq!(mapped, self.address);
            }
            Answer::Error { code, .. } => panic!("a correct check was answered {code}"),
        }
        if self.answered {
            return Vec::new();
        }
        self.answered = true;
        self.next_check = Some(now);
        if self.role == DtlsRole::Client && self.srtp.is_none() {
            self.endpoint.connect(now, self.server, self.config.clone(), None).unwrap();
        }
        self.dtls_out()
    }

    fn handle_dtls(&mut self, now: Instant, datagram: &[u8]) {
        // A browser survives a repeated ClientHello. The engine, unshielded, stops retransmitting for good.
        let second_hello = datagram[0] == 22 && datagram[13] == 1 && datagram[18] == 1;
        if second_hello && std::mem::replace(&mut self.heard_second_hello, true) {
            return;
        }
        let events = self.endpoint.read(now, self.server, None, BytesMut::from(datagram)).unwrap_or_default();
        for event in events {
            match event {
                EndpointEvent::HandshakeComplete => self.key(),
                EndpointEvent::PeerClosed => self.closed_by_peer = true,
                _ => {}
            }
        }
    }

    fn key(&mut self) {
        let state = self.endpoint.get_connection_state(self.server).unwrap();
        assert_eq!(
            Some(Fingerprint::of_certificate(&state.peer_certificates[0])),
            self.remote_fingerprint,
            "the transport's certificate is the announced one"
        );
        let profile = match state.srtp_protection_profile() {
            SrtpProtectionProfile::Srtp_Aes128_Cm_Hmac_Sha1_80 => ProtectionProfile::Aes128CmHmacSha1_80,
            SrtpProtectionProfile::Srtp_Aead_Aes_128_Gcm => ProtectionProfile::AeadAes128Gcm,
            other => panic!("no profile of ours: {other:?}"),
        };
        let (key, salt) = (profile.key_len(), profile.salt_len());
        let secret =
            state.export_keying_material("EXTRACTOR-dtls_srtp", &[], 2 * (key + salt)).unwrap().into_bytes();
        let (keys, salts) = secret.split_at(2 * key);
        let context = |n: usize| {
            let (key, salt) = (&keys[n * key..][..key], &salts[n * salt..][..salt]);
            Context::new(key, salt, profile, None, None, &RingCrypto).unwrap()
        };
        let (client, server) = (context(0), context(1));
        self.srtp = Some(if state.is_client() { (client, server) } else { (server, client) });
    }

    fn handle_media(&mut self, datagram: &[u8]) {
        let (_, receiver) = self.srtp.as_mut().expect("media before the handshake");
        let plain = if is_rtcp(datagram) {
            receiver.decrypt_rtcp(datagram).unwrap()
        } else {
            receiver.decrypt_rtp(datagram).unwrap()
        };
        self.received.push(plain.to_vec());
    }

    fn dtls_out(&mut self) -> Vec<Vec<u8>> {
        std::iter::from_fn(|| self.endpoint.poll_transmit())
            .map(|transmit| transmit.message.to_vec())
            .collect()
    }

    /// An encrypted RTP packet and its plain text.
    pub(crate) fn rtp(&mut self) -> (Vec<u8>, Vec<u8>) {
        self.sequence = self.sequence.wrapping_add(1);
        let plain = rtp_packet(0xb0b, self.sequence);
        let (sender, _) = self.srtp.as_mut().expect("no keys");
        (sender.encrypt_rtp(&plain).unwrap().to_vec(), plain)
    }

    /// An encrypted sender report and its plain text.
    pub(crate) fn rtcp(&mut self) -> (Vec<u8>, Vec<u8>) {
        let mut plain = vec![0x80, 200, 0, 6, 0, 0, 0x0b, 0x0b];
        plain.extend_from_slice(&[7; 20]);
        let (sender, _) = self.srtp.as_mut().expect("no keys");
        (sender.encrypt_rtcp(&plain).unwrap().to_vec(), plain)
    }

    /// Closes the peer connection: a close_notify.
    pub(crate) fn close(&mut self, now: Instant) -> Vec<Vec<u8>> {
        self.endpoint.close(now).unwrap();
        self.dtls_out()
    }

    /// A fresh ClientHello, as an attacker with a certificate of its own would send it.
    pub(crate) fn client_hello(&mut self, now: Instant) -> Vec<u8> {
        self.endpoint.connect(now, self.server, self.config.clone(), None).unwrap();
        self.dtls_out().remove(0)
    }
}

pub(crate) fn rtp_packet(ssrc: u32, sequence: u16) -> Vec<u8> {
    let mut packet = vec![0x80, 111];
    packet.extend_from_slice(&sequence.to_be_bytes());
    packet.extend_from_slice(&(u32::from(sequence) * 960).to_be_bytes());
    packet.extend_from_slice(&ssrc.to_be_bytes());
    packet.extend_from_slice(&[0x5a; 120]);
    packet
}

fn new_endpoint(address: SocketAddr, role: DtlsRole, config: &Arc<HandshakeConfig>) -> Endpoint {
    let server = (role == DtlsRole::Server).then(|| config.clone());
    Endpoint::new(address, TransportProtocol::UDP, server)
}
