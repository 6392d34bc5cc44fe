//! What people say of themselves: in the browser, and by their telephones. What is said in a browser outlives a restart
//! of the app server.

use std::{
    collections::{BTreeSet, HashMap, HashSet},
    time::{Duration, Instant},
};

use ringdown_control::{
    self as control, Command, DirectorySnapshot, MAX_NOTE_BYTES, PersonStatement, Statement,
};
use ringdown_protocol::{Activity, ErrorInfo, PresenceParams};
use ringdown_types::{NodeId, Pii, SessionId, UserId};
use serde_json::{Value, json};

use super::{Desk, LinkId, Output, PeopleChange, SavedStatement, requests::bad_request};
use crate::timer::Timer;

/// The furthest end of what somebody says: a parental leave fits, a mistaken unit does not.
const LONGEST: Duration = Duration::from_secs(366 * 24 * 60 * 60);

/// What others are shown of somebody's own words.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Shown {
    pub(super) activity: Option<Activity>,
    pub(super) note: Option<Pii<String>>,
    pub(super) until: Option<u64>,
}

/// What people say, bounded by the accounts there are.
#[derive(Debug, Default)]
pub(super) struct Statements {
    /// In the browser.
    stated: HashMap<UserId, SavedStatement>,
    /// By telephones, which each softswitch tells of.
    published: HashMap<UserId, HashMap<NodeId, Statement>>,
    /// When what is said in the browser ends, of those whose it does.
    ends: HashMap<UserId, Instant>,
    /// Who has do-not-disturb set.
    undisturbed: HashSet<UserId>,
}

impl Statements {
    /// Do-not-disturb goes before what a person says in the browser, and that before what their telephones say.
    fn shown(&self, user: UserId) -> Shown {
        let stated = self.stated.get(&user);
        let published = || self.published.get(&user).into_iter().flat_map(HashMap::values);
        let dnd = self.undisturbed.contains(&user).then_some(Activity::Dnd);
        let said = stated.and_then(|stated| stated.activity);
        let by_telephone = || published().find_map(|statement| statement.activity).map(to_client);
        let activity = dnd.or(said).or_else(by_telephone);
        // The end belongs to what was said with it.
        let until = stated.filter(|stated| stated.activity.is_none() || stated.activity == activity);
        let notes = stated.map(|stated| &stated.note).into_iter();
        let mut notes = notes.chain(published().map(|statement| &statement.note));
        Shown {
            activity,
            note: notes.find(|note| !note.is_empty()).cloned(),
            until: until.and_then(|stated| stated.until),
        }
    }

    /// Forgets who has no account any more.
    pub(super) fn retain(&mut self, is_known: impl Fn(UserId) -> bool) {
        self.stated.retain(|user, _| is_known(*user));
        self.published.retain(|user, _| is_known(*user));
        self.ends.retain(|user, _| is_known(*user));
    }

    fn publish(&mut self, node: NodeId, PersonStatement { user, statement }: PersonStatement) {
        let nodes = self.published.entry(user).or_default();
        if statement == Statement::default() {
            nodes.remove(&node);
        } else {
            nodes.insert(node, statement);
        }
        if nodes.is_empty() {
            self.published.remove(&user);
        }
    }
}

impl Desk {
    pub(super) fn shown(&self, user: UserId) -> Shown {
        self.statements.shown(user)
    }

    /// A person says something of themselves. Every softswitch tells the telephones that watch them.
    pub(super) fn set_statement(
        &mut self,
        now: Instant,
        session: SessionId,
        params: PresenceParams,
    ) -> Result<Option<Value>, ErrorInfo> {
        let note = params.note.clone().unwrap_or_default();
        if note.len() > MAX_NOTE_BYTES || note.chars().any(char::is_control) {
            return Err(bad_request("a note is at most 256 bytes of printable text"));
        }
        let (today, furthest) = (self.unix_ms(now), self.unix_ms(now + LONGEST));
        if params.until.is_some_and(|until| until <= today || until > furthest) {
            return Err(bad_request("until is a time within a year, Unix time in milliseconds"));
        }
        let Some(user) = self.sessions.get(&session).map(|session| session.record.user) else {
            return Ok(None);
        };
        let wants_rest = params.activity == Some(Activity::Dnd);
        if wants_rest != self.statements.undisturbed.contains(&user) {
            self.outputs.push_back(Output::People(PeopleChange::DoNotDisturb(user, wants_rest)));
        }
        let PresenceParams { activity, until, .. } = params;
        self.state(now, SavedStatement { user, activity, note, until });
        Ok(Some(json!({})))
    }

    /// Takes what a person says, tells it and has it kept.
    fn state(&mut self, now: Instant, said: SavedStatement) {
        let user = said.user;
        let says_nothing = said.activity.is_none() && said.note.is_empty();
        let statement = to_node(&said);
        self.set_statement_timer(now, &said);
        if says_nothing {
            self.statements.stated.remove(&user);
            self.outputs.push_back(Output::People(PeopleChange::NoStatement(user)));
        } else {
            self.outputs.push_back(Output::People(PeopleChange::Statement(said.clone())));
            self.statements.stated.insert(user, said);
        }
        self.tell_all_nodes(&Command::State { people: vec![PersonStatement { user, statement }] });
        self.mark_stale(now, user);
    }

