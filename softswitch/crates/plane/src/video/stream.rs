//! One video stream of a leg: the source that comes in, and the one continuous stream that goes out.

use std::time::{Duration, Instant};

use ringdown_media::{
    api,
    rtcp::{Report, RtcpSession, write_full_intra, write_nack, write_picture_loss, write_report},
    rtp::{Packet, extension::elements},
    video::{
        Arrival, KeyFrameRequests, MissingPackets, OutgoingVideo, PacketStore, VideoSource, begins_key_frame,
    },
};
use ringdown_types::{RtpExtension, VideoCoding};

use crate::transport::LegTransport;

pub(crate) struct Stream {
    pub(crate) parameters: api::VideoStream,
    /// A telephone's own port pair.
    pub(crate) transport: Option<LegTransport>,
    /// Names the stream in those it feeds.
    origin: u64,
    pub(super) incoming: Source,
    pub(crate) outgoing: OutgoingVideo,
    pub(super) rtcp: RtcpSession,
    pub(super) store: PacketStore,
    pub(super) next_rtx: u16,
    /// The number of the last FIR that was obeyed (RFC 5104 §4.3.1.2: the same number is the same command).
    pub(super) full_intra: Option<u8>,
}

/// What the peer sends.
#[derive(Default)]
pub(super) struct Source {
    ssrc: Option<u32>,
    rtx_ssrc: Option<u32>,
    missing: MissingPackets,
    pub(super) requests: KeyFrameRequests,
    pub(super) has_started: bool,
}

/// A packet of a stream, with what a relay has to know.
pub(super) struct VideoPacket {
    pub(super) coding: VideoCoding,
    pub(super) packet: Packet,
    pub(super) source: VideoSource,
    pub(super) begins_key_frame: bool,
}

/// What a payload type means on a stream.
#[derive(Clone, Copy)]
enum Meaning {
    Video(VideoCoding),
    /// A retransmission.
    Again(VideoCoding),
}

impl Stream {
    pub(super) fn new(
        parameters: api::VideoStream,
        origin: u64,
        outgoing: OutgoingVideo,
        rtcp: RtcpSession,
    ) -> Self {
        let mut stream = Self {
            parameters,
            transport: None,
            origin,
            incoming: Source::default(),
            outgoing,
            rtcp,
            store: PacketStore::default(),
            next_rtx: 0,
            full_intra: None,
        };
        stream.learn_sources();
        stream
    }

    /// Takes the sources that the peer's description names.
    pub(super) fn learn_sources(&mut self) {
        if let Some(announced) = self.parameters.remote_sources.first() {
            if self.incoming.ssrc != Some(announced.ssrc) {
                self.incoming.missing.clear();
            }
            self.incoming.ssrc = Some(announced.ssrc);
            self.incoming.rtx_ssrc = announced.rtx.or(self.incoming.rtx_ssrc);
        }
    }

    pub(crate) fn own_port(&self) -> Option<u16> {
        match &self.transport {
            Some(LegTransport::Telephone(telephone)) => Some(telephone.local_port),
            _ => None,
        }
    }

    /// The transport of what is sent: its own, or the leg's.
    pub(super) fn route<'a>(&'a mut self, shared: &'a mut LegTransport) -> &'a mut LegTransport {
        self.transport.as_mut().unwrap_or(shared)
    }

    /// RFC 3264 §5.1, §6.1: our numbers first, the peer's where ours leave them free.
    fn meaning(&self, payload_type: u8) -> Option<Meaning> {
        let formats = &self.parameters.formats;
        let by_ours = formats.iter().find_map(|format| {
            if format.receive == payload_type {
                return Some(Meaning::Video(format.coding));
            }
            (format.rtx?.receive == payload_type).then_some(Meaning::Again(format.coding))
        });
        by_ours.or_else(|| {
            let format = formats.iter().find(|format| format.send == payload_type)?;
            Some(Meaning::Video(format.coding))
        })
    }

    /// Whether a packet of `payload_type` and `ssrc` belongs here: 3 by its source, 2 by its section, 1 by its type.
    pub(super) fn claim(&self, payload_type: u8, ssrc: u32, datagram: &[u8]) -> u8 {
        if self.meaning(payload_type).is_none() {
            return 0;
        }
        if [self.incoming.ssrc, self.incoming.rtx_ssrc].contains(&Some(ssrc)) {
            return 3;
        }
        let Some(mid) = self.parameters.mid.as_deref() else { return 1 };
        match self.element(RtpExtension::Mid, datagram) {
            Some(said) if said == mid.as_bytes() => 2,
            Some(_) => 0,
            None => 1,
        }
    }

