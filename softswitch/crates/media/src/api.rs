//! What call control asks of a media worker, and what the worker reports.
//!
//! Plain values: `switch` makes commands and reads events, `plane` obeys them, the shell carries them over
//! bounded rings. A command for a leg the worker does not know is dropped and counted: the leg has ended and the
//! command crossed its end. Only its removal is answered all the same.

use std::net::SocketAddr;

use ringdown_types::{
    CodecId, DtmfDigit, LegId, LegQuality, MediaDirection, MixId, PromptId, QualityReport, RecordedTracks,
    RecordingId, SoundFormat, SrtpKey, ToneId, VideoSlot,
};

mod video;

pub use video::{HeaderExtension, RemoteSource, RtxFormat, VideoFormat, VideoStream};

/// What call control asks of the worker that owns a leg.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MediaCommand {
    /// Makes a leg. Until [`MediaCommand::Connect`] or [`MediaCommand::Play`] it sends nothing.
    AddLeg {
        /// The leg, unique for all time.
        leg: LegId,
        /// Where its packets come from and go to.
        transport: Transport,
        /// What was negotiated so far.
        audio: AudioParameters,
    },
    /// Replaces a leg's transport: remote address learnt, re-offer, ICE restart. Sequence and timestamps go on.
    SetTransport {
        /// The leg.
        leg: LegId,
        /// Its new transport, of the same kind and on the same local port.
        transport: Transport,
    },
    /// Replaces what was negotiated: answer, hold, resume, codec change.
    SetAudio {
        /// The leg.
        leg: LegId,
        /// The new parameters.
        audio: AudioParameters,
    },
    /// Replaces a leg's video streams, all of them: what is not listed has ended, and its port is closed. At most one a
    /// slot. Streams of a slot keep their SSRC, sequence and timestamps. What a leg's stream receives goes to whatever
    /// the leg is connected with.
    SetVideo {
        /// The leg.
        leg: LegId,
        /// Its streams.
        streams: Vec<VideoStream>,
    },
    /// Asks a leg's device for whole pictures of all it sends: who sees them asked by signalling (RFC 5168).
    RequestKeyFrames {
        /// The leg that is to send them.
        leg: LegId,
    },
    /// Ends a leg and frees its sockets; always answered by [`MediaEvent::LegRemoved`], also for a leg that was
    /// refused or is gone, so that what call control holds for a leg is freed at one place.
    RemoveLeg {
        /// The leg.
        leg: LegId,
    },
    /// Relays (or transcodes) between two legs of this worker, each replacing whatever fed the other.
    Connect {
        /// One leg.
        a: LegId,
        /// The other.
        b: LegId,
    },
    /// Stops feeding a leg, and stops it from feeding its partner.
    Disconnect {
        /// The leg.
        leg: LegId,
    },
    /// Plays to a leg, replacing whatever fed it. The leg's own audio goes nowhere while it lasts.
    Play {
        /// The leg.
        leg: LegId,
        /// What is heard.
        source: PlaySource,
        /// Whether it starts again at its end. Tones always repeat their cadence.
        repeat: bool,
        /// Names this playback in [`MediaEvent::PlayFinished`].
        token: u32,
    },
    /// Returns a leg's own audio to it.
    Echo {
        /// The leg.
        leg: LegId,
    },
    /// Sends a digit to a leg as telephone-event (RFC 4733), or as in-band tones where that was not negotiated.
    SendDtmf {
        /// The leg that hears it.
        leg: LegId,
        /// The digit.
        digit: DtmfDigit,
        /// Its length in milliseconds, 40 to 8,000; outside values are clamped.
        duration_ms: u16,
    },
    /// Stops or restarts passing on what the leg says, without negotiation (server-side mute).
    Mute {
        /// The leg that is not heard.
        leg: LegId,
        /// Whether it is muted.
        muted: bool,
    },
    /// Tells when a leg begins and ceases to speak, by [`MediaEvent::VoiceActivity`], or stops telling.
    WatchVoice {
        /// The leg.
        leg: LegId,
        /// Whether it is watched.
        watched: bool,
    },
    /// Joins a leg to a mix of this worker, replacing whatever fed it: it hears every other member. A mix is made by
    /// its first member and goes with its last. A leg leaves with whatever replaces the mix as its feed, or with
    /// [`MediaCommand::Disconnect`].
    JoinMix {
        /// The leg.
        leg: LegId,
        /// The mix.
        mix: MixId,
        /// Whether the leg carries another worker's part of the same mix: it is always mixed, and nothing is told of
        /// its talk.
        is_link: bool,
    },
    /// Sets how loud a leg is in every mix it is or will be in.
    SetGain {
        /// The leg.
        leg: LegId,
        /// In decibels, at most 20; −60 and less is silence. 0 at first.
        decibels: i8,
    },
    /// Plays once to every member of a mix, beneath what they say. More than four at once are dropped.
    PlayToMix {
        /// The mix.
        mix: MixId,
        /// What is heard.
        source: PlaySource,
    },
    /// Ends everything that is played to a mix.
    StopPlayToMix {
        /// The mix.
        mix: MixId,
    },
    /// Records a leg, until it is told to stop, a limit is reached or the leg is removed. One recording at a time.
    Record {
        /// The leg.
        leg: LegId,
        /// Names the recording, for all time.
        recording: RecordingId,
        /// What is recorded, and what the file is.
        form: RecordingForm,
        /// How long it may get.
        limits: RecordingLimits,
    },
    /// Ends a leg's recording.
    StopRecording {
        /// The leg.
        leg: LegId,
    },
    /// Records what all members of a mix say, until it is told to stop, a limit is reached or the last member leaves.
    /// One recording at a time.
    RecordMix {
        /// The mix.
        mix: MixId,
        /// Names the recording, for all time.
        recording: RecordingId,
        /// What the file is.
        format: SoundFormat,
        /// How long it may get.
        limits: RecordingLimits,
    },
    /// Ends a mix's recording.
    StopMixRecording {
        /// The mix.
        mix: MixId,
    },
}

