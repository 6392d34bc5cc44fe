//! Call control's actions, carried out on the legs' protocol sides and in the media plane.

use std::{collections::BTreeMap, time::Instant};

use ringdown_call::{Action, DeviceId, LegEvent, Notice, Output as CallOutput};
use ringdown_control::{Event, LegPlace};
use ringdown_media::api::MediaCommand;
use ringdown_types::{CallId, CodecId, EndReason, LegId, SessionId};

use crate::{
    Output, Switch,
    legs::{Leg, Side, codecs_starting_with},
    notices::Translator,
    rooms::media_source,
    web_leg::WebLeg,
};

impl Switch {
    /// Carries out everything call control says until it has nothing more to say.
    pub(crate) fn settle_calls(&mut self, now: Instant) {
        loop {
            while let Some(output) = self.calls.poll_output() {
                match output {
                    CallOutput::Action(action) => self.contained_action(now, action),
                    CallOutput::Notice(notice) => self.contained_notice(now, notice),
                }
            }
            // A leg is shown to the app server before its browser is rung.
            let Some(leg) = self.browsers_to_ring.pop_front() else { break };
            self.ring_browser(now, leg);
        }
    }

    pub(crate) fn act(&mut self, now: Instant, action: Action) {
        match action {
            Action::Lookup { call, target, by } => {
                let destination = self.look_up(now, call, &target, by);
                self.calls.handle_lookup(now, call, destination);
            }
            Action::RingLeg { leg } => self.sip_ring(now, leg),
            Action::ProgressLeg { leg, callee } => self.sip_progress(now, leg, callee),
            Action::StartLeg { leg, call, device, caller, auto_answer } => {
                if auto_answer {
                    self.auto_answering.insert(leg);
                }
                let variables = self.variables_for(call, caller);
                match device {
                    DeviceId::Browser(session) => self.start_browser_leg(leg, session, caller, variables),
                    DeviceId::Telephone(key) => {
                        self.start_telephone_leg(now, leg, key, caller);
                        if let Some(started) = self.legs.get_mut(leg) {
                            started.variables = variables;
                        }
                    }
                }
            }
            Action::TransferProgress { leg, progress } => self.transfer_progressed(now, leg, progress),
            Action::AnswerLeg { leg, callee } => self.sip_answer(now, leg, callee),
            Action::EndLeg { leg, reason } => self.sip_end(now, leg, reason),
            Action::Bridge { a, b } => {
                self.leave_mix(a);
                self.leave_mix(b);
                self.bridge(now, a, b);
                self.join_video(a, b);
                self.spare_transcoding(a, b);
                self.spare_transcoding(b, a);
                self.match_video(now, a);
            }
            Action::Unbridge { a, b } => {
                self.part_video(a, b);
                self.unbridge(a, b);
            }
            Action::Play { leg, source, repeat, token } => {
                self.leave_mix(leg);
                let source = media_source(source);
                self.media(leg, MediaCommand::Play { leg, source, repeat, token });
            }
            Action::StopPlay { leg } => {
                self.leave_mix(leg);
                self.media(leg, MediaCommand::Disconnect { leg });
            }
            Action::Echo { leg } => self.media(leg, MediaCommand::Echo { leg }),
            Action::JoinMix { leg, mix } => {
                self.end_video(now, leg);
                self.join_mix(now, leg, mix);
            }
            Action::SetGain { leg, decibels } => self.media(leg, MediaCommand::SetGain { leg, decibels }),
            Action::PlayToMix { mix, source } => self.play_to_mix(mix, source),
            Action::Record { leg, recording, mailbox } => {
                self.end_video(now, leg);
                self.start_recording(now, leg, recording, mailbox);
            }
            Action::StopRecording { leg } => self.media(leg, MediaCommand::StopRecording { leg }),
            Action::ChangeMailbox { mailbox, change } => self.change_mailbox(mailbox, change),
            Action::SendDtmf { leg, digit } => {
                self.media(leg, MediaCommand::SendDtmf { leg, digit, duration_ms: DIGIT_MS });
            }
            Action::Mute { leg, muted } => self.media(leg, MediaCommand::Mute { leg, muted }),
        }
    }

    pub(crate) fn note(&mut self, now: Instant, notice: Notice) {
        self.people.note(&notice);
        self.group_memory.note(now, &notice);
        let translator = Translator { directory: &self.directory, clock: &self.clock, legs: &self.legs };
        let event = translator.event(&notice);
        self.event(event);
        match notice {
            Notice::LegChanged(leg) => self.show_peer(now, leg.leg),
            Notice::LegEnded { leg, .. } => {
                self.await_figures(&leg);
                self.forget_leg(leg.leg);
            }
            Notice::CallEnded(record) => {
                self.originated.remove(&record.call);
                self.forget_referrals(record.call);
            }
            _ => {}
        }
    }

