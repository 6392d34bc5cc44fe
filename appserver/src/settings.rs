//! Users' settings: read from the store, checked against the dialplan, changed.

use ringdown_control::{Forwards, UserSettings, VoicemailSettings};
use ringdown_desk::settings_as_shown;
use ringdown_protocol::{Settings, SettingsChange};
use ringdown_types::{Extension, Pii, UserId};
use sha2::{Digest as _, Sha256};

use crate::{
    dialplan,
    directory::DirectoryHandle,
    hex,
    problem::Refusal,
    store::{Store, StoreError},
};

/// An account's settings.
///
/// # Errors
/// When the store fails.
pub async fn of(store: &Store, user: UserId) -> Result<Settings, StoreError> {
    Ok(settings_as_shown(&store.settings(user).await?))
}

/// Changes an account's settings and tells everybody who shows them.
///
/// # Errors
/// When a value is out of its range, a number takes no calls, or there is no such account.
pub async fn change(
    store: &Store,
    directory: &DirectoryHandle,
    (user, realm): (UserId, &str),
    change: SettingsChange,
) -> Result<Settings, Refusal> {
    let change = Checked::read(user, change)?;
    let mut targets: Vec<(&'static str, &Extension)> = Vec::new();
    for (field, target) in change.forwards() {
        targets.extend(target.iter().flatten().map(|target| (field, target)));
    }
    if !targets.is_empty() {
        dialplan::check_forwards(store, realm, user, &targets).await?;
    }
    let changed = store.change_settings(user, |settings| change.apply(settings)).await?;
    let changed = changed.ok_or(Refusal::NotFound("account"))?;
    directory.changed().await;
    Ok(settings_as_shown(&changed))
}

/// A change whose values are in their ranges. `None` leaves a setting, `Some(None)` takes its value away.
struct Checked {
    do_not_disturb: Option<bool>,
    call_waiting: Option<bool>,
    always: Option<Option<Extension>>,
    busy: Option<Option<Extension>>,
    no_answer: Option<Option<Extension>>,
    offline: Option<Option<Extension>>,
    pickup_group: Option<Option<String>>,
    voicemail: Option<bool>,
    pin_sha256: Option<Option<String>>,
}

impl Checked {
    fn read(user: UserId, change: SettingsChange) -> Result<Self, Refusal> {
        let forward = change.forward.unwrap_or_default();
        Ok(Self {
            do_not_disturb: change.do_not_disturb,
            call_waiting: change.call_waiting,
            always: read_number("forward.always", forward.always)?,
            busy: read_number("forward.busy", forward.busy)?,
            no_answer: read_number("forward.noAnswer", forward.no_answer)?,
            offline: read_number("forward.offline", forward.offline)?,
            pickup_group: change.pickup_group.map(|group| group.map(read_group).transpose()).transpose()?,
            voicemail: change.voicemail,
            pin_sha256: change
                .voicemail_pin
                .map(|pin| pin.map(|pin| hash_pin(user, &pin.0)).transpose())
                .transpose()?,
        })
    }

    const fn forwards(&self) -> [(&'static str, &Option<Option<Extension>>); 4] {
        [
            ("forward.always", &self.always),
            ("forward.busy", &self.busy),
            ("forward.noAnswer", &self.no_answer),
            ("forward.offline", &self.offline),
        ]
    }

    fn apply(self, settings: &mut UserSettings) {
        fn set<T>(place: &mut T, value: Option<T>) {
            if let Some(value) = value {
                *place = value;
            }
        }
        set(&mut settings.do_not_disturb, self.do_not_disturb);
        set(&mut settings.call_waiting, self.call_waiting);
        let Forwards { always, busy, no_answer, offline } = &mut settings.forward;
        set(always, self.always);
        set(busy, self.busy);
        set(no_answer, self.no_answer);
        set(offline, self.offline);
        set(&mut settings.pickup_group, self.pickup_group);
        let voicemail = settings.voicemail.get_or_insert_with(VoicemailSettings::default);
        set(&mut voicemail.enabled, self.voicemail);
        set(&mut voicemail.pin_sha256, self.pin_sha256);
    }
}

fn read_number(
    field: &str,
    number: Option<Option<Pii<String>>>,
) -> Result<Option<Option<Extension>>, Refusal> {
    let read = |number: Pii<String>| {
        number.0.parse::<Extension>().map_err(|error| Refusal::bad_request(format!("{field}: {error}")))
    };
    number.map(|number| number.map(read).transpose()).transpose()
}

fn read_group(group: String) -> Result<String, Refusal> {
    let group = group.trim();
    if !(1..=32).contains(&group.chars().count()) || group.chars().any(char::is_control) {
        return Err(Refusal::bad_request("a pick-up group is 1 to 32 printable characters"));
    }
    Ok(group.to_owned())
}

fn hash_pin(user: UserId, pin: &str) -> Result<String, Refusal> {
    if !(4..=12).contains(&pin.len()) || !pin.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(Refusal::bad_request("a PIN has 4 to 12 digits"));
    }
    Ok(hex::encode(&Sha256::digest(format!("{user}:{pin}"))))
}
