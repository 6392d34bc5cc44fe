//! Keys by INFO: `application/dtmf-relay` (Cisco's, the common form) and `application/dtmf`.

use std::time::Duration;

use bytes::Bytes;
use ringdown_types::DtmfDigit;

use crate::message::{ContentType, Request};

/// The content type we send.
pub(super) const DTMF_RELAY: &str = "application/dtmf-relay";
/// The content types of INFO that we read.
pub(super) const ACCEPTED: &str = "application/dtmf-relay, application/dtmf, application/media_control+xml";
/// The duration where the peer names none.
const DEFAULT_DURATION: Duration = Duration::from_millis(250);
/// Longer presses are cut: a key does not sound for minutes.
const MAX_DURATION: Duration = Duration::from_secs(6);

/// The key an INFO carries: `Ok(None)` if it has no body, which asks for nothing (RFC 6086 §4.2.2), `Err` if
/// the body is of another type or no key.
pub(crate) fn parse_dtmf(request: &Request) -> Result<Option<(DtmfDigit, Duration)>, UnknownInfo> {
    if request.body.is_empty() {
        return Ok(None);
    }
    let kind: Option<ContentType> = request.headers.content_type().ok().flatten();
    let text = std::str::from_utf8(&request.body).map_err(|_| UnknownInfo)?;
    let parsed = match kind.as_ref().map(|kind| kind.essence.as_str()) {
        Some("application/dtmf-relay") => parse_relay(text),
        Some("application/dtmf") => parse_digit(text.trim()).map(|digit| (digit, DEFAULT_DURATION)),
        _ => None,
    };
    parsed.map(Some).ok_or(UnknownInfo)
}

/// An INFO whose body means nothing here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct UnknownInfo;

/// The body that tells of a key.
pub(super) fn dtmf_body(digit: DtmfDigit, duration: Duration) -> Bytes {
    format!("Signal={digit}\r\nDuration={}\r\n", duration.as_millis()).into()
}

fn parse_relay(text: &str) -> Option<(DtmfDigit, Duration)> {
    let (mut digit, mut duration) = (None, DEFAULT_DURATION);
    for line in text.lines().take(16) {
        let Some((name, value)) = line.split_once('=') else { continue };
        match name.trim().to_ascii_lowercase().as_str() {
            "signal" => digit = parse_digit(value.trim()),
            "duration" => {
                let milliseconds: u64 = value.trim().parse().ok()?;
                duration = Duration::from_millis(milliseconds).min(MAX_DURATION);
            }
            _ => {}
        }
    }
    digit.map(|digit| (digit, duration))
}

/// A key, or the number of its telephone-event (10 is `*`, 11 is `#`), as some senders write it.
fn parse_digit(text: &str) -> Option<DtmfDigit> {
    let mut chars = text.chars();
    match (chars.next(), chars.next()) {
        (Some(key), None) => DtmfDigit::from_char(key),
        _ => text.parse().ok().and_then(DtmfDigit::from_event),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::{Method, Uri};

    fn info(kind: &str, body: &str) -> Request {
        let uri = Uri::parse("sip:h").expect("well-formed");
        Request::new(Method::Info, uri).with_body(kind, Bytes::from(body.to_owned()))
    }

    #[test]
    fn both_forms_and_their_spaces() {
        let ms = Duration::from_millis;
        for (kind, body, key, duration) in [
            ("application/dtmf-relay", "Signal=5\r\nDuration=160\r\n", '5', ms(160)),
            ("application/dtmf-relay", "Signal= *\nDuration= 100", '*', ms(100)),
            ("application/dtmf-relay", "signal=11", '#', ms(250)),
            ("application/dtmf-relay", "Signal=5\r\nDuration=99999999", '5', MAX_DURATION),
            ("Application/DTMF", " 7 \r\n", '7', ms(250)),
        ] {
            let parsed = parse_dtmf(&info(kind, body)).ok().flatten();
            assert_eq!(parsed, DtmfDigit::from_char(key).map(|digit| (digit, duration)), "{body}");
        }
        let sent = dtmf_body(DtmfDigit::from_char('#').expect("a key"), ms(160));
        assert_eq!(&sent[..], b"Signal=#\r\nDuration=160\r\n");
    }

    #[test]
    fn other_bodies_are_not_keys() {
        for (kind, body) in
            [("text/plain", "5"), ("application/dtmf", "55"), ("application/dtmf-relay", "Duration=1")]
        {
            assert_eq!(parse_dtmf(&info(kind, body)), Err(UnknownInfo), "{kind} {body}");
        }
        assert_eq!(parse_dtmf(&info("text/plain", "")), Ok(None));
    }
}
