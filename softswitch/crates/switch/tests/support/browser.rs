//! A browser as far as its descriptions go.

use ringdown_control::{DescriptionKind, SessionDescription};
use ringdown_types::LegId;

/// One browser tab.
#[derive(Debug, Default)]
pub(crate) struct Browser {
    /// Offers of ringing legs, in order.
    pub(crate) offered: Vec<(LegId, SessionDescription)>,
    /// Later descriptions.
    pub(crate) descriptions: Vec<(LegId, SessionDescription)>,
    pub(crate) candidates: Vec<(LegId, Option<String>)>,
}

/// Formats in the order of preference, as payload types: 111 is Opus.
pub(crate) const ALL: [u8; 3] = [111, 0, 8];

/// An offer with these formats.
pub(crate) fn offer(formats: &[u8]) -> SessionDescription {
    SessionDescription { kind: DescriptionKind::Offer, sdp: description(formats, "actpass", "bufr") }
}

/// An offer with fresh ICE credentials.
pub(crate) fn restart(formats: &[u8]) -> SessionDescription {
    SessionDescription { kind: DescriptionKind::Offer, sdp: description(formats, "actpass", "newr") }
}

/// The offer of another page in the place of the first, such as after a reload: nothing of its media is the same.
pub(crate) fn reloaded(formats: &[u8], certificate: &str) -> SessionDescription {
    let sdp = description(formats, "actpass", &certificate.repeat(2));
    let sdp = sdp.replace("o=- 42", &format!("o=- 42{}", sdp.len())).replace("AB", certificate);
    SessionDescription { kind: DescriptionKind::Offer, sdp }
}

/// The answer to an offer: the formats it lists, in its order.
pub(crate) fn answer(offer: &SessionDescription) -> SessionDescription {
    assert_eq!(offer.kind, DescriptionKind::Offer);
    SessionDescription { kind: DescriptionKind::Answer, sdp: description(&formats(offer), "active", "bufr") }
}

/// The answer of another page in the place of the first.
pub(crate) fn answer_of_another(offer: &SessionDescription, certificate: &str) -> SessionDescription {
    let sdp = description(&formats(offer), "active", &certificate.repeat(2));
    let sdp = sdp.replace("o=- 42", "o=- 4242").replace("AB", certificate);
    SessionDescription { kind: DescriptionKind::Answer, sdp }
}

/// The audio formats of a description, telephone-event aside.
pub(crate) fn formats(description: &SessionDescription) -> Vec<u8> {
    let line = description.sdp.lines().find(|line| line.starts_with("m=audio")).expect("an audio line");
    line.split(' ')
        .skip(3)
        .filter_map(|number| number.parse().ok())
        .filter(|number| ALL.contains(number))
        .collect()
}

/// The description of a telephone in a page.
pub(crate) fn of_page(direction: &str, setup: &str) -> String {
    description(&ALL, setup, "page").replace("a=sendrecv", &format!("a={direction}"))
}

fn description(formats: &[u8], setup: &str, ufrag: &str) -> String {
    let list: Vec<String> = formats.iter().map(u8::to_string).collect();
    format!(
        "v=0\r\no=- 42 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0\r\n\
         m=audio 9 UDP/TLS/RTP/SAVPF {} 126\r\nc=IN IP4 0.0.0.0\r\na=ice-ufrag:{ufrag}\r\n\
         a=ice-pwd:lMevqZAmskz1ES57kzBlr7BQ\r\na=fingerprint:sha-256 {}\r\na=setup:{setup}\r\na=mid:0\r\n\
         a=sendrecv\r\na=rtcp-mux\r\na=rtpmap:111 opus/48000/2\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:8 PCMA/8000\r\n\
         a=rtpmap:126 telephone-event/8000\r\n\
         a=extmap:3 urn:ietf:params:rtp-hdrext:ssrc-audio-level\r\n",
        list.join(" "),
        ["AB"; 32].join(":"),
    )
}
