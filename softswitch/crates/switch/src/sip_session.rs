//! What changes in a telephone's call without anybody dialling: early answers, refreshed descriptions, and whom its
//! display shows.

use std::time::Instant;

use bytes::Bytes;
use ringdown_call::LegEvent;
use ringdown_sdp::SdpError;
use ringdown_types::LegId;
use tracing::debug;

use crate::Switch;

impl Switch {
    /// A called telephone sends media before it answers. What it says then becomes the answer only with the call's, as
    /// another branch may answer (RFC 3261 §13.2.1).
    pub(crate) fn callee_progressed(&mut self, leg: LegId, sdp: &Bytes) -> Result<(), SdpError> {
        if let Some(sip) = self.legs.sip(leg) {
            if !sip.media.is_offer_pending() {
                return Ok(());
            }
            sip.answered(sdp, false)?;
            sip.heard_early = Some(sdp.clone());
            self.update_media(leg);
        }
        Ok(())
    }

    /// A telephone whose early description is final makes a new offer: the first one is settled by that.
    pub(crate) fn settle_early_answer(&mut self, leg: LegId) {
        if let Some(sip) = self.legs.sip(leg)
            && let Some(early) = sip.heard_early.take()
            && let Err(error) = sip.answered(&early, true)
        {
            debug!(%leg, %error, "an early description that cannot be an answer");
        }
    }

    /// A refresh brought a description nobody asked for: it is in force, and what would answer it is thrown away.
    pub(crate) fn refreshed(&mut self, now: Instant, leg: LegId, sdp: &Bytes) {
        match self.take_reoffer(leg, sdp) {
            Ok((_, holds)) => {
                self.update_media(leg);
                self.calls.handle_leg_event(now, leg, LegEvent::HoldRequested(holds));
            }
            Err(error) => debug!(%leg, %error, "a refreshed description of no use"),
        }
    }

    /// Tells a telephone who is at the other side: in responses while it calls, by UPDATE when its partner changes.
    pub(crate) fn show_peer(&mut self, now: Instant, leg: LegId) {
        let Some(usage) = self.legs.sip(leg).map(|sip| sip.usage) else { return };
        let Some(peer) = self.calls.leg(leg).map(|view| view.peer) else { return };
        let address = self.party_address(&peer);
        if let Err(error) = self.sip.agent.set_identity(now, usage, address) {
            debug!(%leg, %error, "nobody to show a partner to");
        }
    }

    /// The telephone answered our re-INVITE.
    pub(crate) fn reoffer_answered(&mut self, leg: LegId, sdp: Option<&Bytes>) {
        let taken = sdp.is_some_and(|sdp| self.telephone_answered(leg, sdp, true).is_ok());
        if !taken {
            self.withdraw_offer(leg);
        }
    }

    /// The telephone refused our re-INVITE. With 491 it is about to make an offer of its own.
    pub(crate) fn reoffer_refused(&mut self, leg: LegId, status: u16) {
        self.withdraw_offer(leg);
        if status != 491 {
            self.video_offer_refused(leg);
        }
    }

    /// Our re-INVITE came to nothing: the session is what it was.
    fn withdraw_offer(&mut self, leg: LegId) {
        if let Some(sip) = self.legs.sip(leg) {
            sip.media.withdraw_offer();
        }
    }
}
