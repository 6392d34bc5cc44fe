//! Parsing under hard limits (RFC 8866 §5, §9).
//!
//! Lenient where telephones are: LF alone ends a line, lines of a level may stand in any order, `s=` and `t=` may
//! miss, unknown types are passed over, blank lines too. Strict where a wrong guess would send media astray.

use crate::{
    description::{Address, Attribute, Line, MediaKind, MediaSection, Origin, Protocol, SessionDescription},
    error::ParseError,
};

/// Largest description in bytes. An audio and video offer of Chromium has 5,600; H.265 and candidates double it.
pub const MAX_BYTES: usize = 32 * 1024;
/// Most lines. An audio and video offer of Chromium has 160, and each further video stream adds 120.
pub const MAX_LINES: usize = 1024;
/// Most m-sections. We serve one; a browser that added and removed streams keeps the old ones as rejected.
pub const MAX_SECTIONS: usize = 8;
/// Most attributes at one level. The video section of Chromium holds 115 with open codecs alone.
pub const MAX_ATTRIBUTES: usize = 512;
/// Most formats of an `m=` line: there are 128 payload types.
pub const MAX_FORMATS: usize = 128;
/// Most `i=`, `u=`, `e=`, `p=`, `t=`, `r=`, `z=`, `b=` lines of a level that are kept.
const MAX_KEPT_LINES: usize = 16;

impl SessionDescription {
    /// Parses a description. Bytes that are not UTF-8 become U+FFFD: they only occur in free text.
    ///
    /// # Errors
    /// A [`ParseError`] naming the line; a broken limit is told before anything is parsed beyond it.
    pub fn parse(bytes: &[u8]) -> Result<Self, ParseError> {
        if bytes.len() > MAX_BYTES {
            return Err(ParseError::TooLarge);
        }
        let text = String::from_utf8_lossy(bytes);
        let mut parser = Parser::default();
        for (index, line) in text.split('\n').enumerate() {
            if index > MAX_LINES {
                return Err(ParseError::TooManyLines);
            }
            let line = line.strip_suffix('\r').unwrap_or(line);
            parser.line = u16::try_from(index + 1).unwrap_or(u16::MAX);
            if !line.trim().is_empty() {
                parser.handle_line(line)?;
            }
        }
        parser.finish()
    }
}

#[derive(Default)]
struct Parser {
    line: u16,
    version_seen: bool,
    origin: Option<Origin>,
    name: Option<String>,
    descriptive: Vec<Line>,
    connection: Option<Address>,
    bandwidths: Vec<String>,
    timing: Vec<Line>,
    attributes: Vec<Attribute>,
    media: Vec<MediaSection>,
}

impl Parser {
    fn handle_line(&mut self, line: &str) -> Result<(), ParseError> {
        // RFC 8866 §9: a value is a byte-string without NUL, CR and LF.
        let (kind, value) = match line.split_once('=') {
            Some((kind, value)) if kind.len() == 1 && !value.contains(['\0', '\r']) => (kind, value),
            _ => return Err(ParseError::NotALine { line: self.line }),
        };
        if !self.version_seen {
            // RFC 8866 §5.1: there is one version, and it comes first.
            return match (kind, value.trim()) {
                ("v", "0") => {
                    self.version_seen = true;
                    Ok(())
                }
                _ => Err(self.malformed("version")),
            };
        }
        match (kind, self.media.last_mut()) {
            ("v", _) => Err(self.duplicate("version")),
            ("m", _) => self.handle_media(value),
            ("a", section) => {
                let line = self.line;
                let attributes = section.map_or(&mut self.attributes, |section| &mut section.attributes);
                if attributes.len() == MAX_ATTRIBUTES {
                    return Err(ParseError::TooManyAttributes);
                }
                attributes.push(attribute(value).ok_or(ParseError::Malformed { line, field: "attribute" })?);
                Ok(())
            }
            ("c", section) => {
                let line = self.line;
                let address = connection(value).ok_or(ParseError::Malformed { line, field: "connection" })?;
                // Several c= lines are a multicast affair (RFC 8866 §5.7); the first one counts.
                section
                    .map_or(&mut self.connection, |section| &mut section.connection)
                    .get_or_insert(address);
                Ok(())
            }
            ("b", section) => {
                let kept = section.map_or(&mut self.bandwidths, |section| &mut section.bandwidths);
                if kept.len() < MAX_KEPT_LINES {
                    kept.push(value.to_owned());
                }
                Ok(())
            }
            ("i", Some(section)) => {
                section.title.get_or_insert_with(|| value.to_owned());
                Ok(())
            }
            (_, None) => self.handle_session_line(kind, value),
            // `k=` is to be discarded (RFC 8866 §5.12), unknown types are passed over.
            (_, Some(_)) => Ok(()),
        }
    }

