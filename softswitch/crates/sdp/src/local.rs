//! What both kinds of session share: identity, version, the pending offer, and the lines of an audio section.

use std::net::IpAddr;

use ringdown_types::{CodecId, MediaDirection, Random, VideoSlot};

use crate::{
    attribute::RtpMap,
    description::{Address, Attribute, Line, MediaKind, MediaSection, Origin, Protocol, SessionDescription},
    error::{Mismatch, SdpError, Unacceptable},
    formats::{comfort_noise_map, rtp_map},
    negotiated::{
        Negotiated, NegotiatedCodec, NegotiatedComfortNoise, NegotiatedEvent, shared_codecs, shared_events,
    },
    payload_types::PayloadTypes,
    remote::{Peer, RemoteAudio, RemoteDescription},
    video::{AgreedVideo, ListedExtension, LocalVideo, VideoCourse},
};

/// What stays the same in everything we say to one peer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LocalIdentity {
    /// The session id of `o=`, below 2⁶² (RFC 8829 §5.2.1).
    pub session_id: u64,
    /// Our SSRC.
    pub ssrc: u32,
    /// Our RTCP canonical name; random, so it names nobody (RFC 7022 §4.2).
    pub cname: String,
    /// Our sources of video, by [`VideoSlot::index`].
    pub video: [LocalVideoSources; VideoSlot::ALL.len()],
}

/// Our sources of one video stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LocalVideoSources {
    /// Our SSRC.
    pub ssrc: u32,
    /// Our SSRC for retransmissions (RFC 4588 §4).
    pub rtx_ssrc: u32,
}

impl LocalIdentity {
    /// A fresh identity. A leg that moves to a new session of the same call may keep its SSRC and name.
    pub fn generate(random: &mut dyn Random) -> Self {
        let (session_id, ssrc, cname) = (random.u64() >> 2, random.u32(), random.token(20));
        let video = std::array::from_fn(|_| LocalVideoSources { ssrc: random.u32(), rtx_ssrc: random.u32() });
        Self { session_id, ssrc, cname, video }
    }

    /// Our sources of a video stream.
    pub(crate) fn video_sources(&self, slot: VideoSlot) -> LocalVideoSources {
        let [camera, screen] = self.video;
        match slot {
            VideoSlot::Camera => camera,
            VideoSlot::Screen => screen,
        }
    }
}

/// The course of one session: what we said last, and what we offered and was not answered.
#[derive(Debug, Clone)]
pub(crate) struct Course {
    pub(crate) identity: LocalIdentity,
    pub(crate) payload_types: PayloadTypes,
    /// Whether the peer holds us.
    pub(crate) held_by_peer: bool,
    origin_address: IpAddr,
    version: u64,
    last: Option<SessionDescription>,
    audio_section: usize,
    pending: Option<PendingOffer>,
    pub(crate) video: VideoCourse,
    /// Whether all streams share one transport, so that a number has one meaning in all of them (RFC 9143 §9.1).
    is_bundled: bool,
}

/// An unanswered offer of ours.
#[derive(Debug, Clone)]
struct PendingOffer {
    formats: LocalFormats,
    direction: MediaDirection,
    /// What we had said before it.
    before: Option<SessionDescription>,
}

/// Formats as we list them.
#[derive(Debug, Clone, Default)]
pub(crate) struct LocalFormats {
    pub(crate) codecs: Vec<(CodecId, u8)>,
    /// Clock rate and payload type.
    pub(crate) events: Vec<(u32, u8)>,
    /// The payload type of comfort noise.
    pub(crate) comfort_noise: Option<u8>,
    /// The audio level (RFC 6464), to browsers.
    pub(crate) audio_level: Option<ListedExtension>,
}

/// The audio part both sides agreed on.
pub(crate) struct AgreedAudio {
    pub(crate) codecs: Vec<NegotiatedCodec>,
    pub(crate) events: Vec<NegotiatedEvent>,
    pub(crate) comfort_noise: Option<NegotiatedComfortNoise>,
    /// Under the id of our description.
    pub(crate) audio_level: Option<ListedExtension>,
    pub(crate) direction: MediaDirection,
    pub(crate) held_by_peer: bool,
}

