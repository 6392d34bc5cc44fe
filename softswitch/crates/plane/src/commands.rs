//! Obeys call control.

use std::time::Instant;

use ringdown_media::{
    api::{
        AudioParameters, MediaCommand, MediaEvent, MediaFailure, PlaySource, RecordingEnd, Transport,
        WebRtcRemote,
    },
    codec::adapt::OpusAdaptation,
    mix::{MixClip, factor_of},
    prompt::Playback,
    quality::LegMonitor,
    rtcp::RtcpSession,
    rtp::{FinishedDigit, OutgoingStream},
};
use ringdown_rtc::IceCredentials;
use ringdown_types::{LegId, MixId};
use tracing::debug;

use crate::{
    absence::Absence,
    browser::{Browser, Change},
    digits::Digits,
    feed::{Feed, Play, Sound},
    hearing::Voice,
    incoming::Incoming,
    leg::{Leg, Outgoing},
    legs::Slot,
    mix::{Member, MixSound},
    output::Output,
    quality::Counted,
    telephone::{Telephone, TelephoneOutput},
    transport::LegTransport,
    worker::Worker,
};

/// A command that cannot be obeyed: its leg has ended, or it contradicts what the leg is.
struct Dropped;

impl Worker {
    /// Obeys a command. One for a leg that is not here, or that contradicts what the leg is, is dropped and counted,
    /// but each removal is answered.
    pub fn handle_command(&mut self, now: Instant, command: MediaCommand) {
        self.legs.begin();
        let result = match command {
            MediaCommand::AddLeg { leg, transport, audio } => self.add_leg(now, leg, transport, audio),
            MediaCommand::SetTransport { leg, transport } => self.set_transport(now, leg, transport),
            MediaCommand::SetAudio { leg, audio } => self.set_audio(now, leg, audio),
            MediaCommand::SetVideo { leg, streams } => {
                self.find(leg).map(|slot| self.set_video(now, slot, streams))
            }
            MediaCommand::RequestKeyFrames { leg } => {
                self.find(leg).map(|slot| self.want_key_frames(now, slot))
            }
            MediaCommand::RemoveLeg { leg } => {
                self.remove_leg(now, leg);
                Ok(())
            }
            MediaCommand::Connect { a, b } => self.connect(now, a, b),
            MediaCommand::Disconnect { leg } => self.find(leg).map(|slot| self.disconnect(slot)),
            MediaCommand::Play { leg, source, repeat, token } => self.play(now, leg, source, repeat, token),
            MediaCommand::Echo { leg } => self.find(leg).map(|slot| self.set_feed(slot, Feed::Echo)),
            MediaCommand::SendDtmf { leg, digit, duration_ms } => self.find(leg).map(|slot| {
                self.queue_digit(now, slot, FinishedDigit { digit, duration_ms });
            }),
            MediaCommand::Mute { leg, muted } => self.mute(leg, muted),
            MediaCommand::WatchVoice { leg, watched } => self.watch_voice(now, leg, watched),
            MediaCommand::JoinMix { leg, mix, is_link } => self.join_mix(now, leg, mix, is_link),
            MediaCommand::SetGain { leg, decibels } => self.set_gain(leg, decibels),
            MediaCommand::PlayToMix { mix, source } => self.play_to_mix(mix, source),
            MediaCommand::StopPlayToMix { mix } => {
                self.mixes.stop_playing(mix);
                Ok(())
            }
            MediaCommand::Record { leg, recording, form, limits } => self.find(leg).and_then(|slot| {
                if self.record(now, slot, (recording, form), limits) { Ok(()) } else { Err(Dropped) }
            }),
            MediaCommand::RecordMix { mix, recording, format, limits } => {
                if self.record_mix(mix, (recording, format), limits) { Ok(()) } else { Err(Dropped) }
            }
            MediaCommand::StopMixRecording { mix } => {
                self.stop_mix_recording(mix);
                Ok(())
            }
            MediaCommand::StopRecording { leg } => {
                self.find(leg).map(|slot| self.stop_recording(slot, RecordingEnd::Stopped))
            }
        };
        if result.is_err() {
            self.counts.commands_dropped += 1;
        }
    }

    fn find(&self, leg: LegId) -> Result<Slot, Dropped> {
        self.legs.slot(leg).ok_or_else(|| {
            debug!(%leg, "a command for a leg that is not here");
            Dropped
        })
    }

