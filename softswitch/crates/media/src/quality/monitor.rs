//! What a leg keeps of its quality.

use std::time::{Duration, Instant};

use ringdown_types::{AudioWay, CodecId, LegQuality, QualityReport, QualityWarning, WayQuality};

use super::{
    Impairment, Loss, LossTotals, SilenceDetector, mos, rating,
    warnings::{Absence, WayWarnings},
};
use crate::rtcp::RtcpSession;

/// Whose audio is expected at the moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Expectation {
    /// Somebody is to hear the device: it is up, the descriptions let it send, it is not muted, and something listens.
    pub from_device: bool,
    /// The device is to hear something, and is sent something.
    pub to_device: bool,
}

/// A leg at the moment its figures are looked at.
#[derive(Debug, Clone, Copy)]
pub struct Observation<'a> {
    /// Its RTCP, which counted its packets.
    pub rtcp: &'a RtcpSession,
    /// Packets of it that were accepted, since it was made.
    pub received: u64,
    /// The codec its device sends.
    pub codec: Option<CodecId>,
    /// The codec its device is sent.
    pub sent_codec: Option<CodecId>,
    /// The length of a packet in milliseconds.
    pub packet_ms: u8,
    /// Whose audio is expected.
    pub expected: Expectation,
}

/// Figures and warnings of one leg. About 300 octets.
#[derive(Debug, Clone)]
pub struct LegMonitor {
    /// Told of every audio packet of the device.
    pub silence: SilenceDetector,
    from: Way,
    to: Way,
    /// What the device said in the period before.
    to_before: Option<WayQuality>,
    received: u64,
    sent: u64,
    reports: u64,
    expected_since: Option<Instant>,
    told_at: Option<Instant>,
    told: Vec<QualityWarning>,
}

/// One way.
#[derive(Debug, Clone, Copy)]
struct Way {
    warnings: WayWarnings,
    /// What was known at the end of the period before.
    totals: LossTotals,
    /// What arrived within the period that ends.
    arrived: u64,
    jitter_sum: f64,
    lowest: f64,
    periods: u32,
}

/// What both ways and both periods are rated by.
#[derive(Debug, Clone, Copy)]
struct Basis {
    codec: Option<CodecId>,
    totals: LossTotals,
    burst_percent: Option<f64>,
    /// Beyond what was lost, in percent: thrown away by the receiver.
    discarded: f64,
    jitter_ms: f64,
    /// Half a round trip, with what the device says it adds.
    network_ms: Option<f64>,
    packet_ms: f64,
}

impl Default for LegMonitor {
    fn default() -> Self {
        Self {
            silence: SilenceDetector::default(),
            from: Way::new(AudioWay::FromDevice),
            to: Way::new(AudioWay::ToDevice),
            to_before: None,
            received: 0,
            sent: 0,
            reports: 0,
            expected_since: None,
            told_at: None,
            told: Vec::new(),
        }
    }
}

impl LegMonitor {
    /// Looks at a leg at the end of a period of some seconds, such as when a report is due. Returns what is to be told:
    /// about every ten seconds the figures, and at once what is wrong or right again.
    pub fn observe(&mut self, now: Instant, leg: Observation<'_>) -> Option<QualityReport> {
        let rtcp = leg.rtcp;
        let round_trip_ms = rtcp.round_trip().map(|round_trip| round_trip.as_secs_f32() * 1000.0);
        let from = self.from.take_period(rtcp.loss_totals(), |totals| from_device(&leg, totals));
        let to = self.to.take_period(rtcp.remote().totals(), |totals| to_device(&leg, totals));
        let figures = LegQuality {
            codec: leg.codec,
            round_trip_ms: round_trip_ms.map(rounded),
            from_device: from,
            // A device reports about as often as this looks: now and then a period has no report.
            to_device: to.or(self.to_before),
        };
        self.to_before = to;
        self.judge_absence(now, &leg);
        let expected = leg.expected.from_device;
        self.from.warnings.judge_silence(now, self.silence.take(), expected);
        self.from.warnings.judge_figures(from.as_ref(), round_trip_ms);
        self.to.warnings.judge_figures(to.as_ref(), None);

        let mut warnings = Vec::new();
        self.from.warnings.list(&mut warnings);
        self.to.warnings.list(&mut warnings);
        let is_news = warnings != self.told;
        let is_due = self.told_at.is_none_or(|at| now.saturating_duration_since(at) >= INTERVAL);
        let says_something = figures.from_device.is_some() || figures.to_device.is_some();
        if !(is_news || is_due && says_something) {
            return None;
        }
        self.told_at = Some(now);
        self.told.clone_from(&warnings);
        Some(QualityReport { figures, warnings })
    }

