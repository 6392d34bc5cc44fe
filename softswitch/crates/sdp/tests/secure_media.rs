//! SRTP of telephones: who offers which keys, and what an answer makes of them (RFC 4568, RFC 5763).

mod support;

use ringdown_sdp::{
    Crypto, DtlsRole, LocalSecurity, Negotiated, NegotiatedDtls, NegotiatedSecurity, NegotiatedTransport,
    SdpError, SecurityHabit, TelephoneSession, Unacceptable, VideoLimits, VideoWish,
};
use ringdown_types::{
    CodecId, MediaDirection, SeededRandom, SrtpKey, SrtpPolicy, SrtpProfile, VideoCoding, VideoSlot,
};
use support::*;

const CODECS: [CodecId; 1] = [CodecId::Pcma];
const CERTIFICATE: [u8; 32] = [0x5a; 32];

fn local(policy: SrtpPolicy, allows_keys: bool) -> LocalSecurity {
    LocalSecurity { policy, allows_keys, fingerprint: Some([0xab; 32]), habit: SecurityHabit::Unknown }
}

fn key(seed: u64, profile: SrtpProfile) -> SrtpKey {
    SrtpKey::generate(profile, &mut SeededRandom::new(seed))
}

fn line(tag: u32, key: SrtpKey) -> String {
    format!("a=crypto:{}", Crypto { tag, key }.value())
}

fn dtls_lines(setup: &str) -> [String; 2] {
    let pairs: Vec<String> = CERTIFICATE.iter().map(|byte| format!("{byte:02X}")).collect();
    [format!("a=fingerprint:sha-256 {}", pairs.join(":")), format!("a=setup:{setup}")]
}

fn security(negotiated: &Negotiated) -> NegotiatedSecurity {
    match negotiated.transport {
        NegotiatedTransport::Rtp { security, .. } => security,
        NegotiatedTransport::WebRtc { .. } => panic!("a telephone"),
    }
}

fn answer(session: &mut TelephoneSession, text: &str) -> Result<(String, NegotiatedSecurity), SdpError> {
    let mut offer = phone(text);
    offer.restrict(session.security());
    let seed = text.bytes().map(u64::from).sum();
    session.renew_keys(&mut SeededRandom::new(seed));
    let answer = session.answer(&offer, &CODECS, MediaDirection::SendRecv)?;
    let security = security(&answer.negotiated);
    Ok((answer.description, security))
}

fn crypto_of(text: &str) -> Vec<Crypto> {
    text.split("\r\n").filter_map(|line| Crypto::parse(line.strip_prefix("a=crypto:")?)).collect()
}

#[test]
fn the_first_line_we_know_is_answered_with_its_tag_and_a_key_of_ours() {
    let mut session = secure_session(local(SrtpPolicy::Optional, true));
    let theirs = key(1, SrtpProfile::AeadAes256Gcm);
    let lines = [
        "a=crypto:1 F8_128_HMAC_SHA1_80 inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz".to_owned(),
        line(4, theirs),
        line(5, key(2, SrtpProfile::Aes128CmSha1_80)),
    ];
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    let text = phone_text("audio 4000 RTP/SAVP 8", &lines);
    let (description, security) = answer(&mut session, &text).expect("acceptable");
    let said = crypto_of(&description);
    assert_eq!((said.len(), said[0].tag), (1, 4));
    assert_has(&description, "m=audio 30000 RTP/SAVP 8");
    assert_eq!(security, NegotiatedSecurity::Sdes { send: said[0].key, receive: theirs });
    assert_ne!(said[0].key, theirs);
}

#[test]
fn a_key_stays_while_the_peers_stays_and_is_new_with_a_new_one() {
    let mut session = secure_session(local(SrtpPolicy::Optional, true));
    let mut say = |seed, extra: &str| {
        let lines = [line(1, key(seed, SrtpProfile::Aes128CmSha1_80)), extra.to_owned()];
        let text = phone_text("audio 4000 RTP/SAVP 8", &[&lines[0], &lines[1]]);
        match answer(&mut session, &text).expect("acceptable").1 {
            NegotiatedSecurity::Sdes { send, .. } => send,
            other => panic!("{other:?}"),
        }
    };
    let first = say(1, "a=sendrecv");
    assert_eq!(say(1, "a=sendonly"), first, "a hold keeps the keys");
    let second = say(2, "a=sendrecv");
    assert_ne!(second, first, "a telephone with a new key has lost count of ours");
}

