use ringdown_media::api::{AudioParameters, MediaCommand};
use ringdown_testkit::audio::analyse;
use ringdown_types::DtmfDigit;

use crate::{
    phone::{OPUS, PCMA, Phone, RATE},
    rig::{Rig, audio},
};

#[test]
fn are_heard_as_tones() {
    for codec in [PCMA, OPUS] {
        let mut rig = Rig::new();
        let mut alice = Phone::new(1, codec, None);
        rig.add_phone(&alice, AudioParameters { telephone_events: Vec::new(), ..audio(&[codec]) });
        let digit = DtmfDigit::from_char('5').expect("a key");
        rig.command(MediaCommand::SendDtmf { leg: alice.leg, digit, duration_ms: 200 });
        rig.talk(&mut [&mut alice], 20);
        assert_eq!(alice.heard.len(), 10 * 160);
        // The higher of 770 and 1,336 Hz is the louder one.
        let report = analyse(&alice.heard[160..1280], RATE);
        assert!((report.dominant_hz - 1336.0).abs() < 15.0, "{report:?}");
        assert!(report.level_dbfs > -12.0, "{report:?}");
        alice.assert_continuous();
    }
}
