//! What a leg's device does with video, and what that lets us want of the device at the other side.
//!
//! Video is relayed and never decoded, so each side is told what the other can take. A side that was not asked yet is
//! given the benefit of the doubt; once it has said what it does, the other is told again (`video.rs`).

use ringdown_sdp::{Negotiated, NegotiatedVideo, RemoteVideo, VideoLimits, VideoWish};
use ringdown_types::{H264Profile, MediaDirection, VideoCoding, VideoSlot};

/// The video of one media session: what the device does, what we said last, and the ports it takes.
#[derive(Debug, Default)]
pub(crate) struct SessionVideo {
    pub(crate) device: DeviceVideo,
    /// What our last description wished for.
    wishes: Vec<VideoWish>,
    /// A telephone's even ports, from the first time a stream was wished for to the leg's end.
    ports: [Option<u16>; VideoSlot::ALL.len()],
}

impl SessionVideo {
    /// Takes wishes over. Each stream of a telephone gets a port; where none is free it goes without.
    pub(crate) fn wish(
        &mut self,
        mut wishes: Vec<VideoWish>,
        take_port: Option<&mut dyn FnMut() -> Option<u16>>,
    ) -> Vec<VideoWish> {
        if let Some(take_port) = take_port {
            for wish in &mut wishes {
                if let Some(port) = self.ports.get_mut(wish.slot.index()) {
                    *port = port.or_else(&mut *take_port);
                    wish.port = *port;
                }
            }
        }
        self.wishes.clone_from(&wishes);
        wishes
    }

    /// The device answered our offer.
    pub(crate) fn answered(&mut self, negotiated: &Negotiated) {
        self.device.note_answer(&self.wishes, negotiated);
    }

    /// The device refused our offer as a whole: what it would have added is refused.
    pub(crate) fn offer_refused(&mut self, negotiated: Option<&Negotiated>) {
        let has = |slot| negotiated.is_some_and(|all| all.videos.iter().any(|video| video.slot == slot));
        let added = self.wishes.iter().map(|wish| wish.slot).filter(|slot| !has(*slot));
        self.device.refuse(added);
    }

    /// The port of a stream.
    pub(crate) fn port(&self, slot: VideoSlot) -> Option<u16> {
        self.ports.get(slot.index()).copied().flatten()
    }

    /// Every port it took.
    pub(crate) fn ports(&self) -> impl Iterator<Item = u16> {
        self.ports.iter().copied().flatten()
    }
}

/// What a device does with each stream.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct DeviceVideo([Stream; VideoSlot::ALL.len()]);

/// What is known of a device and one stream.
#[derive(Debug, Clone, Default, PartialEq)]
enum Stream {
    /// It was never asked.
    #[default]
    Unasked,
    /// It said no, or ended it.
    Refused,
    Known(Known),
}

#[derive(Debug, Clone, PartialEq)]
struct Known {
    /// What it can decode, preferred first, and how much of each.
    codecs: Vec<(VideoCoding, VideoLimits)>,
    /// What it would do, seen from the device.
    direction: MediaDirection,
    /// The most it wants to receive, in kbit/s.
    max_kbps: Option<u32>,
}

/// What a description of ours is about to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Occasion {
    /// An answer to the device's offer.
    Answer,
    /// An offer of ours.
    Offer,
}

/// What kind of device it is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Its sections stay and become inactive: a refused one could not be used again (RFC 8829 §5.2.2).
    Browser,
    /// Its sections are refused with port 0, which telephones understand better than `inactive`.
    Telephone,
}

impl DeviceVideo {
    /// The device offered these streams; the slots in which it begins to send.
    pub(crate) fn note_offer(&mut self, streams: &[(VideoSlot, &RemoteVideo)]) -> Vec<VideoSlot> {
        let mut begun = Vec::new();
        for (slot, stream) in VideoSlot::ALL.into_iter().zip(&mut self.0) {
            let sent = matches!(stream, Stream::Known(known) if known.direction.sends());
            match streams.iter().find(|(offered, _)| *offered == slot) {
                Some((_, video)) => {
                    if video.direction.sends() && !sent {
                        begun.push(slot);
                    }
                    let codecs = video.codecs().iter().map(|codec| (codec.coding, codec.limits));
                    *stream = Stream::Known(Known {
                        codecs: codecs.collect(),
                        direction: video.direction,
                        max_kbps: video.max_kbps,
                    });
                }
                None if *stream != Stream::Unasked => *stream = Stream::Refused,
                None => {}
            }
        }
        begun
    }

