//! Headers that only trusted elements may set. The edge removes them from all that comes in.

use super::header::{HeaderName, Headers};

/// Whether a header of this name is removed at the edge: identities and charging data that a telephone must
/// not assert (RFC 3325 §8), and our own `X-Ringdown-` names.
pub fn is_private(name: &HeaderName) -> bool {
    const OWN_PREFIX: &str = "X-Ringdown-";
    const OTHERS: [&str; 6] = [
        "P-Called-Party-ID",
        "P-Charging-Function-Addresses",
        "P-Served-User",
        "P-Visited-Network-ID",
        "P-Profile-Key",
        "P-Associated-URI",
    ];
    match name {
        HeaderName::PAssertedIdentity
        | HeaderName::PPreferredIdentity
        | HeaderName::PAccessNetworkInfo
        | HeaderName::PChargingVector
        | HeaderName::RemotePartyId
        | HeaderName::Privacy
        | HeaderName::Diversion
        | HeaderName::HistoryInfo
        | HeaderName::Identity => true,
        HeaderName::Other(name) => {
            let own =
                name.get(..OWN_PREFIX.len()).is_some_and(|start| start.eq_ignore_ascii_case(OWN_PREFIX));
            own || OTHERS.iter().any(|other| other.eq_ignore_ascii_case(name))
        }
        _ => false,
    }
}

/// Removes the private headers; says how many. Parsing has normalised the names, so neither white space before
/// the colon nor folding nor case hides one.
pub fn strip_private_headers(headers: &mut Headers) -> usize {
    let before = headers.len();
    headers.retain(|header| !is_private(header.name()));
    before - headers.len()
}
