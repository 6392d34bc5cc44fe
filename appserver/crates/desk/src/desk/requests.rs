//! What a client asks once it is attached.

use std::{collections::BTreeMap, time::Instant};

use ringdown_control::{AppFrame, CandidateText, Command, CommandId};
use ringdown_protocol::{DeclineReason, Description, ErrorCode, ErrorInfo, Method, Request, StartParams};
use ringdown_types::{DtmfDigit, EndReason, LegId, NodeId, SessionId};
use serde_json::{Value, json};

use super::{ConnId, Desk, Output, signed_out};
use crate::{
    SessionKind,
    leg::to_switch,
    pending::{Pending, REPLY_WITHIN, Waiter},
};

/// The longest text of a session description.
const MAX_SDP_BYTES: usize = 32 * 1024;
/// The longest candidate.
const MAX_CANDIDATE_BYTES: usize = 1024;
/// The longest dialled number, in characters.
const MAX_NUMBER: usize = 64;
/// Digits one request sends.
const MAX_DIGITS: usize = 32;
/// Variables of one call, and their bytes together.
const MAX_VARIABLES: (usize, usize) = (32, 4 * 1024);

impl Desk {
    /// A request of an attached connection. The account is looked at anew for each.
    pub fn handle_request(&mut self, now: Instant, conn: ConnId, request: Request) {
        let Some(&session) = self.by_conn.get(&conn) else { return };
        self.note_heard(now, session);
        if !self.is_authorized(session) {
            self.respond(conn, request.id, Err(signed_out()));
            self.end_session(now, session, Some(signed_out()));
            return;
        }
        if !self.is_within_rate(now, session) {
            self.rate_limited += 1;
            let error = ErrorInfo::new(ErrorCode::RateLimited, "too many requests");
            self.respond(conn, request.id, Err(error));
            return;
        }
        let id = request.id;
        match self.dispatch(now, (conn, session), request) {
            Ok(Some(result)) => self.respond(conn, id, Ok(result)),
            Ok(None) => {}
            Err(error) => self.respond(conn, id, Err(error)),
        }
    }

    fn is_within_rate(&mut self, now: Instant, session: SessionId) -> bool {
        let Some(session) = self.sessions.get(&session) else { return false };
        let user = self.user_rate.allow(now, &session.record.user);
        let address = session.address.is_none_or(|address| self.address_rate.allow(now, &address));
        user && address
    }