    fn add_leg(
        &mut self,
        now: Instant,
        id: LegId,
        transport: Transport,
        audio: AudioParameters,
    ) -> Result<(), Dropped> {
        if self.legs.slot(id).is_some() {
            return Err(Dropped);
        }
        let refuse = |worker: &mut Self, failure| {
            worker.outputs.event(MediaEvent::LegFailed { leg: id, failure });
            Err(Dropped)
        };
        if self.legs.len() >= self.config.max_legs {
            return refuse(self, MediaFailure::SocketUnavailable);
        }
        match transport {
            Transport::Rtp { local_port, remote } => {
                if self.routes.by_port(local_port).is_some() {
                    return refuse(self, MediaFailure::SocketUnavailable);
                }
                let telephone = Box::new(Telephone::new(now, local_port, remote, &self.identity));
                let telephone = LegTransport::Telephone(telephone);
                let slot = self.insert_leg(now, id, telephone, audio);
                self.routes.claim_port(slot, local_port);
                self.outputs.push(Output::OpenRtp { port: local_port });
            }
            Transport::WebRtc { local_ufrag, local_pwd, remote } => {
                if self.routes.by_ufrag(&local_ufrag).is_some() {
                    return refuse(self, MediaFailure::SocketUnavailable);
                }
                let Ok(local) = IceCredentials::new(local_ufrag.as_str(), local_pwd) else {
                    return refuse(self, MediaFailure::DtlsFailed);
                };
                let browser = Box::new(Browser::new(local.clone(), &self.identity));
                let slot = self.insert_leg(now, id, LegTransport::Browser(browser), audio);
                self.routes.claim_ufrag(slot, local_ufrag);
                self.apply_browser(now, slot, local, remote.as_ref());
            }
        }
        Ok(())
    }

    fn insert_leg(
        &mut self,
        now: Instant,
        id: LegId,
        transport: LegTransport,
        audio: AudioParameters,
    ) -> Slot {
        let clock_rate = audio.codecs.first().map_or(8000, |format| format.codec.clock_rate());
        let stream = OutgoingStream::new(clock_rate, &mut *self.random);
        let names = (audio.local_ssrc, audio.cname.clone());
        let rtcp = RtcpSession::new(now, self.clock, names.0, names.1, &mut *self.random);
        let origin = self.next_origin();
        let opus = OpusAdaptation::new(self.config.opus, audio.opus);
        let slot = self.legs.insert(Leg {
            id,
            transport,
            audio,
            muted: false,
            gain: 1.0,
            incoming: Incoming::default(),
            absence: Absence::default(),
            feed: Feed::Silence,
            video: None,
            digits: Digits::default(),
            recorder: None,
            outgoing: Outgoing { stream, rtcp, codec: None },
            monitor: LegMonitor::default(),
            counted: Counted::default(),
            origin,
            opus,
            reports_seen: 0,
            connected: false,
            scheduled: None,
        });
        self.reschedule(slot);
        slot
    }

    fn set_transport(&mut self, now: Instant, id: LegId, transport: Transport) -> Result<(), Dropped> {
        let slot = self.find(id)?;
        let leg = self.legs.get_mut(slot).ok_or(Dropped)?;
        match (&mut leg.transport, transport) {
            (LegTransport::Telephone(telephone), Transport::Rtp { local_port, remote })
                if telephone.local_port == local_port =>
            {
                telephone.set_remote(now, remote);
                self.drain_telephone(now, slot);
                self.wake(now, slot);
            }
            (LegTransport::Browser(_), Transport::WebRtc { local_ufrag, local_pwd, remote }) => {
                let taken = self.routes.by_ufrag(&local_ufrag).is_some_and(|owner| owner != slot);
                let local = IceCredentials::new(local_ufrag.as_str(), local_pwd).map_err(|_| Dropped)?;
                if taken {
                    return Err(Dropped);
                }
                self.routes.claim_ufrag(slot, local_ufrag);
                self.apply_browser(now, slot, local, remote.as_ref());
            }
            _ => return Err(Dropped),
        }
        Ok(())
    }

    fn apply_browser(
        &mut self,
        now: Instant,
        slot: Slot,
        local: IceCredentials,
        remote: Option<&WebRtcRemote>,
    ) {
        let Some(leg) = self.legs.get_mut(slot) else { return };
        let LegTransport::Browser(browser) = &mut leg.transport else { return };
        let ufrag = local.ufrag().to_owned();
        match browser.apply(now, local, remote, &self.identity) {
            Ok(Change::Continued) => {}
            Ok(Change::Replaced) => {
                // A new receiver: numbers near their wrap would be undecryptable if its first packets were lost
                // (RFC 3711 §3.3.1).
                let clock_rate = leg.audio.codecs.first().map_or(8000, |format| format.codec.clock_rate());
                leg.outgoing.stream = OutgoingStream::new(clock_rate, &mut *self.random);
                leg.renew_video(&mut *self.random);
                self.routes.forget(slot);
                self.routes.claim_ufrag(slot, ufrag);
            }
            Err(_) => {
                let (leg, failure) = (leg.id, MediaFailure::DtlsFailed);
                self.outputs.event(MediaEvent::LegFailed { leg, failure });
            }
        }
        self.drain_browser(now, slot);
        self.reschedule(slot);
    }

