//! The softswitch, called by SIP: by telephones over UDP, by pages over WebSocket (RFC 7118).

use std::{
    fs, io,
    net::{Ipv4Addr, SocketAddr},
    thread,
    time::{Duration, Instant},
};

use ringdown_benches::phones;
use ringdown_rtc::DtlsIdentity;

use super::{HOST, Program, Setup, free_address, free_port};
use crate::{
    browser::Browser,
    description::{Format, rtp_address, telephone},
    line::Line,
    office::{Caller, Office, Way},
    traffic::Traffic,
    voice::Voice,
};

const REALM: &str = "ringdown.local";

/// What a device is and speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Device {
    /// RTP.
    Telephone(Format),
    /// WebRTC.
    Page(Format),
}

impl Device {
    const fn way(self) -> Way {
        match self {
            Self::Telephone(_) => Way::Udp,
            Self::Page(_) => Way::WebSocket,
        }
    }
}

pub(crate) struct Ringdown {
    program: Program,
    office: Office,
    identity: DtlsIdentity,
    network: u8,
    callers: u32,
    registered: u32,
    devices: u32,
}

impl Ringdown {
    /// Starts it with one media worker and a directory for so many devices, the second half of which are called. All
    /// rooms and codes are on.
    pub(crate) fn start(setup: &Setup, devices: u32, network: u8) -> io::Result<Self> {
        let (folder, mut command) = Program::prepare(setup, "ringdown")?;
        let directory = phones::directory(devices, REALM);
        fs::write(folder.join("directory.json"), with_rooms(&directory))?;
        let (sip, ws) = (free_address()?, free_address()?);
        command
            .arg(setup.binaries.join("softswitch"))
            .env("RINGDOWN_STATE", &folder)
            .env("RINGDOWN_SIP_LISTEN", sip.to_string())
            .env("RINGDOWN_SIP_WS_LISTEN", ws.to_string())
            .env("RINGDOWN_SIP_TLS_LISTEN", "")
            .env("RINGDOWN_SIP_WSS_LISTEN", "")
            .env("RINGDOWN_SIP_WS_ORIGINS", "*")
            .env("RINGDOWN_ADVERTISED_ADDRESS", HOST.to_string())
            .env("RINGDOWN_HEALTH_LISTEN", free_address()?.to_string())
            .env("RINGDOWN_SIP_DIGEST", "md5")
            .env("RINGDOWN_SIP_QUALIFY_SECONDS", "0")
            .env("RINGDOWN_SIP_REQUESTS_PER_ADDRESS", "0")
            .env("RINGDOWN_SIP_REQUESTS_PER_USER", "0")
            .env("RINGDOWN_WORKERS", "1")
            .env("RINGDOWN_MAX_CALLS", "10000")
            .env("RINGDOWN_RTP_PORTS", "10000-29999")
            .env("RINGDOWN_WEBRTC_PORT", free_port()?.to_string())
            .env("RINGDOWN_LOG", "warn");
        if let Some(sounds) = &setup.sounds {
            command.env("RINGDOWN_SOUNDS", sounds);
        }
        let mut program = Program::start(folder, &mut command)?;
        let until = Instant::now() + Duration::from_secs(20);
        let web_socket = loop {
            match Line::web_socket(ws) {
                Ok(line) => break line,
                Err(error) if Instant::now() > until => return Err(error),
                Err(_) => thread::sleep(Duration::from_millis(20)),
            }
            program.check()?;
        };
        let local = SocketAddr::from((Ipv4Addr::new(127, network, 1, 1), 0));
        let office = Office::open(devices, REALM, Line::udp(local, sip)?, Some(web_socket));
        let identity = DtlsIdentity::generate().map_err(|error| io::Error::other(error.to_string()))?;
        Ok(Self { program, office, identity, network, callers: 0, registered: devices / 2, devices })
    }

    pub(crate) fn pid(&self) -> u32 {
        self.program.pid()
    }

    pub(crate) fn be_polite(&mut self) -> io::Result<()> {
        self.office.be_polite()
    }

    /// Registers the devices that `calls` calls will ring.
    pub(crate) fn register(&mut self, calls: u32, device: Device) -> io::Result<()> {
        for index in 0..calls {
            self.office.register(self.devices / 2 + index, device.way())?;
        }
        Ok(())
    }

