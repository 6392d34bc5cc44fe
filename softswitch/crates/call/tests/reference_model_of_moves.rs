//! The reference model of what moves legs between calls: transfer, parking, pick-up, Replaces, originated calls, with
//! holds, drops and late events between them. `reference_model.rs` holds the model of one call before its answer.
//!
//! The model knows groups of legs and nothing of how the real thing keeps them. After each step the legs, their
//! states, who hears whom and who is shown to whom must agree; the support's invariants run too: a leg is in exactly
//! one call, bridges go both ways, one record per call, slots are as they were told, no timer without a call.

mod support;

use std::{
    collections::{BTreeSet, VecDeque},
    time::Duration,
};

use proptest::prelude::*;
use ringdown_call::{
    Destination, DeviceId, LegCommand, LegEvent, LegState, OfferedCall, Originate, Parking, Party,
};
use ringdown_types::{EndReason, LegId, UserId};
use support::*;

const USERS: [UserId; 4] = [ALICE, BOB, CAROL, DAVE];
const NUMBERS: [&str; 8] = ["101", "102", "103", "104", "*68", "701", "702", "999"];
const PARKED_SECONDS: u64 = 60;
const SAYING_SECONDS: u64 = 120;

/// One step. Numbers of users, legs and numbers wrap around.
#[derive(Debug, Clone, Copy)]
enum Step {
    Calls(usize, usize),
    Originates(usize, usize),
    PicksUp(usize, usize),
    Replaces(usize, usize),
    Rings(usize),
    Answers(usize),
    Refuses(usize, EndReason),
    HangsUp(usize),
    MediaFails(usize),
    Holds(usize, bool),
    Transfers(usize, usize, bool),
    Completes(usize, usize),
    Parks(usize, Option<u32>),
    HearsTheEnd(usize),
    Waits(u64),
}

impl Step {
    /// The same with the numbers of legs there are.
    fn of(self, model: &Model) -> Self {
        match self {
            Self::Rings(leg) => Self::Rings(model.chosen(leg)),
            Self::Answers(leg) => Self::Answers(model.chosen(leg)),
            Self::Refuses(leg, reason) => Self::Refuses(model.chosen(leg), reason),
            Self::HangsUp(leg) => Self::HangsUp(model.chosen(leg)),
            Self::MediaFails(leg) => Self::MediaFails(model.chosen(leg)),
            Self::Holds(leg, held) => Self::Holds(model.chosen(leg), held),
            Self::Transfers(leg, to, stays) => Self::Transfers(model.chosen(leg), to, stays),
            Self::Completes(leg, other) => {
                let leg = model.chosen(leg);
                Self::Completes(leg, model.chosen_beside(leg, other))
            }
            Self::Parks(leg, slot) => Self::Parks(model.chosen(leg), slot),
            Self::HearsTheEnd(leg) => Self::HearsTheEnd(model.chosen(leg)),
            other => other,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq)]
struct Leg {
    id: LegId,
    user: UserId,
    device: DeviceId,
    state: LegState,
    held: bool,
    live: bool,
}

#[derive(Debug, Clone, PartialEq)]
enum Kind {
    Rings {
        called: Vec<usize>,
        until: u64,
    },
    Talks {
        partner: usize,
    },
    Parked {
        slot: u32,
        parker: UserId,
        until: u64,
    },
    /// Says so many prompts.
    Says {
        prompts: usize,
        until: u64,
    },
}

#[derive(Debug, Clone)]
struct Group {
    anchor: Option<usize>,
    kind: Kind,
    recall: Option<UserId>,
    watcher: Option<usize>,
    /// What an originated call dials once its user has answered.
    dials: Option<(UserId, &'static str)>,
}

/// What the model believes.
#[derive(Debug, Default)]
struct Model {
    legs: Vec<Leg>,
    groups: Vec<Group>,
    /// Legs the real thing started in this step.
    fresh: VecDeque<LegId>,
    now: u64,
}

fn devices(user: UserId) -> Vec<DeviceId> {
    match user {
        ALICE => vec![ALICE_TAB],
        BOB => vec![BOB_TAB, BOB_PHONE],
        CAROL => vec![CAROL_PHONE],
        _ => vec![DAVE_PHONE],
    }
}

impl Model {
    fn leg(&mut self, id: LegId, user: UserId, device: DeviceId, state: LegState) -> usize {
        self.legs.push(Leg { id, user, device, state, held: false, live: true });
        self.legs.len() - 1
    }

