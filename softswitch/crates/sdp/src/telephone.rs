//! What we say to a telephone: RTP (RFC 3264, RFC 3551), and SRTP without ICE (RFC 4568, RFC 5763).

use std::net::SocketAddr;

use ringdown_types::{CodecId, MediaDirection, Random, VideoSlot};

use crate::{
    description::{Attribute, MediaSection, Protocol},
    error::SdpError,
    local::{AgreedAudio, Course, Draft, LocalFormats, LocalIdentity, answer_sections, direction_attribute},
    negotiated::{Answer, Negotiated, NegotiatedTransport, packet_time},
    payload_types::{Defaults, PayloadTypes},
    remote::{Peer, RemoteAudio, RemoteDescription, RemoteTransport},
    security::{LocalSecurity, NegotiatedSecurity, StreamSecurity},
    video::{AgreedVideo, LocalVideo, NegotiatedVideo, RemoteVideo, VideoWish},
};

/// Our side of the media session with one telephone: one dialog, from its first offer to its end.
///
/// ```text
///            offer()                     answer()
///   Stable ───────────► OfferPending     Stable ──► Stable
///     ▲   handle_answer()    │
///     └── withdraw_offer() ──┘
/// ```
///
/// A forked INVITE has one offer and many dialogs: clone the session for each.
#[derive(Debug, Clone)]
pub struct TelephoneSession {
    course: Course,
    rtp: SocketAddr,
    protocol: Protocol,
    rtcp_mux: bool,
    security: StreamSecurity,
    /// By [`VideoSlot::index`].
    video_security: [StreamSecurity; VideoSlot::ALL.len()],
}

impl TelephoneSession {
    /// A session that receives RTP at `rtp` and, unless multiplexed, RTCP on the next port. Of
    /// [`StreamSecurity::for_session`] the first is the voice's, the others are the camera's and the screen's.
    pub fn new(
        identity: LocalIdentity,
        rtp: SocketAddr,
        [security, camera, screen]: [StreamSecurity; 1 + VideoSlot::ALL.len()],
    ) -> Self {
        let payload_types = PayloadTypes::new(Defaults {
            opus: 111,
            event_8000: 101,
            event_48000: 110,
            admits_comfort_noise: true,
        });
        let course = Course::new(identity, payload_types, rtp.ip(), Peer::Telephone);
        Self {
            course,
            rtp,
            protocol: Protocol::RtpAvp,
            rtcp_mux: false,
            security,
            video_security: [camera, screen],
        }
    }

    /// What stays the same in all we say.
    pub const fn identity(&self) -> &LocalIdentity {
        &self.course.identity
    }

    /// What we do for the telephone's media.
    pub const fn security(&self) -> &LocalSecurity {
        self.security.local()
    }

    /// Makes new keys for the next answer; see [`StreamSecurity::renew_keys`].
    pub fn renew_keys(&mut self, random: &mut dyn Random) {
        self.security.renew_keys(random);
        self.video_security.iter_mut().for_each(|security| security.renew_keys(random));
    }

    /// Makes the next offer one of `RTP/SAVP` alone; see [`StreamSecurity::insist`].
    pub fn insist_on_srtp(&mut self) -> bool {
        for security in &mut self.video_security {
            security.insist();
        }
        self.security.insist()
    }

    /// Whether an offer of ours is unanswered.
    pub const fn is_offer_pending(&self) -> bool {
        self.course.is_pending()
    }

    /// Moves our media to another address; the next description says so.
    pub const fn set_address(&mut self, rtp: SocketAddr) {
        self.rtp = rtp;
    }

    /// What we want of video in all offers and answers from now on; each stream has a port and keys of its own.
    pub fn set_video(&mut self, wishes: Vec<VideoWish>) {
        self.course.video.set_wishes(wishes);
    }

