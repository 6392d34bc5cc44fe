//! One caller's way through a conference room: the PIN, the room, the menu behind `*`, the way out.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use ringdown_types::{DtmfDigit, EndReason, MixId, PromptId, RoomId};

use crate::{
    PlaySource,
    bridge::Feed,
    pin::{Entered, PinEntry},
    room::{Closed, RoomMember, RoomPlan},
    script::Script,
    service::{Guest, Input, Next},
    shared::Shared,
};

/// A caller who wants to be in a room, is in it, or is leaving it.
///
/// ```text
/// Knocking ──right PIN──► Inside ──removed──► Leaving
///    │          └────closed, wrong too often────▲
///    └──────────────────────────────────────────┘
/// ```
#[derive(Debug)]
pub(crate) struct Attendance {
    plan: Arc<RoomPlan>,
    stage: Stage,
    /// What is said to this caller alone; while it lasts they neither hear the others nor are heard.
    script: Script,
    /// The room called them: no PIN and no lock keeps them out.
    is_invited: bool,
}

#[derive(Debug)]
enum Stage {
    /// The PIN is asked for.
    Knocking(PinEntry),
    /// In the room. `mix` is what is heard there; `None` while nobody else is in it.
    Inside { mix: Option<MixId>, in_menu: bool },
    /// Something is said, then the call ends for this reason; at `until` also where nobody hears it.
    Leaving { reason: EndReason, until: Instant },
}

impl Attendance {
    /// Asks for the PIN, or lets the caller in at once; who was invited needs none.
    pub(crate) fn new(
        now: Instant,
        plan: Arc<RoomPlan>,
        (guest, is_invited): (Guest, bool),
        shared: &mut Shared,
    ) -> Self {
        let stage = Stage::Leaving { reason: EndReason::Hangup, until: now + LONGEST_GOODBYE };
        let mut attendance = Self { plan, stage, script: Script::default(), is_invited };
        let is_moderator = attendance.plan.moderators.contains(&guest.user);
        if is_moderator || is_invited || attendance.plan.pin.is_none() {
            attendance.enter(now, is_moderator, guest, shared);
        } else {
            attendance.stage = Stage::Knocking(PinEntry::new(now, &mut attendance.script));
        }
        attendance
    }

    pub(crate) fn feed(&self) -> Feed {
        match &self.stage {
            Stage::Inside { mix, .. } if self.script.is_over() => mix.map_or(Feed::Music, Feed::Mix),
            _ => self.script.feed(),
        }
    }

    pub(crate) const fn deadline(&self) -> Option<Instant> {
        match &self.stage {
            Stage::Knocking(entry) => Some(entry.deadline()),
            Stage::Leaving { until, .. } => Some(*until),
            Stage::Inside { .. } => None,
        }
    }

    /// While the PIN is asked for: how many were wrong so far.
    pub(crate) const fn pin_asked(&self) -> Option<u8> {
        match &self.stage {
            Stage::Knocking(entry) => Some(entry.wrong_so_far()),
            Stage::Inside { .. } | Stage::Leaving { .. } => None,
        }
    }

    /// The room the caller is in.
    pub(crate) fn room(&self) -> Option<RoomId> {
        matches!(self.stage, Stage::Inside { .. }).then_some(self.plan.room)
    }

    pub(crate) fn handle(&mut self, now: Instant, input: Input, guest: Guest, shared: &mut Shared) -> Next {
        match input {
            Input::Key(key) => return self.key_pressed(now, key, guest, shared),
            Input::Timeout => return self.time_is_over(now, guest, shared),
            Input::Finished(token) => {
                if self.script.handle_finished(token) && self.script.is_over() {
                    return self.all_is_said();
                }
            }
            Input::Recorded(_) => {}
        }
        Next::Stay
    }

    /// Somebody came or left.
    pub(crate) fn follow_room(&mut self, shared: &Shared) {
        if let Stage::Inside { mix, .. } = &mut self.stage {
            *mix = shared.rooms.mix(self.plan.room);
            if mix.is_some() && self.script.current() == Some(PlaySource::Prompt(PromptId::RoomAlone)) {
                self.script.stop();
            }
        }
    }

    /// A moderator removes the caller.
    pub(crate) fn remove(&mut self, now: Instant, guest: Guest, shared: &mut Shared) {
        if matches!(self.stage, Stage::Inside { .. }) {
            self.leave(now, (PromptId::RoomRemoved, EndReason::Removed), guest, shared);
        }
    }

    fn key_pressed(&mut self, now: Instant, key: DtmfDigit, guest: Guest, shared: &mut Shared) -> Next {
        match &mut self.stage {
            Stage::Knocking(entry) => {
                let entered = entry.handle_key(now, key, &mut self.script);
                self.knock(now, entered, guest, shared);
            }
            Stage::Inside { in_menu: in_menu @ false, .. } if key.as_char() == '*' => {
                *in_menu = true;
                let moderates = shared.rooms.moderates(self.plan.room, guest.leg);
                self.script.say([if moderates { PromptId::RoomModeratorMenu } else { PromptId::RoomMenu }]);
            }
            Stage::Inside { in_menu: in_menu @ true, .. } => {
                *in_menu = false;
                return self.choose(key, guest, shared);
            }
            Stage::Inside { .. } | Stage::Leaving { .. } => {}
        }
        Next::Stay
    }

