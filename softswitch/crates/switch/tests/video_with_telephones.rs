//! Telephones with video: a port for each stream, one coding, re-INVITEs both ways.

mod support;

use ringdown_media::api::{MediaEvent, MediaFailure, RtpSecurity, Transport};
use ringdown_sip::message::Method;
use ringdown_types::{H264Profile, LegId, MediaDirection as Direction, VideoCoding, VideoSlot};
use support::{
    phone::Phone,
    video::{
        AV1, Coding, H264, H264_MODE_0, H264_PHONE, Page, VP8, assert_decodable, sections_of, settle, stream,
    },
    *,
};

const CAMERA: VideoSlot = VideoSlot::Camera;

fn video_phone(office: &mut Office, username: &str, coding: Coding) -> usize {
    let phone = office.phone(username);
    office.phones[phone].video = vec![(30_100, coding)];
    office.phones[phone].had = 1;
    phone
}

/// The video section of the last description the phone got by a request or a response.
fn video_of(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body).into_owned();
    let section = sections_of(&text).into_iter().find(|section| section.starts_with("video"));
    section.map(str::to_owned).unwrap_or_default()
}

fn invited(phone: &Phone) -> String {
    video_of(&phone.last_request(&Method::Invite).expect("an INVITE").body)
}

fn port(office: &Office, leg: LegId, slot: VideoSlot) -> u16 {
    match stream(office, leg, slot).and_then(|stream| stream.transport.clone()) {
        Some(Transport::Rtp { local_port, .. }) => local_port,
        other => panic!("a port of its own, not {other:?}"),
    }
}

#[test]
fn two_video_phones_see_each_other_over_ports_of_their_own() {
    let mut office = Office::new();
    let (alice, bob) = (
        video_phone(&mut office, "alice-phone", H264_PHONE),
        video_phone(&mut office, "bob-phone", H264_PHONE),
    );
    office.at(alice, |phone| phone.dial("102"));
    assert!(invited(&office.phones[bob]).contains("H264/90000"));
    office.at(bob, Phone::answer);
    let (a, b) = (office.leg_of(ALICE), office.leg_of(BOB));
    office.assert_talking(a, b);
    assert_decodable(&office, a, b, CAMERA);
    assert_decodable(&office, b, a, CAMERA);

    let answer = video_of(&office.phones[alice].last_response().body);
    assert!(answer.starts_with(&format!("video {} RTP/AVP 99\r\n", port(&office, a, CAMERA))), "{answer}");
    assert!(answer.contains("profile-level-id=42800d"), "the profile as alice writes it, bob's level");
    let camera = stream(&office, a, CAMERA).expect("alice's camera");
    assert_eq!(
        camera.formats[0].coding,
        VideoCoding::H264 { profile: H264Profile::Baseline, packetization_mode: 0 }
    );
    let Some(Transport::Rtp { remote: Some(remote), .. }) = &camera.transport else { panic!("an address") };
    assert_eq!((remote.rtp.port(), remote.rtcp.port()), (30_100, 30_101));
    assert_eq!(remote.security, RtpSecurity::None);
    assert!(camera.mid.is_none() && camera.extensions.is_empty());
    let ports = [a, b].map(|leg| port(&office, leg, CAMERA));
    assert!(ports[0] != ports[1] && ports.iter().all(|port| port % 2 == 0));
    office.at(alice, Phone::hang_up);
    office.assert_quiet();
}

#[test]
fn ports_come_back_with_their_legs() {
    // Enough calls to use every port of the range twice, if one were lost each time.
    let mut office = Office::new();
    let (alice, bob) =
        (video_phone(&mut office, "alice-phone", VP8), video_phone(&mut office, "bob-phone", VP8));
    for _ in 0..60 {
        office.at(alice, |phone| phone.dial("102"));
        office.at(bob, Phone::answer);
        assert_decodable(&office, office.leg_of(ALICE), office.leg_of(BOB), CAMERA);
        office.at(alice, Phone::hang_up);
        office.at(alice, |phone| phone.dial("102"));
        office.at(bob, |phone| phone.refuse(486));
    }
    office.assert_quiet();
}

