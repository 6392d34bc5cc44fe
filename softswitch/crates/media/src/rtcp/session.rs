//! One leg's RTCP: what to report, to whom, and when (RFC 3550 §6.2, §6.4).

use std::time::{Duration, Instant};

use ringdown_types::Random;

use super::{ReceiverStatistics, Report, RtcpPacket, SenderInfo, parse_compound, write_bye, write_report};
use crate::quality::{LossPattern, LossTotals, RemoteReceiver};

/// Maps instants to wall-clock time. Built once from the shell's clocks; afterwards it only adds.
#[derive(Debug, Clone, Copy)]
pub struct NtpClock {
    base: Instant,
    since_unix_epoch: Duration,
}

impl NtpClock {
    /// The clock on which `base` was `since_unix_epoch` after 1970.
    pub const fn new(base: Instant, since_unix_epoch: Duration) -> Self {
        Self { base, since_unix_epoch }
    }

    /// The NTP time (RFC 5905 §6) of an instant, 32.32 bits.
    pub fn at(&self, instant: Instant) -> u64 {
        let unix = self.since_unix_epoch + instant.saturating_duration_since(self.base);
        let seconds = unix.as_secs().wrapping_add(NTP_TO_UNIX_EPOCH);
        let fraction = (u64::from(unix.subsec_nanos()) << 32) / 1_000_000_000;
        (seconds & 0xffff_ffff) << 32 | fraction
    }
}

/// RTCP of one leg: one stream in, one stream out.
#[derive(Debug, Clone)]
pub struct RtcpSession {
    clock: NtpClock,
    ssrc: u32,
    cname: String,
    statistics: Option<ReceiverStatistics>,
    /// Packets lost and jitter of the streams before the current one (a change of the remote SSRC).
    lost_before: i64,
    /// The pattern of those streams, where one has ended.
    pattern_before: LossPattern,
    /// What the peer says of our stream.
    remote: RemoteReceiver,
    sent_packets: u64,
    sent_octets: u64,
    sent_at_last_report: u64,
    last_sender_report: Option<(u32, Instant)>,
    round_trip: Option<Duration>,
    next_report: Instant,
    has_reported: bool,
    /// What is lost beyond us of what we pass on, of 256.
    onward_loss: u8,
}

impl RtcpSession {
    /// A session that reports as `ssrc` and `cname`; the first report is due 1.25 to 3.75 s after `now`.
    pub fn new(now: Instant, clock: NtpClock, ssrc: u32, cname: String, random: &mut dyn Random) -> Self {
        Self {
            clock,
            ssrc,
            cname,
            statistics: None,
            lost_before: 0,
            pattern_before: LossPattern::default(),
            remote: RemoteReceiver::default(),
            sent_packets: 0,
            sent_octets: 0,
            sent_at_last_report: 0,
            last_sender_report: None,
            round_trip: None,
            // §6.2: the first interval is half as long.
            next_report: now + interval(random) / 2,
            has_reported: false,
            onward_loss: 0,
        }
    }

    /// Replaces our names (a re-offer may change them).
    pub fn set_names(&mut self, ssrc: u32, cname: String) {
        (self.ssrc, self.cname) = (ssrc, cname);
    }

    /// Counts a received RTP packet. A new SSRC begins new figures.
    pub fn handle_rtp(&mut self, now: Instant, ssrc: u32, clock_rate: u32, sequence: u16, timestamp: u32) {
        let known = self.statistics.as_ref().is_some_and(|statistics| statistics.ssrc() == ssrc);
        if !known {
            if let Some(mut old) = self.statistics.take() {
                self.lost_before += old.cumulative_lost();
                old.pattern.end_stream();
                self.pattern_before = old.pattern;
            }
            self.last_sender_report = None;
        }
        let before = self.pattern_before;
        let statistics = self.statistics.get_or_insert_with(|| {
            let mut statistics = ReceiverStatistics::new(ssrc, clock_rate);
            statistics.pattern = before;
            statistics
        });
        statistics.set_clock_rate(clock_rate);
        statistics.handle_packet(now, sequence, timestamp);
    }

    /// Counts a received telephone-event packet: its timestamp stands still, so it says nothing of jitter.
    pub fn handle_event(&mut self, ssrc: u32, sequence: u16) {
        if let Some(statistics) = self.statistics.as_mut().filter(|statistics| statistics.ssrc() == ssrc) {
            statistics.handle_sequence(sequence);
        }
    }