impl Course {
    /// A session nothing was said in. The address in `o=` stays even if media moves (RFC 3264 §8).
    pub(crate) const fn new(
        identity: LocalIdentity,
        payload_types: PayloadTypes,
        origin_address: IpAddr,
        peer: Peer,
    ) -> Self {
        Self {
            identity,
            payload_types,
            held_by_peer: false,
            origin_address,
            version: 0,
            last: None,
            audio_section: 0,
            pending: None,
            video: VideoCourse::new(peer),
            is_bundled: matches!(peer, Peer::Browser),
        }
    }

    pub(crate) const fn is_pending(&self) -> bool {
        self.pending.is_some()
    }

    /// Takes the pending offer back: the sections it added were never there (RFC 8829 §4.1.10.2). What the device offers
    /// in their place may be other streams.
    pub(crate) fn withdraw(&mut self) {
        if let Some(pending) = self.pending.take() {
            self.last = pending.before;
            self.video.withdraw();
        }
    }

    /// The formats of an offer: the codecs in order, and telephone-event at each of their clock rates.
    /// `telephone-event/8000` always stands: many telephones know no other, even with Opus.
    pub(crate) fn offered_formats(&mut self, codecs: &[CodecId]) -> Result<LocalFormats, SdpError> {
        if self.is_pending() {
            return Err(SdpError::OfferPending);
        }
        self.share_numbers();
        let mut formats = LocalFormats::default();
        let mut rates = Vec::new();
        for &codec in codecs {
            if !formats.codecs.iter().any(|(known, _)| *known == codec) {
                formats.codecs.push((codec, self.payload_types.codec(codec)));
                if !rates.contains(&codec.clock_rate()) {
                    rates.push(codec.clock_rate());
                }
            }
        }
        if formats.codecs.is_empty() {
            return Err(Unacceptable::NoCommonCodec.into());
        }
        if !rates.contains(&8_000) {
            rates.push(8_000);
        }
        // Whoever offers comfort noise may pause while nothing is said; we ask nobody to.
        let is_narrow = codecs.iter().any(|codec| codec.sample_rate() == 8_000);
        formats.comfort_noise = self.payload_types.comfort_noise().filter(|_| is_narrow);
        if self.is_bundled {
            formats.audio_level = self.video.numbers.audio_level();
        }
        formats.events = rates.into_iter().map(|rate| (rate, self.payload_types.event(rate))).collect();
        Ok(formats)
    }

    /// The video sections of a new offer, after [`Course::offered_formats`].
    pub(crate) fn offered_videos(&mut self) -> Vec<LocalVideo> {
        self.share_numbers();
        self.video.offer(self.last.as_ref())
    }

