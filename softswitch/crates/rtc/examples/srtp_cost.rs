//! What SRTP costs per forwarded packet (172 bytes: unprotect and protect), per profile. Run it in release.

use std::{
    hint::black_box,
    time::{Duration, Instant},
};

use ringdown_rtc::{SRTP_OVERHEAD, SrtpProfile, SrtpReceiver, SrtpSender};

fn main() {
    for profile in [SrtpProfile::AeadAes128Gcm, SrtpProfile::Aes128CmSha1_80] {
        let salt = &[7; 14][..profile.salt_length()];
        let sender = || SrtpSender::new(profile, &[3; 16], salt).expect("lengths fit the profile");
        let mut receiver = SrtpReceiver::new(profile, &[3; 16], salt).expect("lengths fit the profile");
        let (mut peer, mut ours) = (sender(), sender());
        let length = 172 + profile.tag_length();
        let mut spent = Duration::ZERO;
        for batch in 0..BATCHES {
            let mut packets: Vec<_> = (0..BATCH).map(|number| packet(batch * BATCH + number)).collect();
            for packet in &mut packets {
                peer.protect_rtp(packet, 172).expect("a fresh sequence number");
            }
            let started = now();
            for packet in &mut packets {
                let plain = receiver.unprotect_rtp(&mut packet[..length]).expect("a genuine packet");
                black_box(ours.protect_rtp(packet, plain).expect("a fresh sequence number"));
            }
            spent += started.elapsed();
        }
        let nanoseconds = spent.as_nanos() / u128::from(BATCHES * BATCH);
        println!("{profile:?}: {nanoseconds} ns per forwarded packet");
    }
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
const BATCH: u32 = 64;
const BATCHES: u32 = 2_000;
