//! Sounds that somebody has played to a room or to one leg.

use std::time::Instant;

use ringdown_call::{LegCommand, PlaySource};
use ringdown_control::PlayedSound;
use ringdown_media::api::MediaCommand;
use ringdown_types::{LegId, RoomId, UserId};

use crate::{Output, Switch, commands::Refusal};

impl Switch {
    pub(crate) fn play_to_room(
        &mut self,
        room: RoomId,
        sound: PlayedSound,
        by: Option<UserId>,
    ) -> Result<(), Refusal> {
        let mix = self.calls.room_mix(room, by)?;
        self.play_to_mix(mix, source_of(sound));
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
        sound: PlayedSound,
        by: Option<UserId>,
    ) -> Result<(), Refusal> {
        self.calls.check_moderates(leg, by)?;
        Ok(self.calls.handle_command(now, leg, LegCommand::Play(source_of(sound)))?)
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

const fn source_of(sound: PlayedSound) -> PlaySource {
    match sound {
        PlayedSound::Tone(tone) => PlaySource::Tone(tone),
        PlayedSound::Prompt(prompt) => PlaySource::Prompt(prompt),
    }
}
