//! What a peer's description means: one audio stream, and video beside it.

use std::{
    fmt,
    net::{IpAddr, SocketAddr},
};

use ringdown_types::MediaDirection;

use crate::{
    attribute::{Setup, sha256_of},
    candidate::Candidate,
    description::{MediaKind, MediaSection, Protocol, SessionDescription},
    error::{ParseError, SdpError, Unacceptable},
    formats::{AudioCodec, AudioFormats, TelephoneEventFormat},
    security::{LocalSecurity, RemoteSecurity},
    video::{ListedExtension, RemoteVideo, read_audio_level, read_videos},
};

/// Which kind of peer speaks: it decides which transports count and how a description is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Peer {
    /// WebRTC: ICE, DTLS-SRTP, rtcp-mux (RFC 8829).
    Browser,
    /// SIP with RTP, or with SRTP but without ICE (RFC 3264, RFC 4568, RFC 5763).
    Telephone,
}

/// A peer's offer or answer.
#[derive(Debug, Clone, PartialEq)]
pub struct RemoteDescription {
    description: SessionDescription,
    audio: Result<RemoteAudio, SdpError>,
    videos: Vec<RemoteVideo>,
}

impl RemoteDescription {
    /// Reads a description from a peer.
    ///
    /// # Errors
    /// [`SdpError::Malformed`]. What is well formed but of no use to us shows in [`RemoteDescription::audio`].
    pub fn parse(text: impl AsRef<[u8]>, peer: Peer) -> Result<Self, SdpError> {
        Self::read(SessionDescription::parse(text.as_ref())?, peer)
    }

    /// Reads a telephone's description again, as far as it can be served with `security`: a stream that is offered as
    /// two sections, encrypted and not, may become the other one.
    pub fn restrict(&mut self, security: &LocalSecurity) {
        self.audio = read_audio(&self.description, Peer::Telephone, security);
        self.videos = read_videos(&self.description, &self.audio, (Peer::Telephone, security));
    }

    /// Reads a description from a peer that may be of either kind, and says which it is: one that offers plain RTP, or
    /// SRTP without ICE or rtcp-mux, is a telephone whatever else it offers.
    ///
    /// # Errors
    /// As [`RemoteDescription::parse`].
    pub fn parse_any(text: impl AsRef<[u8]>) -> Result<(Self, Peer), SdpError> {
        let description = SessionDescription::parse(text.as_ref())?;
        let peer = peer_of(&description);
        Ok((Self::read(description, peer)?, peer))
    }

    fn read(description: SessionDescription, peer: Peer) -> Result<Self, SdpError> {
        let audio = match read_audio(&description, peer, &LocalSecurity::ANY) {
            Err(error @ SdpError::Malformed(_)) => return Err(error),
            audio => audio,
        };
        let videos = read_videos(&description, &audio, (peer, &LocalSecurity::ANY));
        Ok(Self { description, audio, videos })
    }

    /// The audio stream we would serve: the first enabled audio section with a transport and a codec we know.
    ///
    /// # Errors
    /// [`SdpError::NotAcceptable`] where there is none.
    pub fn audio(&self) -> Result<&RemoteAudio, SdpError> {
        self.audio.as_ref().map_err(|error| *error)
    }

    /// The enabled video streams that could be served beside the audio, in their order.
    pub fn videos(&self) -> &[RemoteVideo] {
        &self.videos
    }

    /// The whole description.
    pub const fn description(&self) -> &SessionDescription {
        &self.description
    }
}

/// A peer's audio stream.
#[derive(Debug, Clone, PartialEq)]
pub struct RemoteAudio {
    /// The index of its m-section.
    pub section: usize,
    /// Its `a=mid`.
    pub mid: Option<String>,
    /// Its transport protocol.
    pub protocol: Protocol,
    /// Which way media flows, seen from the peer; `0.0.0.0` from a telephone counts as not receiving.
    pub direction: MediaDirection,
    /// `a=ptime` in milliseconds.
    pub ptime_ms: Option<u16>,
    /// `a=maxptime` in milliseconds.
    pub max_ptime_ms: Option<u16>,
    /// Where its packets come from and go to.
    pub transport: RemoteTransport,
    /// What a telephone says of their protection.
    pub security: RemoteSecurity,
    pub(crate) formats: AudioFormats,
    /// Under which id a browser sends the audio level (RFC 6464).
    pub(crate) audio_level: Option<ListedExtension>,
}

impl RemoteAudio {
    /// The codecs we know, in the peer's order, each once.
    pub fn codecs(&self) -> &[AudioCodec] {
        &self.formats.codecs
    }

    /// The telephone-event formats, one per clock rate (RFC 4733 §2.1).
    pub fn telephone_events(&self) -> &[TelephoneEventFormat] {
        &self.formats.telephone_events
    }

    /// Whether the peer says it will not receive: sendonly, inactive, or `0.0.0.0` (RFC 3264 §8.4).
    pub const fn holds(&self) -> bool {
        !self.direction.receives()
    }