/// What is recorded, and what the file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RecordingForm {
    /// What of the leg.
    pub tracks: RecordedTracks,
    /// In what kind of file.
    pub format: SoundFormat,
    /// What for, which decides where it is kept.
    pub purpose: RecordingPurpose,
}

/// What a recording is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RecordingPurpose {
    /// A message in a mailbox. One that could not be written to its end is no message.
    Message,
    /// A call or a room. Of one that could not be written to its end there is what was written.
    Call,
}

/// How long a recording may get.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RecordingLimits {
    /// The most, in milliseconds.
    pub max_ms: u32,
    /// So much silence in a row ends it, in milliseconds, and silence at its end is left out; 0 for neither.
    pub silence_ms: u32,
}

/// What ended a recording.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RecordingEnd {
    /// [`MediaCommand::StopRecording`].
    Stopped,
    /// Nothing was said for as long as allowed.
    Silence,
    /// It is as long as allowed.
    TooLong,
    /// The leg was removed, or the mix's last member left.
    LegRemoved,
    /// It could not be written; told by the shell while the leg is still being recorded.
    Failed,
}

/// What a playback plays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PlaySource {
    /// A generated tone.
    Tone(ToneId),
    /// A prompt of the sound pack.
    Prompt(PromptId),
    /// A recording that was stored.
    Recording(RecordingId),
}

/// Where a leg's packets come from and go to.
#[derive(Clone, PartialEq, Eq)]
pub enum Transport {
    /// A browser: ICE-lite and DTLS-SRTP on the worker's one WebRTC port.
    WebRtc {
        /// Our user fragment; it names the leg on the shared port.
        local_ufrag: String,
        /// Our ICE password.
        local_pwd: String,
        /// The browser's credentials and certificate; `None` until its description is known.
        remote: Option<WebRtcRemote>,
    },
    /// A telephone: RTP or SRTP on a port of its own.
    Rtp {
        /// Our even RTP port; RTCP is on the next one unless multiplexed.
        local_port: u16,
        /// Where the description says packets go and come from; `None` until it is known.
        remote: Option<RtpRemote>,
    },
}

/// Credentials never reach a log.
impl std::fmt::Debug for Transport {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::WebRtc { remote, .. } => {
                f.debug_struct("WebRtc").field("remote", &remote.is_some()).finish_non_exhaustive()
            }
            Self::Rtp { local_port, remote } => f
                .debug_struct("Rtp")
                .field("local_port", local_port)
                .field("remote", &remote.is_some())
                .finish_non_exhaustive(),
        }
    }
}

/// What a browser's description says of its transport.
#[derive(Clone, PartialEq, Eq)]
pub struct WebRtcRemote {
    /// Its user fragment.
    pub ufrag: String,
    /// Its ICE password.
    pub pwd: String,
    /// SHA-256 of its certificate (RFC 8122). No other hash is accepted.
    pub fingerprint: [u8; 32],
    /// Our part in the handshake (RFC 8842): client where the browser said `passive`, server otherwise.
    pub dtls_role: DtlsRole,
}

/// Our part in a DTLS handshake.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DtlsRole {
    /// We wait for the ClientHello.
    Server,
    /// We send it.
    Client,
}

