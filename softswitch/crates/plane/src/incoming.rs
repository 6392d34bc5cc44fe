//! What a leg says: which of its packets are audio, which are keys, which are neither.

use ringdown_media::{
    api::AudioParameters,
    rtp::{EventPayload, Packet, TelephoneEventReceiver, parse},
};
use ringdown_types::CodecId;

/// A recognised packet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Heard {
    Audio { codec: CodecId, packet: Packet },
    Event { clock_rate: u32, packet: Packet, payload: EventPayload },
}

/// What a leg has said so far.
#[derive(Debug, Default)]
pub(crate) struct Incoming {
    pub(crate) events: TelephoneEventReceiver,
    /// The clock rate of the newest audio packet: events run on the same timeline.
    pub(crate) clock_rate: Option<u32>,
    pub(crate) started: bool,
    pub(crate) received: u64,
    /// Datagrams of wrong sources, malformed ones, payload types that were not negotiated.
    pub(crate) rejected: u64,
}

/// Recognises a packet by the payload types negotiated with its leg; `None` for any other.
pub(crate) fn recognise(audio: &AudioParameters, datagram: &[u8]) -> Option<Heard> {
    let packet = parse(datagram).ok()?;
    let payload = datagram.get(packet.payload.clone())?;
    let by_type = |&&(_, payload_type): &&(CodecId, u8)| payload_type == packet.payload_type;
    if let Some(&(codec, _)) = audio.codecs.iter().find(by_type) {
        return (!payload.is_empty()).then_some(Heard::Audio { codec, packet });
    }
    let format = audio.telephone_events.iter().find(|format| format.payload_type == packet.payload_type)?;
    let payload = EventPayload::parse(payload)?;
    Some(Heard::Event { clock_rate: format.clock_rate, packet, payload })
}
