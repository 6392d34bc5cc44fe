//! What the app server asks, obeyed.

use std::{collections::BTreeMap, sync::Arc, time::Instant};

use ringdown_call::{
    CommandError as CallError, DeclineReason, DeviceId, EndedBy, LegCommand, LegEvent, OfferError,
    RoomCommand,
};
use ringdown_control::{
    CandidateText, Command, CommandError, CommandResult, DescriptionKind, Event, LegPlace, SessionDescription,
};
use ringdown_media::api::MediaCommand;
use ringdown_sdp::SdpError;
use ringdown_types::{DialKey, EndReason, LegId, Pii, RecordedTracks, SessionId, UserId};

use crate::{
    Switch,
    device_video::{Kind, Occasion},
    features::AskedCall,
    legs::{Leg, Side},
    played::source_of,
    recordings::Wanted,
    routing::Caller,
    web_leg::{WebLeg, is_candidate, read},
};

/// A call a browser asks for.
struct StartCall {
    session: SessionId,
    user: UserId,
    to: String,
    offer: SessionDescription,
    variables: BTreeMap<String, String>,
}

/// Why a command is refused, with words for people.
#[derive(Debug)]
pub(crate) struct Refusal(CommandError, String);

impl Refusal {
    pub(crate) fn new(error: CommandError, message: &str) -> Self {
        Self(error, message.to_owned())
    }
}

impl From<Refusal> for CommandResult {
    fn from(Refusal(error, message): Refusal) -> Self {
        Self::Refused { error, message }
    }
}

impl From<CallError> for Refusal {
    fn from(error: CallError) -> Self {
        let code = match error {
            CallError::NoSuchLeg => CommandError::NoSuchLeg,
            CallError::WrongState => CommandError::WrongState,
            CallError::Invalid => CommandError::Invalid,
            CallError::NoSuchRoom => CommandError::NoSuchRoom,
            CallError::NotAllowed => CommandError::NotAllowed,
            CallError::Full => CommandError::Congestion,
        };
        Self(code, error.to_string())
    }
}

impl From<OfferError> for Refusal {
    fn from(error: OfferError) -> Self {
        let code = match error {
            OfferError::Invalid => CommandError::Invalid,
            OfferError::Congestion | OfferError::DuplicateLeg => CommandError::Congestion,
        };
        Self(code, error.to_string())
    }
}

impl From<SdpError> for Refusal {
    fn from(error: SdpError) -> Self {
        let code = match error {
            SdpError::Malformed(_) | SdpError::AnswerMismatch(_) => CommandError::Invalid,
            SdpError::NotAcceptable(_) => CommandError::NotAcceptable,
            SdpError::OfferPending | SdpError::NoOfferPending => CommandError::WrongState,
        };
        Self(code, error.to_string())
    }
}

impl Switch {
    /// Obeys a command that was not seen before.
    pub(crate) fn obey(&mut self, now: Instant, command: Command) -> CommandResult {
        self.try_to_obey(now, command).unwrap_or_else(CommandResult::from)
    }

