//! MESSAGE (RFC 3428): short texts between telephones and browsers.
//!
//! The switch keeps nothing; the app server keeps what it is told of. The sender of a MESSAGE is answered 200 when the
//! first telephone of the addressee took it, 202 when the app server keeps it and delivers it later, and 480 where
//! neither does. Whether a telephone took it the app server is told by an event.

use std::{
    collections::{BTreeSet, HashMap, VecDeque},
    sync::Arc,
    time::{Duration, Instant},
};

use bytes::Bytes;
use ringdown_control::{ChatMessage, CommandError, Event, MAX_MESSAGE_BYTES};
use ringdown_sip::{
    endpoint::{Destination, ServerId, Transport},
    message::{CSeq, HeaderName, Method, Request, Response},
    registrar::BindingId,
    user_agent::Received,
};
use ringdown_types::{MessageId, Pii, UserId};

use crate::{Switch, commands::Refusal, sip_requests::Errand};

/// Messages on their way.
#[derive(Debug, Default)]
pub(crate) struct Messages {
    /// An app server is connected that may keep messages.
    has_keeper: bool,
    pending: HashMap<MessageId, Pending>,
    deadlines: BTreeSet<(Instant, MessageId)>,
}

/// One message on its way.
#[derive(Debug)]
struct Pending {
    sender: Sender,
    from: UserId,
    /// Telephones that have not answered.
    telephones: usize,
    /// The app server may still keep it.
    keeper: bool,
    deadline: Instant,
    /// What the last telephone that refused it said.
    refusal: Option<u16>,
}

/// Who is told what becomes of it.
#[derive(Debug)]
enum Sender {
    /// A telephone, whose MESSAGE waits for its answer.
    Telephone(ServerId, Arc<Request>),
    /// The app server, whose event tells the rest.
    Keeper,
}

/// What one telephone is still to be sent of a message.
#[derive(Debug)]
pub(crate) struct Parts {
    telephone: BindingId,
    from: UserId,
    to: UserId,
    texts: VecDeque<String>,
}

impl Messages {
    pub(crate) fn next_timeout(&self) -> Option<Instant> {
        self.deadlines.first().map(|(at, _)| *at)
    }

    /// Whether one more fits.
    fn has_room(&self, from: UserId) -> bool {
        let mine = || self.pending.values().filter(|pending| pending.from == from).count();
        self.pending.len() < MAX_PENDING && (self.pending.len() < MAX_PER_SENDER || mine() < MAX_PER_SENDER)
    }

    fn put(&mut self, id: MessageId, pending: Pending) {
        self.deadlines.insert((pending.deadline, id));
        self.pending.insert(id, pending);
    }

    fn take(&mut self, id: MessageId) -> Option<Pending> {
        let pending = self.pending.remove(&id)?;
        self.deadlines.remove(&(pending.deadline, id));
        Some(pending)
    }
}

impl Switch {
    /// A telephone writes to somebody.
    pub(crate) fn message(&mut self, now: Instant, received: &Received, username: &str) {
        if let Err(response) = self.take_message(now, received, username) {
            self.sip.agent.respond(now, received.id, *response);
        }
    }

    fn take_message(
        &mut self,
        now: Instant,
        received: &Received,
        username: &str,
    ) -> Result<(), Box<Response>> {
        let Received { id, request, flow, .. } = received;
        let refuse = |status| Box::new(Response::to_request(request, status));
        let text = text_of(request)?;
        let from = self.directory.device(username).map(|device| device.user).ok_or_else(|| refuse(403))?;
        let number = request.uri.called_number().unwrap_or_default();
        let to = self.person_called(now, &number, from).ok_or_else(|| refuse(404))?;
        if !self.messages.has_room(from) {
            return Err(Box::new(refuse(503).with(HeaderName::RetryAfter, RETRY_AFTER_SECONDS.to_string())));
        }
        let message = ChatMessage {
            id: MessageId::random(&mut *self.random),
            from: self.directory.party(&ringdown_call::Party::User(from)),
            to,
            text: Pii(text),
            at: self.clock.unix_ms(now),
        };
        // Who writes to their own number reaches their other devices.
        let own = self.calling_binding(username, *flow);
        let telephones = self.send_to_telephones(now, &message, from, own);
        let keeper = self.messages.has_keeper;
        if telephones == 0 && !keeper {
            return Err(refuse(480));
        }
        let sender = Sender::Telephone(*id, request.clone());
        self.put_message(now, message.id, (sender, from), (telephones, keeper));
        if keeper {
            self.event(Event::Message { message });
        }
        Ok(())
    }

    /// Whether an app server is there to keep messages.
    pub(crate) fn set_keeper(&mut self, has_keeper: bool) {
        self.messages.has_keeper = has_keeper;
    }

