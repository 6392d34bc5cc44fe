//! A small company: alice 101, bob 102, carol 103, a switch, telephones and browser tabs, and no network to wait for.

#![allow(dead_code)] // Each story uses the part of the company it needs.

pub(crate) mod browser;
pub(crate) mod fragile;
pub(crate) mod phone;
pub(crate) mod raw;
pub(crate) mod video;

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    time::{Duration, Instant},
};

use browser::Browser;
use bytes::Bytes;
use phone::Phone;
use ringdown_control::{
    CallRecord, Command, CommandId, CommandResult, DirectorySnapshot, DirectoryUser, EndedBy, Event,
    FeatureCodes, LegInfo, LegState, ParkingLot, Recording, SessionDescription, SettingChange, SipDevice,
    UserSettings, VoicemailMessage,
};
use ringdown_media::api::{
    AudioParameters, LegStats, MediaCommand, MediaEvent, PlaySource, Transport, VideoStream,
};
use ringdown_sip::invite::SessionTimers;
use ringdown_sip::{
    digest::Ha1,
    endpoint::{ConnectionId, Destination, Flow, Ports, Transport as SipTransport},
    message::{Algorithm, Datagram, parse_datagram},
};
use ringdown_switch::{Output, QualifyConfig, Switch, SwitchConfig, SwitchLimits, WorkerInfo};
use ringdown_types::{
    CodecId, DtmfDigit, EndReason, ForwardKind, LegId, MixId, Pii, Random, RecordingId, SeededRandom,
    SessionId, SrtpPolicy, TonePlan, UserId,
};

pub(crate) const ALICE: UserId = UserId::from_u128(101);
pub(crate) const BOB: UserId = UserId::from_u128(102);
pub(crate) const CAROL: UserId = UserId::from_u128(103);

pub(crate) const REALM: &str = "example.test";
pub(crate) const SWITCH: ([u8; 4], u16) = ([198, 51, 100, 1], 5060);

/// A leg in the media plane.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct MediaLeg {
    /// The media worker that has it.
    pub(crate) worker: usize,
    pub(crate) transport: Transport,
    pub(crate) audio: AudioParameters,
    pub(crate) video: Vec<VideoStream>,
    pub(crate) hears: Hears,
    pub(crate) muted: bool,
    /// Whether the worker tells when it speaks.
    pub(crate) is_watched: bool,
    pub(crate) gain: i8,
    pub(crate) recording: Option<RecordingId>,
}

/// What a leg hears.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Hears {
    Nothing,
    Leg(LegId),
    Itself,
    Play(PlaySource, u32),
    Mix(MixId),
}

pub(crate) struct Office {
    pub(crate) switch: Switch,
    pub(crate) now: Instant,
    pub(crate) phones: Vec<Phone>,
    pub(crate) browsers: BTreeMap<SessionId, Browser>,
    pub(crate) media: BTreeMap<LegId, MediaLeg>,
    /// What a worker says of a leg that is removed.
    pub(crate) last_stats: LegStats,
    pub(crate) digits: Vec<(LegId, DtmfDigit)>,
    /// Who was asked for whole pictures.
    pub(crate) pictures: Vec<LegId>,
    /// What was played into mixes.
    pub(crate) mixed: Vec<(MixId, PlaySource)>,
    /// Countries whose tones were wanted, last one last.
    pub(crate) tone_plans: Vec<TonePlan>,
    /// The descriptions of messages in the state folder.
    pub(crate) kept: BTreeMap<RecordingId, VoicemailMessage>,
    /// The descriptions of recordings in the state folder, and those the shell was to end.
    pub(crate) recordings: BTreeMap<RecordingId, Recording>,
    pub(crate) ended_recordings: Vec<RecordingId>,
    pub(crate) recorded_mixes: BTreeMap<MixId, RecordingId>,
    pub(crate) events: Vec<Event>,
    pub(crate) legs: BTreeMap<LegId, LegInfo>,
    pub(crate) ended: BTreeMap<LegId, (EndReason, EndedBy)>,
    pub(crate) expected_failures: u64,
    commands: u64,
    /// How the switch reached each address last.
    destinations: BTreeMap<SocketAddr, Destination>,
}

impl Office {
    pub(crate) fn new() -> Self {
        Self::with(|_| {})
    }

