//! The devices' signalling: they register, call and answer, one step after the other. Nothing is lost on the loopback
//! network, so nothing is repeated.

use std::{
    io,
    net::SocketAddr,
    thread,
    time::{Duration, Instant},
};

use ringdown_benches::{
    digest::Algorithm,
    phones::{self, Dialog, Envelope, Phone},
    wire::{Wire, response},
};

use crate::line::Line;

/// How long an answer is waited for.
const PATIENCE: Duration = Duration::from_secs(10);

/// Where a device's signalling goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    Udp,
    WebSocket,
}

/// All devices of a run.
pub(crate) struct Office {
    realm: String,
    udp: Line,
    web_socket: Option<Line>,
    phones: Vec<Phone>,
    serial: u32,
    /// The dialog of the last call that was answered, and its Call-ID.
    last: Option<(Dialog, String)>,
}

/// Who calls, and with what.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Caller<'a> {
    pub(crate) device: u32,
    pub(crate) way: Way,
    pub(crate) offer: &'a str,
}

/// What a called device does with an offer: its answer.
pub(crate) type Answer<'a> = dyn FnMut(&str) -> io::Result<String> + 'a;

impl Office {
    pub(crate) fn open(devices: u32, realm: &str, udp: Line, web_socket: Option<Line>) -> Self {
        let phones = (0..devices).map(|index| Phone::new(index, realm)).collect();
        Self { realm: realm.to_owned(), udp, web_socket, phones, serial: 0, last: None }
    }

    fn line(&mut self, way: Way) -> &mut Line {
        match (&mut self.web_socket, way) {
            (Some(line), Way::WebSocket) => line,
            _ => &mut self.udp,
        }
    }

    /// Registers a device.
    pub(crate) fn register(&mut self, device: u32, way: Way) -> io::Result<()> {
        for _ in 0..2 {
            self.serial += 1;
            let names = Names::of(self.serial, format!("r{device}@load"));
            let local = self.line(way).local()?;
            let realm = self.realm.clone();
            let phone = &mut self.phones[device as usize];
            phone.cseq += 1;
            let authorization = phone.authorization(&realm, "REGISTER", &format!("sip:{realm}"));
            let envelope = names.envelope(&realm, local, phone.cseq, &phone.number);
            let message = phones::register(envelope, &authorization);
            let cseq = phone.cseq;
            self.line(way).send(&with_transport(message))?;
            let (status, challenge) = self.outcome(way, "REGISTER", cseq, &mut None)?;
            match status {
                200 => return Ok(()),
                401 | 407 => self.challenged(device, &challenge),
                _ => return Err(io::Error::other(format!("REGISTER was answered {status}"))),
            }
        }
        Err(io::Error::other("REGISTER was challenged twice"))
    }

    /// Calls `to` and returns the answer's description. A device of this office that rings answers with `answer`.
    pub(crate) fn call(
        &mut self,
        caller: Caller<'_>,
        to: &str,
        mut answer: Option<&mut Answer<'_>>,
    ) -> io::Result<String> {
        let Caller { device, way, offer } = caller;
        self.serial += 1;
        let call_id = format!("c{}@load", self.serial);
        for cseq in 1..=2 {
            self.serial += 1;
            let names = Names::of(self.serial, call_id.clone());
            let local = self.line(way).local()?;
            let realm = self.realm.clone();
            let phone = &mut self.phones[device as usize];
            let authorization = phone.authorization(&realm, "INVITE", &format!("sip:{to}@{realm}"));
            let number = phone.number.clone();
            let envelope = names.envelope(&realm, local, cseq, &number);
            let message = phones::invite_with(envelope, to, &authorization, offer);
            self.line(way).send(&with_transport(message))?;
            let (status, final_response) = self.outcome(way, "INVITE", cseq, &mut answer)?;
            let wire = Wire::of(&final_response).ok_or_else(|| io::Error::other("no text"))?;
            let to_header = wire.first("To").unwrap_or_default().to_owned();
            let target = match status {
                200 => wire.contact().unwrap_or_default().to_owned(),
                _ => format!("sip:{to}@{realm}"),
            };
            let dialog = Dialog { target, to: to_header, routes: String::new() };
            let mut names = Names::of(self.serial, call_id.clone());
            if status == 200 {
                names.branch.push('a');
            }
            let ack = phones::in_dialog(names.envelope(&realm, local, cseq, &number), "ACK", &dialog);
            self.line(way).send(&ack)?;
            match status {
                200 => {
                    self.last = Some((dialog, call_id));
                    let text = String::from_utf8_lossy(&final_response).into_owned();
                    let body = text.split_once("\r\n\r\n").map(|(_, body)| body.to_owned());
                    return body.filter(|body| !body.is_empty()).ok_or_else(|| io::Error::other("no answer"));
                }
                401 | 407 => self.challenged(device, &final_response),
                _ => return Err(io::Error::other(format!("INVITE was answered {status}"))),
            }
        }
        Err(io::Error::other("INVITE was challenged twice"))
    }

