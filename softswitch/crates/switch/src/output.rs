//! What the switch wants done.

use ringdown_control::{Event, Recording, VoicemailMessage};
use ringdown_media::api::MediaCommand;
use ringdown_sip::endpoint::Transmit;
use ringdown_types::{RecordingId, TonePlan};

/// One thing to do, in the order it was decided.
#[derive(Debug)]
pub enum Output {
    /// Send a SIP message.
    Sip(Transmit),
    /// Tell a media worker.
    Media {
        /// The worker, by its place in [`crate::SwitchConfig::workers`].
        worker: usize,
        /// What it is told.
        command: MediaCommand,
    },
    /// Give the media workers the tones of another country; they begin with the international ones.
    TonePlan(TonePlan),
    /// Keep [`crate::Switch::changed_settings`] in the state folder.
    SettingsChanged,
    /// Report to the app server.
    Event(Event),
    /// Keep a message's description beside its sound, replacing what was there.
    KeepMessage(VoicemailMessage),
    /// Keep a description of a recording of a call beside its sound, replacing what was there.
    KeepRecording(Recording),
    /// End a recording whose worker is gone: tell [`MediaEvent::RecordingEnded`](ringdown_media::api::MediaEvent) of
    /// what there is.
    EndRecording(RecordingId),
    /// Remove a recording and what is kept of it.
    DiscardRecording(RecordingId),
}
