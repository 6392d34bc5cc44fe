//! What call control says.

use std::{sync::Arc, time::Instant};

use ringdown_types::{
    CallId, DtmfDigit, EndReason, LegId, MixId, Pii, PromptId, RecordingId, RoomId, ToneId, UserId,
};

use crate::{CallRecord, DeviceId, EndedBy, Invitation, LegView, ParkedView, Party, RoomView};

/// One thing to do or to tell, in the order it was decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Output {
    /// For whoever speaks the legs' protocols and the media plane.
    Action(Action),
    /// For whoever mirrors calls.
    Notice(Notice),
}

/// What to do. An action names only legs that were offered or started and have not ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Find out where something leads, and say so with [`crate::CallControl::handle_lookup`] before anything else.
    Lookup {
        /// The call that goes there.
        call: CallId,
        /// What is looked for.
        target: LookupTarget,
        /// With whose rights.
        by: UserId,
    },
    /// Tell the caller's device that the called side rings (180).
    RingLeg {
        /// The caller's leg.
        leg: LegId,
    },
    /// Tell the caller's device that audio comes before the answer (183 with a description). Its bridge follows.
    ProgressLeg {
        /// The caller's leg.
        leg: LegId,
        /// The leg it will hear.
        callee: LegId,
    },
    /// Call a device. Its leg is over with [`Action::EndLeg`], or with the event that says its device ended it.
    StartLeg {
        /// The new leg.
        leg: LegId,
        /// Its call.
        call: CallId,
        /// The device.
        device: DeviceId,
        /// The caller's leg, whose media this one may share; `None` where the device's own user is rung first. Who is
        /// shown as calling is the new leg's [`crate::LegView::peer`].
        caller: Option<LegId>,
        /// Whether the device is asked to answer by itself.
        auto_answer: bool,
    },
    /// Tell the caller's device that the call is answered (200).
    AnswerLeg {
        /// The caller's leg.
        leg: LegId,
        /// The leg that answered; `None` for a service.
        callee: Option<LegId>,
    },
    /// End a leg's signalling, whatever its state. Not sent for a leg whose device ended it.
    EndLeg {
        /// The leg.
        leg: LegId,
        /// What its device is told.
        reason: EndReason,
    },
    /// Tell the device that asked for a transfer how it goes; its leg may have ended. The leg ends, or talks again, by
    /// other actions.
    TransferProgress {
        /// The transferor's leg.
        leg: LegId,
        /// How far it is.
        progress: TransferProgress,
    },
    /// Join two legs' media, replacing whatever fed either.
    Bridge {
        /// One leg.
        a: LegId,
        /// The other.
        b: LegId,
    },
    /// Part two bridged legs; neither hears anything then.
    Unbridge {
        /// One leg.
        a: LegId,
        /// The other.
        b: LegId,
    },
    /// Play to a leg, replacing whatever fed it.
    Play {
        /// The leg.
        leg: LegId,
        /// What is heard.
        source: PlaySource,
        /// Whether it starts again at its end.
        repeat: bool,
        /// Names this playback in [`crate::LegEvent::PlayFinished`].
        token: u32,
    },
    /// Stop what feeds a leg.
    StopPlay {
        /// The leg.
        leg: LegId,
    },
    /// Return a leg's own audio to it.
    Echo {
        /// The leg.
        leg: LegId,
    },
    /// Let a leg hear every other member of a mix, and them it, replacing whatever fed it. The mix exists from its
    /// first member to its last.
    JoinMix {
        /// The leg.
        leg: LegId,
        /// The mix.
        mix: MixId,
    },
    /// Set how loud a leg is in mixes.
    SetGain {
        /// The leg.
        leg: LegId,
        /// In decibels; 0 at first.
        decibels: i8,
    },
    /// Play to every member of a mix, beneath what they say.
    PlayToMix {
        /// The mix.
        mix: MixId,
        /// What is heard.
        source: PlaySource,
    },
    /// Record what a leg says as a message; [`crate::LegEvent::RecordingEnded`] follows, also where the leg ends.
    Record {
        /// The leg.
        leg: LegId,
        /// Names the recording and the message.
        recording: RecordingId,
        /// Whose message it becomes.
        mailbox: UserId,
    },
    /// End a leg's recording.
    StopRecording {
        /// The leg.
        leg: LegId,
    },
    /// Change a mailbox, as its owner asked.
    ChangeMailbox {
        /// Whose it is.
        mailbox: UserId,
        /// How.
        change: MailboxChange,
    },
    /// Send a digit to a leg.
    SendDtmf {
        /// The leg that hears it.
        leg: LegId,
        /// The digit.
        digit: DtmfDigit,
    },
    /// Stop or restart passing on what a leg says.
    Mute {
        /// The leg that is not heard.
        leg: LegId,
        /// Whether it is muted.
        muted: bool,
    },
}

/// What becomes of a wish to be rung once somebody busy is free.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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

/// What is looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LookupTarget {
    /// What dialling this reaches.
    Number(Pii<Arc<str>>),
    /// Where a call that somebody else made goes when it is sent here: by a forward, an overflow, a telephone that
    /// redirects. What acts on the caller's own behalf is no such place.
    Onward(Pii<Arc<str>>),
    /// A user's own devices, whatever the user forwards.
    User(UserId),
}

/// How far a transfer is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TransferProgress {
    /// The target rings.
    Ringing,
    /// The target answered; the transferor's leg ends.
    Answered,
    /// It failed. The transferor talks with the transferee again.
    Failed(EndReason),
}

/// What a playback plays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PlaySource {
    /// A generated tone.
    Tone(ToneId),
    /// A prompt of the sound pack; music on hold is one.
    Prompt(PromptId),
    /// A recording.
    Recording(RecordingId),
}

/// What the owner of a mailbox does with a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MailboxChange {
    /// It was listened to.
    Heard(RecordingId),
    /// It goes.
    Deleted(RecordingId),
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Notice {
    /// A call began.
    CallStarted {
        /// The call.
        call: CallId,
        /// Who calls.
        caller: Party,
        /// What was dialled.
        dialled: Pii<Arc<str>>,
        /// When.
        at: Instant,
    },
    /// A leg was made or its view changed.
    LegChanged(LegView),
    /// A leg is over, once per leg: its resources can go.
    LegEnded {
        /// The leg as it last was, its state being [`crate::LegState::Ended`].
        leg: LegView,
        /// Why.
        reason: EndReason,
        /// Who ended it.
        by: EndedBy,
    },
    /// A call is over, once per call, after the last of its legs.
    CallEnded(CallRecord),
    /// A side was parked.
    Parked(ParkedView),
    /// A slot is free again: its side was fetched, given back, or hung up.
    SlotFree {
        /// The slot.
        slot: u32,
    },
    /// Something became of a wish to be rung once somebody busy is free.
    Completion {
        /// Whose wish it is.
        user: UserId,
        /// Who was busy.
        target: UserId,
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
    /// A room changed; one without members is over.
    RoomChanged(RoomView),
    /// Somebody who was invited did not come.
    InvitationEnded {
        /// The room.
        room: RoomId,
        /// What it was.
        invitation: Invitation,
        /// Why.
        reason: EndReason,
    },
    /// A member of a room begins or ceases to talk.
    RoomTalking {
        /// The room.
        room: RoomId,
        /// The member.
        leg: LegId,
        /// Whether it talks.
        is_talking: bool,
    },
}
