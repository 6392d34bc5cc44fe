//! What softswitches report, and what becomes of it for clients.

use std::time::{Duration, Instant};

use ringdown_control::{
    self as control, AppFrame, Command, CommandId, CommandResult, Event, LegInfo, LegState, RegistrationInfo,
};
use ringdown_protocol::{
    CallDirection, CallInfo, CallStarted, CallState, ErrorInfo, Invited, Originated, PeerInfo, Push,
    RecordingStarted, Slot,
};
use ringdown_types::{CallId, EndReason, LegId, NodeId, Pii, SessionId, UserId};
use serde_json::{Value, json};

use super::{ConnId, Desk, LinkId, Output, mailbox_as_shown};
use crate::{
    SessionKind,
    leg::{Leg, ended_by, error_code, to_client},
    pending::{Pending, Waiter},
};

/// Calls that were confirmed and whose legs were not told yet; the oldest goes. A leg follows its reply at once.
const MAX_CONFIRMED: usize = 256;

impl Desk {
    /// Something happened at a softswitch. Events known already are passed over; after a gap a snapshot is asked for.
    pub fn handle_event(&mut self, now: Instant, link: LinkId, seq: u64, event: Event) {
        let Some(&id) = self.by_link.get(&link) else { return };
        let Some(node) = self.nodes.get_mut(&id) else { return };
        if let Some(last) = node.seq {
            if seq <= last {
                return;
            }
            node.seq = Some(seq);
            if seq != last + 1 {
                self.outputs.push_back(Output::Node { link, frame: AppFrame::SnapshotRequest });
            }
        }
        match event {
            Event::CallStarted { .. } => {}
            Event::LegChanged { leg } => self.handle_leg(now, id, leg),
            Event::Offered { leg, session, offer, variables, auto_answer } => {
                if let Some(known) = self.mirror.leg_mut(leg) {
                    let description = to_client(offer);
                    known.offer = Some(description.clone());
                    known.variables = variables;
                    known.auto_answer = auto_answer;
                    let known = known.clone();
                    let call = self.call_info(&known, session);
                    self.push_to_owner(leg, session, Push::CallIncoming { call, description, auto_answer });
                    self.tell_controllers(leg);
                    self.wake(leg);
                }
            }
            Event::Description { leg, session, description } => {
                let description = to_client(description);
                self.push_to_owner(
                    leg,
                    session,
                    Push::CallDescription { call: leg.to_string(), description },
                );
            }
            Event::Candidate { leg, session, candidate } => {
                let candidate = candidate.map(|candidate| candidate.0);
                self.push_to_owner(leg, session, Push::CallCandidate { call: leg.to_string(), candidate });
            }
            Event::Dtmf { leg, digit } => {
                if let Some(session) = self.mirror.leg(leg).and_then(Leg::session) {
                    let push = Push::CallDtmf { call: leg.to_string(), digit: digit.to_string() };
                    self.push(session, push);
                }
            }
            // No page asks for it.
            Event::VoiceActivity { .. } => {}
            Event::LegQuality { leg, report } => self.handle_quality(leg, report),
            Event::LegFigures { figures } => self.outputs.push_back(Output::Figures(Box::new(figures))),
            Event::LegEnded { leg, reason, by } => self.handle_leg_ended(now, id, leg, (reason, by)),
            Event::CallEnded { record } => {
                self.note_call_ended(now, &record);
                self.outputs.push_back(Output::Record(Box::new(record)));
            }
            Event::Parked { parked } => self.handle_parked(id, parked),
            Event::Unknown => {}
            Event::SlotFree { slot } => self.handle_slot_free(id, slot),
            Event::Completion { user, target, state } => self.handle_completion(user, &target, state),
            Event::RoomChanged { room } => self.handle_room(now, id, room),
            Event::RoomTalking { room, leg, is_talking } => self.handle_room_talking(room, leg, is_talking),
            Event::InvitationEnded { room, invitation, reason } => {
                self.handle_invitation_ended(room, &invitation, reason);
            }
            Event::VoicemailChanged { count } => self.set_voicemail(id, count),
            Event::RecordingChanged { recording } => self.handle_recording(id, recording),
            Event::SettingChanged { changed } => self.take_settings(vec![changed]),
            Event::Registration { registration } => self.set_bindings(now, id, &registration),
            Event::Message { message } => self.handle_message(now, link, message),
            Event::MessageDelivered { message, delivered } => self.message_delivered(now, message, delivered),
            Event::Published { person } => self.handle_published(now, id, person),
        }
    }

