//! Browsers that can be woken: while no page of theirs is there, a session of theirs stands by and is rung.
//!
//! ```text
//!  no page, can be woken ──▶ standing by ── a call rings ──▶ Output::Wake ──▶ a push to the browser
//!                                 │                                               │ it opens a page
//!                                 │ a page, and nothing that rings                ▼ hello
//!                                 └──▶ (gone)                    the page's session, under the same id
//! ```
//!
//! The page that opens takes the standing session's place, so the leg that rings is its own and can be answered there.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use ringdown_control::Command;
use ringdown_types::{CallId, EndReason, LegId, Pii, SessionId, UserId};

use super::{Desk, Output};
use crate::leg::Leg;
use crate::session::{Presence, Session, SessionKind, SessionRecord};

/// Who can be woken, with the session that stands by for them while no page of theirs is there.
pub(super) type Standbys = HashMap<UserId, Option<SessionId>>;

/// A call that rings a browser without a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WakeCall {
    /// Whom.
    pub user: UserId,
    /// The leg that rings.
    pub leg: LegId,
    /// Its call.
    pub call: CallId,
    /// Who calls, where they have a name.
    pub name: Pii<String>,
    /// Their number.
    pub number: Pii<String>,
    /// How long it may ring.
    pub within: Duration,
}

/// The longest a call rings anybody: an account's `ring_seconds` end there.
const LONGEST_RING: Duration = Duration::from_secs(300);

impl Desk {
    /// Whether a user's browsers can be woken.
    pub fn handle_wakeable(&mut self, now: Instant, user: UserId, on: bool) {
        if on {
            self.standbys.entry(user).or_default();
        } else if let Some(Some(session)) = self.standbys.remove(&user) {
            self.end_session(now, session, None);
        }
        self.update_standby(now, user);
    }

    /// Refuses a ringing leg on behalf of a browser that was woken for it.
    pub fn handle_wake_declined(&mut self, user: UserId, leg: LegId) {
        let Some(known) = self.mirror.leg(leg).filter(|known| known.info.user == Some(user)) else { return };
        if known.info.answered_at.is_some() {
            return;
        }
        let link = self.nodes.get(&known.node).and_then(|node| node.link);
        if let Some(link) = link {
            self.tell_node(link, Command::Decline { leg, reason: EndReason::Declined });
        }
    }

    /// Has a session stand by where one should, and none where none should.
    pub(super) fn update_standby(&mut self, now: Instant, user: UserId) {
        let Some(&standing) = self.standbys.get(&user) else { return };
        let is_there = self.sessions_of(user).iter().filter_map(|id| self.sessions.get(id)).any(|session| {
            session.kind == SessionKind::Phone
                && !session.asleep
                && matches!(session.presence, Presence::Attached { .. })
        });
        let person = self.roster.person(user).filter(|person| person.enabled);
        match (standing, person.map(|person| person.epoch)) {
            (None, Some(epoch)) if !is_there => self.stand_by(now, user, epoch),
            // What rings there waits for the page that opens for it: another page that comes to life has it no more.
            (Some(session), _)
                if is_there && !self.mirror.legs_of(user).any(|leg| leg.session() == Some(session)) =>
            {
                self.standbys.insert(user, None);
                self.end_session(now, session, None);
            }
            _ => {}
        }
    }

    fn stand_by(&mut self, now: Instant, user: UserId, epoch: u64) {
        let id = SessionId::random(self.random.as_mut());
        let mut secret_hash = [0; 32];
        // Nobody resumes it.
        self.random.fill(&mut secret_hash);
        let record = SessionRecord { id, secret_hash, user, epoch, family: String::new() };
        let mut session = Session::new(record, Presence::Detached { since: now }, false);
        session.kind = SessionKind::Standby;
        self.sessions.insert(id, session);
        self.by_user.entry(user).or_default().insert(id);
        self.standbys.insert(user, Some(id));
        self.announce(id);
    }

    /// A page of the user's is here: the id of the session whose place it takes, with the leg that rings there. It is
    /// announced already.
    pub(super) fn relieve_standby(&mut self, user: UserId) -> Option<SessionId> {
        let id = (*self.standbys.get(&user)?)?;
        if !self.mirror.legs_of(user).any(|leg| leg.session() == Some(id)) {
            return None;
        }
        self.standbys.insert(user, None);
        self.sessions.remove(&id)?;
        Some(id)
    }

    /// A session ended, whatever ended it.
    pub(super) fn forget_standby(&mut self, user: UserId, id: SessionId) {
        if let Some(standing) = self.standbys.get_mut(&user)
            && *standing == Some(id)
        {
            *standing = None;
        }
    }

    /// A leg was offered: whoever stands by for it is woken.
    pub(super) fn wake(&mut self, leg: LegId) {
        let Some(known) = self.mirror.leg(leg) else { return };
        let Some(user) = known.info.user.filter(|_| self.is_standing(known.session())) else { return };
        let ring = self.directory.as_ref().and_then(|directory| {
            let user = directory.users.iter().find(|known| known.id == user)?;
            Some(Duration::from_secs(user.ring_seconds.into()))
        });
        let call = WakeCall {
            user,
            leg,
            call: known.info.call,
            name: known.info.peer.name.clone(),
            number: known.info.peer.number.clone(),
            within: ring.unwrap_or(LONGEST_RING),
        };
        if let Some(known) = self.mirror.leg_mut(leg) {
            known.wakes = true;
        }
        self.outputs.push_back(Output::Wake(Box::new(call)));
    }

    /// A leg was answered or ended: whoever was woken for it need not come any more, also where a page has taken it.
    pub(super) fn wake_is_over(&mut self, user: UserId, leg: &Leg, reason: EndReason) {
        if !leg.wakes {
            return;
        }
        if let Some(known) = self.mirror.leg_mut(leg.info.leg) {
            known.wakes = false;
        }
        self.outputs.push_back(Output::WakeOver { user, call: leg.info.call, reason });
    }

    fn is_standing(&self, session: Option<SessionId>) -> bool {
        let session = session.and_then(|id| self.sessions.get(&id));
        session.is_some_and(|session| session.kind == SessionKind::Standby)
    }
}
