//! The softswitch program under test.

use std::{
    fs::{self, File},
    net::{Ipv4Addr, SocketAddr, TcpListener, UdpSocket},
    path::PathBuf,
    process::Stdio,
    time::{Duration, Instant},
};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    process::{Child, Command},
    time::{sleep, timeout},
};

use crate::PATIENCE;

/// A running softswitch with a state folder of its own. Killed and cleared away when dropped.
pub(crate) struct Program {
    child: Child,
    started: Instant,
    folder: PathBuf,
    health: SocketAddr,
}

impl Program {
    /// Starts it without sounds, so that the echo test has no prompt to wait for.
    pub(crate) fn start(appserver: &str, token: &str) -> Self {
        let name = format!("ringdown-second-webrtc-{:016x}", random());
        let folder = std::env::temp_dir().join(name);
        fs::create_dir(&folder).expect("a folder for state is made");
        let log = File::create(folder.join("log")).expect("a log file is made");
        let (sip, health) = (loopback(free_port()), loopback(free_port()));
        let mut command = Command::new(env!("CARGO_BIN_EXE_softswitch"));
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("RINGDOWN_") {
                command.env_remove(name);
            }
        }
        command
            .env("RINGDOWN_STATE", folder.join("state"))
            .env("RINGDOWN_APPSERVER_URL", appserver)
            .env("RINGDOWN_NODE_TOKEN", token)
            .env("RINGDOWN_SIP_LISTEN", sip.to_string())
            .env("RINGDOWN_SIP_TLS_LISTEN", "")
            .env("RINGDOWN_SIP_WSS_LISTEN", "")
            .env("RINGDOWN_HEALTH_LISTEN", health.to_string())
            .env("RINGDOWN_ADVERTISED_ADDRESS", Ipv4Addr::LOCALHOST.to_string())
            .env("RINGDOWN_WEBRTC_PORT", free_port().to_string())
            .env("RINGDOWN_WORKERS", "1")
            // No telephone calls here: these are never opened.
            .env("RINGDOWN_RTP_PORTS", "1024-1031")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .kill_on_drop(true);
        let started = Instant::now();
        let child = command.spawn().expect("the softswitch starts");
        Self { child, started, folder, health }
    }

    /// What `/readyz` answers, once somebody answers.
    pub(crate) async fn readiness(&mut self) -> u16 {
        let asked = async {
            loop {
                if let Some(ended) = self.child.try_wait().expect("the softswitch can be asked for") {
                    panic!("the softswitch ended: {ended}");
                }
                match ask(self.health).await {
                    Ok(status) => return status,
                    Err(_) => sleep(POLL).await,
                }
            }
        };
        timeout(PATIENCE, asked).await.expect("the softswitch answers for its health")
    }

    /// Waits until it says it is ready.
    pub(crate) async fn ready(&mut self) {
        while self.readiness().await != 200 {
            assert!(self.started.elapsed() < PATIENCE, "the softswitch did not get ready");
            sleep(POLL).await;
        }
        println!("ready {} ms after its start", self.started.elapsed().as_millis());
    }

    /// Asks it to end; it does so without a complaint, and there was none before.
    pub(crate) async fn stop(mut self) {
        let id = self.child.id().expect("the softswitch runs").to_string();
        let told = Command::new("kill").args(["-TERM", &id]).status().await.expect("kill runs");
        assert!(told.success(), "the softswitch is told to end");
        let ended = timeout(PATIENCE, self.child.wait()).await.expect("the softswitch ends when told");
        assert!(ended.expect("its status is known").success(), "the softswitch ends well");
        let log = self.log();
        assert!(!log.contains(" ERROR "), "the softswitch logged an error:\n{log}");
    }

    fn log(&self) -> String {
        fs::read_to_string(self.folder.join("log")).unwrap_or_default()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("--- log of the softswitch ---\n{}", self.log());
        }
        drop(self.child.start_kill());
        drop(fs::remove_dir_all(&self.folder));
    }
}

/// Between two questions to a program that cannot tell by itself.
const POLL: Duration = Duration::from_millis(5);

async fn ask(health: SocketAddr) -> std::io::Result<u16> {
    let mut stream = TcpStream::connect(health).await?;
    stream.write_all(b"GET /readyz HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n").await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    let status = answer.split(' ').nth(1).and_then(|status| status.parse().ok());
    status.ok_or_else(|| std::io::Error::other("no status"))
}

fn loopback(port: u16) -> SocketAddr {
    (Ipv4Addr::LOCALHOST, port).into()
}

/// A port that is free for TCP and UDP alike, below those the system hands out: none of the browsers' sockets takes it
/// before the program does.
fn free_port() -> u16 {
    loop {
        let port = 10_000 + (random() % 22_000) as u16;
        if TcpListener::bind(loopback(port)).is_ok() && UdpSocket::bind(loopback(port)).is_ok() {
            return port;
        }
    }
}

fn random() -> u64 {
    getrandom::u64().expect("the system has random numbers")
}
