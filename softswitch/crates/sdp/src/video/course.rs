//! The course of a session's video: which section is which stream, what we wish for, offered and agreed on.

use ringdown_types::{MediaDirection, VideoFeedback, VideoSlot};

use super::{
    NegotiatedExtension, NegotiatedVideoCodec, RemoteVideo, VideoWish,
    extensions::ListedExtension,
    feedback::{TO_BROWSERS, TO_TELEPHONES, feedback_lines, shared_feedback},
    formats::{LocalVideoFormat, VideoCodec, VideoLimits},
    numbers::{VideoNumbers, answered_format},
};
use crate::{
    description::{Attribute, MediaKind, MediaSection, Protocol, SessionDescription},
    remote::{Peer, RemoteDescription, RemoteTransport},
};

/// The video of one session.
#[derive(Debug, Clone)]
pub(crate) struct VideoCourse {
    peer: Peer,
    wishes: Vec<VideoWish>,
    /// The m-section of each slot, also while it is refused: it is the one that is used again.
    sections: [Option<usize>; VideoSlot::ALL.len()],
    /// Whether the peer refused what our last offer said of the slot.
    refused: [bool; VideoSlot::ALL.len()],
    /// What the peer said last that it would do.
    peer_directions: [Option<MediaDirection>; VideoSlot::ALL.len()],
    pub(crate) numbers: VideoNumbers,
    pending: Vec<LocalVideo>,
    /// The sections before the pending offer.
    sections_before: [Option<usize>; VideoSlot::ALL.len()],
}

/// A video section as we write it.
#[derive(Debug, Clone)]
pub(crate) struct LocalVideo {
    pub(crate) slot: VideoSlot,
    pub(crate) section: usize,
    pub(crate) mid: Option<String>,
    pub(crate) protocol: Protocol,
    pub(crate) formats: Vec<LocalVideoFormat>,
    pub(crate) direction: MediaDirection,
    pub(crate) port: Option<u16>,
    pub(crate) rtcp_mux: bool,
    /// Whether the peer knows nothing of the stream yet (RFC 9143 §6: it is `bundle-only`).
    pub(crate) is_new: bool,
    feedback: VideoFeedback,
    extensions: Vec<ListedExtension>,
    max_kbps: Option<u32>,
}

/// A video stream both sides agreed on.
#[derive(Debug, Clone)]
pub(crate) struct AgreedVideo<'a> {
    pub(crate) local: LocalVideo,
    pub(crate) remote: &'a RemoteVideo,
    pub(crate) codecs: Vec<NegotiatedVideoCodec>,
    pub(crate) direction: MediaDirection,
    pub(crate) peer_direction: MediaDirection,
    pub(crate) feedback: VideoFeedback,
    pub(crate) extensions: Vec<NegotiatedExtension>,
}

impl VideoCourse {
    /// A session in which nothing was said of video.
    pub(crate) const fn new(peer: Peer) -> Self {
        Self {
            peer,
            wishes: Vec::new(),
            sections: [None; VideoSlot::ALL.len()],
            refused: [false; VideoSlot::ALL.len()],
            peer_directions: [None; VideoSlot::ALL.len()],
            numbers: VideoNumbers::new(matches!(peer, Peer::Browser)),
            pending: Vec::new(),
            sections_before: [None; VideoSlot::ALL.len()],
        }
    }

    pub(crate) fn set_wishes(&mut self, wishes: Vec<VideoWish>) {
        self.wishes = wishes;
    }

