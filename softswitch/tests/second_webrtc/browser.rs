//! A browser: the PeerConnection of the `webrtc` crate, with a tone for a microphone and a memory for a loudspeaker.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use ringdown_control::{DescriptionKind, SessionDescription};
use ringdown_media::codec::{Decoder, Encoder, OpusSettings};
use ringdown_testkit::audio::{Tone, analyse, assert_only_tone, count_discontinuities};
use ringdown_types::CodecId;
use rtc::{
    rtp::{Header, Packet},
    rtp_transceiver::rtp_sender::{
        RTCRtpCodec, RTCRtpCodecParameters, RTCRtpCodingParameters, RTCRtpEncodingParameters, RtpCodecKind,
    },
};
use tokio::{
    sync::watch,
    task::JoinHandle,
    time::{interval, timeout},
};
use webrtc::{
    media_stream::{
        MediaStreamTrack,
        track_local::{TrackLocal, static_rtp::TrackLocalStaticRTP},
        track_remote::{TrackRemote, TrackRemoteEvent},
    },
    peer_connection::{
        MediaEngine, PeerConnection, PeerConnectionBuilder, PeerConnectionEventHandler, RTCIceCandidateInit,
        RTCIceGatheringState, RTCPeerConnectionState, RTCSessionDescription, Registry,
        register_default_interceptors,
    },
};

use crate::PATIENCE;

/// Sound on this side of the codec, samples per second: both Opus and G.711 run at it.
const RATE: u32 = 8_000;
const FRAME: usize = RATE as usize / 50;
/// A quarter of full scale: loud, and far from clipping.
const LEVEL_DBFS: f64 = -12.0;

pub(crate) struct Browser {
    name: &'static str,
    connection: Arc<dyn PeerConnection>,
    gathered: watch::Receiver<bool>,
    state: watch::Receiver<RTCPeerConnectionState>,
    /// Everything heard so far.
    heard: watch::Receiver<Vec<i16>>,
    voice: Option<Voice>,
    speaking: Option<JoinHandle<()>>,
}

impl Browser {
    /// A browser that knows one codec, with its microphone open; it says `hz` once connected.
    pub(crate) async fn open(name: &'static str, codec: CodecId, hz: f64) -> Self {
        let mut media = MediaEngine::default();
        media.register_codec(codec_parameters(codec), RtpCodecKind::Audio).expect("the codec is registered");
        let interceptors =
            register_default_interceptors(Registry::new(), &mut media).expect("interceptors are registered");
        let (gathered_sender, gathered) = watch::channel(false);
        let (state_sender, state) = watch::channel(RTCPeerConnectionState::New);
        let (heard_sender, heard) = watch::channel(Vec::new());
        let handler = Handler { codec, gathered: gathered_sender, state: state_sender, heard: heard_sender };
        let connection = PeerConnectionBuilder::new()
            .with_media_engine(media)
            .with_interceptor_registry(interceptors)
            .with_handler(Arc::new(handler))
            .with_udp_addrs(vec!["127.0.0.1:0"])
            .build()
            .await
            .expect("a connection is made");
        let voice = Voice::new(codec, hz);
        let track: Arc<dyn TrackLocal> = Arc::<TrackLocalStaticRTP>::clone(&voice.track);
        connection.add_track(track).await.expect("the microphone is added");
        let connection: Arc<dyn PeerConnection> = Arc::new(connection);
        Self { name, connection, gathered, state, heard, voice: Some(voice), speaking: None }
    }

    /// An offer with every candidate in it.
    pub(crate) async fn offer(&mut self) -> SessionDescription {
        let offer = self.connection.create_offer(None).await.expect("an offer is made");
        self.describe_with(offer, DescriptionKind::Offer).await
    }

    /// Answers the switch's offer.
    pub(crate) async fn answer(&mut self, offer: SessionDescription) -> SessionDescription {
        let offer = RTCSessionDescription::offer(offer.sdp).expect("the switch's offer is well formed");
        self.connection.set_remote_description(offer).await.expect("the switch's offer is accepted");
        let answer = self.connection.create_answer(None).await.expect("an answer is made");
        self.describe_with(answer, DescriptionKind::Answer).await
    }