    /// The video streams of an offer of the telephone: which section is the camera, which the screen.
    pub fn video_streams<'a>(&self, offer: &'a RemoteDescription) -> Vec<(VideoSlot, &'a RemoteVideo)> {
        self.course.video.slots(self.course.last(), offer)
    }

    /// Makes an offer, first or later: `codecs` in this order, telephone-event at each clock rate, 20 ms packets, and
    /// the video that is wished for.
    ///
    /// # Errors
    /// [`SdpError::OfferPending`], and [`SdpError::NotAcceptable`] for an empty list.
    pub fn offer(&mut self, codecs: &[CodecId], direction: MediaDirection) -> Result<String, SdpError> {
        let formats = self.course.offered_formats(codecs)?;
        self.protocol = self.security.offer_protocol(&self.protocol);
        // A second association for RTCP costs a telephone more than sharing the port (RFC 5764 §4).
        self.rtcp_mux |= self.security.offers_dtls();
        let mut audio = self.section(&formats, direction, 20);
        self.security.write_offer(&mut audio.attributes);
        let mut videos = self.course.offered_videos();
        let sections = videos.iter_mut().map(|video| (video.section, self.offered_video(video))).collect();
        let draft = Draft {
            connection: self.rtp.ip(),
            attributes: Vec::new(),
            media: self.course.offered_sections(audio, sections),
        };
        Ok(self.course.say_offer(draft, (formats, videos), direction))
    }

    /// What a provisional answer (the 183 of a fork) agrees to; the offer stays pending.
    ///
    /// # Errors
    /// As [`TelephoneSession::handle_answer`].
    pub fn preview_answer(&self, answer: &RemoteDescription) -> Result<Negotiated, SdpError> {
        let (audio, agreed) = self.course.agree(answer)?;
        let security = self.security.agree(&audio.protocol, &audio.security)?;
        let videos = self.course.video.agree(answer).into_iter().filter_map(|video| {
            let RemoteVideo { protocol, security, .. } = video.remote;
            let security = self.video_security(video.local.slot)?.agree(protocol, security).ok()?;
            Some((video, security))
        });
        Ok(self.negotiated(audio, (agreed, security), videos.collect()))
    }

    /// Takes the answer to our offer.
    ///
    /// # Errors
    /// [`SdpError::NoOfferPending`], [`SdpError::AnswerMismatch`], or [`SdpError::NotAcceptable`] where the
    /// telephone rejected the stream or shares no codec. The offer then stays pending.
    pub fn handle_answer(&mut self, answer: &RemoteDescription) -> Result<Negotiated, SdpError> {
        let negotiated = self.preview_answer(answer)?;
        self.course.settle(&negotiated);
        if let NegotiatedTransport::Rtp { security, .. } = negotiated.transport {
            self.security.settle(security);
        }
        for video in &negotiated.videos {
            if let (Some(NegotiatedTransport::Rtp { security, .. }), Some(stream)) =
                (&video.transport, self.video_security.get_mut(video.slot.index()))
            {
                stream.settle(*security);
            }
        }
        Ok(negotiated)
    }

    /// Forgets an offer that was refused; what held before it still holds (RFC 3264 §8).
    pub fn withdraw_offer(&mut self) {
        self.course.withdraw();
    }

    /// Answers an offer with one codec: the first of `preference` the telephone offers; so with each video that is wished
    /// for. The direction is what the offer leaves open of `wanted`.
    ///
    /// # Errors
    /// [`SdpError::OfferPending`] (491), [`SdpError::NotAcceptable`] (488).
    pub fn answer(
        &mut self,
        offer: &RemoteDescription,
        preference: &[CodecId],
        wanted: MediaDirection,
    ) -> Result<Answer, SdpError> {
        let audio = offer.audio()?;
        let agreed = self.course.agree_as_answerer(audio, preference, wanted, 1)?;
        let mut attributes = Vec::new();
        let security = self.security.answer(&audio.protocol, &audio.security, &mut attributes)?;
        self.protocol = audio.protocol.clone();
        // RFC 5761 §5.1.1: rtcp-mux is answered with rtcp-mux.
        self.rtcp_mux = matches!(&audio.transport, RemoteTransport::Rtp(addresses) if addresses.rtcp_mux);
        let mut section = self.section(&agreed.formats(), agreed.direction, packet_time(audio));
        section.attributes.append(&mut attributes);
        let mut sections = vec![(audio.section, section)];
        let mut videos = Vec::new();
        for video in self.course.video_answer(offer, 1) {
            // What cannot be protected as it must be is refused; the voice goes on.
            let mut attributes = Vec::new();
            let RemoteVideo { protocol, security, .. } = video.remote;
            let stream = self.video_security.get_mut(video.local.slot.index());
            let protected = stream.and_then(|own| own.answer(protocol, security, &mut attributes).ok());
            if let Some(protected) = protected {
                let mut section = video_section(&video.local);
                section.attributes.append(&mut attributes);
                sections.push((video.local.section, section));
                videos.push((video, protected));
            }
        }
        let draft = Draft {
            connection: self.rtp.ip(),
            attributes: Vec::new(),
            media: answer_sections(offer, sections, false),
        };
        let description = self.course.say_answer(draft, offer, audio);
        Ok(Answer { description, negotiated: self.negotiated(audio, (agreed, security), videos) })
    }

    fn video_security(&self, slot: VideoSlot) -> Option<&StreamSecurity> {
        self.video_security.get(slot.index())
    }

    /// A video section of our offer, under the protocol its protection asks for.
    fn offered_video(&mut self, video: &mut LocalVideo) -> MediaSection {
        let Some(security) = self.video_security.get_mut(video.slot.index()) else {
            return video_section(video);
        };
        video.protocol = security.offer_protocol(&video.protocol);
        video.rtcp_mux |= security.offers_dtls();
        let mut section = video_section(video);
        security.write_offer(&mut section.attributes);
        section
    }

    fn section(&self, formats: &LocalFormats, direction: MediaDirection, ptime_ms: u8) -> MediaSection {
        let mut section = formats.section(self.rtp.port(), self.protocol.clone());
        formats.attributes(&mut section.attributes);
        section.attributes.push(Attribute::new("ptime", ptime_ms.to_string()));
        if self.rtcp_mux {
            section.attributes.push(Attribute::flag("rtcp-mux"));
        }
        section.attributes.push(direction_attribute(direction));
        section
    }

    fn negotiated(
        &self,
        audio: &RemoteAudio,
        (agreed, security): (AgreedAudio, NegotiatedSecurity),
        videos: Vec<(AgreedVideo<'_>, NegotiatedSecurity)>,
    ) -> Negotiated {
        let video = |(agreed, security): (AgreedVideo<'_>, NegotiatedSecurity)| {
            let remote = agreed.remote.transport.as_ref();
            let transport = remote.map(|remote| NegotiatedTransport::telephone(remote, security));
            NegotiatedVideo::new(agreed, &self.course.identity, transport)
        };
        Negotiated {
            videos: videos.into_iter().map(video).collect(),
            codecs: agreed.codecs,
            telephone_events: agreed.events,
            comfort_noise: agreed.comfort_noise,
            audio_level: None,
            direction: agreed.direction,
            held_by_peer: agreed.held_by_peer,
            ptime_ms: packet_time(audio),
            local_ssrc: self.course.identity.ssrc,
            cname: self.course.identity.cname.clone(),
            transport: NegotiatedTransport::telephone(&audio.transport, security),
        }
    }
}

/// A video section: its transport is a port of its own. Without a port it is refused, but then it is not written.
fn video_section(video: &LocalVideo) -> MediaSection {
    let mut section = video.media_section(video.port.unwrap_or(0));
    video.attributes(&mut section.attributes);
    if video.rtcp_mux {
        section.attributes.push(Attribute::flag("rtcp-mux"));
    }
    section.attributes.push(direction_attribute(video.direction));
    section
}
