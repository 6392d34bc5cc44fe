//! Mixes: each member hears every other. Decode, sum at one clock, encode.
//!
//! Members that say nothing hear the same, so their frame is encoded once for each codec; only those who talk get one
//! of their own, without themselves. A link to another worker's part of the same mix is a member that always has the
//! floor, and is none in what is told of talk.

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
    time::Instant,
};

use ringdown_media::{
    api::{MediaEvent, RecordingEnd},
    mix::{
        Contender, Floor, Limiter, MAX_ENCODED_LENGTH, MIX_SAMPLES, MixBus, MixClip, MixFormat, MixFrame,
        MixRecorded, MixSource, OwnVoice, Past, Ramp, SharedVoices, TalkDetector,
    },
    rtp::Packet,
};
use ringdown_types::{CodecId, MixId, RecordingId};

use crate::{
    deadlines::Deadlines,
    feed::{Feed, PLAY_FRAME, next_due},
    leg::Leg,
    legs::{Legs, Slot},
    output::{Output, Outputs, PacketSink},
    recorder::MixRecorder,
    recordings::{end_mix_recording, hand_over},
};

/// The mixes of a worker.
#[derive(Default)]
pub(crate) struct Mixes {
    mixes: HashMap<MixId, Mix>,
    deadlines: Deadlines<MixId>,
}

struct Mix {
    members: Vec<Slot>,
    /// What is played to everybody.
    sounds: VecDeque<MixSound>,
    floor: Floor<Slot>,
    /// Who wants the floor in this frame; kept for its room.
    contenders: Vec<Contender<Slot>>,
    /// Who hears what all hear in this frame; kept for its room.
    listeners: Vec<(Slot, MixFormat, u64)>,
    bus: MixBus,
    /// What everybody hears who says nothing: this frame, its loudness, its packets, and what was before.
    all: Box<MixFrame>,
    limiter: Limiter,
    shared: SharedVoices,
    past: Past,
    recorder: Option<Box<MixRecorder>>,
    scheduled: Option<Instant>,
}

/// What is played to everybody.
pub(crate) enum MixSound {
    /// A clip of the sound pack.
    Clip(MixClip),
    /// A recording that the shell is reading.
    Awaited(RecordingId),
    /// A recording.
    Recorded(MixRecorded),
}

impl MixSound {
    /// The recording that is waited for.
    pub(crate) const fn awaited(&self) -> Option<RecordingId> {
        match self {
            Self::Awaited(recording) => Some(*recording),
            Self::Clip(_) | Self::Recorded(_) => None,
        }
    }

    /// The next 20 ms; `false` at the end. What is waited for is silent.
    fn next_frame(&mut self, frame: &mut MixFrame) -> bool {
        match self {
            Self::Clip(clip) => clip.next_frame(frame),
            Self::Awaited(_) => true,
            Self::Recorded(recorded) => recorded.next_frame(frame),
        }
    }
}

impl Default for Mix {
    fn default() -> Self {
        Self {
            members: Vec::new(),
            sounds: VecDeque::new(),
            floor: Floor::default(),
            contenders: Vec::new(),
            listeners: Vec::new(),
            bus: MixBus::default(),
            all: Box::new([0; MIX_SAMPLES]),
            limiter: Limiter::default(),
            shared: SharedVoices::default(),
            past: Past::default(),
            recorder: None,
            scheduled: None,
        }
    }
}

/// A member's part of a mix; its leg's feed owns it.
pub(crate) struct Member {
    pub(crate) mix: MixId,
    /// Whether it is another worker's part of the mix.
    is_link: bool,
    source: Option<MixSource>,
    talk: TalkDetector,
    ramp: Ramp,
    /// What it said in this frame, if that is mixed.
    said: Option<Box<MixFrame>>,
    /// What it was last reported to do, and for how many frames.
    is_talking: bool,
    frames_so: u8,
    own: OwnVoice,
    limiter: Limiter,
    /// Names it in the outgoing stream.
    origin: u64,
}

impl Member {
    pub(crate) fn new(mix: MixId, is_link: bool, origin: u64) -> Self {
        Self {
            mix,
            is_link,
            source: None,
            talk: TalkDetector::new(),
            ramp: Ramp::silent(),
            said: None,
            is_talking: false,
            frames_so: u8::MAX,
            own: OwnVoice::default(),
            limiter: Limiter::default(),
            origin,
        }
    }

