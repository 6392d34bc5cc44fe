//! What the app server asks of a softswitch.

use std::{collections::BTreeMap, fmt};

use crate::{ChatMessage, PersonStatement, Recording, SettingChange, SoundBytes, VoicemailMessage};
use ringdown_types::{
    CallId, DtmfDigit, EndReason, LegId, MessageId, Pii, PromptId, RecordedTracks, RecordingId, RoomId,
    SessionId, SoundFormat, ToneId, UserId,
};
use serde::{Deserialize, Serialize};

/// Names a command for its reply and against doing it twice. Random, chosen by the app server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CommandId(pub u64);

/// What to do.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "kebab-case", rename_all_fields = "camelCase")]
pub enum Command {
    /// A browser session can be rung. Repeated for every live session after a reconnect.
    SessionUp {
        /// The session.
        session: SessionId,
        /// Whose it is.
        user: UserId,
    },
    /// A session is gone for good; its legs end with `resume-expired`.
    SessionDown {
        /// The session.
        session: SessionId,
    },
    /// Places a call from a browser. Replies [`CommandResult::Started`]; the answer description follows as an event.
    StartCall {
        /// The session that holds the leg.
        session: SessionId,
        /// The caller.
        user: UserId,
        /// What was dialled.
        to: String,
        /// The browser's offer.
        offer: SessionDescription,
        /// Free-form data that travels to the other side; at most 32 entries, 4 KiB together.
        variables: BTreeMap<String, String>,
    },
    /// Answers a ringing leg. Without a description the one given before with `Describe` is used.
    Answer {
        /// The ringing leg.
        leg: LegId,
        /// The browser's answer.
        description: Option<SessionDescription>,
    },
    /// Refuses a ringing leg.
    Decline {
        /// The ringing leg.
        leg: LegId,
        /// `busy` or `declined`.
        reason: EndReason,
    },
    /// Ends a leg in any state; an unanswered outgoing one is cancelled.
    Hangup {
        /// The leg.
        leg: LegId,
    },
    /// Puts the other side on hold.
    Hold {
        /// The leg that holds.
        leg: LegId,
    },
    /// Takes the other side back.
    Unhold {
        /// The leg that held.
        leg: LegId,
    },
    /// Stops or restarts passing on what the leg says.
    Mute {
        /// The leg.
        leg: LegId,
        /// Whether it is muted.
        muted: bool,
    },
    /// Tells when a leg begins and ceases to speak, by [`crate::Event::VoiceActivity`], or stops telling. It ends with
    /// the leg.
    WatchVoice {
        /// The leg.
        leg: LegId,
        /// Whether it is watched.
        watched: bool,
    },
    /// Sends digits to the other side, one after the other.
    SendDtmf {
        /// The leg that presses the keys.
        leg: LegId,
        /// 1 to 32 digits.
        digits: Vec<DtmfDigit>,
    },
    /// Hands the partner of a leg on to a number, with the rights of the leg's user; the leg ends `transferred`. When
    /// nobody takes the partner, the user's devices ring again.
    Transfer {
        /// The leg whose partner is handed on.
        leg: LegId,
        /// What is dialled, 1 to 128 bytes.
        to: String,
    },
    /// Joins the partner of a leg with the other side of another leg of the same user, which talks or rings; both end
    /// `transferred`.
    CompleteTransfer {
        /// The leg whose partner is handed on.
        leg: LegId,
        /// The leg that reached the new partner.
        other: LegId,
    },
    /// Parks the partner of a leg, which ends `parked`. Replies [`CommandResult::Parked`].
    Park {
        /// The leg.
        leg: LegId,
        /// The slot; `None` for the next free one.
        #[serde(default)]
        slot: Option<u32>,
    },
    /// Rings a user's own devices and then calls. Replies [`CommandResult::Originated`].
    Originate {
        /// The user.
        user: UserId,
        /// What is dialled, 1 to 128 bytes.
        to: String,
        /// Whether the user's devices are asked to answer by themselves.
        #[serde(default)]
        auto_answer: bool,
        /// Free-form data that travels to both sides; at most 32 entries, 4 KiB together.
        #[serde(default)]
        variables: BTreeMap<String, String>,
    },
    /// The user wants to be rung once the user they last found busy is free, or wants it no more.
    Completion {
        /// The user.
        user: UserId,
        /// Whether they want it.
        on: bool,
    },
    /// A description from the browser: an answer to our offer, or a new offer, which an answer event follows.
    Describe {
        /// The leg.
        leg: LegId,
        /// The description.
        description: SessionDescription,
    },
    /// Makes a browser's leg a new offer over a new transport, which a page takes that knows nothing of the call yet; what
    /// the leg has goes on until the answer comes by `Describe`. [`crate::Event::Description`] follows. For pages that
    /// cannot offer themselves, and for legs that are to move.
    Reoffer {
        /// The leg.
        leg: LegId,
    },
    /// A candidate from the browser (RFC 8838).
    Candidate {
        /// The leg.
        leg: LegId,
        /// The candidate; `None` at the end of candidates.
        candidate: Option<CandidateText>,
    },
    /// Makes a conference of the two calls of a user, or brings the second's partner into the room the first is in.
    /// The second leg ends. [`crate::Event::RoomChanged`] follows.
    Merge {
        /// The leg that goes on.
        leg: LegId,
        /// The leg that ends.
        other: LegId,
    },
    /// Stops or restarts passing on what a member of a room says. Members may mute themselves, moderators anybody. Who was
    /// muted by a moderator cannot undo it, and a moderator undoes only what moderators did.
    RoomMute {
        /// The room.
        room: RoomId,
        /// The member.
        leg: LegId,
        /// Whether it is muted.
        muted: bool,
        /// Who asks.
        by: UserId,
    },
    /// Makes a member of a room louder or softer for all others; for moderators.
    RoomGain {
        /// The room.
        room: RoomId,
        /// The member.
        leg: LegId,
        /// In decibels, −60 (silence) to 20.
        decibels: i8,
        /// Who asks.
        by: UserId,
    },
    /// Takes a member out of a room; for moderators.
    RoomRemove {
        /// The room.
        room: RoomId,
        /// The member.
        leg: LegId,
        /// Who asks.
        by: UserId,
    },
    /// Lets only moderators into a room, or everybody again; for moderators.
    RoomLock {
        /// The room.
        room: RoomId,
        /// Whether it is locked.
        locked: bool,
        /// Who asks.
        by: UserId,
    },
    /// Calls somebody who comes into a room by answering: the room the leg is in, which any member may do and moderators
    /// alone while it is locked, or one made of the leg and its partner. Replies [`CommandResult::Invited`];
    /// [`crate::Event::RoomChanged`] tells how it goes, [`crate::Event::InvitationEnded`] that they do not come.
    Invite {
        /// The inviter's leg.
        leg: LegId,
        /// What is dialled, with the rights of the leg's user.
        to: String,
    },
    /// Takes an invitation back: for whoever invited, and for moderators.
    Uninvite {
        /// The room.
        room: RoomId,
        /// The invitation.
        invitation: CallId,
        /// Who asks.
        by: UserId,
    },
    /// Plays a tone or a prompt once to everybody in a room, beneath what they say.
    PlayToRoom {
        /// The room.
        room: RoomId,
        /// What is heard.
        sound: PlayedSound,
        /// Who asks, a moderator; `None` for an administrator.
        by: Option<UserId>,
    },
    /// Ends everything that [`Command::PlayToRoom`] plays in a room.
    StopPlayingToRoom {
        /// The room.
        room: RoomId,
        /// Who asks, a moderator; `None` for an administrator.
        by: Option<UserId>,
    },
    /// Plays once to one leg, which hears nothing else until the sound ends or [`Command::StopPlayingToLeg`]; then what
    /// it heard before comes back. A tone that repeats plays until it is stopped.
    PlayToLeg {
        /// The leg: answered, and holding nobody.
        leg: LegId,
        /// What is heard.
        sound: PlayedSound,
        /// Who asks, a moderator of the room the leg is in; `None` for an administrator.
        by: Option<UserId>,
    },
    /// Ends what [`Command::PlayToLeg`] began; nothing where it ended by itself.
    StopPlayingToLeg {
        /// The leg.
        leg: LegId,
        /// Who asks, a moderator of the room the leg is in; `None` for an administrator.
        by: Option<UserId>,
    },
    /// Lists a mailbox, oldest first. Replies [`CommandResult::Voicemail`].
    ListVoicemail {
        /// Whose.
        user: UserId,
    },
    /// Reads a part of a message's sound. Replies [`CommandResult::VoicemailSound`].
    FetchVoicemail {
        /// Whose.
        user: UserId,
        /// The message.
        message: RecordingId,
        /// Where to begin, in bytes.
        offset: u64,
        /// As what kind of file.
        #[serde(default = "wav")]
        format: SoundFormat,
    },
    /// Marks a message as listened to, or as new. [`crate::Event::VoicemailChanged`] follows.
    MarkVoicemail {
        /// Whose.
        user: UserId,
        /// The message.
        message: RecordingId,
        /// Whether it was listened to.
        is_heard: bool,
    },
    /// Deletes a message. [`crate::Event::VoicemailChanged`] follows.
    DeleteVoicemail {
        /// Whose.
        user: UserId,
        /// The message.
        message: RecordingId,
    },
    /// Records a leg until it ends or is told to stop. Replies [`CommandResult::Recording`];
    /// [`crate::Event::RecordingChanged`] follows.
    RecordLeg {
        /// The leg.
        leg: LegId,
        /// What of it.
        #[serde(default)]
        tracks: RecordedTracks,
        /// What the file is.
        #[serde(default)]
        format: SoundFormat,
        /// Who asks; `None` for an administrator.
        by: Option<UserId>,
    },
    /// Records a room until its last member leaves or it is told to stop. Replies [`CommandResult::Recording`];
    /// [`crate::Event::RecordingChanged`] follows.
    RecordRoom {
        /// The room.
        room: RoomId,
        /// What the file is.
        #[serde(default)]
        format: SoundFormat,
        /// Who asks, a moderator; `None` for an administrator.
        by: Option<UserId>,
    },
    /// Ends a recording. [`crate::Event::RecordingChanged`] follows.
    StopRecording {
        /// The recording.
        recording: RecordingId,
        /// Who asks; `None` for an administrator.
        by: Option<UserId>,
    },
    /// Lists recordings, newest first, a thousand at most. Replies [`CommandResult::Recordings`].
    ListRecordings {
        /// Whose; `None` for everybody's.
        by: Option<UserId>,
    },
    /// Reads a part of a recording's file. Replies [`CommandResult::RecordingSound`].
    FetchRecording {
        /// The recording.
        recording: RecordingId,
        /// Where to begin, in bytes.
        offset: u64,
        /// Who asks; `None` for an administrator.
        by: Option<UserId>,
    },
    /// Deletes a recording that is over.
    DeleteRecording {
        /// The recording.
        recording: RecordingId,
        /// Who asks; `None` for an administrator.
        by: Option<UserId>,
    },
    /// Changes a user's setting as their feature code would. [`crate::Event::SettingChanged`] follows.
    ChangeSetting {
        /// Whose.
        user: UserId,
        /// What is changed.
        change: SettingChange,
    },
    /// Says where a number goes and why, without calling it. Replies [`CommandResult::Explained`].
    Explain {
        /// Who would dial.
        caller: UserId,
        /// What they would dial.
        dialled: Pii<String>,
        /// When, Unix time in milliseconds; `None` at this moment.
        at: Option<u64>,
    },
    /// Sends a text message to every telephone of its addressee. `Event::MessageDelivered` follows.
    SendMessage {
        /// The message; its sender's number and name are looked up in the directory.
        message: ChatMessage,
    },
    /// Whether the app server keeps the message of an `Event::Message`, to show and deliver it later.
    MessageTaken {
        /// The message.
        message: MessageId,
        /// Whether it does.
        taken: bool,
    },
    /// What people say of themselves in the browser. Repeated for everybody who says something after a reconnect.
    State {
        /// The people.
        people: Vec<PersonStatement>,
    },
    /// What a newer app server asks and this version has no name for. It is refused, and never sent.
    #[serde(other)]
    Unknown,
}

