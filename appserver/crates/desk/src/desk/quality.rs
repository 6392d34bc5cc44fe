//! How good calls' audio is, for the users who are in them.

use ringdown_protocol::{AudioQuality, AudioWay, CallQuality, CallSide, Push, QualityIssue, QualityWarning};
use ringdown_types::{self as types, LegId, LegQuality, QualityReport, WayQuality};

use super::Desk;

impl Desk {
    /// A softswitch tells of a leg. Its own user is told the figures; what goes wrong or is right again, both sides.
    pub(super) fn handle_quality(&mut self, leg: LegId, report: QualityReport) {
        let Some(known) = self.mirror.leg_mut(leg) else { return };
        let is_news = known.quality.warnings != report.warnings;
        known.quality = report;
        let call = known.info.call;
        self.tell_quality(leg);
        if is_news {
            let others = self.mirror.legs_in(call).filter(|other| *other != leg);
            for other in others.collect::<Vec<_>>() {
                self.tell_quality(other);
            }
        }
    }

    /// Tells a leg's user how it is, once it is answered.
    fn tell_quality(&mut self, leg: LegId) {
        let Some(known) = self.mirror.leg(leg).filter(|leg| leg.info.answered_at.is_some()) else { return };
        let Some(user) = known.info.user else { return };
        let mut quality = quality_as_seen(&known.quality.figures);
        quality
            .warnings
            .extend(known.quality.warnings.iter().filter_map(|told| warning(*told, CallSide::Own)));
        for peer in self.mirror.legs_in(known.info.call).filter(|other| *other != leg) {
            // Devices that still ring are nobody's other side.
            let peer = self.mirror.leg(peer).filter(|peer| peer.info.answered_at.is_some());
            let warnings = peer.map(|peer| peer.quality.warnings.as_slice()).unwrap_or_default();
            quality.warnings.extend(warnings.iter().filter_map(|told| warning(*told, CallSide::Peer)));
        }
        let shown: Vec<_> =
            self.sessions_of(user).into_iter().filter(|session| self.is_shown(known, *session)).collect();
        for session in shown {
            let push = Push::CallQuality { call: leg.to_string(), quality: quality.clone() };
            self.push_uncounted(session, push);
        }
    }
}

/// A leg's figures as its user sees them, without what is wrong.
pub fn quality_as_seen(figures: &LegQuality) -> CallQuality {
    CallQuality {
        round_trip_ms: figures.round_trip_ms,
        sent: figures.from_device.as_ref().map(audio),
        received: figures.to_device.as_ref().map(audio),
        warnings: Vec::new(),
    }
}

fn audio(way: &WayQuality) -> AudioQuality {
    AudioQuality {
        packets: way.packets,
        lost: way.lost,
        loss_percent: way.loss_percent,
        jitter_ms: way.jitter_ms,
        delay_ms: way.delay_ms,
        mos: way.mos(),
        mos_lowest: way.mos_lowest,
    }
}

/// A warning for a client; what a newer softswitch tells has no name there.
fn warning(told: types::QualityWarning, side: CallSide) -> Option<QualityWarning> {
    let issue = match told.issue {
        types::QualityIssue::NoAudio => QualityIssue::NoAudio,
        types::QualityIssue::OneWayAudio => QualityIssue::OneWayAudio,
        types::QualityIssue::SilentMicrophone => QualityIssue::SilentMicrophone,
        types::QualityIssue::Loss => QualityIssue::Loss,
        types::QualityIssue::Jitter => QualityIssue::Jitter,
        types::QualityIssue::Delay => QualityIssue::Delay,
        types::QualityIssue::LowScore => QualityIssue::LowScore,
        types::QualityIssue::Other => return None,
    };
    let way = match told.way {
        types::AudioWay::FromDevice => AudioWay::Sent,
        types::AudioWay::ToDevice => AudioWay::Received,
    };
    Some(QualityWarning { issue, side, way })
}
