//! A second, smaller call control, compared with the real one after every step of random stories.
//!
//! The support's invariants run too: no leg without a call, every leg started and ended once, bridges both ways, one
//! record per call.

mod support;

use std::time::Duration;

use proptest::prelude::*;
use ringdown_call::{DeclineReason, DeviceId, EndedBy, LegCommand, LegEvent, LegState};
use ringdown_types::{EndReason, LegId};
use support::*;

const DEVICES: [DeviceId; 3] = [BOB_TAB, BOB_PHONE, BOB_SOFTPHONE];

/// One step. Leg 0 is alice's, the others are bob's; numbers wrap around.
#[derive(Debug, Clone, Copy)]
enum Step {
    Rings(usize),
    EarlyMedia(usize),
    Answers(usize),
    Refuses(usize, EndReason),
    HangsUp(usize),
    Lost(usize),
    MediaFails(usize),
    Holds(usize, bool),
    CommandsAnswer(usize),
    CommandsDecline(usize),
    CommandsHangup(usize),
    CommandsHold(usize, bool),
    Waits(u64),
}

/// What the model believes.
#[derive(Debug, Clone)]
struct Model {
    /// `None` once ended, by leg.
    legs: Vec<Option<Believed>>,
    talking: Option<usize>,
    worst: Option<EndReason>,
    early: Option<usize>,
    elapsed: u64,
    over: Option<(EndReason, EndedBy)>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
struct Believed {
    state: LegState,
    held: bool,
}

impl Model {
    fn new(devices: usize) -> Self {
        let leg = Believed { state: LegState::Dialing, held: false };
        Self {
            legs: vec![Some(leg); devices + 1],
            talking: None,
            worst: None,
            early: None,
            elapsed: 0,
            over: None,
        }
    }

    fn live(&self, leg: usize) -> bool {
        self.legs[leg].is_some()
    }

    /// A called leg that could still win.
    fn ringing(&self, leg: usize) -> bool {
        self.talking.is_none() && leg != 0 && self.live(leg)
    }

    fn end(&mut self, reason: EndReason, by: EndedBy) {
        self.legs.fill(None);
        self.over = Some((reason, by));
    }

    fn step(&mut self, step: Step) {
        match step {
            Step::Rings(leg) | Step::EarlyMedia(leg) if self.ringing(leg) => {
                for index in [0, leg] {
                    if let Some(leg) = &mut self.legs[index] {
                        leg.state = LegState::Ringing;
                    }
                }
                if matches!(step, Step::EarlyMedia(_)) {
                    self.early.get_or_insert(leg);
                }
            }
            Step::Answers(leg) if self.ringing(leg) => self.answer(leg),
            Step::CommandsAnswer(leg) if self.ringing(leg) && leg == 1 => self.answer(leg),
            Step::CommandsDecline(leg) if self.ringing(leg) => {
                self.end(EndReason::Declined, EndedBy::Remote);
            }
            Step::Refuses(leg, reason) if self.live(leg) => self.gone(leg, reason, EndedBy::Local),
            Step::HangsUp(leg) | Step::CommandsHangup(leg) if self.live(leg) => {
                self.gone(leg, EndReason::Hangup, EndedBy::Local);
            }
            Step::Lost(leg) if self.live(leg) => self.gone(leg, EndReason::ResumeExpired, EndedBy::Switch),
            Step::MediaFails(leg) if self.live(leg) => {
                self.gone(leg, EndReason::MediaFailed, EndedBy::Switch);
            }
            Step::Holds(leg, held) | Step::CommandsHold(leg, held) if self.talking.is_some() => {
                if let Some(leg) = &mut self.legs[leg] {
                    leg.held = held;
                }
            }
            Step::Waits(seconds) => {
                self.elapsed += seconds;
                if self.talking.is_none() && self.over.is_none() && self.elapsed >= RING.as_secs() {
                    let rang = self.legs[1..].iter().flatten().any(|leg| leg.state == LegState::Ringing);
                    let reason = if rang { EndReason::NoAnswer } else { EndReason::Offline };
                    self.end(reason, EndedBy::Switch);
                }
            }
            _ => {}
        }
    }

    fn answer(&mut self, winner: usize) {
        for (index, leg) in self.legs.iter_mut().enumerate() {
            *leg =
                (index == 0 || index == winner).then_some(Believed { state: LegState::Active, held: false });
        }
        self.talking = Some(winner);
    }

    fn gone(&mut self, leg: usize, reason: EndReason, by: EndedBy) {
        let side = match (by, leg) {
            (EndedBy::Switch, _) => EndedBy::Switch,
            (_, 0) => EndedBy::Local,
            _ => EndedBy::Remote,
        };
        if self.talking.is_some() {
            return self.end(reason, side);
        }
        if leg == 0 {
            let reason = if reason == EndReason::Hangup { EndReason::Cancelled } else { reason };
            return self.end(reason, side);
        }
        if matches!(reason, EndReason::Hangup | EndReason::Declined) {
            return self.end(EndReason::Declined, EndedBy::Remote);
        }
        self.legs[leg] = None;
        if self.early == Some(leg) {
            self.early = None;
        }
        // From the most telling to the least.
        let order = [EndReason::Busy, EndReason::Offline, EndReason::MediaFailed, EndReason::Failed];
        let seen = match reason {
            EndReason::Busy | EndReason::MediaFailed => reason,
            EndReason::NotFound | EndReason::ResumeExpired => EndReason::Offline,
            _ => EndReason::Failed,
        };
        let rank = |reason| order.iter().position(|known| *known == reason);
        self.worst = self.worst.into_iter().chain([seen]).min_by_key(|reason| rank(*reason));
        if self.legs[1..].iter().all(Option::is_none) {
            let reason = self.worst.unwrap_or(EndReason::Failed);
            let by = if reason == EndReason::Busy { EndedBy::Remote } else { EndedBy::Switch };
            self.end(reason, by);
        }
    }