    /// Mostly a live leg; sometimes one that is over, whose event crossed its end.
    fn chosen(&self, number: usize) -> usize {
        let live: Vec<usize> = (0..self.legs.len()).filter(|leg| self.legs[*leg].live).collect();
        if number.is_multiple_of(6) || live.is_empty() {
            return number % self.legs.len();
        }
        live[number / 6 % live.len()]
    }

    /// Mostly another live leg of the same user.
    fn chosen_beside(&self, leg: usize, number: usize) -> usize {
        let beside = |other: &usize| {
            *other != leg && self.legs[*other].live && self.legs[*other].user == self.legs[leg].user
        };
        let others: Vec<usize> = (0..self.legs.len()).filter(beside).collect();
        if number.is_multiple_of(6) || others.is_empty() {
            return number % self.legs.len();
        }
        others[number / 6 % others.len()]
    }

    fn end(&mut self, leg: usize) {
        self.legs[leg].live = false;
    }

    fn group_of(&self, leg: usize) -> Option<usize> {
        self.groups.iter().position(|group| group.members().contains(&leg))
    }

    fn active(&self, leg: usize) -> bool {
        self.legs[leg].live && self.legs[leg].state == LegState::Active
    }

    /// The group in which a leg talks, and with whom.
    fn talks(&self, leg: usize) -> Option<(usize, usize)> {
        let at = self.group_of(leg)?;
        let Kind::Talks { partner } = self.groups[at].kind else { return None };
        let anchor = self.groups[at].anchor?;
        Some((at, if leg == partner { anchor } else { partner }))
    }

    fn calls_of(&self, user: UserId, but: Option<usize>) -> usize {
        let has = |group: &Group| group.members().iter().any(|leg| self.legs[*leg].user == user);
        self.groups.iter().enumerate().filter(|(at, group)| Some(*at) != but && has(group)).count()
    }

    fn end_group(&mut self, at: usize) {
        for leg in self.groups.remove(at).members() {
            self.end(leg);
        }
    }

    /// A user's devices ring in a group; `but` is a group that does not count yet.
    fn ring(&mut self, at: usize, user: UserId, but: Option<usize>) {
        let used: BTreeSet<DeviceId> =
            self.groups[at].members().iter().map(|leg| self.legs[*leg].device).collect();
        let mut rung: Vec<DeviceId> =
            devices(user).into_iter().filter(|device| !used.contains(device)).collect();
        rung.sort_unstable();
        if rung.is_empty() || self.calls_of(user, but) >= 2 {
            return self.nobody(at);
        }
        let mut called = Vec::new();
        for device in rung {
            let id = self.fresh.pop_front().expect("a leg was started");
            called.push(self.leg(id, user, device, LegState::Dialing));
        }
        self.groups[at].kind = Kind::Rings { called, until: self.now + RING.as_millis() as u64 };
    }

    /// Nobody takes a group's anchor.
    fn nobody(&mut self, at: usize) {
        if let Kind::Rings { called, .. } = &mut self.groups[at].kind {
            for leg in std::mem::take(called) {
                self.end(leg);
            }
        }
        if let Some(partner) = self.groups[at].watcher.take() {
            self.groups[at].recall = None;
            self.groups[at].kind = Kind::Talks { partner };
        } else if let Some(user) = self.groups[at].recall.take() {
            self.ring(at, user, None);
        } else {
            self.end_group(at);
        }
    }

    fn slot_holder(&self, wanted: u32) -> Option<usize> {
        self.groups.iter().position(|group| matches!(group.kind, Kind::Parked { slot, .. } if slot == wanted))
    }

    fn free_slot(&self, wanted: Option<u32>) -> Option<u32> {
        let mut slots = 701..=702;
        slots.find(|slot| wanted.is_none_or(|wanted| wanted == *slot) && self.slot_holder(*slot).is_none())
    }

