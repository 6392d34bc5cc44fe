//! Accounts and what they do, in the client's words: line states ONHOOK, ISBUSY, NONREG and causes of being away.

use ringdown_protocol::{
    Activity, DirectoryEntry, Method, PresenceEntry, PresenceParams, PresenceState, SettingsChange,
};
use serde_json::{Map, Value, json};

use super::{Away, Waiting, Webitel, channel::encoded};

impl Webitel {
    /// Everybody, as `api account list` gives them: a JSON text of accounts by id.
    pub(super) fn account_list(&self) -> String {
        let mut accounts = Map::new();
        for entry in self.people.iter() {
            let id = self.id_of(entry);
            let (state, away) = self.state_of(entry);
            let account = json!({
                "id": id,
                "domain": self.domain(),
                "scheme": "account",
                "online": self.is_online(entry),
                "state": state,
                "status": away.cause,
                "descript": encoded(&encoded(&away.tag)),
                "name": encoded(&entry.name.0),
                "agent": "false",
            });
            accounts.insert(id, account);
        }
        Value::Object(accounts).to_string()
    }

    /// `ONHOOK`, or `CAUSE('tag')` with a cause of being away.
    pub(super) fn set_status(&mut self, id: Value, value: &str) {
        let (cause, tag) = value.split_once("('").unwrap_or((value, ""));
        let (cause, tag) = (cause.trim().to_uppercase(), tag.trim_end_matches("')"));
        let activity = match cause.as_str() {
            "ONHOOK" | "NONE" | "" => None,
            "DND" => Some("dnd"),
            "ONBREAK" => Some("break"),
            "CALLFORWARD" | "VOICEMAIL" => Some("away"),
            _ => return self.fail(&id, "-ERR: no such status"),
        };
        let disturbs = cause != "DND";
        let note: String = tag.chars().take(MAX_TAG).collect();
        let mut params = Map::new();
        if let Some(activity) = activity {
            params.insert("activity".to_owned(), activity.into());
        }
        if !note.is_empty() {
            params.insert("note".to_owned(), note.clone().into());
        }
        let Ok(params) = serde_json::from_value::<PresenceParams>(Value::Object(params)) else {
            return self.fail(&id, "-ERR: no such status");
        };
        let changes_dnd = !disturbs || self.away.cause == "DND";
        let cause = if activity.is_none() { NONE.to_owned() } else { cause };
        self.away = Away { cause, tag: note };
        if changes_dnd
            && let Ok(change) = serde_json::from_value::<SettingsChange>(json!({"doNotDisturb": !disturbs}))
        {
            self.ask(Method::SettingsSet(change), Waiting::Nothing);
        }
        self.ask(Method::PresenceSet(params), Waiting::Done { id });
    }

    pub(super) fn own_state(&self) -> (&'static str, Away) {
        let own = self.me().and_then(|me| self.people.get(&me.user_id));
        own.map_or_else(
            || ("NONREG", Away { cause: NONE.to_owned(), tag: String::new() }),
            |entry| self.state_of(entry),
        )
    }

    pub(super) fn presence(&mut self, entries: Vec<PresenceEntry>) {
        for entry in entries {
            let Some(known) = self.people.get_mut(&entry.user_id) else { continue };
            let was_offline = !can_be_called(known);
            known.presence = entry.presence;
            known.activity = entry.activity;
            known.note = entry.note;
            let known = known.clone();
            let is_offline = !can_be_called(&known);
            if was_offline != is_offline && !self.is_me(&known) {
                let mut event =
                    self.user_event(if is_offline { "ACCOUNT_OFFLINE" } else { "ACCOUNT_ONLINE" });
                event.insert("User-ID".to_owned(), self.id_of(&known).into());
                self.event(event);
            }
            self.tell_status(&known);
        }
    }