    /// The app server has a message for somebody's telephones.
    pub(crate) fn send_message(&mut self, now: Instant, mut message: ChatMessage) -> Result<(), Refusal> {
        let sender = message.from.user.filter(|user| self.directory.is_enabled(*user));
        let Some(from) = sender.filter(|_| self.directory.is_enabled(message.to)) else {
            return Err(Refusal::new(
                CommandError::Invalid,
                "sender and addressee are people of the directory",
            ));
        };
        if message.text.is_empty() || message.text.len() > MAX_MESSAGE_BYTES {
            return Err(Refusal::new(CommandError::Invalid, "a message is 1 byte to 4 KiB"));
        }
        if !self.messages.has_room(from) || self.messages.pending.contains_key(&message.id) {
            return Err(Refusal::new(CommandError::Congestion, "too many messages are on their way"));
        }
        message.from = self.directory.party(&ringdown_call::Party::User(from));
        let telephones = self.send_to_telephones(now, &message, from, 0);
        if telephones == 0 {
            self.event(Event::MessageDelivered { message: message.id, delivered: false });
        } else {
            self.put_message(now, message.id, (Sender::Keeper, from), (telephones, false));
        }
        Ok(())
    }

    fn put_message(
        &mut self,
        now: Instant,
        id: MessageId,
        (sender, from): (Sender, UserId),
        (telephones, keeper): (usize, bool),
    ) {
        let deadline = now + PATIENCE;
        self.messages.put(id, Pending { sender, from, telephones, keeper, deadline, refusal: None });
    }

    /// Sends a MESSAGE to every telephone of the addressee but `own`; how many there are.
    fn send_to_telephones(&mut self, now: Instant, message: &ChatMessage, from: UserId, own: u64) -> usize {
        let keys: Vec<u64> = self.binding_keys(message.to).filter(|key| *key != own).collect();
        let mut sent = 0;
        for key in keys {
            let telephone = BindingId(key);
            let texts = self.parts(telephone, (from, message.to), &message.text);
            let parts = Parts { telephone, from, to: message.to, texts };
            sent += usize::from(self.send_part(now, message.id, parts));
        }
        sent
    }

    /// A text as it fits into requests to a telephone.
    fn parts(&mut self, telephone: BindingId, (from, to): (UserId, UserId), text: &str) -> VecDeque<String> {
        let Some((request, destination)) = self.message_to(telephone, (from, to), text) else {
            return VecDeque::new();
        };
        let around = request.encode().len() - text.len() + VIA_BYTES;
        // "The size of MESSAGE requests … MUST NOT exceed 1300 bytes, unless" congestion is controlled. RFC 3428 §8
        if destination.transport() == Transport::Udp && around + text.len() > MAX_DATAGRAM {
            split(text, MAX_DATAGRAM.saturating_sub(around).max(MIN_PART_BYTES)).into()
        } else {
            VecDeque::from([text.to_owned()])
        }
    }

    /// Sends a telephone the next part; whether it is on its way.
    fn send_part(&mut self, now: Instant, id: MessageId, mut parts: Parts) -> bool {
        let Some(text) = parts.texts.pop_front() else { return false };
        let Some((request, destination)) = self.message_to(parts.telephone, (parts.from, parts.to), &text)
        else {
            return false;
        };
        let Ok(client) = self.sip.agent.send_request(now, request, destination) else { return false };
        self.sip.errands.insert(client, Errand::Message(id, Box::new(parts)));
        true
    }

    /// What a telephone says to a part. The next one follows, so that they arrive in their order; the message has arrived
    /// with its last.
    pub(crate) fn part_answered(
        &mut self,
        now: Instant,
        id: MessageId,
        parts: Parts,
        outcome: Option<&Response>,
    ) {
        if parts.texts.is_empty() || !outcome.is_some_and(Response::is_success) {
            self.message_answered(now, id, outcome);
        } else if !self.send_part(now, id, parts) {
            self.message_answered(now, id, None);
        }
    }

    fn message_to(
        &mut self,
        id: BindingId,
        (from, to): (UserId, UserId),
        text: &str,
    ) -> Option<(Request, Destination)> {
        let (from, to) = (self.address(from), self.address(to));
        let binding = self.sip.registrar.binding(id)?;
        let (target, destination) = (binding.contact().clone(), binding.destination());
        let path = binding.path().to_vec();
        let mut request = Request::new(Method::Message, target)
            .with(HeaderName::From, from.with_tag(&self.random.token(8)).to_string())
            .with(HeaderName::To, to.to_string())
            .with(HeaderName::CallId, self.random.token(20))
            .with(HeaderName::CSeq, CSeq { number: 1, method: Method::Message }.to_string())
            .with_body("text/plain;charset=UTF-8", Bytes::from(text.to_owned()));
        path.into_iter().for_each(|hop| request.headers.push(HeaderName::Route, hop));
        Some((request, destination))
    }