    /// Takes a packet of the leg. A source may change its codec at any packet.
    pub(crate) fn handle_packet(&mut self, now: Instant, codec: CodecId, packet: &Packet, payload: &[u8]) {
        if self.source.as_ref().is_none_or(|source| source.codec() != codec) {
            self.source = MixSource::new(codec).ok();
        }
        if let Some(source) = &mut self.source {
            source.handle_packet(now, packet.ssrc, packet.sequence, packet.timestamp, payload);
        }
    }

    /// Takes comfort noise of the leg: it pauses, and nothing is lost.
    pub(crate) fn handle_noise(&mut self, now: Instant, packet: &Packet, payload: &[u8]) {
        if let Some(source) = &mut self.source {
            source.handle_noise(now, packet.ssrc, (packet.sequence, packet.timestamp), payload);
        }
    }

    /// Goes on to the next frame of what it says.
    fn listen(&mut self, is_muted: bool) {
        let power = self.source.as_mut().and_then(MixSource::next_frame);
        self.talk.handle_frame(power.filter(|_| !is_muted));
    }

    /// Adds what it says in this frame, as loud as `gain` says: 0 for somebody without the floor.
    fn speak(&mut self, gain: f32, bus: &mut MixBus) {
        let Some(source) = self.source.as_mut().filter(|_| !self.ramp.is_silent(gain)) else {
            self.said = None;
            return;
        };
        let frame = self.said.get_or_insert_with(|| Box::new([0; MIX_SAMPLES]));
        source.write(frame);
        self.ramp.process(gain, frame);
        bus.add(frame);
    }

    /// Whether it began or ceased to talk, so that the others see it: no more often than every half second.
    fn take_change(&mut self, has_floor: bool) -> Option<bool> {
        self.frames_so = self.frames_so.saturating_add(1);
        let is_talking = has_floor && self.talk.is_talking();
        if is_talking == self.is_talking || self.frames_so < EVENT_FRAMES || self.is_link {
            return None;
        }
        (self.is_talking, self.frames_so) = (is_talking, 0);
        Some(is_talking)
    }

    /// The length of its own packet, where it said something of late; else nothing, for it hears what all hear.
    /// `limiter` is how loud the frame before was for all.
    fn encode_own(
        &mut self,
        format: MixFormat,
        bus: &MixBus,
        (past, shared, limiter): (&Past, &SharedVoices, Limiter),
        out: &mut [u8],
    ) -> Option<usize> {
        if !self.own.is_needed(self.said.is_some() || self.is_link, shared) {
            self.limiter = limiter;
            return None;
        }
        let mut heard = [0; MIX_SAMPLES];
        match &self.said {
            Some(said) => bus.without(said, &mut self.limiter, &mut heard),
            None => bus.all(&mut self.limiter, &mut heard),
        }
        self.own.encode(format, (past, shared), &heard, out)
    }
}