    /// A group's anchor goes where a number leads. `by` hands it on, if anybody does.
    fn goes_to(&mut self, at: usize, number: &str, by: Option<UserId>, but: Option<usize>) {
        match number {
            "101" => self.ring(at, ALICE, but),
            "102" => self.ring(at, BOB, but),
            "103" => self.ring(at, CAROL, but),
            "104" => self.ring(at, DAVE, but),
            "*68" => self.goes_to_slot(at, None, by),
            "701" | "702" => {
                let slot: u32 = number.parse().expect("a slot");
                match self.slot_holder(slot) {
                    Some(parked) => self.joins(at, parked),
                    None => self.goes_to_slot(at, Some(slot), by),
                }
            }
            _ => self.nobody(at),
        }
    }

    /// A group's anchor becomes the partner of a parked one.
    fn joins(&mut self, at: usize, parked: usize) {
        let anchor = self.groups[at].anchor.expect("it has one");
        self.legs[anchor].state = LegState::Active;
        self.groups[parked].kind = Kind::Talks { partner: anchor };
        self.groups[at].anchor = None;
        self.end_group(at);
    }

    fn goes_to_slot(&mut self, at: usize, slot: Option<u32>, by: Option<UserId>) {
        let anchor = self.groups[at].anchor.expect("it has one");
        if let Some(parker) = by {
            match self.free_slot(slot) {
                Some(slot) => {
                    if let Some(watcher) = self.groups[at].watcher.take() {
                        self.end(watcher);
                    }
                    self.groups[at].recall = None;
                    self.groups[at].kind =
                        Kind::Parked { slot, parker, until: self.now + PARKED_SECONDS * 1_000 };
                }
                None => self.nobody(at),
            }
            return;
        }
        let (user, device) = (self.legs[anchor].user, self.legs[anchor].device);
        let held = (0..self.legs.len())
            .filter(|leg| self.legs[*leg].live && self.legs[*leg].held && self.legs[*leg].user == user)
            .filter(|leg| self.talks(*leg).is_some())
            .max_by_key(|leg| (self.legs[*leg].device == device, *leg));
        match held.filter(|_| self.free_slot(slot).is_some()) {
            Some(held) => {
                self.parks(held, slot);
                let at = self.group_of(anchor).expect("it is in one");
                self.legs[anchor].state = LegState::Active;
                self.groups[at].kind = Kind::Says { prompts: 3, until: self.now + SAYING_SECONDS * 1_000 };
            }
            None => self.nobody(at),
        }
    }

    fn parks(&mut self, leg: usize, slot: Option<u32>) {
        let Some((at, partner)) = self.talks(leg) else { return };
        let Some(slot) = self.free_slot(slot) else { return };
        let parker = self.legs[leg].user;
        self.end(leg);
        self.groups[at] = Group {
            kind: Kind::Parked { slot, parker, until: self.now + PARKED_SECONDS * 1_000 },
            ..Group::of(Some(partner))
        };
    }

    fn answers(&mut self, leg: usize) {
        let Some(at) = self.group_of(leg) else { return };
        let Kind::Rings { called, .. } = self.groups[at].kind.clone() else { return };
        if !called.contains(&leg) {
            return;
        }
        self.legs[leg].state = LegState::Active;
        for other in called.into_iter().filter(|other| *other != leg) {
            self.end(other);
        }
        match (self.groups[at].anchor, self.groups[at].dials.take()) {
            (None, Some((user, number))) => {
                self.groups[at].anchor = Some(leg);
                self.groups[at].kind = Kind::Rings { called: Vec::new(), until: u64::MAX };
                self.goes_to(at, number, Some(user), None);
            }
            (anchor, _) => self.talk(at, anchor.expect("somebody calls"), leg),
        }
    }

    fn talk(&mut self, at: usize, anchor: usize, partner: usize) {
        for leg in [anchor, partner] {
            self.legs[leg].state = LegState::Active;
        }
        if let Some(watcher) = self.groups[at].watcher.take() {
            self.end(watcher);
        }
        self.groups[at].recall = None;
        self.groups[at].kind = Kind::Talks { partner };
    }

    /// A leg is over, by itself or because it was lost.
    fn gone(&mut self, leg: usize, speaks_for_all: bool) {
        let Some(at) = self.group_of(leg) else { return };
        if self.groups[at].watcher == Some(leg) {
            self.groups[at].watcher = None;
            return self.end(leg);
        }
        if let Kind::Rings { called, .. } = &mut self.groups[at].kind
            && called.contains(&leg)
        {
            called.retain(|other| *other != leg);
            let nobody_left = called.is_empty();
            self.end(leg);
            if speaks_for_all || nobody_left {
                self.nobody(at);
            }
            return;
        }
        self.end_group(at);
    }

