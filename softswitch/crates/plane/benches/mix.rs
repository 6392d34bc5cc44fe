//! What a member of a conference costs its worker, without sockets: processor time for receiving, decoding, mixing,
//! encoding and encrypting, as a share of a core. `cargo bench -p ringdown-plane --bench mix [-- opus]`.

#![allow(dead_code, clippy::disallowed_methods, clippy::disallowed_types, missing_docs)]

#[path = "../tests/worker/browser.rs"]
mod browser;
#[path = "../tests/worker/phone.rs"]
mod phone;
#[path = "../tests/worker/rig.rs"]
mod rig;

use std::{net::SocketAddr, time::Duration};

use browser::Browser;
use phone::{G722, OPUS, PCMA, Phone};
use rig::{FRAME, Rig, audio, leg};
use ringdown_media::{
    api::MediaCommand,
    codec::{Encoder, MAX_ENCODED_LENGTH, OpusSettings},
};
use ringdown_plane::{Datagram, SocketKey};
use ringdown_types::{CodecId, MixId};

const ROOM: MixId = MixId::from_u128(9);
/// 5 s, after one in which everything settles.
const FRAMES: usize = 250;
const WARM_UP: usize = 50;

fn main() {
    println!("| members | talk | a member, % of a core | longest tick |\n|---|---|---|---|");
    for (name, codec, transport) in [
        ("PCMA, RTP", PCMA, Kind::Telephone),
        ("G.722, RTP", G722, Kind::Telephone),
        ("Opus, RTP", OPUS, Kind::Telephone),
        ("Opus, SRTP", OPUS, Kind::Browser),
    ] {
        let wanted = std::env::args().skip(1).find(|argument| !argument.starts_with('-')).unwrap_or_default();
        if !name.to_lowercase().contains(&wanted.to_lowercase()) {
            continue;
        }
        for (members, talkers) in [(200, 3), (200, 200), (3, 3)] {
            measure(name, codec, transport, members, talkers);
        }
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Telephone,
    Browser,
}

struct Member {
    phone: Phone,
    browser: Option<Browser>,
}

fn measure(name: &str, codec: (CodecId, u8), kind: Kind, members: u16, talkers: u16) {
    let mut rig = Rig::new();
    let mut room: Vec<Member> = Vec::new();
    for number in 1..=members {
        room.push(enter(&mut rig, codec, kind, number));
        // Handshakes take their time, and pages that say nothing meanwhile are taken for gone.
        if number % 50 == 0 {
            room.iter_mut()
                .filter_map(|member| member.browser.as_mut())
                .for_each(|page| page.keep_consent(&mut rig));
        }
    }
    for member in &room {
        rig.command(MediaCommand::JoinMix { leg: member.phone.leg, mix: ROOM, is_link: false });
    }
    let (voice, quiet) = (said(codec.0, true), said(codec.0, false));
    let (mut spent, mut longest, mut sent) = (Duration::ZERO, Duration::ZERO, 0);
    for frame in 0..WARM_UP + FRAMES {
        let packets: Vec<_> = room
            .iter_mut()
            .enumerate()
            .map(|(index, member)| {
                let said = if index < usize::from(talkers) { &voice } else { &quiet };
                // Everybody is at another place of the same speech.
                member.say(&said[(frame + index * 37) % said.len()])
            })
            .collect();
        let mut slot = [0; 1600];
        let before = processor_time();
        for (socket, source, bytes) in &packets {
            slot[..bytes.len()].copy_from_slice(bytes);
            let datagram =
                Datagram { socket: *socket, source: *source, buffer: &mut slot, length: bytes.len() };
            rig.worker.handle_datagram(rig.clock.now(), datagram, &mut |_, _, _| sent += 1);
        }
        let received = processor_time();
        rig.clock.advance(FRAME);
        rig.worker.handle_timeout(rig.clock.now(), &mut |_, _, _| sent += 1);
        let after = processor_time();
        while rig.worker.poll_output().is_some() {}
        if frame >= WARM_UP {
            spent += after - before;
            longest = longest.max(after - received);
        }
    }
    let share = spent.as_secs_f64() / (FRAME * FRAMES as u32).as_secs_f64() / f64::from(members) * 100.0;
    assert!(sent >= (FRAMES - 2) * usize::from(members), "{sent} packets");
    println!("| {members} × {name} | {talkers} | {share:.3} | {:.1} ms |", longest.as_secs_f64() * 1000.0);
}

fn enter(rig: &mut Rig, codec: (CodecId, u8), kind: Kind, number: u16) -> Member {
    let mut phone = Phone::new(number, codec, None);
    if kind == Kind::Telephone {
        rig.add_phone(&phone, audio(&[codec]));
        return Member { phone, browser: None };
    }
    let at = format!("198.51.100.20:{}", 20_000 + number);
    let mut browser = Browser::new(leg(u128::from(number)), &at, u64::from(number));
    browser.add(rig, audio(&[codec]), None);
    browser.connect(rig);
    assert!(browser.is_connected());
    phone.leg = browser.leg;
    Member { phone, browser: Some(browser) }
}

impl Member {
    fn say(&mut self, payload: &[u8]) -> (SocketKey, SocketAddr, Vec<u8>) {
        let phone = &mut self.phone;
        phone.sequence = phone.sequence.wrapping_add(1);
        phone.timestamp = phone.timestamp.wrapping_add(phone.codec.clock_rate() / 50);
        let packet = phone.packet(phone.sends_as, phone.timestamp, payload);
        match &mut self.browser {
            None => (SocketKey::Rtp(phone.port), phone.address, packet),
            Some(browser) => (SocketKey::WebRtc, browser.address, browser.protect(&packet)),
        }
    }
}

/// Ten seconds of something like speech (harmonics of 140 Hz and hiss, four syllables a second), or of a quiet room.
fn said(codec: CodecId, is_voice: bool) -> Vec<Vec<u8>> {
    let rate = codec.sample_rate();
    let mut encoder = Encoder::new(codec, rate, OpusSettings::default()).expect("its own rate");
    let mut noise = 1_u32;
    let mut sample = |index: u32| {
        noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let hiss = f64::from(noise >> 16) / 32_768.0 - 1.0;
        let time = f64::from(index) / f64::from(rate);
        if !is_voice {
            return (hiss * 15.0) as i16;
        }
        let syllable = (std::f64::consts::TAU * 4.0 * time).sin().max(0.0);
        let harmonics =
            (1..20).map(|n| (std::f64::consts::TAU * 140.0 * f64::from(n) * time).sin() / f64::from(n));
        (syllable * (harmonics.sum::<f64>() * 4000.0 + hiss * 800.0)) as i16
    };
    let mut out = [0; MAX_ENCODED_LENGTH];
    let mut frame = |number: u32| {
        let pcm: Vec<i16> = (0..rate / 50).map(|index| sample(number * rate / 50 + index)).collect();
        let length = encoder.encode(&pcm, &mut out).expect("20 ms");
        out[..length].to_vec()
    };
    (0..500).map(&mut frame).collect()
}

/// What this thread has used of a processor.
fn processor_time() -> Duration {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").expect("Linux");
    let nanoseconds = text.split_whitespace().next().and_then(|field| field.parse().ok());
    Duration::from_nanos(nanoseconds.expect("nanoseconds on a processor"))
}
