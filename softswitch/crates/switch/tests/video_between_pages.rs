//! Two pages see each other: what is offered, what is answered, and what each is told when the other changes its mind.

mod support;

use ringdown_control::{Command, CommandResult};
use ringdown_media::api::Transport;
use ringdown_types::{LegId, MediaDirection as Direction, VideoCoding, VideoSlot};
use support::{
    video::{AV1, H264, Page, VP8, VP9, assert_decodable, settle, stream},
    *,
};

const CAMERA: VideoSlot = VideoSlot::Camera;
const SCREEN: VideoSlot = VideoSlot::Screen;

/// Alice calls with her camera; bob answers.
fn call(office: &mut Office, alice: &mut Page, bob: &mut Page) -> (LegId, LegId) {
    let a = alice.call(office, ALICE, "102");
    let b = bob.answer_call(office);
    settle(office, &mut [alice, bob]);
    office.assert_talking(a, b);
    (a, b)
}

#[test]
fn both_cameras_flow_without_one_more_offer() {
    let mut office = Office::new();
    let mut alice = Page::new(&mut office, ALICE, &[VP8, H264, VP9]);
    let mut bob = Page::new(&mut office, BOB, &[VP8, H264, VP9, AV1]).with_camera();
    let (a, b) = call(&mut office, &mut alice, &mut bob);
    assert_decodable(&office, a, b, CAMERA);
    assert_decodable(&office, b, a, CAMERA);
    assert_eq!((alice.answered, bob.answered), (0, 0), "nobody is asked twice");
    assert_eq!(alice.agreed(0), Some(Direction::SendRecv));

    let camera = stream(&office, b, CAMERA).expect("bob's camera");
    assert_eq!(camera.transport, None, "it shares the voice's transport");
    assert_eq!(camera.formats[0].coding, VideoCoding::Vp8);
    assert!(camera.feedback.pli && camera.formats[0].rtx.is_none(), "what bob's page listed");
    assert_ne!(camera.local_ssrc, office.media[&b].audio.local_ssrc);
    assert_eq!(camera.cname, office.media[&b].audio.cname);
    let Transport::WebRtc { .. } = office.media[&b].transport else { panic!("a page") };
    office.hang_up(a);
    office.assert_quiet();
}

#[test]
fn a_caller_is_told_that_the_other_side_shows_nothing() {
    let mut office = Office::new();
    let mut alice = Page::new(&mut office, ALICE, &[VP8]);
    let mut bob = Page::new(&mut office, BOB, &[VP8]);
    let (a, b) = call(&mut office, &mut alice, &mut bob);
    assert!(bob.rings_with_video(&office));
    assert_decodable(&office, a, b, CAMERA);
    assert_eq!(alice.agreed(0), Some(Direction::SendOnly));
    assert_eq!(bob.agreed(0), Some(Direction::RecvOnly));

    // Bob shows himself, and hides again.
    bob.turn(&mut office, 0, Direction::SendRecv);
    settle(&mut office, &mut [&mut alice, &mut bob]);
    assert_eq!((alice.agreed(0), bob.agreed(0)), (Some(Direction::SendRecv), Some(Direction::SendRecv)));
    bob.turn(&mut office, 0, Direction::RecvOnly);
    settle(&mut office, &mut [&mut alice, &mut bob]);
    assert_eq!((alice.agreed(0), bob.agreed(0)), (Some(Direction::SendOnly), Some(Direction::RecvOnly)));
    // Alice hides too: both sections stay, dark.
    alice.turn(&mut office, 0, Direction::RecvOnly);
    settle(&mut office, &mut [&mut alice, &mut bob]);
    assert_eq!((alice.agreed(0), bob.agreed(0)), (Some(Direction::Inactive), Some(Direction::Inactive)));
    alice.turn(&mut office, 0, Direction::SendRecv);
    settle(&mut office, &mut [&mut alice, &mut bob]);
    assert_eq!((alice.agreed(0), bob.agreed(0)), (Some(Direction::SendOnly), Some(Direction::RecvOnly)));
    office.hang_up(b);
    office.assert_quiet();
}