    fn set_audio(&mut self, now: Instant, id: LegId, audio: AudioParameters) -> Result<(), Dropped> {
        let slot = self.find(id)?;
        let leg = self.legs.get_mut(slot).ok_or(Dropped)?;
        if leg.audio == audio {
            return Ok(());
        }
        leg.outgoing.rtcp.set_names(audio.local_ssrc, audio.cname.clone());
        let was_sent_to = leg.audio.direction.sends();
        let was_heard = leg.audio.direction.receives();
        leg.opus.set_wishes(audio.opus);
        leg.audio = audio;
        if was_sent_to != leg.audio.direction.sends() {
            leg.outgoing.stream.release_source();
        }
        if was_heard != leg.audio.direction.receives() {
            self.release_listener(slot);
        }
        self.wake(now, slot);
        Ok(())
    }

    /// Makes whoever hears this leg place its next packet anew: what it did not say in between is not loss.
    fn release_listener(&mut self, slot: Slot) {
        let listener = self.legs.get(slot).and_then(|leg| leg.feed.listener(slot));
        if let Some(listener) = listener.and_then(|listener| self.legs.get_mut(listener)) {
            listener.outgoing.stream.release_source();
        }
    }

    /// Answered for every leg: what call control holds for one that was refused is freed by it too.
    fn remove_leg(&mut self, now: Instant, id: LegId) {
        let removed = self.legs.slot(id).and_then(|slot| self.take_leg(now, slot));
        let stats = removed.map(|leg| self.last_figures(&leg)).unwrap_or_default();
        self.outputs.event(MediaEvent::LegRemoved { leg: id, stats });
    }

    pub(crate) fn take_leg(&mut self, now: Instant, slot: Slot) -> Option<Box<Leg>> {
        self.disconnect(slot);
        self.stop_recording(slot, RecordingEnd::LegRemoved);
        self.end_video(now, slot);
        let leg = self.legs.get_mut(slot)?;
        if let Some(bye) = leg.take_bye(now, &mut *self.random) {
            self.outputs.push(bye);
        }
        match &mut leg.transport {
            LegTransport::Browser(browser) => browser.transport.close(now),
            LegTransport::Telephone(telephone) => telephone.close(now),
        }
        self.deadlines.schedule(slot, &mut leg.scheduled, None);
        self.send_last_words(slot);
        self.routes.forget(slot);
        let leg = self.legs.remove(slot)?;
        if let LegTransport::Telephone(telephone) = &leg.transport {
            self.outputs.push(Output::CloseRtp { port: telephone.local_port });
        }
        Some(leg)
    }

    /// What a closed transport still sends; what it has to say, nobody needs to hear.
    fn send_last_words(&mut self, slot: Slot) {
        let Some(leg) = self.legs.get_mut(slot) else { return };
        let browser = match &mut leg.transport {
            LegTransport::Browser(browser) => browser,
            LegTransport::Telephone(telephone) => {
                while let Some(output) = telephone.poll_output() {
                    if let TelephoneOutput::Transmit { socket, destination, bytes } = output {
                        self.outputs.push(Output::Transmit { socket, destination, bytes });
                    }
                }
                return;
            }
        };
        while let Some(output) = browser.transport.poll_output() {
            if let ringdown_rtc::Output::Transmit(transmit) = output {
                self.outputs.push(Output::Transmit {
                    socket: crate::SocketKey::WebRtc,
                    destination: transmit.destination,
                    bytes: transmit.bytes.to_vec(),
                });
            }
        }
    }

    fn connect(&mut self, now: Instant, a: LegId, b: LegId) -> Result<(), Dropped> {
        let (a, b) = (self.find(a)?, self.find(b)?);
        if a == b {
            return Err(Dropped);
        }
        let is_connected = |worker: &Self| {
            let leg = worker.legs.get(a)?;
            matches!(&leg.feed, Feed::Partner { slot, .. } if *slot == b).then_some(())
        };
        if is_connected(self).is_none() {
            self.set_feed(a, Feed::Partner { slot: b, conversion: None });
            self.set_feed(b, Feed::Partner { slot: a, conversion: None });
            self.want_key_frames(now, a);
            self.want_key_frames(now, b);
        }
        Ok(())
    }