    /// The streams of an offer of the peer. A section keeps its slot; new ones that say `slides` are the screen, others
    /// the camera and then the screen.
    pub(crate) fn slots<'a>(
        &self,
        last: Option<&SessionDescription>,
        offer: &'a RemoteDescription,
    ) -> Vec<(VideoSlot, &'a RemoteVideo)> {
        let mut found: [Option<&RemoteVideo>; VideoSlot::ALL.len()] = Default::default();
        let mut take = |slot: VideoSlot, video: &'a RemoteVideo| {
            let free = found.get_mut(slot.index()).filter(|taken| taken.is_none());
            free.map(|place| *place = Some(video)).is_some()
        };
        let (known, new): (Vec<_>, Vec<_>) =
            offer.videos().iter().partition(|video| self.known_slot(last, video).is_some());
        for video in known {
            let _ = self.known_slot(last, video).is_some_and(|slot| take(slot, video));
        }
        let (slides, others): (Vec<_>, Vec<_>) = new.into_iter().partition(|video| video.is_slides);
        for video in slides {
            take(VideoSlot::Screen, video);
        }
        for video in others {
            let _ = take(VideoSlot::Camera, video) || take(VideoSlot::Screen, video);
        }
        let both = VideoSlot::ALL.into_iter().zip(found);
        both.filter_map(|(slot, video)| Some((slot, video?))).collect()
    }

    /// The slot of a section that goes on. One with another mid than before is another stream (RFC 8829 §5.2.2).
    fn known_slot(&self, last: Option<&SessionDescription>, video: &RemoteVideo) -> Option<VideoSlot> {
        let section = last?.media.get(video.section)?;
        if self.peer == Peer::Browser && section.mid() != video.mid.as_deref() {
            return None;
        }
        let mut slots = VideoSlot::ALL.into_iter();
        slots.find(|slot| self.sections.get(slot.index()) == Some(&Some(video.section)))
    }

    /// What our answer to `offer` agrees to, at most `limit` formats a stream. What it leaves out is refused.
    pub(crate) fn answer<'a>(
        &mut self,
        last: Option<&SessionDescription>,
        offer: &'a RemoteDescription,
        limit: usize,
    ) -> Vec<AgreedVideo<'a>> {
        let slots = self.slots(last, offer);
        self.peer_directions = Default::default();
        self.refused = Default::default();
        self.numbers.learn_extensions(offer.description());
        let mut agreed = Vec::new();
        for (slot, video) in slots {
            self.numbers.learn(video);
            if let Some(section) = self.sections.get_mut(slot.index()) {
                *section = Some(video.section);
            }
            self.note_direction(slot, Some(video.direction));
            let wish = self.wishes.iter().find(|wish| wish.slot == slot);
            agreed.extend(wish.and_then(|wish| answered(self.peer, wish, video, limit)));
        }
        agreed
    }

    fn note_direction(&mut self, slot: VideoSlot, direction: Option<MediaDirection>) {
        if let Some(known) = self.peer_directions.get_mut(slot.index()) {
            *known = direction;
        }
    }

    /// The sections of our next offer: what is wished for, each in its place or in a new one behind the others.
    pub(crate) fn offer(&mut self, last: Option<&SessionDescription>) -> Vec<LocalVideo> {
        // The audio comes first where nothing was said yet.
        let mut next = last.map_or(1, |last| last.media.len());
        let mut mids: Vec<String> = last
            .iter()
            .flat_map(|last| &last.media)
            .filter_map(|section| Some(section.mid()?.into()))
            .collect();
        let mut offered = Vec::new();
        for wish in self.wishes.clone() {
            let is_possible = self.peer == Peer::Browser || wish.port.is_some();
            if wish.codecs.is_empty() || !is_possible {
                continue;
            }
            let section = self.sections.get(wish.slot.index()).copied().flatten().unwrap_or_else(|| {
                next += 1;
                next - 1
            });
            let before = last.and_then(|last| last.media.get(section));
            let was_refused = self.refused.get(wish.slot.index()) == Some(&true);
            let is_refused = was_refused || before.is_none_or(MediaSection::is_rejected);
            // RFC 8829 §5.2.2: a section that is used again is another stream.
            let mid = before.filter(|_| !is_refused).and_then(MediaSection::mid).map(str::to_owned);
            let mid = mid.or_else(|| Some(unused_mid(section, &mut mids)));
            let extensions = match self.peer {
                Peer::Browser => self.numbers.extensions(),
                Peer::Telephone => Vec::new(),
            };
            offered.push(LocalVideo {
                slot: wish.slot,
                section,
                mid: mid.filter(|_| self.peer == Peer::Browser),
                protocol: before.map_or_else(|| usual_protocol(self.peer), |before| before.protocol.clone()),
                formats: wish
                    .codecs
                    .iter()
                    .map(|&(coding, limits)| {
                        // RFC 6184 §8.2.2: levels may differ by direction where both say so.
                        self.numbers.format(coding, VideoLimits { level_asymmetry: true, ..limits })
                    })
                    .collect(),
                direction: wish.direction,
                port: wish.port,
                rtcp_mux: self.peer == Peer::Browser || before.is_some_and(|before| before.has("rtcp-mux")),
                is_new: is_refused || before.is_some_and(|before| before.port == 0),
                feedback: self.peer_feedback(),
                extensions,
                max_kbps: wish.max_kbps,
            });
        }
        offered
    }

    const fn peer_feedback(&self) -> VideoFeedback {
        match self.peer {
            Peer::Browser => TO_BROWSERS,
            Peer::Telephone => TO_TELEPHONES,
        }
    }

    /// Remembers what an offer of ours says.
    pub(crate) fn say_offer(&mut self, offered: Vec<LocalVideo>) {
        self.sections_before = self.sections;
        for video in &offered {
            if let Some(section) = self.sections.get_mut(video.slot.index()) {
                *section = Some(video.section);
            }
        }
        self.pending = offered;
    }

    /// What an answer makes of our pending offer. Nothing is changed yet.
    pub(crate) fn agree<'a>(&self, answer: &'a RemoteDescription) -> Vec<AgreedVideo<'a>> {
        let agreed = |local: &LocalVideo| {
            let remote = answer.videos().iter().find(|video| video.section == local.section)?;
            let codecs: Vec<_> = remote.codecs().iter().filter_map(|codec| local.codec_for(codec)).collect();
            if codecs.is_empty() {
                return None;
            }
            let known = self.peer_directions.get(local.slot.index()).copied().flatten();
            Some(AgreedVideo {
                codecs,
                direction: local.direction.intersect(remote.direction.reversed()),
                peer_direction: peer_direction(local.direction, remote.direction, known),
                feedback: shared_feedback(local.feedback, remote.feedback),
                extensions: shared_extensions(&local.extensions, &remote.extensions),
                local: local.clone(),
                remote,
            })
        };
        self.pending.iter().filter_map(agreed).collect()
    }

    /// Ends the pending offer with what [`VideoCourse::agree`] found: what the peer would do with each stream, nothing
    /// where it refused it.
    pub(crate) fn settle(&mut self, agreed: &[(VideoSlot, MediaDirection)]) {
        for slot in VideoSlot::ALL {
            let direction = agreed.iter().find(|(known, _)| *known == slot).map(|(_, direction)| *direction);
            self.note_direction(slot, direction);
            if let Some(refused) = self.refused.get_mut(slot.index()) {
                *refused = direction.is_none();
            }
        }
        self.pending.clear();
    }

    /// Takes the pending offer back, with the sections it added.
    pub(crate) fn withdraw(&mut self) {
        self.sections = self.sections_before;
        self.pending.clear();
    }
}

