//! The composition: every part of the PBX, and the verbs the shell uses.

use std::{
    collections::{BTreeMap, HashMap, HashSet, VecDeque},
    time::Instant,
};

use bytes::Bytes;
use ringdown_call::{CallControl, LegEvent, Limits};
use ringdown_control::{Command, CommandId, CommandResult, DirectorySnapshot, Snapshot};
use ringdown_media::api::{MediaEvent, MediaFailure};
use ringdown_sip::{
    endpoint::{Destination, Flow},
    message::{Message, ParseError},
    subscription::End,
};
use ringdown_types::{CallId, LegId, Random};
use tracing::{error, warn};

use crate::{
    DirectoryError, Output, SwitchConfig,
    clock::WallClock,
    command_log::CommandLog,
    directory::Directory,
    groups::GroupMemory,
    legs::{Legs, Side},
    links::Links,
    lost_media::LostMedia,
    mailboxes::{Mailboxes, RecordingEnded},
    messages::Messages,
    mixes::Mixes,
    notices::Translator,
    presence::People,
    qualify::Qualify,
    quality::AwaitedFigures,
    recordings::Recordings,
    sessions::Sessions,
    settings::SettingChanges,
    sip_requests::SipSide,
    sip_transfers::Referred,
    subscriptions::{self, Watchers},
    video::Pairs,
    workers::Workers,
};

/// A whole PBX without I/O.
///
/// - `handle_*` and [`Switch::apply_directory`] take an input,
/// - [`Switch::poll_output`] gives what follows from it: drain it after each one,
/// - [`Switch::next_timeout`] says when [`Switch::handle_timeout`] is due,
/// - everything else looks.
pub struct Switch {
    pub(crate) config: SwitchConfig,
    pub(crate) random: Box<dyn Random>,
    pub(crate) clock: WallClock,
    /// What opening hours go by.
    pub(crate) hours_clock: WallClock,
    pub(crate) directory: Directory,
    pub(crate) settings: SettingChanges,
    pub(crate) group_memory: GroupMemory,
    pub(crate) sessions: Sessions,
    pub(crate) calls: CallControl,
    pub(crate) legs: Legs,
    pub(crate) workers: Workers,
    pub(crate) sip: SipSide,
    pub(crate) commands: CommandLog,
    pub(crate) lost_media: LostMedia,
    pub(crate) people: People,
    pub(crate) watchers: Watchers,
    pub(crate) messages: Messages,
    pub(crate) qualify: Qualify,
    pub(crate) mailboxes: Mailboxes,
    pub(crate) recordings: Recordings,
    pub(crate) mixes: Mixes,
    pub(crate) figures: AwaitedFigures,
    /// Browser legs to ring once their notices are out, with the leg they will hear.
    pub(crate) browsers_to_ring: VecDeque<(LegId, Option<LegId>)>,
    /// Legs whose devices are asked to answer by themselves.
    pub(crate) auto_answering: HashSet<LegId>,
    /// What travels with calls the app server asked for, until their users' devices ring.
    pub(crate) originated: HashMap<CallId, BTreeMap<String, String>>,
    pub(crate) links: Links,
    pub(crate) pairs: Pairs,
    /// By transferor's leg, which may have ended.
    pub(crate) referrals: HashMap<LegId, Referred>,
    pub(crate) out: VecDeque<Output>,
    /// Bugs that were contained here.
    pub(crate) failures: u64,
}

impl Switch {
    /// A switch without directory, calls and registrations. `unix_ms` is the wall clock at `now`; `random` makes
    /// sources good enough for secrets, each for an owner of its own.
    pub fn new(
        now: Instant,
        unix_ms: u64,
        config: SwitchConfig,
        random: &mut dyn FnMut() -> Box<dyn Random>,
    ) -> Self {
        let limits = Limits { calls: config.limits.calls, devices_per_call: config.limits.devices_per_call };
        Self {
            clock: WallClock::new(now, unix_ms),
            hours_clock: WallClock::new(now, unix_ms),
            directory: Directory::empty(config.realm.clone()),
            settings: SettingChanges::default(),
            group_memory: GroupMemory::default(),
            sessions: Sessions::default(),
            calls: CallControl::new(limits, random()),
            legs: Legs::default(),
            workers: Workers::new(&config.workers),
            sip: SipSide::new(now, &config, random),
            commands: CommandLog::default(),
            lost_media: LostMedia::default(),
            people: People::default(),
            watchers: subscriptions::watchers(),
            messages: Messages::default(),
            qualify: Qualify::new(config.qualify),
            mailboxes: Mailboxes::default(),
            recordings: Recordings::default(),
            mixes: Mixes::default(),
            figures: AwaitedFigures::default(),
            browsers_to_ring: VecDeque::new(),
            auto_answering: HashSet::new(),
            originated: HashMap::new(),
            links: Links::default(),
            pairs: Pairs::default(),
            referrals: HashMap::new(),
            out: VecDeque::new(),
            failures: 0,
            random: random(),
            config,
        }
    }

