//! Session descriptions, from a browser's and from a telephone's side.
#![no_main]

use libfuzzer_sys::fuzz_target;
use ringdown_sdp::{Peer, RemoteDescription};

fuzz_target!(|bytes: &[u8]| {
    for peer in [Peer::Browser, Peer::Telephone] {
        if let Ok(description) = RemoteDescription::parse(bytes, peer) {
            let _ = description.audio().map(|audio| (audio.codecs().len(), audio.telephone_events().len()));
        }
    }
});
