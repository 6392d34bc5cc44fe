//! What a call between Opus and PCMA costs a worker, without sockets, beside what its two transcoders cost alone, as a
//! share of a core: `cargo bench -p ringdown-plane --bench transcoding [calls]`. Time is simulated; what counts is the
//! processor time of this thread. Many calls take turns, so that none finds what it needs in a cache.

#![allow(dead_code, clippy::disallowed_methods, missing_docs)]

#[path = "../tests/worker/phone.rs"]
mod phone;
#[path = "../tests/worker/rig.rs"]
mod rig;

use std::time::Duration;

use phone::{OPUS, PCMA, Phone};
use rig::{Rig, audio};
use ringdown_media::{
    codec::{Encoder, MAX_ENCODED_LENGTH, OpusSettings},
    transcode::Transcoder,
};
use ringdown_plane::{Datagram, SocketKey};
use ringdown_testkit::audio::speech;
use ringdown_types::CodecId;

const SECONDS: usize = 20;
const STEP: Duration = Duration::from_millis(1);
/// What the packets begin with.
const HEADER: usize = 12;

fn main() {
    let calls = std::env::args().filter_map(|argument| argument.parse().ok()).next().unwrap_or(60_u16);
    let said = [CodecId::Opus, CodecId::Pcma].map(payloads);
    let alone = transcoders(calls, &said);
    let whole = worker(calls, &said);
    println!(
        "{calls} calls between Opus and PCMA, each: {whole:.3} % of a core, {alone:.3} % of it the transcoders'"
    );
}

/// What is said in a codec, frame by frame.
fn payloads(codec: CodecId) -> Vec<Vec<u8>> {
    let rate = codec.sample_rate();
    let mut encoder = Encoder::new(codec, rate, OpusSettings::default()).expect("its own rate");
    let encode = |pcm: &[i16]| {
        let mut packet = vec![0; MAX_ENCODED_LENGTH];
        let length = encoder.encode(pcm, &mut packet).expect("20 ms");
        packet.truncate(length);
        packet
    };
    speech(rate, SECONDS as f64, 4).chunks_exact(rate as usize / 50).map(encode).collect()
}

/// The processor time of this thread.
fn used() -> Duration {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").expect("Linux tells");
    let nanoseconds = text.split_whitespace().next().and_then(|text| text.parse().ok());
    Duration::from_nanos(nanoseconds.expect("nanoseconds"))
}

/// In percent of a core.
fn share(used: Duration, calls: u16) -> f64 {
    used.as_secs_f64() / SECONDS as f64 / f64::from(calls) * 100.0
}

/// What a call's transcoders make of what is said, a frame of each per 20 ms, as many as the worker has.
fn transcoders(calls: u16, said: &[Vec<Vec<u8>>; 2]) -> f64 {
    let made = |from, to| Transcoder::new(from, to, 20, OpusSettings::default()).expect("both codecs");
    let (opus, pcma) = (CodecId::Opus, CodecId::Pcma);
    let mut all: Vec<_> = (0..calls).map(|_| [made(opus, pcma), made(pcma, opus)]).collect();
    let mut now = Rig::new().now();
    let mut out = [0; MAX_ENCODED_LENGTH];
    let begun = used();
    for frame in 0..SECONDS * 50 {
        for way in all.iter_mut() {
            for (transcoder, said) in way.iter_mut().zip(said) {
                let timestamp = frame as u32 * transcoder.from().clock_rate() / 50;
                transcoder.handle_packet(now, 1, frame as u16, timestamp, &said[frame]);
                transcoder.next_frame(&mut out);
            }
        }
        now += STEP * 20;
    }
    share(used() - begun, calls)
}

/// A telephone with Opus talks to one with PCMA, `calls` times; each packet comes at a moment of its own.
fn worker(calls: u16, said: &[Vec<Vec<u8>>; 2]) -> f64 {
    let mut rig = Rig::new();
    let mut phones = Vec::new();
    for call in 0..calls {
        let number = 1 + call * 2;
        let pair = [Phone::new(number, OPUS, None), Phone::new(number + 1, PCMA, None)];
        rig.add_phone(&pair[0], audio(&[OPUS]));
        rig.add_phone(&pair[1], audio(&[PCMA]));
        rig.connect(pair[0].leg, pair[1].leg);
        phones.extend(pair);
    }
    let (mut now, mut sent) = (rig.now(), 0_usize);
    let mut slot = [0; 1600];
    let begun = used();
    for step in 0..SECONDS * 1000 {
        let (frame, turn) = (step / 20, step % 20);
        // 7 and 20 have no common divisor: the two sides of a call come apart.
        for (index, phone) in phones.iter_mut().enumerate().filter(|(index, _)| index * 7 % 20 == turn) {
            let payload = &said[index % 2][frame];
            phone.sequence = phone.sequence.wrapping_add(1);
            let timestamp = frame as u32 * phone.codec.clock_rate() / 50;
            let header = phone.packet(phone.payload_type, timestamp, &[]);
            let length = HEADER + payload.len();
            slot[..HEADER].copy_from_slice(&header);
            slot[HEADER..length].copy_from_slice(payload);
            let datagram = Datagram {
                socket: SocketKey::Rtp(phone.port),
                source: phone.address,
                buffer: &mut slot,
                length,
            };
            rig.worker.handle_datagram(now, datagram, &mut |_, _, _| sent += 1);
            while rig.worker.poll_output().is_some() {}
        }
        rig.worker.handle_timeout(now, &mut |_, _, _| sent += 1);
        while rig.worker.poll_output().is_some() {}
        now += STEP;
    }
    let share = share(used() - begun, calls);
    let expected = phones.len() * SECONDS * 50;
    assert!(sent > expected * 95 / 100, "{sent} packets of {expected} were made");
    share
}
