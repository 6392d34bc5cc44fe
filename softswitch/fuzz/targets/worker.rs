//! A whole media worker: telephones in a call that is transcoded, in a video call and in a mix send it whatever comes,
//! and it is told what call control may tell it.
#![no_main]

use std::{
    net::SocketAddr,
    sync::{Arc, OnceLock},
    time::{Duration, Instant},
};

use libfuzzer_sys::fuzz_target;
use ringdown_media::{
    api::{
        AudioParameters, ComfortNoiseFormat, HeaderExtension, MediaCommand, PayloadFormat, PlaySource,
        RecordingLimits, RtpRemote, RtpSecurity, RtxFormat, TelephoneEventFormat, Transport, VideoFormat,
        VideoStream,
    },
    codec::OpusSettings,
    prompt::SoundStore,
};
use ringdown_plane::{Datagram, Output, SocketKey, Worker, WorkerConfig};
use ringdown_rtc::DtlsIdentity;
use ringdown_types::{
    CodecId, DtmfDigit, LegId, MediaDirection, MixId, RecordingId, RtpExtension, SeededRandom, ToneId,
    VideoCoding, VideoFeedback, VideoSlot,
};

const LEGS: u8 = 7;
const CODECS: [(CodecId, u8); 4] =
    [(CodecId::Opus, 111), (CodecId::G722, 9), (CodecId::Pcma, 8), (CodecId::Pcmu, 0)];
const EVENTS: u8 = 101;
const NOISE: u8 = 13;
const VIDEO: u8 = 96;
const RTX: u8 = 97;

fuzz_target!(|steps: Vec<Vec<u8>>| {
    let mut story = Story::new();
    for step in steps.iter().take(256) {
        story.take(step);
    }
});

struct Story {
    worker: Worker,
    now: Instant,
    sequence: u16,
    recordings: u128,
}

fn leg(number: u8) -> LegId {
    LegId::from_u128(u128::from(number % LEGS) + 1)
}

fn port(number: u8) -> u16 {
    20_000 + 4 * u16::from(number % LEGS)
}

fn address(number: u8, offset: u16) -> SocketAddr {
    SocketAddr::from(([10, 0, 0, 1 + number % LEGS], 4_000 + offset))
}

fn transport(number: u8, offset: u16) -> Transport {
    let (rtp, rtcp) = (address(number, offset), address(number, offset + 1));
    let remote = Some(RtpRemote { rtp, rtcp, nat_source: None, security: RtpSecurity::None });
    Transport::Rtp { local_port: port(number) + offset, remote }
}

fn audio(number: u8) -> AudioParameters {
    let (codec, payload_type) = CODECS[usize::from(number) % CODECS.len()];
    AudioParameters {
        codecs: vec![PayloadFormat::symmetric(codec, payload_type)],
        telephone_events: if number % 3 == 2 {
            Vec::new()
        } else {
            vec![TelephoneEventFormat::symmetric(8_000, EVENTS)]
        },
        comfort_noise: Some(ComfortNoiseFormat { send: NOISE, receive: NOISE }),
        direction: MediaDirection::SendRecv,
        ptime_ms: if number % 2 == 0 { 20 } else { 30 },
        local_ssrc: 0x5000 + u32::from(number),
        cname: "fuzz".to_owned(),
        ..AudioParameters::default()
    }
}

fn video(number: u8) -> VideoStream {
    let extension = |kind, id| HeaderExtension { kind, send: id, receive: id };
    VideoStream {
        slot: VideoSlot::Camera,
        transport: Some(transport(number, 2)),
        mid: None,
        formats: vec![VideoFormat {
            coding: VideoCoding::Vp8,
            send: VIDEO,
            receive: VIDEO,
            rtx: Some(RtxFormat { send: RTX, receive: RTX }),
        }],
        direction: MediaDirection::SendRecv,
        feedback: VideoFeedback { nack: true, pli: true, fir: true, remb: true, transport_cc: true },
        extensions: vec![
            extension(RtpExtension::TransportSequence, 3),
            extension(RtpExtension::AbsoluteSendTime, 2),
            extension(RtpExtension::Mid, 4),
        ],
        local_ssrc: 0x6000 + u32::from(number),
        local_rtx_ssrc: 0x7000 + u32::from(number),
        remote_sources: Vec::new(),
        cname: "fuzz".to_owned(),
        max_send_kbps: None,
    }
}

impl Story {
    fn new() -> Self {
        static SHARED: OnceLock<(DtlsIdentity, Arc<SoundStore>)> = OnceLock::new();
        let (identity, sounds) = SHARED.get_or_init(|| {
            let identity = DtlsIdentity::generate().expect("a certificate");
            (identity, Arc::new(SoundStore::new(OpusSettings::default()).expect("tones")))
        });
        let now = Instant::now();
        let random = Box::new(SeededRandom::new(7));
        let worker = Worker::new(now, WorkerConfig::default(), identity.clone(), Arc::clone(sounds), random);
        let mut story = Self { worker, now, sequence: 65_500, recordings: 0 };
        for number in 0..LEGS {
            story.tell(MediaCommand::AddLeg {
                leg: leg(number),
                transport: transport(number, 0),
                audio: audio(number),
            });
        }
        for number in [2, 3] {
            story.tell(MediaCommand::SetVideo { leg: leg(number), streams: vec![video(number)] });
        }
        story.tell(MediaCommand::Connect { a: leg(0), b: leg(1) });
        story.tell(MediaCommand::Connect { a: leg(2), b: leg(3) });
        for number in 4..LEGS {
            story.join(number);
        }
        story
    }