    /// What our answer to `offer` agrees to of its video, at most `limit` formats a stream.
    pub(crate) fn video_answer<'a>(
        &mut self,
        offer: &'a RemoteDescription,
        limit: usize,
    ) -> Vec<AgreedVideo<'a>> {
        self.video.answer(self.last.as_ref(), offer, limit)
    }

    fn share_numbers(&mut self) {
        if self.is_bundled {
            self.payload_types.taken().for_each(|number| self.video.numbers.take(number));
            self.video.numbers.taken().for_each(|number| self.payload_types.take(number));
        }
    }

    /// The m-sections of a new offer: as many as before, in their order, all but the audio and these videos rejected
    /// (RFC 3264 §8).
    pub(crate) fn offered_sections(
        &self,
        audio: MediaSection,
        videos: Vec<(usize, MediaSection)>,
    ) -> Vec<MediaSection> {
        let before = self.last.as_ref().map(|last| last.media.as_slice()).unwrap_or_default();
        let mut sections: Vec<MediaSection> =
            before.iter().map(|section| rejected(section, self.is_bundled)).collect();
        for (index, section) in std::iter::once((self.audio_section, audio)).chain(videos) {
            match sections.get_mut(index) {
                Some(place) => *place = section,
                None => sections.push(section),
            }
        }
        sections
    }

    /// Our last description.
    pub(crate) const fn last(&self) -> Option<&SessionDescription> {
        self.last.as_ref()
    }

    /// Says an offer: sets id and version, remembers it as pending, prints it.
    pub(crate) fn say_offer(
        &mut self,
        draft: Draft,
        (formats, videos): (LocalFormats, Vec<LocalVideo>),
        direction: MediaDirection,
    ) -> String {
        self.video.say_offer(videos);
        let timing = self.last.as_ref().map(|last| last.timing.clone());
        self.pending = Some(PendingOffer { formats, direction, before: self.last.clone() });
        self.say(draft, timing.unwrap_or_else(|| vec![Line { kind: 't', value: "0 0".to_owned() }]))
    }

    /// Says an answer to `offer`.
    pub(crate) fn say_answer(
        &mut self,
        draft: Draft,
        offer: &RemoteDescription,
        audio: &RemoteAudio,
    ) -> String {
        self.audio_section = audio.section;
        self.held_by_peer = audio.holds();
        self.payload_types.learn(&audio.formats);
        // RFC 3264 §6: the t= lines of an answer equal those of the offer.
        self.say(draft, offer.description().timing.clone())
    }

    /// RFC 3264 §8: the version goes up by one when anything changed, and only then.
    fn say(&mut self, draft: Draft, timing: Vec<Line>) -> String {
        let mut description = SessionDescription {
            origin: Origin {
                username: "-".to_owned(),
                session_id: self.identity.session_id.to_string(),
                version: self.version.to_string(),
                address: Address::Ip(self.origin_address),
            },
            name: "-".to_owned(),
            descriptive: Vec::new(),
            connection: Some(Address::Ip(draft.connection)),
            bandwidths: Vec::new(),
            timing,
            attributes: draft.attributes,
            media: draft.media,
        };
        if self.last.as_ref() != Some(&description) {
            self.version += 1;
            description.origin.version = self.version.to_string();
        }
        let text = description.to_string();
        self.last = Some(description);
        text
    }

    /// What an answer makes of our pending offer. Nothing is changed yet: a provisional answer may be followed by
    /// another one from another fork.
    pub(crate) fn agree<'a>(
        &self,
        answer: &'a RemoteDescription,
    ) -> Result<(&'a RemoteAudio, AgreedAudio), SdpError> {
        let (Some(pending), Some(offer)) = (&self.pending, &self.last) else {
            return Err(SdpError::NoOfferPending);
        };
        check_sections(offer, answer.description())?;
        let audio = match answer.audio() {
            Err(SdpError::NotAcceptable(Unacceptable::NoAudio)) => {
                return Err(Unacceptable::AudioRejected.into());
            }
            Err(SdpError::NotAcceptable(Unacceptable::Transport)) => return Err(Mismatch::Transport.into()),
            audio => audio?,
        };
        let offered = offer.media.get(audio.section).ok_or(Mismatch::SectionCount)?;
        if audio.section != self.audio_section {
            return Err(Unacceptable::AudioRejected.into());
        }
        if !answers(&offered.protocol, &audio.protocol) {
            return Err(Mismatch::Transport.into());
        }
        let (codecs, events) = agreed_formats(&pending.formats, audio)?;
        let direction = pending.direction.intersect(audio.direction.reversed());
        // Where we offered not to send, the peer cannot say that it receives: what it last said still holds.
        let held_by_peer = if pending.direction.sends() { audio.holds() } else { self.held_by_peer };
        let (theirs, ours) = (audio.formats.comfort_noise, pending.formats.comfort_noise);
        let comfort_noise = NegotiatedComfortNoise::agreed(theirs, ours, &codecs);
        let audio_level = pending.formats.audio_level.filter(|_| audio.audio_level.is_some());
        let agreed = AgreedAudio { codecs, events, comfort_noise, audio_level, direction, held_by_peer };
        Ok((audio, agreed))
    }

    /// Ends the pending offer with what [`Course::agree`] found.
    pub(crate) fn settle(&mut self, negotiated: &Negotiated) {
        self.pending = None;
        self.held_by_peer = negotiated.held_by_peer;
        let said = negotiated.videos.iter().map(|video| (video.slot, video.peer_direction));
        self.video.settle(&said.collect::<Vec<_>>());
    }

    /// What our answer to `offer` agrees to: the shared codecs, at most `limit` of them.
    pub(crate) fn agree_as_answerer(
        &self,
        offer: &RemoteAudio,
        preference: &[CodecId],
        wanted: MediaDirection,
        limit: usize,
    ) -> Result<AgreedAudio, SdpError> {
        if self.is_pending() {
            return Err(SdpError::OfferPending);
        }
        let mut codecs = shared_codecs(&offer.formats, preference);
        codecs.truncate(limit);
        if codecs.is_empty() {
            return Err(Unacceptable::NoCommonCodec.into());
        }
        Ok(AgreedAudio {
            events: shared_events(&offer.formats, &codecs),
            comfort_noise: NegotiatedComfortNoise::agreed(
                offer.formats.comfort_noise,
                self.payload_types.offered_comfort_noise(&offer.formats),
                &codecs,
            ),
            codecs,
            // RFC 8285 §6: an answer keeps the id.
            audio_level: offer.audio_level,
            // RFC 3264 §6.1: sendonly is answered with recvonly or inactive, and so on.
            direction: offer.direction.reversed().intersect(wanted),
            held_by_peer: offer.holds(),
        })
    }
}

