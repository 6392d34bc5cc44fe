//! Which payload type means what, through a session (RFC 3264 §8.3.2: a number keeps its meaning).

use ringdown_types::CodecId;

use crate::formats::AudioFormats;

/// The numbers of one session. A peer's offer sets them; what it did not number gets our own number, or a free one.
#[derive(Debug, Clone)]
pub(crate) struct PayloadTypes {
    codecs: Vec<(CodecId, u8)>,
    events: Vec<(u32, u8)>,
    comfort_noise: Option<u8>,
    taken: [bool; 128],
    defaults: Defaults,
}

/// The numbers a session starts with.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Defaults {
    pub(crate) opus: u8,
    pub(crate) event_8000: u8,
    pub(crate) event_48000: u8,
    /// Whether comfort noise is agreed to. Browsers pause on their own with Opus; given G.711 and comfort noise,
    /// they pause there too, and whoever they talk to may not know it.
    pub(crate) admits_comfort_noise: bool,
}

impl PayloadTypes {
    pub(crate) const fn new(defaults: Defaults) -> Self {
        Self { codecs: Vec::new(), events: Vec::new(), comfort_noise: None, taken: [false; 128], defaults }
    }

    /// Takes over the numbers of a peer's offer.
    pub(crate) fn learn(&mut self, offer: &AudioFormats) {
        self.codecs.retain(|(_, number)| !offer.listed.contains(number));
        self.events.retain(|(_, number)| !offer.listed.contains(number));
        for &number in &offer.listed {
            self.take(number);
        }
        self.comfort_noise = self.offered_comfort_noise(offer);
        for offered in &offer.codecs {
            self.codecs.retain(|(codec, _)| *codec != offered.codec);
            self.codecs.push((offered.codec, offered.payload_type));
        }
        for offered in &offer.telephone_events {
            self.events.retain(|(rate, _)| *rate != offered.clock_rate);
            self.events.push((offered.clock_rate, offered.payload_type));
        }
    }

    /// The number of comfort noise in an offer, if it is to be agreed to.
    pub(crate) fn offered_comfort_noise(&self, offer: &AudioFormats) -> Option<u8> {
        offer.comfort_noise.filter(|_| self.defaults.admits_comfort_noise)
    }

    /// The number of comfort noise, where the peer offered it.
    pub(crate) const fn comfort_noise(&self) -> Option<u8> {
        self.comfort_noise
    }

    /// The number of a codec; assigned on the first call.
    pub(crate) fn codec(&mut self, codec: CodecId) -> u8 {
        if let Some(&(_, number)) = self.codecs.iter().find(|(known, _)| *known == codec) {
            return number;
        }
        let number = self.free(codec.static_payload_type().unwrap_or(self.defaults.opus));
        self.codecs.push((codec, number));
        number
    }

    /// The number of telephone-event at a clock rate; assigned on the first call.
    pub(crate) fn event(&mut self, clock_rate: u32) -> u8 {
        if let Some(&(_, number)) = self.events.iter().find(|(known, _)| *known == clock_rate) {
            return number;
        }
        let wanted = if clock_rate == 8_000 { self.defaults.event_8000 } else { self.defaults.event_48000 };
        let number = self.free(wanted);
        self.events.push((clock_rate, number));
        number
    }

    /// `wanted`, or a dynamic number nobody uses. RFC 5761 §4: 64 to 95 would look like RTCP.
    fn free(&mut self, wanted: u8) -> u8 {
        let is_free = |number: &u8| !self.taken.get(usize::from(*number)).copied().unwrap_or(true);
        let number = std::iter::once(wanted).chain(96..=127).chain(35..=63).find(is_free).unwrap_or(wanted);
        self.take(number);
        number
    }

    /// Every number in use.
    pub(crate) fn taken(&self) -> impl Iterator<Item = u8> {
        (0..).zip(&self.taken).filter(|(_, taken)| **taken).map(|(number, _)| number)
    }

    /// A number that means something: here, or in another stream of the bundle.
    pub(crate) fn take(&mut self, number: u8) {
        if let Some(taken) = self.taken.get_mut(usize::from(number)) {
            *taken = true;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::{AudioCodec, OpusParameters, TelephoneEventFormat};

    const DEFAULTS: Defaults =
        Defaults { opus: 111, event_8000: 126, event_48000: 110, admits_comfort_noise: false };

    #[test]
    fn a_number_the_peer_uses_for_something_else_is_not_ours() {
        let mut numbers = PayloadTypes::new(DEFAULTS);
        numbers.learn(&AudioFormats {
            codecs: vec![AudioCodec {
                codec: CodecId::Opus,
                payload_type: 126,
                opus: OpusParameters::default(),
            }],
            telephone_events: vec![TelephoneEventFormat { payload_type: 101, clock_rate: 8_000 }],
            listed: vec![126, 101, 110, 111],
            ..AudioFormats::default()
        });
        assert_eq!(numbers.codec(CodecId::Opus), 126);
        assert_eq!(numbers.event(8_000), 101);
        assert_eq!(numbers.event(48_000), 96);
        assert_eq!(numbers.event(48_000), 96);
        assert_eq!(numbers.codec(CodecId::Pcmu), 0);
    }
}
