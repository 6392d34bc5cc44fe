//! What a user dials for a service instead of a person.

use std::fmt;

use ringdown_types::Extension;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de, ser::SerializeMap};

/// A service with a code. The code is changeable; [`Feature::default_code`] is what it is until somebody changes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Feature {
    /// Returns the caller's own voice.
    EchoTest,
    /// Alone: takes a call that rings in the caller's pick-up group. With a number: a call that rings there.
    PickUp,
    /// With a number: that user's devices answer by themselves.
    Intercom,
    /// Parks the call on the next free slot.
    Park,
    /// The caller's own voicemail.
    VoicemailMain,
    /// With a number: leaves a message there without ringing.
    VoicemailBox,
    /// Nobody disturbs the caller from now on.
    DoNotDisturbOn,
    /// The caller's devices ring again.
    DoNotDisturbOff,
    /// With a number: every call to the caller goes there.
    ForwardAlwaysOn,
    /// No more of that.
    ForwardAlwaysOff,
    /// With a number: calls go there while the caller is busy.
    ForwardBusyOn,
    /// No more of that.
    ForwardBusyOff,
    /// With a number: calls the caller does not answer go there.
    ForwardNoAnswerOn,
    /// No more of that.
    ForwardNoAnswerOff,
    /// With a number: calls go there while no device of the caller is reachable.
    ForwardOfflineOn,
    /// No more of that.
    ForwardOfflineOff,
    /// Rings the caller once the user they last found busy is free.
    CompletionOn,
    /// No more of that.
    CompletionOff,
}

/// Whether a code is followed by a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Argument {
    /// Never.
    None,
    /// May be.
    Optional,
    /// Always.
    Required,
}

impl Feature {
    /// Every feature, in the order [`Feature::index`] counts.
    pub const ALL: [Self; 18] = [
        Self::EchoTest,
        Self::PickUp,
        Self::Intercom,
        Self::Park,
        Self::VoicemailMain,
        Self::VoicemailBox,
        Self::DoNotDisturbOn,
        Self::DoNotDisturbOff,
        Self::ForwardAlwaysOn,
        Self::ForwardAlwaysOff,
        Self::ForwardBusyOn,
        Self::ForwardBusyOff,
        Self::ForwardNoAnswerOn,
        Self::ForwardNoAnswerOff,
        Self::ForwardOfflineOn,
        Self::ForwardOfflineOff,
        Self::CompletionOn,
        Self::CompletionOff,
    ];

    /// The feature's place in [`Feature::ALL`].
    pub const fn index(self) -> usize {
        self as usize
    }

    /// The name used on every protocol.
    pub const fn name(self) -> &'static str {
        match self {
            Self::EchoTest => "echoTest",
            Self::PickUp => "pickUp",
            Self::Intercom => "intercom",
            Self::Park => "park",
            Self::VoicemailMain => "voicemailMain",
            Self::VoicemailBox => "voicemailBox",
            Self::DoNotDisturbOn => "doNotDisturbOn",
            Self::DoNotDisturbOff => "doNotDisturbOff",
            Self::ForwardAlwaysOn => "forwardAlwaysOn",
            Self::ForwardAlwaysOff => "forwardAlwaysOff",
            Self::ForwardBusyOn => "forwardBusyOn",
            Self::ForwardBusyOff => "forwardBusyOff",
            Self::ForwardNoAnswerOn => "forwardNoAnswerOn",
            Self::ForwardNoAnswerOff => "forwardNoAnswerOff",
            Self::ForwardOfflineOn => "forwardOfflineOn",
            Self::ForwardOfflineOff => "forwardOfflineOff",
            Self::CompletionOn => "completionOn",
            Self::CompletionOff => "completionOff",
        }
    }

    /// The feature with this [`Feature::name`].
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|feature| feature.name() == name)
    }

    /// The code it has until somebody changes it.
    pub const fn default_code(self) -> &'static str {
        match self {
            Self::EchoTest => "*43",
            Self::PickUp => "*8",
            Self::Intercom => "*80",
            Self::Park => "*68",
            Self::VoicemailMain => "*97",
            Self::VoicemailBox => "*98",
            Self::DoNotDisturbOn => "*78",
            Self::DoNotDisturbOff => "*79",
            Self::ForwardAlwaysOn => "*72",
            Self::ForwardAlwaysOff => "*73",
            Self::ForwardBusyOn => "*90",
            Self::ForwardBusyOff => "*91",
            Self::ForwardNoAnswerOn => "*92",
            Self::ForwardNoAnswerOff => "*93",
            Self::ForwardOfflineOn => "*94",
            Self::ForwardOfflineOff => "*95",
            Self::CompletionOn => "*66",
            Self::CompletionOff => "*86",
        }
    }

    /// Whether the code is followed by a number.
    pub const fn argument(self) -> Argument {
        match self {
            Self::PickUp => Argument::Optional,
            Self::Intercom
            | Self::VoicemailBox
            | Self::ForwardAlwaysOn
            | Self::ForwardBusyOn
            | Self::ForwardNoAnswerOn
            | Self::ForwardOfflineOn => Argument::Required,
            _ => Argument::None,
        }
    }
}

