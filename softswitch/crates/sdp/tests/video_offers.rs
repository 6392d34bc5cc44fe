//! Video beside the audio: which sections are served, as what, and what refuses them.

mod support;

use ringdown_sdp::{NegotiatedVideo, Peer, RemoteDescription, VideoLimits, VideoWish};
use ringdown_types::{CodecId, H264Profile, MediaDirection, RtpExtension, VideoCoding, VideoSlot};
use support::{
    CHROMIUM_VIDEO, LINPHONE, assert_has, browser, browser_session, has, phone, phone_session, phone_text,
};

const OPUS: [CodecId; 1] = [CodecId::Opus];
const PCMU: [CodecId; 1] = [CodecId::Pcmu];
const BASELINE: VideoCoding = VideoCoding::H264 { profile: H264Profile::Baseline, packetization_mode: 1 };
const WHOLE_SLICES: VideoCoding = VideoCoding::H264 { profile: H264Profile::Baseline, packetization_mode: 0 };

fn wish(slot: VideoSlot, codings: &[VideoCoding]) -> VideoWish {
    VideoWish {
        slot,
        codecs: codings.iter().map(|coding| (*coding, VideoLimits::default())).collect(),
        direction: MediaDirection::SendRecv,
        port: Some(30_002 + 2 * slot.index() as u16),
        max_kbps: None,
    }
}

fn level(level: u8) -> VideoLimits {
    VideoLimits { level: Some(level), ..VideoLimits::default() }
}

/// The section of a description with this index, from its `m=` line on.
fn section(text: &str, index: usize) -> String {
    format!("m={}", text.split("\r\nm=").nth(index + 1).expect("a section"))
}

fn camera(videos: &[NegotiatedVideo]) -> &NegotiatedVideo {
    let [video] = videos else { panic!("one stream, not {videos:?}") };
    assert_eq!(video.slot, VideoSlot::Camera);
    video
}

#[test]
fn chromiums_camera_is_answered_in_its_bundle() {
    let offer = browser(CHROMIUM_VIDEO);
    let [video] = offer.videos() else { panic!("one video section") };
    let codings: Vec<VideoCoding> = video.codecs().iter().map(|codec| codec.coding).collect();
    assert_eq!(codings.len(), 8, "Baseline counts once for each packetization mode: {codings:?}");
    assert_eq!(codings.first(), Some(&VideoCoding::Vp8));

    let mut session = browser_session();
    session.set_video(vec![wish(VideoSlot::Camera, &[BASELINE, VideoCoding::Vp8])]);
    let answer = session.answer(&offer, &OPUS, MediaDirection::SendRecv).expect("acceptable");
    let text = &answer.description;
    assert_has(text, "a=group:BUNDLE 0 1");
    let said = section(text, 1);
    assert!(said.starts_with("m=video 40000 UDP/TLS/RTP/SAVPF 102 103 96 97\r\n"), "{said}");
    for line in [
        "a=mid:1",
        "a=sendrecv",
        "a=rtcp-mux",
        "a=setup:passive",
        "a=fmtp:102 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42001f",
        "a=fmtp:103 apt=102",
        "a=rtcp-fb:96 nack pli",
        "a=rtcp-fb:96 transport-cc",
        "a=extmap:4 urn:ietf:params:rtp-hdrext:sdes:mid",
    ] {
        assert_has(&said, line);
    }
    assert!(!said.contains("rtp-stream-id") && !said.contains("video-orientation"), "{said}");

    let video = camera(&answer.negotiated.videos);
    let [h264, vp8] = video.codecs.as_slice() else { panic!("two codecs") };
    assert_eq!((h264.coding, h264.send_payload_type, h264.rtx), (BASELINE, 102, Some((103, 103))));
    assert_eq!((vp8.coding, vp8.receive_payload_type, vp8.rtx), (VideoCoding::Vp8, 96, Some((97, 97))));
    assert_eq!(
        video.sources.first().map(|source| (source.ssrc, source.rtx)),
        Some((2_192_731_585, Some(3_449_608_525)))
    );
    assert!(
        video
            .extensions
            .iter()
            .any(|extension| (extension.kind, extension.send_id) == (RtpExtension::Mid, 4))
    );
    assert_has(&said, &format!("a=ssrc-group:FID {} {}", video.local_ssrc, video.local_rtx_ssrc));
}

#[test]
fn nobody_wishes_for_it_so_it_is_refused() {
    let mut session = browser_session();
    let answer =
        session.answer(&browser(CHROMIUM_VIDEO), &OPUS, MediaDirection::SendRecv).expect("acceptable");
    assert!(section(&answer.description, 1).starts_with("m=video 0 UDP/TLS/RTP/SAVPF 96\r\n"));
    assert_has(&answer.description, "a=group:BUNDLE 0");
    assert!(answer.negotiated.videos.is_empty());
}

