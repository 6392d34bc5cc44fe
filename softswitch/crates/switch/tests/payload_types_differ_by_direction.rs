//! A telephone that answers our offer with numbers of its own: we send with its, it sends with ours (RFC 3264 §6.1).

mod support;

use ringdown_media::api::{PayloadFormat, TelephoneEventFormat};
use ringdown_types::CodecId;
use support::*;

#[test]
fn both_reach_the_media_plane() {
    let mut office = Office::new();
    let (alice, bob) = (office.phone("alice-phone"), office.phone("bob-phone"));
    office.phones[alice].codecs = vec![(111, "opus/48000/2"), (101, "telephone-event/8000")];
    office.phones[bob].codecs = vec![(96, "opus/48000/2"), (97, "telephone-event/8000")];
    office.at(alice, |phone| phone.dial("102"));
    let invite = office.phones[bob].last_request(&ringdown_sip::message::Method::Invite);
    let offer = String::from_utf8(invite.expect("bob is called").body.to_vec()).expect("text");
    assert!(offer.contains("a=rtpmap:111 opus/48000/2\r\n") && offer.contains(":101 telephone-event/8000"));
    office.at(bob, |phone| phone.answer());

    let (a, b) = (office.leg_of(ALICE), office.leg_of(BOB));
    let (a, b) = (&office.media[&a].audio, &office.media[&b].audio);
    assert_eq!(b.codecs, [PayloadFormat { codec: CodecId::Opus, send: 96, receive: 111 }]);
    assert_eq!(b.telephone_events, [TelephoneEventFormat { clock_rate: 8000, send: 97, receive: 101 }]);
    assert_eq!(a.codecs, [PayloadFormat::symmetric(CodecId::Opus, 111)]);
    assert_eq!(a.telephone_events, [TelephoneEventFormat::symmetric(8000, 101)]);
    office.at(alice, |phone| phone.hang_up());
    office.assert_quiet();
}
