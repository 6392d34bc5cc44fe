//! Why calls end, in the words of the softswitch those clients were made for: Q.850 and its own above 500.

/// A cause of hangup.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cause {
    /// Its number.
    pub code: u16,
    /// Its name.
    pub name: &'static str,
}

/// The cause for an `EndReason`'s name, `likely` being its Q.850 value.
pub fn cause_of(reason: &str, likely: u8) -> Cause {
    let known = CAUSES.iter().find(|(known, _, _)| *known == reason);
    known.map_or(Cause { code: likely.into(), name: "NORMAL_UNSPECIFIED" }, |&(_, code, name)| Cause {
        code,
        name,
    })
}

/// What ends a call that nobody says more of.
pub(crate) const NORMAL_CLEARING: Cause = Cause { code: 16, name: "NORMAL_CLEARING" };

const CAUSES: &[(&str, u16, &str)] = &[
    ("hangup", 16, "NORMAL_CLEARING"),
    ("busy", 17, "USER_BUSY"),
    ("declined", 21, "CALL_REJECTED"),
    ("no-answer", 19, "NO_ANSWER"),
    ("answered-elsewhere", 502, "LOSE_RACE"),
    ("declined-elsewhere", 502, "LOSE_RACE"),
    ("cancelled", 487, "ORIGINATOR_CANCEL"),
    ("not-found", 1, "UNALLOCATED_NUMBER"),
    ("offline", 606, "USER_NOT_REGISTERED"),
    ("forbidden", 52, "OUTGOING_CALL_BARRED"),
    ("not-acceptable", 88, "INCOMPATIBLE_DESTINATION"),
    ("media-failed", 604, "MEDIA_TIMEOUT"),
    ("congestion", 34, "NORMAL_CIRCUIT_CONGESTION"),
    ("server-restart", 41, "NORMAL_TEMPORARY_FAILURE"),
    ("resume-expired", 102, "RECOVERY_ON_TIMER_EXPIRE"),
    ("failed", 41, "NORMAL_TEMPORARY_FAILURE"),
    ("transferred", 601, "ATTENDED_TRANSFER"),
    ("parked", 601, "ATTENDED_TRANSFER"),
    ("removed", 503, "MANAGER_REQUEST"),
];

#[cfg(test)]
mod tests {
    use ringdown_types::EndReason;

    use super::*;

    #[test]
    fn every_reason_has_a_cause() {
        for reason in EndReason::ALL {
            assert!(CAUSES.iter().any(|(known, _, _)| *known == reason.name()), "{}", reason.name());
        }
        assert_eq!(cause_of("of another version", 31), Cause { code: 31, name: "NORMAL_UNSPECIFIED" });
    }
}
