//! What a stream of packets sounds like, by our own clock: a jitter buffer, a decoder, and sound that is shortened or
//! stretched until as much waits as should.
//!
//! A sender whose clock is fast or slow makes the buffer grow or run empty by a few hundredths of a millisecond each
//! second; that and every change of the network's jitter is evened out one pitch period at a time.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

use ringdown_types::CodecId;

use crate::{
    codec::{CodecError, Decoder, MAX_PACKET_MS, packet_samples},
    jitter::{Arrival, Carried, JitterBuffer, Pulled},
    noise::NoiseGenerator,
    stretch,
};

/// Turns one stream of packets into samples, asked for by the clock of whoever listens.
#[derive(Debug)]
pub struct Playout {
    codec: CodecId,
    ssrc: Option<u32>,
    jitter: JitterBuffer,
    decoder: Decoder,
    pcm_rate: u32,
    /// Decoded samples that are not taken yet; less than a packet and a frame.
    waiting: Vec<i16>,
    /// Samples of the newest packet: a lost one was as long.
    packet_samples: usize,
    /// Samples filled since the last packet.
    filled: usize,
    pause: Pause,
    /// How much usually waits, in samples.
    usual_depth: f32,
    /// Pulls since the sound's length was changed.
    unchanged: u32,
    figures: PlayoutFigures,
    /// Packets that were passed over without decoding: the newest of them set the decoder right.
    skipped: VecDeque<Vec<u8>>,
}

/// What the source said about the silence it is in.
#[derive(Debug)]
enum Pause {
    /// It did not announce one.
    None,
    /// Its last Opus packet was one of discontinuous transmission (RFC 7587 §3.1.3): the decoder makes the noise.
    Opus,
    /// It sent comfort noise.
    Noise(Box<NoiseGenerator>),
}

/// What had to be done to a stream so that it could be heard without a gap. In milliseconds since it began.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PlayoutFigures {
    /// Sound that was made up: lost or late packets that error correction did not bring back.
    pub concealed_ms: u64,
    /// Sound left out or said twice, a pitch period at a time.
    pub stretched_ms: u64,
    /// Packets that came too late, twice, or too many at once.
    pub packets_dropped: u64,
}

impl Playout {
    /// A playout of `codec` as mono PCM of `pcm_rate` Hz.
    ///
    /// # Errors
    /// Where the codec does not run at that rate.
    pub fn new(codec: CodecId, pcm_rate: u32) -> Result<Self, CodecError> {
        Ok(Self {
            codec,
            ssrc: None,
            jitter: JitterBuffer::new(codec.clock_rate()),
            decoder: Decoder::new(codec, pcm_rate)?,
            pcm_rate,
            waiting: Vec::new(),
            packet_samples: pcm_rate as usize / 50,
            filled: usize::MAX,
            pause: Pause::None,
            usual_depth: 0.0,
            unchanged: 0,
            figures: PlayoutFigures::default(),
            skipped: VecDeque::new(),
        })
    }

    /// The codec it reads.
    pub const fn codec(&self) -> CodecId {
        self.codec
    }

    /// What it had to do so far.
    pub const fn figures(&self) -> PlayoutFigures {
        PlayoutFigures { packets_dropped: self.jitter.dropped(), ..self.figures }
    }

    /// How long sound waits here before it is heard.
    pub fn delay(&self) -> Duration {
        let decoded = Duration::from_micros(self.waiting.len() as u64 * 1_000_000 / u64::from(self.pcm_rate));
        self.jitter.depth() + decoded
    }

    /// Takes a packet of the source. A new SSRC begins anew.
    pub fn handle_packet(&mut self, now: Instant, ssrc: u32, sequence: u16, timestamp: u32, payload: &[u8]) {
        let is_pause = self.codec == CodecId::Opus && payload.len() <= OPUS_PAUSE_LENGTH;
        let carried = if is_pause { Carried::Pause } else { Carried::Audio };
        self.handle_arrival(now, ssrc, Arrival { sequence, timestamp, carried, payload });
    }

    /// Takes a packet of audio or comfort noise of the source. A new SSRC begins anew.
    pub fn handle_arrival(&mut self, now: Instant, ssrc: u32, arrival: Arrival<'_>) {
        if self.ssrc != Some(ssrc) {
            self.ssrc = Some(ssrc);
            self.jitter = JitterBuffer::new(self.codec.clock_rate());
        }
        self.jitter.insert(now, arrival);
    }

