//! What a stream of packets sounds like, by our own clock: a jitter buffer and a decoder.

use std::time::Instant;

use ringdown_types::CodecId;

use crate::{
    codec::{CodecError, Decoder, MAX_PACKET_MS},
    jitter::{JitterBuffer, Pulled},
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
        })
    }

    /// The codec it reads.
    pub const fn codec(&self) -> CodecId {
        self.codec
    }

    /// Takes a packet of the source. A new SSRC begins anew.
    pub fn handle_packet(&mut self, now: Instant, ssrc: u32, sequence: u16, timestamp: u32, payload: &[u8]) {
        if self.ssrc != Some(ssrc) {
            self.ssrc = Some(ssrc);
            self.jitter = JitterBuffer::new(self.codec.clock_rate());
        }
        self.jitter.insert(now, sequence, timestamp, payload);
    }

    /// Fills `out` with what comes next; `false`, leaving it as it is, while the source is silent. Where it goes silent
    /// within `out`, the rest is zeros.
    pub fn fill(&mut self, out: &mut [i16]) -> bool {
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

    /// How many decoded samples wait.
    #[cfg(test)]
    pub(crate) const fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// Decodes what is next into `waiting`; `false` where there is nothing.
    fn pull(&mut self) -> bool {
        let mut pcm = [0; 48 * MAX_PACKET_MS];
        let next = match self.jitter.pull() {
            Pulled::Packet(payload) => {
                self.filled = 0;
                if let Ok(samples) = self.decoder.decode(&payload, &mut pcm) {
                    // Never none, or a gap would be filled without end.
                    self.packet_samples = samples.max(1);
                    self.waiting.extend_from_slice(&pcm[..samples]);
                    return true;
                }
                None
            }
            Pulled::Lost { next } => next,
            Pulled::Empty if self.filled >= self.pcm_rate as usize / 1000 * MAX_FILLED_MS => return false,
            Pulled::Empty => None,
        };
        let lost = &mut pcm[..self.packet_samples];
        self.filled = self.filled.saturating_add(lost.len());
        self.decoder.conceal(next.as_deref(), lost);
        self.waiting.extend_from_slice(lost);
        true
    }
}

/// How long gaps are filled before the stream pauses. A larger value sends needless silence; a smaller one cuts
/// holes into calls over bad networks.
const MAX_FILLED_MS: usize = 100;