    fn transfers(&mut self, leg: usize, number: &'static str, stays: bool) {
        let Some((at, partner)) = self.talks(leg) else { return };
        let user = self.legs[leg].user;
        if !stays {
            self.end(leg);
        }
        self.groups[at] = Group {
            recall: Some(user),
            watcher: stays.then_some(leg),
            kind: Kind::Rings { called: Vec::new(), until: u64::MAX },
            ..Group::of(Some(partner))
        };
        self.goes_to(at, number, Some(user), None);
    }

    fn completes(&mut self, leg: usize, other: usize) {
        let (Some((first, partner)), Some(second)) = (self.talks(leg), self.group_of(other)) else { return };
        if first == second || self.legs[leg].user != self.legs[other].user {
            return;
        }
        let group = self.groups[second].clone();
        let (kind, recall) = match group.kind {
            Kind::Talks { .. } => {
                let partner = self.talks(other).expect("it talks").1;
                (Kind::Talks { partner }, None)
            }
            Kind::Rings { .. } if group.anchor == Some(other) && group.watcher.is_none() => {
                (group.kind, Some(self.legs[leg].user))
            }
            _ => return,
        };
        self.end(leg);
        self.end(other);
        self.groups[first] = Group { kind, recall, ..Group::of(Some(partner)) };
        self.groups.remove(second);
    }

    /// A new leg takes the place of whoever rings in a group.
    fn picks_up(&mut self, at: usize, leg: usize) {
        if let Kind::Rings { called, .. } = self.groups[at].kind.clone() {
            called.into_iter().for_each(|called| self.end(called));
        }
        let anchor = self.groups[at].anchor.expect("somebody calls");
        self.talk(at, anchor, leg);
    }

    fn passes(&mut self, millis: u64) {
        let until = self.now + millis;
        loop {
            let due =
                self.groups.iter().enumerate().filter_map(|(at, group)| Some((group.until()?, at))).min();
            let Some((when, at)) = due.filter(|(when, _)| *when <= until) else { break };
            self.now = when;
            match self.groups[at].kind {
                Kind::Rings { .. } => self.nobody(at),
                Kind::Parked { parker, .. } => {
                    self.groups[at].kind = Kind::Rings { called: Vec::new(), until: u64::MAX };
                    self.ring(at, parker, None);
                }
                Kind::Says { .. } => self.end_group(at),
                Kind::Talks { .. } => {}
            }
        }
        self.now = until;
    }

    fn hears(&self, leg: usize) -> Option<Hears> {
        let me = &self.legs[leg];
        let at = self.group_of(leg)?;
        let group = &self.groups[at];
        Some(match group.kind {
            _ if me.held => Hears::Nothing,
            Kind::Talks { .. } => {
                let other = self.talks(leg)?.1;
                if self.legs[other].held { music() } else { Hears::Leg(self.legs[other].id) }
            }
            Kind::Rings { .. } if group.anchor == Some(leg) && me.state != LegState::Dialing => ringback(),
            Kind::Rings { .. } => Hears::Nothing,
            Kind::Parked { .. } => music(),
            // Which prompt it is, the tests of announcements know.
            Kind::Says { .. } => return None,
        })
    }
}

impl Group {
    fn of(anchor: Option<usize>) -> Self {
        let kind = Kind::Rings { called: Vec::new(), until: u64::MAX };
        Self { anchor, kind, recall: None, watcher: None, dials: None }
    }

    fn members(&self) -> Vec<usize> {
        let others = match &self.kind {
            Kind::Rings { called, .. } => called.clone(),
            Kind::Talks { partner } => vec![*partner],
            Kind::Parked { .. } | Kind::Says { .. } => Vec::new(),
        };
        self.anchor.into_iter().chain(self.watcher).chain(others).collect()
    }