    /// Fills `out` with what comes next; `false`, leaving it as it is, while the source is silent. Where it goes silent
    /// within `out`, the rest is zeros.
    pub fn fill(&mut self, out: &mut [i16]) -> bool {
        self.catch_up();
        while self.waiting.len() < out.len() {
            if !self.pull() {
                break;
            }
        }
        if self.waiting.is_empty() {
            return false;
        }
        let here = self.waiting.len().min(out.len());
        let (heard, rest) = out.split_at_mut(here);
        heard.copy_from_slice(&self.waiting[..here]);
        rest.fill(0);
        self.waiting.drain(..here);
        true
    }

    /// Passes over `samples` that nobody is to hear, without decoding them; `false` while the source is silent. The
    /// next [`Self::fill`] sounds as if all had been decoded, but for the decoder's long memory.
    pub fn skip(&mut self, samples: usize) -> bool {
        let mut skipped = self.waiting.len().min(samples);
        self.waiting.drain(..skipped);
        while skipped < samples {
            match self.jitter.pull() {
                Pulled::Packet(payload) => {
                    self.packet_samples = packet_samples(self.codec, &payload, self.pcm_rate).max(1);
                    self.filled = 0;
                    if self.skipped.len() >= WARM_UP_PACKETS {
                        self.skipped.pop_front();
                    }
                    self.skipped.push_back(payload);
                }
                Pulled::Noise(payload) => self.pause = Pause::Noise(Box::new(NoiseGenerator::new(&payload))),
                Pulled::Lost { .. } => {}
                Pulled::Empty if self.is_over() => return skipped > 0,
                Pulled::Empty => self.filled = self.filled.saturating_add(self.packet_samples),
            }
            skipped += self.packet_samples;
        }
        // What a packet holds beyond what was asked for is passed over as well: it is less than a packet.
        true
    }

    /// Decodes the newest of what was passed over, for the decoder's state.
    fn catch_up(&mut self) {
        if self.skipped.is_empty() {
            return;
        }
        let mut pcm = [0; 48 * MAX_PACKET_MS];
        while let Some(payload) = self.skipped.pop_front() {
            // One that is no packet changes no state.
            let _ = self.decoder.decode(&payload, &mut pcm);
        }
    }

    /// How many decoded samples wait.
    #[cfg(test)]
    pub(crate) const fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// Whether the source has been silent for so long that its stream pauses.
    fn is_over(&self) -> bool {
        let limit = match self.pause {
            Pause::None => MAX_FILLED_MS,
            Pause::Opus => MAX_OPUS_PAUSE_MS,
            Pause::Noise(_) => MAX_NOISE_MS,
        };
        self.filled >= self.pcm_rate as usize / 1000 * limit
    }

    /// Decodes what is next into `waiting`; `false` where there is nothing.
    fn pull(&mut self) -> bool {
        let depth = self.jitter.depth();
        let next = match self.jitter.pull() {
            Pulled::Packet(payload) => {
                self.filled = 0;
                if self.play(&payload) {
                    self.even_out(depth);
                    return true;
                }
                None
            }
            Pulled::Noise(payload) => {
                self.filled = 0;
                match &mut self.pause {
                    Pause::Noise(noise) => noise.update(&payload),
                    Pause::None | Pause::Opus => {
                        self.pause = Pause::Noise(Box::new(NoiseGenerator::new(&payload)));
                    }
                }
                None
            }
            Pulled::Lost { next } => {
                if next.is_some() {
                    // Whether it brings anything back, the decoder knows and does not tell.
                    self.fill_gap(next.as_deref());
                    return true;
                }
                None
            }
            Pulled::Empty if self.is_over() => return false,
            Pulled::Empty => None,
        };
        self.fill_gap(next);
        true
    }

    /// Decodes a packet; `false` for one that is none of this codec.
    fn play(&mut self, payload: &[u8]) -> bool {
        // What it holds is decoded where it waits: room for the longest packet would be cleared for each.
        let start = self.waiting.len();
        let room = packet_samples(self.codec, payload, self.pcm_rate).min(48 * MAX_PACKET_MS);
        self.waiting.resize(start + room, 0);
        let decoded = self.decoder.decode(payload, self.waiting.get_mut(start..).unwrap_or_default());
        self.waiting.truncate(start + decoded.unwrap_or(0).min(room));
        let Ok(samples) = decoded else { return false };
        // Never none, or a gap would be filled without end.
        self.packet_samples = samples.max(1);
        self.pause = Pause::None;
        if self.codec == CodecId::Opus && payload.len() <= OPUS_PAUSE_LENGTH {
            self.pause = Pause::Opus;
        }
        true
    }

