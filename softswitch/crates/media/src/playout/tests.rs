use super::*;
use crate::codec::{Encoder, MAX_ENCODED_LENGTH, OpusSettings};

const FRAME: Duration = Duration::from_millis(20);

/// A tone as packets of 20 ms.
struct Source {
    encoder: Encoder,
    codec: CodecId,
    number: u16,
}

impl Source {
    fn new(codec: CodecId) -> Self {
        let encoder = Encoder::new(codec, codec.sample_rate(), OpusSettings::default()).expect("its rate");
        Self { encoder, codec, number: 0 }
    }

    fn next_packet(&mut self) -> (u16, u32, Vec<u8>) {
        let rate = f64::from(self.codec.sample_rate());
        let length = self.codec.sample_rate() as usize / 50;
        let pcm: Vec<i16> = (0..length)
            .map(|index| {
                let at = (f64::from(self.number) * length as f64 + index as f64) / rate;
                ((at * 437.0 * std::f64::consts::TAU).sin() * 6000.0) as i16
            })
            .collect();
        let mut packet = vec![0; MAX_ENCODED_LENGTH];
        let length = self.encoder.encode(&pcm, &mut packet).expect("20 ms");
        packet.truncate(length);
        self.number += 1;
        (self.number, u32::from(self.number) * self.codec.clock_rate() / 50, packet)
    }
}

/// Plays a stream whose sender's frames last `micros`, each arriving `late_ms` after it was sent; returns how long
/// sound waited, at most, and what had to be done.
fn play(
    codec: CodecId,
    micros: u64,
    seconds: u32,
    late_ms: impl Fn(u32) -> u64,
) -> (Duration, PlayoutFigures) {
    let start = crate::test_start();
    let mut source = Source::new(codec);
    let mut playout = Playout::new(codec, codec.sample_rate()).expect("its rate");
    let mut out = vec![0; codec.sample_rate() as usize / 50];
    let (mut longest, mut sent) = (Duration::ZERO, 0_u32);
    let mut under_way = Vec::new();
    for tick in 0..seconds * 50 {
        let now = start + FRAME * tick;
        while start + Duration::from_micros(micros) * sent <= now {
            let at = start + Duration::from_micros(micros) * sent + Duration::from_millis(late_ms(sent));
            under_way.push((at, source.next_packet()));
            sent += 1;
        }
        under_way.sort_by_key(|(at, _)| *at);
        while under_way.first().is_some_and(|(at, _)| *at <= now) {
            let (at, (sequence, timestamp, payload)) = under_way.remove(0);
            playout.handle_packet(at, 1, sequence, timestamp, &payload);
        }
        playout.fill(&mut out);
        if tick > 500 {
            longest = longest.max(playout.delay());
        }
    }
    (longest, playout.figures())
}

#[test]
fn clocks_that_drift_neither_fill_the_buffer_nor_make_holes() {
    for codec in [CodecId::Pcma, CodecId::G722] {
        // A thousandth: quartz is off by a tenth of that, some software clocks by all of it.
        for micros in [19_980, 20_020] {
            let (longest, figures) = play(codec, micros, 120, |_| 0);
            assert!(longest <= Duration::from_millis(85), "{codec:?} {micros}: {longest:?}");
            assert_eq!(figures.packets_dropped, 0, "{codec:?} {micros}");
            // At the beginning alone.
            assert!(figures.concealed_ms <= 100, "{codec:?} {micros}: {figures:?}");
            assert!((60..400).contains(&figures.stretched_ms), "{codec:?} {micros}: {figures:?}");
        }
    }
}

#[test]
fn jitter_deepens_the_buffer_and_calm_makes_it_shallow_again() {
    let rough = |number: u32| if number < 1500 { u64::from(number * 7919 % 80) } else { 0 };
    let (longest, figures) = play(CodecId::Pcmu, 20_000, 30, rough);
    assert!((60..=160).contains(&longest.as_millis()), "{longest:?}");
    assert!(figures.concealed_ms < 600, "{figures:?}");
    let (_, calm) = play(CodecId::Pcmu, 20_000, 60, rough);
    assert!(calm.stretched_ms > figures.stretched_ms, "{calm:?}");
    assert!(calm.packets_dropped < 20, "{calm:?}");
}