    /// The value of an extension in a packet of the peer.
    pub(super) fn element<'a>(&self, kind: RtpExtension, datagram: &'a [u8]) -> Option<&'a [u8]> {
        let id = self.parameters.extensions.iter().find(|extension| extension.kind == kind)?.receive;
        elements(datagram).find(|(found, _)| *found == id).map(|(_, value)| value)
    }

    /// Takes a packet in. A retransmission becomes what was lost; what only fills a sender's pauses is `None`.
    pub(super) fn receive(
        &mut self,
        now: Instant,
        mut packet: Packet,
        datagram: &[u8],
    ) -> Option<VideoPacket> {
        let coding = match self.meaning(packet.payload_type)? {
            Meaning::Video(coding) => {
                if self.incoming.ssrc != Some(packet.ssrc) {
                    self.incoming.ssrc = Some(packet.ssrc);
                    self.incoming.missing.clear();
                }
                self.rtcp.handle_rtp(
                    now,
                    packet.ssrc,
                    VideoCoding::CLOCK_RATE,
                    packet.sequence,
                    packet.timestamp,
                );
                coding
            }
            Meaning::Again(coding) => {
                self.incoming.rtx_ssrc = Some(packet.ssrc);
                // RFC 4588 §4: the original sequence number stands before the payload.
                let payload = datagram.get(packet.payload.clone())?;
                let (original, _) = payload.split_first_chunk::<2>()?;
                packet.sequence = u16::from_be_bytes(*original);
                packet.payload.start += 2;
                packet.ssrc = self.incoming.ssrc?;
                // Old packets sent to try the way (probing) are not missed by anybody.
                self.incoming.missing.is_missing(packet.sequence).then_some(())?;
                coding
            }
        };
        if self.incoming.missing.handle_packet(now, packet.sequence) == Arrival::TooManyLost {
            self.incoming.requests.want(now);
        }
        let begins_key_frame =
            datagram.get(packet.payload.clone()).is_some_and(|payload| begins_key_frame(coding, payload));
        if begins_key_frame {
            self.incoming.requests.handle_key_frame();
        }
        let source = VideoSource { origin: self.origin, ssrc: packet.ssrc };
        Some(VideoPacket { coding, packet, source, begins_key_frame })
    }

    pub(crate) fn next_timeout(&self) -> Option<Instant> {
        let missing = self.incoming.missing.next_timeout();
        let own = self.transport.as_ref().and_then(LegTransport::next_timeout);
        [Some(self.rtcp.next_report()), missing, self.incoming.requests.next_timeout(), own]
            .into_iter()
            .flatten()
            .min()
    }

    /// Appends what the source is asked for at `now`. `true`: it is to be asked for a key frame by other means, knowing
    /// neither PLI nor FIR.
    pub(super) fn write_requests(&mut self, now: Instant, out: &mut Vec<u8>) -> bool {
        let feedback = self.parameters.feedback;
        let (ours, theirs) = (self.parameters.local_ssrc, self.incoming.ssrc);
        let mut lost = Vec::new();
        let round_trip = self.round_trip();
        if self.incoming.missing.take_due(now, round_trip, &mut lost) {
            self.incoming.requests.want(now);
        }
        let asks_again = feedback.nack && !lost.is_empty();
        let key_frame = self.incoming.requests.take_due(now);
        let is_helpless = !feedback.pli && !feedback.fir;
        let Some(theirs) = theirs.filter(|_| asks_again || key_frame.is_some() && !is_helpless) else {
            return key_frame.is_some() && is_helpless;
        };
        // RFC 3550 §6.1: a compound begins with a report and the canonical name.
        write_report(out, &Report { ssrc: ours, sender: None, block: None, cname: &self.parameters.cname });
        if asks_again {
            write_nack(out, ours, theirs, &lost);
        }
        match key_frame {
            Some(_) if feedback.pli => write_picture_loss(out, ours, theirs),
            Some(number) if feedback.fir => write_full_intra(out, ours, theirs, number),
            _ => {}
        }
        key_frame.is_some() && is_helpless
    }

    /// Whether there is a source, or other means than RTCP to reach it.
    pub(super) fn can_be_asked(&self) -> bool {
        let feedback = self.parameters.feedback;
        self.incoming.ssrc.is_some() || !feedback.pli && !feedback.fir
    }

    /// The source's SSRC, once known.
    pub(super) const fn source_ssrc(&self) -> Option<u32> {
        self.incoming.ssrc
    }

    pub(super) fn round_trip(&self) -> Duration {
        self.rtcp.round_trip().unwrap_or(DEFAULT_ROUND_TRIP)
    }
}

/// Before a report has told.
const DEFAULT_ROUND_TRIP: Duration = Duration::from_millis(60);
