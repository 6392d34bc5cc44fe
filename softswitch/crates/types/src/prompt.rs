//! Names of spoken prompts and call-progress tones.

use serde::{Deserialize, Serialize};

macro_rules! prompts {
    ($($(#[$doc:meta])* $prompt:ident = $name:literal,)+) => {
        /// A spoken prompt of the sound pack. `sounds/prompts.toml` holds one entry for each name.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
        pub enum PromptId {
            $($(#[$doc])* #[serde(rename = $name)] $prompt,)+
        }

        impl PromptId {
            /// Every prompt.
            pub const ALL: &'static [Self] = &[$(Self::$prompt),+];

            /// The file name without its ending, as in the sound pack and in `prompts.toml`.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$prompt => $name,)+ }
            }
        }
    };
}

prompts! {
    /// "You are connected to the echo test. …"
    EchoTest = "echo-test",
    /// "The number you have dialled is not known."
    NumberNotKnown = "number-not-known",
    /// "The person you are calling is not available."
    NotAvailable = "not-available",
    /// Music for a held party; loops.
    MusicOnHold = "music-on-hold",
    /// "Zero."
    Digit0 = "digit-0",
    /// "One."
    Digit1 = "digit-1",
    /// "Two."
    Digit2 = "digit-2",
    /// "Three."
    Digit3 = "digit-3",
    /// "Four."
    Digit4 = "digit-4",
    /// "Five."
    Digit5 = "digit-5",
    /// "Six."
    Digit6 = "digit-6",
    /// "Seven."
    Digit7 = "digit-7",
    /// "Eight."
    Digit8 = "digit-8",
    /// "Nine."
    Digit9 = "digit-9",
    /// "Activated."
    Activated = "activated",
    /// "Deactivated."
    Deactivated = "deactivated",
    /// "Goodbye."
    Goodbye = "goodbye",
    /// "That key has no meaning here."
    InvalidKey = "invalid-key",
    /// "Please enter your PIN, and press hash."
    EnterPin = "enter-pin",
    /// "That PIN is not right."
    WrongPin = "wrong-pin",
    /// "You are the first in this conference."
    RoomAlone = "room-alone",
    /// "This conference is locked."
    RoomLocked = "room-locked",
    /// "This conference is full."
    RoomFull = "room-full",
    /// "You have been removed from this conference."
    RoomRemoved = "room-removed",
    /// "Press one to mute yourself, or to be heard again. …"
    RoomMenu = "room-menu",
    /// The same with what moderators may do.
    RoomModeratorMenu = "room-moderator-menu",
    /// "You are muted."
    RoomMuted = "room-muted",
    /// "You can be heard again."
    RoomUnmuted = "room-unmuted",
    /// "The conference is locked now."
    RoomIsLocked = "room-is-locked",
    /// "The conference is open now."
    RoomIsOpen = "room-is-open",
    /// "The person you are calling cannot answer now. Please leave a message after the tone. …"
    VoicemailLeaveMessage = "voicemail-leave-message",
    /// "This mailbox is full."
    VoicemailFull = "voicemail-full",
    /// "Your message was too short, and is not kept."
    VoicemailTooShort = "voicemail-too-short",
    /// "Your message is saved."
    VoicemailStored = "voicemail-stored",
    /// "Your message could not be saved."
    VoicemailNotStored = "voicemail-not-stored",
    /// "You have …"
    VoicemailYouHave = "voicemail-you-have",
    /// "… no messages."
    VoicemailNoMessages = "voicemail-no-messages",
    /// "… new message."
    VoicemailNewMessage = "voicemail-new-message",
    /// "… new messages."
    VoicemailNewMessages = "voicemail-new-messages",
    /// "… and …"
    VoicemailAnd = "voicemail-and",
    /// "… saved message."
    VoicemailSavedMessage = "voicemail-saved-message",
    /// "… saved messages."
    VoicemailSavedMessages = "voicemail-saved-messages",
    /// "Message …", followed by its number.
    VoicemailMessage = "voicemail-message",
    /// "… from …", followed by the caller's number.
    VoicemailFrom = "voicemail-from",
    /// "To hear your messages, press one. To leave, press hash."
    VoicemailMainMenu = "voicemail-main-menu",
    /// "To hear it again, press one. To save it, two. To delete it, three. For the next message, hash."
    VoicemailMessageMenu = "voicemail-message-menu",
    /// "The message is saved."
    VoicemailMessageSaved = "voicemail-message-saved",
    /// "The message is deleted."
    VoicemailMessageDeleted = "voicemail-message-deleted",
    /// "There are no more messages."
    VoicemailNoMore = "voicemail-no-more",
}

impl PromptId {
    /// The digits of a number, most significant first; numbers are spoken digit by digit.
    pub fn digits(number: u32) -> impl Iterator<Item = Self> {
        let digits: Vec<char> = number.to_string().chars().collect();
        digits.into_iter().filter_map(Self::digit)
    }

    /// A decimal digit; `None` for any other character, such as the `+` or `*` of a number.
    pub const fn digit(digit: char) -> Option<Self> {
        Some(match digit {
            '0' => Self::Digit0,
            '1' => Self::Digit1,
            '2' => Self::Digit2,
            '3' => Self::Digit3,
            '4' => Self::Digit4,
            '5' => Self::Digit5,
            '6' => Self::Digit6,
            '7' => Self::Digit7,
            '8' => Self::Digit8,
            '9' => Self::Digit9,
            _ => return None,
        })
    }
}

/// A generated tone: call progress as the country's [`crate::TonePlan`] has it, or one that sounds once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ToneId {
    /// "You may dial."
    Dial,
    /// Ringing tone.
    Ringback,
    /// Busy tone.
    Busy,
    /// Congestion tone: no line, no resources.
    Congestion,
    /// Somebody else calls meanwhile.
    CallWaiting,
    /// "Put the receiver back."
    Howler,
    /// Three rising tones ahead of "this call cannot be put through".
    SpecialInformation,
    /// "Speak now": 1,000 Hz for 0.5 s, once.
    Beep,
    /// Somebody joins a conference: two short rising tones, once.
    MemberJoined,
    /// Somebody leaves a conference: the same falling.
    MemberLeft,
    /// "Please wait": the other side's connection is lost, and may come back. Two soft low notes every four seconds.
    Comfort,
}

impl ToneId {
    /// Every tone.
    pub const ALL: [Self; 11] = [
        Self::Dial,
        Self::Ringback,
        Self::Busy,
        Self::Congestion,
        Self::CallWaiting,
        Self::Howler,
        Self::SpecialInformation,
        Self::Beep,
        Self::MemberJoined,
        Self::MemberLeft,
        Self::Comfort,
    ];

    /// Its name, as on the control link.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Dial => "dial",
            Self::Ringback => "ringback",
            Self::Busy => "busy",
            Self::Congestion => "congestion",
            Self::CallWaiting => "call-waiting",
            Self::Howler => "howler",
            Self::SpecialInformation => "special-information",
            Self::Beep => "beep",
            Self::MemberJoined => "member-joined",
            Self::MemberLeft => "member-left",
            Self::Comfort => "comfort",
        }
    }

    /// Whether its cadence repeats until something else is heard.
    pub const fn repeats(self) -> bool {
        !matches!(self, Self::Beep | Self::MemberJoined | Self::MemberLeft)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_spoken_digit_by_digit() {
        let spoken: Vec<PromptId> = PromptId::digits(105).collect();
        assert_eq!(spoken, [PromptId::Digit1, PromptId::Digit0, PromptId::Digit5]);
        assert_eq!(PromptId::digits(0).collect::<Vec<_>>(), [PromptId::Digit0]);
        assert_eq!(PromptId::digit('*'), None);
    }
}
