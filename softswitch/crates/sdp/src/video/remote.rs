//! What a peer's description says of its video streams.

use ringdown_types::{MediaDirection, RtpExtension, VideoFeedback};

use super::{
    extensions::{ListedExtension, read_extensions},
    feedback::read_feedback,
    formats::{VideoCodec, VideoFormats},
};
use crate::{
    description::{MediaKind, MediaSection, Protocol, SessionDescription},
    error::SdpError,
    remote::{Peer, RemoteAudio, RemoteTransport, browser_serves, rtp_addresses},
    security::{LocalSecurity, RemoteSecurity},
};

/// A peer's video stream that is enabled and lists a coding we know.
#[derive(Debug, Clone, PartialEq)]
pub struct RemoteVideo {
    /// The index of its m-section.
    pub section: usize,
    /// Its `a=mid`.
    pub mid: Option<String>,
    /// Its transport protocol.
    pub protocol: Protocol,
    /// Which way media flows, seen from the peer; `0.0.0.0` from a telephone counts as not receiving.
    pub direction: MediaDirection,
    /// Whether it shows slides or a screen (`a=content:slides`, RFC 4796 §5).
    pub is_slides: bool,
    /// Where a telephone's packets come from and go to; `None` for a browser's, which shares the audio's transport.
    pub transport: Option<RemoteTransport>,
    /// What a telephone says of its protection.
    pub security: RemoteSecurity,
    /// The sources it names (RFC 5576).
    pub sources: Vec<VideoSource>,
    /// The most it wants to receive, in kbit/s (`b=TIAS`, else `b=AS`).
    pub max_kbps: Option<u32>,
    pub(crate) formats: VideoFormats,
    pub(super) feedback: VideoFeedback,
    pub(super) extensions: Vec<ListedExtension>,
}

/// A source of a peer's video stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VideoSource {
    /// Its SSRC.
    pub ssrc: u32,
    /// The SSRC of its retransmissions (`a=ssrc-group:FID`, RFC 5576 §4.2).
    pub rtx: Option<u32>,
}

impl RemoteVideo {
    /// The codings we know, in the peer's order, each once.
    pub fn codecs(&self) -> &[VideoCodec] {
        &self.formats.codecs
    }
}

/// The enabled video sections that can be served beside the audio. What is wrong with one refuses that one alone: a call
/// is not lost over its picture.
pub(crate) fn read_videos(
    description: &SessionDescription,
    audio: &Result<RemoteAudio, SdpError>,
    (peer, local): (Peer, &LocalSecurity),
) -> Vec<RemoteVideo> {
    let Ok(audio) = audio else { return Vec::new() };
    let mut videos: Vec<(RemoteVideo, bool)> = Vec::new();
    for (index, section) in description.media.iter().enumerate() {
        let security = RemoteSecurity::read(description, section);
        let is_encrypted = match peer {
            Peer::Browser => browser_serves(&section.protocol).then_some(true),
            Peer::Telephone => local.serves(&section.protocol, &security),
        };
        let Some(is_encrypted) = is_encrypted else { continue };
        let Some(video) = read_video(description, (audio, peer), (index, section), security) else {
            continue;
        };
        // Telephones offer a stream twice on one port, encrypted and not: encrypted goes before plain.
        let same = videos.iter_mut().find(|(known, _)| {
            peer == Peer::Telephone && known.transport.is_some() && known.transport == video.transport
        });
        match same {
            Some(known) if is_encrypted && !known.1 => *known = (video, true),
            Some(_) => {}
            None => videos.push((video, is_encrypted)),
        }
    }
    videos.into_iter().map(|(video, _)| video).collect()
}

fn read_video(
    description: &SessionDescription,
    (audio, peer): (&RemoteAudio, Peer),
    (index, section): (usize, &MediaSection),
    security: RemoteSecurity,
) -> Option<RemoteVideo> {
    if section.kind != MediaKind::Video || section.is_rejected() {
        return None;
    }
    let formats = VideoFormats::read(section);
    if formats.codecs.is_empty() {
        return None;
    }
    let mut direction = description.direction(section);
    let transport = match peer {
        Peer::Browser => {
            // A worker has one transport for a browser, so what is not in the audio's bundle has none.
            let group = description.bundle_of(audio.mid.as_deref()?)?;
            group.contains(&section.mid()?).then_some(None)?
        }
        Peer::Telephone => {
            let addresses = rtp_addresses(description, section).ok()?;
            if addresses.rtp.is_none() {
                // RFC 3264 §8.4
                direction = MediaDirection::new(direction.sends(), false);
            }
            Some(RemoteTransport::Rtp(addresses))
        }
    };
    Some(RemoteVideo {
        section: index,
        mid: section.mid().map(str::to_owned),
        protocol: section.protocol.clone(),
        direction,
        is_slides: section.attribute("content").is_some_and(says_slides),
        transport,
        sources: sources(section),
        max_kbps: bandwidth(section),
        feedback: read_feedback(section, &formats),
        extensions: read_extensions(description, section)
            .into_iter()
            .filter(|extension| extension.kind != RtpExtension::AudioLevel)
            .collect(),
        security,
        formats,
    })
}

/// RFC 4796 §5: a list of words.
fn says_slides(content: &str) -> bool {
    content.split(',').any(|word| word.trim().eq_ignore_ascii_case("slides"))
}

/// The sources of a section, retransmissions beside what they retransmit.
fn sources(section: &MediaSection) -> Vec<VideoSource> {
    let mut sources: Vec<VideoSource> = Vec::new();
    let mut retransmissions: Vec<u32> = Vec::new();
    for group in section.attributes_named("ssrc-group") {
        let mut words = group.split_ascii_whitespace();
        if words.next() != Some("FID") {
            continue;
        }
        let mut numbers = words.filter_map(|word| word.parse().ok());
        if let (Some(ssrc), Some(rtx)) = (numbers.next(), numbers.next())
            && sources.len() < MAX_SOURCES
        {
            sources.push(VideoSource { ssrc, rtx: Some(rtx) });
            retransmissions.push(rtx);
        }
    }
    for named in section.ssrcs() {
        let is_known =
            sources.iter().any(|known| known.ssrc == named.ssrc) || retransmissions.contains(&named.ssrc);
        if !is_known && sources.len() < MAX_SOURCES {
            sources.push(VideoSource { ssrc: named.ssrc, rtx: None });
        }
    }
    sources
}

/// RFC 3890 §6.2 (bit/s) goes before RFC 8866 §5.8 (kbit/s).
fn bandwidth(section: &MediaSection) -> Option<u32> {
    let value = |kind: &str| {
        let value = section.bandwidths.iter().find_map(|line| line.strip_prefix(kind)?.strip_prefix(':'))?;
        value.trim().parse::<u32>().ok().filter(|value| *value > 0)
    };
    value("TIAS").map(|bits| (bits / 1_000).max(1)).or_else(|| value("AS"))
}

/// Most sources of a section. A camera has one; simulcast, which is refused, up to three.
const MAX_SOURCES: usize = 4;
