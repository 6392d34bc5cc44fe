//! Warnings of a leg: each is raised once, and once taken back.

use std::time::{Duration, Instant};

use ringdown_types::{AudioWay, QualityIssue, QualityWarning, WayQuality};

use super::silence::Found;

/// What may be wrong with one way.
#[derive(Debug, Clone, Copy)]
pub(crate) struct WayWarnings {
    way: AudioWay,
    absent: Absence,
    silent_since: Option<Instant>,
    silent: bool,
    loss: Threshold,
    jitter: Threshold,
    delay: Threshold,
    score: Threshold,
}

/// Whether audio is missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Absence {
    #[default]
    None,
    /// Here alone.
    OneWay,
    /// Both ways.
    Both,
}

/// A figure that must be bad for two periods in a row to be warned of, and good for two to be fine again.
#[derive(Debug, Clone, Copy, Default)]
struct Threshold {
    raised: bool,
    periods: u8,
}

impl Threshold {
    /// Takes the figure of a period; both limits are in its unit, and above `raise` is bad.
    fn judge(&mut self, value: f32, raise: f32, clear: f32) {
        let differs = if self.raised { value < clear } else { value > raise };
        self.periods = if differs { self.periods + 1 } else { 0 };
        if self.periods == PERIODS {
            self.raised = !self.raised;
            self.periods = 0;
        }
    }
}

impl WayWarnings {
    pub(crate) fn new(way: AudioWay) -> Self {
        let calm = Threshold::default();
        Self {
            way,
            absent: Absence::None,
            silent_since: None,
            silent: false,
            loss: calm,
            jitter: calm,
            delay: calm,
            score: calm,
        }
    }

    pub(crate) const fn judge_absence(&mut self, absence: Absence) {
        self.absent = absence;
    }

    /// What a period's packets held. Nothing that can be judged changes nothing.
    pub(crate) fn judge_silence(&mut self, now: Instant, found: Found, is_expected: bool) {
        if !is_expected || found == Found::Sound {
            (self.silent_since, self.silent) = (None, false);
        } else if found == Found::Silence {
            let since = *self.silent_since.get_or_insert(now);
            self.silent |= now.saturating_duration_since(since) >= SILENCE;
        }
    }

    /// A period's figures; `None` where it has none, which changes nothing.
    pub(crate) fn judge_figures(&mut self, figures: Option<&WayQuality>, round_trip_ms: Option<f32>) {
        let Some(figures) = figures else { return };
        self.loss.judge(figures.loss_percent, 3.0, 1.5);
        self.jitter.judge(figures.jitter_ms, 50.0, 30.0);
        self.score.judge(-figures.mos(), -3.5, -3.7);
        if let Some(round_trip) = round_trip_ms {
            self.delay.judge(round_trip, 400.0, 300.0);
        }
    }

    /// Appends what is wrong.
    pub(crate) fn list(&self, out: &mut Vec<QualityWarning>) {
        let absence = match self.absent {
            Absence::None => None,
            Absence::OneWay => Some(QualityIssue::OneWayAudio),
            Absence::Both => Some(QualityIssue::NoAudio),
        };
        let others = [
            (self.silent, QualityIssue::SilentMicrophone),
            (self.loss.raised, QualityIssue::Loss),
            (self.jitter.raised, QualityIssue::Jitter),
            (self.delay.raised, QualityIssue::Delay),
            (self.score.raised, QualityIssue::LowScore),
        ];
        let others = others.into_iter().filter_map(|(raised, issue)| raised.then_some(issue));
        out.extend(absence.into_iter().chain(others).map(|issue| QualityWarning { issue, way: self.way }));
    }
}

/// Two periods of about five seconds: a burst of a second is no warning.
const PERIODS: u8 = 2;

/// So long digital silence is a microphone that does not work. A telephone that was muted with its own key looks the
/// same.
const SILENCE: Duration = Duration::from_secs(8);

#[cfg(test)]
mod tests {
    use super::*;

    fn raised(warnings: &WayWarnings) -> Vec<QualityIssue> {
        let mut list = Vec::new();
        warnings.list(&mut list);
        list.into_iter().map(|warning| warning.issue).collect()
    }

    #[test]
    fn a_single_bad_period_is_no_warning_and_a_single_good_one_no_end() {
        let mut warnings = WayWarnings::new(AudioWay::FromDevice);
        let mut course = Vec::new();
        for loss_percent in [0.0, 9.0, 0.0, 9.0, 9.0, 2.0, 1.0, 2.0, 1.0, 1.0, 0.0] {
            let figures = WayQuality { loss_percent, mos_listening: 4.4, ..WayQuality::default() };
            warnings.judge_figures(Some(&figures), None);
            course.push(raised(&warnings).len());
        }
        assert_eq!(course, [0, 0, 0, 0, 1, 1, 1, 1, 1, 0, 0]);
    }

    #[test]
    fn silence_is_told_after_a_while_and_ends_with_the_first_sound() {
        let start = crate::test_start();
        let at = |seconds| start + Duration::from_secs(seconds);
        let mut warnings = WayWarnings::new(AudioWay::FromDevice);
        warnings.judge_silence(at(0), Found::Silence, true);
        warnings.judge_silence(at(5), Found::Nothing, true);
        assert_eq!(raised(&warnings), []);
        warnings.judge_silence(at(9), Found::Silence, true);
        assert_eq!(raised(&warnings), [QualityIssue::SilentMicrophone]);
        warnings.judge_silence(at(14), Found::Sound, true);
        assert_eq!(raised(&warnings), []);
        warnings.judge_silence(at(15), Found::Silence, true);
        warnings.judge_silence(at(40), Found::Silence, false);
        assert_eq!(raised(&warnings), [], "muted");
    }
}
