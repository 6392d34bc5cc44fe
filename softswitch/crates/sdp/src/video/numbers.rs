//! Payload types of video and all extension ids through a session (RFC 3264 §8.3.2: a number keeps its meaning; in a
//! bundle one meaning for all sections, RFC 9143 §9.1).

use ringdown_types::{H264Profile, RtpExtension, VideoCoding};

use super::{
    extensions::{AUDIO_LEVEL, EXTENSIONS, ListedExtension, id_of, read_extensions},
    formats::{LocalVideoFormat, VideoCodec, VideoLimits},
    remote::RemoteVideo,
};
use crate::description::SessionDescription;

/// The numbers of one session. A peer's offer sets them; what it did not number gets ours, or free ones.
#[derive(Debug, Clone)]
pub(crate) struct VideoNumbers {
    known: Vec<Numbered>,
    extensions: Vec<ListedExtension>,
    /// Extension ids the peer gives a meaning we do not know.
    taken_ids: Vec<u8>,
    taken: [bool; 128],
    /// Whether retransmissions have formats of their own: browsers want them, telephones do not know them.
    has_rtx: bool,
}

#[derive(Debug, Clone, Copy)]
struct Numbered {
    coding: VideoCoding,
    payload_type: u8,
    rtx: Option<u8>,
    h264_profile: Option<[u8; 2]>,
}

impl VideoNumbers {
    pub(super) const fn new(has_rtx: bool) -> Self {
        Self {
            known: Vec::new(),
            extensions: Vec::new(),
            taken_ids: Vec::new(),
            taken: [false; 128],
            has_rtx,
        }
    }

    /// Takes over the numbers of a peer's offer.
    pub(super) fn learn(&mut self, offer: &RemoteVideo) {
        self.known.retain(|known| {
            let listed = &offer.formats.listed;
            !listed.contains(&known.payload_type) && known.rtx.is_none_or(|rtx| !listed.contains(&rtx))
        });
        for &number in &offer.formats.listed {
            self.take(number);
        }
        for codec in &offer.formats.codecs {
            self.known.retain(|known| known.coding != codec.coding);
            self.known.push(Numbered {
                coding: codec.coding,
                payload_type: codec.payload_type,
                rtx: codec.rtx,
                h264_profile: codec.h264_profile,
            });
        }
    }

    /// Takes over the extension ids of all sections of a peer's offer: in a bundle they are of one kind.
    pub(super) fn learn_extensions(&mut self, offer: &SessionDescription) {
        for section in &offer.media {
            for id in section.attributes_named("extmap").filter_map(id_of) {
                // What we called by this id before, such as to a page that was reloaded since, is called so no more.
                self.extensions.retain(|known| known.id != id);
                if !self.taken_ids.contains(&id) {
                    self.taken_ids.push(id);
                }
            }
        }
        for section in &offer.media {
            for listed in read_extensions(offer, section) {
                self.extensions.retain(|known| known.kind != listed.kind && known.id != listed.id);
                self.extensions.push(listed);
            }
        }
    }

    /// A number another stream of the bundle uses.
    pub(crate) fn take(&mut self, number: u8) {
        if let Some(taken) = self.taken.get_mut(usize::from(number)) {
            *taken = true;
        }
    }

    /// Every number in use.
    pub(crate) fn taken(&self) -> impl Iterator<Item = u8> {
        (0..).zip(&self.taken).filter(|(_, taken)| **taken).map(|(number, _)| number)
    }

    /// A coding as our offers list it; numbered on the first call.
    pub(super) fn format(&mut self, coding: VideoCoding, limits: VideoLimits) -> LocalVideoFormat {
        let numbered = self.known.iter().find(|known| known.coding == coding).copied();
        let Numbered { payload_type, rtx, h264_profile, .. } = numbered.unwrap_or_else(|| {
            let payload_type = self.free(usual_number(coding));
            let rtx = self.has_rtx.then(|| self.free(payload_type + 1));
            let new = Numbered { coding, payload_type, rtx, h264_profile: None };
            self.known.push(new);
            new
        });
        LocalVideoFormat { coding, payload_type, rtx, limits, h264_profile }
    }

    /// The extensions of video in our offers.
    pub(super) fn extensions(&mut self) -> Vec<ListedExtension> {
        EXTENSIONS.into_iter().filter_map(|(kind, id, _)| self.extension(kind, id)).collect()
    }

    /// The audio level in our offers.
    pub(crate) fn audio_level(&mut self) -> Option<ListedExtension> {
        let (kind, id, _) = AUDIO_LEVEL;
        self.extension(kind, id)
    }

    /// An extension, numbered on the first call: as `wanted`, or as nothing else is. `None` where all ids are taken.
    fn extension(&mut self, kind: RtpExtension, wanted: u8) -> Option<ListedExtension> {
        if let Some(known) = self.extensions.iter().find(|known| known.kind == kind) {
            return Some(*known);
        }
        let is_free =
            |id: &u8| !self.taken_ids.contains(id) && !self.extensions.iter().any(|known| known.id == *id);
        let id = std::iter::once(wanted).chain(1..=14).find(is_free)?;
        let new = ListedExtension { kind, id };
        self.extensions.push(new);
        Some(new)
    }

    /// `wanted`, or a dynamic number nobody uses. RFC 5761 §4: 64 to 95 would look like RTCP.
    fn free(&mut self, wanted: u8) -> u8 {
        let is_free = |number: &u8| !self.taken.get(usize::from(*number)).copied().unwrap_or(true);
        let number = std::iter::once(wanted).chain(96..=127).chain(35..=63).find(is_free).unwrap_or(wanted);
        self.take(number);
        number
    }
}

/// The number Chromium uses, so that a relay between two browsers has little to rewrite.
const fn usual_number(coding: VideoCoding) -> u8 {
    match coding {
        VideoCoding::Vp8 => 96,
        VideoCoding::Vp9 { profile: 0 } => 98,
        VideoCoding::Vp9 { .. } => 100,
        VideoCoding::H264 { profile: H264Profile::Baseline, packetization_mode: 1 } => 102,
        VideoCoding::H264 { profile: H264Profile::Baseline, .. } => 104,
        VideoCoding::H264 { .. } => 116,
        VideoCoding::Av1 { .. } => 45,
    }
}

/// A codec of a peer's offer as our answer lists it.
pub(super) const fn answered_format(offered: &VideoCodec, limits: VideoLimits) -> LocalVideoFormat {
    LocalVideoFormat {
        coding: offered.coding,
        payload_type: offered.payload_type,
        rtx: offered.rtx,
        limits,
        h264_profile: offered.h264_profile,
    }
}
