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

/// A session as a forwarder has it: a receiver from one peer, a sender to another, and that first peer.
struct Session {
    peer: SrtpSender,
    receiver: SrtpReceiver,
    sender: SrtpSender,
}

fn cost(profile: SrtpProfile, sessions: u32) -> u128 {
    let (key, salt) = (&[3; 32][..profile.key_length()], &[7; 14][..profile.salt_length()]);
    let sender = || SrtpSender::new(profile, key, salt).expect("lengths fit the profile");
    let receiver = || SrtpReceiver::new(profile, key, salt).expect("lengths fit the profile");
    let mut all: Vec<Session> =
        (0..sessions).map(|_| Session { peer: sender(), receiver: receiver(), sender: sender() }).collect();
    let length = 172 + profile.rtp_tag_length();
    let (mut batches, mut packets_done) = (Vec::new(), 0);
    for round in 0.. {
        if packets_done >= PACKETS {
            break;
        }
        for batch in all.chunks_mut(BATCH) {
            // One session alone sends the whole batch; otherwise each sends one packet.
            let repeats = if sessions == 1 { BATCH as u32 } else { 1 };
            let mut packets: Vec<_> = Vec::with_capacity(BATCH);
            for session in batch.iter_mut() {
                for repeat in 0..repeats {
                    let mut packet = packet(round * repeats + repeat);
                    session.peer.protect_rtp(&mut packet, 172).expect("a fresh sequence number");
                    packets.push(packet);
                }
            }
            let started = now();
            for (number, packet) in packets.iter_mut().enumerate() {
                let session = &mut batch[number / repeats as usize];
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
