//! For how long a SUBSCRIBE or PUBLISH asks (RFC 6665 §4.2.1.1, RFC 3903 §6 step 4).

use std::{ops::RangeInclusive, time::Duration};

use crate::message::{HeaderName, Request, Response};

/// What is granted: the longest where nothing is asked, zero where an end is, 423 with what would do where it is too
/// brief.
pub(super) fn expires(
    request: &Request,
    granted: RangeInclusive<Duration>,
) -> Result<Duration, Box<Response>> {
    let refuse = |status| Response::to_request(request, status);
    let Ok(seconds) = request.headers.number(&HeaderName::Expires) else {
        return Err(Box::new(refuse(400).with_reason("Malformed Expires")));
    };
    let (min, max) = granted.into_inner();
    let asked = seconds.map_or(max, |seconds| Duration::from_secs(seconds.into()));
    if !asked.is_zero() && asked < min {
        return Err(Box::new(refuse(423).with(HeaderName::MinExpires, min.as_secs().to_string())));
    }
    Ok(asked.min(max))
}
