//! How good the legs are: looked at whenever a leg's RTCP report is due, so that it costs no deadline of its own.

use std::time::Instant;

use ringdown_media::{
    api::{LegStats, MediaEvent},
    quality::{Expectation, Observation},
    rtp::{Packet, extension::AudioLevel},
};
use ringdown_types::{AudioWay, CodecId, LegQuality, QualityIssue, QualityWarning, WayQuality};

use crate::{feed::Feed, leg::Leg, legs::Slot, transport::LegTransport, worker::Worker};

/// Figures of all of a worker's legs together, those that have ended included. They lag behind by a report's interval.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct QualityCounts {
    /// RTP packets accepted.
    pub packets_received: u64,
    /// RTP packets sent.
    pub packets_sent: u64,
    /// Datagrams refused.
    pub packets_rejected: u64,
    /// Packets lost on the way from devices.
    pub lost_from_devices: u64,
    /// Packets lost on the way to devices, as they report.
    pub lost_to_devices: u64,
    /// Warnings raised, by [`QualityIssue::ALL`].
    pub warnings: [u64; QualityIssue::ALL.len()],
    /// The listening scores of ended legs, by way and by [`CodecId::ALL`].
    pub scores: [[ScoreHistogram; CodecId::ALL.len()]; 2],
}

/// How many legs had which score.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ScoreHistogram {
    /// Legs whose score is at most [`ScoreHistogram::LIMITS`] and above the limit before; the last are above all.
    pub buckets: [u64; Self::LIMITS.len() + 1],
    /// The sum of the scores, in hundredths.
    pub sum_hundredths: u64,
}

impl ScoreHistogram {
    /// The upper limits of the buckets. Users call 4.3 and more very good, under 3.1 poor (G.107 Annex B).
    pub const LIMITS: [f32; 7] = [1.5, 2.0, 2.6, 3.1, 3.6, 4.0, 4.3];

    fn add(&mut self, score: f32) {
        let index = Self::LIMITS.iter().position(|limit| score <= *limit).unwrap_or(Self::LIMITS.len());
        if let Some(bucket) = self.buckets.get_mut(index) {
            *bucket += 1;
        }
        self.sum_hundredths += (score * 100.0) as u64;
    }
}

impl QualityCounts {
    fn add(&mut self, now: LegStats, before: LegStats) {
        self.packets_received += now.packets_received.saturating_sub(before.packets_received);
        self.packets_sent += now.packets_sent.saturating_sub(before.packets_sent);
        self.packets_rejected += now.packets_rejected.saturating_sub(before.packets_rejected);
    }

    fn raise(&mut self, warning: &QualityWarning) {
        let index = QualityIssue::ALL.iter().position(|issue| *issue == warning.issue);
        if let Some(count) = index.and_then(|index| self.warnings.get_mut(index)) {
            *count += 1;
        }
    }

    fn end(&mut self, way: AudioWay, codec: Option<CodecId>, figures: Option<WayQuality>) {
        let index = codec.and_then(|codec| CodecId::ALL.iter().position(|known| *known == codec));
        let way = match way {
            AudioWay::FromDevice => &mut self.scores[0],
            AudioWay::ToDevice => &mut self.scores[1],
        };
        if let (Some(histogram), Some(figures)) = (index.and_then(|index| way.get_mut(index)), figures) {
            histogram.add(figures.mos_listening);
        }
    }
}

impl Worker {
    /// Ends a period of a leg's figures.
    pub(crate) fn observe_quality(&mut self, now: Instant, slot: Slot) {
        let Some(leg) = self.legs.get_mut(slot) else { return };
        if !leg.is_ready() {
            return;
        }
        let mut monitor = std::mem::take(&mut leg.monitor);
        let told = monitor.raised().to_vec();
        let report = monitor.observe(now, leg.observation());
        leg.monitor = monitor;
        let lost = leg.lost();
        let counts = &mut self.counts.quality;
        counts.lost_from_devices += lost.0.saturating_sub(leg.counted.lost.0);
        counts.lost_to_devices += lost.1.saturating_sub(leg.counted.lost.1);
        leg.counted.lost = lost;
        let stats = leg.counts();
        counts.add(stats, leg.counted.stats);
        leg.counted.stats = stats;
        let Some(report) = report else { return };
        report.warnings.iter().filter(|warning| !told.contains(warning)).for_each(|warning| {
            counts.raise(warning);
        });
        let leg = leg.id;
        self.outputs.event(MediaEvent::Quality { leg, report: Box::new(report) });
    }