/// What a telephone's description says of its transport.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RtpRemote {
    /// Where RTP goes.
    pub rtp: SocketAddr,
    /// Where RTCP goes; the same as `rtp` with rtcp-mux (RFC 5761).
    pub rtcp: SocketAddr,
    /// Whether the signalling showed the telephone behind a NAT, so that media is accepted from the signalling's
    /// source address too, and followed there (symmetric RTP, RFC 4961).
    pub nat_source: Option<std::net::IpAddr>,
    /// What was agreed to protect the media with.
    pub security: RtpSecurity,
}

/// How a telephone's media are protected. What it says holds for RTP and RTCP.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum RtpSecurity {
    /// Not at all.
    #[default]
    None,
    /// SRTP with keys out of the descriptions (RFC 4568). A key that stays goes on with its stream, another one
    /// begins anew. Both are of one profile.
    Sdes {
        /// What we send with: the key of our description.
        send: SrtpKey,
        /// What the telephone sends with: the key of its description.
        receive: SrtpKey,
    },
    /// DTLS-SRTP without ICE (RFC 5763): handshake and media come from where the source rules allow.
    Dtls {
        /// SHA-256 of the telephone's certificate.
        fingerprint: [u8; 32],
        /// Our part in the handshake.
        role: DtlsRole,
    },
}

/// What was negotiated for a leg's one audio stream.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AudioParameters {
    /// Codecs, preferred first. Empty until negotiated: nothing is sent.
    pub codecs: Vec<PayloadFormat>,
    /// Telephone-event formats: at most one per clock rate.
    pub telephone_events: Vec<TelephoneEventFormat>,
    /// Comfort noise for codecs of 8,000 Hz (RFC 3389); `None` where it was not negotiated.
    pub comfort_noise: Option<ComfortNoiseFormat>,
    /// The id, 1 to 14, of the header extension by which the peer tells how loud a packet is (RFC 6464); `None` where it
    /// was not negotiated. It is read from packets that SRTP authenticated, of browsers alone.
    pub audio_level: Option<u8>,
    /// How the peer wants Opus.
    pub opus: OpusWishes,
    /// Which way media flows, seen from us.
    pub direction: MediaDirection,
    /// The packet length we send, in milliseconds: 10 to 60.
    pub ptime_ms: u8,
    /// Our SSRC, as our description says.
    pub local_ssrc: u32,
    /// The canonical name of RTCP SDES, as our description says.
    pub cname: String,
}

/// A negotiated codec and its payload types, 0–127. They differ where a peer answered our offer with other numbers
/// (RFC 3264 §5.1, §6.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PayloadFormat {
    /// The codec.
    pub codec: CodecId,
    /// What we send with: the number of the peer's description.
    pub send: u8,
    /// What we receive with: the number of our description. A peer that sends with its own number is understood too,
    /// unless our description gave that number to another format.
    pub receive: u8,
}

impl PayloadFormat {
    /// A codec with one number for both directions.
    pub const fn symmetric(codec: CodecId, payload_type: u8) -> Self {
        Self { codec, send: payload_type, receive: payload_type }
    }
}

/// The negotiated comfort noise (RFC 3389); its payload types are those of [`PayloadFormat`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ComfortNoiseFormat {
    /// What we send with.
    pub send: u8,
    /// What we receive with.
    pub receive: u8,
}

/// What the peer's description says of the Opus it receives (RFC 7587 §6.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OpusWishes {
    /// It uses in-band error correction.
    pub inband_fec: bool,
    /// It wants nothing sent while nothing is said.
    pub dtx: bool,
    /// It wants a constant bit rate.
    pub constant_bitrate: bool,
    /// The most bits per second on average, 6,000 to 510,000.
    pub max_average_bitrate: Option<u32>,
    /// The highest sample rate it can play, 8,000 to 48,000.
    pub max_playback_rate: u32,
}

impl Default for OpusWishes {
    /// As where a description says nothing, but for error correction: a decoder that does not use it loses nothing by
    /// it but bits.
    fn default() -> Self {
        Self {
            inband_fec: true,
            dtx: false,
            constant_bitrate: false,
            max_average_bitrate: None,
            max_playback_rate: 48_000,
        }
    }
}

/// A negotiated telephone-event format; its payload types are those of [`PayloadFormat`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TelephoneEventFormat {
    /// The clock rate in Hz: 8,000 or 48,000.
    pub clock_rate: u32,
    /// What we send with.
    pub send: u8,
    /// What we receive with.
    pub receive: u8,
}

impl TelephoneEventFormat {
    /// A format with one number for both directions.
    pub const fn symmetric(clock_rate: u32, payload_type: u8) -> Self {
        Self { clock_rate, send: payload_type, receive: payload_type }
    }
}