    /// What a telephone says to a message.
    fn message_answered(&mut self, now: Instant, id: MessageId, outcome: Option<&Response>) {
        let Some(pending) = self.messages.pending.get_mut(&id) else { return };
        pending.telephones = pending.telephones.saturating_sub(1);
        if outcome.is_some_and(Response::is_success) {
            return self.message_done(now, id, true);
        }
        pending.refusal = outcome.map(|response| response.status).or(pending.refusal);
        self.message_missed(now, id);
    }

    /// Whether the app server keeps a telephone's message. If so the sender need not wait for the telephones.
    pub(crate) fn message_taken(&mut self, now: Instant, id: MessageId, taken: bool) {
        let Some(pending) = self.messages.pending.get_mut(&id) else { return };
        pending.keeper = false;
        if taken
            && let Sender::Telephone(server, request) = std::mem::replace(&mut pending.sender, Sender::Keeper)
        {
            // "stored and … delivered at a later time": 202. RFC 3428 §7
            self.sip.agent.respond(now, server, Response::to_request(&request, 202));
        }
        self.message_missed(now, id);
    }

    fn message_missed(&mut self, now: Instant, id: MessageId) {
        let is_lost =
            self.messages.pending.get(&id).is_some_and(|pending| pending.telephones == 0 && !pending.keeper);
        if is_lost {
            self.message_done(now, id, false);
        }
    }

    fn message_done(&mut self, now: Instant, id: MessageId, delivered: bool) {
        let Some(pending) = self.messages.take(id) else { return };
        if let Sender::Telephone(server, request) = pending.sender {
            let status = match pending.refusal {
                _ if delivered => 200,
                // What the sender can do something about.
                Some(status @ (413 | 415 | 486 | 603)) => status,
                _ => 480,
            };
            self.sip.agent.respond(now, server, Response::to_request(&request, status));
        }
        self.event(Event::MessageDelivered { message: id, delivered });
    }

    /// Who still waits for a device that says nothing does not wait longer.
    pub(crate) fn message_timeout(&mut self, now: Instant) {
        while let Some(&(at, id)) = self.messages.deadlines.first() {
            if at > now {
                break;
            }
            self.message_done(now, id, false);
        }
    }
}

/// A text in parts of at most so many bytes that say which of how many they are, cut between words where there are any.
fn split(text: &str, bytes: usize) -> Vec<String> {
    let (room, mut rest, mut parts) = (bytes - PART_NUMBER_BYTES, text, Vec::new());
    while !rest.is_empty() {
        let mut end = room.min(rest.len());
        while !rest.is_char_boundary(end) {
            end -= 1;
        }
        let (mut part, mut after) = rest.split_at(end);
        let space = part.rfind(char::is_whitespace).filter(|at| !after.is_empty() && *at > room / 2);
        if let Some(at) = space {
            (part, after) = rest.split_at(at);
        }
        parts.push(part);
        rest = after.trim_start();
    }
    let count = parts.len();
    parts.iter().zip(1..).map(|(part, number)| format!("({number}/{count}) {part}")).collect()
}

/// The text of a MESSAGE, or its refusal.
fn text_of(request: &Request) -> Result<String, Box<Response>> {
    let refuse = |status| Box::new(Response::to_request(request, status));
    let kind = request.headers.content_type().ok().flatten();
    let is_text = kind.is_some_and(|kind| {
        let charset =
            kind.params.get("charset").map(|charset| charset.trim_matches('"').to_ascii_lowercase());
        kind.essence == "text/plain"
            && charset.is_none_or(|charset| matches!(charset.as_str(), "utf-8" | "us-ascii"))
    });
    if !is_text {
        return Err(Box::new(refuse(415).with(HeaderName::Accept, "text/plain")));
    }
    if request.body.len() > MAX_MESSAGE_BYTES {
        return Err(refuse(413));
    }
    match std::str::from_utf8(&request.body) {
        Ok(text) if !text.is_empty() => Ok(text.to_owned()),
        Ok(_) => Err(Box::new(refuse(400).with_reason("Empty Message"))),
        Err(_) => Err(Box::new(refuse(400).with_reason("Message Is Not UTF-8"))),
    }
}

/// A larger datagram than this needs a transport that controls congestion (RFC 3428 §8, RFC 3261 §18.1.1).
const MAX_DATAGRAM: usize = 1_300;
/// What our Via and Max-Forwards will add.
const VIA_BYTES: usize = 140;
/// However long the headers are, a part says something.
const MIN_PART_BYTES: usize = 200;
/// What says which of how many a part is takes at most this.
const PART_NUMBER_BYTES: usize = 8;
/// How long devices may take. A telephone's MESSAGE waits for its answer 32 s (RFC 3261 §17.1.2.2).
const PATIENCE: Duration = Duration::from_secs(25);
/// Messages on their way. A larger number lets a flood hold more memory.
const MAX_PENDING: usize = 4_096;
/// Those of one sender among them.
const MAX_PER_SENDER: usize = 32;
const RETRY_AFTER_SECONDS: u32 = 5;
