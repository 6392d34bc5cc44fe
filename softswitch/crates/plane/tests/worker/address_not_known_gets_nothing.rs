use ringdown_media::api::{MediaCommand, MediaEvent, PlaySource, RtpRemote, RtpSecurity, Transport};
use ringdown_types::ToneId;

use crate::{
    phone::{PCMA, Phone},
    rig::{Rig, audio},
};

#[test]
fn and_hears_the_playback_from_its_beginning_afterwards() {
    let mut rig = Rig::new();
    let mut alice = Phone::new(1, PCMA, Some(440.0));
    let transport = Transport::Rtp { local_port: alice.port, remote: None };
    rig.command(MediaCommand::AddLeg { leg: alice.leg, transport, audio: audio(&[PCMA]) });
    let source = PlaySource::Tone(ToneId::Ringback);
    rig.command(MediaCommand::Play { leg: alice.leg, source, repeat: true, token: 1 });
    rig.talk(&mut [&mut alice], 100);
    assert!(alice.packets.is_empty());
    assert!(!rig.events.contains(&MediaEvent::LegConnected { leg: alice.leg }));
    assert_eq!(rig.worker.stats(alice.leg).map(|stats| stats.packets_received), Some(0));

    let remote =
        RtpRemote { rtp: alice.address, rtcp: alice.address, nat_source: None, security: RtpSecurity::None };
    let transport = Transport::Rtp { local_port: alice.port, remote: Some(remote) };
    rig.command(MediaCommand::SetTransport { leg: alice.leg, transport });
    assert!(rig.events.contains(&MediaEvent::LegConnected { leg: alice.leg }));
    rig.talk(&mut [&mut alice], 100);
    let sounding = alice.heard.iter().filter(|sample| sample.unsigned_abs() > 64).count();
    assert!((7500..=8000).contains(&sounding), "one second of ringback: {sounding}");
}
