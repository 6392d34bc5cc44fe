//! What a worker wants of its shell.

use std::{collections::VecDeque, net::SocketAddr, time::Instant};

use ringdown_media::api::{MediaEvent, RecordingEnd, RecordingPurpose};
use ringdown_types::{LegId, RecordingId, SoundFormat};

/// Where media goes at once, out of the buffer it was received or made in: socket, destination, datagram.
pub type PacketSink<'a> = dyn FnMut(SocketKey, SocketAddr, &[u8]) + 'a;

/// A packet on its way through: the slot that holds it, the time, and the way out.
pub(crate) struct Passage<'a, 'b> {
    pub(crate) now: Instant,
    pub(crate) buffer: &'a mut [u8],
    pub(crate) send: &'a mut PacketSink<'b>,
}

/// One of the worker's sockets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SocketKey {
    /// The one port that all browser legs share.
    WebRtc,
    /// The RTP socket of the pair that [`Output::OpenRtp`] named.
    Rtp(u16),
    /// The RTCP socket of the pair, one port above; it has the RTP port's number here.
    Rtcp(u16),
}

/// What [`crate::Worker::poll_output`] returns.
#[derive(Debug, Clone, PartialEq)]
pub enum Output {
    /// A datagram that is not media: STUN answers, DTLS, RTCP.
    Transmit {
        /// From where.
        socket: SocketKey,
        /// To where.
        destination: SocketAddr,
        /// The datagram.
        bytes: Vec<u8>,
    },
    /// Open `port` for RTP and `port + 1` for RTCP, and tell [`crate::Worker::handle_socket_result`].
    OpenRtp {
        /// The RTP port, even.
        port: u16,
    },
    /// Close both.
    CloseRtp {
        /// The RTP port.
        port: u16,
    },
    /// Tell call control.
    Event(MediaEvent),
    /// Write a part of a recording; [`MediaEvent::RecordingEnded`] is told once it is stored.
    Record {
        /// The recording.
        recording: RecordingId,
        /// The leg that is recorded; `None` for a mix.
        leg: Option<LegId>,
        /// What the file is.
        file: RecordingFile,
        /// The part, in order.
        part: RecordingPart,
    },
    /// Read a recording and hand it to [`crate::Worker::handle_recording`], or `None` where there is none.
    ReadRecording {
        /// The recording.
        recording: RecordingId,
    },
}

/// What a recording's file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RecordingFile {
    /// Its kind.
    pub format: SoundFormat,
    /// One or two.
    pub channels: u8,
    /// Samples per second of each.
    pub rate: u32,
    /// What for.
    pub purpose: RecordingPurpose,
}

/// A part of a recording.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RecordingPart {
    /// Samples, those of two channels by turns, at most 200 ms.
    Audio(Vec<i16>),
    /// It is over.
    End {
        /// What ended it.
        end: RecordingEnd,
        /// How many samples of each channel are kept; what follows them is silence.
        samples: u64,
    },
}

/// Bounded: datagrams beyond the limit are dropped, as a full socket would; so are keys and talk, which a leg
/// tells as fast as it likes, and figures, which are told again. Everything else is one answer to one command or to one
/// change of a transport.
#[derive(Debug)]
pub(crate) struct Outputs {
    queue: VecDeque<Output>,
    capacity: usize,
    dropped: u64,
}

impl Outputs {
    pub(crate) const fn new(capacity: usize) -> Self {
        Self { queue: VecDeque::new(), capacity, dropped: 0 }
    }

    pub(crate) fn push(&mut self, output: Output) {
        let is_sheddable = matches!(
            output,
            Output::Transmit { .. }
                | Output::Event(
                    MediaEvent::Dtmf { .. }
                        | MediaEvent::Talking { .. }
                        | MediaEvent::VoiceActivity { .. }
                        | MediaEvent::Quality { .. }
                )
        );
        if is_sheddable && self.queue.len() >= self.capacity {
            self.dropped += 1;
            return;
        }
        self.queue.push_back(output);
    }

    pub(crate) fn event(&mut self, event: MediaEvent) {
        self.push(Output::Event(event));
    }

    pub(crate) fn pop(&mut self) -> Option<Output> {
        self.queue.pop_front()
    }

    pub(crate) const fn dropped(&self) -> u64 {
        self.dropped
    }
}
