//! Start and end of the program: opens everything, joins it, waits for a signal.

use std::{
    fmt::Display,
    fs, io,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use ringdown_control::{DirectorySnapshot, SettingChanged};
use ringdown_media::prompt::SoundStore;
use ringdown_rtc::DtlsIdentity;
use ringdown_sip::invite::SessionTimers;
use ringdown_sip::{endpoint::Ports, message::Algorithm};
use ringdown_switch::{QualifyConfig, Switch, SwitchConfig, SwitchLimits, WorkerInfo};
use ringdown_types::{NodeId, Random, TonePlan};
use tokio::{
    signal::unix::{SignalKind, signal},
    sync::{mpsc, watch},
    task::JoinHandle,
};
use tracing::{error, info, warn};

use crate::{
    addresses::Addresses,
    clip_files::ClipFiles,
    config::{Config, DigestAlgorithm},
    control_link::{self, LinkConfig},
    driver::{CertificateFiles, CertificateNames, ListenAddresses, Listeners, UdpSockets, WebSocketRules},
    health::{self, Health},
    identity,
    media_task::{self, WorkerSetup},
    packet_io,
    random::SystemRandom,
    recordings::Recordings,
    sound_fetch::SoundFetcher,
    sounds,
    state_file::StateFile,
    switch_task::{INPUTS, SwitchInput, SwitchTask},
    watchdog::{self, WatchedWorker},
    worker_handle::WorkerHandle,
};

/// Why the program could not start or go on: what was tried, and what went wrong.
#[derive(Debug, thiserror::Error)]
#[error("{doing}: {reason}")]
pub(crate) struct StartError {
    doing: String,
    reason: String,
}

fn failed<E: Display>(doing: impl Into<String>) -> impl FnOnce(E) -> StartError {
    move |reason| StartError { doing: doing.into(), reason: reason.to_string() }
}

/// Runs the softswitch until SIGTERM or SIGINT.
///
/// # Errors
/// When something cannot be opened, or a part ends that must not.
pub(crate) async fn run(config: Config) -> Result<(), StartError> {
    let started = Instant::now();
    fs::create_dir_all(&config.state)
        .map_err(failed(format!("making the state folder {}", config.state.display())))?;
    let identity = identity::load_or_make(&config.state).map_err(failed("loading the certificate"))?;
    let addresses = Addresses::of(&config);
    let (sender, inputs) = mpsc::channel(INPUTS);
    let health = Arc::new(Health::default());

    let (recordings, restored) = Recordings::open(&config.state, sender.clone())
        .map_err(failed("opening the folders of recordings"))?;
    let clip_files = ClipFiles::new(config.state.join("sounds"));
    let tones = sounds::tones(&clip_files, TonePlan::INTERNATIONAL).map_err(failed("making the tones"))?;
    let tones = Arc::new(tones);
    let media = Media { identity: &identity, recordings: &recordings, sounds: &tones };
    let workers = start_workers(&config, &addresses, &media, &sender)?;
    let figures = workers.iter().map(|(_, watched)| watched.figures()).collect();
    let (workers, watched): (Vec<_>, Vec<_>) = workers.into_iter().unzip();
    let mut udp = UdpSockets::bind(&config.sip_listen).map_err(failed("listening for SIP on UDP"))?;
    let mut listeners = bind_listeners(&config, &addresses)?;

    let mut switch = make_switch(&config, &addresses, &identity);
    switch.restore_voicemail(restored.messages);
    switch.restore_recordings(restored.recordings);
    let (directory, stored) =
        StateFile::<DirectorySnapshot>::open("directory", config.state.join("directory.json"))
            .map_err(failed("opening the directory"))?;
    let (settings, changed) =
        StateFile::<Vec<SettingChanged>>::open("settings", config.state.join("settings.json"))
            .map_err(failed("opening the changed settings"))?;
    let directory_version = Arc::new(AtomicU64::new(stored.as_ref().map_or(0, |stored| stored.version)));
    if let Some(stored) = stored {
        info!(version = stored.version, "directory of the last run");
        match switch.apply_directory(Instant::now(), stored) {
            Ok(()) => health.directory.store(true, Ordering::Relaxed),
            Err(error) => {
                warn!(%error, "directory of the last run is not usable; waiting for the app server")
            }
        }
    }

    switch.restore_settings(changed.unwrap_or_default());

    udp.watch_errors(&sender);
    listeners.serve(&sender);
    let health_server = tokio::spawn(health::serve(config.health_listen, Arc::clone(&health), figures));
    let link = start_link(&config, &directory_version, &sender);
    let tone_plans = watch_sounds(&config, &workers, clip_files, tones)?;
    let sound_fetcher = Arc::new(SoundFetcher::new(&config.play_hosts));
    let task = SwitchTask {
        switch,
        sound_fetcher,
        inputs,
        sender: sender.clone(),
        udp,
        listeners,
        workers,
        recordings,
        tone_plans,
        directory,
        settings,
        directory_version,
        health: Arc::clone(&health),
    };
    watchdog::watch(&health, watched, sender.clone()).map_err(failed("starting the watchdog"))?;
    let switch_task = tokio::spawn(task.run());
    let clock = tokio::spawn(tell_the_time(sender.clone()));
    health.serving.store(true, Ordering::Relaxed);
    info!(
        ms = started.elapsed().as_millis() as u64,
        sip = ?config.sip_listen,
        tls = ?config.sip_tls_listen,
        ws = ?config.sip_ws_listen,
        wss = ?config.sip_wss_listen,
        advertised = %addresses.advertised,
        workers = config.workers(),
        "softswitch serves"
    );
    let outcome = wait(switch_task, health_server, &sender, &config).await;
    clock.abort();
    if let Some(link) = link {
        link.abort();
    }
    outcome
}

async fn wait(
    mut switch_task: JoinHandle<()>,
    health_server: JoinHandle<io::Result<()>>,
    sender: &mpsc::Sender<SwitchInput>,
    config: &Config,
) -> Result<(), StartError> {
    let mut terminate = signal(SignalKind::terminate()).map_err(failed("listening for SIGTERM"))?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(failed("listening for SIGINT"))?;
    let outcome = tokio::select! {
        _ = terminate.recv() => Ok(()),
        _ = interrupt.recv() => Ok(()),
        result = &mut switch_task => {
            error!("the switch ended by itself");
            return Err(failed("running the switch")(result.map_or_else(|error| error.to_string(), |()| "it ended".to_owned())));
        }
        result = health_server => {
            let reason = match result {
                Ok(Err(error)) => error.to_string(),
                Ok(Ok(())) => "it ended".to_owned(),
                Err(error) => error.to_string(),
            };
            Err(failed(format!("answering health on {}", config.health_listen))(reason))
        }
    };
    info!("softswitch ends");
    drop(sender.send(SwitchInput::Stop).await);
    drop(switch_task.await);
    outcome
}

fn bind_listeners(config: &Config, addresses: &Addresses) -> Result<Listeners, StartError> {
    let listen = ListenAddresses {
        tcp: config.sip_listen.clone(),
        tls: config.sip_tls_listen.clone(),
        ws: config.sip_ws_listen.clone(),
        wss: config.sip_wss_listen.clone(),
    };
    let names = addresses.names(&config.host_names);
    let certificate = match (&config.sip_certificate, &config.sip_private_key) {
        _ if !listen.use_tls() => None,
        (Some(chain), Some(key)) => Some(CertificateFiles { chain: chain.clone(), key: key.clone() }),
        _ => {
            let made = CertificateFiles::self_signed(&config.state, &CertificateNames(names.clone()));
            Some(made.map_err(failed("preparing SIP over TLS"))?)
        }
    };
    let rules = WebSocketRules { origins: config.sip_ws_origins.clone(), names };
    let first_connection = config.sip_listen.len() as u64;
    Listeners::bind(&listen, certificate, rules, first_connection).map_err(failed("serving SIP"))
}

/// The ports telephones are told. Where several addresses are listened on, the first one's counts.
fn sip_ports(config: &Config) -> Ports {
    let usual = Ports::new(5060);
    let port = |listen: &[SocketAddr], usual| listen.first().map_or(usual, SocketAddr::port);
    Ports {
        udp: port(&config.sip_listen, usual.udp),
        tcp: port(&config.sip_listen, usual.tcp),
        tls: port(&config.sip_tls_listen, usual.tls),
        ws: port(&config.sip_ws_listen, usual.ws),
        wss: port(&config.sip_wss_listen, usual.wss),
    }
}

/// What the workers share.
struct Media<'a> {
    identity: &'a DtlsIdentity,
    recordings: &'a Recordings,
    sounds: &'a Arc<SoundStore>,
}

