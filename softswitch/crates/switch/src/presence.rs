//! What is known of people: their calls, what they say of themselves in the browser, what their telephones publish.
//! Presence and lamps are composed of it when somebody is to be told.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use ringdown_call::{LegRole, LegState, LegView, Notice, Party};
use ringdown_control::{Activity, Event, MAX_NOTE_BYTES, PersonStatement, Statement};
use ringdown_sip::subscription::{
    Activity as SipActivity, DialogDirection, DialogEntry, DialogInfo, DialogState, Identity, Presence,
    Publications, PublicationsConfig, Published,
};
use ringdown_types::{CallId, LegId, Pii, RoomId, UserId};

use crate::Switch;

/// What is known of people.
#[derive(Debug)]
pub(crate) struct People {
    /// Live legs by owner.
    lines: HashMap<UserId, BTreeMap<LegId, Line>>,
    stated: HashMap<UserId, Statement>,
    pub(crate) published: Publications<UserId>,
    /// What the app server was last told of publications.
    told: HashMap<UserId, Statement>,
    /// Whose lamp or presence may have changed since watchers were last told.
    changed: BTreeSet<Watched>,
}

/// What can be watched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Watched {
    /// A person.
    User(UserId),
    /// A place where calls are parked.
    Slot(u32),
    /// A conference room.
    Room(RoomId),
}

/// One live leg, as far as lamps show it.
#[derive(Debug, PartialEq, Eq)]
struct Line {
    call: CallId,
    state: LegState,
    role: LegRole,
    held: bool,
    peer: Party,
}

impl Default for People {
    fn default() -> Self {
        Self {
            lines: HashMap::new(),
            stated: HashMap::new(),
            published: Publications::new(PublicationsConfig::default()),
            told: HashMap::new(),
            changed: BTreeSet::new(),
        }
    }
}

impl People {
    /// Something about somebody may be new.
    pub(crate) fn changed(&mut self, user: UserId) {
        self.changed.insert(Watched::User(user));
    }

    /// The same of anything that is watched.
    pub(crate) fn watched_changed(&mut self, watched: Watched) {
        self.changed.insert(watched);
    }

    /// What may have changed since this was last asked.
    pub(crate) fn take_changed(&mut self) -> BTreeSet<Watched> {
        std::mem::take(&mut self.changed)
    }

    /// Follows call control.
    pub(crate) fn note(&mut self, notice: &Notice) {
        match notice {
            Notice::LegChanged(view) => {
                let line = Line::of(view);
                let lines = self.lines.entry(view.user).or_default();
                if lines.get(&view.leg) != Some(&line) {
                    lines.insert(view.leg, line);
                    self.changed.insert(Watched::User(view.user));
                }
            }
            Notice::LegEnded { leg, .. } => {
                if let Some(lines) = self.lines.get_mut(&leg.user) {
                    lines.remove(&leg.leg);
                    if lines.is_empty() {
                        self.lines.remove(&leg.user);
                    }
                }
                self.changed.insert(Watched::User(leg.user));
            }
            Notice::Parked(parked) => self.watched_changed(Watched::Slot(parked.slot)),
            Notice::SlotFree { slot } => self.watched_changed(Watched::Slot(*slot)),
            Notice::RoomChanged(room) => self.watched_changed(Watched::Room(room.room)),
            _ => {}
        }
    }

    /// Somebody says something of themselves in the browser.
    pub(crate) fn state(&mut self, user: UserId, statement: Statement) {
        if statement == Statement::default() {
            self.stated.remove(&user);
        } else {
            self.stated.insert(user, statement);
        }
        self.changed(user);
    }

    /// Forgets who is not in the directory.
    pub(crate) fn retain(&mut self, is_known: impl Fn(UserId) -> bool) {
        self.stated.retain(|user, _| is_known(*user));
        self.told.retain(|user, _| is_known(*user));
    }

