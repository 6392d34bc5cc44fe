//! Alice, bob and carol with a call control between them, and a record of everything it said.
//!
//! Every output is checked against what must always hold while it is recorded.

#![allow(dead_code)] // Each test uses the part of the cast it needs.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::{Duration, Instant},
};

use ringdown_call::{
    Action, CallControl, CallRecord, Callee, CompletionState, Destination, DeviceId, EndedBy, Forwards,
    LegCommand, LegEvent, LegState, LegView, Limits, LookupTarget, MailboxChange, Notice, OfferedCall,
    Output, ParkedView, Party, PlaySource, RoomView, TransferProgress,
};
use ringdown_types::{
    CallId, DtmfDigit, EndReason, LegId, MixId, Pii, RecordingId, RoomId, SeededRandom, SessionId, ToneId,
    UserId,
};

pub(crate) const ALICE: UserId = UserId::from_u128(101);
pub(crate) const BOB: UserId = UserId::from_u128(102);
pub(crate) const CAROL: UserId = UserId::from_u128(103);
pub(crate) const DAVE: UserId = UserId::from_u128(104);

/// Alice's browser, which places most calls.
pub(crate) const ALICE_TAB: DeviceId = DeviceId::Browser(SessionId::from_u128(1));
/// Bob's browser and his desk phone.
pub(crate) const BOB_TAB: DeviceId = DeviceId::Browser(SessionId::from_u128(2));
pub(crate) const BOB_PHONE: DeviceId = DeviceId::Telephone(20);
pub(crate) const BOB_SOFTPHONE: DeviceId = DeviceId::Telephone(21);
pub(crate) const CAROL_PHONE: DeviceId = DeviceId::Telephone(30);
pub(crate) const DAVE_PHONE: DeviceId = DeviceId::Telephone(40);

pub(crate) const RING: Duration = Duration::from_secs(30);

/// What a leg hears.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Hears {
    Nothing,
    Leg(LegId),
    Itself,
    Play(PlaySource, u32),
    Mix(MixId),
}

/// Call control and everything it said.
pub(crate) struct World {
    pub(crate) control: CallControl,
    pub(crate) now: Instant,
    next_leg: u128,
    /// Every leg ever made, with its device.
    pub(crate) devices: BTreeMap<LegId, DeviceId>,
    /// The last view told of each leg.
    pub(crate) views: BTreeMap<LegId, LegView>,
    pub(crate) hears: BTreeMap<LegId, Hears>,
    pub(crate) ended: BTreeMap<LegId, (EndReason, EndedBy)>,
    /// Legs whose devices were told the end, with the reason.
    pub(crate) told: BTreeMap<LegId, EndReason>,
    pub(crate) answered: BTreeSet<LegId>,
    pub(crate) ringing: BTreeSet<LegId>,
    pub(crate) progressed: BTreeSet<LegId>,
    pub(crate) muted: BTreeMap<LegId, bool>,
    pub gains: BTreeMap<LegId, i8>,
    pub(crate) digits_sent: Vec<(LegId, DtmfDigit)>,
    pub(crate) digits_told: Vec<(LegId, DtmfDigit)>,
    pub(crate) started_calls: BTreeSet<CallId>,
    pub(crate) records: BTreeMap<CallId, CallRecord>,
    /// Legs in the order they were started.
    pub(crate) order: Vec<LegId>,
    /// Lookups in the order they were asked for.
    pub(crate) lookups: Vec<(CallId, LookupTarget, UserId)>,
    /// What was played into mixes.
    pub(crate) mixed: Vec<(MixId, PlaySource)>,
    /// Legs that are recorded, and for whom.
    pub(crate) recording: BTreeMap<LegId, (RecordingId, UserId)>,
    pub(crate) mailbox_changes: Vec<MailboxChange>,
    /// The last view told of each room.
    pub(crate) rooms: BTreeMap<RoomId, RoomView>,
    pub(crate) talking: Vec<(LegId, bool)>,
    /// Whose invitations ended, and why.
    pub(crate) uninvited: Vec<(Party, EndReason)>,
    /// What transferors were told.
    pub(crate) progress: Vec<(LegId, TransferProgress)>,
    /// Where numbers and users lead; elsewhere is not found.
    pub(crate) numbers: BTreeMap<&'static str, Destination>,
    /// Who waits on which slot.
    pub(crate) parked: BTreeMap<u32, CallId>,
    pub(crate) completions: Vec<(UserId, UserId, CompletionState)>,
}

