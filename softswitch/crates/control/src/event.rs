//! What a softswitch reports.

use std::collections::BTreeMap;

use ringdown_types::{
    CallId, DtmfDigit, EndReason, Extension, LegId, LegQuality, MediaDirection, MessageId, Pii,
    QualityReport, RoomId, SessionId, UserId,
};
use serde::{Deserialize, Serialize};

use crate::{
    CandidateText, ChatMessage, InvitationInfo, PersonStatement, Recording, RoomInfo, SessionDescription,
    SettingChange, VoicemailCount,
};

/// Something that happened. Times are Unix time in milliseconds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case", rename_all_fields = "camelCase")]
pub enum Event {
    /// A call began.
    CallStarted {
        /// The call.
        call: CallId,
        /// Who calls.
        caller: Party,
        /// What was dialled.
        dialled: Pii<String>,
        /// When.
        at: u64,
    },
    /// A leg was made or changed. For a ringing browser leg, `Offered` follows.
    LegChanged {
        /// The leg as it is now.
        leg: LegInfo,
    },
    /// A browser is rung: the session gets our offer.
    Offered {
        /// The leg.
        leg: LegId,
        /// The session to tell.
        session: SessionId,
        /// Our offer.
        offer: SessionDescription,
        /// What the caller sent along.
        variables: BTreeMap<String, String>,
        /// Whether the browser is asked to answer by itself: an intercom call, or one its user asked for.
        #[serde(default)]
        auto_answer: bool,
    },
    /// A description for a browser: the answer to its offer, or a new offer.
    Description {
        /// The leg.
        leg: LegId,
        /// The session to tell.
        session: SessionId,
        /// The description.
        description: SessionDescription,
    },
    /// A candidate of ours for a browser.
    Candidate {
        /// The leg.
        leg: LegId,
        /// The session to tell.
        session: SessionId,
        /// The candidate; `None` at the end of candidates.
        candidate: Option<CandidateText>,
    },
    /// A side of a call was parked.
    Parked {
        /// Who waits where.
        parked: ParkedInfo,
    },
    /// A parking slot is free again.
    SlotFree {
        /// The slot.
        slot: u32,
    },
    /// Something became of a user's wish to be rung once somebody busy is free.
    Completion {
        /// The user.
        user: UserId,
        /// Who was busy.
        target: Party,
        /// What became of it.
        state: CompletionState,
    },
    /// The other side pressed a key.
    Dtmf {
        /// The leg that hears it.
        leg: LegId,
        /// The key.
        digit: DtmfDigit,
    },
    /// A leg that is watched begins or ceases to speak. Shed like `RoomTalking`.
    VoiceActivity {
        /// The leg.
        leg: LegId,
        /// Whether it speaks.
        is_active: bool,
    },
    /// How good a leg's audio is: about every ten seconds, and at once when something goes wrong or is right again.
    /// Shed before any event but `RoomTalking`: the next one says it all again.
    LegQuality {
        /// The leg.
        leg: LegId,
        /// The figures, and everything that is wrong.
        report: QualityReport,
    },
    /// How good a leg's audio was, over all its life; follows `LegEnded` and `CallEnded`.
    LegFigures {
        /// The figures.
        figures: LegFigures,
    },
    /// A leg is over.
    LegEnded {
        /// The leg as it last was, `state` being [`LegState::Ended`].
        leg: LegInfo,
        /// Why.
        reason: EndReason,
        /// Who ended it.
        by: EndedBy,
    },
    /// A call is over: its record, once per call.
    CallEnded {
        /// The record.
        record: CallRecord,
    },
    /// A user's telephones registered or left.
    Registration {
        /// The user's bindings as they are now.
        registration: RegistrationInfo,
    },
    /// Who is in a conference room changed, or something about them; a room without members is over.
    RoomChanged {
        /// The room as it is now.
        room: RoomInfo,
    },
    /// A member of a room begins or ceases to talk. Shed before any other event.
    RoomTalking {
        /// The room.
        room: RoomId,
        /// The member.
        leg: LegId,
        /// Whether it talks.
        is_talking: bool,
    },
    /// Somebody who was invited into a room does not come.
    InvitationEnded {
        /// The room.
        room: RoomId,
        /// As it was last.
        invitation: InvitationInfo,
        /// Why.
        reason: EndReason,
    },
    /// A mailbox has other numbers of messages.
    VoicemailChanged {
        /// How many there are now.
        count: VoicemailCount,
    },
    /// A recording began or is over.
    RecordingChanged {
        /// As it is now.
        recording: Recording,
    },
    /// A user changed a setting on the switch. It is in force already.
    SettingChanged {
        /// What changed.
        changed: SettingChanged,
    },
    /// A telephone sent a text message. [`crate::Command::MessageTaken`] says whether the app server keeps it; the
    /// switch sends it to the addressee's telephones itself, and `MessageDelivered` follows.
    Message {
        /// The message.
        message: ChatMessage,
    },
    /// What became of a message of [`crate::Command::SendMessage`] or [`Event::Message`], once per message.
    MessageDelivered {
        /// The message.
        message: MessageId,
        /// Whether a telephone took it.
        delivered: bool,
    },
    /// A user's telephones say something else of their user (PUBLISH).
    Published {
        /// What they say together.
        person: PersonStatement,
    },
    /// What a newer softswitch reports and this version has no name for. It is passed over, and never sent.
    #[serde(other)]
    Unknown,
}