/// What an app server gets that does not say.
const fn wav() -> SoundFormat {
    SoundFormat::Wav
}

/// A sound that is played to a room or a leg.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PlayedSound {
    /// A tone of the country's plan.
    Tone(ToneId),
    /// A prompt of the sound pack.
    Prompt(PromptId),
    /// A WAV or Ogg/Opus file of the web, where the softswitch's `play_hosts` allows its host.
    Url(Pii<String>),
}

/// How a description is meant (RFC 8829 §4.1.8).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DescriptionKind {
    /// An offer.
    Offer,
    /// A final answer.
    Answer,
}

/// A session description on its way. It holds credentials: `Debug` shows its size only.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionDescription {
    /// Offer or answer.
    #[serde(rename = "type")]
    pub kind: DescriptionKind,
    /// The text, at most 32 KiB.
    pub sdp: String,
}

impl fmt::Debug for SessionDescription {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SessionDescription({:?}, {} bytes)", self.kind, self.sdp.len())
    }
}

/// A candidate attribute as browsers write it (`candidate:…`), at most 1 KiB.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CandidateText(pub String);

impl fmt::Debug for CandidateText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CandidateText(‹redacted›)")
    }
}

/// How a command ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "kebab-case", rename_all_fields = "camelCase")]
pub enum CommandResult {
    /// It is done.
    Done,
    /// A call began.
    Started {
        /// The call.
        call: CallId,
        /// The caller's leg.
        leg: LegId,
    },
    /// Where a number goes.
    Explained {
        /// How.
        explanation: Explanation,
    },
    /// The partner is parked.
    Parked {
        /// On this slot.
        slot: u32,
    },
    /// A call began whose user's devices ring.
    Originated {
        /// The call.
        call: CallId,
    },
    /// Somebody is called.
    Invited {
        /// The room they come into.
        room: RoomId,
        /// Names the invitation.
        invitation: CallId,
    },
    /// A mailbox.
    Voicemail {
        /// Its messages, oldest first.
        messages: Vec<VoicemailMessage>,
    },
    /// A part of a message's sound.
    VoicemailSound {
        /// How many bytes the whole sound has.
        total: u64,
        /// The part, at most 256 KiB; less than that at the end only.
        part: SoundBytes,
    },
    /// A recording began.
    Recording {
        /// It.
        recording: RecordingId,
    },
    /// Recordings.
    Recordings {
        /// Newest first.
        recordings: Vec<Recording>,
    },
    /// A part of a recording's file.
    RecordingSound {
        /// What the file is.
        format: SoundFormat,
        /// How many bytes the whole file has.
        total: u64,
        /// The part, at most 256 KiB; less than that at the end only.
        part: SoundBytes,
    },
    /// It was refused; nothing changed.
    Refused {
        /// Why.
        error: CommandError,
        /// What was wrong, for people.
        message: String,
    },
}

/// Where a number goes and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Explanation {
    /// What was looked at, in order: a sentence each, for administrators.
    pub steps: Vec<Pii<String>>,
    /// What becomes of the call, in one word: `user`, `group`, `unknown`, `refused` and so on.
    pub outcome: String,
}

/// Why a command was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CommandError {
    /// The leg is not known; it may have just ended.
    NoSuchLeg,
    /// The session or user is not known.
    NoSuchSession,
    /// The leg's state does not allow it.
    WrongState,
    /// A value is out of its range, or a description is malformed.
    Invalid,
    /// The description shares no codec with us.
    NotAcceptable,
    /// The switch is full.
    Congestion,
    /// There is nobody in this room.
    NoSuchRoom,
    /// Only a moderator may do this.
    NotAllowed,
    /// The mailbox has no such message.
    NoSuchMessage,
    /// There is no such recording, or it is somebody else's.
    NoSuchRecording,
}
