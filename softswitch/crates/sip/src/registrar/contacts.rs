//! What a REGISTER asks for (RFC 3261 §10.2, §10.3).

use std::time::Duration;

use super::{Binding, RegistrarConfig};
use crate::message::{HeaderName, NameAddr, Request, Uri};

/// Why a REGISTER changes nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refusal {
    /// A header is missing or malformed, or there are too many contacts.
    Malformed,
    /// `*` with other contacts or without `Expires: 0`.
    BadWildcard,
    /// Shorter than we allow.
    TooBrief,
    /// Older than what is known.
    OutOfOrder,
}

impl Refusal {
    pub(super) const fn status(self) -> u16 {
        match self {
            Self::Malformed | Self::BadWildcard => 400,
            Self::TooBrief => 423,
            Self::OutOfOrder => 500,
        }
    }

    pub(super) const fn reason(self) -> &'static str {
        match self {
            Self::Malformed => "Malformed Contact or Expires",
            Self::BadWildcard => "Contact * Needs Expires 0 And Nothing Else",
            Self::TooBrief => "Interval Too Brief",
            Self::OutOfOrder => "CSeq Out Of Order",
        }
    }
}

/// The order of a telephone's REGISTERs: within one Call-ID they are numbered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Order {
    pub(super) call_id: String,
    pub(super) cseq: u32,
}

/// One Contact of a REGISTER.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Contact {
    pub(super) uri: Uri,
    pub(super) preference: u16,
    pub(super) instance: Option<String>,
    /// Zero removes.
    pub(super) expires: Duration,
}

/// What is to change.
pub(super) enum Change {
    /// A query: nothing.
    None,
    /// `Contact: *`.
    RemoveAll,
    /// These.
    Contacts(Vec<Contact>),
}

/// A REGISTER, understood.
pub(super) struct Requested {
    pub(super) order: Order,
    pub(super) change: Change,
}

impl Requested {
    pub(super) fn read(request: &Request, config: &RegistrarConfig) -> Result<Self, Refusal> {
        let malformed = |_| Refusal::Malformed;
        let headers = &request.headers;
        let order = Order {
            call_id: headers.call_id().map_err(malformed)?.to_owned(),
            cseq: headers.cseq().map_err(malformed)?.number,
        };
        let expires = headers.number(&HeaderName::Expires).map_err(malformed)?;
        let values = headers.values(&HeaderName::Contact).map_err(malformed)?;
        if values.contains(&"*") {
            // Step 6: `*` stands alone and only removes.
            let alone = values.len() == 1 && expires == Some(0);
            return if alone {
                Ok(Self { order, change: Change::RemoveAll })
            } else {
                Err(Refusal::BadWildcard)
            };
        }
        if values.len() > config.max_bindings {
            return Err(Refusal::Malformed);
        }
        let contacts = values
            .into_iter()
            .map(|value| Contact::read(value, expires, config))
            .collect::<Result<Vec<_>, _>>()?;
        let change = if contacts.is_empty() { Change::None } else { Change::Contacts(contacts) };
        Ok(Self { order, change })
    }

    /// Whether a binding it concerns was last changed by a later request of the same Call-ID (step 6, step 7).
    pub(super) fn is_outdated(&self, known: &[Binding]) -> bool {
        let outdates = |binding: &&Binding| {
            binding.order().call_id == self.order.call_id && binding.order().cseq >= self.order.cseq
        };
        match &self.change {
            Change::None => false,
            Change::RemoveAll => known.iter().any(|binding| outdates(&binding)),
            Change::Contacts(contacts) => known
                .iter()
                .filter(|binding| contacts.iter().any(|contact| binding.is_for(contact)))
                .any(|binding| outdates(&binding)),
        }
    }
}

impl Contact {
    fn read(value: &str, expires: Option<u32>, config: &RegistrarConfig) -> Result<Self, Refusal> {
        let NameAddr { uri, params, .. } = NameAddr::parse(value).ok_or(Refusal::Malformed)?;
        if uri.sip().is_none() {
            return Err(Refusal::Malformed);
        }
        // A malformed `expires` parameter is read as 3600 (RFC 3261 §10.2.1.1 asks to treat it so).
        let own = params.get("expires").map(|text| text.parse().unwrap_or(3600));
        let seconds =
            own.or(expires).map_or(config.default_expires, |seconds| Duration::from_secs(seconds.into()));
        if !seconds.is_zero() && seconds < config.min_expires {
            return Err(Refusal::TooBrief);
        }
        Ok(Self {
            uri,
            preference: params.get("q").and_then(preference).unwrap_or(1000),
            instance: params.get("+sip.instance").map(str::to_owned),
            expires: seconds.min(config.max_expires),
        })
    }
}

/// A `q` value: 0 to 1 with at most three decimals (RFC 3261 §25.1), in thousandths.
fn preference(text: &str) -> Option<u16> {
    let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
    if decimals.len() > 3 || !decimals.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let thousandths: u16 = format!("{decimals:0<3}").parse().ok()?;
    match whole {
        "0" => Some(thousandths),
        "1" if thousandths == 0 => Some(1000),
        _ => None,
    }
}