    /// The device answered an offer with these wishes.
    fn note_answer(&mut self, wishes: &[VideoWish], negotiated: &Negotiated) {
        for (slot, stream) in VideoSlot::ALL.into_iter().zip(&mut self.0) {
            if !wishes.iter().any(|wish| wish.slot == slot) {
                continue;
            }
            match (negotiated.videos.iter().find(|video| video.slot == slot), &mut *stream) {
                (Some(video), Stream::Known(known)) => {
                    known.direction = video.peer_direction;
                    known.max_kbps = video.max_kbps;
                    // An answer lists what was offered; what the device said before that it knows, it still knows.
                    for codec in &video.codecs {
                        known.codecs.retain(|(coding, _)| *coding != codec.coding);
                    }
                    known.codecs.splice(0..0, codecs_of(video));
                }
                (Some(video), Stream::Unasked | Stream::Refused) => {
                    *stream = Stream::Known(Known {
                        codecs: codecs_of(video).collect(),
                        direction: video.peer_direction,
                        max_kbps: video.max_kbps,
                    });
                }
                (None, _) => *stream = Stream::Refused,
            }
        }
    }

    /// These streams are not to be.
    pub(crate) fn refuse(&mut self, slots: impl Iterator<Item = VideoSlot>) {
        for slot in slots {
            if let Some(stream) = self.0.get_mut(slot.index()) {
                *stream = Stream::Refused;
            }
        }
    }

    /// The other side begins to send: a refusal of before may have been of what was offered then.
    pub(crate) fn ask_again(&mut self, slots: &[VideoSlot]) {
        for slot in slots {
            if let Some(stream) = self.0.get_mut(slot.index()).filter(|stream| **stream == Stream::Refused) {
                *stream = Stream::Unasked;
            }
        }
    }

    /// Whether it refused a stream.
    pub(crate) fn has_refused(&self, slot: VideoSlot) -> bool {
        self.0.get(slot.index()) == Some(&Stream::Refused)
    }

    /// What we want of this device when `partner` is at the other side; `None` where nobody is yet, or nobody hears.
    pub(crate) fn wishes(&self, kind: Kind, partner: Option<&Self>, occasion: Occasion) -> Vec<VideoWish> {
        let mut wishes = Vec::new();
        for (slot, own) in VideoSlot::ALL.into_iter().zip(&self.0) {
            let other = partner.map(|partner| partner.0.get(slot.index()).unwrap_or(&Stream::Unasked));
            wishes.extend(wish(slot, own, other, (kind, occasion)));
        }
        wishes
    }
}

fn codecs_of(video: &NegotiatedVideo) -> impl Iterator<Item = (VideoCoding, VideoLimits)> {
    video.codecs.iter().map(|codec| (codec.coding, codec.limits))
}

