//! What a leg says: which of its packets are audio, which are keys, which are neither.

use ringdown_media::{
    api::{AudioParameters, TelephoneEventFormat},
    rtp::{EventClock, EventPayload, Packet, TelephoneEventReceiver, parse},
};
use ringdown_types::CodecId;

use crate::hearing::{Keyhole, Voice};

/// A recognised packet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Heard {
    Audio {
        codec: CodecId,
        packet: Packet,
    },
    /// Comfort noise (RFC 3389).
    Noise {
        packet: Packet,
    },
    Event {
        clock_rate: u32,
        packet: Packet,
        payload: EventPayload,
    },
}

/// What a leg has said so far.
#[derive(Debug, Default)]
pub(crate) struct Incoming {
    pub(crate) events: TelephoneEventReceiver,
    /// What its events are counted in.
    pub(crate) event_clock: EventClock,
    /// The clock rate of the newest audio packet: events run on the same timeline.
    pub(crate) clock_rate: Option<u32>,
    /// What the newest audio packet is in.
    pub(crate) codec: Option<CodecId>,
    /// Listens for keys in its sound, where it has no other way to send them.
    pub(crate) keys: Option<Box<Keyhole>>,
    /// Tells when it speaks, if somebody asked.
    pub(crate) voice: Option<Box<Voice>>,
    pub(crate) started: bool,
    pub(crate) received: u64,
    /// Datagrams of wrong sources, malformed ones, payload types that were not negotiated.
    pub(crate) rejected: u64,
}

/// Recognises a packet by the payload types negotiated with its leg; `None` for any other.
pub(crate) fn recognise(audio: &AudioParameters, datagram: &[u8]) -> Option<Heard> {
    let packet = parse(datagram).ok()?;
    let payload = datagram.get(packet.payload.clone())?;
    match meaning(audio, packet.payload_type)? {
        Meaning::Audio(codec) => (!payload.is_empty()).then_some(Heard::Audio { codec, packet }),
        Meaning::Noise => Some(Heard::Noise { packet }),
        Meaning::Event { clock_rate } => {
            let payload = EventPayload::parse(payload)?;
            Some(Heard::Event { clock_rate, packet, payload })
        }
    }
}

/// What a payload type means from a leg.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Meaning {
    Audio(CodecId),
    Noise,
    Event { clock_rate: u32 },
}

/// RFC 3264 §5.1, §6.1: a peer sends with the numbers of our description. Many that answered with numbers of their
/// own send with those; they are understood where ours leave them free.
fn meaning(audio: &AudioParameters, payload_type: u8) -> Option<Meaning> {
    let find = |number: fn(u8, u8) -> u8| {
        let codec = audio.codecs.iter().find(|format| number(format.receive, format.send) == payload_type);
        let event = |format: &&TelephoneEventFormat| number(format.receive, format.send) == payload_type;
        let noise = audio.comfort_noise.filter(|format| number(format.receive, format.send) == payload_type);
        let sound = codec.map(|format| Meaning::Audio(format.codec)).or(noise.map(|_| Meaning::Noise));
        sound.or_else(|| {
            let format = audio.telephone_events.iter().find(event)?;
            Some(Meaning::Event { clock_rate: format.clock_rate })
        })
    };
    find(|receive, _| receive).or_else(|| find(|_, send| send))
}

#[cfg(test)]
mod tests {
    use ringdown_media::api::PayloadFormat;

    use super::*;

    #[test]
    fn the_numbers_of_our_description_come_first() {
        let audio = AudioParameters {
            codecs: vec![
                PayloadFormat { codec: CodecId::Opus, send: 101, receive: 111 },
                PayloadFormat { codec: CodecId::Pcmu, send: 0, receive: 0 },
            ],
            telephone_events: vec![
                TelephoneEventFormat { clock_rate: 48_000, send: 97, receive: 110 },
                TelephoneEventFormat { clock_rate: 8_000, send: 110, receive: 101 },
            ],
            ..AudioParameters::default()
        };
        let fast = Some(Meaning::Event { clock_rate: 48_000 });
        assert_eq!(meaning(&audio, 111), Some(Meaning::Audio(CodecId::Opus)));
        assert_eq!(meaning(&audio, 0), Some(Meaning::Audio(CodecId::Pcmu)));
        assert_eq!((meaning(&audio, 110), meaning(&audio, 97)), (fast, fast));
        assert_eq!(meaning(&audio, 101), Some(Meaning::Event { clock_rate: 8_000 }));
        assert_eq!(meaning(&audio, 96), None);
    }
}
