//! Offers of Chromium, answered. The fixtures are Chromium 156's own words.

mod support;

use ringdown_sdp::{
    Candidate, DtlsRole, Mismatch, NegotiatedTransport, Peer, RemoteDescription, SdpError, Setup,
    Unacceptable,
};
use ringdown_types::{CodecId, MediaDirection};
use support::*;

const PREFERENCE: [CodecId; 3] = [CodecId::Opus, CodecId::Pcma, CodecId::Pcmu];

#[test]
fn an_audio_offer_tells_codecs_events_and_credentials() {
    let offer = browser(CHROMIUM_AUDIO);
    let audio = offer.audio().expect("it has audio");
    let codecs: Vec<_> = audio.codecs().iter().map(|codec| (codec.codec, codec.payload_type)).collect();
    assert_eq!(codecs, [(CodecId::Opus, 111), (CodecId::G722, 9), (CodecId::Pcmu, 0), (CodecId::Pcma, 8)]);
    assert!(audio.codecs()[0].opus.inband_fec);
    assert_eq!(audio.codecs()[0].opus.min_packet_time_ms, 10);
    let events: Vec<_> =
        audio.telephone_events().iter().map(|event| (event.payload_type, event.clock_rate)).collect();
    assert_eq!(events, [(110, 48_000), (126, 8_000)]);
    let web_rtc = audio.web_rtc().expect("a browser");
    assert_eq!((web_rtc.ufrag.as_str(), web_rtc.setup), ("jwin", Some(Setup::ActPass)));
    assert_eq!(web_rtc.fingerprint[..2], [0xd8, 0xaa]);
    assert!(web_rtc.candidates.iter().all(|candidate| candidate.socket_address().is_none()), "mDNS names");
    assert!(!audio.holds(), "0.0.0.0 is no hold with ICE");
}

#[test]
fn the_answer_is_ice_lite_passive_and_lists_every_shared_codec() {
    let answer = browser_session()
        .answer(&browser(CHROMIUM_AUDIO), &PREFERENCE, MediaDirection::SendRecv)
        .expect("acceptable");
    let text = &answer.description;
    assert_has(text, "m=audio 40000 UDP/TLS/RTP/SAVPF 111 8 0 110 126");
    for line in [
        "a=ice-lite",
        "a=group:BUNDLE 0",
        "a=mid:0",
        "a=sendrecv",
        "a=rtcp-mux",
        "a=setup:passive",
        "a=ice-ufrag:leg7",
        "a=candidate:1 1 udp 2130706431 203.0.113.1 40000 typ host",
        "a=candidate:2 1 udp 2130706175 2001:db8::1 40000 typ host",
        "a=end-of-candidates",
        "a=fmtp:111 minptime=10;useinbandfec=1",
        "a=rtpmap:110 telephone-event/48000",
        "a=rtpmap:126 telephone-event/8000",
    ] {
        assert_has(text, line);
    }
    assert!(
        text.contains("a=msid:") && text.contains("a=ssrc:") && text.contains("a=fingerprint:sha-256 AB:AB:")
    );
    assert_has(text, "a=extmap:1 urn:ietf:params:rtp-hdrext:ssrc-audio-level");
    assert_eq!(text.matches("extmap").count(), 1);
    assert!(!text.contains("rtcp-fb"));
    assert_eq!(answer.negotiated.audio_level, Some(1));
    let NegotiatedTransport::WebRtc { dtls_role, ufrag, .. } = &answer.negotiated.transport else {
        panic!("a browser");
    };
    assert_eq!((*dtls_role, ufrag.as_str()), (DtlsRole::Server, "jwin"));
    assert_eq!(answer.negotiated.direction, MediaDirection::SendRecv);
    assert_eq!(answer.negotiated.ptime_ms, 20);
}

#[test]
fn video_and_data_are_rejected_and_kept_out_of_the_bundle() {
    for (offer, rejected) in [
        (CHROMIUM_VIDEO, "m=video 0 UDP/TLS/RTP/SAVPF 96"),
        (CHROMIUM_DATA, "m=application 0 UDP/DTLS/SCTP webrtc-datachannel"),
    ] {
        let answer = browser_session()
            .answer(&browser(offer), &PREFERENCE, MediaDirection::SendRecv)
            .expect("acceptable");
        assert_has(&answer.description, rejected);
        assert_has(&answer.description, "a=group:BUNDLE 0");
        assert_has(&answer.description, "a=mid:1");
    }
}

#[test]
fn transport_attributes_of_the_first_bundled_section_count() {
    // The audio section is second and bundle-only: port 0, and what belongs to the transport stands in the first.
    let (head, audio) = CHROMIUM_AUDIO.split_once("m=audio 9").expect("an audio section");
    let transport: String = audio
        .split_inclusive("\r\n")
        .filter(|line| {
            ["a=ice-", "a=finger", "a=setup", "a=rtcp-mux"].iter().any(|name| line.starts_with(name))
        })
        .collect();
    let audio: String = audio
        .split_inclusive("\r\n")
        .filter(|line| !transport.contains(line) && !line.starts_with("a=candidate"))
        .collect();
    let head = head.replace("BUNDLE 0", "BUNDLE data 0");
    let data = format!("m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\na=mid:data\r\n{transport}");
    let offer = browser(&format!("{head}{data}m=audio 0{audio}a=bundle-only\r\n"));
    assert_eq!(offer.audio().map(|audio| audio.section), Ok(1));
    let answer = browser_session().answer(&offer, &PREFERENCE, MediaDirection::SendRecv).expect("acceptable");
    assert_has(&answer.description, "a=group:BUNDLE 0");
    assert!(answer.description.contains("m=application 0 ") && answer.description.contains("m=audio 40000 "));
}

