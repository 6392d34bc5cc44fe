//! What SRTP costs per forwarded packet (172 bytes: unprotect and protect), per profile and number of sessions that take
//! turns. Run it in release. The median of the batches counts, so other load disturbs it little.

use std::{hint::black_box, time::Instant};

use ringdown_rtc::{SRTP_OVERHEAD, SrtpProfile, SrtpReceiver, SrtpSender};

fn main() {
    println!("| profile | 1 session | 1,000 sessions | 5,000 sessions |\n|---|---|---|---|");
    for profile in SrtpProfile::ALL {
        let costs = [1, 1_000, 5_000].map(|sessions| format!("{} ns", cost(profile, sessions)));
        println!("| {} | {} |", profile.suite_name(), costs.join(" | "));
    }
}

/// A session as a forwarder has it: a receiver from one peer, a sender to another.
struct Session {
    receiver: SrtpReceiver,
    sender: SrtpSender,
}

fn cost(profile: SrtpProfile, sessions: u32) -> u128 {
    let (key, salt) = (&[3; 32][..profile.key_length()], &[7; 14][..profile.salt_length()]);
    let sender = || SrtpSender::new(profile, key, salt).expect("lengths fit the profile");
    let receiver = || SrtpReceiver::new(profile, key, salt).expect("lengths fit the profile");
    let mut all: Vec<Session> =
        (0..sessions).map(|_| Session { receiver: receiver(), sender: sender() }).collect();
    // Every peer has the same key and says the same, so one does for all and takes no room in the caches.
    let mut peer = sender();
    let length = 172 + profile.rtp_tag_length();
    let (mut batches, mut packets_done) = (Vec::new(), 0);
    for round in 0.. {
        if packets_done >= PACKETS {
            break;
        }
        let said = if sessions == 1 { [0; 172 + SRTP_OVERHEAD] } else { protected(&mut peer, round) };
        for batch in all.chunks_mut(BATCH) {
            // One session alone sends the whole batch; otherwise each sends one packet.
            let mut packets = if sessions == 1 {
                (0..BATCH as u32).map(|number| protected(&mut peer, round * BATCH as u32 + number)).collect()
            } else {
                vec![said; batch.len()]
            };
            let repeats = packets.len() / batch.len();
            let started = now();
            for (number, packet) in packets.iter_mut().enumerate() {
                let session = &mut batch[number / repeats];
                let plain = session.receiver.unprotect_rtp(&mut packet[..length]).expect("a genuine packet");
                black_box(session.sender.protect_rtp(packet, plain).expect("a fresh sequence number"));
            }
            batches.push(started.elapsed().as_nanos() / packets.len() as u128);
            packets_done += packets.len() as u32;
        }
    }
    batches.sort_unstable();
    batches[batches.len() / 2]
}

fn protected(peer: &mut SrtpSender, number: u32) -> [u8; 172 + SRTP_OVERHEAD] {
    let mut packet = packet(number);
    peer.protect_rtp(&mut packet, 172).expect("a fresh sequence number");
    packet
}

fn packet(number: u32) -> [u8; 172 + SRTP_OVERHEAD] {
    let mut packet = [0x5a; 172 + SRTP_OVERHEAD];
    packet[..2].copy_from_slice(&[0x80, 0]);
    packet[2..4].copy_from_slice(&(number as u16).to_be_bytes());
    packet[8..12].copy_from_slice(&[0, 0, 0, 1]);
    packet
}

#[expect(clippy::disallowed_methods, reason = "a measurement needs the clock")]
fn now() -> Instant {
    Instant::now()
}

/// A worker's receive slots: they stay in the cache.
const BATCH: usize = 64;
const PACKETS: u32 = 300_000;