impl LocalVideo {
    /// A section with these formats and what describes them; the transport's lines are its writer's.
    pub(crate) fn media_section(&self, port: u16) -> MediaSection {
        let numbers = self.formats.iter().flat_map(|format| [Some(format.payload_type), format.rtx]);
        MediaSection {
            kind: MediaKind::Video,
            port,
            port_count: 1,
            protocol: self.protocol.clone(),
            formats: numbers.flatten().map(|number| number.to_string()).collect(),
            title: None,
            connection: None,
            bandwidths: self.max_kbps.map(|kbps| format!("AS:{kbps}")).into_iter().collect(),
            attributes: Vec::new(),
        }
    }

    /// `a=rtpmap`, `a=fmtp`, `a=rtcp-fb`, `a=extmap` and `a=content`.
    pub(crate) fn attributes(&self, into: &mut Vec<Attribute>) {
        for format in &self.formats {
            let (map, parameters) = format.lines();
            into.push(Attribute::new("rtpmap", map));
            into.extend(parameters.map(|parameters| Attribute::new("fmtp", parameters)));
            if let Some(rtx) = format.rtx {
                into.push(Attribute::new("rtpmap", format!("{rtx} rtx/90000")));
                into.push(Attribute::new("fmtp", format!("{rtx} apt={}", format.payload_type)));
            }
        }
        feedback_lines(self.feedback, &self.formats, into);
        let values = self.extensions.iter().filter_map(|extension| extension.value());
        into.extend(values.map(|value| Attribute::new("extmap", value)));
        if self.slot == VideoSlot::Screen {
            into.push(Attribute::new("content", "slides"));
        }
    }

    /// An answer's codec, if we offered it.
    fn codec_for(&self, answered: &VideoCodec) -> Option<NegotiatedVideoCodec> {
        let ours = self.formats.iter().find(|format| format.coding == answered.coding)?;
        Some(NegotiatedVideoCodec {
            coding: answered.coding,
            send_payload_type: answered.payload_type,
            receive_payload_type: ours.payload_type,
            rtx: answered.rtx.zip(ours.rtx),
            limits: answered.limits,
            said_limits: ours.limits,
        })
    }
}