    /// A company with another configuration.
    #[allow(clippy::disallowed_methods)] // The clock's starting point; no test waits on it.
    pub(crate) fn with(change: impl FnOnce(&mut SwitchConfig)) -> Self {
        let now = Instant::now();
        let mut config = config();
        change(&mut config);
        let mut seed = 0;
        let mut random = || -> Box<dyn Random> {
            seed += 1;
            Box::new(fragile::Fragile(SeededRandom::new(seed)))
        };
        let mut switch = Switch::new(now, 1_750_000_000_000, config, &mut random);
        switch.apply_directory(now, directory()).expect("the directory is sound");
        Self {
            switch,
            now,
            phones: Vec::new(),
            browsers: BTreeMap::new(),
            media: BTreeMap::new(),
            last_stats: LegStats::default(),
            digits: Vec::new(),
            pictures: Vec::new(),
            mixed: Vec::new(),
            tone_plans: Vec::new(),
            kept: BTreeMap::new(),
            recordings: BTreeMap::new(),
            ended_recordings: Vec::new(),
            recorded_mixes: BTreeMap::new(),
            events: Vec::new(),
            legs: BTreeMap::new(),
            ended: BTreeMap::new(),
            expected_failures: 0,
            commands: 0,
            destinations: BTreeMap::new(),
        }
    }

    /// How a phone was reached last.
    pub(crate) fn last_destination(&self, phone: usize) -> Option<Destination> {
        self.destinations.get(&self.phones[phone].address).copied()
    }

    /// A registered telephone of alice (`alice-phone`), bob or carol; its index.
    pub(crate) fn phone(&mut self, username: &str) -> usize {
        let index = self.unregistered_phone(username, "secret");
        self.phones[index].register(3600);
        self.run();
        assert_eq!(self.phones[index].last_response().status, 200, "{username} registers");
        self.phones[index].log.clear();
        index
    }

    pub(crate) fn unregistered_phone(&mut self, username: &str, password: &str) -> usize {
        let index = self.phones.len();
        self.phones.push(Phone::new(username, password, 10 + index as u8));
        index
    }

    /// A live browser tab.
    pub(crate) fn tab(&mut self, user: UserId) -> SessionId {
        let session = SessionId::from_u128(1_000 + self.browsers.len() as u128);
        self.browsers.insert(session, Browser::default());
        assert_eq!(self.command(Command::SessionUp { session, user }), CommandResult::Done);
        session
    }

    pub(crate) fn command(&mut self, command: Command) -> CommandResult {
        self.commands += 1;
        let result = self.switch.handle_command(self.now, CommandId(self.commands), command);
        self.run();
        result
    }

    /// A user changes a setting.
    pub(crate) fn change(&mut self, user: UserId, change: SettingChange) {
        assert_eq!(self.command(Command::ChangeSetting { user, change }), CommandResult::Done);
    }

    /// A user's calls go elsewhere from now on.
    pub(crate) fn forward(&mut self, user: UserId, when: ForwardKind, to: &str) {
        self.change(user, SettingChange::Forward { when, to: to.parse().ok() });
    }

    /// The app server sends another directory.
    pub(crate) fn new_directory(&mut self, change: impl FnOnce(&mut DirectorySnapshot)) {
        let mut snapshot = directory();
        snapshot.version = self.switch.directory_version() + 1;
        change(&mut snapshot);
        self.switch.apply_directory(self.now, snapshot).expect("the directory is sound");
        self.run();
    }

    /// A browser calls with these formats; its leg.
    pub(crate) fn browser_calls(
        &mut self,
        session: SessionId,
        user: UserId,
        to: &str,
        formats: &[u8],
    ) -> LegId {
        let offer = browser::offer(formats);
        let start =
            Command::StartCall { session, user, to: to.to_owned(), offer, variables: BTreeMap::new() };
        match self.command(start) {
            CommandResult::Started { leg, .. } => leg,
            other => panic!("the call should start, not {other:?}"),
        }
    }

    /// A ringing browser answers with its description.
    pub(crate) fn browser_answers(&mut self, session: SessionId) -> LegId {
        let (leg, offer) = self.browsers[&session].offered.last().cloned().expect("the browser rings");
        let description = Some(browser::answer(&offer));
        assert_eq!(self.command(Command::Answer { leg, description }), CommandResult::Done);
        leg
    }

    pub(crate) fn hang_up(&mut self, leg: LegId) {
        assert_eq!(self.command(Command::Hangup { leg }), CommandResult::Done);
    }

    /// Runs a phone's action and everything that follows.
    pub(crate) fn at(&mut self, phone: usize, act: impl FnOnce(&mut Phone)) {
        act(&mut self.phones[phone]);
        self.run();
    }

    pub(crate) fn media_event(&mut self, event: MediaEvent) {
        self.switch.handle_media_event(self.now, event);
        self.run();
    }

    /// A media worker hung, and another took its place.
    pub(crate) fn lose_worker(&mut self, worker: usize) {
        self.switch.handle_worker_lost(self.now, worker);
        self.run();
    }

