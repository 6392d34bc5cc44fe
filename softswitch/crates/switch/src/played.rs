//! Sounds that somebody has played to a room or to one leg.

use std::time::Instant;

use ringdown_call::{LegCommand, PlaySource};
use ringdown_control::{Command, CommandError, CommandId, CommandResult, PlayedSound};
use ringdown_media::api::MediaCommand;
use ringdown_types::{LegId, RecordingId, RoomId, UserId};

use crate::{Output, Switch, commands::Refusal};

impl Switch {
    /// The URL of the sound that a command wants played, if it wants one; the shell fetches it, and then calls
    /// [`Switch::handle_fetched`]. `Err` where whoever asks may not, or there is nobody to hear it: then nothing is
    /// fetched.
    ///
    /// # Errors
    /// The command's result.
    pub fn wants_fetched<'a>(&self, command: &'a Command) -> Result<Option<&'a str>, CommandResult> {
        let (checked, url) = match command {
            Command::PlayToRoom { room, sound: PlayedSound::Url(url), by } => {
                (self.calls.room_mix(*room, *by).map(drop), url)
            }
            Command::PlayToLeg { leg, sound: PlayedSound::Url(url), by } => {
                (self.calls.check_moderates(*leg, *by), url)
            }
            _ => return Ok(None),
        };
        checked.map_err(|error| CommandResult::from(Refusal::from(error)))?;
        Ok(Some(url.as_str()))
    }

    /// What a command's URL names can be read as this recording: the command is obeyed with it.
    pub fn handle_fetched(
        &mut self,
        now: Instant,
        (id, command): (CommandId, Command),
        recording: RecordingId,
    ) -> CommandResult {
        let source = PlaySource::Recording(recording);
        self.obey_once(now, id, |switch| match command {
            Command::PlayToRoom { room, by, .. } => switch.play_to_room(room, source, by),
            Command::PlayToLeg { leg, by, .. } => switch.play_to_leg(now, leg, source, by),
            _ => Err(Refusal::new(CommandError::Invalid, "the command plays nothing")),
        })
    }

    fn obey_once(
        &mut self,
        now: Instant,
        id: CommandId,
        obey: impl FnOnce(&mut Self) -> Result<(), Refusal>,
    ) -> CommandResult {
        if let Some(outcome) = self.commands.outcome(id) {
            return outcome.clone();
        }
        let result = obey(self).map_or_else(CommandResult::from, |()| CommandResult::Done);
        self.commands.note(id, result.clone());
        self.settle(now);
        result
    }

    pub(crate) fn play_to_room(
        &mut self,
        room: RoomId,
        source: PlaySource,
        by: Option<UserId>,
    ) -> Result<(), Refusal> {
        let mix = self.calls.room_mix(room, by)?;
        self.play_to_mix(mix, source);
        Ok(())
    }

    pub(crate) fn stop_playing_to_room(&mut self, room: RoomId, by: Option<UserId>) -> Result<(), Refusal> {
        let mix = self.calls.room_mix(room, by)?;
        if let Some(worker) = self.mixes.home(mix) {
            self.out.push_back(Output::Media { worker, command: MediaCommand::StopPlayToMix { mix } });
        }
        Ok(())
    }

    pub(crate) fn play_to_leg(
        &mut self,
        now: Instant,
        leg: LegId,
        source: PlaySource,
        by: Option<UserId>,
    ) -> Result<(), Refusal> {
        self.calls.check_moderates(leg, by)?;
        Ok(self.calls.handle_command(now, leg, LegCommand::Play(source))?)
    }

    pub(crate) fn stop_playing_to_leg(
        &mut self,
        now: Instant,
        leg: LegId,
        by: Option<UserId>,
    ) -> Result<(), Refusal> {
        self.calls.check_moderates(leg, by)?;
        Ok(self.calls.handle_command(now, leg, LegCommand::StopPlaying)?)
    }
}

/// What the switch has itself.
pub(crate) fn source_of(sound: &PlayedSound) -> Result<PlaySource, Refusal> {
    match sound {
        PlayedSound::Tone(tone) => Ok(PlaySource::Tone(*tone)),
        PlayedSound::Prompt(prompt) => Ok(PlaySource::Prompt(*prompt)),
        PlayedSound::Url(_) => {
            Err(Refusal::new(CommandError::Invalid, "sounds are fetched by the switch's shell"))
        }
    }
}