    fn handle_session_line(&mut self, kind: &str, value: &str) -> Result<(), ParseError> {
        match kind {
            "o" if self.origin.is_some() => return Err(self.duplicate("origin")),
            "o" => self.origin = Some(origin(value).ok_or_else(|| self.malformed("origin"))?),
            "s" if self.name.is_some() => return Err(self.duplicate("session name")),
            "s" => self.name = Some(value.to_owned()),
            "t" if !is_timing(value) => return Err(self.malformed("timing")),
            "t" | "r" | "z" => keep(&mut self.timing, kind, value),
            "i" | "u" | "e" | "p" => keep(&mut self.descriptive, kind, value),
            _ => {}
        }
        Ok(())
    }

    fn handle_media(&mut self, value: &str) -> Result<(), ParseError> {
        if self.media.len() == MAX_SECTIONS {
            return Err(ParseError::TooManySections);
        }
        let section = media(value).ok_or_else(|| self.malformed("media line"))?;
        if section.formats.len() > MAX_FORMATS {
            return Err(ParseError::TooManyFormats);
        }
        self.media.push(section);
        Ok(())
    }

    fn finish(mut self) -> Result<SessionDescription, ParseError> {
        if !self.version_seen {
            return Err(ParseError::Missing("v= line"));
        }
        // A `r=` or `z=` without its `t=` says nothing.
        if self.timing.first().is_none_or(|line| line.kind != 't') {
            self.timing = vec![Line { kind: 't', value: "0 0".to_owned() }];
        }
        Ok(SessionDescription {
            origin: self.origin.ok_or(ParseError::Missing("o= line"))?,
            name: self.name.filter(|name| !name.is_empty()).unwrap_or_else(|| "-".to_owned()),
            descriptive: self.descriptive,
            connection: self.connection,
            bandwidths: self.bandwidths,
            timing: self.timing,
            attributes: self.attributes,
            media: self.media,
        })
    }

    const fn malformed(&self, field: &'static str) -> ParseError {
        ParseError::Malformed { line: self.line, field }
    }

    const fn duplicate(&self, field: &'static str) -> ParseError {
        ParseError::Duplicate { line: self.line, field }
    }
}

fn keep(lines: &mut Vec<Line>, kind: &str, value: &str) {
    if let (Some(kind), true) = (kind.chars().next(), lines.len() < MAX_KEPT_LINES) {
        lines.push(Line { kind, value: value.to_owned() });
    }
}

fn is_timing(value: &str) -> bool {
    let mut words = value.split_ascii_whitespace();
    let mut number = || words.next().is_some_and(|word| word.bytes().all(|byte| byte.is_ascii_digit()));
    number() && number() && words.next().is_none()
}

/// `<username> <session id> <version> IN IP4|IP6 <address>`. Some telephones put a name with spaces first.
fn origin(value: &str) -> Option<Origin> {
    let words: Vec<&str> = value.split_ascii_whitespace().collect();
    let (username, rest) = words.split_at(words.len().checked_sub(5).filter(|&names| names > 0)?);
    let [session_id, version, network, family, address] = rest else { return None };
    Some(Origin {
        username: username.join(" "),
        session_id: (*session_id).to_owned(),
        version: (*version).to_owned(),
        address: address_of(network, family, address)?,
    })
}

fn connection(value: &str) -> Option<Address> {
    let words: Vec<&str> = value.split_ascii_whitespace().collect();
    let [network, family, address] = words.as_slice() else { return None };
    address_of(network, family, address)
}

fn address_of(network: &str, family: &str, address: &str) -> Option<Address> {
    if network != "IN" || !matches!(family, "IP4" | "IP6") {
        return None;
    }
    // A multicast TTL or count follows a slash (RFC 8866 §5.7); we speak unicast only.
    let address = address.split('/').next()?;
    if let Ok(ip) = address.parse() {
        return Some(Address::Ip(ip));
    }
    let is_name = (1..=255).contains(&address.len())
        && address.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-_".contains(&byte));
    is_name.then(|| Address::Name(address.to_owned()))
}

fn attribute(value: &str) -> Option<Attribute> {
    let (name, value) = match value.split_once(':') {
        Some((name, value)) => (name, Some(value)),
        None => (value, None),
    };
    let name = name.trim();
    (!name.is_empty()).then(|| Attribute { name: name.to_owned(), value: value.map(str::to_owned) })
}

