//! What users decide themselves.

use ringdown_types::Pii;
use serde::{Deserialize, Deserializer, Serialize};
use ts_rs::TS;
use utoipa::ToSchema;

/// What a user decides themselves, by a telephone's feature code, in the browser, or with an admin's help.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Settings {
    /// Callers hear busy, or go where calls go while the user is busy.
    pub do_not_disturb: bool,
    /// Whether a second call rings while the user talks.
    pub call_waiting: bool,
    /// Where calls go instead.
    pub forward: ForwardSettings,
    /// Users with the same group can pick up each other's calls.
    pub pickup_group: Option<String>,
    /// Whether messages are taken.
    pub voicemail: bool,
    /// Whether the voicemail has a PIN; what it is, nobody learns.
    pub has_voicemail_pin: bool,
}

/// Where calls go instead, each a number as it would be dialled; null where they do not.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, TS, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ForwardSettings {
    /// Every call.
    #[schema(value_type = Option<String>)]
    #[ts(type = "string | null")]
    pub always: Option<Pii<String>>,
    /// While the user is busy or does not want to be disturbed.
    #[schema(value_type = Option<String>)]
    #[ts(type = "string | null")]
    pub busy: Option<Pii<String>>,
    /// When nobody answers.
    #[schema(value_type = Option<String>)]
    #[ts(type = "string | null")]
    pub no_answer: Option<Pii<String>>,
    /// While no device is reachable.
    #[schema(value_type = Option<String>)]
    #[ts(type = "string | null")]
    pub offline: Option<Pii<String>>,
}

/// Changes of settings: what is left out stays, null takes a value away.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, TS, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SettingsChange {
    /// Callers hear busy, or go where calls go while the user is busy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub do_not_disturb: Option<bool>,
    /// Whether a second call rings while the user talks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub call_waiting: Option<bool>,
    /// Where calls go instead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub forward: Option<ForwardChange>,
    /// 1 to 32 characters; admins alone change it.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    #[ts(optional = nullable, as = "Option<String>")]
    pub pickup_group: Option<Option<String>>,
    /// Whether messages are taken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub voicemail: Option<bool>,
    /// 4 to 12 digits.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    #[ts(optional = nullable, as = "Option<String>")]
    pub voicemail_pin: Option<Option<Pii<String>>>,
}

/// Changes of forwards: what is left out stays, null switches one off.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, TS, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ForwardChange {
    /// Every call.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    #[ts(optional = nullable, as = "Option<String>")]
    pub always: Option<Option<Pii<String>>>,
    /// While the user is busy or does not want to be disturbed.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    #[ts(optional = nullable, as = "Option<String>")]
    pub busy: Option<Option<Pii<String>>>,
    /// When nobody answers.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    #[ts(optional = nullable, as = "Option<String>")]
    pub no_answer: Option<Option<Pii<String>>>,
    /// While no device is reachable.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    #[ts(optional = nullable, as = "Option<String>")]
    pub offline: Option<Option<Pii<String>>>,
}

/// Tells null from left out.
fn present<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn null_takes_away_and_left_out_stays() {
        let change: SettingsChange =
            serde_json::from_str(r#"{"forward":{"busy":null,"offline":"103"}}"#).expect("it is understood");
        let forward = change.forward.expect("it is there");
        assert_eq!((forward.always, forward.busy), (None, Some(None)));
        assert_eq!(forward.offline, Some(Some(Pii("103".to_owned()))));
        assert!(serde_json::from_str::<SettingsChange>(r#"{"doNotDisturbed":true}"#).is_err());
    }
}
