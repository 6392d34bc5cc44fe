//! Calls the switch answers itself. Each service is a machine of its own: told what the caller does, it says what the
//! caller hears and when the call is over.

use std::{sync::Arc, time::Instant};

use ringdown_types::{CallId, DtmfDigit, EndReason, LegId, PromptId, RoomId, UserId};

use crate::{
    EndedBy, RecordingOutcome,
    announcement::Announcement,
    bridge::Feed,
    call::{Call, Ending, State},
    conference::Attendance,
    deposit::{Deposit, DepositPlan},
    echo_test::EchoTest,
    mailbox::{MailboxPlan, MailboxSession},
    room::RoomPlan,
    shared::Shared,
};

/// What the switch does for an anchor it answered itself.
#[derive(Debug)]
pub(crate) enum Service {
    /// Returns the caller's voice.
    EchoTest(EchoTest),
    /// Says something and hangs up.
    Announcement(Announcement),
    /// Lets the caller into a conference room.
    Conference(Box<Attendance>),
    /// Takes a message.
    Deposit(Box<Deposit>),
    /// Plays the caller's own messages.
    Mailbox(Box<MailboxSession>),
}

/// What a service is told.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Input {
    /// The caller pressed a key.
    Key(DtmfDigit),
    /// A playback reached its end.
    Finished(u32),
    /// A recording is over.
    Recorded(RecordingOutcome),
    /// The deadline passed.
    Timeout,
}

/// Who is served.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Guest {
    pub(crate) call: CallId,
    pub(crate) leg: LegId,
    pub(crate) user: UserId,
    pub(crate) muted: bool,
}

/// What a service wants of its call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Next {
    Stay,
    /// The caller is not heard any more, or again.
    Mute(bool),
    HangUp,
    /// As [`Next::HangUp`], for this reason.
    End(EndReason),
}

impl Service {
    /// What the anchor hears.
    pub(crate) fn feed(&self) -> Feed {
        match self {
            Self::EchoTest(step) => step.feed(),
            Self::Announcement(announcement) => announcement.feed(),
            Self::Conference(attendance) => attendance.feed(),
            Self::Deposit(deposit) => deposit.feed(),
            Self::Mailbox(session) => session.feed(),
        }
    }

    pub(crate) fn deadline(&self) -> Option<Instant> {
        match self {
            Self::EchoTest(_) => None,
            Self::Announcement(announcement) => Some(announcement.deadline()),
            Self::Conference(attendance) => attendance.deadline(),
            Self::Deposit(deposit) => deposit.deadline(),
            Self::Mailbox(session) => session.deadline(),
        }
    }

    fn handle(&mut self, now: Instant, input: Input, guest: Guest, shared: &mut Shared) -> Next {
        match self {
            Self::EchoTest(step) => step.handle(input),
            Self::Announcement(announcement) => announcement.handle(input),
            Self::Conference(attendance) => attendance.handle(now, input, guest, shared),
            Self::Deposit(deposit) => deposit.handle(now, input, guest, shared),
            Self::Mailbox(session) => session.handle(now, input, shared),
        }
    }
}

impl Call {
    pub(crate) fn start_echo_test(&mut self, now: Instant, shared: &mut Shared) {
        self.start_service(now, Service::EchoTest(EchoTest::Announcing), shared);
    }

    pub(crate) fn start_announcement(&mut self, now: Instant, prompts: Vec<PromptId>, shared: &mut Shared) {
        self.start_service(now, Service::Announcement(Announcement::new(now, prompts)), shared);
    }

    pub(crate) fn start_deposit(&mut self, now: Instant, plan: DepositPlan, shared: &mut Shared) {
        self.start_service(now, Service::Deposit(Box::new(Deposit::new(plan))), shared);
    }

    pub(crate) fn start_mailbox(&mut self, now: Instant, plan: MailboxPlan, shared: &mut Shared) {
        self.start_service(now, Service::Mailbox(Box::new(MailboxSession::new(now, plan))), shared);
    }

    pub(crate) fn start_conference(&mut self, now: Instant, plan: Arc<RoomPlan>, shared: &mut Shared) {
        self.attend(now, (plan, false), shared);
    }

    /// Brings an invited anchor into the room.
    pub(crate) fn join_conference(&mut self, now: Instant, plan: Arc<RoomPlan>, shared: &mut Shared) {
        self.attend(now, (plan, true), shared);
    }

    fn attend(&mut self, now: Instant, (plan, is_invited): (Arc<RoomPlan>, bool), shared: &mut Shared) {
        let Some(guest) = self.guest() else { return };
        let attendance = Attendance::new(now, plan, (guest, is_invited), shared);
        self.start_service(now, Service::Conference(Box::new(attendance)), shared);
    }

    fn start_service(&mut self, now: Instant, service: Service, shared: &mut Shared) {
        self.transition(State::Service(service));
        self.set_answered(now, None, shared);
        self.dismiss_watcher(shared);
    }

    /// Tells the service something, if the call is one.
    pub(crate) fn serve(&mut self, now: Instant, input: Input, shared: &mut Shared) {
        let Some(guest) = self.guest() else { return };
        let State::Service(service) = &mut self.state else { return };
        match service.handle(now, input, guest, shared) {
            Next::Stay => {}
            Next::Mute(muted) => {
                // The anchor is there, or nobody were served.
                let _ = self.set_muted(guest.leg, muted, shared);
            }
            Next::HangUp => self.end_service(now, guest.leg, EndReason::Hangup, shared),
            Next::End(reason) => self.end_service(now, guest.leg, reason, shared),
        }
    }

    fn end_service(&mut self, now: Instant, leg: LegId, reason: EndReason, shared: &mut Shared) {
        self.hang_up(now, leg, Ending::told(reason, EndedBy::Switch), shared);
    }

    /// The room the anchor is a member of.
    pub(crate) fn room(&self) -> Option<RoomId> {
        match &self.state {
            State::Service(Service::Conference(attendance)) => attendance.room(),
            _ => None,
        }
    }

    /// Where a room asks the anchor for its PIN: how many were wrong so far.
    pub(crate) fn pin_asked(&self) -> Option<u8> {
        match &self.state {
            State::Service(Service::Conference(attendance)) => attendance.pin_asked(),
            _ => None,
        }
    }

    /// Somebody came to the anchor's room or left it.
    pub(crate) fn follow_room(&mut self, shared: &Shared) {
        if let State::Service(Service::Conference(attendance)) = &mut self.state {
            attendance.follow_room(shared);
        }
    }

    /// A moderator removes the anchor from its room.
    pub(crate) fn remove_from_room(&mut self, now: Instant, shared: &mut Shared) {
        let Some(guest) = self.guest() else { return };
        if let State::Service(Service::Conference(attendance)) = &mut self.state {
            attendance.remove(now, guest, shared);
        }
    }

    fn guest(&self) -> Option<Guest> {
        let anchor = self.leg(self.anchor?)?;
        Some(Guest { call: self.id, leg: anchor.id, user: anchor.user, muted: anchor.muted })
    }
}