#[test]
fn a_page_and_a_phone_meet_in_h264() {
    let mut office = Office::new();
    let mut alice = Page::new(&mut office, ALICE, &[VP8, H264, H264_MODE_0]);
    let bob = video_phone(&mut office, "bob-phone", H264_PHONE);
    let a = alice.call(&mut office, ALICE, "102");
    let offer = invited(&office.phones[bob]);
    assert!(offer.contains("VP8") && offer.contains("packetization-mode=0"), "{offer}");
    assert!(
        !offer.contains("rtx") && !offer.contains("extmap"),
        "nothing a telephone does not know: {offer}"
    );
    office.at(bob, Phone::answer);
    settle(&mut office, &mut [&mut alice]);
    let b = office.leg_of(BOB);
    assert_decodable(&office, a, b, CAMERA);
    assert_decodable(&office, b, a, CAMERA);
    assert_eq!(alice.answered, 1, "she is asked to speak it");
    assert_eq!(alice.agreed(0), Some(Direction::SendRecv));
    office.hang_up(a);
    office.assert_quiet();
}

#[test]
fn a_phone_calls_a_page() {
    let mut office = Office::new();
    let alice = video_phone(&mut office, "alice-phone", VP8);
    let mut bob = Page::new(&mut office, BOB, &[H264, VP8]).with_camera();
    office.at(alice, |phone| phone.dial("102"));
    assert!(bob.rings_with_video(&office));
    let b = bob.answer_call(&mut office);
    settle(&mut office, &mut [&mut bob]);
    let a = office.leg_of(ALICE);
    assert_decodable(&office, a, b, CAMERA);
    assert_decodable(&office, b, a, CAMERA);
    assert_eq!(bob.answered, 0);
    office.hang_up(b);
    office.assert_quiet();
}

#[test]
fn a_phone_without_video_refuses_and_the_page_goes_dark() {
    let mut office = Office::new();
    let mut alice = Page::new(&mut office, ALICE, &[VP8]);
    let bob = office.phone("bob-phone");
    let a = alice.call(&mut office, ALICE, "102");
    office.at(bob, Phone::answer);
    settle(&mut office, &mut [&mut alice]);
    assert_eq!(alice.agreed(0), Some(Direction::Inactive));
    assert!(office.media[&office.leg_of(BOB)].video.is_empty());
    // It is not asked again because something else changes, but when alice shows herself anew.
    alice.offer_again(&mut office);
    assert_eq!(office.phones[bob].methods(), ["INVITE"]);
    alice.turn(&mut office, 0, Direction::RecvOnly);
    alice.turn(&mut office, 0, Direction::SendRecv);
    settle(&mut office, &mut [&mut alice]);
    assert_eq!(office.phones[bob].methods(), ["INVITE", "INVITE"]);
    assert_eq!(alice.agreed(0), Some(Direction::Inactive));
    office.hang_up(a);
    office.assert_quiet();
}

#[test]
fn a_phone_that_shares_no_coding_is_refused_with_port_0() {
    let mut office = Office::new();
    let (alice, bob) =
        (video_phone(&mut office, "alice-phone", H264_PHONE), video_phone(&mut office, "bob-phone", VP8));
    office.at(alice, |phone| phone.dial("102"));
    office.at(bob, Phone::answer);
    let answer = video_of(&office.phones[alice].last_response().body);
    assert!(answer.starts_with("video 0 RTP/AVP"), "{answer}");
    let (a, b) = (office.leg_of(ALICE), office.leg_of(BOB));
    office.assert_talking(a, b);
    assert!(office.media[&a].video.is_empty() && office.media[&b].video.is_empty());
    office.at(bob, Phone::hang_up);
    office.assert_quiet();
}

#[test]
fn a_phone_adds_and_drops_its_camera() {
    let mut office = Office::new();
    let mut alice = Page::new(&mut office, ALICE, &[VP8]).with_camera();
    let bob = office.phone("bob-phone");
    let a = alice.call_by_voice(&mut office, ALICE, "102");
    office.at(bob, Phone::answer);
    let b = office.leg_of(BOB);
    office.phones[bob].video = vec![(30_100, VP8)];
    office.phones[bob].had = 1;
    office.at(bob, |phone| phone.reinvite("sendrecv"));
    settle(&mut office, &mut [&mut alice]);
    assert_decodable(&office, a, b, CAMERA);
    assert_decodable(&office, b, a, CAMERA);
    let taken = port(&office, b, CAMERA);

    office.phones[bob].video.clear();
    office.at(bob, |phone| phone.reinvite("sendrecv"));
    settle(&mut office, &mut [&mut alice]);
    assert_eq!(alice.agreed(0), Some(Direction::Inactive));
    assert!(office.media[&b].video.is_empty());
    office.phones[bob].video = vec![(30_100, VP8)];
    office.at(bob, |phone| phone.reinvite("sendrecv"));
    settle(&mut office, &mut [&mut alice]);
    assert_decodable(&office, b, a, CAMERA);
    assert_eq!(port(&office, b, CAMERA), taken, "the port it had");
    office.hang_up(a);
    office.assert_quiet();
}

