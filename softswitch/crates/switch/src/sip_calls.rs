//! SIP ↔ leg: the one table of what a telephone's signalling means for its leg, and what call control's actions
//! become towards a telephone.
//!
//! Holding needs no re-INVITE of ours: the switch plays music to a held telephone itself, which old telephones
//! handle better than a re-INVITE.

use std::{
    collections::BTreeMap,
    net::{IpAddr, SocketAddr},
    time::Instant,
};

use bytes::Bytes;
use ringdown_call::{DeviceId, EndedBy, LegEvent, LegState, Party};
use ringdown_control::LegPlace;
use ringdown_media::api::MediaCommand;
use ringdown_sdp::{LocalIdentity, Peer, SdpError, SecurityHabit, StreamSecurity, TelephoneSession};
use ringdown_sip::{
    endpoint::{Destination, Transport},
    invite::{EndCause, Invitation, InviteParams, UsageError, UsageEvent, UsageId},
    message::{HeaderName, Host, NameAddr, SipUri, Uri},
    registrar::{Binding, BindingId},
};
use ringdown_types::{EndReason, LegId, Pii, UserId};
use tracing::debug;

use crate::{
    Switch,
    device_video::{Kind, Occasion},
    habit::{Habit, read_offer},
    legs::{Leg, Side, codecs_starting_with},
    routing::Caller,
    sip_leg::{Invited, MediaSession, RtpSession, SipLeg},
    web_session::WebSession,
};

/// Signalling of telephones, as legs.
impl Switch {
    /// A telephone calls. Who calls is what it proved, not what its From says.
    pub(crate) fn invited(&mut self, now: Instant, usage: UsageId, username: &str, invitation: &Invitation) {
        let Some(user) = self.directory.device(username).map(|device| device.user) else {
            return self.reject(now, usage, EndReason::Forbidden.sip_status());
        };
        let replaced = invitation.replaces.map(|replaced| self.sip.legs.get(&replaced).copied());
        if replaced == Some(None) {
            // "If the Replaces header field matches no dialog: 481." RFC 3891 §3
            return self.reject(now, usage, 481);
        }
        let transport = invitation.flow.transport;
        let security = self.config.security_for(transport, SecurityHabit::Unknown);
        let binding = self.calling_binding(username, invitation.flow);
        let known = self.sip.offered.get(&BindingId(binding)).copied();
        let (offer, habit) = match read_offer(invitation.offer.as_ref(), &security) {
            Ok(Some((offer, habit))) => (Some(offer), habit),
            Ok(None) => (None, known.unwrap_or(Habit::usual(transport))),
            Err(error) => return self.reject(now, usage, error.sip_status()),
        };
        let dialled = invitation.request.uri.called_number().unwrap_or_default();
        let Some(worker) = self.worker_for_call(user, &dialled) else {
            return self.reject(now, usage, EndReason::Congestion.sip_status());
        };
        let source = invitation.flow.remote.ip();
        let Some(mut media) = self.media_session(habit, worker, (source, transport)) else {
            return self.reject(now, usage, EndReason::Congestion.sip_status());
        };
        if binding != 0 && habit != known.unwrap_or(Habit::usual(transport)) {
            self.sip.offered.insert(BindingId(binding), habit);
        }
        let leg = LegId::random(&mut *self.random);
        if let Some(offer) = &offer {
            media.note_video_offer(offer);
        }
        let sip = SipLeg {
            usage,
            username: username.to_owned(),
            media,
            offer,
            said_early: None,
            heard_early: None,
            source,
            hops: invitation.max_forwards,
            invited: None,
        };
        self.insert_telephone(leg, worker, sip);
        let device = DeviceId::Telephone(binding);
        let caller = Caller { leg, user, device, makes_ringback: true };
        let placed = match self.device_named(&invitation.request.uri) {
            _ if let Some(Some(replaced)) = replaced => {
                self.place_call_replacing(now, caller, (replaced, dialled))
            }
            Some(device) => self.place_call_to_device(now, caller, device),
            None => self.place_call(now, caller, &dialled),
        };
        if placed.is_err() {
            let ports = self.legs.remove(leg).map(|leg| leg.ports()).unwrap_or_default();
            self.sip.remove_leg(usage, username);
            self.workers.return_ports(worker, ports);
            self.reject(now, usage, EndReason::Congestion.sip_status());
        }
    }