    const fn until(&self) -> Option<u64> {
        match self.kind {
            Kind::Rings { until, .. } | Kind::Parked { until, .. } | Kind::Says { until, .. } => Some(until),
            Kind::Talks { .. } => None,
        }
    }
}

/// The model and the real thing, side by side.
struct Both {
    world: World,
    model: Model,
    calls: usize,
}

impl Both {
    fn new() -> Self {
        let mut world = World::new();
        let timeout = Duration::from_secs(PARKED_SECONDS);
        world.control.set_parking(Some(Parking { slots: 701..=702, timeout }));
        for (number, user) in ["101", "102", "103", "104"].into_iter().zip(USERS) {
            world.numbers.insert(number, support::user(user, &devices(user)));
        }
        world.numbers.insert("*68", Destination::Park(None));
        world.numbers.insert("701", Destination::ParkSlot(701));
        world.numbers.insert("702", Destination::ParkSlot(702));
        Self { world, model: Model::default(), calls: 0 }
    }

    /// A new leg of a user's first device that goes somewhere.
    fn offer(&mut self, user: UserId, destination: Destination) -> LegId {
        self.calls += 1;
        let (leg, device) = (LegId::from_u128(self.calls as u128), devices(user)[0]);
        self.world.devices.insert(leg, device);
        let offer = OfferedCall {
            leg,
            user,
            device,
            dialled: "a number".to_owned(),
            destination,
            wants_generated_ringback: true,
        };
        self.world.control.handle_offer(self.world.now, offer).expect("there is room");
        self.world.drain();
        leg
    }

    fn step(&mut self, step: Step) {
        // No two deadlines are ever the same.
        self.wait(1);
        let started = self.world.order.len();
        match step {
            Step::Calls(user, number) => self.call(user, number, started),
            Step::Originates(user, number) => self.originate(user, number, started),
            Step::PicksUp(user, of) => self.pick_up(user, of),
            Step::Waits(seconds) => self.wait(seconds * 1_000),
            _ if self.model.legs.is_empty() => {}
            Step::Replaces(user, leg) => self.replace(user, self.model.chosen(leg)),
            step => self.leg_step(step.of(&self.model), started),
        }
        assert!(self.model.fresh.is_empty(), "the real thing started more legs than the model");
    }

    fn take_fresh(&mut self, started: usize) {
        self.model.fresh.extend(&self.world.order[started..]);
    }

    fn wait(&mut self, millis: u64) {
        let started = self.world.order.len();
        self.world.advance(Duration::from_millis(millis));
        self.take_fresh(started);
        self.model.passes(millis);
    }

    fn call(&mut self, user: usize, number: usize, started: usize) {
        let (user, number) = (USERS[user % USERS.len()], NUMBERS[number % NUMBERS.len()]);
        let destination = self.world.numbers.get(number).cloned();
        let id = self.offer(user, destination.unwrap_or(Destination::Refused(EndReason::NotFound)));
        self.take_fresh(started);
        let leg = self.model.leg(id, user, devices(user)[0], LegState::Dialing);
        let at = self.model.groups.len();
        self.model.groups.push(Group::of(Some(leg)));
        self.model.goes_to(at, number, None, Some(at));
    }

    fn originate(&mut self, user: usize, number: usize, started: usize) {
        let (user, number) = (USERS[user % USERS.len()], NUMBERS[number % NUMBERS.len()]);
        let to = support::number(number).expect("a number");
        let asked = Originate { user, to, auto_answer: false };
        self.world.control.originate(self.world.now, asked).expect("there is room");
        self.world.drain();
        self.take_fresh(started);
        let at = self.model.groups.len();
        self.model.groups.push(Group { dials: Some((user, number)), ..Group::of(None) });
        self.model.ring(at, user, None);
    }

    fn pick_up(&mut self, user: usize, of: usize) {
        let (user, of) = (USERS[user % USERS.len()], USERS[of % USERS.len()]);
        let id = self.offer(user, Destination::PickUp(vec![of]));
        let leg = self.model.leg(id, user, devices(user)[0], LegState::Dialing);
        let rings = |group: &Group| match &group.kind {
            Kind::Rings { called, .. } if group.anchor.is_some() => {
                called.iter().any(|leg| self.model.legs[*leg].user == of)
            }
            _ => false,
        };
        // Which call rings longest is the real thing's to say; that it is one that may be taken, the model's.
        let candidates: Vec<usize> =
            (0..self.model.groups.len()).filter(|at| rings(&self.model.groups[*at])).collect();
        if candidates.is_empty() {
            return self.model.end(leg);
        }
        let call = self.world.control.call_of(id).expect("it was picked up");
        let at = candidates.into_iter().find(|at| {
            let anchor = self.model.groups[*at].anchor.expect("somebody calls");
            self.world.control.call_of(self.model.legs[anchor].id) == Some(call)
        });
        self.model.picks_up(at.expect("a call that rings for them"), leg);
    }

