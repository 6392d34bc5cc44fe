//! What holds for any input.

mod support;

use proptest::prelude::*;
use ringdown_sdp::{
    Candidate, Peer, RemoteDescription, SessionDescription, VideoCodec, VideoLimits, VideoWish,
};
use ringdown_types::{CodecId, H264Profile, MediaDirection, VideoCoding, VideoSlot};
use support::*;

/// A description some of whose lines were dropped, doubled, moved, cut or replaced.
fn mutated() -> impl Strategy<Value = String> {
    let edit = (0_usize..6, any::<prop::sample::Index>(), any::<prop::sample::Index>(), line());
    (prop::sample::select(ALL.to_vec()), prop::collection::vec(edit, 0..12)).prop_map(|(text, edits)| {
        let mut lines: Vec<String> = text.split("\r\n").map(str::to_owned).collect();
        for (kind, at, other, line) in edits {
            let (at, other) = (at.index(lines.len()), other.index(lines.len()));
            match kind {
                0 if lines.len() > 1 => drop(lines.remove(at)),
                1 => lines.insert(at, lines[other].clone()),
                2 => lines.swap(at, other),
                3 => {
                    let end = lines[at].char_indices().nth(other % 12).map_or(0, |(end, _)| end);
                    lines[at].truncate(end);
                }
                4 => lines.insert(at, line),
                _ => lines[at] = line,
            }
        }
        lines.join("\r\n")
    })
}

/// A line that means something, or nearly.
fn line() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z]=[ -~]{0,40}",
        "a=(rtpmap|fmtp|ptime|rtcp|candidate|ssrc|group|mid|setup|fingerprint|extmap):[ -~]{0,40}",
        "a=(sendrecv|sendonly|recvonly|inactive|bundle-only|ice-lite|rtcp-mux)",
        "m=(audio|video|application) [0-9]{1,6}(/[0-9])? (RTP/AVP|UDP/TLS/RTP/SAVPF)( [0-9]{1,3}){0,6}",
        "c=IN IP[46] ([0-9]{1,3}\\.){3}[0-9]{1,3}",
        "\\PC{0,30}",
    ]
}

/// Every kind of coding.
const CODINGS: [VideoCoding; 6] = [
    VideoCoding::Vp8,
    VideoCoding::H264 { profile: H264Profile::Baseline, packetization_mode: 1 },
    VideoCoding::H264 { profile: H264Profile::Baseline, packetization_mode: 0 },
    VideoCoding::H264 { profile: H264Profile::High, packetization_mode: 1 },
    VideoCoding::Vp9 { profile: 0 },
    VideoCoding::Av1 { profile: 0 },
];

fn wishes(codings: &[VideoCoding], direction: MediaDirection) -> Vec<VideoWish> {
    let wish = |slot: VideoSlot| VideoWish {
        slot,
        codecs: codings.iter().map(|coding| (*coding, VideoLimits::default())).collect(),
        direction,
        port: Some(31_000 + 2 * slot.index() as u16),
        max_kbps: None,
    };
    VideoSlot::ALL.map(wish).to_vec()
}

fn sections(text: &str) -> usize {
    text.split("\r\n").filter(|line| line.starts_with("m=")).count()
}