    /// What happened to a telephone's leg.
    pub(crate) fn handle_usage_event(&mut self, now: Instant, leg: LegId, event: UsageEvent) {
        // What was under way is over, so there is room for an offer of ours that had to wait.
        let makes_room = matches!(
            event,
            UsageEvent::Confirmed { .. }
                | UsageEvent::ReinviteAnswered { .. }
                | UsageEvent::ReinviteRefused { .. }
                | UsageEvent::Refreshed { .. }
        );
        self.usage_event(now, leg, event);
        if makes_room {
            self.match_video(now, leg);
        }
    }

    fn usage_event(&mut self, now: Instant, leg: LegId, event: UsageEvent) {
        let lost = |reason| LegEvent::Ended { reason, by: EndedBy::Switch };
        let hung_up = LegEvent::Ended { reason: EndReason::Hangup, by: EndedBy::Local };
        let event = match event {
            UsageEvent::Ringing => LegEvent::Ringing,
            UsageEvent::Progress { sdp } => {
                if self.callee_progressed(leg, &sdp).is_err() {
                    return;
                }
                LegEvent::EarlyMedia
            }
            UsageEvent::EarlyAnswered { sdp } => return self.confirmed(now, leg, Some(&sdp)),
            UsageEvent::Answered { sdp } => return self.callee_answered(now, leg, sdp.as_ref()),
            UsageEvent::Confirmed { sdp } => return self.confirmed(now, leg, sdp.as_ref()),
            UsageEvent::Failed { status, targets, .. } => match self.own_number(&targets) {
                Some(number) if (300..400).contains(&status) => {
                    return self.calls.handle_redirect(now, leg, number);
                }
                _ if status == 488 && self.invite_with_srtp(now, leg) => return,
                _ => LegEvent::Refused(self.refusal(leg, status)),
            },
            // The caller gave up. Our own CANCEL is of a leg that is over already.
            UsageEvent::Cancelled { .. } => hung_up,
            UsageEvent::Reinvited { offer } => return self.reinvited(now, leg, offer.as_ref()),
            UsageEvent::Refreshed { sdp } => return self.refreshed(now, leg, &sdp),
            UsageEvent::ReinviteAnswered { sdp } => return self.reoffer_answered(leg, sdp.as_ref()),
            UsageEvent::ReinviteRefused { status } => return self.reoffer_refused(leg, status),
            UsageEvent::PictureWanted => return self.request_pictures(leg),
            UsageEvent::Info { digit, .. } => LegEvent::Dtmf { digit, relayed: false },
            UsageEvent::Ended { cause: EndCause::RemoteBye, .. } => hung_up,
            UsageEvent::Ended { cause: EndCause::LocalBye, .. } => return,
            // No ACK, no PRACK, no refresh, or no word at all.
            UsageEvent::Ended { .. } => lost(EndReason::Failed),
            UsageEvent::Referred(referral) => return self.referred(now, leg, &referral),
            // Every INVITE of the switch offers; `Invited` is handled before there is a leg.
            UsageEvent::EarlyOffered { .. } | UsageEvent::Invited(_) => return,
        };
        self.calls.handle_leg_event(now, leg, event);
    }

    /// What a called telephone's final response says of it. 408 and 503 are also what no response and no way to it
    /// count as (RFC 3261 §8.1.3.1): unless it rang before, it is not there.
    fn refusal(&self, leg: LegId, status: u16) -> EndReason {
        let rang = self.calls.leg(leg).is_some_and(|view| view.state == LegState::Ringing);
        match status {
            408 | 503 if !rang => EndReason::Offline,
            _ => EndReason::from_sip_status(status).unwrap_or(EndReason::Failed),
        }
    }

