//! Recordings of calls and rooms: who may have one made, which there are, and what becomes of them. Their sounds are
//! files of the shell, which also keeps a description of each, so that a restart finds what is told here.

use std::{
    collections::{BTreeMap, HashMap},
    time::Instant,
};

use ringdown_control::{
    CommandError, CommandResult, Event, Party, Recording, RecordingRight, RecordingState,
};
use ringdown_media::api::{MediaCommand, RecordingEnd, RecordingForm, RecordingLimits, RecordingPurpose};
use ringdown_types::{LegId, MixId, RecordedTracks, RecordingId, RoomId, SoundFormat, UserId};
use tracing::{info, warn};

use crate::{Output, Switch, commands::Refusal, mailboxes::RecordingEnded};

/// Every recording there is, those that go on included.
#[derive(Debug, Default)]
pub(crate) struct Recordings {
    known: BTreeMap<RecordingId, Recording>,
    running: HashMap<RecordingId, Source>,
}

/// What is being recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Source {
    Leg(LegId),
    Mix { mix: MixId, worker: usize },
}

/// What is wanted of a recording.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wanted {
    pub(crate) tracks: RecordedTracks,
    pub(crate) format: SoundFormat,
    /// Who asks; `None` for an administrator.
    pub(crate) by: Option<UserId>,
}

impl Switch {
    /// Takes the recordings the shell found in the state folder. Call it once, before anything else.
    pub fn restore_recordings(&mut self, recordings: Vec<Recording>) {
        self.recordings.known.extend(recordings.into_iter().map(|recording| (recording.id, recording)));
    }

    /// A recording that `by` may hear, which is not running; administrators (`None`) hear every one.
    pub fn recording(&self, id: RecordingId, by: Option<UserId>) -> Option<&Recording> {
        let recording = self.recordings.known.get(&id)?;
        let is_theirs = by.is_none() || recording.owner == by;
        (is_theirs && recording.state != RecordingState::Running).then_some(recording)
    }

    /// Recordings that go on, for an app server that just connected.
    pub(crate) fn running_recordings(&self) -> Vec<Recording> {
        let running = self.recordings.running.keys();
        running.filter_map(|id| self.recordings.known.get(id)).cloned().collect()
    }

    pub(crate) fn list_recordings(&self, by: Option<UserId>) -> CommandResult {
        let is_theirs = |recording: &&Recording| by.is_none() || recording.owner == by;
        let mut recordings: Vec<_> = self.recordings.known.values().filter(is_theirs).cloned().collect();
        recordings.sort_by_key(|recording| std::cmp::Reverse((recording.started_at, recording.id)));
        recordings.truncate(MAX_LISTED);
        CommandResult::Recordings { recordings }
    }

    pub(crate) fn record_leg(
        &mut self,
        now: Instant,
        leg: LegId,
        wanted: Wanted,
    ) -> Result<CommandResult, Refusal> {
        let view = self.calls.leg(leg).ok_or_else(no_such_leg)?;
        self.check_right(wanted.by.is_none_or(|user| user == view.user), wanted.by)?;
        if !self.legs.get(leg).is_some_and(|leg| leg.in_media) {
            return Err(Refusal::new(CommandError::WrongState, "the leg has no sound yet"));
        }
        if self.mailboxes.is_recording(leg) {
            return Err(Refusal::new(CommandError::WrongState, "a message is being left on this leg"));
        }
        let parties = vec![
            self.directory.party(&ringdown_call::Party::User(view.user)),
            self.directory.party(&view.peer),
        ];
        let id = self.begin(now, Source::Leg(leg), parties, wanted)?;
        if let Some(recording) = self.recordings.known.get_mut(&id) {
            (recording.call, recording.leg) = (Some(view.call), Some(leg));
        }
        let form =
            RecordingForm { tracks: wanted.tracks, format: wanted.format, purpose: RecordingPurpose::Call };
        self.media(leg, MediaCommand::Record { leg, recording: id, form, limits: LIMITS });
        Ok(self.begun(id))
    }

    pub(crate) fn record_room(
        &mut self,
        now: Instant,
        room: RoomId,
        wanted: Wanted,
    ) -> Result<CommandResult, Refusal> {
        let mix = self.calls.room_mix(room, wanted.by)?;
        self.check_right(true, wanted.by)?;
        let alone = || Refusal::new(CommandError::WrongState, "nobody talks in this room yet");
        let worker = self.mixes.home(mix).ok_or_else(alone)?;
        let view = self.calls.rooms().find(|view| view.room == room);
        let members = view.map(|view| view.members).unwrap_or_default();
        let party = |user| self.directory.party(&ringdown_call::Party::User(user));
        let parties = members.iter().map(|member| party(member.user)).collect();
        let id = self.begin(now, Source::Mix { mix, worker }, parties, wanted)?;
        if let Some(recording) = self.recordings.known.get_mut(&id) {
            (recording.room, recording.channels) = (Some(room), 1);
        }
        let command = MediaCommand::RecordMix { mix, recording: id, format: wanted.format, limits: LIMITS };
        self.out.push_back(Output::Media { worker, command });
        Ok(self.begun(id))
    }

    fn check_right(&self, is_theirs: bool, by: Option<UserId>) -> Result<(), Refusal> {
        let may =
            by.is_none() || (is_theirs && self.directory.recording_right() == RecordingRight::Everybody);
        if may {
            Ok(())
        } else {
            Err(Refusal::new(CommandError::NotAllowed, "recording is not allowed here"))
        }
    }

