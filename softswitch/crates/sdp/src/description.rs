//! A session description as a tree (RFC 8866 §5).

use std::{fmt, net::IpAddr};

use ringdown_types::MediaDirection;

use crate::{
    attribute::{FormatParameters, RtcpAttribute, RtpMap, Ssrc},
    candidate::Candidate,
};

/// A parsed session description. [`SessionDescription::parse`] makes one, `Display` prints it with CRLF.
#[derive(Clone, PartialEq, Eq)]
pub struct SessionDescription {
    /// `o=`.
    pub origin: Origin,
    /// `s=`; never empty.
    pub name: String,
    /// `i=`, `u=`, `e=`, `p=`, in their order.
    pub descriptive: Vec<Line>,
    /// Session-level `c=`.
    pub connection: Option<Address>,
    /// Values of `b=`.
    pub bandwidths: Vec<String>,
    /// `t=`, `r=`, `z=`, in their order; never empty.
    pub timing: Vec<Line>,
    /// Session-level `a=`.
    pub attributes: Vec<Attribute>,
    /// The m-sections.
    pub media: Vec<MediaSection>,
}

impl SessionDescription {
    /// The first value of an attribute that may stand at either level: the section's, else the session's.
    pub fn inherited<'a>(&'a self, section: &'a MediaSection, name: &str) -> Option<&'a str> {
        section.attribute(name).or_else(|| value_of(&self.attributes, name))
    }

    /// A session-level attribute's first value; empty for a flag.
    pub fn attribute(&self, name: &str) -> Option<&str> {
        value_of(&self.attributes, name)
    }

    /// The direction of a section: its own, else the session's, else sendrecv (RFC 8866 §6.7).
    pub fn direction(&self, section: &MediaSection) -> MediaDirection {
        direction_of(&section.attributes).or_else(|| direction_of(&self.attributes)).unwrap_or_default()
    }

    /// Where a section's packets go: its own `c=`, else the session's.
    pub fn connection<'a>(&'a self, section: &'a MediaSection) -> Option<&'a Address> {
        section.connection.as_ref().or(self.connection.as_ref())
    }

    /// The mids of the BUNDLE group that holds `mid`, in their order (RFC 9143 §4).
    pub fn bundle_of(&self, mid: &str) -> Option<Vec<&str>> {
        self.attributes.iter().filter(|attribute| attribute.name == "group").find_map(|attribute| {
            let mut words = attribute.value.as_deref()?.split_ascii_whitespace();
            if words.next()? != "BUNDLE" {
                return None;
            }
            let mids: Vec<&str> = words.collect();
            mids.contains(&mid).then_some(mids)
        })
    }

    /// The section with this `a=mid`.
    pub fn section_of(&self, mid: &str) -> Option<&MediaSection> {
        self.media.iter().find(|section| section.mid() == Some(mid))
    }
}

/// Descriptions hold addresses and ICE passwords, so a log sees their shape only.
impl fmt::Debug for SessionDescription {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SessionDescription").field("media", &self.media).finish_non_exhaustive()
    }
}

/// `o=` (RFC 8866 §5.2).
#[derive(Clone, PartialEq, Eq)]
pub struct Origin {
    /// The user name, `-` where there is none.
    pub username: String,
    /// The session id: digits, of any length.
    pub session_id: String,
    /// The version: digits, of any length.
    pub version: String,
    /// The address that makes the ids globally unique; not where media goes.
    pub address: Address,
}

impl fmt::Debug for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Origin").field("version", &self.version).finish_non_exhaustive()
    }
}

/// The address of `o=` and `c=` (RFC 8866 §5.7), without multicast TTL or count.
#[derive(Clone, PartialEq, Eq)]
pub enum Address {
    /// An IPv4 or IPv6 address.
    Ip(IpAddr),
    /// A host name. We resolve none.
    Name(String),
}

impl Address {
    /// The address, where it is not a name.
    pub const fn ip(&self) -> Option<IpAddr> {
        match self {
            Self::Ip(ip) => Some(*ip),
            Self::Name(_) => None,
        }
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("‹redacted›")
    }
}

/// A line kept as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// The type letter.
    pub kind: char,
    /// What follows the `=`.
    pub value: String,
}

/// `a=` (RFC 8866 §5.13), kept as it came. Typed readers are on [`MediaSection`].
#[derive(Clone, PartialEq, Eq)]
pub struct Attribute {
    /// The name, without the colon; never empty.
    pub name: String,
    /// What follows the colon; `None` for a flag.
    pub value: Option<String>,
}

impl Attribute {
    /// A flag such as `a=rtcp-mux`.
    pub fn flag(name: &str) -> Self {
        Self { name: name.to_owned(), value: None }
    }

    /// `a=name:value`. The value holds no line break.
    pub fn new(name: &str, value: impl Into<String>) -> Self {
        let value = value.into();
        debug_assert!(!value.contains(['\r', '\n', '\0']), "an attribute is one line");
        Self { name: name.to_owned(), value: Some(value) }
    }
}

/// Values may be secrets (`ice-pwd`) or addresses.
impl fmt::Debug for Attribute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

/// The media type of an `m=` line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MediaKind {
    /// `audio`.
    Audio,
    /// `video`.
    Video,
    /// Anything else: `application`, `text`, `image`, `message`, …
    Other(String),
}