    /// Describes the last call's caller anew, such as to hold the call.
    pub(crate) fn describe_again(&mut self, caller: Caller<'_>) -> io::Result<()> {
        let Caller { device, way, offer } = caller;
        let (dialog, call_id) = self.last.clone().ok_or_else(|| io::Error::other("no call"))?;
        self.serial += 1;
        let cseq = 10;
        let mut names = Names::of(self.serial, call_id);
        let (local, realm) = (self.line(way).local()?, self.realm.clone());
        let phone = &mut self.phones[device as usize];
        let authorization = phone.authorization(&realm, "INVITE", &dialog.target);
        let number = phone.number.clone();
        let request = phones::in_dialog(names.envelope(&realm, local, cseq, &number), "INVITE", &dialog);
        let body = format!(
            "Contact: <sip:{number}@{local};transport=udp>\r\n{authorization}Content-Type: application/sdp\r\n\
             Content-Length: {}\r\n\r\n{offer}",
            offer.len()
        );
        let request = String::from_utf8_lossy(&request).replace("Content-Length: 0\r\n\r\n", &body);
        self.line(way).send(request.as_bytes())?;
        let (status, _) = self.outcome(way, "INVITE", cseq, &mut None)?;
        if status != 200 {
            return Err(io::Error::other(format!("a second INVITE was answered {status}")));
        }
        names.branch.push('a');
        let ack = phones::in_dialog(names.envelope(&realm, local, cseq, &number), "ACK", &dialog);
        self.line(way).send(&ack)
    }

    fn challenged(&mut self, device: u32, response: &[u8]) {
        if let Some(wire) = Wire::of(response) {
            let challenges = wire.all("WWW-Authenticate").chain(wire.all("Proxy-Authenticate"));
            let challenges: Vec<&str> = challenges.collect();
            self.phones[device as usize].challenged(challenges.into_iter(), Algorithm::Md5);
        }
    }

    /// Reads until the final response of this request is there; rings and answers meanwhile.
    fn outcome(
        &mut self,
        way: Way,
        method: &str,
        cseq: u32,
        answer: &mut Option<&mut Answer<'_>>,
    ) -> io::Result<(u16, Vec<u8>)> {
        let until = Instant::now() + PATIENCE;
        while Instant::now() < until {
            let mut is_idle = true;
            for from in [Way::Udp, Way::WebSocket] {
                if from == Way::WebSocket && self.web_socket.is_none() {
                    continue;
                }
                let Some(message) = self.line(from).receive()? else { continue };
                is_idle = false;
                let Some(wire) = Wire::of(&message) else { continue };
                match wire.status() {
                    Some(status) if status >= 200 && from == way && wire.cseq() == Some((cseq, method)) => {
                        return Ok((status, message));
                    }
                    Some(_) => {}
                    None => self.request(from, &message, answer)?,
                }
            }
            if is_idle {
                thread::sleep(Duration::from_micros(20));
            }
        }
        Err(io::Error::other(format!("{method} was not answered")))
    }

    /// A request of the program under test.
    fn request(&mut self, from: Way, message: &[u8], answer: &mut Option<&mut Answer<'_>>) -> io::Result<()> {
        let Some(wire) = Wire::of(message) else { return Ok(()) };
        match (wire.method(), answer) {
            ("ACK", _) => Ok(()),
            ("INVITE", Some(answer)) => {
                let text = String::from_utf8_lossy(message);
                let offer = text.split_once("\r\n\r\n").map(|(_, body)| body).unwrap_or_default();
                let sdp = answer(offer)?;
                let local = self.line(from).local()?;
                self.serial += 1;
                let tag = format!(";tag=u{}", self.serial);
                let contact = format!("Contact: <sip:callee@{local};transport=udp>\r\n");
                self.line(from).send(&response(wire, "180 Ringing", &tag, &contact, ""))?;
                let headers = format!("{contact}Content-Type: application/sdp\r\n");
                self.line(from).send(&response(wire, "200 OK", &tag, &headers, &sdp))
            }
            ("INVITE", None) => self.line(from).send(&response(wire, "486 Busy Here", ";tag=b", "", "")),
            _ => self.line(from).send(&response(wire, "200 OK", ";tag=o", "", "")),
        }
    }

    /// Answers what came in the meantime: questions whether the devices are there, mostly.
    pub(crate) fn be_polite(&mut self) -> io::Result<()> {
        for from in [Way::Udp, Way::WebSocket] {
            if from == Way::WebSocket && self.web_socket.is_none() {
                continue;
            }
            while let Some(message) = self.line(from).receive()? {
                if Wire::of(&message).is_some_and(|wire| wire.status().is_none()) {
                    self.request(from, &message, &mut None)?;
                }
            }
        }
        Ok(())
    }

    /// The number of a device.
    pub(crate) fn number(device: u32) -> String {
        phones::number(device)
    }
}

/// The transport's name in Contact, which [`Line::send`] makes the right one.
fn with_transport(message: Vec<u8>) -> Vec<u8> {
    let text = String::from_utf8_lossy(&message).into_owned();
    let mut lines: Vec<String> = Vec::new();
    for line in text.split("\r\n") {
        let is_contact = line.starts_with("Contact: <");
        lines.push(if is_contact { line.replace('>', ";transport=udp>") } else { line.to_owned() });
    }
    lines.join("\r\n").into_bytes()
}

struct Names {
    call_id: String,
    branch: String,
    tag: String,
}

impl Names {
    fn of(serial: u32, call_id: String) -> Self {
        let tag = call_id.split('@').next().unwrap_or_default().to_owned();
        Self { branch: format!("z9hG4bKm{}.{serial}", std::process::id()), tag, call_id }
    }

    fn envelope<'a>(&'a self, realm: &'a str, local: SocketAddr, cseq: u32, from: &'a str) -> Envelope<'a> {
        Envelope { realm, local, call_id: &self.call_id, branch: &self.branch, cseq, from, tag: &self.tag }
    }
}
