//! What the worker itself costs for each relayed packet and each leg that ends, without sockets:
//! `cargo bench -p ringdown-plane`.

#![allow(dead_code, clippy::disallowed_methods, missing_docs)]

#[path = "../tests/worker/browser.rs"]
mod browser;
#[path = "../tests/worker/phone.rs"]
mod phone;
#[path = "../tests/worker/rig.rs"]
mod rig;

use std::{net::SocketAddr, time::Instant};

use browser::Browser;
use phone::{OPUS, PCMA, Phone};
use rig::{Rig, audio, leg};
use ringdown_media::api::{MediaCommand, Transport};
use ringdown_plane::{Datagram, SocketKey};

const PACKETS: usize = 20_000;
const LEGS: u16 = 4_000;

fn main() {
    telephones();
    browsers();
    removals();
}

fn telephones() {
    let mut rig = Rig::new();
    let mut alice = Phone::new(1, PCMA, Some(440.0));
    let bob = Phone::new(2, PCMA, None);
    rig.add_phone(&alice, audio(&[PCMA]));
    rig.add_phone(&bob, audio(&[PCMA]));
    rig.connect(alice.leg, bob.leg);
    let packets: Vec<Vec<u8>> = (0..PACKETS).filter_map(|_| alice.frame()).collect();
    measure(
        "telephone to telephone, 160 octets",
        &mut rig,
        SocketKey::Rtp(alice.port),
        alice.address,
        &packets,
    );
}

fn browsers() {
    let mut rig = Rig::new();
    let mut alice = Browser::new(leg(1), "198.51.100.20:50000", 1);
    let mut bob = Browser::new(leg(2), "198.51.100.21:50000", 2);
    let mut voice = Phone::new(1, OPUS, Some(440.0));
    for page in [&mut alice, &mut bob] {
        page.add(&mut rig, audio(&[OPUS]), None);
        page.connect(&mut rig);
    }
    rig.connect(alice.leg, bob.leg);
    let packets: Vec<Vec<u8>> =
        (0..PACKETS).filter_map(|_| voice.frame()).map(|packet| alice.protect(&packet)).collect();
    let length = packets.last().map_or(0, Vec::len);
    let name = format!("browser to browser, SRTP both ways, {length} octets");
    measure(&name, &mut rig, SocketKey::WebRtc, alice.address, &packets);
}

/// A worker loses all its legs: the end of one does not walk the routes of the others.
fn removals() {
    for legs in [LEGS / 8, LEGS] {
        let mut rig = Rig::new();
        for number in 1..=legs {
            let transport = Transport::Rtp { local_port: 20_000 + 2 * number, remote: None };
            let leg = leg(u128::from(number));
            rig.command(MediaCommand::AddLeg { leg, transport, audio: audio(&[PCMA]) });
        }
        let start = Instant::now();
        for number in 1..=legs {
            rig.command(MediaCommand::RemoveLeg { leg: leg(u128::from(number)) });
        }
        let each = start.elapsed().as_nanos() / u128::from(legs);
        println!("the end of a leg among {legs}: {each} ns");
    }
}

fn measure(name: &str, rig: &mut Rig, socket: SocketKey, source: SocketAddr, packets: &[Vec<u8>]) {
    let now = rig.now();
    let mut slot = [0; 1600];
    let mut relayed = 0;
    let start = Instant::now();
    for packet in packets {
        slot[..packet.len()].copy_from_slice(packet);
        let datagram = Datagram { socket, source, buffer: &mut slot, length: packet.len() };
        rig.worker.handle_datagram(now, datagram, &mut |_, _, _| relayed += 1);
    }
    let each = start.elapsed().as_nanos() / packets.len() as u128;
    println!("{name}: {each} ns a packet, {relayed} of {} relayed", packets.len());
}