/// What we agree to of an offered stream. `None` where no coding is shared, or a telephone's stream has no port.
fn answered<'a>(
    peer: Peer,
    wish: &VideoWish,
    video: &'a RemoteVideo,
    limit: usize,
) -> Option<AgreedVideo<'a>> {
    if peer == Peer::Telephone && wish.port.is_none() {
        return None;
    }
    let shared = wish.codecs.iter().filter_map(|(coding, limits)| {
        let offered = video.codecs().iter().find(|offered| offered.coding == *coding)?;
        Some((offered, answer_limits(&offered.limits, limits)))
    });
    let shared: Vec<_> = shared.take(limit).collect();
    if shared.is_empty() {
        return None;
    }
    let formats: Vec<_> = shared.iter().map(|(offered, limits)| answered_format(offered, *limits)).collect();
    let codecs = shared.iter().map(|(offered, said_limits)| NegotiatedVideoCodec {
        coding: offered.coding,
        send_payload_type: offered.payload_type,
        receive_payload_type: offered.payload_type,
        rtx: offered.rtx.map(|rtx| (rtx, rtx)),
        limits: offered.limits,
        said_limits: *said_limits,
    });
    let ours = match peer {
        Peer::Browser => TO_BROWSERS,
        Peer::Telephone => TO_TELEPHONES,
    };
    let direction = video.direction.reversed().intersect(wish.direction);
    let feedback = shared_feedback(ours, video.feedback);
    Some(AgreedVideo {
        local: LocalVideo {
            slot: wish.slot,
            section: video.section,
            mid: video.mid.clone().filter(|_| peer == Peer::Browser),
            protocol: video.protocol.clone(),
            formats,
            direction,
            port: wish.port,
            rtcp_mux: match &video.transport {
                Some(RemoteTransport::Rtp(addresses)) => addresses.rtcp_mux,
                Some(RemoteTransport::WebRtc(_)) | None => true,
            },
            is_new: false,
            feedback,
            extensions: video.extensions.clone(),
            max_kbps: wish.max_kbps,
        },
        remote: video,
        codecs: codecs.collect(),
        direction,
        peer_direction: video.direction,
        feedback,
        extensions: shared_extensions(&video.extensions, &video.extensions),
    })
}

/// How much of a coding our answer says we take: what our other side takes. RFC 6184 §8.2.2: without
/// `level-asymmetry-allowed` the level of an answer is at most the offer's.
fn answer_limits(offered: &VideoLimits, wanted: &VideoLimits) -> VideoLimits {
    let level = match (wanted.level, offered.level) {
        (Some(wanted), Some(offered_level)) if !offered.level_asymmetry => Some(wanted.min(offered_level)),
        (wanted, offered) => wanted.or(offered),
    };
    VideoLimits {
        level,
        level_asymmetry: offered.level_asymmetry,
        tier: wanted.tier.or(offered.tier),
        ..*wanted
    }
}

/// What a peer would do that answered `answered` to an offer of `ours`: what we did not offer to send it cannot say
/// that it takes, and what we did not offer to take it cannot send.
fn peer_direction(
    ours: MediaDirection,
    answered: MediaDirection,
    known: Option<MediaDirection>,
) -> MediaDirection {
    let known = known.unwrap_or(answered);
    MediaDirection::new(
        if ours.receives() { answered.sends() } else { known.sends() },
        if ours.sends() { answered.receives() } else { known.receives() },
    )
}

fn shared_extensions(ours: &[ListedExtension], theirs: &[ListedExtension]) -> Vec<NegotiatedExtension> {
    let shared = |ours: &ListedExtension| {
        let theirs = theirs.iter().find(|theirs| theirs.kind == ours.kind)?;
        Some(NegotiatedExtension { kind: ours.kind, send_id: theirs.id, receive_id: ours.id })
    };
    ours.iter().filter_map(shared).collect()
}

/// A mid no section has or had: its index, or a letter before it.
fn unused_mid(section: usize, mids: &mut Vec<String>) -> String {
    let candidates = std::iter::once(String::new()).chain((0..).map(|round: u32| format!("v{round}-")));
    let mid = candidates
        .map(|prefix| format!("{prefix}{section}"))
        .find(|mid| !mids.contains(mid))
        .unwrap_or_default();
    mids.push(mid.clone());
    mid
}

const fn usual_protocol(peer: Peer) -> Protocol {
    match peer {
        Peer::Browser => Protocol::UdpTlsRtpSavpf,
        Peer::Telephone => Protocol::RtpAvp,
    }
}
