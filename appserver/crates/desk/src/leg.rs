//! A leg as the softswitch tells it, and as a client sees it.

use std::{collections::BTreeMap, time::Instant};

use ringdown_control::{self as control, LegInfo, LegPlace, LegRole, LegState};
use ringdown_protocol::{
    CallDirection, CallInfo, CallState, Description, DescriptionKind, EndedBy, ErrorCode, PeerInfo,
};
use ringdown_types::{NodeId, QualityReport, SessionId};

use crate::SessionKind;

/// A leg that is not over.
#[derive(Debug, Clone)]
pub(crate) struct Leg {
    pub(crate) info: LegInfo,
    /// The softswitch that has it.
    pub(crate) node: NodeId,
    /// What the caller sent along.
    pub(crate) variables: BTreeMap<String, String>,
    /// The offer a ringing browser gets; kept for a client that comes back while it rings.
    pub(crate) offer: Option<Description>,
    /// Whether a ringing browser is asked to answer by itself.
    pub(crate) auto_answer: bool,
    /// When it became active here, for its duration.
    pub(crate) active_since: Option<Instant>,
    /// How good its audio was told to be.
    pub(crate) quality: QualityReport,
    /// Browsers were woken for it and not told yet that they need not ring any more.
    pub(crate) wakes: bool,
}

impl Leg {
    /// The session that holds the leg's audio.
    pub(crate) const fn session(&self) -> Option<SessionId> {
        match self.info.place {
            LegPlace::Browser { session } => Some(session),
            LegPlace::Telephone { .. } | LegPlace::Service { .. } => None,
        }
    }

    /// Whether `session`, one of the user's, is told of the leg. Of the legs that ring for one call each telephone is
    /// told its own, whoever controls all; a browser's once it can be told, so with its offer.
    pub(crate) fn is_shown_to(&self, session: SessionId, kind: SessionKind) -> bool {
        let told = kind == SessionKind::Control || self.session() == Some(session);
        let ready = self.offer.is_some() || self.session().is_none();
        self.info.role == LegRole::Caller || self.info.answered_at.is_some() || (told && ready)
    }

    /// The leg as `session`, one of the user's, sees it, but for its recordings, which the desk knows.
    pub(super) fn call_info(&self, session: SessionId) -> CallInfo {
        let info = &self.info;
        CallInfo {
            id: info.leg.to_string(),
            call_id: info.call.to_string(),
            mine: self.session() == Some(session),
            direction: match info.role {
                LegRole::Caller => CallDirection::Outbound,
                LegRole::Callee => CallDirection::Inbound,
            },
            state: match info.state {
                // A page rings as soon as it is told, whatever it has described.
                LegState::Dialing if info.role == LegRole::Callee && self.session().is_some() => {
                    CallState::Ringing
                }
                LegState::Dialing => CallState::Dialing,
                LegState::Ringing => CallState::Ringing,
                LegState::Active => CallState::Active,
                LegState::Ended => CallState::Ended,
            },
            peer: peer_info(&info.peer),
            held: info.held,
            held_by_peer: info.held_by_peer,
            peer_lost: info.peer_lost,
            peer_muted: info.peer_muted,
            muted: info.muted,
            pin_asked: info.pin_asked,
            may_record: false,
            is_recorded: false,
            recording: None,
            created_at: info.created_at,
            answered_at: info.answered_at,
            variables: self.variables.clone(),
        }
    }
}

/// The other side as a client sees it.
pub(crate) fn peer_info(party: &control::Party) -> PeerInfo {
    PeerInfo {
        user_id: party.user.map(|user| user.to_string()),
        number: party.number.clone(),
        name: party.name.clone(),
    }
}

/// Who ended a leg, for its user.
pub(crate) const fn ended_by(by: control::EndedBy) -> EndedBy {
    match by {
        control::EndedBy::Local => EndedBy::Local,
        control::EndedBy::Remote => EndedBy::Remote,
        control::EndedBy::Switch => EndedBy::Server,
    }
}

/// A softswitch's description for a client.
pub(crate) fn to_client(description: control::SessionDescription) -> Description {
    let kind = match description.kind {
        control::DescriptionKind::Offer => DescriptionKind::Offer,
        control::DescriptionKind::Answer => DescriptionKind::Answer,
    };
    Description { kind, sdp: description.sdp }
}

/// A client's description for a softswitch.
pub(crate) fn to_switch(description: Description) -> control::SessionDescription {
    let kind = match description.kind {
        DescriptionKind::Offer => control::DescriptionKind::Offer,
        DescriptionKind::Answer => control::DescriptionKind::Answer,
    };
    control::SessionDescription { kind, sdp: description.sdp }
}

/// What a refused command means to the client that asked.
pub(crate) const fn error_code(error: control::CommandError) -> ErrorCode {
    match error {
        control::CommandError::NoSuchLeg
        | control::CommandError::NoSuchRoom
        | control::CommandError::NoSuchMessage
        | control::CommandError::NoSuchRecording => ErrorCode::NoSuchCall,
        control::CommandError::NotAllowed => ErrorCode::Forbidden,
        control::CommandError::WrongState => ErrorCode::WrongState,
        control::CommandError::Invalid => ErrorCode::BadRequest,
        control::CommandError::NotAcceptable => ErrorCode::NotAcceptable,
        control::CommandError::NoSuchSession | control::CommandError::Congestion => {
            ErrorCode::SwitchUnavailable
        }
    }
}