    /// What a browser says of its transport.
    pub const fn web_rtc(&self) -> Option<&WebRtcParameters> {
        match &self.transport {
            RemoteTransport::WebRtc(parameters) => Some(parameters),
            RemoteTransport::Rtp(_) => None,
        }
    }
}

/// Where a peer's packets come from and go to.
#[derive(Debug, Clone, PartialEq)]
pub enum RemoteTransport {
    /// A telephone's addresses.
    Rtp(RtpAddresses),
    /// A browser's credentials.
    WebRtc(WebRtcParameters),
}

/// A telephone's addresses.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct RtpAddresses {
    /// Where RTP goes. `None` for `0.0.0.0`, `::` and host names.
    pub rtp: Option<SocketAddr>,
    /// Where RTCP goes: `a=rtcp`, else the next port, or the same with rtcp-mux (RFC 3605, RFC 5761).
    pub rtcp: Option<SocketAddr>,
    /// Whether it can multiplex RTCP.
    pub rtcp_mux: bool,
}

impl fmt::Debug for RtpAddresses {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RtpAddresses")
            .field("known", &self.rtp.is_some())
            .field("rtcp_mux", &self.rtcp_mux)
            .finish_non_exhaustive()
    }
}

/// A browser's transport.
#[derive(Clone, PartialEq)]
pub struct WebRtcParameters {
    /// The ICE user fragment, 4 to 256 characters.
    pub ufrag: String,
    /// The ICE password, 22 to 256 characters.
    pub pwd: String,
    /// SHA-256 of its certificate.
    pub fingerprint: [u8; 32],
    /// `a=setup`, where it stands.
    pub setup: Option<Setup>,
    /// Its candidates so far, at most 32. An ICE-lite side needs none of them.
    pub candidates: Vec<Candidate>,
    /// Whether it announced their end (RFC 8840 §4.2).
    pub end_of_candidates: bool,
}

impl fmt::Debug for WebRtcParameters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebRtcParameters")
            .field("setup", &self.setup)
            .field("candidates", &self.candidates.len())
            .finish_non_exhaustive()
    }
}

/// Most candidates kept of one description. More interfaces than that add nothing.
const MAX_CANDIDATES: usize = 32;

fn peer_of(description: &SessionDescription) -> Peer {
    let audio = || {
        let sections = description.media.iter().filter(|section| section.kind == MediaKind::Audio);
        sections.filter(|section| !is_rejected(section, Peer::Telephone) || section.has("bundle-only"))
    };
    let is_plain = |section: &MediaSection| matches!(section.protocol, Protocol::RtpAvp | Protocol::RtpAvpf);
    let is_browser = |section: &MediaSection| {
        let has = |name| description.inherited(section, name).is_some();
        browser_serves(&section.protocol) && has("ice-ufrag") && (has("rtcp-mux") || has("rtcp-mux-only"))
    };
    if audio().any(is_browser) && !audio().any(is_plain) { Peer::Browser } else { Peer::Telephone }
}

fn read_audio(
    description: &SessionDescription,
    peer: Peer,
    local: &LocalSecurity,
) -> Result<RemoteAudio, SdpError> {
    let enabled = || {
        let sections = description.media.iter().enumerate();
        sections.filter(|(_, section)| section.kind == MediaKind::Audio && !is_rejected(section, peer))
    };
    if enabled().next().is_none() {
        return Err(Unacceptable::NoAudio.into());
    }
    let mut served: Vec<_> = enabled()
        .filter_map(|(index, section)| {
            let security = RemoteSecurity::read(description, section);
            let is_encrypted = match peer {
                Peer::Browser => browser_serves(&section.protocol).then_some(true)?,
                Peer::Telephone => local.serves(&section.protocol, &security)?,
            };
            Some(Served { index, section, security, is_encrypted, formats: AudioFormats::read(section) })
        })
        .collect();
    // Telephones offer the same stream as two sections with different transports. One with a codec we know counts,
    // encrypted before plain, otherwise in their order.
    served.sort_by_key(|served| (served.formats.codecs.is_empty(), !served.is_encrypted));
    let Served { index, section, security, formats, .. } =
        served.into_iter().next().ok_or(Unacceptable::Transport)?;
    if formats.codecs.is_empty() {
        return Err(Unacceptable::NoCommonCodec.into());
    }
    let mut direction = description.direction(section);
    let transport = match peer {
        Peer::Telephone => {
            let addresses = rtp_addresses(description, section)?;
            // RFC 3264 §8.4: 0.0.0.0 asks for no media towards the peer.
            if description
                .connection(section)
                .and_then(crate::Address::ip)
                .is_some_and(|ip| ip.is_unspecified())
            {
                direction = MediaDirection::new(direction.sends(), false);
            }
            RemoteTransport::Rtp(addresses)
        }
        Peer::Browser => RemoteTransport::WebRtc(web_rtc_parameters(description, section)?),
    };
    Ok(RemoteAudio {
        section: index,
        mid: section.mid().map(str::to_owned),
        protocol: section.protocol.clone(),
        direction,
        ptime_ms: section.packet_time(),
        max_ptime_ms: section.max_packet_time(),
        transport,
        security,
        formats,
        // A telephone's may stand in plain RTP, which anybody can write.
        audio_level: (peer == Peer::Browser).then(|| read_audio_level(description, section)).flatten(),
    })
}