/// What a description says beside its identity.
pub(crate) struct Draft {
    pub(crate) connection: IpAddr,
    pub(crate) attributes: Vec<Attribute>,
    pub(crate) media: Vec<MediaSection>,
}

impl AgreedAudio {
    /// The formats as our answer lists them.
    pub(crate) fn formats(&self) -> LocalFormats {
        LocalFormats {
            codecs: self.codecs.iter().map(|codec| (codec.codec, codec.receive_payload_type)).collect(),
            events: self.events.iter().map(|event| (event.clock_rate, event.receive_payload_type)).collect(),
            comfort_noise: self.comfort_noise.map(|noise| noise.receive_payload_type),
            audio_level: self.audio_level,
        }
    }
}

impl LocalFormats {
    /// An audio section with these formats in its `m=` line and no attributes yet.
    pub(crate) fn section(&self, port: u16, protocol: Protocol) -> MediaSection {
        let codecs = self.codecs.iter().map(|(_, number)| number.to_string());
        let noise = self.comfort_noise.map(|number| number.to_string());
        let events = self.events.iter().map(|(_, number)| number.to_string());
        MediaSection {
            kind: MediaKind::Audio,
            port,
            port_count: 1,
            protocol,
            formats: codecs.chain(noise).chain(events).collect(),
            title: None,
            connection: None,
            bandwidths: Vec::new(),
            attributes: Vec::new(),
        }
    }

    /// `a=rtpmap` and `a=fmtp` of every format, and `a=extmap`.
    pub(crate) fn attributes(&self, into: &mut Vec<Attribute>) {
        for &(codec, number) in &self.codecs {
            into.push(Attribute::new("rtpmap", rtp_map(codec, number)));
            if codec == CodecId::Opus {
                into.push(Attribute::new("fmtp", format!("{number} minptime=10;useinbandfec=1")));
            }
        }
        if let Some(number) = self.comfort_noise {
            into.push(Attribute::new("rtpmap", comfort_noise_map(number)));
        }
        for &(clock_rate, payload_type) in &self.events {
            let map =
                RtpMap { payload_type, encoding: "telephone-event".to_owned(), clock_rate, channels: 1 };
            into.push(Attribute::new("rtpmap", map.to_string()));
            // RFC 4733 §2.4.1: the events we take, the sixteen keys.
            into.push(Attribute::new("fmtp", format!("{payload_type} 0-15")));
        }
        let level = self.audio_level.and_then(ListedExtension::value);
        into.extend(level.map(|value| Attribute::new("extmap", value)));
    }
}