#[test]
fn a_browser_that_waits_makes_us_the_dtls_client_for_good() {
    let mut session = browser_session();
    let passive = CHROMIUM_AUDIO.replace("setup:actpass", "setup:passive");
    let answer =
        session.answer(&browser(&passive), &PREFERENCE, MediaDirection::SendRecv).expect("acceptable");
    assert_has(&answer.description, "a=setup:active");
    // RFC 8842 §5.3: the association goes on, so actpass does not change the roles.
    let again =
        session.answer(&browser(CHROMIUM_AUDIO), &PREFERENCE, MediaDirection::SendRecv).expect("acceptable");
    assert_has(&again.description, "a=setup:active");
    // A page that comes back has another session and certificate.
    let reloaded = CHROMIUM_AUDIO.replace("o=- 4105608085835679365", "o=- 99").replace("D8:AA", "D8:AB");
    let fresh =
        session.answer(&browser(&reloaded), &PREFERENCE, MediaDirection::SendRecv).expect("acceptable");
    assert_has(&fresh.description, "a=setup:passive");
}

#[test]
fn a_new_ufrag_restarts_ice() {
    let mut session = browser_session();
    let offer = browser(CHROMIUM_AUDIO);
    assert!(!session.restarts_ice(&offer));
    session.answer(&offer, &PREFERENCE, MediaDirection::SendRecv).expect("acceptable");
    assert!(!session.restarts_ice(&offer));
    let restart = browser(&CHROMIUM_AUDIO.replace("ice-ufrag:jwin", "ice-ufrag:nEw1"));
    assert!(session.restarts_ice(&restart));
    session.set_ice_credentials("leg8".to_owned(), "zyxwvutsrqponmlkjihgfedcba".to_owned());
    let answer = session.answer(&restart, &PREFERENCE, MediaDirection::SendRecv).expect("acceptable");
    assert_has(&answer.description, "a=ice-ufrag:leg8");
    assert_eq!(version(&answer.description), 2);
}

#[test]
fn what_cannot_work_is_refused_with_a_reason() {
    for (text, reason) in [
        (CHROMIUM_AUDIO.replace("a=rtcp-mux\r\n", ""), Unacceptable::NoRtcpMux),
        (CHROMIUM_AUDIO.replace("sha-256", "sha-1"), Unacceptable::NoFingerprint),
        (CHROMIUM_AUDIO.replace("a=extmap-allow-mixed", "a=ice-lite"), Unacceptable::BothIceLite),
        (CHROMIUM_AUDIO.replace("UDP/TLS/RTP/SAVPF", "RTP/AVP"), Unacceptable::Transport),
        (CHROMIUM_AUDIO.replace("m=audio 9", "m=audio 0"), Unacceptable::NoAudio),
        (CHROMIUM_AUDIO.replace("111 63 9 0 8 13 110 126", "63 13"), Unacceptable::NoCommonCodec),
    ] {
        let error = browser(&text).audio().expect_err("refused");
        assert_eq!(error, SdpError::NotAcceptable(reason));
        assert_eq!(error.sip_status(), 488);
    }
    for text in [
        CHROMIUM_AUDIO.replace("a=ice-ufrag:jwin", "a=ice-ufrag:j"),
        CHROMIUM_AUDIO.replace("a=ice-pwd:", "a=x-pwd:"),
        CHROMIUM_AUDIO.replace("setup:actpass", "setup:holdconn"),
    ] {
        let error = RemoteDescription::parse(&text, Peer::Browser).expect_err("malformed");
        assert_eq!(error.sip_status(), 400);
    }
}

#[test]
fn chromium_answers_our_offer() {
    let mut session = browser_session();
    let offer = session.offer(&PREFERENCE, MediaDirection::SendRecv).expect("nothing is pending");
    assert_has(&offer, "m=audio 40000 UDP/TLS/RTP/SAVPF 111 8 0 110 126");
    assert_has(&offer, "a=setup:actpass");
    assert_has(&offer, "a=group:BUNDLE 0");
    assert_eq!(
        session.candidates().map(|candidate: Candidate| candidate.port).collect::<Vec<_>>(),
        [40_000; 2]
    );
    let negotiated = session.handle_answer(&browser(CHROMIUM_ANSWER)).expect("it matches");
    assert_eq!(negotiated.codecs.len(), 3);
    assert_eq!(negotiated.telephone_events.len(), 2);
    let NegotiatedTransport::WebRtc { dtls_role, .. } = negotiated.transport else { panic!("a browser") };
    assert_eq!(dtls_role, DtlsRole::Server);
    assert!(!session.is_offer_pending());
    assert_eq!(session.handle_answer(&browser(CHROMIUM_ANSWER)), Err(SdpError::NoOfferPending));
}

#[test]
fn an_answer_without_a_role_does_not_match() {
    let mut session = browser_session();
    session.offer(&PREFERENCE, MediaDirection::SendRecv).expect("nothing is pending");
    let undecided = browser(&CHROMIUM_ANSWER.replace("setup:active", "setup:actpass"));
    assert_eq!(session.handle_answer(&undecided), Err(Mismatch::Setup.into()));
    let other_mid = browser(&CHROMIUM_ANSWER.replace("a=mid:0", "a=mid:7"));
    assert_eq!(session.handle_answer(&other_mid), Err(Mismatch::Section.into()));
    assert!(session.is_offer_pending(), "a refused answer leaves the offer pending");
}