impl World {
    pub(crate) fn new() -> Self {
        Self::with_limits(Limits::default())
    }

    #[allow(clippy::disallowed_methods)] // The clock's starting point; no test waits on it.
    pub(crate) fn with_limits(limits: Limits) -> Self {
        Self {
            control: CallControl::new(limits, Box::new(SeededRandom::new(7))),
            now: Instant::now(),
            next_leg: 1,
            devices: BTreeMap::new(),
            views: BTreeMap::new(),
            hears: BTreeMap::new(),
            ended: BTreeMap::new(),
            told: BTreeMap::new(),
            answered: BTreeSet::new(),
            ringing: BTreeSet::new(),
            progressed: BTreeSet::new(),
            gains: BTreeMap::new(),
            muted: BTreeMap::new(),
            digits_sent: Vec::new(),
            digits_told: Vec::new(),
            started_calls: BTreeSet::new(),
            records: BTreeMap::new(),
            order: Vec::new(),
            lookups: Vec::new(),
            mixed: Vec::new(),
            recording: BTreeMap::new(),
            mailbox_changes: Vec::new(),
            rooms: BTreeMap::new(),
            talking: Vec::new(),
            uninvited: Vec::new(),
            progress: Vec::new(),
            numbers: BTreeMap::new(),
            parked: BTreeMap::new(),
            completions: Vec::new(),
        }
    }

    /// Alice's browser calls bob at these devices: her leg, and his in the order given.
    pub(crate) fn alice_calls_bob(&mut self, devices: &[DeviceId]) -> (LegId, Vec<LegId>) {
        let before = self.order.len();
        let alice = self.call(ALICE, ALICE_TAB, bob(devices), true);
        let started: BTreeMap<DeviceId, LegId> =
            self.order[before..].iter().map(|leg| (self.devices[leg], *leg)).collect();
        let legs = devices.iter().filter_map(|device| started.get(device).copied()).collect();
        (alice, legs)
    }

    pub(crate) fn call(
        &mut self,
        user: UserId,
        device: DeviceId,
        destination: Destination,
        wants_generated_ringback: bool,
    ) -> LegId {
        let leg = LegId::from_u128(self.next_leg);
        self.next_leg += 1;
        self.devices.insert(leg, device);
        let offer = OfferedCall {
            leg,
            user,
            device,
            dialled: "102".to_owned(),
            destination,
            wants_generated_ringback,
        };
        let call = self.control.handle_offer(self.now, offer).expect("there is room");
        self.drain();
        assert!(self.started_calls.contains(&call));
        leg
    }

    pub(crate) fn event(&mut self, leg: LegId, event: LegEvent) {
        self.control.handle_leg_event(self.now, leg, event);
        self.drain();
    }

    pub(crate) fn command(
        &mut self,
        leg: LegId,
        command: LegCommand,
    ) -> Result<(), ringdown_call::CommandError> {
        let result = self.control.handle_command(self.now, leg, command);
        self.drain();
        result
    }

    /// A talking call: the caller's leg and the leg that answered.
    pub(crate) fn talk(
        &mut self,
        (caller, device): (UserId, DeviceId),
        (callee, at): (UserId, DeviceId),
    ) -> (LegId, LegId) {
        let leg = self.call(caller, device, user(callee, &[at]), false);
        let answering = self.newest();
        self.event(answering, LegEvent::Ringing);
        self.event(answering, LegEvent::Answered);
        self.assert_talking(leg, answering);
        (leg, answering)
    }

    /// The leg that was started last.
    pub(crate) fn newest(&self) -> LegId {
        *self.order.last().expect("a leg was started")
    }

