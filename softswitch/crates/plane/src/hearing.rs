//! What is heard in a leg's sound beside the sound itself: keys, a voice, silence; and what its listener reports back.

use std::time::{Duration, Instant};

use ringdown_media::{
    activity::{LevelMeter, SpeechDetector},
    api::MediaEvent,
    codec::packet_samples,
    dtmf::{KeyListener, Keys},
    jitter::Carried,
    rtp::{FinishedDigit, Packet, SourceKey, extension::AudioLevel},
};
use ringdown_types::{CodecId, LegId};

use crate::{
    feed::Feed,
    leg::{Leg, Relayed},
    legs::Slot,
    output::Passage,
    receive::Way,
    worker::Worker,
};

/// Listens for keys in the sound of a telephone without telephone-event.
#[derive(Debug)]
pub(crate) struct Keyhole {
    codec: CodecId,
    listener: Option<KeyListener>,
}

impl Keyhole {
    fn handle(&mut self, codec: CodecId, payload: &[u8]) -> Keys {
        if self.codec != codec {
            *self = Self { codec, listener: KeyListener::new(codec) };
        }
        self.listener.as_mut().map_or_else(Keys::default, |listener| listener.handle_payload(payload))
    }
}

/// Tells when a leg begins and ceases to speak.
#[derive(Debug)]
pub(crate) struct Voice {
    meter: LevelMeter,
    speech: SpeechDetector,
    /// When the last packet came.
    newest: Instant,
    /// When silence is to be noticed that no packet tells of; `None` while nobody speaks.
    pub(crate) due: Option<Instant>,
}

impl Voice {
    pub(crate) fn new(now: Instant) -> Self {
        Self { meter: LevelMeter::default(), speech: SpeechDetector::default(), newest: now, due: None }
    }

    fn handle_packet(
        &mut self,
        now: Instant,
        codec: CodecId,
        (payload, told): (&[u8], Option<AudioLevel>),
    ) -> Option<bool> {
        let duration_ms = packet_samples(codec, payload, codec.sample_rate()) * 1000;
        let duration_ms = (duration_ms / codec.sample_rate() as usize).min(120) as u32;
        self.newest = now;
        let changed = self.speech.handle(self.meter.read(codec, payload, told), duration_ms);
        match changed {
            Some(true) => self.due = Some(now + SILENT_AFTER),
            Some(false) => self.due = None,
            None => {}
        }
        changed
    }

    /// Whether nothing has come for so long that nobody speaks any more.
    pub(crate) fn handle_timeout(&mut self, now: Instant) -> Option<bool> {
        self.due = Some(self.newest + SILENT_AFTER).filter(|due| *due > now && self.speech.is_active());
        if self.due.is_some() { None } else { self.speech.handle_silence() }
    }
}

/// What a packet's sound told.
struct Found {
    keys: Keys,
    /// Whether a voice began or ceased.
    voice: Option<bool>,
}

impl Leg {
    /// Listens to a packet; `sound` is its payload, and how loud its sender says it is.
    fn listen_for(&mut self, now: Instant, codec: CodecId, sound: (&[u8], Option<AudioLevel>)) -> Found {
        let mut keys = Keys::default();
        // Who negotiated telephone-event sends keys that way (RFC 4733 §1.2).
        if self.audio.telephone_events.is_empty() && codec != CodecId::Opus {
            let fresh = || Box::new(Keyhole { codec, listener: KeyListener::new(codec) });
            keys = self.incoming.keys.get_or_insert_with(fresh).handle(codec, sound.0);
        }
        let voice = self.incoming.voice.as_mut().and_then(|voice| voice.handle_packet(now, codec, sound));
        Found { keys, voice }
    }

    /// A receiver report came: Opus towards this leg is encoded as it advises.
    pub(crate) fn adapt_opus(&mut self) {
        let remote = self.outgoing.rtcp.remote();
        if remote.reports() != self.reports_seen {
            self.reports_seen = remote.reports();
            if let Some(fraction) = remote.fraction_lost() {
                self.opus.handle_report(fraction);
            }
        }
    }
}

