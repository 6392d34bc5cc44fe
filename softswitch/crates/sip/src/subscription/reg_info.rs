//! `application/reginfo+xml`: where somebody is registered (RFC 3680).

use super::xml::Writer;

/// The registrations of one address of record.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct RegInfo {
    /// The address of record: a SIP URI.
    pub aor: String,
    /// Its live bindings.
    pub contacts: Vec<ContactEntry>,
}

/// One binding.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct ContactEntry {
    /// Names the binding for as long as it lives.
    pub id: u64,
    /// The URI that was registered.
    pub uri: String,
    /// How much the telephone wants to be rung, in thousandths, 0 to 1000.
    pub preference: u16,
}

/// Shows no address.
impl std::fmt::Debug for RegInfo {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RegInfo").field("contacts", &self.contacts.len()).finish_non_exhaustive()
    }
}

/// Shows no address.
impl std::fmt::Debug for ContactEntry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ContactEntry").field("id", &self.id).finish_non_exhaustive()
    }
}

impl RegInfo {
    /// RFC 3680 §5. Each document is a full one; a contact it does not name is gone.
    pub(super) fn render(&self, version: u32) -> String {
        // "init" had no contact yet, "terminated" has none any more. §3.7.1
        let state = match (self.contacts.is_empty(), version) {
            (false, _) => "active",
            (true, 0) => "init",
            (true, _) => "terminated",
        };
        let mut xml = Writer::new();
        xml.begin("reginfo")
            .attribute("xmlns", "urn:ietf:params:xml:ns:reginfo")
            .attribute("version", &version.to_string())
            .attribute("state", "full");
        xml.begin("registration").attribute("aor", &self.aor).attribute("id", "a1").attribute("state", state);
        for contact in &self.contacts {
            xml.begin("contact")
                .attribute("id", &contact.id.to_string())
                .attribute("state", "active")
                .attribute("event", "registered")
                .attribute("q", &quality(contact.preference))
                .leaf("uri", &contact.uri)
                .end();
        }
        xml.finish()
    }
}

/// A `q` value (RFC 3261 §25.1).
fn quality(thousandths: u16) -> String {
    match thousandths {
        1000.. => "1.0".into(),
        below => format!("0.{below:03}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_of_a_registration() {
        let contact = ContactEntry { id: 4, uri: "sip:101@192.0.2.1;x=\"&\"".into(), preference: 500 };
        let mut info = RegInfo { aor: "sip:101@pbx".into(), contacts: vec![contact] };
        let text = info.render(3);
        assert!(text.contains("<registration aor=\"sip:101@pbx\" id=\"a1\" state=\"active\">"), "{text}");
        assert!(text.contains(
            "<contact id=\"4\" state=\"active\" event=\"registered\" q=\"0.500\"><uri>sip:101@192.0.2.1;x=&quot;&amp;&quot;</uri></contact>"
        ), "{text}");
        info.contacts.clear();
        assert!(info.render(0).contains("state=\"init\""));
        assert!(info.render(1).contains("state=\"terminated\""));
    }
}
