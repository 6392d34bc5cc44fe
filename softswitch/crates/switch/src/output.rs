//! What the switch wants done.

use ringdown_control::Event;
use ringdown_media::api::MediaCommand;
use ringdown_sip::endpoint::Transmit;

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
    /// Report to the app server.
    Event(Event),
}
