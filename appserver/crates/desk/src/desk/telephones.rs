//! The chat's way to telephones and from them: SIP MESSAGE, by way of the softswitches (RFC 3428).
//!
//! A person's telephones get one message after the other, so that what is marked as delivered has no gap. Messages between
//! two people always go to telephones, those of groups to telephones of people without a page. What no telephone took
//! waits in the store: it is tried again when one registers, with the next message, and every few minutes.

use std::{
    collections::{HashMap, HashSet, VecDeque},
    time::{Duration, Instant},
};

use ringdown_control::{ChatMessage as SwitchMessage, Command, MAX_MESSAGE_BYTES, Party};
use ringdown_protocol::ChatKind;
use ringdown_types::{ConversationId, MessageId, Pii, UserId};

use super::{Desk, LinkId};
use crate::{ChatAsker, ChatTarget, ChatWork, chat::StoredMessage, timer::Timer};

/// Softswitches give telephones 25 s.
const PATIENCE: Duration = Duration::from_secs(30);
/// How often telephones that are registered and did not take a message are tried.
const RETRY_EVERY: Duration = Duration::from_secs(5 * 60);
/// Messages of telephones whose fate is not known. A larger number lets a flood hold more memory.
const MAX_TRACKED: usize = 8_192;
/// Messages that wait for one person's telephones in memory; further ones wait in the store.
const MAX_QUEUED: usize = 50;

/// Messages on their way to telephones.
#[derive(Debug, Default)]
pub(super) struct Telephones {
    /// By whom they are for, the one under way first.
    queues: HashMap<UserId, VecDeque<Outgoing>>,
    /// The one under way of each queue, and what a telephone wrote, until their fate is known.
    tracked: HashMap<MessageId, Tracked>,
    /// People with messages no device took.
    waiting: HashSet<UserId>,
    /// Those whose messages the store is asked for.
    asked: HashSet<UserId>,
    /// Those who are tried again after a while.
    retried: HashSet<UserId>,
}

#[derive(Debug)]
struct Outgoing {
    author: UserId,
    text: Pii<String>,
    at: u64,
    place: (ConversationId, u64),
}

#[derive(Debug)]
struct Tracked {
    to: UserId,
    /// Softswitches that have not said what became of it.
    waiting: usize,
    /// Where it is kept; not known at first of what a telephone wrote.
    place: Option<(ConversationId, u64)>,
    /// What became of it before that was known.
    outcome: Option<bool>,
    is_queued: bool,
}

impl Telephones {
    pub(super) fn forget(&mut self, message: MessageId) {
        self.tracked.remove(&message);
    }
}

impl Desk {
    /// People for whom the store has messages that no device took; told once, at the start.
    pub fn expect_undelivered(&mut self, people: impl IntoIterator<Item = UserId>) {
        self.telephones.waiting.extend(people);
    }

    /// A telephone wrote to somebody: the message is kept, then shown.
    pub(super) fn handle_message(&mut self, now: Instant, link: LinkId, message: SwitchMessage) {
        let SwitchMessage { id, from, to, text, .. } = message;
        let from = from.user.filter(|from| *from != to && self.roster.person(*from).is_some());
        let is_known = self.roster.person(to).is_some();
        let (Some(from), true, true) = (from, is_known, self.telephones.tracked.len() < MAX_TRACKED) else {
            return self.tell_node(link, Command::MessageTaken { message: id, taken: false });
        };
        let tracked = Tracked { to, waiting: 1, place: None, outcome: None, is_queued: false };
        self.telephones.tracked.insert(id, tracked);
        self.timers.set(now + PATIENCE, Timer::Message(id));
        let text = Pii(text.0.replace('\0', ""));
        let work = ChatWork::Send { target: ChatTarget::Person(to), message: id, text, file: None };
        self.ask_keeper(now, from, ChatAsker::Telephone { link, message: id }, work);
    }

    /// A new message goes to the telephones of those who have some.
    pub(super) fn take_to_telephones(
        &mut self,
        now: Instant,
        asker: ChatAsker,
        (message, (kind, title)): (&StoredMessage, (ChatKind, Pii<String>)),
        members: &[UserId],
    ) {
        if let ChatAsker::Telephone { link, message: id } = asker {
            self.tell_node(link, Command::MessageTaken { message: id, taken: true });
            let Some(tracked) = self.telephones.tracked.get_mut(&id) else { return };
            // The softswitch rings the addressee's telephones itself.
            tracked.place = Some((message.conversation, message.seq));
            if let Some(outcome) = tracked.outcome {
                self.message_delivered(now, id, outcome);
            }
            return;
        }
        for &member in members.iter().filter(|member| **member != message.author) {
            if kind != ChatKind::Direct && self.has_reachable_page(now, member) {
                continue;
            }
            if self.telephones.waiting.contains(&member) || !self.mirror.has_telephone(member) {
                // What waits is older: the store gives all of it in order.
                self.telephones.waiting.insert(member);
                self.fetch_undelivered(now, member);
            } else {
                self.queue_for_telephones(now, member, message, (kind, &title));
            }
        }
    }

    /// What the store has for somebody whose telephone is there.
    pub(super) fn take_undelivered(
        &mut self,
        now: Instant,
        user: UserId,
        messages: Vec<(StoredMessage, ChatKind, Pii<String>)>,
    ) {
        self.telephones.asked.remove(&user);
        self.telephones.waiting.remove(&user);
        let is_full = messages.len() >= MAX_QUEUED;
        for (message, kind, title) in &messages {
            self.queue_for_telephones(now, user, message, (*kind, title));
        }
        if is_full {
            // The rest is asked for when these are through.
            self.telephones.waiting.insert(user);
        }
    }