    /// Counts a sent RTP packet of `payload_length` octets.
    pub const fn handle_sent(&mut self, payload_length: usize) {
        self.sent_packets += 1;
        self.sent_octets += payload_length as u64;
    }

    /// Takes a received compound packet; malformed ones change nothing.
    pub fn handle_rtcp(&mut self, now: Instant, datagram: &[u8]) {
        let Ok(packets) = parse_compound(datagram) else { return };
        for packet in packets {
            let reports = match packet {
                RtcpPacket::SenderReport { ssrc, ntp, reports, .. } => {
                    let heard = self.statistics.as_ref().is_none_or(|statistics| statistics.ssrc() == ssrc);
                    if heard {
                        self.last_sender_report = Some(((ntp >> 16) as u32, now));
                    }
                    reports
                }
                RtcpPacket::ReceiverReport { reports, .. } => reports,
                RtcpPacket::ExtendedReport { voip: Some(metrics), .. } if metrics.ssrc == self.ssrc => {
                    self.remote.handle_metrics(metrics);
                    continue;
                }
                _ => continue,
            };
            let ssrc = self.ssrc;
            for report in reports.iter().filter(|report| report.ssrc == ssrc) {
                self.remote.handle_report(*report, self.sent_packets);
                self.learn_round_trip(now, report.last_sender_report, report.delay_since_sender_report);
            }
        }
    }

    /// §6.4.1: round trip = arrival − LSR − DLSR, in 1/65,536 s.
    fn learn_round_trip(&mut self, now: Instant, last_sender_report: u32, delay: u32) {
        if last_sender_report == 0 {
            return;
        }
        let arrival = (self.clock.at(now) >> 16) as u32;
        let units = arrival.wrapping_sub(last_sender_report).wrapping_sub(delay);
        // A negative result comes of a peer's rounding; an absurd one of a peer that lies.
        if units < MAX_ROUND_TRIP_UNITS {
            self.round_trip = Some(Duration::from_micros(u64::from(units) * 1_000_000 / 65_536));
        }
    }

    /// Takes what is lost, of 256, on the way from us to whoever hears what comes in here as it is. A sender that learns of
    /// it makes its error correction strong enough for the whole way, as it would behind a translator, which passes
    /// reports on (RFC 3550 §7.2).
    pub const fn set_onward_loss(&mut self, fraction: u8) {
        self.onward_loss = fraction;
    }

    /// When the next report is due.
    pub const fn next_report(&self) -> Instant {
        self.next_report
    }

    /// Appends the report that is due, and schedules the next. A sender report where something was sent since the
    /// last one, a receiver report otherwise (§6.4). `rtp_timestamp` is the outgoing stream's at `now`.
    pub fn write_report(
        &mut self,
        now: Instant,
        rtp_timestamp: Option<u32>,
        random: &mut dyn Random,
        out: &mut Vec<u8>,
    ) {
        self.next_report = now + interval(random);
        self.has_reported = true;
        let sends = self.sent_packets > self.sent_at_last_report;
        self.sent_at_last_report = self.sent_packets;
        let sender = rtp_timestamp.filter(|_| sends).map(|rtp_timestamp| SenderInfo {
            ntp: self.clock.at(now),
            rtp_timestamp,
            packets: self.sent_packets as u32,
            octets: self.sent_octets as u32,
        });
        let block = self.statistics.as_mut().map(|statistics| {
            let mut block = statistics.take_report();
            let (here, onward) = (u16::from(block.fraction_lost), u16::from(self.onward_loss));
            block.fraction_lost = (here + onward - here * onward / 256).min(255) as u8;
            if let Some((middle, at)) = self.last_sender_report {
                let delay = now.saturating_duration_since(at).as_micros() * 65_536 / 1_000_000;
                block.last_sender_report = middle;
                block.delay_since_sender_report = u32::try_from(delay).unwrap_or(u32::MAX);
            }
            block
        });
        write_report(out, &Report { ssrc: self.ssrc, sender, block, cname: &self.cname });
    }

    /// Whether anything was sent that others may know us by. "A participant that never sent an RTP or RTCP packet MUST
    /// NOT send a BYE." §6.3.7
    pub const fn has_spoken(&self) -> bool {
        self.sent_packets > 0 || self.has_reported
    }

