//! The event packages served, and the headers that name them (RFC 6665 §7.2, §8.2).

use std::fmt;

use bytes::Bytes;

use super::{DialogInfo, MessageSummary, Presence, RegInfo};
use crate::message::{ContentType, HeaderName, Params, Request};

/// An event package.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Package {
    /// The calls of somebody: lamps (RFC 4235).
    Dialog,
    /// Whether somebody can be reached (RFC 3856).
    Presence,
    /// Waiting voicemail (RFC 3842).
    MessageSummary,
    /// Where somebody is registered (RFC 3680).
    Reg,
}

impl Package {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Dialog, Self::Presence, Self::MessageSummary, Self::Reg];

    /// The name in Event and Allow-Events.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Dialog => "dialog",
            Self::Presence => "presence",
            Self::MessageSummary => "message-summary",
            Self::Reg => "reg",
        }
    }

    /// The content type of its NOTIFYs.
    pub const fn content_type(self) -> &'static str {
        match self {
            Self::Dialog => "application/dialog-info+xml",
            Self::Presence => "application/pidf+xml",
            Self::MessageSummary => "application/simple-message-summary",
            Self::Reg => "application/reginfo+xml",
        }
    }

    /// The package of that name. Names compare with regard to case (RFC 6665 §7.1).
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|package| package.name() == name)
    }

    /// Whether the sender of a SUBSCRIBE understands this package's NOTIFYs.
    pub(super) fn accepts(self, request: &Request) -> bool {
        let headers = &request.headers;
        // "If no Accept header is present, the default of the package." RFC 6665 §8.1
        if !headers.contains(&HeaderName::Accept) {
            return true;
        }
        let Ok(values) = headers.values(&HeaderName::Accept) else { return false };
        let kind = self.content_type().split_once('/').map_or("", |(kind, _)| kind);
        values.into_iter().filter_map(ContentType::parse).any(|accepted| {
            accepted.essence == self.content_type()
                || accepted.essence == "*/*"
                || accepted.essence.strip_suffix("/*") == Some(kind)
        })
    }
}

/// The value of Allow-Events.
pub fn allow_events() -> String {
    Package::ALL.map(Package::name).join(", ")
}

/// The Event header: a package, and the `id` that tells subscriptions apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventName {
    /// The package.
    pub package: Package,
    /// The `id` parameter.
    pub id: Option<String>,
}

impl EventName {
    /// Reads the Event header of a SUBSCRIBE or PUBLISH: `Ok(None)` for a package that is not served.
    ///
    /// # Errors
    /// If the header is missing, repeated or malformed.
    pub fn of(request: &Request) -> Result<Option<Self>, MalformedEvent> {
        let mut all = request.headers.all(&HeaderName::Event);
        let text = all.next().and_then(|header| header.text()).ok_or(MalformedEvent)?;
        if all.next().is_some() {
            return Err(MalformedEvent);
        }
        let (name, params) = text.split_at(text.find(';').unwrap_or(text.len()));
        let params = Params::parse(params).ok_or(MalformedEvent)?;
        let id = params.get("id").filter(|id| !id.is_empty()).map(str::to_owned);
        Ok(Package::parse(name.trim_matches([' ', '\t'])).map(|package| Self { package, id }))
    }
}

/// The Event header is missing, repeated or malformed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the Event header is missing, repeated or malformed")]
pub struct MalformedEvent;

impl fmt::Display for EventName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.package.name())?;
        match &self.id {
            Some(id) => write!(f, ";id={id}"),
            None => Ok(()),
        }
    }
}

/// The state of something, as its package says it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Document {
    /// Calls.
    Dialog(DialogInfo),
    /// Reachability.
    Presence(Presence),
    /// Waiting voicemail.
    MessageSummary(MessageSummary),
    /// Registrations.
    Reg(RegInfo),
}

/// A body and its type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendered {
    /// The content type.
    pub content_type: &'static str,
    /// The body.
    pub body: Bytes,
}

impl Document {
    /// Its package.
    pub const fn package(&self) -> Package {
        match self {
            Self::Dialog(_) => Package::Dialog,
            Self::Presence(_) => Package::Presence,
            Self::MessageSummary(_) => Package::MessageSummary,
            Self::Reg(_) => Package::Reg,
        }
    }

    /// The body of the NOTIFY with this version number, which counts from 0 within a subscription. Packages without
    /// versions do not show it.
    pub fn render(&self, version: u32) -> Rendered {
        let body = match self {
            Self::Dialog(info) => info.render(version),
            Self::Presence(presence) => presence.render(),
            Self::MessageSummary(summary) => summary.render(),
            Self::Reg(info) => info.render(version),
        };
        Rendered { content_type: self.package().content_type(), body: Bytes::from(body) }
    }
}