    /// A SIP datagram.
    pub fn handle_datagram(&mut self, now: Instant, flow: Flow, datagram: &Bytes) {
        // Before it is parsed: a flood is to cost as little as it can.
        if !self.sip.limits.hears(now, flow, datagram.starts_with(RESPONSE)) {
            return;
        }
        self.sip.agent.handle_datagram(now, flow, datagram);
        self.settle(now);
    }

    /// A SIP datagram that waited too long for its turn. What would begin something is answered 503 with Retry-After,
    /// without state; what is under way is served as ever.
    pub fn handle_late_datagram(&mut self, now: Instant, flow: Flow, datagram: &Bytes) {
        if !self.sip.limits.hears(now, flow, datagram.starts_with(RESPONSE)) {
            return;
        }
        self.sip.agent.handle_late_datagram(now, flow, datagram);
        self.settle(now);
    }

    /// Whether somebody proved a password over this flow lately, or it is of a call: what comes over it is served before
    /// what strangers send.
    pub fn knows(&mut self, flow: Flow) -> bool {
        self.sip.limits.knows(flow)
    }

    /// A SIP message the shell cut out of a stream with [`ringdown_sip::message::StreamFramer`].
    pub fn handle_message(&mut self, now: Instant, flow: Flow, message: Message) {
        if !self.sip.limits.hears(now, flow, matches!(message, Message::Response(_))) {
            return;
        }
        self.sip.agent.handle_message(now, flow, message);
        self.settle(now);
    }

    /// What a stream's framer could not read.
    pub fn handle_malformed(&mut self, now: Instant, flow: Flow, error: &ParseError) {
        if !self.sip.limits.hears(now, flow, false) {
            return;
        }
        self.sip.agent.handle_malformed(now, flow, error);
        self.settle(now);
    }

    /// Nothing can be sent there: a connection closed or could not be opened, or an ICMP error came.
    pub fn handle_transport_closed(&mut self, now: Instant, destination: Destination) {
        if let Destination::Flow(flow) = destination {
            self.sip.registrar.handle_connection_closed(flow.connection);
            if flow.transport.is_reliable() {
                self.watchers.handle_connection_closed(flow.connection);
            }
        }
        self.sip.agent.handle_transport_error(now, destination);
        self.settle(now);
    }

    /// A media worker's report.
    pub fn handle_media_event(&mut self, now: Instant, event: MediaEvent) {
        match event {
            MediaEvent::LegLost { leg } => self.media_lost(now, leg),
            MediaEvent::LegConnected { leg } | MediaEvent::LegBack { leg } => self.media_is_back(now, leg),
            MediaEvent::MediaStarted { .. } | MediaEvent::VideoStarted { .. } => {}
            MediaEvent::KeyFrameNeeded { leg, .. } => self.key_frame_needed(now, leg),
            MediaEvent::VoiceActivity { leg, is_active } => self.voice_told(leg, is_active),
            MediaEvent::VideoFailed { leg, slot, failure } => {
                warn!(%leg, ?slot, ?failure, "video failed");
                self.video_failed(now, leg, slot);
            }
            MediaEvent::Talking { leg, is_talking } => {
                self.calls.handle_leg_event(now, leg, LegEvent::Talking(is_talking));
            }
            MediaEvent::RecordingEnded { leg, recording, end, duration_ms, is_stored } => {
                let ended = RecordingEnded { recording, end, duration_ms, is_stored };
                self.recording_ended(now, leg, ended);
            }
            MediaEvent::LegFailed { leg, failure } => self.media_failed(now, leg, failure),
            // The media plane passes telephone-events on to the partner itself; this is for whoever listens.
            MediaEvent::Dtmf { leg, digit, .. } => {
                self.calls.handle_leg_event(now, leg, LegEvent::Dtmf { digit, relayed: true });
            }
            MediaEvent::PlayFinished { leg, token } => {
                self.calls.handle_leg_event(now, leg, LegEvent::PlayFinished { token });
            }
            MediaEvent::Quality { leg, report } => self.quality_told(leg, *report),
            MediaEvent::LegRemoved { leg, stats } => {
                self.workers.leg_left(leg);
                self.figures_told(leg, &stats);
            }
        }
        self.settle(now);
    }

