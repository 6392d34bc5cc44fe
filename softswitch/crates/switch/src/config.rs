//! What a switch is told once.

use std::{
    net::{IpAddr, SocketAddr},
    ops::RangeInclusive,
    time::Duration,
};

use ringdown_sdp::{LocalSecurity, SecurityHabit};
use ringdown_sip::{
    endpoint::{Ports, Transport},
    invite::SessionTimers,
    message::Algorithm,
};
use ringdown_types::SrtpPolicy;

/// What a switch is told once.
#[derive(Debug, Clone)]
pub struct SwitchConfig {
    /// The SIP domain and digest realm until a directory says otherwise.
    pub realm: String,
    /// The address telephones reach us at: in Via, Contact, and descriptions.
    pub advertised_address: IpAddr,
    /// Our address of the other IP version, for telephones of that version.
    pub other_address: Option<IpAddr>,
    /// The ports telephones reach us at.
    pub sip_ports: Ports,
    /// Names this instance in the user part of Contacts, so that a later instance can tell whose dialogs are whose.
    pub instance: String,
    /// The media workers, at least one.
    pub workers: Vec<WorkerInfo>,
    /// The digest algorithms telephones may choose from, preferred first.
    pub digest_algorithms: Vec<Algorithm>,
    /// SHA-256 of the certificate browsers see in the DTLS handshake.
    pub dtls_fingerprint: [u8; 32],
    /// Whether telephones' media are encrypted.
    pub srtp: SrtpPolicy,
    /// Whether SRTP keys may stand in signalling that anybody on the way can read.
    pub srtp_keys_in_clear: bool,
    /// How long a call with a telephone lives without a sign of life (RFC 4028).
    pub session_timers: SessionTimers,
    /// How registered telephones are asked whether they are there.
    pub qualify: QualifyConfig,
    /// How much may exist at once.
    pub limits: SwitchLimits,
}

/// How registered telephones are asked whether they are there, by OPTIONS over UDP.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QualifyConfig {
    /// How often each is asked; zero for never. A smaller value keeps more NAT bindings open and costs two packets each
    /// time; most NATs forget after 60 s or more.
    pub interval: Duration,
    /// A telephone that does not answer this often in a row is not rung until it answers or registers again.
    pub misses: u8,
}

impl Default for QualifyConfig {
    fn default() -> Self {
        Self { interval: Duration::from_secs(50), misses: 2 }
    }
}

impl SwitchConfig {
    /// Our address as a device at `peer` reaches it: that of its IP version, where there is one.
    pub fn address_for(&self, peer: IpAddr) -> IpAddr {
        let is_v6 = peer.to_canonical().is_ipv6();
        self.other_address.filter(|other| other.is_ipv6() == is_v6).unwrap_or(self.advertised_address)
    }

    /// What is done for the media of a telephone that signals over `transport`.
    pub(crate) const fn security_for(&self, transport: Transport, habit: SecurityHabit) -> LocalSecurity {
        LocalSecurity {
            policy: self.srtp,
            allows_keys: transport.is_secure() || self.srtp_keys_in_clear,
            fingerprint: Some(self.dtls_fingerprint),
            habit,
        }
    }
}

/// What signalling must know of a media worker.
#[derive(Debug, Clone)]
pub struct WorkerInfo {
    /// Where browsers reach it: each local or mapped address with its WebRTC port, best first.
    pub candidates: Vec<SocketAddr>,
    /// The UDP ports of its telephones' media; each leg takes an even one and the next.
    pub rtp_ports: RangeInclusive<u16>,
}

/// How much may exist at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SwitchLimits {
    /// Calls. One more is refused with 503 and `congestion`.
    pub calls: usize,
    /// Legs of one browser session. More would only serve a page that loops.
    pub legs_per_session: usize,
    /// Devices one call rings.
    pub devices_per_call: usize,
    /// Bindings of one telephone account.
    pub bindings_per_device: usize,
    /// SIP transactions.
    pub transactions: usize,
    /// Messages a second of one address's flows that proved nothing, ten seconds' worth at once; 0 is no limit. Fewer
    /// keep a building out whose telephones all come back at once.
    pub requests_per_address: u32,
    /// Requests a second of one telephone account outside calls, ten seconds' worth at once; 0 is no limit.
    pub requests_per_user: u32,
}

impl Default for SwitchLimits {
    fn default() -> Self {
        Self {
            calls: 10_000,
            legs_per_session: 8,
            devices_per_call: 16,
            bindings_per_device: 8,
            transactions: 65_536,
            requests_per_address: 500,
            requests_per_user: 50,
        }
    }
}
