//! The worker: owner of legs, addresses and deadlines. Commands and datagrams are handled in files of their own.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use ringdown_media::{
    api::{LegStats, MediaEvent, MediaFailure},
    codec::OpusSettings,
    prompt::SoundStore,
    rtcp::NtpClock,
    rtp::FinishedDigit,
};
use ringdown_rtc::{DtlsIdentity, Event as TransportEvent, Output as TransportOutput};
use ringdown_types::{LegId, Random, contain};
use tracing::debug;

use crate::{
    browser,
    deadlines::Deadlines,
    digits::{Digit, event_format},
    feed::Feed,
    leg::Due,
    legs::{Legs, Slot},
    mix::{Mixes, Tick},
    output::{Output, Outputs, PacketSink, SocketKey},
    quality::QualityCounts,
    routes::Routes,
    telephone::{SocketState, TelephoneOutput},
    transport::LegTransport,
};

/// What a worker is told once.
#[derive(Debug, Clone, Copy)]
pub struct WorkerConfig {
    /// The most legs. More are refused: their [`MediaEvent::LegFailed`] says `SocketUnavailable`.
    pub max_legs: usize,
    /// The most outputs that wait to be polled, beyond which datagrams and keys are dropped.
    pub max_outputs: usize,
    /// How Opus encodes where a call is transcoded.
    pub opus: OpusSettings,
    /// The time since 1970 at the worker's making, for the NTP time of sender reports.
    pub since_unix_epoch: Duration,
}

impl Default for WorkerConfig {
    fn default() -> Self {
        Self {
            max_legs: 4000,
            max_outputs: 8192,
            opus: OpusSettings::default(),
            since_unix_epoch: Duration::ZERO,
        }
    }
}

/// Figures of a worker since it was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct WorkerCounts {
    /// Commands for legs that have ended, or that contradict what the leg is.
    pub commands_dropped: u64,
    /// Datagrams that belong to no leg.
    pub datagrams_unknown: u64,
    /// Outputs dropped because nobody polled.
    pub outputs_dropped: u64,
    /// All legs' figures together.
    pub quality: QualityCounts,
}

/// A media worker without I/O.
///
/// Media leaves through the [`PacketSink`] handed to [`Worker::handle_datagram`] and [`Worker::handle_timeout`], in
/// the buffer it came in. After each call that takes `&mut self`, drain [`Worker::poll_output`] and ask for
/// [`Worker::next_timeout`].
pub struct Worker {
    pub(crate) config: WorkerConfig,
    pub(crate) clock: NtpClock,
    pub(crate) identity: DtlsIdentity,
    pub(crate) sounds: Arc<SoundStore>,
    pub(crate) random: Box<dyn Random>,
    pub(crate) legs: Legs,
    pub(crate) routes: Routes,
    pub(crate) deadlines: Deadlines<Slot>,
    pub(crate) mixes: Mixes,
    pub(crate) outputs: Outputs,
    pub(crate) counts: WorkerCounts,
    origins: u64,
}

/// The shell moves a worker to a thread of its own.
const _: fn() = || {
    const fn is_send<T: Send>() {}
    is_send::<Worker>();
};

impl Worker {
    /// A worker without legs. `identity` is the certificate its descriptions announce.
    pub fn new(
        now: Instant,
        config: WorkerConfig,
        identity: DtlsIdentity,
        sounds: Arc<SoundStore>,
        random: Box<dyn Random>,
    ) -> Self {
        Self {
            config,
            clock: NtpClock::new(now, config.since_unix_epoch),
            identity,
            sounds,
            random,
            legs: Legs::default(),
            routes: Routes::default(),
            deadlines: Deadlines::default(),
            mixes: Mixes::default(),
            outputs: Outputs::new(config.max_outputs),
            counts: WorkerCounts::default(),
            origins: 0,
        }
    }

    /// Replaces the sounds. What is playing goes on with the old ones.
    pub fn set_sounds(&mut self, sounds: Arc<SoundStore>) {
        self.sounds = sounds;
    }

    /// How many legs there are.
    pub fn legs(&self) -> usize {
        self.legs.len()
    }

    /// A leg's figures so far; `None` for a leg that is not here.
    pub fn stats(&self, leg: LegId) -> Option<LegStats> {
        self.legs.get(self.legs.slot(leg)?).map(crate::leg::Leg::stats)
    }

    /// The worker's figures.
    pub const fn counts(&self) -> WorkerCounts {
        WorkerCounts { outputs_dropped: self.outputs.dropped(), ..self.counts }
    }

