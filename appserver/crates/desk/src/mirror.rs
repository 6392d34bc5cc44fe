//! The softswitches' calls and registrations, mirrored from their events.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    time::Instant,
};

use ringdown_control::{LegInfo, LegState, RegistrationInfo};
use ringdown_types::{CallId, LegId, NodeId, QualityReport, UserId};

use crate::leg::Leg;

/// Legs that are not over, and reachable telephones.
#[derive(Debug, Default)]
pub(crate) struct Mirror {
    legs: HashMap<LegId, Leg>,
    by_user: HashMap<UserId, BTreeSet<LegId>>,
    by_call: HashMap<CallId, BTreeSet<LegId>>,
    bindings: HashMap<UserId, HashMap<NodeId, u32>>,
}

impl Mirror {
    pub(crate) fn len(&self) -> usize {
        self.legs.len()
    }

    pub(crate) fn leg(&self, leg: LegId) -> Option<&Leg> {
        self.legs.get(&leg)
    }

    pub(crate) fn leg_mut(&mut self, leg: LegId) -> Option<&mut Leg> {
        self.legs.get_mut(&leg)
    }

    pub(crate) fn legs(&self) -> impl Iterator<Item = &Leg> {
        self.legs.values()
    }

    pub(crate) fn legs_of(&self, user: UserId) -> impl Iterator<Item = &Leg> {
        self.by_user.get(&user).into_iter().flatten().filter_map(|leg| self.legs.get(leg))
    }

    /// The legs of a call.
    pub(crate) fn legs_in(&self, call: CallId) -> impl Iterator<Item = LegId> + '_ {
        self.by_call.get(&call).into_iter().flatten().copied()
    }

    pub(crate) fn legs_at(&self, node: NodeId) -> Vec<LegId> {
        self.legs.values().filter(|leg| leg.node == node).map(|leg| leg.info.leg).collect()
    }

    pub(crate) fn has_telephone(&self, user: UserId) -> bool {
        self.bindings.get(&user).is_some_and(|nodes| nodes.values().any(|&bindings| bindings > 0))
    }

    /// Takes a leg as it is; an ended one is taken out. If it became active, it did so at `active_since`.
    pub(crate) fn put(&mut self, active_since: Instant, node: NodeId, info: LegInfo) -> Leg {
        let mut leg = self.take(info.leg).unwrap_or_else(|| Leg {
            info: info.clone(),
            node,
            variables: BTreeMap::new(),
            offer: None,
            auto_answer: false,
            active_since: None,
            quality: QualityReport::default(),
            wakes: false,
        });
        if info.state == LegState::Active && leg.active_since.is_none() {
            leg.active_since = Some(active_since);
        }
        leg.node = node;
        leg.info = info;
        if leg.info.state != LegState::Ended {
            if let Some(user) = leg.info.user {
                self.by_user.entry(user).or_default().insert(leg.info.leg);
            }
            self.by_call.entry(leg.info.call).or_default().insert(leg.info.leg);
            self.legs.insert(leg.info.leg, leg.clone());
        }
        leg
    }

    /// Takes a leg out.
    pub(crate) fn take(&mut self, leg: LegId) -> Option<Leg> {
        let leg = self.legs.remove(&leg)?;
        if let Some(legs) = self.by_call.get_mut(&leg.info.call) {
            legs.remove(&leg.info.leg);
            if legs.is_empty() {
                self.by_call.remove(&leg.info.call);
            }
        }
        if let Some(user) = leg.info.user
            && let Some(legs) = self.by_user.get_mut(&user)
        {
            legs.remove(&leg.info.leg);
            if legs.is_empty() {
                self.by_user.remove(&user);
            }
        }
        Some(leg)
    }

    pub(crate) fn set_bindings(&mut self, node: NodeId, registration: &RegistrationInfo) {
        let nodes = self.bindings.entry(registration.user).or_default();
        if registration.bindings > 0 {
            nodes.insert(node, registration.bindings);
        } else {
            nodes.remove(&node);
        }
        if nodes.is_empty() {
            self.bindings.remove(&registration.user);
        }
    }

    /// Users with a telephone at `node`.
    pub(crate) fn registered_at(&self, node: NodeId) -> Vec<UserId> {
        self.bindings.iter().filter(|(_, nodes)| nodes.contains_key(&node)).map(|(user, _)| *user).collect()
    }
}
