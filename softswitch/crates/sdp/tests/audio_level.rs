//! The audio level (RFC 6464): agreed on with browsers, under one id in all sections of the bundle.

mod support;

use ringdown_sdp::{BrowserSession, Negotiated, VideoLimits, VideoWish};
use ringdown_types::{CodecId, MediaDirection, VideoCoding, VideoSlot};
use support::{
    CHROMIUM_ANSWER, CHROMIUM_AUDIO, CHROMIUM_VIDEO, assert_has, browser, browser_session, phone,
    phone_session, phone_text,
};

const OPUS: [CodecId; 1] = [CodecId::Opus];
const LEVEL: &str = "urn:ietf:params:rtp-hdrext:ssrc-audio-level";

fn answered(session: &mut BrowserSession, offer: &str) -> (String, Negotiated) {
    let answer = session.answer(&browser(offer), &OPUS, MediaDirection::SendRecv).expect("acceptable");
    (answer.description, answer.negotiated)
}

fn wish() -> Vec<VideoWish> {
    vec![VideoWish {
        slot: VideoSlot::Camera,
        codecs: vec![(VideoCoding::Vp8, VideoLimits::default())],
        direction: MediaDirection::SendRecv,
        port: None,
        max_kbps: None,
    }]
}

/// The extensions of a description, by section.
fn ids(text: &str) -> Vec<Vec<(u8, &str)>> {
    fn read(line: &str) -> Option<(u8, &str)> {
        let (id, uri) = line.strip_prefix("a=extmap:")?.split_once(' ')?;
        Some((id.parse().expect("an id"), uri))
    }
    text.split("\r\nm=").skip(1).map(|section| section.split("\r\n").filter_map(read).collect()).collect()
}

#[test]
fn the_offers_id_is_kept() {
    for (id, agreed) in [("1", Some(1)), ("9", Some(9)), ("15", None), ("1/inactive", None)] {
        let offer =
            CHROMIUM_AUDIO.replace(&format!("extmap:1 {LEVEL}"), &format!("extmap:{id} {LEVEL} vad=off"));
        let (text, negotiated) = answered(&mut browser_session(), &offer);
        assert_eq!(negotiated.audio_level, agreed, "{id}");
        assert_eq!(text.contains(&format!("a=extmap:{id} {LEVEL}\r\n")), agreed.is_some(), "{text}");
    }
    let offer = CHROMIUM_AUDIO.replace(&format!("a=extmap:1 {LEVEL}\r\n"), "");
    let (text, negotiated) = answered(&mut browser_session(), &offer);
    assert!(negotiated.audio_level.is_none() && !text.contains("extmap"), "{text}");
}

#[test]
fn our_offer_has_it_and_the_answer_decides() {
    let mut session = browser_session();
    let offer = session.offer(&OPUS, MediaDirection::SendRecv).expect("an offer");
    assert_has(&offer, &format!("a=extmap:1 {LEVEL}"));
    let without = session.preview_answer(&browser(CHROMIUM_ANSWER)).expect("it fits");
    assert_eq!(without.audio_level, None, "Chromium was not offered it when it said this");
    let with = format!("{CHROMIUM_ANSWER}a=extmap:1 {LEVEL}\r\n");
    assert_eq!(session.handle_answer(&browser(&with)).expect("it fits").audio_level, Some(1));
}

#[test]
fn an_id_means_one_thing_in_the_bundle() {
    let mut session = browser_session();
    session.set_video(wish());
    let offer = session.offer(&OPUS, MediaDirection::SendRecv).expect("an offer");
    let mut all: Vec<u8> = ids(&offer).concat().iter().map(|(id, _)| *id).collect();
    all.sort_unstable();
    assert_eq!(all, [1, 2, 3, 4, 5, 6], "{offer}");

    // The page is loaded anew and calls something else by our number: what it says holds, and ours goes elsewhere.
    session.withdraw_offer();
    let other = CHROMIUM_VIDEO.replace(&format!("extmap:1 {LEVEL}"), "extmap:1 urn:example:other");
    let (_, negotiated) = answered(&mut session, &other);
    assert_eq!(negotiated.audio_level, None);
    let offer = session.offer(&OPUS, MediaDirection::SendRecv).expect("an offer");
    let sections = ids(&offer);
    let [(level, uri)] = sections[0][..] else { panic!("the level alone: {offer}") };
    assert_eq!(uri, LEVEL);
    let theirs: Vec<u8> = ids(&other).concat().iter().map(|(id, _)| *id).collect();
    assert!(!theirs.contains(&level), "{level} of {theirs:?}");
    assert!(sections[1].iter().all(|(id, uri)| *id != level && *uri != LEVEL), "{offer}");
}

#[test]
fn a_video_section_that_lists_it_gets_none() {
    let video = CHROMIUM_VIDEO.replace(
        "a=extmap:14 urn:ietf:params:rtp-hdrext:toffset",
        &format!("a=extmap:1 {LEVEL}\r\na=extmap:14 urn:ietf:params:rtp-hdrext:toffset"),
    );
    let mut session = browser_session();
    session.set_video(wish());
    let (text, negotiated) = answered(&mut session, &video);
    assert_eq!(negotiated.audio_level, Some(1));
    assert!(ids(&text)[1].iter().all(|(_, uri)| *uri != LEVEL), "{text}");
}

#[test]
fn a_telephone_is_neither_believed_nor_offered() {
    let level = format!("a=extmap:1 {LEVEL}");
    let offer = phone_text("audio 4000 RTP/AVP 0", &[&level]);
    let answer = phone_session()
        .answer(&phone(&offer), &[CodecId::Pcmu], MediaDirection::SendRecv)
        .expect("acceptable");
    assert!(answer.negotiated.audio_level.is_none() && !answer.description.contains("extmap"));
    let offer = phone_session().offer(&[CodecId::Pcmu], MediaDirection::SendRecv).expect("an offer");
    assert!(!offer.contains("extmap"));
}