#[test]
fn a_page_adds_its_camera_and_the_phone_is_re_invited() {
    let mut office = Office::new();
    let mut alice = Page::new(&mut office, ALICE, &[AV1, VP8]);
    let bob = office.phone("bob-phone");
    let a = alice.call_by_voice(&mut office, ALICE, "102");
    office.at(bob, Phone::answer);
    settle(&mut office, &mut [&mut alice]);
    office.phones[bob].video = vec![(30_100, VP8)];
    alice.show_more(&mut office, None);
    settle(&mut office, &mut [&mut alice]);
    let b = office.leg_of(BOB);
    assert_eq!(office.phones[bob].methods(), ["INVITE", "INVITE"]);
    assert_decodable(&office, a, b, CAMERA);
    assert_decodable(&office, b, a, CAMERA);

    alice.stop(&mut office, 0);
    settle(&mut office, &mut [&mut alice]);
    assert!(invited(&office.phones[bob]).starts_with("video 0 "), "the section ends, and stays in its place");
    assert!(office.media[&b].video.is_empty());
    office.assert_talking(a, b);
    office.at(bob, Phone::hang_up);
    office.assert_quiet();
}

#[test]
fn a_phone_that_refuses_the_re_invite_keeps_its_call_and_is_left_alone() {
    let mut office = Office::new();
    let mut alice = Page::new(&mut office, ALICE, &[VP8]);
    let bob = office.phone("bob-phone");
    let a = alice.call_by_voice(&mut office, ALICE, "102");
    office.at(bob, Phone::answer);
    settle(&mut office, &mut [&mut alice]);
    office.phones[bob].reinvites = 488;
    alice.show_more(&mut office, None);
    settle(&mut office, &mut [&mut alice]);
    assert_eq!(office.phones[bob].methods(), ["INVITE", "INVITE"]);
    assert_eq!(alice.agreed(0), Some(Direction::Inactive));
    office.assert_talking(a, office.leg_of(BOB));
    office.hang_up(a);
    office.assert_quiet();
}

#[test]
fn re_invites_that_cross_end_with_video() {
    let mut office = Office::new();
    let mut alice = Page::new(&mut office, ALICE, &[VP8]);
    let bob = office.phone("bob-phone");
    let a = alice.call_by_voice(&mut office, ALICE, "102");
    office.at(bob, Phone::answer);
    settle(&mut office, &mut [&mut alice]);
    // The phone is in the middle of something of its own.
    office.phones[bob].reinvites = 491;
    alice.show_more(&mut office, None);
    settle(&mut office, &mut [&mut alice]);
    office.phones[bob].reinvites = 200;
    office.phones[bob].video = vec![(30_100, VP8)];
    office.advance(std::time::Duration::from_secs(5));
    settle(&mut office, &mut [&mut alice]);
    let b = office.leg_of(BOB);
    assert_decodable(&office, a, b, CAMERA);
    assert_decodable(&office, b, a, CAMERA);
    office.hang_up(a);
    office.assert_quiet();
}

#[test]
fn a_phone_holds_a_call_with_video() {
    let mut office = Office::new();
    let mut alice = Page::new(&mut office, ALICE, &[VP8]);
    let bob = video_phone(&mut office, "bob-phone", VP8);
    let a = alice.call(&mut office, ALICE, "102");
    office.at(bob, Phone::answer);
    settle(&mut office, &mut [&mut alice]);
    let b = office.leg_of(BOB);
    let asked = alice.answered;
    for hold in ["sendonly", "inactive"] {
        office.at(bob, |phone| phone.reinvite(hold));
        settle(&mut office, &mut [&mut alice]);
        let answer = video_of(&office.phones[bob].last_response().body);
        assert!(!answer.contains("a=sendrecv") && !answer.contains("a=sendonly"), "{answer}");
        assert!(!answer.starts_with("video 0 "), "the stream is held, not ended");
        assert!(!stream(&office, b, CAMERA).expect("it stays").direction.sends());
        office.at(bob, |phone| phone.reinvite("sendrecv"));
        settle(&mut office, &mut [&mut alice]);
        office.assert_talking(a, b);
        assert_decodable(&office, a, b, CAMERA);
        assert_decodable(&office, b, a, CAMERA);
    }
    assert_eq!(alice.answered, asked, "who is held is told nothing");
    office.hang_up(a);
    office.assert_quiet();
}

