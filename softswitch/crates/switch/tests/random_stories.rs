//! Anybody does anything in any order, and then everybody goes home: nothing may be left.

mod support;

use std::{collections::BTreeMap, time::Duration};

use bytes::Bytes;
use proptest::prelude::*;
use ringdown_control::Command;
use ringdown_media::api::{MediaEvent, MediaFailure};
use ringdown_types::{EndReason, LegId, SessionId, UserId};
use support::{browser::ALL, *};

/// One step. Indices wrap around whatever there is at that moment.
#[derive(Debug, Clone, Copy)]
enum Step {
    BrowserCalls(usize, usize),
    PhoneCalls(usize, usize),
    PhoneAnswers(usize),
    PhoneEarlyMedia(usize),
    PhoneRefuses(usize, u16),
    PhoneCancels(usize),
    PhoneHangsUp(usize),
    PhoneHolds(usize, bool),
    PhonePresses(usize),
    BrowserAnswers(usize),
    BrowserDescribes(usize, bool),
    Transfers(usize, usize),
    Completes(usize, usize),
    Parks(usize, bool),
    Originates(usize, usize),
    Declines(usize),
    HangsUp(usize),
    Holds(usize, bool),
    Mutes(usize, bool),
    MediaFails(usize, bool),
    PlayFinishes(usize),
    SessionFlaps(usize),
    Registers(usize, bool),
    Junk(usize, u8),
    Waits(u64),
}

const NUMBERS: [&str; 15] = [
    "101", "102", "103", "*43", "999", "1-0-2", "*68", "701", "702", "*8", "*8102", "*80102", "*66", "*86",
    "101",
];

struct Company {
    office: Office,
    tabs: Vec<(SessionId, UserId)>,
}

impl Company {
    fn new() -> Self {
        let mut office = Office::with_two_workers();
        office.allow_everything();
        for username in ["alice-phone", "bob-phone", "bob-softphone"] {
            office.phone(username);
        }
        let tabs = [ALICE, BOB, CAROL].map(|user| (office.tab(user), user)).to_vec();
        Self { office, tabs }
    }

    fn leg(&self, index: usize) -> Option<LegId> {
        let legs: Vec<LegId> = self.office.legs.keys().copied().collect();
        legs.get(index % legs.len().max(1)).copied()
    }

    fn step(&mut self, step: Step) {
        match step {
            Step::BrowserCalls(tab, number) => {
                let (session, user) = self.tabs[tab % self.tabs.len()];
                let offer = support::browser::offer(if number % 2 == 0 { &ALL } else { &[0, 111] });
                let to = NUMBERS[number % NUMBERS.len()].to_owned();
                let variables = BTreeMap::from([("a".to_owned(), "b".to_owned())]);
                self.office.command(Command::StartCall { session, user, to, offer, variables });
            }
            Step::BrowserAnswers(tab) => {
                let (session, _) = self.tabs[tab % self.tabs.len()];
                if let Some((leg, offer)) = self.office.browsers[&session].offered.last().cloned() {
                    let description = Some(support::browser::answer(&offer));
                    self.office.command(Command::Answer { leg, description });
                }
            }
            Step::BrowserDescribes(leg, as_offer) => self.describe(leg, as_offer),
            Step::SessionFlaps(tab) => {
                let (session, user) = self.tabs[tab % self.tabs.len()];
                self.office.command(Command::SessionDown { session });
                self.office.command(Command::SessionUp { session, user });
            }
            Step::Originates(user, number) => {
                let user = [ALICE, BOB, CAROL][user % 3];
                let to = NUMBERS[number % NUMBERS.len()].to_owned();
                let variables = BTreeMap::from([("a".to_owned(), "b".to_owned())]);
                self.office.command(Command::Originate { user, to, auto_answer: number % 2 == 0, variables });
            }
            Step::Waits(seconds) => self.office.advance(Duration::from_secs(seconds)),
            Step::Transfers(..)
            | Step::Completes(..)
            | Step::Parks(..)
            | Step::Declines(_)
            | Step::HangsUp(_)
            | Step::Holds(..)
            | Step::Mutes(..)
            | Step::MediaFails(..)
            | Step::PlayFinishes(_) => self.step_leg(step),
            _ => self.step_phone(step),
        }
    }