    fn begin(
        &mut self,
        now: Instant,
        source: Source,
        parties: Vec<Party>,
        wanted: Wanted,
    ) -> Result<RecordingId, Refusal> {
        let Wanted { tracks, format, by: owner } = wanted;
        if self.recordings.running.values().any(|running| *running == source) {
            return Err(Refusal::new(CommandError::WrongState, "it is being recorded already"));
        }
        if self.recordings.running.len() >= MAX_RUNNING || self.recordings.known.len() >= MAX_KNOWN {
            return Err(Refusal::new(CommandError::Congestion, "as many recordings as allowed exist"));
        }
        let id = RecordingId::random(&mut *self.random);
        let recording = Recording {
            id,
            owner,
            call: None,
            leg: None,
            room: None,
            parties,
            started_at: self.clock.unix_ms(now),
            duration_ms: 0,
            format,
            channels: tracks.channels(),
            state: RecordingState::Running,
        };
        self.recordings.known.insert(id, recording);
        self.recordings.running.insert(id, source);
        Ok(id)
    }

    /// The description is kept before the first sound, so that a crash leaves a recording and not a riddle.
    fn begun(&mut self, id: RecordingId) -> CommandResult {
        info!(recording = %id, "a recording begins");
        self.recording_changed(id);
        CommandResult::Recording { recording: id }
    }

    pub(crate) fn stop_recording(&mut self, id: RecordingId, by: Option<UserId>) -> Result<(), Refusal> {
        let recording = self.recordings.known.get(&id).ok_or_else(no_such_recording)?;
        if by.is_some() && recording.owner != by {
            return Err(no_such_recording());
        }
        match self.recordings.running.get(&id).copied() {
            Some(source) => self.end_source(source),
            None => return Err(Refusal::new(CommandError::WrongState, "it is over already")),
        }
        Ok(())
    }

    /// A message is to be left on a leg: whatever else is recorded of it ends.
    pub(crate) fn end_recording_of(&mut self, leg: LegId) {
        let source = Source::Leg(leg);
        if self.recordings.running.values().any(|running| *running == source) {
            self.end_source(source);
        }
    }

    fn end_source(&mut self, source: Source) {
        match source {
            Source::Leg(leg) => self.media(leg, MediaCommand::StopRecording { leg }),
            Source::Mix { mix, worker } => {
                let command = MediaCommand::StopMixRecording { mix };
                self.out.push_back(Output::Media { worker, command });
            }
        }
    }

    pub(crate) fn delete_recording(&mut self, id: RecordingId, by: Option<UserId>) -> Result<(), Refusal> {
        self.recording(id, by).ok_or_else(no_such_recording)?;
        self.recordings.known.remove(&id);
        self.out.push_back(Output::DiscardRecording(id));
        Ok(())
    }

    /// What became of a recording of a call or a room; `false` where it is none.
    pub(crate) fn call_recording_ended(&mut self, ended: &RecordingEnded) -> bool {
        let RecordingEnded { recording: id, end, duration_ms, is_stored } = *ended;
        let Some(source) = self.recordings.running.remove(&id) else { return false };
        let state = match (end, is_stored) {
            (_, false) => RecordingState::Failed,
            (RecordingEnd::Failed, true) => RecordingState::Cut,
            _ => RecordingState::Stored,
        };
        if end == RecordingEnd::Failed {
            warn!(recording = %id, duration_ms, "a recording could not be written to its end");
            // The worker does not know that nobody writes down what it hears.
            self.end_source(source);
        }
        if let Some(recording) = self.recordings.known.get_mut(&id) {
            (recording.state, recording.duration_ms) = (state, duration_ms);
        }
        info!(recording = %id, duration_ms, ?state, "a recording ended");
        self.recording_changed(id);
        if state == RecordingState::Failed {
            self.recordings.known.remove(&id);
            self.out.push_back(Output::DiscardRecording(id));
        }
        true
    }

    /// A worker is gone, and what its recordings did not hand over with it.
    pub(crate) fn recordings_lost(&mut self, worker: usize) {
        let is_lost = |source: &Source| match source {
            Source::Leg(leg) => self.legs.get(*leg).is_none_or(|leg| leg.worker == worker),
            Source::Mix { worker: home, .. } => *home == worker,
        };
        let lost = self.recordings.running.iter().filter(|(_, source)| is_lost(source)).map(|(&id, _)| id);
        for id in lost.collect::<Vec<_>>() {
            self.out.push_back(Output::EndRecording(id));
        }
    }

    fn recording_changed(&mut self, id: RecordingId) {
        let Some(recording) = self.recordings.known.get(&id).cloned() else { return };
        if recording.state != RecordingState::Failed {
            self.out.push_back(Output::KeepRecording(recording.clone()));
        }
        self.event(Event::RecordingChanged { recording });
    }
}

fn no_such_leg() -> Refusal {
    Refusal::new(CommandError::NoSuchLeg, "the leg is not known; it may have just ended")
}

pub(crate) fn no_such_recording() -> Refusal {
    Refusal::new(CommandError::NoSuchRecording, "there is no such recording")
}

/// Twelve hours: a WAV file of a room is full after that.
const LIMITS: RecordingLimits = RecordingLimits { max_ms: 12 * 3_600_000, silence_ms: 0 };

/// Recordings at once. More need more than one thread to encode and write.
const MAX_RUNNING: usize = 200;

/// Recordings that are kept, at about 500 octets of memory each. More are refused until some are deleted.
const MAX_KNOWN: usize = 20_000;

/// Recordings of one answer, newest first.
const MAX_LISTED: usize = 1_000;