#[test]
fn outside_the_bundle_there_is_no_transport_for_it() {
    let text = CHROMIUM_VIDEO.replace("a=group:BUNDLE 0 1", "a=group:BUNDLE 0");
    assert!(browser(&text).videos().is_empty());
    assert!(browser(&text).audio().is_ok());
}

#[test]
fn our_offer_is_bundle_only_until_it_is_answered() {
    let mut session = browser_session();
    session.set_video(vec![
        wish(VideoSlot::Camera, &[VideoCoding::Vp8, BASELINE]),
        wish(VideoSlot::Screen, &[VideoCoding::Vp8]),
    ]);
    let offer = session.offer(&[CodecId::Opus, CodecId::Pcma], MediaDirection::SendRecv).expect("an offer");
    assert_has(&offer, "a=group:BUNDLE 0 1 2");
    for (index, slot) in [(1, "camera"), (2, "screen")] {
        let said = section(&offer, index);
        assert!(said.starts_with("m=video 0 UDP/TLS/RTP/SAVPF 96 97"), "{said}");
        assert_has(&said, "a=bundle-only");
        assert_has(&said, &format!("a=mid:{index}"));
        assert_eq!(has(&said, "a=content:slides"), slot == "screen");
    }
    // The numbers of the audio are not taken twice.
    let numbers = |index| {
        let said = section(&offer, index);
        let line = said.lines().next().expect("a line").to_owned();
        line.split(' ').skip(3).map(str::to_owned).collect::<Vec<_>>()
    };
    assert!(numbers(0).iter().all(|number| !numbers(1).contains(number)));

    // The browser takes the camera with one codec and refuses the screen.
    let camera_line = "m=video 9 UDP/TLS/RTP/SAVPF 102";
    let answer = [
        "v=0",
        "o=- 1 1 IN IP4 127.0.0.1",
        "s=-",
        "t=0 0",
        "a=group:BUNDLE 0 1",
        "m=audio 9 UDP/TLS/RTP/SAVPF 111",
        "c=IN IP4 0.0.0.0",
        "a=mid:0",
        "a=rtpmap:111 opus/48000/2",
        "a=ice-ufrag:abcd",
        "a=ice-pwd:abcdefghijklmnopqrstuvwx",
        &format!("a=fingerprint:sha-256 {}", ["AB"; 32].join(":")),
        "a=setup:active",
        "a=rtcp-mux",
        camera_line,
        "c=IN IP4 0.0.0.0",
        "a=mid:1",
        "a=recvonly",
        "a=rtpmap:102 H264/90000",
        "a=fmtp:102 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f",
        "a=rtcp-mux",
        "m=video 0 UDP/TLS/RTP/SAVPF 0",
        "a=mid:2",
        "",
    ]
    .join("\r\n");
    let negotiated = session.handle_answer(&browser(&answer)).expect("an answer");
    let video = camera(&negotiated.videos);
    assert_eq!((video.direction, video.peer_direction), (MediaDirection::SendOnly, MediaDirection::RecvOnly));
    assert_eq!(video.codecs.len(), 1);

    // The next offer knows the camera; the screen begins anew in its place, under another mid.
    let again = session.offer(&OPUS, MediaDirection::SendRecv).expect("an offer");
    assert!(section(&again, 1).starts_with("m=video 40000 ") || section(&again, 1).contains("a=mid:1\r\n"));
    assert_has(&section(&again, 1), "a=mid:1");
    assert!(!has(&again, "a=mid:2"), "a refused section is another one when it is used again: {again}");
    assert_eq!(again.matches("\r\nm=").count(), 3);
}

#[test]
fn a_telephones_numbers_may_mean_something_else_in_each_section() {
    // Linphone numbers Opus and VP8 alike, on ports of their own.
    let mut session = phone_session();
    session.set_video(vec![wish(VideoSlot::Camera, &[VideoCoding::Vp8, WHOLE_SLICES])]);
    let answer = session.answer(&phone(LINPHONE), &OPUS, MediaDirection::SendRecv).expect("acceptable");
    assert_eq!(answer.negotiated.codecs[0].send_payload_type, 96);
    let video = camera(&answer.negotiated.videos);
    assert_eq!(video.codecs.iter().map(|codec| codec.coding).collect::<Vec<_>>(), [VideoCoding::Vp8]);
    assert!(video.feedback.pli && !video.feedback.fir && video.extensions.is_empty() && video.mid.is_none());
    let said = section(&answer.description, 1);
    assert!(said.starts_with("m=video 30002 RTP/AVPF 96\r\n"), "one codec: {said}");
    assert_has(&said, "a=rtcp-mux");
    assert!(!said.contains("a=ssrc") && !said.contains("extmap") && !said.contains("ice-"), "{said}");
}

