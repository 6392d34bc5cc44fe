//! A page and a telephone as far as their video goes.

use ringdown_control::{Command, CommandResult, DescriptionKind, SessionDescription};
use ringdown_media::api::VideoStream;
use ringdown_types::{LegId, MediaDirection, SessionId, UserId, VideoSlot};

use super::{Office, phone::Phone};

/// A coding as devices write it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Coding {
    pub(crate) map: &'static str,
    pub(crate) fmtp: &'static str,
}

pub(crate) const VP8: Coding = Coding { map: "VP8/90000", fmtp: "" };
pub(crate) const VP9: Coding = Coding { map: "VP9/90000", fmtp: "profile-id=0" };
pub(crate) const AV1: Coding = Coding { map: "AV1/90000", fmtp: "level-idx=5;profile=0;tier=0" };
pub(crate) const H264: Coding = Coding {
    map: "H264/90000",
    fmtp: "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f",
};
/// H.264 as telephones have it: a smaller picture, whole slices.
pub(crate) const H264_PHONE: Coding =
    Coding { map: "H264/90000", fmtp: "packetization-mode=0;profile-level-id=42800d" };
pub(crate) const H264_MODE_0: Coding = Coding {
    map: "H264/90000",
    fmtp: "level-asymmetry-allowed=1;packetization-mode=0;profile-level-id=42e01f",
};

/// A section of a page's descriptions.
#[derive(Debug, Clone)]
struct Section {
    mid: String,
    is_video: bool,
    /// What the page would do; a stopped one is refused for good.
    direction: MediaDirection,
    is_stopped: bool,
    content: Option<&'static str>,
    /// What both agreed on, seen from the page.
    agreed: Option<MediaDirection>,
    /// The payload types agreed on.
    formats: Vec<String>,
    stream: Option<String>,
}

/// A page that keeps its descriptions as JSEP wants them: sections stay, and new ones follow.
#[derive(Debug)]
pub(crate) struct Page {
    pub(crate) session: SessionId,
    pub(crate) leg: Option<LegId>,
    codings: Vec<Coding>,
    sections: Vec<Section>,
    mids: u32,
    /// What it shows when it is called.
    pub(crate) answers_with: MediaDirection,
    /// Descriptions of the switch it has seen.
    seen: usize,
    /// How many offers of the switch it answered.
    pub(crate) answered: usize,
    /// Whether an offer of its own waits for its answer.
    is_offering: bool,
}

impl Page {
    pub(crate) fn new(office: &mut Office, user: UserId, codings: &[Coding]) -> Self {
        Self {
            session: office.tab(user),
            leg: None,
            codings: codings.to_vec(),
            sections: Vec::new(),
            mids: 0,
            answers_with: MediaDirection::RecvOnly,
            seen: 0,
            answered: 0,
            is_offering: false,
        }
    }

    /// A page that shows its camera to whoever calls with video.
    pub(crate) fn with_camera(mut self) -> Self {
        self.answers_with = MediaDirection::SendRecv;
        self
    }

    fn add(&mut self, is_video: bool, direction: MediaDirection) {
        let mid = self.mids.to_string();
        self.mids += 1;
        let new = Section {
            mid,
            is_video,
            direction,
            is_stopped: false,
            content: None,
            agreed: None,
            formats: Vec::new(),
            stream: None,
        };
        match self.sections.iter_mut().find(|section| section.is_stopped) {
            // RFC 8829 §5.2.2: a stopped section is used again, as another one.
            Some(stopped) if is_video => *stopped = new,
            _ => self.sections.push(new),
        }
    }

    /// Its video section of this number, whatever slot.
    fn video(&mut self, index: usize) -> &mut Section {
        self.sections.iter_mut().filter(|section| section.is_video).nth(index).expect("a video section")
    }

    /// What was agreed on for a video section, seen from the page; `None` where it is refused or not there.
    pub(crate) fn agreed(&self, index: usize) -> Option<MediaDirection> {
        self.sections.iter().filter(|section| section.is_video).nth(index)?.agreed
    }

    /// The msid of the stream it sees in a video section.
    pub(crate) fn stream(&self, index: usize) -> Option<&str> {
        self.sections.iter().filter(|section| section.is_video).nth(index)?.stream.as_deref()
    }

    /// How many video sections it has.
    pub(crate) fn videos(&self) -> usize {
        self.sections.iter().filter(|section| section.is_video).count()
    }