    fn callee_answered(&mut self, now: Instant, leg: LegId, sdp: Option<&Bytes>) {
        // Offers of the early dialog may have settled everything.
        let waits = self.legs.sip(leg).is_some_and(|sip| {
            sip.heard_early = None;
            sip.invited = None;
            sip.media.is_offer_pending()
        });
        let result = match sdp {
            _ if !waits => Ok(()),
            Some(sdp) => self.telephone_answered(leg, sdp, true).map_err(|error| error.end_reason()),
            None => Err(EndReason::NotAcceptable),
        };
        match result {
            Ok(()) => self.calls.handle_leg_event(now, leg, LegEvent::Answered),
            Err(reason) => self.give_up(now, leg, reason),
        }
    }

    /// The ACK. Where the caller's INVITE had no offer it holds the answer to ours (RFC 3261 §13.2.1).
    fn confirmed(&mut self, now: Instant, leg: LegId, sdp: Option<&Bytes>) {
        let waits = self.legs.sip(leg).is_some_and(|sip| sip.media.is_offer_pending());
        let result = match sdp {
            _ if !waits => return,
            Some(sdp) => self.telephone_answered(leg, sdp, true).map_err(|error| error.end_reason()),
            None => Err(EndReason::NotAcceptable),
        };
        match result {
            Ok(()) => {
                let holds = self.legs.sip(leg).is_some_and(|sip| sip.is_held_by_peer());
                self.calls.handle_leg_event(now, leg, LegEvent::HoldRequested(holds));
            }
            Err(reason) => self.give_up(now, leg, reason),
        }
    }

    /// A telephone changes its session: mostly to hold and to come back.
    fn reinvited(&mut self, now: Instant, leg: LegId, offer: Option<&Bytes>) {
        self.settle_early_answer(leg);
        let partner = self.video_partner(leg);
        let Some(usage) = self.legs.sip(leg).map(|sip| sip.usage) else { return };
        let Some(offer) = offer else {
            // It asks for our offer; its answer comes with the ACK.
            self.prepare_video(leg, partner, None);
            let Some(sip) = self.legs.sip(leg) else { return };
            let codecs = codecs_starting_with(&sip.codecs());
            return match sip.media.offer(&codecs) {
                Ok(offer) => self.answer_reinvite(now, usage, offer.into()),
                Err(error) => self.reject_reinvite(now, usage, error.sip_status()),
            };
        };
        match self.take_reoffer(leg, offer) {
            Ok((answer, holds)) => {
                self.update_media(leg);
                self.answer_reinvite(now, usage, answer);
                self.calls.handle_leg_event(now, leg, LegEvent::HoldRequested(holds));
                self.match_video(now, leg);
            }
            Err(error) => self.reject_reinvite(now, usage, error.sip_status()),
        }
    }

    /// Our answer to an offer in a call, and whether the device holds us.
    pub(crate) fn take_reoffer(&mut self, leg: LegId, offer: &Bytes) -> Result<(Bytes, bool), SdpError> {
        let remote = self.legs.sip(leg).ok_or(SdpError::NoOfferPending)?.media.read_offer(offer)?;
        self.prepare_video(leg, self.video_partner(leg), Some(&remote));
        let sip = self.legs.sip(leg).ok_or(SdpError::NoOfferPending)?;
        sip.reoffered(&remote, &mut *self.random)
    }

    /// Takes a telephone's answer and tells its worker.
    pub(crate) fn telephone_answered(
        &mut self,
        leg: LegId,
        sdp: &Bytes,
        is_final: bool,
    ) -> Result<(), SdpError> {
        if let Some(sip) = self.legs.sip(leg) {
            sip.answered(sdp, is_final)?;
            self.update_media(leg);
        }
        Ok(())
    }

    pub(crate) fn update_media(&mut self, leg: LegId) {
        let Some(sip) = self.legs.sip(leg) else { return };
        let (transport, audio) = (sip.transport(), sip.audio());
        self.media(leg, MediaCommand::SetTransport { leg, transport });
        self.media(leg, MediaCommand::SetAudio { leg, audio });
        self.tell_video(leg);
    }
}

