//! What call control is told.

use std::{sync::Arc, time::Duration};

use ringdown_types::{DtmfDigit, EndReason, LegId, Pii, PromptId, SessionId, UserId};

use crate::{DepositPlan, EndedBy, MailboxPlan, PlaySource, RoomPlan};

/// A device a leg can go to. Opaque to call control.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DeviceId {
    /// A browser session.
    Browser(SessionId),
    /// A telephone's binding, by a key its owner chose.
    Telephone(u64),
}

/// A call a device offers.
#[derive(Debug, Clone)]
pub struct OfferedCall {
    /// The caller's leg; its id is chosen by whoever speaks its protocol.
    pub leg: LegId,
    /// Who calls.
    pub user: UserId,
    /// With what.
    pub device: DeviceId,
    /// What was dialled, as the record shows it.
    pub dialled: String,
    /// What the dialplan made of it.
    pub destination: Destination,
    /// Whether the switch plays ringing tone to this device (browsers), rather than the device making its own on a
    /// ringing signal (telephones).
    pub wants_generated_ringback: bool,
}

/// Where a call goes.
#[derive(Debug, Clone)]
pub enum Destination {
    /// To every device of a user.
    User(Callee),
    /// To the members of a ring group, stage after stage.
    Group(Group),
    /// On to another number at once: the user forwards every call.
    Forwarded {
        /// The user.
        user: UserId,
        /// Where to, as it would be dialled.
        to: Pii<Arc<str>>,
    },
    /// To the echo test.
    EchoTest,
    /// To these prompts, one after the other; then the switch hangs up.
    Announcement(Vec<PromptId>),
    /// To a parking slot, the next free one or this one. A side that is handed on is parked there itself; a new call
    /// parks the partner its user holds, and hears the slot's number.
    Park(Option<u32>),
    /// To whoever is parked on this slot; to the slot as [`Destination::Park`] if it is free.
    ParkSlot(u32),
    /// To the longest ringing call for one of these users.
    PickUp(Vec<UserId>),
    /// In the place of this leg (RFC 3891).
    Replace {
        /// The leg that is replaced.
        leg: LegId,
        /// Only if it was not answered yet.
        early_only: bool,
    },
    /// To the completion of the caller's last call to somebody busy: wanted, or wanted no more.
    Completion {
        /// Whether it is wanted.
        on: bool,
    },
    /// Into a conference room.
    Room(Arc<RoomPlan>),
    /// To a mailbox, to leave a message.
    Deposit(DepositPlan),
    /// To the caller's own mailbox, to listen.
    Mailbox(MailboxPlan),
    /// Nowhere: the caller is told why at once.
    Refused(EndReason),
}

/// A called user and what reaches them.
#[derive(Debug, Clone)]
pub struct Callee {
    /// The user.
    pub user: UserId,
    /// The devices reachable at this moment. The calling device is taken out, so that a user who calls their own
    /// number rings their other devices.
    pub devices: Vec<DeviceId>,
    /// How long they ring. In a group the stage's time counts.
    pub ring: Duration,
    /// Calls the user may have at once; with this many, one more caller is told busy.
    pub max_calls: u8,
    /// Where the call goes when they do not take it. In a group the group's overflow counts.
    pub forwards: Forwards,
    /// Whether the devices are asked to answer by themselves (intercom).
    pub auto_answer: bool,
}

/// Where a call goes that its callee does not take: dialled text, looked up with the callee's rights.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Forwards {
    /// The callee is busy, or declined.
    pub busy: Option<Pii<Arc<str>>>,
    /// Nobody answered in time.
    pub no_answer: Option<Pii<Arc<str>>>,
    /// No device can be reached.
    pub offline: Option<Pii<Arc<str>>>,
}

impl Forwards {
    /// One target, whatever the reason.
    pub fn always(target: Option<Pii<Arc<str>>>) -> Self {
        Self { busy: target.clone(), no_answer: target.clone(), offline: target }
    }