/// A parked side.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ParkedInfo {
    /// The slot; dialling it takes the side back.
    pub slot: u32,
    /// Its call.
    pub call: CallId,
    /// Who waits.
    pub party: Party,
    /// Who gets it back in the end.
    pub by: Party,
    /// Until when it waits, Unix time in milliseconds.
    pub until: u64,
}

/// What becomes of a wish to be rung once somebody busy is free.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CompletionState {
    /// It is waited for.
    Waiting,
    /// Both are free: the user's own devices ring.
    Ringing,
    /// The user wants it no more.
    Cancelled,
    /// It took too long.
    Expired,
}

/// One side of a call as others see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Party {
    /// The account; `None` for a service such as the echo test, or an unknown number.
    pub user: Option<UserId>,
    /// The number.
    pub number: Pii<String>,
    /// The name, empty where there is none.
    pub name: Pii<String>,
}

/// Which device a leg goes to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", rename_all_fields = "camelCase")]
pub enum LegPlace {
    /// A browser session.
    Browser {
        /// The session.
        session: SessionId,
    },
    /// A telephone.
    Telephone {
        /// The digest user name of the device.
        device: Pii<String>,
    },
    /// A service of the switch.
    Service {
        /// The number that reaches it.
        code: Extension,
    },
}

/// Whether the leg's device calls or is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LegRole {
    /// The device called.
    Caller,
    /// The device is called.
    Callee,
}

/// Where a leg is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LegState {
    /// Caller: nobody rings yet. Callee: being reached.
    Dialing,
    /// The called side rings.
    Ringing,
    /// Answered.
    Active,
    /// Over.
    Ended,
}

/// A leg as it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LegInfo {
    /// The leg.
    pub leg: LegId,
    /// Its call.
    pub call: CallId,
    /// Whose it is; `None` for a service.
    pub user: Option<UserId>,
    /// The device.
    pub place: LegPlace,
    /// Calls or is called.
    pub role: LegRole,
    /// Where it is in its life.
    pub state: LegState,
    /// The other side.
    pub peer: Party,
    /// This leg put the other side on hold.
    pub held: bool,
    /// The other side put this leg on hold.
    pub held_by_peer: bool,
    /// The other side's media is lost; it may come back within two minutes.
    #[serde(default)]
    pub peer_lost: bool,
    /// The other side muted itself.
    #[serde(default)]
    pub peer_muted: bool,
    /// The switch does not pass on what this leg says.
    pub muted: bool,
    /// A room asks for its PIN before it lets this leg in: how many were wrong so far.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pin_asked: Option<u8>,
    /// Which way media flows, seen from the device.
    pub direction: MediaDirection,
    /// When the leg was made.
    pub created_at: u64,
    /// When it was answered.
    pub answered_at: Option<u64>,
}

/// Who ended a leg or a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EndedBy {
    /// The leg's own side.
    Local,
    /// The other side.
    Remote,
    /// The switch.
    Switch,
}

/// A finished call: one row of history.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CallRecord {
    /// The call.
    pub call: CallId,
    /// Who called.
    pub caller: Party,
    /// Who was called.
    pub callee: Party,
    /// Whom it was for before: they did not take it, and it was sent on. Who forwards every call is not among them.
    #[serde(default)]
    pub passed_by: Vec<Party>,
    /// What was dialled.
    pub dialled: Pii<String>,
    /// When it began.
    pub started_at: u64,
    /// When it was answered.
    pub answered_at: Option<u64>,
    /// When it ended.
    pub ended_at: u64,
    /// Why it ended.
    pub reason: EndReason,
    /// Who ended it; `Local` is the caller, `Remote` the called side.
    pub by: EndedBy,
}

/// How good a leg's audio was.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LegFigures {
    /// The leg.
    pub leg: LegId,
    /// Its last call.
    pub call: CallId,
    /// Whose it was; `None` for a service.
    pub user: Option<UserId>,
    /// Called or was called.
    pub role: LegRole,
    /// The figures, over all its life.
    pub quality: LegQuality,
}

/// A user's reachable telephones.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RegistrationInfo {
    /// The user.
    pub user: UserId,
    /// How many bindings are live; 0 means no telephone is reachable.
    pub bindings: u32,
}

/// A setting that was changed on the switch. It is said again in every snapshot until a directory holds it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SettingChanged {
    /// Whose.
    pub user: UserId,
    /// Its number: of one user's changes a later one has a higher number, across restarts. A change whose number is
    /// not above [`crate::UserSettings::last_change`] is known.
    pub number: u64,
    /// What was changed.
    pub change: SettingChange,
}
