use ringdown_media::api::{LegStats, MediaCommand, MediaEvent, MediaFailure};
use ringdown_plane::WorkerConfig;

use crate::{
    phone::{PCMA, Phone},
    rig::{Rig, audio, leg},
};

#[test]
fn and_are_dropped_and_counted() {
    let mut rig = Rig::new();
    let mut alice = Phone::new(1, PCMA, Some(440.0));
    let mut bob = Phone::new(2, PCMA, None);
    rig.add_phone(&alice, audio(&[PCMA]));
    rig.add_phone(&bob, audio(&[PCMA]));
    rig.connect(alice.leg, bob.leg);
    rig.command(MediaCommand::RemoveLeg { leg: bob.leg });
    for command in [
        MediaCommand::SetAudio { leg: bob.leg, audio: audio(&[PCMA]) },
        MediaCommand::Connect { a: alice.leg, b: bob.leg },
        MediaCommand::Connect { a: alice.leg, b: alice.leg },
        MediaCommand::Echo { leg: leg(99) },
    ] {
        rig.command(command);
    }
    assert_eq!(rig.worker.counts().commands_dropped, 4);
    rig.talk(&mut [&mut alice, &mut bob], 10);
    assert!(bob.packets.is_empty() && alice.packets.is_empty());

    // A slot taken again is another leg: alice does not feed it.
    let mut carol = Phone::new(3, PCMA, None);
    rig.add_phone(&carol, audio(&[PCMA]));
    rig.talk(&mut [&mut alice, &mut carol], 10);
    assert!(carol.packets.is_empty());
}

#[test]
fn a_leg_too_many_and_a_port_taken_are_refused() {
    let mut rig = Rig::with_config(WorkerConfig { max_legs: 2, ..WorkerConfig::default() });
    let alice = Phone::new(1, PCMA, None);
    rig.add_phone(&alice, audio(&[PCMA]));
    let mut twin = Phone::new(2, PCMA, None);
    twin.port = alice.port;
    rig.add_phone(&twin, audio(&[PCMA]));
    rig.add_phone(&Phone::new(3, PCMA, None), audio(&[PCMA]));
    rig.add_phone(&Phone::new(4, PCMA, None), audio(&[PCMA]));
    let failed: Vec<_> = rig
        .events
        .iter()
        .filter_map(|event| match event {
            MediaEvent::LegFailed { leg, failure: MediaFailure::SocketUnavailable } => Some(*leg),
            _ => None,
        })
        .collect();
    assert_eq!((failed, rig.worker.legs()), (vec![leg(2), leg(4)], 2));

    // Call control frees what it holds for a leg when it hears that the leg is gone, whatever became of it here.
    rig.events.clear();
    for refused in [leg(2), leg(4)] {
        rig.command(MediaCommand::RemoveLeg { leg: refused });
    }
    let gone = |leg| MediaEvent::LegRemoved { leg, stats: LegStats::default() };
    assert_eq!(rig.events, [gone(leg(2)), gone(leg(4))]);
    assert_eq!((rig.worker.legs(), rig.worker.counts().commands_dropped), (2, 2));
    assert!(rig.ports.contains(&alice.port), "the twin's end is not alice's");
}