/// Call control's actions, as signalling. For a browser's leg they mean nothing: its events tell it.
impl Switch {
    /// A user's telephone is called.
    pub(crate) fn start_telephone_leg(&mut self, now: Instant, leg: LegId, key: u64, caller: Option<LegId>) {
        if let Err(reason) = self.try_telephone(now, leg, key, caller) {
            self.calls.handle_leg_event(now, leg, LegEvent::Refused(reason));
        }
    }

    fn try_telephone(
        &mut self,
        now: Instant,
        leg: LegId,
        key: u64,
        caller: Option<LegId>,
    ) -> Result<(), EndReason> {
        let calling = caller.and_then(|caller| self.legs.get(caller));
        let user = self.calls.leg(leg).map(|view| view.user).ok_or(EndReason::Failed)?;
        let worker = calling.map(|leg| leg.worker).or_else(|| self.worker_for(user));
        let worker = worker.ok_or(EndReason::Congestion)?;
        let codecs = codecs_starting_with(&self.codecs_of(caller));
        let hops = match calling.map(|leg| &leg.side) {
            Some(Side::Telephone(sip)) => sip.hops,
            Some(Side::Browser(_)) | None => MAX_HOPS,
        };
        let calling_party = self.calls.leg(leg).map(|view| view.peer).ok_or(EndReason::Failed)?;
        let (username, destination, target) = self.binding(key).ok_or(EndReason::Offline)?;
        let callee = self.directory.device(&username).ok_or(EndReason::Offline)?.user;
        let (from, to) = (self.party_address(&calling_party), self.address(callee));
        let mut headers =
            self.calls.call_of(leg).map(|call| self.diversion_headers(call, &to)).unwrap_or_default();
        headers.extend(self.auto_answer_headers(leg));
        headers.extend(self.route_to(key));
        let (source, transport) = (destination.remote().ip(), destination.transport());
        let habit = self.sip.offered.get(&BindingId(key)).copied().unwrap_or(Habit::usual(transport));
        let media = self.media_session(habit, worker, (source, transport));
        let mut media = media.ok_or(EndReason::Congestion)?;
        let kind = if habit.peer == Peer::Browser { Kind::Browser } else { Kind::Telephone };
        let wishes = media.video().wishes(kind, self.video_of(caller).as_ref(), Occasion::Offer);
        media.wish(wishes, &mut || self.workers.take_port(worker));
        let params = media.offer(&codecs).map_err(|_| EndReason::Failed).and_then(|offer| {
            Ok(InviteParams {
                target,
                destination,
                from,
                to,
                offer: Some(offer.into()),
                // RFC 3261 §16.6 step 3: a B2BUA that calls back into itself comes to an end.
                max_forwards: hops.checked_sub(1).ok_or(EndReason::Failed)?,
                headers,
            })
        });
        let invited = params.and_then(|params| {
            let usage = self.sip.agent.invite(now, params.clone()).map_err(|_| EndReason::Congestion)?;
            Ok((usage, params))
        });
        let (usage, params) = match invited {
            Ok(invited) => invited,
            Err(reason) => {
                self.workers.return_ports(worker, media.ports());
                return Err(reason);
            }
        };
        let sip = SipLeg {
            usage,
            username,
            media,
            offer: None,
            said_early: None,
            heard_early: None,
            source,
            hops,
            invited: Some(Box::new(Invited { binding: BindingId(key), params, codecs })),
        };
        self.insert_telephone(leg, worker, sip);
        // Early packets may come before the answer.
        self.add_to_media(leg);
        Ok(())
    }

    /// The caller hears that the called side rings.
    pub(crate) fn sip_ring(&mut self, now: Instant, leg: LegId) {
        self.show_peer(now, leg);
        if let Some(usage) = self.legs.sip(leg).map(|sip| sip.usage) {
            let sent = self.sip.agent.ring(now, usage, None);
            self.note_failure(leg, sent);
        }
    }

