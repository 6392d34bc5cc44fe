//! Handing calls on, parking them, calls that ring the user's own devices first, and who waits on which parking slot.

use std::{collections::BTreeMap, time::Instant};

use ringdown_control::{self as control, Command};
use ringdown_protocol::{CompletionState, ErrorCode, ErrorInfo, Method, OriginateParams, ParkedCall, Push};
use ringdown_types::{LegId, NodeId, SessionId, UserId};
use serde_json::Value;

use super::{
    ConnId, Desk,
    requests::{bad_request, check_number, check_variables},
};
use crate::{leg::peer_info, pending::Waiter};

/// Who waits on which slot of which softswitch; bounded by the softswitches' slots.
pub(super) type Parked = BTreeMap<(u32, NodeId), control::ParkedInfo>;

impl Desk {
    /// The requests of this file; `None` for any other.
    pub(super) fn dispatch_move(
        &mut self,
        now: Instant,
        (conn, session): (ConnId, SessionId),
        request: u32,
        method: Method,
    ) -> Result<Option<Value>, ErrorInfo> {
        let waiter = Waiter::Plain { conn, request };
        match method {
            Method::CallTransfer(params) => {
                let to = check_number(&params.to)?;
                self.command(now, session, &params.call, waiter, |leg| Command::Transfer { leg, to })
            }
            Method::CallComplete(params) => {
                let other = self.own_leg(session, &params.other)?;
                self.command(now, session, &params.call, waiter, |leg| Command::CompleteTransfer {
                    leg,
                    other,
                })
            }
            Method::CallPark(params) => {
                let slot = params.slot;
                // Also a call on another device: fetched from the slot, it has moved here.
                let park = |leg| Command::Park { leg, slot };
                self.command_anywhere(now, session, &params.call, waiter, park)
            }
            Method::CallOriginate(params) => self.originate(now, session, waiter, params),
            Method::CallCompletion(params) => {
                let Some(user) = self.user_of(session) else { return Ok(None) };
                let node = self.node_for_new_call().ok_or_else(no_switch)?;
                self.send(now, node, session, Command::Completion { user, on: params.on }, waiter)
            }
            _ => Err(ErrorInfo::new(ErrorCode::UnknownMethod, "no such method")),
        }
    }

    fn originate(
        &mut self,
        now: Instant,
        session: SessionId,
        waiter: Waiter,
        params: OriginateParams,
    ) -> Result<Option<Value>, ErrorInfo> {
        let OriginateParams { to, auto_answer, variables } = params;
        let to = check_number(&to)?;
        check_variables(&variables)?;
        let Some(user) = self.user_of(session) else { return Ok(None) };
        let node = self.node_for_new_call().ok_or_else(no_switch)?;
        self.send(now, node, session, Command::Originate { user, to, auto_answer, variables }, waiter)
    }

    pub(super) fn user_of(&self, session: SessionId) -> Option<UserId> {
        self.sessions.get(&session).map(|session| session.record.user)
    }

    /// A leg of the session's user, on any device.
    pub(super) fn own_leg(&self, session: SessionId, call: &str) -> Result<LegId, ErrorInfo> {
        let leg: LegId = call.parse().map_err(|_| bad_request("a call id is 32 hexadecimal digits"))?;
        let user = self.user_of(session);
        let known = self.mirror.leg(leg).filter(|known| known.info.user == user && user.is_some());
        known.map(|known| known.info.leg).ok_or_else(|| self.no_such_call())
    }

    /// What is said of a call that is not the user's, or that nobody told of yet.
    pub(super) fn no_such_call(&self) -> ErrorInfo {
        if self.calls_complete {
            return ErrorInfo::new(ErrorCode::NoSuchCall, "no such call");
        }
        ErrorInfo::new(
            ErrorCode::SwitchUnavailable,
            "the softswitch has not told its calls since the server started",
        )
    }

    pub(super) fn handle_parked(&mut self, node: NodeId, parked: control::ParkedInfo) {
        self.parked.insert((parked.slot, node), parked);
        self.push_parked();
    }

    pub(super) fn handle_slot_free(&mut self, node: NodeId, slot: u32) {
        if self.parked.remove(&(slot, node)).is_some() {
            self.push_parked();
        }
    }

    /// A softswitch says who waits, or is over and has nobody waiting.
    pub(super) fn set_parked(&mut self, node: NodeId, parked: Vec<control::ParkedInfo>) {
        let before = self.parked.clone();
        self.parked.retain(|(_, other), _| *other != node);
        self.parked.extend(parked.into_iter().map(|parked| ((parked.slot, node), parked)));
        if self.parked != before {
            self.push_parked();
        }
    }

    /// As clients see it.
    pub(super) fn parked_calls(&self) -> Vec<ParkedCall> {
        let shown = |parked: &control::ParkedInfo| ParkedCall {
            slot: parked.slot,
            party: peer_info(&parked.party),
            by: peer_info(&parked.by),
            until: parked.until,
        };
        self.parked.values().map(shown).collect()
    }

    fn push_parked(&mut self) {
        let calls = self.parked_calls();
        let sessions: Vec<_> = self.sessions.keys().copied().collect();
        for session in sessions {
            self.push(session, Push::Parked { calls: calls.clone() });
        }
    }

    pub(super) fn handle_completion(
        &mut self,
        user: UserId,
        target: &control::Party,
        state: control::CompletionState,
    ) {
        let state = match state {
            control::CompletionState::Waiting => CompletionState::Waiting,
            control::CompletionState::Ringing => CompletionState::Ringing,
            control::CompletionState::Cancelled => CompletionState::Cancelled,
            control::CompletionState::Expired => CompletionState::Expired,
        };
        for session in self.sessions_of(user) {
            self.push(session, Push::Completion { peer: peer_info(target), state });
        }
    }
}

fn no_switch() -> ErrorInfo {
    ErrorInfo::new(ErrorCode::SwitchUnavailable, "no softswitch is connected")
}