    pub(crate) fn record_of(&self, call: CallId) -> &CallRecord {
        self.records.get(&call).expect("the call is over")
    }

    pub(crate) fn call_of(&self, leg: LegId) -> CallId {
        self.views[&leg].call
    }

    /// The device hangs up by its own protocol.
    pub(crate) fn device_hangs_up(&mut self, leg: LegId) {
        self.event(leg, LegEvent::Ended { reason: EndReason::Hangup, by: EndedBy::Local });
    }

    /// Time passes, as fast as the machine can count.
    pub(crate) fn advance(&mut self, by: Duration) {
        let until = self.now + by;
        while let Some(due) = self.control.next_timeout().filter(|due| *due <= until) {
            self.now = self.now.max(due);
            self.control.handle_timeout(self.now);
            self.drain();
        }
        self.now = until;
    }

    /// The only record there is.
    pub(crate) fn record(&self) -> &CallRecord {
        assert_eq!(self.records.len(), 1, "one call was made and is over");
        self.records.values().next().expect("one record")
    }

    pub(crate) fn hears(&self, leg: LegId) -> Hears {
        self.hears.get(&leg).copied().unwrap_or(Hears::Nothing)
    }

    pub(crate) fn assert_talking(&self, a: LegId, b: LegId) {
        assert_eq!(self.hears(a), Hears::Leg(b));
        assert_eq!(self.hears(b), Hears::Leg(a));
    }

    fn destination(&self, target: &LookupTarget) -> Destination {
        match target {
            LookupTarget::Number(number) | LookupTarget::Onward(number) => {
                self.numbers.get(number.0.as_ref()).cloned()
            }
            LookupTarget::User(ALICE) => Some(user(ALICE, &[ALICE_TAB])),
            LookupTarget::User(BOB) => Some(user(BOB, &[BOB_TAB, BOB_PHONE])),
            LookupTarget::User(CAROL) => Some(user(CAROL, &[CAROL_PHONE])),
            LookupTarget::User(DAVE) => Some(user(DAVE, &[DAVE_PHONE])),
            LookupTarget::User(_) => None,
        }
        .unwrap_or(Destination::Refused(EndReason::NotFound))
    }

    pub(crate) fn drain(&mut self) {
        let mut answered = self.lookups.len();
        while let Some(output) = self.control.poll_output() {
            match output {
                Output::Action(action) => self.act(action),
                Output::Notice(notice) => self.note(notice),
            }
            // A lookup is answered before anything else happens.
            if self.lookups.len() > answered {
                let (call, target, _) = self.lookups[answered].clone();
                answered += 1;
                let destination = self.destination(&target);
                self.control.handle_lookup(self.now, call, destination);
            }
        }
        self.check();
    }

