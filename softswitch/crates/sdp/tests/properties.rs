//! What holds for any input.

mod support;

use proptest::prelude::*;
use ringdown_sdp::{Candidate, Peer, RemoteDescription, SessionDescription};
use ringdown_types::{CodecId, MediaDirection};
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
    ) {
        let peer = if is_browser { Peer::Browser } else { Peer::Telephone };
        let Ok(offer) = RemoteDescription::parse(&text, peer) else { return Ok(()) };
        let answer = match peer {
            Peer::Browser => browser_session().answer(&offer, &CodecId::ALL, wanted),
            Peer::Telephone => phone_session().answer(&offer, &CodecId::ALL, wanted),
        };
        let Ok(answer) = answer else { return Ok(()) };
        let audio = offer.audio().expect("it was answered");
        prop_assert_eq!(sections(&answer.description), offer.description().media.len());

        let ours = SessionDescription::parse(answer.description.as_bytes()).expect("we print what parses");
        for (index, section) in ours.media.iter().enumerate() {
            prop_assert_eq!(section.is_rejected(), index != audio.section);
            prop_assert_eq!(&section.kind, &offer.description().media[index].kind);
            prop_assert_eq!(&section.protocol, &offer.description().media[index].protocol);
        }
        let direction = ours.direction(&ours.media[audio.section]);
        prop_assert_eq!(direction, answer.negotiated.direction);
        prop_assert!(!direction.sends() || audio.direction.receives() && wanted.sends());
        prop_assert!(!direction.receives() || audio.direction.sends() && wanted.receives());
        prop_assert!(!answer.negotiated.codecs.is_empty());
    }

    #[test]
    fn our_offer_and_an_answer_of_ours_fit_together(
        codecs in prop::sample::subsequence(CodecId::ALL.to_vec(), 1..=3).prop_shuffle(),
        preference in Just(CodecId::ALL.to_vec()).prop_shuffle(),
        direction in prop::sample::select(vec![MediaDirection::SendRecv, MediaDirection::SendOnly, MediaDirection::Inactive]),
    ) {
        let (mut caller, mut callee) = (phone_session(), phone_session());
        let offer = caller.offer(&codecs, direction).expect("stable");
        let answer = callee.answer(&phone(&offer), &preference, MediaDirection::SendRecv).expect("codecs in common");
        let negotiated = caller.handle_answer(&phone(&answer.description)).expect("it matches");
        prop_assert_eq!(&negotiated.codecs, &answer.negotiated.codecs);
        prop_assert_eq!(&negotiated.telephone_events, &answer.negotiated.telephone_events);
        prop_assert_eq!(negotiated.direction, answer.negotiated.direction.reversed());
        prop_assert_eq!(negotiated.telephone_events.len(), 1);
    }
}