    fn is_talking(&self, user: UserId) -> bool {
        self.lines.get(&user).is_some_and(|lines| lines.values().any(|line| line.state == LegState::Active))
    }

    /// Somebody's calls, one line each. Of several devices in one call the furthest counts.
    fn calls(&self, user: UserId) -> BTreeMap<CallId, &Line> {
        let mut calls: BTreeMap<CallId, &Line> = BTreeMap::new();
        // A device that is being reached and does not ring yet shows nothing: its lamp would blink a second late.
        let is_seen = |line: &&Line| (line.role, line.state) != (LegRole::Callee, LegState::Dialing);
        for line in self.lines.get(&user).into_iter().flat_map(BTreeMap::values).filter(is_seen) {
            let known = calls.entry(line.call).or_insert(line);
            if rank(line.state) > rank(known.state) {
                *known = line;
            }
        }
        calls
    }

    /// What a user's telephones publish, in the app server's words; `None` if it was told so already.
    fn publication_to_tell(&mut self, user: UserId) -> Option<Statement> {
        let Published { activity, note, .. } = self.published.of(&user);
        let statement = Statement { activity: activity.and_then(from_sip), note: Pii(note) };
        let known = self.told.get(&user).cloned().unwrap_or_default();
        if known == statement {
            return None;
        }
        if statement == Statement::default() {
            self.told.remove(&user);
        } else {
            self.told.insert(user, statement.clone());
        }
        Some(statement)
    }

    /// Users whose telephones say something of them.
    pub(crate) fn publications(&self) -> Vec<PersonStatement> {
        let person = |(user, statement): (&UserId, &Statement)| PersonStatement {
            user: *user,
            statement: statement.clone(),
        };
        self.told.iter().map(person).collect()
    }
}

impl Line {
    fn of(view: &LegView) -> Self {
        Self { call: view.call, state: view.state, role: view.role, held: view.held, peer: view.peer.clone() }
    }
}

impl Switch {
    /// What telephones publish of a user may be new to the app server and to who watches.
    pub(crate) fn publication_changed(&mut self, user: UserId) {
        self.people.changed(user);
        if let Some(statement) = self.people.publication_to_tell(user) {
            self.event(Event::Published { person: PersonStatement { user, statement } });
        }
    }

    /// People say something of themselves in the browser.
    pub(crate) fn people_state(&mut self, people: Vec<PersonStatement>) {
        for PersonStatement { user, mut statement } in people {
            // A user this directory does not know yet is kept out: the app server tells again after a directory.
            if self.directory.user(user).is_some() {
                let cut = statement.note.floor_char_boundary(MAX_NOTE_BYTES);
                statement.note.0.truncate(cut);
                self.people.state(user, statement);
            }
        }
    }

    /// Whether and how somebody can be reached. What is seen goes before what is said, and what the person says in
    /// the browser before what their telephones say.
    pub(crate) fn presence(&self, user: UserId) -> Presence {
        let said = self.people.published.of(&user);
        let stated = self.people.stated.get(&user);
        let is_there =
            self.sessions.of_user(user).next().is_some() || self.binding_keys(user).next().is_some();
        let seen = self.people.is_talking(user).then_some(SipActivity::OnThePhone);
        let wants_rest = self.directory.does_not_disturb(user).then_some(SipActivity::Busy);
        let chosen = stated.and_then(|stated| stated.activity).map(to_sip);
        let activity = seen.or(wants_rest).or(chosen).or(said.activity);
        let note = stated.map(|stated| stated.note.0.clone()).filter(|note| !note.is_empty());
        Presence {
            entity: self.sip_address(user),
            // A telephone that says it is closed speaks for its user as long as nobody is seen talking.
            open: is_there && (seen.is_some() || said.open != Some(false)),
            activity,
            note: note.unwrap_or(said.note),
        }
    }

