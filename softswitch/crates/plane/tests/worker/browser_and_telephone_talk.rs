use std::time::Duration;

use ringdown_media::{
    api::{MediaCommand, MediaEvent, MediaFailure},
    codec::Decoder,
};
use ringdown_plane::SocketKey;
use ringdown_testkit::audio::assert_only_tone;
use ringdown_types::SrtpProfile;

use crate::{
    browser::{Browser, payload},
    phone::{OPUS, PCMA, Phone, RATE},
    rig::{FRAME, Rig, address, audio, leg},
};

/// A browser with Opus only and a telephone with PCMA only. The browser's packets are made by a telephone that is
/// never on the wire.
#[test]
fn transcoded_through_srtp() {
    for profile in [None, Some(SrtpProfile::Aes128CmSha1_80), Some(SrtpProfile::AeadAes256Gcm)] {
        for (page, telephone) in
            [("198.51.100.20:50000", "10.0.0.2:4002"), ("[2001:db8::20]:50000", "[2001:db8::2]:4002")]
        {
            transcoded(profile, page, telephone);
        }
    }
}

/// Over either version of IP, with an encrypted telephone or a plain one.
fn transcoded(profile: Option<SrtpProfile>, page: &str, telephone: &str) {
    let mut rig = Rig::new();
    let mut page = Browser::new(leg(1), page, 1);
    let mut voice = Phone::new(1, OPUS, Some(440.0));
    let mut bob = Phone::new(2, PCMA, Some(700.0));
    bob.address = address(telephone);
    if let Some(profile) = profile {
        bob.encrypt(profile, 3);
    }
    page.add(&mut rig, audio(&[OPUS]), None);
    rig.add_phone(&bob, audio(&[PCMA]));
    page.connect(&mut rig);
    assert!(page.is_connected());
    assert!(rig.events.contains(&MediaEvent::LegConnected { leg: page.leg }));

    rig.connect(page.leg, bob.leg);
    let mut decoder = Decoder::new(OPUS.0, RATE).expect("8 kHz suits all");
    let mut heard = Vec::new();
    for _ in 0..100 {
        let packet = voice.frame().expect("a tone");
        page.say(&mut rig, &packet);
        bob.speak(&mut rig);
        rig.advance(FRAME);
        let sent = std::mem::take(&mut rig.sent);
        bob.listen(&sent);
        for packet in sent.iter().filter_map(|sent| page.receive(rig.now(), sent)) {
            let (payload_type, payload) = payload(&packet);
            assert_eq!(payload_type, OPUS.1);
            let mut pcm = [0; 960];
            let samples = decoder.decode(&payload, &mut pcm).expect("Opus");
            heard.extend_from_slice(&pcm[..samples]);
        }
    }
    assert_only_tone(&heard[3200..], RATE, 700.0);
    assert_only_tone(&bob.heard[3200..], RATE, 440.0);
    bob.assert_continuous();
}

#[test]
fn relayed_between_browsers_and_replays_are_dropped() {
    let mut rig = Rig::new();
    let mut alice = Browser::new(leg(1), "198.51.100.20:50000", 1);
    let mut bob = Browser::new(leg(2), "198.51.100.21:50000", 2);
    let mut voice = Phone::new(1, OPUS, Some(440.0));
    for page in [&mut alice, &mut bob] {
        page.add(&mut rig, audio(&[OPUS]), None);
        page.connect(&mut rig);
    }
    rig.connect(alice.leg, bob.leg);
    let mut received = 0;
    for _ in 0..50 {
        let packet = voice.frame().expect("a tone");
        let protected = alice.say(&mut rig, &packet);
        rig.deliver(SocketKey::WebRtc, alice.address, &protected);
        rig.deliver(SocketKey::WebRtc, bob.address, &protected);
        rig.advance(FRAME);
        for sent in std::mem::take(&mut rig.sent) {
            assert_eq!(sent.socket, SocketKey::WebRtc);
            if let Some(relayed) = bob.receive(rig.now(), &sent) {
                assert_eq!(payload(&relayed).1, payload(&packet).1);
                received += 1;
            }
        }
    }
    assert_eq!(received, 50);
    let rejected = |leg| rig.worker.stats(leg).map(|stats| stats.packets_rejected);
    assert_eq!((rejected(alice.leg), rejected(bob.leg)), (Some(50), Some(50)));
}