    fn try_to_obey(&mut self, now: Instant, command: Command) -> Result<CommandResult, Refusal> {
        match command {
            Command::SessionUp { session, user } => {
                let orphans = self.sessions.up(session, user);
                self.people.changed(user);
                self.end_legs_of_session(now, orphans);
            }
            Command::SessionDown { session } => {
                if let Some(user) = self.sessions.user_of(session) {
                    self.people.changed(user);
                }
                let orphans = self.sessions.down(session);
                self.end_legs_of_session(now, orphans);
            }
            Command::StartCall { session, user, to, offer, variables } => {
                return self.start_call(now, StartCall { session, user, to, offer, variables });
            }
            Command::Answer { leg, description } => self.answer(now, leg, description.as_ref())?,
            Command::Decline { leg, reason } => {
                let reason = match reason {
                    EndReason::Busy => DeclineReason::Busy,
                    EndReason::Declined => DeclineReason::Declined,
                    _ => return Err(Refusal::new(CommandError::Invalid, "decline with busy or declined")),
                };
                self.calls.handle_command(now, leg, LegCommand::Decline(reason))?;
            }
            Command::Hangup { leg } => self.calls.handle_command(now, leg, LegCommand::Hangup)?,
            Command::Hold { leg } => self.calls.handle_command(now, leg, LegCommand::Hold)?,
            Command::Unhold { leg } => self.calls.handle_command(now, leg, LegCommand::Unhold)?,
            Command::Mute { leg, muted } => self.calls.handle_command(now, leg, LegCommand::Mute(muted))?,
            Command::WatchVoice { leg, watched } => self.watch_voice(leg, watched)?,
            Command::SendDtmf { leg, digits } => {
                self.calls.handle_command(now, leg, LegCommand::SendDtmf(digits))?;
            }
            Command::Transfer { leg, to } => self.transfer(now, leg, &to)?,
            Command::CompleteTransfer { leg, other } => {
                self.calls.handle_command(now, leg, LegCommand::CompleteTransfer { other })?;
            }
            Command::Park { leg, slot } => return self.park(now, leg, slot),
            Command::Originate { user, to, auto_answer, variables } => {
                return self.originate(now, AskedCall { user, to, auto_answer, variables });
            }
            Command::Unknown => {
                return Err(Refusal::new(CommandError::Invalid, "this version does not know the command"));
            }
            Command::Completion { user, on } => self.complete(now, user, on)?,
            Command::Describe { leg, description } => self.describe(now, leg, &description)?,
            Command::Reoffer { leg } => self.reoffer(leg)?,
            Command::Candidate { leg, candidate } => self.candidate(leg, candidate.as_ref())?,
            Command::ChangeSetting { user, change } => {
                let refused = |refusal| Refusal(CommandError::Invalid, format!("{refusal}"));
                self.change_setting(now, user, change).map_err(refused)?;
            }
            command @ (Command::Merge { .. }
            | Command::RoomMute { .. }
            | Command::RoomGain { .. }
            | Command::RoomRemove { .. }
            | Command::RoomLock { .. }
            | Command::Invite { .. }
            | Command::Uninvite { .. }) => return self.obey_about_room(now, command),
            Command::ListVoicemail { user } => {
                return Ok(CommandResult::Voicemail { messages: self.voicemail(user).to_vec() });
            }
            Command::FetchVoicemail { .. } | Command::FetchRecording { .. } => {
                return Err(Refusal::new(CommandError::Invalid, "sounds are read by the switch's shell"));
            }
            Command::MarkVoicemail { user, message, is_heard } => {
                self.mark_voicemail(user, message, is_heard)?
            }
            Command::DeleteVoicemail { user, message } => self.delete_voicemail(user, message)?,
            Command::PlayToRoom { room, sound, by } => self.play_to_room(room, source_of(&sound)?, by)?,
            Command::StopPlayingToRoom { room, by } => self.stop_playing_to_room(room, by)?,
            Command::PlayToLeg { leg, sound, by } => self.play_to_leg(now, leg, source_of(&sound)?, by)?,
            Command::StopPlayingToLeg { leg, by } => self.stop_playing_to_leg(now, leg, by)?,
            Command::RecordLeg { leg, tracks, format, by } => {
                return self.record_leg(now, leg, Wanted { tracks, format, by });
            }
            Command::RecordRoom { room, format, by } => {
                return self.record_room(now, room, Wanted { tracks: RecordedTracks::Mixed, format, by });
            }
            Command::StopRecording { recording, by } => self.stop_recording(recording, by)?,
            Command::ListRecordings { by } => return Ok(self.list_recordings(by)),
            Command::DeleteRecording { recording, by } => self.delete_recording(recording, by)?,
            Command::Explain { caller, dialled, at } => {
                let explanation = self.explain(now, caller, &dialled, at);
                return Ok(CommandResult::Explained { explanation });
            }
            Command::SendMessage { message } => self.send_message(now, message)?,
            Command::MessageTaken { message, taken } => self.message_taken(now, message, taken),
            Command::State { people } => self.people_state(people),
        }
        Ok(CommandResult::Done)
    }