/// What a mix needs of its worker for one frame.
pub(crate) struct Tick<'a> {
    pub(crate) now: Instant,
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
    pub(crate) fn leave(&mut self, id: MixId, slot: Slot, outputs: &mut Outputs) {
        let Some(mix) = self.mixes.get_mut(&id) else { return };
        mix.members.retain(|&member| member != slot);
        mix.floor.remove(slot);
        if mix.members.is_empty() {
            end_mix_recording(&mut mix.recorder, outputs, RecordingEnd::LegRemoved);
            self.deadlines.schedule(id, &mut mix.scheduled, None);
            self.mixes.remove(&id);
        }
    }

    /// Plays to every member; `false` where there is no such mix, or too much is being played.
    pub(crate) fn play(&mut self, id: MixId, sound: MixSound) -> bool {
        let Some(mix) = self.mixes.get_mut(&id).filter(|mix| mix.sounds.len() < MAX_SOUNDS) else {
            return false;
        };
        mix.sounds.push_back(sound);
        true
    }

    /// What became of a recording that mixes wait for.
    pub(crate) fn handle_recording(&mut self, recording: RecordingId, samples: Option<&Arc<[i16]>>) {
        for mix in self.mixes.values_mut() {
            mix.sounds.retain_mut(|sound| {
                if sound.awaited() != Some(recording) {
                    return true;
                }
                let Some(samples) = samples else { return false };
                *sound = MixSound::Recorded(MixRecorded::new(Arc::clone(samples)));
                true
            });
        }
    }

    /// Ends everything that is played to a mix.
    pub(crate) fn stop_playing(&mut self, id: MixId) {
        if let Some(mix) = self.mixes.get_mut(&id) {
            mix.sounds.clear();
        }
    }

    /// Where a mix's recorder goes; `None` where there is no such mix.
    pub(crate) fn recorder_mut(&mut self, id: MixId) -> Option<&mut Option<Box<MixRecorder>>> {
        self.mixes.get_mut(&id).map(|mix| &mut mix.recorder)
    }

    /// A panic may have come between a frame and the next one's deadline.
    pub(crate) fn recover(&mut self, now: Instant) {
        for (&id, mix) in &mut self.mixes {
            if mix.scheduled.is_none() {
                self.deadlines.schedule(id, &mut mix.scheduled, Some(now + PLAY_FRAME));
            }
        }
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
    /// Sums what everybody says who has the floor.
    fn listen(&mut self, tick: &mut Tick<'_>) {
        self.bus.clear();
        self.contenders.clear();
        for &who in &self.members {
            let Some(leg) = tick.legs.get_mut(who) else { continue };
            let Feed::Mix(member) = &mut leg.feed else { continue };
            member.listen(leg.muted);
            if member.talk.counts() && !member.is_link && !leg.muted {
                self.contenders.push(Contender { who, level: member.talk.level() });
            }
        }
        self.floor.handle_frame(&self.contenders);
        for &who in &self.members {
            let Some(leg) = tick.legs.get_mut(who) else { continue };
            let Feed::Mix(member) = &mut leg.feed else { continue };
            let has_floor = if member.is_link { member.talk.counts() } else { self.floor.has(who) };
            let gain = if has_floor && !leg.muted { leg.gain } else { 0.0 };
            member.speak(gain, &mut self.bus);
            if let Some(is_talking) = member.take_change(has_floor) {
                let leg = leg.id;
                tick.outputs.push(Output::Event(MediaEvent::Talking { leg, is_talking }));
            }
        }
        let bus = &mut self.bus;
        self.sounds.retain_mut(|sound| {
            let mut frame = [0; MIX_SAMPLES];
            let goes_on = sound.next_frame(&mut frame);
            if goes_on {
                bus.add(&frame);
            }
            goes_on
        });
    }

    /// Sends everybody what the others said: first those who are among the others themselves, whose encoders begin
    /// where the shared ones stand.
    fn speak(&mut self, tick: &mut Tick<'_>, send: &mut PacketSink<'_>) {
        let before = (&self.past, &self.shared, self.limiter);
        self.listeners.clear();
        for &slot in &self.members {
            let Some(leg) = tick.legs.get_mut(slot) else { continue };
            let Some(format) = format_for(leg) else { continue };
            let Feed::Mix(member) = &mut leg.feed else { continue };
            let (mut own, origin) = ([0; MAX_ENCODED_LENGTH], member.origin);
            match member.encode_own(format, &self.bus, before, &mut own) {
                Some(length) => leg.send_frame(tick.now, origin, format.codec, &own[..length], send),
                None => self.listeners.push((slot, format, origin)),
            }
        }
        self.bus.all(&mut self.limiter, &mut self.all);
        if let Some(recorder) = &mut self.recorder {
            let (of, parts) = ((recorder.recording, None, recorder.file()), recorder.handle_frame(&self.all));
            if hand_over(tick.outputs, of, parts) {
                self.recorder = None;
            }
        }
        for &(slot, format, origin) in &self.listeners {
            let Some(leg) = tick.legs.get_mut(slot) else { continue };
            if let Some(frame) = self.shared.packet(format, &self.past, &self.all) {
                leg.send_frame(tick.now, origin, format.codec, frame, send);
            }
        }
        self.shared.finish_frame();
        self.past.push(&self.all);
    }
}

/// What a member is sent.
fn format_for(leg: &Leg) -> Option<MixFormat> {
    let codec = leg.audio.codecs.first()?.codec;
    let settings = leg.opus.settings();
    Some(match &leg.feed {
        Feed::Mix(member) if member.is_link => MixFormat::for_a_link(codec, settings),
        _ => MixFormat::new(codec, settings, leg.audio.opus.max_average_bitrate),
    })
}

/// How soon a mix is looked after again, whatever it missed.
const SHORTEST_WAIT: std::time::Duration = std::time::Duration::from_millis(1);

/// Sounds at once. More make a room unintelligible when many come and go together.
const MAX_SOUNDS: usize = 4;

/// Half a second: what tells who talks is drawn, not heard. Shorter floods everybody in a lively room.
const EVENT_FRAMES: u8 = 25;
