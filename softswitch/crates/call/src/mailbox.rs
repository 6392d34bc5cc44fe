//! Listening to one's own messages: how many, one after the other, kept or deleted.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use ringdown_types::{DtmfDigit, Pii, PromptId, RecordingId, UserId};

use crate::{
    Action, MailboxChange, PlaySource,
    bridge::Feed,
    pin::{Entered, Pin, PinEntry},
    script::Script,
    service::{Input, Next},
    shared::Shared,
};

/// A mailbox as it is when its owner calls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MailboxPlan {
    /// Whose it is.
    pub mailbox: UserId,
    /// What must be pressed first; `None` where the owner's own devices suffice.
    pub pin: Option<Pin>,
    /// The messages, oldest first.
    pub messages: Vec<MailboxMessage>,
}

/// A message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MailboxMessage {
    /// The message, and its sound.
    pub id: RecordingId,
    /// The number of who left it.
    pub from: Pii<Arc<str>>,
    /// Whether it was listened to before.
    pub is_heard: bool,
}

/// A caller who listens to their messages. Those nobody has heard come first.
///
/// ```text
/// Knocking ──right PIN──► Menu ◄──star, no more──┐
///    │                     │ └──1──► Listening ──┘
///    └──wrong too often──► Leaving ◄──hash, nothing pressed
/// ```
#[derive(Debug)]
pub(crate) struct MailboxSession {
    mailbox: UserId,
    pin: Option<Pin>,
    messages: Vec<MailboxMessage>,
    /// The message that is listened to.
    at: usize,
    stage: Stage,
    script: Script,
}

#[derive(Debug)]
enum Stage {
    Knocking(PinEntry),
    /// The counts and the main menu.
    Menu(Patience),
    /// A message and its menu.
    Listening(Patience),
    /// Something is said, then the call ends.
    Leaving,
}

/// How long a menu is repeated for somebody who presses nothing.
#[derive(Debug, Clone, Copy)]
struct Patience {
    repeats: u8,
    /// Until when a key may come; `None` while something is being said.
    until: Option<Instant>,
}

impl Patience {
    const NEW: Self = Self { repeats: 0, until: None };
}

impl MailboxSession {
    /// Asks for the PIN, or tells the counts at once.
    pub(crate) fn new(now: Instant, plan: MailboxPlan) -> Self {
        let MailboxPlan { mailbox, pin, mut messages } = plan;
        messages.sort_by_key(|message| message.is_heard);
        let mut session =
            Self { mailbox, pin, messages, at: 0, stage: Stage::Leaving, script: Script::default() };
        if session.pin.is_some() {
            session.stage = Stage::Knocking(PinEntry::new(now, &mut session.script));
        } else {
            session.greet();
        }
        session
    }

    pub(crate) fn feed(&self) -> Feed {
        self.script.feed()
    }

    pub(crate) const fn deadline(&self) -> Option<Instant> {
        match &self.stage {
            Stage::Knocking(entry) => Some(entry.deadline()),
            Stage::Menu(patience) | Stage::Listening(patience) => patience.until,
            Stage::Leaving => None,
        }
    }

    pub(crate) fn handle(&mut self, now: Instant, input: Input, shared: &mut Shared) -> Next {
        match input {
            Input::Key(key) => self.key_pressed(now, key, shared),
            Input::Timeout => self.time_is_over(now),
            Input::Finished(token) => return self.sound_ended(now, token, shared),
            Input::Recorded(_) => {}
        }
        Next::Stay
    }

    fn key_pressed(&mut self, now: Instant, key: DtmfDigit, shared: &mut Shared) {
        match &mut self.stage {
            Stage::Knocking(entry) => {
                let entered = entry.handle_key(now, key, &mut self.script);
                self.knock(now, entered);
            }
            Stage::Menu(_) => match key.as_char() {
                '1' => self.listen(),
                '#' => self.leave(),
                _ => self.repeat_menu(Some(PromptId::InvalidKey)),
            },
            Stage::Listening(_) => self.handle_message_key(key, shared),
            Stage::Leaving => {}
        }
    }

    fn handle_message_key(&mut self, key: DtmfDigit, shared: &mut Shared) {
        match key.as_char() {
            '1' => self.play_again(),
            '2' => {
                self.mark_heard(shared);
                self.go_on(PromptId::VoicemailMessageSaved);
            }
            '3' => {
                if self.at < self.messages.len() {
                    let gone = self.messages.remove(self.at);
                    let (mailbox, change) = (self.mailbox, MailboxChange::Deleted(gone.id));
                    shared.action(Action::ChangeMailbox { mailbox, change });
                }
                self.script.say([PromptId::VoicemailMessageDeleted]);
                self.play_or_return();
            }
            '#' => {
                self.script.stop();
                self.at += 1;
                self.play_or_return();
            }
            '*' => {
                self.script.stop();
                self.greet();
            }
            _ => self.repeat_menu(Some(PromptId::InvalidKey)),
        }
    }

    fn time_is_over(&mut self, now: Instant) {
        match &mut self.stage {
            Stage::Knocking(entry) => {
                let entered = entry.handle_timeout();
                self.knock(now, entered);
            }
            Stage::Menu(patience) | Stage::Listening(patience) => {
                patience.repeats += 1;
                if patience.repeats > MAX_REPEATS { self.leave() } else { self.repeat_menu(None) }
            }
            Stage::Leaving => {}
        }
    }