    pub(super) fn directory(&mut self, entries: Vec<DirectoryEntry>, removed: &[String]) {
        for user in removed {
            if let Some(id) = self.people.get(user).map(|entry| self.id_of(entry)) {
                let mut event = self.user_event("USER_DESTROY");
                event.insert("User-ID".to_owned(), id.into());
                self.event(event);
            }
        }
        let new: Vec<_> =
            entries.iter().filter(|entry| self.people.get(&entry.user_id).is_none()).cloned().collect();
        self.people.change(entries, removed);
        for entry in new {
            let mut event = self.user_event("USER_CREATE");
            event.insert("User-ID".to_owned(), self.id_of(&entry).into());
            event.insert("Account-Role".to_owned(), "account".into());
            event.insert("Account-State".to_owned(), self.state_of(&entry).0.into());
            self.event(event);
        }
    }

    fn tell_status(&mut self, entry: &DirectoryEntry) {
        let (state, away) = self.state_of(entry);
        let id = self.id_of(entry);
        let mut event = self.user_event("ACCOUNT_STATUS");
        let fields = [
            ("Account-User", id.clone()),
            ("User-ID", id.clone()),
            ("Account-User-State", state.to_owned()),
            ("Account-Status", away.cause),
            ("Account-Status-Descript", encoded(&away.tag)),
            ("Account-Domain", self.domain()),
            ("Account-Online", self.is_online(entry).to_string()),
            ("presence_id", self.with_domain(&id)),
        ];
        event.extend(fields.into_iter().map(|(name, value)| (name.to_owned(), value.into())));
        self.event(event);
    }

    pub(super) fn user_event(&self, name: &str) -> Map<String, Value> {
        let fields = [
            ("webitel-event-name", "user"),
            ("Event-Name", name),
            ("User-Scheme", "account"),
            ("Content-Type", "text/event-json"),
        ];
        let mut event: Map<_, _> =
            fields.into_iter().map(|(name, value)| (name.to_owned(), value.into())).collect();
        event.insert("Event-Domain".to_owned(), self.domain().into());
        event.insert("User-Domain".to_owned(), self.domain().into());
        event
    }

    /// What names an account: its number; the client's own as it was written when it signed in.
    fn id_of(&self, entry: &DirectoryEntry) -> String {
        if self.is_me(entry) { self.own_name().user.clone() } else { entry.extension.0.clone() }
    }

    fn is_me(&self, entry: &DirectoryEntry) -> bool {
        self.me().is_some_and(|me| me.user_id == entry.user_id)
    }

    /// The client's own account is there as long as the client is.
    fn is_online(&self, entry: &DirectoryEntry) -> bool {
        self.is_me(entry) || can_be_called(entry)
    }

    fn state_of(&self, entry: &DirectoryEntry) -> (&'static str, Away) {
        let state = if !can_be_called(entry) {
            "NONREG"
        } else if matches!(entry.presence, PresenceState::OnCall | PresenceState::Ringing) {
            "ISBUSY"
        } else {
            "ONHOOK"
        };
        let cause = entry.activity.map_or(NONE, cause_of);
        let own = self.is_me(entry) && cause != NONE && !self.away.cause.is_empty();
        let cause = if own { self.away.cause.clone() } else { cause.to_owned() };
        let tag = entry.note.as_ref().map(|note| note.0.clone()).unwrap_or_default();
        (state, Away { cause, tag })
    }
}

/// The cause that is none.
const NONE: &str = "NONE";
/// The longest tag, in characters of at most four bytes.
const MAX_TAG: usize = 64;

/// Whether a device of theirs would ring.
fn can_be_called(entry: &DirectoryEntry) -> bool {
    !matches!(entry.presence, PresenceState::Offline | PresenceState::Asleep)
}

fn cause_of(activity: Activity) -> &'static str {
    match activity {
        Activity::Dnd | Activity::Busy | Activity::Meeting => "DND",
        _ => "ONBREAK",
    }
}
