use std::time::Duration;

use proptest::prelude::*;
use ringdown_media::api::MediaCommand;
use ringdown_plane::SocketKey;

use crate::{
    browser::Browser,
    phone::{OPUS, PCMA, Phone},
    rig::{Rig, audio, leg},
};

/// A call between a telephone and a transcoded one, and packets with changed octets and lengths.
#[derive(Debug, Clone)]
struct Mutation {
    flips: Vec<(usize, u8)>,
    length: usize,
    is_rtcp: bool,
}

fn mutation() -> impl Strategy<Value = Mutation> {
    let flips = prop::collection::vec((0_usize..40, any::<u8>()), 0..6);
    (flips, 0_usize..240, any::<bool>()).prop_map(|(flips, length, is_rtcp)| Mutation {
        flips,
        length,
        is_rtcp,
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn never_panic_and_leave_the_worker_working(mutations in prop::collection::vec(mutation(), 1..60)) {
        let mut rig = Rig::new();
        let mut alice = Phone::new(1, PCMA, Some(440.0));
        let mut bob = Phone::new(2, OPUS, None);
        rig.add_phone(&alice, audio(&[PCMA]));
        rig.add_phone(&bob, audio(&[OPUS]));
        rig.connect(alice.leg, bob.leg);
        rig.talk(&mut [&mut alice, &mut bob], 5);
        for Mutation { flips, length, is_rtcp } in mutations {
            let mut bytes = alice.frame().expect("a tone");
            bytes.resize(length, 0x55);
            for (index, value) in flips {
                if let Some(byte) = bytes.get_mut(index) {
                    *byte = value;
                }
            }
            let (socket, mut source) = (SocketKey::Rtp(alice.port), alice.address);
            if is_rtcp {
                source.set_port(source.port() + 1);
                rig.deliver(SocketKey::Rtcp(alice.port), source, &bytes);
            } else {
                rig.deliver(socket, source, &bytes);
            }
            rig.deliver(SocketKey::WebRtc, source, &bytes);
            rig.talk(&mut [&mut bob], 1);
        }
        let before = bob.packets.len();
        rig.talk(&mut [&mut alice, &mut bob], 30);
        prop_assert!(bob.packets.len() >= before + 15, "{} then {}", before, bob.packets.len());
    }
    #[test]
    fn on_the_shared_port_end_no_browser_leg(mutations in prop::collection::vec(mutation(), 1..40)) {
        let mut rig = Rig::new();
        let mut page = Browser::new(leg(1), "198.51.100.20:50000", 1);
        page.add(&mut rig, audio(&[OPUS]), None);
        page.connect(&mut rig);
        rig.command(MediaCommand::Echo { leg: page.leg });
        let mut voice = Phone::new(1, OPUS, Some(440.0));
        // Numbers that wrap before a first packet was heard cannot be decrypted (RFC 3711 §3.3.1).
        voice.sequence = 1000;
        for Mutation { flips, length, is_rtcp } in mutations {
            let packet = voice.frame().expect("a tone");
            let mut bytes = if is_rtcp { page.check(true) } else { page.protect(&packet) };
            bytes.truncate(length);
            for (index, value) in flips {
                if let Some(byte) = bytes.get_mut(index) {
                    *byte = value;
                }
            }
            rig.deliver(SocketKey::WebRtc, page.address, &bytes);
            rig.advance(Duration::from_millis(20));
        }
        rig.sent.clear();
        let packet = voice.frame().expect("a tone");
        page.say(&mut rig, &packet);
        let sent = std::mem::take(&mut rig.sent);
        let heard: Vec<_> = sent.iter().filter_map(|sent| page.receive(rig.now(), sent)).collect();
        prop_assert_eq!(heard.len(), 1, "{} sent, {:?}", sent.len(), rig.worker.stats(page.leg));
    }
}