    /// What was told to be wrong last.
    pub fn raised(&self) -> &[QualityWarning] {
        &self.told
    }

    /// Figures over all the leg's life.
    pub fn life(&self, leg: Observation<'_>) -> LegQuality {
        let rtcp = leg.rtcp;
        let round_trip_ms = rtcp.round_trip().map(|round_trip| rounded(round_trip.as_secs_f32() * 1000.0));
        LegQuality {
            codec: leg.codec,
            round_trip_ms,
            from_device: self.from.life(rtcp.final_loss_totals(), |totals| from_device(&leg, totals)),
            to_device: self.to.life(rtcp.remote().totals(), |totals| to_device(&leg, totals)),
        }
    }

    fn judge_absence(&mut self, now: Instant, leg: &Observation<'_>) {
        let rtcp = leg.rtcp;
        let received = leg.received.saturating_sub(self.received);
        let sent = rtcp.packets_sent().saturating_sub(self.sent);
        let reports = rtcp.remote().reports().saturating_sub(self.reports);
        (self.received, self.sent, self.reports) =
            (leg.received, rtcp.packets_sent(), rtcp.remote().reports());

        let is_expected = leg.expected.from_device;
        let since = if is_expected { *self.expected_since.get_or_insert(now) } else { now };
        if !is_expected {
            self.expected_since = None;
        }
        // Who sends nothing while nothing is said may be silent for long.
        let patience = if rtcp.peer_pauses() { LONG_ABSENCE } else { ABSENCE };
        let heard_at = rtcp.last_arrival().map_or(since, |at| at.max(since));
        let is_absent = received == 0 && now.saturating_duration_since(heard_at) >= patience;
        self.from.warnings.judge_absence(match (is_absent && is_expected, sent > 0) {
            (false, _) => Absence::None,
            (true, true) => Absence::OneWay,
            (true, false) => Absence::Both,
        });

        // What the device hears, it says itself; one that reports nothing may hear everything.
        let is_heard = self.to.arrived > 0;
        // The first report of all has nothing before it to be held against.
        let tells = reports > 0 && rtcp.remote().reports() > 1;
        let is_deaf = leg.expected.to_device && sent >= ENOUGH_SENT && tells && !is_heard;
        match (is_deaf, received > 0) {
            (true, true) => self.to.warnings.judge_absence(Absence::OneWay),
            (true, false) => self.to.warnings.judge_absence(Absence::Both),
            (false, _) if reports > 0 || !leg.expected.to_device => {
                self.to.warnings.judge_absence(Absence::None);
            }
            (false, _) => {}
        }
    }
}

fn from_device(leg: &Observation<'_>, totals: LossTotals) -> Basis {
    let round_trip = leg.rtcp.round_trip();
    Basis {
        codec: leg.codec,
        totals,
        burst_percent: Some(leg.rtcp.burst_percent()),
        discarded: 0.0,
        jitter_ms: leg.rtcp.jitter().as_secs_f64() * 1000.0,
        network_ms: round_trip.map(|round_trip| round_trip.as_secs_f64() * 500.0),
        packet_ms: f64::from(leg.packet_ms),
    }
}