    /// Calls with its camera.
    pub(crate) fn call(&mut self, office: &mut Office, user: UserId, to: &str) -> LegId {
        self.add(false, MediaDirection::SendRecv);
        self.add(true, MediaDirection::SendRecv);
        self.start(office, user, to)
    }

    /// Calls without a picture.
    pub(crate) fn call_by_voice(&mut self, office: &mut Office, user: UserId, to: &str) -> LegId {
        self.add(false, MediaDirection::SendRecv);
        self.start(office, user, to)
    }

    fn start(&mut self, office: &mut Office, user: UserId, to: &str) -> LegId {
        let (session, offer) = (self.session, self.offer());
        let start =
            Command::StartCall { session, user, to: to.to_owned(), offer, variables: Default::default() };
        let CommandResult::Started { leg, .. } = office.command(start) else { panic!("the call starts") };
        self.leg = Some(leg);
        self.sync(office);
        leg
    }

    /// Answers the call that rings.
    pub(crate) fn answer_call(&mut self, office: &mut Office) -> LegId {
        let (leg, offer) = office.browsers[&self.session].offered.last().cloned().expect("the page rings");
        self.leg = Some(leg);
        let description = Some(self.answer(&offer.sdp));
        assert_eq!(office.command(Command::Answer { leg, description }), CommandResult::Done);
        leg
    }

    /// Whether the call that rings is offered with video.
    pub(crate) fn rings_with_video(&self, office: &Office) -> bool {
        let (_, offer) = office.browsers[&self.session].offered.last().expect("the page rings");
        offer.sdp.contains("m=video")
    }

    /// Shows something more, in a new section.
    pub(crate) fn show_more(&mut self, office: &mut Office, content: Option<&'static str>) {
        self.add(true, MediaDirection::SendRecv);
        let added =
            self.sections.iter_mut().rev().find(|section| section.is_video && section.agreed.is_none());
        added.expect("just added").content = content;
        self.offer_again(office);
    }

    /// Changes what it does in a video section.
    pub(crate) fn turn(&mut self, office: &mut Office, index: usize, direction: MediaDirection) {
        self.video(index).direction = direction;
        self.offer_again(office);
    }

    /// Stops a video section for good.
    pub(crate) fn stop(&mut self, office: &mut Office, index: usize) {
        self.video(index).is_stopped = true;
        self.offer_again(office);
    }

    pub(crate) fn offer_again(&mut self, office: &mut Office) {
        let (leg, description) = (self.leg.expect("a call"), self.offer());
        assert_eq!(office.command(Command::Describe { leg, description }), CommandResult::Done);
        self.sync(office);
    }

    /// Overlooks what the switch said just now: an offer of its own was under way.
    pub(crate) fn forget_offers(&mut self, office: &Office) {
        self.seen = office.browsers[&self.session].descriptions.len();
    }

    /// Shows these, camera and screen, as the library does: one offer at a time, and no new one before its answer is read.
    pub(crate) fn shows(&mut self, office: &mut Office, shown: &[bool]) {
        if self.is_offering {
            return;
        }
        let mut changed = false;
        for (slot, shown) in VideoSlot::ALL.into_iter().zip(shown) {
            if *shown && self.of(slot).is_none() {
                // The switch takes the first video section for the camera's.
                if self.of(VideoSlot::Camera).is_none() {
                    self.add(true, MediaDirection::RecvOnly);
                }
                if self.of(slot).is_none() {
                    self.add(true, MediaDirection::RecvOnly);
                }
            }
            let Some(section) = self.of(slot) else { continue };
            let direction = if *shown { MediaDirection::SendRecv } else { MediaDirection::RecvOnly };
            changed |= section.direction != direction;
            section.direction = direction;
        }
        if changed {
            let (leg, description) = (self.leg.expect("a call"), self.offer());
            assert_eq!(office.command(Command::Describe { leg, description }), CommandResult::Done);
            self.is_offering = true;
        }
    }

