//! What people say of themselves: in the browser, and by their telephones. It is kept in memory: after a restart of the
//! app server nobody has said anything in a browser.

use std::{
    collections::{BTreeSet, HashMap},
    time::Instant,
};

use ringdown_control::{self as control, Command, MAX_NOTE_BYTES, PersonStatement, Statement};
use ringdown_protocol::{Activity, DirectoryEntry, ErrorInfo, PresenceParams};
use ringdown_types::{NodeId, Pii, SessionId, UserId};
use serde_json::{Value, json};

use super::{Desk, LinkId, requests::bad_request};

/// What people say, bounded by the accounts there are.
#[derive(Debug, Default)]
pub(super) struct Statements {
    /// In the browser.
    stated: HashMap<UserId, Statement>,
    /// By telephones, which each softswitch tells of.
    published: HashMap<UserId, HashMap<NodeId, Statement>>,
}

impl Statements {
    /// What others are shown. What a person says in the browser goes before what their telephones say.
    pub(super) fn shown(&self, user: UserId) -> (Option<Activity>, Option<Pii<String>>) {
        let stated = self.stated.get(&user);
        let published = || self.published.get(&user).into_iter().flat_map(HashMap::values);
        let all = || stated.into_iter().chain(published());
        let activity = all().find_map(|statement| statement.activity).map(to_client);
        let note = all().map(|statement| &statement.note).find(|note| !note.is_empty());
        (activity, note.cloned())
    }

    /// An entry of the directory with what the person says.
    pub(super) fn with(&self, mut entry: DirectoryEntry) -> DirectoryEntry {
        if let Ok(user) = entry.user_id.parse() {
            (entry.activity, entry.note) = self.shown(user);
        }
        entry
    }

    /// Forgets who has no account any more.
    pub(super) fn retain(&mut self, is_known: impl Fn(UserId) -> bool) {
        self.stated.retain(|user, _| is_known(*user));
        self.published.retain(|user, _| is_known(*user));
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
    /// A person says something of themselves. Every softswitch tells the telephones that watch them.
    pub(super) fn set_statement(
        &mut self,
        now: Instant,
        session: SessionId,
        params: PresenceParams,
    ) -> Result<Option<Value>, ErrorInfo> {
        let note = params.note.unwrap_or_default();
        if note.len() > MAX_NOTE_BYTES || note.chars().any(char::is_control) {
            return Err(bad_request("a note is at most 256 bytes of printable text"));
        }
        let Some(user) = self.sessions.get(&session).map(|session| session.record.user) else {
            return Ok(None);
        };
        let statement = Statement { activity: params.activity.map(to_switch), note };
        if statement == Statement::default() {
            self.statements.stated.remove(&user);
        } else {
            self.statements.stated.insert(user, statement.clone());
        }
        self.tell_all_nodes(&Command::State { people: vec![PersonStatement { user, statement }] });
        self.statement_changed(now, user);
        Ok(Some(json!({})))
    }

    /// A softswitch that just connected is told what people say.
    pub(super) fn tell_statements(&mut self, link: LinkId) {
        let person = |(user, statement): (&UserId, &Statement)| PersonStatement {
            user: *user,
            statement: statement.clone(),
        };
        let people: Vec<_> = self.statements.stated.iter().map(person).collect();
        if !people.is_empty() {
            self.tell_node(link, Command::State { people });
        }
    }

    /// Somebody's telephones say something else of them.
    pub(super) fn handle_published(&mut self, now: Instant, node: NodeId, person: PersonStatement) {
        let user = person.user;
        if self.roster.person(user).is_some() {
            self.statements.publish(node, person);
            self.statement_changed(now, user);
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

    /// Everybody is told with the next flush.
    fn statement_changed(&mut self, now: Instant, user: UserId) {
        for session in self.sessions.values_mut() {
            session.stale_presence.insert(user);
        }
        self.set_flush(now);
    }
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

const fn to_switch(activity: Activity) -> control::Activity {
    match activity {
        Activity::Away => control::Activity::Away,
        Activity::Busy => control::Activity::Busy,
        Activity::Meeting => control::Activity::Meeting,
        Activity::Meal => control::Activity::Meal,
        Activity::Vacation => control::Activity::Vacation,
    }
}
