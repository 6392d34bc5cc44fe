//! What transcoding costs: a call of two legs, that is both directions, as a share of one core.
//!
//! `cargo run --release -p ringdown-media --example transcode_cost`
#![expect(clippy::disallowed_methods, reason = "it measures time")]

use std::time::{Duration, Instant};

use ringdown_media::{
    codec::{Encoder, MAX_ENCODED_LENGTH, OpusSettings},
    transcode::Transcoder,
};
use ringdown_testkit::audio::speech;
use ringdown_types::CodecId;

const FRAME: Duration = Duration::from_millis(20);
const SECONDS: u32 = 60;

fn packets(codec: CodecId) -> Vec<Vec<u8>> {
    let sound = speech(codec.sample_rate(), f64::from(SECONDS), 4);
    let mut encoder =
        Encoder::new(codec, codec.sample_rate(), OpusSettings::default()).expect("its own rate");
    let encode = |pcm: &[i16]| {
        let mut packet = vec![0; MAX_ENCODED_LENGTH];
        let length = encoder.encode(pcm, &mut packet).expect("20 ms");
        packet.truncate(length);
        packet
    };
    sound.chunks_exact(codec.sample_rate() as usize / 50).map(encode).collect()
}

/// Microseconds for each frame: the mean of all but the tenth that took longest, in which something else ran.
fn cost(from: CodecId, to: CodecId, settings: OpusSettings) -> f64 {
    let packets = packets(from);
    let mut transcoder = Transcoder::new(from, to, 20, settings).expect("any two codecs");
    let start = Instant::now();
    let (mut out, mut times) = ([0; MAX_ENCODED_LENGTH], Vec::new());
    for (number, packet) in (0_u16..).zip(&packets) {
        let timestamp = u32::from(number) * from.clock_rate() / 50;
        let begun = Instant::now();
        transcoder.handle_packet(start + FRAME * u32::from(number), 1, number, timestamp, packet);
        transcoder.next_frame(&mut out);
        times.push(begun.elapsed().as_secs_f64() * 1e6);
    }
    times.sort_by(f64::total_cmp);
    let kept = &times[..times.len() * 9 / 10];
    kept.iter().sum::<f64>() / kept.len() as f64
}

fn main() {
    println!("| call | there, µs a frame | back | % of a core |\n|---|---|---|---|");
    for (a, b) in [
        (CodecId::Opus, CodecId::Pcma),
        (CodecId::Opus, CodecId::G722),
        (CodecId::G722, CodecId::Pcma),
        (CodecId::Pcma, CodecId::Pcmu),
    ] {
        let (there, back) = (cost(a, b, OpusSettings::DEFAULT), cost(b, a, OpusSettings::DEFAULT));
        let share = (there + back) * 50.0 / 1e6 * 100.0;
        let (a, b) = (a.encoding_name(), b.encoding_name());
        println!("| {a} ↔ {b} | {there:.1} | {back:.1} | {share:.2} |");
    }
}