fn start_workers(
    config: &Config,
    addresses: &Addresses,
    media: &Media<'_>,
    sender: &mpsc::Sender<SwitchInput>,
) -> Result<Vec<(WorkerHandle, WatchedWorker)>, StartError> {
    (0..config.workers())
        .map(|index| {
            let webrtc_port = config.webrtc_port + index as u16;
            let doing = format!("starting a media worker on UDP port {webrtc_port}");
            let webrtc = packet_io::open_shared((addresses.bind, webrtc_port).into());
            let setup = WorkerSetup {
                index,
                bind: addresses.bind,
                webrtc: webrtc.map_err(failed(doing.clone()))?,
                // Two legs of each call, those of others it rings, and links to other workers.
                max_legs: config.max_calls.saturating_mul(4),
                identity: media.identity.clone(),
                sounds: Arc::clone(media.sounds),
                recordings: media.recordings.clone(),
                figures: watch::Sender::default(),
            };
            let ends = media_task::start(setup.clone(), sender.clone()).map_err(failed(doing))?;
            let handle = WorkerHandle::new(ends);
            Ok((handle.clone(), WatchedWorker::new(handle, setup)))
        })
        .collect()
}

fn make_switch(config: &Config, addresses: &Addresses, identity: &DtlsIdentity) -> Switch {
    let slices = config.rtp_ports.slices(config.workers());
    let workers = slices
        .into_iter()
        .zip(config.webrtc_port..)
        .map(|(rtp_ports, port)| WorkerInfo {
            candidates: addresses.webrtc.iter().map(|&address| (address, port).into()).collect(),
            rtp_ports,
        })
        .collect();
    let switch = SwitchConfig {
        realm: "ringdown.local".to_owned(),
        advertised_address: addresses.advertised,
        other_address: addresses.other,
        sip_ports: sip_ports(config),
        instance: SystemRandom.token(8),
        workers,
        digest_algorithms: config
            .sip_digest
            .iter()
            .map(|algorithm| match algorithm {
                DigestAlgorithm::Sha256 => Algorithm::Sha256,
                DigestAlgorithm::Md5 => Algorithm::Md5,
            })
            .collect(),
        dtls_fingerprint: *identity.fingerprint().as_bytes(),
        srtp: config.srtp.into(),
        srtp_keys_in_clear: config.srtp_keys_in_clear,
        session_timers: SessionTimers {
            interval: config.sip_session_seconds,
            minimum: config.sip_session_min_seconds,
        },
        qualify: QualifyConfig {
            interval: Duration::from_secs(config.sip_qualify_seconds.into()),
            ..QualifyConfig::default()
        },
        limits: SwitchLimits {
            calls: config.max_calls,
            requests_per_address: config.sip_requests_per_address,
            requests_per_user: config.sip_requests_per_user,
            ..SwitchLimits::default()
        },
    };
    Switch::new(Instant::now(), unix_ms(), switch, &mut || Box::new(SystemRandom))
}

