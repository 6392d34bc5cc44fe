//! Puts the parts together, runs them, and takes them down in order.

use std::{
    net::{IpAddr, SocketAddr},
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use anyhow::Context as _;
use ringdown_desk::{Desk, EVERYBODY_UP_TO, PeopleRecords, Rate, RateLimiter};
use tokio::{
    net::TcpListener,
    sync::{Notify, mpsc, watch},
    task::{JoinHandle, JoinSet},
    time::timeout,
};

use crate::{
    access::TokenKey,
    chat::{self, ChatQueues},
    clock::unix_ms,
    compat::{self, Compat, OldPort},
    config::{Config, Tls},
    desk_task::{Counters, DeskHandle, DeskMessage, DeskTask, Outlets},
    directory::{self, DirectoryHandle},
    files::{self, Files},
    first_run,
    listen::{self, Connections, Listening, Shutdown},
    node::NodeToken,
    origin::AllowedOrigins,
    outside::Outside,
    pages::Pages,
    password::Passwords,
    photo::Photos,
    push::{self, Push},
    random::{OsRandom, secret},
    rest,
    sign_in::SignIn,
    state_file,
    store::{Store, StoreError},
    tls, writers,
};

/// The server's version, as clients are told.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Upgrades of one address to a WebSocket: an office that reconnects after a restart fits.
const UPGRADES: Rate = Rate { burst: 500, per_second: 50.0 };
/// Sides of calls looked at for whom people spoke to lately, at the start of a large company's server: more delays it.
const RECENT_CONTACTS: u32 = 50_000;
/// The wait for connections and writers at a stop.
const STOP_WITHIN: Duration = Duration::from_secs(5);

/// What every request can reach.
#[derive(Debug)]
pub struct App {
    /// The stores.
    pub store: Store,
    /// The sign-in desk.
    pub sign_in: SignIn,
    /// Files people gave it to keep.
    pub files: Files,
    /// People's pictures.
    pub photos: Photos,
    /// The owner of sessions and calls.
    pub desk: DeskHandle,
    /// The directory's keeper.
    pub directory: DirectoryHandle,
    /// The allow-list of sites.
    pub origins: AllowedOrigins,
    /// What a softswitch must show.
    pub node_token: NodeToken,
    /// Web pages.
    pub pages: Pages,
    /// Everybody else who says who somebody is.
    pub outside: Outside,
    /// Browsers that can be woken.
    pub push: Arc<Push>,
    /// Whether people can sign in by name and password.
    pub password_sign_in: bool,
    /// What connections of older clients share.
    pub compat: Compat,
    /// The digest realm.
    pub realm: String,
    /// Whether browsers may insist on TLS: the certificate is one they trust.
    pub has_trusted_tls: bool,
    /// What was shed.
    pub counters: Arc<Counters>,
    /// The connections.
    pub connections: Arc<Connections>,
    /// When to stop.
    pub shutdown: Shutdown,
    /// Held while something about numbers is checked and written, so that two changes that do not go together cannot
    /// both be found good.
    pub dialplan_changes: tokio::sync::Mutex<()>,
    /// Held over a change of the address book: the desk learns of changes in the order they were written.
    pub contact_changes: tokio::sync::Mutex<()>,
    upgrades: Mutex<RateLimiter<IpAddr>>,
    ids: AtomicU64,
}

impl App {
    /// Whether the address may open one more WebSocket.
    pub fn allows_connection(&self, address: IpAddr) -> bool {
        self.upgrades.lock().expect("no holder of the lock panics").allow(Instant::now(), &address)
    }

    /// Numbers connections.
    pub fn next_id(&self) -> u64 {
        self.ids.fetch_add(1, Ordering::Relaxed)
    }
}

/// A running server.
pub struct Server {
    /// Where it listens.
    pub address: SocketAddr,
    /// Where older clients' ports are.
    pub old_ports: Vec<(OldPort, SocketAddr)>,
    /// The table of first passwords, on the very first start.
    pub first_run: Option<String>,
    switch: watch::Sender<bool>,
    stop_desk: Arc<Notify>,
    accepting: JoinSet<()>,
    desk: JoinHandle<()>,
    writers: Vec<JoinHandle<()>>,
    directory: JoinHandle<()>,
    sweepers: JoinSet<()>,
    app: Arc<App>,
}

impl Server {
    /// Starts everything. On return it is ready.
    ///
    /// # Errors
    /// When the state folder, the store, the certificate or the port cannot be used.
    pub async fn start(config: &Config) -> anyhow::Result<Self> {
        state_file::create_folder(&config.state)
            .with_context(|| format!("cannot make the state folder {}", config.state.display()))?;
        // Before anything is written: two servers on one state folder and port would start once only.
        let listener = listen::bind(config.http_listen)
            .with_context(|| format!("cannot listen on {}", config.http_listen))?;
        let url = config.database_url.as_ref().map_or("", |url| url.0.as_str());
        let store = Store::open(url, &config.state, &config.realm).await.context("cannot open the store")?;
        let passwords = Passwords::new();
        let first_run =
            first_run::create_accounts(&store, &passwords, (&config.state, &config.realm, config.demo))
                .await
                .context("cannot make the first accounts")?;
        let key = TokenKey::load(&config.state).context("cannot read the token key")?;
        let (switch, shutdown) = Shutdown::new();
        let (desk, messages) = DeskHandle::new();
        let (directory, directory_queue) = DirectoryHandle::new();
        let counters = Arc::new(Counters::default());
        let (records, record_queue) = mpsc::channel(writers::RECORD_QUEUE);
        let (sessions, session_queue) = mpsc::channel(writers::SESSION_QUEUE);

        let (chat, chat_jobs) = ChatQueues::new();
        let files = Files::open(&config.state, store.clone(), files::Limits::of(config), key.clone()).await?;
        let (settings, settings_queue) = mpsc::channel(writers::SETTINGS_QUEUE);
        let (people_changes, people_queue) = mpsc::channel(writers::PEOPLE_QUEUE);
        let owner = open_desk(&store, &config.realm).await?;
        let (pushes, push_queue) = mpsc::channel(push::QUEUE);
        let photos = Photos { store: store.clone(), files: files.clone(), directory: directory.clone() };
        let outlets = Outlets {
            pushes,
            photos: photos.clone(),
            store: store.clone(),
            records,
            sessions,
            settings,
            people: people_changes,
            key: key.clone(),
            chat,
            realm: config.realm.clone(),
            directory: directory.clone(),
            counters: Arc::clone(&counters),
        };
        let stop_desk = Arc::new(Notify::new());
        let desk_task = tokio::spawn(DeskTask::new(owner, outlets).run(messages, Arc::clone(&stop_desk)));
        let writers = vec![
            tokio::spawn(writers::write_history(record_queue, store.clone(), Arc::clone(&counters))),
            tokio::spawn(writers::write_sessions(session_queue, store.clone())),
            tokio::spawn(writers::write_settings(settings_queue, store.clone(), directory.clone())),
            tokio::spawn(writers::write_people(people_queue, store.clone(), directory.clone())),
            tokio::spawn(chat::keep(chat_jobs, store.clone(), files.clone(), desk.clone())),
        ];
        let directory_task =
            tokio::spawn(directory::run(directory_queue, store.clone(), desk.clone(), config.realm.clone()));
        let push = start_push(config, &store, &desk, push_queue).await?;
        let origins = AllowedOrigins::new(config.public_url.as_deref(), &config.allowed_origins);
        let pages = load_pages(config, &origins)?;
        let sweepers = sweepers(config, &store, &files);
        let app = Arc::new(App {
            files,
            photos,
            sign_in: SignIn::new(store.clone(), key, passwords, desk.clone()),
            store,
            desk,
            directory,
            origins,
            node_token: NodeToken::new(&node_token(config)?),
            pages,
            outside: Outside::load(config)?,
            push: Arc::clone(&push),
            password_sign_in: config.password_sign_in,
            compat: Compat::new(config.compat),
            realm: config.realm.clone(),
            has_trusted_tls: config.tls == Tls::Files,
            counters,
            connections: Connections::new(config.max_connections, config.max_connections_per_address),
            shutdown,
            dialplan_changes: tokio::sync::Mutex::new(()),
            contact_changes: tokio::sync::Mutex::new(()),
            upgrades: Mutex::new(RateLimiter::new(UPGRADES, 50_000)),
            ids: AtomicU64::new(1),
        });
        let address = listener.local_addr()?;
        let (accepting, old_ports) = listen_everywhere(config, listener, &app).await?;
        Ok(Self {
            address,
            old_ports,
            first_run,
            switch,
            stop_desk,
            accepting,
            desk: desk_task,
            writers,
            directory: directory_task,
            sweepers,
            app,
        })
    }

    /// Stops: no new connections, a close to every browser and softswitch, then the desk, then what it left to
    /// write. Sessions stay in the store for the next start.
    pub async fn stop(mut self) {
        // Nobody listening is a stop already.
        let _ = self.switch.send(true);
        self.accepting.join_all().await;
        let closed = async {
            while !self.app.connections.is_empty() {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        if timeout(STOP_WITHIN, closed).await.is_err() {
            tracing::warn!(connections = self.app.connections.len(), "connections are cut off by the stop");
        }
        self.stop_desk.notify_one();
        drop(self.desk.await);
        self.directory.abort();
        self.sweepers.abort_all();
        // The desk held the other ends of the writers' queues, so they write what is left and end.
        for writer in self.writers {
            if timeout(STOP_WITHIN, writer).await.is_err() {
                tracing::error!("the store is too slow for the stop");
            }
        }
        self.app.store.close().await;
    }

    /// What the parts share; for tests.
    pub fn app(&self) -> &Arc<App> {
        &self.app
    }

    /// Gives the desk a message; for tests.
    pub async fn tell_desk(&self, message: DeskMessage) {
        self.app.desk.send(message).await;
    }
}

/// A desk that knows what was kept: people, sessions, the address book, and for whom messages wait.
async fn open_desk(store: &Store, realm: &str) -> anyhow::Result<Desk> {
    let now = Instant::now();
    let mut owner = Desk::new(Box::new(OsRandom), VERSION, (now, unix_ms()));
    let (people, snapshot) = directory::read(store, realm).await?;
    owner.restore(now, store.sessions().await?);
    let company = people.len();
    owner.handle_directory(now, people, snapshot);
    owner.restore_people(now, people_records(store, company).await?);
    owner.expect_undelivered(store.chat_waiting(unix_ms()).await?);
    owner.handle_contacts(store.contacts().await?);
    Ok(owner)
}

/// What is remembered of people. Whom they spoke to lately counts where a client is not told of everybody.
async fn people_records(store: &Store, company: usize) -> Result<PeopleRecords, StoreError> {
    let recent = if company > EVERYBODY_UP_TO { RECENT_CONTACTS } else { 0 };
    let (statements, favourites, missed, recent) = tokio::try_join!(
        store.statements(),
        store.favourites(),
        store.missed_calls(),
        store.recent_contacts(recent)
    )?;
    Ok(PeopleRecords { statements, favourites, recent, missed })
}

/// What takes away whatever nobody needs and what was kept long enough.
fn sweepers(config: &Config, store: &Store, files: &Files) -> JoinSet<()> {
    let kept = chat::Kept { messages: config.chat_kept_days, files: config.chat_files_kept_days };
    let mut sweepers = JoinSet::new();
    sweepers.spawn(files.clone().sweep());
    sweepers.spawn(chat::expire(kept, store.clone(), files.clone()));
    sweepers
}

/// Serves the main port, and those that older clients expect.
async fn listen_everywhere(
    config: &Config,
    listener: TcpListener,
    app: &Arc<App>,
) -> anyhow::Result<(JoinSet<()>, Vec<(OldPort, SocketAddr)>)> {
    let router = rest::router(Arc::clone(app));
    let mut listeners = vec![(listener, router.clone())];
    let mut old_ports = Vec::new();
    for (port, listen) in [(OldPort::Webitel, config.webitel_listen), (OldPort::Verto, config.verto_listen)] {
        let Some(listen) = listen.filter(|_| config.compat) else { continue };
        let listener = listen::bind(listen).with_context(|| format!("cannot listen on {listen}"))?;
        old_ports.push((port, listener.local_addr()?));
        listeners.push((listener, compat::at_the_root(port, Arc::clone(app), router.clone())));
    }
    let tls = tls::acceptor(config)?;
    let mut accepting = JoinSet::new();
    for (listener, router) in listeners {
        accepting.spawn(listen::run(Listening {
            listener,
            tls: tls.clone(),
            router,
            connections: Arc::clone(&app.connections),
            shutdown: app.shutdown.clone(),
        }));
    }
    Ok((accepting, old_ports))
}

/// Push with its task, which ends with the desk. Whoever can be woken is announced.
async fn start_push(
    config: &Config,
    store: &Store,
    desk: &DeskHandle,
    queue: mpsc::Receiver<push::PushItem>,
) -> anyhow::Result<Arc<Push>> {
    let push = Push::load(config, store.clone(), desk.clone()).context("cannot read the push key")?;
    let push = Arc::new(push);
    tokio::spawn(push::run(queue, Arc::clone(&push)));
    push.announce().await?;
    Ok(push)
}

/// The configured token, the file's, or a new one kept in the file.
fn node_token(config: &Config) -> anyhow::Result<String> {
    if let Some(token) = &config.node_token {
        return Ok(token.0.clone());
    }
    let path = config.node_token_file.clone().unwrap_or_else(|| config.state.join("node-token"));
    let token = state_file::load_or_create(&path, secret)
        .with_context(|| format!("cannot read the node token in {}", path.display()))?;
    let token = token.trim().to_owned();
    anyhow::ensure!(!token.is_empty(), "{} is empty; remove it to make a token", path.display());
    Ok(token)
}

fn load_pages(config: &Config, origins: &AllowedOrigins) -> anyhow::Result<Pages> {
    match &config.web_root {
        None => Ok(Pages::none()),
        Some(root) => {
            Pages::load(root, origins).with_context(|| format!("cannot read the web root {}", root.display()))
        }
    }
}
