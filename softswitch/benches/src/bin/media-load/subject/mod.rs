//! The programs under test, each pinned to a core of its own, and how calls are made through them.

mod forwarder;
mod ringdown;
mod rtpengine;

use std::{
    fs, io,
    net::{Ipv4Addr, SocketAddr, UdpSocket},
    path::PathBuf,
    process::{Child, Command, Stdio},
};

pub(crate) use forwarder::{Forward, Forwarder};
pub(crate) use ringdown::{Device, FIRST_ROOM, Ringdown};
pub(crate) use rtpengine::RtpEngine;

/// Where programs under test are reached: an address of the loopback network that other programs leave alone.
pub(crate) const HOST: Ipv4Addr = Ipv4Addr::new(127, 78, 0, 1);

/// Where programs are, and on which core they run.
#[derive(Debug, Clone)]
pub(crate) struct Setup {
    /// The folder of our release binaries.
    pub(crate) binaries: PathBuf,
    /// The folder of a sound pack, for what plays sounds.
    pub(crate) sounds: Option<PathBuf>,
    pub(crate) core: usize,
}

/// A child process with a folder of its own. Ends with its value.
pub(crate) struct Program {
    child: Child,
    folder: PathBuf,
}

impl Program {
    /// A folder for a program, and the command that starts something on its core.
    pub(crate) fn prepare(setup: &Setup, name: &str) -> io::Result<(PathBuf, Command)> {
        let folder = std::env::temp_dir().join(format!("media-load.{}.{name}", std::process::id()));
        fs::create_dir_all(&folder)?;
        let mut command = Command::new("taskset");
        command.args(["-c", &setup.core.to_string()]);
        Ok((folder, command))
    }

    /// Starts it; what it says goes to a file that `log` reads.
    pub(crate) fn start(folder: PathBuf, command: &mut Command) -> io::Result<Self> {
        let log = fs::File::create(folder.join("log"))?;
        let child = command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log).spawn()?;
        Ok(Self { child, folder })
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Fails with what it said where it has ended.
    pub(crate) fn check(&mut self) -> io::Result<()> {
        match self.child.try_wait()? {
            None => Ok(()),
            Some(status) => {
                let log = fs::read_to_string(self.folder.join("log")).unwrap_or_default();
                Err(io::Error::other(format!("the program ended with {status}:\n{log}")))
            }
        }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        if !matches!(self.child.try_wait(), Ok(Some(_))) {
            // SIGTERM, so that it can end its own children.
            let ended = Command::new("kill").arg(self.child.id().to_string()).status();
            if ended.is_err() {
                let _ = self.child.kill();
            }
            let _ = self.child.wait();
        }
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// A port nobody uses at the moment.
pub(crate) fn free_port() -> io::Result<u16> {
    Ok(UdpSocket::bind((HOST, 0))?.local_addr()?.port())
}

/// An address at [`HOST`] with a port nobody uses at the moment.
pub(crate) fn free_address() -> io::Result<SocketAddr> {
    Ok((HOST, free_port()?).into())
}
