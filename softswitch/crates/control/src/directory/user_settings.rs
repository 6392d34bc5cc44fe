//! What users decide themselves: by a feature code, in the browser, or with an administrator's help.

use std::fmt;

use ringdown_types::{Extension, ForwardKind};
use serde::{Deserialize, Serialize};

/// What a user decides themselves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct UserSettings {
    /// Callers hear busy, or go where calls go while the user is busy.
    pub do_not_disturb: bool,
    /// Where calls go instead.
    pub forward: Forwards,
    /// Whether a second call rings while the user talks; without it the second caller hears busy.
    pub call_waiting: bool,
    /// Whose ringing calls the pick-up code takes: users with the same group, 1 to 32 characters.
    pub pickup_group: Option<String>,
    /// The user's voicemail; `None` where they have none.
    pub voicemail: Option<VoicemailSettings>,
    /// The number of the last change from a softswitch that is in here, see [`crate::SettingChanged`]; 0 for none.
    pub last_change: u64,
}

impl Default for UserSettings {
    fn default() -> Self {
        Self {
            do_not_disturb: false,
            forward: Forwards::default(),
            call_waiting: true,
            pickup_group: None,
            voicemail: None,
            last_change: 0,
        }
    }
}

impl UserSettings {
    /// Makes a change; `false` where it already is that way.
    pub fn apply(&mut self, change: &SettingChange) -> bool {
        fn replace<T: PartialEq>(place: &mut T, value: T) -> bool {
            let changes = *place != value;
            *place = value;
            changes
        }
        match change {
            SettingChange::DoNotDisturb { on } => replace(&mut self.do_not_disturb, *on),
            SettingChange::CallWaiting { on } => replace(&mut self.call_waiting, *on),
            SettingChange::Forward { when, to } => replace(self.forward.slot(*when), to.clone()),
        }
    }
}

/// Where calls to a user go instead, each a number as it would be dialled.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Forwards {
    /// Every call.
    pub always: Option<Extension>,
    /// While the user is busy or does not want to be disturbed.
    pub busy: Option<Extension>,
    /// When nobody answers.
    pub no_answer: Option<Extension>,
    /// While no device is reachable.
    pub offline: Option<Extension>,
}

impl Forwards {
    /// Where calls go in this case.
    pub const fn get(&self, when: ForwardKind) -> Option<&Extension> {
        match when {
            ForwardKind::Always => self.always.as_ref(),
            ForwardKind::Busy => self.busy.as_ref(),
            ForwardKind::NoAnswer => self.no_answer.as_ref(),
            ForwardKind::Offline => self.offline.as_ref(),
        }
    }

    const fn slot(&mut self, when: ForwardKind) -> &mut Option<Extension> {
        match when {
            ForwardKind::Always => &mut self.always,
            ForwardKind::Busy => &mut self.busy,
            ForwardKind::NoAnswer => &mut self.no_answer,
            ForwardKind::Offline => &mut self.offline,
        }
    }
}

/// A user's voicemail.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct VoicemailSettings {
    /// Whether messages are taken.
    pub enabled: bool,
    /// SHA-256 of `user id:PIN`, 64 lower-case hexadecimal digits; `None` where the user's own devices suffice. The
    /// number of PINs is small, so it keeps them from a curious look and not from an attack.
    pub pin_sha256: Option<String>,
}

impl Default for VoicemailSettings {
    fn default() -> Self {
        Self { enabled: true, pin_sha256: None }
    }
}

impl fmt::Debug for VoicemailSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VoicemailSettings").field("enabled", &self.enabled).finish_non_exhaustive()
    }
}

/// One setting, changed: the same from a telephone's feature code, a browser or an administrator.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "setting", rename_all = "kebab-case", rename_all_fields = "camelCase")]
pub enum SettingChange {
    /// Do-not-disturb.
    DoNotDisturb {
        /// Whether it is on.
        on: bool,
    },
    /// A second call while the user talks.
    CallWaiting {
        /// Whether it rings.
        on: bool,
    },
    /// A forward.
    Forward {
        /// In which case.
        when: ForwardKind,
        /// Where to; `None` switches it off.
        to: Option<Extension>,
    },
}

impl SettingChange {
    /// Whether it switches something on, rather than off.
    pub const fn switches_on(&self) -> bool {
        match self {
            Self::DoNotDisturb { on } | Self::CallWaiting { on } => *on,
            Self::Forward { to, .. } => to.is_some(),
        }
    }

    /// Whether a later change of the same setting makes this one void.
    pub fn is_replaced_by(&self, later: &Self) -> bool {
        match (self, later) {
            (Self::Forward { when, .. }, Self::Forward { when: later, .. }) => when == later,
            _ => std::mem::discriminant(self) == std::mem::discriminant(later),
        }
    }
}
