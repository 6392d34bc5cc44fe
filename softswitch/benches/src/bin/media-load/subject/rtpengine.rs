//! Debian's rtpengine in user space, told by its control protocol: bencoded dictionaries over UDP.

use std::{
    io,
    net::{SocketAddr, UdpSocket},
    thread,
    time::{Duration, Instant},
};

use super::{HOST, Program, Setup, free_address};
use crate::description::{Format, rtp_address, telephone};

pub(crate) struct RtpEngine {
    program: Program,
    socket: UdpSocket,
    calls: u32,
    questions: u32,
}

impl RtpEngine {
    /// Whether it is installed.
    pub(crate) fn is_installed() -> bool {
        ["/usr/bin/rtpengine", "/usr/sbin/rtpengine"].iter().any(|path| std::path::Path::new(path).exists())
    }

    /// Starts it with one thread and without its kernel module, and waits until it answers.
    pub(crate) fn start(setup: &Setup) -> io::Result<Self> {
        let control = free_address()?;
        let (folder, mut command) = Program::prepare(setup, "rtpengine")?;
        command.args(["rtpengine", "--config-file=none", "--foreground", "--table=-1", "--num-threads=1"]);
        command.args(["--log-stderr", "--log-level=3", "--port-min=20000", "--port-max=39999"]);
        command.arg(format!("--interface={HOST}")).arg(format!("--listen-ng={control}"));
        let program = Program::start(folder, &mut command)?;
        let socket = UdpSocket::bind((HOST, 0))?;
        socket.connect(control)?;
        socket.set_read_timeout(Some(Duration::from_millis(500)))?;
        let mut engine = Self { program, socket, calls: 0, questions: 0 };
        let until = Instant::now() + Duration::from_secs(10);
        while engine.ask(&[("command", "ping")]).is_err() {
            engine.program.check()?;
            if Instant::now() > until {
                return Err(io::Error::other("rtpengine does not answer"));
            }
            thread::sleep(Duration::from_millis(50));
        }
        Ok(engine)
    }

    pub(crate) fn pid(&self) -> u32 {
        self.program.pid()
    }

    /// A call between two telephones; where each sends to.
    pub(crate) fn open_call(
        &mut self,
        [a, b]: [SocketAddr; 2],
        format: Format,
    ) -> io::Result<[SocketAddr; 2]> {
        self.calls += 1;
        let call = format!("call{}", self.calls);
        let offer = telephone(a, format);
        let offered =
            self.ask(&[("call-id", &call), ("command", "offer"), ("from-tag", "a"), ("sdp", &offer)])?;
        let answer = telephone(b, format);
        let answered = self.ask(&[
            ("call-id", &call),
            ("command", "answer"),
            ("from-tag", "a"),
            ("sdp", &answer),
            ("to-tag", "b"),
        ])?;
        // What the callee is offered is where it sends, what the caller is answered is where that one does.
        match (rtp_address(&answered), rtp_address(&offered)) {
            (Some(for_a), Some(for_b)) => Ok([for_a, for_b]),
            _ => Err(io::Error::other(format!("rtpengine refused a call:\n{offered}\n{answered}"))),
        }
    }

    /// Asks, keys in order, and returns the answer as it is: what is looked for in it is lines of SDP.
    fn ask(&mut self, entries: &[(&str, &str)]) -> io::Result<String> {
        // A question with a cookie of before would get the answer of before.
        self.questions += 1;
        let mut text = format!("{}_{} d", std::process::id(), self.questions);
        for (key, value) in entries {
            text.push_str(&format!("{}:{key}{}:{value}", key.len(), value.len()));
        }
        text.push('e');
        self.socket.send(text.as_bytes())?;
        let mut buffer = [0; 8192];
        let length = self.socket.recv(&mut buffer)?;
        Ok(String::from_utf8_lossy(&buffer[..length]).into_owned())
    }
}
