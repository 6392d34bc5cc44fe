//! A telephone behind a simulated network, with a clock of its own.

use std::time::Duration;

use ringdown_media::{
    api::MediaEvent,
    rtcp::{Report, ReportBlock, write_report},
};
use ringdown_plane::SocketKey;
use ringdown_testkit::{DriftingClock, Link, NetFigures, Path};
use ringdown_types::{AudioWay, LegId, QualityIssue, QualityReport, QualityWarning};

use crate::{
    phone::Phone,
    rig::{FRAME, Rig, address},
};

/// The way from a telephone to the worker.
pub(crate) struct Behind {
    path: Path<Vec<u8>>,
    clock: DriftingClock,
    frames: u32,
}

impl Behind {
    pub(crate) fn new(rig: &Rig, link: Link, parts_per_million: i32) -> Self {
        let clock = DriftingClock::new(rig.now(), parts_per_million);
        Self { path: Path::new(17, link), clock, frames: 0 }
    }

    pub(crate) const fn set_link(&mut self, link: Link) {
        self.path.set_link(link);
    }

    pub(crate) fn figures(&self) -> NetFigures {
        self.path.figures()
    }

    /// The telephone talks for so long, and hears nothing.
    pub(crate) fn talk(&mut self, rig: &mut Rig, phone: &mut Phone, seconds: u64) {
        let end = rig.now() + Duration::from_secs(seconds);
        loop {
            let says = self.clock.when(FRAME * self.frames);
            let arrives = self.path.next_delivery();
            let next = arrives.map_or(says, |at| at.min(says));
            if next >= end {
                break;
            }
            rig.advance(next - rig.now());
            if next == says {
                self.frames += 1;
                if let Some(packet) = phone.frame() {
                    self.path.send(next, packet);
                }
            }
            while let Some((_, packet)) = self.path.poll(next) {
                rig.deliver(SocketKey::Rtp(phone.port), phone.address, &packet);
            }
            rig.sent.clear();
        }
        rig.advance(end - rig.now());
    }
}

/// A receiver report of a telephone on what it is sent.
pub(crate) fn report(rig: &mut Rig, phone: &Phone, ssrc: u32, (highest_sequence, lost): (u32, i32)) {
    let block = ReportBlock { ssrc, highest_sequence, cumulative_lost: lost, ..ReportBlock::default() };
    let mut compound = Vec::new();
    let report = Report { ssrc: phone.ssrc, sender: None, block: Some(block), cname: "phone" };
    write_report(&mut compound, &report);
    let source = address(&format!("{}:{}", phone.address.ip(), phone.address.port() + 1));
    rig.deliver(SocketKey::Rtcp(phone.port), source, &compound);
}

/// What was told of a leg's quality.
pub(crate) fn reports(rig: &Rig, leg: LegId) -> Vec<&QualityReport> {
    let reports = rig.events.iter().filter_map(|event| match event {
        MediaEvent::Quality { leg: of, report } if *of == leg => Some(report.as_ref()),
        _ => None,
    });
    reports.collect()
}

/// Whether a warning was told, in the order of the reports, without repetitions.
pub(crate) fn course(rig: &Rig, leg: LegId, issue: QualityIssue, way: AudioWay) -> Vec<bool> {
    let warning = QualityWarning { issue, way };
    let mut course: Vec<_> =
        reports(rig, leg).iter().map(|report| report.warnings.contains(&warning)).collect();
    course.dedup();
    course
}
