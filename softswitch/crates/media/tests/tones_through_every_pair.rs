//! A tone and a sweep through each pair of codecs: level within 1 dB, no break.

use std::time::{Duration, Instant};

use ringdown_media::{
    codec::{Decoder, Encoder, MAX_ENCODED_LENGTH, OpusSettings},
    transcode::Transcoder,
};
use ringdown_testkit::{
    SimClock,
    audio::{Tone, count_discontinuities, level_dbfs},
};
use ringdown_types::CodecId;

const LEVEL: f64 = -15.0;
const FRAME: Duration = Duration::from_millis(20);

/// What is heard at `to` of `sound`, which `from` says, with both at their own sample rates; each packet also passes the
/// jitter buffer. The first second is left out.
fn through(from: CodecId, to: CodecId, sound: impl Iterator<Item = i16>) -> Vec<i16> {
    let settings = OpusSettings::default();
    let mut source = Encoder::new(from, from.sample_rate(), settings).expect("its rate");
    let mut sink = Decoder::new(to, to.sample_rate()).expect("its rate");
    let mut transcoder = Transcoder::new(from, to, 20, settings).expect("any two codecs");
    let start: Instant = SimClock::new().now();
    let mut heard = Vec::new();
    let pcm: Vec<i16> = sound.collect();
    for (number, frame) in (0_u16..).zip(pcm.chunks_exact(from.sample_rate() as usize / 50)) {
        let mut packet = [0; MAX_ENCODED_LENGTH];
        let length = source.encode(frame, &mut packet).expect("20 ms");
        let now = start + FRAME * u32::from(number);
        let timestamp = u32::from(number) * from.clock_rate() / 50;
        transcoder.handle_packet(now, 7, number, timestamp, &packet[..length]);
        let mut out = [0; MAX_ENCODED_LENGTH];
        if let Some(frame) = transcoder.next_frame(&mut out) {
            let mut pcm = [0; 5760];
            let samples = sink.decode(&out[..frame.length], &mut pcm).expect("a packet");
            heard.extend_from_slice(&pcm[..samples]);
        }
    }
    assert_eq!(transcoder.figures().packets_dropped, 0, "{from:?} to {to:?}");
    heard.split_off(to.sample_rate() as usize)
}

fn pairs() -> impl Iterator<Item = (CodecId, CodecId)> {
    CodecId::ALL.into_iter().flat_map(|from| CodecId::ALL.into_iter().map(move |to| (from, to)))
}

/// The highest frequency a pair is asked to carry in full.
fn top(from: CodecId, to: CodecId) -> f64 {
    match from.sample_rate().min(to.sample_rate()) {
        8_000 => 3_400.0,
        // Opus carries more; at the default bit rate its high end is noise shaped like the sound.
        _ => 7_000.0,
    }
}

#[test]
fn tones_keep_their_level_and_are_not_broken() {
    for (from, to) in pairs() {
        for hertz in [200.0, 437.0, 1000.0, 2100.0, 3300.0, 5200.0, 6800.0] {
            if hertz > top(from, to) {
                continue;
            }
            let tone = Tone::new(hertz, from.sample_rate(), LEVEL).take(from.sample_rate() as usize * 4);
            let heard = through(from, to, tone);
            let level = level_dbfs(&heard) - LEVEL;
            assert!(level.abs() < 1.0, "{from:?} to {to:?}, {hertz} Hz: {level:+.2} dB");
            let breaks = count_discontinuities(&heard, to.sample_rate(), hertz);
            assert_eq!(breaks, 0, "{from:?} to {to:?}, {hertz} Hz");
        }
    }
}

#[test]
fn a_sweep_keeps_its_level_in_every_window() {
    for (from, to) in pairs() {
        let (rate, seconds) = (f64::from(from.sample_rate()), 8.0);
        let (low, high) = (150.0_f64, top(from, to));
        let mut phase = 0.0_f64;
        let sweep = (0..(rate * (seconds + 1.5)) as usize).map(|index| {
            // The first second warms up; the sweep rises by the same share in the same time.
            let at = ((index as f64 / rate - 1.0) / seconds).clamp(0.0, 1.0);
            phase += low * (high / low).powf(at) / rate * std::f64::consts::TAU;
            (phase.sin() * 32_767.0 * 10_f64.powf(LEVEL / 20.0)) as i16
        });
        let sweep: Vec<i16> = sweep.collect();
        let heard = through(from, to, sweep.into_iter());
        let window = to.sample_rate() as usize / 10;
        let mut worst = 0.0_f64;
        // The end is half a second of the highest tone, so that what was delayed comes through.
        for pcm in heard.chunks_exact(window).take(80) {
            let level = level_dbfs(pcm) - LEVEL;
            worst = if level.abs() > worst.abs() { level } else { worst };
        }
        eprintln!("{from:?} to {to:?}: {worst:+.2} dB at worst");
        assert!(worst.abs() < 1.0, "{from:?} to {to:?}: {worst:+.2} dB");
    }
}