proptest! {
    #[test]
    fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..2000)) {
        let _ = SessionDescription::parse(&bytes);
        let _ = RemoteDescription::parse(&bytes, Peer::Browser);
        let _ = String::from_utf8_lossy(&bytes).parse::<Candidate>();
    }

    #[test]
    fn printing_and_parsing_agree(text in mutated()) {
        if let Ok(description) = SessionDescription::parse(text.as_bytes()) {
            let printed = description.to_string();
            let again = SessionDescription::parse(printed.as_bytes());
            prop_assert_eq!(again.as_ref(), Ok(&description));
            prop_assert_eq!(again.map(|again| again.to_string()), Ok(printed));
        }
    }

    #[test]
    fn a_candidate_reads_back(text in "candidate:[ -~]{0,20} [1-9] (udp|tcp) [0-9]{1,9} [a-f0-9.:]{1,20} [0-9]{1,5} typ [a-z]{1,6}( [ -~]{0,30})?") {
        if let Ok(candidate) = text.parse::<Candidate>() {
            prop_assert_eq!(candidate.to_string().parse(), Ok(candidate));
        }
    }

    #[test]
    fn an_answer_has_the_sections_of_its_offer_and_says_what_it_negotiated(
        text in mutated(),
        wanted in prop::sample::select(vec![
            MediaDirection::SendRecv, MediaDirection::SendOnly, MediaDirection::RecvOnly, MediaDirection::Inactive,
        ]),
        is_browser in any::<bool>(),
        codings in prop::sample::subsequence(CODINGS.to_vec(), 0..=CODINGS.len()).prop_shuffle(),
    ) {
        let peer = if is_browser { Peer::Browser } else { Peer::Telephone };
        let Ok(offer) = RemoteDescription::parse(&text, peer) else { return Ok(()) };
        let (mut to_browser, mut to_phone) = (browser_session(), phone_session());
        to_browser.set_video(wishes(&codings, wanted));
        to_phone.set_video(wishes(&codings, wanted));
        let answer = match peer {
            Peer::Browser => to_browser.answer(&offer, &CodecId::ALL, wanted),
            Peer::Telephone => to_phone.answer(&offer, &CodecId::ALL, wanted),
        };
        let Ok(answer) = answer else { return Ok(()) };
        let audio = offer.audio().expect("it was answered");
        prop_assert_eq!(sections(&answer.description), offer.description().media.len());

        let ours = SessionDescription::parse(answer.description.as_bytes()).expect("we print what parses");
        for (index, section) in ours.media.iter().enumerate() {
            let video = offer.videos().iter().find(|video| video.section == index);
            let shares = |codecs: &[VideoCodec]| codecs.iter().any(|codec| codings.contains(&codec.coding));
            if section.is_rejected() {
                prop_assert_ne!(index, audio.section);
                let is_third = offer.videos().len() > 2;
                prop_assert!(is_third || !video.is_some_and(|video| shares(video.codecs())));
            } else {
                prop_assert!(index == audio.section || video.is_some_and(|video| shares(video.codecs())));
            }
            prop_assert_eq!(&section.kind, &offer.description().media[index].kind);
            prop_assert_eq!(&section.protocol, &offer.description().media[index].protocol);
        }
        let direction = ours.direction(&ours.media[audio.section]);
        prop_assert_eq!(direction, answer.negotiated.direction);
        prop_assert!(!direction.sends() || audio.direction.receives() && wanted.sends());
        prop_assert!(!direction.receives() || audio.direction.sends() && wanted.receives());
        prop_assert!(!answer.negotiated.codecs.is_empty());
        let served = ours.media.iter().filter(|section| !section.is_rejected()).count();
        prop_assert_eq!(served, 1 + answer.negotiated.videos.len());
        for video in &answer.negotiated.videos {
            prop_assert!(!video.codecs.is_empty() && video.codecs.iter().all(|codec| codings.contains(&codec.coding)));
            prop_assert!(!video.direction.sends() || wanted.sends());
        }
    }

    #[test]
    fn our_offer_and_an_answer_of_ours_fit_together(
        codecs in prop::sample::subsequence(CodecId::ALL.to_vec(), 1..=3).prop_shuffle(),
        preference in Just(CodecId::ALL.to_vec()).prop_shuffle(),
        direction in prop::sample::select(vec![MediaDirection::SendRecv, MediaDirection::SendOnly, MediaDirection::Inactive]),
        rounds in prop::collection::vec(
            (
                prop::sample::subsequence(CODINGS.to_vec(), 0..=CODINGS.len()).prop_shuffle(),
                prop::sample::subsequence(CODINGS.to_vec(), 0..=CODINGS.len()).prop_shuffle(),
                any::<bool>(),
            ),
            1..5,
        ),
    ) {
        let (mut caller, mut callee) = (phone_session(), phone_session());
        let mut sections_before = 0;
        for (calling, called, turns) in rounds {
            if turns {
                std::mem::swap(&mut caller, &mut callee);
            }
            caller.set_video(wishes(&calling, direction));
            callee.set_video(wishes(&called, MediaDirection::SendRecv));
            let offer = caller.offer(&codecs, direction).expect("stable");
            prop_assert!(sections(&offer) >= sections_before, "sections never become fewer");
            sections_before = sections(&offer);
            let answer = callee.answer(&phone(&offer), &preference, MediaDirection::SendRecv).expect("audio");
            let negotiated = caller.handle_answer(&phone(&answer.description)).expect("it matches");
            let shared = calling.iter().any(|coding| called.contains(coding));
            prop_assert_eq!(negotiated.videos.len(), if shared { 2 } else { 0 });
            for (ours, theirs) in negotiated.videos.iter().zip(&answer.negotiated.videos) {
                prop_assert_eq!(ours.slot, theirs.slot);
                prop_assert_eq!(ours.direction, theirs.direction.reversed());
                prop_assert_eq!(ours.codecs.len(), 1);
                prop_assert_eq!(ours.codecs[0].coding, theirs.codecs[0].coding);
                prop_assert_eq!(ours.codecs[0].send_payload_type, theirs.codecs[0].receive_payload_type);
                prop_assert_eq!(ours.codecs[0].receive_payload_type, theirs.codecs[0].send_payload_type);
            }
        }
        let offer = caller.offer(&codecs, direction).expect("stable");
        let answer = callee.answer(&phone(&offer), &preference, MediaDirection::SendRecv).expect("codecs in common");
        let negotiated = caller.handle_answer(&phone(&answer.description)).expect("it matches");
        prop_assert_eq!(&negotiated.codecs, &answer.negotiated.codecs);
        prop_assert_eq!(&negotiated.telephone_events, &answer.negotiated.telephone_events);
        prop_assert_eq!(negotiated.direction, answer.negotiated.direction.reversed());
        prop_assert_eq!(negotiated.telephone_events.len(), 1);
    }
}
