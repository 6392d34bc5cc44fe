//! `application/dialog-info+xml`: somebody's calls, for lamps (RFC 4235).

use super::xml::Writer;

/// Somebody's calls.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct DialogInfo {
    /// Whose: a SIP URI.
    pub entity: String,
    /// The calls, those that just ended included once as [`DialogState::Terminated`].
    pub dialogs: Vec<DialogEntry>,
}

/// One call of somebody.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct DialogEntry {
    /// Names it among the entity's calls, for as long as it lasts.
    pub id: String,
    /// Where it is in its life.
    pub state: DialogState,
    /// Whether the entity called or was called.
    pub direction: DialogDirection,
    /// The entity's side put it on hold.
    pub held: bool,
    /// The entity's side; `None` for services.
    pub local: Option<Identity>,
    /// The other side; `None` where it is not known.
    pub remote: Option<Identity>,
}

/// Shows no address.
impl std::fmt::Debug for DialogEntry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DialogEntry").field("state", &self.state).finish_non_exhaustive()
    }
}

/// Where a call is in its life (RFC 4235 §3.7.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DialogState {
    /// Nothing rings yet.
    Trying,
    /// Rings.
    Early,
    /// Answered.
    Confirmed,
    /// Over.
    Terminated,
}

impl DialogState {
    const fn name(self) -> &'static str {
        match self {
            Self::Trying => "trying",
            Self::Early => "early",
            Self::Confirmed => "confirmed",
            Self::Terminated => "terminated",
        }
    }
}

/// Who began a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DialogDirection {
    /// The entity called.
    Initiator,
    /// The entity was called.
    Recipient,
}

/// One side of a call.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Identity {
    /// A SIP URI.
    pub uri: String,
    /// The name, empty for none.
    pub display: String,
}

/// Shows nothing: it names a person.
impl std::fmt::Debug for Identity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Identity(‹redacted›)")
    }
}

impl DialogInfo {
    /// The document. Each is a full one: it names every call, so that a lost one hurts nobody.
    pub(super) fn render(&self, version: u32) -> String {
        let mut xml = Writer::new();
        xml.begin("dialog-info")
            .attribute("xmlns", "urn:ietf:params:xml:ns:dialog-info")
            .attribute("version", &version.to_string())
            .attribute("state", "full")
            .attribute("entity", &self.entity);
        for dialog in &self.dialogs {
            dialog.write(&mut xml);
        }
        xml.finish()
    }

    /// Adds the calls of the document before that are not among these any more. Telephones turn a lamp off when its
    /// call is `terminated`; not all of them do when it is only missing.
    pub(super) fn add_ended(&mut self, before: &[Box<str>]) {
        for id in before {
            if !self.dialogs.iter().any(|dialog| *dialog.id == **id) {
                self.dialogs.push(DialogEntry {
                    id: id.to_string(),
                    state: DialogState::Terminated,
                    direction: DialogDirection::Recipient,
                    held: false,
                    local: None,
                    remote: None,
                });
            }
        }
    }

    /// The names of the calls that are not over.
    pub(super) fn live(&self) -> impl Iterator<Item = Box<str>> {
        let live = self.dialogs.iter().filter(|dialog| dialog.state != DialogState::Terminated);
        live.map(|dialog| dialog.id.as_str().into())
    }
}

impl DialogEntry {
    fn write(&self, xml: &mut Writer) {
        xml.begin("dialog").attribute("id", &self.id);
        if self.state != DialogState::Terminated {
            xml.attribute(
                "direction",
                match self.direction {
                    DialogDirection::Initiator => "initiator",
                    DialogDirection::Recipient => "recipient",
                },
            );
        }
        xml.leaf("state", self.state.name());
        if let Some(local) = &self.local {
            // "+sip.rendering" says whether the side renders media: "no" is on hold. RFC 4235 §4.1.6.2
            let rendering = (self.state == DialogState::Confirmed).then_some(!self.held);
            write_side(xml, "local", local, rendering);
        }
        if let Some(remote) = &self.remote {
            write_side(xml, "remote", remote, None);
        }
        xml.end();
    }
}

fn write_side(xml: &mut Writer, name: &'static str, identity: &Identity, rendering: Option<bool>) {
    xml.begin(name).begin("identity");
    if !identity.display.is_empty() {
        xml.attribute("display", &identity.display);
    }
    xml.text(&identity.uri).end().begin("target").attribute("uri", &identity.uri);
    if let Some(renders) = rendering {
        let value = if renders { "yes" } else { "no" };
        xml.begin("param").attribute("pname", "+sip.rendering").attribute("pvalue", value).end();
    }
    xml.end().end();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ringing_call_names_who_calls() {
        let entry = DialogEntry {
            id: "1".into(),
            state: DialogState::Early,
            direction: DialogDirection::Recipient,
            held: false,
            local: Some(Identity { uri: "sip:102@pbx".into(), display: String::new() }),
            remote: Some(Identity { uri: "sip:101@pbx".into(), display: "Alice \"A\" <3".into() }),
        };
        let info = DialogInfo { entity: "sip:102@pbx".into(), dialogs: vec![entry] };
        assert_eq!(
            info.render(7),
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<dialog-info xmlns=\"urn:ietf:params:xml:ns:dialog-info\" \
             version=\"7\" state=\"full\" entity=\"sip:102@pbx\"><dialog id=\"1\" direction=\"recipient\">\
             <state>early</state><local><identity>sip:102@pbx</identity><target uri=\"sip:102@pbx\"/></local>\
             <remote><identity display=\"Alice &quot;A&quot; &lt;3\">sip:101@pbx</identity>\
             <target uri=\"sip:101@pbx\"/></remote></dialog></dialog-info>\n"
        );
    }

    #[test]
    fn a_call_that_ended_is_named_once_more() {
        let mut info = DialogInfo { entity: "sip:102@pbx".into(), dialogs: Vec::new() };
        info.add_ended(&["1".into()]);
        assert!(info.render(8).contains("<dialog id=\"1\"><state>terminated</state></dialog>"));
        assert_eq!(info.live().count(), 0);
    }
}
