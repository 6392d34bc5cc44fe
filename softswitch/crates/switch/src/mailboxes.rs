//! Mailboxes: which messages there are, whose, and what becomes of a recording. Sounds are files of the shell, which
//! also keeps a description of each message beside it, so that a restart finds what is told here.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
    time::Instant,
};

use ringdown_call::{
    DepositPlan, LegEvent, MailboxChange, MailboxMessage, MailboxPlan, Pin, RecordingOutcome,
};
use ringdown_control::{CommandError, Event, Party, VoicemailCount, VoicemailMessage};
use ringdown_media::api::{MediaCommand, RecordingEnd, RecordingForm, RecordingLimits, RecordingPurpose};
use ringdown_types::{LegId, Pii, RecordedTracks, RecordingId, SoundFormat, UserId};
use tracing::{info, warn};

use crate::{Output, Switch, commands::Refusal};

/// Every mailbox with a message in it, and messages that are being recorded.
#[derive(Debug, Default)]
pub(crate) struct Mailboxes {
    /// Oldest first.
    boxes: BTreeMap<UserId, Vec<VoicemailMessage>>,
    drafts: HashMap<RecordingId, Draft>,
}

/// A message that is being recorded.
#[derive(Debug)]
struct Draft {
    leg: LegId,
    user: UserId,
    from: Party,
    received_at: u64,
}

impl Mailboxes {
    fn count(&self, user: UserId) -> VoicemailCount {
        let messages = self.boxes.get(&user).map_or(&[][..], Vec::as_slice);
        let saved = messages.iter().filter(|message| message.is_heard).count();
        VoicemailCount { user, new: (messages.len() - saved) as u32, saved: saved as u32 }
    }

    /// Whether somebody leaves a message on this leg.
    pub(crate) fn is_recording(&self, leg: LegId) -> bool {
        self.drafts.values().any(|draft| draft.leg == leg)
    }

    /// Whether one more message fits, those that are being recorded included.
    fn is_full(&self, user: UserId) -> bool {
        let coming = self.drafts.values().filter(|draft| draft.user == user).count();
        self.boxes.get(&user).map_or(0, Vec::len) + coming >= MAX_MESSAGES
    }

    fn message_mut(&mut self, user: UserId, id: RecordingId) -> Option<&mut VoicemailMessage> {
        self.boxes.get_mut(&user)?.iter_mut().find(|message| message.id == id)
    }

    fn remove(&mut self, user: UserId, id: RecordingId) -> bool {
        let Some(messages) = self.boxes.get_mut(&user) else { return false };
        let before = messages.len();
        messages.retain(|message| message.id != id);
        let removed = messages.len() < before;
        if messages.is_empty() {
            self.boxes.remove(&user);
        }
        removed
    }
}

impl Switch {
    /// Takes the messages the shell found in the state folder. Call it once, before anything else.
    pub fn restore_voicemail(&mut self, messages: Vec<VoicemailMessage>) {
        for message in messages {
            self.mailboxes.boxes.entry(message.user).or_default().push(message);
        }
        for messages in self.mailboxes.boxes.values_mut() {
            messages.sort_by_key(|message| (message.received_at, message.id));
        }
    }

    /// How many messages a user has: what a message-summary (RFC 3842) says.
    pub fn voicemail_count(&self, user: UserId) -> VoicemailCount {
        self.mailboxes.count(user)
    }

    /// Every mailbox with a message in it.
    pub(crate) fn voicemail_counts(&self) -> Vec<VoicemailCount> {
        self.mailboxes.boxes.keys().map(|user| self.mailboxes.count(*user)).collect()
    }

    /// A user's messages, oldest first.
    pub fn voicemail(&self, user: UserId) -> &[VoicemailMessage] {
        self.mailboxes.boxes.get(&user).map_or(&[], Vec::as_slice)
    }

    /// What a caller meets who leaves a message.
    pub(crate) fn deposit_plan(&self, user: UserId) -> DepositPlan {
        DepositPlan { mailbox: user, is_full: self.mailboxes.is_full(user) }
    }

    /// What a caller meets who listens to their messages.
    pub(crate) fn mailbox_plan(&self, user: UserId) -> MailboxPlan {
        let settings = self.directory.user(user).and_then(|user| user.settings.voicemail.as_ref());
        let stored = settings.and_then(|voicemail| voicemail.pin_sha256.as_deref());
        let pin = stored.map(|hash| {
            // A hash that is none admits nobody.
            let sha256 = hex(hash).unwrap_or_default();
            Pin::Hashed { salt: format!("{user}:"), sha256 }
        });
        let message = |message: &VoicemailMessage| MailboxMessage {
            id: message.id,
            from: Pii(Arc::from(message.from.number.0.as_str())),
            is_heard: message.is_heard,
        };
        let messages = self.voicemail(user).iter().map(message).collect();
        MailboxPlan { mailbox: user, pin, messages }
    }