#[test]
fn a_call_by_voice_becomes_one_with_pictures() {
    let mut office = Office::new();
    let mut alice = Page::new(&mut office, ALICE, &[VP8, H264]);
    let mut bob = Page::new(&mut office, BOB, &[VP8, H264]);
    let a = alice.call_by_voice(&mut office, ALICE, "102");
    let b = bob.answer_call(&mut office);
    settle(&mut office, &mut [&mut alice, &mut bob]);
    assert!(!bob.rings_with_video(&office), "nobody shows anything");
    assert!(office.media[&a].video.is_empty() && office.media[&b].video.is_empty());

    bob.show_more(&mut office, None);
    settle(&mut office, &mut [&mut alice, &mut bob]);
    assert_decodable(&office, b, a, CAMERA);
    assert_eq!((alice.videos(), alice.agreed(0)), (1, Some(Direction::RecvOnly)));
    assert_eq!(bob.agreed(0), Some(Direction::SendOnly), "he learns that alice shows nothing");
    office.hang_up(a);
    office.assert_quiet();
}

#[test]
fn a_screen_is_a_second_stream() {
    let mut office = Office::new();
    let mut alice = Page::new(&mut office, ALICE, &[VP8]);
    let mut bob = Page::new(&mut office, BOB, &[VP8]).with_camera();
    let (a, b) = call(&mut office, &mut alice, &mut bob);
    bob.answers_with = Direction::RecvOnly;
    alice.show_more(&mut office, None);
    settle(&mut office, &mut [&mut alice, &mut bob]);
    for (from, to, slot) in [(a, b, CAMERA), (b, a, CAMERA), (a, b, SCREEN)] {
        assert_decodable(&office, from, to, slot);
    }
    let ssrc = |slot| stream(&office, b, slot).expect("a stream").local_ssrc;
    assert_ne!(ssrc(CAMERA), ssrc(SCREEN));
    assert_eq!(bob.stream(1).map(|stream| stream.ends_with("-screen")), Some(true));
    assert_eq!(bob.stream(0).map(|stream| stream.ends_with("-screen")), Some(false));

    // The screen ends for good, and another one begins in its place.
    alice.stop(&mut office, 1);
    settle(&mut office, &mut [&mut alice, &mut bob]);
    assert!(stream(&office, a, SCREEN).is_none());
    assert!(!stream(&office, b, SCREEN).is_some_and(|screen| screen.direction.sends()));
    assert_decodable(&office, a, b, CAMERA);
    alice.show_more(&mut office, None);
    settle(&mut office, &mut [&mut alice, &mut bob]);
    assert_eq!((alice.videos(), bob.videos()), (2, 2), "sections are used again");
    assert_decodable(&office, a, b, SCREEN);
    office.hang_up(a);
    office.assert_quiet();
}

#[test]
fn a_screen_without_a_camera_says_slides() {
    let mut office = Office::new();
    let mut alice = Page::new(&mut office, ALICE, &[VP8]);
    let mut bob = Page::new(&mut office, BOB, &[VP8]);
    let a = alice.call_by_voice(&mut office, ALICE, "102");
    let b = bob.answer_call(&mut office);
    settle(&mut office, &mut [&mut alice, &mut bob]);
    alice.show_more(&mut office, Some("slides"));
    settle(&mut office, &mut [&mut alice, &mut bob]);
    assert_decodable(&office, a, b, SCREEN);
    assert!(stream(&office, a, CAMERA).is_none());

    // Bob's camera comes behind the screen in his descriptions, and is the camera all the same.
    bob.show_more(&mut office, None);
    settle(&mut office, &mut [&mut alice, &mut bob]);
    assert_decodable(&office, b, a, CAMERA);
    assert_decodable(&office, a, b, SCREEN);
    office.hang_up(a);
    office.assert_quiet();
}

#[test]
fn what_the_caller_sends_is_narrowed_to_what_the_other_decodes() {
    let mut office = Office::new();
    let mut alice = Page::new(&mut office, ALICE, &[AV1, VP9, VP8]);
    let mut bob = Page::new(&mut office, BOB, &[VP8, VP9]).with_camera();
    let (a, b) = call(&mut office, &mut alice, &mut bob);
    assert_eq!(alice.answered, 1, "she was answered with AV1, which bob cannot decode");
    assert_decodable(&office, a, b, CAMERA);
    assert_decodable(&office, b, a, CAMERA);
    office.hang_up(a);
    office.assert_quiet();
}