fn wish(
    slot: VideoSlot,
    own: &Stream,
    other: Option<&Stream>,
    (kind, occasion): (Kind, Occasion),
) -> Option<VideoWish> {
    let is_answer = occasion == Occasion::Answer;
    let new = |codecs, direction, max_kbps| VideoWish { slot, codecs, direction, port: None, max_kbps };
    match (own, other) {
        (Stream::Known(own), Some(Stream::Known(other))) => {
            let direction = MediaDirection::new(other.direction.sends(), other.direction.receives());
            let codecs = shared(&own.codecs, &other.codecs);
            if codecs.is_empty() || kind == Kind::Telephone && direction == MediaDirection::Inactive {
                // Refused where it is offered; what was agreed with a browser stays, dark.
                return (occasion == Occasion::Offer && kind == Kind::Browser)
                    .then(|| new(own.codecs.clone(), MediaDirection::Inactive, None));
            }
            Some(new(codecs, direction, other.max_kbps))
        }
        // Nobody is asked for a picture by one who shows none.
        (Stream::Unasked, Some(Stream::Known(other))) if other.direction.sends() => {
            let direction = MediaDirection::new(true, other.direction.receives());
            let codecs = offerable(kind, &other.codecs);
            (!codecs.is_empty()).then(|| new(codecs, direction, other.max_kbps))
        }
        // It shows something, and the other side will be asked next. A browser that calls is connected while that rings.
        (Stream::Known(own), Some(Stream::Unasked)) if is_answer && own.direction.sends() => {
            Some(new(own.codecs.clone(), MediaDirection::SendRecv, None))
        }
        (Stream::Known(own), None) if is_answer && own.direction.sends() && kind == Kind::Browser => {
            Some(new(own.codecs.clone(), MediaDirection::SendRecv, None))
        }
        (Stream::Known(own), Some(Stream::Unasked | Stream::Refused) | None) if kind == Kind::Browser => {
            Some(new(own.codecs.clone(), MediaDirection::Inactive, None))
        }
        (Stream::Known(_) | Stream::Unasked | Stream::Refused, _) => None,
    }
}

/// Of `others`, in their order, what the device can decode.
fn shared(
    own: &[(VideoCoding, VideoLimits)],
    others: &[(VideoCoding, VideoLimits)],
) -> Vec<(VideoCoding, VideoLimits)> {
    let is_own = |coding: &VideoCoding| own.iter().any(|(known, _)| known == coding);
    others.iter().filter(|(coding, _)| is_own(coding)).copied().collect()
}

/// What a device that was never asked is offered. A telephone's INVITE travels in one datagram, so it hears of the
/// codings telephones have.
fn offerable(kind: Kind, others: &[(VideoCoding, VideoLimits)]) -> Vec<(VideoCoding, VideoLimits)> {
    let is_usual = |coding: &VideoCoding| match coding {
        VideoCoding::Vp8 | VideoCoding::Vp9 { profile: 0 } | VideoCoding::Av1 { profile: 0 } => true,
        VideoCoding::H264 { profile, packetization_mode } => match profile {
            H264Profile::Baseline => true,
            H264Profile::High | H264Profile::ConstrainedHigh => *packetization_mode == 1,
            H264Profile::Main | H264Profile::Extended | H264Profile::PredictiveHigh444 => false,
        },
        VideoCoding::Vp9 { .. } | VideoCoding::Av1 { .. } => false,
    };
    others.iter().filter(|(coding, _)| kind == Kind::Browser || is_usual(coding)).copied().collect()
}

/// Whether what stands with a device is not what is wished for: then it gets an offer.
pub(crate) fn differs(wishes: &[VideoWish], negotiated: &Negotiated, device: &DeviceVideo) -> bool {
    VideoSlot::ALL.into_iter().any(|slot| {
        let wish = wishes.iter().find(|wish| wish.slot == slot);
        let stands = negotiated.videos.iter().find(|video| video.slot == slot);
        match (wish, stands) {
            (None, None) => false,
            (None, Some(_)) => true,
            (Some(wish), None) => wish.direction != MediaDirection::Inactive && !device.has_refused(slot),
            (Some(wish), Some(video)) => {
                let direction = wish.direction.intersect(video.peer_direction.reversed());
                direction != video.direction
                    || direction != MediaDirection::Inactive && !is_taken(wish, video)
            }
        }
    })
}

/// Whether the other side can take what the device sends: the first of what was agreed on.
fn is_taken(wish: &VideoWish, video: &NegotiatedVideo) -> bool {
    let Some(sent) = video.codecs.first() else { return true };
    wish.codecs.iter().any(|(coding, limits)| {
        let fits = match (limits.level, sent.said_limits.level) {
            (Some(taken), Some(said)) => said <= taken,
            _ => true,
        };
        *coding == sent.coding && (fits || !matches!(coding, VideoCoding::H264 { .. }))
    })
}
