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
    /// Several flows at once (RFC 5626 §6).
    ManyFlows,
    /// It came through a proxy that does not know flows.
    NoOutbound,
    /// It came through a proxy, and its sender does not know that requests come back that way (RFC 3327 §5.3).
    NoPath,
}

impl Refusal {
    pub(super) const fn status(self) -> u16 {
        match self {
            Self::Malformed | Self::BadWildcard | Self::ManyFlows => 400,
            Self::NoPath => 421,
            Self::TooBrief => 423,
            Self::NoOutbound => 439,
            Self::OutOfOrder => 500,
        }
    }

    pub(super) const fn reason(self) -> &'static str {
        match self {
            Self::Malformed => "Malformed Contact or Expires",
            Self::BadWildcard => "Contact * Needs Expires 0 And Nothing Else",
            Self::TooBrief => "Interval Too Brief",
            Self::OutOfOrder => "CSeq Out Of Order",
            Self::ManyFlows => "One Flow At A Time",
            Self::NoOutbound => "First Hop Lacks Outbound Support",
            Self::NoPath => "Extension Required",
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
    /// Which of the device's flows this is; `None` for a device without flows.
    pub(super) reg_id: Option<u32>,
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
    /// The way back, nearest proxy first (RFC 3327).
    pub(super) path: Vec<String>,
    /// Whether the sender wants GRUUs.
    pub(super) wants_gruu: bool,
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
                Ok(Self { order, change: Change::RemoveAll, path: Vec::new(), wants_gruu: false })
            } else {
                Err(Refusal::BadWildcard)
            };
        }
        if values.len() > config.max_bindings {
            return Err(Refusal::Malformed);
        }
        let mut contacts = values
            .into_iter()
            .map(|value| Contact::read(value, expires, config))
            .collect::<Result<Vec<_>, _>>()?;
        let path = path_of(request)?;
        // Only a device that names itself can have flows and GRUUs.
        let names_itself = contacts.iter().any(|contact| contact.instance.is_some());
        let knows = |extension| names_itself && headers.lists(&HeaderName::Supported, extension);
        if contacts.iter().any(|contact| contact.reg_id.is_some()) {
            if knows("outbound") {
                check_flows(request, &contacts, &path)?;
            } else {
                contacts.iter_mut().for_each(|contact| contact.reg_id = None);
            }
        }
        let wants_gruu = knows("gruu");
        let change = if contacts.is_empty() { Change::None } else { Change::Contacts(contacts) };
        Ok(Self { order, change, path, wants_gruu })
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
        let instance = params.get("+sip.instance").filter(|id| id.len() <= MAX_INSTANCE).map(str::to_owned);
        // "reg-id" counts from 1 and means nothing without an instance. RFC 5626 §4.2, §6
        let reg_id = params.get("reg-id").filter(|_| instance.is_some());
        Ok(Self {
            uri,
            preference: params.get("q").and_then(preference).unwrap_or(1000),
            reg_id: reg_id.and_then(|text| text.parse().ok()).filter(|id| (1..1 << 31).contains(id)),
            instance,
            expires: seconds.min(config.max_expires),
        })
    }
}

/// The Path of a REGISTER, if its sender knows what it means.
fn path_of(request: &Request) -> Result<Vec<String>, Refusal> {
    let headers = &request.headers;
    if !headers.contains(&HeaderName::Path) {
        return Ok(Vec::new());
    }
    if !headers.lists(&HeaderName::Supported, "path") {
        return Err(Refusal::NoPath);
    }
    let path = headers.addresses(&HeaderName::Path).map_err(|_| Refusal::Malformed)?;
    if path.len() > MAX_PATH {
        return Err(Refusal::Malformed);
    }
    Ok(path.iter().map(ToString::to_string).collect())
}

/// RFC 5626 §6: one flow is made at a time, and the first hop keeps it open.
fn check_flows(request: &Request, contacts: &[Contact], path: &[String]) -> Result<(), Refusal> {
    let flows = contacts.iter().filter(|contact| contact.reg_id.is_some() && !contact.expires.is_zero());
    if flows.count() > 1 {
        return Err(Refusal::ManyFlows);
    }
    let came_straight = request.headers.values(&HeaderName::Via).is_ok_and(|vias| vias.len() == 1);
    let first_hop = path.last().and_then(|first| NameAddr::parse(first));
    let knows = first_hop.is_some_and(|hop| hop.uri.sip().is_some_and(|uri| uri.params.contains("ob")));
    if came_straight || knows { Ok(()) } else { Err(Refusal::NoOutbound) }
}

/// The longest instance id kept; a longer one is ignored. URNs of UUIDs have 49 bytes with their brackets.
const MAX_INSTANCE: usize = 256;
/// Proxies a REGISTER may come through.
const MAX_PATH: usize = 8;

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