    /// Time passes, as fast as the machine can count.
    pub(crate) fn advance(&mut self, by: Duration) {
        let until = self.now + by;
        while let Some(due) = self.switch.next_timeout().filter(|due| *due <= until) {
            self.now = self.now.max(due);
            self.switch.handle_timeout(self.now);
            self.run();
        }
        self.now = until;
    }

    /// Delivers until nobody has anything to say.
    pub(crate) fn run(&mut self) {
        loop {
            let mut idle = true;
            while let Some(output) = self.switch.poll_output() {
                idle = false;
                self.obey(output);
            }
            for index in 0..self.phones.len() {
                let phone = &self.phones[index];
                let flow = match phone.page {
                    Some(connection) => page_flow(phone.address, connection),
                    None if phone.over_tcp => tcp_flow(phone.address),
                    None => flow(phone.address),
                };
                for bytes in std::mem::take(&mut self.phones[index].outbox) {
                    idle = false;
                    self.deliver(flow, &bytes);
                }
            }
            if idle {
                break;
            }
        }
    }

    /// A message of a phone arrives; over TCP one write is one message here.
    fn deliver(&mut self, flow: Flow, bytes: &Bytes) {
        if flow.transport == SipTransport::Udp {
            return self.switch.handle_datagram(self.now, flow, bytes);
        }
        let Ok(Datagram::Message(message)) = parse_datagram(bytes) else { panic!("phones send messages") };
        self.switch.handle_message(self.now, flow, message);
    }

    pub(crate) fn obey(&mut self, output: Output) {
        match output {
            Output::Sip(transmit) => {
                let remote = transmit.destination.remote();
                self.destinations.insert(remote, transmit.destination);
                if let Some(phone) = self.phones.iter_mut().find(|phone| phone.address == remote) {
                    phone.handle(&transmit.bytes);
                }
            }
            Output::Media { worker, command } => self.obey_media(worker, command),
            // What the shell would keep is asked for by the stories that restart.
            Output::SettingsChanged => {}
            Output::TonePlan(plan) => self.tone_plans.push(plan),
            Output::Event(event) => self.note(event),
            Output::KeepMessage(message) => {
                self.kept.insert(message.id, message);
            }
            Output::KeepRecording(recording) => {
                self.recordings.insert(recording.id, recording);
            }
            Output::EndRecording(recording) => self.ended_recordings.push(recording),
            Output::DiscardRecording(recording) => {
                self.kept.remove(&recording);
                self.recordings.remove(&recording);
            }
        }
    }

    fn obey_media(&mut self, worker: usize, command: MediaCommand) {
        match command {
            MediaCommand::AddLeg { leg, transport, audio } => {
                let hears = Hears::Nothing;
                let new = MediaLeg {
                    worker,
                    transport,
                    audio,
                    video: Vec::new(),
                    hears,
                    muted: false,
                    is_watched: false,
                    gain: 0,
                    recording: None,
                };
                assert!(self.media.insert(leg, new).is_none(), "a leg is added once");
            }
            MediaCommand::SetTransport { leg, transport } => self.media_leg(leg).transport = transport,
            MediaCommand::SetAudio { leg, audio } => self.media_leg(leg).audio = audio,
            MediaCommand::RequestKeyFrames { leg } => self.pictures.push(leg),
            MediaCommand::SetVideo { leg, streams } => self.media_leg(leg).video = streams,
            MediaCommand::RemoveLeg { leg } => {
                self.part(leg);
                assert!(self.media.remove(&leg).is_some(), "a leg is removed once");
                let gone = MediaEvent::LegRemoved { leg, stats: self.last_stats };
                self.switch.handle_media_event(self.now, gone);
            }
            MediaCommand::Connect { a, b } => {
                assert_eq!(
                    [self.media_leg(a).worker, self.media_leg(b).worker],
                    [worker; 2],
                    "a worker's own"
                );
                self.part(a);
                self.part(b);
                self.media_leg(a).hears = Hears::Leg(b);
                self.media_leg(b).hears = Hears::Leg(a);
            }
            MediaCommand::Disconnect { leg } => self.part(leg),
            MediaCommand::Play { leg, source, token, .. } => {
                self.part(leg);
                self.media_leg(leg).hears = Hears::Play(source, token);
            }
            MediaCommand::Echo { leg } => {
                self.part(leg);
                self.media_leg(leg).hears = Hears::Itself;
            }
            MediaCommand::SendDtmf { leg, digit, .. } => {
                self.media_leg(leg);
                self.digits.push((leg, digit));
            }
            MediaCommand::Mute { leg, muted } => self.media_leg(leg).muted = muted,
            MediaCommand::JoinMix { leg, mix, .. } => {
                self.part(leg);
                self.media_leg(leg).hears = Hears::Mix(mix);
            }
            MediaCommand::SetGain { leg, decibels } => self.media_leg(leg).gain = decibels,
            MediaCommand::PlayToMix { mix, source } => self.mixed.push((mix, source)),
            MediaCommand::StopPlayToMix { mix } => self.mixed.retain(|(playing, _)| *playing != mix),
            MediaCommand::Record { leg, recording, .. } => {
                assert_eq!(self.media_leg(leg).recording.replace(recording), None, "one recording at a time");
            }
            MediaCommand::StopRecording { leg } => self.media_leg(leg).recording = None,
            MediaCommand::RecordMix { mix, recording, .. } => {
                assert_eq!(self.recorded_mixes.insert(mix, recording), None, "one recording at a time");
            }
            MediaCommand::StopMixRecording { mix } => {
                self.recorded_mixes.remove(&mix);
            }
            MediaCommand::WatchVoice { leg, watched } => self.media_leg(leg).is_watched = watched,
        }
    }