    /// The caller hears the called side before it answers.
    pub(crate) fn sip_progress(&mut self, now: Instant, leg: LegId, callee: LegId) {
        // After an INVITE without an offer early media need a reliable response: without PRACK our offer could be
        // answered with the ACK only.
        let Some(sip) = self.legs.sip(leg) else { return };
        let (usage, offered) = (sip.usage, sip.offer.is_some());
        if !offered && !self.sip.agent.takes_reliable(usage) {
            return self.sip_ring(now, leg);
        }
        self.show_peer(now, leg);
        if let Some((usage, description)) = self.describe_caller(now, leg, Some(callee)) {
            if let Some(sip) = self.legs.sip(leg) {
                sip.said_early = Some(description.clone());
            }
            self.add_to_media(leg);
            let sent = self.sip.agent.progress(now, usage, description);
            self.note_failure(leg, sent);
        }
    }

    /// The called side answered.
    pub(crate) fn sip_answer(&mut self, now: Instant, leg: LegId, callee: Option<LegId>) {
        self.show_peer(now, leg);
        if let Some((usage, description)) = self.describe_caller(now, leg, callee) {
            self.add_to_media(leg);
            let sent = self.sip.agent.accept(now, usage, description);
            self.note_failure(leg, sent);
        }
    }

    /// A leg ends, in whatever state its signalling is.
    pub(crate) fn sip_end(&mut self, now: Instant, leg: LegId, reason: EndReason) {
        if let Some(usage) = self.legs.sip(leg).map(|sip| sip.usage) {
            let ended = self.sip.agent.end(now, usage, reason);
            self.note_failure(leg, ended);
        }
    }

    /// What a calling telephone is told of our media. Where both sides share no codec the leg ends instead.
    fn describe_caller(
        &mut self,
        now: Instant,
        leg: LegId,
        callee: Option<LegId>,
    ) -> Option<(UsageId, Bytes)> {
        let partner = callee.and_then(|callee| self.legs.get(callee)).map(Leg::codecs).unwrap_or_default();
        let sip = self.legs.sip(leg)?;
        if let Some(said) = &sip.said_early {
            return Some((sip.usage, said.clone()));
        }
        let offer = sip.offer.take();
        self.prepare_video(leg, callee, offer.as_ref());
        let sip = self.legs.sip(leg)?;
        sip.offer = offer;
        match sip.describe(&partner, &mut *self.random) {
            Ok(description) => Some((sip.usage, description)),
            Err(error) => {
                self.give_up(now, leg, error.end_reason());
                None
            }
        }
    }

    /// Ends a leg whose description leads to no media.
    pub(crate) fn give_up(&mut self, now: Instant, leg: LegId, reason: EndReason) {
        self.sip_end(now, leg, reason);
        self.calls.handle_leg_event(now, leg, LegEvent::Ended { reason, by: EndedBy::Switch });
    }

    fn reject(&mut self, now: Instant, usage: UsageId, status: u16) {
        if let Err(error) = self.sip.agent.reject(now, usage, status, None) {
            debug!(%usage, %error, "nothing to reject");
        }
    }

    fn answer_reinvite(&mut self, now: Instant, usage: UsageId, sdp: Bytes) {
        if let Err(error) = self.sip.agent.answer_reinvite(now, usage, sdp) {
            debug!(%usage, %error, "no re-INVITE to answer");
        }
    }

    fn reject_reinvite(&mut self, now: Instant, usage: UsageId, status: u16) {
        if let Err(error) = self.sip.agent.reject_reinvite(now, usage, status) {
            debug!(%usage, %error, "no re-INVITE to refuse");
        }
    }

    /// Signalling that does not fit any more crossed the telephone's own end, whose event is on its way.
    pub(crate) fn note_failure(&self, leg: LegId, result: Result<(), UsageError>) {
        if let Err(error) = result {
            debug!(%leg, %error, "signalling crossed");
        }
    }

