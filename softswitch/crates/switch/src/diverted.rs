//! What a telephone is told of a call's way to it: `Diversion` (RFC 5806), which most telephones show, and
//! `History-Info` (RFC 7044); and where a telephone may send a call itself (302).

use std::sync::Arc;

use ringdown_call::{Diversion, DiversionReason, Party};
use ringdown_sip::message::{HeaderName, Host, NameAddr, Uri};
use ringdown_types::{CallId, Pii};

use crate::Switch;

impl Switch {
    /// The headers that say who sent a call on; none where nobody did. `to` is who is called.
    pub(crate) fn diversion_headers(&self, call: CallId, to: &NameAddr) -> Vec<(HeaderName, String)> {
        let diversions = self.calls.diversions(call);
        // RFC 5806 §4: each diversion adds its header on top.
        let mut headers: Vec<_> =
            diversions.iter().rev().map(|step| (HeaderName::Diversion, self.diversion(step))).collect();
        // RFC 7044 §9.1: one entry for each target, in order, the last one being who is called.
        let mut index = "1".to_owned();
        let mut mapped_from = String::new();
        for step in diversions {
            let address = self.party_address(&step.from);
            let cause = status_of(step.reason);
            headers.push((
                HeaderName::HistoryInfo,
                // RFC 7044 §5.2: why it went on is a Reason, escaped within the URI.
                format!("<{}?Reason=SIP%3Bcause%3D{cause}>;index={index}{mapped_from}", address.uri),
            ));
            mapped_from = format!(";mp={index}");
            index.push_str(".1");
        }
        if !diversions.is_empty() {
            headers.push((HeaderName::HistoryInfo, format!("<{}>;index={index}{mapped_from}", to.uri)));
        }
        headers
    }

    fn diversion(&self, step: &Diversion) -> String {
        let wants_quiet = match step.from {
            Party::User(user) => self.directory.user(user).is_some_and(|user| user.settings.do_not_disturb),
            Party::Number(_) => false,
        };
        // RFC 5806 §4.1.
        let reason = match step.reason {
            DiversionReason::Always => "unconditional",
            DiversionReason::Busy if wants_quiet => "do-not-disturb",
            DiversionReason::Busy => "user-busy",
            DiversionReason::NoAnswer => "no-answer",
            DiversionReason::Offline => "unavailable",
            DiversionReason::Deflected => "deflection",
        };
        format!("{};reason={reason}", self.party_address(&step.from))
    }

    /// The first of a telephone's 302 targets that is a number of ours. Whatever else a telephone says stays unheard:
    /// it must not make the switch call anybody it likes.
    pub(crate) fn own_number(&self, targets: &[Uri]) -> Option<Pii<Arc<str>>> {
        let is_ours = |uri: &&Uri| match uri {
            Uri::Sip(uri) => self.is_own_host(&uri.host),
            Uri::Tel(_) => true,
            Uri::Other(_) => false,
        };
        targets.iter().filter(is_ours).find_map(Uri::called_number).map(|number| Pii(Arc::from(number)))
    }

    /// The realm, or an address telephones reach this switch at.
    fn is_own_host(&self, host: &Host) -> bool {
        let addresses = [Some(self.config.advertised_address), self.config.other_address];
        Host::parse(self.directory.realm()).as_ref() == Some(host)
            || addresses.into_iter().flatten().any(|address| Host::from(address) == *host)
    }
}

/// The SIP status that stands for a reason (RFC 4458 §3.1 names the same ones).
const fn status_of(reason: DiversionReason) -> u16 {
    match reason {
        DiversionReason::Always | DiversionReason::Deflected => 302,
        DiversionReason::Busy => 486,
        DiversionReason::NoAnswer => 408,
        DiversionReason::Offline => 480,
    }
}
