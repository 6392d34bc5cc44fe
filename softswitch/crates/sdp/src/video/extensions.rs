//! RTP header extensions (RFC 8285 §5): which are negotiated, and under which ids. In a bundle an id means one thing in
//! all sections, so that the one of audio is numbered here too.

use ringdown_types::RtpExtension;

use crate::description::{MediaSection, SessionDescription};

/// All we negotiate of video, with the ids of our own offers: those Chromium uses.
pub(super) const EXTENSIONS: [(RtpExtension, u8, &str); 5] = [
    (RtpExtension::AbsoluteSendTime, 2, "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time"),
    (
        RtpExtension::TransportSequence,
        3,
        "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01",
    ),
    (RtpExtension::Mid, 4, "urn:ietf:params:rtp-hdrext:sdes:mid"),
    (RtpExtension::PlayoutDelay, 5, "http://www.webrtc.org/experiments/rtp-hdrext/playout-delay"),
    (RtpExtension::VideoContentType, 6, "http://www.webrtc.org/experiments/rtp-hdrext/video-content-type"),
];

/// The one of audio (RFC 6464 §5), with Chromium's id.
pub(super) const AUDIO_LEVEL: (RtpExtension, u8, &str) =
    (RtpExtension::AudioLevel, 1, "urn:ietf:params:rtp-hdrext:ssrc-audio-level");

fn known() -> impl Iterator<Item = (RtpExtension, u8, &'static str)> {
    EXTENSIONS.into_iter().chain([AUDIO_LEVEL])
}

/// A header extension as a description lists it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ListedExtension {
    pub(crate) kind: RtpExtension,
    pub(crate) id: u8,
}

impl ListedExtension {
    /// The value of `a=extmap`.
    pub(crate) fn value(self) -> Option<String> {
        let (_, _, uri) = known().find(|(kind, _, _)| *kind == self.kind)?;
        Some(format!("{} {uri}", self.id))
    }
}

/// The extensions of a section that we know, each once. Those under ids above 14, which take two-byte headers, and those
/// of one direction are passed over.
pub(super) fn read_extensions(
    description: &SessionDescription,
    section: &MediaSection,
) -> Vec<ListedExtension> {
    let of_session = description.attributes.iter().filter(|attribute| attribute.name == "extmap");
    let of_session = of_session.filter_map(|attribute| attribute.value.as_deref());
    let mut extensions: Vec<ListedExtension> = Vec::new();
    for line in section.attributes_named("extmap").chain(of_session) {
        let Some(read) = read_extension(line) else { continue };
        if !extensions.iter().any(|known| known.kind == read.kind || known.id == read.id) {
            extensions.push(read);
        }
    }
    extensions
}

/// The audio level as an audio section lists it.
pub(crate) fn read_audio_level(
    description: &SessionDescription,
    section: &MediaSection,
) -> Option<ListedExtension> {
    let mut listed = read_extensions(description, section).into_iter();
    listed.find(|extension| extension.kind == RtpExtension::AudioLevel)
}

fn read_extension(line: &str) -> Option<ListedExtension> {
    let mut words = line.split_ascii_whitespace();
    // A direction would stand behind the id: such an extension is not both ways.
    let id = words.next()?.parse().ok().filter(|id| (1..=14).contains(id))?;
    let uri = words.next()?;
    // RFC 6464 §4: the audio level may have `vad=` behind it, which says of what worth a bit is that we do not read.
    let (kind, _, _) = known().find(|(_, _, known)| *known == uri)?;
    Some(ListedExtension { kind, id })
}

/// The id of an `a=extmap` line, whatever it stands for.
pub(super) fn id_of(line: &str) -> Option<u8> {
    line.split(['/', ' ']).next()?.parse().ok()
}