    fn describe(&mut self, leg: usize, as_offer: bool) {
        let Some(leg) = self.leg(leg) else { return };
        let description = if as_offer {
            support::browser::restart(&ALL)
        } else {
            support::browser::answer(&support::browser::offer(&[8]))
        };
        self.office.command(Command::Describe { leg, description });
    }

    fn step_leg(&mut self, step: Step) {
        let (Step::Transfers(index, _)
        | Step::Completes(index, _)
        | Step::Parks(index, _)
        | Step::Declines(index)
        | Step::HangsUp(index)
        | Step::Holds(index, _)
        | Step::Mutes(index, _)
        | Step::MediaFails(index, _)
        | Step::PlayFinishes(index)) = step
        else {
            return;
        };
        let Some(leg) = self.leg(index) else { return };
        let command = match step {
            Step::Transfers(_, number) => {
                Command::Transfer { leg, to: NUMBERS[number % NUMBERS.len()].to_owned() }
            }
            Step::Completes(_, other) => {
                let Some(other) = self.leg(other) else { return };
                Command::CompleteTransfer { leg, other }
            }
            Step::Parks(_, first) => Command::Park { leg, slot: first.then_some(701) },
            Step::Declines(_) => Command::Decline { leg, reason: EndReason::Declined },
            Step::HangsUp(_) => Command::Hangup { leg },
            Step::Holds(_, true) => Command::Hold { leg },
            Step::Holds(_, false) => Command::Unhold { leg },
            Step::Mutes(_, muted) => Command::Mute { leg, muted },
            Step::MediaFails(_, soft) => {
                let failure =
                    if soft { MediaFailure::ConsentExpired } else { MediaFailure::FingerprintMismatch };
                return self.office.media_event(MediaEvent::LegFailed { leg, failure });
            }
            _ => return self.office.media_event(MediaEvent::PlayFinished { leg, token: 1 }),
        };
        self.office.command(command);
    }

    fn step_phone(&mut self, step: Step) {
        let (Step::PhoneCalls(index, _)
        | Step::PhoneAnswers(index)
        | Step::PhoneEarlyMedia(index)
        | Step::PhoneRefuses(index, _)
        | Step::PhoneCancels(index)
        | Step::PhoneHangsUp(index)
        | Step::PhoneHolds(index, _)
        | Step::PhonePresses(index)
        | Step::Registers(index, _)
        | Step::Junk(index, _)) = step
        else {
            return;
        };
        let index = index % self.office.phones.len();
        let call = self.office.phones[index].call.as_ref();
        let (busy, answered, called) = (
            call.is_some(),
            call.is_some_and(|call| call.answered),
            call.is_some_and(|call| !call.is_caller),
        );
        match step {
            Step::PhoneCalls(_, number) if !busy => {
                self.office.at(index, |phone| phone.dial(NUMBERS[number % NUMBERS.len()]));
            }
            Step::PhoneAnswers(_) if called && !answered => self.office.at(index, |phone| phone.answer()),
            Step::PhoneEarlyMedia(_) if called && !answered => {
                self.office.at(index, |phone| phone.early_media());
            }
            Step::PhoneRefuses(_, status) if called && !answered => {
                self.office.at(index, |phone| phone.refuse(status));
            }
            Step::PhoneCancels(_) if busy && !called && !answered => {
                self.office.at(index, |phone| phone.cancel());
            }
            Step::PhoneHangsUp(_) if answered => self.office.at(index, |phone| phone.hang_up()),
            Step::PhoneHolds(_, hold) if answered => {
                let direction = if hold { "sendonly" } else { "sendrecv" };
                self.office.at(index, |phone| phone.reinvite(direction));
            }
            Step::PhonePresses(_) if answered => self.office.at(index, |phone| phone.info_dtmf('7')),
            Step::Registers(_, present) => {
                self.office.at(index, |phone| phone.register(if present { 3600 } else { 0 }));
            }
            Step::Junk(_, byte) => {
                let source = flow(self.office.phones[index].address);
                let junk = Bytes::from(vec![byte; usize::from(byte)]);
                self.office.switch.handle_datagram(self.office.now, source, &junk);
                self.office.run();
            }
            _ => {}
        }
    }

