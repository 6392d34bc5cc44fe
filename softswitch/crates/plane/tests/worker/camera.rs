//! Cameras of simulated browsers and telephones: VP8 packets out, what arrives in.

use ringdown_media::{
    api::{HeaderExtension, MediaCommand, RtxFormat, VideoFormat, VideoStream},
    rtcp::{FeedbackKind, RtcpPacket, parse_compound},
    rtp::{Packet, extension::ElementWriter, parse, write_header},
};
use ringdown_types::{LegId, MediaDirection, RtpExtension, VideoCoding, VideoFeedback, VideoSlot};

use crate::{
    browser::Browser,
    phone::OPUS,
    rig::{Rig, audio, leg},
};

pub(crate) const OURS: u32 = 0x00c0_ffee;
pub(crate) const OUR_RTX: u32 = 0x00c0_ffef;

/// What a browser negotiates. The numbers differ from browser to browser by `shift`.
pub(crate) fn stream(slot: VideoSlot, shift: u8) -> VideoStream {
    let format = |coding, number| VideoFormat {
        coding,
        send: number,
        receive: number,
        rtx: Some(RtxFormat { send: number + 1, receive: number + 1 }),
    };
    let extension = |kind, id| HeaderExtension { kind, send: id, receive: id };
    VideoStream {
        slot,
        transport: None,
        mid: Some(if slot == VideoSlot::Camera { "1".to_owned() } else { "2".to_owned() }),
        formats: vec![
            format(VideoCoding::Vp8, 96 + shift),
            format(VideoCoding::Vp9 { profile: 0 }, 98 + shift),
        ],
        direction: MediaDirection::SendRecv,
        feedback: VideoFeedback { nack: true, pli: true, fir: true, remb: true, transport_cc: true },
        extensions: vec![
            extension(RtpExtension::Mid, 4 + shift % 4),
            extension(RtpExtension::TransportSequence, 3),
            extension(RtpExtension::AbsoluteSendTime, 2),
        ],
        local_ssrc: OURS + 16 * slot.index() as u32,
        local_rtx_ssrc: OUR_RTX + 16 * slot.index() as u32,
        remote_sources: Vec::new(),
        cname: "ringdown".to_owned(),
        max_send_kbps: None,
    }
}

/// Alice and Bob on browsers, connected, with cameras.
pub(crate) fn pair(rig: &mut Rig) -> (Browser, Browser) {
    let mut alice = Browser::new(leg(1), "198.51.100.20:50000", 1);
    let mut bob = Browser::new(leg(2), "198.51.100.21:50000", 2);
    for (page, shift) in [(&mut alice, 0), (&mut bob, 5)] {
        page.add(rig, audio(&[OPUS]), None);
        page.connect(rig);
        rig.command(MediaCommand::SetVideo {
            leg: page.leg,
            streams: vec![stream(VideoSlot::Camera, shift)],
        });
    }
    rig.connect(alice.leg, bob.leg);
    rig.sent.clear();
    (alice, bob)
}

pub(crate) fn set_video(rig: &mut Rig, leg: LegId, streams: Vec<VideoStream>) {
    rig.command(MediaCommand::SetVideo { leg, streams });
}

/// A camera that sends VP8, a packet a picture.
pub(crate) struct Camera {
    pub(crate) ssrc: u32,
    pub(crate) payload_type: u8,
    pub(crate) sequence: u16,
    pub(crate) timestamp: u32,
    pub(crate) mid: Option<(u8, &'static str)>,
    pub(crate) number: Option<u16>,
}

impl Camera {
    pub(crate) const fn new(ssrc: u32, payload_type: u8) -> Self {
        Self { ssrc, payload_type, sequence: 65_530, timestamp: 9, mid: None, number: None }
    }

    pub(crate) fn picture(&mut self, is_key_frame: bool) -> Vec<u8> {
        let packet = self.make(is_key_frame);
        self.sequence = self.sequence.wrapping_add(1);
        self.timestamp = self.timestamp.wrapping_add(3000);
        self.number = self.number.map(|number| number.wrapping_add(1));
        packet
    }

    fn make(&self, is_key_frame: bool) -> Vec<u8> {
        let (sequence, timestamp) = (self.sequence, self.timestamp);
        let header = Packet {
            marker: true,
            payload_type: self.payload_type,
            sequence,
            timestamp,
            ssrc: self.ssrc,
            payload: 0..0,
        };
        let mut packet = vec![0; 12 + 64];
        write_header(packet.first_chunk_mut().expect("long enough"), &header);
        let mut writer = ElementWriter::new(&mut packet[12..]);
        if let Some(number) = self.number {
            writer.add(3, &number.to_be_bytes());
        }
        if let Some((id, mid)) = self.mid {
            writer.add(id, mid.as_bytes());
        }
        let length = writer.finish();
        if length > 0 {
            packet[0] |= 0x10;
        }
        packet.truncate(12 + length);
        let [high, low] = sequence.to_be_bytes();
        packet.extend([0x10, if is_key_frame { 0x50 } else { 0x51 }, high, low, 1, 2, 3]);
        packet
    }
}

/// The RTP packets that reached a browser, with their payloads.
pub(crate) fn seen(rig: &mut Rig, page: &mut Browser) -> Vec<(Packet, Vec<u8>)> {
    let now = rig.now();
    let sent: Vec<_> = rig.sent.extract_if(.., |sent| sent.destination == page.address).collect();
    let packets = sent.iter().filter_map(|sent| page.receive(now, sent));
    packets
        .map(|bytes| {
            let packet = parse(&bytes).expect("well formed");
            let payload = bytes[packet.payload.clone()].to_vec();
            (packet, payload)
        })
        .collect()
}

/// What a browser was asked or told since it was last asked, in words.
pub(crate) fn asked(rig: &mut Rig, page: &mut Browser) -> Vec<String> {
    seen(rig, page);
    std::mem::take(&mut page.compounds).iter().flat_map(|compound| words(compound)).collect()
}

pub(crate) fn words(compound: &[u8]) -> Vec<String> {
    let packets = parse_compound(compound).expect("well formed");
    let word = |packet| match packet {
        RtcpPacket::Feedback(feedback) => Some(match feedback.kind {
            FeedbackKind::Nack { media, lost } => {
                format!("nack {media:x} {:?}", lost.iter().collect::<Vec<_>>())
            }
            FeedbackKind::PictureLoss { media } => format!("pli {media:x}"),
            FeedbackKind::FullIntra(requests) => format!("fir {:x?}", requests.iter().collect::<Vec<_>>()),
            FeedbackKind::ReceiverEstimate { bits_per_second } => format!("remb {bits_per_second}"),
            FeedbackKind::TransportWide { .. } => "arrivals".to_owned(),
        }),
        _ => None,
    };
    packets.filter_map(word).collect()
}