#[test]
fn keys_stay_out_of_signalling_that_can_be_read() {
    let mut session = secure_session(local(SrtpPolicy::Optional, false));
    let crypto = line(1, key(1, SrtpProfile::Aes128CmSha1_80));
    let optional = phone_text("audio 4000 RTP/AVP 8", &[&crypto]);
    let (description, security) = answer(&mut session, &optional).expect("plain");
    assert_eq!((crypto_of(&description).len(), security), (0, NegotiatedSecurity::None));
    let insists = phone_text("audio 4000 RTP/SAVP 8", &[&crypto]);
    assert_eq!(answer(&mut session, &insists), Err(Unacceptable::Transport.into()));
    let offer = session.offer(&CODECS, MediaDirection::SendRecv).expect("stable");
    assert!(crypto_of(&offer).is_empty());
}

#[test]
fn optional_offers_keys_in_a_plain_section_and_takes_either_answer() {
    let session = secure_session(local(SrtpPolicy::Optional, true));
    let offered = |session: &mut TelephoneSession| {
        let offer = session.offer(&CODECS, MediaDirection::SendRecv).expect("stable");
        assert_has(&offer, "m=audio 30000 RTP/AVP 8 101");
        crypto_of(&offer)
    };
    let mut one = session.clone();
    let lines = offered(&mut one);
    assert_eq!(lines.len(), SrtpProfile::ALL.len());
    assert_eq!(lines[0].key.profile(), SrtpProfile::Aes128CmSha1_80);
    let plain = phone(&phone_text("audio 4000 RTP/AVP 8", &[]));
    let negotiated = one.handle_answer(&plain).expect("no encryption");
    assert_eq!(security(&negotiated), NegotiatedSecurity::None);

    for protocol in ["RTP/AVP", "RTP/SAVP"] {
        let mut two = session.clone();
        let lines = offered(&mut two);
        let theirs = key(5, lines[1].key.profile());
        let text = phone_text(&format!("audio 4000 {protocol} 8"), &[&line(lines[1].tag, theirs)]);
        let negotiated = two.handle_answer(&phone(&text)).expect("encrypted");
        assert_eq!(security(&negotiated), NegotiatedSecurity::Sdes { send: lines[1].key, receive: theirs });
        // A later offer says the same line again, and no other.
        let again = two.offer(&CODECS, MediaDirection::SendRecv).expect("stable");
        assert_eq!(crypto_of(&again), [lines[1]]);
    }
}

#[test]
fn required_offers_nothing_else_and_takes_nothing_else() {
    let mut session = secure_session(local(SrtpPolicy::Required, true));
    let offer = session.offer(&CODECS, MediaDirection::SendRecv).expect("stable");
    assert_has(&offer, "m=audio 30000 RTP/SAVP 8 101");
    let other_suite = line(1, key(5, SrtpProfile::Aes256CmSha1_80));
    let wrong = phone(&phone_text("audio 4000 RTP/SAVP 8", &[&other_suite]));
    assert_eq!(session.handle_answer(&wrong), Err(Unacceptable::Unencrypted.into()));
    session.withdraw_offer();
    let plain = phone_text("audio 4000 RTP/AVP 8", &[]);
    assert_eq!(answer(&mut session, &plain), Err(Unacceptable::Transport.into()));

    let mut unkeyed = secure_session(local(SrtpPolicy::Required, false));
    let offer = unkeyed.offer(&CODECS, MediaDirection::SendRecv).expect("stable");
    assert_has(&offer, "m=audio 30000 UDP/TLS/RTP/SAVP 8 101");
    for line in ["a=setup:actpass", "a=rtcp-mux"] {
        assert_has(&offer, line);
    }
    assert!(offer.contains("a=fingerprint:sha-256 AB:AB:"));
}