    fn media_leg(&mut self, leg: LegId) -> &mut MediaLeg {
        self.media.get_mut(&leg).expect("the media plane knows the leg")
    }

    /// A leg hears nothing, and nobody hears it.
    fn part(&mut self, leg: LegId) {
        for (id, other) in &mut self.media {
            if *id == leg || other.hears == Hears::Leg(leg) {
                other.hears = Hears::Nothing;
            }
        }
    }

    fn note(&mut self, event: Event) {
        match &event {
            Event::LegChanged { leg } => {
                self.legs.insert(leg.leg, leg.clone());
            }
            Event::LegEnded { leg, reason, by } => {
                assert_eq!(leg.state, LegState::Ended);
                assert!(self.ended.insert(leg.leg, (*reason, *by)).is_none(), "a leg ends once");
                self.legs.remove(&leg.leg);
            }
            Event::Offered { leg, session, offer, .. } => {
                assert!(self.legs.contains_key(leg), "a leg is shown before it is offered");
                self.browser(*session).offered.push((*leg, offer.clone()));
            }
            Event::Description { leg, session, description } => {
                assert!(self.legs.contains_key(leg), "a leg is shown before it is described");
                let description: SessionDescription = description.clone();
                self.browser(*session).descriptions.push((*leg, description));
            }
            Event::Candidate { leg, session, candidate } => {
                assert!(self.legs.contains_key(leg), "a leg is shown before its candidates");
                let text = candidate.as_ref().map(|candidate| candidate.0.clone());
                self.browser(*session).candidates.push((*leg, text));
            }
            _ => {}
        }
        self.events.push(event);
    }

    fn browser(&mut self, session: SessionId) -> &mut Browser {
        self.browsers.get_mut(&session).expect("the session is ours")
    }

    /// The legs of a user that live.
    pub(crate) fn legs_of(&self, user: UserId) -> Vec<LegId> {
        self.legs.values().filter(|leg| leg.user == Some(user)).map(|leg| leg.leg).collect()
    }

    /// The one live leg of a user.
    pub(crate) fn leg_of(&self, user: UserId) -> LegId {
        match self.legs_of(user).as_slice() {
            [leg] => *leg,
            legs => panic!("one leg, not {legs:?}"),
        }
    }

    pub(crate) fn hears(&self, leg: LegId) -> Hears {
        self.media.get(&leg).map_or(Hears::Nothing, |leg| leg.hears)
    }

    /// Two legs hear each other over a link between their workers.
    pub(crate) fn assert_linked(&self, a: LegId, b: LegId) {
        let far = |leg| match self.hears(leg) {
            Hears::Leg(link) => link,
            other => panic!("a link leg, not {other:?}"),
        };
        let (at_a, at_b) = (far(a), far(b));
        assert_eq!((self.hears(at_a), self.hears(at_b)), (Hears::Leg(a), Hears::Leg(b)));
        let ends = |leg| match &self.media[&leg].transport {
            Transport::Rtp { local_port, remote: Some(remote) } => (*local_port, remote.rtp),
            other => panic!("plain RTP, not {other:?}"),
        };
        let ((port_a, towards_b), (port_b, towards_a)) = (ends(at_a), ends(at_b));
        assert_eq!((towards_a.port(), towards_b.port()), (port_a, port_b), "each sends to the other");
        assert_ne!(self.media[&at_a].worker, self.media[&at_b].worker);
    }

