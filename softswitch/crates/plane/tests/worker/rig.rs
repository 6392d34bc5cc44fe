//! A worker with a simulated clock: what it sends is kept, ports open at once.

use std::{
    collections::HashMap,
    net::SocketAddr,
    sync::{Arc, OnceLock},
    time::{Duration, Instant},
};

use ringdown_media::{
    api::{
        AudioParameters, MediaCommand, MediaEvent, PayloadFormat, RecordingEnd, RtpRemote,
        TelephoneEventFormat, Transport,
    },
    codec::OpusSettings,
    prompt::SoundStore,
};
use ringdown_plane::{Datagram, Output, RecordingPart, SocketKey, Worker, WorkerConfig};
use ringdown_rtc::DtlsIdentity;
use ringdown_testkit::{SimClock, audio::Tone};
use ringdown_types::{CodecId, LegId, MediaDirection, PromptId, RecordingId, SeededRandom};

use crate::phone::Phone;

pub(crate) const FRAME: Duration = Duration::from_millis(20);

#[derive(Debug, Clone)]
pub(crate) struct Sent {
    pub(crate) socket: SocketKey,
    pub(crate) destination: SocketAddr,
    pub(crate) bytes: Vec<u8>,
}

pub(crate) struct Rig {
    pub(crate) worker: Worker,
    pub(crate) clock: SimClock,
    pub(crate) sent: Vec<Sent>,
    pub(crate) events: Vec<MediaEvent>,
    pub(crate) ports: Vec<u16>,
    pub(crate) identity: DtlsIdentity,
    pub(crate) files: Files,
}

/// The shell's files, simulated.
#[derive(Default)]
pub(crate) struct Files {
    open: HashMap<RecordingId, Vec<i16>>,
    pub(crate) stored: HashMap<RecordingId, Arc<[i16]>>,
    pub(crate) ends: Vec<(RecordingId, RecordingEnd)>,
}

impl Files {
    fn take(&mut self, recording: RecordingId, channels: u8, part: RecordingPart) {
        match part {
            RecordingPart::Audio(samples) => self.open.entry(recording).or_default().extend(samples),
            RecordingPart::End { end, samples } => {
                let mut file = self.open.remove(&recording).unwrap_or_default();
                file.truncate(samples as usize * usize::from(channels));
                self.stored.insert(recording, file.into());
                self.ends.push((recording, end));
            }
        }
    }
}

/// The sounds of the tests: music is 600 Hz for half a second, the echo prompt 1,000 Hz for 200 ms.
pub(crate) fn sounds() -> Arc<SoundStore> {
    static SOUNDS: OnceLock<Arc<SoundStore>> = OnceLock::new();
    let build = || {
        let mut store = SoundStore::new(OpusSettings::default()).expect("Opus works");
        let music = Tone::new(600.0, 16_000, -15.0).samples(8000);
        let prompt = Tone::new(1000.0, 48_000, -15.0).samples(9600);
        store.insert_pcm(PromptId::MusicOnHold, 16_000, &music).expect("music");
        store.insert_pcm(PromptId::EchoTest, 48_000, &prompt).expect("a prompt");
        Arc::new(store)
    };
    Arc::clone(SOUNDS.get_or_init(build))
}

pub(crate) fn leg(number: u128) -> LegId {
    LegId::from_u128(number)
}

pub(crate) fn address(text: &str) -> SocketAddr {
    text.parse().expect("an address")
}

/// What one codec negotiates, with telephone-event on its clock.
pub(crate) fn audio(codecs: &[(CodecId, u8)]) -> AudioParameters {
    let event = TelephoneEventFormat::symmetric;
    let telephone_events = match codecs.first() {
        Some((CodecId::Opus, _)) => vec![event(48_000, 110)],
        Some(_) => vec![event(8000, 101)],
        None => Vec::new(),
    };
    AudioParameters {
        codecs: codecs.iter().map(|&(codec, number)| PayloadFormat::symmetric(codec, number)).collect(),
        telephone_events,
        direction: MediaDirection::SendRecv,
        ptime_ms: 20,
        local_ssrc: 0x5151 + codecs.len() as u32,
        cname: "ringdown".to_owned(),
        ..AudioParameters::default()
    }
}