/// The attribute of a direction.
pub(crate) fn direction_attribute(direction: MediaDirection) -> Attribute {
    Attribute::flag(match direction {
        MediaDirection::SendRecv => "sendrecv",
        MediaDirection::SendOnly => "sendonly",
        MediaDirection::RecvOnly => "recvonly",
        MediaDirection::Inactive => "inactive",
    })
}

/// The m-sections of an answer: one for each of the offer's, in order, all but those served rejected
/// (RFC 3264 §6).
pub(crate) fn answer_sections(
    offer: &RemoteDescription,
    served: impl IntoIterator<Item = (usize, MediaSection)>,
    echo_mids: bool,
) -> Vec<MediaSection> {
    let offered = &offer.description().media;
    let mut sections: Vec<MediaSection> =
        offered.iter().map(|section| rejected(section, echo_mids)).collect();
    for (index, section) in served {
        if let Some(place) = sections.get_mut(index) {
            *place = section;
        }
    }
    sections
}

/// A refused stream: port 0 and one format, which has no meaning (RFC 3264 §6).
fn rejected(offered: &MediaSection, echo_mid: bool) -> MediaSection {
    let mid = offered.mid().filter(|_| echo_mid).map(|mid| Attribute::new("mid", mid));
    MediaSection {
        kind: offered.kind.clone(),
        port: 0,
        port_count: 1,
        protocol: offered.protocol.clone(),
        formats: vec![offered.formats.first().cloned().unwrap_or_else(|| "0".to_owned())],
        title: None,
        connection: None,
        bandwidths: Vec::new(),
        attributes: mid.into_iter().collect(),
    }
}

/// An answer says the offer's protocol (RFC 3264 §6). Telephones that take the keys of an `RTP/AVP` offer say
/// `RTP/SAVP`.
fn answers(offered: &Protocol, answered: &Protocol) -> bool {
    use Protocol::{RtpAvp, RtpAvpf, RtpSavp, RtpSavpf};
    offered == answered || matches!((offered, answered), (RtpAvp, RtpSavp) | (RtpAvpf, RtpSavpf))
}

fn check_sections(offer: &SessionDescription, answer: &SessionDescription) -> Result<(), Mismatch> {
    if offer.media.len() != answer.media.len() {
        return Err(Mismatch::SectionCount);
    }
    let fits = |(ours, theirs): (&MediaSection, &MediaSection)| {
        ours.kind == theirs.kind
            && (ours.mid().is_none() || theirs.mid().is_none() || ours.mid() == theirs.mid())
    };
    if offer.media.iter().zip(&answer.media).all(fits) { Ok(()) } else { Err(Mismatch::Section) }
}

/// Of the answer's formats those we offered, in the answer's order; the answer may list more (RFC 3264 §6.1).
fn agreed_formats(
    offered: &LocalFormats,
    answer: &RemoteAudio,
) -> Result<(Vec<NegotiatedCodec>, Vec<NegotiatedEvent>), SdpError> {
    let order: Vec<CodecId> = answer.formats.codecs.iter().map(|codec| codec.codec).collect();
    let codecs: Vec<NegotiatedCodec> = shared_codecs(&answer.formats, &order)
        .into_iter()
        .filter_map(|codec| {
            let (_, ours) = offered.codecs.iter().find(|(known, _)| *known == codec.codec)?;
            Some(NegotiatedCodec { receive_payload_type: *ours, ..codec })
        })
        .collect();
    if codecs.is_empty() {
        return Err(Unacceptable::NoCommonCodec.into());
    }
    let events = shared_events(&answer.formats, &codecs)
        .into_iter()
        .filter_map(|event| {
            let (_, ours) = offered.events.iter().find(|(rate, _)| *rate == event.clock_rate)?;
            Some(NegotiatedEvent { receive_payload_type: *ours, ..event })
        })
        .collect();
    Ok((codecs, events))
}
