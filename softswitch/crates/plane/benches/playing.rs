//! What playing from encoded sounds costs, beside what sending a packet costs: `cargo bench -p ringdown-plane --bench
//! playing`. Both go to the same socket; the difference is the worker's.

#![allow(dead_code, clippy::disallowed_methods, clippy::disallowed_types, missing_docs)]

#[path = "../tests/worker/browser.rs"]
mod browser;
#[path = "../tests/worker/phone.rs"]
mod phone;
#[path = "../tests/worker/rig.rs"]
mod rig;

use std::{
    net::UdpSocket,
    time::{Duration, Instant},
};

use phone::{OPUS, PCMA, PCMU, Phone};
use rig::{Rig, audio};
use ringdown_media::api::{MediaCommand, PlaySource};
use ringdown_types::PromptId;

const FRAMES: u32 = 50_000;

fn main() {
    let sender = UdpSocket::bind("127.0.0.1:0").expect("a port");
    // Nobody reads: what does not fit is dropped by the kernel, as for every measurement here.
    let receiver = UdpSocket::bind("127.0.0.1:0").expect("a port");
    let to = receiver.local_addr().expect("its address");
    for (name, codec, length) in [("PCMA", PCMA, 172), ("PCMU", PCMU, 172), ("Opus", OPUS, 92)] {
        let packet = vec![0x55; length];
        let start = Instant::now();
        for _ in 0..FRAMES {
            sender.send_to(&packet, to).expect("sent");
        }
        let bare = start.elapsed();

        let mut rig = Rig::new();
        let alice = Phone::new(1, codec, None);
        rig.add_phone(&alice, audio(&[codec]));
        let source = PlaySource::Prompt(PromptId::MusicOnHold);
        rig.command(MediaCommand::Play { leg: alice.leg, source, repeat: true, token: 1 });
        let (mut now, mut octets, mut sent) = (rig.now(), 0, 0_u32);
        let (start, mut without) = (Instant::now(), Duration::ZERO);
        while sent < FRAMES {
            now += Duration::from_millis(20);
            let turn = Instant::now();
            let mut sending = Duration::ZERO;
            rig.worker.handle_timeout(now, &mut |_, _, bytes| {
                let begin = Instant::now();
                sender.send_to(bytes, to).expect("sent");
                (octets, sent) = (octets + bytes.len(), sent + 1);
                sending += begin.elapsed();
            });
            while rig.worker.poll_output().is_some() {}
            without += turn.elapsed() - sending;
        }
        let played = start.elapsed();
        let each = |time: Duration| time.as_nanos() / u128::from(FRAMES);
        println!(
            "{name}: {} ns to send {length} octets, {} ns to play a frame of {} octets, {} ns of it the worker's",
            each(bare),
            each(played),
            octets / FRAMES as usize,
            each(without),
        );
    }
}