    pub(crate) fn start_recording(
        &mut self,
        now: Instant,
        leg: LegId,
        recording: RecordingId,
        mailbox: UserId,
    ) {
        let Some(caller) = self.calls.leg(leg) else { return };
        let from = self.directory.party(&ringdown_call::Party::User(caller.user));
        let received_at = self.clock.unix_ms(now);
        self.mailboxes.drafts.insert(recording, Draft { leg, user: mailbox, from, received_at });
        self.end_recording_of(leg);
        let limits = RecordingLimits { max_ms: MAX_MESSAGE_MS, silence_ms: SILENCE_MS };
        // Every browser and every mail program plays it.
        let form = RecordingForm {
            tracks: RecordedTracks::Said,
            format: SoundFormat::Wav,
            purpose: RecordingPurpose::Message,
        };
        self.media(leg, MediaCommand::Record { leg, recording, form, limits });
    }

    /// What became of a recording. The caller may have hung up: that ends a message, and keeps it.
    pub(crate) fn recording_ended(&mut self, now: Instant, leg: Option<LegId>, ended: RecordingEnded) {
        if self.call_recording_ended(&ended) {
            return;
        }
        let RecordingEnded { recording, end, duration_ms, is_stored } = ended;
        let Some(Draft { user, from, received_at, .. }) = self.mailboxes.drafts.remove(&recording) else {
            if is_stored {
                warn!(%recording, "a recording that nobody asked for");
                self.out.push_back(Output::DiscardRecording(recording));
            }
            return;
        };
        let Some(leg) = leg else { return };
        let outcome = match end {
            RecordingEnd::Failed => RecordingOutcome::Failed,
            _ if duration_ms < MIN_MESSAGE_MS => RecordingOutcome::TooShort,
            _ if is_stored => RecordingOutcome::Stored,
            _ => RecordingOutcome::Failed,
        };
        match outcome {
            RecordingOutcome::Stored => {
                info!(message = %recording, duration_ms, "voicemail message stored");
                let is_heard = false;
                let message =
                    VoicemailMessage { id: recording, user, from, received_at, duration_ms, is_heard };
                self.mailboxes.boxes.entry(user).or_default().push(message.clone());
                self.out.push_back(Output::KeepMessage(message));
                self.mailbox_changed(user);
            }
            RecordingOutcome::TooShort => self.out.push_back(Output::DiscardRecording(recording)),
            RecordingOutcome::Failed => {
                // The worker does not know that nobody writes down what it hears.
                self.media(leg, MediaCommand::StopRecording { leg });
            }
        }
        self.calls.handle_leg_event(now, leg, LegEvent::RecordingEnded(outcome));
    }

    /// What a caller did with a message of theirs. One that was deleted elsewhere meanwhile is passed over.
    pub(crate) fn change_mailbox(&mut self, user: UserId, change: MailboxChange) {
        // The caller has heard what they did; there is nobody to tell that it was done before.
        let _ = match change {
            MailboxChange::Heard(id) => self.mark_voicemail(user, id, true),
            MailboxChange::Deleted(id) => self.delete_voicemail(user, id),
        };
    }

    pub(crate) fn mark_voicemail(
        &mut self,
        user: UserId,
        id: RecordingId,
        is_heard: bool,
    ) -> Result<(), Refusal> {
        let message = self.mailboxes.message_mut(user, id).ok_or_else(no_such_message)?;
        if message.is_heard != is_heard {
            message.is_heard = is_heard;
            let message = message.clone();
            self.out.push_back(Output::KeepMessage(message));
            self.mailbox_changed(user);
        }
        Ok(())
    }

    pub(crate) fn delete_voicemail(&mut self, user: UserId, id: RecordingId) -> Result<(), Refusal> {
        if !self.mailboxes.remove(user, id) {
            return Err(no_such_message());
        }
        self.out.push_back(Output::DiscardRecording(id));
        self.mailbox_changed(user);
        Ok(())
    }

    fn mailbox_changed(&mut self, user: UserId) {
        let count = self.mailboxes.count(user);
        self.people.changed(user);
        self.event(Event::VoicemailChanged { count });
        self.people.changed(user);
    }
}

/// What [`ringdown_media::api::MediaEvent::RecordingEnded`] says of a recording.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RecordingEnded {
    pub(crate) recording: RecordingId,
    pub(crate) end: RecordingEnd,
    pub(crate) duration_ms: u32,
    pub(crate) is_stored: bool,
}

fn no_such_message() -> Refusal {
    Refusal::new(CommandError::NoSuchMessage, "the mailbox has no such message")
}

fn hex(text: &str) -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    let digits = text.as_bytes();
    if digits.len() != 64 {
        return None;
    }
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
    }
    Some(bytes)
}

/// Messages in one mailbox. More let one caller fill the disk: a hundred of the longest are 576 MB.
const MAX_MESSAGES: usize = 100;

/// Three minutes.
const MAX_MESSAGE_MS: u32 = 180_000;

/// What is shorter is somebody who hung up at the tone.
const MIN_MESSAGE_MS: u32 = 1_000;

/// So much silence is taken for the end. Less cuts off people who think.
const SILENCE_MS: u32 = 8_000;