/// The transport protocol of an `m=` line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Protocol {
    /// `RTP/AVP` (RFC 3551).
    RtpAvp,
    /// `RTP/AVPF` (RFC 4585).
    RtpAvpf,
    /// `RTP/SAVP` (RFC 3711).
    RtpSavp,
    /// `RTP/SAVPF` (RFC 5124).
    RtpSavpf,
    /// `UDP/TLS/RTP/SAVP` (RFC 5764).
    UdpTlsRtpSavp,
    /// `UDP/TLS/RTP/SAVPF` (RFC 5764): what browsers say.
    UdpTlsRtpSavpf,
    /// Anything else.
    Other(String),
}

/// An `m=` line and what belongs to it.
#[derive(Clone, PartialEq, Eq)]
pub struct MediaSection {
    /// The media type.
    pub kind: MediaKind,
    /// The port; 0 = rejected, or bundled into another section where `a=bundle-only` stands.
    pub port: u16,
    /// The number of ports, 1 unless `m=` says otherwise.
    pub port_count: u16,
    /// The transport protocol.
    pub protocol: Protocol,
    /// The formats; for RTP, payload types. Empty only in a rejected section.
    pub formats: Vec<String>,
    /// `i=`.
    pub title: Option<String>,
    /// The section's own `c=`.
    pub connection: Option<Address>,
    /// Values of `b=`.
    pub bandwidths: Vec<String>,
    /// `a=`.
    pub attributes: Vec<Attribute>,
}

impl MediaSection {
    /// An attribute's first value; empty for a flag.
    pub fn attribute(&self, name: &str) -> Option<&str> {
        value_of(&self.attributes, name)
    }

    /// Whether an attribute stands in the section.
    pub fn has(&self, name: &str) -> bool {
        self.attribute(name).is_some()
    }

    /// Every value of an attribute, in order.
    pub fn attributes_named<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.attributes
            .iter()
            .filter(move |attribute| attribute.name == name)
            .map(|attribute| attribute.value.as_deref().unwrap_or(""))
    }

    /// Whether the stream is refused: port 0, unless it travels in a bundle (RFC 9143 §6).
    pub fn is_rejected(&self) -> bool {
        self.port == 0 && !self.has("bundle-only")
    }

    /// `a=mid` (RFC 5888 §4).
    pub fn mid(&self) -> Option<&str> {
        self.attribute("mid").map(str::trim).filter(|mid| !mid.is_empty())
    }

    /// The section's own direction attribute.
    pub fn own_direction(&self) -> Option<MediaDirection> {
        direction_of(&self.attributes)
    }

    /// The well-formed `a=rtpmap` lines (RFC 8866 §6.6).
    pub fn rtp_maps(&self) -> impl Iterator<Item = RtpMap> {
        self.attributes_named("rtpmap").filter_map(RtpMap::parse)
    }

    /// The well-formed `a=fmtp` lines (RFC 8866 §6.15).
    pub fn format_parameters(&self) -> impl Iterator<Item = FormatParameters> {
        self.attributes_named("fmtp").filter_map(FormatParameters::parse)
    }

    /// `a=ptime` in whole milliseconds (RFC 8866 §6.4).
    pub fn packet_time(&self) -> Option<u16> {
        self.attribute("ptime").and_then(milliseconds)
    }

    /// `a=maxptime` in whole milliseconds (RFC 8866 §6.5).
    pub fn max_packet_time(&self) -> Option<u16> {
        self.attribute("maxptime").and_then(milliseconds)
    }

    /// `a=rtcp` (RFC 3605).
    pub fn rtcp(&self) -> Option<RtcpAttribute> {
        self.attribute("rtcp").and_then(RtcpAttribute::parse)
    }

    /// The well-formed `a=candidate` lines (RFC 8839 §5.1); others are passed over, as RFC 8839 wants.
    pub fn candidates(&self) -> impl Iterator<Item = Candidate> {
        self.attributes_named("candidate").filter_map(|value| Candidate::parse_value(value).ok())
    }

    /// The well-formed `a=ssrc` lines (RFC 5576 §4.1).
    pub fn ssrcs(&self) -> impl Iterator<Item = Ssrc> {
        self.attributes_named("ssrc").filter_map(Ssrc::parse)
    }

    /// Stream and track of the first `a=msid` (RFC 8830 §2).
    pub fn msid(&self) -> Option<(&str, Option<&str>)> {
        let mut words = self.attribute("msid")?.split_ascii_whitespace();
        Some((words.next()?, words.next()))
    }
}

impl fmt::Debug for MediaSection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MediaSection")
            .field("kind", &self.kind)
            .field("rejected", &self.is_rejected())
            .field("protocol", &self.protocol)
            .field("formats", &self.formats)
            .finish_non_exhaustive()
    }
}

fn value_of<'a>(attributes: &'a [Attribute], name: &str) -> Option<&'a str> {
    attributes
        .iter()
        .find(|attribute| attribute.name == name)
        .map(|attribute| attribute.value.as_deref().unwrap_or(""))
}

fn direction_of(attributes: &[Attribute]) -> Option<MediaDirection> {
    attributes.iter().find_map(|attribute| match attribute.name.as_str() {
        "sendrecv" => Some(MediaDirection::SendRecv),
        "sendonly" => Some(MediaDirection::SendOnly),
        "recvonly" => Some(MediaDirection::RecvOnly),
        "inactive" => Some(MediaDirection::Inactive),
        _ => None,
    })
}

/// Some telephones write `20.0`; the fraction is dropped.
fn milliseconds(value: &str) -> Option<u16> {
    value.trim().split('.').next()?.parse().ok()
}