    /// Appends a last report with a BYE (§6.6).
    pub fn write_bye(
        &mut self,
        now: Instant,
        rtp_timestamp: Option<u32>,
        random: &mut dyn Random,
        out: &mut Vec<u8>,
    ) {
        self.write_report(now, rtp_timestamp, random, out);
        write_bye(out, self.ssrc);
    }

    /// Packets lost on the way to us since the beginning, over all streams.
    pub fn packets_lost(&self) -> u64 {
        let current = self.statistics.as_ref().map_or(0, ReceiverStatistics::cumulative_lost);
        u64::try_from(self.lost_before + current).unwrap_or(0)
    }

    /// What became of the packets on their way to us, over all streams.
    pub fn loss_totals(&self) -> LossTotals {
        self.pattern().totals()
    }

    /// The same once nothing more can come.
    pub fn final_loss_totals(&self) -> LossTotals {
        let mut pattern = *self.pattern();
        pattern.end_stream();
        pattern.totals()
    }

    /// The share lost on the way to us within bursts, in percent.
    pub fn burst_percent(&self) -> f64 {
        self.pattern().burst_percent()
    }

    fn pattern(&self) -> &LossPattern {
        self.statistics.as_ref().map_or(&self.pattern_before, |statistics| &statistics.pattern)
    }

    /// What the peer says of what it hears from us.
    pub const fn remote(&self) -> &RemoteReceiver {
        &self.remote
    }

    /// When the newest audio packet came.
    pub fn last_arrival(&self) -> Option<Instant> {
        self.statistics.as_ref().and_then(ReceiverStatistics::last_arrival)
    }

    /// Whether the peer sends nothing while nothing is said.
    pub fn peer_pauses(&self) -> bool {
        self.statistics.as_ref().is_some_and(ReceiverStatistics::pauses)
    }

    /// Interarrival jitter of the current stream.
    pub fn jitter(&self) -> Duration {
        self.statistics.as_ref().map_or(Duration::ZERO, ReceiverStatistics::jitter)
    }

    /// The round-trip time, once known.
    pub const fn round_trip(&self) -> Option<Duration> {
        self.round_trip
    }

    /// RTP packets sent.
    pub const fn packets_sent(&self) -> u64 {
        self.sent_packets
    }
}

/// §6.2: five seconds, by a random factor of 0.5 to 1.5, so that legs made together do not report together.
fn interval(random: &mut dyn Random) -> Duration {
    let milliseconds = 2500 + u64::from(random.u32() % 5000);
    Duration::from_millis(milliseconds)
}

/// Seconds from 1900 to 1970.
const NTP_TO_UNIX_EPOCH: u64 = 2_208_988_800;

/// One minute.
const MAX_ROUND_TRIP_UNITS: u32 = 60 << 16;

#[cfg(test)]
mod tests {
    use ringdown_types::SeededRandom;

    use super::*;

    fn session(now: Instant, ssrc: u32) -> RtcpSession {
        let clock = NtpClock::new(now, Duration::from_secs(1_800_000_000));
        RtcpSession::new(now, clock, ssrc, format!("leg-{ssrc}"), &mut SeededRandom::new(u64::from(ssrc)))
    }

    #[test]
    fn two_sessions_learn_their_round_trip() {
        let start = crate::test_start();
        let mut random = SeededRandom::new(5);
        let (mut alice, mut bob) = (session(start, 1), session(start, 2));
        alice.handle_sent(160);
        let mut report = Vec::new();
        let due = alice.next_report();
        assert!(due >= start + Duration::from_millis(1250) && due < start + Duration::from_millis(3750));
        alice.write_report(due, Some(77), &mut random, &mut report);

        let heard = due + Duration::from_millis(30);
        bob.handle_rtp(heard, 1, 8000, 10, 0);
        bob.handle_rtcp(heard, &report);
        let answered = heard + Duration::from_secs(2);
        let mut answer = Vec::new();
        bob.write_report(answered, None, &mut random, &mut answer);
        alice.handle_rtcp(answered + Duration::from_millis(50), &answer);
        let round_trip = alice.round_trip().expect("known").as_millis();
        assert!((79..=81).contains(&round_trip), "{round_trip} ms");
        assert_eq!(bob.round_trip(), None);
    }

    #[test]
    fn garbage_changes_nothing() {
        let now = crate::test_start();
        let mut session = session(now, 1);
        session.handle_rtcp(now, &[0x81, 201, 0, 1, 0]);
        session.handle_rtcp(now, &[]);
        assert_eq!((session.round_trip(), session.packets_lost()), (None, 0));
    }
}
