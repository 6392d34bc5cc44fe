//! Why a number goes where it goes, in words: the dialplan's steps, then what the user or group does with the call.

use std::{collections::BTreeSet, time::Instant};

use ringdown_control::{Explanation, RingGroup};
use ringdown_dialplan::Decision;
use ringdown_types::{ForwardKind, Pii, RingStrategy, UserId};

use crate::Switch;

/// Forwards that are followed. A call follows fewer or as many, so an explanation never ends early.
const MAX_FORWARDS: usize = 8;

impl Switch {
    /// Where `dialled` goes for `caller` at a moment, without calling it. Who is reachable and what they have set is
    /// as it is now, whatever the moment.
    pub(crate) fn explain(
        &self,
        now: Instant,
        caller: UserId,
        dialled: &str,
        at: Option<u64>,
    ) -> Explanation {
        let at = at.unwrap_or_else(|| self.hours_clock.unix_ms(now));
        let explained = self.directory.dialplan().explain(dialled, caller, at);
        let mut words = Words(explained.steps.iter().map(|step| Pii(step.to_string())).collect());
        let mut decision = explained.decision;
        let mut seen = BTreeSet::new();
        for _ in 0..MAX_FORWARDS {
            let next = match &decision {
                Decision::User { user } if seen.insert(*user) => self.explain_user(*user, &mut words),
                Decision::User { .. } => {
                    words.say("this user's calls were forwarded before: the forwards lead in a circle");
                    None
                }
                Decision::Group { group } => {
                    if let Some(group) = self.directory.group(*group) {
                        self.explain_group(group, &mut words);
                    }
                    None
                }
                _ => None,
            };
            let Some(number) = next else { break };
            let onward = self.directory.dialplan().explain_redirect(&number, at);
            words.0.extend(onward.steps.iter().map(|step| Pii(step.to_string())));
            decision = onward.decision;
        }
        Explanation { steps: words.0, outcome: decision.name().to_owned() }
    }

    /// What a user does with a call; the number it goes to, where it goes on at once.
    fn explain_user(&self, user: UserId, words: &mut Words) -> Option<String> {
        let facts = self.directory.user(user)?;
        let forward = |when| facts.settings.forward.get(when).map(|to| to.as_str().to_owned());
        if let Some(to) = forward(ForwardKind::Always) {
            words.say(&format!("the user forwards every call to \"{to}\""));
            return Some(to);
        }
        let busy = forward(ForwardKind::Busy);
        if facts.settings.do_not_disturb {
            return match busy {
                Some(to) => {
                    words.say(&format!("the user is not to be disturbed, and forwards to \"{to}\""));
                    Some(to)
                }
                None => {
                    words.say("the user is not to be disturbed: the caller hears busy");
                    None
                }
            };
        }
        let devices = self.devices_of(user).count();
        if devices == 0 {
            let to = forward(ForwardKind::Offline);
            match &to {
                Some(to) => words.say(&format!("no device is reachable; the user forwards to \"{to}\" then")),
                None => words.say("no device is reachable: the caller is told the user is offline"),
            }
            return to;
        }
        if !facts.settings.call_waiting {
            words.say("the user wants no second call while they talk");
        }
        match busy {
            Some(to) => words.say(&format!("while the user is busy, calls go to \"{to}\"")),
            None => words.say("while the user is busy, callers hear so"),
        }
        let seconds = facts.ring_seconds;
        words.say(&format!("{devices} reachable devices ring for {seconds} seconds"));
        match forward(ForwardKind::NoAnswer) {
            Some(to) => words.say(&format!("if nobody answers, the call goes to \"{to}\"")),
            None => words.say("if nobody answers, the call ends"),
        }
        None
    }

    fn explain_group(&self, group: &RingGroup, words: &mut Words) {
        let reachable =
            group.members.iter().filter(|member| self.devices_of(**member).next().is_some()).count();
        let (members, seconds) = (group.members.len(), group.ring_seconds);
        words.say(&format!("{reachable} of {members} members have a reachable device"));
        words.say(&match group.strategy {
            RingStrategy::All => format!("they ring together for {seconds} seconds"),
            RingStrategy::InOrder => format!("they ring one after the other, {seconds} seconds each"),
            RingStrategy::RoundRobin => {
                format!("they ring one after the other, {seconds} seconds each, after the last who answered")
            }
            RingStrategy::LongestIdle => {
                format!("they ring one after the other, {seconds} seconds each, the longest idle first")
            }
        });
        match &group.overflow {
            Some(to) => words.say(&format!("if nobody answers, the call goes to \"{}\"", to.as_str())),
            None => words.say("if nobody answers, the call ends"),
        }
    }
}

/// Sentences, which may name numbers.
struct Words(Vec<Pii<String>>);

impl Words {
    fn say(&mut self, sentence: &str) {
        self.0.push(Pii(sentence.to_owned()));
    }
}
