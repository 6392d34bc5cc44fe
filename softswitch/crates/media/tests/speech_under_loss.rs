//! How well speech is understood over networks that lose packets: with error correction, with concealment, without
//! either. The measure is ESTOI (`ringdown_testkit::audio::estoi`), the voice is made (`ringdown_testkit::audio::speech`).
//!
//! `cargo nextest run -p ringdown-media --test speech_under_loss --no-capture` prints the table of `docs/media.md`.

use std::time::Duration;

use ringdown_media::{
    codec::{Decoder, Encoder, MAX_ENCODED_LENGTH, OpusSettings},
    playout::Playout,
};
use ringdown_testkit::{
    Link, Path, SimClock,
    audio::{delay, estoi, speech},
};
use ringdown_types::{CodecId, Random, SeededRandom};

const SECONDS: f64 = 9.0;
const ROUGH_SECONDS: f64 = 15.0;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Repair {
    Nothing,
    Concealment,
    Correction,
}

/// The rate at which a codec is listened to here; Opus at 16 kHz, as the measure ends at 5 kHz.
fn rate(codec: CodecId) -> u32 {
    codec.sample_rate().min(16_000)
}

/// ESTOI of speech through a codec of whose packets `percent` are lost by chance.
fn score(codec: CodecId, percent: u32, repair: Repair) -> f64 {
    let rate = rate(codec);
    let reference = speech(rate, SECONDS, 11);
    let expected_loss = if repair == Repair::Correction { percent.max(1) as u8 } else { 0 };
    let settings = OpusSettings { expected_loss, ..OpusSettings::default() };
    let mut encoder = Encoder::new(codec, rate, settings).expect("its rate");
    let mut decoder = Decoder::new(codec, rate).expect("its rate");
    let mut random = SeededRandom::new(u64::from(percent) + 5);
    let frame = rate as usize / 50;
    let packets: Vec<Option<Vec<u8>>> = reference
        .chunks_exact(frame)
        .map(|pcm| {
            let mut packet = vec![0; MAX_ENCODED_LENGTH];
            let length = encoder.encode(pcm, &mut packet).expect("20 ms");
            packet.truncate(length);
            (random.u32() % 100 >= percent).then_some(packet)
        })
        .collect();
    let mut heard = Vec::new();
    for (index, packet) in packets.iter().enumerate() {
        let mut pcm = vec![0; frame * 6];
        match packet {
            Some(packet) => {
                decoder.decode(packet, &mut pcm).expect("a packet");
            }
            None if repair == Repair::Nothing => {}
            None => {
                let next = packets.get(index + 1).and_then(Option::as_deref);
                decoder.conceal(next.filter(|_| repair == Repair::Correction), &mut pcm[..frame]);
            }
        }
        heard.extend_from_slice(&pcm[..frame]);
    }
    let late = delay(&reference[..rate as usize * 2], &heard, rate as usize / 20);
    estoi(&reference, &heard[late..], rate).expect("speech")
}

#[test]
fn concealment_helps_and_correction_helps_more() {
    eprintln!("codec  loss   nothing  concealed  corrected");
    for codec in [CodecId::Opus, CodecId::G722, CodecId::Pcma] {
        for percent in [0, 1, 5, 10, 20] {
            let nothing = score(codec, percent, Repair::Nothing);
            let concealed = score(codec, percent, Repair::Concealment);
            let corrected = (codec == CodecId::Opus).then(|| score(codec, percent, Repair::Correction));
            eprintln!("{codec:?} {percent:3} %  {nothing:.3}  {concealed:.3}  {corrected:.3?}");
            if percent >= 5 {
                assert!(
                    concealed > nothing + 0.01,
                    "{codec:?} {percent} %: {concealed:.3} over {nothing:.3}"
                );
            }
            if let Some(corrected) = corrected.filter(|_| percent >= 5) {
                assert!(corrected > concealed + 0.005, "{percent} %: {corrected:.3} over {concealed:.3}");
            }
            let least = match percent {
                0 | 1 => 0.9,
                5 => 0.85,
                10 => 0.78,
                _ => 0.65,
            };
            assert!(corrected.unwrap_or(concealed) > least, "{codec:?} {percent} %");
        }
    }
}

/// The whole of it: loss in bursts, jitter, reordering, a clock that drifts, through the jitter buffer.
#[test]
fn speech_survives_a_rough_network_with_a_clock_that_drifts() {
    for codec in [CodecId::Opus, CodecId::G722, CodecId::Pcma] {
        let rate = rate(codec);
        let frame = rate as usize / 50;
        let reference = speech(rate, ROUGH_SECONDS, 13);
        let settings = OpusSettings { expected_loss: 5, ..OpusSettings::default() };
        let mut encoder = Encoder::new(codec, rate, settings).expect("its rate");
        let mut playout = Playout::new(codec, rate).expect("its rate");
        let link =
            Link { jitter: Duration::from_millis(30), reorder_per_mille: 5, ..Link::with_bursts(50, 2) };
        let mut clock = SimClock::new();
        let start = clock.now();
        let mut path = Path::new(17, link);
        let mut heard: Vec<i16> = Vec::new();
        let mut frames = (0_u16..).zip(reference.chunks_exact(frame));
        for tick in 0..(ROUGH_SECONDS as u32 * 50 + 25) {
            let now = start + Duration::from_millis(20) * tick;
            clock.advance_to(now);
            // 200 millionths fast.
            let sent = Duration::from_micros(19_996);
            while let Some((number, pcm)) =
                frames.clone().next().filter(|(n, _)| start + sent * u32::from(*n) <= now)
            {
                frames.next();
                let mut packet = vec![0; MAX_ENCODED_LENGTH];
                let length = encoder.encode(pcm, &mut packet).expect("20 ms");
                packet.truncate(length);
                path.send(start + sent * u32::from(number), (number, packet));
            }
            while let Some((at, (number, packet))) = path.poll(now) {
                let timestamp = u32::from(number) * codec.clock_rate() / 50;
                playout.handle_packet(at, 3, number, timestamp, &packet);
            }
            let mut out = vec![0; frame];
            playout.fill(&mut out);
            heard.extend(out);
        }
        // Stretching moves sound by milliseconds: each piece of a second and a half is aligned by itself.
        let piece = rate as usize * 3 / 2;
        let scores: Vec<f64> = (1..9)
            .filter_map(|number| {
                let from = number * piece;
                let reference = &reference[from..from + piece];
                let late = delay(reference, &heard[from..], rate as usize * 3 / 10);
                estoi(reference, &heard[from + late..], rate)
            })
            .collect();
        let mean = scores.iter().sum::<f64>() / scores.len() as f64;
        eprintln!("{codec:?}: {mean:.3}, {:?}", playout.figures());
        assert!(mean > 0.7, "{codec:?}: {mean:.3} of {scores:.2?}");
    }
}
