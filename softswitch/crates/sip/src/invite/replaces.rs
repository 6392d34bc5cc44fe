//! Which call an INVITE or a REFER wants to take the place of (RFC 3891, RFC 4538).

use std::collections::HashMap;

use super::{InviteUsage, State, UsageId};
use crate::{
    dialog::DialogId,
    message::{HeaderName, Params, Request, SipUri},
};

/// The name of a dialog as a Replaces or a Target-Dialog header gives it. Which of the tags is ours depends on who
/// wrote the header.
pub(super) struct DialogName {
    call_id: String,
    tags: [String; 2],
    early_only: bool,
}

impl DialogName {
    /// The value of a Replaces header (RFC 3891 §6.1): both tags are a must.
    fn replaces(text: &str) -> Option<Self> {
        Self::parse(text, ["to-tag", "from-tag"])
    }

    fn parse(text: &str, tags: [&str; 2]) -> Option<Self> {
        let (call_id, params) = text.split_at(text.find(';').unwrap_or(text.len()));
        let (call_id, params) = (call_id.trim_matches([' ', '\t']), Params::parse(params)?);
        let tag = |name| params.get(name).filter(|tag| !tag.is_empty()).map(str::to_owned);
        let [first, second] = tags;
        Some(Self {
            call_id: Some(call_id).filter(|id| !id.is_empty() && !id.contains([' ', '\t']))?.to_owned(),
            tags: [tag(first)?, tag(second)?],
            early_only: params.contains("early-only"),
        })
    }

    /// The usage whose dialog it is. "The to-tag is compared to the local tag and the from-tag to the remote tag"
    /// (RFC 3891 §3) of whom the INVITE is for. Telephones that pick a call up name the dialog as the ringing
    /// telephone has it, and there our tag is the from-tag: both ways name one dialog of ours.
    pub(super) fn find(&self, dialogs: &HashMap<DialogId, UsageId>) -> Option<UsageId> {
        let [one, two] = &self.tags;
        [(one, two), (two, one)].into_iter().find_map(|(local, remote)| {
            let (local_tag, remote_tag) = (local.clone(), remote.clone());
            dialogs.get(&DialogId { call_id: self.call_id.clone(), local_tag, remote_tag }).copied()
        })
    }
}

/// The usage a request's Target-Dialog names (RFC 4538), if it is there and known.
pub(crate) fn target_dialog(request: &Request, dialogs: &HashMap<DialogId, UsageId>) -> Option<UsageId> {
    let text = request.headers.text(&HeaderName::TargetDialog).ok().flatten()?;
    DialogName::parse(text, ["local-tag", "remote-tag"])?.find(dialogs)
}

/// What the Replaces of an INVITE comes to: the status it is refused with if it cannot be honoured (RFC 3891 §3).
pub(crate) fn replaced_by(
    request: &Request,
    dialogs: &HashMap<DialogId, UsageId>,
    usages: &HashMap<UsageId, InviteUsage>,
) -> Result<Option<UsageId>, u16> {
    let mut all = request.headers.all(&HeaderName::Replaces);
    let Some(header) = all.next() else { return Ok(None) };
    // "If more than one Replaces header field is present, … the UA MUST reject the request with a 400."
    let name = header.text().filter(|_| all.next().is_none()).and_then(DialogName::replaces).ok_or(400u16)?;
    let usage = name.find(dialogs).ok_or(481u16)?;
    match usages.get(&usage).map(|usage| &usage.state) {
        // "If early-only is present and the dialog is confirmed: 486 Busy Here."
        Some(State::Established(_)) if name.early_only => Err(486),
        Some(State::Established(_) | State::Outgoing(_)) => Ok(Some(usage)),
        // "If the Replaces header field matches an early dialog that was not initiated by this UA: 481."
        Some(State::Incoming(_)) | None => Err(481),
        // "If the dialog has already terminated: 603 Decline."
        Some(State::Closing(_) | State::Ended) => Err(603),
    }
}

/// The Replaces among the headers of a URI, as Refer-To carries it (RFC 3891 §5). `Err` if it is malformed.
pub(super) fn replaces_in(uri: &SipUri) -> Result<Option<DialogName>, ()> {
    let Some(headers) = &uri.headers else { return Ok(None) };
    let mut values = headers.split('&').filter_map(|header| {
        let (name, value) = header.split_once('=')?;
        name.eq_ignore_ascii_case("Replaces").then_some(value)
    });
    let Some(value) = values.next() else { return Ok(None) };
    let plain = unescape(value).ok_or(())?;
    DialogName::replaces(&plain).map(Some).ok_or(())
}

/// `%HH` resolved; `None` where one is broken or the outcome is not UTF-8.
fn unescape(text: &str) -> Option<String> {
    let mut plain = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        if byte == b'%' {
            let (high, low) =
                (char::from(bytes.next()?).to_digit(16)?, char::from(bytes.next()?).to_digit(16)?);
            plain.push(u8::try_from(high * 16 + low).ok()?);
        } else {
            plain.push(byte);
        }
    }
    String::from_utf8(plain).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::Uri;

    #[test]
    fn a_name_needs_a_call_id_and_both_tags() {
        let read =
            |text: &str| DialogName::replaces(text).map(|name| (name.call_id, name.tags, name.early_only));
        let tags = ["1".to_owned(), "2".to_owned()];
        assert_eq!(read("a@b;to-tag=1;from-tag=2"), Some(("a@b".into(), tags.clone(), false)));
        assert_eq!(read("a@b ; from-tag=2;To-Tag=1;early-only"), Some(("a@b".into(), tags, true)));
        for bad in ["", ";to-tag=1;from-tag=2", "a;to-tag=1", "a;from-tag=2", "a b;to-tag=1;from-tag=2"] {
            assert_eq!(read(bad), None, "{bad}");
        }
    }

    #[test]
    fn refer_to_carries_it_escaped() {
        let read = |text: &str| {
            let uri = Uri::parse(text).expect("a URI");
            replaces_in(uri.sip().expect("a SIP URI")).map(|name| name.map(|name| (name.call_id, name.tags)))
        };
        let tags = ["7".to_owned(), "9".to_owned()];
        let uri = "sip:bob@h?Replaces=a%40b%3Bto-tag%3D7%3Bfrom-tag%3D9&Require=replaces";
        assert_eq!(read(uri), Ok(Some(("a@b".into(), tags))));
        assert_eq!(read("sip:bob@h?Subject=x"), Ok(None));
        assert_eq!(read("sip:bob@h?Replaces=a%4"), Err(()));
    }
}
