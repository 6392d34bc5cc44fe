//! `application/pidf+xml`: whether somebody can be reached, and what they do (RFC 3863, RFC 4479, RFC 4480).

use super::xml::{Piece, Reader, Writer};

/// Somebody's presence.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Presence {
    /// Whose: a SIP URI.
    pub entity: String,
    /// Whether they can be reached.
    pub open: bool,
    /// What they do, if it is known.
    pub activity: Option<Activity>,
    /// What they say of it, empty for nothing. At most [`Presence::MAX_NOTE`] bytes.
    pub note: String,
}

/// Shows no address and no note.
impl std::fmt::Debug for Presence {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Presence")
            .field("open", &self.open)
            .field("activity", &self.activity)
            .finish_non_exhaustive()
    }
}

/// What somebody does (RFC 4480 §3.2), as far as telephones show it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Activity {
    /// Away from their devices.
    Away,
    /// Does not want to be disturbed.
    Busy,
    /// In a call.
    OnThePhone,
    /// In a meeting.
    Meeting,
    /// At a meal.
    Meal,
    /// On holiday.
    Vacation,
}

impl Activity {
    const ALL: [Self; 6] =
        [Self::Away, Self::Busy, Self::OnThePhone, Self::Meeting, Self::Meal, Self::Vacation];

    const fn element(self) -> &'static str {
        match self {
            Self::Away => "rpid:away",
            Self::Busy => "rpid:busy",
            Self::OnThePhone => "rpid:on-the-phone",
            Self::Meeting => "rpid:meeting",
            Self::Meal => "rpid:meal",
            Self::Vacation => "rpid:vacation",
        }
    }

    fn of_element(local: &str) -> Option<Self> {
        // `appointment` and `lunch` are what older documents say.
        match local {
            "appointment" => Some(Self::Meeting),
            "lunch" | "dinner" => Some(Self::Meal),
            "holiday" => Some(Self::Vacation),
            "dnd" => Some(Self::Busy),
            _ => {
                Self::ALL.into_iter().find(|activity| activity.element().strip_prefix("rpid:") == Some(local))
            }
        }
    }
}

/// What a published document says, or several together.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Published {
    /// Whether they can be reached: any tuple is open. `None` if none says.
    pub open: Option<bool>,
    /// What they do: the first activity that is understood.
    pub activity: Option<Activity>,
    /// The first note, empty for none. At most [`Presence::MAX_NOTE`] bytes.
    pub note: String,
}

/// Shows no note.
impl std::fmt::Debug for Published {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut debug = f.debug_struct("Published");
        debug.field("open", &self.open).field("activity", &self.activity).finish_non_exhaustive()
    }
}

impl Presence {
    /// The longest note that is kept, in bytes; the rest is cut.
    pub const MAX_NOTE: usize = 256;

    pub(super) fn render(&self) -> String {
        let mut xml = Writer::new();
        xml.begin("presence")
            .attribute("xmlns", "urn:ietf:params:xml:ns:pidf")
            .attribute("xmlns:dm", "urn:ietf:params:xml:ns:pidf:data-model")
            .attribute("xmlns:rpid", "urn:ietf:params:xml:ns:pidf:rpid")
            .attribute("entity", &self.entity);
        xml.begin("tuple").attribute("id", "t1").begin("status");
        xml.leaf("basic", if self.open { "open" } else { "closed" }).end();
        xml.leaf("contact", &self.entity);
        if !self.note.is_empty() {
            xml.leaf("note", &self.note);
        }
        xml.end();
        if let Some(activity) = self.activity {
            xml.begin("dm:person").attribute("id", "p1").begin("rpid:activities").begin(activity.element());
            xml.end().end();
            if !self.note.is_empty() {
                xml.leaf("dm:note", &self.note);
            }
            xml.end();
        }
        xml.finish()
    }
}

impl Published {
    /// Reads a published document; `None` if it is no presence document.
    pub(super) fn parse(body: &[u8]) -> Option<Self> {
        let mut reader = Reader::new(std::str::from_utf8(body).ok()?);
        let mut said = Self::default();
        let mut path: Vec<&str> = Vec::new();
        let mut root = None;
        while let Some(piece) = reader.next() {
            match piece {
                Piece::Start(name) => {
                    if path.last() == Some(&"activities") && said.activity.is_none() {
                        said.activity = Activity::of_element(name);
                    }
                    root.get_or_insert(name);
                    path.push(name);
                }
                Piece::End(_) => {
                    path.pop();
                }
                Piece::Text(text) => said.text(&path, text.trim()),
            }
        }
        (reader.is_complete() && root == Some("presence")).then_some(said)
    }

    fn text(&mut self, path: &[&str], text: &str) {
        match path.last().copied() {
            // One open tuple is enough to be reached. RFC 3863 §4.1.4
            Some("basic") if text.eq_ignore_ascii_case("open") => self.open = Some(true),
            Some("basic") if text.eq_ignore_ascii_case("closed") => {
                self.open.get_or_insert(false);
            }
            Some("note") if self.note.is_empty() => {
                let cut = text.floor_char_boundary(Presence::MAX_NOTE);
                self.note = text.get(..cut).unwrap_or_default().to_owned();
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_told_can_be_published() {
        let presence = Presence {
            entity: "sip:102@pbx".into(),
            open: true,
            activity: Some(Activity::OnThePhone),
            note: "with <carol> & dave".into(),
        };
        let text = presence.render();
        let said = Published::parse(text.as_bytes()).expect("our own document");
        assert_eq!(said.open, Some(true));
        assert_eq!(said.activity, Some(Activity::OnThePhone));
        assert_eq!(said.note, presence.note);
    }

    #[test]
    fn one_open_tuple_is_enough() {
        let tuple = |basic| format!("<tuple id='x'><status><basic>{basic}</basic></status></tuple>");
        let parse = |text: &str| Published::parse(format!("<presence>{text}</presence>").as_bytes());
        let open = |text: &str| parse(text).expect("well-formed").open;
        assert_eq!(open(&(tuple("closed") + &tuple("open"))), Some(true));
        assert_eq!(open(&(tuple("open") + &tuple("closed"))), Some(true));
        assert_eq!(open(&tuple("closed")), Some(false));
        assert_eq!(open(""), None);
        assert!(Published::parse(b"<other/>").is_none());
        assert!(Published::parse(b"\xff").is_none());
    }

    #[test]
    fn a_long_note_is_cut_between_characters() {
        let text = format!("<presence><note>{}</note></presence>", "ä".repeat(300));
        let said = Published::parse(text.as_bytes()).expect("well-formed");
        assert_eq!(said.note.len(), Presence::MAX_NOTE);
    }
}
