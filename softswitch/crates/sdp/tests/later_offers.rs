//! What stays the same from offer to offer, and what an answer must fit (RFC 3264 §6, §8).

mod support;

use ringdown_sdp::{Mismatch, SdpError, Unacceptable};
use ringdown_types::{CodecId, MediaDirection};
use support::*;

const ALL_CODECS: [CodecId; 3] = [CodecId::Opus, CodecId::Pcma, CodecId::Pcmu];

#[test]
fn an_offer_to_a_telephone_lists_what_it_needs() {
    let offer = phone_session().offer(&ALL_CODECS, MediaDirection::SendRecv).expect("nothing is pending");
    assert_has(&offer, "m=audio 30000 RTP/AVP 111 8 0 110 101");
    assert_has(&offer, "a=rtpmap:110 telephone-event/48000");
    assert_has(&offer, "a=rtpmap:101 telephone-event/8000");
    assert_has(&offer, "a=fmtp:101 0-15");
    assert_has(&offer, "a=ptime:20");
    assert_has(&offer, "a=sendrecv");
    let narrow = phone_session().offer(&[CodecId::Pcma, CodecId::Pcma], MediaDirection::SendRecv);
    assert_has(&narrow.expect("nothing is pending"), "m=audio 30000 RTP/AVP 8 101");
}

#[test]
fn dynamic_payload_types_may_differ_both_ways() {
    let mut session = phone_session();
    session.offer(&ALL_CODECS, MediaDirection::SendRecv).expect("nothing is pending");
    let answer = phone(&phone_text(
        "audio 4000 RTP/AVP 120 97",
        &["a=rtpmap:120 opus/48000/2", "a=rtpmap:97 telephone-event/48000"],
    ));
    let negotiated = session.handle_answer(&answer).expect("it matches");
    assert_eq!(negotiated.codecs.len(), 1);
    let opus = negotiated.codecs[0];
    assert_eq!((opus.send_payload_type, opus.receive_payload_type), (120, 111));
    let event = negotiated.telephone_events[0];
    assert_eq!((event.send_payload_type, event.receive_payload_type), (97, 110));
    // RFC 3264 §8.3.2: our numbers keep their meaning.
    let again = session.offer(&ALL_CODECS, MediaDirection::SendRecv).expect("nothing is pending");
    assert_has(&again, "m=audio 30000 RTP/AVP 111 8 0 110 101");
}

#[test]
fn our_offer_takes_over_the_numbers_of_theirs() {
    let mut session = phone_session();
    session.answer(&phone(BARESIP), &[CodecId::Pcma], MediaDirection::SendRecv).expect("acceptable");
    let offer = session.offer(&[CodecId::Opus, CodecId::Pcma], MediaDirection::SendOnly).expect("stable");
    // 110 for telephone-event/48000 is free; opus is 96 and telephone-event/8000 is 101 as baresip said.
    assert_has(&offer, "m=audio 30000 RTP/AVP 96 8 110 101");
}

#[test]
fn the_version_goes_up_by_one_for_a_change_only() {
    let mut session = phone_session();
    let offer = phone(BARESIP);
    let first =
        session.answer(&offer, &ALL_CODECS, MediaDirection::SendRecv).expect("acceptable").description;
    let same = session.answer(&offer, &ALL_CODECS, MediaDirection::SendRecv).expect("acceptable").description;
    assert_eq!(first, same);
    let held = session.answer(&offer, &ALL_CODECS, MediaDirection::Inactive).expect("acceptable").description;
    assert_eq!(version(&held), version(&first) + 1);
    let id = |text: &str| text.split(' ').nth(1).map(str::to_owned);
    assert_eq!(id(&held), id(&first));
}

#[test]
fn a_refused_offer_leaves_the_session_and_the_next_one_has_a_new_version() {
    let mut session = phone_session();
    let first = session.answer(&phone(BARESIP), &ALL_CODECS, MediaDirection::SendRecv).expect("acceptable");
    let hold = session.offer(&ALL_CODECS, MediaDirection::SendOnly).expect("stable");
    assert_eq!(session.offer(&ALL_CODECS, MediaDirection::SendRecv), Err(SdpError::OfferPending));
    let crossing = session.answer(&phone(BARESIP), &ALL_CODECS, MediaDirection::SendRecv);
    assert_eq!(crossing.map_err(|error| error.sip_status()), Err(491));
    session.withdraw_offer();
    let second = session.answer(&phone(BARESIP), &ALL_CODECS, MediaDirection::SendRecv).expect("acceptable");
    assert_eq!(version(&hold), version(&first.description) + 1);
    assert_eq!(version(&second.description), version(&hold) + 1);
}