    /// A key of the menu. Moderators' choices mean nothing to others.
    fn choose(&mut self, key: DtmfDigit, guest: Guest, shared: &mut Shared) -> Next {
        let room = self.plan.room;
        let moderates = shared.rooms.moderates(room, guest.leg);
        self.script.stop();
        match key.as_char() {
            '1' if shared.rooms.is_silenced(room, guest.leg) => self.script.say([PromptId::RoomMuted]),
            '1' => {
                let muted = !guest.muted;
                self.script.say([if muted { PromptId::RoomMuted } else { PromptId::RoomUnmuted }]);
                return Next::Mute(muted);
            }
            '2' if moderates => {
                let lock = !shared.rooms.is_locked(room);
                shared.rooms.set_locked(room, lock);
                self.script.say([if lock { PromptId::RoomIsLocked } else { PromptId::RoomIsOpen }]);
            }
            '3' if moderates => {
                if let Some(member) = shared.rooms.newest_other(room, guest.leg) {
                    shared.remove_from_room(member.call);
                }
            }
            '*' => {}
            _ => self.script.say([PromptId::InvalidKey]),
        }
        Next::Stay
    }

    fn time_is_over(&mut self, now: Instant, guest: Guest, shared: &mut Shared) -> Next {
        match &mut self.stage {
            Stage::Knocking(entry) => {
                let entered = entry.handle_timeout();
                self.knock(now, entered, guest, shared);
                Next::Stay
            }
            Stage::Leaving { reason, until } if *until <= now => Next::End(*reason),
            Stage::Leaving { .. } | Stage::Inside { .. } => Next::Stay,
        }
    }

    fn knock(&mut self, now: Instant, entered: Entered, guest: Guest, shared: &mut Shared) {
        let Stage::Knocking(entry) = &mut self.stage else { return };
        let digits = match entered {
            Entered::Nothing => return,
            Entered::TooLate => {
                return self.leave(now, (PromptId::Goodbye, EndReason::Hangup), guest, shared);
            }
            Entered::Digits(digits) => digits,
        };
        let is = |pin: &Option<crate::Pin>| pin.as_ref().is_some_and(|pin| pin.is(&digits));
        let moderates = is(&self.plan.moderator_pin);
        if moderates || is(&self.plan.pin) {
            self.enter(now, moderates, guest, shared);
        } else if !entry.wrong(now, &mut self.script) {
            self.stage = Stage::Leaving { reason: EndReason::Hangup, until: now + LONGEST_GOODBYE };
        }
    }

    fn enter(&mut self, now: Instant, is_moderator: bool, guest: Guest, shared: &mut Shared) {
        let member = RoomMember {
            leg: guest.leg,
            call: guest.call,
            user: guest.user,
            is_moderator,
            is_muted: guest.muted,
            is_silenced: false,
            gain: 0,
            since: now,
        };
        let mix = shared.new_mix_id();
        match shared.rooms.enter(&self.plan, mix, (member, self.is_invited)) {
            Ok(()) => {
                let mix = shared.rooms.mix(self.plan.room);
                self.stage = Stage::Inside { mix, in_menu: false };
                if mix.is_none() {
                    self.script.say([PromptId::RoomAlone]);
                } else {
                    self.script.stop();
                }
            }
            Err(Closed::Locked) => {
                self.leave(now, (PromptId::RoomLocked, EndReason::Forbidden), guest, shared)
            }
            Err(Closed::Full) => self.leave(now, (PromptId::RoomFull, EndReason::Congestion), guest, shared),
        }
    }

    /// Says something and leaves.
    fn leave(
        &mut self,
        now: Instant,
        (prompt, reason): (PromptId, EndReason),
        guest: Guest,
        shared: &mut Shared,
    ) {
        self.stage = Stage::Leaving { reason, until: now + LONGEST_GOODBYE };
        shared.rooms.leave(guest.leg);
        self.script.say([PlaySource::Prompt(prompt)]);
    }

    fn all_is_said(&mut self) -> Next {
        match &mut self.stage {
            Stage::Leaving { reason, .. } => Next::End(*reason),
            Stage::Inside { in_menu, .. } => {
                *in_menu = false;
                Next::Stay
            }
            Stage::Knocking(_) => Next::Stay,
        }
    }
}

/// The longest time for what is said at the end: prompts take two to four seconds. A device whose sound never came, or went,
/// hears none of it and leaves all the same. Under six seconds somebody who was removed might not be told in some language.
const LONGEST_GOODBYE: Duration = Duration::from_secs(8);