#[test]
fn a_tone_through_drift_has_no_click() {
    let start = crate::test_start();
    let mut source = Source::new(CodecId::Pcma);
    let mut playout = Playout::new(CodecId::Pcma, 8000).expect("its rate");
    let (mut heard, mut out, mut sent) = (Vec::new(), [0; 160], 0_u32);
    for tick in 0..3000_u32 {
        let now = start + FRAME * tick;
        while start + Duration::from_micros(19_960) * sent <= now {
            let (sequence, timestamp, payload) = source.next_packet();
            playout.handle_packet(now, 1, sequence, timestamp, &payload);
            sent += 1;
        }
        if playout.fill(&mut out) {
            heard.extend_from_slice(&out);
        }
    }
    assert!(playout.figures().stretched_ms > 60, "{:?}", playout.figures());
    let step = |pair: &[i16]| (i32::from(pair[1]) - i32::from(pair[0])).abs();
    // 437 Hz of 6,000 rise by 2,060 in one sample at most.
    let steepest = heard[1600..].windows(2).map(step).max().unwrap_or(0);
    assert!(steepest < 2600, "{steepest}");
}

#[test]
fn a_pause_of_opus_is_filled_and_comfort_noise_is_heard() {
    let start = crate::test_start();
    let mut playout = Playout::new(CodecId::Pcmu, 8000).expect("its rate");
    let mut source = Source::new(CodecId::Pcmu);
    let mut out = [0; 160];
    for number in 0..20 {
        let (sequence, timestamp, payload) = source.next_packet();
        playout.handle_packet(start + FRAME * number, 1, sequence, timestamp, &payload);
        playout.fill(&mut out);
    }
    let noise = Arrival { sequence: 21, timestamp: 160 * 21, carried: Carried::Noise, payload: &[40] };
    playout.handle_arrival(start + FRAME * 20, 1, noise);
    let power = |pcm: &[i16]| pcm.iter().map(|&s| i64::from(s).pow(2)).sum::<i64>() / pcm.len() as i64;
    let mut levels = Vec::new();
    for _ in 0..200 {
        assert!(playout.fill(&mut out), "noise goes on");
        levels.push(power(&out));
    }
    // −40 dB of 32,767 are 328.
    assert!(levels[50..].iter().all(|&level| (200 * 200..480 * 480).contains(&level)), "{levels:?}");

    let mut playout = Playout::new(CodecId::Opus, 16_000).expect("its rate");
    let mut out = [0; 320];
    let settings = OpusSettings { dtx: true, ..OpusSettings::default() };
    let mut encoder = Encoder::new(CodecId::Opus, 16_000, settings).expect("its rate");
    let (mut played, mut sent, mut is_pausing) = (0, 0_u16, false);
    for number in 0..150_u16 {
        let mut packet = [0; MAX_ENCODED_LENGTH];
        let pcm: Vec<i16> =
            (0..320).map(|i| if number < 30 { (i * 37 % 200 - 100) * 60 } else { i % 3 }).collect();
        let length = encoder.encode(&pcm, &mut packet).expect("20 ms");
        // The first of a pause is sent, then nothing until the encoder refreshes.
        if length > 2 || !std::mem::replace(&mut is_pausing, length <= 2) {
            is_pausing = length <= 2;
            let at = start + FRAME * u32::from(number);
            playout.handle_packet(at, 1, sent, u32::from(number) * 960, &packet[..length]);
            sent += 1;
        }
        played += u32::from(playout.fill(&mut out));
    }
    assert!(sent < 110, "{sent} packets: it paused");
    assert!(played > 140, "{played} frames");
}

#[test]
fn what_is_skipped_costs_no_decoder_and_leaves_no_mark() {
    let start = crate::test_start();
    for codec in CodecId::ALL {
        let mut source = Source::new(codec);
        let length = codec.sample_rate() as usize / 50;
        let mut playouts = [(); 2].map(|()| Playout::new(codec, codec.sample_rate()).expect("its rate"));
        let mut heard = [vec![0; length], vec![0; length]];
        for number in 0..60_u32 {
            let (sequence, timestamp, payload) = source.next_packet();
            for (which, playout) in playouts.iter_mut().enumerate() {
                let at = start + FRAME * number;
                playout.handle_packet(at, 1, sequence, timestamp, &payload);
                let is_heard = if which == 1 && (10..50).contains(&number) {
                    playout.skip(length)
                } else {
                    playout.fill(&mut heard[which])
                };
                assert!(is_heard || number < 5, "{codec:?} {number}");
            }
        }
        let power = |pcm: &[i16]| pcm.iter().map(|&s| f64::from(s).powi(2)).sum::<f64>();
        let change = 10.0 * (power(&heard[1]) / power(&heard[0])).log10();
        assert!(change.abs() < 1.0, "{codec:?}: {change} dB");
    }
}
