//! Why a description is refused, and what that means to a SIP peer.

use ringdown_types::EndReason;
use thiserror::Error;

use crate::parse::{MAX_ATTRIBUTES, MAX_BYTES, MAX_FORMATS, MAX_LINES, MAX_SECTIONS};

/// Why an offer or an answer leads to no media.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum SdpError {
    /// The text is not a session description, or breaks a limit.
    #[error("malformed session description: {0}")]
    Malformed(#[from] ParseError),
    /// The description is well formed, but we cannot serve what it asks for.
    #[error("session description not acceptable: {0}")]
    NotAcceptable(#[from] Unacceptable),
    /// The answer does not fit the offer it answers.
    #[error("answer does not match the offer: {0}")]
    AnswerMismatch(#[from] Mismatch),
    /// An offer of ours is still unanswered (RFC 3264 §4).
    #[error("an offer of ours is still unanswered")]
    OfferPending,
    /// There is no offer of ours to answer.
    #[error("there is no offer of ours to answer")]
    NoOfferPending,
}

impl SdpError {
    /// The final SIP response that refuses a request with this body (RFC 3261 §21.4).
    pub const fn sip_status(&self) -> u16 {
        match self {
            Self::Malformed(_) | Self::NoOfferPending => 400,
            Self::NotAcceptable(_) | Self::AnswerMismatch(_) => 488,
            // RFC 3261 §14.2: an offer that crosses ours.
            Self::OfferPending => 491,
        }
    }

    /// Why a leg ends whose description failed this way.
    pub const fn end_reason(&self) -> EndReason {
        match self {
            Self::NotAcceptable(_) => EndReason::NotAcceptable,
            Self::Malformed(_) | Self::AnswerMismatch(_) | Self::OfferPending | Self::NoOfferPending => {
                EndReason::Failed
            }
        }
    }
}

/// What is wrong with the text. Lines count from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum ParseError {
    /// Larger than [`MAX_BYTES`].
    #[error("larger than {MAX_BYTES} bytes")]
    TooLarge,
    /// More than [`MAX_LINES`] lines.
    #[error("more than {MAX_LINES} lines")]
    TooManyLines,
    /// More than [`MAX_SECTIONS`] m-sections.
    #[error("more than {MAX_SECTIONS} media sections")]
    TooManySections,
    /// More than [`MAX_ATTRIBUTES`] attributes in one section.
    #[error("more than {MAX_ATTRIBUTES} attributes in one section")]
    TooManyAttributes,
    /// More than [`MAX_FORMATS`] formats in one `m=` line.
    #[error("more than {MAX_FORMATS} formats in one media line")]
    TooManyFormats,
    /// A line without the form `<type>=<value>`, or with a NUL or a bare CR.
    #[error("line {line} is not of the form <type>=<value>")]
    NotALine {
        /// The line.
        line: u16,
    },
    /// A line whose value does not fit its type.
    #[error("line {line}: malformed {field}")]
    Malformed {
        /// The line.
        line: u16,
        /// What was being read.
        field: &'static str,
    },
    /// A line that may stand only once stands twice.
    #[error("line {line}: second {field}")]
    Duplicate {
        /// The line.
        line: u16,
        /// What stands twice.
        field: &'static str,
    },
    /// A line or attribute that must be there is not.
    #[error("no {0}")]
    Missing(&'static str),
    /// An attribute the audio section needs has an unusable value.
    #[error("malformed {0}")]
    Attribute(&'static str),
}

/// What we cannot serve.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Unacceptable {
    /// No enabled audio section.
    #[error("no audio stream")]
    NoAudio,
    /// The audio sections all use a transport we do not serve to this kind of peer.
    #[error("no supported media transport")]
    Transport,
    /// The telephone's media would be encrypted in no way that we allow, or not at all where they must be.
    #[error("no media encryption in common")]
    Unencrypted,
    /// No codec in common.
    #[error("no codec in common")]
    NoCommonCodec,
    /// A browser offers no rtcp-mux; we have one port for both.
    #[error("rtcp-mux is required")]
    NoRtcpMux,
    /// A browser announces no SHA-256 certificate fingerprint.
    #[error("no sha-256 fingerprint")]
    NoFingerprint,
    /// Both sides are ICE-lite: nobody would send checks (RFC 8445 §6.1.1 lets the lite peer be a full one only).
    #[error("the peer is ICE-lite too")]
    BothIceLite,
    /// The answer rejects our audio section.
    #[error("the peer rejected the audio stream")]
    AudioRejected,
}

/// How an answer, or a later offer, fails to fit what stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Mismatch {
    /// Another number of m-sections than the offer (RFC 3264 §6), or fewer than before (§8).
    #[error("number of media sections")]
    SectionCount,
    /// An m-section of another media type, or under another `a=mid`.
    #[error("kind or mid of a media section")]
    Section,
    /// Another transport protocol than offered.
    #[error("media transport")]
    Transport,
    /// `a=setup` is not a choice the offer left open (RFC 8842 §5.3).
    #[error("setup role")]
    Setup,
}
