//! The session descriptions of the simulated devices, and what they read of the other side's.

use std::net::SocketAddr;

use ringdown_rtc::{DtlsRole, IceCredentials};
use ringdown_types::CodecId;

/// What a device sends and what it says of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Format {
    pub(crate) codec: CodecId,
    pub(crate) payload_type: u8,
}

/// What every telephone has.
pub(crate) const PCMA: Format = Format { codec: CodecId::Pcma, payload_type: 8 };
pub(crate) const PCMU: Format = Format { codec: CodecId::Pcmu, payload_type: 0 };
pub(crate) const OPUS: Format = Format { codec: CodecId::Opus, payload_type: 111 };

impl Format {
    fn rtpmap(self) -> String {
        let number = self.payload_type;
        match self.codec {
            CodecId::Opus => format!("a=rtpmap:{number} opus/48000/2\r\na=fmtp:{number} useinbandfec=1\r\n"),
            CodecId::Pcmu => format!("a=rtpmap:{number} PCMU/8000\r\n"),
            _ => format!("a=rtpmap:{number} PCMA/8000\r\n"),
        }
    }
}

/// A telephone's description: RTP at `address`, RTCP one above.
pub(crate) fn telephone(address: SocketAddr, format: Format) -> String {
    let (ip, port, number) = (address.ip(), address.port(), format.payload_type);
    format!(
        "v=0\r\no=- 1 1 IN IP4 {ip}\r\ns=-\r\nc=IN IP4 {ip}\r\nt=0 0\r\nm=audio {port} RTP/AVP {number} 101\r\n{}\
         a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\na=ptime:20\r\na=sendrecv\r\n",
        format.rtpmap()
    )
}

/// A page's description.
pub(crate) fn page(ice: &IceCredentials, fingerprint: &str, setup: &str, format: Format) -> String {
    let (ufrag, pwd, number) = (ice.ufrag(), ice.password(), format.payload_type);
    format!(
        "v=0\r\no=- 42 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0\r\n\
         m=audio 9 UDP/TLS/RTP/SAVPF {number} 126\r\nc=IN IP4 0.0.0.0\r\na=ice-ufrag:{ufrag}\r\na=ice-pwd:{pwd}\r\n\
         a=fingerprint:sha-256 {fingerprint}\r\na=setup:{setup}\r\na=mid:0\r\na=sendrecv\r\na=rtcp-mux\r\n{}\
         a=rtpmap:126 telephone-event/8000\r\n",
        format.rtpmap()
    )
}

/// What a telephone reads of the other side's description: where its RTP goes.
pub(crate) fn rtp_address(sdp: &str) -> Option<SocketAddr> {
    let ip = field(sdp, "c=IN IP4 ")?.parse().ok()?;
    let port = field(sdp, "m=audio ")?.split(' ').next()?.parse().ok()?;
    Some(SocketAddr::new(ip, port))
}

/// What a page reads of the other side's description.
#[derive(Debug, Clone)]
pub(crate) struct RemotePage {
    pub(crate) ufrag: String,
    pub(crate) pwd: String,
    pub(crate) fingerprint: String,
    /// The page's own part in the handshake.
    pub(crate) role: DtlsRole,
    pub(crate) address: SocketAddr,
}

/// Reads it; `None` where something is missing.
pub(crate) fn remote_page(sdp: &str) -> Option<RemotePage> {
    let mut candidate = field(sdp, "a=candidate:")?.split(' ').skip(4);
    let ip = candidate.next()?.parse().ok()?;
    let address = SocketAddr::new(ip, candidate.next()?.parse().ok()?);
    let role = if field(sdp, "a=setup:")? == "active" { DtlsRole::Server } else { DtlsRole::Client };
    Some(RemotePage {
        ufrag: field(sdp, "a=ice-ufrag:")?.to_owned(),
        pwd: field(sdp, "a=ice-pwd:")?.to_owned(),
        fingerprint: field(sdp, "a=fingerprint:sha-256 ")?.to_owned(),
        role,
        address,
    })
}

fn field<'a>(sdp: &'a str, name: &str) -> Option<&'a str> {
    sdp.lines().find_map(|line| line.strip_prefix(name)).map(str::trim)
}