    fn act(&mut self, action: Action) {
        for leg in named(&action) {
            assert!(self.devices.contains_key(&leg) || matches!(action, Action::StartLeg { .. }));
            assert!(!self.ended.contains_key(&leg), "{action:?} names a leg that is over");
        }
        match action {
            Action::StartLeg { leg, device, .. } => {
                assert!(self.devices.insert(leg, device).is_none(), "a leg starts once");
                self.order.push(leg);
            }
            Action::EndLeg { leg, reason } => {
                assert!(self.told.insert(leg, reason).is_none(), "a leg is told its end once");
            }
            Action::Lookup { call, target, by } => self.lookups.push((call, target, by)),
            Action::TransferProgress { leg, progress } => self.progress.push((leg, progress)),
            Action::RingLeg { leg } => assert!(self.ringing.insert(leg), "ringing is told once"),
            Action::ProgressLeg { leg, .. } => assert!(self.progressed.insert(leg), "progress is told once"),
            Action::AnswerLeg { leg, .. } => assert!(self.answered.insert(leg), "an answer is told once"),
            Action::Bridge { a, b } => {
                for leg in [a, b] {
                    let heard = self.hears(leg);
                    assert!(!matches!(heard, Hears::Leg(_)), "{leg} is bridged already: {heard:?}");
                }
                self.hears.insert(a, Hears::Leg(b));
                self.hears.insert(b, Hears::Leg(a));
            }
            Action::Unbridge { a, b } => {
                self.assert_talking(a, b);
                self.hears.insert(a, Hears::Nothing);
                self.hears.insert(b, Hears::Nothing);
            }
            Action::Play { leg, source, token, .. } => {
                self.hears.insert(leg, Hears::Play(source, token));
            }
            Action::StopPlay { leg } => {
                self.hears.insert(leg, Hears::Nothing);
            }
            Action::Echo { leg } => {
                self.hears.insert(leg, Hears::Itself);
            }
            Action::SendDtmf { leg, digit } => self.digits_sent.push((leg, digit)),
            Action::JoinMix { leg, mix } => {
                self.hears.insert(leg, Hears::Mix(mix));
            }
            Action::PlayToMix { mix, source } => {
                self.mixed.push((mix, source));
            }
            Action::Record { leg, recording, mailbox } => {
                assert_eq!(self.recording.insert(leg, (recording, mailbox)), None, "one recording at a time");
            }
            Action::StopRecording { leg } => {
                assert!(self.recording.remove(&leg).is_some(), "what is stopped goes on");
            }
            Action::ChangeMailbox { change, .. } => self.mailbox_changes.push(change),
            Action::SetGain { leg, decibels } => {
                assert_ne!(self.gains.insert(leg, decibels), Some(decibels), "only changes are told");
            }
            Action::Mute { leg, muted } => {
                assert_ne!(self.muted.insert(leg, muted), Some(muted), "only changes are told");
            }
        }
    }

    fn note(&mut self, notice: Notice) {
        match notice {
            Notice::CallStarted { call, .. } => assert!(self.started_calls.insert(call)),
            Notice::LegChanged(view) => {
                assert!(!self.ended.contains_key(&view.leg));
                assert_ne!(view.state, LegState::Ended);
                let before = self.views.insert(view.leg, view.clone());
                assert_ne!(before, Some(view), "a change changes something");
            }
            Notice::LegEnded { leg, reason, by } => {
                assert_eq!(leg.state, LegState::Ended);
                self.hears.remove(&leg.leg);
                self.recording.remove(&leg.leg);
                for heard in self.hears.values_mut().filter(|heard| **heard == Hears::Leg(leg.leg)) {
                    *heard = Hears::Nothing;
                }
                assert!(self.ended.insert(leg.leg, (reason, by)).is_none(), "a leg ends once");
                self.views.insert(leg.leg, leg);
            }
            Notice::CallEnded(record) => {
                assert!(self.started_calls.contains(&record.call));
                assert!(record.ended_at >= record.started_at);
                assert!(self.records.insert(record.call, record).is_none(), "a call ends once");
            }
            Notice::Parked(ParkedView { call, slot, .. }) => {
                assert!(self.parked.insert(slot, call).is_none(), "a slot holds one side");
            }
            Notice::SlotFree { slot } => assert!(self.parked.remove(&slot).is_some()),
            Notice::Completion { user, target, state } => self.completions.push((user, target, state)),
            Notice::Dtmf { leg, digit } => self.digits_told.push((leg, digit)),
            Notice::RoomChanged(view) => {
                assert_ne!(
                    self.rooms.insert(view.room, view.clone()),
                    Some(view),
                    "a change changes something"
                );
            }
            Notice::RoomTalking { leg, is_talking, .. } => self.talking.push((leg, is_talking)),
            Notice::InvitationEnded { invitation, reason, .. } => {
                self.uninvited.push((invitation.to, reason))
            }
        }
    }