/// What a worker reports.
#[derive(Debug, Clone, PartialEq)]
pub enum MediaEvent {
    /// The transport is up: DTLS is done and the certificate is the announced one, or the telephone's address is
    /// known and its socket open.
    LegConnected {
        /// The leg.
        leg: LegId,
    },
    /// The first valid audio packet came.
    MediaStarted {
        /// The leg.
        leg: LegId,
    },
    /// The first valid packet of a video stream came, or the first after it was made anew.
    VideoStarted {
        /// The leg that sends it.
        leg: LegId,
        /// The stream.
        slot: VideoSlot,
    },
    /// A listener needs a whole picture of a stream whose sender speaks neither PLI nor FIR: signalling may ask it
    /// (RFC 5168).
    KeyFrameNeeded {
        /// The leg that is to send it.
        leg: LegId,
        /// The stream.
        slot: VideoSlot,
    },
    /// A video stream's own transport cannot work; the leg goes on without it.
    VideoFailed {
        /// The leg.
        leg: LegId,
        /// The stream.
        slot: VideoSlot,
        /// Why.
        failure: MediaFailure,
    },
    /// The transport cannot work or went silent; the worker keeps the leg until [`MediaCommand::RemoveLeg`].
    LegFailed {
        /// The leg.
        leg: LegId,
        /// Why.
        failure: MediaFailure,
    },
    /// Nothing comes any more of a browser that spoke: it crashed, was reloaded, or its network is gone. Told after two
    /// seconds, and once until [`MediaEvent::LegBack`] or [`MediaEvent::LegConnected`].
    LegLost {
        /// The leg.
        leg: LegId,
    },
    /// A browser that was lost is heard again, over the transport it had.
    LegBack {
        /// The leg.
        leg: LegId,
    },
    /// A leg pressed a key; reported once per key, at its end.
    Dtmf {
        /// The leg that pressed it.
        leg: LegId,
        /// The key.
        digit: DtmfDigit,
        /// How long, in milliseconds.
        duration_ms: u16,
    },
    /// A playback that does not repeat reached its end. One that was replaced reports nothing.
    PlayFinished {
        /// The leg.
        leg: LegId,
        /// The command's token.
        token: u32,
    },
    /// A member of a mix begins or ceases to talk, so that the others hear it: told at most twice a second for each
    /// member, and only of those who are mixed.
    Talking {
        /// The leg.
        leg: LegId,
        /// Whether it talks.
        is_talking: bool,
    },
    /// A leg that is watched begins or ceases to speak, whoever hears it. A leg that has not spoken yet is taken for silent.
    VoiceActivity {
        /// The leg.
        leg: LegId,
        /// Whether it speaks.
        is_active: bool,
    },
    /// A recording is over and its file is closed, or could not be written. Not told by a worker: it hands the sound
    /// to its shell, which tells this once the file is where it stays.
    RecordingEnded {
        /// The leg that was recorded; `None` for a mix.
        leg: Option<LegId>,
        /// The recording.
        recording: RecordingId,
        /// What ended it.
        end: RecordingEnd,
        /// How long it is, in milliseconds, up to the last that was said.
        duration_ms: u32,
        /// Whether it is stored; if not, there is no file.
        is_stored: bool,
    },
    /// How good a leg is: about every ten seconds while it is connected, and at once when something goes wrong or is
    /// right again. Shed before any answer to a command: the next one says it all again.
    Quality {
        /// The leg.
        leg: LegId,
        /// The figures, and everything that is wrong.
        report: Box<QualityReport>,
    },
    /// A leg is gone; its last figures.
    LegRemoved {
        /// The leg.
        leg: LegId,
        /// The figures.
        stats: LegStats,
    },
}

/// Why a leg's transport does not work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MediaFailure {
    /// The RTP port could not be opened.
    SocketUnavailable,
    /// The certificate is not the one the description announced (RFC 8122 §6.2).
    FingerprintMismatch,
    /// The DTLS handshake failed or did not finish within 30 s.
    DtlsFailed,
    /// No authenticated check or packet for 30 s (RFC 7675 §5.1).
    ConsentExpired,
    /// A bug struck the leg, or the worker it was on.
    Internal,
}

/// Figures of one leg since it was made.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct LegStats {
    /// RTP packets received and accepted.
    pub packets_received: u64,
    /// RTP packets sent.
    pub packets_sent: u64,
    /// Packets lost on the way to us (RFC 3550 §6.4.1, cumulative; duplicates can make it negative there, not here).
    pub packets_lost: u64,
    /// Interarrival jitter in milliseconds (RFC 3550 §6.4.1).
    pub jitter_ms: f32,
    /// Round-trip time in milliseconds from the peer's receiver reports; 0 while unknown.
    pub round_trip_ms: f32,
    /// Datagrams refused: wrong source, bad tag, replayed, malformed.
    pub packets_rejected: u64,
    /// How good it was, over all its life.
    pub quality: LegQuality,
}