/// `<media> <port>[/<count>] <proto> <fmt> …`
fn media(value: &str) -> Option<MediaSection> {
    let mut words = value.split_ascii_whitespace();
    let kind = MediaKind::from_word(words.next()?);
    let port = words.next()?;
    let (port, port_count) = match port.split_once('/') {
        Some((port, count)) => (port, count.parse().ok().filter(|&count: &u16| count > 0)?),
        None => (port, 1),
    };
    let port = port.parse().ok()?;
    let protocol = Protocol::from_word(words.next()?);
    let formats: Vec<String> = words.take(MAX_FORMATS + 1).map(str::to_owned).collect();
    // RFC 8866 §9 wants a format; telephones leave it out of rejected streams.
    if formats.is_empty() && port != 0 {
        return None;
    }
    Some(MediaSection {
        kind,
        port,
        port_count,
        protocol,
        formats,
        title: None,
        connection: None,
        bandwidths: Vec::new(),
        attributes: Vec::new(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nt=0 0\r\n";

    fn parse(text: &str) -> Result<SessionDescription, ParseError> {
        SessionDescription::parse(text.as_bytes())
    }

    #[test]
    fn line_feeds_alone_end_lines() {
        let with_crlf =
            format!("{HEAD}m=audio 4000 RTP/AVP 0 8\r\na=x-unknown:kept  as is\r\na=sendonly\r\n");
        let description = parse(&with_crlf).expect("well formed");
        assert_eq!(parse(&with_crlf.replace('\r', "")), Ok(description.clone()));
        assert_eq!(description.to_string(), with_crlf);
    }

    #[test]
    fn what_telephones_leave_out_is_filled_in() {
        let description =
            parse("v=0\no=My Phone 1 1 IN IP4 pbx.example.org\nk=clear:x\nx=?\n\n").expect("lenient");
        assert_eq!(description.name, "-");
        assert_eq!(description.timing, [Line { kind: 't', value: "0 0".to_owned() }]);
        assert_eq!(description.origin.username, "My Phone");
        assert_eq!(parse(&description.to_string()), Ok(description));
    }

    #[test]
    fn every_limit_is_an_error() {
        let parse_tail = |tail: String| parse(&(HEAD.to_owned() + &tail));
        assert_eq!(parse_tail("a=x\n".repeat(MAX_ATTRIBUTES + 1)), Err(ParseError::TooManyAttributes));
        assert_eq!(parse_tail("m=audio 0 RTP/AVP 0\n".repeat(9)), Err(ParseError::TooManySections));
        assert_eq!(parse_tail("b=AS:1\n".repeat(MAX_LINES)), Err(ParseError::TooManyLines));
        let formats = format!("m=audio 1 RTP/AVP {}\n", "0 ".repeat(MAX_FORMATS + 1));
        assert_eq!(parse_tail(formats), Err(ParseError::TooManyFormats));
        assert_eq!(parse_tail(format!("a={}", "x".repeat(MAX_BYTES))), Err(ParseError::TooLarge));
        assert!(parse_tail("a=x\n".repeat(MAX_ATTRIBUTES)).is_ok());
    }

    #[test]
    fn malformed_lines_are_told_by_number() {
        for (text, error) in [
            ("", ParseError::Missing("v= line")),
            ("v=0\n", ParseError::Missing("o= line")),
            ("v=1\n", ParseError::Malformed { line: 1, field: "version" }),
            ("o=- 1 1 IN IP4 192.0.2.1\nv=0\n", ParseError::Malformed { line: 1, field: "version" }),
            ("v=0\no=- 1 IN IP4 192.0.2.1\n", ParseError::Malformed { line: 2, field: "origin" }),
            ("v=0\no=- 1 1 IN IP5 192.0.2.1\n", ParseError::Malformed { line: 2, field: "origin" }),
            ("v=0\nv=0\n", ParseError::Duplicate { line: 2, field: "version" }),
            ("v=0\nhello\n", ParseError::NotALine { line: 2 }),
            ("v=0\nab=c\n", ParseError::NotALine { line: 2 }),
            ("v=0\ns=a\0b\n", ParseError::NotALine { line: 2 }),
            ("v=0\ns=a\rb=c\n", ParseError::NotALine { line: 2 }),
            ("v=0\na=:x\n", ParseError::Malformed { line: 2, field: "attribute" }),
            ("v=0\nt=now\n", ParseError::Malformed { line: 2, field: "timing" }),
            ("v=0\nc=IN IP4\n", ParseError::Malformed { line: 2, field: "connection" }),
            ("v=0\nc=IN IP4 a b\n", ParseError::Malformed { line: 2, field: "connection" }),
            ("v=0\nc=IN IP6 [::1]\n", ParseError::Malformed { line: 2, field: "connection" }),
            ("v=0\nm=audio\n", ParseError::Malformed { line: 2, field: "media line" }),
            ("v=0\nm=audio 65536 RTP/AVP 0\n", ParseError::Malformed { line: 2, field: "media line" }),
            ("v=0\nm=audio -1 RTP/AVP 0\n", ParseError::Malformed { line: 2, field: "media line" }),
            ("v=0\nm=audio 4000/0 RTP/AVP 0\n", ParseError::Malformed { line: 2, field: "media line" }),
            ("v=0\nm=audio 4000 RTP/AVP\n", ParseError::Malformed { line: 2, field: "media line" }),
        ] {
            assert_eq!(parse(text), Err(error), "{text:?}");
        }
    }

    #[test]
    fn debug_output_shows_neither_addresses_nor_passwords() {
        let text = format!("{HEAD}m=audio 4000 RTP/AVP 0\r\nc=IN IP4 203.0.113.9\r\na=ice-pwd:topsecret\r\n");
        let shown = format!("{:?}", parse(&text));
        assert!(
            !shown.contains("203.0") && !shown.contains("topsecret") && !shown.contains("192.0"),
            "{shown}"
        );
    }
}