#[test]
fn off_is_plain_whatever_is_offered() {
    let mut session = secure_session(local(SrtpPolicy::Off, true));
    let crypto = line(1, key(1, SrtpProfile::Aes128CmSha1_80));
    let optional = phone_text("audio 4000 RTP/AVP 8", &[&crypto]);
    assert_eq!(answer(&mut session, &optional).expect("plain").1, NegotiatedSecurity::None);
    let insists = phone_text("audio 4000 RTP/SAVP 8", &[&crypto]);
    assert_eq!(answer(&mut session, &insists), Err(Unacceptable::Transport.into()));
    assert!(crypto_of(&session.offer(&CODECS, MediaDirection::SendRecv).expect("stable")).is_empty());
}

#[test]
fn dtls_without_ice_has_its_roles() {
    for (offered, said, role) in [
        ("actpass", "a=setup:passive", DtlsRole::Server),
        ("active", "a=setup:passive", DtlsRole::Server),
        ("passive", "a=setup:active", DtlsRole::Client),
    ] {
        for protocol in ["UDP/TLS/RTP/SAVP", "UDP/TLS/RTP/SAVPF", "RTP/AVP"] {
            let mut session = secure_session(local(SrtpPolicy::Optional, false));
            let [fingerprint, setup] = dtls_lines(offered);
            let text = phone_text(&format!("audio 4000 {protocol} 8"), &[&fingerprint, &setup]);
            let (description, security) = answer(&mut session, &text).expect("acceptable");
            assert_has(&description, said);
            assert_has(&description, &format!("m=audio 30000 {protocol} 8"));
            let expected = NegotiatedDtls { fingerprint: CERTIFICATE, role };
            assert_eq!(security, NegotiatedSecurity::Dtls(expected));
        }
    }
}

#[test]
fn a_telephone_that_offered_dtls_is_offered_it() {
    let [fingerprint, setup] = dtls_lines("actpass");
    let offer = phone(&phone_text("audio 4000 UDP/TLS/RTP/SAVP 8", &[&fingerprint, &setup]));
    assert_eq!(SecurityHabit::of(&offer), SecurityHabit::SpeaksDtls);
    let habit = SecurityHabit::of(&offer);
    let mut session = secure_session(LocalSecurity { habit, ..local(SrtpPolicy::Optional, true) });
    let offer = session.offer(&CODECS, MediaDirection::SendRecv).expect("stable");
    assert_has(&offer, "m=audio 30000 UDP/TLS/RTP/SAVP 8 101");
    for (setup, role) in [("active", DtlsRole::Server), ("passive", DtlsRole::Client)] {
        let [fingerprint, setup] = dtls_lines(setup);
        let text = phone_text("audio 4000 UDP/TLS/RTP/SAVP 8", &[&fingerprint, &setup]);
        let negotiated = session.preview_answer(&phone(&text)).expect("it matches");
        let expected = NegotiatedDtls { fingerprint: CERTIFICATE, role };
        assert_eq!(security(&negotiated), NegotiatedSecurity::Dtls(expected));
    }
    let bare = phone_text("audio 4000 UDP/TLS/RTP/SAVP 8", &[]);
    assert!(session.handle_answer(&phone(&bare)).is_err(), "no certificate, no call");
}

#[test]
fn a_telephone_that_insists_on_keys_is_offered_them_alone() {
    let crypto = line(1, key(1, SrtpProfile::Aes128CmSha1_80));
    let offer = phone(&phone_text("audio 4000 RTP/SAVP 8", &[&crypto]));
    assert_eq!(SecurityHabit::of(&offer), SecurityHabit::InsistsOnKeys);
    assert_eq!(SecurityHabit::of(&phone(YEALINK)), SecurityHabit::Unknown, "it offers both");
    let habit = SecurityHabit::InsistsOnKeys;
    let mut session = secure_session(LocalSecurity { habit, ..local(SrtpPolicy::Optional, true) });
    let offer = session.offer(&CODECS, MediaDirection::SendRecv).expect("stable");
    assert_has(&offer, "m=audio 30000 RTP/SAVP 8 101");
}

