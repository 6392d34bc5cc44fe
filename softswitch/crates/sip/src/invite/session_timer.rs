//! Session timers (RFC 4028): both ends show from time to time that they live, and who hears nothing hangs up.

use std::time::Duration;

use super::{
    Context, EndCause, InviteUsage, State, UsageTimer,
    talk::{Exchange, LocalOffer},
};
use crate::message::{HeaderName, Headers, Method, Params, Request, Response, token};

/// How long a call lives without a sign of life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionTimers {
    /// The interval we ask for and grant at most, in seconds. Shorter notices a dead telephone sooner and costs a
    /// request each half of it; 0 asks for none.
    pub interval: u32,
    /// The shortest interval we agree to, in seconds; at least 90 (RFC 4028 §4).
    pub minimum: u32,
}

impl Default for SessionTimers {
    /// The RFC's values (§4).
    fn default() -> Self {
        Self { interval: 1800, minimum: MINIMUM }
    }
}

/// "The minimum value for Min-SE is 90 seconds" (RFC 4028 §4).
const MINIMUM: u32 = 90;
/// Longer intervals are cut: a day shows a dead call soon enough.
const MAXIMUM: u32 = 86_400;
/// A refresh that could not be sent or was refused is tried again after this.
const RETRY: Duration = Duration::from_secs(10);

/// The timer of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct SessionTimer {
    pub(super) seconds: u32,
    pub(super) we_refresh: bool,
}

/// Who refreshes, as seen from the request the header is in or answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Refresher {
    Uac,
    Uas,
}

/// What becomes of a request's wish.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// 422 with our Min-SE.
    TooSmall,
    /// No timer.
    Off,
    /// This one; the request's sender hears who refreshes.
    On(SessionTimer),
}

/// Session-Expires (§4), if it is there and can be read.
fn session_expires(headers: &Headers) -> Option<(u32, Option<Refresher>)> {
    let text = headers.text(&HeaderName::SessionExpires).ok().flatten()?;
    let (seconds, params) = text.split_at(text.find(';').unwrap_or(text.len()));
    let refresher = match Params::parse(params)?.get("refresher") {
        Some(text) if text.eq_ignore_ascii_case("uac") => Some(Refresher::Uac),
        Some(text) if text.eq_ignore_ascii_case("uas") => Some(Refresher::Uas),
        _ => None,
    };
    Some((token::decimal(seconds.trim())?, refresher))
}

/// Min-SE; without one 90 s (§5).
pub(super) fn min_se(headers: &Headers) -> u32 {
    let text = headers.text(&HeaderName::MinSe).ok().flatten().unwrap_or_default();
    let number = text.split(';').next().and_then(|number| token::decimal(number.trim()));
    number.unwrap_or(MINIMUM).clamp(MINIMUM, MAXIMUM)
}

/// What the called side of a request makes of it (§9).
pub(super) fn negotiate(config: SessionTimers, headers: &Headers, current: Option<SessionTimer>) -> Verdict {
    let knows = [HeaderName::Supported, HeaderName::Require].iter().any(|name| headers.lists(name, "timer"));
    let wish = session_expires(headers);
    let least = config.minimum.max(MINIMUM);
    match wish {
        // "If the Session-Expires interval is too small, the UAS MUST reject with a 422", if the sender knows it.
        Some((seconds, _)) if knows && seconds < least => return Verdict::TooSmall,
        None if config.interval == 0 => return Verdict::Off,
        _ => {}
    }
    // "The UAS MAY reduce the value, but it MUST NOT set it to a duration lower than Min-SE."
    let own = config.interval.max(least).max(min_se(headers)).min(MAXIMUM);
    let seconds = wish.map_or(own, |(wish, _)| wish.clamp(least, own));
    let we_refresh = match (knows, wish, current) {
        (true, Some((_, Some(refresher))), _) => refresher == Refresher::Uas,
        (true, _, Some(current)) => current.we_refresh,
        // Who asks for it does it; who only knows it is spared.
        (true, Some(_), None) => false,
        (true, None, None) => true,
        // "If the UAC does not support it, the refresher MUST be uas." Table 2
        (false, Some(_), _) => true,
        (false, None, Some(current)) if current.we_refresh => true,
        (false, None, _) => return Verdict::Off,
    };
    Verdict::On(SessionTimer { seconds, we_refresh })
}

/// Adds what a 2xx to a request says of the timer (§9).
pub(super) fn with_timer(response: Response, verdict: Verdict) -> Response {
    let Verdict::On(timer) = verdict else { return response };
    let refresher = if timer.we_refresh { "uas" } else { "uac" };
    let response =
        response.with(HeaderName::SessionExpires, format!("{};refresher={refresher}", timer.seconds));
    // "If the refresher is uac, the UAS MUST place a Require with timer into the response."
    if timer.we_refresh { response } else { response.with(HeaderName::Require, "timer") }
}

/// The refusal of an interval that is too short.
pub(super) fn too_small(config: SessionTimers, request: &Request) -> Response {
    let least = config.minimum.max(MINIMUM).to_string();
    Response::to_request(request, 422).with(HeaderName::MinSe, least)
}

/// What a 2xx to a request of ours agrees to (§7.2): without Session-Expires the session does not expire.
pub(super) fn agreed(headers: &Headers) -> Option<SessionTimer> {
    let (seconds, refresher) = session_expires(headers)?;
    Some(SessionTimer {
        // A peer that asks for a refresh a second gets one each 45 s.
        seconds: seconds.clamp(MINIMUM, MAXIMUM),
        we_refresh: refresher != Some(Refresher::Uas),
    })
}