    /// `Ok(None)` where the answer comes later.
    fn dispatch(
        &mut self,
        now: Instant,
        (conn, session): (ConnId, SessionId),
        request: Request,
    ) -> Result<Option<Value>, ErrorInfo> {
        let id = request.id;
        let waiter = Waiter::Plain { conn, request: id };
        let asker = (conn, session);
        if matches!(
            request.method,
            Method::CallStart(_)
                | Method::CallAnswer(_)
                | Method::CallDescribe(_)
                | Method::CallReoffer(_)
                | Method::CallCandidate(_)
        ) {
            self.check_has_audio(session)?;
        }
        match request.method {
            Method::Hello(_) | Method::Resume(_) => {
                Err(ErrorInfo::new(ErrorCode::WrongState, "the connection has a session already"))
            }
            Method::Ping(_) => Ok(Some(json!({}))),
            Method::SessionState(_) => Ok(self.welcome_again(session)),
            Method::Bye(_) => {
                self.respond(conn, id, Ok(json!({})));
                let error = ErrorInfo::new(ErrorCode::SessionExpired, "the client said bye");
                self.end_session(now, session, Some(error));
                Ok(None)
            }
            method @ (Method::DirectorySearch(_)
            | Method::DirectoryFavourite(_)
            | Method::PresenceSet(_)
            | Method::PresenceWatch(_)
            | Method::PresenceUnwatch(_)
            | Method::PresenceSound(_)
            | Method::HistorySeen(_)
            | Method::VoicemailList(_)
            | Method::VoicemailMark(_)
            | Method::VoicemailDelete(_)
            | Method::VoicemailLink(_)) => self.dispatch_people(now, asker, id, method),
            Method::HistoryList(params) => {
                if params.limit.is_some_and(|limit| !(1..=100).contains(&limit)) {
                    return Err(bad_request("limit is 1 to 100"));
                }
                let Some(user) = self.sessions.get(&session).map(|s| s.record.user) else { return Ok(None) };
                self.outputs.push_back(Output::Lookup { conn, request: id, user, params });
                Ok(None)
            }
            Method::DirectoryPhoto(params) => self.set_photo(asker, id, &params),
            Method::ContactSearch(params) => self.search_contacts(&params).map(Some),
            Method::SettingsGet(_) => self.ask_for_settings(asker, id, None),
            Method::SettingsSet(change) => self.ask_for_settings(asker, id, Some(change)),
            Method::CallStart(params) => self.start_call(now, asker, id, params),
            Method::CallAnswer(params) => {
                params.description.as_ref().map(check_description).transpose()?;
                let description = params.description.map(to_switch);
                self.command(now, session, &params.call, waiter, |leg| Command::Answer { leg, description })
            }
            Method::CallDecline(params) => {
                let reason = match params.reason {
                    DeclineReason::Declined => EndReason::Declined,
                    DeclineReason::Busy => EndReason::Busy,
                };
                self.command(now, session, &params.call, waiter, |leg| Command::Decline { leg, reason })
            }
            Method::CallHangup(params) => {
                self.command(now, session, &params.call, waiter, |leg| Command::Hangup { leg })
            }
            Method::CallHold(params) => {
                self.command(now, session, &params.call, waiter, |leg| Command::Hold { leg })
            }
            Method::CallUnhold(params) => {
                self.command(now, session, &params.call, waiter, |leg| Command::Unhold { leg })
            }
            Method::CallMute(params) => {
                let muted = params.muted;
                self.command(now, session, &params.call, waiter, |leg| Command::Mute { leg, muted })
            }
            Method::CallDtmf(params) => {
                let digits = read_digits(&params.digits)?;
                self.command(now, session, &params.call, waiter, |leg| Command::SendDtmf { leg, digits })
            }
            method @ (Method::CallDescribe(_) | Method::CallReoffer(_) | Method::CallCandidate(_)) => {
                self.dispatch_media(now, session, waiter, method)
            }
            method @ (Method::CallMerge(_)
            | Method::RoomMute(_)
            | Method::RoomGain(_)
            | Method::RoomRemove(_)
            | Method::RoomInvite(_)
            | Method::RoomUninvite(_)
            | Method::RoomLock(_)) => self.dispatch_room(now, asker, id, method),
            method @ (Method::CallTransfer(_)
            | Method::CallComplete(_)
            | Method::CallPark(_)
            | Method::CallOriginate(_)
            | Method::CallCompletion(_)) => self.dispatch_move(now, asker, id, method),
            Method::CallRecord(params) => self.record(now, session, waiter, &params),
            Method::CallStopRecording(params) => self.stop_recording(now, session, waiter, &params),
            method => self.dispatch_chat(now, asker, id, method),
        }
    }

    /// What belongs to whoever holds a call's audio.
    fn dispatch_media(
        &mut self,
        now: Instant,
        session: SessionId,
        waiter: Waiter,
        method: Method,
    ) -> Result<Option<Value>, ErrorInfo> {
        match method {
            Method::CallDescribe(params) => {
                check_description(&params.description)?;
                let description = to_switch(params.description);
                self.command(now, session, &params.call, waiter, |leg| Command::Describe { leg, description })
            }
            Method::CallReoffer(params) => {
                self.command(now, session, &params.call, waiter, |leg| Command::Reoffer { leg })
            }
            Method::CallCandidate(params) => {
                if params.candidate.as_ref().is_some_and(|text| text.len() > MAX_CANDIDATE_BYTES) {
                    return Err(bad_request("a candidate is at most 1 KiB"));
                }
                let candidate = params.candidate.map(CandidateText);
                self.command(now, session, &params.call, waiter, |leg| Command::Candidate { leg, candidate })
            }
            _ => Ok(None),
        }
    }

    fn start_call(
        &mut self,
        now: Instant,
        (conn, session): (ConnId, SessionId),
        request: u32,
        params: StartParams,
    ) -> Result<Option<Value>, ErrorInfo> {
        let StartParams { to, description, variables } = params;
        let to = check_number(&to)?;
        check_description(&description)?;
        check_variables(&variables)?;
        let user = self.sessions.get(&session).map(|session| session.record.user);
        let person = user.and_then(|user| self.roster.person(user));
        let Some(person) = person.filter(|person| person.extension.is_some()) else {
            return Err(ErrorInfo::new(ErrorCode::Forbidden, "the account has no telephone number"));
        };
        let user = person.id;
        let Some(node) = self.node_for_new_call() else {
            return Err(ErrorInfo::new(ErrorCode::SwitchUnavailable, "no softswitch is connected"));
        };
        let offer = to_switch(description);
        let command =
            Command::StartCall { session, user, to: to.clone(), offer, variables: variables.clone() };
        self.send(now, node, session, command, Waiter::Start { conn, request, to, variables })
    }

