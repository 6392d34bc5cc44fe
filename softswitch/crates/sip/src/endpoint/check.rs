//! What a request must satisfy before it costs memory (RFC 3261 §8.2, §16.3).

use super::{EndpointConfig, Flow};
use crate::message::{HeaderError, HeaderName, Method, NameAddr, Problem, Request, Response, Uri, Via};

/// The parts of a request every further step needs.
#[derive(Debug)]
pub(super) struct Essentials {
    pub(super) via: Via,
    pub(super) from: NameAddr,
    pub(super) to: NameAddr,
    pub(super) call_id: String,
    pub(super) cseq: u32,
}

impl Essentials {
    /// Reads the headers every request carries (RFC 3261 §8.1.1).
    pub(super) fn of(request: &Request) -> Result<Self, HeaderError> {
        let headers = &request.headers;
        let cseq = headers.cseq()?;
        // "The method part of CSeq MUST match the request method." §8.1.1.5. An unknown method is 501 whatever its
        // CSeq says: it may have rules of its own (RFC 4475 §3.1.2.18).
        if cseq.method != request.method && !matches!(request.method, Method::Other(_)) {
            return Err(HeaderError { header: HeaderName::CSeq, problem: Problem::Malformed });
        }
        // What cannot be read must not pass as absent: an unreadable Require would require nothing.
        headers.max_forwards()?;
        headers.content_type()?;
        for list in [HeaderName::Require, HeaderName::ProxyRequire, HeaderName::ContentEncoding] {
            headers.values(&list)?;
        }
        Ok(Self {
            via: headers.via()?,
            from: headers.from()?,
            to: headers.to()?,
            call_id: headers.call_id()?.to_owned(),
            cseq: cseq.number,
        })
    }
}

/// The refusal of a request this endpoint cannot serve whoever sent it; `None` if it may go on. ACK and CANCEL
/// are not asked.
pub(super) fn refusal(config: &EndpointConfig, flow: Flow, request: &Request) -> Option<Response> {
    let refuse = |status| Some(Response::to_request(request, status));
    // Known methods that are not served here are 405, unknown ones 501. §8.2.1, §21.5.2
    if !config.methods.contains(&request.method) {
        let status = if matches!(request.method, Method::Other(_)) { 501 } else { 405 };
        return refuse(status).map(|response| response.with(HeaderName::Allow, config.allow()));
    }
    // "If the Request-URI uses a scheme not supported by the UAS, it SHOULD reject with a 416." §8.2.2.1
    match &request.uri {
        Uri::Other(_) => return refuse(416),
        // `sips` promises encryption, which only the secure transports keep. §26.2.2
        Uri::Sip(uri) if uri.secure && !flow.transport.is_secure() => return refuse(416),
        // "Headers in the Request-URI" are how an attacker would add headers to what we send. §19.1.1
        Uri::Sip(uri) if uri.headers.is_some() => {
            return refuse(400).map(|response| response.with_reason("Headers in Request-URI"));
        }
        Uri::Sip(_) | Uri::Tel(_) => {}
    }
    let in_dialog = request.headers.to().is_ok_and(|to| to.tag().is_some());
    let ends_here = in_dialog || matches!(request.method, Method::Options | Method::Register);
    // A back-to-back user agent would send the request on, so it ends loops as a proxy does. §16.3, RFC 7332
    if !ends_here && request.headers.max_forwards().ok().flatten() == Some(0) {
        return refuse(483);
    }
    // "If a UAS does not understand an option-tag in Require, it MUST respond 420." §8.2.2.3
    let mut required = request.headers.values(&HeaderName::Require).unwrap_or_default();
    required.extend(request.headers.values(&HeaderName::ProxyRequire).unwrap_or_default());
    required.retain(|tag| !config.extensions.iter().any(|known| known.eq_ignore_ascii_case(tag)));
    if !required.is_empty() {
        return refuse(420).map(|response| response.with(HeaderName::Unsupported, required.join(", ")));
    }
    // §8.2.3
    let encodings = request.headers.values(&HeaderName::ContentEncoding).unwrap_or_default();
    if encodings.iter().any(|encoding| !encoding.eq_ignore_ascii_case("identity")) {
        return refuse(415).map(|response| response.with(HeaderName::AcceptEncoding, "identity"));
    }
    None
}