    /// A leg is over: its media goes, its ports rest, its session forgets it.
    fn forget_leg(&mut self, leg: LegId) {
        self.lost_media.settled(leg);
        self.auto_answering.remove(&leg);
        self.drop_link_of(leg);
        self.leave_mix(leg);
        self.forget_video(leg);
        let Some(gone) = self.legs.remove(leg) else { return };
        match &gone.side {
            Side::Browser(web) => self.sessions.remove_leg(web.session(), leg),
            Side::Telephone(sip) => {
                self.sip.remove_leg(sip.usage, &sip.username);
            }
        }
        let ports = gone.ports();
        if gone.in_media {
            self.workers.leg_leaves(leg, gone.worker, ports);
            self.out
                .push_back(Output::Media { worker: gone.worker, command: MediaCommand::RemoveLeg { leg } });
        } else {
            self.workers.return_ports(gone.worker, ports);
        }
    }

    /// What travels with a leg: what its caller sent along, or whoever asked for the call.
    fn variables_for(&self, call: CallId, caller: Option<LegId>) -> BTreeMap<String, String> {
        match caller {
            Some(caller) => self.legs.get(caller).map(|leg| leg.variables.clone()),
            None => self.originated.get(&call).cloned(),
        }
        .unwrap_or_default()
    }

    fn start_browser_leg(
        &mut self,
        leg: LegId,
        session: SessionId,
        caller: Option<LegId>,
        variables: BTreeMap<String, String>,
    ) {
        let calling = caller.and_then(|caller| self.legs.get(caller)).map(|leg| leg.worker);
        let user = self.sessions.user_of(session);
        let worker = calling.or_else(|| user.and_then(|user| self.worker_for(user)));
        let Some(worker) = worker.or_else(|| self.workers.least_loaded()) else { return };
        let candidates = self.workers.candidates(worker);
        let web = WebLeg::new(session, self.config.dtls_fingerprint, candidates, &mut *self.random);
        let side = Side::Browser(Box::new(web));
        let place = LegPlace::Browser { session };
        self.legs
            .insert(leg, Leg { worker, place, side, in_media: false, variables, told_video: Vec::new() });
        self.sessions.add_leg(session, leg);
        self.browsers_to_ring.push_back((leg, caller));
    }

    /// Sends our offer, the caller's codecs first so that both sides share one, and takes the session as ringing:
    /// it is live, and what it does with the offer is its own.
    fn ring_browser(&mut self, now: Instant, (leg, caller): (LegId, Option<LegId>)) {
        let codecs = codecs_starting_with(&self.codecs_of(caller));
        self.prepare_video(leg, caller, None);
        let Some(ringing) = self.legs.get_mut(leg) else { return };
        let variables = ringing.variables.clone();
        let Side::Browser(web) = &mut ringing.side else { return };
        let session = web.session();
        let Ok(offer) = web.offer(codecs) else {
            return self.calls.handle_leg_event(now, leg, LegEvent::Refused(EndReason::Failed));
        };
        self.add_to_media(leg);
        let auto_answer = self.auto_answering.contains(&leg);
        self.event(Event::Offered { leg, session, offer, variables, auto_answer });
        self.tell_candidates(leg);
        self.calls.handle_leg_event(now, leg, LegEvent::Ringing);
    }

    /// What a leg's device can take; nothing for no leg.
    pub(crate) fn codecs_of(&self, leg: Option<LegId>) -> Vec<CodecId> {
        leg.and_then(|leg| self.legs.get(leg)).map(Leg::codecs).unwrap_or_default()
    }

    /// A telephone often speaks one codec only; a browser in the same bridge that knows it too is asked to speak it,
    /// so that nothing is transcoded. Until its answer comes the media plane transcodes.
    fn spare_transcoding(&mut self, browser: LegId, other: LegId) {
        let others = self.codecs_of(Some(other));
        let Some(web) = self.legs.web(browser) else { return };
        let session = web.session();
        if let Some(offer) = web.narrow_to(&others) {
            self.event(Event::Description { leg: browser, session, description: offer });
        }
    }

    /// Tells the worker of a leg, once.
    pub(crate) fn add_to_media(&mut self, leg: LegId) {
        let Some(entry) = self.legs.get_mut(leg).filter(|entry| !entry.in_media) else { return };
        entry.in_media = true;
        let (transport, audio) = match &entry.side {
            Side::Browser(web) => (web.transport(), web.audio()),
            Side::Telephone(sip) => (sip.transport(), sip.audio()),
        };
        let worker = entry.worker;
        self.workers.leg_added(worker);
        let command = MediaCommand::AddLeg { leg, transport, audio };
        self.out.push_back(Output::Media { worker, command });
        self.tell_video(leg);
    }

    /// Tells a leg's worker something, if it knows the leg.
    pub(crate) fn media(&mut self, leg: LegId, command: MediaCommand) {
        if let Some(entry) = self.legs.get(leg).filter(|entry| entry.in_media) {
            self.out.push_back(Output::Media { worker: entry.worker, command });
        }
    }

    pub(crate) fn event(&mut self, event: Event) {
        self.out.push_back(Output::Event(event));
    }
}

/// How long a digit lasts that nobody's finger timed. Shorter ones are missed by some gateways, longer ones make a
/// sequence slow.
const DIGIT_MS: u16 = 160;