impl Serialize for Feature {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

/// Which code reaches which feature. On the wire a map from [`Feature::name`] to a code, or to `null` for a feature
/// that is off; a feature that is not named is off too, and names a reader does not know are passed over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeatureCodes {
    /// Boxed, so that a frame without a directory is no larger for it.
    codes: Box<[Option<Extension>; Feature::ALL.len()]>,
}

impl FeatureCodes {
    /// No feature has a code.
    pub fn none() -> Self {
        Self { codes: Box::new([const { None }; Feature::ALL.len()]) }
    }

    /// A feature's code; `None` while it is off.
    pub fn get(&self, feature: Feature) -> Option<&Extension> {
        self.codes.get(feature.index()).and_then(Option::as_ref)
    }

    /// Changes a feature's code, or switches it off.
    pub fn set(&mut self, feature: Feature, code: Option<Extension>) {
        if let Some(slot) = self.codes.get_mut(feature.index()) {
            *slot = code;
        }
    }

    /// Every feature that has a code.
    pub fn iter(&self) -> impl Iterator<Item = (Feature, &Extension)> {
        Feature::ALL.into_iter().filter_map(|feature| Some((feature, self.get(feature)?)))
    }
}

impl Default for FeatureCodes {
    fn default() -> Self {
        Self { codes: Box::new(Feature::ALL.map(|feature| feature.default_code().parse().ok())) }
    }
}

impl Serialize for FeatureCodes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(Feature::ALL.len()))?;
        for feature in Feature::ALL {
            map.serialize_entry(feature.name(), &self.get(feature))?;
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for FeatureCodes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;

        impl<'de> de::Visitor<'de> for Visitor {
            type Value = FeatureCodes;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a map from a feature's name to its code")
            }

            fn visit_map<A: de::MapAccess<'de>>(self, mut map: A) -> Result<FeatureCodes, A::Error> {
                let mut codes = FeatureCodes::none();
                while let Some(name) = map.next_key::<std::borrow::Cow<'de, str>>()? {
                    match Feature::from_name(&name) {
                        Some(feature) => codes.set(feature, map.next_value()?),
                        None => drop(map.next_value::<de::IgnoredAny>()?),
                    }
                }
                Ok(codes)
            }
        }

        deserializer.deserialize_map(Visitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_default_code_is_a_code_and_every_name_is_its_own() {
        for (index, feature) in Feature::ALL.into_iter().enumerate() {
            assert_eq!(feature.index(), index);
            assert_eq!(Feature::from_name(feature.name()), Some(feature));
        }
        assert_eq!(FeatureCodes::default().iter().count(), Feature::ALL.len());
    }

    #[test]
    fn an_older_peer_switches_on_only_what_it_names() {
        let codes: FeatureCodes =
            serde_json::from_str(r#"{"echoTest":"*44","later":{"x":1}}"#).expect("it is understood");
        assert_eq!(codes.iter().map(|(feature, _)| feature).collect::<Vec<_>>(), [Feature::EchoTest]);
    }

    #[test]
    fn a_feature_that_is_off_stays_off_over_the_wire() {
        let mut codes = FeatureCodes::default();
        codes.set(Feature::Park, None);
        let text = serde_json::to_string(&codes).expect("it is written");
        assert_eq!(serde_json::from_str::<FeatureCodes>(&text).expect("it is read"), codes);
    }
}