impl Rig {
    pub(crate) fn new() -> Self {
        Self::with_config(WorkerConfig::default())
    }

    pub(crate) fn with_config(config: WorkerConfig) -> Self {
        let clock = SimClock::new();
        let identity = DtlsIdentity::generate().expect("a certificate");
        let random = Box::new(SeededRandom::new(7));
        let worker = Worker::new(clock.now(), config, identity.clone(), sounds(), random);
        Self {
            worker,
            clock,
            sent: Vec::new(),
            events: Vec::new(),
            ports: Vec::new(),
            identity,
            files: Files::default(),
        }
    }

    pub(crate) fn now(&self) -> Instant {
        self.clock.now()
    }

    pub(crate) fn command(&mut self, command: MediaCommand) {
        self.worker.handle_command(self.clock.now(), command);
        self.drain();
    }

    /// A leg for a telephone.
    pub(crate) fn add_phone(&mut self, phone: &Phone, audio: AudioParameters) {
        let rtcp = SocketAddr::new(phone.address.ip(), phone.address.port() + 1);
        let remote = Some(RtpRemote { rtp: phone.address, rtcp, nat_source: None, security: phone.security });
        let transport = Transport::Rtp { local_port: phone.port, remote };
        self.command(MediaCommand::AddLeg { leg: phone.leg, transport, audio });
    }

    pub(crate) fn connect(&mut self, a: LegId, b: LegId) {
        self.command(MediaCommand::Connect { a, b });
    }

    pub(crate) fn deliver(&mut self, socket: SocketKey, source: SocketAddr, bytes: &[u8]) {
        let mut buffer = [0; 1600];
        let length = bytes.len().min(buffer.len());
        buffer[..length].copy_from_slice(&bytes[..length]);
        let sent = &mut self.sent;
        let mut send = |socket, destination, bytes: &[u8]| {
            sent.push(Sent { socket, destination, bytes: bytes.to_vec() });
        };
        let datagram = Datagram { socket, source, buffer: &mut buffer, length };
        self.worker.handle_datagram(self.clock.now(), datagram, &mut send);
        self.drain();
    }

    /// Lets time pass, doing what is due on the way.
    pub(crate) fn advance(&mut self, by: Duration) {
        let until = self.clock.now() + by;
        while let Some(at) = self.worker.next_timeout().filter(|at| *at <= until) {
            if at > self.clock.now() {
                self.clock.advance_to(at);
            }
            let sent = &mut self.sent;
            let mut send = |socket, destination, bytes: &[u8]| {
                sent.push(Sent { socket, destination, bytes: bytes.to_vec() });
            };
            self.worker.handle_timeout(self.clock.now(), &mut send);
            self.drain();
        }
        self.clock.advance_to(until);
    }

    pub(crate) fn drain(&mut self) {
        while let Some(output) = self.worker.poll_output() {
            match output {
                Output::Transmit { socket, destination, bytes } => {
                    self.sent.push(Sent { socket, destination, bytes });
                }
                Output::OpenRtp { port } => {
                    self.ports.push(port);
                    self.worker.handle_socket_result(self.clock.now(), port, true);
                }
                Output::CloseRtp { port } => self.ports.retain(|open| *open != port),
                Output::Record { recording, file, part, .. } => {
                    self.files.take(recording, file.channels, part);
                }
                Output::ReadRecording { recording } => {
                    let samples = self.files.stored.get(&recording).cloned();
                    self.worker.handle_recording(self.clock.now(), recording, samples);
                }
                Output::Event(event) => self.events.push(event),
            }
        }
    }

    /// Frames of 20 ms: every telephone says one, time passes, every telephone listens.
    pub(crate) fn talk(&mut self, phones: &mut [&mut Phone], frames: usize) {
        for _ in 0..frames {
            for phone in phones.iter_mut() {
                phone.speak(self);
            }
            self.advance(FRAME);
            let sent = std::mem::take(&mut self.sent);
            for phone in phones.iter_mut() {
                phone.listen(&sent);
            }
        }
    }
}
