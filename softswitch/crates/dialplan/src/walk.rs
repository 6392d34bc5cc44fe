//! The walk from dialled text to a decision.

use ringdown_control::{Argument, Feature, SettingChange};
use ringdown_types::{DialKey, ForwardKind, Pii, UserId};

use crate::{Decision, Dialplan, Explanation, PickUpTarget, Refusal, Step, compile::Target};

/// The most time conditions one number leads through. More would only help a loop.
pub const MAX_TIME_CONDITIONS: usize = 8;

impl Dialplan {
    /// What becomes of `dialled` when `caller` dials it at a moment, in milliseconds of Unix time.
    pub fn route(&self, dialled: &str, caller: UserId, unix_ms: u64) -> Decision {
        Walk::new(self, unix_ms, &mut |_| {}).call(dialled, caller)
    }

    /// Where a call that somebody else made goes when it is sent to `dialled`: by a forward, an overflow, a telephone
    /// that redirects. What acts on the caller's own behalf is refused.
    pub fn redirect(&self, dialled: &str, unix_ms: u64) -> Decision {
        Walk::new(self, unix_ms, &mut |_| {}).redirect(dialled)
    }

    /// The same as [`Dialplan::route`], with the steps that led there.
    pub fn explain(&self, dialled: &str, caller: UserId, unix_ms: u64) -> Explanation {
        let mut steps = Vec::new();
        let decision = Walk::new(self, unix_ms, &mut |step| steps.push(step())).call(dialled, caller);
        Explanation { steps, decision }
    }

    /// The same as [`Dialplan::redirect`], with the steps that led there.
    pub fn explain_redirect(&self, dialled: &str, unix_ms: u64) -> Explanation {
        let mut steps = Vec::new();
        let decision = Walk::new(self, unix_ms, &mut |step| steps.push(step())).redirect(dialled);
        Explanation { steps, decision }
    }

    /// Whether `user` may have this setting.
    ///
    /// # Errors
    /// When calls would be forwarded to where no calls can go, or to the user themselves.
    pub fn check_setting(&self, user: UserId, change: &SettingChange, unix_ms: u64) -> Result<(), Refusal> {
        let SettingChange::Forward { to: Some(to), .. } = change else { return Ok(()) };
        match self.redirect(to.as_str(), unix_ms) {
            Decision::User { user: target } if target == user => Err(Refusal::ToOneself),
            Decision::Refused { refusal } => Err(refusal),
            decision if decision.takes_calls() => Ok(()),
            _ => Err(Refusal::NotADestination),
        }
    }
}

/// One walk. `trace` gets closures, so that routing builds no step it throws away.
struct Walk<'a> {
    plan: &'a Dialplan,
    unix_ms: u64,
    /// The call is somebody else's: codes that act on the caller's own behalf lead nowhere.
    onward: bool,
    /// Time conditions passed.
    conditions: usize,
    trace: &'a mut dyn FnMut(&dyn Fn() -> Step),
}

impl<'a> Walk<'a> {
    fn new(plan: &'a Dialplan, unix_ms: u64, trace: &'a mut dyn FnMut(&dyn Fn() -> Step)) -> Self {
        Self { plan, unix_ms, onward: false, conditions: 0, trace }
    }

    fn call(&mut self, dialled: &str, caller: UserId) -> Decision {
        match self.plan.users.get(&caller) {
            Some(facts) if facts.enabled => (self.trace)(&|| Step::CallerAllowed { caller }),
            Some(_) => return self.refuse(Refusal::CallerDisabled),
            None => return self.refuse(Refusal::CallerUnknown),
        }
        self.number(dialled, caller)
    }

    fn redirect(&mut self, dialled: &str) -> Decision {
        self.onward = true;
        // Nothing that takes others' calls depends on who sends them.
        match self.number(dialled, UserId::from_u128(0)) {
            decision if decision.takes_calls() => decision,
            decision @ (Decision::Unknown | Decision::Refused { .. }) => decision,
            _ => self.refuse(Refusal::NotADestination),
        }
    }

    fn number(&mut self, dialled: &str, caller: UserId) -> Decision {
        let Some(key) = DialKey::parse(dialled) else { return self.refuse(Refusal::Malformed) };
        (self.trace)(&|| Step::Normalised { key: Pii(key.as_str().to_owned()) });
        match self.plan.targets.get(&key).copied() {
            Some(Target::Feature(feature)) => self.feature(feature, None, caller),
            Some(target) => {
                (self.trace)(&|| Step::NoFeatureCode);
                self.target(target, caller)
            }
            None => match self.plan.feature_before(&key) {
                Some((feature, argument)) => self.feature(feature, Some(argument), caller),
                None => {
                    (self.trace)(&|| Step::NoFeatureCode);
                    (self.trace)(&|| Step::NoNumber);
                    Decision::Unknown
                }
            },
        }
    }

    fn target(&mut self, target: Target, caller: UserId) -> Decision {
        match target {
            Target::User(user) => self.user(user, Decision::User { user }),
            Target::Group(group) => {
                (self.trace)(&|| Step::GroupExtension { group });
                Decision::Group { group }
            }
            Target::Room(room) => {
                (self.trace)(&|| Step::RoomExtension { room });
                Decision::Room { room }
            }
            Target::Slot(slot) => {
                (self.trace)(&|| Step::Slot { slot });
                Decision::ParkSlot { slot }
            }
            Target::TimeCondition(index) => self.time_condition(index),
            Target::Feature(feature) => self.feature(feature, None, caller),
        }
    }