fn to_device(leg: &Observation<'_>, totals: LossTotals) -> Basis {
    let remote = leg.rtcp.remote();
    let metrics = remote.metrics();
    let clock_rate = leg.sent_codec.map_or(8000, CodecId::clock_rate);
    let own = metrics.map_or(0.0, |metrics| f64::from(metrics.end_system_delay_ms));
    let round_trip = leg.rtcp.round_trip();
    Basis {
        codec: leg.sent_codec,
        totals,
        burst_percent: metrics.map(|metrics| f64::from(metrics.burst_density) * 100.0 / 256.0),
        discarded: metrics.map_or(0.0, |metrics| f64::from(metrics.discard_rate) * 100.0 / 256.0),
        jitter_ms: remote.jitter(clock_rate).as_secs_f64() * 1000.0,
        network_ms: round_trip.map(|round_trip| round_trip.as_secs_f64() * 500.0 + own),
        packet_ms: f64::from(leg.packet_ms),
    }
}

impl Way {
    fn new(way: AudioWay) -> Self {
        Self {
            warnings: WayWarnings::new(way),
            totals: LossTotals::default(),
            arrived: 0,
            jitter_sum: 0.0,
            lowest: f64::INFINITY,
            periods: 0,
        }
    }

    /// The figures of the period that ends; `None` where nothing became known of it.
    fn take_period(
        &mut self,
        totals: LossTotals,
        basis: impl FnOnce(LossTotals) -> Basis,
    ) -> Option<WayQuality> {
        let period = totals.since(self.totals);
        self.totals = totals;
        self.arrived = period.received;
        if period.received + period.lost == 0 {
            return None;
        }
        let basis = basis(period);
        self.jitter_sum += basis.jitter_ms;
        self.periods += 1;
        let mut figures = basis.figures();
        self.lowest = self.lowest.min(f64::from(figures.mos_listening));
        figures.mos_lowest = self.lowest as f32;
        Some(figures)
    }

    fn life(&self, totals: LossTotals, basis: impl FnOnce(LossTotals) -> Basis) -> Option<WayQuality> {
        if totals.received + totals.lost == 0 {
            return None;
        }
        let mut basis = basis(totals);
        if self.periods > 0 {
            basis.jitter_ms = self.jitter_sum / f64::from(self.periods);
        }
        let mut figures = basis.figures();
        figures.mos_lowest = (self.lowest as f32).min(figures.mos_listening);
        Some(figures)
    }
}

impl Basis {
    fn figures(&self) -> WayQuality {
        let impairment = self.codec.map_or(Impairment::G711, Impairment::of);
        let lost = self.totals.percent();
        let loss = Loss {
            percent: lost + self.discarded * (1.0 - lost / 100.0),
            burst_ratio: self.totals.burst_ratio(),
        };
        let playout = (2.0 * self.jitter_ms).max(LEAST_PLAYOUT_MS);
        let delay_ms = self.network_ms.map(|network| network + self.packet_ms + playout);
        let delay = delay_ms.map(|ms| Duration::from_secs_f64(ms.clamp(0.0, 60_000.0) / 1000.0));
        let listening = rating(impairment, loss, None);
        let conversation = delay.map(|delay| rounded(mos(rating(impairment, loss, Some(delay))) as f32));
        let mos_listening = rounded(mos(listening) as f32);
        WayQuality {
            packets: self.totals.received,
            lost: self.totals.lost,
            loss_percent: rounded(lost as f32),
            burst_percent: self.burst_percent.map(|percent| rounded(percent as f32)),
            jitter_ms: rounded(self.jitter_ms as f32),
            delay_ms: delay_ms.map(|ms| rounded(ms as f32)),
            rating: rounded(listening as f32),
            mos_listening,
            mos_conversation: conversation,
            mos_lowest: mos_listening,
        }
    }
}

/// Two decimals: more is noise on the wire.
fn rounded(value: f32) -> f32 {
    (value * 100.0).round() / 100.0
}

/// How often figures are told where nothing changes.
const INTERVAL: Duration = Duration::from_secs(10);

/// So long nothing is no jitter any more.
const ABSENCE: Duration = Duration::from_secs(5);

/// The same of a device that sends nothing while nothing is said.
const LONG_ABSENCE: Duration = Duration::from_secs(60);

/// So many packets sent within a period must have left a trace in the device's reports.
const ENOUGH_SENT: u64 = 50;

/// A playout buffer holds a packet at least.
const LEAST_PLAYOUT_MS: f64 = 20.0;