    /// Somebody's calls, for lamps.
    pub(crate) fn dialog_info(&self, user: UserId) -> DialogInfo {
        let calls = self.people.calls(user);
        let local = self.identity(&Party::User(user));
        let entry = |(call, line): (CallId, &Line)| DialogEntry {
            id: format!("{:x}", call.as_u128()),
            state: match line.state {
                LegState::Dialing => DialogState::Trying,
                LegState::Ringing => DialogState::Early,
                LegState::Active => DialogState::Confirmed,
                LegState::Ended => DialogState::Terminated,
            },
            direction: match line.role {
                LegRole::Caller => DialogDirection::Initiator,
                LegRole::Callee => DialogDirection::Recipient,
            },
            held: line.held,
            local: Some(local.clone()),
            remote: Some(self.identity(&line.peer)),
        };
        let dialogs = calls.into_iter().take(MAX_DIALOGS).map(entry).collect();
        DialogInfo { entity: self.sip_address(user), dialogs }
    }

    /// Who waits in a slot, for its lamp: busy while somebody does.
    pub(crate) fn slot_info(&self, slot: u32) -> DialogInfo {
        let entity = self.sip_uri(&slot.to_string());
        let waiting = self.calls.parked().find(|parked| parked.slot == slot);
        let entry = waiting.map(|parked| DialogEntry {
            id: format!("{:x}", parked.call.as_u128()),
            state: DialogState::Confirmed,
            direction: DialogDirection::Recipient,
            held: true,
            local: Some(Identity { uri: entity.clone(), display: String::new() }),
            remote: Some(self.identity(&parked.party)),
        });
        DialogInfo { entity, dialogs: entry.into_iter().collect() }
    }

    /// Whether somebody is in a room, for its lamp. Who, it does not say. `None` for a room that is no more.
    pub(crate) fn room_info(&self, id: RoomId) -> Option<DialogInfo> {
        let entity = self.sip_uri(self.directory.room(id)?.extension.as_str());
        let is_used = self.calls.rooms().any(|room| room.room == id && !room.members.is_empty());
        let entry = is_used.then(|| DialogEntry {
            id: format!("{:x}", id.as_u128()),
            state: DialogState::Confirmed,
            direction: DialogDirection::Recipient,
            held: false,
            local: Some(Identity { uri: entity.clone(), display: String::new() }),
            remote: None,
        });
        Some(DialogInfo { entity, dialogs: entry.into_iter().collect() })
    }

    fn identity(&self, party: &Party) -> Identity {
        let party = self.directory.party(party);
        Identity { uri: self.sip_uri(&party.number), display: party.name.0 }
    }

    /// The SIP URI of a user.
    pub(crate) fn sip_address(&self, user: UserId) -> String {
        self.sip_uri(self.directory.user(user).map_or("", |user| user.extension.as_str()))
    }
}

const fn rank(state: LegState) -> u8 {
    match state {
        LegState::Ended => 0,
        LegState::Dialing => 1,
        LegState::Ringing => 2,
        LegState::Active => 3,
    }
}

const fn to_sip(activity: Activity) -> SipActivity {
    match activity {
        Activity::Away => SipActivity::Away,
        Activity::Busy => SipActivity::Busy,
        Activity::Meeting => SipActivity::Meeting,
        Activity::Meal => SipActivity::Meal,
        Activity::Vacation => SipActivity::Vacation,
    }
}

/// Being in a call is seen, not said.
const fn from_sip(activity: SipActivity) -> Option<Activity> {
    match activity {
        SipActivity::Away => Some(Activity::Away),
        SipActivity::Busy => Some(Activity::Busy),
        SipActivity::Meeting => Some(Activity::Meeting),
        SipActivity::Meal => Some(Activity::Meal),
        SipActivity::Vacation => Some(Activity::Vacation),
        SipActivity::OnThePhone => None,
    }
}

/// Calls one document names. A user has at most 100; a lamp shows one, and a NOTIFY should fit into a datagram.
const MAX_DIALOGS: usize = 8;