#[test]
fn pictures_nobody_can_decode_are_refused_and_the_voice_goes_on() {
    let mut office = Office::new();
    let mut alice = Page::new(&mut office, ALICE, &[AV1]);
    let mut bob = Page::new(&mut office, BOB, &[VP8]).with_camera();
    let (a, b) = call(&mut office, &mut alice, &mut bob);
    assert_eq!((alice.agreed(0), bob.agreed(0)), (Some(Direction::Inactive), None));
    // A page of whose partner it is known is refused with port 0 at once.
    bob.show_more(&mut office, None);
    settle(&mut office, &mut [&mut alice, &mut bob]);
    assert_eq!(bob.agreed(0), None);
    office.assert_talking(a, b);
    office.hang_up(a);
    office.assert_quiet();
}

#[test]
fn offers_that_cross_end_with_both_pictures() {
    let mut office = Office::new();
    let mut alice = Page::new(&mut office, ALICE, &[VP8]);
    let mut bob = Page::new(&mut office, BOB, &[VP8]);
    let (a, b) = call(&mut office, &mut alice, &mut bob);
    // Bob shows himself; alice does not answer the switch's offer but makes her own.
    bob.turn(&mut office, 0, Direction::SendRecv);
    alice.forget_offers(&office);
    alice.offer_again(&mut office);
    settle(&mut office, &mut [&mut alice, &mut bob]);
    assert_decodable(&office, a, b, CAMERA);
    assert_decodable(&office, b, a, CAMERA);
    assert_eq!((alice.agreed(0), bob.agreed(0)), (Some(Direction::SendRecv), Some(Direction::SendRecv)));
    office.hang_up(a);
    office.assert_quiet();
}

#[test]
fn holding_tells_nobody_and_coming_back_shows_what_changed() {
    let mut office = Office::new();
    let mut alice = Page::new(&mut office, ALICE, &[VP8]);
    let mut bob = Page::new(&mut office, BOB, &[VP8]).with_camera();
    let (a, b) = call(&mut office, &mut alice, &mut bob);
    assert_eq!(office.command(Command::Hold { leg: a }), CommandResult::Done);
    settle(&mut office, &mut [&mut alice, &mut bob]);
    assert_eq!((alice.answered, bob.answered), (0, 0));
    // Bob's camera goes off while he is held.
    bob.turn(&mut office, 0, Direction::RecvOnly);
    settle(&mut office, &mut [&mut alice, &mut bob]);
    assert_eq!(alice.agreed(0), Some(Direction::SendRecv), "she does not hear of it yet");
    assert_eq!(office.command(Command::Unhold { leg: a }), CommandResult::Done);
    settle(&mut office, &mut [&mut alice, &mut bob]);
    assert_eq!(alice.agreed(0), Some(Direction::SendOnly));
    assert_decodable(&office, a, b, CAMERA);
    office.hang_up(a);
    office.assert_quiet();
}

#[test]
fn pictures_follow_a_transfer() {
    let mut office = Office::new();
    let mut alice = Page::new(&mut office, ALICE, &[VP8]);
    let mut bob = Page::new(&mut office, BOB, &[VP8]).with_camera();
    let mut carol = Page::new(&mut office, CAROL, &[VP8]).with_camera();
    let (a, b) = call(&mut office, &mut alice, &mut bob);
    assert_eq!(office.command(Command::Transfer { leg: b, to: "103".to_owned() }), CommandResult::Done);
    assert!(carol.rings_with_video(&office));
    let c = carol.answer_call(&mut office);
    settle(&mut office, &mut [&mut alice, &mut carol]);
    office.assert_talking(a, c);
    assert_decodable(&office, a, c, CAMERA);
    assert_decodable(&office, c, a, CAMERA);
    office.hang_up(a);
    office.assert_quiet();
}
