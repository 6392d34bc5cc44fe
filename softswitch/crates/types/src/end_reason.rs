//! Why a leg or a call ended, with one table to SIP status and Q.850 cause.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize};

/// Why a leg or a call ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum EndReason {
    /// Somebody hung up an answered call.
    Hangup,
    /// The called user is busy.
    Busy,
    /// The called user declined.
    Declined,
    /// Nobody answered in time.
    NoAnswer,
    /// Another device of the same user answered.
    AnsweredElsewhere,
    /// Another device of the same user declined.
    DeclinedElsewhere,
    /// The caller gave up before an answer.
    Cancelled,
    /// The number is not known.
    NotFound,
    /// The called user has no reachable device.
    Offline,
    /// The caller may not make this call.
    Forbidden,
    /// Both sides share no usable media, or the description was refused.
    NotAcceptable,
    /// Media could not be set up, or was lost for too long.
    MediaFailed,
    /// The switch is full or shedding load.
    Congestion,
    /// The switch restarted and could not bring the call back.
    ServerRestart,
    /// The browser that held the leg did not come back in time.
    ResumeExpired,
    /// The device failed or broke the protocol.
    Failed,
    /// The leg's user handed its partner on to somebody else.
    Transferred,
    /// The leg's user parked its partner.
    Parked,
    /// Somebody in charge put the leg out, for example of a conference room.
    Removed,
}

impl EndReason {
    /// Every reason.
    pub const ALL: [Self; 19] = [
        Self::Hangup,
        Self::Busy,
        Self::Declined,
        Self::NoAnswer,
        Self::AnsweredElsewhere,
        Self::DeclinedElsewhere,
        Self::Cancelled,
        Self::NotFound,
        Self::Offline,
        Self::Forbidden,
        Self::NotAcceptable,
        Self::MediaFailed,
        Self::Congestion,
        Self::ServerRestart,
        Self::ResumeExpired,
        Self::Failed,
        Self::Transferred,
        Self::Parked,
        Self::Removed,
    ];

    /// The name used on every protocol.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Hangup => "hangup",
            Self::Busy => "busy",
            Self::Declined => "declined",
            Self::NoAnswer => "no-answer",
            Self::AnsweredElsewhere => "answered-elsewhere",
            Self::DeclinedElsewhere => "declined-elsewhere",
            Self::Cancelled => "cancelled",
            Self::NotFound => "not-found",
            Self::Offline => "offline",
            Self::Forbidden => "forbidden",
            Self::NotAcceptable => "not-acceptable",
            Self::MediaFailed => "media-failed",
            Self::Congestion => "congestion",
            Self::ServerRestart => "server-restart",
            Self::ResumeExpired => "resume-expired",
            Self::Failed => "failed",
            Self::Transferred => "transferred",
            Self::Parked => "parked",
            Self::Removed => "removed",
        }
    }

    /// The final SIP response that refuses an unanswered INVITE for this reason (RFC 3261 §21).
    pub const fn sip_status(self) -> u16 {
        match self {
            Self::Busy => 486,
            Self::Declined | Self::DeclinedElsewhere | Self::Removed => 603,
            Self::NoAnswer | Self::Offline => 480,
            Self::Cancelled | Self::Hangup | Self::AnsweredElsewhere | Self::Transferred | Self::Parked => {
                487
            }
            Self::NotFound => 404,
            Self::Forbidden => 403,
            Self::NotAcceptable => 488,
            Self::Congestion | Self::ServerRestart => 503,
            Self::MediaFailed | Self::ResumeExpired | Self::Failed => 500,
        }
    }

    /// The reason a final SIP response gives for an INVITE we sent. `None` below 300.
    pub const fn from_sip_status(status: u16) -> Option<Self> {
        Some(match status {
            0..300 => return None,
            404 | 410 | 484 | 604 => Self::NotFound,
            401 | 403 | 407 => Self::Forbidden,
            408 | 480 | 430 => Self::NoAnswer,
            486 | 600 => Self::Busy,
            487 => Self::Cancelled,
            488 | 415 | 606 => Self::NotAcceptable,
            503 => Self::Congestion,
            603 | 607 => Self::Declined,
            _ => Self::Failed,
        })
    }

    /// The Q.850 cause value that fits best, for `Reason` headers (RFC 3326) and history.
    pub const fn q850(self) -> u8 {
        match self {
            Self::NotFound => 1,
            Self::Hangup | Self::Cancelled | Self::Transferred | Self::Parked | Self::Removed => 16,
            Self::Busy => 17,
            Self::Offline => 20,
            Self::NoAnswer => 19,
            Self::Declined | Self::DeclinedElsewhere | Self::Forbidden => 21,
            Self::AnsweredElsewhere => 26,
            Self::Congestion => 42,
            Self::ServerRestart | Self::MediaFailed | Self::ResumeExpired => 41,
            Self::NotAcceptable => 88,
            Self::Failed => 127,
        }
    }
}

/// A name this version does not know is a failure: a newer one on the other side has a reason more.
impl<'de> Deserialize<'de> for EndReason {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        Ok(Self::ALL.into_iter().find(|reason| reason.name() == name).unwrap_or(Self::Failed))
    }
}

impl fmt::Display for EndReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_refuses_with_a_final_error() {
        for reason in EndReason::ALL {
            assert!((400..700).contains(&reason.sip_status()), "{reason}");
            assert!((1..=127).contains(&reason.q850()), "{reason}");
        }
    }

    #[test]
    fn what_a_caller_sees_survives_a_sip_hop() {
        for reason in [EndReason::Busy, EndReason::Declined, EndReason::NotFound, EndReason::Forbidden] {
            assert_eq!(EndReason::from_sip_status(reason.sip_status()), Some(reason));
        }
    }
}