    /// The next thing the shell is to do.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop()
    }

    /// When to call [`Worker::handle_timeout`] at the latest, if nothing arrives.
    pub fn next_timeout(&self) -> Option<Instant> {
        [self.deadlines.next(), self.mixes.next_timeout()].into_iter().flatten().min()
    }

    /// Does what is due at `now`. Calling it early is harmless.
    pub fn handle_timeout(&mut self, now: Instant, send: &mut PacketSink<'_>) {
        self.legs.begin();
        while let Some(slot) = self.deadlines.pop_due(now) {
            let Some(leg) = self.legs.get_mut(slot) else { continue };
            leg.scheduled = None;
            let due = leg.handle_timeout(now, send);
            if leg.absence.handle_timeout(now) {
                self.outputs.event(MediaEvent::LegLost { leg: leg.id });
            }
            let is_period_over = leg.outgoing.rtcp.next_report() <= now;
            if is_period_over {
                self.pass_loss_on(slot);
            }
            let Some(leg) = self.legs.get_mut(slot) else { continue };
            if let Some(report) = leg.take_report(now, &mut *self.random) {
                self.outputs.push(report);
            }
            if is_period_over {
                self.observe_quality(now, slot);
            }
            self.record_frame(now, slot);
            self.tend_video(now, slot);
            let Some(leg) = self.legs.get_mut(slot) else { continue };
            let leg = leg.id;
            match due {
                None => {}
                Some(Due::Digit(finished)) => self.report_digit(now, slot, finished),
                Some(Due::Silent) => self.report_voice(leg, false),
                Some(Due::Played { token }) => self.outputs.event(MediaEvent::PlayFinished { leg, token }),
            }
            self.drain_browser(now, slot);
            self.take_handshakes(now, slot);
            self.reschedule_after(slot, Some(now + SHORTEST_WAIT));
        }
        let tick = Tick { now, legs: &mut self.legs, outputs: &mut self.outputs };
        self.mixes.handle_timeout(tick, send);
    }

    /// To be called where a panic was caught in a call of this worker: the leg it struck may be half changed and is
    /// thrown away, which [`MediaEvent::LegFailed`] tells. Everybody else goes on.
    pub fn handle_panic(&mut self, now: Instant) {
        self.mixes.recover(now);
        let Some(slot) = self.legs.take_struck() else { return };
        let Some(leg) = self.legs.get(slot).map(|leg| leg.id) else { return };
        self.outputs.event(MediaEvent::LegFailed { leg, failure: MediaFailure::Internal });
        // What is half changed may panic again on its way out.
        if contain(|| self.take_leg(now, slot)).is_err() {
            self.routes.forget(slot);
            self.legs.remove(slot);
        }
    }

    /// What became of an [`Output::OpenRtp`]: `true` where both ports are open.
    pub fn handle_socket_result(&mut self, now: Instant, port: u16, is_open: bool) {
        let Some(slot) = self.routes.by_port(port) else { return };
        let Some(leg) = self.legs.get_mut(slot) else { return };
        let telephone = match &mut leg.transport {
            LegTransport::Telephone(telephone) if telephone.local_port == port => telephone,
            _ => return self.handle_video_socket(now, slot, port, is_open),
        };
        if is_open {
            telephone.socket = SocketState::Open;
            telephone.start_handshakes(now);
            self.drain_telephone(now, slot);
            self.wake(now, slot);
        } else if telephone.socket != SocketState::Failed {
            telephone.socket = SocketState::Failed;
            let failure = MediaFailure::SocketUnavailable;
            let leg = leg.id;
            self.outputs.event(MediaEvent::LegFailed { leg, failure });
        }
    }

    /// A name for a source that no other source of this worker has.
    pub(crate) const fn next_origin(&mut self) -> u64 {
        self.origins += 1;
        self.origins
    }

    /// To be called where a leg may have become ready.
    pub(crate) fn wake(&mut self, now: Instant, slot: Slot) {
        let Some(leg) = self.legs.get_mut(slot) else { return };
        leg.wake(now);
        if matches!(leg.transport, LegTransport::Telephone(_)) && !leg.connected && leg.transport.is_ready() {
            leg.connected = true;
            let leg = leg.id;
            self.outputs.event(MediaEvent::LegConnected { leg });
        }
        self.reschedule(slot);
    }

    pub(crate) fn reschedule(&mut self, slot: Slot) {
        self.reschedule_after(slot, None);
    }

    fn reschedule_after(&mut self, slot: Slot, earliest: Option<Instant>) {
        if let Some(leg) = self.legs.get_mut(slot) {
            let at = leg.next_timeout().max(earliest);
            self.deadlines.schedule(slot, &mut leg.scheduled, at);
        }
    }

    /// Takes what a browser's transport wants to send and has to say.
    pub(crate) fn drain_browser(&mut self, now: Instant, slot: Slot) {
        let mut is_connected = false;
        while let Some(leg) = self.legs.get_mut(slot) {
            let LegTransport::Browser(browser) = &mut leg.transport else { return };
            let Some(output) = browser.transport.poll_output() else { break };
            let leg = leg.id;
            match output {
                TransportOutput::Transmit(transmit) => self.outputs.push(Output::Transmit {
                    socket: SocketKey::WebRtc,
                    destination: transmit.destination,
                    bytes: transmit.bytes.to_vec(),
                }),
                TransportOutput::Event(TransportEvent::Connected) => {
                    is_connected = true;
                    self.forget_absence(slot);
                    self.outputs.event(MediaEvent::LegConnected { leg });
                }
                TransportOutput::Event(TransportEvent::Failed(reason)) => {
                    let failure = browser::failure(reason);
                    self.outputs.event(MediaEvent::LegFailed { leg, failure });
                }
                // The page went away in order, and may be about to come back.
                TransportOutput::Event(TransportEvent::Closed) => {
                    if let Some(leg) = self.legs.get_mut(slot) {
                        leg.absence.handle_farewell(now);
                    }
                }
                TransportOutput::Event(TransportEvent::AddressLearned(address)) => {
                    self.routes.claim_address(slot, address);
                }
                TransportOutput::Event(TransportEvent::AddressForgotten(address)) => {
                    self.routes.release_address(slot, address);
                }
                TransportOutput::Event(TransportEvent::UfragRetired(ufrag)) => {
                    self.routes.release_ufrag(slot, &ufrag);
                }
            }
        }
        if is_connected {
            self.wake(now, slot);
        }
    }

    fn forget_absence(&mut self, slot: Slot) {
        if let Some(leg) = self.legs.get_mut(slot) {
            leg.absence.restart();
        }
    }

    /// Takes what a telephone's handshakes want to send and have to say. Those of its video alone end nothing.
    pub(crate) fn drain_telephone(&mut self, now: Instant, slot: Slot) {
        self.take_handshakes(now, slot);
        self.reschedule(slot);
    }

    /// The same, for who sets the leg's deadline anyway.
    fn take_handshakes(&mut self, now: Instant, slot: Slot) {
        let Some(leg) = self.legs.get_mut(slot) else { return };
        let (id, mut is_connected) = (leg.id, false);
        let own_port = match &leg.transport {
            LegTransport::Telephone(telephone) => Some(telephone.local_port),
            LegTransport::Browser(_) => None,
        };
        for telephone in leg.telephones() {
            let is_own = Some(telephone.local_port) == own_port;
            while let Some(output) = telephone.poll_output() {
                match output {
                    TelephoneOutput::Transmit { socket, destination, bytes } => {
                        self.outputs.push(Output::Transmit { socket, destination, bytes });
                    }
                    TelephoneOutput::Connected => is_connected |= is_own,
                    TelephoneOutput::Failed(failure) if is_own => {
                        self.outputs.event(MediaEvent::LegFailed { leg: id, failure });
                    }
                    TelephoneOutput::Failed(_) => {}
                }
            }
        }
        if is_connected {
            self.wake(now, slot);
        }
    }

    /// Reports a key, and repeats it to the listener where its packets are not passed on.
    pub(crate) fn report_digit(&mut self, now: Instant, slot: Slot, finished: FinishedDigit) {
        let FinishedDigit { digit, duration_ms } = finished;
        let Some(leg) = self.legs.get(slot) else { return };
        let listener = leg.feed.listener(slot);
        self.outputs.event(MediaEvent::Dtmf { leg: leg.id, digit, duration_ms });
        if let Some(listener) = listener
            && self.legs.get(listener).is_some_and(|leg| !relays_events(leg))
        {
            self.queue_digit(now, listener, finished);
        }
    }

    pub(crate) fn queue_digit(&mut self, now: Instant, slot: Slot, finished: FinishedDigit) {
        let origin = self.next_origin();
        let clip = self.sounds.digit(finished.digit);
        let Some(leg) = self.legs.get_mut(slot) else { return };
        let FinishedDigit { digit, duration_ms } = finished;
        if !leg.digits.push(now, Digit { digit, duration_ms, origin, clip }) {
            debug!(leg = %leg.id, "too many keys wait; one is dropped");
        }
        self.reschedule(slot);
    }
}

/// Whether event packets are passed on to this leg one by one: not in between the frames of a transcoder, whose
/// numbers are not the source's, and not where it did not negotiate them.
pub(crate) fn relays_events(leg: &crate::leg::Leg) -> bool {
    event_format(&leg.audio, 8000).is_some()
        && !matches!(&leg.feed, Feed::Partner { conversion: Some(_), .. })
}

/// How soon a leg is looked after again. A smaller value lets one leg that is always due starve the others.
const SHORTEST_WAIT: Duration = Duration::from_millis(1);

/// The instant at which tests begin. Instants cannot be made from nothing; tests only add to this one.
#[cfg(test)]
#[expect(
    clippy::disallowed_methods,
    reason = "the one clock read of the tests; nothing depends on its value"
)]
pub(crate) fn test_start() -> Instant {
    Instant::now()
}