    /// Reads the next description of the switch. An offer that crosses the page's own is void; what is shown meanwhile is
    /// offered afterwards.
    pub(crate) fn read_one(&mut self, office: &mut Office, shown: &[bool]) {
        office.run();
        let Some((leg, description)) = office.browsers[&self.session].descriptions.get(self.seen).cloned()
        else {
            return self.shows(office, shown);
        };
        self.seen += 1;
        match description.kind {
            DescriptionKind::Answer => {
                self.take_answer(&description.sdp);
                self.is_offering = false;
            }
            DescriptionKind::Offer if self.is_offering => return,
            DescriptionKind::Offer => {
                let answer = self.answer(&description.sdp);
                assert_eq!(
                    office.command(Command::Describe { leg, description: answer }),
                    CommandResult::Done
                );
            }
        }
        self.shows(office, shown);
    }

    /// What was agreed on for a slot, seen from the page.
    pub(crate) fn agreed_of(&self, slot: VideoSlot) -> Option<MediaDirection> {
        self.place_of(slot).and_then(|place| self.sections[place].agreed)
    }

    fn of(&mut self, slot: VideoSlot) -> Option<&mut Section> {
        let place = self.place_of(slot)?;
        self.sections.get_mut(place)
    }

    /// Where a slot's section is: slides are the screen, other sections the camera and then the screen.
    fn place_of(&self, slot: VideoSlot) -> Option<usize> {
        let mut others = Vec::new();
        let mut screen = None;
        for (place, section) in self.sections.iter().enumerate().filter(|(_, section)| section.is_video) {
            match section.content {
                Some("slides") => screen = Some(place),
                _ => others.push(place),
            }
        }
        match slot {
            VideoSlot::Camera => others.first().copied(),
            VideoSlot::Screen => screen.or(others.get(1).copied()),
        }
    }

    /// Reads what the switch said; answers its offers. Whether there was anything.
    pub(crate) fn sync(&mut self, office: &mut Office) -> bool {
        let said = office.browsers[&self.session].descriptions.clone();
        let new = said.get(self.seen..).unwrap_or_default().to_vec();
        self.seen = said.len();
        for (leg, description) in &new {
            match description.kind {
                DescriptionKind::Answer => self.take_answer(&description.sdp),
                DescriptionKind::Offer => {
                    self.answered += 1;
                    let answer = self.answer(&description.sdp);
                    let describe = Command::Describe { leg: *leg, description: answer };
                    assert_eq!(office.command(describe), CommandResult::Done);
                }
            }
        }
        !new.is_empty()
    }

    /// The page's offer, which the switch does not get yet.
    pub(crate) fn offer(&self) -> SessionDescription {
        let sections = self.sections.iter().map(|section| self.section(section, section.direction, None));
        let sdp = self.description(&sections.collect::<Vec<_>>());
        SessionDescription { kind: DescriptionKind::Offer, sdp }
    }

    fn take_answer(&mut self, sdp: &str) {
        let answered = sections_of(sdp);
        assert_eq!(answered.len(), self.sections.len(), "an answer has the offer's sections");
        for (section, text) in self.sections.iter_mut().zip(answered) {
            note(section, text, None);
        }
    }

    fn answer(&mut self, sdp: &str) -> SessionDescription {
        let offered = sections_of(sdp);
        for text in offered.iter().skip(self.sections.len()) {
            let is_video = text.starts_with("video");
            self.add(is_video, if is_video { self.answers_with } else { MediaDirection::SendRecv });
        }
        let mut written = Vec::new();
        for (index, text) in offered.iter().enumerate() {
            let mid = value(text, "a=mid:").expect("a mid").to_owned();
            if self.sections[index].mid != mid {
                // A section that is used again, or one the switch made.
                self.sections[index].mid = mid;
                self.sections[index].is_stopped = false;
            }
            let offered_direction = direction(text);
            let section = &self.sections[index];
            let shared: Vec<String> = formats(text).filter(|format| self.knows(text, format)).collect();
            let is_refused = section.is_video && (shared.is_empty() || is_refused(text));
            let answered = offered_direction.reversed().intersect(section.direction);
            written.push(if is_refused {
                format!("m=video 0 UDP/TLS/RTP/SAVPF 0\r\na=mid:{}\r\n", section.mid)
            } else {
                self.section(section, answered, Some((text, &shared)))
            });
            note(&mut self.sections[index], text, Some(answered));
            if is_refused {
                self.sections[index].agreed = None;
                self.sections[index].is_stopped = true;
            }
        }
        SessionDescription { kind: DescriptionKind::Answer, sdp: self.description(&written) }
    }