    /// A softswitch answered a command.
    pub fn handle_reply(&mut self, now: Instant, link: LinkId, id: CommandId, result: CommandResult) {
        let Some(&node) = self.by_link.get(&link) else { return };
        if self.pending.get(id).is_none_or(|pending| pending.node != node) {
            return;
        }
        let Some(pending) = self.pending.take(id) else { return };
        self.timers.cancel_command(pending.due, id);
        let Pending { session, waiter, .. } = pending;
        match (waiter, result) {
            (Waiter::Ask(ask), result) => self.answer(ask, result),
            (Waiter::Nobody, CommandResult::Started { leg, .. }) => {
                self.tell_node(link, Command::Hangup { leg });
            }
            (Waiter::Start { conn, request, to, variables }, CommandResult::Started { call, leg }) => {
                if let Some(known) = self.mirror.leg_mut(leg) {
                    known.variables.clone_from(&variables);
                }
                let info = match self.mirror.leg(leg) {
                    Some(known) => self.call_info(known, session),
                    None => {
                        self.confirmed.push_back((leg, variables.clone()));
                        if self.confirmed.len() > MAX_CONFIRMED {
                            self.confirmed.pop_front();
                        }
                        let call = self.started_call(call, leg, to, variables);
                        CallInfo { created_at: self.unix_ms(now), ..call }
                    }
                };
                let result = serde_json::to_value(CallStarted { call: info }).expect("string keys");
                self.respond_to_asker(conn, request, Ok(result));
            }
            (waiter, CommandResult::Refused { error, message }) => {
                if let Some((conn, request)) = waiter.asker() {
                    let error = ErrorInfo::new(error_code(error), message);
                    self.respond_to_asker(conn, request, Err(error));
                }
            }
            (Waiter::Mailbox { conn, request }, CommandResult::Voicemail { messages }) => {
                let mut mailbox = mailbox_as_shown(messages);
                for message in &mut mailbox.messages {
                    if message.from.user_id.is_none() && message.from.name.is_empty() {
                        self.name_party(&message.from.number, &mut message.from.name);
                    }
                }
                self.respond_to_asker(conn, request, Ok(json!(mailbox)));
            }
            (waiter, CommandResult::Parked { slot }) => {
                if let Some((conn, request)) = waiter.asker() {
                    self.respond_to_asker(conn, request, Ok(json!(Slot { slot })));
                }
            }
            (waiter, CommandResult::Originated { call }) => {
                if let Some((conn, request)) = waiter.asker() {
                    let result = Originated { call_id: call.to_string() };
                    self.respond_to_asker(conn, request, Ok(json!(result)));
                }
            }
            (waiter, CommandResult::Invited { room, invitation }) => {
                if let Some((conn, request)) = waiter.asker() {
                    let result = Invited { room: room.to_string(), invitation: invitation.to_string() };
                    self.respond_to_asker(conn, request, Ok(json!(result)));
                }
            }
            (waiter, CommandResult::Recording { recording }) => {
                if let Some((conn, request)) = waiter.asker() {
                    let result = RecordingStarted { recording: recording.to_string() };
                    self.respond_to_asker(conn, request, Ok(json!(result)));
                }
            }
            (
                waiter,
                CommandResult::Done
                | CommandResult::Started { .. }
                | CommandResult::Explained { .. }
                | CommandResult::Voicemail { .. }
                | CommandResult::VoicemailSound { .. }
                | CommandResult::Recordings { .. }
                | CommandResult::RecordingSound { .. },
            ) => {
                if let Some((conn, request)) = waiter.asker() {
                    self.respond_to_asker(conn, request, Ok(json!({})));
                }
            }
        }
    }

    /// Answers if the connection that asked still has its session.
    pub(super) fn respond_to_asker(&mut self, conn: ConnId, request: u32, outcome: Result<Value, ErrorInfo>) {
        if self.by_conn.contains_key(&conn) {
            self.respond(conn, request, outcome);
        }
    }

    /// The caller's leg as it must be where its event comes after the reply.
    fn started_call(
        &self,
        call: CallId,
        leg: LegId,
        to: String,
        variables: std::collections::BTreeMap<String, String>,
    ) -> CallInfo {
        let callee = self.roster.by_number(&to);
        CallInfo {
            id: leg.to_string(),
            call_id: call.to_string(),
            mine: true,
            direction: CallDirection::Outbound,
            state: CallState::Dialing,
            peer: PeerInfo {
                user_id: callee.map(|person| person.id.to_string()),
                name: match callee {
                    Some(person) => person.name.clone(),
                    None => self.contacts.name_of(&to).cloned().unwrap_or_default(),
                },
                number: Pii(to),
            },
            held: false,
            held_by_peer: false,
            peer_lost: false,
            peer_muted: false,
            muted: false,
            pin_asked: None,
            may_record: false,
            is_recorded: false,
            recording: None,
            created_at: 0,
            answered_at: None,
            variables,
        }
    }