    /// A telephone may be silent for as long as it likes: whether it is there, its signalling says. A browser that
    /// went silent may be about to say why.
    fn media_failed(&mut self, now: Instant, leg: LegId, failure: MediaFailure) {
        if failure != MediaFailure::ConsentExpired && self.mix_link_failed(now, leg) {
            return;
        }
        if let Some(served) = self.links.served_by(leg) {
            // A link is silent while nobody on it speaks; only one that cannot work is of interest.
            if failure != MediaFailure::ConsentExpired {
                self.calls.handle_leg_event(now, served, LegEvent::MediaFailed);
            }
            return;
        }
        let is_telephone = self.legs.get(leg).is_some_and(|leg| !leg.is_web_rtc());
        match failure {
            MediaFailure::ConsentExpired if is_telephone => {}
            MediaFailure::ConsentExpired => self.media_lost(now, leg),
            // It came back and could not be reached: it may try again.
            MediaFailure::DtlsFailed if self.lost_media.is_lost(leg) => {}
            MediaFailure::SocketUnavailable
            | MediaFailure::FingerprintMismatch
            | MediaFailure::DtlsFailed
            | MediaFailure::Internal => {
                warn!(%leg, ?failure, "media failed");
                if failure == MediaFailure::SocketUnavailable {
                    self.avoid_port_of(leg);
                }
                self.calls.handle_leg_event(now, leg, LegEvent::MediaFailed);
            }
        }
    }

    /// A browser may be about to say why, or to come back.
    fn media_lost(&mut self, now: Instant, leg: LegId) {
        let Some(lost) = self.legs.get(leg) else { return };
        self.lost_media.lost(now, leg, matches!(lost.side, Side::Browser(_)));
        self.calls.handle_leg_event(now, leg, LegEvent::Lost(true));
    }

    fn media_is_back(&mut self, now: Instant, leg: LegId) {
        if self.lost_media.settled(leg) {
            self.calls.handle_leg_event(now, leg, LegEvent::Lost(false));
        }
    }

    /// Another program holds a port of a leg, which one is not told: they are not to fail the next call too.
    fn avoid_port_of(&mut self, leg: LegId) {
        let Some(held) = self.legs.get(leg) else { return };
        for port in held.ports() {
            self.workers.avoid_port(held.worker, port);
        }
    }

    /// A media worker hung or ended, and another took its place, with no leg and on the same ports. Its calls end; the
    /// ports it used stay with what is left of it.
    pub fn handle_worker_lost(&mut self, now: Instant, worker: usize) {
        self.workers.lose(worker);
        self.figures_lost();
        self.mixes_lose(now, worker);
        let mut struck = self.links.served_at(worker);
        struck.extend(self.legs.at(worker));
        struck.sort_unstable();
        struck.dedup();
        warn!(worker, legs = struck.len(), "the calls of a media worker are lost");
        self.recordings_lost(worker);
        for leg in struck {
            self.calls.handle_leg_event(now, leg, LegEvent::MediaFailed);
        }
        self.settle(now);
    }

    /// A command of the app server. A repeated id gets the first outcome again and does nothing twice. Send the
    /// reply before what [`Switch::poll_output`] then gives, so that the app server knows a call before its events.
    pub fn handle_command(&mut self, now: Instant, id: CommandId, command: Command) -> CommandResult {
        if let Some(outcome) = self.commands.outcome(id) {
            return outcome.clone();
        }
        let result = self.obey(now, command);
        // Lists change nothing, and are long.
        if !matches!(result, CommandResult::Voicemail { .. }) {
            self.commands.note(id, result.clone());
        }
        self.settle(now);
        result
    }

    /// The app server connected, for the first time or again. It names every live session with
    /// [`Command::SessionUp`]; those it has not named within 90 s are gone.
    pub fn handle_link_up(&mut self, now: Instant) {
        self.set_keeper(true);
        self.sessions.doubt_all(now);
    }

    /// The app server is gone: nobody keeps messages until it is back.
    pub fn handle_link_down(&mut self) {
        self.set_keeper(false);
    }

    /// What the machine's clock shows, every minute or so: it may have been wrong when the switch started, and be put
    /// right since. Opening hours go by it; events keep the time they started with, so that they stay in order.
    pub const fn handle_wall_clock(&mut self, now: Instant, unix_ms: u64) {
        self.hours_clock = WallClock::new(now, unix_ms);
    }

