//! Mixes: each member hears every other. Decode, sum at one clock, encode.
//!
//! Members that say nothing hear the same, so their frame is encoded once for each codec; only those who talk get one
//! of their own, without themselves.

use std::{
    collections::{HashMap, VecDeque},
    time::Instant,
};

use ringdown_media::{
    api::{MediaEvent, PlaySource},
    codec::OpusSettings,
    mix::{MixBus, TalkDetector},
    prompt::Playback,
    rtp::Packet,
    wide::{MAX_ENCODED_LENGTH, WIDE_SAMPLES, WideClip, WideDecoder, WideEncoder, WideFrame},
};
use ringdown_types::{CodecId, MixId};

use crate::{
    deadlines::Deadlines,
    feed::{Feed, PLAY_FRAME, next_due},
    leg::Leg,
    legs::{Legs, Slot},
    output::{Output, Outputs, PacketSink},
    recorder::decoder_for,
};

/// The mixes of a worker.
#[derive(Default)]
pub(crate) struct Mixes {
    mixes: HashMap<MixId, Mix>,
    deadlines: Deadlines<MixId>,
}

#[derive(Default)]
struct Mix {
    members: Vec<Slot>,
    /// What is played to everybody.
    sounds: VecDeque<WideClip>,
    bus: MixBus,
    shared: Shared,
    scheduled: Option<Instant>,
}

/// A member's part of a mix; its leg's feed owns it.
pub(crate) struct Member {
    pub(crate) mix: MixId,
    decoder: Option<WideDecoder>,
    /// What it said in this frame, if that is mixed.
    said: Option<Box<WideFrame>>,
    talk: TalkDetector,
    encoder: Option<WideEncoder>,
    /// Names it in the outgoing stream.
    origin: u64,
}

impl Member {
    pub(crate) const fn new(mix: MixId, origin: u64) -> Self {
        let talk = TalkDetector::new();
        Self { mix, decoder: None, said: None, talk, encoder: None, origin }
    }

    /// Takes a packet of the leg.
    pub(crate) fn handle_packet(&mut self, now: Instant, codec: CodecId, packet: &Packet, payload: &[u8]) {
        if let Some(decoder) = decoder_for(&mut self.decoder, codec) {
            decoder.handle_packet(now, packet.ssrc, packet.sequence, packet.timestamp, payload);
        }
    }

    /// Adds what it says in this frame; returns whether it began or ceased to talk.
    fn speak(&mut self, bus: &mut MixBus) -> Option<bool> {
        let mut frame = self.said.take().unwrap_or_else(|| Box::new([0; WIDE_SAMPLES]));
        let is_heard = self.decoder.as_mut().is_some_and(|decoder| decoder.next_frame(&mut frame));
        let changed = self.talk.handle_frame(is_heard.then_some(&*frame));
        if is_heard && self.talk.counts() {
            bus.add(&frame);
            self.said = Some(frame);
        }
        changed
    }

    /// Its own frame, where it said something; else nothing, for it hears what all hear.
    fn encode_own(
        &mut self,
        codec: CodecId,
        settings: OpusSettings,
        bus: &MixBus,
        out: &mut [u8],
    ) -> Option<usize> {
        let said = self.said.as_deref()?;
        encoder_for(&mut self.encoder, codec, settings)?.encode(&bus.without(said), out).ok()
    }
}

/// What everybody hears who says nothing, encoded once for each codec.
#[derive(Default)]
struct Shared {
    encoders: [Option<WideEncoder>; CodecId::ALL.len()],
    frames: [Option<Vec<u8>>; CodecId::ALL.len()],
}

impl Shared {
    fn frame(&mut self, codec: CodecId, settings: OpusSettings, bus: &MixBus) -> Option<&[u8]> {
        let index = CodecId::ALL.iter().position(|&known| known == codec)?;
        let frame = self.frames.get_mut(index)?;
        if frame.is_none() {
            let mut packet = vec![0; MAX_ENCODED_LENGTH];
            let encoder = encoder_for(self.encoders.get_mut(index)?, codec, settings)?;
            let length = encoder.encode(&bus.all(), &mut packet).ok()?;
            packet.truncate(length);
            *frame = Some(packet);
        }
        frame.as_deref()
    }
}

fn encoder_for(
    encoder: &mut Option<WideEncoder>,
    codec: CodecId,
    settings: OpusSettings,
) -> Option<&mut WideEncoder> {
    if encoder.as_ref().is_none_or(|encoder| encoder.codec() != codec) {
        *encoder = WideEncoder::new(codec, settings).ok();
    }
    encoder.as_mut()
}