    pub(crate) fn on(&self, reason: EndReason) -> Option<&Pii<Arc<str>>> {
        match reason {
            EndReason::Busy | EndReason::Declined => self.busy.as_ref(),
            EndReason::NoAnswer => self.no_answer.as_ref(),
            _ => self.offline.as_ref(),
        }
    }
}

/// A ring group: its members ring in stages, one stage after the other, until one answers.
#[derive(Debug, Clone)]
pub struct Group {
    /// The number that reaches it, as the caller sees it.
    pub number: Pii<Arc<str>>,
    /// Who rings when; at most [`Group::MAX_STAGES`] are followed. One stage with everybody rings all at once, one
    /// for each member rings them in order.
    pub stages: Vec<Stage>,
    /// Where the call goes when nobody takes it.
    pub overflow: Option<Pii<Arc<str>>>,
}

impl Group {
    /// The most stages of one group. More let a call ring for hours.
    pub const MAX_STAGES: usize = 64;
}

/// Those members of a group who ring at the same time. Members with as many calls as they may have are passed over,
/// and a member who declines takes only themselves out.
#[derive(Debug, Clone)]
pub struct Stage {
    /// The members.
    pub members: Vec<Callee>,
    /// How long they ring.
    pub ring: Duration,
}

/// What a leg's device does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LegEvent {
    /// A called device alerts its user.
    Ringing,
    /// A called device sends audio before it answers.
    EarlyMedia,
    /// A called device answered.
    Answered,
    /// A called device refused, or could not be reached.
    Refused(EndReason),
    /// The leg is over: the device hung up or gave up, or its protocol side lost it.
    Ended {
        /// Why. A device's own `Hangup` before the answer counts as `Cancelled`.
        reason: EndReason,
        /// [`EndedBy::Local`] for the device, [`EndedBy::Switch`] when the switch lost it.
        by: EndedBy,
    },
    /// The device's own signalling put the other side on hold, or took it back.
    HoldRequested(bool),
    /// The device pressed a key.
    Dtmf {
        /// The key.
        digit: DtmfDigit,
        /// Whether the media plane has passed it on to the partner already.
        relayed: bool,
    },
    /// The leg's media cannot be set up or was lost for too long.
    MediaFailed,
    /// The leg's media is lost for the time being, or is back. Its partner hears a comfort tone meanwhile.
    Lost(bool),
    /// A playback that does not repeat reached its end.
    PlayFinished {
        /// The token of [`crate::Action::Play`].
        token: u32,
    },
    /// The recording of [`crate::Action::Record`] is over.
    RecordingEnded(RecordingOutcome),
    /// It begins or ceases to talk, in a mix.
    Talking(bool),
}

/// What became of a recording.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RecordingOutcome {
    /// It is kept.
    Stored,
    /// Too little was said; it is not kept.
    TooShort,
    /// It could not be written.
    Failed,
}

/// What a person asks of a conference room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RoomCommand {
    /// Stops or restarts passing on what a member says. Everybody may mute themselves; others, only moderators, and who
    /// was muted by one cannot undo it. A moderator undoes only what moderators did.
    Mute {
        /// The member.
        leg: LegId,
        /// Whether it is muted.
        muted: bool,
    },
    /// Makes a member louder or softer for all others; for moderators.
    Gain {
        /// The member.
        leg: LegId,
        /// In decibels, −60 (silence) to 20.
        decibels: i8,
    },
    /// Takes a member out; for moderators.
    Remove {
        /// The member.
        leg: LegId,
    },
    /// Lets only moderators in from now on, or everybody again; for moderators.
    Lock(bool),
}

