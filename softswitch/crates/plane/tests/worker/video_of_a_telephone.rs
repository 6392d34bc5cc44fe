use std::time::Duration;

use ringdown_media::{
    api::{MediaEvent, RtpRemote, RtpSecurity, Transport},
    rtcp::write_picture_loss,
    rtp::parse,
};
use ringdown_plane::SocketKey;
use ringdown_types::{VideoFeedback, VideoSlot};

use crate::{
    browser::Browser,
    camera::{Camera, OURS, asked, seen, set_video, stream},
    phone::{OPUS, PCMA, Phone},
    rig::{Rig, address, audio},
};

const PORT: u16 = 30_000;

/// A browser and a telephone whose video has a port pair of its own.
fn pair(rig: &mut Rig, feedback: VideoFeedback) -> (Browser, Phone) {
    let mut page = Browser::new(crate::rig::leg(1), "198.51.100.20:50000", 1);
    page.add(rig, audio(&[OPUS]), None);
    page.connect(rig);
    set_video(rig, page.leg, vec![stream(VideoSlot::Camera, 0)]);
    let bob = Phone::new(2, PCMA, None);
    rig.add_phone(&bob, audio(&[PCMA]));
    let (rtp, rtcp) = (address("10.0.0.2:5004"), address("10.0.0.2:5005"));
    let remote = Some(RtpRemote { rtp, rtcp, nat_source: None, security: RtpSecurity::None });
    let mut video = stream(VideoSlot::Camera, 8);
    video.transport = Some(Transport::Rtp { local_port: PORT, remote });
    (video.mid, video.extensions, video.feedback) = (None, Vec::new(), feedback);
    video.formats.iter_mut().for_each(|format| format.rtx = None);
    set_video(rig, bob.leg, vec![video]);
    rig.connect(page.leg, bob.leg);
    rig.sent.clear();
    (page, bob)
}

#[test]
fn goes_over_its_own_ports_both_ways() {
    let mut rig = Rig::new();
    let (mut page, bob) = pair(&mut rig, VideoFeedback { pli: true, ..VideoFeedback::default() });
    assert!(rig.ports.contains(&PORT));
    let mut camera = Camera::new(7, 96);
    page.say(&mut rig, &camera.picture(true));
    let to_bob = rig.sent.pop().expect("a packet");
    assert_eq!((to_bob.socket, to_bob.destination), (SocketKey::Rtp(PORT), address("10.0.0.2:5004")));
    assert_eq!(parse(&to_bob.bytes).map(|packet| (packet.ssrc, packet.payload_type)), Ok((OURS, 104)));

    let mut phones_camera = Camera::new(9, 104);
    let picture = phones_camera.picture(true);
    rig.deliver(SocketKey::Rtp(PORT), address("203.0.113.9:5004"), &picture);
    assert_eq!(seen(&mut rig, &mut page), [], "a stranger is not believed");
    rig.deliver(SocketKey::Rtp(PORT), address("10.0.0.2:5004"), &picture);
    assert_eq!(seen(&mut rig, &mut page).len(), 1);
    // Its payload type on the audio's port is nothing.
    rig.deliver(SocketKey::Rtp(bob.port), bob.address, &phones_camera.picture(true));
    assert_eq!(seen(&mut rig, &mut page), []);

    // A telephone may take any SSRC for ours.
    rig.advance(Duration::from_secs(1));
    asked(&mut rig, &mut page);
    let mut pli = Vec::new();
    write_picture_loss(&mut pli, 9, 0);
    rig.deliver(SocketKey::Rtcp(PORT), address("10.0.0.2:5005"), &pli);
    assert_eq!(asked(&mut rig, &mut page), ["pli 7"]);

    set_video(&mut rig, bob.leg, Vec::new());
    assert!(!rig.ports.contains(&PORT) && rig.ports.contains(&bob.port));
}

/// RFC 5168 is for those: call control asks by INFO.
#[test]
fn without_feedback_is_asked_by_other_means() {
    let mut rig = Rig::new();
    let (page, bob) = pair(&mut rig, VideoFeedback::default());
    let needed = MediaEvent::KeyFrameNeeded { leg: bob.leg, slot: VideoSlot::Camera };
    assert_eq!(rig.events.iter().filter(|event| **event == needed).count(), 1);
    let mut camera = Camera::new(9, 104);
    for _ in 0..60 {
        rig.deliver(SocketKey::Rtp(PORT), address("10.0.0.2:5004"), &camera.picture(false));
        rig.advance(Duration::from_millis(33));
    }
    let asked = rig.events.iter().filter(|event| **event == needed).count();
    assert!((5..8).contains(&asked), "{asked} times in 2 s");
    assert!(rig.events.contains(&MediaEvent::VideoStarted { leg: bob.leg, slot: VideoSlot::Camera }));
    drop(page);
}