    fn disconnect(&mut self, slot: Slot) {
        self.set_feed(slot, Feed::Silence);
    }

    /// Replaces what a leg hears. A partner that heard it hears nothing.
    fn set_feed(&mut self, slot: Slot, feed: Feed) {
        self.lift_limit(slot);
        let Some(leg) = self.legs.get_mut(slot) else { return };
        leg.release_sources();
        let old = std::mem::replace(&mut leg.feed, feed);
        if let Feed::Mix(member) = &old {
            self.mixes.leave(member.mix, slot, &mut self.outputs);
        }
        if let Feed::Partner { slot: partner, .. } = old
            && let Some(other) = self.legs.get_mut(partner)
            && matches!(&other.feed, Feed::Partner { slot: back, .. } if *back == slot)
        {
            other.release_sources();
            self.lift_limit(partner);
            if let Some(other) = self.legs.get_mut(partner) {
                other.feed = Feed::Silence;
            }
            self.reschedule(partner);
        }
        self.reschedule(slot);
    }

    fn play(
        &mut self,
        now: Instant,
        id: LegId,
        source: PlaySource,
        repeat: bool,
        token: u32,
    ) -> Result<(), Dropped> {
        let slot = self.find(id)?;
        let sound = if let PlaySource::Recording(recording) = source {
            self.outputs.push(Output::ReadRecording { recording });
            Sound::Awaited { recording, repeat }
        } else if let Some(clip) = self.sounds.clip(source) {
            let repeat = repeat || matches!(source, PlaySource::Tone(tone) if tone.repeats());
            Sound::Clip(Playback::new(clip, repeat))
        } else {
            debug!(leg = %id, ?source, "the sound pack lacks a prompt");
            self.set_feed(slot, Feed::Silence);
            self.outputs.event(MediaEvent::PlayFinished { leg: id, token });
            return Ok(());
        };
        let origin = self.next_origin();
        self.set_feed(slot, Feed::Play(Play { sound, token, origin, due: None }));
        self.wake(now, slot);
        Ok(())
    }

    fn join_mix(&mut self, now: Instant, id: LegId, mix: MixId, is_link: bool) -> Result<(), Dropped> {
        let slot = self.find(id)?;
        let leg = self.legs.get(slot).ok_or(Dropped)?;
        if matches!(&leg.feed, Feed::Mix(member) if member.mix == mix) {
            return Ok(());
        }
        let origin = self.next_origin();
        self.set_feed(slot, Feed::Mix(Box::new(Member::new(mix, is_link, origin))));
        self.mixes.join(now, mix, slot);
        Ok(())
    }

    fn play_to_mix(&mut self, mix: MixId, source: PlaySource) -> Result<(), Dropped> {
        let sound = if let PlaySource::Recording(recording) = source {
            MixSound::Awaited(recording)
        } else {
            let clip = self.sounds.clip(source).ok_or(Dropped)?;
            MixSound::Clip(MixClip::new(Playback::new(clip, false)).map_err(|_| Dropped)?)
        };
        let awaited = sound.awaited();
        if !self.mixes.play(mix, sound) {
            return Err(Dropped);
        }
        if let Some(recording) = awaited {
            self.outputs.push(Output::ReadRecording { recording });
        }
        Ok(())
    }

    fn watch_voice(&mut self, now: Instant, id: LegId, watched: bool) -> Result<(), Dropped> {
        let slot = self.find(id)?;
        let leg = self.legs.get_mut(slot).ok_or(Dropped)?;
        if watched != leg.incoming.voice.is_some() {
            leg.incoming.voice = watched.then(|| Box::new(Voice::new(now)));
            self.reschedule(slot);
        }
        Ok(())
    }

    fn mute(&mut self, id: LegId, muted: bool) -> Result<(), Dropped> {
        let slot = self.find(id)?;
        let leg = self.legs.get_mut(slot).ok_or(Dropped)?;
        if leg.muted != muted {
            leg.muted = muted;
            self.release_listener(slot);
        }
        Ok(())
    }
    fn set_gain(&mut self, id: LegId, decibels: i8) -> Result<(), Dropped> {
        let slot = self.find(id)?;
        self.legs.get_mut(slot).ok_or(Dropped)?.gain = factor_of(decibels.min(MAX_GAIN_DB));
        Ok(())
    }
}

/// More only makes noise of whoever is too soft.
const MAX_GAIN_DB: i8 = 20;