#[test]
fn a_caller_without_an_offer_is_asked_later() {
    let mut office = Office::new();
    let (alice, bob) = (office.phone("alice-phone"), office.phone("bob-phone"));
    office.phones[alice].offers_late = true;
    office.at(alice, |phone| phone.dial("102"));
    office.at(bob, Phone::answer);
    let (a, b) = (office.leg_of(ALICE), office.leg_of(BOB));
    office.assert_talking(a, b);
    assert!(office.media[&a].video.is_empty(), "bob shows nothing");
    for phone in [alice, bob] {
        office.phones[phone].video = vec![(30_100, VP8)];
        office.phones[phone].had = 1;
    }
    office.at(bob, |phone| phone.reinvite("sendrecv"));
    assert_decodable(&office, a, b, CAMERA);
    assert_decodable(&office, b, a, CAMERA);
    office.at(alice, Phone::hang_up);
    office.assert_quiet();
}

#[test]
fn slides_of_a_phone_are_the_screen() {
    let mut office = Office::new();
    let (alice, bob) =
        (video_phone(&mut office, "alice-phone", VP8), video_phone(&mut office, "bob-phone", VP8));
    for phone in [alice, bob] {
        office.phones[phone].video.push((30_200, VP8));
        office.phones[phone].had = 2;
    }
    office.at(alice, |phone| phone.dial("102"));
    office.at(bob, Phone::answer);
    let (a, b) = (office.leg_of(ALICE), office.leg_of(BOB));
    assert_decodable(&office, a, b, VideoSlot::Camera);
    assert_decodable(&office, a, b, VideoSlot::Screen);
    assert_ne!(port(&office, a, CAMERA), port(&office, a, VideoSlot::Screen));
    let offer = office.phones[bob].last_request(&Method::Invite).expect("an INVITE").body.clone();
    assert!(String::from_utf8_lossy(&offer).contains("a=content:slides"));
    office.at(alice, Phone::hang_up);
    office.assert_quiet();
}

#[test]
fn whole_pictures_are_asked_for_by_info() {
    let mut office = Office::new();
    let (alice, bob) =
        (video_phone(&mut office, "alice-phone", VP8), video_phone(&mut office, "bob-phone", VP8));
    office.at(alice, |phone| phone.dial("102"));
    office.at(bob, Phone::answer);
    let (a, b) = (office.leg_of(ALICE), office.leg_of(BOB));
    let update = "<media_control><vc_primitive><to_encoder><picture_fast_update/></to_encoder></vc_primitive></media_control>";
    office.at(alice, |phone| phone.info("application/media_control+xml", update));
    assert_eq!(office.phones[alice].last_response().status, 200);
    assert_eq!(office.pictures, [b], "who is seen is asked");

    office.media_event(MediaEvent::KeyFrameNeeded { leg: a, slot: CAMERA });
    let info = office.phones[alice].last_request(&Method::Info).expect("an INFO");
    assert!(String::from_utf8_lossy(&info.body).contains("picture_fast_update"));
    office.at(alice, Phone::hang_up);
    office.assert_quiet();
}

#[test]
fn a_stream_without_a_socket_ends_and_the_call_goes_on() {
    let mut office = Office::new();
    let mut alice = Page::new(&mut office, ALICE, &[VP8]);
    let bob = video_phone(&mut office, "bob-phone", VP8);
    let a = alice.call(&mut office, ALICE, "102");
    office.at(bob, Phone::answer);
    settle(&mut office, &mut [&mut alice]);
    let b = office.leg_of(BOB);
    let failure = MediaFailure::SocketUnavailable;
    office.media_event(MediaEvent::VideoFailed { leg: b, slot: CAMERA, failure });
    settle(&mut office, &mut [&mut alice]);
    assert!(invited(&office.phones[bob]).starts_with("video 0 "));
    assert!(office.media[&b].video.is_empty());
    assert_eq!(alice.agreed(0), Some(Direction::Inactive));
    office.assert_talking(a, b);
    office.hang_up(a);
    office.assert_quiet();
}