    fn sound_ended(&mut self, now: Instant, token: u32, shared: &mut Shared) -> Next {
        let ended = self.script.current();
        if !self.script.handle_finished(token) {
            return Next::Stay;
        }
        if matches!(ended, Some(PlaySource::Recording(_))) {
            self.mark_heard(shared);
        }
        if !self.script.is_over() {
            return Next::Stay;
        }
        match &mut self.stage {
            Stage::Menu(patience) | Stage::Listening(patience) => patience.until = Some(now + PATIENCE),
            Stage::Knocking(_) => {}
            Stage::Leaving => return Next::HangUp,
        }
        Next::Stay
    }

    fn knock(&mut self, now: Instant, entered: Entered) {
        let Stage::Knocking(entry) = &mut self.stage else { return };
        match entered {
            Entered::Nothing => {}
            Entered::TooLate => self.leave(),
            Entered::Digits(digits) if self.pin.as_ref().is_none_or(|pin| pin.is(&digits)) => {
                self.script.stop();
                self.greet();
            }
            Entered::Digits(_) => {
                if !entry.wrong(now, &mut self.script) {
                    self.stage = Stage::Leaving;
                }
            }
        }
    }

    /// The counts, after what is being said, and the main menu where there is something to hear.
    fn greet(&mut self) {
        let saved = self.messages.iter().filter(|message| message.is_heard).count();
        let new = self.messages.len() - saved;
        self.script.then([PromptId::VoicemailYouHave]);
        if self.messages.is_empty() {
            self.stage = Stage::Leaving;
            return self.script.then([PromptId::VoicemailNoMessages, PromptId::Goodbye]);
        }
        if new > 0 {
            self.count(new, PromptId::VoicemailNewMessage, PromptId::VoicemailNewMessages);
        }
        if new > 0 && saved > 0 {
            self.script.then([PromptId::VoicemailAnd]);
        }
        if saved > 0 {
            self.count(saved, PromptId::VoicemailSavedMessage, PromptId::VoicemailSavedMessages);
        }
        self.script.then([PromptId::VoicemailMainMenu]);
        self.stage = Stage::Menu(Patience::NEW);
    }

    fn count(&mut self, count: usize, one: PromptId, more: PromptId) {
        self.script.then(PromptId::digits(u32::try_from(count).unwrap_or(u32::MAX)));
        self.script.then([if count == 1 { one } else { more }]);
    }

    /// Begins with the first message; what was heard in the meantime comes last.
    fn listen(&mut self) {
        self.messages.sort_by_key(|message| message.is_heard);
        self.at = 0;
        self.script.stop();
        self.play_or_return();
    }

    /// Says something, then plays the next message.
    fn go_on(&mut self, said: PromptId) {
        self.script.say([said]);
        self.at += 1;
        self.play_or_return();
    }

    /// Plays the message it stands at after what is being said, or returns to the menu behind the last.
    fn play_or_return(&mut self) {
        let Some(message) = self.messages.get(self.at) else {
            self.script.then([PromptId::VoicemailNoMore]);
            return self.greet();
        };
        let (id, number) = (message.id, Arc::clone(&message.from.0));
        self.script.then([PromptId::VoicemailMessage]);
        self.script.then(PromptId::digits(u32::try_from(self.at + 1).unwrap_or(u32::MAX)));
        let digits: Vec<PromptId> = number.chars().filter_map(PromptId::digit).collect();
        if !digits.is_empty() {
            self.script.then([PromptId::VoicemailFrom]);
            self.script.then(digits);
        }
        self.script.then([id]);
        self.script.then([PromptId::VoicemailMessageMenu]);
        self.stage = Stage::Listening(Patience::NEW);
    }

    /// Plays the message it stands at again.
    fn play_again(&mut self) {
        let Some(message) = self.messages.get(self.at) else { return };
        self.script.say([message.id]);
        self.script.then([PromptId::VoicemailMessageMenu]);
        self.stage = Stage::Listening(Patience::NEW);
    }

    /// Says the menu it is in again.
    fn repeat_menu(&mut self, first: Option<PromptId>) {
        let menu = match &mut self.stage {
            Stage::Menu(patience) => {
                patience.until = None;
                PromptId::VoicemailMainMenu
            }
            Stage::Listening(patience) => {
                patience.until = None;
                PromptId::VoicemailMessageMenu
            }
            Stage::Knocking(_) | Stage::Leaving => return,
        };
        self.script.say(first.into_iter().chain([menu]));
    }

    fn mark_heard(&mut self, shared: &mut Shared) {
        let Some(message) = self.messages.get_mut(self.at).filter(|message| !message.is_heard) else {
            return;
        };
        message.is_heard = true;
        let (mailbox, change) = (self.mailbox, MailboxChange::Heard(message.id));
        shared.action(Action::ChangeMailbox { mailbox, change });
    }

    fn leave(&mut self) {
        self.stage = Stage::Leaving;
        self.script.say([PromptId::Goodbye]);
    }
}

/// How long a menu waits for a key.
const PATIENCE: Duration = Duration::from_secs(6);
/// How often a menu is said again.
const MAX_REPEATS: u8 = 2;