/// Logs see no key.
#[test]
fn nothing_prints_a_key() {
    let mut session = secure_session(local(SrtpPolicy::Optional, true));
    let theirs = key(1, SrtpProfile::Aes128CmSha1_80);
    let line = line(1, theirs);
    let secret = line.rsplit(':').next().expect("a key");
    let offer = phone(&phone_text("audio 4000 RTP/SAVP 8", &[&line]));
    let answer = session.answer(&offer, &CODECS, MediaDirection::SendRecv).expect("acceptable");
    let printed = format!("{offer:?} {session:?} {:?}", answer.negotiated);
    assert!(!printed.contains(secret));
    let bytes: Vec<String> = theirs.as_bytes().iter().take(6).map(u8::to_string).collect();
    assert!(!printed.contains(&bytes.join(", ")));
}

#[test]
fn each_video_stream_has_keys_of_its_own() {
    let wish = |slot: VideoSlot| VideoWish {
        slot,
        codecs: vec![(VideoCoding::Vp8, VideoLimits::default())],
        direction: MediaDirection::SendRecv,
        port: Some(30_010 + 2 * slot.index() as u16),
        max_kbps: None,
    };
    let video = |port: u16, seed: u64| {
        let crypto = line(1, key(seed, SrtpProfile::Aes128CmSha1_80));
        format!("m=video {port} RTP/SAVP 99\r\na=rtpmap:99 VP8/90000\r\n{crypto}")
    };
    let audio = line(1, key(1, SrtpProfile::Aes128CmSha1_80));
    let text = phone_text("audio 4000 RTP/SAVP 0", &[&audio, &video(4002, 2), &video(4004, 3)]);
    let mut session = secure_session(local(SrtpPolicy::Required, true));
    session.set_video(VideoSlot::ALL.map(wish).to_vec());
    let mut offer = phone(&text);
    offer.restrict(session.security());
    let answer = session.answer(&offer, &CodecId::ALL, MediaDirection::SendRecv).expect("acceptable");
    let said = crypto_of(&answer.description);
    assert_eq!(said.len(), 3);
    assert!(said[0].key != said[1].key && said[1].key != said[2].key && said[0].key != said[2].key);
    for (stream, seed) in answer.negotiated.videos.iter().zip([2, 3]) {
        let Some(NegotiatedTransport::Rtp { security: NegotiatedSecurity::Sdes { receive, .. }, .. }) =
            &stream.transport
        else {
            panic!("keys, not {:?}", stream.transport)
        };
        assert_eq!(*receive, key(seed, SrtpProfile::Aes128CmSha1_80));
    }

    // A camera in the clear is refused where all must be encrypted; the voice goes on.
    let plain = "m=video 4002 RTP/AVP 99\r\na=rtpmap:99 VP8/90000";
    let mut offer = phone(&phone_text("audio 4000 RTP/SAVP 0", &[&audio, plain]));
    offer.restrict(session.security());
    let mut session = secure_session(local(SrtpPolicy::Required, true));
    session.set_video(VideoSlot::ALL.map(wish).to_vec());
    let answer = session.answer(&offer, &CodecId::ALL, MediaDirection::SendRecv).expect("acceptable");
    assert!(answer.description.contains("\r\nm=video 0 RTP/AVP"));

    // What is offered twice on one port, encrypted and not, is one stream.
    let twice = phone(&phone_text("audio 4000 RTP/SAVP 0", &[&audio, plain, &video(4002, 2)]));
    let [camera] = twice.videos() else { panic!("one stream") };
    assert_eq!(camera.section, 2);
}

#[test]
fn our_offer_of_video_is_encrypted_as_the_voice_is() {
    let mut session = secure_session(local(SrtpPolicy::Required, true));
    session.set_video(vec![VideoWish {
        slot: VideoSlot::Camera,
        codecs: vec![(VideoCoding::Vp8, VideoLimits::default())],
        direction: MediaDirection::SendRecv,
        port: Some(30_010),
        max_kbps: None,
    }]);
    let offer = session.offer(&CodecId::ALL, MediaDirection::SendRecv).expect("an offer");
    assert!(offer.contains("\r\nm=video 30010 RTP/SAVP 96\r\n"), "{offer}");
    let [_, camera] = offer.split("\r\nm=video").collect::<Vec<_>>()[..] else { panic!("two sections") };
    assert!(camera.contains("a=crypto:1 "));
}