#[test]
fn h264_is_answered_with_the_profile_as_written_and_the_lower_level() {
    let text = |fmtp: &str| {
        phone_text(
            "audio 4000 RTP/AVP 0",
            &["m=video 4002 RTP/AVP 99", "a=rtpmap:99 H264/90000", &format!("a=fmtp:99 {fmtp}")],
        )
    };
    let answered = |fmtp: &str, ours: VideoLimits| {
        let mut session = phone_session();
        session.set_video(vec![VideoWish {
            codecs: vec![(WHOLE_SLICES, ours), (BASELINE, ours)],
            ..wish(VideoSlot::Camera, &[])
        }]);
        let answer =
            session.answer(&phone(&text(fmtp)), &PCMU, MediaDirection::SendRecv).expect("acceptable");
        section(&answer.description, 1).lines().find(|line| line.starts_with("a=fmtp:")).map(str::to_owned)
    };
    let fmtp = |parameters: &str| Some(format!("a=fmtp:99 {parameters}"));
    assert_eq!(
        answered("profile-level-id=42801f", level(13)),
        fmtp("packetization-mode=0;profile-level-id=42800d")
    );
    assert_eq!(
        answered("profile-level-id=42e00d;packetization-mode=1", level(31)),
        fmtp("packetization-mode=1;profile-level-id=42e00d"),
        "without level-asymmetry-allowed an answer's level is at most the offer's"
    );
    assert_eq!(
        answered("profile-level-id=42e00d;packetization-mode=1;level-asymmetry-allowed=1", level(31)),
        fmtp("level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f")
    );
    assert_eq!(answered("profile-level-id=64001f", level(31)), None, "another profile");
    assert_eq!(answered("profile-level-id=42e01f;packetization-mode=2", level(31)), None, "interleaved");
    assert_eq!(answered("profile-level-id=zz", level(31)), None);
}

#[test]
fn what_we_do_not_know_does_not_harm_the_voice() {
    for video in [
        "m=video 4002 RTP/AVP 34",
        "m=video 4002 RTP/AVP 99\r\na=rtpmap:99 H263-1998/90000",
        "m=video 4002 RTP/AVP 99\r\na=rtpmap:99 VP8/48000",
        "m=video 4002 TCP/BFCP *",
        "m=video 4002 RTP/AVP 99\r\na=rtpmap:99 AV1/90000\r\na=fmtp:99 profile=7",
    ] {
        let text = phone_text("audio 4000 RTP/AVP 0", &[video]);
        let mut session = phone_session();
        session.set_video(vec![wish(VideoSlot::Camera, &[VideoCoding::Vp8])]);
        let answer = session.answer(&phone(&text), &PCMU, MediaDirection::SendRecv).expect("acceptable");
        assert!(section(&answer.description, 1).starts_with("m=video 0 "), "{video}");
    }
}

#[test]
fn without_a_port_a_telephones_video_is_refused() {
    let text = phone_text("audio 4000 RTP/AVP 0", &["m=video 4002 RTP/AVP 99", "a=rtpmap:99 VP8/90000"]);
    let mut session = phone_session();
    session.set_video(vec![VideoWish { port: None, ..wish(VideoSlot::Camera, &[VideoCoding::Vp8]) }]);
    let answer = session.answer(&phone(&text), &PCMU, MediaDirection::SendRecv).expect("acceptable");
    assert!(section(&answer.description, 1).starts_with("m=video 0 "));
    session
        .offer(&PCMU, MediaDirection::SendRecv)
        .map(|offer| assert!(section(&offer, 1).starts_with("m=video 0 ")))
        .expect("an offer");
}

#[test]
fn bandwidth_and_frame_sizes_are_told_on() {
    let text = phone_text(
        "audio 4000 RTP/AVP 0",
        &["m=video 4002 RTP/AVP 99", "b=AS:384", "a=rtpmap:99 VP8/90000", "a=fmtp:99 max-fs=396;max-fr=15"],
    );
    let offer = RemoteDescription::parse(&text, Peer::Telephone).expect("well formed");
    let [video] = offer.videos() else { panic!("one video section") };
    assert_eq!(video.max_kbps, Some(384));
    let limits = video.codecs()[0].limits;
    let mut session = browser_session();
    session.set_video(vec![VideoWish {
        codecs: vec![(VideoCoding::Vp8, limits)],
        max_kbps: video.max_kbps,
        ..wish(VideoSlot::Camera, &[])
    }]);
    let answer =
        session.answer(&browser(CHROMIUM_VIDEO), &OPUS, MediaDirection::SendRecv).expect("acceptable");
    let said = section(&answer.description, 1);
    assert_has(&said, "b=AS:384");
    assert_has(&said, "a=fmtp:96 max-fs=396;max-fr=15");
}