    async fn describe_with(
        &mut self,
        description: RTCSessionDescription,
        kind: DescriptionKind,
    ) -> SessionDescription {
        self.connection.set_local_description(description).await.expect("our own description is accepted");
        let gathered = timeout(PATIENCE, self.gathered.wait_for(|gathered| *gathered)).await;
        gathered.expect("gathering ends").expect("the connection lives");
        let local = self.connection.local_description().await.expect("it was set");
        SessionDescription { kind, sdp: local.sdp }
    }

    pub(crate) async fn take_answer(&mut self, answer: SessionDescription) {
        let answer = RTCSessionDescription::answer(answer.sdp).expect("the switch's answer is well formed");
        self.connection.set_remote_description(answer).await.expect("the switch's answer is accepted");
    }

    /// Takes an answer as a page does that signals candidates by themselves (RFC 8838): none are in the description.
    pub(crate) async fn take_answer_and_candidates(
        &mut self,
        answer: SessionDescription,
        candidates: &[String],
    ) {
        let kept = answer.sdp.split_inclusive('\n');
        let sdp =
            kept.filter(|line| !line.starts_with("a=candidate:") && !line.starts_with("a=end-of-candidates"));
        self.take_answer(SessionDescription { kind: answer.kind, sdp: sdp.collect() }).await;
        for candidate in candidates {
            let init = RTCIceCandidateInit { candidate: candidate.clone(), ..RTCIceCandidateInit::default() };
            self.connection.add_ice_candidate(init).await.expect("the switch's candidate is accepted");
        }
    }

    /// Waits for ICE and DTLS, then begins to speak.
    pub(crate) async fn connected(&mut self) {
        let connected = self.state.wait_for(|state| *state == RTCPeerConnectionState::Connected);
        match timeout(PATIENCE, connected).await {
            Ok(state) => drop(state.expect("the connection lives")),
            Err(_) => panic!("{} did not connect", self.name),
        }
        let voice = self.voice.take().expect("a browser connects once");
        self.speaking = Some(tokio::spawn(voice.speak()));
    }

    /// How much was heard so far, in samples.
    pub(crate) fn mark(&self) -> usize {
        self.heard.borrow().len()
    }

    /// Waits until the tone `hz` is heard, then listens for a while: to that tone and nothing else.
    pub(crate) async fn hears_only(&self, hz: f64, a_while: Duration) {
        let mut heard = self.heard.clone();
        let begin = self.mark();
        // A fifth of a second, no older than this question.
        let tone = heard.wait_for(|samples| {
            let recent = samples.len().saturating_sub(RATE as usize / 5).max(begin);
            samples.len() >= recent + RATE as usize / 5 && analyse(&samples[recent..], RATE).is_only_tone(hz)
        });
        let start = match timeout(PATIENCE, tone).await {
            Ok(samples) => samples.expect("the connection lives").len(),
            Err(_) => {
                let samples = &self.heard.borrow()[begin..];
                panic!("{} heard {:?} for {hz} Hz", self.name, analyse(samples, RATE));
            }
        };
        let end = start + (a_while.as_secs_f64() * f64::from(RATE)) as usize;
        let enough = timeout(PATIENCE, heard.wait_for(|samples| samples.len() >= end)).await;
        let samples = enough.unwrap_or_else(|_| panic!("{}: the sound stopped", self.name));
        assert_only_tone(&samples.expect("the connection lives")[start..end], RATE, hz);
    }

    /// Asserts that the tone went on without a lost or repeated packet since a mark.
    pub(crate) fn heard_without_a_break_since(&self, mark: usize, hz: f64) {
        let heard = self.heard.borrow();
        assert_eq!(count_discontinuities(&heard[mark..], RATE, hz), 0, "{} heard breaks", self.name);
    }

    pub(crate) async fn close(self) {
        self.connection.close().await.expect("the connection closes");
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        if let Some(speaking) = &self.speaking {
            speaking.abort();
        }
    }
}

