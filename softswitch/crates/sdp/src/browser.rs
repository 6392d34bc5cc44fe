//! What we say to a browser: ICE-lite, DTLS-SRTP, audio and video in one bundle (RFC 8829, RFC 9429, RFC 9143).

use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, SocketAddr},
};

use ringdown_types::{CodecId, MediaDirection, VideoSlot};

use crate::{
    attribute::{Setup, sha256_value},
    candidate::Candidate,
    description::{Address, Attribute, MediaSection, Protocol},
    error::{Mismatch, SdpError, Unacceptable},
    local::{AgreedAudio, Course, Draft, LocalFormats, LocalIdentity, answer_sections, direction_attribute},
    negotiated::{Answer, DtlsRole, Negotiated, NegotiatedTransport, packet_time},
    payload_types::{Defaults, PayloadTypes},
    remote::{Peer, RemoteAudio, RemoteDescription, WebRtcParameters},
    video::{AgreedVideo, LocalVideo, NegotiatedVideo, RemoteVideo, VideoWish},
};

/// Our transport towards browsers.
#[derive(Clone, PartialEq, Eq)]
pub struct BrowserTransport {
    /// Our ICE user fragment, at least 4 characters; it names the leg on the shared port.
    pub ufrag: String,
    /// Our ICE password, at least 22 characters.
    pub pwd: String,
    /// SHA-256 of our certificate.
    pub fingerprint: [u8; 32],
    /// Where the browser reaches us, best first: UDP, all of them known at once.
    pub candidates: Vec<SocketAddr>,
}

impl fmt::Debug for BrowserTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BrowserTransport").field("candidates", &self.candidates.len()).finish_non_exhaustive()
    }
}

/// Our side of the media session with one browser; states as in [`TelephoneSession`](crate::TelephoneSession).
///
/// A page that comes back with a new `RTCPeerConnection` may go on with the same session: its offer sets the
/// sections and the payload types anew. Give it new ICE credentials, as [`BrowserSession::restarts_ice`] says.
#[derive(Debug, Clone)]
pub struct BrowserSession {
    course: Course,
    transport: BrowserTransport,
    protocol: Protocol,
    mid: Option<String>,
    bundled: bool,
    association: Option<Association>,
    /// The browser's ufrag of its last description.
    remote_ufrag: Option<String>,
}

/// A DTLS association: it lasts as long as the browser's certificate and session (RFC 8842 §4).
#[derive(Debug, Clone, PartialEq, Eq)]
struct Association {
    fingerprint: [u8; 32],
    session_id: String,
    role: DtlsRole,
}

impl BrowserSession {
    /// A session over `transport`.
    pub fn new(identity: LocalIdentity, transport: BrowserTransport) -> Self {
        // The numbers Chromium uses, so that a relay between two browsers has nothing to rewrite.
        let payload_types = PayloadTypes::new(Defaults {
            opus: 111,
            event_8000: 126,
            event_48000: 110,
            admits_comfort_noise: false,
        });
        let address = default_address(&transport).ip();
        Self {
            course: Course::new(identity, payload_types, address, Peer::Browser),
            transport,
            protocol: Protocol::UdpTlsRtpSavpf,
            mid: Some("0".to_owned()),
            bundled: true,
            association: None,
            remote_ufrag: None,
        }
    }

    /// What stays the same in all we say.
    pub const fn identity(&self) -> &LocalIdentity {
        &self.course.identity
    }

    /// Our transport as the next description says it.
    pub const fn transport(&self) -> &BrowserTransport {
        &self.transport
    }

    /// The `a=mid` of the audio section, for trickled candidates.
    pub fn mid(&self) -> Option<&str> {
        self.mid.as_deref()
    }

    /// Whether an offer of ours is unanswered.
    pub const fn is_offer_pending(&self) -> bool {
        self.course.is_pending()
    }

    /// Our candidates, for trickling (RFC 8840). Descriptions carry all of them too.
    pub fn candidates(&self) -> impl Iterator<Item = Candidate> {
        (0..).zip(&self.transport.candidates).map(|(index, address)| Candidate::host(index, *address))
    }

