//! Printing (RFC 8866 §9: the order of lines).

use std::{
    fmt::{self, Display, Formatter},
    net::IpAddr,
};

use crate::description::{Address, Attribute, MediaKind, MediaSection, Origin, Protocol, SessionDescription};

impl Display for SessionDescription {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "v=0\r\no={}\r\ns={}\r\n", self.origin, self.name)?;
        for line in &self.descriptive {
            write!(f, "{}={}\r\n", line.kind, line.value)?;
        }
        connection(f, self.connection.as_ref())?;
        bandwidths(f, &self.bandwidths)?;
        for line in &self.timing {
            write!(f, "{}={}\r\n", line.kind, line.value)?;
        }
        attributes(f, &self.attributes)?;
        self.media.iter().try_for_each(|section| section.fmt(f))
    }
}

impl Display for MediaSection {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "m={} {}", self.kind.as_str(), self.port)?;
        if self.port_count != 1 {
            write!(f, "/{}", self.port_count)?;
        }
        write!(f, " {}", self.protocol.as_str())?;
        for format in &self.formats {
            write!(f, " {format}")?;
        }
        f.write_str("\r\n")?;
        if let Some(title) = &self.title {
            write!(f, "i={title}\r\n")?;
        }
        connection(f, self.connection.as_ref())?;
        bandwidths(f, &self.bandwidths)?;
        attributes(f, &self.attributes)
    }
}

impl Display for Origin {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {} {}", self.username, self.session_id, self.version, self.address)
    }
}

/// `IN IP4 192.0.2.1`.
impl Display for Address {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ip(IpAddr::V4(ip)) => write!(f, "IN IP4 {ip}"),
            Self::Ip(IpAddr::V6(ip)) => write!(f, "IN IP6 {ip}"),
            Self::Name(name) => write!(f, "IN IP4 {name}"),
        }
    }
}

impl MediaKind {
    /// The word of the `m=` line.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Audio => "audio",
            Self::Video => "video",
            Self::Other(word) => word,
        }
    }

    pub(crate) fn from_word(word: &str) -> Self {
        match word {
            "audio" => Self::Audio,
            "video" => Self::Video,
            _ => Self::Other(word.to_owned()),
        }
    }
}

impl Protocol {
    /// The word of the `m=` line.
    pub fn as_str(&self) -> &str {
        match self {
            Self::RtpAvp => "RTP/AVP",
            Self::RtpAvpf => "RTP/AVPF",
            Self::RtpSavp => "RTP/SAVP",
            Self::RtpSavpf => "RTP/SAVPF",
            Self::UdpTlsRtpSavp => "UDP/TLS/RTP/SAVP",
            Self::UdpTlsRtpSavpf => "UDP/TLS/RTP/SAVPF",
            Self::Other(word) => word,
        }
    }

    pub(crate) fn from_word(word: &str) -> Self {
        match word {
            "RTP/AVP" => Self::RtpAvp,
            "RTP/AVPF" => Self::RtpAvpf,
            "RTP/SAVP" => Self::RtpSavp,
            "RTP/SAVPF" => Self::RtpSavpf,
            "UDP/TLS/RTP/SAVP" => Self::UdpTlsRtpSavp,
            "UDP/TLS/RTP/SAVPF" => Self::UdpTlsRtpSavpf,
            _ => Self::Other(word.to_owned()),
        }
    }
}

fn connection(f: &mut Formatter<'_>, address: Option<&Address>) -> fmt::Result {
    address.map_or(Ok(()), |address| write!(f, "c={address}\r\n"))
}

fn bandwidths(f: &mut Formatter<'_>, values: &[String]) -> fmt::Result {
    values.iter().try_for_each(|value| write!(f, "b={value}\r\n"))
}

fn attributes(f: &mut Formatter<'_>, attributes: &[Attribute]) -> fmt::Result {
    attributes.iter().try_for_each(|attribute| match &attribute.value {
        Some(value) => write!(f, "a={}:{value}\r\n", attribute.name),
        None => write!(f, "a={}\r\n", attribute.name),
    })
}