fn unix_ms() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis() as u64
}

/// Tells the switch what the machine's clock shows, so that opening hours follow a clock that was put right.
async fn tell_the_time(sender: mpsc::Sender<SwitchInput>) {
    let mut minute = tokio::time::interval(Duration::from_secs(60));
    loop {
        minute.tick().await;
        if sender.send(SwitchInput::WallClock { unix_ms: unix_ms() }).await.is_err() {
            return;
        }
    }
}

fn start_link(
    config: &Config,
    directory_version: &Arc<AtomicU64>,
    sender: &mpsc::Sender<SwitchInput>,
) -> Option<JoinHandle<()>> {
    let (Some(url), Some(token)) = (config.appserver_url.clone(), config.node_token.clone()) else {
        warn!("no app server is configured: browsers cannot call, telephones use the stored directory");
        return None;
    };
    let link = LinkConfig {
        url,
        token,
        insecure: config.appserver_insecure,
        node: NodeId::random(&mut SystemRandom),
        name: config.node_name.clone(),
    };
    Some(tokio::spawn(control_link::run(link, Arc::clone(directory_version), sender.clone())))
}

fn watch_sounds(
    config: &Config,
    workers: &[WorkerHandle],
    files: ClipFiles,
    tones: Arc<SoundStore>,
) -> Result<std::sync::mpsc::SyncSender<TonePlan>, StartError> {
    if config.sounds.is_none() {
        warn!("no sound pack is configured: there are tones, but no prompts and no music");
    }
    let workers = workers.to_vec();
    let deliver = move |sounds: Arc<SoundStore>| {
        for worker in &workers {
            worker.set_sounds(Arc::clone(&sounds));
        }
        true
    };
    sounds::watch(config.sounds.clone(), files, tones, deliver)
        .map_err(failed("starting the sound pack's thread"))
}