    /// What asks a telephone to answer by itself: each vendor knows one of these.
    fn auto_answer_headers(&self, leg: LegId) -> Vec<(HeaderName, String)> {
        if !self.auto_answering.contains(&leg) {
            return Vec::new();
        }
        let realm = self.directory.realm();
        vec![
            (HeaderName::CallInfo, format!("<sip:{realm}>;answer-after=0")),
            (HeaderName::AlertInfo, format!("<http://{realm}>;info=alert-autoanswer;delay=0")),
            // RFC 5373 §4
            (HeaderName::Other("Answer-Mode".into()), "Auto".to_owned()),
        ]
    }

    fn insert_telephone(&mut self, leg: LegId, worker: usize, sip: SipLeg) {
        self.sip.insert_leg(sip.usage, &sip.username, leg);
        let place = LegPlace::Telephone { device: Pii(sip.username.clone()) };
        let side = Side::Telephone(Box::new(sip));
        let variables = BTreeMap::new();
        self.legs
            .insert(leg, Leg { worker, place, side, in_media: false, variables, told_video: Vec::new() });
    }

    /// A media session for a device whose signalling comes from `source`; `None` where no port is free.
    fn media_session(
        &mut self,
        habit: Habit,
        worker: usize,
        (source, transport): (IpAddr, Transport),
    ) -> Option<MediaSession> {
        match habit.peer {
            Peer::Telephone => {
                let port = self.workers.take_port(worker)?;
                let identity = LocalIdentity::generate(&mut *self.random);
                let address = SocketAddr::new(self.config.address_for(source), port);
                let security = self.config.security_for(transport, habit.security);
                let security = StreamSecurity::for_session(security, &mut *self.random);
                let rtp = RtpSession::new(TelephoneSession::new(identity, address, security), port);
                Some(MediaSession::Rtp(Box::new(rtp)))
            }
            Peer::Browser => {
                let candidates = self.workers.candidates(worker);
                let web = WebSession::new(self.config.dtls_fingerprint, candidates, &mut *self.random);
                Some(MediaSession::WebRtc(Box::new(web)))
            }
        }
    }

    /// A binding's device, with where and as what it is reached.
    fn binding(&self, key: u64) -> Option<(String, Destination, Uri)> {
        let binding = self.sip.registrar.binding(BindingId(key))?;
        let username = self.sip.registrar.aor_of(BindingId(key))?;
        Some((username.to_owned(), binding.destination(), binding.contact().clone()))
    }

    /// The Route of requests to a telephone (RFC 3327 §5.1).
    fn route_to(&self, key: u64) -> impl Iterator<Item = (HeaderName, String)> {
        let path = self.sip.registrar.binding(BindingId(key)).map(Binding::path).unwrap_or_default();
        path.iter().map(|hop| (HeaderName::Route, hop.clone()))
    }

    /// One side of a call as telephones see it.
    pub(crate) fn party_address(&self, party: &Party) -> NameAddr {
        match party {
            Party::User(user) => self.address(*user),
            Party::Number(number) => {
                let host =
                    Host::parse(self.directory.realm()).unwrap_or(self.config.advertised_address.into());
                NameAddr::new(SipUri::new(Some(&number.0), host, None).into())
            }
        }
    }

    /// A user as telephones see them.
    pub(crate) fn address(&self, user: UserId) -> NameAddr {
        let host = self.sip_host();
        let user = self.directory.user(user);
        let extension = user.map(|user| user.extension.as_str());
        let address = NameAddr::new(SipUri::new(extension, host, None).into());
        address.with_display(user.map_or("", |user| user.name.as_str()))
    }

    fn sip_host(&self) -> Host {
        Host::parse(self.directory.realm()).unwrap_or(self.config.advertised_address.into())
    }

    /// A number as a SIP URI; without one the switch itself.
    pub(crate) fn sip_uri(&self, number: &str) -> String {
        let user = Some(number).filter(|number| !number.is_empty());
        Uri::from(SipUri::new(user, self.sip_host(), None)).to_string()
    }
}

/// Hops of a call that starts here (RFC 3261 §8.1.1.6).
const MAX_HOPS: u8 = 70;
