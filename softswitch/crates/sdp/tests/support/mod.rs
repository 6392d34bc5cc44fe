//! Sessions and fixtures the tests share.
#![allow(dead_code, reason = "each test file uses a part")]

use ringdown_sdp::{
    BrowserSession, BrowserTransport, LocalIdentity, LocalSecurity, Peer, RemoteDescription, StreamSecurity,
    TelephoneSession,
};
use ringdown_types::SeededRandom;

pub(crate) const CHROMIUM_AUDIO: &str = include_str!("../fixtures/chromium-audio.sdp");
pub(crate) const CHROMIUM_VIDEO: &str = include_str!("../fixtures/chromium-audio-video.sdp");
pub(crate) const CHROMIUM_DATA: &str = include_str!("../fixtures/chromium-audio-data.sdp");
pub(crate) const CHROMIUM_ANSWER: &str = include_str!("../fixtures/chromium-answer.sdp");
pub(crate) const BARESIP: &str = include_str!("../fixtures/baresip.sdp");
pub(crate) const LINPHONE: &str = include_str!("../fixtures/linphone.sdp");
pub(crate) const YEALINK: &str = include_str!("../fixtures/yealink.sdp");
pub(crate) const ALL: [&str; 7] =
    [CHROMIUM_AUDIO, CHROMIUM_VIDEO, CHROMIUM_DATA, CHROMIUM_ANSWER, BARESIP, LINPHONE, YEALINK];

pub(crate) fn phone(text: &str) -> RemoteDescription {
    RemoteDescription::parse(text, Peer::Telephone).expect("well formed")
}

pub(crate) fn browser(text: &str) -> RemoteDescription {
    RemoteDescription::parse(text, Peer::Browser).expect("well formed")
}

pub(crate) fn phone_session() -> TelephoneSession {
    let identity = LocalIdentity::generate(&mut SeededRandom::new(7));
    let security = StreamSecurity::for_session(LocalSecurity::default(), &mut SeededRandom::new(8));
    TelephoneSession::new(identity, ([203, 0, 113, 1], 30_000).into(), security)
}

/// A session of a telephone whose media may or must be encrypted.
pub(crate) fn secure_session(security: LocalSecurity) -> TelephoneSession {
    let identity = LocalIdentity::generate(&mut SeededRandom::new(7));
    let security = StreamSecurity::for_session(security, &mut SeededRandom::new(9));
    TelephoneSession::new(identity, ([203, 0, 113, 1], 30_000).into(), security)
}

pub(crate) fn browser_session() -> BrowserSession {
    let transport = BrowserTransport {
        ufrag: "leg7".to_owned(),
        pwd: "abcdefghijklmnopqrstuvwx".to_owned(),
        fingerprint: [0xab; 32],
        candidates: vec![
            ([203, 0, 113, 1], 40_000).into(),
            "[2001:db8::1]:40000".parse().expect("an address"),
        ],
    };
    BrowserSession::new(LocalIdentity::generate(&mut SeededRandom::new(7)), transport)
}

/// A telephone's description: one audio section with these lines after the m= line.
pub(crate) fn phone_text(m: &str, lines: &[&str]) -> String {
    let mut text =
        format!("v=0\r\no=- 5 1 IN IP4 192.0.2.9\r\ns=-\r\nc=IN IP4 192.0.2.9\r\nt=0 0\r\nm={m}\r\n");
    for line in lines {
        text.push_str(line);
        text.push_str("\r\n");
    }
    text
}

/// Whether a description has this line.
pub(crate) fn has(text: &str, line: &str) -> bool {
    text.split("\r\n").any(|candidate| candidate == line)
}

#[track_caller]
pub(crate) fn assert_has(text: &str, line: &str) {
    assert!(has(text, line), "{line} is missing in\n{text}");
}

/// The version in `o=`.
pub(crate) fn version(text: &str) -> u64 {
    let origin = text.split("\r\n").find(|line| line.starts_with("o=")).expect("an origin");
    origin.split(' ').nth(2).and_then(|version| version.parse().ok()).expect("a number")
}

/// The payload types of the first m= line.
pub(crate) fn formats(text: &str) -> &str {
    let line = text.split("\r\n").find(|line| line.starts_with("m=audio")).expect("an audio section");
    line.splitn(4, ' ').nth(3).unwrap_or("")
}