    /// A leg's last figures, which go into the worker's.
    pub(crate) fn last_figures(&mut self, leg: &Leg) -> LegStats {
        let stats = leg.stats();
        let quality = &stats.quality;
        let counts = &mut self.counts.quality;
        counts.add(stats, leg.counted.stats);
        let lost = |way: Option<WayQuality>| way.map_or(0, |way| way.lost);
        counts.lost_from_devices += lost(quality.from_device).saturating_sub(leg.counted.lost.0);
        counts.lost_to_devices += lost(quality.to_device).saturating_sub(leg.counted.lost.1);
        counts.end(AudioWay::FromDevice, quality.codec, quality.from_device);
        counts.end(AudioWay::ToDevice, leg.outgoing.codec, quality.to_device);
        stats
    }
}

/// What of a leg is in its worker's figures already.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Counted {
    stats: LegStats,
    /// From the device, to the device.
    lost: (u64, u64),
}

impl Leg {
    /// Looks into an audio packet for silence.
    pub(crate) fn note_sound(&mut self, codec: CodecId, packet: &Packet, buffer: &[u8]) {
        self.incoming.codec = Some(codec);
        let told = self.told_level(buffer);
        if let Some(payload) = buffer.get(packet.payload.clone()) {
            self.monitor.silence.handle_packet(codec, payload, told);
        }
    }

    /// How loud a packet of the leg is by its sender's word, before it is written anew. Only a browser's packet, which SRTP
    /// authenticated with its header.
    pub(crate) fn told_level(&self, packet: &[u8]) -> Option<AudioLevel> {
        let id = self.audio.audio_level.filter(|_| matches!(self.transport, LegTransport::Browser(_)))?;
        AudioLevel::read(packet, id)
    }

    fn observation(&self) -> Observation<'_> {
        Observation {
            rtcp: &self.outgoing.rtcp,
            received: self.incoming.received,
            codec: self.incoming.codec,
            sent_codec: self.outgoing.codec,
            packet_ms: self.audio.ptime_ms,
            expected: Expectation {
                from_device: self.is_ready()
                    && self.audio.direction.receives()
                    && !self.muted
                    && matches!(self.feed, Feed::Partner { .. } | Feed::Mix(_) | Feed::Echo),
                to_device: self.may_send(),
            },
        }
    }

    fn lost(&self) -> (u64, u64) {
        let rtcp = &self.outgoing.rtcp;
        (rtcp.loss_totals().lost, rtcp.remote().totals().lost)
    }

    /// Its figures so far, all but the quality.
    fn counts(&self) -> LegStats {
        let rtcp = &self.outgoing.rtcp;
        let refused = match &self.transport {
            LegTransport::Browser(browser) => browser.rejected(),
            LegTransport::Telephone(_) => 0,
        };
        LegStats {
            packets_received: self.incoming.received,
            packets_sent: rtcp.packets_sent(),
            packets_lost: rtcp.packets_lost(),
            jitter_ms: rtcp.jitter().as_secs_f32() * 1000.0,
            round_trip_ms: rtcp.round_trip().map_or(0.0, |round_trip| round_trip.as_secs_f32() * 1000.0),
            packets_rejected: self.incoming.rejected + refused,
            quality: LegQuality::default(),
        }
    }

    /// Its figures so far.
    pub(crate) fn stats(&self) -> LegStats {
        LegStats { quality: self.monitor.life(self.observation()), ..self.counts() }
    }
}
