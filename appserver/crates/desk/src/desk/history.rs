//! What became of calls for each of their sides. A side is told once its user's last device is out of the call, and
//! again where more is known at the call's end; the stores keep the last word.

use std::{
    collections::{BTreeMap, HashMap},
    time::Instant,
};

use ringdown_control::{CallRecord, EndedBy, LegInfo, LegRole, Party};
use ringdown_protocol::{CallDirection, CallOutcome, HistoryEntry, PeerInfo, Push};
use ringdown_types::{CallId, EndReason, UserId};

use super::{Desk, Output};
use crate::leg::peer_info;

/// A call as one of its sides saw it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallSide {
    /// The call.
    pub call: CallId,
    /// Whose side.
    pub user: UserId,
    /// In or out.
    pub direction: CallDirection,
    /// The other side.
    pub peer: PeerInfo,
    /// When it began, Unix time in milliseconds.
    pub started_at: u64,
    /// When the user's device answered, or was answered.
    pub answered_at: Option<u64>,
    /// When the user was out of it.
    pub ended_at: u64,
    /// Why.
    pub reason: EndReason,
    /// What became of it.
    pub outcome: CallOutcome,
}

impl CallSide {
    /// The side as an entry of its user's history.
    pub fn entry(&self) -> HistoryEntry {
        HistoryEntry {
            call_id: self.call.to_string(),
            direction: self.direction,
            peer: self.peer.clone(),
            started_at: self.started_at,
            answered_at: self.answered_at,
            ended_at: self.ended_at,
            reason: self.reason.name().to_owned(),
            outcome: self.outcome,
            quality: None,
        }
    }
}

/// What is known of a side of a call that goes on.
#[derive(Debug)]
struct OpenSide {
    role: LegRole,
    peer: Party,
    started_at: u64,
    answered_at: Option<u64>,
    reason: EndReason,
    elsewhere: bool,
    declined: bool,
    /// What was told of it.
    told: Option<CallOutcome>,
}

impl OpenSide {
    const fn outcome(&self) -> CallOutcome {
        match (self.answered_at, self.role) {
            (Some(_), _) => CallOutcome::Answered,
            (None, LegRole::Caller) => CallOutcome::Unanswered,
            (None, LegRole::Callee) if self.elsewhere => CallOutcome::AnsweredElsewhere,
            (None, LegRole::Callee) if self.declined => CallOutcome::Declined,
            (None, LegRole::Callee) => CallOutcome::Missed,
        }
    }

    fn side(&self, (call, user): (CallId, UserId), ended_at: u64) -> CallSide {
        CallSide {
            call,
            user,
            direction: direction(self.role),
            peer: peer_info(&self.peer),
            started_at: self.started_at,
            answered_at: self.answered_at,
            ended_at,
            reason: self.reason,
            outcome: self.outcome(),
        }
    }
}

/// Sides of calls that go on: bounded by the legs the softswitches tell, and taken out with their calls.
#[derive(Debug, Default)]
pub(super) struct OpenSides(HashMap<CallId, BTreeMap<UserId, OpenSide>>);

impl Desk {
    /// A leg as it is.
    pub(super) fn note_leg(&mut self, info: &LegInfo) {
        let Some(user) = info.user else { return };
        let side = self.sides.0.entry(info.call).or_default().entry(user).or_insert_with(|| OpenSide {
            role: info.role,
            peer: info.peer.clone(),
            started_at: info.created_at,
            answered_at: None,
            reason: EndReason::Hangup,
            elsewhere: false,
            declined: false,
            told: None,
        });
        if side.answered_at.is_none() {
            // A call placed for the user rings their devices first, which then become the caller's.
            side.role = info.role;
            side.peer.clone_from(&info.peer);
            side.answered_at = info.answered_at;
        }
    }