/// Adds what a request of ours asks for (§7.1, §7.4). `least` is the largest Min-SE heard in the call.
pub(super) fn asking(
    request: Request,
    config: SessionTimers,
    current: Option<SessionTimer>,
    least: u32,
) -> Request {
    let least = least.max(config.minimum).max(MINIMUM);
    let value = match current {
        // "The refresher parameter SHOULD keep the role", seen from this request.
        Some(timer) => {
            let refresher = if timer.we_refresh { "uac" } else { "uas" };
            format!("{};refresher={refresher}", timer.seconds.max(least))
        }
        None if config.interval == 0 => return request,
        None => config.interval.max(least).to_string(),
    };
    let request = request.with(HeaderName::SessionExpires, value);
    if least > MINIMUM { request.with(HeaderName::MinSe, least.to_string()) } else { request }
}

impl InviteUsage {
    /// Starts the timer anew, as the last refresh agreed; `None` stops it.
    pub(super) fn set_session_timer(&mut self, ctx: &Context<'_>, timer: Option<SessionTimer>) {
        self.session_timer = timer;
        self.timers.stop(UsageTimer::Refresh);
        self.timers.stop(UsageTimer::SessionExpiry);
        let Some(timer) = timer else { return };
        let interval = Duration::from_secs(timer.seconds.into());
        // "… a BYE … when less than 32 seconds or one third of the session interval remains, whichever is less."
        // §10
        let margin = Duration::from_secs(32).min(interval / 3);
        self.timers.set(UsageTimer::SessionExpiry, ctx.now + interval - margin);
        if timer.we_refresh {
            // "It is RECOMMENDED that the refresh be sent when half the session interval has elapsed." §7.2
            self.timers.set(UsageTimer::Refresh, ctx.now + interval / 2);
        }
    }

    /// Shows that we live: by UPDATE if the peer allows it, else by a re-INVITE that offers what is in force (§7.4).
    pub(super) fn refresh(&mut self, ctx: &mut Context<'_>) {
        let State::Established(established) = &self.state else { return };
        // Until an answer comes, or if something else is under way, which refreshes as well.
        self.timers.set(UsageTimer::Refresh, ctx.now + RETRY.max(crate::transaction::TIMEOUT));
        let talk = &established.talk;
        if talk.peer.update {
            self.send_update(ctx);
        } else if matches!(talk.exchange, Exchange::Stable) && established.unacknowledged.is_none() {
            let offer = talk.local_sdp.clone();
            let offer = LocalOffer { method: Method::Invite, offer, attempts: 0, is_refresh: true };
            let _ = self.send_offer(ctx, offer);
        }
    }

    /// A refresh was refused: it is tried again until the session expires.
    pub(super) fn refresh_refused(&mut self, ctx: &Context<'_>) {
        if self.session_timer.is_some_and(|timer| timer.we_refresh) {
            self.timers.set(UsageTimer::Refresh, ctx.now + RETRY);
        }
    }

    /// Nobody refreshed.
    pub(super) fn session_expired(&mut self, ctx: &mut Context<'_>) {
        self.end(ctx, EndCause::SessionExpired, Vec::new(), None);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONFIG: SessionTimers = SessionTimers { interval: 1800, minimum: 90 };

    fn headers(text: &str) -> Headers {
        let mut headers = Headers::new();
        for line in text.lines() {
            let (name, value) = line.split_once(": ").expect("a field");
            headers.push(HeaderName::parse(name).expect("a name"), value);
        }
        headers
    }

    const fn on(seconds: u32, we_refresh: bool) -> Verdict {
        Verdict::On(SessionTimer { seconds, we_refresh })
    }

    #[test]
    fn the_called_side_follows_table_2() {
        for (text, verdict) in [
            ("Supported: timer\nSession-Expires: 1800;refresher=uac", on(1800, false)),
            ("Supported: timer\nSession-Expires: 1800;refresher=uas", on(1800, true)),
            ("Supported: timer\nx: 300", on(300, false)),
            ("k: timer", on(1800, true)),
            ("Supported: 100rel", Verdict::Off),
            ("Session-Expires: 600;refresher=uac", on(600, true)),
            ("Supported: timer\nSession-Expires: 89", Verdict::TooSmall),
            ("Supported: timer\nSession-Expires: 90", on(90, false)),
            ("Session-Expires: 30", on(90, true)),
            // Cut to ours, but never below the caller's Min-SE.
            ("Supported: timer\nSession-Expires: 7200", on(1800, false)),
            ("Supported: timer\nSession-Expires: 7200\nMin-SE: 3600", on(3600, false)),
            ("Supported: timer\nSession-Expires: soon", on(1800, true)),
        ] {
            assert_eq!(negotiate(CONFIG, &headers(text), None), verdict, "{text}");
        }
    }

    #[test]
    fn roles_stay_in_the_call() {
        for we_refresh in [true, false] {
            let current = Some(SessionTimer { seconds: 600, we_refresh });
            let text = "Supported: timer\nSession-Expires: 600";
            assert_eq!(negotiate(CONFIG, &headers(text), current), on(600, we_refresh));
        }
        let off = SessionTimers { interval: 0, ..CONFIG };
        assert_eq!(negotiate(off, &headers("Supported: timer"), None), Verdict::Off);
    }

    #[test]
    fn what_a_2xx_agrees_to() {
        let agreed = |text: &str| agreed(&headers(text)).map(|timer| (timer.seconds, timer.we_refresh));
        assert_eq!(agreed("Session-Expires: 1800;refresher=uas"), Some((1800, false)));
        assert_eq!(agreed("Session-Expires: 600;refresher=uac"), Some((600, true)));
        assert_eq!(agreed("Session-Expires: 2;refresher=uac"), Some((90, true)));
        assert_eq!(agreed("Supported: timer"), None);
    }
}
