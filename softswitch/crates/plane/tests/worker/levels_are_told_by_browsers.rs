//! The audio level of RFC 6464: read of whom SRTP vouches for, good for figures, passed on to nobody.

use ringdown_media::{
    api::{AudioParameters, MediaCommand, MediaEvent},
    rtp::extension,
};
use ringdown_plane::SocketKey;
use ringdown_types::{AudioWay, QualityIssue};

use crate::{
    bad_network::course,
    browser::{Browser, payload},
    phone::{OPUS, Phone},
    rig::{FRAME, Rig, audio, leg},
};

/// Opus without a SILK layer at a constant bit rate, of which nothing can be told from outside.
const MUSIC: [u8; 80] = [0xfc; 80];

fn with_level() -> AudioParameters {
    AudioParameters { audio_level: Some(1), ..audio(&[OPUS]) }
}

/// The next packet of `voice`, which says that it is `level` dB below full scale.
fn levelled(voice: &mut Phone, level: u8) -> Vec<u8> {
    voice.sequence = voice.sequence.wrapping_add(1);
    voice.timestamp = voice.timestamp.wrapping_add(960);
    let plain = voice.packet(OPUS.1, voice.timestamp, &MUSIC);
    let mut packet = vec![plain[0] | 0x10];
    packet.extend(&plain[1..12]);
    packet.extend([0xbe, 0xde, 0, 1, 0x10, 0x80 | level, 0, 0]);
    packet.extend(MUSIC);
    packet
}

struct Pages {
    rig: Rig,
    alice: Browser,
    bob: Browser,
    voice: Phone,
    /// What bob got.
    heard: Vec<Vec<u8>>,
}

impl Pages {
    fn talking() -> Self {
        let mut rig = Rig::new();
        let mut alice = Browser::new(leg(1), "198.51.100.20:50000", 1);
        let mut bob = Browser::new(leg(2), "198.51.100.21:50000", 2);
        for page in [&mut alice, &mut bob] {
            page.add(&mut rig, with_level(), None);
            page.connect(&mut rig);
        }
        rig.connect(alice.leg, bob.leg);
        Self { rig, alice, bob, voice: Phone::new(1, OPUS, None), heard: Vec::new() }
    }

    /// Alice says so much at a level.
    fn say(&mut self, level: u8, frames: usize) {
        for frame in 0..frames {
            if frame % 250 == 0 {
                self.alice.keep_consent(&mut self.rig);
                self.bob.keep_consent(&mut self.rig);
            }
            let packet = levelled(&mut self.voice, level);
            self.alice.say(&mut self.rig, &packet);
            self.rig.advance(FRAME);
            for sent in std::mem::take(&mut self.rig.sent) {
                self.heard.extend(self.bob.receive(self.rig.now(), &sent));
            }
        }
    }
}

fn voices(rig: &Rig) -> Vec<bool> {
    let voice = |event: &MediaEvent| match event {
        MediaEvent::VoiceActivity { is_active, .. } => Some(*is_active),
        _ => None,
    };
    rig.events.iter().filter_map(voice).collect()
}

#[test]
fn a_voice_is_told_where_the_payload_says_nothing() {
    let mut pages = Pages::talking();
    pages.rig.command(MediaCommand::WatchVoice { leg: pages.alice.leg, watched: true });
    pages.say(65, 50);
    assert_eq!(voices(&pages.rig), []);
    pages.say(22, 50);
    assert_eq!(voices(&pages.rig), [true]);
    pages.say(65, 50);
    assert_eq!(voices(&pages.rig), [true, false]);
}

#[test]
fn a_microphone_that_sends_zeros_at_full_rate_is_silent() {
    let mut pages = Pages::talking();
    let told = |pages: &Pages| {
        course(&pages.rig, pages.alice.leg, QualityIssue::SilentMicrophone, AudioWay::FromDevice)
    };
    pages.say(126, 50 * 30);
    assert!(told(&pages).iter().all(|raised| !raised), "the quietest sound is one");
    pages.say(127, 50 * 30);
    assert_eq!(told(&pages).last(), Some(&true));
    pages.say(60, 50 * 15);
    assert_eq!(told(&pages).last(), Some(&false));
}

#[test]
fn the_listener_gets_the_payload_alone() {
    let mut pages = Pages::talking();
    pages.say(30, 20);
    assert_eq!(pages.heard.len(), 20);
    for packet in &pages.heard {
        assert_eq!(payload(packet), (OPUS.1, MUSIC.to_vec()));
        assert_eq!(extension::elements(packet).count(), 0);
    }
}

#[test]
fn nobody_vouches_for_a_telephones_level() {
    let mut rig = Rig::new();
    let mut alice = Phone::new(1, OPUS, None);
    rig.add_phone(&alice, with_level());
    rig.command(MediaCommand::Echo { leg: alice.leg });
    rig.command(MediaCommand::WatchVoice { leg: alice.leg, watched: true });
    for level in [127, 10] {
        for _ in 0..50 * 20 {
            let packet = levelled(&mut alice, level);
            rig.deliver(SocketKey::Rtp(alice.port), alice.address, &packet);
            rig.advance(FRAME);
        }
    }
    assert_eq!(voices(&rig), []);
    let told = course(&rig, alice.leg, QualityIssue::SilentMicrophone, AudioWay::FromDevice);
    assert!(told.iter().all(|raised| !raised), "{told:?}");
}
