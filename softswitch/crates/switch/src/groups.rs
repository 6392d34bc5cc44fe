//! Ring groups: who rings in which order, from what the switch has seen.
//!
//! How long somebody has been without a call, and who answered last, is known since the switch started; whoever has
//! not talked since then counts as idle for the longest.

use std::{
    collections::HashMap,
    sync::Arc,
    time::{Duration, Instant},
};

use ringdown_call::{Callee, Destination, Forwards, Group, LegRole, LegState, Notice, Stage};
use ringdown_control::RingGroup;
use ringdown_types::{CallId, EndReason, GroupId, Pii, RingStrategy, UserId};

use crate::{Switch, directory::Directory};

/// What the switch has seen of groups and their members.
#[derive(Debug, Default)]
pub(crate) struct GroupMemory {
    /// When each user's last answered call ended; bounded by the directory.
    talked_until: HashMap<UserId, Instant>,
    /// Who answered each group's last call; bounded by the directory.
    answered_last: HashMap<GroupId, UserId>,
    /// Calls that ring a group; bounded by the calls there are.
    ringing: HashMap<CallId, GroupId>,
}

impl GroupMemory {
    /// A call rings a group.
    pub(crate) fn rings(&mut self, call: CallId, group: GroupId) {
        self.ringing.insert(call, group);
    }

    /// A call goes where it rings no group.
    pub(crate) fn rings_no_group(&mut self, call: CallId) {
        self.ringing.remove(&call);
    }

    /// Call control tells something.
    pub(crate) fn note(&mut self, now: Instant, notice: &Notice) {
        match notice {
            Notice::LegChanged(leg) if leg.role == LegRole::Callee && leg.state == LegState::Active => {
                if let Some(group) = self.ringing.remove(&leg.call) {
                    self.answered_last.insert(group, leg.user);
                }
            }
            Notice::LegEnded { leg, .. } if leg.answered_at.is_some() => {
                self.talked_until.insert(leg.user, now);
            }
            Notice::CallEnded(record) => self.rings_no_group(record.call),
            _ => {}
        }
    }

    /// Forgets whom and what a directory does not name.
    pub(crate) fn keep_only(&mut self, directory: &Directory) {
        self.talked_until.retain(|user, _| directory.user(*user).is_some());
        self.answered_last.retain(|group, _| directory.group(*group).is_some());
    }

    /// The members in the order they are to be tried. `is_talking` says who is in a call.
    fn order(&self, group: &RingGroup, is_talking: impl Fn(UserId) -> bool) -> Vec<UserId> {
        let mut members = group.members.clone();
        match group.strategy {
            RingStrategy::All | RingStrategy::InOrder => {}
            RingStrategy::RoundRobin => {
                let last = self.answered_last.get(&group.id);
                if let Some(at) = last.and_then(|last| members.iter().position(|member| member == last)) {
                    members.rotate_left(at + 1);
                }
            }
            // The sort is stable: equally idle members ring in the group's order. `None` comes first.
            RingStrategy::LongestIdle => {
                members.sort_by_key(|&member| (is_talking(member), self.talked_until.get(&member).copied()));
            }
        }
        members
    }
}

impl Switch {
    /// A group's members in the stages its strategy makes of them.
    pub(crate) fn ring_group(&self, id: GroupId) -> Destination {
        let Some(group) = self.directory.group(id) else {
            return Destination::Refused(EndReason::NotFound);
        };
        let ring = Duration::from_secs(group.ring_seconds.into());
        let members = self.group_memory.order(group, |member| self.calls.user_calls(member) > 0);
        let callees = members.into_iter().filter_map(|member| self.member(member));
        let stages = match group.strategy {
            RingStrategy::All => vec![Stage { members: callees.collect(), ring }],
            _ => callees.map(|callee| Stage { members: vec![callee], ring }).collect(),
        };
        Destination::Group(Group {
            number: Pii(Arc::from(group.extension.as_str())),
            stages,
            overflow: group.overflow.as_ref().map(|to| Pii(Arc::from(to.as_str()))),
        })
    }

    /// A member as a group rings them: what they do with calls of their own is not the group's. Who forwards every
    /// call is elsewhere, and passed over.
    fn member(&self, user: UserId) -> Option<Callee> {
        let facts = self.directory.user(user)?;
        let is_here = facts.enabled && facts.settings.forward.always.is_none();
        is_here.then(|| Callee { forwards: Forwards::default(), ..self.callee(user) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALICE: UserId = UserId::from_u128(1);
    const BOB: UserId = UserId::from_u128(2);
    const CAROL: UserId = UserId::from_u128(3);

    fn group(strategy: RingStrategy) -> RingGroup {
        RingGroup {
            id: GroupId::from_u128(9),
            extension: "200".parse().expect("an extension"),
            name: "Sales".to_owned(),
            members: vec![ALICE, BOB, CAROL],
            strategy,
            ring_seconds: 20,
            overflow: None,
        }
    }

    #[test]
    fn round_robin_starts_after_who_answered_last() {
        let mut memory = GroupMemory::default();
        let group = group(RingStrategy::RoundRobin);
        assert_eq!(memory.order(&group, |_| false), [ALICE, BOB, CAROL]);
        memory.answered_last.insert(group.id, ALICE);
        assert_eq!(memory.order(&group, |_| false), [BOB, CAROL, ALICE]);
        memory.answered_last.insert(group.id, CAROL);
        assert_eq!(memory.order(&group, |_| false), [ALICE, BOB, CAROL]);
    }

    #[test]
    #[allow(clippy::disallowed_methods)] // The clock's starting point.
    fn the_longest_idle_is_who_talked_longest_ago_and_who_talks_is_last() {
        let now = Instant::now();
        let mut memory = GroupMemory::default();
        let group = group(RingStrategy::LongestIdle);
        memory.talked_until.insert(ALICE, now + Duration::from_secs(20));
        memory.talked_until.insert(BOB, now + Duration::from_secs(10));
        assert_eq!(memory.order(&group, |_| false), [CAROL, BOB, ALICE]);
        assert_eq!(memory.order(&group, |member| member == CAROL), [BOB, ALICE, CAROL]);
    }
}