    /// Replaces the directory.
    ///
    /// # Errors
    /// When it contradicts itself; the one in force stays.
    pub fn apply_directory(
        &mut self,
        now: Instant,
        snapshot: DirectorySnapshot,
    ) -> Result<(), DirectoryError> {
        let mut directory = Directory::compile(snapshot)?;
        self.keep_changed_settings(&mut directory);
        self.put_directory_in_force(now, directory);
        self.settle(now);
        Ok(())
    }

    /// The version of the directory in force, 0 for none.
    pub const fn directory_version(&self) -> u64 {
        self.directory.version()
    }

    /// Ends every call and every subscription: the program stops. Telephones that watch somebody subscribe anew with
    /// whoever comes after us.
    pub fn handle_shutdown(&mut self, now: Instant) {
        self.calls.handle_shutdown(now);
        self.watchers.end_all(now, End::Stopping);
        self.settle(now);
    }

    /// Time passed.
    pub fn handle_timeout(&mut self, now: Instant) {
        self.calls.handle_timeout(now);
        self.sip.agent.handle_timeout(now);
        self.sip.registrar.handle_timeout(now);
        self.watchers.handle_timeout(now);
        for user in self.people.published.handle_timeout(now) {
            self.publication_changed(user);
        }
        self.message_timeout(now);
        self.qualify_timeout(now);
        let doubted = self.sessions.next_timeout();
        let orphans = self.sessions.handle_timeout(now);
        if doubted != self.sessions.next_timeout() {
            self.all_watched_changed();
        }
        self.end_legs_of_session(now, orphans);
        while let Some(leg) = self.lost_media.take_expired(now) {
            self.calls.handle_leg_event(now, leg, LegEvent::MediaFailed);
        }
        self.settle(now);
    }

    /// When [`Switch::handle_timeout`] is due.
    pub fn next_timeout(&self) -> Option<Instant> {
        let parts = [
            self.calls.next_timeout(),
            self.sip.agent.next_timeout(),
            self.sip.registrar.next_timeout(),
            self.lost_media.next_timeout(),
            self.sessions.next_timeout(),
            self.watchers.next_timeout(),
            self.people.published.next_timeout(),
            self.messages.next_timeout(),
            self.qualify.next_timeout(),
        ];
        parts.into_iter().flatten().min()
    }

    /// The next thing to do.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.out.pop_front()
    }

    /// Everything live, for an app server that just connected or saw a gap.
    pub fn snapshot(&self) -> Snapshot {
        let translator = Translator { directory: &self.directory, clock: &self.clock, legs: &self.legs };
        Snapshot {
            calls: self.calls.calls().map(|call| translator.call(&call)).collect(),
            registrations: self.registrations(),
            rooms: self.calls.rooms().map(|room| translator.room(&room)).collect(),
            voicemail: self.voicemail_counts(),
            settings: self.changed_settings(),
            published: self.people.publications(),
            parked: self.calls.parked().map(|parked| translator.parked(&parked)).collect(),
            recordings: self.running_recordings(),
        }
    }

    /// How many messages of strangers beyond their budget were dropped unread.
    pub const fn unheard(&self) -> u64 {
        self.sip.limits.dropped()
    }

    /// How many SIP transactions exist.
    pub fn transactions(&self) -> usize {
        self.sip.agent.transactions()
    }

    /// How many calls exist.
    pub fn call_count(&self) -> usize {
        self.calls.call_count()
    }

    /// How many legs calls have.
    pub fn leg_count(&self) -> usize {
        self.legs.len()
    }

    /// How many registrations are live.
    pub fn registration_count(&self) -> usize {
        self.sip.registrar.binding_count()
    }

    /// How many SIP messages could not be read, since the start.
    pub const fn malformed_messages(&self) -> u64 {
        self.sip.agent.counters().malformed
    }

    /// How many SIP requests were answered 503 for want of room, since the start.
    pub const fn shed_requests(&self) -> u64 {
        self.sip.agent.counters().shed
    }

    /// Lets every part react to the others until nothing is left to say.
    pub(crate) fn settle(&mut self, now: Instant) {
        for _ in 0..ROUNDS {
            self.settle_calls(now);
            self.settle_registrations(now);
            self.settle_subscriptions(now);
            if !self.settle_sip(now) {
                return;
            }
        }
        self.failures += 1;
        error!("parts of the switch keep each other busy; the next input goes on");
    }
}

impl std::fmt::Debug for Switch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Switch").field("calls", &self.calls.call_count()).finish_non_exhaustive()
    }
}

/// How often the parts may react to each other because of one input. A call takes a few rounds; a loop takes any number.
const ROUNDS: u32 = 10_000;

/// How a response begins.
const RESPONSE: &[u8] = b"SIP/2.0 ";