#[test]
fn a_foreign_certificate_gets_no_media() {
    let mut rig = Rig::new();
    let mut page = Browser::new(leg(1), "198.51.100.20:50000", 1);
    page.add(&mut rig, audio(&[OPUS]), Some([7; 32]));
    rig.command(MediaCommand::Echo { leg: page.leg });
    page.connect(&mut rig);
    let failure = MediaFailure::FingerprintMismatch;
    assert!(rig.events.contains(&MediaEvent::LegFailed { leg: page.leg, failure }));
    assert!(!rig.events.contains(&MediaEvent::LegConnected { leg: page.leg }));
}

#[test]
fn consent_ends_after_30_s_and_the_leg_stays_until_removed() {
    let mut rig = Rig::new();
    let mut page = Browser::new(leg(1), "198.51.100.20:50000", 1);
    page.add(&mut rig, audio(&[OPUS]), None);
    page.connect(&mut rig);
    for _ in 0..10 {
        rig.advance(Duration::from_secs(5));
        page.keep_consent(&mut rig);
    }
    let failed = MediaEvent::LegFailed { leg: page.leg, failure: MediaFailure::ConsentExpired };
    assert!(!rig.events.contains(&failed));
    rig.advance(Duration::from_secs(31));
    assert!(rig.events.contains(&failed));
    assert_eq!(rig.worker.legs(), 1);
    rig.command(MediaCommand::RemoveLeg { leg: page.leg });
    assert!(matches!(rig.events.last(), Some(MediaEvent::LegRemoved { .. })));
    assert_eq!(rig.worker.next_timeout(), None);
}

/// A reloaded page re-attaches: another certificate, the same leg.
#[test]
fn a_reloaded_page_takes_its_leg_over() {
    let mut rig = Rig::new();
    let mut page = Browser::new(leg(1), "198.51.100.20:50000", 1);
    page.add(&mut rig, audio(&[OPUS]), None);
    page.connect(&mut rig);
    let mut reloaded = Browser::new(leg(1), "198.51.100.20:50001", 9);
    let transport = reloaded.described(None);
    reloaded.begin(&rig);
    rig.command(MediaCommand::SetTransport { leg: page.leg, transport });
    reloaded.connect(&mut rig);
    assert!(reloaded.is_connected());
    let connected = MediaEvent::LegConnected { leg: page.leg };
    assert_eq!(rig.events.iter().filter(|event| **event == connected).count(), 2);
}

/// A page that crashes says nothing: it is missed within about two seconds, and told once.
#[test]
fn a_browser_that_falls_silent_is_lost_and_found() {
    let mut rig = Rig::new();
    let mut page = Browser::new(leg(1), "198.51.100.20:50000", 1);
    page.add(&mut rig, audio(&[OPUS]), None);
    page.connect(&mut rig);
    let mut voice = Phone::new(1, OPUS, Some(440.0));
    let mut speak = |rig: &mut Rig, page: &mut Browser| {
        for _ in 0..200 {
            let packet = voice.frame().expect("a tone");
            page.say(rig, &packet);
            rig.advance(FRAME);
        }
    };
    let lost = MediaEvent::LegLost { leg: page.leg };
    let back = MediaEvent::LegBack { leg: page.leg };
    let count = |rig: &Rig, wanted: &MediaEvent| rig.events.iter().filter(|event| *event == wanted).count();
    rig.advance(Duration::from_secs(10));
    assert_eq!(count(&rig, &lost), 0, "who has not spoken is not missed");
    speak(&mut rig, &mut page);
    rig.advance(Duration::from_millis(1_900));
    assert_eq!(count(&rig, &lost), 0);
    rig.advance(Duration::from_millis(200));
    assert_eq!((count(&rig, &lost), count(&rig, &back)), (1, 0));
    rig.advance(Duration::from_secs(5));
    speak(&mut rig, &mut page);
    assert_eq!((count(&rig, &lost), count(&rig, &back)), (1, 1));
    // A microphone taken away: the checks go on.
    for _ in 0..20 {
        rig.advance(Duration::from_millis(1_900));
        page.keep_consent(&mut rig);
    }
    assert_eq!(count(&rig, &lost), 1);
}