    /// A leg was made or changed: the user's sessions that may see it are told.
    pub(super) fn handle_leg(&mut self, now: Instant, node: NodeId, mut info: LegInfo) {
        self.name_peer(&mut info);
        let before = self.mirror.leg(info.leg).map(|leg| leg.info.clone());
        let unchanged = before.as_ref() == Some(&info);
        // A leg first seen answered was answered before: its duration counts from there.
        let answered_for =
            info.answered_at.map(|at| self.unix_ms(now).saturating_sub(at)).unwrap_or_default();
        let active_since = if before.is_none() {
            now.checked_sub(Duration::from_millis(answered_for)).unwrap_or(now)
        } else {
            now
        };
        let mut leg = self.mirror.put(active_since, node, info);
        if before.is_none() {
            self.note_variables(&mut leg);
        }
        self.note_leg(&leg.info);
        if let Some(before) = &before {
            self.follow_recorded([before.call, leg.info.call]);
        }
        let Some(user) = leg.info.user else { return };
        if leg.info.answered_at.is_some() {
            self.wake_is_over(user, &leg, EndReason::AnsweredElsewhere);
        }
        if unchanged {
            return;
        }
        if leg.info.state != LegState::Ended {
            for session in self.sessions_of(user) {
                if self.is_shown(&leg, session) {
                    self.push(session, Push::CallState { call: self.call_info(&leg, session) });
                }
            }
        }
        self.update_presence(now, user);
    }

    /// A browser's new call: what it sent along is known from the command. Where its reply comes after the leg, it is the
    /// session's oldest that waits: commands are obeyed and answered in order.
    fn note_variables(&mut self, leg: &mut Leg) {
        let Some(session) = leg.session().filter(|_| leg.info.role == control::LegRole::Caller) else {
            return;
        };
        let confirmed = self.confirmed.iter().position(|(started, _)| *started == leg.info.leg);
        let confirmed =
            confirmed.and_then(|place| self.confirmed.remove(place)).map(|(_, variables)| variables);
        let pending = || self.pending.oldest_start(leg.node, session).cloned();
        let Some(variables) = confirmed.or_else(pending) else { return };
        if let Some(known) = self.mirror.leg_mut(leg.info.leg) {
            known.variables.clone_from(&variables);
        }
        leg.variables = variables;
    }

    /// A leg can be shown: whoever controls it is told.
    fn tell_controllers(&mut self, leg: LegId) {
        let Some(leg) = self.mirror.leg(leg) else { return };
        let Some(user) = leg.info.user else { return };
        let told: Vec<_> = self
            .sessions_of(user)
            .into_iter()
            .filter(|id| self.sessions.get(id).is_some_and(|session| session.kind == SessionKind::Control))
            .map(|id| (id, self.call_info(leg, id)))
            .collect();
        for (session, call) in told {
            self.push(session, Push::CallState { call });
        }
    }

    /// Whether a session of the leg's user is told of it.
    pub(super) fn is_shown(&self, leg: &Leg, session: SessionId) -> bool {
        self.sessions.get(&session).is_some_and(|known| leg.is_shown_to(session, known.kind))
    }

    fn handle_leg_ended(
        &mut self,
        now: Instant,
        node: NodeId,
        mut info: LegInfo,
        (reason, by): (EndReason, control::EndedBy),
    ) {
        self.name_peer(&mut info);
        // A call refused at once ends before it was ever reported: who placed it still has to learn why.
        info.state = LegState::Ended;
        let leg = self.mirror.put(now, node, info);
        self.tell_ended(now, &leg, reason, by);
    }

    /// A leg ended without an event. Where the reason is not known, what is most likely is said.
    pub(super) fn forget_leg(&mut self, now: Instant, leg: LegId, reason: Option<EndReason>) {
        let Some(mut leg) = self.mirror.take(leg) else { return };
        leg.info.state = LegState::Ended;
        let likely = if leg.info.answered_at.is_some() { EndReason::Hangup } else { EndReason::Cancelled };
        self.tell_ended(now, &leg, reason.unwrap_or(likely), control::EndedBy::Switch);
        self.forget_sides(leg.info.call);
    }

    fn tell_ended(&mut self, now: Instant, leg: &Leg, reason: EndReason, by: control::EndedBy) {
        self.note_leg_ended(now, &leg.info, (reason, by));
        let Some(user) = leg.info.user else { return };
        self.wake_is_over(user, leg, reason);
        let duration = leg.active_since.map(|since| now.saturating_duration_since(since)).unwrap_or_default();
        for session in self.sessions_of(user) {
            if self.is_shown(leg, session) {
                let push = Push::CallEnded {
                    call: self.call_info(leg, session),
                    reason: reason.name().to_owned(),
                    by: ended_by(by),
                    code: reason.q850(),
                    duration_ms: duration.as_millis() as u64,
                };
                self.push(session, push);
            }
        }
        self.update_presence(now, user);
        if let Some(session) = leg.session() {
            // It may have stayed announced only because it held this call.
            self.handle_session_unreachable(now, session);
        }
    }

    /// A push for the session that holds the leg; the softswitch's word on the session is checked.
    fn push_to_owner(&mut self, leg: LegId, session: SessionId, push: Push) {
        // A caller's answer and candidates come ahead of the leg's first change: the softswitch names its owner.
        if self.mirror.leg(leg).is_none_or(|known| known.session() == Some(session)) {
            self.push(session, push);
        }
    }

    pub(super) fn set_bindings(&mut self, now: Instant, node: NodeId, registration: &RegistrationInfo) {
        self.mirror.set_bindings(node, registration);
        let user: UserId = registration.user;
        self.fetch_undelivered(now, user);
        self.update_presence(now, user);
    }
}