    /// One step: what is done, by whom, and the rest is what it says.
    fn take(&mut self, step: &[u8]) {
        let [act, who, rest @ ..] = step else { return };
        let first = rest.first().copied().unwrap_or_default();
        match act % 10 {
            0 => self.deliver(*who, 0, rest),
            1 => self.deliver(*who, 1, rest),
            2 | 3 => {
                let number = who % LEGS;
                let types = [CODECS[usize::from(number) % CODECS.len()].1, EVENTS, NOISE];
                let packet = self.packet(types[usize::from(first) % types.len()], rest);
                self.deliver(number, 0, &packet);
            }
            4 => {
                let packet = self.packet(if first % 4 == 0 { RTX } else { VIDEO }, rest);
                self.deliver(2 + who % 2, 2, &packet);
            }
            5 => {
                let packet = report(rest);
                self.deliver(*who, if first % 2 == 0 { 1 } else { 3 }, &packet);
            }
            6 => self.pass(Duration::from_millis(u64::from(first))),
            _ => self.command(*who, rest),
        }
    }

    /// A well-formed header before `rest`, whose second and third octet say how far number and time go on.
    fn packet(&mut self, payload_type: u8, rest: &[u8]) -> Vec<u8> {
        let jump = rest.get(1).copied().unwrap_or_default();
        self.sequence = self.sequence.wrapping_add(if jump > 250 { u16::from(jump) << 7 } else { 1 });
        let timestamp = u32::from(self.sequence) * 160 + u32::from(rest.get(2).copied().unwrap_or_default());
        let mut packet = vec![0x80, payload_type];
        packet.extend(self.sequence.to_be_bytes());
        packet.extend(timestamp.to_be_bytes());
        packet.extend([0, 0, 0, 9]);
        packet.extend(rest.get(3..).unwrap_or_default().iter().take(1_400));
        packet
    }

    fn deliver(&mut self, number: u8, offset: u16, bytes: &[u8]) {
        let mut slot = [0; 2_048];
        let length = bytes.len().min(1_500);
        slot[..length].copy_from_slice(&bytes[..length]);
        let even = port(number) + (offset & !1);
        let socket = if offset % 2 == 0 { SocketKey::Rtp(even) } else { SocketKey::Rtcp(even) };
        let datagram = Datagram { socket, source: address(number, offset), buffer: &mut slot, length };
        self.worker.handle_datagram(self.now, datagram, &mut |_, _, _| {});
        self.drain();
    }

    fn pass(&mut self, time: Duration) {
        let until = self.now + time;
        for _ in 0..10_000 {
            let Some(due) = self.worker.next_timeout().filter(|due| *due <= until) else { break };
            self.now = self.now.max(due);
            self.worker.handle_timeout(self.now, &mut |_, _, _| {});
            self.drain();
        }
        assert!(self.worker.next_timeout().is_none_or(|due| due > until), "time passes");
        self.now = until;
    }

    fn command(&mut self, who: u8, rest: &[u8]) {
        let [what, other, ..] = *rest else { return };
        let (one, two) = (leg(who), leg(other));
        let command = match what % 13 {
            0 if one != two => MediaCommand::Connect { a: one, b: two },
            1 => MediaCommand::Disconnect { leg: one },
            2 => {
                let source = PlaySource::Tone(ToneId::Ringback);
                MediaCommand::Play { leg: one, source, repeat: other % 2 == 0, token: 1 }
            }
            3 => MediaCommand::Echo { leg: one },
            4 => MediaCommand::SendDtmf {
                leg: one,
                digit: DtmfDigit::from_event(other % 16).unwrap_or_else(|| unreachable!("16 keys")),
                duration_ms: u16::from(other) * 40,
            },
            5 => MediaCommand::Mute { leg: one, muted: other % 2 == 0 },
            6 => return self.join(who),
            7 => {
                self.recordings += 1;
                let limits = RecordingLimits { max_ms: 2_000, silence_ms: 500 };
                MediaCommand::Record { leg: one, recording: RecordingId::from_u128(self.recordings), limits }
            }
            8 => MediaCommand::StopRecording { leg: one },
            9 => MediaCommand::SetAudio { leg: one, audio: audio(other) },
            10 => MediaCommand::SetGain { leg: one, decibels: other as i8 },
            11 => MediaCommand::WatchVoice { leg: one, watched: other % 2 == 0 },
            _ => MediaCommand::SetVideo {
                leg: one,
                streams: if other % 2 == 0 { Vec::new() } else { vec![video(who % LEGS)] },
            },
        };
        self.tell(command);
    }

    fn join(&mut self, number: u8) {
        self.tell(MediaCommand::JoinMix { leg: leg(number), mix: MixId::from_u128(1), is_link: false });
    }

    fn tell(&mut self, command: MediaCommand) {
        self.worker.handle_command(self.now, command);
        self.drain();
    }

    fn drain(&mut self) {
        while let Some(output) = self.worker.poll_output() {
            if let Output::OpenRtp { port } = output {
                self.worker.handle_socket_result(self.now, port, true);
            }
        }
    }
}

/// An RTCP packet of a known type whose length is right.
fn report(rest: &[u8]) -> Vec<u8> {
    let [kind, format, body @ ..] = rest else { return Vec::new() };
    let words = body.len() / 4;
    let mut packet = vec![0x80 | format & 0x1f, 200 + kind % 8];
    packet.extend((words as u16).to_be_bytes());
    packet.extend(&body[..4 * words]);
    packet
}