    /// One device calls the next that is registered.
    pub(crate) fn open_call(
        &mut self,
        traffic: &mut Traffic,
        [from, to]: [Device; 2],
        [says, answers]: [Voice; 2],
    ) -> io::Result<()> {
        let caller_leg = traffic.legs();
        let caller = self.end(traffic, caller_leg, from)?;
        let callee = self.end(traffic, caller_leg + 1, to)?;
        let offer = caller.description(&self.identity, "actpass");
        let number = Office::number(self.registered);
        self.registered += 1;
        let identity = self.identity.clone();
        let mut callee_offer = String::new();
        let mut answer = |offer: &str| {
            offer.clone_into(&mut callee_offer);
            Ok(callee.description(&identity, "active"))
        };
        let who = Caller { device: self.next_caller(), way: from.way(), offer: &offer };
        let answered = self.office.call(who, &number, Some(&mut answer))?;
        caller.add(traffic, &answered, says)?;
        callee.add(traffic, &callee_offer, answers)
    }

    /// Has the caller of the last call, a telephone, hold it: the other side hears music.
    pub(crate) fn hold_last(&mut self, traffic: &Traffic, format: Format) -> io::Result<()> {
        let address = traffic.telephones.place(traffic.legs() - 2).1;
        let offer =
            telephone(address, format).replace("a=sendrecv", "a=sendonly").replace("o=- 1 1", "o=- 1 2");
        let half = self.devices / 2;
        let device = (self.callers + half - 1) % half;
        self.office.describe_again(Caller { device, way: Way::Udp, offer: &offer })
    }

    /// One device calls a service or a room.
    pub(crate) fn call_number(
        &mut self,
        traffic: &mut Traffic,
        from: Device,
        number: &str,
        says: Voice,
    ) -> io::Result<()> {
        let leg = traffic.legs();
        let caller = self.end(traffic, leg, from)?;
        let offer = caller.description(&self.identity, "actpass");
        let who = Caller { device: self.next_caller(), way: from.way(), offer: &offer };
        let answered = self.office.call(who, number, None)?;
        caller.add(traffic, &answered, says)
    }

    fn next_caller(&mut self) -> u32 {
        let caller = self.callers;
        self.callers = (self.callers + 1) % (self.devices / 2).max(1);
        caller
    }

    fn end(&self, traffic: &Traffic, leg: u32, device: Device) -> io::Result<End> {
        Ok(match device {
            Device::Telephone(format) => End::Telephone { address: traffic.telephones.place(leg).1, format },
            Device::Page(format) => {
                let [_, _, high, low] = leg.to_be_bytes();
                let local = SocketAddr::from(([127, self.network, 10 + high, low], 31_000));
                let browser = Browser::new(local, &self.identity, u64::from(leg) + 1)?;
                End::Page { browser: Some(Box::new(browser)), format }
            }
        })
    }
}

/// A device before its media begins.
enum End {
    Telephone { address: SocketAddr, format: Format },
    Page { browser: Option<Box<Browser>>, format: Format },
}

impl End {
    fn description(&self, identity: &DtlsIdentity, setup: &str) -> String {
        match self {
            Self::Telephone { address, format } => telephone(*address, *format),
            Self::Page { browser: Some(browser), format } => browser.description(identity, setup, *format),
            Self::Page { browser: None, .. } => String::new(),
        }
    }

    fn add(self, traffic: &mut Traffic, remote: &str, voice: Voice) -> io::Result<()> {
        match self {
            Self::Telephone { .. } => {
                let target = rtp_address(remote);
                let target = target.ok_or_else(|| io::Error::other(format!("no address:\n{remote}")))?;
                traffic.add_telephone(target, voice)
            }
            Self::Page { browser, .. } => {
                let mut browser = browser.ok_or_else(|| io::Error::other("no page"))?;
                browser.set_remote(Instant::now(), remote)?;
                traffic.add_browser(*browser, voice)
            }
        }
    }
}

/// The number of the rooms of [`with_rooms`], the first of them.
pub(crate) const FIRST_ROOM: u32 = 900_000;

/// How many rooms there are.
const ROOMS: u32 = 50;

/// A directory with rooms.
fn with_rooms(directory: &str) -> String {
    let rooms: Vec<String> = (0..ROOMS)
        .map(|index| {
            let (id, number) = (format!("{:032x}", 0xabc0_0000_u64 + u64::from(index)), FIRST_ROOM + index);
            format!(r#"{{"id":"{id}","extension":"{number}","name":"Room {number}","maxMembers":200}}"#)
        })
        .collect();
    let body = directory.strip_suffix('}').unwrap_or(directory);
    format!(r#"{body},"rooms":[{}]}}"#, rooms.join(","))
}