/// What a mix needs of its worker for one frame.
pub(crate) struct Tick<'a> {
    pub(crate) now: Instant,
    pub(crate) opus: OpusSettings,
    pub(crate) legs: &'a mut Legs,
    pub(crate) outputs: &'a mut Outputs,
}

impl Mixes {
    /// Adds a member, making the mix if it is the first.
    pub(crate) fn join(&mut self, now: Instant, id: MixId, slot: Slot) {
        let mix = self.mixes.entry(id).or_default();
        mix.members.push(slot);
        if mix.scheduled.is_none() {
            self.deadlines.schedule(id, &mut mix.scheduled, Some(now + PLAY_FRAME));
        }
    }

    /// Takes a member out; the mix goes with its last.
    pub(crate) fn leave(&mut self, id: MixId, slot: Slot) {
        let Some(mix) = self.mixes.get_mut(&id) else { return };
        mix.members.retain(|&member| member != slot);
        if mix.members.is_empty() {
            self.deadlines.schedule(id, &mut mix.scheduled, None);
            self.mixes.remove(&id);
        }
    }

    /// Plays to every member; `false` where there is no such mix, or too much is being played.
    pub(crate) fn play(&mut self, id: MixId, playback: Playback) -> bool {
        let Some(mix) = self.mixes.get_mut(&id).filter(|mix| mix.sounds.len() < MAX_SOUNDS) else {
            return false;
        };
        let Ok(sound) = WideClip::new(playback) else { return false };
        mix.sounds.push_back(sound);
        true
    }

    pub(crate) fn next_timeout(&self) -> Option<Instant> {
        self.deadlines.next()
    }

    /// Makes the frames that are due.
    pub(crate) fn handle_timeout(&mut self, mut tick: Tick<'_>, send: &mut PacketSink<'_>) {
        while let Some(id) = self.deadlines.pop_due(tick.now) {
            let Some(mix) = self.mixes.get_mut(&id) else { continue };
            let due = mix.scheduled.take().unwrap_or(tick.now);
            mix.listen(&mut tick);
            mix.speak(&mut tick, send);
            let next = next_due(tick.now, due, PLAY_FRAME).max(tick.now + SHORTEST_WAIT);
            self.deadlines.schedule(id, &mut mix.scheduled, Some(next));
        }
    }
}

impl Mix {
    /// Sums what everybody says.
    fn listen(&mut self, tick: &mut Tick<'_>) {
        self.bus.clear();
        for &slot in &self.members {
            let Some(leg) = tick.legs.get_mut(slot) else { continue };
            let Feed::Mix(member) = &mut leg.feed else { continue };
            if let Some(is_talking) = member.speak(&mut self.bus) {
                let leg = leg.id;
                tick.outputs.push(Output::Event(MediaEvent::Talking { leg, is_talking }));
            }
        }
        let bus = &mut self.bus;
        self.sounds.retain_mut(|sound| {
            let mut frame = [0; WIDE_SAMPLES];
            let goes_on = sound.next_frame(&mut frame);
            if goes_on {
                bus.add(&frame);
            }
            goes_on
        });
    }

    /// Sends everybody what the others said.
    fn speak(&mut self, tick: &mut Tick<'_>, send: &mut PacketSink<'_>) {
        self.shared.frames = Default::default();
        for &slot in &self.members {
            let Some(leg) = tick.legs.get_mut(slot) else { continue };
            let Some(codec) = leg.audio.codecs.first().map(|format| format.codec) else { continue };
            let Leg { feed: Feed::Mix(member), .. } = leg else { continue };
            let origin = member.origin;
            let mut own = [0; MAX_ENCODED_LENGTH];
            let frame = match member.encode_own(codec, tick.opus, &self.bus, &mut own) {
                Some(length) => own.get(..length),
                None => self.shared.frame(codec, tick.opus, &self.bus),
            };
            if let Some(frame) = frame {
                leg.send_frame(tick.now, origin, codec, frame, send);
            }
        }
    }
}

/// Whether a mix can play this: recordings are played to one leg only.
pub(crate) const fn can_be_mixed(source: PlaySource) -> bool {
    !matches!(source, PlaySource::Recording(_))
}

/// How soon a mix is looked after again, whatever it missed.
const SHORTEST_WAIT: std::time::Duration = std::time::Duration::from_millis(1);

/// Sounds at once. More make a room unintelligible when many come and go together.
const MAX_SOUNDS: usize = 4;