    /// Whether a description of the browser restarts ICE: then call [`BrowserSession::set_ice_credentials`] before
    /// answering it (RFC 8839 §4.4.1.1.1). A first description restarts nothing.
    pub fn restarts_ice(&self, remote: &RemoteDescription) -> bool {
        let ufrag = remote.audio().ok().and_then(RemoteAudio::web_rtc).map(|web_rtc| &web_rtc.ufrag);
        self.remote_ufrag.as_ref().is_some_and(|known| ufrag.is_some_and(|ufrag| ufrag != known))
    }

    /// Changes our ICE credentials; the next description says them. In an offer that restarts ICE.
    pub fn set_ice_credentials(&mut self, ufrag: String, pwd: String) {
        self.transport.ufrag = ufrag;
        self.transport.pwd = pwd;
    }

    /// What we want of video in all offers and answers from now on.
    pub fn set_video(&mut self, wishes: Vec<VideoWish>) {
        self.course.video.set_wishes(wishes);
    }

    /// The video streams of an offer of the browser: which section is the camera, which the screen.
    pub fn video_streams<'a>(&self, offer: &'a RemoteDescription) -> Vec<(VideoSlot, &'a RemoteVideo)> {
        self.course.video.slots(self.course.last(), offer)
    }

    /// Makes an offer, first or later: `codecs` in this order, telephone-event at each clock rate, and the video that is
    /// wished for.
    ///
    /// # Errors
    /// [`SdpError::OfferPending`], and [`SdpError::NotAcceptable`] for an empty list.
    pub fn offer(&mut self, codecs: &[CodecId], direction: MediaDirection) -> Result<String, SdpError> {
        let formats = self.course.offered_formats(codecs)?;
        // RFC 8842 §5.2: an offer says actpass, also when the association goes on.
        let audio = self.section(&formats, direction, Setup::ActPass);
        let videos = self.course.offered_videos();
        let sections = videos.iter().map(|video| (video.section, self.offered_video(video))).collect();
        let draft = self.draft(self.course.offered_sections(audio, sections));
        Ok(self.course.say_offer(draft, (formats, videos), direction))
    }

    /// What a provisional answer agrees to; the offer stays pending.
    ///
    /// # Errors
    /// As [`BrowserSession::handle_answer`].
    pub fn preview_answer(&self, answer: &RemoteDescription) -> Result<Negotiated, SdpError> {
        let (audio, agreed) = self.course.agree(answer)?;
        let web_rtc = audio.web_rtc().ok_or(Mismatch::Transport)?;
        let role = match web_rtc.setup {
            Some(Setup::Active) => DtlsRole::Server,
            Some(Setup::Passive) => DtlsRole::Client,
            // RFC 8842 §5.3: an answer chooses one of the two.
            Some(Setup::ActPass | Setup::HoldConn) | None => return Err(Mismatch::Setup.into()),
        };
        let videos = self.course.video.agree(answer);
        let transport = NegotiatedTransport::browser(web_rtc, role);
        Ok(self.negotiated(audio, (agreed, videos), transport))
    }

    /// Takes the answer to our offer.
    ///
    /// # Errors
    /// [`SdpError::NoOfferPending`], [`SdpError::AnswerMismatch`], or [`SdpError::NotAcceptable`] where the
    /// browser rejected the stream or shares no codec. The offer then stays pending.
    pub fn handle_answer(&mut self, answer: &RemoteDescription) -> Result<Negotiated, SdpError> {
        let negotiated = self.preview_answer(answer)?;
        self.course.settle(&negotiated);
        self.remember(answer, &negotiated.transport);
        Ok(negotiated)
    }

    /// Forgets an offer that was refused or rolled back; what held before it still holds.
    pub fn withdraw_offer(&mut self) {
        self.course.withdraw();
    }

    /// Answers an offer with every codec of `preference` the browser offers, in that order, and with the video that is
    /// wished for. The direction is what the offer leaves open of `wanted`.
    ///
    /// # Errors
    /// [`SdpError::OfferPending`], [`SdpError::NotAcceptable`].
    pub fn answer(
        &mut self,
        offer: &RemoteDescription,
        preference: &[CodecId],
        wanted: MediaDirection,
    ) -> Result<Answer, SdpError> {
        let audio = offer.audio()?;
        let agreed = self.course.agree_as_answerer(audio, preference, wanted, CodecId::ALL.len())?;
        let web_rtc = audio.web_rtc().ok_or(Unacceptable::Transport)?;
        let role = self.answering_role(web_rtc, offer);

        self.protocol = audio.protocol.clone();
        self.mid.clone_from(&audio.mid);
        // RFC 9143 §7.3: an answer bundles only what the offer bundled.
        self.bundled = audio.mid.as_deref().is_some_and(|mid| offer.description().bundle_of(mid).is_some());
        let setup = if role == DtlsRole::Server { Setup::Passive } else { Setup::Active };
        let section = self.section(&agreed.formats(), agreed.direction, setup);
        let videos = self.course.video_answer(offer, CODINGS);
        let mut sections = vec![(audio.section, section)];
        sections.extend(videos.iter().map(|video| (video.local.section, self.answered_video(video, setup))));
        let draft = self.draft(answer_sections(offer, sections, true));
        let description = self.course.say_answer(draft, offer, audio);
        let transport = NegotiatedTransport::browser(web_rtc, role);
        self.remember(offer, &transport);
        Ok(Answer { description, negotiated: self.negotiated(audio, (agreed, videos), transport) })
    }

    /// RFC 8842 §5.3: we choose to wait, unless the browser will; an association that goes on keeps its roles.
    fn answering_role(&self, web_rtc: &WebRtcParameters, offer: &RemoteDescription) -> DtlsRole {
        let known = self.association.as_ref().filter(|known| {
            known.fingerprint == web_rtc.fingerprint
                && known.session_id == offer.description().origin.session_id
        });
        match (web_rtc.setup, known) {
            (Some(Setup::ActPass), Some(known)) => known.role,
            (Some(Setup::Passive), _) => DtlsRole::Client,
            // RFC 4145 §4.1: an offer without setup means active.
            (Some(Setup::ActPass | Setup::Active | Setup::HoldConn) | None, _) => DtlsRole::Server,
        }
    }

    fn remember(&mut self, remote: &RemoteDescription, transport: &NegotiatedTransport) {
        if let NegotiatedTransport::WebRtc { ufrag, fingerprint, dtls_role, .. } = transport {
            self.remote_ufrag = Some(ufrag.clone());
            self.association = Some(Association {
                fingerprint: *fingerprint,
                session_id: remote.description().origin.session_id.clone(),
                role: *dtls_role,
            });
        }
    }

    fn draft(&self, media: Vec<MediaSection>) -> Draft {
        let mut attributes = vec![Attribute::flag("ice-lite")];
        // RFC 9143 §7.3.3: a refused section is in no group.
        let enabled = media.iter().filter(|section| !section.is_rejected());
        let mids: Vec<&str> = enabled.filter_map(MediaSection::mid).collect();
        if self.bundled && !mids.is_empty() {
            attributes.push(Attribute::new("group", format!("BUNDLE {}", mids.join(" "))));
        }
        Draft { connection: default_address(&self.transport).ip(), attributes, media }
    }

    /// No RTCP feedback is listed, so none is used, and of header extensions the audio level alone, which ends here: a
    /// relay has nothing to renumber.
    fn section(&self, formats: &LocalFormats, direction: MediaDirection, setup: Setup) -> MediaSection {
        let mut section = formats.section(default_address(&self.transport).port(), self.protocol.clone());
        self.describe_transport(&mut section, (self.mid.as_deref(), direction), setup);
        let attributes = &mut section.attributes;
        attributes.extend(self.candidates().map(|candidate| Attribute::new("candidate", candidate.value())));
        attributes.push(Attribute::flag("end-of-candidates"));
        formats.attributes(attributes);
        attributes.push(Attribute::new("ptime", "20"));
        // RFC 8829 §5.2.1: msid and ssrc stand while we may send.
        if direction.sends() {
            let LocalIdentity { ssrc, cname, .. } = &self.course.identity;
            attributes.push(Attribute::new("msid", format!("{cname} {cname}-audio")));
            attributes.push(Attribute::new("ssrc", format!("{ssrc} cname:{cname}")));
        }
        section
    }

    fn offered_video(&self, video: &LocalVideo) -> MediaSection {
        let mut section = self.video_section(video, Setup::ActPass);
        if video.is_new {
            // RFC 9143 §7.2.1: it has no transport but the bundle's.
            section.port = 0;
            section.attributes.push(Attribute::flag("bundle-only"));
        }
        section
    }

    fn answered_video(&self, video: &AgreedVideo<'_>, setup: Setup) -> MediaSection {
        self.video_section(&video.local, setup)
    }

    fn video_section(&self, video: &LocalVideo, setup: Setup) -> MediaSection {
        let mut section = video.media_section(default_address(&self.transport).port());
        self.describe_transport(&mut section, (video.mid.as_deref(), video.direction), setup);
        let attributes = &mut section.attributes;
        video.attributes(attributes);
        // Whatever the direction: Chromium forgets where to show a source that comes back once it was left out.
        let cname = &self.course.identity.cname;
        let sources = self.course.identity.video_sources(video.slot);
        // The screen is a stream of its own, so that a page plays the camera alone in time with the voice.
        let stream = match video.slot {
            VideoSlot::Camera => cname.clone(),
            VideoSlot::Screen => format!("{cname}-screen"),
        };
        let track = format!("{cname}-{}-track", video.slot.as_str());
        attributes.push(Attribute::new("msid", format!("{stream} {track}")));
        if video.formats.iter().any(|format| format.rtx.is_some()) {
            let group = format!("FID {} {}", sources.ssrc, sources.rtx_ssrc);
            attributes.push(Attribute::new("ssrc-group", group));
            attributes.push(Attribute::new("ssrc", format!("{} cname:{cname}", sources.ssrc)));
            attributes.push(Attribute::new("ssrc", format!("{} cname:{cname}", sources.rtx_ssrc)));
        } else {
            attributes.push(Attribute::new("ssrc", format!("{} cname:{cname}", sources.ssrc)));
        }
        section
    }

    /// What every section of the bundle says of its transport.
    fn describe_transport(
        &self,
        section: &mut MediaSection,
        (mid, direction): (Option<&str>, MediaDirection),
        setup: Setup,
    ) {
        section.connection = Some(Address::Ip(default_address(&self.transport).ip()));
        let attributes = &mut section.attributes;
        attributes.extend(mid.map(|mid| Attribute::new("mid", mid)));
        attributes.push(direction_attribute(direction));
        attributes.push(Attribute::flag("rtcp-mux"));
        attributes.push(Attribute::new("ice-ufrag", &self.transport.ufrag));
        attributes.push(Attribute::new("ice-pwd", &self.transport.pwd));
        attributes.push(Attribute::new("ice-options", "trickle"));
        attributes.push(Attribute::new("fingerprint", sha256_value(&self.transport.fingerprint)));
        attributes.push(Attribute::new("setup", setup.as_str()));
    }

    fn negotiated(
        &self,
        audio: &RemoteAudio,
        (agreed, videos): (AgreedAudio, Vec<AgreedVideo<'_>>),
        transport: NegotiatedTransport,
    ) -> Negotiated {
        let identity = &self.course.identity;
        Negotiated {
            videos: videos.into_iter().map(|video| NegotiatedVideo::new(video, identity, None)).collect(),
            codecs: agreed.codecs,
            telephone_events: agreed.events,
            comfort_noise: agreed.comfort_noise,
            audio_level: agreed.audio_level.map(|level| level.id),
            direction: agreed.direction,
            held_by_peer: agreed.held_by_peer,
            ptime_ms: packet_time(audio),
            local_ssrc: self.course.identity.ssrc,
            cname: self.course.identity.cname.clone(),
            transport,
        }
    }
}

/// Most codings of a stream: what Chromium offers.
const CODINGS: usize = 16;

/// The address of `m=` and `c=`: the best candidate, or "none yet" (RFC 8840 §4.1.1).
fn default_address(transport: &BrowserTransport) -> SocketAddr {
    transport.candidates.first().copied().unwrap_or(SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), 9))
}