/// A section that we could serve.
struct Served<'a> {
    index: usize,
    section: &'a MediaSection,
    security: RemoteSecurity,
    is_encrypted: bool,
    formats: AudioFormats,
}

/// Port 0 rejects a stream; a browser's bundle-only sections have port 0 too (RFC 9143 §6).
fn is_rejected(section: &MediaSection, peer: Peer) -> bool {
    match peer {
        Peer::Browser => section.is_rejected(),
        Peer::Telephone => section.port == 0,
    }
}

/// RFC 8829 §5.1.2 lists more; those browsers send are here.
pub(crate) const fn browser_serves(protocol: &Protocol) -> bool {
    matches!(protocol, Protocol::UdpTlsRtpSavpf | Protocol::UdpTlsRtpSavp | Protocol::RtpSavpf)
}

pub(crate) fn rtp_addresses(
    description: &SessionDescription,
    section: &MediaSection,
) -> Result<RtpAddresses, ParseError> {
    // RFC 8866 §5.7: a c= line stands in the session or in the section.
    let address = description.connection(section).ok_or(ParseError::Missing("c= line"))?;
    let ip = address.ip().filter(|ip| !ip.is_unspecified());
    let rtp = ip.map(|ip| SocketAddr::new(ip, section.port));
    let rtcp_mux = section.has("rtcp-mux");
    let rtcp = match section.rtcp() {
        _ if rtcp_mux => rtp,
        Some(rtcp) => {
            let usable = |ip: &IpAddr| !ip.is_unspecified();
            rtcp.address.filter(usable).or(ip).map(|ip| SocketAddr::new(ip, rtcp.port))
        }
        None => rtp.and_then(|rtp| Some(SocketAddr::new(rtp.ip(), rtp.port().checked_add(1)?))),
    };
    Ok(RtpAddresses { rtp, rtcp, rtcp_mux })
}

fn web_rtc_parameters(
    description: &SessionDescription,
    section: &MediaSection,
) -> Result<WebRtcParameters, SdpError> {
    // RFC 9143 §7.1.3: transport attributes of a bundle may stand in its first section only.
    let tagged = section
        .mid()
        .and_then(|mid| description.bundle_of(mid))
        .and_then(|mids| description.section_of(mids.first()?));
    let value = |name| description.inherited(section, name).or_else(|| description.inherited(tagged?, name));

    if description.attribute("ice-lite").is_some() {
        return Err(Unacceptable::BothIceLite.into());
    }
    if value("rtcp-mux").is_none() && value("rtcp-mux-only").is_none() {
        return Err(Unacceptable::NoRtcpMux.into());
    }
    let ufrag = ice_token(value("ice-ufrag"), 4, ParseError::Attribute("ice-ufrag"))?;
    let pwd = ice_token(value("ice-pwd"), 22, ParseError::Attribute("ice-pwd"))?;
    let fingerprint = fingerprint(description, section)
        .or_else(|| fingerprint(description, tagged?))
        .ok_or(Unacceptable::NoFingerprint)?;
    let setup = match value("setup") {
        // RFC 8842 §5: holdconn is not for DTLS.
        Some(text) => Some(
            Setup::parse(text)
                .filter(|setup| *setup != Setup::HoldConn)
                .ok_or(ParseError::Attribute("setup"))?,
        ),
        None => None,
    };
    let candidates_of = tagged.filter(|_| !section.has("candidate")).unwrap_or(section);
    Ok(WebRtcParameters {
        ufrag,
        pwd,
        fingerprint,
        setup,
        candidates: candidates_of.candidates().take(MAX_CANDIDATES).collect(),
        end_of_candidates: value("end-of-candidates").is_some(),
    })
}

/// An ICE credential (RFC 8839 §5.4): `least` to 256 characters of `ice-char`.
fn ice_token(value: Option<&str>, least: usize, error: ParseError) -> Result<String, ParseError> {
    value
        .map(str::trim)
        .filter(|token| (least..=256).contains(&token.len()))
        .filter(|token| token.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+/-_=".contains(&byte)))
        .map(str::to_owned)
        .ok_or(error)
}

/// The first SHA-256 of a section, else of the session (RFC 8122 §5 allows several hashes).
fn fingerprint(description: &SessionDescription, section: &MediaSection) -> Option<[u8; 32]> {
    let of_section = section.attributes_named("fingerprint").find_map(sha256_of);
    of_section.or_else(|| {
        let session = description.attributes.iter().filter(|attribute| attribute.name == "fingerprint");
        session.filter_map(|attribute| attribute.value.as_deref()).find_map(sha256_of)
    })
}
