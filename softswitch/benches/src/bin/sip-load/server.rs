//! Starts the programs under test, pinned to a core of their own.

use std::{
    fs, io,
    net::{Ipv4Addr, SocketAddr, UdpSocket},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use ringdown_benches::{digest::Algorithm, phones};

/// The realm of every program under test.
pub(crate) const REALM: &str = "ringdown.local";

/// Where programs under test are reached: an address of the loopback network that other programs leave alone, so that
/// none of them holds a port that a call is given.
const HOST: [u8; 4] = [127, 77, 0, 1];

/// A program under test. Ends with its value.
pub(crate) struct Server {
    child: Child,
    pub(crate) address: SocketAddr,
    folder: PathBuf,
}

/// What is started.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The softswitch, asking for this digest.
    Ringdown(Algorithm),
    /// Debian's Kamailio: stateful proxy, registrar with digest (MD5).
    Kamailio {
        /// Whether INVITEs are challenged, too.
        challenges_calls: bool,
    },
}

/// Where programs are, and on which core they run.
#[derive(Debug, Clone)]
pub(crate) struct Setup {
    /// The folder of our release binaries.
    pub(crate) binaries: PathBuf,
    /// Kamailio's configuration.
    pub(crate) kamailio_config: PathBuf,
    pub(crate) core: usize,
    pub(crate) users: u32,
}

impl Server {
    /// Starts a program and waits until it answers.
    pub(crate) fn start(kind: Kind, setup: &Setup) -> io::Result<Self> {
        let folder = std::env::temp_dir().join(format!("sip-load.{}", std::process::id()));
        fs::create_dir_all(&folder)?;
        let address = SocketAddr::from((HOST, free_port()?));
        let mut command = Command::new("taskset");
        command.args(["-c", &setup.core.to_string()]);
        match kind {
            Kind::Ringdown(algorithm) => ringdown(&mut command, algorithm, setup, (&folder, address))?,
            Kind::Kamailio { challenges_calls } => kamailio(&mut command, challenges_calls, setup, address),
        }
        let log = fs::File::create(folder.join("log"))?;
        let child = command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log).spawn()?;
        let mut server = Self { child, address, folder };
        server.wait_until_it_answers()?;
        Ok(server)
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    fn wait_until_it_answers(&mut self) -> io::Result<()> {
        let socket = UdpSocket::bind(("127.0.0.1", 0))?;
        socket.set_read_timeout(Some(Duration::from_millis(50)))?;
        let until = Instant::now() + Duration::from_secs(20);
        let local = socket.local_addr()?;
        while Instant::now() < until {
            if let Some(status) = self.child.try_wait()? {
                let log = fs::read_to_string(self.folder.join("log")).unwrap_or_default();
                return Err(io::Error::other(format!("the program ended with {status}:\n{log}")));
            }
            let probe = format!(
                "OPTIONS sip:{REALM} SIP/2.0\r\nVia: SIP/2.0/UDP {local};branch=z9hG4bKprobe{};rport\r\n\
                 Max-Forwards: 70\r\nFrom: <sip:probe@{REALM}>;tag=p\r\nTo: <sip:{REALM}>\r\nCall-ID: probe\r\n\
                 CSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n",
                until.elapsed().as_nanos()
            );
            socket.send_to(probe.as_bytes(), self.address)?;
            if socket.recv(&mut [0; 4096]).is_ok() {
                return Ok(());
            }
            thread::sleep(Duration::from_millis(20));
        }
        Err(io::Error::other("the program does not answer"))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(Some(_))) {
            return;
        }
        // SIGTERM, so that it can end its own children.
        let ended = Command::new("kill").arg(self.child.id().to_string()).status();
        if ended.is_err() {
            let _ = self.child.kill();
        }
        let _ = self.child.wait();
        let _ = fs::remove_dir_all(&self.folder);
    }
}

fn ringdown(
    command: &mut Command,
    algorithm: Algorithm,
    setup: &Setup,
    (folder, address): (&Path, SocketAddr),
) -> io::Result<()> {
    fs::write(folder.join("directory.json"), phones::directory(setup.users, REALM))?;
    let health = SocketAddr::from((HOST, free_port()?));
    command
        .arg(setup.binaries.join("softswitch"))
        .env("RINGDOWN_STATE", folder)
        .env("RINGDOWN_SIP_LISTEN", address.to_string())
        .env("RINGDOWN_ADVERTISED_ADDRESS", address.ip().to_string())
        .env("RINGDOWN_HEALTH_LISTEN", health.to_string())
        .env("RINGDOWN_SIP_DIGEST", algorithm.name().to_ascii_lowercase())
        // One media worker on the one core, and a port for every leg of the calls at once.
        .env("RINGDOWN_WORKERS", "1")
        .env("RINGDOWN_RTP_PORTS", "10000-29999")
        .env("RINGDOWN_WEBRTC_PORT", free_port()?.to_string())
        .env("RINGDOWN_LOG", "warn");
    Ok(())
}

fn kamailio(command: &mut Command, challenges_calls: bool, setup: &Setup, address: SocketAddr) {
    command
        .args(["kamailio", "-DD", "-E", "-n", "1", "-m", "2048", "-M", "64"])
        .arg("-l")
        .arg(format!("udp:{address}"))
        .arg("-A")
        .arg(format!("USERS={}", setup.users))
        .arg("-f")
        .arg(&setup.kamailio_config);
    if challenges_calls {
        command.args(["-A", "CHALLENGE_CALLS"]);
    }
}

/// A port nobody uses at the moment.
fn free_port() -> io::Result<u16> {
    Ok(UdpSocket::bind((Ipv4Addr::from(HOST), 0))?.local_addr()?.port())
}