    /// Whether a format of an offer is one of the page's codings.
    fn knows(&self, text: &str, format: &str) -> bool {
        let map = value(text, &format!("a=rtpmap:{format} ")).unwrap_or_default();
        let fmtp = value(text, &format!("a=fmtp:{format} ")).unwrap_or_default();
        self.codings.iter().any(|coding| {
            let key = |text: &str| {
                let part =
                    |key: &str| text.split(';').find_map(|pair| pair.strip_prefix(key).map(str::to_owned));
                (
                    part("packetization-mode="),
                    part("profile-level-id=").map(|id| id[..2].to_owned()),
                    part("profile-id="),
                )
            };
            coding.map == map && key(coding.fmtp) == key(fmtp)
        })
    }

    fn section(
        &self,
        section: &Section,
        direction: MediaDirection,
        answering: Option<(&str, &[String])>,
    ) -> String {
        let setup = if answering.is_some() { "active" } else { "actpass" };
        let mut text = String::new();
        let direction = if section.is_stopped { MediaDirection::Inactive } else { direction };
        if section.is_video {
            let port = if section.is_stopped { 0 } else { 9 };
            match answering {
                Some((offer, formats)) => {
                    text += &format!("m=video 9 UDP/TLS/RTP/SAVPF {}\r\n", formats.join(" "));
                    for line in offer.lines() {
                        let of_shared = |name: &str| {
                            formats.iter().any(|format| line.starts_with(&format!("a={name}:{format} ")))
                        };
                        if of_shared("rtpmap") || of_shared("fmtp") || of_shared("rtcp-fb") {
                            text += &format!("{line}\r\n");
                        }
                    }
                }
                None => {
                    let numbers: Vec<String> =
                        (0..self.codings.len()).map(|index| (96 + index).to_string()).collect();
                    text += &format!("m=video {port} UDP/TLS/RTP/SAVPF {}\r\n", numbers.join(" "));
                    for (number, coding) in numbers.iter().zip(&self.codings) {
                        text +=
                            &format!("a=rtpmap:{number} {}\r\na=rtcp-fb:{number} nack pli\r\n", coding.map);
                        if !coding.fmtp.is_empty() {
                            text += &format!("a=fmtp:{number} {}\r\n", coding.fmtp);
                        }
                    }
                }
            }
            if let Some(content) = section.content {
                text += &format!("a=content:{content}\r\n");
            }
        } else {
            let offered = answering.map(|(offer, _)| formats(offer)).into_iter().flatten();
            let known: Vec<String> =
                offered.filter(|format| ["111", "0", "8"].contains(&format.as_str())).collect();
            let list = if known.is_empty() { "111 0 8".to_owned() } else { known.join(" ") };
            text += &format!("m=audio 9 UDP/TLS/RTP/SAVPF {list} 126\r\n");
            text += "a=rtpmap:111 opus/48000/2\r\n\
                     a=rtpmap:0 PCMU/8000\r\na=rtpmap:8 PCMA/8000\r\na=rtpmap:126 telephone-event/8000\r\n";
        }
        text += &format!(
            "c=IN IP4 0.0.0.0\r\na=ice-ufrag:bufr\r\na=ice-pwd:lMevqZAmskz1ES57kzBlr7BQ\r\n\
             a=fingerprint:sha-256 {}\r\na=setup:{setup}\r\na=mid:{}\r\na={}\r\na=rtcp-mux\r\n",
            ["AB"; 32].join(":"),
            section.mid,
            name(direction),
        );
        text
    }

    fn description(&self, sections: &[String]) -> String {
        let mids: Vec<&str> = self
            .sections
            .iter()
            .zip(sections)
            .filter(|(_, text)| !text.starts_with("m=video 0 "))
            .map(|(section, _)| section.mid.as_str())
            .collect();
        format!(
            "v=0\r\no=- 42 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE {}\r\n{}",
            mids.join(" "),
            sections.concat()
        )
    }
}

/// Lets everybody answer until nobody is asked anything more.
pub(crate) fn settle(office: &mut Office, pages: &mut [&mut Page]) {
    for _ in 0..20 {
        office.run();
        let mut idle = true;
        for page in &mut *pages {
            idle &= !page.sync(office);
        }
        if idle {
            return;
        }
    }
    panic!("the devices and the switch go on for ever");
}