/// What a person asks of a leg.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LegCommand {
    /// Answers a ringing leg.
    Answer,
    /// Refuses a ringing leg, and with it the call at all devices.
    Decline(DeclineReason),
    /// Ends a leg in any state: an outgoing call is cancelled, a ringing one declined.
    Hangup,
    /// Puts the other side on hold.
    Hold,
    /// Takes the other side back.
    Unhold,
    /// Stops or restarts passing on what the leg says.
    Mute(bool),
    /// Presses keys for the other side, one after the other; at most [`LegCommand::MAX_DIGITS`].
    SendDtmf(Vec<DtmfDigit>),
    /// Plays a sound once to the leg, which hears nothing else meanwhile, and nobody it. Tones that repeat go on until
    /// [`LegCommand::StopPlaying`]. The leg is answered and holds nobody.
    Play(PlaySource),
    /// Ends what [`LegCommand::Play`] began, if it goes on.
    StopPlaying,
    /// Hands the partner on to whoever a number reaches, with this leg's user's rights. If nobody takes it, the user
    /// gets the partner back.
    Transfer {
        /// What is dialled, 1 to [`LegCommand::MAX_DIALLED_BYTES`].
        to: Pii<Arc<str>>,
        /// The leg stays until the outcome is known and is told of it by [`crate::Action::TransferProgress`];
        /// otherwise it ends at once.
        stays: bool,
    },
    /// Joins the partner with the other side of another leg of the same user, which talks or still rings.
    CompleteTransfer {
        /// The other leg.
        other: LegId,
    },
}

/// A call the switch places for a user: their own devices ring first.
#[derive(Debug, Clone)]
pub struct Originate {
    /// The user.
    pub user: UserId,
    /// What is dialled once one of their devices has answered.
    pub to: Pii<Arc<str>>,
    /// Whether their devices are asked to answer by themselves.
    pub auto_answer: bool,
}

/// Where parked sides wait, and for how long.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parking {
    /// The slots' numbers.
    pub slots: std::ops::RangeInclusive<u32>,
    /// How long a side waits before whoever parked it is rung.
    pub timeout: Duration,
}

impl LegCommand {
    /// The most digits one command sends. More would keep a leg's telephone-event stream busy for seconds.
    pub const MAX_DIGITS: usize = 32;
    /// The longest dialled text.
    pub const MAX_DIALLED_BYTES: usize = 128;
}

/// How a person refuses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeclineReason {
    /// "I am busy."
    Busy,
    /// "I do not want this call."
    Declined,
}

impl DeclineReason {
    pub(crate) const fn end_reason(self) -> EndReason {
        match self {
            Self::Busy => EndReason::Busy,
            Self::Declined => EndReason::Declined,
        }
    }
}

/// Why a command was not obeyed. Nothing changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CommandError {
    /// The leg is not known; it may have just ended.
    NoSuchLeg,
    /// The leg's state does not allow it.
    WrongState,
    /// A value is out of its range.
    Invalid,
    /// As many as allowed exist: every parking slot is taken, for example.
    Full,
    /// There is nobody in this room.
    NoSuchRoom,
    /// Only a moderator may do this.
    NotAllowed,
}

impl std::fmt::Display for CommandError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::NoSuchLeg => "the leg is not known; it may have just ended",
            Self::WrongState => "the leg's state does not allow this",
            Self::Invalid => "a value is out of its range",
            Self::Full => "as many as allowed exist",
            Self::NoSuchRoom => "there is nobody in this room",
            Self::NotAllowed => "only a moderator may do this",
        })
    }
}

impl std::error::Error for CommandError {}

/// Why an offered call was not taken at all: no call exists and no notice was queued.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OfferError {
    /// [`crate::Limits`] are reached; the caller is told [`EndReason::Congestion`].
    Congestion,
    /// The leg's id is in use.
    DuplicateLeg,
    /// There is nothing to dial, or too much.
    Invalid,
}

impl std::fmt::Display for OfferError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Congestion => "as many calls as allowed exist",
            Self::DuplicateLeg => "the leg's id is in use",
            Self::Invalid => "there is nothing to dial, or too much",
        })
    }
}

impl std::error::Error for OfferError {}
