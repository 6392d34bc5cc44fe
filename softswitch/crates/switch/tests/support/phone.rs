//! A desk phone on a lossless network: enough SIP to be called, to call, and to misbehave on request.

use std::net::SocketAddr;

use bytes::Bytes;

use super::{browser, video::Coding};
use ringdown_sip::{
    digest::Ha1,
    message::{
        Algorithm, Challenge, Datagram, HeaderName, Message, Method, NameAddr, Request, Response, Uri,
        parse_datagram,
    },
};

/// What the phone does with an INVITE by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Manner {
    /// 180, then waits to be told.
    Rings,
    /// 486 at once.
    Busy,
    /// 603 at once.
    Declines,
    /// 200 at once.
    Answers,
    /// Nothing at all.
    Dead,
}

/// The phone's one dialog.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    call_id: String,
    local: NameAddr,
    remote: NameAddr,
    target: Uri,
    cseq: u32,
    /// The INVITE, ours or theirs.
    pub(crate) invite: Request,
    pub(crate) is_caller: bool,
    pub(crate) answered: bool,
}

pub(crate) struct Phone {
    pub(crate) username: String,
    password: String,
    pub(crate) address: SocketAddr,
    pub(crate) manner: Manner,
    /// The formats of its audio line, with their rtpmaps.
    pub(crate) codecs: Vec<(u8, &'static str)>,
    pub(crate) rtp: SocketAddr,
    pub(crate) call: Option<Call>,
    /// Everything received, in order.
    pub(crate) log: Vec<Message>,
    pub(crate) outbox: Vec<Bytes>,
    numbers: u32,
    /// The address of record it registers, if it is not its own.
    pub(crate) aor: Option<String>,
    /// Whether its INVITE has no offer.
    pub(crate) offers_late: bool,
    pub(crate) over_tcp: bool,
    /// The transport of its audio, and what its description says of its protection.
    pub(crate) protection: (&'static str, String),
    /// Whether it is a telephone in a page: SIP over this WebSocket connection, WebRTC for media.
    pub(crate) page: Option<u64>,
    /// The instance it registers with (RFC 5626); its GRUU is its Contact in calls then.
    pub(crate) instance: Option<&'static str>,
    /// Further headers of its INVITE.
    pub(crate) extra: Vec<(&'static str, &'static str)>,
    /// Whose place its next call takes.
    pub(crate) replacing: Option<String>,
    /// Whether it is switched off: it hears nothing.
    pub(crate) off: bool,
    /// What it answers to NOTIFY, MESSAGE and OPTIONS.
    pub(crate) answers: u16,
    /// Whether it answers challenges.
    pub(crate) authenticates: bool,
    /// Its video streams: the port and the one coding of each.
    pub(crate) video: Vec<(u16, Coding)>,
    /// How many video sections it had, which must not become fewer (RFC 3264 §8).
    pub(crate) had: usize,
    /// The offer in a call that it is about to answer.
    pub(crate) reoffer: Option<Bytes>,
    /// What it answers to re-INVITEs.
    pub(crate) reinvites: u16,
    /// The requests that wait for their final responses.
    pending: Vec<Request>,
}

pub(crate) const PCMA_ONLY: [(u8, &str); 2] = [(8, "PCMA/8000"), (101, "telephone-event/8000")];
pub(crate) const OPUS_FIRST: [(u8, &str); 4] =
    [(96, "opus/48000/2"), (8, "PCMA/8000"), (0, "PCMU/8000"), (101, "telephone-event/8000")];

impl Phone {
    pub(crate) fn new(username: &str, password: &str, host: u8) -> Self {
        Self {
            username: username.to_owned(),
            password: password.to_owned(),
            address: SocketAddr::from(([192, 0, 2, host], 5060)),
            manner: Manner::Rings,
            codecs: PCMA_ONLY.to_vec(),
            rtp: SocketAddr::from(([192, 0, 2, host], 30_000)),
            call: None,
            log: Vec::new(),
            outbox: Vec::new(),
            numbers: 0,
            aor: None,
            offers_late: false,
            over_tcp: false,
            protection: ("RTP/AVP", String::new()),
            page: None,
            instance: None,
            extra: Vec::new(),
            replacing: None,
            off: false,
            answers: 200,
            authenticates: true,
            video: Vec::new(),
            had: 0,
            reoffer: None,
            reinvites: 200,
            pending: Vec::new(),
        }
    }

    pub(crate) fn register(&mut self, expires: u32) {
        let aor = format!("<sip:{}@example.test>", self.aor.as_ref().unwrap_or(&self.username));
        let call_id = format!("reg-{}-{}", self.username, self.address.ip());
        let request = self
            .request(Method::Register, "sip:example.test")
            .with(HeaderName::From, format!("{aor};tag=r"))
            .with(HeaderName::To, aor)
            .with(HeaderName::CallId, call_id)
            .with(HeaderName::Contact, self.registered_contact())
            .with(HeaderName::Supported, if self.instance.is_some() { "outbound, gruu" } else { "" })
            .with(HeaderName::Expires, expires.to_string());
        self.send_request(request);
    }

    pub(crate) fn dial(&mut self, number: &str) {
        self.dial_as(number, &self.username.clone());
    }

    /// Calls, claiming to be `from`.
    pub(crate) fn dial_as(&mut self, number: &str, from: &str) {
        let uri = format!("sip:{number}@example.test");
        self.invite(&Uri::parse(&uri).expect("a URI"), from);
    }

    /// Calls a URI as it is.
    pub(crate) fn dial_uri(&mut self, uri: &Uri) {
        self.invite(uri, &self.username.clone());
    }

    fn invite(&mut self, uri: &Uri, from: &str) {
        self.numbers += 1;
        let local = format!("\"Somebody Else\" <sip:{from}@example.test>;tag=c{}", self.numbers);
        let to = format!("<{uri}>");
        let sdp = self.description("sendrecv");
        let call_id = format!("call-{}-{}", self.username, self.numbers);
        let invite = self
            .request(Method::Invite, &uri.to_string())
            .with(HeaderName::From, local.clone())
            .with(HeaderName::To, to.clone())
            .with(HeaderName::CallId, call_id.clone())
            .with(HeaderName::Contact, self.contact());
        let extra = self.extra.iter().filter_map(|(name, value)| Some((HeaderName::parse(name)?, *value)));
        let invite = extra.fold(invite, |invite, (name, value)| invite.with(name, value));
        let invite = match self.replacing.take() {
            Some(dialog) => invite.with(HeaderName::Replaces, dialog),
            None => invite,
        };
        let invite = if self.offers_late { invite } else { invite.with_body("application/sdp", sdp) };
        self.call = Some(Call {
            call_id,
            local: NameAddr::parse(&local).expect("an address"),
            remote: NameAddr::parse(&to).expect("an address"),
            target: invite.uri.clone(),
            cseq: self.numbers,
            invite: invite.clone(),
            is_caller: true,
            answered: false,
        });
        self.send_request(invite);
    }

    /// Any request outside a dialog.
    pub(crate) fn send_out_of_dialog(&mut self, method: Method) {
        let aor = format!("<sip:{}@example.test>", self.username);
        self.numbers += 1;
        let call_id = format!("x-{}-{}", self.username, self.numbers);
        let request = self
            .request(method, "sip:101@example.test")
            .with(HeaderName::From, format!("{aor};tag=x"))
            .with(HeaderName::To, "<sip:101@example.test>")
            .with(HeaderName::CallId, call_id);
        self.send_request(request);
    }

    /// A request outside a dialog to a number, with these headers and this body.
    pub(crate) fn ask(
        &mut self,
        method: Method,
        to: &str,
        headers: &[(HeaderName, &str)],
        body: (&str, &str),
    ) {
        let aor = format!("<sip:{}@example.test>", self.username);
        self.numbers += 1;
        let call_id = format!("ask-{}-{}", self.address, self.numbers);
        let contact = self.contact();
        let request = self
            .request(method, &format!("sip:{to}@example.test"))
            .with(HeaderName::From, format!("{aor};tag=x"))
            .with(HeaderName::To, format!("<sip:{to}@example.test>"))
            .with(HeaderName::CallId, call_id);
        let names = headers.iter().any(|(name, _)| *name == HeaderName::Contact);
        let request = if names { request } else { request.with(HeaderName::Contact, contact) };
        let with = |request: Request, (name, value): &(HeaderName, &str)| request.with(name.clone(), *value);
        let request = headers.iter().fold(request, with);
        let (kind, text) = body;
        let request = if text.is_empty() { request } else { request.with_body(kind, text.to_owned().into()) };
        self.send_request(request);
    }

    /// Watches somebody.
    pub(crate) fn watch(&mut self, package: &str, whom: &str) {
        self.ask(
            Method::Subscribe,
            whom,
            &[(HeaderName::Event, package), (HeaderName::Expires, "600")],
            ("", ""),
        );
    }

    /// The bodies of the NOTIFYs it got, oldest first.
    pub(crate) fn told(&self) -> Vec<String> {
        let body = |message: &Message| match message {
            Message::Request(request) if request.method == Method::Notify => {
                Some(String::from_utf8_lossy(&request.body).into_owned())
            }
            _ => None,
        };
        self.log.iter().filter_map(body).collect()
    }

    pub(crate) fn answer(&mut self) {
        let sdp = self.description("sendrecv");
        let contact = self.contact();
        let call = self.call.as_mut().expect("the phone is ringing");
        call.answered = true;
        let response = Response::to_request(&call.invite, 200)
            .with_to_tag("p")
            .with(HeaderName::Contact, contact)
            .with_body("application/sdp", sdp);
        self.outbox.push(response.encode());
    }

    pub(crate) fn early_media(&mut self) {
        let sdp = self.description("sendrecv");
        let contact = self.contact();
        let call = self.call.as_ref().expect("the phone is ringing");
        let response = Response::to_request(&call.invite, 183)
            .with_to_tag("p")
            .with(HeaderName::Contact, contact)
            .with_body("application/sdp", sdp);
        self.outbox.push(response.encode());
    }

    pub(crate) fn refuse(&mut self, status: u16) {
        let call = self.call.take().expect("the phone is ringing");
        self.outbox.push(Response::to_request(&call.invite, status).with_to_tag("p").encode());
    }

    /// Refuses, and says where else.
    pub(crate) fn deflect(&mut self, contact: &str) {
        let call = self.call.take().expect("the phone is ringing");
        let moved = Response::to_request(&call.invite, 302).with_to_tag("p");
        self.outbox.push(moved.with(HeaderName::Contact, contact).encode());
    }

    pub(crate) fn cancel(&mut self) {
        let call = self.call.as_ref().expect("the phone is calling");
        let mut cancel = Request::new(Method::Cancel, call.invite.uri.clone());
        for header in &call.invite.headers {
            if matches!(
                header.name(),
                HeaderName::Via | HeaderName::From | HeaderName::To | HeaderName::CallId
            ) {
                cancel.headers.push_header(header.clone());
            }
        }
        let number = call.invite.headers.cseq().expect("our CSeq").number;
        let cancel =
            cancel.with(HeaderName::CSeq, format!("{number} CANCEL")).with(HeaderName::MaxForwards, "70");
        self.outbox.push(cancel.encode());
    }

    /// Puts the receiver down, whatever the state of the call.
    pub(crate) fn give_up(&mut self) {
        match &self.call {
            Some(call) if call.answered => self.hang_up(),
            Some(call) if call.is_caller => self.cancel(),
            Some(_) => self.refuse(486),
            None => {}
        }
    }

    pub(crate) fn hang_up(&mut self) {
        let bye = self.in_dialog(Method::Bye);
        self.send_request(bye);
        self.call = None;
    }

    /// A re-INVITE with this direction: `sendonly` holds, `sendrecv` comes back.
    pub(crate) fn reinvite(&mut self, direction: &str) {
        let sdp = self.description(direction);
        let contact = self.contact();
        let invite = self
            .in_dialog(Method::Invite)
            .with(HeaderName::Contact, contact)
            .with_body("application/sdp", sdp);
        self.send_request(invite);
    }

    /// Asks the switch to hand its partner on: to a number, or with `Replaces` to what another call reached.
    pub(crate) fn refer(&mut self, to: &str) {
        let contact = self.contact();
        let refer =
            self.in_dialog(Method::Refer).with(HeaderName::ReferTo, to).with(HeaderName::Contact, contact);
        self.send_request(refer);
    }

    /// What the phone's dialog is called in a Replaces header (RFC 3891 §6.1), in a Refer-To's escapes.
    pub(crate) fn replaces(&self) -> String {
        let call = self.call.as_ref().expect("the phone is in a call");
        // An early dialog's tag came with the ringing.
        let early = || self.last_response().headers.to().ok()?.tag().map(str::to_owned);
        let to = call.remote.tag().map(str::to_owned).or_else(early).expect("a tag");
        let from = call.local.tag().expect("a tag");
        format!("{};to-tag={to};from-tag={from}", call.call_id)
    }

    /// The statuses NOTIFYs of a REFER brought, in order.
    pub(crate) fn notified(&self) -> Vec<u16> {
        let status = |message: &Message| match message {
            Message::Request(request) if request.method == Method::Notify => {
                std::str::from_utf8(&request.body).ok()?.split(' ').nth(1)?.parse().ok()
            }
            _ => None,
        };
        self.log.iter().filter_map(status).collect()
    }

    /// Acknowledges the last reliable provisional response, with its answer if the INVITE had no offer.
    pub(crate) fn prack(&mut self) {
        let response = self.last_response().clone();
        let rseq = response.headers.number(&HeaderName::RSeq).expect("a number").expect("RSeq");
        let cseq = response.headers.cseq().expect("CSeq").number;
        let call = self.call.as_mut().expect("the phone is calling");
        call.remote = response.headers.to().expect("To");
        let mut prack = self.in_dialog(Method::Prack).with(HeaderName::RAck, format!("{rseq} {cseq} INVITE"));
        if self.offers_late {
            prack = prack.with_body("application/sdp", self.description("sendrecv"));
        }
        self.send_request(prack);
    }

    pub(crate) fn info_dtmf(&mut self, key: char) {
        self.info("application/dtmf-relay", &format!("Signal={key}\r\nDuration=160\r\n"));
    }

    pub(crate) fn info(&mut self, kind: &str, body: &str) {
        let info = self.in_dialog(Method::Info).with_body(kind, Bytes::from(body.to_owned()));
        self.send_request(info);
    }

    /// Status codes received, without 100.
    pub(crate) fn statuses(&self) -> Vec<u16> {
        let status = |message: &Message| match message {
            Message::Response(response) if response.status > 100 => Some(response.status),
            _ => None,
        };
        self.log.iter().filter_map(status).collect()
    }

    /// Methods received, without ACK.
    pub(crate) fn methods(&self) -> Vec<&str> {
        let mut methods = Vec::new();
        for message in &self.log {
            if let Message::Request(request) = message
                && request.method != Method::Ack
            {
                methods.push(request.method.as_str());
            }
        }
        methods
    }

    /// What it was asked, in the order it came.
    pub(crate) fn requests<'a>(&'a self, method: &'a Method) -> impl Iterator<Item = &'a Request> {
        self.log.iter().filter_map(move |message| match message {
            Message::Request(request) if request.method == *method => Some(request),
            _ => None,
        })
    }

    pub(crate) fn last_request(&self, method: &Method) -> Option<&Request> {
        self.log.iter().rev().find_map(|message| match message {
            Message::Request(request) if request.method == *method => Some(request),
            _ => None,
        })
    }

    /// The last response that asks for credentials.
    pub(crate) fn challenge(&self) -> Option<&Response> {
        self.log.iter().rev().find_map(|message| match message {
            Message::Response(response) if response.status == 401 => Some(response),
            _ => None,
        })
    }

    pub(crate) fn last_response(&self) -> &Response {
        for message in self.log.iter().rev() {
            if let Message::Response(response) = message {
                return response;
            }
        }
        panic!("no response came")
    }

    pub(crate) fn handle(&mut self, datagram: &Bytes) {
        let Ok(Datagram::Message(message)) = parse_datagram(datagram) else {
            panic!("the switch sent what is no message")
        };
        if self.off {
            return;
        }
        self.log.push(message.clone());
        match message {
            Message::Request(request) => self.handle_request(request),
            Message::Response(response) => self.handle_response(&response),
        }
    }

    fn handle_request(&mut self, request: Request) {
        match request.method {
            Method::Ack => {}
            Method::Invite if self.is_known(&request) => {}
            Method::Invite if self.call.is_none() => self.handle_invite(request),
            Method::Cancel => {
                self.reply(&request, 200);
                // A cancelled INVITE is answered 487, unless its 200 crossed the CANCEL.
                if self.call.as_ref().is_some_and(|call| !call.answered) {
                    self.refuse(487);
                }
            }
            Method::Bye => {
                self.reply(&request, 200);
                self.call = None;
            }
            Method::Invite if self.is_in_dialog(&request) => self.handle_reinvite(&request),
            Method::Invite => self.reply(&request, 486),
            _ => self.reply(&request, self.answers),
        }
    }

    fn is_in_dialog(&self, invite: &Request) -> bool {
        let id = invite.headers.call_id().ok();
        self.call.as_ref().is_some_and(|call| call.answered && id == Some(call.call_id.as_str()))
    }

    fn handle_reinvite(&mut self, invite: &Request) {
        if self.reinvites != 200 {
            return self.reply(invite, self.reinvites);
        }
        self.reoffer = Some(invite.body.clone());
        let sdp = self.description("sendrecv");
        self.reoffer = None;
        let response = Response::to_request(invite, 200)
            .with(HeaderName::Contact, self.contact())
            .with_body("application/sdp", sdp);
        self.outbox.push(response.encode());
    }

    /// Whether an INVITE is a retransmission.
    fn is_known(&self, invite: &Request) -> bool {
        let same = |call: &Call| call.invite.headers.via() == invite.headers.via();
        self.call.as_ref().is_some_and(same)
    }

    fn handle_invite(&mut self, invite: Request) {
        let (from, to) = (invite.headers.from().expect("From"), invite.headers.to().expect("To"));
        let contact = invite.headers.contact().expect("Contact").expect("Contact");
        self.call = Some(Call {
            call_id: invite.headers.call_id().expect("Call-ID").to_owned(),
            local: to.with_tag("p"),
            remote: from,
            target: contact.uri,
            cseq: 1,
            invite: invite.clone(),
            is_caller: false,
            answered: false,
        });
        match self.manner {
            Manner::Rings => self.reply(&invite, 180),
            Manner::Busy => self.refuse(486),
            Manner::Declines => self.refuse(603),
            Manner::Answers => self.answer(),
            Manner::Dead => {}
        }
    }

    fn handle_response(&mut self, response: &Response) {
        // The answer to junk has none.
        let Ok(cseq) = response.headers.cseq() else { return };
        let method = cseq.method.clone();
        if response.status < 200 {
            return;
        }
        if method == Method::Invite {
            self.acknowledge(response);
        }
        let of_response = |request: &Request| request.headers.cseq().ok() == Some(cseq.clone());
        let Some(index) = self.pending.iter().position(of_response) else { return };
        let pending = self.pending.remove(index);
        if response.status == 401
            && self.authenticates
            && !pending.headers.contains(&HeaderName::Authorization)
        {
            let signed = self.signed(pending, response);
            if signed.method == Method::Invite
                && let Some(call) = &mut self.call
            {
                call.invite = signed.clone();
            }
            return self.send_request(signed);
        }
        if method == Method::Invite && response.status >= 300 {
            let in_dialog = self.call.as_ref().is_some_and(|call| call.answered);
            if !in_dialog {
                self.call = None;
            }
        }
    }

    fn acknowledge(&mut self, response: &Response) {
        let to = response.headers.to().expect("To");
        let number = response.headers.cseq().expect("CSeq").number;
        let Some(call) = &mut self.call else { return };
        if response.is_success() {
            call.answered = true;
            call.remote = to;
            if let Ok(Some(contact)) = response.headers.contact() {
                call.target = contact.uri;
            }
            let mut ack = self.in_dialog(Method::Ack);
            ack.headers.set(HeaderName::CSeq, format!("{number} ACK"));
            if self.offers_late {
                ack = ack.with_body("application/sdp", self.description("sendrecv"));
            }
            self.outbox.push(ack.encode());
        } else {
            // RFC 3261 §17.1.1.3: the branch of the INVITE.
            let mut ack = Request::new(Method::Ack, call.invite.uri.clone());
            for header in &response.headers {
                if matches!(
                    header.name(),
                    HeaderName::Via | HeaderName::From | HeaderName::To | HeaderName::CallId
                ) {
                    ack.headers.push_header(header.clone());
                }
            }
            self.outbox.push(ack.with(HeaderName::CSeq, format!("{number} ACK")).encode());
        }
    }

    /// The request again, with the answer to the first challenge.
    fn signed(&mut self, request: Request, response: &Response) -> Request {
        let text = response.headers.values(&HeaderName::WwwAuthenticate).expect("a challenge");
        let header =
            response.headers.all(&HeaderName::WwwAuthenticate).next().and_then(|header| header.text());
        let challenge = Challenge::parse(header.expect("text")).unwrap_or_else(|| panic!("{text:?}"));
        let hash = |a: &str, b: &str, c: &str| {
            let hashes = Ha1::of_password(a, b, c);
            match challenge.algorithm {
                Algorithm::Sha256 => hashes.sha256,
                Algorithm::Md5 => hashes.md5,
            }
        };
        let uri = request.uri.to_string();
        let (scheme, rest) = uri.split_once(':').expect("a URI has a scheme");
        let ha1 = hash(&self.username, &challenge.realm, &self.password);
        let ha2 = hash(request.method.as_str(), scheme, rest);
        let answer = hash(&ha1, &challenge.nonce, &format!("00000001:abc:auth:{ha2}"));
        let credentials = format!(
            "Digest username=\"{}\", realm=\"{}\", nonce=\"{}\", uri=\"{uri}\", response=\"{answer}\", \
             algorithm={}, qop=auth, cnonce=\"abc\", nc=00000001",
            self.username,
            challenge.realm,
            challenge.nonce,
            challenge.algorithm.name(),
        );
        let mut signed = self.request(request.method.clone(), &uri);
        for header in &request.headers {
            if !matches!(header.name(), HeaderName::Via | HeaderName::CSeq | HeaderName::MaxForwards) {
                signed.headers.push_header(header.clone());
            }
        }
        signed.body = request.body;
        signed.with(HeaderName::Authorization, credentials)
    }

    fn reply(&mut self, request: &Request, status: u16) {
        let mut response = Response::to_request(request, status).with_to_tag("p");
        if request.method == Method::Invite {
            response = response.with(HeaderName::Contact, self.contact());
        }
        self.outbox.push(response.encode());
    }

    fn in_dialog(&mut self, method: Method) -> Request {
        let call = self.call.as_ref().expect("the phone is in a call");
        let (target, from, to) = (call.target.to_string(), call.local.to_string(), call.remote.to_string());
        let call_id = call.call_id.clone();
        self.request(method, &target)
            .with(HeaderName::From, from)
            .with(HeaderName::To, to)
            .with(HeaderName::CallId, call_id)
    }

    /// A request with its own branch and CSeq.
    fn request(&mut self, method: Method, uri: &str) -> Request {
        self.numbers += 1;
        let via = format!(
            "SIP/2.0/{} {};branch=z9hG4bK{}{};rport",
            match (self.page, self.over_tcp) {
                (Some(_), _) => "WSS",
                (None, true) => "TCP",
                (None, false) => "UDP",
            },
            self.sent_by(),
            self.username,
            self.numbers
        );
        let cseq = format!("{} {method}", self.numbers);
        Request::new(method, Uri::parse(uri).expect("a URI"))
            .with(HeaderName::Via, via)
            .with(HeaderName::MaxForwards, "70")
            .with(HeaderName::CSeq, cseq)
    }

    fn send_request(&mut self, request: Request) {
        self.pending.push(request.clone());
        self.send(request);
    }

    fn send(&mut self, request: Request) {
        self.outbox.push(request.encode());
    }

    fn registered_contact(&self) -> String {
        let Some(instance) = self.instance else { return self.contact() };
        let at = format!("{}@{};transport=ws", self.username, self.sent_by());
        format!("<sip:{at}>;reg-id=1;+sip.instance=\"<{instance}>\"")
    }

    fn contact(&self) -> String {
        if let Some(instance) = self.instance {
            return format!("<sip:{}@example.test;gr={instance}>", self.username);
        }
        let transport = if self.page.is_some() { ";transport=ws" } else { "" };
        format!("<sip:{}@{}{transport}>", self.username, self.sent_by())
    }

    /// A page knows no address of its own (RFC 7118 §5).
    fn sent_by(&self) -> String {
        if self.page.is_some() { format!("{}.invalid", self.username) } else { self.address.to_string() }
    }

    pub(crate) fn description(&self, direction: &str) -> Bytes {
        if self.page.is_some() {
            let answers = self
                .call
                .as_ref()
                .is_some_and(|call| if call.is_caller { self.offers_late } else { !call.answered });
            return browser::of_page(direction, if answers { "active" } else { "actpass" }).into();
        }
        let formats: Vec<String> = self.codecs.iter().map(|(number, _)| number.to_string()).collect();
        let maps: String =
            self.codecs.iter().map(|(number, map)| format!("a=rtpmap:{number} {map}\r\n")).collect();
        Bytes::from(format!(
            "v=0\r\no=- 1 {} IN IP4 {ip}\r\ns=-\r\nc=IN IP4 {ip}\r\nt=0 0\r\nm=audio {} {} {}\r\n{maps}{}a={direction}\r\n{}",
            self.numbers,
            self.rtp.port(),
            self.protection.0,
            formats.join(" "),
            self.protection.1,
            self.videos(direction),
            ip = self.rtp.ip(),
        ))
    }
}