    /// Everybody hangs up, and the dust settles.
    fn go_home(&mut self) {
        // Hanging up may ring somebody: a recall, a completion.
        for _ in 0..50 {
            for leg in self.office.legs.keys().copied().collect::<Vec<_>>() {
                self.office.command(Command::Hangup { leg });
            }
        }
        self.office.assert_quiet();
        let records = self.office.records().len();
        let started =
            |event: &&ringdown_control::Event| matches!(event, ringdown_control::Event::CallStarted { .. });
        assert_eq!(records, self.office.events.iter().filter(started).count(), "one record a call");
    }
}

fn step() -> impl Strategy<Value = Step> {
    let n = 0..24_usize;
    prop_oneof![
        4 => (n.clone(), n.clone()).prop_map(|(a, b)| Step::BrowserCalls(a, b)),
        4 => (n.clone(), n.clone()).prop_map(|(a, b)| Step::PhoneCalls(a, b)),
        4 => n.clone().prop_map(Step::PhoneAnswers),
        1 => n.clone().prop_map(Step::PhoneEarlyMedia),
        1 => (n.clone(), prop::sample::select(vec![486, 603, 480, 404, 302, 500]))
            .prop_map(|(a, status)| Step::PhoneRefuses(a, status)),
        1 => n.clone().prop_map(Step::PhoneCancels),
        1 => n.clone().prop_map(Step::PhoneHangsUp),
        2 => (n.clone(), any::<bool>()).prop_map(|(a, hold)| Step::PhoneHolds(a, hold)),
        1 => n.clone().prop_map(Step::PhonePresses),
        4 => n.clone().prop_map(Step::BrowserAnswers),
        2 => (n.clone(), any::<bool>()).prop_map(|(a, offer)| Step::BrowserDescribes(a, offer)),
        3 => (n.clone(), n.clone()).prop_map(|(a, b)| Step::Transfers(a, b)),
        3 => (n.clone(), n.clone()).prop_map(|(a, b)| Step::Completes(a, b)),
        2 => (n.clone(), any::<bool>()).prop_map(|(a, first)| Step::Parks(a, first)),
        1 => (n.clone(), n.clone()).prop_map(|(a, b)| Step::Originates(a, b)),
        1 => n.clone().prop_map(Step::Declines),
        1 => n.clone().prop_map(Step::HangsUp),
        2 => (n.clone(), any::<bool>()).prop_map(|(a, hold)| Step::Holds(a, hold)),
        1 => (n.clone(), any::<bool>()).prop_map(|(a, muted)| Step::Mutes(a, muted)),
        1 => (n.clone(), any::<bool>()).prop_map(|(a, soft)| Step::MediaFails(a, soft)),
        1 => n.clone().prop_map(Step::PlayFinishes),
        1 => n.clone().prop_map(Step::SessionFlaps),
        1 => (n.clone(), any::<bool>()).prop_map(|(a, present)| Step::Registers(a, present)),
        1 => (n, any::<u8>()).prop_map(|(a, byte)| Step::Junk(a, byte)),
        2 => (1_u64..40).prop_map(Step::Waits),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn nothing_is_left_behind(steps in prop::collection::vec(step(), 1..60)) {
        let mut company = Company::new();
        for step in steps {
            company.step(step);
        }
        company.go_home();
    }
}