    fn replace(&mut self, user: usize, replaced: usize) {
        let user = USERS[user % USERS.len()];
        let id = self.model.legs[replaced].id;
        let id = self.offer(user, Destination::Replace { leg: id, early_only: false });
        let leg = self.model.leg(id, user, devices(user)[0], LegState::Dialing);
        let Some(at) = self.model.group_of(replaced) else { return self.model.end(leg) };
        let group = self.model.groups[at].clone();
        match group.kind {
            Kind::Talks { .. } => {
                let partner = self.model.talks(replaced).expect("it talks").1;
                self.model.end(replaced);
                self.model.groups[at] = Group { kind: Kind::Talks { partner }, ..Group::of(Some(leg)) };
                self.model.legs[leg].state = LegState::Active;
            }
            Kind::Rings { called, .. } if group.anchor.is_some() && called.contains(&replaced) => {
                self.model.picks_up(at, leg);
            }
            _ => self.model.end(leg),
        }
    }

    fn leg_step(&mut self, step: Step, started: usize) {
        let id = |leg: usize| self.model.legs[leg].id;
        match step {
            Step::Rings(leg) => self.world.event(id(leg), LegEvent::Ringing),
            Step::Answers(leg) => self.world.event(id(leg), LegEvent::Answered),
            Step::Refuses(leg, reason) => self.world.event(id(leg), LegEvent::Refused(reason)),
            Step::HangsUp(leg) => self.world.device_hangs_up(id(leg)),
            Step::MediaFails(leg) => self.world.event(id(leg), LegEvent::MediaFailed),
            Step::Holds(leg, held) => self.world.event(id(leg), LegEvent::HoldRequested(held)),
            Step::Transfers(leg, to, stays) => {
                let to = support::number(NUMBERS[to % NUMBERS.len()]).expect("a number");
                let _ = self.world.command(id(leg), LegCommand::Transfer { to, stays });
            }
            Step::Completes(leg, other) => {
                let other = id(other);
                let _ = self.world.command(id(leg), LegCommand::CompleteTransfer { other });
            }
            Step::Parks(leg, slot) => {
                let _ = self.world.control.handle_park(self.world.now, id(leg), slot);
                self.world.drain();
            }
            // Announcements say three digits, with tokens from one on.
            Step::HearsTheEnd(leg) => {
                let token = match self.model.group_of(leg).map(|at| &self.model.groups[at].kind) {
                    Some(Kind::Says { prompts, .. }) => 4 - *prompts as u32,
                    _ => 1,
                };
                self.world.event(id(leg), LegEvent::PlayFinished { token });
            }
            _ => {}
        }
        self.take_fresh(started);
        self.model_leg_step(step);
    }

    fn model_leg_step(&mut self, step: Step) {
        let model = &mut self.model;
        match step {
            Step::Rings(leg) => {
                let Some(at) = model.group_of(leg) else { return };
                let group = model.groups[at].clone();
                let Kind::Rings { called, .. } = group.kind else { return };
                if called.contains(&leg) {
                    for leg in [Some(leg), group.anchor].into_iter().flatten() {
                        if model.legs[leg].state == LegState::Dialing {
                            model.legs[leg].state = LegState::Ringing;
                        }
                    }
                }
            }
            Step::Answers(leg) => model.answers(leg),
            Step::Refuses(leg, reason) => model.gone(leg, reason == EndReason::Declined),
            Step::HangsUp(leg) => model.gone(leg, true),
            Step::MediaFails(leg) => model.gone(leg, false),
            Step::Holds(leg, held) if model.active(leg) => model.legs[leg].held = held,
            Step::Transfers(leg, to, stays) => {
                model.transfers(leg, NUMBERS[to % NUMBERS.len()], stays);
            }
            Step::Completes(leg, other) => model.completes(leg, other),
            Step::Parks(leg, slot) => model.parks(leg, slot),
            Step::HearsTheEnd(leg) => {
                let Some(at) = model.group_of(leg) else { return };
                let Kind::Says { prompts, .. } = &mut model.groups[at].kind else { return };
                *prompts -= 1;
                if *prompts == 0 {
                    model.end_group(at);
                }
            }
            _ => {}
        }
    }

