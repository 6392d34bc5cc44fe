//! Offers of telephones, answered.

mod support;

use ringdown_sdp::{
    NegotiatedSecurity, NegotiatedTransport, Peer, Protocol, RemoteDescription, RemoteTransport, SdpError,
    Unacceptable,
};
use ringdown_types::{CodecId, EndReason, MediaDirection};
use support::*;

const OPUS_FIRST: [CodecId; 3] = [CodecId::Opus, CodecId::Pcma, CodecId::Pcmu];

#[test]
fn baresip_offers_opus_with_telephone_event_8000_alone() {
    let mut session = phone_session();
    let answer = session.answer(&phone(BARESIP), &OPUS_FIRST, MediaDirection::SendRecv).expect("acceptable");
    assert_has(&answer.description, "m=audio 30000 RTP/AVP 96 101");
    assert_has(&answer.description, "a=rtpmap:96 opus/48000/2");
    assert_has(&answer.description, "a=rtpmap:101 telephone-event/8000");
    assert_has(&answer.description, "a=ptime:20");
    assert_has(&answer.description, "c=IN IP4 203.0.113.1");
    let event = answer.negotiated.telephone_events[0];
    assert_eq!((event.clock_rate, event.send_payload_type), (8_000, 101));
    assert_eq!(
        answer.negotiated.transport,
        NegotiatedTransport::Rtp {
            rtp: Some(([192, 0, 2, 2], 32_068).into()),
            rtcp: Some(([192, 0, 2, 2], 32_069).into()),
            security: NegotiatedSecurity::None,
        }
    );
}

#[test]
fn linphone_gets_the_event_of_the_codecs_clock_and_its_video_rejected() {
    for (preference, formats_line, event) in
        [(CodecId::Opus, "96 101", 48_000), (CodecId::Pcma, "8 100", 8_000)]
    {
        let offer = phone(LINPHONE);
        assert_eq!(offer.audio().map(|audio| audio.telephone_events().len()), Ok(3));
        let answer =
            phone_session().answer(&offer, &[preference], MediaDirection::SendRecv).expect("acceptable");
        assert_eq!(formats(&answer.description), formats_line);
        assert_eq!(answer.negotiated.telephone_events[0].clock_rate, event);
        assert_has(&answer.description, "m=video 0 RTP/AVPF 96");
        assert_has(&answer.description, "a=rtcp-mux");
        assert!(answer.description.contains("m=audio 30000 RTP/AVPF "), "the transport of the offer");
        assert!(!answer.description.contains("ice-"), "a telephone gets no ICE");
        let NegotiatedTransport::Rtp { rtp, rtcp, .. } = answer.negotiated.transport else {
            panic!("a telephone")
        };
        assert_eq!(rtp, rtcp, "multiplexed");
    }
}

#[test]
fn yealink_offers_srtp_and_rtp_side_by_side() {
    let mut offer = phone(YEALINK);
    assert_eq!(offer.audio().map(|audio| audio.section), Ok(0), "encrypted where both are offered");
    offer.restrict(phone_session().security());
    let audio = offer.audio().expect("the second section is plain RTP");
    assert_eq!((audio.section, &audio.protocol), (1, &Protocol::RtpAvp));
    let answer = phone_session().answer(&offer, &OPUS_FIRST, MediaDirection::SendRecv).expect("acceptable");
    assert_has(&answer.description, "m=audio 0 RTP/SAVP 9");
    assert_has(&answer.description, "m=audio 30000 RTP/AVP 8 101");
    assert_eq!(answer.negotiated.ptime_ms, 30);
    assert_has(&answer.description, "a=ptime:30");
}

#[test]
fn static_payload_types_need_no_rtpmap() {
    let offer = phone(&phone_text("audio 4000 RTP/AVP 18 8 0 3", &[]));
    let codecs: Vec<_> =
        offer.audio().expect("known codecs").codecs().iter().map(|c| (c.codec, c.payload_type)).collect();
    assert_eq!(codecs, [(CodecId::Pcma, 8), (CodecId::Pcmu, 0)]);
    let answer =
        phone_session().answer(&offer, &[CodecId::Pcmu], MediaDirection::SendRecv).expect("acceptable");
    assert_has(&answer.description, "m=audio 30000 RTP/AVP 0");
    assert!(answer.negotiated.telephone_events.is_empty());
}

#[test]
fn an_rtpmap_overrides_a_static_payload_type() {
    let offer =
        phone(&phone_text("audio 4000 RTP/AVP 0 97", &["a=rtpmap:0 PCMA/8000", "a=rtpmap:97 pcmu/8000/1"]));
    let codecs: Vec<_> =
        offer.audio().expect("known codecs").codecs().iter().map(|c| (c.codec, c.payload_type)).collect();
    assert_eq!(codecs, [(CodecId::Pcma, 0), (CodecId::Pcmu, 97)]);
}

#[test]
fn formats_that_only_look_like_ours_are_not() {
    let lines = [
        "a=rtpmap:96 opus/16000",
        "a=rtpmap:97 PCMU/16000",
        "a=rtpmap:98 PCMA/8000/2",
        "a=rtpmap:300 opus/48000/2",
    ];
    let offer = phone(&phone_text("audio 4000 RTP/AVP 96 97 98 300 x", &lines));
    assert_eq!(offer.audio(), Err(Unacceptable::NoCommonCodec.into()));
}