fn note(section: &mut Section, text: &str, answered: Option<MediaDirection>) {
    let is_refused = is_refused(text);
    let agreed = answered.unwrap_or_else(|| direction(text).reversed());
    section.agreed = (!is_refused).then_some(agreed);
    section.formats = formats(text).collect();
    if text.lines().any(|line| line == "a=content:slides") {
        section.content = Some("slides");
    }
    section.stream = value(text, "a=msid:").and_then(|msid| msid.split(' ').next()).map(str::to_owned);
    if is_refused && section.is_video {
        section.is_stopped = true;
    }
}

fn is_refused(text: &str) -> bool {
    text.split(' ').nth(1) == Some("0") && !text.contains("a=bundle-only")
}

/// The m-sections of a description, each from behind `m=`.
pub(crate) fn sections_of(sdp: &str) -> Vec<&str> {
    sdp.split("\r\nm=").skip(1).collect()
}

fn formats(text: &str) -> impl Iterator<Item = String> {
    text.lines().next().unwrap_or_default().split(' ').skip(3).map(str::to_owned)
}

fn value<'a>(text: &'a str, prefix: &str) -> Option<&'a str> {
    text.lines().find_map(|line| line.strip_prefix(prefix))
}

fn direction(text: &str) -> MediaDirection {
    let all = [
        MediaDirection::SendRecv,
        MediaDirection::SendOnly,
        MediaDirection::RecvOnly,
        MediaDirection::Inactive,
    ];
    let says = |wanted: &MediaDirection| text.lines().any(|line| line == format!("a={}", name(*wanted)));
    all.into_iter().find(says).unwrap_or_default()
}

const fn name(direction: MediaDirection) -> &'static str {
    match direction {
        MediaDirection::SendRecv => "sendrecv",
        MediaDirection::SendOnly => "sendonly",
        MediaDirection::RecvOnly => "recvonly",
        MediaDirection::Inactive => "inactive",
    }
}

/// What the media plane knows of the video of a leg.
pub(crate) fn stream(office: &Office, leg: LegId, slot: VideoSlot) -> Option<&VideoStream> {
    office.media[&leg].video.iter().find(|stream| stream.slot == slot)
}

/// Whether what one leg sends in a slot can be decoded at the other, in every coding it may send.
pub(crate) fn assert_decodable(office: &Office, from: LegId, to: LegId, slot: VideoSlot) {
    let from = stream(office, from, slot).expect("the sender has the stream");
    let to = stream(office, to, slot).expect("the receiver has the stream");
    assert!(from.direction.receives() && to.direction.sends(), "it flows");
    let sent = from.formats.first().expect("a format").coding;
    assert!(to.formats.iter().any(|format| format.coding == sent), "{sent:?} is not decodable");
}

impl Phone {
    /// Its video sections: those it has where it offers; where it answers, one for each that is offered.
    pub(crate) fn videos(&self, direction: &str) -> String {
        let rings = self.call.as_ref().filter(|call| !call.is_caller && !call.answered);
        let offer = self.reoffer.as_ref().or_else(|| rings.map(|call| &call.invite.body));
        let Some(offer) = offer.filter(|offer| !offer.is_empty()) else {
            let sections = self.video.len().max(self.had);
            return (0..sections).map(|index| self.video_section(index, direction)).collect();
        };
        let offer = String::from_utf8_lossy(offer).into_owned();
        let offered = sections_of(&offer).into_iter().filter(|section| section.starts_with("video"));
        let answer = |(index, text): (usize, &str)| {
            let coding = self.video.get(index).map(|(_, coding)| coding.map);
            if is_refused(text) || !coding.is_some_and(|coding| text.contains(coding)) {
                return "m=video 0 RTP/AVP 99\r\n".to_owned();
            }
            let wanted =
                if direction == "sendrecv" { MediaDirection::SendRecv } else { MediaDirection::SendOnly };
            self.video_section(index, name(self::direction(text).reversed().intersect(wanted)))
        };
        offered.enumerate().map(answer).collect()
    }

    fn video_section(&self, index: usize, direction: &str) -> String {
        let Some((port, coding)) = self.video.get(index) else {
            return "m=video 0 RTP/AVP 99\r\n".to_owned();
        };
        let fmtp =
            if coding.fmtp.is_empty() { String::new() } else { format!("a=fmtp:99 {}\r\n", coding.fmtp) };
        format!(
            "m=video {port} RTP/AVP 99\r\na=rtpmap:99 {}\r\n{fmtp}a=rtcp-fb:* nack pli\r\na={direction}\r\n",
            coding.map
        )
    }
}