    fn user(&mut self, user: UserId, decision: Decision) -> Decision {
        (self.trace)(&|| Step::UserExtension { user });
        match self.plan.users.get(&user) {
            Some(facts) if facts.enabled => decision,
            _ => self.refuse(Refusal::CalleeDisabled),
        }
    }

    fn time_condition(&mut self, index: usize) -> Decision {
        if self.conditions >= MAX_TIME_CONDITIONS {
            return self.refuse(Refusal::Loop);
        }
        self.conditions += 1;
        let plan = self.plan;
        let Some(hours) = plan.hours.get(index) else { return Decision::Unknown };
        let moment = hours.at(self.unix_ms);
        let to = if moment.open { &hours.open_to } else { &hours.closed_to };
        (self.trace)(&|| Step::TimeCondition {
            name: hours.name.clone(),
            local_time: moment.local.map(|local| local.to_string()).unwrap_or_default(),
            open: moment.open,
            to: Pii(to.as_str().to_owned()),
        });
        self.redirect(to.as_str())
    }

    fn feature(&mut self, feature: Feature, argument: Option<DialKey>, caller: UserId) -> Decision {
        (self.trace)(&|| Step::FeatureCode {
            feature,
            argument: argument.map(|argument| Pii(argument.as_str().to_owned())),
        });
        if self.onward && !matches!(feature, Feature::EchoTest | Feature::VoicemailBox) {
            return self.refuse(Refusal::NotADestination);
        }
        if argument.is_none() && feature.argument() == Argument::Required {
            return self.refuse(Refusal::NumberMissing);
        }
        let forward = |when, to| Decision::Setting { change: SettingChange::Forward { when, to } };
        match (feature, argument) {
            (Feature::PickUp, Some(number)) => self.pick_up(&number),
            (Feature::Intercom, Some(number)) => match self.plan.targets.get(&number) {
                Some(&Target::User(user)) => self.user(user, Decision::Intercom { user }),
                _ => self.nobody(),
            },
            (Feature::VoicemailBox, Some(number)) => self.voicemail_box(&number),
            (Feature::ForwardAlwaysOn, Some(to)) => self.forward(ForwardKind::Always, &to, caller),
            (Feature::ForwardBusyOn, Some(to)) => self.forward(ForwardKind::Busy, &to, caller),
            (Feature::ForwardNoAnswerOn, Some(to)) => self.forward(ForwardKind::NoAnswer, &to, caller),
            (Feature::ForwardOfflineOn, Some(to)) => self.forward(ForwardKind::Offline, &to, caller),
            (Feature::ForwardAlwaysOff, _) => forward(ForwardKind::Always, None),
            (Feature::ForwardBusyOff, _) => forward(ForwardKind::Busy, None),
            (Feature::ForwardNoAnswerOff, _) => forward(ForwardKind::NoAnswer, None),
            (Feature::ForwardOfflineOff, _) => forward(ForwardKind::Offline, None),
            (Feature::DoNotDisturbOn, _) => {
                Decision::Setting { change: SettingChange::DoNotDisturb { on: true } }
            }
            (Feature::DoNotDisturbOff, _) => {
                Decision::Setting { change: SettingChange::DoNotDisturb { on: false } }
            }
            (Feature::EchoTest, _) => Decision::EchoTest,
            (Feature::PickUp, None) => Decision::PickUp { target: PickUpTarget::OwnGroup },
            (Feature::Park, _) => Decision::Park,
            (Feature::VoicemailMain, _) => Decision::VoicemailMain,
            (Feature::CompletionOn, _) => Decision::Completion { on: true },
            (Feature::CompletionOff, _) => Decision::Completion { on: false },
            (
                Feature::Intercom
                | Feature::VoicemailBox
                | Feature::ForwardAlwaysOn
                | Feature::ForwardBusyOn
                | Feature::ForwardNoAnswerOn
                | Feature::ForwardOfflineOn,
                None,
            ) => self.refuse(Refusal::NumberMissing),
        }
    }

    fn pick_up(&mut self, number: &DialKey) -> Decision {
        match self.plan.targets.get(number) {
            Some(&Target::User(user)) => {
                self.user(user, Decision::PickUp { target: PickUpTarget::User { user } })
            }
            Some(&Target::Group(group)) => {
                (self.trace)(&|| Step::GroupExtension { group });
                Decision::PickUp { target: PickUpTarget::Group { group } }
            }
            _ => self.nobody(),
        }
    }

    fn voicemail_box(&mut self, number: &DialKey) -> Decision {
        let Some(&Target::User(user)) = self.plan.targets.get(number) else { return self.nobody() };
        match self.user(user, Decision::VoicemailBox { user }) {
            Decision::VoicemailBox { .. }
                if !self.plan.users.get(&user).is_some_and(|facts| facts.takes_messages) =>
            {
                self.refuse(Refusal::NoVoicemail)
            }
            decision => decision,
        }
    }

    /// A forward the user could never undo by being called is refused while they can still hear why.
    fn forward(&mut self, when: ForwardKind, to: &DialKey, caller: UserId) -> Decision {
        let Ok(to) = to.as_str().parse() else { return self.refuse(Refusal::Malformed) };
        let change = SettingChange::Forward { when, to: Some(to) };
        match self.plan.check_setting(caller, &change, self.unix_ms) {
            Ok(()) => Decision::Setting { change },
            Err(refusal) => self.refuse(refusal),
        }
    }

    fn nobody(&mut self) -> Decision {
        (self.trace)(&|| Step::NoNumber);
        Decision::Unknown
    }

    fn refuse(&mut self, refusal: Refusal) -> Decision {
        (self.trace)(&|| Step::Refused { refusal });
        Decision::Refused { refusal }
    }
}