    /// A leg is out of its call.
    pub(super) fn note_leg_ended(
        &mut self,
        now: Instant,
        info: &LegInfo,
        (reason, by): (EndReason, EndedBy),
    ) {
        self.note_leg(info);
        let Some(user) = info.user else { return };
        let ended_at = self.unix_ms(now);
        let Some(side) = self.sides.0.get_mut(&info.call).and_then(|sides| sides.get_mut(&user)) else {
            return;
        };
        let refused = by == EndedBy::Local && matches!(reason, EndReason::Busy | EndReason::Hangup);
        side.elsewhere |= reason == EndReason::AnsweredElsewhere;
        side.declined |= matches!(reason, EndReason::Declined | EndReason::DeclinedElsewhere) || refused;
        if side.answered_at.is_none() || info.answered_at.is_some() {
            side.reason = if reason == EndReason::DeclinedElsewhere { EndReason::Declined } else { reason };
        }
        let others = || self.mirror.legs_in(info.call).filter_map(|leg| self.mirror.leg(leg));
        let is_in = others().any(|leg| leg.info.user == Some(user));
        let has_caller = others().any(|leg| leg.info.role == LegRole::Caller);
        // A call that rings nobody's but its maker's own devices has no caller yet: its record tells whose it was.
        let is_sure = side.answered_at.is_some() || side.role == LegRole::Caller || has_caller;
        if !is_in && is_sure {
            let side = side.side((info.call, user), ended_at);
            self.tell_side(now, side);
        }
    }

    /// A call is over.
    pub(super) fn note_call_ended(&mut self, now: Instant, record: &CallRecord) {
        let mut sides = self.sides.0.remove(&record.call).unwrap_or_default();
        let parties = [(&record.caller, LegRole::Caller, &record.callee)];
        let taken_by = (record.answered_at.is_some()).then_some(record.callee.user).flatten();
        let for_callee = [&record.callee].into_iter().chain(&record.passed_by);
        let for_callee = for_callee.map(|party| (party, LegRole::Callee, &record.caller));
        for (party, role, peer) in parties.into_iter().chain(for_callee) {
            let Some(user) = party.user else { continue };
            let is_maker = role == LegRole::Caller;
            // A number that takes no calls of this caller did not ring for anybody.
            let never_came = matches!(record.reason, EndReason::Forbidden | EndReason::NotFound);
            if !is_maker && (record.caller.user == Some(user) || never_came) {
                continue;
            }
            let answered_at = record.answered_at.filter(|_| is_maker || taken_by == Some(user));
            let side = sides.entry(user).or_insert_with(|| OpenSide {
                role,
                peer: peer.clone(),
                started_at: record.started_at,
                answered_at,
                reason: if is_maker || taken_by == Some(user) { record.reason } else { EndReason::NoAnswer },
                elsewhere: false,
                declined: false,
                told: None,
            });
            if side.told.is_none() && answered_at.is_none() {
                side.role = role;
                side.reason = record.reason;
            }
        }
        for (user, side) in sides {
            if side.told != Some(side.outcome()) {
                self.tell_side_after(now, side.side((record.call, user), record.ended_at), side.told);
            }
        }
    }

    /// A call is over without a record: its softswitch is gone.
    pub(super) fn forget_sides(&mut self, call: CallId) {
        if self.mirror.legs_in(call).next().is_none() {
            self.sides.0.remove(&call);
        }
    }

    fn tell_side(&mut self, now: Instant, side: CallSide) {
        let open = self.sides.0.get_mut(&side.call).and_then(|sides| sides.get_mut(&side.user));
        let before = open.and_then(|open| open.told.replace(side.outcome));
        self.tell_side_after(now, side, before);
    }

    fn tell_side_after(&mut self, now: Instant, side: CallSide, before: Option<CallOutcome>) {
        let user = side.user;
        if self.roster.person(user).is_none() {
            return;
        }
        let was_missed = before == Some(CallOutcome::Missed);
        let missed = self.missed.entry(user).or_default();
        match (was_missed, side.outcome == CallOutcome::Missed) {
            (false, true) => *missed = missed.saturating_add(1),
            (true, false) => *missed = missed.saturating_sub(1),
            _ => {}
        }
        let missed = *missed;
        if missed == 0 {
            self.missed.remove(&user);
        }
        if let Some(peer) = side.peer.user_id.as_ref().and_then(|peer| peer.parse().ok()) {
            self.note_contact(now, user, peer);
        }
        for session in self.sessions_of(user) {
            self.push(session, Push::History { entry: Some(side.entry()), missed });
        }
        self.outputs.push_back(Output::Side(Box::new(side)));
    }

    /// A user has seen their missed calls.
    pub(super) fn see_missed(&mut self, user: UserId) {
        if self.missed.remove(&user).is_some() {
            self.outputs.push_back(Output::HistorySeen { user });
            for session in self.sessions_of(user) {
                self.push(session, Push::History { entry: None, missed: 0 });
            }
        }
    }
}

const fn direction(role: LegRole) -> CallDirection {
    match role {
        LegRole::Caller => CallDirection::Outbound,
        LegRole::Callee => CallDirection::Inbound,
    }
}