impl Worker {
    /// Listens to a packet of audio; `false` where it is not to be passed on: it holds the sound of a key that the
    /// listener gets as an event.
    pub(crate) fn listen(
        &mut self,
        slot: Slot,
        codec: CodecId,
        packet: &Packet,
        passage: &Passage<'_, '_>,
    ) -> bool {
        let Some(leg) = self.legs.get_mut(slot) else { return true };
        if leg.incoming.voice.is_none() && !leg.audio.telephone_events.is_empty() {
            return true;
        }
        let now = passage.now;
        let Some(payload) = passage.buffer.get(packet.payload.clone()) else { return true };
        let told = leg.told_level(passage.buffer);
        let Found { keys, voice } = leg.listen_for(now, codec, (payload, told));
        let (id, listener) = (leg.id, leg.feed.listener(slot).filter(|listener| *listener != slot));
        if let Some(is_active) = voice {
            self.report_voice(id, is_active);
            self.reschedule(slot);
        }
        let takes_events = |worker: &Self, listener: Slot| {
            worker.legs.get(listener).is_some_and(|leg| !leg.audio.telephone_events.is_empty())
        };
        let listener = listener.filter(|listener| takes_events(self, *listener));
        if let Some(finished) = keys.finished {
            self.report_heard_digit(now, (id, listener), finished);
        }
        let Some(listener) = listener.filter(|_| keys.is_sounding) else { return true };
        // What is held back is not lost. An event that is being sent has its own place and keeps it.
        if let Some(leg) = self.legs.get_mut(listener).filter(|leg| !leg.digits.is_sending()) {
            leg.outgoing.stream.release_source();
        }
        false
    }

    /// Reports a key that was heard in the sound. A listener without telephone-event hears it there too.
    fn report_heard_digit(
        &mut self,
        now: Instant,
        (leg, listener): (LegId, Option<Slot>),
        finished: FinishedDigit,
    ) {
        let FinishedDigit { digit, duration_ms } = finished;
        self.outputs.event(MediaEvent::Dtmf { leg, digit, duration_ms });
        if let Some(listener) = listener {
            self.queue_digit(now, listener, finished);
        }
    }

    /// Tells a leg that speaks Opus, with its next report, what is lost beyond us of what is passed on as it is.
    pub(crate) fn pass_loss_on(&mut self, slot: Slot) {
        let Some(leg) = self.legs.get(slot) else { return };
        let is_opus = leg.incoming.codec == Some(CodecId::Opus);
        let listener = leg.feed.listener(slot).filter(|listener| is_opus && *listener != slot);
        let onward = listener
            .and_then(|listener| self.legs.get(listener))
            .filter(|leg| leg.payload_type(CodecId::Opus).is_some())
            .and_then(|leg| leg.outgoing.rtcp.remote().fraction_lost());
        if let Some(leg) = self.legs.get_mut(slot) {
            leg.outgoing.rtcp.set_onward_loss(onward.unwrap_or(0));
        }
    }

    pub(crate) fn report_voice(&mut self, leg: LegId, is_active: bool) {
        self.outputs.event(MediaEvent::VoiceActivity { leg, is_active });
    }

    /// Comfort noise came: it is passed on to a listener that knows it, and made into sound for any other.
    pub(crate) fn hear_noise(&mut self, slot: Slot, packet: Packet, passage: Passage<'_, '_>) {
        let Some(leg) = self.legs.get_mut(slot) else { return };
        let Packet { ssrc, sequence, timestamp, .. } = packet;
        leg.outgoing.rtcp.handle_rtp(passage.now, ssrc, 8_000, sequence, timestamp);
        let narrow =
            leg.audio.codecs.iter().map(|format| format.codec).find(|codec| codec.sample_rate() == 8_000);
        let codec = leg.incoming.codec.filter(|codec| codec.clock_rate() == 8_000).or(narrow);
        let key = SourceKey { origin: leg.origin, ssrc, clock_rate: 8_000 };
        let (is_muted, listener) = (leg.muted, leg.feed.listener(slot));
        if let Feed::Mix(member) = &mut leg.feed
            && let Some(payload) = passage.buffer.get(packet.payload.clone()).filter(|_| !is_muted)
        {
            member.handle_noise(passage.now, &packet, payload);
        }
        let (Some(codec), Some(listener)) = (codec, listener.filter(|_| !is_muted)) else { return };
        let Some(leg) = self.legs.get_mut(listener).filter(|leg| leg.may_send()) else { return };
        let Some(way) = Way::choose(leg, codec) else { return };
        let payload_type = leg.audio.comfort_noise.map(|noise| noise.send);
        match (way, payload_type) {
            (Way::Relay | Way::UlawToAlaw | Way::AlawToUlaw, Some(payload_type)) => {
                if !leg.digits.is_sending() {
                    leg.relay_noise(payload_type, Relayed { key, packet }, passage);
                }
            }
            // What it hears of the pause is made here, in the codec it hears the rest in.
            (Way::Relay, None) => {
                self.transcode(listener, (codec, codec), (Carried::Noise, &packet), &passage)
            }
            (Way::UlawToAlaw, None) => {
                self.transcode(listener, (codec, CodecId::Pcma), (Carried::Noise, &packet), &passage)
            }
            (Way::AlawToUlaw, None) => {
                self.transcode(listener, (codec, CodecId::Pcmu), (Carried::Noise, &packet), &passage)
            }
            (Way::Transcode(to), _) => {
                self.transcode(listener, (codec, to), (Carried::Noise, &packet), &passage)
            }
        }
    }
}

/// Packets of discontinuous transmission come at least every 400 ms.
const SILENT_AFTER: Duration = Duration::from_millis(600);