    /// A second media worker, without which no link is ever needed.
    pub(crate) fn with_two_workers() -> Self {
        Self::with(|config| {
            config.workers.push(WorkerInfo {
                candidates: vec![SocketAddr::from(([198, 51, 100, 1], 40_001))],
                rtp_ports: 20_100..=20_199,
            });
        })
    }

    /// Everybody is in one pick-up group, and there are two parking slots.
    pub(crate) fn allow_everything(&mut self) {
        self.new_directory(|directory| {
            directory.parking = Some(ParkingLot { first: 701, last: 702, timeout_seconds: 60 });
            for user in &mut directory.users {
                user.settings.pickup_group = Some("everybody".to_owned());
            }
        });
    }

    /// The codec a leg's packets have.
    pub(crate) fn codec(&self, leg: LegId) -> CodecId {
        self.media[&leg].audio.codecs[0].codec
    }

    pub(crate) fn assert_talking(&self, a: LegId, b: LegId) {
        assert_eq!(self.hears(a), Hears::Leg(b));
        assert_eq!(self.hears(b), Hears::Leg(a));
        for leg in [a, b] {
            assert_eq!(self.legs[&leg].state, LegState::Active);
        }
    }

    pub(crate) fn records(&self) -> Vec<&CallRecord> {
        let mut records = Vec::new();
        for event in &self.events {
            if let Event::CallEnded { record } = event {
                records.push(record);
            }
        }
        records
    }

    /// Nothing is left of any call, after the dust has settled.
    pub(crate) fn assert_quiet(&mut self) {
        self.advance(Duration::from_secs(120));
        assert_eq!(self.switch.failures(), self.expected_failures, "a bug was contained");
        assert_eq!(self.switch.call_count(), 0);
        assert!(self.legs.is_empty(), "legs are left: {:?}", self.legs);
        assert!(self.media.is_empty(), "media legs are left");
        assert!(self.switch.snapshot().calls.is_empty());
        for phone in &self.phones {
            assert!(phone.call.is_none(), "{} is still in a call", phone.username);
        }
    }
}

pub(crate) fn tcp_flow(remote: SocketAddr) -> Flow {
    Flow { transport: SipTransport::Tcp, connection: ConnectionId(9), ..flow(remote) }
}

pub(crate) fn page_flow(remote: SocketAddr, connection: u64) -> Flow {
    Flow { transport: SipTransport::Wss, connection: ConnectionId(connection), ..flow(remote) }
}

pub(crate) fn flow(remote: SocketAddr) -> Flow {
    Flow {
        transport: SipTransport::Udp,
        local: SocketAddr::from(SWITCH),
        remote,
        connection: ConnectionId(0),
    }
}

fn config() -> SwitchConfig {
    SwitchConfig {
        realm: REALM.to_owned(),
        advertised_address: SocketAddr::from(SWITCH).ip(),
        other_address: None,
        sip_ports: Ports::new(SWITCH.1),
        instance: "ringdown-1".to_owned(),
        workers: vec![WorkerInfo {
            candidates: vec![SocketAddr::from(([198, 51, 100, 1], 40_000))],
            rtp_ports: 20_000..=20_099,
        }],
        digest_algorithms: vec![Algorithm::Sha256, Algorithm::Md5],
        dtls_fingerprint: [7; 32],
        srtp: SrtpPolicy::Optional,
        srtp_keys_in_clear: false,
        session_timers: SessionTimers::default(),
        qualify: QualifyConfig { interval: Duration::ZERO, misses: 2 },
        limits: SwitchLimits::default(),
    }
}

pub(crate) fn directory() -> DirectorySnapshot {
    let user = |id: UserId, extension: &str, name: &str| DirectoryUser {
        id,
        extension: extension.parse().expect("an extension"),
        name: Pii(name.to_owned()),
        enabled: true,
        ring_seconds: 30,
        max_calls: 2,
        settings: UserSettings::default(),
    };
    let device = |username: &str, user: UserId| {
        let ha1 = Ha1::of_password(username, REALM, "secret");
        SipDevice { username: username.to_owned(), user, ha1_sha256: ha1.sha256, ha1_md5: ha1.md5 }
    };
    DirectorySnapshot {
        version: 1,
        realm: REALM.to_owned(),
        users: vec![user(ALICE, "101", "Alice"), user(BOB, "102", "Bob"), user(CAROL, "103", "Carol")],
        devices: vec![
            device("alice-phone", ALICE),
            device("bob-phone", BOB),
            device("bob-softphone", BOB),
            device("carol-phone", CAROL),
        ],
        feature_codes: FeatureCodes::default(),
        ..DirectorySnapshot::default()
    }
}
