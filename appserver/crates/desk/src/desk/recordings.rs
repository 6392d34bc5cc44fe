//! Recording calls: one's own, and what is shown of others'. Who may is the softswitch's to judge; it does not ask for an
//! admin's right.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Instant,
};

use ringdown_control::{Command, Recording, RecordingRight, RecordingState};
use ringdown_protocol::{CallInfo, ErrorInfo, Push, RecordParams, Role, StopRecordingParams};
use ringdown_types::{CallId, LegId, NodeId, RecordingId, RoomId, SessionId, UserId};
use serde_json::Value;

use super::{Desk, requests::bad_request};
use crate::{leg::Leg, pending::Waiter};

/// Recordings that go on; bounded by what softswitches make at once.
pub(super) type Running = BTreeMap<RecordingId, (NodeId, Recording)>;

impl Desk {
    pub(super) fn record(
        &mut self,
        now: Instant,
        session: SessionId,
        waiter: Waiter,
        params: &RecordParams,
    ) -> Result<Option<Value>, ErrorInfo> {
        let (tracks, format) = (params.tracks.unwrap_or_default(), params.format.unwrap_or_default());
        let by = self.right_of(session);
        self.command(now, session, &params.call, waiter, |leg| Command::RecordLeg { leg, tracks, format, by })
    }

    pub(super) fn stop_recording(
        &mut self,
        now: Instant,
        session: SessionId,
        waiter: Waiter,
        params: &StopRecordingParams,
    ) -> Result<Option<Value>, ErrorInfo> {
        let recording: RecordingId =
            params.recording.parse().map_err(|_| bad_request("a recording is 32 hexadecimal digits"))?;
        let by = self.right_of(session);
        self.command(now, session, &params.call, waiter, |_| Command::StopRecording { recording, by })
    }

    /// A leg as `session`, one of its user's, sees it.
    pub(super) fn call_info(&self, leg: &Leg, session: SessionId) -> CallInfo {
        let mut info = leg.call_info(session);
        let user = leg.info.user;
        info.may_record = user.is_some_and(|user| self.may_record(user));
        for (_, recording) in self.recordings.values().filter(|(_, recording)| self.concerns(recording, leg))
        {
            info.is_recorded = true;
            if user.is_some() && recording.owner == user && recording.leg == Some(leg.info.leg) {
                info.recording = Some(recording.id.to_string());
            }
        }
        info
    }

    fn may_record(&self, user: UserId) -> bool {
        let everybody =
            self.directory.as_ref().is_some_and(|directory| directory.recording == RecordingRight::Everybody);
        everybody || self.is_admin(user)
    }

    fn is_admin(&self, user: UserId) -> bool {
        self.roster.person(user).is_some_and(|person| person.role == Role::Admin)
    }

    /// Whether a recording holds what is said on this leg: its own, its call's, or that of its room.
    fn concerns(&self, recording: &Recording, leg: &Leg) -> bool {
        let rooms = || self.rooms.values().map(|(_, info)| info);
        let is_in = |room: RoomId| {
            let room = rooms().find(|info| info.room == room);
            room.is_some_and(|info| info.members.iter().any(|member| member.leg == leg.info.leg))
        };
        if let Some(room) = recording.room {
            return is_in(room);
        }
        let Some(recorded) = recording.leg else { return false };
        let call = self.mirror.leg(recorded).map(|recorded| recorded.info.call);
        let room = rooms().find(|info| info.members.iter().any(|member| member.leg == recorded));
        call == Some(leg.info.call) || room.is_some_and(|info| is_in(info.room))
    }

    /// A recording began or is over: whoever is recorded is told.
    pub(super) fn handle_recording(&mut self, node: NodeId, recording: Recording) {
        let is_running = recording.state == RecordingState::Running;
        let mut concerned = self.concerned(&recording);
        if is_running {
            self.recordings.insert(recording.id, (node, recording));
        } else if let Some((_, before)) = self.recordings.remove(&recording.id) {
            concerned.extend(self.concerned(&before));
        }
        self.tell_calls(&concerned);
    }

    /// A softswitch says which recordings go on, or is over and has none.
    pub(super) fn set_recordings(&mut self, node: NodeId, recordings: Vec<Recording>) {
        let named: BTreeSet<RecordingId> = recordings.iter().map(|recording| recording.id).collect();
        let gone: Vec<_> = self
            .recordings
            .values()
            .filter(|(other, recording)| *other == node && !named.contains(&recording.id))
            .map(|(_, recording)| Recording { state: RecordingState::Stored, ..recording.clone() })
            .collect();
        for recording in gone.into_iter().chain(recordings) {
            self.handle_recording(node, recording);
        }
    }

    /// The recorded leg joined another call: who talks there is told, and who talked with it before.
    pub(super) fn follow_recorded(&mut self, calls: [CallId; 2]) {
        if self.recordings.is_empty() || calls[0] == calls[1] {
            return;
        }
        let legs = calls.iter().flat_map(|call| self.mirror.legs_in(*call)).collect();
        self.tell_calls(&legs);
    }

    /// Somebody came into a room or left it: where it is recorded, its members are told.
    pub(super) fn tell_recorded_room(&mut self, legs: &BTreeSet<LegId>) {
        if !self.recordings.is_empty() {
            self.tell_calls(legs);
        }
    }

    /// Tells every call where another right to record holds than in the directory before.
    pub(super) fn tell_changed_right(&mut self, before: Option<RecordingRight>) {
        let now = self.directory.as_ref().map(|directory| directory.recording);
        if before == now {
            return;
        }
        let legs = self.by_user.keys().flat_map(|user| self.mirror.legs_of(*user));
        let legs = legs.map(|leg| leg.info.leg).collect();
        self.tell_calls(&legs);
    }

    /// The legs that a recording concerns.
    fn concerned(&self, recording: &Recording) -> BTreeSet<LegId> {
        let call = recording.leg.and_then(|leg| self.mirror.leg(leg)).map(|leg| leg.info.call);
        let rooms = self.rooms.values().map(|(_, info)| info).filter(|info| {
            recording.room == Some(info.room)
                || info.members.iter().any(|member| recording.leg == Some(member.leg))
        });
        let members = rooms.flat_map(|info| info.members.iter().map(|member| member.leg));
        call.into_iter().flat_map(|call| self.mirror.legs_in(call)).chain(members).collect()
    }

    /// Tells calls as they are to whoever sees them.
    fn tell_calls(&mut self, legs: &BTreeSet<LegId>) {
        let mut told = Vec::new();
        for leg in legs.iter().filter_map(|leg| self.mirror.leg(*leg)) {
            let sessions = leg.info.user.map(|user| self.sessions_of(user)).unwrap_or_default();
            let seeing = sessions.into_iter().filter(|session| self.is_shown(leg, *session));
            told.extend(seeing.map(|session| (session, self.call_info(leg, session))));
        }
        for (session, call) in told {
            self.push(session, Push::CallState { call });
        }
    }

    /// Whose rights hold, as over REST: `None` for an admin.
    fn right_of(&self, session: SessionId) -> Option<UserId> {
        let user = self.user_of(session);
        user.filter(|user| !self.is_admin(*user))
    }
}