#[test]
fn rtcp_may_be_elsewhere() {
    let address = |lines: &[&str]| {
        let offer = phone(&phone_text("audio 65535 RTP/AVP 0", lines));
        let RemoteTransport::Rtp(addresses) = offer.audio().expect("audio").transport.clone() else {
            panic!("a telephone");
        };
        addresses.rtcp
    };
    assert_eq!(address(&[]), None, "there is no next port");
    assert_eq!(address(&["a=rtcp:53020"]), Some(([192, 0, 2, 9], 53_020).into()));
    assert_eq!(address(&["a=rtcp:53020 IN IP4 198.51.100.4"]), Some(([198, 51, 100, 4], 53_020).into()));
    assert_eq!(address(&["a=rtcp:53020", "a=rtcp-mux"]), Some(([192, 0, 2, 9], 65_535).into()));
}

#[test]
fn ipv6_telephones_and_host_names() {
    let offer = phone(&phone_text("audio 4000 RTP/AVP 0", &["c=IN IP6 2001:db8::7"]));
    let RemoteTransport::Rtp(addresses) = offer.audio().expect("audio").transport.clone() else {
        panic!("a telephone");
    };
    assert_eq!(addresses.rtp, "[2001:db8::7]:4000".parse().ok());
    let named = phone(&phone_text("audio 4000 RTP/AVP 0", &["c=IN IP4 phone.example.org"]));
    let audio = named.audio().expect("audio");
    assert!(matches!(&audio.transport, RemoteTransport::Rtp(addresses) if addresses.rtp.is_none()));
    assert!(!audio.holds(), "a name is no hold");
}

#[test]
fn no_common_codec_is_488_and_no_connection_400() {
    let mut session = phone_session();
    let error =
        session.answer(&phone(BARESIP), &[], MediaDirection::SendRecv).expect_err("we prefer nothing");
    assert_eq!((error.sip_status(), error.end_reason()), (488, EndReason::NotAcceptable));
    let srtp_only = phone(&phone_text("audio 4000 RTP/SAVP 0", &[]));
    assert_eq!(srtp_only.audio(), Err(Unacceptable::Transport.into()));
    let text = phone_text("audio 4000 RTP/AVP 0", &[]).replace("c=IN IP4 192.0.2.9\r\n", "");
    let error = RemoteDescription::parse(&text, Peer::Telephone).expect_err("no c= line");
    assert!(matches!(error, SdpError::Malformed(_)));
    assert_eq!(error.sip_status(), 400);
    // A failed answer says nothing, so the first description still has version 1.
    let answer = session.answer(&phone(BARESIP), &OPUS_FIRST, MediaDirection::SendRecv).expect("acceptable");
    assert_eq!(version(&answer.description), 1);
}

#[test]
fn the_answer_copies_the_timing_of_the_offer() {
    let timed = phone_text("audio 4000 RTP/AVP 0", &[]).replace("t=0 0", "t=3034423619 3042462419");
    let answer =
        phone_session().answer(&phone(&timed), &OPUS_FIRST, MediaDirection::SendRecv).expect("acceptable");
    assert_has(&answer.description, "t=3034423619 3042462419");
    assert_has(&answer.description, "s=-");
}

#[test]
fn the_packet_time_stays_between_10_and_60() {
    for (lines, expected) in [
        (vec!["a=ptime:30"], 30),
        (vec!["a=ptime:0"], 10),
        (vec!["a=ptime:200"], 60),
        (vec!["a=ptime:25"], 20),
        (vec!["a=ptime:40", "a=maxptime:20"], 20),
        (vec!["a=ptime:20.0"], 20),
        (vec!["a=ptime:x"], 20),
    ] {
        let offer = phone(&phone_text("audio 4000 RTP/AVP 0", &lines));
        let answer =
            phone_session().answer(&offer, &OPUS_FIRST, MediaDirection::SendRecv).expect("acceptable");
        assert_eq!(answer.negotiated.ptime_ms, expected, "{lines:?}");
    }
}

#[test]
fn comfort_noise_is_agreed_to_beside_g711_only_and_never_proposed() {
    let lines = ["a=rtpmap:9 G722/8000", "a=rtpmap:0 PCMU/8000"];
    for (formats_offered, codec, agreed) in
        [("0 13", CodecId::Pcmu, "0 13"), ("9 0 13", CodecId::G722, "9"), ("0", CodecId::Pcmu, "0")]
    {
        let offer = phone(&phone_text(&format!("audio 4000 RTP/AVP {formats_offered}"), &lines));
        let mut session = phone_session();
        let answer = session.answer(&offer, &[codec], MediaDirection::SendRecv).expect("acceptable");
        assert_eq!(formats(&answer.description), agreed);
        let noise = answer.negotiated.comfort_noise.map(|noise| noise.send_payload_type);
        assert_eq!(noise, agreed.ends_with("13").then_some(13));
        // A later offer repeats what the telephone asked for, and nothing else.
        let later = session.offer(&[CodecId::Pcmu], MediaDirection::SendRecv).expect("stable");
        assert_eq!(formats(&later).contains("13"), formats_offered.ends_with("13"));
    }
    let offer = phone_session().offer(&[CodecId::Pcmu], MediaDirection::SendRecv).expect("stable");
    assert_eq!(formats(&offer), "0 101");
}

#[test]
fn g722_is_known_by_its_static_number_and_its_odd_clock() {
    let offer = phone(&phone_text("audio 4000 RTP/AVP 9 97", &["a=rtpmap:97 G722/16000"]));
    let answer =
        phone_session().answer(&offer, &[CodecId::G722], MediaDirection::SendRecv).expect("acceptable");
    assert_has(&answer.description, "m=audio 30000 RTP/AVP 9");
    assert_has(&answer.description, "a=rtpmap:9 G722/8000");
}