    /// What holds between any two inputs.
    fn check(&self) {
        for leg in self.devices.keys() {
            let live = self.control.leg(*leg);
            assert_eq!(live.is_none(), self.ended.contains_key(leg), "{leg} is live or has ended");
            if let Some(view) = live {
                assert!(self.control.call(view.call).is_some(), "no leg without a call");
                assert_eq!(self.views.get(leg), Some(&view), "{leg} is as it was told");
            }
        }
        for call in &self.started_calls {
            assert_eq!(self.control.call(*call).is_none(), self.records.contains_key(call));
        }
        for call in self.control.calls() {
            let active = call.legs.iter().filter(|leg| leg.state == LegState::Active).count();
            assert!(active <= 2, "at most one called leg is answered");
            assert!(!call.legs.is_empty(), "no call without a leg");
        }
        let parked: BTreeMap<_, _> = self.control.parked().map(|parked| (parked.slot, parked.call)).collect();
        assert_eq!(parked, self.parked, "slots are as they were told");
        assert!(parked.values().all(|call| self.control.call(*call).is_some()), "no slot without a call");
        let mut legs = BTreeSet::new();
        for leg in self.control.calls().flat_map(|call| call.legs) {
            assert!(legs.insert(leg.leg), "a leg is in one call");
            assert_eq!(self.control.call_of(leg.leg), Some(leg.call));
        }
        assert_eq!(legs.len(), self.control.leg_count());
        for (leg, heard) in &self.hears {
            if let Hears::Leg(other) = heard {
                assert_eq!(self.hears(*other), Hears::Leg(*leg), "bridges go both ways");
            }
        }
        for room in self.control.rooms() {
            assert_eq!(self.rooms.get(&room.room), Some(&room), "a room is as it was told");
            for member in &room.members {
                assert_eq!(self.control.call_of(member.leg), Some(member.call), "a member has a call");
            }
        }
        let lives = |room: &&RoomView| !room.members.is_empty();
        assert_eq!(self.rooms.values().filter(lives).count(), self.control.rooms().count());
        if self.control.call_count() == 0 {
            assert_eq!(self.control.leg_count(), 0);
            if self.control.completion_count() == 0 {
                assert_eq!(self.control.next_timeout(), None, "no timer without a call");
            }
            assert_eq!(self.control.user_calls(ALICE) + self.control.user_calls(BOB), 0);
        }
    }
}

pub(crate) fn bob(devices: &[DeviceId]) -> Destination {
    user(BOB, devices)
}

pub(crate) fn user(user: UserId, devices: &[DeviceId]) -> Destination {
    Destination::User(callee(user, devices))
}

pub(crate) fn callee(user: UserId, devices: &[DeviceId]) -> Callee {
    Callee {
        user,
        devices: devices.to_vec(),
        ring: RING,
        max_calls: 2,
        forwards: Forwards::default(),
        auto_answer: false,
    }
}

/// Dialled text of a forward.
pub(crate) fn number(text: &str) -> Option<Pii<Arc<str>>> {
    Some(Pii(Arc::from(text)))
}

pub(crate) fn music() -> Hears {
    Hears::Play(PlaySource::Prompt(ringdown_types::PromptId::MusicOnHold), 0)
}

pub(crate) fn ringback() -> Hears {
    Hears::Play(PlaySource::Tone(ToneId::Ringback), 0)
}

pub(crate) fn digit(key: char) -> DtmfDigit {
    DtmfDigit::from_char(key).expect("a key of a telephone")
}

fn named(action: &Action) -> Vec<LegId> {
    match *action {
        Action::RingLeg { leg }
        | Action::ProgressLeg { leg, .. }
        | Action::StartLeg { leg, .. }
        | Action::AnswerLeg { leg, .. }
        | Action::EndLeg { leg, .. }
        | Action::Play { leg, .. }
        | Action::StopPlay { leg }
        | Action::Echo { leg }
        | Action::SendDtmf { leg, .. }
        | Action::JoinMix { leg, .. }
        | Action::Record { leg, .. }
        | Action::StopRecording { leg }
        | Action::SetGain { leg, .. }
        | Action::Mute { leg, .. } => vec![leg],
        // A transferor's device may have hung up and want to know all the same.
        Action::TransferProgress { .. }
        | Action::Lookup { .. }
        | Action::PlayToMix { .. }
        | Action::ChangeMailbox { .. } => Vec::new(),
        Action::Bridge { a, b } | Action::Unbridge { a, b } => vec![a, b],
    }
}
