//! Ids: 128 random bits, printed as 32 lower-case hexadecimal digits.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::Random;

/// A string that is not 32 hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ParseIdError;

impl fmt::Display for ParseIdError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an id is 32 hexadecimal digits")
    }
}

impl std::error::Error for ParseIdError {}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(u128);

        impl $name {
            /// A fresh id; unique for all practical purposes with a good random source.
            pub fn random(random: &mut dyn Random) -> Self {
                Self(random.u128())
            }

            /// The id with these bits.
            pub const fn from_u128(bits: u128) -> Self {
                Self(bits)
            }

            /// The id's bits.
            pub const fn as_u128(self) -> u128 {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{:032x}", self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({:032x})"), self.0)
            }
        }

        impl FromStr for $name {
            type Err = ParseIdError;

            fn from_str(text: &str) -> Result<Self, ParseIdError> {
                // `from_str_radix` takes a sign, which an id has not.
                if text.len() != 32 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
                    return Err(ParseIdError);
                }
                u128::from_str_radix(text, 16).map(Self).map_err(|_| ParseIdError)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
                text.parse().map_err(de::Error::custom)
            }
        }
    };
}

id! {
    /// A call: one caller, one dialled number, and every leg that comes of it.
    CallId
}
id! {
    /// A leg: one side of a call, towards one device.
    LegId
}
id! {
    /// An account: a person or a service.
    UserId
}
id! {
    /// A client session: one browser tab or application, across its reconnects.
    SessionId
}
id! {
    /// A softswitch instance.
    NodeId
}
id! {
    /// A text message from one person to another.
    MessageId
}
id! {
    /// A conversation in the chat, of two people or more.
    ConversationId
}
id! {
    /// A file somebody gave the app server to keep.
    FileId
}
id! {
    /// A mix of a media worker: what the members of one conference hear of each other.
    MixId
}
id! {
    /// A recording, and the sound file it becomes; a voicemail message has the id of its recording.
    RecordingId
}
id! {
    /// A ring group.
    GroupId
}
id! {
    /// A conference room.
    RoomId
}
id! {
    /// A number that leads elsewhere depending on the time.
    TimeConditionId
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn printing_and_parsing_agree() {
        let id = CallId::from_u128(0xabc);
        assert_eq!(id.to_string().parse(), Ok(id));
        assert_eq!("+0000000000000000000000000000abc".parse::<CallId>(), Err(ParseIdError));
        assert_eq!("abc".parse::<CallId>(), Err(ParseIdError));
    }
}