/// Only one codec is registered: with more, the crate answers with payload types the offer gave to others.
fn codec_parameters(codec: CodecId) -> RTCRtpCodecParameters {
    let (channels, sdp_fmtp_line) = match codec {
        // RFC 7587 §7: always two in the description.
        CodecId::Opus => (2, "minptime=10;useinbandfec=1"),
        CodecId::G722 | CodecId::Pcmu | CodecId::Pcma => (1, ""),
    };
    let rtp_codec = RTCRtpCodec {
        mime_type: format!("audio/{}", codec.encoding_name()),
        clock_rate: codec.clock_rate(),
        channels,
        sdp_fmtp_line: sdp_fmtp_line.to_owned(),
        ..RTCRtpCodec::default()
    };
    RTCRtpCodecParameters { rtp_codec, payload_type: payload_type(codec) }
}

fn payload_type(codec: CodecId) -> u8 {
    codec.static_payload_type().unwrap_or(111)
}

/// A tone, 20 ms at a time.
struct Voice {
    track: Arc<TrackLocalStaticRTP>,
    codec: CodecId,
    ssrc: u32,
    tone: Tone,
}

impl Voice {
    fn new(codec: CodecId, hz: f64) -> Self {
        let ssrc = getrandom::u32().expect("the system has random numbers");
        let coding = RTCRtpEncodingParameters {
            rtp_coding_parameters: RTCRtpCodingParameters {
                ssrc: Some(ssrc),
                ..RTCRtpCodingParameters::default()
            },
            codec: codec_parameters(codec).rtp_codec,
            ..RTCRtpEncodingParameters::default()
        };
        let [stream, track, label] = ["stream", "microphone", "microphone"].map(str::to_owned);
        let track = MediaStreamTrack::new(stream, track, label, RtpCodecKind::Audio, vec![coding]);
        let track = Arc::new(TrackLocalStaticRTP::new(track));
        Self { track, codec, ssrc, tone: Tone::new(hz, RATE, LEVEL_DBFS) }
    }

    async fn speak(mut self) {
        let mut encoder =
            Encoder::new(self.codec, RATE, OpusSettings::default()).expect("the codec runs at this rate");
        let mut clock = interval(Duration::from_millis(20));
        for number in 0_u32.. {
            clock.tick().await;
            let mut payload = [0; 512];
            let length = encoder.encode(&self.tone.samples(FRAME), &mut payload).expect("20 ms are a frame");
            let header = Header {
                version: 2,
                marker: number == 0,
                payload_type: payload_type(self.codec),
                sequence_number: number as u16,
                timestamp: number * (self.codec.clock_rate() / 50),
                ssrc: self.ssrc,
                ..Header::default()
            };
            let packet = Packet { header, payload: Bytes::copy_from_slice(&payload[..length]) };
            if self.track.write_rtp(packet).await.is_err() {
                return;
            }
        }
    }
}

/// What the connection tells.
struct Handler {
    codec: CodecId,
    gathered: watch::Sender<bool>,
    state: watch::Sender<RTCPeerConnectionState>,
    heard: watch::Sender<Vec<i16>>,
}

#[async_trait::async_trait]
impl PeerConnectionEventHandler for Handler {
    async fn on_ice_gathering_state_change(&self, state: RTCIceGatheringState) {
        self.gathered.send_replace(state == RTCIceGatheringState::Complete);
    }

    async fn on_connection_state_change(&self, state: RTCPeerConnectionState) {
        self.state.send_replace(state);
    }

    async fn on_track(&self, track: Arc<dyn TrackRemote>) {
        tokio::spawn(listen(track, self.codec, self.heard.clone()));
    }
}

/// Ends with the track.
async fn listen(track: Arc<dyn TrackRemote>, codec: CodecId, heard: watch::Sender<Vec<i16>>) {
    let mut decoder = Decoder::new(codec, RATE).expect("the codec runs at this rate");
    while let Some(event) = track.poll().await {
        let TrackRemoteEvent::OnRtpPacket(packet) = event else { continue };
        assert_eq!(packet.header.payload_type, payload_type(codec), "only the codec we know is sent");
        let mut pcm = [0; RATE as usize];
        let length = decoder.decode(&packet.payload, &mut pcm).expect("the switch sends valid packets");
        heard.send_modify(|samples| samples.extend(&pcm[..length]));
    }
}