    /// What is asked of conference rooms.
    fn obey_about_room(&mut self, now: Instant, command: Command) -> Result<CommandResult, Refusal> {
        match command {
            Command::Merge { leg, other } => {
                self.calls.handle_merge(now, leg, other)?;
            }
            Command::RoomMute { room, leg, muted, by } => {
                self.calls.handle_room_command(now, room, by, RoomCommand::Mute { leg, muted })?;
            }
            Command::RoomGain { room, leg, decibels, by } => {
                self.calls.handle_room_command(now, room, by, RoomCommand::Gain { leg, decibels })?;
            }
            Command::RoomRemove { room, leg, by } => {
                self.calls.handle_room_command(now, room, by, RoomCommand::Remove { leg })?;
            }
            Command::RoomLock { room, locked, by } => {
                self.calls.handle_room_command(now, room, by, RoomCommand::Lock(locked))?;
            }
            Command::Invite { leg, to } => {
                let (room, invitation) = self.calls.handle_invite(now, leg, Pii(Arc::from(to.as_str())))?;
                return Ok(CommandResult::Invited { room, invitation });
            }
            Command::Uninvite { room, invitation, by } => {
                self.calls.handle_uninvite(now, (room, invitation), by)?;
            }
            _ => return Err(Refusal::new(CommandError::Invalid, "this is nothing to ask of a room")),
        }
        Ok(CommandResult::Done)
    }

    pub(crate) fn end_legs_of_session(&mut self, now: Instant, legs: Vec<LegId>) {
        for leg in legs {
            let lost = LegEvent::Ended { reason: EndReason::ResumeExpired, by: EndedBy::Switch };
            self.calls.handle_leg_event(now, leg, lost);
        }
    }

    fn start_call(&mut self, now: Instant, call: StartCall) -> Result<CommandResult, Refusal> {
        let StartCall { session, user, to, offer, variables } = call;
        if self.sessions.user_of(session) != Some(user) {
            return Err(Refusal::new(CommandError::NoSuchSession, "the session is not known"));
        }
        check_variables(&variables)?;
        if to.len() > DialKey::MAX_DIALLED_BYTES {
            return Err(Refusal::new(CommandError::Invalid, "the number is too long"));
        }
        if offer.kind != DescriptionKind::Offer {
            return Err(Refusal::new(CommandError::Invalid, "a call starts with an offer"));
        }
        if self.sessions.leg_count(session) >= self.config.limits.legs_per_session {
            return Err(Refusal::new(CommandError::Congestion, "the session has too many calls"));
        }
        let Some(worker) = self.worker_for_call(user, &to) else {
            return Err(Refusal::new(CommandError::Congestion, "there is no media worker"));
        };
        let mut web = WebLeg::new(
            session,
            self.config.dtls_fingerprint,
            self.workers.candidates(worker),
            &mut *self.random,
        );
        let remote = read(&offer)?;
        let device = web.media_mut();
        device.note_video_offer(&remote);
        let wishes = device.video().wishes(Kind::Browser, None, Occasion::Answer);
        device.wish(wishes);
        let described = web.describe((&offer, &remote), &mut *self.random)?;
        let leg = LegId::random(&mut *self.random);
        let side = Side::Browser(Box::new(web));
        let place = LegPlace::Browser { session };
        self.legs
            .insert(leg, Leg { worker, place, side, in_media: false, variables, told_video: Vec::new() });
        let caller = Caller { leg, user, device: DeviceId::Browser(session), makes_ringback: false };
        let call = match self.place_call(now, caller, &to) {
            Ok(call) => call,
            Err(OfferError::Congestion | OfferError::DuplicateLeg | OfferError::Invalid) => {
                self.legs.remove(leg);
                return Err(Refusal::new(CommandError::Congestion, "the switch is full"));
            }
        };
        // A call that was refused at once needs no media.
        if self.calls.leg(leg).is_some() {
            self.sessions.add_leg(session, leg);
            self.add_to_media(leg);
            // The app server hears of the leg before it hears of its description.
            self.settle_calls(now);
        }
        if self.calls.leg(leg).is_some() {
            if let Some(answer) = described.answer {
                self.event(Event::Description { leg, session, description: answer });
            }
            self.tell_candidates(leg);
        }
        Ok(CommandResult::Started { call, leg })
    }