    /// One timer for each person, however often they change their mind about a far end.
    fn set_statement_timer(&mut self, now: Instant, said: &SavedStatement) {
        if let Some(before) = self.statements.ends.remove(&said.user) {
            self.timers.cancel(before, Timer::Statement(said.user));
        }
        if let Some(until) = said.until {
            let left = Duration::from_millis(until.saturating_sub(self.unix_ms(now))).min(LONGEST);
            self.statements.ends.insert(said.user, now + left);
            self.timers.set(now + left, Timer::Statement(said.user));
        }
    }

    /// What somebody said may be over.
    pub(super) fn handle_statement_timer(&mut self, now: Instant, user: UserId) {
        let today = self.unix_ms(now);
        let is_over = |said: &&SavedStatement| said.until.is_some_and(|until| until <= today);
        let Some(said) = self.statements.stated.get(&user).filter(is_over) else { return };
        if said.activity == Some(Activity::Dnd) {
            self.outputs.push_back(Output::People(PeopleChange::DoNotDisturb(user, false)));
        }
        self.state(now, SavedStatement { user, activity: None, note: Pii::default(), until: None });
    }

    /// Takes what people said before a restart.
    pub(super) fn restore_statements(&mut self, now: Instant, statements: Vec<SavedStatement>) {
        for said in statements {
            self.set_statement_timer(now, &said);
            self.statements.stated.insert(said.user, said);
        }
    }

    /// Do-not-disturb is a setting, which telephones and admins change too.
    pub(super) fn take_undisturbed(&mut self, now: Instant, directory: &DirectorySnapshot) {
        let set = directory.users.iter().filter(|user| user.settings.do_not_disturb);
        let set: HashSet<_> = set.map(|user| user.id).collect();
        let before = std::mem::replace(&mut self.statements.undisturbed, set);
        let changed: BTreeSet<_> =
            before.symmetric_difference(&self.statements.undisturbed).copied().collect();
        for user in changed {
            let stated = self.statements.stated.get(&user);
            let ended =
                before.contains(&user) && stated.is_some_and(|said| said.activity == Some(Activity::Dnd));
            if ended {
                self.state(now, SavedStatement { user, activity: None, note: Pii::default(), until: None });
            } else {
                self.mark_stale(now, user);
            }
        }
    }

    /// A softswitch that just connected is told what people say.
    pub(super) fn tell_statements(&mut self, link: LinkId) {
        let person = |said: &SavedStatement| PersonStatement { user: said.user, statement: to_node(said) };
        let people: Vec<_> = self.statements.stated.values().map(person).collect();
        if !people.is_empty() {
            self.tell_node(link, Command::State { people });
        }
    }

    /// Somebody's telephones say something else of them.
    pub(super) fn handle_published(&mut self, now: Instant, node: NodeId, person: PersonStatement) {
        let user = person.user;
        if self.roster.person(user).is_some() {
            self.statements.publish(node, person);
            self.mark_stale(now, user);
        }
    }

    /// Everything telephones say at one softswitch.
    pub(super) fn set_published(&mut self, now: Instant, node: NodeId, people: Vec<PersonStatement>) {
        let said: BTreeSet<UserId> = people.iter().map(|person| person.user).collect();
        let at_node = |nodes: &HashMap<NodeId, Statement>| nodes.contains_key(&node);
        let published = self.statements.published.iter();
        let gone: Vec<UserId> = published
            .filter(|(user, nodes)| at_node(nodes) && !said.contains(user))
            .map(|(user, _)| *user)
            .collect();
        let silent = |user| PersonStatement { user, statement: Statement::default() };
        for person in gone.into_iter().map(silent).chain(people) {
            self.handle_published(now, node, person);
        }
    }
}

fn to_node(said: &SavedStatement) -> Statement {
    Statement { activity: said.activity.map(to_switch), note: said.note.clone() }
}

const fn to_client(activity: control::Activity) -> Activity {
    match activity {
        control::Activity::Away => Activity::Away,
        control::Activity::Busy => Activity::Busy,
        control::Activity::Meeting => Activity::Meeting,
        control::Activity::Meal => Activity::Meal,
        control::Activity::Vacation => Activity::Vacation,
    }
}

/// Telephones know fewer words (RFC 4480 §3.2).
const fn to_switch(activity: Activity) -> control::Activity {
    match activity {
        Activity::Away | Activity::Break => control::Activity::Away,
        Activity::Busy | Activity::Dnd => control::Activity::Busy,
        Activity::Meeting => control::Activity::Meeting,
        Activity::Meal => control::Activity::Meal,
        Activity::Vacation => control::Activity::Vacation,
    }
}
