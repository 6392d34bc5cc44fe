//! Users' settings: read and changed through the store, told to whoever shows them.

use std::{collections::HashMap, time::Instant};

use ringdown_control::{
    AppFrame, Command, CommandId, CommandResult, DirectorySnapshot, SettingChanged, UserSettings,
};
use ringdown_protocol::{
    CallTones, ErrorCode, ErrorInfo, ForwardSettings, Push, Role, Settings, SettingsChange,
};
use ringdown_types::{Extension, LegId, Pii, SessionId, ToneId, TonePlan, UserId};
use serde_json::Value;

use super::{ConnId, Desk, Output};
use crate::pending::{Pending, REPLY_WITHIN, Waiter};

/// A question of the shell's to a softswitch. The shell counts them up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AskId(pub u64);

/// Settings as clients and REST show them: whether there is a PIN, never which.
pub fn settings_as_shown(settings: &UserSettings) -> Settings {
    let number = |number: &Option<Extension>| number.as_ref().map(|number| Pii(number.to_string()));
    let voicemail = settings.voicemail.as_ref();
    Settings {
        do_not_disturb: settings.do_not_disturb,
        call_waiting: settings.call_waiting,
        forward: ForwardSettings {
            always: number(&settings.forward.always),
            busy: number(&settings.forward.busy),
            no_answer: number(&settings.forward.no_answer),
            offline: number(&settings.forward.offline),
        },
        pickup_group: settings.pickup_group.clone(),
        voicemail: voicemail.is_some_and(|voicemail| voicemail.enabled),
        has_voicemail_pin: voicemail.is_some_and(|voicemail| voicemail.pin_sha256.is_some()),
    }
}

fn tones_of(plan: TonePlan) -> CallTones {
    let text = |tone| plan.shape(tone).text().to_owned();
    CallTones { busy: text(ToneId::Busy), congestion: text(ToneId::Congestion) }
}

impl Desk {
    /// A client reads or changes its user's settings; the store answers.
    pub(super) fn ask_for_settings(
        &mut self,
        (conn, session): (ConnId, SessionId),
        request: u32,
        change: Option<SettingsChange>,
    ) -> Result<Option<Value>, ErrorInfo> {
        let Some(user) = self.sessions.get(&session).map(|session| session.record.user) else {
            return Ok(None);
        };
        let is_admin = self.roster.person(user).is_some_and(|person| person.role == Role::Admin);
        // Whose calls one takes is not one's own to say.
        if change.as_ref().is_some_and(|change| change.pickup_group.is_some()) && !is_admin {
            return Err(ErrorInfo::new(ErrorCode::Forbidden, "the pick-up group is changed by admins"));
        }
        let change = change.map(Box::new);
        self.outputs.push_back(Output::Settings { conn, request, user, change });
        Ok(None)
    }

    /// Users changed settings on a softswitch.
    pub(super) fn take_settings(&mut self, changes: Vec<SettingChanged>) {
        if !changes.is_empty() {
            self.outputs.push_back(Output::TakeSettings(changes));
        }
    }

    /// Tells the sessions of every user whose settings differ from the directory before.
    pub(super) fn tell_changed_settings(&mut self, directory: &DirectorySnapshot) {
        let Some(before) = self.directory.clone() else { return };
        let with_sessions = |id: &UserId| self.by_user.contains_key(id);
        let old: HashMap<UserId, &UserSettings> = before
            .users
            .iter()
            .filter(|user| with_sessions(&user.id))
            .map(|user| (user.id, &user.settings))
            .collect();
        let changed: Vec<_> = directory
            .users
            .iter()
            .filter(|user| with_sessions(&user.id))
            .map(|user| (user.id, settings_as_shown(&user.settings)))
            .filter(|(id, settings)| old.get(id).is_none_or(|before| settings_as_shown(before) != *settings))
            .collect();
        for (user, settings) in changed {
            for session in self.sessions_of(user) {
                self.push(session, Push::Settings { settings: settings.clone() });
            }
        }
    }

    /// What callers hear whose calls were not answered.
    pub(super) fn tones(&self) -> CallTones {
        tones_of(self.directory.as_ref().map_or(TonePlan::INTERNATIONAL, |directory| directory.tone_plan))
    }

    /// Tells every session where the tones are another country's than in the directory before.
    pub(super) fn tell_changed_tones(&mut self, directory: &DirectorySnapshot) {
        let tones = tones_of(directory.tone_plan);
        if tones == self.tones() {
            return;
        }
        let ids: Vec<_> = self.sessions.keys().copied().collect();
        for id in ids {
            self.push(id, Push::Tones { tones: tones.clone() });
        }
    }

    /// The shell asks something of the softswitch that has the call it is about, or else of the one that takes new calls;
    /// [`Output::Answered`] follows in any case.
    pub fn handle_ask(&mut self, now: Instant, ask: AskId, command: Command) {
        let refused = |code, message| Output::Answered { ask, outcome: Err(ErrorInfo::new(code, message)) };
        let has_it = leg_of(&command).and_then(|leg| self.mirror.leg(leg)).map(|leg| leg.node);
        let Some(node) = has_it.or_else(|| self.node_for_new_call()) else {
            let error = refused(ErrorCode::SwitchUnavailable, "no softswitch is connected");
            return self.outputs.push_back(error);
        };
        if !self.pending.has_room(SHELL) {
            return self.outputs.push_back(refused(ErrorCode::RateLimited, "too many questions wait"));
        }
        let id = CommandId(self.random.u64());
        if let Some(link) = self.nodes.get(&node).and_then(|node| node.link) {
            let frame = AppFrame::Command { id, command: command.clone() };
            self.outputs.push_back(Output::Node { link, frame });
        }
        let due = now + REPLY_WITHIN;
        self.timers.set_command(due, id);
        self.pending.put(id, Pending { node, session: SHELL, due, command, waiter: Waiter::Ask(ask) });
    }

    /// Whoever waits for a command that came to nothing is told so.
    pub(super) fn fail(&mut self, waiter: &Waiter, error: ErrorInfo) {
        if let Waiter::Ask(ask) = *waiter {
            self.outputs.push_back(Output::Answered { ask, outcome: Err(error) });
        } else if let Some((conn, request)) = waiter.asker() {
            self.respond_to_asker(conn, request, Err(error));
        }
    }

    /// The answer to a question of the shell's.
    pub(super) fn answer(&mut self, ask: AskId, result: CommandResult) {
        self.outputs.push_back(Output::Answered { ask, outcome: Ok(result) });
    }
}

/// The leg a question of the shell's is about.
const fn leg_of(command: &Command) -> Option<LegId> {
    match command {
        Command::Hangup { leg }
        | Command::Hold { leg }
        | Command::Unhold { leg }
        | Command::PlayToLeg { leg, .. }
        | Command::StopPlayingToLeg { leg, .. }
        | Command::RecordLeg { leg, .. } => Some(*leg),
        _ => None,
    }
}

/// Stands for the shell where commands are counted by session.
const SHELL: SessionId = SessionId::from_u128(0);