    /// Refuses what belongs to whoever holds a call's audio.
    fn check_has_audio(&self, session: SessionId) -> Result<(), ErrorInfo> {
        let kind = self.sessions.get(&session).map(|session| session.kind);
        if kind == Some(SessionKind::Control) {
            return Err(ErrorInfo::new(ErrorCode::Forbidden, "this session has no audio"));
        }
        Ok(())
    }

    /// A command on a leg of the session's own; for who controls, on any of the user's.
    pub(super) fn command(
        &mut self,
        now: Instant,
        session: SessionId,
        call: &str,
        waiter: Waiter,
        command: impl FnOnce(LegId) -> Command,
    ) -> Result<Option<Value>, ErrorInfo> {
        let leg = self.own_leg(session, call)?;
        let controls = self.sessions.get(&session).is_some_and(|known| known.kind == SessionKind::Control);
        let holds = self.mirror.leg(leg).is_some_and(|leg| leg.session() == Some(session));
        if !holds && !controls {
            let message = "the call is on another of your devices";
            return Err(ErrorInfo::new(ErrorCode::Forbidden, message));
        }
        self.command_anywhere(now, session, call, waiter, command)
    }

    /// A command on a leg of the session's user, on whatever device it is.
    pub(super) fn command_anywhere(
        &mut self,
        now: Instant,
        session: SessionId,
        call: &str,
        waiter: Waiter,
        command: impl FnOnce(LegId) -> Command,
    ) -> Result<Option<Value>, ErrorInfo> {
        // A call of somebody else's is as unknown as one that never was.
        let leg = self.own_leg(session, call)?;
        let node = self.mirror.leg(leg).map(|leg| leg.node).ok_or_else(|| self.no_such_call())?;
        self.send(now, node, session, command(leg), waiter)
    }

    pub(super) fn send(
        &mut self,
        now: Instant,
        node: NodeId,
        session: SessionId,
        command: Command,
        waiter: Waiter,
    ) -> Result<Option<Value>, ErrorInfo> {
        if !self.pending.has_room(session) {
            return Err(ErrorInfo::new(ErrorCode::RateLimited, "too many requests are waiting"));
        }
        let id = CommandId(self.random.u64());
        let due = now + REPLY_WITHIN;
        // Without a link it waits: a node that is back in time gets it then.
        if let Some(link) = self.nodes.get(&node).filter(|node| node.is_up()).and_then(|node| node.link) {
            let frame = AppFrame::Command { id, command: command.clone() };
            self.outputs.push_back(Output::Node { link, frame });
        }
        self.timers.set_command(due, id);
        self.pending.put(id, Pending { node, session, due, command, waiter });
        Ok(None)
    }
}

pub(super) fn bad_request(message: &str) -> ErrorInfo {
    ErrorInfo::new(ErrorCode::BadRequest, message)
}

/// What is dialled, without white space around it.
pub(super) fn check_number(to: &str) -> Result<String, ErrorInfo> {
    let to = to.trim();
    if to.is_empty() || to.chars().count() > MAX_NUMBER || to.chars().any(char::is_control) {
        return Err(bad_request("a number is 1 to 64 printable characters"));
    }
    Ok(to.to_owned())
}

fn check_description(description: &Description) -> Result<(), ErrorInfo> {
    if description.sdp.is_empty() || description.sdp.len() > MAX_SDP_BYTES {
        return Err(bad_request("a description is 1 byte to 32 KiB"));
    }
    Ok(())
}

pub(super) fn check_variables(variables: &BTreeMap<String, String>) -> Result<(), ErrorInfo> {
    let bytes: usize = variables.iter().map(|(key, value)| key.len() + value.len()).sum();
    if variables.len() > MAX_VARIABLES.0 || bytes > MAX_VARIABLES.1 {
        return Err(bad_request("variables are at most 32, 4 KiB together"));
    }
    Ok(())
}

fn read_digits(digits: &str) -> Result<Vec<DtmfDigit>, ErrorInfo> {
    let read: Option<Vec<_>> = digits.chars().take(MAX_DIGITS + 1).map(DtmfDigit::from_char).collect();
    read.filter(|digits| (1..=MAX_DIGITS).contains(&digits.len()))
        .ok_or_else(|| bad_request("digits are 1 to 32 of 0-9 * # A-D"))
}
