//! Recording one's own calls. Who may is the softswitch's to judge; it does not ask for an admin's right.

use std::time::Instant;

use ringdown_control::Command;
use ringdown_protocol::{ErrorInfo, RecordParams, Role, StopRecordingParams};
use ringdown_types::{RecordingId, SessionId, UserId};
use serde_json::Value;

use super::{Desk, requests::bad_request};
use crate::pending::Waiter;

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

    /// Whose rights hold, as over REST: `None` for an admin.
    fn right_of(&self, session: SessionId) -> Option<UserId> {
        let user = self.user_of(session);
        let is_admin =
            user.and_then(|user| self.roster.person(user)).is_some_and(|person| person.role == Role::Admin);
        user.filter(|_| !is_admin)
    }
}