    /// A telephone registered, or it is time to try again.
    pub(super) fn fetch_undelivered(&mut self, now: Instant, user: UserId) {
        let Telephones { queues, waiting, asked, .. } = &mut self.telephones;
        if waiting.contains(&user)
            && !queues.contains_key(&user)
            && self.mirror.has_telephone(user)
            && asked.insert(user)
        {
            self.ask_keeper(now, user, ChatAsker::Nobody, ChatWork::Undelivered);
        }
    }

    fn queue_for_telephones(
        &mut self,
        now: Instant,
        user: UserId,
        message: &StoredMessage,
        (kind, title): (ChatKind, &Pii<String>),
    ) {
        let place = (message.conversation, message.seq);
        let queue = self.telephones.queues.entry(user).or_default();
        if queue.iter().any(|queued| queued.place == place) {
            return;
        }
        if queue.len() >= MAX_QUEUED {
            self.telephones.waiting.insert(user);
            return;
        }
        let text = Pii(telephone_text(message, kind, title));
        queue.push_back(Outgoing { author: message.author, text, at: message.at, place });
        if queue.len() == 1 {
            self.send_next(now, user);
        }
    }

    /// Sends the first of a person's queue.
    fn send_next(&mut self, now: Instant, user: UserId) {
        let Some(first) = self.telephones.queues.get(&user).and_then(VecDeque::front) else {
            self.telephones.queues.remove(&user);
            return self.fetch_undelivered(now, user);
        };
        let id = MessageId::random(self.random.as_mut());
        let message = SwitchMessage {
            id,
            // The softswitch looks number and name up.
            from: Party { user: Some(first.author), number: Pii(String::new()), name: Pii(String::new()) },
            to: user,
            text: first.text.clone(),
            at: first.at,
        };
        let place = Some(first.place);
        let links: Vec<_> = self.by_link.keys().copied().collect();
        let tracked = Tracked { to: user, waiting: links.len(), place, outcome: None, is_queued: true };
        self.telephones.tracked.insert(id, tracked);
        self.timers.set(now + PATIENCE, Timer::Message(id));
        for &link in &links {
            self.tell_node(link, Command::SendMessage { message: message.clone() });
        }
        if links.is_empty() {
            self.settle_message(now, id, false);
        }
    }

    /// A softswitch knows whether a telephone took a message.
    pub(super) fn message_delivered(&mut self, now: Instant, id: MessageId, delivered: bool) {
        let Some(tracked) = self.telephones.tracked.get_mut(&id) else { return };
        if tracked.place.is_none() {
            tracked.outcome = Some(delivered);
            return;
        }
        tracked.waiting = tracked.waiting.saturating_sub(1);
        if delivered || tracked.waiting == 0 {
            self.settle_message(now, id, delivered);
        }
    }

    /// It is known, or it took too long.
    pub(super) fn settle_message(&mut self, now: Instant, id: MessageId, delivered: bool) {
        let Some(Tracked { to, place, is_queued, .. }) = self.telephones.tracked.remove(&id) else { return };
        let Some((conversation, seq)) = place else { return };
        if !delivered {
            self.telephones.waiting.insert(to);
            self.retry(now, to);
        } else if is_queued || !self.telephones.waiting.contains(&to) {
            // A telephone's message may overtake what waits: its mark would hide that.
            let work = ChatWork::Mark { conversation, delivered: seq, read: 0 };
            self.ask_keeper(now, to, ChatAsker::Nobody, work);
        }
        if is_queued {
            if delivered {
                self.telephones.queues.get_mut(&to).map(VecDeque::pop_front);
                self.send_next(now, to);
            } else {
                // The others would fail likewise; they are in the store.
                self.telephones.queues.remove(&to);
            }
        }
    }

    fn retry(&mut self, now: Instant, user: UserId) {
        if self.telephones.retried.insert(user) {
            self.timers.set(now + RETRY_EVERY, Timer::Undelivered(user));
        }
    }

    pub(super) fn try_again(&mut self, now: Instant, user: UserId) {
        self.telephones.retried.remove(&user);
        self.fetch_undelivered(now, user);
    }

    /// The store could not say what waits for somebody.
    pub(super) fn undelivered_unknown(&mut self, now: Instant, user: UserId) {
        if self.telephones.asked.remove(&user) {
            self.retry(now, user);
        }
    }

    fn has_reachable_page(&self, now: Instant, user: UserId) -> bool {
        self.sessions_of(user)
            .iter()
            .any(|id| self.sessions.get(id).is_some_and(|session| session.is_reachable(now)))
    }
}

/// A message as a telephone shows it: where it was written unless it is theirs alone, and what came with it.
fn telephone_text(message: &StoredMessage, kind: ChatKind, title: &str) -> String {
    let mut text = match kind {
        ChatKind::Direct => String::new(),
        ChatKind::Group | ChatKind::Room => format!("[{title}] "),
    };
    text += &message.text;
    if let Some(file) = &message.file {
        let gap = if message.text.is_empty() { "" } else { "\n" };
        text += &format!("{gap}[{}]", file.name.0);
    }
    let mut end = text.len().min(MAX_MESSAGE_BYTES);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.truncate(end);
    text
}