    fn answer(
        &mut self,
        now: Instant,
        leg: LegId,
        description: Option<&SessionDescription>,
    ) -> Result<(), Refusal> {
        if let Some(description) = description {
            self.describe(now, leg, description)?;
        }
        let web = self.legs.web(leg).ok_or(CallError::NoSuchLeg)?;
        if !web.is_described() {
            return Err(Refusal::new(CommandError::WrongState, "no answer description was given yet"));
        }
        Ok(self.calls.handle_command(now, leg, LegCommand::Answer)?)
    }

    fn describe(
        &mut self,
        now: Instant,
        leg: LegId,
        description: &SessionDescription,
    ) -> Result<(), Refusal> {
        self.legs.web(leg).ok_or(CallError::NoSuchLeg)?;
        let remote = read(description)?;
        if description.kind == DescriptionKind::Offer {
            self.prepare_video(leg, self.video_partner(leg), Some(&remote));
        }
        let web = self.legs.web(leg).ok_or(CallError::NoSuchLeg)?;
        let described = web.describe((description, &remote), &mut *self.random)?;
        let (session, transport, audio) = (web.session(), web.transport(), web.audio());
        self.media(leg, MediaCommand::SetTransport { leg, transport });
        self.media(leg, MediaCommand::SetAudio { leg, audio });
        self.tell_video(leg);
        if let Some(answer) = described.answer {
            self.event(Event::Description { leg, session, description: answer });
        }
        if described.tells_candidates {
            self.tell_candidates(leg);
        }
        self.match_video(now, leg);
        Ok(())
    }

    fn reoffer(&mut self, leg: LegId) -> Result<(), Refusal> {
        let web = self.legs.web(leg).ok_or(CallError::NoSuchLeg)?;
        if !web.is_described() {
            return Err(Refusal::new(CommandError::WrongState, "the first offer is not answered yet"));
        }
        self.prepare_video(leg, self.video_partner(leg), None);
        let web = self.legs.web(leg).ok_or(CallError::NoSuchLeg)?;
        let description = web.offer_anew(&mut *self.random)?;
        let session = web.session();
        self.event(Event::Description { leg, session, description });
        self.tell_candidates(leg);
        Ok(())
    }

    /// An ICE-lite side learns addresses from the browser's checks, so a good candidate needs nothing done.
    fn candidate(&mut self, leg: LegId, candidate: Option<&CandidateText>) -> Result<(), Refusal> {
        self.legs.web(leg).ok_or(CallError::NoSuchLeg)?;
        match candidate {
            Some(candidate) if !is_candidate(&candidate.0) => {
                Err(Refusal::new(CommandError::Invalid, "this is no candidate"))
            }
            Some(_) | None => Ok(()),
        }
    }

    /// Our candidates and their end, beside the description that holds them too: some clients apply one, some the
    /// other.
    pub(crate) fn tell_candidates(&mut self, leg: LegId) {
        let Some(web) = self.legs.web(leg) else { return };
        let session = web.session();
        let candidates: Vec<_> = web.candidates().map(|text| Some(CandidateText(text))).collect();
        for candidate in candidates.into_iter().chain([None]) {
            self.event(Event::Candidate { leg, session, candidate });
        }
    }
}

pub(crate) fn check_variables(variables: &BTreeMap<String, String>) -> Result<(), Refusal> {
    let bytes: usize = variables.iter().map(|(key, value)| key.len() + value.len()).sum();
    if variables.len() > MAX_VARIABLES || bytes > MAX_VARIABLE_BYTES {
        return Err(Refusal::new(CommandError::Invalid, "at most 32 variables of 4 KiB together"));
    }
    Ok(())
}

const MAX_VARIABLES: usize = 32;
const MAX_VARIABLE_BYTES: usize = 4_096;