    fn compare(&self) -> Result<(), TestCaseError> {
        let Self { world, model, .. } = self;
        for (number, leg) in model.legs.iter().enumerate() {
            let real = world.control.leg(leg.id);
            prop_assert_eq!(real.is_some(), leg.live, "leg {} is live", number);
            let Some(real) = real else { continue };
            prop_assert_eq!((real.state, real.held), (leg.state, leg.held), "leg {}", number);
            prop_assert_eq!((real.user, real.device), (leg.user, leg.device));
            if let Some(hears) = model.hears(number) {
                prop_assert_eq!(world.hears(leg.id), hears, "what leg {} hears", number);
            }
            if let Some((_, other)) = model.talks(number) {
                prop_assert_eq!(real.peer, Party::User(model.legs[other].user), "whom leg {} sees", number);
                prop_assert_eq!(real.held_by_peer, model.legs[other].held);
            }
        }
        prop_assert_eq!(world.control.call_count(), model.groups.len());
        prop_assert_eq!(world.control.leg_count(), model.legs.iter().filter(|leg| leg.live).count());
        for group in &model.groups {
            let calls: BTreeSet<_> =
                group.members().into_iter().map(|leg| world.control.call_of(model.legs[leg].id)).collect();
            prop_assert_eq!(calls.len(), 1, "a group of legs is one call");
        }
        let parked = |slot| model.slot_holder(slot).is_some();
        let slots: Vec<u32> = world.control.parked().map(|parked| parked.slot).collect();
        prop_assert_eq!(slots, (701..=702).filter(|slot| parked(*slot)).collect::<Vec<_>>());
        prop_assert_eq!(world.records.len() + model.groups.len(), world.started_calls.len());
        Ok(())
    }
}

fn step() -> impl Strategy<Value = Step> {
    let (user, number, leg) = (0..USERS.len(), 0..NUMBERS.len(), 0..240_usize);
    let reason = prop::sample::select(vec![EndReason::Busy, EndReason::Declined, EndReason::Failed]);
    let slot = prop::option::of(700..=703_u32);
    prop_oneof![
        6 => (user.clone(), number.clone()).prop_map(|(user, number)| Step::Calls(user, number)),
        2 => (user.clone(), number.clone()).prop_map(|(user, number)| Step::Originates(user, number)),
        2 => (user.clone(), user.clone()).prop_map(|(user, of)| Step::PicksUp(user, of)),
        2 => (user, leg.clone()).prop_map(|(user, leg)| Step::Replaces(user, leg)),
        4 => leg.clone().prop_map(Step::Rings),
        10 => leg.clone().prop_map(Step::Answers),
        2 => (leg.clone(), reason).prop_map(|(leg, reason)| Step::Refuses(leg, reason)),
        2 => leg.clone().prop_map(Step::HangsUp),
        1 => leg.clone().prop_map(Step::MediaFails),
        6 => (leg.clone(), any::<bool>()).prop_map(|(leg, held)| Step::Holds(leg, held)),
        6 => (leg.clone(), number, any::<bool>()).prop_map(|(leg, to, stays)| Step::Transfers(leg, to, stays)),
        6 => (leg.clone(), leg.clone()).prop_map(|(leg, other)| Step::Completes(leg, other)),
        3 => (leg.clone(), slot).prop_map(|(leg, slot)| Step::Parks(leg, slot)),
        2 => leg.prop_map(Step::HearsTheEnd),
        3 => (1_u64..40).prop_map(Step::Waits),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 800, ..ProptestConfig::default() })]

    #[test]
    fn the_model_and_the_real_thing_agree_on_moves(steps in prop::collection::vec(step(), 1..80)) {
        let mut both = Both::new();
        for step in steps {
            both.step(step);
            both.compare()?;
        }
        // In the end everybody hangs up and nothing is left.
        let live: Vec<LegId> = both.model.legs.iter().filter(|leg| leg.live).map(|leg| leg.id).collect();
        for leg in live {
            both.world.device_hangs_up(leg);
        }
        both.world.advance(Duration::from_secs(3_600));
        prop_assert_eq!(both.world.control.call_count(), 0);
        prop_assert_eq!(both.world.control.next_timeout(), None);
    }
}
