//! Hold in its three styles, from either side, and what lifts it.

mod support;

use ringdown_types::{CodecId, MediaDirection};
use support::*;

const PCMA: [CodecId; 1] = [CodecId::Pcma];

#[test]
fn a_telephone_holds_in_three_styles_and_resumes() {
    for (line, answered) in [
        ("a=sendonly", MediaDirection::RecvOnly),
        ("a=inactive", MediaDirection::Inactive),
        ("c=IN IP4 0.0.0.0", MediaDirection::RecvOnly),
        ("c=IN IP6 ::", MediaDirection::RecvOnly),
    ] {
        let mut session = phone_session();
        let normal = phone(&phone_text("audio 4000 RTP/AVP 8", &[]));
        session.answer(&normal, &PCMA, MediaDirection::SendRecv).expect("acceptable");

        let hold = phone(&phone_text("audio 4000 RTP/AVP 8", &[line]));
        assert!(hold.audio().expect("audio").holds(), "{line}");
        let answer = session.answer(&hold, &PCMA, MediaDirection::SendRecv).expect("acceptable");
        assert_eq!(answer.negotiated.direction, answered, "{line}");
        assert!(answer.negotiated.held_by_peer);

        let answer = session.answer(&normal, &PCMA, MediaDirection::SendRecv).expect("acceptable");
        assert_eq!(answer.negotiated.direction, MediaDirection::SendRecv);
        assert!(!answer.negotiated.held_by_peer);
        assert_eq!(version(&answer.description), 3);
    }
}

#[test]
fn the_direction_of_the_session_counts_where_the_section_says_none() {
    let held = phone_text("audio 4000 RTP/AVP 8", &[]).replace("t=0 0\r\n", "t=0 0\r\na=sendonly\r\n");
    assert!(phone(&held).audio().expect("audio").holds());
    let overridden = format!("{held}a=sendrecv\r\n");
    assert!(!phone(&overridden).audio().expect("audio").holds());
}

#[test]
fn we_hold_a_telephone_that_answers_in_any_way() {
    for (line, expected) in [
        ("a=recvonly", MediaDirection::SendOnly),
        ("a=inactive", MediaDirection::Inactive),
        // Not allowed (RFC 3264 §6.1), but some do: we still only send.
        ("a=sendrecv", MediaDirection::SendOnly),
    ] {
        let mut session = phone_session();
        let offer = session.offer(&PCMA, MediaDirection::SendOnly).expect("nothing is pending");
        assert_has(&offer, "a=sendonly");
        let answer = phone(&phone_text("audio 4000 RTP/AVP 8", &[line]));
        assert_eq!(session.handle_answer(&answer).map(|negotiated| negotiated.direction), Ok(expected));
    }
}

#[test]
fn who_is_held_cannot_tell_by_a_forced_answer_whether_it_holds() {
    let mut session = phone_session();
    session.offer(&PCMA, MediaDirection::Inactive).expect("nothing is pending");
    let forced = phone(&phone_text("audio 4000 RTP/AVP 8", &["a=inactive"]));
    assert!(!session.handle_answer(&forced).expect("it matches").held_by_peer);

    let hold = phone(&phone_text("audio 4000 RTP/AVP 8", &["a=sendonly"]));
    session.answer(&hold, &PCMA, MediaDirection::SendRecv).expect("acceptable");
    session.offer(&PCMA, MediaDirection::Inactive).expect("nothing is pending");
    assert!(session.handle_answer(&forced).expect("it matches").held_by_peer, "it still holds");
}

#[test]
fn our_own_hold_stays_through_a_refresh_of_the_peer() {
    let mut session = phone_session();
    let refresh = phone(&phone_text("audio 4000 RTP/AVP 8", &[]));
    let answer = session.answer(&refresh, &PCMA, MediaDirection::SendOnly).expect("acceptable");
    assert_has(&answer.description, "a=sendonly");
    assert_eq!(answer.negotiated.direction, MediaDirection::SendOnly);
}

#[test]
fn a_browser_holds_and_resumes_without_a_new_stream_identity() {
    let mut session = browser_session();
    let normal = browser(CHROMIUM_AUDIO);
    let first = session.answer(&normal, &PCMA, MediaDirection::SendRecv).expect("acceptable");
    for (direction, ours) in [
        ("sendonly", MediaDirection::RecvOnly),
        ("inactive", MediaDirection::Inactive),
        ("recvonly", MediaDirection::SendOnly),
    ] {
        let hold = browser(&CHROMIUM_AUDIO.replace("a=sendrecv", &format!("a={direction}")));
        let answer = session.answer(&hold, &PCMA, MediaDirection::SendRecv).expect("acceptable");
        assert_eq!(answer.negotiated.direction, ours);
        // Chromium refuses an answer whose direction the offer does not leave open.
        assert_eq!(answer.description.contains("a=msid:"), ours.sends());
    }
    let resumed = session.answer(&normal, &PCMA, MediaDirection::SendRecv).expect("acceptable");
    assert_eq!(resumed.negotiated.local_ssrc, first.negotiated.local_ssrc);
    let msid = |text: &str| text.split("\r\n").find(|line| line.starts_with("a=msid:")).map(str::to_owned);
    assert_eq!(msid(&resumed.description), msid(&first.description));
}