#[test]
fn rejected_sections_stay_in_later_offers() {
    let mut session = browser_session();
    session.answer(&browser(CHROMIUM_VIDEO), &ALL_CODECS, MediaDirection::SendRecv).expect("acceptable");
    let offer = session.offer(&[CodecId::Pcma], MediaDirection::SendOnly).expect("stable");
    assert_has(&offer, "m=audio 40000 UDP/TLS/RTP/SAVPF 8 126");
    assert_has(&offer, "m=video 0 UDP/TLS/RTP/SAVPF 96");
    assert_has(&offer, "a=group:BUNDLE 0");
    assert_has(&offer, "a=setup:actpass");

    let mut session = phone_session();
    let mut offer = phone(YEALINK);
    offer.restrict(session.security());
    session.answer(&offer, &ALL_CODECS, MediaDirection::SendRecv).expect("acceptable");
    let offer = session.offer(&[CodecId::Pcma], MediaDirection::SendOnly).expect("stable");
    let lines: Vec<_> = offer.split("\r\n").filter(|line| line.starts_with("m=")).collect();
    assert_eq!(lines, ["m=audio 0 RTP/SAVP 9", "m=audio 30000 RTP/AVP 8 101"]);
}

#[test]
fn new_credentials_and_addresses_show_in_the_next_offer() {
    let mut session = browser_session();
    let first = session.offer(&ALL_CODECS, MediaDirection::SendRecv).expect("stable");
    session.handle_answer(&browser(CHROMIUM_ANSWER)).expect("it matches");
    session.set_ice_credentials("leg9".to_owned(), "zyxwvutsrqponmlkjihgfedcba".to_owned());
    let second = session.offer(&ALL_CODECS, MediaDirection::SendRecv).expect("stable");
    assert_has(&second, "a=ice-ufrag:leg9");
    assert_eq!(version(&second), version(&first) + 1);

    let mut session = phone_session();
    let first = session.offer(&ALL_CODECS, MediaDirection::SendRecv).expect("stable");
    session.withdraw_offer();
    session.set_address(([203, 0, 113, 2], 31_000).into());
    let second = session.offer(&ALL_CODECS, MediaDirection::SendRecv).expect("stable");
    assert_has(&second, "c=IN IP4 203.0.113.2");
    let origin = |text: &str| text.split("\r\n").nth(1).and_then(|o| o.rsplit(' ').next()).map(str::to_owned);
    assert_eq!(origin(&first), origin(&second), "RFC 3264 §8: o= changes its version only");
}

#[test]
fn a_provisional_answer_leaves_the_offer_open_for_another_fork() {
    let mut session = phone_session();
    session.offer(&ALL_CODECS, MediaDirection::SendRecv).expect("stable");
    let early = phone(&phone_text("audio 4000 RTP/AVP 8", &[]));
    let winner = phone(&phone_text("audio 5000 RTP/AVP 0", &[]));
    assert_eq!(session.preview_answer(&early).expect("it matches").codecs[0].codec, CodecId::Pcma);
    assert_eq!(session.handle_answer(&winner).expect("it matches").codecs[0].codec, CodecId::Pcmu);
}

#[test]
fn an_answer_must_fit_the_offer() {
    let refused = |text: &str| {
        let mut session = phone_session();
        session.offer(&[CodecId::Pcma], MediaDirection::SendRecv).expect("stable");
        session.handle_answer(&phone(text)).expect_err("it does not fit")
    };
    let pcma = phone_text("audio 4000 RTP/AVP 8", &[]);
    assert_eq!(refused(&format!("{pcma}m=video 0 RTP/AVP 96\r\n")), Mismatch::SectionCount.into());
    assert_eq!(refused(&phone_text("video 4000 RTP/AVP 8", &[])), Mismatch::Section.into());
    assert_eq!(refused(&phone_text("audio 4000 RTP/SAVP 8", &[])), Mismatch::Transport.into());
    assert_eq!(refused(&phone_text("audio 4000 RTP/AVPF 8", &[])), Mismatch::Transport.into());
    assert_eq!(refused(&phone_text("audio 0 RTP/AVP 8", &[])), Unacceptable::AudioRejected.into());
    assert_eq!(refused(&phone_text("audio 4000 RTP/AVP 0", &[])), Unacceptable::NoCommonCodec.into());
}
