//! Small header values: CSeq, Content-Type, Reason.

use std::fmt;

use ringdown_types::EndReason;

use super::{method::Method, param::Params, token};

/// The CSeq header (RFC 3261 §20.16).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CSeq {
    /// The sequence number, below 2³¹.
    pub number: u32,
    /// The method.
    pub method: Method,
}

impl CSeq {
    /// Parses the value; `None` if it is malformed or the number is 2³¹ or more (RFC 3261 §8.1.1.5).
    pub fn parse(text: &str) -> Option<Self> {
        let (number, method) = text.split_once([' ', '\t'])?;
        let number = token::decimal(number).filter(|&number| number < 1 << 31)?;
        Some(Self { number, method: Method::parse(token::trim(method))? })
    }
}

impl fmt::Display for CSeq {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.number, self.method)
    }
}

/// The Content-Type header (RFC 3261 §20.15): type and subtype in lower case, and parameters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContentType {
    /// `type/subtype` in lower case.
    pub essence: String,
    /// The parameters.
    pub params: Params,
}

impl ContentType {
    /// The content type of a session description.
    pub const SDP: &'static str = "application/sdp";

    /// Parses the value; `None` if it is malformed.
    pub fn parse(text: &str) -> Option<Self> {
        let (essence, params) = text.split_at(text.find(';').unwrap_or(text.len()));
        let (kind, subtype) = essence.split_once('/')?;
        let (kind, subtype) = (token::trim(kind), token::trim(subtype));
        if !token::is_token(kind) || !token::is_token(subtype) {
            return None;
        }
        let essence = format!("{kind}/{subtype}").to_ascii_lowercase();
        Some(Self { essence, params: Params::parse(params)? })
    }
}

/// The Reason header (RFC 3326): why a request is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reason {
    /// The protocol: `SIP`, `Q.850` or another token.
    pub protocol: String,
    /// The cause code.
    pub cause: Option<u16>,
    /// The text, unquoted.
    pub text: Option<String>,
}

impl Reason {
    /// A reason of protocol SIP.
    pub fn sip(cause: u16, text: &str) -> Self {
        Self { protocol: "SIP".into(), cause: Some(cause), text: Some(text.into()) }
    }

    /// What the losing branches of a fork are told (RFC 3326 §3.1).
    pub fn completed_elsewhere() -> Self {
        Self::sip(200, "Call completed elsewhere")
    }

    /// The reason that tells a telephone what happened: `SIP;cause=200` and `SIP;cause=603` for what another
    /// device did, Q.850 for all else.
    pub fn for_end(reason: EndReason) -> Self {
        match reason {
            EndReason::AnsweredElsewhere => Self::completed_elsewhere(),
            EndReason::DeclinedElsewhere => Self::sip(603, "Declined elsewhere"),
            other => {
                let text = other.name().to_owned();
                Self { protocol: "Q.850".into(), cause: Some(other.q850().into()), text: Some(text) }
            }
        }
    }

    /// Parses one value; `None` if it is malformed.
    pub fn parse(text: &str) -> Option<Self> {
        let (protocol, params) = text.split_at(text.find(';').unwrap_or(text.len()));
        let protocol = token::trim(protocol);
        let params = Params::parse(params)?;
        token::is_token(protocol).then(|| Self {
            protocol: protocol.to_owned(),
            cause: params.get("cause").and_then(|cause| cause.parse().ok()),
            text: params.get("text").map(token::unquote),
        })
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.protocol)?;
        if let Some(cause) = self.cause {
            write!(f, ";cause={cause}")?;
        }
        match &self.text {
            Some(text) => write!(f, ";text={}", token::quote(text)),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_print_as_they_were_read() {
        let cseq = CSeq::parse("0009 \t INVITE").map(|cseq| cseq.to_string());
        assert_eq!(cseq.as_deref(), Some("9 INVITE"));
        for bad in ["", "9", "9INVITE", "2147483648 INVITE", "-1 INVITE", "9 IN VITE"] {
            assert_eq!(CSeq::parse(bad), None, "{bad}");
        }
        assert_eq!(
            Reason::completed_elsewhere().to_string(),
            "SIP;cause=200;text=\"Call completed elsewhere\""
        );
        assert_eq!(
            Reason::parse(&Reason::completed_elsewhere().to_string()),
            Some(Reason::completed_elsewhere())
        );
        let kind = ContentType::parse("Application / SDP;charset=utf-8").map(|kind| kind.essence);
        assert_eq!(kind.as_deref(), Some("application/sdp"));
        assert_eq!(ContentType::parse("sdp"), None);
    }
}