    fn hears(&self, leg: usize, ids: &[LegId]) -> Hears {
        let Some(me) = self.legs[leg] else { return Hears::Nothing };
        if let Some(callee) = self.talking {
            let other = if leg == 0 { callee } else { 0 };
            let other_holds = self.legs[other].is_some_and(|other| other.held);
            return match (me.held, other_holds) {
                (true, _) => Hears::Nothing,
                (false, true) => music(),
                (false, false) => Hears::Leg(ids[other]),
            };
        }
        match (leg, self.early) {
            (0, Some(early)) => Hears::Leg(ids[early]),
            (0, None) if me.state == LegState::Ringing => ringback(),
            (leg, Some(early)) if leg == early => Hears::Leg(ids[0]),
            _ => Hears::Nothing,
        }
    }
}

fn apply(world: &mut World, ids: &[LegId], step: Step) {
    match step {
        Step::Rings(leg) => world.event(ids[leg], LegEvent::Ringing),
        Step::EarlyMedia(leg) => world.event(ids[leg], LegEvent::EarlyMedia),
        Step::Answers(leg) => world.event(ids[leg], LegEvent::Answered),
        Step::Refuses(leg, reason) => world.event(ids[leg], LegEvent::Refused(reason)),
        Step::HangsUp(leg) => world.device_hangs_up(ids[leg]),
        Step::Lost(leg) => {
            let lost = LegEvent::Ended { reason: EndReason::ResumeExpired, by: EndedBy::Switch };
            world.event(ids[leg], lost);
        }
        Step::MediaFails(leg) => world.event(ids[leg], LegEvent::MediaFailed),
        Step::Holds(leg, held) => world.event(ids[leg], LegEvent::HoldRequested(held)),
        Step::CommandsAnswer(leg) => ask(world, ids[leg], LegCommand::Answer),
        Step::CommandsDecline(leg) => {
            ask(world, ids[leg], LegCommand::Decline(DeclineReason::Declined));
        }
        Step::CommandsHangup(leg) => ask(world, ids[leg], LegCommand::Hangup),
        Step::CommandsHold(leg, true) => ask(world, ids[leg], LegCommand::Hold),
        Step::CommandsHold(leg, false) => ask(world, ids[leg], LegCommand::Unhold),
        Step::Waits(seconds) => world.advance(Duration::from_secs(seconds)),
    }
}

/// A command whose refusal shows in what follows from it.
fn ask(world: &mut World, leg: LegId, command: LegCommand) {
    let _ = world.command(leg, command);
}

fn compare(world: &World, ids: &[LegId], model: &Model) -> Result<(), TestCaseError> {
    for (index, id) in ids.iter().enumerate() {
        let real = world.control.leg(*id);
        let believed = model.legs[index];
        prop_assert_eq!(
            real.as_ref().map(|leg| Believed { state: leg.state, held: leg.held }),
            believed,
            "leg {}",
            index
        );
        prop_assert_eq!(world.hears(*id), model.hears(index, ids), "what leg {} hears", index);
        if let (Some(real), Some(callee)) = (real, model.talking) {
            let other = if index == 0 { callee } else { 0 };
            prop_assert_eq!(real.held_by_peer, model.legs[other].is_some_and(|leg| leg.held));
        }
    }
    let record = world.records.values().next();
    prop_assert_eq!(record.map(|record| (record.reason, record.by)), model.over);
    if let Some(record) = record {
        prop_assert_eq!(record.answered_at.is_some(), model.talking.is_some());
        prop_assert_eq!(world.ended.len(), ids.len(), "every leg has ended");
    }
    Ok(())
}

fn steps(legs: usize) -> impl Strategy<Value = Vec<Step>> {
    let reasons = prop::sample::select(vec![
        EndReason::Busy,
        EndReason::Declined,
        EndReason::NotFound,
        EndReason::Forbidden,
        EndReason::Failed,
    ]);
    let leg = 0..legs;
    let step = prop_oneof![
        3 => leg.clone().prop_map(Step::Rings),
        2 => leg.clone().prop_map(Step::EarlyMedia),
        3 => leg.clone().prop_map(Step::Answers),
        2 => (leg.clone(), reasons).prop_map(|(leg, reason)| Step::Refuses(leg, reason)),
        1 => leg.clone().prop_map(Step::HangsUp),
        1 => leg.clone().prop_map(Step::Lost),
        1 => leg.clone().prop_map(Step::MediaFails),
        4 => (leg.clone(), any::<bool>()).prop_map(|(leg, held)| Step::Holds(leg, held)),
        2 => leg.clone().prop_map(Step::CommandsAnswer),
        1 => leg.clone().prop_map(Step::CommandsDecline),
        1 => leg.clone().prop_map(Step::CommandsHangup),
        4 => (leg, any::<bool>()).prop_map(|(leg, held)| Step::CommandsHold(leg, held)),
        2 => (1_u64..12).prop_map(Step::Waits),
    ];
    prop::collection::vec(step, 1..40)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn the_model_and_the_real_thing_agree(
        (devices, steps) in (1..=DEVICES.len()).prop_flat_map(|devices| (Just(devices), steps(devices + 1)))
    ) {
        let mut world = World::new();
        let (alice, bob) = world.alice_calls_bob(&DEVICES[..devices]);
        let ids: Vec<LegId> = [alice].into_iter().chain(bob).collect();
        let mut model = Model::new(devices);
        for step in steps {
            apply(&mut world, &ids, step);
            model.step(step);
            compare(&world, &ids, &model)?;
        }
    }
}