    fn fill_gap(&mut self, next: Option<&[u8]>) {
        let start = self.waiting.len();
        self.waiting.resize(start + self.packet_samples, 0);
        let lost = self.waiting.get_mut(start..).unwrap_or_default();
        self.filled = self.filled.saturating_add(lost.len());
        match &mut self.pause {
            Pause::Noise(noise) => noise.fill(lost),
            Pause::None | Pause::Opus => {
                if matches!(self.pause, Pause::None) {
                    self.figures.concealed_ms += lost.len() as u64 * 1000 / u64::from(self.pcm_rate);
                }
                self.decoder.conceal(next, lost);
            }
        }
    }

    /// Shortens or stretches the packet just decoded where more or less waits than should. `depth` is what waited with
    /// it.
    fn even_out(&mut self, depth: Duration) {
        let in_samples = |duration: Duration| (duration.as_secs_f32() * self.pcm_rate as f32).round();
        let decoded = self.waiting.len() - self.packet_samples.min(self.waiting.len());
        let here = in_samples(depth) + decoded as f32;
        if self.usual_depth == 0.0 {
            self.usual_depth = here;
        }
        self.usual_depth += (here - self.usual_depth) * DEPTH_WEIGHT;
        self.unchanged = self.unchanged.saturating_add(1);
        // A packet more than may be late: packets come whole, and one must be here whenever sound is asked for.
        let target = in_samples(self.jitter.target()) + self.packet_samples as f32;
        let excess = self.usual_depth - target;
        // Far more than should wait makes people talk at once: that is worth a rough edge.
        let is_urgent = excess > in_samples(URGENT) && here > target;
        if self.unchanged < if is_urgent { 1 } else { PACKETS_BETWEEN } {
            return;
        }
        let is_deep = excess > in_samples(TOO_DEEP) && here > target;
        let is_shallow = excess < -in_samples(TOO_SHALLOW) && here < target;
        if !is_deep && !is_shallow {
            return;
        }
        let start = self.waiting.len() - self.packet_samples.min(self.waiting.len());
        let mut packet = self.waiting.split_off(start);
        let before = packet.len() as f32;
        if is_deep {
            stretch::shorten(&mut packet, self.pcm_rate, is_urgent);
        } else {
            stretch::lengthen(&mut packet, self.pcm_rate);
        }
        let longer = packet.len() as f32 - before;
        self.waiting.append(&mut packet);
        if longer != 0.0 {
            self.unchanged = 0;
            self.usual_depth += longer;
            self.figures.stretched_ms += (longer.abs() * 1000.0 / self.pcm_rate as f32).round() as u64;
        }
    }
}

/// How long gaps are filled before the stream pauses. A larger value sends needless silence; a smaller one cuts
/// holes into calls over bad networks.
const MAX_FILLED_MS: usize = 100;
/// Opus sends something every 400 ms of a pause.
const MAX_OPUS_PAUSE_MS: usize = 1000;
/// One minute. Noise may be told of once, at the beginning of a silence.
const MAX_NOISE_MS: usize = 60_000;
/// The longest Opus packet that says nothing but that nothing is said.
const OPUS_PAUSE_LENGTH: usize = 2;
/// 80 ms of 20 ms packets, as RFC 7845 §4.6 asks for.
const WARM_UP_PACKETS: usize = 4;
/// About a second of 20 ms packets. A larger value follows changes later; a smaller one follows jitter itself.
const DEPTH_WEIGHT: f32 = 0.03;
/// How far above its target what waits may be. A smaller value changes sound needlessly, a larger one wastes delay.
const TOO_DEEP: Duration = Duration::from_millis(15);
/// How far below. A larger value makes holes where the sender's clock is slow.
const TOO_SHALLOW: Duration = Duration::from_millis(5);
/// Beyond this any sound is shortened.
const URGENT: Duration = Duration::from_millis(100);
/// Between two changes. Fewer make speech hurry.
const PACKETS_BETWEEN: u32 = 3;

#[cfg(test)]
mod tests;
